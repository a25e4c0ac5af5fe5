r"""Cauchy (Lorentzian)

Half the squared error for small residuals and a logarithm for large ones, so that the pull of a point fades the farther
out it lies.

## When to use it

- Some targets are far off, and you would rather have them fade from the fit than be cut off at a threshold. Every point
  keeps some pull, so no point is lost for good.
- The noise has heavy tails. Up to a factor and a constant, this is the negative log-likelihood of a Cauchy distribution of
  scale `c`.

## When not to

- The fit must not depend on where it starts. The loss is not convex; [[huber]], [[pseudo_huber|pseudo-Huber]] and
  [[fair|Fair]] are, and their fit is a good start for this one.
- Gross errors should have no influence at all: [[tukey_biweight|Tukey biweight]] or [[andrews|Andrews' sine wave]].

## Pitfalls

### Points can be too far away to be fitted

The pull is strongest at a residual of `c` and falls beyond it. From a start far from all data every residual is in the
falling part. Gradient descent with the same step and the same number of steps reaches the data under the squared error,
and hardly moves under this loss.

```python
from lossary.functional import cauchy

target = torch.tensor([100.0, 100.5, 99.5])
for name, loss in (("mse", F.mse_loss), ("cauchy", cauchy)):
    centre = torch.tensor(0.0, requires_grad=True)
    for _ in range(100):
        (slope,) = torch.autograd.grad(loss(centre.expand(3), target), centre)
        centre = (centre - 0.1 * slope).detach().requires_grad_()
    print(f"{name}: {centre.item():.2f}")
```

```output
mse: 100.00
cauchy: 0.10
```

### Two groups of targets make two minima

The mean of two equal groups is the minimum for the squared error. Here, if they are more than twice `c` apart, it is the
maximum between two minima, and which of them is found depends on the start.

```python
from lossary.functional import cauchy

target = torch.tensor([-5.0, -5.0, 5.0, 5.0])
for start in (-0.1, 0.1):
    centre = torch.tensor(start, requires_grad=True)
    for _ in range(2000):
        (slope,) = torch.autograd.grad(cauchy(centre.expand(4), target), centre)
        centre = (centre - 0.5 * slope).detach().requires_grad_()
    print(f"from {start}: {centre.item():.3f}")
```

```output
from -0.1: -4.899
from 0.1: 4.899
```

### Another half inside the logarithm is another scale

Kornia and Barron's paper write the logarithm of half the squared residual plus one, without a factor before it. That is
this loss with `c` at the square root of two; with the same `c`, the two differ in shape and not only in height.

```python
from lossary.functional import cauchy

residual = torch.tensor([0.5, 2.0, 10.0])
other = torch.log1p(residual**2 / 2)
print("ratio at c = 1      ", other / cauchy(residual, torch.zeros(3), c=1.0, reduction="none"))
print("ratio at c = sqrt(2)", other / cauchy(residual, torch.zeros(3), c=2**0.5, reduction="none"))
```

```output
ratio at c = 1       tensor([1.0557, 1.3652, 1.7039])
ratio at c = sqrt(2) tensor([1., 1., 1.])
```

### The square overflows long before the loss does

The logarithm of a huge residual is a small number, but its square is infinite: in float32 from about `2e19`, and in
float16 from 256. The function on this page takes twice the logarithm of large residuals instead.

```python
from lossary.functional import cauchy

for residual in (torch.tensor([1e20]), torch.tensor([300.0], dtype=torch.float16)):
    naive = torch.log1p(residual**2) / 2
    print(residual.dtype, "naive", naive.item(), "stable", round(cauchy(residual, residual * 0).item(), 2))
```

```output
torch.float32 naive inf stable 46.05
torch.float16 naive inf stable 5.7
```

## Relations

It is `c` squared over two times [[barron|Barron's loss]] with `alpha=0` and its scale at `c` over the square root of two.

    functional.cauchy(input, target, c=2.0) == 2.0 * functional.barron(input, target, alpha=0.0, c=2.0 / 2**0.5)

With a large `c` it is half of [[mse]].

    functional.cauchy(input, target, c=1e6) == F.mse_loss(input, target) / 2  # within 1e-9

## In other libraries

- `kornia.losses.cauchy_loss(input, target)` at c=2**0.5: Without a parameter. Elementwise by default.
- `scipy.optimize.least_squares(lambda x: (input - target).ravel() + 0 * x, 0.0, loss="cauchy", f_scale=c).cost`: The
  cost, which halves rho, at residuals that do not depend on what is fitted.
- `ceres::CauchyLoss(c)`: A function of the squared residual norm; the solver's cost is half of it.
- robust_loss_pytorch
  `robust_loss_pytorch.general.lossfun(input - target, torch.tensor(0.0), torch.tensor(c / 2**0.5))`: Elementwise. Not
  multiplied by half of c squared.

## References

- Michael J. Black and P. Anandan (1996). The Robust Estimation of Multiple Motions: Parametric and Piecewise-Smooth Flow
  Fields. *Computer Vision and Image Understanding 63(1), 75-104*.
- Jonathan T. Barron (2019). A General and Adaptive Robust Loss Function. In *IEEE/CVF Conference on Computer Vision and
  Pattern Recognition (CVPR)*. arXiv:1701.03077
"""

import torch

from lossary.declaration import POSITIVE, Parameter, log, residual_loss, terms


def cauchy(input: torch.Tensor, target: torch.Tensor, *, c: float = 1.0, reduction: str = "mean") -> torch.Tensor:
    scaled = (input - target) / c
    # log(1 + s²) is 2 log(s) + log(1 + 1/s²) where s² could overflow; each form is given only what it can take
    near, far = scaled.clamp(-1, 1), scaled.abs().clamp(min=1)
    loss = c**2 / 2 * torch.where(scaled.abs() < 1, (near**2).log1p(), 2 * far.log() + (far**-2).log1p())
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=cauchy,
    aliases=terms("Cauchy loss; Lorentzian; Lorentzian loss"),
    tasks=("regression",),
    search_terms=terms(
        "heavy-tailed noise; log(1 + x^2) loss; redescending M-estimator; robust loss with logarithmic tails; "
        "Student t loss with one degree of freedom; kornia cauchy_loss; scipy least_squares loss='cauchy'; "
        "Lorentz loss; Student t likelihood; logarithm of one plus the squared residual; fat tails; "
        "very heavy tails; redescends slowly; "
        "robust kernel of SLAM and bundle adjustment; logarithmic growth of outliers; "
        "heavy tails; "
        "weights that fall with the residual but never vanish"
    ),
    concepts={
        "cauchy scale; outlier scale": "c",
        "vanishing gradient for large errors; training does not start": "Points can be",
        "non-convex; depends on initialization; local minima": "Two groups",
        "kornia cauchy_loss; cauchy scale conventions": "Another half",
        "overflow; inf loss in half precision": "The square overflows",
    },
    answers={
        "regression/outliers/fade": ("Some targets are far off", "The fit must not depend"),
    },
    parameters=(
        Parameter(
            "c",
            1.0,
            "the residual that pulls hardest, in the unit of the target",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, scale: scale**2 / 2 * log(1 + (r / scale) ** 2),
    gradient=lambda r, scale: r / (1 + (r / scale) ** 2),
    caption="A parabola at the bottom, then ever flatter without an upper bound. The gradient is largest at c and falls "
    "back towards zero beyond it.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": lambda scale: scale / 2,
        "gradient_lipschitz": 1,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
