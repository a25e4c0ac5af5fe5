r"""Expectile loss

A squared error with two weights: predicting too low counts tau times, predicting too high 1 - tau times, so that the
best constant prediction is the tau-expectile of the target.

## When to use it

- Too low and too high cost differently, and the cost grows with the square of the error.
- You want something like a quantile that depends on how far the targets lie beyond it and not only on how many do, with
  a smooth loss that is easy to optimise.
- In offline reinforcement learning, as a soft maximum over what was seen: the larger `tau`, the nearer to the largest
  value.

## When not to

- You need a quantile, such as an interval that holds nine targets in ten: [[quantile|quantile loss]]. An expectile has
  no such share.
- There are gross outliers: [[quantile]]. Here the gradient grows with the residual and nothing caps it; only its
  weight differs by side.

## Pitfalls

### The 0.9-expectile is not the 0.9-quantile

It lies where the sum of the distances to the targets above is a ninth of that to the targets below, whatever the number
of targets on either side. For a normal sample the 0.9-expectile is near the 80 % quantile.

```python
torch.manual_seed(0)
target = torch.randn(100_000, dtype=torch.float64)
prediction = torch.zeros((), dtype=torch.float64)
for _ in range(100):
    weight = torch.where(target > prediction, 0.9, 0.1)
    prediction = (weight * target).sum() / weight.sum()
share = (target <= prediction).double().mean().item()
above = (target - prediction).clamp(min=0).sum()
below = (prediction - target).clamp(min=0).sum()
print(f"expectile {prediction.item():.2f}, quantile {target.quantile(0.9).item():.2f}")
print(f"{share:.0%} of the targets lie below the expectile; distances above / below: {(above / below).item():.3f}")
```

```output
expectile 0.86, quantile 1.29
81% of the targets lie below the expectile; distances above / below: 0.111
```

### The factor one half

At `tau=0.5` this is half of the mean squared error. Code that multiplies by two, so that the two agree, doubles every
gradient: under plain gradient descent, halve the learning rate when you move there.

```python
from lossary.functional import expectile

prediction = torch.tensor([1.0, -2.0])
print(expectile(prediction, torch.zeros(2)), F.mse_loss(prediction, torch.zeros(2)))
```

```output
tensor(1.2500) tensor(2.5000)
```

### The sign of the residual decides which side costs more

Here u is target minus input: a large `tau` punishes predictions that are too low, and moves the prediction up.

```python
from lossary.functional import expectile

target = torch.zeros(1)
for name, prediction in (("too low", torch.tensor([-1.0])), ("too high", torch.tensor([1.0]))):
    print(name, round(expectile(prediction, target, tau=0.9).item(), 3))
```

```output
too low 0.9
too high 0.1
```

## Relations

With `tau=0.5` it is half of [[mse]].

    functional.expectile(input, target, tau=0.5) == F.mse_loss(input, target) / 2

Exchanging prediction and target exchanges `tau` and `1 - tau`; the two add up to [[mse]].

    functional.expectile(input, target, tau=0.9) + functional.expectile(input, target, tau=0.1) == F.mse_loss(input, target)

## In other libraries

- [XGBoost](https://xgboost.readthedocs.io/en/latest/parameter.html)
  `xgboost.train({"objective": "reg:expectileerror", "expectile_alpha": tau}, data)`: An objective of newer versions
  than the one whose other objectives are run here.

## References

- Whitney K. Newey and James L. Powell (1987). Asymmetric Least Squares Estimation and Testing. *Econometrica 55(4),
  819-847*. doi:10.2307/1911031
"""

import torch

from lossary.declaration import Parameter, Range, cases, equal, residual_loss, terms


def expectile(input: torch.Tensor, target: torch.Tensor, *, tau: float = 0.5, reduction: str = "mean") -> torch.Tensor:
    missing = target - input
    loss = torch.where(missing < 0, (1 - tau) * missing.square(), tau * missing.square())
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=expectile,
    aliases=terms("expectile; expectile regression loss; asymmetric squared error; asymmetric least squares; ALS"),
    tasks=("regression", "uncertainty", "reinforcement"),
    search_terms=terms(
        "asymmetric L2; asymmetric MSE; implicit Q-learning loss; IQL value loss; reg:expectileerror; "
        "upper expectile; underestimation costs more; over- and underestimation cost differently, squared; "
        "weighted least squares by sign; implicit Q-learning; value at risk; expectile regression; tail risk; "
        "late is worse than early, squared; asymmetric mean; overestimation costs more, squared; "
        "implicit Q-learning value function; IQL; squared error that weighs one side more; "
        "offline reinforcement learning with an asymmetric value loss; conditional expectile; "
        "CatBoost Expectile; XGBoost reg:expectileerror"
    ),
    concepts={
        "asymmetric costs; underestimation costs more": "tau",
        "expectile versus quantile": "The 0.9-expectile",
        "half the squared error; factor two": "The factor one half",
        "sign convention": "The sign of the residual",
    },
    answers={
        "regression/uneven/side": ("Too low and too high", "You need a quantile"),
        "uncertainty/any": ("You want something like a quantile", "You need a quantile"),
        "reinforcement/value": ("In offline reinforcement", "There are gross outliers"),
    },
    parameters=(
        Parameter(
            "tau",
            0.5,
            "the weight of predictions that are too low; those that are too high have the rest to one",
            range=Range(lower=0.0, upper=1.0, lower_open=True, upper_open=True),
            typical=(0.1, 0.5, 0.9),
        ),
    ),
    value=lambda u, tau: cases(((1 - tau) * u**2, u < 0), (tau * u**2, True)),
    gradient=lambda u, tau: cases((-2 * (1 - tau) * u, u < 0), (-2 * tau * u, True)),
    kinks=(lambda tau: cases((float("inf"), equal(2 * tau, 1)), (0, True)),),
    caption="Two halves of parabolas that meet at zero, in the picture equally wide. A larger tau makes the left half, "
    "where predictions are too low, steeper.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": lambda tau: "Cinf" if tau == 0.5 else "C1",
        "symmetric": lambda tau: equal(2 * tau, 1),
        "lipschitz": "inf",
        "gradient_lipschitz": lambda tau: 2 * max(tau, 1 - tau),
        "gradient_limits": ("-inf", "inf"),
        "elicits": lambda tau: "mean" if tau == 0.5 else "tau-expectile",
    },
)
