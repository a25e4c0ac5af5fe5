// The picture on the home page: the reader pushes the largest targets out, and each loss moves its centre or keeps it.

import { NARROW, Panel, told } from "./chart.js";
import { variantAt } from "./curves.js";

const ROOT = new URL("../../", import.meta.url);
const POINTS = 161;

const box = document.querySelector("[data-ly-centres]");
const { targets, pushed, losses, span, frame, heading, label, size } = JSON.parse(box.dataset.lyCentres);
const slider = box.querySelector("input[type=range]");
const words = box.querySelector(".ly-centres__told");

/** The expected loss of predicting `x` for all the targets. */
const risk = (run, at, x) => at.reduce((sum, y) => sum + run(x - y)[0], 0) / at.length;

/** Where a function is least between two numbers that enclose its least value: ever shorter thirds. */
function least(f, low, high) {
  while (high - low > 1e-7) {
    const third = (high - low) / 3;
    if (f(low + third) < f(high - third)) high -= third;
    else low += third;
  }
  return (low + high) / 2;
}

/** A loss along the residual, at its defaults. */
async function residual({ slug, role, name, dashed }) {
  const { default: plot } = await import(new URL(`plots/${slug}.js`, ROOT).href);
  const defaults = Object.fromEntries(plot.parameters.map((parameter) => [parameter.name, parameter.default]));
  const { run } = variantAt(plot.sections[0], defaults).branches[0];
  return { role, name, dashed, run: (t) => run(t, defaults) };
}

const [low, high] = span;
const xs = Array.from({ length: POINTS }, (_, k) => low + ((high - low) * k) / (POINTS - 1));
const image = box.querySelector("img");
const place = [image.clientWidth, image.clientHeight];
// On a phone in the size of its place, so that letters stay large.
const panel = new Panel({ role: "ink", heading, label, size: place[0] && place[0] < NARROW ? place : size });

function draw(curves) {
  const push = Number(slider.value);
  const at = targets.map((y, k) => (k < targets.length - pushed ? y : y + push));
  const ticks = at.map((y) => ({ xs: [y, y], ys: [frame.y[0] + 0.01, frame.y[0] + 0.05], role: "ink" }));
  const marks = [];
  const traces = curves.map(({ role, name, dashed, run }) => {
    const risks = xs.map((x) => risk(run, at, x));
    const k = risks.indexOf(Math.min(...risks));
    const x = least((x) => risk(run, at, x), xs[Math.max(k - 1, 0)], xs[Math.min(k + 1, POINTS - 1)]);
    const smallest = risk(run, at, x);
    marks.push({ x, y: 1, name });
    return { xs, ys: risks.map((r) => r / smallest), role, dashed, strong: true, label: name };
  });
  panel.draw({ x: frame.x, y: frame.y, traces: [...ticks, ...traces], marks });
  slider.style.setProperty("--ly-share", (push / Number(slider.max)).toFixed(4));
  words.textContent = marks.map(({ x, name }) => `${name} ${told(x, 3)}`).join(", ");
  slider.setAttribute("aria-valuetext", `${told(push, 2)}: ${words.textContent}`);
}

const curves = await Promise.all(losses.map(residual));
draw(curves);
image.after(panel.element);
box.classList.add("ly-centres--live");
slider.disabled = false;
let waiting = 0;
slider.addEventListener("input", () => {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => draw(curves));
});
