"""Facets, lists, the table of properties and small charts: what they show is what losses.json says, in every state."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest

from lossary.publishing.facets import plain
from website.conftest import Site
from website.test_browser import DESKTOP, PHONE, WIDE, expect_accessible, load_all
from website.test_compare import MARKUP, NAMES, hostile
from website.tools import NIGHTLY, Page, classes, words

pytestmark = pytest.mark.in_turns("docs/assets", "src/lossary/publishing")

Open = Callable[..., Any]
Facets = Mapping[str, Mapping[str, set[str]]]

PANELS = {"home": "index.html", "compare": "compare/index.html", "properties": "properties/index.html"}
# Where a reader may choose several values, a loss needs one of them, or here all of them.
EVERY = {"takes", "property"}


def _holds(entry: Mapping[str, Any], key: str, holds: Callable[[Any], bool]) -> bool:
    """Whether a property has a value of a kind, on each branch."""
    found = entry["properties"].get(key)
    return found is not None and all(map(holds, [found["value"], *found.get("branches", {}).values()]))


PROPERTIES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "convex": ("convex", lambda v: v is True),
    "not-convex": ("convex", lambda v: v is False),
    "smooth": ("smoothness", lambda v: v in {"C1", "C2", "Cinf"}),
    "with-a-kink": ("smoothness", lambda v: v == "C0"),
    "lipschitz": ("lipschitz", lambda v: v != "inf"),
    "lipschitz-gradient": ("gradient_lipschitz", lambda v: v != "inf"),
    "bounded": ("bounded", lambda v: v is True),
    "redescending": ("redescending", lambda v: v is True),
    "symmetric": ("symmetric", lambda v: v is True),
    "proper": ("proper", lambda v: v in {"proper", "strictly proper"}),
    "calibrated": ("calibrated", lambda v: v is True),
}


def facets(index: Iterable[Mapping[str, Any]]) -> Facets:
    """What losses.json says of each facet and value: the slugs of its losses."""
    found: dict[str, dict[str, set[str]]] = {}

    def add(facet: str, value: str, slug: str) -> None:
        found.setdefault(facet, {}).setdefault(value, set()).add(slug)

    for entry in index:
        slug = entry["slug"]
        for task in entry["tasks"]:
            add("task", plain(task), slug)
        for kind in entry["takes"]:
            add("takes", plain(kind), slug)
        add("family", entry["family"].replace("_", "-"), slug)
        add("torch", "in-pytorch" if entry["torch"] else "not-in-pytorch", slug)
        for name, (key, holds) in PROPERTIES.items():
            if _holds(entry, key, holds):
                add("property", name, slug)
        if "elicits" in entry["properties"]:
            add("elicits", plain(entry["properties"]["elicits"]["value"]), slug)
    return found


def left(known: Facets, chosen: Mapping[str, Sequence[str]], slugs: Iterable[str]) -> set[str]:
    """The losses that a choice leaves."""
    kept = set(slugs)
    for facet, values in chosen.items():
        of_each = [known[facet][value] for value in values]
        kept &= set.intersection(*of_each) if facet in EVERY else set.union(*of_each)
    return kept


def counts(known: Facets, chosen: Mapping[str, Sequence[str]], slugs: Sequence[str]) -> dict[str, int]:
    """How many losses each value would leave, besides what is chosen in the other facets, by "facet=value"."""
    made = {}
    for facet, values in known.items():
        for value in values:
            own = chosen.get(facet, ()) if facet in EVERY else ()
            made[f"{facet}={value}"] = len(left(known, {**chosen, facet: [*own, value]}, slugs))
    return made


@pytest.fixture(scope="module")
def known(site: Site) -> Facets:
    """What losses.json says, with families by the names that an address has."""
    found = facets(site.index)
    titles = {e["family"]: title for e in site.index for title in [_family_title(site, e["family"])]}
    found["family"] = {plain(titles[e["family"]]): set() for e in site.index}
    for entry in site.index:
        found["family"][plain(titles[entry["family"]])].add(entry["slug"])
    return found


def _family_title(site: Site, name: str) -> str:
    return words(site.pages[f"families/{name}/index.html"].one(".//h1")).removesuffix("#").strip()


# --- what is sent ---------------------------------------------------------------------------------------------------


def offered(page: Page) -> dict[str, tuple[str, int]]:
    """The values of a page's panel by "facet=value": where each leads, and how many losses it says."""
    made = {}
    for group in page.tree.iter("div"):
        for link in group.iter("a") if group.get("data-facet") else ():
            (count,) = (words(e) for e in link.iter("span"))
            made[f"{group.get('data-facet')}={link.get('data-value')}"] = link.get("href"), int(count)
    return made


