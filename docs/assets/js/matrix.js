// Sorts the table of properties by any of its columns; the order stands in the address.

const table = document.querySelector(".ly-matrix table");
const heads = [...table.tHead.rows[0].cells];
const names = heads.map((head) => head.textContent.trim());
const body = table.tBodies[0];
const rows = [...body.rows]; // as the page came

// What a cell is sorted by: a number, else its words; nothing where there is a dash.
function key(row, k) {
  const cell = row.cells[k];
  const order = cell.querySelector("[data-order]")?.dataset.order ?? cell.textContent.trim();
  if (order === "–") return null;
  return order !== "" && Number.isFinite(Number(order)) ? Number(order) : order;
}

/** Rows by a column; equal ones keep the order of the page, and those without a value come last, up or down. */
export function sorted(all, keyOf, down) {
  const keyed = all.map((row) => [keyOf(row), row]);
  const compare = (a, b) => (typeof a === "string" || typeof b === "string" ? String(a).localeCompare(String(b), "en") : a - b);
  const known = keyed.filter(([value]) => value !== null).sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
  return [...known, ...keyed.filter(([value]) => value === null)].map(([, row]) => row);
}

function show(k, down) {
  heads.forEach((head, at) => {
    if (at === k) head.setAttribute("aria-sort", down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
  body.append(...(k < 0 ? rows : sorted(rows, (row) => key(row, k), down)));
}

// "convex", or "-convex" the other way round. Anybody's text: what is no column is left out.
const address = (k) => names[k].toLowerCase().replace(/[^a-z0-9]+/g, "-");
function follow() {
  const asked = new URLSearchParams(location.search).get("sort") ?? "";
  const k = heads.findIndex((_, at) => address(at) === asked.replace(/^-/, ""));
  show(k, asked.startsWith("-"));
}

// Up, down, and back to how the page came.
function turn(k) {
  const before = heads[k].getAttribute("aria-sort");
  const next = before === null ? address(k) : before === "ascending" ? `-${address(k)}` : "";
  const others = location.search.slice(1).split("&").filter((piece) => piece && !piece.startsWith("sort="));
  const query = [...others, ...(next ? [`sort=${next}`] : [])].join("&");
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  follow();
}

heads.forEach((head, k) => {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: names[k] });
  head.replaceChildren(button);
  button.addEventListener("click", () => turn(k));
});
addEventListener("popstate", follow);
follow();
