"""The shapes of loss that recur, as functions that return a `Loss`; what differs is given to them.

Whatever else a `Loss` has may be given as well, and takes the place of what the shape would say.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from lossary.declaration.formula import Builder, Symbolic
from lossary.declaration.inputs import REGRESSION_INPUTS, SCORE, SIGN, Input, Kind
from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter
from lossary.declaration.references import Properties
from lossary.declaration.sections import MARGIN_AXIS, PLUS_MINUS, Section, residual_section
from lossary.declaration.symbols import Expression

# What a smooth loss of one logit claims: softplus under other names.
LOGISTIC: Mapping[str, Any] = {
    "convex": True,
    "smoothness": "Cinf",
    "lipschitz": 1,
    "gradient_lipschitz": 0.25,
    "bounded": False,
    "value_at_perfect": 0,
    "gradient_limits": (-1, 0),
    "elicits": "logit of the mean",
    "proper": "strictly proper",
    "calibrated": True,
}
# What most losses of a residual claim, and their files need not.
_RESIDUAL = {"convex": True, "bounded": False, "symmetric": True, "value_at_perfect": 0, "redescending": False}


def residual_loss(
    value: Builder,
    gradient: Builder,
    caption: str,
    properties: Properties,
    *,
    kinks: tuple[Callable[..., Expression], ...] = (),
    span: tuple[float, float] = (-3.0, 3.0),
    where: Mapping[str, Builder] | None = None,
    notation: Mapping[str, str] | None = None,
    meanings: Mapping[str, str] | None = None,
    weight: Parameter | None = None,
    **declared: Any,
) -> Loss:
    """A regression loss of the residual, which is drawn along it.

    Args:
        value: function of the symbols of the formula, such as `r`.
        gradient: function of the same for the gradient by the input; that by the target is minus it.
        caption: what to see in the picture.
        properties: claims; convex, unbounded, symmetric, zero where the prediction is perfect and not redescending
            need not be said.
        kinks: where it is not smooth, functions of the parameters.
        span: how much is drawn.
        where: shorthands of the formula.
        notation: how they are written, LaTeX by name.
        meanings: what they are, by name.
        weight: the parameter `weight`, where torch's function takes a factor for each element; a second formula has it.
        declared: whatever else a `Loss` has.
    """
    slopes = {"input": gradient, "target": _minus(gradient)}
    formula = Symbolic(value, slopes, where=where or {}, notation=notation or {}, meanings=meanings or {})
    formulas: tuple[Symbolic, ...] = (formula,)
    if weight:
        slope = _times_weight(gradient)
        weighted = {"input": slope, "target": _minus(slope)}
        formulas = (
            replace(formula, at={weight.name: None}),
            replace(formula, label="With a weight", value=_times_weight(value), gradient=weighted),
        )
        declared["parameters"] = (*declared.get("parameters", ()), weight)
    return _loss(
        declared,
        inputs=REGRESSION_INPUTS,
        formulas=formulas,
        sections=(residual_section(caption, kinks, span),),
        properties={**_RESIDUAL, **properties},
    )


def margin_loss(
    value: Builder,
    gradient: Builder,
    caption: str,
    properties: Properties,
    *,
    kinks: tuple[float, ...] = (),
    perfect: float = float("inf"),
    score: Kind = SCORE,
    **declared: Any,
) -> Loss:
    """A loss of the margin for labels 1 and -1, which is drawn along the score of one element.

    Args:
        value: function of the symbols of the formula, such as `m`.
        gradient: function of the same for the gradient by the score.
        caption: what to see in the picture.
        properties: the claims.
        kinks: the margins at which it is not smooth.
        perfect: the margin at which it is least.
        score: what the scores may be.
        declared: whatever else a `Loss` has.
    """
    section = Section(
        axis=MARGIN_AXIS,
        label="score, input",
        span=MARGIN_AXIS.span,
        inputs=lambda t, y: {"input": t, "target": y},
        branches=PLUS_MINUS,
        perfect=dict(zip(PLUS_MINUS, (perfect, -perfect), strict=True)),
        kinks=tuple(map(_always, dict.fromkeys(sign * kink for kink in kinks for sign in (1, -1)))),
        target_values="sign",
        link="sigmoid",
        note="One element, for each of the two labels. With label 1 the score is the margin itself.",
        caption=caption,
    )
    label = Input(
        "target", "y", (SIGN,), "(*), same as input", "the label, 1 or -1 and not 0 or 1", differentiable=False
    )
    return _loss(
        declared,
        inputs=(Input("input", "x", (score,), "(*)", "the raw score: its sign is the predicted label"), label),
        formulas=(Symbolic(value, {"input": gradient}),),
        sections=(section,),
        properties=properties,
    )


def _always(number: float) -> Callable[[], float]:
    """A kink that depends on no parameter."""
    return lambda: number


def _loss(declared: Mapping[str, Any], **shape: Any) -> Loss:
    return Loss(**{**shape, **declared})


def _times_weight(builder: Builder) -> Builder:
    """The same function times the symbol `weight`, which is one more argument."""
    signature = inspect.signature(builder)
    last = inspect.Parameter("weight", inspect.Parameter.POSITIONAL_OR_KEYWORD)

    def times_weight(*symbols: Expression) -> Expression:
        *given, weight = symbols
        return _scaled(weight, sp.sympify(builder(*given)))

    made: Any = times_weight
    made.__signature__ = signature.replace(parameters=[*signature.parameters.values(), last])
    return made  # type: ignore[no-any-return]


def _scaled(factor: Expression, expression: Expression) -> Expression:
    """A multiple, written as an author would: of cases, that of each; behind a number."""
    if isinstance(expression, sp.Piecewise):
        return sp.Piecewise(*((_scaled(factor, branch), condition) for branch, condition in expression.args))
    if isinstance(expression, sp.Mul) and expression.args[0].is_Number:
        return sp.Mul(expression.args[0], factor, *expression.args[1:])
    return factor * expression


def _minus(builder: Builder) -> Builder:
    """The same function of the same symbols with the opposite sign, written as an author would."""

    @functools.wraps(builder)
    def opposite(*symbols: Expression) -> Expression:
        return _negative(sp.sympify(builder(*symbols)))

    return opposite


def _negative(expression: Expression) -> Expression:
    if isinstance(expression, sp.Piecewise):
        return sp.Piecewise(*((_negative(branch), condition) for branch, condition in expression.args))
    if isinstance(expression, sp.Mul):
        first, *rest = expression.args
        if first == -1:
            return rest[0] if len(rest) == 1 else sp.Mul(*rest)
        return sp.Mul(_negative(first), *rest)
    if isinstance(expression, sp.Add) and len(expression.args) == 2:
        # a - b becomes b - a, as an author would write it
        one, other = expression.args
        if isinstance(other, sp.Mul) and other.args[0] == -1:
            return sp.Add(_negative(other), _negative(one))
    return -expression
