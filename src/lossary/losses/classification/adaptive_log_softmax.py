r"""Adaptive log-softmax with loss

Negative log-probability of the true class, where rare classes are reached through clusters.

## When to use it

- The classes are very many and very uneven in frequency, as the words of a language are. Frequent
  words are scored in full; rare ones share a few clusters, which are scored only when one of their
  words occurs.
- The time of the last layer dominates, and rare words can live with a coarser model. Each further
  cluster works with fewer features by default, so it has fewer weights for each of its words.
- You need a true distribution over all classes. The probabilities of all words sum to one, and
  `log_prob` gives them; nothing is sampled.

The loss of a frequent word has one part. That of a rare word has two: the cost of choosing its
cluster, and the cost of choosing the word in it.

In the formula `H` is `head`, `b` is `head_bias`, and `P_k` and `Q_k` are `tail_proj[k]` and `tail_out[k]`. `a_k` is the first
class of cluster `k`, and the clusters are counted from zero. `e_h` is the one-hot vector of the head's entry
for the target: the class itself, or its cluster.

## When not to

- All scores fit in memory and in the time you have: [[cross_entropy]] scores rare classes with all
  features, like any other class.
- Memory is the problem and not time: [[linear_cross_entropy]] is exact and, with `options`, stores no
  score matrix.
- The classes are about equally frequent. Nearly every target then falls into a cluster, and is scored with the few
  features that were meant for rare classes. [[cross_entropy]] gives each class all of them.
- Class weights, label smoothing or an ignored target are needed. This loss has none of them; [[cross_entropy]] has
  all three.
- The model must share its output weights with its input embedding. The clusters have other sizes.
  [[linear_cross_entropy]] takes one matrix for all classes.

## Pitfalls

### It returns a pair, not a loss

The module returns a named tuple: `output`, the log-probability of each target, and `loss`, the mean of
minus `output`. Calling `backward` on the tuple fails. There is no `reduction`: for a sum, or for one value
per sample, take minus `output`.

```python
module = nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4, 7], div_value=2.0)
answer = module(torch.randn(2, 8), torch.tensor([0, 9]))

try:
    answer.backward()
except AttributeError as error:
    print(error)
print(answer._fields)
print(torch.allclose(answer.loss, -answer.output.mean()))
```

```output
'_ASMoutput' object has no attribute 'backward'
('output', 'loss')
True
```

### The classes must be sorted by frequency

Class 0 has to be the most frequent one. Nothing checks it. A frequent class with a high number lands in
a cluster: it gets the narrow features, and each of its samples costs the extra work. Count the classes
once and renumber the targets.

```python
target = torch.tensor([9, 9, 9, 8, 9, 8, 9, 3])
frequency = torch.bincount(target, minlength=10)
rank = torch.empty(10, dtype=torch.long)
rank[frequency.argsort(descending=True, stable=True)] = torch.arange(10)

print("in the head before:", (target < 4).float().mean().item())
print("in the head after: ", (rank[target] < 4).float().mean().item())
```

```output
in the head before: 0.125
in the head after:  1.0
```

### A cluster can end up with no features at all

The clusters work with the number of features divided by `div_value`, then by its square, and so on,
rounded down. If that reaches zero, all words of the cluster get the same probability and nothing about
them can be learned. The only sign is a warning about initialisation. Choose fewer clusters or a smaller
`div_value`.

```python
module = nn.AdaptiveLogSoftmaxWithLoss(8, 1000, [4, 10, 100])

print("features:", [part[0].out_features for part in module.tail])
tail = module.log_prob(torch.randn(1, 8))[0, 100:]
print("all words of the last cluster alike:", (tail == tail[0]).all().item())
```

```output
features: [2, 0, 0]
all words of the last cluster alike: True
UserWarning: Initializing zero-element tensors is a no-op
```

### Padding has to be removed by hand

There is no `ignore_index`. The usual -100 is out of range and raises. Select the rows that count
before the call, which also flattens sequences: targets with two dimensions are refused. If no row is
left, the mean is NaN.

```python
module = nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4])
feature = torch.randn(3, 8)
target = torch.tensor([0, -100, 9])

for attempt in ((feature, target), (feature[None], target[None])):
    try:
        module(*attempt)
    except RuntimeError as error:
        print(str(error).strip())
kept = target != -100
print(tuple(module(feature[kept], target[kept]).output.shape))
print(module(feature[:0], target[:0]).loss.item())
```

```output
Target values should be in [0, 9], but values in range [-100, 9] were found.
0D or 1D target tensor expected, multi-target not supported
(2,)
nan
```

### The module owns the last layer

All weights of the output layer are inside the loss. If only the model's parameters go to the
optimiser, the output layer keeps its random values. Make the loss a part of the model, so that it is
trained, moved and saved with it. For predictions use its `predict` and `log_prob`.

```python
module = nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4, 7], div_value=2.0)

for name, weight in module.named_parameters():
    print(name, tuple(weight.shape))
```

```output
head.weight (6, 8)
tail.0.0.weight (4, 8)
tail.0.1.weight (3, 4)
tail.1.0.weight (2, 8)
tail.1.1.weight (3, 2)
```

### A cluster that does not occur gets no gradient

Only clusters with a target in the batch are computed. The weights of the others have the gradient
`None`, not zero. Code that expects a gradient for each parameter fails on such a batch.

```python
module = nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4, 7], div_value=2.0)
module(torch.randn(3, 8), torch.tensor([0, 1, 5])).loss.backward()

for name, weight in module.named_parameters():
    print(name, "none" if weight.grad is None else "gradient")
```

```output
head.weight gradient
tail.0.0.weight gradient
tail.0.1.weight gradient
tail.1.0.weight none
tail.1.1.weight none
```

### Under autocast a rare word can raise

The module collects its results in a tensor of the features' type. Where autocast gives the scores of a
cluster another type, the copy fails as soon as a rare word occurs; on a CPU, batches of
frequent words alone pass, and so do features that already have autocast's type. Turn autocast off for this call and convert the
features.

```python
module = nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4])
feature, target = torch.randn(2, 8), torch.tensor([0, 9])

with torch.autocast("cpu", dtype=torch.bfloat16):
    try:
        module(feature, target)
    except RuntimeError as error:
        print(error)
    print(module(feature, target.clamp(max=3)).loss.dtype, "from frequent words")
    print(module(feature.bfloat16(), target).loss.dtype, "from features in bfloat16")
    with torch.autocast("cpu", enabled=False):
        print(module(feature.float(), target).loss.dtype)
```

```output
index_copy_(): self and source expected to have the same dtype, but got (self) Float and (source) BFloat16
torch.float32 from frequent words
torch.bfloat16 from features in bfloat16
torch.float32
```

### The cutoffs end before the last class

`cutoffs` holds the first class of each cluster. The number of classes is added by the module and must
not be in the list. There is at least one cutoff, so there is at least one cluster.

```python
for cutoffs in ([4, 10], [4, 4], []):
    try:
        nn.AdaptiveLogSoftmaxWithLoss(8, 10, cutoffs)
    except ValueError as error:
        print(cutoffs, error)
print(nn.AdaptiveLogSoftmaxWithLoss(8, 10, [4]).cutoffs)
```

```output
[4, 10] cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1
[4, 4] cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1
[] cutoffs should be a sequence of length larger than 0
[4, 10]
```

## Relations

For frequent classes it is [[cross_entropy]] over the scores of the head.

    torch.func.functional_call(nn.AdaptiveLogSoftmaxWithLoss(5, 6, [5], dtype=torch.float64), {"head.weight": p[:6], "tail.0.0.weight": q[:1], "tail.0.1.weight": q[:1, :1]}, (scores, classes)).loss ==
        F.cross_entropy(F.linear(scores, p[:6]), classes)

It is the [[nll|negative log-likelihood]] under the distribution over all classes that head and
clusters make up.

    torch.func.functional_call(nn.AdaptiveLogSoftmaxWithLoss(5, 5, [2], dtype=torch.float64), {"head.weight": p[:3], "tail.0.0.weight": q[:1], "tail.0.1.weight": q[:3, :1]}, (scores, classes)).loss ==
        F.nll_loss(torch.cat((F.linear(scores, p[:3]).log_softmax(1)[:, :2], F.linear(scores,
        p[:3]).log_softmax(1)[:, 2:] + F.linear(F.linear(scores, q[:1]), q[:3, :1]).log_softmax(1)), 1), classes)

## In other libraries

- [PaddlePaddle](https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/AdaptiveLogSoftmaxWithLoss_en.html)
  `paddle.nn.AdaptiveLogSoftmaxWithLoss(in_features, n_classes, cutoffs, div_value=4.0)`: The same contract; it owns
  its weights; returns the log-probabilities and their mean loss.
- `fairseq.modules.AdaptiveSoftmax(vocab_size, input_dim, cutoff, dropout)`: Returns scores and targets for each part,
  not a loss.

## References

- Édouard Grave, Armand Joulin, Moustapha Cissé, David Grangier and Hervé Jégou (2017). Efficient softmax
  approximation for GPUs. In *Proceedings of the 34th International Conference on Machine Learning, PMLR 70,
  1302-1310*. arXiv:1609.04309
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import mpmath
import numpy as np
import torch
import torch.nn.functional as F

from lossary.declaration import (
    CLASS_INDEX,
    LOGISTIC,
    MEAN,
    OF_LAYERS,
    POSITIVE,
    SUM,
    VECTOR,
    Input,
    Integer,
    Integers,
    Kind,
    Loss,
    Parameter,
    Precision,
    Reduction,
    Study,
    Written,
    logit_section,
    terms,
)

HEAD = Kind("one row of weights for each entry of the head", dims=("H", "D"), shared=True, takes="weights")
HEAD_BIAS = Kind("one number for each entry of the head", dims=("H",), shared=True, takes="weights")
TAILS = Kind("a list with one matrix of weights for each cluster", shared=True, listed=True, takes="weights")


def _cutoffs(head: Any, tail_proj: Sequence[Any], tail_out: Sequence[Any]) -> list[int]:
    """The first word of each cluster, and behind them the number of words, from the shapes of the weights."""
    if len(tail_proj) != len(tail_out) or not tail_out:
        raise ValueError(
            "tail_proj and tail_out need one matrix each for every cluster, and there is at least one cluster; "
            f"got {len(tail_proj)} and {len(tail_out)}"
        )
    for k, (first, second) in enumerate(zip(tail_proj, tail_out, strict=True)):
        if first.shape[1] != head.shape[1] or second.shape[1] != first.shape[0]:
            raise ValueError(
                f"the two matrices of cluster {k + 1} must lead from {head.shape[1]} features to its words, "
                f"got {tuple(first.shape)} and {tuple(second.shape)}"
            )
    words = head.shape[0] - len(tail_out)
    if words < 1:
        raise ValueError(
            f"head needs a row for each of its words and for each of the {len(tail_out)} clusters, got {head.shape[0]} rows"
        )
    return list(accumulate([words, *(part.shape[0] for part in tail_out)]))


def _call(
    input: Any,
    target: Any,
    head: Any,
    tail_proj: Sequence[Any],
    tail_out: Sequence[Any],
    head_bias: Any = None,
    *,
    reduction: str,
    n_classes: int | None = None,
    cutoffs: Sequence[int] | None = None,
    div_value: float = 4.0,
) -> Any:
    found = _cutoffs(head, tail_proj, tail_out)
    if n_classes is not None and n_classes != found[-1]:
        raise ValueError(f"n_classes is {n_classes}, but head and tail_out hold the weights of {found[-1]} classes")
    if cutoffs is not None and list(cutoffs) != found[:-1]:
        raise ValueError(f"cutoffs is {list(cutoffs)}, but the shapes of head and tail_out give {found[:-1]}")
    # On the meta device a module has no weights of its own; those of the call take their place, whose sizes may be others
    # than div_value gives: with 1 none of the module's is zero, of which torch would warn.
    module = torch.nn.AdaptiveLogSoftmaxWithLoss(
        head.shape[1], found[-1], found[:-1], div_value=1.0, head_bias=head_bias is not None, device="meta"
    )
    weights = {"head.weight": head} if head_bias is None else {"head.weight": head, "head.bias": head_bias}
    for k, (proj, out) in enumerate(zip(tail_proj, tail_out, strict=True)):
        weights |= {f"tail.{k}.0.weight": proj, f"tail.{k}.1.weight": out}
    answer = torch.func.functional_call(module, weights, (input, target))
    if reduction == "mean":
        return answer.loss
    return -answer.output.sum() if reduction == "sum" else -answer.output


def _exact(matrix: Any) -> list[list[Any]]:
    return [[mpmath.mpf(float(v)) for v in row] for row in np.asarray(matrix)]


def _times(matrix: list[list[Any]], vector: list[Any]) -> list[Any]:
    return [mpmath.fsum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _head_scores(top: list[list[Any]], x: list[Any], head_bias: Any) -> list[Any]:
    bias = [0.0] * len(top) if head_bias is None else np.asarray(head_bias)
    return [score + mpmath.mpf(float(b)) for score, b in zip(_times(top, x), bias, strict=True)]


def _softmax(scores: list[Any]) -> list[Any]:
    powers = [mpmath.exp(s) for s in scores]
    return [p / mpmath.fsum(powers) for p in powers]


def _samples(input: Any, target: Any) -> list[tuple[list[Any], int]]:
    features = _exact(np.atleast_2d(np.asarray(input)))
    return list(zip(features, [int(y) for y in np.atleast_1d(np.asarray(target))], strict=True))


def _reference(
    input: Any,
    target: Any,
    head: Any,
    tail_proj: Sequence[Any],
    tail_out: Sequence[Any],
    head_bias: Any = None,
    **_: Any,
) -> list[Any]:
    """Minus the logarithm of the target's entry in the distribution over all words, written out in full."""
    top, lower = _exact(head), [(_exact(p), _exact(o)) for p, o in zip(tail_proj, tail_out, strict=True)]
    words = len(top) - len(lower)
    losses = []
    for x, y in _samples(input, target):
        first = _softmax(_head_scores(top, x, head_bias))
        every = first[:words]
        for k, (proj, out) in enumerate(lower):
            every += [first[words + k] * p for p in _softmax(_times(out, _times(proj, x)))]
        losses.append(-mpmath.log(every[y]))
    return losses


