"""Formulas as numbers and as text: 50 digits that can be trusted, and LaTeX in the order in which it was written."""

from __future__ import annotations

import copy
import io
import itertools
import math
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cases import LOSSES, of_kind
from lossary.declaration.formula import Symbolic
from lossary.declaration.loss import Loss
from lossary.declaration.symbols import (
    atan,
    atom,
    cases,
    equal,
    erf,
    exp,
    held,
    indicator,
    listed,
    log,
    max_over,
    maximum,
    minimum,
    sigmoid,
    sign,
    softplus,
    sqrt,
    sum_over,
    unequal,
    unlisted,
    xlogy,
)
from lossary.evaluation.balls import Dual, ball, enclose, precision
from lossary.evaluation.binding import BoundFormula, Variable, components
from lossary.mathml import to_mathml
from lossary.typesetting import formula_latex
from lossary.typesetting.latex import figure_latex, page_latex
from second_judge import mp

X, Y, P, Z = (Variable(name, name, name) for name in "xypz")
VECTOR, CLASS = Variable("input", "x", "x", dims=("C",)), Variable("target", "y", "y", integer=True)
MATRIX = Variable("weight", "W", "W", dims=("C", "D"))
DELTA = Variable("delta", "delta", r"\delta")
Where = Mapping[str, Callable[..., Any]]


def bind(value: Callable[..., Any], *variables: Variable, where: Where | None = None, **gradient: Any) -> BoundFormula:
    return BoundFormula(Symbolic(value=value, gradient=gradient, where=where or {}), variables or (X, Y))


def run(value: Callable[..., Any], given: Any, *variables: Variable, **rest: Any) -> Any:
    """The formula as an mpmath number of 50 digits; `given` are the variables' values."""
    return value_of(bind(value, *(variables or (X, Y)), **rest), given)


def value_of(bound: BoundFormula, given: Any, *dimensions: int) -> Any:
    """The middle of what encloses a formula's value."""
    return mp(enclose(lambda: [bound.run(*exactly(given), *sizes(*dimensions))["value"]()])[0])


def exactly(given: Any) -> Any:
    """Whole numbers as they are, mpmath numbers as balls without a radius."""
    if isinstance(given, list | tuple):
        return [exactly(v) for v in given]
    return given if isinstance(given, int) else ball(given)


def partials(bound: BoundFormula, given: Sequence[Any], slot: int, *dimensions: int) -> list[Any]:
    """The derivatives of the value by the components of one variable, as mpmath numbers."""
    number = itertools.count()

    def seeded(v: Any) -> Any:
        return [seeded(part) for part in v] if isinstance(v, list) else Dual(v, {next(number): arb(1)})

    def of() -> list[Any]:
        values = exactly(given)
        values[slot] = seeded(values[slot])
        found = bound.run(*values, *sizes(*dimensions))["value"]()
        return [found.partials.get(k, 0) for k in range(next(number))]

    with precision(400):
        return [mp(ball(v)) for v in of()]


def sizes(C: int = 0, D: int = 0) -> tuple[int, int]:
    """What follows the variables: the sizes of the dimensions."""
    return C, D


def same(value: Any, wanted: Any, digits: int = 48) -> bool:
    with mpmath.workdps(80):
        return bool(abs(value - wanted) <= abs(wanted) * mpmath.mpf(10) ** -digits)


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [-2000, -1000, -745, -40, -1e-300, 0, 1e-300, 40, 200, 1000])
def test_a_small_term_beside_one_is_not_lost(z: float) -> None:
    found = run(lambda z: log(1 + exp(z)), (mpmath.mpf(z),), Z)
    with mpmath.workdps(1200):
        assert same(found, mpmath.log(1 + mpmath.exp(z)))
    assert same(run(lambda z: softplus(z), (mpmath.mpf(z),), Z), found)


@pytest.mark.parametrize("x", [-30, -2, -0.5, -1e-300, 0, 1e-300, 1e-8, 0.7, 5, 30])
def test_erf_and_its_slope(x: float) -> None:
    given = mpmath.mpf(x)
    with mpmath.workdps(60):
        value, slope = mpmath.erf(given), 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-(given**2))
    assert same(run(lambda x: erf(x), (given,), X), value)
    (found,) = partials(bind(lambda x: erf(x), X), (given,), 0)
    assert same(found, slope)


