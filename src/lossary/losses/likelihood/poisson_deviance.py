r"""Poisson deviance

For counts: twice the amount by which the logarithm of the Poisson likelihood falls short of what a perfect prediction
would give, so that a prediction equal to the target costs nothing.

## When to use it

- You want to report how well counts are predicted. Unlike that of [[poisson_nll]], the value is zero for a perfect
  prediction, so it says how far from perfect a model is.
- The target is not negative and its variance grows in proportion to its mean: counts, rates, sums of rare events.

## When not to

- You train a network that predicts the logarithm of the rate. [[poisson_nll]] takes the logarithm itself, does not need
  its exponential to be positive after rounding, and has half of this loss's gradient.
- The spread grows with the mean itself, as for amounts of money: [[gamma_deviance]]; or something in between, with
  exact zeros: [[tweedie_deviance]].

## Pitfalls

### The input is the rate, not its logarithm

[[poisson_nll]] takes the log-rate by default, this loss the rate. A log-rate above zero is a possible rate, so the
mistake can pass unnoticed; one below zero gives NaN, or for a count of zero a loss below
zero.

```python
from lossary.functional import poisson_deviance

rate, target = torch.tensor([4.0, 0.5, 0.5]), torch.tensor([4.0, 1.0, 0.0])
print("rate    ", poisson_deviance(rate, target, reduction="none"))
print("log-rate", poisson_deviance(rate.log(), target, reduction="none"))
```

```output
rate     tensor([0.0000, 0.3863, 1.0000])
log-rate tensor([ 3.2499,     nan, -1.3863])
```

### A rate of zero is a certain statement

Where the rate is zero and the target is not, the loss is infinite. A `relu` as the last layer produces such rates, and
passes no gradient back to repair them. `softplus` and `exp` do, until they round to 0 as well, as in
float32 at a raw score of -120: the gradient is NaN then, even for a count of zero. [[poisson_nll]] on the log-rate has
no such end.

```python
from lossary.functional import poisson_deviance

for score, count in ((-1.0, 1.0), (-120.0, 1.0), (-120.0, 0.0)):
    raw, target = torch.tensor([score], requires_grad=True), torch.tensor([count])
    losses = {"log-rate": F.poisson_nll_loss(raw, target)}
    losses |= {f.__name__: poisson_deviance(f(raw), target) for f in (F.relu, F.softplus, torch.exp)}
    print(f"raw score {score:g}, count {count:g}")
    for name, loss in losses.items():
        print(f"  {name:8} loss {loss.item():6.2f}, gradient {torch.autograd.grad(loss, raw)[0].item():z.2f}")
```

```output
raw score -1, count 1
  log-rate loss   1.37, gradient -0.63
  relu     loss    inf, gradient 0.00
  softplus loss   0.95, gradient -1.18
  exp      loss   0.74, gradient -1.26
raw score -120, count 1
  log-rate loss 120.00, gradient -1.00
  relu     loss    inf, gradient 0.00
  softplus loss    inf, gradient nan
  exp      loss    inf, gradient nan
raw score -120, count 0
  log-rate loss   0.00, gradient 0.00
  relu     loss   0.00, gradient 0.00
  softplus loss   0.00, gradient nan
  exp      loss   0.00, gradient nan
```

### Some libraries halve it

scikit-learn's metric is the deviance, with its factor of two. The loss that its `PoissonRegressor` minimises is half of
it without the term of the target alone: that of [[poisson_nll]]. So the learning rate and the weight of a penalty change
with the choice.

```python
from lossary.functional import poisson_deviance

log_rate, target = torch.tensor([0.5], requires_grad=True), torch.tensor([3.0])
for name, loss in (
    ("deviance", poisson_deviance(log_rate.exp(), target)),
    ("NLL     ", F.poisson_nll_loss(log_rate, target)),
):
    print(name, "slope", torch.autograd.grad(loss, log_rate)[0].item())
```

```output
deviance slope -2.70255708694458
NLL      slope -1.3512787818908691
```

## Relations

It is twice the amount by which [[poisson_nll]] is above its minimum.

    functional.poisson_deviance(input.exp(), target.abs(), reduction="none") ==
        2 * (F.poisson_nll_loss(input, target.abs(), reduction="none") -
        F.poisson_nll_loss(target.abs().log(), target.abs(), reduction="none"))  # within 1e-9

Summed over the outcomes of two distributions it is twice the [[kl_div|Kullback-Leibler divergence]].

    functional.poisson_deviance(p, q, reduction="sum") == 2 * F.kl_div(p.log(), q, reduction="sum")

## In other libraries

- `sklearn.metrics.mean_poisson_deviance(target.ravel(), input.ravel())`: A metric; the target comes first.

## References

- J. A. Nelder and R. W. M. Wedderburn (1972). Generalized Linear Models. *Journal of the Royal Statistical
  Society, Series A 135(3), 370-384*. https://www.jstor.org/stable/2344614
"""