@pytest.mark.parametrize("path", PANELS.values(), ids=PANELS)
def test_each_value_says_how_many_losses_it_has_and_leads_to_their_list(site: Site, known: Facets, path: str) -> None:
    found = offered(site.pages[path])
    assert {name: count for name, (_, count) in found.items()} == counts(known, {}, site.slugs)
    lists = {e.get("id") for e in site.pages["lists/index.html"].tree.iter() if e.get("id")}
    for href, _ in found.values():
        target = urlsplit(urljoin(f"http://here/{path}", href))
        assert target.path == "/lists/"
        assert target.fragment in lists


def test_lists_hold_the_losses_of_each_value(site: Site, known: Facets) -> None:
    article = site.pages["lists/index.html"].one(".//article")
    found: dict[str, set[str]] = {}
    heading = ""
    for element in article.iter():
        if element.tag in ("h2", "h3"):
            heading = element.get("id")
        elif element.tag == "li" and element.find("a") is not None and heading:
            found.setdefault(heading, set()).add(element.find("a").get("href").split("/")[-2])
    expected = {f"{facet}-{value}": slugs for facet, values in known.items() for value, slugs in values.items()}
    assert {name: slugs for name, slugs in found.items() if name in expected} == expected


def test_every_loss_is_three_clicks_away_without_a_script(site: Site) -> None:
    """From every page, by links alone."""
    linked: dict[str, set[str]] = {}
    for path, page in site.pages.items():
        base = "http://here/" + path.removesuffix("index.html")
        to = {urlsplit(urljoin(base, a.get("href"))).path[1:] for a in page.tree.iter("a") if a.get("href")}
        linked[path.removesuffix("index.html")] = to
    losses = {f"losses/{slug}/" for slug in site.slugs}
    for start in linked:
        reached = {start}
        for _ in range(3):
            reached = reached.union(*(linked.get(path, set()) for path in reached))
        assert losses <= reached, start


def test_the_table_says_what_each_loss_is_and_how_it_is_known(site: Site) -> None:
    table = site.pages["properties/index.html"].one(".//article//table")
    head, *rows = table.iter("tr")
    columns = [words(cell) for cell in head]
    assert len(rows) == len(site.index)
    keys = {"Convex": "convex", "Smooth": "smoothness", "Lipschitz": "lipschitz",
            "Lipschitz gradient": "gradient_lipschitz", "Bounded": "bounded", "Supremum": "supremum",
            "Symmetric": "symmetric", "Redescending": "redescending", "When perfect": "value_at_perfect",
            "Elicits": "elicits", "Proper": "proper", "Calibrated": "calibrated"}  # fmt: skip
    assert set(columns) == {"Loss", "Family", "PyTorch", "Along the", *keys}
    for entry, row in zip(site.index, rows, strict=True):
        cells = dict(zip(columns, row, strict=True))
        assert cells["Loss"].find("a").get("href") == f"../losses/{entry['slug']}/"
        assert words(cells["PyTorch"]) == ("yes" if entry["torch"] else "no")
        for column, key in keys.items():
            claim = entry["properties"].get(key)
            if claim is None:
                assert words(cells[column]) == "–", (entry["slug"], key)
                continue
            mark = cells[column].find("i")
            assert words(mark) == mark.get("title") == claim["evidence"]
            said = words(cells[column]).removesuffix(claim["evidence"]).strip()
            if isinstance(claim["value"], bool) and ";" not in said:
                assert said == ("yes" if claim["value"] else "no"), (entry["slug"], key)
            if claim["value"] == "inf":
                assert said == "∞"
            if key in ("lipschitz", "supremum") and claim["value"] != "inf":
                assert float(said.replace("−", "-")) == pytest.approx(claim["value"], rel=1e-4)


