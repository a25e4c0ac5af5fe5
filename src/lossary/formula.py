"""What a formula is, and the function that it becomes. It knows nothing of losses, torch or LaTeX.

A `Symbolic` formula is executed: its value, its gradient and its shorthands are functions of SymPy symbols. A
`Written` one is LaTeX with a short reference implementation, for what no expression holds. Everything downstream
reads both through `Formula`.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import sympy as sp

from lossary.compiled import Compiled, compiled
from lossary.symbols import INDEX_OF, TABLE, Expression, atom

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
    def arguments(self) -> tuple[Any, ...]:
        """What the executed formula takes, in order: the variables, then the sizes of the dimensions."""
        return (*(self.scope[v.symbol] for v in self.variables), *map(self._loose, INDEX_OF))

    def _loose(self, name: str) -> Any:
        return self.scope.get(name) or atom(name, TABLE[name].latex, True)

    @cached_property
    def run(self) -> Compiled:
        """The formula as a function of the values of `arguments`, over balls or dual numbers.

        It gives a function for the value, under the name "value", and one of the free indices for the gradient by
        each input, under the input's name.
        """
        indices = [self._loose(name) for name in INDEX_OF.values()]
        shorthands = {
            name: ([self.scope[i] for i in self.free[name]], meaning) for name, meaning in self.definitions.items()
        }
        gradients = {name: (indices, expression) for name, expression in self.gradient.items()}
        return compiled(self.arguments, {"value": ((), self.value), **gradients}, shorthands)


def components(shape: Sequence[int]) -> list[tuple[int, ...]]:
    """The indices of a vector or matrix of a shape, in the order of its memory."""
    return list(itertools.product(*map(range, shape)))
