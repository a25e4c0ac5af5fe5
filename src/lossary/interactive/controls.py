"""What a reader may move on an interactive plot: how far each parameter goes, and which ones change a curve."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.loss import Loss
from lossary.declaration.parameter_kinds import HAIR, Range, Widget
from lossary.declaration.parameters import Parameter
from lossary.declaration.sections import Section
from lossary.declaration.values import JsonObject, Setting, Value
from lossary.evaluation import high_precision
from lossary.evaluation.curves import curve, section_inputs, suits

FAR = 1e6  # how far a number may be typed where its range does not end
_LONG = 100.0  # typical values this far apart are powers of ten rather than steps
_FEW = 12  # a range of so many whole numbers is a choice among them
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Control:
    """One parameter as a reader moves it.

    Attributes:
        kind: what the JavaScript calls it.
        discrete: whether it chooses among few values, each of which has curves of its own.
        vector: whether it moves several numbers, as many as there are classes.
        parameter: what is moved.
        default: where it starts; for a vector, each of its numbers.
        low, high: what may be typed.
        slider: the ends of the slider.
        step: of the slider, in powers of ten where `scale` is "log".
        choices: the values of a choice, or the numbers that a table holds.
    """

    kind: ClassVar[str]
    discrete: ClassVar[bool] = False
    vector: ClassVar[bool] = False
    parameter: Parameter
    default: Value
    low: float = 0.0
    high: float = 0.0
    slider: tuple[float, float] = (0.0, 0.0)
    step: float = 0.0
    scale: str = "linear"
    choices: tuple[Value, ...] = ()

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.parameter.name

    def bounds(self) -> JsonObject:
        """Where it may go, as the JavaScript gets it."""
        raise NotImplementedError

    def allowed(self) -> str:
        """The values that may be typed, in words."""
        return self.parameter.range_text()

    def tries(self, classes: int) -> Iterator[Value]:
        """Settings that show whether the parameter matters."""
        yield from self.choices

    def written(self, value: Value, size: int) -> Value:
        """A setting as the JavaScript gets it: a number in place of torch's None, a vector written out."""
        return self.parameter.in_formula(value, size)

    def drawn(self, draw: np.random.Generator, size: int) -> Value:
        """A setting within the slider, drawn at random."""
        raise NotImplementedError


@dataclass(frozen=True)
class Checkbox(Control):
    """True or false."""

    kind = "boolean"
    discrete = True

    def bounds(self) -> JsonObject:
        """Nothing to say."""
        return {}

    def written(self, value: Value, size: int) -> Value:
        """The setting itself."""
        return value


@dataclass(frozen=True)
class Select(Control):
    """One of a few names."""

    kind = "choice"
    discrete = True

    def bounds(self) -> JsonObject:
        """The names."""
        return {"choices": list(self.choices)}

    def written(self, value: Value, size: int) -> Value:
        """The name itself."""
        return value


@dataclass(frozen=True)
class Stops(Control):
    """A number out of a few, between which a slider jumps."""

    kind = "values"
    discrete = True

    def bounds(self) -> JsonObject:
        """The numbers."""
        return {"low": self.low, "high": self.high, "values": list(self.choices)}

    def allowed(self) -> str:
        """The numbers that the slider stops at."""
        return f"{self.name} is one of {', '.join(f'{value:g}' for value in self.choices)}"


@dataclass(frozen=True)
class Slider(Control):
    """A real number."""

    kind = "number"

    def allowed(self) -> str:
        """The range of a number, of what may be typed where that is visibly less; several have one for each."""
        whole = self.parameter.range
        return (whole if whole.inset == HAIR else Range(self.low, self.high)).text(self.name)

    def bounds(self) -> JsonObject:
        """The range, and how the slider goes through it."""
        ends = {"low": self.low, "high": self.high, "slider": list(self.slider)}
        return {**ends, "step": self.step, "scale": self.scale}

    def tries(self, classes: int) -> Iterator[Value]:
        """Both ends of the slider."""
        yield from self.slider

    def drawn(self, draw: np.random.Generator, size: int) -> Value:
        """A number between the ends, as far apart in powers of ten where the slider is."""
        low, high = self.slider
        if self.scale == "log":
            return float(10 ** draw.uniform(math.log10(low), math.log10(high)))
        return draw.uniform(low, high, size).tolist() if size else float(draw.uniform(low, high))


@dataclass(frozen=True)
class WholeSlider(Slider):
    """A whole number."""

    kind = "integer"

    def drawn(self, draw: np.random.Generator, size: int) -> Value:
        """A whole number between the ends, both of which count."""
        low, high = self.slider
        return int(draw.integers(int(low), int(high) + 1))


@dataclass(frozen=True)
class VectorSlider(Slider):
    """A real number for each class, each with a slider."""

    kind = "vector"
    vector = True

    def tries(self, classes: int) -> Iterator[Value]:
        """Each number alone at the upper end."""
        for k in range(classes):
            yield [self.slider[1] if j == k else self.default for j in range(classes)]


def control(parameter: Parameter, tabled: bool = False) -> Control | None:
    """The control of a parameter, None where nothing says which values of it are worth a look."""
    typical = [v for v in parameter.typical if v is not None]
    if not typical or parameter.kind.widget is None:
        return None
    return _MAKERS[parameter.kind.widget](parameter, typical, tabled)