HEAVIEST = 300_000  # bytes of a page with its pictures, packed


def test_a_family_of_many_draws_each_loss_before_one_picture_of_all_and_weighs_little(site: Site) -> None:
    drawn = 0
    for path, page in site.pages.items():
        for box in (e for e in page.tree.iter("div") if "ly-multiples" in classes(e)):
            links = list(box.iter("a"))
            behind = {link[0].get("src") for link in links}
            own = [link[1].get("src") for link in links]
            assert len(behind) == 1, "the picture behind them is fetched once"
            assert len(set(own)) == len(own) == len(links) > 8
            assert [src.rsplit("/", 1)[1] for src in own] == [f"{a.get('href').split('/')[-2]}.svg" for a in links]
            drawn += 1
        if path.startswith("families/"):
            folder = site.folder / path.removesuffix("index.html")
            files = {(folder / image.get("src")).resolve() for image in page.tree.iter("img")}
            weight = sum(len(gzip.compress(file.read_bytes())) for file in {*files, folder / "index.html"})
            assert weight < HEAVIEST, path
    assert drawn >= 3


def test_a_page_of_a_loss_weighs_little_besides_its_figures(fresh: Open, site: Site, web: str) -> None:
    """Of those with the longest text; the search brings what it needs when it is used."""
    heaviest = sorted(site.slugs, key=lambda slug: -(site.folder / "losses" / slug / "index.html").stat().st_size)
    for slug in ("huber", *heaviest[:2]):
        page = fresh(viewport=DESKTOP)
        sent: dict[str, bytes] = {}
        page.on("response", lambda r, sent=sent: sent.update({r.url: r.body()}) if r.url.startswith("http") else None)
        page.goto(f"{web}losses/{slug}/", wait_until="networkidle")
        kept = {url: body for url, body in sent.items() if not re.search(r"/figures/|search", url)}
        weight = sum(min(len(gzip.compress(body)), len(body)) for body in kept.values())
        assert len(kept) > 15
        assert weight < HEAVIEST, (slug, weight)
        page.close()


# --- choosing -------------------------------------------------------------------------------------------------------

# What is in sight of the gallery or of the table, in the order of the page.
SHOWN = """() => [...document.querySelectorAll(".ly-shelf:not([hidden]) li, .ly-matrix tbody tr")]
    .filter((e) => !e.hidden).map((e) => e.querySelector("a").pathname.split("/").at(-2))"""
COUNTS = """() => Object.fromEntries([...document.querySelectorAll("[data-facet] [data-value]")].map((e) => [
    `${e.closest("[data-facet]").dataset.facet}=${e.dataset.value}`, Number(e.querySelector("span").textContent)]))"""
TOLD = ".ly-facets__told [role=status]"


def query_of(chosen: Mapping[str, Sequence[str]]) -> str:
    return "&".join(f"{facet}={','.join(values)}" for facet, values in chosen.items())


def settled(page: Any, wanted: str) -> None:
    """Wait until the panel says so much."""
    page.wait_for_function("([s, wanted]) => document.querySelector(s).textContent === wanted", arg=[TOLD, wanted])


def choices(known: Facets, seed: int) -> dict[str, list[str]]:
    """Some values of some facets, as a reader may choose them."""
    draw = random.Random(seed)
    facets = draw.sample(sorted(known), 1 + seed % 3)
    return {facet: draw.sample(sorted(known[facet]), min(len(known[facet]), 1 + seed % 2)) for facet in facets}


@pytest.mark.parametrize("path", ["", "properties/"], ids=["home", "properties"])
def test_an_address_shows_what_it_leaves_with_counts_given_the_rest(
    watched: Open, site: Site, known: Facets, path: str
) -> None:
    page = watched(path, viewport=DESKTOP)
    for seed in range(8):
        chosen = choices(known, seed)
        page.goto(f"{page.url.partition('?')[0]}?{query_of(chosen)}")
        kept = left(known, chosen, site.slugs)
        settled(page, f"{len(kept)} of {len(site.slugs)} losses")
        assert set(page.evaluate(SHOWN)) == kept, chosen
        assert page.evaluate(COUNTS) == counts(known, chosen, site.slugs), chosen
        assert page.locator("[data-facet] [aria-pressed=true]").count() == sum(map(len, chosen.values()))
        # Wherever its facet is folded away, what is chosen is in sight, to be taken back.
        told = page.locator(".ly-facets__told [data-of]")
        found = [told.nth(k).get_attribute("data-value") for k in range(told.count())]
        assert sorted(found) == sorted(itertools.chain.from_iterable(chosen.values()))


