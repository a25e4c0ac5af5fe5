r"""Logistic

Takes a raw score and a label of 1 or -1, and penalises smoothly a score on the wrong side: minus the logarithm of the
probability that the sigmoid of the score gives to the label.

## When to use it

- Binary classification with labels of -1 and 1 where you want probabilities: the best score is the log-odds of label 1.
- Logistic regression, and gradient boosting with it.
- In place of [[soft_margin]]: it is the same function, computed so that no score overflows.

## When not to

- The labels are 0 and 1: [[bce_with_logits]] takes them, probabilities and weights.
- Several classes: [[cross_entropy]].
- Points that are clearly right should stop counting: [[hinge]].
- Many labels are wrong. A confident score against a wrong label costs its own size, without bound: [[savage|Savage]].

## Pitfalls

### With labels 0 and 1, the negatives teach nothing

A label of 0 makes the margin 0: the element costs log 2 and has no gradient, whatever its score. With `2 * label - 1`
the loss is what [[bce_with_logits]] is with the labels 0 and 1.

```python
from lossary.functional import logistic

score = torch.tensor([2.0, 2.0, -2.0], requires_grad=True)
label = torch.tensor([1.0, 0.0, 0.0])
for name, target in (("0 and 1 ", label), ("-1 and 1", 2 * label - 1)):
    loss = logistic(score, target, reduction="none")
    print(name, loss.detach(), "gradient", torch.autograd.grad(loss.sum(), score)[0])
print("BCE     ", F.binary_cross_entropy_with_logits(score, label, reduction="none").detach())
```

```output
0 and 1  tensor([0.1269, 0.6931, 0.6931]) gradient tensor([-0.1192, -0.0000, -0.0000])
-1 and 1 tensor([0.1269, 2.1269, 0.1269]) gradient tensor([-0.1192,  0.8808,  0.1192])
BCE      tensor([0.1269, 2.1269, 0.1269])
```

### Written with exp and log it overflows, and with softplus it loses its tail

`log(1 + exp(-margin))` is infinite below a margin of -88.7 in float32. `F.softplus` does not overflow, but beyond 20 it
returns its argument as it is, and so loses digits in float64. `-F.logsigmoid(margin)` has neither fault.

```python
margin = torch.tensor([-21.0, -100.0])
print("exp, log  ", torch.log(1 + torch.exp(-margin)))
print("logsigmoid", -F.logsigmoid(margin))
exact = math.log1p(math.exp(-21))
print(f"softplus   is off by {21 + exact - F.softplus(torch.tensor(21.0).double()).item():.1e} in float64")
print(f"logsigmoid is off by {21 + exact + F.logsigmoid(torch.tensor(-21.0).double()).item():.1e}")
```

```output
exp, log   tensor([21., inf])
logsigmoid tensor([ 21., 100.])
softplus   is off by 7.6e-10 in float64
logsigmoid is off by 0.0e+00
```

### On data that can be separated the scores grow without end

No margin is large enough for it: a larger one costs less. If some weights classify every point rightly, larger ones do
so at less cost, and the weight below rises with each step, ever more slowly. The model becomes sure of everything. A
penalty on the weights, or stopping early, ends that.

```python
from lossary.functional import logistic

feature = torch.tensor([1.0, -1.0])
for decay in (0.0, 0.01):
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0, weight_decay=decay)
    seen = []
    for step in range(1, 101):
        optimizer.zero_grad()
        logistic(weight * feature, torch.tensor([1.0, -1.0])).backward()
        optimizer.step()
        if step in (1, 10, 100):
            seen.append(f"{weight.item():.2f}")
    print(f"weight_decay={decay}: after 1, 10, 100 steps", *seen)
```

```output
weight_decay=0.0: after 1, 10, 100 steps 0.50 2.26 4.59
weight_decay=0.01: after 1, 10, 100 steps 0.50 2.17 3.34
```

### A sigmoid before it keeps the loss from reaching zero

The sigmoid is in the loss. Behind a second one the score lies between 0 and 1, and even a perfect model pays. What
takes probabilities is [[bce]], which scikit-learn calls `log_loss`.

```python
from lossary.functional import logistic

score, target = torch.tensor([30.0, -30.0]), torch.tensor([1.0, -1.0])
print("raw    ", logistic(score, target, reduction="none"))
print("sigmoid", logistic(score.sigmoid(), target, reduction="none"))
```

```output
raw     tensor([9.3576e-14, 9.3576e-14])
sigmoid tensor([0.3133, 0.6931])
```

## Relations

It is [[soft_margin]], without the overflow.

    functional.logistic(logits, 2 * label - 1) == F.soft_margin_loss(logits, 2 * label - 1)

It is [[bce_with_logits]] with the labels -1 and 1 in place of 0 and 1.

    functional.logistic(logits, 2 * label - 1) == F.binary_cross_entropy_with_logits(logits, label)

It is [[cross_entropy]] over two classes whose scores are zero and the input.

    functional.logistic(logits, 2 * label - 1) ==
        F.cross_entropy(torch.stack((torch.zeros_like(logits), logits), 1), label.long())

Divided by log 2 it is nowhere below the [[zero_one|zero-one loss]].

    torch.maximum(functional.logistic(logits, 2 * label - 1, reduction="none") / torch.log(torch.tensor(2.0).double()),
        functional.zero_one(logits, 2 * label - 1, reduction="none")) ==
        functional.logistic(logits, 2 * label - 1, reduction="none") / torch.log(torch.tensor(2.0).double())

With the scores multiplied by a large number and the loss divided by it, it tends to the [[perceptron]] loss.

    functional.logistic(1e9 * logits, 2 * label - 1) / 1e9 ==
        functional.perceptron(logits, 2 * label - 1)  # within 1e-6

It is the logarithm of 1 plus the [[exponential]] loss.

    functional.logistic(logits, 2 * label - 1, reduction="none") ==
        functional.exponential(logits, 2 * label - 1, reduction="none").log1p()

## In other libraries

- `optax.sigmoid_binary_cross_entropy(input, (target + 1) / 2)`: Labels are 0 and 1.
- `sklearn._loss.HalfBinomialLoss().loss((target.ravel() + 1) / 2, input.ravel())`: Private; what
  `SGDClassifier(loss="log_loss")` minimises, beside a penalty. Labels are 0 and 1.
- LossFunctions.jl `LogitMarginLoss()`: A function of the margin, which takes the exponential first and overflows.
  `LogitDistLoss` is another loss, of a residual.

## References

- D. R. Cox (1958). The Regression Analysis of Binary Sequences. *Journal of the Royal Statistical Society,
  Series B 20(2)*. doi:10.1111/j.2517-6161.1958.tb00292.x
- Jerome Friedman, Trevor Hastie and Robert Tibshirani (2000). Additive logistic regression: a statistical
  view of boosting (With discussion and a rejoinder by the authors). *The Annals of Statistics 28(2),
  337-407*. doi:10.1214/aos/1016218223
"""

