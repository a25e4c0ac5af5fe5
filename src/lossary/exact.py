"""The displayed formula of a loss, evaluated at 50 digits on arrays: the reference that torch is held to.

It knows declarations and formulas, and never touches torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from lossary.formula import DIGITS, Built, Formula, Symbolic, Variable, Written
from lossary.kinds import Kind
from lossary.loss import Loss
from lossary.symbols import TABLE

Arrays = Mapping[str, NDArray[Any]]


def chosen_kinds(loss: Loss, inputs: Arrays, parameters: Mapping[str, Any]) -> dict[str, Kind]:
    """Which kind each input has in this call: a parameter may say so, else its number of dimensions does."""
    first = np.asarray(inputs[loss.inputs[0].name]).ndim
    kinds = {}
    for entry in loss.inputs:
        vector = np.asarray(inputs[entry.name]).ndim == first
        candidates = entry.candidates(parameters)
        kinds[entry.name] = next((kind for kind in candidates if vector == (kind.rank > 0)), candidates[0])
    return kinds


def variables(loss: Loss, kinds: Mapping[str, Kind]) -> tuple[Variable, ...]:
    """The loss's inputs and parameters as symbols of its formulas."""
    made = [
        Variable(i.name, i.symbol, TABLE[i.symbol].latex, kinds[i.name].integer, kinds[i.name].rank > 0)
        for i in loss.inputs
    ]
    made += [Variable(p.name, p.key, p.written, p.kind == "integer", p.kind == "per class") for p in loss.parameters]
    return tuple(made)


def applies(loss: Loss, formula: Formula, inputs: Arrays, parameters: Mapping[str, Any]) -> bool:
    """Whether a formula holds for these inputs and settings."""
    kinds = chosen_kinds(loss, inputs, parameters)
    if isinstance(formula, Symbolic) and formula.inside and not formula.inside(inputs):
        return False
    for name, wanted in formula.at.items():
        if name in kinds:
            if kinds[name] is not wanted:
                return False
        elif parameters.get(name) != wanted:
            return False
    return True


def formula_for(loss: Loss, inputs: Arrays, parameters: Mapping[str, Any]) -> Formula | None:
    """The first declared formula that holds, or None."""
    return next((f for f in loss.formulas if applies(loss, f, inputs, parameters)), None)


@cache
def _bind(formula: Symbolic, symbols: tuple[Variable, ...]) -> Built:
    return Built(formula, symbols)


def built(loss: Loss, formula: Symbolic, kinds: Mapping[str, Kind]) -> Built:
    """The formula bound to the loss's variables; made once."""
    return _bind(formula, variables(loss, kinds))


def class_dimension(loss: Loss, array: NDArray[Any]) -> int:
    """Where the vector of one sample lies: torch's own losses may say dimension 1, all others the last."""
    if loss.sample_dimension is None:
        return array.ndim - 1
    return loss.sample_dimension if array.ndim > loss.sample_dimension else array.ndim - 1


