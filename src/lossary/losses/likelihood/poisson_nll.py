r"""Poisson negative log-likelihood

For counts: the model predicts the logarithm of the expected count, and the loss is minus the log-likelihood of the
target under that Poisson distribution, without the part that depends on the target alone.

## When to use it

- The target is a count: visits, calls, photons, accidents, spikes. The model predicts the logarithm
  of the expected count, so that every output is a valid one.
- You want the **mean** of the target from a loss that allows for counts which vary more where they
  are larger. The gradient is the expected count minus the count, just as it is the probability minus
  the label in [[bce_with_logits]].
- Effects multiply. On the log scale, doubling the expected count is the same step everywhere. (The same relative error
  still costs in proportion to the count, as a figure shows.)
- Counts were collected over unequal times or areas. Add the logarithm of the time to the log-rate;
  what the model predicts is then a rate per unit of time.

The best prediction is the logarithm of the target's mean whether or not the target is really Poisson,
or a whole number, as long as that mean is positive.

## When not to

- The spread is itself of interest, and it is larger than the mean. A Poisson variable has a
  variance equal to its mean; real counts often exceed that, and intervals read off this model are
  then too narrow. Take a distribution with a parameter for the spread:
  `torch.distributions.NegativeBinomial`.
- The target is large and continuous: [[gaussian_nll]], or [[gamma_deviance|Gamma deviance]] where
  it is positive and its spread grows with its size. With many exact zeros among positive amounts:
  [[tweedie_deviance|Tweedie deviance]].
- A relative error should cost the same for small counts and for large ones: [[msle|mean squared logarithmic error]], or
  [[tweedie_deviance|Tweedie deviance]] with a power near 2.
- You want a score that is zero for a perfect prediction: [[poisson_deviance|Poisson deviance]] has
  twice the gradient.
- The target is a class or a yes-or-no label: [[cross_entropy]], [[bce_with_logits]].

## Pitfalls

### The input is the logarithm of the rate

`log_input=True` is the default. A model whose last layer makes the output positive, with `softplus`
or `exp`, gives a rate. It is silently accepted: the loss takes it for a logarithm and pulls it towards
the logarithm of the target. Pass raw outputs, and apply `exp` when you read predictions; or say
`log_input=False`.

```python
rate = torch.tensor([3.0])
target = torch.tensor([5.0])

print("log-rate        ", F.poisson_nll_loss(rate.log(), target))
print("rate            ", F.poisson_nll_loss(rate, target))
print("rate, flag given", F.poisson_nll_loss(rate, target, log_input=False))
print("best input for a target of 5:", round(math.log(5), 4), "or, with the flag, 5")
```

```output
log-rate         tensor(-2.4931)
rate             tensor(5.0855)
rate, flag given tensor(-2.4931)
best input for a target of 5: 1.6094 or, with the flag, 5
```

### A column of predictions against a row of targets is silently broadcast

Predictions of shape `(N, 1)` and targets of shape `(N,)` become `(N, N)`, and here there is not
even a warning. Each prediction is compared with every target and pulled towards the mean of them
all. Below, every prediction is perfect, and the gradient should be zero.

```python
target = torch.tensor([1.0, 2.0, 9.0])
prediction = target.log().unsqueeze(1).requires_grad_()

loss = F.poisson_nll_loss(prediction, target, reduction="none")
print(loss.shape)
loss.mean().backward()
print(prediction.grad.squeeze(1))

prediction.grad = None
F.poisson_nll_loss(prediction.squeeze(1), target).backward()
print(prediction.grad.squeeze(1).round(decimals=6).abs())
```

```output
torch.Size([3, 3])
tensor([-1.0000, -0.6667,  1.6667])
tensor([0., 0., 0.])
```

### A large log-rate overflows

The loss takes the exponential of its input. In float32 that is infinite from about 88.7 on, in
float16 from about 11.1 on, which is a rate of 65 thousand, and one such element makes the whole
mean infinite. Start the last layer at a bias near the logarithm of the mean count, limit its output,
and compute this loss in float32. Inside `torch.autocast` the last is done for you.

```python
for dtype, values in (
    (torch.float16, (11.0, 11.2)),
    (torch.float32, (88.0, 89.0)),
    (torch.float64, (89.0, 710.0)),
):
    prediction = torch.tensor(values, dtype=dtype)
    loss = F.poisson_nll_loss(prediction, torch.ones_like(prediction), reduction="none")
    print(dtype, [f"{value:.3g}" for value in loss.tolist()])

half = torch.tensor([11.2], dtype=torch.float16)
with torch.autocast("cpu", dtype=torch.float16):
    print("autocast", F.poisson_nll_loss(half, torch.ones_like(half)).dtype)
```

```output
torch.float16 ['5.99e+04', 'inf']
torch.float32 ['1.65e+38', 'inf']
torch.float64 ['4.49e+38', 'inf']
autocast torch.float32
```

### A negative loss is normal, and its minimum is not zero

At the best prediction the loss is `y - y log y`, which is zero only for a count of zero (or of
about 2.718) and far below zero for large counts. So a negative value is no error, values from data
with different counts cannot be compared, and how close the loss is to zero says nothing. Subtract that
minimum, as [[poisson_deviance|Poisson deviance]] does (and doubles it), to see how far from perfect
you are.

```python
target = torch.tensor([0.0, 1.0, 3.0, 10.0, 100.0])
best = target.clamp(min=1e-30).log()
perfect = F.poisson_nll_loss(best, target, reduction="none")
print("perfect prediction", [round(value, 2) for value in perfect.tolist()])

doubled = F.poisson_nll_loss(best + math.log(2), target, reduction="none")
print("above the minimum ", [round(value, 2) for value in (doubled - perfect).tolist()])
```

```output
perfect prediction [0.0, 1.0, -0.3, -13.03, -360.52]
above the minimum  [0.0, 0.31, 0.92, 3.07, 30.69]
```

### full=True adds an approximation of log(target!), for targets above 1 only

The documentation writes the loss with `log(target!)`. What is added is Stirling's formula, and only
to targets above one. It is close for large counts and 0.04 too small for a count of two. Targets
that are not whole numbers see a jump at one. None of it changes the gradient with respect to the
prediction; the one with respect to the target is NaN at a count of zero. For the exact likelihood add
`torch.lgamma(target + 1)` yourself.

```python
target = torch.tensor([0.0, 0.5, 1.0, 1.01, 2.0, 5.0, 20.0])
prediction = torch.zeros(7)

plain = F.poisson_nll_loss(prediction, target, reduction="none")
full = F.poisson_nll_loss(prediction, target, reduction="none", full=True)
exact = torch.lgamma(target + 1)
for y, a, b in zip(target.tolist(), (full - plain).tolist(), exact.tolist()):
    print(f"target {y:5.2f}   added {a:8.4f}   log(target!) {b:8.4f}")

target = target[:3].clone().requires_grad_()
loss = F.poisson_nll_loss(prediction[:3], target, reduction="sum", full=True)
print("gradient with respect to the targets 0, 0.5 and 1:", torch.autograd.grad(loss, target)[0])
```

```output
target  0.00   added   0.0000   log(target!)   0.0000
target  0.50   added   0.0000   log(target!)  -0.1208
target  1.00   added   0.0000   log(target!)   0.0000
target  1.01   added  -0.0760   log(target!)   0.0043
target  2.00   added   0.6518   log(target!)   0.6931
target  5.00   added   4.7708   log(target!)   4.7875
target 20.00   added  42.3315   log(target!)  42.3356
gradient with respect to the targets 0, 0.5 and 1: tensor([nan, 0., 0.])
```

### Rates of zero and below, when log_input is False

Only `log_input=False` uses `eps`: it is added inside the logarithm. At a rate of exactly zero with
a positive count the loss is then finite, but its gradient is about minus the count divided by `eps`. Below zero
the logarithm is NaN as soon as the rate plus `eps` is negative. In float16 the default `eps` rounds to
zero and protects from nothing. Keep rates away from zero, or stay with log-rates, which stand for
positive rates only.

```python
rate = torch.tensor([0.0, -1.0, 0.5], requires_grad=True)
target = torch.ones(3)

loss = F.poisson_nll_loss(rate, target, log_input=False, reduction="none")
print([round(value, 4) for value in loss.tolist()])
gradient = torch.autograd.grad(loss[0], rate)[0][0]
print(f"gradient at a rate of 0: {gradient.item():.0e}")

half = torch.zeros(2, dtype=torch.float16)
count = torch.tensor([1.0, 0.0], dtype=torch.float16)
print(F.poisson_nll_loss(half, count, log_input=False, reduction="none"))
```

```output
[18.4207, nan, 1.1931]
gradient at a rate of 0: -1e+08
tensor([inf, nan], dtype=torch.float16)
```

### Targets are not checked

Nothing stops a target that cannot be a count. A fraction is harmless and means an average. A
negative target is not: the loss falls without end as the log-rate goes down, and its gradient is
positive everywhere. Counts that were shifted to a mean of zero are such targets; do not shift them. (The example
in the docstring draws its targets from a normal distribution.)

```python
target = torch.tensor([-1.0])
for log_rate in (0.0, -10.0, -1000.0):
    prediction = torch.tensor([log_rate], requires_grad=True)
    loss = F.poisson_nll_loss(prediction, target)
    print(log_rate, f"loss {loss.item():g}, gradient {torch.autograd.grad(loss, prediction)[0].item():g}")
```

```output
0.0 loss 1, gradient 2
-10.0 loss -9.99995, gradient 1.00005
-1000.0 loss -1000, gradient 1
```

### The first arguments are flags, not the reduction

The constructor starts with `log_input` and `full`, and the function has them right after the two
tensors. `nn.PoissonNLLLoss("sum")` thus sets `log_input`, and fails only when the loss is called.
As a third argument, `"sum"` lands in the old `size_average` and is read as "mean". Name the
arguments.

```python
prediction = torch.zeros(4)
target = torch.ones(4)

try:
    nn.PoissonNLLLoss("sum")(prediction, target)
except TypeError as error:
    print("TypeError:", str(error)[:67])
print("by position", nn.PoissonNLLLoss(True, False, "sum")(prediction, target))
print("by name    ", nn.PoissonNLLLoss(reduction="sum")(prediction, target))
```

```output
TypeError: poisson_nll_loss(): argument 'log_input' (position 3) must be bool,
by position tensor(1.)
by name     tensor(4.)
UserWarning: size_average and reduce args will be deprecated, please use reduction='mean' instead.
```

## Relations

Without what depends on the target alone it is half the [[poisson_deviance|Poisson deviance]] of the
rate.

    F.poisson_nll_loss(input, target.abs()) ==
        functional.poisson_deviance(input.exp(), target.abs()) / 2 - (target.abs() * target.abs().log() - target.abs()).mean()

On log-probabilities, summed over the outcomes, it is [[cross_entropy]] plus one.

    F.poisson_nll_loss(p.log(), q, reduction="none").sum(1).mean() == F.cross_entropy(p.log(), q) + 1

On log-probabilities, summed over the outcomes, it exceeds its smallest value by the [[kl_div]].

    F.poisson_nll_loss(p.log(), q, reduction="none").sum(1).mean() - F.poisson_nll_loss(q.log(), q, reduction="none").sum(1).mean() ==
        F.kl_div(p.log(), q, reduction="batchmean")

## In other libraries

- `keras.losses.Poisson(reduction=None)(target, input)` at log_input=False, eps=1e-07: Takes the rate; eps is
  keras.config.epsilon().
- `sklearn._loss.HalfPoissonLoss().loss(target.ravel(), input.ravel())`: Private; what
  HistGradientBoostingRegressor(loss="poisson") minimises. On the log-rate; it leaves out the terms in the target
  alone.
- `sklearn.metrics.mean_poisson_deviance(target.ravel(), input.ravel())` is another loss at log_input=False: A metric on arrays of
  counts and rates: twice the amount by which torch's value is above its minimum.
- LossFunctions.jl `PoissonLoss()`: On the log-rate.
- ML.NET `Microsoft.ML.Trainers.PoissonLoss`: On the log-rate.
- `xgboost.train({"objective": "count:poisson"}, xgboost.DMatrix(features, target, base_margin=input))` at
  log_input=True: On the log-rate. The second derivative is enlarged by max_delta_step.

## References

- J. A. Nelder and R. W. M. Wedderburn (1972). Generalized Linear Models. *Journal of the Royal Statistical
  Society, Series A 135(3), 370-384*. https://www.jstor.org/stable/2344614
"""

