r"""Quantile (pinball) loss

An absolute error with two slopes: predicting too low costs tau times the error, predicting too high 1 - tau times, so
that the best constant prediction is the tau-quantile of the target.

## When to use it

- You need a quantile of the target: the stock that covers nine days in ten, a travel time that is kept 95 times in
  100. Set `tau` to that share.
- You want an interval without assuming a distribution. Two outputs with `tau=0.05` and `tau=0.95` enclose nine targets
  in ten, however skewed the noise is.
- Too low and too high cost differently, each in proportion to the error. With costs a for too low and b for too high,
  `tau` is a / (a + b).

## When not to

- The cost grows with the square of the error: [[expectile|expectile loss]].
- You need the whole distribution: a likelihood such as [[gaussian_nll|Gaussian negative log-likelihood]], or
  [[crps_gaussian|the CRPS]].
- Far tails with little data. A quantile with fewer than one expected sample beyond it is the largest target seen. A
  distribution that is assumed, as by [[gaussian_nll]], reaches further.

## Pitfalls

### The sign of the residual decides which quantile you get

Here u is target minus input. With the difference the other way round, the same formula fits the quantile `1 - tau`. Try
your code on a skewed sample: for `tau=0.9` most targets must lie below the prediction.

```python
from lossary.functional import quantile

target = torch.arange(1.0, 101.0)
constants = torch.arange(1.0, 101.0)
for name, flipped in (("target - input", False), ("input - target", True)):
    def risk(constant):
        input = constant.expand(100)
        return quantile(*((target, input) if flipped else (input, target)), tau=0.9)
    best = constants[torch.stack([risk(c) for c in constants]).argmin()]
    print(f"{name}: best constant {best.item():.0f}, {(target <= best).float().mean().item():.0%} of the targets below")
```

```output
target - input: best constant 91, 91% of the targets below
input - target: best constant 10, 10% of the targets below
```

### Quantiles that are fitted apart may cross

Nothing in the loss of one quantile knows of the others, so that a model with several outputs can put the 90 % quantile
below the median. Sort the outputs: that never raises the sum of the losses, at whatever target. Or let the model
return the lowest quantile and positive increments.

```python
from lossary.functional import quantile

outputs = torch.tensor([[2.0, 1.5, 3.0]])  # the quantiles 0.1, 0.5 and 0.9: the first two cross
for target in (0.0, 1.75, 4.0):
    def total(outputs):
        return sum(quantile(outputs[:, k], torch.tensor([target]), tau=tau) for k, tau in enumerate((0.1, 0.5, 0.9)))
    print(f"target {target}: as they are {total(outputs).item():.3f}, sorted {total(outputs.sort(1).values).item():.3f}")
increments = F.softplus(torch.tensor([[2.0, -1.0, 0.5]]))
print("increments", increments.cumsum(1))
```

```output
target 0.0: as they are 2.850, sorted 2.650
target 1.75: as they are 0.475, sorted 0.275
target 4.0: as they are 2.350, sorted 2.150
increments tensor([[2.1269, 2.4402, 3.4143]])
```

### A far quantile of a small sample is its largest value

With 20 targets there is less than one expected beyond the 99 % quantile. The fit then follows the largest target alone:
moving that one moves the prediction by as much.

```python
from lossary.functional import quantile

def best(target, tau):
    risks = torch.stack([quantile(c.expand(len(target)), target, tau=tau) for c in target])
    return target[risks.argmin()].item()

target = torch.arange(1.0, 21.0)
moved = torch.cat([target[:-1], torch.tensor([1000.0])])
for tau in (0.5, 0.9, 0.99):
    print(tau, best(target, tau), best(moved, tau))
```

```output
0.5 10.0 10.0
0.9 19.0 19.0
0.99 20.0 1000.0
```

### Losses of different tau cannot be compared

The loss of the best model is not zero but what the noise costs, and that depends on `tau`. Below it is largest in the
middle. A smaller loss at `tau=0.99` than at 0.5 says nothing about which output is better. Compare each with the same
loss of a constant, or count how many targets lie below.

```python
from lossary.functional import quantile

torch.manual_seed(0)
target = torch.randn(100_000)
for tau in (0.5, 0.9, 0.99):
    best = target.quantile(tau).expand_as(target)
    print(tau, round(quantile(best, target, tau=tau).item(), 3), f"{(target <= best).float().mean().item():.2%} below")
```

```output
0.5 0.4 50.00% below
0.9 0.175 90.00% below
0.99 0.027 99.00% below
```

## Relations

With `tau=0.5` it is half of [[l1]].

    functional.quantile(input, target, tau=0.5) == F.l1_loss(input, target) / 2

Exchanging prediction and target exchanges `tau` and `1 - tau`; the two add up to [[l1]].

    functional.quantile(input, target, tau=0.9) + functional.quantile(input, target, tau=0.1) == F.l1_loss(input, target)

## In other libraries

- `sklearn.metrics.mean_pinball_loss(target, input, alpha=tau)`: The target comes first.
- LossFunctions.jl `QuantileLoss(tau)`
- `xgboost.train({"objective": "reg:quantileerror", "quantile_alpha": tau}, xgboost.DMatrix(features, target, base_margin=input))`:
  The value of a leaf is then the quantile itself.
- `neuralforecast.losses.pytorch.QuantileLoss(tau)(target[..., None], input[..., None])`: Called as (y, y_hat, mask);
  weighted mean over the horizon.

## References

- Roger Koenker and Gilbert Bassett (1978). Regression Quantiles. *Econometrica 46(1), 33-50*. doi:10.2307/1913643
"""

