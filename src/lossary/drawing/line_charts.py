"""Lays line charts and cards out on axes: curves, ticks, limits, and the words and the legend around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import ArrayLike, NDArray

from lossary.drawing.lettering import LEAST_WORDS, figure_of, move, shrink, size_of, width_of, write
from lossary.drawing.miniatures import draw_miniatures
from lossary.drawing.palette import PATTERNS, Palette
from lossary.drawing.pictures import MINIATURES_HIGH, Card, Chart, Trace
from lossary.typesetting.words import number

Box = tuple[float, float, float, float]  # left, bottom, width, height, in pixels of the figure


class Frame(NamedTuple):
    """What axes are made for, before any curve is known: charts that agree here share them."""

    bare: bool
    logarithmic: bool
    tiny: bool
    scale: float


def draw_chart(axes: Axes, chart: Chart, palette: Palette, box: Box, scale: float, above: bool) -> None:
    """Draw a chart into axes that are placed within `box`; `scale` enlarges words, lines and margins."""
    if not chart.bare:
        _number_axis(axes, chart, "x", _TICKS["x"][0])
        _number_axis(axes, chart, "y", _TICKS["y"][0])
    for line in curves(chart, palette, scale):
        axes.add_artist(line)
    _limits(axes, chart)
    if chart.rug:
        rug = Line2D(
            chart.rug,
            np.full(len(chart.rug), 0.025),
            linestyle="none",
            marker="|",
            transform=axes.get_xaxis_transform(),
            color=palette["ink"],
            markersize=9 * scale,
            markeredgewidth=0.9,
            zorder=5,
        )
        axes.add_artist(rug)
    for end in chart.ends:
        _across(axes, "x", end, color=palette["muted"], linewidth=0.9, linestyle=(0, (1, 2)), zorder=2)
    low, high = axes.get_ylim()
    # The zero line takes the place of the frame's lower edge.
    axes.spines["bottom"].set_visible(not low < 0 < high)
    left, right = axes.get_xlim()
    if low < 0 < high and not chart.layer:
        _across(axes, "y", 0, color=palette["muted"], linewidth=0.9, zorder=1)
    if left < 0 < right and not chart.layer:
        _across(axes, "x", 0, color=palette["rule"], linewidth=0.8, zorder=1)
    _place(axes, chart, palette, box, scale, above)
    # Its numbers have said where the axes lie, and are not drawn.
    axes.axison = not chart.layer


def _across(axes: Axes, along: Literal["x", "y"], value: float, **style: Any) -> None:
    """A line through the whole axes at a value of x or of y."""
    if along == "x":
        line = Line2D([value, value], [0, 1], transform=axes.get_xaxis_transform(which="grid"), **style)
    else:
        line = Line2D([0, 1], [value, value], transform=axes.get_yaxis_transform(which="grid"), **style)
    axes.add_artist(line)


def curves(chart: Chart, palette: Palette, scale: float) -> Iterator[Line2D]:
    """The lines and marks of a chart's curves."""
    for trace in chart.traces:
        colour = palette[trace.role]
        yield Line2D(
            trace.x,
            trace.y,
            color=colour,
            linewidth=(2.2 if trace.strong else 1.6) * scale * (0.8 if chart.bare else 1),
            linestyle=_style(trace),
            marker="o" if trace.dotted else "",
            markersize=5 * scale,
            solid_capstyle="round",
            zorder=4 if trace.strong else 3,
            label=trace.label,
        )
        last = _last_finite(trace)
        if last.any():
            yield _mark(trace.x[last], trace.y[last], "X", 7.5 * scale, colour, colour, 0.1, 7)
    if not chart.bare:
        for x, y in chart.kinks:
            yield _mark([x], [y], "o", 5.5 * scale, palette["paper"], palette["ink"], 1.2 * scale, 6)


def _mark(
    x: ArrayLike, y: ArrayLike, shape: str, size: float, fill: str, edge: str, width: float, zorder: int
) -> Line2D:
    """Marks at some points, without a line between them."""
    return Line2D(
        x,
        y,
        linestyle="none",
        marker=shape,
        markersize=size,
        markerfacecolor=fill,
        markeredgecolor=edge,
        markeredgewidth=width,
        zorder=zorder,
    )


def _style(trace: Trace) -> Literal["-"] | tuple[float, tuple[float, ...]]:
    if trace.dotted:
        return (0, (1, 2.5))
    return PATTERNS[trace.dashed % len(PATTERNS)]


