"""The built pages: their HTML, their twelve parts, their links and pictures, and the files for machines beside them."""

from __future__ import annotations

import csv
import inspect
import json
import math
import posixpath
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import jsonschema
import pytest
import sphobjinv
from sphinx.util.inventory import InventoryFile

import lossary
from cases import LOSSES, OF_THE_DAY
from lossary.discovery.catalogs import sources
from lossary.evaluation.torch_calls import pairs_a_column
from lossary.publishing.page import absent
from website.conftest import Site
from website.tools import ADDRESS, NIGHTLY, ROOT, Page, classes, parse, words

SLUGS = [source.slug for source in sources()]
every_slug = pytest.mark.parametrize("slug", SLUGS)
page_of_the_day = pytest.mark.parametrize(
    "slug", [pytest.param(slug, marks=() if slug in OF_THE_DAY else pytest.mark.nightly) for slug in SLUGS]
)
# Pages are parsed strictly, which takes time, and only once where all that reads them is in one process.
pytestmark = pytest.mark.xdist_group("pages")

# What a browser fetches by itself; a plain link is followed by people only.
FETCHED = {"script": ["src"], "img": ["src", "srcset"], "source": ["src", "srcset"], "iframe": ["src"], "use": ["href"],
           "link": ["href"], "embed": ["src"], "object": ["data"], "video": ["src", "poster"], "audio": ["src"],
           "image": ["href"], "track": ["src"], "input": ["src"]}  # fmt: skip
NOT_FETCHED = {"canonical", "prev", "next", "alternate"}
PLACEHOLDERS = re.compile(
    r"\b(TODO|FIXME|XXX|undefined|None None|lorem ipsum)\b|\{%|%\}|\[\[[a-z]\w*[|\]]", re.IGNORECASE
)


def loss_page(site: Site, slug: str) -> Page:
    return site.pages[f"losses/{slug}/index.html"]


def test_every_page_is_there(site: Site) -> None:
    expected = {"index.html", "404.html", "about/index.html", "original-post/index.html", "use-in-docs/index.html"}
    expected |= {"python/index.html", "lists/index.html", "properties/index.html"}
    expected |= {f"losses/{slug}/index.html" for slug in SLUGS}
    expected |= {f"families/{source.family}/index.html" for source in sources()}
    assert expected <= set(site.pages)
    assert site.slugs == SLUGS


# --- every page -----------------------------------------------------------------------------------------------------


def test_html_is_valid_and_ids_are_unique(site: Site) -> None:
    for page in site.pages.values():  # parsing is strict: an error raises
        ids = Counter(e.get("id") for e in page.tree.iter() if e.get("id"))
        assert [name for name, count in ids.items() if count > 1] == [], page.path
        assert len(page.all(".//h1")) == 1, page.path
        assert page.tree.get("lang") == "en"
        levels = [int(e.tag[1]) for e in page.one(".//article").iter() if re.fullmatch("h[1-6]", str(e.tag))]
        jumps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
        assert jumps == [], f"{page.path}: headings skip a level"


def test_embeds_are_valid_pages_of_their_own(site: Site) -> None:
    assert list(site.embeds) == [f"embed/{slug}/index.html" for slug in site.slugs]
    for page in site.embeds.values():
        ids = Counter(e.get("id") for e in page.tree.iter() if e.get("id"))
        assert [name for name, count in ids.items() if count > 1] == [], page.path
        assert (len(page.all(".//h1")), len(page.all(".//main")), page.tree.get("lang")) == (1, 1, "en")
        assert words(page.one(".//title")).startswith(words(page.one(".//h1")))
        assert page.meta("robots") == "noindex"


def test_every_page_describes_itself(site: Site) -> None:
    titles, descriptions = Counter(), Counter()
    for page in site.pages.values():
        title, description = words(page.one(".//title")), page.meta("description")
        assert title, page.path
        assert description, page.path
        assert 20 <= len(description) <= 300, f"{page.path}: {description!r}"
        titles[title] += 1
        descriptions[description] += page.path != "404.html"
        for name in ("og:title", "og:description", "og:type", "og:site_name", "twitter:card"):
            assert page.meta(name), f"{page.path}: no {name}"
        assert page.meta("og:description") == description
    assert titles.most_common(1)[0][1] == 1
    assert descriptions.most_common(1)[0][1] == 1


