"""How a loss adds up its values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lossary.declaration.values import Arrays, Setting


@dataclass(frozen=True)
class Reduction:
    """How per-sample values become the answer.

    `divisor` gets (inputs, parameters, number of values) as arrays and plain values and returns what the sum is
    divided by; None leaves the values alone. `weights` gets the same and returns a factor for each value, where they
    are weighted before they are added. `divides_by` says it in words.
    """

    name: str
    divides_by: str
    divisor: Callable[[Arrays, Setting, int], float] | None
    weights: Callable[[Arrays, Setting, int], Sequence[float]] | None = None


SUM = Reduction("sum", "nothing: the values are added", lambda inputs, parameters, count: 1.0)


def values_per(unit: str) -> Reduction:
    """The reduction "none" of a loss that has one value per element, sample, pair or whatever else `unit` says."""
    return Reduction("none", f"nothing: one value per {unit}", None)


def per(unit: str, divides_by: str = "") -> tuple[Reduction, ...]:
    """The reductions of a loss that has one value per `unit`, and whose mean divides by their number."""
    words = divides_by or f"the number of {unit}s"
    mean = Reduction("mean", words, lambda inputs, parameters, count: float(count))
    return values_per(unit), SUM, mean


ELEMENTWISE = per("element")
PER_SAMPLE = per("sample")
MEAN = ELEMENTWISE[-1]


def _weight_of_targets(inputs: Arrays, parameters: Setting, count: int) -> float:
    """The weights of the targets that count; the number of targets where they are probabilities."""
    target = np.asarray(inputs["target"])
    if target.ndim == np.ndim(inputs["input"]):
        return float(count)
    ignored = -100 if parameters["ignore_index"] is None else parameters["ignore_index"]
    kept = target[target != ignored].astype(int)
    weight = parameters["weight"]
    return float(kept.size if weight is None else np.asarray(weight, dtype=float)[kept].sum())


def _weight_of_elements(inputs: Arrays, parameters: Setting, count: int) -> float:
    weight = parameters["weight"]
    return float(count if weight is None else np.sum(np.asarray(weight, dtype=float)))


# What torch's functions do that take a weight for each element and divide by the sum of the weights.
BY_WEIGHTS = (
    values_per("element"),
    SUM,
    Reduction("mean", "the number of elements; with a weight, the sum of the weights", _weight_of_elements),
)

_SOFT = "with probabilities, the number of targets, N · d1 · …"
_KEPT = "the sum of the targets' weights, ignored targets left out"
# What torch's losses of class indices do, and of those that take probabilities as well.
WEIGHTED = (values_per("target"), SUM, Reduction("mean", _KEPT, _weight_of_targets))
WEIGHTED_OR_SOFT = (
    values_per("target"),
    SUM,
    Reduction(
        "mean",
        f"with class indices, {_KEPT}; {_SOFT}",
        _weight_of_targets,
    ),
)