import torch
from torch.nn import functional as F

from lossary.declaration import (
    COUNT,
    LOG_RATE,
    LOG_RATE_AXIS,
    POSITIVE,
    RATE,
    Extremes,
    Input,
    Kind,
    Loss,
    Parameter,
    Precision,
    Section,
    Study,
    Symbolic,
    cases,
    exp,
    flag,
    log,
    pi,
    terms,
    xlogy,
)


def _above_minimum(count: float, t: torch.Tensor) -> torch.Tensor:
    """The loss for a count, above its minimum, where the log-rate is off by `t`."""
    target = torch.full_like(t, count)
    least = F.poisson_nll_loss(target.log(), target, reduction="none")
    return F.poisson_nll_loss(target.log() + t, target, reduction="none") - least


def _added(t: torch.Tensor) -> torch.Tensor:
    """What full=True adds to the loss of a target `t`."""
    prediction = torch.zeros_like(t)
    plain, full = (F.poisson_nll_loss(prediction, t, reduction="none", full=flag) for flag in (False, True))
    return full - plain


# Stirling's formula and its slope. The slope has no value at 0, where torch returns NaN.
_STIRLING = {"S": lambda y: cases((y * log(y) - y + log(2 * pi * y) / 2, y > 1), (0, True))}
_SLOPE = {"K": lambda y: cases((log(y) + 1 / (2 * y), y > 1), (0, y > 0))}

