"""Runs torch along the sections, maps, lines and scenes that a loss declares: what figures and measures are made of."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
import torch
from numpy.typing import NDArray
from sympy.printing.pytorch import TorchPrinter

from lossary.declaration.loss import Loss
from lossary.declaration.sections import Extremes, HeatMap, Scene, Section, Study
from lossary.declaration.symbols import TABLE, Declared, Expression, atom
from lossary.declaration.values import Array, Setting
from lossary.errors import LossaryError
from lossary.evaluation import high_precision, points
from lossary.evaluation.settings import check_parameters
from lossary.evaluation.torch_calls import DTYPES, arrays, run, tensors, value_and_gradient


@dataclass(frozen=True)
class Curve:
    """A loss along a section: arrays over `t` of the loss and of its first and second derivative in `t`."""

    t: NDArray[np.float64]
    loss: NDArray[np.float64]
    gradient: NDArray[np.float64]
    curvature: NDArray[np.float64]

    def __repr__(self) -> str:
        count = f"{len(self.t):,} point{'s' * (len(self.t) != 1)}"
        where = f", t from {self.t.min():g} to {self.t.max():g}" if len(self.t) else ""
        return f"<lossary.Curve of {count}{where}>"


class _Printer(TorchPrinter):  # type: ignore[misc]
    """SymPy's printer for torch, with the functions of formulas that torch has under the same names."""

    def _print_sigmoid(self, expr: Expression) -> str:
        return f"sigmoid({self._print(expr.args[0])})"

    def _print_softplus(self, expr: Expression) -> str:
        return f"softplus({self._print(expr.args[0])})"


@lru_cache(maxsize=256)
def _compiled(expression: Expression, symbols: tuple[Expression, ...]) -> Callable[..., torch.Tensor | float]:
    own = {"softplus": torch.nn.functional.softplus, "sigmoid": torch.sigmoid}
    printer = _Printer({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True})
    made: Callable[..., torch.Tensor | float] = sp.lambdify(
        symbols, expression, modules=[own, "torch"], printer=printer
    )
    return made


def _assemble(
    expression: Expression, symbols: tuple[Expression, ...], values: tuple[torch.Tensor, ...]
) -> torch.Tensor:
    """One section input as a tensor with a row for each point: nested lists become trailing dimensions."""
    if isinstance(expression, list | tuple):
        return torch.stack([_assemble(e, symbols, values) for e in expression], dim=values[0].dim())
    if isinstance(expression, int | float):
        return torch.full_like(values[0], float(expression))
    made = _compiled(sp.sympify(expression), symbols)(*values)
    return made if isinstance(made, torch.Tensor) else torch.full_like(values[0], float(made))


def _symbols(*names: str) -> tuple[Expression, ...]:
    return tuple(atom(name, TABLE[name].latex) for name in names)


def section_inputs(
    loss: Loss, section: Section, t: NDArray[np.float64], parameters: Setting, branch: float | None = None
) -> dict[str, Array | list[Array]]:
    """The loss's inputs at the points `t` of a section; for its main branch, if no target value is given."""
    y = next(iter(section.branches.values())) if branch is None else branch
    return arrays(_section_tensors(loss, section, torch.tensor(t, dtype=torch.float64), y, parameters))


def _section_tensors(
    loss: Loss, section: Section, t: torch.Tensor, y: float, parameters: Setting
) -> dict[str, torch.Tensor | list[torch.Tensor]]:
    (symbol,) = _symbols("t")
    return _tensors_at(loss, section.inputs(symbol, y), (symbol,), (t,), parameters)


