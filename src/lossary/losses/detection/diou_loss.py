r"""Distance IoU loss

The IoU loss of two boxes, plus the squared distance of their centres, divided by the squared diagonal of the smallest box
around both.

## When to use it

- Predicted boxes may miss their target, or lie inside it. In both cases the centres are drawn together, and the
  [[iou_loss|IoU loss]] does not draw them.
- The centre of a box matters more than its size, as where an object is followed from picture to picture.

## When not to

- The shape of a box should be corrected by itself: [[ciou_loss|CIoU]] adds a term for the aspect ratio.
- The loss should order boxes as their IoU does: [[iou_loss]]. Here the centre may outweigh a better overlap.

## Pitfalls

### A far box may grow while it approaches

The distance is divided by the diagonal of the box around both, and the gradient runs through both. A larger box makes
the diagonal longer and the quotient smaller. Below, the target lies to the left and the box is as high as it; still
the box becomes higher, and its far edge moves away, as with the [[giou_loss|GIoU loss]]. A side that does not reach
the edge of the box around both is not pushed out.

```python
from lossary.functional import diou_loss

target = torch.tensor([0.0, 0.0, 10.0, 10.0])
box = torch.tensor([30.0, 0.0, 40.0, 10.0], requires_grad=True)
for step in range(51):
    if step % 25 == 0:
        left, low, right, high = box.tolist()
        print(f"step {step:2}: from {left:.1f} to {right:.1f} along x, from {low:.1f} to {high:.1f} along y")
    (slope,) = torch.autograd.grad(diou_loss(box, target), box)
    with torch.no_grad():
        box -= 20 * slope
```

```output
step  0: from 30.0 to 40.0 along x, from 0.0 to 10.0 along y
step 25: from 22.3 to 42.1 along x, from -2.9 to 12.9 along y
step 50: from 16.2 to 42.3 along x, from -5.6 to 15.6 along y
```

### The further away a box is, the less it is pulled

The quotient tends to 1 however far the box goes, so the loss stays below 2 and its slope fades. A wild box hardly moves:
the smallest steps go where the errors are largest.

```python
from lossary.functional import diou_loss

target = torch.tensor([0.0, 0.0, 10.0, 10.0])
for gap in (10.0, 100.0, 1000.0):
    offset = torch.tensor(gap + 10, requires_grad=True)
    loss = diou_loss(target + offset * torch.tensor([1.0, 0.0, 1.0, 0.0]), target)
    (pull,) = torch.autograd.grad(loss, offset)
    print(f"gap {gap:6}: loss {loss.item():.3f}, pull {pull.item():.5f}")
```

```output
gap   10.0: loss 1.400, pull 0.01600
gap  100.0: loss 1.834, pull 0.00136
gap 1000.0: loss 1.980, pull 0.00002
```

### Around one centre it is the IoU loss

If the centres agree, no distance is left, and of two boxes with the same overlap a flat one is as good as a high one.
Below, both boxes cover half of the target.

```python
from lossary.functional import ciou_loss, diou_loss

target = torch.tensor([0.0, 0.0, 20.0, 10.0])
boxes = {"of its shape": target.new_tensor([10 - 50**0.5, 5 - 12.5**0.5, 10 + 50**0.5, 5 + 12.5**0.5]),
         "a square": torch.tensor([5.0, 0.0, 15.0, 10.0])}
for name, box in boxes.items():
    print(f"{name}: DIoU loss {diou_loss(box, target).item():.3f}, CIoU loss {ciou_loss(box, target).item():.3f}")
```

```output
of its shape: DIoU loss 0.500, CIoU loss 0.500
a square: DIoU loss 0.500, CIoU loss 0.503
```

## Relations

Where the centres are the same, it is [[iou_loss|the IoU loss]].

    functional.diou_loss(boxes, boxes + torch.tensor([-1, 2, 1, -2])) == functional.iou_loss(boxes, boxes + torch.tensor([-1, 2, 1, -2]))

Where the aspect ratios are the same, it is [[ciou_loss|the CIoU loss]].

    functional.diou_loss(boxes, 2 * boxes + 1) == functional.ciou_loss(boxes, 2 * boxes + 1)

## In other libraries

- `torchvision.ops.distance_box_iou_loss(input, target)`: The default reduction is "none". It adds 1e-7 to
  what it divides by, which boxes of very small areas feel.
- `mmdet.models.losses.DIoULoss(reduction="none")(input, target)`: eps is 1e-6 by default.

## References

- Zhaohui Zheng, Ping Wang, Wei Liu, Jinze Li, Rongguang Ye and Dongwei Ren (2020). Distance-IoU Loss: Faster and Better
  Learning for Bounding Box Regression. *Proceedings of the AAAI Conference on Artificial Intelligence 34(07),
  12993-13000*. doi:10.1609/aaai.v34i07.6999 arXiv:1911.08287
"""

