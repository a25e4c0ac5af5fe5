r"""Connectionist temporal classification (CTC)

For a long sequence of frames and a shorter target whose alignment is unknown: minus the logarithm of the probability
that the frames spell the target, over all alignments.

## When to use it

- The input is a long sequence of frames, the target a shorter sequence of labels, and nobody has
  marked which frame belongs to which label: speech recognition, handwriting, text lines in images,
  protein or DNA reads.
- Labels come in the same order as in the input, and there are never more of them than frames.
- You want a model that reads all frames at once. Nothing is generated step by step, so all frames can
  be computed in parallel.

At each frame the model predicts a label or the blank, which stands for "nothing new". The loss adds
up the probabilities of all ways to spell the target: repeats are merged first, then blanks dropped.

## When not to

- The order may change between input and target, as in translation. Use a decoder with attention and
  [[cross_entropy]].
- The target can be longer than the input. No alignment exists then, and the loss is infinite. A decoder that is
  trained with [[cross_entropy]] writes as long as it likes.
- Every frame has its own label: [[cross_entropy]] on each frame needs no alignment.
- Labels depend strongly on each other. Given the input, this loss treats frames as independent; a transducer, or a
  decoder that is trained with [[cross_entropy]], models the dependence.

## Pitfalls

### The input must hold log-probabilities, and time comes first

The shape is `(T, N, C)`: frames, batch, classes. The values are what `log_softmax` over the classes
gives. Probabilities or raw scores are silently accepted, and the loss is then a number without
meaning. A clearly negative loss is a sure sign of it, since a probability is never above one; a positive loss
proves nothing. A batch-first tensor raises an error, unless its sizes happen to fit.

```python
scores = torch.randn(4, 1, 3)
target = torch.tensor([[1, 2]])
inputs = {
    "log_softmax": scores.log_softmax(2),
    "softmax": scores.softmax(2),
    "raw scores": scores,
    "lower scores": scores - 2,
}

for name, frames in inputs.items():
    print(name, round(F.ctc_loss(frames, target, [4], [2], reduction="sum").item(), 4))
try:
    F.ctc_loss(torch.zeros(2, 4, 3).log_softmax(2), torch.tensor([[1, 2], [1, 2]]), [4, 4], [2, 2])
except RuntimeError as error:
    print(str(error).splitlines()[0])
```

```output
log_softmax 1.2996
softmax -4.2201
raw scores -3.6056
lower scores 4.3944
input_lengths must be of size batch_size
```

### Too few frames give infinity, and NaN in the gradient of all weights

A target needs one frame for each label, and one more, for a blank, between two equal labels in a
row. With fewer frames no alignment exists and the loss is infinite. One such sample in a batch makes
the gradient of every weight that the samples share NaN, and leaving its loss out of the sum does not
help. `zero_infinity=True` sets the loss and the gradient of these samples to zero. Use it, but count
them: a target cut wrongly or a model that skips too many frames hides there.

```python
def frames(length):
    return torch.zeros(length, 1, 3, requires_grad=True)


for length, target in ((2, [1, 2]), (2, [1, 1]), (3, [1, 1])):
    scores = frames(length)
    labels = torch.tensor([target])
    print(length, target, round(F.ctc_loss(scores.log_softmax(2), labels, [length], [2]).item(), 4))
layer = torch.ones(3, 3, requires_grad=True)
log_probs = (torch.randn(2, 2, 3) @ layer).log_softmax(2)
batch = log_probs, torch.tensor([[1, 2], [1, 1]]), [2, 2], [2, 2]
for zero in (False, True):
    each = F.ctc_loss(*batch, reduction="none", zero_infinity=zero)
    shared = torch.autograd.grad(each[0], layer, retain_graph=True)[0]
    print(zero, each.detach(), "first sample alone: NaN weights", shared.isnan().sum().item(), "of 9")
```

```output
2 [1, 2] 1.0986
2 [1, 1] inf
3 [1, 1] 1.6479
False tensor([2.1972,    inf]) first sample alone: NaN weights 9 of 9
True tensor([2.1972, 0.0000]) first sample alone: NaN weights 0 of 9
```

### The gradient with respect to the log-probabilities is not the derivative

PyTorch computes the gradient with respect to the scores before the `log_softmax` and hands it out as
the gradient with respect to the log-probabilities. It exceeds the true derivative by the probability
itself. Where each frame's probabilities sum to one because of what is in front, as with a
`log_softmax` or the logarithm of averaged probabilities, the difference cancels and training is
right. Where they need not, as when log-probabilities are learned, rescaled or averaged, the gradient
is silently wrong. `gradcheck` tells the two apart.

```python
scores = torch.randn(3, 1, 3, dtype=torch.double)
target = torch.tensor([1])


def loss(log_probs):
    return F.ctc_loss(log_probs, target, [3], [1], reduction="sum")


log_probs = scores.log_softmax(2).requires_grad_()
given = torch.autograd.grad(loss(log_probs), log_probs)[0]
step = torch.zeros_like(log_probs)
step[0, 0, 1] = 1e-6
with torch.no_grad():
    slope = (loss(log_probs + step) - loss(log_probs - step)) / 2e-6
    probability = log_probs[0, 0, 1].exp()
print("given          ", round(given[0, 0, 1].item(), 5))
print("derivative     ", round(slope.item(), 5))
print("and probability", round((slope + probability).item(), 5))
other = scores.flip(2)
made = {
    "log_softmax": lambda z: z.log_softmax(2),
    "averaged probabilities": lambda z: ((z.softmax(2) + other.softmax(2)) / 2).log(),
    "averaged log-probabilities": lambda z: (z.log_softmax(2) + other.log_softmax(2)) / 2,
    "rescaled log-probabilities": lambda z: 0.5 * z.log_softmax(2),
    "nothing in front": lambda z: z,
}
scores.requires_grad_()
for name, front in made.items():
    right = torch.autograd.gradcheck(lambda z: loss(front(z)), (scores,), raise_exception=False)
    print(f"{name}: gradcheck {right}")
```

```output
given           0.03022
derivative      -0.10467
and probability 0.03022
log_softmax: gradcheck True
averaged probabilities: gradcheck True
averaged log-probabilities: gradcheck False
rescaled log-probabilities: gradcheck False
nothing in front: gradcheck False
```

### A label outside the classes is not noticed

On the CPU, targets are not checked. A label that is no class reads the entry of another frame
or sample, and at the ends memory that does not belong to the tensor; the backward pass may write there and
crash later, somewhere else. A negative label is not noticed either. The blank as a label raises nothing either, although no alignment that merges repeats and drops
blanks can spell it. Check targets yourself before the first step. Padding needs no check: what lies
behind `target_lengths` does not count.

```python
def check(targets, lengths, classes, blank=0):
    places = torch.arange(targets.shape[1])
    used = targets[places[None, :] < lengths[:, None]]
    bad = (used < 0) | (used >= classes) | (used == blank)
    return used[bad].tolist()


lengths = torch.tensor([2, 1])
print(check(torch.tensor([[1, 2], [2, 0]]), lengths, classes=3))
print(check(torch.tensor([[1, 3], [0, 0]]), lengths, classes=3))

log_probs = torch.zeros(2, 1, 3).log_softmax(2)
for padding in (0, 700):
    padded = torch.tensor([[1, padding]])
    print(padding, round(F.ctc_loss(log_probs, padded, [2], [1]).item(), 4))
```

```output
[]
[3, 0]
0 1.0986
700 1.0986
```

### mean divides each loss by its target's length first

The default reduction divides every loss by the number of its labels (by one where there is none) and
then averages over the batch. It is not the mean of what `"none"` gives, and not the loss per label of
the whole batch either: a label of a short target counts for more than one of a long target. Before you
compare a number with somebody else's, find out which of the three it is.

```python
log_probs = torch.randn(6, 2, 4).log_softmax(2)
targets = torch.tensor([[1, 2, 3], [1, 0, 0]])
lengths = torch.tensor([3, 1])

each = F.ctc_loss(log_probs, targets, torch.tensor([6, 6]), lengths, reduction="none")
mean = F.ctc_loss(log_probs, targets, torch.tensor([6, 6]), lengths)
print("mean            ", round(mean.item(), 4))
print("mean of each    ", round(each.mean().item(), 4))
print("by length, first", round((each / lengths).mean().item(), 4))
print("per label       ", round((each.sum() / lengths.sum()).item(), 4))
```

```output
mean             3.476
mean of each     5.0174
by length, first 3.476
per label        2.5087
```

### The blank is class 0, so labels begin at 1

The model's output needs one class more than there are labels. The default is `blank=0`. Labels that
were numbered from 0, with the blank to come last, then have one label that coincides with the blank,
and no error appears. Pass `blank=C - 1` for such data. Both calls below mean the same.

```python
log_probs = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2]]).log()
length = torch.tensor(3), torch.tensor(1)

first = F.ctc_loss(log_probs, torch.tensor([1]), *length, blank=0)
moved = F.ctc_loss(log_probs.roll(-1, dims=1), torch.tensor([0]), *length, blank=2)
print("labels from 1, blank first", round(first.item(), 4))
print("labels from 0, blank last ", round(moved.item(), 4))
```

```output
labels from 1, blank first 0.5075
labels from 0, blank last  0.5075
```

### Half precision is not implemented on the CPU

float16 and bfloat16 raise an error there, unless `torch.autocast` is on, which runs this loss in
float32. The rounding of a `log_softmax` in half precision stays in the numbers even so, as the line
for bfloat16 shows: convert to float32 before the `log_softmax`.

```python
target = torch.tensor([1])
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    log_probs = torch.zeros(3, 1, 3, dtype=dtype).log_softmax(2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        print(dtype, "autocast", round(F.ctc_loss(log_probs, target, [3], [1]).item(), 4))
    try:
        print(dtype, round(F.ctc_loss(log_probs, target, [3], [1]).item(), 4))
    except NotImplementedError as error:
        print(dtype, error)
```

```output
torch.float32 autocast 1.5041
torch.float32 1.5041
torch.float16 autocast 1.5041
torch.float16 "ctc_loss_cpu" not implemented for 'Half'
torch.bfloat16 autocast 1.5129
torch.bfloat16 "ctc_loss_cpu" not implemented for 'BFloat16'
```

### On a GPU, the types of the arguments choose the algorithm

PyTorch has kernels of its own for CUDA, and hands the call to cuDNN where the arguments allow it. The
docstring names the conditions, printed below: targets one after another, lengths equal to `T`, the
blank at 0, and integers of type int32. It also warns that gradients on CUDA may not be deterministic.
In PyTorch's source, cuDNN's forward pass does not use `zero_infinity`. (This page is built on a CPU,
so none of this was run.) If you rely on `zero_infinity`, or want the same path in every call, keep
integers of type int64, which cuDNN does not take. On the CPU the two types give the same loss.

```python
note = nn.CTCLoss.__doc__.split("Note:")[1].replace(":attr:", "").replace(":math:", "")
for sentence in " ".join(note.split()).split(". ")[:2]:
    print(sentence)
print(F.ctc_loss.__doc__.split("Note:")[2].split(". ")[0].strip())

log_probs = torch.randn(4, 2, 3).log_softmax(2)
for dtype in (torch.int64, torch.int32):
    labels = torch.tensor([1, 2, 1], dtype=dtype)
    lengths = torch.tensor([4, 4], dtype=dtype), torch.tensor([2, 1], dtype=dtype)
    print(dtype, round(F.ctc_loss(log_probs, labels, *lengths).item(), 4))
```

```output
In order to use CuDNN, the following must be satisfied: the `targets` must be in concatenated format, all `input_lengths` must be `T`
`blank=0`, `target_lengths` `\leq 256`, the integer arguments must be of dtype `torch.int32`, and the `log_probs` itself must be of dtype `torch.float32`
This operation may produce nondeterministic gradients when given tensors on a CUDA device
torch.int64 1.5055
torch.int32 1.5055
```

## Relations

With a single frame and a single label it is [[cross_entropy]].

    F.ctc_loss(scores.log_softmax(1)[None], classes[:, None] % 4, torch.ones(8, dtype=torch.long), torch.ones(8, dtype=torch.long), blank=4) ==
        F.cross_entropy(scores, classes % 4)

With as many frames as labels, and no two equal ones in a row, there is one alignment, and it is the
sum of [[nll]] over the frames.

    F.ctc_loss(scores.log_softmax(1), torch.tensor([1, 2, 3, 4, 1, 2, 3, 4]), torch.tensor(8), torch.tensor(8), reduction="sum") ==
        F.nll_loss(scores.log_softmax(1), torch.tensor([1, 2, 3, 4, 1, 2, 3, 4]), reduction="sum")

## In other libraries

- `optax.ctc_loss(log_probs.transpose(1, 0, 2), (jax.numpy.arange(len(log_probs)) >= input_lengths[:, None]).astype(float), targets, (jax.numpy.arange(targets.shape[1]) >= target_lengths[:, None]).astype(float), blank_id=blank)`:
  Takes raw scores, batch first, and paddings in place of lengths. One value per sample. A target without an alignment
  gives a large number, not infinity.
- `keras.losses.CTC(reduction=None)(targets, log_probs.transpose(0, 1))`: Takes raw scores, batch first. The blank is
  0 and pads the labels; all frames count. The mean does not divide by the target length.
- `tensorflow.nn.ctc_loss(tensorflow.cast(targets, "int32"), tensorflow.cast(log_probs, "float32"), target_lengths, input_lengths, blank_index=blank)`:
  Takes raw scores of single precision, time first by default; no reduction.

## References

- Alex Graves, Santiago Fernández, Faustino Gomez and Jürgen Schmidhuber (2006). Connectionist Temporal
  Classification: Labelling Unsegmented Sequence Data with Recurrent Neural Networks. In *ICML 2006, 369-376*.
  doi:10.1145/1143844.1143891
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import torch
import torch.nn.functional as F

from lossary.declaration import (
    NOT_NEGATIVE,
    PROBABILITY_AXIS,
    SUM,
    Diagram,
    Edge,
    Input,
    Integer,
    Kind,
    Loss,
    Network,
    Node,
    Parameter,
    Precision,
    Reduction,
    Section,
    Study,
    Written,
    flag,
    log,
    terms,
)

FRAMES = Kind(
    "log-probabilities of the classes at each time step", dims=("T", "C"), upper=0.0, takes="log-probabilities"
)
LABEL_SEQUENCE = Kind("class indices, without the blank", dims=("S",), integer=True, takes="class indices")
LENGTH = Kind("lengths", integer=True, takes="lengths")


def _collapsed(path: Sequence[int], blank: int) -> tuple[int, ...]:
    """What an alignment spells: repeats are merged, then blanks dropped."""
    return tuple(label for label, _ in itertools.groupby(path) if label != blank)


def _cases(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any
) -> Iterator[tuple[Any, tuple[int, ...]]]:
    """For each sample of a call, its frames within its length and its labels."""
    frames = log_probs if log_probs.ndim == 3 else log_probs[:, None]
    lengths = np.asarray(input_lengths).reshape(-1).astype(int)
    counts = np.asarray(target_lengths).reshape(-1).astype(int)
    starts = np.concatenate([[0], np.cumsum(counts)])
    for n in range(frames.shape[1]):
        row = targets[n] if np.ndim(targets) == 2 else targets[starts[n] :]
        yield frames[: lengths[n], n], tuple(int(label) for label in row[: counts[n]])


def _alignments(frames: Any, labels: tuple[int, ...], blank: int) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Every alignment that spells the labels, with its probability. All sequences of classes are tried."""
    chances = [[mpmath.exp(mpmath.mpf(float(v))) for v in frame] for frame in frames]
    for path in itertools.product(range(frames.shape[1]), repeat=len(frames)):
        if _collapsed(path, blank) == labels:
            yield path, mpmath.fprod(chances[t][c] for t, c in enumerate(path))