# torch adds eps before it takes the logarithm
RATE_OR_ZERO = Kind("rates, 0 or more", values=RATE.values, lower=0.0, takes="rates")

loss = Loss(
    torch="torch.nn.PoissonNLLLoss",
    functional="torch.nn.functional.poisson_nll_loss",
    aliases=terms(
        "Poisson NLL; Poisson NLL loss; Poisson loss; Poisson regression loss; Poisson log loss; HalfPoissonLoss; "
        "count:poisson; poisson_nll_loss"
    ),
    tasks=("counts", "regression"),
    search_terms=terms(
        "poisson negative log likelihood; log_input; loss for count data; "
        "count regression loss; poisson loss negative value; stirling approximation loss; exp(x) - y x; "
        "log link regression; sklearn mean_poisson_deviance; sklearn PoissonRegressor; poisson-nloglik; "
        "number of events; count data; how often something happens; visits, clicks or photons; rate of events; "
        "predicts a rate; counts per interval; neural spike counts; log link; rare events; "
        "intensity of a point process; exponential of the output is the rate; "
        "predict how many events; count regression in torch; photon or spike counts; "
        "spike counts; visits, clicks or calls per hour; "
        "mu - y log mu; LightGBM poisson; "
        "customers per hour"
    ),
    concepts={
        "log_input; log link regression": "log_input",
        "stirling approximation loss": "full",
        "poisson loss negative value": "A negative loss",
        "exponential overflow; inf loss; autocast": "A large log-rate",
        "broadcasting without a warning": "A column of predictions",
        "negative targets": "Targets are not checked",
        "zero rate": "Rates of zero",
    },
    answers={
        "counts/train/poisson": ("The target is a count", "The spread is itself"),
        "counts/train/wide": ("You want the **mean**", "The spread is itself"),
    },
    inputs=(
        Input(
            "input",
            "x",
            (LOG_RATE,),
            "(*)",
            "the logarithm of the expected count, or the expected count itself where log_input is false",
            kinds_at={("log_input", False): (RATE_OR_ZERO,)},
        ),
        Input("target", "y", (COUNT,), "(*), same as input", "the count that was observed"),
    ),
    parameters=(
        flag("log_input", True, "whether the input is the logarithm of the expected count"),
        flag("full", False, "whether to add Stirling's formula for the logarithm of target!, for targets above 1"),
        Parameter(
            "eps",
            1e-8,
            "added to the rate inside the logarithm; used only where log_input is false",
            range=POSITIVE,
            typical=(1e-8, 1e-3),
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y: exp(x) - y * x,
            gradient={"input": lambda x, y: exp(x) - y, "target": lambda x: -x},
            at={"log_input": True, "full": False},
        ),
        Symbolic(
            label="With log_input=False, x being the rate",
            value=lambda x, y, eps: x - y * log(x + eps),
            gradient={"input": lambda x, y, eps: 1 - y / (x + eps), "target": lambda x, eps: -log(x + eps)},
            at={"log_input": False, "full": False},
        ),
        Symbolic(
            label="With full=True: Stirling's formula for log y!, used above 1 only",
            value=lambda x, y, S: exp(x) - y * x + S,
            gradient={"input": lambda x, y: exp(x) - y, "target": lambda x, K: K - x},
            where={**_STIRLING, **_SLOPE},
            meanings={"S": "what full=True adds", "K": "its slope; torch returns NaN for a target of 0 or below"},
            at={"log_input": True, "full": True},
        ),
        Symbolic(
            label="With full=True and log_input=False",
            value=lambda x, y, eps, S: x - y * log(x + eps) + S,
            gradient={"input": lambda x, y, eps: 1 - y / (x + eps), "target": lambda x, eps, K: K - log(x + eps)},
            where={**_STIRLING, **_SLOPE},
            meanings={"S": "what full=True adds", "K": "its slope; torch returns NaN for a target of 0 or below"},
            at={"log_input": False, "full": True},
        ),
    ),
    precision=Precision(
        size=lambda x, y, eps, log_input, full: (
            cases((exp(x) + abs(y * x), log_input > 0), (x + y * (1 + abs(log(x + eps))), True))
            + full * (abs(xlogy(y, y)) + y)
        ),
        why="it is a difference of terms that may both be large and nearly equal",
    ),
    sections=(
        Section(
            axis=LOG_RATE_AXIS,
            label=LOG_RATE_AXIS.label,
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"target 1": 1.0, "target 0": 0.0, "target 4": 4.0},
            perfect=0.0,
            target_values="real",
            link="exp",
            note="One element, for three counts.",
            caption="For a target above 0 the curve is lowest where the rate equals the target, at a height that need not be 0. For "
            "a target of 0 it only falls towards 0. To the right every curve grows like the rate itself; to the left it "
            "approaches a straight line whose slope is minus the target, so -1 for a target of 1 and -4 for 4.",
        ),
    ),
    figures=(
        Study(
            name="excess",
            title="What a wrong rate costs",
            label="log-rate minus the logarithm of the target",
            span=(-2.0, 1.2),
            curves={
                "target 1": lambda t: _above_minimum(1.0, t),
                "target 3": lambda t: _above_minimum(3.0, t),
                "target 10": lambda t: _above_minimum(10.0, t),
            },
            heading="loss above its minimum",
            caption="The same relative error costs in proportion to the count: a rate too high by a given factor costs "
            "ten times as much at a target of 10 as at 1. And too high by a factor costs more than too low by the same factor.",
            note="0.69 to the right the rate is twice the target, 0.69 to the left it is half of it.",
        ),
        Study(
            name="stirling",
            title="What full=True adds",
            label="target",
            span=(0.05, 4.0),
            curves={"full=True": _added, "log(target!)": lambda t: torch.lgamma(t + 1)},
            heading="added to the loss",
            caption="Stirling's formula comes close to log(target!) as the target grows. Up to a target of 1 torch adds "
            "nothing, which is exact for counts of 0 and 1, and leaves a jump just above 1.",
            note="It depends on the target alone, so it does not change the gradient with respect to the prediction.",
        ),
        Extremes(
            label="log-rate, input",
            span=(-5.0, 120.0),
            inputs=lambda t: {"input": t, "target": 1.0},
            of="input",
            note="One element with a target of 1.",
            caption="The exponential overflows first in float16, which ends at a rate of 65 504, then in bfloat16 and float32 at "
            "almost the same log-rate, near 88.7, since they have the same exponents. In float64 the curve goes on beyond "
            "this figure, to a log-rate of 709.",
        ),
    ),
    example={"input": [0.5, 1.2, 0.1], "target": [1.0, 4.0, 0.0]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "symmetric": False,
        "gradient_limits": (-1, "inf"),
        "redescending": False,
        "elicits": "log of the mean",
    },
)
