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
well, and distances of histograms often divide by the average of the two, which is symmetric. The three agree for small
differences and part for large ones.

```python
for prediction in ([0.1, 0.4, 0.5], [0.59, 0.3, 0.11]):
    prediction, target = torch.tensor(prediction), torch.tensor([0.6, 0.3, 0.1])
    square = (target - prediction) ** 2
    print("Pearson, over the prediction", (square / prediction).sum())
    print("Neyman, over the target     ", (square / target).sum())
    print("over the average of the two ", (square / ((prediction + target) / 2)).sum())
```

```output
Pearson, over the prediction tensor(2.8450)
Neyman, over the target      tensor(2.0500)
over the average of the two  tensor(1.2762)
Pearson, over the prediction tensor(0.0011)
Neyman, over the target      tensor(0.0012)
over the average of the two  tensor(0.0011)
```

### A small prediction dominates the gradient

The gradient of one outcome is 1 minus the squared ratio of target and prediction. It stays below 1 where the prediction is
too large, and grows without bound as the prediction becomes too small. A softmax in front does not hold it: with respect to
the scores it still grows with one over the prediction, where that of [[kl_div]] tends to a constant.

```python
target = torch.tensor([0.1, 0.9])

for small in (0.5, 1e-2, 1e-4):
    scores = torch.tensor([math.log(small), math.log(1 - small)], requires_grad=True)
    prediction = scores.softmax(0)
    loss = ((target - prediction) ** 2 / prediction).sum()
    of_prediction, of_score = torch.autograd.grad(loss, (prediction, scores))
    print(f"prediction {small:g}: gradient {of_prediction[0].item():.4g}, of the score {of_score[0].item():.4g}")
```

```output
prediction 0.5: gradient 0.96, of the score 0.8
prediction 0.01: gradient -99, of the score -0.9818
prediction 0.0001: gradient -1e+06, of the score -99.99
```

### Zero against zero gives NaN

An outcome that both rule out should add nothing, but zero is divided by zero. A softmax in float32 gives exact zeros
for scores that lie far apart. Clamp the prediction from below. Where the target is above zero the divergence is infinite,
and rightly so: clamped, it is merely huge, and the outcome gets no gradient.

```python
prediction = torch.tensor([0.0, 200.0]).softmax(0)
target = torch.tensor([0.0, 1.0])

print(prediction)
print("as it is", ((target - prediction) ** 2 / prediction).sum())
held = prediction.clamp(min=1e-7)
print("clamped ", ((target - held) ** 2 / held).sum())
target = torch.tensor([0.5, 0.5])
print("target above zero:", ((target - prediction) ** 2 / prediction).sum(), ((target - held) ** 2 / held).sum())
```

```output
tensor([0., 1.])
as it is tensor(nan)
clamped  tensor(1.0000e-07)
target above zero: tensor(inf) tensor(2499999.2500)
```

### As a bound of KL it is loose where the two are far apart

The logarithm of 1 plus this divergence, the [[renyi_divergence|Rényi divergence]] of order 2, is an upper bound of [[kl_div]]
as well, and the closer one.

```python
from lossary.functional import chi_squared_divergence

target = torch.tensor([0.3, 0.7])

for small in (0.25, 1e-2, 1e-4):
    prediction = torch.tensor([small, 1 - small])
    kl = F.kl_div(prediction.log(), target, reduction="sum").item()
    chi = chi_squared_divergence(prediction, target)
    print(f"prediction {small:g}: KL {kl:.4f}, at most {chi.log1p().item():.4f} and at most {chi.item():.4f}")
```

```output
prediction 0.25: KL 0.0064, at most 0.0132 and at most 0.0133
prediction 0.01: KL 0.7777, at most 2.2508 and at most 8.4950
prediction 0.0001: KL 2.1523, at most 6.8029 and at most 899.4902
```

## Relations

It is the variance, under the prediction, of the weights that turn its samples into samples of the target: their
[[mse]] from their mean 1, weighted by the prediction.

    functional.chi_squared_divergence(p, q) == F.mse_loss(q / p, torch.ones_like(p), weight=p)

The logarithm of 1 plus this divergence is the [[renyi_divergence|Rényi divergence]] of order 2.

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

- `scipy.stats.chisquare(target, input, axis=-1).statistic`: Made for counts: of shares
  the statistic is this divergence, but the p-value beside it means nothing.

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
        "Neyman chi-squared; which distribution is in the denominator; symmetric chi-squared distance": "The order of the arguments",
        "exploding gradient; small probabilities": "A small prediction dominates",
        "nan with zero probabilities; division by zero": "Zero against zero",
        "upper bound of KL": "As a bound of KL",
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
