r"""Multi-label margin

For each pair of a class that holds and one that does not, what the first one's lead lacks to 1.

## When to use it

- Each sample has several labels, their number varies, and what you need is an order: every class
  that holds should score above every class that does not, by at least 1.
- The labels come as short lists of class numbers, as tags do, and a matrix of zeros and ones would
  be mostly zeros.
- You will take the top few classes of each sample. Only differences of scores count, so no
  threshold is learned.

## When not to

- You need to know how many labels hold, or a probability for each: [[bce_with_logits]] judges every
  class on its own and has a natural threshold. It is the usual choice.
- The labels are a matrix of zeros and ones. Use [[bce_with_logits]] or [[multilabel_soft_margin]],
  which take it as it is.
- Exactly one class holds: [[multi_margin]], which also has a margin and weights, or
  [[cross_entropy]].
- There are very many classes. Each label is compared with each class that is not listed, so the
  work grows with their product.

## Pitfalls

### The target is a list of class numbers: a matrix of zeros and ones is misread

The target has the shape of the input and holds the numbers of the classes that hold, followed by
-1. A row of zeros and ones is a valid list too, of the classes 0 and 1, with repetitions. It is
accepted in silence and trains the model to rank the first two classes on top. Below, the classes 0
and 3 hold.

```python
scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
hot = torch.tensor([[1, 0, 0, 1]])
listed = torch.tensor([[3, 0, -1, -1]])

print("list of classes", round(F.multilabel_margin_loss(scores, listed).item(), 4))
print("zeros and ones ", round(F.multilabel_margin_loss(scores, hot).item(), 4))

numbers = torch.arange(4).expand_as(hot)
converted = torch.where(hot == 1, numbers, 4).sort(dim=1).values
converted[converted == 4] = -1
print("converted      ", converted, round(F.multilabel_margin_loss(scores, converted).item(), 4))
```

```output
list of classes 0.85
zeros and ones  2.9
converted       tensor([[ 0,  3, -1, -1]]) 0.85
```

### Everything after the first -1 is ignored

The list ends at the first -1. Labels behind it do not count, and are even treated as classes that
do not hold. A row that begins with -1 has no labels and a loss of zero, whatever the scores are. If
a mask writes -1 in place of some labels, move the remaining ones to the front.

```python
scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])

for target in ([3, 0, -1, -1], [3, -1, 0, -1], [-1, 3, 0, -1]):
    loss = F.multilabel_margin_loss(scores, torch.tensor([target]))
    print(target, round(loss.item(), 4))
```

```output
[3, 0, -1, -1] 0.85
[3, -1, 0, -1] 0.325
[-1, 3, 0, -1] 0.0
```

### Padding with 0 adds class 0, and a repeated label counts again

0 is a class like any other, so a list that is filled up with zeros claims class 0 once for each of
them. Each entry adds its own terms, even if its class is listed already: a class that stands there
twice pulls twice as hard. Remove duplicates and fill up with -1.

```python
scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])

for name, target in (
    ("class 3        ", [3, -1, -1, -1]),
    ("padded with 0  ", [3, 0, 0, 0]),
    ("class 3 twice  ", [3, 3, -1, -1]),
):
    loss = F.multilabel_margin_loss(scores, torch.tensor([target]))
    print(name, round(loss.item(), 4))
```

```output
class 3         0.325
padded with 0   2.05
class 3 twice   0.65
```

### torch.compile gives a wrong value for padded targets

In PyTorch 2.13.0 the compiled loss differs from the plain one as soon as a list is padded, which it
almost always is. The step that rewrites the loss into simpler operations keeps the terms of the
padding, and reads them as class 0. The value is too large and the gradient is wrong, without a
warning. Pull request 189552 to PyTorch corrects it. Until you have a version with it, keep this
loss outside the compiled function.

```python
scores = torch.tensor([[1.0, -1.0, 0.5, 0.3, -0.2]])
target = torch.tensor([[0, 1, -1, -1, -1]])


def loss(scores):
    return F.multilabel_margin_loss(scores, target)


compiled = torch.compile(loss, backend="aot_eager")
print("plain   ", round(loss(scores).item(), 4))
print("compiled", round(compiled(scores).item(), 4))
```

```output
plain    1.48
compiled 1.96
```

### The value depends on how many labels there are

All pairs of a listed and an unlisted class are added, and the sum is divided by the number of
classes, not of pairs. With equal scores every pair costs 1. A row with half of its classes listed
then has by far the largest loss, and rows with one label, or with nearly all of them, count little
in the mean. A row with every class listed has no pairs and costs nothing.

```python
scores = torch.zeros(1, 8)

for labels in (1, 2, 4, 7, 8):
    target = torch.full((1, 8), -1)
    target[0, :labels] = torch.arange(labels)
    print(labels, F.multilabel_margin_loss(scores, target).item())
```

```output
1 0.875
2 1.5
4 2.0
7 0.875
8 0.0
```

### The margin is fixed, and the target must be as wide as the input

There is no `margin` and no `weight`. Multiply the scores by a constant to change the margin in
their terms. A list that is cut to the longest one of the batch is refused, and so are other marks
for padding, such as -100, and integers that are not 64 bits wide.

```python
scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])

attempts = (
    lambda: F.multilabel_margin_loss(scores, torch.tensor([[3, -1]])),
    lambda: F.multilabel_margin_loss(scores, torch.tensor([[3, -100, -1, -1]])),
    lambda: F.multilabel_margin_loss(scores, torch.tensor([[3, -1, -1, -1]]).int()),
    lambda: nn.MultiLabelMarginLoss(margin=0.5),
)
for attempt in attempts:
    try:
        attempt()
    except (RuntimeError, TypeError) as error:
        print(f"{type(error).__name__}: {error}")

short = torch.tensor([[3, 0]])
target = F.pad(short, (0, scores.shape[1] - short.shape[1]), value=-1)
print(target, round(F.multilabel_margin_loss(scores, target).item(), 4))
```

```output
RuntimeError: inconsistent target size: [1, 2] for input of size: [1, 4]
RuntimeError: argument #2 'target' is out of range
RuntimeError: expected scalar type Long but found Int
TypeError: _Loss.__init__() got an unexpected keyword argument 'margin'
tensor([[ 3,  0, -1, -1]]) 0.85
```

## Relations

With one label in each list it is [[multi_margin]].

    F.multilabel_margin_loss(scores, torch.cat((classes[:, None], torch.full((8, 4), -1)), 1)) ==
        F.multi_margin_loss(scores, classes)

Times the number of classes, one list's loss is the sum of [[margin_ranking]] with `margin=1` over
all pairs of a listed and an unlisted class.

    5 * F.multilabel_margin_loss(scores, torch.tensor([0, 3, -1, -1, -1]).expand(8, 5), reduction='sum') ==
        F.margin_ranking_loss(scores[:, [0, 3], None], scores[:, None, [1, 2, 4]], torch.ones(1, 1, 1).double(),
        margin=1.0, reduction='sum')

## In other libraries

- `mindspore.ops.multilabel_margin_loss(input, target)`: Labels as int32, the list ended by -1; the mean by
  default.

## References

- André Elisseeff and Jason Weston (2001). A kernel method for multi-labelled classification. In *Advances in
  Neural Information Processing Systems 14 (NIPS 2001)*.
  https://papers.nips.cc/paper/2001/hash/39dcaf7a053dc372fbc391d4e6b5d693-Abstract.html
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lossary.declaration import (
    SCORES,
    HeatMap,
    Input,
    Kind,
    Loss,
    Precision,
    Symbolic,
    cases,
    listed,
    logit_section,
    maximum,
    sum_over,
    terms,
    unlisted,
)

LABEL_LIST = Kind(
    "class indices, the list ended by \N{MINUS SIGN}1",
    dims=("C",),
    integer=True,
    sampler="label_list",
    takes="label lists",
)


def _no_label_twice(inputs: Mapping[str, Any]) -> bool:
    """Whether no list names a class twice before it ends; torch counts such a class twice, the formula once."""
    lists = np.asarray(inputs["target"]).astype(int)
    for row in lists.reshape(-1, lists.shape[-1]).tolist():
        labels = row[: row.index(-1)] if -1 in row else row
        if len(set(labels)) < len(labels):
            return False
    return True


loss = Loss(
    torch="torch.nn.MultiLabelMarginLoss",
    functional="torch.nn.functional.multilabel_margin_loss",
    aliases=terms(
        "multi-label margin loss; F.multilabel_margin_loss; multilabel_margin_loss; multi-label hinge loss; "
        "multilabel margin loss"
    ),
    tasks=("multi-label", "ranking"),
    search_terms=terms(
        "multilabel margin; multilabel_margin; multilabel hinge; margin loss for several labels; multi-label ranking "
        "loss; target padded with -1; multilabel_margin_loss torch.compile wrong result; inconsistent target size; "
        "argument #2 'target' is out of range; loss for a list of labels"
    ),
    concepts={
        "multi-hot target; target padded with -1": "The target is a list",
        "multilabel_margin_loss torch.compile wrong result": "torch.compile",
        "inconsistent target size; choosing the margin": "The margin is fixed",
        "zero padding": "Padding with 0",
    },
    inputs=(
        Input("input", "x", (SCORES,), "(C) or (N, C)", "the scores, one for each class"),
        Input(
            "target",
            "y",
            (LABEL_LIST,),
            "(C) or (N, C), same as input",
            "the numbers of the classes that hold, then -1; what follows the first -1 is ignored",
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y, j, i, C: (
                sum_over(j, sum_over(i, maximum(0, 1 - x[j] + x[i]), C, where=unlisted(i, y)), C, where=listed(j, y))
                / C
            ),
            gradient={
                "input": lambda x, y, c, j, i, C: cases(
                    (-(sum_over(i, 1, C, where=unlisted(i, y) & (1 - x[c] + x[i] > 0)) / C), listed(c, y)),
                    (sum_over(j, 1, C, where=listed(j, y) & (1 - x[j] + x[c] > 0)) / C, True),
                )
            },
            inside=_no_label_twice,
        ),
    ),
    precision=Precision(
        of_input=1.0,
        why="it rounds 1 minus a score before it adds the other score, so that close to the margin the digits of the "
        "scores are lost",
    ),
    sections=(
        logit_section(
            inputs=lambda t, y: {"input": [t, 2, 0], "target": [y, 1, -1]},
            label="score of one class that holds",
            span=(-3.0, 3.0),
            kinks=(lambda: 1,),
            note="Three classes, of which the first two hold. The score of the first one moves, the others stay at 2 and 0.",
            caption="One third of what the moving score lacks to a lead of 1 over the class that does not hold. The "
            "other class that holds is no rival: it has its own lead, and this score may stay below it.",
        ),
        logit_section(
            inputs=lambda t, y: {"input": [0.5, -0.5, t], "target": [y, 1, -1]},
            label="score of the class that does not hold",
            span=(-3.0, 3.0),
            perfect=float("-inf"),
            kinks=(lambda: -1.5, lambda: -0.5),
            note="The same classes. The score of the third one moves, the others stay at 0.5 and -0.5.",
            caption="A corner for each class that holds: the rival is pushed down once by each of them that it comes "
            "too close to.",
        ),
    ),
    figures=(
        HeatMap(
            name="scores",
            title="Multi-label margin over the scores of two classes that hold",
            labels=("score of the first class", "score of the second class"),
            spans=((-3.0, 3.0), (-3.0, 3.0)),
            inputs=lambda s, t: {"input": [s, t, 0], "target": [0, 1, -1]},
            note="Three classes, of which the first two hold. The third score stays at 0.",
            caption="The two classes do not compete. Each must clear the class that does not hold by 1, and only the "
            "upper right corner, where both do, is free.",
        ),
    ),
    example={"input": [[0.1, 0.2, 0.4, 0.8], [1.5, -0.5, 2.0, 0.0]], "target": [[3, 0, -1, -1], [2, -1, -1, -1]]},
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1 / 3,
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1 / 3, 0),
    },
)