def _values(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int, zero_infinity: bool
) -> list[Any]:
    """Minus the logarithm of the probability of all alignments together, by trying them all."""
    found = []
    for frames, labels in _cases(log_probs, targets, input_lengths, target_lengths):
        total = mpmath.fsum(chance for _, chance in _alignments(frames, labels, blank))
        none = mpmath.mpf(0) if zero_infinity else mpmath.inf
        found.append(-mpmath.log(total) if total > 0 else none)
    return found


def _gradient(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int, zero_infinity: bool
) -> dict[str, Any]:
    """What torch hands out: each probability less the share of the alignments that pass through its class."""
    batched = log_probs.ndim == 3
    shape = log_probs.shape if batched else (log_probs.shape[0], 1, log_probs.shape[1])
    made = [[[mpmath.mpf(0) for _ in range(shape[2])] for _ in range(shape[1])] for _ in range(shape[0])]
    for n, (frames, labels) in enumerate(_cases(log_probs, targets, input_lengths, target_lengths)):
        paths = list(_alignments(frames, labels, blank))
        total = mpmath.fsum(chance for _, chance in paths)
        for t, c in itertools.product(range(len(made)), range(shape[2])):
            if total == 0:
                made[t][n][c] = mpmath.mpf(0) if zero_infinity else mpmath.nan
            elif t < len(frames):
                through = mpmath.fsum(chance for path, chance in paths if path[t] == c)
                made[t][n][c] = mpmath.exp(mpmath.mpf(float(frames[t, c]))) - through / total
    return {"log_probs": made if batched else [rows[0] for rows in made]}


