"""What the losses of two answers share, of which one was preferred: four log-probabilities and the axis along them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lossary.declaration.formula import Builder, Symbolic
from lossary.declaration.inputs import REAL, Input, Kind
from lossary.declaration.loss import Loss, Precision
from lossary.declaration.reductions import per
from lossary.declaration.references import Properties
from lossary.declaration.sections import Axis, Section

LOG_RATIO_AXIS = Axis("log-ratio", "difference of the log-ratios", (-20.0, 20.0), 4.5, (-3.3, 3.3))

# Densities have logarithms above 0, so that the loss takes any real number.
_POLICY, _OTHER, _REFERENCE = (
    Kind("log-probabilities of whole answers", values=values, takes="log-probabilities")
    for values in (REAL.values, (-700.0, -4.0, 0.0), (-3.0, 0.0))
)


def preference_loss(
    function: Callable[..., Any],
    value: Builder,
    gradient: tuple[Builder, Builder],
    caption: str,
    properties: Properties,
    *,
    perfect: float,
    **declared: Any,
) -> Loss:
    """A loss of how much more a policy prefers the chosen answer to the rejected one than its reference does.

    Args:
        function: the torch function.
        value: function of the symbols of the formula, such as `h`, the difference of the two log-ratios.
        gradient: functions of the same: what raises h lowers the loss by, and its opposite.
        caption: what to see in the picture.
        properties: the claims.
        perfect: the difference at which the loss is least, at the default parameters.
        declared: whatever else a `Loss` has.
    """
    up, down = gradient
    slopes: Mapping[str, Builder] = {"chosen": up, "rejected": down, "ref_chosen": down, "ref_rejected": up}
    section = Section(
        axis=LOG_RATIO_AXIS,
        label="difference of the log-ratios",
        span=LOG_RATIO_AXIS.span,
        inputs=lambda t, y: {"chosen": t, "rejected": 0, "ref_chosen": 0, "ref_rejected": 0},
        branches={"": 1.0},
        perfect=perfect,
        note="One pair. Only the difference counts, so one log-probability moves and the others are 0.",
        caption=caption,
    )
    same = "(*), same as chosen"
    shape: dict[str, Any] = {
        "inputs": (
            Input(
                "chosen",
                "log_chosen",
                (_POLICY,),
                "(*)",
                "the policy's log-probabilities of the preferred answers, summed over their tokens",
                latex=r"\log \pi(y^{+})",
            ),
            Input(
                "rejected",
                "log_rejected",
                (_OTHER,),
                same,
                "the policy's log-probabilities of the other answers",
                latex=r"\log \pi(y^{-})",
            ),
            Input(
                "ref_chosen",
                "log_ref_chosen",
                (_REFERENCE,),
                same,
                "the reference's log-probabilities of the preferred answers",
                latex=r"\log \pi_0(y^{+})",
            ),
            Input(
                "ref_rejected",
                "log_ref_rejected",
                (_REFERENCE,),
                same,
                "the reference's log-probabilities of the other answers",
                latex=r"\log \pi_0(y^{-})",
            ),
        ),
        "formulas": (
            Symbolic(
                value,
                slopes,
                where={
                    "h": lambda log_chosen, log_rejected, log_ref_chosen, log_ref_rejected: (
                        (log_chosen - log_ref_chosen) - (log_rejected - log_ref_rejected)
                    )
                },
                meanings={"h": "how much more the policy prefers the chosen answer than the reference does"},
            ),
        ),
        "precision": Precision(
            of_input=1.0,
            why="log-probabilities are subtracted first, so that digits are lost where they are almost equal",
        ),
        "sections": (section,),
        "reductions": per("pair"),
        "tasks": ("preference",),
        "example": {
            "chosen": [-20.0, -35.0, -12.0],
            "rejected": [-25.0, -33.0, -12.5],
            "ref_chosen": [-22.0, -34.0, -14.0],
            "ref_rejected": [-24.0, -35.0, -12.0],
        },
    }
    return Loss(**{**shape, **declared}, function=function, properties=properties)
