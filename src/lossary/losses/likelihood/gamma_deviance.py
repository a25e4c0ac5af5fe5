r"""Gamma deviance

For positive targets whose spread grows in proportion to their mean: a relative error costs the same at every scale, and
a prediction equal to the target costs nothing.

## When to use it

- Targets are positive and skewed, such as amounts of money, durations or loads, and being off by ten per cent should
  cost the same for a small one as for a large one.
- You want the mean of the target, in its own unit. Taking the logarithm of the targets and using [[mse]] makes relative
  errors count as well, but then the best constant is the geometric mean.

## When not to

- Targets may be zero. Then the loss is infinite: take [[tweedie_deviance]], or [[poisson_deviance]] for counts.
- Half the target and twice the target should cost the same. A prediction that is too small by a factor costs more here
  than one that is too large by it; [[msle]] charges both nearly alike, for targets well above 1.

## Pitfalls

### A target of zero is infinite

The loss holds the logarithm of the target. That one value makes the mean infinite; the gradient with respect to the
prediction stays finite, so that training goes on while the reported value is lost. scikit-learn's training loss,
`HalfGammaLoss`, leaves that term out.

```python
from lossary.functional import gamma_deviance

prediction = torch.tensor([2.0, 2.0], requires_grad=True)
loss = gamma_deviance(prediction, torch.tensor([1.0, 0.0]), reduction="none")
print(loss.detach(), torch.autograd.grad(loss.sum(), prediction)[0])
```

```output
tensor([0.3863,    inf]) tensor([0.5000, 1.0000])
```

### A prediction of zero or below gives NaN

A linear layer returns negative numbers, a `relu` zeros; neither is refused. Let the model predict the logarithm and pass
its exponential.

```python
from lossary.functional import gamma_deviance

raw, target = torch.tensor([-0.5, 0.5], requires_grad=True), torch.ones(2)
for name, prediction in (("raw ", raw), ("relu", raw.relu()), ("exp ", raw.exp())):
    loss = gamma_deviance(prediction, target, reduction="none")
    gradient = torch.autograd.grad(loss.sum(), raw)[0]
    print(name, "loss", [round(v, 2) for v in loss.tolist()], "gradient", [round(v, 2) for v in gradient.tolist()])
```

```output
raw  loss [nan, 0.61] gradient [-12.0, -4.0]
relu loss [nan, 0.61] gradient [0.0, -4.0]
exp  loss [0.3, 0.21] gradient [-1.3, 0.79]
```

### It is not convex in the prediction

Beyond twice the target the curve bends down, and its slope fades as the prediction grows. With respect to the logarithm of
the prediction it is convex, which is one reason to let the model predict the logarithm.

```python
from lossary.functional import gamma_deviance

target = torch.ones(1)
for prediction in (1.0, 2.0, 8.0):
    point = torch.tensor([prediction])
    plain = torch.autograd.functional.hessian(lambda x: gamma_deviance(x, target), point).item()
    linked = torch.autograd.functional.hessian(lambda t: gamma_deviance(t.exp(), target), point.log()).item()
    print(f"{prediction:g}: curvature {plain:.3f} in the prediction, {linked:.3f} in its logarithm")
```

```output
1: curvature 2.000 in the prediction, 2.000 in its logarithm
2: curvature 0.000 in the prediction, 1.000 in its logarithm
8: curvature -0.023 in the prediction, 0.250 in its logarithm
```

### A prediction too small costs more than one too large

The loss depends on the quotient of target and prediction alone. Predicting a tenth of the target costs far more than
predicting ten times the target.

```python
from lossary.functional import gamma_deviance

for scale in (1.0, 1000.0):
    target = torch.full((2,), scale)
    print(scale, gamma_deviance(target * torch.tensor([0.1, 10.0]), target, reduction="none"))
```

```output
1.0 tensor([13.3948,  2.8052])
1000.0 tensor([13.3948,  2.8052])
```

## Relations

It is twice the [[itakura_saito|Itakura-Saito divergence]] of the target from the prediction.

    functional.gamma_deviance(p, q, reduction="none") == 2 * functional.itakura_saito(p, q, reduction="none")

It is the limit of the [[tweedie_deviance]] as its power goes to 2.

    functional.gamma_deviance(p, q) == functional.tweedie_deviance(p, q, power=2 - 1e-6)  # within 1e-4

## In other libraries

- `sklearn.metrics.mean_gamma_deviance(target.ravel(), input.ravel())`: A metric; the target comes first.
- `xgboost.train({"objective": "reg:gamma"}, xgboost.DMatrix(features, target, base_margin=input.log()))`:
  The trees add up to the logarithm of the mean, of which `predict` returns the exponential.

## References

- J. A. Nelder and R. W. M. Wedderburn (1972). Generalized Linear Models. *Journal of the Royal Statistical
  Society, Series A 135(3), 370-384*. https://www.jstor.org/stable/2344614
"""

