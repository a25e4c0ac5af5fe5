r"""Hinge embedding

Takes the distance of each pair: a pair that belongs together pays its distance, any other
pair pays by how far it falls short of a margin.

## When to use it

- You have pairs and know only whether the two belong together. Compute the distance of the two
  embeddings; the loss pulls pairs with label 1 together and pushes pairs with label -1 apart.
- Pairs that do not belong together need only be far enough apart. Beyond `margin` they cost nothing
  and have no gradient.
- Some pairs are labelled wrongly. The loss of a pair labelled 1 grows in proportion to its distance, where
  [[contrastive|contrastive loss]] squares it.
- You choose the distance: Euclidean, the sum of absolute differences, one minus a cosine. The loss
  takes only its value.

## When not to

- You want a binary classifier. This is not the [[hinge|hinge loss]] of support vector machines, which
  takes signed scores.
- You know which of two candidates is nearer, but not what "near" means in numbers:
  [[triplet_margin]] compares distances with each other.
- The two embeddings are compared by their angle: [[cosine_embedding]] takes the vectors themselves.
- A batch holds many unlike pairs for each like one, as it does in retrieval: [[info_nce|InfoNCE]] uses
  them all at once.

## Pitfalls

### It is not the hinge loss: raw scores make it fall without end

The input is meant to be a distance, which is not negative, and nothing checks that. For label 1 the
loss is the input itself. A model that returns raw scores can therefore lower the loss without end by
making them more negative. A negative loss is the sign. For scores and labels use [[hinge|hinge]] or
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

### The label 1 asks for a small input

In [[soft_margin]] and other losses of scores, the label 1 asks for a large input. Here it asks for a
small one, a distance. Give it a similarity such as a cosine, and it trains the opposite of what was
meant: the cosine of alike pairs falls, and that of unlike pairs rises.

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
any other number, passes both tests and pays for both. Below the margin the two gradients cancel and
the pair costs the margin; beyond it the pair is pulled together, although it was meant to be unlike.
There is no error. Turn labels 0 and 1 into -1 and 1 with `2 * label - 1`.

```python
distance = torch.tensor([0.3, 2.0], requires_grad=True)

for label in (1.0, -1.0, 0.0, 2.0):
    loss = F.hinge_embedding_loss(distance, torch.full((2,), label), reduction="none")
    print(label, loss.detach(), "gradient", torch.autograd.grad(loss.sum(), distance)[0])
```

```output
1.0 tensor([0.3000, 2.0000]) gradient tensor([1., 1.])
-1.0 tensor([0.7000, 0.0000]) gradient tensor([-1.,  0.])
0.0 tensor([1., 2.]) gradient tensor([0., 1.])
2.0 tensor([1., 2.]) gradient tensor([0., 1.])
```

### A column of distances against a row of labels compares every pair

Shapes `(N, 1)` and `(N,)` are broadcast to `(N, N)` without a warning, and each distance meets each
label. Below both pairs are perfect, and still there is a loss and a gradient. `F.pairwise_distance`
returns `(N,)`; with `keepdim=True` it returns the column that does the harm.

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
are below it, every unlike pair is pushed with the same force. If all are beyond it, no unlike pair
is pushed, and only the pull between the members of alike pairs is left. Embeddings of length one are
at most 2 apart in Euclidean distance. Look at the distances of a fresh model before you choose `margin`, or normalise.

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
`torch.linalg.vector_norm` gives a gradient of zero there instead, so nothing pushes apart an unlike
pair whose embeddings are equal. `F.pairwise_distance` adds a small number to each difference, and
with it the push remains.

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

With the distance `1 - cosine` and `margin=1` it is [[cosine_embedding]] with `margin=0`.

    F.hinge_embedding_loss(1 - F.cosine_similarity(scores, p), 2 * label[:8] - 1) ==
        F.cosine_embedding_loss(scores, p, 2 * label[:8] - 1)  # within 1e-8

When every pair belongs together and the input is an absolute difference, it is [[l1]].

    F.hinge_embedding_loss((input - target).abs(), torch.ones_like(input)) == F.l1_loss(input, target)

Half the square of what a pair with label -1 costs is what [[contrastive|contrastive loss]] charges for it.

    F.hinge_embedding_loss(input.abs(), -torch.ones_like(input), reduction="none").square() / 2 ==
        functional.contrastive(input.abs(), torch.ones_like(input), reduction="none")

With every label -1 it is the [[hinge|hinge loss]] of the input with label 1.

    F.hinge_embedding_loss(logits, -torch.ones_like(logits)) == functional.hinge(logits, torch.ones_like(logits))

With every label -1, on the scores of real samples and on minus those of generated ones, it is
[[gan_hinge_discriminator]].

    F.hinge_embedding_loss(input, -torch.ones_like(input)) + F.hinge_embedding_loss(-target, -torch.ones_like(input)) ==
        functional.gan_hinge_discriminator(input, target)

With the label -1 and the margin 1.2, less that margin, it is [[ppo_clip]] of a good action, whose advantage is 1.

    F.hinge_embedding_loss(logits.exp(), -torch.ones_like(logits), margin=1.2) - 1.2 ==
        functional.ppo_clip(logits.exp(), torch.ones_like(logits))

## In other libraries

- `paddle.nn.functional.hinge_embedding_loss(input, target, margin=margin, reduction="none")`: For labels 1 and -1;
  any other label costs 0.

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
    per,
    terms,
)

DISTANCE = Kind("distances (torch takes any real number)", values=REAL.values, takes="distances")

loss = Loss(
    torch="torch.nn.HingeEmbeddingLoss",
    functional="torch.nn.functional.hinge_embedding_loss",
    aliases=terms("hinge embedding loss; F.hinge_embedding_loss; hinge_embedding_loss"),
    tasks=("embeddings",),
    search_terms=terms(
        "loss for pairs that are similar or dissimilar; distance of a pair with labels 1 and -1; "
        "HingeEmbeddingLoss negative value; semi-supervised embedding loss; L1 contrastive loss; "
        "similar pairs should be close, dissimilar ones far; distance with label 1 or -1; "
        "embedding of pairs by their distance; nonlinear embedding; embedding close if the label is 1; "
        "distances with labels 1 and -1; "
        "hinge on a distance; L1 pairwise distance of two inputs with labels"
    ),
    concepts={
        "HingeEmbeddingLoss negative value; difference between hinge loss and hinge embedding loss": "It is not the hinge loss",
        "labels 0 and 1": "A label of 0",
        "similarity or cosine as input; meaning of label 1": "The label 1",
        "broadcasting of shapes (N, 1) and (N,)": "A column of distances",
        "choosing the margin": "The margin has the unit",
        "nan gradient of a distance of zero": "A Euclidean distance",
    },
    answers={
        "embeddings/pairs/distance": ("Some pairs are labelled wrongly", "A batch holds many"),
        "embeddings/pairs/angle": ("You choose the distance", "The two embeddings are"),
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
            "margin", 1.0, "the distance beyond which a pair with label -1 costs nothing", typical=(0.5, 1.0, 2.0)
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
            note="One pair.",
            caption="A pair that belongs together pays its distance and is pulled together with a constant force. One that "
            "does not is pushed apart with the same force until it reaches the margin, and is then left alone.",
        ),
    ),
    reductions=per("pair"),
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
