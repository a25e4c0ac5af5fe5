r"""ArcFace

Takes the cosines between a vector and one direction per class, adds a margin to the angle of the true class, and charges
the cross-entropy of the scaled cosines.

## When to use it

- Vectors of things that were never seen in training are compared by their angle later, as faces are, and the training data
  have classes with enough examples each. The margin asks for more than the right class.
- You can say by what angle a vector should be nearer to its own class than to any other. That angle is the margin.

`input` is the matrix of cosines, `F.normalize(feature) @ F.normalize(weight).T`, where `weight` has one learned row for each
class.

## When not to

- The classes are all that will ever be asked for. [[cross_entropy]] does not need the margin.
- There are pairs and no classes, or more classes than rows fit in memory: [[info_nce|InfoNCE]] or
  [[triplet_margin]].
- Many labels are wrong. The margin asks for more of those too; [[generalized_cross_entropy]] limits what one of
  them costs.
- The angle is often beyond a right one: [[cosface|CosFace]] subtracts from the cosine, and has no turning point.

## Pitfalls

### The input must be cosines

Raw products of features and weights are not, and their values beyond 1 have no angle. The function on this page takes
1 for them in the true class, where it gives no gradient; code that takes the arccosine gives NaN. Normalise both.

```python
from lossary.functional import arcface

feature, weight = torch.tensor([[3.0, 1.0]]), torch.tensor([[2.0, 0.0], [0.0, 2.0]])
target = torch.tensor([0])
for name, input in (("products", feature @ weight.T), ("cosines ", F.normalize(feature) @ F.normalize(weight).T)):
    input.requires_grad_()
    loss = arcface(input, target)
    slope = torch.autograd.grad(loss, input)[0][0].tolist()
    print(name, [round(v, 2) for v in input[0].tolist()], f"loss {loss.item():.2f}, gradient {[round(v, 2) for v in slope]}")
    print(name, "by arccosine", F.cross_entropy(64 * torch.cos(input.acos() + 0.5), target).item())
```

```output
products [6.0, 2.0] loss 71.85, gradient [0.0, 64.0]
products by arccosine nan
cosines  [0.95, 0.32] loss 0.00, gradient [0.0, 0.0]
cosines  by arccosine 0.0
```

### Where the angle plus m passes pi, the loss falls again

The cosine of the angle plus `m` is least where the two make pi. Beyond, a vector that turns still farther away from
its class pays less, and its gradient drives it away. Vectors at random in many dimensions lie near a right angle, so
few begin there. Implementations often take `cos(angle) - m * sin(m)` there, so that at usual margins the loss goes on
rising, after a jump, or add the margin only below a right angle, which is called easy margin.

```python
from lossary.functional import arcface

print(f"turning point: {math.pi - 0.5:.2f}")
for angle in (2.0, 2.6, 2.7, 3.1):
    turned = torch.tensor(angle, requires_grad=True)
    zero = torch.zeros(())
    loss = arcface(torch.stack([turned.cos(), zero, zero]), torch.tensor(0))
    (slope,) = torch.autograd.grad(loss, turned)
    continued = 64 * (math.sin(0.5) * 0.5 - math.cos(angle)) if angle > math.pi - 0.5 else loss.item()
    print(f"angle {angle}: loss {loss.item():.2f}, slope {slope.item():6.2f}, continued {continued:.2f}")
```

```output
turning point: 2.64
angle 2.0: loss 51.97, slope  38.30, continued 51.97
angle 2.6: loss 64.64, slope   2.66, continued 64.64
angle 2.7: loss 64.58, slope  -3.74, continued 73.20
angle 3.1: loss 58.09, slope -28.32, continued 79.29
```

### The margin is in radians

pytorch-metric-learning takes degrees in its release 2.9, 28.6 by default. Here that number is several turns, and leaves
a margin that nobody chose. Nothing warns.

```python
from lossary.functional import arcface

cosines, target = torch.tensor([[0.6, 0.2, 0.0]]), torch.tensor([0])
for m in (0.5, math.radians(28.6), 28.6):
    print(f"m = {m:7.4f}: loss {arcface(cosines, target, m=m).item():.4f}")
```

```output
m =  0.5000: loss 3.6731
m =  0.4992: loss 3.6216
m = 28.6000: loss 32.8007
```

### A small scale keeps the loss away from zero

Cosines end at 1. With 10,000 classes and a scale of 1, even a perfect vector at a right angle to all other classes costs
nearly as much as a guess, and its gradient goes on pushing. The scale must grow with the logarithm of the number of classes.

```python
from lossary.functional import arcface

cosines = torch.zeros(1, 10000)
cosines[0, 0] = 1.0
print(f"guess {math.log(10000):.2f}")
for s in (1.0, 10.0, 30.0, 64.0):
    print(f"s = {s:4}: loss of a perfect vector {arcface(cosines, torch.tensor([0]), s=s).item():.4f}")
```

```output
guess 9.21
s =  1.0: loss of a perfect vector 8.3331
s = 10.0: loss of a perfect vector 0.9352
s = 30.0: loss of a perfect vector 0.0000
s = 64.0: loss of a perfect vector 0.0000
```

### The loss begins far above that of a guess

At the start all cosines are near 0. The margin puts the true class `s * sin(m)` below the others, and
that is about the loss beyond that of a guess. A smaller `s` or a margin that is raised in steps makes the start milder.

```python
from lossary.functional import arcface

cosines, target = torch.zeros(1, 1000), torch.tensor([0])
print(f"guess {math.log(1000):.2f}")
for m in (0.0, 0.1, 0.5):
    print(f"m = {m}: {arcface(cosines, target, m=m).item():.2f}")
```

```output
guess 6.91
m = 0.0: 6.91
m = 0.1: 13.30
m = 0.5: 37.59
```

### With the margin in it, accuracy looks too low

The margin belongs to the training loss. Classes are predicted, and accuracy is counted, by the cosines themselves. The
vector below is right, and a softmax with the margin says it is not.

```python
from lossary.functional import arcface

cosines, target = torch.tensor([[0.7, 0.5, 0.1]]), torch.tensor([0])
lowered = cosines.clone()
lowered[0, 0] = (cosines[0, 0].acos() + 0.5).cos()
print("by the cosines", cosines.argmax(1).item(), "with the margin", lowered.argmax(1).item())
print(f"loss {arcface(cosines, target).item():.2f}")
```

```output
by the cosines 0 with the margin 1
loss 14.60
```

## Relations

Without a margin it is [[cross_entropy]] of the scaled cosines.

    functional.arcface(scores.tanh(), classes, m=0.0) == F.cross_entropy(64 * scores.tanh(), classes)

Without a margin it is also [[info_nce|InfoNCE]], whose temperature is one over the scale.

    functional.arcface(scores.tanh(), classes, s=20.0, m=0.0) == functional.info_nce(scores.tanh(), classes, temperature=0.05)

At a right angle to the true class it is [[cosface|CosFace]] with the sine of the margin.

    functional.arcface(torch.zeros(8, 5), classes, m=0.5) == functional.cosface(torch.zeros(8, 5), classes, m=0.479425538604203)

## In other libraries

- [pytorch-metric-learning](https://kevinmusgrave.github.io/pytorch-metric-learning/losses/arcface_loss/)
  `pytorch_metric_learning.losses.ArcFaceLoss(num_classes, embedding_size, scale=64)`: It owns the directions of the classes, and
  beyond pi subtracts `m * sin(m)` from the cosine. In release 2.9 the margin is in degrees.
- [PaddlePaddle](https://paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/margin_cross_entropy_en.html)
  `paddle.nn.functional.margin_cross_entropy(input, target, margin1=1.0, margin2=0.5, margin3=0.0, scale=64.0)`: `margin2` is
  m, and `margin3` that of CosFace. Not on a CPU.

## References

- Jiankang Deng, Jia Guo, Niannan Xue and Stefanos Zafeiriou (2019). ArcFace: Additive Angular Margin Loss for Deep Face
  Recognition. In *CVPR 2019, 4690-4699*. doi:10.1109/CVPR.2019.00482 arXiv:1801.07698
"""

