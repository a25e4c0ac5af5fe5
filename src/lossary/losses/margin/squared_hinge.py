r"""Squared hinge

Takes a raw score and a label of 1 or -1, and penalises by the square of how far the score falls short of 1 on the
label's side.

## When to use it

- A support vector machine for an optimiser that needs a gradient without jumps. It is the default of scikit-learn's
  `LinearSVC`.
- Points that are clearly right should stop counting, and scores should still tell probabilities: the best score is
  twice the probability of label 1, minus 1.

## When not to

- Labels may be wrong. The pull of a point grows with how far it is on the wrong side, without bound: [[hinge]] and
  [[modified_huber|modified Huber]] bound it.
- Scores are compared with logits of other models: [[logistic]].

## Pitfalls

### One wrong label outweighs many right ones

The gradient is twice the shortfall. Below, a single point at the margin -9 pulls ten times as hard as one at the
margin 0; with [[hinge]] both pull alike. Where some labels are wrong, [[modified_huber|modified Huber]] keeps the
shape near the margin and bounds the pull.

```python
from lossary.functional import hinge, modified_huber, squared_hinge

margin = torch.tensor([0.0, -1.0, -9.0], requires_grad=True)
for name, loss in (("squared hinge ", squared_hinge), ("modified Huber", modified_huber), ("hinge         ", hinge)):
    (pull,) = torch.autograd.grad(loss(margin, torch.ones(3), reduction="sum"), margin)
    print(name, pull)
```

```output
squared hinge  tensor([ -2.,  -4., -20.])
modified Huber tensor([-2., -4., -4.])
hinge          tensor([-1., -1., -1.])
```

### The sigmoid of the score is not the probability

The best score of a point is twice its probability minus 1, and not its log-odds. Read the probability as
`(score + 1) / 2`, cut to the range from 0 to 1.

```python
from lossary.functional import squared_hinge

score = torch.linspace(-3, 3, 6001)
target = torch.cat((torch.ones(9), -torch.ones(1)))  # positive in 9 of 10
best = score[squared_hinge(score[:, None], target, reduction="none").mean(1).argmin()]
print(f"best score {best:.3f}: (score + 1) / 2 is {(best + 1) / 2:.3f}, its sigmoid {best.sigmoid():.3f}")
```

```output
best score 0.800: (score + 1) / 2 is 0.900, its sigmoid 0.690
```

### With labels 0 and 1, the negatives teach nothing

A label of 0 makes the margin 0. The element costs 1 and has no gradient, whatever its score. Use `2 * label - 1`.

```python
from lossary.functional import squared_hinge

score = torch.tensor([3.0, -3.0], requires_grad=True)
loss = squared_hinge(score, torch.zeros(2), reduction="none")
print(loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
```

```output
tensor([1., 1.]) tensor([-0., -0.])
```

### Just inside the margin hardly anything pulls

The gradient fades as the margin comes near 1, so with a penalty on the weights points settle short of 1, where
[[hinge]] holds them at it unless the penalty is strong. Below, one weight is fitted to a point whose feature is 2,
with half the squared weight as the penalty.

```python
from lossary.functional import hinge, squared_hinge

weight = torch.linspace(0, 1, 9001)
margin = 2 * weight
for name, loss in (("hinge        ", hinge), ("squared hinge", squared_hinge)):
    cost = loss(margin, torch.ones(9001), reduction="none") + weight.square() / 2
    print(f"{name} margin {margin[cost.argmin()].item():.3f}")
```

```output
hinge         margin 1.000
squared hinge margin 0.889
```

## Relations

It is the square of the [[hinge]], element by element.

    functional.squared_hinge(logits, 2 * label - 1, reduction="none") ==
        functional.hinge(logits, 2 * label - 1, reduction="none") ** 2

Where no score is beyond 1 in size, it is the [[squared_error_classification|squared margin]] loss.

    functional.squared_hinge(logits.clamp(-1, 1), 2 * label - 1) ==
        functional.squared_error_classification(logits.clamp(-1, 1), 2 * label - 1)

Where no score is beyond 1 in size, it is also [[modified_huber|modified Huber]].

    functional.squared_hinge(logits.clamp(-1, 1), 2 * label - 1) ==
        functional.modified_huber(logits.clamp(-1, 1), 2 * label - 1)

It is nowhere below the [[zero_one|zero-one loss]].

    torch.maximum(functional.squared_hinge(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.squared_hinge(logits, 2 * label - 1, reduction="none")

Of the difference of two scores it is twice [[multi_margin]] with `p=2`.

    functional.squared_hinge(scores[:, 1] - scores[:, 0], 2 * (classes % 2) - 1) ==
        2 * F.multi_margin_loss(scores[:, :2], classes % 2, p=2)

## In other libraries

- `keras.losses.squared_hinge(target, input)`: The mean over the last axis. A batch whose labels are all 0 or 1 is taken
  as one of -1 and 1.
- `numpy.vectorize(sklearn.linear_model._sgd_fast.SquaredHinge(1.0).py_loss)(input, target)`: Private; what
  `SGDClassifier(loss="squared_hinge")` minimises, beside a penalty. It is the default of `LinearSVC`, which adds it
  up over the points, times C, beside half the squared weights.
- LossFunctions.jl `L2HingeLoss()`: A function of the margin.

## References

- Tong Zhang (2004). Statistical behavior and consistency of classification methods based on convex risk minimization.
  *The Annals of Statistics 32(1), 56-85*. doi:10.1214/aos/1079120130
- Peter L. Bartlett, Michael I. Jordan and Jon D. McAuliffe (2006). Convexity, Classification, and Risk Bounds.
  *Journal of the American Statistical Association 101(473), 138-156*. doi:10.1198/016214505000000907
"""

import torch

from lossary.declaration import margin_loss, maximum, terms


def squared_hinge(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (1 - target * input).clamp(min=0).square()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = margin_loss(
    function=squared_hinge,
    aliases=terms("squared hinge loss; L2-SVM loss; L2 hinge loss; quadratic hinge loss; truncated least squares"),
    tasks=("binary",),
    search_terms=terms(
        "LinearSVC loss='squared_hinge'; smooth SVM loss; differentiable hinge loss; max(0, 1 - y f(x))^2; "
        "support vector machine with squared slack; L2-SVM; squared slack; quadratic penalty of margin violations; "
        "LinearSVC default; hinge without a corner; "
        "LinearSVC default loss; "
        "smooth SVM; primal L2-SVM by Newton's method; "
        "squared margin violation; SVM with squared loss of violations"
    ),
    concepts={
        "outliers; wrong labels": "One wrong label",
        "probabilities from LinearSVC; calibrated probabilities": "The sigmoid of the score",
        "labels 0 and 1": "With labels 0 and 1",
        "weight decay; margin below 1": "Just inside the margin",
    },
    answers={
        "binary/decision/margin": ("A support vector machine", "Labels may be wrong"),
    },
    value=lambda m: maximum(0, 1 - m) ** 2,
    gradient=lambda m, y: -2 * y * maximum(0, 1 - m),
    kinks=(1.0,),
    caption="Half a parabola that touches zero at the margin 1 and stays there. The gradient grows with the distance "
    "from that point, without bound.",
    side_by_side={
        "best-scores": "score[(p * functional.squared_hinge(score, one, reduction='none') "
        "+ (1 - p) * functional.squared_hinge(score, -one, reduction='none')).argmin(1)]"
    },
    example={"input": [2.0, 0.4, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": True,
        "smoothness": "C1",
        "lipschitz": "inf",
        "gradient_lipschitz": 2,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", 0),
        "elicits": "mean",
        "calibrated": True,
    },
)
