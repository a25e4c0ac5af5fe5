"""The names of plain values that go from room to room: what a parameter is set to, what an input is given, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from numpy.typing import NDArray

# What a parameter is set to: a number, true or false, the name of a choice, nested lists of numbers, or None where
# torch's default is "none given". Which of them it is, the kind of the parameter says and checks, and no type can.
Value: TypeAlias = Any
# Values by parameter. `check_parameters` makes a full one of what is given.
Setting: TypeAlias = Mapping[str, Value]

# Real or whole numbers: which of them, the kind of the input says.
Array: TypeAlias = NDArray[Any]
# What an input is given: a number, an array, nested lists, a list of matrices. NumPy's functions take them all.
Numbers: TypeAlias = Any
# The same for each input, by name.
Arrays: TypeAlias = Mapping[str, Numbers]

# A tensor of torch, which what is declared takes and gives, and declarations do not import.
Tensor: TypeAlias = Any

# A plain JSON value. What is in it is said where it is made, and checked by the schema of what is published.
Json: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Json]
