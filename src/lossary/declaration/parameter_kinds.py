"""The kinds of parameters: what each reads from text, allows, gives to torch and to a formula, and lets a reader move.

Nothing outside asks which kind a parameter has. Each stage reads what a kind says of itself, so that a kind that no
other loss has is one more class here, or in the file of the loss.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.values import Value

# What a formula takes for a parameter: a whole number, a real one, or one for each class; None where it takes none.
Plain: TypeAlias = int | float | list[float] | None


HAIR = 1e-12  # a distance that no reader sees


@dataclass(frozen=True)
class Range:
    """The values that a numeric parameter may take; open ends are not included.

    `inset` is how near to an open end a reader may move it on a plot, for a formula that loses its digits there.
    """

    lower: float = float("-inf")
    upper: float = float("inf")
    lower_open: bool = False
    upper_open: bool = False
    inset: float = HAIR

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range."""
        above = value > self.lower if self.lower_open else value >= self.lower
        below = value < self.upper if self.upper_open else value <= self.upper
        return above and below

    @property
    def everything(self) -> bool:
        """Whether no number lies outside."""
        return self.lower == float("-inf") and self.upper == float("inf")

    def text(self, name: str) -> str:
        """The range in words a reader and an error message share, such as "delta > 0"."""
        low, high = f"{self.lower:g}", f"{self.upper:g}"
        if self.everything:
            return "any number"
        if self.upper == float("inf"):
            return f"{name} {'>' if self.lower_open else '>='} {low}"
        if self.lower == float("-inf"):
            return f"{name} {'<' if self.upper_open else '<='} {high}"
        return f"{low} {'<' if self.lower_open else '<='} {name} {'<' if self.upper_open else '<='} {high}"


class Widget(enum.Enum):
    """What a reader moves a parameter with."""

    SLIDER = "a slider over real numbers"
    STEPS = "a slider over whole numbers, or a choice among them where they are few"
    SLIDERS = "a slider for each class"
    CHECKBOX = "a box to tick"
    SELECT = "a list of names"


class ParameterKind:
    """What the values of a parameter are.

    Attributes:
        widget: what a reader moves it with; None where there is nothing to move.
        integer: whether its symbol in formulas stands for a whole number.
        dims: the dimensions of its symbol in formulas, as of an `Input`.
        broadcast: whether each sample has a value of its own, which is lined up with the inputs.
        sized: whether that is a tensor of exactly the input's size.
        tensor: whether torch takes it as a tensor.
        options: what torch is given for each name, where a value is one of a few names.
        plain: whether it is one real number, which words and calls show, and of which a picture draws several.
        swept: whether a sweep shows it.
    """

    widget: ClassVar[Widget | None] = None
    integer: ClassVar[bool] = False
    dims: ClassVar[tuple[str, ...]] = ()
    broadcast: ClassVar[bool] = False
    sized: ClassVar[bool] = False
    tensor: ClassVar[bool] = False
    plain: ClassVar[bool] = False
    swept: ClassVar[bool] = False
    listed: ClassVar[bool] = False  # whether a single number as text is a list of one
    options: Mapping[str, object] = MappingProxyType({})

    def read(self, text: str) -> Value:
        """The value that a text means; several numbers stand between commas.

        Raises:
            ValueError: for a text that is no value.
        """
        values = [literal(part) for part in text.split(",")]
        return values if self.listed or len(values) > 1 else values[0]

    def checked(self, value: Value, range: Range) -> Value:
        """A value that was given, as it is kept.

        Raises:
            ValueError: for a value of another kind or outside the range.
        """
        raise NotImplementedError

    def several(self, values: Sequence[Value]) -> bool:
        """Whether a list is one of values, each of which has a curve of its own in a picture, and not one value."""
        return self.plain

    def range_text(self, name: str, range: Range) -> str:
        """The values allowed, in words."""
        raise NotImplementedError

    def for_torch(self, value: Value) -> object:
        """What torch is given for a value; made a tensor if `tensor` says so."""
        return value

    def in_formula(self, value: Value, neutral: float | None, classes: int) -> Plain:
        """A value as a formula takes it: a whole number, a real one, or a list of one for each class.

        None is for what is no number: which formula holds depends on it.
        """
        raise NotImplementedError


