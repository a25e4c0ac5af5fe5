r"""IoU loss

One minus the intersection over union (IoU) of a predicted box and the true one: of the area that the two cover together,
the share that only one of them covers.

## When to use it

- A detector is judged by the IoU of its boxes. This loss is that measure turned around: of two boxes it prefers the one
  that scores higher, which losses of the four coordinates, such as [[smooth_l1|Smooth L1]], need not do.
- Objects differ in size. The loss stays the same when both boxes are scaled together.
- The boxes overlap before training begins, as anchors do that were matched by their overlap.

## When not to

- Boxes may lie apart. There the loss is flat: [[giou_loss|GIoU]], [[diou_loss|DIoU]] and [[ciou_loss|CIoU]] still pull.
- Objects are masks of pixels: [[jaccard]] is the same measure of those.
- Boxes are rotated. Here a box is four numbers, with its sides along the axes; [[smooth_l1]] takes any numbers,
  such as the sine and cosine of an angle.

## Pitfalls

### Boxes that do not overlap have no gradient

Without overlap the loss is 1, however near or far the box is, and nothing pulls it. The gradient is zero as soon as the
boxes only touch.

```python
from lossary.functional import iou_loss

target = torch.tensor([0.0, 0.0, 10.0, 10.0])
for left in (8.0, 10.0, 11.0, 500.0):
    box = torch.tensor([left, 0.0, left + 10, 10.0], requires_grad=True)
    loss = iou_loss(box, target)
    (slope,) = torch.autograd.grad(loss, box)
    print(f"left edge at {left:5}: loss {loss.item():.3f}, largest slope {slope.abs().max().item():.4f}")
```

```output
left edge at   8.0: loss 0.889, largest slope 0.0556
left edge at  10.0: loss 1.000, largest slope 0.0000
left edge at  11.0: loss 1.000, largest slope 0.0000
left edge at 500.0: loss 1.000, largest slope 0.0000
```

### A centre and a size are read as two corners

Boxes come as x1, y1, x2, y2, as centre x, centre y, width, height, or as x1, y1, width, height. All are four numbers, and
the function cannot tell. Far from the origin a width is smaller than x1, so that the box turns inside out: then even the
right box costs 1, and no gradient mends it. Near the origin the result looks like a loss and is another one.

```python
from lossary.functional import iou_loss

def centre_and_size(box):
    return torch.cat(((box[..., :2] + box[..., 2:]) / 2, box[..., 2:] - box[..., :2]), -1)

prediction, target = torch.tensor([[2.0, 2.0, 22.0, 22.0], [0.0, 0.0, 20.0, 20.0]])
for name, place in (("near the origin", 0.0), ("far from it", 100.0)):
    boxes, right = prediction + place, target + place
    wrong, at_best = (iou_loss(centre_and_size(one), centre_and_size(right)).item() for one in (boxes, right))
    print(f"{name}: corners {iou_loss(boxes, right).item():.3f}, "
          f"centre and size {wrong:.3f}, and for the right box {at_best:.3f}")
```

```output
near the origin: corners 0.319, centre and size 0.360, and for the right box 0.000
far from it: corners 0.319, centre and size 1.000, and for the right box 1.000
```

### The same name also means the negative logarithm

The paper on UnitBox takes minus the logarithm of the IoU, and MMDetection's `IoULoss` does so unless its `mode` is
"linear". Close to the right box the two agree. For a poor overlap the logarithm is far larger and pulls far
harder, and it has no upper bound.

```python
from lossary.functional import iou_loss

target = torch.tensor([0.0, 0.0, 10.0, 10.0])
for right in (9.9, 5.0, 0.1):
    box = torch.tensor([0.0, 0.0, right, 10.0], requires_grad=True)
    linear = iou_loss(box, target)
    logarithm = -torch.log(1 - iou_loss(box, target))
    pulls = [torch.autograd.grad(loss, box)[0][2].abs().item() for loss in (linear, logarithm)]
    print(f"1 - IoU {linear.item():.2f}, pull {pulls[0]:.2f};  -log IoU {logarithm.item():.2f}, pull {pulls[1]:.2f}")
```

```output
1 - IoU 0.01, pull 0.10;  -log IoU 0.01, pull 0.10
1 - IoU 0.50, pull 0.10;  -log IoU 0.69, pull 0.20
1 - IoU 0.99, pull 0.10;  -log IoU 4.61, pull 10.00
```

### The pull does not fade near the right box, and a small box pulls harder

The loss has a kink where the box is right, as [[l1]] has. Below, a box a tenth of a pixel off is pulled as hard as one a
whole pixel off, so that steps of a fixed size jump over it and back: lower the learning rate towards the end. A box ten
times as large is pulled a tenth as hard.

```python
from lossary.functional import iou_loss

for size in (10.0, 100.0):
    target = torch.tensor([0.0, 0.0, size, size])
    for off in (1.0, 0.1):
        box = torch.tensor([0.0, 0.0, size - off, size], requires_grad=True)
        loss = iou_loss(box, target)
        (slope,) = torch.autograd.grad(loss, box)
        print(f"size {size:3.0f}, right edge off by {off}: loss {loss.item():.4f}, pull {-slope[2].item():.4f}")
```

```output
size  10, right edge off by 1.0: loss 0.1000, pull 0.1000
size  10, right edge off by 0.1: loss 0.0100, pull 0.1000
size 100, right edge off by 1.0: loss 0.0100, pull 0.0100
size 100, right edge off by 0.1: loss 0.0010, pull 0.0100
```

### Row k is compared with row k

Nothing is matched. The same boxes in another order cost as if all were wrong. A new axis gives the loss of each
prediction with each target, from which they can be matched first.

```python
from lossary.functional import iou_loss

target = torch.tensor([[0.0, 0.0, 2.0, 2.0], [5.0, 5.0, 9.0, 9.0], [20.0, 0.0, 30.0, 5.0]])
prediction = target.roll(1, 0)
costs = iou_loss(prediction[:, None], target, reduction="none")
print("as they come:", iou_loss(prediction, target).item())
print("matched:", iou_loss(prediction, target[costs.argmin(1)]).item())
```

```output
as they come: 1.0
matched: 0.0
```

### A batch without objects gives NaN

The mean of no boxes is not a number, and one such image spoils the step. Add up, and divide by the number of boxes but by
1 at least.

```python
from lossary.functional import iou_loss

boxes = torch.zeros(0, 4)
print(iou_loss(boxes, boxes), iou_loss(boxes, boxes, reduction="sum") / max(len(boxes), 1))
```

```output
tensor(nan) tensor(0.)
```

## Relations

Where one box lies within the other, it is [[giou_loss|the GIoU loss]].

    functional.iou_loss(boxes, boxes + torch.tensor([-1, -2, 3, 1])) == functional.giou_loss(boxes, boxes + torch.tensor([-1, -2, 3, 1]))

Where the centres are the same, it is [[diou_loss|the DIoU loss]].

    functional.iou_loss(boxes, boxes + torch.tensor([-1, 2, 1, -2])) == functional.diou_loss(boxes, boxes + torch.tensor([-1, 2, 1, -2]))

## In other libraries

- `1 - torchvision.ops.box_iou(input, target).diagonal()`: `box_iou` gives a matrix of every box with every other.
- `mmdet.models.losses.IoULoss(mode="linear", reduction="none")(input, target)`: The default mode is "log", minus the
  logarithm of the IoU.

## References

- Jiahui Yu, Yuning Jiang, Zhangyang Wang, Zhimin Cao and Thomas Huang (2016). UnitBox: An Advanced Object Detection
  Network. In *Proceedings of the 2016 ACM Multimedia Conference, 516-520*. arXiv:1608.01471
- Hamid Rezatofighi, Nathan Tsoi, JunYoung Gwak, Amir Sadeghian, Ian Reid and Silvio Savarese (2019). Generalized
  Intersection over Union: A Metric and a Loss for Bounding Box Regression. In *2019 IEEE/CVF Conference on Computer
  Vision and Pattern Recognition, 658-666*. doi:10.1109/CVPR.2019.00075 arXiv:1902.09630
"""

