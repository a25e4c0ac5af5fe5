"""The site in a real browser: nothing fails or leaves the host; dark and light, wide and narrow, without script."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe

from browser import NoBrowserError, find, version
from cases import OF_EACH_KIND, OF_THE_DAY
from lossary.discovery.catalogs import sources
from website.conftest import Site
from website.tools import NIGHTLY, serving

pytestmark = pytest.mark.in_turns(
    "docs/assets", "src/lossary/publishing", "src/lossary/static", "src/lossary/mathml.py"
)

# The kinds of page; and of the losses, of which the first stands for all, one of each kind by what it declares.
KINDS = {"home": "", "loss": "losses/huber/", "family": "families/regression/", "post": "original-post/",
         "about": "about/", "choose": "choose/", "lists": "lists/", "properties": "properties/"}  # fmt: skip
MORE = KINDS | {"404": "404.html"} | {slug: f"losses/{slug}/" for slug in sorted(OF_EACH_KIND)}
WITHOUT_PICTURES = {"about/", "lists/", "properties/"}
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

# What stands on a page for its script alone.
MOVING = ".ly-home__find, .ly-controls, .ly-centres__control, svg.ly-chart, .ly-snippets__note"


def each_day(pages: Mapping[str, str], *names: str) -> pytest.MarkDecorator:
    """Tries all pages, those that are not named by `make test-all` alone."""
    marks = {name: () if name in names else (pytest.mark.nightly,) for name in pages}
    return pytest.mark.parametrize("path", [pytest.param(path, id=n, marks=marks[n]) for n, path in pages.items()])


def load_all(page: Any) -> None:
    """Fetch what a page would fetch while it is read to its end."""
    page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach((image) => { image.loading = 'eager' })")
    page.wait_for_function("[...document.images].every((image) => image.complete)")


def box(page: Any, selector: str) -> dict[str, float]:
    """Where the first visible element of a selector stands."""
    found = page.locator(selector).first.bounding_box()
    assert found, selector
    return dict(found)


ATTRIBUTE = {"light": "default", "dark": "slate"}


def settle(page: Any, wanted: str) -> None:
    """Wait until a page has turned light or dark, and no transition is under way."""
    page.wait_for_function(
        "(name) => document.body.getAttribute('data-md-color-scheme') === name && !document.getAnimations().length",
        arg=ATTRIBUTE[wanted],
    )


def press(page: Any, wanted: str) -> None:
    """Use the button that turns a page light or dark."""
    page.locator("label.md-header__button[for^=__palette]:visible").click()
    settle(page, wanted)


def turn(page: Any, wanted: str) -> None:
    """Let the system ask for light or dark; the page follows."""
    page.emulate_media(color_scheme=wanted)
    settle(page, wanted)


def scheme(page: Any) -> str:
    """Whether a page is dark, by the paper's brightness and not by an attribute."""
    red, green, blue = map(
        int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3]
    )
    return "dark" if red + green + blue < 384 else "light"


@each_day(MORE, "home", "loss", "about", "404")
def test_a_page_loads_whole_from_its_own_host_and_fits_a_phone(watched: Callable[..., Any], path: str) -> None:
    page = watched(path, viewport=DESKTOP)
    load_all(page)
    broken = page.evaluate("[...document.images].filter((image) => !image.naturalWidth).map((image) => image.src)")
    assert broken == []
    page.evaluate("document.fonts.ready")
    # Those named "Plex … in …" stand in until a font has come, and are whatever the reader's system has.
    own = "[...document.fonts].filter((face) => !face.family.includes(' in '))"
    assert page.evaluate(f"{own}.filter((face) => face.status === 'error').length") == 0
    assert page.evaluate("document.fonts.check('16px \"IBM Plex Sans\"')")

    page.set_viewport_size(PHONE)
    assert page.evaluate(WIDE) == []


