r"""Margin ranking

Takes two scores and a label that says which should be higher. It should lead by at least a margin; the loss is how
far that lead falls short.

## When to use it

- You know which of two items should come first, and nothing about how good either is: preferences,
  clicks against skipped results, comparisons by people. Score both with the same model.
- Only the order matters in the end. Adding a constant to all scores does not change the loss.
- Pairs that are in order, with some room to spare, should be left alone. Set `margin` to that room.

The gradients with respect to the two scores are equal and opposite.

## When not to

- You want every pair to have a gradient, or a probability that one item beats the other:
  [[ranknet]] and [[bpr]] are smooth versions.
- A query has a whole list of graded results: [[listnet]] and [[listmle]] take the list at once, without its
  pairs.
- The two numbers are distances from one anchor: [[triplet_margin]] computes them for you.
- One of several classes is right: [[multi_margin]], or [[cross_entropy]] for probabilities.
- The numbers themselves must be right, and not only their order: [[mse]] or [[huber]].

## Pitfalls

### With the default margin a model that scores everything alike has loss zero

`margin` is 0 unless you set it. A pair with equal scores then costs nothing, so a constant function
has the loss zero, and smaller scores have a smaller loss in the same order. A small loss therefore
says nothing about the ranking. Set a margin, and watch the share of pairs in the right order beside
the loss. Below, one pair is in order and the other is not.

```python
target = torch.ones(2)
same = torch.tensor([0.5, 0.5])
first = torch.tensor([1.0, 2.0])
second = torch.tensor([2.0, 1.0])

for margin in (0.0, 1.0):
    print("margin", margin)
    print("  all alike      ", F.margin_ranking_loss(same, same, target, margin=margin))
    for scale in (1.0, 0.01):
        loss = F.margin_ranking_loss(scale * first, scale * second, target, margin=margin)
        print(f"  scores times {scale:<4}", loss)
```

```output
margin 0.0
  all alike       tensor(0.)
  scores times 1.0  tensor(0.5000)
  scores times 0.01 tensor(0.0050)
margin 1.0
  all alike       tensor(1.)
  scores times 1.0  tensor(1.)
  scores times 0.01 tensor(1.)
```

### Sizes are broadcast without a warning

The three tensors must have the same number of dimensions; where their sizes differ, they are
broadcast if they can be. A column against a row compares every first item with every second one. That
is useful for all pairs of a list. By accident it compares items that were never paired, with labels
that belong to other pairs. Below both pairs are in the right order.

```python
first = torch.tensor([[2.0], [0.0]])
second = torch.tensor([[1.0], [3.0]])
target = torch.tensor([[1.0], [-1.0]])

print(F.margin_ranking_loss(first, second, target, reduction="none").flatten())
print(F.margin_ranking_loss(first, second.T, target, reduction="none"))
```

```output
tensor([0., 0.])
tensor([[0., 1.],
        [0., 0.]])
```

### One label for a row, or for the batch, needs as many dimensions as the scores

Where the number of dimensions differs, the call fails, even for a single label that is meant for
everything. Give the label as many dimensions as the scores, of size one wherever it is shared.

```python
first, second = torch.ones(4, 2), torch.zeros(4, 2)

for target in (torch.ones(4), torch.tensor(1.0), torch.ones(4, 1), torch.ones(1, 1)):
    try:
        loss = F.margin_ranking_loss(first, second, target, margin=2.0)
        print(tuple(target.shape), loss)
    except RuntimeError as error:
        print(tuple(target.shape), "RuntimeError:", str(error)[:70])
```

```output
(4,) RuntimeError: margin_ranking_loss : All input tensors should have same dimension but
() RuntimeError: margin_ranking_loss : All input tensors should have same dimension but
(4, 1) tensor(1.)
(1, 1) tensor(1.)
```

### A tie, or a label of 0, costs the margin and teaches nothing

A label of 0 removes the scores from the formula. What is left is the margin, a constant: the scores
get no gradient, and the mean counts the pair all the same. Labels 0 and 1 lead to this, and so does
the sign of the difference of two equal grades. Drop ties, and turn labels 0 and 1 into -1 and 1 with
`2 * label - 1`.

```python
first = torch.tensor([0.5], requires_grad=True)
second = torch.tensor([0.2])

for label in (1.0, -1.0, 0.0):
    loss = F.margin_ranking_loss(first, second, torch.tensor([label]), margin=1.0)
    print(label, round(loss.item(), 4), torch.autograd.grad(loss, first)[0])
```

```output
1.0 0.7 tensor([-1.])
-1.0 1.3 tensor([1.])
0.0 1.0 tensor([-0.])
```

### Labels that are not 1 or -1 act as weights

The difference of the scores is multiplied by the target, whatever it is. A target of 3, say a
difference of two grades, multiplies the gradient by 3, and a third of the margin is then enough. Take
the sign, and multiply the unreduced loss if you mean to weight.

```python
first = torch.tensor([0.0, 0.4], requires_grad=True)
second = torch.zeros(2)

for target in (torch.tensor([3.0, 3.0]), torch.tensor([1.0, 1.0])):
    loss = F.margin_ranking_loss(first, second, target, margin=1.0, reduction="none")
    print(loss.detach(), torch.autograd.grad(loss.sum(), first)[0])
```

```output
tensor([1., 0.]) tensor([-3., -0.])
tensor([1.0000, 0.6000]) tensor([-1., -1.])
```

### Exactly at the margin the pair still pulls

At the corner PyTorch takes the slope of the side that costs, not zero. With the default margin that
point is the tie. So a model whose scores are all equal, for example because its last layer starts at
zero, has a loss of zero and a full gradient.

```python
first = torch.zeros(2, requires_grad=True)
second = torch.zeros(2, requires_grad=True)

loss = F.margin_ranking_loss(first, second, torch.ones(2), reduction="sum")
print(loss.item(), *torch.autograd.grad(loss, (first, second)))
```

```output
0.0 tensor([-1., -1.]) tensor([1., 1.])
```

## Relations

With `margin=1` it is the [[hinge|hinge loss]] of the difference of the two scores.

    F.margin_ranking_loss(input, target, 2 * label - 1, margin=1.0) == functional.hinge(input - target, 2 * label - 1)

With `margin=0` it is what [[ranknet]] of ever larger scores becomes, divided by the same factor.

    F.margin_ranking_loss(input, target, 2 * label - 1) ==
        functional.ranknet(1e6 * input, 1e6 * target, label) / 1e6  # within 1e-5

With the default margin it is the [[perceptron|perceptron]] loss of the difference.

    F.margin_ranking_loss(input, target, 2 * label - 1) == functional.perceptron(input - target, 2 * label - 1)

With the distances from an anchor to a negative and to a positive as scores, and `margin=1`, it is
[[triplet_margin]].

    F.margin_ranking_loss(F.pairwise_distance(scores, q), F.pairwise_distance(scores, p), torch.ones(8).double(), margin=1.0) ==
        F.triplet_margin_loss(scores, p, q)

With `margin=1`, half of it is [[multi_margin]] over two classes.

    F.margin_ranking_loss(scores[:, 0], scores[:, 1], 1 - 2 * (classes % 2).double(), margin=1.0) / 2 ==
        F.multi_margin_loss(scores[:, :2], classes % 2)

With a margin that no pair reaches, less that margin, it is [[wgan_critic]].

    F.margin_ranking_loss(input, target, torch.ones_like(input), margin=2.0**20) - 2.0**20 ==
        functional.wgan_critic(input, target)  # within 1e-8

## In other libraries

- `mlx.nn.losses.margin_ranking_loss(input1, input2, target, margin=margin, reduction="none")`: No reduction by
  default.
- `mindspore.nn.MarginRankingLoss(margin=margin, reduction="none")(input1, input2, target)`
- TensorFlow Ranking
  `tensorflow.reduce_sum(tensorflow_ranking.python.keras.losses.PairwiseHingeLoss(reduction="none")(tensorflow.reshape(tensorflow.stack([target + 1, 1 - target], -1), (-1, 2)), tensorflow.reshape(tensorflow.stack([input1, input2], -1), (-1, 2))), -1)`
  at margin=1: All pairs of a list with unequal relevance count; divided by the number of items by default. Items with
  a negative relevance are left out.
- `keras_rs.losses.PairwiseHingeLoss(reduction="sum")((torch.stack([target, -target], -1).reshape(-1, 2) + 1) / 2, torch.stack([input1, input2], -1).reshape(-1, 2))`
  at margin=1: For lists of relevances and scores; all pairs of a list with unequal relevance count, divided by batch
  times list with the default reduction. Items with a negative relevance are left out.
- `rax.pairwise_hinge_loss(jax.numpy.stack([input1, input2], -1), jax.numpy.stack([target, -target], -1))` at
  margin=1: For lists of scores and relevances: the mean over all pairs of unequal relevance.

## References

- Ralf Herbrich, Thore Graepel and Klaus Obermayer (2000). Large Margin Rank Boundaries for Ordinal
  Regression. In *Advances in Large Margin Classifiers (MIT Press), 115-132*.
- Thorsten Joachims (2002). Optimizing search engines using clickthrough data. In *Proceedings of the eighth
  ACM SIGKDD international conference on Knowledge discovery and data mining, 133-142*.
  doi:10.1145/775047.775067
"""

