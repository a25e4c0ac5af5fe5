"""Lays a picture out on a figure in stand-in colours, or says what does not fit and the smallest size that works."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import lru_cache

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lossary.drawing.diagrams import BESIDE, LARGEST_NODE, draw_lattice, draw_plane, draw_surface
from lossary.drawing.lettering import renderer
from lossary.drawing.line_charts import Frame, card_share, draw_card, draw_chart, frame_of, prepare_axes
from lossary.drawing.palette import STAND_INS
from lossary.drawing.pictures import LARGEST, Card, Chart, Lattice, Picture, Plane, Surface
from lossary.errors import LossaryError


def lay_out(picture: Picture) -> Figure:
    """A picture on a figure, which is only good until the next one is laid out.

    Raises:
        LossaryError: where its words do not fit into its size, with the smallest size that they fit into.
    """
    figure, fault = _fit(picture)
    if not fault:
        return figure
    width, height = picture.size
    least = least_size(picture)
    cure = f"the smallest size that works is {least[0]}x{least[1]}" if least else "no larger size works"
    raise LossaryError(f"“{picture.title}” cannot be drawn at {width}x{height}: {fault}; {cure}")


class _Sheet:
    """A figure that is drawn on again: axes and their ticks, which cost more than curves, are made once.

    Whatever a picture adds goes before the next, and what it sets the next one sets anew.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.figure = Figure(dpi=72, facecolor=STAND_INS["paper"])
        FigureCanvasAgg(self.figure)
        self.axes = [self.figure.add_axes((0, 0, 1, 1), label=f"chart{k}") for k in range(len(frames))]
        for axes, frame in zip(self.axes, frames, strict=True):
            prepare_axes(axes, frame, STAND_INS)
        self.parts = [self.figure, *self.axes]
        self.own = {child for part in self.parts for child in part.get_children()}

    def cleared(self, size: tuple[int, int]) -> Figure:
        """The figure as it was made, in the size of a picture."""
        for part in self.parts:
            for child in part.get_children():
                if child not in self.own:
                    child.remove()
        self.figure.set_size_inches(size[0] / 72, size[1] / 72)
        return self.figure


_sheet = lru_cache(maxsize=16)(_Sheet)


def _fit(picture: Picture) -> tuple[Figure, str]:
    """A picture on a figure, and what is wrong with it; curves are named above where there is no room at their ends."""
    if fault := _size_fault(picture):
        return Figure(), fault
    figure = _arrange(picture, above=False)
    fault = _fault(figure, picture)
    if fault and any(t.label for chart in _charts(picture) for t in chart.traces):
        figure = _arrange(picture, above=True)
        fault = _fault(figure, picture)
    return figure, fault


def least_size(picture: Picture) -> tuple[int, int] | None:
    """The smallest size at which a picture can be drawn: higher, if that is enough, or else wider, or else both."""

    def works(width: int, height: int) -> bool:
        sized = dataclasses.replace(picture, size=(width, height))
        return not _fit(sized)[1]

    width, height = picture.size
    if works(width, LARGEST[1]):
        return width, _first_that_works(height, lambda n: works(width, n))
    if works(LARGEST[0], height):
        return _first_that_works(width, lambda n: works(n, height)), height
    if not works(*LARGEST):
        return None
    wider = _first_that_works(width, lambda n: works(n, LARGEST[1]))
    higher = _first_that_works(height, lambda n: works(wider, n))
    # A high plot has more numbers, which may be wider.
    return _first_that_works(width, lambda n: works(n, higher)), higher


