r"""Brier score

The squared difference between a predicted probability and what happened, 1 or 0: a strictly proper score that stays
finite for a confident wrong answer.

## When to use it

- You judge probabilities, and one confident wrong forecast should not decide the result. An element costs at most 1.
- Labels may be wrong. There [[bce]] charges a confident answer up to 100 in torch, and in theory any amount.

## When not to

- You train a network through a sigmoid. Where it is confidently wrong, the gradient with respect to the logit fades;
  [[bce_with_logits]] keeps it.
- Rare events. A forecast of zero for everything already has a low score; see below. [[bce]] charges far more for an
  event that was ruled out.

## Pitfalls

### Logits run without an error

Any two numbers have a squared difference. An element above 1 gives the mistake away. Training moves the logits
themselves to 0 and 1, and a sigmoid makes unsure answers of those, however clear the case.

```python
from lossary.functional import brier

logit, label = torch.tensor([3.0, -2.0], requires_grad=True), torch.tensor([1.0, 0.0])
print("probabilities", brier(logit.sigmoid(), label, reduction="none").detach())
print("logits       ", brier(logit, label, reduction="none").detach())
optimizer = torch.optim.SGD([logit], lr=0.3)
for _ in range(100):
    optimizer.zero_grad()
    brier(logit, label).backward()
    optimizer.step()
print("learnt from logits", [f"{p:.2f}" for p in logit.sigmoid().tolist()])
```

```output
probabilities tensor([0.0022, 0.0142])
logits        tensor([4., 4.])
learnt from logits ['0.73', '0.50']
```

### There are two definitions, and one is twice the other

Brier's own score of 1950 adds the squared differences over all classes. For two classes both differ by the same amount,
so that it is twice the score here, and runs from 0 to 2.

```python
from lossary.functional import brier

p, label = torch.tensor([0.8, 0.3]), torch.tensor([1.0, 1.0])
both, outcome = torch.stack((1 - p, p), 1), torch.stack((1 - label, label), 1)
print("one number ", brier(p, label, reduction="none"))
print("all classes", (both - outcome).square().sum(1))
```

```output
one number  tensor([0.0400, 0.4900])
all classes tensor([0.0800, 0.9800])
```

### Through a sigmoid the gradient fades

The gradient with respect to the logit has the factor `p (1 - p)`, which vanishes at both ends: at the right one and at
the wrong one. Cross-entropy cancels that factor.

```python
from lossary.functional import brier

logit, label = torch.tensor([-2.0, -10.0], requires_grad=True), torch.ones(2)
score = brier(logit.sigmoid(), label, reduction="sum")
print("Brier        ", torch.autograd.grad(score, logit)[0])
entropy = F.binary_cross_entropy_with_logits(logit, label, reduction="sum")
print("cross-entropy", torch.autograd.grad(entropy, logit)[0])
```

```output
Brier         tensor([-1.8496e-01, -9.0787e-05])
cross-entropy tensor([-0.8808, -1.0000])
```

### For rare events a low score says little

The score of a constant forecast at the base rate is `rate (1 - rate)`. Compare with that value, not with zero: the skill
score is one minus their quotient.

```python
from lossary.functional import brier

label = torch.zeros(1000)
label[:10] = 1
print("always zero", brier(torch.zeros(1000), label).item())
print("base rate  ", brier(label.mean().expand(1000), label).item())
```

```output
always zero 0.009999999776482582
base rate   0.009900002740323544
```

## Relations

It is [[mse]] of probabilities.

    functional.brier(p[:, 0], q[:, 0]) == F.mse_loss(p[:, 0], q[:, 0])

## In other libraries

- `sklearn.metrics.brier_score_loss(target.ravel(), input.ravel())`: A metric of hard labels alone; the label comes first. Of
  three classes or more it adds the squared differences over all of them.

## References

- Glenn W. Brier (1950). Verification of forecasts expressed in terms of probability. *Monthly Weather Review 78(1),
  1-3*.
- Tilmann Gneiting and Adrian E. Raftery (2007). Strictly Proper Scoring Rules, Prediction, and Estimation. *Journal of
  the American Statistical Association 102, 359-378*. doi:10.1198/016214506000001437
"""

import torch

from lossary.declaration import (
    BINARY,
    PROBABILITY,
    ZERO_ONE,
    Input,
    Loss,
    Symbolic,
    probability_section,
    terms,
)


def brier(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (input - target).square()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=brier,
    aliases=terms("Brier loss; quadratic score; quadratic scoring rule; brier_score_loss"),
    tasks=("binary", "multi-label"),
    search_terms=terms(
        "mean squared error of probabilities; proper scoring rule; verification of forecasts; "
        "probability calibration metric; weather forecast score; Brier skill score; squared error of a probability; "
        "mean squared error between probability and outcome; how good probability forecasts are; "
        "calibration and refinement; score for forecasts of rain; proper score for yes-or-no forecasts; "
        "calibration; how well calibrated; score of predicted probabilities; "
        "reliability of predicted probabilities; rain forecast verification; squared error of class probabilities; "
        "honest probabilities; (p - y)^2; probabilities that can be trusted; "
        "quality of predicted probabilities; check a probability model"
    ),
    concepts={
        "logits as input; missing sigmoid; Brier score above 1": "Logits run",
        "multiclass Brier score; Brier score from 0 to 2": "There are two definitions",
        "vanishing gradient; sigmoid then squared error": "Through a sigmoid",
        "class imbalance; base rate; Brier skill score": "For rare events",
    },
    answers={
        "binary/probability/probability": ("Labels may be wrong", "You train a network"),
        "binary/report": ("You judge probabilities", "You train a network"),
        "multi-label/probability/probabilities": ("You judge probabilities", "You train a network"),
    },
    inputs=(
        Input("input", "p", (PROBABILITY,), "(*)", "the predicted probability of class 1"),
        Input("target", "y", (BINARY,), "(*), same as input", "the label, 0 or 1 or in between"),
    ),
    formulas=(
        Symbolic(
            value=lambda p, y: (p - y) ** 2,
            gradient={"input": lambda p, y: 2 * (p - y), "target": lambda p, y: 2 * (y - p)},
        ),
    ),
    sections=(
        probability_section(
            inputs=lambda t, y: {"input": t, "target": y},
            label="predicted probability, input",
            branches=ZERO_ONE,
            note="One element, for each of the two labels.",
            caption="A parabola for each label. The worst answer costs 1, and the gradient grows to 2 on the way there.",
        ),
    ),
    example={"input": [0.9, 0.2, 0.6], "target": [1.0, 0.0, 0.0]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": 2,
        "gradient_lipschitz": 2,
        "bounded": True,
        "value_at_perfect": 0,
        "elicits": "mean",
        "proper": "strictly proper",
        "calibrated": True,
    },
)
