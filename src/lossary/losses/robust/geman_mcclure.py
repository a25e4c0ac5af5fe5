r"""Geman-McClure

Half the squared error, in units of c, for small residuals; large ones cost almost the same whatever their size, so that
the loss never exceeds one half.

## When to use it

- A sizeable share of the pairs is simply wrong, as in matching features or registering scans, and a wrong pair should
  cost one fixed price.
- You want bounded influence without a hard threshold: the pull fades with the cube of the distance and is nowhere
  exactly zero.

## When not to

- There is no good start. Far out the loss is flat; fit with [[huber]] or [[pseudo_huber|pseudo-Huber]] first, or begin
  with a large `c` and lower it.
- The scale should be that of half the squared error. This loss is divided by `c` squared; [[welsch|Welsch]],
  [[cauchy|Cauchy]] and [[tukey_biweight|Tukey biweight]] are not.

## Pitfalls

### c changes the height of the gradient as well

Half the squared error is divided by `c` squared, so a small residual pulls a hundred times as hard when `c` is a tenth.
A sweep over `c` is a sweep over the step size too. Multiply by `c` squared to hold the parabola still.

```python
from lossary.functional import geman_mcclure

residual = torch.tensor([0.01], requires_grad=True)
for c in (0.1, 1.0, 10.0):
    loss = geman_mcclure(residual, torch.zeros(1), c=c)
    (pull,) = torch.autograd.grad(loss, residual)
    print(f"c {c}: pull {pull.item():.3g}, times c squared {pull.item() * c**2:.3g}")
```

```output
c 0.1: pull 0.98, times c squared 0.0098
c 1.0: pull 0.01, times c squared 0.01
c 10.0: pull 0.0001, times c squared 0.01
```

### The same name stands for several scales

Barron's paper and Kornia have twice the squared residual over the squared residual plus four. Others have the squared
residual over itself plus `c` squared, with or without a half, and with or without `c` squared before it. Compare values
before you carry a `c` over.

```python
from lossary.functional import geman_mcclure

residual = torch.tensor([0.5, 1.0, 5.0])
square = residual**2
here = geman_mcclure(residual, torch.zeros(3), reduction="none")
print("here             ", here)
print("without the half ", square / (square + 1))
print("Barron, Kornia   ", 2 * square / (square + 4))
print("here, c=2, times 4", 4 * geman_mcclure(residual, torch.zeros(3), c=2.0, reduction="none"))
```

```output
here              tensor([0.1000, 0.2500, 0.4808])
without the half  tensor([0.2000, 0.5000, 0.9615])
Barron, Kornia    tensor([0.1176, 0.4000, 1.7241])
here, c=2, times 4 tensor([0.1176, 0.4000, 1.7241])
```

### Squares that overflow turn the loss into NaN

The fraction is infinity over infinity once the squared residual overflows: in float32 from about `2e19`, in float16 from
256. The function on this page takes the reciprocal of large squares instead.

```python
from lossary.functional import geman_mcclure

residual = torch.tensor([300.0], dtype=torch.float16)
print("naive ", (residual**2 / (2 * (1 + residual**2))).item())
print("stable", geman_mcclure(residual, torch.zeros_like(residual)).item())
```

```output
naive  nan
stable 0.5
```

## Relations

It is a quarter of [[barron|Barron's loss]] with `alpha=-2` and half of `c`.

    functional.geman_mcclure(input, target, c=2.0) == functional.barron(input, target, alpha=-2.0, c=1.0) / 4

Times `c` squared, it is half of [[mse]] where `c` is large.

    1e8 * functional.geman_mcclure(input, target, c=1e4) == F.mse_loss(input, target) / 2  # within 1e-4

## In other libraries

- `kornia.losses.geman_mcclure_loss(input, target)` at c=2: Without a parameter. Elementwise by default.
- robust_loss_pytorch `robust_loss_pytorch.general.lossfun(input - target, torch.tensor(-2.0), torch.tensor(c / 2))`:
  Elementwise.

## References

- Stuart Geman and Donald E. McClure (1987). Statistical Methods for Tomographic Image Reconstruction. *Bulletin of the
  International Statistical Institute 52(4), 5-21*.
- Jonathan T. Barron (2019). A General and Adaptive Robust Loss Function. In *IEEE/CVF Conference on Computer Vision and
  Pattern Recognition (CVPR)*. arXiv:1701.03077
"""

import torch

from lossary.declaration import POSITIVE, Parameter, residual_loss, sqrt, terms


def geman_mcclure(
    input: torch.Tensor, target: torch.Tensor, *, c: float = 1.0, reduction: str = "mean"
) -> torch.Tensor:
    scaled = (input - target) / c
    # s² / (1 + s²) is 1 / (1 + 1/s²) where s² could overflow; each form is given only what it can take
    near, far = scaled.clamp(-1, 1), scaled.abs().clamp(min=1)
    loss = torch.where(scaled.abs() < 1, near**2 / (1 + near**2), 1 / (1 + far**-2)) / 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=geman_mcclure,
    aliases=terms("Geman-McClure loss; Geman-McClure kernel; Geman and McClure"),
    tasks=("regression",),
    search_terms=terms(
        "bounded robust loss; outlier rejection in registration; redescending M-estimator; robust kernel; "
        "x^2 / (1 + x^2); graduated non-convexity; x squared over one plus x squared; saturating quadratic; "
        "point cloud registration; pose graph optimisation; loop closure outliers; SLAM; "
        "fast global registration of point clouds; SMPLify; "
        "body model and mesh fitting; pose graph outlier rejection; saturating rational function"
    ),
    concepts={
        "choosing c; outlier scale": "c",
        "step size changes with c; gradient scale": "c changes",
        "Geman-McClure conventions; kornia geman_mcclure_loss": "The same name",
        "NaN loss; overflow in half precision": "Squares that overflow",
    },
    answers={
        "regression/outliers/none/soft": ("A sizeable share", "There is no good start"),
    },
    parameters=(
        Parameter(
            "c",
            1.0,
            "the residual whose loss is a quarter, half of the largest; in the unit of the target",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, scale: (r / scale) ** 2 / (2 * (1 + (r / scale) ** 2)),
    gradient=lambda r, scale: r / (scale**2 * (1 + (r / scale) ** 2) ** 2),
    caption="A dip in a plateau of height one half. A smaller c makes the dip narrower and steeper; the plateau stays.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": lambda scale: 3 * sqrt(3) / (16 * scale),
        "gradient_lipschitz": lambda scale: 1 / scale**2,
        "bounded": True,
        "supremum": 0.5,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
