"""The checked formula of a loss along a section: one expression in `t` and in the parameters that may be moved.

What the section holds fixed, the sizes of vectors and the settings that are no plain numbers are put in; sums are
written out. The slope is the displayed gradient by each input that moves, times that input's own slope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from lossary import exact
from lossary.formula import Built, Symbolic, components
from lossary.kinds import Kind
from lossary.loss import Loss, Parameter
from lossary.sections import Section
from lossary.symbols import INDEX_OF, Expression, chosen, indicator, occurs

T = sp.Symbol("t", real=True)


@dataclass(frozen=True)
class Scalar:
    """Loss, gradient and curvature along a section, as expressions in `T` and the symbols of `moving` parameters."""

    loss: Expression
    gradient: Expression
    curvature: Expression


def symbol(parameter: Parameter, size: int = 0) -> Any:
    """What stands for a parameter that moves: a symbol, or one for each class, spelled as JavaScript has it."""
    if size:
        return [sp.Symbol(f"p.{parameter.name}[{k}]", real=True) for k in range(size)]
    if parameter.kind == "integer":
        return sp.Symbol(f"p.{parameter.name}", integer=True)
    return sp.Symbol(f"p.{parameter.name}", real=True)


def scalar(
    loss: Loss,
    section: Section,
    branch: float,
    settings: Mapping[str, Any],
    moving: Mapping[str, Any],
    inputs: Mapping[str, Any],
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
    kinds = exact.chosen_kinds(loss, inputs, settings)
    formula = _formula(loss, inputs, settings, moving)
    if formula is None:
        return None
    sizes = dict(zip(INDEX_OF, exact.samples(loss, inputs, settings, kinds).sizes, strict=True))
    bound = exact.built(loss, formula, kinds)
    declared = section.inputs(T, branch)
    elements = list(_elements(loss, kinds, declared))
    fixed = {
        p.key: moving[p.name] if p.name in moving else exact.setting(settings[p.name], p, sizes["C"])
        for p in loss.parameters
    }
    parts = [_element(loss, bound, kinds, sizes, fixed | element) for element in elements]
    value = sum((part[0] for part in parts), sp.Integer(0))
    slope = sum((part[1] for part in parts), sp.Integer(0))
    return Scalar(value, slope, _plain(sp.diff(slope, T)))


def value(
    loss: Loss, section: Section, branch: float, settings: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Expression | None:
    """The loss alone along a section, at one setting, in numbers that are exact: what proofs are about.

    Each number that the loss or the section declares is what float64 makes of it, as a fraction. None where no
    expression holds.
    """
    kinds = exact.chosen_kinds(loss, inputs, settings)
    formula = _formula(loss, inputs, settings, {})
    if formula is None:
        return None
    sizes = dict(zip(INDEX_OF, exact.samples(loss, inputs, settings, kinds).sizes, strict=True))
    bound = exact.built(loss, formula, kinds)
    known = {bound.scope[n]: sp.Integer(size) for n, size in sizes.items() if n in bound.scope}
    fixed = {p.key: _fraction(exact.setting(settings[p.name], p, sizes["C"])) for p in loss.parameters}
    elements = _elements(loss, kinds, section.inputs(T, _fraction(branch)))
    full = _fraction(bound.full)
    given = [{symbol: _fraction(number) for symbol, number in element.items()} for element in elements]
    return _plain(sp.Add(*(_put(full, {**fixed, **element, **known}) for element in given)))


def _fraction(given: Any) -> Any:
    """A declared number, or a nested list of them, with its floats as the fractions that they are."""
    if isinstance(given, list | tuple):
        return [_fraction(part) for part in given]
    if given is None or isinstance(given, int):
        return given
    made = sp.sympify(given)
    return made.xreplace({number: sp.Rational(number) for number in made.atoms(sp.Float)})


def _formula(
    loss: Loss, inputs: Mapping[str, Any], settings: Mapping[str, Any], moving: Mapping[str, Any]
) -> Symbolic | None:
    """The first formula that holds whatever the moving parameters are."""
    for formula in loss.formulas:
        if not isinstance(formula, Symbolic) or moving.keys() & formula.at.keys():
            continue
        if exact.applies(loss, formula, inputs, settings):
            return formula
    return None


def _elements(loss: Loss, kinds: Mapping[str, Kind], declared: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The section's inputs by symbol, one dictionary for each value of the loss that the curve adds up."""
    lead = {i.name: _depth(declared[i.name]) - kinds[i.name].rank for i in loss.inputs if not kinds[i.name].shared}
    count = max([1, *(len(declared[name]) for name, depth in lead.items() if depth > 0)])
    for k in range(count):
        yield {
            i.symbol: declared[i.name][k] if lead.get(i.name, 0) > 0 else declared[i.name]  # one for all elements
            for i in loss.inputs
        }


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list | tuple) else 0


