r"""Cross-entropy

Compares a raw score per class with the class that is right: the softmax of the scores gives each class a probability,
and the loss is minus the logarithm of the right class's probability.

## When to use it

- Exactly one of several classes is right, and the model returns one raw score per class. The
  softmax is part of the loss and is computed in a stable way.
- Next-token prediction, segmentation, and everything else that is a classification at each
  position. The exponential of the mean loss is the perplexity.
- You need good probabilities. The expected loss is smallest exactly when the predicted distribution
  is the true one.
- The target is a distribution itself, as in distillation, mixup or label smoothing: pass
  probabilities in place of class numbers.
- A policy chooses among several actions: with the action taken as the class, and the loss of each sample multiplied by how
  much better than expected the action turned out, the gradient is that of REINFORCE, the plain policy gradient.
- Some classes are rare, or a mistake on them costs more: `weight` scales the loss of all targets of a class.

Without weights, the gradient of one target's loss with respect to the scores is the predicted
distribution minus the target, where that sums to one.

## When not to

- Several classes may be true at once: [[bce_with_logits]].
- There is one output unit only. Use [[bce_with_logits]]; with one class and class numbers for targets
  this loss is zero whatever the score is.
- You already hold log-probabilities: [[nll|negative log-likelihood]].
- Many labels are wrong. A confident prediction that contradicts a wrong label can cost arbitrarily much.
  A [[generalized_cross_entropy|generalized cross-entropy]] bounds that cost; [[symmetric_cross_entropy|symmetric cross-entropy]]
  adds a bounded term that tolerates wrong labels.
- You want a value of zero where prediction and target agree: [[kl_div]] has the same gradient for soft targets.
- An earlier version of the policy chose the actions, or each batch serves for several steps: [[ppo_clip|PPO]].
- Easy examples outnumber the hard ones by far: [[focal|focal loss]].
- The vocabulary is so large that the score matrix does not fit in memory: [[linear_cross_entropy|linear cross-entropy]]
  or [[adaptive_log_softmax|adaptive log-softmax with loss]].

## Pitfalls

### A softmax in the model puts a floor under the loss

The loss applies its own softmax. Probabilities fed to it lie between 0 and 1, so their differences
are small and the second softmax makes them more even. The loss then cannot come near zero, and the
floor rises with the number of classes. No warning appears. Return raw scores from the model. A
`log_softmax` in front is harmless, because a second one changes nothing.

```python
scores = torch.tensor([[10.0, 0.0, 0.0]])
target = torch.tensor([0])

print("scores       ", round(F.cross_entropy(scores, target).item(), 4))
print("softmax      ", round(F.cross_entropy(scores.softmax(1), target).item(), 4))
print("log_softmax  ", round(F.cross_entropy(scores.log_softmax(1), target).item(), 4))
for classes in (2, 10, 1000):
    perfect = F.one_hot(target, classes).float()
    print("floor with", classes, round(F.cross_entropy(perfect, target).item(), 4))
```

```output
scores        0.0001
softmax       0.5515
log_softmax   0.0001
floor with 2 0.3133
floor with 10 1.4612
floor with 1000 5.9095
```

### The classes belong in dimension 1

Sequence models return `(batch, time, classes)`, but the loss reads the second dimension as the
classes. Usually the shapes clash and you get an error. When the length equals the number of
classes, nothing clashes, and the loss normalises over time. Below, both steps predict class 0 with
confidence, and class 0 is right. Transpose, or flatten batch and time together.

```python
scores = torch.tensor([[[4.0, 0.0], [4.0, 0.0]]])
target = torch.tensor([[0, 0]])

print("as it is  ", round(F.cross_entropy(scores, target).item(), 4))
print("transposed", round(F.cross_entropy(scores.transpose(1, 2), target).item(), 4))
flat = F.cross_entropy(scores.flatten(0, 1), target.flatten())
print("flattened ", round(flat.item(), 4))
try:
    F.cross_entropy(torch.zeros(2, 5, 7), torch.zeros(2, 5, dtype=torch.long))
except RuntimeError as error:
    print(error)
```

```output
as it is   0.6931
transposed 0.0181
flattened  0.0181
Expected target size [2, 7], got [2, 5]
```

### A batch in which every target is ignored gives NaN

The mean divides by the sum of the weights of the targets that count. If all targets equal
`ignore_index`, that is zero divided by zero. The gradient is zero, so the model survives, but the
logged loss does not. If all targets have classes of weight zero it is worse: there the gradient is NaN
as well. Sum the loss and divide by a count that is at least one.

```python
scores = torch.zeros(2, 3, requires_grad=True)
ignored = torch.tensor([-100, -100])

loss = F.cross_entropy(scores, ignored)
print(loss.item(), torch.autograd.grad(loss, scores)[0][0])

weight = torch.tensor([0.0, 1.0, 1.0])
loss = F.cross_entropy(scores, torch.tensor([0, 0]), weight=weight)
print(loss.item(), torch.autograd.grad(loss, scores)[0][0])

count = (ignored != -100).sum().clamp(min=1)
print((F.cross_entropy(scores, ignored, reduction="sum") / count).item())
```

```output
nan tensor([0., 0., 0.])
nan tensor([nan, nan, nan])
0.0
```

### Class weights cancel in a batch of one

With class weights, the mean is the weighted sum divided by the sum of the weights of the targets
that occur. Where the target is a class number and nothing is
smoothed, a single sample is multiplied and divided by the same number, so its weight,
unless it is zero, has no effect. In a larger batch a weight counts only against those of the other samples. The mean of the
unreduced losses is a different number; use it, or the sum, if the weight of a sample should not
depend on its neighbours.

```python
scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
target = torch.tensor([0, 1])
weight = torch.tensor([1.0, 5.0, 1.0])

each = F.cross_entropy(scores, target, weight=weight, reduction="none")
print("mean          ", round(F.cross_entropy(scores, target, weight=weight).item(), 4))
print("sum / weights ", round((each.sum() / weight[target].sum()).item(), 4))
print("mean of each  ", round(each.mean().item(), 4))

one = F.cross_entropy(scores[1:], target[1:])
heavy = F.cross_entropy(scores[1:], target[1:], weight=weight)
print("batch of one:", round(one.item(), 4), "weighted:", round(heavy.item(), 4))
```

```output
mean           1.2409
sum / weights  1.2409
mean of each   3.7228
batch of one: 1.4076 weighted: 1.4076
```

### The same target as one-hot gives another weighted mean

With class numbers the weighted mean divides by the sum of the targets' weights. With probabilities,
even if they are one-hot, it divides by the number of targets: the batch size, times every further
dimension such as time or pixels. Switching to soft targets, or adding mixup, thus changes the scale of
a weighted loss. Reduce by hand when both forms occur in one project.

```python
scores = torch.tensor([[2.3, 2.1, 4.5], [4.2, 3.2, 5.1]])
target = torch.tensor([1, 2])
one_hot = F.one_hot(target, 3).float()
weight = torch.tensor([25.0, 25.0, 100.0])

print("class numbers", round(F.cross_entropy(scores, target, weight=weight).item(), 3))
print("one-hot      ", round(F.cross_entropy(scores, one_hot, weight=weight).item(), 3))
print("unweighted   ", round(F.cross_entropy(scores, target).item(), 3))

scores = torch.randn(2, 3, 5)
soft = torch.randn(2, 3, 5).softmax(1)
total = F.cross_entropy(scores, soft, reduction="sum")
print("2 samples, 3 classes, 5 steps: mean is sum /", round((total / F.cross_entropy(scores, soft)).item()))
```

```output
class numbers 0.87
one-hot       54.405
unweighted    1.513
2 samples, 3 classes, 5 steps: mean is sum / 10
```

### Scores of minus infinity break label smoothing and soft targets

Masking a class with minus infinity works with class numbers, as long as no target is the masked
class. Label smoothing asks for some probability on every class, even the masked one, and the loss is
infinite. So it is with soft targets that give the masked class a share; where they give it none, the
term is zero times infinity, which is NaN. A large finite negative number cures the one-hot target alone.
Under smoothing it leaves a large constant, and a gradient on the masked score: leave the masked
classes out of the scores, so that the smoothing spreads over the others.

```python
scores = torch.tensor([[2.0, 1.0, float("-inf")]])
target = torch.tensor([0])
one_hot = torch.tensor([[1.0, 0.0, 0.0]])

print(F.cross_entropy(scores, target))
print(F.cross_entropy(scores, target, label_smoothing=0.1))
print(F.cross_entropy(scores, one_hot))
print(F.cross_entropy(scores.clamp(min=-1e4), one_hot))
print(F.cross_entropy(scores.clamp(min=-1e4), target, label_smoothing=0.1))
print(F.cross_entropy(scores[:, :2], target, label_smoothing=0.1))
```

```output
tensor(0.3133)
tensor(inf)
tensor(nan)
tensor(0.3133)
tensor(333.7466)
tensor(0.3633)
```

### Soft targets are not checked

A row need not sum to one and may be negative; the loss uses it as it is. Twice the row costs twice as
much, and minus the row minus as much. Normalise the rows yourself.

```python
scores = torch.tensor([[2.0, 1.0, 0.0]])

for row in ([1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [-1.0, 0.0, 0.0]):
    print(row, round(F.cross_entropy(scores, torch.tensor([row])).item(), 4))
```

```output
[1.0, 0.0, 0.0] 0.4076
[2.0, 0.0, 0.0] 0.8152
[-1.0, 0.0, 0.0] -0.4076
```

### The type and shape of the target decide what it means

An integer target without the class dimension holds class numbers; a floating-point target of the
shape of the scores holds probabilities. Most of what lies in between is an error: a one-hot matrix of
integers, a column `(N, 1)`, or `int32`. `uint8` is accepted, but only where the scores have no
dimension after the classes, and not with `weight` and `label_smoothing` together. `ignore_index` works with
class numbers only: with probabilities a negative one has no effect, and any other is refused.

```python
scores = torch.tensor([[2.0, 1.0, 0.0]])
targets = {
    "float numbers": torch.tensor([0.0]),
    "int32 numbers": torch.tensor([0], dtype=torch.int32),
    "integer one-hot": torch.tensor([[1, 0, 0]]),
    "column": torch.tensor([0]).view(1, 1),
    "uint8 numbers": torch.tensor([0], dtype=torch.uint8),
}
for name, target in targets.items():
    try:
        print(f"{name}: {F.cross_entropy(scores, target)}")
    except RuntimeError as error:
        print(f"{name}: {error}")
try:
    F.cross_entropy(scores[..., None], torch.zeros(1, 1, dtype=torch.uint8))
except RuntimeError as error:
    print("uint8 numbers, three dimensions:", error)
try:
    F.cross_entropy(scores, torch.tensor([[1.0, 0.0, 0.0]]), ignore_index=0)
except RuntimeError as error:
    print("ignore_index:", error)
```

```output
float numbers: expected target dtype to be Long or Byte, but got Float
int32 numbers: expected target dtype to be Long or Byte, but got Int
integer one-hot: Expected floating point type for target with class probabilities, got Long
column: 0D or 1D target tensor expected, multi-target not supported
uint8 numbers: 0.40760594606399536
uint8 numbers, three dimensions: expected scalar type Long but found Byte
ignore_index: ignore_index is not supported for floating point target
```

### Class numbers as floats can pass for probabilities

Usually class numbers of a floating-point type are an error. Where they happen to have the shape of the
scores, they are read as probabilities, and a number comes back. A model with one output per sample,
whose scores were squeezed to `(N,)`, looks like one sample of N classes. With scores of shape `(N, 1)`
there is one class, and the loss is zero whatever the labels are. Both are binary classifiers that need
[[bce_with_logits]].

```python
scores = torch.tensor([2.0, -1.0, 0.5, 0.0])
label = torch.tensor([0.0, 1.0, 1.0, 0.0])

print("one sample of 4 classes ", F.cross_entropy(scores, label))
print("the same, by hand       ", -(label * scores.log_softmax(0)).sum())
print("4 samples of one class  ", F.cross_entropy(scores.view(4, 1), label.view(4, 1)))
print("4 yes-or-no answers     ", F.binary_cross_entropy_with_logits(scores, label))
```

```output
one sample of 4 classes  tensor(5.1847)
the same, by hand        tensor(5.1847)
4 samples of one class   tensor(-0.)
4 yes-or-no answers      tensor(1.1519)
```

### A class number out of range is an IndexError, or kills a CUDA process

With C classes the numbers run from 0 to C - 1. Data that count from one, a padding mark other than
`ignore_index`, or an output layer that is too small break this. On a CPU the error names the number.
On a CUDA device it is a "device-side assert triggered" that surfaces at some later call, after which
the process has to be restarted. Check the smallest and the largest target once on the CPU.

```python
scores = torch.zeros(2, 3)

for target in (torch.tensor([1, 3]), torch.tensor([2, -1])):
    try:
        F.cross_entropy(scores, target)
    except IndexError as error:
        print("IndexError:", error)
    valid = (target >= 0) & (target < scores.shape[1])
    print("in range:", valid.tolist())
print(F.cross_entropy(scores, torch.tensor([2, -1]), ignore_index=-1))
```

```output
IndexError: Target 3 is out of bounds.
in range: [True, False]
IndexError: Target -1 is out of bounds.
in range: [True, False]
tensor(1.0986)
```

### Label smoothing spreads over all classes, the right one included

PyTorch mixes the one-hot target with an even distribution over *all* K classes: each gets a share of
`label_smoothing / K`, so the right class gets part of the smoothing back. Other code spreads it over
the K - 1 wrong classes and gets a different loss for the same setting. To get theirs here, multiply
the smoothing by K / (K - 1). Either way the smallest possible loss is the entropy of the smoothed
target, not zero; do not compare it with a loss without smoothing.

```python
scores = torch.tensor([[2.0, 1.0, 0.0]])
target = torch.tensor([0])
over_all = torch.tensor([[0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3]])
over_wrong = torch.tensor([[0.9, 0.05, 0.05]])

print("label_smoothing=0.1    ", F.cross_entropy(scores, target, label_smoothing=0.1))
print("over all classes       ", F.cross_entropy(scores, over_all))
print("over wrong classes     ", F.cross_entropy(scores, over_wrong))
print("label_smoothing=0.1*3/2", F.cross_entropy(scores, target, label_smoothing=0.1 * 3 / 2))
smallest = F.cross_entropy(over_all.log(), target, label_smoothing=0.1)
print("smallest possible      ", smallest)
print("entropy of target      ", -(over_all * over_all.log()).sum())
```

```output
label_smoothing=0.1     tensor(0.5076)
over all classes        tensor(0.5076)
over wrong classes      tensor(0.5576)
label_smoothing=0.1*3/2 tensor(0.5576)
smallest possible       tensor(0.2911)
entropy of target       tensor(0.2911)
```

### In float16 label smoothing overflows over thousands of classes

The smoothing adds the log-probabilities of all classes before it divides by their number. Over a
vocabulary that sum passes 65504, the largest float16 number, and the loss is infinite although every
score is ordinary. Under `torch.autocast` the loss is computed in float32 and the trap does not exist; a
model converted with `.half()` falls into it. Without smoothing the mean has the same limit on a CPU: it
adds up the batch before it divides. Cast the scores to float32.

```python
scores = torch.randn(1, 32000).half()
target = torch.tensor([0])

print("sum of log-probabilities", scores.float().log_softmax(1).sum().item())
print("float16 ", F.cross_entropy(scores, target, label_smoothing=0.1).item())
print("float32 ", F.cross_entropy(scores.float(), target, label_smoothing=0.1).item())
with torch.autocast("cpu", dtype=torch.float16):
    print("autocast", F.cross_entropy(scores, target, label_smoothing=0.1).item())
many = torch.zeros(20000, 100).half()
print("20000 targets, no smoothing", F.cross_entropy(many, torch.zeros(20000, dtype=torch.long)).item())
```

```output
sum of log-probabilities -347988.0625
float16  inf
float32  11.875961303710938
autocast 11.875961303710938
20000 targets, no smoothing inf
```

### With class weights, label smoothing moves the optimum

The smoothing part of the loss is weighted class by class. A heavy class then takes a large share
of the smoothing even in samples that do not belong to it. The optimum is proportional to weight
times smoothed target: below, class 2 of weight 10 gets a quarter instead of a thirtieth. Smooth the
targets yourself and weight each sample instead.

```python
target = torch.tensor([0])
weight = torch.tensor([1.0, 1.0, 10.0])
smoothed = torch.tensor([[0.9 + 0.1 / 3, 0.1 / 3, 0.1 / 3]])
best = weight * smoothed / (weight * smoothed).sum()

scores = best.log().requires_grad_()
loss = F.cross_entropy(scores, target, weight=weight, label_smoothing=0.1)
gradient = torch.autograd.grad(loss, scores)[0]
print("smoothed target:", smoothed[0])
print("optimum:        ", best[0])
print("gradient there vanishes:", gradient.abs().max().item() < 1e-5)
```

```output
smoothed target: tensor([0.9333, 0.0333, 0.0333])
optimum:         tensor([0.7179, 0.0256, 0.2564])
gradient there vanishes: True
```

### ignore_index is a value of the target, and drops that target, not the class

It is compared with the targets, not with their positions: `ignore_index=1` leaves out every target
of class 1, wherever it stands. The class itself, if it is a real one, still takes part in the
softmax of all other samples, and they keep a gradient that lowers its score. To take a class out
altogether, remove its column or set its score to a large negative number.

```python
scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [1.0, 2.0, 0.0]], requires_grad=True)
target = torch.tensor([0, 1, 2])

loss = F.cross_entropy(scores, target, ignore_index=1, reduction="none")
print(loss.detach())
print(torch.autograd.grad(loss.sum(), scores)[0])
```

```output
tensor([0.4076, 0.0000, 2.4076])
tensor([[-0.3348,  0.2447,  0.0900],
        [ 0.0000,  0.0000,  0.0000],
        [ 0.2447,  0.6652, -0.9100]])
```

### An ignored target still spoils the gradient if its scores are NaN

The value leaves an ignored target out, whatever its scores are. The gradient goes back through the
softmax of all of them, and a NaN there stays NaN. The same happens to a row of which every score is
minus infinity, as a mask over all classes makes it. Remove such rows before the loss.

```python
scores = torch.tensor([[float("nan"), 0.0], [0.0, 1.0]], requires_grad=True)
target = torch.tensor([-100, 1])

loss = F.cross_entropy(scores, target)
print(loss.item(), torch.autograd.grad(loss, scores)[0])
kept = target != -100
loss = F.cross_entropy(scores[kept], target[kept])
print(loss.item(), torch.autograd.grad(loss, scores)[0])
```

```output
0.31326165795326233 tensor([[    nan,     nan],
        [ 0.2689, -0.2689]])
0.31326165795326233 tensor([[ 0.0000,  0.0000],
        [ 0.2689, -0.2689]])
```

### One output unit learns nothing

The softmax over a single class is always 1. The loss is zero and so is the gradient, whatever the
score. A binary classifier needs two outputs here, or one output and
[[bce_with_logits]].

```python
scores = torch.tensor([[5.0], [-5.0]], requires_grad=True)
loss = F.cross_entropy(scores, torch.tensor([0, 0]))

print(loss.item())
print(torch.autograd.grad(loss, scores)[0].flatten())
```

```output
0.0
tensor([0., 0.])
```

## Relations

It is the [[nll|negative log-likelihood]] after a `log_softmax`.

    F.cross_entropy(scores, classes) == F.nll_loss(scores.log_softmax(1), classes)

With soft targets it is [[kl_div]] plus the entropy of the targets, so the gradients agree.

    F.cross_entropy(scores, q) ==
        F.kl_div(scores.log_softmax(1), q, reduction="batchmean") - (q * q.log()).sum(1).mean()

With two classes it is [[bce_with_logits]] of the difference of the two scores.

    F.cross_entropy(scores[:, :2], classes % 2) ==
        F.binary_cross_entropy_with_logits(scores[:, 1] - scores[:, 0], (classes % 2).double())

[[linear_cross_entropy|Linear cross-entropy]] is this loss of a linear layer's output.

    F.cross_entropy(scores @ p.T, classes) == F.linear_cross_entropy(scores, p, classes)

[[generalized_cross_entropy|Generalized cross-entropy]] tends to this loss as `q` goes to zero.

    F.cross_entropy(scores, classes) == functional.generalized_cross_entropy(scores, classes, q=1e-6)  # within 1e-4

[[listnet|ListNet]] is this loss with the softmax of the relevances as soft target.

    F.cross_entropy(scores, (3 * q).softmax(1)) == functional.listnet(scores, 3 * q)

[[info_nce|InfoNCE]] is this loss of similarities divided by the temperature.

    F.cross_entropy(scores / 0.07, classes) == functional.info_nce(scores, classes, temperature=0.07)

[[arcface|ArcFace]] with margin `m=0` is this loss of cosines times `s`.

    F.cross_entropy(64 * scores.tanh(), classes) == functional.arcface(scores.tanh(), classes, s=64.0, m=0.0)

[[cosface|CosFace]] with margin `m=0` is this loss of cosines times `s`.

    F.cross_entropy(64 * scores.tanh(), classes) == functional.cosface(scores.tanh(), classes, s=64.0, m=0.0)

[[poly_loss|Poly-1 cross-entropy]] with `epsilon=0` is exactly this loss.

    F.cross_entropy(scores, classes) == functional.poly_loss(scores, classes, epsilon=0.0)

## In other libraries

- `keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)(target, input)`: Class numbers.
  from_logits=False is the default, and then probabilities are clipped.
- `keras.losses.CategoricalCrossentropy(from_logits=True, reduction=None)(target, input)`: One-hot or probabilities.
  from_logits=False is the default, and then probabilities are clipped.
- `tensorflow.nn.softmax_cross_entropy_with_logits(target, input)`: One-hot labels or probabilities, which come first. One
  value per row; no reduction.
- `optax.softmax_cross_entropy(input, target)`: Labels are one-hot or probabilities, the classes are on the last axis;
  no reduction.
- `optax.softmax_cross_entropy_with_integer_labels(input, target)`: Class numbers, the classes are on the last axis;
  no reduction.
- `sklearn._loss.HalfMultinomialLoss(n_classes=input.shape[1]).loss(target.astype(float), input)`: Private; what
  HistGradientBoostingClassifier minimises for more than two classes.
- `Flux.logitcrossentropy(ŷ, y)`: One-hot targets, the classes are on the first axis; the mean by default.

## References

- C. E. Shannon (1948). A Mathematical Theory of Communication. *Bell System Technical Journal 27(3),
  379-423*. doi:10.1002/j.1538-7305.1948.tb01338.x
- John S. Bridle (1990). Probabilistic Interpretation of Feedforward Classification Network Outputs, with
  Relationships to Statistical Pattern Recognition. In *Neurocomputing (Springer), 227-236*.
  doi:10.1007/978-3-642-76153-9_28
- Christian Szegedy, Vincent Vanhoucke, Sergey Ioffe, Jonathon Shlens and Zbigniew Wojna (2016). Rethinking
  the Inception Architecture for Computer Vision. In *CVPR 2016, 2818-2826*. doi:10.1109/CVPR.2016.308
  arXiv:1512.00567
- Tilmann Gneiting and Adrian E. Raftery (2007). Strictly Proper Scoring Rules, Prediction, and Estimation.
  *Journal of the American Statistical Association 102, 359-378*. doi:10.1198/016214506000001437
"""

