r"""ListMLE

Takes the scores of a list in its true order, best item first. Items are imagined drawn one by one, each with a chance in
proportion to the exponential of its score; the loss is minus the logarithm of the probability of the true order.

## When to use it

- The order of a list is known, and nothing about how far apart its items are: a ranking by people, the finish of a race.
- A score is to have a meaning: in what is left of the list, the softmax of the scores is the chance of coming next. This
  is the model of Plackett and Luce, and the loss its likelihood.

## When not to

- Many items are tied, as with grades from 0 to 4. The loss wants one order. [[listnet]] takes grades, and [[ranknet]]
  leaves ties out or gives them a target of 0.5.
- Only the first places matter: [[listnet]]. Every place counts here, down to the last but one; position-aware
  ListMLE weights them.
- There are two items: [[bpr]] is the same and takes them as two tensors.

## Pitfalls

### The list must be sorted by relevance, not by score

There is no target: the order of the list is the target. Sort the scores by the relevances; for a batch of lists that is
`input.gather(-1, target.argsort(-1, descending=True))`. An unsorted list teaches the order in which the items happen to
stand, and scores sorted by themselves are in the right order by construction. Neither raises an error.

```python
from lossary.functional import listmle

score, relevance = torch.tensor([0.1, 2.0, 1.0, -1.0]), torch.tensor([3.0, 0.0, 1.0, 2.0])
by_relevance = score[relevance.argsort(descending=True)]
print("by relevance", listmle(by_relevance))
print("as it stands", listmle(score))
print("by score    ", listmle(score.sort(descending=True).values))
```

```output
by relevance tensor(7.0116)
as it stands tensor(2.8253)
by score     tensor(1.1697)
```

### Ties are broken by the order in which they stand

Of two items of equal relevance one has to come first. The loss asks for an order among them that is an accident of the
data, and a stable sort asks for the same one in every epoch. Below, four items have two grades: the tied ones drift apart
in training. Shuffled before each sort, they stay close.

```python
from lossary.functional import listmle

grade = torch.tensor([1.0, 1.0, 0.0, 0.0])
for shuffled in (False, True):
    draw = torch.Generator().manual_seed(0)
    score = torch.zeros(4, requires_grad=True)
    for _ in range(500):
        chance = torch.randperm(4, generator=draw) if shuffled else torch.arange(4)
        order = chance[grade[chance].argsort(descending=True, stable=True)]
        (slope,) = torch.autograd.grad(listmle(score[order]), score)
        score = (score - 0.1 * slope).detach().requires_grad_()
    within = (score[0] - score[1]).item(), (score[2] - score[3]).item()
    print(f"shuffled {shuffled!s:5}  lead of the first over its tie: {within[0]:+.1f} and {within[1]:+.1f}")
```

```output
shuffled False  lead of the first over its tie: +3.6 and +3.6
shuffled True   lead of the first over its tie: +0.4 and -0.1
```

### The value grows with the list, and the mean is over lists

The loss is a sum over the places. With equal scores it is the logarithm of the number of orders, so in the mean a long
list weighs more than a short one. Divide each list's value by its number of items if that is not what you want.

```python
from lossary.functional import listmle

for size in (2, 10, 100):
    loss = listmle(torch.zeros(size))
    print(f"{size:3} equal scores: {loss.item():7.3f}, logarithm of the orders {math.lgamma(size + 1):7.3f}")
```

```output
  2 equal scores:   0.693, logarithm of the orders   0.693
 10 equal scores:  15.104, logarithm of the orders  15.104
100 equal scores: 363.739, logarithm of the orders 363.739
```

### Padding must stand at the end and far below

Lists of different lengths are filled up to one. Zeros at the end are rivals of every item, and minus infinity less minus
infinity is not a number. A large negative number leaves the gradients of the items as they are, and adds to the value the
logarithm of the number of orders of the padding, here log 2.

```python
from lossary.functional import listmle

for padding in (None, 0.0, float("-inf"), -1e9):
    score = torch.tensor([1.5, 0.2, -1.0], requires_grad=True)
    loss = listmle(score if padding is None else F.pad(score, (0, 2), value=padding))
    print(f"{padding!s:13} {loss.item():.4f}", torch.autograd.grad(loss, score)[0])
```

```output
None          0.5668 tensor([-0.2618, -0.0303,  0.2921])
0.0           4.2214 tensor([-0.4447, -0.5084, -0.6966])
-inf          nan tensor([-0.2618, -0.0303,  0.2921])
-1000000000.0 1.2599 tensor([-0.2618, -0.0303,  0.2921])
```

### Subtracting the largest score is not enough

A running sum of exponentials overflows in float32 from a score of 89 on. Some libraries subtract the largest score first
and add a small constant inside the logarithm. Behind a clear winner the exponentials of the rest are then far smaller than
the constant: the value is wrong, and the order of the rest is not taught. The function on this page takes a softmax of its
own at each place. That needs memory for each pair of places.

```python
from lossary.functional import listmle


def running_sum(input):
    input = input - input.max()
    total = input.exp().flip(-1).cumsum(-1).flip(-1)
    return ((total + 1e-10).log() - input).sum()


score = torch.tensor([40.0, 1.0, 2.0], requires_grad=True)  # the last two are in the wrong order
for name, loss in (("running sum of exponentials", running_sum(score)), ("here", listmle(score))):
    print(name, round(loss.item(), 4), torch.autograd.grad(loss, score)[0])
```

```output
running sum of exponentials 30.9483 tensor([ 2.0000, -1.0000, -1.0000])
here 1.3133 tensor([ 0.0000, -0.7311,  0.7311])
```

### A running log-sum-exp of large scores loses its digits

For long lists `torch.logcumsumexp` saves memory: it needs a number for each place, not for each pair. But a log-sum-exp is
about as large as the scores and is rounded as they are, and its gradient is computed from it. With scores around 10000
float32 leaves the gradient three digits, and around 1e8 none. Subtract the largest score of each list first. Where one
score is far from the rest, as in the last row, that costs some digits itself.

```python
from lossary.functional import listmle


def running(input):
    return (input.flip(-1).logcumsumexp(-1).flip(-1) - input).sum(-1)


def less_the_largest(input):
    return running(input - input.max(-1, keepdim=True).values)


for scores in ([10.0] * 4, [1e4] * 4, [1e8] * 4, [1e4, 0.0, 0.0, 0.0]):
    score = torch.tensor(scores, requires_grad=True)
    print(f"{scores[0]:.0e}, then {scores[-1]:.0e}: gradient of the last", end="")
    for form in (running, less_the_largest, listmle):
        (slope,) = torch.autograd.grad(form(score), score)
        print(f"  {form.__name__} {slope[-1].item():.5f}", end="")
    print()
```

```output
1e+01, then 1e+01: gradient of the last  running 1.08333  less_the_largest 1.08333  listmle 1.08333
1e+04, then 1e+04: gradient of the last  running 1.08214  less_the_largest 1.08333  listmle 1.08333
1e+08, then 1e+08: gradient of the last  running 0.00000  less_the_largest 1.08333  listmle 1.08333
1e+04, then 0e+00: gradient of the last  running 0.83333  less_the_largest 0.83390  listmle 0.83333
```

### A column of scores is a batch of lists of one item

The list is the last dimension. Scores of shape `(N, 1)`, as a linear layer returns them, are N lists with one order
each: the loss is zero, and so is the gradient. Squeeze the last dimension.

```python
from lossary.functional import listmle

score = torch.tensor([[0.0], [1.0], [2.0]], requires_grad=True)
for name, loss in (("column", listmle(score)), ("list  ", listmle(score.squeeze(1)))):
    print(name, round(loss.item(), 4), torch.autograd.grad(loss, score)[0].squeeze(1))
```

```output
column 0.0 tensor([0., 0., 0.])
list   3.7209 tensor([-0.9100, -0.4863,  1.3963])
```

## Relations

For a list of two it is [[bpr]].

    functional.listmle(scores[:, :2]) == functional.bpr(scores[:, 0], scores[:, 1])

It is a sum of [[cross_entropy]]: of the first item against the whole list, of the second against what is left, and so on.

    functional.listmle(scores) == sum(F.cross_entropy(scores[:, k:], torch.zeros_like(classes)) for k in range(5))

If the places are times, and all have the event, [[cox_partial_likelihood]] is its mean over the items: who has the event
first comes first in the list.

    functional.listmle(scores) / 5 == functional.cox_partial_likelihood(
        scores, torch.arange(5.0).expand(8, 5), torch.ones(8, 5)
    )

## In other libraries

- `rax.listmle_loss(input, jax.numpy.broadcast_to(-jax.numpy.arange(input.shape[-1]), input.shape), reduce_fn=None)`:
  For scores and relevances in any order. Where scores are equal, its gradient differs from that of the formula. Without
  `key` items of equal relevance come in the order in which they stand.
- `keras_rs.losses.ListMLELoss(reduction=None)(torch.arange(input.shape[-1], 0, -1).expand(input.shape), input)`: For
  relevances and scores in any order. Subtracts the largest score and adds 1e-10 to the sums; items with a negative
  relevance are left out.
- TensorFlow Ranking
  `tensorflow_ranking.python.keras.losses.ListMLELoss(reduction="none")(tensorflow.zeros_like(input) + tensorflow.range(float(input.shape[-1]), 0, -1), input)[:, 0]`:
  For relevances and scores in any order. Ties are broken at random.
- allRank `torch.stack([allrank.models.losses.listMLE(x[None], torch.arange(len(x), 0, -1)[None]) for x in input])`:
  For relevances and scores in any order; the mean over the lists of a call. Shuffles before it sorts. Subtracts the
  largest score and adds 1e-10 to the sums.
- [Sentence Transformers](https://sbert.net/docs/package_reference/cross_encoder/losses.html#listmleloss)
  `sentence_transformers.cross_encoder.losses.ListMLELoss(model, respect_input_order=True)`: Sorts by the labels only with
  `respect_input_order=False`. Its `PListMLELoss` weights the places and is another loss.

## References

- Fen Xia, Tie-Yan Liu, Jue Wang, Wensheng Zhang and Hang Li (2008). Listwise approach to learning to rank: theory and
  algorithm. In *Proceedings of the 25th International Conference on Machine Learning, 1192-1199*.
  doi:10.1145/1390156.1390306
- R. L. Plackett (1975). The Analysis of Permutations. *Journal of the Royal Statistical Society. Series C (Applied
  Statistics) 24(2), 193-202*. doi:10.2307/2346567
- Yanyan Lan, Yadong Zhu, Jiafeng Guo, Shuzi Niu and Xueqi Cheng (2014). Position-aware ListMLE: a sequential learning
  process for ranking. In *Proceedings of the Thirtieth Conference on Uncertainty in Artificial Intelligence, 449-458*.
"""