def _element(
    loss: Loss, bound: Built, kinds: Mapping[str, Kind], sizes: Mapping[str, int], values: Mapping[str, Any]
) -> tuple[Expression, Expression]:
    """Value and slope of one element whose variables, by symbol, have these values."""

    def concrete(expression: Expression, index: Sequence[int] = ()) -> Expression:
        free = dict(zip(INDEX_OF.values(), index, strict=False))
        plain = {bound.scope[n]: v for n, v in {**sizes, **free}.items() if n in bound.scope}
        numbers = {
            bound.scope[name]: sp.Integer(int(value)) for name, value in values.items() if isinstance(value, int)
        }
        return _plain(_put(expression.subs({**plain, **numbers}).doit(), values))

    value = concrete(bound.full)
    moved = {
        i.name: [(k, slope) for k, e in _components(values[i.symbol], kinds[i.name]) if (slope := _slope(e)) != 0]
        for i in loss.inputs
    }
    if any(parts and name not in bound.gradient for name, parts in moved.items()):
        return value, _plain(sp.diff(value, T))
    total = sp.Integer(0)
    for name, parts in moved.items():
        kind = kinds[name]
        for index, slope in parts:
            at = dict(zip(kind.dims, index, strict=True))
            free = [at.get(dimension, 0) for dimension in INDEX_OF]
            total += concrete(bound.expand(bound.gradient[name]), free) * slope
    return value, total


def _components(value: Any, kind: Kind) -> list[tuple[tuple[int, ...], Expression]]:
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


def _at(value: Any, index: Sequence[Any]) -> Any:
    for k in index:
        value = value[int(k)]
    return value


def _put(expression: Expression, values: Mapping[Any, Any]) -> Expression:
    """Replace variables by their values, write sums out, and decide what depends on numbers that are known.

    Sizes and indices are looked up as symbols, since a sum's own index may be called like a free one; inputs and
    parameters by their names.
    """
    if isinstance(expression, sp.Indexed):
        places = [_put(index, values) for index in expression.indices]
        return sp.sympify(_at(values[str(expression.base)], places))
    if isinstance(expression, sp.Symbol):
        return sp.sympify(values[expression] if expression in values else values.get(str(expression), expression))
    if isinstance(expression, occurs):
        index, labels = expression.args
        listed = [int(label) for label in values[str(labels)]]
        listed = listed[: listed.index(-1)] if -1 in listed else listed
        return sp.Integer(int(_put(index, values)) in listed)
    if isinstance(expression, sp.Sum):
        return _sum(expression, values)
    if isinstance(expression, chosen):
        term, condition = expression.args
        return _first([(term, condition), (sp.Integer(0), sp.true)], values)
    if isinstance(expression, sp.Piecewise):
        return _first(expression.args, values)
    if not expression.args:
        return expression
    made = expression.func(*(_put(argument, values) for argument in expression.args))
    if isinstance(made, indicator):
        return sp.Piecewise((sp.Integer(1), sp.Eq(*made.args)), (sp.Integer(0), True))
    return made


def _sum(expression: Expression, values: Mapping[Any, Any]) -> Expression:
    term, *limits = expression.args
    (index, first, last), *outer = reversed(limits)
    inner = sp.Sum(term, *reversed(outer)) if outer else term
    span = range(int(_put(first, values)), int(_put(last, values)) + 1)
    return sp.Add(*(_put(inner, {**values, index: sp.Integer(k)}) for k in span))


def _first(branches: Sequence[Any], values: Mapping[Any, Any]) -> Expression:
    """The first branch whose condition holds; those that may, as cases, where that depends on what moves."""
    possible = []
    for value, condition in branches:
        holds = _put(condition, values)
        if holds == sp.false:
            continue
        possible.append((_put(value, values), holds))
        if holds == sp.true:
            break
    return possible[0][0] if possible and possible[0][1] == sp.true else sp.Piecewise(*possible)


def _plain(expression: Expression) -> Expression:
    """The expression without the impulses at kinks that a second derivative brings.

    Raises:
        ValueError: where an operation is left that was not carried out.
    """
    made = expression.replace(sp.DiracDelta, lambda *_: sp.Integer(0))
    left = made.atoms(sp.Derivative, sp.Subs, sp.Sum, sp.Indexed, sp.Integral)
    if left:
        raise ValueError(f"the formula cannot be written out along a section: {sorted(map(str, left))[0]} is left")
    return made
