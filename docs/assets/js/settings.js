// Parameters as data and as controls: read from a query, kept within their range, written back, shown as Python.

/** A number as a control shows it: up to six digits, powers of ten where they are shorter. */
export function short(value) {
  const number = Number(value.toPrecision(6));
  const [plain, power] = [String(number), number.toExponential().replace("e+", "e")];
  return power.length < plain.length ? power : plain;
}
const FAR = 1e6; // how far a number may go where its range has no end
const exact = (value) => String(Number(value.toPrecision(12)));
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** What a parameter is at the start; a vector is written out to its size. */
export function initial(parameter, size = 0) {
  return parameter.kind === "vector" ? Array(size).fill(parameter.default) : parameter.default;
}

/** The number that a text stands for; null where it is none that the parameter may be. */
function number(parameter, text) {
  const value = String(text).trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) return null;
  if (parameter.kind === "values") return parameter.values.includes(value) ? value : null;
  const whole = parameter.kind === "integer" ? Math.round(value) : value;
  return parameter.low <= whole && whole <= parameter.high ? whole : null;
}

/** What a number must be that is not taken, such as "delta > 0"; "" for what is no number, or still being typed. */
function demand(parameter, text) {
  const value = String(text).trim() === "" ? NaN : Number(text);
  if (Number.isNaN(value)) return "";
  // Where the range has no end, the plot has one.
  if (value > parameter.high && parameter.high >= FAR) return `at most ${short(parameter.high)} here`;
  if (value < parameter.low && parameter.low <= -FAR) return `at least ${short(parameter.low).replace("-", "−")} here`;
  return parameter.range.replaceAll("-", "−").replaceAll("<=", "≤").replaceAll(">=", "≥");
}

/** What the value in a query must be, for a control to say, where it is none that the parameter may be; else "". */
export function refused(parameter, text, size = 0) {
  if (parse(parameter, text, size) !== null || ["boolean", "choice"].includes(parameter.kind)) return "";
  const parts = parameter.kind === "vector" ? text.split(",") : [text];
  return parts.filter((part) => number(parameter, part) === null).map((part) => demand(parameter, part))[0] ?? "";
}

/** The value that a text of a query stands for; null where it stands for none that the parameter may be. */
export function parse(parameter, text, size = 0) {
  if (parameter.kind === "boolean") return ["true", "1"].includes(text) || (["false", "0"].includes(text) ? false : null);
  if (parameter.kind === "choice") return parameter.choices.includes(text) ? text : null;
  if (parameter.kind !== "vector") return number(parameter, text);
  const values = text.split(",").map((part) => number(parameter, part));
  return values.length === size && !values.includes(null) ? values : null;
}

/** A value as the text of a query. */
export function write(value) {
  if (Array.isArray(value)) return value.map(exact).join(",");
  return typeof value === "number" ? exact(value) : String(value);
}

/** Whether a value is not the default. */
export function differs(parameter, value) {
  return Array.isArray(value) ? value.some((v) => v !== parameter.default) : value !== parameter.default;
}

