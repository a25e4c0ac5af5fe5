r"""CRPS of a Gaussian forecast

For a model that predicts a mean and a standard deviation: how far the whole predicted normal distribution is from what
happened, in the unit of the target.

## When to use it

- The model should say how sure it is, and single misses should not decide the fit. Far out the loss grows like the
  absolute error, while [[gaussian_nll]] grows like its square.
- The score is to be read by people: it has the unit of the target, and can stand beside the [[l1|absolute error]] of a
  forecast without a spread.

## When not to

- The likelihood itself is what you need, as for comparing models by it: [[gaussian_nll]].
- The target is not close to normal given the inputs: several [[quantile|quantiles]] assume no shape.

## Pitfalls

### sigma is the standard deviation

[[gaussian_nll]] takes the variance, this loss its root. Both accept any positive number, so the mistake passes without an
error: training drives the output to the standard deviation, although you read it as a variance.

```python
from lossary.functional import crps_gaussian

mean, target, variance = torch.zeros(1), torch.tensor([1.0]), torch.tensor([4.0])
print("standard deviation", crps_gaussian(mean, target, variance.sqrt()))
print("variance          ", crps_gaussian(mean, target, variance))
```

```output
standard deviation tensor(0.6628)
variance           tensor(1.0340)
```

### A negative sigma is not refused

[[gaussian_nll]] raises an error for a negative variance. Here a negative `sigma`, which a linear layer can return, gives
a number that is no score, and a `sigma` of zero gives NaN where the mean is exactly right. Put `softplus` or `exp` on the
raw output.

```python
from lossary.functional import crps_gaussian

mean, target = torch.zeros(2), torch.tensor([0.0, 2.0])
for sigma in (1.0, 0.0, -1.0):
    print(f"sigma {sigma:4}", crps_gaussian(mean, target, torch.full((2,), sigma), reduction="none"))
```

```output
sigma  1.0 tensor([0.2337, 1.4528])
sigma  0.0 tensor([nan, 2.])
sigma -1.0 tensor([0.5642, 2.5642])
```

### An exact hit still costs

Where the mean is exactly right the loss is a multiple of `sigma`, about 0.234 times. It reaches zero only as `sigma` does.
To claim a smaller spread does not pay, though: on average the loss is lowest at the spread that the targets really have,
here 2.

```python
from lossary.functional import crps_gaussian

sigma = torch.tensor([0.1, 1.0, 10.0])
print("exact hits", crps_gaussian(torch.zeros(3), torch.zeros(3), sigma, reduction="none"))
target = 2 * torch.special.ndtri((torch.arange(1000) + 0.5) / 1000)
for spread in (0.1, 1.0, 2.0, 4.0):
    average = crps_gaussian(torch.zeros(1000), target, torch.full((1000,), spread))
    print(f"sigma {spread:g}: on average {average.item():.3f}")
```

```output
exact hits tensor([0.0234, 0.2337, 2.3369])
sigma 0.1: on average 1.541
sigma 1: on average 1.220
sigma 2: on average 1.128
sigma 4: on average 1.311
```

### It is a loss, although the name says score

Scores are also defined the other way round, so that larger is better. Here smaller is better.

```python
from lossary.functional import crps_gaussian

sigma = torch.ones(2)
print("near, far:", crps_gaussian(torch.zeros(2), torch.tensor([0.1, 5.0]), sigma, reduction="none"))
```

```output
near, far: tensor([0.2377, 4.4358])
```

## Relations

As `sigma` goes to zero it becomes the [[l1|absolute error]].

    functional.crps_gaussian(input, target, torch.full_like(input, 1e-9)) == F.l1_loss(input, target)  # within 1e-8

It is the [[brier|Brier score]] of the predicted probability that the target is at most some threshold, integrated over
all thresholds.

    functional.crps_gaussian(0 * p[:, 0], 10 * p[:, 0], 0 * p[:, 0] + 1, reduction="none") ==
        torch.trapezoid(
            functional.brier(
                torch.special.ndtr(torch.linspace(-10, 20, 30001).double()).expand(8, -1),
                (10 * p[:, :1] <= torch.linspace(-10, 20, 30001).double()).double(),
                reduction="none",
            ),
            dx=1e-3,
        )  # within 1e-3

It is twice the [[quantile|quantile loss]] of the predicted quantiles, averaged over all levels.

    functional.crps_gaussian(0 * p[:, 0], p[:, 0], 0 * p[:, 0] + 1, reduction="none") ==
        2 * torch.stack([
            functional.quantile(torch.special.ndtri(tau).expand(8), p[:, 0], tau=tau.item(), reduction="none")
            for tau in (torch.arange(2000).double() + 0.5) / 2000
        ]).mean(0)  # within 1e-4

## In other libraries

- `properscoring.crps_gaussian(target, mu=input, sig=sigma)`: The target comes first.
- scoringrules `scoringrules.crps_normal(target, input, sigma)`: The target comes first.

## References

- Tilmann Gneiting, Adrian E. Raftery, Anton H. Westveld and Tom Goldman (2005). Calibrated Probabilistic Forecasting
  Using Ensemble Model Output Statistics and Minimum CRPS Estimation. *Monthly Weather Review 133(5), 1098-1118*.
  doi:10.1175/MWR2904.1
- Tilmann Gneiting and Adrian E. Raftery (2007). Strictly Proper Scoring Rules, Prediction, and Estimation. *Journal of
  the American Statistical Association 102, 359-378*. doi:10.1198/016214506000001437
"""

