"""Gives a picture out as SVG that follows the reader's colour scheme, as PNG or PDF, or into somebody's axes.

A picture is laid out once in stand-in colours. They are painted over for a PNG or a PDF, and become classes in an SVG,
so that its light, dark and adaptive forms are one drawing coloured three times.
"""

from __future__ import annotations

import io
import logging
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

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
from PIL import Image

from lossary.drawing import layout
from lossary.drawing.line_charts import curves
from lossary.drawing.palette import STAND_INS, Palette, Theme, colours
from lossary.drawing.pictures import Chart, Picture
from lossary.drawing.svg import forms
from lossary.errors import LossaryError

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

FONTS = Path(__file__).parent / "fonts"
# It complains on standard error of the date inside the fonts that a PDF embeds.
logging.getLogger("fontTools").setLevel(logging.ERROR)
SALT = "lossary"

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
def isolated_settings() -> Iterator[None]:
    """Draw with the settings of this module, and nobody else meanwhile."""
    with _LOCK, mpl.rc_context(), _line_height_cache():
        # They are valid: checking all of them again for each figure costs more than its axes.
        dict.update(cast(dict[Any, Any], mpl.rcParams), _settings())
        yield


@contextmanager
def _line_height_cache() -> Iterator[None]:
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


_ROLES = {colour: role for role, colour in STAND_INS.items()}


def svg(picture: Picture) -> dict[Theme, bytes]:
    """The SVG of a picture in its three forms: following the reader's scheme, light, dark."""
    with isolated_settings():
        figure = draw(picture, "stand-ins")
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return forms(stream.getvalue(), picture, STAND_INS)


def png(picture: Picture, theme: Literal["light", "dark"] = "light", scale: float = 1.0) -> bytes:
    """The PNG of a picture on paper; `scale` is device pixels for each CSS pixel."""
    with isolated_settings():
        figure = draw(picture, theme)
        figure.set_dpi(72 * scale)
        canvas = figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba()))  # type: ignore[no-untyped-call]
        figure.set_dpi(72)
        stream = io.BytesIO()
        # Paper lets nothing through; flat colours are packed as well by counting repeats, in half the time.
        pixels.convert("RGB").save(stream, "png", compress_type=zlib.Z_RLE)
    return stream.getvalue()


def pdf(picture: Picture, theme: Literal["light", "dark"] = "light") -> bytes:
    """The PDF of a picture on paper."""
    with isolated_settings(), _font_subset_cache():
        stream = io.BytesIO()
        metadata = {"CreationDate": None, "Producer": None, "Creator": None}
        draw(picture, theme).savefig(stream, format="pdf", metadata=metadata)
    return stream.getvalue()


@contextmanager
def _font_subset_cache() -> Iterator[None]:
    """Have matplotlib embed fonts that are kept: most figures need the same few glyphs, and cutting them costs most."""
    backend: Any = _backend_pdf_ps
    own = backend.get_glyphs_subset, backend.font_as_file

    def kept(path: str, glyphs: Iterable[int]) -> Any:
        return nullcontext(backend.SubsetResults(*_font_subset(path, frozenset(glyphs))))

    backend.get_glyphs_subset, backend.font_as_file = kept, io.BytesIO
    try:
        yield
    finally:
        backend.get_glyphs_subset, backend.font_as_file = own


@lru_cache(maxsize=256)
def _font_subset(path: str, glyphs: frozenset[int]) -> tuple[bytes, dict[int, int]]:
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
    for line in curves(picture, colours(theme), 1.0):
        axes.add_line(line)
    axes.autoscale_view()
    axes.set_xlabel(picture.xlabel)
    axes.set_ylabel(picture.heading)
    if any(trace.label for trace in picture.traces):
        axes.legend()


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
            palette = STAND_INS if scheme == "stand-ins" else colours(scheme)
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
                    yield partial(_paint_each, paint, roles)
            elif role := _role(colour if isinstance(colour, str) else to_hex(colour)):
                yield partial(_paint, paint, role)


def _paint(paint: Callable[[str], object], role: str, palette: Palette) -> None:
    paint(palette[role])


def _paint_each(paint: Callable[[list[str]], object], roles: Sequence[str], palette: Palette) -> None:
    paint([palette[role] for role in roles])


def _role(colour: str) -> str:
    """The role that a colour stands in for, or nothing."""
    return _ROLES.get(colour, "")


def _arrows(figure: Figure) -> list[Artist]:
    """The arrows of annotations, which are nobody's children."""
    arrows = (text.arrow_patch for text in figure.findobj(Annotation) if isinstance(text, Annotation))
    return [arrow for arrow in arrows if arrow]


# The drawing of the last picture: most are asked for in several forms, one after the other.
_last: list[_Drawing] = []


def draw(picture: Picture, scheme: Scheme) -> Figure:
    """A picture on a figure, which is only good until the next one is drawn.

    Raises:
        LossaryError: where its words do not fit into its size, with the smallest size that they fit into.
    """
    if not (_last and _last[0].picture is picture):
        while _last:
            # The next picture may be laid out on the same sheet, which is in stand-ins.
            _last.pop().painted("stand-ins")
        _last.append(_Drawing(picture, layout.lay_out(picture)))
    return _last[0].painted(scheme)
