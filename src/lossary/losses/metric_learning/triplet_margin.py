r"""Triplet margin

What the distance to the negative lacks to exceed the distance to the positive by a margin.

## When to use it

- You know which of two examples is more like the anchor: the same person and another one, the clicked
  item and a skipped one. No class scores and no absolute labels are needed.
- The model's vectors will be compared by Euclidean distance later, for retrieval or clustering.
- There are very many classes with few examples each, or classes that are not known at training
  time. The loss learns a space, not a list of classes.

The loss is zero once the negative is farther away than the positive by `margin`.

## When not to

- Most triplets of a random batch already cost nothing, and then nothing is learnt from them. Unless
  you choose hard triplets, [[info_nce|InfoNCE]] or [[multi_similarity|multi-similarity loss]] use a batch better.
- You want squared distances, as in the FaceNet paper: [[triplet|triplet loss with squared distance]].
- You want another distance, or none of the small constant that this one adds to every difference:
  [[triplet_margin_with_distance]].
- Vectors are compared by their angle: [[cosine_embedding]], or [[triplet_margin_with_distance]] with
  the cosine distance.
- Your labels say alike or unlike about pairs: [[contrastive|contrastive loss]] or [[cosine_embedding]].

## Pitfalls

### A collapsed model stands still at a loss equal to the margin

If the model maps everything to one point, both distances are equal and the loss is exactly the
margin. The gradients of the two distances cancel, so nothing pushes the anchor away. Training that
hangs at a loss of 1.0 with the default margin is in this state. Lower the learning rate, begin with
easier triplets, and watch the mean distance between vectors beside the loss.

```python
point = torch.zeros(2, 3, requires_grad=True)

loss = F.triplet_margin_loss(point, point, point)
gradient = torch.autograd.grad(loss, point)[0]
print(loss.item(), gradient.abs().max().item())
```

```output
1.0 0.0
```

### The distances are not squared

FaceNet writes the loss with squared distances. This one uses the plain distance. The two agree on
which example is closer, but not on the loss, on the gradient or on what a margin means. A margin
from a paper does not carry over, such as FaceNet's 0.2 for vectors of length 1.

```python
anchor = torch.tensor([[0.0]])
positive = torch.tensor([[0.5]])
negative = torch.tensor([[0.6]])

plain = F.triplet_margin_loss(anchor, positive, negative)
near, far = (anchor - positive).square().sum(1), (anchor - negative).square().sum(1)
print("plain  ", round(plain.item(), 4))
print("squared", round(F.relu(near - far + 1).item(), 4))
```

```output
plain   0.9
squared 0.89
```

### eps is added to every coordinate of the difference

It does not sit under the root. So the distance of a vector from itself is not zero but `eps` times
the root of the number of coordinates, and the distance from a to b is not quite that from b to a.
Both effects are tiny for vectors of ordinary size. They show when differences are as small as
`eps`, and when you test for an exact zero.

```python
for coordinates in (4, 10000):
    point = torch.zeros(1, coordinates)
    print(coordinates, f"{F.pairwise_distance(point, point).item():.1e}")
a = torch.tensor([[0.0, 0.0]])
b = torch.tensor([[1e-6, 1e-6]])
print(f"{F.pairwise_distance(a, b).item():.1e} {F.pairwise_distance(b, a).item():.1e}")
```

```output
4 2.0e-06
10000 1.0e-04
0.0e+00 2.8e-06
```

### swap uses the nearer of two distances

With `swap=True` the negative is compared with the positive as well, and the smaller of its two
distances counts. The loss can only grow. A triplet that was finished may become active
again, so losses with and without `swap` cannot be compared.

```python
anchor = torch.tensor([[0.0, 0.0]])
positive = torch.tensor([[1.0, 0.0]])
negative = torch.tensor([[1.5, 0.0]])

for swap in (False, True):
    print(swap, round(F.triplet_margin_loss(anchor, positive, negative, swap=swap).item(), 4))
```

```output
False 0.5
True 1.5
```

### The mean counts triplets that cost nothing

Once most triplets are solved, most terms are zero, yet the mean divides by all of them. The loss
goes to zero because few triplets count, even while those few remain as hard as before, and the
gradient fades with it. Average over the active triplets, or select them.

```python
anchor = torch.zeros(4, 2)
positive = torch.tensor([[1.0, 0.0]]).expand(4, 2)
negative = torch.tensor([[0.5, 0.0], [4.0, 0.0], [5.0, 0.0], [6.0, 0.0]])

each = F.triplet_margin_loss(anchor, positive, negative, reduction="none")
print([round(v, 4) for v in each.tolist()])
print(round(each.mean().item(), 4), round((each.sum() / (each > 0).sum()).item(), 4))
```

```output
[1.5, 0.0, 0.0, 0.0]
0.375 1.5
```

### The margin must be positive and is measured in units of the vectors

A margin of zero is refused, because a collapsed model would then be perfect. The margin also sets
the scale: a model can meet any margin by making all its vectors longer. Normalise them if only their
direction should count. Then no distance exceeds 2, so a margin of 2 or more can never be met with
room to spare.

```python
anchor = torch.tensor([[0.0, 0.0]])
positive = torch.tensor([[0.3, 0.0]])
negative = torch.tensor([[0.5, 0.0]])

for scale in (1, 5):
    scaled = F.triplet_margin_loss(scale * anchor, scale * positive, scale * negative)
    print(scale, round(scaled.item(), 4))
try:
    nn.TripletMarginLoss(margin=0.0)
except ValueError as error:
    print(error)
```

```output
1 0.8
5 0.0
TripletMarginLoss: expected margin to be greater than 0, got 0.0 instead
```

### Shapes are broadcast

The last dimension holds the coordinates. Three vectors of other shapes are broadcast if they can
be. A column against a row compares every pair, and there is no warning.

```python
anchor = torch.zeros(3, 1, 2)
positive = torch.ones(1, 3, 2)
negative = torch.full((3, 3, 2), 5.0)

print(F.triplet_margin_loss(anchor, positive, negative, reduction="none").shape)
```

```output
torch.Size([3, 3])
```

## Relations

It is [[triplet_margin_with_distance]] with the default distance.

    F.triplet_margin_loss(scores, p, q) == F.triplet_margin_with_distance_loss(scores, p, q)

It is the [[margin_ranking]] loss of the two distances.

    F.triplet_margin_loss(scores, p, q) ==
        F.margin_ranking_loss(F.pairwise_distance(scores, q), F.pairwise_distance(scores, p), torch.ones(8),
        margin=1.0)

## In other libraries

- `optax.losses.triplet_margin_loss(anchors, positives, negatives, norm_degree=2, margin=1.0, eps=1e-06)`: eps
  is added once under the root, so values differ by about that much. Even norm degrees only: it takes no
  absolute value. No swap, no reduction.
- pytorch-metric-learning, no multiple: `losses.TripletMarginLoss(margin=1.0, swap=False)`: Forms the triplets
  of a batch from labels and has another default for margin.
- `mindspore.ops.triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False)`: The
  same arguments and defaults.

## References

- Vassileios Balntas, Edgar Riba, Daniel Ponsa and Krystian Mikolajczyk (2016). Learning local feature
  descriptors with triplets and shallow convolutional neural networks. In *BMVC 2016*. doi:10.5244/C.30.119
- Florian Schroff, Dmitry Kalenichenko and James Philbin (2015). FaceNet: A Unified Embedding for Face
  Recognition and Clustering. In *CVPR 2015, 815-823*. doi:10.1109/CVPR.2015.7298682 arXiv:1503.03832
- Alexander Hermans, Lucas Beyer and Bastian Leibe (2017). In Defense of the Triplet Loss for Person
  Re-Identification. *arXiv preprint*. arXiv:1703.07737
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    DISTANCE_AXIS,
    NOT_NEGATIVE,
    POSITIVE,
    VECTOR,
    Extremes,
    HeatMap,
    Input,
    Loss,
    Parameter,
    Precision,
    Range,
    Scene,
    Section,
    Study,
    Symbolic,
    cases,
    flag,
    maximum,
    minimum,
    sign,
    sum_over,
    terms,
)

# Each coordinate of a vector of length 1 on the diagonal of the plane.
DIAGONAL = 0.5**0.5


def _line(near: torch.Tensor, far: torch.Tensor, swap: bool = False) -> torch.Tensor:
    """The loss of an anchor at 0 on a line, its positive at `near` and its negative at `far`."""
    anchor = torch.zeros(len(far), 1, dtype=far.dtype)
    return F.triplet_margin_loss(anchor, near[:, None], far[:, None], eps=0.0, swap=swap, reduction="none")


def _placed(distance: float, negatives: torch.Tensor, swap: bool = False) -> torch.Tensor:
    return _line(torch.full_like(negatives, distance), negatives, swap)


loss = Loss(
    torch="torch.nn.TripletMarginLoss",
    functional="torch.nn.functional.triplet_margin_loss",
    aliases=terms("F.triplet_margin_loss; triplet_margin_loss; triplet margin; triplet margin loss"),
    tasks=("embeddings", "ranking"),
    search_terms=terms(
        "triplet_margin; TripletMargin; TripletMarginLoss swap; TripletMarginLoss nan; triplet_margin_loss collapse; "
        "triplet margin hinge; triplets of anchor, positive and negative; anchor positive negative; metric learning "
        "loss; embedding loss with anchor; distance swap; semi-hard negatives; triplet loss stuck at margin; triplet "
        "loss collapse; expected margin to be greater than 0"
    ),
    concepts={
        "choosing the margin; expected margin to be greater than 0": "The margin must be",
        "distance swap; TripletMarginLoss swap": "swap",
        "triplet_margin_loss collapse; triplet loss collapse; triplet loss stuck at margin": "A collapsed model",
        "squared distances; FaceNet": "The distances are not",
        "hard negative mining; semi-hard negatives": "The mean counts",
    },
    inputs=(
        Input("anchor", "anchor", (VECTOR,), "(N, D) or (D)", "the vectors that are compared"),
        Input("positive", "positive", (VECTOR,), "(N, D) or (D), same as anchor", "a vector like each anchor"),
        Input("negative", "negative", (VECTOR,), "(N, D) or (D), same as anchor", "a vector unlike each anchor"),
    ),
    parameters=(
        Parameter(
            "margin",
            1.0,
            "by how much the negative must be farther away than the positive",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
        Parameter(
            "p",
            2.0,
            "the degree of the norm that measures distances; 2 is Euclidean",
            range=Range(lower=1.0, upper_open=True),
            typical=(1.0, 2.0, 3.0),
            symbol="p",
        ),
        Parameter(
            "eps",
            1e-6,
            "a small constant, added to every coordinate of a difference",
            range=NOT_NEGATIVE,
            typical=(1e-6, 0.01),
        ),
        flag(
            "swap", False, "whether the distance from the positive to the negative counts where it is the smaller one"
        ),
    ),
    formulas=(
        Symbolic(
            where={
                "near": lambda d, anchor, positive, eps, p, D: (
                    sum_over(d, abs(anchor[d] - positive[d] + eps) ** p, D) ** (1 / p)
                ),
                "far": lambda d, anchor, negative, eps, p, D: (
                    sum_over(d, abs(anchor[d] - negative[d] + eps) ** p, D) ** (1 / p)
                ),
            },
            value=lambda near, far, margin: maximum(0, near - far + margin),
            gradient={
                "anchor": lambda near, far, margin, anchor, positive, negative, eps, p, d: cases(
                    (
                        sign(anchor[d] - positive[d] + eps) * (abs(anchor[d] - positive[d] + eps) / near) ** (p - 1)
                        - sign(anchor[d] - negative[d] + eps) * (abs(anchor[d] - negative[d] + eps) / far) ** (p - 1),
                        near - far + margin >= 0,
                    ),
                    (0, True),
                ),
                "positive": lambda near, far, margin, anchor, positive, eps, p, d: cases(
                    (
                        -sign(anchor[d] - positive[d] + eps) * (abs(anchor[d] - positive[d] + eps) / near) ** (p - 1),
                        near - far + margin >= 0,
                    ),
                    (0, True),
                ),
                "negative": lambda near, far, margin, anchor, negative, eps, p, d: cases(
                    (
                        sign(anchor[d] - negative[d] + eps) * (abs(anchor[d] - negative[d] + eps) / far) ** (p - 1),
                        near - far + margin >= 0,
                    ),
                    (0, True),
                ),
            },
            at={"swap": False},
        ),
        Symbolic(
            label="With swap",
            where={
                "near": lambda d, anchor, positive, eps, p, D: (
                    sum_over(d, abs(anchor[d] - positive[d] + eps) ** p, D) ** (1 / p)
                ),
                "far": lambda d, anchor, negative, eps, p, D: (
                    sum_over(d, abs(anchor[d] - negative[d] + eps) ** p, D) ** (1 / p)
                ),
                "swapped": lambda d, positive, negative, eps, p, D: (
                    sum_over(d, abs(positive[d] - negative[d] + eps) ** p, D) ** (1 / p)
                ),
                "s_a": lambda far, swapped: cases((1, far < swapped), (0, far > swapped), (0.5, True)),
            },
            notation={"s_a": "s"},
            meanings={"s_a": "1 where the anchor is nearer to the negative than the positive is, 0 where it is not"},
            value=lambda near, far, swapped, margin: maximum(0, near - minimum(far, swapped) + margin),
            gradient={
                "anchor": lambda near, far, swapped, s_a, margin, anchor, positive, negative, eps, p, d: cases(
                    (
                        sign(anchor[d] - positive[d] + eps) * (abs(anchor[d] - positive[d] + eps) / near) ** (p - 1)
                        - s_a
                        * sign(anchor[d] - negative[d] + eps)
                        * (abs(anchor[d] - negative[d] + eps) / far) ** (p - 1),
                        near - minimum(far, swapped) + margin >= 0,
                    ),
                    (0, True),
                ),
                "positive": lambda near, far, swapped, s_a, margin, anchor, positive, negative, eps, p, d: cases(
                    (
                        -sign(anchor[d] - positive[d] + eps) * (abs(anchor[d] - positive[d] + eps) / near) ** (p - 1)
                        - (1 - s_a)
                        * sign(positive[d] - negative[d] + eps)
                        * (abs(positive[d] - negative[d] + eps) / swapped) ** (p - 1),
                        near - minimum(far, swapped) + margin >= 0,
                    ),
                    (0, True),
                ),
                "negative": lambda near, far, swapped, s_a, margin, anchor, positive, negative, eps, p, d: cases(
                    (
                        s_a
                        * sign(anchor[d] - negative[d] + eps)
                        * (abs(anchor[d] - negative[d] + eps) / far) ** (p - 1)
                        + (1 - s_a)
                        * sign(positive[d] - negative[d] + eps)
                        * (abs(positive[d] - negative[d] + eps) / swapped) ** (p - 1),
                        near - minimum(far, swapped) + margin >= 0,
                    ),
                    (0, True),
                ),
            },
            at={"swap": True},
        ),
    ),
    precision=Precision(
        size=lambda d, anchor, positive, negative, margin, D: (
            margin + sum_over(d, abs(anchor[d]) + abs(positive[d]) + abs(negative[d]), D)
        ),
        why="it is a difference of two distances, and these are made of differences of the vectors",
    ),
    sections=(
        Section(
            axis=DISTANCE_AXIS,
            label="distance of the negative",
            span=(0.0, 3.0),
            # On a diagonal, so that p makes a difference; on the far side of the small constant, so that it makes none.
            inputs=lambda t, y: {
                "anchor": [0, 0],
                "positive": [-DIAGONAL, -DIAGONAL],
                "negative": [-t * DIAGONAL, -t * DIAGONAL],
            },
            branches={"": 0.0},
            perfect=float("inf"),
            limits=(0.0, float("inf")),
            kinks=(
                lambda margin, p, swap: (2 if swap else 1) + margin * 2 ** (0.5 - 1 / p),
                lambda margin, p, eps, swap: 0.5 - eps * 2**0.5 if swap else 1 + margin * 2 ** (0.5 - 1 / p),
                lambda margin, p, eps, swap: 1 - eps * 2**0.5 if swap else 1 + margin * 2 ** (0.5 - 1 / p),
            ),
            note="The positive is at distance 1. The negative moves away on the same side, along the diagonal of a plane.",
            caption="Each step that the negative moves away saves as much, until it is farther than the positive by the "
            "margin. From there on nothing pushes it.",
        ),
    ),
    figures=(
        HeatMap(
            name="distances",
            title="Triplet margin over the two distances",
            labels=("distance of the positive", "distance of the negative"),
            spans=((0.0, 3.0), (0.0, 3.0)),
            inputs=lambda s, t: {"anchor": [0, 0], "positive": [s, 0], "negative": [0, t]},
            note="The two lie at a right angle, seen from the anchor.",
            caption="Only the difference of the distances counts: the lines are parallel to the diagonal, and above the "
            "one where the negative leads by the margin the loss is zero.",
        ),
        Study(
            name="regions",
            title="Hard, semi-hard and easy negatives",
            label="distance of the negative",
            span=(0.0, 3.0),
            curves={
                "positive at 0.5": lambda t: _placed(0.5, t),
                "positive at 1": lambda t: _placed(1.0, t),
                "positive at 1.5": lambda t: _placed(1.5, t),
            },
            note="Margin 1.",
            caption="A negative nearer than the positive is hard: the loss is above the margin. One that is farther, but "
            "not by the margin, is semi-hard: the loss lies between the margin and zero. Beyond, it is easy.",
        ),
        Study(
            name="swapping",
            title="With and without swap",
            label="place of the negative on a line",
            span=(-1.0, 4.0),
            curves={"swap off": lambda t: _placed(1.0, t), "swap on": lambda t: _placed(1.0, t, True)},
            note="On a line: the anchor at 0, the positive at 1. Margin 1.",
            caption="Without swap the loss is largest where the negative sits on the anchor, and finished at 2. With swap "
            "it has a second peak where the negative sits on the positive, and is finished only at 3.",
        ),
        Scene(
            name="active",
            title="An active triplet",
            inputs={"anchor": [0, 0], "positive": [1.2, 0.4], "negative": [0.6, -0.9]},
            caption="The positive is drawn to the anchor and the negative driven off, each with a step of length 1, "
            "whatever the distance. The anchor does both.",
        ),
        Scene(
            name="swapped",
            title="The same triplet with swap",
            inputs={"anchor": [0, 0], "positive": [1.2, 0.4], "negative": [1.6, -0.3]},
            parameters={"swap": True},
            caption="The negative is nearer to the positive than to the anchor, so the positive pushes it away, and the "
            "anchor is drawn to the positive only.",
            note="swap is true.",
        ),
        Extremes(
            label="distance of both, as a power of ten",
            span=(-12.0, 25.0),
            inputs=lambda t: {"anchor": [0, 0], "positive": [-t, 0], "negative": [0, -t]},
            of="positive",
            powers=True,
            note="The positive and the negative are at the same distance, at a right angle. The loss should be 1, the margin.",
            caption="For long vectors the margin drowns in the rounding of the distances and the loss falls to 0. Longer "
            "still, the square leaves the format's range and the result is NaN. Below the small constant the gradient fades.",
        ),
    ),
    example={
        "anchor": [[0.0, 0.0], [1.0, 1.0], [0.5, -0.5]],
        "positive": [[0.6, 0.8], [1.0, 2.0], [0.5, 0.0]],
        "negative": [[1.2, 0.0], [1.0, 0.5], [3.5, 3.5]],
    },
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": lambda p: 2 ** (1 / p - 0.5),
        "gradient_lipschitz": "inf",
        "value_at_perfect": 0,
        "gradient_limits": lambda p: (-(2 ** (1 / p - 0.5)), 0),
    },
)
