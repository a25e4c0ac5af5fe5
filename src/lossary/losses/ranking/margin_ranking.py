r"""Margin ranking

What two scores lack to being in the right order by at least a margin.

## When to use it

- You know which of two items should come first, and nothing about how good either is: preferences,
  clicks against skipped results, comparisons by people. Score both with the same model.
- The order is all that matters in the end. Adding a constant to all scores changes nothing, so the
  loss does not waste effort on their level.
- Pairs that are already in order, with some room to spare, should be left alone. Set `margin` to
  that room.

The gradient on the two scores is equal and opposite: what one gains, the other loses.

## When not to

- You want every pair to keep pushing a little, or a probability that one beats the other:
  [[ranknet|RankNet]] and [[bpr|Bayesian personalised ranking]] are smooth versions.
- A query has a whole list of graded results: [[listnet|ListNet]] and [[listmle|ListMLE]] look at the list at
  once, and do not need all of its pairs.
- The two numbers are distances from one anchor: [[triplet_margin]] computes them for you.
- One of several classes is right: [[multi_margin]], or [[cross_entropy]] for probabilities.
- The numbers themselves must be right, and not only their order: [[mse]] or [[huber]].

## Pitfalls

### With the default margin a model that scores everything alike has loss zero

`margin` is 0 unless you set it. A pair with equal scores then costs nothing, so the constant
function is a perfect solution, and shrinking all scores towards it lowers the loss as well as
learning does. A loss that falls quickly to zero while the ranking stays random is the sign. Set a
margin, and watch the share of pairs in the right order rather than the loss. Below, one pair is in
order and the other is not.

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

The three tensors must have the same number of dimensions, and that is all that is checked. A column
against a row compares every first item with every second one. Sometimes that is what you want, for
all pairs of a list; by accident it is a loss over pairs whose labels belong to others. Below both
pairs are in the right order.

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

### One label for a row, or for the batch, needs its dimensions spelled out

Where the number of dimensions differs, the call fails, even for a single label that goes with
everything. Give the label as many dimensions as the scores, each of size one where it is shared.

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

A label of 0 removes the scores from the formula. What is left is the margin: a constant
with no gradient on the scores, which only makes the mean harder to read. This is what labels 0 and
1 lead to, and what the sign of two equal relevances leads to. Drop ties, and convert labels.

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

The difference of the scores is multiplied by the target, whatever it is. A difference of two
grades, say 3, weights the pair, and shrinks its margin in terms of the scores at the same time.
Take the sign, and weight the unreduced loss if you mean to weight.

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

At the corner PyTorch takes the slope of the left side, not zero. With the default margin that point
is the tie, so a model whose scores are all equal, for example because its last layer starts at
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

With `margin=1` it is the [[hinge|hinge]] of the difference of the two scores.

    F.margin_ranking_loss(input, target, 2 * label - 1, margin=1.0) ==
        (1 - (2 * label - 1) * (input - target)).clamp(min=0).mean()

With the default margin it is the [[perceptron|perceptron]] loss of the difference.

    F.margin_ranking_loss(input, target, 2 * label - 1) == (-(2 * label - 1) * (input - target)).clamp(min=0).mean()

Of the distances from an anchor to a negative and to a positive, with `margin=1`, it is
[[triplet_margin]].

    F.margin_ranking_loss(F.pairwise_distance(scores, q), F.pairwise_distance(scores, p), torch.ones(8).double(), margin=1.0) ==
        F.triplet_margin_loss(scores, p, q)

[[multi_margin]] over two classes is half of it, with `margin=1`.

    F.margin_ranking_loss(scores[:, 0], scores[:, 1], 1 - 2 * (classes % 2).double(), margin=1.0) / 2 ==
        F.multi_margin_loss(scores[:, :2], classes % 2)

## In other libraries

- `mlx.nn.losses.margin_ranking_loss(inputs1, inputs2, targets, margin=0.0)`: No reduction by default.
- `mindspore.nn.MarginRankingLoss(margin=0.0)`: The mean by default.
- TensorFlow Ranking, no multiple: `tfr.keras.losses.PairwiseHingeLoss()`: Arguments are (y_true, y_pred):
  lists of relevances and scores. All pairs of unequal relevance, margin 1.
- Keras RS, no multiple: `keras_rs.losses.PairwiseHingeLoss()`: Arguments are (y_true, y_pred). The sum over
  all pairs of a list with unequal relevance, margin 1.
- Rax, no multiple: `rax.pairwise_hinge_loss(scores, labels)`: Lists of scores and relevances. The sum over
  all pairs of unequal relevance, margin 1.

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
    Loss,
    Parameter,
    Precision,
    Section,
    Symbolic,
    cases,
    maximum,
    terms,
)

FIRST = Kind("real numbers", values=REAL.values, takes="scores")
SECOND = Kind("real numbers", values=REAL_TARGET.values, takes="scores")

loss = Loss(
    torch="torch.nn.MarginRankingLoss",
    functional="torch.nn.functional.margin_ranking_loss",
    aliases=terms(
        "margin ranking loss; F.margin_ranking_loss; margin_ranking_loss; pairwise hinge; pairwise hinge loss"
    ),
    tasks=("ranking", "preference"),
    search_terms=terms(
        "learning to rank pairwise loss; loss that compares two scores; preference pairs hinge; ranking loss margin "
        "0; PairwiseHingeLoss; pairwise hinge; pairwise_hinge; pairwise; ranking SVM loss; rax.pairwise_hinge_loss; "
        "margin_ranking_loss : All input tensors should have same dimension but got sizes"
    ),
    concepts={
        "ranking loss margin 0; all scores alike": "With the default margin",
        "ties; labels 0 and 1": "A tie, or a label",
        "margin_ranking_loss : All input tensors should have same dimension but got sizes": "One label for a row",
        "choosing the margin": "margin",
        "weighted pairs": "Labels that are not",
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
            "by how much the right order must be kept before a pair costs nothing",
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
            label="target × (input1 − input2)",
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input1": t, "input2": 0, "target": y},
            branches={"": 1.0},
            perfect=float("inf"),
            kinks=(lambda margin: margin,),
            note="One pair. The target is 1 and the second score is 0, so the first score is the margin of the pair.",
            caption="Left of the margin the loss is a straight line: every pair in the wrong order pulls equally hard, "
            "however wrong it is. Right of it nothing happens.",
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
            caption="The lines run parallel to the diagonal, because only the difference of the scores counts. Below "
            "the diagonal the order is right and the loss is zero.",
        ),
    ),
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
