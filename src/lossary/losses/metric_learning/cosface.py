r"""CosFace

Takes the cosines between a vector and one direction per class, subtracts a margin from that of the true class, and charges
the cross-entropy of the scaled cosines.

## When to use it

- Vectors of things that were never seen in training are compared by their cosine later, as faces are, and the training data
  have classes with enough examples each. The true class must lead by the margin.
- You want the simplest such margin. It is convex in the cosines and needs no angle.

`input` is the matrix of cosines, `F.normalize(feature) @ F.normalize(weight).T`, where `weight` has one learned row for each
class.

## When not to

- The classes are all that will ever be asked for. [[cross_entropy]] does not need the margin.
- There are pairs and no classes, or more classes than rows fit in memory: [[info_nce|InfoNCE]] or [[triplet_margin]].
- The margin should be the same angle wherever the vector is: [[arcface|ArcFace]].

## Pitfalls

### The input must be cosines

Nothing checks it. With raw products of features and weights, what a margin of 0.35 means depends on their lengths: it
is next to nothing beside large products, and where the true class leads, longer vectors can meet any margin.
Normalise both.

```python
from lossary.functional import cosface

feature, weight = torch.tensor([[0.3, 0.2]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
target = torch.tensor([0])
for length in (1, 10, 100):
    products = cosface(length * feature @ weight.T, target, s=1.0)
    cosines = cosface(F.normalize(length * feature) @ F.normalize(weight).T, target, s=1.0)
    print(f"features times {length:3}: products {products.item():.4f}, cosines {cosines.item():.4f}")
```

```output
features times   1: products 0.8259, cosines 0.7301
features times  10: products 0.4201, cosines 0.7301
features times 100: products 0.0001, cosines 0.7301
```

### A margin may ask for more than there is room for

The best that one vector per class can have is that all classes are equally far apart: then the cosine between two of C classes
is `-1 / (C - 1)`, and the true class leads by `C / (C - 1)`. Many classes in few dimensions have less room still. Beyond that,
the loss of a perfect model is large and stays so. Below are 4, 8 and 32 classes, evenly around a circle.

```python
from lossary.functional import cosface

for count in (4, 8, 32):
    angle = 2 * math.pi * torch.arange(count) / count
    cosines = torch.cos(angle - angle[:, None])
    losses = [cosface(cosines, torch.arange(count), m=m).item() for m in (0.0, 0.35)]
    print(f"{count:2} classes: without a margin {losses[0]:.4f}, with 0.35 {losses[1]:.4f}")
```

```output
 4 classes: without a margin 0.0000, with 0.35 0.0000
 8 classes: without a margin 0.0000, with 0.35 4.3608
32 classes: without a margin 0.4701, with 0.35 21.8893
```

### A small scale keeps the loss away from zero

Cosines end at 1. With 10,000 classes and a scale of 1, even a perfect vector at a right angle to all other classes costs
nearly as much as a guess. The scale must grow with the logarithm of the number of classes.

```python
from lossary.functional import cosface

cosines = torch.zeros(1, 10000)
cosines[0, 0] = 1.0
print(f"guess {math.log(10000):.2f}")
for s in (1.0, 10.0, 30.0, 64.0):
    print(f"s = {s:4}: loss of a perfect vector {cosface(cosines, torch.tensor([0]), s=s).item():.4f}")
```

```output
guess 9.21
s =  1.0: loss of a perfect vector 8.5604
s = 10.0: loss of a perfect vector 2.7747
s = 30.0: loss of a perfect vector 0.0000
s = 64.0: loss of a perfect vector 0.0000
```

### The margin is a cosine and not an angle

The same 0.35 of cosine are more degrees near a class than at a right angle to it. A margin of ArcFace does not carry over.

```python
for degrees in (20, 45, 90):
    cosine = math.cos(math.radians(degrees))
    print(f"at {degrees} degrees: a cosine of {cosine:.2f} less 0.35 is that of {math.degrees(math.acos(cosine - 0.35)):.1f}")
```

```output
at 20 degrees: a cosine of 0.94 less 0.35 is that of 53.9
at 45 degrees: a cosine of 0.71 less 0.35 is that of 69.1
at 90 degrees: a cosine of 0.00 less 0.35 is that of 110.5
```

### With the margin in it, accuracy looks too low

The margin belongs to the training loss. Classes are predicted, and accuracy is counted, by the cosines themselves. The
vector below is right, and a softmax with the margin says it is not.

```python
from lossary.functional import cosface

cosines, target = torch.tensor([[0.7, 0.5, 0.1]]), torch.tensor([0])
lowered = cosines - 0.35 * F.one_hot(target, 3)
print("by the cosines", cosines.argmax(1).item(), "with the margin", lowered.argmax(1).item())
print(f"loss {cosface(cosines, target).item():.2f}")
```

```output
by the cosines 0 with the margin 1
loss 9.60
```

## Relations

Without a margin it is [[cross_entropy]] of the scaled cosines.

    functional.cosface(scores.tanh(), classes, m=0.0) == F.cross_entropy(64 * scores.tanh(), classes)

Without a margin it is also [[info_nce|InfoNCE]], whose temperature is one over the scale.

    functional.cosface(scores.tanh(), classes, s=20.0, m=0.0) == functional.info_nce(scores.tanh(), classes, temperature=0.05)

At a right angle to the true class, [[arcface|ArcFace]] is the same with a margin whose sine is this one.

    functional.cosface(torch.zeros(8, 5), classes, m=0.479425538604203) == functional.arcface(torch.zeros(8, 5), classes, m=0.5)

With two classes it is [[soft_margin]] of the scaled lead less the margin.

    functional.cosface(torch.stack((input, target), 1).tanh(), torch.zeros(64, dtype=torch.long)) ==
        F.soft_margin_loss(64 * (input.tanh() - target.tanh() - 0.35), torch.ones(64))

Divided by the scale, as that grows, it becomes for two classes [[margin_ranking]] of the cosines.

    functional.cosface(torch.stack((input, target), 1).tanh(), torch.zeros(64, dtype=torch.long), s=1e6) / 1e6 ==
        F.margin_ranking_loss(input.tanh(), target.tanh(), torch.ones(64), margin=0.35)  # within 1e-5

## In other libraries

- [pytorch-metric-learning](https://kevinmusgrave.github.io/pytorch-metric-learning/losses/cosface_loss/)
  `pytorch_metric_learning.losses.CosFaceLoss(num_classes, embedding_size, margin=0.35, scale=64)`: It owns the directions of
  the classes.
- [PaddlePaddle](https://paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/margin_cross_entropy_en.html)
  `paddle.nn.functional.margin_cross_entropy(input, target, margin1=1.0, margin2=0.0, margin3=0.35, scale=64.0)`: `margin3` is
  m, and `margin2` that of ArcFace. Not on a CPU.

## References

- Hao Wang, Yitong Wang, Zheng Zhou, Xing Ji, Dihong Gong, Jingchao Zhou, Zhifeng Li and Wei Liu (2018). CosFace: Large Margin
  Cosine Loss for Deep Face Recognition. In *CVPR 2018*. arXiv:1801.09414
- Feng Wang, Weiyang Liu, Haijun Liu and Jian Cheng (2018). Additive Margin Softmax for Face Verification. arXiv preprint.
  arXiv:1801.05599
"""

