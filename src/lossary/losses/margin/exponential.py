r"""Exponential

Takes a raw score and a label of 1 or -1: the cost is the exponential of minus their product, and grows by a factor of e
with each unit that the score lies further on the wrong side.

## When to use it

- Boosting: AdaBoost minimises it step by step, and weights each point by this loss of it.
- The labels are clean, and each of them should be fitted.

## When not to

- Labels may be wrong: [[logistic]] has the same best decisions and grows only in proportion to the margin.
- You train a network. A score of -89 on the wrong side is infinite in float32: [[logistic]].

## Pitfalls

### One wrong label can take nearly all of the gradient

The gradient of a point is as large as its loss. Below, nine points are right at the margin 1, and one is wrong at the
margin -6.

```python
from lossary.functional import exponential, logistic

margin = torch.tensor([1.0] * 9 + [-6.0], requires_grad=True)
for name, loss in (("exponential", exponential), ("logistic   ", logistic)):
    (pull,) = torch.autograd.grad(loss(margin, torch.ones(10), reduction="sum"), margin)
    print(f"{name} share of the wrong point {(pull[-1] / pull.sum()).item():.4f}")
```

```output
exponential share of the wrong point 0.9919
logistic    share of the wrong point 0.2918
```

### It overflows, and there is no stable way to write it

The true value passes the largest float32 number at a margin of -88.7, and the largest float16 number at -11.1. The
gradient is infinite as well, and a step along it ruins the weights. Use [[logistic]], or work with the logarithm of the
summed loss, which has the same minimum: `torch.logsumexp(-target * input, 0)`.

```python
from lossary.functional import exponential

score = torch.tensor([-11.0, -12.0, -88.0, -89.0])
print("float16", exponential(score.half(), torch.ones(4).half(), reduction="none"))
print("float32", exponential(score, torch.ones(4), reduction="none"))
print("logsumexp", torch.logsumexp(-score, 0))
```

```output
float16 tensor([59872.,    inf,    inf,    inf], dtype=torch.float16)
float32 tensor([5.9874e+04, 1.6275e+05, 1.6516e+38,        inf])
logsumexp tensor(89.3133)
```

### The score is half the log-odds

The probability of label 1 is `sigmoid(2 * score)`. With `sigmoid(score)`, as for [[logistic]], it comes out too close
to one half.

```python
from lossary.functional import exponential

score = torch.linspace(-3, 3, 6001)
target = torch.cat((torch.ones(9), -torch.ones(1)))  # positive in 9 of 10
best = score[exponential(score[:, None], target, reduction="none").mean(1).argmin()]
print(f"sigmoid of twice the score {(2 * best).sigmoid():.3f}, of the score {best.sigmoid():.3f}")
```

```output
sigmoid of twice the score 0.900, of the score 0.750
```

### With labels 0 and 1, the negatives teach nothing

A label of 0 makes the margin 0: the element costs 1 and has no gradient, whatever its score. Use `2 * label - 1`.

```python
from lossary.functional import exponential

score = torch.tensor([3.0, -3.0], requires_grad=True)
loss = exponential(score, torch.zeros(2), reduction="none")
print(loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
```

```output
tensor([1., 1.]) tensor([-0., -0.])
```

## Relations

Its logarithm after adding 1 is the [[logistic]] loss.

    functional.exponential(logits, 2 * label - 1, reduction="none").log1p() ==
        functional.logistic(logits, 2 * label - 1, reduction="none")

It is nowhere below the [[zero_one|zero-one loss]].

    torch.maximum(functional.exponential(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.exponential(logits, 2 * label - 1, reduction="none")

## In other libraries

- `sklearn._loss.loss.ExponentialLoss().loss((target.ravel() + 1) / 2, input.ravel())`: Private; what
  GradientBoostingClassifier minimises with `loss="exponential"`. Labels are 0 and 1.
- LossFunctions.jl `ExpLoss()`: A function of the margin.

## References

- Yoav Freund and Robert E. Schapire (1997). A Decision-Theoretic Generalization of On-Line Learning and an Application
  to Boosting. *Journal of Computer and System Sciences 55(1), 119-139*. doi:10.1006/jcss.1997.1504
- Jerome Friedman, Trevor Hastie and Robert Tibshirani (2000). Additive logistic regression: a statistical view of
  boosting (With discussion and a rejoinder by the authors). *The Annals of Statistics 28(2), 337-407*.
  doi:10.1214/aos/1016218223
"""

import torch

from lossary.declaration import EXPONENT_SCORE, Extremes, exp, margin_loss, terms


def exponential(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = torch.exp(-target * input)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = margin_loss(
    function=exponential,
    aliases=terms("exponential loss; AdaBoost loss; boosting loss"),
    tasks=("binary",),
    search_terms=terms(
        "exp(-y f(x)); loss that AdaBoost minimises; GradientBoostingClassifier loss='exponential'; "
        "exponential margin loss; AdaBoost; boosting weights; mistakes cost exponentially; sensitive to wrong labels; "
        "reweighting of misclassified examples; "
        "boosted trees reweight misclassified samples; grows exponentially with a wrong margin; "
        "weak learners; weights of boosting rounds"
    ),
    concepts={
        "outliers; wrong labels; AdaBoost noise": "One wrong label",
        "overflow; inf; mixed precision": "It overflows",
        "probabilities from AdaBoost; half the log-odds": "The score is half",
        "labels 0 and 1": "With labels 0 and 1",
    },
    answers={
        "binary/decision/boosting": ("Boosting", "Labels may be wrong"),
    },
    score=EXPONENT_SCORE,
    value=lambda m: exp(-m),
    gradient=lambda m, y: -y * exp(-m),
    caption="On the right side it fades like the logistic loss; on the wrong side it grows by a factor of e with "
    "each unit of the margin, and so does its gradient.",
    figures=(
        Extremes(
            label="score, input",
            span=(-120.0, 20.0),
            inputs=lambda t: {"input": t, "target": 1},
            of="input",
            caption="From right to left, float16, then float32 and bfloat16 become infinite, each where its largest "
            "number lies. The gradient becomes infinite with the loss.",
            note="One element with label 1. float64 overflows near -709.8, outside the picture.",
        ),
    ),
    side_by_side={
        "best-scores": "score[(p * functional.exponential(score, one, reduction='none') "
        "+ (1 - p) * functional.exponential(score, -one, reduction='none')).argmin(1)]"
    },
    example={"input": [2.0, -0.5, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", 0),
        "elicits": "half the log-odds of label 1",
        "calibrated": True,
    },
)
