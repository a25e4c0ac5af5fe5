"""Writes words on a figure: measures them, moves them, and shrinks what its room is too narrow for."""

from __future__ import annotations

from functools import cache
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def figure_of(axes: Axes) -> Figure:
    """The figure that axes stand on."""
    figure = axes.figure
    assert isinstance(figure, Figure)
    return figure


def write(
    axes: Axes, x: float, y: float, text: str, colour: str, size: float, align: str, weight: str = "normal"
) -> Text:
    """Put words at a place of the figure, in pixels from its lower left corner."""
    figure = figure_of(axes)
    width, height = figure.get_size_inches() * 72
    return figure.text(
        x / width, y / height, text, color=colour, fontsize=size, ha=align, va="center", fontweight=weight
    )


def move(text: Text, x: float, y: float) -> None:
    """Move words to a place of the figure, in pixels from its lower left corner."""
    assert isinstance(text.figure, Figure)
    width, height = text.figure.get_size_inches() * 72
    text.set_position((x / width, y / height))


def width_of(text: Text) -> float:
    """How wide words are, in pixels."""
    return size_of(text)[0]


def size_of(text: Text) -> tuple[float, float]:
    """How wide and how high words are, in pixels."""
    # By name: a number beside an axis that was drawn before would ask whatever drew it, and an SVG has other widths.
    box = text.get_window_extent(renderer())
    return float(box.width), float(box.height)


@cache
def renderer() -> Any:
    """What measures words: one for all figures, as one of a figure's own would come with all its pixels."""
    return FigureCanvasAgg(Figure((1, 1), dpi=72)).get_renderer()  # type: ignore[no-untyped-call]


# In pixels; words that need to be smaller do not fit.
LEAST_WORDS = 9.0


def shrink(text: Text, room: float, least: float = 0.0) -> None:
    """Write smaller what is too wide, down to a least size."""
    if width_of(text) > room:
        text.set_fontsize(max(least, float(text.get_fontsize()) * room / width_of(text)))
