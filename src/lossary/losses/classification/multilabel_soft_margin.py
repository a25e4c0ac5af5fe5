r"""Multi-label soft margin loss

Judges one raw score per label by binary cross-entropy, each label on its own, and averages over the labels: one value
per sample.

## When to use it

- Several labels may be true at once, or none, and the model returns one raw score per label: tags of
  a picture, topics of a text, findings in an X-ray.
- You want one loss per sample without reducing by hand. `reduction="none"` returns the mean over
  the labels of each sample, ready to be weighted or ranked.
- Some labels matter more than others, and the same factor should apply whether the label is
  present or absent: `weight`.

It is [[bce_with_logits]] with the labels averaged first. Each label is judged on its own; nothing
in the loss knows that two labels tend to come together.

## When not to

- Exactly one class is right. The outputs should then compete: [[cross_entropy]].
- Missing a rare label is worse than a false alarm. That takes a weight on the positives only, and
  only [[bce_with_logits]] has one, `pos_weight`.
- Nearly all labels of a sample are absent, as with thousands of tags. The easy negatives drown the
  few positives; [[focal|focal loss]] holds them down.
- Only the order of the labels counts: [[multilabel_margin|multi-label margin]] compares each
  present label with each absent one.
- The model ends in a sigmoid: [[bce]].

## Pitfalls

### Targets are zeros and ones, not -1 and not a padded list

A list of label numbers padded with -1 is the format of [[multilabel_margin|multi-label margin]], and
labels of -1 and 1 that of [[soft_margin|soft margin]]. Both are wrong here, and neither is an error. A
target of -1 turns the sign of a term: the more confidently the model says no, the lower the loss,
without end. A list of label numbers is read as if each number were a degree of presence.

```python
score = torch.tensor([[4.0, -4.0, 4.0, -4.0]])
multi_hot = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
targets = {
    "labels 0 and 2, as 0 and 1": multi_hot,
    "the same, as -1 and 1": 2 * multi_hot - 1,
    "the same, as a padded list": torch.tensor([[0.0, 2.0, -1.0, -1.0]]),
}
for name, target in targets.items():
    loss = F.multilabel_soft_margin_loss(score, target)
    print(f"{name}: {loss.item():.4f}")

worse = F.multilabel_soft_margin_loss(10 * score, targets["the same, as -1 and 1"])
print(f"-1 and 1, scores ten times as large: {worse.item():.4f}")
```

```output
labels 0 and 2, as 0 and 1: 0.0181
the same, as -1 and 1: -1.9819
the same, as a padded list: 4.0181
-1 and 1, scores ten times as large: -20.0000
```

### Only the mean agrees with BCEWithLogitsLoss

The labels of a sample are averaged before any reduction. So `"mean"` gives the same number as
[[bce_with_logits]], `"sum"` is smaller by the number of labels as a factor, and `"none"` has one value
for each sample instead of one for each label. If you swap one loss for the other and sum, the gradient
changes by that factor. In the formula of PyTorch's documentation the brackets are missing: the
division by the number of labels holds for both terms.

```python
score = torch.tensor([[0.1, 0.2, -0.4], [1.0, -1.0, 0.5]])
target = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])

for reduction in ("mean", "sum"):
    soft = F.multilabel_soft_margin_loss(score, target, reduction=reduction)
    bce = F.binary_cross_entropy_with_logits(score, target, reduction=reduction)
    print(reduction, round(soft.item(), 4), round(bce.item(), 4))
soft = F.multilabel_soft_margin_loss(score, target, reduction="none")
bce = F.binary_cross_entropy_with_logits(score, target, reduction="none")
print("none", tuple(soft.shape), tuple(bce.shape))
```

```output
mean 0.7427 0.7427
sum 1.4854 4.4562
none (2,) (2, 3)
```

### Two shapes that do not match are silently broadcast

[[bce_with_logits]] refuses a target of another shape. This loss broadcasts, without even a warning.
A column of scores against a flat target compares every sample with every label of the batch, and divides by the one
score that a sample has, not by the labels. A single row of labels is used for all samples. Compare the shapes yourself.

```python
score = torch.tensor([[9.0], [-9.0], [9.0]])
target = torch.tensor([1.0, 0.0, 1.0])

print("flat target  ", round(F.multilabel_soft_margin_loss(score, target).item(), 4))
column = target.view(3, 1)
print("column target", round(F.multilabel_soft_margin_loss(score, column).item(), 4))
try:
    F.binary_cross_entropy_with_logits(score, target)
except ValueError as error:
    print(error)
```

```output
flat target   12.0004
column target 0.0001
Target size (torch.Size([3])) must be the same as input size (torch.Size([3, 1]))
```

### The labels belong in the last dimension

Unlike [[cross_entropy]], which looks for the classes in dimension 1, this loss averages over the
last dimension, whatever it is. For images of shape `(batch, label, height, width)` it averages over
the width, and `weight` is matched with the columns of the picture. Move the labels to the end.

```python
score = torch.zeros(1, 2, 3, 2)
target = torch.ones(1, 2, 3, 2)
weight = torch.tensor([1.0, 3.0])

loss = F.multilabel_soft_margin_loss(score, target, weight=weight, reduction="none")
print("as it is   ", tuple(loss.shape))
score, target = score.movedim(1, -1), target.movedim(1, -1)
loss = F.multilabel_soft_margin_loss(score, target, weight=weight, reduction="none")
print("labels last", tuple(loss.shape))
```

```output
as it is    (1, 2, 3)
labels last (1, 3, 2)
```

### weight scales both sides of a label, and the mean does not divide by it

The factor of a label multiplies its loss when it is present and when it is absent. It changes how
much a label counts beside the others, but not the balance between its positives and its negatives,
and so it does not move the best prediction of a label. The mean still divides by the plain number of
labels, so larger weights mean a larger loss. Divide by the mean weight to keep the scale. And it is a
weight per label: a flat vector with one per sample fails, or is taken for one per label if both
counts are equal. A weight per sample has the shape `(N, 1)`.

```python
score = torch.tensor([[0.5, 0.5], [0.5, 0.5]])
target = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
weight = torch.tensor([1.0, 3.0])

print("plain       ", round(F.multilabel_soft_margin_loss(score, target).item(), 4))
loss = F.multilabel_soft_margin_loss(score, target, weight=weight)
print("weighted    ", round(loss.item(), 4))
print("same scale  ", round((loss / weight.mean()).item(), 4))
try:
    F.multilabel_soft_margin_loss(torch.zeros(2, 3), torch.ones(2, 3), weight=weight)
except RuntimeError as error:
    print(error)
```

```output
plain        0.7241
weighted     1.4482
same scale   0.7241
The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1
```

### A sigmoid in the model is applied twice

The loss takes raw scores. Probabilities lie between 0 and 1, and a second sigmoid maps them to between
0.5 and 0.7311. A present label then costs 0.3133 at least, and an absent one 0.6931 at least: the
average of the two below. Nothing warns you.

```python
perfect = torch.tensor([[1.0, 0.0]])

probability = F.multilabel_soft_margin_loss(perfect, perfect)
score = F.multilabel_soft_margin_loss(torch.tensor([[20.0, -20.0]]), perfect)
print("perfect probabilities", round(probability.item(), 4))
print("confident scores     ", round(score.item(), 4))
```

```output
perfect probabilities 0.5032
confident scores      0.0
```

### Infinite scores give NaN where they are right

A score of plus infinity for a present label, or minus infinity for an absent one, meets a factor of
zero, and infinity times zero is NaN. One masked label is enough to spoil its whole sample, and a weight
of zero does not save it. Where the score is wrong, the loss is infinite, as it should be. Finite scores
give no NaN, though in float16 the sum over many labels may overflow. Mask with a large finite negative number whose target is zero, or give the label a
finite score and the weight zero.

```python
score = torch.tensor([[float("inf"), float("-inf")]])
target = torch.tensor([[1.0, 0.0]])
none = torch.zeros(2)

print("right          ", F.multilabel_soft_margin_loss(score, target))
print("right, weight 0", F.multilabel_soft_margin_loss(score, target, weight=none))
print("wrong          ", F.multilabel_soft_margin_loss(score, 1 - target))
finite = score.clamp(-1e4, 1e4)
print("finite, right  ", F.multilabel_soft_margin_loss(finite, target))
print("finite, wrong  ", F.multilabel_soft_margin_loss(finite, 1 - target))
```

```output
right           tensor(nan)
right, weight 0 tensor(nan)
wrong           tensor(inf)
finite, right   tensor(0.)
finite, wrong   tensor(10000.)
```

### Boolean targets are refused

A comparison such as `rating > 3` yields booleans, and the loss subtracts the target from one, which
booleans do not allow. Convert with `.float()`. Whole numbers are accepted, which is
convenient, but it also lets a list of label numbers through.

```python
score = torch.tensor([[2.0, -2.0]])
target = torch.tensor([[True, False]])

try:
    F.multilabel_soft_margin_loss(score, target)
except RuntimeError as error:
    print(error)
print(F.multilabel_soft_margin_loss(score, target.long()))
print(F.multilabel_soft_margin_loss(score, target.float()))
```

```output
Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.
tensor(0.1269)
tensor(0.1269)
```

## Relations

Its mean is that of [[bce_with_logits]] over all elements.

    F.multilabel_soft_margin_loss(scores, q.round()) == F.binary_cross_entropy_with_logits(scores, q.round())

One value per sample is the mean of [[bce_with_logits]] over the labels, so the sum is smaller by
their number.

    F.multilabel_soft_margin_loss(scores, q.round(), reduction="sum") ==
        F.binary_cross_entropy_with_logits(scores, q.round(), reduction="sum") / 5

It is [[bce]] of the sigmoid of the scores, without the rounding.

    F.multilabel_soft_margin_loss(scores, q.round()) == F.binary_cross_entropy(torch.sigmoid(scores), q.round())

Its mean is that of the [[soft_margin|soft margin]] loss with the labels -1 and 1 in place of 0 and 1. That one has a value for
each label, so its sum is larger by the number of labels.

    F.multilabel_soft_margin_loss(scores, q.round()) == F.soft_margin_loss(scores, 2 * q.round() - 1)

## In other libraries

- `paddle.nn.MultiLabelSoftMarginLoss(reduction="none")(input, target)`: For labels 0 and 1. Its documentation also
  shows labels of -1 and 1; do not follow it.
- `mindspore.nn.MultiLabelSoftMarginLoss(reduction="none")(input, target)`: For inputs of shape (N, C) only.
- `keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)(target, input)`: Averages over the last axis
  first, as this loss does. from_logits=False is the default.
- BigDL `MultiLabelSoftMarginCriterion(weights)`: The mean over all elements. A sigmoid and then binary cross-entropy,
  without the stable form.

## References

- Min-Ling Zhang and Zhi-Hua Zhou (2014). A Review on Multi-Label Learning Algorithms. *IEEE Transactions on
  Knowledge and Data Engineering 26(8), 1819-1837*. doi:10.1109/TKDE.2013.39
"""

