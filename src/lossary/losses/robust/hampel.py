r"""Hampel three-part

Half the squared error up to a, the absolute error up to b, bent down from there, and flat beyond c: three thresholds that
can be told apart in words.

## When to use it

- You can say three things of a residual: up to `a` it is ordinary, up to `b` it should count but not more than at `a`,
  and beyond `c` it is an error that should not count.
- A robust fit by reweighting, with residuals divided by a robust estimate of their spread.

## When not to

- One threshold is enough: [[tukey_biweight|Tukey biweight]] behaves much like it.
- The fit starts far from the data: beyond `c` the gradient is zero. Begin with [[huber]].

## Pitfalls

### The three must be in order

The function on this page refuses other orders. Without that check, a `b` below `a` makes the loss jump, and where `b`
meets `c` a division by zero follows.

```python
from lossary.functional import hampel

for a, b, c in ((2.0, 4.0, 8.0), (4.0, 2.0, 8.0), (2.0, 8.0, 8.0)):
    try:
        print(hampel(torch.tensor([3.0]), torch.zeros(1), a=a, b=b, c=c).item())
    except ValueError as error:
        print(error)
```

```output
4.0
the thresholds must be in order, 0 < a <= b < c, got 4.0, 2.0 and 8.0
the thresholds must be in order, 0 < a <= b < c, got 2.0, 8.0 and 8.0
```

### Its height depends on all three

Far out the loss is `a * (b - a + c) / 2`. Raising `c` alone makes outliers dearer, although they pull no more: compare
fits by their weights and not by this value.

```python
from lossary.functional import hampel

far = torch.tensor([1000.0])
for c in (8.0, 16.0):
    print(f"c = {c:g}: {hampel(far, torch.zeros(1), c=c).item()}")
```

```output
c = 8: 10.0
c = 16: 18.0
```

### The defaults are for residuals with spread one

The thresholds have the unit of the residual. For raw residuals multiply all three by a robust estimate of the spread,
such as 1.4826 times the median of the absolute residuals.

```python
from lossary.functional import hampel

torch.manual_seed(0)
residual = (100 * torch.randn(1000)).requires_grad_()
scale = 1.4826 * residual.detach().abs().median().item()
for name, k in (("as they are", 1.0), ("times the scale", scale)):
    loss = hampel(residual, torch.zeros(1000), a=2 * k, b=4 * k, c=8 * k, reduction="sum")
    pulling = (torch.autograd.grad(loss, residual)[0] != 0).sum().item()
    print(f"thresholds {name}: {pulling} of 1000 points pull")
```

```output
thresholds as they are: 62 of 1000 points pull
thresholds times the scale: 1000 of 1000 points pull
```

## Relations

Up to `b` it is [[huber]] with `delta=a`.

    functional.hampel(input, target, a=1.0, b=1e3, c=1e4) == F.huber_loss(input, target, delta=1.0)

With a large `a` it is half of [[mse]].

    functional.hampel(input, target, a=1e3, b=2e3, c=3e3) == F.mse_loss(input, target) / 2

## In other libraries

- statsmodels `statsmodels.robust.norms.Hampel(a=a, b=b, c=c).rho(input - target)`: A function of the residual alone.

## References

- Frank R. Hampel (1974). The Influence Curve and Its Role in Robust Estimation. *Journal of the American Statistical
  Association 69(346), 383-393*. doi:10.1080/01621459.1974.10482962
"""

import torch

from lossary.declaration import POSITIVE, Number, Parameter, cases, residual_loss, sign, terms


def hampel(
    input: torch.Tensor,
    target: torch.Tensor,
    *,
    a: float = 2.0,
    b: float = 4.0,
    c: float = 8.0,
    reduction: str = "mean",
) -> torch.Tensor:
    if not 0 < a <= b < c:
        raise ValueError(f"the thresholds must be in order, 0 < a <= b < c, got {a}, {b} and {c}")
    # Clamped before it is squared, so that nothing overflows outside.
    size = (input - target).abs().clamp(max=c)
    top = a * (b - a + c) / 2
    bent = top - a * (c - size).square() / (2 * (c - b))
    loss = torch.where(size <= a, size.square() / 2, torch.where(size <= b, a * size - a**2 / 2, bent))
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


class Threshold(Number):
    """A number without a slider: three that are moved one by one would not stay in order."""

    widget = None


loss = residual_loss(
    function=hampel,
    aliases=terms("Hampel; Hampel loss; Hampel 17A; three-part redescending; Hampel's three-part loss"),
    tasks=("regression",),
    search_terms=terms("redescending M-estimator; three thresholds; piecewise linear psi function; Hampel psi"),
    concepts={
        "order of the thresholds; division by zero": "The three must be",
        "value far out; supremum": "Its height depends",
        "tuning constants; robust scale": "The defaults are for",
    },
    parameters=(
        Parameter(
            "a",
            2.0,
            "up to here the loss is half the squared error; also the largest pull",
            kind=Threshold(),
            range=POSITIVE,
            typical=(1.0, 2.0, 3.0),
            symbol="first",
            latex="a",
        ),
        Parameter(
            "b",
            4.0,
            "up to here the pull stays at a; at least a",
            kind=Threshold(),
            range=POSITIVE,
            typical=(3.0, 4.0, 6.0),
            symbol="second",
            latex="b",
        ),
        Parameter(
            "c",
            8.0,
            "where the pull has fallen to zero; above b",
            kind=Threshold(),
            range=POSITIVE,
            typical=(7.0, 8.0, 12.0),
            symbol="third",
            latex="c",
        ),
    ),
    where={"top": lambda first, second, third: first * (second - first + third) / 2},
    notation={"top": "h"},
    meanings={"top": "the loss of a point beyond c"},
    value=lambda r, first, second, third, top: cases(
        (r**2 / 2, abs(r) <= first),
        (first * abs(r) - first**2 / 2, abs(r) <= second),
        (top - first * (third - abs(r)) ** 2 / (2 * (third - second)), abs(r) <= third),
        (top, True),
    ),
    gradient=lambda r, first, second, third: cases(
        (r, abs(r) <= first),
        (first * sign(r), abs(r) <= second),
        (first * sign(r) * (third - abs(r)) / (third - second), abs(r) <= third),
        (0, True),
    ),
    kinks=(
        lambda third: -third,
        lambda second: -second,
        lambda first: -first,
        lambda first: first,
        lambda second: second,
        lambda third: third,
    ),
    span=(-12.0, 12.0),
    caption="A parabola up to a, straight lines up to b, half a parabola upside down up to c, and flat from there. The "
    "gradient consists of straight lines.",
    example={"input": [0.5, -3.0, 40.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "C1",
        "lipschitz": lambda first: first,
        "gradient_lipschitz": lambda first, second, third: max(1, first / (third - second)),
        "bounded": True,
        "supremum": lambda first, second, third: first * (second - first + third) / 2,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
