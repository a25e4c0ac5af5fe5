"""The compare page in a real browser: what is picked is drawn, each state has an address, no address does harm."""

from __future__ import annotations

import json
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from lossary.api import Loss
from lossary.discovery.catalogs import load, sources
from lossary.evaluation.curves import curve
from lossary.publishing.presets import LEAST, MOST, PRESETS, Pick, Preset, available_presets
from website.conftest import Site
from website.test_browser import DESKTOP, PHONE, WIDE, load_all, scheme, turn
from website.test_plot import SHIFTS
from website.tools import NIGHTLY, plain

pytestmark = pytest.mark.in_turns("docs/assets", "src/lossary/interactive", "src/lossary/publishing")

Open = Callable[..., Any]


def ready(page: Any, count: int) -> None:
    """Wait until so many losses are listed, and drawn."""
    page.wait_for_function(
        # The axes are filled in once the script has what it needs.
        "(count) => document.querySelector('.ly-compare select[name=axis]').options.length > 0"
        " && document.querySelectorAll('.ly-pick').length === count"
        " && (count === 0 || document.querySelector('.ly-compare__chart svg'))",
        arg=count,
    )


def compared(watched: Open, query: str, count: int, **options: Any) -> Any:
    """The page at a query."""
    page = watched(f"compare/{query}", **{"viewport": DESKTOP, **options})
    ready(page, count)
    return page


def names(page: Any) -> list[str]:
    """The losses in the list."""
    found: list[str] = page.locator(".ly-pick__name").all_inner_texts()
    return found


def addressed(page: Any, wanted: str) -> None:
    """Wait until the address has a query; it follows what is moved once the hand rests."""
    page.wait_for_function("(wanted) => location.search === wanted", arg=wanted)


def words_of(page: Any) -> list[str]:
    """The words in the chart: heading, ticks, labels."""
    found: list[str] = page.locator(".ly-compare__chart text").all_text_contents()
    return found


def values_at(page: Any, x: float) -> dict[str, float]:
    """What the reading line says of each curve at a place, by its label."""
    chart = page.locator(".ly-compare__chart")
    chart.focus()
    low, high = (float(chart.get_attribute(f"aria-value{end}")) for end in ("min", "max"))
    page.keyboard.press("Home")
    for _ in range(round((x - low) / (high - low) * 100)):
        page.keyboard.press("ArrowRight")
    assert float(chart.get_attribute("aria-valuenow")) == pytest.approx(x)
    return said(page)


def said(page: Any) -> dict[str, float]:
    """The reading as a screen reader is told it."""
    told = page.locator(".ly-compare__chart").get_attribute("aria-valuetext").partition(": ")[2].replace("−", "-")
    pairs = [re.fullmatch(r"(.*) (\S+)", part) for part in told.split("; ")]
    return {pair[1]: float(pair[2].replace("∞", "inf")) for pair in pairs if pair}


def paths(page: Any) -> list[str]:
    """The outlines of the curves, in the order in which they are drawn."""
    found: list[str] = page.locator(".ly-compare__chart svg > g[clip-path][fill=none] path").evaluate_all(
        "all => all.map((path) => path.getAttribute('d'))"
    )
    return found


def search(page: Any, text: str) -> Any:
    """Type into the field; the options that are offered."""
    field = page.locator("#ly-find")
    field.fill(text)
    return page.locator("#ly-found [role=option]")


# --- the page as it is sent -----------------------------------------------------------------------------------------


def test_without_a_script_the_page_shows_comparisons_as_pictures(watched: Open) -> None:
    page = watched("compare/", viewport=DESKTOP, java_script_enabled=False)
    assert page.locator("h1").inner_text().startswith("Compare losses")
    assert page.locator("#compare").is_hidden()
    pictures = page.locator(".ly-preset img")
    assert pictures.count() == page.locator(".ly-preset").count() >= 3
    assert pictures.first.is_visible()
    assert page.locator(".ly-preset__open").first.is_hidden()
    assert page.locator("article a[href*='families/']").count() > 5


def test_before_anything_is_picked_there_is_something_to_pick(watched: Open) -> None:
    page = compared(watched, "", 0)
    assert page.locator("#ly-find").is_visible()
    assert page.locator(".ly-compare__chart").is_hidden()
    assert page.locator(".ly-preset img").first.is_visible()
    links = page.locator(".ly-preset__open").evaluate_all("all => all.map((a) => a.href)")
    assert len(links) >= 3


