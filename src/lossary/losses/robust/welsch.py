r"""Welsch (Leclerc)

Half the squared error for small residuals, and a constant for large ones: an upside-down bell, whose pull dies away
faster than any power of the residual.

## When to use it

- Gross outliers should count as nothing, and you want that without a kink or a threshold in the gradient.
- You are already close: as the last stage of a fit that began with [[huber]] or with a large `c`.

## When not to

- There is no good start. A few `c` away from all targets the gradient is practically zero. Begin with [[huber]].
- Every point should keep some pull: [[cauchy|Cauchy]].
- Points beyond a limit should have exactly none: [[tukey_biweight|Tukey biweight]].

## Pitfalls

### The gradient underflows to zero

The pull falls with the exponential of the squared residual. In float32 it is exactly zero from about ten `c` on, so a
fit that starts there does not move at all, with any learning rate.

```python
from lossary.functional import welsch

residual = torch.tensor([0.7, 3.0, 5.0, 10.0, 11.0], requires_grad=True)
loss = welsch(residual, torch.zeros(5), reduction="sum")
for size, pull in zip(residual.tolist(), torch.autograd.grad(loss, residual)[0].tolist()):
    print(f"{size:4.1f} c away: pull {pull:.2g}")
```

```output
 0.7 c away: pull 0.43
 3.0 c away: pull 0.00037
 5.0 c away: pull 6.9e-11
10.0 c away: pull 3.9e-43
11.0 c away: pull 0
```

### There are two conventions for c

Here the residual is squared over `c` squared. Kornia, Barron's paper and [[correntropy|the correntropy-induced loss]] have
twice `c` squared there, as in a normal density. A `c` from one of them is too narrow here by the square root of two.

```python
from lossary.functional import correntropy, welsch

residual = torch.tensor([0.5, 1.0, 3.0])
other = correntropy(residual, torch.zeros(3), sigma=1.0, reduction="none")
print("with 2 c²        ", other)
print("here, c = 1      ", welsch(residual, torch.zeros(3), reduction="none"))
print("here, c = sqrt(2)", welsch(residual, torch.zeros(3), c=2**0.5, reduction="none"))
```

```output
with 2 c²         tensor([0.1175, 0.3935, 0.9889])
here, c = 1       tensor([0.1106, 0.3161, 0.4999])
here, c = sqrt(2) tensor([0.1175, 0.3935, 0.9889])
```

### One minus the exponential loses small residuals

`1 - torch.exp(-square)` is zero in float32 for a residual below some ten-thousandths of `c`. `torch.expm1` keeps the
digits there, but its gradient by autograd loses them far out; the function on this page takes each where it is exact.

```python
from lossary.functional import welsch

small, far = torch.tensor([1e-4]), torch.tensor([5.0], requires_grad=True)
print("small: naive", (1 - torch.exp(-(small**2))).item() / 2, "stable", welsch(small, torch.zeros(1)).item())
(by_expm1,) = torch.autograd.grad(-torch.expm1(-(far**2)) / 2, far)
(by_both,) = torch.autograd.grad(welsch(far, torch.zeros(1)), far)
print("pull at 5: by expm1", by_expm1.item(), "stable", by_both.item(), "true", 5 * math.exp(-25))
```

```output
small: naive 0.0 stable 4.999999525523435e-09
pull at 5: by expm1 0.0 stable 6.943971786466108e-11 true 6.943971932482011e-11
```

## Relations

It is half of `c` squared times [[correntropy|the correntropy-induced loss]] with `sigma` at `c` over the square root of two.

    functional.welsch(input, target, c=2.0) == 2.0 * functional.correntropy(input, target, sigma=2.0 / 2**0.5)

It is half of `c` squared times the limit of [[barron|Barron's loss]] for `alpha` going to minus infinity.

    functional.welsch(input, target, c=2.0)
    == 2.0 * functional.barron(input, target, alpha=-1e9, c=2.0 / 2**0.5)  # within 1e-6

With a large `c` it is half of [[mse]].

    functional.welsch(input, target, c=1e6) == F.mse_loss(input, target) / 2  # within 1e-9

## In other libraries

- `kornia.losses.welsch_loss(input, target)` at c=2**0.5: Without a parameter. Elementwise by default.
- OpenCV `cv2.DIST_WELSCH`: A distance type of fitLine, whose c is 2.9846.

## References

- John E. Dennis and Roy E. Welsch (1978). Techniques for Nonlinear Least Squares and Robust Regression. *Communications
  in Statistics - Simulation and Computation*. doi:10.1080/03610917808812083
- Jonathan T. Barron (2019). A General and Adaptive Robust Loss Function. In *IEEE/CVF Conference on Computer Vision and
  Pattern Recognition (CVPR)*. arXiv:1701.03077
"""

import torch

from lossary.declaration import POSITIVE, Parameter, euler, exp, residual_loss, sqrt, terms


def welsch(input: torch.Tensor, target: torch.Tensor, *, c: float = 1.0, reduction: str = "mean") -> torch.Tensor:
    # beyond 30 the bell is zero in every format, and its slope too, while the square may overflow
    square = ((input - target) / c).clamp(-30, 30) ** 2
    # expm1 is exact for small squares, and the gradient of exp in the tail
    loss = c**2 / 2 * torch.where(square < 0.5, -torch.expm1(-square), 1 - torch.exp(-square))
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=welsch,
    aliases=terms("Welsch loss; Leclerc loss; DIST_WELSCH"),
    tasks=("regression",),
    search_terms=terms(
        "exponential robust loss; Gaussian-shaped loss; bounded smooth loss; redescending M-estimator; "
        "1 - exp(-x^2); ignore outliers; inverted Gaussian; exponential of the negative squared residual; "
        "one minus a Gaussian; Leclerc; bounded and smooth; far outliers cost a constant; "
        "Gaussian-shaped penalty that saturates; saturating loss; "
        "robust kernel of point set registration; Gaussian-shaped influence; "
        "influence fades for large residuals; Gaussian of the residual turned upside down; "
        "bounded robust loss; residuals beyond a scale are forgotten"
    ),
    concepts={
        "choosing c; outlier scale": "c",
        "vanishing gradient for large errors; training does not start": "The gradient underflows",
        "Welsch versus correntropy; kornia welsch_loss": "There are two conventions",
        "loss is exactly zero for small errors; expm1": "One minus",
    },
    answers={
        "regression/outliers/none/soft": ("Gross outliers should count", "Points beyond a limit"),
    },
    parameters=(
        Parameter(
            "c",
            1.0,
            "how wide the dip is, in the unit of the target; a residual of c over the square root of two pulls hardest",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, scale: scale**2 / 2 * (1 - exp(-((r / scale) ** 2))),
    gradient=lambda r, scale: r * exp(-((r / scale) ** 2)),
    caption="A dip in a plateau. A larger c makes the dip wider and, since the parabola at its bottom stays the same, "
    "deeper: the plateau lies at half of c squared.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": lambda scale: scale / sqrt(2 * euler),
        "gradient_lipschitz": 1,
        "bounded": True,
        "supremum": lambda scale: scale**2 / 2,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
