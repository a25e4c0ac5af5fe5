r"""Symmetric MAPE

The absolute error divided by the mean size of prediction and target: between 0 and 2, and the same when the two are
exchanged.

## When to use it

- A relative error is reported for targets that may be zero, and it should have an upper bound.
- A forecasting competition or an earlier report uses it, and numbers must compare. Make sure that it is the same of the
  three definitions below.

## When not to

- As a training loss. A prediction of the wrong sign has no gradient at all, and far above the target it fades.
  [[msle]] is relative too.
- Over- and underestimation by the same amount should cost alike: [[mape]]. This loss is symmetric in exchanging
  prediction and target, not in the sign of the error.
- Many targets are zero. Each of them costs 2, however near the prediction is, unless it is exactly zero. [[l1]]
  does not divide.

## Pitfalls

### Three losses have this name

Divided by the mean of the two sizes it ends at 2, divided by their sum at 1, and some multiply by 100. An older
definition divides by the mean of the two numbers without taking their sizes, and is negative where that mean is. Say
which one is meant.

```python
from lossary.functional import smape

input, target = torch.tensor([150.0, 20.0, -150.0]), torch.tensor([100.0, 100.0, 100.0])
error = (input - target).abs()
print("mean of the sizes", smape(input, target, reduction="none"))
print("sum of the sizes ", error / (input.abs() + target.abs()))
print("mean, with signs ", error / ((input + target) / 2))
```

```output
mean of the sizes tensor([0.4000, 1.3333, 2.0000])
sum of the sizes  tensor([0.2000, 0.6667, 1.0000])
mean, with signs  tensor([  0.4000,   1.3333, -10.0000])
```

### Too high costs less than too low

The denominator holds the prediction, so that a large one divides by more. Of two errors of 50 the one above the
target is cheaper.

```python
from lossary.functional import smape

target = torch.tensor([100.0])
print("too low ", round(smape(torch.tensor([50.0]), target).item(), 3))
print("too high", round(smape(torch.tensor([150.0]), target).item(), 3))
```

```output
too low  0.667
too high 0.4
```

### A prediction of the wrong sign does not learn

There the loss is 2 and its gradient zero, up to rounding, whether the prediction is just below zero or far away. With a target
of zero the same is true of every prediction.

```python
from lossary.functional import smape

input = torch.tensor([-1e-3, -100.0, 5.0], requires_grad=True)
loss = smape(input, torch.tensor([1.0, 1.0, 0.0]), reduction="none")
print(loss.detach(), torch.autograd.grad(loss.sum(), input)[0])
```

```output
tensor([2., 2., 2.]) tensor([0., 0., 0.])
```

### Zero against zero

The fraction is 0 / 0 there. The function on this page counts such an element as perfect. Without that, the mean of the batch is
NaN; with something added to the denominator it comes out as zero as well.

```python
from lossary.functional import smape

zero = torch.zeros(2, requires_grad=True)
print(((zero - 0).abs() / zero.abs()).mean().item())
loss = smape(zero, torch.zeros(2))
print(loss.item(), torch.autograd.grad(loss, zero)[0])
```

```output
nan
0.0 tensor([0., 0.])
```

## Relations

Where prediction and target nearly agree, it is [[mape]].

    1e9 * functional.smape(target * (1 + 1e-9 * input), target) ==
        1e9 * functional.mape(target * (1 + 1e-9 * input), target)  # within 1e-6

It is the same with prediction and target exchanged. Of each element it is the harmonic mean of [[mape]] and of
[[mape]] with the two exchanged.

    functional.smape(input, target, reduction="none") ==
        2 / (1 / functional.mape(input, target, reduction="none") + 1 / functional.mape(target, input, reduction="none"))

## In other libraries

- `torchmetrics.functional.symmetric_mean_absolute_percentage_error(input, target)`: The denominator is at least
  1.17e-6.
- `neuralforecast.losses.pytorch.SMAPE()(target[..., None], input[..., None])`: Divides by the sum of the sizes, and
  doubles that; called as (y, y_hat, mask).

## References

- Paul Goodwin and Richard Lawton (1999). On the asymmetry of the symmetric MAPE. *International Journal of Forecasting
  15(4), 405-408*. doi:10.1016/S0169-2070(99)00007-2
- Rob J. Hyndman and Anne B. Koehler (2006). Another look at measures of forecast accuracy. *International Journal of
  Forecasting 22(4), 679-688*. doi:10.1016/j.ijforecast.2006.03.001
"""