@pytest.mark.parametrize("size", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone", marks=NIGHTLY)])
def test_every_preset_opens_with_its_losses(watched: Open, site: Site, size: dict[str, int]) -> None:
    index = json.loads((site.folder / "plots" / "index.json").read_text("utf-8"))
    page = watched("compare/", viewport=size)
    for k, preset in enumerate(index["presets"]):
        page.locator(".ly-preset").nth(k).click()
        ready(page, len(re.findall(r"[a-z]\w*(?:\(|,|$)", re.sub(r"\(.*?\)", "", preset["losses"]))))
        assert page.locator("[name=view]:checked").get_attribute("value") == preset["view"]
        assert page.locator("[name=axis]").input_value() == preset["axis"]
        assert len(paths(page)) >= LEAST
        assert page.locator(".ly-compare__notes p").count() == 0
        page.go_back()
        page.wait_for_load_state()


def test_nothing_moves_when_losses_load(fresh: Open, web: str) -> None:
    for size in (DESKTOP, PHONE):
        for losses in (
            "",
            "?losses=l1,mse,huber",
            "?losses=l1,mse,huber,smooth_l1,huber,mse,gaussian_nll,l1&view=gradient",
        ):
            page = fresh(viewport=size)
            page.add_init_script(SHIFTS)
            # Fonts come when they please; here only the script may move anything.
            page.route("**/fonts.css", lambda route: route.fulfill(body="", content_type="text/css"))
            page.goto(f"{web}compare/{losses}", wait_until="load")
            ready(page, losses.count(",") + 1 if losses else 0)
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            assert page.evaluate("window.shifts") == [], (size, losses)


# --- picking --------------------------------------------------------------------------------------------------------


def test_three_losses_are_compared_by_keyboard_alone(watched: Open) -> None:
    page = compared(watched, "", 0)
    page.locator("#ly-find").focus()
    for typed, title, count in (
        ("MAE", "Mean absolute error (L1)", 1),
        ("quadratic", "Mean squared error (L2)", 2),
        ("hub", "Huber loss", 3),
    ):
        page.keyboard.type(typed)
        option = page.locator("#ly-found [aria-selected=true]")
        assert title in option.inner_text()
        assert page.locator("#ly-find").get_attribute("aria-activedescendant") == option.get_attribute("id")
        page.keyboard.press("Enter")
        ready(page, count)
        assert page.locator("#ly-find").get_attribute("aria-expanded") == "false"
        assert page.evaluate("document.activeElement.id") == "ly-find"
    addressed(page, "?losses=l1,mse,huber&axis=residual")
    assert len(paths(page)) == 3
    assert values_at(page, 1.5) == {
        "Mean absolute error (L1)": 1.5,
        "Mean squared error (L2)": 2.25,
        "Huber loss": 1.0,
    }
    assert page.locator(".ly-pick__value").all_inner_texts() == ["1.5", "2.25", "1"]
    # All of the chart's heading, the ticks and the names are words of the picture.
    assert {"loss", "residual 1.5", "Huber loss", "residual, input − target"} <= set(words_of(page))


def test_the_list_of_options_works_like_a_combobox(watched: Open) -> None:
    page = compared(watched, "", 0)
    field, options = page.locator("#ly-find"), page.locator("#ly-found [role=option]")
    field.focus()
    assert field.get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-expanded") == "true"
    chosen = page.locator("#ly-found [aria-selected=true]")
    first = chosen.inner_text()
    page.keyboard.press("ArrowDown")
    assert chosen.count() == 1
    assert chosen.inner_text() != first
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # from the first to the last
    assert chosen.inner_text() == options.last.inner_text()
    page.keyboard.press("Escape")
    assert page.locator("#ly-found").is_hidden()
    search(page, "<b>no such loss")
    assert options.all_inner_texts() == ["No loss is called “<b>no such loss”."]
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert field.input_value() == ""
    assert names(page) == []


def test_a_family_narrows_the_options(watched: Open) -> None:
    page = compared(watched, "", 0)
    chip = page.locator(".ly-facet .ly-chip", has_text="Robust regression")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    assert page.locator(".ly-facet .ly-chip[aria-pressed=true]").count() == 1
    page.locator(".ly-narrowed button").first.wait_for()
    robust = sorted(load(source).title for source in sources() if source.family == "robust")
    assert sorted(page.locator(".ly-narrowed button").all_inner_texts()) == robust
    page.locator("#ly-find").click()
    assert sorted(page.locator(".ly-found__name").all_inner_texts()) == robust
    search(page, "cross-entropy")
    options = page.locator("#ly-found [role=option]").all_inner_texts()
    assert options == ["No loss of those that were chosen is called “cross-entropy”."]
    search(page, "")
    page.locator(".ly-found__name", has_text="Smooth L1").click()
    ready(page, 1)
    assert names(page) == ["Smooth L1"]


def test_a_loss_of_another_axis_is_offered_with_the_reason(watched: Open) -> None:
    page = compared(watched, "?losses=huber", 1)
    option = search(page, "cosine embedding").first
    assert option.get_attribute("aria-disabled") == "true"
    assert option.locator(".ly-found__more").inner_text() == "is drawn along the angle between the two"
    page.keyboard.press("Enter")
    option.click(force=True)
    assert names(page) == ["Huber loss"]
    # With nothing else picked it brings its own axis.
    page.locator("[data-do=clear]").click()
    ready(page, 0)
    search(page, "cosine embedding").first.click()
    ready(page, 1)
    assert page.locator("[name=axis]").input_value() == "angle"
    addressed(page, "?losses=cosine_embedding&axis=angle")


def test_eight_are_the_most(watched: Open) -> None:
    page = compared(watched, f"?losses={','.join(['huber'] * 11)}", MOST)
    assert page.locator(".ly-compare__notes").inner_text() == "Of 11 losses the first 8 are shown."
    assert page.locator("[data-do=again]:disabled").count() == MOST
    option = search(page, "smooth l1").first
    assert option.locator(".ly-found__more").inner_text() == "no more than 8 at once"
    option.click(force=True)
    assert len(names(page)) == MOST
    page.keyboard.press("Escape")
    page.locator("[data-do=remove]").first.click()
    ready(page, MOST - 1)
    search(page, "smooth l1").first.click()
    ready(page, MOST)


def test_losses_are_removed_doubled_and_brought_back_by_the_history(watched: Open) -> None:
    page = compared(watched, "?losses=l1,huber(delta=0.5),mse", 3)
    row = page.locator(".ly-pick").nth(1)
    row.get_by_role("button", name="Once more: Huber loss").click()
    ready(page, 4)
    addressed(page, "?losses=l1,huber(delta=0.5),huber(delta=0.5),mse&axis=residual")
    row.get_by_role("button", name="Remove Huber loss").click()
    ready(page, 3)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove Huber loss"
    page.go_back()
    ready(page, 4)
    page.go_back()
    ready(page, 3)
    assert names(page) == ["Mean absolute error (L1)", "Huber loss", "Mean squared error (L2)"]
    page.locator("[data-do=clear]").click()
    ready(page, 0)
    addressed(page, "")
    assert page.locator(".ly-preset img").first.is_visible()


# --- settings and views ---------------------------------------------------------------------------------------------


def test_an_address_brings_back_the_whole_state(watched: Open) -> None:
    address = "?losses=huber(delta=0.5),smooth_l1,mse&axis=residual&view=gradient&scale=log&normal=tail"
    page = compared(watched, address, 3)
    assert page.locator("[name=view]:checked").get_attribute("value") == "gradient"
    assert page.locator("[data-do=log]").get_attribute("aria-pressed") == "true"
    assert page.locator("[name=normal]").input_value() == "tail"
    assert page.locator(".ly-pick").first.locator("input[type=number]").input_value() == "0.5"
    assert "|gradient|, over the slope of the tail, log scale" in words_of(page)
    addressed(page, address)
    got = values_at(page, 0.3)
    assert got == pytest.approx({"Huber loss (delta = 0.50)": 0.6, "Smooth L1": 0.3, "Mean squared error (L2)": 0.1})


def test_a_setting_moves_its_own_curve_and_the_address(watched: Open) -> None:
    page = compared(watched, "?losses=huber,mse", 2)
    before = paths(page)
    typed = page.locator(".ly-pick input[type=number]")
    typed.fill("0.5")
    addressed(page, "?losses=huber(delta=0.5),mse&axis=residual")
    assert values_at(page, 2.4) == pytest.approx({"Huber loss (delta = 0.50)": 1.075, "Mean squared error (L2)": 5.76})
    slider = page.locator(".ly-pick input[type=range]")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    addressed(page, "?losses=huber,mse&axis=residual")
    assert typed.input_value() == "1"
    assert paths(page) == before
    # What is out of range is said, and changes nothing.
    typed.fill("-7")
    typed.press("Tab")
    page.wait_for_selector(".ly-pick .ly-control__demand:text-is('delta > 0')")
    addressed(page, "?losses=huber,mse&axis=residual")
    assert paths(page) == before


def test_losses_are_brought_to_one_curvature_or_one_slope(watched: Open) -> None:
    page = compared(watched, "?losses=l1,mse,huber,smooth_l1(beta=0.5)&normal=curvature", 4)
    assert page.locator(".ly-compare__notes").inner_text() == (
        "Left out: Mean absolute error (L1), where the curvature at a perfect prediction is zero or infinite, "
        "or that point lies at infinity."
    )
    assert values_at(page, 0.3) == pytest.approx(
        {"Mean squared error (L2)": 0.045, "Huber loss": 0.045, "Smooth L1 (beta = 0.50)": 0.045}
    )
    page.locator("[name=normal]").select_option("tail")
    assert page.locator(".ly-compare__notes p").count() == 0
    got = values_at(page, 3)
    assert got == pytest.approx(
        {
            "Mean absolute error (L1)": 3,
            "Mean squared error (L2)": 1.5,
            "Huber loss": 2.5,
            "Smooth L1 (beta = 0.50)": 2.75,
        }
    )
    page.locator("[name=normal]").select_option("")
    addressed(page, "?losses=l1,mse,huber,smooth_l1(beta=0.5)&axis=residual")


def test_views_scales_and_axes_switch(watched: Open) -> None:
    page = compared(watched, "?losses=mse,huber", 2)
    loss = paths(page)
    page.get_by_role("radio", name="gradient").check()
    assert values_at(page, 1.5) == {"Mean squared error (L2)": 3, "Huber loss": 1}
    gradient = paths(page)
    page.get_by_role("radio", name="curvature").check()
    assert values_at(page, 0.6) == {"Mean squared error (L2)": 2, "Huber loss": 1}
    page.get_by_role("radio", name="loss").check()
    assert paths(page) == loss != gradient
    page.get_by_role("button", name="log scale").click()
    addressed(page, "?losses=mse,huber&axis=residual&scale=log")
    assert paths(page) != loss
    options = page.locator("[name=axis] option:not(:disabled)")
    assert options.all_inner_texts() == ["residual"]


def test_the_reading_line_follows_the_pointer(watched: Open) -> None:
    page = compared(watched, "?losses=l1,mse", 2)
    assert page.locator(".ly-pick__value").all_inner_texts() == ["", ""]
    box = page.locator(".ly-compare__chart").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    at = float(page.locator(".ly-compare__chart").get_attribute("aria-valuenow"))
    assert -2 < at < 0
    assert said(page) == pytest.approx({"Mean absolute error (L1)": -at, "Mean squared error (L2)": at * at}, rel=1e-3)
    page.mouse.move(box["x"] + box["width"] + 100, box["y"] - 10)
    assert page.locator(".ly-pick__value").all_inner_texts() == ["", ""]


def test_the_step_is_drawn_behind_margin_losses(watched: Open) -> None:
    page = compared(watched, "?losses=soft_margin&axis=margin", 1)
    assert "zero-one step" in words_of(page)
    assert len(paths(page)) == 2
    page.get_by_role("radio", name="gradient").check()
    assert "zero-one step" not in words_of(page)


def test_properties_stand_side_by_side(watched: Open, site: Site) -> None:
    page = compared(watched, "?losses=huber,l1,huber(delta=2)", 3)
    heads = page.locator(".ly-compare__table thead th")
    assert heads.all_inner_texts() == ["Huber loss", "Mean absolute error (L1)"]
    rows = page.locator(".ly-compare__table tbody tr")
    cells = {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows.all()}
    assert cells["Convex"] == ["yes", "yes"]
    assert cells["Family"] == ["Robust regression", "Regression"]
    heads.first.locator("a").click()
    page.wait_for_url("**/losses/huber/")


def test_the_picture_can_be_taken_away(watched: Open) -> None:
    page = compared(
        watched, "?losses=l1,huber(delta=0.5)&view=gradient", 2, permissions=["clipboard-read", "clipboard-write"]
    )
    with page.expect_download() as taken:
        page.locator("[data-do=download]").click()
    assert taken.value.suggested_filename == "l1-huber-gradient.svg"
    text = taken.value.path().read_text("utf-8")
    root = ET.fromstring(text)
    assert root.find("{http://www.w3.org/2000/svg}title").text == (  # type: ignore[union-attr]
        "gradient of Mean absolute error (L1) and Huber loss (delta = 0.50)"
    )
    assert "var(" not in text
    assert "NaN" not in text
    page.locator("[data-do=link]").click()
    page.wait_for_function("document.querySelector('[data-do=link]').dataset.done === 'copied'")
    assert page.evaluate("navigator.clipboard.readText()").endswith(
        "/compare/?losses=l1,huber(delta=0.5)&axis=residual&view=gradient"
    )


def test_colours_follow_the_scheme_at_once(watched: Open) -> None:
    page = compared(watched, "?losses=l1,mse", 2, color_scheme="light")
    stroke = "getComputedStyle(document.querySelector('.ly-compare__chart g[fill=none] path')).stroke"
    light = page.evaluate(stroke)
    turn(page, "dark")
    assert scheme(page) == "dark"
    assert page.evaluate(stroke) != light


@pytest.mark.parametrize(
    "losses",
    [
        pytest.param("", marks=NIGHTLY),
        "?losses=l1,mse,huber(delta=0.5)",
        pytest.param("?losses=cross_entropy,adaptive_log_softmax&view=gradient", marks=NIGHTLY),
    ],
)
def test_axe_finds_nothing(watched: Open, losses: str) -> None:
    page = compared(watched, losses, losses.count(",") + 1 if losses else 0, color_scheme="light")
    load_all(page)
    for system in ("light", "dark"):
        turn(page, system)
        for opened in (False, True):
            if opened:
                search(page, "l").first.wait_for()
            results = Axe().run(page)
            assert results.violations_count == 0, f"{system}, {opened}: {results.generate_report()}"
        page.keyboard.press("Escape")


def test_a_phone_holds_it(watched: Open) -> None:
    eight = "l1,mse,huber(delta=0.5),smooth_l1,gaussian_nll,huber,smooth_l1(beta=0.2),mse"
    page = compared(watched, f"?losses={eight}&view=gradient&scale=log&normal=tail", 8, viewport=PHONE)
    assert page.evaluate(WIDE) == []
    chart, first = (page.locator(selector).first.bounding_box() for selector in (".ly-compare__chart", ".ly-pick"))
    assert chart["width"] > 350
    assert chart["y"] + chart["height"] <= first["y"] + 1
    small = page.locator("#compare :is(button, select, input[type=range])").evaluate_all(
        "all => all.filter((e) => e.offsetParent && e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)"
    )
    assert small == []


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_loss_that_cannot_be_fetched_is_said(fresh: Open, web: str) -> None:
    page = fresh(viewport=DESKTOP)
    page.route("**/plots/mse.js", lambda route: route.abort())
    page.goto(f"{web}compare/?losses=l1,mse")
    ready(page, 1)
    assert page.locator(".ly-compare__notes").inner_text() == "A loss could not be loaded."


def test_without_the_index_the_pictures_remain(fresh: Open, web: str) -> None:
    page = fresh(viewport=DESKTOP)
    page.route("**/plots/index.json", lambda route: route.abort())
    page.goto(f"{web}compare/?losses=l1,mse")
    page.wait_for_function("!document.documentElement.classList.contains('ly-compared')")
    assert page.locator("#compare").is_hidden()
    assert page.locator(".ly-preset img").first.is_visible()


def test_unknown_names_in_an_address_are_counted(watched: Open) -> None:
    page = compared(watched, "?losses=huber,nope,<i>,wrong,mse", 2)
    assert page.locator(".ly-compare__notes").inner_text() == "3 of the names in the address are not in this glossary."
    page.goto(page.url.partition("?")[0] + "?losses=nonsense")
    page.wait_for_function("!document.documentElement.classList.contains('ly-compared')")
    assert page.locator("#ly-find").is_visible()


def test_a_loss_off_the_axis_says_so(watched: Open) -> None:
    page = compared(watched, "?losses=huber,cosine_embedding&axis=angle", 2)
    told = page.locator(".ly-pick__note").first.inner_text()
    assert told == "Is drawn along the residual, not along the angle between the two."
    assert len(paths(page)) == 1


MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "javascript:alert(1)",
    "'-alert(1)-'", "</style><script>hit=1</script>", "{{7*7}}", "${alert(1)}", "&lt;b&gt;", "--ly-loss:red",
    "<iframe srcdoc='<script>top.hit=1</script>'>", "url(https://example.org/x)",
)  # fmt: skip
NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-400", "0", "-0", "-5", "0x10", "1_000", "١", "1,1,1,1", "",
    " ", "1e308", "9" * 400, "-" + "9" * 400, "1;2", "1.2.3", "null", "undefined", "true", "[1]", "1e6",
)  # fmt: skip
NAMES = (
    "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "../../etc/passwd", "..%2f..%2f",
    "index.json", "//example.org/x", "huber.js", "HUBER", "hüber", "\u0000", "\u202e", "😀",
)  # fmt: skip
ODD = (
    "((((((", "))))", ",,,,,", "huber(", "huber)(", "huber(delta", "huber(=1)", "huber((1))", "huber(delta=1)(delta=2)",
    "huber(delta=1,delta=<b>)",
)  # fmt: skip
BROKEN = ("%", "%zz", "%E0%A4%A", "%00", "%ff%fe", "%u0041", "&&&===", "=", "?", "??losses=huber", "#", "+++", "%2500")


