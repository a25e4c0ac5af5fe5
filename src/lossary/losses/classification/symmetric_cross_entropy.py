r"""Symmetric cross-entropy

Cross-entropy over raw scores plus reverse cross-entropy, in which prediction and label change places and the logarithm of
a label's zeros is a fixed number: the second term is bounded and forgives wrong labels.

## When to use it

- Some labels are wrong. The reverse term pulls little at confident predictions that contradict their label, and `alpha`
  says how much of cross-entropy's unbounded pull is kept beside it.
- [[generalized_cross_entropy|Generalized cross-entropy]] starts too slowly: here a part of cross-entropy moves even what
  is badly wrong.

## When not to

- The labels are right: [[cross_entropy]].
- You need probabilities. The best prediction is surer than the true distribution; see below. That of
  [[cross_entropy]] is the true distribution.
- A wrong label must never cost more than a fixed amount. The part of cross-entropy has no upper bound;
  [[generalized_cross_entropy]] has one.

## Pitfalls

### Much code that says -4 uses -9.2

The article sets the logarithm of 0 to a number A, such as -4. Widespread code clamps the one-hot label at 1e-4 and takes
its natural logarithm, which is about -9.21; the -4 is the logarithm to base 10. Its reverse term is 2.3 times as large for
the same `beta`. To reproduce it, pass `A=math.log(1e-4)`.

```python
from lossary.functional import symmetric_cross_entropy

scores, target = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([0])
clamped = F.one_hot(target, 3).float().clamp(min=1e-4)
reverse = -(scores.softmax(1) * clamped.log()).sum()
print("clamped at 1e-4  ", 0.1 * F.cross_entropy(scores, target) + reverse)
print("A = -4           ", symmetric_cross_entropy(scores, target, A=-4.0))
print("A = log(0.0001)  ", symmetric_cross_entropy(scores, target, A=math.log(1e-4)))
```

```output
clamped at 1e-4   tensor(3.1240)
A = -4            tensor(1.3798)
A = log(0.0001)   tensor(3.1240)
```

### beta and A are one number

With class numbers the reverse term is `-A` times the probability of the wrong classes together. Only the product of `beta`
and `A` counts, so tuning both is tuning one of them twice.

```python
from lossary.functional import symmetric_cross_entropy

scores, target = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([0])
print(symmetric_cross_entropy(scores, target, beta=1.0, A=-4.0))
print(symmetric_cross_entropy(scores, target, beta=2.0, A=-2.0))
```

```output
tensor(1.3798)
tensor(1.3798)
```

### The scale of the loss follows alpha and beta

`alpha` and `beta` do not add up to 1. The gradient is that of cross-entropy, times `alpha` minus `beta * A` times the
probability of the true class. With the defaults, an element that is badly wrong pulls a tenth as hard as under
cross-entropy and one that is nearly right four times as hard. Choose the learning rate anew when you change them.

```python
from lossary.functional import symmetric_cross_entropy

target = torch.tensor([0])
for lead in (-5.0, 0.0, 5.0):
    scores = torch.tensor([[lead, 0.0]], requires_grad=True)
    plain = torch.autograd.grad(F.cross_entropy(scores, target), scores)[0][0, 0]
    pull = torch.autograd.grad(symmetric_cross_entropy(scores, target), scores)[0][0, 0]
    print(f"lead {lead:4}: {pull / plain:.4f} times the gradient of cross-entropy")
```

```output
lead -5.0: 0.1268 times the gradient of cross-entropy
lead  0.0: 2.1000 times the gradient of cross-entropy
lead  5.0: 4.0732 times the gradient of cross-entropy
```

### The best prediction is surer than the truth

The reverse term is least where all the probability is on the likelier class, and with the defaults it is the larger part
of the loss. Below, one score is fitted to seven negatives and three positives.

```python
from lossary.functional import symmetric_cross_entropy

target = torch.tensor([1] * 3 + [0] * 7)
for alpha, beta in ((1.0, 0.0), (6.0, 0.1), (0.1, 1.0)):
    score = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([score], lr=1.0)
    for step in range(200):
        optimizer.zero_grad()
        scores = torch.stack((torch.zeros(10), score.expand(10)), 1)
        symmetric_cross_entropy(scores, target, alpha=alpha, beta=beta).backward()
        optimizer.step()
    print(f"alpha {alpha}, beta {beta}: probability {torch.sigmoid(score).item():.4f}")
print("share of class 1: 0.3")
```

```output
alpha 1.0, beta 0.0: probability 0.3000
alpha 6.0, beta 0.1: probability 0.2945
alpha 0.1, beta 1.0: probability 0.0180
share of class 1: 0.3
```

### A positive A rewards mistakes

`A` stands for the logarithm of 0 and must be negative. A positive one turns the reverse term around, and the loss falls as
the probability of the true class falls, until the part of cross-entropy outweighs it. The function on this page does not
check it.

```python
from lossary.functional import symmetric_cross_entropy

target = torch.tensor([0])
for A in (-4.0, 4.0):
    each = (symmetric_cross_entropy(torch.tensor([[lead, 0.0]]), target, A=A).item() for lead in (3.0, -3.0, -30.0))
    print(f"A {A}: " + ", ".join(f"{word} {loss:.4f}" for word, loss in zip(("right", "wrong", "very wrong"), each)))
```

```output
A -4.0: right 0.1946, wrong 4.1152, very wrong 7.0000
A 4.0: right -0.1848, wrong -3.5054, very wrong -1.0000
```

## Relations

It is `alpha` times [[poly_loss|Poly-1 cross-entropy]], with `-A * beta / alpha` for `epsilon`.

    functional.symmetric_cross_entropy(scores, classes, alpha=0.1, beta=1, A=-4) ==
        functional.poly_loss(scores, classes, epsilon=40) * 0.1

With `beta=0` it is `alpha` times [[cross_entropy]].

    functional.symmetric_cross_entropy(scores, classes, alpha=2, beta=0) == 2 * F.cross_entropy(scores, classes)

With `alpha=0` it is `-A * beta` times [[generalized_cross_entropy|generalized cross-entropy]] at `q=1`.

    functional.symmetric_cross_entropy(scores, classes, alpha=0, beta=1, A=-4) ==
        functional.generalized_cross_entropy(scores, classes, q=1) * 4

## References

- Yisen Wang, Xingjun Ma, Zaiyi Chen, Yuan Luo, Jinfeng Yi and James Bailey (2019). Symmetric Cross Entropy for Robust
  Learning with Noisy Labels. In *ICCV 2019, 322-330*. doi:10.1109/ICCV.2019.00041 arXiv:1908.06112
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    NOT_NEGATIVE,
    Parameter,
    Range,
    Study,
    equal,
    indicator,
    log,
    softmax_loss,
    terms,
)


def symmetric_cross_entropy(
    input: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float = 0.1,
    beta: float = 1.0,
    A: float = -4.0,
    reduction: str = "mean",
) -> torch.Tensor:
    cross_entropy = F.cross_entropy(input, target, reduction="none")
    # of a one-hot label, the reverse term is -A times the probability of the wrong classes: -expm1 loses no digits
    loss = alpha * cross_entropy + beta * A * torch.expm1(-cross_entropy)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _at_probability(p: torch.Tensor, alpha: float, beta: float) -> torch.Tensor:
    """The loss where the softmax over two classes gives the true one this probability."""
    scores = torch.stack((p.logit(), torch.zeros_like(p)), 1)
    target = torch.zeros(len(p), dtype=torch.long)
    return symmetric_cross_entropy(scores, target, alpha=alpha, beta=beta, reduction="none")


loss = softmax_loss(
    function=symmetric_cross_entropy,
    aliases=terms("SCE loss; SCELoss; symmetric cross entropy learning; symmetric learning"),
    search_terms=terms(
        "reverse cross entropy noisy labels; noise robust loss; wrong labels; logarithm of zero defined as A; "
        "label noise; cross-entropy plus its reverse; noisy labels; overfits wrong labels; "
        "robust term for label noise; SCE; "
        "wrong annotations; "
        "robust classifier with noisy annotations; reverse term against overfitting of wrong labels; "
        "classes that are confused by annotators"
    ),
    concepts={
        "log 0 clamp; A=-4 or -9.2; one-hot clamp 1e-4": "Much code that says",
        "how to choose A; beta times A": "beta and A",
        "learning rate; scale of the loss": "The scale of the loss",
        "calibration; overconfidence": "The best prediction",
        "sign of A": "A positive A",
    },
    answers={
        "multi-class/noise": ("[[generalized_cross_entropy", "The labels are right"),
    },
    parameters=(
        Parameter("alpha", 0.1, "the factor of cross-entropy", range=NOT_NEGATIVE, typical=(0.1, 1.0), symbol="alpha"),
        Parameter(
            "beta", 1.0, "the factor of reverse cross-entropy", range=NOT_NEGATIVE, typical=(0.0, 1.0), symbol="beta"
        ),
        Parameter(
            "A",
            -4.0,
            "what stands for the logarithm of 0",
            range=Range(upper=0.0, upper_open=True),
            typical=(-4.0, -9.21),
            symbol="zero",
            latex="A",
        ),
    ),
    value=lambda p, y, alpha, beta, zero: -alpha * log(p[y]) - beta * zero * (1 - p[y]),
    gradient=lambda p, y, c, alpha, beta, zero: (alpha - beta * zero * p[y]) * (p[c] - indicator(c, y)),
    caption="A step from about the size of A down to zero, on top of a line that rises slowly to the left: what is "
    "far off keeps a gradient, though a small one.",
    figures=(
        Study(
            name="terms",
            title="The two terms",
            label="predicted probability of the true class",
            span=(0.01, 0.99),
            curves={
                "both": lambda t: _at_probability(t, 0.1, 1.0),
                "0.1 times cross-entropy": lambda t: _at_probability(t, 0.1, 0.0),
                "reverse cross-entropy": lambda t: _at_probability(t, 0.0, 1.0),
            },
            caption="Reverse cross-entropy is a straight line along the probability. The small part of cross-entropy shows at "
            "the left end only.",
        ),
    ),
    properties={
        "convex": lambda alpha, beta, zero: -beta * zero <= alpha,
        "smoothness": "Cinf",
        # along three classes: (alpha - beta A p) (1 - p)
        "lipschitz": lambda alpha, beta, zero: (
            alpha if -beta * zero <= alpha else (alpha - beta * zero) ** 2 / (-4 * beta * zero)
        ),
        "bounded": lambda alpha: equal(alpha, 0),
        "value_at_perfect": 0,
        "gradient_limits": lambda alpha: (-alpha, 0),
        "redescending": lambda alpha: equal(alpha, 0),
        "proper": lambda beta: "strictly proper" if beta == 0 else "not proper",
        "calibrated": True,
    },
)
