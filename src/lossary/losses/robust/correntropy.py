r"""Correntropy-induced loss

One minus a Gaussian kernel of the residual: near zero it grows like the squared error, far out it is 1, so that the mean
is a soft count of the targets that were missed.

## When to use it

- Signals with impulsive noise, where a spike should count as one miss however high it is.
- You want to maximise correntropy, the mean of the kernel, with an optimiser that minimises.

## When not to

- There is no good start: a few `sigma` away from all targets the gradient is practically zero. Begin with a large `sigma`,
  or with [[huber]].
- The loss should keep the scale of the squared error when you change its width: [[welsch|Welsch]] is this loss with a
  factor that holds the parabola at the bottom still.

## Pitfalls

### A larger sigma weakens the gradient of small residuals

Near zero the loss is the squared residual over twice `sigma` squared. Doubling `sigma` divides the pull of a small residual
by four, so a schedule that narrows `sigma` raises the step size as it goes. Multiply by `sigma` squared, or use
[[welsch|Welsch]].

```python
from lossary.functional import correntropy

residual = torch.tensor([0.01], requires_grad=True)
for sigma in (0.5, 1.0, 2.0):
    (pull,) = torch.autograd.grad(correntropy(residual, torch.zeros(1), sigma=sigma), residual)
    print(f"sigma {sigma}: pull {pull.item():.4f}")
```

```output
sigma 0.5: pull 0.0400
sigma 1.0: pull 0.0100
sigma 2.0: pull 0.0025
```

### The mean hides how far off the misses are

Far out the loss is 1 for all residuals. Below, the second model's worst prediction is a thousand times as far off, and
its mean loss is lower.

```python
from lossary.functional import correntropy

target = torch.zeros(4)
first = torch.tensor([0.2, 0.2, 0.2, 10.0])
second = torch.tensor([0.1, 0.1, 0.1, 10000.0])
for name, prediction in (("first ", first), ("second", second)):
    print(name, f"{correntropy(prediction, target):.4f}", "worst", prediction.max().item())
```

```output
first  0.2649 worst 10.0
second 0.2537 worst 10000.0
```

### Some definitions carry the factor of a normal density

As a kernel estimate, correntropy is a mean of normal densities, with `1 / (sigma * sqrt(2 * pi))` in front. Then a perfect
prediction does not give 1, and one minus it is not this loss. Drop the factor before you compare numbers.

```python
sigma = 0.5
perfect = torch.distributions.Normal(0.0, sigma).log_prob(torch.tensor(0.0)).exp()
print("density of a perfect prediction:", round(perfect.item(), 4))
print("one minus it:                   ", round(1 - perfect.item(), 4))
```

```output
density of a perfect prediction: 0.7979
one minus it:                    0.2021
```

## Relations

It is [[welsch|Welsch]] with `c` at `sigma` times the square root of two, divided by `sigma` squared.

    functional.correntropy(input, target, sigma=2.0) == functional.welsch(input, target, c=2.0 * 2**0.5) / 4.0

It is the limit of [[barron|Barron's loss]] for `alpha` going to minus infinity.

    functional.correntropy(input, target, sigma=2.0)
    == functional.barron(input, target, alpha=-1e9, c=2.0)  # within 1e-6

Times `sigma` squared, it is half of [[mse]] where `sigma` is large.

    1e8 * functional.correntropy(input, target, sigma=1e4) == F.mse_loss(input, target) / 2  # within 1e-4

## In other libraries

- robust_loss_pytorch
  `robust_loss_pytorch.general.lossfun(input - target, torch.tensor(-float("inf")), torch.tensor(sigma))`: Elementwise.

## References

- Weifeng Liu, Puskal P. Pokharel and Jose C. Principe (2007). Correntropy: Properties and Applications in Non-Gaussian
  Signal Processing. *IEEE Transactions on Signal Processing 55(11), 5286-5298*. doi:10.1109/TSP.2007.896065
"""

import torch

from lossary.declaration import POSITIVE, Parameter, euler, exp, residual_loss, sqrt, terms


def correntropy(
    input: torch.Tensor, target: torch.Tensor, *, sigma: float = 1.0, reduction: str = "mean"
) -> torch.Tensor:
    # beyond 40 the bell is zero in every format, and its slope too, while the square may overflow
    half = ((input - target) / sigma).clamp(-40, 40) ** 2 / 2
    # expm1 is exact for small squares, and the gradient of exp in the tail
    loss = torch.where(half < 0.5, -torch.expm1(-half), 1 - torch.exp(-half))
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=correntropy,
    aliases=terms("C-loss; correntropy loss; maximum correntropy criterion; MCC loss"),
    tasks=("regression",),
    search_terms=terms(
        "impulsive noise; Gaussian kernel loss; information theoretic learning; correntropy induced metric; "
        "one minus Gaussian kernel; kernel bandwidth; entropy of the error; "
        "kernel similarity of prediction and target; minimum error entropy; non-Gaussian noise; "
        "Renyi entropy of the error; "
        "half-quadratic optimisation; "
        "similarity by a Gaussian kernel; entropy-based robust regression"
    ),
    concepts={
        "kernel bandwidth; kernel width": "sigma",
        "annealing sigma; step size changes with sigma": "A larger sigma",
        "bounded loss hides outliers": "The mean hides",
        "normalised kernel; value of correntropy": "Some definitions",
    },
    answers={
        "regression/outliers/none/soft": ("Signals with impulsive", "The loss should keep"),
    },
    parameters=(
        Parameter(
            "sigma",
            1.0,
            "the width of the kernel, in the unit of the target; a residual of sigma pulls hardest",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
    ),
    value=lambda r, sigma: 1 - exp(-(r**2) / (2 * sigma**2)),
    gradient=lambda r, sigma: r / sigma**2 * exp(-(r**2) / (2 * sigma**2)),
    caption="A bell turned upside down, with its plateau at 1. A larger sigma makes it wider and its sides less steep.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": lambda sigma: 1 / (sigma * sqrt(euler)),
        "gradient_lipschitz": lambda sigma: 1 / sigma**2,
        "bounded": True,
        "supremum": 1,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
