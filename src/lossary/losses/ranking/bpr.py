r"""Bayesian personalised ranking (BPR)

Takes the score of an item that somebody chose and of one that they did not choose. The sigmoid of the difference is read
as the probability that the chosen one comes first, and the loss is minus its logarithm.

## When to use it

- You know what people clicked, bought or watched, and nothing about what they dislike. Draw for each chosen item one
  that the same user did not choose, and ask that it scores lower.
- You train a reward model on pairs of answers of which one was preferred: the loss is minus the log-likelihood of the
  model of Bradley and Terry.
- Only the order within one user or prompt matters.

The gradients with respect to the two scores are equal and opposite.

## When not to

- Some comparisons are uncertain or tied: [[ranknet]] takes a probability for each pair.
- Pairs that are in order with room to spare should be left alone: [[margin_ranking]].
- Many items that were not chosen are scored for each chosen one: [[cross_entropy]] compares it with all of them at once.
- Absolute scores matter, such as the probability of a click: [[bce_with_logits]].

## Pitfalls

### Swapped arguments train the model backwards

The chosen item is the first argument. The other way round there is no error, and the loss pushes its score down.

```python
from lossary.functional import bpr

chosen, other = torch.tensor([2.0], requires_grad=True), torch.tensor([0.5])
for name, loss in (("chosen first", bpr(chosen, other)), ("chosen last ", bpr(other, chosen))):
    (slope,) = torch.autograd.grad(loss, chosen)
    print(f"{name} loss {loss.item():.4f}, gradient of the chosen item's score {slope.item():+.4f}")
```

```output
chosen first loss 0.2014, gradient of the chosen item's score -0.1824
chosen last  loss 1.7014, gradient of the chosen item's score +0.8176
```

### The logarithm of a sigmoid, written as it reads, loses the worst pairs

`-(positive - negative).sigmoid().log()` is the same function on paper. In float32 the sigmoid of -110 is zero: the loss
is infinite and its gradient is not a number. A small constant inside the logarithm hides that and stops the pull: where
the difference is far below -23, as at -30 here, the gradient is nearly zero. `F.logsigmoid` has neither problem.

```python
from lossary.functional import bpr

forms = {
    "as it reads": lambda d: -d.sigmoid().log(),
    "with 1e-10 ": lambda d: -(1e-10 + d.sigmoid()).log(),
    "here       ": lambda d: bpr(d, torch.zeros_like(d), reduction="none"),
}
for name, form in forms.items():
    difference = torch.tensor([-10.0, -30.0, -110.0], requires_grad=True)
    loss = form(difference)
    print(name, loss.detach(), torch.autograd.grad(loss.sum(), difference)[0])
```

```output
as it reads tensor([10.0000, 30.0000,     inf]) tensor([-1.0000, -1.0000,     nan])
with 1e-10  tensor([10.0000, 23.0249, 23.0259]) tensor([-9.9995e-01, -9.3489e-04, -0.0000e+00])
here        tensor([ 10.0000,  30.0000, 110.0000]) tensor([-1.0000, -1.0000, -1.0000])
```

### Spotlight's BPR is one minus the sigmoid

[Spotlight](https://github.com/maciejkula/spotlight/blob/master/spotlight/losses.py) has a `bpr_loss` without the
logarithm. It is bounded by 1, and a pair that is badly wrong has almost no gradient. Look which of the two you have
before you compare values.

```python
from lossary.functional import bpr

difference = torch.tensor([-8.0, -2.0, 0.0, 2.0], requires_grad=True)
for name, loss in (
    ("here             ", bpr(difference, torch.zeros(4), reduction="none")),
    ("1 minus a sigmoid", 1 - difference.sigmoid()),
):
    print(name, loss.detach(), torch.autograd.grad(loss.sum(), difference)[0])
```

```output
here              tensor([8.0003, 2.1269, 0.6931, 0.1269]) tensor([-0.9997, -0.8808, -0.5000, -0.1192])
1 minus a sigmoid tensor([0.9997, 0.8808, 0.5000, 0.1192]) tensor([-0.0003, -0.1050, -0.2500, -0.1050])
```

### Larger scores alone lower the loss

The loss has no lowest point: once every pair is in order, larger scores lower it, and nothing in the ranking changes.
The criterion in the paper has a second part, the squared length of the parameters, which is not in this function. Add
weight decay, and judge a model by its ranking.

```python
from lossary.functional import bpr

chosen, other = torch.tensor([1.0, 0.8]), torch.tensor([0.5, 0.6])
for factor in (1, 10, 100):
    print(f"scores times {factor:3}: loss {bpr(factor * chosen, factor * other).item():.6f}")
```

```output
scores times   1: loss 0.536108
scores times  10: loss 0.066822
scores times 100: loss 0.000000
```

### Easy pairs thin out the hard ones

The gradient of a pair is the probability of the wrong order, so an item far below the chosen one teaches next to nothing,
and the mean counts it all the same. Below, one pair of a hundred is hard. It holds almost the whole gradient, and pulls
with a hundredth of its own strength. Draw some items that score high.

```python
from lossary.functional import bpr

negative = torch.cat((torch.tensor([0.0]), torch.full((99,), -8.0))).requires_grad_()
(pull,) = torch.autograd.grad(bpr(torch.zeros(100), negative), negative)
print(f"share of the hard pair {(pull[0] / pull.sum()).item():.3f}, its pull in the mean {pull[0].item():.4f}")
```

```output
share of the hard pair 0.938, its pull in the mean 0.0050
```

### What the two scores share gets no gradient

A bias of the user, or anything else that adds the same to both scores, cancels. This loss does not train it, and the scores
of two users cannot be compared.

```python
from lossary.functional import bpr

of_user = torch.zeros(1, requires_grad=True)
of_item = torch.zeros(1, requires_grad=True)
loss = bpr(of_user + of_item + 0.3, of_user + 0.1)
print([slope.item() for slope in torch.autograd.grad(loss, (of_user, of_item))])
```

```output
[0.0, -0.4501659870147705]
```

## Relations

It is [[ranknet]] with the target 1.

    functional.bpr(input, target) == functional.ranknet(input, target, torch.ones_like(input))

It is [[soft_margin]] of the difference, with the label 1.

    functional.bpr(input, target) == F.soft_margin_loss(input - target, torch.ones_like(input))

It is [[listmle]] of a list of two.

    functional.bpr(scores[:, 0], scores[:, 1]) == functional.listmle(scores[:, :2])

It is [[cross_entropy]] over the two items, where the chosen one is the class that holds.

    functional.bpr(scores[:, 0], scores[:, 1]) == F.cross_entropy(scores[:, :2], torch.zeros_like(classes))

Of ever larger scores it becomes [[margin_ranking]] with the margin 0, divided by the same factor.

    functional.bpr(1e6 * input, 1e6 * target) / 1e6 ==
        F.margin_ranking_loss(input, target, torch.ones_like(input))  # within 1e-5

[[dpo]] is this loss of two rewards, which are `beta` times the log-ratio of a policy and its reference.

    functional.bpr(0.3 * (input - logits), 0.3 * (target - label)) ==
        functional.dpo(input, target, logits, label, beta=0.3)

## In other libraries

- `rax.pairwise_logistic_loss(jax.numpy.stack([positive, negative], -1), jax.numpy.stack([0 * positive + 1, 0 * negative], -1))`:
  For lists of scores and relevances: the mean over all pairs of unequal relevance.
- `keras_rs.losses.PairwiseLogisticLoss(reduction="sum")(torch.tensor([[1.0, 0.0]]).expand(positive.numel(), 2), torch.stack([positive, negative], -1).reshape(-1, 2))`:
  For lists of relevances and scores; divided by batch times list by default. At equal scores its gradient is zero where
  PyTorch is the backend.
- `recbole.model.loss.BPRLoss()(positive, negative)`: Adds gamma, 1e-10 by default, to the sigmoid.
- `torch_geometric.nn.models.lightgcn.BPRLoss()(positive, negative)`: With `lambda_reg` it adds the squared length of
  its third argument, times `lambda_reg` and divided by the number of pairs.
- [TorchRL](https://docs.pytorch.org/rl/main/reference/generated/torchrl.objectives.llm.reward_model_loss.html)
  `torchrl.objectives.llm.reward_model_loss(chosen_scores, rejected_scores, reduction="mean")`: Not in release 0.14.1.

## References

- Steffen Rendle, Christoph Freudenthaler, Zeno Gantner and Lars Schmidt-Thieme (2009). BPR: Bayesian Personalized
  Ranking from Implicit Feedback. In *Proceedings of the Twenty-Fifth Conference on Uncertainty in Artificial
  Intelligence, 452-461*. arXiv:1205.2618
- Ralph Allan Bradley and Milton E. Terry (1952). Rank Analysis of Incomplete Block Designs: I. The Method of Paired
  Comparisons. *Biometrika 39(3/4), 324-345*. doi:10.2307/2334029
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    MARGIN_AXIS,
    REAL,
    REAL_TARGET,
    Input,
    Kind,
    ListLook,
    Loss,
    Precision,
    Section,
    Study,
    Symbolic,
    per,
    sigmoid,
    softplus,
    terms,
)


def bpr(positive: torch.Tensor, negative: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = -F.logsigmoid(positive - negative)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


CHOSEN = Kind("scores (any real number)", values=REAL.values, takes="scores")
OTHER = Kind("scores (any real number)", values=REAL_TARGET.values, takes="scores")

loss = Loss(
    function=bpr,
    aliases=terms("BPR; BPR loss; BPR-Opt; Bayesian personalized ranking; Bradley-Terry loss; reward model loss"),
    tasks=("ranking", "preference"),
    search_terms=terms(
        "recommender loss; implicit feedback; collaborative filtering loss; "
        "matrix factorisation with negative sampling; bpr_loss; reward model training; chosen and rejected; "
        "RLHF preference loss; -log sigmoid of a difference; logsigmoid; recommend items from clicks and purchases; "
        "users prefer seen items to unseen ones; rank chosen before not chosen; Bradley-Terry model; "
        "pairwise recommendation; reward model from comparisons; "
        "recommendation; matrix factorisation of implicit feedback; positive item above a sampled negative; "
        "LightGCN; users and items; recommender by pairs; AUC surrogate for recommendations; "
        "-log sigmoid(pos - neg); "
        "recommend products from clicks"
    ),
    concepts={
        "argument order; chosen and rejected": "Swapped arguments",
        "log sigmoid overflow; nan; gamma 1e-10": "The logarithm of a sigmoid",
        "1 - sigmoid; bounded loss; Spotlight bpr_loss": "Spotlight's BPR",
        "regularisation; weight decay; loss goes to zero": "Larger scores",
        "negative sampling; hard negatives": "Easy pairs",
        "user bias; shift invariance": "What the two scores",
    },
    answers={
        "ranking/chosen": ("You know what people", "Many items that were"),
        "preference/model": ("You train a reward model", "Some comparisons are"),
    },
    inputs=(
        Input(
            "positive",
            "chosen_score",
            (CHOSEN,),
            "(*)",
            "the scores of the items that were chosen",
            latex="x^{+}",
        ),
        Input(
            "negative",
            "other_score",
            (OTHER,),
            "(*), same as positive",
            "the scores of items that were not chosen, one for each of the others",
            latex="x^{-}",
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda chosen_score, other_score: softplus(other_score - chosen_score),
            gradient={
                "positive": lambda chosen_score, other_score: -sigmoid(other_score - chosen_score),
                "negative": lambda chosen_score, other_score: sigmoid(other_score - chosen_score),
            },
        ),
    ),
    precision=Precision(
        of_input=1.0, why="the scores are subtracted first, so that digits are lost where they are almost equal"
    ),
    sections=(
        Section(
            axis=MARGIN_AXIS,
            label="lead of the chosen item, positive − negative",
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"positive": t, "negative": 0},
            branches={"": 1.0},
            perfect=float("inf"),
            note="One pair. The score of the other item is 0, so that of the chosen one is the difference of the two.",
            caption="A chosen item that trails by far costs about as much as it trails, and its gradient is close to 1 in size. "
            "The further it leads, the less it costs, though never nothing.",
            look=ListLook(("positive", "negative")),
        ),
    ),
    figures=(
        Study(
            name="forms",
            title="Three forms that go by this name",
            label="lead of the chosen item",
            span=(-35.0, 5.0),
            curves={
                "logsigmoid": lambda t: -F.logsigmoid(t),
                "1e-10 inside the logarithm": lambda t: -(1e-10 + t.sigmoid()).log(),
                "1 minus the sigmoid": lambda t: 1 - t.sigmoid(),
            },
            gradient=True,
            caption="The constant cuts the loss off, and with it the gradient of the pairs that are most wrong. Without the "
            "logarithm only pairs close to a tie have one.",
        ),
    ),
    reductions=per("pair"),
    side_by_side={"differences": 'functional.bpr(score[:, :1], score[:, 1:], reduction="none").mean(-1)'},
    example={"positive": [2.0, 0.3, -1.0], "negative": [1.0, 0.8, 0.5]},
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
