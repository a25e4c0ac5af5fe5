"""What the losses of generative adversarial networks share: the axis of a discriminator's score, and losses of two.

A discriminator scores samples of the data and generated ones. In formulas `real` and `fake` are these scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from lossary.declaration.formula import Builder, Symbolic
from lossary.declaration.inputs import REAL, REAL_TARGET, Input, Kind
from lossary.declaration.loss import Loss
from lossary.declaration.reductions import per
from lossary.declaration.references import Properties
from lossary.declaration.sections import Axis, Section
from lossary.declaration.symbols import Expression

DISCRIMINATOR_AXIS = Axis("score", "score that the discriminator gives", (-3.0, 3.0), 4.5, (-3.3, 3.3), below=3.0)

_REAL = Kind("scores (any real number)", values=REAL.values, takes="scores")
_FAKE = Kind("scores (any real number)", values=REAL_TARGET.values)


def discriminator_loss(
    function: Callable[..., Any],
    value: Builder,
    gradient: Mapping[str, Builder],
    caption: str,
    properties: Properties,
    *,
    apart: tuple[float, float],
    lower: float = -1.0,
    perfect: tuple[float, float] = (float("inf"), float("-inf")),
    kinks: tuple[Callable[..., Expression], ...] = (),
    target_values: Literal["real", "binary", "sign", "unit", ""] = "",
    **declared: Any,
) -> Loss:
    """A loss of the scores of real and of generated samples, drawn along the one and along the other.

    Args:
        function: the torch function.
        value: function of the symbols `real` and `fake`, the two scores.
        gradient: function of the same, for each input.
        caption: what to see in the picture.
        properties: the claims.
        apart: the real and the generated score at which the one that does not move is held.
        lower: the label of a generated sample; that of a real one is 1.
        perfect: the best score of a real and of a generated sample.
        kinks: where it is not smooth.
        target_values: what the labels are, where it is asked which score is best.
        declared: whatever else a `Loss` has.
    """

    def inputs(t: Expression, y: Expression) -> Mapping[str, Expression]:
        share = (y - lower) / (1 - lower)
        return {
            "input": share * t + (1 - share) * apart[0],
            "fake": (1 - share) * t + share * apart[1],
        }

    real, fake = (f"{score:g}".replace("-", "−") for score in apart)
    held = real if real == fake else f"{fake} if it is generated, and at {real} if it is real"
    branches = {"real sample": 1.0, "generated sample": lower}
    section = Section(
        axis=DISCRIMINATOR_AXIS,
        label="score",
        span=DISCRIMINATOR_AXIS.span,
        inputs=inputs,
        branches=branches,
        perfect=dict(zip(branches, perfect, strict=True)),
        kinks=kinks,
        target_values=target_values,
        link="sigmoid" if target_values == "sign" else "",
        note=f"One pair. The score of a real or of a generated sample moves; that of the other one stays at {held}.",
        caption=caption,
    )
    shape: dict[str, Any] = {
        "inputs": (
            Input("input", "real", (_REAL,), "(*)", "the scores of samples of the data", latex="D(x)"),
            Input("fake", "fake", (_FAKE,), "(*), same as input", "the scores of generated samples", latex="D(G(z))"),
        ),
        "formulas": (Symbolic(value, gradient),),
        "sections": (section,),
        "reductions": per("pair"),
        "tasks": ("generative",),
        "example": {"input": [1.5, 0.3, -0.4], "fake": [-2.0, 0.4, -0.7]},
    }
    return Loss(**{**shape, **declared}, function=function, properties=properties)