# What stands out of a phone's screen, and does not scroll inside a box of its own.
WIDE = """[...document.querySelectorAll("article *")].filter((e) => {
    const box = e.getBoundingClientRect();
    const clips = (p) => getComputedStyle(p).overflowX !== "visible" || hidden(p.parentElement);
    const hidden = (p) => p && p.tagName !== "ARTICLE" && clips(p);
    return box.width && box.right > 391 && !hidden(e.parentElement) && getComputedStyle(e).position !== "absolute";
}).map((e) => e.tagName + "." + e.className)
.concat(document.documentElement.scrollWidth > 390 ? ["the page itself"] : [])"""
# Formulas of which a part can neither be seen nor reached: all are in a box that scrolls, and begin at its left edge.
LOST = """[...document.querySelectorAll("article .arithmatex")].filter((box) => {
    const math = box.querySelector("math").getBoundingClientRect();
    const own = box.getBoundingClientRect();
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(box).overflowX) || box.tagName === "SPAN";
    return math.left < own.left - 1 || (math.right > own.right + 1 && !scrolls) || math.height < 5;
}).map((box) => box.textContent.slice(0, 80))"""


# Puts a page in the place of the one that is shown, as if it had been loaded: its elements start to work, but scripts
# and styles, which are those of the page before, are not read again.
SHOW = """async (address) => {
    const text = await (await fetch(address)).text();
    history.replaceState(null, "", address);
    const next = new DOMParser().parseFromString(text, "text/html");
    document.querySelector(".md-container").replaceWith(document.adoptNode(next.querySelector(".md-container")));
    scrollTo(0, 0);
    const plot = () => document.querySelector("lossary-plot:not([data-ready])");
    for (let k = 0; k < 10_000 && plot(); k += 1) await new Promise((done) => setTimeout(done, 20));
    document$.next(document); // the theme looks after the tables of what it takes for a new page
    await document.fonts.ready;
}"""
# The plot works, and has drawn its curves.
DRAWN = """!document.querySelector("lossary-plot") || ["loss", "gradient"].every((curve) => {
    const lines = document.querySelectorAll(`.ly-figure--${curve} svg g[fill=none] > path[stroke-linecap]`);
    return lines.length && [...lines].every((line) => /^M-?\\d/.test(line.getAttribute("d")));
})"""
# What the first screen of a loss's page has to show, and by how much it is missed.
FIRST = """([selectors, width, height]) => selectors.flatMap((selector) => {
    const found = [...document.querySelectorAll(selector)].find((e) => e.getClientRects().length);
    if (!found) return [selector + " is not there"];
    const box = found.getBoundingClientRect();
    const inside = box.top >= 0 && box.bottom <= height && box.right <= width;
    return inside ? [] : [`${selector} ends at ${Math.round(box.right)}, ${Math.round(box.bottom)}`];
})"""
ANSWERS = ["h1", ".ly-summary", ".ly-calls pre", "#plot img", ".ly-formula--loss math"]
ANSWERS_ON_A_PHONE = ["h1", ".ly-summary", "#plot img"]


@pytest.mark.parametrize(
    ("size", "every"),
    [
        pytest.param(PHONE, False, id="phone, of the day"),
        pytest.param(PHONE, True, id="phone", marks=NIGHTLY),
        pytest.param(DESKTOP, True, id="desktop", marks=NIGHTLY),
    ],
)
def test_every_page_answers_on_its_first_screen_and_fits(
    watched: Callable[..., Any], web: str, site: Site, size: dict[str, int], every: bool
) -> None:
    """The quick law for all pages, one after the other in the place of a first that was really loaded."""
    page = watched("losses/huber/", viewport=size)
    answers = ANSWERS if size == DESKTOP else ANSWERS_ON_A_PHONE
    wrong = {}
    of_losses = {f"losses/{slug}/" for slug in site.slugs if every or slug in OF_THE_DAY}
    for path in site.paths:
        if path.startswith("losses/") and path not in of_losses:
            continue
        page.evaluate(SHOW, web + path)
        told = [] if page.evaluate(DRAWN) else ["a curve is not drawn"]
        if path.startswith("losses/"):
            told += page.evaluate(FIRST, [answers, size["width"], size["height"]])
        wrong[path] = told + (page.evaluate(WIDE) + page.evaluate(LOST) if size == PHONE else [])
    assert {path: told for path, told in wrong.items() if told} == {}
    assert len(wrong) > len(of_losses) + 8


