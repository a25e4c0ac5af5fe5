r"""NT-Xent (SimCLR)

Takes two views of each example as vectors, and charges each vector the cross-entropy of finding the other view of its
example, by the cosine, among all vectors of the batch.

## When to use it

- Vectors are learned from unlabelled data: each example is augmented twice, and the two views should be alike and unlike
  all others.
- Both views go through one network, so that they may change places.

## When not to

- The two members of a pair are of different sorts, such as an image and its caption: [[info_nce|InfoNCE]] compares queries
  with candidates and neither side with itself.
- Batches must be small. What a view is compared with is the batch; [[info_nce|InfoNCE]] takes stored vectors as
  further candidates.
- Classes are known: [[cross_entropy]], or [[arcface|ArcFace]].

## Pitfalls

### Rows k and k + N are a pair

The two views are stacked one below the other, `torch.cat([first, second])`. If the rows are interleaved instead, view by
view, or the two halves are shuffled apart, each vector is pulled to one of another example. Nothing warns. Below, both views
of each of three examples are equal.

```python
from lossary.functional import nt_xent

view = torch.eye(3)
print(f"stacked     {nt_xent(torch.cat([view, view])).item():.3f}")
print(f"interleaved {nt_xent(view.repeat_interleave(2, 0)).item():.3f}")
try:
    nt_xent(torch.eye(3))
except ValueError as error:
    print(error)
```

```output
stacked     0.433
interleaved 2.433
rows k and k + N are a pair, so their number must be even, got 3
```

### The denominator leaves out the vector itself and nothing else

Of 2N vectors, 2N - 1 stand in it: the partner is among them, and the negatives come from both views. Implementations that
leave the vector itself in cannot get below `log(2)`, since its cosine with itself is as large as the partner's can be.
Those that leave out the partner can become negative.

```python
from lossary.functional import nt_xent

view = F.normalize(torch.eye(4) - 0.25)
both = torch.cat([view, view])
cosines = both @ both.T / 0.1
partner = cosines.diagonal().mean()  # equal views: as large as that with itself
other = cosines.masked_fill(torch.eye(4).repeat(2, 2).bool(), -torch.inf)
print(f"here                 {nt_xent(both, temperature=0.1).item():7.4f}")
print(f"with the vector      {(cosines.logsumexp(1) - partner).mean().item():7.4f}")
print(f"without the partner  {(other.logsumexp(1) - partner).mean().item():7.4f}")
```

```output
here                  0.0000
with the vector       0.6932
without the partner  -11.5416
```

### The temperature sets the lowest loss

Cosines end at 1, so a perfect pair costs something as long as there are others. Below, both views of each of 64 examples are
equal and at a right angle to all others. At the default of 0.5 their loss is nearer to chance, the logarithm of 2N - 1, than
to zero. A low temperature lowers the floor. What else it does is shown at [[info_nce|InfoNCE]].

```python
from lossary.functional import nt_xent

perfect = torch.eye(64).repeat(2, 1)
print(f"chance {math.log(127):.2f}")
for temperature in (1.0, 0.5, 0.1, 0.05):
    print(f"temperature {temperature}: {nt_xent(perfect, temperature=temperature).item():.4f}")
```

```output
chance 4.84
temperature 1.0: 3.8576
temperature 0.5: 2.8933
temperature 0.1: 0.0057
temperature 0.05: 0.0000
```

### The value depends on the size of the batch

Each further example adds two terms to every denominator. Losses of different batch sizes cannot be compared, and a batch of
a single example costs nothing whatever its views are. Adding up gradients over small batches does not make a large one: the
vectors of one part never meet those of the other.

```python
from lossary.functional import nt_xent

first, second = torch.randn(2, 64, 16)
second = first + 0.5 * second
for size in (1, 8, 64):
    parts = zip(first.split(size), second.split(size))
    losses = [nt_xent(torch.cat(part)) for part in parts]
    print(f"batches of {size:2}: mean loss {abs(torch.stack(losses).mean().item()):.2f}")
```

```output
batches of  1: mean loss 0.00
batches of  8: mean loss 1.30
batches of 64: mean loss 3.23
```

### One value per batch

The vectors of a batch depend on one another, so `reduction="none"` gives one number for each matrix, the mean over its
2N vectors, and "sum" adds up matrices. [[info_nce|InfoNCE]] of the cosines gives a number for each vector. Some
implementations return the sum of those, which is 2N times the loss here.

```python
from lossary.functional import info_nce, nt_xent

both = torch.randn(6, 8)
unit = F.normalize(both)
cosines = (unit @ unit.T).fill_diagonal_(-torch.inf)
each = info_nce(cosines, torch.arange(6).roll(3), temperature=0.5, reduction="none")
print(each.shape, nt_xent(both, reduction="none").shape, torch.allclose(each.mean(), nt_xent(both)))
```

```output
torch.Size([6]) torch.Size([]) True
```

### Where all vectors are equal, nothing leads out

A collapsed model pays chance, and its gradient is zero up to rounding: turning towards a vector needs one in
another direction. A loss that stays at the logarithm of 2N - 1 may be that; look at the cosines of vectors of different examples.

```python
from lossary.functional import nt_xent

for name, both in (("collapsed", torch.ones(8, 4)), ("random   ", torch.randn(8, 4))):
    both.requires_grad_()
    loss = nt_xent(both)
    (slope,) = torch.autograd.grad(loss, both)
    print(f"{name} loss {loss.item():.4f}, largest gradient {slope.abs().max().item():.3f}")
print(f"chance {math.log(7):.4f}")
```

```output
collapsed loss 1.9459, largest gradient 0.000
random    loss 1.6299, largest gradient 0.241
chance 1.9459
```

## Relations

It is [[info_nce|InfoNCE]] over the cosines of the vectors with one another, where no vector is its own candidate.

    functional.nt_xent(scores) ==
        functional.info_nce((F.normalize(scores) @ F.normalize(scores).T).fill_diagonal_(-torch.inf), torch.arange(8).roll(4), temperature=0.5)

So it is [[cross_entropy]] of those cosines over the temperature.

    functional.nt_xent(scores, temperature=0.1) ==
        F.cross_entropy((F.normalize(scores) @ F.normalize(scores).T / 0.1).fill_diagonal_(-torch.inf), torch.arange(8).roll(4))

## In other libraries

- optax `jax.vmap(lambda one: optax.ntxent(one, jax.numpy.arange(len(one)) % (len(one) // 2), temperature=temperature))(input)`:
  One matrix per call. Labels say which rows belong together; the temperature is 0.07 by default.
- pytorch-metric-learning `torch.stack([pytorch_metric_learning.losses.NTXentLoss(temperature=temperature)(one, torch.arange(len(one)) % (len(one) // 2)) for one in input])`:
  One matrix per call. Labels say which rows belong together; the temperature is 0.07 by default. With more than two rows of
  a label, a denominator leaves out the further ones.
- MONAI `torch.stack([monai.losses.ContrastiveLoss(temperature=temperature)(one[: len(one) // 2], one[len(one) // 2 :]) for one in input])`:
  One matrix per call, its two halves as two arguments.

## References

- Ting Chen, Simon Kornblith, Mohammad Norouzi and Geoffrey Hinton (2020). A Simple Framework for Contrastive Learning of
  Visual Representations. In *ICML 2020*. arXiv:2002.05709
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from lossary.declaration import (
    ANGLE_AXIS,
    POSITIVE,
    Input,
    Kind,
    Loss,
    Parameter,
    Precision,
    Section,
    Study,
    Symbolic,
    cos,
    exp,
    indicator,
    log,
    per,
    sin,
    sqrt,
    sum_over,
    terms,
    unequal,
)
from lossary.declaration.values import Arrays, Setting


def nt_xent(input: torch.Tensor, *, temperature: float = 0.5, reduction: str = "mean") -> torch.Tensor:
    count = input.shape[-2]
    if count % 2:
        raise ValueError(f"rows k and k + N are a pair, so their number must be even, got {count}")
    size = input.detach().abs().amax(-1, keepdim=True)  # no square overflows or vanishes once it is divided by
    unit = F.normalize(input / size.masked_fill(size == 0, 1), dim=-1, eps=0.5)
    itself = torch.eye(count, dtype=torch.bool, device=input.device)
    logits = (unit @ unit.mT / temperature).masked_fill(itself, -torch.inf)
    partner = (unit * unit.roll(count // 2, -2)).sum(-1) / temperature
    loss = (logits.logsumexp(-1) - partner).mean(-1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _turned(cosine: torch.Tensor, temperature: float) -> torch.Tensor:
    """The loss of two views that have this cosine, among 30 others at a right angle."""
    return F.softplus(math.log(30) - cosine / temperature)


def _floor(examples: torch.Tensor, temperature: float) -> torch.Tensor:
    """The loss where the views of each example are equal, and all examples at a right angle to one another."""
    return torch.log1p((2 * examples - 2) * math.exp(-1 / temperature))


def _batches(setting: Setting) -> list[Arrays]:
    """Four and six vectors, short and long, close together and in opposite directions."""
    rng, more = np.random.default_rng(5), np.random.default_rng(6)
    made: list[Arrays] = []
    for shape in ((4, 3), (6, 2)):
        drawn = [scale * rng.normal(size=shape) for scale in (1e-3, 1.0, 1.0, 1.0, 1e3)]
        close = [np.ones(shape) + 0.1 * rng.normal(size=shape), np.ones(shape)]
        opposite = np.ones(shape) * np.where(np.arange(shape[0]) < shape[0] // 2, 1, -1)[:, None]
        made.append({"input": np.stack([*drawn, *close, opposite, *more.normal(size=(10, *shape))])})
    return made


VIEWS = Kind("vectors, two for each example", dims=("C", "D"), sampler="vector", takes="vectors")

loss = Loss(
    function=nt_xent,
    aliases=terms("NT-Xent; NT-Xent loss; SimCLR loss; NTXent; normalized temperature-scaled cross-entropy"),
    tasks=("embeddings",),
    search_terms=terms(
        "self-supervised contrastive loss; two augmented views; contrastive loss with a temperature; SimCLR; "
        "monai ContrastiveLoss; optax.ntxent; optax ntxent; self-supervised pretraining; views of the same picture; "
        "normalised temperature-scaled cross-entropy; 2N - 2 negatives; contrastive learning without labels; "
        "augmentations of the same image agree; data augmentation as supervision; "
        "two augmentations of one image; self-supervised learning of pictures; "
        "normalised temperature-scaled similarity; contrastive pretraining of images without labels; large batch "
        "of augmented views; "
        "pretrain without labels by augmentations"
    ),
    concepts={
        "order of the views; interleaved batch; positive pairs": "Rows k and",
        "denominator; self-similarity mask; 2N - 1 terms": "The denominator",
        "temperature; loss does not go to zero": "The temperature sets",
        "batch size; gradient accumulation": "The value depends",
        "loss of each sample; reduction": "One value per",
        "collapse; loss stuck at log(2N - 1)": "Where all vectors",
    },
    answers={
        "embeddings/partners": ("Vectors are learned from", "The two members"),
    },
    batches=_batches,
    inputs=(Input("input", "x", (VIEWS,), "(2N, D)", "the vectors: rows k and k + N are two views of one example"),),
    parameters=(
        Parameter(
            "temperature",
            0.5,
            "what the cosines are divided by",
            range=POSITIVE,
            typical=(0.1, 0.5, 1.0),
            symbol="tau",
        ),
    ),
    reductions=per("batch", "the number of batches, which is 1 for inputs of two dimensions"),
    formulas=(
        Symbolic(
            where={
                "n": lambda x, c, i, D: sqrt(sum_over(i, x[c, i] ** 2, D)),
                "cosine": lambda x, c, d, i, D, n: sum_over(i, x[c, i] * x[d, i], D) / (n[c] * n[d]),
                "total": lambda c, k, C, cosine, tau: sum_over(k, exp(cosine[c, k] / tau), C, where=unequal(k, c)),
                "partner": lambda c, k, C, cosine: sum_over(k, indicator(2 * abs(c - k), C) * cosine[c, k], C),
                "pull": lambda c, d, C, cosine, total, tau: (
                    exp(cosine[c, d] / tau) / total[c]
                    + exp(cosine[c, d] / tau) / total[d]
                    - 2 * indicator(2 * abs(c - d), C)
                ),
            },
            notation={"n": "n", "cosine": "s", "total": "Z", "partner": "s^{+}", "pull": "w"},
            meanings={
                "n": "the length of a vector",
                "cosine": "the cosine of two vectors",
                "total": "the total over all other vectors",
                "partner": "the cosine of a vector and the other view of its example",
                "pull": "how hard two vectors push each other apart",
                "C": "the number of vectors, twice that of the examples",
                "c": "runs over the vectors",
                "k": "runs over the vectors",
                "i": "runs over the coordinates",
                "tau": "the temperature",
            },
            value=lambda c, C, partner, total, tau: sum_over(c, log(total[c]) - partner[c] / tau, C) / C,
            gradient={
                "input": lambda x, c, d, k, C, n, cosine, pull, tau: (
                    sum_over(k, pull[c, k] * (x[k, d] / n[k] - cosine[c, k] * x[c, d] / n[c]), C, where=unequal(k, c))
                    / (C * tau * n[c])
                )
            },
        ),
    ),
    precision=Precision(
        size=lambda x, c, i, C, D, tau: (1 + sum_over(c, 1 / sqrt(sum_over(i, x[c, i] ** 2, D)), C)) / tau,
        why="it subtracts two numbers of the size of a cosine over the temperature, and its gradient divides such a difference "
        "by the length of a vector",
    ),
    sections=(
        Section(
            axis=ANGLE_AXIS,
            label=ANGLE_AXIS.label,
            span=ANGLE_AXIS.span,
            inputs=lambda t, y: {"input": [[1, 0, 0], [0, 0, 1], [cos(t), sin(t), 0], [0, 0, 1]]},
            branches={"": 0},
            perfect=0.0,
            limits=ANGLE_AXIS.span,
            note="Two examples. The second view of the first one turns away; the two views of the second one are equal and at a right angle to both.",
            caption="It rises from a value above zero, since the other example always costs something, and levels off "
            "where the two views point in opposite directions. Its slope vanishes at both ends.",
        ),
    ),
    figures=(
        Study(
            name="temperatures",
            title="The loss at four temperatures",
            label="cosine of the two views",
            span=(-1.0, 1.0),
            curves={
                "temperature 0.1": lambda t: _turned(t, 0.1),
                "temperature 0.2": lambda t: _turned(t, 0.2),
                "temperature 0.5": lambda t: _turned(t, 0.5),
                "temperature 1.0": lambda t: _turned(t, 1.0),
            },
            note="The two views of one example; 30 other vectors at a right angle to both. The loss of the two.",
            caption="The lower the temperature, the steeper the loss of a pair that is less alike than the others, and the "
            "nearer to zero that of one that is more alike.",
        ),
        Study(
            name="floor",
            title="The loss of perfect pairs against the size of the batch",
            label="examples in the batch",
            span=(1.0, 256.0),
            points=(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0),
            curves={
                "chance": lambda n: (2 * n - 1).log(),
                "temperature 1.0": lambda n: _floor(n, 1.0),
                "temperature 0.5": lambda n: _floor(n, 0.5),
                "temperature 0.2": lambda n: _floor(n, 0.2),
                "temperature 0.1": lambda n: _floor(n, 0.1),
            },
            note="The two views of each example are equal and at a right angle to all others.",
            caption="In a larger batch a perfect model pays more, and so does one that has learned nothing. The "
            "temperature decides how far apart the two are.",
        ),
    ),
    side_by_side={
        "turns": "functional.nt_xent(torch.stack((first, stranger, second, stranger), 1), reduction='none')",
    },
    example={"input": [[1.0, 0.0], [0.0, 1.0], [0.8, 0.6], [-0.6, 0.8]]},
    properties={
        "convex": False,
        "smoothness": "Cinf",
        "bounded": True,
        "supremum": lambda tau: (log(exp(-1 / tau) + 2) + 1 / tau + log(1 + 2 * exp(-1 / tau))) / 2,
        "value_at_perfect": lambda tau: log(1 + 2 * exp(-1 / tau)),
        "gradient_limits": (0, 0),
    },
)