def test_choosing_narrows_and_going_back_widens(watched: Open, site: Site, known: Facets) -> None:
    page = watched("", viewport=DESKTOP)
    every = page.evaluate(SHOWN)
    assert sorted(every) == site.slugs
    page.locator("[data-facet=task] [data-value=regression]").click()
    settled(page, f"{len(known['task']['regression'])} of {len(every)} losses")
    assert urlsplit(page.url).query == "task=regression"
    page.locator(".ly-facets__more summary").click()
    page.locator("[data-facet=property] [data-value=bounded]").click()
    both = known["task"]["regression"] & known["property"]["bounded"]
    settled(page, f"{len(both)} of {len(every)} losses")
    assert set(page.evaluate(SHOWN)) == both
    assert urlsplit(page.url).query == "task=regression&property=bounded"
    assert page.locator(".ly-shelf:visible h2").count() == len({e["family"] for e in site.index if e["slug"] in both})
    # What would leave nothing cannot be chosen.
    empty = [name for name, count in page.evaluate(COUNTS).items() if count == 0]
    assert empty
    for name in empty:
        facet, _, value = name.partition("=")
        assert page.locator(f"[data-facet={facet}] [data-value={value}]").is_disabled(), name
    page.go_back()
    settled(page, f"{len(known['task']['regression'])} of {len(every)} losses")
    page.reload()
    settled(page, f"{len(known['task']['regression'])} of {len(every)} losses")
    page.get_by_role("button", name="show all").click()
    page.wait_for_function("location.search === ''")
    assert page.evaluate(SHOWN) == every
    assert page.evaluate("document.activeElement.matches('[data-value]')")


def test_keys_choose_as_well(watched: Open, known: Facets, site: Site) -> None:
    page = watched("properties/", viewport=DESKTOP)
    page.locator("[data-facet=task] button").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    focused = page.evaluate("document.activeElement.dataset.value")
    settled(page, f"{len(known['task'][focused])} of {len(site.slugs)} losses")
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    page.keyboard.press("Enter")
    page.wait_for_function("location.search === ''")


def test_the_catalog_is_fetched_once_and_not_before_it_is_wanted(fresh: Open, web: str) -> None:
    page = fresh(viewport=DESKTOP)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(web, wait_until="networkidle")
    assert [url for url in asked if url.endswith("plots/index.json")] == []
    page.locator("[data-facet=task] [data-value=regression]").click()
    page.wait_for_function("document.querySelector('.ly-facets__told').hidden === false")
    page.locator("[data-facet=task] [data-value=counts]").click()
    assert len([url for url in asked if url.endswith("plots/index.json")]) == 1


def test_a_catalog_that_cannot_be_had_is_said(fresh: Open, web: str) -> None:
    page = fresh(viewport=DESKTOP)
    page.route("**/plots/index.json", lambda route: route.abort())
    page.goto(f"{web}?task=regression")
    settled(page, "The losses could not be loaded.")
    assert page.evaluate(SHOWN)


HARMLESS = """() => {
    const ours = (e) => !/hit=1|alert\\(/.test(e.outerHTML);
    return [...document.querySelectorAll("article *")].every(ours) && window.hit === undefined;
}"""


def test_no_address_does_harm(watched: Open, known: Facets, site: Site) -> None:
    keys = ("task", "property", "sort", "losses")
    queries = hostile({"value": "task"}, keys, lambda slug, setting: f"{slug}={setting.replace('value=', '')}")
    draw = random.Random(5)
    page = watched("properties/", viewport=DESKTOP)
    start = page.url
    for query in (*draw.sample(queries, 25), *(f"{quote(name)}=regression" for name in NAMES), f"task={MARKUP[0]}"):
        page.evaluate(
            "(query) => { history.replaceState(null, '', query); dispatchEvent(new PopStateEvent('popstate')); }",
            f"{urlsplit(start).path}?{query}",
        )
        assert page.evaluate(HARMLESS), query
    page.goto(f"{start}?task=nonsense,regression&task=__proto__&sort=constructor")
    settled(page, f"{len(known['task']['regression'])} of {len(site.slugs)} losses")


