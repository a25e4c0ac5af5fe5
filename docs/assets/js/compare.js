// The compare page: losses over each other on one axis, each at its own settings, and their properties side by side.

import { MOST, read, write } from "./address.js";
import { Panel, save, told } from "./chart.js";
import { stepped } from "./curves.js";
import { Facets, catalog } from "./facets.js";
import { Finder } from "./finder.js";
import { coinciding, heights, heightsShown } from "./overlay.js";
import { Pick } from "./pick.js";

const ROOT = new URL("../../", import.meta.url);
const LEFT_OUT = {
  curvature: "the curvature at a perfect prediction is zero or infinite, or that point lies at infinity",
  tail: "the slope at both ends of the axis is zero or infinite",
};

const page = document.getElementById("compare");
const part = (name) => page.querySelector(`.ly-${name}`);
const make = (tag, text = "") => Object.assign(document.createElement(tag), { textContent: text });
const listed = (words, last = "and") => [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(` ${last} `);

class Compare {
  axis = "";
  view = "loss";
  normal = "";
  log = false;
  at = null;
  ticket = 0;
  count = 0;
  told = [];

  constructor(index) {
    this.losses = new Map(index.losses.map((entry) => [entry.slug, entry]));
    this.axes = new Map(index.axes.map((axis) => [axis.name, axis]));
    this.plots = new Map();
    this.picks = [];
    this.tools = part("compare__tools");
    this.chart = part("compare__chart");
    this.list = part("picked");
    this.status = part("compare__status");
    this.finder = new Finder({
      input: document.getElementById("ly-find"),
      list: document.getElementById("ly-found"),
      losses: index.losses,
      standing: (entry) => this.#standing(entry),
      choose: (entry) => this.#add(entry),
    });
    this.found = null; // the losses that facets leave
    this.narrowed = part("narrowed");
    this.facets = new Facets(part("facets"), (found, byHand) => {
      this.found = found;
      this.finder.among = found && new Set(found.map(({ slug }) => slug));
      this.#offer();
      if (byHand) this.#remember(true);
    });
    for (const { name, short } of index.axes) this.tools.elements.axis.add(new Option(short, name));
    this.#listen();
  }

  // --- what is compared ---------------------------------------------------------------------------------------------

  /** Show what a query asks for, as far as it can be understood. */
  async follow(query) {
    const asked = read(query);
    const known = asked.picks.filter(({ slug }) => this.losses.has(slug));
    clearTimeout(this.waiting);
    this.ticket += 1;
    const { ticket } = this;
    this.facets.follow(query);
    const made = await Promise.all(known.slice(0, MOST).map(({ slug, given }) => this.#made(this.losses.get(slug), given)));
    if (ticket !== this.ticket) return; // another query came meanwhile
    this.told = [];
    const unknown = asked.picks.length - known.length;
    if (unknown) this.told.push(`${unknown} of the names in the address ${unknown === 1 ? "is" : "are"} not in this glossary.`);
    if (known.length > MOST) this.told.push(`Of ${known.length} losses the first ${MOST} are shown.`);
    this.#say(made);
    this.picks = made.filter(Boolean);
    const { view, normal, log } = asked;
    Object.assign(this, { view, normal, log, at: null });
    this.axis = this.axes.has(asked.axis) ? asked.axis : this.#best();
    // A setting that may not be is said beside its control, and leaves the address.
    const told = () => this.picks.map(({ given }) => given.size).join();
    const before = told();
    this.#arrange();
    if (told() !== before) this.#remember(false);
  }

  // A pick, or null where its plot cannot be had.
  async #made(entry, given) {
    if (!this.plots.has(entry.slug)) {
      const address = new URL(`plots/${entry.slug}.js`, ROOT);
      this.plots.set(entry.slug, import(address.href).then((module) => module.default).catch(() => null));
    }
    const plot = await this.plots.get(entry.slug);
    if (!plot) this.plots.delete(entry.slug);
    return plot && new Pick(entry, plot, given);
  }

  #say(made) {
    if (made.includes(null)) this.told.push("A loss could not be loaded.");
  }

  // The axis that most of the losses share; of several, the first loss's first.
  #best(entries = this.picks.map(({ entry }) => entry)) {
    const shared = (axis) => entries.filter((entry) => entry.axes.includes(axis)).length;
    const own = [...new Set(entries.flatMap((entry) => entry.axes))];
    return own.reduce((best, axis) => (shared(axis) > shared(best) ? axis : best), own[0] ?? "");
  }

  // What moves along axes, for people: their names are for addresses.
  #words(...names) {
    return listed(names.map((name) => this.axes.get(name).short), "or");
  }

  // The losses that facets leave, to add one after the other.
  #offer() {
    const found = this.found ?? [];
    this.narrowed.hidden = !found.length;
    const focused = this.narrowed.contains(document.activeElement) && document.activeElement.getAttribute("data-slug");
    const items = found.map((entry) => {
      const { note, blocked } = this.#standing(entry);
      const button = Object.assign(make("button", entry.title), { type: "button", className: "ly-chip", title: note });
      button.dataset.slug = entry.slug;
      button.setAttribute("aria-label", `Add ${entry.title}${note ? `: ${note}` : ""}`);
      // A button that can do nothing keeps its place and its reason.
      button.setAttribute("aria-disabled", String(blocked));
      button.setAttribute("aria-pressed", String(this.picks.some(({ slug }) => slug === entry.slug)));
      button.addEventListener("click", () => blocked || this.#add(entry));
      const item = make("li");
      item.append(button);
      return item;
    });
    this.narrowed.replaceChildren(...items);
    if (focused) this.narrowed.querySelector(`[data-slug="${focused}"]`)?.focus();
  }

  // What adding a loss would mean.
  #standing(entry) {
    const { picks } = this;
    if (picks.length >= MOST) return { note: `no more than ${MOST} at once`, blocked: true };
    if (!picks.length || entry.axes.includes(this.axis)) return { note: "", blocked: false };
    const common = entry.axes.find((axis) => picks.every((pick) => pick.entry.axes.includes(axis)));
    if (common) return { note: `moves all to the ${this.#words(common)}`, blocked: false };
    return { note: `is drawn along the ${this.#words(...entry.axes)}`, blocked: true };
  }

  async #add(entry, given = new URLSearchParams(), after = this.picks.length) {
    const { ticket } = this;
    const pick = await this.#made(entry, given);
    if (ticket !== this.ticket || this.picks.length >= MOST) return;
    this.told = [];
    this.#say([pick]);
    if (pick) {
      this.picks.splice(after, 0, pick);
      if (!this.axis || !entry.axes.includes(this.axis)) this.axis = this.#best();
      this.status.textContent = `${entry.title} added: ${this.picks.length} of at most ${MOST}.`;
    }
    this.#arrange();
    this.#remember(true);
  }

  #remove(pick) {
    const k = this.picks.indexOf(pick);
    this.picks.splice(k, 1);
    this.status.textContent = `${pick.entry.title} removed: ${this.picks.length} left.`;
    this.told = [];
    this.#arrange();
    this.#remember(true);
    const next = this.picks[k] ?? this.picks[k - 1];
    (next?.element.querySelector("[data-do=remove]") ?? this.finder.input).focus();
  }

  // --- the page -----------------------------------------------------------------------------------------------------

  #listen() {
    const { tools, chart } = this;
    tools.addEventListener("submit", (event) => event.preventDefault());
    tools.addEventListener("input", () => {
      const { view, axis, normal } = tools.elements;
      this.#redraw({ view: view.value, axis: axis.value, normal: normal.value });
    });
    page.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this.#act(button);
    });
    addEventListener("popstate", () => this.follow(location.search));
    new ResizeObserver(() => this.#draw()).observe(chart);
    const point = (event) => this.#read(this.panel.toX(event.clientX));
    chart.addEventListener("pointermove", point);
    chart.addEventListener("pointerdown", point);
    // A finger that has left was lifted: what it showed stays to be read.
    chart.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "mouse" && !chart.matches(":focus-visible")) this.#read(null);
    });
    chart.addEventListener("focus", () => chart.matches(":focus-visible") && this.#read(this.at ?? this.#middle()));
    chart.addEventListener("blur", () => this.#read(null));
    chart.addEventListener("keydown", (event) => this.#key(event));
  }

  #act(button) {
    const pick = this.picks.find(({ element }) => element.contains(button));
    const acts = {
      log: () => this.#redraw({ log: !this.log }),
      link: () => this.#copy(button),
      download: () => this.#save(),
      clear: () => this.#clear(),
      again: () => this.#add(pick.entry, new URLSearchParams(pick.given), this.picks.indexOf(pick) + 1),
      remove: () => this.#remove(pick),
    };
    acts[button.dataset.do]();
  }

  // Draw the same losses in another way.
  #redraw(how) {
    Object.assign(this, how);
    this.panel = null; // the room for its numbers is measured anew
    this.#arrange();
    this.#remember(false);
  }

  #clear() {
    this.ticket += 1;
    this.picks = [];
    this.told = [];
    this.status.textContent = "All losses removed.";
    this.#arrange();
    this.#remember(true);
    this.finder.input.focus();
  }

  #copy(button) {
    const address = new URL(write(this), location.href).href;
    const copied = () => this.#done(button, "copied");
    navigator.clipboard.writeText(address).then(copied, () => this.#done(button, "not allowed"));
  }

  // A button says for a moment what it has done, and keeps its width.
  #done(button, words) {
    button.dataset.done = words;
    this.status.textContent = words;
    setTimeout(() => delete button.dataset.done, 1500);
  }

  #save() {
    this.panel.description = `${this.#heading()} of ${listed(this.#shown().map((pick) => pick.label))}`;
    save(this.panel.svg(), `${[...new Set(this.#shown().map(({ slug }) => slug))].join("-")}-${this.view}.svg`);
  }

  // Losses come and go in the history; how they are drawn does not, and waits until a hand rests.
  #remember(step) {
    clearTimeout(this.waiting);
    if (step) this.#note("pushState");
    else this.waiting = setTimeout(() => this.#note("replaceState"), 200);
  }

  #note(how) {
    const query = [write(this).slice(1), ...this.facets.query].filter(Boolean).join("&").replace(/^(?=.)/, "?");
    if (query !== location.search) history[how](null, "", query || location.pathname);
  }

  // Put everything in its place: after losses have come or gone, or are drawn in another way.
  #arrange() {
    document.documentElement.classList.toggle("ly-compared", this.picks.length > 0);
    const { view, axis, normal } = this.tools.elements;
    for (const option of axis.options) {
      option.disabled = !this.picks.some(({ entry }) => entry.axes.includes(option.value)) && option.value !== this.axis;
    }
    [view.value, axis.value, normal.value] = [this.view, this.axis, this.normal];
    this.tools.querySelector("[data-do=log]").setAttribute("aria-pressed", String(this.log));
    this.picks.forEach((pick, k) => {
      pick.id ??= `ly-pick-${(this.count += 1)}`;
      pick.role = `trace${k}`;
      pick.dashed = k % 2 === 1;
      pick.element.style.setProperty("--ly-trace", `var(--ly-${pick.role})`);
      pick.element.classList.toggle("ly-pick--dashed", pick.dashed);
      pick.element.querySelector("[data-do=again]").disabled = this.picks.length >= MOST;
      pick.along(this.axis, pick.id, () => this.#moved());
      pick.note.textContent = pick.section ? "" : `Is drawn along the ${this.#words(...pick.entry.axes)}, not along the ${this.#words(this.axis)}.`;
    });
    const elements = this.picks.map(({ element }) => element);
    for (const old of [...this.list.children]) if (!elements.includes(old)) old.remove();
    elements.forEach((element, k) => this.list.children[k] !== element && this.list.insertBefore(element, this.list.children[k] ?? null));
    this.#offer();
    this.#table();
    this.#draw();
  }

  // A control is being moved: drawn once a frame.
  #moved() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.#draw();
      this.#remember(false);
    });
  }

  // --- the chart ----------------------------------------------------------------------------------------------------

  #shown() {
    return this.picks.filter((pick) => pick.section && pick.by !== null);
  }

  #heading() {
    const what = this.log && this.view !== "loss" ? `|${this.view}|` : this.view;
    const scaled = { curvature: ", over the curvature at a perfect prediction", tail: ", over the slope of the tail" }[this.normal] ?? "";
    return `${what}${scaled}${this.log ? ", log scale" : ""}`;
  }

  #draw() {
    const [width, height] = [this.chart.clientWidth, this.chart.clientHeight];
    if (!this.picks.length || !width) return;
    if (this.panel?.width !== width || this.panel?.height !== height) {
      this.panel = new Panel({ role: "ink", size: [width, height] });
      this.chart.replaceChildren(this.panel.element);
    }
    const axis = this.axes.get(this.axis);
    for (const pick of this.picks) {
      if (pick.section) pick.sampled(axis.span);
      pick.by = pick.section && pick.divisor(this.normal);
    }
    const shown = this.#shown();
    const traces = shown.map((pick) => ({
      xs: pick.samples.xs,
      ys: heights(pick.samples.rows, this.view, pick.by, this.log),
      role: pick.role,
      label: pick.label,
      strong: true,
      dashed: pick.dashed,
    }));
    const y = this.log ? null : heightsShown(traces, this.view, axis);
    this.#notes(y ? coinciding(traces, y) : []);
    if (axis.reference && this.view === "loss" && !this.normal) traces.push(reference(axis.reference));
    this.panel.draw({
      x: axis.span,
      y,
      log: this.log,
      ends: [...new Set(shown.flatMap((pick) => pick.section.ends))],
      traces,
      heading: this.#heading(),
      label: shown.length === 1 ? shown[0].section.label : axis.label,
      empty: shown.length ? undefined : "None of these losses can be drawn this way.",
    });
    this.chart.setAttribute("aria-label", `Reading line along the ${axis.short}`);
    this.chart.setAttribute("aria-valuemin", axis.span[0]);
    this.chart.setAttribute("aria-valuemax", axis.span[1]);
    this.#read(this.at);
  }

  #notes(groups) {
    const said = [...this.told];
    const out = this.picks.filter((pick) => pick.section && pick.by === null).map(({ entry }) => entry.title);
    if (out.length) said.push(`Left out: ${listed([...new Set(out)])}, where ${LEFT_OUT[this.normal]}.`);
    const same = groups.map((group) => [...new Set(group.map(({ label }) => label))]).filter((labels) => labels.length > 1);
    if (same.length) said.push(`Drawn over each other: ${same.map((labels) => listed(labels)).join("; ")}.`);
    const box = part("compare__notes");
    if (box.textContent !== said.join("")) box.replaceChildren(...said.map((sentence) => make("p", sentence)));
  }

  #middle() {
    const { span } = this.axes.get(this.axis);
    return (span[0] + span[1]) / 2;
  }

  // Move the reading line to a place, or take it away.
  #read(x) {
    this.at = x;
    if (!this.panel || !this.picks.length) return;
    for (const pick of this.picks) pick.value.textContent = "";
    if (x === null) {
      this.panel.read(null);
    } else {
      const value = (pick) => heights([pick.curve.run(x, pick.p)], this.view, pick.by, this.log)[0];
      const values = this.#shown().map((pick) => [pick, value(pick)]);
      for (const [pick, y] of values) pick.value.textContent = Number.isNaN(y) ? "–" : told(y);
      const place = `${this.#words(this.axis)} ${told(x, 3)}`;
      this.panel.read({ x, points: values.map(([{ role }, y]) => ({ y, role })), tangent: null, text: place });
      this.chart.setAttribute("aria-valuetext", `${place}: ${values.map(([pick, y]) => `${pick.label} ${told(y)}`).join("; ")}`);
    }
    this.chart.setAttribute("aria-valuenow", x ?? this.#middle());
  }

  #key(event) {
    const to = stepped(event, this.at ?? this.#middle(), this.axes.get(this.axis).span);
    if (to === null) return;
    event.preventDefault();
    this.#read(to);
  }

  // --- the properties -----------------------------------------------------------------------------------------------

  #table() {
    const box = part("compare__table");
    const picks = this.picks.filter((pick, k) => this.picks.findIndex(({ entry }) => entry === pick.entry) === k);
    const key = `${this.axis} ${picks.map(({ slug, role }) => slug + role).join(" ")}`;
    if (!picks.length || box.dataset.key === key) return;
    box.dataset.key = key;
    const rows = new Map();
    picks.forEach(({ entry }, k) => {
      for (const [name, text] of [["Family", entry.family_title], ...entry.properties]) {
        if (!rows.has(name)) rows.set(name, picks.map(() => "–"));
        rows.get(name)[k] = text;
      }
    });
    rows.set("What moves", picks.map(({ section }) => section?.note ?? "–"));
    const table = make("table");
    table.createTHead().insertRow().append(
      make("td"),
      ...picks.map(({ entry }) => {
        const cell = make("th");
        cell.scope = "col";
        const link = make("a", entry.title);
        link.href = new URL(`losses/${entry.slug}/`, ROOT);
        cell.append(link);
        return cell;
      }),
    );
    const body = table.createTBody();
    for (const [name, texts] of rows) {
      const row = make("th", name);
      row.scope = "row";
      body.insertRow().append(row, ...texts.map((text) => make("td", text)));
    }
    // Wrapped as the theme wraps the tables of its pages.
    const [outer, inner] = [make("div"), make("div")];
    outer.className = "md-typeset__scrollwrap";
    inner.className = "md-typeset__table";
    inner.append(table);
    outer.append(inner);
    box.replaceChildren(outer);
  }
}

// What losses along an axis stand in for, in grey.
function reference({ label, points }) {
  return { xs: points.map(([x]) => x), ys: points.map(([, y]) => y), role: "muted", label, strong: false, dashed: false };
}

const index = await catalog();
if (index) {
  const compare = new Compare(index);
  await compare.follow(location.search);
} else {
  // Without the index there is nothing to choose from: the pictures of the page remain.
  document.documentElement.classList.remove("ly-live", "ly-compared");
}
