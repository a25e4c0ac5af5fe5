r"""Andrews' sine wave

Half the squared error for small residuals, bent as a cosine until it is flat at a times pi: the pull is a sine, and zero
beyond.

## When to use it

- A robust fit by reweighting in which gross errors have no influence, with residuals divided by a robust estimate of
  their spread. It is close to [[tukey_biweight|Tukey biweight]] and chosen where an earlier analysis used it.

## When not to

- The fit starts far from the data: beyond `a` times pi the gradient is exactly zero. Begin with [[huber]].
- You want a continuous second derivative. It jumps at the edge; that of [[tukey_biweight|Tukey biweight]] does not.

## Pitfalls

### The threshold is a times pi, not a

The default of 1.339 cuts residuals off at 4.2. The default constants of other losses cannot be taken over.

```python
from lossary.functional import andrews

residual = torch.tensor([1.339, 4.2, 4.21, 50.0], requires_grad=True)
loss = andrews(residual, torch.zeros(4), reduction="none")
slopes = torch.autograd.grad(loss.sum(), residual)[0]
print("loss ", [round(v, 3) for v in loss.tolist()])
print("slope", [round(v, 3) for v in slopes.tolist()])
```

```output
loss  [0.824, 3.586, 3.586, 3.586]
slope [1.127, 0.007, 0.0, 0.0]
```

### Without the cut-off the sine goes on

Outside, the cosine would rise and fall again: a far point would pull in either direction. The branch for large residuals
is part of the loss.

```python
residual = torch.tensor([3.0, 6.0, 9.0], requires_grad=True)
waves = 1.339**2 * (1 - torch.cos(residual / 1.339))
print(torch.autograd.grad(waves.sum(), residual)[0])
```

```output
tensor([ 1.0498, -1.3033,  0.5682])
```

## Relations

With a large `a` it is half of [[mse]].

    functional.andrews(input, target, a=1e6) == F.mse_loss(input, target) / 2  # within 1e-9

## In other libraries

- statsmodels `statsmodels.robust.norms.AndrewWave(a=a).rho(input - target)`: A function of the residual alone.

## References

- David F. Andrews (1974). A Robust Method for Multiple Linear Regression. *Technometrics 16(4), 523-531*.
  doi:10.1080/00401706.1974.10489233
"""

import math

import torch

from lossary.declaration import POSITIVE, Parameter, Precision, cases, cos, pi, residual_loss, sin, terms


def andrews(input: torch.Tensor, target: torch.Tensor, *, a: float = 1.339, reduction: str = "mean") -> torch.Tensor:
    # 1 - cos(s) is 2 sin²(s / 2), which keeps small residuals; clamped where the wave reaches its top.
    scaled = ((input - target) / a).clamp(-math.pi, math.pi)
    loss = 2 * a**2 * torch.sin(scaled / 2).square()
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=andrews,
    aliases=terms("Andrews' sine; Andrews wave; AndrewWave; Andrew's sine; Andrews loss"),
    tasks=("regression",),
    search_terms=terms("redescending M-estimator; 1.339; sine psi function; trigonometric robust loss"),
    concepts={
        "1.339; tuning constant; cut-off": "The threshold is",
        "periodic loss; far points pull again": "Without the cut-off",
    },
    parameters=(
        Parameter(
            "a",
            1.339,
            "the scale; a point farther out than a times pi has no influence",
            range=POSITIVE,
            typical=(0.8, 1.339, 2.0),
            symbol="reach",
            latex="a",
        ),
    ),
    value=lambda r, reach: cases((reach**2 * (1 - cos(r / reach)), abs(r) <= pi * reach), (2 * reach**2, True)),
    gradient=lambda r, reach: cases((reach * sin(r / reach), abs(r) <= pi * reach), (0, True)),
    precision=Precision(
        size=lambda reach: reach,
        why="near the edge its slope is the sine of a quotient that was rounded",
    ),
    kinks=(lambda reach: -pi * reach, lambda reach: pi * reach),
    span=(-8.0, 8.0),
    caption="Half a wave of a cosine between two flat parts. The gradient is one wave of a sine and ends with a corner.",
    example={"input": [0.5, -1.5, 40.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "C1",
        "lipschitz": lambda reach: reach,
        "gradient_lipschitz": 1,
        "bounded": True,
        "supremum": lambda reach: 2 * reach**2,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
