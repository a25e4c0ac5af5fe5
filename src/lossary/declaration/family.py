"""What a family may declare besides its words: which curves are laid together, and figures of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lossary.declaration.looks import Look
from lossary.declaration.sections import RESIDUAL

if TYPE_CHECKING:
    from torch import Tensor


# What a page may show of an axis that losses share.
CURVES = ("loss", "gradient", "weight")


@dataclass(frozen=True)
class SideBySide:
    """A figure of several losses on inputs that one quantity moves.

    A loss is in it by its own `side_by_side`: the Python expression of its values, one for each place, which stands
    below the figure. It may use torch, nn, F, `functional` (the function of each loss by its slug, as in
    `lossary.functional`) and the inputs.

    Attributes:
        name, title: of the figure.
        label: the quantity that moves.
        span: the range that is drawn.
        inputs: function of a 1-D float64 tensor of that quantity to the tensors that the calls name, in batches.
        caption: what is to be seen.
        heading: what is drawn.
        top: the height at which steep curves are cut; none is, if None.
        look: what the inputs look like at a place, where that is a picture; it is drawn above the plot.
    """

    name: str
    title: str
    label: str
    span: tuple[float, float]
    inputs: Callable[[Tensor], Mapping[str, Tensor]]
    caption: str
    heading: str = "loss"
    top: float | None = None
    look: Look | None = None


@dataclass(frozen=True)
class Shown:
    """What a family's page shows of all its losses together.

    Attributes:
        curves: of each axis that its losses share: `loss`, `gradient` and, where the axis is a residual, `weight`, the
            gradient divided by the residual.
        span: of the residual, where its axis' own is too narrow to show what tells the losses apart.
        figures: further figures.
    """

    curves: tuple[str, ...] = ("loss", "gradient")
    span: tuple[float, float] = RESIDUAL.span
    figures: tuple[SideBySide, ...] = ()
