"""Draws a picture with matplotlib, as SVG that follows the reader's colour scheme, or as PNG or PDF.

The only module that knows matplotlib; what to draw comes as plain data. An SVG is drawn once in stand-in colours,
which become classes, so that its light, dark and adaptive forms are one drawing coloured three times.
"""

from __future__ import annotations

import dataclasses
import io
import logging
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import matplotlib as mpl
import numpy as np
from fontTools import subset
from matplotlib import font_manager
from matplotlib.backend_bases import RendererBase
from matplotlib.backends import _backend_pdf_ps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from lossary.drawing.palette import HEAT_STEPS, ROLES, Theme, colours
from lossary.drawing.pictures import BOXES_HIGH, LARGEST, Card, Chart, Lattice, Picture, Plane, Surface, Trace
from lossary.drawing.svg import forms
from lossary.errors import LossaryError
from lossary.typesetting.words import number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

FONTS = Path(__file__).parent / "fonts"
# It complains on standard error of the date inside the fonts that a PDF embeds.
logging.getLogger("fontTools").setLevel(logging.ERROR)
SALT = "lossary"

DASHES = (0, (5, 2.5))
# What tells curves of one colour apart; the second and the third share their place with what is dashed at all.
PATTERNS: tuple[Literal["-"] | tuple[float, tuple[float, ...]], ...] = (
    "-",
    DASHES,
    (0, (7, 2, 1.5, 2)),
    (0, (1.5, 1.8)),
)

Palette = dict[str, str]
Box = tuple[float, float, float, float]  # left, bottom, width, height, in pixels of the figure
# Stand-ins: a colour for each role that no drawing would use, so that it can be found again in the SVG.
Scheme = Literal["stand-ins", "light", "dark"]

# Matplotlib's settings and the figures that are used again serve one drawing at a time.
_LOCK = threading.RLock()


@cache
def _settings() -> dict[str, Any]:
    """Every setting of matplotlib that a drawing may depend on, whatever its user has set."""
    for file in sorted(FONTS.glob("*.ttf")):
        font_manager.fontManager.addfont(str(file))
    own: dict[Any, Any] = {
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
    with mpl.rc_context(own):
        valid = {name: mpl.rcParams[name] for name in own}
    made = {**dict(mpl.rcParamsDefault.copy()), **valid}
    del made["backend"]  # of whoever shows figures on a screen
    return made


@contextmanager
def _alone() -> Iterator[None]:
    """Draw with the settings of this module, and nobody else meanwhile."""
    with _LOCK, mpl.rc_context(), _heights_kept():
        # They are valid: checking all of them again for each figure costs more than its axes.
        dict.update(cast(dict[Any, Any], mpl.rcParams), _settings())
        yield


@contextmanager
def _heights_kept() -> Iterator[None]:
    """Have matplotlib ask for the heights of a font's lines once: for each word it would look them up in the file."""
    renderer: Any = RendererBase
    own = getattr(renderer, _LINE_HEIGHTS, None)
    setattr(renderer, _LINE_HEIGHTS, lambda self, font: _line_heights(font, getattr(self, "dpi", 72.0)))
    try:
        yield
    finally:
        if own is None:
            delattr(renderer, _LINE_HEIGHTS)
        else:
            setattr(renderer, _LINE_HEIGHTS, own)


# What matplotlib asks a renderer that knows its fonts itself.
_LINE_HEIGHTS = "_get_font_height_metrics"


@lru_cache(maxsize=256)
def _line_heights(font: FontProperties, dpi: float) -> tuple[float, float, float]:
    """How far the lines of a font reach above and below their base, and the gap between them, in pixels."""
    file = font_manager.get_font(font_manager.findfont(font))
    table, head = file.get_sfnt_table("OS/2"), file.get_sfnt_table("head")
    assert table, "matplotlib loads no font without this table"
    assert head, "no outline has a size without this table"
    scale = 1 / head["unitsPerEm"] * font.get_size_in_points() * dpi / 72
    return table["sTypoAscender"] * scale, -table["sTypoDescender"] * scale, table["sTypoLineGap"] * scale


@cache
def _palette(scheme: Scheme) -> Palette:
    if scheme == "stand-ins":
        return {role: f"#01{k:02x}fe" for k, role in enumerate(ROLES)}
    return colours(scheme)


_ROLES = {colour: role for role, colour in _palette("stand-ins").items()}


def svg(picture: Picture) -> dict[Theme, bytes]:
    """The SVG of a picture in its three forms: following the reader's scheme, light, dark."""
    with _alone():
        figure = _draw(picture, "stand-ins")
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return forms(stream.getvalue(), picture, _palette("stand-ins"))


def png(picture: Picture, theme: Literal["light", "dark"] = "light", scale: float = 1.0) -> bytes:
    """The PNG of a picture on paper; `scale` is device pixels for each CSS pixel."""
    with _alone():
        figure = _draw(picture, theme)
        figure.set_dpi(72 * scale)
        canvas = _canvas(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba()))  # type: ignore[no-untyped-call]
        figure.set_dpi(72)
        stream = io.BytesIO()
        # Paper lets nothing through; flat colours are packed as well by counting repeats, in half the time.
        pixels.convert("RGB").save(stream, "png", compress_type=zlib.Z_RLE)
    return stream.getvalue()