import math

import torch
import torch.nn.functional as F

from lossary.declaration import Parameter, Precision, Range, Study, angular_margin_loss, cos, exp, log, sin, sqrt, terms


def arcface(
    input: torch.Tensor, target: torch.Tensor, *, s: float = 64.0, m: float = 0.5, reduction: str = "mean"
) -> torch.Tensor:
    true = target.unsqueeze(-1)
    bound = 1 - torch.finfo(input.dtype).eps  # at 1 the sine has no finite slope, and beyond it no value
    cosine = input.gather(-1, true).clamp(-bound, bound)
    sine = ((1 - cosine) * (1 + cosine)).sqrt()
    lowered = math.cos(m) * cosine - math.sin(m) * sine  # the cosine of the angle plus m
    return F.cross_entropy(s * input.scatter(-1, true, lowered), target, reduction=reduction)


def _continued(angle: torch.Tensor, m: float) -> torch.Tensor:
    """The lowered cosine that implementations take where the angle plus the margin passes pi."""
    return torch.where(angle + m <= math.pi, torch.cos(angle + m), torch.cos(angle) - m * math.sin(m))


def _cross_entropy(cosine: torch.Tensor) -> torch.Tensor:
    """Of a true class with this cosine and two classes at a right angle, at the scale 64."""
    return F.softplus(math.log(2) - 64 * cosine)


