"""Laws of the torch functions that loss files write themselves: derivatives, extremes in both formats, one function."""

from __future__ import annotations

import copy
import itertools
import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from flint import arb

import lossary.functional
import lossary.nn
from cases import LOSSES, criterion, detaches, leaves
from lossary.declaration.formula import Symbolic
from lossary.declaration.loss import Loss
from lossary.discovery.names import class_name
from lossary.evaluation import high_precision, points
from lossary.evaluation.curves import derivatives_along

OWN = {slug: loss for slug, loss in LOSSES.items() if loss.function is not None}
own = pytest.mark.parametrize("loss", OWN.values(), ids=OWN.keys())
# Of the formats: how far a result may be from the truth, relative to it. The parameters are rounded to the format too,
# which the tails of an exponential feel.
ALLOWED = {torch.float64: 1e-13, torch.float32: 2e-5}
POWERS = (-30, -20, -12, -8, -4, -2, 0, 2, 4, 8, 12, 20, 30)


def moved(loss: Loss, seed: int) -> dict[str, Any]:
    """The inputs of the page's example, each number a little off, so that none lies on a kink or at an end."""
    draw = np.random.default_rng(seed)
    made = points.example(loss)
    for entry in loss.inputs:
        kind = entry.kinds[0]
        if not any(kind.integer or kind.label or kind.listed for kind in entry.kinds):
            numbers = np.asarray(made[entry.name], dtype=float)
            numbers = numbers * draw.uniform(0.95, 0.99, numbers.shape)
            made[entry.name] = np.where(numbers <= kind.lower, kind.lower + 0.01, numbers)
    return made


def calls(loss: Loss) -> Iterator[tuple[Mapping[str, Any], str, dict[str, Any]]]:
    """Each setting that takes the example, with each reduction."""
    inputs = moved(loss, 0)
    for setting in points.settings(loss):
        if high_precision.formula_for(loss, inputs, setting) is not None:
            for reduction in loss.reductions:
                yield setting, reduction.name, inputs