def pdf(picture: Picture, theme: Literal["light", "dark"] = "light") -> bytes:
    """The PDF of a picture on paper."""
    with _alone(), _fonts_cut_once():
        stream = io.BytesIO()
        metadata = {"CreationDate": None, "Producer": None, "Creator": None}
        _draw(picture, theme).savefig(stream, format="pdf", metadata=metadata)
    return stream.getvalue()


@contextmanager
def _fonts_cut_once() -> Iterator[None]:
    """Have matplotlib embed fonts that are kept: most figures need the same few glyphs, and cutting them costs most."""
    backend: Any = _backend_pdf_ps
    own = backend.get_glyphs_subset, backend.font_as_file

    def kept(path: str, glyphs: Iterable[int]) -> Any:
        return nullcontext(backend.SubsetResults(*_cut(path, frozenset(glyphs))))

    backend.get_glyphs_subset, backend.font_as_file = kept, io.BytesIO
    try:
        yield
    finally:
        backend.get_glyphs_subset, backend.font_as_file = own


@lru_cache(maxsize=256)
def _cut(path: str, glyphs: frozenset[int]) -> tuple[bytes, dict[int, int]]:
    """A font file with some glyphs alone, and the numbers that they have there."""
    options = subset.Options()
    # Words are laid out already; the rules for that cost ten times as much to cut as outlines, and keep more glyphs.
    options.drop_tables += ["GSUB", "GPOS", "GDEF"]
    cutter = subset.Subsetter(options)
    cutter.populate(gids=glyphs)
    stream = io.BytesIO()
    with subset.load_font(path, options) as font:
        cutter.subset(font)
        font.save(stream, reorderTables=False)
    return stream.getvalue(), cutter.glyph_index_map


def draw_into(axes: Axes, picture: Picture, theme: Literal["light", "dark"] = "light") -> None:
    """Draw the curves of a chart into somebody else's axes, which keep their place.

    Raises:
        LossaryError: for a picture that is not a line chart.
    """
    if not isinstance(picture, Chart):
        raise LossaryError("only a line chart can be drawn into existing axes; save the others as files")
    for line in _curves(picture, colours(theme), 1.0):
        axes.add_line(line)
    axes.autoscale_view()
    axes.set_xlabel(picture.xlabel)
    axes.set_ylabel(picture.heading)
    if any(trace.label for trace in picture.traces):
        axes.legend()


class _Frame(NamedTuple):
    """What axes are made for, before any curve is known: charts that agree here share them."""

    bare: bool
    logarithmic: bool
    tiny: bool
    scale: float


