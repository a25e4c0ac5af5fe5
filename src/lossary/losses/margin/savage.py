r"""Savage

Takes a raw score and a label of 1 or -1, and penalises by the squared error of the probability that the sigmoid of
twice the score gives, so that no element costs more than 1.

## When to use it

- Binary classification where some labels are wrong. A confident score against a wrong label costs at most 1, and the
  more confident it is, the less it pulls.
- Boosting that tolerates outliers, for which it was made.

## When not to

- The optimiser is to find the minimum from any start: it is not convex. [[logistic]] is.
- The model starts with large scores. Those on the wrong side have next to no gradient; with [[logistic]] they have
  the most.
- The labels are clean: the gradient of [[logistic]] does not fade for what is far wrong.

## Pitfalls

### A confidently wrong score is hardly moved

That is what makes it robust, and what makes a bad start last. The gradient is largest in size where the label has a
third of the probability, and fades on both sides. Begin with small scores, or train with [[logistic]] first.

```python
from lossary.functional import logistic, savage

score = torch.tensor([-0.3466, -2.0, -5.0, -10.0], requires_grad=True)
for name, loss in (("savage  ", savage), ("logistic", logistic)):
    print(name, torch.autograd.grad(loss(score, torch.ones(4), reduction="sum"), score)[0])
```

```output
savage   tensor([-5.9259e-01, -6.9380e-02, -1.8157e-04, -8.2446e-09])
logistic tensor([-0.5858, -0.8808, -0.9933, -1.0000])
```

### Two definitions differ by a factor of 2 in the score

The paper that introduced it has `1 / (1 + exp(2 * margin))**2`, as this page does. Other texts write
`1 / (1 + exp(margin))**2`. The second is this loss of half the score: its scores are log-odds, those here half of them.

```python
from lossary.functional import savage

score = torch.tensor([-1.0, 0.5, 2.0])
print("without the 2   ", 1 / (1 + torch.exp(score)) ** 2)
print("of half the score", savage(score / 2, torch.ones(3), reduction="none"))
```

```output
without the 2    tensor([0.5344, 0.1425, 0.0142])
of half the score tensor([0.5344, 0.1425, 0.0142])
```

### The probability is the sigmoid of twice the score

The best score of a point is half its log-odds, as with the [[exponential]] loss.

```python
from lossary.functional import savage

score = torch.linspace(-3, 3, 6001)
target = torch.cat((torch.ones(9), -torch.ones(1)))  # positive in 9 of 10
best = score[savage(score[:, None], target, reduction="none").mean(1).argmin()]
print(f"sigmoid of twice the score {(2 * best).sigmoid():.3f}, of the score {best.sigmoid():.3f}")
```

```output
sigmoid of twice the score 0.900, of the score 0.750
```

### It does not bound the number of errors

An undecided score costs a quarter and not 1, so the mean can be far below the rate of errors. Four times the loss is a
bound.

```python
from lossary.functional import savage, zero_one

score, target = torch.tensor([-0.01, -0.02]), torch.ones(2)
print(f"errors {zero_one(score, target):.2f}, loss {savage(score, target):.2f}")
```

```output
errors 1.00, loss 0.26
```

## Relations

It is [[mse]] between the sigmoid of twice the score and the label as 0 or 1.

    functional.savage(logits, 2 * label - 1) == F.mse_loss(torch.sigmoid(2 * logits), label)

It is the [[brier|Brier score]] of that probability.

    functional.savage(logits, 2 * label - 1) == functional.brier(torch.sigmoid(2 * logits), label)

Four times this loss is nowhere below the [[zero_one|zero-one loss]].

    torch.maximum(4 * functional.savage(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        4 * functional.savage(logits, 2 * label - 1, reduction="none")

Where no score is 0, and with the scores multiplied by a large number, it tends to the [[zero_one|zero-one loss]].

    functional.savage(1e9 * logits, 2 * label - 1) == functional.zero_one(logits, 2 * label - 1)

## References

- Hamed Masnadi-Shirazi and Nuno Vasconcelos (2008). On the Design of Loss Functions for Classification: theory,
  robustness to outliers, and SavageBoost. In *Advances in Neural Information Processing Systems 21, 1049-1056*.
  https://papers.nips.cc/paper_files/paper/2008/hash/f5deaeeae1538fb6c45901d524ee2f98-Abstract.html
"""

import torch

from lossary.declaration import margin_loss, sigmoid, sqrt, terms


def savage(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    margin = target * input
    # Of right and wrong one is 0, so that no exponential overflows, and the other keeps its digits.
    right, wrong = torch.where(margin > 0, margin, 0.0), torch.where(margin > 0, 0.0, margin)
    chance = torch.exp(-2 * right) / (torch.exp(-2 * right) + torch.exp(2 * wrong))  # of the other label
    loss = chance.square()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


# Where the curvature is largest in size, the other label has this probability.
_BENT = (15 - sqrt(33)) / 24

loss = margin_loss(
    function=savage,
    aliases=terms("Savage loss; SavageBoost loss"),
    tasks=("binary",),
    search_terms=terms(
        "robust binary classification loss; loss for noisy labels; bounded margin loss; "
        "non-convex loss for label noise; 1 / (1 + exp(2 y f(x)))^2; squared error of a sigmoid; robust boosting; "
        "SavageBoost; bounded loss for wrong labels; outliers and label noise in classification; "
        "non-convex classification loss; non-convex boosting; "
        "bounded by one for wrong labels far away; boosting that gives up on outliers; "
        "non-convex but Bayes consistent; bounded penalty for negative margins; sigmoid squared; "
        "robust to flipped labels in boosting"
    ),
    concepts={
        "vanishing gradient; zero gradient": "A confidently wrong score",
        "SavageBoost definition; factor of 2": "Two definitions",
        "probabilities; half the log-odds": "The probability is",
        "upper bound of the zero-one loss": "It does not bound",
    },
    answers={
        "binary/noise": ("Binary classification where some", "The optimiser is to find"),
    },
    value=lambda m: sigmoid(-2 * m) ** 2,
    gradient=lambda m, y: -4 * y * sigmoid(-2 * m) ** 2 * sigmoid(2 * m),
    caption="A soft step from 1 to 0. The gradient is a dip near the margin 0: points that are far right or far "
    "wrong hardly pull.",
    example={"input": [2.0, -0.5, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": 16 / 27,
        "gradient_lipschitz": float(8 * _BENT**2 * (2 - 3 * _BENT) * (1 - _BENT)),
        "bounded": True,
        "supremum": 1,
        "value_at_perfect": 0,
        "gradient_limits": (0, 0),
        "redescending": True,
        "elicits": "half the log-odds of label 1",
        "calibrated": True,
    },
)
