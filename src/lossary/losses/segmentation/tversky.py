r"""Tversky loss

Compares a predicted mask with the true one like Dice loss, with a weight of its own for what is predicted too much and
for what is missed.

## When to use it

- Missing a part of the object is worse than adding to it, as with lesions that a doctor checks afterwards: `beta` above
  `alpha`. Or the reverse.
- With [[dice|Dice loss]] the model misses too much, which is common where the object is small.

## When not to

- Both errors count alike: [[dice|Dice loss]] and [[jaccard|Jaccard loss]] have no weights to choose.
- Pictures without any object are common. Without smoothing they give no gradient; see below. [[bce_with_logits]]
  judges each pixel.
- You need the probability at each pixel: [[bce_with_logits]]. The best prediction here is another one; see below.

## Pitfalls

### alpha and beta change places in some code

Here, as in the article and in most libraries, `alpha` weighs what is too much, the false positives, and `beta` what is
missed, the false negatives. Keras describes its arguments like that and computes the reverse in the version that is run
below; its source has been mended since. The code of the authors of [[focal_tversky|focal Tversky loss]] has the reverse as
well. Try it with a prediction that only misses.

```python
from lossary.functional import tversky

mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
predictions = {"misses a pixel": torch.tensor([1.0, 0.0, 0.0, 0.0]), "adds a pixel  ": torch.tensor([1.0, 1.0, 1.0, 0.0])}
for name, prediction in predictions.items():
    each = [round(tversky(prediction, mask, alpha=a, beta=1 - a).item(), 4) for a in (0.3, 0.5, 0.7)]
    print(f"{name}: {each[0]} with alpha=0.3, {each[1]} with 0.5, {each[2]} with 0.7")
```

```output
misses a pixel: 0.4118 with alpha=0.3, 0.3333 with 0.5, 0.2308 with 0.7
adds a pixel  : 0.1304 with alpha=0.3, 0.2 with 0.5, 0.2593 with 0.7
```

### With alpha at 0 marking everything is free

Then nothing that is too much costs anything, and a mask of ones is perfect. With `beta` at 0 the
faintest trace on the object is enough, or a prediction of nothing at all.

```python
from lossary.functional import tversky

mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
print("all ones, alpha=0, beta=1", tversky(torch.ones(4), mask, alpha=0.0, beta=1.0))
print("one pixel, alpha=1, beta=0", tversky(torch.eye(4)[0], mask, alpha=1.0, beta=0.0))
```

```output
all ones, alpha=0, beta=1 tensor(0.)
one pixel, alpha=1, beta=0 tensor(0.)
```

### The weights move the border, and the probabilities no longer mean anything

Which pixels are worth marking depends on the weights, not on whether they are more likely than not. Below, 10 pixels are
surely the object, and 10 more belong to it in four of ten pictures, all together. With equal weights it is better to
leave them out; with `alpha=0.3` and `beta=0.7` it is better to mark them.

```python
from lossary.functional import tversky

sure, unsure = torch.ones(10), torch.ones(10)
small, large = torch.cat((sure, 0 * unsure)), torch.cat((sure, unsure))
for alpha in (0.3, 0.5, 0.7):
    costs = []
    for prediction in (small, large):
        missing = tversky(prediction, small, alpha=alpha, beta=1 - alpha)
        present = tversky(prediction, large, alpha=alpha, beta=1 - alpha)
        costs.append((0.6 * missing + 0.4 * present).item())
    print(f"alpha {alpha}: left out {costs[0]:.4f}, marked {costs[1]:.4f}")
```

```output
alpha 0.3: left out 0.1647, marked 0.1385
alpha 0.5: left out 0.1333, marked 0.2000
alpha 0.7: left out 0.0923, marked 0.2471
```

### alpha and beta need not add up to 1

Their sum is a choice of its own: it says how much an error counts beside what is right. At 0.5 each the loss is Dice
loss, at 1 each Jaccard loss, which is higher for the same prediction. A sweep over one of them alone changes
the sum as well as the balance.

```python
from lossary.functional import tversky

prediction, mask = torch.tensor([0.8, 0.6, 0.3, 0.1]), torch.tensor([1.0, 1.0, 0.0, 0.0])
for alpha, beta in ((0.3, 0.7), (0.5, 0.5), (1.0, 1.0), (2.0, 2.0)):
    print(f"alpha {alpha}, beta {beta}: {tversky(prediction, mask, alpha=alpha, beta=beta).item():.4f}")
```

```output
alpha 0.3, beta 0.7: 0.2784
alpha 0.5, beta 0.5: 0.2632
alpha 1.0, beta 1.0: 0.4167
alpha 2.0, beta 2.0: 0.5882
```

### A picture without the object costs 1 whatever is predicted

With nothing in common and a positive `alpha`, the loss is 1 for any prediction but exact zeros, and its gradient is
zero. A positive `smooth` gives such pictures a gradient if it is not tiny beside the number of predicted pixels times
`alpha`.

```python
from lossary.functional import tversky

for smooth in (0.0, 1e-5, 1.0):
    prediction = torch.full((1000,), 0.01, requires_grad=True)
    loss = tversky(prediction, torch.zeros(1000), smooth=smooth)
    pull = torch.autograd.grad(loss, prediction)[0][0].item()
    print(f"smooth {smooth:g}: loss {loss.item():.6f}, gradient at a pixel {pull:.2g}")
```

```output
smooth 0: loss 1.000000, gradient at a pixel 0
smooth 1e-05: loss 0.999997, gradient at a pixel 3.3e-07
smooth 1: loss 0.750000, gradient at a pixel 0.019
```

### It takes probabilities, one mask in each row

Raw scores pass without an error and give any number. The first dimension counts the masks, and all others are added up:
a single picture of shape `(H, W)` is read as H masks, and the classes of `(N, C, H, W)` are joined.

```python
from lossary.functional import tversky

score = torch.tensor([[4.0, -3.0], [-0.5, -2.0]])
mask = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
print("scores       ", tversky(score[None], mask[None]))
print("probabilities", tversky(score.sigmoid()[None], mask[None]))
print("rows of (H, W)", tversky(score.sigmoid(), mask, reduction="none"))
```

```output
scores        tensor(-15.)
probabilities tensor(0.1519)
rows of (H, W) tensor([0.0266, 1.0000])
```

## Relations

With `alpha` and `beta` of 0.5 it is [[dice|Dice loss]]; its `smooth` counts twice there.

    functional.tversky(p, q.round(), alpha=0.5, beta=0.5, smooth=1) == functional.dice(p, q.round(), smooth=2)

With `alpha` and `beta` of 1 it is [[jaccard|Jaccard loss]].

    functional.tversky(p, q.round(), alpha=1, beta=1, smooth=1) == functional.jaccard(p, q.round(), smooth=1)

With `gamma=1`, [[focal_tversky|focal Tversky loss]] is this loss.

    functional.tversky(p, q.round()) == functional.focal_tversky(p, q.round(), gamma=1)

## In other libraries

- `keras.losses.Tversky(alpha=beta, beta=alpha, axis=(1,), reduction=None)(target, input)` at smooth=0: alpha and beta change
  places. axis=None, the default, adds up over the batch. An empty prediction of an empty mask costs 1.
- `monai.losses.TverskyLoss(alpha=alpha, beta=beta, reduction="none", smooth_nr=smooth, smooth_dr=smooth)(input[:, None], target[:, None])[:, 0]`:
  Takes probabilities unless sigmoid=True. Both weights are 0.5 and both constants 1e-5 by default.
- `optax.losses.dice_loss(jax.scipy.special.logit(input)[..., None], target[..., None], alpha=alpha, beta=beta, smooth=smooth)`: Takes
  scores. Both weights are 0.5 and smooth is 1 by default.
- `segmentation_models_pytorch.losses.TverskyLoss("binary", from_logits=False, alpha=alpha, beta=beta, smooth=smooth)(input.flatten()[None, None], target.flatten()[None, None])`:
  Takes scores by default. Adds up over the batch, and an empty mask costs 0. Both weights are 0.5 by default.
- `kornia.losses.tversky_loss(torch.stack([(1 - input).log(), input.log()], 1).flatten(2)[..., None], target.long().flatten(1)[..., None], alpha, beta)`
  at smooth=0: The mean over the classes that a target has, of which the background is one. Takes scores of several
  classes, with a softmax inside, and class numbers.

## References

- Amos Tversky (1977). Features of Similarity. *Psychological Review 84(4), 327-352*. doi:10.1037/0033-295X.84.4.327
- Seyed Sadegh Mohseni Salehi, Deniz Erdogmus and Ali Gholipour (2017). Tversky Loss Function for Image Segmentation Using
  3D Fully Convolutional Deep Networks. In *MLMI 2017, 379-387*. doi:10.1007/978-3-319-67389-9_44 arXiv:1706.05721
"""