import torch

from lossary.declaration import (
    MEAN_AXIS,
    POSITIVE_MEAN,
    Input,
    Kind,
    Loss,
    Precision,
    Section,
    Symbolic,
    log,
    terms,
)

POSITIVE_VALUE = Kind("numbers above 0", values=(1e-3, 0.75, 3.0, 1000.0), lower=0.0, takes="values")


def gamma_deviance(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    excess = (target - input) / input
    target = target.to(excess.dtype)  # the logarithm of an integer has single precision
    close = excess.abs() < 0.5
    # log1p keeps the digits where the two nearly agree; elsewhere the logarithms stay apart, for no quotient to underflow
    ratio = torch.where(close, excess, 0).log1p()
    loss = 2 * (excess - torch.where(close, ratio, target.log() - input.log()))
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=gamma_deviance,
    aliases=terms("mean gamma deviance"),
    tasks=("regression",),
    search_terms=terms(
        "deviance of a gamma GLM; insurance severity; claim size regression; positive skewed targets; "
        "relative error regression; half gamma deviance; reg:gamma; positive skewed target; "
        "constant coefficient of variation; costs, durations and amounts; severity of claims; "
        "relative error of positive values; GLM with log link; gamma regression; "
        "variance grows with the square of the mean; strictly positive amounts; waiting times; "
        "claim severity; Gamma GLM; "
        "waiting times and costs; log link for positive targets; GammaRegressor; "
        "2 (log(mu/y) + y/mu - 1); LightGBM gamma; "
        "cost of treatment and repair"
    ),
    concepts={
        "zero targets; infinite deviance": "A target of zero",
        "nan loss; negative prediction nan; relu output": "A prediction of zero or below",
        "non-convex; log link": "It is not convex",
        "over- and underestimation; asymmetric": "A prediction too small",
    },
    answers={
        "regression/relative/positive": ("Targets are positive and skewed", "Half the target"),
    },
    inputs=(
        Input("input", "x", (POSITIVE_MEAN,), "(*)", "the predicted mean"),
        Input("target", "y", (POSITIVE_VALUE,), "(*), same as input", "the values to predict"),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y: 2 * (log(x) - log(y) + y / x - 1),
            gradient={"input": lambda x, y: 2 * (x - y) / x**2, "target": lambda x, y: 2 * (1 / x - 1 / y)},
        ),
    ),
    precision=Precision(
        size=lambda x, y: 2 * (abs(log(x)) + abs(log(y)) + y / x + 1),
        why="its terms cancel where the prediction is close to the target",
    ),
    sections=(
        Section(
            axis=MEAN_AXIS,
            label=MEAN_AXIS.label,
            span=(0.3, 6.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"target 1": 1.0, "target 0.5": 0.5, "target 2": 2.0},
            perfect={"target 1": 1.0, "target 0.5": 0.5, "target 2": 2.0},
            limits=(0.0, float("inf")),
            target_values="real",
            note="One element, for three targets.",
            caption="Each curve touches zero where the prediction equals the target, and is the same curve on another scale. "
            "To the left it grows like the quotient of target and prediction, to the right like a logarithm.",
        ),
    ),
    example={"input": [1.5, 3.0, 0.5], "target": [1.0, 4.0, 0.5]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "symmetric": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", 0),
        "elicits": "mean",
    },
)
