"""Arithmetic that proves what it says: balls that enclose a number, and dual numbers that carry derivatives over them.

Each function takes whole numbers, balls (Arb's) or dual numbers, and returns an enclosure: the true value lies within.
A comparison that a ball is too wide to decide is None, and what hangs on it encloses both outcomes.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias, Union

import mpmath
from flint import arb, ctx

# A whole number is exact, and so is a ball without a radius.
Number: TypeAlias = Union[int, arb, "Dual"]
Truth: TypeAlias = bool | None
Function: TypeAlias = Callable[[Number], Number]
# What is a number without being an enclosure: mpmath has no types.
Exact: TypeAlias = int | float | mpmath.mpf | mpmath.mpc | arb

DIGITS = 50
# Working precisions in bits, each tried where the one before leaves a result too wide.
_PRECISIONS = (192, 384, 768, 1536, 3072)
_SMALLEST = arb((1, -1022))  # of the normal numbers of float64
_WIDTH = arb((1, -166))  # relative: 50 digits
_WIDE = arb((1, -20))  # the radius of a ball whose ends are worth looking at


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with this many bits, and put the old precision back."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def enclose(run: Callable[[], Sequence[Number]]) -> list[arb]:
    """Evaluate at a precision that grows until each result is known to 50 digits, or no precision helps.

    Cancellation (log(1 + e^x) - x at x = 40) and small terms (1 + e^-1000) cost digits. A result that stays wide at
    the last precision, as on a kink, is returned as it is: `is_settled` tells.
    """
    found: list[arb] = []
    for bits in _PRECISIONS:
        with precision(bits):
            found = [ball(v) for v in run()]
        if all(map(_known, found)):
            break
    return found


def _known(value: arb) -> bool:
    """Whether a ball is infinite, or known to 50 digits of its own."""
    if value.is_exact():
        return not value.is_nan()
    return bool(value.is_finite() and value.rad() <= _WIDTH * abs(value.mid()))


def is_settled(value: arb) -> bool:
    """Whether a ball is known to 50 digits, or is too close to 0 for any number of float64 to lie between."""
    return _known(value) or bool(value.is_finite() and value.rad() <= _WIDTH * _at_least(value))


def radius(value: arb) -> float:
    """The proven radius of a finite ball, relative to its value, or to the least normal number of float64 if larger."""
    return float((value.rad() / _at_least(value)).upper())


def _at_least(value: arb) -> arb:
    size = abs(value.mid())
    return size if size > _SMALLEST else _SMALLEST


def ball(value: Exact) -> arb:
    """A whole number, a float, an mpmath number or a ball as a ball; all but the last are exact."""
    if isinstance(value, arb):
        return value
    if isinstance(value, mpmath.mpf):
        if not mpmath.isfinite(value):
            return arb(float(value))
        sign, mantissa, exponent, _ = value._mpf_
        return arb((-int(mantissa) if sign else int(mantissa), int(exponent)))
    if isinstance(value, mpmath.mpc):
        return arb.nan()
    return arb(value)


class Dual:
    """A value with its partial derivatives, by the number of the variable; one that is absent is 0.

    The numbers may be dual themselves: then the derivatives have derivatives.
    """

    __slots__ = ("partials", "value")

    def __init__(self, value: Number, partials: Mapping[int, Number]) -> None:
        self.value = value
        self.partials = partials

    def __add__(self, other: Number) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.partials)
        made = dict(self.partials)
        for k, slope in other.partials.items():
            made[k] = made[k] + slope if k in made else slope
        return Dual(self.value + other.value, made)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, {k: -slope for k, slope in self.partials.items()})

    def __sub__(self, other: Number) -> Dual:
        return self.__add__(-other)

    def __rsub__(self, other: Number) -> Dual:
        return (-self).__add__(other)

    def __mul__(self, other: Number) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value * other, {k: slope * other for k, slope in self.partials.items()})
        made = {k: slope * other.value for k, slope in self.partials.items()}
        for k, slope in other.partials.items():
            moved = slope * self.value
            made[k] = made[k] + moved if k in made else moved
        return Dual(self.value * other.value, made)

    __rmul__ = __mul__

    def along(self, value: Number, slope: Number) -> Dual:
        """A function of this number that has the value `value` here, and the derivative `slope`."""
        return Dual(value, {k: slope * partial for k, partial in self.partials.items()})


def plain(value: Number) -> int | arb:
    """The value without its derivatives."""
    while isinstance(value, Dual):
        value = value.value
    return value


def held(value: Number) -> Number:
    """The value, which does not move with what it is made of."""
    return plain(value)


def _dual(value: Number) -> Dual:
    return value if isinstance(value, Dual) else Dual(value, {})


def _dual_hull(a: Dual, b: Dual) -> Dual:
    names = {*a.partials, *b.partials}
    return Dual(hull(a.value, b.value), {k: hull(a.partials.get(k, 0), b.partials.get(k, 0)) for k in names})


def hull(first: Number, second: Number) -> Number:
    """What encloses both."""
    if isinstance(first, Dual) or isinstance(second, Dual):
        return _dual_hull(_dual(first), _dual(second))
    if isinstance(first, int) and first == second:
        return first
    a, b = ball(first), ball(second)
    return span(a.lower().min(b.lower()), a.upper().max(b.upper()))


def span(low: arb, high: arb) -> arb:
    """A ball around all numbers between two, which reaches across 0 only if they do.

    A ball's radius is rounded up, so that one that begins at 0 begins a little below it unless its middle is that very
    radius.
    """
    if low.is_nan() or high.is_nan():
        return arb.nan()
    made = low.union(high)
    if low >= 0 and not made >= 0:
        around = arb(0, high / 2)
        return around + around.rad()
    return -span(-high, -low) if high <= 0 and not made <= 0 else made


# --- comparisons ----------------------------------------------------------------------------------------------------


def below(a: Number, b: Number) -> Truth:
    """Whether a < b."""
    a, b = plain(a), plain(b)
    return True if a < b else False if a >= b else None


def at_most(a: Number, b: Number) -> Truth:
    """Whether a <= b."""
    return negation(below(b, a))


def equal(a: Number, b: Number) -> Truth:
    """Whether a = b."""
    a, b = plain(a), plain(b)
    return True if a == b else False if a != b else None


def negation(truth: Truth) -> Truth:
    """The opposite."""
    return None if truth is None else not truth


def conjunction(*truths: Truth) -> Truth:
    """Whether all hold."""
    return False if False in truths else None if None in truths else True


def disjunction(*truths: Truth) -> Truth:
    """Whether any holds."""
    return negation(conjunction(*map(negation, truths)))


# --- choices --------------------------------------------------------------------------------------------------------


def piecewise(*branches: tuple[Callable[[], Truth], Callable[[], Number]]) -> Number:
    """The first branch whose condition holds; all that may be the first, where a condition cannot be decided."""
    possible = []
    for condition, value in branches:
        holds = condition()
        if holds is not False:
            possible.append(value())
        if holds:
            break
    else:
        possible.append(arb.nan())
    return functools.reduce(hull, possible)


def chosen(term: Callable[[], Number], condition: Truth) -> Number:
    """The term where the condition holds, else 0."""
    if condition is None:
        return hull(term(), 0)
    return term() if condition else 0


def indicator(a: Number, b: Number) -> Number:
    """1 where the two are equal, else 0."""
    return chosen(lambda: 1, equal(a, b))


def occurs(index: int, labels: Sequence[int]) -> int:
    """1 where a class is in a list of labels before the list's first -1, else 0."""
    for label in labels:
        if label == -1:
            break
        if label == index:
            return 1
    return 0


