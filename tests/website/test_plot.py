"""The interactive plots in a real browser: what is moved is drawn, read out and shared, and nothing else stirs."""

from __future__ import annotations

import gzip
import io
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from cases import plain
from lossary.declaration.loss import Loss
from lossary.drawing.palette import ROLES
from website.conftest import Site
from website.test_browser import DESKTOP, PHONE, press, settle, turn
from website.tools import NIGHTLY, ROOT

pytestmark = pytest.mark.in_turns("docs/assets", "src/lossary/interactive", "src/lossary/publishing")

Open = Callable[..., Any]


# How far anything moves that stands beside or below a plot; the theme moves its own sidebars when it has measured them.
SHIFTS = """(() => {
  window.shifts = [];
  const ours = ({ node }) => !(node?.closest ? node : node?.parentElement)?.closest(".md-sidebar");
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.sources.some(ours)) window.shifts.push(entry.value);
  }).observe({ type: "layout-shift", buffered: true });
})()"""
SCRIPTS = ("d3.js", "chart.js", "curves.js", "settings.js", "plot.js")
# A frame of each kind: side by side, one below the other, flat, and what the snippet gives on a phone and in a column.
FRAMES = [(800, 400), (800, 364), (360, 640), (500, 250), (700, 416), (360, 416), (320, 416)]


def ready(page: Any) -> Any:
    """Wait until the controls work."""
    page.wait_for_selector("lossary-plot[data-ready]", state="attached")
    return page


def started(watched: Open, path: str, **options: Any) -> Any:
    """A page whose plot works."""
    return ready(watched(path, **{"viewport": DESKTOP, **options}))


def addressed(page: Any, query: str) -> None:
    """Wait until the address has a query; it follows what is moved once the hand rests."""
    page.wait_for_function("(query) => location.search === query", arg=query)


def slide(page: Any, name: str, value: float, which: int = 0) -> None:
    """Move a slider to a position."""
    page.locator(f'[data-parameter="{name}"]:visible input[type=range]').nth(which).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def chart(page: Any, curve: str = "loss") -> Any:
    """The live chart of a curve."""
    return page.locator(f".ly-figure--{curve} [role=slider]")


def paths(page: Any, curve: str = "loss") -> list[dict[str, Any]]:
    """The curves drawn in a chart, from the lowest to the topmost."""
    found: list[dict[str, Any]] = page.locator(
        f".ly-figure--{curve} svg g[fill=none] > path[stroke-linecap]"
    ).evaluate_all("all => all.map((e) => ({ d: e.getAttribute('d'), pale: e.hasAttribute('stroke-opacity') }))")
    return found


def read_at(page: Any, t: float, curve: str = "loss") -> str:
    """What is read out at a place, reached by keys alone."""
    box = chart(page, curve)
    box.focus()
    low, high = (float(box.get_attribute(f"aria-value{end}")) for end in ("min", "max"))
    page.keyboard.press("Home")
    for _ in range(round((t - low) / (high - low) * 100)):
        page.keyboard.press("ArrowRight")
    told: str = box.get_attribute("aria-valuetext")
    return told


def copied(page: Any, what: str) -> str:
    """What an entry of the share menu puts on the clipboard."""
    if page.locator(".ly-share__menu").is_hidden():
        page.locator("[data-do=share]").click()
    page.locator(f"[data-do={what}]").click()
    page.wait_for_function("(what) => document.querySelector(`[data-do=${what}]`).textContent === 'copied'", arg=what)
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


# --- starting -------------------------------------------------------------------------------------------------------


@pytest.fixture
def still(fresh: Open) -> Open:
    """Opens a page that counts how far anything shifts; without fonts, which come when they please."""

    def open_page(size: dict[str, int]) -> Any:
        page = fresh(viewport=size)
        page.add_init_script(SHIFTS)
        page.route("**/fonts.css", lambda route: route.fulfill(body="", content_type="text/css"))
        return page

    return open_page


def shifted(page: Any, address: str) -> float:
    """How far things shift while a plot starts."""
    page.goto(address, wait_until="load")
    ready(page)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(sum(page.evaluate("window.shifts")))