def test_log_of_one_and_next_to_nothing() -> None:
    found = run(lambda z: log(1 + exp(z)), (mpmath.mpf(-1000),), Z)
    assert mpmath.nstr(found, 10) == "5.075958898e-435"


@pytest.mark.parametrize("z", [40, 200, 700, 2000])
@pytest.mark.parametrize("whole", [True, False])
def test_cancellation_costs_no_digits(z: int, whole: bool) -> None:
    formula = (lambda z: softplus(z) - z) if whole else (lambda z: log(1 + exp(z)) - z)
    found = run(formula, (mpmath.mpf(z),), Z)
    with mpmath.workdps(1200):
        assert same(found, mpmath.log1p(mpmath.exp(-z)))


def test_differences_of_equal_numbers() -> None:
    third = mpmath.mpf(1) / 3
    assert run(lambda x, y: x - y, (third, third)) == 0
    near = mpmath.mpf(1 + 2**-52)
    assert run(lambda x, y: (x - y) ** 2, (near, mpmath.mpf(1))) == mpmath.mpf(2) ** -104
    tiny = mpmath.mpf(2) ** -200
    assert same(run(lambda x: 1 - sp.cos(x), (tiny,), X), tiny**2 / 2)


def test_sums_over_classes_are_executed() -> None:
    scores = [mpmath.mpf(v) for v in (1, -1000, 700)]

    def formula(x: Any, y: Any, j: Any, C: Any) -> Any:
        return -log(exp(x[y]) / sum_over(j, exp(x[j]), C))

    found = value_of(bind(formula, VECTOR, CLASS), (scores, 1), 3)
    with mpmath.workdps(60):
        assert same(found, 1700 + mpmath.log1p(mpmath.exp(-699)), 50)
        right = value_of(bind(formula, VECTOR, CLASS), (scores, 2), 3)
        assert same(right, mpmath.log1p(mpmath.exp(-699) + mpmath.exp(-1700)))


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        (lambda x: log(x), -1.0),
        (lambda x: sqrt(x), -1.0),
        (lambda x: 1 / x, 0.0),
        (lambda x: log(x) - log(x), 0.0),
    ],
)
def test_what_is_undefined_is_not_a_number(formula: Callable[..., Any], at: float) -> None:
    with sp.evaluate(False):
        assert mpmath.isnan(run(formula, (mpmath.mpf(at),), X))


@pytest.mark.parametrize("formula", [lambda x: x**2 / x, lambda x: x + 0 * log(x)])
def test_what_is_executed_is_what_is_shown(formula: Callable[..., Any]) -> None:
    """Both are undefined at 0, where SymPy would like to simplify them to x."""
    bound = bind(formula, X)
    assert page_latex(bound.value) != "x"
    assert mpmath.isnan(value_of(bound, (mpmath.mpf(0),)))


def test_infinite_values_stay_infinite() -> None:
    assert run(lambda x: log(x), (mpmath.mpf(0),), X) == -mpmath.inf
    assert run(lambda x: -log(x), (mpmath.mpf(0),), X) == mpmath.inf


def test_zero_times_the_logarithm_of_zero() -> None:
    zero = mpmath.mpf(0)
    assert run(lambda x, y: xlogy(x, y), (zero, zero)) == 0
    assert run(lambda x, y: xlogy(x, y), (mpmath.mpf(1), zero)) == -mpmath.inf
    assert mpmath.isnan(run(lambda x, y: x * log(y), (zero, zero)))


def test_functions_that_sympy_does_not_have() -> None:
    at = (mpmath.mpf("0.75"),)
    with mpmath.workdps(60):
        assert same(run(lambda z: sigmoid(z), at, Z), 1 / (1 + mpmath.exp(-at[0])))
        assert same(run(lambda z: sigmoid(-z), (mpmath.mpf(800),), Z), mpmath.exp(-800) / (1 + mpmath.exp(-800)))
    free = bind(lambda x: x, VECTOR, CLASS, input=lambda c, y: indicator(c, y))
    assert [free.run([], 1, *sizes(3))["input"](c, 0) for c in range(3)] == [0, 1, 0]


