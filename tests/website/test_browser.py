"""The site in a real browser: nothing fails or leaves the host; dark and light, wide and narrow, without script."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from browser import NoBrowserError, find, version
from lossary.discovery import sources
from website.conftest import Site
from website.tools import serving

# The five kinds of page, and those that are hardest to fit: a heat map, arrows, a network, wide formulas, a family that
# is drawn on two axes, and the page for wrong addresses.
KINDS = {"home": "", "loss": "losses/huber/", "family": "families/regression/", "post": "original-post/",
         "about": "about/"}  # fmt: skip
MORE = KINDS | {"heat map": "losses/cross_entropy/", "arrows": "losses/triplet_margin_with_distance/",
                "network": "losses/ctc/", "wide formulas": "losses/adaptive_log_softmax/",
                "two axes": "families/classification/", "404": "404.html"}  # fmt: skip
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

# What stands on a page for its script alone.
MOVING = "[data-ly-search], .ly-controls, .ly-centres__control, svg.ly-chart"

every_kind = pytest.mark.parametrize("path", KINDS.values(), ids=KINDS.keys())
every_page = pytest.mark.parametrize("path", MORE.values(), ids=MORE.keys())


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
        timeout=10_000,
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


@every_page
def test_a_page_loads_whole_from_its_own_host_and_fits_a_phone(watched: Callable[..., Any], path: str) -> None:
    page = watched(path, viewport=DESKTOP)
    load_all(page)
    broken = page.evaluate("[...document.images].filter((image) => !image.naturalWidth).map((image) => image.src)")
    assert broken == []
    page.evaluate("document.fonts.ready")
    assert page.evaluate("[...document.fonts].filter((face) => face.status === 'error').length") == 0
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


def test_every_page_fits_a_phone(watched: Callable[..., Any], web: str, site: Site) -> None:
    page = watched("", viewport=PHONE)
    wrong = {}
    for path in site.pages:
        page.goto(web + path, wait_until="load")
        wrong[path] = page.evaluate(WIDE) + page.evaluate(LOST)
    assert {path: told for path, told in wrong.items() if told} == {}


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


@pytest.mark.parametrize("slug", [source.slug for source in sources()])
def test_the_first_screen_answers(watched: Callable[..., Any], slug: str) -> None:
    page = watched(f"losses/{slug}/", viewport=DESKTOP)
    for selector in ("h1", ".ly-summary", ".ly-calls pre", "#plot img", ".ly-formula--loss math"):
        found = box(page, selector)
        assert found["y"] >= 0, selector
        assert found["y"] + found["height"] <= 900, f"{selector} ends at {found['y'] + found['height']:.0f}"
        assert found["x"] + found["width"] <= 1440, selector
    page.set_viewport_size(PHONE)
    for selector in ("h1", ".ly-summary", "#plot img"):
        found = box(page, selector)
        assert found["y"] + found["height"] <= 844, f"{selector} ends at {found['y'] + found['height']:.0f}"


def test_code_can_be_copied(watched: Callable[..., Any], web: str) -> None:
    page = watched("losses/huber/", viewport=DESKTOP, permissions=["clipboard-read", "clipboard-write"])
    call = page.locator(".ly-calls .highlight").first
    call.hover()
    call.locator("button[data-md-type=copy], .md-clipboard").first.click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('nn.HuberLoss'))")
    assert page.evaluate("navigator.clipboard.readText()").strip() == "nn.HuberLoss(delta=1.0)(input, target)"
    assert page.locator("article .highlight").count() > 5


def test_tabs_of_the_embed_snippets_switch(watched: Callable[..., Any]) -> None:
    page = watched("losses/huber/", viewport=DESKTOP)
    picture = page.locator(".tabbed-block code", has_text="<picture>").first
    assert picture.is_hidden()
    page.locator(".tabbed-labels label", has_text="HTML").click()
    picture.wait_for(state="visible")


def test_the_search_key_opens_the_search(watched: Callable[..., Any]) -> None:
    page = watched("", viewport=DESKTOP)
    page.keyboard.press("/")
    page.keyboard.type("kullback")
    page.locator(".md-search-result__list a", has_text="Kullback").first.click()
    page.wait_for_url("**/losses/kl_div/**")


@every_kind
def test_a_page_is_complete_without_javascript(watched: Callable[..., Any], path: str) -> None:
    with_script, without = (watched(path, viewport=DESKTOP, java_script_enabled=on) for on in (True, False))

    def seen(page: Any) -> tuple[str, int]:
        load_all(page)
        pictures = page.locator("article img, .ly-centres svg.ly-chart")
        widths = pictures.evaluate_all("all => all.map((e) => e.getBoundingClientRect().width)")
        # What needs a script is not shown without one; a chart that moves stands where its picture was.
        page.evaluate("(s) => document.querySelectorAll(s).forEach((e) => e.remove())", MOVING)
        return " ".join(page.locator("article").inner_text().split()), sum(width > 0 for width in widths)

    (text, pictures), (plain, others) = seen(with_script), seen(without)
    assert plain == text
    assert others == pictures > (0 if path != "about/" else -1)
    if path.startswith("losses/"):
        assert without.locator("article math").first.is_visible()
        assert without.locator("#plot img").first.is_visible()


@pytest.mark.parametrize("path", [KINDS["home"], KINDS["loss"]])
def test_a_page_works_from_a_sub_path(watched: Callable[..., Any], site: Site, path: str) -> None:
    with serving(site.folder, "/x/") as address:
        page = watched(path, address)
        load_all(page)
        assert page.evaluate("[...document.images].filter((image) => !image.naturalWidth).length") == 0
        page.locator("a.ly-wordmark").click()
        page.wait_for_url(address)
        load_all(page)


@every_kind
def test_axe_finds_nothing(watched: Callable[..., Any], path: str) -> None:
    page = watched(path, viewport=DESKTOP, color_scheme="light")
    load_all(page)
    page.evaluate("document.querySelectorAll('article details').forEach((fold) => { fold.open = true })")
    for system in ("light", "dark"):
        turn(page, system)
        assert scheme(page) == system
        results = Axe().run(page)
        assert results.violations_count == 0, f"{system}: {results.generate_report()}"


def test_axe_finds_nothing_on_a_phone(watched: Callable[..., Any]) -> None:
    results = Axe().run(watched("losses/huber/", viewport=PHONE))
    assert results.violations_count == 0, results.generate_report()


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
