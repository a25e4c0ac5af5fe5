"""Runs losses in torch: values, gradients by autograd, and curves along a section. The only module that knows torch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
import torch
from numpy.typing import NDArray
from sympy.printing.pytorch import TorchPrinter

from lossary import exact
from lossary.balls import settled
from lossary.errors import LossaryError, nearest
from lossary.kinds import Kind
from lossary.loss import Loss, Parameter
from lossary.sections import Extremes, HeatMap, Scene, Section, Study
from lossary.symbols import TABLE, atom

DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
LARGEST = float(np.finfo(float).max)
# A tensor, or a list of them for an input that is one.
Tensors = Mapping[str, torch.Tensor | list[torch.Tensor]]
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
            names = ", ".join(f"{p.name} ({p.range_text()})" for p in loss.parameters) or "none"
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
    if parameter.kind == "choice":
        if not isinstance(value, str) or value not in parameter.choices:
            raise LossaryError(f"{wrong}{nearest(str(value), parameter.choices)}")
        return value
    if parameter.kind == "integers":
        whole = isinstance(value, list | tuple) and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
        if not whole:
            raise wrong
        return list(value)
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


def run(loss: Loss, inputs: Tensors, parameters: Mapping[str, Any], reduction: str) -> torch.Tensor:
    """Call the shipped torch code: the torch.nn class, or the loss's own function followed by the reduction."""
    dtype = next((t.dtype for t in inputs.values() if isinstance(t, torch.Tensor) and t.is_floating_point()), None)
    settings = {p.name: _setting(p, parameters[p.name], dtype or torch.float64) for p in loss.parameters}
    ordered = [inputs[i.name] for i in loss.inputs]
    with warnings.catch_warnings():
        # A reader of JSON Lines has no use for torch's warnings; the pages discuss those that matter.
        warnings.simplefilter("ignore")
        answer: torch.Tensor
        if loss.call is not None:
            answer = loss.call(*ordered, reduction=reduction, **settings)
            return answer
        if loss.torch is not None:
            criterion = getattr(torch.nn, loss.torch.rpartition(".")[2])
            answer = criterion(**settings, reduction=reduction)(*ordered)
            return answer
        assert loss.function is not None
        per_sample: torch.Tensor = loss.function(*ordered, **settings)
    rule = next(r for r in loss.reductions if r.name == reduction)
    if rule.divisor is None:
        return per_sample
    arrays, count = _arrays(inputs), per_sample.numel()
    weights = rule.weights(arrays, parameters, count) if rule.weights else None
    weighted = per_sample if weights is None else per_sample.reshape(-1) * torch.tensor(weights, dtype=per_sample.dtype)
    return weighted.sum() / rule.divisor(arrays, parameters, count)


def _setting(parameter: Parameter, value: Any, dtype: torch.dtype) -> Any:
    """A parameter's value as torch takes it."""
    if parameter.kind == "choice":
        return parameter.choices[value]
    if parameter.kind in ("per class", "per element") and value is not None:
        return torch.tensor(value, dtype=dtype)
    return value


def _arrays(inputs: Tensors) -> dict[str, Any]:
    """Inputs as plain arrays, floating-point ones in float64."""

    def plain(tensor: torch.Tensor) -> NDArray[Any]:
        array: NDArray[Any] = (tensor.double() if tensor.is_floating_point() else tensor).detach().numpy()
        return array

    return {n: [plain(t) for t in given] if isinstance(given, list) else plain(given) for n, given in inputs.items()}