def test_derivatives_of_the_functions_that_sympy_does_not_have() -> None:
    x, y = sp.symbols("x y", real=True)
    assert sp.diff(softplus(2 * x), x) == 2 * sigmoid(2 * x)
    assert sp.diff(sigmoid(x), x) == sigmoid(x) * sigmoid(-x)
    assert sp.diff(xlogy(x, y), x) == sp.log(y)
    assert sp.diff(xlogy(x, y), y) == x / y
    assert sp.diff(indicator(x, y), x) == 0
    assert sp.diff(x * held(x**2), x) == held(x**2)


def test_what_is_held_keeps_its_value_and_loses_its_slope() -> None:
    bound = bind(lambda x, y: held(x * y) * x + y, X, Y)
    assert value_of(bound, (mpmath.mpf(3), mpmath.mpf(5))) == 50
    assert partials(bound, (mpmath.mpf(3), mpmath.mpf(5)), 0) == [15]
    assert partials(bound, (mpmath.mpf(3), mpmath.mpf(5)), 1) == [1]


def test_evaluation_leaves_the_working_precision_alone() -> None:
    before = ctx.prec
    run(lambda z: log(1 + exp(z)) - z, (mpmath.mpf(200),), Z)
    with pytest.raises(ZeroDivisionError):
        enclose(lambda: [1 // 0])
    assert ctx.prec == before


def test_shorthands_are_replaced_however_deep() -> None:
    where: Where = {
        "u": lambda x, y: x - y,
        "q": lambda c, x, L: exp(x[c] - L),
        "L": lambda j, x, C: log(sum_over(j, exp(x[j]), C)),
    }
    bound = bind(lambda q, c, C: sum_over(c, q[c] ** 2, C), VECTOR, CLASS, where=where)
    scores = [mpmath.mpf(v) for v in (0, 1, 3)]
    total = sum(mpmath.exp(s) for s in scores)
    assert same(value_of(bound, (scores, 0), 3), sum((mpmath.exp(s) / total) ** 2 for s in scores), 13)
    assert list(bound.definitions) == ["L", "q"]


def test_a_shorthand_is_evaluated_once_for_each_index() -> None:
    """However often it is used: else the cost of a gradient would grow with the square of the classes."""
    where: Where = {
        "q": lambda c, x, L: exp(x[c] - L),
        "L": lambda j, x, C: log(sum_over(j, exp(x[j]), C)),
    }
    bound = bind(lambda q, c, C: sum_over(c, q[c] + q[c] ** 2, C), VECTOR, where=where)
    read: list[int] = []

    class Watched(list[Any]):
        def __getitem__(self, index: Any) -> Any:
            read.append(index)
            return super().__getitem__(index)

    value = bound.run(Watched(exactly([mpmath.mpf(v) for v in (0, 1, 3)])), *sizes(3))["value"]()
    assert float(value) == pytest.approx(
        1 + float(sum(math.exp(2 * v) for v in (0, 1, 3))) / sum(map(math.exp, (0, 1, 3))) ** 2
    )
    assert sorted(read) == [0, 0, 1, 1, 2, 2]


def test_a_shorthand_may_be_summed_over_the_index_that_it_sums_over_itself() -> None:
    """The k of the shorthand is not the k of the formula."""
    where: Where = {"q": lambda c, k, x, C: sum_over(k, x[k] * x[c], C)}
    bound = bind(lambda q, k, C: sum_over(k, q[k], C), VECTOR, CLASS, where=where)
    values = [mpmath.mpf(v) for v in (1, 2, 4)]
    assert value_of(bound, (values, 0), 3) == 49


def test_derivative_of_a_sum_has_a_component_for_each_class() -> None:
    formula = Symbolic(value=lambda x, y, j, C: -log(exp(x[y]) / sum_over(j, exp(x[j]), C)), gradient={})
    scores = [mpmath.mpf(v) for v in (0, 1, 3)]
    total = sum(mpmath.exp(s) for s in scores)
    found = partials(BoundFormula(formula, (VECTOR, CLASS)), (scores, 2), 0, 3)
    assert len(found) == 3
    for k, value in enumerate(found):
        assert same(value, mpmath.exp(scores[k]) / total - (k == 2), 13)


def test_derivative_by_a_vector_over_coordinates_and_by_a_matrix() -> None:
    """Log-sum-exp of W x over two classes and three coordinates; the derivatives are known by hand."""
    features, weights = Variable("input", "x", "x", dims=("D",)), Variable("weight", "W", "W", dims=("C", "D"))
    formula = Symbolic(
        value=lambda x, W, c, d, C, D: log(sum_over(c, exp(sum_over(d, W[c, d] * x[d], D)), C)), gradient={}
    )
    bound = BoundFormula(formula, (features, weights))
    x = [mpmath.mpf(v) for v in (1, -2, 3)]
    rows = [[mpmath.mpf(v) for v in row] for row in ((0, 1, 2), (3, -1, 1))]
    given = (x, rows)
    scores = [sum(w * v for w, v in zip(row, x, strict=True)) for row in rows]
    assert scores == [4, 8]
    with mpmath.workdps(60):
        chance = [1 / (1 + mpmath.exp(4)), 1 / (1 + mpmath.exp(-4))]
        assert same(value_of(bound, given, 2, 3), 8 + mpmath.log1p(mpmath.exp(-4)))
        by_x = partials(bound, given, 0, 2, 3)
        by_weight = partials(bound, given, 1, 2, 3)
        assert len(by_x) == 3
        for k, value in enumerate(by_x):
            assert same(value, sum(chance[c] * rows[c][k] for c in range(2)))
        assert len(by_weight) == 6
        for value, (c, d) in zip(by_weight, components((2, 3)), strict=True):
            assert same(value, chance[c] * x[d])


def test_a_gradient_with_a_free_coordinate_is_executed_at_each_of_them() -> None:
    features = Variable("input", "x", "x", dims=("D",))
    bound = bind(lambda x, d, D: sum_over(d, x[d] ** 2, D), features, input=lambda x, d: 2 * x[d])
    x = [mpmath.mpf(v) for v in (1, -2, 3)]
    assert value_of(bound, (x,), 0, 3) == 14
    gradient = bound.run(exactly(x), *sizes(D=3))["input"]
    assert [float(gradient(0, d)) for d in range(3)] == [2, -4, 6]


def test_a_sum_over_chosen_indices() -> None:
    """Over the wrong classes only; its derivative leaves the true one out as well."""
    bound = bind(lambda x, y, c, C: sum_over(c, x[c] ** 2, C, where=unequal(c, y)), VECTOR, CLASS)
    scores = [mpmath.mpf(v) for v in (3, 5, 7)]
    assert [value_of(bound, (scores, y), 3) for y in range(3)] == [74, 58, 34]
    assert partials(bound, (scores, 1), 0, 3) == [6, 0, 14]
    none = bind(lambda c, C, y: sum_over(c, 1, C, where=unequal(c, y)), VECTOR, CLASS)
    assert value_of(none, (scores, 2), 3) == 2


def test_the_largest_of_a_term_has_the_derivative_of_that_term_and_none_in_a_tie() -> None:
    bound = bind(lambda x, c, C: max_over(c, x[c] ** 2, C), VECTOR)
    scores = [mpmath.mpf(v) for v in (3, -7, 5)]
    assert value_of(bound, (scores,), 3) == 49
    assert partials(bound, (scores,), 0, 3) == [0, -14, 0]
    tied = partials(bound, ([mpmath.mpf(v) for v in (7, -7, 5)],), 0, 3)
    assert [math.isnan(slope) for slope in tied] == [True, True, True]


def test_a_list_of_labels_ends_at_the_first_minus_one() -> None:
    labels = Variable("target", "y", "y", integer=True, dims=("C",))
    inside = bind(lambda x, y, c, C: sum_over(c, x[c], C, where=listed(c, y)), VECTOR, labels)
    outside = bind(lambda x, y, c, C: sum_over(c, x[c], C, where=unlisted(c, y)), VECTOR, labels)
    scores = [mpmath.mpf(v) for v in (3, 5, 7)]
    for row, total in (([1, -1, 0], 5), ([-1, 0, 1], 0), ([2, 0, -1], 10), ([2, 0, 1], 15)):
        assert value_of(inside, (scores, row), 3) == total
        assert value_of(outside, (scores, row), 3) == 15 - total


def test_an_unknown_symbol_is_named() -> None:
    with pytest.raises(ValueError, match=r"'rho', which is not declared; known are .*delta"):
        bind(lambda rho: rho**2)


def test_all_of_a_table_symbol_is_known() -> None:
    for loss in LOSSES.values():
        for formula in formula_latex.formulas(loss):
            if isinstance(formula, Symbolic):
                assert formula_latex.built(loss, formula).used
            assert all(meaning for _, meaning in formula_latex.symbols(loss))


# --- text -----------------------------------------------------------------------------------------------------------

PRINTED: list[tuple[Callable[..., Any], tuple[Variable, ...], str]] = [
    (lambda x, y: x - y, (X, Y), "x - y"),
    (lambda x, y: y - x, (X, Y), "y - x"),
    (lambda x, y: y + x, (X, Y), "y + x"),
    (lambda x: 1 - x, (X,), "1 - x"),
    (lambda x, y: y * x, (X, Y), "y x"),
    (lambda x, y: x * y, (X, Y), "x y"),
    (lambda x: x - 1, (X,), "x - 1"),
    (lambda x, y: x - y + 1, (X, Y), "x - y + 1"),
    (lambda x, y: x - (y + 1), (X, Y), r"x - \left(y + 1\right)"),
    (lambda x: -x, (X,), "-x"),
    (lambda x, y: -(x + y), (X, Y), r"-\left[x + y\right]"),
    (lambda x: x**2, (X,), "x^{2}"),
    (lambda x: x**2 / 2, (X,), r"\frac{x^{2}}{2}"),
    (lambda x, y: (x - y) ** 2, (X, Y), r"\left(x - y\right)^{2}"),
    (lambda x: abs(x), (X,), r"\left|x\right|"),
    (lambda x: abs(x) ** 3, (X,), r"\left|x\right|^{3}"),
    (lambda x: sign(x), (X,), r"\operatorname{sign}(x)"),
    (lambda x: exp(-x), (X,), "e^{-x}"),
    (lambda p: log(p), (P,), r"\log p"),
    (lambda p: log(1 - p), (P,), r"\log\left(1 - p\right)"),
    (lambda p: -log(p), (P,), r"-\log p"),
    (lambda p: log(p) ** 2, (P,), r"\left(\log p\right)^{2}"),
    (lambda x: sqrt(1 + x**2), (X,), r"\sqrt{1 + x^{2}}"),
    (lambda y, p: xlogy(y, p), (Y, P), r"y \log p"),
    (lambda y, p: xlogy(1 - y, 1 - p), (Y, P), r"(1 - y) \log\left(1 - p\right)"),
    (lambda z: softplus(-z), (Z,), r"\operatorname{softplus}(-z)"),
    (lambda x, y: erf(x - y), (X, Y), r"\operatorname{erf}\left(x - y\right)"),
    (lambda x: erf(x) ** 2, (X,), r"\operatorname{erf}\left(x\right)^{2}"),
    (lambda z, y: sigmoid(z) - y, (Z, Y), r"\sigma(z) - y"),
    (
        lambda x, delta: delta * (abs(x) - delta / 2),
        (X, DELTA),
        r"\delta \left(\left|x\right| - \frac{\delta}{2}\right)",
    ),
    (
        lambda x, delta: cases((x**2 / 2, abs(x) <= delta), (delta * abs(x), True)),
        (X, DELTA),
        r"\begin{cases} \frac{x^{2}}{2} & \text{if } \left|x\right| \leq \delta \\ "
        r"\delta \left|x\right| & \text{otherwise} \end{cases}",
    ),
    (
        lambda x: cases((0, x < 0), (1, x > 1), (x, True)),
        (X,),
        r"\begin{cases} 0 & \text{if } x < 0 \\ 1 & \text{if } x > 1 \\ x & \text{otherwise} \end{cases}",
    ),
    (lambda z: sigmoid(z) ** 2, (Z,), r"\sigma(z)^{2}"),
    (lambda z: softplus(z) ** 2, (Z,), r"\operatorname{softplus}(z)^{2}"),
    (lambda z: sign(z) ** 2, (Z,), r"\operatorname{sign}(z)^{2}"),
    (lambda z: 2 * atan(z), (Z,), r"2 \arctan(z)"),
    (lambda x, j, C: max_over(j, x[j], C), (VECTOR,), r"\max_{j} x_{j}"),
    (lambda x, j, C: max_over(j, x[j] + 1, C), (VECTOR,), r"\max_{j} \left(x_{j} + 1\right)"),
    (lambda x, j, C: sum_over(j, x[j], C), (VECTOR,), r"\sum_{j=1}^{C} x_{j}"),
    (lambda x, j, C: sum_over(j, x[j] - 1, C), (VECTOR,), r"\sum_{j=1}^{C} \left(x_{j} - 1\right)"),
    (
        lambda x, j, k, C: sum_over(j, sum_over(k, x[j] * x[k], C), C),
        (VECTOR,),
        r"\sum_{j=1}^{C} \sum_{k=1}^{C} x_{j} x_{k}",
    ),
    (lambda x, j, C: log(sum_over(j, exp(x[j]), C)), (VECTOR,), r"\log \sum_{j=1}^{C} e^{x_{j}}"),
    (lambda x, y: x[y], (VECTOR, CLASS), "x_{y}"),
    (lambda W, c, d: W[c, d], (MATRIX,), "W_{c,d}"),
    (lambda x, y, c, C: sum_over(c, x[c], C, where=unequal(c, y)), (VECTOR, CLASS), r"\sum_{c \neq y} x_{c}"),
    (lambda c, y: indicator(c, y), (CLASS,), "[c = y]"),
    (lambda x: x[2] - x[0], (VECTOR,), "x_{3} - x_{1}"),
    (
        lambda x, c: cases((-x[c], c <= 1), (0, equal(c, 2)), (x[0], True)),
        (VECTOR,),
        r"\begin{cases} -x_{c} & \text{if } c \leq 2 \\ 0 & \text{if } c = 3 \\ x_{1} & \text{otherwise} \end{cases}",
    ),
    (lambda x, y: held(x - y) * x, (X, Y), r"\left(x - y\right) x"),
]


@pytest.mark.parametrize(("formula", "variables", "latex"), PRINTED, ids=[latex for _, _, latex in PRINTED])
def test_printed_as_written(formula: Callable[..., Any], variables: tuple[Variable, ...], latex: str) -> None:
    printed = page_latex(bind(formula, *variables).value)
    assert re.sub(r"\s+", " ", printed) == latex
    assert printed == page_latex(bind(formula, *variables).value)


def test_a_sum_inside_a_product_keeps_its_brackets() -> None:
    """What is summed and what is not must be told apart by a reader as by the machine."""
    printed = page_latex(bind(lambda x, y, j, C: sum_over(j, x[j], C) * x[y] + 1, VECTOR, CLASS).value)
    assert printed in (r"\left(\sum_{j=1}^{C} x_{j}\right) x_{y} + 1", r"\left[\sum_{j=1}^{C} x_{j}\right] x_{y} + 1")
    difference = page_latex(bind(lambda x, j, C: sum_over(j, x[j], C) - 1, VECTOR).value)
    assert difference in (r"\sum_{j=1}^{C} x_{j} - 1", r"\left(\sum_{j=1}^{C} x_{j}\right) - 1")


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        (lambda x: maximum(x, 0), r"\max\left(x, 0\right)"),
        (lambda x: maximum(0, 1 - x), r"\max\left(0, 1 - x\right)"),
        (lambda x: maximum(log(x), -100), r"\max\left(\log x, -100\right)"),
    ],
)
def test_a_maximum_keeps_the_order_of_its_author(formula: Callable[..., Any], latex: str) -> None:
    assert page_latex(bind(formula, X).value) == latex