import torch

from lossary.declaration import (
    COUNT,
    MEAN_AXIS,
    RATE,
    Input,
    Loss,
    Precision,
    Section,
    Symbolic,
    log,
    terms,
    xlogy,
)


def poisson_deviance(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    excess = input - target
    target = target.to(excess.dtype)  # the logarithm of an integer has single precision
    close = excess.abs() < target / 2
    # log1p keeps the digits where the two nearly agree; elsewhere the logarithms stay apart, for no quotient to overflow
    ratio = torch.where(close, excess, 0) / torch.where(close, target, 1)
    shortfall = torch.where(close, -target * ratio.log1p(), -torch.special.entr(target) - torch.xlogy(target, input))
    loss = 2 * (excess + shortfall)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=poisson_deviance,
    aliases=terms("mean Poisson deviance"),
    tasks=("counts", "regression"),
    search_terms=terms(
        "goodness of fit for counts; deviance of a GLM; G-test; G-statistic; unit deviance; D2 score for counts; "
        "counts with a predicted mean; GLM for counts; frequency of claims; count regression score; "
        "PoissonRegressor; D2 score of counts; "
        "goodness of fit of a count model; mean_poisson_deviance; GLM deviance of counts; "
        "GLM of counts; "
        "2 (y log(y/mu) - y + mu); PoissonRegressor of scikit-learn"
    ),
    concepts={
        "log-rate or rate; negative rate nan": "The input is the rate",
        "zero rate; infinite deviance; relu output": "A rate of zero",
        "half deviance; factor of two": "Some libraries",
    },
    answers={
        "counts/train/poisson": ("The target is not negative", "You train a network"),
        "counts/report": ("You want to report", "You train a network"),
    },
    inputs=(
        Input("input", "x", (RATE,), "(*)", "the predicted rate: the expected count"),
        Input("target", "y", (COUNT,), "(*), same as input", "the count that was observed"),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y: 2 * (xlogy(y, y) - y * log(x) - y + x),
            gradient={"input": lambda x, y: 2 * (1 - y / x), "target": lambda x, y: 2 * (log(y) - log(x))},
        ),
    ),
    precision=Precision(
        size=lambda x, y: 2 * (abs(xlogy(y, y)) + abs(y * log(x)) + y + x),
        why="its terms cancel where the prediction is close to the target",
    ),
    sections=(
        Section(
            axis=MEAN_AXIS,
            label=MEAN_AXIS.label,
            span=(0.1, 6.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"target 1": 1.0, "target 0": 0.0, "target 4": 4.0},
            perfect={"target 1": 1.0, "target 4": 4.0},
            limits=(0.0, float("inf")),
            target_values="real",
            note="One element, for three counts.",
            caption="A curve for a target above 0 touches zero where the rate equals the target. A rate close to 0 costs "
            "without bound there, and a rate that is too large costs at most twice the excess. For a target of 0 the loss "
            "is twice the rate.",
        ),
    ),
    example={"input": [1.5, 3.0, 0.5], "target": [1.0, 4.0, 0.0]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "symmetric": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", 2),
        "redescending": False,
        "elicits": "mean",
    },
)