import torch

from lossary.declaration import box_loss, terms


def iou_loss(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    least, most = torch.minimum(input, target), torch.maximum(input, target)
    # lengths are counted in the longer side of the box around both, so that no area overflows or vanishes
    size = (most[..., 2:] - least[..., :2]).detach().amax(-1, keepdim=True)
    unit = torch.where(size > 0, size, 1)

    def area(sides: torch.Tensor) -> torch.Tensor:
        width, height = (sides / unit).unbind(-1)
        return width * height

    overlap = area((least[..., 2:] - most[..., :2]).relu())
    union = area(input[..., 2:] - input[..., :2]) + area(target[..., 2:] - target[..., :2]) - overlap
    loss = 1 - overlap / torch.where(union == 0, 1, union)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = box_loss(
    function=iou_loss,
    value=lambda overlap, union: 1 - overlap / union,
    gradient={
        "input": lambda overlap, union, overlap_b, union_b, d: (overlap * union_b[d] - union * overlap_b[d]) / union**2,
        "target": lambda overlap, union, overlap_g, union_g, d: (
            (overlap * union_g[d] - union * overlap_g[d]) / union**2
        ),
    },
    offset_kinks=(lambda: -1, lambda: 0, lambda: 1),
    offset="A sharp dip whose arms bend outwards. At the outer marks the boxes no longer overlap: from there on the loss is 1, "
    "and no slope leads back.",
    edge="A straight line down to the true edge, then a curve that flattens: a box twice as wide as the target costs as much "
    "as one half as wide.",
    aliases=terms("intersection over union loss; box IoU loss; bounding box IoU loss"),
    search_terms=terms(
        "UnitBox loss; IoULoss mmdet; 1 - IoU; overlap of boxes as a loss; bounding box regression loss; "
        "intersection over union of boxes; object detection box loss; overlap of two rectangles; "
        "box regression by overlap; object detector; localisation of objects; scale-invariant box loss; "
        "overlap of rectangles; intersection over union; "
        "overlap of two boxes; "
        "box regression as a whole"
    ),
    concepts={
        "zero gradient; boxes do not overlap; box does not move; loss stays at 1": "Boxes that do not overlap",
        "xyxy; cxcywh; xywh; box format; box_convert; negative width": "A centre and a size",
        "log IoU; -ln(IoU); UnitBox; mode linear": "The same name",
        "small objects; learning rate; box jitters around the target": "The pull does not fade",
        "matching; pairwise IoU; cost matrix; order of the boxes": "Row k",
        "nan; empty targets; no objects in the image": "A batch without objects",
    },
    answers={
        "boxes/overlap": ("A detector is judged", "Boxes may lie apart"),
    },
    side_by_side=dict.fromkeys(("slides", "grows", "flattens"), "functional.iou_loss(input, target, reduction='none')"),
    properties={"supremum": 1},
)
