"""Remembers what matplotlib finds out anew for each word, figure or backend, and what is the same for all of them.

Font files, extents of words, their glyphs and where these lie, formulas: each is asked for once in a process. All of it
is in force within `remembering` alone, so that nobody else's figures are drawn with it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Literal

import matplotlib.text
from matplotlib import _text_helpers, font_manager
from matplotlib.backend_bases import RendererBase
from matplotlib.backends import backend_pdf
from matplotlib.backends._backend_pdf_ps import RendererPDFPSBase
from matplotlib.font_manager import FontManager, FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.textpath import TextToPath

# Words, and glyphs of fonts, that are kept; when there are more, all are forgotten.
MOST = 4096


@contextmanager
def remembering() -> Iterator[None]:
    """Answer matplotlib's questions from memory."""
    with ExitStack() as stack:
        for owner, name, value in _ANSWERS:
            stack.enter_context(replaced(owner, name, value))
        yield


@contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
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


_extents: dict[Any, tuple[float, float, float]] = {}


def _extent(
    renderer: RendererBase, words: str, font: FontProperties, ismath: bool, dpi: float
) -> tuple[float, float, float]:
    """Width, height and descent of words; matplotlib remembers them for each renderer apart."""
    # A font can be changed after it was asked for: what is kept is a copy.
    key = (type(renderer), words, font, ismath, dpi)
    if (known := _extents.get(key)) is None:
        if len(_extents) >= MOST:
            _extents.clear()
        known = renderer.get_text_width_height_descent(words, font, ismath)
        _extents[type(renderer), words, font.copy(), ismath, dpi] = known
    return known


_GLYPHS: Any = TextToPath.get_glyphs_with_font
_WRITER = TextToPath()


@lru_cache(maxsize=MOST)
def _outlined(font: Any, words: str, features: Any, language: Any) -> Any:
    """The places of a word's glyphs, and their outlines by name."""
    return _GLYPHS(_WRITER, font, words, features=features, language=language)


def _glyphs(
    writer: TextToPath,
    font: Any,
    words: str,
    glyph_map: Any = None,
    return_new_glyphs_only: bool = False,
    *,
    features: Any = None,
    language: Any = None,
) -> Any:
    """The same, as a backend asks for it: of the outlines only those that it has not."""
    places, outlines, lines = _outlined(font, words, features, language)
    known = glyph_map or {}
    fresh = {name: outline for name, outline in outlines.items() if name not in known}
    return places, fresh if return_new_glyphs_only else {**known, **fresh}, lines


# The size that a PDF's font was last set to in this thread, which the font itself does not tell.
_last = threading.local()
_SIZED: Any = RendererPDFPSBase._get_font_ttf


def _sized(renderer: RendererPDFPSBase, font: FontProperties) -> Any:
    """The file of a font, in its size."""
    _last.size = font.get_size_in_points()
    return _SIZED(renderer, font)


_LAY_OUT: Any = _text_helpers.layout


def _layout(words: str, font: Any, *, features: Any = None, language: Any = None) -> Any:
    """How the glyphs of a PDF's words lie, in the size that their font has just been set to."""
    return _laid_out(words, font, _last.size, features, language)


@lru_cache(maxsize=MOST)
def _laid_out(words: str, font: Any, size: float, features: Any, language: Any) -> list[Any]:
    return list(_LAY_OUT(words, font, features=features, language=language))


# Object, attribute, and our answer.
_ANSWERS: tuple[tuple[object, str, object], ...] = (
    (RendererBase, "_get_font_height_metrics", lambda self, font: _line_heights(font, getattr(self, "dpi", 72.0))),
    (font_manager.fontManager, "_findfont_cached", _font_file),
    (font_manager.fontManager, "_find_fonts_by_props", lambda font, *_: _font_files(font.copy())),
    (MathTextParser, "_parse_cached", lambda parser, *formula: _formula(parser._output_type, *formula)),
    (matplotlib.text, "_get_text_metrics_with_cache", _extent),
    (TextToPath, "get_glyphs_with_font", _glyphs),
    (RendererPDFPSBase, "_get_font_ttf", _sized),
    (backend_pdf, "_text_helpers", SimpleNamespace(layout=_layout)),
)
