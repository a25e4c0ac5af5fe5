r"""ListNet

Takes the scores and the relevances of the items of a list, turns both into probabilities by a softmax, and charges the
cross-entropy between the two.

## When to use it

- A query has a list of results with graded relevances, and the relevances mean something as numbers: one more grade is
  as good as one more point of score.
- Scores of a better model, or the mean of many ratings, are to be matched, and not only their order.
- The top should count most. An item's gradient is the difference of two shares of the list, and for an item far down in
  both orders both are small.

## When not to

- The relevances are 0 and 1. Their softmax is nearly flat in a long list; see below. Divide them by their sum and use
  [[cross_entropy]].
- Only the order counts, and how far apart two grades are means nothing: [[listmle]], or [[ranknet]] over the pairs.
- Lists are too long to be scored at once: [[ranknet]], [[bpr]] and [[margin_ranking]] take pairs.

## Pitfalls

### The right order is not enough

The loss is least where the scores are as far apart as the relevances. A model that ranks perfectly and puts more room
between the items pays for it, and is pulled back.

```python
from lossary.functional import listnet

relevance = torch.tensor([2.0, 1.0, 0.0])
for factor in (0.5, 1.0, 2.0, 10.0):
    print(f"scores {factor:4} times the relevances: {listnet(factor * relevance, relevance).item():.4f}")
```

```output
scores  0.5 times the relevances: 0.8927
scores  1.0 times the relevances: 0.8324
scores  2.0 times the relevances: 0.9925
scores 10.0 times the relevances: 4.2479
```

### The unit of the relevances decides what is asked for

The softmax takes the relevances as they are. Grades from 0 to 4 spread the target over several items. The same grades in
per cent put all of it on the best one, and the order of the rest is hardly taught. Divide them by a temperature that
leaves the shares you want.

```python
grade = torch.tensor([4.0, 3.0, 2.0, 0.0])
for unit in (0.25, 1.0, 25.0):
    print(f"grades times {unit:5}:", (unit * grade).softmax(-1))
```

```output
grades times  0.25: tensor([0.3632, 0.2829, 0.2203, 0.1336])
grades times   1.0: tensor([0.6572, 0.2418, 0.0889, 0.0120])
grades times  25.0: tensor([1.0000e+00, 1.3888e-11, 1.9287e-22, 3.7835e-44])
```

### Relevances of 0 and 1 hardly set a relevant item apart

The softmax of 0 and 1 gives a relevant item less than three times the share of another one. Below, one item of 100 is
relevant: the target gives it a share of 0.03, and the best lead is 1. With labels divided by their sum, as in allRank's
`binary_listNet`, the target gives it everything, and a larger lead costs less.

```python
from lossary.functional import listnet

label = torch.zeros(100)
label[0] = 1.0
for lead in (0.0, 1.0, 10.0):
    by_sum = F.cross_entropy(lead * label, label / label.sum())
    print(f"lead {lead:4}  softmax of labels {listnet(lead * label, label):.4f}  labels over their sum {by_sum:.4f}")
print(f"share of the relevant item: {label.softmax(-1)[0]:.4f}")
```

```output
lead  0.0  softmax of labels 4.6052  labels over their sum 4.6052
lead  1.0  softmax of labels 4.5955  labels over their sum 3.6222
lead 10.0  softmax of labels 9.7372  labels over their sum 0.0045
share of the relevant item: 0.0267
```

### A perfect model does not cost zero

The lowest value is the entropy of the softmax of the relevances. It depends on the relevances and the length
of the list, so values of two lists cannot be compared. Subtract it, and what is left is [[kl_div]]: zero for a perfect
model. The gradient is the same.

```python
from lossary.functional import listnet

for size in (3, 30, 300):
    relevance = torch.arange(size) % 3.0
    target = relevance.softmax(-1)
    entropy = -(target * target.log()).sum()
    loss = listnet(relevance, relevance)
    print(f"{size:3} items: perfect model {loss.item():.4f}, less the entropy {(loss - entropy).abs().item():.4f}")
```

```output
  3 items: perfect model 0.8324, less the entropy 0.0000
 30 items: perfect model 3.1350, less the entropy 0.0000
300 items: perfect model 5.4376, less the entropy 0.0000
```

### A column of scores is a batch of lists of one item

A model returns one score per item, often with shape `(N, 1)`. The list is the last dimension, so that is N lists of one
item each. Their softmax is 1 whatever the score: the loss is zero, and so is the gradient.

```python
from lossary.functional import listnet

score = torch.tensor([[0.0], [1.0], [3.0]], requires_grad=True)
relevance = torch.tensor([[2.0], [1.0], [0.0]])
for name, loss in (
    ("column", listnet(score, relevance)),
    ("list  ", listnet(score.squeeze(1), relevance.squeeze(1))),
):
    print(name, round(loss.item(), 4), torch.autograd.grad(loss, score)[0].squeeze(1))
```

```output
column 0.0 tensor([0., 0., 0.])
list   2.655 tensor([-0.6232, -0.1305,  0.7538])
```

### Padding takes part unless it is far below everything

Lists of different lengths are filled up to one. Zeros are scores and relevances like any other: they get a share of the
target. Minus infinity gives zero times infinity, which is not a number. A large negative number in both, such as -1e9,
leaves the padding out. float16 cannot hold that; -1e4 is low enough there.

```python
from lossary.functional import listnet

score, relevance = torch.tensor([1.5, 0.2]), torch.tensor([2.0, 0.0])
print("without padding", listnet(score, relevance))
for padding in (0.0, float("-inf"), -1e9):
    padded = F.pad(score, (0, 3), value=padding), F.pad(relevance, (0, 3), value=padding)
    print(f"{padding:13}  ", listnet(*padded))
padded = F.pad(score.half(), (0, 3), value=-1e4), F.pad(relevance.half(), (0, 3), value=-1e4)
print("float16, -1e4  ", listnet(*padded))
```

```output
without padding tensor(0.3960)
          0.0   tensor(1.1729)
         -inf   tensor(nan)
-1000000000.0   tensor(0.3960)
float16, -1e4   tensor(0.3960, dtype=torch.float16)
```

### A list without a relevant item still pulls

Equal relevances are a target like any other: that all scores be equal. If zeros mean that nothing is known, leave the list
out. Where labels are taken without a softmax, such a list costs nothing.

```python
from lossary.functional import listnet

score = torch.tensor([2.0, 0.0, -1.0], requires_grad=True)
loss = listnet(score, torch.zeros(3))
print("softmax of labels", round(loss.item(), 4), torch.autograd.grad(loss, score)[0])
loss = F.cross_entropy(score, torch.zeros(3))
print("labels as they are", abs(loss.item()), torch.autograd.grad(loss, score)[0])
```

```output
softmax of labels 1.8365 tensor([ 0.5105, -0.2191, -0.2913])
labels as they are 0.0 tensor([0., 0., 0.])
```

## Relations

It is [[cross_entropy]] with the softmax of the relevances for a target.

    functional.listnet(scores, q) == F.cross_entropy(scores, q.softmax(-1))

Where the relevances are the logarithms of probabilities it is [[cross_entropy]] with those probabilities.

    functional.listnet(scores, q.log()) == F.cross_entropy(scores, q)

Less the entropy of the target, which no score changes, it is [[kl_div]] of the two softmaxes.

    functional.listnet(scores, q) - functional.listnet(q, q) ==
        F.kl_div(scores.log_softmax(-1), q.softmax(-1), reduction="batchmean")

For a list of two it is [[ranknet]], whose target is the sigmoid of the difference of the relevances.

    functional.listnet(scores[:, :2], q[:, :2]) ==
        functional.ranknet(scores[:, 0], scores[:, 1], (q[:, 0] - q[:, 1]).sigmoid())

## In other libraries

- `torch.nn.functional.cross_entropy(input, target.softmax(-1), reduction="none")`: For lists in rows.
- `optax.losses.ranking_softmax_loss(input, jax.nn.softmax(target, -1), reduce_fn=None)`: The labels are taken as they
  are, without a softmax or a sum of 1.
- `rax.softmax_loss(input, target, label_fn=lambda a, where: jax.nn.softmax(a, -1), reduce_fn=None)`: Without `label_fn`
  the labels are taken as they are.
- `tensorflow_ranking.python.keras.losses.SoftmaxLoss(reduction="none")(tensorflow.nn.softmax(target), input)`: The
  labels are divided by their sum, and each list is weighted by that sum.
- allRank `torch.stack([allrank.models.losses.listNet(x[None], y[None]) for x, y in zip(input, target)])`: The mean
  over the lists of a call. Adds 1e-10 to the probabilities before the logarithm, which stops the pull of items that
  are far too low. Items with a label of -1 are left out. Its `binary_listNet` divides the labels by their sum.
- [Sentence Transformers](https://sbert.net/docs/package_reference/cross_encoder/losses.html#listnetloss)
  `sentence_transformers.cross_encoder.losses.ListNetLoss(model)`

## References

- Zhe Cao, Tao Qin, Tie-Yan Liu, Ming-Feng Tsai and Hang Li (2007). Learning to rank: from pairwise approach to listwise
  approach. In *Proceedings of the 24th International Conference on Machine Learning, 129-136*.
  doi:10.1145/1273496.1273513
- Sebastian Bruch, Xuanhui Wang, Michael Bendersky and Marc Najork (2019). An analysis of the softmax cross entropy loss
  for learning-to-rank with binary relevance. In *Proceedings of the 2019 ACM SIGIR International Conference on Theory
  of Information Retrieval, 75-78*. doi:10.1145/3341981.3344221
"""