def test_no_placeholder_is_left(site: Site) -> None:
    for page in site.pages.values():
        prose = " ".join(word for word in _prose(page.one(".//article")))
        assert not (found := PLACEHOLDERS.search(prose)), f"{page.path}: {prose[found.start() - 60 : found.end() + 60]}"


def _prose(element: ET.Element) -> Iterator[str]:
    """The text of an element without that of code, where a name may be any word."""
    if element.tag in ("code", "pre"):
        return
    yield element.text or ""
    for child in element:
        yield from _prose(child)
        yield child.tail or ""


def test_nothing_is_fetched_from_another_host(site: Site) -> None:
    for page in (*site.pages.values(), *site.embeds.values()):
        for element in page.tree.iter():
            if NOT_FETCHED & set((element.get("rel") or "").split()):
                continue
            for name in FETCHED.get(str(element.tag), ()):
                value = element.get(name) or ""
                assert not re.search(r"(^|[\s,])(\w+:)?//", value), f"{page.path}: {element.tag} {name}={value}"
        assert "@import" not in page.html, page.path
    for path in [*site.folder.rglob("*.css"), *site.folder.rglob("*.svg")]:
        text = path.read_text("utf-8")
        assert not re.search(r"url\(\s*[\"']?(?!data:)(\w+:)?//|@import|\bhref=[\"'](\w+:)?//", text), path
    # The theme's own bundle names hosts that it asks only for features that are off; the browser tests watch it.
    for path in [*(site.folder / "assets" / "js").rglob("*.js"), *(site.folder / "plots").glob("*.js")]:
        # A namespace is a name, and nobody fetches it.
        text = path.read_text("utf-8").replace("http://www.w3.org/", "")
        assert not re.search(r"[\"'`](https?:)?//", text), path


def test_links_lead_somewhere(site: Site) -> None:
    """Pages, files and fragments, by our own reading of the addresses."""
    ids = {name: {e.get("id") for e in page.tree.iter()} for name, page in site.pages.items()}
    count = 0
    for page in site.pages.values():
        for target, fragment in _targets(page):
            count += 1
            path = "index.html" if target == "" else target + "index.html" if target.endswith("/") else target
            assert (site.folder / path).is_file(), f"{page.path}: no file {path}"
            if fragment and path in ids:
                assert fragment in ids[path], f"{page.path}: no #{fragment} in {path}"
    assert count > 60 * len(site.pages)


def _targets(page: Page) -> Iterator[tuple[str, str]]:
    """Where a page's links and pictures point on this site: path from its root, and fragment."""
    base = "http://here/" + page.path.removesuffix("index.html")
    for element in page.tree.iter():
        for name in ("href", "src", "srcset"):
            value = element.get(name)
            if value is None or str(element.tag).endswith("base"):
                continue
            address, fragment = urldefrag(urljoin(base, value.split()[0] if name == "srcset" else value))
            if urlsplit(address).netloc == "here":
                yield unquote(urlsplit(address).path.removeprefix("/")), unquote(fragment)


@pytest.mark.site
@pytest.mark.parametrize("address", ["", pytest.param(ADDRESS, marks=NIGHTLY)], ids=["site", "published"])
def test_lychee_finds_no_broken_link(address: str, request: pytest.FixtureRequest) -> None:
    built: Site = request.getfixturevalue("published" if address else "site")
    lychee = Path(sys.executable).with_name("lychee")
    root = built.folder.parent if address else built.folder
    command = [lychee, "--offline", "--include-fragments", "--no-progress", "--format=json", "--index-files=index.html",
               f"--root-dir={root}", "--remap", f"{ADDRESS}(.*) file://{built.folder}/$1",
               str(built.folder / "**" / "*.html")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["successful"] > 40 * len(built.pages)


def test_every_picture_is_there_with_its_size(site: Site) -> None:
    seen = 0
    for page in site.pages.values():
        linked = {id(image) for a in page.all(".//a") if words(a) for image in a.iter("img")}
        for image in page.all(".//img"):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page.path), image.get("src")))
            assert image.get("alt") is not None, f"{page.path}: {path} has no alt"
            assert image.get("alt") or id(image) in linked, f"{page.path}: {path} has neither alt nor a title beside it"
            given = int(image.get("width")), int(image.get("height"))
            assert given == _size(site.folder / path), f"{page.path}: {path}"
            seen += 1
    assert seen >= 3 * len(SLUGS)