def hostile(parameters: Mapping[str, str], keys: tuple[str, ...], write: Callable[[str, str], str]) -> list[str]:
    """Queries that mean harm or nothing; `write` makes one of a slug and a setting, for parameters by slug and name."""
    values = (*MARKUP, *NUMBERS, *NAMES[:6])
    made = [write(slug, f"{name}={quote(value)}") for name, slug in parameters.items() for value in values]
    name, slug = next(iter(parameters.items()))
    made += [f"{key}={quote(value)}&{write(slug, '')}" for key in keys for value in (*MARKUP[:3], *NAMES[:6])]
    made += [write(slug, f"{quote(key)}={quote(value)}") for key in NAMES for value in ("1", "__proto__")]
    made += [f"{text}&{write(slug, f'{name}={text}')}" for text in BROKEN]
    made += [f"{write(slug, f'{name}=9,' * 9000)}", "&".join(["view=loss", "scale=log"] * 500)]
    draw = random.Random(7)
    while len(set(made)) < 200:  # the rest are mixtures
        made.append("&".join(draw.sample(made, 3)))
    return sorted(set(made), key=made.index)


# What must hold whatever the address says: nothing but our own elements, nothing that is no number in the picture.
SENSIBLE = r"""(document) => {
    const wrong = [];
    const ours = (e) => !/hit=1|alert\(/.test(e.outerHTML);
    for (const e of document.querySelectorAll("iframe, object, script, [onerror], [onload], main b"))
        if (!ours(e) || e.localName !== "script") wrong.push("element: " + e.outerHTML.slice(0, 200));
    if (document.defaultView.hit !== undefined) wrong.push("a script ran");
    for (const e of document.querySelectorAll("svg *")) for (const { name, value } of e.attributes)
        if (/NaN|Infinity|undefined/.test(value)) wrong.push(`${name}: ${value.slice(0, 80)}`);
    const text = document.querySelector("main").textContent;
    const odd = /\[object|undefined|function|NaN/.exec(text);
    if (odd) wrong.push("text: " + text.slice(Math.max(0, odd.index - 60), odd.index + 60));
    return wrong;
}"""


