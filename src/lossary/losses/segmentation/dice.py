r"""Dice loss

Compares a predicted mask with the true one: 1 minus their Dice score, which is twice what they have in common divided by
the sum of their sizes. Probabilities count as parts of a pixel.

## When to use it

- The object is small beside the background. A pixel loss averaged over the picture is small for a prediction that finds
  nothing; this loss is near 1.
- The result is judged by the Dice score, also called F1: this loss is 1 minus that score, with probabilities in place of
  yes and no.
- As one of two terms beside [[bce_with_logits]] or [[cross_entropy]], which keeps a gradient where the model is sure and
  wrong.

## When not to

- Pictures without any object are common. Without smoothing they give no gradient, and with it they depend on a
  constant; see below. [[bce_with_logits]] judges each pixel.
- You need the probability at each pixel: [[bce_with_logits]]. The best prediction here is another one; see below.
- Missing a pixel should cost another amount than adding one: [[tversky|Tversky loss]].
- The result is judged by intersection over union: [[jaccard|Jaccard loss]] is 1 minus that score.

## Pitfalls

### It takes probabilities, and raw scores give any number

Scores pass without an error: the sum in the denominator may be small or negative, and so may the loss. Other libraries
differ in whether they take scores or probabilities. Apply the sigmoid first.

```python
from lossary.functional import dice

score, mask = torch.tensor([4.0, -3.0, -0.5, -2.0]), torch.tensor([1.0, 0.0, 0.0, 0.0])
print("scores       ", dice(score, mask))
print("probabilities", dice(score.sigmoid(), mask))
```

```output
scores        tensor(17.)
probabilities tensor(0.2225)
```

### A picture without the object costs 1 whatever is predicted

With nothing to overlap the loss is 1 for any prediction but exact zeros, and its gradient is zero: the model is not told
to predict less. A positive `smooth` gives such pictures a gradient. It has to be compared with the number of predicted
pixels: a tiny one that only avoids a division by zero changes nothing before the prediction is nearly empty.

```python
from lossary.functional import dice

empty = torch.zeros(1000)
for smooth in (0.0, 1e-5, 1.0, 100.0):
    prediction = torch.full((1000,), 0.01, requires_grad=True)
    loss = dice(prediction, empty, smooth=smooth)
    pull = torch.autograd.grad(loss, prediction)[0][0].item()
    print(f"smooth {smooth:g}: loss {loss.item():.6f}, gradient at a pixel {pull:.2g}")
```

```output
smooth 0: loss 1.000000, gradient at a pixel 0
smooth 1e-05: loss 0.999999, gradient at a pixel 9.7e-08
smooth 1: loss 0.909091, gradient at a pixel 0.0083
smooth 100: loss 0.090909, gradient at a pixel 0.0083
```

### Smoothing lowers the loss of small objects

`smooth` is counted in pixels. It is added to the numerator as well, so a small object that is missed altogether costs
less than a large one. Some libraries add it to the denominator alone, which is another loss: an empty prediction of an
empty mask then costs 1 and not 0.

```python
from lossary.functional import dice

for size in (1, 10, 1000):
    mask = torch.zeros(2000)
    mask[:size] = 1.0
    losses = [round(dice(torch.zeros(2000), mask, smooth=smooth).item(), 4) for smooth in (0.0, 1.0)]
    print(f"{size} pixels, all missed: {losses[0]}, with smooth=1 {losses[1]}")
```

```output
1 pixels, all missed: 1.0, with smooth=1 0.5
10 pixels, all missed: 1.0, with smooth=1 0.9091
1000 pixels, all missed: 1.0, with smooth=1 0.999
```

### Per picture or over the batch

Here each mask has a loss of its own, and the mean weighs all masks alike. Other code adds up over the whole batch before
it divides: a picture with a large object outweighs one with a small object, and what is predicted in a picture without
an object counts as too much. The two are different numbers. To get the latter, pass the batch as one mask.

```python
from lossary.functional import dice

prediction, mask = torch.zeros(2, 100), torch.zeros(2, 100)
mask[0, :50] = prediction[0, :50] = 1.0  # a large object, found
mask[1, :2] = 1.0  # a small one, missed
print("mean over the masks", dice(prediction, mask))
print("batch as one mask  ", dice(prediction.flatten(), mask.flatten()))
```

```output
mean over the masks tensor(0.5000)
batch as one mask   tensor(0.0196)
```

### The first dimension counts the masks

All other dimensions are added up. A single picture of shape `(H, W)` is read as H masks of one row each, and a batch
with several classes, `(N, C, H, W)`, as N masks in which the background joins in, which is large and easy. Give a single
picture a first dimension of 1, and make one dimension of the batch and the classes.

```python
from lossary.functional import dice

mask = torch.zeros(1, 2, 8, 8)
mask[:, 1, :2, :2] = 1.0  # class 1: a small object
mask[:, 0] = 1 - mask[:, 1]
prediction = torch.zeros(1, 2, 8, 8)
prediction[:, 0] = 1.0  # background everywhere
print("classes joined:", dice(prediction, mask))
print("each class:    ", dice(prediction.flatten(0, 1), mask.flatten(0, 1), reduction="none"))
print("rows of (H, W):", dice(prediction[0, 1], mask[0, 1], reduction="none"))
```

```output
classes joined: tensor(0.0625)
each class:     tensor([0.0323, 1.0000])
rows of (H, W): tensor([1., 1., 0., 0., 0., 0., 0., 0.])
```

### Squared or not

The article on V-Net squares the probabilities in the denominator. For zeros and ones that is the same. In between, the
loss is lower, and it flattens out where the prediction is nearly right.

```python
from lossary.functional import dice

mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
for p in (1.0, 0.9, 0.6):
    prediction = torch.where(mask > 0, p, 1 - p)
    squared = 1 - 2 * (prediction * mask).sum() / (prediction.square().sum() + mask.square().sum())
    print(f"{p} for the right answer: {dice(prediction, mask).item():.4f}, squared {squared.item():.4f}")
```

```output
1.0 for the right answer: 0.0000, squared 0.0000
0.9 for the right answer: 0.1000, squared 0.0110
0.6 for the right answer: 0.4000, squared 0.2105
```

### A soft target is not its own best prediction

With label smoothing, partial pixels or the mean of several annotators, a prediction equal to the target has a loss above
zero, and a harder one can have a lower loss. Squared, the loss is zero at the target.

```python
from lossary.functional import dice

target = torch.tensor([0.8, 0.6, 0.2, 0.0])
print("the target itself", dice(target, target))
print("rounded          ", dice(target.round(), target))
print("itself, squared  ", 1 - 2 * target.square().sum() / (target.square().sum() + target.square().sum()))
```

```output
the target itself tensor(0.3500)
rounded           tensor(0.2222)
itself, squared   tensor(0.)
```

### The best prediction is not the probability

Below, 10 pixels are surely the object, and 10 more belong to it in 4 of 10 pictures that look the same. To leave those out
costs less than to give them their probability. [[bce_with_logits]] asks for the probability.

```python
from lossary.functional import dice

masks = torch.zeros(10, 20)
masks[:, :10] = 1.0
masks[:4, 10:] = 1.0
for p in (0.0, 0.4, 1.0):
    prediction = torch.cat((torch.ones(10), torch.full((10,), p))).expand(10, 20)
    print(f"{p} for the unsure pixels: {dice(prediction, masks).item():.4f}")
```

```output
0.0 for the unsure pixels: 0.1333
0.4 for the unsure pixels: 0.1706
1.0 for the unsure pixels: 0.2000
```

### Where the sigmoid is sure and wrong there is hardly a gradient

The gradient with respect to a score is that with respect to the probability, times the slope of the sigmoid. That slope
is near zero at a sure prediction, right or wrong. [[bce_with_logits]] cancels the slope; this loss does not.

```python
from lossary.functional import dice

mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
score = torch.tensor([-10.0, 3.0, -3.0, -3.0], requires_grad=True)
print("Dice", torch.autograd.grad(dice(score.sigmoid(), mask), score)[0])
print("BCE ", torch.autograd.grad(F.binary_cross_entropy_with_logits(score, mask, reduction="sum"), score)[0])
```

```output
Dice tensor([-2.0480e-05, -2.0381e-02,  9.2680e-03,  9.2680e-03])
BCE  tensor([-1.0000, -0.0474,  0.0474,  0.0474])
```

### In float16 the sum of a large picture overflows

The largest number of float16 is 65504, and a full mask of 256 by 256 pixels has more. With an infinite sum the loss is 0
for a prediction that is half right and NaN for an empty one. Convert probabilities and mask with `.float()`; in bfloat16,
sums are coarse but finite.

```python
from lossary.functional import dice

full = torch.ones(1, 256, 256)
for dtype in (torch.float16, torch.bfloat16, torch.float32):
    half, none = (dice(full.to(dtype) * p, full.to(dtype)).item() for p in (0.5, 0.0))
    print(f"{dtype}: half right {half:.4f}, empty {none}")
```

```output
torch.float16: half right 0.0000, empty nan
torch.bfloat16: half right 0.3340, empty 1.0
torch.float32: half right 0.3333, empty 1.0
```

## Relations

It is [[tversky|Tversky loss]] with `alpha` and `beta` of 0.5; Tversky's `smooth` counts twice.

    functional.dice(p, q.round(), smooth=2) == functional.tversky(p, q.round(), alpha=0.5, beta=0.5, smooth=1)

Of one mask and without smoothing, it is a function of [[jaccard|Jaccard loss]]: that loss divided by 2 minus itself.
So the two agree on which of two predictions is the better one, and their means over several masks need not.

    functional.dice(p, (q > 0.2).double(), reduction="none") ==
        functional.jaccard(p, (q > 0.2).double(), reduction="none") /
        (2 - functional.jaccard(p, (q > 0.2).double(), reduction="none"))

## In other libraries

- `keras.losses.Dice(axis=(1,), reduction=None)(target, input)` at smooth=0: axis=None, the default, adds up over the
  batch. An empty prediction of an empty mask costs 1.
- `monai.losses.DiceLoss(reduction="none", smooth_nr=smooth, smooth_dr=smooth)(input[:, None], target[:, None])[:, 0]`:
  Takes probabilities unless sigmoid=True. Both constants are 1e-5 by default; squared_pred=True squares, batch=True adds
  up over the batch.
- `optax.losses.dice_loss(jax.scipy.special.logit(input)[..., None], target[..., None], smooth=smooth / 2)`: Takes scores.
  smooth is 1 by default and counts twice.
- `segmentation_models_pytorch.losses.DiceLoss("binary", from_logits=False, smooth=smooth / 2)(input.flatten()[None, None], target.flatten()[None, None])`:
  Takes scores by default. Adds up over the batch; smooth counts twice, and an empty mask costs 0.
- `kornia.losses.dice_loss(torch.stack([(1 - input).log(), input.log()], 1).flatten(2)[..., None], target.long().flatten(1)[..., None], average="micro", weight=torch.tensor([0.0, 1.0]))`
  at smooth=0: Takes scores of several classes, with a softmax inside, and class numbers: a target between 0 and 1 is
  cut off to 0. Without `weight` the background counts as a class.

## References

- Lee R. Dice (1945). Measures of the Amount of Ecologic Association Between Species. *Ecology 26(3), 297-302*.
  doi:10.2307/1932409
- Fausto Milletari, Nassir Navab and Seyed-Ahmad Ahmadi (2016). V-Net: Fully Convolutional Neural Networks for Volumetric
  Medical Image Segmentation. In *3DV 2016, 565-571*. doi:10.1109/3DV.2016.79 arXiv:1606.04797
"""

