"""A smooth expression of `T` with its derivatives, enclosed over whole boxes: the arithmetic that proofs stand on.

A box is given by its two ends, which are exact. Whatever is said of a box holds at each of its points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol, overload

import sympy as sp
from flint import arb

from lossary.declaration.symbols import Expression
from lossary.evaluation.balls import Dual, Number, ball, span
from lossary.evaluation.compiled import compile_formula
from lossary.interactive.along_section import T
from lossary.verification.proving.verdicts import Undecided, digits

_LARGE = 400  # operations of an expression that is not looked through for factors
_NEAR = 8  # the powers that are multiplied out
_NARROW = arb((1, -60))  # relative: a box that nothing can be shown on


class Budget:
    """How many boxes a proof may look at before it is given up."""

    def __init__(self, boxes: int) -> None:
        self.left = boxes

    def spend(self) -> None:
        """Pay for a box.

        Raises:
            Undecided: where nothing is left.
        """
        self.left -= 1
        if self.left < 0:
            raise Undecided("too many boxes")


def boxes(low: arb, high: arb, budget: Budget, holds: Callable[[arb, arb], bool]) -> None:
    """Halve a stretch until something holds on every box of it.

    Raises:
        Undecided: where the budget is used up, or a box is too narrow to be halved.
    """
    left = [(low, high)]
    while left:
        a, b = left.pop()
        budget.spend()
        if holds(a, b):
            continue
        half = middle(a, b)
        if not a < half < b or b - a < _NARROW * (1 + abs(half)):
            raise Undecided(f"near t = {digits(half)}")
        left += [(half, b), (a, half)]


def middle(low: arb, high: arb) -> arb:
    """An exact number between two."""
    return ((low + high) / 2).mid()


def number(expression: Expression) -> arb:
    """An expression without `T`, enclosed."""
    return runs(expression)(0)


class Run(Protocol):
    """A function of a number; of a dual number it gives the derivative as well, unless it is constant."""

    @overload
    def __call__(self, point: int | arb, /) -> arb: ...

    @overload
    def __call__(self, point: Dual, /) -> Dual | arb: ...


def runs(expression: Expression) -> Run:
    """An expression as a function of a whole number, a ball or a dual number.

    Raises:
        Undecided: where something in it cannot be evaluated over balls.
    """
    try:
        run = compile_formula([T], {"value": ([], expression)})
    except ValueError as error:
        raise Undecided(str(error)) from None

    @overload
    def value(point: int | arb) -> arb: ...

    @overload
    def value(point: Dual) -> Dual | arb: ...

    def value(point: Number) -> Dual | arb:
        found = run(point)["value"]()
        return found if isinstance(found, Dual) else ball(found)

    return value


class Smooth:
    """An expression without branches, and as many derivatives as are asked for.

    `probes` are points at which each derivative is compared with that of forward differentiation.
    """

    def __init__(self, expression: Expression, probes: Sequence[arb] = ()) -> None:
        self._functions = [_Function(expression)]
        self._probes = probes
        self._signs: dict[tuple[int, arb, arb], int] = {}

    def derivative(self, order: int) -> Expression:
        """The derivative as an expression; order 0 is the expression itself."""
        return self._function(order).expression

    def at(self, order: int, point: arb) -> arb:
        """A derivative at one point, enclosed; at a ball, what plain arithmetic encloses it by."""
        return self._function(order).value(point)

    def _function(self, order: int) -> _Function:
        while len(self._functions) <= order:
            last = self._functions[-1]
            made = _Function(_shorter(sp.diff(last.expression, T)))
            for probe in self._probes:
                forward = last.value(Dual(probe, {0: arb(1)}))
                slope = ball(forward.partials.get(0, 0)) if isinstance(forward, Dual) else arb(0)
                if not made.value(probe).overlaps(slope):
                    raise ValueError(f"{made.expression} is not the derivative of {last.expression}")
            self._functions.append(made)
        return self._functions[order]

    def defined(self, low: arb, high: arb) -> bool:
        """Whether the expression is seen to have a finite value at each point of a box."""
        return bool(self.at(0, span(low, high)).is_finite())

    def over(self, order: int, low: arb, high: arb) -> arb:
        """A derivative over a box: from its ends where it is monotone, else by the mean value theorem."""
        box = span(low, high)
        found = self.at(order, box)
        slope = self._sign(order + 1, low, high)
        if slope:
            first, last = (self.at(order, end) for end in ((low, high) if slope > 0 else (high, low)))
            return _both(found, span(first.lower(), last.upper()))
        centre = middle(low, high)
        return _both(found, self.at(order, centre) + self.at(order + 1, box) * (box - centre))

    def sign(self, order: int, low: arb, high: arb) -> int:
        """1 where a derivative is nowhere negative in a box, -1 where it is nowhere positive, 0 where nobody knows."""
        return self._sign(order, low, high) or _sign(self.over(order, low, high))

    def _sign(self, order: int, low: arb, high: arb) -> int:
        """The same, from plain arithmetic and from the signs of the factors."""
        key = order, low, high
        if key not in self._signs:
            function, box = self._function(order), span(low, high)
            self._signs[key] = _sign(function.value(box)) or function.sign(box)
        return self._signs[key]


class _Function:
    """One expression, compiled, and its factors."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        self.value = runs(expression)

    @cached_property
    def factors(self) -> list[Run]:
        """What it is a product of, as functions."""
        return [runs(factor) for factor in sp.Mul.make_args(factored(self.expression))]

    def sign(self, box: arb) -> int:
        """The sign over a box, from those of the factors."""
        made = 1
        for factor in self.factors:
            made *= _sign(factor(box))
            if not made:
                break
        return made


