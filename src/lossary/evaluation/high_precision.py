"""The displayed formula of a loss, evaluated over balls on arrays: the reference that torch is held to.

It knows declarations and formulas, and never touches torch.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

import mpmath
import numpy as np
import sympy as sp
from flint import arb

from lossary.declaration.formula import Builder, Formula, Symbolic, Written
from lossary.declaration.inputs import Input, Kind
from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter
from lossary.declaration.symbols import INDEX_OF, Expression, largest
from lossary.declaration.values import Array, Arrays, Numbers, Setting, Value
from lossary.evaluation.balls import DIGITS, Dual, Number, ball, enclose, precision
from lossary.evaluation.binding import BoundFormula, Variable, components
from lossary.evaluation.compiled import Compiled

# What a formula is given for a symbol: a number, or a vector or matrix of them; None for a setting that is no number.
Operand: TypeAlias = Number | list["Operand"] | None


def chosen_kinds(loss: Loss, inputs: Arrays, parameters: Setting) -> dict[str, Kind]:
    """Which kind each input has in this call: a parameter may say so, else its number of dimensions does."""
    kinds = {}
    for entry in loss.inputs:
        candidates = entry.candidates(parameters)
        kinds[entry.name] = candidates[0]
        if len(candidates) > 1:
            ranks = {i.name: np.ndim(inputs[i.name]) for i in loss.inputs if i.name in inputs and not i.kinds[0].listed}
            same = ranks[entry.name] == ranks[loss.inputs[0].name]
            vector = entry.holds_vectors(ranks) if entry.holds_vectors else same
            kinds[entry.name] = next((kind for kind in candidates if vector == (kind.rank > 0)), candidates[0])
    return kinds


def variables(loss: Loss, kinds: Mapping[str, Kind]) -> tuple[Variable, ...]:
    """The loss's inputs and parameters as symbols of its formulas."""
    made = [Variable(i.name, i.symbol, i.written, kinds[i.name].integer, kinds[i.name].dims) for i in loss.inputs]
    made += [Variable(p.name, p.key, p.written, p.kind.integer, p.kind.dims) for p in loss.parameters]
    return tuple(made)


def applies(loss: Loss, formula: Formula, inputs: Arrays, parameters: Setting) -> bool:
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


def formula_for(loss: Loss, inputs: Arrays, parameters: Setting) -> Formula | None:
    """The first declared formula that holds, or None; none is of settings with dimensions of their own or infinite."""
    if any(p.kind.plain and parameters[p.name] in (math.inf, -math.inf) for p in loss.parameters):
        return None  # what torch does at infinity is a limit of the formula
    if any(np.ndim(parameters[p.name]) != 1 for p in loss.parameters if p.kind.dims and parameters[p.name] is not None):
        return None
    kinds = chosen_kinds(loss, inputs, parameters)
    if any(np.ndim(array) < kinds[name].rank for name, array in inputs.items() if not kinds[name].listed):
        return None
    return next((f for f in loss.formulas if applies(loss, f, inputs, parameters)), None)


def lines_up(loss: Loss, inputs: Arrays, parameters: Setting) -> bool:
    """Whether vectors of one dimension are equally long and equally deep in a call, as formulas read them.

    Some of torch's losses broadcast those that are not.
    """
    kinds = chosen_kinds(loss, inputs, parameters)
    lengths: dict[str, set[int]] = {}
    depths: dict[tuple[str, ...], set[int]] = {}
    for name, array in inputs.items():
        kind = kinds[name]
        if kind.listed or not kind.dims:
            continue
        array = _joined(kind, array)
        at = [vector_dimension(loss, array)] if kind.dims == ("C",) else range(array.ndim - kind.rank, array.ndim)
        for dim, place in zip(kind.dims, at, strict=True):
            lengths.setdefault(dim, set()).add(array.shape[place])
        if not kind.shared:
            depths.setdefault(kind.dims, set()).add(array.ndim)
    for p in loss.parameters:
        if p.kind.dims and parameters[p.name] is not None:
            lengths.setdefault(p.kind.dims[0], set()).add(len(parameters[p.name]))
    return all(len(found) == 1 for found in (*lengths.values(), *depths.values()))


@cache
def _bind(formula: Symbolic, symbols: tuple[Variable, ...]) -> BoundFormula:
    return BoundFormula(formula, symbols)


def bound_formula(loss: Loss, formula: Symbolic, kinds: Mapping[str, Kind]) -> BoundFormula:
    """The formula bound to the loss's variables; made once."""
    return _bind(formula, variables(loss, kinds))


