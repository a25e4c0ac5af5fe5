r"""Contrastive loss

Takes the distance of the two members of a pair: a similar pair pays half its square, a dissimilar one half the square of
how far it falls short of a margin.

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
    BINARY,
    DISTANCE_AXIS,
    POSITIVE,
    REAL,
    Input,
    Kind,
    Loss,
    Parameter,
    Section,
    Symbolic,
    maximum,
    per,
    terms,
)


def contrastive(
    input: torch.Tensor, target: torch.Tensor, *, margin: float = 1.0, reduction: str = "mean"
) -> torch.Tensor:
    gap = F.relu(margin - input)
    # a label of 0 takes its term out before the square can overflow
    loss = ((1 - target) * input * input + target * gap * gap) / 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


DISTANCE = Kind("distances (any real number is taken)", values=REAL.values, takes="distances")

loss = Loss(
    function=contrastive,
    tasks=("embeddings",),
    inputs=(
        Input("input", "x", (DISTANCE,), "(*)", "the distance of the two members of each pair"),
        Input("target", "y", (BINARY,), "(*), same as input", "0 where the pair is similar, 1 where it is not"),
    ),
    parameters=(
        Parameter(
            "margin",
            1.0,
            "the distance from which on a dissimilar pair costs nothing",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
    ),
    formulas=(
        Symbolic(
            where={"gap": lambda x, margin: maximum(0, margin - x)},
            notation={"gap": "g"},
            meanings={"gap": "how far the distance falls short of the margin"},
            value=lambda x, y, gap: (1 - y) * x**2 / 2 + y * gap**2 / 2,
            gradient={
                "input": lambda x, y, gap: (1 - y) * x - y * gap,
                "target": lambda x, gap: (gap**2 - x**2) / 2,
            },
        ),
    ),
    sections=(
        Section(
            axis=DISTANCE_AXIS,
            label="distance, input",
            span=(0.0, 3.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"similar, label 0": 0.0, "dissimilar, label 1": 1.0},
            perfect={"similar, label 0": 0.0, "dissimilar, label 1": float("inf")},
            limits=(0.0, float("inf")),
            kinks=(lambda margin: margin,),
            note="One pair.",
            caption="Hm.",
        ),
    ),
    reductions=per("pair"),
    example={"input": [0.2, 1.5, 0.4, 2.0], "target": [0.0, 0.0, 1.0, 1.0]},
    properties={
        "convex": True,
        "smoothness": "C1",
        "lipschitz": "inf",
        "gradient_lipschitz": 1,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (0, "inf"),
    },
)
