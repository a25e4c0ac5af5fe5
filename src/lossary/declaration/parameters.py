"""The keywords of a loss: their defaults, the values allowed, and the settings at which a loss is checked and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lossary.declaration.inputs import Kind
from lossary.declaration.symbols import TABLE


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
NOT_NEGATIVE = Range(lower=0.0)
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


def flag(name: str, default: bool, meaning: str) -> Parameter:
    """A parameter that is true or false, tried at both."""
    return Parameter(name, default, meaning, kind="boolean", typical=(default, not default))


def class_weight(meaning: str, range: Range = NOT_NEGATIVE) -> Parameter:
    """Torch's `weight` of a loss over classes: a factor for each of them."""
    typical = (None, (1.0, 2.0, 0.5))
    return Parameter("weight", None, meaning, kind="per class", range=range, neutral=1.0, typical=typical)


# torch's `weight` of a loss whose elements stand alone.
ELEMENT_WEIGHT = Parameter(
    "weight",
    None,
    "a factor for each element; the mean still divides by the number of elements",
    kind="per element",
    neutral=1.0,
    typical=(None, 2.5),
)
LABEL_SMOOTHING = Parameter(
    "label_smoothing",
    0.0,
    "how much of the target is spread evenly over all classes",
    range=UNIT,
    typical=(0.0, 0.1, 0.3),
)


def ignore_index(default: int | None = -100, more: str = "", only_with: Mapping[str, Kind] | None = None) -> Parameter:
    """Torch's `ignore_index`; `more` is added to what the page says of it."""
    meaning = f"a target value whose samples are left out, of the sum and of the count{more}"
    neutral = -100 if default is None else None
    typical = (default, 0)
    return Parameter(
        "ignore_index", default, meaning, kind="integer", neutral=neutral, typical=typical, only_with=only_with or {}
    )
