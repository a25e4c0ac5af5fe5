"""A thousand addresses that nobody means well, each opened as a reader would: every page starts, and still works."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from website.conftest import Site, watch
from website.test_browser import DESKTOP
from website.test_compare import BROKEN, MARKUP, NAMES, NUMBERS, ODD, SENSIBLE
from website.tools import NIGHTLY

pytestmark = pytest.mark.in_turns("docs/assets", "scripts/theme", "src/lossary/interactive", "src/lossary/publishing")

COUNT, A_DAY = 1000, 24
A_PAGE = 20  # addresses that one page is asked for
LONG = 50_000  # from here on a server of Python's refuses an address; the browser gets the page from the test

# --- addresses ------------------------------------------------------------------------------------------------------

# What stands in an address as it is: broken percents, letters that are none, signs that end a selector or a name.
RAW = (
    *BROKEN, "%ED%A0%80", "%ed%b0%80x", "%C0%AE%C0%AE", "%F4%90%80%80", "%EF%BB%BF", "%0d%0aSet-Cookie:x=1",
    "%e2%80%ae", "\\", "a\\", "\"]", "']", "[id=", "*", ":~:text=loss", ":is(", "%5C", "%22%5D",
    "__codelineno-0-1", "__tabbed_1_1", "__toc", "__search", "__palette_1",
)  # fmt: skip
VALUES = (
    *MARKUP, *NUMBERS, *NAMES, *ODD, "1e400", "-1e400", "5e-324", "0b1", "1n", "Number.MAX_VALUE", "12e", "--1", "+1",
    "2147483648", "-2147483649", "9007199254740993", "18446744073709551616", "0,0,0", "-1,-1,-1", "NaN,NaN,NaN",
    "true,false", "{\"__proto__\":{\"hit\":1}}", "a" * 300,
)  # fmt: skip
KEYS = (
    "__proto__", "constructor", "prototype", "__proto__[hit]", "constructor.prototype.hit", "toString", "valueOf",
    "length", "hasOwnProperty", "", "[]", "q", "h", "highlight", "losses", "axis", "view", "scale", "normal", "section",
    "curvature", "theme", "sort", "task", "property", "family",
)  # fmt: skip
# Deep, long, or many: a hundred thousand letters and more.
HUGE = (
    "(" * 100_000, "[" * 100_000, "huber(" * 20_000, "%00" * 34_000, "a," * 50_000, "9" * 100_000,
    "%F0%9F%98%80" * 9_000, "-" * 100_000, "<b>" * 34_000, "%25" * 34_000, "&delta=1" * 13_000, "=" * 100_000,
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """Pages that one test opens: where they are, and what their addresses may hold that means something."""

    paths: tuple[str, ...]
    meant: dict[str, tuple[str, ...]]


def kinds(site: Site) -> dict[str, Kind]:
    """The pages of the site by what reads their address; what means something is read from the site itself."""
    meant = {
        one["slug"]: {p["name"]: (str(p["default"]), "0", "1", "0.5", "-1") for p in one["parameters"]}
        for one in site.index
    }
    settings = [
        f"{slug}({name}={value})" for slug, own in meant.items() for name, values in own.items() for value in values
    ]
    facets = {
        match[1]: tuple(re.findall(r'data-value="([\w-]+)"', match[2]))
        for match in re.finditer(
            r'data-facet="([\w-]+)"(.*?)(?=data-facet=|</form>)', (site.folder / "index.html").read_text("utf-8"), re.S
        )
    }
    plot = {
        **{name: values for own in meant.values() for name, values in own.items()},
        "scale": ("log",), "curvature": ("1",), "theme": ("dark", "light"), "view": ("loss", "gradient"),
    }  # fmt: skip
    axes = tuple({one["axis"] for one in site.index if one["axis"]})
    compared = {
        "losses": (*meant, *settings, ",".join(sorted(meant)), "huber,huber,mse"),
        "axis": axes, "view": ("loss", "gradient", "curvature"), "scale": ("log",), "normal": ("curvature", "tail"),
    }  # fmt: skip
    plain = tuple(path for path in site.paths if not re.match(r"(losses|compare|properties)/|$|404", path))
    return {
        "plots": Kind(tuple(f"losses/{slug}/" for slug in site.slugs), plot),
        "embeds": Kind(tuple(f"embed/{slug}/" for slug in site.slugs), plot),
        "compare": Kind(("compare/",), compared | facets),
        "facets": Kind(("", "properties/"), facets | {"sort": ("convex", "-convex", "family", "loss")}),
        "search": Kind(("", "choose/", "losses/huber/", "404.html"), {"q": ("huber", "torch.nn.MSELoss", "log loss")}),
        "plain": Kind(("choose/", *plain), {"h": ("loss",), "q": ("mean",)}),
    }


def hostile(kind: Kind, draw: random.Random) -> str:
    """A path with a query and a fragment: some of it means something, most of it harm."""

    def value(name: str) -> str:
        return quote(draw.choice([*VALUES, *kind.meant.get(name, ())] if draw.random() < 0.7 else kind.meant[name]))

    def pair() -> str:
        deed = draw.random()
        if deed < 0.6:
            name = draw.choice([*kind.meant])
            inner = value(name)
            # A meant word and an odd one together, as a list or as a setting.
            return f"{name}={inner}{draw.choice(['', '', ','])}{draw.choice(['', '', value(name), draw.choice(RAW)])}"
        if deed < 0.85:
            return f"{quote(draw.choice(KEYS))}={quote(draw.choice(VALUES))}"
        return draw.choice(RAW)

    pairs = [pair() for _ in range(draw.randint(1, 5))]
    if draw.random() < 0.3:
        pairs += draw.choices(pairs, k=draw.randint(1, 3))  # keys twice
    if draw.random() < 0.04:
        pairs.append(f"{draw.choice([*kind.meant])}={draw.choice(HUGE)}")
    query = "&".join(pairs) if draw.random() < 0.95 else ""
    fragment = ""
    if draw.random() < 0.5:
        fragment = draw.choice((draw.choice(RAW), quote(draw.choice(VALUES)), draw.choice(VALUES), "plot"))
    elif draw.random() < 0.04:
        fragment = draw.choice(HUGE)
    return draw.choice(kind.paths) + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


# --- what must hold -------------------------------------------------------------------------------------------------

# A page has started when its modules have, and what they have begun; or when one of them has failed.
FAILED = """window.failed = [];
for (const kind of ["error", "unhandledrejection"])
    addEventListener(kind, ({ message, reason }) => window.failed.push(String(message ?? reason)));"""
STARTED = """async () => {
    const modules = [...document.querySelectorAll("script[type=module]")];
    const wrong = await Promise.all(modules.map(({ src }) => import(src).then(() => "", String)));
    const waiting = () => document.querySelector("lossary-plot:not([data-ready])");
    while (waiting() && !window.failed.length) await new Promise((done) => setTimeout(done, 5));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return wrong.filter(Boolean);
}"""
WORKS = """(kind) => {
    const wrong = [];
    const shown = (e) => e && e.checkVisibility({ visibilityProperty: true });
    if (kind !== "embeds" && !shown(document.querySelector("main h1"))) wrong.push("no heading");
    for (const name of ["hit", "polluted"]) if (name in {}) wrong.push("every object has " + name);
    if (Object.keys(Object.prototype).length) wrong.push("Object.prototype: " + Object.keys(Object.prototype));
    if (document.documentElement.classList.contains("ly-choosing")) wrong.push("the facets have not started");
    for (const figure of document.querySelectorAll("lossary-plot ~ * .ly-figure, #plot .ly-figure")) {
        if (!shown(figure)) continue;
        const said = /Not finite|No positive/.test(figure.querySelector("svg")?.textContent ?? "");
        if (!figure.querySelector("svg .tick") && !said) wrong.push("nothing is drawn");
    }
    for (const field of document.querySelectorAll(".ly-control input[type=number]"))
        if (shown(field) && (field.value === "" || !Number.isFinite(Number(field.value))))
            wrong.push("a control shows " + field.value);
    const live = ".ly-control, .ly-facets__told, .ly-pick, .ly-compare__notes, #plot svg, #compare svg";
    for (const { textContent: text } of document.querySelectorAll(live))
        if (/\\[object|undefined|NaN|function *\\w* *[(]/.test(text)) wrong.push("says " + text.trim().slice(0, 80));
    if (kind === "compare") {
        const picked = document.querySelectorAll(".ly-pick").length;
        if (document.documentElement.classList.contains("ly-compared") !== picked > 0) wrong.push(picked + " picked");
        if (picked && !document.querySelector(".ly-compare__chart svg .tick")) wrong.push("no axes");
    }
    return wrong;
}"""
# What a reader would do next, and what must come of it.
GOES_ON = """async (kind) => {
    const wait = async (what, condition) => {
        const end = performance.now() + 60_000;
        while (!condition()) {
            if (performance.now() > end) return [what];
            await new Promise((done) => setTimeout(done, 5));
        }
        return [];
    };
    const follow = (query) => {
        history.replaceState(null, "", location.pathname + query);
        dispatchEvent(new PopStateEvent("popstate"));
    };
    if (kind === "plots" || kind === "embeds") {
        const sliders = [...document.querySelectorAll("lossary-plot .ly-control input[type=range]")];
        const slider = sliders.find((one) => one.checkVisibility());
        if (!slider) return [];
        const field = slider.parentElement.querySelector("input[type=number], output");
        slider.value = Number(slider.value) < Number(slider.max) ? slider.max : slider.min;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        const told = Number(field.value);
        return Number.isFinite(told) ? [] : ["a moved slider shows " + field.value];
    }
    if (kind === "compare") {
        follow("?losses=huber(delta=2),mse");
        return wait("two losses are not compared", () => document.querySelectorAll(".ly-pick").length === 2
            && document.querySelector(".ly-compare__chart svg .tick"));
    }
    if (kind === "facets") {
        follow("?task=regression");
        const told = () => document.querySelector(".ly-facets__told")?.innerText ?? "";
        return wait("nothing is narrowed", () => /^\\d+ of \\d+ losses/.test(told()));
    }
    return [];
}"""


@pytest.fixture
def opened(fresh: Callable[..., Any], web: str, site: Site) -> Callable[[str, str], list[str]]:
    """Opens an address in a page that is watched, and says what is wrong with it."""
    pages: list[Any] = []
    wrong: list[str] = []

    def another() -> Any:
        """Another page now and then: what one has left behind in memory makes the next address slow."""
        if pages:
            pages.pop().close()
        pages.append(fresh(viewport=DESKTOP))
        pages[0].add_init_script(FAILED)
        watch(pages[0], wrong, urlsplit(web).netloc)
        pages[0].on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        return pages[0]

    def from_here(route: Any) -> None:
        path = route.request.url.removeprefix(web).partition("?")[0]
        route.fulfill(path=site.folder / (path if path.endswith(".html") else f"{path}index.html"))

    count = itertools.count()

    def go(kind: str, address: str) -> list[str]:
        page = pages[0] if next(count) % A_PAGE else another()
        wrong.clear()
        long = len(address.partition("#")[0]) > LONG
        if long:
            page.route(lambda url: len(url) > LONG, from_here)
        page.goto("about:blank")  # else another fragment of one page would not load it
        page.goto(web + address, wait_until="load")
        found = page.evaluate(STARTED)
        # The prose of a page may speak of functions and of NaN; what a script has written may not.
        found += [one for one in page.evaluate(f"() => ({SENSIBLE})(document)") if not one.startswith("text: ")]
        found += page.evaluate(WORKS, kind)
        found += [] if found or wrong else page.evaluate(GOES_ON, kind)
        if long:
            page.unroute_all()
        return [*found, *wrong]

    return go


@pytest.mark.parametrize("count", [A_DAY, pytest.param(COUNT, marks=(NIGHTLY, pytest.mark.long))])
def test_no_address_does_harm_from_the_start(opened: Callable[[str, str], list[str]], site: Site, count: int) -> None:
    draw = random.Random(19)
    known = kinds(site)
    wrong: dict[str, list[str]] = {}
    for k in range(count):
        kind = [*known][k % len(known)]
        address = hostile(known[kind], draw)
        if found := opened(kind, address):
            wrong[address if len(address) < 200 else f"{address[:150]} … {address[-40:]}"] = found
    assert wrong == {}
