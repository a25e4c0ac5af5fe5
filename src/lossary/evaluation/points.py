"""Chooses where a loss is checked and drawn: the domain, its far tails, every kink, every special setting."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from lossary.declaration.inputs import Kind
from lossary.declaration.loss import Loss
from lossary.declaration.sections import Section
from lossary.declaration.symbols import Expression
from lossary.declaration.values import Numbers, Setting, Value

Batch = dict[str, Numbers]

POINTS = 401  # of a drawn line, evenly spaced


def settings(loss: Loss) -> list[dict[str, Value]]:
    """The defaults; each typical value of each parameter alone; and the last typical values all together.

    Tensors that must have the input's size are not among them.
    """
    chosen = [loss.defaults()]
    free = [p for p in loss.parameters if not p.kind.sized]
    for p in free:
        chosen += [{**loss.defaults(), p.name: _listed(v)} for v in p.typical]
    last = {**loss.defaults(), **{p.name: _listed(p.typical[-1]) if p.typical else p.default for p in free}}
    chosen.append(last)
    # A choice may pick another formula, which is to be seen with every other parameter changed as well.
    chosen += [{**last, p.name: v} for p in loss.parameters if p.kind.options for v in p.typical]
    unique = {repr(sorted(s.items())): s for s in chosen}
    return list(unique.values())


def sized_settings(loss: Loss) -> list[dict[str, Value]]:
    """The defaults, and the last of all typical values, with tensors that must have the input's size beside them."""
    ends = {repr(s): s for s in (settings(loss)[0], settings(loss)[-1])}.values()
    sized = [p for p in loss.parameters if p.kind.sized]
    return [{**s, p.name: _listed(v)} for s in ends for p in sized for v in p.typical if v is not None]


def calls(loss: Loss) -> Iterator[tuple[dict[str, Value], Batch]]:
    """Each setting that is checked with each batch of inputs."""
    for setting in (*settings(loss), *sized_settings(loss)):
        for batch in batches(loss, setting):
            yield setting, batch


def _listed(value: Value) -> Value:
    return list(value) if isinstance(value, tuple) else value


def by_symbol(loss: Loss, parameters: Setting) -> dict[str, Value]:
    """Parameter values under the names that formulas use."""
    return {p.key: parameters[p.name] for p in loss.parameters}


def call_with(function: Callable[..., Expression], loss: Loss, parameters: Setting) -> Expression:
    """Call a declared function of parameters with those that it names."""
    values = by_symbol(loss, parameters)
    return _plain(function(*(values[name] for name in inspect.signature(function).parameters)))


def _plain(value: Expression) -> Expression:
    """A number or a truth of SymPy as Python's own, alone or in a tuple."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if isinstance(value, sp.logic.boolalg.BooleanAtom):
        return bool(value)
    return float(value) if isinstance(value, sp.Expr) and value.is_number else value


def kinks(loss: Loss, section: Section, parameters: Setting) -> list[float]:
    """Where along a section the loss is not smooth; an infinite kink is one that these parameters do not have."""
    found = [float(call_with(k, loss, parameters)) for k in section.kinks]
    return [k for k in found if math.isfinite(k)]


def grid(loss: Loss, section: Section, parameters: Setting) -> NDArray[np.float64]:
    """The points of a section that are drawn: evenly spaced, and each kink exactly and from both sides."""
    low, high = section.span
    special = [k for k in kinks(loss, section, parameters) if low < k < high]
    step = (high - low) * 1e-9
    near = [k + side * step for k in special for side in (-1, 0, 1)]
    return np.unique(np.concatenate([np.linspace(low, high, POINTS), near]))


def axis_values(numbers: Sequence[float]) -> list[float]:
    """What may move along a section, from a row of a loss's numbers: the first, a residual, a margin."""
    first, *rest = numbers or [float("nan")]
    made = [first, *(first - other for other in rest), *(first * other for other in rest)]
    if len(rest) > 1:
        made.append((first - rest[0]) * rest[1])
    return made


def example(loss: Loss) -> Batch:
    """The inputs of the page's example."""
    listed = {i.name for i in loss.inputs if i.kinds[0].listed}
    return {
        name: [np.asarray(part) for part in value] if name in listed else np.asarray(value)
        for name, value in loss.example.items()
    }


