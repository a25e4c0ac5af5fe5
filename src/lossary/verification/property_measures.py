"""The vocabulary of properties, and how each is found by evaluating a loss along its section.

Every measurement returns what was found and one sentence on how, so that a claim can be compared and a page can
tell. It sees a loss only as functions of `t` and of the target value `y`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.references import Claimed
from lossary.declaration.values import Setting

Array = NDArray[np.float64]

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
INFINITE = {"inf": math.inf, "-inf": -math.inf}


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
        if t != high and _number(t) == _number(high):
            return f"{_number(high)} − {_number(high - t)}"
        return _number(t)

    def far(self, steps: tuple[float, ...] = (1e3, 1e6)) -> tuple[Array, Array]:
        """Points that run to the lower and the upper end of the domain, or as far as float64 can follow."""
        low, high = self.limits
        count = len(steps)
        scaled = [self.reach * (k + 1) / count for k in range(count)] if self.reach < max(steps) else list(steps)
        lower = [-s for s in scaled] if math.isinf(low) else [low + 1 / s for s in steps]
        upper = scaled if math.isinf(high) else [high - 1 / s for s in steps]
        return np.array(lower), np.array(upper)


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
    if falls.size or above.any():
        at = line.place(t[falls[0]] if falls.size else (t[i] + t[j])[above][0] / 2)
        how = f"the gradient falls, or a chord lies below the curve, where the {line.quantity} is {at}"
        return Finding(False, how, placed=True)
    return Finding(True, f"the gradient never falls over {len(t):,} points, and no chord of 4,000 lies below the curve")


def smoothness(line: Line) -> Finding:
    """The smoothness class, from what jumps at the declared kinks; an undeclared kink is found and told."""
    hidden = _undeclared_kink(line)
    if hidden is not None:
        return Finding(f"a kink that is not declared, at {_number(hidden)}", "something jumps there")
    if not line.kinks:
        return Finding("Cinf", "no jump in the gradient or the curvature between 20,001 points, and no kink declared")
    orders = []
    for k in line.kinks:
        h = 1e-7 * max(1.0, abs(k))
        sides = np.array([k - h, k + h])
        jumps = [np.ptp(values(sides, line.y)) for values in (line.loss, line.gradient, line.curvature)]
        steep = 1 + float(np.max(np.abs(line.g(sides))))
        orders.append(next((n for n, jump in enumerate(jumps) if jump > 1e-4 * steep), 3))
    where = " and ".join(
        dict.fromkeys(_number(k) for k, order in zip(line.kinks, orders, strict=True) if order == min(orders))
    )
    words = ("value", "gradient", "curvature", "third derivative")[min(orders)]
    return Finding(SMOOTHNESS[min(orders)], f"the {words} jumps where the {line.quantity} is {where}")


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
        return Finding("inf", f"the slope reaches {_number(largest)} and keeps growing towards the end of the domain")
    return Finding(largest, f"the steepest slope at {len(t):,} points is {_number(largest)}")


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
        return Finding("inf", f"the gradient jumps by {_number(max(jumps))} at a kink")
    if _grows(line, line.curvature):
        return Finding("inf", "the curvature keeps growing towards the end of the domain")
    largest = max(float(quotients.max()), _peak(lambda points: np.abs(line.curvature(points, line.y)), t))
    return Finding(largest, f"the steepest change of the gradient between {len(t):,} points is {_number(largest)}")


def _grows(line: Line, values: Callable[[Array, float], Array]) -> bool:
    return any(abs(v[1]) > 10 * (1 + abs(v[0])) for v in (values(ends, line.y) for ends in line.far((1e3, 1e6))))


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
            f"the loss goes on growing: it is {_number(far)} where the {line.quantity} is {at}{_at_the_end(line)}",
            placed=True,
        )
    place = "up to both ends" if all(map(math.isfinite, line.limits)) else "far out"
    return Finding(True, f"{place} the loss is nowhere larger than {_number(max(near, far))} in size", placed=True)


def _at_the_end(line: Line) -> str:
    """What torch gives at the very end of an axis, where it stops what grows towards it; empty where it does not."""
    ends = np.array([end for end in line.limits if math.isfinite(end)])
    with np.errstate(all="ignore"):
        stopped = float(np.abs(line.f(ends)).max()) if len(ends) == 2 else math.inf
    return f"; at the very end torch stops it at {_number(stopped)}" if math.isfinite(stopped) else ""


def supremum(line: Line) -> Finding:
    """The largest value anywhere, for a bounded loss."""
    lower, upper = line.far((1e3, 1e6, 1e9))
    t = np.concatenate([line.wide(), lower, upper])
    largest = _peak(line.f, np.sort(t))
    return Finding(largest, f"the largest value at {len(t):,} points is {_number(largest)}")


def symmetric(line: Line) -> Finding:
    """Whether the loss is the same for r and -r, or with the two distributions exchanged."""
    if line.target_values == "unit":
        grid = np.linspace(0.05, 0.95, 19)
        pairs = [(a, b) for a in grid for b in grid if a != b]
        gap = max(abs(float(line.loss(np.array([a]), b)[0] - line.loss(np.array([b]), a)[0])) for a, b in pairs)
        if gap < 1e-12:
            return Finding(True, "exchanging the two distributions does not change the loss")
        return Finding(False, f"exchanging the two distributions changes the loss by up to {_number(gap)}")
    t = line.wide()
    f, mirrored = line.f(t), line.f(-t)
    if not np.isfinite(mirrored).any():
        return Finding(False, f"with the sign of the {line.quantity} changed the loss is not defined", placed=True)
    gap = float(np.max(np.abs(f - mirrored) / (1e-300 + np.abs(f) + np.abs(mirrored))))
    how = f"with the {line.quantity} turned around the loss differs by at most {_number(gap)} of itself"
    return Finding(gap < 1e-12, f"{how}, at {len(t):,} points")


def value_at_perfect(line: Line) -> Finding:
    """The loss where the prediction is perfect, or its limit there."""
    assert line.perfect is not None
    t = line.perfect if math.isfinite(line.perfect) else math.copysign(min(700.0, line.reach), line.perfect)
    if line.perfect in line.limits:
        t = t - math.copysign(1e-15, t - sum(line.limits) / 2) if math.isfinite(sum(line.limits)) else t
    value = float(line.f(np.array([t]))[0])
    if abs(value) < 1e-14:
        value = 0.0
    if math.isfinite(line.perfect):
        return Finding(
            value, f"the loss is {_number(value)} where the {line.quantity} is {_number(line.perfect)}", placed=True
        )
    sense = "grows" if line.perfect > 0 else "falls"
    # Beyond what is drawn, and far from where float64 would round a tail to 0.
    beyond = math.copysign(3 * max(map(abs, line.span)), line.perfect)
    if value == 0 == float(line.f(np.array([beyond]))[0]):
        return Finding(
            value, f"the loss is exactly 0 before the {line.quantity} {sense} to {_number(beyond)}", placed=True
        )
    return Finding(
        value, f"the loss tends to {_number(value)} as the {line.quantity} {sense} without bound", placed=True
    )


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
    last = max(abs(float(line.g(ends)[-1])) for ends in line.far((1e3, 1e6)))
    far = " and ".join(line.place(float(end[-1])) for end in line.far((1e3, 1e6)))
    how = f"the size of the gradient is {_number(last)} where the {line.quantity} is {far}"
    how += f", and {_number(largest)} at its largest" if last < 0.999 * largest else ", and nowhere larger before"
    return Finding(last < 1e-3 * largest, how, placed=True)


def elicits(line: Line) -> Finding:
    """Which functional of a skewed sample minimises the expected loss."""
    sample = skewed_sample(line.target_values)
    best = minimiser(line, sample, np.full(len(sample), 1 / len(sample)))
    values = {name: functional(sample, line.parameters) for name, functional in FUNCTIONALS.items()}
    names = [name for name, value in values.items() if value is not None and abs(value - best) < 1e-5 * (1 + abs(best))]
    found = names[0] if names else f"{_number(best)}, which is none of {', '.join(values)}"
    what = "prediction" if line.target_values == "real" and not line.link else line.quantity
    how = (
        f"over a skewed sample of {len(sample)} targets the expected loss is least where the {what} is {_number(best)}"
    )
    return Finding(found, how, tuple(names[1:]))


def skewed_sample(target_values: str, count: int = 51) -> Array:
    """Fixed, asymmetric target values; mean, median and mode lie well apart. Real ones are `count` in number."""
    if target_values in ("binary", "sign"):
        return np.array([1.0] * 3 + [0.0 if target_values == "binary" else -1.0] * 7)
    levels = (np.arange(count) + 0.5) / count
    if target_values == "unit":
        kept: Array = levels**3
        return kept
    drawn: Array = -1.5 * np.log1p(-levels)
    return drawn


def minimiser(line: Line, sample: Array, weights: Array) -> float:
    """Where the expected loss over the sample is least: a dense grid, then ever finer ones around the best point."""
    low, high = _search_range(line, sample)
    sample, places = np.unique(sample, return_inverse=True)  # each loss is asked for once
    weights = np.array([weights[places == k].sum() for k in range(len(sample))])
    points = 801
    for _ in range(7):
        t = np.linspace(low, high, points)
        risk = sum(w * line.loss(t, float(y)) for y, w in zip(sample, weights, strict=True))
        k = int(np.argmin(risk))
        best, step = float(t[k]), float(t[1] - t[0])
        if step < 1e-10:
            break
        low, high = max(low, best - 2 * step), min(high, best + 2 * step)
        points = 81
    return best


def _search_range(line: Line, sample: Array) -> tuple[float, float]:
    if not line.open_ended:
        low, high = line.limits
        return low + 1e-7, high - 1e-7 if math.isfinite(high) else float(sample.max())
    if line.link or line.target_values == "sign":
        return -15.0, 15.0
    return float(sample.min()), float(sample.max())


def _huber_mean(sample: Array, parameters: Setting) -> float | None:
    delta = parameters.get("delta", parameters.get("beta"))
    if delta is None:
        return None
    low, high = float(sample.min()), float(sample.max())
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(sample - middle, -delta, delta).sum() > 0 else (low, middle)
    return middle


def _quantile(sample: Array, parameters: Setting) -> float | None:
    return float(np.quantile(sample, parameters["tau"], method="inverted_cdf")) if "tau" in parameters else None


def _expectile(sample: Array, parameters: Setting) -> float | None:
    if "tau" not in parameters:
        return None
    e = float(sample.mean())
    for _ in range(500):
        w = np.where(sample > e, parameters["tau"], 1 - parameters["tau"])
        e = float((w * sample).sum() / w.sum())
    return e


def _logit_of_mean(sample: Array, parameters: Setting) -> float | None:
    mean = float(sample.mean())
    return math.log(mean / (1 - mean)) if sample.min() >= 0 and sample.max() <= 1 and 0 < mean < 1 else None


def _chance(sample: Array) -> float | None:
    """How often the label is 1, of labels that are 1 and -1."""
    return float(np.mean(sample > 0)) if set(np.unique(sample)) == {-1.0, 1.0} else None


def _of_chance(functional: Callable[[float], float]) -> Callable[[Array, Setting], float | None]:
    def of_sample(sample: Array, parameters: Setting) -> float | None:
        chance = _chance(sample)
        return None if chance is None else functional(chance)

    return of_sample


def _log_of_mean(sample: Array, parameters: Setting) -> float | None:
    mean = float(sample.mean())
    return math.log(mean) if mean > 0 else None


# What a minimiser of the expected loss is compared with; each is computed from the sample alone, not from the loss.
FUNCTIONALS: dict[str, Callable[[Array, Setting], float | None]] = {
    "mean": lambda sample, parameters: float(sample.mean()),
    "median": lambda sample, parameters: float(np.median(sample)),
    "Huber mean": _huber_mean,
    "tau-quantile": _quantile,
    "tau-expectile": _expectile,
    "logit of the mean": _logit_of_mean,
    "log-odds of label 1": _of_chance(lambda p: math.log(p / (1 - p))),
    "half the log-odds of label 1": _of_chance(lambda p: math.log(p / (1 - p)) / 2),
    "likelier label": _of_chance(lambda p: 1.0 if p > 0.5 else -1.0),
    "tangent of the probability of label 1 minus 1/2": _of_chance(lambda p: math.tan(p - 0.5)),
    "log of the mean": _log_of_mean,
}


def _mean_of(line: Line, t: float) -> float:
    """The probability of the likelier class that a point stands for; a bare score stands for its sign."""
    if line.link == "sigmoid":
        return 1 / (1 + math.exp(-t))
    return t if line.target_values != "sign" else 0.5 + 0.5 * math.copysign(1.0, t) * (t != 0)


def proper(line: Line) -> Finding:
    """Whether the true probability is the best prediction, and the only one."""
    losses, ties = [], 0
    high, low = line.labels
    sample = np.array(line.labels)
    t = np.linspace(*_search_range(line, sample), 801)
    means = np.array([_mean_of(line, v) for v in t])
    for chance in np.linspace(0.05, 0.95, 19):

        def risk(points: Array, chance: float = float(chance)) -> Array:
            return chance * line.loss(points, high) + (1 - chance) * line.loss(points, low)

        best = minimiser(line, sample, np.array([chance, 1 - chance]))
        honest, least = risk(np.array([_prediction_of(line, chance), best]))
        losses.append(float(honest - least))
        ties += int(np.any(risk(t)[np.abs(means - chance) > 0.02] <= honest + 1e-12))
    worst = max(0.0, *losses)
    if worst > 1e-9:
        return Finding("not proper", f"predicting the true probability can cost {_number(worst)} more than the best")
    kind = "proper" if ties else "strictly proper"
    others = "another one does as well" if ties else "no other one does as well"
    return Finding(kind, f"at 19 true probabilities none is better than the true one, and {others}")


def _prediction_of(line: Line, mean: float) -> float:
    return math.log(mean / (1 - mean)) if line.link == "sigmoid" else mean


def _undecided_is_best(line: Line, chance: float, best: float) -> bool:
    """Whether the point between the two classes costs as little as the best one beside it."""
    between = 0.0 if line.link == "sigmoid" or line.target_values == "sign" else 0.5
    high, low = (line.loss(np.array([between, best]), label) for label in line.labels)
    risks = chance * high + (1 - chance) * low
    return float(risks[0] - risks[1]) < 1e-9


def calibrated(line: Line) -> Finding:
    """Whether the best prediction always picks the likelier class."""
    wrong: list[tuple[float, str]] = []
    chances = [c for c in np.linspace(0.05, 0.95, 19) if abs(c - 0.5) > 0.01]
    for chance in chances:
        best = minimiser(line, np.array(line.labels), np.array([chance, 1 - chance]))
        picked = _mean_of(line, best)
        if abs(picked - 0.5) < 1e-6 and _undecided_is_best(line, chance, best):
            wrong.append((chance, "picks neither class"))
        elif (picked > 0.5) != (chance > 0.5):
            wrong.append((chance, "picks the rarer class"))
    if wrong:
        chance, what = wrong[0]
        return Finding(False, f"at a true probability of {_number(chance)} the best prediction {what}")
    return Finding(True, f"at {len(chances)} true probabilities the best prediction picks the likelier class")


MEASURES: dict[str, Callable[[Line], Finding]] = {
    "convex": convex,
    "smoothness": smoothness,
    "lipschitz": lipschitz,
    "gradient_lipschitz": gradient_lipschitz,
    "bounded": bounded,
    "supremum": supremum,
    "symmetric": symmetric,
    "value_at_perfect": value_at_perfect,
    "gradient_limits": gradient_limits,
    "redescending": redescending,
    "elicits": elicits,
    "proper": proper,
    "calibrated": calibrated,
}

# These ask what minimises the expected loss, and need a section whose target can take other values.
NEED_TARGETS = {"elicits", "proper", "calibrated"}


def _size(value: Claimed) -> float:
    assert isinstance(value, str | int | float)
    return INFINITE[value] if isinstance(value, str) else float(value)


# What the branches of a section come to together: the worst of them, by a number that is largest there. Of the rest the
# first counts.
_WORST: dict[str, Callable[[Claimed], float]] = {
    "convex": lambda value: not value,
    "bounded": lambda value: not value,
    "symmetric": lambda value: not value,
    "redescending": lambda value: not value,
    "smoothness": lambda value: -SMOOTHNESS.index(value) if value in SMOOTHNESS else 1,
    "lipschitz": _size,
    "gradient_lipschitz": _size,
    "supremum": _size,
    "value_at_perfect": lambda value: abs(_size(value)),
}
# Of these the largest branch decides, and the others may stay below it.
OF_THE_LARGEST = {"lipschitz", "gradient_lipschitz", "supremum"}
# Each branch has its own, and a table shows all of them.
OF_A_BRANCH = {"gradient_limits"}


def measured(key: str, lines: Mapping[str, Line]) -> Finding:
    """A property along all branches of a section, by their labels; the first is the main one.

    What asks which prediction is best looks at all targets anyway, and exchanging two distributions at both.
    """
    main = next(iter(lines.values()))
    if len(lines) == 1 or key in NEED_TARGETS or (key == "symmetric" and main.target_values == "unit"):
        return MEASURES[key](main)
    told = {n: one for n, one in lines.items() if key != "value_at_perfect" or one.perfect is not None}
    found = {label: MEASURES[key](one) for label, one in told.items()}
    worst = max(found, key=lambda label: _WORST[key](found[label].value)) if key in _WORST else next(iter(found))
    others = [label for label in found if label != worst and agree(found[worst].value, found[label].value)]
    how = found[worst].how if key in OF_A_BRANCH else f"with {worst}, {found[worst].how}"
    if found[worst].placed:
        how = "; ".join([how, *(f"with {label}, {found[label].how}" for label in others)])
    elif key not in OF_A_BRANCH and others and len(others) == len(found) - 1:
        how += f"; the same with {' and '.join(others)}"
    branches = {label: one.value for label, one in found.items()} if key in OF_A_BRANCH else {}
    return replace(found[worst], how=how, branches=branches)


def agree(claimed: Claimed, found: Claimed) -> bool:
    """Whether a claim and a measurement are the same: numbers to 1e-6, everything else exactly."""
    if isinstance(claimed, list | tuple):
        return isinstance(found, list | tuple) and len(claimed) == len(found) and all(map(agree, claimed, found))
    if isinstance(claimed, bool) or isinstance(found, bool):
        return claimed is found
    if isinstance(claimed, str) or isinstance(found, str):
        return bool(claimed == found)
    return math.isclose(float(claimed), float(found), rel_tol=1e-6, abs_tol=1e-6)


def _clean(value: float) -> float:
    return 0.0 if abs(value) < 1e-8 else value


def _number(value: float) -> str:
    written = f"{abs(float(value)):.4g}".replace("e-0", "e-").replace("e+0", "e")
    return f"−{written}" if value < 0 else written
