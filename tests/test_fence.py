"""The fence in plain Python-Markdown: what it draws, what it refuses and where, and that figures do not mix."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import html5lib
import markdown
import pytest

import lossary
from lossary import fence
from lossary.commands.starter import write
from lossary.drawing.palette import colours
from lossary.embedding import figure_request
from lossary.errors import LossaryError

Render = Callable[..., str]
TICKS = "```"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of this module."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _cache(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOSSARY_CACHE", str(kept))


def converter() -> Any:
    custom = {"name": "lossary", "class": "lossary", "format": fence.draw}
    return markdown.Markdown(
        extensions=["pymdownx.superfences", "attr_list", "admonition"],
        extension_configs={"pymdownx.superfences": {"custom_fences": [custom]}},
    )


def render(*lines: str, header: str = "lossary") -> str:
    """The HTML of a page with one fence."""
    html: str = converter().convert("\n".join([f"{TICKS}{header}", *lines, TICKS]))
    return html


def parts(html: str) -> Any:
    """The parsed HTML; a parse error is an exception."""
    text = f"<!doctype html><html lang=en><title>x</title><body>{html}</body></html>"
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]
    return tree


def pictures(html: str) -> list[Any]:
    return list(parts(html).iter("svg"))


# --- what is drawn --------------------------------------------------------------------------------------------------


def test_each_line_is_a_figure_and_looks_like_the_command_s() -> None:
    html = render("huber delta=0.5 view=gradient", "", '  mse size=500x300 alt="Squares" caption="A < B"  ')
    first, second = pictures(html)
    assert (first.get("width"), first.get("height")) == ("460", "330")
    assert first.get("viewBox") == "0 0 460 330"
    assert first.get("role") == "img"
    picture = lossary.get("huber").figure("gradient", {"delta": 0.5}).picture
    assert first.get("aria-label") == f"{picture.title}. {picture.description}"
    assert (second.get("width"), second.get("aria-label")) == ("500", "Squares")
    published = ElementTree.fromstring(lossary.get("huber").figure("gradient", {"delta": 0.5}).svg())
    wanted_paths = [e.get("d") for e in published.iter("{http://www.w3.org/2000/svg}path")]
    assert [e.get("d") for e in first.iter("path")] == wanted_paths
    captions = [e.text for e in parts(html).iter("figcaption")]
    assert captions == ["A < B"]
    assert [e.get("class") for e in parts(html).iter("figure")] == ["lossary", "lossary"]


def test_several_losses_are_a_comparison() -> None:
    (one,) = pictures(render("huber mse l1 huber.delta=2 view=gradient"))
    drawing = lossary.compare("huber", "mse", "l1", view="gradient", parameters={"huber.delta": 2})
    assert one.get("aria-label") == f"{drawing.picture.title}. {drawing.picture.description}"
    assert "(delta = 2)" in one.get("aria-label")


def test_the_header_may_name_the_figure() -> None:
    html = render("huber", "mse", header="{.lossary .wide #curve}")
    figures = list(parts(html).iter("figure"))
    assert [e.get("class") for e in figures] == ["lossary wide", "lossary wide"]
    assert [e.get("id") for e in figures] == ["curve", None]


def test_a_fence_may_stand_in_other_blocks() -> None:
    text = f"!!! note\n\n    - one\n\n        {TICKS}lossary\n        huber\n        {TICKS}\n"
    assert len(pictures(converter().convert(text))) == 1
    # A block of four is code about a fence.
    assert not pictures(converter().convert(f"`{TICKS}markdown\n{TICKS}lossary\nhuber\n{TICKS}\n`{TICKS}"))


def test_figures_of_a_page_share_no_ids_and_no_rules() -> None:
    text = "\n\n".join([f"{TICKS}lossary\nhuber\nhuber\nmse theme=dark\n{TICKS}"] * 2)
    tree = parts(converter().convert(text))
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids)) > 20
    names = [e.get("id") for e in tree.iter("svg")]
    assert len(names) == 6
    sheets = [e.get("href") for e in tree.iter("link")]
    for svg, sheet in zip(tree.iter("svg"), sheets, strict=True):
        own = [e.get("id") for e in svg.iter() if e.get("id")]
        assert all(name.startswith(svg.get("id")) for name in own)
        for use in svg.iter("use"):
            assert use.get("href")[1:] in own
        for clipped in re.findall(r"url\(#([^)]+)\)", " ".join(e.get("clip-path") or "" for e in svg.iter())):
            assert clipped in own
        rules = sheet.removeprefix("data:text/css,").replace("%23", "#")
        assert {n for n in names if f"#{n}" in rules} == {svg.get("id")}
    assert converter().convert(text) == converter().convert(text), "two builds differ"


def sheet(line: str) -> str:
    from urllib.parse import unquote

    found = re.search(r'href="data:text/css,([^"]+)"', render(line))
    assert found
    return unquote(found[1])


def test_a_figure_follows_the_page_or_keeps_its_theme() -> None:
    light, dark = colours("light")["loss"], colours("dark")["loss"]
    both = sheet("huber")
    assert light in both
    assert dark in both
    assert "@media(prefers-color-scheme:dark)" in both
    assert "[data-md-color-scheme=slate]" in both
    assert "background" not in both
    for theme, own, other in (("light", light, dark), ("dark", dark, light)):
        fixed = sheet(f"huber theme={theme}")
        assert own in fixed
        assert other not in fixed
        assert "color-scheme" not in fixed
        paper = colours("dark" if theme == "dark" else "light")["paper"]
        assert f'<rect width="100%" height="100%" fill="{paper}"/>' in render(f"huber theme={theme}")


# --- what is refused ------------------------------------------------------------------------------------------------

MISTAKES = [
    ("", "name a loss first"),
    ("delta=1", "name a loss first"),
    ("hubber", "no loss is called 'hubber' (did you mean huber"),
    ("MSELoss", "another name of mse"),
    ("huber delta=-1", "delta > 0"),
    ("huber delta=wide", "'wide' is not a number"),
    ("huber delta= 2", "delta=: write it as NAME=VALUE"),
    ("huber delta=1 delta=2", "delta is given twice"),
    ("huber delt=1", "did you mean delta"),
    ("huber veiw=gradient", "did you mean view"),
    ("huber view=gradeint", "did you mean gradient"),
    ("huber theme=drak", "did you mean dark"),
    ("huber size=12", "size=12: write it as WIDTHxHEIGHT"),
    ('huber alt="open', "a quote is not closed"),
    ("huber alt=Some words", "'words' stands behind alt=Some: quote words with blanks, alt=\"Some words …\""),
    ("huber caption=Some words", "'words' stands behind caption=Some: quote words with blanks"),
    ("huber bce", "share no axis"),
    ("huber mse beta=1", "none of huber, mse has this parameter"),
    ("huber mse view=card", "a comparison has no view 'card'"),
    ("huber catalog=no.such", "no catalog 'no.such'"),
]


@pytest.mark.parametrize(("line", "words"), MISTAKES, ids=[line or "empty" for line, _ in MISTAKES])
def test_a_mistake_is_told_in_place_and_as_a_warning(line: str, words: str, caplog: pytest.LogCaptureFixture) -> None:
    html = render(line, "mse") if line else render(line)
    (box,) = (e for e in parts(html).iter("div") if "lossary-error" in e.get("class", ""))
    assert words in " ".join("".join(box.itertext()).split())
    assert len(pictures(html)) == (1 if line else 0), "the next line is drawn all the same"
    (record,) = caplog.records
    assert record.name == "mkdocs.lossary"
    assert record.levelno == logging.WARNING
    assert words in record.getMessage()


def test_an_error_in_a_loss_of_ones_own_is_told_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Superfences would swallow any other exception, and show the fence as code."""
    path = write("mine", "toy", str(tmp_path))
    assert pictures(render(f"mine catalog={tmp_path}"))
    path.write_text(path.read_text("utf-8").replace("loss = Loss(", "loss = Lost("), "utf-8")
    html = render(f"mine catalog={tmp_path}")
    assert not pictures(html)
    assert "mine.py: load: line" in html
    assert "NameError" in caplog.text


