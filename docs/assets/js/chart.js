// One line chart as SVG, with the geometry of the static figures; it knows nothing of losses.

import { axisBottom, axisLeft, line, scaleLinear, scaleLog, select } from "./d3.js";

const PLEX = '"IBM Plex Sans"';
const FONT = `${PLEX}, "Plex Sans in Arial", "Plex Sans in DejaVu", sans-serif`; // fonts.css: what stands in takes its room
const NICE = [1, 2, 2.5, 5, 10];
export const NARROW = 420; // a place narrower than this would shrink the letters of a whole figure too far
const DECADES = 6; // a log axis shows no more than this below its highest value
const TICK = { size: 3.5, pad: 4, type: 11.5 };
const colour = (role) => `var(--ly-${role})`;
const finite = Number.isFinite;

let panels = 0;

/** A number for people: four digits at most, a true minus sign, no trailing zeros. */
export function told(value, digits = 4) {
  if (Number.isNaN(value)) return "not a number";
  if (!finite(value)) return value < 0 ? "−∞" : "∞";
  if (Math.abs(value) < 1e-12) return "0";
  return String(Number(value.toPrecision(digits))).replace(/-/g, "−").replace("e+", "e");
}

/** Hand the reader a text as an SVG file. */
export function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// The digits of Plex are equally wide, so that a tick's width needs no measuring.
function tickWidth(text) {
  let ems = 0;
  for (const letter of text) ems += letter === "." ? 0.272 : 0.6;
  return Math.round(ems * TICK.type);
}

const widths = new Map();
let pen;
function textWidth(text, weight) {
  const key = weight + text;
  if (!widths.has(key)) {
    pen ??= document.createElement("canvas").getContext("2d");
    pen.font = `${weight} ${TICK.type}px ${FONT}`;
    widths.set(key, 1.05 * pen.measureText(text).width); // the letters of the static figures stand a little wider
  }
  return widths.get(key);
}

/** The ticks within a range, and those just outside, at the least nice step that gives no more than `count` gaps. */
function ticks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const steps = [...NICE.map((n) => n * power * 0.1), ...NICE.map((n) => n * power)];
  let k = steps.findIndex((s) => s >= raw * (1 - 1e-9));
  const inside = (step) => Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1;
  while (k > 0 && inside(steps[k]) < 2) k -= 1;
  const step = steps[k];
  const all = [];
  for (let n = Math.floor(low / step + 1e-9); n <= Math.ceil(high / step - 1e-9); n += 1) all.push(n * step);
  const exact = decimals(step);
  const plain = step >= 1e-4 && Math.max(Math.abs(low), Math.abs(high)) < 1e6;
  const format = (v) => (plain ? v.toFixed(exact).replace(/^-(?=0(\.0*)?$)/, "").replace("-", "−") : told(v));
  return { inner: all.filter((v) => v >= low - 1e-9 * step && v <= high + 1e-9 * step), all, format };
}

/** The fewest decimals that write a step exactly. */
function decimals(step) {
  let count = 0;
  while (count < 12 && Math.abs(step - Number(step.toFixed(count))) > 1e-9 * step) count += 1;
  return count;
}

/** Powers of ten, thinned; within a decade or two also twice and five times them. */
function logTicks(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first) / 5));
  const inner = [];
  for (let k = first - 1; k <= last; k += 1) {
    const between = last - first < 2 ? [1, 2, 5] : (k - first) % step ? [] : [1];
    for (const m of between) inner.push(Number(`${m}e${k}`));
  }
  const kept = inner.filter((v) => v >= low && v <= high);
  return { inner: kept, all: kept, format: (v) => told(v) };
}

/** Heights pushed apart until no two are closer than `least`, and none leaves [0, height]. */
function spread(heights, height, least) {
  const order = heights.map((_, k) => k).sort((a, b) => heights[a] - heights[b]);
  const placed = order.map((k) => heights[k]);
  for (let round = 0; round < 60; round += 1) {
    for (let k = 0; k + 1 < placed.length; k += 1) {
      const overlap = least - (placed[k + 1] - placed[k]);
      if (overlap > 0) {
        placed[k] -= overlap / 2;
        placed[k + 1] += overlap / 2;
      }
    }
  }
  const lift = Math.max(0, -placed[0]) - Math.max(0, placed[placed.length - 1] - height);
  const result = [];
  order.forEach((k, rank) => {
    result[k] = placed[rank] + lift;
  });
  return result;
}