def test_no_address_does_harm(watched: Open) -> None:
    page = watched("compare/?losses=%3Cscript%3Ehit=1%3C/script%3E,huber(delta=%3Cb%3E)", viewport=DESKTOP)
    ready(page, 1)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    keys = ("losses", "axis", "view", "scale", "normal")
    asked = hostile({"delta": "huber", "swap": "triplet_margin"}, keys, lambda slug, told: f"losses={slug}({told})")
    asked += [f"losses={quote(name)}" for name in (*NAMES, *MARKUP)]
    asked += [f"losses={text}" for text in ODD]
    asked += [f"losses={'huber,' * 3000}", f"losses={'x' * 60000}", "losses=huber&losses=mse&losses=<b>"]
    asked += [f"losses=huber,bce,cosine_embedding&axis={axis}" for axis in ("angle", "logit", "__proto__", "<b>")]
    assert len(set(asked)) == len(asked) >= 200
    wrong = {}
    for text in asked:
        found = page.evaluate(
            f"""async (query) => {{
                history.replaceState(null, "", "?" + query);
                dispatchEvent(new PopStateEvent("popstate"));
                await new Promise((done) => setTimeout(() => requestAnimationFrame(done), 10));
                const wrong = ({SENSIBLE})(document);
                const picked = document.querySelectorAll(".ly-pick").length;
                const drawn = document.documentElement.classList.contains("ly-compared");
                if (drawn !== picked > 0) wrong.push(picked + " picked, " + drawn);
                if (picked && !document.querySelector(".ly-compare__chart svg .tick")) wrong.push("no axes");
                if (picked > {MOST}) wrong.push(picked + " losses");
                return wrong;
            }}""",
            text,
        )
        if found:
            wrong[text[:120]] = found
    assert wrong == {}
    assert dialogs == []