# --- the table, sorted ----------------------------------------------------------------------------------------------

CELLS = """(k) => [...document.querySelectorAll(".ly-matrix tbody tr")].map((row) => [
    row.querySelector("a").pathname.split("/").at(-2), row.cells[k].textContent])"""
SMOOTHER = ["C∞", "C²", "C¹", "C⁰", "discontinuous"]


def _known(said: str) -> str:
    return re.sub(r"\s*(proven|checked|cited)$", "", said.strip())


def _ordered(values: Sequence[str]) -> bool:
    """Whether the words of a column stand in an order: yes first, the smoother first, numbers by size, else letters."""
    if set(values) <= {"yes", "no"}:
        keys: list[Any] = [value == "no" for value in values]
    elif set(values) <= {*SMOOTHER}:
        keys = [SMOOTHER.index(value) for value in values]
    elif all(re.fullmatch(r"[−∞\d.e-]+", value) for value in values):
        keys = [float(value.replace("−", "-").replace("∞", "inf")) for value in values]
    elif set(values) <= {"yes", "strictly", "no"}:
        return True  # by its own words
    else:
        # As a dictionary has them: letters without their accents, before them signs, before these spaces.
        bare = (unicodedata.normalize("NFKD", value.lower()) for value in values)
        keys = [re.sub(r"[^a-z0-9 ]", "!", "".join(c for c in text if not unicodedata.combining(c))) for text in bare]
    return all(a <= b for a, b in itertools.pairwise(keys))


def test_each_column_sorts_up_and_down_with_dashes_last(watched: Open, site: Site) -> None:
    page = watched("properties/", viewport=DESKTOP)
    heads = page.locator(".ly-matrix th button")
    names = heads.all_inner_texts()
    assert len(names) == len(set(names)) > 12
    for k in range(len(names)):
        for way in ("ascending", "descending"):
            heads.nth(k).click()
            assert page.locator(f".ly-matrix th[aria-sort={way}]").inner_text() == names[k]
            rows = page.evaluate(CELLS, k)
            assert sorted(slug for slug, _ in rows) == site.slugs
            values = [_known(said) for _, said in rows]
            told = [value for value in values if value != "–"]
            assert values == told + ["–"] * (len(values) - len(told)), names[k]
            assert _ordered(told if way == "ascending" else told[::-1]), (names[k], way)
        heads.nth(k).click()
        assert page.locator(".ly-matrix th[aria-sort]").count() == 0
        assert [slug for slug, _ in page.evaluate(CELLS, k)] == site.slugs


def test_order_and_choice_share_an_address(watched: Open, site: Site, known: Facets) -> None:
    # What is nobody's here stays as well, whatever it is called.
    page = watched("properties/?task=regression&sort=-lipschitz&constructor=1&ref=x", viewport=DESKTOP)
    settled(page, f"{len(known['task']['regression'])} of {len(site.slugs)} losses")
    assert page.locator(".ly-matrix th[aria-sort=descending]").inner_text() == "Lipschitz"
    shown = page.evaluate(SHOWN)
    assert set(shown) == known["task"]["regression"]
    page.locator(".ly-matrix th button").first.click()
    assert urlsplit(page.url).query == "task=regression&constructor=1&ref=x&sort=loss"
    page.locator("[data-facet=task] [data-value=counts]").click()
    page.wait_for_function("location.search.includes('task=regression,counts')")
    assert "&constructor=1&ref=x&sort=loss" in page.url


def test_the_head_and_the_names_stay_in_sight(watched: Open) -> None:
    for size in (DESKTOP, PHONE):
        page = watched("properties/", viewport=size)
        box = page.locator(".ly-matrix")
        box.evaluate("(e) => e.scrollTo(400, 900)")
        frame = box.bounding_box()
        head = page.locator(".ly-matrix th").first.bounding_box()
        assert head["y"] == pytest.approx(frame["y"], abs=2)
        assert head["x"] == pytest.approx(frame["x"], abs=2)
        assert head["width"] < size["width"] * 0.5
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


