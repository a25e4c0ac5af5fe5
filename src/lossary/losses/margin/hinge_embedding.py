r"""Hinge embedding

The distance itself for pairs that belong together, and what it lacks to the margin for all others.

## When to use it

- You have pairs and know only whether the two belong together. Compute a distance of the two
  embeddings; the loss shrinks it for pairs with label 1 and grows it for pairs with label -1.
- Pairs that do not belong together need only be far enough apart. Beyond `margin` they
  cost nothing and no longer move.
- Some pairs are labelled wrongly. The price of a pair grows in a straight line with its distance,
  where [[contrastive|contrastive loss]] squares it.
- The distance is your own: Euclidean, the sum of absolute differences, one minus a cosine. The loss
  does not ask where it comes from.

## When not to

- You want a binary classifier. This is not the [[hinge|hinge loss]] of support vector machines, which
  takes signed scores.
- You know which of two candidates is nearer, and not what "near" means in numbers:
  [[triplet_margin]] compares distances with each other.
- The two embeddings are compared by their angle: [[cosine_embedding]] takes the vectors themselves.
- A batch holds many unlike pairs for each like one, as it does in retrieval: [[info_nce|InfoNCE]] uses
  them all at once.

## Pitfalls

### It is not the hinge loss: raw scores make it fall without end

The input is a distance, which is never negative. For label 1 the loss is the input itself. A model
that returns raw scores can therefore lower the loss for ever by making them more negative, and a
loss far below zero is the sign of it. For scores and labels use [[hinge|hinge]] or
[[bce_with_logits]]; for embeddings, compute the distance first.

```python
score = torch.tensor([-40.0, -38.0])
target = torch.ones(2)
print("raw scores:", F.hinge_embedding_loss(score, target))

anchor = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
other = torch.tensor([[0.3, 0.4], [1.0, 0.0]])
distance = F.pairwise_distance(anchor, other, eps=0.0)
print("distances: ", F.hinge_embedding_loss(distance, target))
```

```output
raw scores: tensor(-39.)
distances:  tensor(0.2500)
```

### The label 1 pulls together, and does not reward a large input

In most losses of the margin a label of 1 asks for a large score. Here it asks for a small distance.
Someone who feeds similarities, such as a cosine, trains the opposite of what was meant: like pairs
become unlike.

```python
cosine = torch.tensor([0.9, -0.2], requires_grad=True)
target = torch.tensor([1.0, -1.0])

for name, value in (("similarity", cosine), ("distance  ", 1 - cosine)):
    loss = F.hinge_embedding_loss(value, target, reduction="none")
    step = -torch.autograd.grad(loss.sum(), cosine)[0]
    print(name, loss.detach(), "the cosines move by", step)
```

```output
similarity tensor([0.9000, 1.2000]) the cosines move by tensor([-1.,  1.])
distance   tensor([0.1000, 0.0000]) the cosines move by tensor([1., 0.])
```

### A label of 0 adds both branches

The code asks whether the target differs from 1, and whether it differs from -1. A label of 0, or
any other number, passes both tests and pays both prices: the pair is pulled together and pushed
apart at once. Labels 0 and 1 give no error, only a strange optimum. Write `2 * label - 1`.

```python
distance = torch.tensor([0.3, 2.0])

for label in (1.0, -1.0, 0.0, 2.0):
    target = torch.full((2,), label)
    print(label, F.hinge_embedding_loss(distance, target, reduction="none"))
```

```output
1.0 tensor([0.3000, 2.0000])
-1.0 tensor([0.7000, 0.0000])
0.0 tensor([1., 2.])
2.0 tensor([1., 2.])
```

### A column of distances against a row of labels compares every pair

Shapes `(N, 1)` and `(N,)` are broadcast to `(N, N)` without a warning. Each distance then
meets each label. Below the embedding is perfect, and still there is a loss and a pull.
`F.pairwise_distance` returns `(N,)`; with `keepdim=True` it returns the column that does the harm.

```python
distance = torch.tensor([[0.0], [5.0]], requires_grad=True)
target = torch.tensor([1.0, -1.0])

loss = F.hinge_embedding_loss(distance, target)
print(loss.item(), torch.autograd.grad(loss, distance)[0].squeeze(1))
print(F.hinge_embedding_loss(distance.squeeze(1), target).item())
```

```output
1.5 tensor([0.0000, 0.2500])
0.0
```

### The margin has the unit of the distance

The default of 1 means something only together with the scale of the embeddings. If all distances
are below it, every unlike pair is pushed with the same force; if all are beyond it, none is, and
only the pull is left, which draws everything into one point. Embeddings of length one lie at most
2 apart. Look at the distances of a fresh model before you choose `margin`, or normalise.

```python
distance = torch.tensor([0.02, 0.05, 0.04], requires_grad=True)
target = -torch.ones(3)

for scale in (1, 1000):
    loss = F.hinge_embedding_loss(scale * distance, target, reduction="sum")
    print(scale, torch.autograd.grad(loss, distance)[0])
```

```output
1 tensor([-1., -1., -1.])
1000 tensor([0., 0., 0.])
```

### A Euclidean distance has no slope at zero

The loss keeps its full slope down to a distance of zero, and the square root in the distance has an
infinite one there. If you write the root by hand, two equal embeddings give NaN.
`torch.linalg.vector_norm` gives a gradient of zero there instead, so an unlike pair that has
collapsed into one point is never pushed apart again. `F.pairwise_distance` adds a small number to
each difference, and with it the push remains.

```python
first = torch.zeros(1, 2, requires_grad=True)
second = torch.zeros(1, 2)
target = -torch.ones(1)

distances = {
    "by hand           ": lambda: ((first - second) ** 2).sum(1).sqrt(),
    "vector_norm       ": lambda: torch.linalg.vector_norm(first - second, dim=1),
    "pairwise_distance ": lambda: F.pairwise_distance(first, second),
}
for name, distance in distances.items():
    loss = F.hinge_embedding_loss(distance(), target)
    print(name, torch.autograd.grad(loss, first)[0])
```

```output
by hand            tensor([[nan, nan]])
vector_norm        tensor([[-0., -0.]])
pairwise_distance  tensor([[-0.7071, -0.7071]])
```

## Relations

Of the distance `1 - cosine`, with `margin=1`, it is [[cosine_embedding]] with `margin=0`.

    F.hinge_embedding_loss(1 - F.cosine_similarity(scores, p), 2 * label[:8] - 1) ==
        F.cosine_embedding_loss(scores, p, 2 * label[:8] - 1)  # within 1e-8

When every pair belongs together and the input is an absolute difference, it is [[l1]].

    F.hinge_embedding_loss((input - target).abs(), torch.ones_like(input)) == F.l1_loss(input, target)

With every label -1 it is the [[hinge|hinge]] of the input with label 1.

    F.hinge_embedding_loss(logits, -torch.ones_like(logits)) == (1 - logits).clamp(min=0).mean()

## In other libraries

- Paddle `paddle.nn.functional.hinge_embedding_loss(input, label, margin=1.0)`: The same definition and the
  same default reduction, mean.

## References

- Raia Hadsell, Sumit Chopra and Yann LeCun (2006). Dimensionality Reduction by Learning an Invariant Mapping.
  In *CVPR 2006, volume 2, 1735-1742*. doi:10.1109/CVPR.2006.100
- Hossein Mobahi, Ronan Collobert and Jason Weston (2009). Deep Learning from Temporal Coherence in Video. In
  *Proceedings of the 26th International Conference on Machine Learning (ICML)*.
"""

