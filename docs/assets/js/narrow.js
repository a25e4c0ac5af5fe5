// Narrows a gallery or a table of losses to what its facets leave; the choice stands in the address.

import { Facets } from "./facets.js";

const slugOf = (item) => /losses\/(\w+)\/$/.exec(item.querySelector("a")?.pathname ?? "")?.[1];
const items = [...document.querySelectorAll(".ly-gallery li, .ly-matrix tbody tr")].map((item) => [item, slugOf(item)]);
const shelves = [...document.querySelectorAll(".ly-shelf")];

const facets = new Facets(document.querySelector(".ly-facets"), (found, byHand) => {
  const slugs = found && new Set(found.map(({ slug }) => slug));
  for (const [item, slug] of items) item.hidden = Boolean(slugs) && !slugs.has(slug);
  for (const shelf of shelves) shelf.hidden = !shelf.querySelector("li:not([hidden])");
  if (byHand) note();
});

// The rest of the query is another script's.
function note() {
  const others = location.search.slice(1).split("&").filter((piece) => piece && !Object.hasOwn(facets.known, piece.split("=")[0]));
  const query = [...facets.query, ...others].join("&");
  history.pushState(null, "", query ? `?${query}` : location.pathname);
}

addEventListener("popstate", () => facets.follow(location.search));
await facets.follow(location.search);
// A choice that came with the address is what the reader wants to see, wherever on the page it stands.
if (facets.query.length && scrollY === 0) facets.panel.scrollIntoView();
