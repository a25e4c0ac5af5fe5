"""Turns the inputs at a few places of a figure into miniatures: boxes, masks, ranked lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_uppercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.looks import BoxLook, ListLook, Look, MaskLook
from lossary.drawing.pictures import Boxes, Mask, Miniature, RankedList
from lossary.typesetting.words import rough

# At how many places of a figure something is drawn where it does not say at which.
PLACES = 5


def miniatures(
    look: Look | None, span: tuple[float, float], inputs: Callable[[NDArray[np.float64]], Mapping[str, Any]]
) -> tuple[Miniature, ...]:
    """What the inputs look like at a few places, none where they have no look; `inputs` has a row for each place."""
    if look is None:
        return ()
    low, high = span
    t = np.array(look.at or low + (high - low) * (np.arange(PLACES) + 0.5) / PLACES)
    given = {name: np.asarray(value, dtype=float).reshape(len(t), -1) for name, value in inputs(t).items()}
    if isinstance(look, BoxLook):
        pairs = zip(t.tolist(), given[look.target].tolist(), given[look.predicted].tolist(), strict=True)
        return tuple(Boxes(x, tuple(target), tuple(predicted)) for x, target, predicted in pairs)
    if isinstance(look, MaskLook):
        target, predicted = (
            given[name].reshape(len(t), -1, look.columns).tolist() for name in (look.target, look.predicted)
        )
        return tuple(
            Mask(x, tuple(tuple(v > 0.5 for v in row) for row in true), tuple(map(tuple, made)))
            for x, true, made in zip(t.tolist(), target, predicted, strict=True)
        )
    scores = np.concatenate([given[name] for name in look.scores], axis=1)
    return tuple(_ranked(x, row) for x, row in zip(t.tolist(), scores.tolist(), strict=True))


def _ranked(x: float, scores: list[float]) -> RankedList:
    """Of equal scores, the one of the item that should come first stands first."""
    items = zip(ascii_uppercase, scores, strict=False)
    return RankedList(x, tuple(sorted(items, key=lambda item: -item[1])))


def told(drawn: tuple[Miniature, ...], look: Look) -> str:
    """The places, for who does not see them; of lists also the items."""
    if isinstance(look, ListLook):
        lists = (
            f"at {rough(one.x)}: {', '.join(f'{letter} {rough(score)}' for letter, score in one.items)}"
            for one in drawn
            if isinstance(one, RankedList)
        )
        return f"{look.words} {'; '.join(lists)}."
    places = ", ".join(rough(one.x) for one in drawn)
    return f"{look.words} Drawn at {places}."
