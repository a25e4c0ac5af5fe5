"""What a formula is. It knows nothing of losses, torch or LaTeX.

A `Symbolic` formula is executed: its value, its gradient and its shorthands are functions of SymPy symbols. A
`Written` one is LaTeX with a short reference implementation, for what no expression holds. Everything downstream
reads both through `Formula`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from lossary.declaration.inputs import Kind
from lossary.declaration.symbols import Expression
from lossary.declaration.values import Arrays, Numbers, Value

Builder = Callable[..., Expression]
# The settings that a formula holds for: values by parameter, and the kind of an input by the input's name.
Case: TypeAlias = Mapping[str, Value | Kind]


class Formula(Protocol):
    """What every stage after the declaration may ask of a formula."""

    @property
    def label(self) -> str:
        """Which case it is."""

    @property
    def at(self) -> Case:
        """The settings that it holds for."""

    @property
    def executable(self) -> bool:
        """Whether what is shown is what is run."""


@dataclass(frozen=True, eq=False)
class Symbolic:
    """A formula that is executed.

    Attributes:
        value: function from symbols, named as in the symbol table, to the value of one element or sample.
        gradient: for each input's name, the gradient as it should be read; only an input whose values are labels, or
            with respect to which torch gives none, may lack one. For a vector over the classes the function may use the
            free index `c`, for one over coordinates `d`, for a matrix both.
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
    at: Case = field(default_factory=dict)
    inside: Callable[[Arrays], bool] | None = None

    @property
    def executable(self) -> bool:
        """The expression that is shown is the one that is run."""
        return True


@dataclass(frozen=True, eq=False)
class Written:
    """A formula that no expression holds: shown as LaTeX, checked against a reference implementation.

    Attributes:
        latex, gradient_latex: what the page shows; the page says that it was not executed.
        gradient_head: the sign for what torch returns as the gradient, where that is not the derivative of the loss.
        figure_latex: the same in the smaller language of figures; without it a card has no formula.
        meanings: what its symbols stand for, by their LaTeX.
        remark: a sentence under the formula, for what a reader must know of it.
        reference: plain Python function of all inputs (arrays) and parameters of a call, by name, to one value for
            each sample, found by brute force.
        reference_gradient: function of the same to the gradient of the values' sum, by input, each in its input's
            shape.
    """

    latex: str
    reference: Callable[..., Sequence[Numbers]]
    reference_gradient: Callable[..., Mapping[str, Numbers]] | None = None
    gradient_latex: Mapping[str, str] = field(default_factory=dict)
    gradient_head: str = ""
    figure_latex: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""
    label: str = ""
    at: Case = field(default_factory=dict)

    @property
    def executable(self) -> bool:
        """What is shown is not run; the reference beside it is."""
        return False
