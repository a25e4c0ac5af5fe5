r"""Triplet margin with distance

Compares an anchor with a positive and a negative by any distance function. The negative should be farther away than
the positive, by at least a margin; the loss is how far it falls short.

## When to use it

- You have an anchor, something like it and something unlike it, and want to say yourself what
  distance means: cosine, squared Euclidean, a learned one, a distance between whole sequences.
- Your vectors are compared by cosine similarity later. The cosine distance trains for that.
- You want to repeat the FaceNet loss, which squares the distances.

Any function of two tensors will do that is small for what is alike and returns one number per pair. Only the difference
of two distances counts, so it may be negative: minus the cosine gives the same losses as one minus the cosine. Below are the cosine distance, and a distance between sequences: the mean over the
steps, each of which has a vector.

```python
def cosine_distance(x, y):
    return 1 - F.cosine_similarity(x, y, dim=-1)


def mean_distance(x, y):
    return (x - y).norm(dim=-1).mean(dim=-1)


sequences = torch.randn(3, 8, 5, 16)  # anchor, positive, negative: 8 triplets of 5 steps each
for function, triplets in ((cosine_distance, sequences[:, :, -1]), (mean_distance, sequences)):
    criterion = nn.TripletMarginWithDistanceLoss(distance_function=function, margin=0.5, reduction="none")
    anchor, positive, negative = triplets
    print(function.__name__, list(anchor.shape), criterion(anchor, positive, negative))
```

```output
cosine_distance [8, 16] tensor([0.5872, 0.0426, 0.3797, 0.6735, 0.1148, 1.2854, 0.1746, 0.2992])
mean_distance [8, 5, 16] tensor([0.1779, 0.0000, 0.4827, 1.4642, 0.0000, 0.9528, 0.0000, 0.8210])
```

## When not to

- The Euclidean distance is what you want: [[triplet_margin]] is the same loss and also takes `p` and
  `eps`.
- The code must go through `torch.jit.script`, which takes [[triplet_margin]] and not this loss.
- You hold similarities and do not want to turn them into distances: [[margin_ranking]] takes scores.
- Each anchor has many negatives: [[info_nce|InfoNCE]] uses all of them at once.
- Labels belong to pairs, not to triplets: [[cosine_embedding]] or [[contrastive|contrastive loss]].

## Pitfalls

### A similarity in place of a distance turns training around

The function must be small for what is alike. `F.cosine_similarity` is large there. It is silently
accepted, and the loss then rewards pushing the positive away: below, a perfect triplet costs 3. Pass
one minus the similarity.

```python
anchor = torch.tensor([[1.0, 0.0]])
positive = torch.tensor([[1.0, 0.0]])
negative = torch.tensor([[-1.0, 0.0]])
choices = {
    "similarity": F.cosine_similarity,
    "distance": lambda x, y: 1 - F.cosine_similarity(x, y),
}
for name, function in choices.items():
    loss = F.triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=function)
    print(name, loss.item())
```

```output
similarity 3.0
distance 0.0
```

### A bare root gives NaN where two vectors are equal

The slope of the root is infinite at zero. Going back, autograd multiplies it by another factor that
is zero there, and infinity times zero is NaN. With a margin of 2 that factor is the slope of the
square under the root. With a margin of 1 the triplet costs nothing, so that nothing should come back
at all, and still the gradient is NaN. Use `F.pairwise_distance`, add a small constant under the root,
or use squared distances.

```python
positive = torch.zeros(1, 3)
negative = torch.ones(1, 3)
functions = {
    "bare root": lambda x, y: (x - y).square().sum(-1).sqrt(),
    "constant ": lambda x, y: ((x - y).square().sum(-1) + 1e-12).sqrt(),
    "pairwise ": F.pairwise_distance,
}
for name, function in functions.items():
    for margin in (2.0, 1.0):
        anchor = torch.zeros(1, 3, requires_grad=True)
        loss = F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=function, margin=margin
        )
        gradient = torch.autograd.grad(loss, anchor)[0]
        print(name, "margin", margin, "loss", round(loss.item(), 4), "NaN:", gradient.isnan().any().item())
```

```output
bare root margin 2.0 loss 0.2679 NaN: True
bare root margin 1.0 loss 0.0 NaN: True
constant  margin 2.0 loss 0.268 NaN: False
constant  margin 1.0 loss 0.0 NaN: False
pairwise  margin 2.0 loss 0.268 NaN: False
pairwise  margin 1.0 loss 0.0 NaN: False
```

### The function must reduce each pair to one number

Nothing checks what it returns. If it keeps the coordinates, each coordinate is treated as a triplet
of its own, and the mean runs over all of them: a different loss, without an error. If it returns a
single number for the batch, an easy triplet cancels a hard one, as it does below.

```python
anchor = torch.zeros(2, 3)
positive = torch.ones(2, 3)
negative = torch.tensor([[0.0, 0.0, 1.0], [3.0, 3.0, 3.0]])
functions = {
    "one per pair     ": lambda x, y: (x - y).square().sum(-1),
    "every coordinate ": lambda x, y: (x - y).square(),
    "one for the batch": lambda x, y: (x - y).square().sum(),
}
for name, function in functions.items():
    loss = F.triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=function, reduction="none"
    )
    print(name, list(loss.shape), round(loss.mean().item(), 4))
```

```output
one per pair      [2] 1.5
every coordinate  [2, 3] 0.8333
one for the batch [] 0.0
```

### A margin belongs to its distance

A cosine distance lies between 0 and 2, a Euclidean distance has no upper end, and a squared one
grows faster still. With the cosine distance the default margin of 1 is half of the whole range: even
where the positive equals the anchor, the negative must be at a
right angle or more. With Euclidean distances
of a thousand it is a thousandth. Choose the margin anew for each distance.

```python
anchor = torch.tensor([[3.0, 4.0]])
positive = torch.tensor([[4.0, 3.0]])
negative = torch.tensor([[5.0, 0.0]])
functions = {
    "pairwise": F.pairwise_distance,
    "cosine  ": lambda x, y: 1 - F.cosine_similarity(x, y),
    "squared ": lambda x, y: (x - y).square().sum(-1),
}
for name, function in functions.items():
    loss = F.triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=function)
    print(name, round(loss.item(), 4))
```

```output
pairwise 0.0
cosine   0.64
squared  0.0
```

### A loss equal to the margin means equal distances

If all vectors are equal, both distances are equal, and the loss is the margin, whatever the distance.
Whether training leaves that state depends on the slope of the distance at zero. The default distance
has one there, and a network learns. The squared distance has none: every gradient is zero, and the
loss stays where it is. That takes vectors that are exactly equal; weights of a thousandth in the last
layer are enough to leave.

```python
anchors, positives, negatives = torch.randn(3, 32, 4) + torch.tensor([1.0, 1.0, -1.0]).view(3, 1, 1)
functions = {"default": F.pairwise_distance, "squared": lambda x, y: (x - y).square().sum(-1)}
for name, function in functions.items():
    for spread in (0.0, 0.001):
        model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
        nn.init.normal_(model[2].weight, std=spread)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(50):
            vectors = model(anchors), model(positives), model(negatives)
            loss = F.triplet_margin_with_distance_loss(*vectors, distance_function=function)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(name, "weights", spread, "loss after 50 steps", round(loss.item(), 2))
```

```output
default weights 0.0 loss after 50 steps 0.01
default weights 0.001 loss after 50 steps 0.01
squared weights 0.0 loss after 50 steps 1.0
squared weights 0.001 loss after 50 steps 0.0
```

### swap calls the function a third time, and its order matters

With `swap=True` the distance from the positive to the negative is computed as well, and the smaller
of the two counts. That is one more call of an expensive function. Where a distance is not symmetric,
mind the order of its arguments, which is (anchor, positive), (anchor, negative) and
(positive, negative).

```python
names = {1.0: "anchor", 2.0: "positive", 4.0: "negative"}


def traced(x, y):
    print(names[x.item()], names[y.item()])
    return (x - y).abs().sum(-1)


triplet = [torch.full((1, 1), value) for value in names]
F.triplet_margin_with_distance_loss(*triplet, distance_function=traced, swap=True)
```

```output
anchor positive
anchor negative
positive negative
```

### Under autocast the distance keeps the format of its inputs

`torch.autocast` runs [[triplet_margin]] in float32, but not this loss. Vectors from a layer under autocast have half
precision, and what the function does with them stays in it, unless autocast converts that operation. In float16 the
square of 300 is infinite already, and the difference of two infinite distances is NaN. The default distance squares
nothing that overflows here; in a function of your own, convert the vectors first. Seen on a CPU.

```python
anchor = torch.zeros(1, 2, dtype=torch.float16)
positive = torch.tensor([[300.0, 0.0]], dtype=torch.float16)
negative = torch.tensor([[400.0, 0.0]], dtype=torch.float16)
functions = {
    "as they are": lambda x, y: (x - y).square().sum(-1),
    "converted  ": lambda x, y: (x.float() - y.float()).square().sum(-1),
    "default    ": None,
}
with torch.autocast("cpu", dtype=torch.float16):
    print("triplet_margin", F.triplet_margin_loss(anchor, positive, negative).dtype)
    for name, function in functions.items():
        loss = F.triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=function)
        print(name, loss.item(), loss.dtype)
```

```output
triplet_margin torch.float32
as they are nan torch.float16
converted   0.0 torch.float32
default     0.0 torch.float16
```

### The three inputs must agree in the number of dimensions

A single negative for the whole batch needs a first dimension of size 1. The function then gets
tensors of different sizes and has to broadcast them; torch's own distances do.

```python
anchors, positives, negative = torch.zeros(3, 2), torch.ones(3, 2), torch.full((2,), 5.0)
try:
    F.triplet_margin_with_distance_loss(anchors, positives, negative)
except RuntimeError as error:
    print(error)
print(F.triplet_margin_with_distance_loss(anchors, positives, negative.unsqueeze(0), reduction="none"))
```

```output
The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor 2D, positive 2D, and negative 1D inputs
tensor([0., 0., 0.])
```

### Every setting is a keyword, and the margin must be positive

`distance_function`, `margin`, `swap` and `reduction` cannot be given by position, and a margin of
zero is refused.

```python
vector = torch.zeros(1, 2)
attempts = (
    lambda: nn.TripletMarginWithDistanceLoss(F.pairwise_distance),
    lambda: F.triplet_margin_with_distance_loss(vector, vector, vector, margin=0.0),
)
for attempt in attempts:
    try:
        attempt()
    except (TypeError, ValueError) as error:
        print(f"{type(error).__name__}: {error}")
```

```output
TypeError: TripletMarginWithDistanceLoss.__init__() takes 1 positional argument but 2 were given
ValueError: margin must be greater than 0, got 0.0
```

## Relations

With the default distance it is [[triplet_margin]].

    F.triplet_margin_with_distance_loss(scores, p, q) == F.triplet_margin_loss(scores, p, q)

With the squared distance it is the [[triplet|triplet loss with squared distance]].

    F.triplet_margin_with_distance_loss(scores, p, q, margin=0.2, distance_function=lambda x, y: (x - y).square().sum(-1)) ==
        functional.triplet(scores, p, q, alpha=0.2)

On vectors of length 1 the squared distance is twice the cosine distance that [[cosine_embedding]]
uses, so twice the margin gives twice the loss.

    F.triplet_margin_with_distance_loss(F.normalize(scores), F.normalize(p), F.normalize(q), margin=1.0,
        distance_function=lambda x, y: (x - y).square().sum(-1)) ==
        2 * F.triplet_margin_with_distance_loss(scores, p, q, margin=0.5,
            distance_function=lambda x, y: F.cosine_embedding_loss(x, y, torch.ones(8), reduction="none"))  # within 1e-9

It is the [[margin_ranking]] loss of the two distances.

    F.triplet_margin_with_distance_loss(scores, p, q, distance_function=lambda x, y: (x - y).abs().sum(-1)) ==
        F.margin_ranking_loss((scores - q).abs().sum(1), (scores - p).abs().sum(1), torch.ones(8), margin=1.0)

## In other libraries

- `paddle.nn.TripletMarginWithDistanceLoss(margin=margin, swap=swap, reduction="none")(anchor, positive, negative)`:
  The same arguments and defaults.
- torch for R `nn_triplet_margin_with_distance_loss(distance_function = NULL, margin = 1, swap = FALSE)`: The same
  arguments and defaults.
- `pytorch_metric_learning.losses.TripletMarginLoss(margin=margin, distance=pytorch_metric_learning.distances.LpDistance(power=2))(torch.cat([anchor, positive, negative]), indices_tuple=torch.arange(3 * len(anchor)).reshape(3, -1).unbind())` is another loss:
  Any distance object; this one is squared, and normalises the vectors first. Forms the triplets of a batch from
  labels where none are given, and averages over those that cost something.

## References

- Vassileios Balntas, Edgar Riba, Daniel Ponsa and Krystian Mikolajczyk (2016). Learning local feature
  descriptors with triplets and shallow convolutional neural networks. In *BMVC 2016*. doi:10.5244/C.30.119
- Florian Schroff, Dmitry Kalenichenko and James Philbin (2015). FaceNet: A Unified Embedding for Face
  Recognition and Clustering. In *CVPR 2015, 815-823*. doi:10.1109/CVPR.2015.7298682 arXiv:1503.03832
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F

from lossary.declaration import (
    DISTANCE_AXIS,
    POSITIVE,
    VECTOR,
    Choice,
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
    equal,
    flag,
    maximum,
    minimum,
    per,
    sqrt,
    sum_over,
    terms,
)


def _cosine_distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return 1 - F.cosine_similarity(x, y, dim=-1)


def _squared_distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x - y).square().sum(-1)


DISTANCES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "pairwise_distance": torch.nn.PairwiseDistance(),
    "cosine_distance": _cosine_distance,
    "squared_distance": _squared_distance,
}

# What torch adds to every coordinate of a difference, and the least length that it takes for a cosine.
ADDED, SHORTEST = 1e-6, 1e-8


def _turned(name: str, angle: torch.Tensor, margin: float = 1.0) -> torch.Tensor:
    """The loss of unit vectors: the anchor and the positive at half a radian, the negative at an angle."""
    zero = torch.zeros_like(angle)
    anchor = torch.stack([zero + 1, zero], 1)
    positive = torch.stack([(zero + 0.5).cos(), (zero + 0.5).sin()], 1)
    negative = torch.stack([angle.cos(), angle.sin()], 1)
    return F.triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=DISTANCES[name], margin=margin, reduction="none"
    )


LATEX = {
    "used": r"d_{-}^{\ast}",
    "share": "s",
    "slope_ap": r"\partial_{a} d_{+}",
    "slope_pa": r"\partial_{a^{+}} d_{+}",
    "slope_an": r"\partial_{a} d_{-}",
    "slope_na": r"\partial_{a^{-}} d_{-}",
    "slope_pn": r"\partial_{a^{+}} d_{*}",
    "slope_np": r"\partial_{a^{-}} d_{*}",
    "n_a": r"\lVert a\rVert",
    "n_p": r"\lVert a^{+}\rVert",
    "n_n": r"\lVert a^{-}\rVert",
}

MEANINGS = {
    "used": "the distance of the negative that counts; swap is 0 or 1",
    "share": "1 where the distance from the anchor counts, 0 where the one from the positive does, 0.5 where they are equal",
    "slope_ap": "the derivative of the distance to the positive with respect to the anchor",
    "slope_pa": "the derivative of the distance to the positive with respect to the positive",
    "slope_an": "the derivative of the distance to the negative with respect to the anchor",
    "slope_na": "the derivative of the distance to the negative with respect to the negative",
    "slope_pn": "the derivative of the distance between positive and negative with respect to the positive",
    "slope_np": "the derivative of the distance between positive and negative with respect to the negative",
    "n_a": "the length of the anchor, or 1e-8 if it is shorter; between 0 and that the gradient is another",
    "n_p": "the length of the positive, or the same constant",
    "n_n": "the length of the negative, or the same constant",
}


def _formula(words: str, name: str, where: Mapping[str, Any]) -> Symbolic:
    """The loss with one distance.

    `where` gives the distances `near`, `far` and `swapped`, and how each grows with either of its two vectors.
    """
    return Symbolic(
        label=f"With the {words} distance",
        where={
            **where,
            "used": lambda far, swapped, swap: (1 - swap) * far + swap * minimum(far, swapped),
            "share": lambda far, swapped, swap: cases(
                (1, equal(swap, 0)), (1, far < swapped), (0, far > swapped), (0.5, True)
            ),
        },
        notation=LATEX,
        meanings=MEANINGS,
        value=lambda near, used, margin: maximum(0, near - used + margin),
        gradient={
            "anchor": lambda near, used, share, margin, slope_ap, slope_an, d: cases(
                (slope_ap[d] - share * slope_an[d], near - used + margin >= 0), (0, True)
            ),
            "positive": lambda near, used, share, margin, slope_pa, slope_pn, d: cases(
                (slope_pa[d] - (1 - share) * slope_pn[d], near - used + margin >= 0), (0, True)
            ),
            "negative": lambda near, used, share, margin, slope_na, slope_np, d: cases(
                (-share * slope_na[d] - (1 - share) * slope_np[d], near - used + margin >= 0), (0, True)
            ),
        },
        at={"distance_function": name},
    )


EUCLIDEAN = _formula(
    "Euclidean",
    "pairwise_distance",
    {
        "near": lambda d, anchor, positive, D: sqrt(sum_over(d, (anchor[d] - positive[d] + ADDED) ** 2, D)),
        "far": lambda d, anchor, negative, D: sqrt(sum_over(d, (anchor[d] - negative[d] + ADDED) ** 2, D)),
        "swapped": lambda d, positive, negative, D: sqrt(sum_over(d, (positive[d] - negative[d] + ADDED) ** 2, D)),
        "slope_ap": lambda anchor, positive, near, d: (anchor[d] - positive[d] + ADDED) / near,
        "slope_pa": lambda anchor, positive, near, d: -(anchor[d] - positive[d] + ADDED) / near,
        "slope_an": lambda anchor, negative, far, d: (anchor[d] - negative[d] + ADDED) / far,
        "slope_na": lambda anchor, negative, far, d: -(anchor[d] - negative[d] + ADDED) / far,
        "slope_pn": lambda positive, negative, swapped, d: (positive[d] - negative[d] + ADDED) / swapped,
        "slope_np": lambda positive, negative, swapped, d: -(positive[d] - negative[d] + ADDED) / swapped,
    },
)

COSINE = _formula(
    "cosine",
    "cosine_distance",
    {
        "n_a": lambda d, anchor, D: maximum(sqrt(sum_over(d, anchor[d] ** 2, D)), SHORTEST),
        "n_p": lambda d, positive, D: maximum(sqrt(sum_over(d, positive[d] ** 2, D)), SHORTEST),
        "n_n": lambda d, negative, D: maximum(sqrt(sum_over(d, negative[d] ** 2, D)), SHORTEST),
        "near": lambda d, anchor, positive, n_a, n_p, D: 1 - sum_over(d, anchor[d] * positive[d], D) / (n_a * n_p),
        "far": lambda d, anchor, negative, n_a, n_n, D: 1 - sum_over(d, anchor[d] * negative[d], D) / (n_a * n_n),
        "swapped": lambda d, positive, negative, n_p, n_n, D: (
            1 - sum_over(d, positive[d] * negative[d], D) / (n_p * n_n)
        ),
        "slope_ap": lambda anchor, positive, near, n_a, n_p, d: (
            (1 - near) * anchor[d] / n_a**2 - positive[d] / (n_a * n_p)
        ),
        "slope_pa": lambda anchor, positive, near, n_a, n_p, d: (
            (1 - near) * positive[d] / n_p**2 - anchor[d] / (n_a * n_p)
        ),
        "slope_an": lambda anchor, negative, far, n_a, n_n, d: (
            (1 - far) * anchor[d] / n_a**2 - negative[d] / (n_a * n_n)
        ),
        "slope_na": lambda anchor, negative, far, n_a, n_n, d: (
            (1 - far) * negative[d] / n_n**2 - anchor[d] / (n_a * n_n)
        ),
        "slope_pn": lambda positive, negative, swapped, n_p, n_n, d: (
            (1 - swapped) * positive[d] / n_p**2 - negative[d] / (n_p * n_n)
        ),
        "slope_np": lambda positive, negative, swapped, n_p, n_n, d: (
            (1 - swapped) * negative[d] / n_n**2 - positive[d] / (n_p * n_n)
        ),
    },
)

SQUARED = _formula(
    "squared",
    "squared_distance",
    {
        "near": lambda d, anchor, positive, D: sum_over(d, (anchor[d] - positive[d]) ** 2, D),
        "far": lambda d, anchor, negative, D: sum_over(d, (anchor[d] - negative[d]) ** 2, D),
        "swapped": lambda d, positive, negative, D: sum_over(d, (positive[d] - negative[d]) ** 2, D),
        "slope_ap": lambda anchor, positive, d: 2 * (anchor[d] - positive[d]),
        "slope_pa": lambda anchor, positive, d: -2 * (anchor[d] - positive[d]),
        "slope_an": lambda anchor, negative, d: 2 * (anchor[d] - negative[d]),
        "slope_na": lambda anchor, negative, d: -2 * (anchor[d] - negative[d]),
        "slope_pn": lambda positive, negative, d: 2 * (positive[d] - negative[d]),
        "slope_np": lambda positive, negative, d: -2 * (positive[d] - negative[d]),
    },
)

EPS = 1e-6  # what PairwiseDistance adds to every coordinate of a difference


def _least(margin: Any, distance_function: str, swap: bool) -> Any:
    """Where the loss reaches 0; on a line the cosine has no such place."""
    if distance_function == "cosine_distance":
        return float("inf")
    far = (1 + margin) ** 0.5 if distance_function == "squared_distance" else 1 + margin
    return 1 + far if swap else far


def _switch(distance_function: str, swap: bool) -> float:
    """Where the negative is as far from the positive as from the anchor."""
    if not swap or distance_function == "cosine_distance":
        return float("inf")
    return 0.5 - EPS if distance_function == "pairwise_distance" else 0.5


def _passed(distance_function: str, swap: bool) -> float:
    """Where the negative meets the positive."""
    return 1 - EPS if swap and distance_function == "pairwise_distance" else float("inf")


loss = Loss(
    torch="torch.nn.TripletMarginWithDistanceLoss",
    functional="torch.nn.functional.triplet_margin_with_distance_loss",
    aliases=terms("F.triplet_margin_with_distance_loss; triplet_margin_with_distance_loss"),
    tasks=("embeddings", "ranking"),
    search_terms=terms(
        "triplet loss with custom distance; cosine triplet loss; user-defined distance between embeddings; "
        "custom metric for anchor, positive and negative; squared Euclidean distance of embeddings; "
        "callable distance, lambda; nn.PairwiseDistance as an argument; hyperbolic or learned distance; "
        "nan gradient of a distance of zero; margin must be greater than 0; own distance function; "
        "cosine distance in a triplet; metric of one's own; "
        "triplet loss with cosine distance; a distance of one's own; "
        "own metric in a triplet; triplets with any distance"
    ),
    concepts={
        "user-defined distance between embeddings; cosine triplet loss; squared Euclidean distance of embeddings": "distance_function",
        "cosine similarity in place of a distance": "A similarity in place",
        "nan gradient of a distance of zero": "A bare root",
        "choosing the margin; margin must be greater than 0": "A margin belongs",
        "triplet loss stuck at margin; triplet loss collapse": "A loss equal to the margin",
        "mixed precision, autocast": "Under autocast",
        "expected to have the same number of dimensions": "The three inputs",
    },
    answers={
        "embeddings/triplets": ("You have an anchor", "The Euclidean distance"),
    },
    inputs=(
        Input(
            "anchor",
            "anchor",
            (VECTOR,),
            "(N, D), or what the distance takes",
            "the vectors that the others are compared with",
        ),
        Input("positive", "positive", (VECTOR,), "same as anchor", "for each anchor, a vector that should be near"),
        Input(
            "negative", "negative", (VECTOR,), "same as anchor", "for each anchor, a vector that should be farther away"
        ),
    ),
    parameters=(
        Parameter(
            "distance_function",
            "pairwise_distance",
            "a function of two tensors that returns one distance per pair; torch takes any, these three are checked here",
            kind=Choice(DISTANCES),
            typical=("pairwise_distance", "cosine_distance", "squared_distance"),
        ),
        Parameter(
            "margin",
            1.0,
            "by how much the negative must be farther away than the positive",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
        flag(
            "swap",
            False,
            "whether the negative's distance from the positive counts where it is smaller than that from the anchor",
        ),
    ),
    formulas=(EUCLIDEAN, COSINE, SQUARED),
    precision=Precision(
        size=lambda d, anchor, positive, negative, margin, D: (
            1 + margin + sum_over(d, anchor[d] ** 2 + positive[d] ** 2 + negative[d] ** 2, D)
        ),
        why="it is a difference of two distances, which may be sums of squares",
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
            kinks=(_least, _switch, _passed),
            note="All three lie on a line: the positive at distance 1, the negative on the same side.",
            caption="With the default distance it is the triplet margin loss: a straight line that reaches zero where the "
            "negative is farther than the positive by the margin.",
        ),
    ),
    figures=(
        HeatMap(
            name="distances",
            title="The loss over the two distances",
            labels=("distance of the positive", "distance of the negative"),
            spans=((0.0, 3.0), (0.0, 3.0)),
            inputs=lambda s, t: {"anchor": [0, 0], "positive": [s, 0], "negative": [0, t]},
            note="The positive and the negative lie at a right angle, seen from the anchor. The distance is Euclidean.",
            caption="Only the difference of the distances counts, so lines of equal loss are parallel to the diagonal.",
        ),
        Study(
            name="distances-compared",
            title="Three distances, one triplet",
            label="angle of the negative, in radians",
            span=(0.05, 3.09),
            curves={
                "Euclidean": lambda t: _turned("pairwise_distance", t, 0.5),
                "cosine": lambda t: _turned("cosine_distance", t, 0.5),
                "squared": lambda t: _turned("squared_distance", t, 0.5),
            },
            gradient=True,
            note="Vectors of length 1. The positive is half a radian from the anchor; the margin is 0.5.",
            caption="On vectors of length 1 the squared distance is twice the cosine distance. With the same margin the two "
            "losses still reach zero at different angles. Only the Euclidean one has a slope where the negative meets the "
            "anchor.",
        ),
        Scene(
            name="cosine",
            title="A triplet with the cosine distance",
            inputs={"anchor": [1.0, 0.2], "positive": [0.5, 1.0], "negative": [1.4, -0.5]},
            parameters={"distance_function": "cosine_distance"},
            caption="Only directions count, so every arrow is at a right angle to its vector. Make one vector half as long, "
            "and its own arrow is twice as long.",
            note="Seen from the origin; `distance_function` is the cosine distance.",
        ),
        Scene(
            name="squared",
            title="The same triplet with the squared distance",
            inputs={"anchor": [1.0, 0.2], "positive": [0.5, 1.0], "negative": [1.4, -0.5]},
            parameters={"distance_function": "squared_distance"},
            caption="The arrows of the positive and the negative lie on their lines to the anchor, and grow with the "
            "distance.",
            note="distance_function is the squared distance.",
        ),
    ),
    reductions=per("triplet"),
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