import torch
from torch.nn import functional as F

from lossary.declaration import LOGISTIC, margin_loss, sigmoid, softplus, terms


def logistic(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = -F.logsigmoid(target * input)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = margin_loss(
    function=logistic,
    aliases=terms("logistic loss; logit loss; binomial deviance; logistic margin loss"),
    tasks=("binary",),
    search_terms=terms(
        "logistic regression loss with labels -1 and 1; log(1 + exp(-y f(x))); stable soft margin loss; "
        "softplus of minus the margin; LogitBoost loss; logistic regression; "
        "sigmoid classifier on labels plus and minus one; deviance; maximum entropy classifier; log loss of a score; "
        "LogitBoost; binary cross-entropy with labels -1 and 1; "
        "SGDClassifier loss='log_loss'; margin form of the log loss; logistic regression with signs as labels; "
        "LightGBM and CatBoost Logloss; "
        "classes encoded as -1 and 1"
    ),
    concepts={
        "labels 0 and 1": "With labels 0 and 1",
        "overflow; nan; numerically stable logistic loss; softplus threshold": "Written with exp",
        "separable data; weights go to infinity; overconfident": "On data that can",
        "double sigmoid; sigmoid before logistic loss; log_loss takes probabilities": "A sigmoid before it",
    },
    answers={
        "binary/probability/score": ("Binary classification with labels", "The labels are 0 and 1"),
        "binary/decision/boosting": ("Logistic regression", "Many labels are wrong"),
    },
    value=lambda m: softplus(-m),
    gradient=lambda m, y: -y * sigmoid(-m),
    caption="A score far on the wrong side costs about its own size, and its gradient is close to 1 in size. On the "
    "right side the loss fades but never reaches zero.",
    side_by_side={
        "best-scores": "score[(p * functional.logistic(score, one, reduction='none') "
        "+ (1 - p) * functional.logistic(score, -one, reduction='none')).argmin(1)]"
    },
    example={"input": [2.0, -0.5, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={**LOGISTIC, "elicits": "log-odds of label 1"},
)
