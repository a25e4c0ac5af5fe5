"""What the tests run over: the catalog, loaded once, and the call to torch that they compare it with."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lossary.discovery import catalog
from lossary.exact import chosen_kinds
from lossary.loss import Loss

LOSSES = catalog()
Arrays = Mapping[str, NDArray[Any]]

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def criterion(loss: Loss, setting: Mapping[str, Any], reduction: str) -> Any:
    """The torch module of a loss, built here and not by the package."""
    given = {
        p.name: torch.tensor(v, dtype=torch.float64) if p.kind.startswith("per ") and v is not None else v
        for p, v in ((p, setting[p.name]) for p in loss.parameters)
    }
    if loss.torch is None:
        assert reduction == "none"
        assert loss.function is not None
        function = loss.function
        return lambda *inputs: function(*inputs, **given)
    return getattr(torch.nn, loss.torch.rpartition(".")[2])(**given, reduction=reduction)


def leaves(loss: Loss, batch: Arrays, setting: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Float64 tensors that ask for a gradient, and int64 ones for class indices."""
    kinds = chosen_kinds(loss, batch, setting)
    return {
        name: torch.tensor(array.astype(np.int64))
        if kinds[name].integer
        else torch.tensor(array, dtype=torch.float64, requires_grad=True)
        for name, array in batch.items()
    }


def by_torch(
    loss: Loss, batch: Arrays, setting: Mapping[str, Any], reduction: str = "none"
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Value, and the gradient of its sum with respect to each real-valued input, straight from torch."""
    made = leaves(loss, batch, setting)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = criterion(loss, setting, reduction)(*(made[i.name] for i in loss.inputs))
    value.sum().backward()
    gradient = {name: t.grad.numpy() for name, t in made.items() if t.requires_grad and t.grad is not None}
    return value.detach().numpy(), gradient
