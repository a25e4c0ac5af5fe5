"""Turns SymPy expressions into Python functions over balls. It knows no loss, no torch and no LaTeX.

The code is what the expression says, operation by operation and in its author's order; a shorthand is evaluated once
for each call and index, however often it is used.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp
from flint import arb

from lossary.declaration.symbols import Expression, largest
from lossary.evaluation import balls

_FUNCTIONS = {
    name: getattr(balls, name)
    for name in (
        *("exp", "log", "sqrt", "sign", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf"),
        *("softplus", "sigmoid", "xlogy", "held", "maximum", "minimum", "indicator", "occurs"),
    )
} | {"Abs": balls.absolute}
_RELATIONS = {
    sp.StrictLessThan: "below({}, {})",
    sp.LessThan: "at_most({}, {})",
    sp.StrictGreaterThan: "below({1}, {0})",
    sp.GreaterThan: "at_most({1}, {0})",
    sp.Equality: "equal({}, {})",
    sp.Unequality: "negation(equal({}, {}))",
}
_JOINS = {sp.And: "conjunction", sp.Or: "disjunction", sp.Not: "negation"}
# What the written code calls by these names.
_NAMES: dict[str, object] = {
    **{
        name: getattr(balls, name)
        for name in (
            *("below", "at_most", "equal", "negation", "conjunction", "disjunction"),
            *("piecewise", "chosen", "total", "largest", "maximum", "minimum", "inverse", "sqrt", "power"),
        )
    },
    **{f"f_{name}": function for name, function in _FUNCTIONS.items()},
    "cache": functools.cache,
    "pi": arb.pi,
    "arb": arb,
}

Compiled = Callable[..., dict[str, Callable[..., balls.Number]]]


class _Writer:
    """Writes one expression after the other as Python, and collects the constants that they share."""

    def __init__(self, shorthands: Mapping[str, Sequence[str]]) -> None:
        self.shorthands = shorthands
        self.constants: dict[str, arb] = {}

    def text(self, e: Expression) -> str:
        """An expression as Python.

        Raises:
            ValueError: where something in it has no counterpart over balls.
        """
        if isinstance(e, sp.Integer):
            return f"({int(e)})"
        if isinstance(e, sp.Rational):
            return f"(arb({int(e.p)}) / {int(e.q)})"
        if isinstance(e, sp.Float):
            return self._constant(balls.ball(e._to_mpmath(e._prec)))
        if isinstance(e, sp.Symbol):
            name = str(e)
            return f"d_{name}()" if name in self.shorthands else variable(e)
        if isinstance(e, sp.IndexedBase):
            return variable(e)
        if isinstance(e, sp.Indexed):
            return self._indexed(e)
        parts = e.args
        if isinstance(e, sp.Add):
            return f"({' + '.join(map(self.text, parts))})"
        if isinstance(e, sp.Mul):
            return f"({' * '.join(map(self.text, parts))})"
        if isinstance(e, sp.Pow):
            return self._power(*parts)
        if isinstance(e, sp.Piecewise):
            pairs = (f"(lambda: {self.text(holds)}, lambda: {self.text(value)})" for value, holds in parts)
            return f"piecewise({', '.join(pairs)})"
        if isinstance(e, sp.Sum):
            return self._over("total", e)
        if isinstance(e, largest):
            return self._over("largest", e)
        if e is sp.pi:
            return "pi()"
        if e in (sp.true, sp.false):
            return str(bool(e))
        if e is sp.oo or e is -sp.oo:
            return self._constant(arb.pos_inf() if e is sp.oo else arb.neg_inf())
        if type(e) in _RELATIONS:
            return _RELATIONS[type(e)].format(*map(self.text, parts))
        if type(e) in _JOINS:
            return f"{_JOINS[type(e)]}({', '.join(map(self.text, parts))})"
        name = type(e).__name__
        if name == "chosen":
            return f"chosen(lambda: {self.text(parts[0])}, {self.text(parts[1])})"
        if isinstance(e, sp.Max | sp.Min):
            both = "maximum" if isinstance(e, sp.Max) else "minimum"
            return functools.reduce(lambda a, b: f"{both}({a}, {b})", map(self.text, parts))
        if name in _FUNCTIONS:
            return f"f_{name}({', '.join(map(self.text, parts))})"
        raise ValueError(f"the formula uses {name}, which cannot be evaluated; known are {', '.join(_FUNCTIONS)}")

    def _constant(self, value: arb) -> str:
        name = f"k_{len(self.constants)}"
        self.constants[name] = value
        return name

    def _indexed(self, e: Expression) -> str:
        name, places = str(e.base), [self.text(index) for index in e.indices]
        if name in self.shorthands:
            return f"d_{name}({', '.join(places)})"
        return variable(e.base) + "".join(f"[{place}]" for place in places)

    def _power(self, base: Expression, exponent: Expression) -> str:
        if exponent == -1:
            return f"inverse({self.text(base)})"
        if exponent == sp.Rational(1, 2):
            return f"sqrt({self.text(base)})"
        return f"power({self.text(base)}, {self.text(exponent)})"

    def _over(self, name: str, e: Expression) -> str:
        inner, *limits = e.args
        made = self.text(inner)
        for index, first, last in limits:
            made = f"{name}(lambda {variable(index)}: {made}, {self.text(first)}, {self.text(last)})"
        return made


def variable(symbol: Expression) -> str:
    """The Python name of a symbol."""
    return "v_" + "".join(c if c.isalnum() else "_" for c in str(symbol))


def compile_formula(
    arguments: Sequence[Expression],
    results: Mapping[str, tuple[Sequence[Expression], Expression]],
    shorthands: Mapping[str, tuple[Sequence[Expression], Expression]] | None = None,
) -> Compiled:
    """Compile expressions that share arguments and shorthands.

    Args:
        arguments: the symbols and indexed bases that a call gives values to, in order.
        results: what is asked for, by name: the free indices of each, and its expression.
        shorthands: the same for what the expressions abbreviate; one may use those before it.

    Returns:
        A function of the arguments' values, which are whole numbers, balls, dual numbers or nested lists of them. It
        gives a function of the free indices for each result, by name.

    Raises:
        ValueError: where an expression cannot be evaluated over balls.
    """
    shorthands = shorthands or {}
    writer = _Writer({name: [str(i) for i in free] for name, (free, _) in shorthands.items()})

    def function(free: Sequence[Expression], expression: Expression) -> str:
        return f"lambda {', '.join(map(variable, free))}: {writer.text(expression)}"

    lines = [f"def formula({', '.join(map(variable, arguments))}):"]
    lines += [f"    d_{name} = cache({function(*shorthand)})" for name, shorthand in shorthands.items()]
    lines += [f"    return {{{', '.join(f'{n!r}: {function(*result)}' for n, result in results.items())}}}"]
    names: dict[str, Any] = {**_NAMES, **writer.constants}
    exec("\n".join(lines), names)
    made: Compiled = names["formula"]
    return made