def _size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    if path.suffix == ".png":
        return struct.unpack(">II", data[16:24])
    root = ET.fromstring(data)
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    return int(root.attrib["width"]), int(root.attrib["height"])


def test_any_figures_can_stand_in_one_page(files: dict[str, bytes]) -> None:
    """Each figure of the site is small and says what it shows, and no two share an id, whatever stands in a page."""
    ids: dict[str, str] = {}
    figures = {path: data for path, data in files.items() if path.startswith("figures/") and path.endswith(".svg")}
    assert len(figures) > 400
    for path, data in figures.items():
        root = ET.fromstring(data)
        width, height = root.get("width"), root.get("height")
        assert root.get("viewBox") == f"0 0 {width} {height}", path
        assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"], path
        assert len(root[1].text or "") > 20, path
        assert len(data) < (38_000 if path.rpartition("/")[2].startswith("card") else 32_000), path
        for found in (own for element in root.iter() if (own := element.get("id"))):
            # The same drawing may be published twice, under two names.
            other = ids.setdefault(found, path)
            assert other == path or files[other] == data, (found, other, path)


def test_edit_links_open_the_file_that_makes_the_page(site: Site) -> None:
    head = "https://github.com/lossary/lossary/edit/main/"
    edited = {}
    for page in site.pages.values():
        links = page.all(".//a[@rel='edit']")
        assert len(links) <= 1
        if links:
            assert links[0].get("href").startswith(head), page.path
            edited[page.path] = links[0].get("href").removeprefix(head)
    for source in sources():
        assert edited[f"losses/{source.slug}/index.html"] == f"src/lossary/losses/{source.family}/{source.slug}.py"
        assert edited[f"families/{source.family}/index.html"] == f"src/lossary/losses/{source.family}/__init__.py"
    assert edited["original-post/index.html"] == "src/lossary/articles/original-post.md"
    assert edited["about/index.html"] == "docs/about.md"
    assert [path for path in edited.values() if not (ROOT / path).is_file()] == []


def test_every_page_is_in_the_navigation_but_for_losses_of_other_families(site: Site) -> None:
    families = {entry["slug"]: entry["family"] for entry in site.index}
    for page in site.pages.values():
        nav = next(e for e in page.all(".//nav") if "md-nav--primary" in classes(e))
        base = "http://here/" + page.path.removesuffix("index.html")
        linked = {urlsplit(urljoin(base, a.get("href"))).path[1:] for a in nav.iter("a")}
        folder, _, rest = page.path.partition("/")
        name = rest.removesuffix("/index.html")
        own = families[name] if folder == "losses" else name if folder == "families" else None
        wanted = {path.removesuffix("index.html") for path in site.pages if path != "404.html"}
        wanted -= {f"losses/{slug}/" for slug, family in families.items() if family != own}
        assert linked == wanted, page.path


def test_the_reference_shows_signatures_arguments_and_errors(site: Site) -> None:
    """Of the public names, each by its own address, and of the methods that the page asks for."""
    page = site.pages["python/index.html"]
    headings = {e.get("id"): e for e in page.tree.iter() if "ly-reference__name" in classes(e)}
    assert {f"lossary.{name}" for name in lossary.__all__} <= set(headings)
    assert {"lossary.Loss.evaluate", "lossary.Loss.curve", "lossary.Loss.figure", "lossary.Loss.check"} <= set(headings)
    assert not [name for name in headings if "._" in name]
    listed = {words(e) for e in page.all(".//dt")}
    for function in (lossary.get, lossary.catalog, lossary.compare, lossary.Loss.figure):
        names = [name for name in inspect.signature(function).parameters if name != "self"]
        assert set(names) <= listed
        signature = next(words(e) for e in page.all(".//pre") if words(e).startswith(f"{function.__name__}("))
        assert all(re.search(rf"\b{name}\b", signature) for name in names)
    assert "LossaryError" in listed
    # mkdocstrings' own look is left out, and the inventory is the catalog's.
    assert not [e for p in site.pages.values() for e in p.tree.iter() if "_mkdocstrings" in (e.get("href") or "")]
    assert not list(site.folder.rglob("_mkdocstrings*"))


# --- a loss's page --------------------------------------------------------------------------------------------------

HEADINGS = ["Formula", "Parameters", "How to use it", "Properties", "When to use it", "Pitfalls", "In other libraries",
            "Relations", "Embed this", "References"]  # fmt: skip


