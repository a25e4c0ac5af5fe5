"""Samples a curve of torch so finely that pieces of degree five between the samples give it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lossary.evaluation.curves import Curve

Array = NDArray[np.float64]

EXACT = 1e-8  # relative differences of values and slopes at which an interval is fine enough
_FIRST = 17
_LEAST = 1e-7  # of the span: no smooth curve needs shorter intervals


def table(run: Callable[[Array], Curve], span: tuple[float, float], kinks: Sequence[float]) -> list[list[float]]:
    """Columns of points, values, slopes and curvatures; intervals are halved until each is fine enough.

    Args:
        run: the curve at any points of the span.
        span: from where to where.
        kinks: where the curve is not smooth; a piece ends just before and another begins just behind each.

    Raises:
        ValueError: where so many points do not do, as at a jump that is not declared as a kink.
    """
    low, high = span
    near = (high - low) * 1e-12
    ends = sorted({low, high, *(k + side * near for k in kinks if low < k < high for side in (-1, 1))})
    points = np.unique(np.concatenate([np.linspace(a, b, _FIRST) for a, b in pairwise(ends)]))
    settled = np.diff(points) <= 2.5 * near
    while not settled.all():
        open_ones = np.flatnonzero(~settled)
        nodes = run(points)
        inside = [points[open_ones] + share * np.diff(points)[open_ones] for share in (0.25, 0.5, 0.75)]
        truth = run(np.concatenate(inside))
        value, slope = interpolate(nodes, truth.t)
        good = _close(value, truth.loss) & _close(slope, truth.gradient)
        settled[open_ones] = good.reshape(3, -1).all(axis=0)
        halves = np.flatnonzero(~settled)
        steep = halves[np.diff(points)[halves] < _LEAST * (high - low)]
        if steep.size:
            raise ValueError(f"the curve is not smooth near t = {points[steep[0]]:.6g}: declare a kink there")
        points = np.insert(points, halves + 1, (points[halves] + points[halves + 1]) / 2)
        settled = np.insert(settled, halves + 1, False)
    nodes = run(points)
    return [column.tolist() for column in (nodes.t, nodes.loss, nodes.gradient, nodes.curvature)]


def _close(found: Array, true: Array) -> NDArray[np.bool_]:
    close: NDArray[np.bool_] = np.abs(found - true) <= EXACT * np.maximum(np.abs(true), 1e-6)
    return close


def interpolate(nodes: Curve, t: Array) -> tuple[Array, Array]:
    """Value and slope at points `t` of the pieces through the nodes; JavaScript does the same."""
    k = np.clip(np.searchsorted(nodes.t, t, side="right") - 1, 0, len(nodes.t) - 2)
    h = nodes.t[k + 1] - nodes.t[k]
    u = (t - nodes.t[k]) / h
    a, b, c = nodes.loss[k], h * nodes.gradient[k], h * h * nodes.curvature[k] / 2
    e = nodes.loss[k + 1] - a - b - c
    f = h * nodes.gradient[k + 1] - b - 2 * c
    g = h * h * nodes.curvature[k + 1] / 2 - c
    q, r, s = 10 * e - 4 * f + g, -15 * e + 7 * f - 2 * g, 6 * e - 3 * f + g
    value = a + u * (b + u * (c + u * (q + u * (r + u * s))))
    slope = (b + u * (2 * c + u * (3 * q + u * (4 * r + u * 5 * s)))) / h
    return value, slope
