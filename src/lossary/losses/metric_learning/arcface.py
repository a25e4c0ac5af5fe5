r"""ArcFace

Takes the cosines between a vector and one direction per class, adds a margin to the angle of the true class, and charges
the cross-entropy of the scaled cosines.

## When to use it

- Faces, products or species are to be told apart by the angle between vectors, also those that no training image showed.

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

import math

import torch
import torch.nn.functional as F

from lossary.declaration import Parameter, Precision, Range, angular_margin_loss, cos, sin, sqrt, terms


def arcface(
    input: torch.Tensor, target: torch.Tensor, *, s: float = 64.0, m: float = 0.5, reduction: str = "mean"
) -> torch.Tensor:
    true = target.unsqueeze(-1)
    bound = 1 - torch.finfo(input.dtype).eps  # at 1 the sine has no finite slope, and beyond it no value
    cosine = input.gather(-1, true).clamp(-bound, bound)
    sine = ((1 - cosine) * (1 + cosine)).sqrt()
    lowered = math.cos(m) * cosine - math.sin(m) * sine  # the cosine of the angle plus m
    return F.cross_entropy(s * input.scatter(-1, true, lowered), target, reduction=reduction)


loss = angular_margin_loss(
    function=arcface,
    aliases=terms("additive angular margin"),
    lowered=lambda x, y, margin: cos(margin) * x[y] - sin(margin) * sqrt(1 - x[y] ** 2),
    slope=lambda x, y, margin: cos(margin) + sin(margin) * x[y] / sqrt(1 - x[y] ** 2),
    meaning="the cosine of the angle to the true class plus the margin",
    margin=Parameter(
        "m",
        0.5,
        "what is added to the angle of the true class, in radians",
        range=Range(lower=0.0, upper=math.pi),
        typical=(0.0, 0.3, 0.5),
        symbol="margin",
    ),
    precision=Precision(
        size=lambda x, y, scale: scale * (1 + 1 / sqrt(1 - x[y] ** 2)),
        why="it subtracts two numbers of the size of the scale, a logit and a total, and the slope of the angle multiplies "
        "what is left",
    ),
    caption="Hm.",
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "bounded": True,
        "value_at_perfect": 0,
    },
)
