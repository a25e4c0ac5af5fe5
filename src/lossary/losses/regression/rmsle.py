r"""Root mean squared logarithmic error

The square root of the mean squared difference of the logarithms of 1 + prediction and 1 + target: one number for a
whole batch. For large numbers with small errors it is close to their typical relative error.

## When to use it

- A competition or a report is scored by it. As a number for people it beats [[msle]]: for targets well above one, 0.1
  means errors of about ten percent.

## When not to

- As a training loss. [[msle]] has the same minimum over a full data set and a gradient that needs no care at zero; over
  batches the two differ, see below.
- The mean is what should be predicted. The best constant here is lower, since logarithms are averaged: [[rmse]], or
  [[poisson_deviance]] for counts.
- Targets or predictions may be below zero: [[mse]].

## Pitfalls

### The mean over batches is not the value of the data set

The root is taken of each batch, and the mean of roots of equal batches is at most the root of the mean. Add up the squares and take the
root once.

```python
from lossary.functional import msle, rmsle

target = torch.tensor([[9.0, 9.0], [9.0, 9.0]])
input = torch.tensor([[9.0, 9.0], [99.0, 99.0]])
print("mean of two batches", round(rmsle(input, target).item(), 3))
print("all at once        ", round(msle(input, target).sqrt().item(), 3))
```

```output
mean of two batches 1.151
all at once         1.628
```

### The root of msle has no gradient where a batch is perfect

The slope of the square root at zero is infinite, times a residual of zero. The function on this page takes the length of
the vector of differences, whose gradient at zero is zero.

```python
from lossary.functional import msle, rmsle

input = torch.tensor([3.0, 20.0], requires_grad=True)
for name, loss in (("sqrt of msle", msle(input, input.detach()).sqrt()), ("rmsle", rmsle(input, input.detach()))):
    print(name, torch.autograd.grad(loss, input)[0])
```

```output
sqrt of msle tensor([nan, nan])
rmsle tensor([0., 0.])
```

## Relations

It is the root of [[msle]], which the reference below proposes without the added 1.

    functional.rmsle(input.abs(), target.abs()) == functional.msle(input.abs(), target.abs()).sqrt()

It is [[rmse]] of the logarithms of 1 + prediction and 1 + target.

    functional.rmsle(input.abs(), target.abs()) == functional.rmse(input.abs().log1p(), target.abs().log1p())

## In other libraries

- `sklearn.metrics.root_mean_squared_log_error(target.ravel(), input.ravel())`: One number for the batch.

## References

- Chris Tofallis (2015). A better measure of relative prediction accuracy for model selection and model estimation.
  *Journal of the Operational Research Society 66(8), 1352-1362*. doi:10.1057/jors.2014.103
"""

import math

import torch

from lossary.declaration import RATIO_AXIS, Input, Kind, Loss, Section, Symbolic, cases, log, per, sqrt, sum_over, terms


def rmsle(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    residual = input - target
    # Never a difference of logarithms, which would lose digits; where the two are close, of 1 and what is over.
    close = residual.abs() < (1 + target) / 2
    near = torch.log1p(torch.where(close, residual / (1 + target), 0.0))
    far = torch.log((1 + input) / (1 + target))
    difference = torch.where(close, near, far)
    # The largest is divided out, so that no tiny square is lost; the length has the gradient 0 where all are 0.
    size = difference.detach().abs().amax(-1, keepdim=True)
    size = torch.where(size > 0, size, 1.0)
    length = torch.linalg.vector_norm(difference / size, dim=-1) * size.squeeze(-1)
    loss: torch.Tensor = length / math.sqrt(difference.shape[-1])
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


ABOVE = Kind("real numbers above -1", dims=("D",), sampler="amounts", lower=-1.0, takes="predictions")
ABOVE_TARGET = Kind("real numbers above -1", dims=("D",), sampler="amounts", lower=-1.0, takes="values")

loss = Loss(
    function=rmsle,
    aliases=terms("RMSLE; root mean square log error; root mean squared log error"),
    tasks=("regression", "counts"),
    search_terms=terms(
        "rooted msle; competition metric of sales and prices; rmsle nan gradient; sqrt of msle; "
        "Kaggle sales and house prices; root of the mean squared logarithmic error; relative error in the end; "
        "square root of MSLE; "
        "house prices on Kaggle; sales and demand on Kaggle; "
        "ratio errors of counts and prices; "
        "sqrt(mean((log(1 + y) - log(1 + yhat))^2)); XGBoost rmsle; "
        "typical ratio of prediction and target"
    ),
    concepts={
        "rmsle over batches; mean of batch losses": "The mean over batches",
        "rmsle nan gradient; sqrt gradient at zero": "The root of msle",
    },
    answers={
        "regression/relative/report": ("A competition or a report", "Targets or predictions"),
        "counts/report": ("A competition or a report", "The mean is what"),
    },
    inputs=(
        Input("input", "x", (ABOVE,), "(D) or (N, D)", "the predictions of one batch in the last dimension"),
        Input("target", "y", (ABOVE_TARGET,), "(D) or (N, D), same as input", "the values to predict"),
    ),
    reductions=per("batch", "the number of batches, which is 1 for inputs of one dimension"),
    formulas=(
        Symbolic(
            where={
                "ratio": lambda d, x, y: log((1 + x[d]) / (1 + y[d])),
                "error": lambda d, ratio, D: sqrt(sum_over(d, ratio[d] ** 2, D) / D),
            },
            notation={"error": r"\ell", "ratio": "u"},
            meanings={
                "error": "the loss",
                "ratio": "the logarithm of how many times the prediction is too high",
                "D": "the number of elements of the batch",
                "d": "runs over the elements",
            },
            value=lambda d, ratio, D: sqrt(sum_over(d, ratio[d] ** 2, D) / D),
            gradient={
                "input": lambda x, d, D, ratio, error: cases(
                    (ratio[d] / (D * error * (1 + x[d])), error > 0), (0, True)
                ),
                "target": lambda y, d, D, ratio, error: cases(
                    (-ratio[d] / (D * error * (1 + y[d])), error > 0), (0, True)
                ),
            },
        ),
    ),
    sections=(
        Section(
            axis=RATIO_AXIS,
            label="prediction divided by the target, of one element",
            span=RATIO_AXIS.span,
            inputs=lambda t, y: {"input": [10 * t, 10 + 10 * y], "target": [10, 10]},
            branches={"the other one right": 0.0, "the other one twice its target": 1.0},
            perfect=1.0,
            limits=(0.0, float("inf")),
            kinks=(lambda: 1,),
            note="Two elements with target 10.",
            caption="A corner where both predictions are right. While the other one is wrong, the corner is rounded.",
        ),
    ),
    example={"input": [2.5, 0.0, 200.0], "target": [3.0, 0.5, 100.0]},
    properties={
        "convex": False,
        "smoothness": "C0",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "redescending": False,
    },
)
