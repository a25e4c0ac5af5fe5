r"""Poly-1 cross-entropy

Cross-entropy over raw scores plus a multiple of the probability that the softmax gives to the wrong classes together,
which changes how hard a prediction pulls once it is nearly right.

## When to use it

- You have a classifier that trains well with [[cross_entropy]] and one more number to tune. A positive `epsilon` makes
  each element pull harder, the more so the nearer it is to being right; a negative one lets such elements rest.
- You read cross-entropy as a sum of powers of the wrong classes' probability, and want to change the first of them.

## When not to

- You need probabilities. With `epsilon` other than 0 the best prediction is not the true distribution; see below.
  That of [[cross_entropy]] is.
- Many labels are wrong. The cross-entropy is still in it, and a confident contradiction of a wrong label can cost
  arbitrarily much: [[generalized_cross_entropy|generalized cross-entropy]].
- Easy elements outnumber the hard ones: [[focal|focal loss]] is the stronger means.

## Pitfalls

### The value of epsilon is not portable

There is no default to rely on. The authors took 2 for image classification on ImageNet and -1 for detection and instance
segmentation; optax takes 2 if nothing is said, and this page 1. Say which.

```python
from lossary.functional import poly_loss

scores, target = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([0])
for epsilon in (-1.0, 0.0, 1.0, 2.0):
    print(f"epsilon {epsilon}: {poly_loss(scores, target, epsilon=epsilon).item():.4f}")
```

```output
epsilon -1.0: 0.0728
epsilon 0.0: 0.4076
epsilon 1.0: 0.7424
epsilon 2.0: 1.0771
```

### epsilon scales the gradient where the prediction is right

The gradient is that of cross-entropy, times 1 plus `epsilon` times the probability of the true class. A wrong prediction
pulls as before, a right one up to 1 plus `epsilon` times as hard. Near the end of training that acts like a larger
learning rate.

```python
from lossary.functional import poly_loss

target = torch.tensor([0])
for lead in (-4.0, 0.0, 4.0):
    scores = torch.tensor([[lead, 0.0]], requires_grad=True)
    plain = torch.autograd.grad(F.cross_entropy(scores, target), scores)[0][0, 0]
    pull = torch.autograd.grad(poly_loss(scores, target, epsilon=2.0), scores)[0][0, 0]
    print(f"lead {lead:4}: {pull / plain:.4f} times the gradient of cross-entropy")
```

```output
lead -4.0: 1.0360 times the gradient of cross-entropy
lead  0.0: 2.0000 times the gradient of cross-entropy
lead  4.0: 2.9640 times the gradient of cross-entropy
```

### Below -1 the loss pushes nearly right predictions back

With an `epsilon` below -1 the factor turns negative once the true class is likely enough. The loss then falls below zero,
and it is lowest where the true class has the probability `-1 / epsilon`.

```python
from lossary.functional import poly_loss

target = torch.tensor([0])
for epsilon in (-1.0, -2.0):
    scores = torch.tensor([[3.0, 0.0]], requires_grad=True)
    loss = poly_loss(scores, target, epsilon=epsilon)
    slope = torch.autograd.grad(loss, scores)[0][0, 0].item()
    p = torch.linspace(0.01, 0.999, 990)
    each = poly_loss(torch.stack((p.logit(), 0 * p), 1), torch.zeros(990).long(), epsilon=epsilon, reduction="none")
    print(f"epsilon {epsilon}: loss {loss.item():.4f}, gradient {slope:.4f}; lowest at {p[each.argmin()].item():.3f}")
```

```output
epsilon -1.0: loss 0.0012, gradient -0.0022; lowest at 0.999
epsilon -2.0: loss -0.0463, gradient 0.0429; lowest at 0.500
```

### A positive epsilon makes the model too sure

The added term is least where all the probability is on the likelier class. Below, one score is fitted to seven negatives
and three positives. At 2 the probability of the rarer class is too low.

```python
from lossary.functional import poly_loss

target = torch.tensor([1] * 3 + [0] * 7)
for epsilon in (-1.0, 0.0, 1.0, 2.0):
    score = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([score], lr=4.0)
    for step in range(100):
        optimizer.zero_grad()
        poly_loss(torch.stack((torch.zeros(10), score.expand(10)), 1), target, epsilon=epsilon).backward()
        optimizer.step()
    print(f"epsilon {epsilon}: probability {torch.sigmoid(score).item():.4f}")
print("share of class 1: 0.3")
```

```output
epsilon -1.0: probability 0.3956
epsilon 0.0: probability 0.3000
epsilon 1.0: probability 0.2293
epsilon 2.0: probability 0.1813
share of class 1: 0.3
```

### The name means two things

PolyLoss is a family: any weights for the powers of 1 minus the probability. Poly-1 changes the first weight alone, which
is what optax and this page call the loss. Poly-1 of the focal loss adds its term to [[focal|focal loss]] and is another
loss.

```python
from lossary.functional import poly_loss

scores, target = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([0])
wrong = 1 - scores.softmax(1)[0, 0]
powers = sum(wrong**k / k for k in range(1, 200))
print("sum of powers ", powers)
print("cross-entropy ", F.cross_entropy(scores, target))
print("first weight 2", powers + wrong)
print("poly_loss     ", poly_loss(scores, target, epsilon=1.0))
```

```output
sum of powers  tensor(0.4076)
cross-entropy  tensor(0.4076)
first weight 2 tensor(0.7424)
poly_loss      tensor(0.7424)
```

## Relations

With `epsilon=0` it is [[cross_entropy]].

    functional.poly_loss(scores, classes, epsilon=0) == F.cross_entropy(scores, classes)

[[symmetric_cross_entropy|Symmetric cross-entropy]] is `alpha` times this loss, with `-A * beta / alpha` for `epsilon`.

    functional.poly_loss(scores, classes, epsilon=40) * 0.1 ==
        functional.symmetric_cross_entropy(scores, classes, alpha=0.1, beta=1, A=-4)

What is added to cross-entropy is `epsilon` times [[generalized_cross_entropy|generalized cross-entropy]] at `q=1`.

    functional.poly_loss(scores, classes, epsilon=3) ==
        F.cross_entropy(scores, classes) + 3 * functional.generalized_cross_entropy(scores, classes, q=1)

## In other libraries

- `optax.losses.poly_loss_cross_entropy(input, jax.nn.one_hot(target, input.shape[1]), epsilon=epsilon)`: Labels are one-hot or probabilities,
  the classes are on the last axis. epsilon is 2 by default.
- `rax.poly1_softmax_loss(input, jax.nn.one_hot(target, input.shape[1]), epsilon=epsilon, reduce_fn=None)`: A loss of
  ranked lists: the classes are the items of a list.

## References

- Zhaoqi Leng, Mingxing Tan, Chenxi Liu, Ekin Dogus Cubuk, Xiaojie Shi, Shuyang Cheng and Dragomir Anguelov (2022).
  PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions. In *ICLR 2022*. arXiv:2204.12511
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    Parameter,
    Study,
    indicator,
    log,
    softmax_loss,
    terms,
)


def poly_loss(
    input: torch.Tensor, target: torch.Tensor, *, epsilon: float = 1.0, reduction: str = "mean"
) -> torch.Tensor:
    cross_entropy = F.cross_entropy(input, target, reduction="none")
    # -expm1(-x) is 1 minus the probability, without cancellation
    loss = cross_entropy - epsilon * torch.expm1(-cross_entropy)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _at_probability(p: torch.Tensor, epsilon: float) -> torch.Tensor:
    """The loss where the softmax over two classes gives the true one this probability."""
    scores = torch.stack((p.logit(), torch.zeros_like(p)), 1)
    return poly_loss(scores, torch.zeros(len(p), dtype=torch.long), epsilon=epsilon, reduction="none")


loss = softmax_loss(
    function=poly_loss,
    aliases=terms("Poly-1 loss; PolyLoss; Poly-1; Poly1 cross-entropy"),
    tasks=("multi-class", "segmentation"),
    search_terms=terms(
        "polynomial expansion of cross-entropy; one extra hyperparameter; change the leading polynomial coefficient; "
        "epsilon times one minus p; Taylor series of cross-entropy; cross-entropy plus epsilon times 1 - p; "
        "tuned cross-entropy; add a linear term to cross-entropy; perturb the leading coefficient; "
        "leading polynomial coefficient of the cross-entropy; "
        "Taylor expansion of the cross-entropy; polynomial in 1 - p; "
        "-log p + epsilon (1 - p)"
    ),
    concepts={
        "leading polynomial coefficient": "epsilon",
        "which epsilon; default epsilon": "The value of epsilon",
        "learning rate; gradient scale": "epsilon scales",
        "negative loss; epsilon below -1": "Below -1",
        "calibration; overconfidence": "A positive epsilon",
        "PolyLoss family; Poly-N; Poly-1 focal loss": "The name means",
    },
    answers={
        "multi-class/probability/scores": ("You have a classifier", "Many labels are wrong"),
    },
    parameters=(
        Parameter(
            "epsilon",
            1.0,
            "the factor of the wrong classes' probability; at 0 the loss is cross-entropy",
            typical=(-1.0, 1.0, 2.0),
            symbol="eps",
        ),
    ),
    value=lambda p, y, eps: -log(p[y]) + eps * (1 - p[y]),
    gradient=lambda p, y, c, eps: (1 + eps * p[y]) * (p[c] - indicator(c, y)),
    caption="Far to the left it is cross-entropy raised by epsilon, with the same gradient. The nearer the "
    "prediction is to being right, the larger its gradient is in proportion to that of cross-entropy.",
    figures=(
        Study(
            name="epsilons",
            title="What epsilon does to cross-entropy",
            label="predicted probability of the true class",
            span=(0.02, 0.98),
            curves={
                "epsilon -1": lambda t: _at_probability(t, -1.0),
                "cross-entropy": lambda t: _at_probability(t, 0.0),
                "epsilon 1": lambda t: _at_probability(t, 1.0),
                "epsilon 2": lambda t: _at_probability(t, 2.0),
            },
            caption="Each curve is cross-entropy plus a straight line that falls to zero on the right. At -1 the line takes "
            "away the slope that cross-entropy has there.",
        ),
    ),
    properties={
        "convex": lambda eps: abs(eps) <= 1,
        "smoothness": "Cinf",
        "lipschitz": lambda eps: 1 if abs(eps) <= 1 else max(1, (1 + eps) ** 2 / (4 * abs(eps))),
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1, 0),
        "redescending": False,
        "proper": lambda eps: "strictly proper" if eps == 0 else "not proper",
        "calibrated": lambda eps: eps >= -1,
    },
)
