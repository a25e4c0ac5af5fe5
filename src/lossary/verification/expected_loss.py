"""Measures what a loss asks for on average over targets: what it elicits, and whether it is proper or calibrated."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lossary.declaration.values import Setting
from lossary.verification.findings import Finding, number
from lossary.verification.lines import Array, Line


def elicits(line: Line) -> Finding:
    """Which functional of a skewed sample minimises the expected loss."""
    sample = skewed_sample(line.target_values)
    best = minimiser(line, sample, np.full(len(sample), 1 / len(sample)))
    values = {name: functional(sample, line.parameters) for name, functional in FUNCTIONALS.items()}
    names = [name for name, value in values.items() if value is not None and abs(value - best) < 1e-5 * (1 + abs(best))]
    found = names[0] if names else f"{number(best)}, which is none of {', '.join(values)}"
    what = "prediction" if line.target_values == "real" and not line.link else line.quantity
    drawn = f"over a skewed sample of {len(sample)} targets{_counts(sample)}"
    how = f"{drawn} the expected loss is least where the {what} is {number(best)}"
    return Finding(found, how, tuple(names[1:]))


def _counts(sample: Array) -> str:
    """How often a sample has each of two labels; empty where it has more."""
    labels, counts = np.unique(sample, return_counts=True)
    if len(labels) > 2:
        return ""
    each = [f"{count} times {number(label)}" for label, count in zip(labels[::-1], counts[::-1], strict=True)]
    return f", {' and '.join(each)},"


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
        return Finding("not proper", f"predicting the true probability can cost {number(worst)} more than the best")
    kind = "proper" if ties else "strictly proper"
    others = "another has the same" if ties else "no other has as low a one"
    return Finding(
        kind, f"at 19 true probabilities no prediction has a lower expected loss than the true one, and {others}"
    )


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
        return Finding(False, f"at a true probability of {number(chance)} the best prediction {what}")
    return Finding(True, f"at {len(chances)} true probabilities the best prediction picks the likelier class")
