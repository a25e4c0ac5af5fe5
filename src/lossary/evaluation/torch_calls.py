"""Runs losses in torch: values, gradients by autograd, and curves along a section. The only module that knows torch."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from flint import arb
from numpy.typing import NDArray

from lossary.declaration.family import SideBySide
from lossary.declaration.inputs import Kind
from lossary.declaration.loss import Loss
from lossary.declaration.parameter_kinds import MOST_DIMENSIONS
from lossary.declaration.parameters import Parameter
from lossary.declaration.values import Array, Arrays, Numbers, Setting, Value
from lossary.discovery.lookup import find
from lossary.errors import RAISED, CatalogError, Failure, LossaryError, shown
from lossary.evaluation import high_precision, points
from lossary.evaluation.balls import is_settled
from lossary.evaluation.measured import once
from lossary.evaluation.settings import check_inputs, check_parameters, check_reduction, without_none
from lossary.evaluation.workload import within_bounds

DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
# A tensor, or a list of them for an input that is one.
Tensors = Mapping[str, torch.Tensor | list[torch.Tensor]]
# A number, or lists of them as deep as a tensor has dimensions.
Nested: TypeAlias = float | list["Nested"]
# How many numbers a formula is evaluated for at many digits: some seconds of work.
FORMULA_LIMIT = 100_000
# How many elements the inputs of one call may broadcast to, if they hold far fewer: some hundred megabytes.
BROADCAST_LIMIT = 10_000_000
TORCH_VERSION = str(torch.__version__).split("+")[0]


@dataclass(frozen=True)
class Evaluation:
    """The answer to one call.

    Attributes:
        value: a number, or nested lists where nothing was reduced.
        gradient: for each real-valued input, the gradient of the reduced value (of the sum for `none`), in its shape.
        formula_value: the displayed formula at 50 digits, rounded, in the shape of `value`; None where it is not
            executable or does not cover the call, or was not asked for.
        warnings: what torch warned of during the call, such as inputs whose shapes differ.
        note: why the formula was not evaluated although it covers the call; empty otherwise.
    """

    value: Nested
    gradient: dict[str, Nested]
    formula_value: Nested | None
    warnings: tuple[str, ...] = ()
    note: str = ""

    def __repr__(self) -> str:
        told = self._told(_FEW)
        return told if len(told) <= _LINE else self._told(1)

    def _told(self, few: int) -> str:
        slopes = ", ".join(f"{name!r}: {_brief(slope, few)}" for name, slope in self.gradient.items())
        more = f", warnings={_count(len(self.warnings), 'text')}" if self.warnings else ""
        more += ", note=…" if self.note else ""
        return (
            f"Evaluation(value={_brief(self.value, few)}, gradient={{{slopes}}}, "
            f"formula_value={_brief(self.formula_value, few)}{more})"
        )


def _brief(value: Nested | None, few: int) -> str:
    """A few numbers as they are, of more how many."""
    count = _size(value)
    return repr(value) if count <= few else f"<{_count(count, 'number')}>"


def _size(value: Nested | None) -> int:
    return sum(map(_size, value)) if isinstance(value, list) else 1


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


_FEW, _LINE = 6, 180


@dataclass(frozen=True)
class Answer:
    """What torch says to one call in float64: the value, and the gradient with respect to each real-valued input."""

    value: NDArray[np.float64]
    gradient: dict[str, NDArray[np.float64]]


def has_class(name: str) -> bool:
    """Whether the installed torch has a class of this name, such as "torch.nn.HuberLoss"."""
    return hasattr(torch.nn, name.rpartition(".")[2])


def run(
    loss: Loss, inputs: Tensors, parameters: Setting, reduction: str, told: list[str] | None = None
) -> torch.Tensor:
    """Call the shipped torch code, or the loss's own function; an optional input may be left out.

    What torch warns of goes into the list `told`. Without it nobody hears of it: curves and checks call torch at
    inputs of Lossary's own, and the pages discuss the warnings that matter.
    """
    dtype = next((t.dtype for t in inputs.values() if isinstance(t, torch.Tensor) and t.is_floating_point()), None)
    settings = {p.name: as_torch(p, parameters[p.name], dtype or torch.float64) for p in loss.parameters}
    first = inputs[loss.inputs[0].name]
    given: list[torch.Tensor | list[torch.Tensor] | None] = []
    for entry in loss.inputs:
        tensor = inputs.get(entry.name)
        if entry.takes_number and isinstance(tensor, torch.Tensor) and isinstance(first, torch.Tensor):
            tensor = tensor.expand_as(first) if tensor.ndim == 0 else tensor
        given.append(tensor)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = invoke(loss, given, settings, reduction)
    if not isinstance(answer, torch.Tensor) or answer.is_complex():
        got = str(answer.dtype) if isinstance(answer, torch.Tensor) else type(answer).__name__
        raise TypeError(f"a loss must return a tensor of real numbers, got {got}")
    if told is not None:
        told += dict.fromkeys(" ".join(str(one.message).split()) for one in caught)
    return answer


def invoke(
    loss: Loss,
    inputs: Sequence[torch.Tensor | list[torch.Tensor] | None],
    settings: Mapping[str, object],
    reduction: str,
) -> torch.Tensor:
    """The call itself, with the inputs in their order, None for one left out, and the parameters as torch takes them.

    It goes to torch's class, or to torch's function where a parameter is given that the class does not have.
    """
    answer: torch.Tensor
    if loss.call is not None:
        answer = loss.call(*inputs, reduction=reduction, **settings)
        return answer
    beyond = {p.name for p in loss.parameters if p.functional_only}
    if loss.functional is not None and any(settings[name] is not None for name in beyond):
        function = getattr(torch.nn.functional, loss.functional.rpartition(".")[2])
        answer = function(*inputs, **settings, reduction=reduction)
        return answer
    if loss.torch is not None:
        criterion = getattr(torch.nn, loss.torch.rpartition(".")[2])
        own = {name: value for name, value in settings.items() if name not in beyond}
        answer = criterion(**own, reduction=reduction)(*inputs)
        return answer
    assert loss.function is not None
    answer = loss.function(*inputs, **settings, reduction=reduction)
    return answer


@contextmanager
def defaults_kept(path: str) -> Iterator[None]:
    """Refuses what a loss's file does to torch's own defaults, under which the next would be evaluated, and mends it.

    Raises:
        CatalogError: where a default is another one afterwards.
    """
    before = _defaults()
    yield
    changed = {name: value for name, value in _defaults().items() if value != before[name]}
    if changed:
        torch.set_default_dtype(before["default dtype"])
        torch.set_grad_enabled(before["grad mode"])
        if "default device" in changed:
            torch.set_default_device(None)  # to name one, even the same, makes torch take other ways
        words = ", ".join(f"the {name} to {value}" for name, value in changed.items())
        raise CatalogError([Failure(path, "load", f"the file changes torch for all other losses: {words}")])


def _defaults() -> dict[str, Any]:
    return {
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "grad mode": torch.is_grad_enabled(),
    }


@contextmanager
def objections(loss: Loss, inputs: Tensors | None = None, parameters: Setting | None = None) -> Iterator[None]:
    """Turns what torch objects to in a call into a `LossaryError`; that memory runs out is no objection.

    Where an input has too few dimensions it says so, which is plainer than what torch says then. What the loss's own
    file refuses is told as its own words.
    """
    try:
        yield
    except (torch.OutOfMemoryError, LossaryError):
        raise
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        kinds = high_precision.chosen_kinds(loss, inputs, parameters or {}) if inputs else {}
        for name, kind in kinds.items():
            tensor = inputs.get(name) if inputs else None
            if isinstance(tensor, torch.Tensor) and tensor.ndim < kind.rank:
                raise LossaryError(_too_flat(loss, name, kind, tensor.ndim)) from error
        words = (str(error) or type(error).__name__).splitlines()[0]
        if _raised_by(loss, error) and isinstance(error, ValueError | TypeError):
            failed = "" if isinstance(error, ValueError) else f"its function failed: {type(error).__name__}: "
            raise LossaryError(f"{loss.slug}: {failed}{words}") from error
        raise LossaryError(f"{loss.slug}: torch refused the call: {words}{_shapes(inputs or {})}") from error


def _raised_by(loss: Loss, error: BaseException) -> bool:
    """Whether an error comes from the code of the loss's file itself, and not from torch below it."""
    functions = [getattr(function, "__code__", None) for function in (loss.call, loss.function)]
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    here = trace.tb_frame.f_code.co_filename if trace is not None else ""
    return here in [code.co_filename for code in functions if code is not None]


