r"""Binary cross-entropy with logits

Binary cross-entropy computed stably from the raw score before the sigmoid.

## When to use it

- Binary classification with a network that ends in a linear layer. The sigmoid and the logarithm
  are merged into one expression, so neither rounding nor overflow spoils the gradient.
- Several labels may hold at once. Give the model one output per label; each is judged on its own.
- Segmentation with independent masks, link prediction, and any other grid of yes-or-no answers.
- Classes are unbalanced, and a mistake on a positive should cost more: `pos_weight`.

The gradient with respect to the logit is simply the predicted probability minus the label.

## When not to

- Exactly one class is right. Then the outputs compete, and [[cross_entropy]] says so to the model.
- The model already returns probabilities: [[bce]].
- Almost everything is an easy negative, as in dense object detection. `pos_weight` cannot tell easy
  from hard negatives; [[focal|focal loss]] can.
- The overlap of a small region is what counts: [[dice|Dice loss]] or [[tversky|Tversky loss]], often added to this loss.

## Pitfalls

### Passing probabilities applies the sigmoid twice

The loss takes raw scores. If the model ends in a sigmoid, the inner values lie between 0 and 1, and
the outer sigmoid squeezes them into a narrow band. The loss stays between two values far from zero,
however good the model is, and the gradients are weak. Nothing warns you. Remove the sigmoid from
the model and apply it only for predictions.

```python
logit = torch.tensor([-10.0, 0.0, 10.0])
label = torch.ones(3)

once = F.binary_cross_entropy_with_logits(logit, label, reduction="none")
twice = F.binary_cross_entropy_with_logits(
    torch.sigmoid(logit), label, reduction="none"
)
print("scores       ", [round(value, 4) for value in once.tolist()])
print("probabilities", [round(value, 4) for value in twice.tolist()])
```

```output
scores        [10.0, 0.6931, 0.0]
probabilities [0.6931, 0.4741, 0.3133]
```

### Labels are not checked

[[bce]] rejects a label outside 0 to 1. This loss does not. Labels of -1 and 1, or class numbers
such as 2, give a plausible value that can be negative and has no lower bound, so training runs away
with a falling loss. For labels of -1 and 1 use [[soft_margin|soft margin]], or convert them as below.

```python
print(F.binary_cross_entropy_with_logits(torch.tensor([-3.0]), torch.tensor([-1.0])))
print(F.binary_cross_entropy_with_logits(torch.tensor([3.0]), torch.tensor([2.0])))

signed = torch.tensor([-1.0, 1.0])
print((signed + 1) / 2)
```

```output
tensor(-2.9514)
tensor(-2.9514)
tensor([0., 1.])
```

### pos_weight lines up with the last dimension

`pos_weight` is broadcast like any tensor, from the right. For images of shape `(batch, class,
height, width)` a vector with one weight a class is matched with the *width*. If both sizes happen
to be equal, nothing fails and the columns of the image get the weights. Give it the shape
`(class, 1, 1)`.

```python
logit = torch.zeros(1, 2, 1, 2)
label = torch.ones(1, 2, 1, 2)
weight = torch.tensor([1.0, 3.0])

wrong = F.binary_cross_entropy_with_logits(
    logit, label, pos_weight=weight, reduction="none"
)
right = F.binary_cross_entropy_with_logits(
    logit, label, pos_weight=weight.view(2, 1, 1), reduction="none"
)
print("rows are classes, columns are pixels")
print(wrong.squeeze())
print(right.squeeze())
```

```output
rows are classes, columns are pixels
tensor([[0.6931, 2.0794],
        [0.6931, 2.0794]])
tensor([[0.6931, 0.6931],
        [2.0794, 2.0794]])
```

### pos_weight touches only the positives, and the mean still divides by the count

The weight multiplies the term of the positive label. Negatives keep their loss, and `"mean"`
divides by the number of elements, not by the sum of the weights. So the loss becomes larger, and
losses with different weights are not comparable.

```python
logit = torch.tensor([0.5, 0.5])
label = torch.tensor([1.0, 0.0])
three = torch.tensor(3.0)

plain = F.binary_cross_entropy_with_logits(logit, label, reduction="none")
heavy = F.binary_cross_entropy_with_logits(
    logit, label, pos_weight=three, reduction="none"
)
mean = F.binary_cross_entropy_with_logits(logit, label, pos_weight=three)
print(plain)
print(heavy)
print(mean, heavy.sum() / 2)
```

```output
tensor([0.4741, 0.9741])
tensor([1.4222, 0.9741])
tensor(1.1982) tensor(1.1982)
```

### pos_weight shifts the probabilities

The weight acts as if every positive had been seen that many times. With one positive, four
negatives and a weight of four, the best constant prediction is not the observed share of positives
but an even chance: at a logit of zero the gradient vanishes. Thresholds and probabilities read off
such a model are shifted. Correct them, or move the decision threshold instead of weighting.

```python
logit = torch.zeros(1, requires_grad=True)
label = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0])

loss = F.binary_cross_entropy_with_logits(
    logit.expand(5), label, pos_weight=torch.tensor(4.0)
)
print("share of positives:", round(label.mean().item(), 2))
print("prediction:        ", torch.sigmoid(logit).item())
gradient = torch.autograd.grad(loss, logit)[0].item()
print("gradient vanishes: ", abs(gradient) < 1e-6)
```

```output
share of positives: 0.2
prediction:         0.5
gradient vanishes:  True
```

### A weight per sample needs a second dimension

It is natural to pass one weight per sample, and the documentation of [[bce]] even asks for that.
With a two-dimensional input it fails, or worse, is matched with the classes when both sizes are
equal. Reshape a weight per sample to `(N, 1)`. The same holds for `pos_weight`.

```python
logit = torch.zeros(4, 5)
label = torch.zeros(4, 5)
per_sample = torch.ones(4)

for name in ("weight", "pos_weight"):
    try:
        F.binary_cross_entropy_with_logits(logit, label, **{name: per_sample})
    except RuntimeError as error:
        print(error)
print(F.binary_cross_entropy_with_logits(logit, label, weight=per_sample.view(4, 1)))
```

```output
The size of tensor a (5) must match the size of tensor b (4) at non-singleton dimension 1
The size of tensor a (4) must match the size of tensor b (5) at non-singleton dimension 1
tensor(0.6931)
```

### Infinite logits give NaN, even when they are right

The expression multiplies the logit by the label or by its complement, and infinity times zero is
NaN. A mask filled with minus infinity, which is common in attention, does this. Finite scores are
safe at any size; mask with a large finite number, or leave the masked elements out of the loss.

```python
label = torch.tensor([1.0, 0.0])
infinite = torch.tensor([float("inf"), float("-inf")])
large = torch.tensor([1e4, -1e4])

print(F.binary_cross_entropy_with_logits(infinite, label, reduction="none"))
print(F.binary_cross_entropy_with_logits(large, label, reduction="none"))
print(F.binary_cross_entropy_with_logits(-large, label, reduction="none"))
```

```output
tensor([nan, nan])
tensor([0., 0.])
tensor([10000., 10000.])
```

## Relations

It is [[bce]] of the sigmoid of the logits, without the rounding.

    F.binary_cross_entropy_with_logits(logits, label) == F.binary_cross_entropy(torch.sigmoid(logits), label)

It is [[cross_entropy]] over two classes whose scores are zero and the logit.

    F.binary_cross_entropy_with_logits(logits, label) ==
        F.cross_entropy(torch.stack((torch.zeros_like(logits), logits), 1), label.long())

It is the [[soft_margin|soft margin]] loss with the labels -1 and 1 in place of 0 and 1.

    F.binary_cross_entropy_with_logits(logits, label) == F.soft_margin_loss(logits, 2 * label - 1)

It is the [[logistic|logistic]] loss of the margin, with the labels -1 and 1 in place of 0 and 1.

    F.binary_cross_entropy_with_logits(logits, label) == F.softplus(-(2 * label - 1) * logits, threshold=100).mean()

The [[multilabel_soft_margin|multi-label soft margin]] loss has the same mean over all elements.

    F.binary_cross_entropy_with_logits(scores, q.round()) == F.multilabel_soft_margin_loss(scores, q.round())

The [[focal|focal loss]] with `gamma=0` and `alpha=0.5` is half this loss.

    F.binary_cross_entropy_with_logits(logits, label) / 2 ==
        (0.5 * -torch.where(label.bool(), F.logsigmoid(logits), F.logsigmoid(-logits))).mean()

[[ranknet|RankNet]] is this loss of the difference of two scores.

    F.binary_cross_entropy_with_logits(input - target, label) ==
        (F.softplus(input - target, threshold=100) - label * (input - target)).mean()

[[bpr|Bayesian personalised ranking]] is this loss of the difference of two scores, with every label
equal to one.

    F.binary_cross_entropy_with_logits(input - target, torch.ones_like(input)) ==
        -F.logsigmoid(input - target).mean()

The [[gan_nonsaturating_generator|non-saturating GAN]] generator loss is this loss with every label
equal to one.

    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)) == -F.logsigmoid(logits).mean()

## In other libraries

- `keras.losses.BinaryCrossentropy(from_logits=True)`
- `tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)`: Elementwise; no reduction. Labels come first.
- `tf.nn.weighted_cross_entropy_with_logits(labels, logits, pos_weight)`: The same with pos_weight, as in
  torch. Elementwise.
- `optax.sigmoid_binary_cross_entropy(logits, labels)`: Elementwise; no reduction.
- scikit-learn `HistGradientBoostingClassifier(loss="log_loss")`: With two classes. The class HalfBinomialLoss
  behind it is private.
- `Flux.logitbinarycrossentropy(ŷ, y)`: The mean by default; agg chooses another reduction.
- timm, no multiple: `timm.loss.BinaryCrossEntropy(smoothing=0.1)`: Takes logits in spite of its name, and
  smooths class numbers by default.
- segmentation_models_pytorch `SoftBCEWithLogitsLoss()`: Ignores targets equal to ignore_index and can smooth
  labels.

## References

- D. R. Cox (1958). The Regression Analysis of Binary Sequences. *Journal of the Royal Statistical Society,
  Series B 20(2)*. doi:10.1111/j.2517-6161.1958.tb00292.x
- Tilmann Gneiting and Adrian E. Raftery (2007). Strictly Proper Scoring Rules, Prediction, and Estimation.
  *Journal of the American Statistical Association 102, 359-378*. doi:10.1198/016214506000001437
"""

