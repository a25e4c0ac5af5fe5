r"""Cosine embedding

Compares two vectors by the angle between them: a pair labelled alike pays one minus its cosine, a pair labelled unlike
pays the amount by which its cosine exceeds a margin.

## When to use it

- You have pairs of vectors and one label per pair: 1 for alike, -1 for unlike. Examples are two
  sentences, an image and a caption, or two views of one object.
- Only the direction of a vector should matter. The loss depends on the angle and not on the lengths.
- The vectors will be compared by cosine similarity later, in a search index for instance. Training
  then uses the same measure.
- You have only pairs that belong together and want to pull one vector towards another, which stays
  where it is, as in distillation of embeddings. Give every pair the label 1.

For unlike pairs `margin` is the cosine that is still allowed. At 0 they are pushed until they are at a
right angle, and then left alone.

## When not to

- You know which of two items is closer to a third, but not whether a pair is close in itself:
  [[triplet_margin]], or [[triplet_margin_with_distance]] with a cosine distance.
- Each anchor has many negatives in the batch. [[info_nce|InfoNCE]] compares the positive with all of
  them at once and uses the batch better.
- The length of a vector carries meaning. Use a loss of distances, such as [[contrastive|contrastive loss]] or
  [[triplet_margin]].
- Similarities are graded, not yes or no: [[mse]] on the cosine.
- The labels are classes and there are few of them. [[cosface|CosFace]] and [[arcface|ArcFace]] learn
  one direction per class.

## Pitfalls

### Any label but 1 and -1 silently gives zero

The label picks one of two branches. A label that equals neither 1 nor -1 picks none: the loss is
zero and so is the gradient. With labels 0 and 1 only the alike pairs are trained. Map them with
`2 * label - 1`.

```python
input1 = torch.tensor([[1.0, 0.0]], requires_grad=True)
input2 = torch.tensor([[0.6, 0.8]])

for label in (1.0, -1.0, 0.0):
    loss = F.cosine_embedding_loss(input1, input2, torch.tensor([label]))
    gradient = torch.autograd.grad(loss, input1)[0]
    print(label, round(loss.item(), 4), gradient)
```

```output
1.0 0.4 tensor([[ 0.0000, -0.8000]])
-1.0 0.6 tensor([[0.0000, 0.8000]])
0.0 0.0 tensor([[0., 0.]])
```

### Alike pairs alone let both sides collapse

If every label is 1 and both vectors are trained, there is an easy way to a loss of zero: everything
points in one direction. Below, pairs that have nothing in common are fitted perfectly, and two
different items of one side end up with a cosine of 1. Add unlike pairs, for instance by shifting one
side by one row, or take one side from a network that is not trained, as in distillation. `detach()` alone
is not enough where both sides have the same weights. A falling loss does not show the collapse; the mean
cosine between different items does.

```python
left, right = torch.randn(2, 64, 8)
for name in ("alike pairs only ", "with unlike pairs", "right not trained", "detach, shared   "):
    first, second = nn.Linear(8, 4), nn.Linear(8, 4)
    if name == "detach, shared   ":
        second = first
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=10.0)
    for _ in range(60):
        one, two = first(left), second(right)
        if name in ("right not trained", "detach, shared   "):
            two = two.detach()
        loss = F.cosine_embedding_loss(one, two, torch.ones(64))
        if name == "with unlike pairs":
            loss = loss + F.cosine_embedding_loss(one, two.roll(1, 0), -torch.ones(64))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    cosines = [F.cosine_similarity(x, x.roll(1, 0)).mean().item() for x in (one, two)]
    print(name, f"loss {loss.item():z.2f}, cosine between items {cosines[0]:.2f} and {cosines[1]:.2f}")
```

```output
alike pairs only  loss 0.00, cosine between items 1.00 and 1.00
with unlike pairs loss 0.49, cosine between items 0.16 and 0.10
right not trained loss 0.44, cosine between items 0.39 and 0.14
detach, shared    loss 0.00, cosine between items 1.00 and 1.00
UserWarning: optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; see github.com/pytorch/pytorch/issues/40967 for more information
```

### A zero vector costs 1 and has an enormous gradient

PyTorch adds `1e-12` to each squared length, so a zero vector does not divide by zero. Its cosine is
0, and with label 1 the loss is 1. The gradient, however, is a million long and points away from the other
vector, so that the step goes along it. One such row, from padding or a dead unit, can ruin a step. Leave those rows out.

```python
empty = torch.zeros(1, 3, requires_grad=True)
other = torch.tensor([[1.0, 0.0, 0.0]])

loss = F.cosine_embedding_loss(empty, other, torch.ones(1))
print(loss.item(), round(torch.autograd.grad(loss, empty)[0].abs().max().item()))
```

```output
1.0 1000000
```

### Very short and very long vectors get a wrong cosine

The same constant lowers the cosine of short vectors: two identical vectors of length `1e-6` get
the cosine 0.5. For long vectors the product of the squared lengths leaves the range of the number
format. It is infinite in float32 once both lengths pass about `4e9`, where identical vectors get the
loss 1. Longer still, and it is NaN. `F.cosine_similarity` follows another rule, a
smallest length of `1e-8`, so the two functions disagree here. Normalise the vectors first; that
helps up to lengths of `1e19`, whose square float32 can still hold.

```python
for length in (1e-6, 1.0, 1e10, 1e20):
    same = torch.tensor([[length, 0.0]])
    loss = F.cosine_embedding_loss(same, same, torch.ones(1))
    distance = 1 - F.cosine_similarity(same, same)
    unit = F.normalize(same)
    fixed = F.cosine_embedding_loss(unit, unit, torch.ones(1))
    print(length, round(loss.item(), 4), round(distance.item(), 4), round(fixed.item(), 4))
```

```output
1e-06 0.5 0.0 0.0
1.0 0.0 0.0 0.0
10000000000.0 1.0 0.0 0.0
1e+20 nan 1.0 1.0
```

### In float16 short vectors give infinity or NaN

`1e-12` is zero in float16, whose smallest number is about `6e-8`, and so is the square of 0.0001. A
vector of length 0 then has the loss NaN, and one of 0.0001 an infinite one, below: minus infinity for a pair that is
alike at an acute angle. One of 0.001 has a loss, but a gradient that is infinite or NaN, and from a length of 256 on the square is infinite and the cosine 0. In
bfloat16 the constant survives. `torch.autocast` computes this loss in float32 already, as seen on a
CPU, and then only the gradients of very short vectors are too long for float16. Without it, convert
the vectors with `.float()`.

```python
label, other = torch.ones(1), torch.tensor([[0.6, 0.8]], dtype=torch.float16)
for length in (0.0, 1e-4, 1e-3, 1.0, 256.0):
    vector = torch.tensor([[length, 0.0]], dtype=torch.float16, requires_grad=True)
    told = [length]
    for autocast in (False, True):
        with torch.autocast("cpu", dtype=torch.float16, enabled=autocast):
            loss = F.cosine_embedding_loss(vector, other, label)
        gradient = torch.autograd.grad(loss, vector)[0]
        told += ["autocast" if autocast else "float16", round(loss.item(), 2), gradient[0].tolist()]
    print(*told)
```

```output
0.0 float16 nan [nan, nan] autocast 1.0 [-inf, -inf]
0.0001 float16 -inf [nan, nan] autocast 0.4 [-0.60009765625, -7996.0]
0.001 float16 0.4 [inf, nan] autocast 0.4 [-0.0006103515625, -799.5]
1.0 float16 0.4 [0.0, -0.7998046875] autocast 0.4 [0.0, -0.7998046875]
256.0 float16 1.0 [0.0, 0.0] autocast 0.4 [0.0, -0.003124237060546875]
```

### The label has one dimension, the vectors at most two

Vectors are `(N, D)` with a label of shape `(N,)`, or `(D)` with a single label. A column of labels
is refused, and so is a batch of sequences `(N, T, D)`: flatten batch and time together first. One row against many is
not refused: it is repeated, and so is a single label. [[cross_entropy]] refuses a column of labels in the same words.

```python
pairs = torch.ones(2, 3)
steps = torch.ones(2, 4, 3)
attempts = (
    lambda: F.cosine_embedding_loss(pairs, pairs, torch.ones(2, 1)),
    lambda: F.cosine_embedding_loss(steps, steps, torch.ones(2)),
)
for attempt in attempts:
    try:
        attempt()
    except RuntimeError as error:
        print(str(error).splitlines()[0])
flat = steps.flatten(0, 1)
print(F.cosine_embedding_loss(flat, flat, torch.ones(8)).item())
print(F.cosine_embedding_loss(flat, flat[:1], torch.ones(1), reduction="none").shape)
```

```output
0D or 1D target tensor expected, multi-target not supported
1D target tensor expects 2D input tensors, but found inputs with sizes [2, 4, 3] and [2, 4, 3].
0.0
torch.Size([8])
```

### Opposite vectors of an alike pair hardly move

The derivative with respect to the angle is its sine. It is largest at a right angle and vanishes at
both ends. A pair that should be alike but points in opposite directions costs the most, 2, and gets
almost no push. Random directions in many dimensions are close to right angles, where the push is
strongest.

```python
fixed = torch.tensor([1.0, 0.0])

for degrees in (10, 90, 170, 180):
    angle = torch.tensor(math.radians(degrees), requires_grad=True)
    moving = torch.stack([angle.cos(), angle.sin()])
    loss = F.cosine_embedding_loss(fixed, moving, torch.tensor(1.0))
    slope = torch.autograd.grad(loss, angle)[0]
    print(degrees, round(loss.item(), 3), abs(round(slope.item(), 3)))
```

```output
10 0.015 0.174
90 1.0 1.0
170 1.985 0.174
180 2.0 0.0
```

### The mean counts the pairs that are already fine

Unlike pairs below the margin add zero to the sum, yet the mean still divides by all pairs. The fewer
pairs cost something, the smaller are the loss and its gradient, even where those few are as bad as
before. Divide by the number of pairs that cost something if their share of a step should not depend
on the others.

```python
input1 = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
input2 = torch.tensor([[0.8, 0.6], [0.0, 1.0], [-0.6, 0.8], [-1.0, 0.0]])
unlike = -torch.ones(4)

each = F.cosine_embedding_loss(input1, input2, unlike, reduction="none")
print([round(v, 4) for v in each.tolist()])
print(round(each.mean().item(), 4), round((each.sum() / (each > 0).sum()).item(), 4))
```

```output
[0.8, 0.0, 0.0, 0.0]
0.2 0.8
```

## Relations

For vectors of length 1 that are alike it is half their squared distance, so [[mse]] times half the
number of coordinates.

    F.cosine_embedding_loss(p, q, torch.ones(8)) == F.mse_loss(F.normalize(p), F.normalize(q)) * 5 / 2  # within 1e-9

With `margin=0` it is [[hinge_embedding]] of one minus the cosine, with the margin 1 there.

    F.cosine_embedding_loss(scores, p, 2 * classes.gt(1) - 1) ==
        F.hinge_embedding_loss(1 - F.cosine_similarity(scores, p), 2 * classes.gt(1) - 1)  # within 1e-9

For alike pairs it is [[contrastive|contrastive loss]] of the Euclidean distance of the vectors at length 1.

    F.cosine_embedding_loss(p, q, torch.ones(8)) ==
        functional.contrastive((F.normalize(p) - F.normalize(q)).norm(dim=1), torch.zeros(8))  # within 1e-9

The difference of two such losses, cut off at zero with a margin, is
[[triplet_margin_with_distance]] with the cosine distance.

    F.relu(F.cosine_embedding_loss(p, q, torch.ones(8), reduction="none") - F.cosine_embedding_loss(p, scores, torch.ones(8), reduction="none") + 1) ==
        F.triplet_margin_with_distance_loss(p, q, scores, distance_function=lambda a, b: 1 - F.cosine_similarity(a,
        b), reduction="none")  # within 1e-9

## In other libraries

- `optax.cosine_distance(input1, input2)` at target=1: Alike pairs only, for there is no label. A squared length is at
  least epsilon, 0 by default; no reduction.
- `keras.losses.CosineSimilarity(axis=-1, reduction=None)(input1, input2)` at target=1: Minus the cosine, which is
  torch's loss of an alike pair, minus 1.

## References

- Raia Hadsell, Sumit Chopra and Yann LeCun (2006). Dimensionality Reduction by Learning an Invariant Mapping.
  In *CVPR 2006, volume 2, 1735-1742*. doi:10.1109/CVPR.2006.100
"""

