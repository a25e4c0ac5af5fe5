"""Lays surfaces, planes and lattices out on a figure."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lossary.drawing.lettering import LEAST_WORDS, shrink, write
from lossary.drawing.palette import DASHES, HEAT_STEPS, Palette
from lossary.drawing.pictures import Lattice, Plane, Surface

# What each leaves beside its plot for words and a bar of colours, across and up, in pixels; and what the plot holds.
BESIDE = {Surface: (150, 90, "map"), Plane: (150, 140, "arrows"), Lattice: (84, 62, "nodes")}


def draw_surface(figure: Figure, picture: Surface, palette: Palette) -> None:
    """Draw a heat map, its path and the bar that says what its colours are worth."""
    width, height = picture.size
    across, up, _ = BESIDE[Surface]
    axes = figure.add_axes((58 / width, 50 / height, (width - across) / width, (height - up) / height))
    axes.patch.set_alpha(0)
    finite = picture.values[np.isfinite(picture.values)]
    low, high = float(finite.min()), float(finite.max())
    share = np.linspace(0.0, 1.0, HEAT_STEPS + 1)
    # Where most values lie low, the bands are narrow there and widen upwards, else the map would be one band.
    flat = float(np.median(finite)) < low + 0.15 * (high - low)
    levels = low + (high - low) * (share**2.5 if flat else share)
    fills = [palette[f"heat{k}"] for k in range(HEAT_STEPS)]
    bands = axes.contourf(picture.across, picture.up, picture.values, levels=levels, colors=fills)
    # Its colours are its own, not those of numbers, so that they may be painted over.
    bands.set_array(None)
    bands.set_facecolor(fills)
    # Without an edge of its own colour, neighbouring bands show a hairline of paper between them.
    bands.set_edgecolor("face")
    bands.set_linewidth(0.4)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(colors=palette["rule"], labelcolor=palette["muted"], length=3.5, pad=4, labelsize=11.5)
    if picture.path:
        words, x, y = picture.path
        axes.plot(x, y, color=palette["gradient"], linewidth=2.0, linestyle=DASHES, zorder=4)
        inside = np.flatnonzero(np.isfinite(y))
        highest = inside[int(np.argmax(y[inside]))]
        # The words stand inside, beside the upper end of the line.
        left = x[highest] > np.mean(picture.across)
        axes.annotate(
            words,
            (x[highest], y[highest]),
            (-14 if left else 14, -16),
            textcoords="offset points",
            ha="right" if left else "left",
            color=palette["gradient"],
            fontsize=12,
        )
    bar = figure.add_axes(((width - 74) / width, 50 / height, 16 / width, (height - up) / height))
    bar.patch.set_alpha(0)
    for k in range(HEAT_STEPS):
        bar.axhspan(levels[k], levels[k + 1], color=fills[k], linewidth=0.4)
    bar.set_ylim(levels[0], levels[-1])
    bar.yaxis.tick_right()
    bar.set_xticks([])
    bar.yaxis.set_major_locator(MaxNLocator(6))
    bar.tick_params(colors=palette["rule"], labelcolor=palette["muted"], length=3.5, pad=3, labelsize=11.5)
    for side in bar.spines.values():
        side.set_visible(False)
    write(axes, width - 74, height - 18, picture.heading, palette["loss"], 13, "left", "semibold")
    ylabel = write(axes, 8, height - 18, picture.ylabel, palette["muted"], 12, "left")
    shrink(ylabel, width - 90, LEAST_WORDS)
    xlabel = write(axes, width - 92, 14, picture.xlabel, palette["muted"], 12, "right")
    shrink(xlabel, width - 94, LEAST_WORDS)


def draw_plane(figure: Figure, picture: Plane, palette: Palette) -> None:
    """Draw points and their arrows, the same unit in both directions."""
    width, height = picture.size
    axes = figure.add_axes((18 / width, 18 / height, (width - 36) / width, (height - 56) / height))
    axes.patch.set_alpha(0)
    axes.set_axis_off()
    xs = [v for a in picture.arrows for v in (a.x, a.x + a.dx)] + [0.0]
    ys = [v for a in picture.arrows for v in (a.y, a.y + a.dy)] + [0.0]
    # One unit in both directions, with room for the words around the points.
    across, up, _ = BESIDE[Plane]
    unit = max((max(xs) - min(xs)) / (width - across), (max(ys) - min(ys)) / (height - up), 1e-9)
    middle = ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
    axes.set_xlim(middle[0] - unit * (width - 36) / 2, middle[0] + unit * (width - 36) / 2)
    axes.set_ylim(middle[1] - unit * (height - 56) / 2, middle[1] + unit * (height - 56) / 2)
    axes.axhline(0, color=palette["rule"], linewidth=0.8, zorder=1)
    axes.axvline(0, color=palette["rule"], linewidth=0.8, zorder=1)
    for arrow in picture.arrows:
        length = float(np.hypot(arrow.dx, arrow.dy))
        if length > 4 * unit:
            head = min(11.0, length / unit / 2.5)
            axes.annotate(
                "",
                (arrow.x + arrow.dx, arrow.y + arrow.dy),
                (arrow.x, arrow.y),
                arrowprops={
                    "arrowstyle": f"-|>,head_width={head / 28:.3f},head_length={head / 14:.3f}",
                    "color": palette["gradient"],
                    "linewidth": 2.0,
                    "shrinkA": 0,
                    "shrinkB": 0,
                },
                zorder=3,
            )
        axes.plot([arrow.x], [arrow.y], "o", ms=9, mfc=palette["loss"], mec=palette["paper"], mew=1.5, zorder=4)
    _name_points(axes, picture, palette, unit)
    write(axes, 8, height - 13, picture.heading, palette["loss"], 13, "left", "semibold")
    write(axes, width - 8, height - 13, "minus the gradient", palette["gradient"], 12, "right")


# Where the words beside a point may stand: the shift in pixels, and how they are aligned.
_PLACES = (
    ((0, 11), "center", "bottom"),
    ((0, -11), "center", "top"),
    ((11, 0), "left", "center"),
    ((-11, 0), "right", "center"),
)


def _name_points(axes: Axes, picture: Plane, palette: Palette, unit: float) -> None:
    """Write each point's name on the side that is farthest from all arrows, points and other names."""
    along = np.linspace(0.0, 1.0, 12)
    taken = [np.stack([a.x + along * a.dx, a.y + along * a.dy], 1) / unit for a in picture.arrows]
    for arrow in picture.arrows:
        place = np.array([arrow.x, arrow.y]) / unit
        half = 3.4 * len(arrow.label)
        free = []
        for shift, align, vertical in _PLACES:
            side = np.sign(shift[0]) * half
            middle = place + np.array([shift[0] * 1.3 + side, shift[1] * 1.6])
            # A name is wider than high: what is beside it is closer than it seems.
            gaps = (np.concatenate(taken) - middle) / np.array([half, 9.0])
            free.append((float(np.min(np.hypot(*gaps.T))), shift, align, vertical, middle))
        _, shift, align, vertical, middle = max(free, key=lambda one: one[0])
        taken.append(middle[None])
        axes.annotate(
            arrow.label,
            (arrow.x, arrow.y),
            shift,
            textcoords="offset points",
            ha=align,
            va=vertical,
            color=palette["ink"],
            fontsize=12,
            zorder=5,
        )