def _reference_gradient(
    input: Any,
    target: Any,
    head: Any,
    tail_proj: Sequence[Any],
    tail_out: Sequence[Any],
    head_bias: Any = None,
    **_: Any,
) -> dict[str, Any]:
    """The derivatives by hand: probabilities minus what happened, carried back through each matrix."""
    top, lower = _exact(head), [(_exact(p), _exact(o)) for p, o in zip(tail_proj, tail_out, strict=True)]
    bounds = _cutoffs(np.asarray(head), tail_proj, [np.asarray(part) for part in tail_out])
    by_head = [[mpmath.mpf(0)] * len(row) for row in top]
    by_bias = [mpmath.mpf(0)] * len(top)
    by_proj = [[[mpmath.mpf(0)] * len(row) for row in proj] for proj, _ in lower]
    by_out = [[[mpmath.mpf(0)] * len(row) for row in out] for _, out in lower]
    by_input = []
    for x, y in _samples(input, target):
        cluster = sum(y >= bound for bound in bounds[:-1]) - 1
        entry = y if cluster < 0 else bounds[0] + cluster
        slope = [p - (k == entry) for k, p in enumerate(_softmax(_head_scores(top, x, head_bias)))]
        by_bias = [a + b for a, b in zip(by_bias, slope, strict=True)]
        back = [mpmath.fsum(s * row[d] for s, row in zip(slope, top, strict=True)) for d in range(len(x))]
        _add(by_head, slope, x)
        if cluster >= 0:
            proj, out = lower[cluster]
            narrow = _times(proj, x)
            inner = [p - (k == y - bounds[cluster]) for k, p in enumerate(_softmax(_times(out, narrow)))]
            through = [mpmath.fsum(s * row[h] for s, row in zip(inner, out, strict=True)) for h in range(len(narrow))]
            _add(by_out[cluster], inner, narrow)
            _add(by_proj[cluster], through, x)
            back = [
                b + mpmath.fsum(s * row[d] for s, row in zip(through, proj, strict=True)) for d, b in enumerate(back)
            ]
        by_input.append(back)
    return {
        "input": by_input if np.ndim(input) > 1 else by_input[0],
        "head": by_head,
        "tail_proj": by_proj,
        "tail_out": by_out,
        **({} if head_bias is None else {"head_bias": by_bias}),
    }


