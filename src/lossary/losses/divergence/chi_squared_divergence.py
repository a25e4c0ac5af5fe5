r"""Pearson chi-squared divergence

The squared differences between two distributions, each divided by the predicted probability, summed over the outcomes:
it punishes a prediction that gives too little to an outcome that occurs.

## When to use it

- You compare observed shares with expected ones, as the chi-squared test does: times the number of observations it is
  Pearson's statistic.
- You need an upper bound of [[kl_div]] without a logarithm, or the variance of the importance weights `target / input`
  under the prediction, which is this divergence (see the relations).

## When not to

- The prediction may be near zero where the target is not. The loss grows with one over the prediction, faster than
  [[kl_div]]. [[hellinger|Hellinger distance]] and [[total_variation|total variation distance]] are bounded.
- Swapping the two should not matter: [[js_divergence|Jensen-Shannon divergence]].

## Pitfalls

### The order of the arguments decides what is divided by

Pearson's divergence divides by the prediction. Dividing by the target gives Neyman's, which goes by chi-squared as
well. The two agree for small differences and part for large ones.

```python
prediction = torch.tensor([0.1, 0.4, 0.5])
target = torch.tensor([0.6, 0.3, 0.1])
square = (target - prediction) ** 2

print("Pearson, over the prediction", (square / prediction).sum())
print("Neyman, over the target     ", (square / target).sum())
```

```output
Pearson, over the prediction tensor(2.8450)
Neyman, over the target      tensor(2.0500)
```

### A small prediction dominates the gradient

The gradient of one outcome is 1 minus the squared ratio of target and prediction. It is at most 1 where the prediction is
too large, and grows without bound where it is too small.

```python
target = torch.tensor([0.1, 0.4, 0.5])

for small in (1e-1, 1e-2, 1e-4):
    prediction = torch.tensor([small, 0.4, 0.6 - small], requires_grad=True)
    loss = ((target - prediction) ** 2 / prediction).sum()
    slope = torch.autograd.grad(loss, prediction)[0]
    print(f"prediction {small:g}: gradient {slope[0].item():.4g}")
```

```output
prediction 0.1: gradient -0
prediction 0.01: gradient -99
prediction 0.0001: gradient -1e+06
```

### Zero against zero gives NaN

An outcome that both rule out should add nothing, but zero is divided by zero. A softmax in float32 gives exact zeros
for scores that lie far apart. Clamp the prediction from below.

```python
prediction = torch.tensor([0.0, 200.0]).softmax(0)
target = torch.tensor([0.0, 1.0])

print(prediction)
print("as it is", ((target - prediction) ** 2 / prediction).sum())
held = prediction.clamp(min=1e-7)
print("clamped ", ((target - held) ** 2 / held).sum())
```

```output
tensor([0., 1.])
as it is tensor(nan)
clamped  tensor(1.0000e-07)
```

## Relations

It is the variance of the weights that turn samples of the prediction into samples of the target. Its logarithm, after
adding 1, is the [[renyi_divergence|Rényi divergence]] of order 2.

    functional.chi_squared_divergence(p, q, reduction="none").log1p() ==
        functional.renyi_divergence(p, q, alpha=2.0, reduction="none")

Close to equality it is twice [[kl_div]].

    functional.chi_squared_divergence(p, p + 1e-4 * (q - p)) * 1e8 ==
        2 * F.kl_div(p.log(), p + 1e-4 * (q - p), reduction="batchmean") * 1e8  # within 1e-3

The lowest loss that a [[lsgan_discriminator]] can have is a quarter of 1 minus this divergence, where the target is the data
and the prediction the even mixture of data and generated samples.

    (1 - functional.chi_squared_divergence((p + q) / 2, p)) / 4 ==
        (p * functional.lsgan_discriminator(p / (p + q), 0 * p, reduction="none") +
            q * functional.lsgan_discriminator(0 * p + 1, p / (p + q), reduction="none")).sum(-1).mean()

## In other libraries

- `scipy.stats.chisquare(target, input, axis=-1).statistic`: Made for counts; it returns a p-value as well.

## References

- Alison L. Gibbs and Francis Edward Su (2002). On Choosing and Bounding Probability Metrics. *International Statistical
  Review 70(3), 419-435*. doi:10.1111/j.1751-5823.2002.tb00178.x
"""

import torch

from lossary.declaration import (
    DISTRIBUTION,
    POSITIVE_DISTRIBUTION,
    Symbolic,
    divergence_loss,
    sum_over,
    terms,
)


def chi_squared_divergence(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    difference = input - target
    loss = (difference * (difference / input)).sum(-1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = divergence_loss(
    function=chi_squared_divergence,
    aliases=terms("chi-squared divergence; chi-square divergence; Pearson divergence"),
    tasks=("distributions",),
    search_terms=terms(
        "chi2 distance between histograms; variance of importance weights; f-divergence with a square; chi2; "
        "squared difference divided by the expected; compare histograms with expected counts; "
        "Pearson's goodness of fit; sum of (p - q)^2 / q; squared difference divided by the predicted; "
        "ratio of densities squared"
    ),
    concepts={
        "Neyman chi-squared; which distribution is in the denominator": "The order of the arguments",
        "exploding gradient; small probabilities": "A small prediction dominates",
        "nan with zero probabilities; division by zero": "Zero against zero",
    },
    answers={
        "distributions/outcomes/reference": ("You compare observed", "The prediction may be near"),
    },
    predicted=POSITIVE_DISTRIBUTION,
    true=DISTRIBUTION,
    formula=Symbolic(
        value=lambda x, y, c, C: sum_over(c, (x[c] - y[c]) ** 2 / x[c], C),
        gradient={
            "input": lambda x, y, c: 1 - y[c] ** 2 / x[c] ** 2,
            "target": lambda x, y, c: 2 * (y[c] - x[c]) / x[c],
        },
    ),
    span=(0.03, 0.97),
    caption="Zero where the prediction meets the target, and growing without bound as the prediction comes near "
    "zero for either outcome.",
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "symmetric": False,
    },
)