/** The range of the values of some traces, with the static figures' margins; null where nothing can be drawn. */
function range(traces, log) {
  let low = Infinity;
  let high = -Infinity;
  for (const { ys } of traces) {
    for (const y of ys) {
      if (!finite(y) || (log && y <= 0)) continue;
      if (y < low) low = y;
      if (y > high) high = y;
    }
  }
  if (low > high) return null;
  if (log) {
    low = Math.max(low, high * 10 ** -DECADES);
    const room = Math.max((high / low) ** 0.06, 1.15);
    return [low / room, high * room];
  }
  if (low > 0 && low < 0.35 * high) low = 0;
  const span = high - low || 1;
  return [low - 0.06 * span, high + 0.08 * span];
}

// Text is written into the node that is there: a page that watches for new elements is not woken, and what stands stays.
function write(selection, words) {
  const node = selection.node();
  if (!node.firstChild) node.append("");
  if (node.firstChild.data !== words) node.firstChild.data = words;
}

const rounded = (v) => Math.round(v * 100) / 100;

/** A chart. `element` is its <svg>; draw() shows curves, read() a place on them. */
export class Panel {
  width;
  height;
  live; // the element that a reader moves along the curves, where there is one

  /**
   * role: the colour of the heading: loss, gradient, curvature or ink. description: what the picture shows, for
   * readers who do not see it; without one the picture is hidden from them, and the page says it elsewhere.
   */
  constructor({ role = "ink", heading = "", label = "", size = [460, 330], description = "" }) {
    [this.width, this.height] = size;
    this.heading = heading;
    this.label = label;
    this.description = description;
    panels += 1;
    this.clip = `ly-clip-${panels}`;
    const svg = select(document.createElementNS("http://www.w3.org/2000/svg", "svg"))
      .attr("class", "ly-chart")
      .attr("viewBox", `0 0 ${this.width} ${this.height}`)
      .attr("preserveAspectRatio", "xMidYMin")
      .attr("font-family", FONT)
      .attr("stroke-linejoin", "round");
    if (description) svg.attr("role", "img").attr("aria-label", description);
    else svg.attr("aria-hidden", "true");
    this.element = svg.node();
    this.clipped = svg.append("clipPath").attr("id", this.clip).append("rect");

    const clip = `url(#${this.clip})`;
    const rule = (role, width) =>
      svg
        .append("path")
        .attr("clip-path", clip)
        .attr("fill", "none")
        .attr("stroke", colour(role))
        .attr("stroke-width", width);
    this.zeros = { y: rule("muted", 0.9), x: rule("rule", 0.8) };
    this.ends = rule("muted", 0.9).attr("stroke-dasharray", "0.9 1.8");
    this.axes = { x: svg.append("g"), y: svg.append("g") };
    this.curves = svg.append("g").attr("clip-path", clip).attr("fill", "none");
    this.tangent = rule("ink", 1).attr("class", "ly-reading").attr("stroke-dasharray", "4 3");
    this.at = rule("muted", 0.9).attr("class", "ly-reading");
    this.crosses = svg.append("g").attr("clip-path", clip);
    this.marks = svg.append("g").attr("clip-path", clip);
    this.dots = svg.append("g").attr("class", "ly-reading");
    this.words = svg.append("g").attr("font-size", TICK.type);
    const words = (x, y, size, role, anchor) =>
      svg
        .append("text")
        .attr("x", x)
        .attr("y", y)
        .attr("font-size", size)
        .attr("fill", colour(role))
        .attr("text-anchor", anchor);
    this.title = words(8, 16.6, 13, role, "start").attr("font-weight", 600);
    this.reading = words(this.width - 14, 16.6, 12, "ink", "end").attr("class", "ly-reading");
    this.xlabel = words(0, this.height - 9.6, 12, "muted", "end");
    this.nothing = words(0, 0, 12, "muted", "middle");

    this.x = scaleLinear();
    this.shown = null;
    this.paths = new WeakMap();
    // Labels are measured; once the face has come, they are measured again.
    document.fonts?.load(`600 ${TICK.type}px ${PLEX}`).then((faces) => {
      if (!faces.length || !this.shown?.traces.some((trace) => trace.label)) return;
      widths.clear();
      this.layout = null;
      this.draw(this.shown);
    });
  }