@own
def test_the_gradients_are_those_of_the_values(loss: Loss) -> None:
    """By finite differences, at every setting and reduction."""
    if detaches(loss):
        pytest.skip("it detaches a part of itself; its gradients are held to those of its formula alone")
    tried = 0
    for setting, reduction, inputs in calls(loss):
        made = leaves(loss, inputs, setting)
        labels = {i.name for i in loss.inputs if any(kind.label for kind in i.kinds)}  # whose slope means nothing
        made = {name: leaf.detach() if name in labels else leaf for name, leaf in made.items()}
        names = [name for name, leaf in made.items() if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
        run = criterion(loss, setting, reduction)

        def value(*given: torch.Tensor, made: Any = made, names: Any = names, run: Any = run) -> torch.Tensor:
            filled = {**made, **dict(zip(names, given, strict=True))}
            result: torch.Tensor = run(*(filled.get(i.name) for i in loss.inputs))
            return result

        assert torch.autograd.gradcheck(value, [made[name] for name in names]), (setting, reduction)
        tried += 1
    assert tried


@own
def test_a_smooth_loss_is_smooth_where_the_prediction_is_perfect(loss: Loss) -> None:
    """Its curvature there is that beside it: a function that goes through |x| has none at 0 by autograd."""
    claim = loss.properties.get("smoothness")
    for setting in points.settings(loss):
        told = points.call_with(claim, loss, setting) if callable(claim) else claim
        best = next(iter(loss.main.best.values()))
        if told not in ("C2", "Cinf") or not math.isfinite(best) or best in loss.main.limits:
            continue
        t = best + np.array([-1e-7, 0.0, 1e-7])
        branch = next(iter(loss.main.branches.values()))
        left, middle, right = derivatives_along(loss, loss.main, t, setting, branch, 2)[2]
        assert middle == pytest.approx((left + right) / 2, rel=1e-4), setting


def extremes(loss: Loss, setting: Mapping[str, Any], format: torch.dtype) -> dict[str, Any]:
    """Tiny and huge first inputs that the format holds, each with a few ordinary values of the others."""
    first, *others = (i.candidates(setting)[0] for i in loss.inputs)
    largest = first.far if first.far < 1e3 else math.inf
    sizes = [10.0**power for power in POWERS if 10.0**power <= largest]
    values = [v for size in sizes for v in (-size, size) if first.lower <= v <= first.upper]
    ordinary = [[v for v in kind.values if v == 0 or 0.1 <= abs(v) <= 10][:3] for kind in others]
    rows = list(itertools.product(values, *ordinary))
    columns = np.array(rows, dtype=float).T
    rounded = columns.astype(np.float32).astype(float) if format is torch.float32 else columns
    return dict(zip((i.name for i in loss.inputs), rounded, strict=True))


@own
@pytest.mark.parametrize("format", ALLOWED, ids=str)
def test_extremes_are_as_the_formula_has_them(loss: Loss, format: torch.dtype) -> None:
    """From 1e-30 to 1e30: value and gradient are exact to the format, and finite wherever the truth is."""
    plain = all(kind.rank == 0 and not kind.listed for i in loss.inputs for kind in i.kinds)
    if not plain or loss.batches is not None:
        pytest.skip("not of plain numbers")
    for setting in points.settings(loss):
        inputs = extremes(loss, setting, format)
        formula = high_precision.formula_for(loss, inputs, setting)
        if not isinstance(formula, Symbolic):
            continue
        made = {
            name: leaf.to(format).detach().requires_grad_(leaf.requires_grad) if leaf.is_floating_point() else leaf
            for name, leaf in leaves(loss, inputs, setting).items()
        }
        value = criterion(loss, setting, "none")(*(made.get(i.name) for i in loss.inputs))
        sizes = high_precision.rounding_sizes(loss, inputs, setting, value.numel())
        true = high_precision.values(loss, formula, inputs, setting)
        compare(loss, "value", inputs, setting, value.detach(), true, sizes)
        value.sum().backward()
        for name, rows in high_precision.gradients(loss, formula, inputs, setting).items():
            given = made[name].grad
            assert given is not None
            compare(loss, f"gradient with respect to {name}", inputs, setting, given, [row[0] for row in rows], sizes)


def compare(
    loss: Loss,
    what: str,
    inputs: Mapping[str, Any],
    setting: Mapping[str, Any],
    found: torch.Tensor,
    true: list[arb],
    sizes: list[float],
) -> None:
    """Each number of a tensor against what encloses the truth, where the format can hold that."""
    held = torch.finfo(found.dtype)
    for k, (got, ball) in enumerate(zip(found.reshape(-1).tolist(), true, strict=True)):
        wanted = float(ball)
        if not abs(wanted) <= held.max:  # no number, or one that overflows
            continue
        near = ALLOWED[found.dtype] * max(abs(wanted), sizes[k]) + held.tiny
        place = {name: column[k] for name, column in inputs.items()}
        assert abs(got - wanted) <= near, f"{loss.slug}: {what} at {place}, {dict(setting)}: {got}, but {wanted}"


def far_from_zero(loss: Loss, setting: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The page's example on eighths, and with 2**20 added to all of its first input; nothing where that matters.

    Float32 holds both exactly, so the two calls are as good as one.
    """
    first = loss.inputs[0]
    made = points.example(loss)
    near = {**made, first.name: np.round(8 * np.asarray(made[first.name], dtype=float)) / 8}
    far = {**near, first.name: near[first.name] + 2.0**20}
    formula = high_precision.formula_for(loss, near, setting)
    if not isinstance(formula, Symbolic) or any(math.isfinite(kind.upper) for kind in first.kinds):
        return None
    told = [[float(v) for v in high_precision.values(loss, formula, batch, setting)] for batch in (near, far)]
    return (near, far) if np.allclose(*told, rtol=1e-12, atol=0) else None


@own
def test_scores_far_from_zero_keep_their_digits(loss: Loss) -> None:
    """Where only their differences count: a log-sum-exp as large as the scores leaves no digits for the gradient."""
    tried = 0
    for setting in points.settings(loss):
        if (both := far_from_zero(loss, setting)) is None:
            continue
        found = []
        for inputs in both:
            made = {
                name: leaf.float().detach().requires_grad_(leaf.requires_grad) if leaf.is_floating_point() else leaf
                for name, leaf in leaves(loss, inputs, setting).items()
            }
            value = criterion(loss, setting, "none")(*(made.get(i.name) for i in loss.inputs))
            value.sum().backward()
            found.append((value.detach(), made[loss.inputs[0].name].grad))
        rounded = max(high_precision.rounding_sizes(loss, both[1], setting, found[1][0].numel()))
        near = ALLOWED[torch.float32] * max(1.0, rounded)  # what the loss says of itself
        torch.testing.assert_close(found[1], found[0], rtol=ALLOWED[torch.float32], atol=near, msg=f"{dict(setting)}")
        tried += 1
    if not tried:
        pytest.skip("it is not the same for scores that are all moved by one number")


BOXES = {slug: loss for slug, loss in OWN.items() if "boxes" in loss.tasks}


@pytest.mark.parametrize("power", [-30, -20, 0, 20, 30])
@pytest.mark.parametrize("loss", BOXES.values(), ids=BOXES.keys())
def test_boxes_of_any_size_cost_the_same(loss: Loss, power: int) -> None:
    """In float32, where areas of such boxes overflow or vanish."""
    run = criterion(loss, loss.defaults(), "none")
    for batch in points.batches(loss, loss.defaults()):
        boxes = [torch.tensor(batch[i.name], dtype=torch.float64) for i in loss.inputs]
        scale = 10.0**power / max(1.0, *(one.abs().max().item() for one in boxes))
        scaled = [(one * scale).float().requires_grad_() for one in boxes]
        values = run(*scaled)
        # corners are rounded by a part of their size, and some boxes are a thousandth of that
        torch.testing.assert_close(values.double(), run(*boxes), rtol=0, atol=1e-3)
        for slope in torch.autograd.grad(values.sum(), scaled):
            assert slope.isfinite().all()


@own
def test_function_and_module_are_one(loss: Loss) -> None:
    """By its slug and by its class, with every reduction, and from a copy of the module."""
    assert loss.function is not None
    assert getattr(lossary.functional, loss.slug).__code__ == loss.function.__code__
    for setting, reduction, inputs in calls(loss):
        made = list(leaves(loss, inputs, setting).values())
        by_function = criterion(loss, setting, reduction)(*made)
        module = getattr(lossary.nn, class_name(loss))(**setting, reduction=reduction).double()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for one in (module, copy.deepcopy(module)):
                assert torch.equal(one(*made), by_function), (setting, reduction)


@own
def test_each_reduction_is_of_the_values(loss: Loss) -> None:
    """The sum and the mean are those of what "none" returns, divided as the declaration says."""
    rules = {rule.name: rule for rule in loss.reductions}
    for setting, reduction, inputs in calls(loss):
        rule = rules[reduction]
        if rule.divisor is None or rule.weights is not None:
            continue
        made = list(leaves(loss, inputs, setting).values())
        values = criterion(loss, setting, "none")(*made)
        wanted = values.sum() / rule.divisor(inputs, setting, values.numel())
        assert criterion(loss, setting, reduction)(*made).item() == pytest.approx(wanted.item(), rel=1e-14)


@own
def test_targets_that_are_whole_numbers_may_be_integers(loss: Loss) -> None:
    """An integer target is refused, or gives every digit that its float64 self gives: counts often come as integers."""
    assert loss.function is not None
    for setting in points.settings(loss):
        for batch in points.batches(loss, setting):
            inputs = {name: torch.as_tensor(np.asarray(value)) for name, value in batch.items()}
            if "target" not in inputs or {value.shape for value in inputs.values()} != {inputs["target"].shape}:
                continue  # not a target for each element
            kind = next(entry for entry in loss.inputs if entry.name == "target").kinds[0]
            whole = inputs["target"].round()
            kept = (whole >= kind.lower) & (whole <= kind.upper) & (whole.abs() < 2**40)
            inputs = {name: value[kept] for name, value in inputs.items()}
            wanted, inputs["target"] = inputs["target"].round(), inputs["target"].round().long()
            try:
                found = loss.function(**inputs, **setting, reduction="none")
            except RuntimeError:
                continue
            wanted = loss.function(**{**inputs, "target": wanted}, **setting, reduction="none")
            torch.testing.assert_close(found, wanted, rtol=1e-13, atol=1e-13, equal_nan=True)


@own
def test_a_loss_of_elements_keeps_its_digits_close_to_a_perfect_prediction(loss: Loss) -> None:
    """In float32, 1 in 4096 away: a difference of numbers near 1 would leave rounding alone, even below zero."""
    assert loss.function is not None
    for label, perfect in loss.main.best.items():
        for share in (2**-12, -(2**-12)):
            t = torch.tensor([perfect * (1 + share) if perfect else share], dtype=torch.float32)
            inputs = loss.main.inputs(t, loss.main.branches[label])
            if not math.isfinite(perfect) or any(isinstance(value, list | tuple) for value in inputs.values()):
                continue  # of a vector
            one, two = (
                loss.function(
                    **{name: torch.as_tensor(value, dtype=format).expand(1) for name, value in inputs.items()},
                    reduction="sum",
                ).double()
                for format in (torch.float32, torch.float64)
            )
            torch.testing.assert_close(one, two, rtol=0.01, atol=0)


@own
def test_a_reduction_that_does_not_exist_is_refused(loss: Loss) -> None:
    inputs = moved(loss, 0)
    made = leaves(loss, inputs, loss.defaults())
    with pytest.raises(ValueError, match="men is not a valid value for reduction"):
        criterion(loss, loss.defaults(), "men")(*(made.get(i.name) for i in loss.inputs))


@own
@pytest.mark.parametrize("format", [torch.float32, torch.float16], ids=str)
def test_the_largest_numbers_of_a_format_spoil_no_gradient(loss: Loss, format: torch.dtype) -> None:
    """A loss of the residual that is bounded, or grows like it, has a finite slope wherever the residual is finite."""
    grows = loss.properties.get("lipschitz") == "inf" or callable(loss.properties.get("lipschitz"))
    if {i.name for i in loss.inputs} != {"input", "target"} or loss.main.axis.name != "residual" or loss.batches:
        pytest.skip("not of a residual")
    if any(kind.rank for i in loss.inputs for kind in i.kinds) or (grows and not loss.properties.get("bounded")):
        pytest.skip("it grows faster than its residual, or has vectors")
    largest = 0.9 * float(torch.finfo(format).max)  # a loss as large as its residual is rounded, and still finite
    input = torch.tensor([-largest, -largest / 3, largest / 3, largest], dtype=format, requires_grad=True)
    value = criterion(loss, loss.defaults(), "none")(input, torch.zeros_like(input))
    (slope,) = torch.autograd.grad(value.sum(), input)
    assert not value.isnan().any(), value
    assert slope.isfinite().all(), slope
