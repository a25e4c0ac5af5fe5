// What is compared, as the query of an address. A query is anybody's text: what is not understood is left out.

export const MOST = 8; // losses that can be told apart by colour
const LONGEST = 4000; // letters that are read
const VIEWS = ["loss", "gradient", "curvature"];
const NORMALS = ["", "curvature", "tail"];

/**
 * A query as {picks: [{slug, given}], axis, view, log, normal}. `given` holds a loss's settings as texts, in a
 * URLSearchParams; whether there is such a loss, such a setting or such an axis is not known here.
 */
export function read(query) {
  const asked = new URLSearchParams(query);
  const text = (asked.get("losses") ?? "").slice(0, LONGEST);
  const picks = Array.from(text.matchAll(/([\w-]+)(?:\(([^()]*)\)?)?/g), ([, slug, settings = ""]) => ({
    slug,
    given: given(settings),
  }));
  return {
    picks,
    axis: asked.get("axis") ?? "",
    view: VIEWS.find((view) => view === asked.get("view")) ?? "loss",
    normal: NORMALS.find((normal) => normal === asked.get("normal")) ?? "",
    log: asked.get("scale") === "log",
  };
}

// "delta=0.5,weight=1,2,0.5": a piece without a name belongs to the one before it. Of a repeated name the first counts.
function given(text) {
  const pairs = [];
  for (const piece of text.split(",")) {
    const [, name, value] = /^([^=]*)=(.*)$/.exec(piece) ?? [];
    if (name !== undefined) pairs.push([name.trim(), value]);
    else if (pairs.length) pairs[pairs.length - 1][1] += `,${piece}`;
  }
  return new URLSearchParams(pairs);
}

/** The query of a state, whose picks are {slug, told: URLSearchParams of what differs from the defaults}. */
export function write({ picks, axis, view, normal, log }) {
  if (!picks.length) return "";
  const losses = picks.map(({ slug, told }) => {
    const settings = Array.from(told, ([name, value]) => `${name}=${value.replaceAll("e+", "e")}`);
    return settings.length ? `${slug}(${settings.join(",")})` : slug;
  });
  const pairs = [["losses", losses.join(",")], ["axis", axis]];
  if (view !== "loss") pairs.push(["view", view]);
  if (log) pairs.push(["scale", "log"]);
  if (normal) pairs.push(["normal", normal]);
  // Everything here is a name or a number; only what would end a value or a query needs another form.
  return `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%2C|%3D/g, decodeURIComponent)}`).join("&")}`;
}
