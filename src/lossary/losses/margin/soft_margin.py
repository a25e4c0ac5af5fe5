r"""Soft margin

Takes a raw score and a label of -1 or 1, and penalises smoothly a score whose sign disagrees with the label; PyTorch
computes it without protection against overflow.

## When to use it

- Binary classification where the labels are already -1 and 1, as in the literature on support vector
  machines and boosting, and where the scores stay small.
- You want a smooth loss of the margin. Points on the right side keep a small gradient, and the sigmoid
  of the score estimates the probability of label 1: the best score is that label's log-odds.
- You compare with [[hinge|hinge]] and other losses of the margin in the same notation.

For training a network there is a better choice in almost every case: [[bce_with_logits]] is the same
function, takes labels 0 and 1, has `weight` and `pos_weight`, and does not overflow.

## When not to

- Scores may become large, which no training run can rule out. This implementation takes the
  exponential of the score; [[bce_with_logits]] and `F.softplus` do not.
- The model runs in float16 without autocast. There the loss is infinite from a margin of -11.1 on;
  [[bce_with_logits]] is not.
- Several classes, of which exactly one holds: [[cross_entropy]].
- Many labels are wrong. A confident score against a wrong label costs about its own size, without
  bound: [[savage|Savage]] and [[tangent|tangent]] limit that cost.
- Points that are clearly right should stop counting: [[hinge|hinge]].

## Pitfalls

### One confidently wrong score turns the loss into infinity and the gradient into NaN

The loss is computed as it is written, with the exponential first. Below a margin of about -88.7 the
exponential is too large for float32, and the loss is infinite. The gradient is then infinity
divided by infinity, which is NaN. The true value is harmless: it is close to the size of the margin.
`F.softplus(-target * input)` and [[bce_with_logits]] give it.

```python
score = torch.tensor([-88.0, -89.0, -100.0], requires_grad=True)
target = torch.ones(3)

loss = F.soft_margin_loss(score, target, reduction="none")
print("soft margin    ", loss.detach())
print("  its gradient ", torch.autograd.grad(loss.sum(), score)[0])

stable = F.softplus(-target * score)
print("softplus       ", stable.detach())
print("  its gradient ", torch.autograd.grad(stable.sum(), score)[0])
label = (target + 1) / 2
logits = F.binary_cross_entropy_with_logits(score, label, reduction="none")
print("BCE with logits", logits.detach())
```

```output
soft margin     tensor([88., inf, inf])
  its gradient  tensor([-1., nan, nan])
softplus        tensor([ 88.,  89., 100.])
  its gradient  tensor([-1., -1., -1.])
BCE with logits tensor([ 88.,  89., 100.])
```

### In float16 a margin of -12 is enough

The largest float16 number is 65504, and the exponential passes it just above 11. bfloat16 has about
the range of float32, and overflows where float32 does. Under `torch.autocast` the loss is computed in
float32 already. That moves the limit, and does not remove it.

```python
for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
    score = torch.tensor([-11.0, -12.0, -90.0, -710.0], dtype=dtype)
    target = torch.ones(4, dtype=dtype)
    loss = F.soft_margin_loss(score, target, reduction="none")
    print(dtype, [round(value, 2) for value in loss.tolist()])

score = torch.tensor([-11.0, -12.0, -90.0]).half()
with torch.autocast("cpu", dtype=torch.float16):
    loss = F.soft_margin_loss(score, torch.ones(3), reduction="none")
print("float16 under autocast:", loss)
```

```output
torch.float16 [11.0, inf, inf, inf]
torch.bfloat16 [11.0, 12.0, inf, inf]
torch.float32 [11.0, 12.0, inf, inf]
torch.float64 [11.0, 12.0, 90.0, inf]
float16 under autocast: tensor([11.0000, 12.0000,     inf])
```

### With labels 0 and 1, every negative example is ignored

A label of 0 makes the margin 0 whatever the score is. The loss is then the constant log 2 and the
gradient is zero. Booleans give the same value, but their backward pass fails; `uint8` labels give a
NaN gradient for label 1. Below, one score is fitted to one positive and nine negatives. With labels -1
and 1 it settles at the log-odds of label 1; with 0 and 1 the positive alone decides, and the score goes
on rising. Convert the labels.

```python
label = torch.tensor([1.0] + [0.0] * 9)

for name, target in (("0 and 1 ", label), ("-1 and 1", 2 * label - 1)):
    score = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([score], lr=10.0)
    for step in range(1, 1001):
        optimizer.zero_grad()
        loss = F.soft_margin_loss(score.expand(10), target)
        loss.backward()
        optimizer.step()
        if step in (100, 1000):
            print(f"labels {name}  step {step:4}  score {score.item():7.4f}  loss {loss.item():.4f}")
print("log-odds of label 1:", round(math.log(0.1 / 0.9), 4))

for dtype in (torch.int64, torch.uint8, torch.bool):
    score = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = F.soft_margin_loss(score, torch.tensor([1, 0]).to(dtype), reduction="sum")
    try:
        print(dtype, round(loss.item(), 4), torch.autograd.grad(loss, score)[0].tolist())
    except RuntimeError as error:
        print(dtype, round(loss.item(), 4), str(error).partition(" If")[0])
```

```output
labels 0 and 1   step  100  score  4.5892  loss 0.6249
labels 0 and 1   step 1000  score  6.9050  loss 0.6239
labels -1 and 1  step  100  score -2.1972  loss 0.3251
labels -1 and 1  step 1000  score -2.1972  loss 0.3251
log-odds of label 1: -2.1972
torch.int64 1.0064 [-0.2689414322376251, -0.0]
torch.uint8 1.0064 [nan, -0.0]
torch.bool 1.0064 Negation, the `-` operator, on a bool tensor is not supported.
```

### A target of another shape is sometimes an error and sometimes silently spread over the input

Predictions of shape `(N, 1)` against targets of shape `(N,)` are refused, with a message that does
not name the cause. A target that fits the trailing dimensions is silently spread over the rest, so in
a batch with as many rows as columns the labels line up with the wrong dimension. Compare the shapes
yourself.

```python
row = torch.tensor([1.0, -1.0])

try:
    F.soft_margin_loss(torch.zeros(2, 1), row)
except RuntimeError as error:
    print("RuntimeError:", error)

score = torch.tensor([[3.0, 3.0], [-3.0, -3.0]])
print(F.soft_margin_loss(score, row, reduction="none"))
print(F.soft_margin_loss(score, row.view(2, 1).expand(2, 2), reduction="none"))
```

```output
RuntimeError: output with shape [2, 1] doesn't match the broadcast shape [2, 2]
tensor([[0.0486, 3.0486],
        [3.0486, 0.0486]])
tensor([[0.0486, 0.0486],
        [0.0486, 0.0486]])
```

### The target cannot carry a gradient

Labels that come out of a model, as in learned or adversarial labels, are refused. Write the loss
with `F.softplus`, which is differentiable in everything.

```python
score = torch.tensor([0.5])
target = torch.tensor([1.0], requires_grad=True)

try:
    F.soft_margin_loss(score, target)
except RuntimeError as error:
    print(error)
loss = F.softplus(-target * score).sum()
print(torch.autograd.grad(loss, target)[0])
```

```output
The function 'soft_margin_loss' is not differentiable with respect to argument 'target'. This input cannot have requires_grad True.
tensor([-0.1888])
```

## Relations

It is [[bce_with_logits]] with the labels -1 and 1 in place of 0 and 1, and without the protection
against overflow.

    F.soft_margin_loss(logits, 2 * label - 1) == F.binary_cross_entropy_with_logits(logits, label)

It is the [[logistic|logistic]] loss of the margin.

    F.soft_margin_loss(logits, 2 * label - 1) == functional.logistic(logits, 2 * label - 1)

On a matrix of scores, [[multilabel_soft_margin]] has the same mean. It takes the labels as 0 and 1.

    F.soft_margin_loss(scores, 2 * (q > 0.2).double() - 1) ==
        F.multilabel_soft_margin_loss(scores, (q > 0.2).double())

It is [[cross_entropy]] over two classes whose scores are zero and the input.

    F.soft_margin_loss(logits, 2 * label - 1) ==
        F.cross_entropy(torch.stack((torch.zeros_like(logits), logits), 1), label.long())

[[bpr|Bayesian personalised ranking]] is this loss of the difference of two scores, with every label
equal to one.

    F.soft_margin_loss(input - target, torch.ones_like(input)) == functional.bpr(input, target)

## In other libraries

- `optax.sigmoid_binary_cross_entropy(input, (target + 1) / 2)`: Labels are 0 and 1; does not overflow.
  optax.binary_logistic_loss is its deprecated name.
- LossFunctions.jl `LogitMarginLoss()`: A function of the margin. It takes the exponential first as well, and
  overflows.
- `sklearn._loss.HalfBinomialLoss().loss((target.ravel() + 1) / 2, input.ravel())`: Private; what
  HistGradientBoostingClassifier minimises for two classes. Labels are 0 and 1.

## References

- Jerome Friedman, Trevor Hastie and Robert Tibshirani (2000). Additive logistic regression: a statistical
  view of boosting (With discussion and a rejoinder by the authors). *The Annals of Statistics 28(2),
  337-407*. doi:10.1214/aos/1016218223
"""

