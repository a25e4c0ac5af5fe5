r"""Multi-margin (multi-class hinge)

Takes one score per class and asks the true class to lead each wrong one by a margin: it adds up by how much each lead
falls short, and divides by the number of classes.

## When to use it

- Exactly one of several classes is right, and you need the decision, not a probability. The loss asks
  that the true class leads every other one by `margin`, and no more.
- You want examples that are clearly right to drop out. Once the true class leads all others by the
  margin, the loss and the gradient are exactly zero, as in a support vector machine.
- Some classes matter more: `weight` scales the loss of all samples of a class.
- One large shortfall should count more than several small ones with the same sum: `p=2`, which also
  rounds the corner at the margin.

## When not to

- You need probabilities, or you will compare scores between samples. Use [[cross_entropy]], where the
  softmax of the scores estimates the probabilities of the classes.
- The classes overlap, so that even the best model is often wrong. With three classes or more and `p=1`, the best
  scores under this loss need not point to the likeliest class (a pitfall shows it); those of [[cross_entropy]] do.
- Only the strongest rival should count: [[categorical_hinge|categorical hinge]] takes the largest violation in
  place of the sum.
- A sample may have several labels: [[multilabel_margin]] or [[bce_with_logits]].
- The scores are float16 or bfloat16 on a CPU: neither is implemented there outside `torch.compile`, and
  [[cross_entropy]] is for both. Under `torch.autocast` they are converted to float32.

## Pitfalls

### With p=1 the best scores need not pick the likeliest class

Where an input can belong to several classes, the scores of two of them may come out equal, and the
decision between them is left to chance although one class is likelier. With three classes this happens
exactly if no class has more than half of the chances and the second likeliest has more than a third. The
expected loss has its corners where scores differ by the margin, here 1, so one of the best solutions has
whole-number scores, and trying those is enough. [[cross_entropy]] keeps the order right.

```python
grid = torch.cartesian_prod(*[torch.arange(4.0)] * 3)

for chance in ([0.40, 0.35, 0.25], [0.45, 0.30, 0.25], [0.55, 0.35, 0.10]):
    expected = sum(
        p * F.multi_margin_loss(grid, torch.full((64,), k), reduction="none")
        for k, p in enumerate(chance)
    )
    best = grid[expected.argmin()]
    print(chance, "best scores", (best - best.min()).tolist())
```

```output
[0.4, 0.35, 0.25] best scores [1.0, 1.0, 0.0]
[0.45, 0.3, 0.25] best scores [1.0, 0.0, 0.0]
[0.55, 0.35, 0.1] best scores [2.0, 1.0, 0.0]
```

### A softmax in the model keeps the loss away from zero

Probabilities differ by at most 1, which is the default margin. So the loss is zero only for a
prediction without any doubt, and close to it the softmax leaves hardly any gradient. Pass the raw
scores. If you must pass probabilities, make `margin` much smaller than 1.

```python
target = torch.tensor([0])

for name, first in (("scores       ", nn.Identity()), ("probabilities", nn.Softmax(1))):
    for lead in (2.0, 4.0, 8.0):
        scores = torch.tensor([[lead, 0.0, 0.0]], requires_grad=True)
        loss = F.multi_margin_loss(first(scores), target)
        slope = torch.autograd.grad(loss, scores)[0][0, 0].item()
        print(name, "lead", lead, f"loss {loss.item():.4f}  gradient {slope:.4f}")
```

```output
scores        lead 2.0 loss 0.0000  gradient 0.0000
scores        lead 4.0 loss 0.0000  gradient 0.0000
scores        lead 8.0 loss 0.0000  gradient 0.0000
probabilities lead 2.0 loss 0.2130  gradient -0.1676
probabilities lead 4.0 loss 0.0353  gradient -0.0341
probabilities lead 8.0 loss 0.0007  gradient -0.0007
```

### The sum over the wrong classes is divided by the number of all classes

There is one term for each wrong class, C - 1 of them, and the divisor is C. With equal scores and
`p=1` the loss is therefore (C - 1) / C times the margin, and that fraction is also the steepest slope
with respect to the score of the true class; the score of one wrong class has a slope of at most 1 / C.
Implementations that only add the terms give a loss and a gradient C times as large. Adapt the learning
rate when you move between them.

```python
target = torch.tensor([0])

for classes in (2, 10, 1000):
    scores = torch.zeros(1, classes, requires_grad=True)
    loss = F.multi_margin_loss(scores, target)
    slope = torch.autograd.grad(loss, scores)[0][0]
    print(f"{classes:4}  loss {loss.item():.4f}  sum of the terms {loss.item() * classes:.4f}", end="  ")
    print(f"slopes {slope[0].item():.4f} and {slope[1].item():.4f}")
```

```output
   2  loss 0.5000  sum of the terms 1.0000  slopes -0.5000 and 0.5000
  10  loss 0.9000  sum of the terms 9.0000  slopes -0.9000 and 0.1000
1000  loss 0.9990  sum of the terms 999.0000  slopes -0.9990 and 0.0010
```

### The weight is not squared with p=2, and the mean ignores it

`weight[y]` multiplies the sample's loss after the power; Paddle's documentation has it inside. The
mean divides by the number of samples and not by the sum of their weights, unlike the mean of
[[cross_entropy]], so weights above 1 make the whole loss larger.

```python
scores = torch.zeros(2, 2)
target = torch.tensor([0, 1])
weight = torch.tensor([3.0, 1.0])

each = F.multi_margin_loss(scores, target, p=2, weight=weight, reduction="none")
print("each     ", each)
print("mean     ", F.multi_margin_loss(scores, target, p=2, weight=weight))
print("weighted ", each.sum() / weight[target].sum())
```

```output
each      tensor([1.5000, 0.5000])
mean      tensor(1.)
weighted  tensor(0.5000)
```

### There is no ignore_index, and p is 1 or 2

A target of -100, the mark for padding in [[cross_entropy]], is an error here. So is any power but 1
and 2, any input of more than two dimensions and, outside `torch.compile`, a target that is not `long`, and float16 or
bfloat16 on a CPU without autocast. Remove padded samples with a mask, and flatten sequences and images to `(N, C)`.

```python
scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
target = torch.tensor([3])

attempts = (
    lambda: F.multi_margin_loss(scores, torch.tensor([-100])),
    lambda: F.multi_margin_loss(scores, target, p=3),
    lambda: F.multi_margin_loss(scores, target, weight=torch.ones(3)),
    lambda: F.multi_margin_loss(torch.zeros(2, 3, 5), torch.zeros(2, 5, dtype=torch.long)),
    lambda: F.multi_margin_loss(scores, target.int()),
    lambda: F.multi_margin_loss(scores.half(), target),
    lambda: F.multi_margin_loss(scores.bfloat16(), target),
)
for attempt in attempts:
    try:
        attempt()
    except (RuntimeError, ValueError, NotImplementedError) as error:
        print(f"{type(error).__name__}: {error}")
with torch.autocast("cpu"):
    print("autocast:", F.multi_margin_loss(scores.bfloat16(), target))
```

```output
RuntimeError: target out of range
ValueError: only p == 1 and p == 2 supported
RuntimeError: inconsistent weight size, expected 4 but got [3]
RuntimeError: Expected non-empty vector or matrix with optional 0-dim batch size, but got: [2, 3, 5]
RuntimeError: expected scalar type Long but found Int
NotImplementedError: "multi_margin_loss_cpu_kernel" not implemented for 'Half'
NotImplementedError: "multi_margin_loss_cpu_kernel" not implemented for 'BFloat16'
autocast: tensor(0.3246)
```

### NaN scores give a loss of zero

A shortfall counts if it is above zero, and NaN is not above zero. So a model that returns NaN has, on a CPU and outside `torch.compile`, a loss of exactly 0 and a gradient of 0: the log shows a perfect fit. A NaN in one
rival's score hides that rival, and a NaN in the score of the true class hides the whole sample. Check
the scores, not the loss.

```python
nan = float("nan")
target = torch.tensor([0])

for row in ([nan, nan, nan], [nan, 2.0, 1.0], [0.0, nan, 1.0], [0.0, 2.0, 1.0]):
    scores = torch.tensor([row], requires_grad=True)
    loss = F.multi_margin_loss(scores, target)
    print(row, round(loss.item(), 4), torch.autograd.grad(loss, scores)[0][0])
print("caught:", not torch.tensor([nan, 2.0, 1.0]).isfinite().all().item())
```

```output
[nan, nan, nan] 0.0 tensor([0., 0., 0.])
[nan, 2.0, 1.0] 0.0 tensor([0., 0., 0.])
[0.0, nan, 1.0] 0.6667 tensor([-0.3333,  0.0000,  0.3333])
[0.0, 2.0, 1.0] 1.6667 tensor([-0.6667,  0.3333,  0.3333])
caught: True
```

### p=1 and p=2 differ by more than the shape

A shortfall below 1 costs less with `p=2`, one above 1 costs more: a shortfall of 2 counts twice as
much as one of 1 with `p=1`, and four times as much with `p=2`. The gradient of the square grows with
the shortfall, without bound. Losses of the two settings cannot be compared.

```python
target = torch.tensor([0])

for rival in (-0.5, 0.0, 1.0, 9.0):
    scores = torch.tensor([[0.0, rival]], requires_grad=True)
    found = []
    for p in (1, 2):
        loss = F.multi_margin_loss(scores, target, p=p)
        slope = torch.autograd.grad(loss, scores)[0][0, 1]
        found.append((loss.item(), slope.item()))
    print("shortfall", 1 + rival, "p=1", found[0], "p=2", found[1])
```

```output
shortfall 0.5 p=1 (0.25, 0.5) p=2 (0.125, 0.5)
shortfall 1.0 p=1 (0.5, 0.5) p=2 (0.5, 1.0)
shortfall 2.0 p=1 (1.0, 0.5) p=2 (2.0, 2.0)
shortfall 10.0 p=1 (5.0, 0.5) p=2 (50.0, 10.0)
```

## Relations

It is [[multilabel_margin]] of a list with one label.

    F.multi_margin_loss(scores, classes) ==
        F.multilabel_margin_loss(scores, torch.cat((classes[:, None], torch.full((8, 4), -1)), 1))

With two classes it is half of [[margin_ranking]] of the two scores, with `margin=1`.

    F.multi_margin_loss(scores[:, :2], classes % 2) ==
        F.margin_ranking_loss(scores[:, 0], scores[:, 1], 1 - 2 * (classes % 2).double(), margin=1.0) / 2

With two classes it is half of the [[hinge|hinge]] of the difference of the two scores.

    F.multi_margin_loss(scores[:, :2], classes % 2) ==
        functional.hinge(scores[:, 1] - scores[:, 0], 2 * (classes % 2) - 1) / 2

With two classes and `p=2` it is half of the [[squared_hinge|squared hinge]] of that difference.

    F.multi_margin_loss(scores[:, :2], classes % 2, p=2) ==
        functional.squared_hinge(scores[:, 1] - scores[:, 0], 2 * (classes % 2) - 1) / 2

With two classes it is half of the [[categorical_hinge|categorical hinge]]; with more, that one
takes the largest term in place of the sum.

    F.multi_margin_loss(scores[:, :2], classes % 2) ==
        functional.categorical_hinge(scores[:, :2], classes % 2) / 2

## In other libraries

- `paddle.nn.functional.multi_margin_loss(input, target, p=p, margin=margin, reduction="none")`: Its documentation
  puts the weight inside the power.
- `mindspore.ops.multi_margin_loss(input, target.long(), p=p, margin=1, reduction="none")` at margin=1: Whole numbers for margin
  only.

## References

- J. Weston and C. Watkins (1998). Multi-Class Support Vector Machines. Technical report CSD-TR-98-04, Royal
  Holloway.
- Koby Crammer and Yoram Singer (2001). On the Algorithmic Implementation of Multiclass Kernel-based Vector
  Machines. *Journal of Machine Learning Research 2, 265-292*. http://www.jmlr.org/papers/v2/crammer01a.html
- Ambuj Tewari and Peter L. Bartlett (2007). On the Consistency of Multiclass Classification Methods. *Journal
  of Machine Learning Research 8(36), 1007-1025*. https://jmlr.org/papers/v8/tewari07a.html
"""

