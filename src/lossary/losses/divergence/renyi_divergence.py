r"""Rényi divergence

A family of divergences between a target distribution and a prediction; the order alpha sets how much the outcomes
count whose probability is most underestimated.

## When to use it

- A result that you use is stated in this divergence, at an order of its own, as bounds of differential privacy are.
- You want a [[kl_div]] that is stricter about outcomes the prediction misses (`alpha` above 1) or more lenient (below 1).

## When not to

- There is no reason for an order other than 1: [[kl_div]] is its limit there and needs no logarithm of a sum.
- Orders from 1 up and predictions near zero: the divergence grows without bound. Below 1 it does so only as the two share
  less and less. [[hellinger]] and [[js_divergence]] have an upper bound.

## Pitfalls

### Close to order 1, rounding is divided by a tiny number

At `alpha=1` the formula is 0 divided by 0. Its limit is [[kl_div]], which the function on this page returns there. Next
to 1, it loses digits in float32. Probabilities that were rounded to float32 no longer sum to 1 exactly, which float64
afterwards does not mend. Take 1 itself, or compute from the softmax on in float64.

```python
from lossary.functional import renyi_divergence

prediction = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
target = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)

for alpha in (2.0, 1.01, 1.000001, 1.0):
    single = renyi_divergence(prediction.float(), target.float(), alpha=alpha)
    late = renyi_divergence(prediction.float().double(), target.float().double(), alpha=alpha)
    double = renyi_divergence(prediction, target, alpha=alpha)
    print(f"alpha {alpha}: float32 {single.item():.4f}, cast late {late.item():.4f}, float64 {double.item():.4f}")
print(f"KL: {F.kl_div(prediction.log(), target, reduction='sum').item():.4f}")
```

```output
alpha 2.0: float32 0.4886, cast late 0.4886, float64 0.4886
alpha 1.01: float32 0.2774, cast late 0.2774, float64 0.2774
alpha 1.000001: float32 0.2980, cast late 0.2898, float64 0.2749
alpha 1.0: float32 0.2749, cast late 0.2749, float64 0.2749
KL: 0.2749
```

### A low order is content with one of two modes

Of a target with two modes, a prediction that meets one of them and nearly misses the other is cheap at low orders. At higher
ones a prediction that covers both and fits neither is cheaper.

```python
from lossary.functional import renyi_divergence

target = torch.tensor([0.47, 0.02, 0.02, 0.02, 0.47])
wide = torch.full((5,), 0.2)
one_mode = torch.tensor([0.94, 0.02, 0.02, 0.01, 0.01])

for alpha in (0.1, 0.5, 1.0, 2.0):
    both = [renyi_divergence(prediction, target, alpha=alpha).item() for prediction in (one_mode, wide)]
    print(f"alpha {alpha:g}: one mode {both[0]:.3f}, wide {both[1]:.3f}")
```

```output
alpha 0.1: one mode 0.066, wide 0.102
alpha 0.5: one mode 0.478, wide 0.439
alpha 1: one mode 1.498, wide 0.665
alpha 2: one mode 3.109, wide 0.795
```

### The order of the arguments matters

The target is the first distribution, raised to `alpha`. At one half the two directions agree; at 2 they do not.

```python
prediction = torch.tensor([0.5, 0.4, 0.1])
target = torch.tensor([0.2, 0.3, 0.5])

for alpha in (0.5, 2.0):
    both = [
        ((p.pow(alpha) * q.pow(1 - alpha)).sum().log() / (alpha - 1)).item()
        for p, q in ((target, prediction), (prediction, target))
    ]
    print(f"alpha {alpha:g}: {both[0]:.4f} and {both[1]:.4f}")
```

```output
alpha 0.5: 0.2415 and 0.2415
alpha 2: 1.0314 and 0.5896
```

### A prediction of exactly zero gives NaN

The function takes logarithms. At `alpha` above 1 an outcome that both rule out gives NaN, though it should add nothing:
the logarithm of the prediction enters with the opposite sign, and infinity is subtracted from infinity. At 1 and below the
value is right, but the gradient is NaN. A softmax in float32 gives exact zeros for scores that lie far apart. Clamp the
prediction from below. A zero in a target that needs no gradient does no harm then.

```python
from lossary.functional import renyi_divergence

scores = torch.tensor([-200.0, 0.0, 0.0], requires_grad=True)
target = torch.tensor([0.0, 0.2, 0.8])

for alpha in (0.5, 1.0, 2.0):
    for name, prediction in (("as it is", scores.softmax(0)), ("clamped ", scores.softmax(0).clamp(min=1e-7))):
        loss = renyi_divergence(prediction, target, alpha=alpha)
        slope = torch.autograd.grad(loss, scores)[0]
        print(f"alpha {alpha:g}, {name}: {loss.item():.4f}, gradient", [f"{s:z.2f}" for s in slope.tolist()])
print("dropped, alpha 2: ", f"{renyi_divergence(torch.tensor([0.5, 0.5]), target[1:]).item():.4f}")
```

```output
alpha 0.5, as it is: 0.1054, gradient ['nan', 'nan', 'nan']
alpha 0.5, clamped : 0.1054, gradient ['0.00', '0.17', '-0.17']
alpha 1, as it is: 0.1927, gradient ['nan', 'nan', 'nan']
alpha 1, clamped : 0.1927, gradient ['0.00', '0.30', '-0.30']
alpha 2, as it is: nan, gradient ['nan', 'nan', 'nan']
alpha 2, clamped : 0.3075, gradient ['0.00', '0.44', '-0.44']
dropped, alpha 2:  0.3075
```

## Relations

As the order tends to 1 it becomes [[kl_div]].

    functional.renyi_divergence(p, q, alpha=1 + 1e-7) == F.kl_div(p.log(), q, reduction="batchmean")  # within 1e-6

At order 1 the function returns [[kl_div]] itself.

    functional.renyi_divergence(p, q, alpha=1) == F.kl_div(p.log(), q, reduction="batchmean")

At order 2 it is the logarithm of 1 plus the [[chi_squared_divergence|Pearson chi-squared divergence]].

    functional.renyi_divergence(p, q, alpha=2, reduction="none") ==
        functional.chi_squared_divergence(p, q, reduction="none").log1p()

## References

- Tim van Erven and Peter Harremoës (2014). Rényi Divergence and Kullback-Leibler Divergence. *IEEE Transactions on
  Information Theory 60(7), 3797-3820*. doi:10.1109/TIT.2014.2320500
"""

