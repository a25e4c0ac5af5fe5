"""The site where its host, its reader or its network is strict: a Content-Security-Policy, a sanitiser, late fonts."""

from __future__ import annotations

import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import fallback_faces
from lossary.commands.content_policy import policy
from lossary.commands.main import main
from website.conftest import Site, watch
from website.test_browser import DESKTOP, PHONE
from website.test_compare import SENSIBLE
from website.test_plot import hostile, ready
from website.tools import NIGHTLY, ROOT, serving

pytestmark = pytest.mark.in_turns("docs/assets", "scripts/theme", "src/lossary/publishing", "src/lossary/commands")

# --- a strict host --------------------------------------------------------------------------------------------------

# A violation is an error in the console already; this says where.
VIOLATED = """addEventListener("securitypolicyviolation", (event) => console.error(
    ["refused", event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(" ")))"""


@pytest.fixture(scope="module")
def strict(site: Site) -> Iterator[str]:
    """The address of the site on a host that sends its policy with all files."""
    with serving(site.folder, headers={"Content-Security-Policy": policy(site.folder)}) as address:
        yield address


@pytest.fixture
def refused(fresh: Callable[..., Any], strict: str) -> Iterator[Callable[..., Any]]:
    """Opens pages under the policy, and fails where anything was refused or went wrong."""
    wrong: list[str] = []

    def open_page(path: str, **options: Any) -> Any:
        page = fresh(**options)
        page.add_init_script(VIOLATED)
        watch(page, wrong, strict.split("/")[2])
        page.goto(strict + path, wait_until="load")
        return page

    yield open_page
    assert wrong == []


def test_the_policy_names_what_stands_in_pages_and_nothing_else(site: Site) -> None:
    told = policy(site.folder)
    assert "\n" not in told
    rules = {name: sources.split() for name, _, sources in (rule.partition(" ") for rule in told.split("; "))}
    assert rules["default-src"] == ["'self'"]
    assert rules["object-src"] == ["'none'"]
    assert "'unsafe-inline'" not in told
    assert "'unsafe-eval'" not in told
    assert not re.search(r"https?:|\*", told)
    assert all(
        re.fullmatch(r"'self'|'unsafe-hashes'|'sha256-[\w+/]{43}='|data:|'none'", s) for r in rules.values() for s in r
    )
    assert len(told) < 4000, "servers refuse long headers"
    done = CliRunner().invoke(main, ["policy", str(site.folder)])
    assert done.output == f"{told}\n"


def test_a_folder_without_pages_has_no_policy(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["policy", str(tmp_path)])
    assert done.exit_code == 1
    assert "holds no HTML" in done.output


@pytest.mark.parametrize("path", ["404.html", "about/", "python/", "libraries/", "families/regression/", "losses/ctc/"])
def test_pages_are_shown_under_the_policy(refused: Callable[..., Any], path: str) -> None:
    page = refused(path, viewport=DESKTOP)
    page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach((image) => { image.loading = 'eager' })")
    page.wait_for_function("() => [...document.images].every((image) => image.complete && image.naturalWidth)")


@pytest.mark.parametrize("path", ["losses/huber/", "embed/huber/?delta=2&theme=dark"])
def test_plots_move_under_the_policy(refused: Callable[..., Any], path: str) -> None:
    page = ready(refused(path, viewport=DESKTOP))
    before = page.locator(".ly-figure--loss svg").first.inner_html()
    slider = page.locator("input[type=range]:visible").first
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "(before) => document.querySelector('.ly-figure--loss svg').innerHTML !== before", arg=before
    )


def test_search_colours_and_comparisons_work_under_the_policy(refused: Callable[..., Any]) -> None:
    page = refused("", viewport=DESKTOP)
    page.locator("label.md-header__button[for^=__palette]:visible").first.click()
    page.wait_for_function("() => document.body.getAttribute('data-md-color-scheme') === 'slate'")
    page.keyboard.press("/")
    page.keyboard.type("quadratic")
    page.wait_for_selector(".md-search-result__link")
    page = refused("compare/?losses=huber(delta=2),mse,l1", viewport=DESKTOP)
    page.wait_for_function("() => document.querySelectorAll('.ly-compare__chart svg .tick').length > 3")


# --- a strict sanitiser ---------------------------------------------------------------------------------------------

# What the SVG profiles of sanitisers leave: shapes, groups, what is used again, words for those who cannot see it, and
# attributes that draw. Not a script, not a link, not another file, not a style attribute.
ELEMENTS = {"svg", "g", "defs", "path", "rect", "use", "clipPath", "title", "desc", "style"}
ATTRIBUTES = {
    *("id", "class", "role", "viewBox", "width", "height", "x", "y", "d", "transform", "href"),
    *("fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray", "stroke-opacity"),
    *("fill-opacity", "opacity", "clip-path", "aria-label", "aria-labelledby"),
}