POWERS: list[tuple[Callable[..., Any], str]] = [
    (lambda x: abs(x), r"\left|x\right|^{a}"),
    (lambda x: exp(x), r"\left(e^{x}\right)^{a}"),
    (lambda x: log(x), r"\left(\log x\right)^{a}"),
    (lambda x: xlogy(x, x), r"\left(x \log x\right)^{a}"),
    (lambda x: sigmoid(x), r"\sigma(x)^{a}"),
    (lambda x: softplus(x), r"\operatorname{softplus}(x)^{a}"),
    (lambda x: sign(x), r"\operatorname{sign}(x)^{a}"),
    (lambda x: maximum(0, x), r"\max\left(0, x\right)^{a}"),
    (lambda x: minimum(0, x), r"\min\left(0, x\right)^{a}"),
    (lambda x: indicator(x, 1), "[x = 1]^{a}"),
    (lambda x: held(x), r"\left(x\right)^{a}"),
    (lambda x: max_over(sp.Symbol("c"), x, sp.Symbol("C")), r"\left(\max_{c} x\right)^{a}"),
]


@pytest.mark.parametrize(("formula", "latex"), POWERS, ids=[latex for _, latex in POWERS])
def test_a_power_of_a_function_is_printed(formula: Callable[..., Any], latex: str) -> None:
    assert page_latex(formula(sp.Symbol("x")) ** sp.Symbol("a")) == latex
    assert "^{a}" in figure_latex(formula(sp.Symbol("x")) ** sp.Symbol("a"))