# --- compare --------------------------------------------------------------------------------------------------------


def test_facets_offer_losses_to_compare(watched: Open, site: Site, known: Facets) -> None:
    page = watched("compare/?property=redescending", viewport=DESKTOP)
    settled(page, f"{len(known['property']['redescending'])} of {len(site.slugs)} losses")
    found = page.locator(".ly-narrowed button")
    assert {found.nth(k).get_attribute("data-slug") for k in range(found.count())} == known["property"]["redescending"]
    page.locator(".ly-narrowed [data-slug=welsch]").click()
    page.wait_for_function("document.querySelectorAll('.ly-pick').length === 1")
    page.wait_for_function("location.search.includes('losses=welsch')")
    assert "property=redescending" in page.url
    assert page.evaluate("document.activeElement.dataset.slug") == "welsch"
    # What does not share the axis says why, and cannot be added.
    for k in range(found.count()):
        if "is drawn along" in (found.nth(k).get_attribute("title") or ""):
            assert found.nth(k).get_attribute("aria-disabled") == "true"
    page.locator(".ly-narrowed [data-slug=cauchy]").click()
    page.wait_for_function("document.querySelectorAll('.ly-pick').length === 2")
    page.get_by_role("button", name="Take back: redescending").click()
    page.wait_for_function("!location.search.includes('property')")
    assert page.locator(".ly-narrowed").is_hidden()
    assert page.locator(".ly-pick").count() == 2


# --- small charts ---------------------------------------------------------------------------------------------------


def test_the_loss_that_is_pointed_at_is_drawn_in_the_charts_of_the_others(watched: Open) -> None:
    page = watched("families/robust/", viewport=DESKTOP)
    load_all(page)
    box = page.locator(".ly-multiples").first
    links = box.locator("a")
    links.nth(2).hover()
    lifted = box.locator(".ly-lifted")
    assert lifted.count() == links.count() - 1
    own = links.nth(2).locator("img").last.get_attribute("src")
    assert {lifted.nth(k).get_attribute("src") for k in range(lifted.count())} == {own}
    assert links.nth(2).locator(".ly-lifted").count() == 0
    page.mouse.move(5, 5)
    assert lifted.count() == 0
    links.nth(4).focus()
    assert lifted.count() == links.count() - 1
    # Each lies exactly on the picture of the axes.
    places = (
        links.nth(0).locator("img").evaluate_all("all => all.map((e) => JSON.stringify(e.getBoundingClientRect()))")
    )
    assert len(places) == 3
    assert len(set(places)) == 1


# --- every page of these --------------------------------------------------------------------------------------------

PAGES = {
    "home": "?task=regression",
    "lists": "lists/",
    "properties": "properties/?task=regression&sort=convex",
    "compare": "compare/?losses=huber,mse&property=convex",
    "family": "families/robust/",
}


@pytest.mark.parametrize("path", [pytest.param(path, id=name) for name, path in PAGES.items()])
def test_axe_finds_nothing_and_a_phone_has_room(watched: Open, path: str) -> None:
    page = watched(path, viewport=DESKTOP, color_scheme="light")
    expect_accessible(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate(WIDE) == []


@NIGHTLY
@pytest.mark.parametrize("path", [pytest.param(path, id=name) for name, path in PAGES.items()])
def test_nothing_moves_while_a_page_loads(fresh: Open, web: str, path: str) -> None:
    from website.test_plot import SHIFTS

    page = fresh(viewport=DESKTOP)
    page.add_init_script(SHIFTS)
    page.route("**/fonts.css", lambda route: route.fulfill(body="", content_type="text/css"))
    page.goto(web + path.partition("?")[0], wait_until="networkidle")
    assert page.evaluate("window.shifts") == []


def test_the_index_of_the_losses_says_what_the_panels_say(site: Site, known: Facets) -> None:
    index = json.loads((site.folder / "plots" / "index.json").read_text("utf-8"))
    found: dict[str, dict[str, set[str]]] = {}
    for entry in index["losses"]:
        for facet, values in entry["facets"].items():
            for value in values:
                found.setdefault(facet, {}).setdefault(value, set()).add(entry["slug"])
    assert found == {facet: dict(values) for facet, values in known.items()}
