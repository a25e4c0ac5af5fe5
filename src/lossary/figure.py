"""Draws a picture with matplotlib, as SVG that follows the reader's colour scheme, or as PNG or PDF.

The only module that knows matplotlib; what to draw comes as plain data. An SVG is drawn once in stand-in colours,
which become classes, so that its light, dark and adaptive forms are one drawing coloured three times.
"""

from __future__ import annotations

import io
import logging
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lossary.chart import Card, Chart, Picture, Surface, Trace
from lossary.errors import LossaryError
from lossary.palette import HEAT_STEPS, ROLES, Theme, colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

FONTS = Path(__file__).parent / "fonts"
# It complains on standard error of the date inside the fonts that a PDF embeds.
logging.getLogger("fontTools").setLevel(logging.ERROR)
SALT = "lossary"


Palette = dict[str, str]
Box = tuple[float, float, float, float]  # left, bottom, width, height, in pixels of the figure


@cache
def _settings() -> dict[Any, Any]:
    for file in sorted(FONTS.glob("*.ttf")):
        font_manager.fontManager.addfont(str(file))
    return {
        "font.family": "IBM Plex Sans",
        "font.size": 11.5,
        "mathtext.fontset": "cm",
        "svg.fonttype": "path",
        "svg.hashsalt": SALT,
        "pdf.fonttype": 42,
        "axes.unicode_minus": True,
        "path.simplify": True,
        "path.simplify_threshold": 0.1,
    }


@cache
def _stand_ins() -> Palette:
    """A colour for each role that no drawing would use, so that it can be found again in the SVG."""
    return {role: f"#01{k:02x}fe" for k, role in enumerate(ROLES)}


def svg(picture: Picture) -> dict[Theme, bytes]:
    """The SVG of a picture in its three forms: following the reader's scheme, light, dark."""
    with mpl.rc_context(_settings()):
        figure = _draw(picture, _stand_ins(), paper=False)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _svg_forms(stream.getvalue(), picture)


def png(picture: Picture, theme: Literal["light", "dark"] = "light", scale: float = 1.0) -> bytes:
    """The PNG of a picture on paper; `scale` is device pixels for each CSS pixel."""
    return _raster(picture, theme, "png", scale)


def pdf(picture: Picture, theme: Literal["light", "dark"] = "light") -> bytes:
    """The PDF of a picture on paper."""
    return _raster(picture, theme, "pdf", 1.0)


def draw_into(axes: Axes, picture: Picture, theme: Literal["light", "dark"] = "light") -> None:
    """Draw the curves of a chart into somebody else's axes, which keep their place.

    Raises:
        LossaryError: for a picture that is not a line chart.
    """
    if not isinstance(picture, Chart):
        raise LossaryError("only a line chart can be drawn into existing axes; save the others as files")
    palette = colours(theme)
    _curves(axes, picture, palette, 1.0)
    axes.set_xlabel(picture.xlabel)
    axes.set_ylabel(picture.heading)
    if any(trace.label for trace in picture.traces):
        axes.legend([trace.label for trace in picture.traces])


def _raster(picture: Picture, theme: Literal["light", "dark"], kind: str, scale: float) -> bytes:
    with mpl.rc_context(_settings()):
        figure = _draw(picture, colours(theme), paper=True)
        stream = io.BytesIO()
        metadata = {"Software": None} if kind == "png" else {"CreationDate": None, "Producer": None, "Creator": None}
        figure.savefig(stream, format=kind, dpi=72 * scale, metadata=metadata)
    return stream.getvalue()


def _draw(picture: Picture, palette: Palette, paper: bool) -> Figure:
    width, height = picture.size
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    FigureCanvasAgg(figure)  # measures text before the real output is made
    figure.patch.set_facecolor(palette["paper"] if paper else "none")
    if isinstance(picture, Chart):
        draw_chart(figure.add_axes((0, 0, 1, 1)), picture, palette, (0, 0, width, height))
    elif isinstance(picture, Surface):
        _draw_surface(figure, picture, palette)
    else:
        _draw_card(figure, picture, palette)
    return figure


