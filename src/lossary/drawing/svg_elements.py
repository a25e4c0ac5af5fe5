"""Has matplotlib draw an SVG as elements in memory: to write it down only to read it in again would take longer."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.path import Path
from numpy.typing import NDArray

Outline = tuple[NDArray[np.float64], NDArray[np.uint8]]

# Outlines of glyphs as SVG has them, by their points; when there are more than this, all are forgotten.
MOST = 4096
_outlines: dict[tuple[bytes, bytes], str] = {}


class ElementsRenderer(RendererSVG):
    """Draws into `root`, without words about the file."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__(width, height, io.StringIO(), metadata={"Date": None})  # type: ignore[no-untyped-call]
        self.root = Element("svg")
        # All that matplotlib writes from here on goes through this.
        self.writer: Any = _Writer(self.root)

    def _update_glyph_map_defs(self, glyph_map_new: Mapping[str, Outline]) -> None:
        """Define glyphs that this figure has not used before."""
        if glyph_map_new:
            self.writer.start("defs")
            for name, (points, codes) in glyph_map_new.items():
                self.writer.element("path", id=name.replace("%20", "_"), d=self._outline(points, codes), transform=UNIT)
            self.writer.end("defs")
            self._glyph_map.update(glyph_map_new)

    def _outline(self, points: NDArray[np.float64], codes: NDArray[np.uint8]) -> str:
        key = points.tobytes(), codes.tobytes()
        if (known := _outlines.get(key)) is None:
            if len(_outlines) >= MOST:
                _outlines.clear()
            # In whole numbers, as the font has it.
            known = self._convert_path(Path(points * 64, codes), simplify=False)  # type: ignore[no-untyped-call]
            _outlines[key] = known
        return known


# The scale of an outline in whole numbers.
UNIT = "scale(0.015625)"


class _Writer:
    """Takes what a renderer writes, in the words of matplotlib's own writer of XML."""

    def __init__(self, root: Element) -> None:
        self._open = [root]

    def start(self, tag: str, attrib: Mapping[str, str] | None = None, **more: str) -> int:
        """Begin an element; where it lies."""
        given = {**attrib, **more} if attrib else more
        known = {name.removeprefix("xlink:"): value for name, value in given.items() if value}
        self._open.append(SubElement(self._open[-1], tag, known))
        return len(self._open) - 2

    def end(self, tag: str | None = None, indent: bool = True) -> None:
        """End the element that was begun last."""
        self._open.pop()

    def element(self, tag: str, text: str | None = None, attrib: Mapping[str, str] | None = None, **more: str) -> None:
        """Write an element that has nothing within."""
        self.start(tag, attrib, **more)
        self._open.pop()

    def comment(self, comment: str) -> None:
        """Leave a comment out."""

    def close(self, place: int) -> None:
        """End all elements from a place on."""
        del self._open[place + 1 :]

    def flush(self) -> None:
        """Do nothing: all is written already."""