import numpy as np
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
    exp,
    log,
    per,
    sum_over,
    terms,
)
from lossary.declaration.values import Arrays, Setting


def listmle(input: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    # in row i: the places before i, whose items are gone
    gone = torch.ones(input.shape[-1], input.shape[-1], dtype=torch.bool, device=input.device).tril(-1)
    left = input.unsqueeze(-2).masked_fill(gone, -torch.inf)
    loss = -left.log_softmax(-1).diagonal(dim1=-2, dim2=-1).sum(-1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _batches(setting: Setting) -> list[Arrays]:
    """Lists of two, three and five items, whose scores are close together, apart, and far apart."""
    rng = np.random.default_rng(11)
    return [
        {"input": np.concatenate([scale * rng.normal(size=(12, items)) for scale in (0.1, 1.0, 10.0)])}
        for items in (2, 3, 5)
    ]


ORDERED_SCORES = Kind("scores in the true order, best item first", dims=("D",), sampler="logits", takes="scores")

loss = Loss(
    function=listmle,
    aliases=terms("ListMLE loss; list MLE; Plackett-Luce loss; Plackett-Luce negative log-likelihood"),
    tasks=("ranking", "preference"),
    search_terms=terms(
        "listwise learning to rank; maximum likelihood of a permutation; likelihood of a ranking; order of finish; "
        "ranked preferences of several answers; PListMLE; exploded logit; likelihood of the right order; "
        "Plackett-Luce; permutation probability; rank a whole list; whole ordering known; "
        "probability of the observed ranking; "
        "likelihood of the true permutation; Plackett-Luce model of permutations; "
        "likelihood of choosing items one after the other; sort a list by likelihood"
    ),
    concepts={
        "sort by relevance; argsort descending; target of ListMLE": "The list must be",
        "ties; equal relevance; shuffle": "Ties are broken",
        "long lists; normalise by length; log factorial": "The value grows",
        "padding; mask; lists of different lengths; nan": "Padding must",
        "overflow of exp; cumsum; epsilon 1e-10": "Subtracting the largest",
        "logcumsumexp; reverse cumulative sum; memory of long lists": "A running log-sum-exp",
        "loss is zero; shape (N, 1)": "A column of scores",
    },
    answers={
        "ranking/list": ("The order of a list", "Many items are tied"),
        "preference/model": ("The order of a list", "There are two items"),
    },
    inputs=(
        Input(
            "input",
            "x",
            (ORDERED_SCORES,),
            "(*, D)",
            "the scores of each list's items, sorted by their true order: the item that should come first stands first",
        ),
    ),
    batches=_batches,
    reductions=per("list", "the number of lists, which is 1 for an input of one dimension"),
    formulas=(
        Symbolic(
            where={"left": lambda x, d, j, D: sum_over(j, exp(x[j]), D, where=j >= d)},
            notation={"left": "R"},
            meanings={
                "left": "the total of the exponentials from one place to the end",
                "D": "the number of items of the list",
                "d": "runs over the places, from the first",
                "i": "runs over the places",
                "j": "runs over the places",
            },
            value=lambda x, d, j, D: sum_over(d, log(sum_over(j, exp(x[j]), D, where=j >= d)) - x[d], D),
            gradient={"input": lambda x, d, i, D, left: exp(x[d]) * sum_over(i, 1 / left[i], D, where=i <= d) - 1},
        ),
    ),
    precision=Precision(absolute=1.0, why="a share that is nearly 1 is rounded before its logarithm is taken"),
    sections=(
        Section(
            axis=MARGIN_AXIS,
            label="lead of the first item, difference of the two scores",
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input": [t, 0]},
            branches={"": 1.0},
            perfect=float("inf"),
            note="A list of two. The score of the second item is 0.",
            caption="With two items there is one comparison, and the loss is that of a pair. It falls as the lead grows, and does "
            "not reach zero.",
            look=ListLook(("input",)),
        ),
    ),
    figures=(
        HeatMap(
            name="scores",
            title="ListMLE over the scores of a list of three",
            labels=("score of the first item", "score of the second item"),
            spans=((-3.0, 5.0), (-3.0, 5.0)),
            inputs=lambda s, t: {"input": [s, t, 0]},
            note="The score of the third item is 0.",
            caption="There is no lowest point. The loss is small in the wedge to the right, where the first item leads the "
            "second and the second leads the third, and it goes on falling as both leads grow.",
        ),
    ),
    side_by_side={"differences": 'functional.listmle(score, reduction="none")'},
    example={"input": [[2.0, 0.5, -1.0], [0.2, 1.5, 0.3]]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": 1,
        "gradient_lipschitz": 0.25,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1, 0),
        "redescending": False,
    },
)