LARGEST_NODE = 24


def draw_lattice(figure: Figure, picture: Lattice, palette: Palette) -> None:
    """Draw a network's nodes and edges in rows and columns, the heavier the bolder."""
    width, height = picture.size
    network = picture.network
    across, up, _ = BESIDE[Lattice]
    axes = figure.add_axes((64 / width, 44 / height, (width - across) / width, (height - up) / height))
    axes.patch.set_alpha(0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xlim(-0.5, len(network.columns) - 0.5)
    axes.set_ylim(len(network.rows) - 0.5, -0.5)
    axes.set_xticks(range(len(network.columns)), network.columns)
    axes.set_yticks(range(len(network.rows)), network.rows)
    axes.tick_params(length=0, labelcolor=palette["ink"], labelsize=12, pad=6)
    for edge in network.edges:
        start, end = network.nodes[edge.start], network.nodes[edge.end]
        used = edge.weight > 0
        axes.plot(
            [start.column, end.column],
            [start.row, end.row],
            color=palette["loss"] if used else palette["rule"],
            linewidth=0.8 + 5.2 * edge.weight,
            solid_capstyle="round",
            zorder=2 if used else 1,
        )
    for node in network.nodes:
        # Area tells the weight, so that half the probability is half the ink.
        size = 9 + (LARGEST_NODE - 9) * float(np.sqrt(node.weight))
        fill = palette["loss"] if node.weight > 0 else palette["paper"]
        edge_colour = palette["loss"] if node.weight > 0 else palette["rule"]
        axes.plot([node.column], [node.row], "o", ms=size, mfc=fill, mec=edge_colour, mew=1.2, zorder=3)
        if node.label and size >= 22:
            axes.text(
                node.column,
                node.row,
                node.label,
                color=palette["paper"],
                fontsize=10,
                ha="center",
                va="center",
                zorder=4,
            )
    write(axes, width - 20, 12, network.xlabel, palette["muted"], 12, "right")