from lossary.declaration import (
    BINARY,
    ELEMENT_WEIGHT,
    LOGISTIC,
    LOGIT,
    NOT_NEGATIVE,
    ZERO_ONE,
    Input,
    Loss,
    Parameter,
    PerElement,
    Precision,
    Symbolic,
    logit_section,
    sigmoid,
    softplus,
    terms,
)

loss = Loss(
    torch="torch.nn.BCEWithLogitsLoss",
    functional="torch.nn.functional.binary_cross_entropy_with_logits",
    aliases=terms(
        "BCE with logits; binary cross entropy with logits; F.binary_cross_entropy_with_logits; sigmoid "
        "cross-entropy; sigmoid CE; sigmoid_binary_cross_entropy; sigmoid_cross_entropy_with_logits; "
        "logitbinarycrossentropy; HalfBinomialLoss; SoftBCEWithLogitsLoss"
    ),
    tasks=("binary", "multi-label", "segmentation", "generative"),
    search_terms=terms(
        "bce_with_logits; "
        "weighted binary cross entropy class imbalance; multi-label classification loss; numerically stable sigmoid "
        "bce; sigmoid then bce nan; negative loss BCEWithLogitsLoss; Target size must be the same as input size; "
        "softplus(x) - x y; BinaryCrossentropy from_logits=True; timm BinaryCrossEntropy; "
        "weighted_cross_entropy_with_logits"
    ),
    concepts={
        "class imbalance; weighted binary cross entropy class imbalance; rare positives": "pos_weight",
        "sigmoid then bce nan; sigmoid applied twice": "Passing probabilities",
        "negative loss BCEWithLogitsLoss; labels outside 0 and 1": "Labels are not checked",
        "calibrated probabilities with pos_weight; probability threshold": "pos_weight shifts",
        "weight for each sample": "A weight per sample",
    },
    inputs=(
        Input("input", "z", (LOGIT,), "(*)", "the raw score of class 1: no sigmoid before it"),
        Input("target", "y", (BINARY,), "(*), same as input", "the label as a float"),
    ),
    parameters=(
        Parameter(
            "pos_weight",
            None,
            "a factor for the positive term only; lined up with the last dimensions of the input",
            kind=PerElement(),
            range=NOT_NEGATIVE,
            neutral=1.0,
            typical=(None, 0.5, 3.0),
        ),
        ELEMENT_WEIGHT,
    ),
    formulas=(
        Symbolic(
            value=lambda z, y: softplus(z) - y * z,
            gradient={"input": lambda z, y: sigmoid(z) - y, "target": lambda z: -z},
            at={"weight": None, "pos_weight": None},
        ),
        Symbolic(
            label="With pos_weight and weight",
            value=lambda z, y, weight, pos_weight: weight * (pos_weight * y * softplus(-z) + (1 - y) * softplus(z)),
            gradient={
                "input": lambda z, y, weight, pos_weight: (
                    weight * ((1 - y) * sigmoid(z) - pos_weight * y * sigmoid(-z))
                ),
                "target": lambda z, weight, pos_weight: weight * (pos_weight * softplus(-z) - softplus(z)),
            },
        ),
    ),
    precision=Precision(
        absolute=1.0,
        of_input=1.0,
        why="it subtracts a log-sigmoid from the logit, so that a loss much smaller than the logit loses its digits",
    ),
    sections=(
        logit_section(
            inputs=lambda t, y: {"input": t, "target": y},
            label="logit, input",
            branches=ZERO_ONE,
            note="One element, for each of the two labels.",
            caption="Wrong logits cost their own size and pull with a force close to 1. Right ones cost almost "
            "nothing, and their pull fades.",
        ),
    ),
    example={"input": [2.0, -1.5, 0.5], "target": [1.0, 0.0, 0.0]},
    properties=LOGISTIC,
)