def sections(page: Page) -> dict[str, list[ET.Element]]:
    """The elements of an article below each level-2 heading, in order; "" is what stands before the first."""
    found: dict[str, list[ET.Element]] = {"": []}
    for element in page.one(".//article"):
        if element.tag == "h2":
            found[words(element).rstrip("#").strip()] = []
        else:
            found[list(found)[-1]].append(element)
    return found


def text(elements: list[ET.Element]) -> str:
    return " ".join(map(words, elements))


def rows(elements: list[ET.Element]) -> list[list[str]]:
    """The cells of all tables, a list a row."""
    return [[words(td) for td in tr.iter("td")] for e in elements for tr in e.iter("tr") if tr.find("td") is not None]


def headings(slug: str) -> list[str]:
    """The parts of a page; only where a loss has sources, or is in other libraries, there is a list of them."""
    lists = {"In other libraries": LOSSES[slug].libraries, "References": LOSSES[slug].references}
    return [heading for heading in HEADINGS if lists.get(heading, True)]


@every_slug
def test_a_loss_page_has_its_twelve_parts_in_order(site: Site, slug: str) -> None:
    page = loss_page(site, slug)
    entry = next(e for e in site.index if e["slug"] == slug)
    parts = sections(page)
    assert list(parts) == ["", *headings(slug)]

    # 1 and 2: who it is, and what it looks like, before any heading
    order = [("h1", ""), ("p", "ly-summary"), ("div", "ly-facts"), ("div", "ly-calls"), ("div", "ly-stage")]
    head = [next((k for k, e in enumerate(parts[""]) if e.tag == tag and (not name or name in classes(e))), -1)
            for tag, name in order]  # fmt: skip
    assert -1 not in head, head
    assert head == sorted(head), head
    title, summary, facts, calls, plot = (parts[""][k] for k in head)
    assert (title.get("id"), words(title).rstrip("#").strip()) == (f"loss-{slug}", entry["title"])
    assert words(summary) == entry["summary"]
    assert [a.get("href") for a in facts.iter("a")] == [f"../../families/{entry['family']}/"]
    named = ", ".join(facts.itertext())
    for alias in entry["aliases"]:
        assert re.search(rf"(?<!\w){re.escape(alias)}(?!\w)", named), alias
    assert (entry["torch"] or f"torch.{slug}").removeprefix("torch.") in words(calls)
    assert {i.get("src") for i in plot.iter("img") if i.get("src")} == {
        f"../../figures/{slug}/{v}.svg" for v in ("loss", "gradient")
    }

    # 3: formula, gradient, symbols, and what was checked
    formula = parts["Formula"]
    maths = [m for e in formula for m in e.iter("math") if m.get("display") == "block"]
    assert entry["formula_latex"] in maths[0].get("alttext")
    assert any(entry["gradient_latex"] in m.get("alttext") for m in maths[1:])
    (checked,) = (e for e in formula if "ly-checked" in classes(e))
    executed = entry["formula_checked"]
    numbers = re.search(
        r"[Cc]hecked against torch (\S+) at ([\d,]+) points(?: instead)?: "
        r"largest relative difference (\S+) in the value, (\S+) in the gradient\.",
        words(checked),
    )
    assert numbers, words(checked)
    assert words(checked).startswith("Checked" if executed else "written The formula as shown was not executed")
    assert numbers[1] == entry["torch_version"]
    assert int(numbers[2].replace(",", "")) == entry["checks"]["points"] > (100 if executed else 40)
    assert math.isclose(float(numbers[3]), entry["checks"]["max_error_value"], rel_tol=0.5, abs_tol=1e-300)
    assert math.isclose(float(numbers[4]), entry["checks"]["max_error_gradient"], rel_tol=0.5, abs_tol=1e-300)
    assert rows(formula), "no table of symbols"

    # 4: parameters, and the sweep of one of them
    assert [row[0].split()[0] for row in rows(parts["Parameters"])] == [p["name"] for p in entry["parameters"]]
    swept = any(url.endswith("/sweep.svg") for url in entry["figures"])
    assert swept == any("sweep.svg" in i.get("src") for e in parts["Parameters"] for i in e.iter("img"))

    # 5: arguments, an example with its output, reductions in numbers
    use = parts["How to use it"]
    cells = rows(use)
    assert [row[0].split()[0] for row in cells[: len(entry["inputs"])]] == [i["name"] for i in entry["inputs"]]
    reductions = {row[0].strip('"'): row[1] for row in cells[len(entry["inputs"]) :]}
    assert {"none", "sum", "mean"} <= set(reductions)
    # A loss of a whole batch is one value, whose mean and sum are itself.
    assert abs(float(reductions["mean"])) <= abs(float(reductions["sum"]))
    assert re.fullmatch(r"\[.+\]|[\d.]+", reductions["none"])
    assert [c for e in use if "ly-output" in classes(e) for c in e.iter("code")], "the example has no output"

    # 6: properties, each marked
    table = rows(parts["Properties"])
    assert len(table) >= (6 if executed else 3)
    for row, (key, claim) in zip(table, entry["properties"].items(), strict=True):
        assert row[2].split()[0] == claim["evidence"], key

    # 7 to 12
    assert "When not to" in " ".join(words(e) for e in parts["When to use it"] if e.tag == "h3")
    assert len(text(parts["When to use it"])) > 200
    pitfalls = [e for e in parts["Pitfalls"] if e.tag == "h3"]
    outputs = [e for e in parts["Pitfalls"] if "ly-output" in classes(e)]
    assert len(outputs) >= len(pitfalls) >= 2
    assert len(rows(parts.get("In other libraries", []))) == len(entry["libraries"])
    assert len([li for e in parts["Relations"] for li in e.iter("li")]) >= 1
    for reference in entry["references"]:
        assert reference["text"].replace("*", "") in text(parts["References"])
        if reference["doi"]:
            links = [a.get("href") for e in parts["References"] for a in e.iter("a")]
            assert f"https://doi.org/{reference['doi']}" in links
    assert not entry["references"] or re.search(r"@\w+\{\w+,", text(parts["References"]))