def _shapes(inputs: Tensors) -> str:
    """The shapes that a call was given, to be read beside what torch objects to."""
    words = [
        f"{name} {tuple(given.shape)}" if isinstance(given, torch.Tensor) else f"{name} a list of {len(given)}"
        for name, given in inputs.items()
    ]
    return f" (the shapes given: {', '.join(words)})" if words else ""


def as_torch(parameter: Parameter, value: Value | torch.Tensor, dtype: torch.dtype) -> object:
    """A parameter's value as torch takes it; a tensor is taken as it is."""
    if isinstance(value, torch.Tensor):
        return value
    given = parameter.kind.for_torch(value)
    return torch.tensor(given, dtype=dtype) if parameter.kind.tensor and given is not None else given


def arrays(inputs: Tensors) -> dict[str, Array | list[Array]]:
    """Inputs as plain arrays, floating-point ones in float64."""

    def plain(tensor: torch.Tensor) -> Array:
        array: Array = (tensor.double() if tensor.is_floating_point() else tensor).detach().numpy()
        return array

    return {n: [plain(t) for t in given] if isinstance(given, list) else plain(given) for n, given in inputs.items()}


def tensors(
    loss: Loss, inputs: Arrays, parameters: Setting, dtype: str
) -> dict[str, torch.Tensor | list[torch.Tensor]]:
    """Turn plain numbers and lists into the tensors of a call.

    Raises:
        LossaryError: for a missing or unknown input, an unknown dtype, or lists that are no rectangular array.
    """
    if dtype not in DTYPES:
        raise LossaryError(f"unknown dtype {shown(dtype)}; known are {', '.join(DTYPES)}")
    check_inputs(loss, inputs)
    arrays: dict[str, NDArray[np.float64] | list[NDArray[np.float64]]] = {}
    for entry in (i for i in loss.inputs if i.name in inputs):
        name, listed = entry.name, entry.candidates(parameters)[0].listed
        if listed and not isinstance(inputs[name], list | tuple):
            raise LossaryError(f"{loss.slug}: the input {name!r} is a list of matrices, one for each cluster")
        arrays[name] = (
            [as_array(loss, name, part) for part in inputs[name]] if listed else as_array(loss, name, inputs[name])
        )
    kinds = high_precision.chosen_kinds(loss, arrays, parameters)
    return {
        name: [as_tensor(loss, name, kinds[name], part, DTYPES[dtype]) for part in array]
        if isinstance(array, list)
        else as_tensor(loss, name, kinds[name], array, DTYPES[dtype])
        for name, array in arrays.items()
    }


