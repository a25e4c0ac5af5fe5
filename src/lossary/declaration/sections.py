"""What of a loss can be drawn: the axes that losses share, sections through their inputs, and further figures.

Plain frozen data, like the loss that declares it; it knows nothing of torch and nothing of how a figure is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lossary.declaration.looks import Look
from lossary.declaration.network import Network
from lossary.declaration.symbols import Declared, Expression
from lossary.declaration.values import Arrays, Numbers, Setting, Tensor


@dataclass(frozen=True)
class Axis:
    """A quantity along which losses can be drawn and compared.

    `span`, `top` (of the loss) and `slopes` (of the gradient) are the axes that thumbnails and overlays share, so
    that a flat loss looks flat beside a steep one. `reference` is what losses along the axis stand in for: its name
    and the corners of its line. `below` is how much thumbnails show of what lies below zero.
    """

    name: str
    label: str
    span: tuple[float, float]
    top: float
    slopes: tuple[float, float]
    reference: tuple[str, tuple[tuple[float, float], ...]] | None = None
    below: float = 0.0

    @property
    def quantity(self) -> str:
        """What moves, in words: the label without what stands behind its comma. `name` is for addresses and files."""
        return self.label.partition(",")[0]


_STEP = ("zero-one step", ((-3.0, 1.0), (0.0, 1.0), (0.0, 0.0), (3.0, 0.0)))

RESIDUAL = Axis("residual", "residual, input − target", (-3.0, 3.0), 4.5, (-3.3, 3.3))
PROBABILITY_AXIS = Axis("probability", "predicted probability", (0.0, 1.0), 4.0, (-12.0, 12.0))
LOGIT_AXIS = Axis("logit", "logit of the true class", (-6.0, 6.0), 6.6, (-1.1, 0.1))
MARGIN_AXIS = Axis("margin", "margin, target × input", (-3.0, 3.0), 4.5, (-4.4, 1.1), _STEP)
LOG_RATE_AXIS = Axis("log-rate", "log-rate, input", (-3.0, 3.0), 12.0, (-5.0, 12.0))
MEAN_AXIS = Axis("mean", "predicted mean, input", (0.0, 4.0), 6.0, (-6.0, 4.0))
RATIO_AXIS = Axis("ratio", "prediction divided by the target", (0.0, 3.0), 2.2, (-2.2, 2.2))
DISTANCE_AXIS = Axis("distance", "distance", (0.0, 3.0), 3.3, (-1.2, 1.2))
ANGLE_AXIS = Axis("angle", "angle between the two, in radians", (0.0, math.pi), 2.2, (-1.2, 1.2))
CLASS_ANGLE_AXIS = Axis("class-angle", "angle to the true class, in radians", (0.0, math.pi), 100.0, (-70.0, 70.0))
RIGHT_ANSWER_AXIS = Axis("right-answer", "probability of the right answer", (0.0, 1.0), 1.05, (-4.2, 0.2))
# In the order of pages.
_SHARED = (
    RESIDUAL,
    PROBABILITY_AXIS,
    LOGIT_AXIS,
    MARGIN_AXIS,
    LOG_RATE_AXIS,
    MEAN_AXIS,
    RATIO_AXIS,
    DISTANCE_AXIS,
    ANGLE_AXIS,
    CLASS_ANGLE_AXIS,
    RIGHT_ANSWER_AXIS,
)


@dataclass(frozen=True)
class Section:
    """A line through the space of inputs along which one quantity `t` moves and the rest is held fixed.

    Attributes:
        axis: the quantity that moves.
        label: the axis label, which says what moves.
        span: the range that is drawn.
        inputs: function of SymPy symbols `t` (what moves) and `y` (the target value of a branch) that returns
            each input as an expression or a nested list of expressions.
        branches: target values `y` that get a curve each, by label; the first is the main one.
        perfect: where along `t` the prediction is perfect, which may be infinite: a number for the main branch, or one
            for each branch by its label.
        limits: the ends of `t`'s own domain.
        note: what is held fixed, in one sentence.
        caption: what to see in the picture, in one or two sentences.
        kinks: functions of the parameters (by symbol) that give points of `t` where the loss is not smooth; expressions
            in those that are numbers, infinite where some parameters leave no such point.
        target_values: values of `y` from which a skewed sample is drawn to find what the loss elicits:
            "real", "binary" (0 or 1), "sign" (1 or -1) or "unit"; empty where the question makes no sense.
        link: where the section's variable is not the prediction's mean itself, the map from `t` to it:
            "" (identity), "sigmoid" or "exp".
        look: what the inputs look like at a point, where that is a picture; it is drawn above a plot of the section.
    """

    axis: Axis
    label: str
    span: tuple[float, float]
    inputs: Callable[..., Declared]
    branches: Mapping[str, float]
    perfect: float | Mapping[str, float]
    note: str
    caption: str
    limits: tuple[float, float] = (float("-inf"), float("inf"))
    kinks: tuple[Callable[..., Expression], ...] = ()
    target_values: Literal["real", "binary", "sign", "unit", ""] = ""
    link: Literal["", "sigmoid", "exp"] = ""
    look: Look | None = None

    @property
    def quantity(self) -> str:
        """What moves, in words: the label without what stands behind its comma."""
        return self.label.partition(",")[0]

    @property
    def best(self) -> Mapping[str, float]:
        """Where the prediction is perfect, by the labels of the branches for which it is told."""
        return self.perfect if isinstance(self.perfect, Mapping) else {next(iter(self.branches)): self.perfect}


def axes(sections: Iterable[Section]) -> dict[str, Axis]:
    """The axes that sections run along, by name: the shared ones in their order, then those of losses of their own."""
    found = list(dict.fromkeys(section.axis for section in sections))
    ordered = [*(axis for axis in _SHARED if axis in found), *(axis for axis in found if axis not in _SHARED)]
    return {axis.name: axis for axis in ordered}


# The labels of one element that is 0 or 1, and of one that is 1 or -1.
ZERO_ONE = {"target 1": 1.0, "target 0": 0.0}
PLUS_MINUS = {"label 1": 1.0, "label -1": -1.0}


def _opposite(branches: Mapping[str, float], first: float, other: float) -> Mapping[str, float]:
    """The best prediction for the first of two labels, and that for the other one."""
    return dict(zip(branches, (first, other), strict=True))


def residual_section(
    caption: str,
    kinks: tuple[Callable[..., Expression], ...] = (),
    span: tuple[float, float] = RESIDUAL.span,
    inputs: Callable[..., Declared] = lambda t, y: {"input": t, "target": y},
    note: str = "One element. The target is 0, so the input is the residual.",
) -> Section:
    """The section of a regression loss: the residual of one element moves, the target stays at 0."""
    return Section(
        axis=RESIDUAL,
        label=RESIDUAL.label,
        span=span,
        inputs=inputs,
        branches={"": 0.0},
        perfect=0.0,
        kinks=kinks,
        target_values="real",
        note=note,
        caption=caption,
    )


def logit_section(
    inputs: Callable[..., Declared],
    note: str,
    caption: str,
    label: str = LOGIT_AXIS.label,
    span: tuple[float, float] = LOGIT_AXIS.span,
    kinks: tuple[Callable[..., Expression], ...] = (),
    perfect: float = float("inf"),
    branches: Mapping[str, float] | None = None,
) -> Section:
    """A logit or score moves; with no branches given, that of one class of several, whose index is the target."""
    return Section(
        axis=LOGIT_AXIS,
        label=label,
        span=span,
        inputs=inputs,
        branches={"": 0} if branches is None else branches,
        perfect=_opposite(branches, perfect, -perfect) if branches else perfect,
        kinks=kinks,
        target_values="binary" if branches else "",
        link="sigmoid" if branches else "",
        note=note,
        caption=caption,
    )


def probability_section(
    inputs: Callable[..., Declared],
    note: str,
    caption: str,
    label: str,
    branches: Mapping[str, float] | None = None,
) -> Section:
    """A probability moves; with no branches given, that of one class of several, whose index is the target."""
    return Section(
        axis=PROBABILITY_AXIS,
        label=label,
        span=(0.03, 0.97),
        inputs=inputs,
        branches={"": 0} if branches is None else branches,
        perfect=_opposite(branches, 1.0, 0.0) if branches else 1.0,
        limits=(0.0, 1.0),
        target_values="binary" if branches else "",
        note=note,
        caption=caption,
    )


@dataclass(frozen=True)
class HeatMap:
    """A second section where two quantities `s` (across) and `t` (up) move.

    `path` is a line worth seeing, such as where the loss is least: its words, and `t` as a function of `s`.
    """

    name: str
    title: str
    labels: tuple[str, str]
    spans: tuple[tuple[float, float], tuple[float, float]]
    inputs: Callable[..., Declared]
    note: str
    caption: str
    path: tuple[str, Callable[[Numbers], Numbers]] | None = None


@dataclass(frozen=True)
class Study:
    """A further figure: torch code along one quantity, with whatever curves its author sets side by side.

    Attributes:
        name, title: of the view.
        label: what moves.
        span: the range that is drawn.
        curves: functions of a 1-D float64 tensor, by label, each to a tensor of the same shape.
        heading: what is drawn.
        gradient: whether the derivative is drawn as well, as a second figure.
        points: the values of what moves, where it is discrete.
    """

    name: str
    title: str
    label: str
    span: tuple[float, float]
    curves: Mapping[str, Callable[[Tensor], Tensor]]
    caption: str
    note: str = ""
    heading: str = "loss"
    gradient: bool = False
    points: tuple[float, ...] = ()


@dataclass(frozen=True)
class Extremes:
    """A line so long that the number formats part on it; loss and gradient are drawn in each.

    Attributes:
        label, span: what moves, and how far.
        inputs: function of the SymPy symbol `t`, as in a section.
        of: the input whose gradient is drawn, its length where the input holds vectors; of what moves, if empty.
        powers: whether the span is one of powers of ten, and `t` the number itself.
        parameters: settings that differ from the defaults.
    """

    label: str
    span: tuple[float, float]
    inputs: Callable[..., Declared]
    caption: str
    of: str = ""
    powers: bool = False
    note: str = ""
    parameters: Setting = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """Vectors of two coordinates as points in the plane, with the step that minus the gradient asks of each."""

    name: str
    title: str
    inputs: Arrays
    caption: str
    note: str = ""
    parameters: Setting = field(default_factory=dict)


@dataclass(frozen=True)
class Diagram:
    """A figure of a network, which `build` computes."""

    name: str
    title: str
    build: Callable[[], Network]
    caption: str
    note: str = ""


Figure = HeatMap | Study | Extremes | Scene | Diagram
