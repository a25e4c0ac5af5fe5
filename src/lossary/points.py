"""Chooses the inputs at which a loss is checked: the domain, its far tails, every kink, every special setting."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossary.kinds import Kind
from lossary.loss import Loss, Section

Batch = dict[str, NDArray[Any]]


def settings(loss: Loss) -> list[dict[str, Any]]:
    """The defaults; each typical value of each parameter alone; and the last typical values all together."""
    chosen = [loss.defaults()]
    for p in loss.parameters:
        chosen += [{**loss.defaults(), p.name: _plain(v)} for v in p.typical]
    chosen.append({p.name: _plain(p.typical[-1]) if p.typical else p.default for p in loss.parameters})
    unique = {repr(sorted(s.items())): s for s in chosen}
    return list(unique.values())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def by_symbol(loss: Loss, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameter values under the names that formulas use."""
    return {p.key: parameters[p.name] for p in loss.parameters}


def call_with(function: Any, loss: Loss, parameters: Mapping[str, Any]) -> Any:
    """Call a declared function of parameters with those that it names."""
    values = by_symbol(loss, parameters)
    return function(*(values[name] for name in inspect.signature(function).parameters))


def kinks(loss: Loss, section: Section, parameters: Mapping[str, Any]) -> list[float]:
    """Where along a section the loss is not smooth."""
    return [float(call_with(k, loss, parameters)) for k in section.kinks]


def batches(loss: Loss, parameters: Mapping[str, Any]) -> list[Batch]:
    """Inputs to check at a setting; each batch has one shape and one kind for each input."""
    made = []
    choices = [i.candidates(parameters) for i in loss.inputs]
    for kinds in itertools.product(*choices):
        named = {i.name: kind for i, kind in zip(loss.inputs, kinds, strict=True)}
        if not all(p.allowed(named, parameters[p.name]) for p in loss.parameters):
            continue
        if any(kind.rank for kind in kinds):
            fixed = [len(parameters[p.name]) for p in loss.parameters if p.kind == "per class" and parameters[p.name]]
            for classes in fixed or (2, 3, 5):
                made.append(vectors(loss, kinds, classes))
        else:
            made.append(_numbers(loss, kinds, parameters))
    return made


def ends(loss: Loss, parameters: Mapping[str, Any]) -> Batch:
    """The closed ends of the domain, for a loss of numbers; empty where no input has any."""
    kinds = [i.candidates(parameters)[0] for i in loss.inputs]
    if not any(kind.ends for kind in kinds):
        return {}
    grid = itertools.product(*((*kind.ends, 0.5) if kind.ends else kind.values for kind in kinds))
    return _columns(loss, list(grid))


def _columns(loss: Loss, rows: list[tuple[float, ...]]) -> Batch:
    table = np.array(rows, dtype=float)
    return {i.name: table[:, k] for k, i in enumerate(loss.inputs)}


def _numbers(loss: Loss, kinds: tuple[Kind, ...], parameters: Mapping[str, Any]) -> Batch:
    rows = list(itertools.product(*(kind.values for kind in kinds)))
    for section in loss.sections:
        special = kinks(loss, section, parameters)
        near = [k + side * h for k in special for h in (1e-9, 1e-3) for side in (-1, 1)]
        for y in section.branches.values():
            for t in (*np.linspace(*section.span, 81), *special, *near):
                row = section.inputs(float(t), y)
                values = [row[i.name] for i in loss.inputs]
                if all(kind.lower <= v <= kind.upper for kind, v in zip(kinds, _numeric(values), strict=True)):
                    rows.append(tuple(_numeric(values)))
    return _columns(loss, rows)


def _numeric(values: list[Any]) -> list[float]:
    return [float(v) if not isinstance(v, list | tuple) else float("nan") for v in values]


def vectors(loss: Loss, kinds: tuple[Kind, ...], classes: int) -> Batch:
    """All pairs of the vectors and numbers that suit each kind."""
    pools = [_pool(kind, classes, k) for k, kind in enumerate(kinds)]
    rows = list(itertools.product(*pools))
    return {i.name: np.array([row[k] for row in rows]) for k, i in enumerate(loss.inputs)}


def _pool(kind: Kind, classes: int, seed: int) -> list[Any]:
    rng = np.random.default_rng(20 + seed)
    if kind.integer:
        return list(range(classes))
    if kind.sampler == "logits":
        drawn = [rng.normal(size=classes) * scale for scale in (0.1, 1, 1, 5, 5, 40)]
        peak = np.eye(classes)[0]
        return [np.zeros(classes), *drawn, 30 * peak, -30 * peak, 700 * peak, -1e4 * peak]
    if kind.sampler == "distribution":
        drawn = [rng.dirichlet(np.full(classes, a)) for a in (0.3, 1.0, 5.0)]
        return [np.full(classes, 1 / classes), np.eye(classes)[-1], *drawn]
    if kind.sampler == "log_distribution":
        return [np.log(rng.dirichlet(np.full(classes, a))) for a in (0.5, 1.0, 5.0, 50.0)]
    return list(kind.values)
