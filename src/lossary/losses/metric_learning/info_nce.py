r"""InfoNCE

Takes the similarities between a query and several candidates, of which one is its partner, divides them by a temperature,
and charges the cross-entropy of picking the partner.

## When to use it

- Pairs belong together, such as a question and its answer, an image and its caption or two views of one object, and nothing
  is labelled beyond that. The partners of the other queries serve as negatives.
- Search by similarity is what the vectors are for: the loss trains to find one among many.

For a batch of pairs, `input` is the matrix of all cosines, `F.normalize(a) @ F.normalize(b).T`, and `target` is
`torch.arange(N)`.

## When not to

- Labels say similar or not about single pairs: [[contrastive]] or [[cosine_embedding]].
- Batches are small, so that a query sees few candidates: add stored or mined negatives as further columns, or take
  [[triplet_margin]] with hard ones.
- Both members of a pair are views of one thing and go through one network: [[nt_xent|NT-Xent]] compares each with all
  others of both sides.
- The candidates are a fixed list of classes: [[cross_entropy]], or [[arcface|ArcFace]] with a margin.

## Pitfalls

### The temperature decides which negatives count

A negative is pushed by its share of the softmax. At a low temperature nearly all of the push goes to the one that is most
similar to the query, at a high one it is shared more evenly. Below, the similarities of four negatives are 0.6, 0.4, 0.2 and 0. All
gradients are divided by the temperature as well.

```python
from lossary.functional import info_nce

for temperature in (0.07, 0.2, 1.0):
    similarity = torch.tensor([0.5, 0.6, 0.4, 0.2, 0.0], requires_grad=True)
    loss = info_nce(similarity, torch.tensor(0), temperature=temperature)
    push = torch.autograd.grad(loss, similarity)[0][1:]
    shares = [round(v, 3) for v in (push / push.sum()).tolist()]
    print(f"temperature {temperature}: shares of the push {shares}, in all {push.sum().item():.2f}")
```

```output
temperature 0.07: shares of the push [0.943, 0.054, 0.003, 0.0], in all 11.65
temperature 0.2: shares of the push [0.644, 0.237, 0.087, 0.032], in all 3.60
temperature 1.0: shares of the push [0.329, 0.27, 0.221, 0.181], in all 0.77
```

### At a temperature of 1 cosines cannot reach a loss near zero

A cosine lies between -1 and 1, so that at a temperature of 1 the partner's exponential is at most e² times that of a
candidate at the other end. Even where every negative is opposite to the query, the loss has a floor, which grows with the
number of candidates. Scores without bounds have none.

```python
from lossary.functional import info_nce

for count in (16, 256):
    best = -torch.ones(count)
    best[0] = 1.0
    told = [f"{info_nce(best, torch.tensor(0), temperature=t).item():.4f} at {t}" for t in (1.0, 0.5, 0.07)]
    print(f"{count:3} candidates: lowest loss", ", ".join(told))
```

```output
 16 candidates: lowest loss 1.1086 at 1.0, 0.2427 at 0.5, 0.0000 at 0.07
256 candidates: lowest loss 3.5698 at 1.0, 1.7353 at 0.5, 0.0000 at 0.07
```

### The value depends on the number of candidates

A model that knows nothing pays the logarithm of their number. So losses at two batch sizes cannot be compared, and the
bound on the mutual information that the loss gives, that logarithm minus the loss, cannot exceed it. A bound near
`log(N)` tells that the batch is too small to tell more. Below, the partner is always found.

```python
from lossary.functional import info_nce

for count in (8, 64, 512):
    nothing, known = torch.zeros(count, count), 10 * torch.eye(count)
    target = torch.arange(count)
    chance = info_nce(nothing, target, temperature=1.0).item()
    bound = math.log(count) - info_nce(known, target, temperature=0.07).item()
    print(f"{count:3} candidates: loss of chance {chance:.2f}, bound of a perfect model {bound:.2f}")
```

```output
  8 candidates: loss of chance 2.08, bound of a perfect model 2.08
 64 candidates: loss of chance 4.16, bound of a perfect model 4.16
512 candidates: loss of chance 6.24, bound of a perfect model 6.24
```

### A second right answer in the batch is pushed away

Every column but the target counts as wrong: a duplicate, another caption that fits as well, another image of
the class. With k candidates of the partner's similarity, itself counted, the loss is at least `log(k)`. Below, the
twin is pushed as hard as the partner is pulled. Remove duplicates from a batch, or mask them with minus infinity.

```python
from lossary.functional import info_nce

similarity = torch.tensor([1.0, 1.0, -1.0, -1.0], requires_grad=True)
masked = torch.tensor([1.0, -torch.inf, -1.0, -1.0], requires_grad=True)
for name, x in (("with its twin", similarity), ("twin masked  ", masked)):
    loss = info_nce(x, torch.tensor(0))
    print(name, f"{loss.item():.4f}", [round(v, 2) for v in torch.autograd.grad(loss, x)[0].tolist()])
```

```output
with its twin 0.6931 [-7.14, 7.14, 0.0, 0.0]
twin masked   0.0000 [0.0, 0.0, 0.0, 0.0]
```

### It asks one side only

Rows are queries: each one has to find its column. That each column finds its row is another loss, over the transposed
matrix. CLIP takes the mean of both. In the matrix below each query finds its partner, while the last candidate prefers
the first query to its own.

```python
from lossary.functional import info_nce

similarity = torch.tensor([[1.0, 0.0, 0.9], [0.0, 1.0, 0.0], [0.0, 0.0, 0.6]])
target = torch.arange(3)
rows, columns = info_nce(similarity, target), info_nce(similarity.T, target)
print(f"rows {rows.item():.2f}, columns {columns.item():.2f}, mean of both {(rows + columns).item() / 2:.2f}")
```

```output
rows 0.07, columns 1.43, mean of both 0.75
```

### Vectors that are not normalised change the temperature

A dot product grows with the lengths of both vectors, which does what a lower temperature does. Vectors of standard normal
numbers are about as long as the root of their dimension, so their products are about the dimension times their cosines. A
start at random then costs far more than chance.

```python
from lossary.functional import info_nce

one, other = torch.randn(2, 128, 64)
target = torch.arange(128)
print(f"chance   {math.log(128):.1f}")
print(f"products {info_nce(one @ other.T, target).item():.1f}")
print(f"cosines  {info_nce(F.normalize(one) @ F.normalize(other).T, target).item():.1f}")
```

```output
chance   4.9
products 297.5
cosines  6.3
```

### A learned temperature needs its logarithm

The function takes a tensor for `temperature`, with a gradient. Learned as such it can pass zero, where the loss is
not defined, and below zero the order is turned round. Learn the logarithm, as CLIP does with the logarithm of the
inverse, and limit it: on a batch that is solved, a lower temperature lowers the loss further. A mask of minus
infinity makes the gradient of the temperature NaN, and so does a number that becomes infinite when it is divided by
the temperature; one such as -1e4 in float32 does not.

```python
from lossary.functional import info_nce

similarity, target = torch.eye(4), torch.arange(4)
for start in (0.5, 0.2):
    logarithm = torch.tensor(math.log(start), requires_grad=True)
    loss = info_nce(similarity, target, temperature=logarithm.exp())
    (slope,) = torch.autograd.grad(loss, logarithm)
    print(f"temperature {start}: a step {'lowers' if slope > 0 else 'raises'} it")
for mask in (-torch.inf, -1e4):
    temperature = torch.tensor(0.5, requires_grad=True)
    loss = info_nce(torch.tensor([1.0, 0.0, mask]), torch.tensor(0), temperature=temperature)
    print(f"mask {mask}: gradient {torch.autograd.grad(loss, temperature)[0].item():.3f}")
print(f"temperature -0.5: loss {info_nce(similarity, target, temperature=-0.5).item():.2f}")
```

```output
temperature 0.5: a step lowers it
temperature 0.2: a step lowers it
mask -inf: gradient nan
mask -10000.0: gradient 0.477
temperature -0.5: loss 3.14
```

## Relations

At a temperature of 1 it is [[cross_entropy]]; at any other, that of the similarities over the temperature.

    functional.info_nce(scores, classes, temperature=1.0) == F.cross_entropy(scores, classes)

[[nt_xent|NT-Xent]] is the same over the cosines of 2N vectors with themselves, each of which is no candidate of its own.

    functional.info_nce((F.normalize(scores) @ F.normalize(scores).T).fill_diagonal_(-torch.inf), torch.arange(8).roll(4), temperature=0.5) ==
        functional.nt_xent(scores)

With a single negative it is [[soft_margin]] of the lead over the temperature.

    functional.info_nce(torch.stack((input, target), 1), torch.zeros(64, dtype=torch.long), temperature=0.5) ==
        F.soft_margin_loss((input - target) / 0.5, torch.ones(64))

Times the temperature, it tends to how far the partner falls short of the best candidate as the temperature goes to zero;
with a single negative that is [[margin_ranking]] without a margin.

    1e-6 * functional.info_nce(torch.stack((input, target), 1), torch.zeros(64, dtype=torch.long), temperature=1e-6) ==
        F.margin_ranking_loss(input, target, torch.ones(64))  # within 1e-5

## In other libraries

- `torch.nn.functional.cross_entropy(input / temperature, target, reduction="none")`
- `optax.softmax_cross_entropy_with_integer_labels(input / temperature, target)`
- [Sentence Transformers](https://sbert.net/docs/package_reference/sentence_transformer/losses.html#multiplenegativesrankingloss)
  `sentence_transformers.losses.MultipleNegativesRankingLoss(model, scale=20.0)`: The scale is the inverse of the
  temperature, which is 0.05 then; the partners of the other queries are the negatives.

## References

- Aaron van den Oord, Yazhe Li and Oriol Vinyals (2018). Representation Learning with Contrastive Predictive Coding. arXiv
  preprint. arXiv:1807.03748
- Matthew Henderson, Rami Al-Rfou, Brian Strope, Yun-hsuan Sung, Laszlo Lukacs, Ruiqi Guo, Sanjiv Kumar, Balint Miklos and
  Ray Kurzweil (2017). Efficient Natural Language Response Suggestion for Smart Reply. arXiv preprint. arXiv:1705.00652
- Alec Radford, Jong Wook Kim, Chris Hallacy, Aditya Ramesh, Gabriel Goh, Sandhini Agarwal, Girish Sastry, Amanda Askell,
  Pamela Mishkin, Jack Clark, Gretchen Krueger and Ilya Sutskever (2021). Learning Transferable Visual Models From Natural
  Language Supervision. In *ICML 2021*. arXiv:2103.00020
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    CLASS_INDEX,
    POSITIVE,
    Axis,
    HeatMap,
    Input,
    Kind,
    Loss,
    Parameter,
    Precision,
    Section,
    Study,
    Symbolic,
    exp,
    indicator,
    log,
    per,
    sum_over,
    terms,
)


def info_nce(
    input: torch.Tensor, target: torch.Tensor, *, temperature: float = 0.07, reduction: str = "mean"
) -> torch.Tensor:
    return F.cross_entropy(input / temperature, target, reduction=reduction)


NEGATIVES = (0.6, 0.4, 0.2, 0.0)


def _among_others(partner: torch.Tensor, temperature: float) -> torch.Tensor:
    """The loss against 15 others of fixed similarities."""
    others = torch.linspace(-0.5, 0.5, 15, dtype=partner.dtype).expand(len(partner), 15)
    first = torch.zeros(len(partner), dtype=torch.long)
    return info_nce(torch.cat((partner[:, None], others), 1), first, temperature=temperature, reduction="none")


def _share(temperature: torch.Tensor, place: int) -> torch.Tensor:
    """The share of one negative in the push on all of them."""
    return (torch.tensor(NEGATIVES, dtype=temperature.dtype) / temperature[:, None]).softmax(1)[:, place]


SIMILARITIES = Kind("similarities, one for each candidate", dims=("C",), sampler="logits", takes="scores")
SIMILARITY_AXIS = Axis("similarity", "similarity of the partner", (-1.0, 1.0), 16.0, (-16.0, 1.0))

loss = Loss(
    function=info_nce,
    aliases=terms(
        "InfoNCE loss; CPC loss; in-batch softmax loss; in-batch negatives loss; MultipleNegativesRankingLoss"
    ),
    tasks=("embeddings", "ranking"),
    search_terms=terms(
        "contrastive loss with a temperature; CLIP loss; SimCSE loss; MoCo loss; N-pair loss; "
        "softmax over similarities; noise contrastive estimation; retrieval loss; dual encoder loss; two-tower loss; "
        "lower bound on mutual information; match images with texts; one positive among many negatives; "
        "contrastive predictive coding; in-batch negatives; sentence embeddings; representation learning; "
        "query and passage; pick the right partner from the batch; mutual information estimate; "
        "positive pair against the rest of the batch; image and caption; "
        "contrastive learning with in-batch negatives; retrieval embeddings; MoCo; dense passage retrieval; "
        "temperature of contrastive learning; image-text pairs; dense retrieval; "
        "softmax of the true pair against negatives; -log(exp(s/t)/sum exp(s/t)); CLIP pretraining of image and "
        "text; "
        "train image and text encoders together"
    ),
    concepts={
        "temperature; hard negatives": "The temperature decides",
        "loss does not go to zero; temperature too high": "At a temperature of 1",
        "batch size; number of negatives; mutual information bound; loss stuck at log N": "The value depends",
        "false negatives; duplicates in the batch": "A second right answer",
        "symmetric loss; CLIP; image to text and text to image": "It asks one side",
        "normalise embeddings; dot product or cosine": "Vectors that are not normalised",
        "learnable temperature; logit scale; nan gradient of the temperature": "A learned temperature",
    },
    answers={
        "embeddings/partners": ("Pairs belong together", "Batches are small"),
        "ranking/chosen": ("Search by similarity", "Labels say similar"),
    },
    inputs=(
        Input("input", "x", (SIMILARITIES,), "(C) or (N, C)", "the similarity of each query with each candidate"),
        Input("target", "y", (CLASS_INDEX,), "() or (N)", "which candidate is the query's partner"),
    ),
    parameters=(
        Parameter(
            "temperature",
            0.07,
            "what the similarities are divided by",
            range=POSITIVE,
            typical=(0.07, 0.2, 1.0),
            symbol="tau",
        ),
    ),
    reductions=per("target"),
    formulas=(
        Symbolic(
            where={"p": lambda x, c, j, C, tau: exp(x[c] / tau) / sum_over(j, exp(x[j] / tau), C)},
            meanings={
                "p": "the softmax of the similarities over the temperature",
                "C": "the number of candidates",
                "c": "runs over the candidates",
                "j": "runs over the candidates",
                "tau": "the temperature",
            },
            value=lambda p, y: -log(p[y]),
            gradient={"input": lambda p, y, c, tau: (p[c] - indicator(c, y)) / tau},
        ),
    ),
    precision=Precision(
        size=lambda x, j, C, tau: (1 + sum_over(j, abs(x[j]), C)) / tau,
        why="it subtracts two numbers of the size of the similarities over the temperature",
    ),
    sections=(
        Section(
            axis=SIMILARITY_AXIS,
            label="similarity of the partner",
            span=(-1.0, 1.0),
            inputs=lambda t, y: {"input": [t, 0, 0], "target": y},
            branches={"": 0},
            perfect=float("inf"),
            note="Three candidates. The similarities of the other two stay at 0.",
            caption="Left of the others' similarity the loss is nearly a straight line, as steep as the inverse of the "
            "temperature. Once the partner leads by a few temperatures, it is nearly zero.",
        ),
        Section(
            axis=SIMILARITY_AXIS,
            label="similarity of candidate 1, with two candidates",
            span=(-1.0, 1.0),
            inputs=lambda t, y: {"input": [0, t], "target": y},
            branches={"candidate 1 as partner": 1, "candidate 0 as partner": 0},
            perfect={"candidate 1 as partner": float("inf"), "candidate 0 as partner": float("-inf")},
            target_values="binary",
            link="sigmoid",
            note="Two candidates. The similarity of candidate 0 stays at 0.",
            caption="With two candidates it is a logistic loss of the lead over the temperature.",
        ),
    ),
    figures=(
        Study(
            name="temperatures",
            title="Loss and pull at four temperatures",
            label="similarity of the partner",
            span=(-1.0, 1.0),
            curves={
                "temperature 0.07": lambda t: _among_others(t, 0.07),
                "temperature 0.2": lambda t: _among_others(t, 0.2),
                "temperature 0.5": lambda t: _among_others(t, 0.5),
                "temperature 1.0": lambda t: _among_others(t, 1.0),
            },
            gradient=True,
            note="16 candidates. The similarities of the other 15 are spread evenly from -0.5 to 0.5.",
            caption="At a low temperature a partner behind the best of the others is pulled hard, and one that leads hardly "
            "at all. At a high one the pull is weak and goes on to the end, and the loss stays far from zero.",
        ),
        Study(
            name="shares",
            title="Which of the negatives is pushed",
            label="temperature",
            span=(0.03, 1.0),
            curves={
                "similarity 0.6": lambda t: _share(t, 0),
                "similarity 0.4": lambda t: _share(t, 1),
                "similarity 0.2": lambda t: _share(t, 2),
                "similarity 0.0": lambda t: _share(t, 3),
            },
            heading="share of the push",
            note="Four negatives. Which share each has does not depend on the partner.",
            caption="From right to left the most similar negative takes over. At the temperature 1 the shares differ little.",
        ),
        HeatMap(
            name="rival",
            title="InfoNCE over the partner and its rival",
            labels=("similarity of the partner", "similarity of a rival"),
            spans=((-1.0, 1.0), (-1.0, 1.0)),
            inputs=lambda s, t: {"input": [s, t, 0], "target": 0},
            note="Three candidates. The similarity of the third one is 0.",
            caption="Below 0 the rival hardly counts, since the third candidate is more similar: lines of equal loss stand "
            "upright. Above, only the difference of the two similarities counts.",
        ),
    ),
    side_by_side={
        "turns": "functional.info_nce(torch.stack((cosine, 0 * cosine), 1), 0 * target.long(), reduction='none')",
    },
    example={"input": [[0.9, 0.1, -0.2], [0.3, 0.7, 0.4], [0.0, 0.5, 0.6]], "target": [0, 1, 2]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": lambda tau: 1 / tau,
        "gradient_lipschitz": lambda tau: 1 / (4 * tau**2),
        "bounded": False,
        "calibrated": True,
        "value_at_perfect": 0,
        "gradient_limits": lambda tau: (-1 / tau, 0),
    },
)
