"""The displayed formula of a loss, evaluated at 50 digits on arrays: the reference that torch is held to.

It knows declarations and formulas, and never touches torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from lossary.formula import DIGITS, Builder, Built, Formula, Symbolic, Variable, Written, components
from lossary.kinds import Kind
from lossary.loss import Loss, Parameter
from lossary.symbols import INDEX_OF, TABLE

Arrays = Mapping[str, NDArray[Any]]


def chosen_kinds(loss: Loss, inputs: Arrays, parameters: Mapping[str, Any]) -> dict[str, Kind]:
    """Which kind each input has in this call: a parameter may say so, else its number of dimensions does."""
    kinds = {}
    for entry in loss.inputs:
        candidates = entry.candidates(parameters)
        kinds[entry.name] = candidates[0]
        if len(candidates) > 1:
            vector = np.ndim(inputs[entry.name]) == np.ndim(inputs[loss.inputs[0].name])
            kinds[entry.name] = next((kind for kind in candidates if vector == (kind.rank > 0)), candidates[0])
    return kinds


def variables(loss: Loss, kinds: Mapping[str, Kind]) -> tuple[Variable, ...]:
    """The loss's inputs and parameters as symbols of its formulas."""
    made = [
        Variable(i.name, i.symbol, TABLE[i.symbol].latex, kinds[i.name].integer, kinds[i.name].dims)
        for i in loss.inputs
    ]
    made += [
        Variable(p.name, p.key, p.written, p.kind == "integer", ("C",) if p.kind == "per class" else ())
        for p in loss.parameters
    ]
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


def vector_dimension(loss: Loss, array: NDArray[Any]) -> int:
    """Where the vector of one sample lies: torch's own losses may say dimension 1, all others the last."""
    if loss.sample_dimension is None:
        return array.ndim - 1
    return loss.sample_dimension if array.ndim > loss.sample_dimension else array.ndim - 1


class Matrix:
    """Rows of exact numbers, read as m[row, column], which is how a compiled formula asks for them."""

    def __init__(self, rows: list[list[Any]]) -> None:
        self._rows = rows

    def __getitem__(self, index: tuple[int, int]) -> Any:
        row, column = index
        return self._rows[row][column]