def _checkbox(parameter: Parameter, typical: Sequence[Value], tabled: bool) -> Control:
    return Checkbox(parameter, parameter.default, choices=(False, True))


def _select(parameter: Parameter, typical: Sequence[Value], tabled: bool) -> Control:
    return Select(parameter, parameter.default, choices=tuple(parameter.kind.options))


def _sliders(parameter: Parameter, typical: Sequence[Value], tabled: bool) -> Control:
    return _over_range(VectorSlider, parameter, float(parameter.neutral or 0), [float(v) for w in typical for v in w])


def _slider(parameter: Parameter, typical: Sequence[Value], tabled: bool) -> Control:
    default = _start(parameter)
    if tabled:
        return _stops(parameter, default, (default or 0, *typical))
    return _over_range(Slider, parameter, default, [float(v) for v in typical])


def _steps(parameter: Parameter, typical: Sequence[Value], tabled: bool) -> Control:
    default, numbers = _start(parameter), [float(v) for v in typical]
    if parameter.range.upper - parameter.range.lower < _FEW:
        return _stops(parameter, default, range(int(parameter.range.lower), int(parameter.range.upper) + 1))
    if tabled:
        return _stops(parameter, default, (default or 0, *typical))
    ends = (min(*numbers, default), max(*numbers, default))
    return WholeSlider(parameter, default, *_limits(parameter.range), ends, 1.0)


# What makes the control that a kind asks for: from the typical values, and from whether curves come from tables.
_MAKERS: Mapping[Widget, Callable[[Parameter, Sequence[Value], bool], Control]] = {
    Widget.CHECKBOX: _checkbox,
    Widget.SELECT: _select,
    Widget.SLIDER: _slider,
    Widget.SLIDERS: _sliders,
    Widget.STEPS: _steps,
}


def _start(parameter: Parameter) -> Value:
    return parameter.neutral if parameter.default is None else parameter.default


def _stops(parameter: Parameter, default: Value, every: Iterable[float]) -> Control:
    values = tuple(sorted(set(every)))
    return Stops(parameter, default, values[0], values[-1], choices=values)


def _over_range(made: type[Slider], parameter: Parameter, default: Value, typical: Sequence[float]) -> Control:
    """A slider as far as the range goes, else twice as far as the typical values; of powers of ten if they are."""
    low, high = _limits(parameter.range)
    positive = [v for v in typical if v > 0]
    if parameter.range.lower >= 0 and len(positive) > 1 and max(positive) / min(positive) >= _LONG:
        ends = (max(low, min(positive) / 100), min(high, 1e3 * max(positive)))
        return made(parameter, default, low, high, ends, 0.01, "log")
    most = 2 * max(map(abs, typical)) or 1.0
    right = parameter.range.upper if math.isfinite(parameter.range.upper) else most
    left = parameter.range.lower if math.isfinite(parameter.range.lower) else min(0.0, 2 * min(typical))
    step = next((s for s in _STEPS if (right - left) / s <= 120), _STEPS[-1])
    if parameter.range.lower_open and left == parameter.range.lower:
        left = max(left + step, low)
    if parameter.range.upper_open and right == parameter.range.upper:
        right = min(right - step, high)
    return made(parameter, default, low, high, (left, right), step)


def _limits(allowed: Range) -> tuple[float, float]:
    """The numbers that may be typed: the range itself, its inset inside an end that does not belong to it."""
    low = max(allowed.lower, -FAR) + (allowed.inset if allowed.lower_open else 0.0)
    high = min(allowed.upper, FAR) - (allowed.inset if allowed.upper_open else 0.0)
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

    def discrete(self) -> list[dict[str, Value]]:
        """All combinations of the controls that are no plain numbers."""
        several = [c for c in self.moved if c.discrete]
        options = [c.choices for c in several]
        names = [c.name for c in several]
        return [dict(zip(names, values, strict=True)) for values in itertools.product(*options)]

    def numeric(self) -> list[Control]:
        """The controls that are plain numbers or vectors of them."""
        return [c for c in self.moved if not c.discrete]


def reach(loss: Loss, section: Section, controls: Sequence[Control]) -> Reach:
    """Try every control along a section."""
    t = np.linspace(*section.span, 41)
    defaults = loss.defaults()
    vectors = [c.name for c in controls if c.vector]
    classes = (
        high_precision.samples(loss, section_inputs(loss, section, t, defaults), defaults).sizes[0] if vectors else 0
    )
    sizes = dict.fromkeys(vectors, classes)
    tried: dict[str, list[Value]] = {}
    held = []
    for one in controls:
        values = list(one.tries(classes))
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


def _differ(
    loss: Loss, section: Section, t: NDArray[np.float64], around: Setting, name: str, values: Sequence[Value]
) -> bool:
    branches = section.branches.values()
    drawn = [
        np.concatenate([curve(loss, section, t, {**around, name: value}, y).loss for y in branches])
        for value in (around[name], *values)
    ]
    return any(not np.allclose(one, drawn[0], rtol=1e-9, atol=0, equal_nan=True) for one in drawn[1:])
