"""What the tests run over: the catalog, loaded once, and the call to torch that they compare it with."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from kinds import has_vectors, representatives, traits
from lossary.declaration.formula import Symbolic
from lossary.declaration.inputs import Input, Kind
from lossary.declaration.loss import Loss
from lossary.declaration.parameter_kinds import Choice, PerClass, PerElement
from lossary.declaration.parameters import Parameter
from lossary.declaration.symbols import held
from lossary.discovery.catalogs import catalog
from lossary.evaluation import points
from lossary.evaluation.high_precision import chosen_kinds
from lossary.typesetting import formula_latex
from sample import changed_losses, of_the_day, today

LOSSES = catalog()
Arrays = Mapping[str, Any]


def detaches(loss: Loss) -> bool:
    """Whether torch holds a part of the loss, so that its gradient is not the derivative of its value."""
    bound = [formula_latex.built(loss, formula) for formula in loss.formulas if isinstance(formula, Symbolic)]
    return any(e.has(held) for one in bound for e in (one.value, *one.definitions.values()))


every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())

# A few losses that have among them all that a loss can have: what is tried on each kind of loss is tried on these each
# day, and on the others by `make test-all`.
OF_EACH_KIND = frozenset(representatives({slug: traits(loss) for slug, loss in LOSSES.items()}))
# The plainest of numbers and the plainest of vectors, for a quick look.
PLAIN = frozenset(
    min((loss for loss in LOSSES.values() if has_vectors(loss) == vectors), key=lambda loss: len(traits(loss))).slug
    for vectors in (False, True)
)

# What takes seconds is tried each day on these: the plain ones, some others in turn, and those that changed.
OF_THE_DAY = PLAIN | of_the_day(LOSSES, today(), changed_losses())


@contextmanager
def at_few_points() -> Iterator[None]:
    """A few vectors of one size, and some of the numbers; the irregular batches of a loss are left alone."""
    batches = points.batches

    def thinned(loss: Loss, parameters: Mapping[str, Any]) -> list[points.Batch]:
        made = batches(loss, parameters)
        if loss.batches is not None or any(k.rank for i in loss.inputs for k in i.candidates(parameters)):
            return made
        return [{n: a[:: max(1, len(a) // 150)] for n, a in batch.items()} for batch in made]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(points, "MOST", 12)
        patch.setattr(points, "SIZES", ({"C": 3, "D": 2},))
        patch.setattr(points, "batches", thinned)
        yield


def of_kind(loss: Loss, *more: Any, name: str = "") -> Any:
    """A set of parameters about a loss, as pytest takes it, for what need not be tried on every loss each day."""
    everyday = loss.slug in OF_EACH_KIND
    return pytest.param(loss, *more, id=name or loss.slug, marks=() if everyday else pytest.mark.nightly)


each_kind = pytest.mark.parametrize("loss", [of_kind(loss) for loss in LOSSES.values()])
each_kind_by_name = pytest.mark.parametrize(
    "slug", [pytest.param(slug, marks=of_kind(loss).marks) for slug, loss in LOSSES.items()]
)
# Each day the two plain ones, of numbers and of vectors: for what takes seconds, and differs little between losses.
plain = pytest.mark.parametrize(
    "loss",
    [pytest.param(x, id=x.slug, marks=() if x.slug in PLAIN else pytest.mark.nightly) for x in LOSSES.values()],
)


def criterion(loss: Loss, setting: Mapping[str, Any], reduction: str) -> Any:
    """The torch module of a loss, built here and not by the package."""
    given = {p.name: given_to_torch(p, setting[p.name]) for p in loss.parameters}
    if loss.call is not None:
        return functools.partial(loss.call, reduction=reduction, **given)
    if loss.torch is None:
        assert loss.function is not None
        return functools.partial(loss.function, **given, reduction=reduction)
    beyond = {p.name for p in loss.parameters if p.functional_only}
    if any(given[name] is not None for name in beyond):
        function = getattr(torch.nn.functional, str(loss.functional).rpartition(".")[2])
        return functools.partial(function, **given, reduction=reduction)
    own = {name: value for name, value in given.items() if name not in beyond}
    return getattr(torch.nn, loss.torch.rpartition(".")[2])(**own, reduction=reduction)


def given_to_torch(parameter: Parameter, value: Any) -> Any:
    if isinstance(parameter.kind, Choice):
        return parameter.kind.options[value]
    if isinstance(parameter.kind, PerClass | PerElement) and value is not None:
        return torch.tensor(value, dtype=torch.float64)
    return value


def leaves(loss: Loss, batch: Arrays, setting: Mapping[str, Any]) -> dict[str, Any]:
    """Float64 tensors that ask for a gradient where torch has one, int64 ones for whole numbers, lists of tensors."""
    kinds = chosen_kinds(loss, batch, setting)
    made: dict[str, Any] = {}
    for entry in (i for i in loss.inputs if i.name in batch):
        kind = kinds[entry.name]

        def leaf(array: Any, kind: Kind = kind, entry: Input = entry) -> torch.Tensor:
            if kind.integer:
                return torch.tensor(np.asarray(array).astype(np.int64))
            return torch.tensor(np.asarray(array), dtype=torch.float64, requires_grad=entry.differentiable)

        made[entry.name] = [leaf(part) for part in batch[entry.name]] if kind.listed else leaf(batch[entry.name])
    return made


def by_torch(
    loss: Loss, batch: Arrays, setting: Mapping[str, Any], reduction: str = "none"
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Value, and the gradient of its sum with respect to each real-valued input, straight from torch.

    The gradient with respect to a list of tensors is one row of numbers.
    """
    made = leaves(loss, batch, setting)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = criterion(loss, setting, reduction)(*(made.get(i.name) for i in loss.inputs))
    if value.requires_grad:
        value.sum().backward()
    gradient = {}
    for name, given in made.items():
        if isinstance(given, list):
            gradient[name] = torch.cat([t.grad.reshape(-1) for t in given if t.grad is not None]).numpy()
        elif given.grad is not None:
            gradient[name] = given.grad.numpy()
    return value.detach().numpy(), gradient
