r"""Triplet loss (squared distance)

Compares an anchor with a positive and a negative vector by their squared distances: the negative's should be larger than
the positive's by a margin, and the loss is how far it falls short.

## When to use it

- Faces

## When not to

- The classes are all that is ever asked for: [[cross_entropy]].

## Pitfalls

### a

b

```python
print(1)
```

```output
1
```
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    DISTANCE_AXIS,
    NOT_NEGATIVE,
    VECTOR,
    HeatMap,
    Input,
    Loss,
    Parameter,
    Precision,
    Scene,
    Section,
    Study,
    Symbolic,
    cases,
    maximum,
    per,
    sqrt,
    sum_over,
    terms,
)


def triplet(
    anchor: torch.Tensor,
    positive: torch.Tensor,
    negative: torch.Tensor,
    *,
    alpha: float = 0.2,
    reduction: str = "mean",
) -> torch.Tensor:
    # |a - p|² - |a - n|², but long distances are not squared before they are subtracted
    excess = ((negative - positive) * ((anchor - positive) + (anchor - negative))).sum(-1)
    loss = F.relu(excess + alpha)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=triplet,
    tasks=("embeddings", "ranking"),
    inputs=(
        Input("anchor", "anchor", (VECTOR,), "(*, D)", "the vectors that the others are compared with"),
        Input("positive", "positive", (VECTOR,), "(*, D), same as anchor", "for each anchor, a vector that should be near"),
        Input(
            "negative",
            "negative",
            (VECTOR,),
            "(*, D), same as anchor",
            "for each anchor, a vector that should be farther away",
        ),
    ),
    parameters=(
        Parameter(
            "alpha",
            0.2,
            "by how much the squared distance of the negative must be larger than that of the positive",
            range=NOT_NEGATIVE,
            typical=(0.2, 0.5, 1.0),
        ),
    ),
    formulas=(
        Symbolic(
            where={
                "nearby": lambda d, anchor, positive, D: sum_over(d, (anchor[d] - positive[d]) ** 2, D),
                "away": lambda d, anchor, negative, D: sum_over(d, (anchor[d] - negative[d]) ** 2, D),
            },
            notation={"nearby": "d_{+}^2", "away": "d_{-}^2"},
            meanings={
                "nearby": "the squared distance from the anchor to the positive",
                "away": "the squared distance from the anchor to the negative",
                "alpha": "the margin",
            },
            value=lambda nearby, away, alpha: maximum(0, nearby - away + alpha),
            gradient={
                "anchor": lambda nearby, away, alpha, positive, negative, d: cases(
                    (2 * (negative[d] - positive[d]), nearby - away + alpha > 0), (0, True)
                ),
                "positive": lambda nearby, away, alpha, anchor, positive, d: cases(
                    (-2 * (anchor[d] - positive[d]), nearby - away + alpha > 0), (0, True)
                ),
                "negative": lambda nearby, away, alpha, anchor, negative, d: cases(
                    (2 * (anchor[d] - negative[d]), nearby - away + alpha > 0), (0, True)
                ),
            },
        ),
    ),
    precision=Precision(
        size=lambda d, anchor, positive, negative, alpha, D: (
            alpha + sum_over(d, (abs(anchor[d]) + abs(positive[d]) + abs(negative[d])) ** 2, D)
        ),
        why="it is a difference of two squared distances, and these are made of differences of the vectors",
    ),
    sections=(
        Section(
            axis=DISTANCE_AXIS,
            label="distance of the negative",
            span=(0.0, 3.0),
            inputs=lambda t, y: {"anchor": [0], "positive": [1], "negative": [t]},
            branches={"": 0.0},
            perfect=float("inf"),
            limits=(0.0, float("inf")),
            kinks=(lambda alpha: sqrt(1 + alpha),),
            note="The positive is at distance 1, and the negative moves away from the anchor.",
            caption="Hm.",
        ),
    ),
    reductions=per("triplet"),
    example={
        "anchor": [[0.0, 0.0], [0.6, 0.8], [1.0, 0.0]],
        "positive": [[0.6, 0.8], [0.8, 0.6], [0.0, 1.0]],
        "negative": [[0.8, 0.0], [-0.6, 0.8], [0.6, -0.8]],
    },
    properties={
        "convex": False,
        "smoothness": "C0",
        "lipschitz": lambda alpha: 2 * sqrt(1 + alpha),
        "gradient_lipschitz": "inf",
        "value_at_perfect": 0,
    },
)
