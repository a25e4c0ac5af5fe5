"""The picture on the home page, moved: the mean follows the targets that are pushed out, the median stays."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from website.test_browser import DESKTOP, PHONE
from website.test_plot import SHIFTS

pytestmark = pytest.mark.in_turns("docs/assets", "src/lossary/publishing")

SLIDER = ".ly-centres input[type=range]"


def started(watched: Callable[..., Any], **options: Any) -> Any:
    page = watched("", **{"viewport": DESKTOP, **options})
    page.wait_for_selector(".ly-centres--live")
    return page


def told(page: Any) -> dict[str, float]:
    """The centres that the line under the picture names."""
    words = page.locator(".ly-centres__told").inner_text()
    return {name: float(value) for name, value in re.findall(r"(\w+)Loss: [\w ]+? ([\d.]+)", words)}


def push(page: Any, far: float) -> None:
    page.locator(SLIDER).evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input')); }", far)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("far", [0.0, 0.5, 1.0])
def test_each_loss_finds_its_centre(watched: Callable[..., Any], far: float) -> None:
    """The centres are those of the pushed sample, computed here; Huber's is where its gradient's mean is zero."""
    page = started(watched)
    push(page, far)
    data = json.loads(page.locator("[data-ly-centres]").get_attribute("data-ly-centres"))
    sample = np.array(data["targets"])
    sample[len(sample) - data["pushed"] :] += far
    found = told(page)
    assert found["MSE"] == pytest.approx(sample.mean(), rel=6e-3)
    assert found["L1"] == pytest.approx(np.median(sample), rel=6e-3)
    at = torch.tensor(found["Huber"], dtype=torch.float64).expand(len(sample)).clone().requires_grad_()
    torch.nn.HuberLoss()(at, torch.tensor(sample)).backward()
    assert at.grad is not None
    assert abs(float(at.grad.sum())) < 5e-3


def test_keys_move_the_mean_and_not_the_median(watched: Callable[..., Any]) -> None:
    page = started(watched)
    before = told(page)
    page.focus(SLIDER)
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.ly-centres input').getAttribute('aria-valuetext') > '0.4'")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    after = told(page)
    assert after["MSE"] > before["MSE"] + 0.1
    assert after["L1"] == before["L1"]
    assert page.locator(".ly-centres svg circle").count() == len(after)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_shifts(fresh: Callable[..., Any], web: str, size: dict[str, int]) -> None:
    page = fresh(viewport=size)
    page.add_init_script(SHIFTS)
    # Fonts come when they please; here only the script may move anything.
    page.route("**/fonts.css", lambda route: route.fulfill(body="", content_type="text/css"))
    page.goto(web)
    page.wait_for_selector(".ly-centres--live")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.shifts") == []
    box = page.locator(".ly-centres .ly-chart").bounding_box()
    page.emulate_media(media="print")
    assert page.locator(".ly-centres img").is_visible()
    assert not page.locator(".ly-centres .ly-chart").is_visible()
    # On a phone it is taller than it is drawn, for its letters do not shrink.
    shape = 6 / 5 if size == PHONE else 560 / 380
    assert box["width"] / box["height"] == pytest.approx(shape, rel=0.01)


def test_without_a_script_the_picture_is_there(watched: Callable[..., Any]) -> None:
    page = watched("", java_script_enabled=False)
    assert page.locator(".ly-centres img").is_visible()
    assert not page.locator(SLIDER).is_visible()


def test_a_loss_is_found_in_the_field_and_opened(watched: Callable[..., Any]) -> None:
    page = watched("", viewport=DESKTOP)
    field = page.get_by_role("combobox", name="Find a loss by any of its names")
    field.click()
    page.wait_for_selector("#ly-find[data-ready]")
    page.keyboard.type("quadratic")
    option = page.locator("#ly-found [aria-selected=true]")
    assert option.locator(".ly-found__name").inner_text() == "Mean squared error (L2)"
    assert page.evaluate("document.activeElement.id") == "ly-find"  # it is the field itself that finds
    page.keyboard.press("Enter")
    page.wait_for_url("**/losses/mse/")
    page.go_back()
    field.fill("kullback")
    page.locator("#ly-found [role=option]", has_text="Kullback-Leibler").first.click()
    page.wait_for_url("**/losses/kl_div/")


def test_what_no_name_answers_the_search_is_asked(watched: Callable[..., Any]) -> None:
    page = watched("", viewport=DESKTOP)
    page.locator("#ly-find").click()
    page.wait_for_selector("#ly-find[data-ready]")
    page.keyboard.type("outliers")
    options = page.locator("#ly-found [role=option]")
    assert options.all_inner_texts() == ["No loss is called “outliers”.", "Search all pages for “outliers”"]
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement?.matches('[data-md-component=search-query]')")
    assert page.locator("[data-md-component=search-query]").input_value() == "outliers"
    page.locator(".md-search-result__list a", has_text="Huber").first.wait_for()


def test_names_that_cannot_be_had_leave_the_search(fresh: Callable[..., Any], web: str) -> None:
    page = fresh(viewport=DESKTOP)
    page.route("**/search.json", lambda route: route.abort())
    page.goto(web, wait_until="load")
    page.locator("#ly-find").click()
    page.wait_for_selector("#ly-find[data-ready]")
    page.keyboard.type("hub")
    assert page.locator("#ly-found [role=option]").all_inner_texts() == ["Search all pages for “hub”"]