@every_slug
def test_embed_snippets_point_at_files_that_exist(site: Site, slug: str) -> None:
    snippets_point_at_files(site, slug, f"{ADDRESS}losses/{slug}/")


def test_a_page_says_where_a_column_is_silently_paired_with_rows(site: Site) -> None:
    for slug, loss in LOSSES.items():
        told = "Shapes are not compared: a column" in (site.folder / "losses" / f"{slug}.md").read_text("utf-8")
        assert told == pairs_a_column(loss), slug


@page_of_the_day
def test_embed_snippets_of_a_published_site_are_absolute(published: Site, slug: str) -> None:
    snippets_point_at_files(published, slug, "")


def snippets_point_at_files(built: Site, slug: str, base: str) -> None:
    """Each address, joined with that of the page, is below the published one and leads to a file."""
    embed = sections(loss_page(built, slug))["Embed this"]
    labels = [words(label) for e in embed for label in e.iter("label")]
    assert labels == ["Markdown", "HTML", "Material", "Sphinx", "GitHub README", "LaTeX", "iframe", "Command", "Fence"]
    snippets = [words(code) for e in embed for pre in e.iter("pre") for code in pre.iter("code")]
    assert len(snippets) == len(labels)
    for label, snippet in zip(labels, snippets, strict=True):
        found = re.findall(r"[^\s\"'()<>{}]*(?:figures|losses|embed)/[^\s\"'()<>{}]*", snippet)
        assert len(found) >= (0 if label in ("Command", "Fence") else 2), snippet
        for address in found:
            whole = urljoin(base, address)
            assert whole.startswith(ADDRESS), address
            path = urldefrag(whole)[0].removeprefix(ADDRESS)
            assert (built.folder / path / ("index.html" if path.endswith("/") else "")).is_file(), address
    downloads = [a.get("href") for e in embed if e.tag == "ul" for a in e.iter("a")]
    assert {posixpath.splitext(d)[1] for d in downloads} == {".svg", ".png", ".csv", ".pdf"}
    # LaTeX reads no SVG: every figure but the card is there as PDF.
    drawn = {d.removesuffix("-dark.svg") for d in downloads if d.endswith("-dark.svg")}
    assert {d.removesuffix(".pdf") for d in downloads if d.endswith(".pdf")} == drawn
    folder = built.folder / "figures" / slug
    assert all((folder / f"{posixpath.basename(d)}.pdf").read_bytes().startswith(b"%PDF-") for d in drawn)