def tensors(
    loss: Loss, inputs: Mapping[str, Any], parameters: Mapping[str, Any], dtype: str
) -> dict[str, torch.Tensor | list[torch.Tensor]]:
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
    arrays: dict[str, Any] = {}
    for entry in loss.inputs:
        name, listed = entry.name, entry.candidates(parameters)[0].listed
        if name not in inputs:
            raise LossaryError(f"{loss.slug}: the input {name!r} is missing; its inputs are: {', '.join(names)}")
        if listed and not isinstance(inputs[name], list | tuple):
            raise LossaryError(f"{loss.slug}: the input {name!r} is a list of matrices, one for each cluster")
        arrays[name] = (
            [_array(loss, name, part) for part in inputs[name]] if listed else _array(loss, name, inputs[name])
        )
    kinds = exact.chosen_kinds(loss, arrays, parameters)
    made: dict[str, torch.Tensor | list[torch.Tensor]] = {}
    for name, array in arrays.items():
        if isinstance(array, list):
            if any(part.ndim != 2 for part in array):
                raise LossaryError(f"{loss.slug}: the input {name!r} is a list of matrices, one for each cluster")
            made[name] = [torch.tensor(part, dtype=DTYPES[dtype]) for part in array]
            continue
        if array.ndim < kinds[name].rank:
            raise LossaryError(
                f"{loss.slug}: the input {name!r} holds {kinds[name].name}: "
                f"it needs {kinds[name].rank} dimensions or more, got {array.ndim}"
            )
        if kinds[name].rank and not kinds[name].integer and array.size == 0:
            raise LossaryError(f"{loss.slug}: the input {name!r} holds no numbers; a vector needs at least one")
        if kinds[name].integer:
            if not np.all(np.abs(array) <= 2**53) or np.any(array != np.round(array)):
                raise LossaryError(f"{loss.slug}: the input {name!r} holds {kinds[name].name}: whole numbers only")
            made[name] = torch.tensor(array.astype(np.int64))
        else:
            made[name] = torch.tensor(array, dtype=DTYPES[dtype])
    return made


def _array(loss: Loss, name: str, value: Any) -> NDArray[np.float64]:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise LossaryError(
            f"{loss.slug}: the input {name!r} is not a number or a rectangular list of numbers"
        ) from None


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
        gradient={n: [part.tolist() for part in g] if isinstance(g, list) else g.tolist() for n, g in gradient.items()},
        formula_value=_formula_value(loss, made, settings, chosen, value.shape),
    )


def value_and_gradient(
    loss: Loss, inputs: Tensors, parameters: Mapping[str, Any], reduction: str
) -> tuple[torch.Tensor, dict[str, torch.Tensor | list[torch.Tensor]]]:
    """The value, and its gradient (that of the sum for `none`) with respect to each real-valued input."""
    smooth = {i.name for i in loss.inputs if i.differentiable}

    def leaf(name: str, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.detach().clone().requires_grad_(tensor.is_floating_point() and name in smooth)

    leaves = {
        name: [leaf(name, t) for t in given] if isinstance(given, list) else leaf(name, given)
        for name, given in inputs.items()
    }
    value = run(loss, leaves, parameters, reduction)
    wanted = [t for given in leaves.values() for t in (given if isinstance(given, list) else [given])]
    wanted = [t for t in wanted if t.requires_grad]
    found: tuple[torch.Tensor | None, ...] = (
        torch.autograd.grad(value.sum(), wanted, allow_unused=True) if value.requires_grad else (None,) * len(wanted)
    )
    slopes = {id(t): torch.zeros_like(t) if g is None else g for t, g in zip(wanted, found, strict=True)}
    gradient: dict[str, torch.Tensor | list[torch.Tensor]] = {}
    for name, given in leaves.items():
        if isinstance(given, list):
            gradient[name] = [slopes[id(t)] for t in given]
        elif given.requires_grad:
            gradient[name] = slopes[id(given)]
    return value.detach(), gradient


def answer(loss: Loss, inputs: Mapping[str, Any], parameters: Mapping[str, Any], reduction: str = "none") -> Answer:
    """Call torch in float64 on plain arrays; the gradient of an input that is a list is one row of numbers."""
    kinds = exact.chosen_kinds(loss, inputs, parameters)

    def tensor(kind: Kind, array: Any) -> torch.Tensor:
        return torch.tensor(np.asarray(array), dtype=torch.int64 if kind.integer else torch.float64)

    made: dict[str, torch.Tensor | list[torch.Tensor]] = {
        name: [tensor(kinds[name], part) for part in a] if kinds[name].listed else tensor(kinds[name], a)
        for name, a in inputs.items()
    }
    value, gradient = value_and_gradient(loss, made, parameters, reduction)
    return Answer(
        value.numpy(),
        {
            name: torch.cat([part.reshape(-1) for part in g]).numpy() if isinstance(g, list) else g.numpy()
            for name, g in gradient.items()
        },
    )


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
    inputs: Tensors,
    parameters: Mapping[str, Any],
    reduction: str,
    shape: tuple[int, ...],
) -> Any:
    arrays = _arrays(inputs)
    formula = exact.formula_for(loss, arrays, parameters)
    if formula is None or not formula.executable:
        return None
    exact_values = exact.values(loss, formula, arrays, parameters)
    total = exact.reduced(loss, exact_values, arrays, parameters, reduction)
    if isinstance(total, list):
        return np.array([_rounded(v) for v in total]).reshape(tuple(shape)).tolist()
    return _rounded(total)