def batches(loss: Loss, parameters: Setting) -> list[Batch]:
    """Inputs to check at a setting; each batch has one shape and one kind for each input."""
    if loss.batches is not None:
        return [dict(batch) for batch in loss.batches(parameters)]
    made = []
    choices = [i.candidates(parameters) for i in loss.inputs]
    for kinds in itertools.product(*choices):
        named = {i.name: kind for i, kind in zip(loss.inputs, kinds, strict=True)}
        if not all(p.allowed(named, parameters[p.name]) for p in loss.parameters):
            continue
        if any(kind.rank for kind in kinds):
            fixed = [len(parameters[p.name]) for p in loss.parameters if p.kind.dims and parameters[p.name]]
            made += [vectors(loss, kinds, sizes) for sizes in SIZES if not fixed or sizes["C"] in fixed]
        else:
            made += _pieces(loss, _numbers(loss, kinds, parameters), parameters)
    return made


def _pieces(loss: Loss, batch: Batch, parameters: Setting) -> list[Batch]:
    """A batch of numbers in pieces as long as a tensor that must have the input's size; whole where there is none."""
    sizes = {len(parameters[p.name]) for p in loss.parameters if p.kind.sized and parameters[p.name] is not None}
    if not sizes:
        return [batch]
    (size,) = sizes
    count = len(batch[loss.inputs[0].name])
    return [{name: a[k : k + size] for name, a in batch.items()} for k in range(0, count - size + 1, size)]


MOST = 64  # combinations of vectors that are checked at one setting and size
# How many classes and coordinates these vectors have.
SIZES = ({"C": 2, "D": 3}, {"C": 3, "D": 2}, {"C": 5, "D": 4})


def ends(loss: Loss, parameters: Setting) -> Batch:
    """The closed ends of the domain, for a loss of numbers; empty where no input has any."""
    kinds = [i.candidates(parameters)[0] for i in loss.inputs]
    if not any(kind.ends for kind in kinds):
        return {}
    grid = itertools.product(*((*kind.ends, 0.5) if kind.ends else kind.values for kind in kinds))
    return _columns(loss, list(grid))


def _columns(loss: Loss, rows: list[tuple[float, ...]]) -> Batch:
    table = np.array(rows, dtype=float)
    return {i.name: table[:, k] for k, i in enumerate(loss.inputs)}


def _numbers(loss: Loss, kinds: tuple[Kind, ...], parameters: Setting) -> Batch:
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


def _numeric(values: list[Numbers]) -> list[float]:
    return [float(v) if not isinstance(v, list | tuple) else float("nan") for v in values]


def vectors(loss: Loss, kinds: tuple[Kind, ...], sizes: Mapping[str, int]) -> Batch:
    """Combinations of the vectors and numbers that suit each kind; what samples share is drawn once."""
    pools = [_pool(kind, sizes, k) for k, kind in enumerate(kinds)]
    own = [pool[:1] if kind.shared else pool for pool, kind in zip(pools, kinds, strict=True)]
    rows = _spread(list(itertools.product(*own)))
    return {
        i.name: np.array(pools[k][0] if kind.shared else [row[k] for row in rows])
        for k, (i, kind) in enumerate(zip(loss.inputs, kinds, strict=True))
    }


def _spread(rows: list[Numbers]) -> list[Numbers]:
    """At most `MOST` of all combinations, drawn once and for all."""
    if len(rows) <= MOST:
        return rows
    return [rows[k] for k in sorted(np.random.default_rng(7).permutation(len(rows))[:MOST])]


def _pool(kind: Kind, sizes: Mapping[str, int], seed: int) -> list[Numbers]:
    if kind.sampler:
        return SAMPLERS[kind.sampler](tuple(sizes[d] for d in kind.dims), np.random.default_rng(20 + seed))
    if kind.integer:
        return list(range(sizes["C"]))
    return list(kind.values)


Shape = tuple[int, ...]