import math

import torch

from lossary.declaration import (
    REAL,
    REAL_TARGET,
    Input,
    Kind,
    Loss,
    Precision,
    Symbolic,
    erf,
    exp,
    pi,
    residual_section,
    sqrt,
    terms,
)

DEVIATION = Kind("standard deviations, above 0", values=(0.1, 0.3, 1.0, 2.0, 4.0, 100.0), lower=0.0, takes="variances")


def crps_gaussian(
    input: torch.Tensor, target: torch.Tensor, sigma: torch.Tensor, *, reduction: str = "mean"
) -> torch.Tensor:
    residual = target - input
    far = residual.abs() > 40 * sigma  # the density is 0 there in every format, and the quotient could overflow
    z = torch.where(far, 0, residual) / torch.where(far, 1, sigma)
    density = torch.exp(-z.square() / 2) * math.sqrt(2 / math.pi)
    spread = torch.where(far, residual.abs(), residual * torch.erf(z / math.sqrt(2)) + sigma * density)
    loss = spread - sigma / math.sqrt(math.pi)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=crps_gaussian,
    aliases=terms("continuous ranked probability score; Gaussian CRPS; CRPS of a normal distribution"),
    tasks=("regression", "uncertainty"),
    search_terms=terms(
        "proper scoring rule for a continuous forecast; probabilistic regression loss; crps_norm; "
        "ensemble model output statistics; predict mean and standard deviation; "
        "score of a probabilistic forecast in the unit of the target; forecast is a normal distribution; "
        "ensemble post-processing; EMOS; generalises the absolute error to distributions; "
        "integral of squared difference of distribution functions; sharpness and calibration; "
        "score of a probabilistic forecast in the target's unit; "
        "ensemble weather forecast; distributional regression; integral of squared CDF difference; absolute error"
        " of a distribution; "
        "score of a normal predictive distribution"
    ),
    concepts={
        "variance or standard deviation": "sigma is the standard deviation",
        "negative standard deviation; sigma of zero nan; raw output for sigma": "A negative sigma",
        "CRPS does not reach zero": "An exact hit",
        "sign of the score; larger is better": "It is a loss",
    },
    answers={
        "uncertainty/normal": ("The model should say", "The likelihood itself"),
    },
    inputs=(
        Input("input", "x", (REAL,), "(*)", "the predicted means"),
        Input("target", "y", (REAL_TARGET,), "(*), same as input", "the values to predict"),
        Input("sigma", "sigma", (DEVIATION,), "(*), same as input", "the predicted standard deviations"),
    ),
    formulas=(
        Symbolic(
            value=lambda r, sigma: (
                r * erf(r / (sigma * sqrt(2))) + sigma * (sqrt(2 / pi) * exp(-(r**2) / (2 * sigma**2)) - 1 / sqrt(pi))
            ),
            gradient={
                "input": lambda r, sigma: erf(r / (sigma * sqrt(2))),
                "target": lambda r, sigma: -erf(r / (sigma * sqrt(2))),
                "sigma": lambda r, sigma: sqrt(2 / pi) * exp(-(r**2) / (2 * sigma**2)) - 1 / sqrt(pi),
            },
        ),
    ),
    precision=Precision(size=lambda r, sigma: 1 + abs(r) + sigma, why="its terms cancel where the loss is small"),
    sections=(
        residual_section(
            "A rounded absolute error: straight lines of slope 1 far out, a smooth bottom about as wide as sigma, and a "
            "lowest value above zero.",
            inputs=lambda t, y: {"input": t, "target": y, "sigma": 1},
            note="One element. The target is 0 and sigma is 1.",
        ),
    ),
    example={"input": [0.5, 2.0, -1.0], "target": [0.0, 0.0, 0.0], "sigma": [1.0, 2.0, 0.5]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": 1,
        "gradient_lipschitz": math.sqrt(2 / math.pi),
        "bounded": False,
        "symmetric": True,
        "value_at_perfect": (math.sqrt(2) - 1) / math.sqrt(math.pi),
        "gradient_limits": (-1, 1),
        "redescending": False,
    },
)