def test_the_quick_law_for_all_pages_notices(watched: Callable[..., Any], web: str) -> None:
    """A page that is too wide, a curve that is missing, and an answer below the first screen."""
    page = watched("losses/huber/", viewport=PHONE)
    page.evaluate(SHOW, f"{web}losses/cross_entropy/")
    small = [ANSWERS_ON_A_PHONE, PHONE["width"], PHONE["height"]]
    assert page.evaluate("document.querySelector('h1').id") == "loss-cross_entropy"
    assert (page.evaluate(DRAWN), page.evaluate(FIRST, small), page.evaluate(WIDE)) == (True, [], [])
    page.evaluate("document.querySelector('.ly-summary').style.marginTop = '700px'")
    assert len(page.evaluate(FIRST, small)) == 2
    page.evaluate("document.querySelector('.ly-summary').style.width = '500px'")
    assert page.evaluate(WIDE)
    page.evaluate("document.querySelector('.ly-figure--loss path[stroke-linecap]').setAttribute('d', '')")
    assert not page.evaluate(DRAWN)


def test_a_page_follows_the_system_and_the_button(watched: Callable[..., Any]) -> None:
    for system, other in (("light", "dark"), ("dark", "light")):
        page = watched("", viewport=DESKTOP, color_scheme=system)
        settle(page, system)
        assert scheme(page) == system
        press(page, other)
        assert scheme(page) == other
        # The choice lasts.
        page.reload()
        settle(page, other)
        assert scheme(page) == other


@NIGHTLY
def test_until_the_reader_chooses_the_system_counts(watched: Callable[..., Any]) -> None:
    page = watched("losses/huber/", viewport=DESKTOP, color_scheme="light")
    for system in ("dark", "light", "dark"):
        turn(page, system)
        assert scheme(page) == system
        page.reload()
        settle(page, system)
    # A change while the page is not open.
    page.goto("about:blank")
    page.emulate_media(color_scheme="light")
    page.go_back()
    settle(page, "light")
    # A choice stays, whatever the system does.
    press(page, "dark")
    for system in ("dark", "light"):
        page.emulate_media(color_scheme=system)
        page.reload()
        settle(page, "dark")
        assert scheme(page) == "dark"


def test_figures_follow_the_scheme_of_the_page(watched: Callable[..., Any]) -> None:
    """Whatever the system says: a picture on dark paper is the dark one."""
    for system, other in (("light", "dark"), ("dark", "light")):
        page = watched("losses/huber/", viewport=DESKTOP, color_scheme=system)
        settle(page, system)
        assert _paper(page, "#plot img") == system
        press(page, other)
        assert _paper(page, "#plot img") == other


def _paper(page: Any, selector: str) -> str:
    """Whether what is drawn for a picture is dark or light: the brightness of most of its pixels."""
    shot = page.locator(selector).first.screenshot()
    bright = page.evaluate(
        """async (data) => {
            const image = new Image();
            image.src = "data:image/png;base64," + data;
            await image.decode();
            const canvas = document.createElement("canvas");
            canvas.width = image.width;
            canvas.height = image.height;
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
            let bright = 0;
            for (let k = 0; k < pixels.length; k += 4) bright += pixels[k] + pixels[k + 1] + pixels[k + 2] > 384;
            return bright / (pixels.length / 4);
        }""",
        b64encode(shot).decode(),
    )
    return "light" if bright > 0.5 else "dark"


@each_day({source.slug: f"losses/{source.slug}/" for source in sources()}, "huber")
def test_the_first_screen_answers(watched: Callable[..., Any], path: str) -> None:
    """As a reader sees it who comes from elsewhere."""
    page = watched(path, viewport=DESKTOP)
    for selector in ANSWERS:
        found = box(page, selector)
        assert found["y"] >= 0, selector
        assert found["y"] + found["height"] <= 900, f"{selector} ends at {found['y'] + found['height']:.0f}"
        assert found["x"] + found["width"] <= 1440, selector
    page.set_viewport_size(PHONE)
    for selector in ANSWERS_ON_A_PHONE:
        found = box(page, selector)
        assert found["y"] + found["height"] <= 844, f"{selector} ends at {found['y'] + found['height']:.0f}"
    assert page.evaluate(WIDE) + page.evaluate(LOST) == []


def test_code_can_be_copied(watched: Callable[..., Any], web: str) -> None:
    page = watched("losses/huber/", viewport=DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    call = page.locator(".ly-calls .highlight").first
    call.hover()
    call.locator("button[data-md-type=copy], .md-clipboard").first.click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('nn.HuberLoss'))")
    assert page.evaluate("navigator.clipboard.readText()").strip() == (
        'nn.HuberLoss(reduction="mean", delta=1.0)(input, target)'
    )
    assert page.locator("article .highlight").count() > 5


