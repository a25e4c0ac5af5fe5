r"""Mean squared logarithmic error

The squared difference of the logarithms of 1 + prediction and 1 + target: what counts is the ratio of the two, once
they are well above one.

## When to use it

- Targets are not negative and span several orders of magnitude, such as prices, sales or counts, and an error of ten
  percent should cost as much for the large ones as for the small ones.
- Predictions that are too low should cost more than those that are too high by the same amount.

## When not to

- Targets or predictions may be below zero. At -1 the logarithm ends; [[huber]] tames large errors without one.
- You need the mean of the target, because predictions will be added up, for instance. The best constant is lower: the
  logarithms are averaged. [[mse]], or [[gamma_deviance|gamma deviance]] for relative errors with the mean as best prediction.
- Most targets are well below one. There the 1 that is added outweighs them, and this is nearly [[mse]].

## Pitfalls

### A prediction of -1 or less has no loss

A linear output layer may return anything. At -1 the result is infinite, below it NaN where the
target is above -1, and one NaN spoils the mean of the batch. Clamping
at zero keeps the numbers finite, but a clamped prediction has no gradient and stays where it is. Let the model predict
the logarithm of 1 + target and train it with [[mse]], or put a softplus behind it.

```python
from lossary.functional import msle

target = torch.tensor([3.0, 3.0])
for name, bound in (("as it is", lambda x: x), ("clamped", lambda x: x.clamp(min=0)), ("softplus", F.softplus)):
    raw = torch.tensor([-0.5, -2.0], requires_grad=True)
    loss = msle(bound(raw), target)
    slopes = torch.autograd.grad(loss, raw)[0]
    print(f"{name}: {loss.item():.3f}, gradient {[round(g, 3) for g in slopes.tolist()]}")
```

```output
as it is: nan, gradient [-4.159, nan]
clamped: 1.922, gradient [0.0, 0.0]
softplus: 1.301, gradient [-0.256, -0.134]
```

### Too low costs more than too high

The same distance from the target costs more on the lower side. The best constant for a skewed sample lies below its
mean: it is the geometric mean of 1 + target, less 1.

```python
from lossary.functional import msle

target = torch.tensor([1000.0])
print("too low ", round(msle(torch.tensor([500.0]), target).item(), 3))
print("too high", round(msle(torch.tensor([1500.0]), target).item(), 3))
sample = torch.tensor([1.0, 10.0, 100.0, 1000.0])
best = sample.log1p().mean().expm1()
print("mean", sample.mean().item(), "best constant", round(best.item(), 2))
print([round(msle(c.expand(4), sample).item(), 3) for c in (best - 1, best, best + 1)])
```

```output
too low  0.479
too high 0.164
mean 277.75 best constant 37.62
[5.466, 5.465, 5.466]
```

### The unit of the target decides

The added 1 has the target's unit. Well above it, the loss is the squared logarithm of prediction by target, the measure
that Tofallis compares with the percentage error. The same errors of ten percent, in units and in thousands:

```python
from lossary.functional import msle

target = torch.tensor([50.0, 5000.0])
for name, unit in (("units", 1.0), ("thousands", 1000.0)):
    loss = msle(1.1 * target / unit, target / unit, reduction="none")
    print(f"{name}: the larger one costs {(loss[1] / loss[0]).item():.1f} times as much")
```

```output
units: the larger one costs 1.0 times as much
thousands: the larger one costs 283.9 times as much
```

## Relations

It is [[mse]] between the logarithms of 1 + prediction and 1 + target.

    functional.msle(input.abs(), target.abs()) == F.mse_loss(input.abs().log1p(), target.abs().log1p())

Its root over a batch is [[rmsle]].

    functional.msle(input.abs(), target.abs()).sqrt() == functional.rmsle(input.abs(), target.abs())

For small numbers it is [[mse]].

    functional.msle(input.abs() * 1e-9, target.abs() * 1e-9) * 1e18 == F.mse_loss(input.abs(), target.abs())  # within 1e-6

## In other libraries

- `keras.losses.MeanSquaredLogarithmicError(reduction=None)(target, input)`: Clips both from below.
- `sklearn.metrics.mean_squared_log_error(target, input)`: Refuses numbers of -1 and below.
- `torchmetrics.functional.mean_squared_log_error(input, target)`
- `xgboost.train({"objective": "reg:squaredlogerror"}, xgboost.DMatrix(features, target, base_margin=input))`

## References

- Chris Tofallis (2015). A better measure of relative prediction accuracy for model selection and model estimation.
  *Journal of the Operational Research Society 66(8), 1352-1362*. doi:10.1057/jors.2014.103
"""

