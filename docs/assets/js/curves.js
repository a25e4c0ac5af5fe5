// The curves of a loss's plot as numbers: which of its functions hold at some settings, and where they are sampled.

const POINTS = 401;

/** The variant of a section that holds at the settings `p`. */
export function variantAt(section, p) {
  return section.variants.find(({ when }) => Object.entries(when).every(([name, value]) => p[name] === value));
}

/** Places from `low` to `high`, evenly spaced, and each kink between them exactly and from both sides. */
export function places([low, high], kinks) {
  const xs = Array.from({ length: POINTS }, (_, k) => low + ((high - low) * k) / (POINTS - 1));
  const near = (high - low) * 1e-9;
  for (const kink of new Set(kinks)) {
    if (low < kink && kink < high) xs.push(kink - near, kink, kink + near);
  }
  return xs.sort((a, b) => a - b);
}

/** Where a key moves a reading line from `x`, or null for a key that does not. */
export function stepped({ key, shiftKey }, x, [low, high]) {
  const far = high - low;
  const step = shiftKey ? far / 10 : far / 100;
  const steps = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: far / 10, PageDown: -far / 10 };
  const to = { Home: low, End: high }[key] ?? (key in steps ? x + steps[key] : null);
  if (to === null) return null;
  // Steps add up to round numbers, and to zero.
  const round = Math.abs(to) < far * 1e-9 ? 0 : Number(to.toPrecision(12));
  return Math.min(Math.max(round, low), high);
}
