"""Lossary in other people's documentation: sites of each generator, from a fresh folder, by the snippets of the page
"Use it in your docs"; and every other snippet of that page, run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import lossary
from lossary.commands.starter import write
from lossary.discovery.catalogs import GROUP
from lossary.drawing.palette import colours
from website.conftest import Site
from website.tools import ADDRESS, NIGHTLY, ROOT, WRONG_WORDS, parse, run, succeeded, words

pytestmark = pytest.mark.in_turns(
    "docs/use-in-docs.md",
    "src/lossary/embedding",
    "src/lossary/fence.py",
    "src/lossary/hooks.py",
    "src/lossary/sphinx.py",
    "src/lossary/publishing",
)

PAGE = (ROOT / "docs" / "use-in-docs.md").read_text("utf-8")
GENERATORS = ("mkdocs", pytest.param("properdocs", marks=NIGHTLY), "zensical")


@dataclass(frozen=True)
class Snippet:
    language: str
    title: str
    code: str
    output: str | None = None


def snippets() -> list[Snippet]:
    """The fences of the page, each with the output that stands behind it."""
    found: list[Snippet] = []
    for match in re.finditer(r'^(`{3,})(\w+)(?: title="([^"]+)")?\n(.*?)^\1$', PAGE, re.MULTILINE | re.DOTALL):
        _, language, title, code = match.groups()
        if language == "output":
            last = found.pop()
            found.append(Snippet(last.language, last.title, last.code, code))
        else:
            found.append(Snippet(language, title or "", code))
    return found


def put(folder: Path, inventory: Path) -> None:
    """Write the files that the page's snippets name; what stands twice for a file is one after the other."""
    for snippet in snippets():
        if snippet.title and snippet.title != "README.md":
            path = folder / snippet.title
            path.parent.mkdir(parents=True, exist_ok=True)
            code = snippet.code.replace('("SITE/", None)', f'("{ADDRESS}", {str(inventory)!r})')
            own = f"- url: {inventory.as_uri()}\n{' ' * 14}base_url: {ADDRESS}"
            code = code.replace("- url: SITE/objects.inv", own)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{code}\n")


@pytest.fixture(scope="session")
def drawn(common: Path) -> Path:
    """One cache for all sites: what one has drawn the next does not draw again."""
    return common / "drawn"


@pytest.fixture
def docs(tmp_path: Path, site: Site) -> Path:
    """A fresh folder with the files of the page, and a loss of one's own."""
    folder = tmp_path / "docs of mine"
    put(folder, site.folder / "objects.inv")
    write("my_loss", "custom", str(folder / "losses"))
    return folder


def build(generator: str, folder: Path, cache: Path, *options: str) -> Any:
    """Run a generator in a folder; what it says, and the site in `site`."""
    # ProperDocs wants to be told of a file that is named for MkDocs.
    return run("-m", generator, "build", "-f", "mkdocs.yml", *options, cache=cache, cwd=folder)


def figures(folder: Path, page: str = "index.html") -> list[Any]:
    """The figures of a page, parsed strictly; the rest of it is the theme's affair."""
    html = (folder / "site" / page).read_text("utf-8")
    found = re.findall(r'<figure class="lossary".*?</figure>', html, re.DOTALL)
    return [parse(page, f"<!doctype html><html lang=en><title>x</title>{one}</html>").one(".//figure") for one in found]


def links(folder: Path, page: str = "index.html") -> set[str]:
    """Where a page links to outside."""
    return set(re.findall(rf'href="({re.escape(ADDRESS)}[^"]*)"', (folder / "site" / page).read_text("utf-8")))


# --- MkDocs, ProperDocs, Zensical -----------------------------------------------------------------------------------


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_site_with_the_fence_and_a_link(docs: Path, drawn: Path, generator: str) -> None:
    said = succeeded(build(generator, docs, drawn, "--strict"))
    assert "issue found" not in said
    first, second = (figure.find("svg") for figure in figures(docs))
    assert first.get("aria-label") == "The gradient of the Huber loss at three thresholds"
    assert (second.get("width"), second.get("height")) == ("500", "320")
    drawing = lossary.compare("huber", "mse", "l1", parameters={"huber.delta": 2}, size=(500, 320))
    assert second.get("aria-label") == f"{drawing.picture.title}. {drawing.picture.description}"
    assert [words(c) for f in figures(docs) for c in f.iter("figcaption")] == ["Three losses of a residual"]
    (own,) = (figure.find("svg") for figure in figures(docs, "own/index.html"))
    assert own.get("aria-label").startswith(f"{lossary.get('my_loss', str(docs / 'losses')).title}: gradient")
    assert links(docs) == {f"{ADDRESS}losses/huber/#loss-huber"}


