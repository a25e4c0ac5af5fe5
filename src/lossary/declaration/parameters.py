"""The keywords of a loss: their defaults, the values allowed, and the settings at which a loss is checked and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lossary.declaration.inputs import Kind
from lossary.declaration.parameter_kinds import (
    Flag,
    Integer,
    Number,
    OfInputSize,
    ParameterKind,
    PerClass,
    PerElement,
    Plain,
    Range,
)
from lossary.declaration.symbols import TABLE
from lossary.declaration.values import Value

POSITIVE = Range(lower=0.0, lower_open=True)
NOT_NEGATIVE = Range(lower=0.0)
UNIT = Range(lower=0.0, upper=1.0)


@dataclass(frozen=True)
class Parameter:
    """One keyword of the loss.

    Attributes:
        name: the keyword, as torch spells it.
        default: the default; None where torch's default is "none given", or where torch has none.
        meaning: one clause for the page.
        kind: what its values are.
        range: the values allowed.
        neutral: the number that stands for None in a formula.
        typical: settings at which the loss is checked and drawn in the sweep, weakest to strongest.
        symbol: its name in formulas, a key of the symbol table; its own name if empty.
        latex: how a symbol that is not in the table is written.
        only_with: the kinds of inputs with which torch lets it differ from the default, by input.
        required: whether torch has no default for it. Here it may be left out, since the inputs say what it is.
        functional_only: whether torch's function takes it and torch's class does not; the call goes to the function
            where it is given.

    Raises:
        TypeError: where `kind` is a name or a class, and none made of the class.
    """

    name: str
    default: Value
    meaning: str
    kind: ParameterKind = field(default_factory=Number)
    range: Range = field(default_factory=Range)
    neutral: float | None = None
    typical: tuple[Value, ...] = ()
    symbol: str = ""
    latex: str = ""
    only_with: Mapping[str, Kind] = field(default_factory=dict)
    required: bool = False
    functional_only: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.kind, ParameterKind):
            message = f"the kind of {self.name} must be Integer(), Flag(), Choice(…) or another such, got {self.kind!r}"
            raise TypeError(message)
        if self.required and self.default is not None:
            raise TypeError(f"{self.name} is required, so it has no default, got {self.default!r}")

    def __repr__(self) -> str:
        default = "required" if self.required else f"default {self.default!r}"
        return f"<lossary.Parameter {self.name}: {self.range_text()}; {default}>"

    def allowed(self, kinds: Mapping[str, Kind], value: Value) -> bool:
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
        return self.kind.range_text(self.name, self.range)

    def in_formula(self, value: Value, classes: int) -> Plain:
        """A value as a formula takes it, where there are so many classes."""
        return self.kind.in_formula(value, self.neutral, classes)


def flag(name: str, default: bool, meaning: str) -> Parameter:
    """A parameter that is true or false, tried at both."""
    return Parameter(name, default, meaning, kind=Flag(), typical=(default, not default))


def class_weight(meaning: str, broadcasts: bool = False) -> Parameter:
    """Torch's `weight` of a loss over classes: a factor for each of them, of either sign.

    Args:
        meaning: one clause for the page.
        broadcasts: whether torch takes any tensor that lines up with the input.
    """
    typical = (None, (1.0, 2.0, 0.5))
    return Parameter("weight", None, meaning, kind=PerClass(broadcasts), neutral=1.0, typical=typical)


def own_weight(mean: str) -> Parameter:
    """The `weight` that torch's function takes and its class does not: a factor for each element of the input.

    Args:
        mean: what the mean of weighted elements is divided by, in words.
    """
    return Parameter(
        "weight",
        None,
        f"a factor for each element; the mean then divides by {mean}",
        kind=OfInputSize(),
        neutral=1.0,
        typical=(None, (1.0, 2.0, 0.5)),
        functional_only=True,
    )


# torch's `weight` of a loss whose elements stand alone.
ELEMENT_WEIGHT = Parameter(
    "weight",
    None,
    "a factor for each element; the mean still divides by the number of elements",
    kind=PerElement(),
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
    meaning = f"a target value that is left out, of the sum and of the count{more}"
    neutral = -100 if default is None else None
    typical = (default, 0)
    return Parameter(
        "ignore_index", default, meaning, kind=Integer(), neutral=neutral, typical=typical, only_with=only_with or {}
    )


# Arguments that many of torch's losses have and no page lists among the parameters, with the reason that it gives.
LEFT_OUT: Mapping[str, str] = {
    "size_average": "deprecated; `reduction` says the same",
    "reduce": "deprecated; `reduction` says the same",
}
# Those of torch's losses that own a layer, for their `omitted`.
OF_LAYERS: Mapping[str, str] = {
    "device": "they say where and in which format the layer makes its weights, which are inputs here",
    "dtype": "they say where and in which format the layer makes its weights, which are inputs here",
}