@dataclass(frozen=True)
class Samples:
    """The inputs of a call, lined up: one row of numbers or vectors for each value of the loss."""

    shape: tuple[int, ...]
    classes: int
    rows: dict[str, NDArray[Any]]

    def arguments(self, loss: Loss, parameters: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """For each row, the values of a built formula's arguments but for the free index c."""
        fixed: list[Any] = []
        for p in loss.parameters:
            if p.name not in self.rows:
                fixed.append(_parameter(parameters[p.name], p.neutral, p.kind, self.classes))
        count = len(next(iter(self.rows.values())))
        for k in range(count):
            values: list[Any] = [_exact(self.rows[i.name][k]) for i in loss.inputs]
            rest = iter(fixed)
            for p in loss.parameters:
                values.append(_exact(self.rows[p.name][k]) if p.name in self.rows else next(rest))
            yield (*values, self.classes)


def samples(
    loss: Loss, inputs: Arrays, parameters: Mapping[str, Any], kinds: Mapping[str, Kind] | None = None
) -> Samples:
    """Line the inputs up by torch's broadcasting rules; `kinds` are those that the call shows if not given.

    Raises:
        ValueError: where the shapes do not fit together.
    """
    kinds = kinds or chosen_kinds(loss, inputs, parameters)
    flat: dict[str, NDArray[Any]] = {}
    classes = 0
    for entry in loss.inputs:
        array = np.asarray(inputs[entry.name])
        if kinds[entry.name].rank:
            array = np.moveaxis(array, class_dimension(loss, array), -1)
            classes = array.shape[-1]
        flat[entry.name] = array
    for p in loss.parameters:
        if p.kind == "per element":
            given = parameters[p.name]
            flat[p.name] = np.asarray(p.neutral if given is None else given, dtype=float)
    ranks = {name: (kinds[name].rank if name in kinds else 0) for name in flat}
    shapes = [array.shape[: array.ndim - ranks[name]] for name, array in flat.items()]
    shape = np.broadcast_shapes(*shapes)
    count = math.prod(shape)
    rows = {}
    for name, array in flat.items():
        vector = array.shape[array.ndim - ranks[name] :]
        rows[name] = np.broadcast_to(array, shape + vector).reshape((count, *vector))
    return Samples(shape, classes, rows)


def _exact(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [mpmath.mpf(float(v)) for v in value]
    if isinstance(value, np.integer | int):
        return int(value)
    return mpmath.mpf(float(value))


def _parameter(value: Any, neutral: float | None, kind: str, classes: int) -> Any:
    if kind == "per class":
        given = [neutral] * classes if value is None else list(value)
        return [mpmath.mpf(v) for v in given]
    if kind == "integer":
        return int(value)
    if kind == "boolean":
        return int(bool(value))
    return mpmath.mpf(neutral if value is None else value)


def values(
    loss: Loss,
    formula: Formula,
    inputs: Arrays,
    parameters: Mapping[str, Any],
    kinds: Mapping[str, Kind] | None = None,
) -> list[Any]:
    """The formula's value for each sample, as mpmath numbers in row order."""
    kinds = kinds or chosen_kinds(loss, inputs, parameters)
    lined = samples(loss, inputs, parameters, kinds)
    if isinstance(formula, Written):
        names = [*(i.name for i in loss.inputs), *(p.name for p in loss.parameters)]
        return [
            mpmath.mpmathify(formula.reference(**dict(zip(names, row, strict=False))))
            for row in lined.arguments(loss, parameters)
        ]
    assert isinstance(formula, Symbolic)
    run = built(loss, formula, kinds).run_value
    return [run(*row, 0) for row in lined.arguments(loss, parameters)]


def gradients(
    loss: Loss, formula: Symbolic, inputs: Arrays, parameters: Mapping[str, Any]
) -> dict[str, list[list[Any]]]:
    """The declared gradient for each sample and, for a vector input, each component (one for a number)."""
    lined = samples(loss, inputs, parameters)
    kinds = chosen_kinds(loss, inputs, parameters)
    bound = built(loss, formula, kinds)
    rows = list(lined.arguments(loss, parameters))
    return {
        name: [[run(*row, c) for c in range(lined.classes if kinds[name].rank else 1)] for row in rows]
        for name, run in bound.run_gradient.items()
    }


def derivatives(
    loss: Loss, formula: Symbolic, inputs: Arrays, parameters: Mapping[str, Any]
) -> dict[str, list[list[Any]]]:
    """The same by SymPy's differentiation of the value, for each input that has a declared gradient."""
    lined = samples(loss, inputs, parameters)
    bound = built(loss, formula, chosen_kinds(loss, inputs, parameters))
    rows = list(lined.arguments(loss, parameters))
    found = {}
    for name in bound.formula.gradient:
        components = bound.derivative(name, lined.classes)
        found[name] = [[run(*row, 0) for run in components] for row in rows]
    return found


def reduced(loss: Loss, per_sample: list[Any], inputs: Arrays, parameters: Mapping[str, Any], reduction: str) -> Any:
    """Apply one of the loss's reductions to the exact values; `none` returns them as they are.

    Raises:
        ValueError: where the loss has no such reduction.
    """
    rule = next((r for r in loss.reductions if r.name == reduction), None)
    if rule is None:
        raise ValueError(f"no reduction {reduction!r}; {loss.slug} has {', '.join(r.name for r in loss.reductions)}")
    if rule.divisor is None:
        return per_sample
    with mpmath.workdps(DIGITS):
        total = mpmath.fsum(per_sample)
        divisor = mpmath.mpf(rule.divisor(inputs, parameters, len(per_sample)))
        return total / divisor if divisor != 0 else mpmath.nan