def as_tensor(loss: Loss, name: str, kind: Kind, array: NDArray[np.float64], dtype: torch.dtype) -> torch.Tensor:
    """An input as torch takes it, or one of them for an input that is a list.

    Raises:
        LossaryError: where the array is none of its kind.
    """
    if kind.listed and array.ndim != 2:
        raise LossaryError(f"{loss.slug}: the input {name!r} is a list of matrices, one for each cluster")
    # Some of torch's losses take one number as the score of a single class; the others object.
    if array.ndim < kind.rank - (loss.torch is not None and kind.rank == 1):
        raise LossaryError(_too_flat(loss, name, kind, array.ndim))
    if kind.rank and not kind.integer and array.size == 0:
        raise LossaryError(f"{loss.slug}: the input {name!r} holds no numbers; a vector needs at least one")
    if kind.integer:
        holds = f"{loss.slug}: the input {name!r} holds {kind.name}"
        wrong = array[~np.isfinite(array) | (array != np.round(array))]
        if wrong.size:
            raise LossaryError(f"{holds}: whole numbers only, got {wrong.flat[0]:g}")
        if array.size and np.max(np.abs(array)) > 2**53:
            largest = array.flat[np.argmax(np.abs(array))]
            raise LossaryError(f"{holds}: {largest:g} is too large for one")
        return torch.tensor(array.astype(np.int64))
    return torch.tensor(array, dtype=dtype)


def _too_flat(loss: Loss, name: str, kind: Kind, dimensions: int) -> str:
    least = f"{kind.rank} dimension{'s' if kind.rank > 1 else ''}"
    return f"{loss.slug}: the input {name!r} holds {kind.name}: it needs {least} or more, got {dimensions}"


def as_array(loss: Loss, name: str, value: Numbers) -> NDArray[np.float64]:
    """The numbers that an input was given as an array.

    Raises:
        LossaryError: where they are no rectangular array of numbers.
    """
    try:
        array = np.asarray(_without_graph(value))
        if array.dtype == object:  # NumPy would read None and the text "1.5" as numbers
            right = all(isinstance(v, numbers.Real) for v in array.flat)
        else:
            right = any(np.issubdtype(array.dtype, sort) for sort in (np.bool_, np.integer, np.floating))
        if not right:
            raise TypeError
        array = array.astype(float)
    except (TypeError, ValueError, OverflowError, RuntimeError, RecursionError):
        raise LossaryError(
            f"{loss.slug}: the input {name!r} is not a number or a rectangular list of numbers"
        ) from None
    if array.ndim > MOST_DIMENSIONS:
        raise LossaryError(
            f"{loss.slug}: the input {name!r} has {array.ndim} dimensions, and at most {MOST_DIMENSIONS} are taken"
        )
    return array


