r"""CosFace

Takes the cosines between a vector and one direction per class, subtracts a margin from the cosine of the true class, and
charges the cross-entropy of the scaled cosines.

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

from lossary.declaration import Parameter, Range, angular_margin_loss, terms


def cosface(
    input: torch.Tensor, target: torch.Tensor, *, s: float = 64.0, m: float = 0.35, reduction: str = "mean"
) -> torch.Tensor:
    true = target.unsqueeze(-1)
    lowered = input.gather(-1, true) - m
    return F.cross_entropy(s * input.scatter(-1, true, lowered), target, reduction=reduction)


loss = angular_margin_loss(
    function=cosface,
    aliases=terms("additive angular margin"),
    lowered=lambda x, y, margin: x[y] - margin,
    slope=lambda: 1,
    meaning="the cosine of the angle to the true class less the margin",
    margin=Parameter(
        "m",
        0.35,
        "what is subtracted from the cosine of the true class",
        range=Range(lower=0.0, upper=2.0),
        typical=(0.0, 0.2, 0.35),
        symbol="margin",
    ),
    caption="Hm.",
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "bounded": True,
        "value_at_perfect": 0,
    },
)
