r"""Tukey biweight (bisquare)

Half the squared error for small residuals, bent until it is flat at c: a point farther out has no influence at all.

## When to use it

- A robust fit by reweighting: beyond `c` a point has weight zero, so that gross errors are out of the fit.
- Residuals that were divided by a robust estimate of their spread. The default is made for these, see below.

## When not to

- The fit starts far from the data. Beyond `c` the gradient is exactly zero. Begin with [[huber]].
- Every point should keep some pull: [[cauchy|Cauchy]].
- You need one minimum: the loss is not convex.

## Pitfalls

### The default belongs to residuals with spread one

The 4.685 counts standard deviations of the noise. For raw residuals it is a length in the unit of the target: too large,
and nothing is cut off; too small, and all of it is. Divide by a robust scale first, or multiply `c` by it.

```python
from lossary.functional import tukey_biweight

torch.manual_seed(0)
residual = 100 * torch.randn(1000)
scale = 1.4826 * residual.abs().median()
for name, c in (("4.685", 4.685), ("4.685 times the scale", 4.685 * scale.item())):
    moved = residual.clone().requires_grad_()
    slope = torch.autograd.grad(tukey_biweight(moved, torch.zeros(1000), c=c, reduction="sum"), moved)[0]
    print(f"c = {name}: {(slope != 0).sum().item()} of 1000 points pull")
```

```output
c = 4.685: 36 of 1000 points pull
c = 4.685 times the scale: 1000 of 1000 points pull
```

### What the default costs where there are no outliers

It is chosen so that a fit to normal noise of standard deviation one has 95 percent of the efficiency of least squares:
the squared mean curvature over the mean squared pull.

```python
from lossary.functional import tukey_biweight

x = torch.linspace(-12, 12, 240_001, dtype=torch.float64, requires_grad=True)
normal = torch.exp(-x.detach().square() / 2)
pull = torch.autograd.grad(tukey_biweight(x, torch.zeros_like(x), reduction="sum"), x, create_graph=True)[0]
bend = torch.autograd.grad(pull.sum(), x)[0]
mean = lambda values: (values.detach() * normal).sum() / normal.sum()
print(f"efficiency {(mean(bend) ** 2 / mean(pull**2)).item():.3f}")
```

```output
efficiency 0.950
```

### Beyond c there is no gradient

A prediction that starts farther than `c` from its target stays where it is for ever, and a batch of such predictions has
a loss that looks like convergence: constant.

```python
from lossary.functional import tukey_biweight

prediction = torch.tensor([1.0, 4.6, 4.7, 50.0], requires_grad=True)
loss = tukey_biweight(prediction, torch.zeros(4), reduction="none")
print(loss.detach(), torch.autograd.grad(loss.sum(), prediction)[0])
```

```output
tensor([0.4776, 3.6580, 3.6582, 3.6582]) tensor([0.9110, 0.0059, 0.0000, 0.0000])
```

### The masks of an if keep a NaN

Written as `torch.where(inside, polynomial, constant)` with the raw residual, the polynomial overflows far outside: in
float32 from residuals of about ten million. Its value is thrown away, but the backward pass multiplies it by zero, and
infinity times zero is NaN. The function on this page clamps the residual before it takes powers.

```python
from lossary.functional import tukey_biweight

residual = torch.tensor([1e20], requires_grad=True)
scaled = residual / 4.685
naive = torch.where(scaled.abs() <= 1, 1 - (1 - scaled**2) ** 3, 1.0)
print("naive ", torch.autograd.grad(naive.sum(), residual)[0])
print("stable", torch.autograd.grad(tukey_biweight(residual, torch.zeros(1)), residual)[0])
```

```output
naive  tensor([nan])
stable tensor([0.])
```

## Relations

With a large `c` it is half of [[mse]].

    functional.tukey_biweight(input, target, c=1e6) == F.mse_loss(input, target) / 2  # within 1e-9

## In other libraries

- statsmodels `statsmodels.robust.norms.TukeyBiweight(c=c).rho(input - target)`: A function of the residual alone.
- `ceres::TukeyLoss(c)`: A function of the squared residual norm; the solver's cost is half of it.
- neuralforecast `TukeyLoss(c)`

## References

- Albert E. Beaton and John W. Tukey (1974). The Fitting of Power Series, Meaning Polynomials, Illustrated on
  Band-Spectroscopic Data. *Technometrics 16(2), 147-185*. doi:10.1080/00401706.1974.10489171
"""

import torch

from lossary.declaration import POSITIVE, Parameter, Precision, cases, residual_loss, terms


def tukey_biweight(
    input: torch.Tensor, target: torch.Tensor, *, c: float = 4.685, reduction: str = "mean"
) -> torch.Tensor:
    # Clamped before any power, so that nothing overflows outside.
    square = ((input - target) / c).clamp(-1, 1).square()
    # 1 - (1 - s²)³, multiplied out near zero, where the difference would lose small residuals.
    loss = c**2 / 6 * torch.where(square < 0.25, square * (3 - square * (3 - square)), 1 - (1 - square) ** 3)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=tukey_biweight,
    aliases=terms("Tukey's biweight; bisquare; bisquare loss; biweight loss; TukeyBiweight; TukeyLoss; Tukey loss"),
    tasks=("regression",),
    search_terms=terms(
        "redescending M-estimator; hard rejection of outliers; 4.685; 95 percent efficiency; iteratively reweighted "
        "least squares; bounded robust loss"
    ),
    concepts={
        "4.685; robust scale; median absolute deviation": "The default belongs",
        "tuning constant; 95 percent efficiency": "What the default costs",
        "zero gradient; training does not start": "Beyond c",
        "nan gradient of torch.where": "The masks of an if",
    },
    parameters=(
        Parameter(
            "c",
            4.685,
            "the residual beyond which a point has no influence",
            range=POSITIVE,
            typical=(2.0, 4.685, 8.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, scale: cases(
        (scale**2 / 6 * (1 - (1 - (r / scale) ** 2) ** 3), abs(r) <= scale), (scale**2 / 6, True)
    ),
    gradient=lambda r, scale: cases((r * (1 - (r / scale) ** 2) ** 2, abs(r) <= scale), (0, True)),
    precision=Precision(
        size=lambda scale: scale,
        why="near the edge its slope is the square of 1 less a quotient that was rounded",
    ),
    kinks=(lambda scale: -scale, lambda scale: scale),
    span=(-8.0, 8.0),
    caption="A parabola at the bottom that bends until it is flat at c. The gradient rises, turns around and reaches zero "
    "there without a jump.",
    example={"input": [0.5, -1.5, 40.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "C2",
        "lipschitz": lambda scale: 16 * scale / (25 * 5**0.5),
        "gradient_lipschitz": 1,
        "bounded": True,
        "supremum": lambda scale: scale**2 / 6,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
