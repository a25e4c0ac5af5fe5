r"""Fair

Half the squared error for small residuals and nearly a straight line of slope c for large ones, less a logarithm:
convex, with a pull that never exceeds c.

## When to use it

- You want a convex loss with bounded pull, so that the fit does not depend on its start, and no threshold between ordinary
  points and outliers.
- As a robust first stage before a loss that is not convex, such as [[tukey_biweight|Tukey biweight]].

## When not to

- Small errors should be treated as by the squared error up to a clear limit: [[huber]]. Here the pull is weaker than the
  residual from the start.
- Distant points should lose their influence: [[cauchy|Cauchy]] or [[welsch|Welsch]].

## Pitfalls

### It turns away from the squared error faster than Huber or pseudo-Huber

The first thing that differs from the parabola is a term in the cube of the residual; for
[[pseudo_huber|pseudo-Huber]] it is in the fourth power. At a residual of `c` the pull is half of the residual, and it
takes a residual of nine times `c` to reach nine tenths of its limit.

```python
from lossary.functional import fair, pseudo_huber

residual = torch.tensor([0.1, 1.0, 9.0], requires_grad=True)
for name, loss in (
    ("fair        ", fair(residual, torch.zeros(3), c=1.0, reduction="sum")),
    ("pseudo-Huber", pseudo_huber(residual, torch.zeros(3), delta=1.0, reduction="sum")),
    ("Huber       ", F.huber_loss(residual, torch.zeros(3), delta=1.0, reduction="sum")),
):
    print(name, torch.autograd.grad(loss, residual)[0])
```

```output
fair         tensor([0.0909, 0.5000, 0.9000])
pseudo-Huber tensor([0.0995, 0.7071, 0.9939])
Huber        tensor([0.1000, 1.0000, 1.0000])
```

### The formula as it is printed loses small residuals

It subtracts the logarithm of one plus a number from the number itself, and what remains is half its square. In float32
the pull at a ten-thousandth of `c` is right to three digits, and at a hundred-millionth neither loss nor pull is left. The
function on this page uses a series there.

```python
from lossary.functional import fair

for size in (1e-2, 1e-4, 1e-8):
    residual = torch.tensor([size], requires_grad=True)
    plain = residual.abs() - torch.log1p(residual.abs())
    (pull,) = torch.autograd.grad(plain, residual)
    stable = fair(residual, torch.zeros(1), c=1.0)
    (stable_pull,) = torch.autograd.grad(stable, residual)
    print(f"plain  {plain.item():.4g}, pull {pull.item():.6g}")
    print(f"stable {stable.item():.4g}, pull {stable_pull.item():.6g}")
```

```output
plain  4.967e-05, pull 0.00990099
stable 4.967e-05, pull 0.00990099
plain  4.999e-09, pull 0.000100017
stable 5e-09, pull 9.999e-05
plain  0, pull 0
stable 5e-17, pull 1e-08
```

### c counts spreads

The default of 1.3998 is meant for residuals divided by their standard deviation, or by a robust estimate of it. With raw
residuals it is a distance in the unit of the target: rescaling the data changes which loss it nearly is.

```python
from lossary.functional import fair

metres = torch.tensor([0.5, 20.0])
for name, residual in (("metres", metres), ("kilometres", metres / 1000)):
    residual.requires_grad_()
    (pull,) = torch.autograd.grad(fair(residual, torch.zeros(2), reduction="sum"), residual)
    ratio = (pull[1] / pull[0]).item()
    print(f"{name}: the large error pulls {ratio:.1f} times as hard as the small one")
```

```output
metres: the large error pulls 3.6 times as hard as the small one
kilometres: the large error pulls 39.5 times as hard as the small one
```

## Relations

With a large `c` it is half of [[mse]].

    functional.fair(input, target, c=1e9) == F.mse_loss(input, target) / 2  # within 1e-6

Divided by `c`, it tends to [[l1]] as `c` goes to zero.

    functional.fair(input, target, c=1e-9) / 1e-9 == F.l1_loss(input, target)  # within 1e-6

## In other libraries

- OpenCV `cv2.DIST_FAIR`: A distance type of fitLine, with c at 1.3998.

## References

- Ray C. Fair (1974). On the Robust Estimation of Econometric Models. *Annals of Economic and Social Measurement 3(4),
  667-677*.
"""

import torch

from lossary.declaration import POSITIVE, Parameter, log, residual_loss, terms


def fair(input: torch.Tensor, target: torch.Tensor, *, c: float = 1.3998, reduction: str = "mean") -> torch.Tensor:
    scaled = (input - target) / c
    far = scaled.abs()
    # s - log(1 + s) cancels for small s, where log(1 + s) is 2 v + 2 v³ (1/3 + v²/5 + ...) with v = s / (2 + s)
    near = scaled.clamp(-0.25, 0.25)
    v = near.abs() / (2 + near.abs())
    series = near**2 / (2 + near.abs()) - 2 * v**3 * sum(v ** (2 * k) / (2 * k + 3) for k in range(9))
    loss = c**2 * torch.where(far < 0.25, series, far - far.log1p())
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=fair,
    aliases=terms("Fair loss; Fair's function; DIST_FAIR"),
    tasks=("regression",),
    search_terms=terms(
        "convex robust loss; M-estimator with logarithm; robust regression 1.3998; L1 with rounded corner; "
        "fair weights; absolute error with a logarithm subtracted; M-estimator with defined derivatives; "
        "convex with smooth derivatives; FairLoss; XGBoost fair objective; logarithmic term; Fair's c; "
        "lightgbm objective fair; M-estimator between L1 and L2; "
        "c=1.4 robust weights; between mean absolute and mean squared error; "
        "c^2 (|x|/c - log(1 + |x|/c)); "
        "weight 1/(1 + |x|/c)"
    ),
    concepts={
        "tuning constant 1.3998": "c",
        "Fair versus Huber; Fair versus pseudo-Huber": "It turns away",
        "loss is inexact for small errors; catastrophic cancellation": "The formula as it is printed",
        "scale estimate; normalise residuals": "c counts spreads",
    },
    answers={
        "regression/outliers/capped/smooth": ("You want a convex loss", "Distant points"),
    },
    parameters=(
        Parameter(
            "c",
            1.3998,
            "the residual whose pull is half of the largest, which is c as well",
            range=POSITIVE,
            typical=(0.5, 1.3998, 3.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, scale: scale**2 * (abs(r) / scale - log(1 + abs(r) / scale)),
    gradient=lambda r, scale: r / (1 + abs(r) / scale),
    kinks=(lambda: 0,),
    caption="A parabola at the very bottom that opens slowly into straight lines. A larger c keeps it close to the parabola "
    "for longer.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": "C2",
        "lipschitz": lambda scale: scale,
        "gradient_lipschitz": 1,
        "gradient_limits": lambda scale: (-scale, scale),
    },
)