@plain
def test_every_plot_starts_and_nothing_shifts(still: Callable[..., Any], web: str, loss: Loss) -> None:
    page = still(DESKTOP)
    for kind in ("losses", "embed"):
        assert shifted(page, f"{web}{kind}/{loss.slug}/") == 0
        curves = [*paths(page, "loss"), *paths(page, "gradient")]
        assert len(curves) > 1
        assert all(re.match(r"M-?\d", curve["d"] or "") for curve in curves), curves


@pytest.mark.parametrize("size", [pytest.param(DESKTOP, id="desktop", marks=NIGHTLY), pytest.param(PHONE, id="phone")])
def test_nothing_shifts_where_the_address_asks_for_more(
    still: Callable[..., Any], web: str, size: dict[str, int]
) -> None:
    page = still(size)
    for query in ("?section=logit-2&weight=2,3&curvature=1", "?scale=log&label_smoothing=0.2"):
        assert shifted(page, f"{web}losses/cross_entropy/{query}") == 0


@pytest.mark.parametrize("slug", ["huber", *(pytest.param(s, marks=NIGHTLY) for s in ("bce", "triplet_margin"))])
def test_the_live_chart_is_the_static_figure(watched: Open, slug: str) -> None:
    """Pixel by pixel, but for the edges of letters: nobody sees one take the place of the other."""
    page = started(watched, f"losses/{slug}/")
    for curve in ("loss", "gradient"):
        figure = page.locator(f".ly-figure--{curve} .ly-figure__picture")
        live = figure.screenshot()
        figure.evaluate("(e) => { e.lastChild.style.display = 'none'; e.firstChild.style.opacity = 1; }")
        fixed = figure.screenshot()
        one, other = (np.asarray(Image.open(io.BytesIO(shot)).convert("L"), dtype=float) for shot in (live, fixed))
        assert one.shape == other.shape
        assert float(np.mean(np.abs(one - other) > 96)) < 0.003, curve


