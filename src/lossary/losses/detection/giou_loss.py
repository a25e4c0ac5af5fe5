r"""Generalized IoU loss

The IoU loss of two boxes, plus the share of the smallest box around both that neither of them fills, so that boxes which
do not overlap still attract each other.

## When to use it

- Predicted boxes may miss their target altogether. The further apart the two are, the emptier is the box around both, and
  the loss still has a slope.
- A step from [[iou_loss]] with as little change as possible: where one box lies within the other, it is the same loss.

## When not to

- The centre of the box matters. A small box anywhere inside the target has the same loss: [[diou_loss|DIoU]] also counts how
  far apart the centres are.
- Boxes are far from their targets at first, and their size must stay plausible on the way: this loss may stretch a
  box until it touches the target. [[smooth_l1]] moves each side by its own distance.

## Pitfalls

### A box that misses its target may be stretched before it moves

Below, the box is as high as the target, and its left edge travels there. The right edge does not follow: it moves away,
since a larger box fills more of the box around both. It comes back after the two overlap.

```python
from lossary.functional import giou_loss

target = torch.tensor([0.0, 0.0, 10.0, 10.0])
box = torch.tensor([30.0, 0.0, 40.0, 10.0], requires_grad=True)
for step in range(151):
    if step % 50 == 0:
        print(f"step {step:3}: the box goes from {box[0].item():.1f} to {box[2].item():.1f} along x")
    (slope,) = torch.autograd.grad(giou_loss(box, target), box)
    with torch.no_grad():
        box -= 20 * slope
```

```output
step   0: the box goes from 30.0 to 40.0 along x
step  50: the box goes from 7.3 to 45.0 along x
step 100: the box goes from -0.5 to 40.9 along x
step 150: the box goes from -0.1 to 34.8 along x
```

### Inside the target, the place of the box does not matter

The box around both is then the target itself, and what is left is the IoU, which knows areas alone. The two boxes below
have equal sizes, one in a corner of the target and one in its middle.

```python
from lossary.functional import diou_loss, giou_loss, iou_loss

target = torch.tensor([0.0, 0.0, 10.0, 10.0])
boxes = {"in a corner": torch.tensor([0.0, 0.0, 4.0, 4.0]), "in the middle": torch.tensor([3.0, 3.0, 7.0, 7.0])}
for name, box in boxes.items():
    values = [f"{run.__name__} {run(box, target).item():.3f}" for run in (iou_loss, giou_loss, diou_loss)]
    print(f"{name}: {', '.join(values)}")
```

```output
in a corner: iou_loss 0.840, giou_loss 0.840, diou_loss 0.930
in the middle: iou_loss 0.840, giou_loss 0.840, diou_loss 0.840
```

### A box turned inside out can look perfect

Where a network predicts the two corners freely, the first may end up beyond the second. If that happens along both
axes, the negative width times the negative height is an area again, and the corners of the right box in the wrong
order cost nothing. If it happens along one, the loss may leave its range from 0 to 2, and where it does not, nothing
shows. Predict a centre, a width and a height, and make these two positive, or sort the corners with `torch.minimum`
and `torch.maximum`.

```python
from lossary.functional import giou_loss, iou_loss

target = torch.tensor([0.0, 0.0, 10.0, 10.0])
boxes = {"along both axes": torch.tensor([10.0, 10.0, 0.0, 0.0]), "along one": torch.tensor([50.0, 0.0, 0.0, 10.0])}
for name, box in boxes.items():
    ordered = torch.cat((torch.minimum(box[:2], box[2:]), torch.maximum(box[:2], box[2:])))
    print(f"{name}: GIoU loss {giou_loss(box, target).item():.1f}, IoU loss {iou_loss(box, target).item():.1f}, "
          f"sorted {giou_loss(ordered, target).item():.1f}")
```

```output
along both axes: GIoU loss 0.0, IoU loss 1.0, sorted 0.0
along one: GIoU loss 6.0, IoU loss 1.0, sorted 0.8
```

### It goes up to 2, and the measure down to -1

The measure GIoU is 1 minus this loss. It is 1 where the boxes are the same and tends to -1 as they move apart, so that its mean
over boxes is no mean IoU. A loss above 1 is no mistake.

```python
from lossary.functional import giou_loss, iou_loss

target = torch.tensor([0.0, 0.0, 10.0, 10.0])
for gap in (-10.0, 0.0, 10.0, 1000.0):
    box = torch.tensor([10.0 + gap, 0.0, 20.0 + gap, 10.0])
    values = iou_loss(box, target).item(), giou_loss(box, target).item()
    print(f"gap {gap:6}: IoU {1 - values[0]:.2f}, GIoU {1 - values[1]:5.2f}, GIoU loss {values[1]:.2f}")
```

```output
gap  -10.0: IoU 1.00, GIoU  1.00, GIoU loss 0.00
gap    0.0: IoU 0.00, GIoU  0.00, GIoU loss 1.00
gap   10.0: IoU 0.00, GIoU -0.33, GIoU loss 1.33
gap 1000.0: IoU 0.00, GIoU -0.98, GIoU loss 1.98
```

## Relations

Where one box lies within the other, it is [[iou_loss|the IoU loss]].

    functional.giou_loss(boxes, boxes + torch.tensor([-1, -2, 3, 1])) == functional.iou_loss(boxes, boxes + torch.tensor([-1, -2, 3, 1]))

## In other libraries

- `torchvision.ops.generalized_box_iou_loss(input, target)`: The default reduction is "none". It adds 1e-7 to
  what it divides by, which boxes of very small areas feel. Without "_loss", the name is that
  of the measure, a matrix of every box with every other.
- `monai.losses.BoxGIoULoss(reduction="none")(input, target)`: Computes in float32. Also takes boxes in three dimensions.
- `mmdet.models.losses.GIoULoss(reduction="none")(input, target)`: eps is 1e-6 by default.

## References

- Hamid Rezatofighi, Nathan Tsoi, JunYoung Gwak, Amir Sadeghian, Ian Reid and Silvio Savarese (2019). Generalized
  Intersection over Union: A Metric and a Loss for Bounding Box Regression. In *2019 IEEE/CVF Conference on Computer
  Vision and Pattern Recognition, 658-666*. doi:10.1109/CVPR.2019.00075 arXiv:1902.09630
"""