def _first_that_works(low: int, works: Callable[[int], bool]) -> int:
    """The first number that works after one that does not; the largest does."""
    high = max(LARGEST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


# Below this, a plot tells nothing; and words and legend may not take more of a picture than this leaves.
LEAST_PLOT = (60, 40)
LEAST_SHARE = (0.35, 0.3)
# The smallest share of its own size at which a card's words can be read.
LEAST_CARD = 0.45


def _fault(figure: Figure, picture: Picture) -> str:
    """What is wrong with a drawing: a plot too small, words outside or on each other; or nothing."""
    if fault := _plot_fault(figure, picture):
        return fault
    if isinstance(picture, Lattice):
        place = figure.axes[0].get_window_extent()
        steps = place.width / len(picture.network.columns), place.height / len(picture.network.rows)
        if min(steps) < LARGEST_NODE + 2:
            return "its nodes would touch"
    return _word_fault(figure, picture)


def _charts(picture: Picture) -> tuple[Chart, ...]:
    if isinstance(picture, Card):
        return picture.charts
    return (picture,) if isinstance(picture, Chart) else ()


def _size_fault(picture: Picture) -> str:
    """What can be said of a size without drawing."""
    if isinstance(picture, Card) and card_share(picture) < LEAST_CARD:
        return "its words would be too small to read"
    width, height = picture.size
    if beside := BESIDE.get(type(picture)):
        across, up, held = beside
        if width < across + LEAST_PLOT[0] or height < up + LEAST_PLOT[1]:
            return f"its {held} would have no room"
    return ""


def _plot_fault(figure: Figure, picture: Picture) -> str:
    halves = 2 if isinstance(picture, Card) else 1
    bare = isinstance(picture, Chart) and picture.bare
    for axes in figure.axes[:halves]:
        place = axes.get_position(original=True)
        taken = (place.x1 - place.x0, place.y1 - place.y0)
        for k, what in enumerate(("wide", "high")):
            pixels = taken[k] * picture.size[k]
            share = taken[k] * (halves if k == 0 else 1)
            least = max(LEAST_PLOT[k], 0 if bare or isinstance(picture, Card) else LEAST_SHARE[k] * picture.size[k])
            if pixels < least or (halves == 2 and k == 0 and share < LEAST_SHARE[0]):
                return f"its plot would be {max(0, round(pixels))} pixels {what}"
    return ""


def _word_fault(figure: Figure, picture: Picture) -> str:
    """Words that lie on others, or reach out of the picture."""
    words = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    for axes in (axes for axes in figure.axes if axes.axison):
        for axis, labels in ((axes.xaxis, axes.get_xticklabels()), (axes.yaxis, axes.get_yticklabels())):
            low, high = sorted(axis.get_view_interval())
            # A number just beyond the end is not drawn.
            slack = 1e-9 * (high - low)
            ticks = zip(axis.get_majorticklocs(), labels, strict=False)
            words += [label for at, label in ticks if low - slack <= at <= high + slack]
    boxes = [(w.get_text(), w.get_window_extent(renderer())) for w in words if w.get_text() and w.get_visible()]
    width, height = picture.size
    for k, (text, box) in enumerate(boxes):
        if min(box.x0, box.y0, width - box.x1, height - box.y1) < -0.5:
            return f"“{text}” would reach out of it"
        for other, beside in boxes[k + 1 :]:
            across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            over = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            # A line of type is taller than its letters, so lines may touch a little.
            if across > 1 and over > min(5.0, 0.4 * min(box.height, beside.height)):
                return f"“{text}” would lie on “{other}”"
    return ""


def _arrange(picture: Picture, above: bool) -> Figure:
    """A picture on a figure, whether it has room or not; `above` keeps names from the ends of the curves."""
    width, height = picture.size
    if isinstance(picture, Chart | Card):
        charts = _charts(picture)
        scale = 1.55 * card_share(picture) if isinstance(picture, Card) else 1.0
        sheet = _sheet(tuple(frame_of(chart, scale) for chart in charts))
        figure = sheet.cleared(picture.size)
        if isinstance(picture, Card):
            draw_card(figure, sheet.axes, picture, STAND_INS, scale, above)
        else:
            draw_chart(sheet.axes[0], picture, STAND_INS, (0, 0, width, height), scale, above)
        return figure
    figure = _Sheet(()).cleared(picture.size)
    if isinstance(picture, Surface):
        draw_surface(figure, picture, STAND_INS)
    elif isinstance(picture, Plane):
        draw_plane(figure, picture, STAND_INS)
    else:
        draw_lattice(figure, picture, STAND_INS)
    return figure
