// The search's worker: the theme's own, whose answers are put in order where the query is the name of a page.
//
// The theme ranks by how rare a word is, so that "MAPE" would find every page that has more to say of it than the page of
// that name. Here whoever types a name, in whatever spelling, finds its page first. The address of the theme's worker
// stands behind the question mark of this one's.

const worker = /** @type {any} */ (self);
const PREFIX = /^(torch\.nn\.functional|torch\.nn|torch|nn|f|keras\.losses|optax\.losses|optax)\./;

/** The page of each name by its spellings, the plainest of them first to claim it. @type {Map<string, string>} */
const pages = new Map();
/** What is shown of a page that the theme does not find. @type {Map<string, {location: string, title: string}>} */
const entries = new Map();
let asked = "";

/** A name as it is typed, and without case, signs and what any name may have. */
function spellings(name) {
  const plain = name.trim().toLowerCase();
  const bare = plain.replace(PREFIX, "").replace(/\b(loss|function)\b/g, "").replace(/[^\p{L}\p{N}]+/gu, "");
  // What is left of a short name means too much.
  return bare.length > 3 ? [plain, bare] : [plain];
}

/** Remember each name of each loss; a title is a page's before it is another one's alias. */
function learn(docs) {
  const losses = docs.filter((doc) => doc.names);
  const told = [(doc) => [doc.title, doc.location.split("/").at(-2)], (doc) => doc.names, (doc) => doc.aliases];
  for (const names of told) {
    for (const way of [0, 1]) {
      for (const doc of losses) {
        for (const name of names(doc)) {
          const spelled = spellings(name.replace(/<[^>]*>/g, ""))[way];
          if (spelled && !pages.has(spelled)) pages.set(spelled, doc.location);
        }
      }
    }
  }
  for (const { location, title } of losses) entries.set(location, { location, title });
}

/** The groups of results with the page of the name that was asked for before all others. */
function ordered(groups) {
  const location = spellings(asked).map((name) => pages.get(name)).find(Boolean);
  if (!location) return groups;
  const best = Math.max(0, ...groups.flat().map((item) => item.score));
  const at = groups.findIndex((group) => group.some((item) => item.location === location));
  const found = at < 0 ? [{ ...entries.get(location), text: "", terms: {} }] : groups[at];
  const page = { ...found.find((item) => item.location === location), score: best + 1 };
  const group = [page, ...found.filter((item) => item.location !== location)];
  return [group, ...groups.filter((_, k) => k !== at)];
}

worker.addEventListener("message", ({ data }) => {
  if (data.type === 0) learn(data.data.docs);
  if (data.type === 2) asked = data.data;
});

const post = worker.postMessage.bind(worker);
worker.postMessage = (message, ...more) => {
  if (message.type === 3) message.data.items = ordered(message.data.items);
  post(message, ...more);
};

worker.importScripts(new URL(worker.location.search.slice(1), worker.location.href).href);
