"""Laws that every loss of the catalog keeps: torch, the displayed formula and its gradient say the same thing."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import second_judge
from cases import (
    LOSSES,
    OF_EACH_KIND,
    Arrays,
    at_few_points,
    by_torch,
    criterion,
    each_kind,
    every_loss,
    leaves,
    of_kind,
)
from lossary.declaration.formula import Formula, Symbolic, Written
from lossary.declaration.inputs import Kind
from lossary.declaration.loss import Loss
from lossary.declaration.parameter_kinds import HAIR
from lossary.declaration.parameters import Parameter
from lossary.declaration.sections import DISTANCE_AXIS
from lossary.declaration.symbols import INDEX_OF
from lossary.drawing import loss_views
from lossary.errors import LossaryError
from lossary.evaluation import curves, high_precision, points, torch_calls
from lossary.evaluation.balls import ball
from lossary.evaluation.curves import curve
from lossary.evaluation.settings import check_parameters
from lossary.evaluation.torch_calls import evaluate
from second_judge import mp

F = torch.nn.functional
LEAST_NORMAL = 2.0**-1022
ROUNDING = 1e-14
Calls = Callable[[Loss], list[tuple[dict[str, Any], Arrays]]]
quick = settings(max_examples=60, deadline=None, derandomize=True)


def values(loss: Loss, formula: Formula, batch: Arrays, setting: Mapping[str, Any]) -> list[Any]:
    """The formula's values as mpmath numbers: the middles of what encloses them."""
    return [mp(v) for v in high_precision.values(loss, formula, batch, setting)]