class _Sheet:
    """A figure that is drawn on again: axes and their ticks, which cost more than curves, are made once.

    Whatever a picture adds goes before the next, and what it sets the next one sets anew.
    """

    def __init__(self, frames: Sequence[_Frame]) -> None:
        self.figure = Figure(dpi=72, facecolor="none")
        FigureCanvasAgg(self.figure)
        palette = _palette("stand-ins")
        self.axes = [self.figure.add_axes((0, 0, 1, 1), label=f"chart{k}") for k in range(len(frames))]
        for axes, frame in zip(self.axes, frames, strict=True):
            _frame(axes, frame, palette)
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


class _Drawing:
    """A picture on a figure in stand-in colours, which can be painted in those of any scheme: to lay it out anew for
    each would cost as much as to write it down.

    Good until another picture is laid out, which may be on the same sheet.
    """

    def __init__(self, picture: Picture, figure: Figure) -> None:
        self.picture, self.figure = picture, figure
        self.scheme: Scheme = "stand-ins"
        self._painters = [painter for artist in [*figure.findobj(), *_arrows(figure)] for painter in _painters(artist)]

    def painted(self, scheme: Scheme) -> Figure:
        """The figure in the colours of a scheme; only stand-ins have no paper below them."""
        if scheme != self.scheme:
            palette = _palette(scheme)
            for paint in self._painters:
                paint(palette)
            self.figure.patch.set_facecolor("none" if scheme == "stand-ins" else palette["paper"])
            self.scheme = scheme
        return self.figure


# What colours each kind of artist has; each with a `get_` and a `set_` of its own.
_COLOURS: dict[type, tuple[str, ...]] = {
    Line2D: ("color", "markerfacecolor", "markeredgecolor"),
    Text: ("color",),
    Patch: ("facecolor", "edgecolor"),
    Collection: ("facecolor", "edgecolor"),
}


def _painters(artist: Artist) -> Iterator[Callable[[Palette], object]]:
    """What gives an artist, by a palette, each colour that is a stand-in."""
    for kind, names in _COLOURS.items():
        for name in names if isinstance(artist, kind) else ():
            colour, paint = getattr(artist, f"get_{name}")(), getattr(artist, f"set_{name}")
            if kind is Collection:
                roles = [_role(to_hex(one)) for one in colour]
                if all(roles):
                    yield partial(_paint_all, paint, roles)
            elif role := _role(colour if isinstance(colour, str) else to_hex(colour)):
                yield partial(_paint, paint, role)


def _paint(paint: Callable[[str], object], role: str, palette: Palette) -> None:
    paint(palette[role])


def _paint_all(paint: Callable[[list[str]], object], roles: Sequence[str], palette: Palette) -> None:
    paint([palette[role] for role in roles])


def _role(colour: str) -> str:
    """The role that a colour stands in for, or nothing."""
    return _ROLES.get(colour, "")


def _arrows(figure: Figure) -> list[Artist]:
    """The arrows of annotations, which are nobody's children."""
    arrows = (text.arrow_patch for text in figure.findobj(Annotation) if isinstance(text, Annotation))
    return [arrow for arrow in arrows if arrow]


# The drawing of the picture before: most are asked for in several forms, one after the other.
_last: list[_Drawing] = []


def _draw(picture: Picture, scheme: Scheme) -> Figure:
    """A picture on a figure, which is only good until the next one is drawn.

    Raises:
        LossaryError: where its words do not fit into its size, with the smallest size that they fit into.
    """
    if _last and _last[0].picture is picture:
        return _last[0].painted(scheme)
    figure, fault = _fitted(picture)
    if not fault:
        _last[:] = [_Drawing(picture, figure)]
        return _last[0].painted(scheme)
    width, height = picture.size
    least = _least(picture)
    cure = f"the smallest size that works is {least[0]}x{least[1]}" if least else "no larger size works"
    raise LossaryError(f"“{picture.title}” cannot be drawn at {width}x{height}: {fault}; {cure}")


