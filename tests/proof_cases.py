"""Small families of curves for the proofs: claims that are false by little, and true ones that are hard to show."""

from __future__ import annotations

import math
from typing import Any

import sympy as sp

from lossary.declaration.symbols import maximum, minimum, sigmoid, softplus
from lossary.interactive.along_section import T as t

R = sp.Rational
LINE = (-math.inf, math.inf)
TINY = R(1, 10**12)


def bump(width: Any, at: Any = 0) -> Any:
    return sp.exp(-(((t - at) / width) ** 2))


def huber(delta: Any) -> Any:
    return sp.Piecewise((t**2 / 2, sp.Abs(t) <= delta), (delta * (sp.Abs(t) - delta / 2), True))


def step(low: Any, high: Any, at: Any = 0) -> Any:
    return sp.Piecewise((low, t < at), (high, True))


# Each row: the expression, the claim, and for a bounded one the supremum that is claimed.
FALSE: dict[str, list[tuple[Any, Any]]] = {
    "convex": [
        (t**2 - bump(R(1, 1000), 1) / 10**5, True),  # a dent a thousandth wide
        (t**2 / 2 + R(1001, 1000) * sp.cos(t), True),
        (sp.Abs(t) - sp.Abs(t - 5) / 10**8, True),  # the slope falls by 2e-8 at a kink
        (maximum(0, t) - maximum(0, t - 1) / 10**9, True),
        (t**4 - TINY * t**2, True),
        (sp.sqrt(1 + t**2) - t**2 / 10**9, True),  # convex up to 794
        (step(t**2, t**2 + R(1, 10**6), 2), True),  # a jump
        (minimum(t**2, 900000), True),
        (sp.log(1 + t**2), True),
        (softplus(t) - 2 * sigmoid(t), True),
        (sp.Piecewise((t**2 / 2, sp.Abs(t) <= 1), (sp.Abs(t) * R(999, 1000) - R(499, 1000), True)), True),
        (maximum(0, 1 - t) + minimum(0, t - 3) / 1000, True),
    ],
    "lipschitz": [
        (huber(1), R(99, 100)),
        (softplus(t), R(999999, 10**6)),
        (sp.tanh(t), R(99, 100)),
        (sp.sin(3 * t) / 3, R(99, 100)),
        (sp.atan(1000 * (t - R(1, 3))) / 1000, R(99, 100)),  # steep on a thousandth
        (sp.sqrt(t**2 + R(1, 10**6)), R(99, 100)),
        (maximum(0, t) + maximum(0, t - 500) / 1000, 1),
        (t * sp.exp(-(t**2)), R(99, 100)),
        (step(0, R(1, 10**9)), 1),  # a jump
        (sp.Abs(t) + bump(R(1, 1000), 7) / 1000, 1),
        (t + sp.Piecewise((t / 10**6, t > 10), (R(1, 10**5), True)), 1),
    ],
    "bounded": [
        (bump(1, R(3, 10)), R(999999, 10**6)),
        (t**2 / (1 + t**2), R(99, 100)),
        (1 - sp.exp(-(t**2) / 2), R(999999, 10**6)),
        (sp.sin(t) ** 2, R(999999, 10**6)),
        (sigmoid(t), R(99, 100)),
        (sp.atan(t) ** 2, R(246, 100)),  # exceeded from t = 424 on
        (R(1, 2) + bump(R(1, 1000), R(1, 3)) / 1000, R(1, 2)),  # a spike a thousandth wide
        (t**2 / (1 + t**2) - bump(R(1, 100), 5) / 10**2 - R(99, 100), 1),  # below 0
        (t**2, 10**6),  # not bounded at all
        (minimum(sp.Abs(t), 5) + maximum(0, t - 999) / 1000, 5),
        (step(0, 2, 3), 1),
    ],
    "symmetric": [
        (t**2 + TINY * t, True),
        (huber(1) + TINY * t, True),
        (sp.cosh(t) + TINY * sp.sinh(t), True),
        (t**2 + TINY * sp.sin(t), True),
        ((t - TINY) ** 2, True),
        (softplus(t), True),
        (sp.Abs(t - TINY), True),
        (sp.Piecewise((t**2, t < 17), (t**2 + TINY * t, True)), True),
        (maximum(t, -t * (1 + TINY)), True),
        (sp.exp(t) - t, True),
        (t**2, False),
    ],
}
TRUE: dict[str, list[tuple[Any, Any]]] = {
    "convex": [
        (t**4, True),  # the second derivative touches 0
        (t**2 / 2 + sp.cos(t), True),  # and here again and again
        (sp.exp(t) + sp.exp(-t), True),
        (sp.sqrt(1 + t**2), True),
        (huber(R(0.3)), True),
        (maximum(t**2, 2 * t - 1), True),  # the two touch
        (maximum(R(9, 10) * t, t / -10), True),
        (softplus(10 * t) / 10, True),
        (sp.log(1 + sp.exp(-t)), True),
        (sp.Abs(t) ** 3, True),
        (sp.log(sp.exp(t) + sp.exp(-t)), True),
        (sp.Abs(t - sp.sqrt(2)) + maximum(0, sp.pi - t), True),  # kinks at irrational points
        (maximum(0, sp.exp(t) - 2), True),  # a kink that no root tells
    ],
    "lipschitz": [
        (softplus(t), 1),
        (huber(R(0.3)), R(0.3)),
        (sp.tanh(t), 1),
        (sp.sqrt(1 + t**2), 1),
        (sp.sin(3 * t) / 3, 1),
        (sp.atan(1000 * (t - R(1, 3))) / 1000, 1),
        (t * sp.exp(-(t**2)), 1),
        (sp.exp(-(t**2) / 2), sp.exp(R(-1, 2))),
        (sp.log(1 + t**2), 1),
        (sp.Abs(sp.Abs(t) - 1), 1),
        (minimum(sp.Abs(t), 5), 1),
    ],
    "bounded": [
        (bump(1, R(3, 10)), 1),
        (1 - sp.exp(-(t**2) / 2), 1),
        (t**2 / (1 + t**2), 1),
        (sp.sin(t) ** 2, 1),
        (sigmoid(t), 1),
        (sp.atan(t) ** 2, sp.pi**2 / 4),
        (minimum(t**2, 4), 4),
        (R(1, 2) + bump(R(1, 1000), R(1, 3)) / 1000, R(501, 1000)),
        (sp.tanh(t) ** 2, 1),
        (sp.Piecewise((1 - (1 - (t / 4) ** 2) ** 3, sp.Abs(t) <= 4), (1, True)), 1),
        (step(0, 2, 3), 2),  # a jump within the bounds
    ],
    "symmetric": [
        (huber(1), True),
        (softplus(-2 * t) + t, True),  # log cosh in another form
        (sp.log(sp.cosh(t)), True),
        (maximum(t, -t), True),
        (sp.Abs(t) ** R(3, 2), True),
        (1 - sp.exp(-(t**2)), True),
        (sp.sqrt(1 + t**2) - 1, True),
        (sigmoid(t) * sigmoid(-t), True),
        ((t - 1) ** 2 + (t + 1) ** 2, True),
        (minimum(t**2, 4), True),
        (sp.exp(t) + sp.exp(-t), True),
    ],
}