loss = angular_margin_loss(
    function=arcface,
    aliases=terms("additive angular margin loss; additive angular margin softmax; ArcFaceLoss"),
    search_terms=terms(
        "face recognition loss; margin softmax; angular softmax; cos(theta + m); easy margin; arcface nan; "
        "speaker verification loss; deep face recognition; face verification and identification; "
        "additive angular margin on the softmax; margin added to the angle between feature and class weight; "
        "insightface; hypersphere embedding; open-set identification; person re-identification; "
        "face recognition with an angular margin; "
        "margin added to the angle; "
        "s cos(theta + m); "
        "classify millions of identities"
    ),
    concepts={
        "additive angular margin": "m",
        "feature scale": "s",
        "arcface nan; normalise features and weights": "The input must be",
        "easy margin; theta + m larger than pi": "Where the angle",
        "margin in degrees; 28.6": "The margin is in",
        "choosing the scale; loss does not go to zero": "A small scale",
        "high initial loss; margin warm-up": "The loss begins",
        "accuracy too low; inference without the margin": "With the margin",
    },
    answers={
        "multi-class/unseen": ("You can say by what", "Many labels are wrong"),
        "embeddings/classes": ("Vectors of things", "The angle is often"),
    },
    lowered=lambda x, y, margin: cos(margin) * x[y] - sin(margin) * sqrt(1 - x[y] ** 2),
    slope=lambda x, y, margin: cos(margin) + sin(margin) * x[y] / sqrt(1 - x[y] ** 2),
    meaning="the cosine of the angle to the true class plus the margin",
    margin=Parameter(
        "m",
        0.5,
        "what is added to the angle of the true class, in radians",
        range=Range(lower=0.0, upper=math.pi),
        typical=(0.0, 0.3, 0.5),
        symbol="margin",
    ),
    precision=Precision(
        size=lambda x, y, scale: scale * (1 + 1 / sqrt(1 - x[y] ** 2)),
        why="it subtracts two numbers of the size of the scale, a logit and a total, and the slope of the angle multiplies "
        "what is left",
    ),
    caption="The loss is nearly zero until the angle plus the margin reaches the right angle of the other classes. Then it "
    "rises steeply, and falls again where the angle plus the margin passes pi.",
    figures=(
        Study(
            name="logits",
            title="What stands for the cosine of the true class",
            label="angle to the true class, in radians",
            span=(0.0, math.pi),
            curves={
                "softmax: no margin": torch.cos,
                "ArcFace, 0.5": lambda t: torch.cos(t + 0.5),
                "CosFace, 0.35": lambda t: torch.cos(t) - 0.35,
                "ArcFace, continued": lambda t: _continued(t, 0.5),
            },
            heading="lowered cosine",
            caption="ArcFace turns back where the angle plus its margin is pi; continued, it jumps there and goes on falling. CosFace is "
            "lower by the same amount everywhere.",
        ),
        Study(
            name="margins",
            title="The loss with no margin, with ArcFace and with CosFace",
            label="angle to the true class, in radians",
            span=(0.0, math.pi),
            curves={
                "cross-entropy": lambda t: _cross_entropy(torch.cos(t)),
                "ArcFace, 0.5": lambda t: _cross_entropy(torch.cos(t + 0.5)),
                "CosFace, 0.35": lambda t: _cross_entropy(torch.cos(t) - 0.35),
            },
            note="Scale 64. Three classes; the other two at a right angle.",
            caption="Cross-entropy of the cosines is content short of a right angle. A margin moves that to a smaller angle.",
        ),
    ),
    side_by_side={
        "turns": "functional.arcface(torch.stack((cosine, 0 * cosine), 1), 0 * target.long(), reduction='none')",
    },
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "redescending": False,
        "bounded": True,
        "supremum": lambda scale: log(2 + exp(-scale)) + scale,
        "value_at_perfect": 0,
    },
)
