r"""Epsilon-insensitive loss

The absolute error less a tolerance: errors up to epsilon cost nothing, larger ones cost the excess.

## When to use it

- Errors below a known tolerance do not matter: a measurement's resolution, a permitted deviation.
- In support vector regression: samples inside the tube have no gradient, so that the fit rests on the others alone.

## When not to

- You cannot say what error is still good enough. `epsilon` has the unit of the target; [[l1]] is the loss without it.
- You need one best prediction: [[mse]] has one. Here any constant within `epsilon` of all targets has zero loss.
- You want gradients that fade towards the target. At the edge of the tube the slope jumps from nothing to one:
  [[squared_epsilon_insensitive|squared epsilon-insensitive loss]], or [[huber]].

## Pitfalls

### epsilon is measured in the units of the target

With the target in kilometres and `epsilon=0.1`, an error of ninety metres costs nothing. If the targets were
standardised, the tolerance is a share of their standard deviation.

```python
from lossary.functional import epsilon_insensitive

metres = torch.tensor([0.5, 90.0, 150.0])
for name, residual in (("metres", metres), ("kilometres", metres / 1000)):
    print(name, epsilon_insensitive(residual, torch.zeros(3), epsilon=0.1, reduction="none"))
```

```output
metres tensor([  0.4000,  89.9000, 149.9000])
kilometres tensor([0.0000, 0.0000, 0.0500])
```

### A model that starts inside the tube does not learn

Where every error is below `epsilon`, loss and gradient are exactly zero, whatever structure is left in the residuals.
Below, a constant fits targets that rise steadily.

```python
from lossary.functional import epsilon_insensitive

target = torch.linspace(-0.4, 0.4, 5)
slope = torch.zeros((), requires_grad=True)
for epsilon in (0.5, 0.1):
    loss = epsilon_insensitive(slope * torch.linspace(-1, 1, 5), target, epsilon=epsilon)
    print(epsilon, round(loss.item(), 3), torch.autograd.grad(loss, slope)[0])
```

```output
0.5 0.0 tensor(0.)
0.1 0.16 tensor(-0.6000)
```

### The minimum is flat

Between the two targets below, each constant from -0.5 to 0.5 has the same loss of zero. What training returns there
depends on where it started.

```python
from lossary.functional import epsilon_insensitive

target = torch.tensor([-0.5, 0.5])
for constant in (-0.6, -0.5, 0.0, 0.5):
    print(constant, round(epsilon_insensitive(torch.full((2,), constant), target, epsilon=1.0).item(), 3))
```

```output
-0.6 0.05
-0.5 0.0
0.0 0.0
0.5 0.0
```

## Relations

With `epsilon=0` it is [[l1]].

    functional.epsilon_insensitive(input, target, epsilon=0.0) == F.l1_loss(input, target)

Its square is the [[squared_epsilon_insensitive|squared epsilon-insensitive loss]].

    functional.epsilon_insensitive(input, target, reduction="none") ** 2
    == functional.squared_epsilon_insensitive(input, target, reduction="none")

## In other libraries

- `numpy.vectorize(sklearn.linear_model._sgd_fast.EpsilonInsensitive(epsilon).py_loss)(target, input)`: Private; what
  `SGDRegressor(loss="epsilon_insensitive", epsilon=epsilon)` minimises.
- LossFunctions.jl `L1EpsilonInsLoss(epsilon)`

## References

- Alex J. Smola and Bernhard Schölkopf (2004). A tutorial on support vector regression. *Statistics and Computing 14(3),
  199-222*. doi:10.1023/B:STCO.0000035301.49549.88
"""

import torch

from lossary.declaration import NOT_NEGATIVE, Parameter, cases, maximum, residual_loss, sign, terms


def epsilon_insensitive(
    input: torch.Tensor, target: torch.Tensor, *, epsilon: float = 0.1, reduction: str = "mean"
) -> torch.Tensor:
    loss = torch.relu((input - target).abs() - epsilon)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=epsilon_insensitive,
    aliases=terms("epsilon-insensitive; SVR loss; tube loss; Vapnik's loss; L1EpsilonInsLoss; epsilon-tube loss"),
    tasks=("regression",),
    search_terms=terms(
        "support vector regression loss; dead zone; tolerance; ignore small errors; deadband loss; insensitive tube; "
        "small errors cost nothing; errors below a tolerance do not count; tube around the prediction; "
        "regression with a margin of tolerance; sparse support vectors; Vapnik; "
        "threshold below which errors are free; SVR; support vector regression in scikit-learn; "
        "LinearSVR default; SGDRegressor epsilon_insensitive; L1 epsilon-insensitive; "
        "small deviations are free; no penalty inside a band; absolute error outside a tolerance; "
        "max(0, |x| - epsilon)"
    ),
    concepts={
        "ignore small errors; tolerance; dead zone; tube width": "epsilon",
        "choosing epsilon; feature scaling": "epsilon is measured",
        "gradient is zero; model does not train": "A model that starts",
        "no unique minimum": "The minimum is flat",
    },
    answers={
        "regression/uneven/small": ("Errors below a known", "You want gradients that fade"),
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
    value=lambda r, epsilon: maximum(0, abs(r) - epsilon),
    gradient=lambda r, epsilon: cases((sign(r), abs(r) > epsilon), (0, True)),
    kinks=(lambda epsilon: -epsilon, lambda epsilon: epsilon),
    caption="Flat up to epsilon on either side, and straight lines of slope one from there.",
    example={"input": [0.05, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "gradient_limits": (-1, 1),
    },
)