def factored(expression: Expression) -> Expression:
    """The same as a product, where it is one; an expression of many operations is left alone, as that would take long.

    SymPy would take exp(1000 t) for the thousandth power of exp(t), and multiply such powers out. So exponentials and
    powers that are no small whole ones get names first, and only those become one another's powers that are near.
    """
    if sp.count_ops(expression) > _LARGE:
        return expression
    names: dict[tuple[Expression, Expression], Expression] = {}

    def named(base: Expression, exponent: Expression) -> Expression:
        for (other, given), name in names.items():
            ratio, excess = exponent / given, exponent - given
            if base == other and excess.is_Integer and abs(excess) <= _NEAR:
                return name * base**excess
            if base == other and ratio.is_Integer and abs(ratio) <= _NEAR:
                return name**ratio
        return names.setdefault((base, exponent), sp.Dummy(real=True, positive=True if base is sp.E else None))

    def small(exponent: Expression) -> bool:
        return bool(exponent.is_Integer) and abs(exponent) <= _NEAR

    plain = expression.replace(lambda e: isinstance(e, sp.exp), lambda e: named(sp.E, e.args[0]))
    plain = plain.replace(lambda e: e.is_Pow and not small(e.exp), lambda e: named(*e.args))
    made = sp.factor(sp.together(plain))
    for (base, exponent), name in reversed(names.items()):  # a base may hold names that were given before
        made = made.xreplace({name: base**exponent})
    return made


def _shorter(expression: Expression) -> Expression:
    """An expression or its product of factors, whichever has fewer operations."""
    product = factored(expression)
    return product if sp.count_ops(product) < sp.count_ops(expression) else expression


def _sign(value: arb) -> int:
    if not value.is_finite():
        return 0
    return 1 if value >= 0 else -1 if value <= 0 else 0


def _both(first: arb, second: arb) -> arb:
    """What two enclosures of one number have in common."""
    if not (first.is_finite() and second.is_finite()):
        return first if first.is_finite() else second
    low, high = (first.lower(), second.lower()), (first.upper(), second.upper())
    return span(low[0] if low[0] >= low[1] else low[1], high[0] if high[0] <= high[1] else high[1])