def vector_dimension(loss: Loss, array: Array) -> int:
    """Where the vector of one sample lies: torch's own losses may say dimension 1, all others the last."""
    if loss.sample_dimension is None:
        return array.ndim - 1
    return loss.sample_dimension if array.ndim > loss.sample_dimension else array.ndim - 1


def _joined(kind: Kind, array: Array) -> Array:
    """An array with the dimensions in one that its kind reads as one vector."""
    return array.reshape(len(array), -1) if kind.joined and array.ndim > 2 else array


@dataclass(frozen=True)
class Samples:
    """The inputs of a call, lined up: one row of numbers or vectors for each value of the loss.

    `sizes` are those of the dimensions that formulas know, 0 for one that the call does not have.
    """

    shape: tuple[int, ...]
    sizes: tuple[int, ...]
    rows: dict[str, Sequence[Operand]]

    @property
    def count(self) -> int:
        """The number of samples."""
        return math.prod(self.shape)

    def arguments(self, loss: Loss, parameters: Setting) -> Iterator[tuple[Operand, ...]]:
        """For each row, the values of a built formula's arguments."""
        classes = dict(zip(INDEX_OF, self.sizes, strict=True))["C"]
        fixed = {p.name: _parameter(parameters[p.name], p, classes) for p in loss.parameters if p.name not in self.rows}
        names = [*(i.name for i in loss.inputs), *(p.name for p in loss.parameters)]
        for k in range(self.count):
            yield (*(self.rows[n][k] if n in self.rows else fixed[n] for n in names), *self.sizes)


def samples(loss: Loss, inputs: Arrays, parameters: Setting, kinds: Mapping[str, Kind] | None = None) -> Samples:
    """Line the inputs up by torch's broadcasting rules; `kinds` are those that the call shows if not given.

    Raises:
        ValueError: where the shapes do not fit together.
    """
    lined = _lined_up(loss, inputs, parameters, kinds or chosen_kinds(loss, inputs, parameters))
    count = math.prod(lined.shape)
    rows: dict[str, Sequence[Operand]] = {name: [_exact(value)] * count for name, value in lined.once.items()}
    for name, array in lined.flat.items():
        vector = array.shape[array.ndim - lined.ranks[name] :]
        broadcast = np.broadcast_to(array, lined.shape + vector).reshape((count, *vector))
        rows[name] = [_exact(row) for row in broadcast]
    return Samples(lined.shape, tuple(lined.sizes.values()), rows)


@dataclass(frozen=True)
class _LinedUp:
    """The arrays of a call before anything is made of them: which differ by sample, and what they broadcast to."""

    shape: tuple[int, ...]
    sizes: dict[str, int]
    ranks: dict[str, int]
    flat: dict[str, Array]
    once: dict[str, Array]


def _lined_up(loss: Loss, inputs: Arrays, parameters: Setting, kinds: Mapping[str, Kind]) -> _LinedUp:
    sizes = dict.fromkeys(INDEX_OF, 0)
    flat: dict[str, Array] = {}
    once: dict[str, Array] = {}
    first = np.shape(inputs[loss.inputs[0].name])
    for entry in (i for i in loss.inputs if i.name in inputs):
        kind = kinds[entry.name]
        array = _joined(kind, np.asarray(inputs[entry.name]))
        if kind.integer:
            array = array.astype(np.int64)
        if kind.dims == ("C",):
            array = np.moveaxis(array, vector_dimension(loss, array), -1)
        if entry.per_row and array.shape == first[:-1] != first:
            array = array[..., None]
        sizes |= dict(zip(kind.dims, array.shape[array.ndim - kind.rank :], strict=True))
        if kind.shared:
            once[entry.name] = array
        else:
            flat[entry.name] = array
    for entry in (i for i in loss.inputs if i.name not in inputs):
        once[entry.name] = neutral(entry, kinds[entry.name], sizes)
    for p in loss.parameters:
        if p.kind.broadcast:
            given = parameters[p.name]
            flat[p.name] = np.asarray(p.neutral if given is None else given, dtype=float)
    ranks = {name: (kinds[name].rank if name in kinds else 0) for name in flat}
    shapes = [array.shape[: array.ndim - ranks[name]] for name, array in flat.items()]
    return _LinedUp(np.broadcast_shapes(*shapes), sizes, ranks, flat, once)


