"""Runs losses in torch: values, gradients by autograd, and curves along a section. The only module that knows torch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
import torch
from numpy.typing import NDArray

from lossary import exact
from lossary.errors import LossaryError, nearest
from lossary.loss import HeatMap, Loss, Parameter, Section
from lossary.symbols import TABLE, atom

DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
LARGEST = float(np.finfo(float).max)
TORCH_VERSION = str(torch.__version__).split("+")[0]


@dataclass(frozen=True)
class Evaluation:
    """The answer to one call.

    Attributes:
        value: a number, or nested lists where nothing was reduced.
        gradient: for each real-valued input, the gradient of the reduced value (of the sum for `none`), in its shape.
        formula_value: the displayed formula at 50 digits, rounded, in the shape of `value`; None where it is not
            executable or does not cover the call.
    """

    value: Any
    gradient: dict[str, Any]
    formula_value: Any


@dataclass(frozen=True)
class Curve:
    """A loss along a section: arrays over `t` of the loss and of its first and second derivative in `t`."""

    t: NDArray[np.float64]
    loss: NDArray[np.float64]
    gradient: NDArray[np.float64]
    curvature: NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """What torch says to one call in float64: the value, and the gradient by each real-valued input."""

    value: NDArray[np.float64]
    gradient: dict[str, NDArray[np.float64]]


def has_class(name: str) -> bool:
    """Whether the installed torch has a class of this name, such as "torch.nn.HuberLoss"."""
    return hasattr(torch.nn, name.rpartition(".")[2])


def check_parameters(loss: Loss, given: Mapping[str, Any]) -> dict[str, Any]:
    """The full set of parameters, defaults filled in.

    Raises:
        LossaryError: for an unknown name, a wrong type, or a value outside the range.
    """
    settings = loss.defaults()
    for name, value in given.items():
        parameter = loss.parameter(name)
        if parameter is None:
            names = ", ".join(settings) or "none"
            raise LossaryError(
                f"{loss.slug} has no parameter {name!r}{nearest(name, settings)}; its parameters are: {names}"
            )
        settings[name] = _checked(loss, parameter, value)
    return settings


def _checked(loss: Loss, parameter: Parameter, value: Any) -> Any:
    wrong = LossaryError(f"{loss.slug}: parameter {parameter.name} must be {parameter.range_text()}, got {value!r}")
    if value is None:
        if parameter.default is None:
            return None
        raise wrong
    if parameter.kind == "boolean":
        if not isinstance(value, bool):
            raise wrong
        return value
    if parameter.kind in ("per class", "per element"):
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError, OverflowError):
            raise wrong from None
        if parameter.kind == "per class" and array.ndim != 1:
            raise wrong
        if not all(np.isfinite(v) and parameter.range.holds(float(v)) for v in array.ravel()):
            raise wrong
        return array.tolist()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong
    if parameter.kind == "integer":
        if not abs(value) < 2**63 or int(value) != value or not parameter.range.holds(value):
            raise wrong
        return int(value)
    if not abs(value) <= LARGEST or not parameter.range.holds(value):
        raise wrong
    return float(value)


def run(loss: Loss, inputs: Mapping[str, torch.Tensor], parameters: Mapping[str, Any], reduction: str) -> torch.Tensor:
    """Call the shipped torch code: the torch.nn class, or the loss's own function followed by the reduction."""
    dtype = next((t.dtype for t in inputs.values() if t.dtype.is_floating_point), torch.float64)
    settings = {
        p.name: torch.tensor(parameters[p.name], dtype=dtype)
        if p.kind in ("per class", "per element") and parameters[p.name] is not None
        else parameters[p.name]
        for p in loss.parameters
    }
    ordered = [inputs[i.name] for i in loss.inputs]
    with warnings.catch_warnings():
        # A reader of JSON Lines has no use for torch's warnings; the pages discuss those that matter.
        warnings.simplefilter("ignore")
        if loss.torch is not None:
            criterion = getattr(torch.nn, loss.torch.rpartition(".")[2])
            answer: torch.Tensor = criterion(**settings, reduction=reduction)(*ordered)
            return answer
    assert loss.function is not None
    per_sample: torch.Tensor = loss.function(*ordered, **settings)
    rule = next(r for r in loss.reductions if r.name == reduction)
    if rule.divisor is None:
        return per_sample
    arrays = {name: t.detach().double().numpy() for name, t in inputs.items()}
    return per_sample.sum() / rule.divisor(arrays, parameters, per_sample.numel())


