"""Draws in pixels, and packs them as PNG. The pixels of words are made once for all colours that they are drawn in."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from numpy.typing import NDArray

# Puts down a part of a word, a glyph or a bar, with the one who paints, in the colour of a pen.
Stamp = Callable[[Any, Any], object]


class PixelRenderer(RendererAgg):
    """Draws as matplotlib does in pixels; `stamps` are those of words that have been drawn there before."""

    def __init__(self, width: float, height: float, dpi: float, stamps: dict[Any, list[Stamp]]) -> None:
        super().__init__(width, height, dpi)  # type: ignore[no-untyped-call]
        self._stamps = stamps

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        """Draw words, or put their stamps down again."""
        key = (mtext, s, x, y)
        painter = self._renderer
        if key not in self._stamps:
            noting = _Noting(painter)
            self._renderer = noting
            try:
                super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)  # type: ignore[no-untyped-call]
            finally:
                self._renderer = painter
            self._stamps[key] = noting.stamps
        else:
            for stamp in self._stamps[key]:
                stamp(painter, gc)


class _Noting:
    """Stands before the one who paints and notes what a word is made of."""

    def __init__(self, painter: Any) -> None:
        self._painter = painter
        self.stamps: list[Stamp] = []

    def draw_text_image(self, *given: Any) -> None:
        """Note a glyph, and have it painted."""
        *glyph, _ = given
        self.stamps.append(lambda painter, pen: painter.draw_text_image(*glyph, pen))
        self._painter.draw_text_image(*given)

    def draw_path(self, own: Any, path: Any, transform: Any, colour: Any) -> None:
        """Note a bar, such as that of a fraction, and have it painted; it has a pen of its own."""
        self.stamps.append(lambda painter, pen: painter.draw_path(own, path, transform, pen.get_rgb()))
        self._painter.draw_path(own, path, transform, colour)


def packed(pixels: NDArray[np.uint8]) -> bytes:
    """Rows of pixels as the bytes of a PNG without transparency.

    Rows are packed as they are, without filters, which suit photographs: flat colours are packed better so, and in half
    the time.
    """
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels[:, :, :3].reshape(height, -1)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.data, 2)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