def test_links_between_losses_lead_both_ways(site: Site) -> None:
    """What a page names, in its prose or in its relations, leads back to it."""
    address = re.compile(r"^(?:http://here/)?losses/([a-z0-9_]+)/$")
    links: dict[str, set[str]] = {}
    for page in site.pages.values():
        if own := address.match(page.path.removesuffix("index.html")):
            (article,) = page.all(".//article")
            hrefs = [urljoin("http://here/" + page.path, a.get("href", "")) for a in article.iter("a")]
            named = {found[1] for href in hrefs if (found := address.search(urldefrag(href)[0]))}
            links[own[1]] = named - {own[1]}
    assert sum(map(len, links.values())) > 4 * len(links)
    one_way = {(slug, other) for slug, named in links.items() for other in named if slug not in links[other]}
    assert not one_way


@page_of_the_day
def test_what_is_named_without_a_page_is_said_to_be_missing(published: Site, slug: str) -> None:
    """A loss that others speak of is a link where it has a page, and else is told as not here yet."""
    parts = sections(loss_page(published, slug))
    (source,) = (source for source in sources() if source.slug == slug)
    # "When not to" stands below it on the page.
    text = source.path.read_text("utf-8")
    prose = re.search(r"^## When to use it\n(.*?)^## (?!When not to)", text, re.MULTILINE | re.DOTALL)
    assert prose
    wanted = {"When to use it": prose[1], "Relations": "\n".join(one.text for one in LOSSES[slug].relations)}
    for heading, text in wanted.items():
        told = " ".join(words(e) for e in parts[heading] if "ly-absent" in classes(e))
        missing = absent(text, published.slugs)
        assert ("Not in this glossary yet: " in told) == bool(missing)
        assert all(name in told for name in missing), heading
    assert absent("[[a|The a loss]] and `[[b]]`, [[a]] or [[c_d]] and [[e]]", ["e"]) == ["a loss", "c d"]


@page_of_the_day
def test_embed_snippets_say_what_the_figure_shows_and_whose_it_is(published: Site, slug: str) -> None:
    embed = sections(loss_page(published, slug))["Embed this"]
    title = next(e["title"] for e in published.index if e["slug"] == slug)
    texts = ["".join(code.itertext()) for e in embed for pre in e.iter("pre") for code in pre.iter("code")]
    markdown, html, material, sphinx, github, latex, frame, command, fence = texts
    assert command == f"lossary figure {slug} -o {slug}.svg\n"
    assert fence == f"```lossary\n{slug}\n```\n"
    for text in (markdown, html, material, sphinx, github, latex, frame):
        assert f"{ADDRESS}losses/{slug}/" in text
    for text in (html, github, frame):
        tree = parse("snippet", f"<!doctype html><html lang=en><title>x</title>{text}</html>")
        assert all(title in image.get("alt") for image in tree.all(".//img"))
    assert all(title in alt for alt in re.findall(r"!\[(.*?)\]\(", markdown + material))
    assert len(re.findall(rf"^   :alt: .*{re.escape(title)}", sphinx, re.MULTILINE)) == 2
    shown = parse("frame", f"<!doctype html><html lang=en><title>x</title>{frame}</html>").one(".//iframe")
    assert (shown.get("src"), shown.get("loading")) == (f"{ADDRESS}embed/{slug}/", "lazy")
    assert title in shown.get("title")
    # What LaTeX would read as a command or a comment is escaped, and braces match.
    body = latex.partition("\n")[2]
    assert not re.search(r"(?<!\\)[%#&$~^]", body.replace(f"{ADDRESS}losses/{slug}/", ""))
    assert not re.search(r"(?<!\\)_", re.sub(rf"\\url\{{.*?\}}|{slug}-loss", "", body))
    assert body.count("{") == body.count("}")
    assert "alt={" in body
    assert "CC BY 4.0" in body