function float(value) {
  const text = exact(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** A value as Python writes it; `names` says how the choices of each parameter are written. */
export function python(parameter, value, names = {}) {
  if (Array.isArray(value)) return `torch.tensor([${value.map(float).join(", ")}])`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (parameter.kind === "choice") return names[parameter.name]?.[value] ?? JSON.stringify(value);
  return parameter.kind === "number" ? float(value) : exact(value);
}

// --- controls -------------------------------------------------------------------------------------------------------

// A slider's positions: powers of ten, places in a list, or the numbers themselves.
function positions(parameter) {
  if (parameter.kind === "values") {
    const { values } = parameter;
    return { low: 0, high: values.length - 1, step: 1, at: (v) => values.indexOf(v), value: (k) => values[k] };
  }
  const [low, high] = parameter.slider;
  if (parameter.scale !== "log") return { low, high, step: parameter.step, at: (v) => v, value: (k) => k };
  const least = Math.log10(low);
  return {
    low: least,
    high: Math.log10(high),
    step: parameter.step,
    at: (v) => (v > 0 ? Math.log10(v) : least),
    value: (k) => Number((10 ** k).toPrecision(3)),
  };
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The control of a parameter as an element, the same as plot.jinja writes; bind() brings it to life.
 * `id` begins the ids within it and must be unique on the page.
 */
export function build(parameter, { size = 0, id }) {
  const { name, kind } = parameter;
  const title = parameter.meaning.replace(/[`$]/g, "");
  const box = make("div", { class: `ly-control ly-control--${kind}`, "data-parameter": name, title });
  const label = make("label", { for: id }, name);
  if (kind === "boolean") {
    box.append(make("input", { type: "checkbox", id }), label);
  } else if (kind === "choice") {
    const options = parameter.choices.map((choice) => make("option", {}, choice));
    box.append(label, make("select", { id, class: "ly-select" }, ...options));
  } else if (kind === "vector") {
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", name);
    box.append(make("span", { "aria-hidden": "true" }, name));
    for (let k = 0; k < size; k += 1) {
      box.append(make("span", { class: "ly-control__one" }, ...fields("number", `${id}-${k}`, `${name} of class ${k}`)));
    }
  } else {
    box.append(label, ...fields(kind, id, name));
  }
  return box;
}

// A slider, and the number in digits.
function fields(kind, id, name) {
  const slider = make("input", { type: "range", "aria-label": `${name}, slider` });
  if (kind === "values") return [slider, make("output", { id })];
  return [slider, make("input", { type: "number", id, "aria-label": name })];
}

/**
 * Bring the element of a control to life. `changed(value)` is called while the reader moves it.
 * Returns {set, tell}: set(value) shows a value without calling back; tell(words) says beside it what a value must be
 * that was not taken.
 */
export function bind(element, parameter, changed) {
  const { kind } = parameter;
  if (kind === "boolean") {
    const box = element.querySelector("input");
    box.addEventListener("input", () => changed(box.checked));
    return { set: (value) => void (box.checked = value), tell: () => undefined };
  }
  if (kind === "choice") {
    const list = element.querySelector("select");
    list.addEventListener("input", () => changed(list.value));
    return { set: (value) => void (list.value = value), tell: () => undefined };
  }
  const sliders = [...element.querySelectorAll("input[type=range]")];
  const current = sliders.map(() => parameter.default);
  const moved = () => changed(kind === "vector" ? [...current] : current[0]);
  const tell = telling(element);
  const parts = sliders.map((slider, k) => part(slider, parameter, tell, (value) => {
    current[k] = value;
    moved();
  }));
  return {
    tell,
    set(value) {
      [value].flat().forEach((v, k) => {
        current[k] = v;
        parts[k](v);
      });
    },
  };
}

// The place beside a control that says what its number must be, made when it is first needed.
function telling(element) {
  let place = null;
  return (words) => {
    if (!words && !place) return;
    if (!place) {
      place = make("span", { class: "ly-control__demand", role: "status" });
      element.append(place);
    }
    place.textContent = words;
  };
}

// One slider and the number beside it; returns a function that shows a value in both.
function part(slider, parameter, tell, changed) {
  const beside = slider.nextElementSibling;
  const scale = positions(parameter);
  for (const [name, value] of [["min", scale.low], ["max", scale.high], ["step", scale.step]]) slider[name] = value;
  beside.step = parameter.scale === "log" ? "any" : parameter.step;
  const slide = (value) => {
    slider.value = scale.at(value);
    const share = (clamp(scale.at(value), scale.low, scale.high) - scale.low) / (scale.high - scale.low || 1);
    slider.style.setProperty("--ly-share", share.toFixed(4));
    slider.setAttribute("aria-valuetext", short(value));
  };
  const show = (value) => {
    slide(value);
    beside.value = short(value);
  };
  let last = parameter.default;
  slider.addEventListener("input", () => {
    const { low = -Infinity, high = Infinity } = parameter;
    last = number(parameter, exact(clamp(scale.value(Number(slider.value)), low, high)));
    tell("");
    show(last);
    changed(last);
  });
  // What may not be is said, and the last good value stays.
  beside.addEventListener("input", () => {
    const value = number(parameter, beside.value);
    tell(value === null ? demand(parameter, beside.value) : "");
    beside.setAttribute("aria-invalid", String(value === null));
    if (value === null || value === last) return;
    last = value;
    slide(last);
    changed(last);
  });
  beside.addEventListener("change", () => {
    beside.removeAttribute("aria-invalid");
    show(last);
  });
  return (value) => {
    last = value;
    show(value);
  };
}