def _last_finite(trace: Trace) -> NDArray[np.bool_]:
    """The points behind which a curve is infinite or not a number."""
    finite = np.isfinite(trace.y)
    beside = np.zeros_like(finite)
    beside[:-1] |= ~finite[1:]
    beside[1:] |= ~finite[:-1]
    marked: NDArray[np.bool_] = finite & beside
    return marked


def frame_of(chart: Chart, scale: float) -> Frame:
    """What a chart's axes are made for, at a scale of its words."""
    return Frame(chart.bare, chart.logarithmic, not chart.logarithmic and _tiny(chart), scale)


def prepare_axes(axes: Axes, frame: Frame, palette: Palette) -> None:
    """Make axes ready for every chart of a frame."""
    scale = frame.scale
    axes.patch.set_alpha(0)
    for axis in (axes.xaxis, axes.yaxis):
        # Else each drawing looks for a place for words that are not there.
        axis.set_label_coords(0, 0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(palette["rule"])
        axes.spines[side].set_linewidth(0.9)
    axes.tick_params(
        colors=palette["rule"],
        labelcolor=palette["muted"],
        length=3.5,
        width=0.9,
        pad=4 * scale,
        labelsize=11.5 * scale,
    )
    if frame.bare:
        axes.tick_params(length=0, labelleft=False, labelbottom=False)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        # A common factor in a corner of the axes would be read by nobody.
        axes.ticklabel_format(useOffset=False, style="plain")
        if frame.tiny:
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    if frame.logarithmic:
        axes.set_yscale("symlog", linthresh=1.0, linscale=0.35)
        axes.yaxis.set_major_formatter(FuncFormatter(_power_label))
        axes.minorticks_off()


def _heights(chart: Chart) -> NDArray[np.float64]:
    """All values of all curves, but for those that cannot be drawn."""
    return np.concatenate([t.y[np.isfinite(t.y)] for t in chart.traces])


def _tiny(chart: Chart) -> bool:
    """Whether all values are so small that plain decimals would be a row of zeros."""
    y = _heights(chart)
    return 0 < float(np.abs(y).max()) < 1e-4


# How many steps an axis has at most, as it is made for and fewer: the first that its numbers have room for.
_TICKS = {"x": (7, 5, 4, 3, 2, 1), "y": (5, 4, 3, 2, 1)}


def _number_axis(axes: Axes, chart: Chart, along: Literal["x", "y"], most: int) -> None:
    """Number an axis in `most` steps or fewer."""
    if along == "y" and chart.logarithmic:
        axes.yaxis.set_major_locator(_powers(chart, min(most, 4)))
        return
    locator = (axes.xaxis if along == "x" else axes.yaxis).get_major_locator()
    assert isinstance(locator, MaxNLocator)
    locator.set_params(nbins=most)


def _thin(axes: Axes, chart: Chart, along: Literal["x", "y"], length: float) -> None:
    """Number an axis of this length in fewer steps, until no two numbers touch."""
    axis, k = (axes.xaxis, 0) if along == "x" else (axes.yaxis, 1)
    low, high = axis.get_view_interval()
    for most in _TICKS[along]:
        if most < _TICKS[along][0]:
            _number_axis(axes, chart, along, most)
        ticks = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False)
        shown = [(at, size_of(text)[k]) for at, text in ticks if low <= at <= high]
        places = (axes.transScale + axes.transLimits).transform([(at, at) for at, _ in shown or [(low, 0)]])[:, k]
        # The next number's place, and half of what both need.
        order = sorted((length * place, size / 2) for place, (_, size) in zip(places, shown, strict=False))
        gaps = [b - a - m - n for (a, m), (b, n) in pairwise(order)]
        if min(gaps, default=1.0) > (2 if along == "x" else -2):
            return


def _powers(chart: Chart, most: int) -> FixedLocator:
    """Ticks at 0 and at a few powers of ten on the sides where there are values."""
    y = _heights(chart)
    ticks = [0.0]
    for sign, furthest in ((1, float(y.max())), (-1, -float(y.min()))):
        if furthest > 10:
            top = int(np.log10(furthest))
            step = max(1, round(top / most))
            ticks += [sign * 10.0**k for k in range(step, top + 1, step)]
    return FixedLocator(ticks)


def _power_label(value: float, _: int) -> str:
    if value == 0:
        return "0"
    return rf"${'-' if value < 0 else ''}10^{{{round(np.log10(abs(value)))}}}$"


