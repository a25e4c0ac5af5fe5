"""The vocabulary of properties: their labels, what a measurement finds, and when a claim agrees with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from lossary.declaration.references import Claimed

LABELS = {
    "convex": "Convex",
    "smoothness": "Smoothness",
    "lipschitz": "Lipschitz constant",
    "gradient_lipschitz": "Lipschitz constant of the gradient",
    "bounded": "Bounded",
    "supremum": "Supremum",
    "symmetric": "Symmetric",
    "value_at_perfect": "Loss of a perfect prediction",
    "gradient_limits": "Gradient at the far ends",
    "redescending": "Redescending gradient",
    "elicits": "Elicits",
    "proper": "Proper scoring rule",
    "calibrated": "Classification-calibrated",
}

SMOOTHNESS = ("discontinuous", "C0", "C1", "C2", "Cinf")


@dataclass(frozen=True)
class Finding:
    """What was measured, and how, in one sentence.

    `also` are further names for the same finding, `branches` what was found on each branch of several. `placed` where
    the sentence names a place on the axis or a value there, so that it is not the same on another branch.
    """

    value: Claimed
    how: str
    also: tuple[Claimed, ...] = ()
    branches: Mapping[str, Claimed] = field(default_factory=dict)
    placed: bool = False


def agree(claimed: Claimed, found: Claimed) -> bool:
    """Whether a claim and a measurement are the same: numbers to 1e-6, everything else exactly."""
    if isinstance(claimed, list | tuple):
        return isinstance(found, list | tuple) and len(claimed) == len(found) and all(map(agree, claimed, found))
    if isinstance(claimed, bool) or isinstance(found, bool):
        return claimed is found
    if isinstance(claimed, str) or isinstance(found, str):
        return bool(claimed == found)
    return math.isclose(float(claimed), float(found), rel_tol=1e-6, abs_tol=1e-6)


def number(value: float) -> str:
    """A number with four digits and a true minus sign, as a sentence has it."""
    written = f"{abs(float(value)):.4g}".replace("e-0", "e-").replace("e+0", "e")
    return f"−{written}" if value < 0 else written