def _without_graph(value: Numbers) -> Numbers:
    """Numbers as NumPy takes them: tensors, those in lists too, without their graph and from any device."""
    if isinstance(value, torch.Tensor):
        plain = value.detach().cpu()
        return (plain.double() if plain.is_floating_point() else plain).numpy()
    if isinstance(value, list | tuple) and any(isinstance(part, torch.Tensor | list | tuple) for part in value):
        return [_without_graph(part) for part in value]
    return value


def evaluate(
    loss: Loss,
    inputs: Arrays,
    parameters: Setting | None = None,
    reduction: str | None = None,
    dtype: str = "float64",
    formula: bool = True,
) -> Evaluation:
    """Value and gradients by torch, and the displayed formula beside them.

    Args:
        loss: the loss.
        inputs: numbers or nested lists by input name.
        parameters: settings that differ from the defaults.
        reduction: one of the loss's reductions; its default if None.
        dtype: "float64", "float32", "float16" or "bfloat16".
        formula: whether the formula is evaluated; it never is for more than `FORMULA_LIMIT` numbers.

    Raises:
        LossaryError: for anything wrong with the request, torch's own objections included.
    """
    settings = check_parameters(loss, parameters or {})
    chosen = check_reduction(loss, reduction)
    made = tensors(loss, without_none(loss, inputs), settings, dtype)
    _bounded(loss, made)
    told: list[str] = []
    flat = [t for given in made.values() for t in (given if isinstance(given, list) else [given])]
    with objections(loss, made, settings), within_bounds(loss.slug, flat):
        value, gradient = value_and_gradient(loss, made, settings, chosen, told)
    found, note = _formula_value(loss, made, settings, chosen, value.shape) if formula else (None, "")
    return Evaluation(
        value=value.tolist(),
        gradient={n: [part.tolist() for part in g] if isinstance(g, list) else g.tolist() for n, g in gradient.items()},
        formula_value=found,
        warnings=tuple(told),
        note=note,
    )


def _bounded(loss: Loss, inputs: Tensors) -> None:
    """Refuses a call whose inputs broadcast to far more elements than they hold.

    Raises:
        LossaryError: where it is more than `BROADCAST_LIMIT`.
    """
    given = {name: tensor for name, tensor in inputs.items() if isinstance(tensor, torch.Tensor)}
    try:
        count = math.prod(np.broadcast_shapes(*(tuple(t.shape) for t in given.values() if t.is_floating_point())))
    except ValueError:
        return  # they do not broadcast
    if count > max(BROADCAST_LIMIT, 4 * sum(t.numel() for t in given.values())):
        raise LossaryError(
            f"{loss.slug}: the inputs broadcast to {count:,} elements, and at most {BROADCAST_LIMIT:,} are taken: give "
            f"them one shape{_shapes(given)}"
        )


