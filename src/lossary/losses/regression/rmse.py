r"""Root mean squared error

The square root of the mean squared error: one number for a whole batch, in the unit of the target.

## When to use it

- A number for people. It has the unit of the target, and for Gaussian errors around zero about two thirds of them are
  smaller.
- Models are compared by it on one data set; they are ranked as by [[mse]].

## When not to

- As a training loss. Over a full data set it has the same minimum as [[mse]], but its gradient keeps its length as the
  errors shrink, and the step depends on the rest of the batch. Train with [[mse]] and report the root.
- There are outliers. They weigh as under [[mse]]; report [[l1]] beside it.

## Pitfalls

### The mean over batches is not the value of the data set

The root is taken of each batch, and the mean of roots of equal batches is at most the root of the mean. With batches of
unequal quality the difference is large. Add up the squares and take the root once.

```python
from lossary.functional import rmse

target = torch.zeros(2, 2)
input = torch.tensor([[0.0, 0.0], [4.0, 4.0]])
print("mean of two batches", rmse(input, target).item())
print("all at once        ", round(F.mse_loss(input, target).sqrt().item(), 3))
```

```output
mean of two batches 2.0
all at once         2.828
```

### The square root of MSELoss has no gradient at zero

Where every prediction is right, `F.mse_loss(...).sqrt()` returns zero and a gradient of NaN: the slope of the root is
infinite there, and the residual zero. The usual cure adds a small constant under the root, which shifts every value. The
function on this page takes the length of the residual vector, whose gradient at zero is zero.

```python
from lossary.functional import rmse

input = torch.tensor([1.0, 2.0], requires_grad=True)
target = input.detach()
for name, loss in (
    ("sqrt", F.mse_loss(input, target).sqrt()),
    ("sqrt + 1e-6", (F.mse_loss(input, target) + 1e-6).sqrt()),
    ("rmse", rmse(input, target)),
):
    print(name, round(loss.item(), 6), torch.autograd.grad(loss, input)[0])
```

```output
sqrt 0.0 tensor([nan, nan])
sqrt + 1e-6 0.001 tensor([0., 0.])
rmse 0.0 tensor([0., 0.])
```

### The gradient does not shrink with the errors

Halve all residuals and the gradient stays the same, where that of [[mse]] halves.

```python
from lossary.functional import rmse

residual = torch.tensor([3.0, 4.0])
for scale in (1.0, 0.5, 1e-3):
    input = (scale * residual).requires_grad_()
    print(scale, torch.autograd.grad(rmse(input, torch.zeros(2)), input)[0])
```

```output
1.0 tensor([0.4243, 0.5657])
0.5 tensor([0.4243, 0.5657])
0.001 tensor([0.4243, 0.5657])
```

### A column of predictions counts as many batches of one element

The last dimension holds one batch. Two columns of shape `(N, 1)` are N batches with one element each, of which the loss
is [[l1]]. A column against targets of shape `(N,)` is broadcast without a warning, and compares every prediction with
every target. Make both `(N,)`, with `squeeze(-1)` for instance.

```python
from lossary.functional import rmse

prediction, target = torch.tensor([[1.0], [2.0], [6.0]]), torch.tensor([1.0, 2.0, 3.0])
print("two columns         ", rmse(prediction, target[:, None]).item(), F.l1_loss(prediction, target[:, None]).item())
print("a column and a row  ", round(rmse(prediction, target).item(), 3), tuple((prediction - target).shape))
print("two rows            ", round(rmse(prediction.squeeze(-1), target).item(), 3))
```

```output
two columns          1.0 1.0
a column and a row   2.063 (3, 3)
two rows             1.732
```

## Relations

It is the root of [[mse]].

    functional.rmse(input, target) == F.mse_loss(input, target).sqrt()

Of one element it is [[l1]].

    functional.rmse(input[:, None], target[:, None]) == F.l1_loss(input, target)

## In other libraries

- `sklearn.metrics.root_mean_squared_error(target.ravel(), input.ravel())`: One number for the batch.
- `keras.metrics.RootMeanSquaredError()(target, input)`: A metric that is fed batch by batch, and takes the root once.
- `torchmetrics.functional.mean_squared_error(input, target, squared=False)`: One number for the batch.
- `neuralforecast.losses.pytorch.RMSE()(target.reshape(1, -1, 1), input.reshape(1, -1, 1))`: Called as (y, y_hat,
  mask); weighted mean over the horizon.
- `pytorch_forecasting.metrics.point.RMSE()(input, target)`

## References

- Timothy O. Hodson (2022). Root-mean-square error (RMSE) or mean absolute error (MAE): when to use them or not.
  *Geoscientific Model Development 15(14), 5481-5487*. doi:10.5194/gmd-15-5481-2022
"""

