"""A loss along one branch of a section, as the measurements of its properties see it: functions of `t` and of `y`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.values import Setting
from lossary.verification.findings import number

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A loss along one branch of a section.

    Attributes:
        loss, gradient, curvature: functions of points `t` and the target value `y`.
        y: the branch's target value.
        span, limits: the drawn range, and the domain of `t`.
        kinks: the declared kinks.
        perfect: where the prediction is perfect, may be infinite; None where nobody says.
        quantity: what moves, in words.
        target_values, link: as in the section.
        parameters: the setting, by symbol.
        reach: how far out float64 can follow the loss.
    """

    loss: Callable[[Array, float], Array]
    gradient: Callable[[Array, float], Array]
    curvature: Callable[[Array, float], Array]
    y: float
    span: tuple[float, float]
    limits: tuple[float, float]
    kinks: tuple[float, ...]
    perfect: float | None
    quantity: str
    target_values: str
    link: str
    parameters: Setting
    reach: float = math.inf

    @property
    def labels(self) -> tuple[float, float]:
        """What a target is for the likelier and for the other class."""
        return (1.0, -1.0) if self.target_values == "sign" else (1.0, 0.0)

    def f(self, t: Array) -> Array:
        """The loss on the branch."""
        return self.loss(t, self.y)

    def g(self, t: Array) -> Array:
        """The gradient on the branch."""
        return self.gradient(t, self.y)

    @property
    def open_ended(self) -> bool:
        """Whether `t` runs over all real numbers."""
        return math.isinf(self.limits[0])

    def wide(self) -> Array:
        """Sorted points: the drawn range densely, its kinks from both sides, and the domain far out."""
        inner = np.linspace(*self.span, 2001)
        near = [k + side * h for k in self.kinks for h in (1e-9, 1e-6, 1e-3) for side in (-1, 1)]
        far = np.logspace(-6, math.log10(min(1e6, self.reach)), 241)
        # Only the end at 0 can be approached closer than the spacing of float64 around 1.
        tail = np.logspace(-9, -1.5, 241)
        low, high = self.limits
        lower = -far if math.isinf(low) else low + tail
        upper = far if math.isinf(high) else high - tail
        outer = np.concatenate([lower, upper])
        return np.unique(np.concatenate([inner, near, outer]))

    def place(self, t: float) -> str:
        """A point in words that tell it from the end of the axis beside it."""
        high = self.limits[1]
        if t != high and number(t) == number(high):
            return f"{number(high)} − {number(high - t)}"
        return number(t)

    def far(self, steps: tuple[float, ...] = (1e3, 1e6)) -> tuple[Array, Array]:
        """Points that run to the lower and the upper end of the domain, or as far as float64 can follow."""
        low, high = self.limits
        count = len(steps)
        scaled = [self.reach * (k + 1) / count for k in range(count)] if self.reach < max(steps) else list(steps)
        lower = [-s for s in scaled] if math.isinf(low) else [low + 1 / s for s in steps]
        upper = scaled if math.isinf(high) else [high - 1 / s for s in steps]
        return np.array(lower), np.array(upper)