def _fitted(picture: Picture) -> tuple[Figure, str]:
    """A picture on a figure, and what is wrong with it; curves are named above where there is no room at their ends."""
    figure = _laid_out(picture, above=False)
    fault = _fault(figure, picture)
    if fault and any(t.label for chart in _charts(picture) for t in chart.traces):
        figure = _laid_out(picture, above=True)
        fault = _fault(figure, picture)
    return figure, fault


def _least(picture: Picture) -> tuple[int, int] | None:
    """The smallest size at which a picture can be drawn: higher, if that is enough, or else wider, or else both."""

    def works(width: int, height: int) -> bool:
        sized = dataclasses.replace(picture, size=(width, height))
        return not _too_small(sized) and not _fitted(sized)[1]

    width, height = picture.size
    if works(width, LARGEST[1]):
        return width, _first(height, lambda n: works(width, n))
    if works(LARGEST[0], height):
        return _first(width, lambda n: works(n, height)), height
    if not works(*LARGEST):
        return None
    wider = _first(width, lambda n: works(n, LARGEST[1]))
    higher = _first(height, lambda n: works(wider, n))
    # A high plot has more numbers, which may be wider.
    return _first(width, lambda n: works(n, higher)), higher


def _first(low: int, works: Callable[[int], bool]) -> int:
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
    if fault := _too_small(picture) or _squeezed(figure, picture):
        return fault
    if isinstance(picture, Lattice):
        place = figure.axes[0].get_window_extent()
        steps = place.width / len(picture.network.columns), place.height / len(picture.network.rows)
        if min(steps) < LARGEST_NODE + 2:
            return "its nodes would touch"
    return _overlapping(figure, picture)


def _charts(picture: Picture) -> tuple[Chart, ...]:
    if isinstance(picture, Card):
        return picture.charts
    return (picture,) if isinstance(picture, Chart) else ()


def _too_small(picture: Picture) -> str:
    """What can be said of a size without drawing."""
    if isinstance(picture, Card) and _card_share(picture) < LEAST_CARD:
        return "its words would be too small to read"
    width, height = picture.size
    if isinstance(picture, Plane) and (width < 150 + LEAST_PLOT[0] or height < 140 + LEAST_PLOT[1]):
        return "its arrows would have no room"
    return ""


def _squeezed(figure: Figure, picture: Picture) -> str:
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


def _overlapping(figure: Figure, picture: Picture) -> str:
    """Words that lie on others, or reach out of the picture."""
    words = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    for axes in (axes for axes in figure.axes if axes.axison):
        for axis, labels in ((axes.xaxis, axes.get_xticklabels()), (axes.yaxis, axes.get_yticklabels())):
            low, high = sorted(axis.get_view_interval())
            # A number just beyond the end is not drawn.
            slack = 1e-9 * (high - low)
            ticks = zip(axis.get_majorticklocs(), labels, strict=False)
            words += [label for at, label in ticks if low - slack <= at <= high + slack]
    boxes = [(w.get_text(), w.get_window_extent(_measure())) for w in words if w.get_text() and w.get_visible()]
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


def _laid_out(picture: Picture, above: bool) -> Figure:
    """A picture on a figure, whether it has room or not; `above` keeps names from the ends of the curves."""
    while _last:
        _last.pop().painted("stand-ins")
    width, height = picture.size
    palette = _palette("stand-ins")
    if isinstance(picture, Chart | Card):
        charts = _charts(picture)
        scale = 1.55 * _card_share(picture) if isinstance(picture, Card) else 1.0
        sheet = _sheet(tuple(_frame_of(chart, scale) for chart in charts))
        figure = sheet.cleared(picture.size)
        if isinstance(picture, Card):
            _draw_card(figure, sheet.axes, picture, palette, scale, above)
        else:
            _draw_chart(sheet.axes[0], picture, palette, (0, 0, width, height), scale, above)
        return figure
    figure = _Sheet(()).cleared(picture.size)
    if isinstance(picture, Surface):
        _draw_surface(figure, picture, palette)
    elif isinstance(picture, Plane):
        _draw_plane(figure, picture, palette)
    else:
        _draw_lattice(figure, picture, palette)
    return figure