def tensors(
    loss: Loss, inputs: Mapping[str, Any], parameters: Mapping[str, Any], dtype: str
) -> dict[str, torch.Tensor]:
    """Turn plain numbers and lists into the tensors of a call.

    Raises:
        LossaryError: for a missing or unknown input, an unknown dtype, or lists that are no rectangular array.
    """
    if dtype not in DTYPES:
        raise LossaryError(f"unknown dtype {dtype!r}; known are {', '.join(DTYPES)}")
    names = [i.name for i in loss.inputs]
    for name in inputs:
        if name not in names:
            raise LossaryError(
                f"{loss.slug} has no input {name!r}{nearest(name, names)}; its inputs are: {', '.join(names)}"
            )
    arrays: dict[str, NDArray[Any]] = {}
    for name in names:
        if name not in inputs:
            raise LossaryError(f"{loss.slug}: the input {name!r} is missing; its inputs are: {', '.join(names)}")
        try:
            arrays[name] = np.asarray(inputs[name], dtype=float)
        except (TypeError, ValueError, OverflowError):
            raise LossaryError(
                f"{loss.slug}: the input {name!r} is not a number or a rectangular list of numbers"
            ) from None
    kinds = exact.chosen_kinds(loss, arrays, parameters)
    made = {}
    for name, array in arrays.items():
        if kinds[name].rank and array.size == 0:
            raise LossaryError(f"{loss.slug}: the input {name!r} holds no numbers; a vector needs at least one")
        if kinds[name].integer:
            if not np.all(np.abs(array) <= 2**53) or np.any(array != np.round(array)):
                raise LossaryError(f"{loss.slug}: the input {name!r} holds {kinds[name].name}: whole numbers only")
            made[name] = torch.tensor(array.astype(np.int64))
        else:
            made[name] = torch.tensor(array, dtype=DTYPES[dtype])
    return made


def evaluate(
    loss: Loss,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    reduction: str | None = None,
    dtype: str = "float64",
) -> Evaluation:
    """Value and gradients by torch, and the displayed formula beside them.

    Args:
        loss: the loss.
        inputs: numbers or nested lists by input name.
        parameters: settings that differ from the defaults.
        reduction: one of the loss's reductions; its default if None.
        dtype: "float64", "float32", "float16" or "bfloat16".

    Raises:
        LossaryError: for anything wrong with the request, torch's own objections included.
    """
    settings = check_parameters(loss, parameters or {})
    chosen = reduction or loss.default_reduction
    known = [r.name for r in loss.reductions]
    if chosen not in known:
        raise LossaryError(
            f"{loss.slug} has no reduction {chosen!r}{nearest(str(chosen), known)}; it has: {', '.join(known)}"
        )
    made = tensors(loss, inputs, settings, dtype)
    try:
        value, gradient = value_and_gradient(loss, made, settings, chosen)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise LossaryError(f"{loss.slug}: torch refused the call: {str(error).splitlines()[0]}") from error
    return Evaluation(
        value=value.tolist(),
        gradient={name: g.tolist() for name, g in gradient.items()},
        formula_value=_formula_value(loss, made, settings, chosen, value.shape),
    )