import torch

from lossary.declaration import Parameter, Range, cases, equal, maximum, residual_loss, terms


def quantile(input: torch.Tensor, target: torch.Tensor, *, tau: float = 0.5, reduction: str = "mean") -> torch.Tensor:
    missing = target - input
    loss = torch.maximum(tau * missing, (tau - 1) * missing)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=quantile,
    aliases=terms(
        "quantile loss; pinball loss; pinball; check loss; tilted L1; tilted absolute loss; tick loss; PinballLoss; "
        "QuantileLoss; quantile regression loss"
    ),
    tasks=("regression", "uncertainty"),
    search_terms=terms(
        "prediction interval; conditional quantile; 95th percentile; asymmetric absolute error; newsvendor; "
        "value at risk; quantile crossing; reg:quantileerror; underprediction costs more; mean_pinball_loss; "
        "asymmetric L1; predict a percentile; 90th percentile; median and other quantiles; "
        "over- and underestimation cost differently; cost of too much against too little; stock and newsvendor; "
        "uncertainty bands; probabilistic forecast by quantiles; confidence band; upper and lower bound; "
        "late is worse than early; shortage costs more than surplus; safety stock; "
        "under-forecasting costs more than over-forecasting; service level; LightGBM and CatBoost quantile "
        "objective; GradientBoostingRegressor loss='quantile'; "
        "newsboy problem; temporal fusion transformer; conformalised quantile regression; risk of too little "
        "against too much; quantile forest and boosting; "
        "max(tau e, (tau - 1) e); LightGBM quantile alpha"
    ),
    concepts={
        "which quantile; asymmetric costs; newsvendor; underprediction costs more": "tau",
        "predicted quantile is 1 - tau; sign convention": "The sign of the residual",
        "quantile crossing; monotone quantiles": "Quantiles that are fitted apart",
        "extreme quantiles; value at risk; 99th percentile": "A far quantile",
        "compare losses of different quantiles": "Losses of different tau",
    },
    answers={
        "regression/uneven/side": ("Too low and too high", "The cost grows with"),
        "uncertainty/any": ("You want an interval", "You need the whole distribution"),
    },
    parameters=(
        Parameter(
            "tau",
            0.5,
            "the level of the quantile: the share of targets that should lie below the prediction",
            range=Range(lower=0.0, upper=1.0, lower_open=True, upper_open=True),
            typical=(0.1, 0.5, 0.9),
        ),
    ),
    value=lambda u, tau: maximum(tau * u, (tau - 1) * u),
    gradient=lambda u, tau: cases((-tau, u > 0), (1 - tau, u < 0), ((1 - 2 * tau) / 2, True)),
    kinks=(lambda tau: 0,),
    caption="Two straight lines that meet at zero, in the picture equally steep. A larger tau makes predictions that are "
    "too low, on the left, cost more and those that are too high less.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": "C0",
        "symmetric": lambda tau: equal(2 * tau, 1),
        "lipschitz": lambda tau: max(tau, 1 - tau),
        "gradient_lipschitz": "inf",
        "gradient_limits": lambda tau: (-tau, 1 - tau),
        "elicits": lambda tau: "median" if tau == 0.5 else "tau-quantile",
    },
)