def _limits(axes: Axes, chart: Chart) -> None:
    x = np.concatenate([t.x for t in chart.traces])
    left, right = chart.xlim or (float(x.min()), float(x.max()))
    for end in chart.ends:
        left, right = min(left, end), max(right, end)
    if chart.xlim is None:
        left, right = left - 0.015 * (right - left), right + 0.015 * (right - left)
    axes.set_xlim(left, right)
    if chart.ylim is not None:
        axes.set_ylim(*chart.ylim)
        return
    y = _heights(chart)
    low, high = float(y.min()), float(y.max())
    if low > 0 and low < 0.35 * high:
        low = 0.0
    if chart.logarithmic:
        axes.set_ylim(low * 10 if low < -1 else -0.5, high * 10 if high > 1 else 1.0)
        return
    span = (high - low) or 1.0
    axes.set_ylim(low - 0.06 * span, high + 0.08 * span)


def _place(axes: Axes, chart: Chart, palette: Palette, box: Box, scale: float, above: bool) -> None:
    """Give the axes the room that their words leave, then write the words."""
    left, bottom, width, height = box
    if chart.bare:
        _position(axes, (left + 4, bottom + 4, width - 8, height - 8))
        return
    named = [trace for trace in chart.traces if trace.label]
    labels = [_label(axes, trace, palette, scale) for trace in named]
    widest = max((width_of(label) for label in labels), default=0.0)
    ends = [_end(axes, trace) for trace in named]
    # At the ends of the curves where the words fit there and the ends lie apart, else in rows over the axes.
    fits = not above and widest <= 0.25 * width and (len(ends) < 2 or min(np.diff(sorted(ends))) > 0.02)
    fits = fits and 15 * scale * len(ends) <= height - 84 * scale
    rows = [] if fits else _rows(labels, width - 16 * scale, scale)
    gap = 16.0 if labels and not rows else 0.0
    strip = MINIATURES_HIGH * scale if chart.miniatures else 0.0
    # A small multiple has its words beside it on the page.
    foot, head = 48 if chart.xlabel else 26, 36 if chart.heading else 12
    high = height - (foot + head + 18 * len(rows)) * scale - strip
    _thin(axes, chart, "y", high)
    start = left + _tick_width(axes) + 14
    room = left + width - start
    inner = (
        start,
        bottom + foot * scale,
        room - (widest + gap if gap else max(14.0, 2.0 + _overhang(axes, room - 14))),
        high,
    )
    _position(axes, inner)
    _thin(axes, chart, "x", inner[2])
    if chart.miniatures:
        draw_miniatures(axes, chart.miniatures, palette, (inner[0], inner[1] + high, inner[2], strip), scale)
    top = bottom + height - 13 * scale
    heading = write(axes, left + 8, top, chart.heading, palette[chart.role], 13 * scale, "left", "semibold")
    shrink(heading, width - 16, LEAST_WORDS)
    label = write(axes, inner[0] + inner[2], bottom + 13 * scale, chart.xlabel, palette["muted"], 12 * scale, "right")
    shrink(label, inner[0] + inner[2] - left, LEAST_WORDS)
    if rows:
        _legend(axes, named, labels, rows, palette, (left + 8, top - 19 * scale), scale)
        return
    for label, y in zip(labels, _spread(ends, inner[3], 15 * scale), strict=True):
        move(label, inner[0] + inner[2] + 7, inner[1] + y)


def _label(axes: Axes, trace: Trace, palette: Palette, scale: float) -> Text:
    weight = "semibold" if trace.strong else "normal"
    return write(axes, 0, 0, trace.label, palette[trace.role], 11.5 * scale, "left", weight)


