// Several losses on one axis as numbers: sampled, scaled to each other, and the range of heights worth showing.

import { places, variantAt } from "./curves.js";

const WHICH = { loss: 0, gradient: 1, curvature: 2 };

/** The section of a loss's plot that lies along an axis; its main one where there are several. */
export const sectionOn = (plot, axis) => plot.sections.find((section) => section.axis === axis);

/** The main curve of a section at the settings `p`: {run, kinks, label}. */
export function curve(section, p) {
  const variant = variantAt(section, p);
  return { ...variant.branches[0], kinks: variant.kinks(p) };
}

/**
 * A curve from one end of the axis to the other, as {xs, rows}: each row is [loss, gradient, curvature]. A section
 * whose domain ends is drawn over its own span. Kinks are sampled from both sides, so that a jump stands upright.
 */
export function sampled(section, { run, kinks }, p, span) {
  const xs = places(section.ends.length ? section.span : span, kinks);
  return { xs, rows: xs.map((x) => run(x, p)) };
}

/**
 * What a curve is divided by: 1; the curvature at the perfect point; or the steeper slope of its two ends. Null where
 * that is no positive number.
 */
export function divisor(normal, section, { run }, p, { rows }) {
  if (!normal) return 1;
  const [first, last] = [rows[0][1], rows[rows.length - 1][1]];
  const curvature = () => (section.perfect === null ? 0 : run(section.perfect, p)[2]);
  const found = normal === "curvature" ? curvature() : Math.max(Math.abs(first), Math.abs(last));
  return Number.isFinite(found) && found > 1e-9 ? found : null;
}

/** The heights of a view: on a log scale, where signs have no place, their sizes. */
export function heights(rows, view, by, log) {
  const k = WHICH[view];
  const size = log && view !== "loss" ? Math.abs : (y) => y;
  return rows.map((row) => size(row[k] / by));
}

/**
 * The range of heights to show, [low, high]. A steep loss is cut at the heights that the axis shares between losses,
 * so that the gentle ones keep their shape; but never so low that nothing is shown whole.
 * @returns {[number, number] | null}
 */
export function heightsShown(traces, view, axis) {
  const { top, slopes, span } = axis;
  // A little over twice the curvature of a parabola that reaches `top` half a span from its foot.
  const bend = (18 * top) / (span[1] - span[0]) ** 2;
  const most = { loss: top, gradient: Math.max(...slopes.map(Math.abs)), curvature: bend }[view];
  let [low, high, gentlest, deepest] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { ys } of traces) {
    const finite = ys.filter(Number.isFinite);
    if (!finite.length) continue;
    const [lowest, highest] = [finite.reduce((a, b) => Math.min(a, b)), finite.reduce((a, b) => Math.max(a, b))];
    low = Math.min(low, lowest);
    high = Math.max(high, highest);
    gentlest = Math.min(gentlest, highest);
    deepest = Math.max(deepest, lowest);
  }
  if (low > high) return null;
  const [floor, ceiling] = [Math.min(-most, deepest), Math.max(most, gentlest)];
  if (low > 0 && low < 0.35 * high) low = 0;
  const [from, to] = [Math.max(low, floor), Math.min(high, ceiling)];
  const room = to - from || 1;
  return [low < floor ? from : from - 0.06 * room, high > ceiling ? to : to + 0.08 * room];
}

/** Groups of two or more traces that lie on each other, where one would hide the other. */
export function coinciding(traces, [bottom, top]) {
  const near = (top - bottom) / 500;
  const same = (a, b) => a.xs.length === b.xs.length && a.ys.every((y, k) => !(Math.abs(y - b.ys[k]) > near));
  const groups = [];
  for (const trace of traces) {
    const group = groups.find(([first]) => same(first, trace));
    if (group) group.push(trace);
    else groups.push([trace]);
  }
  return groups.filter((group) => group.length > 1);
}
