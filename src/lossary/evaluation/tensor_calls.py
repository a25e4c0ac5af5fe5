"""Calls a loss as torch is called: tensors, arrays or lists go in, and torch's own tensor comes out with its graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from lossary.declaration.loss import Loss
from lossary.declaration.values import Arrays, Numbers, Setting, Value
from lossary.errors import LossaryError, nearest, shown
from lossary.evaluation import high_precision
from lossary.evaluation.settings import check_inputs, check_parameters, check_reduction, without_none
from lossary.evaluation.torch_calls import Tensors, as_array, as_tensor, as_torch, invoke, objections


def call(
    loss: Loss, ordered: Sequence[Numbers], named: Mapping[str, Value], reduction: str | None = None
) -> torch.Tensor:
    """What torch answers; its warnings are let through.

    Args:
        loss: the loss.
        ordered: the first inputs, in the order that the loss declares. Tensors keep their dtype, device and graph.
            Anything else becomes a tensor like those beside it, or of float64 where there are none; of int64 where
            the input holds whole numbers.
        named: the other inputs and the parameters.
        reduction: one of the loss's reductions; its default if None.

    Raises:
        LossaryError: for anything wrong with names or values, torch's own objections included.
    """
    inputs, parameters = _sorted(loss, ordered, named)
    inputs = without_none(loss, inputs)
    check_inputs(loss, inputs)
    chosen = check_reduction(loss, reduction)
    like = next((t for t in _tensors_in(inputs.values()) if t.is_floating_point()), None)
    dtype = torch.float64 if like is None else like.dtype
    device = next((t.device for t in _tensors_in(inputs.values())), torch.device("cpu"))
    settings = torch_settings(loss, parameters, dtype, device)
    given = _inputs(loss, inputs, settings, dtype, device)
    ready = {p.name: as_torch(p, settings[p.name], dtype) for p in loss.parameters}
    with objections(loss, given, settings):
        return invoke(loss, [given.get(i.name) for i in loss.inputs], ready, chosen)


def torch_settings(
    loss: Loss, given: Mapping[str, Value], dtype: torch.dtype, device: torch.device | None = None
) -> dict[str, Value]:
    """The full set of parameters, those that torch takes as tensors as tensors: what is one already is kept.

    Raises:
        LossaryError: for an unknown name, a wrong type, or a value outside the range.
    """
    settings = check_parameters(loss, {name: _as_numbers(value) for name, value in given.items()})
    for p in loss.parameters:
        value, ready = given.get(p.name), as_torch(p, settings[p.name], dtype)
        if isinstance(ready, torch.Tensor):
            settings[p.name] = value if isinstance(value, torch.Tensor) else ready.to(device)
        elif isinstance(value, torch.Tensor) and value.requires_grad:
            raise LossaryError(f"{loss.slug}: torch takes {p.name} as a plain value and gives no gradient for it")
    return settings


def _sorted(
    loss: Loss, ordered: Sequence[Numbers], named: Mapping[str, Value]
) -> tuple[dict[str, Numbers], dict[str, Value]]:
    """Inputs and parameters by name."""
    names = [i.name for i in loss.inputs]
    if len(ordered) > len(names):
        raise LossaryError(
            f"{loss.slug} takes {len(names)} inputs, {', '.join(names)}, and got {len(ordered)}; parameters and the "
            "reduction are given by name"
        )
    inputs = dict(zip(names, ordered, strict=False))
    parameters = {}
    for name, value in named.items():
        if name in inputs:
            raise LossaryError(f"{loss.slug}: the input {name!r} is given twice")
        if name in names:
            inputs[name] = value
        elif loss.parameter(name):
            parameters[name] = value
        else:
            known = [*names, *(p.name for p in loss.parameters), "reduction"]
            ranges = [f"{p.name} ({p.range_text()})" for p in loss.parameters]
            raise LossaryError(
                f"{loss.slug} has no input or parameter {shown(name)}{nearest(name, known)}; it takes: "
                f"{', '.join([*names, *ranges, 'reduction'])}"
            )
    return inputs, parameters


def _inputs(loss: Loss, inputs: Arrays, settings: Setting, dtype: torch.dtype, device: torch.device) -> Tensors:
    """The inputs as tensors; those that are tensors are left alone, the others are made on the device."""
    arrays: dict[str, Numbers] = {}
    for entry in (i for i in loss.inputs if i.name in inputs):
        value = inputs[entry.name]
        if entry.candidates(settings)[0].listed:
            if not isinstance(value, list | tuple):
                raise LossaryError(f"{loss.slug}: the input {entry.name!r} is a list of matrices, one for each cluster")
            arrays[entry.name] = [
                part if isinstance(part, torch.Tensor) else as_array(loss, entry.name, part) for part in value
            ]
        elif isinstance(value, list | tuple) and value and all(isinstance(part, torch.Tensor) for part in value):
            with objections(loss):
                arrays[entry.name] = torch.stack(list(value))
        else:
            arrays[entry.name] = value if isinstance(value, torch.Tensor) else as_array(loss, entry.name, value)
        if entry.takes_number and not isinstance(value, torch.Tensor) and np.ndim(arrays[entry.name]) == 0:
            # What torch does with a number that is no tensor.
            arrays[entry.name] = np.broadcast_to(arrays[entry.name], np.shape(arrays[loss.inputs[0].name]))
    kinds = high_precision.chosen_kinds(loss, arrays, settings)

    def one(name: str, array: Numbers) -> torch.Tensor:
        if isinstance(array, torch.Tensor):
            return array
        return as_tensor(loss, name, kinds[name], array, dtype).to(device)

    return {
        name: [one(name, part) for part in array] if isinstance(array, list) else one(name, array)
        for name, array in arrays.items()
    }


def _tensors_in(values: Numbers) -> Iterator[torch.Tensor]:
    """The tensors among the inputs as they were given, those of a list too."""
    for value in values:
        yield from (t for t in (value if isinstance(value, list | tuple) else [value]) if isinstance(t, torch.Tensor))


def _as_numbers(value: Numbers) -> Numbers:
    """A value as a check of its range takes it."""
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    return value.item() if isinstance(value, np.generic) else value
