"""The checked formula of a loss along a section: one expression in `t` and in the parameters that may be moved.

What the section holds fixed, the sizes of vectors and the settings that are no plain numbers are put in; sums are
written out. The slope is the displayed gradient with respect to each input that moves, times that input's own slope.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from lossary.declaration.formula import Symbolic
from lossary.declaration.inputs import Kind
from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter
from lossary.declaration.sections import Section
from lossary.declaration.symbols import (
    INDEX_OF,
    Declared,
    Expression,
    chosen,
    held,
    indicator,
    largest,
    maximum,
    occurs,
)
from lossary.declaration.values import Arrays, Numbers, Setting
from lossary.evaluation import high_precision
from lossary.evaluation.binding import BoundFormula, components

T = sp.Symbol("t", real=True)


@dataclass(frozen=True)
class Scalar:
    """Loss, gradient and curvature along a section, as expressions in `T` and the symbols of `moving` parameters."""

    loss: Expression
    gradient: Expression
    curvature: Expression


def symbol(parameter: Parameter, size: int = 0) -> Expression:
    """What stands for a parameter that moves: a symbol, or one for each class, spelled as JavaScript has it."""
    if size:
        return [sp.Symbol(f"p.{parameter.name}[{k}]", real=True) for k in range(size)]
    if parameter.kind.integer:
        return sp.Symbol(f"p.{parameter.name}", integer=True)
    return sp.Symbol(f"p.{parameter.name}", real=True)


def scalar(
    loss: Loss,
    section: Section,
    branch: float,
    settings: Setting,
    moving: Mapping[str, Expression],
    inputs: Arrays,
) -> Scalar | None:
    """The formula that holds along a section, or None where no expression does.

    Args:
        loss: the loss.
        section: where it is drawn.
        branch: the section's target value.
        settings: all parameters; those in `moving` at any value.
        moving: what stands for each parameter that may be moved, by name.
        inputs: the section's inputs as arrays with one point, as torch gets them.

    Raises:
        ValueError: where something is left that is no number, such as an index that is not known.
    """
    kinds = high_precision.chosen_kinds(loss, inputs, settings)
    formula = _formula(loss, inputs, settings, moving)
    if formula is None:
        return None
    sizes = dict(zip(INDEX_OF, high_precision.samples(loss, inputs, settings, kinds).sizes, strict=True))
    bound = high_precision.bound_formula(loss, formula, kinds)
    elements = list(_elements(loss, kinds, _filled(loss, kinds, sizes, section.inputs(T, branch))))
    fixed = {
        p.key: moving[p.name] if p.name in moving else p.in_formula(settings[p.name], sizes["C"])
        for p in loss.parameters
    }
    parts = [_element(loss, bound, kinds, sizes, fixed | element) for element in elements]
    value = sum((part[0] for part in parts), sp.Integer(0))
    slope = sum((part[1] for part in parts), sp.Integer(0))
    return Scalar(value, slope, _without_impulses(sp.diff(slope, T)))


def value(loss: Loss, section: Section, branch: float, settings: Setting, inputs: Arrays) -> Expression | None:
    """The loss alone along a section, at one setting, in numbers that are exact: what proofs are about.

    Each number that the loss or the section declares is what float64 makes of it, as a fraction. What torch holds
    moves here, as the value does with it. None where no expression holds.
    """
    kinds = high_precision.chosen_kinds(loss, inputs, settings)
    formula = _formula(loss, inputs, settings, {})
    if formula is None:
        return None
    sizes = dict(zip(INDEX_OF, high_precision.samples(loss, inputs, settings, kinds).sizes, strict=True))
    bound = high_precision.bound_formula(loss, formula, kinds)
    known = {bound.scope[n]: sp.Integer(size) for n, size in sizes.items() if n in bound.scope}
    fixed = {p.key: _fraction(p.in_formula(settings[p.name], sizes["C"])) for p in loss.parameters}
    elements = _elements(loss, kinds, _filled(loss, kinds, sizes, section.inputs(T, _fraction(branch))))
    given = [fixed | {symbol: _fraction(number) for symbol, number in element.items()} for element in elements]
    total = sp.Add(*(_Written(bound, values, fractions=True).out(bound.value, known) for values in given))
    return _without_impulses(total.replace(held, lambda moved: moved))


def _fraction(given: Numbers) -> Expression:
    """A declared number, or a nested list of them, with its floats as the fractions that they are."""
    if isinstance(given, list | tuple):
        return [_fraction(part) for part in given]
    if given is None or isinstance(given, int):
        return given
    made = sp.sympify(given)
    return made.xreplace({number: sp.Rational(number) for number in made.atoms(sp.Float)})


def _formula(loss: Loss, inputs: Arrays, settings: Setting, moving: Mapping[str, Expression]) -> Symbolic | None:
    """The first formula that holds whatever the moving parameters are."""
    for formula in loss.formulas:
        if not isinstance(formula, Symbolic) or moving.keys() & formula.at.keys():
            continue
        if high_precision.applies(loss, formula, inputs, settings):
            return formula
    return None


def _filled(loss: Loss, kinds: Mapping[str, Kind], sizes: Mapping[str, int], declared: Declared) -> Declared:
    """The section's inputs, with what stands for those that it leaves out."""
    missing = [i for i in loss.inputs if i.name not in declared]
    return {**declared, **{i.name: high_precision.neutral(i, kinds[i.name], sizes).tolist() for i in missing}}