def test_a_second_build_draws_nothing_and_is_the_same(docs: Path, drawn: Path) -> None:
    succeeded(build("mkdocs", docs, drawn, "--strict"))
    before = (docs / "site" / "index.html").read_bytes()
    code = (
        "import sys; from mkdocs.__main__ import cli; cli(['build', '--quiet', '--strict'], standalone_mode=False); "
        "print(sorted({'torch', 'matplotlib', 'sympy', 'numpy'} & set(sys.modules)))"
    )
    assert succeeded(run("-c", code, cache=drawn, cwd=docs)).splitlines()[-1] == "[]"
    assert (docs / "site" / "index.html").read_bytes() == before


MISTAKES = """---
title: Mistakes
---

# Mistakes

```lossary
mse size=300x200
hubber delta=1
```

> ```lossary
> huber delta=-1
> ```
"""
TOLD = [("docs/index.md:9", "did you mean huber"), ("docs/index.md:13", "delta > 0")]


@pytest.fixture
def wrong(docs: Path) -> Path:
    """The same site with two mistakes."""
    (docs / "docs" / "index.md").write_text(MISTAKES, "utf-8")
    return docs


@pytest.mark.parametrize("generator", ["mkdocs", *(pytest.param(g, marks=NIGHTLY) for g in ("properdocs", "zensical"))])
def test_a_mistake_fails_a_strict_build_with_file_and_line(wrong: Path, drawn: Path, generator: str) -> None:
    done = build(generator, wrong, drawn, "--strict")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    # Zensical stops at the first; the others tell all.
    for place, told in TOLD[:1] if generator == "zensical" else TOLD:
        assert re.search(rf"{re.escape(place)}: .*{re.escape(told)}", said), said
    assert "Traceback" not in said or generator == "zensical"


@pytest.mark.nightly
@pytest.mark.parametrize("generator", ["mkdocs", "zensical"])
def test_a_mistake_is_shown_in_its_place_otherwise(wrong: Path, drawn: Path, generator: str) -> None:
    done = build(generator, wrong, drawn)
    assert done.returncode == 0, done.stderr
    for place, told in TOLD:
        assert re.search(rf"{re.escape(place)}: .*{re.escape(told)}", done.stdout + done.stderr)
    html = (wrong / "site" / "index.html").read_text("utf-8")
    assert len(figures(wrong)) == 1
    boxes = re.findall(r'<div class="admonition failure lossary-error">(.*?)</div>', html)
    assert len(boxes) == 2
    assert "No figure: hubber delta=1" in boxes[0]
    assert "delta &gt; 0, got -1" in boxes[1]


# --- Sphinx ---------------------------------------------------------------------------------------------------------


def sphinx(folder: Path, cache: Path, builder: str, *options: str) -> Any:
    arguments = ("-W", "-b", builder, "-d", "trees", ".", f"out/{builder}")
    return run("-m", "sphinx", *options, *arguments, cache=cache, cwd=folder)


def test_a_sphinx_site_with_the_directive_and_links(docs: Path, drawn: Path) -> None:
    """Read by two processes; then LaTeX is written from the same reading."""
    for k in range(6):  # Sphinx reads fewer documents in one process
        (docs / f"page{k}.rst").write_text(
            f":orphan:\n\nPage\n====\n\n.. lossary:: mse\n   :size: 30{k}x200\n", "utf-8"
        )
    assert "not safe for parallel" not in succeeded(sphinx(docs, drawn, "html", "-j", "2"))
    html = (docs / "out" / "html" / "index.html").read_text("utf-8")
    images = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<img [^>]*>", html)]
    assert [image["class"].split()[-1] for image in images] == ["only-light", "only-dark"] * 2
    assert {image["alt"] for image in images[:2]} == {"The gradient of the Huber loss at three thresholds"}
    for image, theme in zip(images, ("light", "dark") * 2, strict=True):
        svg = (docs / "out" / "html" / image["src"]).read_text("utf-8")
        assert (colours("light")["rule"] in svg, colours("dark")["rule"] in svg) == (theme == "light", theme == "dark")
        assert "prefers-color-scheme" not in svg
    assert 'width="500" height="320"' in (docs / "out" / "html" / images[2]["src"]).read_text("utf-8")
    assert '<figcaption>\n<p><span class="caption-text">The steepest step is <em>delta</em></span>' in html
    assert set(re.findall(rf'href="({re.escape(ADDRESS)}[^"]*)"', html)) == {
        f"{ADDRESS}losses/huber/#loss-huber", f"{ADDRESS}losses/mse/#loss-mse"
    }  # fmt: skip
    assert (docs / "out" / "html" / "_static" / "lossary-figures.css").is_file()

    succeeded(sphinx(docs, drawn, "latex"))
    (tex,) = (docs / "out" / "latex").glob("*.tex")
    included = re.findall(
        r"\\sphinxincludegraphics\[width=(\d+)\\sphinxpxdimen\]\{\{([^}]+)\}\.pdf\}", tex.read_text("utf-8")
    )
    assert [width for width, _ in included] == ["460", "500"]
    for _, name in included:
        assert (docs / "out" / "latex" / f"{name}.pdf").read_bytes().startswith(b"%PDF-")


