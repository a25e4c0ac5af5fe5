// The field on the home page: it finds a loss by any of its names and goes to its page. What no name answers, the search
// of the whole site does.

import { Finder } from "./finder.js";

const ROOT = new URL("../../", import.meta.url);

const input = document.getElementById("ly-find");
const finder = new Finder({
  input,
  list: document.getElementById("ly-found"),
  losses: null,
  standing: () => ({ note: "", blocked: false }),
  choose: ({ slug }) => location.assign(new URL(`losses/${slug}/`, ROOT)),
  beyond: search,
});

// The names are those of the search, fetched when they are first wanted.
async function learn() {
  const answer = await fetch(new URL("search.json", ROOT)).catch(() => null);
  if (answer?.ok) {
    const { losses } = await answer.json();
    finder.losses = losses.map(({ family, names, ...loss }) => ({ ...loss, family_title: family, aliases: names }));
  }
  input.dataset.ready = "";
  if (document.activeElement === input && (input.value || input.getAttribute("aria-expanded") === "true")) finder.show();
}
input.addEventListener("focus", learn, { once: true });
if (document.activeElement === input) learn();

// Hand a text to the theme's search.
function search(text) {
  const toggle = document.getElementById("__search");
  if (!toggle.checked) toggle.click();
  const query = document.querySelector("[data-md-component=search-query]");
  query.value = text;
  query.focus();
  for (const kind of ["input", "keyup"]) query.dispatchEvent(new KeyboardEvent(kind, { bubbles: true, key: "a" }));
}
