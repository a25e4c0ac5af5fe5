r"""Welsch (Leclerc)

Half the squared error for small residuals, a bounded loss for large ones: beyond a few times c, a point costs the same
wherever it lies, and pulls no more.

## When to use it

- Gross outliers are expected and should have no influence at all, not even a small one.
- You want that without a threshold: the pull fades smoothly, and all derivatives exist.

## When not to

- The fit starts far from the data. There the gradient is zero in floating point, see below. Begin with [[huber]] or
  [[fair|Fair]], and switch.
- Every point should keep some pull: [[cauchy|Cauchy]].
- You need one minimum. The loss is not convex, and the sum over samples may have several minima.

## Pitfalls

### Far from the data nothing moves

The pull falls as the exponential of minus the squared residual. In float32 it is exactly zero from a residual of about
ten times `c` on, so that the first step already fails.

```python
from lossary.functional import welsch

residual = torch.tensor([0.7, 3.0, 6.0, 11.0], requires_grad=True)
print(torch.autograd.grad(welsch(residual, torch.zeros(4), reduction="sum"), residual)[0])
```

```output
tensor([4.2884e-01, 3.7023e-04, 1.3917e-15, 0.0000e+00])
```

### c decides what an outlier is, in the unit of the target

A good `c` is a small multiple of the spread of ordinary residuals, and not of that of all of them: outliers inflate the
standard deviation. The median of the absolute residuals times 1.4826 estimates it without them, for normal noise.

```python
torch.manual_seed(0)
residual = torch.cat([torch.randn(90), torch.full((10,), 100.0)])
print("standard deviation", round(residual.std().item(), 2))
print("from the median   ", round(1.4826 * residual.abs().median().item(), 2))
```

```output
standard deviation 30.12
from the median    1.17
```

### Two losses are easily taken for it

[[correntropy|The correntropy-induced loss]] has a one at the top instead of half of `c` squared, and a two in the
exponent. [[geman_mcclure|Geman-McClure]] is a fraction and no exponential. Compare the value far out and the curvature at
zero before you take over a `c`.

```python
from lossary.functional import correntropy, geman_mcclure, welsch

residual = torch.tensor([1e-2, 1e3])
for name, loss in (("welsch", welsch), ("correntropy", correntropy), ("geman_mcclure", geman_mcclure)):
    near, far = loss(residual, torch.zeros(2), reduction="none").tolist()
    print(f"{name}: curvature at zero {2 * near / 1e-4:.3f}, far out {far:.3f}")
```

```output
welsch: curvature at zero 1.000, far out 0.500
correntropy: curvature at zero 1.000, far out 1.000
geman_mcclure: curvature at zero 1.000, far out 0.500
```

## Relations

It is `c` squared over two times [[correntropy|the correntropy-induced loss]] with `sigma` at `c` over the square root of
two.

    functional.welsch(input, target, c=2.0) == 2.0 * functional.correntropy(input, target, sigma=2.0 / 2**0.5)

It is `c` squared over two times [[barron|Barron's loss]] with `alpha` at minus infinity and its scale at `c` over the
square root of two.

    functional.welsch(input, target, c=2.0)
    == 2.0 * functional.barron(input, target, alpha=-float("inf"), c=2.0 / 2**0.5)

With a large `c` it is half of [[mse]].

    functional.welsch(input, target, c=1e6) == F.mse_loss(input, target) / 2  # within 1e-9

## In other libraries

- Kornia `kornia.losses.welsch_loss(input, target)`: Without a parameter. Elementwise by default.

## References

- Jonathan T. Barron (2019). A General and Adaptive Robust Loss Function. In *IEEE/CVF Conference on Computer Vision and
  Pattern Recognition (CVPR)*. arXiv:1701.03077
"""

import torch

from lossary.declaration import POSITIVE, Parameter, exp, residual_loss, terms


def welsch(input: torch.Tensor, target: torch.Tensor, *, c: float = 1.0, reduction: str = "mean") -> torch.Tensor:
    scaled = (input - target) / c
    # expm1 keeps small residuals, and exp the slope far out.
    near = -torch.expm1(-scaled.clamp(-1, 1).square())
    far = 1 - torch.exp(-scaled.square())
    loss = c**2 / 2 * torch.where(scaled.abs() < 1, near, far)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=welsch,
    aliases=terms("Welsch; Welsch loss; Leclerc; Leclerc loss; Gaussian-shaped loss; WelschLoss"),
    tasks=("regression",),
    search_terms=terms(
        "bounded robust loss; exponential robust loss; 1 - exp(-x^2); redescending M-estimator; kornia welsch_loss; "
        "ignore outliers completely"
    ),
    concepts={
        "vanishing gradient; training does not start": "Far from the data",
        "choosing c; outlier scale; median absolute deviation": "c decides",
        "Welsch versus correntropy; Welsch versus Geman-McClure": "Two losses are",
    },
    parameters=(
        Parameter(
            "c",
            1.0,
            "the residual at which the loss has reached about two thirds of its height",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, scale: scale**2 / 2 * (1 - exp(-((r / scale) ** 2))),
    gradient=lambda r, scale: r * exp(-((r / scale) ** 2)),
    caption="A parabola at the bottom of a plain. The gradient has its peaks at c over the square root of two and fades "
    "fast beyond them.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": lambda scale: scale * (2 * 2.718281828459045) ** -0.5,
        "gradient_lipschitz": 1,
        "bounded": True,
        "supremum": lambda scale: scale**2 / 2,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