import numpy as np
import torch
import torch.nn.functional as F

from lossary.declaration import (
    CLASS_INDEX,
    CLASS_PROBABILITIES,
    LABEL_SMOOTHING,
    LOGISTIC,
    LOGITS,
    WEIGHTED_OR_SOFT,
    ZERO_ONE,
    HeatMap,
    Input,
    Loss,
    Precision,
    Study,
    Symbolic,
    cases,
    class_weight,
    equal,
    exp,
    ignore_index,
    indicator,
    log,
    logit_section,
    sum_over,
    terms,
)


def _smoothed(logit: torch.Tensor, smoothing: float) -> torch.Tensor:
    """The loss where one of three logits moves, and its class is the target."""
    scores = torch.stack([logit, torch.zeros_like(logit), torch.zeros_like(logit)], 1)
    target = torch.zeros(len(logit), dtype=torch.long)
    return F.cross_entropy(scores, target, label_smoothing=smoothing, reduction="none")


def _floor(logit: torch.Tensor, smoothing: float) -> torch.Tensor:
    """The entropy of the smoothed target, at every logit."""
    target = torch.tensor([1 - smoothing + smoothing / 3, smoothing / 3, smoothing / 3], dtype=logit.dtype)
    return -(target * target.log()).sum().expand_as(logit)