@dataclass(frozen=True)
class Samples:
    """The inputs of a call, lined up: one row of numbers or vectors for each value of the loss.

    `sizes` are those of the dimensions that formulas know, 0 for one that the call does not have.
    """

    shape: tuple[int, ...]
    sizes: tuple[int, ...]
    rows: dict[str, Sequence[Any]]

    @property
    def count(self) -> int:
        """The number of samples."""
        return math.prod(self.shape)

    def arguments(self, loss: Loss, parameters: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """For each row, the values of a built formula's arguments but for the free indices."""
        classes = dict(zip(INDEX_OF, self.sizes, strict=True))["C"]
        fixed = {p.name: _parameter(parameters[p.name], p, classes) for p in loss.parameters if p.name not in self.rows}
        names = [*(i.name for i in loss.inputs), *(p.name for p in loss.parameters)]
        for k in range(self.count):
            yield (*(self.rows[n][k] if n in self.rows else fixed[n] for n in names), *self.sizes)


def samples(
    loss: Loss, inputs: Arrays, parameters: Mapping[str, Any], kinds: Mapping[str, Kind] | None = None
) -> Samples:
    """Line the inputs up by torch's broadcasting rules; `kinds` are those that the call shows if not given.

    Raises:
        ValueError: where the shapes do not fit together.
    """
    kinds = kinds or chosen_kinds(loss, inputs, parameters)
    sizes = dict.fromkeys(INDEX_OF, 0)
    flat: dict[str, NDArray[Any]] = {}
    once: dict[str, Any] = {}
    first = np.shape(inputs[loss.inputs[0].name])
    for entry in loss.inputs:
        kind = kinds[entry.name]
        array = np.asarray(inputs[entry.name])
        if kind.integer:
            array = array.astype(np.int64)
        if kind.dims == ("C",):
            array = np.moveaxis(array, vector_dimension(loss, array), -1)
        if entry.per_row and array.shape == first[:-1] != first:
            array = array[..., None]
        sizes |= dict(zip(kind.dims, array.shape[array.ndim - kind.rank :], strict=True))
        if kind.shared:
            once[entry.name] = _exact(array)
        else:
            flat[entry.name] = array
    for p in loss.parameters:
        if p.kind == "per element":
            given = parameters[p.name]
            flat[p.name] = np.asarray(p.neutral if given is None else given, dtype=float)
    ranks = {name: (kinds[name].rank if name in kinds else 0) for name in flat}
    shapes = [array.shape[: array.ndim - ranks[name]] for name, array in flat.items()]
    shape = np.broadcast_shapes(*shapes)
    count = math.prod(shape)
    rows: dict[str, Sequence[Any]] = {name: [value] * count for name, value in once.items()}
    for name, array in flat.items():
        vector = array.shape[array.ndim - ranks[name] :]
        lined = np.broadcast_to(array, shape + vector).reshape((count, *vector))
        rows[name] = [_exact(row) for row in lined]
    return Samples(shape, tuple(sizes.values()), rows)


def _exact(value: Any) -> Any:
    if np.ndim(value) == 2:
        return Matrix([_exact(row) for row in value])
    if np.ndim(value) == 1:
        return [_exact(v) for v in value]
    if isinstance(value, np.integer | int):
        return int(value)
    return mpmath.mpf(float(value))


def setting(value: Any, parameter: Parameter, classes: int) -> Any:
    """A setting as a formula takes it; a choice is a matter of which formula holds, and no number."""
    neutral, kind = parameter.neutral, parameter.kind
    if kind in ("choice", "integers"):
        return None
    if kind == "per class":
        return [neutral] * classes if value is None else list(value)
    if kind == "integer":
        return int(neutral or 0) if value is None else int(value)
    if kind == "boolean":
        return int(bool(value))
    return neutral if value is None else value


def _parameter(value: Any, parameter: Parameter, classes: int) -> Any:
    """The same as exact numbers."""
    plain = setting(value, parameter, classes)
    if isinstance(plain, list):
        return [mpmath.mpf(v) for v in plain]
    return plain if plain is None or parameter.kind in ("integer", "boolean") else mpmath.mpf(plain)


def values(
    loss: Loss,
    formula: Formula,
    inputs: Arrays,
    parameters: Mapping[str, Any],
    kinds: Mapping[str, Kind] | None = None,
) -> list[Any]:
    """The formula's value for each sample, as mpmath numbers in row order."""
    if isinstance(formula, Written):
        with mpmath.workdps(DIGITS):
            return [mpmath.mpmathify(v) for v in formula.reference(**_plain(inputs), **parameters)]
    assert isinstance(formula, Symbolic)
    kinds = kinds or chosen_kinds(loss, inputs, parameters)
    run = built(loss, formula, kinds).run_value
    return [run(*row, *_ANY) for row in samples(loss, inputs, parameters, kinds).arguments(loss, parameters)]


# A value has no free index; something must stand in its place.
_ANY = (0,) * len(INDEX_OF)


def _plain(inputs: Arrays) -> dict[str, Any]:
    return {name: a if isinstance(a, list) else np.asarray(a) for name, a in inputs.items()}


def written_gradients(formula: Written, inputs: Arrays, parameters: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The gradient of the sum of a written formula's values, by input, its numbers in the order of memory."""
    if formula.reference_gradient is None:
        return {}
    with mpmath.workdps(DIGITS):
        found = formula.reference_gradient(**_plain(inputs), **parameters)
        return {name: [mpmath.mpmathify(v) for v in flattened(gradient)] for name, gradient in found.items()}


def flattened(values: Any) -> list[Any]:
    """The numbers of nested lists or arrays, in order."""
    if isinstance(values, list | tuple | np.ndarray):
        return [number for value in values for number in flattened(value)]
    return [values]


def gradients(
    loss: Loss, formula: Symbolic, inputs: Arrays, parameters: Mapping[str, Any]
) -> dict[str, list[list[Any]]]:
    """The declared gradient for each sample and, for a vector input, each component (one for a number).

    The gradient by an input that all samples share is their sum: it has one row.
    """
    kinds = chosen_kinds(loss, inputs, parameters)
    lined = samples(loss, inputs, parameters, kinds)
    rows = list(lined.arguments(loss, parameters))
    found = {}
    for name, run in built(loss, formula, kinds).run_gradient.items():
        free = _free(kinds[name], lined.sizes)
        found[name] = _collected(kinds[name], [[run(*row, *index) for index in free] for row in rows])
    return found


def _free(kind: Kind, sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The free indices, in the order of `INDEX_OF`, of each component of an input."""
    spans = [size if dim in kind.dims else 1 for dim, size in zip(INDEX_OF, sizes, strict=True)]
    return components(spans)


def _collected(kind: Kind, rows: list[list[Any]]) -> list[list[Any]]:
    if not kind.shared:
        return rows
    with mpmath.workdps(DIGITS):
        return [[mpmath.fsum(column) for column in zip(*rows, strict=True)]]


def derivatives(
    loss: Loss, formula: Symbolic, inputs: Arrays, parameters: Mapping[str, Any]
) -> dict[str, list[list[Any]]]:
    """The same by SymPy's differentiation of the value, for each input that has a declared gradient."""
    kinds = chosen_kinds(loss, inputs, parameters)
    lined = samples(loss, inputs, parameters, kinds)
    bound = built(loss, formula, kinds)
    rows = list(lined.arguments(loss, parameters))
    found = {}
    for name in bound.formula.gradient:
        parts = bound.derivative(name, lined.sizes)
        found[name] = _collected(kinds[name], [[run(*row, *_ANY) for run in parts] for row in rows])
    return found


def rounded(loss: Loss, inputs: Arrays, parameters: Mapping[str, Any], count: int) -> list[float]:
    """For each sample, the declared size of the numbers that torch rounds on the way to its value."""
    precision = loss.precision
    scale = [precision.absolute] * count
    if precision.of_input:
        first = np.asarray(inputs[loss.inputs[0].name], dtype=float)
        largest = np.max(np.abs(first.reshape(count, -1)), axis=1)
        scale = [a + precision.of_input * float(b) for a, b in zip(scale, largest, strict=True)]
    if precision.size:
        kinds = chosen_kinds(loss, inputs, parameters)
        run = _bind(_sized(precision.size), variables(loss, kinds)).run_value
        rows = samples(loss, inputs, parameters, kinds).arguments(loss, parameters)
        scale = [a + abs(float(run(*row, *_ANY))) for a, row in zip(scale, rows, strict=True)]
    return scale


@cache
def _sized(size: Builder) -> Symbolic:
    return Symbolic(value=size, gradient={})


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
        count = len(per_sample)
        weights = rule.weights(inputs, parameters, count) if rule.weights else [1] * count
        total = mpmath.fsum(mpmath.mpf(w) * v for w, v in zip(weights, per_sample, strict=True))
        divisor = mpmath.mpf(rule.divisor(inputs, parameters, count))
        return total / divisor if divisor != 0 else mpmath.nan
