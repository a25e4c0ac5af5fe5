r"""Gaussian negative log-likelihood

For a model that predicts a mean and a variance: minus the logarithm of the likelihood that this normal distribution
gives to the target, so that a confident miss costs more than a cautious one.

## When to use it

- The model should say how sure it is. It predicts a mean and a variance for each sample, and both
  are trained from the targets alone; nobody has to label the uncertainty.
- The noise differs from sample to sample. A point with a large predicted variance pulls less on the
  mean, so noisy regions disturb the fit elsewhere less.
- Ensembles and dynamics models, which must tell the noise in the data from the disagreement between their members.
- Several outputs with different units share one loss. One variance per output brings them to one
  scale without weights set by hand.

A fixed residual is judged as it should be: the loss is smallest where the variance equals the
squared residual, and on average that is where it equals the true variance, if the mean is right; otherwise the variance
plus the squared error of the mean.

## When not to

- One variance for everything is enough. Then [[mse]] gives the same mean, and the variance is the
  mean squared residual of the fitted model.
- The targets have outliers or heavy tails. The residual is still squared, and a far-out point
  drags the mean, inflates the variance, or both. Take [[huber]] for the centre, or a quantile on
  each side: [[quantile|quantile loss]].
- You want a proper score for the same forecast that is milder with a single confident miss:
  [[crps_gaussian|CRPS of a Gaussian]] grows with the absolute error only.
- The target is a count ([[poisson_nll]]), or positive and skewed
  ([[gamma_deviance|Gamma deviance]]).
- Both sides are Gaussians, as in a variational autoencoder: [[kl_gaussian|Gaussian KL]].

## Pitfalls

### The third argument is the variance

Not the standard deviation, and not the logarithm of the variance. Both usually pass without an
error, since any number from zero up is a possible variance (only a negative logarithm is refused).
Training then drives the output to the variance, although you read it as a standard deviation. If the model
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

Where the mean hits the target exactly, the loss falls without end as the variance shrinks. `eps` stops
the value, at `log(eps) / 2`, but not the gradient: `var` is raised to `eps` in the forward pass
only. (The docstring of the function says that `eps` is added; it is a lower bound.) For a variance
of zero the slope is 1 / (2 eps), half a million by default, on an exact hit. It pushes a clamped
variance further down, and a residual of 0.1 throws it up with a slope of minus five billion. Let the model itself keep variances away
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

The gradient with respect to the mean is the residual divided by the variance. A point that fits badly
has a low loss at a large variance, and there it hardly pulls on the mean any more: Seitzer and others
(below) describe models that settle for "noisy here" and keep a poor mean. Train the mean alone with
[[mse]] first, or weight each loss with a power of the detached variance, as they propose.

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

### A column against a row is silently broadcast

A mean and a variance of shape `(N, 1)`, straight from a linear layer, and a target of shape `(N,)`
give a loss of shape `(N, N)`, without a warning. The predictions below are exact, so the gradient
should ask for a smaller variance. It is negative and asks for a larger one. Bring all three to one
shape.

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

### A vector of variances is one per row

For predictions of shape `(N, D)`, a `var` of shape `(N,)` or `(N, 1)` gives each sample one variance,
and `(1, D)` gives each output one. The shape `(D,)` is refused, except when `D` equals `N`: then it is
silently taken for the rows. A single number for everything must be a Python float. An integer is refused, and so is a
tensor without dimensions, unless the predictions have one dimension alone.

```python
mean = torch.zeros(2, 2)
target = torch.zeros(2, 2)
variance = torch.tensor([1.0, 4.0])
print("(2,) ", F.gaussian_nll_loss(mean, target, variance, reduction="none").tolist())
print("(1,2)", F.gaussian_nll_loss(mean, target, variance[None], reduction="none").tolist())

mean = torch.zeros(3, 2)
shapes = torch.ones(3), torch.ones(3, 1), torch.ones(1, 2), 1.0, torch.ones(2), torch.tensor(1.0), 1
for var in shapes:
    name = tuple(var.shape) if isinstance(var, torch.Tensor) else repr(var)
    try:
        F.gaussian_nll_loss(mean, mean, var)
        print(name, "is taken")
    except (ValueError, TypeError) as error:
        print(name, f"{type(error).__name__}: {str(error)[:48]}")
```

```output
(2,)  [[0.0, 0.0], [0.6931471824645996, 0.6931471824645996]]
(1,2) [[0.0, 0.6931471824645996], [0.0, 0.6931471824645996]]
(3,) is taken
(3, 1) is taken
(1, 2) is taken
1.0 is taken
(2,) ValueError: var is of incorrect size
() ValueError: var is of incorrect size
1 TypeError: any() received an invalid combination of argumen
```

### A raw output is not a variance

A linear layer also gives negative numbers, and these raise an error, at the first one that occurs.
NaN is not caught: it is not below zero, and comes out as a NaN loss. Put `softplus` or `exp` on the
output. A `relu` is no remedy: where it gives zero, no gradient passes back through it, so the sample
cannot raise its own variance, although the loss asks for it with a huge slope.

```python
mean = torch.zeros(1)
target = torch.ones(1)

try:
    F.gaussian_nll_loss(mean, target, torch.tensor([-0.5]))
except ValueError as error:
    print("ValueError:", error)
print(F.gaussian_nll_loss(mean, target, torch.tensor([float("nan")])))

raw = torch.tensor([-0.5], requires_grad=True)
for positive in (F.softplus, F.relu):
    variance = positive(raw)
    loss = F.gaussian_nll_loss(mean, target, variance)
    slopes = torch.autograd.grad(loss, (variance, raw))
    print(positive.__name__, f"{loss.item():.4g}, slopes", [f"{s.item():.2g}" for s in slopes])
```

```output
ValueError: var has negative entry/entries
tensor(nan)
softplus 0.6815, slopes ['-1.2', '-0.44']
relu 5e+05, slopes ['-5e+11', '0']
```

### The default leaves the constant out

With `full=False` the term `log(2 pi) / 2`, about 0.919, is missing. The gradients are the same, but
the value is not the density's negative logarithm, and must not be compared with a likelihood from
elsewhere. A negative value is normal with both: a narrow density exceeds one.

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

The residual is squared before it is divided. In float16 a residual of 256 or more is infinite when squared, whatever the variance, and with a residual of one a variance below about 1.5e-5 does the
same. bfloat16 has the exponents of float32 and survives both, with two to three digits. Convert to
float32 before this loss. `torch.autocast`, which runs [[mse]] in float32, does not do it here on the
CPU.

```python
for dtype in (torch.float16, torch.bfloat16, torch.float32):
    mean = torch.tensor([300.0, 1.0], dtype=dtype)
    variance = torch.tensor([1e4, 1e-5], dtype=dtype)
    loss = F.gaussian_nll_loss(mean, torch.zeros_like(mean), variance, reduction="none")
    print(dtype, [float(f"{value:.2g}") for value in loss.tolist()])

mean = torch.tensor([300.0], dtype=torch.float16)
with torch.autocast("cpu", dtype=torch.float16):
    print("autocast", F.gaussian_nll_loss(mean, torch.zeros_like(mean), torch.full_like(mean, 1e4)))
```

```output
torch.float16 [inf, inf]
torch.bfloat16 [9.1, 50000.0]
torch.float32 [9.1, 50000.0]
autocast tensor(inf, dtype=torch.float16)
```

### It is convex in the mean, not in both

With the variance held still the loss is a parabola in the mean. Along the variance it curves downwards
beyond twice the squared residual, so in both together it is not convex. The claims of this page's table
of properties are tried with the variance held at one. A loss of zero for an exact hit, for instance,
holds at that variance and at no other.

```python
def loss(mean, variance):
    return F.gaussian_nll_loss(mean, torch.zeros(1), variance)


mean = torch.tensor([1.0])
for v in (1.0, 2.0, 4.0):
    variance = torch.tensor([v])
    curvature = torch.autograd.functional.hessian(lambda m: loss(m, variance), mean).item()
    along_variance = torch.autograd.functional.hessian(lambda s: loss(mean, s), variance).item()
    print(f"variance {v:g}: curvature {curvature:.3f} in the mean, {along_variance:.3f} in the variance")
print("exact hits at variances 0.25, 1, 4:")
print([round(loss(torch.zeros(1), torch.tensor([v])).item(), 4) for v in (0.25, 1.0, 4.0)])
```

```output
variance 1: curvature 1.000 in the mean, 0.500 in the variance
variance 2: curvature 0.500 in the mean, 0.000 in the variance
variance 4: curvature 0.250 in the mean, -0.016 in the variance
exact hits at variances 0.25, 1, 4:
[-0.6931, 0.0, 0.6931]
```

## Relations

With a variance of 1 everywhere it is half of [[mse]].

    F.gaussian_nll_loss(input, target, torch.ones_like(input)) == F.mse_loss(input, target) / 2

With one variance for all samples, and the best one, it is half the logarithm of [[mse]], plus a
half.

    F.gaussian_nll_loss(input, target, F.mse_loss(input, target).expand(64)) ==
        F.mse_loss(input, target).log() / 2 + 0.5

## In other libraries

- PyTorch `-torch.distributions.Normal(input, var.sqrt()).log_prob(target)` at full=True: Takes the standard deviation
  and has no eps. Elementwise.
- `paddle.nn.GaussianNLLLoss(full=full, epsilon=eps, reduction="none")(input, target, var)`: Called as (input, label,
  variance).
- `mindspore.nn.GaussianNLLLoss(full=full, eps=eps, reduction="none")(input, target, var)`: Its documentation calls the
  means logits.

## References

- D. A. Nix and A. S. Weigend (1994). Estimating the mean and variance of the target probability distribution.
  In *Proceedings of 1994 IEEE International Conference on Neural Networks (ICNN'94), volume 1, 55-60*.
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
        "Gaussian NLL; Gaussian NLL loss; Gaussian likelihood loss; heteroscedastic "
        "loss; heteroscedastic regression loss; mean-variance loss; gaussian_nll_loss"
    ),
    tasks=("regression", "uncertainty"),
    search_terms=terms(
        "gaussian negative log likelihood; mean-variance estimation; "
        "mean-variance network; aleatoric uncertainty loss; predict mean and variance; learned variance regression; "
        "heteroskedastic loss; uncertainty weighting; log variance loss; var has negative entry/entries; "
        "var is of incorrect size; gaussian nll loss negative; beta-NLL; torch.distributions.Normal log_prob loss; "
        "network outputs mean and log variance; predict an uncertainty with each number; "
        "two outputs, mean and variance; noise differs between inputs; heteroscedastic noise; "
        "probabilistic regression; deep ensembles; error bars for a regression; aleatoric uncertainty; "
        "estimate variance along with the prediction; predicted standard deviation; uncertainty of a regression; "
        "confidence of a prediction; "
        "regression with learned noise; predict uncertainty together with the mean; "
        "log variance head; input-dependent noise; likelihood of a normal with predicted spread; "
        "log var + (y - mu)^2/var; "
        "predicted variance collapses to zero"
    ),
    concepts={
        "var has negative entry/entries; softplus for the variance": "A raw output",
        "log variance loss; standard deviation": "The third argument",
        "gaussian nll loss negative; variance collapse": "The loss has no natural floor",
        "beta-NLL; mean is not learned": "A large variance",
        "var is of incorrect size": "A vector of variances",
        "float16 overflow; autocast; mixed precision": "In float16",
        "convexity; joint optimum of mean and variance": "It is convex in the mean",
        "broadcasting without a warning": "A column against a row",
        "log-likelihood constant": "full",
    },
    answers={
        "uncertainty/normal": ("The model should say", "The targets have outliers"),
    },
    inputs=(
        Input("input", "x", (REAL,), "(*)", "the predicted means"),
        Input("target", "y", (REAL_TARGET,), "(*), same as input", "the values to predict"),
        Input(
            "var",
            "var",
            (VARIANCE,),
            "(*), same as input; or without its last dimension, or with one dimension of size 1 in place of a larger one; or a float",
            "the predicted variances: not standard deviations, and not logarithms",
            per_row=True,
            latex=r"\sigma^2",
            takes_number=True,
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
        label="Below eps torch uses eps in its place, and passes the gradient on to the variance as if it had not",
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
            "rises slowly after that. A variance that is too small, bottom left and right, costs far more than one that is "
            "too large. At a residual of zero there is no best variance: the smaller, the better.",
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
            note="One element. The gradient is with respect to the variance.",
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
            caption="Near a residual of zero the smallest variance has the lowest loss, further out the highest. The gradient "
            "is the residual divided by the variance: where the model claims to be unsure, its mean is hardly corrected.",
            note="One element. The gradient is with respect to the mean.",
            gradient=True,
        ),
        Extremes(
            label="variance, as a power of ten",
            span=(-9.0, 1.0),
            inputs=lambda t: {"input": 1.0, "target": 0.0, "var": t},
            of="var",
            powers=True,
            note="One element with a residual of 1. Below 1e-6, the default eps, the loss does not change any more.",
            caption="float16 ends at 65 504, and the squared residual divided by the variance is beyond it from a variance "
            "of 1.5e-5 down; the gradient with respect to the variance, which divides by it once more, already from 4e-3 "
            "down. bfloat16 has the exponents of float32 and follows the curve, in coarse steps.",
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