import torch

from lossary.declaration import (
    RATIO_AXIS,
    REAL,
    REAL_TARGET,
    Input,
    Loss,
    Precision,
    Section,
    Symbolic,
    cases,
    sign,
    terms,
)


def smape(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    sizes = input.abs() + target.abs()
    # 0 / 0 counts as nothing; the denominator is replaced first, so that no NaN comes back from there as a gradient.
    loss = 2 * ((input - target).abs() / torch.where(sizes > 0, sizes, 1.0))
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=smape,
    aliases=terms("sMAPE; SMAPE; symmetric mean absolute percentage error"),
    tasks=("regression",),
    search_terms=terms(
        "symmetric percentage error; bounded relative error; forecasting competition metric; smape zero; "
        "smape 200 percent; smape definitions; error in percent, symmetric; forecast competition; M3 and M4; "
        "percentage error bounded by 200; mean of target and prediction in the denominator; "
        "relative error with both in the denominator; "
        "M4; percentage error that works with zero actual values; "
        "symmetric relative forecast error; average of actual and forecast in the denominator; "
        "2 |y - yhat| / (|y| + |yhat|)"
    ),
    concepts={
        "smape definitions; smape 200 percent; smape between 0 and 1": "Three losses",
        "asymmetric; biased high": "Too high costs less",
        "gradient is zero; wrong sign; dead gradient": "A prediction of the wrong sign",
        "smape zero; 0 / 0; smape nan": "Zero against zero",
    },
    answers={
        "regression/relative/report": ("A relative error is reported", "Over- and underestimation"),
    },
    inputs=(
        Input("input", "x", (REAL,), "(*)", "the predictions"),
        Input("target", "y", (REAL_TARGET,), "(*), same as input", "the values to predict"),
    ),
    formulas=(
        Symbolic(
            value=lambda r, x, y: cases((2 * abs(r) / (abs(x) + abs(y)), abs(x) + abs(y) > 0), (0, True)),
            gradient={
                "input": lambda r, x, y: cases(
                    (
                        2 * sign(r) / (abs(x) + abs(y)) - 2 * abs(r) * sign(x) / (abs(x) + abs(y)) ** 2,
                        abs(x) + abs(y) > 0,
                    ),
                    (0, True),
                ),
                "target": lambda r, x, y: cases(
                    (
                        -2 * sign(r) / (abs(x) + abs(y)) - 2 * abs(r) * sign(y) / (abs(x) + abs(y)) ** 2,
                        abs(x) + abs(y) > 0,
                    ),
                    (0, True),
                ),
            },
        ),
    ),
    precision=Precision(
        size=lambda x, y: cases((2 / (abs(x) + abs(y)), abs(x) + abs(y) > 0), (0, True)),
        why="its derivative is a difference, of which little is left where one of the two is much larger",
    ),
    sections=(
        Section(
            axis=RATIO_AXIS,
            label="prediction divided by the target",
            span=(-1.5, 4.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"": 1.0},
            perfect=1.0,
            kinks=(lambda: 0, lambda: 1),
            note="One element. The target is 1, so the input is the ratio.",
            caption="Left of zero, where the prediction has the wrong sign, the loss stays at 2. It falls steeply to the "
            "target and rises ever more slowly beyond it.",
        ),
    ),
    example={"input": [2.5, -1.0, 200.0], "target": [3.0, 2.0, 100.0]},
    properties={
        "convex": False,
        "smoothness": "C0",
        "lipschitz": 4,
        "gradient_lipschitz": "inf",
        "bounded": True,
        "supremum": 2,
        "value_at_perfect": 0,
        "gradient_limits": (0, 0),
        "redescending": True,
    },
)
