"""Proves what a loss claims of its curve, or refutes it with a point.

The curve is the displayed formula along a section, as one expression of `T`. A claim that is neither proven nor
refuted stays what it was: measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import sympy as sp
from flint import arb

from lossary.declaration.loss import Loss
from lossary.declaration.references import Claimed
from lossary.declaration.sections import Section
from lossary.declaration.symbols import Expression
from lossary.declaration.values import Setting
from lossary.evaluation.balls import precision
from lossary.evaluation.curves import section_inputs
from lossary.interactive.along_section import value
from lossary.verification.proving.enclosures import Budget, runs
from lossary.verification.proving.pieces import Curve
from lossary.verification.proving.range_proofs import (
    bounded,
    convex,
    gradient_lipschitz,
    lipschitz,
    redescending,
    supremum,
)
from lossary.verification.proving.tails import exchangeable, symmetric, unbounded
from lossary.verification.proving.verdicts import Proof, Undecided, Verdict, few_digits

_BITS = 192
# How far a proof goes out on an open axis, and how many boxes it may look at; the first that succeeds counts.
_FAR = ((1000.0, 6000), (100.0, 1500), (40.0, 1500), (10.0, 1500))
_INSIDE = 1e-6  # how near it goes to an end of the axis that it cannot reach


class Along:
    """A loss along a section, as proofs see it; what is found out of it for one claim serves the next."""

    def __init__(self, expression: Expression, limits: tuple[float, float]) -> None:
        self.expression = expression
        self.limits = limits
        self._curves: dict[tuple[float, float], Curve | Undecided] = {}

    @property
    def _open_sides(self) -> list[int]:
        return [side for side, end in zip((1, -1), reversed(self.limits), strict=True) if math.isinf(end)]

    @property
    def _ranges(self) -> list[tuple[float, float, int]]:
        """Where a proof is tried, and on how many boxes: the axis itself where it has two ends."""
        low, high = self.limits
        if math.isfinite(low) and math.isfinite(high):
            _, most = _FAR[0]
            return [(low, high, most), (low + _INSIDE, high - _INSIDE, most)]
        return [(max(low, -far), min(high, far), most) for far, most in _FAR]

    def prove(self, key: str, claim: Claimed, supremum: float | None = None) -> Verdict | None:
        """A claim proven or refuted, on the first range where either succeeds; None where neither does on any."""
        with precision(_BITS):
            if key == "symmetric":
                # the formula is a number beyond an end of the axis, too, but the loss of nothing
                no_end = len(self._open_sides) == 2
                return _tried(lambda: symmetric(self.expression, claim)) if no_end else None
            if key == "bounded" and (found := _tried(lambda: unbounded(self.expression, claim, self._open_sides))):
                return found
            asked = supremum if key == "bounded" else claim
            if key not in _OVER or asked is None or (key, asked) == ("lipschitz", "inf"):
                return None
            for low, high, most in self._ranges:
                found = _tried(partial(self._prove_between, _OVER[key], asked, low, high, most))
                if found:
                    return found
            return None

    def _prove_between(
        self, prover: Callable[[Curve, Claimed], Verdict], claim: Claimed, low: float, high: float, most: int
    ) -> Verdict:
        ends = low, high
        if ends not in self._curves:
            try:
                self._curves[ends] = Curve(self.expression, low, high, Budget(most))
            except Undecided as reason:
                self._curves[ends] = reason
        curve = self._curves[ends]
        if isinstance(curve, Undecided):
            raise curve
        curve.budget.left = most
        return prover(curve, claim)


def along(loss: Loss, section: Section, setting: Setting, y: float) -> Along | None:
    """A loss along a section at one setting and target value; None where no expression holds it."""
    inputs = section_inputs(loss, section, np.array(section.span), setting, y)
    try:
        expression = value(loss, section, y, setting, inputs)
    except ValueError:  # something is left that is no number
        return None
    return None if expression is None else Along(expression, section.limits)


def of_a_pair(loss: Loss, section: Section, setting: Setting, claim: bool) -> Verdict | None:
    """Whether the loss along a section, as one of two numbers, is the same when the two are exchanged."""

    def loss_of(t: float, y: float) -> arb:
        found = along(loss, section, setting, y)
        if found is None:
            raise Undecided("no expression holds the loss")
        return runs(found.expression)(arb(t))

    with precision(_BITS):
        return _tried(lambda: exchangeable(loss_of, claim))


def in_words(proof: Proof, limits: tuple[float, float], measured: str) -> str:
    """What was proven and where, as a clause for a page, and what was measured beyond."""
    if not proof.of_a_range:
        return proof.how
    low, high = map(few_digits, proof.between)
    if proof.between == limits:
        return f"on the whole axis, from {low} to {high}, {proof.how}"
    return f"between {low} and {high}, {proof.how}; also checked: {measured}"


def _tried(run: Callable[[], Verdict]) -> Verdict | None:
    try:
        return run()
    except (Undecided, sp.PolynomialError, NotImplementedError):  # SymPy meets something that it cannot factor
        return None


_OVER: dict[str, Callable[[Curve, Claimed], Verdict]] = {
    "convex": convex,
    "lipschitz": lipschitz,
    "gradient_lipschitz": gradient_lipschitz,
    "bounded": bounded,
    "supremum": supremum,
    "redescending": redescending,
}