import torch

from lossary.declaration import RATIO_AXIS, Input, Kind, Loss, Section, Symbolic, log, terms


def msle(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    residual = input - target
    # Never a difference of logarithms, which would lose digits; where the two are close, of 1 and what is over.
    close = residual.abs() < (1 + target) / 2
    near = torch.log1p(torch.where(close, residual / (1 + target), 0.0))
    far = torch.log((1 + input) / (1 + target))
    loss = torch.where(close, near, far).square()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


_ABOVE = (-1 + 1e-12, -0.999, -0.9, -0.5, -0.1, 0.0, 1e-3, 0.1, 0.5, 1.0, 2.0, 7.5, 40.0, 1000.0, 1e6)
ABOVE = Kind("real numbers above -1", values=_ABOVE, lower=-1.0, takes="predictions")
ABOVE_TARGET = Kind("real numbers above -1", values=(0.0, 0.75, 20.0, 1e6), lower=-1.0, takes="values")

loss = Loss(
    function=msle,
    aliases=terms("MSLE; mean squared log error; squared logarithmic error; squared log error; squaredlogerror"),
    tasks=("regression", "counts"),
    search_terms=terms(
        "relative error loss; log-transformed target; targets of different magnitude; skewed target; house prices; "
        "sales forecast; msle nan; log1p; underestimation penalised more; reg:squaredlogerror; "
        "target spans orders of magnitude; difference of logarithms; relative rather than absolute errors; "
        "positive targets that grow exponentially; logarithm of one plus the value; underestimates cost more; "
        "relative error of positive targets by logarithms; targets over several orders of magnitude; squared log "
        "ratio; "
        "regression after a log transform of the target; Keras mean_squared_logarithmic_error; "
        "(log(1 + y) - log(1 + yhat))^2; XGBoost reg:squaredlogerror; "
        "nan for negative values inside the logarithm; regression of prices"
    ),
    concepts={
        "msle nan; negative predictions": "A prediction of -1",
        "underestimation penalised more; biased low; geometric mean": "Too low costs more",
        "scale of the target; log1p": "The unit of the target",
    },
    answers={
        "regression/relative/positive": ("Targets are not negative", "You need the mean"),
        "regression/relative/zeros": ("Targets are not negative", "Most targets are well below"),
        "counts/train/ratio": ("Targets are not negative", "You need the mean"),
    },
    inputs=(
        Input("input", "x", (ABOVE,), "(*)", "the predictions"),
        Input("target", "y", (ABOVE_TARGET,), "(*), same as input", "the values to predict"),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y: (log(1 + x) - log(1 + y)) ** 2,
            gradient={
                "input": lambda x, y: 2 * (log(1 + x) - log(1 + y)) / (1 + x),
                "target": lambda x, y: -2 * (log(1 + x) - log(1 + y)) / (1 + y),
            },
        ),
    ),
    sections=(
        Section(
            axis=RATIO_AXIS,
            label="prediction divided by the target",
            span=RATIO_AXIS.span,
            inputs=lambda t, y: {"input": y * t, "target": y},
            branches={"target 1": 1.0, "target 10": 10.0},
            perfect=dict.fromkeys(("target 1", "target 10"), 1.0),
            limits=(0.0, float("inf")),
            note="One element, for each of two targets.",
            caption="The larger the target, the less the added 1 matters: with a target of ten, half of it costs about as "
            "much as twice it. Towards zero the curves are steepest.",
        ),
    ),
    example={"input": [2.5, 0.0, 200.0], "target": [3.0, 0.5, 100.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1.3862943611198906, 0),
        "redescending": False,
    },
)
