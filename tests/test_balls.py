"""The arithmetic of proofs: what is made of a wide ball holds all values in it, and little else where that matters."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from lossary.evaluation import balls
from lossary.evaluation.balls import Dual, ball, precision, span


@dataclass(frozen=True)
class Formula:
    """A function of one number over balls, and how it is written."""

    text: str
    run: Callable[[Any], Any]


def power(exponent: Any) -> Callable[[Any], Any]:
    return lambda x: balls.power(x, exponent() if callable(exponent) else exponent)


def cases(x: Any, y: Any) -> Any:
    return balls.piecewise((lambda: balls.below(x, y), lambda: x), (lambda: True, lambda: balls.power(y, 2)))


def three_cases(x: Any, y: Any) -> Any:
    half = arb(1) / 2
    return balls.piecewise(
        (lambda: balls.conjunction(balls.below(x, y), balls.at_most(y, half)), lambda: x),
        (lambda: balls.disjunction(balls.negation(balls.equal(x, half)), balls.below(x, y)), lambda: y),
        (lambda: True, lambda: x + y),
    )


# The functions are looked up when they run, so that a mutant of one is what runs.
ONE_SIDED: dict[str, Callable[[Any], Any]] = {
    name: (lambda x, name=name: getattr(balls, name)(x))
    for name in (
        *("exp", "log", "sqrt", "absolute", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf"),
        *("softplus", "sigmoid", "sign", "inverse"),
    )
} | {
    "square": power(2), "cube": power(3), "fourth": power(4), "inverse square": power(-2), "first": power(1),
    "power 3/2": power(lambda: arb(3) / 2), "power 0.7": power(lambda: arb(7) / 10),
    "exponent": lambda x: balls.power(arb(3) / 2, x), "negative": lambda x: -x, "shifted": lambda x: x - arb(1) / 2,
}  # fmt: skip
TWO_SIDED: dict[str, Callable[[Any, Any], Any]] = {
    **{
        name: (lambda x, y, name=name: getattr(balls, name)(x, y))
        for name in ("maximum", "minimum", "xlogy", "power")
    },
    "sum": operator.add, "product": operator.mul, "quotient": lambda x, y: x * balls.inverse(y),
    "chosen": lambda x, y: balls.chosen(lambda: x, balls.at_most(x, y)),
    "cases": cases, "three cases": three_cases,
}  # fmt: skip


def leaf(rng: random.Random) -> Formula:
    value = rng.choice((None, None, None, rng.randint(-3, 3), arb(rng.randint(-20, 20)) / 8))
    return Formula("t", lambda x: x) if value is None else Formula(str(value), lambda x: value)


def applied(name: str, *parts: Formula) -> Formula:
    maker: Callable[..., Any] = ONE_SIDED[name] if len(parts) == 1 else TWO_SIDED[name]
    text = f"{name}({', '.join(part.text for part in parts)})"
    return Formula(text, lambda x: maker(*(part.run(x) for part in parts)))


def grown(rng: random.Random, depth: int) -> Formula:
    """A random formula."""
    if depth == 0 or rng.random() < 0.1:
        return leaf(rng)
    parts = [grown(rng, depth - 1) for _ in range(rng.choice((1, 2)))]
    names = list(ONE_SIDED) if len(parts) == 1 else list(TWO_SIDED)
    return applied(rng.choice(names), *parts)


def enclosed(run: Callable[[Any], Any], x: Any) -> list[Any]:
    """The value and its first two derivatives over a ball, by dual numbers of dual numbers."""
    made = run(Dual(Dual(x, {0: arb(1)}), {0: arb(1)}))
    value, slope = (made.value, made.partials.get(0, 0)) if isinstance(made, Dual) else (made, 0)
    first = value.value if isinstance(value, Dual) else value
    second, bend = (slope.value, slope.partials.get(0, 0)) if isinstance(slope, Dual) else (slope, 0)
    return [ball(found) for found in (first, second, bend)]


STEP = arb((1, -100))
CLOSE = arb("1e-12")


def differences(run: Callable[[Any], Any], point: Any) -> list[Any]:
    """The value at a point, and its derivatives as quotients of differences: None for one that jumps there."""
    with precision(768):
        before, beside, here, after, beyond = (ball(run(point + k * STEP)) for k in (-2, -1, 0, 1, 2))
        slopes = (here - beside) / STEP, (after - here) / STEP
        bends = (here - 2 * beside + before) / STEP**2, (beyond - 2 * after + here) / STEP**2
        found = [here]
        for left, right in (slopes, bends):
            smooth = found[-1] is not None and left.is_finite() and right.is_finite()
            found.append((left + right) / 2 if smooth and abs(left - right) < CLOSE * (1 + abs(left)) else None)
        return found


def escapes(formula: Formula, x: Any, points: list[Any]) -> Iterator[str]:
    """Where a value or a derivative at a point of a ball lies outside of what is made of the ball."""
    over = enclosed(formula.run, x)
    for point in points:
        for order, (value, around) in enumerate(zip(differences(formula.run, point), over, strict=True)):
            if value is None or not around.is_finite():
                continue
            if not (value.is_finite() and (around + arb(0, CLOSE) * (1 + abs(value))).overlaps(value)):
                yield f"derivative {order} of {formula.text} at {point} is {value}, outside of {around} over {x}"


Row = tuple[Formula, Any, list[Any]]


def corpus(count: int) -> list[Row]:
    """Formulas, each with a ball and points in it; the same ones each time, every function alone first."""
    rng = random.Random(5)
    t = Formula("t", lambda x: x)
    other = Formula("(1/4 - t)", lambda x: arb(1) / 4 - x)
    alone = [applied(name, t) for name in ONE_SIDED]
    alone += [applied(name, *pair) for name in TWO_SIDED for pair in ((t, other), (other, t))]
    rows = [*alone * 6, *(grown(rng, 3) for _ in range(count))]
    return [(formula, *around(rng)) for formula in rows]


def around(rng: random.Random) -> tuple[Any, list[Any]]:
    """A ball, and points in it: its ends, its middle and others."""
    low, high = sorted(rng.choice((rng.uniform(-1, 1), rng.uniform(-5, 5), rng.uniform(-60, 60))) for _ in range(2))
    if rng.random() < 0.2:
        low = rng.choice((0.0, -1.0, 0.5))
        high = max(high, low + 0.25)
    points = [low, high, (low + high) / 2, *(rng.uniform(low, high) for _ in range(3))]
    return span(arb(low), arb(high)), [arb(min(max(p, low), high)) for p in points]


def test_a_ball_holds_the_values_and_derivatives_at_all_its_points() -> None:
    with precision(128):
        told = [line for row in corpus(1500) for line in escapes(*row)]
    assert told == []


def test_most_of_what_is_tried_is_enclosed_at_all() -> None:
    """A law about enclosures that are infinite would say nothing."""
    with precision(128):
        finite = [value.is_finite() for formula, x, _ in corpus(1500) for value in enclosed(formula.run, x)]
    assert sum(finite) > len(finite) / 3


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_the_same_of_formulas_that_are_drawn(seed: int) -> None:
    rng = random.Random(seed)
    formula = grown(rng, 4)
    x, points = around(rng)
    with precision(96):
        assert list(escapes(formula, x, points)) == []


_whole_power = balls._whole_power


def of_ends(base: Any, exponent: int) -> Any:
    """A power that forgets that an even one is least in between."""
    if not isinstance(base, arb) or exponent < 1:
        return _whole_power(base, exponent)
    return balls.hull(base.lower() ** exponent, base.upper() ** exponent)


MUTANTS: dict[str, tuple[str, Any]] = {
    "a hull is its first branch": ("hull", lambda first, second: first),
    "a hull is its second branch": ("hull", lambda first, second: second),
    "a span is its middle": ("span", lambda low, high: ((low + high) / 2).mid()),
    "a span begins at its middle": ("span", lambda low, high: (low + (high - low) / 2).union(high)),
    "the slope of |x| at 0 is 1": ("_slope_of_absolute", lambda x: -1 if balls.below(x, 0) else 1),
    "a comparison of middles": ("below", lambda a, b: ball(balls.plain(a)).mid() < ball(balls.plain(b)).mid()),
    "an extreme that is not decided is the first": ("_extreme", lambda a, b, second, enclosing: b if second else a),
    "a rising function of the middle": ("_softplus", lambda x: x.mid().exp().log1p()),
    "a power is that of the ends": ("_whole_power", of_ends),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_arithmetic_that_drops_a_branch_or_takes_a_middle_is_found_out(
    mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with precision(128):
        rows = corpus(300)
        monkeypatch.setattr(balls, *MUTANTS[mutant])
        assert next((told for row in rows for told in escapes(*row)), None)


# --- narrow where it matters ----------------------------------------------------------------------------------------

UNIT, WIDE = span(arb(-1), arb(1)), span(arb(-1000), arb(1000))


@pytest.mark.parametrize("bits", [53, 128, 192, 768])
@pytest.mark.parametrize("high", [1.0, 0.3, 3.0, 1e300, 1e-300])
def test_a_span_that_begins_or_ends_at_0_does_not_cross_it(bits: int, high: float) -> None:
    with precision(bits):
        made = span(arb(0), arb(high))
        assert made >= 0
        assert -made <= 0
        assert span(arb(-high), arb(0)) <= 0
        assert made.upper() >= arb(high)
        assert made.upper() < arb(high) * (1 + arb("1e-8"))


@pytest.mark.parametrize(
    ("found", "low", "high"),
    [
        (lambda: balls.power(UNIT, 2), 0, 1),
        (lambda: balls.power(span(arb(-2), arb(1)), 4), 0, 16),
        (lambda: balls.power(span(arb(-2), arb(1)), 3), -8, 1),
        (lambda: balls.power(span(arb(1), arb(5)), 2), 1, 25),
        (lambda: balls.absolute(span(arb(-1), arb(2))), 0, 2),
        (lambda: balls.sigmoid(WIDE), 0, 1),
        (lambda: balls.softplus(WIDE), 0, 1000),
        (lambda: balls.exp(span(arb(-1000), arb(0))), 0, 1),
        (lambda: balls.maximum(UNIT, 0), 0, 1),
        (lambda: balls.minimum(UNIT, arb(0)), -1, 0),
        (lambda: balls.hull(0, span(arb(0), arb(3))), 0, 3),
    ],
)
def test_what_cannot_be_negative_is_not(found: Callable[[], Any], low: float, high: float) -> None:
    """The bounds that proofs of a sign need, to the width that a ball's radius can have."""
    with precision(192):
        made = found()
        assert made.lower() <= low
        assert made.upper() >= high
        size = max(abs(low), abs(high))
        assert float(low - made.lower()) <= 1e-8 * size * (low != 0)
        assert float(made.upper() - high) <= 1e-8 * size * (high != 0)


def test_an_exact_or_narrow_number_keeps_its_digits() -> None:
    with precision(192):
        third = arb(1) / 3
        for run in (balls.sigmoid, balls.softplus, balls.exp, lambda x: balls.power(x, 2), balls.absolute):
            assert balls.is_settled(run(third))
            assert balls.is_settled(run(-third))
        assert balls.power(arb(-3), 2) == 9
        assert balls.power(arb(-3), -3).overlaps(arb(-1) / 27)
        assert balls.power(0, 2) == 0
        assert balls.power(arb.nan(), 2).is_nan()
        assert balls.power(arb.nan(), 0).is_nan()
