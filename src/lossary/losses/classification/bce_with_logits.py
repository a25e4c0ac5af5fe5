r"""Binary cross-entropy with logits

Compares raw scores with yes-or-no labels: each element costs minus the logarithm of the probability that the sigmoid
of its score gives to its label, computed without the sigmoid's rounding.

## When to use it

- Binary classification with a network that ends in a linear layer. The sigmoid and the logarithm
  are merged into one expression, so neither rounding nor overflow spoils the gradient.
- Several labels may be true at once. Give the model one output per label; each is judged on its own.
- Segmentation with independent masks, link prediction, and any other grid of yes-or-no answers.
- Classes are unbalanced, and a mistake on a positive should cost more: `pos_weight`. The usual choice
  is the number of negatives divided by the number of positives.
- The best few of several labels are taken, and as many of them as possible should be right: the scores sort the labels
  by their probabilities.
- The time until an event is predicted in intervals: one output per interval, with label 1 where the event comes in it and a
  `weight` of 0 after the event, or after the subject was last seen. The sigmoid is the probability of the event in an
  interval for those who reach it.
- The discriminator of a generative adversarial network, with label 1 for samples of the data and 0 for generated ones.
  The sigmoid of its best score is the share of real samples among those that look the same.

Without weights the gradient with respect to the logit is the predicted probability minus the label.

## When not to

- Exactly one class is right. Then the outputs should compete, as in [[cross_entropy]].
- The model already returns probabilities: [[bce]].
- Almost everything is an easy negative, as in dense object detection. `pos_weight` cannot tell easy
  from hard negatives; [[focal|focal loss]] can.
- Only the order of the labels counts: [[multilabel_margin]] compares each that is true with each that is not.
- Only the order of event times counts: [[cox_partial_likelihood]] needs no intervals.
- The overlap of a small region is what counts: [[dice|Dice loss]] or [[tversky|Tversky loss]], often added to this loss.

## Pitfalls

### Passing probabilities applies the sigmoid twice

The loss takes raw scores. If the model ends in a sigmoid, the values that arrive lie between 0 and
1, and the loss's own sigmoid maps them to between 0.5 and 0.7311. With label 1 the loss then stays
between 0.3133 and 0.6931, however good or bad the model is, and a confidently wrong score hardly
gets a gradient. Nothing warns you. Remove the sigmoid from the model and apply it only for
predictions.

```python
label = torch.ones(3)

for name, first in (("scores       ", nn.Identity()), ("probabilities", nn.Sigmoid())):
    logit = torch.tensor([-10.0, 0.0, 10.0], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(first(logit), label, reduction="none")
    gradient = torch.autograd.grad(loss.sum(), logit)[0]
    print(name, "loss    ", [round(value, 4) for value in loss.tolist()])
    print(name, "gradient", [round(value, 4) for value in gradient.tolist()])
```

```output
scores        loss     [10.0, 0.6931, 0.0]
scores        gradient [-1.0, -0.5, -0.0]
probabilities loss     [0.6931, 0.4741, 0.3133]
probabilities gradient [-0.0, -0.0944, -0.0]
```

### Labels are not checked

[[bce]] rejects a label outside 0 to 1. This loss does not. Labels of -1 and 1, or class numbers
such as 2, give a value that can be negative and falls without end as the scores grow. Convert labels
of -1 and 1 as below.

```python
for size in (3.0, 30.0, 300.0):
    score = torch.tensor([-size, size])
    signed = torch.tensor([-1.0, 1.0])
    wrong = F.binary_cross_entropy_with_logits(score, signed)
    right = F.binary_cross_entropy_with_logits(score, (signed + 1) / 2)
    print(f"scores of {size:g}: labels -1 and 1 {wrong.item():.4f}, 0 and 1 {right.item():.4f}")
```

```output
scores of 3: labels -1 and 1 -1.4514, 0 and 1 0.0486
scores of 30: labels -1 and 1 -15.0000, 0 and 1 0.0000
scores of 300: labels -1 and 1 -150.0000, 0 and 1 0.0000
```

### A column of scores and a flat list of labels do not fit

A last layer with one unit returns `(N, 1)`, while the labels usually have the shape `(N,)`. That is
an error: both must have the same shape. Drop the dimension from the scores, or give it to the labels.

```python
score = torch.tensor([[2.0], [-1.5], [0.5]])
label = torch.tensor([1.0, 0.0, 0.0])

try:
    F.binary_cross_entropy_with_logits(score, label)
except ValueError as error:
    print("ValueError:", error)
print(F.binary_cross_entropy_with_logits(score.squeeze(1), label))
print(F.binary_cross_entropy_with_logits(score, label.unsqueeze(1)))
```

```output
ValueError: Target size (torch.Size([3])) must be the same as input size (torch.Size([3, 1]))
tensor(0.4341)
tensor(0.4341)
```

### Labels must be floating point

Integer labels, the usual result of reading a table, are refused with a message about a "result type",
and booleans with one about subtraction. Neither names the labels. Convert them with `.float()`.

```python
score = torch.tensor([0.5, -1.0])

for label in (torch.tensor([1, 0]), torch.tensor([True, False])):
    try:
        F.binary_cross_entropy_with_logits(score, label)
    except RuntimeError as error:
        print(label.dtype, error)
    print(F.binary_cross_entropy_with_logits(score, label.float()))
```

```output
torch.int64 result type Float can't be cast to the desired output type Long
tensor(0.3937)
torch.bool Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.
tensor(0.3937)
```

### The first argument of the class is weight, not pos_weight

`nn.BCEWithLogitsLoss(t)` sets `weight`, which multiplies positives and negatives alike, and so does
the third argument of the function. Both run without a complaint. Write `pos_weight=`.

```python
score = torch.tensor([0.5, 0.5])
label = torch.tensor([1.0, 0.0])
four = torch.tensor([4.0])

for loss in (
    nn.BCEWithLogitsLoss(reduction="none"),
    nn.BCEWithLogitsLoss(four, reduction="none"),
    nn.BCEWithLogitsLoss(pos_weight=four, reduction="none"),
):
    print(loss(score, label), "weight", loss.weight, "pos_weight", loss.pos_weight)
```

```output
tensor([0.4741, 0.9741]) weight None pos_weight None
tensor([1.8963, 3.8963]) weight tensor([4.]) pos_weight None
tensor([1.8963, 0.9741]) weight None pos_weight tensor([4.])
```

### pos_weight lines up with the last dimension

`pos_weight` is broadcast like any tensor, from the right. For images of shape `(batch, class,
height, width)` a vector with one weight per class is matched with the *width*. If the width equals the
number of classes, nothing fails and the columns of the image get the weights. Give it the shape
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
divides by the number of elements, not by the sum of the weights. So a weight above 1 makes the loss
larger, and losses with different weights cannot be compared.

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

### pos_weight shifts the logits by its logarithm

The weight acts as if every positive had been seen that many times. With one positive, four negatives
and the usual weight, negatives divided by positives, the best constant prediction is not the observed
share of positives but an even chance. The shift is known: with `pos_weight=w` the best logit is the
true log-odds plus log w. Subtract log w from the logits of the trained model to get probabilities
back, or keep the logits, at which, with that weight, an output of 0.5 stands for the share of positives.

```python
label = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0])
weight = (label == 0).sum() / (label == 1).sum()
logit = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([logit], lr=1.0)

for step in range(200):
    optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(logit.expand(5), label, pos_weight=weight).backward()
    optimizer.step()

corrected = torch.sigmoid(logit - weight.log()).item()
print("pos_weight        ", weight.item())
print("share of positives", round(label.mean().item(), 4))
print("prediction        ", round(torch.sigmoid(logit).item(), 4))
print("corrected         ", round(corrected, 4))
```

```output
pos_weight         4.0
share of positives 0.2
prediction         0.5
corrected          0.2
```

### A weight per sample needs a second dimension

It is natural to pass one weight per sample, and the documentation of [[bce]] even asks for that.
With a two-dimensional input it fails, or is silently matched with the classes when both sizes are
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

A mask filled with minus infinity, which is common in attention, makes the loss NaN even where the
label agrees. PyTorch computes the logit times 1 minus the label, and subtracts the logarithm of the
sigmoid. For minus infinity and label 0 that is infinity minus infinity; for an infinite logit and
label 1 the first term is zero times infinity. The gradient is the right one all the same; only the
value is spoilt. Finite scores have a finite loss each: mask with a large finite number, or leave the masked
elements out of the loss.

```python
label = torch.tensor([1.0, 0.0, 1.0, 0.0])

for size in (float("inf"), 1e4):
    logit = torch.tensor([size, -size, -size, size], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(logit, label, reduction="none")
    print(loss.detach())
    print("  its gradient", torch.autograd.grad(loss.sum(), logit)[0])
```

```output
tensor([nan, nan, nan, inf])
  its gradient tensor([ 0.,  0., -1.,  1.])
tensor([    0.,     0., 10000., 10000.])
  its gradient tensor([ 0.,  0., -1.,  1.])
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

    F.binary_cross_entropy_with_logits(logits, label) == functional.logistic(logits, 2 * label - 1)

The [[multilabel_soft_margin|multi-label soft margin]] loss has the same mean over all elements.

    F.binary_cross_entropy_with_logits(scores, q.round()) == F.multilabel_soft_margin_loss(scores, q.round())

The [[focal|focal loss]] with `gamma=0` and `alpha=0.5` is half this loss.

    F.binary_cross_entropy_with_logits(logits, label) / 2 == functional.focal(logits, label, gamma=0.0, alpha=0.5)

[[ranknet|RankNet]] is this loss of the difference of two scores.

    F.binary_cross_entropy_with_logits(input - target, label) == functional.ranknet(input, target, label)

[[bpr|Bayesian personalised ranking]] is this loss of the difference of two scores, with every label
equal to one.

    F.binary_cross_entropy_with_logits(input - target, torch.ones_like(input)) == functional.bpr(input, target)

The [[gan_nonsaturating_generator|non-saturating GAN]] generator loss is this loss with every label
equal to one.

    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)) ==
        functional.gan_nonsaturating_generator(logits)

## In other libraries

- `keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)(target, input)`
- `tensorflow.nn.sigmoid_cross_entropy_with_logits(target, input)`: Elementwise; no reduction. Labels come first.
- `tensorflow.nn.weighted_cross_entropy_with_logits(target, input, pos_weight)` at pos_weight=3.0: With pos_weight, as in
  torch. Elementwise; no reduction.
- `optax.sigmoid_binary_cross_entropy(input, target)`: Elementwise; no reduction.
- `sklearn._loss.HalfBinomialLoss().loss(target.ravel(), input.ravel())`: Private; what HistGradientBoostingClassifier
  minimises for two classes.
- `Flux.logitbinarycrossentropy(ŷ, y)`: The mean by default; agg chooses another reduction.
- `timm.loss.BinaryCrossEntropy(smoothing=0.0, reduction="none")(input, target)`: Takes logits in spite of its name,
  and smooths class numbers by default.
- `segmentation_models_pytorch.losses.SoftBCEWithLogitsLoss(reduction="none", ignore_index=None)(input, target)`:
  Targets equal to ignore_index cost nothing, but the mean still counts them. Can smooth labels.

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
        "BCE with logits; F.binary_cross_entropy_with_logits; sigmoid "
        "cross-entropy; sigmoid CE; sigmoid_binary_cross_entropy; sigmoid_cross_entropy_with_logits; "
        "logitbinarycrossentropy; HalfBinomialLoss; SoftBCEWithLogitsLoss"
    ),
    tasks=("binary", "multi-label", "segmentation", "generative", "survival"),
    search_terms=terms(
        "bce_with_logits; weighted binary cross entropy class imbalance; multi-label classification loss; "
        "numerically stable sigmoid bce; sigmoid then bce nan; negative loss BCEWithLogitsLoss; "
        "Target size must be the same as input size; softplus(x) - x y; BinaryCrossentropy from_logits=True; "
        "timm BinaryCrossEntropy; result type Float can't be cast to the desired output type Long; "
        "weighted_cross_entropy_with_logits; sigmoid cross-entropy from raw scores; "
        "sigmoid and cross-entropy in one; binary classifier without a final sigmoid; "
        "independent labels, several may hold; image tagging; link prediction; "
        "binary classification; numerically stable sigmoid cross-entropy; is this example positive; multi-hot "
        "targets; "
        "sigmoid and BCELoss in one layer; more negatives than positives; reweight the positive class; logits; "
        "XGBoost binary:logistic; one output without sigmoid; log(1 + exp(x)) - y x; "
        "raw score of one class; 99 percent negatives"
    ),
    concepts={
        "class imbalance; weighted binary cross entropy class imbalance; rare positives; positive class is rare; rare class should count more; imbalanced binary data; weigh up the positive examples; oversampling the positives; scale_pos_weight": "pos_weight",
        "sigmoid then bce nan; sigmoid applied twice": "Passing probabilities",
        "negative loss BCEWithLogitsLoss; labels outside 0 and 1": "Labels are not checked",
        "calibrated probabilities with pos_weight; probability threshold; how to choose pos_weight; negatives divided by "
        "positives": "pos_weight shifts",
        "Target size must be the same as input size": "A column of scores",
        "result type Float can't be cast to the desired output type Long; integer labels; boolean labels": "Labels must be",
        "BCEWithLogitsLoss pos_weight ignored; positional arguments": "The first argument",
        "BCEWithLogitsLoss nan; masked logits": "Infinite logits",
        "weight for each sample": "A weight per sample",
    },
    answers={
        "binary/probability/score": ("Binary classification with a network", "The model already returns"),
        "binary/rare": ("Classes are unbalanced", "Almost everything"),
        "multi-label/probability/scores": ("Several labels may be true", "Exactly one class"),
        "multi-label/rare": ("Classes are unbalanced", "Almost everything"),
        "segmentation/pixels/masks": ("Segmentation with independent", "The overlap of a small"),
        "multi-label/order": ("The best few", "Only the order of the labels"),
        "survival": ("The time until", "Only the order of event times"),
        "generative/discriminator/probability": ("The discriminator of", "The model already returns"),
    },
    inputs=(
        Input("input", "z", (LOGIT,), "(*)", "the raw score of class 1: no sigmoid before it"),
        Input("target", "y", (BINARY,), "(*), same as input", "the label, 0 or 1 or in between, as a float"),
    ),
    parameters=(
        Parameter(
            "pos_weight",
            None,
            "a factor for the positive term only, such as negatives / positives; lined up with the last dimensions of the "
            "input",
            kind=PerElement(),
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
            caption="A logit far on the wrong side costs about its own size, and its gradient is close to 1 in size. Far on "
            "the right side it costs almost nothing, and the gradient fades.",
        ),
    ),
    example={"input": [2.0, -1.5, 0.5], "target": [1.0, 0.0, 0.0]},
    properties=LOGISTIC,
)
