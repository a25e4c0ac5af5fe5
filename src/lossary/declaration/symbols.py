"""The one table of mathematical symbols: how each name in a formula is written, and what it stands for.

A formula is a function whose argument names are keys of this table (or the symbols that a loss gives its own
inputs and parameters). It knows nothing of losses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.printing.precedence import PRECEDENCE

# SymPy has no types; the name says what is meant.
Expression: TypeAlias = Any
# The inputs of a loss as a section places them, by name: expressions, or nested lists of them.
Declared: TypeAlias = Mapping[str, Expression]


@dataclass(frozen=True)
class Symbol:
    """One entry of the table: LaTeX, meaning, and, for a shorthand, the expression that it abbreviates."""

    latex: str
    meaning: str
    integer: bool = False
    indexed: bool = False
    definition: Callable[..., Expression] | None = None


TABLE: dict[str, Symbol] = {
    "x": Symbol("x", "the input: the model's prediction"),
    "x1": Symbol("x_1", "the first input"),
    "x2": Symbol("x_2", "the second input"),
    "y": Symbol("y", "the target"),
    "p": Symbol("p", "the predicted probability"),
    "z": Symbol("z", "the logit"),
    "r": Symbol("r", "the residual", definition=lambda x, y: x - y),
    "u": Symbol("u", "the residual seen from the target", definition=lambda x, y: y - x),
    "m": Symbol("m", "the margin", definition=lambda x, y: y * x),
    "C": Symbol("C", "the number of classes", integer=True),
    "c": Symbol("c", "runs over the classes", integer=True),
    "i": Symbol("i", "runs over the classes", integer=True),
    "j": Symbol("j", "runs over the classes", integer=True),
    "k": Symbol("k", "runs over the classes", integer=True),
    "D": Symbol("D", "the number of coordinates of a vector", integer=True),
    "d": Symbol("d", "runs over the coordinates", integer=True),
    "anchor": Symbol("a", "the anchor"),
    "positive": Symbol("a^{+}", "the positive: an example like the anchor"),
    "negative": Symbol("a^{-}", "the negative: an example unlike the anchor"),
    "near": Symbol("d_{+}", "the distance from the anchor to the positive"),
    "far": Symbol("d_{-}", "the distance from the anchor to the negative"),
    "swapped": Symbol("d_{*}", "the distance from the positive to the negative"),
    "q": Symbol("q", "the smoothed target"),
    "L": Symbol("L", "the log-sum-exp of the logits"),
    "t": Symbol("t", "the quantity that moves along the section"),
    "s": Symbol("s", "the second quantity that moves"),
    "delta": Symbol(r"\delta", "the threshold"),
    "beta": Symbol(r"\beta", "the threshold"),
    "eps": Symbol(r"\varepsilon", "a small constant"),
    "label_smoothing": Symbol(r"\varepsilon", "label smoothing"),
    "alpha": Symbol(r"\alpha", "the shape"),
    "gamma": Symbol(r"\gamma", "the exponent"),
    "sigma": Symbol(r"\sigma", "the scale"),
    "tau": Symbol(r"\tau", "the level"),
    "margin": Symbol("m", "the margin"),
    "weight": Symbol("w", "the weight"),
    "pos_weight": Symbol("w_{+}", "the weight of the positive class"),
    "ignore_index": Symbol(r"i_{\mathrm{ignore}}", "the target that is left out", integer=True),
}


@cache
def atom(name: str, latex: str, integer: bool = False, indexed: bool = False) -> Expression:
    """The SymPy atom of a name: a real or integer symbol, or an indexed base for a vector.

    The name is the one in the code; `latex` is carried beside it, since SymPy's own name would be parsed for Greek
    letters and subscripts.
    """
    if indexed:
        return sp.IndexedBase(Notated(name, latex, real=True))
    return Notated(name, latex, integer=True) if integer else Notated(name, latex, real=True)


class Notated(sp.Symbol):  # type: ignore[misc]
    """A symbol that knows how it is written; two of one name that are written differently are different symbols."""

    __slots__ = ("latex",)

    def __new__(cls, name: str, latex: str, **assumptions: bool) -> Notated:
        """Made without SymPy's table of symbols, which knows names alone."""
        made: Notated = sp.Symbol.__xnew__(cls, name, **assumptions)
        made.latex = latex
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, bool]]:
        """For copies."""
        return (self.name, self.latex), self._assumptions_orig

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.latex)