from collections.abc import Mapping
from typing import Any

from torch.nn import functional as F

from lossary.declaration import (
    CLASS_INDEX,
    SCORES,
    HeatMap,
    Input,
    Integer,
    Loss,
    Parameter,
    PerClass,
    Precision,
    Range,
    Study,
    Symbolic,
    cases,
    equal,
    logit_section,
    maximum,
    per,
    sum_over,
    terms,
    unequal,
)

_SHORTFALL: Mapping[str, Any] = {
    "where": {"short": lambda x, y, c, margin: maximum(0, margin - x[y] + x[c])},
    "notation": {"short": "z"},
    "meanings": {"short": "by how much the lead of the true class over class c falls short of the margin"},
}

loss = Loss(
    torch="torch.nn.MultiMarginLoss",
    functional="torch.nn.functional.multi_margin_loss",
    aliases=terms(
        "multi margin loss; F.multi_margin_loss; multi_margin_loss; multiclass hinge; multi-class hinge loss; "
        "multi-class margin loss; Weston-Watkins loss; multi margin"
    ),
    tasks=("multi-class",),
    search_terms=terms(
        "multiclass hinge loss; multiclass SVM loss; hinge loss for more than two classes; "
        "only p == 1 and p == 2 supported; p == 1 and p == 2; p == 3 is not supported; supported p; "
        "multi_margin_loss_cpu_kernel not implemented for 'Half'; inconsistent weight size; target out of range; "
        "MultiMarginLoss is zero although scores are nan; several classes and a margin; multi-class SVM in torch; "
        "Weston-Watkins; true class beats each other class; sum over the wrong classes of margin violations; "
        "CS231n SVM loss; multiclass SVM with integer labels; "
        "sum of hinges over wrong classes; SVM in the last layer; "
        "SVM on top of a network"
    ),
    concepts={
        "only p == 1 and p == 2 supported; p == 3 is not supported; squared hinge": "p",
        "class imbalance; class weights": "weight",
        "softmax before MultiMarginLoss": "A softmax in the model",
        "target out of range; padding index": "There is no ignore_index",
        "calibrated probabilities": "With p=1 the best scores",
        "loss is exactly zero; nan scores": "NaN scores",
        "number of classes; Lipschitz constant": "The sum over the wrong classes",
    },
    answers={
        "multi-class/decision": ("Exactly one of several", "The classes overlap"),
        "multi-class/rare": ("Some classes matter more", "You need probabilities"),
    },
    inputs=(
        Input("input", "x", (SCORES,), "(C) or (N, C)", "the raw scores: no softmax before them"),
        Input("target", "y", (CLASS_INDEX,), "() or (N)", "the true class"),
    ),
    parameters=(
        Parameter(
            "p",
            1,
            "the power to which each shortfall is raised",
            kind=Integer(),
            range=Range(lower=1, upper=2),
            typical=(1, 2),
        ),
        Parameter(
            "margin",
            1.0,
            "by how much the true class must lead each other one before that one costs nothing",
            typical=(0.5, 1.0, 2.0),
        ),
        Parameter(
            "weight",
            None,
            "a factor for each class, applied to the samples of that class; the mean still divides by the number of samples",
            kind=PerClass(),
            neutral=1.0,
            typical=(None, (1.0, 2.0, 0.5)),
        ),
    ),
    reductions=per("sample", "the number of samples, whatever their weights"),
    formulas=(
        Symbolic(
            value=lambda weight, y, c, short, C: weight[y] * sum_over(c, short[c], C, where=unequal(c, y)) / C,
            gradient={
                "input": lambda weight, y, c, j, short, C: cases(
                    (-weight[y] * sum_over(j, 1, C, where=unequal(j, y) & (short[j] > 0)) / C, equal(c, y)),
                    (weight[y] / C, short[c] > 0),
                    (0, True),
                )
            },
            at={"p": 1},
            **_SHORTFALL,
        ),
        Symbolic(
            label="With p=2",
            value=lambda weight, y, c, short, C: weight[y] * sum_over(c, short[c] ** 2, C, where=unequal(c, y)) / C,
            gradient={
                "input": lambda weight, y, c, j, short, C: cases(
                    (-2 * weight[y] * sum_over(j, short[j], C, where=unequal(j, y)) / C, equal(c, y)),
                    (2 * weight[y] * short[c] / C, True),
                )
            },
            at={"p": 2},
            **_SHORTFALL,
        ),
    ),
    precision=Precision(
        of_input=1.0,
        size=lambda x, y, c, C, margin, weight, p: (
            weight[y]
            * sum_over(
                c,
                p * (abs(margin) + abs(x[y]) + abs(x[c])) * maximum(0, margin - x[y] + x[c]) ** (p - 1),
                C,
                where=unequal(c, y),
            )
            / C
        ),
        why="it rounds the difference of two scores before it adds the margin, so that close to the margin the digits of "
        "the scores are lost",
    ),
    sections=(
        logit_section(
            inputs=lambda t, y: {"input": [t, 0, 0], "target": y},
            label="score of the true class, of three",
            span=(-3.0, 3.0),
            kinks=(lambda margin: margin,),
            note="Three classes. The score of the true class moves, the other two stay at 0.",
            caption="Both wrong classes cost something until the true class leads them by the margin. From there on "
            "the loss and the gradient are exactly zero. Left of it the slope at p = 1 is (C - 1) / C, here two thirds, in "
            "size.",
        ),
    ),
    figures=(
        HeatMap(
            name="scores",
            title="Multi-margin over two scores",
            labels=("score of the true class", "score of a wrong class"),
            spans=((-3.0, 3.0), (-3.0, 3.0)),
            inputs=lambda s, t: {"input": [s, t, 0], "target": 0},
            note="Three classes. The third score stays at 0.",
            caption="Flat pieces with straight borders: each wrong class adds its own slope where it comes closer "
            "than the margin. At the lower right the true class leads both by the margin, and the loss is zero.",
        ),
        Study(
            name="rivals",
            title="All rivals, or only the strongest",
            label="score of the true class",
            span=(-3.0, 3.0),
            curves={
                "sum of shortfalls": lambda t: F.relu(1.5 - t) + F.relu(0.5 - t),
                "largest shortfall": lambda t: F.relu(1.5 - t),
                "this loss": lambda t: (F.relu(1.5 - t) + F.relu(0.5 - t)) / 3,
            },
            caption="The sum is steeper while two rivals are too close, and has a corner for each of them. The largest "
            "shortfall, which optax computes and Keras does where a rival's score is at least 0, sees one rival. The "
            "division by C makes this loss flatter than both.",
            note="Three classes. The wrong scores stay at 0.5 and -0.5, the margin is 1.",
        ),
    ),
    example={"input": [[2.0, 0.5, -1.0], [0.2, 0.6, 0.3], [-0.5, 0.1, 0.4]], "target": [0, 1, 0]},
    properties={
        "convex": True,
        "smoothness": lambda p: "C0" if p == 1 else "C1",
        "lipschitz": lambda p, weight: "inf" if p == 2 else 2 / 3 * (weight[0] if weight else 1),
        "gradient_lipschitz": lambda p, weight: "inf" if p == 1 else 4 / 3 * (weight[0] if weight else 1),
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": lambda p, weight: ("-inf" if p == 2 else -2 / 3 * (weight[0] if weight else 1), 0),
    },
)
