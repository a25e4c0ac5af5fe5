r"""NT-Xent (SimCLR)

Takes two views of each example as vectors, and charges each of them the cross-entropy of finding the other by its cosine
among all vectors of the batch.

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

import numpy as np
import torch
import torch.nn.functional as F

from lossary.declaration import (
    ANGLE_AXIS,
    POSITIVE,
    Input,
    Kind,
    Loss,
    Parameter,
    Precision,
    Section,
    Symbolic,
    cos,
    exp,
    indicator,
    log,
    per,
    sin,
    sqrt,
    sum_over,
    terms,
    unequal,
)
from lossary.declaration.values import Arrays, Setting


def nt_xent(input: torch.Tensor, *, temperature: float = 0.5, reduction: str = "mean") -> torch.Tensor:
    count = input.shape[-2]
    if count % 2:
        raise ValueError(f"rows k and k + N are a pair, so their number must be even, got {count}")
    size = input.detach().abs().amax(-1, keepdim=True)  # no square overflows or vanishes once it is divided by
    unit = F.normalize(input / size.masked_fill(size == 0, 1), dim=-1, eps=0.5)
    itself = torch.eye(count, dtype=torch.bool, device=input.device)
    logits = (unit @ unit.mT / temperature).masked_fill(itself, -torch.inf)
    partner = (unit * unit.roll(count // 2, -2)).sum(-1) / temperature
    loss = (logits.logsumexp(-1) - partner).mean(-1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _batches(setting: Setting) -> list[Arrays]:
    """Two and four vectors, short and long, close together and in opposite directions."""
    rng = np.random.default_rng(5)
    made: list[Arrays] = []
    for shape in ((2, 3), (4, 2), (6, 3)):
        drawn = [scale * rng.normal(size=shape) for scale in (1e-3, 1.0, 1.0, 1.0, 1e3)]
        close = [np.ones(shape) + 0.1 * rng.normal(size=shape), np.ones(shape)]
        opposite = np.ones(shape) * np.where(np.arange(shape[0]) < shape[0] // 2, 1, -1)[:, None]
        made.append({"input": np.stack([*drawn, *close, opposite])})
    return made


VIEWS = Kind("vectors, two for each example", dims=("C", "D"), sampler="vector", takes="vectors")

loss = Loss(
    function=nt_xent,
    tasks=("embeddings",),
    batches=_batches,
    inputs=(Input("input", "x", (VIEWS,), "(2N, D)", "the vectors: rows k and k + N are two views of one example"),),
    parameters=(
        Parameter(
            "temperature",
            0.5,
            "what the cosines are divided by",
            range=POSITIVE,
            typical=(0.1, 0.5, 1.0),
            symbol="tau",
        ),
    ),
    reductions=per("batch", "the number of batches, which is 1 for inputs of two dimensions"),
    formulas=(
        Symbolic(
            where={
                "n": lambda x, c, i, D: sqrt(sum_over(i, x[c, i] ** 2, D)),
                "cosine": lambda x, c, d, i, D, n: sum_over(i, x[c, i] * x[d, i], D) / (n[c] * n[d]),
                "total": lambda c, k, C, cosine, tau: sum_over(k, exp(cosine[c, k] / tau), C, where=unequal(k, c)),
                "pull": lambda c, d, C, cosine, total, tau: (
                    exp(cosine[c, d] / tau) / total[c]
                    + exp(cosine[c, d] / tau) / total[d]
                    - 2 * indicator(2 * abs(c - d), C)
                ),
            },
            notation={"n": "n", "cosine": "s", "total": "Z", "pull": "w"},
            meanings={
                "n": "the length of a vector",
                "cosine": "the cosine of two vectors",
                "total": "the total over all other vectors",
                "pull": "how hard two vectors push each other apart",
                "C": "the number of vectors, twice that of the examples",
                "c": "runs over the vectors",
                "k": "runs over the vectors",
                "i": "runs over the coordinates",
                "tau": "the temperature",
            },
            value=lambda c, k, C, cosine, total, tau: (
                sum_over(
                    c,
                    log(total[c])
                    - sum_over(k, indicator(2 * abs(c - k), C) * cosine[c, k], C) / tau,
                    C,
                )
                / C
            ),
            gradient={
                "input": lambda x, c, d, k, C, n, cosine, pull, tau: (
                    sum_over(k, pull[c, k] * (x[k, d] / n[k] - cosine[c, k] * x[c, d] / n[c]), C, where=unequal(k, c))
                    / (C * tau * n[c])
                )
            },
        ),
    ),
    precision=Precision(
        size=lambda tau: 1 / tau, why="it subtracts two numbers of the size of a cosine over the temperature"
    ),
    sections=(
        Section(
            axis=ANGLE_AXIS,
            label=ANGLE_AXIS.label,
            span=ANGLE_AXIS.span,
            inputs=lambda t, y: {"input": [[1, 0, 0], [0, 0, 1], [cos(t), sin(t), 0], [0, 0, 1]]},
            branches={"": 0},
            perfect=0.0,
            limits=ANGLE_AXIS.span,
            note="Two examples. The second view of the first one turns away; the two views of the second one are equal and at a right angle to both.",
            caption="Hm.",
        ),
    ),
    example={"input": [[1.0, 0.0], [0.0, 1.0], [0.8, 0.6], [-0.6, 0.8]]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "bounded": True,
    },
)
