r"""Modified Huber

Takes a raw score and a label of 1 or -1, and penalises by the square of how far the score falls short of 1 on the
label's side, but in a straight line where it is wrong by more than 1.

## When to use it

- A margin loss with a gradient without jumps that a few wrong labels do not take over: no point pulls harder than 4.
- You want probabilities from scores of a bounded range: between -1 and 1, the best score is twice the probability
  of label 1, minus 1. scikit-learn's `SGDClassifier` gives `predict_proba` for it.

## When not to

- You predict a number: that is [[huber]], a loss of the residual.
- Probabilities near 0 and 1 matter. Scores beyond 1 all read as certainty: [[logistic]].
- Most points are far on the wrong side at first: there the gradient is the same for all, as with [[hinge]].

## Pitfalls

### It is not the Huber loss of the score and the label

The Huber loss of score and label also punishes scores that are more than right. This one costs nothing from the margin
1 on.

```python
from lossary.functional import modified_huber

score, target = torch.tensor([-2.0, 0.0, 1.0, 4.0]), torch.ones(4)
print("modified Huber", modified_huber(score, target, reduction="none"))
print("Huber         ", F.huber_loss(score, target, reduction="none"))
```

```output
modified Huber tensor([8., 1., 0., 0.])
Huber          tensor([2.5000, 0.5000, 0.0000, 2.5000])
```

### Its gradient is up to four times that of the hinge

Put in place of [[hinge]] it takes steps of four times the size for each point that is wrong by more than 1. Lower the
learning rate, or divide by 4.

```python
from lossary.functional import hinge, modified_huber

score = torch.tensor([-5.0, 0.0, 0.9], requires_grad=True)
for name, loss in (("modified Huber", modified_huber), ("hinge         ", hinge)):
    print(name, torch.autograd.grad(loss(score, torch.ones(3), reduction="sum"), score)[0])
```

```output
modified Huber tensor([-4.0000, -2.0000, -0.2000])
hinge          tensor([-1., -1., -1.])
```

### Probabilities come out as exactly 0 and 1

The probability is `(score + 1) / 2`, cut to the range from 0 to 1. A score beyond 1 is a certainty, and one such point
on the wrong side makes the log loss of the probabilities infinite. Nor is the sigmoid of the score a probability.

```python
score = torch.tensor([0.8, 1.5, -3.0])
chance = ((score + 1) / 2).clamp(0, 1)
print("probability of label 1", chance)
print("log loss if it holds  ", -chance.log())
```

```output
probability of label 1 tensor([0.9000, 1.0000, 0.0000])
log loss if it holds   tensor([0.1054, -0.0000,    inf])
```

### With labels 0 and 1, the negatives teach nothing

A label of 0 makes the margin 0: the element costs 1 and has no gradient, whatever its score. Use `2 * label - 1`.

```python
from lossary.functional import modified_huber

score = torch.tensor([3.0, -3.0], requires_grad=True)
loss = modified_huber(score, torch.zeros(2), reduction="none")
print(loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
```

```output
tensor([1., 1.]) tensor([-0., -0.])
```

## Relations

It is twice the [[huber|Huber loss]] with `delta=2` of the [[hinge]].

    functional.modified_huber(logits, 2 * label - 1) ==
        2 * F.huber_loss(functional.hinge(logits, 2 * label - 1, reduction="none"), torch.zeros_like(logits), delta=2.0)

Where no score is beyond 1 in size, it is the [[squared_hinge|squared hinge]].

    functional.modified_huber(logits.clamp(-1, 1), 2 * label - 1) ==
        functional.squared_hinge(logits.clamp(-1, 1), 2 * label - 1)

It is nowhere below the [[zero_one|zero-one loss]].

    torch.maximum(functional.modified_huber(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.modified_huber(logits, 2 * label - 1, reduction="none")

## In other libraries

- `numpy.vectorize(sklearn.linear_model._sgd_fast.ModifiedHuber().py_loss)(input, target)`: Private; what
  `SGDClassifier(loss="modified_huber")` minimises, beside a penalty.
- LossFunctions.jl `ModifiedHuberLoss()`: A function of the margin. It is 4 times `SmoothedL1HingeLoss(2)`.

## References

- Tong Zhang (2004). Solving large scale linear prediction problems using stochastic gradient descent algorithms. In
  *Proceedings of the Twenty-First International Conference on Machine Learning*. doi:10.1145/1015330.1015332
"""

import torch

from lossary.declaration import cases, margin_loss, terms


def modified_huber(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    shortfall = (1 - target * input).clamp(min=0)
    curved = shortfall.clamp(max=2)
    loss = curved * (2 * shortfall - curved)  # its square up to 2, and a line of slope 4 beyond
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = margin_loss(
    function=modified_huber,
    aliases=terms("modified Huber loss; quadratically smoothed hinge"),
    tasks=("binary",),
    search_terms=terms(
        "SGDClassifier loss='modified_huber'; smooth hinge loss with probability estimates; "
        "Huber loss for classification; outlier tolerant SVM loss; squared hinge that turns linear; "
        "hinge squared, then straight; robust SVM with probabilities; SGDClassifier; "
        "SVM loss that becomes linear for very wrong points; "
        "SGDClassifier with predict_proba and tolerance of outliers; "
        "squared hinge that becomes linear; quadratic then linear penalty of the margin; "
        "hinge that is squared, then linear"
    ),
    concepts={
        "Huber loss for classification; difference between Huber and modified Huber": "It is not the Huber loss",
        "learning rate": "Its gradient is up to four",
        "predict_proba; probabilities": "Probabilities come out",
        "labels 0 and 1": "With labels 0 and 1",
    },
    answers={
        "binary/decision/margin": ("A margin loss with", "Most points are far"),
        "binary/noise": ("A margin loss with", "Probabilities near 0"),
    },
    value=lambda m: cases((0, m >= 1), ((1 - m) ** 2, m >= -1), (-4 * m, True)),
    gradient=lambda m, y: cases((0, m >= 1), (-2 * y * (1 - m), m >= -1), (-4 * y, True)),
    kinks=(-1.0, 1.0),
    caption="Zero from the margin 1 on, half a parabola down to -1, and a straight line further left. The gradient "
    "grows in size until it reaches 4, and stays there.",
    example={"input": [2.0, 0.4, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": True,
        "smoothness": "C1",
        "lipschitz": 4,
        "gradient_lipschitz": 2,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-4, 0),
        "elicits": "mean",
        "calibrated": True,
    },
)