from lossary.declaration import (
    MARGIN_AXIS,
    REAL,
    REAL_TARGET,
    SIGN,
    HeatMap,
    Input,
    Kind,
    ListLook,
    Loss,
    Parameter,
    Precision,
    Section,
    Symbolic,
    cases,
    maximum,
    per,
    terms,
)

FIRST = Kind("scores (any real number)", values=REAL.values, takes="scores")
SECOND = Kind("scores (any real number)", values=REAL_TARGET.values, takes="scores")

loss = Loss(
    torch="torch.nn.MarginRankingLoss",
    functional="torch.nn.functional.margin_ranking_loss",
    aliases=terms(
        "margin ranking loss; F.margin_ranking_loss; margin_ranking_loss; pairwise hinge; pairwise hinge loss"
    ),
    tasks=("ranking", "preference"),
    search_terms=terms(
        "learning to rank pairwise loss; loss that compares two scores; preference pairs hinge; "
        "ranking loss margin 0; PairwiseHingeLoss; pairwise hinge; pairwise_hinge; pairwise; ranking SVM loss; "
        "rax.pairwise_hinge_loss; margin_ranking_loss : All input tensors should have same dimension but got sizes; "
        "first should be higher than second; which of two is better; order of two inputs; x1, x2 and y; "
        "pairwise comparison; rank one above the other; pairwise hinge of scores; ordering of two items; "
        "item one should score higher than item two; pairwise hinge of two scores; "
        "which of two is better by a margin; target 1 if the first should rank higher; "
        "max(0, -y (x1 - x2) + margin)"
    ),
    concepts={
        "ranking loss margin 0; all scores alike": "With the default margin",
        "ties; labels 0 and 1": "A tie, or a label",
        "margin_ranking_loss : All input tensors should have same dimension but got sizes": "One label for a row",
        "choosing the margin": "margin",
        "weighted pairs": "Labels that are not",
        "all pairs of a list; broadcasting": "Sizes are broadcast",
    },
    answers={
        "ranking/pairs": ("Only the order matters", "You want every pair"),
        "ranking/chosen": ("You know which of two", "A query has a whole"),
    },
    inputs=(
        Input("input1", "x1", (FIRST,), "(*)", "the scores of the first items"),
        Input("input2", "x2", (SECOND,), "(*), same as input1", "the scores of the second items"),
        Input(
            "target",
            "y",
            (SIGN,),
            "(*), same as input1",
            "1 where the first item should have the higher score, -1 where the second should",
        ),
    ),
    parameters=(
        Parameter(
            "margin",
            0.0,
            "by how much the score that should be higher must be higher before a pair costs nothing",
            typical=(0.0, 0.5, 1.0),
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda x1, x2, y, margin: maximum(0, -y * (x1 - x2) + margin),
            gradient={
                "input1": lambda x1, x2, y, margin: cases((-y, -y * (x1 - x2) + margin >= 0), (0, True)),
                "input2": lambda x1, x2, y, margin: cases((y, -y * (x1 - x2) + margin >= 0), (0, True)),
                "target": lambda x1, x2, y, margin: cases((x2 - x1, -y * (x1 - x2) + margin >= 0), (0, True)),
            },
        ),
    ),
    precision=Precision(
        of_input=1.0,
        why="it adds the margin to a difference that is rounded first, so that close to the margin the digits of the "
        "scores are lost",
    ),
    sections=(
        Section(
            axis=MARGIN_AXIS,
            label="lead of the item that should come first, target × (input1 − input2)",
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input1": t, "input2": 0, "target": y},
            branches={"": 1.0},
            perfect=float("inf"),
            kinks=(lambda margin: margin,),
            note="One pair. The target is 1 and the second score is 0, so the first score is the difference of the two.",
            caption="Left of the mark the loss is a straight line: every pair in the wrong order has the same gradient, "
            "however wrong it is. Right of it the pair costs nothing and has no gradient.",
            look=ListLook(("input1", "input2")),
        ),
    ),
    figures=(
        HeatMap(
            name="scores",
            title="Margin ranking over the two scores",
            labels=("score of the first item", "score of the second item"),
            spans=((-3.0, 3.0), (-3.0, 3.0)),
            inputs=lambda s, t: {"input1": s, "input2": t, "target": 1},
            note="The target is 1: the first item should come first.",
            caption="Lines of equal loss are parallel to the diagonal, because only the difference of the scores counts. "
            "Below the diagonal the order is right, and at the default margin the loss is zero.",
        ),
    ),
    reductions=per("pair"),
    side_by_side={
        "differences": "F.margin_ranking_loss("
        'first, second, torch.ones_like(first), margin=1.0, reduction="none").mean(-1)',
    },
    example={"input1": [2.0, 0.3, -1.0, 0.5], "input2": [1.0, 0.8, 0.5, 0.4], "target": [1.0, 1.0, -1.0, -1.0]},
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