import torch

from lossary.declaration import box_loss, terms


def diou_loss(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    least, most = torch.minimum(input, target), torch.maximum(input, target)
    around = most[..., 2:] - least[..., :2]
    # lengths are counted in the longer side of the box around both, so that no square overflows or vanishes
    size = around.detach().amax(-1, keepdim=True)
    unit = torch.where(size > 0, size, 1)

    def area(sides: torch.Tensor) -> torch.Tensor:
        width, height = (sides / unit).unbind(-1)
        return width * height

    overlap = area((least[..., 2:] - most[..., :2]).relu())
    union = area(input[..., 2:] - input[..., :2]) + area(target[..., 2:] - target[..., :2]) - overlap
    iou = overlap / torch.where(union == 0, 1, union)
    offset = (input[..., :2] - target[..., :2] + (input[..., 2:] - target[..., 2:])) / (2 * unit)
    diagonal = (around / unit).square().sum(-1)
    loss = 1 - iou + offset.square().sum(-1) / torch.where(diagonal == 0, 1, diagonal)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = box_loss(
    function=diou_loss,
    value=lambda overlap, union, distance: 1 - overlap / union + distance,
    gradient={
        "input": lambda overlap, union, overlap_b, union_b, distance_b, d: (
            (overlap * union_b[d] - union * overlap_b[d]) / union**2 + distance_b[d]
        ),
        "target": lambda overlap, union, overlap_g, union_g, distance_g, d: (
            (overlap * union_g[d] - union * overlap_g[d]) / union**2 + distance_g[d]
        ),
    },
    offset_kinks=(lambda: -1, lambda: 0, lambda: 1),
    offset="A sharp dip, and a bend at the outer marks where the boxes cease to overlap. Beyond them the distance alone goes on "
    "rising, towards 2.",
    edge="A wrong edge moves the centre as well, so that a box that is too narrow or too wide costs a little more than "
    "by the IoU alone.",
    aliases=terms("DIoU; DIoU loss; distance-IoU loss; distance intersection over union"),
    search_terms=terms(
        "distance_box_iou_loss; centre distance of boxes; normalised central point distance; "
        "box loss with centre penalty; distance between the centres of boxes; overlap plus centre distance; "
        "converges faster than GIoU; boxes far apart still attract; "
        "faster convergence than generalised IoU; "
        "normalised centre distance; boxes one inside the other; "
        "slow convergence of box centres"
    ),
    concepts={
        "box grows; box expands; diagonal of the enclosing box": "A far box may grow",
        "small gradient far away; slow convergence of distant boxes": "The further away",
        "aspect ratio; concentric boxes; same centre": "Around one centre",
    },
    answers={
        "boxes/apart/overlap": ("Predicted boxes may miss", "The loss should order"),
        "boxes/apart/centre": ("The centre of a box", "The shape of a box"),
    },
    side_by_side=dict.fromkeys(
        ("slides", "grows", "flattens"), "functional.diou_loss(input, target, reduction='none')"
    ),
    properties={"supremum": 2},
)
