r"""Perceptron

Takes a raw score and a label of 1 or -1, and penalises a score on the wrong side by its size and one on the right side
not at all.

## When to use it

- You want the perceptron's rule as gradient descent: point by point, with a learning rate of 1.
- The data can be separated, and any separation will do.

## When not to

- The classes overlap. The loss is least for scores of zero: [[hinge]] or [[logistic]] ask for more.
- You want a margin between the classes: [[hinge]].
- You want probabilities: [[logistic]].

## Pitfalls

### Scores of zero are a perfect fit

There is no margin to reach, so as long as a point is wrong the loss falls when all scores shrink, and at zero it is as
small as it gets. Below, 9 of 10 labels are positive. The best single score is 0, which decides nothing; with [[hinge]]
it is 1. This is why it is not calibrated: its minimum need not decide for the likelier class.

```python
from lossary.functional import hinge, perceptron

score = torch.linspace(-2, 2, 401)
target = torch.cat((torch.ones(9), -torch.ones(1)))
for name, loss in (("perceptron", perceptron), ("hinge     ", hinge)):
    risk = loss(score[:, None], target, reduction="none").mean(1)
    print(f"{name} best score {score[risk.argmin()].item():.2f}, at a loss of {risk.min().item():.2f}")
```

```output
perceptron best score 0.00, at a loss of 0.00
hinge      best score 1.00, at a loss of 0.20
```

### Starting from zero, the gradient there decides whether anything happens

With all weights zero each score is 0, where the loss has a corner. The perceptron's rule updates there, and so does
the function of this page: `clamp` passes the gradient at its bound. `F.relu` does not, and training never starts.

```python
from lossary.functional import perceptron

score = torch.zeros(1, requires_grad=True)
print("clamp", torch.autograd.grad(perceptron(score, torch.ones(1)), score)[0])
print("relu ", torch.autograd.grad(F.relu(-score).mean(), score)[0])
```

```output
clamp tensor([-1.])
relu  tensor([-0.])
```

### With labels 0 and 1, every negative is a perfect fit

A label of 0 makes the margin 0. The element costs nothing, and the loss looks better the more negatives there are. Use
`2 * label - 1`.

```python
from lossary.functional import perceptron

score = torch.tensor([3.0, 3.0, -0.5])
label = torch.tensor([0.0, 0.0, 1.0])
print("0 and 1 ", perceptron(score, label, reduction="none"))
print("-1 and 1", perceptron(score, 2 * label - 1, reduction="none"))
```

```output
0 and 1  tensor([-0.0000, -0.0000, 0.5000])
-1 and 1 tensor([3.0000, 3.0000, 0.5000])
```

### The mean divides the update by the batch

The perceptron's rule adds each wrong point to the weights. The gradient of the mean is that divided by the number of
points, right ones as well, so the steps grow smaller the fewer points are wrong. Use `reduction="sum"`, or single
points.

```python
from lossary.functional import perceptron

score = torch.tensor([2.0, 3.0, 1.0, -0.5], requires_grad=True)
for reduction in ("sum", "mean"):
    print(reduction, torch.autograd.grad(perceptron(score, torch.ones(4), reduction=reduction), score)[0])
```

```output
sum tensor([-0., -0., -0., -1.])
mean tensor([-0.0000, -0.0000, -0.0000, -0.2500])
```

## Relations

It is the [[hinge]] with its corner moved from 1 to 0.

    functional.perceptron(logits, 2 * label - 1) == functional.hinge(logits + 2 * label - 1, 2 * label - 1)

Of the difference of two scores it is [[margin_ranking]] with its default margin.

    functional.perceptron(input - target, 2 * label - 1) == F.margin_ranking_loss(input, target, 2 * label - 1)

The [[logistic]] loss tends to it as the scores are multiplied by a large number and the loss is divided by it.

    functional.perceptron(logits, 2 * label - 1) ==
        functional.logistic(1e9 * logits, 2 * label - 1) / 1e9  # within 1e-6

## In other libraries

- `optax.losses.perceptron_loss(input, target)`: Elementwise; no reduction. At a margin of exactly 0 its slope is one
  half.
- `numpy.vectorize(sklearn.linear_model._sgd_fast.Hinge(0.0).py_loss)(input, target)`: Private; what
  `SGDClassifier(loss="perceptron")` minimises, beside a penalty. `sklearn.linear_model.Perceptron` sets the steps as
  well.
- LossFunctions.jl `PerceptronLoss()`: A function of the margin, without a gradient at the margin 0.

## References

- Frank Rosenblatt (1958). The perceptron: A probabilistic model for information storage and organization in the brain.
  *Psychological Review 65(6), 386-408*. doi:10.1037/h0042519
"""

import torch

from lossary.declaration import cases, margin_loss, maximum, terms


def perceptron(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (-target * input).clamp(min=0)  # unlike relu, clamp passes the gradient at 0
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = margin_loss(
    function=perceptron,
    aliases=terms("perceptron loss; perceptron criterion"),
    tasks=("binary",),
    search_terms=terms(
        "max(0, -y f(x)); perceptron learning rule; hinge loss without margin; hinge loss with margin 0; "
        "only mistakes cost; Rosenblatt; misclassified points only; hinge without a margin; linear separator; "
        "update only on mistakes; "
        "SGDClassifier loss='perceptron'; "
        "update only when the sign is wrong; hinge at zero; online linear classifier; "
        "learn online from mistakes"
    ),
    concepts={
        "loss is zero; not classification-calibrated; scores shrink": "Scores of zero",
        "training does not start; zero initialisation; relu": "Starting from zero",
        "labels 0 and 1": "With labels 0 and 1",
        "perceptron update; learning rate; batch size": "The mean divides",
    },
    answers={
        "binary/decision/linear": ("The data can be separated", "The classes overlap"),
    },
    value=lambda m: maximum(0, -m),
    gradient=lambda m, y: cases((-y, m <= 0), (0, True)),
    kinks=(0.0,),
    caption="A straight line on the wrong side and zero on the right one, with a corner at the margin 0. Nothing "
    "asks for more than the right sign.",
    side_by_side={
        "best-scores": "score[(p * functional.perceptron(score, one, reduction='none') "
        "+ (1 - p) * functional.perceptron(score, -one, reduction='none')).argmin(1)]"
    },
    example={"input": [2.0, -0.5, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1, 0),
        "calibrated": False,
    },
)
