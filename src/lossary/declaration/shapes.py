"""The shapes of loss that recur, as functions that return a `Loss`; what differs is given to them.

Whatever else a `Loss` has may be given as well, and takes the place of what the shape would say.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import sympy as sp

from lossary.declaration.formula import Builder, Symbolic
from lossary.declaration.inputs import (
    CLASS_INDEX,
    COSINES,
    LOGITS,
    MASK,
    PIXEL_PROBABILITIES,
    REGRESSION_INPUTS,
    SCORE,
    SIGN,
    Input,
    Kind,
)
from lossary.declaration.looks import MaskLook
from lossary.declaration.loss import Loss, Precision
from lossary.declaration.parameters import POSITIVE, Parameter
from lossary.declaration.reductions import PER_SAMPLE, per
from lossary.declaration.references import Properties
from lossary.declaration.sections import (
    CLASS_ANGLE_AXIS,
    MARGIN_AXIS,
    PLUS_MINUS,
    PROBABILITY_AXIS,
    RIGHT_ANSWER_AXIS,
    HeatMap,
    Section,
    logit_section,
    residual_section,
)
from lossary.declaration.symbols import Expression, cases, cos, equal, exp, log, sum_over, unequal
from lossary.declaration.values import Tensor

# What a field of a `Loss` holds; its own type says which, and is checked where the `Loss` is made.
Field: TypeAlias = Any

# What a smooth loss of one logit claims: softplus under other names.
LOGISTIC: Mapping[str, Field] = {
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
    **declared: Field,
) -> Loss:
    """A regression loss of the residual, which is drawn along it.

    Args:
        value: function of the symbols of the formula, such as `r`.
        gradient: function of the same for the gradient with respect to the input; for the target it is turned around.
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
    **declared: Field,
) -> Loss:
    """A loss of the margin for labels 1 and -1, which is drawn along the score of one element.

    Args:
        value: function of the symbols of the formula, such as `m`.
        gradient: function of the same for the gradient with respect to the score.
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


def divergence_loss(
    function: Callable[..., Tensor],
    predicted: Kind,
    true: Kind,
    formula: Symbolic,
    caption: str,
    properties: Properties,
    *,
    corner: bool = False,
    span: tuple[float, float] = (0.01, 0.99),
    **declared: Field,
) -> Loss:
    """A divergence of two distributions in the last dimension, drawn along the probability of one of two outcomes.

    Args:
        function: the torch function; beside the other divergences it is drawn between two normal distributions.
        predicted: the kind of the predicted probabilities.
        true: the kind of the true ones.
        formula: of one pair of distributions, with the gradient with respect to both.
        caption: what to see in the picture.
        properties: claims; that it is zero where the two agree need not be said.
        corner: whether it has one where the two agree.
        span: how much is drawn.
        declared: whatever else a `Loss` has.
    """
    share = 0.3
    section = Section(
        axis=PROBABILITY_AXIS,
        label="predicted probability of the first outcome",
        span=span,
        inputs=lambda t, y: {"input": [t, 1 - t], "target": [y, 1 - y]},
        branches={"": share},
        perfect=share,
        kinks=(lambda: share,) if corner else (),
        limits=(0.0, 1.0),
        target_values="unit",
        note=f"Two outcomes. The target gives {share} to the first one.",
        caption=caption,
    )
    return _loss(
        declared,
        function=function,
        inputs=(
            Input("input", "x", (predicted,), "(*, C)", "the predicted probabilities: softmax gives them"),
            Input("target", "y", (true,), "(*, C), same as input", "the true probabilities"),
        ),
        reductions=PER_SAMPLE,
        formulas=(formula,),
        sections=(section,),
        example={
            "input": [[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]],
            "target": [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]],
        },
        side_by_side={"two-normals": f'functional.{function.__name__}(q, p, reduction="none")'},
        properties={"value_at_perfect": 0, **properties},
    )


def overlap_loss(
    value: Builder,
    gradient: Mapping[str, Builder],
    caption: str,
    properties: Properties,
    *,
    where: Mapping[str, Builder] | None = None,
    notation: Mapping[str, str] | None = None,
    meanings: Mapping[str, str] | None = None,
    span: tuple[float, float] = RIGHT_ANSWER_AXIS.span,
    **declared: Field,
) -> Loss:
    """A loss of how a predicted mask overlaps the true one, which has one value for each mask.

    Args:
        value: function of the symbols of the formula, such as `hit`, `extra` and `missed`: what is right, what is too
            much and what is lacking, each a sum over the pixels.
        gradient: function of the same, and of the pixel `d`, for each input.
        caption: what to see in the picture.
        properties: the claims.
        where: further shorthands of the formula.
        notation: how they are written, LaTeX by name.
        meanings: what they are, by name.
        span: what is drawn of the probability of the right answer.
        declared: whatever else a `Loss` has.
    """
    sums: dict[str, Builder] = {
        "hit": lambda p, y, i, D: sum_over(i, p[i] * y[i], D),
        "extra": lambda p, y, i, D: sum_over(i, p[i] * (1 - y[i]), D),
        "missed": lambda p, y, i, D: sum_over(i, (1 - p[i]) * y[i], D),
    }
    written = {"hit": r"\mathrm{TP}", "extra": r"\mathrm{FP}", "missed": r"\mathrm{FN}"}
    told = {
        "hit": "the true positives: the probability on the object",
        "extra": "the false positives: the probability beside the object",
        "missed": "the false negatives: how far the probability on the object falls short of 1",
        "D": "the number of pixels of a mask",
        "d": "runs over the pixels",
        "i": "runs over the pixels",
    }
    formula = Symbolic(
        value,
        gradient,
        where={**sums, **(where or {})},
        notation={**written, **(notation or {})},
        meanings={**told, **(meanings or {})},
    )
    section = Section(
        axis=RIGHT_ANSWER_AXIS,
        label="probability of the right answer, at each pixel",
        span=span,
        inputs=lambda t, y: {"input": [t, 1 - t, 1 - t, 1 - t], "target": [1, 0, 0, 0]},
        branches={"": 1.0},
        perfect=1.0,
        limits=(0.0, 1.0),
        note="Four pixels, of which one is the object. Each gives the same probability to the right answer.",
        caption=caption,
        look=MaskLook("target", "input", columns=2),
    )
    errors = HeatMap(
        name="errors",
        title="False positives against false negatives",
        labels=("false positives, as a share of the object", "false negatives, as a share of the object"),
        spans=((0.0, 1.0), (0.0, 1.0)),
        inputs=lambda s, t: {"input": [1 - t, s], "target": [1, 0]},
        note="Two pixels. The first one is the object, the second one is not.",
        caption="Along a line of one colour the loss stays the same: more of one error is made up for by less of "
        "the other.",
    )
    shape = "(D), (N, D) or (N, d1, d2, …)"
    return _loss(
        declared,
        inputs=(
            Input(
                "input",
                "p",
                (PIXEL_PROBABILITIES,),
                shape,
                "the probability of the object at each pixel, not a raw score",
            ),
            Input("target", "y", (MASK,), f"{shape}, same as input", "1 where the object is, 0 elsewhere"),
        ),
        reductions=per("mask", "the number of masks, which is 1 for inputs of one dimension"),
        formulas=(formula,),
        sections=(section,),
        figures=(errors,),
        tasks=("segmentation",),
        example={"input": [0.9, 0.75, 0.25, 0.1], "target": [1.0, 1.0, 0.0, 0.0]},
        properties=properties,
    )


def softmax_loss(
    value: Builder,
    gradient: Builder,
    caption: str,
    properties: Properties,
    **declared: Field,
) -> Loss:
    """A loss of the probability that the softmax of raw scores gives to the true class.

    Args:
        value: function of the symbols of the formula, such as the probabilities `p` and the true class `y`.
        gradient: function of the same, and of the class `c`, for the gradient with respect to the scores.
        caption: what to see in the picture of three classes.
        properties: the claims.
        declared: whatever else a `Loss` has.
    """
    formula = Symbolic(
        value,
        {"input": gradient},
        where={"p": lambda x, c, j, C: exp(x[c]) / sum_over(j, exp(x[j]), C)},
        meanings={"p": "the softmax of the scores"},
    )
    of_three = logit_section(
        inputs=lambda t, y: {"input": [t, 0, 0], "target": y},
        note="Three classes. The logit of the true class moves, the other two stay at 0.",
        caption=caption,
    )
    of_two = logit_section(
        inputs=lambda t, y: {"input": [0, t], "target": y},
        label="logit of class 1, with two classes",
        branches={"class 1": 1, "class 0": 0},
        note="Two classes. The logit of class 0 stays at 0.",
        caption="With two classes the loss of one is the mirror image of the other's.",
    )
    return _loss(
        declared,
        inputs=(
            Input("input", "x", (LOGITS,), "(C), (N, C) or (N, C, d1, …)", "the raw scores: no softmax before them"),
            Input("target", "y", (CLASS_INDEX,), "(), (N) or (N, d1, …)", "the true class"),
        ),
        reductions=per("target"),
        sample_dimension=1,
        formulas=(formula,),
        precision=Precision(
            absolute=1.0,
            why="it takes the logarithm of a sum that is rounded first, so that a loss below the spacing of numbers "
            "around 1 is lost",
        ),
        sections=(of_three, of_two),
        tasks=("multi-class",),
        example={"input": [[2.0, 0.5, -1.0], [0.2, 1.5, 0.3], [-0.5, 0.1, 0.4]], "target": [0, 1, 0]},
        properties=properties,
    )


def angular_margin_loss(
    lowered: Builder,
    slope: Builder,
    margin: Parameter,
    meaning: str,
    caption: str,
    properties: Properties,
    **declared: Field,
) -> Loss:
    """Cross-entropy of scaled cosines of which that of the true class was lowered first.

    Args:
        lowered: function of the symbols of the formula, the cosines `x`, the true class `y` and the `margin`, to what
            stands for the true class' cosine.
        slope: function of the same to its derivative with respect to that cosine.
        margin: the parameter that says by how much it is lowered; its symbol is `margin`.
        meaning: what the lowered cosine is, in words.
        caption: what to see in the picture.
        properties: the claims, along the angle to the true class.
        declared: whatever else a `Loss` has.
    """
    formula = Symbolic(
        where={
            "lowered": lowered,
            "slope": slope,
            "total": lambda x, y, j, C, lowered, scale: (
                exp(scale * lowered) + sum_over(j, exp(scale * x[j]), C, where=unequal(j, y))
            ),
        },
        notation={"lowered": r"\phi", "slope": r"\phi'", "total": "Z"},
        meanings={
            "lowered": meaning,
            "slope": "its derivative with respect to the cosine of the true class",
            "total": "the sum over the classes that a softmax divides by",
        },
        value=lambda lowered, total, scale: log(total) - scale * lowered,
        gradient={
            "input": lambda x, y, c, lowered, slope, total, scale: cases(
                (scale * slope * (exp(scale * lowered) / total - 1), equal(c, y)),
                (scale * exp(scale * x[c]) / total, True),
            )
        },
    )
    section = Section(
        axis=CLASS_ANGLE_AXIS,
        label=CLASS_ANGLE_AXIS.label,
        span=(0.001, math.pi - 0.001),
        inputs=lambda t, y: {"input": [cos(t), 0, 0], "target": y},
        branches={"": 0},
        perfect=0.0,
        limits=(0.0, math.pi),
        note="Three classes. The vector turns away from the true class, and stays at a right angle to the other two.",
        caption=caption,
    )
    scale = Parameter(
        "s",
        64.0,
        "what all cosines are multiplied by, the inverse of a temperature",
        range=POSITIVE,
        typical=(16.0, 30.0, 64.0),
        symbol="scale",
        latex="s",
    )
    return _loss(
        declared,
        inputs=(
            Input("input", "x", (COSINES,), "(C) or (N, C)", "the cosine of the angle to the vector of each class"),
            Input("target", "y", (CLASS_INDEX,), "() or (N)", "the true class"),
        ),
        parameters=(scale, margin),
        reductions=per("target"),
        formulas=(formula,),
        precision=Precision(
            size=lambda scale: scale, why="it subtracts two numbers of the size of the scale, a logit and a total"
        ),
        sections=(section,),
        tasks=("embeddings", "multi-class"),
        example={"input": [[0.8, 0.1, -0.3], [0.2, 0.6, 0.5], [0.4, -0.2, 0.7]], "target": [0, 1, 0]},
        properties=properties,
    )


def _loss(declared: Mapping[str, Field], **shape: Field) -> Loss:
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
