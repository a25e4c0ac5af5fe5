"""The search box of the built site: what it fetches and when, and that it shows what the ranking answers.

What is ranked how is tried in test_ranking.py, by the same script as the command line runs.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from cases import OF_THE_DAY
from lossary.commands.search import answers
from test_ranking import A_LOSS, questions
from website.conftest import Site
from website.test_browser import DESKTOP, PHONE, turn
from website.tools import NIGHTLY

pytestmark = pytest.mark.in_turns("docs/assets/js", "scripts/theme", "src/lossary/publishing", "src/lossary/hooks.py")

SCRIPTS = ("search.js", "ranking.js", "minisearch.js")
BOX = "[data-md-component=search-query]"
RESULTS = ".md-search-result__list"
# What the site's worker answers to each question, asked in the theme's own words.
SPEAK = """
async (questions) => {
  const worker = new Worker(JSON.parse(document.getElementById("__config").textContent).search);
  const told = () =>
    new Promise((resolve) => worker.addEventListener("message", ({ data }) => resolve(data), { once: true }));
  worker.postMessage({ type: 0, data: { config: {}, docs: [], options: { suggest: true } } });
  const ready = await told();
  const found = [];
  for (const question of questions) {
    worker.postMessage({ type: 2, data: question });
    found.push(await told());
  }
  worker.terminate();
  return [ready, found];
}
"""
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
    opened(page)
    yield lambda queries: page.evaluate(ASK, list(queries))
    page.close()


def opened(page: Any) -> None:
    """Use the box by its key, and wait until the search is ready."""
    page.keyboard.press("/")
    page.wait_for_function(f"document.activeElement?.matches('{BOX}')")
    page.wait_for_function("!document.querySelector('.md-search-result__meta').textContent.includes('Initializing')")


def typed(page: Any, text: str) -> None:
    """Type a question into the open box and wait for what is shown."""
    page.locator(BOX).fill("")
    page.keyboard.type(text)
    page.locator(f"{RESULTS} > li").first.wait_for()


def asked_of(page: Any) -> list[str]:
    """The addresses that a page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_open_answers(fresh: Callable[..., Any], web: str, size: dict[str, int]) -> None:
    """In what the box shows; the page below is tried without it."""
    page = fresh(viewport=size)
    page.goto(web)
    if size == PHONE:
        page.locator("label.md-header__button[for=__search]").click()
        page.wait_for_function(
            "!document.querySelector('.md-search-result__meta').textContent.includes('Initializing')"
        )
    else:
        opened(page)
    typed(page, "dice loss nan")
    for system in ("light", "dark"):
        turn(page, system)
        results = Axe().run(page, context=".md-search__inner")
        assert results.violations_count == 0, f"{system}: {results.generate_report()}"


@pytest.mark.parametrize("path", ["", "losses/huber/", "compare/"])
def test_nothing_of_the_search_is_fetched_before_it_is_used(fresh: Callable[..., Any], web: str, path: str) -> None:
    page = fresh()
    asked = asked_of(page)
    page.goto(web + path, wait_until="networkidle")
    assert [url for url in asked if "search" in url or url.endswith(("ranking.js", "minisearch.js"))] == []
    asked.clear()
    opened(page)
    assert sorted(url.removeprefix(web).partition("?")[0] for url in asked) == sorted(
        ["search.json", "search-pages.json", *(f"assets/js/{name}" for name in SCRIPTS)]
    )


def test_the_index_is_small_and_so_is_what_reads_it(site: Site) -> None:
    index = [gzip.compress((site.folder / name).read_bytes(), 9) for name in ("search.json", "search-pages.json")]
    assert sum(map(len, index)) <= A_LOSS * 1000 * len(site.slugs)
    scripts = [gzip.compress((site.folder / "assets" / "js" / name).read_bytes(), 9) for name in SCRIPTS]
    assert sum(map(len, scripts)) <= 20_000


def test_places_stand_on_their_pages(site: Site) -> None:
    losses, others = (
        json.loads((site.folder / name).read_text("utf-8")) for name in ("search.json", "search-pages.json")
    )
    pages = [(f"losses/{loss['slug']}/", loss["places"]) for loss in losses["losses"]]
    pages += [(page["location"], page["places"]) for page in others]
    assert {path for path, _ in pages} == {path for path in site.paths if path != "404.html"}
    missing = [
        (path, place[0])
        for path, places in pages
        for text in ((site.folder / path / "index.html").read_text("utf-8"),)
        for place in places
        if f'id="{place[0]}"' not in text
    ]
    assert missing == []


