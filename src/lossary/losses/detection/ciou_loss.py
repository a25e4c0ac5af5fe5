r"""Complete IoU loss

The distance IoU loss of two boxes plus a weighted term for how much their aspect ratios differ; the weight grows with the
overlap and takes no gradient.

## When to use it

- Overlap, centre and shape of a box are to be right. The weight of the term for the shape grows with the overlap, and
  with how much the shapes differ.
- To continue or compare with a detector that was trained with it.

## When not to

- Boxes can be very small in the unit they are given in, or degenerate: the slope of an aspect ratio grows as a box
  shrinks. [[diou_loss]] leaves the aspect ratio out.
- The width and the height themselves should be drawn to the target's. The aspect ratio is one number, and tells neither.
  [[diou_loss|DIoU]] leaves both to the overlap.

## Pitfalls

### The weight of the shape takes no gradient

The weight alpha is made of the shape and the overlap, and is detached: in the gradient it is a constant. The gradient is
then not the derivative of the value, and a check by finite differences fails. Code that forgets to detach it gives the
second number.

```python
from lossary.functional import ciou_loss

target = torch.tensor([0.0, 0.0, 20.0, 10.0], dtype=torch.double)
box = torch.tensor([0.0, 0.0, 2.0, 10.0], dtype=torch.double, requires_grad=True)
(slope,) = torch.autograd.grad(ciou_loss(box, target), box)
for name, edge in (("right edge", 2), ("upper edge", 3)):
    step = 1e-6 * torch.eye(4, dtype=torch.double)[edge]
    difference = (ciou_loss(box + step, target) - ciou_loss(box - step, target)) / 2e-6
    print(f"{name}: gradient {slope[edge].item():.4f}, difference quotient {difference.item():.4f}")
```

```output
right edge: gradient -0.0873, difference quotient -0.0976
upper edge: gradient -0.0039, difference quotient -0.0008
```

### There are two versions of the weight

The first paper and torchvision use alpha at every overlap. In the authors' later code, which MMDetection follows, the
term for the shape counts only if the IoU is above one half. Below that, the losses that two frameworks report cannot be
compared.

```python
from lossary.functional import ciou_loss, diou_loss, iou_loss

target = torch.tensor([0.0, 0.0, 20.0, 10.0])
for right in (12.0, 8.0):
    box = torch.tensor([0.0, 0.0, right, 10.0])
    iou = 1 - iou_loss(box, target)
    at_every_overlap = ciou_loss(box, target)
    above_one_half = torch.where(iou > 0.5, at_every_overlap, diou_loss(box, target))
    print(f"IoU {iou.item():.1f}: {at_every_overlap.item():.4f}, only above one half {above_one_half.item():.4f}")
```

```output
IoU 0.6: 0.4331, only above one half 0.4331
IoU 0.4: 0.6805, only above one half 0.6720
```

### The term for the shape can shrink a box that is too small

It sees the ratio of width and height alone. For a box of the right shape it is zero, however small the box is. Where a box
is too low, and even more too narrow, the ratio asks for less height while the other terms ask for more.

```python
from lossary.functional import ciou_loss, diou_loss

target = torch.tensor([0.0, 0.0, 20.0, 10.0])
for width, height in ((4.0, 2.0), (2.0, 8.0)):
    box = torch.tensor([0.0, 0.0, width, height], requires_grad=True)
    others = diou_loss(box, target)
    shape = ciou_loss(box, target) - others
    rest, own = (torch.autograd.grad(loss, box, retain_graph=True)[0][3].item() for loss in (others, shape))
    print(f"{width} by {height}: shape {shape.item():.4f}; more height changes it by {own:.4f}, the rest by {rest:.4f}")
```

```output
4.0 by 2.0: shape 0.0000; more height changes it by -0.0000, the rest by -0.0280
2.0 by 8.0: shape 0.0743; more height changes it by 0.0051, the rest by -0.0120
```

### For small boxes the shape outweighs the rest

The angle of a short diagonal turns faster than that of a long one. Below, a square shrinks in the middle of the target: the
slope of the shape grows about as fast as the square becomes smaller, and the slope of the other terms falls. Dividing
all coordinates by the size of the image does not help, since it multiplies all slopes by the same factor.

```python
from lossary.functional import ciou_loss, diou_loss

target = torch.tensor([0.0, 0.0, 20.0, 10.0])
for size in (8.0, 0.8, 0.08):
    box = torch.tensor([10 - size / 2, 5 - size / 2, 10 + size / 2, 5 + size / 2], requires_grad=True)
    others = diou_loss(box, target)
    shape = ciou_loss(box, target) - others
    rest, own = (torch.autograd.grad(loss, box, retain_graph=True)[0].norm().item() for loss in (others, shape))
    print(f"size {size:4}: slope of the shape {own:.4f}, of the rest {rest:.4f}")
```

```output
size  8.0: slope of the shape 0.0019, of the rest 0.0800
size  0.8: slope of the shape 0.0132, of the rest 0.0080
size 0.08: slope of the shape 0.1313, of the rest 0.0008
```

## Relations

Where the aspect ratios are the same, it is [[diou_loss|the DIoU loss]].

    functional.ciou_loss(boxes, 2 * boxes + 1) == functional.diou_loss(boxes, 2 * boxes + 1)

## In other libraries

- `torchvision.ops.complete_box_iou_loss(input, target)`: The default reduction is "none". It adds 1e-7 to
  what it divides by, which boxes of very small areas feel.
- `mmdet.models.losses.CIoULoss(reduction="none")(input, target)`: The term for the shape counts only where the IoU is
  above one half. eps is 1e-6 by default.

## References

- Zhaohui Zheng, Ping Wang, Wei Liu, Jinze Li, Rongguang Ye and Dongwei Ren (2020). Distance-IoU Loss: Faster and Better
  Learning for Bounding Box Regression. *Proceedings of the AAAI Conference on Artificial Intelligence 34(07),
  12993-13000*. doi:10.1609/aaai.v34i07.6999 arXiv:1911.08287
- Zhaohui Zheng, Ping Wang, Dongwei Ren, Wei Liu, Rongguang Ye, Qinghua Hu and Wangmeng Zuo (2022). Enhancing Geometric
  Factors in Model Learning and Inference for Object Detection and Instance Segmentation. *IEEE Transactions on
  Cybernetics 52(8), 8574-8586*. doi:10.1109/TCYB.2021.3095305 arXiv:2005.03572
"""