def _add(total: list[list[Any]], left: list[Any], right: list[Any]) -> None:
    for row, a in zip(total, left, strict=True):
        row[:] = [old + a * b for old, b in zip(row, right, strict=True)]


def _batches(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One and two clusters, two to four features, with and without a bias; every word of each is a target."""
    rng = np.random.default_rng(20)
    made = []
    for features, words, clusters in (
        (2, 1, ((1, 1),)),
        (2, 3, ((1, 4),)),
        (3, 2, ((3, 2), (1, 3))),
        (4, 2, ((2, 3), (1, 1))),
    ):
        total = words + sum(size for _, size in clusters)
        for scale in (0.5, 3.0):
            made.append(
                {
                    **({"head_bias": rng.normal(size=words + len(clusters))} if scale > 1 else {}),
                    "input": scale * rng.normal(size=(total, features)),
                    "target": np.arange(total),
                    "head": rng.normal(size=(words + len(clusters), features)),
                    "tail_proj": [rng.normal(size=(width, features)) for width, _ in clusters],
                    "tail_out": [rng.normal(size=(size, width)) for width, size in clusters],
                }
            )
    return made


_FEATURES = 512


def _millions(scores: Any) -> Any:
    return scores / 1e6


loss = Loss(
    torch="torch.nn.AdaptiveLogSoftmaxWithLoss",
    call=_call,
    torch_call="nn.AdaptiveLogSoftmaxWithLoss(in_features, n_classes, cutoffs)(input, target).loss",
    usage="\n".join(
        (
            "module = nn.AdaptiveLogSoftmaxWithLoss(2, 4, cutoffs=[2], div_value=2.0)",
            'weights = {"head.weight": head}',
            'weights["tail.0.0.weight"], weights["tail.0.1.weight"] = tail_proj[0], tail_out[0]',
            "module.load_state_dict(weights)",
            "loss = module(input, target).loss",
        )
    ),
    omitted={**OF_LAYERS, "in_features": "the shape of `head` says it"},
    batches=_batches,
    aliases=terms("nn.AdaptiveLogSoftmaxWithLoss; adaptive softmax; adaptive log softmax"),
    tasks=("multi-class", "sequences"),
    search_terms=terms(
        "hierarchical softmax large vocabulary; efficient softmax approximation; frequency-sorted labels cutoffs; "
        "word clusters softmax; '_ASMoutput' object has no attribute 'backward'; Target values should be in; "
        "Initializing zero-element tensors is a no-op; cutoffs should be a sequence of unique, positive integers; "
        "speed up a softmax over many thousands of classes; extreme classification; "
        "language model with a huge vocabulary; frequent words are cheap, rare ones grouped; "
        "Zipf distributed classes; head and tail clusters; too many output classes; softmax is slow; "
        "clusters of frequent and rare words; approximate softmax over a huge vocabulary; "
        "word language model with a million words; Zipf's law of the vocabulary; "
        "hundreds of thousands of classes"
    ),
    concepts={
        "'_ASMoutput' object has no attribute 'backward'; output and loss": "It returns a pair",
        "frequency-sorted labels cutoffs; rare words": "The classes must be sorted",
        "Initializing zero-element tensors is a no-op; div_value too large": "A cluster can end up",
        "Target values should be in; cutoffs should be a sequence of unique, positive integers": "The cutoffs end before",
        "padding index": "Padding has to be removed",
        "weight tying": "The module owns the last layer",
    },
    answers={
        "multi-class/many": ("The time of the last layer", "The classes are about"),
        "sequences/known/many": ("The classes are very many", "Memory is the problem"),
    },
    inputs=(
        Input("input", "x", (VECTOR,), "(D) or (N, D)", "the features that go into the output layer"),
        Input("target", "y", (CLASS_INDEX,), "() or (N)", "the true class; classes are sorted from frequent to rare"),
        Input(
            "head",
            "head",
            (HEAD,),
            "(cutoffs[0] + number of clusters, D)",
            "the weights of the head: a row for each frequent class, then one for each cluster; the module's head.weight",
            latex="H",
        ),
        Input(
            "tail_proj",
            "tail_proj",
            (TAILS,),
            "a list of (H, D), one for each cluster",
            "the matrices that narrow the features; the module's tail[i][0].weight",
            latex="P_k",
        ),
        Input(
            "tail_out",
            "tail_out",
            (TAILS,),
            "a list of (classes of the cluster, H)",
            "the matrices that score the classes of a cluster; the module's tail[i][1].weight",
            latex="Q_k",
        ),
        Input(
            "head_bias",
            "b",
            (HEAD_BIAS,),
            "(cutoffs[0] + number of clusters)",
            "the bias of the head, the module's head.bias, which it makes with head_bias=True; 0 where it is left out",
            neutral=0.0,
        ),
    ),
    parameters=(
        Parameter(
            "n_classes",
            None,
            "the number of classes, above the last cutoff; the shapes of the weights say it as well",
            kind=Integer(),
            required=True,
        ),
        Parameter(
            "cutoffs",
            None,
            "the first class of each cluster, in increasing order from 1 on; the shapes of the weights say it as well",
            kind=Integers(),
            required=True,
        ),
        Parameter(
            "div_value",
            4.0,
            "what the number of features is divided by, once more for each cluster; it decides nothing but the sizes of "
            "tail_proj",
            range=POSITIVE,
        ),
    ),
    reductions=(
        Reduction("none", "nothing: one value per sample, minus the module's output", None),
        Reduction("sum", "nothing: the values are added, by hand, as the module does not do it", SUM.divisor),
        Reduction("mean", "the number of samples: the module's loss", MEAN.divisor),
    ),
    formulas=(
        Written(
            latex=r"\begin{cases} -\log \operatorname{softmax}(H x + b)_{y} & \text{if } y < a_0 \\ "
            r"-\log \operatorname{softmax}(H x + b)_{a_0 + k} - \log \operatorname{softmax}(Q_k P_k x)_{y - a_k} "
            r"& \text{if } a_k \leq y < a_{k+1} \end{cases}",
            gradient_latex={
                "head_bias": r"\operatorname{softmax}(H x + b) - e_h",
                "head": r"(\operatorname{softmax}(H x + b) - e_h) \, x^{\top}",
                "tail_out": r"(\operatorname{softmax}(Q_k P_k x) - e_{y - a_k}) \, (P_k x)^{\top}",
                "tail_proj": r"Q_k^{\top} (\operatorname{softmax}(Q_k P_k x) - e_{y - a_k}) \, x^{\top}",
                "input": r"H^{\top} (\operatorname{softmax}(H x + b) - e_h) + P_k^{\top} Q_k^{\top} "
                r"(\operatorname{softmax}(Q_k P_k x) - e_{y - a_k}), \quad \text{the second term for a rare class only}",
            },
            figure_latex=r"-\log\,p(\mathrm{cluster\ of}\ y) - \log\,p(y\ \mathrm{within\ it})",
            meanings={
                "x": "the features of one sample",
                "y": "the true class",
                "H": "the weights of the head: `head`",
                "b": "the bias of the head: `head_bias`",
                "P_k": "the first weights of cluster k: `tail_proj`, the k-th",
                "Q_k": "the second weights of cluster k: `tail_out`, the k-th",
                "a_k": "the first class of cluster k: `cutoffs`, the k-th, counted from 0",
                "h": "the entry of the head for the true class, or for its cluster",
                "e_h": "1 at place h, else 0",
            },
            reference=_reference,
            reference_gradient=_reference_gradient,
        ),
    ),
    precision=Precision(
        absolute=1.0,
        of_input=1.0,
        why="it rounds the scores, which are sums of products, and takes the logarithm of a rounded sum",
    ),
    sections=(
        logit_section(
            inputs=lambda t, y: {
                "input": [t, 1],
                "target": y,
                "head": [[1, 0], [0, 0], [0, 0]],
                "tail_proj": [[[0, 1]]],
                "tail_out": [[[1], [0]]],
            },
            label="head score of the true class",
            note="Two frequent classes and one cluster of two. The true class is a frequent one; the other frequent "
            "class and the cluster have the score 0.",
            caption="For a frequent class this is cross-entropy over the head. The whole cluster counts as one "
            "competitor, however many classes it holds.",
        ),
        logit_section(
            inputs=lambda t, y: {
                "input": [t],
                "target": y,
                "head": [[0], [1]],
                "tail_proj": [[[0]]],
                "tail_out": [[[0]]],
            },
            label="score of class 1, the only one of its cluster",
            branches={"target 1": 1, "target 0": 0},
            note="One frequent class and one cluster with a single class.",
            caption="With one class on either side, the two steps are one, and the loss is binary cross-entropy with "
            "logits.",
        ),
    ),
    figures=(
        Study(
            name="cost",
            title="Work for one sample",
            label="number of classes",
            span=(20000.0, 200000.0),
            curves={
                "full softmax": lambda t: _millions(_FEATURES * t),
                "rare (cluster 2)": lambda t: _millions(_FEATURES * (2002 + 32) + 32 * (t - 10000)),
                "cluster 1": lambda t: _millions(_FEATURES * (2002 + 128) + 128 * 8000 + 0 * t),
                "frequent": lambda t: _millions(_FEATURES * 2002 + 0 * t),
            },
            heading="millions of multiplications",
            caption="A full softmax pays for all classes with every sample. Here a frequent class costs the same "
            "however many rare ones there are, and even the rarest pays a sixteenth for each further class.",
            note="Counted from the sizes: 512 features, cutoffs at 2,000 and 10,000, div_value 4, so that the clusters "
            "work with 128 and 32 features.",
        ),
        Study(
            name="parts",
            title="The two parts of a rare class's loss",
            label="score of its cluster",
            span=(-6.0, 6.0),
            curves={
                "together": lambda t: F.softplus(0.6931471805599453 - t) + 0.6931471805599453,
                "its cluster": lambda t: F.softplus(0.6931471805599453 - t),
                "within it": lambda t: 0.6931471805599453 + 0 * t,
            },
            caption="Raising the score of the cluster can remove only the first part. What is left is the choice "
            "within the cluster, which the narrower matrices must learn.",
            note="Two frequent classes with the score 0, and one cluster whose two classes are equally likely.",
        ),
    ),
    example={
        "input": [[1.0, -0.5], [0.5, 2.0], [-1.0, 0.5]],
        "target": [0, 3, 1],
        "head": [[1.0, 0.0], [-0.5, 0.5], [0.0, 1.0]],
        "tail_proj": [[[0.5, 1.0]]],
        "tail_out": [[[1.0], [-0.5]]],
    },
    properties=LOGISTIC,
)
