r"""Wasserstein-1 distance

The mean distance between two equally large samples of numbers after both are sorted: the smallest average distance over which one
sample can be moved onto the other.

## When to use it

- A model draws numbers, and their distribution, not each single one, should match that of the targets.
- How far apart values lie should count: the distance grows with the shift, even between samples that do not overlap.

## When not to

- Each prediction has a target of its own: [[l1]] or [[mse]]. Sorting forgets which belongs to which.
- The samples differ in size or carry weights; `scipy.stats.wasserstein_distance` takes both.
- The samples are pictures or vectors, which have no order: a [[wgan_critic|critic]] estimates the distance between them.
- The distributions are given by probabilities of outcomes: [[kl_div]] or [[js_divergence|Jensen-Shannon divergence]], or
  for outcomes that have an order the cumulative sums below.

## Pitfalls

### It does not see which prediction belongs to which target

Every order of the predictions gives the same loss. It can be zero while each prediction is wrong.

```python
from lossary.functional import wasserstein_1d

target = torch.tensor([1.0, 2.0, 3.0])
prediction = torch.tensor([2.0, 3.0, 1.0])
print("Wasserstein-1", wasserstein_1d(prediction, target))
print("L1           ", F.l1_loss(prediction, target))
```

```output
Wasserstein-1 tensor(0.)
L1            tensor(1.3333)
```

### A small batch does not have distance zero to another

Two samples of one distribution differ by chance. The smaller they are, the larger their distance on average, so values of
different batch sizes cannot be compared. Nor is it least where the distributions agree: in small batches a narrower spread
comes closer, and a model that is trained on them learns it.

```python
from lossary.functional import wasserstein_1d

spreads = (0.25, 0.5, 0.75, 1.0, 1.25)
for size in (2, 10, 100, 1000):
    drawn = torch.randn(2, 500, size)
    losses = [wasserstein_1d(spread * drawn[0], drawn[1]).item() for spread in spreads]
    best = spreads[losses.index(min(losses))]
    print(f"batch of {size}: at the true spread of 1 {losses[3]:.3f}, least at {best}")
```

```output
batch of 2: at the true spread of 1 0.956, least at 0.25
batch of 10: at the true spread of 1 0.508, least at 0.75
batch of 100: at the true spread of 1 0.175, least at 1.0
batch of 1000: at the true spread of 1 0.055, least at 1.0
```

### It takes samples, not histograms

Probabilities of ordered bins would be sorted as if they were samples, which silently forgets the bins. For bins of width 1
the distance is the sum of the absolute differences between the cumulative sums.

```python
from lossary.functional import wasserstein_1d

prediction = torch.tensor([0.5, 0.25, 0.25, 0.0])
target = torch.tensor([0.0, 0.25, 0.25, 0.5])
print("probabilities as samples", wasserstein_1d(prediction, target))
print("cumulative sums         ", (prediction - target).cumsum(0).abs().sum())

bins = torch.tensor([0.0, 0.0, 1.0, 2.0]), torch.tensor([1.0, 2.0, 3.0, 3.0])
print("samples with such shares", wasserstein_1d(*bins))
```

```output
probabilities as samples tensor(0.)
cumulative sums          tensor(1.5000)
samples with such shares tensor(1.5000)
```

### A column counts as many samples of size one

The last dimension holds one sample. A column of shape `(N, 1)` is read as N samples with one number each, and the loss
becomes [[l1]]. A column against a row is silently broadcast: each number meets all of the others. Flatten the column first.

```python
from lossary.functional import wasserstein_1d

target = torch.tensor([[1.0], [2.0], [3.0]])
prediction = torch.tensor([[2.0], [3.0], [1.0]])
print("column            ", wasserstein_1d(prediction, target))
print("column against row", wasserstein_1d(prediction, target.flatten()))
print("flattened         ", wasserstein_1d(prediction.flatten(), target.flatten()))
```

```output
column             tensor(1.3333)
column against row tensor(0.8889)
flattened          tensor(0.)
```

## Relations

It is [[l1]] of the sorted samples.

    functional.wasserstein_1d(input, target) == F.l1_loss(input.sort().values, target.sort().values)

It is at most [[l1]].

    functional.wasserstein_1d(input, target, reduction="none").minimum(F.l1_loss(input, target, reduction="none").mean(-1)) ==
        functional.wasserstein_1d(input, target, reduction="none")

It is equal to [[l1]] where the predictions have the same order as their targets.

    functional.wasserstein_1d(input, input.exp()) == F.l1_loss(input, input.exp())

Where each number of the one sample lies above its partner in the other, it is minus the loss of a [[wgan_critic]] whose score
is the number itself.

    functional.wasserstein_1d(target + input**2, target) == -functional.wgan_critic(target + input**2, target)

## In other libraries

- `scipy.stats.wasserstein_distance(input.ravel(), target.ravel())`: Takes weights and samples of different sizes; no
  gradient.
- `ot.wasserstein_1d(input.T, target.T)`: The samples run along the first dimension; takes weights.

## References

- Aaditya Ramdas, Nicolás García Trillos and Marco Cuturi (2017). On Wasserstein Two-Sample Testing and Related Families of
  Nonparametric Tests. *Entropy 19(2), 47*. doi:10.3390/e19020047
"""

from typing import Any

import mpmath
import numpy as np
import torch

