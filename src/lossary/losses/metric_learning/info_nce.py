r"""InfoNCE

Takes the similarities between a query and several candidates, of which one is its partner, divides them by a temperature,
and charges the cross-entropy of picking the partner.

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
    CLASS_INDEX,
    POSITIVE,
    Axis,
    Input,
    Kind,
    Loss,
    Parameter,
    Precision,
    Section,
    Symbolic,
    exp,
    indicator,
    log,
    per,
    sum_over,
    terms,
)


def info_nce(
    input: torch.Tensor, target: torch.Tensor, *, temperature: float = 0.07, reduction: str = "mean"
) -> torch.Tensor:
    return F.cross_entropy(input / temperature, target, reduction=reduction)


SIMILARITIES = Kind("similarities, one for each candidate", dims=("C",), sampler="logits", takes="scores")
SIMILARITY_AXIS = Axis("similarity", "similarity of the partner", (-1.0, 1.0), 16.0, (-16.0, 1.0))

loss = Loss(
    function=info_nce,
    tasks=("embeddings", "ranking"),
    inputs=(
        Input("input", "x", (SIMILARITIES,), "(C) or (N, C)", "the similarity of each query with each candidate"),
        Input("target", "y", (CLASS_INDEX,), "() or (N)", "which candidate is the query's partner"),
    ),
    parameters=(
        Parameter(
            "temperature",
            0.07,
            "what the similarities are divided by",
            range=POSITIVE,
            typical=(0.07, 0.2, 1.0),
            symbol="tau",
        ),
    ),
    reductions=per("query", "the number of queries"),
    formulas=(
        Symbolic(
            where={"p": lambda x, c, j, C, tau: exp(x[c] / tau) / sum_over(j, exp(x[j] / tau), C)},
            meanings={
                "p": "the softmax of the similarities over the temperature",
                "C": "the number of candidates",
                "c": "runs over the candidates",
                "j": "runs over the candidates",
                "tau": "the temperature",
            },
            value=lambda p, y: -log(p[y]),
            gradient={"input": lambda p, y, c, tau: (p[c] - indicator(c, y)) / tau},
        ),
    ),
    precision=Precision(
        size=lambda x, j, C, tau: (1 + sum_over(j, abs(x[j]), C)) / tau,
        why="it subtracts two numbers of the size of the similarities over the temperature",
    ),
    sections=(
        Section(
            axis=SIMILARITY_AXIS,
            label="similarity of the partner",
            span=(-1.0, 1.0),
            inputs=lambda t, y: {"input": [t, 0, 0], "target": y},
            branches={"": 0},
            perfect=float("inf"),
            note="Three candidates. The similarities of the other two stay at 0.",
            caption="Hm.",
        ),
    ),
    example={"input": [[0.9, 0.1, -0.2], [0.3, 0.7, 0.4], [0.0, 0.5, 0.6]], "target": [0, 1, 2]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": lambda tau: 1 / tau,
        "gradient_lipschitz": lambda tau: 1 / (4 * tau**2),
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": lambda tau: (-1 / tau, 0),
    },
)
