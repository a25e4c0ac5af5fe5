// The field that finds a loss by any of its names: a combobox with a list of options.

const SHOWN = 40; // options at once; more would be scrolled, not read

// "Loss" tells no loss from another.
const plain = (text) =>
  text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, " ")
    .replace(/\b(loss|losses|function)\b/g, "")
    .replace(/ +/g, " ")
    .trim();

// How well a name answers what was typed: 0 the same, 1 begins so, 2 a word of it begins so, 3 holds it; 9 not at all.
function distance(name, typed) {
  if (name === typed) return 0;
  if (name.startsWith(typed)) return 1;
  if (name.includes(` ${typed}`)) return 2;
  return name.replaceAll(" ", "").includes(typed.replaceAll(" ", "")) ? 3 : 9;
}

/** The losses that answer a text, best first, as {loss, by: the alias that answered, or ""}. */
export function answers(losses, text) {
  const typed = plain(text);
  if (!typed) return losses.map((loss) => ({ loss, by: "" }));
  const found = [];
  for (const loss of losses) {
    let [best, by] = [Math.min(distance(plain(loss.title), typed), distance(plain(loss.slug), typed)), ""];
    for (const alias of loss.aliases) {
      const far = distance(plain(alias), typed) + 0.5;
      if (far < best) [best, by] = [far, alias];
    }
    if (best < 9) found.push({ loss, by, best });
  }
  return found.sort((a, b) => a.best - b.best);
}

/**
 * Brings a combobox to life.
 *
 * losses: {slug, title, family_title, aliases}; standing(loss): what choosing it would mean, as {note, blocked};
 * choose(loss): called with the loss that was chosen; beyond(text): where there is one, a last option hands it what was
 * typed. Set `among` to the slugs of those losses that may be offered.
 */
export class Finder {
  input;
  list;
  losses;
  standing;
  choose;
  beyond;

  constructor({ input, list, losses, standing, choose, beyond = null }) {
    Object.assign(this, { input, list, losses, standing, choose, beyond });
    this.among = null;
    this.active = -1;
    input.addEventListener("input", () => this.show());
    input.addEventListener("click", () => this.show());
    input.addEventListener("blur", () => this.#close());
    input.addEventListener("keydown", (event) => this.#key(event));
    // Pressing an option must not take the focus from the field.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take([...list.children].indexOf(option));
    });
  }

  /** Open the list on what answers the text of the field. */
  show() {
    const all = this.losses ?? []; // null as long as they are not known
    const members = this.among ? all.filter(({ slug }) => this.among.has(slug)) : all;
    const found = answers(members, this.input.value).map((answer) => ({ ...answer, ...this.standing(answer.loss) }));
    // What cannot be added stands last, with the reason.
    this.options = [...found.filter((one) => !one.blocked), ...found.filter((one) => one.blocked)].slice(0, SHOWN);
    this.list.replaceChildren(...this.options.map((one, k) => option(one, k)));
    const typed = this.input.value.trim();
    if (!this.options.length && this.losses && typed) this.list.append(nothing(typed, this.among));
    if (this.beyond && typed) {
      this.list.append(elsewhere(typed, this.list.children.length));
      // Where no name answers, the option after the sentence is the only one.
      if (this.list.children.length > this.options.length + 1) this.options.push({ blocked: true });
      this.options.push({ text: typed, blocked: false });
    }
    this.list.hidden = false;
    this.list.scrollTop = 0;
    this.input.setAttribute("aria-expanded", "true");
    const first = this.options.findIndex((one) => !one.blocked);
    this.#point(typed && (first === 0 || this.beyond) ? first : -1);
  }

  #close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.#point(-1);
  }

  #point(k) {
    this.list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    const option = this.options?.length ? this.list.children[k] : null;
    this.active = option ? k : -1;
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", option.id);
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  #take(k) {
    const one = this.options[k];
    if (!one || one.blocked) return;
    this.input.value = "";
    this.#close();
    if (one.loss) this.choose(one.loss);
    else this.beyond(one.text);
  }

  #key(event) {
    const { key } = event;
    const open = !this.list.hidden;
    if (key === "Escape") {
      if (!open) this.input.value = "";
      this.#close();
    } else if (key === "Enter") {
      if (open) this.#take(this.active);
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      if (!open) this.show();
      const count = this.options.length;
      const step = key === "ArrowDown" ? 1 : -1;
      const from = this.active < 0 && step < 0 ? 0 : this.active;
      if (count) this.#point((from + step + count) % count);
    } else {
      return;
    }
    event.preventDefault();
  }
}

function option({ loss, by, note, blocked }, k) {
  const item = document.createElement("li");
  item.id = `ly-found-${k}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  if (blocked) item.setAttribute("aria-disabled", "true");
  const name = document.createElement("span");
  name.className = "ly-found__name";
  name.textContent = loss.title;
  const more = document.createElement("span");
  more.className = "ly-found__more";
  more.textContent = note || by || loss.family_title;
  item.append(name, " ", more);
  return item;
}

function elsewhere(text, k) {
  const item = document.createElement("li");
  item.id = `ly-found-${k}`;
  item.className = "ly-found__beyond";
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.textContent = `Search all pages for “${text}”`;
  return item;
}

function nothing(typed, among) {
  const item = document.createElement("li");
  item.className = "ly-found__nothing";
  item.setAttribute("role", "option");
  item.setAttribute("aria-disabled", "true");
  item.setAttribute("aria-selected", "false");
  item.textContent = `No loss${among ? " of those that were chosen" : ""} is called “${typed}”.`;
  return item;
}