import torch

from lossary.declaration import box_loss, terms


def giou_loss(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    least, most = torch.minimum(input, target), torch.maximum(input, target)
    around = most[..., 2:] - least[..., :2]
    # lengths are counted in the longer side of the box around both, so that no area overflows or vanishes
    size = around.detach().amax(-1, keepdim=True)
    unit = torch.where(size > 0, size, 1)

    def area(sides: torch.Tensor) -> torch.Tensor:
        width, height = (sides / unit).unbind(-1)
        return width * height

    overlap = area((least[..., 2:] - most[..., :2]).relu())
    union = area(input[..., 2:] - input[..., :2]) + area(target[..., 2:] - target[..., :2]) - overlap
    hull = area(around)
    iou = overlap / torch.where(union == 0, 1, union)
    loss = 1 - iou + (hull - union) / torch.where(hull == 0, 1, hull)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = box_loss(
    function=giou_loss,
    value=lambda overlap, union, hull: 1 - overlap / union + (hull - union) / hull,
    gradient={
        "input": lambda overlap, union, hull, overlap_b, union_b, hull_b, d: (
            (overlap * union_b[d] - union * overlap_b[d]) / union**2 + (union * hull_b[d] - hull * union_b[d]) / hull**2
        ),
        "target": lambda overlap, union, hull, overlap_g, union_g, hull_g, d: (
            (overlap * union_g[d] - union * overlap_g[d]) / union**2 + (union * hull_g[d] - hull * union_g[d]) / hull**2
        ),
    },
    offset_kinks=(lambda: 0,),
    offset="A sharp dip whose arms bend outwards and go on rising towards 2. Nothing changes where the boxes cease to "
    "overlap, at 1 and -1: the slope fades and does not end.",
    edge="The same as for the IoU loss, as one of the boxes contains the other: a straight line down to the true edge, "
    "then a curve that flattens.",
    aliases=terms("GIoU; GIoU loss; generalised IoU; BoxGIoULoss; generalized intersection over union"),
    search_terms=terms(
        "generalized box iou; IoU loss for boxes that do not overlap; smallest enclosing box; "
        "GIoU bounding box regression; box loss of DETR; boxes that do not overlap; smallest box around both; "
        "generalised intersection over union; DETR box loss; gradient for disjoint boxes; enclosing box; "
        "IoU gives no gradient when boxes are apart; "
        "bounding boxes; zero gradient of IoU without overlap; "
        "boxes far apart; disjoint boxes; generalised IoU of detection; "
        "boxes that miss each other; IoU gradient vanishes"
    ),
    concepts={
        "box grows; box expands before it moves; slow convergence": "A box that misses",
        "one box inside the other; enclosed box": "Inside the target",
        "negative width; x2 smaller than x1; invalid boxes; sort corners": "A box turned inside out",
        "loss above 1; negative GIoU; range of GIoU": "It goes up to 2",
    },
    answers={
        "boxes/apart/overlap": ("Predicted boxes may miss", "Boxes are far from"),
    },
    side_by_side=dict.fromkeys(
        ("slides", "grows", "flattens"), "functional.giou_loss(input, target, reduction='none')"
    ),
    properties={"supremum": 2},
)