@pytest.mark.parametrize(("value", "latex"), [(0.5, "0.5"), (1e-12, r"10^{-12}"), (2.5e-9, r"2.5 \cdot 10^{-9}")])
def test_numbers_are_written_as_mathematics(value: float, latex: str) -> None:
    printed = page_latex(bind(lambda x: x + value, X).value)
    assert printed in (f"x + {latex}", f"x + {latex}".replace(r"\cdot", r"\times"))


def test_no_formula_of_the_catalog_prints_code() -> None:
    for loss in LOSSES.values():
        for where, latex in formula_latex.all_latex(loss):
            assert not re.search(r"\d[eE][-+]?\d", latex), f"{loss.slug}, {where}: {latex}"
            # A star in an index is a name; anywhere else it is a product that was not set.
            assert not re.search(r"(?<!_\{)\*|_\d\d|Piecewise|Sum\(|lambda", latex), f"{loss.slug}, {where}: {latex}"


def test_a_symbol_is_written_in_one_way_only() -> None:
    """Two symbols of one formula may not look alike, and Greek names come out as Greek letters."""
    for loss in LOSSES.values():
        for formula in loss.formulas:
            if not isinstance(formula, Symbolic):
                continue
            names = [v.latex for v in formula_latex.built(loss, formula).variables]
            assert len(set(names)) == len(names), (loss.slug, names)