@NIGHTLY
def test_no_address_of_an_embedded_plot_does_harm(watched: Open) -> None:
    """Several frames at once, on the page of one of them; each must draw its curve."""
    keys = ("theme", "view", "scale", "section", "curvature")
    asked = hostile({"swap": "triplet_margin", "p": "triplet_margin"}, keys, lambda _, told: told)
    assert len(asked) >= 200
    page = watched("embed/triplet_margin/", viewport=DESKTOP)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    wrong = page.evaluate(
        f"""async (queries) => {{
            const wrong = {{}};
            const ask = (query) => new Promise((done) => {{
                const frame = document.createElement("iframe");
                frame.style.width = "600px";
                frame.src = "?" + query;
                frame.addEventListener("load", async () => {{
                    const inside = frame.contentDocument;
                    const drawn = () => inside.querySelector("svg .tick");
                    for (let k = 0; k < 10_000 && !drawn(); k += 1) await new Promise((go) => setTimeout(go, 20));
                    const found = ({SENSIBLE})(inside);
                    if (!inside.querySelector("svg .tick")) found.push("nothing is drawn");
                    if (found.length) wrong[query.slice(0, 120)] = found;
                    frame.remove();
                    done();
                }});
                document.body.append(frame);
            }});
            const waiting = [...queries];
            const worker = async () => {{ while (waiting.length) await ask(waiting.pop()); }};
            await Promise.all(Array.from({{ length: 6 }}, worker));
            return wrong;
        }}""",
        asked,
    )
    assert wrong == {}
    assert dialogs == []


