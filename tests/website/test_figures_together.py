"""Figures of every way out stand in one page without changing each other: compared as pictures in a browser.

A page that holds many inline SVGs has one list of ids and one cascade of style sheets. Each figure is photographed
alone, and then among all the others, in both orders.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import markdown
import pytest
from click.testing import CliRunner

import lossary
from cases import LOSSES, PLAIN
from lossary import fence
from lossary.commands.main import main
from lossary.declaration.loss import Loss
from lossary.declaration.parameter_kinds import Number
from lossary.drawing import loss_views, render
from lossary.drawing.inline_svg import on_paper
from lossary.embedding.figure_request import make, wanted

Figures = list[tuple[str, str]]


def settings(loss: Loss) -> list[dict[str, float]]:
    """The defaults, and each plain number at its other typical values: figures that differ in little."""
    numbers = [p for p in loss.parameters if isinstance(p.kind, Number)]
    return [{}, *({p.name: value} for p in numbers for value in p.typical if value != p.default)]


def published(loss: Loss, setting: dict[str, float]) -> Iterator[str]:
    """The files beside a page, which do not know settings."""
    for view in [] if setting else loss_views.views(loss):
        if view.name in {"loss", "gradient"}:
            yield from (data.decode() for data in render.svg(view.picture).values())


def command(loss: Loss, setting: dict[str, float], folder: Path) -> Iterator[str]:
    """What `lossary figure` writes."""
    out = folder / f"{loss.slug}.svg"
    words = [part for name, value in setting.items() for part in ("--set", f"{name}={value}")]
    done = CliRunner().invoke(main, ["figure", loss.slug, *words, "-o", str(out)])
    assert done.exit_code == 0, done.output
    yield out.read_text("utf-8")


def interface(loss: Loss, setting: dict[str, float]) -> Iterator[str]:
    """What a script gets."""
    yield from (
        lossary.get(loss.slug).figure("loss", setting, theme=theme).svg().decode() for theme in ("auto", "dark")
    )


def notebook(loss: Loss, setting: dict[str, float]) -> Iterator[str]:
    """What a notebook shows of a figure and of a loss."""
    yield str(lossary.get(loss.slug).figure("gradient", setting)._repr_html_())
    if not setting:
        yield lossary.get(loss.slug)._repr_mimebundle_()["text/html"]


def in_markdown(loss: Loss, setting: dict[str, float], page: Any) -> Iterator[str]:
    """What a fence leaves in a page of Markdown."""
    words = " ".join(f"{name}={value}" for name, value in setting.items())
    yield page.convert(f"```lossary\n{loss.slug} {words}\n```")


def directive(loss: Loss, setting: dict[str, float], folder: Path) -> Iterator[str]:
    """What the Sphinx directive writes."""
    made = make(wanted([loss.slug], {name: str(value) for name, value in setting.items()}), folder)
    yield from (on_paper(made.svg[theme], theme).decode() for theme in ("light", "dark"))


def figures(losses: list[Loss], folder: Path) -> Figures:
    """The figures of some losses, all ways out, each with its name."""
    custom = {"name": "lossary", "class": "lossary", "format": fence.draw}
    page = markdown.Markdown(
        extensions=["pymdownx.superfences"], extension_configs={"pymdownx.superfences": {"custom_fences": [custom]}}
    )
    ways: dict[str, Any] = {
        "file": published,
        "command": partial(command, folder=folder),
        "interface": interface,
        "notebook": notebook,
        "fence": partial(in_markdown, page=page),
        "directive": partial(directive, folder=folder),
    }
    return [
        (f"{loss.slug} {setting} {name} {k}", text)
        for loss in losses
        for setting in settings(loss)
        for name, way in ways.items()
        for k, text in enumerate(way(loss, setting))
    ]


def photographs(tab: Any, cells: Figures) -> list[bytes]:
    """A picture of each cell of a page that holds these alone.

    All lie on one place and one is seen at a time: at another place the same curve meets the pixels otherwise.
    """
    inside = "".join(
        f"<div class=cell>{re.sub(r'<[?]xml.*?[?]>|<!DOCTYPE[^>]*>', '', text)}</div>" for _, text in cells
    )
    look = "body{background:#fff}.cell{position:absolute;top:0;left:0}.cell:not(.seen){opacity:0}"
    tab.set_content(f"<!doctype html><html lang=en><title>x</title><style>{look}</style>{inside}</html>")
    made = []
    for cell in tab.query_selector_all(".cell"):
        cell.evaluate("cell => cell.classList.add('seen')")
        made.append(tab.screenshot(animations="disabled"))
        cell.evaluate("cell => cell.classList.remove('seen')")
    return made


def alike(tab: Any, cells: Figures) -> None:
    """No id twice, and no picture that another figure changes, whichever comes first."""
    ids = Counter(found for _, text in cells for found in re.findall(r'\sid="([^"]+)"', text))
    seen: dict[str, str] = {}
    for _, text in cells:
        for found in set(re.findall(r'\sid="([^"]+)"', text)):
            # The same picture may come out two ways, and then two equal ids name equal things.
            assert seen.setdefault(found, _bare(text)) == _bare(text), f"the id {found} is in two different figures"
    assert ids
    alone = [photographs(tab, [cell])[0] for cell in cells]
    for order in (list(range(len(cells))), list(reversed(range(len(cells))))):
        together = photographs(tab, [cells[k] for k in order])
        changed = [cells[k][0] for k, picture in zip(order, together, strict=True) if picture != alone[k]]
        assert not changed


def _bare(text: str) -> str:
    return "".join(re.findall(r"<path.*?>", text))


@pytest.fixture
def tab(browser: Any, scheme: str) -> Iterator[Any]:
    """A tab that waits for nothing, in a colour scheme."""
    context = browser.new_context(viewport={"width": 700, "height": 420}, color_scheme=scheme)
    yield context.new_page()
    context.close()


@pytest.mark.nightly
@pytest.mark.parametrize("scheme", ["light"])
def test_figures_of_all_ways_out_share_a_page(
    tab: Any, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSARY_CACHE", str(tmp_path / "cache"))
    cells = figures([LOSSES[slug] for slug in sorted(PLAIN)], tmp_path)
    assert len(cells) >= 15
    alike(tab, cells)


@pytest.mark.nightly
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_hundred_figures_share_a_page(
    tab: Any, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any two of them: what one alone can change in another, all together change."""
    monkeypatch.setenv("LOSSARY_CACHE", str(tmp_path / "cache"))
    cells = list(itertools.islice((cell for loss in LOSSES.values() for cell in figures([loss], tmp_path)), 200))
    assert len(cells) == 200
    alike(tab, cells)
