r"""Itakura-Saito divergence

Compares two positive values by their ratio alone, so that a quiet frequency counts as much as a loud one; a prediction
that is too small costs more than one that is too large.

## When to use it

- The values are powers or variances that span orders of magnitude, as in the spectra of audio, and a factor of two
  should cost the same at each level.
- The noise multiplies the target, as it does in an estimated power or variance.

## When not to

- Targets may be zero. The divergence is infinite there. Use [[poisson_nll]] for counts.
- You need a convex loss. It bends downwards where the prediction exceeds twice the target; [[poisson_deviance]]
  nowhere does.
- Values near zero are only noise. The ratio makes them count as much as any other; use [[mse]] or [[l1]].

## Pitfalls

### It sees only the ratio

Multiplying prediction and target by one number changes nothing, so there is no unit to normalise. For the same reason
errors in the background weigh as much as errors in the signal, and the gradient is larger the smaller the values are.

```python
for scale in (1.0, 1e-3, 1e-6):
    prediction = torch.tensor(2.0 * scale, requires_grad=True)
    ratio = scale / prediction
    loss = ratio - ratio.log() - 1
    loss.backward()
    print(f"scale {scale:g}: loss {loss.item():.4f}, gradient {prediction.grad.item():.4g}")
```

```output
scale 1: loss 0.1931, gradient 0.25
scale 0.001: loss 0.1931, gradient 250
scale 1e-06: loss 0.1931, gradient 2.5e+05
```

### Too small costs more than too large

A prediction ten times too small costs several times as much as one ten times too large: the first grows with the
ratio, the second with its logarithm.

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

Silent frames have a power of zero. A target of zero gives infinity; a prediction of zero gives NaN, since two
infinities are subtracted. Add a small floor to the prediction and to the target.

```python
prediction = torch.tensor([1.0, 0.0, 0.0])
target = torch.tensor([0.0, 1.0, 0.0])

ratio = target / prediction
print("as they are  ", ratio - ratio.log() - 1)
ratio = (target + 1e-6) / (prediction + 1e-6)
print("with a floor ", ratio - ratio.log() - 1)
```

```output
as they are   tensor([inf, nan, nan])
with a floor  tensor([1.2816e+01, 9.9999e+05, 0.0000e+00])
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
        "scale invariance; loud and quiet frequencies": "It sees only the ratio",
        "asymmetry; underestimation": "Too small costs more",
        "silence; zero power; nan": "A zero on either side",
    },
    answers={
        "regression/relative/positive": ("The values are powers", "You need a convex loss"),
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
        "value_at_perfect": 0,
    },
)