# --- presets --------------------------------------------------------------------------------------------------------


def test_presets_name_settings_that_there_are() -> None:
    known = {source.slug: load(source) for source in sources()}
    for preset in PRESETS:
        for pick in preset.picks:
            if pick.slug in known:
                parameters = {one.name: one for one in known[pick.slug].parameters}
                for name, value in pick.settings.items():
                    assert parameters[name].range.holds(float(value)), f"{preset.name}: {pick.text}"
    assert len({preset.name for preset in PRESETS}) == len(PRESETS)


def test_a_preset_says_what_its_losses_do() -> None:
    """Where the picture of influence speaks of a curve that comes back to zero, one of its losses does."""
    known = {source.slug: load(source) for source in sources()}
    axes = {slug: [section.axis.name for section in loss.sections] for slug, loss in known.items()}
    (influence,) = (preset for preset in available_presets(axes) if preset.name == "influence")
    drawn = [Loss(known[pick.slug]).at(**pick.settings).curve([1.0, 1e3, 1e6]).gradient for pick in influence.picks]
    assert any(far > 10 * near for near, _, far in drawn), "none keeps rising"
    assert any(near == pytest.approx(far) for near, _, far in drawn), "none levels off"
    assert ("comes back to zero" in influence.text) == any(far < near / 2 for near, _, far in drawn)
    with_cauchy = available_presets({"l1": ["residual"], "cauchy": ["residual"]})
    assert [p.text.endswith("One that comes back to zero lets go of it.") for p in with_cauchy] == [True]