def _batches(parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Short sequences of every sort: one to five frames, repeats, padding, different lengths, no batch."""
    rng = np.random.default_rng(65)
    blank = int(parameters["blank"])

    def frames(*shape: int, scale: float = 1.0) -> Any:
        scores = scale * rng.normal(size=shape)
        return scores - np.log(np.exp(scores).sum(-1, keepdims=True))

    def spelled(labels: Any) -> Any:
        """Labels counted from 1, where the blank may be any class."""
        given = np.asarray(labels)
        return np.where(given > blank, given, given - 1)

    made = [
        (frames(1, 1, 2), [[1]], [1], [1]),
        (frames(2, 1, 3), [[1, 2]], [2], [2]),
        (frames(3, 1, 3), [[1, 1]], [3], [2]),
        (frames(2, 1, 3), [[1, 1]], [2], [2]),
        (frames(5, 1, 3, scale=4.0), [[2, 2, 1]], [5], [3]),
        (frames(4, 3, 4), [[1, 2, 3], [2, 2, 1], [3, 1, 1]], [4, 4, 4], [3, 2, 1]),
        (frames(5, 3, 4), [[1, 2, 3], [2, 2, 1], [3, 1, 1]], [5, 3, 2], [3, 2, 1]),
        (frames(4, 2, 3), [[1, 1, 1], [2, 1, 1]], [4, 3], [3, 1]),
        (frames(4, 2, 3, scale=10.0), [1, 2, 2], [4, 3], [2, 1]),
        (frames(5, 3, 3), [1, 2, 1, 2, 2], [5, 4, 3], [3, 1, 1]),
        (frames(4, 2, 3), [[1, 2], [1, 1]], [4, 3], [2, 0]),
        (frames(4, 3), [1, 2], 4, 2),
        (frames(3, 4), [3], 3, 1),
        (np.full((5, 1, 4), -np.log(4.0)), [[1, 2, 3]], [5], [3]),
    ]
    return [
        {
            "log_probs": log_probs,
            "targets": spelled(targets),
            "input_lengths": np.asarray(input_lengths),
            "target_lengths": np.asarray(target_lengths),
        }
        for log_probs, targets, input_lengths, target_lengths in made
    ]


def _by_length(inputs: Mapping[str, Any], parameters: Mapping[str, Any], count: int) -> list[float]:
    """The mean's factor of each loss: one over the number of its labels, at least one."""
    return [1.0 / max(int(n), 1) for n in np.asarray(inputs["target_lengths"]).reshape(-1)]


def _call(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, *, reduction: str, **parameters: Any
) -> Any:
    """Torch reads memory that is not its own at a label that is no class, and does not complain."""
    if targets.ndim > 2:
        raise ValueError(
            f"targets has {targets.ndim} dimensions: give a row of labels per sample, (N, S), or all labels in one row"
        )
    classes = log_probs.shape[-1]
    counts = target_lengths.reshape(-1).tolist()
    rows = targets if targets.ndim == 2 else targets.split(counts) if sum(counts) == targets.numel() else []
    for row, count in zip(rows, counts, strict=False):
        outside = [label for label in row[: max(count, 0)].tolist() if not 0 <= label < classes]
        if outside:
            raise ValueError(f"the label {outside[0]} is none of the classes 0 to {classes - 1}")
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, reduction=reduction, **parameters)