import torch

from lossary.declaration import NOT_NEGATIVE, Parameter, Precision, cases, maximum, overlap_loss, sum_over, terms


def dice(input: torch.Tensor, target: torch.Tensor, *, smooth: float = 0.0, reduction: str = "mean") -> torch.Tensor:
    if input.shape != target.shape:
        raise ValueError(f"target size {tuple(target.shape)} must be the same as input size {tuple(input.shape)}")
    target = target.to(input.dtype)
    pixels = tuple(range(min(1, input.dim() - 1), input.dim()))  # all dimensions but the first one, which counts masks
    wrong = (input * (1 - target) + (1 - input) * target).sum(pixels)
    total = (input + target).sum(pixels) + smooth
    # an empty prediction of an empty mask is right, and has no gradient
    nothing = total == 0
    loss = wrong.masked_fill(nothing, 0) / total.masked_fill(nothing, 1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = overlap_loss(
    function=dice,
    aliases=terms("soft Dice loss; Sørensen-Dice loss; Sorensen-Dice; Dice coefficient loss; F1 loss"),
    search_terms=terms(
        "V-Net loss; overlap loss for small objects; F1 loss segmentation; Dice score as a loss; "
        "medical image segmentation loss; foreground background imbalance in masks; DiceBCE; "
        "small organ or lesion in a large picture; foreground is a tiny part of the picture; "
        "overlap of predicted and true mask; tumour segmentation; binary mask; Dice score; F1 of pixels; "
        "class imbalance in masks; organ, lesion, tumour and nucleus masks; "
        "segmentation; differentiable F1 score; small foreground object; nnU-Net; "
        "tumour and organ segmentation; mask overlap as a loss; 2 TP / (2 TP + FP + FN); batch of binary masks; "
        "network predicts only background; 2 sum(p g)/(sum p + sum g); intersection over the mean size; "
        "organ against background"
    ),
    concepts={
        "smoothing constant; epsilon in Dice": "smooth",
        "logits or probabilities; negative Dice loss; Dice loss above 1": "It takes probabilities",
        "empty masks; no foreground; division by zero": "A picture without",
        "smooth of 1 or 1e-5; small objects": "Smoothing lowers",
        "batch dice; per image dice": "Per picture",
        "multi-class Dice; background class; shape of the masks": "The first dimension",
        "squared denominator; V-Net": "Squared or not",
        "soft labels; label smoothing": "A soft target",
        "vanishing gradient; Dice loss stuck; combine Dice with cross-entropy": "Where the sigmoid",
        "calibration; probability of each pixel": "The best prediction is",
        "half precision nan; mixed precision": "In float16",
    },
    answers={
        "segmentation/overlap/same": ("The result is judged", "The result is judged by intersection"),
        "segmentation/small": ("The object is small", "Missing a pixel"),
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
    where={"total": lambda hit, extra, missed, smooth: 2 * hit + extra + missed + smooth},
    notation={"total": "S"},
    meanings={"total": "the sizes of both masks together, and the smoothing"},
    value=lambda hit, total, smooth: cases((1 - (2 * hit + smooth) / total, total > 0), (0, True)),
    gradient={
        "input": lambda hit, total, smooth, y, d: cases(
            ((2 * hit + smooth - 2 * y[d] * total) / total**2, total > 0), (0, True)
        ),
        "target": lambda hit, total, smooth, p, d: cases(
            ((2 * hit + smooth - 2 * p[d] * total) / total**2, total > 0), (0, True)
        ),
    },
    precision=Precision(
        size=lambda p, y, i, D, smooth: 1 / maximum(sum_over(i, p[i] + y[i], D) + smooth, 1e-12),
        why="the gradient is a difference of two terms, each about as large as 1 over the sum of the sizes",
    ),
    caption="Where every pixel is undecided, the loss is nearer to 1 than to 0: the background, three times as large as the "
    "object, adds up. The curve grows steeper towards the right answer.",
    side_by_side=dict.fromkeys(("overlap", "size"), 'functional.dice(input, target, reduction="none")'),
    properties={
        "convex": False,
        "smoothness": "Cinf",
        # along four pixels, of which one is the object: 4 (1 - t) / (4 - 2 t + smooth)
        "lipschitz": lambda smooth: 4 / (2 + smooth),
        "bounded": True,
        "supremum": lambda smooth: 4 / (4 + smooth),
        "value_at_perfect": 0,
        "redescending": False,
    },
)