def test_without_the_module_the_figures_remain(fresh: Open, web: str) -> None:
    page = fresh()
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.route("**/plots/huber.js", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/plots/huber.js")):
        page.goto(f"{web}losses/huber/", wait_until="load")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.locator(".ly-controls button").first.is_hidden()
    assert page.locator("#plot img").first.is_visible()
    assert page.locator("#plot svg").count() == 0
    assert told == []


def test_without_a_script_the_figures_remain(watched: Open) -> None:
    for path in ("losses/huber/", "embed/huber/"):
        page = watched(path, java_script_enabled=False)
        assert page.locator(".ly-controls").is_hidden()
        assert page.locator("#plot img").first.is_visible()
        assert page.locator("#plot img").last.is_visible()


def test_print_shows_the_static_figures(watched: Open) -> None:
    page = started(watched, "losses/huber/?delta=0.5&curvature=1")
    page.emulate_media(media="print")
    assert page.locator(".ly-controls").is_hidden()
    assert chart(page).is_hidden()
    assert page.locator(".ly-figure--curvature").is_hidden()
    assert page.locator("#plot img").first.evaluate("(e) => getComputedStyle(e).opacity") == "1"


# --- moving ---------------------------------------------------------------------------------------------------------


def test_a_slider_moves_the_curves(watched: Open) -> None:
    page = started(watched, "losses/huber/", reduced_motion="reduce")
    before = {curve: paths(page, curve) for curve in ("loss", "gradient")}
    assert page.locator("[data-do=reset]").is_disabled()
    slide(page, "delta", 0.5)
    for curve in ("loss", "gradient"):
        pale, strong = paths(page, curve)
        assert pale["pale"]
        assert not strong["pale"]
        assert pale["d"] == before[curve][0]["d"] != strong["d"]
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.locator("#ly-delta").input_value() == "0.5"
    addressed(page, "?delta=0.5")
    assert "at delta = 0.5" in page.locator(".ly-figure--gradient figcaption").inner_text()
    assert read_at(page, 1.5) == "residual 1.5: loss 0.625, gradient 0.5"
    page.wait_for_function("document.querySelector('.ly-figure--loss img').alt.endsWith('At delta = 0.5.')")

    page.locator("[data-do=reset]").click()
    addressed(page, "")
    assert paths(page) == before["loss"]
    assert page.locator("[data-do=reset]").is_disabled()
    assert page.locator("#ly-delta").input_value() == "1"


def test_a_number_is_typed_and_kept_within_its_range(watched: Open) -> None:
    page = started(watched, "losses/huber/")
    field, demand = page.locator("#ly-delta"), page.locator("[data-parameter=delta] .ly-control__demand")
    field.fill("2.5")
    assert read_at(page, 3) == "residual 3: loss 4.375, gradient 2.5"
    assert demand.count() == 0
    addressed(page, "?delta=2.5")
    for typed, told in (("-7", "delta > 0"), ("-1", "delta > 0"), ("0", "delta > 0"), ("1e30", "at most 1e6 here")):
        field.fill(typed)
        assert demand.inner_text() == told
        assert field.get_attribute("aria-invalid") == "true"
        assert read_at(page, 3) == "residual 3: loss 4.375, gradient 2.5"
        page.wait_for_timeout(250)  # as long as the address waits for a hand to rest
        addressed(page, "?delta=2.5")
        field.press("Tab")
        assert (field.input_value(), field.get_attribute("aria-invalid")) == ("2.5", None)
    field.fill("")
    assert demand.inner_text() == ""
    field.press("Tab")
    assert field.input_value() == "2.5"
    field.fill("-1")
    slide(page, "delta", 0.5)
    assert demand.inner_text() == ""


@pytest.mark.parametrize(
    ("path", "name", "told", "address"),
    [
        ("losses/huber/?delta=-5", "delta", "delta > 0", ""),
        ("embed/huber/?theme=dark&delta=-5", "delta", "delta > 0", "?theme=dark"),
        ("losses/nll/?ignore_index=1e9", "ignore_index", "at most 1e6 here", ""),
        ("losses/cross_entropy/?label_smoothing=7&ignore_index=1", "label_smoothing", "0 ≤ label_smoothing ≤ 1",
         "?ignore_index=1"),
        ("losses/multi_margin/?p=7", "p", "p is one of 1, 2", ""),
    ],
)  # fmt: skip
def test_an_address_that_asks_for_what_may_not_be(watched: Open, path: str, name: str, told: str, address: str) -> None:
    page = started(watched, path)
    assert page.locator(f"[data-parameter={name}]:visible .ly-control__demand").inner_text() == told
    addressed(page, address)
    assert page.locator("[data-do=reset]").is_disabled() == ("ignore_index" not in address)


def test_sliders_move_by_keys(watched: Open) -> None:
    page = started(watched, "losses/huber/")
    slider = page.get_by_role("slider", name="delta, slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == page.locator("#ly-delta").input_value() == "1.05"
    addressed(page, "?delta=1.05")


def test_a_checkbox_and_a_slider_of_powers(watched: Open) -> None:
    page = started(watched, "losses/triplet_margin/")
    before = paths(page)
    page.get_by_label("swap").check()
    addressed(page, "?swap=true")
    assert paths(page)[-1] != before[-1]
    slide(page, "eps", -2)
    addressed(page, "?eps=0.01&swap=true")
    assert page.locator("#ly-eps").input_value() == "0.01"


def test_a_vector_has_a_slider_for_each_class(watched: Open) -> None:
    page = started(watched, "losses/cross_entropy/")
    assert read_at(page, 0) == "logit of the true class 0: loss 1.099, gradient −0.6667"
    slide(page, "weight", 2)
    addressed(page, "?weight=2,1,1")
    assert read_at(page, 0) == "logit of the true class 0: loss 2.197, gradient −1.333"


def test_another_section(watched: Open) -> None:
    page = started(watched, "losses/cross_entropy/")
    page.get_by_label("What moves along the axis").select_option("logit-2")
    addressed(page, "?section=logit-2")
    assert page.locator(".ly-stage .ly-note:visible").inner_text().startswith("Two classes.")
    assert page.locator('[data-parameter="weight"]:visible input[type=range]').count() == 2
    assert read_at(page, 0) == (
        "logit of class 1 0: target 1, loss 0.6931, gradient −0.5; target 0, loss 0.6931, gradient 0.5"
    )
    page.reload()
    ready(page)
    assert page.get_by_label("What moves along the axis").input_value() == "logit-2"
    assert page.locator('[data-parameter="weight"]:visible input[type=range]').count() == 2


def test_log_scale_and_curvature(watched: Open) -> None:
    page = started(watched, "losses/mse/")
    assert page.locator(".ly-figure--curvature").is_hidden()
    page.locator("[data-do=curvature]").click()
    assert page.locator("[data-do=curvature]").get_attribute("aria-pressed") == "true"
    assert chart(page, "curvature").is_visible()
    page.locator("[data-do=log]").click()
    headings = [
        page.locator(f".ly-figure--{c} svg text[font-weight='600']").first.text_content() for c in ("loss", "gradient")
    ]
    assert headings == ["loss, log scale", "|gradient|, log scale"]
    ticks = page.locator(".ly-figure--loss svg g[text-anchor=end] text").all_text_contents()
    assert {"0.01", "1"} <= set(ticks)
    addressed(page, "?scale=log&curvature=1")
    page.reload()
    ready(page)
    assert chart(page, "curvature").is_visible()
    assert page.locator("[data-do=log]").get_attribute("aria-pressed") == "true"
    # The parameters alone are reset.
    page.locator("[data-do=log]").click()
    page.locator("[data-do=curvature]").click()
    addressed(page, "")
    assert page.locator(".ly-figure--curvature").is_hidden()


# --- reading --------------------------------------------------------------------------------------------------------


def test_keys_read_the_curves(watched: Open) -> None:
    page = started(watched, "losses/huber/")
    loss, gradient = chart(page), chart(page, "gradient")
    loss.focus()
    assert (loss.get_attribute("aria-valuemin"), loss.get_attribute("aria-valuemax")) == ("-3", "3")
    assert loss.get_attribute("aria-label") == "Loss along the residual"
    for key, place in [("End", 3), ("PageDown", 2.4), ("ArrowLeft", 2.34), ("Shift+ArrowLeft", 1.74), ("ArrowUp", 1.8),
                       ("PageUp", 2.4), ("PageUp", 3), ("PageUp", 3), ("Home", -3), ("ArrowDown", -3)]:  # fmt: skip
        page.keyboard.press(key)
        assert float(loss.get_attribute("aria-valuenow")) == pytest.approx(place), key
        assert loss.get_attribute("aria-valuetext") == gradient.get_attribute("aria-valuetext")
    assert loss.get_attribute("aria-valuetext") == "residual −3: loss 2.5, gradient −1"
    words = [page.locator(f".ly-figure--{c} text.ly-reading").text_content() for c in ("loss", "gradient")]
    assert words == ["loss 2.5 at residual −3", "gradient −1 at residual −3"]
    loss.blur()
    assert page.locator(".ly-figure--loss text.ly-reading").text_content() == ""


def test_a_pointer_reads_both_charts(watched: Open) -> None:
    page = started(watched, "losses/huber/")
    zero = page.locator(".ly-figure--loss svg circle").first.bounding_box()
    box = chart(page, "gradient").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 100)
    words = page.locator(".ly-figure--loss text.ly-reading").text_content()
    assert re.fullmatch(r"loss [\d.]+ at residual [\d.]+", words)
    dots = page.locator(".ly-figure--loss g.ly-reading circle")
    assert dots.count() == 1
    tangent = page.locator(".ly-figure--loss path.ly-reading[stroke-dasharray]")
    assert tangent.get_attribute("d")
    # On the left mark of the loss the pointer reads −1.
    page.mouse.move(zero["x"] + zero["width"] / 2, zero["y"] + 20)
    assert chart(page).get_attribute("aria-valuetext").startswith("residual −1")
    page.mouse.move(5, 5)
    assert dots.count() == 0


def test_touch(watched: Open) -> None:
    page = started(watched, "losses/cross_entropy/", viewport=PHONE, has_touch=True, is_mobile=True)
    small = (
        page.locator(".ly-controls")
        .locator("input, button, select")
        .evaluate_all(
            "all => all.filter((e) => e.offsetParent && e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)"
        )
    )
    assert small == []
    assert chart(page).evaluate("(e) => getComputedStyle(e).touchAction") == "pan-y"
    box = chart(page).bounding_box()
    page.touchscreen.tap(box["x"] + 200, box["y"] + 100)
    assert page.locator(".ly-figure--loss text.ly-reading").text_content()
    # The curve and what moves it are in sight together.
    lowest = page.locator(".ly-control:visible").first.bounding_box()
    assert lowest["y"] + lowest["height"] <= PHONE["height"]


def test_curves_follow_the_scheme(watched: Open) -> None:
    page = started(watched, "losses/huber/", color_scheme="light")
    settle(page, "light")
    stroke = "document.querySelector('.ly-figure--loss svg path[stroke-linecap]')"
    assert page.evaluate(f"getComputedStyle({stroke}).stroke") == "rgb(31, 95, 168)"
    press(page, "dark")
    assert page.evaluate(f"getComputedStyle({stroke}).stroke") == "rgb(125, 183, 240)"


def test_the_style_sheet_has_the_colours_of_the_figures() -> None:
    light, dark = (ROOT / "docs/assets/css/colours.css").read_text("utf-8").split('[data-md-color-scheme="slate"]')
    for name, colours in ROLES.items():
        for text, colour in zip((light, dark), colours, strict=True):
            told = re.search(rf"--ly-{name}: (#\w+)", text)
            assert told is None if name.startswith(("heat", "below", "above")) else told and told[1] == colour, name


# --- sharing --------------------------------------------------------------------------------------------------------


def test_a_shared_link_shows_the_same(watched: Open, web: str) -> None:
    page = started(watched, "losses/huber/", **CLIPBOARD)
    slide(page, "delta", 0.7)
    page.locator("[data-do=log]").click()
    link = copied(page, "link")
    assert link == f"{web}losses/huber/?delta=0.7&scale=log"
    other = started(watched, link.removeprefix(web))
    assert paths(other) == paths(page)
    page.keyboard.press("Escape")
    assert page.locator(".ly-share__menu").is_hidden()
    assert page.evaluate("document.activeElement.dataset.do") == "share"


@pytest.mark.parametrize(
    ("path", "attribute", "value"),
    [
        pytest.param("losses/huber/?delta=0.5", "delta", 0.5, marks=NIGHTLY),
        ("losses/cross_entropy/?weight=1,2,0.5", "weight", torch.tensor([1.0, 2.0, 0.5])),
        pytest.param("losses/triplet_margin/?swap=true&margin=2", "swap", True, marks=NIGHTLY),
    ],
)
def test_torch_code_runs(watched: Open, path: str, attribute: str, value: Any) -> None:
    page = started(watched, path, **CLIPBOARD)
    names: dict[str, Any] = {}
    exec(copied(page, "torch"), names)
    assert torch.equal(torch.as_tensor(getattr(names["loss"], attribute)), torch.as_tensor(value))


def test_snippets_follow_the_sliders(watched: Open, web: str) -> None:
    page = started(watched, "losses/huber/")

    def snippet(name: str) -> str:
        return str(page.locator(f"#ly-snippet-{name} code").evaluate("(code) => code.textContent"))

    before = {name: snippet(name) for name in ("iframe", "command", "fence")}
    slide(page, "delta", 0.5)
    addressed(page, "?delta=0.5")
    assert snippet("command") == "lossary figure huber --set delta=0.5 -o huber.svg\n"
    assert snippet("fence") == "```lossary\nhuber delta=0.5\n```\n"
    assert f'<iframe src="{web}embed/huber/?delta=0.5" title="Huber loss, interactive plot"' in snippet("iframe")
    # The link below the plot leads to the same view.
    assert f'<p><a href="{web}losses/huber/?delta=0.5">Huber loss, from Lossary</a></p>' in snippet("iframe")
    page.locator("[data-do=reset]").click()
    addressed(page, "")
    assert {name: snippet(name) for name in before} == before
    shared = started(watched, "losses/cross_entropy/?weight=1,2,0.5&label_smoothing=0.1")
    code = shared.locator("#ly-snippet-command code").evaluate("(code) => code.textContent")
    asked = "lossary figure cross_entropy --set weight=1,2,0.5 --set label_smoothing=0.1 -o cross_entropy.svg\n"
    assert code == asked


def test_an_embedded_plot(watched: Open, web: str) -> None:
    page = started(watched, "losses/huber/?delta=0.5", **CLIPBOARD)
    code = copied(page, "embed")
    assert f'src="{web}embed/huber/?delta=0.5"' in code
    # On a page without a theme of its own.
    page.goto(f"{web}embed/huber/", wait_until="load")
    page.evaluate("(code) => { document.body.innerHTML = code }", code)
    frame = page.frame_locator("iframe")
    frame.locator("lossary-plot[data-ready]").wait_for(state="attached")
    assert frame.locator("#ly-delta").input_value() == "0.5"
    for width in (1200, 800, 600, 360):
        page.set_viewport_size({"width": width, "height": 900})
        inner = next(f for f in page.frames if f.parent_frame)
        inner.wait_for_function("(width) => innerWidth <= width && innerWidth > width - 60", arg=width)
        overflow = inner.evaluate(
            "(e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight])(document.documentElement)"
        )
        assert overflow == [0, 0], width


def test_a_closed_clipboard_leaves_the_text_to_copy(watched: Open) -> None:
    page = started(watched, "losses/huber/?delta=0.5")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()) }")
    page.locator("[data-do=share]").click()
    page.locator("[data-do=torch]").click()
    field = page.get_by_label("Text to copy")
    field.wait_for()
    assert "nn.HuberLoss(delta=0.5)" in field.input_value()
    assert page.evaluate("getSelection().toString() || document.activeElement.selectionEnd") not in ("", 0)