def _tensors_at(
    loss: Loss,
    declared: Declared,
    symbols: tuple[Expression, ...],
    values: tuple[torch.Tensor, ...],
    parameters: Setting,
) -> dict[str, torch.Tensor | list[torch.Tensor]]:
    """Declared inputs at the points `values`, one sample for each, where torch looks for samples."""
    # What all samples share and what is a list does not move along a section; it has no dimension for the points.
    first = tuple(v.detach()[:1] for v in values)
    moving = {
        i.name: _assemble(declared[i.name], symbols, values)
        for i in loss.inputs
        if i.name in declared and not i.candidates(parameters)[0].shared
    }
    kinds = high_precision.chosen_kinds(loss, {**declared, **arrays(moving)}, parameters)
    made: dict[str, torch.Tensor | list[torch.Tensor]] = {}
    for entry in (i for i in loss.inputs if i.name in declared):
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
    parameters: Setting | None = None,
    branch: float | None = None,
) -> Curve:
    """Evaluate a loss along a section in float64, at the points `t` (1-D).

    `branch` is the target value; that of the section's first branch if None.

    Raises:
        LossaryError: for wrong parameters.
    """
    settings = check_parameters(loss, parameters or {})
    check_drawable(loss, settings)
    y = next(iter(section.branches.values())) if branch is None else branch
    at = np.asarray(t, dtype=np.float64)
    return Curve(at, *derivatives_along(loss, section, at, settings, y, 2))


def curve_at_kinks(loss: Loss, section: Section, parameters: Setting) -> tuple[Curve, list[int]]:
    """The kinks of a section and the curve there, of that branch which is least smooth; and which branch that is.

    That is the one whose value jumps most; where none jumps, whose slope does, and else whose curvature.
    """
    special = np.array(points.kinks(loss, section, parameters), dtype=float)
    if not special.size:
        return Curve(special, special, special, special), []
    ys = list(section.branches.values())
    if len(ys) == 1:
        return curve(loss, section, special, parameters, ys[0]), [0] * len(special)
    step = (section.span[1] - section.span[0]) * 1e-9
    sides = np.concatenate([special - step, special + step])
    beside = [curve(loss, section, sides, parameters, y) for y in ys]
    chosen = np.zeros(len(special), dtype=int)
    for name in ("curvature", "gradient", "loss"):
        values = np.array([getattr(c, name).reshape(2, -1) for c in beside])
        jumps = np.ptp(values, axis=1)
        jumping = jumps.max(axis=0) > 1e-4 * (1 + np.abs(values).max(axis=(0, 1)))
        chosen = np.where(jumping, jumps.argmax(axis=0), chosen)
    there = [curve(loss, section, special, parameters, y) for y in ys]
    rows = [[getattr(there[k], name)[n] for n, k in enumerate(chosen)] for name in ("loss", "gradient", "curvature")]
    return Curve(special, *map(np.array, rows)), chosen.tolist()


def derivatives_along(
    loss: Loss, section: Section, t: NDArray[np.float64], settings: Setting, branch: float, order: int
) -> Sequence[NDArray[np.float64]]:
    """The loss along a section and its derivatives in `t`, up to an order of at most 2; `settings` are all checked.

    What has been asked before is not evaluated again: checks, figures and plots want the same curves. Nobody may write
    into the arrays.
    """
    question = (id(loss), id(section), t.tobytes(), pickle.dumps(sorted(settings.items())), branch, order)
    if kept := _curves.get(question):
        return kept[2]
    found = _evaluated_along(loss, section, t, settings, branch, order)
    for part in found:
        part.flags.writeable = False
    # With the two that are known by their identity: while they live, it is no other's.
    _curves[question] = loss, section, found
    if len(_curves) > KEPT_CURVES:
        _curves.popitem(last=False)
    return found


KEPT_CURVES = 512
_curves: OrderedDict[tuple[object, ...], tuple[Loss, Section, Sequence[NDArray[np.float64]]]] = OrderedDict()


def _evaluated_along(
    loss: Loss, section: Section, t: NDArray[np.float64], settings: Setting, branch: float, order: int
) -> list[NDArray[np.float64]]:
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
        made = [value, *_difference_quotients(loss, section, leaf.detach(), branch, settings)]
    return [_as_array(leaf, part) for part in made]


