// The element <lossary-plot>: controls that move the curves of one loss, drawn over its static figures.
//
//   <lossary-plot for="id of the box with the figures" src="the loss's module" embed="its embed page"> controls </…>

import { NARROW, Panel, save, told } from "./chart.js";
import { places, stepped, variantAt } from "./curves.js";
import { bind, differs, initial, parse, python, refused, short as shown, write } from "./settings.js";

const CURVES = ["loss", "gradient", "curvature"];
const COPIED = 1600; // how long "copied" stands, in milliseconds

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
const capital = (text) => text[0].toUpperCase() + text.slice(1);

class LossaryPlot extends HTMLElement {
  started = new Map();

  async connectedCallback() {
    try {
      this.loss = (await import(new URL(this.getAttribute("src"), document.baseURI).href)).default;
    } catch {
      return; // the static figures remain, and the controls stay hidden
    }
    this.named = new Map(this.loss.parameters.map((parameter) => [parameter.name, parameter]));
    this.figures = document.getElementById(this.getAttribute("for"));
    this.panels = new Map();
    this.#wire();
    const asked = new URLSearchParams(location.search);
    this.#restore(asked);
    this.#arrange();
    this.update();
    this.#follow();
    if (this.#amiss(asked)) this.#remember();
    if (this.hasAttribute("fill")) new ResizeObserver(() => this.#fill()).observe(this.figures);
    this.closest(".ly-controls").hidden = false;
    this.dataset.ready = "";
    if (this.#query()) {
      this.#describe();
      this.#snippets();
    }
  }

  // --- state --------------------------------------------------------------------------------------------------------

  /** The parameters that can be moved along the current section, with the sizes of vectors. */
  get #moved() {
    return this.section.controls.map(({ name, size = 0 }) => ({ parameter: this.named.get(name), size }));
  }

  get #defaults() {
    return Object.fromEntries(this.#moved.map(({ parameter, size }) => [parameter.name, initial(parameter, size)]));
  }

  get #changed() {
    return this.#moved.filter(({ parameter }) => differs(parameter, this.values[parameter.name]));
  }

