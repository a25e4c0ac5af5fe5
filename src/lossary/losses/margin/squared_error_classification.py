r"""Squared margin

Takes a raw score and a label of 1 or -1, and squares their difference: least squares used as a classifier.

## When to use it

- A linear classifier in closed form: it is least squares with the labels as numbers, as scikit-learn's
  `RidgeClassifier` fits it.
- You want probabilities from scores without a sigmoid: the best score is twice the probability of label 1, minus 1.

## When not to

- Scores may go beyond 1: those that are right by far cost as much as wrong ones. [[squared_hinge|squared hinge]]
  leaves them alone.
- Labels may be wrong: [[modified_huber|modified Huber]].
- You train a network with a sigmoid output on labels 0 and 1: [[bce_with_logits]].

## Pitfalls

### A score that is right by far costs as much as a wrong one

The loss is the same at equal distances from the margin 1: one of 3 costs what one of -1 does. A single point far on
the right side can therefore drag the boundary over points that were right. Below, a line is fitted by least squares to
three positives and three negatives, and then one more positive far out is added.

```python
def boundary(feature, target):
    rows = torch.stack((feature, torch.ones_like(feature)), 1)
    slope, offset = torch.linalg.lstsq(rows, target[:, None]).solution[:, 0]
    wrong = (target * (slope * feature + offset) <= 0).sum()
    return f"boundary at {-(offset / slope).item():.2f}, {wrong.item()} wrong"

feature = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
target = torch.tensor([-1.0, -1.0, -1.0, 1.0, 1.0, 1.0])
print("before:", boundary(feature, target))
print("after: ", boundary(torch.cat((feature, torch.tensor([60.0]))), torch.cat((target, torch.ones(1)))))
```

```output
before: boundary at 0.50, 0 wrong
after:  boundary at 1.73, 1 wrong
```

### With labels 0 and 1, the negatives teach nothing

A label of 0 makes the product 0: the element costs 1 and has no gradient. That is not what [[mse]] does with a label
of 0, which asks for a score of 0. Use `2 * label - 1`, and decide by the sign.

```python
from lossary.functional import squared_error_classification

score = torch.tensor([0.7, -3.0], requires_grad=True)
target = torch.zeros(2)
loss = squared_error_classification(score, target, reduction="none")
print("squared margin", loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
loss = F.mse_loss(score, target, reduction="none")
print("mse           ", loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
```

```output
squared margin tensor([1., 1.]) tensor([-0., -0.])
mse            tensor([0.4900, 9.0000]) tensor([ 1.4000, -6.0000])
```

### The threshold is 0, not one half

With labels of -1 and 1 the decision is the sign. People who are used to labels of 0 and 1 cut at one half, and lose
the positives that are less than three quarters sure.

```python
from lossary.functional import squared_error_classification

score = torch.linspace(-1, 1, 2001)
target = torch.cat((torch.ones(7), -torch.ones(3)))  # positive in 7 of 10
best = score[squared_error_classification(score[:, None], target, reduction="none").mean(1).argmin()]
print(f"best score {best:.2f}: above 0 {(best > 0).item()}, above one half {(best > 0.5).item()}")
```

```output
best score 0.40: above 0 True, above one half False
```

## Relations

With labels of -1 and 1 it is [[mse]].

    functional.squared_error_classification(logits, 2 * label - 1) == F.mse_loss(logits, 2 * label - 1)

It is four times the [[brier|Brier score]] of the probability `(score + 1) / 2`.

    functional.squared_error_classification(2 * p[:, 0] - 1, 2 * label[:8] - 1) ==
        4 * functional.brier(p[:, 0], label[:8])

Where no score is beyond 1 in size, it is the [[squared_hinge|squared hinge]].

    functional.squared_error_classification(logits.clamp(-1, 1), 2 * label - 1) ==
        functional.squared_hinge(logits.clamp(-1, 1), 2 * label - 1)

Of twice the arc tangent of the score it is the [[tangent]] loss.

    functional.squared_error_classification(2 * torch.atan(logits), 2 * label - 1) ==
        functional.tangent(logits, 2 * label - 1)

It is nowhere below the [[zero_one|zero-one loss]].

    torch.maximum(functional.squared_error_classification(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.squared_error_classification(logits, 2 * label - 1, reduction="none")

## In other libraries

- `sklearn._loss.HalfSquaredError().loss(target.ravel(), input.ravel())`: Private; what
  `SGDClassifier(loss="squared_error")` minimises, beside a penalty. `RidgeClassifier` adds up the whole square.
- LossFunctions.jl `L2MarginLoss()`: A function of the margin.

## References

- Tong Zhang (2004). Statistical behavior and consistency of classification methods based on convex risk minimization.
  *The Annals of Statistics 32(1), 56-85*. doi:10.1214/aos/1079120130
"""

import torch

from lossary.declaration import margin_loss, terms


def squared_error_classification(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (1 - target * input).square()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = margin_loss(
    function=squared_error_classification,
    aliases=terms("squared margin loss; L2 margin loss; square loss for classification; least-squares classification"),
    tasks=("binary",),
    search_terms=terms(
        "least squares classifier; (1 - y f(x))^2; ridge classifier loss; squared error with labels -1 and 1; "
        "least squares on labels plus and minus one; regression used as classification; square loss for classes; "
        "linear discriminant by regression; LS-SVM; regress on class labels; "
        "RidgeClassifier; regression on labels -1 and 1; "
        "least squares SVM; linear discriminant by least squares"
    ),
    concepts={
        "too correct; outliers on the right side": "A score that is right by far",
        "labels 0 and 1; difference between squared margin and mse": "With labels 0 and 1",
        "threshold 0.5": "The threshold is 0",
    },
    answers={
        "binary/decision/linear": ("A linear classifier", "Scores may go beyond"),
    },
    value=lambda m: (1 - m) ** 2,
    gradient=lambda m, y: -2 * y * (1 - m),
    perfect=1.0,
    caption="A parabola around the margin 1. To the right of it a score that is right costs more again, and is pulled "
    "back.",
    example={"input": [2.0, 0.4, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": 2,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", "inf"),
        "elicits": "mean",
        "calibrated": True,
    },
)