def _logits(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    drawn = [rng.normal(size=shape) * scale for scale in (0.1, 1, 1, 5, 5, 40)]
    peak = np.eye(shape[0])[0]
    return [np.zeros(shape), *drawn, 30 * peak, -30 * peak, 700 * peak, -1e4 * peak]


def _nearly_sure(shape: Shape, at: int, rest: float) -> Numbers:
    """All but certain of one outcome: the others have the same tiny probability."""
    made = np.full(shape, rest)
    made[at] = 1 - (shape[0] - 1) * rest
    return made


def _cosines(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    """Of angles at random, of right angles, and of one as good as 0 or pi, where a cosine tells little of its angle."""
    drawn = [np.cos(rng.uniform(0.1, np.pi - 0.1, size=shape)) for _ in range(5)]
    first = np.eye(shape[0])[0]
    near = [np.where(first > 0, side * (1 - 1e-12), rest) for side in (1, -1) for rest in (0.0, 0.5 * side)]
    return [np.zeros(shape), *drawn, *near]


def _distributions(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    """With two corners, which share no outcome, and with points close to them."""
    drawn = [rng.dirichlet(np.full(shape, a)) for a in (0.3, 1.0, 5.0)]
    corners = [np.eye(shape[0])[k] for k in (-1, 0)]
    near = [_nearly_sure(shape, -1, 1e-12), _nearly_sure(shape, 0, 1e-30)]
    return [np.full(shape, 1 / shape[0]), *corners, *near, *drawn]


def _positive_distributions(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    """Close to the corners, but without them: a divergence or its gradient is infinite there."""
    drawn = [rng.dirichlet(np.full(shape, a)) for a in (0.3, 1.0, 5.0, 50.0)]
    near = [_nearly_sure(shape, -1, 1e-12), _nearly_sure(shape, 0, 1e-12), _nearly_sure(shape, 0, 1e-15)]
    return [np.full(shape, 1 / shape[0]), *near, *drawn]


def _log_distributions(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    drawn = [np.log(rng.dirichlet(np.full(shape, a))) for a in (0.5, 1.0, 1.0, 5.0, 5.0, 50.0)]
    # All but certain of one class: the others have probabilities down to the smallest that float64 holds.
    sure = [
        np.where(np.eye(shape[0])[k % shape[0]] > 0, 0.0, -far) for k, far in enumerate((1e-12, 40.0, 700.0, 745.0))
    ]
    return [np.full(shape, -np.log(shape[0])), *drawn, *sure[1:]]


def _label_lists(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    """Lists without repetition of every length, ended by -1; behind it stands what counts no more."""
    made = []
    for count in range(shape[0] + 1):
        row = np.full(shape, -1)
        row[:count] = rng.permutation(shape[0])[:count]
        made.append(row)
    ignored = made[1].copy()
    ignored[2:] = 0
    return [*made, ignored]


def _multi_hot(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    drawn = [rng.integers(0, 2, shape).astype(float) for _ in range(3)]
    return [np.zeros(shape), np.ones(shape), *drawn, rng.uniform(size=shape)]


def _masks(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    """Zeros and ones: none, all, one alone, and at random."""
    drawn = [rng.integers(0, 2, shape).astype(float) for _ in range(2)]
    return [np.zeros(shape), np.ones(shape), np.eye(shape[0])[0], *drawn]


def _probabilities(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    """Numbers from 0 to 1 that need not sum to 1: the corners of the cube, close to them, and inside."""
    drawn = [rng.uniform(size=shape) for _ in range(5)]
    corners = [np.zeros(shape), np.ones(shape), np.eye(shape[0])[0], 1 - np.eye(shape[0])[0]]
    return [*corners, *(np.abs(corner - 1e-12) for corner in corners), *drawn]


def _vectors(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    drawn = [rng.normal(size=shape) * scale for scale in (0.1, 1, 1, 3, 30)]
    return [*drawn, np.eye(shape[0])[0] + 0.25 * rng.normal(size=shape), 1e3 * rng.normal(size=shape)]


def _amounts(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    """Numbers that are not negative, of one size and of several."""
    drawn = [np.exp(rng.normal(size=shape) * spread) for spread in (0.1, 1, 1, 1, 3, 3)]
    first = np.eye(shape[0])[0]
    alone = [size * np.exp(rng.normal()) * first for size in (1, 1e30)]
    return [*alone, *drawn, 1e3 * np.exp(rng.normal(size=shape))]


def _batches(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    """Numbers of which a loss has one value: all zero, all alike, and at random."""
    return [np.zeros(shape), np.ones(shape), *_vectors(shape, rng)]


def _weights(shape: Shape, rng: np.random.Generator) -> list[Numbers]:
    return [rng.normal(size=shape)]


# For each sampler that a kind may name: vectors of a shape, the domain's corners and tails among them.
SAMPLERS: dict[str, Callable[[Shape, np.random.Generator], list[Numbers]]] = {
    "logits": _logits,
    "cosines": _cosines,
    "distribution": _distributions,
    "positive_distribution": _positive_distributions,
    "log_distribution": _log_distributions,
    "label_list": _label_lists,
    "multi_hot": _multi_hot,
    "mask": _masks,
    "probabilities": _probabilities,
    "vector": _vectors,
    "amounts": _amounts,
    "batch": _batches,
    "weights": _weights,
}
