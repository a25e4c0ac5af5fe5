r"""Hampel three-part

Half the squared error up to a, straight lines up to b, then a curve that levels off and is constant from c on: ordinary
points, doubtful ones, outliers that fade, and outliers that do not count.

## When to use it

- You can say where points become doubtful, where they become suspicious, and where they are surely wrong: the three
  limits are yours to set.
- Up to `b` it should be [[huber]], and beyond it the influence should end.

## When not to

- Three limits are two too many: [[tukey_biweight|Tukey biweight]] needs one.
- A continuous curvature is needed: it jumps at all three limits. That of [[andrews]] jumps at its end alone, and
  [[welsch]] is smooth everywhere.
- There is no good start. Beyond `c` there is no gradient, and the loss is not convex. Begin with [[huber]].

## Pitfalls

### The limits must be in order

The pieces meet only if `a` is at most `b`, and `b` less than `c`. The function on this page refuses anything else. One that
does not check gives a loss with a jump, or divides by zero.

```python
from lossary.functional import hampel

for a, b, c in ((2.0, 4.0, 8.0), (5.0, 4.0, 8.0), (2.0, 8.0, 8.0)):
    try:
        print(hampel(torch.tensor([1.0]), torch.zeros(1), a=a, b=b, c=c))
    except ValueError as error:
        print(error)
```

```output
tensor(0.5000)
hampel needs a <= b < c, got a=5.0, b=4.0, c=8.0
hampel needs a <= b < c, got a=2.0, b=8.0, c=8.0
```

### A short way from b to c makes the descent steep

Between `b` and `c` the pull falls from `a` to zero, so the curvature there is minus `a / (c - b)`. A narrow gap gives a
strongly concave stretch in which small changes of a prediction change its pull a lot.

```python
from lossary.functional import hampel

for c in (8.0, 4.1):
    residual = torch.tensor([4.05], dtype=torch.float64, requires_grad=True)
    loss = hampel(residual, torch.zeros_like(residual), c=c)
    (pull,) = torch.autograd.grad(loss, residual, create_graph=True)
    (curvature,) = torch.autograd.grad(pull, residual)
    print(f"c {c}: pull {pull.item():.3f}, curvature {curvature.item():.2f}")
```

```output
c 8.0: pull 1.975, curvature -0.50
c 4.1: pull 1.000, curvature -20.00
```

### The limits count spreads

The defaults 2, 4 and 8 are meant for residuals divided by a robust estimate of their standard deviation. With raw residuals
they are distances in the unit of the target.

```python
from lossary.functional import hampel

metres = torch.tensor([-0.3, 0.1, 0.2, -0.1, 0.4])
for name, residual in (("metres", metres), ("millimetres", 1000 * metres)):
    residual.requires_grad_()
    (pull,) = torch.autograd.grad(hampel(residual, torch.zeros(5)), residual)
    print(f"{name}: {(pull != 0).sum()} of 5 points pull")
```

```output
metres: 5 of 5 points pull
millimetres: 0 of 5 points pull
```

### Outside c the loss is a constant, and not zero

It is `a * (b + c - a) / 2` there. A formula that gives the falling piece without this constant jumps at `b` and is negative
or zero beyond it, although its gradient is right.

```python
from lossary.functional import hampel

residual = torch.tensor([4.0, 4.1, 9.0])
print("right", hampel(residual, torch.zeros(3), reduction="none"))
falling = -2.0 * (8.0 - residual.clamp(max=8.0)) ** 2 / (2 * (8.0 - 4.0))
print("wrong", torch.where(residual <= 4.0, 2.0 * (residual - 1.0), falling))
```

```output
right tensor([ 6.0000,  6.1975, 10.0000])
wrong tensor([ 6.0000, -3.8025, -0.0000])
```

## Relations

With `b` and `c` beyond every residual it is [[huber]] with `delta=a`.

    functional.hampel(input, target, a=2.0, b=1e6, c=2e6) == F.huber_loss(input, target, delta=2.0)

With all limits beyond every residual it is half of [[mse]].

    functional.hampel(input, target, a=1e6, b=2e6, c=3e6) == F.mse_loss(input, target) / 2

## In other libraries

- `statsmodels.robust.norms.Hampel(a=a, b=b, c=c).rho(input - target)`: A function of the residual alone; the order of
  the limits is not checked.

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
    if not a <= b < c:
        raise ValueError(f"hampel needs a <= b < c, got a={a}, b={b}, c={c}")
    residual = (input - target).clamp(-c, c)
    size = residual.abs()
    falling = a * (b + c - a) / 2 - a * (c - size) ** 2 / (2 * (c - b))
    loss = torch.where(size <= a, residual**2 / 2, torch.where(size <= b, a * (size - a / 2), falling))
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


class Limit(Number):
    """A number without a slider: limits that are moved one by one would not stay in order."""

    widget = None


loss = residual_loss(
    function=hampel,
    aliases=terms("Hampel loss; Hampel function; three-part redescending"),
    tasks=("regression",),
    search_terms=terms(
        "reject outliers completely; hard redescending M-estimator; piecewise linear psi function; "
        "Huber with an end; three thresholds; three-part M-estimator; piecewise linear influence; 17A; "
        "a, b and c as turning points; hampel psi; "
        "three pieces of psi; "
        "psi.hampel of MASS::rlm; statsmodels robust norms; "
        "trapezoid psi; flat, then falling influence"
    ),
    concepts={
        "where Huber's part ends": "a",
        "order of the thresholds; a b c": "The limits must",
        "steep descent between b and c": "A short way",
        "scale estimate; MAD; normalise residuals": "The limits count",
        "value beyond the threshold": "Outside c",
    },
    answers={
        "regression/outliers/none/edge": ("You can say where", "Three limits"),
    },
    parameters=(
        Parameter(
            "a",
            2.0,
            "where the parabola ends; also the largest pull",
            kind=Limit(),
            range=POSITIVE,
            typical=(1.0, 2.0, 3.0),
            latex="a",
        ),
        Parameter(
            "b", 4.0, "where the pull begins to fall", kind=Limit(), range=POSITIVE, typical=(3.0, 4.0, 5.0), latex="b"
        ),
        Parameter(
            "c",
            8.0,
            "the residual from which on there is no pull",
            kind=Limit(),
            range=POSITIVE,
            typical=(6.0, 8.0, 10.0),
            symbol="end",
            latex="c",
        ),
    ),
    value=lambda r, a, b, end, height: cases(
        (r**2 / 2, abs(r) <= a),
        (a * (abs(r) - a / 2), abs(r) <= b),
        (height - a * (end - abs(r)) ** 2 / (2 * (end - b)), abs(r) <= end),
        (height, True),
    ),
    where={"height": lambda a, b, end: a * (b + end - a) / 2},
    notation={"height": "h"},
    meanings={"height": "the loss of a point beyond c"},
    gradient=lambda r, a, b, end: cases(
        (r, abs(r) <= a),
        (a * sign(r), abs(r) <= b),
        (a * sign(r) * (end - abs(r)) / (end - b), abs(r) <= end),
        (0, True),
    ),
    kinks=(
        lambda a: -a,
        lambda a: a,
        lambda b: -b,
        lambda b: b,
        lambda end: -end,
        lambda end: end,
    ),
    span=(-10.0, 10.0),
    caption="A parabola, straight lines, two bends and a plateau, joined at the marks. The gradient shows the three limits: it "
    "rises to a, stays there, falls from b on and is zero from c on.",
    example={"input": [0.5, -3.0, 9.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "C1",
        "lipschitz": lambda a: a,
        "gradient_lipschitz": lambda a, b, end: max(1, a / (end - b)),
        "bounded": True,
        "supremum": lambda a, b, end: a * (b + end - a) / 2,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
