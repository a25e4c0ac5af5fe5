r"""RankNet

Takes two scores and the probability that the first item should come first. The difference of the scores is read as the
log-odds of that probability, and the loss is the binary cross-entropy between the two.

## When to use it

- You know which of two items should come first: clicks, grades, comparisons by people. Score both with the same model;
  at test time it needs one item at a time.
- Some comparisons are uncertain. A target between 0 and 1 says how often the first item wins, and 0.5 is a tie.
- You want the chance that one item beats another: the sigmoid of the difference of their scores estimates it.

The gradients with respect to the two scores are equal and opposite.

## When not to

- Pairs that are already in order with room to spare should be left alone: [[margin_ranking]].
- Only the top of the list matters: [[listnet]]. The loss here does not know where in the list a pair stands; see
  below.
- A query has a list of graded results, and its pairs are too many: [[listnet]] takes the list at once.
- Each comparison has one winner and no doubt, such as an item that was bought and one that was not: [[bpr]] is this loss
  with the target 1, and needs no labels.

## Pitfalls

### A label of -1 makes the loss negative without limit

[[margin_ranking]] has the labels 1 and -1. Here the target is a probability, and 0 means that the second item should
come first. With -1 the loss has no lowest value: it keeps falling as the second score rises above the first.

```python
from lossary.functional import ranknet

second = torch.tensor([1.0, 10.0, 100.0])
for label in (0.0, -1.0):
    target = torch.full((3,), label)
    print(label, ranknet(torch.zeros(3), second, target, reduction="none"))
```

```output
0.0 tensor([3.1326e-01, 4.5776e-05, 0.0000e+00])
-1.0 tensor([  -0.6867,  -10.0000, -100.0000])
```

### A tie pulls the two scores together

Items of equal grade have the target 0.5. Such a pair costs at least log 2, and it pulls the scores together wherever they
differ. That is right where the two are known to be equally good. To say nothing about a pair, leave it out.

```python
from lossary.functional import ranknet

first = torch.tensor([-2.0, 0.0, 2.0], requires_grad=True)
loss = ranknet(first, torch.zeros(3), torch.full((3,), 0.5), reduction="none")
print("loss    ", loss.detach())
print("gradient", torch.autograd.grad(loss.sum(), first)[0])
```

```output
loss     tensor([1.1269, 0.6931, 1.1269])
gradient tensor([-0.3808,  0.0000,  0.3808])
```

### After a sigmoid the scores cannot lead by enough

The loss applies a sigmoid to the difference itself. If the model ends in one as well, two scores differ by at most 1, and
no pair costs less than 0.31, however good the model is. Use raw scores.

```python
from lossary.functional import ranknet

best, worst = torch.tensor([20.0]), torch.tensor([-20.0])
print("raw scores   ", ranknet(best, worst, torch.ones(1)))
print("after sigmoid", ranknet(best.sigmoid(), worst.sigmoid(), torch.ones(1)))
```

```output
raw scores    tensor(4.2484e-18)
after sigmoid tensor(0.3133)
```

### A mistake at the bottom of the list costs as much as one at the top

The loss sees pairs, not positions. Below, two neighbours are swapped, first at the top of a list, then at its end, and
the loss over all pairs is the same. A measure such as NDCG tells the two apart. LambdaRank starts there: it multiplies
the gradient of each pair by how much that measure would change if the two were swapped.

```python
from lossary.functional import ranknet


def over_pairs(scores):  # the list is in its true order
    first, second = torch.triu_indices(5, 5, offset=1)
    return ranknet(scores[first], scores[second], torch.ones(10))


def ndcg(scores):
    gain, discount = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0]), torch.arange(2.0, 7.0).log2()
    return (gain[scores.argsort(descending=True)] / discount).sum() / (gain / discount).sum()


for name, scores in (("top   ", [3.0, 4.0, 2.0, 1.0, 0.0]), ("bottom", [4.0, 3.0, 2.0, 0.0, 1.0])):
    scores = torch.tensor(scores)
    print(f"swapped at the {name} loss {over_pairs(scores):.4f}  NDCG {ndcg(scores):.4f}")
```

```output
swapped at the top    loss 0.2749  NDCG 0.9496
swapped at the bottom loss 0.2749  NDCG 0.9940
```

### A long list outweighs the short ones

A list of 100 results has 4950 pairs, one of 10 has 45. In one mean over the pairs of both, the long list decides almost
alone: below it is in order, the short one is upside down, and the mean hardly shows it. Average over the pairs of each
list first.

```python
from lossary.functional import ranknet


def pairs(scores):
    first, second = torch.triu_indices(len(scores), len(scores), offset=1)
    return ranknet(scores[first], scores[second], torch.ones(len(first)), reduction="none")


good = pairs(torch.linspace(50.0, -50.0, 100))  # in order
bad = pairs(torch.linspace(-5.0, 5.0, 10))  # upside down
for name, pair in (("long list ", good), ("short list", bad), ("both      ", torch.cat((good, bad)))):
    print(f"{name} {len(pair):4} pairs, mean {pair.mean():.4f}")
print(f"mean of the two lists' means {(good.mean() + bad.mean()) / 2:.4f}")
```

```output
long list  4950 pairs, mean 0.0101
short list   45 pairs, mean 4.1569
both       4995 pairs, mean 0.0475
mean of the two lists' means 2.0835
```

### Labels must be floats

Labels that come from a comparison are booleans, and PyTorch refuses those as well as integers.

```python
from lossary.functional import ranknet

grade1, grade2 = torch.tensor([3, 0]), torch.tensor([1, 2])
for target in (grade1 > grade2, (grade1 > grade2).long(), (grade1 > grade2).float()):
    try:
        print(target.dtype, ranknet(torch.tensor([0.5, 0.1]), torch.zeros(2), target))
    except RuntimeError as error:
        print(target.dtype, str(error).partition(". ")[0])
```

```output
torch.bool Subtraction, the `-` operator, with two bool tensors is not supported
torch.int64 result type Float can't be cast to the desired output type Long
torch.float32 tensor(0.6092)
```

## Relations

It is [[bce_with_logits]] of the difference of the scores.

    functional.ranknet(input, target, label) == F.binary_cross_entropy_with_logits(input - target, label)

With the labels 0 and 1 it is [[soft_margin]] of the difference, which takes them as -1 and 1.

    functional.ranknet(input, target, label) == F.soft_margin_loss(input - target, 2 * label - 1)

Where the first item is known to come first, it is [[bpr]].

    functional.ranknet(input, target, torch.ones_like(input)) == functional.bpr(input, target)

A softmax over the two scores gives the same probability, so it is [[cross_entropy]] over two classes.

    functional.ranknet(scores[:, 0], scores[:, 1], p[:, 0]) ==
        F.cross_entropy(scores[:, :2], torch.stack((p[:, 0], 1 - p[:, 0]), 1))

Of ever larger scores it becomes [[margin_ranking]] with the margin 0, divided by the same factor.

    functional.ranknet(1e6 * input, 1e6 * target, label) / 1e6 ==
        F.margin_ranking_loss(input, target, 2 * label - 1)  # within 1e-5

## In other libraries

- `torch.nn.functional.binary_cross_entropy_with_logits(input1 - input2, target, reduction="none")`
- `rax.pairwise_logistic_loss(jax.numpy.stack([input1, input2], -1), jax.numpy.stack([target, 1 - target], -1), reduce_fn=None).sum(-1)`:
  For lists of scores and relevances: the mean over all pairs of unequal relevance by default. Only the order of two
  relevances counts, so it agrees where the target is 0 or 1.
- `keras_rs.losses.PairwiseLogisticLoss(reduction=None)(torch.stack([target, 1 - target], -1).reshape(-1, 2), torch.stack([input1, input2], -1).reshape(-1, 2)).sum(-1).reshape(target.shape)`:
  For lists of relevances and scores; divided by batch times list by default. Only the order of two relevances counts, so
  it agrees where the target is 0 or 1. At equal scores its gradient is zero where PyTorch is the backend.
- TensorFlow Ranking
  `tensorflow.reduce_sum(tensorflow_ranking.python.keras.losses.PairwiseLogisticLoss(reduction="none")(tensorflow.reshape(tensorflow.stack([target, 1 - target], -1), (-1, 2)), tensorflow.reshape(tensorflow.stack([input1, input2], -1), (-1, 2))), -1)`:
  Divided by the number of items by default. Only the order of two relevances counts, so it agrees where the target is
  0 or 1.
- `allrank.models.losses.rankNet(torch.stack([input1, input2], -1).reshape(-1, 2), torch.stack([target, 1 - target], -1).reshape(-1, 2))`
  at target=1: For lists of scores and relevances: the mean over the pairs of unequal relevance of all lists together.
- [Sentence Transformers](https://sbert.net/docs/package_reference/cross_encoder/losses.html#ranknetloss)
  `sentence_transformers.cross_encoder.losses.RankNetLoss(model, sigma=1.0)`: The logarithm has the base 2 unless
  `reduction_log="natural"`; sigma multiplies the differences.
- [XGBoost](https://xgboost.readthedocs.io/en/latest/parameter.html) `objective="rank:pairwise"`: Relevances
  within query groups, of which only the order counts.

## References

- Chris Burges, Tal Shaked, Erin Renshaw, Ari Lazier, Matt Deeds, Nicole Hamilton and Greg Hullender (2005). Learning to
  rank using gradient descent. In *Proceedings of the 22nd International Conference on Machine Learning, 89-96*.
  doi:10.1145/1102351.1102363
- Christopher J. C. Burges (2010). From RankNet to LambdaRank to LambdaMART: An Overview. Technical report
  MSR-TR-2010-82, Microsoft Research.
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    BINARY,
    LOGISTIC,
    MARGIN_AXIS,
    REAL,
    REAL_TARGET,
    Input,
    Kind,
    ListLook,
    Loss,
    Precision,
    Section,
    Symbolic,
    per,
    sigmoid,
    softplus,
    terms,
)


def ranknet(
    input1: torch.Tensor, input2: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean"
) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(input1 - input2, target, reduction=reduction)


FIRST = Kind("scores (any real number)", values=REAL.values, takes="scores")
SECOND = Kind("scores (any real number)", values=REAL_TARGET.values, takes="scores")

loss = Loss(
    function=ranknet,
    aliases=terms("pairwise logistic loss; pairwise logistic; RankNet loss"),
    tasks=("ranking", "preference"),
    search_terms=terms(
        "learning to rank pairwise loss; probability that one item beats another; smooth pairwise ranking loss; "
        "rank:pairwise; LambdaRank without weights; preference probability; comparisons by people; "
        "probability that one document ranks above another; web search ranking; score difference through a sigmoid; "
        "pairwise learning to rank; document pairs; pairs of documents; neural ranking of pairs; "
        "cross-entropy of a score difference; XGBoost rank:pairwise; "
        "probability that one is ranked above the other; pairwise click preferences; "
        "log(1 + exp(-(s1 - s2))); LightGBM lambdarank without weights; "
        "comparisons that a is better than b"
    ),
    concepts={
        "labels -1 and 1; negative loss": "A label of -1",
        "ties; equal relevance; soft labels": "A tie pulls",
        "sigmoid output; loss stuck above zero": "After a sigmoid",
        "LambdaRank; NDCG; position in the list": "A mistake at the bottom",
        "all pairs of a query; lists of different lengths": "A long list",
        "result type Float can't be cast to the desired output type Long; boolean labels": "Labels must be",
    },
    answers={
        "ranking/pairs": ("Some comparisons are uncertain", "A query has a list"),
        "preference/model": ("Some comparisons are uncertain", "Each comparison has one"),
    },
    inputs=(
        Input("input1", "x1", (FIRST,), "(*)", "the scores of the first items"),
        Input("input2", "x2", (SECOND,), "(*), same as input1", "the scores of the second items"),
        Input(
            "target",
            "y",
            (BINARY,),
            "(*), same as input1",
            "the probability that the first item comes first: 1 where it should, 0 where the second should, 0.5 for a tie",
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda x1, x2, y: softplus(x1 - x2) - y * (x1 - x2),
            gradient={
                "input1": lambda x1, x2, y: sigmoid(x1 - x2) - y,
                "input2": lambda x1, x2, y: y - sigmoid(x1 - x2),
                "target": lambda x1, x2: x2 - x1,
            },
        ),
    ),
    precision=Precision(
        absolute=1.0,
        of_input=1.0,
        why="it subtracts a log-sigmoid from the difference, which is rounded first, so that a loss much smaller than "
        "the scores loses its digits",
    ),
    sections=(
        Section(
            axis=MARGIN_AXIS,
            label="lead of the first item, input1 − input2",
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input1": t, "input2": 0, "target": y},
            branches={"target 1": 1.0, "target 0.5": 0.5, "target 0": 0.0},
            perfect={"target 1": float("inf"), "target 0": float("-inf")},
            target_values="binary",
            link="sigmoid",
            note="One pair. The second score is 0, so the first score is the difference of the two.",
            caption="With the target 1 a lead costs less the larger it is, and a large lag about its own size. A tie costs "
            "least at equal scores, and even there it costs log 2.",
            look=ListLook(("input1", "input2")),
        ),
    ),
    reductions=per("pair"),
    side_by_side={
        "differences": 'functional.ranknet(first, second, torch.ones_like(first), reduction="none").mean(-1)',
    },
    example={"input1": [2.0, 0.3, -1.0, 0.5], "input2": [1.0, 0.8, 0.5, 0.4], "target": [1.0, 1.0, 0.0, 0.5]},
    properties=LOGISTIC,
)
