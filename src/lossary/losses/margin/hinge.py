r"""Hinge

Takes a raw score and a label of 1 or -1, and penalises by how far the score falls short of 1 on the label's side.

## When to use it

- Binary classification where only the decision counts. With a linear model and a penalty on the squared weights it is
  the support vector machine.
- Points that are clearly right should stop counting: beyond a margin of 1 they have no gradient, and the points at or
  inside it decide alone.

## When not to

- You want probabilities: [[logistic]], or [[bce_with_logits]] for labels 0 and 1.
- The optimiser needs a gradient without jumps, as L-BFGS does: [[squared_hinge|squared hinge]] or
  [[modified_huber|modified Huber]].
- Many labels are wrong. A score far on the wrong side costs its distance, without bound: [[savage|Savage]] limits it.
- Several classes, of which exactly one holds: [[categorical_hinge|categorical hinge]] or [[multi_margin]].
- You have distances of pairs instead of scores: [[hinge_embedding]].

## Pitfalls

### With labels 0 and 1, the negatives teach nothing

A label of 0 makes the margin 0 whatever the score is. Each negative then costs 1 and has no gradient, and only the
positives pull. There is no error. Turn the labels into -1 and 1 with `2 * label - 1`.

```python
from lossary.functional import hinge

label = torch.tensor([1.0, 0.0, 0.0])
score = torch.tensor([0.2, 3.0, -3.0], requires_grad=True)
for name, target in (("0 and 1 ", label), ("-1 and 1", 2 * label - 1)):
    loss = hinge(score, target, reduction="none")
    print(name, loss.detach(), "gradient", torch.autograd.grad(loss.sum(), score)[0])
```

```output
0 and 1  tensor([0.8000, 1.0000, 1.0000]) gradient tensor([-1., -0., -0.])
-1 and 1 tensor([0.8000, 4.0000, 0.0000]) gradient tensor([-1.,  1.,  0.])
```

### A sigmoid before it makes each negative cost at least 1

The score is meant to be raw. Behind a sigmoid it lies between 0 and 1, so a label of -1 costs at least 1 however sure
the model is, and a label of 1 costs something until the sigmoid is rounded to 1. Leave out the sigmoid; `tanh` at
least keeps both sides.

```python
from lossary.functional import hinge

score = torch.tensor([9.0, -9.0])
target = torch.tensor([1.0, -1.0])
for name, given in (("raw    ", score), ("sigmoid", score.sigmoid()), ("tanh   ", score.tanh())):
    print(name, hinge(given, target, reduction="none"))
```

```output
raw     tensor([0., 0.])
sigmoid tensor([1.2338e-04, 1.0001e+00])
tanh    tensor([5.9605e-08, 5.9605e-08])
```

### A score is no probability, and its sigmoid is none either

For a point that is positive with a probability above one half, the best score is 1, whatever that probability is.
Below, the score that costs least on average is the same for 60 and for 99 of 100. If you need probabilities, use
[[logistic]], or fit a calibration on held-out scores.

```python
from lossary.functional import hinge

score = torch.linspace(-3, 3, 601)
for positives in (60, 99):
    target = torch.cat((torch.ones(positives), -torch.ones(100 - positives)))
    cost = hinge(score[:, None], target, reduction="none").mean(1)
    print(f"{positives} of 100 positive: best score {score[cost.argmin()].item():.2f}")
```

```output
60 of 100 positive: best score 1.00
99 of 100 positive: best score 1.00
```

### The margin of 1 means something only beside a penalty on the weights

Multiply all scores by ten: the same points are classified right and wrong, and those that are right cost less, here
nothing at all. A model that separates its data brings the loss to zero by larger weights alone. What makes the margin
mean a distance is the penalty, so add `weight_decay`, and scale the features before you choose it.

```python
from lossary.functional import hinge

score = torch.tensor([0.3, 0.5, -0.2])
target = torch.tensor([1.0, 1.0, -1.0])
for factor in (1, 10):
    wrong = (target * score <= 0).sum().item()
    print(f"scores times {factor:2}: {wrong} wrong, loss {hinge(factor * score, target):.4f}")
```

```output
scores times  1: 0 wrong, loss 0.6667
scores times 10: 0 wrong, loss 0.0000
```

### A column of scores against a row of labels compares every pair

Shapes `(N, 1)` and `(N,)` are broadcast to `(N, N)` without a warning. Below, all scores are right, and still there is
a loss. A linear layer with one output returns the column: squeeze it.

```python
from lossary.functional import hinge

score = torch.tensor([[2.0], [-2.0], [2.0]])
target = torch.tensor([1.0, -1.0, 1.0])
print("column:  ", hinge(score, target, reduction="none").shape, f"{hinge(score, target):.4f}")
print("squeezed:", hinge(score.squeeze(1), target).item())
```

```output
column:   torch.Size([3, 3]) 1.3333
squeezed: 0.0
```

## Relations

It is nowhere below the [[zero_one|zero-one loss]], so its mean bounds the rate of errors.

    torch.maximum(functional.hinge(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.hinge(logits, 2 * label - 1, reduction="none")

Squared element by element it is the [[squared_hinge|squared hinge]].

    functional.hinge(logits, 2 * label - 1, reduction="none") ** 2 ==
        functional.squared_hinge(logits, 2 * label - 1, reduction="none")

With the corner moved from 1 to 0 it is the [[perceptron]] loss.

    functional.hinge(logits + 2 * label - 1, 2 * label - 1) == functional.perceptron(logits, 2 * label - 1)

With every label 1 it is [[hinge_embedding]] of the score with every label -1.

    functional.hinge(logits, torch.ones_like(logits)) == F.hinge_embedding_loss(logits, -torch.ones_like(logits))

With the label 1 for data and -1 for generated samples, the two added, it is [[gan_hinge_discriminator]].

    functional.hinge(input, torch.ones_like(input)) + functional.hinge(target, -torch.ones_like(target)) ==
        functional.gan_hinge_discriminator(input, target)

Of the difference of two scores it is [[margin_ranking]] with `margin=1`.

    functional.hinge(input - target, 2 * label - 1) == F.margin_ranking_loss(input, target, 2 * label - 1, margin=1.0)

Of the difference of the scores of two classes it is the [[categorical_hinge|categorical hinge]].

    functional.hinge(scores[:, 1] - scores[:, 0], 2 * (classes % 2) - 1) ==
        functional.categorical_hinge(scores[:, :2], classes % 2)

## In other libraries

- `keras.losses.hinge(target, input)`: The mean over the last axis. A batch whose labels are all 0 or 1 is taken as one
  of -1 and 1. At a margin of exactly 1 its slope is one half where PyTorch is the backend.
- `optax.hinge_loss(input, target)`: Elementwise; no reduction. At a margin of exactly 1 its slope is one half.
- `sklearn.metrics.hinge_loss(target.ravel(), input.ravel())`: A metric, one number for the batch. Takes any two
  labels, of which the larger one is the positive. In a batch with one label alone it takes that for the negative one.
- `numpy.vectorize(sklearn.linear_model._sgd_fast.Hinge(1.0).py_loss)(input, target)`: Private; what
  `SGDClassifier(loss="hinge")` minimises, beside a penalty.
- LossFunctions.jl `L1HingeLoss()`: A function of the margin; also called HingeLoss.

## References

- Corinna Cortes and Vladimir Vapnik (1995). Support-Vector Networks. *Machine Learning 20(3), 273-297*.
  doi:10.1007/BF00994018
- Peter L. Bartlett, Michael I. Jordan and Jon D. McAuliffe (2006). Convexity, Classification, and Risk Bounds.
  *Journal of the American Statistical Association 101(473), 138-156*. doi:10.1198/016214505000000907
"""