def _elements(loss: Loss, kinds: Mapping[str, Kind], declared: Declared) -> Iterator[dict[str, Expression]]:
    """The section's inputs by symbol, one dictionary for each value of the loss that the curve adds up."""
    lead = {i.name: _depth(declared[i.name]) - kinds[i.name].rank for i in loss.inputs if not kinds[i.name].shared}
    count = max([1, *(len(declared[name]) for name, depth in lead.items() if depth > 0)])
    for k in range(count):
        yield {
            i.symbol: declared[i.name][k] if lead.get(i.name, 0) > 0 else declared[i.name]  # one for all elements
            for i in loss.inputs
        }


def _depth(value: Expression) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list | tuple) else 0


def _element(
    loss: Loss,
    bound: BoundFormula,
    kinds: Mapping[str, Kind],
    sizes: Mapping[str, int],
    values: Mapping[str, Expression],
) -> tuple[Expression, Expression]:
    """Value and slope of one element whose variables, by symbol, have these values."""
    numbers = {bound.scope[n]: sp.Integer(size) for n, size in sizes.items() if n in bound.scope}
    written = _Written(bound, values)
    value = _without_impulses(written.out(bound.value, numbers))
    moved = {
        i.name: [(k, slope) for k, e in _components(values[i.symbol], kinds[i.name]) if (slope := _slope(e)) != 0]
        for i in loss.inputs
    }
    if any(parts and name not in bound.gradient for name, parts in moved.items()):
        return value, _without_impulses(sp.diff(value, T))
    total = sp.Integer(0)
    for name, parts in moved.items():
        for index, slope in parts:
            at = dict(zip(kinds[name].dims, index, strict=True))
            free = {bound.scope[i]: at.get(d, 0) for d, i in INDEX_OF.items() if i in bound.scope}
            total += _without_impulses(written.out(bound.gradient[name], {**numbers, **free})) * slope
    return value, total


def _components(value: Expression, kind: Kind) -> list[tuple[tuple[int, ...], Expression]]:
    """The numbers of an input, each with its index."""
    if kind.listed:
        return []  # a list of weights stands still along every section
    if not isinstance(value, list | tuple):
        return [((), sp.sympify(value))]
    shape, inner = [], value
    while isinstance(inner, list | tuple):
        shape.append(len(inner))
        inner = inner[0]
    return [(index, sp.sympify(_at(value, index))) for index in components(shape)]


def _slope(expression: Expression) -> Expression:
    return sp.diff(expression, T)


def _at(value: Expression, index: Sequence[Expression]) -> Expression:
    for k in index:
        value = value[int(k)]
    return value