  /**
   * x: the domain, which is drawn with a small margin; y: a fixed range, or null for that of the traces.
   * traces: {xs, ys, role, strong, dashed, ghost, label}; marks: {x, y}; ends: places where the domain ends.
   * empty: the sentence that stands in place of curves of which no value can be drawn.
   */
  draw(shown) {
    this.shown = shown;
    const { x, y = null, log = false, ends = [], traces, marks = [] } = shown;
    const { heading = this.heading, label = this.label, empty = "No finite value here." } = shown;
    const scale = log ? scaleLog() : scaleLinear();
    const found = y ?? range(traces, log);
    const [bottom, top] = found ?? (log ? [0.1, 10] : [-1, 1]);
    const low = Math.min(x[0], ...ends);
    const high = Math.max(x[1], ...ends);
    const margin = 0.015 * (high - low);
    this.domain = [x[0], x[1]];
    this.x.domain([low - margin, high + margin]);
    this.y = scale.domain([bottom, top]);
    this.log = log;

    // A small chart has fewer ticks, and leaves the words under its axis out.
    this.small = this.height < 190;
    const fitting = (room, each, most) => Math.min(Math.max(Math.round(room / each), 3), most);
    const across = ticks(...this.x.domain(), fitting(this.width - 60, this.width < NARROW ? 40 : 46, 7));
    const up = log ? logTicks(bottom, top) : ticks(bottom, top, fitting(this.height - 84, 34, 5));
    this.#place(traces.filter((trace) => trace.label), up, `${label}|${log}`);
    const { left, right, upper, lower } = this.box;
    this.clipped.attr("x", left).attr("y", upper).attr("width", right - left).attr("height", lower - upper);

    const zero = !log && bottom < 0 && top > 0;
    this.zeros.y.attr("d", zero ? `M${left} ${this.y(0)}H${right}` : null);
    this.zeros.x.attr("d", low < 0 && high > 0 ? `M${this.x(0)} ${lower}V${upper}` : null);
    this.ends.attr("d", ends.map((end) => `M${this.x(end)} ${lower}V${upper}`).join("") || null);
    this.#axis(this.axes.x.attr("transform", `translate(0 ${lower})`), axisBottom(this.x), across, "1.05em");
    this.#axis(this.axes.y.attr("transform", `translate(${left} 0)`), axisLeft(this.y), up, "0.385em");
    // The zero line takes the place of the frame's lower edge.
    this.axes.x.select(".domain").attr("visibility", zero ? "hidden" : null);

    write(this.title, heading);
    write(this.xlabel.attr("x", right), this.small ? "" : label);
    const drawn = traces.some((trace) => !trace.ghost && trace.ys.some((value) => this.#drawable(value)));
    write(this.nothing.attr("x", (left + right) / 2).attr("y", (upper + lower) / 2), drawn ? "" : empty);
    this.#curves(found ? traces : []);
    const seen = marks.filter((mark) => mark.x > low - margin && mark.x < high + margin && this.#drawable(mark.y));
    this.marks
      .selectAll("circle")
      .data(found ? seen : [])
      .join("circle")
      .attr("r", 2.75)
      .attr("fill", colour("paper"))
      .attr("stroke", colour("ink"))
      .attr("stroke-width", 1.2)
      .attr("cx", (mark) => this.x(mark.x))
      .attr("cy", (mark) => this.y(mark.y));
  }

  /** Show a place: {x, points: [{y, role}], tangent: a slope or null, text: what stands in the heading's line}. */
  read(reading) {
    const { left, right, upper, lower } = this.box;
    const points = (reading?.points ?? []).filter((point) => this.#drawable(point.y));
    const x = reading ? this.x(reading.x) : 0;
    write(this.reading, reading?.text ?? "");
    // Where both have no room in one line, the heading waits.
    const crowded = reading && this.width < 400 && textWidth(reading.text, 400) + textWidth(this.title.text(), 600) > this.width - 50;
    this.title.attr("visibility", crowded ? "hidden" : null);
    this.at.attr("d", reading ? `M${x} ${upper}V${lower}` : null);
    this.dots
      .selectAll("circle")
      .data(points.filter((point) => this.y(point.y) >= upper - 1 && this.y(point.y) <= lower + 1))
      .join("circle")
      .attr("r", 3.5)
      .attr("stroke", colour("paper"))
      .attr("stroke-width", 1.5)
      .attr("fill", (point) => colour(point.role))
      .attr("cx", x)
      .attr("cy", (point) => this.y(point.y));
    let path = null;
    if (points.length && finite(reading.tangent) && !this.log) {
      const y = this.y(points[0].y);
      const rise = reading.tangent * (this.y(1) - this.y(0));
      const run = this.x(1) - this.x(0);
      const half = (0.22 * (right - left)) / Math.hypot(run, rise);
      path = `M${x - half * run} ${y - half * rise}L${x + half * run} ${y + half * rise}`;
    }
    this.tangent.attr("d", path);
  }

  /** The place on the horizontal axis under a pointer, within the domain. */
  toX(clientX) {
    const { a, e } = this.element.getScreenCTM();
    const x = this.x.invert((clientX - e) / a);
    return Math.min(Math.max(x, this.domain[0]), this.domain[1]);
  }

  /** The chart as the text of an SVG file of its own, in the colours that `styles`, or the page, gives the roles. */
  svg(styles = getComputedStyle(this.element)) {
    const copy = select(this.element.cloneNode(true));
    copy.selectAll(".ly-reading").remove();
    copy.attr("class", null).attr("aria-label", null).attr("aria-hidden", null).attr("role", "img");
    copy.attr("width", this.width).attr("height", this.height);
    copy.insert("title", ":first-child").text(this.description || this.heading);
    const text = new XMLSerializer().serializeToString(copy.node());
    return text.replace(/var\((--ly-[\w-]+)\)/g, (_, name) => styles.getPropertyValue(name).trim() || "#777") + "\n";
  }

  #drawable(y) {
    return finite(y) && (!this.log || y > 0);
  }

  // The room that ticks and labels leave. While the same curves are drawn it only ever narrows, so that nothing jumps.
  #place(named, up, key) {
    const names = named.map((trace) => trace.label);
    const full = `${key}|${names.join("|")}`;
    const start = Math.max(0, ...up.all.map((v) => tickWidth(up.format(v)))) + 14;
    if (this.layout?.key !== full) {
      const wide = named.map((trace) => textWidth(trace.label, trace.strong ? 600 : 400));
      const widest = Math.max(0, ...wide);
      const heights = named.map((trace) => this.#leaves(trace)).sort((a, b) => a - b);
      const apart = heights.every((h, k) => !k || h - heights[k - 1] > 0.02);
      const fits = widest <= 0.25 * this.width && apart;
      const gap = fits && names.length ? widest + 16 : 14;
      this.layout = { key: full, start: 0, wide, rows: fits ? [] : this.#rows(wide), gap };
    }
    const { layout } = this;
    layout.start = Math.max(layout.start, start);
    const upper = 36 + 18 * layout.rows.length;
    this.box = { left: layout.start, right: this.width - layout.gap, upper, lower: this.height - (this.small ? 26 : 48) };
    this.x.range([this.box.left, this.box.right]);
    this.y.range([this.box.lower, upper]);
    this.#label(named);
  }

  // Where a curve leaves on the right, as a share of the height, within it.
  #leaves(trace) {
    const [bottom, top] = this.y.domain();
    const last = this.#last(trace);
    const share = this.log ? Math.log(last / bottom) / Math.log(top / bottom) : (last - bottom) / (top - bottom);
    return Math.min(Math.max(share, 0), 1) || 0;
  }

  #last({ ys }) {
    let k = ys.length - 1;
    while (k > 0 && !this.#drawable(ys[k])) k -= 1;
    return ys[k];
  }

  // Which labels share a line over the axes, each with a sample of its curve before it.
  #rows(wide) {
    const rows = [];
    let used = Infinity;
    wide.forEach((width, k) => {
      if (used + width + 46 > this.width - 16) {
        rows.push([]);
        used = 0;
      }
      rows[rows.length - 1].push(k);
      used += width + 46;
    });
    return rows;
  }

  #label(named) {
    const { rows, wide } = this.layout;
    const places = [];
    if (rows.length) {
      rows.forEach((row, r) => {
        let x = 8;
        for (const k of row) {
          places[k] = { x: x + 28, y: 32 + 18 * r, sample: x };
          x += wide[k] + 46;
        }
      });
    } else if (named.length) {
      const { right, upper, lower } = this.box;
      const height = lower - upper;
      const heights = spread(named.map((trace) => this.#leaves(trace) * height), height, 15);
      heights.forEach((h, k) => {
        places[k] = { x: right + 7, y: lower - h };
      });
    }
    const data = named.map((trace, k) => ({ trace, ...places[k] }));
    this.words
      .selectAll("text")
      .data(data)
      .join("text")
      .attr("x", (d) => d.x)
      .attr("y", (d) => d.y + 3.25)
      .attr("fill", (d) => colour(d.trace.role))
      .attr("font-weight", (d) => (d.trace.strong ? 600 : 400))
      .each(function (d) {
        write(select(this), d.trace.label);
      });
    this.words
      .selectAll("path")
      .data(data.filter((d) => d.sample !== undefined))
      .join("path")
      .attr("d", (d) => `M${d.sample} ${d.y}h22`)
      .attr("stroke", (d) => colour(d.trace.role))
      .attr("stroke-width", 2.2)
      .attr("stroke-dasharray", (d) => (d.trace.dashed ? "11 5.5" : null));
  }

  #axis(group, axis, { inner, format }, dy) {
    const key = [...inner, ...axis.scale().domain(), ...axis.scale().range(), this.log].join();
    if (group.node().ticks === key) return;
    group.node().ticks = key;
    axis.tickValues(inner).tickFormat(format).tickSizeInner(TICK.size).tickSizeOuter(0).tickPadding(TICK.pad).offset(0);
    group.call(axis).attr("font-family", null).attr("font-size", TICK.type);
    group.selectAll(".domain, line").attr("stroke", colour("rule")).attr("stroke-width", 0.9);
    group.selectAll("text").attr("fill", colour("muted")).attr("dy", dy).attr("y", dy === "1.05em" ? 4.4 : null);
  }

  #curves(traces) {
    // Ghosts lie lowest, the strong curve on top.
    const rank = (trace) => (trace.ghost ? 0 : trace.strong ? 2 : 1);
    const order = [...traces].sort((a, b) => rank(a) - rank(b));
    const frame = [...this.x.domain(), ...this.y.domain(), ...this.x.range(), ...this.y.range(), this.log].join();
    this.curves
      .selectAll("path")
      .data(order)
      .join("path")
      .attr("d", (trace) => this.#path(trace, frame))
      .attr("stroke", (trace) => colour(trace.role))
      .attr("stroke-opacity", (trace) => (trace.ghost ? 0.32 : null))
      .attr("stroke-width", (trace) => (trace.strong ? 2.2 : 1.6))
      .attr("stroke-linecap", "round")
      .attr("stroke-dasharray", (trace) => (trace.dashed ? (trace.strong ? "11 5.5" : "8 4") : null));
    const breaks = traces.flatMap((trace) => (trace.ghost ? [] : this.#breaks(trace)));
    this.crosses
      .selectAll("path")
      .data(breaks)
      .join("path")
      .attr("d", ([x, y]) => `M${this.x(x) - 2.6} ${this.y(y) - 2.6}l5.2 5.2m0 -5.2l-5.2 5.2`)
      .attr("stroke", ([, , role]) => colour(role))
      .attr("stroke-width", 2.4);
  }

  // The path of a trace; one that has been drawn in this frame is not drawn again.
  #path({ xs, ys }, frame) {
    const known = this.paths.get(ys);
    if (known?.frame === frame) return known.path;
    const path = /** @type {any} */ (line())
      .digits(null)
      .defined((y) => this.#drawable(y))
      .x((_, k) => rounded(this.x(xs[k])))
      .y((y) => rounded(this.#within(y)))(ys);
    this.paths.set(ys, { frame, path });
    return path;
  }

  // A height in pixels, not so far outside that a renderer would lose its precision.
  #within(y) {
    const { upper, lower } = this.box;
    return Math.min(Math.max(this.y(y), upper - 2000), lower + 2000);
  }

  // The points behind which a curve is infinite or not a number.
  #breaks({ xs, ys, role }) {
    const found = [];
    for (let k = 0; k < ys.length; k += 1) {
      const beside = (k > 0 && !finite(ys[k - 1])) || (k + 1 < ys.length && !finite(ys[k + 1]));
      if (beside && this.#drawable(ys[k])) found.push([xs[k], ys[k], role]);
    }
    return found;
  }
}