def _draw_chart(axes: Axes, chart: Chart, palette: Palette, box: Box, scale: float, above: bool) -> None:
    """Draw a chart into axes that are placed within `box`; `scale` enlarges words, lines and margins."""
    if not chart.bare:
        _number(axes, chart, "x", _TICKS["x"][0])
        _number(axes, chart, "y", _TICKS["y"][0])
    for line in _curves(chart, palette, scale):
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
    if low < 0 < high:
        _across(axes, "y", 0, color=palette["muted"], linewidth=0.9, zorder=1)
    left, right = axes.get_xlim()
    if left < 0 < right:
        _across(axes, "x", 0, color=palette["rule"], linewidth=0.8, zorder=1)
    _place(axes, chart, palette, box, scale, above)


def _across(axes: Axes, along: Literal["x", "y"], value: float, **style: Any) -> None:
    """A line through the whole axes at a value of x or of y."""
    if along == "x":
        line = Line2D([value, value], [0, 1], transform=axes.get_xaxis_transform(which="grid"), **style)
    else:
        line = Line2D([0, 1], [value, value], transform=axes.get_yaxis_transform(which="grid"), **style)
    axes.add_artist(line)


def _curves(chart: Chart, palette: Palette, scale: float) -> Iterator[Line2D]:
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


def _frame_of(chart: Chart, scale: float) -> _Frame:
    return _Frame(chart.bare, chart.logarithmic, not chart.logarithmic and _tiny(chart), scale)


def _frame(axes: Axes, frame: _Frame, palette: Palette) -> None:
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


def _number(axes: Axes, chart: Chart, along: Literal["x", "y"], most: int) -> None:
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
            _number(axes, chart, along, most)
        ticks = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False)
        shown = [(at, _size(text)[k]) for at, text in ticks if low <= at <= high]
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
    widest = max((_width(label) for label in labels), default=0.0)
    ends = [_end(axes, trace) for trace in named]
    # At the ends of the curves where the words fit there and the ends lie apart, else in rows over the axes.
    fits = not above and widest <= 0.25 * width and (len(ends) < 2 or min(np.diff(sorted(ends))) > 0.02)
    fits = fits and 15 * scale * len(ends) <= height - 84 * scale
    rows = [] if fits else _rows(labels, width - 16 * scale, scale)
    gap = 16.0 if labels and not rows else 0.0
    strip = BOXES_HIGH * scale if chart.boxes else 0.0
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
    if chart.boxes:
        _draw_boxes(axes, chart, palette, (inner[0], inner[1] + high, inner[2], strip), scale)
    top = bottom + height - 13 * scale
    heading = _write(axes, left + 8, top, chart.heading, palette[chart.role], 13 * scale, "left", "semibold")
    _fit(heading, width - 16, _LEAST_WORDS)
    label = _write(axes, inner[0] + inner[2], bottom + 13 * scale, chart.xlabel, palette["muted"], 12 * scale, "right")
    _fit(label, inner[0] + inner[2] - left, _LEAST_WORDS)
    if rows:
        _legend(axes, named, labels, rows, palette, (left + 8, top - 19 * scale), scale)
        return
    for label, y in zip(labels, _spread(ends, inner[3], 15 * scale), strict=True):
        _move(label, inner[0] + inner[2] + 7, inner[1] + y)


