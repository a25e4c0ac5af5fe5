"""The declaration of a loss: plain frozen data that every other stage reads.

It knows nothing of torch, figures or pages. A loss file builds one `Loss`; its slug and its family are the
file's name and folder, so that neither is ever written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lossary.formula import Builder, Formula, Symbolic
from lossary.kinds import REAL, REAL_TARGET, Kind
from lossary.sections import Diagram, Extremes, HeatMap, Scene, Section, Study
from lossary.symbols import TABLE

Number = float | int


@dataclass(frozen=True)
class Input:
    """One tensor that the loss takes.

    Attributes:
        name: the argument's name in the contract, such as "input".
        symbol: its symbol in the formulas, a key of the symbol table.
        kinds: what its values may be; with several, the shape (and `selects`) tells which one was meant.
        shape: the shape in the notation of torch's documentation, such as "(*)" or "(N, C)".
        meaning: one clause that says what it is.
        kinds_at: other kinds under a setting, by (parameter, value).
        differentiable: whether torch gives a gradient by it.
        per_row: it may lack the last dimension; one number then serves a whole row.
        batch_axis: which dimension counts the samples of a batch.
    """

    name: str
    symbol: str
    kinds: tuple[Kind, ...]
    shape: str
    meaning: str
    kinds_at: Mapping[tuple[str, Any], tuple[Kind, ...]] = field(default_factory=dict)
    differentiable: bool = True
    per_row: bool = False
    batch_axis: int = 0

    def candidates(self, parameters: Mapping[str, Any]) -> tuple[Kind, ...]:
        """The kinds that its values may be under these parameters."""
        for (name, value), kinds in self.kinds_at.items():
            if parameters.get(name) == value:
                return kinds
        return self.kinds


# The signature of a regression loss.
REGRESSION_INPUTS = (
    Input("input", "x", (REAL,), "(*)", "the predictions"),
    Input("target", "y", (REAL_TARGET,), "(*), same as input", "the values to predict"),
)


@dataclass(frozen=True)
class Range:
    """The values that a numeric parameter may take; open ends are not included."""

    lower: float = float("-inf")
    upper: float = float("inf")
    lower_open: bool = False
    upper_open: bool = False

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range."""
        above = value > self.lower if self.lower_open else value >= self.lower
        below = value < self.upper if self.upper_open else value <= self.upper
        return above and below

    def text(self, name: str) -> str:
        """The range in words a reader and an error message share, such as "delta > 0"."""
        low, high = f"{self.lower:g}", f"{self.upper:g}"
        if self.lower == float("-inf") and self.upper == float("inf"):
            return "any number"
        if self.upper == float("inf"):
            return f"{name} {'>' if self.lower_open else '>='} {low}"
        if self.lower == float("-inf"):
            return f"{name} {'<' if self.upper_open else '<='} {high}"
        return f"{low} {'<' if self.lower_open else '<='} {name} {'<' if self.upper_open else '<='} {high}"


POSITIVE = Range(lower=0.0, lower_open=True)
UNIT = Range(lower=0.0, upper=1.0)


@dataclass(frozen=True)
class Parameter:
    """One keyword of the loss.

    Attributes:
        name: the keyword, as torch spells it.
        default: the default; None where torch's default is "none given".
        meaning: one clause for the page.
        kind: "number", "integer", "integers" (a list of them), "boolean", "choice" (one of `choices`), "per class" (a
            vector over the classes) or "per element" (a tensor that is broadcast against the input).
        range: the values allowed.
        neutral: the number that stands for None in a formula.
        typical: settings at which the loss is checked and drawn in the sweep, weakest to strongest.
        symbol: its name in formulas, a key of the symbol table; its own name if empty.
        latex: how a symbol that is not in the table is written.
        only_with: the kinds of inputs with which torch lets it differ from the default, by input.
        choices: what torch is given for each name of a choice.
    """

    name: str
    default: Any
    meaning: str
    kind: Literal["number", "integer", "integers", "boolean", "choice", "per class", "per element"] = "number"
    range: Range = Range()
    neutral: float | None = None
    typical: tuple[Any, ...] = ()
    symbol: str = ""
    latex: str = ""
    only_with: Mapping[str, Kind] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)

    def allowed(self, kinds: Mapping[str, Kind], value: Any) -> bool:
        """Whether this value may be given with inputs of these kinds."""
        return value == self.default or all(kinds[name] is kind for name, kind in self.only_with.items())

    @property
    def key(self) -> str:
        """Its name in formulas."""
        return self.symbol or self.name

    @property
    def written(self) -> str:
        """Its LaTeX."""
        return self.latex or (TABLE[self.key].latex if self.key in TABLE else rf"\mathrm{{{self.name}}}")

    def range_text(self) -> str:
        """The values allowed, in words."""
        if self.kind == "boolean":
            return "true or false"
        if self.kind == "choice":
            return " or ".join(self.choices)
        if self.kind == "integers":
            return "a list of whole numbers"
        words = self.range.text(self.name)
        if self.kind == "per class":
            return f"one number for each class, {words}" if words != "any number" else "one number for each class"
        if self.kind == "per element":
            return f"a tensor that broadcasts to the input, {words}"
        if self.kind == "integer":
            return "any integer" if words == "any number" else f"integer, {words}"
        return words


@dataclass(frozen=True)
class Reduction:
    """How per-sample values become the answer.

    `divisor` gets (inputs, parameters, number of values) as arrays and plain values and returns what the sum is
    divided by; None leaves the values alone. `weights` gets the same and returns a factor for each value, where they
    are weighted before they are added. `divides_by` says it in words.
    """

    name: str
    divides_by: str
    divisor: Callable[[Mapping[str, Any], Mapping[str, Any], int], float] | None
    weights: Callable[[Mapping[str, Any], Mapping[str, Any], int], Sequence[float]] | None = None


