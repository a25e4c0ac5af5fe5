r"""Hellinger distance

The distance between the square roots of two distributions, scaled so that it lies between 0, where they agree, and 1,
where they share no outcome.

## When to use it

- The prediction may rule out an outcome that the target does not, where [[kl_div]] is infinite, and you want a distance
  that stays at most 1.
- Rare outcomes should count: a square root raises small probabilities, so they weigh more than in
  [[total_variation|total variation distance]].

## When not to

- The target is fixed and you fit a model to it: [[kl_div]] and [[cross_entropy]] keep a strong gradient however far the
  prediction is off.
- You need a loss that is smooth where the two agree: the distance has a kink there, its square has none.
  [[js_divergence]] is smooth there.

## Pitfalls

### Distance and squared distance are both in use

Some texts leave out the factor of one half, and some call the square the Hellinger distance. The square is 1 minus the
Bhattacharyya coefficient, the sum of the roots of the products. Say which one you report.

```python
prediction = torch.tensor([0.5, 0.3, 0.2])
target = torch.tensor([0.2, 0.3, 0.5])
square = (prediction.sqrt() - target.sqrt()).square().sum()

print("distance, at most 1      ", (square / 2).sqrt())
print("square, at most 1        ", square / 2)
print("1 minus the coefficient  ", 1 - (prediction * target).sqrt().sum())
print("distance without one half", square.sqrt())
```

```output
distance, at most 1       tensor(0.2599)
square, at most 1         tensor(0.0675)
1 minus the coefficient   tensor(0.0675)
distance without one half tensor(0.3675)
```

### A plain square root gives NaN where the two agree

There the slope of the root is infinite and that of the squares is 0; their product is NaN. The vector norm has the
gradient 0 at that point, and the function on this page uses it.

```python
from lossary.functional import hellinger

target = torch.tensor([0.2, 0.3, 0.5])
prediction = target.clone().requires_grad_()

plain = ((prediction.sqrt() - target.sqrt()).square().sum() / 2).sqrt()
print("plain root", torch.autograd.grad(plain, prediction)[0])
print("hellinger ", torch.autograd.grad(hellinger(prediction, target), prediction)[0])
```

```output
plain root tensor([nan, nan, nan])
hellinger  tensor([0., 0., 0.])
```

### A prediction of zero has no finite gradient

The slope of the square root is infinite at 0, and NaN where the target is 0 as well. A softmax in float32 gives exact
zeros for scores that lie far apart, and passes NaN on in either case. Clamp the prediction from below; an outcome that was
clamped gets no gradient.

```python
from lossary.functional import hellinger

scores = torch.tensor([0.0, 200.0], requires_grad=True)

for target in (torch.tensor([0.5, 0.5]), torch.tensor([0.0, 1.0])):
    prediction = scores.softmax(0)
    slopes = torch.autograd.grad(hellinger(prediction, target), (prediction, scores))
    held = scores.softmax(0).clamp(min=1e-7)
    print("target ", target)
    print("  prediction", slopes[0])
    print("  scores    ", slopes[1])
    print("  clamped   ", torch.autograd.grad(hellinger(held, target), scores)[0].abs())
```

```output
target  tensor([0.5000, 0.5000])
  prediction tensor([  -inf, 0.1353])
  scores     tensor([nan, nan])
  clamped    tensor([0., 0.])
target  tensor([0., 1.])
  prediction tensor([nan, 0.])
  scores     tensor([nan, nan])
  clamped    tensor([0., 0.])
```

## Relations

Its square is 1 minus the exponential of minus half the [[renyi_divergence|Rényi divergence]] of order 1/2.

    functional.hellinger(p, q, reduction="none") ** 2 ==
        1 - (-functional.renyi_divergence(p, q, alpha=0.5, reduction="none") / 2).exp()

The distance between two distributions that share no outcome is 1, as is their [[total_variation|total variation]].

    functional.hellinger(torch.tensor([[0.3, 0.7, 0.0]]), torch.tensor([[0.0, 0.0, 1.0]])) ==
        functional.total_variation(torch.tensor([[0.3, 0.7, 0.0]]), torch.tensor([[0.0, 0.0, 1.0]]))  # within 1e-6

## References

- Alison L. Gibbs and Francis Edward Su (2002). On Choosing and Bounding Probability Metrics. *International Statistical
  Review 70(3), 419-435*. doi:10.1111/j.1751-5823.2002.tb00178.x
"""