  // A query is data: each value is looked up or kept within its range, and what is not known is left alone.
  #restore(query) {
    const { sections, parameters } = this.loss;
    this.section = sections.find(({ name }) => name === query.get("section")) ?? sections[0];
    this.log = query.get("scale") === "log";
    this.curvature = query.get("curvature") === "1";
    this.values = Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.default]));
    for (const { parameter, size } of this.#moved) {
      const given = query.get(parameter.name);
      this.values[parameter.name] = (given === null ? null : parse(parameter, given, size)) ?? initial(parameter, size);
    }
    this.#rest();
  }

  // What the address asks for and may not be is said beside its control; whether there is any, in whatever control.
  #amiss(query) {
    let found = false;
    for (const { parameter, size } of this.#moved) {
      const given = query.get(parameter.name);
      if (given === null || parse(parameter, given, size) !== null) continue;
      found = true;
      for (const { element, name, tell } of this.controls) {
        if (name === parameter.name && !element.hidden) tell(refused(parameter, given, size));
      }
    }
    return found;
  }

  // Nothing is read yet; a reader with a keyboard starts in the middle.
  #rest() {
    const [low, high] = this.section.span;
    this.t = (low + high) / 2;
    this.reading = false;
  }

  /** The state as a query, only what is not the default; `kept` are parameters of the address that are not ours. */
  #query(kept = new URLSearchParams()) {
    for (const name of [...this.named.keys(), "section", "scale", "curvature"]) kept.delete(name);
    for (const { parameter } of this.#changed) kept.set(parameter.name, write(this.values[parameter.name]));
    if (this.section !== this.loss.sections[0]) kept.set("section", this.section.name);
    if (this.log) kept.set("scale", "log");
    if (this.curvature) kept.set("curvature", "1");
    const text = kept.toString().replaceAll("%2C", ",");
    return text && `?${text}`;
  }

  // Browsers count how often an address changes: it is written once the reader pauses.
  #remember() {
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.#follow();
      const query = this.#query(new URLSearchParams(location.search));
      history.replaceState(history.state, "", location.pathname + query + location.hash);
      this.#describe();
      this.#snippets();
    }, 200);
  }

  // Links to this loss's page lead to the same view.
  #follow() {
    for (const link of document.querySelectorAll(`a[data-view-of="${this.figures.id}"]`)) link.search = this.#query();
  }

  // --- controls -----------------------------------------------------------------------------------------------------

  #wire() {
    this.controls = [...this.querySelectorAll(".ly-control")].map((element) => {
      const { parameter: name } = element.dataset;
      const changed = (value) => this.#change({ values: { ...this.values, [name]: value } });
      return { element, name, ...bind(element, this.named.get(name), changed) };
    });
    this.buttons = {};
    for (const button of this.querySelectorAll("[data-do]")) {
      this.buttons[button.dataset.do] = button;
      button.addEventListener("click", () => this.#do(button.dataset.do, button));
    }
    this.axes = this.querySelector("[data-sections-of]");
    this.axes?.addEventListener("input", () => {
      const section = this.loss.sections.find(({ name }) => name === this.axes.value);
      this.#change({ section });
    });
    this.menu = this.querySelector(".ly-share__menu");
    if (this.menu) this.#closing();
  }

  #change(state, arranged = false) {
    Object.assign(this, state);
    if (state.section) {
      for (const { parameter, size } of this.#moved) {
        const value = this.values[parameter.name];
        if (size && value?.length !== size) this.values[parameter.name] = initial(parameter, size);
      }
      this.#rest();
    }
    if (state.section || "curvature" in state || arranged) this.#arrange();
    this.update();
    this.#remember();
  }

  #do(name, button) {
    if (name === "reset") {
      this.#change({ values: { ...this.values, ...this.#defaults } }, true);
      // The button is off now; what it has reset is the next thing to use.
      this.querySelector(".ly-control:not([hidden]) :is(input, select)")?.focus();
    } else if (name === "log") this.#change({ log: !this.log });
    else if (name === "curvature") this.#change({ curvature: !this.curvature });
    else if (name === "share") this.#open(this.menu.hidden);
    else if (name === "download") this.#download();
    else this.#copy(button, { link: () => this.#link(), embed: () => this.#embed(), torch: () => this.#torch() }[name]());
  }

  // What of the page belongs to the current section, and what the controls show.
  #arrange() {
    const scope = this.figures.parentElement;
    for (const element of scope.querySelectorAll("[data-sections]")) {
      element.hidden = !element.dataset.sections.split(" ").includes(this.section.name);
    }
    for (const { element, name, set, tell } of this.controls) {
      tell("");
      if (!element.hidden) set(this.values[name]);
    }
    if (this.axes) this.axes.value = this.section.name;
    for (const [curve, panel] of this.panels) this.#name(curve, panel);
    const third = this.#figure("curvature");
    if (third) third.hidden = !this.curvature;
    if (this.hasAttribute("fill")) this.#fill();
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  #figure(curve) {
    return this.figures.querySelector(`.ly-figure--${curve}`);
  }

  // The panel over a static figure, made when it is first needed.
  #panel(curve) {
    if (this.panels.has(curve)) return this.panels.get(curve);
    const place = this.#figure(curve)?.querySelector(".ly-figure__picture, p");
    if (!place) return null;
    const live = document.createElement("span");
    live.className = "ly-live-chart";
    live.tabIndex = 0;
    live.setAttribute("role", "slider");
    place.classList.add("ly-figure__picture", "ly-figure__picture--live");
    place.append(live);
    const panel = this.#made(curve, live);
    this.#listen(live, curve);
    this.#name(curve, panel);
    return panel;
  }

  // A panel of the static figure's size; on a phone, and where it is to fill its frame, of that of its place, so that
  // letters stay large.
  #made(curve, live) {
    const { clientWidth: width, clientHeight: height } = live;
    const own = this.hasAttribute("fill") || width < NARROW;
    const size = own && width && height ? [width, height] : undefined;
    const panel = new Panel({ role: curve, heading: curve, size });
    panel.live = live;
    live.replaceChildren(panel.element);
    this.panels.set(curve, panel);
    return panel;
  }

  // The frame has another size, or a figure has come or gone beside others.
  #fill() {
    const off = [...this.panels].filter(
      ([, { live, width, height }]) => live.clientWidth && (live.clientWidth !== width || live.clientHeight !== height),
    );
    for (const [curve, { live }] of off) this.#made(curve, live);
    if (off.length) this.update();
  }

  // What a chart is to a reader who does not see it: a slider along the section.
  #name(curve, { live }) {
    const { short: along, span } = this.section;
    live.setAttribute("aria-label", `${capital(curve)} along the ${along}`);
    live.setAttribute("aria-valuemin", span[0]);
    live.setAttribute("aria-valuemax", span[1]);
  }

  /** Evaluate and draw everything anew. */
  update() {
    const changed = this.#changed;
    const curves = CURVES.filter((curve) => (curve !== "curvature" || this.curvature) && this.#panel(curve));
    const now = this.#sampled(this.values);
    const ghost = changed.length ? this.#start() : null;
    for (const curve of curves) this.#draw(curve, now, ghost);
    this.now = now;
    if (this.buttons.reset) this.buttons.reset.disabled = !changed.length;
    this.buttons.log?.setAttribute("aria-pressed", this.log);
    this.buttons.curvature?.setAttribute("aria-pressed", this.curvature);
    this.#caption(changed);
    this.#read();
  }

  // The curves at some values: evenly spaced points, and each kink exactly and from both sides.
  #sampled(values) {
    const { section } = this;
    const variant = variantAt(section, values);
    const [low, high] = section.span;
    // A mark stands on the branch that has the kink; the first, where nothing else is said.
    const kinks = variant.kinks(values).map((x, k) => ({ x, branch: variant.branches[variant.marked?.[k] ?? 0] }));
    const seen = kinks.filter(({ x }) => low < x && x < high);
    const xs = places(section.span, seen.map(({ x }) => x));
    const branches = variant.branches.map(({ label, run }) => ({ label, points: xs.map((x) => run(x, values)) }));
    return { xs, branches, marks: seen.map(({ x, branch }) => ({ x, at: branch.run(x, values) })) };
  }

  // The curves at the defaults, made once for each section.
  #start() {
    if (!this.started.has(this.section)) {
      this.started.set(this.section, this.#sampled({ ...this.values, ...this.#defaults }));
    }
    return this.started.get(this.section);
  }

  // Some curves as traces, made once: a chart knows again what it has drawn.
  #traces(sampled, curve, pale) {
    const key = `${curve} ${this.log}`;
    sampled.traces ??= {};
    return (sampled.traces[key] ??= sampled.branches.map(({ label, points }, b) => ({
      xs: sampled.xs,
      ys: points.map((point) => this.#height(point, curve)),
      role: curve,
      strong: b === 0 && !pale,
      dashed: b > 0,
      ghost: pale,
      label: pale ? "" : label,
    })));
  }

  #height(point, curve) {
    const value = point[CURVES.indexOf(curve)];
    return this.log ? Math.abs(value) : value;
  }

  #draw(curve, now, ghost) {
    const words = this.log ? `${curve === "loss" ? curve : `|${curve}|`}, log scale` : curve;
    this.panels.get(curve).draw({
      x: this.section.span,
      log: this.log,
      ends: this.section.ends,
      traces: [...(ghost ? this.#traces(ghost, curve, true) : []), ...this.#traces(now, curve, false)],
      marks: now.marks.map(({ x, at }) => ({ x, y: this.#height(at, curve) })),
      heading: words,
      label: this.section.label,
      empty: this.log ? "No positive value to draw on a log scale." : "Not finite anywhere at this setting.",
    });
  }

  // --- words under the figures --------------------------------------------------------------------------------------

  // The captions speak of the figures at their defaults. At other settings the gradient's says which, and along another
  // section both do.
  #caption(changed) {
    const along = `the ${this.section.short}`;
    const at = changed.map(({ parameter: { name } }) => this.#equals(name)).join(", ");
    const settings = at ? `, at ${at}. Pale: the default.` : ".";
    const elsewhere = this.section !== this.loss.sections[0];
    const words = {
      loss: elsewhere && `Along ${along}${settings}`,
      gradient: (elsewhere || at) && `Its derivative by ${along}${settings}`,
      curvature: `Its second derivative by ${along}${settings}`,
    };
    for (const curve of this.panels.keys()) {
      const caption = this.#figure(curve).querySelector("figcaption");
      if (!caption || !(words[curve] || caption.dataset.live)) continue;
      if (!caption.dataset.live) {
        const [fixed, live] = [document.createElement("span"), document.createElement("span")];
        fixed.append(...caption.childNodes);
        live.append("");
        caption.append(fixed, live);
      }
      caption.dataset.live = words[curve] ? "on" : "off";
      caption.lastChild.firstChild.data = words[curve] || "";
    }
  }

  #equals(name) {
    const parts = [this.values[name]].flat().map((one) => (typeof one === "number" ? shown(one).replace(/-/g, "−") : one));
    return `${name} = ${parts.join(", ")}`;
  }

  // For readers who do not see it, the picture says what it shows now.
  #describe() {
    const { xs, branches } = this.now;
    for (const curve of this.panels.keys()) {
      const image = this.#figure(curve).querySelector("img");
      const ys = branches[0].points.map((point) => point[CURVES.indexOf(curve)]);
      const whole = xs.map((_, k) => k).filter((k) => Number.isFinite(ys[k]));
      if (!image || !whole.length) continue;
      const low = whole.reduce((a, b) => (ys[b] < ys[a] ? b : a));
      const high = whole.reduce((a, b) => (ys[b] > ys[a] ? b : a));
      const at = (k) => `${told(ys[k])} at ${told(xs[k])}`;
      const settings = this.#moved.map(({ parameter: { name } }) => this.#equals(name));
      image.alt =
        `${capital(curve)} of ${this.loss.title} along the ${this.section.short}. From ${at(whole[0])} to ${at(whole.at(-1))}; ` +
        `least ${at(low)}, greatest ${at(high)}.${settings.length ? ` At ${settings.join(", ")}.` : ""}`;
    }
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  #listen(live, curve) {
    const follow = (event) => {
      this.t = this.panels.get(curve).toX(event.clientX);
      this.reading = true;
      this.#read();
    };
    live.addEventListener("pointermove", follow);
    live.addEventListener("pointerdown", follow);
    const leave = () => {
      // What the keyboard has set stays while it is there.
      this.reading = [...this.panels.values()].some((other) => other.live === document.activeElement);
      this.#read();
    };
    live.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && leave());
    live.addEventListener("focus", () => {
      this.reading = true;
      this.#read();
    });
    live.addEventListener("blur", () => {
      this.reading = false;
      this.#read();
    });
    live.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const to = stepped(event, this.t, this.section.span);
      if (to === null) return;
      event.preventDefault();
      this.t = to;
      this.reading = true;
      this.#read();
    });
  }

  // Show the place that is read in every chart, and say it.
  #read() {
    const { section, t } = this;
    const variant = variantAt(this.section, this.values);
    const at = variant.branches.map(({ label, run }) => ({ label, values: run(t, this.values) }));
    const heights = (k, name) =>
      at.length === 1
        ? `${name} ${told(at[0].values[k])}`
        : at.map(({ label, values }) => `${label}: ${told(values[k])}`).join(", ");
    const place = `${section.short} ${told(t)}`;
    const valuetext = at
      .map(({ label, values }) => `${label && `${label}, `}loss ${told(values[0])}, gradient ${told(values[1])}`)
      .join("; ");
    for (const [curve, panel] of this.panels) {
      const k = CURVES.indexOf(curve);
      const points = at.map(({ values }) => ({ y: this.#height(values, curve), role: curve }));
      const text = `${heights(k, curve)} at ${place}`;
      panel.read(this.reading ? { x: t, points, tangent: k ? null : at[0].values[1], text } : null);
      const { live } = panel;
      live.setAttribute("aria-valuenow", Number(t.toPrecision(6)));
      live.setAttribute("aria-valuetext", `${place}: ${valuetext}`);
    }
  }

  // --- sharing ------------------------------------------------------------------------------------------------------

  #open(open) {
    this.menu.hidden = !open;
    this.buttons.share.setAttribute("aria-expanded", open);
    this.menu.querySelector("textarea")?.remove();
  }

  #closing() {
    document.addEventListener("pointerdown", (event) => {
      if (!this.menu.hidden && !this.menu.parentElement.contains(event.target)) this.#open(false);
    });
    this.menu.parentElement.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.menu.hidden) return;
      this.#open(false);
      this.buttons.share.focus();
    });
    this.menu.parentElement.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !this.menu.parentElement.contains(relatedTarget)) this.#open(false);
    });
  }

  #link() {
    return location.origin + location.pathname + this.#query();
  }

  #embed() {
    const address = new URL(this.getAttribute("embed"), document.baseURI) + this.#query();
    return (
      `<iframe src="${escaped(address)}" title="${escaped(this.loss.title)}, interactive plot" loading="lazy" ` +
      'style="width:100%;aspect-ratio:2.2;min-height:26rem;border:0"></iframe>'
    );
  }

  // The line under an embedded plot: its link leads to the same view.
  #attributed(line) {
    return line.replace(/href="([^"?]*)[^"]*"/, (_, address) => `href="${escaped(new URL(address, document.baseURI) + this.#query())}"`);
  }

  // The snippets at the page's end that take parameters, at those that are shown.
  #snippets() {
    const { slug } = this.loss;
    const main = this.section === this.loss.sections[0];
    const given = main ? this.#changed.map(({ parameter: { name } }) => `${name}=${write(this.values[name])}`) : [];
    // The lines that change; what stands around them stays.
    const texts = {
      iframe: this.hasAttribute("embed") && { 0: () => this.#embed(), 1: (line) => this.#attributed(line) },
      command: { 0: () => ["lossary figure", slug, ...given.map((text) => `--set ${text}`), `-o ${slug}.svg`].join(" ") },
      fence: { 1: () => [slug, ...given].join(" ") },
    };
    for (const [name, changes] of Object.entries(texts)) {
      const code = document.querySelector(`#ly-snippet-${name} code`);
      if (!code || !changes) continue;
      const lines = (code.dataset.lines ??= code.textContent).split("\n");
      for (const [k, change] of Object.entries(changes)) lines[k] = change(lines[k]);
      // Untouched, the code keeps its colours.
      if (code.textContent !== lines.join("\n")) code.textContent = lines.join("\n");
    }
  }

  #torch() {
    const { prelude, call, first, names } = this.loss.torch;
    const given = this.#changed.map(({ parameter }) => {
      const { name } = parameter;
      return `${name}=${python(parameter, this.values[name], names)}`;
    });
    return `${prelude.trimEnd()}\n\nloss = ${call}(${[...first, ...given].join(", ")})\n`;
  }

  // Where the clipboard is closed to the page, the text stands there to be copied by hand.
  async #copy(button, text) {
    const words = (button.dataset.words ??= button.textContent);
    this.menu.querySelector("textarea")?.remove();
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "copied";
      this.#say(`${words}: copied`);
      setTimeout(() => {
        button.textContent = words;
      }, COPIED);
    } catch {
      const field = document.createElement("textarea");
      field.readOnly = true;
      field.rows = 4;
      field.value = text;
      field.setAttribute("aria-label", "Text to copy");
      button.after(field);
      field.select();
      this.#say("The clipboard is closed; the text is selected.");
    }
  }

  #say(words) {
    this.menu.querySelector("[role=status]").textContent = words;
  }

  // The charts in sight side by side, in one file.
  #download() {
    const shown = [...this.panels].filter(([curve]) => curve !== "curvature" || this.curvature).map(([, panel]) => panel);
    const { width, height } = shown[0];
    const parts = shown.map((panel, k) => panel.svg().replace("<svg ", `<svg x="${k * width}" `));
    const total = width * shown.length;
    const size = `width="${total}" height="${height}" viewBox="0 0 ${total} ${height}"`;
    const text = `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n${parts.join("")}</svg>\n`;
    const settings = this.#changed.map(({ parameter: { name } }) => `-${name}-${write(this.values[name])}`);
    save(text, `${this.loss.slug}${settings.join("").replace(/,/g, "-")}.svg`);
  }
}

customElements.define("lossary-plot", LossaryPlot);