NONE = Reduction("none", "nothing: one value for each element", None)
SUM = Reduction("sum", "nothing: the values are added", lambda inputs, parameters, count: 1.0)
MEAN = Reduction("mean", "the number of elements", lambda inputs, parameters, count: float(count))
ELEMENTWISE = (NONE, SUM, MEAN)


def _weight_of_targets(inputs: Mapping[str, Any], parameters: Mapping[str, Any], count: int) -> float:
    """The weights of the targets that count; the number of samples where the targets are probabilities."""
    target = np.asarray(inputs["target"])
    if target.ndim == np.ndim(inputs["input"]):
        return float(count)
    ignored = -100 if parameters["ignore_index"] is None else parameters["ignore_index"]
    kept = target[target != ignored].astype(int)
    weight = parameters["weight"]
    return float(kept.size if weight is None else np.asarray(weight, dtype=float)[kept].sum())


# What torch's losses of class indices do.
WEIGHTED = (
    NONE,
    SUM,
    Reduction("mean", "the sum of the targets' weights, ignored targets left out", _weight_of_targets),
)


@dataclass(frozen=True)
class Summed:
    """A formula of a whole vector, for a loss whose elements add up to something with a name, such as a divergence.

    `reduction` is the one that gives it for one vector, `kinds` what each input holds then.
    """

    formula: Symbolic
    reduction: str
    kinds: Mapping[str, Kind]


@dataclass(frozen=True)
class Precision:
    """The size of the numbers that torch rounds on the way in float64, where that is not the result's own, and why.

    Differences are measured against it: `absolute` is a plain size, `of_input` a multiple of the largest input, `size`
    a function of the formula's symbols.
    """

    absolute: float = 0.0
    of_input: float = 0.0
    size: Builder | None = None
    why: str = ""


EXACT = Precision()


@dataclass(frozen=True)
class Cited:
    """A property that was taken from a reference instead of being checked."""

    value: Any
    source: str


@dataclass(frozen=True)
class Library:
    """The same loss elsewhere; `factor` is that library's value divided by torch's per-element value."""

    name: str
    call: str
    factor: float | None
    note: str = ""


@dataclass(frozen=True)
class Reference:
    """A confirmed source; the citation text and the BibTeX entry are both made from these fields."""

    authors: tuple[str, ...]
    title: str
    venue: str
    year: int
    doi: str | None = None
    arxiv: str | None = None
    url: str | None = None
    kind: Literal["article", "inproceedings", "book", "misc"] = "article"


@dataclass(frozen=True)
class Relation:
    """An identity or limit that links two losses, and the two Python expressions whose equality shows it.

    `left` and `right` are evaluated in float64 and must agree within `tolerance` (relative). They may use torch, nn
    and F, and these tensors: `input`, `target` (64 real numbers), `logits`, `label` (64, labels 0 or 1), `scores`,
    `p`, `q` (8 by 5: logits, and two batches of distributions) and `classes` (8 class indices).
    """

    slug: str
    text: str
    left: str
    right: str
    tolerance: float = 1e-12


@dataclass(frozen=True)
class Loss:
    """Everything that Lossary knows about one loss.

    Attributes:
        title: the page's title.
        summary: one sentence.
        inputs, parameters: the signature, in order.
        formulas: the main formula first; each further one covers other settings (see `Formula.at`).
        summed: what the elements of one vector add up to, where that has a formula of its own.
        computed: what torch computes at the closed ends of the domain, if it differs from the formula there.
        sections: where to draw; the first is the main one.
        properties: the claims, by key of the vocabulary; a function of the parameters where it depends on them.
        torch: the class in torch.nn, or None.
        functional: the function in torch.nn.functional, or None.
        function: the loss's own torch function of (inputs, parameters) for one value per sample, where torch has none.
        call: how torch is called where its class owns tensors that are inputs here: a function of the inputs, the
            parameters and the reduction.
        torch_call: how a page says that torch is called, where the class takes sizes that no parameter names.
        usage: the code that sets `loss` in the page's example, where the class is not simply called with the inputs.
        batches: function of the parameters to the inputs that are checked, where they cannot be drawn one by one.
        example: small inputs for the example on the page.
    """

    title: str
    summary: str
    inputs: tuple[Input, ...]
    formulas: tuple[Formula, ...]
    sections: tuple[Section, ...]
    example: Mapping[str, Any]
    properties: Mapping[str, Any]
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    search_terms: tuple[str, ...] = ()
    torch: str | None = None
    functional: str | None = None
    function: Callable[..., Any] | None = None
    call: Callable[..., Any] | None = None
    torch_call: str = ""
    usage: str = ""
    batches: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]] | None = None
    reductions: tuple[Reduction, ...] = ELEMENTWISE
    default_reduction: str = "mean"
    sample_dimension: int | None = None
    summed: Summed | None = None
    computed: Formula | None = None
    precision: Precision = EXACT
    maps: tuple[HeatMap, ...] = ()
    studies: tuple[Study, ...] = ()
    scenes: tuple[Scene, ...] = ()
    diagrams: tuple[Diagram, ...] = ()
    extremes: Extremes | None = None
    libraries: tuple[Library, ...] = ()
    references: tuple[Reference, ...] = ()
    relations: tuple[Relation, ...] = ()
    prose: str = field(default="", repr=False)
    slug: str = ""
    family: str = ""
    path: str = ""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of a name, or None."""
        return next((p for p in self.parameters if p.name == name), None)

    def defaults(self) -> dict[str, Any]:
        """All parameters at their defaults."""
        return {p.name: p.default for p in self.parameters}

    @property
    def main(self) -> Section:
        """The section that the loss is drawn and measured along."""
        return self.sections[0]
