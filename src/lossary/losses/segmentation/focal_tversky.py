r"""Focal Tversky loss

Tversky loss of each mask, raised to a power: below 1 the power lifts the loss of masks that are nearly right, above 1 it
turns to those that are badly wrong.

## When to use it

- Objects are small and some are missed: `beta` above `alpha` makes missing the worse error, and a `gamma` below 1 keeps a
  strong gradient until a mask is nearly right.
- Masks differ much in difficulty, and the hard ones should count more: `gamma` above 1.

## When not to

- You have not tried [[tversky|Tversky loss]] yet: it is this loss at `gamma=1`, with two weights instead of three numbers
  to choose.
- Pictures without any object are common. Without smoothing they give no gradient; see [[tversky|Tversky loss]], whose
  other pitfalls hold here, too.
- It should work on pixels, as its name suggests: [[focal|focal loss]] raises the error of each pixel to a power, this loss
  that of a whole mask.

## Pitfalls

### gamma is the exponent here, and 1 over it elsewhere

For the same loss, code has a `gamma` of 0.75 where it is the exponent and of 4/3 where the exponent is 1 divided by
it. Code that raises to 4/3 does the opposite of what was meant: it lowers the loss of small errors.

```python
from lossary.functional import focal_tversky

mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
prediction = torch.tensor([0.95, 0.9, 0.1, 0.05])
for gamma in (0.75, 1.0, 4 / 3):
    print(f"exponent {gamma:.2f}: {focal_tversky(prediction, mask, gamma=gamma).item():.4f}")
```

```output
exponent 0.75: 0.1433
exponent 1.00: 0.0750
exponent 1.33: 0.0316
```

### Below 1 it is not focal as focal loss is

[[focal|Focal loss]] takes weight from what is easy. A `gamma` below 1 does the reverse: compared with Tversky loss, the
gradient of a mask grows the nearer it is to being right. With a `gamma` of 2 the hard masks have more, as in focal loss.

```python
from lossary.functional import focal_tversky

mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
for p in (0.5, 0.9, 0.99):
    prediction = torch.where(mask > 0, p, 1 - p)
    pulls = []
    for gamma in (0.75, 1.0, 2.0):
        leaf = prediction.clone().requires_grad_()
        pulls.append(torch.autograd.grad(focal_tversky(leaf, mask, gamma=gamma), leaf)[0].abs().sum().item())
    low, plain, high = pulls
    print(f"{p} for the right answer: gamma 0.75 pulls {low / plain:.3f} times as hard as Tversky, gamma 2 {high / plain:.3f}")
```

```output
0.5 for the right answer: gamma 0.75 pulls 0.892 times as hard as Tversky, gamma 2 1.000
0.9 for the right answer: gamma 0.75 pulls 1.334 times as hard as Tversky, gamma 2 0.200
0.99 for the right answer: gamma 0.75 pulls 2.372 times as hard as Tversky, gamma 2 0.020
```

### At a perfect mask the slope of the power is infinite

With a `gamma` below 1, plain code multiplies an infinite slope by zero where a mask is exactly right, such as an empty
prediction of an empty mask with smoothing, and the whole batch gets NaN. The function on this page has a gradient of zero
there.

```python
from lossary.functional import focal_tversky

mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
prediction = mask.clone().requires_grad_()
index = (prediction * mask).sum() / ((prediction * mask).sum() + 0.3 * (prediction * (1 - mask)).sum() + 0.7 * ((1 - prediction) * mask).sum())
print("plain        ", torch.autograd.grad((1 - index) ** 0.75, prediction)[0])
print("focal_tversky", torch.autograd.grad(focal_tversky(prediction, mask), prediction)[0])
```

```output
plain         tensor([nan, nan, nan, nan])
focal_tversky tensor([0., 0., 0., 0.])
```

### The power of a mean is not the mean of the powers

Here each mask is raised to the power by itself. Code that adds up the batch or averages the classes first, and raises the
result, does not tell an easy mask from a hard one.

```python
from lossary.functional import focal_tversky, tversky

mask = torch.tensor([[1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
prediction = torch.tensor([[1.0, 0.9, 0.1, 0.0], [0.1, 0.3, 0.2, 0.2]])
print("mean of the powers", focal_tversky(prediction, mask))
print("power of the mean ", tversky(prediction, mask) ** 0.75)
```

```output
mean of the powers tensor(0.5124)
power of the mean  tensor(0.5693)
```

### alpha and beta change places in the authors' code

As in [[tversky|Tversky loss]], `alpha` weighs here what is too much and `beta` what is missed. The authors' code has an alpha of 0.7
for what is missed: the same loss as with `alpha=0.3, beta=0.7` here. Copied without a look at the formula, an alpha of 0.7
makes a miss cost less than an addition.

```python
from lossary.functional import focal_tversky

mask = torch.tensor([1.0, 1.0, 0.0, 0.0])
missing, adding = torch.tensor([1.0, 0.0, 0.0, 0.0]), torch.tensor([1.0, 1.0, 1.0, 0.0])
for alpha, beta in ((0.3, 0.7), (0.7, 0.3)):
    miss, extra = (focal_tversky(one, mask, alpha=alpha, beta=beta).item() for one in (missing, adding))
    print(f"alpha={alpha}, beta={beta}: a miss {miss:.4f}, an addition {extra:.4f}")
```

```output
alpha=0.3, beta=0.7: a miss 0.5140, an addition 0.2170
alpha=0.7, beta=0.3: a miss 0.3330, an addition 0.3633
```

## Relations

With `gamma=1` it is [[tversky|Tversky loss]].

    functional.focal_tversky(p, q.round(), gamma=1) == functional.tversky(p, q.round())

With `alpha` and `beta` of 0.5 it is a power of [[dice|Dice loss]].

    functional.focal_tversky(p, (q > 0.2).double(), alpha=0.5, beta=0.5, gamma=2, reduction="none") ==
        functional.dice(p, (q > 0.2).double(), reduction="none") ** 2

## In other libraries

- `segmentation_models_pytorch.losses.TverskyLoss("binary", from_logits=False, alpha=alpha, beta=beta, gamma=gamma, smooth=smooth)(input.flatten()[None, None], target.flatten()[None, None])`:
  Takes scores by default. Adds up over the batch, and an empty mask costs 0. gamma is 1 by default.

## References

- Nabila Abraham and Naimul Mefraz Khan (2019). A Novel Focal Tversky Loss Function With Improved Attention U-Net for
  Lesion Segmentation. In *ISBI 2019, 683-687*. doi:10.1109/ISBI.2019.8759329 arXiv:1810.07842
"""