import torch

from lossary.declaration import NOT_NEGATIVE, Parameter, Precision, cases, maximum, overlap_loss, sum_over, terms


def tversky(
    input: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    smooth: float = 0.0,
    reduction: str = "mean",
) -> torch.Tensor:
    if input.shape != target.shape:
        raise ValueError(f"target size {tuple(target.shape)} must be the same as input size {tuple(input.shape)}")
    target = target.to(input.dtype)
    pixels = tuple(range(min(1, input.dim() - 1), input.dim()))  # all dimensions but the first one, which counts masks
    wrong = (alpha * input * (1 - target) + beta * (1 - input) * target).sum(pixels)
    total = (input * target).sum(pixels) + wrong + smooth
    # an empty prediction of an empty mask is right, and has no gradient
    nothing = total == 0
    loss = wrong.masked_fill(nothing, 0) / total.masked_fill(nothing, 1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = overlap_loss(
    function=tversky,
    aliases=terms("Tversky index loss"),
    search_terms=terms(
        "asymmetric Dice loss; F-beta loss for masks; trade precision for recall in segmentation; "
        "penalise false negatives more; Dice with weights for false positives and false negatives; small lesions; "
        "missed pixels cost more than false alarms; false negatives cost more than false positives; "
        "weigh recall above precision; imbalance of foreground and background; sensitivity and specificity of masks; "
        "missing a tumour is worse than a false alarm; recall of masks; "
        "trade precision against recall in masks; "
        "recall matters more than precision in segmentation; multiple sclerosis lesions; alpha for false "
        "positives and beta for false negatives; "
        "alpha and beta weights for FP and FN; TP/(TP + alpha FP + beta FN); "
        "recall more important than precision; sensitivity of a segmentation"
    ),
    concepts={
        "weight of false positives": "alpha",
        "weight of false negatives; recall": "beta",
        "which of alpha and beta is for false negatives; Keras Tversky": "alpha and beta change",
        "predicts everything; mask of ones": "With alpha at 0",
        "threshold; calibration of masks": "The weights move",
        "alpha plus beta": "alpha and beta need",
        "empty masks; no foreground; smoothing constant": "A picture without",
        "logits or probabilities; shape of the masks": "It takes probabilities",
    },
    answers={
        "segmentation/overlap/differ": ("Missing a part", "Both errors"),
        "segmentation/small": ("With [[dice", "Both errors"),
    },
    parameters=(
        Parameter(
            "alpha",
            0.3,
            "the weight of what is predicted too much",
            range=NOT_NEGATIVE,
            typical=(0.3, 0.5, 1.0),
            symbol="alpha",
        ),
        Parameter("beta", 0.7, "the weight of what is missed", range=NOT_NEGATIVE, typical=(0.7, 1.0), symbol="beta"),
        Parameter(
            "smooth",
            0.0,
            "a number of pixels that is added above and below the fraction",
            range=NOT_NEGATIVE,
            typical=(0.0, 1.0),
            latex="s",
        ),
    ),
    where={"total": lambda hit, extra, missed, alpha, beta, smooth: hit + alpha * extra + beta * missed + smooth},
    notation={"total": "T"},
    meanings={"total": "what is right, the weighted errors and the smoothing together"},
    value=lambda hit, total, smooth: cases((1 - (hit + smooth) / total, total > 0), (0, True)),
    gradient={
        "input": lambda hit, total, alpha, beta, smooth, y, d: cases(
            (
                ((alpha * (1 - y[d]) + (1 - beta) * y[d]) * (hit + smooth) - y[d] * total) / total**2,
                total > 0,
            ),
            (0, True),
        ),
        "target": lambda hit, total, alpha, beta, smooth, p, d: cases(
            (
                ((beta * (1 - p[d]) + (1 - alpha) * p[d]) * (hit + smooth) - p[d] * total) / total**2,
                total > 0,
            ),
            (0, True),
        ),
    },
    precision=Precision(
        size=lambda p, y, i, D, alpha, beta, smooth: (
            1
            / maximum(
                sum_over(i, p[i] * y[i] + alpha * p[i] * (1 - y[i]) + beta * (1 - p[i]) * y[i], D) + smooth,
                1e-12,
            )
        ),
        why="the gradient is a difference of two terms, each about as large as 1 over what is divided by",
    ),
    caption="With the default's small weight on false positives, the background adds up to less than in Dice loss, and the "
    "curve is straighter.",
    side_by_side=dict.fromkeys(("overlap", "size"), 'functional.tversky(input, target, reduction="none")'),
    properties={
        "convex": lambda alpha, beta: 3 * alpha + beta <= 1,
        "smoothness": "Cinf",
        # along four pixels, of which one is the object: k (1 - t) / (k + (1 - k) t + smooth), with k = 3 alpha + beta
        "lipschitz": lambda alpha, beta, smooth: (
            (3 * alpha + beta) * (1 + smooth) / min(1 + smooth, 3 * alpha + beta + smooth) ** 2
        ),
        "bounded": True,
        "supremum": lambda alpha, beta, smooth: (3 * alpha + beta) / (3 * alpha + beta + smooth),
        "value_at_perfect": 0,
        "redescending": False,
    },
)
