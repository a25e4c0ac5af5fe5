r"""Triplet margin

Compares an anchor with a positive and a negative vector. The negative should be farther away than the positive, by at
least a margin; the loss is how far it falls short.

## When to use it

- You know which of two examples is more like the anchor: the same person and another one, the clicked
  item and a skipped one. No class scores and no absolute labels are needed.
- The model's vectors will be compared by Euclidean distance later, for retrieval or clustering.
- There are very many classes with few examples each, or classes that are not known at training
  time. The loss learns a space, not a list of classes.

The loss is zero once the negative is farther away than the positive by `margin`.

## When not to

- In most of your triplets the negative is far enough away already. They cost nothing and have no
  gradient. Unless you choose hard triplets, [[info_nce|InfoNCE]] uses a batch
  better.
- You want squared distances, as in the FaceNet paper: [[triplet|triplet loss with squared distance]].
- You want a distance that is no p-norm: [[triplet_margin_with_distance]].
- Vectors are compared by their angle: [[cosine_embedding]], or [[triplet_margin_with_distance]] with
  the cosine distance.
- Your labels say alike or unlike about pairs: [[contrastive|contrastive loss]] or [[cosine_embedding]].

## Pitfalls

### A loss equal to the margin may be a collapse

A model that maps everything to one point makes both distances equal, and the loss is then the margin, up to rounding.
(So may be the mean over triplets of which some are solved and some are not: `reduction="none"` tells.) With the default `eps` that state is no dead end. The constant gives a difference of zero
a direction: the two forces on the anchor cancel, but the positive and the negative are driven in
opposite directions, and a network whose inputs differ learns from that. Only at `eps=0` are all
gradients zero. If your loss stays at the margin, look for another reason in the gradients of the
weights; in the last network below it is a layer whose units are all dead.

```python
anchor, positive, negative = (torch.zeros(1, 3, requires_grad=True) for _ in range(3))
for eps in (1e-6, 0.0):
    loss = F.triplet_margin_loss(anchor, positive, negative, eps=eps)
    gradients = torch.autograd.grad(loss, (anchor, positive, negative))
    print("eps", eps, "loss", loss.item(), *(gradient.squeeze(0) for gradient in gradients))

anchors, positives, negatives = torch.randn(3, 32, 4) + torch.tensor([1.0, 1.0, -1.0]).view(3, 1, 1)
for name, bias, eps in (("alive ", 0.0, 1e-6), ("eps 0 ", 0.0, 0.0), ("dead  ", -100.0, 1e-6)):
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    nn.init.constant_(model[0].bias, bias)
    nn.init.zeros_(model[2].weight)  # all outputs are equal
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(21):
        loss = F.triplet_margin_loss(model(anchors), model(positives), model(negatives), eps=eps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 2))
    print(name, "before", losses[0], "after 20 steps", losses[-1])
```

```output
eps 1e-06 loss 1.0 tensor([0., 0., 0.]) tensor([-0.5774, -0.5774, -0.5774]) tensor([0.5774, 0.5774, 0.5774])
eps 0.0 loss 1.0 tensor([0., 0., 0.]) tensor([-0., -0., -0.]) tensor([0., 0., 0.])
alive  before 1.0 after 20 steps 0.11
eps 0  before 1.0 after 20 steps 1.0
dead   before 1.0 after 20 steps 1.0
```

### The distances are not squared

FaceNet writes the loss with squared distances. This one uses the plain distance. The two agree on
which example is closer, but not on the loss, the gradient or the meaning of a margin. So the margin
of a paper with squared distances, such as FaceNet's 0.2 for vectors of length 1, does not carry over.

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

It is not added under the root. So the Euclidean distance of a vector from itself is not zero but
`eps` times the root of the number of coordinates, and the distance from a to b is not quite that from
b to a. Both effects show when differences are as small as `eps`, and when you test for an exact zero.

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
distances counts. The loss stays the same or grows, and a triplet that costs nothing without it may cost something, so
losses with and without `swap` cannot be compared.

```python
anchor = torch.tensor([[0.0, 0.0]])
positive = torch.tensor([[1.0, 0.0]])
negative = torch.tensor([[2.5, 0.0]])

for swap in (False, True):
    print(swap, round(F.triplet_margin_loss(anchor, positive, negative, swap=swap).item(), 4))
```

```output
False 0.0
True 0.5
```

### The mean counts triplets that cost nothing

Once most triplets are solved, most terms are zero, yet the mean divides by all of them. The loss and
its gradient are then small because few triplets count, even where those few are as hard as before.
Average over the triplets that cost something, or select them.

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

A margin of zero is refused; with it, a model that maps everything to one point would be perfect. The
margin also sets the scale: a model that has the negative farther away can meet any margin by making
all its vectors longer. Normalise them if only their direction should count. With `p=2` no distance is then longer than 2, and no triplet can meet a margin above that.

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

The last dimension holds the coordinates. The three tensors must have the same number of dimensions;
where their sizes differ, they are broadcast if they can be. A column against a row compares every
pair, and there is no warning. A single vector for the whole batch needs a first dimension of size 1.

```python
anchor = torch.zeros(3, 1, 2)
positive = torch.ones(1, 3, 2)
negative = torch.full((3, 3, 2), 5.0)
print(F.triplet_margin_loss(anchor, positive, negative, reduction="none").shape)

anchors, positives, negative = torch.zeros(3, 2), torch.ones(3, 2), torch.full((2,), 5.0)
try:
    F.triplet_margin_loss(anchors, positives, negative)
except RuntimeError as error:
    print(error)
print(F.triplet_margin_loss(anchors, positives, negative.unsqueeze(0), reduction="none").shape)
```

```output
torch.Size([3, 3])
The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor 2D, positive 2D, and negative 1D inputs
torch.Size([3])
```

### A large p underflows or overflows

Differences are raised to the power p before they are added up. In float32 the hundredth power of 0.1
is zero. In the snippet both distances are then 0, the loss is the margin, and there is no gradient.
The power of 10 is infinite, and the loss is NaN. What a large p approaches is the largest difference of all
coordinates; `p=float("inf")` computes it without powers.

```python
anchor = torch.zeros(1, 2)
for size in (0.1, 10.0):
    positive = torch.tensor([[size, 0.0]], requires_grad=True)
    negative = torch.tensor([[0.0, 2 * size]])
    for p in (2.0, 100.0, float("inf")):
        loss = F.triplet_margin_loss(anchor, positive, negative, margin=0.3, p=p)
        slope = torch.autograd.grad(loss, positive)[0][0, 0]
        print(f"size {size}, p = {p}: loss {loss.item():.1f}, gradient {slope.item()}")
```

```output
size 0.1, p = 2.0: loss 0.2, gradient 1.0
size 0.1, p = 100.0: loss 0.3, gradient 0.0
size 0.1, p = inf: loss 0.2, gradient 1.0
size 10.0, p = 2.0: loss 0.0, gradient 0.0
size 10.0, p = 100.0: loss nan, gradient nan
size 10.0, p = inf: loss 0.0, gradient 0.0
```

## Relations

It is [[triplet_margin_with_distance]] with the default distance.

    F.triplet_margin_loss(scores, p, q) == F.triplet_margin_with_distance_loss(scores, p, q)

It is the [[margin_ranking]] loss of the two distances.

    F.triplet_margin_loss(scores, p, q) ==
        F.margin_ranking_loss(F.pairwise_distance(scores, q), F.pairwise_distance(scores, p), torch.ones(8),
        margin=1.0)

## In other libraries

- `optax.losses.triplet_margin_loss(anchor, positive, negative, norm_degree=2, margin=margin, eps=eps)`: eps is added
  once under the root, so the distance of two equal vectors is its root, 0.001. Even norm degrees only: it takes no
  absolute value. No swap, no reduction.
- `pytorch_metric_learning.losses.TripletMarginLoss(margin=margin)(torch.cat([anchor, positive, negative]), indices_tuple=torch.arange(3 * len(anchor)).reshape(3, -1).unbind())` is another loss:
  Forms the triplets of a batch from labels where none are given, normalises the vectors first and averages over the
  triplets that cost something; margin is 0.05 by default.
- [MindSpore](https://www.mindspore.cn/docs/en/master/api_python/ops/mindspore.ops.triplet_margin_loss.html)
  `mindspore.ops.triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False)`: The same
  arguments and defaults. Does not run on a processor.

## References

- Vassileios Balntas, Edgar Riba, Daniel Ponsa and Krystian Mikolajczyk (2016). Learning local feature
  descriptors with triplets and shallow convolutional neural networks. In *BMVC 2016*. doi:10.5244/C.30.119
- Florian Schroff, Dmitry Kalenichenko and James Philbin (2015). FaceNet: A Unified Embedding for Face
  Recognition and Clustering. In *CVPR 2015, 815-823*. doi:10.1109/CVPR.2015.7298682 arXiv:1503.03832
- Alexander Hermans, Lucas Beyer and Bastian Leibe (2017). In Defense of the Triplet Loss for Person
  Re-Identification. arXiv preprint. arXiv:1703.07737
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
    Number,
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
    per,
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
        "triplet margin hinge; triplets of anchor, positive and negative; anchor positive negative; "
        "metric learning loss; embedding loss with anchor; distance swap; semi-hard negatives; "
        "triplet loss stuck at margin; triplet loss collapse; expected margin to be greater than 0; "
        "anchor closer to the positive than to the negative; which negatives to pick; "
        "relative distance of three samples; retrieval by distance; hardest negative; select hard negatives; "
        "anchor, positive, negative; triplet loss collapses to the margin; "
        "pull the positive closer than the negative; person re-identification; batch-hard mining; embeddings of "
        "the same identity closer; "
        "max(0, d(a, p) - d(a, n) + margin); "
        "all embeddings collapse to one point"
    ),
    concepts={
        "choosing the margin; expected margin to be greater than 0": "The margin must be",
        "distance swap; TripletMarginLoss swap; anchor swap": "swap",
        "triplet_margin_loss collapse; triplet loss collapse; triplet loss stuck at margin": "A loss equal to the margin",
        "squared distances; FaceNet": "The distances are not",
        "hard negative mining; semi-hard negatives": "The mean counts",
        "TripletMarginLoss nan; maximum norm, p infinite": "A large p",
        "expected to have the same number of dimensions": "Shapes are broadcast",
    },
    answers={
        "embeddings/triplets": ("You know which of two", "In most of your triplets"),
        "embeddings/classes": ("There are very many classes", "In most of your triplets"),
    },
    inputs=(
        Input("anchor", "anchor", (VECTOR,), "(*, D)", "the vectors that the others are compared with"),
        Input(
            "positive",
            "positive",
            (VECTOR,),
            "(*, D), same as anchor",
            "for each anchor, a vector that should be near",
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
            "margin",
            1.0,
            "by how much the negative must be farther away than the positive",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
        Parameter(
            "p",
            2.0,
            "the degree of the norm that measures distances; 2 is Euclidean, and torch takes infinity as well",
            kind=Number(infinite=True),
            range=Range(lower=1.0),
            typical=(1.0, 2.0, 3.0),
            symbol="p",
        ),
        Parameter(
            "eps",
            1e-6,
            "a small constant that is added to every coordinate of a difference",
            range=NOT_NEGATIVE,
            typical=(1e-6, 0.01),
        ),
        flag(
            "swap",
            False,
            "whether the negative's distance from the positive counts where it is smaller than that from the anchor",
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
            meanings={
                "s_a": "1 where the negative is nearer to the anchor than to the positive, 0 where it is farther, 0.5 where they are equal"
            },
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
            inputs=lambda t, y: {"anchor": [0], "positive": [-1], "negative": [-t]},
            branches={"": 0.0},
            perfect=float("inf"),
            limits=(0.0, float("inf")),
            kinks=(
                lambda margin, swap: (2 if swap else 1) + margin,
                lambda eps, swap: 0.5 - eps if swap else float("inf"),
                lambda eps, swap: 1 - eps if swap else float("inf"),
            ),
            note="All three lie on a line, where every p gives the same distances. The positive is at distance 1, and the negative moves "
            "away on the same side.",
            caption="Each step that the negative moves away lowers the loss by its own length, until it is farther than the "
            "positive by the margin. From there on it is not pushed.",
        ),
        Section(
            axis=DISTANCE_AXIS,
            label="Euclidean distance of the negative, along a diagonal",
            span=(0.0, 3.0),
            # On the far side of the small constant, so that it makes no difference.
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
            note="Two equal coordinates. The positive is at the Euclidean distance 1, and the negative moves away on "
            "the same side. A smaller p makes both distances longer.",
            caption="The smaller p is, the sooner the negative leads by the margin.",
        ),
    ),
    figures=(
        HeatMap(
            name="distances",
            title="Triplet margin over the two distances",
            labels=("distance of the positive", "distance of the negative"),
            spans=((0.0, 3.0), (0.0, 3.0)),
            inputs=lambda s, t: {"anchor": [0, 0], "positive": [s, 0], "negative": [0, t]},
            note="The positive and the negative lie at a right angle, seen from the anchor.",
            caption="Only the difference of the distances counts: lines of equal loss are parallel to the diagonal. Above "
            "the one where the negative is farther by the margin, the loss is zero.",
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
            caption="Without swap the loss is largest where the negative is the anchor, and zero from 2 on. With swap it "
            "has a second peak where the negative is the positive, and is zero only from 3 on.",
        ),
        Scene(
            name="active",
            title="An active triplet",
            inputs={"anchor": [0, 0], "positive": [1.2, 0.4], "negative": [0.6, -0.9]},
            caption="The positive is drawn to the anchor and the negative is driven away, each with a step of length 1, "
            "whatever its distance. The step of the anchor is the sum of both, in reverse.",
        ),
        Scene(
            name="swapped",
            title="A triplet where swap counts",
            inputs={"anchor": [0, 0], "positive": [1.2, 0.4], "negative": [1.6, -0.3]},
            parameters={"swap": True},
            caption="The negative is nearer to the positive than to the anchor, so the positive pushes it away, and the "
            "anchor is drawn to the positive only.",
            note="`swap` is true.",
        ),
        Extremes(
            label="distance of both, as a power of ten",
            span=(-12.0, 25.0),
            inputs=lambda t: {"anchor": [0, 0], "positive": [-t, 0], "negative": [0, -t]},
            of="positive",
            powers=True,
            note="The positive and the negative are at the same distance, at a right angle. The loss should be 1, the margin.",
            caption="For long vectors the margin is lost in the rounding of the distances: the loss is off by up to 1 either "
            "way, and in the end it is 0. The gradient with respect to the positive keeps the length 1 even there. Longer "
            "still, the square leaves the range of float32 and bfloat16: the loss is NaN and the gradient 0.",
        ),
    ),
    reductions=per("triplet"),
    side_by_side={"turns": "F.triplet_margin_loss(first, second, stranger, reduction='none')"},
    example={
        "anchor": [[0.0, 0.0], [1.0, 1.0], [0.5, -0.5]],
        "positive": [[0.6, 0.8], [1.0, 2.0], [0.5, 0.0]],
        "negative": [[1.2, 0.0], [1.0, 0.5], [3.5, 3.5]],
    },
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "value_at_perfect": 0,
        "gradient_limits": (-1, 0),
    },
)