def test_a_downloaded_picture_stands_alone(watched: Open) -> None:
    page = started(watched, "losses/huber/?delta=0.5&curvature=1")
    chart(page).focus()
    page.locator("[data-do=share]").click()
    with page.expect_download() as waiting:
        page.locator("[data-do=download]").click()
    assert waiting.value.suggested_filename == "huber-delta-0.5.svg"
    text = waiting.value.path().read_text("utf-8")
    root = ET.fromstring(text)
    assert len(root.findall("{http://www.w3.org/2000/svg}svg")) == 3
    assert "var(" not in text
    assert "ly-reading" not in text
    assert "#1f5fa8" in text


# --- the page for an iframe -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [*(pytest.param(*f, marks=NIGHTLY) for f in FRAMES[:3]), *FRAMES[3:]])
def test_an_embed_fills_its_frame(watched: Open, width: int, height: int) -> None:
    for slug in ("huber", "cross_entropy"):
        page = started(watched, f"embed/{slug}/", viewport={"width": width, "height": height})
        size = page.evaluate("(e => [e.scrollWidth, e.scrollHeight])(document.documentElement)")
        assert size == [width, height]
        loss, gradient = (chart(page, curve).bounding_box() for curve in ("loss", "gradient"))
        # Both are seen, no letter smaller than beside other text, and the frame is full.
        below = width / height < 1
        assert (gradient["y"] >= loss["y"] + loss["height"]) == below
        assert (gradient["x"] >= loss["x"] + loss["width"]) != below
        lowest = max(one["y"] + one["height"] for one in (loss, gradient))
        assert height - 20 < lowest <= height
        assert min(loss["height"], gradient["height"]) > 95
        assert min(loss["width"], gradient["width"]) > 220
        for curve in ("loss", "gradient"):
            svg = page.locator(f".ly-figure--{curve} svg")
            drawn = svg.evaluate("(e) => [e.viewBox.baseVal.width, e.viewBox.baseVal.height]")
            assert drawn == [round(loss["width"]), round(loss["height"])], (slug, curve)
            assert svg.locator("path[stroke-linecap]").first.evaluate("(e) => e.getBBox().height") > 12