import numpy as np

from lossary.declaration import (
    DISTANCE_AXIS,
    REAL,
    SIGN,
    Input,
    Kind,
    Loss,
    Parameter,
    Section,
    Symbolic,
    cases,
    equal,
    maximum,
    terms,
)

DISTANCE = Kind("real numbers", values=REAL.values, takes="distances")

loss = Loss(
    torch="torch.nn.HingeEmbeddingLoss",
    functional="torch.nn.functional.hinge_embedding_loss",
    aliases=terms("hinge embedding loss; F.hinge_embedding_loss; hinge_embedding_loss"),
    tasks=("embeddings",),
    search_terms=terms(
        "loss for pairs that are similar or dissimilar; distance of a pair with labels 1 and -1; HingeEmbeddingLoss "
        "negative value; semi-supervised embedding loss; L1 contrastive loss"
    ),
    concepts={
        "HingeEmbeddingLoss negative value; difference between hinge loss and hinge embedding loss": "It is not the hinge loss",
        "labels 0 and 1": "A label of 0",
        "choosing the margin": "The margin has the unit",
        "nan gradient of a distance of zero": "A Euclidean distance",
    },
    inputs=(
        Input("input", "x", (DISTANCE,), "(*)", "the distance of the two members of each pair"),
        Input(
            "target",
            "y",
            (SIGN,),
            "(*), same as input",
            "1 where the two belong together, -1 where they do not",
            differentiable=False,
        ),
    ),
    parameters=(
        Parameter(
            "margin", 1.0, "the distance from which on a pair with label -1 costs nothing", typical=(0.5, 1.0, 2.0)
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y, margin: cases((x, equal(y, 1)), (maximum(0, margin - x), True)),
            gradient={"input": lambda x, y, margin: cases((1, equal(y, 1)), (-1, x <= margin), (0, True))},
            inside=lambda inputs: bool(np.all(np.abs(inputs["target"]) == 1)),
        ),
    ),
    sections=(
        Section(
            axis=DISTANCE_AXIS,
            label="distance, input",
            span=(0.0, 3.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"label -1": -1.0, "label 1": 1.0},
            perfect={"label -1": float("inf"), "label 1": 0.0},
            limits=(0.0, float("inf")),
            kinks=(lambda margin: margin,),
            note="One pair, for each of the two labels.",
            caption="A pair that belongs together pays its distance and is drawn in with a constant force. One that "
            "does not is pushed with the same force until it reaches the margin, and is then left alone.",
        ),
    ),
    example={"input": [0.2, 1.5, 0.4, 2.0], "target": [1.0, 1.0, -1.0, -1.0]},
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
    },
)