def total(term: Callable[[int], Number], first: int, last: int) -> Number:
    """The sum of a term over whole numbers."""
    return functools.reduce(operator.add, map(term, range(first, last + 1)), 0)


def largest(term: Callable[[int], Number], first: int, last: int) -> Number:
    """The largest of a term over whole numbers; where several are the largest, it has no derivative."""
    terms = list(map(term, range(first, last + 1)))
    found = functools.reduce(maximum, terms)
    if isinstance(found, Dual) and sum(equal(one, found) is True for one in terms) > 1:
        variables = {k for one in terms if isinstance(one, Dual) for k in one.partials}
        return Dual(found.value, dict.fromkeys(variables, arb.nan()))
    return found


def maximum(a: Number, b: Number) -> Number:
    """The larger of two; not a number where one of them is none."""
    return _extreme(a, b, below(a, b), arb.max)


def minimum(a: Number, b: Number) -> Number:
    """The smaller of two; not a number where one of them is none."""
    return _extreme(a, b, below(b, a), arb.min)


def _extreme(a: Number, b: Number, second: Truth, enclosing: Callable[[arb, arb], arb]) -> Number:
    if second is not None:
        return b if second else a
    if isinstance(a, Dual) or isinstance(b, Dual):
        left, right = _dual(a), _dual(b)
        return Dual(_extreme(left.value, right.value, None, enclosing), _dual_hull(left, right).partials)
    first, last = ball(a), ball(b)
    return span(enclosing(first.lower(), last.lower()), enclosing(first.upper(), last.upper()))


