r"""Multi-label margin

Takes one score per class and a list of the true classes: each of them should lead each other class by 1, and the
loss adds up by how much the leads fall short, divided by the number of classes.

## When to use it

- Each sample has several labels, their number varies, and what you need is an order: every class
  that is true should score above every class that is not, by at least 1.
- The labels come as short lists of class numbers, as tags do, and a matrix of zeros and ones would
  be mostly zeros.
- You will take the top few classes of each sample. Only differences of scores count, so no
  threshold is learned.

## When not to

- You need to know how many labels are true, or a probability for each: [[bce_with_logits]] judges every
  class on its own and has a natural threshold. It is the usual choice.
- The labels are a matrix of zeros and ones. Use [[bce_with_logits]] or [[multilabel_soft_margin]],
  which take it as it is.
- Exactly one class is true: [[multi_margin]], which also has a margin and weights, or
  [[cross_entropy]].
- There are very many classes. Each label is compared with each class that is not listed, so the work grows with
  their product. The work of [[multilabel_soft_margin]] grows with the classes alone.

## Pitfalls

### The target is a list of class numbers: a matrix of zeros and ones is misread

The target has the shape of the input and holds the numbers of the true classes, followed by
-1. A row of zeros and ones is a valid list too, of the classes 0 and 1, with repetitions. As
whole numbers it is silently accepted, and asks that the classes 0 and 1 score highest; floats and
booleans are refused. Below, the classes 0 and 3 are true.

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
are not true. They must still be -1 or a class number: anything else is an error. A row that begins with
-1 has no labels and a loss of zero, whatever the scores are. If a mask writes -1 in place of some
labels, move the remaining ones to the front.

```python
scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])

for target in ([3, 0, -1, -1], [3, -1, 0, -1], [-1, 3, 0, -1]):
    loss = F.multilabel_margin_loss(scores, torch.tensor([target]))
    print(target, round(loss.item(), 4))
try:
    F.multilabel_margin_loss(scores, torch.tensor([[3, -1, 9, -1]]))
except RuntimeError as error:
    print([3, -1, 9, -1], error)
```

```output
[3, 0, -1, -1] 0.85
[3, -1, 0, -1] 0.325
[-1, 3, 0, -1] 0.0
[3, -1, 9, -1] argument #2 'target' is out of range
```

### Padding with 0 adds class 0, and a repeated label counts again

0 is a class like any other, so a list that is filled up with zeros claims class 0 once for each of
them. Each entry adds its own terms, even if its class is listed already: a class listed twice counts
twice. Remove duplicates and fill up with -1.

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

In PyTorch 2.13.0 the compiled loss can differ from the plain one where a list is padded, which
it almost always is. The step that rewrites the loss into simpler operations keeps the terms of the
padding, and reads them as class 0. Below the value is too large and the gradient is wrong; even a row
without labels costs something. Nothing warns you. Pull request 189552 to PyTorch corrects it. Until you
have a version with it, keep this loss outside the compiled function.

```python
plain = F.multilabel_margin_loss
compiled = torch.compile(lambda scores, target: plain(scores, target), backend="aot_eager")

for row in ([0, 1, -1, -1, -1], [-1, -1, -1, -1, -1]):
    for name, function in (("plain   ", plain), ("compiled", compiled)):
        scores = torch.tensor([[1.0, -1.0, 0.5, 0.3, -0.2]], requires_grad=True)
        loss = function(scores, torch.tensor([row]))
        gradient = torch.autograd.grad(loss, scores)[0][0]
        print(row, name, round(loss.item(), 4), gradient)
```

```output
[0, 1, -1, -1, -1] plain    1.48 tensor([-0.4000, -0.6000,  0.4000,  0.4000,  0.2000])
[0, 1, -1, -1, -1] compiled 1.96 tensor([-1.6000, -0.6000,  1.0000,  1.0000,  0.2000])
[-1, -1, -1, -1, -1] plain    0.0 tensor([0., 0., 0., 0., 0.])
[-1, -1, -1, -1, -1] compiled 1.8 tensor([-2.,  0.,  1.,  1.,  0.])
```

### The value depends on how many labels there are

All pairs of a listed and an unlisted class are added, and the sum is divided by the number of
classes, not of pairs. With equal scores every pair costs 1. A row with half of its classes listed
then has the largest loss, and rows with one label, or with all but one, count less in the mean. A row
with every class listed has no pairs and costs nothing. The slope depends on it too: with respect to the
score of a listed class it is the number of unlisted ones that come too close, divided by C.

```python
for labels in (1, 2, 4, 7, 8):
    scores = torch.zeros(1, 8, requires_grad=True)
    target = torch.full((1, 8), -1)
    target[0, :labels] = torch.arange(labels)
    loss = F.multilabel_margin_loss(scores, target)
    slope = torch.autograd.grad(loss, scores)[0][0, 0].item()
    print(f"{labels} of 8 listed  loss {loss.item():.3f}  slope of a listed class {slope:.3f}")
```

```output
1 of 8 listed  loss 0.875  slope of a listed class -0.875
2 of 8 listed  loss 1.500  slope of a listed class -0.750
4 of 8 listed  loss 2.000  slope of a listed class -0.500
7 of 8 listed  loss 0.875  slope of a listed class -0.125
8 of 8 listed  loss 0.000  slope of a listed class 0.000
```

### The margin is fixed, and the target must be as wide as the input

There is no `margin` and no `weight`. Multiply the scores by a constant to change the margin in
their terms: times 2, a lead of 0.5 is enough. A list that is cut to the longest one of the batch is
refused, and so are other marks for padding, such as -100, and integers that are not 64 bits wide.

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

### float16 and bfloat16 scores are refused on a CPU

On a CPU the loss exists for float32 and float64 only, unless it is compiled, so a model converted with `.half()` or
`.bfloat16()` stops here. Under `torch.autocast` the scores are converted to float32 first. Without it, call `.float()`
on them.

```python
scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
target = torch.tensor([[3, 0, -1, -1]])

for dtype in (torch.float16, torch.bfloat16):
    try:
        F.multilabel_margin_loss(scores.to(dtype), target)
    except NotImplementedError as error:
        print("NotImplementedError:", error)
    with torch.autocast("cpu", dtype=dtype):
        print(dtype, "under autocast", F.multilabel_margin_loss(scores.to(dtype), target))
```

```output
NotImplementedError: "multilabel_margin_loss_forward_out_frame" not implemented for 'Half'
torch.float16 under autocast tensor(0.8500)
NotImplementedError: "multilabel_margin_loss_forward_out_frame" not implemented for 'BFloat16'
torch.bfloat16 under autocast tensor(0.8499)
```

### NaN scores give a loss of zero

A shortfall counts if it is above zero, and NaN is not above zero. So a model that returns NaN has, on a CPU and outside `torch.compile`, a loss of exactly 0 and a gradient of 0: the log shows a perfect fit. Check the
scores, not the loss.

```python
nan = float("nan")
target = torch.tensor([[0, 1, -1, -1]])

for row in ([nan] * 4, [nan, 1.0, 2.0, 1.0], [0.0, 1.0, nan, 1.0], [0.0, 1.0, 2.0, 1.0]):
    scores = torch.tensor([row], requires_grad=True)
    loss = F.multilabel_margin_loss(scores, target)
    print(row, round(loss.item(), 4), torch.autograd.grad(loss, scores)[0][0])
```

```output
[nan, nan, nan, nan] 0.0 tensor([0., 0., 0., 0.])
[nan, 1.0, 2.0, 1.0] 0.75 tensor([ 0.0000, -0.5000,  0.2500,  0.2500])
[0.0, 1.0, nan, 1.0] 0.75 tensor([-0.2500, -0.2500,  0.0000,  0.5000])
[0.0, 1.0, 2.0, 1.0] 2.0 tensor([-0.5000, -0.5000,  0.5000,  0.5000])
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

- [MindSpore](https://www.mindspore.cn/docs/en/master/api_python/ops/mindspore.ops.multilabel_margin_loss.html)
  `mindspore.ops.multilabel_margin_loss(input, target)`: Labels as int32, the list ended by -1; the mean by default. Does
  not run on a processor.

## References

- André Elisseeff and Jason Weston (2001). A kernel method for multi-labelled classification. In *Advances in
  Neural Information Processing Systems 14 (NIPS 2001)*.
  https://papers.nips.cc/paper/2001/hash/39dcaf7a053dc372fbc391d4e6b5d693-Abstract.html
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lossary.declaration import (
    PER_SAMPLE,
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
        "multilabel margin; multilabel_margin; multilabel hinge; margin loss for several labels; "
        "multi-label ranking loss; target padded with -1; multilabel_margin_loss torch.compile wrong result; "
        "inconsistent target size; argument #2 'target' is out of range; loss for a list of labels; "
        "multilabel_margin_loss_forward_out_frame not implemented for 'Half'; "
        "several true classes per sample, each above all others; ranking of labels; list of labels padded with -1; "
        "set of labels per image; every relevant label above every irrelevant one; "
        "true labels outscore all others; "
        "hinge with several correct classes; all true labels above all false ones"
    ),
    concepts={
        "multi-hot target; target padded with -1": "The target is a list",
        "multilabel_margin_loss torch.compile wrong result": "torch.compile",
        "inconsistent target size; choosing the margin": "The margin is fixed",
        "not implemented for 'Half'; not implemented for 'BFloat16'; half precision": "float16 and bfloat16",
        "loss is exactly zero; nan scores": "NaN scores",
        "number of labels; Lipschitz constant": "The value depends",
        "zero padding": "Padding with 0",
    },
    answers={
        "multi-label/order": ("Each sample has several", "You need to know how many"),
    },
    inputs=(
        Input("input", "x", (SCORES,), "(C) or (N, C)", "the scores, one for each class"),
        Input(
            "target",
            "y",
            (LABEL_LIST,),
            "(C) or (N, C), same as input",
            "the numbers of the true classes, then -1; class numbers behind the first -1 are ignored",
        ),
    ),
    reductions=PER_SAMPLE,
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
            label="score of the first of two true classes, of three",
            span=(-3.0, 3.0),
            kinks=(lambda: 1,),
            note="Three classes, of which the first two are true. The score of the first one moves, the others stay at 2 and 0.",
            caption="One third of how far the moving score falls short of a lead of 1 over the class that is not true; "
            "the third is 1 / C. The other true class is no rival: it has its own lead, and this score may stay "
            "below it.",
        ),
        logit_section(
            inputs=lambda t, y: {"input": [0.5, -0.5, t], "target": [y, 1, -1]},
            label="score of the class that is not true, of three",
            span=(-3.0, 3.0),
            perfect=float("-inf"),
            kinks=(lambda: -1.5, lambda: -0.5),
            note="The same classes. The score of the third one moves, the others stay at 0.5 and -0.5.",
            caption="A corner for each true class: the slope grows by one third where the moving score comes closer "
            "than 1 to another of them.",
        ),
    ),
    figures=(
        HeatMap(
            name="scores",
            title="Multi-label margin over the scores of two true classes",
            labels=("score of the first class", "score of the second class"),
            spans=((-3.0, 3.0), (-3.0, 3.0)),
            inputs=lambda s, t: {"input": [s, t, 0], "target": [0, 1, -1]},
            note="Three classes, of which the first two are true. The third score stays at 0.",
            caption="The two classes do not compete. Each must lead the class that is not true by 1, and the loss is zero "
            "only in the upper right corner, where both do.",
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
