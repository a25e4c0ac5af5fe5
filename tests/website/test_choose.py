"""The page of questions: from a task to a few losses, without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from cases import LOSSES
from lossary.declaration.choosing import PLACES, QUESTIONS
from lossary.declaration.vocabulary import TASKS
from website.conftest import Site
from website.tools import classes, words

PATH = "choose/index.html"


def of(page: Any, name: str) -> list[Any]:
    """The elements of a class."""
    return [element for element in page.tree.iter() if name in classes(element)]


def test_every_task_and_every_loss_is_there(site: Site) -> None:
    page = site.pages[PATH]
    ids = {element.get("id") for element in page.tree.iter()}
    assert set(TASKS) <= ids
    assert {place.replace("/", "-") for place in PLACES} <= ids
    content = page.one(".//article")
    linked = {found[1] for a in content.iter("a") if (found := re.search(r"losses/(\w+)/$", a.get("href") or ""))}
    assert linked == set(LOSSES)


def test_each_card_says_what_the_page_of_its_loss_says(site: Site) -> None:
    """Word for word, below the same headings."""
    cards = of(site.pages[PATH], "ly-choice")
    assert len(cards) == sum(len(loss.answers) for loss in LOSSES.values())
    for card in cards:
        link = next(card.iter("a"))
        slug = link.get("href").rstrip("/").rpartition("/")[2]
        assert words(link) == LOSSES[slug].title
        page = words(site.pages[f"losses/{slug}/index.html"].one(".//article"))
        reason, change = [words(e) for e in card.iter("p")][-2:]
        assert reason in page
        assert change.removeprefix("What would change the answer ") in page


def test_a_link_to_an_answer_unfolds_it(watched: Callable[..., Any]) -> None:
    """It stands within everything that folds, and shows its losses without a script."""
    place = max(PLACES, key=lambda one: one.count("/")).replace("/", "-")
    page = watched(f"choose/#{place}", java_script_enabled=False)
    told = page.locator(f"[id='{place}']")
    assert told.is_visible()
    assert told.locator("xpath=following-sibling::*[1]").locator(".ly-choice").first.is_visible()
    assert page.locator("details:not([open]) .ly-choice").first.is_hidden()


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_it_is_no_wider_than_the_screen_with_all_unfolded(watched: Callable[..., Any], size: tuple[int, int]) -> None:
    page = watched("choose/", viewport={"width": size[0], "height": size[1]})
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    wide = page.evaluate(
        "[...document.querySelectorAll('.ly-choice')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
        ".map((e) => e.textContent.trim().slice(0, 60))"
    )
    assert wide == []


def test_home_leads_to_it(site: Site) -> None:
    links = [a.get("href") for a in site.pages["index.html"].one(".//article").iter("a")]
    assert "choose/" in links
    assert len(QUESTIONS) == len(of(site.pages[PATH], "ly-tasks")[0].findall(".//li"))
