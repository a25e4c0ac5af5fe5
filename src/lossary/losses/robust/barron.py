r"""General adaptive robust loss (Barron)

One formula with a shape alpha that holds the squared error, pseudo-Huber, Cauchy, Geman-McClure and Welsch: the smaller
alpha, the less a distant point pulls.

## When to use it

- You do not know how heavy the tails of the noise are and want to try several robust losses by one number.
- A fit by continuation: start at `alpha=2`, where the loss is convex, and lower it step by step.

## When not to

- One member is enough. Under its own name it has a scale that people know: [[mse]], [[pseudo_huber|pseudo-Huber]],
  [[cauchy|Cauchy]], [[geman_mcclure|Geman-McClure]], [[welsch|Welsch]].
- `alpha` should be learned by lowering this loss. It falls with `alpha` for every residual: see below. A likelihood
  has a further term against that, as [[gaussian_nll]] has for its variance.

## Pitfalls

### alpha cannot be learned from the loss alone

At any residual but zero the loss grows with `alpha`, so that gradient descent on both drives `alpha` down for ever, and
with it the influence of distant data. A learned `alpha` needs the logarithm of the distribution's normalising constant added, as in a
likelihood.

```python
from lossary.functional import barron

residual = torch.tensor([0.1, 1.0, 10.0])
for alpha in (2.0, 1.0, 0.0, -2.0, -10.0):
    print(alpha, [round(v, 3) for v in barron(residual, torch.zeros(3), alpha=alpha, reduction="none").tolist()])
```

```output
2.0 [0.005, 0.5, 50.0]
1.0 [0.005, 0.414, 9.05]
0.0 [0.005, 0.405, 3.932]
-2.0 [0.005, 0.4, 1.923]
-10.0 [0.005, 0.396, 1.2]
```

### The scale is that of the paper, which differs from each member's own

The residual is divided by `c` before anything else, so that the height does not grow with `c`; and there is a two inside
the logarithm at `alpha=0`. Take the factor from the relations below before you replace one by the other.

```python
from lossary.functional import barron, cauchy

residual = torch.tensor([3.0])
print(round(barron(residual, torch.zeros(1), alpha=0.0, c=2.0).item(), 4))
print(round(cauchy(residual, torch.zeros(1), c=2.0).item(), 4))
```

```output
0.7538
2.3573
```

### The formula has holes at 2 and 0

It divides by `alpha` and by `alpha - 2`. Just beside 0, floating point loses what the limit would give. The
function on this page takes the limits at both, and elsewhere writes the power with `expm1` and `log1p`, which keep their
digits near zero.

```python
from lossary.functional import barron

s = torch.tensor(1.5)
for alpha in (1e-2, 1e-5, 1e-7):
    b = abs(alpha - 2)
    naive = b / alpha * ((s**2 / b + 1) ** (alpha / 2) - 1)
    print(alpha, "naive", round(naive.item(), 4), "stable", round(barron(s, s * 0, alpha=alpha).item(), 4))
```

```output
0.01 naive 0.7541 stable 0.7541
1e-05 naive 0.7629 stable 0.7538
1e-07 naive 0.0 stable 0.7538
```

## Relations

With `alpha=2` and `c=1` it is half of [[mse]].

    functional.barron(input, target, alpha=2.0) == F.mse_loss(input, target) / 2

With `alpha=1` it is [[pseudo_huber|pseudo-Huber]] divided by `c` squared, with `delta=c`.

    functional.barron(input, target, alpha=1.0, c=0.5) == 4 * functional.pseudo_huber(input, target, delta=0.5)

With `alpha=0` it is [[cauchy|Cauchy]] of the square root of two times the scale, divided by `c` squared.

    functional.barron(input, target, alpha=0.0, c=2.0) == functional.cauchy(input, target, c=2.0 * 2**0.5) / 4

With `alpha=-2` it is four times [[geman_mcclure|Geman-McClure]] of twice the scale.

    functional.barron(input, target, alpha=-2.0, c=1.0) == 4 * functional.geman_mcclure(input, target, c=2.0)

As `alpha` goes to minus infinity it tends to [[correntropy|the correntropy-induced loss]] with `sigma=c`.

    functional.barron(input, target, alpha=-1e9) == functional.correntropy(input, target)  # within 1e-6

## In other libraries

- robust_loss_pytorch `robust_loss_pytorch.general.lossfun(input - target, torch.tensor(alpha), torch.tensor(c))`:
  Elementwise.

## References

- Jonathan T. Barron (2019). A General and Adaptive Robust Loss Function. In *IEEE/CVF Conference on Computer Vision and
  Pattern Recognition (CVPR)*. arXiv:1701.03077
"""

import math

import torch

from lossary.declaration import POSITIVE, Number, Parameter, cases, equal, log, residual_loss, terms


