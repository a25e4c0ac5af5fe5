r"""Tukey biweight (bisquare)

Half the squared error near zero that levels off smoothly and is constant beyond c: residuals larger than c have no
influence at all.

## When to use it

- Points beyond some distance are errors, and should not move the fit by anything. Within `c` the pull rises, falls back
  and reaches zero without a jump.
- Robust regression with residuals divided by a robust estimate of their spread. For that `c` is 4.685.

## When not to

- There is no good start. A target further away than `c` has no gradient, and the loss is not convex: fit with [[huber]]
  first.
- Every point should keep some pull: [[cauchy|Cauchy]].

## Pitfalls

### c counts spreads, so the residuals must be divided by theirs

The default is a number of standard deviations. With raw residuals it is a distance in the unit of the target: below, the
same good data count as they should in metres, and are all outliers in millimetres. Divide by a spread that outliers do
not move, such as the median absolute deviation times 1.4826, or multiply `c` by it.

```python
from lossary.functional import tukey_biweight

metres = torch.tensor([-0.3, 0.1, 0.2, -0.1, 0.4])
for name, residual in (("metres", metres), ("millimetres", 1000 * metres)):
    residual.requires_grad_()
    (pull,) = torch.autograd.grad(tukey_biweight(residual, torch.zeros(5)), residual)
    print(f"{name}: {(pull != 0).sum()} of 5 points pull")
```

```output
metres: 5 of 5 points pull
millimetres: 0 of 5 points pull
```

### A fit that starts too far away stands still

If all residuals are beyond `c`, the gradient is exactly zero and no learning rate helps. It looks like a converged model
whose loss is `c**2 / 6`.

```python
from lossary.functional import tukey_biweight

centre = torch.tensor(0.0, requires_grad=True)
loss = tukey_biweight(centre.expand(3), torch.tensor([9.0, 10.0, 11.0]))
(slope,) = torch.autograd.grad(loss, centre)
print(f"loss {loss.item():.4f}, c squared over six {4.685**2 / 6:.4f}, gradient {slope.item()}")
```

```output
loss 3.6582, c squared over six 3.6582, gradient 0.0
```

### Outside c the loss is a constant, and not zero

An implementation that returns zero for outliers, as some documents describe it, makes them the best points of all: an
optimiser that sees values, such as a line search or a grid, is rewarded for pushing residuals over the edge. The gradient
is the same, so gradient descent does not show the mistake.

```python
from lossary.functional import tukey_biweight

residual = torch.tensor([0.0, 4.0, 5.0])
right = tukey_biweight(residual, torch.zeros(3), reduction="none")
print("right", right)
print("wrong", torch.where(residual <= 4.685, right, 0.0))
```

```output
right tensor([0.0000, 3.5854, 3.6582])
wrong tensor([0.0000, 3.5854, 0.0000])
```

### Without its factor the loss is another one for the optimiser

Leave out `c**2 / 6`, and the loss runs from 0 to 1. The minimiser is the same. The gradient is not, and then it changes with
`c` even for small residuals.

```python
from lossary.functional import tukey_biweight

residual = torch.tensor([0.1], requires_grad=True)
for c in (3.0, 4.685):
    (pull,) = torch.autograd.grad(tukey_biweight(residual, torch.zeros(1), c=c), residual)
    print(f"c {c}: pull {pull.item():.4f}, without the factor {pull.item() / (c**2 / 6):.4f}")
```

```output
c 3.0: pull 0.0998, without the factor 0.0665
c 4.685: pull 0.0999, without the factor 0.0273
```

## Relations

With a large `c` it is half of [[mse]].

    functional.tukey_biweight(input, target, c=1e6) == F.mse_loss(input, target) / 2  # within 1e-9

## In other libraries

- `statsmodels.robust.norms.TukeyBiweight(c=c).rho(input - target)`: A function of the residual alone.
- `ceres::TukeyLoss(c)`: A function of the squared residual norm; the solver's cost is half of it.
- `neuralforecast.losses.pytorch.TukeyLoss(c=c, normalize=False)(target[..., None], input[..., None])` is another loss: Within c it has
  the cube of 1 - (r/c)² itself and does not subtract it from 1: a residual of 0 costs c²/6, as an outlier does. Residuals are divided
  by a standard deviation of the targets by default.

## References

- Albert E. Beaton and John W. Tukey (1974). The Fitting of Power Series, Meaning Polynomials, Illustrated on
  Band-Spectroscopic Data. *Technometrics 16(2), 147-185*. doi:10.1080/00401706.1974.10489171
- Paul W. Holland and Roy E. Welsch (1977). Robust Regression Using Iteratively Reweighted Least-Squares. *Communications
  in Statistics - Theory and Methods 6(9), 813-827*. doi:10.1080/03610927708827533
"""

import torch

from lossary.declaration import POSITIVE, Parameter, cases, residual_loss, sqrt, terms


def tukey_biweight(
    input: torch.Tensor, target: torch.Tensor, *, c: float = 4.685, reduction: str = "mean"
) -> torch.Tensor:
    residual = (input - target).clamp(-c, c)
    square = (residual / c) ** 2
    left = (c - residual) * (c + residual) / c**2  # 1 - square
    # the first form is exact for small residuals, the second one and its gradient close to c
    loss = c**2 / 6 * torch.where(square < 0.5, square * (3 - 3 * square + square**2), 1 - left**3)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=tukey_biweight,
    aliases=terms("Tukey loss; bisquare; biweight; Tukey's biweight; Tukey bisquare; TukeyLoss"),
    tasks=("regression",),
    search_terms=terms(
        "reject outliers completely; hard redescending M-estimator; robust regression 4.685; bisquare weights; "
        "ignore outliers beyond a threshold; outliers should have no influence at all; throw outliers away; "
        "bi-square weight; far points are ignored; robust fit that rejects outliers; redescending to zero; "
        "weight of outliers goes to zero; "
        "constant beyond a cutoff; gross outliers have no influence; "
        "psi.bisquare of MASS::rlm; robust regression with redescending weights; weight (1 - (r/c)^2)^2; "
        "1 - (1 - (x/c)^2)^3; weights of exactly zero; rejects outliers; "
        "hard rejection of outliers"
    ),
    concepts={
        "tuning constant 4.685; outlier threshold": "c",
        "scale estimate; MAD; normalise residuals": "c counts spreads",
        "zero gradient; loss does not change": "A fit that starts",
        "value beyond the threshold": "Outside c",
        "normalised biweight; factor c^2/6": "Without its factor",
    },
    answers={
        "regression/outliers/none/edge": ("Points beyond some distance", "There is no good start"),
    },
    parameters=(
        Parameter(
            "c",
            4.685,
            "the residual from which on there is no pull",
            range=POSITIVE,
            typical=(2.0, 4.685, 7.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, scale: cases(
        (scale**2 / 6 * (1 - (1 - (r / scale) ** 2) ** 3), abs(r) <= scale), (scale**2 / 6, True)
    ),
    gradient=lambda r, scale: cases((r * (1 - (r / scale) ** 2) ** 2, abs(r) <= scale), (0, True)),
    kinks=(lambda scale: -scale, lambda scale: scale),
    span=(-8.0, 8.0),
    caption="A dip whose sides end in a flat plateau at the two marks. The gradient rises, turns back and is zero beyond "
    "them.",
    example={"input": [0.5, -1.5, 8.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "C2",
        "lipschitz": lambda scale: 16 * scale / (25 * sqrt(5)),
        "gradient_lipschitz": 1,
        "bounded": True,
        "supremum": lambda scale: scale**2 / 6,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
