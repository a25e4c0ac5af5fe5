"""Drawing from Python: themes, sizes, comparisons, somebody else's axes, and what a notebook shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import lossary
from lossary.drawing.palette import colours
from lossary.drawing.pictures import Chart
from lossary.errors import LossaryError

HUBER = lossary.get("huber")


def axes() -> Any:
    return Figure().add_subplot()


def drawn(ax: Any) -> list[Any]:
    """The curves among the lines of some axes: more than a few points."""
    return [line for line in ax.lines if len(line.get_xdata()) > 100]


# --- into somebody's axes -------------------------------------------------------------------------------------------


def test_axes_get_the_curve_its_marks_and_names() -> None:
    ax = axes()
    drawing = HUBER.figure("gradient", {"delta": 0.5}, ax=ax)
    (curve,) = drawn(ax)
    found = HUBER.curve(curve.get_xdata(), {"delta": 0.5})
    assert np.array_equal(curve.get_ydata(), found.gradient)
    assert curve.get_color() == colours("light")["gradient"]
    marks = [(*line.get_xdata(), *line.get_ydata()) for line in ax.lines if line.get_marker() == "o"]
    assert marks == [(-0.5, -0.5), (0.5, 0.5)]
    assert isinstance(drawing.picture, Chart)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (drawing.picture.xlabel, "gradient")
    assert ax.get_legend() is None


def test_axes_keep_what_is_theirs() -> None:
    ax = axes()
    before = {**mpl.rcParams}
    ax.plot([0, 1], [0, 1], label="mine")
    ax.set_title("My title")
    ax.set_xlim(-1, 1)
    ax.set_ylim(0, 9)
    ax.set_position((0.2, 0.2, 0.5, 0.5))
    HUBER.figure("loss", {"delta": [0.5, 1, 2]}, ax=ax, theme="dark")
    assert ax.get_title() == "My title"
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 1), (0, 9))
    assert tuple(ax.get_position().bounds) == pytest.approx((0.2, 0.2, 0.5, 0.5))
    assert all(side.get_visible() for side in ax.spines.values())
    assert {**mpl.rcParams} == before


def test_the_legend_names_each_curve_by_its_own_colour() -> None:
    ax = axes()
    ax.plot([0, 1], [0, 1], color="#123456", label="mine")
    HUBER.figure("loss", {"delta": [0.5, 1, 2]}, ax=ax)
    legend = ax.get_legend()
    told = {
        text.get_text(): line.get_color() for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)
    }
    palette = colours("light")
    assert told == {
        "mine": "#123456",
        "delta = 0.5": palette["below1"],
        "delta = 1": palette["loss"],
        "delta = 2": palette["above1"],
    }


def test_axes_take_line_charts_only() -> None:
    with pytest.raises(LossaryError, match="only a line chart"):
        HUBER.figure("card", ax=axes())


# --- comparisons ----------------------------------------------------------------------------------------------------


def test_compare_lays_curves_over_each_other() -> None:
    ax = axes()
    drawing = lossary.compare("huber", "mse", parameters={"delta": 2}, ax=ax, size=(500, 300))
    one, other = drawn(ax)
    assert np.array_equal(one.get_ydata(), HUBER.curve(one.get_xdata(), {"delta": 2}).loss)
    assert np.array_equal(other.get_ydata(), lossary.get("mse").curve(other.get_xdata()).loss)
    assert drawing.picture.size == (500, 300)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["Huber loss (delta = 2)", "Mean squared error (L2)"]


def test_compare_takes_losses_and_settings_of_one_loss() -> None:
    def traces(**parameters: Any) -> list[Any]:
        chart = lossary.compare(HUBER, "smooth_l1", "l1", view="gradient", parameters=parameters).picture
        assert isinstance(chart, Chart)
        return [trace.y for trace in chart.traces]

    plain, own, both = traces(), traces(**{"huber.delta": 0.5}), traces(**{"huber.delta": 0.5, "delta": 2})
    assert not np.array_equal(plain[0], own[0])
    assert np.array_equal(plain[1], own[1])
    assert np.array_equal(own[0], both[0]), "the more exact name counts"


@pytest.mark.parametrize(
    ("losses", "options", "words"),
    [
        ((), {}, "name the losses to compare"),
        (("huber", "bce"), {}, "share no axis: huber (residual), bce"),
        (("huber", "mse"), {"parameters": {"beta": 1}}, "beta=1: none of huber, mse has this parameter"),
        (("huber", "mse"), {"parameters": {"huber.delt": 1}}, "did you mean delta"),
        (("huber", "mse"), {"parameters": {"delta": [1, 2]}}, "takes one value of delta"),
        (("huber", "mse"), {"view": "card"}, "its views are: loss, gradient, curvature"),
        (("huber", "mse"), {"theme": "drak"}, "did you mean dark"),
        (("huber", "mze"), {}, "no loss is called 'mze'"),
    ],
)
def test_compare_refuses(losses: tuple[str, ...], options: Any, words: str) -> None:
    with pytest.raises(LossaryError, match=re.escape(words)):
        lossary.compare(*losses, **options)


def test_an_unknown_theme_is_refused_before_drawing() -> None:
    with pytest.raises(LossaryError, match="the themes are: light, dark, auto"):
        HUBER.figure(theme="sepia")  # type: ignore[arg-type]


# --- files and notebooks --------------------------------------------------------------------------------------------


def test_a_drawing_is_saved_by_its_ending(tmp_path: Path) -> None:
    drawing = HUBER.figure("sweep", size=(400, 300), theme="dark")
    for name, start in (("a.svg", b"<svg"), ("a.png", b"\x89PNG"), ("a.PDF", b"%PDF-")):
        drawing.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    assert colours("dark")["loss"] in (tmp_path / "a.svg").read_text("utf-8")
    with pytest.raises(LossaryError, match=r"a\.gif: the file's name must end in"):
        drawing.save(tmp_path / "a.gif")
    assert not (tmp_path / "a.gif").exists()


def test_a_notebook_shows_a_loss_as_its_card() -> None:
    bundle = HUBER._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/html", "text/plain"}
    root = ElementTree.fromstring(bundle["image/svg+xml"])
    assert (root.get("width"), root.get("height")) == ("1200", "630")
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Huber loss"
    assert f"<strong>{HUBER.title}</strong>: {HUBER.summary}" in bundle["text/html"]
    assert bundle["text/plain"] == "<lossary.Loss huber: Huber loss>"


def test_a_notebook_shows_several_cards_without_mixing_them_up() -> None:
    """In a page of cells ids and style sheets are shared: each card keeps its own."""
    found = [lossary.get(slug)._repr_mimebundle_()["text/html"] for slug in ("huber", "mse")]
    ids = [re.findall(r' id="([^"]+)"', text) for text in found]
    assert all(ids)
    assert not set(ids[0]) & set(ids[1])
    for text in found:
        (name,) = set(re.findall(r'<svg id="([^"]+)"', text))
        rules = re.search(r"<style>(.*?)</style>", text)
        assert rules
        assert all(f"#{name}" in selector for selector in re.findall(r"([^{}]+)\{[^{}]*\}", rules[1]))


def test_a_notebook_shows_a_drawing() -> None:
    drawing = HUBER.figure()
    assert drawing._repr_svg_() == drawing.svg().decode()
    one, other = (re.findall(r' id="([^"]+)"', drawing._repr_html_()) for _ in range(2))
    assert one
    assert not set(one) & set(other)
