// One loss among those that are compared: its curve at its own settings, and its row in the list.

import { curve, divisor, sampled, sectionOn } from "./overlay.js";
import { bind, build, differs, initial, parse, refused, short, write } from "./settings.js";

/** entry: its place in the index; plot: its module; given: its settings as texts, in a URLSearchParams. */
export class Pick {
  /** @type {any} */
  p = {};
  section;
  name;
  value;
  note;
  controls;

  constructor(entry, plot, given) {
    this.entry = entry;
    this.plot = plot;
    this.given = given;
    this.element = document.getElementById("ly-pick").content.firstElementChild.cloneNode(true);
    [this.name, this.value, this.note, this.controls] = ["name", "value", "note", "controls"].map((name) =>
      this.element.querySelector(`.ly-pick__${name}`),
    );
    this.name.textContent = entry.title;
    for (const button of this.element.querySelectorAll("button")) {
      button.setAttribute("aria-label", `${button.getAttribute("aria-label")} ${entry.title}`);
    }
  }

  /** Take the axis along which it is drawn: its section there, and the controls of that section. */
  along(axis, id, changed) {
    const section = sectionOn(this.plot, axis);
    if (section === this.section) return;
    this.section = section;
    this.curve = null;
    const sizes = new Map(section?.controls.map(({ name, size }) => [name, size]));
    for (const parameter of this.plot.parameters) {
      const { name } = parameter;
      const text = this.given.get(name);
      this.p[name] = (text === null ? null : parse(parameter, text, sizes.get(name))) ?? initial(parameter, sizes.get(name));
    }
    this.controls.replaceChildren(
      ...this.#moved().map((parameter) => {
        const { name } = parameter;
        const control = build(parameter, { size: sizes.get(name), id: `${id}-${name}` });
        const bound = bind(control, parameter, (value) => {
          this.p[name] = value;
          if (differs(parameter, value)) this.given.set(name, write(value));
          else this.given.delete(name);
          this.curve = null;
          changed();
        });
        bound.set(this.p[name]);
        const asked = this.given.get(name);
        if (asked !== null && parse(parameter, asked, sizes.get(name)) === null) {
          bound.tell(refused(parameter, asked, sizes.get(name)));
          this.given.delete(name);
        }
        return control;
      }),
    );
  }

  // The parameters that can be moved along the section.
  #moved() {
    const names = this.section?.controls.map(({ name }) => name) ?? [];
    return this.plot.parameters.filter(({ name }) => names.includes(name));
  }

  get slug() {
    return this.entry.slug;
  }

  /** The settings that differ from the defaults, as an address tells them. */
  get told() {
    const differing = this.#moved().filter((parameter) => differs(parameter, this.p[parameter.name]));
    return new URLSearchParams(differing.map(({ name }) => [name, write(this.p[name])]));
  }

  /** What stands at its curve: the name, and the settings that differ from the defaults. */
  get label() {
    const settings = this.#moved()
      .filter((parameter) => differs(parameter, this.p[parameter.name]))
      .map(({ name, step }) => `${name} = ${written(this.p[name], step)}`);
    return settings.length ? `${this.entry.title} (${settings.join(", ")})` : this.entry.title;
  }

  /** Its curve at its settings, sampled over the span; made once for the same settings. */
  sampled(span) {
    this.curve ??= curve(this.section, this.p);
    this.samples = this.curve.samples ??= sampled(this.section, this.curve, this.p, span);
    return this.samples;
  }

  /** What it is divided by. */
  divisor(normal) {
    return divisor(normal, this.section, this.curve, this.p, this.samples);
  }
}

// A setting with as many decimals as its step has, so that a label keeps its width while a slider moves.
function written(value, step = 1) {
  if (Array.isArray(value)) return `[${value.map((one) => written(one, step)).join(", ")}]`;
  if (typeof value !== "number") return String(value);
  const even = value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return (Number(even) === value ? even : short(value)).replace("-", "−");
}
