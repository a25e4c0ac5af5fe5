"""A second judge of formulas: mpmath, on the whole expression at once. It shares no code with the one in the package.

The package runs formulas over balls. Here shorthands are put in, the expression is compiled by SymPy, and the working
precision grows until two of them agree.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import sympy as sp
from flint import arb
from sympy.printing.pycode import MpmathPrinter

from lossary.declaration.symbols import INDEX_OF, TABLE, atom, held, largest
from lossary.evaluation.binding import BoundFormula

DIGITS = 50
_MOST_DIGITS = 2000


def mp(value: Any) -> Any:
    """The middle of a ball, or what is a whole number, as an mpmath number."""
    if isinstance(value, int):
        return mpmath.mpf(value)
    if not value.is_finite():
        return mpmath.mpf(float(value))
    mantissa, exponent = value.mid().man_exp()
    with mpmath.workprec(max(64, int(mantissa).bit_length())):
        return mpmath.ldexp(mpmath.mpf(int(mantissa)), int(exponent))


def function(bound: BoundFormula, expression: Any, free: Sequence[str] = ()) -> Callable[..., Any]:
    """An expression of a formula as a function of `bound.arguments` and of the indices named in `free`, in mpmath."""
    indices = [bound.scope.get(i) or atom(i, TABLE[i].latex, True) for i in free]
    whole = _put_in(bound, expression)
    run = sp.lambdify((*bound.arguments, *indices), whole, modules=[_FUNCTIONS, "mpmath"], printer=_Printer(_AS_CODE))

    def precise(*values: Any) -> Any:
        return _precise(run, [_number(v) for v in values])

    return precise


class _Printer(MpmathPrinter):  # type: ignore[misc]
    """SymPy's own, which knows sums, and the largest of a term over an index."""

    def _print_largest(self, e: Any) -> str:
        ((index, first, last),) = e.limits
        term, index, first, last = map(self._print, (e.function, index, first, last))
        return f"maximum(*[{term} for {index} in range({first}, {last} + 1)])"


def value(bound: BoundFormula) -> Callable[..., Any]:
    """The value of a formula as a function of `bound.arguments`."""
    return function(bound, bound.value)


def value_around(bound: BoundFormula) -> Callable[..., Callable[..., Any]]:
    """The same beside a point: what the formula holds stays there what it is at the point.

    Returns a function of the point's values to a function of `bound.arguments`.
    """
    whole = _put_in(bound, bound.value)
    parts = sorted(whole.atoms(held), key=str)
    names = [sp.Dummy(real=True) for _ in parts]
    with sp.evaluate(False):
        rest = whole.xreplace(dict(zip(parts, names, strict=True)))
    run = sp.lambdify((*bound.arguments, *names), rest, modules=[_FUNCTIONS, "mpmath"])
    fixed = sp.lambdify(bound.arguments, [part.args[0] for part in parts], modules=[_FUNCTIONS, "mpmath"])

    def around(*point: Any) -> Callable[..., Any]:
        base = [_number(v) for v in point]
        return lambda *values: _precise(lambda *moved: run(*moved, *fixed(*base)), [_number(v) for v in values])

    return around


def gradient(bound: BoundFormula, name: str) -> Callable[..., Any]:
    """A displayed gradient as a function of `bound.arguments` and the two free indices."""
    return function(bound, bound.gradient[name], list(INDEX_OF.values()))


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return _Rows([_number(v) for v in value])
    return mp(value) if isinstance(value, arb) else value


class _Rows(list[Any]):
    """A list that is also read as m[row, column], which is how SymPy prints a matrix."""

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple):
            row, column = index
            return super().__getitem__(row)[column]
        return super().__getitem__(index)


def _put_in(bound: BoundFormula, expression: Any) -> Any:
    """The expression with every shorthand replaced by what it stands for; nothing is simplified."""
    with sp.evaluate(False):
        return _replaced(bound, expression)


def _replaced(bound: BoundFormula, e: Any) -> Any:
    if isinstance(e, sp.Indexed):
        name = str(e.base)
        if name not in bound.definitions:
            return e
        free = [bound.scope[i] for i in bound.free[name]]
        whole = _replaced(bound, bound.definitions[name])
        # The indices that it sums over get names of their own, so that none captures what is put in.
        own = {limit[0] for total in whole.atoms(sp.Sum, largest) for limit in total.limits} - {*free}
        whole = whole.xreplace({index: sp.Dummy(str(index), integer=True) for index in own})
        return whole.xreplace(dict(zip(free, e.indices, strict=True)))
    if isinstance(e, sp.Symbol):
        name = str(e)
        return _replaced(bound, bound.definitions[name]) if name in bound.definitions else e
    if not e.args or isinstance(e, sp.IndexedBase):
        return e
    return e.func(*(_replaced(bound, argument) for argument in e.args))


def _precise(run: Callable[..., Any], values: Sequence[Any]) -> Any:
    digits = DIGITS + 10
    previous = _at(run, values, digits)
    if isinstance(previous, int):
        return mpmath.mpf(previous)  # the 0 of a hinge: nothing was rounded
    while digits < _MOST_DIGITS:
        digits *= 2
        current = _at(run, values, digits)
        if not mpmath.isfinite(current):
            return current
        if current != 0 and abs(current - previous) <= abs(current) * mpmath.mpf(10) ** -DIGITS:
            return current
        # A zero may be an underflow of precision: it is believed only after four more doublings.
        if current == 0 and previous == 0 and digits >= 960:
            return current
        previous = current
    return previous


def _at(run: Callable[..., Any], values: Sequence[Any], digits: int) -> Any:
    with mpmath.workdps(digits):
        try:
            found = run(*values)
            if isinstance(found, int):
                return found
            answer = mpmath.mpmathify(found)
        except (ZeroDivisionError, ValueError, TypeError, IndexError):
            return mpmath.nan
        return mpmath.nan if isinstance(answer, mpmath.mpc) else +answer


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)) if x < 0 else x + mpmath.log1p(mpmath.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "xlogy": lambda x, y: mpmath.mpf(0) if x == 0 else x * mpmath.log(y),
    "held": lambda x: x,
    "maximum": max,
    "minimum": min,
    "indicator": lambda a, b: mpmath.mpf(1 if a == b else 0),
    "chosen": lambda term, condition: term if condition else mpmath.mpf(0),
    "occurs": lambda index, labels: int(index in itertools.takewhile(lambda label: label != -1, labels)),
}

# How SymPy's own lambdify sets a printer up, which it leaves to us with a printer of ours.
_AS_CODE: Mapping[str, Any] = {
    "fully_qualified_modules": False,
    "inline": True,
    "allow_unknown_functions": True,
    "user_functions": {name: name for name in _FUNCTIONS},
}