def effort(loss: Loss, formula: Formula, inputs: Arrays, parameters: Setting) -> int:
    """How many numbers a formula's value is made of in this call: its samples times the terms of its sums.

    It is counted from shapes alone, before any of them is made.
    """
    if not isinstance(formula, Symbolic):
        return 0
    kinds = chosen_kinds(loss, inputs, parameters)
    lined = _lined_up(loss, inputs, parameters, kinds)
    bound = bound_formula(loss, formula, kinds)
    terms = _terms(bound.value, lined.sizes)
    of_index = {index: lined.sizes[dim] for dim, index in INDEX_OF.items()}
    for name, meaning in bound.definitions.items():
        terms += math.prod(of_index[i] for i in bound.free[name]) * _terms(meaning, lined.sizes)
    # A vector is read whole, even where no sum runs over it.
    widest = max([math.prod(a.shape[a.ndim - lined.ranks[n] :]) for n, a in lined.flat.items()], default=1)
    return math.prod(lined.shape) * max(terms, widest, 1)


def _terms(e: Expression, sizes: Mapping[str, int]) -> int:
    """How many terms the sums in an expression have, those within others counted for each of them; and maxima."""
    if isinstance(e, sp.Sum | largest):
        inner, *limits = e.args
        count = math.prod(max([sizes.get(str(s), 1) for s in last.free_symbols], default=1) for _, _, last in limits)
        return count * max(_terms(inner, sizes), 1)
    return sum(_terms(part, sizes) for part in e.args)


def neutral(entry: Input, kind: Kind, sizes: Mapping[str, int]) -> Numbers:
    """What formulas take for an input that was left out."""
    assert entry.neutral is not None
    return np.full([sizes[dim] for dim in kind.dims], entry.neutral)


def _exact(value: Numbers) -> Operand:
    """Numbers as balls without a radius; whole numbers stay what they are, vectors and matrices become lists."""
    if np.ndim(value):
        return [_exact(v) for v in value]
    return int(value) if isinstance(value, np.integer | int) else arb(float(value))


def _parameter(value: Value, parameter: Parameter, classes: int) -> Operand:
    """A setting as a formula takes it, in exact numbers."""
    plain = parameter.in_formula(value, classes)
    if isinstance(plain, list):
        return [arb(float(v)) for v in plain]
    return plain if plain is None or isinstance(plain, int) else arb(float(plain))


def values(
    loss: Loss,
    formula: Formula,
    inputs: Arrays,
    parameters: Setting,
    kinds: Mapping[str, Kind] | None = None,
) -> list[arb]:
    """The formula's value for each sample, enclosed, in row order."""
    if isinstance(formula, Written):
        with mpmath.workdps(DIGITS):
            return [ball(v) for v in formula.reference(**_as_arrays(inputs), **parameters)]
    assert isinstance(formula, Symbolic)
    kinds = kinds or chosen_kinds(loss, inputs, parameters)
    run = bound_formula(loss, formula, kinds).run
    rows = samples(loss, inputs, parameters, kinds).arguments(loss, parameters)
    return [_value(run, row) for row in rows]


def _value(run: Compiled, row: Sequence[Operand]) -> arb:
    return enclose(lambda: [run(*row)["value"]()])[0]


def _as_arrays(inputs: Arrays) -> dict[str, Array | list[Array]]:
    return {name: a if isinstance(a, list) else np.asarray(a) for name, a in inputs.items()}


def written_gradients(formula: Written, inputs: Arrays, parameters: Setting) -> dict[str, list[arb]]:
    """The gradient of the sum of a written formula's values, by input, its numbers in the order of memory."""
    if formula.reference_gradient is None:
        return {}
    with mpmath.workdps(DIGITS):
        found = formula.reference_gradient(**_as_arrays(inputs), **parameters)
        return {name: [ball(v) for v in flatten(gradient)] for name, gradient in found.items()}


def flatten(values: Numbers) -> list[Numbers]:
    """The numbers of nested lists or arrays, in order."""
    if isinstance(values, list | tuple | np.ndarray):
        return [number for value in values for number in flatten(value)]
    return [values]


def gradients(loss: Loss, formula: Symbolic, inputs: Arrays, parameters: Setting) -> dict[str, list[list[arb]]]:
    """The declared gradient for each sample and, for a vector input, each component (one for a number).

    The gradient with respect to an input that all samples share is their sum: it has one row.
    """
    kinds = chosen_kinds(loss, inputs, parameters)
    lined = samples(loss, inputs, parameters, kinds)
    run = bound_formula(loss, formula, kinds).run
    free = {name: _free(kinds[name], lined.sizes) for name in formula.gradient}

    def of(row: Sequence[Operand]) -> list[Number]:
        results = run(*row)
        return [results[name](*index) for name, indices in free.items() for index in indices]

    rows = [enclose(partial(of, row)) for row in lined.arguments(loss, parameters)]
    return _by_input(kinds, {name: len(indices) for name, indices in free.items()}, rows)


