r"""Tweedie deviance

For targets that are often exactly zero and otherwise positive and skewed: between the Poisson deviance and the gamma
deviance, with a power that says how the variance grows with the mean.

## When to use it

- One target mixes exact zeros and positive amounts: claims per policy, rain per day, sales per item. One model predicts
  its mean, with no separate model for the zeros.
- The variance grows like the mean raised to a power between 1 and 2. A small error costs about its square divided by
  the mean raised to that power: near 1 as for counts, near 2 by its relative size alone.
- A relative error should cost nearly the same for small targets and for large ones, some of which are zero: take a power
  near 2. At 2 itself only the ratio would count, and a zero would cost infinitely much.

## When not to

- Counts whose variance is near their mean: [[poisson_deviance]]. It is the end at `power=1`, which the formula, with its
  division by `1 - power`, does not reach.
- Targets are all positive: [[gamma_deviance]]. It is the other end, at `power=2`.
- You want to choose `power` by the value of this loss. Values at two powers cannot be compared, as a pitfall shows.
  Compare the predictions by a loss that is the same for both, such as [[poisson_deviance]].

## Pitfalls

### Values at different powers cannot be compared

The power changes the unit of the loss. The same relative error costs less at a larger power where the numbers are large,
and more where they are small. Choose the power from how the variance of the targets grows with their mean.

```python
from lossary.functional import tweedie_deviance

for scale in (0.01, 100.0):
    prediction, target = torch.tensor([3.0]) * scale, torch.tensor([1.0]) * scale
    print(scale, [round(tweedie_deviance(prediction, target, power=p).item(), 4) for p in (1.1, 1.5, 1.9)])
```

```output
0.01 [0.0265, 0.1238, 0.5849]
100.0 [105.3701, 12.376, 1.4692]
```

### The input is the mean, not its logarithm

A negative mean has no real power, so a linear layer's raw output gives NaN where it is negative. Let the model predict
the logarithm and pass its exponential. In float32 that is 0 at a logarithm of -120, and the gradient is NaN then, even
for a target of zero. Clamp the logarithm below every mean that matters: the gradient of what is clamped is 0.

```python
from lossary.functional import tweedie_deviance

raw, target = torch.tensor([-120.0, -0.5, 0.5], requires_grad=True), torch.tensor([0.0, 0.0, 2.0])
for name, mean in (("raw", raw), ("exp", raw.exp()), ("clamped exp", raw.clamp(min=-50).exp())):
    loss = tweedie_deviance(mean, target, reduction="none")
    gradient = torch.autograd.grad(loss.sum(), raw)[0]
    print(f"{name:11} loss {[round(v, 2) for v in loss.tolist()]}, gradient {[round(v, 2) for v in gradient.tolist()]}")
```

```output
raw         loss [nan, nan, 2.83], gradient [nan, nan, -8.49]
exp         loss [0.0, 3.12, 0.05], gradient [nan, 1.56, -0.55]
clamped exp loss [0.0, 3.12, 0.05], gradient [0.0, 1.56, -0.55]
```

### A training loss without the floor of zero

scikit-learn's `HalfTweedieLoss` leaves out the term of the target alone, and the factor of two. Its gradient is half of
this one's, and a perfect prediction of a positive target costs more than zero, so that the value alone does not say how
far from perfect a model is.

```python
from lossary.functional import tweedie_deviance

mean, target, power = torch.tensor([2.0, 5.0]), torch.tensor([2.0, 0.0]), 1.5
without = -target * mean ** (1 - power) / (1 - power) + mean ** (2 - power) / (2 - power)
print("deviance", tweedie_deviance(mean, target, reduction="none"))
print("without ", without)
```

```output
deviance tensor([0.0000, 8.9443])
without  tensor([5.6569, 4.4721])
```

## Relations

As `power` goes to 1 it becomes the [[poisson_deviance]].

    functional.tweedie_deviance(p, q, power=1 + 1e-6) == functional.poisson_deviance(p, q)  # within 1e-4

As `power` goes to 2 it becomes the [[gamma_deviance]].

    functional.tweedie_deviance(p, q, power=2 - 1e-6) == functional.gamma_deviance(p, q)  # within 1e-4

## In other libraries

- `sklearn.metrics.mean_tweedie_deviance(target.ravel(), input.ravel(), power=power)`: A metric; the target comes first. Takes the powers
  0, 1 and 2 as well.
- `xgboost.train({"objective": "reg:tweedie", "tweedie_variance_power": power}, xgboost.DMatrix(features, target, base_margin=input.log()))`:
  The trees add up to the logarithm of the mean, of which `predict` returns the exponential.

## References

- Bent Jørgensen (1987). Exponential Dispersion Models. *Journal of the Royal Statistical Society, Series B 49(2),
  127-162*. https://www.jstor.org/stable/2345415
"""

