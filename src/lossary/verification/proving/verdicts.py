"""What an attempt to prove a claim comes to: a proof, a refutation with a point, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from flint import arb


@dataclass(frozen=True)
class Proof:
    """Why a claim holds, as a clause, and between which points.

    A proof `of_a_range` says nothing of what lies beyond; any other settles the claim for the whole axis.
    """

    between: tuple[float, float]
    how: str
    of_a_range: bool = False


@dataclass(frozen=True)
class Refutation:
    """Where a claim fails, what it leads to expect there, and what was found."""

    where: str
    expected: str
    got: str


Verdict: TypeAlias = Proof | Refutation


class Undecided(Exception):
    """Neither a proof nor a counterexample was found; why, in words."""


def digits(value: float | arb, count: int = 10) -> str:
    """The digits of a number or the middle of a ball: enough to see what a claim lacks, or as few as a reader wants."""
    return f"{float(value):.{count}g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def few_digits(value: float | arb) -> str:
    """The same for a reader: at most six digits, and a true minus sign."""
    written = digits(value, 6)
    return f"−{written[1:]}" if written.startswith("-") else written
