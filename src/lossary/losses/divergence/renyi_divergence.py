r"""Rényi divergence

A family of divergences between a target distribution and a prediction; the order `alpha` sets how much the outcomes
count whose probability is most underestimated.

## When to use it

- Privacy accounting and variational bounds, which are stated in this divergence.
- You want a [[kl_div]] that is stricter about outcomes the prediction misses (`alpha` above 1) or more lenient (below 1).

## When not to

- There is no reason for an order other than 1: [[kl_div]] is its limit there and needs no logarithm of a sum.
- Orders above 1 and predictions near zero: the divergence grows without bound.

## Pitfalls

### The order 1 is a limit, not a value

At `alpha=1` the formula is 0 divided by 0. Use [[kl_div]] there. Close to 1 in float32, rounding is divided by a tiny
number.

```python
prediction = torch.tensor([0.5, 0.3, 0.2])
target = torch.tensor([0.2, 0.3, 0.5])

for alpha in (2.0, 1.01, 1.000001, 1.0):
    powers = alpha * target.log() + (1 - alpha) * prediction.log()
    print(f"alpha {alpha}: {(powers.logsumexp(0) / (alpha - 1)).item():.4f}")
print(f"KL: {F.kl_div(prediction.log(), target, reduction='sum').item():.4f}")
```

```output
alpha 2.0: 0.4886
alpha 1.01: 0.2774
alpha 1.000001: 0.2980
alpha 1.0: nan
KL: 0.2749
```

### The order of the arguments matters

The target is the first distribution, raised to `alpha`. At one half the two directions agree; at 2 they do not.

```python
prediction = torch.tensor([0.5, 0.4, 0.1])
target = torch.tensor([0.2, 0.3, 0.5])

for alpha in (0.5, 2.0):
    both = [
        ((p.pow(alpha) * q.pow(1 - alpha)).sum().log() / (alpha - 1)).item()
        for p, q in ((target, prediction), (prediction, target))
    ]
    print(f"alpha {alpha:g}: {both[0]:.4f} and {both[1]:.4f}")
```

```output
alpha 0.5: 0.2415 and 0.2415
alpha 2: 1.0314 and 0.5896
```

## Relations

Close to order 1 it is [[kl_div]].

    (q**1.0001 * p**-0.0001).sum(1).log().mean() / 0.0001 == F.kl_div(p.log(), q, reduction="batchmean")  # within 1e-2
"""

import torch

from lossary.declaration import (
    PER_SAMPLE,
    POSITIVE,
    POSITIVE_DISTRIBUTION,
    PROBABILITY_AXIS,
    Input,
    Loss,
    Parameter,
    Precision,
    Section,
    Symbolic,
    log,
    sum_over,
    terms,
)


def renyi_divergence(
    input: torch.Tensor, target: torch.Tensor, *, alpha: float = 2.0, reduction: str = "mean"
) -> torch.Tensor:
    loss = (alpha * target.log() + (1 - alpha) * input.log()).logsumexp(-1) / (alpha - 1)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=renyi_divergence,
    aliases=terms("Renyi divergence; alpha-divergence of Rényi"),
    tasks=("distributions",),
    search_terms=terms("renyi differential privacy; divergence of order alpha; generalised KL divergence"),
    concepts={
        "alpha equal to 1; KL as a limit": "The order 1",
        "asymmetry; which distribution comes first": "The order of the arguments",
        "order of the divergence": "alpha",
    },
    inputs=(
        Input(
            "input", "x", (POSITIVE_DISTRIBUTION,), "(*, C)", "the predicted probabilities, above 0: softmax gives them"
        ),
        Input("target", "y", (POSITIVE_DISTRIBUTION,), "(*, C), same as input", "the true probabilities, above 0"),
    ),
    parameters=(Parameter("alpha", 2.0, "the order: above 0, and not 1", range=POSITIVE, typical=(0.5, 2.0, 3.0)),),
    reductions=PER_SAMPLE,
    formulas=(
        Symbolic(
            value=lambda x, y, c, C, alpha: log(sum_over(c, y[c] ** alpha * x[c] ** (1 - alpha), C)) / (alpha - 1),
            gradient={
                "input": lambda x, y, c, i, C, alpha: (
                    -((y[c] / x[c]) ** alpha) / sum_over(i, y[i] ** alpha * x[i] ** (1 - alpha), C)
                ),
                "target": lambda x, y, c, i, C, alpha: (
                    alpha
                    / (alpha - 1)
                    * (y[c] / x[c]) ** (alpha - 1)
                    / sum_over(i, y[i] ** alpha * x[i] ** (1 - alpha), C)
                ),
            },
        ),
    ),
    precision=Precision(
        absolute=1.0, why="the logarithm is taken of a sum near 1 where the prediction meets the target"
    ),
    sections=(
        Section(
            axis=PROBABILITY_AXIS,
            label="predicted probability of the first outcome",
            span=(0.03, 0.97),
            inputs=lambda t, y: {"input": [t, 1 - t], "target": [y, 1 - y]},
            branches={"": 0.3},
            perfect=0.3,
            limits=(0.0, 1.0),
            target_values="unit",
            note="Two outcomes. The target gives 0.3 to the first one.",
            caption="Zero where the prediction meets the target. The larger alpha, the higher the price for an outcome "
            "whose probability is too small.",
        ),
    ),
    example={
        "input": [[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]],
        "target": [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]],
    },
    properties={
        "smoothness": "Cinf",
        "bounded": False,
        "value_at_perfect": 0,
    },
)
