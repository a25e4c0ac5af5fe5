"""What the values of an input may be, and the numbers at which a loss of them is checked. It knows no loss."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What the values of an input are: the words for the page, and the numbers it is checked at.

    Attributes:
        name: the words a page uses, such as "probabilities".
        rank: how many trailing dimensions make one value (0: a number, 1: a vector).
        integer: values are integers and have no gradient.
        values: numbers (rank 0) at which a loss of such an input is checked, tails included.
        ends: numbers at the closed ends of the domain, where torch may clamp.
        sampler: for rank 1, which vectors to draw: "logits", "distribution" or "log_distribution".
        lower, upper: the closed ends of the domain, for messages and for solvers.
    """

    name: str
    rank: int = 0
    integer: bool = False
    values: tuple[float, ...] = ()
    ends: tuple[float, ...] = ()
    sampler: str = ""
    lower: float = float("-inf")
    upper: float = float("inf")


_TAILS = (1e-300, 1e-12, 1e-4, 1e-2, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 7.5, 12.0, 40.0, 100.0, 1000.0, 1e6)
_SYMMETRIC = (*(-v for v in reversed(_TAILS)), 0.0, *_TAILS)
_INSIDE = (2e-12, 1e-9, 1e-6, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)

REAL = Kind("real numbers", values=_SYMMETRIC)
REAL_TARGET = Kind("real numbers", values=(0.0, 0.75, -3.0, 1000.0))
LOGIT = Kind("logits (any real number)", values=_SYMMETRIC)
PROBABILITY = Kind(
    "probabilities, from 0 to 1",
    values=(*_INSIDE, *(1 - v for v in reversed(_INSIDE[:-1]))),
    ends=(0.0, 1.0, 1e-60, 1e-30, 1e-13),
    lower=0.0,
    upper=1.0,
)
BINARY = Kind("labels 0 or 1, or probabilities in between", values=(0.0, 1.0, 0.3, 0.9), lower=0.0, upper=1.0)
LOG_PROBABILITY = Kind(
    "log-probabilities (at most 0)",
    values=(0.0, -1e-12, -1e-3, -0.05, -0.3, -0.7, -1.0, -2.5, -7.0, -40.0, -200.0, -745.0),
    upper=0.0,
)
OUTCOME_PROBABILITY = Kind(
    "probabilities, from 0 to 1",
    values=(0.0, 1e-300, 1e-9, 1e-3, 0.1, 0.3, 0.5, 0.9, 1.0),
    lower=0.0,
    upper=1.0,
)
OUTCOME_LOG_PROBABILITY = Kind(
    "log-probabilities (at most 0)", values=(-700.0, -40.0, -7.0, -1.0, -0.3, -1e-3, 0.0), upper=0.0
)
LOGITS = Kind("logits, one for each class", rank=1, sampler="logits")
CLASS_INDEX = Kind("class indices 0 to C - 1", integer=True)
DISTRIBUTION = Kind("probabilities that sum to 1", rank=1, sampler="distribution", lower=0.0, upper=1.0)
LOG_DISTRIBUTION = Kind("their logarithms", rank=1, sampler="log_distribution", upper=0.0)
CLASS_PROBABILITIES = Kind("class probabilities", rank=1, sampler="distribution", lower=0.0, upper=1.0)
