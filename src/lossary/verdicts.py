"""What an attempt to prove a claim comes to: a proof, a refutation with a point, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Proof:
    """What holds, between which points, and why, as a clause; an end may be infinite."""

    between: tuple[float, float]
    how: str


@dataclass(frozen=True)
class Refutation:
    """Where a claim fails, what it leads to expect there, and what was found."""

    where: str
    expected: str
    got: str


Verdict: TypeAlias = Proof | Refutation


class Undecided(Exception):
    """Neither a proof nor a counterexample was found; why, in words."""


def told(value: Any) -> str:
    """A number or the middle of a ball, in words."""
    return f"{float(value):.9g}"
