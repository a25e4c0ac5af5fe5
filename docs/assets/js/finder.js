// The field that finds a loss by any of its names: a combobox with a list of options, narrowed by family.

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
 * losses: {slug, title, family, family_title, aliases}; standing(loss): what choosing it would mean, as
 * {note, blocked}; choose(loss): called with the loss that was chosen.
 */
export class Finder {
  input;
  list;
  chips;
  losses;
  standing;
  choose;

  constructor({ input, list, chips, losses, standing, choose }) {
    Object.assign(this, { input, list, chips, losses, standing, choose });
    this.family = "";
    this.active = -1;
    input.addEventListener("input", () => this.#open());
    input.addEventListener("click", () => this.#open());
    input.addEventListener("blur", () => this.#close());
    input.addEventListener("keydown", (event) => this.#key(event));
    // Pressing an option must not take the focus from the field.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take([...list.children].indexOf(option));
    });
    for (const chip of chips) chip.addEventListener("click", () => this.#narrow(chip));
  }

  #narrow(chip) {
    this.family = chip.dataset.family;
    for (const one of this.chips) one.setAttribute("aria-pressed", String(one === chip));
    this.input.focus();
    this.#open();
  }

  #open() {
    const members = this.family ? this.losses.filter((loss) => loss.family === this.family) : this.losses;
    const found = answers(members, this.input.value).map((answer) => ({ ...answer, ...this.standing(answer.loss) }));
    // What cannot be added stands last, with the reason.
    this.options = [...found.filter((one) => !one.blocked), ...found.filter((one) => one.blocked)].slice(0, SHOWN);
    this.list.replaceChildren(...this.options.map((one, k) => option(one, k)));
    if (!this.options.length) this.list.append(nothing(this.input.value, this.family));
    this.list.hidden = false;
    this.list.scrollTop = 0;
    this.input.setAttribute("aria-expanded", "true");
    this.#point(this.input.value.trim() && !this.options[0]?.blocked ? 0 : -1);
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
    this.choose(one.loss);
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
      if (!open) this.#open();
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

function nothing(typed, family) {
  const item = document.createElement("li");
  item.className = "ly-found__nothing";
  item.setAttribute("role", "option");
  item.setAttribute("aria-disabled", "true");
  item.setAttribute("aria-selected", "false");
  item.textContent = `No loss${family ? " of this family" : ""} is called “${typed.trim()}”.`;
  return item;
}