def literal(text: str) -> bool | int | float | None:
    """The number or word that a text means.

    Raises:
        ValueError: for any other text.
    """
    word = text.strip().lower()
    words = {"true": True, "false": False, "none": None}
    if word in words:
        return words[word]
    try:
        number = float(word)
    except ValueError:
        raise ValueError(f"{text!r} is not a number, true, false or none") from None
    return int(number) if number.is_integer() and "." not in word and "e" not in word else number


def _number(value: Value) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError
    return value


# As many as NumPy has in a tensor's array.
MOST_DIMENSIONS = 32


def _numbers_only(value: Value) -> bool:
    """Whether there are numbers in nested lists and nothing that is only read as one, such as "1.5" or true."""
    if isinstance(value, list | tuple):
        return all(map(_numbers_only, value))
    if isinstance(value, str | bool) or value is None:
        return False
    made = getattr(value, "dtype", float)  # of a tensor, which NumPy does not know, the check comes with its numbers
    return not isinstance(made, np.dtype) or np.issubdtype(made, np.integer) or np.issubdtype(made, np.floating)


def _array(value: Value, range: Range) -> NDArray[np.float64]:
    if not _numbers_only(value):
        raise ValueError
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, OverflowError, RuntimeError):
        raise ValueError from None
    if array.ndim > MOST_DIMENSIONS:
        raise ValueError
    if not all(np.isfinite(v) and range.holds(float(v)) for v in array.ravel()):
        raise ValueError
    return array


@dataclass(frozen=True)
class Number(ParameterKind):
    """A real number; with `infinite`, those infinities too that the range holds, at which no formula is displayed."""

    infinite: bool = False

    widget: ClassVar[Widget | None] = Widget.SLIDER
    plain = True
    swept = True

    def checked(self, value: Value, range: Range) -> Value:
        """A number in the range, finite unless the kind says else."""
        number = _number(value)
        if self.infinite and abs(number) == float("inf") and range.holds(number):
            return number
        if not abs(number) <= sys.float_info.max or not range.holds(number):
            raise ValueError
        return float(number)

    def range_text(self, name: str, range: Range) -> str:
        """The range, and that infinity is in it where it is."""
        return f"{range.text(name)}{', inf included' * self.infinite}"

    def in_formula(self, value: Value, neutral: float | None, classes: int) -> Plain:
        """A real number; the neutral one for None."""
        number = neutral if value is None else value
        return None if number is None else float(number)


@dataclass(frozen=True)
class Integer(ParameterKind):
    """A whole number."""

    widget = Widget.STEPS
    integer = True

    def checked(self, value: Value, range: Range) -> Value:
        """A whole number of 64 bits in the range; 2.0 is one."""
        number = _number(value)
        if not abs(number) < 2**63 or int(number) != number or not range.holds(number):
            raise ValueError
        return int(number)

    def range_text(self, name: str, range: Range) -> str:
        """The range, and that it is of integers."""
        return "any integer" if range.everything else f"integer, {range.text(name)}"

    def in_formula(self, value: Value, neutral: float | None, classes: int) -> Plain:
        """A whole number; the neutral one, or 0, for None."""
        return int(neutral or 0) if value is None else int(value)


@dataclass(frozen=True)
class Integers(ParameterKind):
    """A list of whole numbers."""

    listed = True

    def checked(self, value: Value, range: Range) -> Value:
        """A list of integers of any length."""
        if not isinstance(value, list | tuple) or not all(
            isinstance(v, int) and not isinstance(v, bool) for v in value
        ):
            raise ValueError
        return list(value)

    def range_text(self, name: str, range: Range) -> str:
        """That it is a list."""
        return "a list of whole numbers"

    def in_formula(self, value: Value, neutral: float | None, classes: int) -> Plain:
        """No number."""
        return None


