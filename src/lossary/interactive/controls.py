"""What a reader may move on an interactive plot: how far each parameter goes, and which ones change a curve."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter, Range
from lossary.declaration.sections import Section
from lossary.evaluation import high_precision
from lossary.evaluation.curves import curve, section_inputs, suits

FAR = 1e6  # how far a number may be typed where its range does not end
NEAR = 1e-12  # the least distance from an end that does not belong to the range
_LONG = 100.0  # typical values this far apart are powers of ten rather than steps
_FEW = 12  # a range of so many whole numbers is a choice among them
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Control:
    """One parameter as a reader moves it.

    Attributes:
        parameter: what is moved.
        kind: "number", "integer", "values" (a number out of `choices`), "boolean", "choice" or "vector".
        default: where it starts; for a vector, each of its numbers.
        low, high: what may be typed.
        slider: the ends of the slider.
        step: of the slider, in powers of ten where `scale` is "log".
        choices: the values of a choice, or the numbers that a table holds.
    """

    parameter: Parameter
    kind: str
    default: Any
    low: float = 0.0
    high: float = 0.0
    slider: tuple[float, float] = (0.0, 0.0)
    step: float = 0.0
    scale: str = "linear"
    choices: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.parameter.name

    @property
    def discrete(self) -> bool:
        """Whether it chooses among few values, each of which has curves of its own."""
        return self.kind in ("boolean", "choice", "values")


def control(parameter: Parameter, tabled: bool = False) -> Control | None:
    """The control of a parameter, None where nothing says which values of it are worth a look."""
    typical = [v for v in parameter.typical if v is not None]
    if not typical:
        return None
    if parameter.kind == "boolean":
        return Control(parameter, "boolean", parameter.default)
    if parameter.kind == "choice":
        choices = tuple(parameter.choices)
        return Control(parameter, "choice", parameter.default, choices=choices)
    if parameter.kind == "per class":
        return _number(parameter, "vector", float(parameter.neutral or 0), [float(v) for w in typical for v in w])
    if parameter.kind not in ("number", "integer", "per element"):
        return None
    default = parameter.neutral if parameter.default is None else parameter.default
    numbers = [float(v) for v in typical]
    few = parameter.kind == "integer" and parameter.range.upper - parameter.range.lower < _FEW
    if few or tabled:
        every = range(int(parameter.range.lower), int(parameter.range.upper) + 1) if few else (default or 0, *typical)
        values = tuple(sorted(set(every)))
        return Control(parameter, "values", default, values[0], values[-1], choices=values)
    return _number(parameter, "integer" if parameter.kind == "integer" else "number", default, numbers)


def _number(parameter: Parameter, kind: str, default: Any, typical: Sequence[float]) -> Control:
    low, high = _limits(parameter.range)
    positive = [v for v in typical if v > 0]
    if kind == "integer":
        ends = (min(*typical, default), max(*typical, default))
        return Control(parameter, kind, default, low, high, ends, 1.0)
    if parameter.range.lower >= 0 and len(positive) > 1 and max(positive) / min(positive) >= _LONG:
        ends = (max(low, min(positive) / 100), min(high, 1e3 * max(positive)))
        return Control(parameter, kind, default, low, high, ends, 0.01, "log")
    most = 2 * max(map(abs, typical)) or 1.0
    right = parameter.range.upper if math.isfinite(parameter.range.upper) else most
    left = parameter.range.lower if math.isfinite(parameter.range.lower) else min(0.0, 2 * min(typical))
    step = next((s for s in _STEPS if (right - left) / s <= 120), _STEPS[-1])
    if parameter.range.lower_open and left == parameter.range.lower:
        left += step
    if parameter.range.upper_open and right == parameter.range.upper:
        right -= step
    return Control(parameter, kind, default, low, high, (left, right), step)


def _limits(allowed: Range) -> tuple[float, float]:
    """The numbers that may be typed: the range itself, a hair inside an end that does not belong to it."""
    low = max(allowed.lower, -FAR) + (NEAR if allowed.lower_open else 0.0)
    high = min(allowed.upper, FAR) - (NEAR if allowed.upper_open else 0.0)
    return low, high


@dataclass(frozen=True)
class Reach:
    """Which parameters can be moved along a section, and what for.

    Attributes:
        moved: the controls that change a curve, in the loss's order.
        sizes: for each vector among them, how many numbers it has here.
        silent: parameters that can be moved but change nothing.
        held: parameters that the section's own inputs keep at their default.
    """

    moved: tuple[Control, ...]
    sizes: Mapping[str, int]
    silent: tuple[str, ...]
    held: tuple[str, ...]

    def discrete(self) -> list[dict[str, Any]]:
        """All combinations of the controls that are no plain numbers."""
        several = [c for c in self.moved if c.discrete]
        options = [c.choices or (False, True) for c in several]
        names = [c.name for c in several]
        return [dict(zip(names, values, strict=True)) for values in itertools.product(*options)]

    def numeric(self) -> list[Control]:
        """The controls that are plain numbers or vectors of them."""
        return [c for c in self.moved if not c.discrete]


def reach(loss: Loss, section: Section, controls: Sequence[Control]) -> Reach:
    """Try every control along a section."""
    t = np.linspace(*section.span, 41)
    defaults = loss.defaults()
    vectors = [c.name for c in controls if c.kind == "vector"]
    classes = (
        high_precision.samples(loss, section_inputs(loss, section, t, defaults), defaults).sizes[0] if vectors else 0
    )
    sizes = dict.fromkeys(vectors, classes)
    tried: dict[str, list[Any]] = {}
    held = []
    for one in controls:
        values = list(_tries(one, classes))
        if all(suits(loss, section, {**defaults, one.name: v}) for v in values):
            tried[one.name] = values
        else:
            held.append(one.name)
    moved, silent = [], []
    free = [c for c in controls if c.name in tried]
    discrete = [c for c in free if c.discrete]
    for one in free:
        others = [[(c.name, v) for v in tried[c.name]] for c in discrete if c is not one]
        changes = any(
            _differ(loss, section, t, {**defaults, **dict(around)}, one.name, tried[one.name])
            for around in itertools.product(*others)
        )
        if changes:
            moved.append(one)
        else:
            silent.append(one.name)
    kept = {c.name: sizes[c.name] for c in moved if c.name in sizes}
    return Reach(tuple(moved), kept, tuple(silent), tuple(held))


def _tries(one: Control, classes: int) -> Iterator[Any]:
    """Settings that show whether a parameter matters."""
    if one.kind == "boolean":
        yield from (False, True)
    elif one.kind in ("choice", "values"):
        yield from one.choices
    elif one.kind == "vector":
        for k in range(classes):
            yield [one.slider[1] if j == k else one.default for j in range(classes)]
    else:
        yield from one.slider


def _differ(loss: Loss, section: Section, t: Any, around: Mapping[str, Any], name: str, values: Sequence[Any]) -> bool:
    branches = section.branches.values()
    drawn = [
        np.concatenate([curve(loss, section, t, {**around, name: value}, y).loss for y in branches])
        for value in (around[name], *values)
    ]
    return any(not np.allclose(one, drawn[0], rtol=1e-9, atol=0, equal_nan=True) for one in drawn[1:])