import torch

from lossary.declaration import (
    NOT_NEGATIVE,
    POSITIVE,
    Expression,
    Parameter,
    Precision,
    cases,
    overlap_loss,
    sum_over,
    terms,
)


def focal_tversky(
    input: torch.Tensor,
    target: torch.Tensor,
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    gamma: float = 0.75,
    smooth: float = 0.0,
    reduction: str = "mean",
) -> torch.Tensor:
    if input.shape != target.shape:
        raise ValueError(f"target size {tuple(target.shape)} must be the same as input size {tuple(input.shape)}")
    target = target.to(input.dtype)
    pixels = tuple(range(min(1, input.dim() - 1), input.dim()))  # all dimensions but the first one, which counts masks
    wrong = (alpha * input * (1 - target) + beta * (1 - input) * target).sum(pixels)
    total = (input * target).sum(pixels) + wrong + smooth
    # where nothing is wrong the power may have an infinite slope; such a mask has no gradient
    right = wrong == 0
    loss = (wrong.masked_fill(right, 1) / total.masked_fill(right, 1)).pow(gamma).masked_fill(right, 0)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _steepest(alpha: float, beta: float, gamma: float, smooth: float) -> float | str:
    """The steepest slope along four pixels, of which one is the object: of (k (1 - t) / (k + (1 - k) t + smooth))^gamma."""
    if gamma < 1:
        return "inf"
    k = 3 * alpha + beta
    start, rise = k + smooth, 1 - k
    turn = ((gamma - 1) * start + (gamma + 1) * rise) / (2 * rise) if rise else 0.0
    places = [t for t in (0.0, 1.0, turn) if 0 <= t <= 1]
    slopes: list[float] = [
        gamma * k**gamma * (1 + smooth) * (1 - t) ** (gamma - 1) / (start + rise * t) ** (gamma + 1) for t in places
    ]
    return max(slopes)


