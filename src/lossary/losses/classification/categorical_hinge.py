r"""Categorical hinge (Crammer-Singer)

Takes a score for each class and the true class, and penalises by how far the true class falls short of leading its
strongest rival by 1.

## When to use it

- A support vector machine for several classes, in Crammer and Singer's form.
- Only the strongest rival should count: a hundred rivals that are too close cost what the strongest of them costs
  alone, where a sum over rivals adds them up.

## When not to

- You want probabilities: [[cross_entropy]].
- All rivals that are too close should be pushed down at once: [[multi_margin]] sums over them.
- No class has more than half of the probability at many inputs. There the best scores need not tell the likeliest
  class. Those of [[cross_entropy]] do.
- There are two classes and one score: [[hinge]].

## Pitfalls

### Keras counts a rival's score below 0 as 0

Its function hides the true class by a product with zero, so that the strongest rival is never below 0. Where all
rivals are negative it goes on pushing the true class up until its score is 1, whatever its lead is, and up to there it
costs more than this one. A model whose scores are all shifted by the same number has the same loss here, and may have
another one there.

```python
from lossary.functional import categorical_hinge

def as_keras(scores, target):
    one_hot = F.one_hot(target, scores.shape[1])
    rival = ((1 - one_hot) * scores).amax(1)
    return (rival - (one_hot * scores).sum(1) + 1).clamp(min=0)

scores, target = torch.tensor([[0.5, -2.0, -3.0]]), torch.tensor([0])
for shift in (0, 0.5, 10, -10):
    here, there = categorical_hinge(scores + shift, target).item(), as_keras(scores + shift, target).item()
    print(f"scores shifted by {shift:4}: here {here}, Keras's formula {there}")
```

```output
scores shifted by    0: here 0.0, Keras's formula 0.5
scores shifted by  0.5: here 0.0, Keras's formula 0.0
scores shifted by   10: here 0.0, Keras's formula 0.0
scores shifted by  -10: here 0.0, Keras's formula 10.5
```

### A softmax before it keeps the loss above zero

Probabilities differ by less than 1, so the loss is zero only where rounding makes it so. Give it raw scores.

```python
from lossary.functional import categorical_hinge

scores = torch.tensor([[3.0, 0.0, 0.0]], requires_grad=True)
for name, given in (("raw    ", scores), ("softmax", scores.softmax(1))):
    print(name, f"{categorical_hinge(given, torch.tensor([0])).item():.4f}")
```

```output
raw     0.0000
softmax 0.1358
```

### One class below one half, and the scores stop telling it

Where no class holds more than half of the time, equal scores cost least on average. Below, a class that holds in 40 of
100 cases, against 30 and 30, is lost; with [[cross_entropy]] it leads.

```python
from lossary.functional import categorical_hinge

target = torch.repeat_interleave(torch.arange(3), torch.tensor([40, 30, 30]))
lead = torch.linspace(0, 2, 201)
for name, loss in (("categorical hinge", categorical_hinge), ("cross-entropy    ", F.cross_entropy)):
    cost = torch.stack([loss(torch.tensor([[v, 0.0, 0.0]]).expand(100, 3), target) for v in lead])
    print(f"{name} best lead of the likeliest class {lead[cost.argmin()].item():.2f}")
```

```output
categorical hinge best lead of the likeliest class 0.00
cross-entropy     best lead of the likeliest class 0.29
```

### It takes class numbers, not one-hot rows

Keras takes one-hot rows. Turn them into numbers with `argmax`.

```python
from lossary.functional import categorical_hinge

one_hot = torch.tensor([[0, 1, 0], [1, 0, 0]])
scores = torch.tensor([[0.2, 0.9, -1.0], [2.0, 0.5, 0.1]])
print(categorical_hinge(scores, one_hot.argmax(1), reduction="none"))
```

```output
tensor([0.3000, 0.0000])
```

## Relations

With two classes it is the [[hinge]] of the difference of their scores.

    functional.categorical_hinge(scores[:, :2], classes % 2) ==
        functional.hinge(scores[:, 1] - scores[:, 0], 2 * (classes % 2) - 1)

With two classes it is twice [[multi_margin]], which divides by their number.

    functional.categorical_hinge(scores[:, :2], classes % 2) == 2 * F.multi_margin_loss(scores[:, :2], classes % 2)

It is nowhere above the sum over all rivals, which is [[multi_margin]] times the number of classes.

    torch.minimum(functional.categorical_hinge(scores, classes, reduction="none"),
        5 * F.multi_margin_loss(scores, classes, reduction="none")) ==
        functional.categorical_hinge(scores, classes, reduction="none")

With the strongest rival alone it is [[multi_margin]] of two scores, times 2.

    functional.categorical_hinge(scores, classes) == 2 * F.multi_margin_loss(
        torch.stack((scores.gather(1, classes[:, None])[:, 0],
        scores.scatter(1, classes[:, None], float("-inf")).amax(1)), 1), torch.zeros(8).long())

## In other libraries

- `optax.losses.multiclass_hinge_loss(input, target)`: No reduction.
- `keras.losses.CategoricalHinge(reduction=None)(torch.nn.functional.one_hot(target, input.shape[-1]), input)`:
  One-hot. A rival's score below 0 counts as 0.
- `sklearn.metrics.hinge_loss(target, input, labels=list(range(input.shape[-1])))`: A metric, one number for the batch.

## References

- Koby Crammer and Yoram Singer (2001). On the Algorithmic Implementation of Multiclass Kernel-based Vector
  Machines. *Journal of Machine Learning Research 2, 265-292*. http://www.jmlr.org/papers/v2/crammer01a.html
- Ambuj Tewari and Peter L. Bartlett (2007). On the Consistency of Multiclass Classification Methods. *Journal
  of Machine Learning Research 8(36), 1007-1025*. https://jmlr.org/papers/v8/tewari07a.html
"""