def test_a_published_site_names_its_address(published: Site) -> None:
    for page in published.pages.values():
        if page.path == "404.html":
            continue
        own = ADDRESS + page.path.removesuffix("index.html")
        assert page.one(".//link[@rel='canonical']").get("href") == own
        assert page.meta("og:url") == own
        if page.path.startswith(("losses/", "families/")) or page.path == "index.html":
            image = page.meta("og:image")
            assert image, page.path
            assert image.startswith(ADDRESS), page.path
            assert _size(published.folder / image.removeprefix(ADDRESS)) == (1200, 630)
            assert (page.meta("og:image:width"), page.meta("og:image:height")) == ("1200", "630")
    for slug in published.slugs:
        assert loss_page(published, slug).meta("og:image") == f"{ADDRESS}figures/{slug}/card.png"
        assert loss_page(published, slug).meta("og:type") == "article"
    # A page for wrong addresses is shown at any depth, so that its own must begin at the root.
    for path in (e.get("href") for e in published.pages["404.html"].tree.iter() if e.get("href")):
        assert path.startswith(("/x/", "https://", "#")), path
    for entry in published.index:
        assert entry["url"] == f"{ADDRESS}losses/{entry['slug']}/"
        for url in entry["figures"]:
            assert url.startswith(ADDRESS)
            assert (published.folder / url.removeprefix(ADDRESS)).is_file()
    for url in re.findall(r"\]\((.+?)\)", (published.folder / "llms.txt").read_text("utf-8")):
        assert url.startswith(ADDRESS)
        assert (published.folder / url.removeprefix(ADDRESS)).is_file()
    assert f"<loc>{ADDRESS}losses/huber/</loc>" in (published.folder / "sitemap.xml").read_text("utf-8")


def test_home_and_families_show_every_loss(site: Site) -> None:
    by_family = {source.family: [s.slug for s in sources() if s.family == source.family] for source in sources()}
    home = site.pages["index.html"]
    galleries = [e for e in home.tree.iter("div") if "ly-gallery" in classes(e)]
    shown = [[a.get("href") for a in gallery.iter("a")] for gallery in galleries]
    assert sorted(shown) == sorted([f"losses/{slug}/" for slug in slugs] for slugs in by_family.values())
    assert [e for e in home.tree.iter("input") if e.get("role") == "combobox"], "no field up front that finds a loss"
    for family, slugs in by_family.items():
        page = site.pages[f"families/{family}/index.html"]
        article = page.one(".//article")
        linked = {a.get("href") for a in article.iter("a")}
        assert {f"../../losses/{slug}/" for slug in slugs} <= linked
        assert any(f"/figures/families/{family}/" in i.get("src") for i in article.iter("img"))
        (compared,) = (t for t in article.iter("table") if "Along the" in words(t))
        assert [row[0] for row in rows([compared])] == [e["title"] for e in site.index if e["slug"] in slugs]


# --- files for machines ---------------------------------------------------------------------------------------------

KEYS = {"slug", "title", "family", "summary", "aliases", "torch", "inputs", "parameters", "formula_latex",
        "gradient_latex", "formula_checked", "checks", "properties", "axis", "figures", "url", "libraries",
        "references", "torch_version", "tasks", "takes", "concepts"}  # fmt: skip
PROPERTIES = {"convex", "smoothness", "lipschitz", "gradient_lipschitz", "bounded", "supremum", "symmetric",
              "value_at_perfect", "gradient_limits", "redescending", "elicits", "proper", "calibrated"}  # fmt: skip


