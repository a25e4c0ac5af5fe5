"""The arithmetic of proofs: what is made of a wide ball holds all values in it, and little else where that matters."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sympy as sp
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from lossary.declaration.symbols import maximum, minimum, sigmoid, softplus, xlogy
from lossary.evaluation import balls
from lossary.evaluation.balls import Dual, ball, precision, span
from lossary.evaluation.compiled import compiled
from lossary.interactive.along_section import T

Enclosures = list[Any]  # of the value and its first two derivatives

HALF = sp.Rational(1, 2)
ONE_SIDED: dict[str, Callable[[Any], Any]] = {
    "exp": sp.exp, "log": sp.log, "sqrt": sp.sqrt, "abs": sp.Abs, "sin": sp.sin, "cos": sp.cos, "tan": sp.tan,
    "asin": sp.asin, "acos": sp.acos, "atan": sp.atan, "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh,
    "erf": sp.erf, "softplus": softplus, "sigmoid": sigmoid, "sign": sp.sign, "square": lambda x: x**2,
    "cube": lambda x: x**3, "fourth": lambda x: x**4, "inverse": lambda x: 1 / x, "inverse square": lambda x: x**-2,
    "power 3/2": lambda x: x ** sp.Rational(3, 2), "power 0.7": lambda x: x ** sp.Rational(7, 10),
    "exponent": lambda x: sp.Rational(3, 2) ** x, "negative": lambda x: -x, "shifted": lambda x: x - HALF,
}  # fmt: skip
TWO_SIDED: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda x, y: x + y, "product": lambda x, y: x * y, "quotient": lambda x, y: x / y, "maximum": maximum,
    "minimum": minimum, "xlogy": xlogy, "power": lambda x, y: x**y,
    "cases": lambda x, y: sp.Piecewise((x, x < y), (y**2, True)),
    "three cases": lambda x, y: sp.Piecewise((x, (x < y) & (y <= HALF)), (y, sp.Ne(x, HALF) | (y > x)), (x + y, True)),
}  # fmt: skip


def grown(rng: random.Random, depth: int) -> Any:
    """A random expression of `T`."""
    if depth == 0 or rng.random() < 0.1:
        return rng.choice((T, T, T, sp.Integer(rng.randint(-3, 3)), sp.Rational(rng.randint(-20, 20), 8)))
    parts = [grown(rng, depth - 1) for _ in range(rng.choice((1, 2)))]
    makers: dict[str, Callable[..., Any]] = ONE_SIDED if len(parts) == 1 else TWO_SIDED
    try:
        return makers[rng.choice(list(makers))](*parts)
    except TypeError:  # SymPy compares no complex numbers
        return parts[0]


def written(e: Any) -> Callable[[Any], Any] | None:
    """An expression as a function of a ball; None for one that SymPy has made into something without a value."""
    if e.has(sp.zoo, sp.nan, sp.oo, sp.I, sp.AccumBounds):
        return None
    try:
        run = compiled([T], {"value": ([], e)})
    except ValueError:  # the derivative of a jump
        return None
    return lambda x: run(x)["value"]()


def derivative(e: Any, order: int) -> Callable[[Any], Any] | None:
    """SymPy's derivative as a function of a ball; None where there is none, or SymPy meets a complex number."""
    try:
        return written(sp.diff(e, T, order) if order else e)
    except TypeError:
        return None


def enclosed(run: Callable[[Any], Any], x: Any) -> Enclosures:
    """The value and its first two derivatives over a ball, by dual numbers of dual numbers."""
    made = run(Dual(Dual(x, {0: arb(1)}), {0: arb(1)}))
    value, slope = (made.value, made.partials.get(0, 0)) if isinstance(made, Dual) else (made, 0)
    first = value.value if isinstance(value, Dual) else value
    second, bend = (slope.value, slope.partials.get(0, 0)) if isinstance(slope, Dual) else (slope, 0)
    return [ball(found) for found in (first, second, bend)]