def _draw_boxes(axes: Axes, chart: Chart, palette: Palette, strip: Box, scale: float) -> None:
    """Each pair of boxes above its place, all in one unit; true ones are grey, predicted ones in ink."""
    figure = _figure(axes)
    whole_width, whole_height = figure.get_size_inches() * 72
    start, end = axes.get_xlim()
    around = [
        (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
        for a, b in ((pair.target, pair.predicted) for pair in chart.boxes)
    ]
    room = strip[2] / len(chart.boxes) - 24 * scale, strip[3] - 12 * scale
    unit = min(room[k] / max(corners[k + 2] - corners[k] for corners in around) for k in (0, 1))
    for pair, (left, low, right, high) in zip(chart.boxes, around, strict=True):
        middle = strip[0] + strip[2] * (pair.x - start) / (end - start), strip[1] + strip[3] / 2
        for box, role, width in ((pair.target, "faint", 3.2), (pair.predicted, "ink", 1.3)):
            x1, x2 = (middle[0] + unit * (x - (left + right) / 2) for x in (box[0], box[2]))
            y1, y2 = (middle[1] + unit * (y - (low + high) / 2) for y in (box[1], box[3]))
            outline = Line2D(
                np.array([x1, x2, x2, x1, x1]) / whole_width,
                np.array([y1, y1, y2, y2, y1]) / whole_height,
                color=palette[role],
                linewidth=width * scale,
                solid_joinstyle="miter",
            )
            figure.add_artist(outline)


def _label(axes: Axes, trace: Trace, palette: Palette, scale: float) -> Text:
    weight = "semibold" if trace.strong else "normal"
    return _write(axes, 0, 0, trace.label, palette[trace.role], 11.5 * scale, "left", weight)


def _rows(labels: list[Text], room: float, scale: float) -> list[list[int]]:
    """Which labels share a line, each with a sample of its curve before it."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for k, label in enumerate(labels):
        needed = _width(label) + 46 * scale
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
    figure = _figure(axes)
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
            _move(labels[k], x + 28 * scale, y)
            x += _width(labels[k]) + 46 * scale


def _figure(axes: Axes) -> Figure:
    figure = axes.figure
    assert isinstance(figure, Figure)
    return figure


def _position(axes: Axes, box: Box) -> None:
    width, height = _figure(axes).get_size_inches() * 72
    axes.set_position((box[0] / width, box[1] / height, box[2] / width, box[3] / height))


def _write(
    axes: Axes, x: float, y: float, text: str, colour: str, size: float, align: str, weight: str = "normal"
) -> Text:
    """Put words at a place of the figure, in pixels from its lower left corner."""
    figure = _figure(axes)
    width, height = figure.get_size_inches() * 72
    return figure.text(
        x / width, y / height, text, color=colour, fontsize=size, ha=align, va="center", fontweight=weight
    )


def _move(text: Text, x: float, y: float) -> None:
    assert isinstance(text.figure, Figure)
    width, height = text.figure.get_size_inches() * 72
    text.set_position((x / width, y / height))


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


def _width(text: Text) -> float:
    return _size(text)[0]


def _size(text: Text) -> tuple[float, float]:
    # By name: a number beside an axis that was drawn before would ask whatever drew it, and an SVG has other widths.
    box = text.get_window_extent(_measure())
    return float(box.width), float(box.height)


@cache
def _measure() -> Any:
    """What measures words: one for all figures, as one of a figure's own would come with all its pixels."""
    return FigureCanvasAgg(Figure((1, 1), dpi=72)).get_renderer()  # type: ignore[no-untyped-call]


def _canvas(figure: Figure) -> FigureCanvasAgg:
    """The canvas that draws pixels."""
    assert isinstance(figure.canvas, FigureCanvasAgg)
    return figure.canvas


def _tick_width(axes: Axes) -> float:
    """The widest number beside the vertical axis; which numbers stand there does not depend on the axes' place."""
    labels = axes.get_yticklabels()
    for label in (*axes.get_xticklabels(), *labels):
        # Nothing is arranged around them later, so a drawing need not measure them before it writes them.
        label.set_in_layout(False)
    return max(map(_width, labels), default=0.0)


def _overhang(axes: Axes, room: float) -> float:
    """How far the last number below the horizontal axis reaches beyond an axis of this length."""
    low, high = axes.get_xlim()
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    inside = [_width(label) / 2 - room * (high - at) / (high - low) for at, label in ticks if low <= at <= high]
    return max(inside, default=0.0)


def _draw_surface(figure: Figure, picture: Surface, palette: Palette) -> None:
    width, height = picture.size
    axes = figure.add_axes((58 / width, 50 / height, (width - 150) / width, (height - 90) / height))
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
    bar = figure.add_axes(((width - 74) / width, 50 / height, 16 / width, (height - 90) / height))
    for k in range(HEAT_STEPS):
        bar.axhspan(levels[k], levels[k + 1], color=fills[k], linewidth=0.4)
    bar.set_ylim(levels[0], levels[-1])
    bar.yaxis.tick_right()
    bar.set_xticks([])
    bar.yaxis.set_major_locator(MaxNLocator(6))
    bar.tick_params(colors=palette["rule"], labelcolor=palette["muted"], length=3.5, pad=3, labelsize=11.5)
    for side in bar.spines.values():
        side.set_visible(False)
    _write(axes, width - 74, height - 18, picture.heading, palette["loss"], 13, "left", "semibold")
    ylabel = _write(axes, 8, height - 18, picture.ylabel, palette["muted"], 12, "left")
    _fit(ylabel, width - 90, _LEAST_WORDS)
    xlabel = _write(axes, width - 92, 14, picture.xlabel, palette["muted"], 12, "right")
    _fit(xlabel, width - 94, _LEAST_WORDS)


def _draw_plane(figure: Figure, picture: Plane, palette: Palette) -> None:
    width, height = picture.size
    axes = figure.add_axes((18 / width, 18 / height, (width - 36) / width, (height - 56) / height))
    axes.patch.set_alpha(0)
    axes.set_axis_off()
    xs = [v for a in picture.arrows for v in (a.x, a.x + a.dx)] + [0.0]
    ys = [v for a in picture.arrows for v in (a.y, a.y + a.dy)] + [0.0]
    # One unit in both directions, with room for the words around the points.
    unit = max((max(xs) - min(xs)) / (width - 150), (max(ys) - min(ys)) / (height - 140), 1e-9)
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
    _write(axes, 8, height - 13, picture.heading, palette["loss"], 13, "left", "semibold")
    _write(axes, width - 8, height - 13, "minus the gradient", palette["gradient"], 12, "right")


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


def _draw_lattice(figure: Figure, picture: Lattice, palette: Palette) -> None:
    width, height = picture.size
    network = picture.network
    axes = figure.add_axes((64 / width, 44 / height, (width - 84) / width, (height - 62) / height))
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
                fontsize=9.5,
                ha="center",
                va="center",
                zorder=4,
            )
    _write(axes, width - 20, 12, network.xlabel, palette["muted"], 12, "right")