import math

import numpy as np
import torch

from lossary.declaration import (
    ANGLE_AXIS,
    SIGN,
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
    acos,
    cases,
    cos,
    equal,
    maximum,
    per,
    sin,
    sqrt,
    sum_over,
    terms,
)

# What torch adds to each squared length.
TINY = 1e-12


def _push(lengths: torch.Tensor, angle: float) -> torch.Tensor:
    """The length of the gradient with respect to the first vector, at each of its lengths."""
    moving = torch.stack([lengths, torch.zeros_like(lengths)], 1).detach().requires_grad_()
    fixed = torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=lengths.dtype).expand_as(moving)
    value = torch.nn.functional.cosine_embedding_loss(moving, fixed, torch.ones(len(lengths)), reduction="sum")
    gradient = torch.autograd.grad(value, moving)[0]
    length: torch.Tensor = torch.linalg.vector_norm(gradient, dim=1)
    return length


loss = Loss(
    torch="torch.nn.CosineEmbeddingLoss",
    functional="torch.nn.functional.cosine_embedding_loss",
    aliases=terms("F.cosine_embedding_loss; cosine embedding loss; cosine_embedding_loss; cosine distance loss"),
    tasks=("embeddings", "distillation"),
    search_terms=terms(
        "cosine similarity loss; cosine loss; 1 - cosine similarity; "
        "pairs with labels 1 and -1; siamese network loss with cosine; keras.losses.CosineSimilarity; "
        "cosine_embedding_loss nan; 0D or 1D target tensor expected, multi-target not supported; "
        "1D target tensor expects 2D input tensors; direction matters and length does not; similarity of sentences; "
        "text similarity; alike or unlike pairs; angle between embeddings; sentence pairs; semantic similarity; "
        "cosine distance of pairs; "
        "sentence pairs labelled similar or not; cosine similarity of two vectors as a loss; "
        "similar or dissimilar sentence pairs; direction and not length of a vector; image and text match; "
        "sentences with the same meaning"
    ),
    concepts={
        "choosing the margin; dissimilar pairs": "margin",
        "labels 0 and 1": "Any label but",
        "cosine_embedding_loss nan; mixed precision; autocast": "In float16",
        "collapse; positive pairs only": "Alike pairs alone",
        "zero vector": "A zero vector",
        "0D or 1D target tensor expected, multi-target not supported; 1D target tensor expects 2D input tensors": "The label has one dimension",
    },
    answers={
        "embeddings/pairs/angle": ("The vectors will be compared", "Similarities are graded"),
        "distillation/vectors": ("You have only pairs", "The length of a vector"),
    },
    inputs=(
        Input("input1", "x1", (VECTOR,), "(N, D) or (D)", "the first vector of each pair"),
        Input("input2", "x2", (VECTOR,), "(N, D) or (D), same as input1", "the second vector of each pair"),
        Input(
            "target", "y", (SIGN,), "(N) or ()", "1 where the pair is alike, -1 where it is not", differentiable=False
        ),
    ),
    parameters=(
        Parameter(
            "margin",
            0.0,
            "the cosine up to which a pair that is not alike costs nothing",
            range=Range(lower=-1.0, upper=1.0),
            typical=(0.0, 0.2, 0.5),
        ),
    ),
    formulas=(
        Symbolic(
            where={
                "n1": lambda d, x1, D: sqrt(sum_over(d, x1[d] ** 2, D) + TINY),
                "n2": lambda d, x2, D: sqrt(sum_over(d, x2[d] ** 2, D) + TINY),
                "cosine": lambda d, x1, x2, D, n1, n2: sum_over(d, x1[d] * x2[d], D) / (n1 * n2),
            },
            notation={"cosine": r"\cos\theta", "n1": r"\lVert x_1\rVert", "n2": r"\lVert x_2\rVert"},
            meanings={
                "cosine": "the cosine of the angle between the two vectors",
                "n1": "the length of the first vector, with a small constant under the root",
                "n2": "the length of the second vector, with the same constant",
            },
            value=lambda cosine, y, margin: cases((1 - cosine, equal(y, 1)), (maximum(0, cosine - margin), True)),
            gradient={
                "input1": lambda cosine, y, margin, x1, x2, d, n1, n2: cases(
                    (cosine * x1[d] / n1**2 - x2[d] / (n1 * n2), equal(y, 1)),
                    (x2[d] / (n1 * n2) - cosine * x1[d] / n1**2, cosine >= margin),
                    (0, True),
                ),
                "input2": lambda cosine, y, margin, x1, x2, d, n1, n2: cases(
                    (cosine * x2[d] / n2**2 - x1[d] / (n1 * n2), equal(y, 1)),
                    (x1[d] / (n1 * n2) - cosine * x2[d] / n2**2, cosine >= margin),
                    (0, True),
                ),
            },
            inside=lambda inputs: bool(np.all(np.abs(inputs["target"]) == 1)),
        ),
    ),
    precision=Precision(
        absolute=1.0,
        why="it subtracts two numbers of size one, the cosine and 1 or the margin, so that a loss below the spacing of "
        "numbers around 1 is lost",
    ),
    sections=(
        Section(
            axis=ANGLE_AXIS,
            label="angle between the two, in radians",
            span=(0.0, 3.141592653589793),
            inputs=lambda t, y: {"input1": [1, 0], "input2": [cos(t), sin(t)], "target": y},
            branches={"label 1": 1.0, "label -1": -1.0},
            perfect={"label 1": 0.0, "label -1": 3.141592653589793},
            kinks=(lambda margin: acos(margin),),
            limits=(0.0, 3.141592653589793),
            note="Two vectors of length 1. The first stays, the second turns away from it.",
            caption="An alike pair pays for every angle, and the slope vanishes at the two ends. An unlike pair pays only "
            "while its cosine is above the margin. Where it reaches the margin, at a right angle by default, its slope jumps.",
        ),
    ),
    figures=(
        HeatMap(
            name="plane",
            title="The loss of a pair that is alike, over the second vector",
            labels=("first coordinate of input2", "second coordinate of input2"),
            spans=((-2.0, 2.0), (-2.0, 2.0)),
            inputs=lambda s, t: {"input1": [1, 0], "input2": [s, t], "target": 1},
            note="The first vector is (1, 0) and the label is 1.",
            caption="The lines of equal loss are rays from the origin, for length costs nothing. All of them meet at the "
            "origin, and that is why the gradient grows as a vector shrinks.",
        ),
        Study(
            name="length",
            title="The gradient against the length of a vector",
            label="length of input1",
            span=(0.05, 3.0),
            curves={
                "45 degrees": lambda t: _push(t, 0.7853981633974483),
                "90 degrees": lambda t: _push(t, 1.5707963267948966),
            },
            heading="length of the gradient",
            note="A pair with label 1; input2 has length 1.",
            caption="The loss is the same for every length, its gradient is not: half the length, twice the gradient. One "
            "step of gradient descent turns a short vector farther than a long one.",
        ),
        Scene(
            name="alike",
            title="A pair that is alike",
            inputs={"input1": [1.5, 0.3], "input2": [0.4, 0.9], "target": 1.0},
            caption="Each vector moves at a right angle to itself, towards the other. The shorter one moves more.",
            note="Label 1.",
        ),
        Scene(
            name="unlike",
            title="A pair that is not alike",
            inputs={"input1": [1.5, 0.3], "input2": [0.4, 0.9], "target": -1.0},
            caption="The same pair is turned apart until its cosine has fallen to the margin.",
            note="Label -1, margin 0.",
        ),
        Extremes(
            label="length of input1, as a power of ten",
            span=(-12.0, 25.0),
            inputs=lambda t: {"input1": [t, 0], "input2": [0.6, 0.8], "target": 1.0},
            of="input1",
            powers=True,
            note="A pair with label 1 whose cosine is 0.6, so the loss should be 0.4 everywhere.",
            caption="Below a length of a millionth the constant takes over: the loss rises to 1, and the gradient to a length "
            "of a million. At the other end the squared length is beyond float16, then beyond bfloat16 and float32: it is "
            "infinite there, the loss 1 and the gradient 0. float16 has no room for the constant either.",
        ),
    ),
    reductions=per("pair"),
    side_by_side={"turns": "F.cosine_embedding_loss(first, second, target + 1, reduction='none')"},
    example={
        "input1": [[1.0, 0.0], [1.0, 2.0], [3.0, 4.0]],
        "input2": [[0.6, 0.8], [2.0, 1.0], [4.0, -3.0]],
        "target": [1.0, -1.0, 1.0],
    },
    properties={
        "convex": False,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "bounded": True,
        "supremum": 2,
        "value_at_perfect": 0,
        "gradient_limits": (0, 0),
    },
)