import torch

from lossary.declaration import atan, box_loss, cases, equal, held, pi, terms


def ciou_loss(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    least, most = torch.minimum(input, target), torch.maximum(input, target)
    around = most[..., 2:] - least[..., :2]
    # lengths are counted in the longer side of the box around both, so that no square overflows or vanishes
    size = around.detach().amax(-1, keepdim=True)
    unit = torch.where(size > 0, size, 1)

    def area(sides: torch.Tensor) -> torch.Tensor:
        width, height = (sides / unit).unbind(-1)
        return width * height

    def angle(sides: torch.Tensor) -> torch.Tensor:
        longer = sides.detach().abs().amax(-1, keepdim=True)
        width, height = (sides / torch.where(longer == 0, 1, longer)).unbind(-1)
        return torch.atan2(width, height)

    sides, true_sides = input[..., 2:] - input[..., :2], target[..., 2:] - target[..., :2]
    overlap = area((least[..., 2:] - most[..., :2]).relu())
    union = area(sides) + area(true_sides) - overlap
    iou = overlap / torch.where(union == 0, 1, union)
    offset = (input[..., :2] - target[..., :2] + (input[..., 2:] - target[..., 2:])) / (2 * unit)
    diagonal = (around / unit).square().sum(-1)
    shape = 4 / torch.pi**2 * (angle(true_sides) - angle(sides)) ** 2
    total = (1 - iou + shape).detach()
    alpha = shape.detach() / torch.where(total == 0, 1, total)
    loss = 1 - iou + offset.square().sum(-1) / torch.where(diagonal == 0, 1, diagonal) + alpha * shape
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = box_loss(
    function=ciou_loss,
    value=lambda overlap, union, distance, trade, v: 1 - overlap / union + distance + trade * v,
    gradient={
        "input": lambda overlap, union, overlap_b, union_b, distance_b, v_b, trade, d: (
            (overlap * union_b[d] - union * overlap_b[d]) / union**2 + distance_b[d] + trade * v_b[d]
        ),
        "target": lambda overlap, union, overlap_g, union_g, distance_g, v_g, trade, d: (
            (overlap * union_g[d] - union * overlap_g[d]) / union**2 + distance_g[d] + trade * v_g[d]
        ),
    },
    where={
        "turn": lambda wb, hb, wg, hg: atan(wg / hg) - atan(wb / hb),
        "v": lambda turn: 4 / pi**2 * turn**2,
        "trade": lambda overlap, union, v, wb, hb, wg, hg: cases(
            (0, equal(wb * hg, wg * hb)), (held(v / (1 - overlap / union + v)), True)
        ),
        "v_b": lambda turn, wb, hb, out, d: (
            8 * turn / (pi**2 * (wb**2 + hb**2)) * out[d] * cases((-hb, equal(d, 0) | equal(d, 2)), (wb, True))
        ),
        "v_g": lambda turn, wg, hg, out, d: (
            8 * turn / (pi**2 * (wg**2 + hg**2)) * out[d] * cases((hg, equal(d, 0) | equal(d, 2)), (-wg, True))
        ),
    },
    notation={"turn": r"\theta", "v": "v", "trade": r"\alpha", "v_b": "v_{b}", "v_g": "v_{g}"},
    meanings={
        "turn": "the angle of the target's diagonal to the vertical, minus that of the predicted box",
        "v": "how far the aspect ratios differ, from 0 to 1",
        "trade": "the weight of v, which counts as a constant in the gradient",
        "v_b": "the derivative of v with respect to the predicted box",
        "v_g": "the derivative of v with respect to the target",
    },
    offset_kinks=(lambda: -1, lambda: 0, lambda: 1),
    offset="Two squares have one shape, so that this is the curve of the DIoU loss: a sharp dip, a bend at the outer marks where "
    "the boxes cease to overlap, and a slow rise towards 2.",
    edge="As the edge moves, the shape becomes wrong as well. That adds most where the box is narrowest.",
    aliases=terms("CIoU; CIoU loss; complete-IoU loss; complete intersection over union"),
    search_terms=terms(
        "complete_box_iou_loss; aspect ratio of boxes as a loss; YOLO box loss; alpha v term; IoU with aspect ratio; "
        "overlap, centre distance and aspect ratio of boxes together; YOLOv5 and YOLOv8 box loss; "
        "shape of the box as well as its place; "
        "aspect ratio of boxes; YOLO box regression; "
        "width and height ratio; YOLOv4 and YOLOv5 boxes; "
        "shape, width and height of a box"
    ),
    concepts={
        "alpha; torch.no_grad; detach alpha; gradcheck fails": "The weight of the shape",
        "IoU above 0.5; alpha is zero; CIoU differs between frameworks": "There are two versions",
        "aspect ratio; width and height separately; EIoU": "The term for the shape",
        "exploding gradient; tiny boxes; w^2 + h^2": "For small boxes",
    },
    answers={
        "boxes/apart/centre": ("Overlap, centre", "Boxes can be very small"),
    },
    side_by_side=dict.fromkeys(
        ("slides", "grows", "flattens"), "functional.ciou_loss(input, target, reduction='none')"
    ),
    properties={"supremum": 2},
)
