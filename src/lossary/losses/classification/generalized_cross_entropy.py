r"""Generalized cross-entropy

1 minus a power of the probability that the softmax of the scores gives to the right class, divided by the exponent: it
runs from cross-entropy, at an exponent near 0, to a bounded loss that forgives wrong labels, at 1.

## When to use it

- Some labels are wrong. A confident prediction that contradicts its label costs at most 1 divided by `q`, and pulls less
  the more confident it is, so that the model is not forced to learn the wrong labels by heart.
- You want to move between [[cross_entropy]], which learns fast, and the mean absolute error of the probabilities, which
  forgives most: `q` is the dial.

## When not to

- The labels are right. Hard elements are then what there is to learn, and this loss looks away from them:
  [[cross_entropy]].
- You need probabilities. The best prediction is surer than the true distribution; see below. That of
  [[cross_entropy]] is the true distribution.
- There are many classes, or the model starts from nothing. All of them are unlikely then, and there is little gradient.
  [[symmetric_cross_entropy|Symmetric cross-entropy]] keeps a part of the pull of cross-entropy.

## Pitfalls

### With many classes it hardly starts

The gradient is that of cross-entropy times the probability of the true class to the power `q`. A fresh model gives each
of C classes a probability near one in C. With a thousand classes and `q=1`, the first steps are a thousand times smaller
than those of cross-entropy. Start with a small `q` or with cross-entropy.

```python
from lossary.functional import generalized_cross_entropy

for classes in (2, 10, 1000):
    scores = torch.zeros(1, classes, requires_grad=True)
    target = torch.tensor([0])
    plain = torch.autograd.grad(F.cross_entropy(scores, target), scores)[0][0, 0]
    for q in (0.3, 0.7, 1.0):
        pull = torch.autograd.grad(generalized_cross_entropy(scores, target, q=q), scores)[0][0, 0]
        print(f"{classes} classes, q {q}: {pull / plain:.4f} times the gradient of cross-entropy")
```

```output
2 classes, q 0.3: 0.8123 times the gradient of cross-entropy
2 classes, q 0.7: 0.6156 times the gradient of cross-entropy
2 classes, q 1.0: 0.5000 times the gradient of cross-entropy
10 classes, q 0.3: 0.5012 times the gradient of cross-entropy
10 classes, q 0.7: 0.1995 times the gradient of cross-entropy
10 classes, q 1.0: 0.1000 times the gradient of cross-entropy
1000 classes, q 0.3: 0.1259 times the gradient of cross-entropy
1000 classes, q 0.7: 0.0079 times the gradient of cross-entropy
1000 classes, q 1.0: 0.0010 times the gradient of cross-entropy
```

### A confident wrong prediction has hardly any gradient

That is the point where the label is wrong, and a trap where it is right: an element that the model has got badly wrong
is hardly pulled back.

```python
from lossary.functional import generalized_cross_entropy

target = torch.tensor([0])
for lead in (0.0, -5.0, -20.0):
    scores = torch.tensor([[lead, 0.0]], requires_grad=True)
    loss = generalized_cross_entropy(scores, target)
    pull = torch.autograd.grad(loss, scores)[0][0, 0]
    plain = torch.autograd.grad(F.cross_entropy(scores, target), scores)[0][0, 0]
    print(f"lead {lead:5}: loss {loss.item():.4f}, gradient {pull.item():.1e}, of cross-entropy {plain.item():.4f}")
```

```output
lead   0.0: loss 0.5492, gradient -3.1e-01, of cross-entropy -0.5000
lead  -5.0: loss 1.3856, gradient -3.0e-02, of cross-entropy -0.9933
lead -20.0: loss 1.4286, gradient -8.3e-07, of cross-entropy -1.0000
```

### The best prediction is surer than the truth

Below, one score is fitted to seven negatives and three positives. The larger `q` is, the more of the probability goes to
the likelier class; at 1 all of it would. Which class is the likelier one does not change, but thresholds and
probabilities lose their meaning.

```python
from lossary.functional import generalized_cross_entropy

target = torch.tensor([1] * 3 + [0] * 7)
for q in (0.001, 0.3, 0.7):
    score = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([score], lr=5.0)
    for step in range(300):
        optimizer.zero_grad()
        scores = torch.stack((torch.zeros(10), score.expand(10)), 1)
        generalized_cross_entropy(scores, target, q=q).backward()
        optimizer.step()
    print(f"q {q}: probability {torch.sigmoid(score).item():.4f}, by the formula {1 / (1 + (7 / 3) ** (1 / (1 - q))):.4f}")
print("share of class 1: 0.3")
```

```output
q 0.001: probability 0.2998, by the formula 0.2998
q 0.3: probability 0.2296, by the formula 0.2296
q 0.7: probability 0.0560, by the formula 0.0560
share of class 1: 0.3
```

### A power of a probability of zero has an infinite slope

Written with a softmax and a power, and a `q` below 1, the loss has a NaN gradient where float32 rounds the probability of
the true class to 0: infinity times zero. The function on this page takes the power of the logarithm.

```python
from lossary.functional import generalized_cross_entropy

scores, target = torch.tensor([[-200.0, 0.0]], requires_grad=True), torch.tensor([0])
plain = (1 - scores.softmax(1)[:, 0] ** 0.7) / 0.7
print("softmax, then power      ", torch.autograd.grad(plain.sum(), scores)[0])
print("generalized_cross_entropy", torch.autograd.grad(generalized_cross_entropy(scores, target), scores)[0])
```

```output
softmax, then power       tensor([[nan, nan]])
generalized_cross_entropy tensor([[-0., 0.]])
```

### The truncated loss is another one

The same article has a second loss, which is constant where the probability of the true class is below a threshold `k`
and prunes such elements from the training set in turns. Code that is called "truncated loss" or has a `k` does that.

```python
from lossary.functional import generalized_cross_entropy

scores, target = torch.tensor([[0.0, 3.0], [1.0, 0.0]]), torch.tensor([0, 0])
p, k, q = scores.softmax(1)[:, 0], 0.5, 0.7
print("probability of the true class", p)
print("generalized_cross_entropy    ", generalized_cross_entropy(scores, target, reduction="none"))
print("truncated at 0.5             ", torch.where(p > k, (1 - p**q) / q, (1 - k**q) / q))
```

```output
probability of the true class tensor([0.0474, 0.7311])
generalized_cross_entropy     tensor([1.2595, 0.2813])
truncated at 0.5              tensor([0.5492, 0.2813])
```

## Relations

It tends to [[cross_entropy]] as `q` goes to zero.

    functional.generalized_cross_entropy(scores, classes, q=1e-6) == F.cross_entropy(scores, classes)  # within 1e-4

At `q=1` it is the probability of the wrong classes together, half the [[l1]] distance from the softmax to the one-hot
label.

    functional.generalized_cross_entropy(scores, classes, q=1) ==
        F.l1_loss(scores.softmax(1), F.one_hot(classes, 5).double(), reduction="sum") / 2 / 8

[[poly_loss|Poly-1 cross-entropy]] adds `epsilon` times this loss at `q=1` to cross-entropy.

    functional.generalized_cross_entropy(scores, classes, q=1) ==
        functional.poly_loss(scores, classes, epsilon=1) - F.cross_entropy(scores, classes)

Without its part of cross-entropy, [[symmetric_cross_entropy|symmetric cross-entropy]] is `-A` times this loss at `q=1`.

    functional.generalized_cross_entropy(scores, classes, q=1) * 4 ==
        functional.symmetric_cross_entropy(scores, classes, alpha=0, beta=1, A=-4)

## In other libraries

- `keras.losses.CategoricalGeneralizedCrossEntropy(q=q, reduction=None)(target, torch.softmax(input, 1))`: Class numbers
  and probabilities, not scores.

## References

- Zhilu Zhang and Mert R. Sabuncu (2018). Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
  Labels. In *NeurIPS 2018*. arXiv:1805.07836
- Aritra Ghosh, Himanshu Kumar and P. S. Sastry (2017). Robust Loss Functions under Label Noise for Deep Neural Networks.
  In *AAAI 2017*. doi:10.1609/aaai.v31i1.10894 arXiv:1712.09482
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    Parameter,
    Range,
    Study,
    indicator,
    softmax_loss,
    terms,
)


def generalized_cross_entropy(
    input: torch.Tensor, target: torch.Tensor, *, q: float = 0.7, reduction: str = "mean"
) -> torch.Tensor:
    # the power of the probability in logarithms: one that rounds to 0 has an infinite slope
    loss = -torch.expm1(-q * F.cross_entropy(input, target, reduction="none")) / q
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _at_probability(p: torch.Tensor, q: float) -> torch.Tensor:
    """The loss where the softmax over two classes gives the true one this probability."""
    scores = torch.stack((p.logit(), torch.zeros_like(p)), 1)
    return generalized_cross_entropy(scores, torch.zeros(len(p), dtype=torch.long), q=q, reduction="none")


loss = softmax_loss(
    function=generalized_cross_entropy,
    aliases=terms("GCE loss; GCE; Lq loss"),
    search_terms=terms(
        "noisy labels; wrong labels; label noise robust loss; between cross-entropy and mean absolute error; "
        "mean absolute error of probabilities; Box-Cox transformation of a probability; learn with wrong labels; "
        "mean absolute error of probabilities is too slow; crowdsourced labels; mislabelled training data; "
        "between mean absolute error and cross-entropy; "
        "robust to mislabelled samples; Box-Cox transformation of the likelihood; crowd-sourced labels; "
        "(1 - p^q)/q; annotators made mistakes; "
        "labels from the web; partly wrong labels; robust classification"
    ),
    concepts={
        "robustness to label noise; between cross-entropy and MAE": "q",
        "slow training; many classes; underfitting": "With many classes",
        "vanishing gradient of hard examples": "A confident wrong",
        "calibration; overconfidence": "The best prediction",
        "nan gradient; power of zero": "A power of a probability",
        "truncated loss; truncated Lq; pruning": "The truncated loss",
    },
    answers={
        "multi-class/noise": ("Some labels are wrong", "There are many classes"),
    },
    parameters=(
        Parameter(
            "q",
            0.7,
            "the exponent: near 0 the loss is cross-entropy, at 1 it is 1 minus the probability",
            # nearer to 0 the formula, which the interactive plot computes, divides rounding by a tiny number
            range=Range(0.01, 1.0),
            typical=(0.3, 0.7, 1.0),
            symbol="exponent",
            latex="q",
        ),
    ),
    value=lambda p, y, exponent: (1 - p[y] ** exponent) / exponent,
    gradient=lambda p, y, c, exponent: p[y] ** exponent * (p[c] - indicator(c, y)),
    caption="A step with round edges, from 1 divided by q on the left down to zero. Where the prediction is far off, "
    "nothing pulls it back.",
    figures=(
        Study(
            name="exponents",
            title="From cross-entropy to 1 minus the probability",
            label="predicted probability of the true class",
            span=(0.01, 0.99),
            curves={
                "cross-entropy": lambda t: -t.log(),
                "q 0.3": lambda t: _at_probability(t, 0.3),
                "q 0.7": lambda t: _at_probability(t, 0.7),
                "q 1": lambda t: _at_probability(t, 1.0),
            },
            caption="All meet zero with the same slope. On the left cross-entropy has no upper bound, and the others end at 1 "
            "divided by q.",
        ),
    ),
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": lambda exponent: (exponent / (1 + exponent)) ** exponent / (1 + exponent),
        "bounded": True,
        "supremum": lambda exponent: 1 / exponent,
        "value_at_perfect": 0,
        "gradient_limits": (0, 0),
        "redescending": True,
        "proper": "not proper",
        "calibrated": True,
    },
)