@dataclass(frozen=True)
class Flag(ParameterKind):
    """True or false."""

    widget = Widget.CHECKBOX

    def checked(self, value: Value, range: Range) -> Value:
        """True or false, and neither 1 nor 0."""
        if not isinstance(value, bool):
            raise ValueError
        return value

    def range_text(self, name: str, range: Range) -> str:
        """Both values."""
        return "true or false"

    def in_formula(self, value: Value, neutral: float | None, classes: int) -> Plain:
        """1 or 0."""
        return int(bool(value))


@dataclass(frozen=True)
class Choice(ParameterKind):
    """One of a few names; `options` says what torch is given for each of them."""

    options: Mapping[str, object] = field()  # given always: what other kinds have is no default

    widget = Widget.SELECT

    def read(self, text: str) -> Value:
        """The name as it stands, commas and all."""
        return text.strip()

    def checked(self, value: Value, range: Range) -> Value:
        """One of the names."""
        if not isinstance(value, str) or value not in self.options:
            raise ValueError
        return value

    def range_text(self, name: str, range: Range) -> str:
        """The names."""
        return " or ".join(self.options)

    def for_torch(self, value: Value) -> object:
        """What stands behind the name."""
        return self.options[value]

    def in_formula(self, value: Value, neutral: float | None, classes: int) -> Plain:
        """No number."""
        return None


@dataclass(frozen=True)
class PerClass(ParameterKind):
    """A vector with a number for each class.

    With `broadcasts`, torch also takes a number or a tensor that lines up with the input; no formula is of that.
    """

    broadcasts: bool = False

    widget = Widget.SLIDERS
    dims = ("C",)
    tensor = True
    listed = True

    def checked(self, value: Value, range: Range) -> Value:
        """A list of finite numbers in the range, of any length."""
        array = _array(value, range)
        if array.ndim != 1 and not self.broadcasts:
            raise ValueError
        return array.tolist()

    def range_text(self, name: str, range: Range) -> str:
        """The range of each number."""
        words = "one number for each class" + (", or a tensor that broadcasts to the input" if self.broadcasts else "")
        return words if range.everything else f"{words}, {range.text(name)}"

    def in_formula(self, value: Value, neutral: float | None, classes: int) -> Plain:
        """A list; of the neutral number for None."""
        if value is None:
            return None if neutral is None else [neutral] * classes
        return list(value)


@dataclass(frozen=True)
class PerElement(ParameterKind):
    """A tensor that is broadcast against the input."""

    widget: ClassVar[Widget | None] = Widget.SLIDER
    broadcast = True
    tensor = True
    swept = True

    def checked(self, value: Value, range: Range) -> Value:
        """A number or nested lists of them, all finite and in the range."""
        return _array(value, range).tolist()

    def several(self, values: Sequence[Value]) -> bool:
        """A picture shows one element, so that a plain list of numbers is no tensor there."""
        return self.swept and not any(isinstance(value, list | tuple) for value in values)

    def range_text(self, name: str, range: Range) -> str:
        """The range of each number."""
        return f"a tensor that broadcasts to the input, {range.text(name)}"

    def in_formula(self, value: Value, neutral: float | None, classes: int) -> Plain:
        """The number that an element has; the neutral one for None."""
        return neutral if value is None else value


@dataclass(frozen=True)
class OfInputSize(PerElement):
    """A tensor of the input's own size, which torch does not broadcast; no picture shows it."""

    widget = None
    sized = True
    swept = False

    def range_text(self, name: str, range: Range) -> str:
        """The size, and the range of each number."""
        words = "a tensor of the input's size"
        return words if range.everything else f"{words}, {range.text(name)}"
