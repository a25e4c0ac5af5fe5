r"""Itakura-Saito divergence

Compares two positive values by their ratio alone, so that a quiet frequency counts as much as a loud one; a prediction
that is too small costs more than one that is too large.

## When to use it

- The values are powers or variances that span orders of magnitude, as in the spectra of audio, and a factor of two
  should cost the same at each level.
- The noise multiplies the target, as it does in an estimated power or variance.

## When not to

- Targets may be zero. The divergence is infinite there. Use [[poisson_nll]] for counts.
- You need a loss that is convex in the prediction. It bends downwards where the prediction exceeds twice the target;
  [[poisson_deviance]] nowhere does.
- Values near zero are only noise. The ratio makes them count as much as any other; use [[mse]] or [[l1]].

## Pitfalls

### It sees only the ratio

Multiplying prediction and target by one number changes nothing, so there is no unit to normalise. For the same reason
errors in the background weigh as much as errors in the signal, and the gradient is larger the smaller the values are. A
model that predicts the logarithm has a gradient that is the same at each level, and a convex loss.

```python
for scale in (1.0, 1e-3, 1e-6):
    prediction = torch.tensor(2.0 * scale, requires_grad=True)
    logarithm = prediction.log().detach().requires_grad_()
    slopes = []
    for predicted, leaf in ((prediction, prediction), (logarithm.exp(), logarithm)):
        ratio = scale / predicted
        loss = ratio - ratio.log() - 1
        slopes.append(torch.autograd.grad(loss, leaf)[0].item())
    print(f"scale {scale:g}: loss {loss.item():.4f}, gradient {slopes[0]:.4g}, of the logarithm {slopes[1]:.4g}")
```

```output
scale 1: loss 0.1931, gradient 0.25, of the logarithm 0.5
scale 0.001: loss 0.1931, gradient 250, of the logarithm 0.5
scale 1e-06: loss 0.1931, gradient 2.5e+05, of the logarithm 0.5
```

### Too small costs more than too large

A prediction ten times too small costs several times as much as one ten times too large: the first grows with the
ratio, the second with its logarithm. A gain on one of the two alone is such a factor. Where it should not matter, scale
them alike first.

```python
for factor in (0.1, 0.5, 2.0, 10.0):
    ratio = torch.tensor(1 / factor)
    print(f"prediction {factor:g} times the target: {(ratio - ratio.log() - 1).item():.3f}")
```

```output
prediction 0.1 times the target: 6.697
prediction 0.5 times the target: 0.307
prediction 2 times the target: 0.193
prediction 10 times the target: 1.403
```

### A zero on either side gives infinity or NaN

Silent frames have a power of zero. A target of zero gives infinity, and a finite gradient. A prediction of zero gives NaN
for both: infinity is subtracted from infinity, or zero divided by zero where the target is zero too. Add a floor to the
prediction and to the target. Its size sets what a prediction of silence costs: about the target divided by the floor.

```python
from lossary.functional import itakura_saito

prediction = torch.tensor([1.0, 0.0, 0.0], requires_grad=True)
target = torch.tensor([0.0, 1.0, 0.0])

for floor in (0.0, 1e-6, 1e-2):
    loss = itakura_saito(prediction + floor, target + floor, reduction="none")
    slope = torch.autograd.grad(loss.sum(), prediction)[0]
    print(f"floor {floor:g}: loss", [f"{value:z.4g}" for value in loss.tolist()])
    print("  gradient", [f"{value:z.4g}" for value in slope.tolist()])
```

```output
floor 0: loss ['inf', 'nan', 'nan']
  gradient ['1', 'nan', 'nan']
floor 1e-06: loss ['12.82', '1e+06', '0']
  gradient ['1', '-1e+12', '0']
floor 0.01: loss ['3.625', '95.38', '0']
  gradient ['0.9803', '-1e+04', '0']
```

## Relations

With the prediction as the variance, it is twice [[gaussian_nll]] of residuals that have the target as
their square, up to terms of the target alone.

    functional.itakura_saito(p, q) ==
        2 * F.gaussian_nll_loss(q.sqrt(), 0 * q, p, eps=0.0) - q.log().mean() - 1

## References

- Cédric Févotte, Nancy Bertin and Jean-Louis Durrieu (2009). Nonnegative Matrix Factorization with the Itakura-Saito
  Divergence: With Application to Music Analysis. *Neural Computation 21(3), 793-830*. doi:10.1162/neco.2008.04-08-771
"""

import torch

from lossary.declaration import (
    Axis,
    Input,
    Kind,
    Loss,
    Precision,
    Section,
    Symbolic,
    log,
    terms,
)


def itakura_saito(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    excess = (target - input) / input
    target = target.to(excess.dtype)  # the logarithm of an integer has single precision
    close = excess.abs() < 0.5
    # log1p keeps the digits where the two nearly agree; elsewhere the logarithms stay apart, for no quotient to underflow
    ratio = torch.where(close, excess, 0).log1p()
    loss = excess - torch.where(close, ratio, target.log() - input.log())
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


_FROM_SILENCE = (1e-12, 1e-6, 1e-3, 0.1, 0.5, 1.0, 1.5, 2.0, 10.0, 1000.0, 1e6)
POWER = Kind("powers, above 0", values=_FROM_SILENCE, lower=0.0, far=1e6, takes="predictions")
TRUE_POWER = Kind("powers, above 0", values=_FROM_SILENCE, lower=0.0, far=1e6, takes="values")

loss = Loss(
    function=itakura_saito,
    aliases=terms("IS divergence; Itakura-Saito distance"),
    tasks=("regression", "distributions"),
    search_terms=terms(
        "audio power spectrum loss; scale invariant divergence; NMF for audio; spectrogram divergence; spectra; "
        "speech and music; ratio of power spectra; nonnegative matrix factorisation; quiet as important as loud; "
        "gamma likelihood; "
        "NMF of audio; non-negative matrix factorisation of power spectra; ratio of two power spectra; "
        "audio source separation; spectra that differ by gain; "
        "y/x - log(y/x) - 1"
    ),
    concepts={
        "scale invariance; loud and quiet frequencies; log-power output": "It sees only the ratio",
        "asymmetry; underestimation; spectra that differ by a gain": "Too small costs more",
        "silence; zero power; nan": "A zero on either side",
    },
    answers={
        "regression/relative/positive": ("The values are powers", "You need a loss"),
    },
    inputs=(
        Input("input", "x", (POWER,), "(*)", "the predicted values"),
        Input("target", "y", (TRUE_POWER,), "(*), same as input", "the true values"),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y: y / x - log(y / x) - 1,
            gradient={"input": lambda x, y: (x - y) / x**2, "target": lambda x, y: 1 / x - 1 / y},
        ),
    ),
    precision=Precision(
        size=lambda x, y: 1 + y / x + abs(log(x)) + abs(log(y)),
        why="its terms cancel where the prediction meets the target",
    ),
    sections=(
        Section(
            axis=Axis("power", "prediction, with a target of 1", (0.1, 5.0), 4.0, (-6.0, 1.0)),
            label="prediction, with a target of 1",
            span=(0.1, 5.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"": 1.0},
            perfect=1.0,
            limits=(0.0, float("inf")),
            target_values="real",
            note="One element. The target is 1.",
            caption="Steep where the prediction is too small, nearly flat where it is too large. Beyond twice the target "
            "the curve bends downwards: there it is not convex.",
        ),
    ),
    example={"input": [1.0, 2.0, 0.5], "target": [1.0, 1.0, 1.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "symmetric": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", 0),
        "elicits": "mean",
    },
)
