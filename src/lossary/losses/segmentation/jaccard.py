r"""Jaccard loss

Compares a predicted mask with the true one: 1 minus their intersection over union, which is what they have in common
divided by what they cover together. Probabilities count as parts of a pixel.

## When to use it

- The result is judged by intersection over union: this loss is 1 minus that score, with probabilities in place of yes
  and no.
- The object is small beside the background, and an empty prediction should not be nearly right.

## When not to

- Pictures without any object are common. Without smoothing they give no gradient; see below. [[bce_with_logits]]
  judges each pixel.
- You predict boxes, not masks: [[iou_loss|IoU loss]] takes their corners.
- Missing a pixel should cost another amount than adding one: [[tversky|Tversky loss]].
- You want another way from zeros and ones, where this loss is 1 minus the score, to the probabilities in between:
  `segmentation_models_pytorch.losses.LovaszLoss` is one.

## Pitfalls

### It takes probabilities, and raw scores give any number

Scores pass without an error. The sums may be negative or near zero then, and so may what is divided by.

```python
from lossary.functional import jaccard

score, mask = torch.tensor([4.0, -3.0, -0.5, -2.0]), torch.tensor([1.0, 0.0, 0.0, 0.0])
print("scores       ", jaccard(score, mask))
print("probabilities", jaccard(score.sigmoid(), mask))
```

```output
scores        tensor(1.8889)
probabilities tensor(0.3641)
```

### It is not 1 minus the score that is reported

The score is taken of a mask of zeros and ones, after a threshold. A prediction can be perfect by the score and have a
high loss, because it is unsure everywhere.

```python
from lossary.functional import jaccard

mask = torch.tensor([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
for p in (0.6, 0.9, 0.99):
    prediction = torch.where(mask > 0, p, 1 - p)
    print(f"{p} for the right answer: loss {jaccard(prediction, mask):.4f}, after a threshold {jaccard(prediction.round(), mask):.4f}")
```

```output
0.6 for the right answer: loss 0.6667, after a threshold 0.0000
0.9 for the right answer: loss 0.2500, after a threshold 0.0000
0.99 for the right answer: loss 0.0294, after a threshold 0.0000
```

### A picture without the object costs 1 whatever is predicted

With nothing in common the loss is 1 for any prediction but exact zeros, and its gradient is zero. A positive `smooth`
gives such pictures a gradient if it is not tiny beside the number of predicted pixels. It lowers the loss of small
objects, too.

```python
from lossary.functional import jaccard

for smooth in (0.0, 1e-5, 1.0):
    prediction = torch.full((1000,), 0.01, requires_grad=True)
    loss = jaccard(prediction, torch.zeros(1000), smooth=smooth)
    pull = torch.autograd.grad(loss, prediction)[0][0].item()
    small = jaccard(torch.zeros(1000), torch.eye(1000)[0], smooth=smooth).item()
    print(f"smooth {smooth:g}: loss {loss.item():.6f}, gradient at a pixel {pull:.2g}; one pixel, missed: {small:.4f}")
```

```output
smooth 0: loss 1.000000, gradient at a pixel 0; one pixel, missed: 1.0000
smooth 1e-05: loss 0.999999, gradient at a pixel 9.7e-08; one pixel, missed: 1.0000
smooth 1: loss 0.909091, gradient at a pixel 0.0083; one pixel, missed: 0.5000
```

### The first dimension counts the masks

All other dimensions are added up. A single picture of shape `(H, W)` is read as H masks of one row each, and of a batch
with several classes, `(N, C, H, W)`, the classes are joined. Code that adds up over the batch as well gives a single
value in which large objects outweigh small ones.

```python
from lossary.functional import jaccard

prediction, mask = torch.zeros(2, 1, 10, 10), torch.zeros(2, 1, 10, 10)
mask[0, :, :5] = prediction[0, :, :5] = 1.0  # a large object, found
mask[1, :, 0, :2] = 1.0  # a small one, missed
print("mean over the masks", jaccard(prediction, mask))
print("batch as one mask  ", jaccard(prediction.flatten(), mask.flatten()))
print("one (H, W) as rows ", jaccard(prediction[1, 0], mask[1, 0]))
```

```output
mean over the masks tensor(0.5000)
batch as one mask   tensor(0.0385)
one (H, W) as rows  tensor(0.1000)
```

### Means of Jaccard and Dice loss can disagree

Of one mask and without smoothing, each is a function of the other, so both prefer the same prediction. Averaged over
several masks they need not: an error on a mask that is nearly right costs more in Jaccard loss, one on a mask that is
nearly lost costs less.

```python
from lossary.functional import dice, jaccard

mask = torch.ones(2, 10)
uneven, even = torch.zeros(2, 10), torch.zeros(2, 10)
uneven[0] = 1.0  # one mask found, of the other one a pixel
uneven[1, :1] = 1.0
even[:, :5] = 1.0  # half of each
for name, prediction in (("uneven", uneven), ("even  ", even)):
    print(name, f"Dice {dice(prediction, mask):.4f}, Jaccard {jaccard(prediction, mask):.4f}")
```

```output
uneven Dice 0.4091, Jaccard 0.4500
even   Dice 0.3333, Jaccard 0.5000
```

## Relations

It is [[tversky|Tversky loss]] with `alpha` and `beta` of 1.

    functional.jaccard(p, q.round(), smooth=1) == functional.tversky(p, q.round(), alpha=1, beta=1, smooth=1)

Of one mask and without smoothing, it is a function of [[dice|Dice loss]]: twice that loss divided by 1 plus itself.

    functional.jaccard(p, (q > 0.2).double(), reduction="none") ==
        2 * functional.dice(p, (q > 0.2).double(), reduction="none") /
        (1 + functional.dice(p, (q > 0.2).double(), reduction="none"))

## In other libraries

- `monai.losses.DiceLoss(jaccard=True, reduction="none", smooth_nr=2 * smooth, smooth_dr=2 * smooth)(input[:, None], target[:, None])[:, 0]`:
  Its constants count half, and are 1e-5 by default.
- `segmentation_models_pytorch.losses.JaccardLoss("binary", from_logits=False, smooth=smooth)(input.flatten()[None, None], target.flatten()[None, None])`:
  Takes scores by default. Adds up over the batch, and an empty mask costs 0.

## References

- Md Atiqur Rahman and Yang Wang (2016). Optimizing Intersection-Over-Union in Deep Neural Networks for Image
  Segmentation. In *ISVC 2016*. doi:10.1007/978-3-319-50835-1_22
- Jeroen Bertels, Tom Eelbode, Maxim Berman, Dirk Vandermeulen, Frederik Maes, Raf Bisschops and Matthew B. Blaschko
  (2019). Optimizing the Dice Score and Jaccard Index for Medical Image Segmentation: Theory and Practice. In *MICCAI
  2019*. arXiv:1911.01685
"""