from lossary.declaration import (
    LOGISTIC,
    LOGITS,
    MEAN,
    MULTI_HOT,
    SUM,
    ZERO_ONE,
    HeatMap,
    Input,
    Loss,
    Precision,
    Reduction,
    Symbolic,
    class_weight,
    logit_section,
    sigmoid,
    softplus,
    sum_over,
    terms,
)

loss = Loss(
    torch="torch.nn.MultiLabelSoftMarginLoss",
    functional="torch.nn.functional.multilabel_soft_margin_loss",
    aliases=terms(
        "nn.MultiLabelSoftMarginLoss; F.multilabel_soft_margin_loss; multi-label soft margin; "
        "MultiLabelSoftMarginCriterion"
    ),
    tasks=("multi-label",),
    search_terms=terms(
        "multi-label classification loss; multilabel soft margin; multi-hot target; one-vs-all loss with sigmoid; "
        "binary relevance; image tagging loss; one loss value per sample for many labels; "
        "MultiLabelSoftMarginLoss negative loss; MultiLabelSoftMarginLoss target format; "
        "MultiLabelSoftMarginLoss vs BCEWithLogitsLoss; multi_label_soft_margin_loss; several labels per image; "
        "one sigmoid for each label; multi-label one-versus-all; tags; attributes; "
        "one-versus-all logistic loss of several labels; "
        "one-vs-rest multi-label; mean binary cross-entropy over labels"
    ),
    concepts={
        "class imbalance; weight for each label": "weight",
        "MultiLabelSoftMarginLoss target format; MultiLabelSoftMarginLoss negative loss": "Targets are zeros and ones",
        "MultiLabelSoftMarginLoss vs BCEWithLogitsLoss; one loss value per sample for many labels": "Only the mean",
        "sigmoid applied twice": "A sigmoid in the model",
        "MultiLabelSoftMarginLoss nan; masked labels": "Infinite scores",
        "column against flat target; broadcasting": "Two shapes",
        "boolean labels": "Boolean targets",
    },
    answers={
        "multi-label/probability/scores": ("You want one loss per", "Missing a rare label"),
    },
    inputs=(
        Input("input", "x", (LOGITS,), "(C), (N, C) or (*, C)", "the raw scores: no sigmoid before them"),
        Input(
            "target",
            "y",
            (MULTI_HOT,),
            "(C), (N, C) or (*, C), same as input",
            "1 for each label that is true, 0 for each that is not",
        ),
    ),
    parameters=(
        class_weight(
            "a factor for each label, present or absent; the mean still divides by the number of labels",
            broadcasts=True,
        ),
    ),
    reductions=(
        Reduction("none", "nothing: one value per sample, a mean over its labels", None),
        SUM,
        Reduction("mean", "the number of samples; each value is already a mean over the labels", MEAN.divisor),
    ),
    formulas=(
        Symbolic(
            value=lambda x, y, c, C: sum_over(c, y[c] * softplus(-x[c]) + (1 - y[c]) * softplus(x[c]), C) / C,
            gradient={"input": lambda x, y, c, C: (sigmoid(x[c]) - y[c]) / C, "target": lambda x, c, C: -x[c] / C},
            at={"weight": None},
        ),
        Symbolic(
            label="With a weight for each label",
            value=lambda x, y, weight, c, C: (
                sum_over(c, weight[c] * (y[c] * softplus(-x[c]) + (1 - y[c]) * softplus(x[c])), C) / C
            ),
            gradient={
                "input": lambda x, y, weight, c, C: weight[c] * (sigmoid(x[c]) - y[c]) / C,
                "target": lambda x, weight, c, C: -weight[c] * x[c] / C,
            },
        ),
    ),
    precision=Precision(
        absolute=1.0,
        why="its derivatives are differences of two log-sigmoids or of two probabilities, which are of size 1 where "
        "their difference is tiny",
    ),
    sections=(
        logit_section(
            inputs=lambda t, y: {"input": [t], "target": [y]},
            label="logit of the only label, input",
            branches=ZERO_ONE,
            note="One label, present or absent. With C labels each gets this curve and this gradient, divided by C.",
            caption="A logit far on the wrong side costs about its own size, and its gradient is close to 1 in size. Far on "
            "the right side it costs almost nothing, and the gradient fades.",
        ),
    ),
    figures=(
        HeatMap(
            name="logits",
            title="Multi-label soft margin loss over two logits",
            labels=("logit of a label that is present", "logit of a label that is absent"),
            spans=((-6.0, 6.0), (-6.0, 6.0)),
            inputs=lambda s, t: {"input": [s, t], "target": [1, 0]},
            note="Two labels. The first is present, the second is not.",
            caption="The two labels do not compete: the loss is the mean of one curve across and one curve up. It is "
            "small only in the lower right corner, where both are judged right, and raising both logits together "
            "changes it, unlike with a softmax.",
        ),
    ),
    example={"input": [[2.0, -1.5, 0.5], [-0.5, 1.0, -2.0]], "target": [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]},
    properties=LOGISTIC,
)