def _rows(labels: list[Text], room: float, scale: float) -> list[list[int]]:
    """Which labels share a line, each with a sample of its curve before it."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for k, label in enumerate(labels):
        needed = width_of(label) + 46 * scale
        if rows[-1] and used + needed > room:
            rows.append([])
            used = 0.0
        rows[-1].append(k)
        used += needed
    return rows


def _legend(
    axes: Axes,
    traces: list[Trace],
    labels: list[Text],
    rows: list[list[int]],
    palette: Palette,
    corner: tuple[float, float],
    scale: float,
) -> None:
    figure = figure_of(axes)
    width, height = figure.get_size_inches() * 72
    for line, row in enumerate(rows):
        x, y = corner[0], corner[1] - 18 * scale * line
        for k in row:
            sample = Line2D(
                [x / width, (x + 22 * scale) / width],
                [y / height, y / height],
                color=palette[traces[k].role],
                linewidth=2.2 * scale,
                linestyle=_style(traces[k]),
            )
            figure.add_artist(sample)
            move(labels[k], x + 28 * scale, y)
            x += width_of(labels[k]) + 46 * scale


def _position(axes: Axes, box: Box) -> None:
    width, height = figure_of(axes).get_size_inches() * 72
    axes.set_position((box[0] / width, box[1] / height, box[2] / width, box[3] / height))


def _end(axes: Axes, trace: Trace) -> float:
    """Where a curve leaves on the right, as a share of the axes' height."""
    last = float(trace.y[np.isfinite(trace.y)][-1])
    return float(np.clip((axes.transScale + axes.transLimits).transform((0, last))[1], 0.0, 1.0))


def _spread(shares: list[float], height: float, least: float) -> list[float]:
    """Heights in pixels, pushed apart until no two are closer than `least`."""
    order = sorted(range(len(shares)), key=shares.__getitem__)
    placed = [shares[k] * height for k in order]
    for _ in range(60):
        for a in range(len(placed) - 1):
            overlap = least - (placed[a + 1] - placed[a])
            if overlap > 0:
                placed[a] -= overlap / 2
                placed[a + 1] += overlap / 2
    lift = max(0.0, -min(placed, default=0.0)) - max(0.0, max(placed, default=0.0) - height)
    result = [0.0] * len(shares)
    for rank, k in enumerate(order):
        result[k] = placed[rank] + lift
    return result


def _tick_width(axes: Axes) -> float:
    """The widest number beside the vertical axis; which numbers stand there does not depend on the axes' place."""
    labels = axes.get_yticklabels()
    for label in (*axes.get_xticklabels(), *labels):
        # Nothing is arranged around them later, so a drawing need not measure them before it writes them.
        label.set_in_layout(False)
    return max(map(width_of, labels), default=0.0)


def _overhang(axes: Axes, room: float) -> float:
    """How far the last number below the horizontal axis reaches beyond an axis of this length."""
    low, high = axes.get_xlim()
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    inside = [width_of(label) / 2 - room * (high - at) / (high - low) for at, label in ticks if low <= at <= high]
    return max(inside, default=0.0)


def card_share(card: Card) -> float:
    """How large a card is drawn: it is one picture, and its words keep their share of it."""
    own = type(card).size
    return min(card.size[0] / own[0], card.size[1] / own[1])


def draw_card(figure: Figure, sides: Sequence[Axes], card: Card, palette: Palette, scale: float, above: bool) -> None:
    """Draw a card: name, call and formula above, its charts side by side into axes that are given."""
    width, height = card.size
    k = card_share(card)
    name = figure.text(
        48 * k / width,
        1 - 62 * k / height,
        card.name,
        color=palette["ink"],
        fontsize=38 * k,
        fontfamily="IBM Plex Serif",
        fontweight="semibold",
        va="center",
    )
    shrink(name, width - 96 * k)
    call = figure.text(
        48 * k / width, 1 - 116 * k / height, card.call, color=palette["muted"], fontsize=20 * k, va="center"
    )
    shrink(call, width - 96 * k)
    if card.formula:
        _write_formula(figure, card, palette, k)
    half = (width - 80 * k) / 2
    for side, (axes, chart) in enumerate(zip(sides, card.charts, strict=True)):
        box = (40 * k + side * half, 40 * k, half - 16 * k, height - (300 if card.formula else 200) * k)
        draw_chart(axes, chart, palette, box, scale, above)
    figure.text(
        1 - 48 * k / width,
        26 * k / height,
        "Lossary",
        color=palette["muted"],
        fontsize=18 * k,
        fontfamily="IBM Plex Serif",
        fontweight="semibold",
        va="center",
        ha="right",
    )


def _write_formula(figure: Figure, card: Card, palette: Palette, k: float) -> None:
    width, height = card.size
    style: dict[str, Any] = {"color": palette["ink"], "fontsize": 27 * k, "va": "center"}
    # Two texts, so that the sign stands at the middle of a formula of several lines.
    sign = figure.text(48 * k / width, 1 - 196 * k / height, r"$\ell\ =\ $", **style)
    start = 48 * k + width_of(sign) + 10 * k
    formula = figure.text(start / width, 1 - 196 * k / height, f"${card.formula}$", **style)
    shrink(formula, width - 48 * k - start)