import torch

from lossary.declaration import (
    MARGIN_AXIS,
    HeatMap,
    Input,
    Kind,
    ListLook,
    Loss,
    Precision,
    Section,
    Symbolic,
    euler,
    exp,
    log,
    per,
    sum_over,
    terms,
)


def listnet(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = -(target.softmax(-1) * input.log_softmax(-1)).sum(-1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


SCORES_OF_LIST = Kind("scores, one for each item of a list", dims=("D",), sampler="logits", takes="scores")
RELEVANCES = Kind("relevances, one for each item of a list", dims=("D",), sampler="batch", takes="values")

loss = Loss(
    function=listnet,
    aliases=terms("ListNet loss"),
    tasks=("ranking", "distillation"),
    search_terms=terms(
        "listwise learning to rank; ranking softmax; listwise softmax loss; rax.softmax_loss; "
        "cross-entropy over a list of documents; top-one probability; graded relevance loss; "
        "softmax over the results of a query; reranker loss; probabilities of being ranked first; "
        "whole list at once; rank documents of a query; softmax cross-entropy of rankings; graded relevance; "
        "softmax of the relevances against softmax of the scores; "
        "top-one probabilities; TF-Ranking SoftmaxLoss; cross-entropy of two softmaxes over a list; "
        "listwise cross-entropy; reranking documents; relevance distribution over a list; "
        "CatBoost QuerySoftMax; "
        "order search results as a whole"
    ),
    concepts={
        "scale of the scores; order is right but loss is high": "The right order",
        "grades; temperature of the relevances": "The unit of the relevances",
        "binary relevance; binary_listNet; clicks": "Relevances of 0 and 1",
        "minimum is not zero; entropy of the target": "A perfect model",
        "loss is zero; shape (N, 1)": "A column of scores",
        "padding; mask; lists of different lengths; nan": "Padding takes part",
        "no relevant documents; all labels zero": "A list without",
    },
    answers={
        "ranking/list": ("A query has a list", "Only the order counts"),
        "distillation/scores": ("Scores of a better model", "Only the order counts"),
    },
    inputs=(
        Input("input", "x", (SCORES_OF_LIST,), "(*, D)", "the scores of the items of each list"),
        Input(
            "target",
            "y",
            (RELEVANCES,),
            "(*, D), same as input",
            "how relevant each item is: any real numbers, of which only the differences count",
        ),
    ),
    reductions=per("list", "the number of lists, which is 1 for inputs of one dimension"),
    formulas=(
        Symbolic(
            where={
                "q": lambda d, y, j, D: exp(y[d]) / sum_over(j, exp(y[j]), D),
                "L": lambda j, x, D: log(sum_over(j, exp(x[j]), D)),
            },
            meanings={
                "q": "the share of an item in the target",
                "L": "the log-sum-exp of the scores",
                "D": "the number of items of the list",
                "d": "runs over the items",
                "i": "runs over the items",
                "j": "runs over the items",
            },
            value=lambda q, d, L, x, D: sum_over(d, q[d] * (L - x[d]), D),
            gradient={
                "input": lambda q, d, L, x: exp(x[d] - L) - q[d],
                "target": lambda q, d, i, L, x, D: q[d] * (L - x[d] - sum_over(i, q[i] * (L - x[i]), D)),
            },
        ),
    ),
    precision=Precision(
        absolute=1.0,
        of_input=1.0,
        why="each score is subtracted from the logarithm of a total that holds it",
    ),
    sections=(
        Section(
            axis=MARGIN_AXIS,
            label="lead of the first item, difference of the two scores",
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input": [t, 0], "target": [y, 0]},
            branches={"relevances 1 and 0": 1.0, "relevances 3 and 0": 3.0, "equal relevances": 0.0},
            perfect=1.0,
            note="A list of two. The score of the second item is 0.",
            caption="Each curve is lowest where the scores are as far apart as the relevances, and is not zero there. A lead "
            "larger than that costs more again.",
            look=ListLook(("input",)),
        ),
    ),
    figures=(
        HeatMap(
            name="scores",
            title="ListNet over the scores of a list of three",
            labels=("score of the first item", "score of the second item"),
            spans=((-3.0, 5.0), (-3.0, 5.0)),
            inputs=lambda s, t: {"input": [s, t, 0], "target": [2, 1, 0]},
            note="The relevances are 2, 1 and 0; the score of the third item is 0.",
            caption="A bowl: the best scores are the relevances themselves, 2 and 1, and from there the loss rises in all "
            "directions, whether the order is right or not.",
        ),
    ),
    side_by_side={"differences": 'functional.listnet(score, relevance, reduction="none")'},
    example={
        "input": [[2.0, 0.5, -1.0], [0.2, 1.5, 0.3]],
        "target": [[2.0, 1.0, 0.0], [0.0, 1.0, 3.0]],
    },
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "gradient_lipschitz": 0.25,
        "bounded": False,
        "value_at_perfect": lambda: log(1 + euler) - euler / (1 + euler),
        "gradient_limits": lambda: (-euler / (1 + euler), 1 / (1 + euler)),
        "redescending": False,
    },
)
