r"""Charbonnier

The absolute error with its kink rounded off: the hypotenuse of a right triangle whose legs are the residual and a small
constant.

## When to use it

- Image restoration and super-resolution, where [[l1]] is wanted and its kink is not: the gradient is continuous and
  shrinks to zero with the residual.
- Optical flow and other fits with outliers, where no single pixel may pull harder than one.

## When not to

- A perfect prediction should cost nothing. Here it costs `eps`; [[pseudo_huber|pseudo-Huber]] is the same curve shifted
  and scaled so that it starts at zero.
- Ordinary errors should be treated like the squared error. With the default `eps` nearly everything is in the straight
  part. Raise `eps`, or use [[huber]] or [[pseudo_huber|pseudo-Huber]].
- Distant points should lose their influence: [[cauchy|Cauchy]] or [[tukey_biweight|Tukey biweight]].

## Pitfalls

### A perfect prediction costs eps

The loss does not go to zero, which matters when losses are logged, compared or summed with others. The constant has no
gradient, so the fit is the same with and without it.

```python
from lossary.functional import charbonnier

perfect = torch.zeros(4, requires_grad=True)
for eps in (1e-3, 1.0):
    loss = charbonnier(perfect, torch.zeros(4), eps=eps)
    print(eps, loss.item(), torch.autograd.grad(loss, perfect)[0].abs().max().item())
```

```output
0.001 0.0010000000474974513 0.0
1.0 1.0 0.0
```

### Under the root, eps may be squared or not

Here, and wherever the formula says the square of epsilon, the corner is `eps` wide. Code that adds `eps` itself under
the root has a corner of the square root of `eps`: with one thousandth, a corner about thirty times as wide.

```python
from lossary.functional import charbonnier

residual = torch.tensor([0.001, 0.01, 0.1])
eps = 1e-3
print("squared ", charbonnier(residual, torch.zeros(3), eps=eps, reduction="none"))
print("as it is", torch.sqrt(residual**2 + eps))
print("the same", charbonnier(residual, torch.zeros(3), eps=eps**0.5, reduction="none"))
```

```output
squared  tensor([0.0014, 0.0100, 0.1000])
as it is tensor([0.0316, 0.0332, 0.1049])
the same tensor([0.0316, 0.0332, 0.1049])
```

### Libraries that say Charbonnier may mean pseudo-Huber

Kornia's `charbonnier_loss`, for one, has no `eps`: it is the root with 1 in place of its square, minus 1. That is
[[pseudo_huber|pseudo-Huber]] with `delta=1`, which treats residuals below one like the squared error, while this loss
with its default treats them like the absolute error.

```python
from lossary.functional import charbonnier, pseudo_huber

residual = torch.tensor([0.01, 0.1, 1.0], requires_grad=True)
for loss in (charbonnier, pseudo_huber):
    value = loss(residual, torch.zeros(3), reduction="sum")
    print(f"{loss.__name__:12}", torch.autograd.grad(value, residual)[0])
```

```output
charbonnier  tensor([0.9950, 0.9999, 1.0000])
pseudo_huber tensor([0.0100, 0.0995, 0.7071])
```

### A small eps makes a steep corner

The curvature at zero is `1 / eps`, so plain gradient descent is unstable at the target with a step longer than
`2 * eps`. With the long step the prediction below jumps over the target and back; with the short one it comes to rest.

```python
from lossary.functional import charbonnier

for step in (0.1, 0.001):
    prediction = torch.tensor(0.02, requires_grad=True)
    for _ in range(200):
        (slope,) = torch.autograd.grad(charbonnier(prediction, torch.tensor(0.0)), prediction)
        prediction = (prediction - step * slope).detach().requires_grad_()
    print(f"step {step}: {abs(prediction.item()):.4f} away")
```

```output
step 0.1: 0.0278 away
step 0.001: 0.0000 away
```

## Relations

It is [[pseudo_huber|pseudo-Huber]] with `delta=eps`, divided by `eps` and raised by `eps`.

    functional.charbonnier(input, target, eps=0.5) == functional.pseudo_huber(input, target, delta=0.5) / 0.5 + 0.5

It tends to [[l1]] as `eps` goes to zero.

    functional.charbonnier(input, target, eps=1e-9) == F.l1_loss(input, target)  # within 1e-9

## In other libraries

- `kornia.losses.charbonnier_loss(input, target)` at eps=1: The root of the squared residual plus 1, minus 1:
  pseudo-Huber at delta=1. Elementwise by default.

## References

- Pierre Charbonnier, Laure Blanc-Féraud, Gilles Aubert and Michel Barlaud (1994). Two Deterministic Half-Quadratic
  Regularization Algorithms for Computed Imaging. In *Proceedings of 1st International Conference on Image Processing,
  volume 2, 168-172*. doi:10.1109/ICIP.1994.413553
"""

import torch

from lossary.declaration import POSITIVE, Parameter, residual_loss, sqrt, terms


def charbonnier(
    input: torch.Tensor, target: torch.Tensor, *, eps: float = 1e-3, reduction: str = "mean"
) -> torch.Tensor:
    residual = input - target
    loss = torch.hypot(residual, torch.full_like(residual, eps))  # the root, with no square that could overflow
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=charbonnier,
    aliases=terms("Charbonnier loss; Charbonnier penalty"),
    tasks=("regression",),
    search_terms=terms(
        "smooth L1 for images; differentiable L1; super-resolution loss; image restoration loss; "
        "optical flow penalty; sqrt(x^2 + eps^2); rounded absolute error; "
        "square root of squared error plus epsilon squared; L1 that is smooth at zero; "
        "image super resolution and denoising; low-level vision; video frame interpolation; "
        "generalised Charbonnier of optical flow; epsilon inside the square root; absolute value rounded near zero; "
        "robust L1 for images; "
        "LapSRN; EDVR; MPRNet; deblurring; "
        "video super-resolution; noise removal of pictures; L1 with a square root; "
        "epsilon inside the sqrt of an L1"
    ),
    concepts={
        "charbonnier epsilon; rounded absolute error": "eps",
        "loss does not reach zero; minimum of the Charbonnier loss": "A perfect prediction",
        "eps or eps squared": "Under the root",
        "Charbonnier versus pseudo-Huber; kornia charbonnier_loss": "Libraries that say",
        "loss oscillates at the end of training": "A small eps",
    },
    answers={
        "regression/plain/median": ("Image restoration", "A perfect prediction"),
    },
    parameters=(
        Parameter(
            "eps",
            1e-3,
            "how wide the rounded corner is, in the unit of the target; also the loss of a perfect prediction",
            range=POSITIVE,
            typical=(1e-3, 0.1, 0.5),
        ),
    ),
    value=lambda r, eps: sqrt(r**2 + eps**2),
    gradient=lambda r, eps: r / sqrt(r**2 + eps**2),
    caption="Two straight lines of slope one that meet in a rounded corner. At the default the corner is too small to be "
    "seen here; with a larger eps it widens and the whole curve rises.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": "Cinf",
        "lipschitz": 1,
        "gradient_lipschitz": lambda eps: 1 / eps,
        "value_at_perfect": lambda eps: eps,
        "gradient_limits": (-1, 1),
    },
)
