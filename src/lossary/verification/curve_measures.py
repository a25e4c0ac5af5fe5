"""Measures the properties of a curve itself: its shape, its slopes, its bounds and its ends.

Every measurement returns what was found and one sentence on how, so that a claim can be compared and a page can
tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lossary.declaration.references import Claimed
from lossary.verification.findings import SMOOTHNESS, Finding, number
from lossary.verification.lines import Array, Line


def convex(line: Line) -> Finding:
    """Whether no chord lies below the curve, and the gradient never falls."""
    t = line.wide()
    f, g = line.f(t), line.g(t)
    rise = np.diff(g)
    falls = np.flatnonzero(rise < -1e-9 * (1 + np.abs(g[:-1])))
    rng = np.random.default_rng(0)
    i, j = rng.integers(0, len(t), (2, 4000))
    chord = (f[i] + f[j]) / 2
    above = line.f((t[i] + t[j]) / 2) - chord > 1e-9 * (1 + np.abs(chord))
    if not falls.size and not above.any():
        never = f"the gradient never falls over {len(t):,} points"
        return Finding(True, f"{never}, and no chord of 4,000 lies below the curve")
    drawn = _lowest_chord(line)
    if drawn is None and above.any():
        k = int(np.argmax(above))
        ends = np.sort([t[i[k]], t[j[k]]])
        drawn = float(ends[0]), float(ends[1]), float(line.f((ends[:1] + ends[1:]) / 2)[0] - chord[k])
    if drawn is None:
        k = int(falls[0])
        places = f"{line.place(t[k])} to {line.place(t[k + 1])}"
        how = f"the gradient falls from {number(g[k])} to {number(g[k + 1])} as the {line.quantity} goes from {places}"
        return Finding(False, how, placed=True)
    low, high, gap = drawn
    joined = f"the points where the {line.quantity} is {line.place(low)} and {line.place(high)}"
    return Finding(
        False, f"in its middle the chord that joins {joined} lies {number(gap)} below the curve", placed=True
    )


_CELLS = 120  # of the drawn range, at whose ends chords begin and end


def _lowest_chord(line: Line) -> tuple[float, float, float] | None:
    """The chord of the drawn range whose middle lies farthest below the curve: its ends, and by how much."""
    t = np.linspace(*line.span, _CELLS + 1)
    f = line.f(t)
    low, high = np.triu_indices(len(t), 2)
    middles = (low + high) % 2 == 0  # those whose middle is a point as well
    low, high = low[middles], high[middles]
    chords = (f[low] + f[high]) / 2
    gaps = f[(low + high) // 2] - chords
    k = int(np.argmax(gaps))
    if not gaps[k] > 1e-9 * (1 + abs(chords[k])):
        return None
    return float(t[low[k]]), float(t[high[k]]), float(gaps[k])


def smoothness(line: Line) -> Finding:
    """The smoothness class, from what jumps at the declared kinks; an undeclared kink is found and told."""
    hidden = _undeclared_kink(line)
    if hidden is not None:
        return Finding(f"a kink that is not declared, at {number(hidden)}", "something jumps there")
    if not line.kinks:
        return Finding("Cinf", "no jump in the gradient or the curvature between 20,001 points, and no kink declared")
    orders = []
    for k in line.kinks:
        h = 1e-7 * max(1.0, abs(k))
        sides = np.array([k - h, k + h])
        jumps = [np.ptp(values(sides, line.y)) for values in (line.loss, line.gradient, line.curvature)]
        steep = 1 + float(np.max(np.abs(line.g(sides))))
        orders.append(next((n for n, jump in enumerate(jumps) if jump > 1e-4 * steep), 3))
    least = sorted(k for k, order in zip(line.kinks, orders, strict=True) if order == min(orders))
    places = dict.fromkeys(map(number, least))
    where = " and ".join(", ".join(places).rsplit(", ", 1))
    words = ("value", "gradient", "curvature", "third derivative")[min(orders)]
    return Finding(SMOOTHNESS[min(orders)], f"the {words} jumps where the {line.quantity} is {where}", placed=True)


def _undeclared_kink(line: Line) -> float | None:
    """Find a jump of the loss, its gradient or its curvature by halving the cell in which it changes most."""
    t = np.linspace(*line.span, 20001)
    for values in (line.loss, line.gradient, line.curvature):
        v = values(t, line.y)
        cells = np.argsort(-np.abs(np.diff(v)))[:6]
        low, high = t[cells], t[cells + 1]
        while np.max(high - low) > 1e-9:  # all cells are halved together: one call, not one for each
            middle = (low + high) / 2
            a, b, c = values(np.concatenate([low, middle, high]), line.y).reshape(3, -1)
            left = np.abs(b - a) > np.abs(c - b)
            low, high = np.where(left, low, middle), np.where(left, middle, high)
        ends = values(np.concatenate([low, high]), line.y).reshape(2, -1)
        least = 1e-4 * (1 + float(np.max(np.abs(v))))
        for place, jump in zip(low.tolist(), np.ptp(ends, axis=0).tolist(), strict=True):
            if jump > least and all(abs(place - kink) > 1e-6 for kink in line.kinks):
                return float(place)
    return None


def lipschitz(line: Line) -> Finding:
    """The steepest slope, or "inf" where it grows without bound."""
    t = line.wide()
    largest = _peak(lambda points: np.abs(line.g(points)), t)
    if _grows(line, line.gradient):
        return Finding("inf", "the slope keeps growing towards the end of the domain")
    farthest = np.concatenate([ends[-1:] for ends in line.far((1e3, 1e6, 1e9))])
    slopes = np.abs(line.g(farthest))
    if slopes.max() > largest * (1 + 1e-9):  # less is rounding
        at = line.place(float(farthest[np.argmax(slopes)]))
        steepest = f"the slope grows to {number(slopes.max())} where the {line.quantity} is {at}"
        return Finding(
            float(slopes.max()), f"{steepest}, and is nowhere steeper at {len(t):,} points nearer", placed=True
        )
    return Finding(largest, f"the steepest slope at {len(t):,} points is {number(largest)}")


def _peak(values: Callable[[Array], Array], t: Array) -> float:
    """The largest value over sorted points, then over ever finer ones around the best."""
    found = values(t)
    k = int(np.argmax(found))
    largest = float(found[k])
    for _ in range(3):
        t = np.linspace(t[max(k - 1, 0)], t[min(k + 1, len(t) - 1)], 201)
        found = values(t)
        k = int(np.argmax(found))
        largest = max(largest, float(found[k]))
    return largest


def gradient_lipschitz(line: Line) -> Finding:
    """The steepest change of the gradient, or "inf" where it jumps or grows without bound."""
    t = line.wide()
    t = t[np.concatenate([[True], np.diff(t) > 1e-7])]
    quotients = np.abs(np.diff(line.g(t)) / np.diff(t))
    jumps = [np.ptp(line.g(np.array([k - 1e-9, k + 1e-9]))) for k in line.kinks]
    if any(jump > 1e-4 for jump in jumps):
        return Finding("inf", f"the gradient jumps by {number(max(jumps))} at a kink")
    if _grows(line, line.curvature):
        return Finding("inf", "the curvature keeps growing towards the end of the domain")
    largest = max(float(quotients.max()), _peak(lambda points: np.abs(line.curvature(points, line.y)), t))
    return Finding(largest, f"the steepest change of the gradient between {len(t):,} points is {number(largest)}")


def _grows(line: Line, values: Callable[[Array, float], Array]) -> bool:
    """Whether something grows without bound towards an end: like a power, or by equal steps as a logarithm does."""
    for ends in line.far((1e3, 1e6, 1e9)):
        near, farther, farthest = np.abs(values(ends, line.y)).tolist()
        step = farther - near
        if farthest > 10 * (1 + near) or (step > 0.01 * (1 + near) and farthest - farther > 0.9 * step):
            return True
    return False


def bounded(line: Line) -> Finding:
    """Whether the loss settles towards both ends of the domain."""
    lower, upper = line.far((1e6, 1e9, 1e12))
    t = line.wide()
    near = float(np.abs(line.f(t[np.abs(t) <= min(1e3, line.reach / 10)])).max())
    last = np.concatenate([lower, upper])
    sizes = np.abs(line.f(last))
    far = float(sizes.max())
    if far > 1.01 * near + 1e-6:
        at = line.place(float(last[np.argmax(sizes)]))
        return Finding(
            False,
            f"the loss goes on growing: it is {number(far)} where the {line.quantity} is {at}{_at_the_end(line)}",
            placed=True,
        )
    place = "up to both ends" if all(map(math.isfinite, line.limits)) else "far out"
    return Finding(True, f"{place} the loss is nowhere larger than {number(max(near, far))} in size", placed=True)


def _at_the_end(line: Line) -> str:
    """What torch gives at the very end of an axis, where it stops what grows towards it; empty where it does not."""
    ends = np.array([end for end in line.limits if math.isfinite(end)])
    with np.errstate(all="ignore"):
        stopped = float(np.abs(line.f(ends)).max()) if len(ends) == 2 else math.inf
    return f"; at the very end torch stops it at {number(stopped)}" if math.isfinite(stopped) else ""


def supremum(line: Line) -> Finding:
    """The largest value anywhere, for a bounded loss."""
    lower, upper = line.far((1e3, 1e6, 1e9))
    t = np.concatenate([line.wide(), lower, upper])
    largest = _peak(line.f, np.sort(t))
    return Finding(largest, f"the largest value at {len(t):,} points is {number(largest)}")


def symmetric(line: Line) -> Finding:
    """Whether the loss is the same for r and -r, or with the two distributions exchanged.

    On an axis with an end, such as that of a mean, r is how far the prediction is from a perfect one.
    """
    if line.target_values == "unit":
        grid = np.linspace(0.05, 0.95, 19)
        pairs = [(a, b) for a in grid for b in grid if a != b]
        gap = max(abs(float(line.loss(np.array([a]), b)[0] - line.loss(np.array([b]), a)[0])) for a, b in pairs)
        if gap < 1e-12:
            return Finding(True, "exchanging the two distributions does not change the loss")
        return Finding(False, f"exchanging the two distributions changes the loss by up to {number(gap)}")
    if not line.open_ended:
        return _same_on_both_sides(line)
    t = line.wide()
    f, mirrored = line.f(t), line.f(-t)
    gap = float(np.max(np.abs(f - mirrored) / (1e-300 + np.abs(f) + np.abs(mirrored))))
    how = f"with the {line.quantity} turned around the loss differs by at most {number(gap)} of itself"
    return Finding(gap < 1e-12, f"{how}, at {len(t):,} points")


def _same_on_both_sides(line: Line) -> Finding:
    """Whether a prediction too small by r costs as much as one too large by r."""
    low, high = line.limits
    if line.perfect is None or not low < line.perfect < high:
        return Finding(False, "no prediction here misses a perfect one on both sides")
    reach = min(line.perfect - low, high - line.perfect)
    r = reach * np.linspace(0.05, 0.95, 19)
    below, above = line.f(line.perfect - r), line.f(line.perfect + r)
    gaps = np.abs(below - above) / (1e-300 + np.abs(below) + np.abs(above))
    if gaps.max() < 1e-12:
        return Finding(
            True, f"on both sides of a perfect prediction the loss is the same, at {len(r)} distances from it"
        )
    k = len(r) // 2
    k = k if gaps[k] > 1e-12 else int(np.argmax(gaps))
    here, there = (line.place(float(line.perfect + side * r[k])) for side in (-1, 1))
    nearer = f"the loss is {number(below[k])} where the {line.quantity} is {here}"
    return Finding(False, f"{nearer}, and {number(above[k])} where it is {there}", placed=True)


def value_at_perfect(line: Line) -> Finding:
    """The loss where the prediction is perfect, or its limit there."""
    assert line.perfect is not None
    t = line.perfect if math.isfinite(line.perfect) else math.copysign(min(700.0, line.reach), line.perfect)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(line.f(np.array([t]))[0])
    if not math.isfinite(value) and line.perfect in line.limits and math.isfinite(sum(line.limits)):
        # At the very end of a domain there may be no value, only a limit.
        value = float(line.f(np.array([t - math.copysign(1e-15, t - sum(line.limits) / 2)]))[0])
    if abs(value) < 1e-14:
        value = 0.0
    if math.isfinite(line.perfect):
        return Finding(
            value, f"the loss is {number(value)} where the {line.quantity} is {number(line.perfect)}", placed=True
        )
    up = line.perfect > 0
    # Beyond what is drawn, and far from where float64 would round a tail to 0.
    beyond = math.copysign(3 * max(map(abs, line.span)), line.perfect)
    if value == 0 == float(line.f(np.array([beyond]))[0]):
        far = f"{'grown' if up else 'fallen'} to {number(beyond)}"
        return Finding(value, f"the loss is exactly 0 once the {line.quantity} has {far}", placed=True)
    far = f"{'grows' if up else 'falls'} without bound"
    return Finding(value, f"the loss tends to {number(value)} as the {line.quantity} {far}", placed=True)


def gradient_limits(line: Line) -> Finding:
    """The gradient towards the lower and the upper end of the axis."""
    limits: list[Claimed] = []
    both = line.far((1e3, 1e6, 1e9))
    for ends in both:
        g = line.g(ends)
        grows = abs(g[2]) > 10 * (1 + abs(g[1]))
        limits.append(("inf" if g[2] > 0 else "-inf") if grows else _clean(float(g[2])))
    low, high = (line.place(float(ends[-1])) for ends in both)
    words = "its growth up to" if "inf" in str(limits) else "its value at"
    return Finding(tuple(limits), f"{words} both ends, where the {line.quantity} is {low} and {high}")


def redescending(line: Line) -> Finding:
    """Whether the gradient fades to zero towards both ends."""
    largest = float(np.abs(line.g(line.wide())).max())
    both = line.far((1e3, 1e6))
    sizes = [abs(float(line.g(ends)[-1])) for ends in both]
    last = max(sizes)
    told = " and ".join(dict.fromkeys(map(number, sizes)))
    far = " and ".join(line.place(float(end[-1])) for end in both)
    how = f"the size of the gradient is {told} where the {line.quantity} is {far}"
    how += f", and {number(largest)} at its largest" if last < 0.999 * largest else ", and nowhere larger before"
    return Finding(last < 1e-3 * largest, how, placed=True)


def _clean(value: float) -> float:
    return 0.0 if abs(value) < 1e-8 else value