@pytest.mark.parametrize(
    ("name", "of", "places", "expected"),
    [
        # Those that grow without bound, and those that do not.
        (
            "divergences",
            "loss",
            [1e-12],
            {
                "kl_div": [">5"],
                "chi_squared_divergence": [">5"],
                "js_divergence": ["<1"],
                "hellinger": ["<1"],
                "total_variation": ["<1"],
            },
        ),
        (
            "boxes",
            "gradient",
            [1.5, 2.5],
            {"iou_loss": [0, 0], "giou_loss": [">0", ">0"], "diou_loss": [">0", ">0"]},
        ),
        (
            "push",
            "gradient",
            [0.2, 0.8],
            {
                "hinge_embedding": [-1, -1],
                "triplet_margin": [-1, -1],
                "contrastive": [-0.8, -0.2],
                "triplet": [-0.4, -1.6],
            },
        ),
        # A margin moves the rise from near the right angle to less; far out only the one on the angle falls.
        (
            "angles",
            "gradient",
            [1.2, 3.1],
            {"arcface(m=0)": ["<1", ">0"], "arcface": [">1", "<0"], "cosface": [">1", ">0"]},
        ),
        (
            "discriminators",
            "gradient",
            [0.5, 3.0],
            {"wgan_critic": [-1, -1], "gan_hinge_discriminator": [-1, 0], "lsgan_discriminator": ["<0", ">0"]},
        ),
    ],
)
def test_a_preset_says_how_its_losses_rise(
    name: str, of: str, places: list[float], expected: Mapping[str, list[float | str]]
) -> None:
    """The words of a comparison, as numbers along its axis."""
    (preset,) = (one for one in PRESETS if one.name == name)
    assert {pick.text for pick in preset.picks} == set(expected)
    for pick in preset.picks:
        loss = load(next(source for source in sources() if source.slug == pick.slug))
        section = next(one for one in loss.sections if one.axis.name == preset.axis)
        branch = next(iter(section.branches.values()))
        drawn = curve(loss, section, np.array(places), {**loss.defaults(), **pick.settings}, branch)
        for found, wanted in zip(getattr(drawn, of), expected[pick.text], strict=True):
            if isinstance(wanted, str):
                limit = float(wanted[1:])
                assert found > limit if wanted[0] == ">" else found < limit, (pick.text, found, wanted)
            else:
                assert found == pytest.approx(wanted), pick.text