def gradients(loss: Loss, formula: Symbolic, batch: Arrays, setting: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    """The displayed gradients as mpmath numbers."""
    found = high_precision.gradients(loss, formula, batch, setting)
    return {name: [[mp(v) for v in row] for row in rows] for name, rows in found.items()}


def derivatives(loss: Loss, formula: Symbolic, batch: Arrays, setting: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    """The derivatives of the value as mpmath numbers."""
    found = high_precision.derivatives(loss, formula, batch, setting)
    return {name: [[mp(v) for v in row] for row in rows] for name, rows in found.items()}


def written_gradients(formula: Written, batch: Arrays, setting: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The gradients of a reference implementation as mpmath numbers."""
    return {
        name: [mp(v) for v in row] for name, row in high_precision.written_gradients(formula, batch, setting).items()
    }


def calls(loss: Loss) -> Iterator[tuple[dict[str, Any], Arrays]]:
    """Every setting with every batch of inputs that suits it."""
    for setting in points.settings(loss):
        for batch in points.batches(loss, setting):
            yield setting, batch


@pytest.fixture
def some_calls(pytestconfig: pytest.Config) -> Calls:
    """The same with a few points each day: each build compares torch with the formula at all of them."""

    def chosen(loss: Loss) -> list[tuple[dict[str, Any], Arrays]]:
        with at_few_points() if "not nightly" in pytestconfig.option.markexpr else nullcontext():
            return list(calls(loss))

    return chosen


def symbolic(loss: Loss, batch: Arrays, setting: Mapping[str, Any]) -> list[Symbolic]:
    """The executable formulas that cover a call."""
    return [f for f in loss.formulas if isinstance(f, Symbolic) and high_precision.applies(loss, f, batch, setting)]


def covering(loss: Loss, batch: Arrays, setting: Mapping[str, Any]) -> list[Formula]:
    """All formulas that cover a call, written ones as well."""
    return [f for f in loss.formulas if high_precision.applies(loss, f, batch, setting)]


def assert_close(got: float, wanted: Any, size: float, place: str) -> None:
    """Equal up to a few roundings of float64 at the given size or at that of the value itself."""
    if mpmath.isinf(wanted):
        assert got == float(wanted), place
        return
    with mpmath.workdps(60):
        gap = abs(mpmath.mpf(float(got)) - wanted)
        allowed = ROUNDING * max(abs(wanted), mpmath.mpf(size), mpmath.mpf(LEAST_NORMAL))
        assert gap <= allowed, f"{place}: {got!r} by torch, {mpmath.nstr(wanted, 20)} by the formula"


def place(batch: Arrays, k: int, setting: Mapping[str, Any]) -> str:
    told = []
    for name, a in batch.items():
        one = a[k] if isinstance(a, np.ndarray) and a.ndim and k < len(a) else a
        told.append(f"{name} = {one!r}")
    return ", ".join([*told, f"sample {k}, {setting}"])


@each_kind
def test_torch_value_is_the_formula(loss: Loss) -> None:
    compared = 0
    for setting, batch in calls(loss):
        value, _ = by_torch(loss, batch, setting)
        formulas = covering(loss, batch, setting)
        assert formulas
        sizes = high_precision.rounding_sizes(loss, batch, setting, value.size)
        for formula in formulas:
            wanted = values(loss, formula, batch, setting)
            assert len(wanted) == value.size
            for k, (a, b) in enumerate(zip(value.ravel(), wanted, strict=True)):
                assert not mpmath.isnan(b), f"the formula is undefined at {place(batch, k, setting)}"
                assert_close(a, b, sizes[k], place(batch, k, setting))
                compared += 1
    assert compared >= (150 if loss.batches is None else 40)


@each_kind
def test_autograd_is_the_gradient_formula(loss: Loss, some_calls: Calls) -> None:
    for setting, batch in some_calls(loss):
        value, gradient = by_torch(loss, batch, setting)
        sizes = high_precision.rounding_sizes(loss, batch, setting, value.size)
        for formula in covering(loss, batch, setting):
            wanted = declared_gradients(loss, formula, batch, setting)
            assert loss.inputs[0].name in wanted
            for name, rows in wanted.items():
                got = gradient[name].reshape(len(rows), -1)
                for k, row in enumerate(rows):
                    finite = [abs(float(b)) for b in row if mpmath.isfinite(b)]
                    size = sizes[k] if len(rows) == value.size else sum(sizes)
                    size = max(size, *finite) if len(row) > 1 and finite else size
                    for a, b in zip(got[k], row, strict=True):
                        if mpmath.isfinite(b):
                            assert_close(a, b, size, f"gradient with respect to {name} at {place(batch, k, setting)}")


def declared_gradients(
    loss: Loss, formula: Formula, batch: Arrays, setting: Mapping[str, Any]
) -> Mapping[str, list[list[Any]]]:
    if isinstance(formula, Symbolic):
        return gradients(loss, formula, batch, setting)
    assert isinstance(formula, Written)
    return {name: [row] for name, row in written_gradients(formula, batch, setting).items()}


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.nightly)], ids=["each kind", "all"])
def test_an_infinite_gradient_is_only_at_the_ends_of_a_domain(every: bool) -> None:
    found = set()
    for loss in (LOSSES[slug] for slug in sorted(LOSSES if every else OF_EACH_KIND)):
        for setting, batch in calls(loss):
            kinds = high_precision.chosen_kinds(loss, batch, setting)
            for formula in symbolic(loss, batch, setting):
                for name, rows in gradients(loss, formula, batch, setting).items():
                    for k, row in enumerate(rows):
                        if not all(mpmath.isfinite(b) for b in row):
                            at = np.atleast_1d(batch[name][k])
                            assert np.isin(at, (kinds[name].lower, kinds[name].upper)).any(), place(batch, k, setting)
                            found.add((loss.slug, name))
    assert ("kl_div", "target") in found


@every_loss
def test_far_tails_are_finite(loss: Loss) -> None:
    reached = 0.0
    for setting, batch in calls(loss):
        value, gradient = by_torch(loss, batch, setting)
        if loss.batches is not None:
            # Inputs of its own choice may be impossible ones, whose loss is infinite; the formula must say so, too.
            (formula, *_) = covering(loss, batch, setting)
            infinite = [bool(mpmath.isinf(v)) for v in values(loss, formula, batch, setting)]
            assert np.isinf(value).ravel().tolist() == infinite
            continue
        reached = max(reached, float(np.max(np.abs(value))))
        assert np.isfinite(value).all()
        assert np.isfinite(gradient[loss.inputs[0].name]).all()
    assert reached > 25 or loss.batches is not None or loss.properties["bounded"] is True


@each_kind
def test_the_declared_gradient_is_the_derivative_of_the_value(loss: Loss) -> None:
    for setting, batch in calls(loss):
        for formula in symbolic(loss, batch, setting):
            rows = few_rows(loss, batch, setting, 12)
            declared = gradients(loss, formula, rows, setting)
            kinds = high_precision.chosen_kinds(loss, rows, setting)
            for name, derived in derivatives(loss, formula, rows, setting).items():
                if kinds[name].label:
                    continue
                for one, other in zip(itertools.chain(*declared[name]), itertools.chain(*derived), strict=True):
                    assert agree(one, other), (name, rows, setting)


@each_kind
def test_the_gradient_is_the_slope_of_the_value_at_fifty_digits(loss: Loss) -> None:
    """Without any rule of differentiation, and by the second judge: the difference quotient, at a few points."""
    for setting, batch in calls(loss):
        for formula in symbolic(loss, batch, setting):
            rows = few_rows(loss, batch, setting, 5, inside=True)
            kinds = high_precision.chosen_kinds(loss, rows, setting)
            bound = high_precision.bound_formula(loss, formula, kinds)
            around = second_judge.value_around(bound)
            arguments = [_numbers(a) for a in high_precision.samples(loss, rows, setting).arguments(loss, setting)]
            names = [v.name for v in bound.variables]
            for name, declared in gradients(loss, formula, rows, setting).items():
                if kinds[name].shared or kinds[name].label:
                    continue
                for row, values in zip(declared, arguments, strict=True):
                    run = around(*values)
                    for c, wanted in enumerate(row):
                        slope = difference_quotient(run, values, names.index(name), c)
                        with mpmath.workdps(50):
                            assert abs(slope - wanted) <= mpmath.mpf(10) ** -18 * (1 + abs(wanted)), (name, values)


def _numbers(value: Any) -> Any:
    """Balls without a radius as mpmath numbers, in whatever they are nested."""
    if isinstance(value, list | tuple):
        return type(value)(_numbers(v) for v in value)
    return value if isinstance(value, int | None) else mp(value)


@each_kind
def test_a_second_judge_finds_the_same(loss: Loss, some_calls: Calls) -> None:
    """mpmath, on expressions that SymPy compiled, at a sample of points: it lies within what the first encloses."""
    compared = 0
    for setting, batch in itertools.islice(some_calls(loss), 6):
        for formula in symbolic(loss, batch, setting):
            rows = few_rows(loss, batch, setting, 3)
            kinds = high_precision.chosen_kinds(loss, rows, setting)
            bound = high_precision.bound_formula(loss, formula, kinds)
            lined = high_precision.samples(loss, rows, setting)
            arguments = [_numbers(a) for a in lined.arguments(loss, setting)]
            run = second_judge.value(bound)
            for enclosed, row in zip(high_precision.values(loss, formula, rows, setting), arguments, strict=True):
                assert encloses(enclosed, run(*row)), (setting, row)
                compared += 1
            for name, own in high_precision.gradients(loss, formula, rows, setting).items():
                if kinds[name].shared:
                    continue
                run = second_judge.gradient(bound, name)
                spans = [range(n if d in kinds[name].dims else 1) for d, n in zip(INDEX_OF, lined.sizes, strict=True)]
                for row, components in zip(arguments, own, strict=True):
                    for index, enclosed in zip(itertools.product(*spans), components, strict=True):
                        assert encloses(enclosed, run(*row, *index)), (name, index, setting, row)
    assert compared or not loss.formulas[0].executable


def encloses(enclosed: Any, number: Any) -> bool:
    """Whether mpmath's number, known to 50 digits, lies in the ball, or both are undefined or infinite."""
    if not enclosed.is_finite() or not mpmath.isfinite(number):
        return bool(mpmath.isnan(number)) if enclosed.is_nan() else bool(mp(enclosed) == number)
    slack = abs(ball(number)) * arb(10) ** -48
    return bool((ball(number) + arb(0, slack.upper())).overlaps(enclosed)) and float(enclosed.rad()) <= 1e-40 * max(
        1.0, abs(float(number))
    )


def difference_quotient(run: Callable[..., Any], values: tuple[Any, ...], slot: int, component: int) -> Any:
    """The central difference with a step of 1e-12, exact to about 1e-20 because 50 digits are kept."""
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -12

        def moved(side: int) -> Any:
            old = values[slot]
            new = [*old] if isinstance(old, list) else [old]
            new[component] += side * step
            return run(*values[:slot], new if isinstance(old, list) else new[0], *values[slot + 1 :])

        return (moved(1) - moved(-1)) / (2 * step)


def agree(one: Any, other: Any) -> bool:
    if not (mpmath.isfinite(one) and mpmath.isfinite(other)):
        return bool(one == other) or bool(mpmath.isnan(one) and mpmath.isnan(other))
    with mpmath.workdps(50):
        return bool(abs(one - other) <= mpmath.mpf(10) ** -40 * (1 + abs(one)))


def few_rows(loss: Loss, batch: Arrays, setting: Mapping[str, Any], count: int, inside: bool = False) -> Arrays:
    """Some rows of moderate size, away from kinks and, if asked, from the ends of the domain."""
    kinds = high_precision.chosen_kinds(loss, batch, setting)
    moving = {name: array for name, array in batch.items() if not kinds[name].shared}
    bounded = [name for name in moving if not kinds[name].integer and not kinds[name].label]
    special = [k for section in loss.sections for k in points.kinks(loss, section, setting)]
    kept = []
    for k in range(len(next(iter(moving.values())))):
        row = {name: array[k] for name, array in moving.items()}
        moderate = all(np.max(np.abs(v)) <= 12 for v in row.values())
        within = all(room(kinds[name], row[name]) > 1e-4 for name in bounded)
        if moderate and (within or not inside) and all(kink_distance(row, s) > 0.01 for s in special):
            kept.append(k)
    assert kept, setting
    chosen = np.random.default_rng(3).permutation(kept)[:count]
    return {name: array[chosen] if name in moving else array for name, array in batch.items()}


def room(kind: Any, value: Any) -> float:
    """How far a value may move before it leaves its domain."""
    return float(np.min(np.minimum(np.asarray(value) - kind.lower, kind.upper - np.asarray(value))))


def kink_distance(row: Mapping[str, Any], kink: float) -> float:
    """How far a row is from a kink of the residual, the margin or the input itself."""
    vectors = [np.asarray(v) for v in row.values() if np.ndim(v)]
    if len(vectors) > 1 and np.array_equal(vectors[0], vectors[1]):
        return 0.0  # a distance has its kink where both meet
    numbers = [float(v) for v in row.values() if np.ndim(v) == 0]
    if len(numbers) < 2:
        return math.inf
    first, second = numbers[:2]
    moving = [first, first - second, first * second]
    if len(numbers) > 2:
        moving.append((first - second) * numbers[2])
    return min(abs(v - kink) for v in moving)


SLICED = [loss for loss in LOSSES.values() if loss.batches is None]


@pytest.mark.parametrize("loss", [of_kind(loss) for loss in SLICED])
def test_autograd_is_the_finite_difference(loss: Loss) -> None:
    """Central differences of fourth order in float64, of torch's own value."""
    compared = 0
    for setting, batch in calls(loss):
        rows = few_rows(loss, batch, setting, 24, inside=True)
        kinds = high_precision.chosen_kinds(loss, rows, setting)
        _, gradient = by_torch(loss, rows, setting)
        for name, found in gradient.items():
            if kinds[name].shared or kinds[name].label:
                continue
            count = len(found)
            parts = range(found.reshape(count, -1).shape[1])
            # The scale on which the loss bends: a vector's own length; a cosine is multiplied by tens.
            sampler = kinds[name].sampler
            lengths = [float(np.linalg.norm(v)) if sampler == "vector" else 1.0 for v in rows[name]]
            lengths = [length / 8 if sampler in ("vector", "cosines") else length for length in lengths]
            steps = np.array(
                [1e-3 * min(1.0, room(kinds[name], v), near) for v, near in zip(rows[name], lengths, strict=True)]
            )
            for part in parts:
                slope, smooth = slopes(loss, rows, setting, name, part, steps)
                wanted = found.reshape(count, -1)[:, part]
                allowed = 1e-8 * (1 + np.max(np.abs(wanted)))
                assert np.abs(slope - wanted)[smooth] == pytest.approx(0, abs=allowed), name
                assert slope[smooth] == pytest.approx(wanted[smooth], rel=1e-6, abs=1e-8)
                compared += int(smooth.sum())
    assert compared >= 15


def slopes(
    loss: Loss, rows: Arrays, setting: Mapping[str, Any], name: str, part: int, steps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The difference quotients, and where no kink lies between the points that they are taken from."""

    def at(multiple: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        moved = rows[name].astype(float).copy().reshape(len(steps), -1)
        moved[:, part] += multiple * steps
        value, gradient = by_torch(loss, {**rows, name: moved.reshape(rows[name].shape)}, setting)
        return value, gradient[name].reshape(len(steps), -1)[:, part]

    (a, low), (b, _), (c, _), (d, high) = (at(multiple) for multiple in (-2, -1, 1, 2))
    value = (8 * (c - b) - (d - a)) / (12 * steps)
    # Over a distance of 4 steps a smooth gradient of moderate size hardly changes.
    smooth: NDArray[np.bool_] = np.abs(high - low) <= 0.05 * (0.2 + np.abs(low))
    return value, smooth if loss.main.kinks else np.ones_like(smooth)


@pytest.mark.parametrize("slug", ["linear_cross_entropy", "adaptive_log_softmax"])
def test_gradients_reach_what_all_samples_share(slug: str) -> None:
    """By torch's own gradcheck, which perturbs each number of each tensor."""
    loss = LOSSES[slug]
    (batch, *_) = points.batches(loss, loss.defaults())
    made = leaves(loss, batch, loss.defaults())
    flat = [t for given in made.values() for t in (given if isinstance(given, list) else [given])]
    real = [t for t in flat if t.is_floating_point()]
    assert len(real) >= 2

    def call(*moved: torch.Tensor) -> Any:
        rest = dict(zip(map(id, real), moved, strict=True))
        given = [[rest[id(t)] for t in g] if isinstance(g, list) else rest.get(id(g), g) for g in made.values()]
        with warnings.catch_warnings():
            # Torch warns of a projection to no dimension while its module is set up; the tensors here have some.
            warnings.simplefilter("ignore")
            return criterion(loss, loss.defaults(), "none")(*given)

    assert torch.autograd.gradcheck(call, real)


def test_ctc_gives_the_gradient_of_the_logits() -> None:
    """What its page says: by log_probs it is no derivative, through log_softmax it is."""
    loss = LOSSES["ctc"]
    scores = torch.randn(5, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(4), requires_grad=True)
    rest = (torch.tensor([[1, 2], [3, 3]]), torch.tensor([5, 4]), torch.tensor([2, 2]))
    call = criterion(loss, loss.defaults(), "none")
    assert torch.autograd.gradcheck(lambda z: call(z.log_softmax(2), *rest), [scores])
    logs = scores.detach().log_softmax(2).requires_grad_()
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(lambda x: call(x, *rest), [logs])


# --- reductions -----------------------------------------------------------------------------------------------------


def a_batch(loss: Loss, shape: tuple[int, ...], seed: int = 0) -> dict[str, Any]:
    """Random moderate inputs of a shape; vectors get four classes more, where the loss says a sample's vector lies."""
    if loss.batches is not None:
        return dict(points.batches(loss, loss.defaults())[seed % 2])
    rng = np.random.default_rng(seed)
    return {entry.name: drawn(loss, entry.kinds[0], shape, rng) for entry in loss.inputs}


def drawn(loss: Loss, kind: Kind, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    classes = 4
    if kind.sampler == "label_list":
        return np.array([[*rng.permutation(classes)[:2], -1, -1] for _ in range(math.prod(shape))]).reshape(*shape, 4)
    if kind.shared:
        return rng.normal(size=(classes,) * kind.rank)
    if kind.integer:
        return rng.integers(0, classes, shape)
    if kind.sampler == "mask":
        return rng.integers(0, 2, (*shape, classes)).astype(float)
    if kind.label:
        return rng.choice(kind.values, shape)
    if kind.rank:
        at = len(shape) if loss.sample_dimension is None else loss.sample_dimension
        values = rng.normal(size=(*shape[:at], classes, *shape[at:]))
        if math.isfinite(kind.lower) and math.isinf(kind.upper):
            return kind.lower + np.exp(values)
        return values if math.isinf(kind.upper) or kind.upper == 0 else 1 / (1 + np.exp(-values))
    low, high = max(kind.lower, -3.0), min(kind.upper, 3.0)
    return rng.uniform(low, high, shape) * 0.98 + 0.01 * (low + high)


def shapes(loss: Loss) -> list[tuple[int, ...]]:
    """The shapes of a batch that a loss says it takes."""
    any_shape = "*" in loss.inputs[0].shape or "d1" in loss.inputs[0].shape
    return [(5,), (2, 3)] if any_shape else [(5,)]


@pytest.mark.parametrize(
    ("loss", "shape"), [pytest.param(loss, s, id=f"{slug} {s}") for slug, loss in LOSSES.items() for s in shapes(loss)]
)
def test_reductions_in_numbers(loss: Loss, shape: tuple[int, ...]) -> None:
    """From the values of single elements: what each name of a reduction promises, without a setting that bends it."""
    inputs = a_batch(loss, shape)
    each = np.asarray(evaluate(loss, inputs, reduction="none").value)
    assert each.shape == (shape[:1] if loss.inputs[0].kinds[0].joined else shape) or loss.batches is not None
    weights = np.ones(each.size)
    if any(r.weights for r in loss.reductions):
        # The mean of the losses per label.
        weights = 1 / np.maximum(np.asarray(inputs["target_lengths"], dtype=float).ravel(), 1)
    promised = {
        "none": each,
        "sum": each.sum(),
        "mean": (weights * each.ravel()).sum() / each.size,
        "batchmean": each.sum() / shape[0],
    }
    for reduction in loss.reductions:
        answer = evaluate(loss, inputs, reduction=reduction.name)
        assert answer.value == pytest.approx(promised[reduction.name], rel=1e-14, abs=1e-15)
        if loss.formulas[0].executable:
            assert answer.formula_value == pytest.approx(promised[reduction.name], rel=1e-14, abs=1e-15)
        if reduction.weights:
            continue
        divisor = 1.0 if reduction.divisor is None else each.sum() / promised[reduction.name]
        summed = evaluate(loss, inputs, reduction="sum").gradient
        for name, gradient in answer.gradient.items():
            one, other = (np.array(high_precision.flatten(g)) for g in (gradient, summed[name]))
            assert one * divisor == pytest.approx(other, rel=1e-13, abs=1e-15)
    assert loss.default_reduction in promised
    assert evaluate(loss, inputs).value == pytest.approx(promised[loss.default_reduction], rel=1e-14)


@every_loss
def test_a_reduction_names_what_one_value_belongs_to(loss: Loss) -> None:
    """An element of the input where the values have its shape, and otherwise what they are fewer of."""
    value = np.asarray(evaluate(loss, points.example(loss), reduction="none").value)
    first = np.asarray(points.example(loss)[loss.inputs[0].name])
    named = {
        unit
        for reduction in loss.reductions
        for unit in ("element", "sample", "target", "pair", "triplet", "row", "batch", "list", "mask")
        if re.search(rf"per {unit}\b|number of {unit}(?:e?s)", reduction.divides_by)
    }
    assert named, loss.reductions
    assert ("element" in named) == (value.shape == first.shape and named != {"pair"}), named
    soft = any("probabilities" in reduction.divides_by for reduction in loss.reductions)
    assert soft <= any(kind.name == "class probabilities" for i in loss.inputs for kind in i.kinds)


@every_loss
def test_reductions_keep_torchs_rules_at_every_setting(loss: Loss) -> None:
    for setting in (*points.settings(loss), *points.sized_settings(loss)):
        inputs = points.example(loss)
        for reduction in loss.reductions:
            answer = evaluate(loss, inputs, setting, reduction.name)
            value, _ = by_torch(loss, inputs, setting, reduction.name)
            assert answer.value == pytest.approx(value, rel=1e-15, nan_ok=True)
            if loss.formulas[0].executable:
                assert answer.formula_value == pytest.approx(value, rel=1e-13, abs=1e-15, nan_ok=True)


WEIGHT = np.array([0.5, 2.0, 1.25, 3.0])


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("ignored", [-100, 2])
def test_weighted_mean_of_cross_entropy_by_hand(smoothing: float, ignored: int) -> None:
    loss = LOSSES["cross_entropy"]
    scores = np.random.default_rng(1).normal(size=(6, 4)) * 2
    target = np.array([0, 2, 1, 3, 2, 0])
    minus_log = -log_softmax(scores)
    each = np.zeros(6)
    for n, y in enumerate(target):
        spread = sum(WEIGHT[c] * minus_log[n, c] for c in range(4)) * smoothing / 4
        each[n] = 0 if y == ignored else (1 - smoothing) * WEIGHT[y] * minus_log[n, y] + spread
    kept = target[target != ignored]
    wanted = {"none": each, "sum": each.sum(), "mean": each.sum() / WEIGHT[kept].sum()}
    given = {"weight": WEIGHT.tolist(), "ignore_index": ignored, "label_smoothing": smoothing}
    for reduction, value in wanted.items():
        answer = evaluate(loss, {"input": scores, "target": target}, given, reduction)
        assert answer.value == pytest.approx(value, rel=1e-14)
        assert answer.formula_value == pytest.approx(value, rel=1e-14)
    assert len(kept) == (6 if ignored == -100 else 4)


def test_weighted_mean_of_soft_cross_entropy_divides_by_the_batch() -> None:
    rng = np.random.default_rng(2)
    scores, target = rng.normal(size=(5, 4)), rng.dirichlet(np.ones(4), size=5)
    each = -(WEIGHT * target * log_softmax(scores)).sum(axis=1)
    given = {"weight": WEIGHT.tolist()}
    answer = evaluate(LOSSES["cross_entropy"], {"input": scores, "target": target}, given)
    assert answer.value == pytest.approx(each.sum() / 5, rel=1e-14)
    assert answer.formula_value == pytest.approx(each.sum() / 5, rel=1e-14)


def test_classes_lie_in_the_second_dimension() -> None:
    rng = np.random.default_rng(3)
    scores, target = rng.normal(size=(2, 4, 3)), rng.integers(0, 4, (2, 3))
    answer = evaluate(LOSSES["cross_entropy"], {"input": scores, "target": target}, reduction="none")
    logs = log_softmax(scores)
    wanted = [[-logs[n, target[n, d], d] for d in range(3)] for n in range(2)]
    assert np.asarray(answer.value) == pytest.approx(np.array(wanted), rel=1e-14)
    assert np.asarray(answer.formula_value) == pytest.approx(np.array(wanted), rel=1e-14)


def test_weights_of_elements_do_not_change_what_the_mean_divides_by() -> None:
    p, y, w = np.array([0.9, 0.2, 0.6]), np.array([1.0, 0.0, 0.0]), np.array([2.0, 0.5, 3.0])
    each = -w * (y * np.log(p) + (1 - y) * np.log(1 - p))
    inputs = {"input": p, "target": y}
    assert evaluate(LOSSES["bce"], inputs, {"weight": w.tolist()}).value == pytest.approx(each.sum() / 3, rel=1e-14)
    logits = {"input": np.log(p / (1 - p)), "target": y}
    positive = {"weight": w.tolist(), "pos_weight": 4.0}
    answer = evaluate(LOSSES["bce_with_logits"], logits, positive)
    wanted = -w * (4 * y * np.log(p) + (1 - y) * np.log(1 - p))
    assert answer.value == pytest.approx(wanted.sum() / 3, rel=1e-14)
    assert answer.formula_value == pytest.approx(wanted.sum() / 3, rel=1e-14)


def test_four_reductions_of_kl_div_by_hand() -> None:
    q, p = np.array([[0.2, 0.8], [0.5, 0.5], [0.0, 1.0]]), np.array([[0.4, 0.6], [0.1, 0.9], [0.3, 0.7]])
    each = np.where(q > 0, q * (np.log(np.where(q > 0, q, 1)) - np.log(p)), 0)
    wanted = {"none": each, "sum": each.sum(), "mean": each.sum() / 6, "batchmean": each.sum() / 3}
    for reduction, value in wanted.items():
        answer = evaluate(LOSSES["kl_div"], {"input": np.log(p), "target": q}, reduction=reduction)
        assert answer.value == pytest.approx(value, rel=1e-14, abs=1e-16)
        assert answer.formula_value == pytest.approx(value, rel=1e-14, abs=1e-16)


# --- precision ------------------------------------------------------------------------------------------------------


@every_loss
def test_float32_is_close_to_float64(loss: Loss) -> None:
    inputs = a_batch(loss, (12,), seed=5)
    single, double = evaluate(loss, inputs, dtype="float32"), evaluate(loss, inputs)
    assert single.value != double.value
    assert single.value == pytest.approx(double.value, rel=1e-5)
    for name, gradient in single.gradient.items():
        one, other = (np.array(high_precision.flatten(g)) for g in (gradient, double.gradient[name]))
        assert one == pytest.approx(other, rel=1e-5, abs=1e-6)


@every_loss
def test_formula_value_is_taken_at_the_inputs_that_torch_saw(loss: Loss) -> None:
    if not loss.formulas[0].executable:
        assert evaluate(loss, a_batch(loss, (12,)), dtype="float32").formula_value is None
        return
    inputs = a_batch(loss, (12,), seed=6)
    rounded = {n: a if a.dtype.kind == "i" else a.astype(np.float32).astype(float) for n, a in inputs.items()}
    answer = evaluate(loss, inputs, dtype="float32").formula_value
    assert answer == evaluate(loss, rounded).formula_value
    exact = evaluate(loss, inputs)
    if any(np.any(high_precision.flatten(slope)) for slope in exact.gradient.values()):  # a count does not feel it
        assert answer != exact.formula_value


def test_no_value_is_invented_for_a_bad_request() -> None:
    inputs = {"input": [1.0], "target": [0.0]}
    bad: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        (inputs, {"parameters": {"delta": 0}}, "delta > 0, got 0"),
        (inputs, {"parameters": {"dleta": 1}}, "did you mean delta"),
        (inputs, {"parameters": {"delta": float("nan")}}, "delta > 0"),
        (inputs, {"reduction": "average"}, "no reduction 'average'"),
        (inputs, {"dtype": "float8"}, "unknown dtype"),
        ({"input": [1.0]}, {}, "'target' is missing"),
        ({**inputs, "targt": [1.0]}, {}, "did you mean target"),
        ({"input": [[1.0], [1.0, 2.0]], "target": [0.0]}, {}, "rectangular"),
        ({"input": [1.0, 2.0], "target": [1.0, 2.0, 3.0]}, {}, "torch refused"),
    ]
    for given_inputs, rest, message in bad:
        with pytest.raises(LossaryError, match=re.escape(message)):
            evaluate(LOSSES["huber"], given_inputs, **rest)


# --- kinks and clamps -----------------------------------------------------------------------------------------------


def kinked() -> list[Any]:
    return [
        pytest.param(loss, setting, id=f"{loss.slug} {setting}")
        for loss in LOSSES.values()
        for setting in points.settings(loss)
        if points.kinks(loss, loss.main, setting)
    ]


@pytest.mark.parametrize(("loss", "setting"), kinked())
def test_gradient_at_a_kink_is_what_the_page_says(loss: Loss, setting: dict[str, Any]) -> None:
    special = sorted(points.kinks(loss, loss.main, setting))  # as a reader goes, from left to right
    caption = loss_views.line_view(loss, "gradient", setting).caption
    told = re.search(r"At (?:the marks?|each mark) it is (.+?)(?:, with (.+))?\.$", caption)
    assert told
    branches = loss.main.branches
    if told[2]:
        branches = {label: y for label, y in branches.items() if label == told[2].replace("\N{MINUS SIGN}", "-")}
        assert len(branches) == 1
    gradients = [float(v.replace("\N{MINUS SIGN}", "-")) for v in re.split(", | and ", told[1])]
    if "each mark" in caption:
        gradients *= len(special)
    for t, gradient in zip(special, gradients, strict=True):
        # Where a kink is no number of float64, torch stands on one of its sides, and a rounding decides on which.
        numbers = all(kind.rank == 0 for entry in loss.inputs for kind in entry.kinds)
        sides = [t] if numbers else [t, t - 1e-9, t + 1e-9]
        # The branch that turns there is the one that is marked.
        slopes_there = [slope_along(loss, setting, side, y) for side in sides for y in branches.values()]
        assert any(gradient == pytest.approx(slope, rel=5e-3, abs=1e-6) for slope in slopes_there), slopes_there


def slope_along(loss: Loss, setting: Mapping[str, Any], t: float, y: float) -> float:
    """The derivative along the main section by the chain rule: torch's gradient, and how the inputs move."""
    before, at, after = (numeric(loss, loss.main.inputs(v, y)) for v in (t - 1e-6, t, t + 1e-6))
    _, found = by_torch(loss, at, setting)
    return sum(float(((after[n] - before[n]) / 2e-6 * g).sum()) for n, g in found.items())


def numeric(loss: Loss, row: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """One row of a section's inputs, as a batch of one."""

    def plain(value: Any) -> Any:
        return [plain(v) for v in value] if isinstance(value, list | tuple) else float(value)

    shared = {i.name for i in loss.inputs if i.kinds[0].shared}
    return {n: np.array(plain(v) if n in shared else [plain(v)]) for n, v in row.items()}


def test_documented_gradients_at_kinks() -> None:
    at_zero = by_torch(LOSSES["l1"], {"input": np.zeros(1), "target": np.zeros(1)}, LOSSES["l1"].defaults())
    assert at_zero[1]["input"].tolist() == [0.0]
    for delta in (0.5, 1.0, 2.0):
        at = {"input": np.array([-delta, delta]), "target": np.zeros(2)}
        value, gradient = by_torch(LOSSES["huber"], at, {"delta": delta, "weight": None})
        assert value.tolist() == [delta**2 / 2] * 2
        assert gradient["input"].tolist() == [-delta, delta]


@pytest.mark.parametrize(
    ("p", "y", "value", "gradient"),
    [
        (0.0, 1.0, 100.0, -1e12),
        (1.0, 0.0, 100.0, 1e12),
        (1e-60, 1.0, 100.0, -1e12),
        (1e-30, 1.0, 69.07755278982137, -1e12),
        (1e-13, 1.0, 29.933606208922594, -1e12),
        (0.0, 0.0, 0.0, 0.0),
        (1.0, 1.0, 0.0, 0.0),
        (0.0, 0.3, 30.0, -3e11),
        (1.0, 0.3, 70.0, 7e11),
    ],
)
def test_clamps_of_bce(p: float, y: float, value: float, gradient: float) -> None:
    loss = LOSSES["bce"]
    answer = evaluate(loss, {"input": [p], "target": [y]}, reduction="none")
    assert answer.value == pytest.approx([value], rel=1e-15)
    assert answer.gradient["input"] == pytest.approx([gradient], rel=1e-8, abs=1e-12)
    assert isinstance(loss.computed, Symbolic)
    batch = {"input": np.array([p]), "target": np.array([y])}
    (computed,) = values(loss, loss.computed, batch, loss.defaults())
    assert float(computed) == pytest.approx(value, rel=1e-15)
    ((slope,),) = gradients(loss, loss.computed, batch, loss.defaults())["input"]
    assert float(slope) == pytest.approx(answer.gradient["input"][0], rel=1e-15)


def test_no_clamp_hides_where_the_formula_is_claimed() -> None:
    """Inside its domain bce is checked against the plain formula, down to where the clamp of the gradient begins."""
    loss = LOSSES["bce"]
    smallest = min(v for v in loss.inputs[0].kinds[0].values)
    assert 1e-12 < smallest <= 2e-12
    answer = evaluate(loss, {"input": [smallest], "target": [1.0]}, reduction="none")
    assert answer.gradient["input"] == pytest.approx([-1 / smallest], rel=1e-14)


# --- the points themselves ------------------------------------------------------------------------------------------


@every_loss
def test_settings_hold_every_typical_value(loss: Loss) -> None:
    chosen = points.settings(loss)
    assert chosen[0] == loss.defaults()
    for p in loss.parameters:
        if p.kind.sized:
            # A tensor of the input's size comes with batches of its own.
            given = [list(value) for value in p.typical if value is not None]
            assert given
            assert [s[p.name] for s in points.sized_settings(loss) if s[p.name] in given]
            continue
        if loss.batches is not None and not p.typical:
            # It only says how large the inputs are, which the batches vary.
            continue
        assert len(p.typical) > 1, f"{p.name} is checked at its default only"
        for value in p.typical:
            plain = list(value) if isinstance(value, tuple) else value
            assert any(s == {**loss.defaults(), p.name: plain} for s in chosen)
    last = {p.name: p.default if p.kind.sized or not p.typical else p.typical[-1] for p in loss.parameters}
    assert {name: list(v) if isinstance(v, tuple) else v for name, v in last.items()} in chosen


@pytest.mark.parametrize("loss", SLICED, ids=[loss.slug for loss in SLICED])
def test_points_cover_the_domain_and_both_tails(loss: Loss) -> None:
    for setting in points.settings(loss):
        seen: dict[str, set[str]] = {i.name: set() for i in loss.inputs}
        for batch in points.batches(loss, setting):
            for entry in loss.inputs:
                kind = high_precision.chosen_kinds(loss, batch, setting)[entry.name]
                seen[entry.name].add(kind.name)
                column = batch[entry.name]
                assert np.isin(kind.values, column).all()
                if entry is loss.inputs[0]:
                    assert_spread(column, kind)
                if kind.integer:
                    assert set(column.ravel().tolist()) >= set(range(number_of_classes(loss, batch, setting)))
                if kind.sampler == "label_list":
                    lengths = [int(np.argmax(row == -1)) if (row == -1).any() else len(row) for row in column]
                    assert set(lengths) == set(range(column.shape[1] + 1))
                if kind.sampler == "multi_hot":
                    assert {0.0, 1.0} < set(column.ravel().tolist())
                if kind.sampler == "mask":
                    assert set(column.ravel().tolist()) == {0.0, 1.0}
                    assert {0, column.shape[1]} < set(column.sum(axis=1).tolist())
                if kind.sampler == "probabilities":
                    assert 0 == column.min() < column[column > 0].min() < 1e-9
                    assert 1 == column.max() > column[column < 1].max() > 1 - 1e-9
                    assert ((column == 0) | (column == 1)).all(axis=1).any()
                if kind.sampler == "positive_distribution":
                    assert column.sum(axis=1) == pytest.approx(np.ones(len(column)), rel=1e-11)
                    assert 0 < column.min() <= 1e-15
                if kind.sampler == "distribution":
                    assert column.sum(axis=1) == pytest.approx(np.ones(len(column)), rel=1e-12)
                    assert (column == 1).any()
                    assert (column > 0).all(axis=1).any()
        for entry in loss.inputs:
            bound = [p for p in loss.parameters if entry.name in p.only_with]
            kinds = entry.candidates(setting)
            allowed = [k for k in kinds if all(p.allowed({entry.name: k}, setting[p.name]) for p in bound)]
            assert seen[entry.name] == {k.name for k in allowed}


def at_the_lower_end(kind: Kind, array: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inputs of a kind with a number each at the lower end; of vectors of probabilities the rest still sums to 1."""
    moved = array.copy()
    if not kind.rank:
        moved[...] = kind.lower
        return moved
    moved[..., 0] = kind.lower
    if not kind.sampler.endswith("distribution"):
        return moved
    others = moved.sum(axis=-1, keepdims=True)
    return np.where(others > 0, moved / np.where(others > 0, others, 1), array)


@every_loss
def test_the_values_of_an_input_hold_the_end_of_the_domain_where_the_loss_has_a_value_there(loss: Loss) -> None:
    """ "Above 0" is said of an input exactly where the loss is infinite or no number at 0 for some setting."""
    finite: dict[tuple[str, Kind], bool] = {}
    for setting, batch in calls(loss):
        for name, kind in high_precision.chosen_kinds(loss, batch, setting).items():
            if math.isinf(kind.lower) or kind.label or kind.listed:
                continue
            at_the_end = {**batch, name: at_the_lower_end(kind, np.asarray(batch[name], dtype=float))}
            value = by_torch(loss, at_the_end, setting)[0]
            finite[name, kind] = finite.get((name, kind), True) and bool(np.isfinite(value).all())
    for (name, kind), has_a_value in finite.items():
        excluded = re.search(rf"\babove {kind.lower:g}\b", kind.name) is not None
        assert excluded != has_a_value, (name, kind.name)


@every_loss
def test_an_input_that_is_a_mean_is_not_called_a_rate(loss: Loss) -> None:
    """A mean of amounts is no rate; of counts it is one, and then its input is said to be the expected count."""
    for entry in loss.inputs:
        for kind in itertools.chain(entry.kinds, *entry.kinds_at.values()):
            assert "rate" not in kind.name or "mean" not in entry.meaning.split(), (entry.name, kind.name)


@every_loss
def test_two_sides_of_what_is_symmetric_can_be_swapped(loss: Loss) -> None:
    """A page says so of a symmetric loss; a curve that is the same to both sides of zero does not make it true."""
    if loss.properties.get("symmetric") is not True:
        return
    batch = a_batch(loss, (12,))
    swapped = {**batch, "input": batch["target"], "target": batch["input"]}
    here, there = (by_torch(loss, one, loss.defaults())[0] for one in (batch, swapped))
    assert there == pytest.approx(here, rel=1e-12)


WITH_INSETS = [
    (loss, parameter) for loss in LOSSES.values() for parameter in loss.parameters if parameter.range.inset != HAIR
]


@pytest.mark.parametrize(("loss", "parameter"), WITH_INSETS, ids=[f"{one.slug}-{p.name}" for one, p in WITH_INSETS])
def test_the_function_takes_what_a_plot_keeps_away_from(loss: Loss, parameter: Parameter) -> None:
    """An inset is for the plot: halfway into it torch still gives what the formula says with many digits."""
    allowed = parameter.range
    near = allowed.lower + allowed.inset / 2, allowed.upper - allowed.inset / 2
    assert parameter.range_text() == f"{allowed.lower:g} < {parameter.name} < {allowed.upper:g}"
    for value, end in itertools.product(near, points.batches(loss, loss.defaults())):
        setting = {**loss.defaults(), parameter.name: value}
        check_parameters(loss, setting)
        got, _ = by_torch(loss, end, setting)
        for formula in covering(loss, end, setting):
            wanted = [float(v) for v in values(loss, formula, end, setting)]
            assert got.ravel() == pytest.approx(wanted, rel=1e-12, abs=1e-300)


def test_there_is_an_inset_to_try() -> None:
    assert WITH_INSETS


def number_of_classes(loss: Loss, batch: Arrays, setting: Mapping[str, Any]) -> int:
    kinds = high_precision.chosen_kinds(loss, batch, setting)
    for name, kind in kinds.items():
        if "C" in kind.dims:
            at = kind.dims.index("C") - kind.rank
            return int(np.asarray(batch[name]).shape[at])
    raise AssertionError(f"{loss.slug}: no input runs over the classes")


def assert_spread(column: NDArray[np.float64], kind: Any) -> None:
    """The prediction's values reach far into every open end and close to every closed one, and lie densely between."""
    different = len(np.unique(column.reshape(len(column), -1), axis=0))
    if kind.sampler == "amounts":
        assert different >= 8
        assert column.min() == 0
        assert column.max() >= 1e28
        return
    if kind.sampler in ("vector", "batch"):
        lengths = np.sqrt((column**2).sum(axis=1))
        assert different >= 7
        assert lengths.max() >= 100
        assert lengths.min() <= 1
        return
    assert different >= 8 if kind.rank else different >= 11
    if kind.sampler == "log_distribution":
        assert np.exp(column).sum(axis=1) == pytest.approx(np.ones(len(column)), rel=1e-12)
        assert column.min() <= -745
        return
    if kind.sampler == "logits":
        assert np.ptp(column, axis=1).max() >= 1e4
        assert (np.ptp(column, axis=1) == 0).any()
        assert column.max() >= 700
        assert column.min() <= -1e4
        return
    for end, sign in ((kind.lower, -1), (kind.upper, 1)):
        outermost = np.max(sign * column) * sign
        if math.isinf(end):
            # As far as float64 can follow: below -745 a log-probability is a probability of 0, above 709 exp overflows.
            assert sign * outermost >= kind.far
            assert kind.far >= 700
        else:
            assert abs(outermost - end) <= 1e-11
    if math.isinf(kind.lower) and math.isinf(kind.upper):
        assert np.abs(column[column != 0]).min() <= 1e-299
        assert 0.0 in column


@every_loss
def test_points_lie_on_both_sides_of_each_kink(loss: Loss) -> None:
    if any(kind.rank for entry in loss.inputs for kind in entry.kinds):
        return
    for setting in points.settings(loss):
        (batch, *_) = points.batches(loss, setting)
        for section in loss.sections:
            for kink in points.kinks(loss, section, setting):
                y = next(iter(section.branches.values()))
                for t in (kink, kink - 1e-9, kink + 1e-9, kink - 1e-3, kink + 1e-3):
                    row = section.inputs(t, y)
                    kinds = high_precision.chosen_kinds(loss, batch, setting)
                    if all(kinds[n].lower <= float(v) <= kinds[n].upper for n, v in row.items()):
                        hit = np.logical_and.reduce([batch[name] == float(v) for name, v in row.items()])
                        assert hit.any(), (setting, kink, t)


@every_loss
def test_points_fill_the_drawn_range(loss: Loss) -> None:
    """No gap of the drawn range is wider than a fiftieth of it, for losses of single numbers."""
    if any(kind.rank for entry in loss.inputs for kind in entry.kinds):
        return
    for setting in points.settings(loss):
        for batch in points.batches(loss, setting):
            for section in loss.sections:
                if any(isinstance(v, list) for v in section.inputs(0.5, 0.5).values()):
                    continue
                for y in section.branches.values():
                    low, high = section.span
                    grid = np.linspace(low, high, 81)
                    name = loss.inputs[0].name
                    kind = high_precision.chosen_kinds(loss, batch, setting)[name]
                    wanted = np.array([float(section.inputs(t, y)[name]) for t in grid])
                    wanted = wanted[(wanted >= kind.lower) & (wanted <= kind.upper)]
                    assert np.isin(wanted, batch[name]).all()


# --- what holds for all numbers ------------------------------------------------------------------------------------


def convex_losses() -> list[Any]:
    return [of_kind(loss) for loss in LOSSES.values() if loss.properties.get("convex") is True]


@pytest.mark.parametrize("loss", convex_losses())
@quick
@given(a=st.floats(0, 1), b=st.floats(0, 1), share=st.floats(0, 1), setting=st.integers(0, 20))
def test_no_chord_lies_below_a_convex_curve(loss: Loss, a: float, b: float, share: float, setting: int) -> None:
    section = loss.main
    low = -40.0 if math.isinf(section.limits[0]) else section.limits[0] + 1e-6
    high = 40.0 if math.isinf(section.limits[1]) else section.limits[1] - 1e-6
    ends = np.array([low + (high - low) * v for v in (a, b)])
    middle = share * ends[0] + (1 - share) * ends[1]
    suited = fitting(loss.slug)
    chosen = suited[setting % len(suited)]
    for y in section.branches.values():
        at = curve(loss, section, np.array([*ends, middle]), chosen, y).loss
        chord = share * at[0] + (1 - share) * at[1]
        assert at[2] <= chord + 1e-12 * (1 + abs(chord))


@cache
def fitting(slug: str) -> list[dict[str, Any]]:
    """The settings under which a loss can be drawn along its main section."""
    loss = LOSSES[slug]
    return [s for s in points.settings(loss) if fits(loss, s)]


def fits(loss: Loss, setting: Mapping[str, Any]) -> bool:
    try:
        drawn = curve(loss, loss.main, np.array(loss.main.span), setting)
    except (RuntimeError, LossaryError):
        return False
    return bool(np.isfinite(drawn.loss).all())


residuals = st.floats(-1e6, 1e6, allow_subnormal=False)
deltas = st.floats(1e-3, 1e3)


def one(loss: str, x: float, y: float, **parameters: float) -> float:
    answer = evaluate(LOSSES[loss], {"input": [x], "target": [y]}, parameters, "sum")
    assert isinstance(answer.value, float)
    return answer.value


@every_loss
def test_what_is_convex_is_so_in_all_numbers_that_can_move(loss: Loss) -> None:
    """A drawn line can be convex where the loss is not, such as one through samples that are sorted.

    Along a distance it is the distance that moves: the loss can be convex in it, and not in the vectors.
    """
    if loss.properties.get("convex") is not True or loss.batches is not None or loss.main.axis == DISTANCE_AXIS:
        return
    here, there = (loss.main.inputs(t, next(iter(loss.main.branches.values()))) for t in (0.25, 0.5))
    moving = [name for name in here if here[name] != there[name]]
    for seed in range(12):
        start, other = a_batch(loss, (12,), seed), a_batch(loss, (12,), seed + 100)
        end = start | {name: other[name] for name in moving}
        middle = start | {name: (start[name] + other[name]) / 2 for name in moving}
        a, b, between = (by_torch(loss, batch, loss.defaults())[0] for batch in (start, end, middle))
        assert np.all(between <= (a + b) / 2 + 1e-12 * (1 + np.abs(a) + np.abs(b)))


@quick
@given(r=residuals, delta=deltas)
def test_huber_lies_between_a_parabola_and_a_line(r: float, delta: float) -> None:
    value = one("huber", r, 0.0, delta=delta)
    half, line = one("mse", r, 0.0) / 2, delta * one("l1", r, 0.0)
    assert 0 <= value <= min(half, line) * (1 + 1e-14)
    assert value >= line - delta**2 / 2 - 1e-12 * line
    assert value == pytest.approx(half if abs(r) <= delta else line - delta**2 / 2, rel=1e-12, abs=1e-300)


@quick
@given(r=residuals, shift=st.floats(-100, 100), slug=st.sampled_from(["l1", "mse", "huber"]))
def test_residual_losses_are_even_and_know_only_the_difference(r: float, shift: float, slug: str) -> None:
    assert one(slug, r, 0.0) == one(slug, -r, 0.0) == one(slug, 0.0, r)
    assert one(slug, r + shift, shift) == pytest.approx(one(slug, (r + shift) - shift, 0.0), rel=1e-15)


@quick
@given(z=st.floats(-15, 15), y=st.floats(0, 1))
def test_bce_with_logits_is_bce_of_the_sigmoid(z: float, y: float) -> None:
    p = 1 / (1 + math.exp(-z))
    assert one("bce_with_logits", z, y) == pytest.approx(one("bce", p, y), rel=1e-9, abs=1e-15)


@quick
@given(scores=st.lists(st.floats(-20, 20), min_size=2, max_size=6), shift=st.floats(-1e3, 1e3), at=st.integers(0, 5))
def test_cross_entropy_does_not_see_a_common_shift(scores: list[float], shift: float, at: int) -> None:
    loss = LOSSES["cross_entropy"]
    y = at % len(scores)
    plain = evaluate(loss, {"input": [scores], "target": [y]})
    moved = evaluate(loss, {"input": [[s + shift for s in scores]], "target": [y]})
    assert moved.value == pytest.approx(plain.value, rel=1e-9, abs=1e-11)
    gradient = np.asarray(plain.gradient["input"][0])
    assert gradient.sum() == pytest.approx(0, abs=1e-14)
    assert -1 <= gradient[y] <= 0
    assert (np.delete(gradient, y) >= 0).all()


masses = st.lists(st.floats(1e-6, 1.0), min_size=3, max_size=3)


@quick
@given(first=masses, second=masses)
def test_kl_div_is_zero_only_for_equal_distributions(first: list[float], second: list[float]) -> None:
    p, q = (np.array(m) / sum(m) for m in (first, second))
    loss = LOSSES["kl_div"]
    value = evaluate(loss, {"input": np.log(p), "target": q}, reduction="sum").value
    # Pinsker's inequality: it is at least half the squared distance of the two.
    assert value >= np.abs(p - q).sum() ** 2 / 2 - 1e-14
    same = evaluate(loss, {"input": np.log(p), "target": p}, reduction="sum").value
    assert same == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("blank", [1, 2])
def test_ctc_with_another_blank_is_the_sum_over_alignments(blank: int) -> None:
    """The page's checks use blank 0 only; here the blank moves, against the same enumeration."""
    loss = LOSSES["ctc"]
    setting = {**loss.defaults(), "blank": blank}
    (formula,) = loss.formulas
    compared = 0
    for batch in points.batches(loss, setting):
        if batch["log_probs"].shape[-1] <= blank:
            continue
        value, gradient = by_torch(loss, batch, setting)
        wanted = values(loss, formula, batch, setting)
        assert value.ravel() == pytest.approx(np.array([float(v) for v in wanted]), rel=1e-13)
        assert isinstance(formula, Written)
        slopes_wanted = np.array([float(v) for v in written_gradients(formula, batch, setting)["log_probs"]])
        assert gradient["log_probs"].ravel() == pytest.approx(slopes_wanted, abs=1e-13, nan_ok=True)
        compared += value.size
    assert compared >= 15


def test_a_curve_is_evaluated_once_and_cannot_be_written_into(monkeypatch: pytest.MonkeyPatch) -> None:
    loss, calls, evaluated = dataclasses.replace(LOSSES["huber"]), [], curves.run

    def counted(*call: Any) -> torch.Tensor:
        calls.append(call)
        return evaluated(*call)

    monkeypatch.setattr(curves, "run", counted)
    t = np.linspace(-2, 2, 9)
    first = curves.curve(loss, loss.main, t, {"delta": 0.5})
    again = curves.curve(loss, loss.main, t.copy(), {"delta": 0.5})
    assert len(calls) == 1
    assert np.array_equal(first.gradient, again.gradient)
    with pytest.raises(ValueError, match="read-only"):
        again.gradient[0] = 0.0
    # Another parameter, another point or another declaration is another question.
    curves.curve(loss, loss.main, t, {"delta": 0.25})
    curves.curve(loss, loss.main, t[1:], {"delta": 0.5})
    curves.curve(dataclasses.replace(loss), loss.main, t, {"delta": 0.5})
    assert len(calls) == 4


@every_loss
def test_no_relation_is_told_twice(loss: Loss) -> None:
    """Two identities between the same calls differ by more than a number."""
    told = Counter(
        (relation.slug, tuple(sorted(re.findall(r"[A-Za-z_]\w*", f"{relation.left} {relation.right}"))))
        for relation in loss.relations
    )
    assert [slug for (slug, _), times in told.items() if times > 1] == []


@pytest.mark.parametrize("refusal", [False, True])
def test_what_a_page_says_of_a_column_is_what_the_function_does(refusal: bool) -> None:
    """A loss that refuses shapes which differ, or warns of them, has no such sentence."""
    loss = LOSSES["brier"]
    assert torch_calls.pairs_a_column(loss)
    assert not torch_calls.pairs_a_column(LOSSES["mse"])  # torch's own warns, and its pitfalls tell

    def careful(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
        if input.shape != target.shape:
            if refusal:
                raise ValueError("the shapes differ")
            warnings.warn("the shapes differ", stacklevel=2)
        assert loss.function is not None
        value: torch.Tensor = loss.function(input, target, reduction=reduction)
        return value

    assert not torch_calls.pairs_a_column(dataclasses.replace(loss, function=careful))