import torch

from lossary.declaration import cases, margin_loss, maximum, terms


def hinge(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (1 - target * input).clamp(min=0)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = margin_loss(
    function=hinge,
    aliases=terms("hinge loss; SVM loss; max-margin loss; soft-margin SVM loss; L1-SVM loss"),
    tasks=("binary",),
    search_terms=terms(
        "support vector machine loss; max(0, 1 - y f(x)); maximum margin classifier; "
        "linear SVM with gradient descent; binary:hinge; convex surrogate of the zero-one loss; SVM; maximum margin; "
        "support vectors; classifier that only cares for the margin; Pegasos; linear classifier with a margin; "
        "right by enough costs nothing; "
        "SGDClassifier default; linear SVM by stochastic gradient descent; LinearSVC loss='hinge'; "
        "large margin linear classifier; primal SVM; correct side and far enough; linear penalty of margin "
        "violations; "
        "two classes with a maximal margin"
    ),
    concepts={
        "labels 0 and 1; sklearn hinge_loss": "With labels 0 and 1",
        "sigmoid before hinge loss; sigmoid or tanh as output": "A sigmoid before it",
        "probabilities from an SVM; calibrated probabilities": "A score is no probability",
        "weight decay; feature scaling; margin of 1": "The margin of 1",
        "broadcasting of shapes (N, 1) and (N,)": "A column of scores",
    },
    answers={
        "binary/decision/margin": ("Binary classification where only", "You want probabilities"),
    },
    value=lambda m: maximum(0, 1 - m),
    gradient=lambda m, y: cases((-y, m <= 1), (0, True)),
    kinks=(1.0,),
    caption="A straight line that ends in a corner at the margin 1. A score on the right side but closer to zero "
    "than 1 still costs something; beyond 1 the loss and its gradient are exactly zero.",
    side_by_side={
        "best-scores": "score[(p * functional.hinge(score, one, reduction='none') "
        "+ (1 - p) * functional.hinge(score, -one, reduction='none')).argmin(1)]"
    },
    example={"input": [2.0, 0.4, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1, 0),
        "elicits": "likelier label",
        "calibrated": True,
    },
)