def _rounded(value: Any) -> float:
    """What is enclosed as the nearest number of float64; not a number where the enclosure is wider than that."""
    return float(value) if settled(value) else math.nan


class _Printer(TorchPrinter):  # type: ignore[misc]
    """SymPy's printer for torch, with the functions of `lossary.symbols` that torch has under the same names."""

    def _print_sigmoid(self, expr: Any) -> str:
        return f"sigmoid({self._print(expr.args[0])})"

    def _print_softplus(self, expr: Any) -> str:
        return f"softplus({self._print(expr.args[0])})"


@lru_cache(maxsize=256)
def _compiled(expression: Any, symbols: tuple[Any, ...]) -> Any:
    own = {"softplus": torch.nn.functional.softplus, "sigmoid": torch.sigmoid}
    printer = _Printer({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True})
    return sp.lambdify(symbols, expression, modules=[own, "torch"], printer=printer)


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
    loss: Loss, section: Section, t: NDArray[np.float64], parameters: Mapping[str, Any], branch: float | None = None
) -> dict[str, Any]:
    """The loss's inputs at the points `t` of a section; for its main branch, if no target value is given."""
    y = next(iter(section.branches.values())) if branch is None else branch
    return _arrays(_section_tensors(loss, section, torch.tensor(t, dtype=torch.float64), y, parameters))


def _section_tensors(
    loss: Loss, section: Section, t: torch.Tensor, y: float, parameters: Mapping[str, Any]
) -> dict[str, torch.Tensor | list[torch.Tensor]]:
    (symbol,) = _symbols("t")
    return _placed(loss, section.inputs(symbol, y), (symbol,), (t,), parameters)


def _placed(
    loss: Loss,
    declared: Mapping[str, Any],
    symbols: tuple[Any, ...],
    values: tuple[torch.Tensor, ...],
    parameters: Mapping[str, Any],
) -> dict[str, torch.Tensor | list[torch.Tensor]]:
    """Declared inputs at the points `values`, one sample for each, where torch looks for samples."""
    # What all samples share and what is a list does not move along a section; it has no dimension for the points.
    first = tuple(v.detach()[:1] for v in values)
    moving = {
        i.name: _assemble(declared[i.name], symbols, values)
        for i in loss.inputs
        if not i.candidates(parameters)[0].shared
    }
    kinds = exact.chosen_kinds(loss, {**declared, **_arrays(moving)}, parameters)
    made: dict[str, torch.Tensor | list[torch.Tensor]] = {}
    for entry in loss.inputs:
        name, kind = entry.name, kinds[entry.name]
        if kind.listed:
            made[name] = [_assemble(part, symbols, first)[0] for part in declared[name]]
        elif kind.shared:
            made[name] = _assemble(declared[name], symbols, first)[0]
        else:
            tensor = moving[name].movedim(0, entry.batch_axis)
            made[name] = tensor.detach().long() if kind.integer else tensor
    return made


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
    at = np.asarray(t, dtype=np.float64)
    return Curve(at, *along(loss, section, at, settings, y, 2))


def along(
    loss: Loss, section: Section, t: NDArray[np.float64], settings: Mapping[str, Any], branch: float, order: int
) -> list[NDArray[np.float64]]:
    """The loss along a section and its derivatives in `t`, up to an order of at most 2; `settings` are all checked."""
    leaf = torch.tensor(t, dtype=torch.float64, requires_grad=order > 0)
    value = _per_point(run(loss, _section_tensors(loss, section, leaf, branch, settings), settings, "none"), len(t))
    made: list[torch.Tensor | None] = [value]
    try:
        for k in range(order):
            previous = made[k]
            if previous is None or not previous.requires_grad:
                made.append(None)
                continue
            made += torch.autograd.grad(previous.sum(), leaf, create_graph=k + 1 < order, allow_unused=k > 0)
    except RuntimeError:
        # Torch cannot differentiate some of its losses twice; a difference quotient of the gradient stands in.
        made = [value, *_differenced(loss, section, leaf.detach(), branch, settings)]
    return [_filled(leaf, part) for part in made]