loss = Loss(
    torch="torch.nn.CrossEntropyLoss",
    functional="torch.nn.functional.cross_entropy",
    aliases=terms(
        "nn.CrossEntropyLoss; CE; CE loss; cross entropy; cross-entropy loss; categorical cross-entropy; softmax "
        "cross entropy; softmax loss; softmax_cross_entropy_with_integer_labels; "
        "tf.nn.softmax_cross_entropy_with_logits; sparse_categorical_crossentropy; multinomial logistic loss; "
        "HalfMultinomialLoss; logitcrossentropy"
    ),
    tasks=("multi-class", "segmentation", "sequences", "distillation", "reinforcement"),
    search_terms=terms(
        "perplexity language model loss; next-token loss; SFT loss; "
        "multiclass classification loss; label smoothing; class weights; expected target dtype to be Long or Byte; "
        "expected scalar type Long or Byte for target; target dtype Long; expected scalar type Long; "
        "0D or 1D target tensor expected, multi-target not supported; "
        "Expected floating point type for target with class probabilities; Expected target size; "
        "ignore_index is not supported for floating point target; CrossEntropyLoss nan; "
        "softmax before CrossEntropyLoss; one-hot targets; device-side assert triggered; class number out of range; "
        "image classification; exactly one class is right; pick one of many classes; next token prediction; "
        "classifier without a final softmax; categorical cross-entropy from logits; "
        "sparse integer labels or one-hot; per-pixel classification; semantic segmentation with several classes; "
        "default loss of a classifier; log loss of several classes; top-1 classification; "
        "class probabilities as target instead of class numbers; soft labels; several classes, one right answer; "
        "multi-class classification; classifier; language model; image classifier with softmax; log-likelihood of"
        " the true class; "
        "ImageNet training; ignore label 255; sparse softmax cross-entropy; mutually exclusive classes; "
        "fine-tuning a classifier; intent or sentiment classification; got class indices or probabilities; "
        "-log softmax(x)[y]; logsumexp(x) - x[y]; XGBoost multi:softprob; LightGBM and CatBoost multiclass; "
        "unnormalised class scores; classify into one of many categories"
    ),
    concepts={
        "class imbalance; class weights; imbalanced classes": "weight",
        "padding index; masked tokens; ignore padding tokens; skip padded positions": "ignore_index",
        "ignore_index position or value; leave a class out": "ignore_index is a value",
        "Target is out of bounds; device-side assert triggered; class out of range": "A class number out of range",
        "float labels; one sample of many classes": "Class numbers as floats",
        "label smoothing inf; float16 overflow": "In float16 label smoothing",
        "epsilon/K or epsilon/(K-1)": "Label smoothing spreads",
        "masked sample nan gradient": "An ignored target",
        "label smoothing; overconfidence; soften the targets; smooth labels; overconfident classifier": "label_smoothing",
        "softmax before CrossEntropyLoss; loss does not go down": "A softmax in the model",
        "Expected target size; class dimension": "The classes belong",
        "CrossEntropyLoss nan": "A batch in which every target",
        "expected target dtype to be Long or Byte; expected scalar type Long or Byte for target; target dtype Long; "
        "expected scalar type Long; 0D or 1D target tensor expected, multi-target not supported; Expected floating "
        "point type for target with class probabilities": "The type and shape of the target",
        "one-hot targets; soft targets": "The same target as one-hot",
        "binary classification with one output": "One output unit",
    },
    answers={
        "multi-class/probability/scores": ("Exactly one of several", "Several classes may"),
        "multi-class/rare": ("Some classes are rare", "Easy examples outnumber"),
        "segmentation/pixels/one": ("Next-token prediction", "Easy examples outnumber"),
        "sequences/known/few": ("Next-token prediction", "The vocabulary is so large"),
        "distillation/classes": ("The target is a distribution", "You want a value of zero"),
        "reinforcement/policy": ("A policy chooses", "An earlier version"),
    },
    inputs=(
        Input("input", "x", (LOGITS,), "(C), (N, C) or (N, C, d1, …)", "the raw scores: no softmax before them"),
        Input(
            "target",
            "y",
            (CLASS_INDEX, CLASS_PROBABILITIES),
            "(), (N) or (N, d1, …) for indices; same as input for probabilities",
            "the true class, or a probability for each class",
        ),
    ),
    parameters=(
        class_weight("a factor for each class; with class indices the mean divides by the sum of the targets' factors"),
        ignore_index(only_with={"target": CLASS_INDEX}),
        LABEL_SMOOTHING,
    ),
    reductions=WEIGHTED_OR_SOFT,
    sample_dimension=1,
    formulas=(
        Symbolic(
            value=lambda x, y, j, C: -log(exp(x[y]) / sum_over(j, exp(x[j]), C)),
            gradient={"input": lambda x, y, c, j, C: exp(x[c]) / sum_over(j, exp(x[j]), C) - indicator(c, y)},
            at={"target": CLASS_INDEX, "weight": None, "label_smoothing": 0.0, "ignore_index": -100},
            inside=lambda inputs: bool(np.all(inputs["target"] >= 0)),
        ),
        Symbolic(
            label="With class weights, label smoothing and an ignored index",
            where={
                "q": lambda c, y, label_smoothing, C: (1 - label_smoothing) * indicator(c, y) + label_smoothing / C,
                "L": lambda j, x, C: log(sum_over(j, exp(x[j]), C)),
            },
            value=lambda q, c, L, x, C, weight, y, ignore_index: cases(
                (0, equal(y, ignore_index)), (sum_over(c, weight[c] * q[c] * (L - x[c]), C), True)
            ),
            gradient={
                "input": lambda q, c, k, L, x, C, weight, y, ignore_index: cases(
                    (0, equal(y, ignore_index)),
                    (exp(x[c] - L) * sum_over(k, weight[k] * q[k], C) - weight[c] * q[c], True),
                )
            },
            at={"target": CLASS_INDEX},
        ),
        Symbolic(
            label="With probabilities for a target",
            where={
                "q": lambda c, y, label_smoothing, C: (1 - label_smoothing) * y[c] + label_smoothing / C,
                "L": lambda j, x, C: log(sum_over(j, exp(x[j]), C)),
            },
            value=lambda q, c, L, x, C, weight: sum_over(c, weight[c] * q[c] * (L - x[c]), C),
            gradient={
                "input": lambda q, c, k, L, x, C, weight: (
                    exp(x[c] - L) * sum_over(k, weight[k] * q[k], C) - weight[c] * q[c]
                ),
                "target": lambda c, L, x, weight, label_smoothing: (1 - label_smoothing) * (weight[c] * (L - x[c])),
            },
            at={"target": CLASS_PROBABILITIES},
        ),
    ),
    precision=Precision(
        absolute=1.0,
        why="it takes the logarithm of a sum that is rounded first, so that a loss below the spacing of numbers around 1 "
        "is lost",
    ),
    sections=(
        logit_section(
            inputs=lambda t, y: {"input": [t, 0, 0], "target": y},
            note="Three classes. The logit of the true class moves, the other two stay at 0.",
            caption="Far to the left the loss is close to a straight line of slope -1: however wrong the score is, each step "
            "up helps equally. Far to the right the loss and its gradient go to zero.",
        ),
        logit_section(
            inputs=lambda t, y: {"input": [0, t], "target": [1 - y, y]},
            label="logit of class 1, with two classes",
            branches=ZERO_ONE,
            note="Two classes. The logit of class 0 stays at 0.",
            caption="With two classes and one logit held at 0, cross-entropy is binary cross-entropy with logits.",
        ),
    ),
    figures=(
        HeatMap(
            name="logits",
            title="Cross-entropy over two logits",
            labels=("logit of the true class", "logit of a wrong class"),
            spans=((-6.0, 6.0), (-6.0, 6.0)),
            inputs=lambda s, t: {"input": [s, t, 0], "target": 0},
            note="Three classes. The third logit stays at 0.",
            caption="Only differences of logits count. Where the wrong class leads the third one by far, the lines run "
            "parallel to the diagonal; where it trails, the third class takes over and they stand upright.",
        ),
        Study(
            name="smoothing",
            title="The floor of label smoothing",
            label="logit of the true class",
            span=(-2.0, 12.0),
            curves={
                "no smoothing": lambda t: _smoothed(t, 0.0),
                "0.1": lambda t: _smoothed(t, 0.1),
                "floor at 0.1": lambda t: _floor(t, 0.1),
                "0.3": lambda t: _smoothed(t, 0.3),
                "floor at 0.3": lambda t: _floor(t, 0.3),
            },
            note="Three classes. The logit of the true class moves, the other two stay at 0.",
            caption="With smoothing the loss has a lowest point and rises again: a prediction can be too confident. The "
            "floor is the entropy of the smoothed target, so losses at different smoothing cannot be compared.",
        ),
    ),
    example={"input": [[2.0, 0.5, -1.0], [0.2, 1.5, 0.3], [-0.5, 0.1, 0.4]], "target": [0, 1, 0]},
    properties=LOGISTIC,
)
