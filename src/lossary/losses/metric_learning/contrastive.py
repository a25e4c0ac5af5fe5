r"""Contrastive loss

Takes the distance of the two members of a pair: a similar pair pays half its square, a dissimilar one half the square of
how far it falls short of a margin.

## When to use it

- You have pairs of examples and one label per pair, similar or not, and the distance of their vectors is what is used
  later.
- Pairs that are nearly right should hardly be moved. The pull fades as a similar pair meets, and the push as a dissimilar
  one reaches the margin.

## When not to

- Similar examples need not meet in one point; it is enough that others are farther away: [[triplet_margin]].
- Many candidates can be compared at once: [[info_nce|InfoNCE]] or [[nt_xent|NT-Xent]].
- Vectors are compared by their angle: [[cosine_embedding]].
- Some labels are wrong. A similar pair that is far apart pulls in proportion to its distance; in [[hinge_embedding]] every
  pull has the same size.

## Pitfalls

### A label of 0 means similar here

The paper of 2006 writes the label 0 for a similar pair. Sentence Transformers and TensorFlow Addons write 1 for it,
and [[cosine_embedding]] and [[hinge_embedding]] take 1 and -1. No check can see that labels are turned round: the pairs that
belong together are then driven apart. Map labels that are 1 for similar by `1 - label`. With a label of -1 the loss below
is negative.

```python
from lossary.functional import contrastive

distance = torch.tensor(0.4, requires_grad=True)
for label in (0.0, 1.0, -1.0):
    loss = contrastive(distance, torch.tensor(label))
    (slope,) = torch.autograd.grad(loss, distance)
    print(f"label {label:4}: loss {loss.item():.2f}, a step {'shortens' if slope > 0 else 'lengthens'} the distance")
```

```output
label  0.0: loss 0.08, a step shortens the distance
label  1.0: loss 0.18, a step lengthens the distance
label -1.0: loss -0.02, a step shortens the distance
```

### The input is a distance, not a similarity and not its square

A cosine similarity is largest for vectors that agree. Given as the input, it is driven to 0 for similar pairs: to a right
angle. Take one minus the cosine, or the Euclidean distance. A distance that is squared already is squared again.

```python
from lossary.functional import contrastive

fixed = torch.tensor([1.0, 0.0])
for name in ("similarity", "1 - similarity"):
    moving = torch.tensor([0.8, 0.6], requires_grad=True)
    optimizer = torch.optim.SGD([moving], lr=0.1)
    for _ in range(500):
        similarity = F.cosine_similarity(fixed, moving, dim=0)
        loss = contrastive(similarity if name == "similarity" else 1 - similarity, torch.tensor(0.0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{name}: the cosine of a similar pair ends at {F.cosine_similarity(fixed, moving, dim=0).item():.2f}")
```

```output
similarity: the cosine of a similar pair ends at 0.00
1 - similarity: the cosine of a similar pair ends at 0.99
```

### A Euclidean distance of zero has no gradient

The root of a sum of squares has an infinite slope at 0. Written by hand, its gradient for two equal vectors is NaN, for a
similar pair too, although its pull is zero there. `F.pairwise_distance` adds `1e-6` to each coordinate of the
difference, and `torch.linalg.vector_norm` has a gradient of 0 at 0, so that a dissimilar pair in one place stays there.

```python
from lossary.functional import contrastive

other = torch.zeros(1, 2)
distances = {
    "root of a sum": lambda a, b: (a - b).square().sum(-1).sqrt(),
    "vector_norm": lambda a, b: torch.linalg.vector_norm(a - b, dim=-1),
    "pairwise_distance": F.pairwise_distance,
}
for name, distance in distances.items():
    told = [f"{name:17}"]
    for label in (0.0, 1.0):
        vector = torch.zeros(1, 2, requires_grad=True)
        loss = contrastive(distance(vector, other), torch.tensor([label]))
        told.append(f"label {label:.0f}: {[round(v, 3) for v in torch.autograd.grad(loss, vector)[0][0].tolist()]}")
    print("  ".join(told))
```

```output
root of a sum      label 0: [nan, nan]  label 1: [nan, nan]
vector_norm        label 0: [0.0, 0.0]  label 1: [-0.0, -0.0]
pairwise_distance  label 0: [0.0, 0.0]  label 1: [-0.707, -0.707]
```

### The name means several losses

With a margin and squares it is this one; many leave out the half. pytorch-metric-learning's `ContrastiveLoss` leaves out the
squares as well, like [[hinge_embedding]]. MONAI's `ContrastiveLoss` is [[nt_xent|NT-Xent]], and in papers on self-supervision
a contrastive loss is often [[info_nce|InfoNCE]]. Compare two pairs before you take over a margin or a learning rate.

```python
from lossary.functional import contrastive

distance, label = torch.tensor([0.4, 0.4]), torch.tensor([0.0, 1.0])
print("squares, half   ", contrastive(distance, label, reduction="none"))
print("squares, no half", 2 * contrastive(distance, label, reduction="none"))
print("no squares      ", F.hinge_embedding_loss(distance, 1 - 2 * label, reduction="none"))
```

```output
squares, half    tensor([0.0800, 0.1800])
squares, no half tensor([0.1600, 0.3600])
no squares       tensor([0.4000, 0.6000])
```

### Most pairs of a batch are dissimilar and cost nothing

If all pairs of a batch are taken, those of one class are few. A mean over all of them divides what the similar pairs ask
for by the number of pairs. Draw as many similar pairs as dissimilar ones, or average over each kind.

```python
from lossary.functional import contrastive

classes = torch.arange(64) % 16
row, column = torch.triu_indices(64, 64, 1)
label = (classes[row] != classes[column]).float()
distance = 1.0 + torch.rand(len(label))
each = contrastive(distance, label, reduction="none")
print(f"{(label == 0).float().mean().item():.1%} of the pairs are similar")
print(f"mean {each.mean().item():.3f}, of the similar pairs {each[label == 0].mean().item():.3f}")
```

```output
4.8% of the pairs are similar
mean 0.056, of the similar pairs 1.184
```

### The margin has the unit of the distance

Beyond it a dissimilar pair is left alone. Distances of vectors of length 1 are at most 2: a margin above that is never
reached. Vectors whose length is free can reach any margin by growing. With one minus the cosine the largest distance is 2
as well, and a margin of 1 asks for a right angle.

```python
from lossary.functional import contrastive

first, second = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]])
for margin in (1.0, 2.0, 3.0):
    loss = contrastive(F.pairwise_distance(first, second, eps=0.0), torch.ones(1), margin=margin)
    print(f"margin {margin}: opposite vectors of length 1 cost {loss.item():.2f}")
```

```output
margin 1.0: opposite vectors of length 1 cost 0.00
margin 2.0: opposite vectors of length 1 cost 0.00
margin 3.0: opposite vectors of length 1 cost 0.50
```

## Relations

For similar pairs it is half of [[mse]] between the distances and 0.

    functional.contrastive(input.abs(), torch.zeros(64)) == F.mse_loss(input.abs(), torch.zeros(64)) / 2

For dissimilar pairs it is half the square of [[hinge_embedding]].

    functional.contrastive(input.abs(), torch.ones(64), reduction="none") ==
        F.hinge_embedding_loss(input.abs(), -torch.ones(64), reduction="none").square() / 2

Of the Euclidean distance of vectors of length 1, a similar pair costs what [[cosine_embedding]] charges for it.

    functional.contrastive((F.normalize(p) - F.normalize(q)).norm(dim=1), torch.zeros(8)) ==
        F.cosine_embedding_loss(p, q, torch.ones(8))  # within 1e-9

## In other libraries

- [Sentence Transformers](https://sbert.net/docs/package_reference/sentence_transformer/losses.html#contrastiveloss)
  `sentence_transformers.losses.ContrastiveLoss(model, margin=0.5)`: A label of 1 means similar; one minus the cosine is
  the distance.
- [TensorFlow Addons](https://github.com/tensorflow/addons/blob/v0.15.0/tensorflow_addons/losses/contrastive.py)
  `tfa.losses.contrastive_loss(y_true, y_pred, margin=1.0)`: A label of 1 means similar, and the half is left out.

## References

- Raia Hadsell, Sumit Chopra and Yann LeCun (2006). Dimensionality Reduction by Learning an Invariant Mapping.
  In *CVPR 2006, volume 2, 1735-1742*. doi:10.1109/CVPR.2006.100
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    BINARY,
    DISTANCE_AXIS,
    POSITIVE,
    REAL,
    HeatMap,
    Input,
    Kind,
    Loss,
    Parameter,
    Precision,
    Section,
    Study,
    Symbolic,
    maximum,
    per,
    terms,
)


def contrastive(
    input: torch.Tensor, target: torch.Tensor, *, margin: float = 1.0, reduction: str = "mean"
) -> torch.Tensor:
    gap = F.relu(margin - input)
    # a label of 0 takes its term out before the square can overflow
    loss = ((1 - target) * input * input + target * gap * gap) / 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _dissimilar(distance: torch.Tensor) -> torch.Tensor:
    return contrastive(distance, torch.ones_like(distance), reduction="none")


DISTANCE = Kind("distances, from 0", values=tuple(v for v in REAL.values if v >= 0), lower=0.0, takes="distances")

loss = Loss(
    function=contrastive,
    aliases=terms("Hadsell loss; margin-based contrastive loss; siamese loss; pairwise contrastive loss"),
    tasks=("embeddings",),
    search_terms=terms(
        "siamese network loss; similar and dissimilar pairs; contrastive loss with a margin; DrLIM; ContrastiveLoss; "
        "OnlineContrastiveLoss; contrastive loss nan; are two inputs the same or different; "
        "pairs labelled same or different; pull similar pairs together, push dissimilar ones apart; "
        "signature verification; Hadsell Chopra LeCun; duplicate detection; verification of pairs; twin networks; "
        "metric for pairs; one-shot learning; image similarity; "
        "siamese network; "
        "same or different pair; pull similar together and push dissimilar apart; collapse to a single point; "
        "(1 - y) d^2 + y max(0, margin - d)^2; "
        "verify whether two photos show the same person"
    ),
    concepts={
        "how far apart dissimilar pairs are pushed": "margin",
        "label convention; is 1 similar or dissimilar": "A label of 0",
        "cosine similarity as input; squared distance": "The input is a distance",
        "contrastive loss nan; gradient of a distance of zero": "A Euclidean distance",
        "which contrastive loss; factor one half": "The name means",
        "imbalanced pairs; too many negatives": "Most pairs",
        "choosing the margin": "The margin has",
    },
    answers={
        "embeddings/pairs/distance": ("You have pairs", "Similar examples"),
    },
    inputs=(
        Input("input", "x", (DISTANCE,), "(*)", "the distance of the two members of each pair"),
        Input("target", "y", (BINARY,), "(*), same as input", "0 where the pair is similar, 1 where it is not"),
    ),
    parameters=(
        Parameter(
            "margin",
            1.0,
            "the distance from which on a dissimilar pair costs nothing",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
    ),
    formulas=(
        Symbolic(
            where={"gap": lambda x, margin: maximum(0, margin - x)},
            notation={"gap": "g"},
            meanings={"gap": "how far the distance falls short of the margin"},
            value=lambda x, y, gap: (1 - y) * x**2 / 2 + y * gap**2 / 2,
            gradient={
                "input": lambda x, y, gap: (1 - y) * x - y * gap,
                "target": lambda x, gap: (gap**2 - x**2) / 2,
            },
        ),
    ),
    precision=Precision(
        size=lambda margin: margin**2,
        why="it subtracts the distance from the margin, and the gradient with respect to the target two squares",
    ),
    sections=(
        Section(
            axis=DISTANCE_AXIS,
            label="distance, input",
            span=(0.0, 3.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"label 1, dissimilar": 1.0, "label 0, similar": 0.0},
            perfect={"label 1, dissimilar": float("inf"), "label 0, similar": 0.0},
            limits=(0.0, float("inf")),
            kinks=(lambda margin: margin,),
            note="One pair.",
            caption="A similar pair is pulled together in proportion to its distance. A dissimilar one is pushed apart the "
            "harder the closer it is, more gently as it nears the margin, and is then left alone.",
        ),
    ),
    figures=(
        Study(
            name="push",
            title="A dissimilar pair: with squares and without",
            label="distance",
            span=(0.0, 1.6),
            curves={"contrastive": _dissimilar, "hinge embedding": lambda t: F.relu(1 - t)},
            gradient=True,
            note="Margin 1.",
            caption="Without the squares, as in hinge embedding, the push has one size up to the margin and stops at "
            "once. With them it fades.",
        ),
        HeatMap(
            name="label",
            title="Between similar and dissimilar",
            labels=("target", "distance, input"),
            spans=((0.0, 1.0), (0.0, 2.0)),
            inputs=lambda s, t: {"input": t, "target": s},
            note="Margin 1.",
            caption="A target between 0 and 1 mixes the two losses. The distance that costs least is then the target times "
            "the margin.",
            path=("least loss", lambda s: s),
        ),
    ),
    side_by_side={"turns": "functional.contrastive((2 - 2 * cosine).clamp(min=0).sqrt(), target, reduction='none')"},
    reductions=per("pair"),
    example={"input": [0.2, 1.5, 0.4, 2.0], "target": [0.0, 0.0, 1.0, 1.0]},
    properties={
        "convex": True,
        "smoothness": "C1",
        "lipschitz": "inf",
        "gradient_lipschitz": 1,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": lambda margin: (-margin, 0),
    },
)
