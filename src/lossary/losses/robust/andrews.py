r"""Andrews' sine wave

One arch of a cosine in place of the parabola, and a constant beyond it: the pull follows a sine, and residuals larger than
pi times a have none.

## When to use it

- As [[tukey_biweight|Tukey biweight]]: points beyond some distance are errors and should not move the fit by anything.
- You compare with work that used it, or want the pull to be a sine.

## When not to

- There is no good start. A target further away than pi times `a` has no gradient, and the loss is not convex. Begin
  with [[huber]].
- The curvature must be continuous: it jumps at the edge here, while that of [[tukey_biweight|Tukey biweight]] does not.

## Pitfalls

### The edge is at pi times a

`a` itself is where the argument of the sine is 1. Outliers are cut from about 3.14 times `a` on, and the strongest
pull is at half of that. With the default of 1.339 the edge is close to 4.2.

```python
from lossary.functional import andrews

a = 1.339
residual = torch.tensor([a, a * math.pi / 2, a * math.pi - 0.01, a * math.pi + 0.01], requires_grad=True)
(pull,) = torch.autograd.grad(andrews(residual, torch.zeros(4), a=a, reduction="sum"), residual)
print(pull)
```

```output
tensor([1.1267, 1.3390, 0.0100, 0.0000])
```

### Without the cut, outliers come back

A sine goes on. An implementation that forgets the case beyond the edge pushes such residuals away from the target and
then towards other multiples of the period.

```python
from lossary.functional import andrews

residual = torch.tensor([5.0, 8.0, 10.0], requires_grad=True)
right = andrews(residual, torch.zeros(3), reduction="sum")
wrong = (1.339**2 * (1 - torch.cos(residual / 1.339))).sum()
print("right", torch.autograd.grad(right, residual)[0])
print("wrong", torch.autograd.grad(wrong, residual)[0])
```

```output
right tensor([0., 0., 0.])
wrong tensor([-0.7478, -0.4067,  1.2406])
```

### One minus a cosine loses small residuals

The cosine of something small is 1. In float32 the loss of a residual below some ten-thousandths of `a` comes out as zero.
Twice the squared sine of the half angle is the same and keeps the digits.

```python
from lossary.functional import andrews

residual = torch.tensor([1e-4])
print("plain ", (1 - torch.cos(residual)).item())
print("stable", andrews(residual, torch.zeros(1), a=1.0).item())
```

```output
plain  0.0
stable 4.999999525523435e-09
```

### a counts spreads

The default is meant for residuals divided by a robust estimate of their standard deviation. With raw residuals it is a
distance in the unit of the target.

```python
from lossary.functional import andrews

metres = torch.tensor([-0.3, 0.1, 0.2, -0.1, 0.4])
for name, residual in (("metres", metres), ("millimetres", 1000 * metres)):
    residual.requires_grad_()
    (pull,) = torch.autograd.grad(andrews(residual, torch.zeros(5)), residual)
    print(f"{name}: {(pull != 0).sum()} of 5 points pull")
```

```output
metres: 5 of 5 points pull
millimetres: 0 of 5 points pull
```

## Relations

With a large `a` it is half of [[mse]].

    functional.andrews(input, target, a=1e6) == F.mse_loss(input, target) / 2  # within 1e-9

## In other libraries

- `statsmodels.robust.norms.AndrewWave(a=a).rho(input - target)`: A function of the residual alone.

## References

- D. F. Andrews (1974). A Robust Method for Multiple Linear Regression. *Technometrics 16(4), 523-531*.
  doi:10.1080/00401706.1974.10489233
"""

import math

import torch

from lossary.declaration import POSITIVE, Parameter, Precision, cases, cos, minimum, pi, residual_loss, sin, terms


def andrews(input: torch.Tensor, target: torch.Tensor, *, a: float = 1.339, reduction: str = "mean") -> torch.Tensor:
    residual = (input - target).clamp(-a * math.pi, a * math.pi)
    loss = 2 * a**2 * torch.sin(residual / (2 * a)) ** 2  # 1 - cos(x) is 2 sin²(x / 2), which keeps small x
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=andrews,
    aliases=terms("Andrews loss; Andrews wave; Andrew's wave; AndrewWave; Andrew's sine"),
    tasks=("regression",),
    search_terms=terms(
        "reject outliers completely; hard redescending M-estimator; sine psi function; robust regression 1.339; "
        "cosine loss for residuals; sine wave M-estimator; sinusoidal influence function; influence follows a sine; "
        "sine wave psi function; "
        "statsmodels AndrewWave; psi is a sine; "
        "sine influence function; 1 - cos(x/a)"
    ),
    concepts={
        "tuning constant 1.339": "a",
        "where outliers are cut; outlier threshold": "The edge",
        "periodic loss; outliers attracted": "Without the cut",
        "loss is exactly zero for small errors": "One minus a cosine",
        "scale estimate; MAD; normalise residuals": "a counts spreads",
    },
    answers={
        "regression/outliers/none/edge": ("You compare with work", "The curvature must be"),
    },
    parameters=(
        Parameter(
            "a",
            1.339,
            "the largest pull; outliers are cut at pi times as much",
            range=POSITIVE,
            typical=(0.5, 1.339, 2.0),
            latex="a",
        ),
    ),
    value=lambda r, a: cases((a**2 * (1 - cos(r / a)), abs(r) <= pi * a), (2 * a**2, True)),
    gradient=lambda r, a: cases((a * sin(r / a), abs(r) <= pi * a), (0, True)),
    kinks=(lambda a: -math.pi * a, lambda a: math.pi * a),
    span=(-8.0, 8.0),
    caption="One period of a cosine between the two marks, and a plateau outside. The gradient is one period of a sine, and "
    "zero outside.",
    precision=Precision(
        size=lambda r, a: minimum(minimum(abs(r), pi * a), r**2 / a),
        why="close to the edge the sine of a rounded number near pi is all that is left of the gradient",
    ),
    example={"input": [0.5, -1.5, 8.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "C1",
        "lipschitz": lambda a: a,
        "gradient_lipschitz": 1,
        "bounded": True,
        "supremum": lambda a: 2 * a**2,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