def draw_chart(axes: Axes, chart: Chart, palette: Palette, box: Box, scale: float = 1.0) -> None:
    """Draw a chart into axes that are placed within `box`; `scale` enlarges words, lines and margins."""
    _frame(axes, chart, palette, scale)
    _curves(axes, chart, palette, scale)
    _limits(axes, chart)
    if chart.rug:
        axes.plot(
            chart.rug,
            np.full(len(chart.rug), 0.025),
            "|",
            transform=axes.get_xaxis_transform(),
            color=palette["ink"],
            ms=9 * scale,
            mew=0.9,
            zorder=5,
        )
    for end in chart.ends:
        axes.axvline(end, color=palette["muted"], linewidth=0.9, linestyle=(0, (1, 2)), zorder=2)
    low, high = axes.get_ylim()
    if low < 0 < high:
        # The zero line takes the place of the frame's lower edge.
        axes.spines["bottom"].set_visible(False)
        axes.axhline(0, color=palette["muted"], linewidth=0.9, zorder=1)
    left, right = axes.get_xlim()
    if left < 0 < right:
        axes.axvline(0, color=palette["rule"], linewidth=0.8, zorder=1)
    _place(axes, chart, palette, box, scale)


def _curves(axes: Axes, chart: Chart, palette: Palette, scale: float) -> None:
    widths = {True: 2.2 * scale, False: 1.6 * scale}
    for trace in chart.traces:
        axes.plot(
            trace.x,
            trace.y,
            color=palette[trace.role],
            linewidth=widths[trace.strong] * (0.8 if chart.bare else 1),
            linestyle=(0, (5, 2.5)) if trace.dashed else "-",
            solid_capstyle="round",
            zorder=4 if trace.strong else 3,
        )
    if not chart.bare:
        for x, y in chart.kinks:
            axes.plot(
                [x], [y], "o", ms=5.5 * scale, mfc=palette["paper"], mec=palette["ink"], mew=1.2 * scale, zorder=6
            )


def _frame(axes: Axes, chart: Chart, palette: Palette, scale: float) -> None:
    axes.patch.set_alpha(0)
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
        labelsize=10.5 * scale,
    )
    if chart.bare:
        axes.tick_params(length=0, labelleft=False, labelbottom=False)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


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
    y = np.concatenate([t.y for t in chart.traces])
    low, high = float(y.min()), float(y.max())
    if low > 0 and low < 0.35 * high:
        low = 0.0
    span = (high - low) or 1.0
    axes.set_ylim(low - 0.06 * span, high + 0.08 * span)


def _place(axes: Axes, chart: Chart, palette: Palette, box: Box, scale: float) -> None:
    """Give the axes the room that their words leave, then write the words."""
    figure = axes.figure
    assert isinstance(figure, Figure)
    total_width, total_height = figure.get_size_inches() * 72
    left, bottom, width, height = box
    labels = (
        []
        if chart.bare
        else [
            axes.text(
                0,
                0,
                t.label,
                color=palette[t.role],
                fontsize=10.5 * scale,
                va="center",
                ha="left",
                fontweight="semibold" if t.strong else "normal",
                clip_on=False,
            )
            for t in chart.traces
            if t.label
        ]
    )
    ends = [t for t in chart.traces if t.label]
    margin = (
        (4, 4, 4, 4)
        if chart.bare
        else (
            _tick_width(axes) + 14,
            46 * scale,
            max((_width(label) for label in labels), default=0.0) + (16 if labels else 14),
            34 * scale,
        )
    )
    axes.set_position(
        (
            (left + margin[0]) / total_width,
            (bottom + margin[1]) / total_height,
            (width - margin[0] - margin[2]) / total_width,
            (height - margin[1] - margin[3]) / total_height,
        )
    )
    if chart.bare:
        return
    inner = height - margin[1] - margin[3]
    for label, y in zip(labels, _spread([_end(axes, t) for t in ends], inner, 14 * scale), strict=True):
        # Just right of the axes, at the height where its curve leaves.
        label.set_transform(axes.transAxes)
        label.set_position((1 + 7 / (width - margin[0] - margin[2]), y / inner))
    figure.text(
        (left + 8) / total_width,
        (bottom + height - 12 * scale) / total_height,
        chart.heading,
        color=palette[chart.role],
        fontsize=12 * scale,
        fontweight="semibold",
        va="center",
        ha="left",
    )
    figure.text(
        (left + width - margin[2]) / total_width,
        (bottom + 13 * scale) / total_height,
        chart.xlabel,
        color=palette["muted"],
        fontsize=11 * scale,
        va="center",
        ha="right",
    )


def _end(axes: Axes, trace: Trace) -> float:
    """Where a curve leaves on the right, as a share of the axes' height."""
    low, high = axes.get_ylim()
    return float(np.clip((trace.y[-1] - low) / (high - low), 0.0, 1.0))


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


def _width(text: Text) -> float:
    return float(text.get_window_extent().width)


def _tick_width(axes: Axes) -> float:
    figure = axes.figure
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    return max((_width(label) for label in axes.get_yticklabels()), default=0.0)


