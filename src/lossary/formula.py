"""What a formula is, and how it becomes numbers at 50 digits. It knows nothing of losses, torch or LaTeX.

A `Symbolic` formula is executed: its value, its gradient and its shorthands are functions of SymPy symbols. A
`Written` one is LaTeX with a short reference implementation, for what no expression holds. Everything downstream
reads both through `Formula`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol

import mpmath
import sympy as sp

from lossary.symbols import TABLE, Expression, atom, indicator, maximum, minimum, sigmoid, softplus, xlogy

DIGITS = 50
_MOST_DIGITS = 2000

Builder = Callable[..., Expression]


class Formula(Protocol):
    """What every stage after the declaration may ask of a formula."""

    @property
    def label(self) -> str:
        """Which case it is."""

    @property
    def at(self) -> Mapping[str, Any]:
        """The settings that it holds for."""

    @property
    def executable(self) -> bool:
        """Whether what is shown is what is run."""


@dataclass(frozen=True, eq=False)
class Symbolic:
    """A formula that is executed.

    Attributes:
        value: function from symbols, named as in the symbol table, to the value of one element or sample.
        gradient: for each input's name, the gradient as it should be read. For a vector input the function may use
            the free index `c`.
        where: shorthands used in `value` and `gradient`, by symbol name; one whose function takes `c` is indexed.
        notation: how local shorthands are written, LaTeX by name.
        label: which case this is, where a loss has several.
        at: the settings it holds for: parameter values, or the kind of an input by the input's name.
        inside: function of the inputs (arrays by name) that says whether it covers them; None where it covers all.
    """

    value: Builder
    gradient: Mapping[str, Builder]
    where: Mapping[str, Builder] = field(default_factory=dict)
    notation: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    at: Mapping[str, Any] = field(default_factory=dict)
    inside: Callable[[Mapping[str, Any]], bool] | None = None

    @property
    def executable(self) -> bool:
        """The expression that is shown is the one that is run."""
        return True


@dataclass(frozen=True, eq=False)
class Written:
    """A formula that no expression holds: shown as LaTeX, checked against a reference implementation.

    Attributes:
        latex, gradient_latex: what the page shows; the page says that it was not executed.
        reference: plain Python function of one sample's inputs and the parameters, by name.
    """

    latex: str
    reference: Callable[..., float]
    gradient_latex: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    at: Mapping[str, Any] = field(default_factory=dict)

    @property
    def executable(self) -> bool:
        """What is shown is not run; the reference beside it is."""
        return False


@dataclass(frozen=True)
class Variable:
    """A symbol that carries a value into the formula: an input or a parameter."""

    name: str
    symbol: str
    latex: str
    integer: bool = False
    indexed: bool = False


class Built:
    """A symbolic formula bound to the variables of one loss: expressions to print, functions to run.

    Raises:
        ValueError: where the formula names a symbol that is neither a variable, a shorthand nor in the table.
    """

    def __init__(self, formula: Symbolic, variables: Sequence[Variable]) -> None:
        self.formula = formula
        self.variables = tuple(variables)
        self.scope: dict[str, Any] = {v.symbol: atom(v.symbol, v.latex, v.integer, v.indexed) for v in self.variables}
        self.definitions: dict[str, Expression] = {}
        self.used: dict[str, None] = {}
        self._derivatives: dict[tuple[str, int], list[Callable[..., Any]]] = {}
        with sp.evaluate(False):
            self.value = self._call(formula.value)
            self.gradient = {name: self._call(builder) for name, builder in formula.gradient.items()}

    def _call(self, builder: Builder) -> Expression:
        return sp.sympify(builder(*(self._symbol(name) for name in inspect.signature(builder).parameters)))

    def _symbol(self, name: str) -> Any:
        self.used[name] = None
        if name in self.scope:
            return self.scope[name]
        local = self.formula.where.get(name)
        entry = TABLE.get(name)
        if local is None and entry is None:
            known = ", ".join(sorted({*self.scope, *self.formula.where, *TABLE}))
            raise ValueError(f"the formula uses the symbol {name!r}, which is not declared; known are {known}")
        builder = local or (entry.definition if entry else None)
        indexed = builder is not None and "c" in inspect.signature(builder).parameters
        latex = self.formula.notation.get(name) or (entry.latex if entry else name)
        made = atom(name, latex, bool(entry and entry.integer and local is None), indexed)
        self.scope[name] = made
        if builder is not None:
            self.definitions[name] = self._call(builder)
        return made

    @cached_property
    def full(self) -> Expression:
        """The value with every shorthand replaced by what it stands for."""
        return self.expand(self.value)

    def expand(self, expression: Expression) -> Expression:
        """Replace the shorthands in an expression, however deeply they nest, and simplify nothing."""
        with sp.evaluate(False):
            return self._expand(expression)

    def _expand(self, expression: Expression) -> Expression:
        if isinstance(expression, sp.Indexed):
            name = str(expression.base)
            if name in self.definitions:
                whole = _unbound(self._expand(self.definitions[name]), self.scope["c"])
                return whole.xreplace({self.scope["c"]: expression.indices[0]})
            return expression
        if isinstance(expression, sp.Symbol):
            name = str(expression)
            return self._expand(self.definitions[name]) if name in self.definitions else expression
        if not expression.args or isinstance(expression, sp.IndexedBase):
            return expression
        return expression.func(*(self._expand(argument) for argument in expression.args))

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        """What a compiled function takes, in order: the variables, then C and the free index c."""
        return (*(self.scope[v.symbol] for v in self.variables), self._loose("C"), self._loose("c"))

    def _loose(self, name: str) -> Any:
        return self.scope.get(name) or atom(name, TABLE[name].latex, True)

    def function(self, expression: Expression) -> Callable[..., Any]:
        """Compile an expression for mpmath; call the result with the values of `arguments`."""
        run = sp.lambdify(self.arguments, expression, modules=[_FUNCTIONS, "mpmath"])
        return partial(_precise_call, run)

    @cached_property
    def run_value(self) -> Callable[..., Any]:
        """The value as a function of `arguments`."""
        return self.function(self.full)

    @cached_property
    def run_gradient(self) -> dict[str, Callable[..., Any]]:
        """The declared gradients as functions of `arguments`, by input."""
        return {name: self.function(self.expand(e)) for name, e in self.gradient.items()}

    def derivative(self, name: str, classes: int) -> list[Callable[..., Any]]:
        """The derivative by an input, made once for each number of classes; see `_derivative`."""
        key = (name, classes)
        if key not in self._derivatives:
            self._derivatives[key] = self._derivative(name, classes)
        return self._derivatives[key]

    def _derivative(self, name: str, classes: int) -> list[Callable[..., Any]]:
        """SymPy's own derivative of the value with respect to an input: one function for each of its components.

        For a vector the sum is written out at a concrete number of classes first. The functions take the same
        arguments as the others.
        """
        variable = next(v for v in self.variables if v.name == name)
        plain: dict[Any, Any] = {}
        for v in self.variables:
            if v.indexed:
                base = self.scope[v.symbol]
                plain |= {base[k]: sp.Symbol(f"{v.symbol}_{k}", real=True) for k in range(classes)}
        concrete = self.full.subs(self._loose("C"), classes).doit()
        if not variable.indexed:
            return [
                self.function(
                    sp.diff(concrete.xreplace(plain), self.scope[variable.symbol]).xreplace(
                        {symbol: component for component, symbol in plain.items()}
                    )
                )
            ]
        # An index that is only known at run time (x[y]) becomes a choice among the components.
        concrete = _spread(concrete, classes).xreplace(plain)
        back = {symbol: component for component, symbol in plain.items()}
        base = self.scope[variable.symbol]
        return [self.function(sp.diff(concrete, plain[base[k]]).xreplace(back)) for k in range(classes)]


def _unbound(expression: Expression, free: Expression) -> Expression:
    """Give the indices that a shorthand sums over names of their own, so that none captures what is put in for c."""
    bound = {limit[0] for total in expression.atoms(sp.Sum) for limit in total.limits} - {free}
    return expression.xreplace({index: sp.Dummy(str(index), integer=True) for index in bound})


def _spread(expression: Expression, classes: int) -> Expression:
    """Rewrite x[y] with a symbolic index as a piecewise choice among x[0] .. x[classes - 1]."""
    if isinstance(expression, sp.Indexed) and not expression.indices[0].is_Integer:
        index = expression.indices[0]
        return sp.Piecewise(*((expression.base[k], sp.Eq(index, k)) for k in range(classes)))
    if not expression.args or isinstance(expression, sp.Indexed):
        return expression
    return expression.func(*(_spread(argument, classes) for argument in expression.args))


def _precise_call(run: Callable[..., Any], *values: Any) -> Any:
    return precise(run, values)


def precise(run: Callable[..., Any], values: Sequence[Any]) -> Any:
    """Evaluate at 50 digits that can be trusted: the working precision grows until two of them agree.

    Cancellation (log(1 + e^x) - x at x = 40) and small terms (1 + e^-1000) cost digits; a fixed precision would
    return noise or zero there. An undefined value comes back as nan.
    """
    digits = DIGITS + 10
    previous = _at(run, values, digits)
    while digits < _MOST_DIGITS:
        digits *= 2
        current = _at(run, values, digits)
        if not mpmath.isfinite(current):
            return current
        # A zero may be an underflow of precision: it is believed only after four more doublings.
        if current != 0 and abs(current - previous) <= abs(current) * mpmath.mpf(10) ** -DIGITS:
            return current
        if current == 0 and previous == 0 and digits >= 960:
            return current
        previous = current
    return previous


def _at(run: Callable[..., Any], values: Sequence[Any], digits: int) -> Any:
    with mpmath.workdps(digits):
        try:
            answer = mpmath.mpmathify(run(*values))
        except (ZeroDivisionError, ValueError, TypeError, IndexError):
            return mpmath.nan
        return mpmath.nan if isinstance(answer, mpmath.mpc) else +answer


def _mp_softplus(x: Any) -> Any:
    return mpmath.log1p(mpmath.exp(x)) if x < 0 else x + mpmath.log1p(mpmath.exp(-x))


def _mp_sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def _mp_xlogy(x: Any, y: Any) -> Any:
    return mpmath.mpf(0) if x == 0 else x * mpmath.log(y)


_FUNCTIONS = {
    softplus.__name__: _mp_softplus,
    sigmoid.__name__: _mp_sigmoid,
    xlogy.__name__: _mp_xlogy,
    maximum.__name__: max,
    minimum.__name__: min,
    indicator.__name__: lambda a, b: mpmath.mpf(1 if a == b else 0),
}
