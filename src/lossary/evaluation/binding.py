"""Binds a symbolic formula to the variables of a loss: expressions to print, and the function that it becomes.

It knows nothing of losses, torch or LaTeX.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from lossary.declaration.formula import Builder, Symbolic
from lossary.declaration.symbols import INDEX_OF, TABLE, Expression, atom
from lossary.errors import told
from lossary.evaluation.compiled import Compiled, compile_formula

_MADE_OF = (
    "it is made of symbols and of what lossary.declaration has, such as exp, log, maximum and cases, "
    "and not of math, numpy, torch or `if`"
)


@dataclass(frozen=True)
class Variable:
    """A symbol that carries a value into the formula: an input or a parameter."""

    name: str
    symbol: str
    latex: str
    integer: bool = False
    dims: tuple[str, ...] = ()


class BoundFormula:
    """A symbolic formula bound to the variables of one loss: expressions to print, functions to run.

    Raises:
        ValueError: where the formula names a symbol that is neither a variable, a shorthand nor in the table.
    """

    def __init__(self, formula: Symbolic, variables: Sequence[Variable]) -> None:
        self.formula = formula
        self.variables = tuple(variables)
        self.scope: dict[str, Expression] = {
            v.symbol: atom(v.symbol, v.latex, v.integer, bool(v.dims)) for v in self.variables
        }
        self.definitions: dict[str, Expression] = {}
        self.free: dict[str, tuple[str, ...]] = {}
        self.used: dict[str, None] = {}
        with sp.evaluate(False):
            self.value = self._call(formula.value)
            self.gradient = {name: self._call(builder) for name, builder in formula.gradient.items()}

    def _call(self, builder: Builder) -> Expression:
        symbols = [self._symbol(name) for name in inspect.signature(builder).parameters]
        try:
            made = builder(*symbols)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"the formula cannot be written down, {told(error)}; {_MADE_OF}") from error
        if made is None or isinstance(made, str):
            raise ValueError(f"the formula gives {made!r}, which is no expression; {_MADE_OF}")
        return sp.sympify(made)

    def _symbol(self, name: str) -> Expression:
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
    def arguments(self) -> tuple[Expression, ...]:
        """What the executed formula takes, in order: the variables, then the sizes of the dimensions."""
        return (*(self.scope[v.symbol] for v in self.variables), *map(self._loose, INDEX_OF))

    def _loose(self, name: str) -> Expression:
        return self.scope.get(name) or atom(name, TABLE[name].latex, True)

    @cached_property
    def run(self) -> Compiled:
        """The formula as a function of the values of `arguments`, over balls or dual numbers.

        It gives a function for the value, under the name "value", and one of the free indices for the gradient with
        respect to each input, under the input's name.
        """
        indices = [self._loose(name) for name in INDEX_OF.values()]
        shorthands = {
            name: ([self.scope[i] for i in self.free[name]], meaning) for name, meaning in self.definitions.items()
        }
        gradients = {name: (indices, expression) for name, expression in self.gradient.items()}
        return compile_formula(self.arguments, {"value": ((), self.value), **gradients}, shorthands)


def components(shape: Sequence[int]) -> list[tuple[int, ...]]:
    """The indices of a vector or matrix of a shape, in the order of its memory."""
    return list(itertools.product(*map(range, shape)))