def page(md: Any, path: Path) -> Any:
    """Tell a converter of its page as MkDocs does."""
    config = SimpleNamespace(config_file_path=str(path.parent / "mkdocs.yml"))
    known = SimpleNamespace(file=SimpleNamespace(abs_src_path=str(path), src_uri=path.name), config=config)
    known.run = lambda root: None
    md.treeprocessors.register(known, "relpath", 0)
    return md


def test_a_mistake_is_told_with_file_and_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through front matter, in nested blocks, and for a line that stands on the page before."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "docs.md"
    body = [
        "# Title", "", "huber delta=-1", "",
        f"{TICKS}lossary", "mse", "", "huber delta=-1", TICKS, "",
        "> quoted", ">", f"> {TICKS}lossary", "> huber delta=-1", f"> {TICKS}", "",
        "1.  item", "", "    ~~~ { .lossary }", "    nope", "    ~~~", "",
    ]  # fmt: skip
    file.write_text("\n".join(["---", "title: T", "---", "", *body]), "utf-8")
    page(converter(), file).convert("\n".join(body))
    told = [record.getMessage().partition(": ")[0] for record in caplog.records]
    assert told == ["docs.md:12", "docs.md:18", "docs.md:24"]


def test_a_line_that_is_not_in_the_file_is_told_with_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A page that other extensions put together, or that a script generates."""
    file = tmp_path / "made.md"
    file.write_text("--8<-- 'elsewhere'\n", "utf-8")
    page(converter(), file).convert(f"{TICKS}lossary\nnope\n{TICKS}")
    assert caplog.records[0].getMessage().startswith("made.md: nope: no loss is called 'nope'")


def test_a_catalog_counts_from_the_configuration_file(tmp_path: Path) -> None:
    write("mine", "toy", str(tmp_path / "losses"))
    html = page(converter(), tmp_path / "docs.md").convert(f"{TICKS}lossary\nmine catalog=losses\n{TICKS}")
    (one,) = pictures(html)
    assert one.get("aria-label").startswith(lossary.get("mine", str(tmp_path / "losses")).title)


# --- requests and the cache -----------------------------------------------------------------------------------------


def test_requests_are_read() -> None:
    asked = figure_request.read("""huber 'mse' alt="it's \\ all" size=1x2 huber.size=3 delta=0.5,1""")
    assert asked.slugs == ("huber", "mse")
    assert asked.parameters == {"huber.size": "3", "delta": "0.5,1"}
    assert figure_request.read(r"huber alt=\lambda").alt == r"\lambda", (
        "a backslash is a letter, as in LaTeX and in paths"
    )
    assert (asked.alt, asked.size, asked.view, asked.theme) == ("it's \\ all", "1x2", "loss", "auto")


def test_a_figure_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = figure_request.read("l1 size=300x200")
    first = figure_request.make(asked)
    monkeypatch.setattr(figure_request, "_files", None)
    assert figure_request.make(asked) == first
    assert figure_request.make(figure_request.read("l1 size=300x200 alt=A theme=dark")).svg == first.svg
    for other in ("l1 size=300x201", "l1 size=300x200 view=gradient", "mse size=300x200"):
        with pytest.raises(TypeError):
            figure_request.make(figure_request.read(other))


def test_an_edit_to_a_loss_draws_it_again(tmp_path: Path) -> None:
    path = write("mine", "toy", str(tmp_path))
    asked = figure_request.read(f"mine catalog={tmp_path}")
    first = figure_request.make(asked)
    text = path.read_text("utf-8")
    path.write_text(text.replace("Mine", "Renamed", 1), "utf-8")
    second = figure_request.make(asked)
    assert second.key != first.key
    assert second.alt.startswith("Renamed")
    assert second.files == (path.resolve(),)


def test_a_pdf_is_made_on_demand_and_for_its_theme() -> None:
    asked = figure_request.read("l1 size=300x200")
    light, dark = (
        figure_request.make(asked, pdf=True),
        figure_request.make(figure_request.read("l1 size=300x200 theme=dark"), pdf=True),
    )
    assert light.pdf.startswith(b"%PDF-")
    assert light.pdf != dark.pdf
    assert figure_request.make(asked).pdf == b""


def test_a_request_without_a_loss_is_refused() -> None:
    with pytest.raises(LossaryError, match="name a loss first"):
        figure_request.wanted([], {"view": "loss"})
