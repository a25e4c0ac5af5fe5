"""What people read on the built pages is large enough, in words, and whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from lossary.hooks import breakable
from website.test_browser import DESKTOP, PHONE

pytestmark = pytest.mark.in_turns("docs/assets", "src/lossary/publishing")

# The heights of letters as a reader sees them, in pixels.
LETTERS = """(svg) => {
  const scale = svg.getScreenCTM().a;
  return [...svg.querySelectorAll("text")].filter((t) => t.textContent && t.getClientRects().length)
    .map((t) => scale * parseFloat(getComputedStyle(t).fontSize));
}"""

# The answer on another page that a link leads to.
ANSWER = """async (href) => {
  const at = new URL(href, location.href);
  const page = new DOMParser().parseFromString(await (await fetch(at)).text(), "text/html");
  return page.querySelector(at.hash)?.closest("details")?.querySelector("summary").textContent ?? "";
}"""


@pytest.mark.parametrize("path", ["", "losses/huber/", "losses/focal/", "losses/giou_loss/"])
def test_the_letters_of_a_chart_do_not_shrink_on_a_phone(watched: Callable[..., Any], path: str) -> None:
    page = watched(path, viewport=PHONE)
    page.wait_for_selector("svg.ly-chart .tick text")
    for chart in page.locator("svg.ly-chart").all():
        letters = chart.evaluate(LETTERS)
        assert letters
        assert min(letters) >= 11, letters


def test_a_figure_that_is_an_image_has_the_width_of_a_phone(watched: Callable[..., Any]) -> None:
    """As the law of the letters on heat maps counts on."""
    page = watched("losses/triplet_margin/", viewport=PHONE)
    widths = page.locator(".ly-figure img").evaluate_all("all => all.map((e) => e.clientWidth).filter((w) => w)")
    assert len(widths) > 5
    assert min(widths) >= 350  # ON_A_PHONE of test_figures.py


@pytest.mark.parametrize("width", [820, 1440])
def test_loss_and_gradient_stand_side_by_side(watched: Callable[..., Any], width: int) -> None:
    page = watched("losses/huber/", viewport={**DESKTOP, "width": width})
    first, second = (figure.bounding_box() for figure in page.locator(".ly-plot").first.locator("figure").all()[:2])
    assert abs(first["y"] - second["y"]) < 2
    assert second["x"] >= first["x"] + first["width"]


def test_the_way_through_the_questions_is_told_in_their_words(watched: Callable[..., Any]) -> None:
    page = watched("losses/huber/", viewport=DESKTOP)
    for link in page.locator(".ly-led li a").all():
        steps = link.inner_text().split(" › ")
        target = page.evaluate(ANSWER, link.get_attribute("href"))
        assert steps[-1] in target


def test_a_long_call_breaks_between_names_and_stays_itself() -> None:
    call = "pkg.losses.Huber(delta=0.5)(target[..., None],input).sum()"
    cell = f"<td><code>{call}</code></td>"
    broken = breakable(cell)
    assert re.sub("<wbr>", "", broken) == cell
    assert broken == (
        "<td><code>pkg.<wbr>losses.<wbr>Huber(delta=0.5)<wbr>(target[..., None],<wbr>input)<wbr>.sum()</code></td>"
    )
    short = "<td><code>a.b(c)</code></td>"
    assert breakable(short) == short