def test_tabs_of_the_embed_snippets_switch(watched: Callable[..., Any]) -> None:
    page = watched("losses/huber/", viewport=DESKTOP)
    picture = page.locator(".tabbed-block code", has_text="<picture>").first
    assert picture.is_hidden()
    page.locator(".tabbed-labels label", has_text="HTML").click()
    picture.wait_for(state="visible")


def snippets(page: Any) -> dict[str, str]:
    """The snippets of "Embed this" as they are copied, by the names of their tabs."""
    found: dict[str, str] = page.locator(".ly-snippets").evaluate(
        """box => Object.fromEntries([...box.querySelectorAll(".tabbed-labels label")].map((label, k) =>
            [label.textContent, box.querySelectorAll(".tabbed-block")[k].querySelector("code").textContent]))"""
    )
    return found


def test_snippets_work_in_a_page_of_another_folder(
    watched: Callable[..., Any], site: Site, web: str, tmp_path: Path
) -> None:
    """Of a site built for no published address, on whatever port it is served."""
    page = watched("losses/huber/", viewport=DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    copied = snippets(page)
    assert len(copied) == 9
    for name in ("Command", "Fence"):
        copied.pop(name)
    for name, text in copied.items():
        assert "../" not in text, name
        assert f"{web}losses/huber/" in text, name
        asked = re.findall(rf"{re.escape(web)}[\w./-]*", text)
        missing = [a for a in asked if not (site.folder / unquote(a.removeprefix(web))).exists()]
        assert asked, name
        assert not missing, name
    assert page.locator(".ly-snippets__note").is_hidden()
    # The button copies what is shown.
    code = page.locator(".tabbed-block .highlight").first
    code.hover()
    code.locator("button[data-md-type=copy], .md-clipboard").first.click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('card.png'))")
    assert page.evaluate("navigator.clipboard.readText()").strip() == copied["Markdown"].strip()

    # In somebody else's page, in a folder of its own and on another port.
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    body = "".join(copied[name] for name in ("HTML", "GitHub README", "iframe"))
    (folder / "index.html").write_text(f"<!doctype html><title>x</title>{body}", "utf-8")
    with serving(tmp_path) as elsewhere:
        other = page.context.new_page()
        other.goto(f"{elsewhere}a/b/", wait_until="load")
        load_all(other)
        assert other.evaluate("[...document.images].map((image) => image.naturalWidth > 0)") == [True, True]
        other.locator("iframe").scroll_into_view_if_needed()
        other.frame_locator("iframe").locator("lossary-plot[data-ready]").wait_for(state="attached")
        other.locator("a", has_text="Huber loss, from Lossary").click()
        other.wait_for_url(f"{web}losses/huber/")
        other.close()


def test_without_a_script_a_snippet_says_what_its_path_stands_for(watched: Callable[..., Any]) -> None:
    page = watched("losses/huber/", viewport=DESKTOP, java_script_enabled=False)
    assert "../../ stands for the address of this site" in page.locator(".ly-snippets__note").inner_text()


def test_the_search_key_opens_the_search(watched: Callable[..., Any]) -> None:
    page = watched("", viewport=DESKTOP)
    page.keyboard.press("/")
    page.keyboard.type("kullback")
    page.locator(".md-search-result__list a", has_text="Kullback").first.click()
    page.wait_for_url("**/losses/kl_div/**")


@each_day(KINDS, "loss")
def test_a_page_is_complete_without_javascript(watched: Callable[..., Any], web: str, path: str) -> None:
    with_script, without = (watched(path, viewport=DESKTOP, java_script_enabled=on) for on in (True, False))

    def seen(page: Any) -> tuple[str, int]:
        load_all(page)
        pictures = page.locator("article img, .ly-centres svg.ly-chart")
        widths = pictures.evaluate_all("all => all.map((e) => e.getBoundingClientRect().width)")
        # What needs a script is not shown without one; a chart that moves stands where its picture was.
        page.evaluate("(s) => document.querySelectorAll(s).forEach((e) => e.remove())", MOVING)
        return " ".join(page.locator("article").inner_text().split()), sum(width > 0 for width in widths)

    (text, pictures), (plain, others) = seen(with_script), seen(without)
    # Where a script says the address of the site, the page without one says the way to its root.
    assert plain == text.replace(web, "../../")
    assert others == pictures > (-1 if path in WITHOUT_PICTURES else 0)
    if path.startswith("losses/"):
        assert without.locator("article math").first.is_visible()
        assert without.locator("#plot img").first.is_visible()