import torch

from lossary.declaration import (
    MEAN_AXIS,
    POSITIVE_MEAN,
    Input,
    Kind,
    Loss,
    Parameter,
    Precision,
    Range,
    Section,
    Symbolic,
    terms,
)

AMOUNT = Kind("numbers, 0 or more", values=(0.0, 0.75, 3.0, 1000.0), lower=0.0, takes="values")


def tweedie_deviance(
    input: torch.Tensor, target: torch.Tensor, *, power: float = 1.5, reduction: str = "mean"
) -> torch.Tensor:
    a, b = 1 - power, 2 - power
    zero = target == 0
    x, y = torch.where(zero, 1, input), torch.where(zero, 1, target)
    excess = x - y
    y = y.to(excess.dtype)  # the logarithm of an integer has single precision
    close = excess.abs() < y / 2
    # log1p and expm1 keep the digits where prediction and target nearly agree
    near = (torch.where(close, excess, 0) / y).log1p()
    ratio = torch.where(close, near, x.log() - y.log())
    positive = y**b * (torch.expm1(b * ratio) / b - torch.expm1(a * ratio) / a)
    loss = 2 * torch.where(zero, torch.where(zero, input, 1) ** b / b, positive)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=tweedie_deviance,
    aliases=terms("Tweedie loss; mean Tweedie deviance"),
    tasks=("regression", "counts"),
    search_terms=terms(
        "compound Poisson-gamma; zero-inflated positive targets; insurance pure premium; rainfall regression; "
        "variance power; reg:tweedie; tweedie_variance_power; intermittent demand; many zeros and a long tail; "
        "zero-inflated amounts; claims cost per policy; pure premium; rain amounts; power between 1 and 2; "
        "sales with many zeros; exact zeros and positive amounts; "
        "zero-inflated continuous targets; rainfall amounts; Tweedie GLM; "
        "rainfall with many zeros; variance power between 1 and 2; TweedieRegressor; d2_tweedie_score; mass at "
        "zero and a positive tail; "
        "LightGBM and CatBoost Tweedie; y mu^(1 - p)/(1 - p); "
        "amounts with exact zeros; insurance losses"
    ),
    concepts={
        "variance power; tweedie_variance_power": "power",
        "choosing the power; comparing powers": "Values at different powers",
        "negative prediction nan; log link": "The input is the mean",
        "half deviance; value of a perfect prediction": "A training loss",
    },
    answers={
        "regression/relative/zeros": ("One target mixes", "You want to choose"),
        "counts/train/wide": ("The variance grows like", "Counts whose variance"),
        "counts/train/ratio": ("A relative error", "Targets are all positive"),
    },
    inputs=(
        Input("input", "x", (POSITIVE_MEAN,), "(*)", "the predicted mean"),
        Input("target", "y", (AMOUNT,), "(*), same as input", "the values to predict"),
    ),
    parameters=(
        Parameter(
            "power",
            1.5,
            "how the variance grows with the mean: like the mean raised to it",
            # nearer to 1 and 2 the formula, which the interactive plot computes, divides rounding by a tiny number
            range=Range(1.0, 2.0, lower_open=True, upper_open=True, inset=0.02),
            typical=(1.2, 1.5, 1.8),
            symbol="power",
            latex="k",
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y, power: (
                2
                * (
                    y ** (2 - power) / ((1 - power) * (2 - power))
                    - y * x ** (1 - power) / (1 - power)
                    + x ** (2 - power) / (2 - power)
                )
            ),
            gradient={
                "input": lambda x, y, power: 2 * (x - y) / x**power,
                "target": lambda x, y, power: 2 * (y ** (1 - power) - x ** (1 - power)) / (1 - power),
            },
        ),
    ),
    precision=Precision(
        size=lambda x, y, power: (
            2
            * (
                y ** (2 - power) / ((power - 1) * (2 - power))
                + y * x ** (1 - power) / (power - 1)
                + x ** (2 - power) / (2 - power)
            )
        ),
        why="the formula's terms cancel where the prediction is close to the target",
    ),
    sections=(
        Section(
            axis=MEAN_AXIS,
            label=MEAN_AXIS.label,
            span=(0.1, 6.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"target 1": 1.0, "target 0": 0.0, "target 2": 2.0},
            perfect={"target 1": 1.0, "target 2": 2.0},
            limits=(0.0, float("inf")),
            target_values="real",
            note="One element, for three targets.",
            caption="A curve for a target above 0 touches zero where the prediction equals the target. Far to the "
            "right it flattens, at the default power from three times the target on, but grows without bound. For a target "
            "of 0 the loss falls all the way to a prediction of 0.",
        ),
    ),
    example={"input": [1.5, 3.0, 0.5], "target": [1.0, 4.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "symmetric": False,
        "value_at_perfect": 0,
        "elicits": "mean",
    },
)