def _filled(like: torch.Tensor, part: torch.Tensor | None) -> NDArray[np.float64]:
    """A derivative as an array of its own; zeros where torch has none.

    Torch gives some zeros as a tensor without memory. A copy fills it in; an addition would load torch's compiler.
    """
    made = torch.zeros_like(like, requires_grad=False)
    if part is not None:
        made.copy_(part.detach())
    filled: NDArray[np.float64] = made.numpy()
    return filled


def _differenced(
    loss: Loss, section: Section, t: torch.Tensor, y: float, settings: Mapping[str, Any]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradient along a section, and its central difference quotient with a step of 1e-8, relative beyond 1."""

    def slope(at: torch.Tensor) -> torch.Tensor:
        leaf = at.clone().requires_grad_()
        value = run(loss, _section_tensors(loss, section, leaf, y, settings), settings, "none")
        (gradient,) = torch.autograd.grad(value.sum(), leaf)
        return gradient

    step = 1e-8 * t.abs().clamp(min=1.0)
    return slope(t), (slope(t + step) - slope(t - step)) / (2 * step)


def surface(
    loss: Loss, chart: HeatMap, points: int, parameters: Mapping[str, Any] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Evaluate a loss over a heat map's grid: (across, up, values) with values[up, across]."""
    settings = check_parameters(loss, parameters or {})
    (left, right), (bottom, top) = chart.spans
    across, up = np.linspace(left, right, points), np.linspace(bottom, top, points)
    s, t = (torch.tensor(a.ravel(), dtype=torch.float64) for a in np.meshgrid(across, up))
    symbols = _symbols("s", "t")
    declared = chart.inputs(*symbols)
    shared = [declared[i.name] for i in loss.inputs if i.candidates(settings)[0].shared]
    # What the samples of a call share is one tensor: where it moves, each point is a call of its own.
    alone = any(sp.sympify(v).free_symbols for part in shared for v in exact.flattened(part))
    parts = [(s[k : k + 1], t[k : k + 1]) for k in range(len(s))] if alone else [(s, t)]
    value = torch.cat(
        [
            _per_point(run(loss, _placed(loss, declared, symbols, part, settings), settings, "none"), len(part[0]))
            for part in parts
        ]
    )
    return across, up, value.numpy().reshape(points, points)


@dataclass(frozen=True)
class Formats:
    """A loss along a line in one number format: arrays over `t`, which is rounded to the format."""

    dtype: str
    t: NDArray[np.float64]
    loss: NDArray[np.float64]
    gradient: NDArray[np.float64]


def in_formats(loss: Loss, line: Extremes, t: NDArray[np.float64]) -> list[Formats]:
    """Loss and gradient at the points `t` in every number format that torch has the loss in."""
    settings = check_parameters(loss, line.parameters)
    (symbol,) = _symbols("t")
    made = []
    for name, dtype in DTYPES.items():
        leaf = torch.tensor(t).to(dtype).requires_grad_()
        try:
            value = _per_point(
                run(loss, _placed(loss, line.inputs(symbol), (symbol,), (leaf,), settings), settings, "none"), len(t)
            )
            (gradient,) = torch.autograd.grad(value, leaf, torch.ones_like(value))
        except RuntimeError as error:
            if "not implemented for" not in str(error):
                raise
            continue
        made.append(Formats(name, *(x.detach().double().numpy() for x in (leaf, value, gradient))))
    return made


def studied(study: Study, t: NDArray[np.float64]) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Value and derivative of each curve of a study at the points `t`, by label."""
    made = {}
    for label, function in study.curves.items():
        leaf = torch.tensor(t, dtype=torch.float64, requires_grad=True)
        value = function(leaf)
        gradient = torch.zeros_like(leaf)
        if value.requires_grad:
            (gradient,) = torch.autograd.grad(value.sum(), leaf)
        made[label] = (value.detach().numpy(), gradient.numpy())
    return made


def pulls(loss: Loss, scene: Scene) -> tuple[float, dict[str, NDArray[np.float64]]]:
    """The loss of a scene, and minus its gradient by each input that is a vector of two coordinates."""
    settings = check_parameters(loss, scene.parameters)
    batch = {name: [value] for name, value in scene.inputs.items()}
    value, gradient = value_and_gradient(loss, tensors(loss, batch, settings, "float64"), settings, "none")
    arrows = {n: -g[0].numpy() for n, g in gradient.items() if isinstance(g, torch.Tensor) and g.shape == (1, 2)}
    return float(value.sum()), arrows
