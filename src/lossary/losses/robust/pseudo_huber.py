r"""Pseudo-Huber

A smooth curve in place of Huber's two pieces: half the squared error near zero, and nearly a straight line of slope
delta far out.

## When to use it

- You want [[huber]]'s behaviour with derivatives of every order, for second-order boosting or Newton steps; far out the
  second one vanishes, and plain Newton steps need damping.
- There is no clear residual at which errors stop being ordinary. The change from parabola to line is gradual here and
  spreads over several `delta`.

## When not to

- Distant points should have no influence. Their pull tends to `delta` and stays there; [[tukey_biweight|Tukey biweight]],
  [[welsch|Welsch]] and [[cauchy|Cauchy]] let go of them.
- The middle should be exactly the squared error. [[huber]] is that up to `delta`; this loss is below it everywhere but
  at zero.
- You need the mean or the median exactly: [[mse]] or [[l1]].

## Pitfalls

### It is not Huber with rounded corners, but lies below it

The two share the slope far out and the curvature at zero. Between them the pseudo-Huber pull is weaker, and the value
far out stays lower by an amount that tends to half of `delta` squared.

```python
from lossary.functional import pseudo_huber

residual = torch.tensor([0.1, 1.0, 3.0, 1000.0], requires_grad=True)
target = torch.zeros(4)

for name, loss in (("pseudo-Huber", pseudo_huber), ("Huber", F.huber_loss)):
    value = loss(residual, target, reduction="none")
    pull = torch.autograd.grad(value.sum(), residual)[0]
    print(f"{name:12} value", value.detach())
    print(f"{name:12} pull ", pull)
```

```output
pseudo-Huber value tensor([4.9876e-03, 4.1421e-01, 2.1623e+00, 9.9900e+02])
pseudo-Huber pull  tensor([0.0995, 0.7071, 0.9487, 1.0000])
Huber        value tensor([5.0000e-03, 5.0000e-01, 2.5000e+00, 9.9950e+02])
Huber        pull  tensor([0.1000, 1.0000, 1.0000, 1.0000])
```

### The formula as it is printed loses small residuals

The square root is 1 plus something tiny, and the 1 is subtracted again. In float32 the value is wrong in its second
digit at a thousandth of `delta`, and zero at a tenth of that. Multiply by the conjugate, as the function on this page
does.

```python
from lossary.functional import pseudo_huber

for size in (1e-2, 1e-3, 1e-4):
    residual = torch.tensor([size])
    naive = torch.sqrt(1 + residual**2) - 1
    stable = pseudo_huber(residual, torch.zeros(1))
    print(f"{size}: naive {naive.item():.4g}, stable {stable.item():.4g}, half the square {size**2 / 2:.4g}")
```

```output
0.01: naive 4.995e-05, stable 5e-05, half the square 5e-05
0.001: naive 4.768e-07, stable 5e-07, half the square 5e-07
0.0001: naive 0, stable 5e-09, half the square 5e-09
```

### It is a Charbonnier loss of another scale

[[charbonnier|Charbonnier]] is the square root alone: the two differ by the factor `delta` and a constant, so their
gradients differ by the factor. Code that says Charbonnier may mean either. At one thousandth, one of them is nearly the
absolute error, and the other nearly vanishes.

```python
from lossary.functional import charbonnier, pseudo_huber

residual = torch.tensor([-2.0, 0.5], requires_grad=True)
target = torch.zeros(2)

for loss in (charbonnier(residual, target, eps=1e-3), pseudo_huber(residual, target, delta=1e-3)):
    print(f"{loss.item():.6f}", torch.autograd.grad(loss, residual)[0])
```

```output
1.250001 tensor([-0.5000,  0.5000])
0.001249 tensor([-0.0005,  0.0005])
```

## Relations

It is `delta` times [[charbonnier|Charbonnier]] with `eps=delta`, shifted down to zero.

    functional.pseudo_huber(input, target, delta=0.5)
    == 0.5 * functional.charbonnier(input, target, eps=0.5) - 0.25

It is `delta` squared times [[barron|Barron's loss]] with `alpha=1` and `c=delta`.

    functional.pseudo_huber(input, target, delta=0.5) == 0.25 * functional.barron(input, target, alpha=1.0, c=0.5)

With a large `delta` it is half of [[mse]].

    functional.pseudo_huber(input, target, delta=1e6) == F.mse_loss(input, target) / 2  # within 1e-9

Divided by `delta`, it tends to [[l1]] as `delta` goes to zero.

    functional.pseudo_huber(input, target, delta=1e-6) / 1e-6 == F.l1_loss(input, target)  # within 1e-4

## In other libraries

- `scipy.special.pseudo_huber(delta, input - target)`: A function of the residual alone; delta comes first.
- `scipy.optimize.least_squares(lambda x: (input - target).ravel() + 0 * x, 0.0, loss="soft_l1", f_scale=delta).cost`:
  The cost, which halves rho, at residuals that do not depend on what is fitted.
- `ceres::SoftLOneLoss(delta)`: A function of the squared residual norm; the solver's cost is half of it.
- `xgboost.train({"objective": "reg:pseudohubererror", "huber_slope": delta}, xgboost.DMatrix(features, target, base_margin=input))`:
  The trees use its second derivative.
- `kornia.losses.charbonnier_loss(input, target)` at delta=1: Without a parameter. Elementwise by default.
- OpenCV `cv2.DIST_L12`: A distance type of fitLine, without a parameter, as at delta of the square root of two.
- robust_loss_pytorch `robust_loss_pytorch.general.lossfun(input - target, torch.tensor(1.0), torch.tensor(delta))`:
  Elementwise. Not multiplied by delta squared.

## References

- Jonathan T. Barron (2019). A General and Adaptive Robust Loss Function. In *IEEE/CVF Conference on Computer Vision and
  Pattern Recognition (CVPR)*. arXiv:1701.03077
- Pierre Charbonnier, Laure Blanc-Féraud, Gilles Aubert and Michel Barlaud (1994). Two Deterministic Half-Quadratic
  Regularization Algorithms for Computed Imaging. In *Proceedings of 1st International Conference on Image Processing,
  volume 2, 168-172*. doi:10.1109/ICIP.1994.413553
"""