def every_formula() -> list[Any]:
    found = []
    for loss in LOSSES.values():
        for number, formula in enumerate((*formula_latex.formulas(loss), *([loss.computed] if loss.computed else []))):
            if isinstance(formula, Symbolic):
                found.append(of_kind(loss, formula, name=f"{loss.slug}-{number}"))
    return found


@pytest.mark.parametrize(("loss", "formula"), every_formula())
def test_figures_and_pages_can_show_every_formula(loss: Loss, formula: Symbolic) -> None:
    bound = formula_latex.built(loss, formula)
    for expression in (bound.value, *bound.gradient.values(), *bound.definitions.values()):
        assert ink(figure_latex(expression)) > 15
        mathml = to_mathml(page_latex(expression), display=True)
        assert mathml.startswith("<math")
        assert "<merror" not in mathml


def ink(latex: str) -> int:
    """How many pixels matplotlib's mathtext covers with a formula; it raises where it cannot read it."""
    with mpl.rc_context({"mathtext.fontset": "cm"}):
        figure = Figure(figsize=(8, 2), dpi=72)
        canvas = FigureCanvasAgg(figure)
        figure.text(0.05, 0.5, f"${latex}$", fontsize=20)
        canvas.draw()  # type: ignore[no-untyped-call]
        figure.savefig(io.BytesIO(), format="svg")
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return int((pixels[:, :, 0] < 128).sum())


def test_mathtext_draws_the_cases_of_a_formula_on_lines_of_their_own() -> None:
    main = LOSSES["huber"].formulas[0]
    assert isinstance(main, Symbolic)
    latex = figure_latex(formula_latex.built(LOSSES["huber"], main).value)
    assert r"\begin" not in latex
    assert latex.count(r"\\") == 1


def test_symbols_of_one_name_are_written_as_each_loss_says() -> None:
    one, other = atom("scale", "s"), atom("scale", r"\sigma")
    assert one != other
    assert (page_latex(one), page_latex(other), page_latex(atom("scale", "s") + 1)) == ("s", r"\sigma", "1 + s")
    assert copy.deepcopy(one) == one == pickle.loads(pickle.dumps(one))
    vectors = [atom("v", written, indexed=True)[atom("d", "d", integer=True)] for written in ("v", r"\vec v")]
    assert [page_latex(v) for v in vectors] == ["v_{d}", r"\vec v_{d}"]