def absolute(x: Number) -> Number:
    """|x|; at 0 its derivative is anything from -1 to 1."""
    if isinstance(x, Dual):
        return x.along(absolute(x.value), _slope_of_absolute(x.value))
    if isinstance(x, int):
        return abs(x)
    return abs(x) if x >= 0 or x <= 0 else span(arb(0), x.abs_upper())


def _slope_of_absolute(x: Number) -> Number:
    sign_of = below(0, x), below(x, 0)
    return 1 if sign_of[0] else -1 if sign_of[1] else arb(0, 1)


def sign(x: Number) -> Number:
    """-1, 0 or 1; its derivative is 0 where it does not jump."""
    if isinstance(x, Dual):
        flat = equal(x, 0) is False
        return x.along(sign(x.value), 0 if flat else arb.nan())
    return (x > 0) - (x < 0) if isinstance(x, int) else x.sgn()


def _rising(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """A function that never falls, of a ball: by its ends where that is narrower than the ball's own arithmetic."""

    def run(x: arb) -> arb:
        if x.rad() < _WIDE or not x.is_finite():
            return function(x)
        low, high = function(x.lower()), function(x.upper())
        return span(low.lower(), high.upper())

    return run


# --- functions ------------------------------------------------------------------------------------------------------


def exp(x: Number) -> Number:
    """e^x."""
    if isinstance(x, Dual):
        value = exp(x.value)
        return x.along(value, value)
    # Arb finds no exponential of an infinity.
    return arb(0) if x == arb.neg_inf() else _exp(ball(x))


def log(x: Number) -> Number:
    """The natural logarithm; minus infinity at 0."""
    if isinstance(x, Dual):
        return x.along(log(x.value), inverse(x.value))
    x = ball(x)
    return arb.neg_inf() if x.is_zero() else x.log()


def sqrt(x: Number) -> Number:
    """The square root."""
    if isinstance(x, Dual):
        value = sqrt(x.value)
        return x.along(value, inverse(2 * value))
    return ball(x).sqrt()


def inverse(x: Number) -> Number:
    """1 / x."""
    if isinstance(x, Dual):
        value = inverse(x.value)
        return x.along(value, -(value * value))
    return 1 / ball(x)


def power(base: Number, exponent: Number) -> Number:
    """A power; an exponent that is a whole number may stand over a negative base."""
    if isinstance(exponent, int):
        return _whole_power(base, exponent)
    if isinstance(base, Dual) or isinstance(exponent, Dual):
        return _dual_power(_dual(base), _dual(exponent))
    base = ball(base)
    return arb.nan() if _unknown(base) else base ** ball(exponent)


def _unknown(base: arb) -> bool:
    """Whether a base may be anything: to the power of 0 Arb makes 1 of it, and some of these crash it."""
    return bool(base.is_nan() or not (base.is_finite() or base.is_exact()))


def _whole_power(base: Number, exponent: int) -> Number:
    if exponent < 0:
        return inverse(_whole_power(base, -exponent))
    if isinstance(base, Dual):
        value = _whole_power(base.value, exponent)
        return base.along(value, exponent * _whole_power(base.value, exponent - 1) if exponent else 0)
    if isinstance(base, int):
        raised: int = base**exponent
        return raised
    if _unknown(base):
        return arb.nan()
    if exponent < 2 or base.is_exact() or base.rad() < _WIDE * base.abs_lower():
        return base**exponent
    least, most = (base.lower(), base.upper()) if exponent % 2 else (base.abs_lower(), base.abs_upper())
    return span((least**exponent).lower(), (most**exponent).upper())


def _dual_power(base: Dual, exponent: Dual) -> Dual:
    value = power(base.value, exponent.value)
    # A part that does not move is not asked for its slope, which may not exist there.
    made = base.along(value, exponent.value * power(base.value, exponent.value - 1) if base.partials else 0)
    return made + exponent.along(0, log(base.value) * value) if exponent.partials else made


def softplus(x: Number) -> Number:
    """log(1 + e^x), without overflow and without loss in either tail."""
    if isinstance(x, Dual):
        return x.along(softplus(x.value), sigmoid(x.value))
    return _softplus(ball(x))


def sigmoid(x: Number) -> Number:
    """1 / (1 + e^-x)."""
    if isinstance(x, Dual):
        value = sigmoid(x.value)
        return x.along(value, value * sigmoid(-x.value))
    return _sigmoid(ball(x))


_exp = _rising(lambda x: x.exp())
_softplus = _rising(lambda x: x.exp().log1p() if x.mid() < 0 else x + (-x).exp().log1p())
_sigmoid = _rising(lambda x: 1 / (1 + (-x).exp()))


def xlogy(x: Number, y: Number) -> Number:
    """X log y, which is 0 at x = 0."""
    if not isinstance(x, Dual) and not isinstance(y, Dual):
        return arb(0) if _zero(x) else x * log(y)
    a, b = _dual(x), _dual(y)
    made = a.along(xlogy(a.value, b.value), log(b.value)) if a.partials else Dual(xlogy(a.value, b.value), {})
    # Along x = 0 it is 0 whatever y is.
    return made + b.along(0, 0 if _zero(a) else a.value * inverse(b.value)) if b.partials else made


def _zero(x: Number) -> bool:
    return bool(ball(plain(x)).is_zero())


def _rule(name: str, slope: Function) -> Function:
    """A function that Arb has, with its derivative."""
    method: Callable[[arb], arb] = getattr(arb, name)

    def function(x: Number) -> Number:
        if isinstance(x, Dual):
            return x.along(function(x.value), slope(x.value))
        return method(ball(x))

    return function


sin: Function = _rule("sin", lambda x: cos(x))
cos: Function = _rule("cos", lambda x: -sin(x))
tan: Function = _rule("tan", lambda x: 1 + tan(x) * tan(x))
asin: Function = _rule("asin", lambda x: inverse(sqrt(1 - x * x)))
acos: Function = _rule("acos", lambda x: -inverse(sqrt(1 - x * x)))
atan: Function = _rule("atan", lambda x: inverse(1 + x * x))
sinh: Function = _rule("sinh", lambda x: cosh(x))
cosh: Function = _rule("cosh", lambda x: sinh(x))
tanh: Function = _rule("tanh", lambda x: 1 - tanh(x) * tanh(x))
erf: Function = _rule("erf", lambda x: 2 * exp(-(x * x)) * inverse(sqrt(arb.pi())))
