"""Draws what the inputs look like at some places of a chart, in a strip over it: boxes, masks or ranked lists."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from lossary.drawing.lettering import figure_of, write
from lossary.drawing.palette import HEAT_STEPS, Palette
from lossary.drawing.pictures import Boxes, Mask, Miniature, RankedList
from lossary.typesetting.words import rough

Strip = tuple[float, float, float, float]  # left, bottom, width, height, in pixels of the figure
Line = tuple[Sequence[float], Sequence[float]]

# Between two miniatures, in pixels.
GAP = 10.0


def draw_miniatures(axes: Axes, miniatures: Sequence[Miniature], palette: Palette, strip: Strip, scale: float) -> None:
    """Draw each above its place of axes whose limits are set, all in one unit; a fine line leads down from it."""
    start, end = axes.get_xlim()
    centres = [strip[0] + strip[2] * (one.x - start) / (end - start) for one in miniatures]
    for one in miniatures:
        line = Line2D([one.x, one.x], [0, 1], transform=axes.get_xaxis_transform(which="grid"), zorder=0.5)
        line.set(color=palette["rule"], linewidth=0.8)
        axes.add_artist(line)
    unit = _unit(miniatures, centres, strip, scale)
    for one, centre in zip(miniatures, centres, strict=True):
        middle = (centre, strip[1] + strip[3] / 2)
        if isinstance(one, Boxes):
            _draw_boxes(axes, one, palette, middle, unit, scale)
        elif isinstance(one, Mask):
            _draw_mask(axes, one, palette, middle, unit, scale)
        else:
            _draw_list(axes, one, palette, middle, scale)


def _extent(one: Miniature) -> tuple[float, float]:
    """Width and height of what is drawn to scale, in its own unit."""
    if isinstance(one, Boxes):
        left, low, right, high = one.around
        return right - left, high - low
    if isinstance(one, Mask):
        return len(one.target[0]), len(one.target)
    return 1.0, 1.0


def _unit(miniatures: Sequence[Miniature], centres: Sequence[float], strip: Strip, scale: float) -> float:
    """The pixels of a unit: as many as leave a gap between neighbours and stay within the strip."""
    extents = [_extent(one) for one in miniatures]
    gap = GAP * scale
    units = [(strip[3] - 1.2 * gap) / max(height for _, height in extents)]
    units += [
        (right - left - gap) / ((a + b) / 2)
        for (left, right), ((a, _), (b, _)) in zip(pairwise(centres), pairwise(extents), strict=True)
    ]
    units.append((centres[0] - strip[0]) / (extents[0][0] / 2))
    units.append((strip[0] + strip[2] - centres[-1]) / (extents[-1][0] / 2))
    return max(0.0, min(units))


def _draw_boxes(
    axes: Axes, pair: Boxes, palette: Palette, middle: tuple[float, float], unit: float, scale: float
) -> None:
    """The true box grey and thick, the predicted one in ink."""
    left, low, right, high = pair.around
    for box, role, width in ((pair.target, "faint", 3.2), (pair.predicted, "ink", 1.3)):
        x1, x2 = (middle[0] + unit * (x - (left + right) / 2) for x in (box[0], box[2]))
        y1, y2 = (middle[1] + unit * (y - (low + high) / 2) for y in (box[1], box[3]))
        _draw_line(axes, ([x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1]), palette[role], width * scale)


def _draw_mask(
    axes: Axes, mask: Mask, palette: Palette, middle: tuple[float, float], unit: float, scale: float
) -> None:
    """A square for each pixel, coloured by its probability, and a line wherever the object ends."""
    figure = figure_of(axes)
    width, height = figure.get_size_inches() * 72
    rows, columns = len(mask.target), len(mask.target[0])
    left, top = middle[0] - unit * columns / 2, middle[1] + unit * rows / 2
    inside = np.pad(np.array(mask.target, dtype=bool), 1)
    for row in range(rows):
        for column in range(columns):
            step = min(HEAT_STEPS - 1, int(mask.predicted[row][column] * HEAT_STEPS))
            corner = ((left + unit * column) / width, (top - unit * (row + 1)) / height)
            pixel = Rectangle(corner, unit / width, unit / height, transform=figure.transFigure)
            pixel.set(facecolor=palette[f"heat{step}"], edgecolor=palette["rule"], linewidth=0.8 * scale)
            figure.add_artist(pixel)
    for row in range(rows + 1):
        for column in range(columns + 1):
            x, y = left + unit * column, top - unit * row
            here = inside[row + 1, column + 1]
            if here != inside[row, column + 1]:
                _draw_line(axes, ([x, x + unit], [y, y]), palette["ink"], 2.2 * scale)
            if here != inside[row + 1, column]:
                _draw_line(axes, ([x, x], [y, y - unit]), palette["ink"], 2.2 * scale)


def _draw_list(axes: Axes, ranked: RankedList, palette: Palette, middle: tuple[float, float], scale: float) -> None:
    """A line for each item, the highest score on top; the one that should be there is in ink."""
    size = 11.5 * scale
    best = min(letter for letter, _ in ranked.items)
    for k, (letter, score) in enumerate(ranked.items):
        y = middle[1] + 1.45 * size * ((len(ranked.items) - 1) / 2 - k)
        first = letter == best
        role, weight = ("ink", "semibold") if first else ("muted", "normal")
        words = f"{letter} {rough(score)}".replace("-", "\N{MINUS SIGN}")
        write(axes, middle[0], y, words, palette[role], size, "center", weight)


def _draw_line(axes: Axes, points: Line, colour: str, width: float) -> None:
    figure = figure_of(axes)
    across, up = figure.get_size_inches() * 72
    x, y = (np.array(places) for places in points)
    line = Line2D(x / across, y / up, color=colour, linewidth=width, solid_joinstyle="miter")
    figure.add_artist(line)
