"""Each measurement of a property tells the truth on curves whose truth is known, and each false claim is caught."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cases import LOSSES, detaches, each_kind_by_name, every_loss, of_kind
from lossary.declaration.loss import Loss
from lossary.declaration.references import Cited
from lossary.evaluation import points
from lossary.evaluation.curves import curve
from lossary.publishing.record import value_text
from lossary.verification import claims, expected_loss, findings, property_measures
from lossary.verification.evidence import Evidence
from lossary.verification.lines import Line

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]
Branches = Callable[[Array, float], Array]


def residual(f: Curve, g: Curve, h: Curve, *, kinks: tuple[float, ...] = (), **parameters: float) -> Line:
    """A loss of the residual t - y."""
    return Line(
        loss=lambda t, y: f(t - y),
        gradient=lambda t, y: g(t - y),
        curvature=lambda t, y: h(t - y),
        y=0.0,
        span=(-3.0, 3.0),
        limits=(-math.inf, math.inf),
        kinks=kinks,
        perfect=0.0,
        quantity="residual",
        target_values="real",
        link="",
        parameters=parameters,
    )


def probability(f: Branches, g: Branches, h: Branches, targets: str = "binary") -> Line:
    """A loss of a probability t and a target y."""
    unit = targets == "unit"
    y = 0.3 if unit else 1.0
    return Line(f, g, h, y, (0.03, 0.97), (0.0, 1.0), (), y, "probability", targets, "", {})


def logit(f: Branches, g: Branches, h: Branches) -> Line:
    """A loss of a logit t and a label y."""
    inf = math.inf
    return Line(f, g, h, 1.0, (-6.0, 6.0), (-inf, inf), (), inf, "logit", "binary", "sigmoid", {})


def sign(f: Branches, g: Branches, h: Branches, link: Any = "sigmoid", kinks: tuple[float, ...] = ()) -> Line:
    """A loss of a score t and a label y, 1 or -1."""
    inf = math.inf
    return Line(f, g, h, 1.0, (-6.0, 6.0), (-inf, inf), kinks, inf, "margin", "sign", link, {}, 700.0)


def rate(f: Branches, g: Branches, h: Branches) -> Line:
    """A loss of the logarithm t of a rate and a count y, which float64 can follow up to 700."""
    inf = math.inf
    return Line(f, g, h, 1.0, (-3.0, 3.0), (-inf, inf), (), 0.0, "residual", "real", "exp", {}, 700.0)


def distance(f: Curve, g: Curve, h: Curve, kinks: tuple[float, ...] = ()) -> Line:
    """A loss of a distance, which has an end at 0 and none on the other side."""

    def alone(part: Curve) -> Branches:
        return lambda t, y: part(t)

    return Line(alone(f), alone(g), alone(h), 0.0, (0.0, 3.0), (0.0, math.inf), kinks, math.inf, "distance", "", "", {})


def sigmoid(t: Array) -> Array:
    return np.asarray(np.exp(-np.logaddexp(0, -t)))


def flat(t: Array) -> Array:
    return np.zeros_like(t)


def pinball(tau: float) -> Line:
    return residual(
        lambda r: np.maximum(-tau * r, (1 - tau) * r),
        lambda r: np.where(r < 0, -tau, np.where(r > 0, 1 - tau, 0.0)),
        flat,
        kinks=(0.0,),
        tau=tau,
    )


def expectile(tau: float) -> Line:
    def w(r: Array) -> Array:
        return np.where(r < 0, tau, 1 - tau)

    return residual(lambda r: w(r) * r**2, lambda r: 2 * w(r) * r, lambda r: 2 * w(r), kinks=(0.0,), tau=tau)


def huber(delta: float) -> Line:
    return residual(
        lambda r: np.where(np.abs(r) <= delta, r**2 / 2, delta * (np.abs(r) - delta / 2)),
        lambda r: np.clip(r, -delta, delta),
        lambda r: np.where(np.abs(r) <= delta, 1.0, 0.0),
        kinks=(-delta, delta),
        delta=delta,
    )


def smooth_l1(beta: float) -> Line:
    return residual(
        lambda r: np.where(np.abs(r) < beta, r**2 / (2 * beta), np.abs(r) - beta / 2),
        lambda r: np.clip(r / beta, -1, 1),
        lambda r: np.where(np.abs(r) < beta, 1 / beta, 0.0),
        kinks=(-beta, beta),
        beta=beta,
    )


def welsch(c: float) -> Line:
    return residual(
        lambda r: 1 - np.exp(-((r / c) ** 2) / 2),
        lambda r: r / c**2 * np.exp(-((r / c) ** 2) / 2),
        lambda r: (1 - (r / c) ** 2) / c**2 * np.exp(-((r / c) ** 2) / 2),
    )


def step(kinks: tuple[float, ...]) -> Line:
    return residual(lambda r: np.where(r > 0.1, 1.0, 0.0), flat, flat, kinks=kinks)


def clipped_square() -> Line:
    return residual(
        lambda r: np.minimum(r**2, 1.0),
        lambda r: np.where(np.abs(r) < 1, 2 * r, 0.0),
        lambda r: np.where(np.abs(r) < 1, 2.0, 0.0),
        kinks=(-1.0, 1.0),
    )


SQUARE = residual(lambda r: r**2, lambda r: 2 * r, lambda r: np.full_like(r, 2.0))
ABSOLUTE = residual(np.abs, np.sign, flat, kinks=(0.0,))
QUARTIC = residual(lambda r: r**4, lambda r: 4 * r**3, lambda r: 12 * r**2)
CUBIC = residual(lambda r: np.abs(r) ** 3, lambda r: 3 * r * np.abs(r), lambda r: 6 * np.abs(r), kinks=(0.0,))
TANH = residual(
    lambda r: 1 + np.tanh(r), lambda r: 1 - np.tanh(r) ** 2, lambda r: -2 * np.tanh(r) * (1 - np.tanh(r) ** 2)
)
SINE = residual(lambda r: 1 + np.sin(r), np.cos, lambda r: -np.sin(r))
SHIFTED = residual(lambda r: (r - 1) ** 2 + 0.25, lambda r: 2 * (r - 1), lambda r: np.full_like(r, 2.0))
NEARLY_SQUARE = residual(lambda r: (r - 1e-4) ** 2, lambda r: 2 * (r - 1e-4), lambda r: np.full_like(r, 2.0))
# Its slope nears 3 so slowly that 1e6 is not far enough.
FAIR = residual(
    lambda r: 9 * (np.abs(r / 3) - np.log1p(np.abs(r / 3))),
    lambda r: r / (1 + np.abs(r / 3)),
    lambda r: (1 + np.abs(r / 3)) ** -2.0,
)
# No chord lies below it, and its gradient is not its own.
SQUARE_OF_A_WRONG_GRADIENT = residual(lambda r: r**2, lambda r: -2 * r, lambda r: np.full_like(r, -2.0))
LINEAR = residual(lambda r: 3 * r, lambda r: np.full_like(r, 3.0), flat)
CONCAVE = residual(
    lambda r: np.sqrt(np.abs(r) + 1) - 1,
    lambda r: np.sign(r) / (2 * np.sqrt(np.abs(r) + 1)),
    lambda r: -0.25 * (np.abs(r) + 1) ** -1.5,
    kinks=(0.0,),
)
LOG_SCORE = probability(
    lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)),
    lambda p, y: (p - y) / (p * (1 - p)),
    lambda p, y: y / p**2 + (1 - y) / (1 - p) ** 2,
)
BRIER = probability(lambda p, y: (p - y) ** 2, lambda p, y: 2 * (p - y), lambda p, y: np.full_like(p, 2.0))
ABSOLUTE_SCORE = probability(lambda p, y: np.abs(p - y), lambda p, y: np.sign(p - y), lambda p, y: flat(p))
ZERO_ONE = probability(
    lambda p, y: np.where((p > 0.5) == (y > 0.5), 0.0, 1.0), lambda p, y: flat(p), lambda p, y: flat(p)
)
KULLBACK = probability(
    lambda p, y: y * np.log(y / p) + (1 - y) * np.log((1 - y) / (1 - p)),
    lambda p, y: (p - y) / (p * (1 - p)),
    lambda p, y: y / p**2 + (1 - y) / (1 - p) ** 2,
    "unit",
)
SQUARED_DISTANCE = probability(
    lambda p, y: 2 * (p - y) ** 2, lambda p, y: 4 * (p - y), lambda p, y: np.full_like(p, 4.0), "unit"
)
LOGISTIC = logit(
    lambda z, y: np.logaddexp(0, z) - y * z,
    lambda z, y: sigmoid(z) - y,
    lambda z, y: sigmoid(z) * sigmoid(-z),
)
BACKWARDS = logit(
    lambda z, y: np.logaddexp(0, z) - (1 - y) * z,
    lambda z, y: sigmoid(z) - (1 - y),
    lambda z, y: sigmoid(z) * sigmoid(-z),
)
TILTED = logit(
    lambda z, y: 4 * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z),
    lambda z, y: (1 - y) * sigmoid(z) - 4 * y * sigmoid(-z),
    lambda z, y: (4 * y + 1 - y) * sigmoid(z) * sigmoid(-z),
)

SIGNED = sign(
    lambda t, y: np.logaddexp(0, -y * t),
    lambda t, y: -y * sigmoid(-y * t),
    lambda t, y: sigmoid(t) * sigmoid(-t),
)
SIGNED_BACKWARDS = sign(
    lambda t, y: np.logaddexp(0, y * t),
    lambda t, y: y * sigmoid(y * t),
    lambda t, y: sigmoid(t) * sigmoid(-t),
)
HINGE = sign(
    lambda t, y: np.maximum(0.0, 1 - y * t),
    lambda t, y: np.where(y * t < 1, -y, 0.0),
    lambda t, y: flat(t),
    link="",
    kinks=(1.0,),
)
PERCEPTRON = sign(
    lambda t, y: np.maximum(0.0, -y * t),
    lambda t, y: np.where(y * t < 0, -y, 0.0),
    lambda t, y: flat(t),
    link="",
    kinks=(0.0,),
)
EXPONENTIAL = sign(
    lambda t, y: np.exp(-y * t),
    lambda t, y: -y * np.exp(-y * t),
    lambda t, y: np.exp(-y * t),
)
TANGENT = sign(
    lambda t, y: (2 * np.arctan(y * t) - 1) ** 2,
    lambda t, y: 4 * y * (2 * np.arctan(y * t) - 1) / (1 + t**2),
    lambda t, y: 8 * (1 - y * t * (2 * np.arctan(y * t) - 1)) / (1 + t**2) ** 2,
)
ERRORS = sign(
    lambda t, y: np.where(y * t <= 0, 1.0, 0.0),
    lambda t, y: flat(t),
    lambda t, y: flat(t),
    link="sigmoid",
    kinks=(0.0,),
)
POISSON = rate(lambda t, y: np.exp(t) - y * t, lambda t, y: np.exp(t) - y, lambda t, y: np.exp(t))
TWICE_THE_COUNT = rate(lambda t, y: np.exp(t) - 2 * y * t, lambda t, y: np.exp(t) - 2 * y, lambda t, y: np.exp(t))
SHORTFALL = distance(lambda t: np.maximum(0.0, 1 - t), lambda t: np.where(t < 1, -1.0, 0.0), flat, kinks=(1.0,))
ROOT = distance(
    np.sqrt, lambda t: 0.5 / np.sqrt(np.maximum(t, 1e-300)), lambda t: -0.25 * np.maximum(t, 1e-200) ** -1.5
)
STEEP_AT_THE_END = distance(
    lambda t: t**0.75,
    lambda t: 0.75 * np.maximum(t, 1e-300) ** -0.25,
    lambda t: -0.1875 * np.maximum(t, 1e-200) ** -1.25,
)
LOGARITHMIC = distance(lambda t: (1 + t) * np.log1p(t) - t, np.log1p, lambda t: 1 / (1 + t))
SQUARED_LENGTH = distance(lambda t: t**2, lambda t: 2 * t, lambda t: np.full_like(t, 2.0))

NO_NAME = "none"  # elicits nothing that has a name
HIDDEN = "hidden"  # a kink that the declaration does not mention
CURVES: Mapping[str, tuple[Line, dict[str, Any]]] = {
    "square": (
        SQUARE,
        {
            "convex": True,
            "smoothness": "Cinf",
            "lipschitz": "inf",
            "gradient_lipschitz": 2,
            "bounded": False,
            "symmetric": True,
            "value_at_perfect": 0,
            "gradient_limits": ("-inf", "inf"),
            "redescending": False,
            "elicits": "mean",
        },
    ),
    "absolute": (
        ABSOLUTE,
        {
            "convex": True,
            "smoothness": "C0",
            "lipschitz": 1,
            "gradient_lipschitz": "inf",
            "bounded": False,
            "symmetric": True,
            "value_at_perfect": 0,
            "gradient_limits": (-1, 1),
            "redescending": False,
            "elicits": "median",
        },
    ),
    "slope like a logarithm": (LOGARITHMIC, {"lipschitz": "inf", "gradient_lipschitz": 1, "bounded": False}),
    "absolute, kink not declared": (dataclasses.replace(ABSOLUTE, kinks=()), {"smoothness": HIDDEN}),
    "absolute, kink misplaced": (dataclasses.replace(ABSOLUTE, kinks=(0.5,)), {"smoothness": HIDDEN}),
    "quartic": (
        QUARTIC,
        {
            "convex": True,
            "smoothness": "Cinf",
            "lipschitz": "inf",
            "gradient_lipschitz": "inf",
            "bounded": False,
            "symmetric": True,
            "gradient_limits": ("-inf", "inf"),
            "redescending": False,
            "elicits": NO_NAME,
        },
    ),
    "cubic": (CUBIC, {"convex": True, "smoothness": "C2", "lipschitz": "inf", "gradient_lipschitz": "inf"}),
    "huber": (
        huber(0.5),
        {
            "convex": True,
            "smoothness": "C1",
            "lipschitz": 0.5,
            "gradient_lipschitz": 1,
            "bounded": False,
            "symmetric": True,
            "gradient_limits": (-0.5, 0.5),
            "redescending": False,
            "elicits": "Huber mean",
        },
    ),
    "huber, kinks not declared": (dataclasses.replace(huber(0.5), kinks=()), {"smoothness": HIDDEN}),
    "huber, one kink not declared": (dataclasses.replace(huber(0.5), kinks=(-0.5,)), {"smoothness": HIDDEN}),
    "welsch": (
        welsch(1.0),
        {
            "convex": False,
            "smoothness": "Cinf",
            "lipschitz": math.exp(-0.5),
            "gradient_lipschitz": 1,
            "bounded": True,
            "supremum": 1,
            "symmetric": True,
            "value_at_perfect": 0,
            "gradient_limits": (0, 0),
            "redescending": True,
            "elicits": NO_NAME,
        },
    ),
    "welsch of another width": (welsch(0.7), {"lipschitz": math.exp(-0.5) / 0.7, "gradient_lipschitz": 1 / 0.49}),
    "narrow welsch": (welsch(0.05), {"lipschitz": math.exp(-0.5) / 0.05, "gradient_lipschitz": 400}),
    "tanh": (
        TANH,
        {
            "convex": False,
            "smoothness": "Cinf",
            "lipschitz": 1,
            "gradient_lipschitz": 4 / 3**1.5,
            "bounded": True,
            "supremum": 2,
            "symmetric": False,
            "value_at_perfect": 1,
            "gradient_limits": (0, 0),
            "redescending": True,
        },
    ),
    "step": (
        step((0.1,)),
        {"convex": False, "smoothness": "discontinuous", "bounded": True, "supremum": 1, "symmetric": False},
    ),
    "step, not declared": (step(()), {"smoothness": HIDDEN}),
    "clipped square": (
        clipped_square(),
        {
            "convex": False,
            "smoothness": "C0",
            "lipschitz": 2,
            "gradient_lipschitz": "inf",
            "bounded": True,
            "supremum": 1,
            "redescending": True,
            "gradient_limits": (0, 0),
        },
    ),
    "sine": (
        SINE,
        {
            "convex": False,
            "smoothness": "Cinf",
            "lipschitz": 1,
            "gradient_lipschitz": 1,
            "symmetric": False,
            "redescending": False,
            "value_at_perfect": 1,
            "bounded": True,
            "supremum": 2,
        },
    ),
    "shifted square": (SHIFTED, {"symmetric": False, "value_at_perfect": 1.25, "convex": True, "elicits": NO_NAME}),
    "nearly the square": (NEARLY_SQUARE, {"elicits": NO_NAME, "symmetric": False}),
    "fair": (FAIR, {"convex": True, "lipschitz": 3, "gradient_limits": (-3, 3), "redescending": False}),
    "wrong gradient": (SQUARE_OF_A_WRONG_GRADIENT, {"convex": False}),
    "linear": (LINEAR, {"convex": True, "lipschitz": 3, "gradient_lipschitz": 0, "gradient_limits": (3, 3)}),
    "square root": (CONCAVE, {"convex": False, "smoothness": "C0", "lipschitz": 0.5, "bounded": False}),
    "pinball": (
        pinball(0.8),
        {
            "convex": True,
            "smoothness": "C0",
            "lipschitz": 0.8,
            "gradient_limits": (-0.8, 0.2),
            "symmetric": False,
            "elicits": "tau-quantile",
        },
    ),
    "even pinball": (pinball(0.5), {"symmetric": True, "elicits": "median"}),
    "expectile": (
        expectile(0.8),
        {
            "convex": True,
            "smoothness": "C1",
            "lipschitz": "inf",
            "gradient_lipschitz": 1.6,
            "symmetric": False,
            "elicits": "tau-expectile",
        },
    ),
    "even expectile": (expectile(0.5), {"elicits": "mean"}),
    "log score": (
        LOG_SCORE,
        {
            "convex": True,
            "smoothness": "Cinf",
            "lipschitz": "inf",
            "gradient_lipschitz": "inf",
            "bounded": False,
            "value_at_perfect": 0,
            "elicits": "mean",
            "proper": "strictly proper",
            "calibrated": True,
        },
    ),
    "brier": (
        BRIER,
        {
            "convex": True,
            "lipschitz": 2,
            "gradient_lipschitz": 2,
            "bounded": True,
            "supremum": 1,
            "elicits": "mean",
            "proper": "strictly proper",
            "calibrated": True,
        },
    ),
    "absolute score": (ABSOLUTE_SCORE, {"elicits": "median", "proper": "not proper", "calibrated": True}),
    "zero-one": (ZERO_ONE, {"proper": "proper", "calibrated": True}),
    "kullback": (KULLBACK, {"symmetric": False, "bounded": False, "value_at_perfect": 0, "elicits": "mean"}),
    "squared distance": (SQUARED_DISTANCE, {"symmetric": True, "bounded": True, "elicits": "mean"}),
    "logistic": (
        LOGISTIC,
        {
            "convex": True,
            "smoothness": "Cinf",
            "lipschitz": 1,
            "gradient_lipschitz": 0.25,
            "bounded": False,
            "value_at_perfect": 0,
            "gradient_limits": (-1, 0),
            "redescending": False,
            "elicits": "logit of the mean",
            "proper": "strictly proper",
            "calibrated": True,
        },
    ),
    "backwards": (
        BACKWARDS,
        {"gradient_limits": (0, 1), "elicits": NO_NAME, "proper": "not proper", "calibrated": False},
    ),
    "logistic with labels 1 and -1": (
        SIGNED,
        {
            "convex": True,
            "smoothness": "Cinf",
            "lipschitz": 1,
            "gradient_lipschitz": 0.25,
            "bounded": False,
            "value_at_perfect": 0,
            "gradient_limits": (-1, 0),
            "redescending": False,
            "elicits": "log-odds of label 1",
            "proper": "strictly proper",
            "calibrated": True,
        },
    ),
    "labels 1 and -1 exchanged": (
        SIGNED_BACKWARDS,
        {"gradient_limits": (0, 1), "elicits": NO_NAME, "proper": "not proper", "calibrated": False},
    ),
    "hinge": (
        HINGE,
        {
            "convex": True,
            "smoothness": "C0",
            "lipschitz": 1,
            "gradient_limits": (-1, 0),
            "calibrated": True,
            "elicits": "likelier label",
        },
    ),
    "exponential": (EXPONENTIAL, {"elicits": "half the log-odds of label 1", "lipschitz": "inf", "calibrated": True}),
    "tangent": (
        TANGENT,
        {
            "elicits": "tangent of the probability of label 1 minus 1/2",
            "convex": False,
            "redescending": True,
        },
    ),
    "perceptron": (PERCEPTRON, {"convex": True, "smoothness": "C0", "elicits": NO_NAME, "calibrated": False}),
    "errors": (ERRORS, {"convex": False, "smoothness": "discontinuous", "bounded": True, "calibrated": True}),
    "poisson": (
        POISSON,
        {
            "convex": True,
            "smoothness": "Cinf",
            "lipschitz": "inf",
            "gradient_lipschitz": "inf",
            "bounded": False,
            "symmetric": False,
            "value_at_perfect": 1,
            "gradient_limits": (-1, "inf"),
            "redescending": False,
            "elicits": "log of the mean",
        },
    ),
    "twice the count": (TWICE_THE_COUNT, {"gradient_limits": (-2, "inf"), "elicits": NO_NAME}),
    "shortfall of a distance": (
        SHORTFALL,
        {
            "convex": True,
            "smoothness": "C0",
            "lipschitz": 1,
            "gradient_lipschitz": "inf",
            "bounded": True,
            "supremum": 1,
            "value_at_perfect": 0,
            "gradient_limits": (-1, 0),
        },
    ),
    "root of a distance": (ROOT, {"convex": False, "lipschitz": "inf", "gradient_lipschitz": "inf", "bounded": False}),
    "power of a distance": (STEEP_AT_THE_END, {"convex": False, "lipschitz": "inf", "bounded": False}),
    "squared distance from 0": (
        SQUARED_LENGTH,
        {"convex": True, "lipschitz": "inf", "gradient_lipschitz": 2, "bounded": False},
    ),
    "smooth l1": (
        smooth_l1(0.5),
        {
            "smoothness": "C1",
            "lipschitz": 1,
            "gradient_lipschitz": 2,
            "gradient_limits": (-1, 1),
            "elicits": "Huber mean",
        },
    ),
    "tilted": (TILTED, {"gradient_limits": (-4, 0), "elicits": NO_NAME, "proper": "not proper", "calibrated": False}),
}


@pytest.mark.parametrize(
    ("line", "key", "truth"),
    [pytest.param(line, k, v, id=f"{name}: {k}") for name, (line, truths) in CURVES.items() for k, v in truths.items()],
)
def test_a_measurement_tells_the_truth(line: Line, key: str, truth: Any) -> None:
    finding = property_measures.MEASURES[key](line)
    told = (finding.value, *finding.also)
    if truth == NO_NAME:
        assert not set(told) & set(expected_loss.FUNCTIONALS)
    elif truth == HIDDEN:
        assert "not declared" in finding.value
    else:
        assert any(findings.agree(truth, value) for value in told), finding
    assert len(finding.how) > 15


def test_every_measurement_has_said_different_things() -> None:
    """The table above is a test of the measurements only if each of them has to say yes and no."""
    truths: dict[str, set[str]] = {key: set() for key in property_measures.MEASURES}
    for _, told in CURVES.values():
        for key, truth in told.items():
            truths[key].add(repr(truth))
    assert {key: len(found) for key, found in truths.items() if len(found) < 2} == {}
    assert {repr(name) for name in expected_loss.FUNCTIONALS} <= truths["elicits"]
    assert {repr(name) for name in findings.SMOOTHNESS} <= truths["smoothness"]


def test_the_sample_tells_functionals_apart() -> None:
    """A loss that elicits the mean must not be able to pass for one that elicits another thing."""
    sample = expected_loss.skewed_sample("real")
    values = [f(sample, {"tau": 0.8, "delta": 0.5}) for f in expected_loss.FUNCTIONALS.values()]
    numbers = np.sort([v for v in values if v is not None])
    assert len(numbers) >= 5
    assert np.diff(numbers).min() > 0.005
    assert len(sample) % 2 == 1, "an even sample has no single median"
    binary = expected_loss.skewed_sample("binary")
    assert set(binary) == {0.0, 1.0}
    assert 0 < binary.mean() < 0.5


def test_functionals_are_what_their_names_say() -> None:
    sample = expected_loss.skewed_sample("real")
    f = expected_loss.FUNCTIONALS
    assert f["mean"](sample, {}) == pytest.approx(sum(sample) / 51, rel=1e-14)
    assert f["median"](sample, {}) == sorted(sample)[25]
    assert f["tau-quantile"](sample, {"tau": 0.8}) == sorted(sample)[40]
    assert f["tau-quantile"](sample, {}) is None
    assert f["Huber mean"](sample, {}) is None
    centre = f["Huber mean"](sample, {"delta": 0.5})
    assert centre is not None
    assert np.clip(sample - centre, -0.5, 0.5).sum() == pytest.approx(0, abs=1e-9)
    assert f["Huber mean"](sample, {"delta": 1e6}) == pytest.approx(sample.mean(), rel=1e-9)
    middle = f["tau-expectile"](sample, {"tau": 0.8})
    assert middle is not None
    above, below = (sample - middle)[sample > middle].sum(), (middle - sample)[sample <= middle].sum()
    assert 0.8 * above == pytest.approx(0.2 * below, rel=1e-9)
    assert f["logit of the mean"](np.array([0.0, 0.0, 0.0, 1.0]), {}) == pytest.approx(-math.log(3), rel=1e-14)
    assert f["logit of the mean"](np.array([2.0]), {}) is None
    signs = np.array([-1.0, -1.0, -1.0, 1.0])
    assert f["logit of the mean"](signs, {}) is None
    assert f["log-odds of label 1"](signs, {}) == pytest.approx(-math.log(3), rel=1e-14)
    assert f["half the log-odds of label 1"](signs, {}) == pytest.approx(-math.log(3) / 2, rel=1e-14)
    assert f["likelier label"](signs, {}) == -1.0
    assert f["likelier label"](-signs, {}) == 1.0
    assert f["tangent of the probability of label 1 minus 1/2"](signs, {}) == pytest.approx(-math.tan(0.25), rel=1e-14)
    assert f["log-odds of label 1"](sample, {}) is None
    assert f["log of the mean"](sample, {}) == pytest.approx(math.log(sum(sample) / 51), rel=1e-14)
    assert f["log of the mean"](np.array([-1.0, 0.5]), {}) is None
    assert f["Huber mean"](sample, {"beta": 0.5}) == centre


def test_a_best_prediction_between_the_classes_is_told_as_that() -> None:
    assert "picks neither class" in expected_loss.calibrated(PERCEPTRON).how
    assert "picks the rarer class" in expected_loss.calibrated(SIGNED_BACKWARDS).how


def test_a_line_goes_as_far_as_float64_can_follow() -> None:
    """Beyond 709.78 the exponential is infinite: a measurement there would compare infinities."""
    assert POISSON.wide().max() == pytest.approx(700, rel=1e-12)
    assert POISSON.wide().min() == pytest.approx(-700, rel=1e-12)
    lower, upper = POISSON.far((1e3, 1e6))
    assert (lower == [-350, -700]).all()
    assert (upper == [350, 700]).all()
    assert np.isfinite(POISSON.f(POISSON.wide())).all()
    assert SQUARE.wide().max() == pytest.approx(1e6, rel=1e-12)


def test_a_half_open_domain_is_approached_at_its_end_and_followed_on_the_other_side() -> None:
    t = SHORTFALL.wide()
    assert t.min() >= 0
    assert 0 < t[t > 0].min() <= 1.0000001e-9
    assert t.max() == pytest.approx(1e6, rel=1e-12)
    lower, upper = SHORTFALL.far((1e3, 1e6))
    assert lower == pytest.approx([1e-3, 1e-6])
    assert (upper == [1e3, 1e6]).all()


@pytest.mark.parametrize(
    ("claimed", "found", "same"),
    [
        (True, True, True),
        (True, False, False),
        (True, 1.0, False),
        (1, True, False),
        (0, False, False),
        (1, 1.0, True),
        (1, 1 + 1e-7, True),
        (1, 1 + 1e-5, False),
        (1000, 1000.01, False),
        (0, 1e-4, False),
        ("inf", "inf", True),
        ("inf", 5.0, False),
        (5.0, "inf", False),
        ("mean", "median", False),
        ((-1, 1), (-1.0, 1.0), True),
        ((-1, 1), (1.0, -1.0), False),
        ((-1, 1), (-1.0,), False),
        ((-1, 1), -1.0, False),
        (["-inf", 0], ("-inf", 0.0), True),
        (1.0, math.nan, False),
    ],
)
def test_when_a_claim_agrees_with_a_finding(claimed: Any, found: Any, same: bool) -> None:
    assert findings.agree(claimed, found) is same


# --- the catalog's own claims ---------------------------------------------------------------------------------------


def wrong_values(key: str, value: Any) -> list[Any]:
    """Claims that are nearly right."""
    if isinstance(value, bool):
        return [not value]
    if key == "smoothness":
        order = list(findings.SMOOTHNESS)
        at = order.index(value)
        return [order[k] for k in (at - 1, at + 1) if 0 <= k < len(order)]
    if key == "elicits":
        return [name for name in ("mean", "median", "logit of the mean", "mode") if name != value]
    if key == "proper":
        return [name for name in ("strictly proper", "proper", "not proper") if name != value]
    if key == "gradient_limits":
        low, high = value
        turned = [(high, low), (low, low), (high, high), (low, 0.99 if high == "inf" else high + 0.01)]
        return [limits for limits in turned if limits != (low, high)]
    if value == "inf":
        return [1.0, 1e9]
    return [value * 1.01 if value else 0.01, value - 0.01, "inf"]


def altered(claim: Any, choose: int) -> Any:
    """The claim with the chosen wrong value, at every setting if it depends on the parameters."""
    key, value = claim
    if not callable(value):
        return wrong_values(key, value)[choose]

    @functools.wraps(value)
    def wrong(*parameters: Any) -> Any:
        values = wrong_values(key, value(*parameters))
        return values[choose % len(values)]

    return wrong


def claimed() -> list[Any]:
    return [
        of_kind(loss, key, name=f"{loss.slug}: {key}")
        for loss in LOSSES.values()
        for key, claim in loss.properties.items()
        if not isinstance(claim, Cited)
    ]


@pytest.mark.parametrize(("loss", "key"), claimed())
def test_a_claim_of_the_catalog_holds_and_a_wrong_one_is_caught(
    loss: Loss, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = loss.properties[key]
    monkeypatch.setitem(property_measures.MEASURES, key, once(property_measures.MEASURES[key]))
    right = dataclasses.replace(loss, properties={key: claim})
    evidence = Evidence()
    assert list(claims.claimed_properties(right, evidence)) == []
    assert key in evidence.properties
    example = points.call_with(claim, loss, loss.defaults()) if callable(claim) else claim
    for choose in range(len(wrong_values(key, example))):
        wrong = dataclasses.replace(loss, properties={key: altered((key, claim), choose)})
        told = [str(f) for f in claims.claimed_properties(wrong, Evidence())]
        assert told, (key, choose)
        assert all("property" in t and f"{key}: expected" in t and "got" in t and loss.path in t for t in told)


def once(measure: Callable[[Line], findings.Finding]) -> Callable[[Line], findings.Finding]:
    """The measurement, made once for each setting: many claims are held against one finding."""
    found: dict[str, findings.Finding] = {}

    def remembered(line: Line) -> findings.Finding:
        setting = repr((sorted(line.parameters.items()), line.y))
        if setting not in found:
            found[setting] = measure(line)
        return found[setting]

    return remembered


def test_a_claim_that_depends_on_parameters_is_checked_at_each_of_their_typical_values() -> None:
    loss = LOSSES["huber"]
    wrong = dataclasses.replace(loss, properties={"lipschitz": lambda delta: delta if delta < 2 else 2.5})
    (failure,) = claims.claimed_properties(wrong, Evidence())
    assert failure.parameters == "delta = 2.0"
    constant = dataclasses.replace(loss, properties={"lipschitz": lambda delta: 1.0})
    assert len(list(claims.claimed_properties(constant, Evidence()))) == 2


def refused(slug: str, **properties: Any) -> list[str]:
    """What is said of wrong claims of a loss."""
    wrong = dataclasses.replace(LOSSES[slug], properties=properties)
    return [str(failure) for failure in claims.claimed_properties(wrong, Evidence())]


def test_a_claim_is_held_against_every_branch() -> None:
    """A pair with label -1 has a kink that one with label 1 has not; a count of 4 pulls harder than one of 1."""
    (smooth,) = refused("cosine_embedding", smoothness="Cinf")
    assert "with label -1" in smooth
    (steep,) = refused("cosine_embedding", gradient_lipschitz=1)
    assert "with label -1" in steep
    assert refused("hinge_embedding", gradient_lipschitz=0, smoothness="Cinf") != []
    (unbounded,) = refused("hinge_embedding", bounded=True)
    assert "with label 1, the loss goes on growing" in unbounded
    section = dataclasses.replace(LOSSES["bce_with_logits"].main, perfect={"target 1": math.inf, "target 0": math.inf})
    wrong = dataclasses.replace(LOSSES["bce_with_logits"], sections=(section,), properties={"value_at_perfect": 0})
    assert "with target 0" in str(next(claims.claimed_properties(wrong, Evidence())))


def test_each_branch_has_its_own_limits_of_the_gradient() -> None:
    evidence = Evidence()
    poisson = dataclasses.replace(LOSSES["poisson_nll"], properties={"gradient_limits": (-1, "inf")})
    assert list(claims.claimed_properties(poisson, evidence)) == []
    assert evidence.branches["gradient_limits"] == {
        "target 1": (-1.0, "inf"),
        "target 0": (0.0, "inf"),
        "target 4": (-4.0, "inf"),
    }
    told = value_text(poisson, evidence, "gradient_limits", (-1, "inf"))
    assert told == "−1 and ∞ with target 1; 0 and ∞ with target 0; −4 and ∞ with target 4"


def told_of(slug: str, key: str) -> str:
    """How a claim of the catalog is known."""
    evidence, loss = Evidence(), LOSSES[slug]
    one = dataclasses.replace(loss, properties={key: loss.properties[key]})
    assert list(claims.claimed_properties(one, evidence)) == []
    return evidence.properties[key][1]


def test_each_branch_is_told_with_its_own_place() -> None:
    assert told_of("bce", "value_at_perfect") == (
        "with target 1, the loss is 0 where the predicted probability is 1; "
        "with target 0, the loss is 0 where the predicted probability is 0"
    )
    assert "with target 0, the loss tends to 0 as the logit falls" in told_of("bce_with_logits", "value_at_perfect")
    assert told_of("bce", "bounded").count("where the predicted probability is 1") == 2
    # What is proven of one branch names it.
    assert told_of("bce_with_logits", "bounded").startswith("with target 1, the slope is −0.99")
    assert told_of("hinge_embedding", "bounded").startswith("with label 1, the slope is 1 at t = 10")
    assert told_of("cosine_embedding", "convex").startswith("with label 1, in its middle the chord")


def test_a_mean_is_symmetric_about_the_target_and_not_about_zero() -> None:
    """A negative rate is no prediction, although the formula has a number for it."""
    assert told_of("poisson_deviance", "symmetric") == (
        "with target 1, the loss is 0.3863 where the predicted mean is 0.5, and 0.1891 where it is 1.5; "
        "with target 4, the loss is 1.545 where the predicted mean is 2, and 0.7563 where it is 6"
    )
    deviance = claims.line(LOSSES["poisson_deviance"], LOSSES["poisson_deviance"].main, {})
    even = dataclasses.replace(deviance, loss=lambda t, y: np.abs(t - y))
    assert property_measures.MEASURES["symmetric"](even).value is True
    at_the_end = dataclasses.replace(even, perfect=0.0)
    assert property_measures.MEASURES["symmetric"](at_the_end).value is False


@every_loss
def test_a_branch_is_named_so_that_it_can_follow_with(loss: Loss) -> None:
    """Rows of the table say "with target 1, the loss is …": a name that is a sentence of its own would not fit."""
    for section in loss.sections:
        for label in section.branches:
            assert not re.search(r"\b(has|have|is|are|moves)\b", label), label


def test_a_loss_that_is_zero_from_somewhere_on_says_so() -> None:
    assert told_of("hinge", "value_at_perfect") == (
        "with label 1, the loss is exactly 0 once the score has grown to 9; "
        "with label -1, the loss is exactly 0 once the score has fallen to −9"
    )


def test_a_perfect_prediction_is_told_as_it_is_and_not_as_what_lies_beside_it() -> None:
    """A loss that is steep at the end of its domain is not small beside it."""
    assert told_of("focal_tversky", "value_at_perfect") == (
        "the loss is 0 where the probability of the right answer is 1"
    )


def test_the_size_of_a_gradient_is_told_of_each_end() -> None:
    """A logistic loss has the slope 1 at one end and 0 at the other."""
    assert "is 1 and 0 where the logit of the true class is −1e6 and 1e6" in told_of("poly_loss", "redescending")
    assert "is 0 where the score is −1e6 and 1e6" in told_of("savage", "redescending")


@pytest.mark.parametrize("claimed", [lambda gamma: gamma == 0, lambda gamma: gamma != 0])
def test_a_comparison_of_symbols_is_not_told(claimed: Callable[[Any], Any]) -> None:
    """It compares the symbols themselves, and would be told as false at all values."""
    loss = dataclasses.replace(LOSSES["focal"], properties={"convex": claimed})
    assert value_text(loss, Evidence(), "convex", False) == "no at the defaults"


def test_a_claim_that_holds_at_one_value_names_it() -> None:
    for slug, key, at in (("focal", "convex", r"\gamma = 0"), ("symmetric_cross_entropy", "bounded", r"\alpha = 0")):
        assert value_text(LOSSES[slug], Evidence(), key, False) == f"${at}$, that is no at the defaults"


@every_loss
def test_a_curve_that_is_not_convex_is_told_with_a_chord_below_it(loss: Loss) -> None:
    if loss.properties.get("convex") is not False:
        return
    for line in claims.lines(loss, loss.main, loss.defaults()).values():
        finding = property_measures.MEASURES["convex"](line)
        if finding.value is True:
            continue
        told = re.search(r" is (\S+) and (\S+) lies (\S+) below the curve$", finding.how)
        assert told, finding.how
        low, high, gap = (float(number.replace("−", "-")) for number in told.groups())
        ends = line.f(np.array([low, high]))
        below = float(line.f(np.array([(low + high) / 2]))[0] - ends.mean())
        assert below == pytest.approx(gap, rel=0.02), finding.how


def test_a_gradient_that_falls_without_a_chord_below_is_told_from_where_to_where() -> None:
    how = property_measures.MEASURES["convex"](SQUARE_OF_A_WRONG_GRADIENT).how
    assert re.fullmatch(r"the gradient falls from \S+ to \S+ as the residual goes from \S+ to \S+", how)


@every_loss
def test_what_is_measured_along_another_section_names_it(loss: Loss) -> None:
    """The page says of the table that it is of the main section."""
    if not set(loss.properties) & property_measures.NEED_TARGETS or loss.main.target_values:
        return
    evidence = Evidence()
    assert list(claims.claimed_properties(loss, evidence)) == []
    section = next(section for section in loss.sections if section.target_values)
    for key, (_, how) in evidence.properties.items():
        elsewhere = how.startswith(f"along the {section.label}, ")
        assert elsewhere == (key in property_measures.NEED_TARGETS), (key, how)


@each_kind_by_name
def test_evidence_is_told_in_the_words_of_its_axis(slug: str) -> None:
    """A distance has no logit and no negative side, and a place is named once."""
    loss, evidence = LOSSES[slug], Evidence()
    assert list(claims.claimed_properties(loss, evidence)) == []
    named = {section.quantity for section in loss.sections}
    for key, (_, how) in evidence.properties.items():
        if isinstance(loss.properties[key], Cited):
            continue
        for word in ("logit", "residual", "distance", "angle"):
            assert word not in how or any(word in quantity for quantity in named), how
        # Of a place that is named, nothing is told of another branch.
        assert "the same with" not in how or " where the " not in how.partition("also checked")[0], how
        places = re.findall(r" is (\S+) and (\S+)", how)
        assert all(one != other for one, other in places), how
        if loss.main.limits[0] == 0:
            assert not re.search(r"where the [^;]* is [-−]\d|between [-−]|t = [-−]", how), how
        assert "t = -" not in how, how
        assert "not defined" not in how, how


def test_a_cited_property_keeps_its_source() -> None:
    cited = dataclasses.replace(LOSSES["l1"], properties={"convex": Cited(False, "a book")})
    evidence = Evidence()
    assert list(claims.claimed_properties(cited, evidence)) == []
    assert evidence.properties == {"convex": (False, "a book")}


@pytest.mark.parametrize("slug", LOSSES)
def test_a_line_is_the_loss_along_its_section(slug: str) -> None:
    """What the measurements see is torch at the section's inputs, at the kinks and far out as well."""
    loss = LOSSES[slug]
    for section in loss.sections:
        line = claims.line(loss, section, loss.defaults())
        t = line.wide()
        assert (np.diff(t) > 0).all()
        low, high = section.limits
        far = min(1e6, min(kind.far for i in loss.inputs for kind in i.kinds)) * (1 - 1e-12)
        assert t.min() <= (-far if math.isinf(low) else low + 1.0000001e-9)
        assert t.max() >= (far if math.isinf(high) else high - 1.0000001e-9)
        assert np.isin([k + s * 1e-9 for k in line.kinks for s in (-1, 1)], t).all()
        for y in section.branches.values():
            drawn = curve(loss, section, t, None, y)
            assert (line.loss(t, y) == drawn.loss).all()
            assert (line.gradient(t, y) == drawn.gradient).all()
            if detaches(loss) and section is not loss.main:
                continue
            slope = np.gradient(drawn.loss, t)[1:-1]
            inner = (np.abs(t[1:-1] - np.mean(section.span)) < 0.4 * np.ptp(section.span)) & (np.diff(t)[1:] > 1e-4)
            assert np.median(np.abs(slope - drawn.gradient[1:-1])[inner]) < 1e-3
