"""What one place of a figure looks like: which inputs hold the boxes, the masks or the scores of a list there.

A curve of a loss of boxes says little to whoever does not see the boxes. Each look names inputs, and may say at which
places of the horizontal axis they are drawn; else a few are chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class BoxLook:
    """A true and a predicted box, as corners x1, y1, x2, y2, by the names of their inputs."""

    target: str
    predicted: str
    at: tuple[float, ...] = ()
    title: ClassVar[str] = "Boxes"
    words: ClassVar[str] = "Above the plot, the target is drawn thick and the predicted box thin."


@dataclass(frozen=True)
class MaskLook:
    """A true mask and the predicted one, by the names of their inputs; the pixels of a row follow each other."""

    target: str
    predicted: str
    columns: int
    at: tuple[float, ...] = ()
    title: ClassVar[str] = "Masks"
    words: ClassVar[str] = (
        "Above the plot, the object is outlined, and a pixel has the more colour the higher its predicted probability."
    )


@dataclass(frozen=True)
class ListLook:
    """The items of a list in the order of their scores, by the inputs that hold these in the true order."""

    scores: tuple[str, ...]
    at: tuple[float, ...] = ()
    title: ClassVar[str] = "Ranked lists"
    words: ClassVar[str] = (
        "Above the plot, the items stand in the order of their scores, the highest first. Their letters are the true "
        "order: A should come first."
    )


Look = BoxLook | MaskLook | ListLook
