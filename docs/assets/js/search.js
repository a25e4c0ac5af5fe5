// The search's worker. It speaks the theme's language (set up 0, ready 1, question 2, answer 3), and it is made when
// somebody first uses the box: until then nothing of the search is fetched.
//
// Where our index cannot be had, the theme's worker takes over with its own, which is larger; its address stands behind the
// question mark of this one's.

{
  const worker = /** @type {any} */ (self);
  const ROOT = new URL("../../", worker.location.href);
  /** Of the losses, and of the other pages. @type {any[]} */
  let rankings = [];
  // What the index of a page that is no loss's leaves out.
  const NOTHING = { family: "", names: [], calls: [], terms: [], kinds: [], places: [], when: [], instead: [], more: [] };
  const PAGES = 0.7; // a page that is no loss, beside a loss that answers as well
  const PAGE_MOST = 4; // of such a page, however well its name fits: below a loss of that name alone

  const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

  async function fetched(path) {
    const answer = await fetch(new URL(path, ROOT));
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  }

  async function setUp(message) {
    try {
      // The index comes while the engine is read.
      const index = fetched("search.json");
      index.catch(() => {});
      worker.importScripts("minisearch.js", "ranking.js");
      const { losses, words, pages } = await index;
      const others = (pages ?? []).map((page) => ({ ...NOTHING, slug: page.location, ...page }));
      rankings = [new worker.Ranking({ losses, words }), new worker.Ranking({ losses: others, words: {} })];
      worker.postMessage({ type: 1 });
    } catch (error) {
      console.warn("The site's own search cannot be had, the theme's takes over:", error);
      worker.removeEventListener("message", answer);
      worker.importScripts(new URL(worker.location.search.slice(1), worker.location.href).href);
      const data = { ...(await fetched("search/search_index.json")), options: message.data.options };
      worker.dispatchEvent(new MessageEvent("message", { data: { type: 0, data } }));
    }
  }

  /** The theme's result: groups of a page and places on it, each page's own entry among them. */
  function result(text) {
    const [losses, pages] = rankings;
    const shown = pages.search(text).map((one) => {
      const score = Math.min(PAGE_MOST, PAGES * one.score) * (one.loss.boost ?? 1);
      return { ...one, score, places: one.places.map(([k, value]) => [k, (value / one.score) * score]) };
    });
    const found = [...losses.search(text), ...shown].sort((a, b) => b.score - a.score);
    return { items: found.map(group), suggest: found.length ? completed(text, found[0].loss) : [] };
  }

  function group({ loss, score, places, marked, terms }) {
    const location = loss.location ?? `losses/${loss.slug}/`;
    const told = (text) => (text ? `<p>${marked(text, escaped)}</p>` : "");
    const page = { location, title: marked(loss.title, escaped), text: told(loss.summary), score, terms };
    const sections = places.map(([k, value]) => {
      const [anchor, title, text] = loss.places[k];
      return {
        location: `${location}#${anchor}`,
        title: marked(title, escaped),
        text: told(text),
        score: value,
        terms: {},
      };
    });
    return [page, ...sections].sort((a, b) => b.score - a.score);
  }

  /** The word being typed, to its end, as the best answer has it. */
  function completed(text, loss) {
    const begun = text.split(/[\s-]+/).at(-1).toLowerCase();
    const said = [loss.title, loss.slug, ...loss.names].flatMap((name) => name.toLowerCase().split(/[\s(),-]+/));
    const word = begun && said.find((one) => one.startsWith(begun) && one !== begun);
    return word ? [word] : [];
  }

  function answer({ data }) {
    if (data.type === 0) setUp(data);
    if (data.type === 2) worker.postMessage({ type: 3, data: result(data.data) });
  }
  worker.addEventListener("message", answer);
}