import torch

from lossary.declaration import POSITIVE, Parameter, residual_loss, sqrt, terms


def pseudo_huber(
    input: torch.Tensor, target: torch.Tensor, *, delta: float = 1.0, reduction: str = "mean"
) -> torch.Tensor:
    scaled = (input - target) / delta
    # sqrt(1 + s²) - 1 by its conjugate, s² / (sqrt(1 + s²) + 1), with no square that could overflow
    root = torch.hypot(scaled, torch.ones_like(scaled))
    loss = delta**2 * (scaled * (scaled / (root + 1)))
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=pseudo_huber,
    aliases=terms("pseudo-Huber loss; soft L1; soft_l1; SoftLOneLoss; reg:pseudohubererror"),
    tasks=("regression",),
    search_terms=terms(
        "smooth Huber loss; differentiable Huber; Huber with second derivative; pseudohubererror; huber_slope; "
        "smooth approximation of the absolute error; Charbonnier-type loss; L1-L2 loss; DIST_L12; "
        "Huber with all derivatives; sqrt(1 + (x/delta)^2) - 1; smooth transition between L2 and L1; "
        "consistency models; "
        "Huber that can be differentiated twice; "
        "smooth Huber approximation; hyperbola with slope one far away; soft L1 of SciPy and Ceres"
    ),
    concepts={
        "smooth Huber; outlier threshold; huber_slope": "delta",
        "pseudo-Huber versus Huber": "It is not Huber",
        "loss is exactly zero for small errors; catastrophic cancellation": "The formula as it is printed",
        "pseudo-Huber versus Charbonnier": "It is a Charbonnier",
    },
    answers={
        "regression/outliers/capped/smooth": ("There is no clear residual", "Distant points"),
    },
    parameters=(
        Parameter(
            "delta",
            1.0,
            "the residual around which the parabola turns into a line; also the slope of that line",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
    ),
    value=lambda r, delta: delta**2 * (sqrt(1 + (r / delta) ** 2) - 1),
    gradient=lambda r, delta: r / sqrt(1 + (r / delta) ** 2),
    caption="A parabola at the bottom that bends into two straight lines. A larger delta makes the parabola wider and the "
    "lines steeper.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": "Cinf",
        "lipschitz": lambda delta: delta,
        "gradient_lipschitz": 1,
        "gradient_limits": lambda delta: (-delta, delta),
    },
)
