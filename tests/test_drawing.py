"""Drawing from Python: themes, sizes, comparisons, somebody else's axes, and what a notebook shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib import font_manager
from matplotlib.figure import Figure
from py_mini_racer import MiniRacer

import lossary
from cases import LOSSES
from lossary.commands.main import main
from lossary.declaration.sections import Axis
from lossary.drawing.palette import colours
from lossary.drawing.pictures import Chart
from lossary.embedding import figure_request
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


# --- as on the page -------------------------------------------------------------------------------------------------


def page_heights(charts: list[Chart], axis: Axis, view: str) -> Any:
    """What the page "Compare" shows of the same curves, by its own script."""
    script = (Path(__file__).parent.parent / "docs/assets/js/overlay.js").read_text("utf-8")
    script = re.sub(r"^import .*?;$", "", script, flags=re.MULTILINE).replace("export ", "")
    curves = [{"ys": trace.y.tolist()} for chart in charts for trace in chart.traces]
    shared = {"top": axis.top, "slopes": axis.slopes, "span": axis.span}
    call = f"JSON.stringify(heightsShown({json.dumps(curves)}, {json.dumps(view)}, {json.dumps(shared)}))"
    return json.loads(str(MiniRacer().eval(f"{script};{call}")))


@pytest.mark.parametrize("view", ["loss", "gradient", "curvature"])
@pytest.mark.parametrize(
    "losses",
    [
        ("huber", "mse"),
        ("huber", "mse", "l1", "smooth_l1"),
        ("mse", "gaussian_nll"),
        ("bce", "nll"),
        ("cross_entropy", "multi_margin"),
        ("hinge_embedding", "triplet_margin"),
    ],
)
def test_a_comparison_is_cut_as_on_the_page(losses: tuple[str, ...], view: str) -> None:
    """The same range of heights, of the same curves from one end of the axis to the other."""
    chart = lossary.compare(*losses, view=view).picture
    assert isinstance(chart, Chart)
    first = LOSSES[losses[0]].sections
    axis = next(s.axis for s in first if all(any(o.axis == s.axis for o in LOSSES[x].sections) for x in losses))
    low, high = page_heights([chart], axis, view)
    every = np.concatenate([trace.y for trace in chart.traces])
    cut = low > every.min() or high < every.max()
    assert (chart.ylim is not None) == cut
    if chart.ylim is not None:
        assert chart.ylim == pytest.approx((low, high), rel=1e-12)
    assert ("Cut to the heights" in chart.description) == cut
    for slug, trace in zip(losses, chart.traces, strict=True):
        section = next(s for s in LOSSES[slug].sections if s.axis == axis)
        assert (trace.x[0], trace.x[-1]) == (axis.span if np.isinf(section.limits).all() else section.span)


def test_a_steep_loss_is_cut_and_that_is_said() -> None:
    chart = lossary.compare("huber", "mse").picture
    assert isinstance(chart, Chart)
    assert chart.ylim
    assert chart.ylim[1] == 4.5
    assert "Cut to the heights from 0 to 4.5; the curves go from 0 to 9." in chart.description


# --- sizes and values that cannot be had ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(0, 0), (79, 60), (80, 59), (4001, 300), (-640, 400)])
def test_a_size_that_no_picture_has_is_refused(size: tuple[int, int]) -> None:
    for draw in (HUBER.figure, lambda **how: lossary.compare("huber", "mse", **how)):
        with pytest.raises(LossaryError, match=f"size {size[0]}x{size[1]}: a picture has from 80x60 to 4000x4000"):
            draw(size=size)


def test_a_comparison_too_small_for_its_names_is_refused() -> None:
    losses = ("huber", "mse", "l1", "smooth_l1")
    with pytest.raises(LossaryError, match="cannot be drawn at 250x140") as raised:
        lossary.compare(*losses, size=(250, 140)).svg()
    ((width, height),) = re.findall(r"the smallest size that works is (\d+)x(\d+)$", str(raised.value))
    assert lossary.compare(*losses, size=(int(width), int(height))).svg()


@pytest.mark.parametrize("command", ["figure", "compare"])
def test_a_parameter_that_is_set_twice_is_refused(command: str, tmp_path: Path) -> None:
    output = tmp_path / "a.svg"
    given = ["--set", "delta=1", "--set", "delta=2", "-o", str(output)]
    found = CliRunner().invoke(main, [command, "huber", *given])
    assert found.exit_code
    told = found.output + str(found.exception)
    assert "--set delta=2: delta is given twice; several values stand together: delta=1,2" in told
    assert not output.exists()
    with pytest.raises(LossaryError, match="delta is given twice; several values stand together: delta=1,2"):
        figure_request.read("huber delta=1 delta=2")
    with pytest.raises(LossaryError, match=r"^view is given twice$"):
        figure_request.read("huber view=loss view=gradient")


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


def test_a_list_of_the_systems_fonts_changes_no_figure(tmp_path: Path) -> None:
    """Matplotlib keeps one in the user's cache folder, which may lack its own fonts for formulas or hold others."""
    card = HUBER.figure("card").svg()
    listed = [entry for entry in font_manager.fontManager.ttflist if entry.name == "DejaVu Sans"]
    kept = {**vars(font_manager.fontManager), "ttflist": listed}
    kept.pop("_lock", None)
    broken = object.__new__(font_manager.FontManager)
    vars(broken).update(kept)
    font_manager.json_dump(broken, tmp_path / f"fontlist-v{font_manager.FontManager.__version__}.json")
    code = "import sys, lossary; sys.stdout.buffer.write(lossary.get('huber').figure('card').svg())"
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path)}
    drawn = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert drawn.stderr == b""
    assert drawn.stdout == card
