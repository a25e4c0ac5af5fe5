r"""Fair

Half the squared error for small residuals and the absolute error less a logarithm for large ones: convex, with a pull
that never exceeds c.

## When to use it

- A robust fit with one minimum and a smooth second derivative: a better starting point for the losses that are not
  convex, or the fit itself where outliers are mild.
- You want [[huber]]'s bounded pull without its two pieces.

## When not to

- Gross outliers should have no influence. Here they pull with nearly `c`. [[tukey_biweight|Tukey biweight]] and
  [[welsch|Welsch]] let go.
- Small and middling residuals should count in full. The pull is below that of the squared error from the start: at a
  residual of `c` it is half of it.

## Pitfalls

### It weighs ordinary residuals down as well

[[huber]] leaves residuals up to its threshold alone. Here the weight in a reweighted fit is one over `1 + |r| / c`, less
than one for every residual that is not zero.

```python
from lossary.functional import fair

residual = torch.tensor([0.1, 0.7, 1.3998, 5.0], requires_grad=True)
for name, loss in (("fair", fair), ("huber", lambda *args, **given: F.huber_loss(*args, delta=1.3998, **given))):
    pull = torch.autograd.grad(loss(residual, torch.zeros(4), reduction="sum"), residual)[0]
    print(f"{name:5} weight {[round(w, 3) for w in (pull / residual).tolist()]}")
```

```output
fair  weight [0.933, 0.667, 0.5, 0.219]
huber weight [1.0, 1.0, 1.0, 0.28]
```

### The difference in the formula loses small residuals

The logarithm is subtracted from a number that is nearly the same. The smaller the residual, the fewer digits are left,
and in the end none. The function on this page sums the series there.

```python
from lossary.functional import fair

for size in (1e-2, 1e-4, 1e-6, 1e-8):
    scaled = torch.tensor(size)
    naive = scaled - torch.log1p(scaled)
    stable = fair(scaled, torch.zeros(()), c=1.0)
    print(f"{size}: naive {naive.item():.4g}, stable {stable.item():.4g}")
```

```output
0.01: naive 4.967e-05, stable 4.967e-05
0.0001: naive 4.999e-09, stable 5e-09
1e-06: naive 4.547e-13, stable 5e-13
1e-08: naive 0, stable 5e-17
```

### The default is for residuals with spread one

It is chosen so that a fit to normal noise of standard deviation one has 95 percent of the efficiency of least squares:
the squared mean curvature over the mean squared pull. Divide the residuals by a robust estimate of their spread, or
multiply `c` by it.

```python
from lossary.functional import fair

x = torch.linspace(-12, 12, 240_001, dtype=torch.float64, requires_grad=True)
normal = torch.exp(-x.detach().square() / 2)
pull = torch.autograd.grad(fair(x, torch.zeros_like(x), reduction="sum"), x, create_graph=True)[0]
bend = torch.autograd.grad(pull.sum(), x)[0]
mean = lambda values: (values.detach() * normal).sum() / normal.sum()
print(f"efficiency {(mean(bend) ** 2 / mean(pull**2)).item():.3f}")
```

```output
efficiency 0.950
```

## Relations

With a large `c` it is half of [[mse]].

    functional.fair(input, target, c=1e6) == F.mse_loss(input, target) / 2  # within 1e-4

Divided by `c`, it tends to [[l1]] as `c` goes to zero.

    functional.fair(input, target, c=1e-8) / 1e-8 == F.l1_loss(input, target)  # within 1e-6
"""

import torch

from lossary.declaration import POSITIVE, Parameter, log, residual_loss, terms


def fair(input: torch.Tensor, target: torch.Tensor, *, c: float = 1.3998, reduction: str = "mean") -> torch.Tensor:
    scaled = ((input - target) / c).abs()
    # s - log(1 + s); for small s its series, 1/2 - s/3 + s²/4 - ..., times s².
    small = scaled.clamp(max=0.125)
    series = torch.zeros_like(small)
    for k in range(18, 1, -1):
        series = 1 / k - small * series
    loss = c**2 * torch.where(scaled < 0.125, small.square() * series, scaled - torch.log1p(scaled))
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=fair,
    aliases=terms("Fair loss; Fair's loss; Fair M-estimator"),
    tasks=("regression",),
    search_terms=terms("convex robust loss; 1.3998; smooth robust loss; reg:fair; lightgbm fair; fair_c"),
    concepts={
        "outlier scale; fair_c": "c",
        "Fair versus Huber; efficiency": "It weighs ordinary residuals",
        "small residuals lost; catastrophic cancellation": "The difference in the formula",
        "1.3998; tuning constant": "The default is for",
    },
    parameters=(
        Parameter(
            "c",
            1.3998,
            "the largest pull; also the residual at which the pull is half of that under the squared error",
            range=POSITIVE,
            typical=(0.5, 1.3998, 3.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, scale: scale**2 * (abs(r) / scale - log(1 + abs(r) / scale)),
    gradient=lambda r, scale: r / (1 + abs(r) / scale),
    kinks=(lambda scale: 0,),
    caption="A parabola at the bottom that straightens slowly. The gradient comes closer and closer to c.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": "C2",
        "gradient_lipschitz": 1,
        "gradient_limits": lambda scale: (-scale, scale),
    },
)