@NIGHTLY
def test_sphinx_tells_a_mistake_with_file_and_line(docs: Path, drawn: Path) -> None:
    text = (
        "Title\n=====\n\n.. lossary:: mse\n\n.. lossary:: hubber\n   :delta: 1\n\n.. lossary:: huber\n   :delta: -1\n"
    )
    (docs / "index.rst").write_text(text, "utf-8")
    done = sphinx(docs, drawn, "html")
    assert done.returncode != 0
    assert re.search(r"index\.rst:6: WARNING: no loss is called 'hubber' \(did you mean huber", done.stderr)
    assert re.search(r"index\.rst:9: WARNING: huber: parameter delta must be delta > 0, got -1", done.stderr)
    html = (docs / "out" / "html" / "index.html").read_text("utf-8")
    assert html.count("lossary-error") == 2
    assert "No figure: hubber." in html


@NIGHTLY
def test_sphinx_draws_again_after_an_edit_to_a_loss(docs: Path, drawn: Path) -> None:
    text = (
        "Title\n=====\n\n.. lossary:: my_loss\n   :catalog: losses\n   :theme: dark\n   :name: here\n   :class: wide\n"
    )
    (docs / "index.rst").write_text(text, "utf-8")
    succeeded(sphinx(docs, drawn, "html"))
    html = (docs / "out" / "html" / "index.html").read_text("utf-8")
    (tag,) = re.findall(r"<img [^>]*>", html)
    assert 'id="here"' in tag
    assert 'class="lossary no-scaled-link wide"' in tag
    (path,) = (docs / "losses").glob("*/my_loss.py")
    path.write_text(path.read_text("utf-8").replace("My loss", "Renamed", 1), "utf-8")
    succeeded(sphinx(docs, drawn, "html"))
    html = (docs / "out" / "html" / "index.html").read_text("utf-8")
    (source,) = re.findall(r'<img alt="Renamed: loss[^>]* src="([^"]*)"', html)
    svg = (docs / "out" / "html" / source).read_text("utf-8")
    assert f"background:{colours('dark')['paper']}" in svg


# --- in a browser ---------------------------------------------------------------------------------------------------


def seen(page: Any, address: str, attribute: str, value: str) -> str:
    """The colour of the first curve's stroke, or what image is shown, once the page says a scheme."""
    page.goto(address)
    if value:
        page.evaluate("([name, value]) => document.body.setAttribute(name, value)", [attribute, value])
    shown: str = page.evaluate(
        """() => {
          const svg = document.querySelector('svg .s-loss');
          if (svg) return getComputedStyle(svg).stroke;
          return [...document.querySelectorAll('img.lossary')].filter(i => i.checkVisibility())
            .map(i => i.className.split(' ').pop()).slice(0, 1).concat(
              [...document.querySelectorAll('img.lossary')].filter(i => i.checkVisibility()).length).join(' ');
        }"""
    )
    return shown


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5))})"


def test_figures_follow_the_page_and_else_the_reader(docs: Path, drawn: Path, browser: Any) -> None:
    succeeded(build("mkdocs", docs, drawn, "--quiet"))
    bare = docs / "bare.html"
    figure = re.findall(
        r'<figure class="lossary".*?</figure>', (docs / "site" / "index.html").read_text("utf-8"), re.DOTALL
    )[0]
    bare.write_text(f"<!doctype html><title>x</title>{figure}", "utf-8")
    light, dark = (rgb(colours(theme)["loss"]) for theme in ("light", "dark"))
    for reader, expected in (("light", light), ("dark", dark)):
        page = browser.new_page(color_scheme=reader)
        assert seen(page, bare.as_uri(), "", "") == expected
        for attribute, day, night in (
            ("data-md-color-scheme", "default", "slate"),
            ("data-bs-theme", "light", "dark"),
            ("data-theme", "light", "dark"),
            ("data-jp-theme-light", "true", "false"),
        ):
            assert seen(page, bare.as_uri(), attribute, day) == light
            assert seen(page, bare.as_uri(), attribute, night) == dark
        page.close()


