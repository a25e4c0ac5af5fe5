// What narrows the losses of a page: facets with their values, each with the number of losses that choosing it would leave.

const ROOT = new URL("../../", import.meta.url);
const LONGEST = 2000; // letters of an address that are read

let index = null;

/** The index of the losses, fetched when it is first asked for; null where it cannot be had. */
export const catalog = () =>
  (index ??= fetch(new URL("plots/index.json", ROOT))
    .then((answer) => (answer.ok ? answer.json() : null))
    .catch(() => null));

/** What is chosen in a query, by facet: {task: ["regression"]}. Of anybody's text what no facet knows is left out. */
export function read(query, known) {
  const asked = new URLSearchParams(query.slice(0, LONGEST));
  const chosen = {};
  for (const [name, values] of Object.entries(known)) {
    const wanted = asked.getAll(name).flatMap((text) => text.split(","));
    const kept = values.filter((value) => wanted.includes(value));
    if (kept.length) chosen[name] = kept;
  }
  return chosen;
}

/** The same as pieces of a query: ["task=regression"]. */
export const write = (chosen) => Object.entries(chosen).map(([name, values]) => `${name}=${values.join(",")}`);

/**
 * Whether a loss is among those that are chosen: by the values of each facet, of which it needs one, or all where
 * `every` names the facet.
 */
export function matches(mine, chosen, every) {
  return Object.entries(chosen).every(([name, values]) => {
    const has = (value) => mine[name]?.includes(value) ?? false;
    return every.has(name) ? values.every(has) : values.some(has);
  });
}

/** How many losses would be left with a value besides what is chosen in the other facets, and in its own if it asks for all. */
export function left(all, chosen, every, name, value) {
  const own = every.has(name) ? (chosen[name] ?? []) : [];
  const asked = { ...chosen, [name]: [...own, value] };
  return all.filter(({ facets }) => matches(facets, asked, every)).length;
}

/**
 * Brings a panel of facets to life. `changed(found)` is told of the losses that are left, null where nothing is chosen,
 * and whether it was the reader who chose.
 */
export class Facets {
  chosen = {};

  constructor(panel, changed) {
    this.panel = panel;
    this.changed = changed;
    this.groups = [...panel.querySelectorAll("[data-facet]")];
    this.every = new Set(this.groups.filter((group) => "every" in group.dataset).map((group) => group.dataset.facet));
    // Links to lists become buttons; they look the same, so that nothing moves.
    for (const link of panel.querySelectorAll("a[data-value]")) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: link.className, title: link.title });
      button.dataset.value = link.dataset.value;
      button.setAttribute("aria-pressed", "false");
      button.append(...link.childNodes);
      link.replaceWith(button);
    }
    this.known = Object.fromEntries(
      this.groups.map((group) => [group.dataset.facet, this.#buttons(group).map((button) => button.dataset.value)]),
    );
    this.told = panel.querySelector(".ly-facets__told");
    panel.addEventListener("submit", (event) => event.preventDefault());
    panel.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      if (button.dataset.do === "all") this.chosen = {};
      else this.#turn(button.dataset.of ?? button.closest("[data-facet]").dataset.facet, button.dataset.value);
      // What is taken back goes, and the focus to what is next.
      if (this.told.contains(button)) (button.nextElementSibling?.nextElementSibling ? button.nextElementSibling : this.#first()).focus();
      this.show(true);
    });
    // By the time a value is chosen, what it leaves is known.
    for (const kind of ["pointerenter", "focusin"]) panel.addEventListener(kind, catalog, { once: true });
  }

  #first() {
    return this.panel.querySelector("[data-facet] button");
  }

  #buttons(group) {
    return [...group.querySelectorAll("[data-value]")];
  }

  #turn(name, value) {
    const before = this.chosen[name] ?? [];
    const after = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
    // As an address would say it: in the order of the panel, so that one choice has one address.
    this.chosen = read(write({ ...this.chosen, [name]: after }).join("&"), this.known);
  }

  /** Choose what a query asks for. */
  async follow(query) {
    this.chosen = read(query, this.known);
    await this.show(false);
    document.documentElement.classList.remove("ly-choosing");
  }

  get query() {
    return write(this.chosen);
  }

  /** Show what is chosen, and tell what it leaves. */
  async show(byHand) {
    const some = Object.keys(this.chosen).length > 0;
    for (const group of this.groups) {
      const mine = this.chosen[group.dataset.facet] ?? [];
      for (const button of this.#buttons(group)) button.setAttribute("aria-pressed", String(mine.includes(button.dataset.value)));
    }
    if (!some && !index) return; // as the page came
    const { chosen } = this;
    const all = (await catalog())?.losses;
    if (chosen !== this.chosen) return; // another choice came meanwhile
    if (!all) {
      this.#say(some ? "The losses could not be loaded." : "");
      this.changed(null, byHand);
      return;
    }
    for (const group of this.groups) {
      const name = group.dataset.facet;
      for (const button of this.#buttons(group)) {
        const count = left(all, chosen, this.every, name, button.dataset.value);
        button.querySelector(".ly-chip__count").textContent = count;
        button.disabled = count === 0 && button.getAttribute("aria-pressed") === "false";
      }
    }
    const found = all.filter(({ facets }) => matches(facets, chosen, this.every));
    this.#say(some ? `${found.length} of ${all.length} losses` : "");
    this.changed(some ? found : null, byHand);
  }

  // How many are left, and what is chosen, each to be taken back wherever its facet is folded away.
  #say(words) {
    this.told.hidden = !words;
    const [status, ...before] = this.told.children;
    if (status.textContent !== words) status.textContent = words;
    const { activeElement } = document;
    const focused = this.told.contains(activeElement) ? ["data-of", "data-value"].map((name) => activeElement.getAttribute(name)) : null;
    const take = (attributes, text, label) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
      Object.assign(button.dataset, attributes);
      button.className = "do" in attributes ? "ly-button" : "ly-chip";
      button.setAttribute("aria-label", label);
      return button;
    };
    const chips = Object.entries(this.chosen).flatMap(([of, values]) =>
      values.map((value) => {
        const group = this.panel.querySelector(`[data-facet="${of}"]`);
        const word = group.querySelector(`[data-value="${value}"]`).firstChild.textContent.trim();
        const title = group.querySelector(".ly-facet__title").textContent;
        return Object.assign(take({ of, value }, word, `Take back: ${word}`), { title });
      }),
    );
    for (const old of before) old.remove();
    if (words) this.told.append(...chips, take({ do: "all" }, "show all", "Show all losses"));
    if (focused) this.told.querySelector(focused[0] ? `[data-of="${focused[0]}"][data-value="${focused[1]}"]` : "[data-do]")?.focus();
  }
}