import math

from torch.nn import functional as F

from lossary.declaration import EXPONENT_SCORE, LOGISTIC, Extremes, Study, exp, log, margin_loss, terms

loss = margin_loss(
    torch="torch.nn.SoftMarginLoss",
    functional="torch.nn.functional.soft_margin_loss",
    aliases=terms("soft margin loss; F.soft_margin_loss; soft_margin_loss"),
    tasks=("binary",),
    search_terms=terms(
        "SoftMarginLoss inf; SoftMarginLoss nan; soft margin loss overflow; logistic loss with labels -1 and 1; "
        "binary classification with labels plus and minus one; log(1 + exp(-y x)); "
        "The function 'soft_margin_loss' is not differentiable with respect to argument 'target'; "
        "doesn't match the broadcast shape; two-class logistic with labels -1 and 1; plus or minus one labels; "
        "logistic loss in torch; "
        "torch's logistic loss with targets -1 and 1; "
        "SoftMarginLoss targets must be -1 or 1; log(1 + exp(-y x)) mean"
    ),
    concepts={
        "SoftMarginLoss inf; SoftMarginLoss nan; soft margin loss overflow": "One confidently wrong",
        "labels 0 and 1; log-odds": "With labels 0 and 1",
        "mixed precision": "In float16",
        "The function 'soft_margin_loss' is not differentiable with respect to argument 'target'": "The target cannot",
        "doesn't match the broadcast shape": "A target of another shape",
    },
    answers={
        "binary/probability/score": ("Binary classification where the labels", "Scores may become large"),
    },
    score=EXPONENT_SCORE,
    value=lambda m: log(1 + exp(-m)),
    gradient=lambda m, y: -y / (1 + exp(m)),
    caption="A score far on the wrong side costs about its own size, and its gradient is close to 1 in size. On the "
    "right side the loss fades but never reaches zero.",
    figures=(
        Study(
            name="bound",
            title="Soft margin beside what it stands in for",
            label="margin, target × input",
            span=(-3.0, 3.0),
            curves={
                "soft margin / log 2": lambda t: F.softplus(-t) / math.log(2),
                "hinge": lambda t: F.relu(1 - t),
                "zero-one": lambda t: (t <= 0).to(t),
            },
            caption="Divided by log 2 it passes through 1 at the margin 0 and is like the hinge never below the count of "
            "errors. Unlike the hinge it has no corner and never reaches zero.",
            note="The zero-one loss counts an error where the margin is not positive.",
        ),
        Extremes(
            label="score, input",
            span=(-120.0, 20.0),
            inputs=lambda t: {"input": t, "target": 1},
            of="input",
            caption="From right to left, float16, bfloat16 and float32 follow the straight line until their exponential "
            "overflows. From there on the loss is infinite and the gradient is NaN.",
            note="One element with label 1. float64 fails in the same way near -709.8, outside the picture.",
        ),
    ),
    example={"input": [2.0, -0.5, 1.5], "target": [1.0, 1.0, -1.0]},
    properties={**LOGISTIC, "elicits": "log-odds of label 1"},
)
