r"""Triplet (FaceNet, squared distance)

Compares an anchor with a positive and a negative vector by their squared distances. The negative's should be larger than
the positive's by a margin; the loss is how far it falls short.

## When to use it

- You know which of two examples is more like the anchor, and vectors of length 1 are what you learn. This is the loss of
  FaceNet, whose margin of 0.2 is the default.
- A distant positive should pull harder than a near one. The pull here grows with the distance.

## When not to

- Vectors have no fixed length, or distant outliers would rule the gradient: [[triplet_margin]] takes the plain distance,
  whose pull is the same at every distance.
- Most triplets are solved already, and you do not select hard ones: [[info_nce|InfoNCE]] uses all negatives of a batch.
- Labels speak of pairs: [[contrastive]] or [[cosine_embedding]].

## Pitfalls

### A margin of the plain distance does not carry over

`alpha` is a difference of squares. For vectors of length 1 these go from 0 to 4, where the plain distances go from 0 to 2.
The triplet below is solved for the one loss and not for the other with the same margin.

```python
from lossary.functional import triplet

anchor, positive, negative = torch.tensor([[0.0]]), torch.tensor([[0.2]]), torch.tensor([[0.5]])
print(f"squared {triplet(anchor, positive, negative, alpha=0.25).item():.4f}")
print(f"plain   {F.triplet_margin_loss(anchor, positive, negative, margin=0.25).item():.4f}")
```

```output
squared 0.0400
plain   0.0000
```

### A negative that lies on the anchor is not pushed

The push on the negative is twice its distance from the anchor. The nearer it is, and the more it costs, the weaker is the
push; where the two coincide it is zero. The plain distance pushes with the same force at each distance below.

```python
from lossary.functional import triplet

anchor, positive = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])
for distance in (1.0, 0.1, 0.001):
    told = [f"distance {distance:5}"]
    for name, function in (("squared", triplet), ("plain", F.triplet_margin_loss)):
        negative = torch.tensor([[0.0, distance]], requires_grad=True)
        (push,) = torch.autograd.grad(function(anchor, positive, negative), negative)
        told.append(f"{name} {push.norm().item():.3f}")
    print("  ".join(told))
```

```output
distance   1.0  squared 2.000  plain 1.000
distance   0.1  squared 0.200  plain 1.000
distance 0.001  squared 0.002  plain 1.000
```

### A loss equal to alpha may be a collapse, and it has no gradient

Where all vectors are equal, every triplet costs `alpha`, and the gradient is exactly zero: nothing leads out. If
the loss stays at `alpha`, look at the distances between vectors of different examples. With `alpha=0` such a model would
be perfect.

```python
from lossary.functional import triplet

points = [torch.ones(4, 8, requires_grad=True) for _ in range(3)]
loss = triplet(*points)
slopes = torch.autograd.grad(loss, points)
print(round(loss.item(), 4), max(slope.abs().max().item() for slope in slopes))
```

```output
0.2 0.0
```

### Longer vectors meet any margin

Where the negative is farther away than the positive, multiplying all vectors by a factor multiplies the difference of the
squares by its square. Unless lengths are fixed, a model can lower the loss of such triplets without a better order, by
growing. Normalise the vectors.

```python
from lossary.functional import triplet

anchor, positive, negative = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.9, 0.1]]), torch.tensor([[0.8, 0.2]])
for factor in (1, 2, 4):
    raw = triplet(factor * anchor, factor * positive, factor * negative)
    unit = triplet(*(F.normalize(factor * v) for v in (anchor, positive, negative)))
    print(f"times {factor}: raw {raw.item():.2f}, normalised {unit.item():.3f}")
```

```output
times 1: raw 0.14, normalised 0.153
times 2: raw 0.00, normalised 0.153
times 4: raw 0.00, normalised 0.153
```

### The mean counts triplets that cost nothing

A triplet that is solved adds zero to the sum and one to the count. In the batch below one of four is not solved, and the
mean is a quarter of its loss. Select triplets, or average over those that cost something.

```python
from lossary.functional import triplet

anchor, positive = torch.zeros(4, 2), torch.tensor([[0.5, 0.0]]).expand(4, 2)
negative = torch.tensor([[0.6, 0.0], [1.0, 0.0], [1.5, 0.0], [2.0, 0.0]])
each = triplet(anchor, positive, negative, reduction="none")
print([round(v, 4) for v in each.tolist()])
print(f"mean {each.mean().item():.4f}, of those that cost something {each[each > 0].mean().item():.4f}")
```

```output
[0.09, 0.0, 0.0, 0.0]
mean 0.0225, of those that cost something 0.0900
```

### In float16 a distance of 256 may be too long

Its square is beyond the format. Where a coordinate's part of the difference of the two squares overflows, the loss is
infinite, or NaN where parts overflow in both directions. The gradient, twice a difference of vectors, lasts longer,
but a loss that is scaled or logged is spoilt. Normalise the vectors, or convert them with `.float()`, where the same
happens much farther out.

```python
from lossary.functional import triplet

anchor, far = torch.zeros(1, 2), torch.tensor([[300.0, 0.0]])
beside = torch.tensor([[0.0, 300.0]])
for name, negative in (("one distance", anchor), ("two distances", beside)):
    vectors = (anchor, far, negative)
    half = triplet(*(v.half() for v in vectors)).item()
    print(f"{name}: float16 {half}, float32 {triplet(*vectors).item():.2f}")
for format in (torch.float16, torch.float32):
    print(f"{format} squares distances up to {math.sqrt(torch.finfo(format).max):.4g}")
```

```output
one distance: float16 inf, float32 90000.20
two distances: float16 nan, float32 0.20
torch.float16 squares distances up to 255.9
torch.float32 squares distances up to 1.845e+19
```

## Relations

It is [[triplet_margin_with_distance]] with the squared distance.

    functional.triplet(p, q, scores) == F.triplet_margin_with_distance_loss(p, q, scores,
        distance_function=lambda a, b: (a - b).square().sum(-1), margin=0.2)

For vectors of length 1 the squared distance is twice the cosine distance, so the loss is twice
[[triplet_margin_with_distance]] with the cosine distance and half the margin.

    functional.triplet(F.normalize(p), F.normalize(q), F.normalize(scores)) ==
        2 * F.triplet_margin_with_distance_loss(p, q, scores, distance_function=lambda a, b: 1 - F.cosine_similarity(a, b), margin=0.1)

It is [[margin_ranking]] of the two squared distances.

    functional.triplet(p, q, scores) == F.margin_ranking_loss((p - scores).square().sum(1), (p - q).square().sum(1), torch.ones(8), margin=0.2)

Where both distances are added to 1, as on a line with the positive at x and the negative at 1 - x, it is
[[triplet_margin]].

    functional.triplet(torch.zeros(8, 1), p[:, :1], 1 - p[:, :1], alpha=0.5) ==
        F.triplet_margin_loss(torch.zeros(8, 1), p[:, :1], 1 - p[:, :1], margin=0.5, eps=0.0)

## In other libraries

- `torch.nn.functional.triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=lambda a, b: (a - b).square().sum(-1), margin=alpha, reduction="none")`:
  The margin must be above 0.
- [TensorFlow Addons](https://www.tensorflow.org/addons/api_docs/python/tfa/losses/TripletSemiHardLoss)
  `tfa.losses.TripletSemiHardLoss(margin=0.2, distance_metric="squared-L2")`: Chooses semi-hard negatives from a batch with
  labels. The plain distance and a margin of 1 by default.

## References

- Florian Schroff, Dmitry Kalenichenko and James Philbin (2015). FaceNet: A Unified Embedding for Face Recognition
  and Clustering. In *CVPR 2015, 815-823*. doi:10.1109/CVPR.2015.7298682 arXiv:1503.03832
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    DISTANCE_AXIS,
    NOT_NEGATIVE,
    VECTOR,
    HeatMap,
    Input,
    Loss,
    Parameter,
    Precision,
    Scene,
    Section,
    Study,
    Symbolic,
    cases,
    maximum,
    per,
    sqrt,
    sum_over,
    terms,
)


def triplet(
    anchor: torch.Tensor,
    positive: torch.Tensor,
    negative: torch.Tensor,
    *,
    alpha: float = 0.2,
    reduction: str = "mean",
) -> torch.Tensor:
    # |a - p|² - |a - n|², but long distances are not squared before they are subtracted
    excess = ((negative - positive) * ((anchor - positive) + (anchor - negative))).sum(-1)
    loss = F.relu(excess + alpha)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _squared(far: torch.Tensor) -> torch.Tensor:
    """The loss of a positive at distance 1 and a negative at each distance."""
    anchor = torch.zeros(len(far), 1, dtype=far.dtype)
    return triplet(anchor, anchor + 1, far[:, None], reduction="none")


def _plain(far: torch.Tensor) -> torch.Tensor:
    return F.relu(1 - far + 0.2)


loss = Loss(
    function=triplet,
    aliases=terms("FaceNet loss; FaceNet triplet loss; squared triplet loss; triplet loss with squared distances"),
    tasks=("embeddings", "ranking"),
    search_terms=terms(
        "anchor positive negative; face embedding loss; semi-hard negative mining; triplet loss stuck at 0.2; "
        "FaceNet; which negatives to pick; semi-hard triplets; hard negative mining; identity embeddings; "
        "nearest neighbours of the same person; closer to the positive than to the negative; "
        "same identity closer than another identity; select hard negatives; "
        "face embeddings by squared distance; "
        "squared Euclidean triplet; same person closer than another"
    ),
    concepts={
        "choosing alpha; margin 0.2": "A margin of the plain",
        "hard negatives; vanishing gradient": "A negative that lies",
        "triplet loss stuck at the margin; collapse": "A loss equal to alpha",
        "triplet loss nan; mixed precision": "In float16",
        "normalise embeddings": "Longer vectors",
        "triplet mining; semi-hard negatives; loss close to zero": "The mean counts",
    },
    answers={
        "embeddings/triplets": ("You know which of two", "Vectors have no fixed"),
    },
    inputs=(
        Input("anchor", "anchor", (VECTOR,), "(*, D)", "the vectors that the others are compared with"),
        Input(
            "positive", "positive", (VECTOR,), "(*, D), same as anchor", "for each anchor, a vector that should be near"
        ),
        Input(
            "negative",
            "negative",
            (VECTOR,),
            "(*, D), same as anchor",
            "for each anchor, a vector that should be farther away",
        ),
    ),
    parameters=(
        Parameter(
            "alpha",
            0.2,
            "by how much the squared distance of the negative must be larger than that of the positive",
            range=NOT_NEGATIVE,
            typical=(0.2, 0.5, 1.0),
        ),
    ),
    formulas=(
        Symbolic(
            where={
                "nearby": lambda d, anchor, positive, D: sum_over(d, (anchor[d] - positive[d]) ** 2, D),
                "away": lambda d, anchor, negative, D: sum_over(d, (anchor[d] - negative[d]) ** 2, D),
            },
            notation={"nearby": "d_{+}^2", "away": "d_{-}^2"},
            meanings={
                "nearby": "the squared distance from the anchor to the positive",
                "away": "the squared distance from the anchor to the negative",
                "alpha": "the margin",
            },
            value=lambda nearby, away, alpha: maximum(0, nearby - away + alpha),
            gradient={
                "anchor": lambda nearby, away, alpha, positive, negative, d: cases(
                    (2 * (negative[d] - positive[d]), nearby - away + alpha > 0), (0, True)
                ),
                "positive": lambda nearby, away, alpha, anchor, positive, d: cases(
                    (-2 * (anchor[d] - positive[d]), nearby - away + alpha > 0), (0, True)
                ),
                "negative": lambda nearby, away, alpha, anchor, negative, d: cases(
                    (2 * (anchor[d] - negative[d]), nearby - away + alpha > 0), (0, True)
                ),
            },
        ),
    ),
    precision=Precision(
        size=lambda d, anchor, positive, negative, alpha, D: (
            alpha + sum_over(d, (abs(anchor[d]) + abs(positive[d]) + abs(negative[d])) ** 2, D)
        ),
        why="it is a difference of two squared distances, and these are made of differences of the vectors",
    ),
    sections=(
        Section(
            axis=DISTANCE_AXIS,
            label="distance from the anchor",
            span=(0.0, 2.0),
            inputs=lambda t, y: {"anchor": [0], "positive": [1 + y * (t - 1)], "negative": [t + y * (1 - t)]},
            branches={"moving negative": 0.0, "moving positive": 1.0},
            perfect={"moving negative": float("inf"), "moving positive": 0.0},
            limits=(0.0, float("inf")),
            kinks=(
                lambda alpha: sqrt(1 + alpha),
                lambda alpha: sqrt((abs(1 - alpha) + 1 - alpha) / 2),  # at 0 where alpha is above 1
            ),
            note="One of the two moves, the other one is at distance 1.",
            caption="The negative is pushed in proportion to its distance, up to the one at which it is far enough; on the "
            "anchor it costs the most and is not pushed. The positive is pulled the harder the farther away it is.",
        ),
    ),
    figures=(
        Study(
            name="squared",
            title="Squared and plain distances",
            label="distance of the negative",
            span=(0.0, 2.5),
            curves={"squared": _squared, "plain": _plain},
            gradient=True,
            note="The positive is at distance 1. The margin is 0.2 in both.",
            caption="Where the plain distance pushes with the same force everywhere, the squared one pushes a near negative "
            "little and a far one hard, and lets go earlier.",
        ),
        HeatMap(
            name="distances",
            title="The loss over the two distances",
            labels=("distance of the positive", "distance of the negative"),
            spans=((0.0, 2.0), (0.0, 2.0)),
            inputs=lambda s, t: {"anchor": [0, 0], "positive": [s, 0], "negative": [0, t]},
            note="The positive and the negative lie at a right angle, seen from the anchor.",
            caption="Lines of equal loss are hyperbolas. The farther away both are, the smaller is the lead in plain distance "
            "that meets the margin.",
        ),
        Scene(
            name="active",
            title="An active triplet",
            inputs={"anchor": [0, 0], "positive": [1.2, 0.4], "negative": [0.3, -0.5]},
            caption="The positive, which is far, is pulled hard, and the near negative is pushed a little. The anchor is "
            "moved in the direction from the negative to the positive.",
        ),
    ),
    side_by_side={"turns": "functional.triplet(first, second, stranger, reduction='none')"},
    reductions=per("triplet"),
    example={
        "anchor": [[0.0, 0.0], [0.6, 0.8], [1.0, 0.0]],
        "positive": [[0.6, 0.8], [0.8, 0.6], [0.0, 1.0]],
        "negative": [[0.8, 0.0], [-0.6, 0.8], [0.6, -0.8]],
    },
    properties={
        "convex": False,
        "smoothness": "C0",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "gradient_limits": (0, 0),
        "value_at_perfect": 0,
    },
)
