r"""Zero-one

Takes a raw score and a label of 1 or -1, and counts an error where the score does not have the label's sign.

## When to use it

- To report: its mean is the rate of errors, one minus the accuracy.
- To compare losses with what they stand in for. The other losses of a margin are surrogates that have a gradient.

## When not to

- To train by gradient descent: its gradient is zero. [[hinge]] bounds it from above, as does
  [[logistic]] divided by log 2.
- Classes are rare: a model that always says no has few errors. [[dice]] of 0 and 1 is 1 minus the F1 score, which
  counts what was found of the rare class.
- You care how sure a prediction is: [[brier|Brier score]] or [[logistic]].

## Pitfalls

### The gradient is zero, and the optimiser does not say so

Away from 0 the loss is flat. The function of this page has a gradient of zero there, as `torch.sign` has, so a
training loop runs and nothing moves. Written with a comparison there is no gradient at all, and `backward` fails,
which is easier to notice. Train with a surrogate and report this.

```python
from lossary.functional import zero_one

score = torch.tensor([-0.5, 2.0], requires_grad=True)
print(torch.autograd.grad(zero_one(score, torch.ones(2)), score)[0])
try:
    (score <= 0).float().mean().backward()
except RuntimeError as error:
    print("RuntimeError:", str(error).partition(" and")[0])
```

```output
tensor([0., 0.])
RuntimeError: element 0 of tensors does not require grad
```

### A score of exactly 0 is an error here, for both labels

Libraries differ on ties: LossFunctions.jl counts none of them, and `predict` of scikit-learn's linear models says the
negative class, which is right for one of the labels. Ties are common with a model of zero weights, or behind a ReLU.

```python
from lossary.functional import zero_one

score, target = torch.zeros(2), torch.tensor([1.0, -1.0])
print("this page", zero_one(score, target, reduction="none"))
print("score > 0", ((score > 0) != (target > 0)).float())
```

```output
this page tensor([1., 1.])
score > 0 tensor([1., 0.])
```

### With labels 0 and 1, every negative is an error

A label of 0 makes the product 0, which counts as an error whatever the score. Use `2 * label - 1`.

```python
from lossary.functional import zero_one

score = torch.tensor([2.0, -3.0, -1.0])
label = torch.tensor([1.0, 0.0, 0.0])
print("0 and 1 ", zero_one(score, label).item())
print("-1 and 1", zero_one(score, 2 * label - 1).item())
```

```output
0 and 1  0.6666666865348816
-1 and 1 0.0
```

### Where one class is rare, few errors say little

A model that says no to everything is wrong only on the rare class. Report the errors of each class, or their mean.

```python
from lossary.functional import zero_one

target = torch.cat((torch.ones(5), -torch.ones(95)))
wrong = zero_one(-torch.ones(100), target, reduction="none")
each = [wrong[target == label].mean().item() for label in (1, -1)]
print(f"all {wrong.mean():.2f}, label 1 {each[0]:.2f}, label -1 {each[1]:.2f}, mean of both {sum(each) / 2:.2f}")
```

```output
all 0.05, label 1 1.00, label -1 0.00, mean of both 0.50
```

### Probabilities are no scores

A probability is above 0 even where it says no. Subtract one half first.

```python
from lossary.functional import zero_one

chance, target = torch.tensor([0.9, 0.2, 0.1]), torch.tensor([1.0, -1.0, -1.0])
print("probability          ", zero_one(chance, target, reduction="none"))
print("probability minus 1/2", zero_one(chance - 0.5, target, reduction="none"))
```

```output
probability           tensor([0., 1., 1.])
probability minus 1/2 tensor([0., 0., 0.])
```

## Relations

The [[hinge]] is nowhere below it.

    torch.minimum(functional.hinge(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.zero_one(logits, 2 * label - 1, reduction="none")

Nor is the [[logistic]] loss divided by log 2.

    torch.minimum(functional.logistic(logits, 2 * label - 1, reduction="none") / torch.log(torch.tensor(2.0).double()),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.zero_one(logits, 2 * label - 1, reduction="none")

Nor is the [[exponential]] loss.

    torch.minimum(functional.exponential(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.zero_one(logits, 2 * label - 1, reduction="none")

Where no score is 0, [[savage|Savage]] tends to it as the scores are multiplied by a large number.

    functional.zero_one(logits, 2 * label - 1) == functional.savage(1e9 * logits, 2 * label - 1)

Where no score is 0, it is [[mse]] between the label and the sign of the score, divided by 4.

    functional.zero_one(logits, 2 * label - 1) == F.mse_loss(torch.sign(logits), 2 * label - 1) / 4

## In other libraries

- `sklearn.metrics.zero_one_loss(target.ravel(), numpy.sign(input.ravel()))`: Compares classes, here those of the
  signs. One number for the batch.
- LossFunctions.jl `ZeroOneLoss()`: A function of the margin, 0 where that is 0. `MisclassLoss` compares classes.

## References

- Peter L. Bartlett, Michael I. Jordan and Jon D. McAuliffe (2006). Convexity, Classification, and Risk Bounds.
  *Journal of the American Statistical Association 101(473), 138-156*. doi:10.1198/016214505000000907
"""

import torch

from lossary.declaration import cases, margin_loss, terms


def zero_one(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    margin = target * input
    loss = ((1 - torch.sign(margin)) / 2).ceil()  # 1 at 0; like sign, it has a gradient of 0
    loss = torch.where(margin.isnan(), margin, loss)  # the sign of NaN would be 0
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = margin_loss(
    function=zero_one,
    aliases=terms("zero-one loss; 0-1 loss; 0/1 loss; misclassification loss; misclassification rate; error rate"),
    tasks=("binary",),
    search_terms=terms(
        "accuracy as a loss; one minus accuracy; classification error; number of errors; accuracy; "
        "share of wrong answers; count the mistakes; not differentiable; fraction of errors; "
        "error rate of a classifier; "
        "count mistakes; Hamming loss; Bayes classifier; top-1 error; "
        "train with accuracy directly; optimise accuracy; 1[y f(x) <= 0]; "
        "percentage of misclassified samples; share of errors"
    ),
    concepts={
        "accuracy as a loss; zero gradient; does not require grad": "The gradient is zero",
        "ties; score of zero": "A score of exactly 0",
        "labels 0 and 1": "With labels 0 and 1",
        "class imbalance; balanced error rate": "Where one class is rare",
        "threshold 0.5; probabilities": "Probabilities are no scores",
    },
    answers={
        "binary/report": ("To report", "You care how sure"),
    },
    value=lambda m: cases((1, m <= 0), (0, True)),
    gradient=lambda: 0,
    kinks=(0.0,),
    caption="A step from 1 to 0 at the margin 0, and flat on both sides: nothing tells a score which way to go.",
    example={"input": [2.0, -0.5, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": False,
        "smoothness": "discontinuous",
        "bounded": True,
        "supremum": 1,
        "value_at_perfect": 0,
        "gradient_limits": (0, 0),
        "calibrated": True,
    },
)