@NIGHTLY
def test_sphinx_shows_one_of_two_figures(docs: Path, drawn: Path, browser: Any) -> None:
    succeeded(sphinx(docs, drawn, "html"))
    address = (docs / "out" / "html" / "index.html").as_uri()
    for reader in ("light", "dark"):
        page = browser.new_page(color_scheme=reader)
        assert seen(page, address, "", "") == "only-light 2", "a theme that knows no dark page is light"
        assert seen(page, address, "data-theme", "light") == "only-light 2"
        assert seen(page, address, "data-theme", "dark") == "only-dark 2"
        assert seen(page, address, "data-theme", "auto") == f"only-{reader} 2"
        page.close()


# --- the other snippets of the page ---------------------------------------------------------------------------------


def of(language: str) -> pytest.MarkDecorator:
    """All of a language; each day the last of them, which asks for the most."""
    chosen = [one for one in snippets() if one.language == language and not one.title]
    assert chosen
    marks = [() if one is chosen[-1] else NIGHTLY for one in chosen]
    named = [one.code.split("\n")[0][:40] for one in chosen]
    return pytest.mark.parametrize(
        "snippet", [pytest.param(one, id=n, marks=m) for one, n, m in zip(chosen, named, marks, strict=True)]
    )


def test_every_snippet_of_the_page_is_tested() -> None:
    files = {
        "README.md",
        "page.html",
        "mkdocs.yml",
        "docs/index.md",
        "docs/own.md",
        "conf.py",
        "index.rst",
        "pyproject.toml",
    }
    assert {one.title for one in snippets() if one.title} == files
    assert {one.language for one in snippets() if not one.title} == {"sh", "python"}
    fences = re.findall(r"^`{3,}\w", PAGE, re.MULTILINE)
    inner = sum(len(re.findall(r"^`{3}\w", one.code, re.MULTILINE)) for one in snippets())
    outputs = sum(one.output is not None for one in snippets())
    assert len(fences) == len(snippets()) + inner + outputs


@of("python")
def test_python(snippet: Snippet, tmp_path: Path, drawn: Path) -> None:
    done = run("-c", snippet.code, cache=drawn, cwd=tmp_path)
    assert succeeded(done) == (snippet.output or "")
    for name in re.findall(r'save(?:fig)?\("([^"]+)"', snippet.code):
        assert (tmp_path / name).stat().st_size > 1000


@of("sh")
def test_shell(snippet: Snippet, tmp_path: Path, drawn: Path, command: Callable[..., Any]) -> None:
    done = command(snippet.code, tmp_path, drawn)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not WRONG_WORDS.search(done.stderr), done.stderr
    for name in re.findall(r"(?:-o|--out) (\S+)", snippet.code):
        made = tmp_path / name
        assert made.is_file() or any(made.rglob("*.md"))


@pytest.fixture
def command() -> Callable[..., Any]:
    """Runs shell code with `lossary` and `pytest` on the path."""

    def call(code: str, folder: Path, cache: Path) -> Any:
        from website.tools import environment

        bin = folder / "bin"
        bin.mkdir()
        for name in ("lossary", "pytest"):
            script = bin / name
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {name} "$@"\n', "utf-8")
            script.chmod(0o755)
        path = os.pathsep.join([str(bin), os.environ["PATH"]])
        return subprocess.run(
            [shutil.which("bash") or "bash", "-e", "-u", "-c", code],
            cwd=folder, env=environment(cache, PATH=path), capture_output=True, text=True,
        )  # fmt: skip

    return call


def test_addresses_of_the_page_are_those_of_the_site(site: Site) -> None:
    found = set(re.findall(r"SITE/((?:figures|losses|objects|embed)[\w./-]*)", PAGE))
    assert len(found) >= 7
    for path in found:
        assert (site.folder / path / ("index.html" if path.endswith("/") else "")).is_file(), path
    for name in ("loss-dark.svg", "gradient.pdf", "card-dark.png"):
        assert (site.folder / "figures" / "huber" / name).is_file()


def test_options_of_the_page_are_those_of_the_fence() -> None:
    from lossary.embedding.figure_request import OPTIONS

    assert tuple(re.findall(r"^\| `(\w+)=` ", PAGE, re.MULTILINE)) == OPTIONS
    views = re.search(r"^\| `view=` \| (.*), or one", PAGE, re.MULTILINE)
    assert views
    for view in re.findall(r"`(\w+)`", views[1]):
        assert lossary.get("huber").figure(view).picture.size


def test_the_entry_point_of_the_page_is_the_one_that_is_looked_for() -> None:
    (snippet,) = [one for one in snippets() if one.title == "pyproject.toml"]
    assert set(tomllib.loads(snippet.code)["project"]["entry-points"]) == {GROUP}