def test_the_worker_answers_as_the_command_line(fresh: Callable[..., Any], web: str) -> None:
    """The same losses in the same order, of the same score, and the same places; other pages stand between them."""
    page = fresh()
    page.goto(web)
    asked = [query for query, _ in questions()]
    ready, found = page.evaluate(SPEAK, asked)
    assert ready == {"type": 1}
    for query, result, told in zip(asked, found, answers(asked), strict=True):
        assert result["type"] == 3
        shown = []
        for group in result["data"]["items"]:
            (article,) = (item for item in group if "#" not in item["location"])
            if article["location"].startswith("losses/"):
                places = {item["location"].partition("#")[2]: item["score"] for item in group if item is not article}
                shown.append((article["location"].split("/")[1], pytest.approx(article["score"]), sorted(places)))
            assert [item["score"] for item in group] == sorted((item["score"] for item in group), reverse=True)
        expected = [(one["slug"], one["score"], sorted(place["anchor"] for place in one["places"])) for one in told]
        assert shown == expected, query


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


def test_a_search_with_no_match_shows_none(first_results: Callable[[Sequence[str]], list[str | None]]) -> None:
    assert first_results(["qqqqxyzzy"]) == [None]


def test_other_pages_are_found(first_results: Callable[[Sequence[str]], list[str | None]]) -> None:
    assert first_results(["compare losses", "use it in your docs"]) == ["compare/", "use-in-docs/"]


def test_a_place_stands_in_its_pages_group_and_enter_goes_there(watched: Callable[..., Any]) -> None:
    page = watched("", viewport=DESKTOP)
    opened(page)
    typed(page, "zero_infinity")
    first = page.locator(f"{RESULTS} > li").first
    links = [link.get_attribute("href").split("losses/")[1] for link in first.locator("a").all()]
    assert links[:2] == ["ctc/", "ctc/#parameter-zero_infinity"]
    assert "zero" in [mark.inner_text() for mark in first.locator("mark").all()]
    page.keyboard.press("Enter")
    page.wait_for_url("**/losses/ctc/#parameter-zero_infinity")
    assert page.locator("tr:has(#parameter-zero_infinity)").is_visible()


def test_enter_goes_to_the_page_of_a_name(watched: Callable[..., Any]) -> None:
    page = watched("losses/huber/", viewport=DESKTOP)
    opened(page)
    typed(page, "hubre")
    typed(page, "croos entropy")
    page.keyboard.press("Enter")
    page.wait_for_url("**/losses/cross_entropy/")


def test_what_is_marked_is_text(fresh: Callable[..., Any], web: str) -> None:
    """Signs of HTML in a title stay signs."""
    page = fresh()
    page.goto(web)
    _, found = page.evaluate(SPEAK, ["quantile", "a < b & c > d", "<img src=x onerror=alert(1)>"])
    items = [item for one in found for group in one["data"]["items"] for item in group]
    assert items
    for text in (item[name] for item in items for name in ("title", "text")):
        assert "<" not in re.sub(r"</?p>|<mark data-md-highlight>|</mark>", "", text), text


def test_without_the_index_the_themes_own_search_answers(fresh: Callable[..., Any], web: str) -> None:
    page = fresh()
    page.context.route("**/search.json", lambda route: route.abort())
    try:
        page.goto(web, wait_until="networkidle")
        asked = asked_of(page)
        opened(page)
        typed(page, "huber")
        assert [url for url in asked if url.endswith("search/search_index.json")]
        assert any("losses/huber/" in link.get_attribute("href") for link in page.locator(f"{RESULTS} a").all())
    finally:
        page.context.unroute("**/search.json")


def test_a_question_in_the_address_is_answered(fresh: Callable[..., Any], web: str) -> None:
    page = fresh()
    page.goto(f"{web}?q=hubre")
    page.locator(f"{RESULTS} a[href*='losses/huber/']").first.wait_for()


def test_results_fit_a_phone(watched: Callable[..., Any]) -> None:
    page = watched("losses/huber/", viewport=PHONE)
    page.locator("label[for=__search]").first.click()
    page.wait_for_function(f"document.activeElement?.matches('{BOX}')")
    typed(page, "rare class should count more")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    links = page.locator(f"{RESULTS} a")
    assert links.evaluate_all("(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length") == 0


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
    assert "Downloads, each figure with the numbers that it plots" in embeds["text"]
