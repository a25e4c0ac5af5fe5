r"""Tangent

Takes a raw score and a label of 1 or -1, and penalises by the squared distance between the label and twice the arc
tangent of the score: a wrong score has a bounded cost, and one that is right by far has a cost as well.

## When to use it

- Binary classification with outliers on both sides: a wrong label has a bounded cost, and a point that is right by far
  does not draw the model after it either.
- Boosting in computer vision, for which it was made.

## When not to

- Scores may be large, as those of a deep network are: the gradient fades with the square of the score. That of
  [[logistic]] does not on the wrong side.
- The optimiser is to find the minimum from any start: it is not convex. [[logistic]] is.
- The cost of a wrong score should be bounded, and a right one should cost nothing: [[savage|Savage]].

## Pitfalls

### A score that is right by far costs more than an undecided one

The loss is zero at one margin, the tangent of one half, and rises on both sides. From there on a better score costs
more, while one of 0 costs 1. Do not read the loss as a measure of errors.

```python
from lossary.functional import tangent

score = torch.tensor([0.0, math.tan(0.5), 1.0, 3.0, 1000.0])
print(tangent(score, torch.ones(5), reduction="none"))
```

```output
tensor([1.0000, 0.0000, 0.3258, 2.2443, 4.5779])
```

### Large scores do not move

The gradient falls with the square of the score, on the right side as on the wrong one. Scale the last layer down so
that scores start near 0.

```python
from lossary.functional import tangent

score = torch.tensor([-1.0, -10.0, -100.0, -1000.0], requires_grad=True)
print(torch.autograd.grad(tangent(score, torch.ones(4), reduction="sum"), score)[0])
```

```output
tensor([-5.1416e+00, -1.5613e-01, -1.6485e-03, -1.6558e-05])
```

### The probability is the arc tangent of the score plus one half, and not its sigmoid

It is a probability only for scores between minus and plus the tangent of one half; beyond, cut it.

```python
from lossary.functional import tangent

score = torch.linspace(-1, 1, 20001)
target = torch.cat((torch.ones(9), -torch.ones(1)))  # positive in 9 of 10
best = score[tangent(score[:, None], target, reduction="none").mean(1).argmin()]
print(f"arc tangent plus one half {best.atan() + 0.5:.3f}, sigmoid {best.sigmoid():.3f}")
```

```output
arc tangent plus one half 0.900, sigmoid 0.604
```

### With labels 0 and 1, the negatives teach nothing

A label of 0 makes the margin 0: the element costs 1 and has no gradient, whatever its score. Use `2 * label - 1`.

```python
from lossary.functional import tangent

score = torch.tensor([3.0, -3.0], requires_grad=True)
loss = tangent(score, torch.zeros(2), reduction="none")
print(loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
```

```output
tensor([1., 1.]) tensor([-0., -0.])
```

## Relations

It is the [[squared_error_classification|squared margin]] loss of twice the arc tangent of the score.

    functional.tangent(logits, 2 * label - 1) ==
        functional.squared_error_classification(2 * torch.atan(logits), 2 * label - 1)

It is nowhere below the [[zero_one|zero-one loss]].

    torch.maximum(functional.tangent(logits, 2 * label - 1, reduction="none"),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.tangent(logits, 2 * label - 1, reduction="none")

## References

- Hamed Masnadi-Shirazi, Vijay Mahadevan and Nuno Vasconcelos (2010). On the design of robust classifiers for computer
  vision. In *2010 IEEE Computer Society Conference on Computer Vision and Pattern Recognition, 779-786*.
  doi:10.1109/CVPR.2010.5540136
"""

import math

import mpmath
import torch

from lossary.declaration import atan, margin_loss, terms


def tangent(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (2 * torch.atan(target * input) - 1).square()
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


# The margins at which the slope and the curvature are largest in size.
_STEEP = float(mpmath.findroot(lambda t: t * (2 * mpmath.atan(t) - 1) - 1, -0.5))
_BENT = float(mpmath.findroot(lambda t: (3 * t**2 - 1) * (2 * mpmath.atan(t) - 1) - 6 * t, 0.1))

loss = margin_loss(
    function=tangent,
    aliases=terms("Tangent loss; TangentBoost loss"),
    tasks=("binary",),
    search_terms=terms(
        "robust classification loss with bounded penalty; loss that penalises too correct points; "
        "(2 arctan(y f(x)) - 1)^2; robust classifiers for computer vision; arc tangent; TangentBoost; "
        "bounded classification loss; robust to outliers and wrong labels; non-convex margin loss; "
        "non-convex boosting; "
        "arctan loss; "
        "Bayes consistent and punishes too confident right answers; bounded arctangent"
    ),
    concepts={
        "penalises too correct; overconfident predictions": "A score that is right by far",
        "vanishing gradient; zero gradient": "Large scores",
        "probabilities": "The probability is",
        "labels 0 and 1": "With labels 0 and 1",
    },
    answers={
        "binary/noise": ("Binary classification with outliers", "The cost of a wrong"),
    },
    value=lambda m: (2 * atan(m) - 1) ** 2,
    gradient=lambda m, y: 4 * y * (2 * atan(m) - 1) / (1 + m**2),
    perfect=math.tan(0.5),
    caption="A valley whose floor lies at the margin tan(1/2), with a high plateau on the wrong side and a lower one "
    "on the right. The gradient changes its sign at the floor, and fades on both sides.",
    side_by_side={
        "best-scores": "score[(p * functional.tangent(score, one, reduction='none') "
        "+ (1 - p) * functional.tangent(score, -one, reduction='none')).argmin(1)]"
    },
    example={"input": [2.0, -0.5, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "lipschitz": 4 * (1 - 2 * math.atan(_STEEP)) / (1 + _STEEP**2),
        "gradient_lipschitz": 8 * (1 - _BENT * (2 * math.atan(_BENT) - 1)) / (1 + _BENT**2) ** 2,
        "bounded": True,
        "supremum": (1 + math.pi) ** 2,
        "value_at_perfect": 0,
        "gradient_limits": (0, 0),
        "redescending": True,
        "elicits": "tangent of the probability of label 1 minus 1/2",
        "calibrated": True,
    },
)
