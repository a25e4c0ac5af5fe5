r"""Gaussian negative log-likelihood

For a predicted mean and variance: minus the log-likelihood of the target under that normal distribution.

## When to use it

- The model should say how sure it is. It predicts a mean and a variance for each sample, and both
  are trained from the targets alone; nobody has to label the uncertainty.
- The noise differs from sample to sample. A point with a large predicted variance pulls less on the
  mean, so noisy regions do not spoil the fit elsewhere.
- Ensembles and dynamics models, which need the noise in the data apart from their own disagreement.
- Several outputs with different units share one loss. A variance for each brings them to one scale
  without weights set by hand.

A fixed residual is judged as it should be: the loss is smallest where the variance equals the
squared residual, and on average that is where it equals the true variance.

## When not to

- One variance for everything is enough. Then [[mse]] gives the same mean, and the variance is the
  mean squared residual of the fitted model.
- The targets have outliers or heavy tails. The residual is still squared, and a far-out point
  either drags the mean or inflates the variance. Take [[huber]] for the mean, or a quantile on each
  side: [[quantile|quantile loss]].
- You want a proper score for the same forecast that a single confident miss cannot ruin:
  [[crps_gaussian|CRPS of a Gaussian]] grows with the absolute error only.
- The target is a count ([[poisson_nll]]), or positive and skewed
  ([[gamma_deviance|Gamma deviance]]).
- Both sides are Gaussians, as in a variational autoencoder: [[kl_gaussian|Gaussian KL]].

## Pitfalls

### The third argument is the variance

Not the standard deviation, and not the logarithm of the variance. Both usually pass without an
error, since any number from zero up is a possible variance (only a negative logarithm is refused),
and then the model learns to put the variance where you read a standard deviation. If the model
predicts `log_var`, as is common, pass `log_var.exp()`; if it predicts a scale, pass its square.

```python
mean = torch.tensor([0.0])
target = torch.tensor([1.0])
scale = torch.tensor([2.0])

print("variance           ", F.gaussian_nll_loss(mean, target, scale**2))
print("standard deviation ", F.gaussian_nll_loss(mean, target, scale))
print("log of the variance", F.gaussian_nll_loss(mean, target, (scale**2).log()))
```

```output
variance            tensor(0.8181)
standard deviation  tensor(0.5966)
log of the variance tensor(0.5240)
```

### The order is mean, target, variance

The target stands between the two outputs of the model, so `loss(*model(x), y)` is wrong. It runs as
long as the targets are not negative, and treats them as variances. In the constructor, everything
must be named.

```python
mean, variance = torch.tensor([0.5, 2.0]), torch.tensor([1.0, 4.0])
target = torch.tensor([1.0, 3.0])

print("mean, target, variance", F.gaussian_nll_loss(mean, target, variance))
print("mean, variance, target", F.gaussian_nll_loss(mean, variance, target))
try:
    nn.GaussianNLLLoss(True)
except TypeError as error:
    print("TypeError:", error)
```

```output
mean, target, variance tensor(0.4716)
mean, variance, target tensor(0.6705)
TypeError: GaussianNLLLoss.__init__() takes 1 positional argument but 2 were given
```

### The loss has no natural floor, and eps is a cliff

Where the model can hit targets exactly, it gains without end by shrinking the variance. `eps` stops
the value, at `log(eps) / 2`, but not the gradient: `var` is raised to `eps` in the forward pass
only. (The docstring of the function says that `eps` is added; it is a lower bound.) For a variance
of zero the slope is 1 / (2 eps), half a million by default, and it keeps pushing a clamped variance
further down, or throws it far up after one bad residual. Let the model itself keep variances away
from zero, for instance with `softplus(raw) + 1e-3`, with a floor that suits the squared unit of
your target.

```python
mean = torch.tensor([0.0, 0.1], requires_grad=True)
target = torch.zeros(2)
variance = torch.tensor([0.0, 0.0], requires_grad=True)

loss = F.gaussian_nll_loss(mean, target, variance, reduction="none")
slope = torch.autograd.grad(loss.sum(), variance)[0]
for residual, value, gradient in zip((0.0, 0.1), loss.tolist(), slope.tolist()):
    print(f"residual {residual}: loss {value:.4g}, gradient {gradient:.0e}")

variance = torch.tensor([0.25, 4.0])
wide = F.gaussian_nll_loss(target, target, variance, eps=1.0, reduction="none")
print("eps 1, variances 0.25 and 4:", wide)
```

```output
residual 0.0: loss -6.908, gradient 5e+05
residual 0.1: loss 4993, gradient -5e+09
eps 1, variances 0.25 and 4: tensor([0.0000, 0.6931])
```

### A large variance switches the mean off

The gradient by the mean is the residual divided by the variance. Early in training the easy way to
lower the loss is a large variance for the points that fit badly, and then these points hardly pull
on the mean any more: the model settles for "noisy here". Train the mean alone with [[mse]] first,
or weight each loss with a power of the detached variance (Seitzer and others, below).

```python
mean = torch.tensor([3.0, 3.0, 3.0], requires_grad=True)
target = torch.zeros(3)
variance = torch.tensor([1.0, 9.0, 100.0])

loss = F.gaussian_nll_loss(mean, target, variance, reduction="none")
print("plain          ", torch.autograd.grad(loss.sum(), mean, retain_graph=True)[0])
weighted = loss * variance.detach() ** 0.5
print("weighted, 0.5  ", torch.autograd.grad(weighted.sum(), mean)[0])
```

```output
plain           tensor([3.0000, 0.3333, 0.0300])
weighted, 0.5   tensor([3.0000, 1.0000, 0.3000])
```

### A column against a row broadcasts in silence

A mean and a variance of shape `(N, 1)`, straight from a linear layer, and a target of shape `(N,)`
give a loss of shape `(N, N)`, without a warning. The predictions below are exact, and the loss
still asks for a larger variance. Bring all three to one shape.

```python
mean = torch.tensor([[1.0], [2.0], [9.0]])
target = torch.tensor([1.0, 2.0, 9.0])
variance = torch.ones(3, 1, requires_grad=True)

loss = F.gaussian_nll_loss(mean, target, variance, reduction="none")
print(loss.shape, torch.autograd.grad(loss.mean(), variance)[0].squeeze(1))

flat = mean.squeeze(1), target, variance.squeeze(1)
loss = F.gaussian_nll_loss(*flat, reduction="none")
print(loss.shape, torch.autograd.grad(loss.mean(), variance)[0].squeeze(1))
```

```output
torch.Size([3, 3]) tensor([-3.4444, -2.6111, -6.1111])
torch.Size([3]) tensor([0.1667, 0.1667, 0.1667])
```

### A vector of variances is one for each row

For predictions of shape `(N, D)`, a `var` of shape `(N,)` gives each sample one variance. One
variance for each output, of shape `(D,)`, is refused, except when `D` equals `N`: then it is taken
for the rows. Write `var.expand(N, D)` for the outputs. A single number must be a float, not an
integer.

```python
mean = torch.zeros(2, 2)
target = torch.zeros(2, 2)
variance = torch.tensor([1.0, 4.0])
print(F.gaussian_nll_loss(mean, target, variance, reduction="none"))
print(F.gaussian_nll_loss(mean, target, variance.expand(2, 2), reduction="none"))

attempts = (
    lambda: F.gaussian_nll_loss(torch.zeros(3, 2), torch.zeros(3, 2), torch.ones(2)),
    lambda: F.gaussian_nll_loss(mean, target, 1),
)
for attempt in attempts:
    try:
        attempt()
    except (ValueError, TypeError) as error:
        print(f"{type(error).__name__}: {str(error)[:48]}")
```

```output
tensor([[0.0000, 0.0000],
        [0.6931, 0.6931]])
tensor([[0.0000, 0.6931],
        [0.0000, 0.6931]])
ValueError: var is of incorrect size
TypeError: any() received an invalid combination of argumen
```

### A raw output is not a variance

A linear layer also gives negative numbers, and these raise an error, perhaps only after an hour.
NaN is not caught: it is not below zero, and comes out as a NaN loss. Put `softplus` or `exp` on the
output. A `relu` is no remedy: where it gives zero, no gradient passes back through it, and the
variance never recovers.

```python
mean = torch.zeros(1)
target = torch.ones(1)

try:
    F.gaussian_nll_loss(mean, target, torch.tensor([-0.5]))
except ValueError as error:
    print("ValueError:", error)
print(F.gaussian_nll_loss(mean, target, torch.tensor([float("nan")])))
print(F.gaussian_nll_loss(mean, target, F.softplus(torch.tensor([-0.5]))))
```

```output
ValueError: var has negative entry/entries
tensor(nan)
tensor(0.6815)
```

### The default leaves the constant out

With `full=False` the term `log(2 pi) / 2`, about 0.919, is missing. The gradients are the same, but
the value is not the density's negative logarithm, and must not be compared with a likelihood from
elsewhere. For densities a negative value is normal: a narrow density exceeds one.

```python
mean, target, variance = torch.tensor([0.0]), torch.tensor([1.0]), torch.tensor([4.0])
normal = torch.distributions.Normal(mean, variance.sqrt())

print("default  ", F.gaussian_nll_loss(mean, target, variance))
print("full=True", F.gaussian_nll_loss(mean, target, variance, full=True))
print("density  ", -normal.log_prob(target).mean())
```

```output
default   tensor(0.8181)
full=True tensor(1.7371)
density   tensor(1.7371)
```

### In float16 the square overflows first

The residual is squared before it is divided. In float16 a residual beyond 256 is infinite when
squared, whatever the variance, and with a residual of one a variance below about 1.5e-5 does the
same. bfloat16 has the range of float32 and survives both. Normalise the targets, and compute this
loss in float32.

```python
for dtype in (torch.float16, torch.bfloat16, torch.float32):
    mean = torch.tensor([300.0, 1.0], dtype=dtype)
    variance = torch.tensor([1e4, 1e-5], dtype=dtype)
    loss = F.gaussian_nll_loss(mean, torch.zeros_like(mean), variance, reduction="none")
    print(dtype, [float(f"{value:.2g}") for value in loss.tolist()])
```

```output
torch.float16 [inf, inf]
torch.bfloat16 [9.1, 50000.0]
torch.float32 [9.1, 50000.0]
```

## Relations

With a variance of 1 everywhere it is half of [[mse]].

    F.gaussian_nll_loss(input, target, torch.ones_like(input)) == F.mse_loss(input, target) / 2

With one variance for all samples, and the best one, it is half the logarithm of [[mse]], plus a
half.

    F.gaussian_nll_loss(input, target, F.mse_loss(input, target).expand(64)) ==
        F.mse_loss(input, target).log() / 2 + 0.5

## In other libraries

- PyTorch `-torch.distributions.Normal(input, var.sqrt()).log_prob(target)`: As full=True. Takes the standard
  deviation and has no eps. Elementwise.
- Paddle `paddle.nn.GaussianNLLLoss(full=False, epsilon=1e-6)`: Called as (input, label, variance).
- `mindspore.nn.GaussianNLLLoss(full=False, eps=1e-6)`: Called as (logits, labels, var); logits are the means.

## References

- D. A. Nix and A. S. Weigend (1994). Estimating the mean and variance of the target probability distribution.
  In *Proceedings of 1994 IEEE International Conference on Neural Networks (ICNN'94), vol. 1, 55-60*.
  doi:10.1109/ICNN.1994.374138
- Maximilian Seitzer, Arash Tavakoli, Dimitrije Antic and Georg Martius (2022). On the Pitfalls of
  Heteroscedastic Uncertainty Estimation with Probabilistic Neural Networks. In *International Conference on
  Learning Representations (ICLR)*. arXiv:2203.09168
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional as F

from lossary.declaration import (
    POSITIVE,
    REAL,
    REAL_TARGET,
    RESIDUAL,
    Extremes,
    HeatMap,
    Input,
    Kind,
    Loss,
    Parameter,
    Precision,
    Section,
    Study,
    Symbolic,
    flag,
    log,
    maximum,
    pi,
    terms,
)


def _of_residual(residual: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
    """The loss of each residual with each variance; the target is 0."""
    return F.gaussian_nll_loss(residual, torch.zeros_like(residual), variance, reduction="none")


VARIANCE = Kind(
    "variances, 0 or more",
    values=(0.01, 0.1, 0.3, 1.0, 2.0, 4.0, 100.0, 1e6),
    ends=(0.0, 1e-12, 1e-9),
    lower=0.0,
    takes="variances",
)

_GRADIENT = {"input": lambda r, v: r / v, "target": lambda r, v: -r / v, "var": lambda r, v: (1 / v - r**2 / v**2) / 2}
_USED: Mapping[str, Any] = {
    "where": {"v": lambda var, eps: maximum(var, eps)},
    "meanings": {"v": "the variance that is used"},
}

loss = Loss(
    torch="torch.nn.GaussianNLLLoss",
    functional="torch.nn.functional.gaussian_nll_loss",
    aliases=terms(
        "Gaussian NLL; Gaussian NLL loss; Gaussian likelihood loss; normal negative log-likelihood; heteroscedastic "
        "loss; heteroscedastic regression loss; mean-variance loss; gaussian_nll_loss"
    ),
    tasks=("regression", "uncertainty"),
    search_terms=terms(
        "gaussian negative log likelihood; guassian nll loss; guassian nll; guassian loss; mean-variance estimation; "
        "mean-variance network; aleatoric uncertainty loss; predict mean and variance; learned variance regression; "
        "heteroskedastic loss; uncertainty weighting; log variance loss; var has negative entry/entries; var is of "
        "incorrect size; gaussian nll loss negative; beta-NLL; torch.distributions.Normal log_prob loss"
    ),
    concepts={
        "var has negative entry/entries; softplus for the variance": "A raw output",
        "log variance loss; standard deviation": "The third argument",
        "gaussian nll loss negative; variance collapse": "The loss has no natural floor",
        "beta-NLL; mean is not learned": "A large variance",
        "var is of incorrect size": "A vector of variances",
        "log-likelihood constant": "full",
    },
    inputs=(
        Input("input", "x", (REAL,), "(*)", "the predicted means"),
        Input("target", "y", (REAL_TARGET,), "(*), same as input", "the values to predict"),
        Input(
            "var",
            "var",
            (VARIANCE,),
            "(*), same as input, or without its last dimension",
            "the predicted variances: not standard deviations, and not logarithms",
            per_row=True,
            latex=r"\sigma^2",
        ),
    ),
    parameters=(
        flag("full", False, "whether to add the constant that makes it minus the logarithm of the density"),
        Parameter(
            "eps",
            1e-6,
            "the least variance that is used; a smaller one is replaced by it",
            range=POSITIVE,
            typical=(1e-6, 1e-3),
        ),
    ),
    formulas=(
        Symbolic(value=lambda r, v: (log(v) + r**2 / v) / 2, gradient=_GRADIENT, **_USED, at={"full": False}),
        Symbolic(
            label="With full=True",
            value=lambda r, v: (log(v) + r**2 / v + log(2 * pi)) / 2,
            gradient=_GRADIENT,
            **_USED,
            at={"full": True},
        ),
    ),
    computed=Symbolic(
        label="Below eps torch uses eps in its place, and lets the gradient by the variance through as if it had not",
        value=lambda r, v, full: (log(v) + r**2 / v + full * log(2 * pi)) / 2,
        gradient=_GRADIENT,
        **_USED,
    ),
    precision=Precision(
        size=lambda r, var, eps: 1 + abs(log(maximum(var, eps))) + r**2 / maximum(var, eps),
        why="its terms cancel where the squared residual is close to the variance, and so do those of its gradient",
    ),
    sections=(
        Section(
            axis=RESIDUAL,
            label=RESIDUAL.label,
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input": t, "target": y, "var": 1},
            branches={"": 0.0},
            perfect=0.0,
            target_values="real",
            note="One element. The target is 0 and the variance is 1.",
            caption="With the variance held still it is a parabola, at a variance of 1 exactly half the squared error. "
            "What is special about this loss shows when the variance moves.",
        ),
    ),
    figures=(
        HeatMap(
            name="variance",
            title="Loss over the residual and the variance",
            labels=("residual, input − target", "variance, var"),
            spans=((-3.0, 3.0), (0.1, 4.0)),
            inputs=lambda s, t: {"input": s, "target": 0, "var": t},
            path=("best variance", lambda s: s**2),
            note="One element.",
            caption="Go up along a fixed residual: the loss falls until the variance equals the squared residual, and "
            "rises slowly after that. Being too sure, bottom left and right, costs far more than being too "
            "cautious. At a residual of zero there is no best variance: the smaller, the better.",
        ),
        Study(
            name="best-variance",
            title="The best variance is the squared residual",
            label="variance, var",
            span=(0.2, 4.0),
            curves={
                "residual 0": lambda t: _of_residual(torch.zeros_like(t), t),
                "residual 0.5": lambda t: _of_residual(torch.full_like(t, 0.5), t),
                "residual 1": lambda t: _of_residual(torch.ones_like(t), t),
                "residual 1.5": lambda t: _of_residual(torch.full_like(t, 1.5), t),
            },
            caption="Each curve is lowest, and its gradient zero, where the variance is the squared residual: 0.25, 1 "
            "and 2.25. A residual of zero has no such point: the smaller the variance, the lower the loss.",
            note="One element. The gradient is the one by the variance.",
            gradient=True,
        ),
        Study(
            name="spread",
            title="What the variance does to a residual",
            label="residual, input − target",
            span=(-2.0, 2.0),
            curves={
                "variance 0.25": lambda t: _of_residual(t, torch.full_like(t, 0.25)),
                "variance 1": lambda t: _of_residual(t, torch.ones_like(t)),
                "variance 4": lambda t: _of_residual(t, torch.full_like(t, 4.0)),
            },
            caption="A small variance wins near zero and loses elsewhere. The gradient is the residual divided by the "
            "variance: where the model claims to be unsure, its mean is hardly corrected.",
            note="One element.",
            gradient=True,
        ),
        Extremes(
            label="variance, as a power of ten",
            span=(-9.0, 1.0),
            inputs=lambda t: {"input": 1.0, "target": 0.0, "var": t},
            of="var",
            powers=True,
            note="One element with a residual of 1. Below 1e-6, the default eps, the loss does not change any more.",
            caption="float16 ends at 65 504, and the squared residual divided by a small variance is soon beyond it. "
            "bfloat16 has the range of float32 and follows the curve, in coarse steps.",
        ),
    ),
    example={"input": [0.5, 2.0, -1.0], "target": [0.0, 0.0, 0.0], "var": [1.0, 4.0, 0.5]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": 1,
        "bounded": False,
        "symmetric": True,
        "value_at_perfect": lambda full: math.log(2 * math.pi) / 2 if full else 0,
        "gradient_limits": ("-inf", "inf"),
        "redescending": False,
        "elicits": "mean",
    },
)
