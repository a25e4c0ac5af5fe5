r"""Wing loss

A logarithm of the error up to a threshold w, which makes small errors pull harder than the absolute error does, and the
absolute error less a constant beyond.

## When to use it

- Coordinates are predicted, such as facial landmarks, and most errors are already small. The logarithm makes the last
  few pixels pull harder than the absolute error does: with the defaults five times as hard at the target.

## When not to

- Targets have another unit, and you would rather not set parameters: [[l1]] has none. The defaults are made for
  pixels. See below.
- You want a smooth minimum: [[smooth_l1]]. There is a corner at the target here, with the defaults sharper than that of
  [[l1]].
- Heatmaps are regressed, where most of the image is background: [[mse]] is usual there. The loss was made for
  coordinates.

## Pitfalls

### The defaults are in pixels

`w` is the error, in the unit of the target, up to which the logarithm holds, and `epsilon` how sharply it bends. With
coordinates divided by the image's width no error reaches `w`, and errors are so much smaller than `epsilon` that what is
left is the absolute error times `w / epsilon`. Divide both parameters as well. With `w` alone it falls below `epsilon`,
and small errors hardly pull.

```python
from lossary.functional import wing

pixels = torch.tensor([0.5, 5.0, 50.0])
for name, residual, parameters in (
    ("pixels", pixels, {}),
    ("divided by 256", pixels / 256, {}),
    ("w as well", pixels / 256, {"w": 10 / 256}),
    ("w and epsilon as well", pixels / 256, {"w": 10 / 256, "epsilon": 2 / 256}),
):
    residual.requires_grad_()
    loss = wing(residual, torch.zeros(3), **parameters, reduction="sum")
    print(f"{name}: slopes {[round(s, 2) for s in torch.autograd.grad(loss, residual)[0].tolist()]}")
```

```output
pixels: slopes [4.0, 1.43, 1.0]
divided by 256: slopes [5.0, 4.95, 4.56]
w as well: slopes [0.02, 0.02, 1.0]
w and epsilon as well: slopes [4.0, 1.43, 1.0]
```

### The slope jumps up again at w

From the target outwards the slope falls from `w / epsilon` to `w / (epsilon + w)`, which is below one, and at `w` it
jumps to one. The value has no jump there. Nor does it have anything to do with outliers: beyond `w` this is the absolute
error.

```python
from lossary.functional import wing

residual = torch.tensor([0.01, 5.0, 9.99, 10.01, 100.0], requires_grad=True)
value = wing(residual, torch.zeros(5), reduction="none")
print([round(v, 3) for v in value.tolist()])
print([round(v, 3) for v in torch.autograd.grad(value.sum(), residual)[0].tolist()])
```

```output
[0.05, 12.528, 17.909, 17.928, 107.918]
[4.975, 1.429, 0.834, 1.0, 1.0]
```

### Squeezed by the logarithm, large errors give way to small ones

Between zero and `w` the loss is concave: of two errors, a step that moves a given distance gains more on the smaller
one. A shared parameter is pulled towards the sample that is nearly right.

```python
from lossary.functional import wing

shift = torch.zeros((), requires_grad=True)
target = torch.tensor([1.0, -8.0])
for name, loss in (("wing", wing(shift.expand(2), target)), ("l1", F.l1_loss(shift.expand(2), target))):
    print(name, round(-torch.autograd.grad(loss, shift)[0].item(), 3) + 0.0)
```

```output
wing 1.167
l1 0.0
```

## Relations

Beyond `w` its gradient is that of [[l1]]; the values differ by a constant.

    functional.wing(40 + input.abs(), 0 * input, w=10.0, epsilon=2.0)
    == F.l1_loss(40 + input.abs(), 0 * input) - (10 - 10 * torch.tensor(6.0, dtype=input.dtype).log())

With a large `epsilon` it is `w / epsilon` times [[l1]] up to `w`.

    functional.wing(input, target, w=1e3, epsilon=1e9) * 1e6 == F.l1_loss(input, target)  # within 1e-6

## References

- Zhen-Hua Feng, Josef Kittler, Muhammad Awais, Patrik Huber and Xiao-Jun Wu (2018). Wing Loss for Robust Facial Landmark
  Localisation with Convolutional Neural Networks. In *IEEE/CVF Conference on Computer Vision and Pattern Recognition
  (CVPR)*. arXiv:1711.06753
"""

import math

import torch

from lossary.declaration import POSITIVE, Parameter, cases, log, residual_loss, sign, terms


def wing(
    input: torch.Tensor, target: torch.Tensor, *, w: float = 10.0, epsilon: float = 2.0, reduction: str = "mean"
) -> torch.Tensor:
    size = (input - target).abs()
    constant = w - w * math.log1p(w / epsilon)
    loss = torch.where(size < w, w * torch.log1p(size / epsilon), size - constant)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=wing,
    aliases=terms("wing; WingLoss"),
    tasks=("regression",),
    search_terms=terms(
        "facial landmark localisation loss; landmark regression; keypoint regression loss; small errors matter more; "
        "amplify small errors; logarithmic loss of coordinates; face landmarks; facial key points; "
        "small and medium errors count more; landmark localisation; face alignment; pose estimation; "
        "coordinates of landmarks; "
        "logarithm near zero and linear for large errors; heatmap-free key points; "
        "face alignment with coordinates; small and medium range errors of landmarks; "
        "w log(1 + |x|/epsilon)"
    ),
    concepts={
        "small errors matter more; amplify small errors": "epsilon",
        "choosing w; normalised coordinates; keypoint regression": "The defaults are in pixels",
        "discontinuous gradient": "The slope jumps",
        "hard samples are ignored": "Squeezed by the logarithm",
    },
    answers={
        "regression/uneven/large": ("Coordinates are predicted", "You want a smooth minimum"),
    },
    parameters=(
        Parameter(
            "w",
            10.0,
            "the error up to which the logarithm holds, in the unit of the target",
            range=POSITIVE,
            typical=(5.0, 10.0, 15.0),
            latex="w",
        ),
        Parameter(
            "epsilon",
            2.0,
            "the error around which the logarithm bends; the slope at the target is w / epsilon",
            range=POSITIVE,
            typical=(0.5, 2.0, 4.0),
            latex=r"\varepsilon",
        ),
    ),
    value=lambda r, w, epsilon: cases(
        (w * log(1 + abs(r) / epsilon), abs(r) < w), (abs(r) - w + w * log(1 + w / epsilon), True)
    ),
    gradient=lambda r, w, epsilon: cases((w * sign(r) / (epsilon + abs(r)), abs(r) < w), (sign(r), True)),
    kinks=(lambda w: -w, lambda w: 0, lambda w: w),
    span=(-15.0, 15.0),
    caption="A sharp corner at the target, arms that bend as a logarithm does, and from w on straight lines of slope one. "
    "With the defaults the gradient is largest at the target.",
    example={"input": [0.5, -1.5, 40.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": False,
        "smoothness": "C0",
        "lipschitz": lambda w, epsilon: max(w / epsilon, 1),
        "gradient_lipschitz": "inf",
        "gradient_limits": (-1, 1),
    },
)