def _draw_surface(figure: Figure, picture: Surface, palette: Palette) -> None:
    width, height = picture.size
    axes = figure.add_axes((58 / width, 50 / height, (width - 150) / width, (height - 90) / height))
    axes.patch.set_alpha(0)
    finite = picture.values[np.isfinite(picture.values)]
    levels = np.linspace(float(finite.min()), float(finite.max()), HEAT_STEPS + 1)
    fills = [palette[f"heat{k}"] for k in range(HEAT_STEPS)]
    bands = axes.contourf(picture.across, picture.up, picture.values, levels=levels, colors=fills)
    # Without an edge of its own colour, neighbouring bands show a hairline of paper between them.
    bands.set_edgecolor("face")
    bands.set_linewidth(0.4)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(colors=palette["rule"], labelcolor=palette["muted"], length=3.5, pad=4, labelsize=10.5)
    bar = figure.add_axes(((width - 74) / width, 50 / height, 16 / width, (height - 90) / height))
    for k in range(HEAT_STEPS):
        bar.axhspan(levels[k], levels[k + 1], color=fills[k], linewidth=0.4)
    bar.set_ylim(levels[0], levels[-1])
    bar.yaxis.tick_right()
    bar.set_xticks([])
    bar.yaxis.set_major_locator(MaxNLocator(6))
    bar.tick_params(colors=palette["rule"], labelcolor=palette["muted"], length=3.5, pad=3, labelsize=10.5)
    for side in bar.spines.values():
        side.set_visible(False)
    figure.text(
        (width - 74) / width,
        1 - 18 / height,
        picture.heading,
        color=palette["loss"],
        fontsize=12,
        fontweight="semibold",
        va="center",
        ha="left",
    )
    figure.text(8 / width, 1 - 18 / height, picture.ylabel, color=palette["muted"], fontsize=11, va="center", ha="left")
    figure.text(
        (width - 92) / width, 14 / height, picture.xlabel, color=palette["muted"], fontsize=11, va="center", ha="right"
    )


def _draw_card(figure: Figure, card: Card, palette: Palette) -> None:
    width, height = card.size
    figure.text(
        48 / width,
        1 - 62 / height,
        card.name,
        color=palette["ink"],
        fontsize=38,
        fontfamily="IBM Plex Serif",
        fontweight="semibold",
        va="center",
    )
    figure.text(
        48 / width,
        1 - 116 / height,
        card.call,
        color=palette["muted"],
        fontsize=20,
        fontfamily="IBM Plex Mono",
        va="center",
    )
    # Two texts, so that the sign stands at the middle of a formula of several lines.
    sign = figure.text(48 / width, 1 - 196 / height, r"$\ell\ =\ $", color=palette["ink"], fontsize=27, va="center")
    start = 48 + _width(sign) + 10
    formula = figure.text(
        start / width, 1 - 196 / height, f"${card.formula}$", color=palette["ink"], fontsize=27, va="center"
    )
    room = width - 48 - start
    if _width(formula) > room:
        formula.set_fontsize(27 * room / _width(formula))
    for k, chart in enumerate(card.charts):
        box = (40 + k * (width - 80) / 2, 40, (width - 80) / 2 - 16, height - 300)
        draw_chart(figure.add_axes((0, 0, 1, 1), label=f"chart{k}"), chart, palette, box, scale=1.55)
    figure.text(
        1 - 48 / width,
        26 / height,
        "Lossary",
        color=palette["muted"],
        fontsize=18,
        fontfamily="IBM Plex Serif",
        fontweight="semibold",
        va="center",
        ha="right",
    )


_SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_TRANSLATE = re.compile(r"translate\([^)]*\)")


def _svg_forms(text: str, picture: Picture) -> dict[Theme, bytes]:
    """Turn matplotlib's SVG into the three published forms.

    Empty groups and invisible shapes go, coordinates keep the hundredth of a pixel, stand-in colours become classes,
    and a title and a description come in for screen readers.
    """
    root = ElementTree.fromstring(text)
    used: dict[str, None] = {}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{_SVG}metadata", f"{_SVG}style") or not isinstance(child.tag, str):
                parent.remove(child)
    for element in root.iter():
        _shorten(element)
        _classify(element, used)
    _unwrap(root)
    _rename(root)
    width, height = picture.size
    body = "".join(ElementTree.tostring(child, encoding="unicode") for child in root)
    body = re.sub(r">\s+<", "><", body).replace(' xmlns:ns0="http://www.w3.org/2000/svg"', "").replace("ns0:", "")
    body = re.sub(r' xmlns:ns1="[^"]*"', "", body).replace("ns1:href", "href")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
        f"<title>{escape(picture.title)}</title><desc>{escape(picture.description)}</desc>"
    )

    def sheet(theme: Literal["light", "dark"]) -> str:
        palette, names = colours(theme), {"f": "fill", "s": "stroke"}
        return "".join(f".{c}{{{names[c[0]]}:{palette[c[2:]]}}}" for c in used)

    forms: dict[Theme, str] = {
        "auto": f"{sheet('light')}@media(prefers-color-scheme:dark){{{sheet('dark')}}}",
        "light": sheet("light"),
        "dark": sheet("dark"),
    }
    return {
        theme: f"{head}<style>*{{stroke-linejoin:round}}{css}</style>{body}</svg>\n".encode()
        for theme, css in forms.items()
    }


