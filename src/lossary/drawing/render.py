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
from contextlib import ExitStack, contextmanager, nullcontext
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
from matplotlib.font_manager import FontManager, FontProperties
from matplotlib.lines import Line2D
from matplotlib.mathtext import MathTextParser
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


@cache
def _fonts() -> list[Any]:
    """The fonts that a drawing may use: ours and matplotlib's own, of which it sets formulas.

    What else a system has, or what a list of its fonts lacks that was written down once, changes no figure.
    """
    files = [*sorted(FONTS.glob("*.ttf")), *sorted(Path(mpl.get_data_path(), "fonts", "ttf").glob("*.ttf"))]
    return [font_manager.ttfFontProperty(font_manager.get_font(file)) for file in files]


@contextmanager
def isolated_settings() -> Iterator[None]:
    """Draw with the settings of this module, and nobody else meanwhile."""
    # As the plain dictionary below: to check 300 valid settings again for each figure costs more than its axes.
    own = cast(dict[Any, Any], mpl.rcParams)
    with _LOCK, ExitStack() as stack:
        before = dict.copy(own)
        stack.callback(dict.update, own, before)
        dict.update(own, _settings())
        stack.enter_context(_replaced(font_manager.fontManager, "ttflist", _fonts()))
        for owner, name, remembering in _REMEMBERED:
            stack.enter_context(_replaced(owner, name, remembering))
        yield


@contextmanager
def _replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """Give an object another attribute for a while, and then what it had of its own, if it had one."""
    own = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own is None:
            delattr(owner, name)
        else:
            setattr(owner, name, own)


@lru_cache(maxsize=256)
def _line_heights(font: FontProperties, dpi: float) -> tuple[float, float, float]:
    """How far the lines of a font reach above and below their base, and the gap between them, in pixels."""
    file = font_manager.get_font(font_manager.findfont(font))
    table, head = file.get_sfnt_table("OS/2"), file.get_sfnt_table("head")
    assert table, "matplotlib loads no font without this table"
    assert head, "no outline has a size without this table"
    scale = 1 / head["unitsPerEm"] * font.get_size_in_points() * dpi / 72
    return table["sTypoAscender"] * scale, -table["sTypoDescender"] * scale, table["sTypoLineGap"] * scale


@lru_cache(maxsize=256)
def _font_file(*asked: Any) -> Any:
    """The file of a font; what matplotlib remembers itself may come from another list of fonts."""
    return vars(FontManager)["_findfont_cached"].__wrapped__(font_manager.fontManager, *asked)


@lru_cache(maxsize=256)
def _font_files(font: FontProperties) -> list[Any]:
    """The files of a font and of those that stand in for what it lacks."""
    found: list[Any] = FontManager._find_fonts_by_props(font_manager.fontManager, font)
    return found


_PARSE: Any = vars(MathTextParser)["_parse_cached"]


@lru_cache(maxsize=64)
def _formula(output: Literal["vector", "raster"], *formula: Any) -> Any:
    """A formula in mathtext as outlines or as pixels; each renderer would set it anew, which is slow."""
    return _PARSE(MathTextParser("path") if output == "vector" else MathTextParser("agg"), *formula)


# What matplotlib finds out anew for each word, figure or renderer, and is the same for all: object, attribute, ours.
_REMEMBERED: tuple[tuple[object, str, object], ...] = (
    (RendererBase, "_get_font_height_metrics", lambda self, font: _line_heights(font, getattr(self, "dpi", 72.0))),
    (font_manager.fontManager, "_findfont_cached", _font_file),
    (font_manager.fontManager, "_find_fonts_by_props", lambda font, *_: _font_files(font.copy())),
    (MathTextParser, "_parse_cached", lambda parser, *formula: _formula(parser._output_type, *formula)),
)

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
    backend = _backend_pdf_ps
    with (
        isolated_settings(),
        _replaced(backend, "get_glyphs_subset", _embedded),
        _replaced(backend, "font_as_file", io.BytesIO),
    ):
        stream = io.BytesIO()
        metadata = {"CreationDate": None, "Producer": None, "Creator": None}
        draw(picture, theme).savefig(stream, format="pdf", metadata=metadata)
    return stream.getvalue()


# Of the fonts of words, a PDF gets at least the outlines of these, so that nearly all figures share one cut.
COMMON = "abcdefghijklmnopqrstuvwxyz0123456789 .,()=\N{MINUS SIGN}"


def _embedded(path: str, glyphs: Iterable[int]) -> Any:
    """What matplotlib embeds of a font; to cut it anew costs as much as to draw the figure."""
    return nullcontext(_backend_pdf_ps.SubsetResults(*_font_subset(path, _common(path) | frozenset(glyphs))))


@cache
def _common(path: str) -> frozenset[int]:
    """The numbers of the common glyphs in a font of ours; none of another, of which few are drawn."""
    if Path(path).parent != FONTS:
        return frozenset()
    charmap = font_manager.get_font(path).get_charmap()
    return frozenset(charmap[ord(character)] for character in COMMON)


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
