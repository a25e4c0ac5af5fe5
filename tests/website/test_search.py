"""The search box of the built site finds each loss by every name it has, and by what people ask.

queries.tsv holds real questions: the query, the loss that should come first, and losses that would be right as well.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cases import OF_THE_DAY
from website.conftest import Site
from website.tools import NIGHTLY

pytestmark = pytest.mark.in_turns("docs/assets/js", "src/lossary/publishing")

# Keeps what the theme's search worker last answered, so that a test knows when the list shows it.
LISTEN = """
const Plain = Worker;
window.answers = [];
window.asked = 0;
window.Worker = class extends Plain {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", (event) => { if (event.data.type === 3) window.answers.push(event.data.data) });
  }
  postMessage(message, ...more) {
    if (message.type === 2) window.asked += 1;
    super.postMessage(message, ...more);
  }
};
"""
# Types each query and reads the address of the first result once the list is the worker's answer to it.
ASK = """
async (queries) => {
  const box = document.querySelector("[data-md-component=search-query]");
  const pause = () => new Promise((resolve) => setTimeout(resolve, 2));
  const wait = async (ready, what) => {
    for (const end = performance.now() + 300_000; performance.now() < end; await pause()) {
      const found = ready();
      if (found !== undefined) return found;
    }
    throw new Error(what);
  };
  const put = async (text) => {
    const before = window.answers.length;
    box.value = text;
    for (const kind of ["input", "keyup"]) box.dispatchEvent(new KeyboardEvent(kind, { bubbles: true, key: "a" }));
    // One text may be asked more than once; the last answer counts, and none may be under way.
    const whole = () => window.answers.length > before && window.answers.length === window.asked;
    return wait(() => whole() ? window.answers.at(-1) : undefined, "no answer to " + text);
  };
  const shown = () => {
    const link = document.querySelector(".md-search-result__list > li a.md-search-result__link");
    return link ? new URL(link.href).pathname.slice(1) : null;
  };
  const found = [];
  for (const query of queries) {
    await put("zzqqzz");  // no results: what is shown next is the answer to the query
    await wait(() => shown() === null ? true : undefined, "the list stays after nothing was found");
    const answer = await put(query);
    const first = answer.items.length ? answer.items[0][0].location.split("#")[0] : null;
    found.push(await wait(() => shown() === first ? [first] : undefined, "the list does not show " + first));
  }
  return found.map(([first]) => first);
}
"""


@pytest.fixture(scope="module")
def first_results(browser: Any, web: str) -> Iterator[Callable[[Sequence[str]], list[str | None]]]:
    """Asks the search box and gives the path of the first result of each query."""
    page = browser.new_page()
    page.add_init_script(LISTEN)
    page.goto(web)
    page.keyboard.press("/")
    page.wait_for_function("document.activeElement?.matches('[data-md-component=search-query]')")
    page.wait_for_function("!document.querySelector('.md-search-result__meta').textContent.includes('Initializing')")
    yield lambda queries: page.evaluate(ASK, list(queries))
    page.close()


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=NIGHTLY)], ids=["some", "all"])
def test_every_name_of_a_loss_finds_it_first(
    first_results: Callable[[Sequence[str]], list[str | None]], site: Site, every: bool
) -> None:
    """Title and slug of each loss, and the other names of those of the day; all of all each night."""
    chosen = {e["slug"] for e in site.index if every or e["slug"] in OF_THE_DAY}
    named = ((e["slug"], (*(e["aliases"] if e["slug"] in chosen else ()), e["title"], e["slug"])) for e in site.index)
    asked = [(name, slug) for slug, names in named for name in names if name]
    found = first_results([name for name, _ in asked])
    wrong = [
        f"{name!r} finds {path}, not {slug}"
        for (name, slug), path in zip(asked, found, strict=True)
        if path != f"losses/{slug}/"
    ]
    assert not wrong, "\n".join(wrong)
    assert len(asked) > 100


def test_questions_find_the_right_loss_first(
    first_results: Callable[[Sequence[str]], list[str | None]], site: Site
) -> None:
    with (Path(__file__).parent / "queries.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert {row["expected"] for row in rows} <= set(site.slugs)
    found = first_results([row["query"] for row in rows])
    wrong = []
    for row, path in zip(rows, found, strict=True):
        right = [row["expected"], *filter(None, (row["also_right"] or "").replace(" ", "").split(","))]
        if path not in [f"losses/{slug}/" for slug in right]:
            wrong.append(f"{row['query']!r} finds {path}, not {row['expected']}")
    assert len(wrong) <= 0.05 * len(rows), "\n".join(wrong)


def test_every_letter_and_digit_can_be_searched_for(fresh: Callable[..., Any], web: str) -> None:
    """Lunr's token set goes wrong where an index holds many numbers: a search then fails in silence."""
    page = fresh()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(LISTEN)
    page.goto(web)
    page.keyboard.press("/")
    page.wait_for_function("!document.querySelector('.md-search-result__meta').textContent.includes('Initializing')")
    page.evaluate(ASK, [*"0123456789abcdefghijklmnopqrstuvwxyz", "between 0 and 1", "p == 1", "0-1 loss", "1e-6"])
    assert [text for text in said if "Invalid query" in text] == []


def test_a_search_with_no_match_shows_none(first_results: Callable[[Sequence[str]], list[str | None]]) -> None:
    assert first_results(["qqqqxyzzy"]) == [None]


def test_no_control_and_no_snippet_stands_in_the_index(site: Site) -> None:
    """What is said of a page is found, what its buttons are called is not: an excerpt would show it."""
    index = json.loads((site.folder / "search" / "search_index.json").read_text("utf-8"))["docs"]
    words = [
        *("copy link", "copy embed code", "curvature share", "log scale curvature", "Push the 5 largest"),
        *("HTMLMaterialSphinx", "at equal curvature", "../../figures/", "Find a loss by any of its names"),
    ]
    wrong = [(entry["location"], word) for entry in index for word in words if word in entry["text"]]
    assert wrong == []
    # What follows the controls is still there.
    (huber,) = (entry for entry in index if entry["location"] == "losses/huber/")
    assert "A parabola between the two marks" in huber["text"]
    (embeds,) = (entry for entry in index if entry["location"] == "losses/huber/#embed-this")
    assert "Downloads; the figures with the numbers that they plot" in embeds["text"]
