"""Keeps what torch makes during a call within bounds: a few thousand samples, each beside each, may need gigabytes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from lossary.errors import LossaryError

# How many elements a tensor on the way to the loss may hold, if the inputs hold far fewer: some hundred megabytes.
MADE_LIMIT = 20_000_000
# From fewer numbers nothing grows beyond the limit, even if each meets each of two others.
_FEW = 256
_PRODUCTS = {"mm", "bmm", "addmm", "baddbmm"}


def within_bounds(slug: str, inputs: Iterable[torch.Tensor]) -> AbstractContextManager[Any]:
    """Refuses an operation of torch that makes far more elements than the inputs hold, before it is done.

    Raises:
        LossaryError: where it is more than `MADE_LIMIT`.
    """
    held = sum(tensor.numel() for tensor in inputs)
    return _Bounds(slug, max(MADE_LIMIT, 8 * held)) if held > _FEW else nullcontext()


class _Bounds(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation, whatever Python called it."""

    def __init__(self, slug: str, most: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.slug, self.most = slug, most

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self._refuse(_expected(operation, args))
        made = operation(*args, **(kwargs or {}))
        # What could not be told before, such as what is repeated; a view holds nothing of its own.
        self._refuse(max((t.untyped_storage().nbytes() // t.element_size() for t in _tensors(made)), default=0))
        return made

    def _refuse(self, count: int) -> None:
        if count > self.most:
            raise LossaryError(
                f"{self.slug}: on the way to the loss a tensor of {count:,} elements is made, and at most "
                f"{self.most:,} are taken: give fewer samples"
            )


def _expected(operation: Any, args: tuple[Any, ...]) -> int:
    """How many elements an operation will make; 0 where that is not told by the shapes of what it takes."""
    name, given = operation.overloadpacket.__name__, list(_tensors(args))
    if name in _PRODUCTS:
        left, right = given[-2:]
        return math.prod(left.shape[:-1]) * right.shape[-1]
    if name == "_cdist_forward":
        return math.prod(given[0].shape[:-1]) * given[1].shape[-2]
    if torch.Tag.pointwise in operation.tags:
        return math.prod(np.broadcast_shapes(*(tuple(tensor.shape) for tensor in given)))
    if not given and args and isinstance(args[0], list | tuple):  # a new tensor, of a size
        return math.prod(args[0])
    return 0


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    """The tensors among what an operation takes or gives."""
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)