@each_day(KINDS, "loss")
def test_a_page_works_from_a_sub_path(watched: Callable[..., Any], site: Site, path: str) -> None:
    with serving(site.folder, "/x/") as address:
        page = watched(path, address)
        load_all(page)
        assert page.evaluate("[...document.images].filter((image) => !image.naturalWidth).length") == 0
        page.locator("a.ly-wordmark").click()
        page.wait_for_url(address)
        load_all(page)


def expect_accessible(page: Any) -> None:
    """Unfold all of a page and have axe look at it, light and dark."""
    load_all(page)
    page.evaluate("document.querySelectorAll('article details').forEach((fold) => { fold.open = true })")
    for system in ("light", "dark"):
        turn(page, system)
        assert scheme(page) == system
        results = Axe().run(page)
        assert results.violations_count == 0, f"{system}: {results.generate_report()}"


@each_day(KINDS | MORE, "loss")
def test_axe_finds_nothing(watched: Callable[..., Any], path: str) -> None:
    page = watched(path, viewport=DESKTOP, color_scheme="light")
    expect_accessible(page)


def test_axe_finds_nothing_on_a_phone(watched: Callable[..., Any]) -> None:
    results = Axe().run(watched("losses/huber/", viewport=PHONE))
    assert results.violations_count == 0, results.generate_report()


# --- on paper -------------------------------------------------------------------------------------------------------

SHEETS = 9


def printed(page: Any) -> int:
    """On how many sheets of A4 a page prints."""
    load_all(page)
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(format="A4")))


# What stands out of a sheet of this width, and would be cut off.
CUT = """(width) => [...document.querySelectorAll("article *")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width && box.right > width + 1 && getComputedStyle(e).position !== "absolute";
}).map((e) => e.tagName + "." + e.className + " " + e.textContent.slice(0, 40))"""


@each_day({source.slug: f"losses/{source.slug}/" for source in sources()}, "huber", "cross_entropy")
def test_a_loss_page_prints_on_few_sheets(watched: Callable[..., Any], path: str) -> None:
    page = watched(path, viewport=DESKTOP)
    page.wait_for_selector("lossary-plot[data-ready]", state="attached")
    assert printed(page) <= SHEETS
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})
    assert page.evaluate(CUT, 680) == []
    # Nothing is lost but what moves, what is copied, and what a reference says as well.
    headings = page.locator("article :is(h1, h2, h3)")
    assert all(headings.nth(k).is_visible() for k in range(headings.count()))
    shown = page.locator(".ly-snippets .tabbed-block").evaluate_all(
        "all => all.filter((e) => e.checkVisibility()).length"
    )
    assert shown == 1
    for parts in ("article table tr", "article > pre", "article math", "article .ly-formula"):
        hidden = page.locator(parts).evaluate_all("all => all.filter((e) => !e.checkVisibility()).length")
        assert hidden == 0, parts
    names_fold = ".ly-more:not(.ly-quiet)"
    if page.locator(names_fold).count():
        names = page.locator(names_fold).evaluate("(fold) => fold.getBoundingClientRect().height")
        assert names > page.locator(f"{names_fold} summary").evaluate("(e) => e.getBoundingClientRect().height")


def test_the_snippet_that_was_chosen_is_the_one_on_paper(watched: Callable[..., Any]) -> None:
    page = watched("losses/huber/", viewport=DESKTOP)
    page.locator(".tabbed-labels label", has_text="LaTeX").click()
    page.emulate_media(media="print")
    assert page.locator(".ly-snippets code:visible").inner_text().startswith("% Save")
    assert page.locator(".ly-snippets .tabbed-labels label:visible").all_inner_texts() == ["LaTeX"]


# --- scripts/browser.py ---------------------------------------------------------------------------------------------


def test_the_browser_is_the_one_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = find()
    assert version(found)
    monkeypatch.setenv("CHROMIUM", found)
    assert find() == found
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    with pytest.raises(NoBrowserError, match="CHROMIUM=/no/such/browser"):
        find()


def test_no_browser_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("browser.candidates", lambda: iter(["/no/such/browser"]))
    with pytest.raises(NoBrowserError, match="install Chromium or Google Chrome"):
        find()
