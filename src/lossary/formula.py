"""What a formula is, and how it becomes numbers at 50 digits. It knows nothing of losses, torch or LaTeX.

A `Symbolic` formula is executed: its value, its gradient and its shorthands are functions of SymPy symbols. A
`Written` one is LaTeX with a short reference implementation, for what no expression holds. Everything downstream
reads both through `Formula`.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol

import mpmath
import sympy as sp

from lossary.symbols import (
    INDEX_OF,
    TABLE,
    Expression,
    atom,
    chosen,
    indicator,
    maximum,
    minimum,
    occurs,
    sigmoid,
    softplus,
    xlogy,
)

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
        gradient: for each input's name, the gradient as it should be read. For a vector over the classes the function
            may use the free index `c`, for one over coordinates `d`, for a matrix both.
        where: shorthands used in `value` and `gradient`, by symbol name; one that `c` or `d` is free in is indexed.
        notation, meanings: how local shorthands are written, LaTeX by name, and what they are, where the symbol
            table does not say.
        label: which case this is, where a loss has several.
        at: the settings it holds for: parameter values, or the kind of an input by the input's name.
        inside: function of the inputs (arrays by name) that says whether it covers them; None where it covers all.
    """

    value: Builder
    gradient: Mapping[str, Builder]
    where: Mapping[str, Builder] = field(default_factory=dict)
    notation: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
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
        figure_latex: the same in the smaller language of figures; without it a card has no formula.
        meanings: what its symbols stand for, by their LaTeX.
        remark: a sentence under the formula, for what a reader must know of it.
        reference: plain Python function of all inputs (arrays) and parameters of a call, by name, to one value for
            each sample, found by brute force.
        reference_gradient: function of the same to the gradient of the values' sum, by input, each in its input's
            shape.
    """

    latex: str
    reference: Callable[..., Sequence[Any]]
    reference_gradient: Callable[..., Mapping[str, Any]] | None = None
    gradient_latex: Mapping[str, str] = field(default_factory=dict)
    figure_latex: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""
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
    dims: tuple[str, ...] = ()


class Built:
    """A symbolic formula bound to the variables of one loss: expressions to print, functions to run.

    Raises:
        ValueError: where the formula names a symbol that is neither a variable, a shorthand nor in the table.
    """

    def __init__(self, formula: Symbolic, variables: Sequence[Variable]) -> None:
        self.formula = formula
        self.variables = tuple(variables)
        self.scope: dict[str, Any] = {
            v.symbol: atom(v.symbol, v.latex, v.integer, bool(v.dims)) for v in self.variables
        }
        self.definitions: dict[str, Expression] = {}
        self.free: dict[str, tuple[str, ...]] = {}
        self.used: dict[str, None] = {}
        self._derivatives: dict[tuple[str, tuple[int, ...]], list[Callable[..., Any]]] = {}
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
        if builder is not None:
            meaning = self._call(builder)
            self.definitions[name] = meaning
            self.free[name] = tuple(
                i for i in INDEX_OF.values() if i in self.scope and self.scope[i] in meaning.free_symbols
            )
        latex = self.formula.notation.get(name) or (entry.latex if entry else name)
        integer = bool(entry and entry.integer and local is None)
        self.scope[name] = atom(name, latex, integer, bool(self.free.get(name)))
        return self.scope[name]

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
                free = [self.scope[i] for i in self.free[name]]
                whole = _unbound(self._expand(self.definitions[name]), free)
                return whole.xreplace(dict(zip(free, expression.indices, strict=True)))
            return expression
        if isinstance(expression, sp.Symbol):
            name = str(expression)
            return self._expand(self.definitions[name]) if name in self.definitions else expression
        if not expression.args or isinstance(expression, sp.IndexedBase):
            return expression
        return expression.func(*(self._expand(argument) for argument in expression.args))

    @cached_property
    def arguments(self) -> tuple[Any, ...]:
        """What a compiled function takes, in order: the variables, the sizes of the dimensions, the free indices."""
        names = (*INDEX_OF, *INDEX_OF.values())
        return (*(self.scope[v.symbol] for v in self.variables), *map(self._loose, names))

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

    def derivative(self, name: str, sizes: tuple[int, ...]) -> list[Callable[..., Any]]:
        """The derivative by an input, made once for each choice of sizes; see `_derivative`."""
        key = (name, sizes)
        if key not in self._derivatives:
            self._derivatives[key] = self._derivative(name, dict(zip(INDEX_OF, sizes, strict=True)))
        return self._derivatives[key]

    def _derivative(self, name: str, sizes: Mapping[str, int]) -> list[Callable[..., Any]]:
        """SymPy's own derivative of the value with respect to an input: one function for each of its components.

        Sums are written out at concrete sizes first. The functions take the same arguments as the others.
        """
        variable = next(v for v in self.variables if v.name == name)
        shapes = {self.scope[v.symbol]: tuple(sizes[d] for d in v.dims) for v in self.variables if v.dims}
        plain: dict[Any, Any] = {
            base[index]: sp.Symbol("_".join([str(base), *map(str, index)]), real=True)
            for base, shape in shapes.items()
            for index in components(shape)
        }
        back = {symbol: component for component, symbol in plain.items()}
        concrete = self.full.subs({self._loose(d): size for d, size in sizes.items()}).doit()
        # An index that is only known at run time (x[y]) becomes a choice among the components.
        concrete = _spread(concrete, shapes).xreplace(plain)
        base = self.scope[variable.symbol]
        by = [plain[base[index]] for index in components(shapes[base])] if variable.dims else [base]
        return [self.function(sp.diff(concrete, symbol).xreplace(back)) for symbol in by]


def components(shape: Sequence[int]) -> list[tuple[int, ...]]:
    """The indices of a vector or matrix of a shape, in the order of its memory."""
    return list(itertools.product(*map(range, shape)))


def _unbound(expression: Expression, free: Sequence[Expression]) -> Expression:
    """Give the indices that a shorthand sums over names of their own, so that none captures what is put in for c."""
    bound = {limit[0] for total in expression.atoms(sp.Sum) for limit in total.limits} - {*free}
    return expression.xreplace({index: sp.Dummy(str(index), integer=True) for index in bound})


def _spread(expression: Expression, shapes: Mapping[Any, tuple[int, ...]]) -> Expression:
    """Rewrite x[y] with a symbolic index as a piecewise choice among x[0] .. x[size - 1]."""
    if isinstance(expression, sp.Indexed):
        place = next((k for k, index in enumerate(expression.indices) if not index.is_Integer), None)
        if place is None:
            return expression
        before, index, after = (
            expression.indices[:place],
            expression.indices[place],
            expression.indices[place + 1 :],
        )
        size = shapes[expression.base][place]
        *most, last = (_spread(expression.base[(*before, k, *after)], shapes) for k in range(size))
        return sp.Piecewise(*((one, sp.Eq(index, k)) for k, one in enumerate(most)), (last, True))
    if not expression.args or isinstance(expression, sp.IndexedBase):
        return expression
    return expression.func(*(_spread(argument, shapes) for argument in expression.args))


def _precise_call(run: Callable[..., Any], *values: Any) -> Any:
    return precise(run, values)


def precise(run: Callable[..., Any], values: Sequence[Any]) -> Any:
    """Evaluate at 50 digits that can be trusted: the working precision grows until two of them agree.

    Cancellation (log(1 + e^x) - x at x = 40) and small terms (1 + e^-1000) cost digits; a fixed precision would
    return noise or zero there. An undefined value comes back as nan.
    """
    digits = DIGITS + 10
    previous = _at(run, values, digits)
    if isinstance(previous, int):
        # A branch that is a whole number, such as the 0 of a hinge: nothing was rounded.
        return mpmath.mpf(previous)
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
            found = run(*values)
            if isinstance(found, int):
                return found
            answer = mpmath.mpmathify(found)
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
    chosen.__name__: lambda term, condition: term if condition else mpmath.mpf(0),
    occurs.__name__: lambda index, labels: int(index in itertools.takewhile(lambda label: label != -1, labels)),
}