def value_and_gradient(
    loss: Loss, inputs: Mapping[str, torch.Tensor], parameters: Mapping[str, Any], reduction: str
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The value, and its gradient (that of the sum for `none`) with respect to each real-valued input."""
    leaves = {name: t.detach().clone().requires_grad_(t.dtype.is_floating_point) for name, t in inputs.items()}
    value = run(loss, leaves, parameters, reduction)
    wanted = {name: t for name, t in leaves.items() if t.requires_grad}
    found: tuple[torch.Tensor | None, ...] = (
        torch.autograd.grad(value.sum(), list(wanted.values()), allow_unused=True)
        if value.requires_grad
        else (None,) * len(wanted)
    )
    gradient = {
        name: torch.zeros_like(leaf) if g is None else g for (name, leaf), g in zip(wanted.items(), found, strict=True)
    }
    return value.detach(), gradient


def answer(
    loss: Loss, inputs: Mapping[str, NDArray[Any]], parameters: Mapping[str, Any], reduction: str = "none"
) -> Answer:
    """Call torch in float64 on plain arrays."""
    kinds = exact.chosen_kinds(loss, inputs, parameters)
    made = {
        name: torch.tensor(a.astype(np.int64)) if kinds[name].integer else torch.tensor(a, dtype=torch.float64)
        for name, a in inputs.items()
    }
    value, gradient = value_and_gradient(loss, made, parameters, reduction)
    return Answer(value.numpy(), {name: g.numpy() for name, g in gradient.items()})


def expression(source: str) -> NDArray[np.float64]:
    """Evaluate one side of a relation with the tensors that `lossary.loss.Relation` names."""
    draw = torch.Generator().manual_seed(1)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    names = {
        "torch": torch,
        "nn": torch.nn,
        "F": torch.nn.functional,
        "input": normal(64) * 3,
        "target": normal(64) * 3,
        "logits": normal(64) * 3,
        "label": torch.randint(0, 2, (64,), generator=draw).double(),
        "scores": normal(8, 5),
        "classes": torch.randint(0, 5, (8,), generator=draw),
        "p": normal(8, 5).softmax(1),
        "q": normal(8, 5).softmax(1),
    }
    return torch.as_tensor(eval(source, names), dtype=torch.float64).numpy()


def _formula_value(
    loss: Loss,
    inputs: Mapping[str, torch.Tensor],
    parameters: Mapping[str, Any],
    reduction: str,
    shape: tuple[int, ...],
) -> Any:
    arrays = {name: t.to(torch.float64).numpy() if t.is_floating_point() else t.numpy() for name, t in inputs.items()}
    formula = exact.formula_for(loss, arrays, parameters)
    if formula is None or not formula.executable:
        return None
    exact_values = exact.values(loss, formula, arrays, parameters)
    total = exact.reduced(loss, exact_values, arrays, parameters, reduction)
    if isinstance(total, list):
        return np.array([float(v) for v in total]).reshape(tuple(shape)).tolist()
    return float(total)


@lru_cache(maxsize=256)
def _compiled(expression: Any, symbols: tuple[Any, ...]) -> Any:
    return sp.lambdify(symbols, expression, modules="torch")


def _assemble(expression: Any, symbols: tuple[Any, ...], values: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """One section input as a tensor with a row for each point: nested lists become trailing dimensions."""
    if isinstance(expression, list | tuple):
        return torch.stack([_assemble(e, symbols, values) for e in expression], dim=values[0].dim())
    if isinstance(expression, int | float):
        return torch.full_like(values[0], float(expression))
    made = _compiled(sp.sympify(expression), symbols)(*values)
    return made if isinstance(made, torch.Tensor) else torch.full_like(values[0], float(made))


def _symbols(*names: str) -> tuple[Any, ...]:
    return tuple(atom(name, TABLE[name].latex) for name in names)


def section_inputs(
    loss: Loss, section: Section, t: NDArray[np.float64], parameters: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    """The loss's inputs at the points `t` of a section, for its main branch."""
    y = next(iter(section.branches.values()))
    made = _section_tensors(loss, section, torch.tensor(t, dtype=torch.float64), y, parameters)
    return {name: tensor.numpy() for name, tensor in made.items()}


def _section_tensors(
    loss: Loss, section: Section, t: torch.Tensor, y: float, parameters: Mapping[str, Any]
) -> dict[str, torch.Tensor]:
    (symbol,) = _symbols("t")
    made = {name: _assemble(expression, (symbol,), (t,)) for name, expression in section.inputs(symbol, y).items()}
    return _integers(loss, made, parameters)


def _integers(loss: Loss, made: dict[str, torch.Tensor], parameters: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    arrays = {name: tensor.detach().numpy() for name, tensor in made.items()}
    kinds = exact.chosen_kinds(loss, arrays, parameters)
    return {name: t.detach().long() if kinds[name].integer else t for name, t in made.items()}


def _per_point(value: torch.Tensor, points: int) -> torch.Tensor:
    return value.reshape(points, -1).sum(dim=1) if points else value.reshape(0)


def curve(
    loss: Loss,
    section: Section,
    t: NDArray[np.float64],
    parameters: Mapping[str, Any] | None = None,
    branch: float | None = None,
) -> Curve:
    """Evaluate a loss along a section in float64, at the points `t` (1-D).

    `branch` is the target value; that of the section's first branch if None.

    Raises:
        LossaryError: for wrong parameters.
    """
    settings = check_parameters(loss, parameters or {})
    y = next(iter(section.branches.values())) if branch is None else branch
    leaf = torch.tensor(t, dtype=torch.float64, requires_grad=True)
    value = _per_point(run(loss, _section_tensors(loss, section, leaf, y, settings), settings, "none"), len(t))
    (gradient,) = torch.autograd.grad(value.sum(), leaf, create_graph=True)
    curvature: torch.Tensor | None = None
    if gradient.requires_grad:
        (curvature,) = torch.autograd.grad(gradient.sum(), leaf, allow_unused=True)
    return Curve(
        t=np.asarray(t, dtype=np.float64),
        loss=value.detach().numpy(),
        gradient=gradient.detach().numpy(),
        curvature=np.zeros_like(t) if curvature is None else (torch.zeros_like(leaf) + curvature).detach().numpy(),
    )


def surface(
    loss: Loss, chart: HeatMap, points: int, parameters: Mapping[str, Any] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Evaluate a loss over a heat map's grid: (across, up, values) with values[up, across]."""
    settings = check_parameters(loss, parameters or {})
    (left, right), (bottom, top) = chart.spans
    across, up = np.linspace(left, right, points), np.linspace(bottom, top, points)
    s, t = (torch.tensor(a.ravel(), dtype=torch.float64) for a in np.meshgrid(across, up))
    symbols = _symbols("s", "t")
    made = {name: _assemble(e, symbols, (s, t)) for name, e in chart.inputs(*symbols).items()}
    value = _per_point(run(loss, _integers(loss, made, settings), settings, "none"), len(s))
    return across, up, value.numpy().reshape(points, points)