def test_an_embed_takes_theme_and_view_from_its_address(watched: Open) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light, dark = "rgb(251, 250, 246)", "rgb(20, 23, 28)"
    for query, system, expected in (
        ("theme=dark", "light", dark),
        ("theme=light", "dark", light),
        ("", "dark", dark),
        ("theme=x", "light", light),
    ):
        page = started(watched, f"embed/huber/?{query}", color_scheme=system)
        assert page.evaluate(paper) == expected
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(dark) => {paper} === dark", arg=dark)
    for view, shown in [
        ("loss", (True, False)),
        ("gradient", (False, True)),
        ("both", (True, True)),
        ("x", (True, True)),
    ]:
        page = started(watched, f"embed/huber/?view={view}&delta=2")
        assert (chart(page).is_visible(), chart(page, "gradient").is_visible()) == shown
        assert page.locator("h1 a").get_attribute("href").endswith("/losses/huber/?delta=2")
        assert page.locator("h1 a").get_attribute("target") == "_top"


def test_an_embed_keeps_what_else_its_address_says(watched: Open) -> None:
    page = started(watched, "embed/huber/?theme=dark&view=loss")
    slide(page, "delta", 0.5)
    addressed(page, "?theme=dark&view=loss&delta=0.5")


@pytest.mark.xdist_group("pages")
def test_embeds_name_their_page(site: Site, published: Site) -> None:
    for slug in site.slugs:
        page = site.embeds[f"embed/{slug}/index.html"]
        assert page.meta("robots") == "noindex"
        assert page.one(".//link[@rel='canonical']").get("href") == f"../../losses/{slug}/"
    for slug in published.slugs:
        there = published.embeds[f"embed/{slug}/index.html"].one(".//link[@rel='canonical']").get("href")
        assert there == f"https://example.org/x/losses/{slug}/"