def value_and_gradient(
    loss: Loss, inputs: Tensors, parameters: Setting, reduction: str, told: list[str] | None = None
) -> tuple[torch.Tensor, dict[str, torch.Tensor | list[torch.Tensor]]]:
    """The value, and its gradient (that of the sum for `none`) with respect to each real-valued input.

    What torch warns of goes into the list `told`.
    """
    smooth = {i.name for i in loss.inputs if i.differentiable}

    def leaf(name: str, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.detach().clone().requires_grad_(tensor.is_floating_point() and name in smooth)

    leaves = {
        name: [leaf(name, t) for t in given] if isinstance(given, list) else leaf(name, given)
        for name, given in inputs.items()
    }
    value = run(loss, leaves, parameters, reduction, told)
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


def answer(loss: Loss, inputs: Arrays, parameters: Setting, reduction: str = "none") -> Answer:
    """Call torch in float64 on plain arrays; the gradient of an input that is a list is one row of numbers."""
    kinds = high_precision.chosen_kinds(loss, inputs, parameters)

    def tensor(kind: Kind, array: Numbers) -> torch.Tensor:
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


@once
def reduced_example(loss: Loss) -> dict[str, Nested]:
    """The value of a loss's example under each of its reductions, a number or nested lists."""
    inputs, defaults = points.example(loss), loss.defaults()
    return {r.name: answer(loss, inputs, defaults, r.name).value.tolist() for r in loss.reductions}


@once
def pairs_a_column(loss: Loss) -> bool:
    """Whether the loss's own function silently takes a column beside rows and pairs each element with each."""
    if loss.function is None:
        return False
    given = tensors(loss, points.example(loss), loss.defaults(), "float64")
    rows = [t for t in given.values() if isinstance(t, torch.Tensor)]
    if len(rows) < 2 or len(rows) < len(given) or any(t.shape != rows[0].shape or t.ndim != 1 for t in rows):
        return False
    told: list[str] = []
    try:
        paired = run(loss, {**given, loss.inputs[0].name: rows[0].unsqueeze(1)}, loss.defaults(), "none", told)
    except RAISED:  # which is what one would hope for
        return False
    return paired.shape == (len(rows[0]), len(rows[0])) and not told


class _Functions:
    """The torch function of each loss by its slug, as `lossary.functional` has it."""

    def __getattr__(self, slug: str) -> Callable[..., torch.Tensor]:
        loss = find(slug)
        if loss.function is not None:
            return loss.function
        if loss.functional is None:
            raise AttributeError(f"torch has {slug} as a class only: write it nn.…")
        found: Callable[..., torch.Tensor] = getattr(torch.nn.functional, loss.functional.rpartition(".")[2])
        return found


def expression(source: str) -> NDArray[np.float64]:
    """Evaluate one side of a relation with the tensors that `lossary.declaration.Relation` names."""
    draw = torch.Generator().manual_seed(1)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    def boxes() -> torch.Tensor:
        corner = normal(32, 2)
        return torch.cat((corner, corner + normal(32, 2).exp()), 1)

    names = {
        **_library(),
        "input": normal(64) * 3,
        "target": normal(64) * 3,
        "logits": normal(64) * 3,
        "label": torch.randint(0, 2, (64,), generator=draw).double(),
        "scores": normal(8, 5),
        "classes": torch.randint(0, 5, (8,), generator=draw),
        "p": normal(8, 5).softmax(1),
        "q": normal(8, 5).softmax(1),
        "boxes": boxes(),
        "others": boxes(),
    }
    return torch.as_tensor(eval(source, names), dtype=torch.float64).numpy()


def side_by_side_values(loss: Loss, figure: SideBySide, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values of a loss in a figure of its family, one for each place `t`.

    Raises:
        CatalogError: where its call fails, or gives more or fewer.
    """
    call = loss.side_by_side[figure.name]
    place = torch.tensor(t, dtype=torch.float64)
    given = figure.inputs(place)
    try:
        value = torch.as_tensor(eval(call, {**_library(), **given}), dtype=torch.float64)
    except Exception as error:  # a call may raise anything at all
        told = f"{type(error).__name__}: {error}"
    else:
        if value.shape == place.shape:
            return value.numpy()
        told = f"it gives the shape {tuple(value.shape)}, and {len(place)} places need a number each"
    may = f"the call may use {', '.join(given)}, torch, F and functional"
    raise CatalogError([Failure(loss.path, "figure", f"{figure.name}: {call}: {told}; {may}")])


def inputs_at(figure: SideBySide, t: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """What the losses of such a figure are given, at each place `t`."""
    return {name: tensor.numpy() for name, tensor in figure.inputs(torch.tensor(t, dtype=torch.float64)).items()}


def _library() -> dict[str, Any]:
    """What every expression that a file declares may use."""
    return {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "functional": _Functions()}


def _formula_value(
    loss: Loss,
    inputs: Tensors,
    parameters: Setting,
    reduction: str,
    shape: tuple[int, ...],
) -> tuple[Nested | None, str]:
    """The value of the formula, or None; and why it is None where only the size of the call forbids it."""
    given = arrays(inputs)
    formula = high_precision.formula_for(loss, given, parameters)
    if formula is None or not formula.executable or not high_precision.lines_up(loss, given, parameters):
        return None, ""
    effort = high_precision.effort(loss, formula, given, parameters)
    if effort > FORMULA_LIMIT:
        return None, (
            f"the formula was not evaluated: it is for up to {FORMULA_LIMIT:,} numbers, and this call has {effort:,}"
        )
    enclosed = high_precision.values(loss, formula, given, parameters)
    total = high_precision.reduction_of(loss, enclosed, given, parameters, reduction)
    if isinstance(total, list):
        nested: Nested = np.array([_rounded(v) for v in total]).reshape(tuple(shape)).tolist()
        return nested, ""
    return _rounded(total), ""


def _rounded(value: arb) -> float:
    """What is enclosed as the nearest number of float64; not a number where the enclosure is wider than that."""
    return float(value) if is_settled(value) else math.nan