def test_a_sanitiser_leaves_figures_whole(site: Site) -> None:
    figures = sorted((site.folder / "figures").rglob("*.svg"))
    assert len(figures) > 100
    for path in figures:
        text = path.read_text("utf-8")
        assert "<!" not in text.replace("<!--", "", 1) or "<!DOCTYPE" not in text, path
        for element in ET.fromstring(text).iter():
            assert isinstance(element.tag, str)
            assert element.tag.rpartition("}")[2] in ELEMENTS, f"{path}: {element.tag}"
            for name, value in element.attrib.items():
                plain = name.rpartition("}")[2]
                assert plain in ATTRIBUTES, f"{path}: {name}"
                assert plain != "href" or value.startswith("#"), f"{path}: {value}"
                assert "url(" not in value or value.startswith("url(#"), f"{path}: {value}"
        for style in re.findall(r"<style>(.*?)</style>", text, re.DOTALL):
            # Dark colours alone: without the sheet the light figure is whole.
            assert re.fullmatch(r"@media\(prefers-color-scheme:dark\)\{([^{}]+\{[^{}]+\})+\}", style), path
            assert not re.search(r"url|import|expression", style), path


# --- fonts that come late -------------------------------------------------------------------------------------------

SHIFTED = """(() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts.push([entry.value,
        ...entry.sources.slice(0, 3).map(({ node }) => (node?.outerHTML ?? node?.textContent ?? "").slice(0, 60))]);
  }).observe({ type: "layout-shift", buffered: true });
})()"""
TWICE = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_the_faces_that_stand_in_are_written_anew() -> None:
    text = fallback_faces.STYLE.read_text("utf-8")
    assert text.count("{") == text.count("}")
    assert text.partition(fallback_faces.BEGIN)[2] == fallback_faces.rules().partition(fallback_faces.BEGIN)[2]


def test_every_family_of_plex_has_faces_that_stand_in() -> None:
    names = set(re.findall(r'"(Plex \w+ in \w+)"', fallback_faces.rules()))
    for sheet in (ROOT / "docs" / "assets" / "css").glob("*.css"):
        for family, rest in re.findall(r'"IBM (Plex \w+)"([^;]*);', sheet.read_text("utf-8")):
            if sheet.name != "fonts.css":
                assert set(re.findall(r'"(Plex[^"]+)"', rest)) == {name for name in names if name.startswith(family)}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", ["", "losses/huber/", "about/"])
def test_late_fonts_shift_next_to_nothing(fresh: Callable[..., Any], web: str, path: str, size: dict[str, int]) -> None:
    """They are held back until the page has been painted without them."""
    page = fresh(viewport=size)
    page.add_init_script(SHIFTED)
    held: list[Any] = []
    page.route("**/*.woff2", lambda route: held.append(route))
    page.goto(web + path, wait_until="domcontentloaded")
    page.wait_for_function("() => performance.getEntriesByType('paint').length > 0")
    page.evaluate(TWICE)
    before = page.evaluate("window.shifts.splice(0)")
    assert held, before
    for route in held:
        route.continue_()
    page.evaluate("document.fonts.ready.then(() => undefined)")
    page.evaluate(TWICE)
    shifts = page.evaluate("window.shifts")
    # A paragraph may still be a line longer; without the faces that stand in it is up to ten times as much.
    assert sum(value for value, *_ in shifts) < 0.02, shifts


# --- a thousand addresses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=NIGHTLY)])
def test_no_address_of_a_plot_does_harm(watched: Callable[..., Any], count: int) -> None:
    """In one page: a plot is put there anew for each address, and reads it as at the start."""
    draw = random.Random(11)
    page = ready(watched("embed/cross_entropy/", viewport=DESKTOP))
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    wrong: dict[str, Any] = {}
    for _ in range(count // 100):  # what was taken away may linger: each hundred has a fresh page
        page.reload()
        ready(page)
        wrong |= page.evaluate(
            f"""async (queries) => {{
                const text = await (await fetch(location.pathname)).text();
                const plain = new DOMParser().parseFromString(text, "text/html").querySelector("lossary-plot");
                const wrong = {{}};
                for (const query of queries) {{
                    const fresh = document.importNode(plain, true);
                    history.replaceState(null, "", location.pathname + query);
                    const drawn = new Promise((done) => new MutationObserver((_, observer) => {{
                        if (fresh.hasAttribute("data-ready")) {{ observer.disconnect(); done(); }}
                    }}).observe(fresh, {{ attributes: true }}));
                    document.querySelector("lossary-plot").replaceWith(fresh);
                    await drawn;
                    const found = ({SENSIBLE})(document);
                    if (!document.querySelector("svg .tick")) found.push("nothing is drawn");
                    if (found.length) wrong[query.slice(0, 120)] = found;
                }}
                return wrong;
            }}""",
            [hostile(draw) for _ in range(100)],
        )
    assert wrong == {}
    assert dialogs == []


# --- from disk ------------------------------------------------------------------------------------------------------


def test_a_page_opened_from_disk_is_the_one_without_scripts(fresh: Callable[..., Any], site: Site) -> None:
    """No browser loads a module from a file; what would need one is not shown."""
    page = fresh(viewport=DESKTOP)
    page.goto((site.folder / "losses" / "huber" / "index.html").as_uri())
    assert page.locator(".ly-figure--loss img").first.is_visible()
    assert not page.locator(".ly-controls").first.is_visible()
    page.goto((site.folder / "index.html").as_uri())
    assert page.locator(".ly-centres img").first.is_visible()
    assert not page.locator(".ly-centres__control").is_visible()
    assert not page.locator(".ly-home__find").is_visible()