import math

import torch
import torch.nn.functional as F

from lossary.declaration import Parameter, Range, Study, angular_margin_loss, exp, log, terms


def cosface(
    input: torch.Tensor, target: torch.Tensor, *, s: float = 64.0, m: float = 0.35, reduction: str = "mean"
) -> torch.Tensor:
    true = target.unsqueeze(-1)
    lowered = input.gather(-1, true) - m
    return F.cross_entropy(s * input.scatter(-1, true, lowered), target, reduction=reduction)


def _turned(angle: torch.Tensor, s: float, m: float) -> torch.Tensor:
    """The loss at an angle to the true class, with two other classes at a right angle."""
    cosines = torch.stack((torch.cos(angle), torch.zeros_like(angle), torch.zeros_like(angle)), 1)
    return cosface(cosines, torch.zeros(len(angle), dtype=torch.long), s=s, m=m, reduction="none")


loss = angular_margin_loss(
    function=cosface,
    aliases=terms("large margin cosine loss; LMCL; AM-Softmax; additive margin softmax; CosFaceLoss"),
    search_terms=terms(
        "face recognition loss; margin softmax; cos(theta) - m; cosine margin; speaker verification loss; "
        "margin subtracted from the cosine of the true class; face verification; deep face recognition; "
        "margin subtracted from the cosine logit; cos minus m; "
        "large margin cosine; "
        "margin subtracted from the cosine; speaker verification; "
        "s (cos(theta) - m)"
    ),
    concepts={
        "normalise features and weights": "The input must be",
        "choosing the margin; many classes": "A margin may",
        "choosing the scale; loss does not go to zero": "A small scale",
        "difference between ArcFace and CosFace; margin as an angle": "The margin is a cosine",
        "accuracy too low; inference without the margin": "With the margin",
    },
    answers={
        "multi-class/unseen": ("You want the simplest", "The margin should be"),
        "embeddings/classes": ("Vectors of things", "The margin should be"),
    },
    lowered=lambda x, y, margin: x[y] - margin,
    slope=lambda: 1,
    meaning="the cosine of the angle to the true class less the margin",
    margin=Parameter(
        "m",
        0.35,
        "what is subtracted from the cosine of the true class",
        range=Range(lower=0.0, upper=2.0),
        typical=(0.0, 0.2, 0.35),
        symbol="margin",
    ),
    caption="It is nearly zero as long as the cosine of the true class leads by more than the margin. Then it rises with the fall of the "
    "cosine, and levels off where the vector points away from its class.",
    figures=(
        Study(
            name="margins",
            title="The loss at four margins",
            label="angle to the true class, in radians",
            span=(0.0, math.pi),
            curves={
                "margin 0.0": lambda t: _turned(t, 64.0, 0.0),
                "margin 0.2": lambda t: _turned(t, 64.0, 0.2),
                "margin 0.35": lambda t: _turned(t, 64.0, 0.35),
                "margin 0.5": lambda t: _turned(t, 64.0, 0.5),
            },
            note="Scale 64. Three classes; the other two at a right angle.",
            caption="The margin moves the angle from which on a vector costs something, and raises all beyond it by the same "
            "amount.",
        ),
        Study(
            name="scales",
            title="The loss at four scales",
            label="angle to the true class, in radians",
            span=(0.0, math.pi),
            curves={
                "scale 1": lambda t: _turned(t, 1.0, 0.35),
                "scale 4": lambda t: _turned(t, 4.0, 0.35),
                "scale 16": lambda t: _turned(t, 16.0, 0.35),
                "scale 64": lambda t: _turned(t, 64.0, 0.35),
            },
            note="Margin 0.35. Three classes; the other two at a right angle.",
            caption="A small scale costs something even at the angle 0. A large one has a sharp bend where the cosine is the "
            "margin.",
        ),
    ),
    side_by_side={
        "turns": "functional.cosface(torch.stack((cosine, 0 * cosine), 1), 0 * target.long(), reduction='none')",
    },
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "redescending": True,
        "bounded": True,
        "supremum": lambda scale, margin: log(2 + exp(-scale * (1 + margin))) + scale * (1 + margin),
        "value_at_perfect": 0,
    },
)