def _shorten(element: ElementTree.Element) -> None:
    if "d" in element.attrib:
        element.set(
            "d", re.sub(r" ?([A-Za-z]) ?", r"\1", " ".join(_NUMBER.sub(_hundredth, _thin(element.attrib["d"])).split()))
        )
    if "transform" in element.attrib:
        # Only shifts: a scale needs all its digits.
        moved = _TRANSLATE.sub(lambda m: _NUMBER.sub(_hundredth, m[0]), element.attrib["transform"])
        element.set("transform", moved)
    for name in ("x", "y"):
        if name in element.attrib:
            element.set(name, _NUMBER.sub(_hundredth, element.attrib[name]))
    if element.tag == f"{_SVG}g":
        element.attrib.pop("id", None)


def _thin(path: str) -> str:
    """A path of straight lines without the points that lie on the line between their neighbours."""
    if "Q" in path or "C" in path or path.count("L") < 8:
        return path
    parts = re.findall(r"[MLz][^MLz]*", path)
    kept: list[tuple[str, float, float]] = []
    closed = []
    for part in parts:
        if part[0] == "z":
            closed.append(len(kept))
            continue
        x, y = (float(v) for v in part[1:].split()[:2])
        while len(kept) > 1 and part[0] == "L" and kept[-1][0] == "L" and _straight(kept[-2], kept[-1], (x, y)):
            kept.pop()
        kept.append((part[0], x, y))
    pieces = [f"{letter} {x} {y}" for letter, x, y in kept]
    for k in reversed(closed):
        pieces.insert(k, "z")
    return " ".join(pieces)


def _straight(a: tuple[str, float, float], b: tuple[str, float, float], c: tuple[float, float]) -> bool:
    """Whether b is within a fiftieth of a pixel of the line from a to c, and between them."""
    ux, uy, vx, vy = c[0] - a[1], c[1] - a[2], b[1] - a[1], b[2] - a[2]
    length = float(np.hypot(ux, uy))
    along = ux * vx + uy * vy
    return length > 0 and abs(ux * vy - uy * vx) / length < 0.02 and 0 <= along <= length * length


def _hundredth(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _classify(element: ElementTree.Element, used: dict[str, None]) -> None:
    """Replace stand-in colours in the style by classes such as "s-loss" (stroke) and "f-paper" (fill)."""
    roles = {colour: role for role, colour in _stand_ins().items()}
    names, rest = [], []
    for declaration in filter(None, (part.strip() for part in element.attrib.pop("style", "").split(";"))):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        role = roles.get(value)
        if role and key in ("fill", "stroke"):
            names.append(f"{key[0]}-{role}")
            used[names[-1]] = None
        elif key != "stroke-linejoin":
            rest.append(f"{key}:{value}")
    if names:
        element.set("class", " ".join(names))
    if rest:
        element.set("style", ";".join(rest))


def _rename(root: ElementTree.Element) -> None:
    """Give shapes that are used again short names."""
    names = {e.get("id"): f"g{k}" for k, e in enumerate(root.iter()) if "id" in e.attrib}
    link = "{http://www.w3.org/1999/xlink}href"
    for element in root.iter():
        if "id" in element.attrib:
            element.set("id", names[element.attrib["id"]])
        if link in element.attrib:
            element.set(link, "#" + names[element.attrib[link][1:]])
        if "clip-path" in element.attrib:
            element.set("clip-path", f"url(#{names[element.attrib['clip-path'][5:-1]]})")


def _unwrap(parent: ElementTree.Element) -> None:
    """Dissolve groups and definitions without attributes or content, and drop shapes that nobody sees."""
    kept: list[ElementTree.Element] = []
    for child in list(parent):
        _unwrap(child)
        hidden = (
            child.tag == f"{_SVG}path"
            and "class" not in child.attrib
            and "id" not in child.attrib
            and "fill:none" in child.get("style", "")
        )
        empty = child.tag in (f"{_SVG}g", f"{_SVG}defs") and len(child) == 0
        if hidden or empty:
            continue
        kept += list(child) if child.tag == f"{_SVG}g" and not child.attrib else [child]
    for child in list(parent):
        parent.remove(child)
    parent.extend(kept)
