"""Keeps what a laid-out figure draws, call by call, so that every form of it is written without laying it out again.

Each backend is played the same calls, in colours of its own. Only words are placed anew, as each backend measures them
its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Transform

Colour = tuple[float, float, float]
Repaint = Mapping[Colour, Colour]

_write_text = Text.draw


@dataclass(frozen=True)
class _Call:
    """A call of a renderer: its name, how its pen is set, and what else it is given."""

    name: str
    pen: GraphicsContextBase
    given: tuple[Any, ...]


class Recording(RendererBase):
    """What a figure draws, in its order. Good until something on the figure moves."""

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        self.figure = figure
        self.size = (float(figure.bbox.width), float(figure.bbox.height))
        self.dpi = figure.dpi
        # Of its words in pixels, which are the same in all colours.
        self.stamps: dict[Any, list[Any]] = {}
        self._calls: list[_Call | Text] = []
        with _words_noted():
            figure.draw(self)

    def play(self, renderer: RendererBase, repaint: Repaint, paper: bool) -> None:
        """Draw the same with another renderer, each colour as `repaint` has it; without `paper`, on nothing."""
        for name, places in _DRAWS.items() if repaint else ():
            setattr(renderer, name, _repainted(getattr(renderer, name), places, repaint))
        for call in self._calls[0 if paper else 1 :]:
            if isinstance(call, Text):
                _write_text(call, renderer)
            elif paper or call.pen.get_alpha():
                pen = renderer.new_gc()
                pen.copy_properties(call.pen)
                getattr(renderer, call.name)(pen, *call.given)

    def _keep(self, name: str, pen: GraphicsContextBase, *given: Any) -> None:
        kept = GraphicsContextBase()
        kept.copy_properties(pen)
        still = (part.frozen() if isinstance(part, Transform) else part for part in given)
        self._calls.append(_Call(name, kept, tuple(still)))

    def keep_words(self, words: Text) -> None:
        """Keep words, which each backend measures its own way."""
        self._calls.append(words)

    def draw_path(self, *given: Any) -> None:
        """Keep a path."""
        self._keep("draw_path", *given)

    def draw_markers(self, *given: Any) -> None:
        """Keep a mark at some places."""
        self._keep("draw_markers", *given)

    def draw_path_collection(self, *given: Any, **more: Any) -> None:
        """Keep many paths of one kind."""
        self._keep("draw_path_collection", *given)

    def get_canvas_width_height(self) -> tuple[float, float]:
        """The size of the figure, in pixels."""
        return self.size

    def points_to_pixels(self, points: Any) -> Any:
        """How long something is here."""
        return points * self.dpi / 72


@contextmanager
def _words_noted() -> Iterator[None]:
    """Have a recording keep words as such. Somebody else's figure, in another thread, is drawn as ever."""

    def draw(words: Text, renderer: RendererBase) -> None:
        if not isinstance(renderer, Recording):
            _write_text(words, renderer)
        elif words.get_visible() and words.get_text():
            renderer.keep_words(words)

    Text.draw = draw  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Text.draw = _write_text  # type: ignore[method-assign]


# What a renderer draws, and which of the arguments after the pen are colours.
_DRAWS = {"draw_path": (2,), "draw_markers": (4,), "draw_path_collection": (5, 6), "draw_text": ()}


def _repainted(draw: Callable[..., None], places: Sequence[int], repaint: Repaint) -> Callable[..., None]:
    """What a renderer draws with, in other colours; how much a colour covers stays."""

    def painted(pen: GraphicsContextBase, *given: Any, **more: Any) -> None:
        pen._rgb = _other(pen._rgb, repaint)  # type: ignore[attr-defined]
        parts = [_other(part, repaint) if k in places else part for k, part in enumerate(given)]
        draw(pen, *parts, **more)

    return painted


def _other(colour: Any, repaint: Repaint) -> Any:
    """A colour, or many, or none, as they are to be."""
    if colour is None or not len(colour):
        return colour
    if np.ndim(colour) == 2:
        return np.array([_other(tuple(one), repaint) for one in colour])
    return (*repaint.get(tuple(colour[:3]), colour[:3]), *colour[3:])


def repaint(before: Mapping[str, str], after: Mapping[str, str]) -> dict[Colour, Colour]:
    """What each colour of a palette becomes in another one."""
    return {to_rgb(colour): to_rgb(after[role]) for role, colour in before.items()}