def barron(
    input: torch.Tensor, target: torch.Tensor, *, alpha: float = 1.0, c: float = 1.0, reduction: str = "mean"
) -> torch.Tensor:
    scaled = (input - target) / c
    if alpha == 2:
        loss = scaled.square() / 2
    elif math.isinf(alpha):
        sign = math.copysign(1, alpha)
        loss = sign * torch.expm1(sign * scaled.square() / 2)
    else:
        b = abs(alpha - 2)
        # log(s² / b + 1) with u = s / √b, and no square that could overflow; each form is given only what it can take.
        u = scaled / math.sqrt(b)
        near, far = u.clamp(-1, 1), u.abs().clamp(min=1)
        power = torch.where(u.abs() < 1, torch.log1p(near.square()), 2 * far.log() + torch.log1p(far**-2))
        exponent = alpha / 2 * power
        # expm1 keeps small residuals, and exp the slope far out.
        bent = torch.where(exponent.abs() < 1, torch.expm1(exponent.clamp(-1, 1)), exponent.exp() - 1)
        loss = b / 2 * power if abs(alpha) < 1e-20 else b / alpha * bent
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _steepest(shape: float, scale: float) -> float:
    """The largest slope, where there is one."""
    if shape > 1:
        return math.inf
    if shape == 1:
        return 1 / scale
    if math.isinf(shape):
        return math.exp(-0.5) / scale
    b, u = 2 - shape, 1 / (1 - shape)
    return math.sqrt(b * u) * math.pow(u + 1, shape / 2 - 1) / scale


loss = residual_loss(
    function=barron,
    aliases=terms("Barron loss; Barron's loss; general robust loss; adaptive robust loss"),
    tasks=("regression",),
    search_terms=terms(
        "robust loss with a shape parameter; generalized Charbonnier; family of robust losses; "
        "graduated non-convexity; learn the robustness; alpha of the robust loss; AdaptiveLossFunction; lossfun; "
        "one formula for many robust losses; general robust loss of Barron; interpolates between L2, L1 and Cauchy; "
        "tunable robustness; adaptive outlier handling; robust_loss_pytorch; "
        "one knob for how strongly outliers are ignored; robustness as a parameter; "
        "continuous from squared error to redescending; "
        "one loss with a shape parameter; includes L2, Charbonnier, Cauchy, Geman-McClure and Welsch; learn how "
        "robust to be; "
        "adaptive loss by Google; tunable shape; "
        "alpha of minus infinity; interpolates between robust losses; "
        "choose robustness from the data"
    ),
    concepts={
        "scale where a residual becomes an outlier": "c",
        "shape; how robust; generalized Charbonnier": "alpha",
        "learn alpha; adaptive alpha": "alpha cannot be learned",
        "scale conventions": "The scale is that",
        "division by zero at alpha 0 and 2; numerical stability": "The formula has holes",
    },
    answers={
        "regression/outliers/fade": ("You do not know how heavy", "One member is enough"),
    },
    parameters=(
        Parameter(
            "alpha",
            1.0,
            "the shape: 2 is the squared error, 1 pseudo-Huber, 0 Cauchy, -2 Geman-McClure, minus infinity Welsch",
            kind=Number(infinite=True),
            typical=(-2.0, 0.0, 1.0, 2.0),
            symbol="shape",
            latex=r"\alpha",
        ),
        Parameter(
            "c",
            1.0,
            "the size of an ordinary residual, in the unit of the target",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
            symbol="scale",
            latex="c",
        ),
    ),
    value=lambda r, shape, scale: cases(
        ((r / scale) ** 2 / 2, equal(shape, 2)),
        (log((r / scale) ** 2 / 2 + 1), equal(shape, 0)),
        (
            abs(shape - 2) / shape * (((r / scale) ** 2 / abs(shape - 2) + 1) ** (shape / 2) - 1),
            True,
        ),
    ),
    gradient=lambda r, shape, scale: cases(
        (r / scale**2, equal(shape, 2)),
        (2 * r / (r**2 + 2 * scale**2), equal(shape, 0)),
        (r / scale**2 * ((r / scale) ** 2 / abs(shape - 2) + 1) ** (shape / 2 - 1), True),
    ),
    caption="By default pseudo-Huber: a parabola at the bottom that bends into two straight lines. A larger alpha bends "
    "them up, a smaller one down.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "convex": lambda shape: shape >= 1,
        "smoothness": "Cinf",
        "lipschitz": lambda shape, scale: "inf" if shape > 1 else _steepest(shape, scale),
        "gradient_lipschitz": lambda shape, scale: "inf" if shape > 2 else 1 / scale**2,
        "bounded": lambda shape: shape < 0,
        "gradient_limits": lambda shape, scale: (
            ("-inf", "inf") if shape > 1 else (-1 / scale, 1 / scale) if shape == 1 else (0, 0)
        ),
        "redescending": lambda shape: shape < 1,
    },
)
