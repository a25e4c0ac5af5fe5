r"""Log-cosh

The logarithm of the hyperbolic cosine of the residual: half its square near zero, its absolute value less log 2 far
out, and smooth everywhere.

## When to use it

- You want [[huber]]'s behaviour without choosing a threshold and without a jump in the second derivative. All
  derivatives exist, for Newton steps and second-order boosting. Far out the second one vanishes: plain Newton steps
  from a residual of 2 lead away, and need damping or a bound.
- Residuals of ordinary size are around one. There the parabola turns into the straight line.

## When not to

- The target has another scale. The loss has no parameter: residuals in the thousands see the absolute error alone, and
  residuals of a thousandth the squared error alone. [[huber]] and [[pseudo_huber|pseudo-Huber]] have a threshold that
  can be set; or divide the target by the size of an ordinary residual.
- Gross outliers should have no influence: [[tukey_biweight]]. Here the pull tends to one and stays there.
- You need exactly the mean or the median of a skewed target: [[mse]] or [[l1]].

## Pitfalls

### Written as it is defined, it overflows

The hyperbolic cosine of a residual of 90 is infinite in float32, of 711 in float64, and of 12 in float16. The loss there
is the residual less log 2, an ordinary number. Use the function on this page, which never computes the cosine of a
large residual.

```python
from lossary.functional import log_cosh

for dtype, size in ((torch.float16, 12.0), (torch.float32, 100.0), (torch.float64, 800.0)):
    residual = torch.tensor(size, dtype=dtype)
    print(dtype, torch.log(torch.cosh(residual)).item(), log_cosh(residual, torch.zeros_like(residual)).item())
```

```output
torch.float16 inf 11.3046875
torch.float32 inf 99.30685424804688
torch.float64 inf 799.3068528194401
```

### A rewriting that is safe far out loses small residuals

`r + softplus(-2r) - log 2` is the usual cure for the overflow. It subtracts two numbers of size 0.7, so that a small
residual drowns in rounding. In float32 a residual of a thousandth is off by a twentieth, one of a ten-thousandth costs
nothing, and some of those below cost less than nothing. The function on this page takes `log1p(2 sinh²(r / 2))` near
zero.

```python
from lossary.functional import log_cosh

for size in (1e-1, 1e-2, 1e-3, 1e-4):
    residual = torch.tensor(size)
    usual = residual + F.softplus(-2 * residual) - math.log(2)
    stable = log_cosh(residual, torch.zeros(()))
    print(f"{size}: usual {usual.item():.4g}, stable {stable.item():.4g}, half the square {size**2 / 2:.4g}")
tiny = torch.linspace(1e-6, 1e-4, 1000)
print("least of the usual:", (tiny + F.softplus(-2 * tiny) - math.log(2)).min().item())
```

```output
0.1: usual 0.004992, stable 0.004992, half the square 0.005
0.01: usual 5.001e-05, stable 5e-05, half the square 5e-05
0.001: usual 4.768e-07, stable 5e-07, half the square 5e-07
0.0001: usual 0, stable 5e-09, half the square 5e-09
least of the usual: -5.960464477539063e-08
```

### The unit of the target decides what kind of loss it is

The same two errors in metres and in kilometres. In metres both pull with almost full strength; in kilometres each pulls
in proportion to its size, as under the squared error.

```python
from lossary.functional import log_cosh

metres = torch.tensor([2.0, 20.0])
for name, residual in (("metres", metres), ("kilometres", metres / 1000)):
    residual.requires_grad_()
    pull = torch.autograd.grad(log_cosh(residual, torch.zeros(2), reduction="sum"), residual)[0]
    print(f"{name}: the larger error pulls {(pull[1] / pull[0]).item():.2f} times as hard")
```

```output
metres: the larger error pulls 1.04 times as hard
kilometres: the larger error pulls 10.00 times as hard
```

## Relations

Far from zero it is the [[l1|absolute error]] less log 2.

    functional.log_cosh(40 + input.abs(), 0 * input) == F.l1_loss(40 + input.abs(), 0 * input) - 0.6931471805599453

Near zero it is half the [[mse|squared error]].

    1e10 * functional.log_cosh(input * 1e-5, target * 1e-5) == F.mse_loss(input, target) / 2  # within 1e-8

## In other libraries

- `keras.losses.LogCosh(reduction=None)(target, input)`
- `optax.losses.log_cosh(input, target)`: Elementwise; no reduction.
- `torchmetrics.functional.log_cosh_error(input.ravel(), target.ravel())`
- LossFunctions.jl `LogCoshLoss()`

## References

- Resve A. Saleh and A. K. Md. Ehsanes Saleh (2022). Statistical properties of the log-cosh loss function used in
  machine learning. arXiv preprint. arXiv:2208.04564
"""

import math

import torch

from lossary.declaration import cosh, log, residual_loss, tanh, terms


def log_cosh(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    residual = input - target
    size = residual.abs()
    # Near zero log(1 + 2 sinh²(r / 2)), which keeps small residuals; far out |r| + log(1 + exp(-2 |r|)) - log 2.
    near = torch.log1p(2 * torch.sinh(residual.clamp(-1, 1) / 2).square())
    far = size + torch.log1p(torch.exp(-2 * size)) - math.log(2)
    loss = torch.where(size < 1, near, far)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = residual_loss(
    function=log_cosh,
    aliases=terms("log cosh; LogCosh; log-cosh error; LogCoshLoss; logarithm of the hyperbolic cosine"),
    tasks=("regression",),
    search_terms=terms(
        "smooth absolute error; smooth approximation of L1; twice differentiable Huber; "
        "robust regression without a threshold; log cosh overflow; log(cosh(x)) inf; numerically stable log cosh; "
        "hyperbolic secant likelihood; hyperbolic cosine; smooth version of the absolute error; "
        "twice differentiable robust loss; like Huber without a threshold; second derivative everywhere; "
        "smooth for Newton's method and boosting; between squared and absolute, smooth everywhere; "
        "smooth everywhere; alternative to Huber without a threshold; twice differentiable absolute error; "
        "like Huber without a parameter; "
        "CatBoost LogCosh; log((exp(x) + exp(-x)) / 2); "
        "second derivative everywhere for boosting"
    ),
    concepts={
        "log cosh overflow; log(cosh(x)) inf; numerically stable log cosh": "Written as it is defined",
        "small residuals lost; catastrophic cancellation; negative log cosh": "A rewriting that is safe",
        "feature scaling; where the parabola turns into a line": "The unit of the target",
    },
    answers={
        "regression/outliers/capped/smooth": ("You want [[huber]]", "The target has another scale"),
    },
    value=lambda r: log(cosh(r)),
    gradient=lambda r: tanh(r),
    caption="A parabola at the bottom, two straight lines outside. The gradient is the hyperbolic tangent of the residual.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={"smoothness": "Cinf", "lipschitz": 1, "gradient_lipschitz": 1, "gradient_limits": (-1, 1)},
)