def _as_array(like: torch.Tensor, part: torch.Tensor | None) -> NDArray[np.float64]:
    """A derivative as an array of its own; zeros where torch has none.

    Torch gives some zeros as a tensor without memory. A copy fills it in; an addition would load torch's compiler.
    """
    made = torch.zeros_like(like, requires_grad=False)
    if part is not None:
        made.copy_(part.detach())
    filled: NDArray[np.float64] = made.numpy()
    return filled


def _difference_quotients(
    loss: Loss, section: Section, t: torch.Tensor, y: float, settings: Setting
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
    loss: Loss, chart: HeatMap, points: int, parameters: Setting | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Evaluate a loss over a heat map's grid: (across, up, values) with values[up, across]."""
    settings = check_parameters(loss, parameters or {})
    (left, right), (bottom, top) = chart.spans
    across, up = np.linspace(left, right, points), np.linspace(bottom, top, points)
    s, t = (torch.tensor(a.ravel(), dtype=torch.float64) for a in np.meshgrid(across, up))
    symbols = _symbols("s", "t")
    declared = chart.inputs(*symbols)
    shared = [declared[i.name] for i in loss.inputs if i.name in declared and i.candidates(settings)[0].shared]
    # What the samples of a call share is one tensor: where it moves, each point is a call of its own.
    alone = any(sp.sympify(v).free_symbols for part in shared for v in high_precision.flatten(part))
    parts = [(s[k : k + 1], t[k : k + 1]) for k in range(len(s))] if alone else [(s, t)]
    value = torch.cat(
        [
            _per_point(run(loss, _tensors_at(loss, declared, symbols, part, settings), settings, "none"), len(part[0]))
            for part in parts
        ]
    )
    return across, up, value.numpy().reshape(points, points)


@dataclass(frozen=True)
class FormatCurve:
    """A loss along a line in one number format: arrays over `t`, what moves, in numbers that the format has.

    `ends` are the least positive number and the largest of the format.
    """

    dtype: str
    ends: tuple[float, float]
    t: NDArray[np.float64]
    loss: NDArray[np.float64]
    gradient: NDArray[np.float64]


def format_curves(loss: Loss, line: Extremes, t: NDArray[np.float64]) -> list[FormatCurve]:
    """Loss and gradient at the numbers nearest to `t` in every number format that torch has the loss in.

    The gradient is that by the input which the line names, or by what moves; of vectors it is the length. Numbers that
    are beyond a format, or so small that it has 0 for them, are left out. Where a curve stops being finite, the last
    number on the one side and the first on the other are there too.
    """
    made = []
    for name, dtype in DTYPES.items():
        rounded = torch.tensor(t).to(dtype)
        held = rounded[rounded.isfinite() & ((rounded != 0) | (torch.tensor(t) == 0))]
        try:
            rows = _in_format(loss, line, held)
            for k in reversed(_breaks(rows)):
                edge = _edge(loss, line, held[k : k + 2])
                rows = np.insert(rows, [k + 1], edge, axis=1)
        except RuntimeError as error:
            if "not implemented for" not in str(error):
                raise
            continue
        known = torch.finfo(dtype)
        made.append(FormatCurve(name, (known.smallest_normal * known.eps, known.max), *rows))
    return made


def _in_format(loss: Loss, line: Extremes, t: torch.Tensor) -> NDArray[np.float64]:
    """What moves, the loss and its gradient, a row each, in the number format of `t`."""
    settings = check_parameters(loss, line.parameters)
    (symbol,) = _symbols("t")
    by = leaf = t.clone().requires_grad_(not line.of)
    inputs = _tensors_at(loss, line.inputs(symbol), (symbol,), (leaf,), settings)
    if line.of:
        chosen = inputs[line.of]
        assert isinstance(chosen, torch.Tensor)
        by = chosen.requires_grad_()
    value = _per_point(run(loss, inputs, settings, "none"), len(t))
    (gradient,) = torch.autograd.grad(value, by, torch.ones_like(value))
    # In float64, for a length in the format itself may be beyond it.
    slope = gradient.double()
    slope = slope if slope.dim() == 1 else slope.reshape(len(t), -1).norm(dim=1)
    return np.stack([x.detach().double().numpy() for x in (leaf, value, slope)])


# A curve that is finite here and there has no edges to look for.
_EDGES = 4


def _breaks(rows: NDArray[np.float64]) -> list[int]:
    """Behind which points a curve begins or ends to be finite, where there are few."""
    changes = [np.flatnonzero(np.diff(np.isfinite(row))).tolist() for row in rows[1:]]
    return sorted({k for found in changes if len(found) <= _EDGES for k in found})


def _edge(loss: Loss, line: Extremes, ends: torch.Tensor) -> NDArray[np.float64]:
    """Measures at the numbers between which loss and gradient stop being finite, halving the way between two ends."""
    measured = []
    for row in (1, 2):
        low, high = ends[:1], ends[1:]
        finite = np.isfinite(_in_format(loss, line, ends)[row])
        while finite[0] != finite[1]:
            middle = low + (high - low) / 2
            if middle in (low, high):
                measured += [low, high]
                break
            if np.isfinite(_in_format(loss, line, middle)[row, 0]) == finite[0]:
                low = middle
            else:
                high = middle
    between: torch.Tensor = torch.unique(torch.cat(measured))
    return _in_format(loss, line, between[(between != ends[0]) & (between != ends[1])])


def study_curves(study: Study, t: NDArray[np.float64]) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
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
    """The loss of a scene, and minus its gradient with respect to each input that is a vector of two coordinates."""
    settings = check_parameters(loss, scene.parameters)
    batch = {name: [value] for name, value in scene.inputs.items()}
    value, gradient = value_and_gradient(loss, tensors(loss, batch, settings, "float64"), settings, "none")
    arrows = {n: -g[0].numpy() for n, g in gradient.items() if isinstance(g, torch.Tensor) and g.shape == (1, 2)}
    return float(value.sum()), arrows


def _sized_parameter(loss: Loss, setting: Setting) -> str:
    """The name of a parameter that must have the input's size, where one is given."""
    return next((p.name for p in loss.parameters if p.kind.sized and setting[p.name] is not None), "")


def check_drawable(loss: Loss, setting: Setting) -> None:
    """A section can have any number of points at this setting.

    Raises:
        LossaryError: where a parameter must have the input's size.
    """
    if name := _sized_parameter(loss, setting):
        raise LossaryError(f"{loss.slug}: {name} is as large as the input of one call, and a curve has many points")


def suits(loss: Loss, section: Section, setting: Setting) -> bool:
    """Whether a setting suits the section's number of classes and the kinds and ranges of its inputs."""
    # A section is of one element, and so is what broadcasts to it.
    if any(np.size(setting[p.name]) > 1 for p in loss.parameters if p.kind.broadcast and setting[p.name] is not None):
        return False
    made = section_inputs(loss, section, np.array(section.span), setting)
    kinds = high_precision.chosen_kinds(loss, made, setting)
    if not all(p.allowed(kinds, setting[p.name]) for p in loss.parameters):
        return False
    for name, kind in kinds.items():
        if kind.rank == 0 and not (np.min(made[name]) >= kind.lower and np.max(made[name]) <= kind.upper):
            return False
    if _sized_parameter(loss, setting):
        return False
    weights = [setting[p.name] for p in loss.parameters if p.kind.dims and setting[p.name]]
    if any(np.ndim(weight) != 1 for weight in weights):
        return False
    return not weights or high_precision.samples(loss, made, setting).sizes[0] == len(weights[0])
