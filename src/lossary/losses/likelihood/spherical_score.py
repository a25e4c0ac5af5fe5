r"""Spherical score

Minus the predicted probability of the true class, divided by the length of the whole vector of probabilities: a strictly
proper score between -1 and 0.

## When to use it

- You judge probabilities of several classes with a bounded score that also looks at how the rest is spread.
- Labels are noisy, and a confident answer to a wrong label should cost a limited amount, unlike under [[nll]].

## When not to

- You train a network with a softmax from scratch. Where it is confidently wrong the gradient fades; [[cross_entropy]]
  keeps it.
- Somebody is to read the value. The [[brier|Brier score]] is bounded too and is a plain squared distance.

## Pitfalls

### It is negative, and -1 is the best

The sign is turned so that the score can be minimised. An even forecast over C classes has
minus one over the root of C.

```python
from lossary.functional import spherical_score

forecast = torch.tensor([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.0, 1.0, 0.0]])
print(spherical_score(forecast, torch.zeros(3, dtype=torch.long), reduction="none"))
```

```output
tensor([-1.0000, -0.5774, -0.0000])
```

### The length of the input does not matter

Any positive multiple of the probabilities gives the same value, so the loss does not see that an input fails to add up to
one. Apply a softmax; do not pass logits, whose negative numbers run without an error.

```python
from lossary.functional import spherical_score

p, target = torch.tensor([[0.7, 0.2, 0.1]]), torch.tensor([0])
for name, input in (("probabilities", p), ("ten times", 10 * p), ("logits", p.log())):
    print(name, round(spherical_score(input, target).item(), 4))
```

```output
probabilities -0.9526
ten times -0.9526
logits 0.126
```

### Confidently wrong, it hardly pulls

Through a softmax the gradient fades where the true class has almost no probability. Cross-entropy's does not.

```python
from lossary.functional import spherical_score

logits, target = torch.tensor([[-12.0, 0.0, -1.0]], requires_grad=True), torch.tensor([0])
losses = {"spherical": spherical_score(logits.softmax(1), target), "cross-entropy": F.cross_entropy(logits, target)}
for name, value in losses.items():
    print(name, f"{torch.autograd.grad(value, logits)[0][0, 0].item():.1e}")
```

```output
spherical -5.8e-06
cross-entropy -1.0e+00
```

## Relations

On average over the true distribution the best value is minus the length of that distribution, while the average of
[[nll]] is its entropy.

    (q * torch.stack([functional.spherical_score(q, torch.full((8,), c), reduction="none") +
        F.nll_loss(q.log(), torch.full((8,), c), reduction="none") for c in range(5)], 1)).sum(1) ==
        torch.special.entr(q).sum(1) - q.norm(dim=1)

## References

- Tilmann Gneiting and Adrian E. Raftery (2007). Strictly Proper Scoring Rules, Prediction, and Estimation. *Journal of
  the American Statistical Association 102, 359-378*. doi:10.1198/016214506000001437
"""

import numpy as np
import torch

from lossary.declaration import (
    CLASS_INDEX,
    DISTRIBUTION,
    PER_SAMPLE,
    Input,
    Loss,
    Precision,
    Symbolic,
    indicator,
    probability_section,
    sqrt,
    sum_over,
    terms,
)
from lossary.declaration.values import Arrays, Setting


def spherical_score(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    # the largest is divided out, so that no square underflows; the score is that of any multiple
    p = input / input.detach().abs().amax(-1, keepdim=True)
    loss: torch.Tensor = -p.gather(-1, target.unsqueeze(-1)).squeeze(-1) / p.square().sum(-1).sqrt()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _batches(setting: Setting) -> list[Arrays]:
    """Distributions from even to certain, each with every class as the true one."""
    rng = np.random.default_rng(5)
    made: list[Arrays] = []
    for size in (2, 3, 5):
        drawn = [rng.dirichlet(np.full(size, spread)) for spread in (0.3, 1.0, 5.0, 50.0) for _ in range(5)]
        near = [np.where(np.eye(size)[0] > 0, 1 - (size - 1) * rest, rest) for rest in (1e-12, 1e-30)]
        rows = [np.full(size, 1 / size), *np.eye(size)[[0, -1]], *near, *drawn]
        made.append({"input": np.repeat(rows, size, axis=0), "target": np.tile(np.arange(size), len(rows))})
    return made


loss = Loss(
    function=spherical_score,
    aliases=terms("spherical loss; spherical scoring rule"),
    tasks=("multi-class",),
    search_terms=terms(
        "bounded proper scoring rule; normalised probability score; strictly proper score for classes; "
        "probability divided by the norm of the vector; proper score other than the logarithm; "
        "forecasters cannot gain by lying; "
        "probability divided by the norm of the forecast; strictly proper score besides log and quadratic; "
        "pseudo-spherical scoring rule; cosine of forecast and outcome"
    ),
    concepts={
        "negative value; best value": "It is negative",
        "unnormalised probabilities; logits as input": "The length of the input",
        "vanishing gradient": "Confidently wrong",
    },
    answers={
        "multi-class/probability/normalised": ("You judge probabilities", "You train a network"),
    },
    inputs=(
        Input("input", "p", (DISTRIBUTION,), "(N, C) or (C)", "the predicted probabilities: apply a softmax first"),
        Input("target", "y", (CLASS_INDEX,), "(N) or ()", "the true class"),
    ),
    batches=_batches,
    reductions=PER_SAMPLE,
    formulas=(
        Symbolic(
            value=lambda p, y, i, C: -p[y] / sqrt(sum_over(i, p[i] ** 2, C)),
            gradient={
                "input": lambda p, y, c, i, C: (
                    p[y] * p[c] / sqrt(sum_over(i, p[i] ** 2, C)) ** 3
                    - indicator(c, y) / sqrt(sum_over(i, p[i] ** 2, C))
                )
            },
        ),
    ),
    precision=Precision(absolute=1.0, why="the terms of its gradient cancel where one class is nearly certain"),
    sections=(
        probability_section(
            inputs=lambda t, y: {"input": [t, (1 - t) / 2, (1 - t) / 2], "target": y},
            label="probability of the true class",
            note="Three classes. The other two share what is left of the probability.",
            caption="From 0, where the true class is ruled out, to -1, where it is certain. The slope is steepest in between "
            "and vanishes at the right end.",
        ),
        probability_section(
            inputs=lambda t, y: {"input": [1 - t, t], "target": y},
            label="probability of class 1, with two classes",
            branches={"target 1": 1, "target 0": 0},
            note="Two classes, for each of the two labels.",
            caption="With two classes the curves of the labels are mirror images.",
        ),
    ),
    example={"input": [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]], "target": [0, 1]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "bounded": True,
        "value_at_perfect": -1,
        "elicits": "mean",
        "proper": "strictly proper",
        "calibrated": True,
    },
)
