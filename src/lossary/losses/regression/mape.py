r"""Mean absolute percentage error

The absolute error divided by the size of the target, as a fraction: an error of ten percent costs 0.1, whatever the
target's size.

## When to use it

- The error must be told to others as a percentage, and no target is near zero.
- All targets count alike, though they differ by orders of magnitude.

## When not to

- Some targets are zero or close to it. Their share of the loss has no bound. Divide the summed absolute error by the
  summed targets instead, which is [[l1]] of the batch over a constant.
- The prediction should be the mean or the median. The best constant is a median in which every target counts with the
  reciprocal of its size, and lies below both for positive targets that are skewed to the right. [[msle]] and [[gamma_deviance|gamma deviance]] are
  relative too; of these the deviance has the mean as its best prediction.
- Half of the target and twice the target should cost alike, as they do under [[smape]]. Here a prediction between zero
  and the target costs at most 1, and one that is too high has no such bound.

## Pitfalls

### A target of zero makes it infinite

And where the prediction is zero as well, NaN. Other libraries add something to the denominator or put a bound below it,
each a different one, so that the same batch gives results that differ by powers of ten. Leave such targets out, or choose
another loss.

```python
from lossary.functional import mape

input, target = torch.tensor([0.1, 0.0, 90.0]), torch.tensor([0.0, 0.0, 100.0])
print(mape(input, target, reduction="none"))
for least in (1e-7, 1.17e-6, 2.2e-16):
    print(f"denominator at least {least}:", ((input - target).abs() / target.abs().clamp(min=least)).mean().item())
print("without zeros:", mape(input[target != 0], target[target != 0]).item())
```

```output
tensor([   inf,    nan, 0.1000])
denominator at least 1e-07: 333333.375
denominator at least 1.17e-06: 28490.0625
denominator at least 2.2e-16: 151515155136512.0
without zeros: 0.10000000149011612
```

### It is minimised by predictions that are too low

Where targets are positive, a forecast between zero and the target cannot cost more than 1, one above it can cost anything.
For targets that are skewed to the right the best constant lies below the median, far below the mean.

```python
from lossary.functional import mape

torch.manual_seed(0)
target = torch.randn(2001).exp()
best = target[torch.stack([mape(c.expand_as(target), target) for c in target]).argmin()]
print(f"best {best.item():.2f}, median {target.median().item():.2f}, mean {target.mean().item():.2f}")
```

```output
best 0.36, median 1.00, mean 1.77
```

### A fraction here, percent elsewhere

Some libraries multiply by 100. Under plain gradient descent with a fixed learning rate the factor is not cosmetic.

```python
from lossary.functional import mape

loss = mape(torch.tensor([90.0]), torch.tensor([100.0]))
print(round(loss.item(), 3), "as a fraction,", round(100 * loss.item(), 1), "percent")
```

```output
0.1 as a fraction, 10.0 percent
```

### Small targets pull hardest

The gradient is one over the size of the target. Below, the target of 0.01 pulls ten thousand times as hard as that of
100, though both predictions are off by ten percent.

```python
from lossary.functional import mape

target = torch.tensor([0.01, 100.0])
input = (1.1 * target).requires_grad_()
print(torch.autograd.grad(mape(input, target, reduction="sum"), input)[0])
```

```output
tensor([1.0000e+02, 1.0000e-02])
```

## Relations

It is [[l1]] of prediction and target, both divided by the size of the target.

    functional.mape(input, target) == F.l1_loss(input / target.abs(), target / target.abs())

Where prediction and target nearly agree, it is [[smape|symmetric MAPE]].

    1e9 * functional.mape(target * (1 + 1e-9 * input), target) ==
        1e9 * functional.smape(target * (1 + 1e-9 * input), target)  # within 1e-6

## In other libraries

- `keras.losses.MeanAbsolutePercentageError(reduction=None)(target, input)`: Percent, not a fraction; the denominator
  is at least 1e-7.
- `sklearn.metrics.mean_absolute_percentage_error(target, input)`: The denominator is at least 2.2e-16.
- `torchmetrics.functional.mean_absolute_percentage_error(input, target)`: The denominator is at least 1.17e-6.
- `neuralforecast.losses.pytorch.MAPE()(target[..., None], input[..., None])`: Called as (y, y_hat, mask); weighted
  mean over the horizon.

## References

- Arnaud de Myttenaere, Boris Golden, Bénédicte Le Grand and Fabrice Rossi (2016). Mean Absolute Percentage Error for
  regression models. *Neurocomputing 192, 38-48*. doi:10.1016/j.neucom.2015.12.114 arXiv:1605.02541
"""

import torch

from lossary.declaration import RATIO_AXIS, REAL, Input, Kind, Loss, Precision, Section, Symbolic, sign, terms


def mape(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = ((input - target) / target).abs()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


NOT_ZERO = Kind("real numbers, not 0", values=(1.0, 0.75, -3.0, 0.05, 1000.0), takes="values")

loss = Loss(
    function=mape,
    aliases=terms("MAPE; mean absolute percentage deviation; absolute percentage error"),
    tasks=("regression",),
    search_terms=terms(
        "percentage error; relative error loss; forecast accuracy; mape zero target; mape infinity; "
        "mape division by zero; WAPE; weighted MAPE; WMAPE; relative error; error in percent; "
        "forecast accuracy of sales and demand; error relative to the true value; scale-free error; "
        "error divided by the actual value; "
        "percentage off; forecast error in percent; "
        "average percent deviation; forecast error where the actual value is zero; "
        "|y - yhat| / |y|; LightGBM mape; "
        "relative to the actual value"
    ),
    concepts={
        "mape zero target; mape infinity; mape division by zero": "A target of zero",
        "biased low; under-forecasting": "It is minimised",
        "percent or fraction; factor 100": "A fraction here",
        "small targets dominate": "Small targets pull",
    },
    answers={
        "regression/relative/report": ("The error must be told", "Some targets are zero"),
    },
    inputs=(
        Input("input", "x", (REAL,), "(*)", "the predictions"),
        Input("target", "y", (NOT_ZERO,), "(*), same as input", "the values to predict, none of them 0"),
    ),
    formulas=(
        Symbolic(
            value=lambda r, y: abs(r) / abs(y),
            gradient={
                "input": lambda r, y: sign(r) / abs(y),
                "target": lambda r, x, y: -sign(r) * x / (y * abs(y)),
            },
        ),
    ),
    precision=Precision(
        size=lambda r, y: 1 / abs(y) + abs(r) / y**2,
        why="its derivative with respect to the target is a difference, of which little is left where the prediction is "
        "much smaller",
    ),
    sections=(
        Section(
            axis=RATIO_AXIS,
            label="prediction divided by the target",
            span=RATIO_AXIS.span,
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"": 1.0},
            perfect=1.0,
            kinks=(lambda: 1,),
            note="One element. The target is 1, so the input is the ratio.",
            caption="Two straight lines that meet where the prediction is right. To the left the picture ends where the "
            "prediction is zero and the loss 1; to the right there is no such bound.",
        ),
    ),
    example={"input": [2.5, -1.0, 200.0], "target": [3.0, -2.0, 100.0]},
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1, 1),
        "redescending": False,
    },
)