def _uniform(labels: list[int], lengths: torch.Tensor) -> torch.Tensor:
    """The loss of some labels where all four classes are equally likely at each frame, by the number of frames."""
    made = []
    for count in lengths.tolist():
        even = torch.zeros(int(count), 4, dtype=torch.float64).log_softmax(1)
        counts = torch.tensor(int(count)), torch.tensor(len(labels))
        made.append(F.ctc_loss(even, torch.tensor(labels), *counts, reduction="none"))
    return torch.stack(made)


def _share(chance: torch.Tensor) -> torch.Tensor:
    """In the first section, the share of the alignments that have the label at the middle frame."""
    return chance / (chance + 0.18 * (1 - chance))


def _lattice() -> Network:
    """All alignments of two labels over six frames, weighed by enumerating them."""
    names = ("blank", "a", "blank", "b", "blank")
    likely = torch.tensor(
        [[1.5, 1.0, -1.0], [0.5, 2.0, -0.5], [1.0, 1.2, 0.3], [1.6, 0.0, 0.8], [0.5, -0.5, 1.8], [1.8, -1.0, 0.6]],
        dtype=torch.float64,
    ).softmax(1)
    classes = (0, 1, 0, 2, 0)
    frames = len(likely)
    nodes = {(t, s): 0.0 for t in range(frames) for s in range(len(classes))}
    edges: dict[tuple[int, int, int], float] = {}
    total = 0.0
    for path in itertools.product(range(len(classes)), repeat=frames):
        # Begin with the first blank or label, end with the last; stay, go on, or skip a blank between two labels.
        steps = [(after - before, before) for before, after in itertools.pairwise(path)]
        if path[0] > 1 or path[-1] < len(classes) - 2:
            continue
        if not all(step in (0, 1) or (step == 2 and before % 2 == 1) for step, before in steps):
            continue
        chance = float(np.prod([likely[t, classes[s]].item() for t, s in enumerate(path)]))
        total += chance
        for t, s in enumerate(path):
            nodes[t, s] += chance
        for t, (before, after) in enumerate(itertools.pairwise(path)):
            edges[t, before, after] = edges.get((t, before, after), 0.0) + chance
    used = [place for place, weight in nodes.items() if weight > 0]
    number = {place: k for k, place in enumerate(used)}
    return Network(
        nodes=tuple(Node(t, s, f"{nodes[t, s] / total:.2f}", nodes[t, s] / total) for t, s in used),
        edges=tuple(
            Edge(number[t, before], number[t + 1, after], weight / total)
            for (t, before, after), weight in edges.items()
        ),
        xlabel="frame",
        columns=tuple(str(t + 1) for t in range(frames)),
        rows=names,
        weight="the share of the alignments' probability",
    )