import torch
from torch.nn import functional as F

from lossary.declaration import (
    CLASS_INDEX,
    PER_SAMPLE,
    SCORES,
    HeatMap,
    Input,
    Loss,
    Precision,
    Symbolic,
    cases,
    equal,
    indicator,
    logit_section,
    max_over,
    sum_over,
    terms,
)


def categorical_hinge(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    own = input.gather(-1, target.unsqueeze(-1))
    # The true class falls short of itself by 0, and so the largest shortfall is not below 0.
    loss = (input - own + 1 - F.one_hot(target, input.shape[-1])).amax(-1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=categorical_hinge,
    aliases=terms("categorical hinge loss; Crammer-Singer loss; Crammer-Singer hinge"),
    tasks=("multi-class",),
    search_terms=terms(
        "multi-class support vector machine; hinge loss for several classes; largest margin violation; "
        "max(0, 1 - f_y + max f_i); Crammer and Singer multiclass SVM; Crammer-Singer; "
        "true class against the strongest rival; multi-class SVM on one-hot labels; best wrong class; "
        "only the strongest wrong class matters; highest wrong score; "
        "hinge between the true class and the best wrong class; multiclass SVM with one-hot targets; "
        "most violating wrong class; Keras SVM layer"
    ),
    concepts={
        "Keras CategoricalHinge; difference between Keras and optax multiclass hinge": "Keras counts",
        "softmax before hinge loss": "A softmax before it",
        "calibrated probabilities; consistency": "One class below one half",
        "one-hot labels; sparse categorical hinge": "It takes class numbers",
    },
    answers={
        "multi-class/decision": ("Only the strongest rival", "All rivals that are"),
    },
    inputs=(
        Input("input", "x", (SCORES,), "(C) or (N, C)", "the raw scores: no softmax before them"),
        Input("target", "y", (CLASS_INDEX,), "() or (N)", "the true class"),
    ),
    reductions=PER_SAMPLE,
    formulas=(
        Symbolic(
            value=lambda short, c, C: max_over(c, short[c], C),
            gradient={
                "input": lambda x, y, c, short, most, ties: (
                    cases((1 / ties, equal(short[c], most)), (0, True)) - indicator(c, y)
                )
            },
            where={
                "short": lambda x, y, c: x[c] - x[y] + 1 - indicator(c, y),
                "most": lambda short, j, C: max_over(j, short[j], C),
                "ties": lambda short, most, j, C: sum_over(j, 1, C, where=equal(short[j], most)),
            },
            notation={"short": "z", "most": "m", "ties": "n"},
            meanings={
                "short": "by how much the lead of the true class over class c falls short of 1; 0 for itself",
                "most": "the largest of them",
                "ties": "how many classes come to it",
            },
        ),
    ),
    precision=Precision(of_input=1.0, why="it rounds the difference of two scores before it adds the margin of 1"),
    sections=(
        logit_section(
            inputs=lambda t, y: {"input": [t, 0, 0], "target": y},
            label="score of the true class, of three",
            span=(-3.0, 3.0),
            kinks=(lambda: 1.0,),
            note="Three classes. The score of the true class moves, the other two stay at 0.",
            caption="A straight line until the true class leads by 1, and zero from there on. The slope is 1 in "
            "size, however many rivals there are.",
        ),
    ),
    figures=(
        HeatMap(
            name="scores",
            title="Categorical hinge over two scores",
            labels=("score of the true class", "score of a wrong class"),
            spans=((-3.0, 3.0), (-3.0, 3.0)),
            inputs=lambda s, t: {"input": [s, t, 0], "target": 0},
            note="Three classes. The third score stays at 0.",
            caption="Three flat pieces: above, the wrong class that moves is the strongest rival; below, the one "
            "that stays at 0 is, and the moving score has no effect. At the lower right the true class leads both by "
            "1, and the loss is zero.",
        ),
    ),
    example={"input": [[2.0, 0.5, -1.0], [0.2, 0.6, 0.3], [-0.5, 0.1, 0.4]], "target": [0, 1, 0]},
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1, 0),
    },
)