def test_a_setting_that_may_not_be_is_said_and_leaves_the_address(watched: Open) -> None:
    page = compared(watched, "?losses=huber(delta=-5),mse", 2)
    row = page.locator(".ly-pick").first
    assert row.locator(".ly-control__demand").inner_text() == "delta > 0"
    assert row.locator("input[type=number]").input_value() == "1"
    addressed(page, "?losses=huber,mse&axis=residual")


def test_the_properties_print_whole(watched: Open) -> None:
    losses = "l1,mse,huber,smooth_l1,gaussian_nll"
    page = compared(watched, f"?losses={losses}", 5)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})
    cells = page.locator(".ly-compare__table :is(th, td)")
    assert cells.count() > 6 * 8
    assert page.locator(".ly-compare__table thead th").count() == 5
    out = cells.evaluate_all(
        """all => all.filter((e) => e.getBoundingClientRect().right > 681 || e.scrollWidth > e.clientWidth + 1
            || !e.checkVisibility()).map((e) => e.textContent)"""
    )
    assert out == []
    # No box around it cuts it, or scrolls.
    boxes = page.locator(".md-typeset__scrollwrap").evaluate_all(
        "all => all.map((e) => [getComputedStyle(e).overflowX, e.scrollWidth <= e.clientWidth + 1])"
    )
    assert boxes == [["visible", True]]


def test_a_preset_is_offered_with_the_losses_that_there_are() -> None:
    line = ("residual",)
    some = Preset("a", "A", "", "residual", (Pick("l1"), Pick("nope"), Pick("huber", {"delta": 0.5}), Pick("bce")))
    assert [p.losses for p in available_presets({"l1": line, "huber": line, "bce": ("logit",)}, [some])] == [
        "l1,huber(delta=0.5)"
    ]
    assert available_presets({"l1": line}, [some]) == []
    assert all(LEAST <= len(preset.picks) <= MOST for preset in PRESETS)
    # What a preset says is said of Lossary's own losses, and not of others that are called like them.
    assert available_presets({"l1": line, "huber": line}, [some], others=["huber"]) == []
    text = Pick("x", {"a": 1e6, "b": True, "c": (1.0, 0.25), "d": "best"}).text
    assert text == "x(a=1e06,b=true,c=1,0.25,d=best)"


@pytest.mark.xdist_group("pages")
def test_a_preset_is_a_picture_with_its_words(site: Site) -> None:
    page = site.pages["compare/index.html"]
    shown = [plain(part) for part in re.findall(r"<figcaption>(.*?)</figcaption>", page.html, re.DOTALL)]
    index = json.loads((site.folder / "plots" / "index.json").read_text("utf-8"))
    assert [text.removesuffix(" Compare them") for text in shown] == [
        f"{p['title']}. {p['text']}" for p in index["presets"]
    ]