import torch

from lossary.declaration import (
    DISTRIBUTION_STEEP_AT_ZERO,
    POSITIVE,
    POSITIVE_DISTRIBUTION,
    Parameter,
    Precision,
    Symbolic,
    cases,
    divergence_loss,
    equal,
    log,
    sum_over,
    terms,
)


def renyi_divergence(
    input: torch.Tensor, target: torch.Tensor, *, alpha: float = 2.0, reduction: str = "mean"
) -> torch.Tensor:
    if alpha == 1:  # the limit
        entropy: torch.Tensor = torch.special.entr(target)  # 0 log 0 is 0
        loss = (-entropy - torch.xlogy(target, input)).sum(-1)
    else:
        loss = (alpha * target.log() + (1 - alpha) * input.log()).logsumexp(-1) / (alpha - 1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = divergence_loss(
    function=renyi_divergence,
    aliases=terms("Renyi divergence; Rényi relative entropy"),
    tasks=("distributions",),
    search_terms=terms(
        "renyi differential privacy; divergence of order alpha; generalised KL divergence; alpha divergence; "
        "order alpha; differential privacy; generalises KL divergence; privacy accounting; "
        "moments of importance weights; Rényi differential privacy accountant; "
        "divergence with a parameter alpha; between KL and the maximum log ratio; "
        "log(sum p^alpha q^(1 - alpha))/(alpha - 1)"
    ),
    concepts={
        "alpha equal to 1; KL as a limit": "Close to order 1",
        "nan with zero probabilities": "A prediction of exactly zero",
        "asymmetry; which distribution comes first": "The order of the arguments",
        "order of the divergence": "alpha",
        "mode seeking or covering": "A low order",
    },
    answers={
        "distributions/outcomes/reference": ("You want a [[kl_div]]", "There is no reason"),
    },
    predicted=POSITIVE_DISTRIBUTION,
    true=DISTRIBUTION_STEEP_AT_ZERO,
    parameters=(Parameter("alpha", 2.0, "the order", range=POSITIVE, typical=(0.5, 1.0, 2.0, 3.0)),),
    formula=Symbolic(
        value=lambda x, y, c, C, alpha: cases(
            (sum_over(c, y[c] * log(y[c] / x[c]), C), equal(alpha, 1)),
            (log(sum_over(c, y[c] ** alpha * x[c] ** (1 - alpha), C)) / (alpha - 1), True),
        ),
        gradient={
            "input": lambda x, y, c, i, C, alpha: cases(
                (-y[c] / x[c], equal(alpha, 1)),
                (-((y[c] / x[c]) ** alpha) / sum_over(i, y[i] ** alpha * x[i] ** (1 - alpha), C), True),
            ),
            "target": lambda x, y, c, i, C, alpha: cases(
                (log(y[c] / x[c]) + 1, equal(alpha, 1)),
                (
                    alpha
                    / (alpha - 1)
                    * (y[c] / x[c]) ** (alpha - 1)
                    / sum_over(i, y[i] ** alpha * x[i] ** (1 - alpha), C),
                    True,
                ),
            ),
        },
    ),
    precision=Precision(
        absolute=1.0, why="the logarithm is taken of a sum near 1 where the prediction meets the target"
    ),
    span=(0.03, 0.97),
    caption="Zero where the prediction meets the target. The larger alpha, the higher the price for an outcome "
    "whose probability is too small.",
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "symmetric": False,
    },
)