def escapes(e: Any, x: Any, points: list[Any]) -> Iterator[str]:
    """Where a value or a derivative at a point of a ball lies outside of what the ball is turned into.

    The derivatives at points are SymPy's, and not those of dual numbers.
    """
    run = written(e)
    if run is None:
        return
    over = enclosed(run, x)
    exact = [derivative(e, order) for order in range(3)]
    for point in points:
        for order, (here, there) in enumerate(zip(exact, over, strict=True)):
            if here is None or not there.is_finite():
                continue
            value = ball(here(point))
            if not value.is_finite() and order:
                continue  # exactly on a kink there is no derivative
            if not (value.is_finite() and there.overlaps(value)):
                yield f"derivative {order} of {e} at {point} is {value}, outside of {there} over {x}"


def corpus(count: int) -> Iterator[tuple[Any, Any, list[Any]]]:
    """Expressions, each with a ball and points in it; the same ones each time."""
    rng = random.Random(5)
    names = [*ONE_SIDED, *TWO_SIDED]
    for k in range(count):
        e = grown(rng, 2)
        if k < 6 * len(names):  # every function alone first
            name = names[k % len(names)]
            e = ONE_SIDED[name](T) if name in ONE_SIDED else TWO_SIDED[name](T, sp.Rational(rng.randint(-8, 8), 4) - T)
        yield e, *around(rng)


def around(rng: random.Random) -> tuple[Any, list[Any]]:
    low, high = sorted(rng.choice((rng.uniform(-1, 1), rng.uniform(-5, 5), rng.uniform(-60, 60))) for _ in range(2))
    if rng.random() < 0.2:
        low = rng.choice((0.0, -1.0, 0.5))
        high = max(high, low + 0.25)
    points = [low, high, (low + high) / 2, *(rng.uniform(low, high) for _ in range(3))]
    return span(arb(low), arb(high)), [arb(min(max(p, low), high)) for p in points]


def found(count: int) -> list[str]:
    with precision(128):
        return [told for e, x, points in corpus(count) for told in escapes(e, x, points)]


def test_a_ball_holds_the_values_and_derivatives_at_all_its_points() -> None:
    assert found(300) == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_the_same_of_expressions_that_are_drawn(seed: int) -> None:
    rng = random.Random(seed)
    e = grown(rng, 2)
    x, points = around(rng)
    with precision(96):
        assert list(escapes(e, x, points)) == []


def middled(x: Any, y: Any) -> Any:
    return (ball(x) + ball(y)) / 2


MUTANTS: dict[str, tuple[str, Any]] = {
    "a hull is its first branch": ("hull", lambda first, second: first),
    "a hull is its second branch": ("hull", lambda first, second: second),
    "a span is its middle": ("span", lambda low, high: ((low + high) / 2).mid()),
    "a span begins at its middle": ("span", lambda low, high: (low + (high - low) / 2).union(high)),
    "the slope of |x| at 0 is 1": ("_slope_of_absolute", lambda x: -1 if balls.below(x, 0) else 1),
    "a comparison of middles": ("below", lambda a, b: ball(balls.plain(a)).mid() < ball(balls.plain(b)).mid()),
    "an extreme of two dual numbers is the first": ("_extreme", lambda a, b, second, enclosing: a),
    "a rising function of the middle": ("_softplus", lambda x: x.mid().exp().log1p()),
    "an even power of the ends": ("_whole_power", lambda base, n: base if n == 1 else middled(base, base)),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_arithmetic_that_drops_a_branch_or_takes_a_middle_is_found_out(
    mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with precision(128):
        made = list(corpus(300))
    name, wrong = MUTANTS[mutant]
    monkeypatch.setattr(balls, name, wrong)
    if name in ("below",):
        monkeypatch.setitem(compiled.__globals__["_NAMES"], name, wrong)
    with precision(128):
        assert next((told for e, x, points in made for told in escapes(e, x, points)), None)


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
            assert balls.settled(run(third))
            assert balls.settled(run(-third))
        assert balls.power(arb(-3), 2) == 9
        assert balls.power(arb(-3), -3).overlaps(arb(-1) / 27)
        assert balls.power(0, 2) == 0
        assert balls.power(arb.nan(), 2).is_nan()
        assert balls.power(arb.nan(), 0).is_nan()
