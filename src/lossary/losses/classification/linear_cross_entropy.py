r"""Linear cross-entropy

Cross-entropy from the features and weights of the last linear layer, optionally computed in chunks.

## When to use it

- The classes are so many that the matrix of scores is the largest thing in memory, as with the
  vocabulary of a language model. The loss takes the features and the weights of the last layer, and
  with `options` it computes the scores in pieces and never holds them all.
- The last linear layer serves nothing but this loss during training, so that its scores are not
  needed anywhere else.
- You want the exact [[cross_entropy]]. Nothing is sampled or approximated; only the order of the
  work changes.

By torch's own account the chunked way pays when there are at least as many rows as features and more
classes than features; below that the plain way is cheaper.

## When not to

- The scores are needed as well, for an accuracy, a mask or a temperature. Compute them and use
  [[cross_entropy]].
- There are few classes. The score matrix is small and there is nothing to save: [[cross_entropy]].
- Time is the problem, not memory, and rare classes may get a coarser model:
  [[adaptive_log_softmax]] computes fewer scores.
- Something differs from a plain softmax: margins on cosines ([[arcface|ArcFace]],
  [[cosface|CosFace]]), focal weights ([[focal|focal loss]]).
- The code must run on older versions of PyTorch, which lack it. A linear layer and
  [[cross_entropy]] give the same number.

## Pitfalls

### Without options nothing is saved

The function exists for its memory, but the saving is off by default. With `options=None` it
multiplies, keeps the whole score matrix for the backward pass, and calls [[cross_entropy]]. Pass
`nn.LinearCrossEntropyOptions()` to compute in chunks. Below, 256 rows meet 1000 classes; the sizes are
those of the largest tensor that autograd keeps. The chunked way keeps the finished gradients
instead, which are as large as the inputs and do not show up here.

```python
feature = torch.randn(256, 16, requires_grad=True)
weight = torch.randn(1000, 16, requires_grad=True)
target = torch.randint(0, 1000, (256,))

for options in (None, nn.LinearCrossEntropyOptions()):
    kept = [0]

    def note(tensor):
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        F.linear_cross_entropy(feature, weight, target, options=options)
    print("options" if options else "no options", max(kept))
```

```output
no options 256000
options 0
```

### The class owns the weights of the last layer

`nn.LinearCrossEntropyLoss` is a layer and a loss in one. Its weights are created at random in the loss,
so they are trained only if the optimiser also gets the parameters of the loss, and they are saved
only if the loss is part of the model. A head that the model already has is not used. Tie the two,
or call the function with the head's weight.

```python
model = nn.ModuleDict({"body": nn.Linear(4, 4), "head": nn.Linear(4, 9, bias=False)})
criterion = nn.LinearCrossEntropyLoss(4, 9)
feature = model["body"](torch.randn(2, 4))
target = torch.tensor([0, 3])

print("in the loss:", [name for name, _ in criterion.named_parameters()])
criterion(feature, target).backward(retain_graph=True)
print("gradient of the model's head:", model["head"].weight.grad)

F.linear_cross_entropy(feature, model["head"].weight, target).backward()
print("after the functional call:   ", tuple(model["head"].weight.grad.shape))
```

```output
in the loss: ['linear.weight']
gradient of the model's head: None
after the functional call:    (9, 4)
```

### With options, a gradient penalty raises or is silently dropped

The chunked way returns gradients that cannot be differentiated again, whatever `create_graph=True` asks
for. A penalty on them that is added to the same loss raises an error by default. With
`allow_retain_graph=True`, and with `reduction="none"`, it adds to the loss without ever reaching the
weights, and nothing complains. The plain way supports higher derivatives.

```python
feature = torch.randn(3, 4)
weight = torch.randn(9, 4, requires_grad=True)
target = torch.tensor([0, 3, 8])

for name, options, reduction in (
    ("no options", None, "mean"),
    ("options", nn.LinearCrossEntropyOptions(), "mean"),
    ("retaining", nn.LinearCrossEntropyOptions(allow_retain_graph=True), "mean"),
    ("unreduced", nn.LinearCrossEntropyOptions(), "none"),
):
    loss = F.linear_cross_entropy(feature, weight, target, options=options, reduction=reduction).sum()
    gradient = torch.autograd.grad(loss, weight, create_graph=True)[0]
    weight.grad = None
    try:
        (loss + gradient.square().sum()).backward()
        print(name, "- the penalty reaches the weights:", not torch.allclose(weight.grad, gradient))
    except RuntimeError as error:
        print(name, "-", error)
```

```output
no options - the penalty reaches the weights: True
options - linear_cross_entropy chunked backward called twice; retain_graph=True / double backward are not supported.
retaining - the penalty reaches the weights: False
unreduced - the penalty reaches the weights: False
```

### The class has no bias unless it is asked for

`nn.Linear` has a bias by default, `nn.LinearCrossEntropyLoss` does not. Replacing a head with it, or
passing only the head's `weight` to the function, gives a different loss. The function takes
the bias as `linear_bias`; the class makes one with `bias=True`.

```python
head = nn.Linear(4, 9)
feature = torch.randn(2, 4)
target = torch.tensor([0, 3])
wanted = F.cross_entropy(head(feature), target)

alone = F.linear_cross_entropy(feature, head.weight, target)
whole = F.linear_cross_entropy(feature, head.weight, target, linear_bias=head.bias)
print("the weight alone: ", torch.allclose(alone, wanted))
print("weight and bias:  ", torch.allclose(whole, wanted))
print("bias of the class:", nn.LinearCrossEntropyLoss(4, 9).linear.bias)
```

```output
the weight alone:  False
weight and bias:   True
bias of the class: None
```

### With options, backward works once

The stored gradients are used up by the backward pass, even with `retain_graph=True`. The same error
appears under `gradcheck`. If two backward passes are needed, ask for
`LinearCrossEntropyOptions(allow_retain_graph=True)`, which costs one more copy, or take
`reduction="none"`, which computes its gradients in the backward pass and is free of the limit.

```python
feature = torch.randn(3, 4, requires_grad=True)
weight = torch.randn(9, 4)
target = torch.tensor([0, 3, 8])

for options in (
    nn.LinearCrossEntropyOptions(),
    nn.LinearCrossEntropyOptions(allow_retain_graph=True),
):
    loss = F.linear_cross_entropy(feature, weight, target, options=options)
    loss.backward(retain_graph=True)
    try:
        loss.backward()
        print("a second time: fine")
    except RuntimeError as error:
        print(error)
```

```output
linear_cross_entropy chunked backward called twice; retain_graph=True / double backward are not supported.
a second time: fine
```

### Label smoothing and soft targets switch the chunks off

The chunked way supports only class numbers of type `long`, without label smoothing, and a weight
matrix with two dimensions. Anything else falls back to the plain way. The value is right, but the
memory is not saved, and a warning is the only sign.

```python
feature = torch.randn(3, 4)
weight = torch.randn(9, 4)
target = torch.tensor([0, 3, 8])
options = nn.LinearCrossEntropyOptions()

chunked = F.linear_cross_entropy(
    feature, weight, target, label_smoothing=0.1, options=options
)
plain = F.linear_cross_entropy(feature, weight, target, label_smoothing=0.1)
print(torch.equal(chunked, plain))
```

```output
True
UserWarning: linear_cross_entropy: ``options`` ignored; chunked path needs reduction in {'mean','sum','none'}, label_smoothing == 0, target.dtype == int64, out_features == (). Got reduction='mean', label_smoothing=0.1, target.dtype=torch.int64, out_features=(), tracing=False, linear_bias.shape=None.
```

### ignore_index must be absent with soft targets, even at its default

With class numbers, `None` stands for -100. With probabilities, anything but `None` is refused, even
-100 itself, which [[cross_entropy]] accepts. A wrapper that always passes `ignore_index=-100` breaks as soon
as it meets soft targets.

```python
feature = torch.randn(3, 4)
weight = torch.randn(5, 4)
soft = torch.full((3, 5), 0.2)

try:
    F.linear_cross_entropy(feature, weight, soft, ignore_index=-100)
except RuntimeError as error:
    print(error)
plain = F.cross_entropy(feature @ weight.T, soft, ignore_index=-100)
print(torch.allclose(F.linear_cross_entropy(feature, weight, soft), plain))
```

```output
ignore_index cannot be specified when target contains probabilities
True
```

### The input has one or two dimensions

Features of shape `(batch, time, features)` are refused. Flatten batch and time, and the targets with
them. The weights have the shape of `nn.Linear.weight`, `(classes, features)`, and are not transposed.
More dimensions between the two, `(classes, d1, features)`, stand for several predictions from each row of
features; the targets are then `(batch, d1)`.

```python
feature = torch.randn(2, 3, 4)
weight = torch.randn(9, 4)
target = torch.randint(0, 9, (2, 3))

for attempt in (
    lambda: F.linear_cross_entropy(feature, weight, target),
    lambda: F.linear_cross_entropy(feature.flatten(0, 1), weight.T, target.flatten()),
):
    try:
        attempt()
    except RuntimeError as error:
        print(error)
flat = F.linear_cross_entropy(feature.flatten(0, 1), weight, target.flatten())
scores = (feature @ weight.T).transpose(1, 2)
print(torch.allclose(flat, F.cross_entropy(scores, target)))
```

```output
expected input with dimensionality 1 or 2, got 3
expected equal input and linear_weight last dimensions (in_features), got 4 and 9, respectively
True
```

### The mean follows the rules of cross-entropy

With class weights it divides by the sum of the weights of the targets, so that a weight cancels in
a batch of one. With soft targets it divides by the number of targets. A batch in which every target
is ignored, or has weight zero, gives NaN, with and without chunks. Without chunks its gradient is zero
and does no harm; with chunks it is NaN, and the next step ruins the weights.

```python
feature = torch.randn(1, 4)
weight = torch.randn(3, 4)
factor = torch.tensor([1.0, 5.0, 1.0])
target = torch.tensor([1])

one = F.linear_cross_entropy(feature, weight, target)
heavy = F.linear_cross_entropy(feature, weight, target, weight=factor)
soft = F.one_hot(target, 3).float()
spread = F.linear_cross_entropy(feature, weight, soft, weight=factor)
print("weighted / plain, class number:", round((heavy / one).item(), 4))
print("weighted / plain, one-hot:     ", round((spread / one).item(), 4))
for options in (None, nn.LinearCrossEntropyOptions()):
    weight = weight.detach().requires_grad_()
    ignored = F.linear_cross_entropy(feature, weight, torch.tensor([-100]), options=options)
    gradient = torch.autograd.grad(ignored, weight)[0]
    print("all ignored:", ignored.item(), "gradient", gradient.abs().sum().item())
```

```output
weighted / plain, class number: 1.0
weighted / plain, one-hot:      5.0
all ignored: nan gradient 0.0
all ignored: nan gradient nan
```

### With options, functional derivatives raise or are silently zero

With options `torch.func.grad` and `torch.func.hessian` raise an error. Forward-mode derivatives are worse:
`torch.func.jvp` and `torch.func.jacfwd` silently return zero, and so does
`torch.autograd.functional.hessian`. Take the plain way for these. Torch's documentation adds that under
`torch.compile` the chunked part runs outside the compiled code.

```python
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # of torch itself, about torch.jit
feature = torch.randn(3, 4)
weight = torch.randn(9, 4)
target = torch.tensor([0, 3, 8])

for options in (None, nn.LinearCrossEntropyOptions()):
    name = "options" if options else "no options"

    def loss(feature):
        return F.linear_cross_entropy(feature, weight, target, options=options)

    for transform in (torch.func.grad, torch.func.hessian, torch.func.jacfwd):
        try:
            found = f"up to {transform(loss)(feature).abs().max().item():.4f}"
        except RuntimeError as error:
            found = type(error).__name__
        print(name, "-", transform.__name__, found)
    second = torch.autograd.functional.hessian(loss, feature)
    print(name, "- autograd's hessian", round(second.abs().max().item(), 4))
```

```output
no options - grad up to 1.0417
no options - hessian up to 0.3952
no options - jacfwd up to 1.0417
no options - autograd's hessian 0.3952
options - grad RuntimeError
options - hessian RuntimeError
options - jacfwd up to 0.0000
options - autograd's hessian 0.0
```

## Relations

It is [[cross_entropy]] of the scores of a linear layer.

    F.linear_cross_entropy(scores, p, classes, linear_bias=q[0, 0] * p[:, 0]) ==
        F.cross_entropy(F.linear(scores, p, q[0, 0] * p[:, 0]), classes)

With the identity for weights it is [[cross_entropy]] of its input.

    F.linear_cross_entropy(scores, torch.eye(5, dtype=scores.dtype), classes) == F.cross_entropy(scores, classes)

It is the [[nll|negative log-likelihood]] after a linear layer and a `log_softmax`.

    F.linear_cross_entropy(scores, p, classes) == F.nll_loss(F.linear(scores, p).log_softmax(1), classes)

With two classes it is [[bce_with_logits]] of a linear layer with the difference of the two rows of
weights.

    F.linear_cross_entropy(scores, p[:2], classes % 2) ==
        F.binary_cross_entropy_with_logits(scores @ (p[1] - p[0]), (classes % 2).double())

## In other libraries

- [Liger Kernel](https://github.com/linkedin/Liger-Kernel)
  `liger_kernel.transformers.LigerFusedLinearCrossEntropyLoss()(lin_weight, _input, target, bias=None)`: The weights
  come first. Computes in chunks, and the gradients already in the forward pass. Needs Triton.
- `cut_cross_entropy.linear_cross_entropy(e, c, targets)`: Holds no scores in memory at all; with its defaults it
  leaves out entries of the gradient that are too small to count.

## References

- Erik Wijmans, Brody Huval, Alexander Hertzberg, Vladlen Koltun and Philipp Krähenbühl (2025). Cut Your
  Losses in Large-Vocabulary Language Models. In *ICLR 2025*. arXiv:2411.09009
- Pin-Lun Hsu, Yun Dai, Vignesh Kothapalli, Qingquan Song, Shao Tang, Siyu Zhu, Steven Shimizu, Shivam Sahni,
  Haowen Ning, Yanning Chen and Zhipeng Wang (2024). Liger Kernel: Efficient Triton Kernels for LLM Training.
  arXiv preprint. arXiv:2410.10989
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from lossary.declaration import (
    CLASS_INDEX,
    CLASS_PROBABILITIES,
    LABEL_SMOOTHING,
    LOGISTIC,
    OF_LAYERS,
    VECTOR,
    WEIGHTED_OR_SOFT,
    ZERO_ONE,
    HeatMap,
    Input,
    Kind,
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

CLASS_WEIGHTS = Kind(
    "one row of weights for each class", dims=("C", "D"), shared=True, sampler="weights", takes="weights"
)
BIAS = Kind("one number for each class", dims=("C",), shared=True, sampler="weights", takes="weights")


def _call(input: Any, linear_weight: Any, target: Any, linear_bias: Any, *, reduction: str, **parameters: Any) -> Any:
    return F.linear_cross_entropy(
        input, linear_weight, target, linear_bias=linear_bias, reduction=reduction, **parameters
    )


def _soft(dimensions: Mapping[str, int]) -> bool:
    """Whether the target holds probabilities: it has the dimensions of the scores then."""
    return dimensions["target"] == dimensions["input"] + dimensions["linear_weight"] - 2


def _one_prediction(inputs: Mapping[str, Any]) -> bool:
    """Whether each row of features has one target, which the formulas are of."""
    return np.ndim(inputs["linear_weight"]) == 2


_CLASSES, _FEATURES = 131072, 4096


def _gibibytes(rows: Any) -> Any:
    """The size of the scores of some rows in float32."""
    return rows * _CLASSES * 4 / 2**30


def _chunk(rows: Any) -> Any:
    """How many rows torch takes at once by default: half of the power of two that its rule arrives at."""
    share = torch.ceil(rows / -(-_CLASSES // _FEATURES))
    return 2 ** torch.ceil(torch.log2(share)) / 2


def _logit(c: Any, W: Any, x: Any, b: Any, d: Any, D: Any) -> Any:
    return sum_over(d, W[c, d] * x[d], D) + b[c]


def _log_sum_exp(j: Any, z: Any, C: Any) -> Any:
    return log(sum_over(j, exp(z[j]), C))


loss = Loss(
    torch="torch.nn.LinearCrossEntropyLoss",
    functional="torch.nn.functional.linear_cross_entropy",
    call=_call,
    torch_call="nn.LinearCrossEntropyLoss(in_features, num_classes)(input, target)",
    usage="loss = nn.functional.linear_cross_entropy(input, linear_weight, target)",
    omitted={
        **OF_LAYERS,
        "in_features": "the shape of `linear_weight` says it",
        "num_classes": "the shape of `linear_weight` says it",
        "out_features": "the shape of `linear_weight` says it",
        "bias": "where it is true, the class makes `linear_bias`",
        "options": "chunks change the memory that is needed, and the value by rounding alone",
    },
    aliases=terms(
        "nn.LinearCrossEntropyLoss; F.linear_cross_entropy; fused linear cross-entropy; fused linear CE; cut "
        "cross-entropy; LigerFusedLinearCrossEntropyLoss"
    ),
    tasks=("multi-class", "sequences"),
    search_terms=terms(
        "Liger kernel cross entropy; chunked loss; memory-efficient loss for large vocabularies; "
        "avoid materializing logits; logits out of memory; lm_head loss; large vocabulary softmax; "
        "chunked backward called twice; ignore_index cannot be specified when target contains probabilities; "
        "linear_cross_entropy options ignored; expected input with dimensionality 1 or 2; "
        "cross-entropy without storing logits; fused linear and cross-entropy; "
        "large language model runs out of memory in the loss; chunk the vocabulary; lm head; memory of logits; "
        "large vocabulary without storing logits; output head and cross-entropy in one; memory of LLM training; "
        "logits do not fit into memory; chunked over the vocabulary; last layer and loss fused"
    ),
    concepts={
        "label smoothing": "label_smoothing",
        "logits out of memory; memory-efficient loss for large vocabularies": "Without options",
        "class imbalance; class weights": "weight",
        "padding index; masked tokens; ignore padding tokens": "ignore_index",
        "weight tying; lm_head loss": "The class owns",
        "bias of the last layer; linear_bias": "The class has no bias",
        "chunked backward called twice; retain_graph": "With options, backward",
        "ignore_index cannot be specified when target contains probabilities": "ignore_index must be absent",
        "expected input with dimensionality 1 or 2": "The input has one or two",
        "linear_cross_entropy options ignored": "Label smoothing and soft targets",
    },
    answers={
        "multi-class/many": ("The classes are so many", "The scores are needed"),
        "sequences/known/many": ("You want the exact", "Time is the problem"),
    },
    inputs=(
        Input(
            "input",
            "x",
            (VECTOR,),
            "(D) or (N, D)",
            "the features that go into the last linear layer; (D) with two-dimensional weights alone",
        ),
        Input(
            "linear_weight",
            "W",
            (CLASS_WEIGHTS,),
            "(C, D) or (C, d1, ..., D)",
            "the weights of that layer, one row for each class; the class stores them itself, flat as (C · d1 · …, D), as linear.weight",
        ),
        Input(
            "target",
            "y",
            (CLASS_INDEX, CLASS_PROBABILITIES),
            "(), (N) or (N, d1, ...) for indices; (C), (N, C) or (N, C, d1, ...) for probabilities",
            "the true class, or a probability for each class",
            holds_vectors=_soft,
        ),
        Input(
            "linear_bias",
            "b",
            (BIAS,),
            "(C) or (C, d1, ...)",
            "the bias of that layer, which is added to the scores; 0 where it is left out",
            neutral=0.0,
        ),
    ),
    parameters=(
        class_weight("a factor for each class; with class indices the mean divides by the sum of the targets' factors"),
        ignore_index(None, more="; None stands for -100", only_with={"target": CLASS_INDEX}),
        LABEL_SMOOTHING,
    ),
    reductions=WEIGHTED_OR_SOFT,
    formulas=(
        Symbolic(
            where={"z": _logit},
            value=lambda z, y, j, C: -z[y] + log(sum_over(j, exp(z[j]), C)),
            gradient={
                "input": lambda z, y, c, j, d, W, C: sum_over(
                    c, (exp(z[c]) / sum_over(j, exp(z[j]), C) - indicator(c, y)) * W[c, d], C
                ),
                "linear_weight": lambda z, y, c, j, d, x, C: (
                    (exp(z[c]) / sum_over(j, exp(z[j]), C) - indicator(c, y)) * x[d]
                ),
                "linear_bias": lambda z, y, c, j, C: exp(z[c]) / sum_over(j, exp(z[j]), C) - indicator(c, y),
            },
            at={"target": CLASS_INDEX, "weight": None, "label_smoothing": 0.0, "ignore_index": None},
            inside=lambda inputs: _one_prediction(inputs) and bool(np.all(np.asarray(inputs["target"]) >= 0)),
        ),
        Symbolic(
            label="With class weights, label smoothing and an ignored index",
            where={
                "z": _logit,
                "q": lambda c, y, label_smoothing, C: (1 - label_smoothing) * indicator(c, y) + label_smoothing / C,
                "L": _log_sum_exp,
            },
            value=lambda q, c, L, z, C, weight, y, ignore_index: cases(
                (0, equal(y, ignore_index)), (sum_over(c, weight[c] * q[c] * (L - z[c]), C), True)
            ),
            gradient={
                "input": lambda q, c, k, d, L, z, W, C, weight, y, ignore_index: cases(
                    (0, equal(y, ignore_index)),
                    (
                        sum_over(c, (exp(z[c] - L) * sum_over(k, weight[k] * q[k], C) - weight[c] * q[c]) * W[c, d], C),
                        True,
                    ),
                ),
                "linear_weight": lambda q, c, k, d, L, z, x, C, weight, y, ignore_index: cases(
                    (0, equal(y, ignore_index)),
                    ((exp(z[c] - L) * sum_over(k, weight[k] * q[k], C) - weight[c] * q[c]) * x[d], True),
                ),
                "linear_bias": lambda q, c, k, L, z, C, weight, y, ignore_index: cases(
                    (0, equal(y, ignore_index)),
                    (exp(z[c] - L) * sum_over(k, weight[k] * q[k], C) - weight[c] * q[c], True),
                ),
            },
            at={"target": CLASS_INDEX},
            inside=_one_prediction,
        ),
        Symbolic(
            label="With probabilities for a target",
            where={
                "z": _logit,
                "q": lambda c, y, label_smoothing, C: (1 - label_smoothing) * y[c] + label_smoothing / C,
                "L": _log_sum_exp,
            },
            value=lambda q, c, L, z, C, weight: sum_over(c, weight[c] * q[c] * (L - z[c]), C),
            gradient={
                "input": lambda q, c, k, d, L, z, W, C, weight: sum_over(
                    c, (exp(z[c] - L) * sum_over(k, weight[k] * q[k], C) - weight[c] * q[c]) * W[c, d], C
                ),
                "linear_weight": lambda q, c, k, d, L, z, x, C, weight: (
                    (exp(z[c] - L) * sum_over(k, weight[k] * q[k], C) - weight[c] * q[c]) * x[d]
                ),
                "linear_bias": lambda q, c, k, L, z, C, weight: (
                    exp(z[c] - L) * sum_over(k, weight[k] * q[k], C) - weight[c] * q[c]
                ),
                "target": lambda c, L, z, weight, label_smoothing: (1 - label_smoothing) * (weight[c] * (L - z[c])),
            },
            at={"target": CLASS_PROBABILITIES},
            inside=_one_prediction,
        ),
    ),
    precision=Precision(
        size=lambda W, x, b, c, d, C, D: 1 + sum_over(c, sum_over(d, abs(W[c, d] * x[d]), D) + abs(b[c]), C),
        why="it rounds the scores, which are sums of products, before it takes their difference; and it takes the "
        "logarithm of a rounded sum",
    ),
    sections=(
        logit_section(
            inputs=lambda t, y: {"input": [t, 0], "linear_weight": [[1, 0], [0, 1], [0, 0]], "target": y},
            note="Three classes and two features. The first feature is the logit of the true class; the other two "
            "logits stay at 0.",
            caption="The curve is that of cross-entropy, because the loss is the same function of the scores: a "
            "straight line on the left, nothing left to win on the right.",
        ),
        logit_section(
            inputs=lambda t, y: {"input": [t], "linear_weight": [[0], [1]], "target": [1 - y, y]},
            label="logit of class 1, with two classes",
            branches=ZERO_ONE,
            note="One feature and two classes. The weight of class 0 is 0, that of class 1 is 1.",
            caption="With two classes and one logit held at 0, this is binary cross-entropy with logits.",
        ),
    ),
    figures=(
        HeatMap(
            name="feature-weight",
            title="Linear cross-entropy over a feature and a weight",
            labels=("feature, input", "weight of the true class"),
            spans=((-3.0, 3.0), (-3.0, 3.0)),
            inputs=lambda s, t: {"input": [s], "linear_weight": [[0], [t]], "target": 1},
            note="One feature and two classes. The weight of the wrong class stays at 0.",
            caption="Along each axis the loss is convex, but not over both: the middle is a saddle, and feature and "
            "weight may agree on either sign. Training the last layer with the rest is a problem of this shape.",
        ),
        Study(
            name="memory",
            title="Size of the scores held at once",
            label="rows (tokens) in a batch",
            span=(1024.0, 16384.0),
            curves={"options=None": _gibibytes, "chunked": lambda t: _gibibytes(_chunk(t))},
            heading="GiB",
            points=tuple(float(1024 * k) for k in range(1, 17)),
            caption="All scores at once grow to 8 GiB. A chunk stays small: torch picks its number of rows so that its "
            "scores take no more room than the features of the batch, in float32 as here.",
            note="Computed from the sizes: 131,072 classes, 4,096 features, float32, and the chunk size that torch "
            "picks by default for them. The weights and their gradient, 2 GiB each, come on top in both cases.",
        ),
    ),
    example={
        "input": [[1.0, -0.5], [0.5, 2.0], [-1.0, 0.5]],
        "linear_weight": [[1.0, 0.0], [-0.5, 1.0], [0.0, -1.0]],
        "target": [0, 1, 0],
    },
    properties=LOGISTIC,
)