import torch

from lossary.declaration import NOT_NEGATIVE, Parameter, Precision, cases, maximum, overlap_loss, sum_over, terms


def jaccard(input: torch.Tensor, target: torch.Tensor, *, smooth: float = 0.0, reduction: str = "mean") -> torch.Tensor:
    if input.shape != target.shape:
        raise ValueError(f"target size {tuple(target.shape)} must be the same as input size {tuple(input.shape)}")
    target = target.to(input.dtype)
    pixels = tuple(range(min(1, input.dim() - 1), input.dim()))  # all dimensions but the first one, which counts masks
    wrong = (input * (1 - target) + (1 - input) * target).sum(pixels)
    union = (input * target).sum(pixels) + wrong + smooth
    # an empty prediction of an empty mask is right, and has no gradient
    nothing = union == 0
    loss = wrong.masked_fill(nothing, 0) / union.masked_fill(nothing, 1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = overlap_loss(
    function=jaccard,
    aliases=terms("soft IoU loss; soft Jaccard loss; intersection over union loss for masks; Jaccard index loss"),
    search_terms=terms(
        "intersection over union segmentation loss; mean IoU as a loss; mIoU; overlap of masks; mean IoU of masks; "
        "intersection over union of masks; IoU made differentiable; overlap of regions; optimise IoU directly; "
        "pixels in common; "
        "differentiable intersection over union of masks; mean IoU as a training loss; "
        "IoU of masks; optimise mIoU; TP / (TP + FP + FN); "
        "intersection over union, A and B; sum(p g)/(sum p + sum g - sum(p g))"
    ),
    concepts={
        "smoothing constant; epsilon in IoU": "smooth",
        "logits or probabilities; negative loss": "It takes probabilities",
        "IoU metric against IoU loss; threshold": "It is not 1 minus",
        "empty masks; no foreground": "A picture without",
        "multi-class IoU; batch IoU; shape of the masks": "The first dimension",
        "Dice or Jaccard; Dice versus IoU": "Means of Jaccard",
    },
    answers={
        "segmentation/overlap/same": ("The result is judged", "Missing a pixel"),
    },
    parameters=(
        Parameter(
            "smooth",
            0.0,
            "a number of pixels that is added above and below the fraction",
            range=NOT_NEGATIVE,
            typical=(0.0, 1.0, 10.0),
            latex="s",
        ),
    ),
    where={"union": lambda hit, extra, missed, smooth: hit + extra + missed + smooth},
    notation={"union": "U"},
    meanings={"union": "what the two masks cover together, and the smoothing"},
    value=lambda hit, union, smooth: cases((1 - (hit + smooth) / union, union > 0), (0, True)),
    gradient={
        "input": lambda hit, union, smooth, y, d: cases(
            (((1 - y[d]) * (hit + smooth) - y[d] * union) / union**2, union > 0), (0, True)
        ),
        "target": lambda hit, union, smooth, p, d: cases(
            (((1 - p[d]) * (hit + smooth) - p[d] * union) / union**2, union > 0), (0, True)
        ),
    },
    precision=Precision(
        size=lambda p, y, i, D, smooth: 1 / maximum(sum_over(i, p[i] + y[i] - p[i] * y[i], D) + smooth, 1e-12),
        why="the gradient is a difference of two terms, each about as large as 1 over the union",
    ),
    caption="High as long as the pixels are unsure, then ever steeper: most of the way down lies beyond a probability of "
    "0.75.",
    side_by_side=dict.fromkeys(("overlap", "size"), 'functional.jaccard(input, target, reduction="none")'),
    properties={
        "convex": False,
        "smoothness": "Cinf",
        # along four pixels, of which one is the object: 4 (1 - t) / (4 - 3 t + smooth)
        "lipschitz": lambda smooth: 4 / (1 + smooth),
        "bounded": True,
        "supremum": lambda smooth: 4 / (4 + smooth),
        "value_at_perfect": 0,
        "redescending": False,
    },
)