class softplus(sp.Function):  # type: ignore[misc]
    """log(1 + e^x), kept whole so that a page can say softplus and an evaluation can be exact in both tails."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expression:
        """The derivative, for SymPy."""
        return sigmoid(self.args[0])


class sigmoid(sp.Function):  # type: ignore[misc]
    """1 / (1 + e^-x)."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expression:
        """The derivative, for SymPy."""
        return sigmoid(self.args[0]) * sigmoid(-self.args[0])


class xlogy(sp.Function):  # type: ignore[misc]
    """x log y with the convention 0 log 0 = 0, which torch follows; printed as the plain product."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expression:
        """The derivative, for SymPy."""
        x, y = self.args
        return sp.log(y) if argindex == 1 else x / y


class indicator(sp.Function):  # type: ignore[misc]
    """1 where its two integer arguments are equal, else 0; printed as a bracket."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expression:
        """The derivative, for SymPy."""
        return sp.Integer(0)


class occurs(sp.Function):  # type: ignore[misc]
    """1 where a class is in a list of labels before the list's first -1, else 0."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expression:
        """The derivative, for SymPy."""
        return sp.Integer(0)


class chosen(sp.Function):  # type: ignore[misc]
    """Its first argument where the condition holds, else 0: a term of a sum over some indices only.

    SymPy's own piecewise expression would merge with those around it, and take a sum's index out of its sum.
    """

    nargs = 2

    def _eval_derivative(self, by: Expression) -> Expression:
        term, condition = self.args
        return chosen(term.diff(by), condition)


class held(sp.Function):  # type: ignore[misc]
    """Its argument, which torch detaches: in a gradient it is a constant; printed as its argument."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expression:
        """The derivative, for SymPy."""
        return sp.Integer(0)


class maximum(sp.Function):  # type: ignore[misc]
    """The larger of two; unlike SymPy's own it keeps its author's order."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expression:
        """The derivative, for SymPy."""
        first, second = self.args
        larger = first > second if argindex == 1 else first <= second
        return sp.Piecewise((sp.Integer(1), larger), (sp.Integer(0), True))


class minimum(sp.Function):  # type: ignore[misc]
    """The smaller of two, in its author's order."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expression:
        """The derivative, for SymPy."""
        first, second = self.args
        smaller = first < second if argindex == 1 else first >= second
        return sp.Piecewise((sp.Integer(1), smaller), (sp.Integer(0), True))


class largest(ExprWithLimits):  # type: ignore[misc]
    """The largest of a term over an index, which is bound as in a sum."""

    # As of a sum: a power of it is printed with parentheses, else it would be read as one of the term.
    precedence = PRECEDENCE["Mul"]


def cases(*branches: tuple[Expression, object]) -> Expression:
    """A piecewise expression: pairs of (expression, condition), the last condition may be True."""
    return sp.Piecewise(*branches)


def sum_over(index: Expression, term: Expression, count: Expression, where: Expression = None) -> Expression:
    """The sum of `term` over `index` = 0 .. count - 1, kept as a sum; over those only that meet `where`."""
    summand = term if where is None else chosen(term, where)
    return sp.Sum(summand, (index, 0, sp.Add(count, -1, evaluate=True)))


def max_over(index: Expression, term: Expression, count: Expression) -> Expression:
    """The largest of `term` over `index` = 0 .. count - 1."""
    return largest(term, (index, 0, sp.Add(count, -1, evaluate=True)))


def listed(index: Expression, labels: Expression) -> Expression:
    """The condition that a class is among the labels."""
    return sp.Eq(occurs(index, labels), 1)


def unlisted(index: Expression, labels: Expression) -> Expression:
    """The condition that a class is not among the labels."""
    return sp.Eq(occurs(index, labels), 0)


log, exp, sqrt, sign, erf = sp.log, sp.exp, sp.sqrt, sp.sign, sp.erf
cos, sin, cosh, tanh, acos, atan = sp.cos, sp.sin, sp.cosh, sp.tanh, sp.acos, sp.atan
pi, euler = sp.pi, sp.E
equal, unequal = sp.Eq, sp.Ne

# The dimensions that a vector or matrix in a formula may have, each with the index that is free in a gradient.
INDEX_OF = {"C": "c", "D": "d"}
