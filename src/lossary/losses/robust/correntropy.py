r"""Correntropy-induced loss

One minus a Gaussian of the residual: 0 where the prediction is right, and at most 1 however far it is off.

## When to use it

- Outliers should have no influence, and you think of the residuals as seen through a kernel: the mean loss is one minus
  the correntropy of prediction and target, an average of Gaussians of width `sigma`.

## When not to

- The fit starts far from the data: the gradient is zero there. Begin with [[huber]], or with a large `sigma`.
- You want its height to grow with the scale, as half the squared error does: [[welsch|Welsch]].

## Pitfalls

### A larger sigma also lowers the loss near zero

The top stays at one, so that the curvature at zero is one over `sigma` squared. A sweep over `sigma` changes the size of
the steps as well as the robustness: with ten times the width, ordinary residuals pull a hundred times more weakly.
[[welsch|Welsch]] holds the curvature still instead.

```python
from lossary.functional import correntropy, welsch

residual = torch.tensor([0.1], requires_grad=True)
for scale in (1.0, 10.0):
    one = torch.autograd.grad(correntropy(residual, torch.zeros(1), sigma=scale), residual)[0].item()
    other = torch.autograd.grad(welsch(residual, torch.zeros(1), c=scale), residual)[0].item()
    print(f"scale {scale:g}: correntropy {one:.4f}, welsch {other:.4f}")
```

```output
scale 1: correntropy 0.0995, welsch 0.0990
scale 10: correntropy 0.0010, welsch 0.1000
```

### A shrinking sigma can be started wide

With a `sigma` far above the residuals it is nearly a squared error, with one minimum; with a narrow one it has a minimum
at each group of targets. Below, descent with a wide kernel that is narrowed finds the larger group from a start at which
the narrow one alone stays where it is.

```python
from lossary.functional import correntropy

target = torch.tensor([0.0, 0.1, -0.1, 10.0])
for name, widths in (("narrow", [0.5] * 400), ("narrowing", [20.0] * 200 + [2.0] * 100 + [0.5] * 100)):
    centre = torch.tensor(6.0, requires_grad=True)
    for sigma in widths:
        (slope,) = torch.autograd.grad(correntropy(centre.expand(4), target, sigma=sigma), centre)
        centre = (centre - 0.5 * sigma**2 * slope).detach().requires_grad_()
    print(f"{name}: {centre.item():.2f}")
```

```output
narrow: 6.00
narrowing: 0.00
```

## Relations

It is [[welsch|Welsch]] divided by its height, half of `c` squared, with `c` at the square root of two times `sigma`.

    functional.correntropy(input, target, sigma=2.0) == functional.welsch(input, target, c=2.0 * 2**0.5) / 4

It is [[barron|Barron's loss]] with `alpha` at minus infinity and `c=sigma`.

    functional.correntropy(input, target, sigma=2.0) == functional.barron(input, target, alpha=-float("inf"), c=2.0)

With a large `sigma` it is [[mse]] divided by twice its square.

    functional.correntropy(input, target, sigma=1e4) * 2e8 == F.mse_loss(input, target)  # within 1e-5

## References

- Weifeng Liu, Puskal P. Pokharel and José C. Príncipe (2007). Correntropy: Properties and Applications in Non-Gaussian
  Signal Processing. *IEEE Transactions on Signal Processing 55(11), 5286-5298*. doi:10.1109/TSP.2007.896065
"""

import torch

from lossary.declaration import POSITIVE, Parameter, exp, residual_loss, terms


def correntropy(
    input: torch.Tensor, target: torch.Tensor, *, sigma: float = 1.0, reduction: str = "mean"
) -> torch.Tensor:
    scaled = (input - target) / sigma
    # expm1 keeps small residuals, and exp the slope far out.
    near = -torch.expm1(-scaled.clamp(-1, 1).square() / 2)
    far = 1 - torch.exp(-scaled.square() / 2)
    loss = torch.where(scaled.abs() < 1, near, far)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=correntropy,
    aliases=terms("correntropy; C-loss; maximum correntropy criterion; MCC loss; correntropy loss"),
    tasks=("regression",),
    search_terms=terms("kernel of the residual; Gaussian kernel loss; information theoretic learning; bounded by one"),
    concepts={
        "kernel width; kernel size": "sigma",
        "sigma changes the learning rate": "A larger sigma",
        "kernel annealing; local minima": "A shrinking sigma",
    },
    parameters=(
        Parameter(
            "sigma",
            1.0,
            "the width of the Gaussian, in the unit of the target; also the residual that pulls hardest",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
    ),
    value=lambda r, sigma: 1 - exp(-(r**2) / (2 * sigma**2)),
    gradient=lambda r, sigma: r / sigma**2 * exp(-(r**2) / (2 * sigma**2)),
    caption="A Gaussian turned upside down. The gradient has its peaks at sigma.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": lambda sigma: 2.718281828459045**-0.5 / sigma,
        "gradient_lipschitz": lambda sigma: 1 / sigma**2,
        "bounded": True,
        "supremum": 1,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