loss = Loss(
    torch="torch.nn.CTCLoss",
    functional="torch.nn.functional.ctc_loss",
    call=_call,
    aliases=terms("CTC; CTC loss; ctc_loss; connectionist temporal classification"),
    tasks=("sequences",),
    search_terms=terms(
        "ctc loss inf; ctc loss nan; ctc loss negative; OCR sequence loss without alignment; "
        "speech recognition loss; handwriting recognition loss; alignment-free sequence loss; zero_infinity; "
        "blank label; input_lengths must be of size batch_size; ctc_loss_cpu not implemented for Half; "
        "blank must be in label range; Expected input_lengths to have value at most; "
        "label sequence without alignment; audio to text; frames longer than labels; transcription of lines of text; "
        "repeated characters and blanks; wav2vec fine-tuning; sequence labelling of unsegmented data; "
        "sequence to sequence with monotonic alignment; keyword spotting; lip reading; "
        "speech recognition without alignment; blank token; DeepSpeech; CRNN text recognition; "
        "handwriting recognition; label sequence longer than the input; CTC is nan; transcript without timings; "
        "speech to text; peaky outputs; "
        "only blanks are predicted; audio without timestamps"
    ),
    concepts={
        "blank label; blank must be in label range": "blank",
        "zero_infinity": "zero_infinity",
        "ctc loss inf; ctc loss nan; target longer than the input": "Too few frames",
        "ctc loss negative; softmax before CTCLoss": "The input must hold",
        "ctc_loss_cpu not implemented for Half": "Half precision",
        "cudnn ctc loss; nondeterministic gradient": "On a GPU",
        "gradcheck fails on ctc_loss": "The gradient with respect",
        "length normalisation": "mean divides",
    },
    answers={
        "sequences/unknown": ("The input is a long", "The order may change"),
    },
    inputs=(
        Input(
            "log_probs",
            "x",
            (FRAMES,),
            "(T, N, C) or (T, C)",
            "the log-probability of each class, the blank among them, at each frame: log_softmax gives it",
            batch_axis=1,
        ),
        Input(
            "targets",
            "y",
            (LABEL_SEQUENCE,),
            "(N, S), or (sum of the lengths): one after the other",
            "the labels to spell; the blank is none of them",
        ),
        Input("input_lengths", "i", (LENGTH,), "(N) or ()", "how many frames of each sample count"),
        Input("target_lengths", "k", (LENGTH,), "(N) or ()", "how many labels each target has"),
    ),
    parameters=(
        Parameter("blank", 0, "the class that stands for no label", kind=Integer(), range=NOT_NEGATIVE),
        flag(
            "zero_infinity",
            False,
            "whether a sample without any alignment gives a loss and a gradient of zero, in place of infinity and NaN",
        ),
    ),
    reductions=(
        Reduction("none", "nothing: one value per sample", None),
        SUM,
        Reduction(
            "mean",
            "the number of samples, after each loss was divided by the length of its target (at least 1)",
            lambda inputs, parameters, count: float(count),
            _by_length,
        ),
    ),
    formulas=(
        Written(
            latex=r"-\log \sum_{\pi \in B^{-1}(y)} \prod_{t=1}^{i} e^{x_{t,\pi_t}}",
            reference=_values,
            reference_gradient=_gradient,
            gradient_latex={
                "log_probs": r"e^{x_{t,c}} - \frac{\sum_{\pi \in B^{-1}(y),\, \pi_t = c} \prod_{s=1}^{i} e^{x_{s,\pi_s}}}"
                r"{\sum_{\pi \in B^{-1}(y)} \prod_{s=1}^{i} e^{x_{s,\pi_s}}}"
            },
            gradient_head="g_{t,c}",
            figure_latex=r"-\log\ \sum_{\pi \in B^{-1}(y)}\ \prod_{t=1}^{i}\ e^{x_{t,\pi_t}}",
            meanings={
                "x_{t,c}": "the log-probability of class c at frame t",
                "y": "the labels to spell",
                r"\pi": "an alignment: one class, perhaps the blank, for each frame",
                "B": "what an alignment spells: repeats are merged, then blanks dropped",
                "i": "the number of frames that count",
            },
            remark="What torch returns exceeds the partial derivative of the loss by $e^{x_{t,c}}$, and leads to right "
            "gradients only where what is in front makes each frame's probabilities sum to one, as a `log_softmax` does: "
            "see the pitfall below.",
        ),
    ),
    batches=_batches,
    precision=Precision(absolute=1.0, why="it adds logarithms of probabilities, which may cancel to almost nothing"),
    sections=(
        Section(
            axis=PROBABILITY_AXIS,
            label="probability of the label at the middle frame",
            span=(0.001, 0.999),
            inputs=lambda t, y: {
                "log_probs": [[log(0.9), log(0.1)], [log(1 - t), log(t)], [log(0.9), log(0.1)]],
                "targets": [1],
                "input_lengths": 3,
                "target_lengths": 1,
            },
            branches={"": 0.0},
            perfect=1.0,
            limits=(0.0, 1.0),
            note="Three frames, the blank and one label, which is the target. The first and the last frame give the label "
            "a probability of 0.1, the middle one moves.",
            caption="The loss stays finite where the middle frame rules the label out, since another frame may still spell "
            "it. Here the probabilities of a frame move together and sum to 1, so the gradient is a true derivative.",
        ),
    ),
    figures=(
        Study(
            name="frames",
            title="A model that knows nothing, and the number of frames",
            label="frames",
            span=(3.0, 14.0),
            points=tuple(float(n) for n in range(3, 15)),
            curves={
                "a": lambda t: _uniform([1], t),
                "ab": lambda t: _uniform([1, 2], t),
                "aa": lambda t: _uniform([1, 1], t),
                "abc": lambda t: _uniform([1, 2, 3], t),
            },
            note="Four classes, all equally likely at each frame.",
            caption="A longer input has more alignments, but each of them is less likely. The loss of abc and of aa falls "
            "at first, since the number of alignments grows faster. A repeated label needs a blank in between and costs "
            "more than two different ones.",
        ),
        Study(
            name="gradient-torch",
            title="What torch returns, and the derivative",
            label="probability of the label at the middle frame",
            span=(0.001, 0.999),
            curves={"from torch": lambda t: t - _share(t), "derivative": lambda t: -_share(t)},
            heading="gradient with respect to the label's log-probability",
            note="The three frames of the section above. The derivative holds all other log-probabilities still.",
            caption="The two differ by the probability. What torch returns is zero where the frame agrees with the "
            "alignments. The derivative is minus the share of the alignments that pass here, and that share is zero only "
            "where the probability is.",
        ),
        Diagram(
            name="alignments",
            title="The alignments of the target ab",
            build=_lattice,
            note="Six frames. Every path from the left to the right is one alignment; a path may stay, go on, or jump over "
            "a blank between two different labels.",
            caption="The darker a node or an edge, the larger the share of the alignments' probability that passes "
            "through it. The gradient of a class at a frame is the probability that the model gives to it there, less "
            "its share; for the blank, the shares of its three rows are added up.",
        ),
    ),
    example={
        "log_probs": np.log(
            [
                [[0.2, 0.6, 0.2], [0.5, 0.25, 0.25]],
                [[0.5, 0.3, 0.2], [0.25, 0.5, 0.25]],
                [[0.2, 0.2, 0.6], [0.4, 0.3, 0.3]],
                [[0.6, 0.2, 0.2], [0.8, 0.1, 0.1]],
            ]
        )
        .round(4)
        .tolist(),
        "targets": [[1, 2], [1, 0]],
        "input_lengths": [4, 3],
        "target_lengths": [2, 1],
    },
    properties={"convex": True, "smoothness": "Cinf", "value_at_perfect": 0},
)