# --- addresses are data ---------------------------------------------------------------------------------------------


def hostile(draw: random.Random) -> str:
    """A query that nobody means well."""
    keys = [
        *("delta", "weight", "label_smoothing", "ignore_index", "margin", "swap", "eps", "p"),
        *("section", "scale", "curvature", "view", "theme"),
        *("__proto__", "constructor", "toString", "", "<img src=x onerror=alert(1)>"),
    ]
    values = [
        *("<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "javascript:alert(1)", "'; DROP"),
        *("NaN", "Infinity", "-1e999", "1e308", "1e-400", "0", "-0", "0x10", "999999999999999999999", "١"),
        *("", " ", "1,2", "1,2,3,4,5", ",,", "%", "\u0000"),
        *("logit-2", "__proto__", "constructor", "log", "1", "true"),
    ]
    pairs = [f"{quote(draw.choice(keys))}={quote(draw.choice(values))}" for _ in range(draw.randint(1, 5))]
    return "?" + "&".join(pairs) + draw.choice(["", "&delta", "&%E0%A4%A", "&&&=", "#<script>"])


@pytest.mark.nightly
def test_hostile_addresses_do_no_harm(watched: Open, web: str) -> None:
    draw = random.Random(4)
    page = watched("")
    said: list[str] = []

    def asked(dialog: Any) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", asked)
    for k in range(24):  # embeds get two hundred more in test_compare
        kind, slug = ("embed", "losses")[k % 2 == 0], ("huber", "cross_entropy", "triplet_margin")[k % 3]
        address = f"{web}{kind}/{slug}/{hostile(draw)}"
        page.goto(address, wait_until="load")
        ready(page)
        assert page.locator("#plot svg").count() >= 2, address
        assert page.locator("article img[src=x], main img[src=x], script:not([src]):has-text('alert')").count() == 0
        fields = page.locator(".ly-control:visible input[type=number]").evaluate_all("all => all.map((e) => e.value)")
        assert all(np.isfinite(float(value)) for value in fields), address
    assert said == []


def test_a_setting_without_a_finite_value_says_so(watched: Open) -> None:
    page = started(watched, "losses/huber/")
    page.evaluate(
        """() => {
            const plot = document.querySelector("lossary-plot");
            plot.loss.sections[0].variants[0].branches[0].run = () => [NaN, NaN, NaN];
            plot.update();
        }"""
    )
    assert "Not finite anywhere at this setting." in page.locator(".ly-figure--loss svg").text_content()


# --- accessibility, weight ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "size"),
    [
        pytest.param(path, size, id=f"{name}-{path}", marks=() if (path, size) == ("embed/ctc/", PHONE) else NIGHTLY)
        for path in ("losses/cross_entropy/?section=logit-2&curvature=1", "embed/cross_entropy/", "embed/ctc/")
        for name, size in (("desktop", DESKTOP), ("phone", PHONE))
    ],
)
def test_axe_finds_nothing(watched: Open, path: str, size: dict[str, int]) -> None:
    page = started(watched, path, viewport=size, color_scheme="light")
    if path.startswith("losses"):
        page.locator("[data-do=share]").click()
    for system in ("light", "dark"):
        if path.startswith("losses"):
            turn(page, system)
        else:
            page.emulate_media(color_scheme=system)
        results = Axe().run(page)
        assert results.violations_count == 0, f"{system}: {results.generate_report()}"


@pytest.mark.xdist_group("pages")
def test_the_scripts_are_light_and_load_only_where_they_are_used(site: Site) -> None:
    weights = [len(gzip.compress((site.folder / "assets/js" / name).read_bytes(), 9)) for name in SCRIPTS]
    assert sum(weights) < 35_000
    for path, page in (site.pages | site.embeds).items():
        used = any((script.get("src") or "").endswith("assets/js/plot.js") for script in page.all(".//script"))
        assert used == path.startswith(("losses/", "embed/")), path
