r"""Squared epsilon-insensitive loss

The square of the excess over a tolerance: errors up to epsilon cost nothing, and the loss leaves zero without
a corner.

## When to use it

- Errors below a known tolerance do not matter, and you want a gradient that grows gently from the edge of the tube, for
  solvers that need a continuous one.
- In support vector regression with squared slack.

## When not to

- There are outliers. Beyond the tolerance the pull grows without bound, as under [[mse]];
  [[epsilon_insensitive|epsilon-insensitive loss]] keeps it at one.
- You cannot say what error is still good enough: [[mse]] is the loss without the tolerance.

## Pitfalls

### The square is of the excess, not of the error

An error of twice the tolerance costs `epsilon` squared, a quarter of what the squared error would be. Dropping small
errors from the squared error instead gives another loss, with a jump at the edge.

```python
from lossary.functional import squared_epsilon_insensitive

residual = torch.tensor([0.9, 1.1, 2.0])
dropped = torch.where(residual.abs() > 1, residual.square(), 0.0)
print("excess squared ", squared_epsilon_insensitive(residual, torch.zeros(3), epsilon=1.0, reduction="none"))
print("square, dropped", dropped)
```

```output
excess squared  tensor([0.0000, 0.0100, 1.0000])
square, dropped tensor([0.0000, 1.2100, 4.0000])
```

### The minimum is flat

All constants that are within `epsilon` of every target have zero loss, and the gradient there is zero.

```python
from lossary.functional import squared_epsilon_insensitive

constant = torch.tensor([-0.6, 0.0, 0.4], requires_grad=True)
loss = sum(squared_epsilon_insensitive(constant, torch.full((3,), y), epsilon=1.0, reduction="none") for y in (-0.5, 0.5))
print(loss.detach(), torch.autograd.grad(loss.sum(), constant)[0])
```

```output
tensor([0.0100, 0.0000, 0.0000]) tensor([-0.2000,  0.0000,  0.0000])
```

## Relations

With `epsilon=0` it is [[mse]].

    functional.squared_epsilon_insensitive(input, target, epsilon=0.0) == F.mse_loss(input, target)

It is the square of the [[epsilon_insensitive|epsilon-insensitive loss]].

    functional.squared_epsilon_insensitive(input, target, reduction="none")
    == functional.epsilon_insensitive(input, target, reduction="none") ** 2

## In other libraries

- `numpy.vectorize(sklearn.linear_model._sgd_fast.SquaredEpsilonInsensitive(epsilon).py_loss)(target, input)`: Private; what
  `SGDRegressor(loss="squared_epsilon_insensitive", epsilon=epsilon)` minimises.
- LossFunctions.jl `L2EpsilonInsLoss(epsilon)`

## References

- Alex J. Smola and Bernhard Schölkopf (2004). A tutorial on support vector regression. *Statistics and Computing 14(3),
  199-222*. doi:10.1023/B:STCO.0000035301.49549.88
"""

import torch

from lossary.declaration import NOT_NEGATIVE, Parameter, cases, maximum, residual_loss, sign, terms


def squared_epsilon_insensitive(
    input: torch.Tensor, target: torch.Tensor, *, epsilon: float = 0.1, reduction: str = "mean"
) -> torch.Tensor:
    loss = torch.relu((input - target).abs() - epsilon).square()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=squared_epsilon_insensitive,
    aliases=terms("squared epsilon-insensitive; L2-SVR loss; L2-SVR; L2EpsilonInsLoss"),
    tasks=("regression",),
    search_terms=terms(
        "support vector regression with squared slack; smooth dead zone; quadratic epsilon-insensitive; "
        "quadratic outside a tube; L2 support vector regression; LinearSVR squared; squared error with a tolerance; "
        "smooth edge of the tube; squared error outside a tolerance tube; "
        "L2 epsilon-insensitive; SGDRegressor squared_epsilon_insensitive; "
        "SVR with squared slack variables; smooth tube loss; "
        "max(0, |x| - epsilon)^2"
    ),
    concepts={
        "ignore small errors; tolerance; dead zone": "epsilon",
        "squared error with a threshold": "The square is of the excess",
        "no unique minimum": "The minimum is flat",
    },
    answers={
        "regression/uneven/small": ("Errors below a known", "There are outliers"),
    },
    parameters=(
        Parameter(
            "epsilon",
            0.1,
            "the error up to which nothing is paid, in the unit of the target",
            range=NOT_NEGATIVE,
            typical=(0.1, 0.5, 1.0),
            latex=r"\varepsilon",
        ),
    ),
    value=lambda r, epsilon: maximum(0, abs(r) - epsilon) ** 2,
    gradient=lambda r, epsilon: cases((2 * (abs(r) - epsilon) * sign(r), abs(r) > epsilon), (0, True)),
    kinks=(lambda epsilon: -epsilon, lambda epsilon: epsilon),
    caption="Flat up to epsilon on either side, and from there half a parabola. The gradient starts at zero.",
    example={"input": [0.05, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": lambda epsilon: "C1" if epsilon > 0 else "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": 2,
        "gradient_limits": ("-inf", "inf"),
    },
)