class _Written:
    """Writes a formula out: variables become their values, sums their terms, shorthands what they stand for.

    With `fractions`, a float in the formula is the fraction that it is, so that nothing is rounded.
    """

    def __init__(self, bound: BoundFormula, values: Mapping[str, Expression], fractions: bool = False) -> None:
        self.bound = bound
        self.values = values
        self.fractions = fractions
        self.shorthands: dict[tuple[Expression, ...], Expression] = {}

    def out(self, e: Expression, numbers: Mapping[Expression, Expression]) -> Expression:
        """An expression at whole `numbers`: those of its symbols that are sizes or indices."""
        if isinstance(e, sp.Symbol):
            if e in numbers:
                return sp.sympify(numbers[e])
            name = str(e)
            return self._shorthand(name, (), numbers) if name in self.bound.definitions else self._value(e, name)
        if isinstance(e, sp.Indexed):
            name, index = str(e.base), tuple(self.out(i, numbers) for i in e.indices)
            if name in self.bound.definitions:
                return self._shorthand(name, index, numbers)
            return sp.sympify(_at(self.values[name], index))
        if isinstance(e, occurs):
            listed = [int(label) for label in self.values[str(e.args[1])]]
            listed = listed[: listed.index(-1)] if -1 in listed else listed
            return sp.Integer(int(self.out(e.args[0], numbers)) in listed)
        if isinstance(e, sp.Sum):
            return sp.Add(*self._terms(e.args[0], e.limits, numbers))
        if isinstance(e, largest):
            return functools.reduce(maximum, self._terms(e.args[0], e.limits, numbers))
        if isinstance(e, chosen):
            return self._first([e.args, (sp.Integer(0), sp.true)], numbers)
        if isinstance(e, sp.Piecewise):
            return self._first(e.args, numbers)
        if not e.args:
            return sp.Rational(e) if self.fractions and e.is_Float else e
        made = e.func(*(self.out(argument, numbers) for argument in e.args))
        if isinstance(made, indicator):
            return sp.Piecewise((sp.Integer(1), sp.Eq(*made.args)), (sp.Integer(0), True))
        return made

    def _first(self, branches: Sequence[Expression], numbers: Mapping[Expression, Expression]) -> Expression:
        """The first branch whose condition holds; those that may, as cases, where that depends on what moves."""
        possible = []
        for value, condition in branches:
            holds = self.out(condition, numbers)
            if holds == sp.false:
                continue
            possible.append((self.out(value, numbers), holds))
            if holds == sp.true:
                break
        return possible[0][0] if possible and possible[0][1] == sp.true else sp.Piecewise(*possible)

    def _value(self, symbol: Expression, name: str) -> Expression:
        return sp.sympify(self.values.get(name, symbol))

    def _shorthand(
        self, name: str, index: tuple[Expression, ...], numbers: Mapping[Expression, Expression]
    ) -> Expression:
        key = (name, *index)
        if key not in self.shorthands:
            free = [self.bound.scope[i] for i in self.bound.free[name]]
            at = {**numbers, **dict(zip(free, index, strict=True))}
            self.shorthands[key] = self.out(self.bound.definitions[name], at)
        return self.shorthands[key]

    def _terms(
        self, term: Expression, limits: Sequence[Expression], numbers: Mapping[Expression, Expression]
    ) -> list[Expression]:
        """What a sum adds up, or a maximum chooses from."""
        if not limits:
            return [self.out(term, numbers)]
        *inner, (index, first, last) = limits
        span = range(int(self.out(first, numbers)), int(self.out(last, numbers)) + 1)
        return [made for k in span for made in self._terms(term, inner, {**numbers, index: sp.Integer(k)})]


def _without_impulses(expression: Expression) -> Expression:
    """The expression without the impulses at kinks that a second derivative brings.

    Raises:
        ValueError: where an operation is left that was not carried out.
    """
    made = expression.replace(sp.DiracDelta, lambda *_: sp.Integer(0))
    left = made.atoms(sp.Derivative, sp.Subs, sp.Sum, largest, sp.Indexed, sp.Integral)
    if left:
        raise ValueError(f"the formula cannot be written out along a section: {sorted(map(str, left))[0]} is left")
    return made