def _size_of_terms(
    p: Expression,
    y: Expression,
    i: Expression,
    D: Expression,
    alpha: Expression,
    beta: Expression,
    gamma: Expression,
    smooth: Expression,
) -> Expression:
    """Each of the two terms whose difference the gradient is."""
    wrong = sum_over(i, alpha * p[i] * (1 - y[i]) + beta * (1 - p[i]) * y[i], D)
    total = sum_over(i, p[i] * y[i], D) + wrong + smooth
    return cases((gamma * (wrong / total) ** (gamma - 1) / total, wrong > 0), (0, True))


loss = overlap_loss(
    function=focal_tversky,
    aliases=terms("FTL; focal Tversky index loss; FocalTverskyLoss"),
    search_terms=terms(
        "Tversky loss with a power; small lesions; focal loss for masks; attention U-Net loss; gamma 4/3; "
        "small hard lesions; hard pictures count more in segmentation; Tversky to a power; "
        "lesion segmentation with imbalance; focus on hard masks; "
        "lesions that are missed; attention U-Net; "
        "skin lesions; small regions of interest; hard segmentation examples"
    ),
    concepts={
        "weight of false positives": "alpha",
        "weight of false negatives; recall": "beta",
        "gamma 0.75 or 4/3; one over gamma": "gamma is the exponent",
        "easy and hard masks; focal": "Below 1",
        "nan gradient; perfect prediction": "At a perfect mask",
        "power per class or per batch": "The power of a mean",
        "alpha 0.7 beta 0.3": "alpha and beta change",
    },
    answers={
        "segmentation/overlap/differ": ("Objects are small", "You have not tried"),
    },
    parameters=(
        Parameter("alpha", 0.3, "the weight of what is predicted too much", range=NOT_NEGATIVE, typical=(0.3, 0.5)),
        Parameter("beta", 0.7, "the weight of what is missed", range=NOT_NEGATIVE, typical=(0.7, 1.0)),
        Parameter(
            "gamma",
            0.75,
            "the exponent: below 1 nearly right masks count more, above 1 less",
            range=POSITIVE,
            typical=(0.75, 1.0, 2.0),
        ),
        Parameter(
            "smooth",
            0.0,
            "a number of pixels that is added above and below the fraction",
            range=NOT_NEGATIVE,
            typical=(0.0, 1.0),
            latex="s",
        ),
    ),
    where={
        "wrong": lambda extra, missed, alpha, beta: alpha * extra + beta * missed,
        "total": lambda hit, wrong, smooth: hit + wrong + smooth,
    },
    notation={"wrong": "E", "total": "T"},
    meanings={"wrong": "the weighted errors", "total": "what is right, the weighted errors and the smoothing together"},
    value=lambda wrong, total, gamma: cases(((wrong / total) ** gamma, wrong > 0), (0, True)),
    gradient={
        "input": lambda hit, wrong, total, alpha, beta, gamma, smooth, y, d: cases(
            (
                gamma
                * (wrong / total) ** (gamma - 1)
                * ((alpha * (1 - y[d]) + (1 - beta) * y[d]) * (hit + smooth) - y[d] * total)
                / total**2,
                wrong > 0,
            ),
            (0, True),
        ),
        "target": lambda hit, wrong, total, alpha, beta, gamma, smooth, p, d: cases(
            (
                gamma
                * (wrong / total) ** (gamma - 1)
                * ((beta * (1 - p[d]) + (1 - alpha) * p[d]) * (hit + smooth) - p[d] * total)
                / total**2,
                wrong > 0,
            ),
            (0, True),
        ),
    },
    precision=Precision(
        size=_size_of_terms,
        why="the gradient is a difference of two terms, each about as large as the slope of the power over what is divided "
        "by",
    ),
    span=(0.0, 0.99),
    caption="At the default exponent higher than Tversky loss between its ends, and steepest at the very end: the slope "
    "grows without bound as the prediction becomes perfect.",
    side_by_side=dict.fromkeys(("overlap", "size"), 'functional.focal_tversky(input, target, reduction="none")'),
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": _steepest,
        "bounded": True,
        "supremum": lambda alpha, beta, gamma, smooth: ((3 * alpha + beta) / (3 * alpha + beta + smooth)) ** gamma,
        "value_at_perfect": 0,
        "redescending": False,
    },
)
