"""Proves what a loss claims of its curve, or refutes it with a point.

The curve is the displayed formula along a section, as one expression of `T`. A claim that is neither proven nor
refuted stays what it was: measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lossary.balls import precision
from lossary.enclosures import Budget
from lossary.pieces import Curve
from lossary.range_proofs import bounded, convex, gradient_lipschitz, lipschitz, redescending, supremum
from lossary.symbols import Expression
from lossary.tails import symmetric, unbounded
from lossary.verdicts import Undecided, Verdict

_BITS = 192
_BOXES = 6000
_FAR = (1000.0, 100.0, 40.0, 10.0)  # ranges of an open axis; the first that can be proven counts
_INSIDE = 1e-6  # how near a proof goes to an end of the axis that it cannot reach


class Along:
    """A loss along a section, as proofs see it; what is found out of it for one claim serves the next."""

    def __init__(self, expression: Expression, limits: tuple[float, float]) -> None:
        self.expression = expression
        self.limits = limits
        self._curves: dict[tuple[float, float], Curve | Undecided] = {}

    @property
    def ranges(self) -> list[tuple[float, float]]:
        """Where a proof is tried: the axis itself where it has two ends, else as far out as it goes."""
        low, high = self.limits
        if math.isfinite(low) and math.isfinite(high):
            return [self.limits, (low + _INSIDE, high - _INSIDE)]
        return [(max(low, -far), min(high, far)) for far in _FAR]

    def prove(self, key: str, claim: Any, supremum: float | None = None) -> Verdict | None:
        """A claim proven or refuted, on the first range where either succeeds; None where neither does on any."""
        with precision(_BITS):
            if key == "symmetric":
                return _tried(lambda: symmetric(self.expression, claim))
            if key == "bounded" and (found := _tried(lambda: unbounded(self.expression, claim))):
                return found
            asked = supremum if key == "bounded" else claim
            if key not in _OVER or asked is None or (key, asked) == ("lipschitz", "inf"):
                return None
            tries = (_tried(lambda ends=ends: _OVER[key](self._curve(ends), asked)) for ends in self.ranges)
            return next(filter(None, tries), None)

    def _curve(self, ends: tuple[float, float]) -> Curve:
        if ends not in self._curves:
            try:
                self._curves[ends] = Curve(self.expression, *ends, Budget(_BOXES))
            except Undecided as reason:
                self._curves[ends] = reason
        found = self._curves[ends]
        if isinstance(found, Undecided):
            raise found
        found.budget.left = _BOXES
        return found


def _tried(run: Callable[[], Verdict]) -> Verdict | None:
    try:
        return run()
    except Undecided:
        return None


_OVER: dict[str, Callable[[Curve, Any], Verdict]] = {
    "convex": convex,
    "lipschitz": lipschitz,
    "gradient_lipschitz": gradient_lipschitz,
    "bounded": bounded,
    "supremum": supremum,
    "redescending": redescending,
}