def _card_share(card: Card) -> float:
    """How large a card is drawn: it is one picture, and its words keep their share of it."""
    own = type(card).size
    return min(card.size[0] / own[0], card.size[1] / own[1])


def _draw_card(figure: Figure, sides: Sequence[Axes], card: Card, palette: Palette, scale: float, above: bool) -> None:
    width, height = card.size
    k = _card_share(card)
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
    _fit(name, width - 96 * k)
    call = figure.text(
        48 * k / width, 1 - 116 * k / height, card.call, color=palette["muted"], fontsize=20 * k, va="center"
    )
    _fit(call, width - 96 * k)
    if card.formula:
        _write_formula(figure, card, palette, k)
    half = (width - 80 * k) / 2
    for side, (axes, chart) in enumerate(zip(sides, card.charts, strict=True)):
        box = (40 * k + side * half, 40 * k, half - 16 * k, height - (300 if card.formula else 200) * k)
        _draw_chart(axes, chart, palette, box, scale, above)
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
    start = 48 * k + _width(sign) + 10 * k
    formula = figure.text(start / width, 1 - 196 * k / height, f"${card.formula}$", **style)
    _fit(formula, width - 48 * k - start)


# In pixels; words that need to be smaller do not fit.
_LEAST_WORDS = 9.0


def _fit(text: Text, room: float, least: float = 0.0) -> None:
    """Write smaller what is too wide, down to a least size."""
    if _width(text) > room:
        text.set_fontsize(max(least, float(text.get_fontsize()) * room / _width(text)))