import math

import torch

from lossary.declaration import RESIDUAL, Input, Kind, Loss, Section, Symbolic, cases, per, sqrt, sum_over, terms


def rmse(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    residual = input - target
    # The largest is divided out, so that no square overflows; the length has the gradient 0 where all are 0.
    size = residual.detach().abs().amax(-1, keepdim=True)
    size = torch.where(size > 0, size, 1.0)
    length = torch.linalg.vector_norm(residual / size, dim=-1) * size.squeeze(-1)
    loss: torch.Tensor = length / math.sqrt(residual.shape[-1])
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


REALS = Kind("real numbers", dims=("D",), sampler="batch", takes="predictions")
REAL_TARGETS = Kind("real numbers", dims=("D",), sampler="batch", takes="values")

loss = Loss(
    function=rmse,
    aliases=terms("RMSE; root mean square error; RMSE loss; root mean squared deviation; RMSD"),
    tasks=("regression",),
    search_terms=terms(
        "sqrt of mse; rmse loss nan; square root of MSELoss; standard error of the residuals; "
        "square root of the mean squared error; error in the unit of the target; typical size of the error; "
        "standard deviation of the residuals; Kaggle metric; root of the average squared error; "
        "same unit as the target; "
        "RootMeanSquaredError metric; "
        "sqrt(mean((y - yhat)^2)); CatBoost RMSE; "
        "typical size of an error"
    ),
    concepts={
        "rmse over batches; mean of batch losses": "The mean over batches",
        "rmse loss nan; sqrt gradient at zero": "The square root of MSELoss",
        "rmse as a training loss": "The gradient does not shrink",
        "shape of the predictions; column; broadcasting without a warning": "A column of predictions",
    },
    answers={
        "regression/plain/mean": ("A number for people", "As a training loss"),
    },
    inputs=(
        Input("input", "x", (REALS,), "(D) or (N, D)", "the predictions of one batch in the last dimension"),
        Input("target", "y", (REAL_TARGETS,), "(D) or (N, D), same as input", "the values to predict"),
    ),
    reductions=per("batch", "the number of batches, which is 1 for inputs of one dimension"),
    formulas=(
        Symbolic(
            where={"error": lambda d, x, y, D: sqrt(sum_over(d, (x[d] - y[d]) ** 2, D) / D)},
            notation={"error": r"\ell"},
            meanings={"error": "the loss", "D": "the number of elements of the batch", "d": "runs over the elements"},
            value=lambda d, x, y, D: sqrt(sum_over(d, (x[d] - y[d]) ** 2, D) / D),
            gradient={
                "input": lambda x, y, d, D, error: cases(((x[d] - y[d]) / (D * error), error > 0), (0, True)),
                "target": lambda x, y, d, D, error: cases(((y[d] - x[d]) / (D * error), error > 0), (0, True)),
            },
        ),
    ),
    sections=(
        Section(
            axis=RESIDUAL,
            label="residual of one element, input − target",
            span=RESIDUAL.span,
            inputs=lambda t, y: {"input": [t, y], "target": [0, 0]},
            branches={"the other one right": 0.0, "the other one off by 1": 1.0},
            perfect=0.0,
            kinks=(lambda: 0,),
            note="Two elements with target 0.",
            caption="A corner where both predictions are right. While the other one is wrong, the corner is rounded, and "
            "far out the slope is the same.",
        ),
    ),
    example={"input": [2.5, 0.0, 2.0], "target": [3.0, -0.5, 2.0]},
    properties={
        "convex": True,
        "smoothness": "C0",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "redescending": False,
    },
)