from lossary.declaration import RESIDUAL, Input, Kind, Loss, Section, Written, per, terms


def wasserstein_1d(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (input.sort(-1).values - target.sort(-1).values).abs().mean(-1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _ranked(input: Any, target: Any) -> list[tuple[Any, Any]]:
    """Per batch, the places of the predictions and of the targets, in rising order."""
    order = [np.argsort(np.atleast_2d(a), axis=-1, kind="stable") for a in (input, target)]
    return list(zip(*order, strict=True))


def _values(input: Any, target: Any) -> list[Any]:
    """The mean distance of the sorted numbers, batch by batch."""
    made = []
    rows = zip(np.atleast_2d(input), np.atleast_2d(target), _ranked(input, target), strict=True)
    for x, y, (of_x, of_y) in rows:
        apart = [abs(mpmath.mpf(float(x[a])) - mpmath.mpf(float(y[b]))) for a, b in zip(of_x, of_y, strict=True)]
        made.append(mpmath.fsum(apart) / len(apart))
    return made


def _gradient(input: Any, target: Any) -> dict[str, Any]:
    """One over the size, with the sign of the distance to the partner of the same rank."""
    slopes = {"input": np.zeros(np.shape(np.atleast_2d(input))), "target": np.zeros(np.shape(np.atleast_2d(target)))}
    rows = zip(np.atleast_2d(input), np.atleast_2d(target), _ranked(input, target), strict=True)
    for k, (x, y, (of_x, of_y)) in enumerate(rows):
        for a, b in zip(of_x, of_y, strict=True):
            slopes["input"][k, a] = np.sign(x[a] - y[b]) / len(x)
            slopes["target"][k, b] = np.sign(y[b] - x[a]) / len(x)
    return {name: slope.reshape(np.shape(input)) for name, slope in slopes.items()}


REALS = Kind("real numbers", dims=("D",), sampler="batch", takes="predictions")
REAL_TARGETS = Kind("real numbers", dims=("D",), sampler="batch", takes="values")

loss = Loss(
    function=wasserstein_1d,
    aliases=terms("earth mover's distance; EMD; Wasserstein distance; Kantorovich-Rubinstein distance"),
    tasks=("distributions", "generative"),
    search_terms=terms(
        "optimal transport in one dimension; distance between samples; sorted L1; match a histogram; "
        "earth mover's distance of numbers; move one sample onto another; "
        "area between two cumulative distribution functions; sorted samples; sliced Wasserstein; optimal transport; "
        "optimal transport of two samples; scipy wasserstein_distance; cost of moving one histogram onto another; "
        "EMD of histograms; compare two samples; "
        "how far mass has to move; bins far apart"
    ),
    concepts={
        "permutation invariance; unpaired samples": "It does not see",
        "bias of small batches; learned spread too narrow": "A small batch",
        "histograms; probabilities of ordered bins; cumulative sums": "It takes samples",
        "shape of the samples; column": "A column counts",
    },
    answers={
        "distributions/samples": ("A model draws numbers", "The samples are pictures"),
    },
    inputs=(
        Input("input", "x", (REALS,), "(D) or (N, D)", "the predicted numbers, one sample in the last dimension"),
        Input("target", "y", (REAL_TARGETS,), "(D) or (N, D), same as input", "the numbers to match"),
    ),
    reductions=per("sample", "the number of samples, which is 1 for inputs of one dimension"),
    formulas=(
        Written(
            latex=r"\frac{1}{D} \sum_{d=1}^{D} \left| x_{(d)} - y_{(d)} \right|",
            reference=_values,
            reference_gradient=_gradient,
            gradient_latex={
                "input": r"\frac{1}{D} \operatorname{sign}\left(x_{(d)} - y_{(d)}\right)",
                "target": r"\frac{1}{D} \operatorname{sign}\left(y_{(d)} - x_{(d)}\right)",
            },
            gradient_head="g_{(d)}",
            figure_latex=r"\frac{1}{D}\ \sum_{d=1}^{D}\ |x_{(d)} - y_{(d)}|",
            meanings={
                "x_{(d)}": "the d-th smallest prediction",
                "y_{(d)}": "the d-th smallest target",
                "D": "the size of each sample",
            },
        ),
    ),
    sections=(
        Section(
            axis=RESIDUAL,
            label="one prediction",
            span=RESIDUAL.span,
            inputs=lambda t, y: {"input": [t, 1.0], "target": [0.0, y]},
            branches={"targets 0 and 1": 1.0, "targets 0 and 2": 2.0},
            perfect={"targets 0 and 1": 0.0},
            kinks=(lambda: 0, lambda: 1, lambda: 2),
            note="A sample of two. The other prediction is 1; the targets are 0 and 1, or 0 and 2.",
            caption="Zero where the samples match. At 1 the two predictions change their places in the order. With targets "
            "of 0 and 2 this turns the slope round: there are two valleys, one for each target. The slope is one "
            "over the size of the sample, on both sides.",
        ),
    ),
    example={"input": [0.5, 3.0, 1.0], "target": [1.0, 0.0, 2.0]},
    side_by_side={"two-normals": 'functional.wasserstein_1d(sample_q, sample_p, reduction="none")'},
    properties={
        "convex": False,
        "smoothness": "C0",
        "lipschitz": 0.5,
        "bounded": False,
        "value_at_perfect": 0,
        "redescending": False,
    },
)