def _free(kind: Kind, sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The free indices, in the order of `INDEX_OF`, of each component of an input."""
    spans = [size if dim in kind.dims else 1 for dim, size in zip(INDEX_OF, sizes, strict=True)]
    return components(spans)


def _by_input(
    kinds: Mapping[str, Kind], counts: Mapping[str, int], rows: list[list[arb]]
) -> dict[str, list[list[arb]]]:
    """Rows of components of all inputs, one after the other, as rows for each input."""
    found: dict[str, list[list[arb]]] = {}
    start = 0
    for name, count in counts.items():
        own = [row[start : start + count] for row in rows]
        start += count
        found[name] = [[_sum(column) for column in zip(*own, strict=True)]] if kinds[name].shared else own
    return found


def _sum(numbers: Sequence[arb]) -> arb:
    with precision(_ADDING):
        return sum(numbers, arb(0))


# Bits for sums of what was enclosed: they add nothing to be seen to its radius.
_ADDING = 384


def derivatives(loss: Loss, formula: Symbolic, inputs: Arrays, parameters: Setting) -> dict[str, list[list[arb]]]:
    """The same by differentiating the value forwards, for each input that has a declared gradient."""
    kinds = chosen_kinds(loss, inputs, parameters)
    lined = samples(loss, inputs, parameters, kinds)
    run = bound_formula(loss, formula, kinds).run
    names = [i.name for i in loss.inputs]
    counts = {name: len(_free(kinds[name], lined.sizes)) for name in formula.gradient}

    def of(row: tuple[Operand, ...]) -> list[Number]:
        number = itertools.count()
        seeded = [_seeded(v, number) if name in counts else v for name, v in zip(names, row, strict=False)]
        value = run(*seeded, *row[len(names) :])["value"]()
        partials = value.partials if isinstance(value, Dual) else {}
        return [partials.get(k, 0) for k in range(next(number))]

    # The variables are numbered as the inputs stand in the signature.
    ordered = {name: counts[name] for name in names if name in counts}
    rows = [enclose(partial(of, row)) for row in lined.arguments(loss, parameters)]
    return _by_input(kinds, ordered, rows)


def _seeded(value: Operand, number: Iterator[int]) -> Operand:
    """An input whose components are variables to differentiate by, numbered in the order of memory."""
    if isinstance(value, list):
        return [_seeded(v, number) for v in value]
    assert value is not None  # as a parameter may be, but no input
    return Dual(value, {next(number): arb(1)})


def rounding_sizes(loss: Loss, inputs: Arrays, parameters: Setting, count: int) -> list[float]:
    """For each sample, the declared size of the numbers that torch rounds on the way to its value."""
    declared = loss.precision
    scale = [declared.absolute] * count
    if declared.of_input:
        first = np.asarray(inputs[loss.inputs[0].name], dtype=float)
        largest = np.max(np.abs(first.reshape(count, -1)), axis=1)
        scale = [a + declared.of_input * float(b) for a, b in zip(scale, largest, strict=True)]
    if declared.size:
        kinds = chosen_kinds(loss, inputs, parameters)
        run = _bind(_size_formula(declared.size), variables(loss, kinds)).run
        rows = samples(loss, inputs, parameters, kinds).arguments(loss, parameters)
        scale = [a + abs(float(_value(run, row))) for a, row in zip(scale, rows, strict=True)]
    return scale


@cache
def _size_formula(size: Builder) -> Symbolic:
    return Symbolic(value=size, gradient={})


def reduction_of(
    loss: Loss, per_sample: list[arb], inputs: Arrays, parameters: Setting, reduction: str
) -> arb | list[arb]:
    """Apply one of the loss's reductions to the enclosed values; `none` returns them as they are.

    Raises:
        ValueError: where the loss has no such reduction.
    """
    rule = next((r for r in loss.reductions if r.name == reduction), None)
    if rule is None:
        raise ValueError(f"no reduction {reduction!r}; {loss.slug} has {', '.join(r.name for r in loss.reductions)}")
    if rule.divisor is None:
        return per_sample
    count = len(per_sample)
    weights = rule.weights(inputs, parameters, count) if rule.weights else [1] * count
    with precision(_ADDING):
        total = _sum([arb(float(w)) * v for w, v in zip(weights, per_sample, strict=True)])
        return total / arb(float(rule.divisor(inputs, parameters, count)))