import math

import numpy as np
import torch

from lossary.declaration import (
    DISTRIBUTION_STEEP_AT_ZERO,
    Precision,
    Symbolic,
    cases,
    divergence_loss,
    sqrt,
    sum_over,
    terms,
)
from lossary.declaration.values import Arrays, Setting


def hellinger(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    # The difference of the roots, without cancellation. The norm's gradient is 0 where the two agree.
    roots = (input.sqrt() + target.sqrt()).clamp(min=torch.finfo(input.dtype).tiny)
    loss: torch.Tensor = torch.linalg.vector_norm((input - target) / roots, dim=-1) / math.sqrt(2)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _batches(setting: Setting) -> list[Arrays]:
    """Pairs of distributions that differ, for where they agree there is a corner; some nearly, some in all."""
    rng = np.random.default_rng(5)
    made: list[Arrays] = []
    for size in (2, 3, 5):
        rows = [rng.dirichlet(np.full(size, spread)) for spread in (2.0, 5.0, 50.0) for _ in range(14)]
        sure = np.where(np.eye(size)[0] > 0, 1 - (size - 1) * 1e-12, 1e-12)
        first, other = np.array([*rows, sure]), np.array([*reversed(rows), np.full(size, 1 / size)])
        made.append({"input": np.maximum(first, 1e-300), "target": np.maximum(other, 1e-300)})
    return made


loss = divergence_loss(
    function=hellinger,
    aliases=terms("Hellinger loss; Hellinger metric"),
    tasks=("distributions",),
    search_terms=terms(
        "distance between square roots of probabilities; Bhattacharyya coefficient; bounded metric; "
        "difference of square roots of probabilities; Bhattacharyya distance; "
        "bounded symmetric distance of distributions; fidelity; "
        "L2 distance of square roots of probabilities; "
        "metric between probability distributions; square roots of histograms; "
        "sum (sqrt p - sqrt q)^2"
    ),
    concepts={
        "squared Hellinger distance; factor one half; Bhattacharyya coefficient": "Distance and squared distance",
        "nan gradient; square root at zero": "A plain square root",
        "infinite gradient; softmax underflow": "A prediction of zero",
    },
    answers={
        "distributions/outcomes/bounded": ("The prediction may rule", "You need a loss that"),
    },
    batches=_batches,
    predicted=DISTRIBUTION_STEEP_AT_ZERO,
    true=DISTRIBUTION_STEEP_AT_ZERO,
    formula=Symbolic(
        where={
            "distance": lambda x, y, c, C: sqrt(sum_over(c, ((x[c] - y[c]) / (sqrt(x[c]) + sqrt(y[c]))) ** 2, C) / 2)
        },
        notation={"distance": r"\ell"},
        meanings={"distance": "the loss"},
        value=lambda x, y, c, C: sqrt(sum_over(c, ((x[c] - y[c]) / (sqrt(x[c]) + sqrt(y[c]))) ** 2, C) / 2),
        gradient={
            "input": lambda x, y, c, distance: cases(
                ((x[c] - y[c]) / (4 * distance * sqrt(x[c]) * (sqrt(x[c]) + sqrt(y[c]))), distance > 0), (0, True)
            ),
            "target": lambda x, y, c, distance: cases(
                ((y[c] - x[c]) / (4 * distance * sqrt(y[c]) * (sqrt(x[c]) + sqrt(y[c]))), distance > 0), (0, True)
            ),
        },
    ),
    precision=Precision(absolute=1.0, why="it is a difference of square roots where the prediction meets the target"),
    corner=True,
    caption="A kink where the prediction meets the target, steep at both ends, and never above 1.",
    properties={
        "convex": False,
        "smoothness": "C0",
        "lipschitz": "inf",
        "bounded": True,
        "symmetric": True,
    },
)