def test_losses_json_keeps_the_contract(site: Site, published: Site) -> None:
    schema = json.loads((site.folder / "losses.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for built in (site, published):
        assert [e.message for e in validator.iter_errors(built.index)] == []
        assert built.slugs == sorted(built.slugs)
    for entry in site.index:
        assert set(entry) == KEYS
        assert set(entry["properties"]) <= PROPERTIES
        for claim in entry["properties"].values():
            proven = {"between"} if claim["evidence"] == "proven" else set()
            assert set(claim) - {"branches"} == {"value", "at", "evidence"} | proven
        assert all({"name", "default", "meaning", "range"} == set(p) - {"required"} for p in entry["parameters"])
        assert all(
            {"name", "call", "note", "evidence", "version", "relation", "factor", "max_error", "source", "surprises"}
            == set(one)
            for one in entry["libraries"]
        )
        assert all({"text", "doi", "arxiv", "url"} == set(one) for one in entry["references"])
        assert {"points", "max_error_value", "max_error_gradient", "formula_radius"} == set(entry["checks"])
        assert (entry["checks"]["formula_radius"] is not None) == entry["formula_checked"]
        assert entry["url"] == f"losses/{entry['slug']}/"
        assert len(entry["figures"]) == len(set(entry["figures"])) >= 14
        for url in entry["figures"]:
            assert (site.folder / url).is_file(), url
        for view in ("loss", "gradient", "card", "thumb"):
            forms = {f"figures/{entry['slug']}/{view}{form}.svg" for form in ("", "-light", "-dark")}
            assert forms <= set(entry["figures"]), view
    # The schema is not a formality: it refuses an entry without a key, and one with a key too many.
    damaged = [{k: v for k, v in site.index[0].items() if k != "axis"}]
    assert not validator.is_valid(damaged)
    assert not validator.is_valid([{**site.index[0], "extra": 1}])


def test_the_inventory_resolves(site: Site) -> None:
    path = site.folder / "objects.inv"
    read = sphobjinv.Inventory(str(path))
    assert (read.project, read.count) == ("Lossary", 2 * len(SLUGS))
    with path.open("rb") as stream:
        loaded = InventoryFile.load(stream, ADDRESS, urljoin)
    for entry in site.index:
        slug = entry["slug"]
        label, document = loaded["std:label"][f"loss-{slug}"], loaded["std:doc"][f"losses/{slug}"]
        assert (label.uri, label.display_name) == (f"{ADDRESS}losses/{slug}/#loss-{slug}", entry["title"])
        assert (document.uri, document.display_name) == (f"{ADDRESS}losses/{slug}/", entry["title"])
        assert loss_page(site, slug).all(f".//*[@id='loss-{slug}']")


def test_llms_txt_lists_every_loss(site: Site) -> None:
    told = (site.folder / "llms.txt").read_text("utf-8")
    assert told.startswith("# Lossary\n\n> ")
    listed = re.findall(r"^- \[(.+?)\]\((.+?)\): (.+)$", told, re.MULTILINE)
    assert sorted(listed) == sorted((e["title"], f"losses/{e['slug']}.md", e["summary"]) for e in site.index)
    for _, path, _ in listed:
        assert (site.folder / path).is_file()


@every_slug
def test_the_markdown_copy_says_what_the_page_says(site: Site, slug: str) -> None:
    told = (site.folder / "losses" / f"{slug}.md").read_text("utf-8")
    entry = next(e for e in site.index if e["slug"] == slug)
    assert told.startswith(f"# {entry['title']}")
    assert entry["summary"] in told
    assert entry["formula_latex"] in told
    assert re.findall(r"^## (.+?)$", told, re.MULTILINE) == headings(slug)
    assert "../" + entry["slug"] + ".md" in [a.get("href") for a in loss_page(site, slug).all(".//a")]
    for target in re.findall(r"\]\((?!https?:|#)([^)\s]+)", re.sub(r"```.*?```", "", told, flags=re.DOTALL)):
        file = site.folder / posixpath.normpath(posixpath.join("losses", urldefrag(target)[0]))
        assert file.exists(), f"{slug}.md: {target}"


def test_csv_files_hold_the_plotted_numbers(site: Site) -> None:
    found = sorted((site.folder / "figures").rglob("*.csv"))
    assert {f"{slug}/{view}.csv" for slug in SLUGS for view in ("loss", "gradient")} <= {
        f"{path.parent.name}/{path.name}" for path in found
    }
    for path in found:
        with path.open(encoding="utf-8", newline="") as stream:
            header, *lines = csv.reader(stream)
        assert len(header) == len(set(header)) >= 2, path
        # A curve is dense; a study of what is counted, and a scene of a few vectors, have a few places only.
        curve = re.fullmatch(r"(loss|gradient|sweep|curvature)(-gradient)?", path.stem)
        assert len(lines) >= (200 if curve else 2), path
        for line in lines:
            assert len(line) == len(header), path
            # Infinite is nothing but what a short format made of a number.
            short = [path.stem.startswith("formats") and "float64" not in name for name in header]
            cells = [cell for cell, may in zip(line, short, strict=True) if not may]
            assert all(math.isfinite(float(cell)) for cell in cells if cell), path
    with (site.folder / "figures" / "huber" / "loss.csv").open(encoding="utf-8") as stream:
        for line in csv.DictReader(stream):
            r = abs(float(line["residual"]))
            assert math.isclose(float(line["loss"]), r * r / 2 if r <= 1 else r - 0.5, rel_tol=1e-12, abs_tol=1e-15)


def test_svg_files_are_well_formed_and_described(site: Site) -> None:
    space = "{http://www.w3.org/2000/svg}"
    for path in (site.folder / "figures").rglob("*.svg"):
        root = ET.fromstring(path.read_bytes())
        assert root.get("role") == "img", path
        assert (root.findtext(f"{space}title") or "").strip(), path
        assert len((root.findtext(f"{space}desc") or "").strip()) > 20, path
        assert ("prefers-color-scheme" in path.read_text("utf-8")) == (not path.stem.endswith(("-light", "-dark"))), (
            path
        )
