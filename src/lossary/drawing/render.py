"""Gives a picture out as SVG that follows the reader's colour scheme, as PNG or PDF, or into somebody's axes.

A picture is laid out once in stand-in colours, and what it draws is kept. It is played in other colours for a PNG or a
PDF; in an SVG the stand-ins become classes, so that its light, dark and adaptive forms are one drawing coloured three
times.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import matplotlib as mpl
import numpy as np
from fontTools import subset
from matplotlib import font_manager
from matplotlib.backends import _backend_pdf_ps
from matplotlib.backends.backend_pdf import PdfFile, RendererPdf
from matplotlib.figure import Figure

from lossary.drawing import layout
from lossary.drawing.line_charts import curves
from lossary.drawing.palette import STAND_INS, Theme, colours
from lossary.drawing.pictures import Chart, Picture
from lossary.drawing.pixels import PixelRenderer, packed
from lossary.drawing.recording import Recording, repaint
from lossary.drawing.remembered import remembering, replaced
from lossary.drawing.svg import forms
from lossary.drawing.svg_elements import ElementsRenderer
from lossary.errors import LossaryError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONTS = Path(__file__).parent / "fonts"
# It complains on standard error of the date inside the fonts that a PDF embeds.
logging.getLogger("fontTools").setLevel(logging.ERROR)
SALT = "lossary"

_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

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
        stack.enter_context(replaced(font_manager.fontManager, "ttflist", _fonts()))
        stack.enter_context(remembering())
        yield


def svg(picture: Picture) -> dict[Theme, bytes]:
    """The SVG of a picture in its three forms: following the reader's scheme, light, dark."""
    with isolated_settings():
        made = _recorded(picture)
        renderer = ElementsRenderer(*made.size)
        made.play(renderer, {}, paper=False)
        renderer.finalize()  # type: ignore[no-untyped-call]
    return forms(renderer.root, picture, STAND_INS)


def png(picture: Picture, theme: Literal["light", "dark"] = "light", scale: float = 1.0) -> bytes:
    """The PNG of a picture on paper; `scale` is device pixels for each CSS pixel."""
    with isolated_settings():
        made = _recorded(picture, scale)
        renderer = PixelRenderer(*made.size, made.dpi, made.stamps)
        made.play(renderer, _REPAINT[theme], paper=True)
    # Paper lets nothing through.
    return packed(np.asarray(renderer.buffer_rgba()))  # type: ignore[no-untyped-call]


def pdf(picture: Picture, theme: Literal["light", "dark"] = "light") -> bytes:
    """The PDF of a picture on paper."""
    with isolated_settings(), embedding():
        made = _recorded(picture)
        width, height = (length / 72 for length in made.size)
        stream = io.BytesIO()
        file = PdfFile(stream, metadata={"CreationDate": None, "Producer": None, "Creator": None})  # type: ignore[no-untyped-call]
        file.newPage(width, height)  # type: ignore[no-untyped-call]
        renderer = RendererPdf(file, 72, height, width)  # type: ignore[no-untyped-call]
        made.play(renderer, _REPAINT[theme], paper=True)
        renderer.finalize()  # type: ignore[no-untyped-call]
        file.finalize()  # type: ignore[no-untyped-call]
    return stream.getvalue()


@contextmanager
def embedding() -> Iterator[None]:
    """Put into a PDF of its fonts what most figures need, in the order of their names."""
    backend = _backend_pdf_ps
    with (
        replaced(backend, "get_glyphs_subset", _embedded),
        replaced(backend, "font_as_file", io.BytesIO),
        replaced(PdfFile, "writeFonts", _write_fonts),
    ):
        yield


def _write_fonts(file: Any) -> None:
    """Embed fonts by their names: matplotlib goes by the folders that they lie in, which are others on each machine."""
    named = {font_manager.get_font(path).postscript_name: path for path, _ in file._fontNames}
    written = {
        name: file.embedTTF(path, part, file._character_tracker.used[path][part])
        for font in sorted(named)
        for (path, part), name in sorted(file._fontNames.items())
        if path == named[font]
    }
    file.writeObject(file.fontObject, written)


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


_REPAINT = {theme: repaint(STAND_INS, colours(theme)) for theme in _THEMES}

# The drawing of the last picture: most are asked for in several forms, one after the other.
_last: list[tuple[Picture, float, Recording]] = []


def _recorded(picture: Picture, scale: float = 1.0) -> Recording:
    """What is drawn of a picture, which is only good until the next one is laid out: that may be on the same sheet.

    Raises:
        LossaryError: where its words do not fit into its size, with the smallest size that they fit into.
    """
    if not (_last and _last[0][0] is picture and _last[0][1] == scale):
        figure = _laid_out(picture)
        if scale != 1.0:
            figure.set_dpi(72 * scale)
        _last[:] = [(picture, scale, Recording(figure))]
    return _last[0][2]


def _laid_out(picture: Picture) -> Figure:
    """A picture on a figure, in stand-in colours, which is only good until the next one is laid out."""
    while _last:
        last = _last.pop()[2]
        if last.dpi != 72:
            # The next picture may be laid out on the same sheet.
            last.figure.set_dpi(72)
    return layout.lay_out(picture)


@contextmanager
def drawn(picture: Picture) -> Iterator[Figure]:
    """A picture on a figure, in stand-in colours, to be looked at under the settings that it was drawn with.

    Under others, the ticks that matplotlib adds when it is asked for them would have another font, and the next picture
    on the same sheet would keep them.

    Raises:
        LossaryError: where its words do not fit into its size, with the smallest size that they fit into.
    """
    with isolated_settings():
        yield _laid_out(picture)
