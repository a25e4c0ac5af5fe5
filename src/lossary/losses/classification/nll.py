r"""Negative log-likelihood

Takes a log-probability per class and returns minus that of the right class; the log-probabilities must be normalised
before, as a log_softmax does.

## When to use it

- Exactly one of several classes is right, and the model already returns log-probabilities: it ends
  in a `log_softmax`, or its output comes from another normalised model, such as a mixture or a
  structured decoder.
- The log-probabilities are needed for something else as well, so that it pays to compute them once.
- You average several predicted distributions and judge the average. Take the `logsumexp` of the
  log-probabilities, subtract the logarithm of their number, and pass the result.
- Segmentation and sequences: extra dimensions after the class dimension are judged one by one.

The loss picks one entry, changes its sign and, if you like, weights it. All the modelling is in the
normalisation that comes before it.

## When not to

- The model returns raw scores. [[cross_entropy]] contains the `log_softmax` and cannot be fed the
  wrong thing so easily.
- The target is a distribution over the classes: [[kl_div]], or [[cross_entropy]] with soft targets.
- The target is a number and not a class. The likelihood is then another one:
  [[gaussian_nll|Gaussian NLL]] for measurements, [[poisson_nll|Poisson NLL]] for counts.
- Several classes may hold at once: [[bce_with_logits]].
- Some labels are wrong. One confident prediction against a wrong label can cost arbitrarily much;
  [[generalized_cross_entropy|generalized cross-entropy]] limits that cost.

## Pitfalls

### The input must hold log-probabilities

The name promises a logarithm, but the loss takes none. It returns minus the entry it is given.
With probabilities it is minus a probability, between -1 and 0. With raw scores it has no lower
bound at all. Neither case warns. A negative value is the sign to look for: log-probabilities are at
most zero, so minus one of them is at least zero.

```python
score = torch.tensor([[2.0, 1.0, 0.0]])
target = torch.tensor([0])

print("log_softmax", round(F.nll_loss(score.log_softmax(1), target).item(), 4))
print("softmax    ", round(F.nll_loss(score.softmax(1), target).item(), 4))
print("scores     ", round(F.nll_loss(score, target).item(), 4))
```

```output
log_softmax 0.4076
softmax     -0.6652
scores      -2.0
```

### The gradient makes sense only through log_softmax

With respect to its own input the gradient is -1 at the true class and 0 everywhere else, however
good or bad the prediction is. It never pushes a wrong class down. What makes the other classes
compete, and what makes the pull fade as the prediction improves, is the normalisation in front of
the loss. Without it a model lowers the loss by raising all scores at once, which tells no class from
another.

```python
score = torch.tensor([[2.0, 1.0, 0.0]], requires_grad=True)
target = torch.tensor([0])

for name, loss in (
    ("without log_softmax", lambda s: F.nll_loss(s, target)),
    ("through log_softmax", lambda s: F.nll_loss(s.log_softmax(1), target)),
):
    print(name, torch.autograd.grad(loss(score), score)[0])
    print("  all scores raised by 5: the loss changes by", round((loss(score + 5) - loss(score)).item(), 4))
```

```output
without log_softmax tensor([[-1.,  0.,  0.]])
  all scores raised by 5: the loss changes by -5.0
through log_softmax tensor([[-0.3348,  0.2447,  0.0900]])
  all scores raised by 5: the loss changes by 0.0
```

### The logarithm of a softmax is not a log_softmax

On paper they are the same. In numbers a softmax rounds a hopeless class to zero, its logarithm is
minus infinity, the loss is infinite, and the gradient is NaN. One optimiser step then makes the
weights behind the scores NaN, even those of the other class. `log_softmax` subtracts instead of
dividing and gives the right value.

```python
target = torch.tensor([1])

for name, logarithm in (
    ("softmax, then log", lambda score: score.softmax(1).log()),
    ("log_softmax", lambda score: score.log_softmax(1)),
):
    weight = torch.tensor([[200.0], [0.0]], requires_grad=True)
    score = torch.ones(1, 1) @ weight.T
    loss = F.nll_loss(logarithm(score), target)
    loss.backward()
    torch.optim.SGD([weight], lr=0.1).step()
    print(name, loss.item(), "gradient", weight.grad.flatten(), "weights", weight.detach().flatten())
```

```output
softmax, then log inf gradient tensor([nan, nan]) weights tensor([nan, nan])
log_softmax 200.0 gradient tensor([ 1., -1.]) weights tensor([1.9990e+02, 1.0000e-01])
```

### The classes belong in dimension 1

A sequence model returns `(batch, time, classes)`, but the loss looks for the classes in the second
dimension. As a rule the shapes clash and you get an error. When there are as many steps as classes,
nothing clashes, and the loss picks entries from the wrong axis. Below both steps predict class 0
with probability 0.9, and class 0 is right. Move the classes with `transpose`, or flatten batch and
time into one.

```python
logp = torch.tensor([[[0.9, 0.1], [0.9, 0.1]]]).log()
target = torch.tensor([[0, 0]])

print("as it is  ", round(F.nll_loss(logp, target).item(), 4))
print("transposed", round(F.nll_loss(logp.transpose(1, 2), target).item(), 4))
print("flattened ", round(F.nll_loss(logp.flatten(0, 1), target.flatten()).item(), 4))
try:
    F.nll_loss(torch.zeros(2, 5, 7), torch.zeros(2, 5, dtype=torch.long))
except RuntimeError as error:
    print(error)
```

```output
as it is   1.204
transposed 0.1054
flattened  0.1054
Expected target size [2, 7], got [2, 5]
```

### A batch in which every target is ignored gives NaN

The mean divides by the sum of the weights of the targets that count. With none left it is zero
divided by zero. The gradient is zero and does no harm, but the logged value is NaN. If the targets'
classes all have the weight zero, the gradient is NaN too, and that does harm. Sum the loss, and divide
by a count that cannot be zero.

```python
logp = torch.tensor([[0.7, 0.3]]).log().requires_grad_()
ignored = torch.tensor([-100])

loss = F.nll_loss(logp, ignored)
print(loss.item(), torch.autograd.grad(loss, logp)[0])
loss = F.nll_loss(logp, torch.tensor([0]), weight=torch.tensor([0.0, 1.0]))
print(loss.item(), torch.autograd.grad(loss, logp)[0])

count = (ignored != -100).sum().clamp(min=1)
print(abs(F.nll_loss(logp, ignored, reduction="sum") / count).item())
```

```output
nan tensor([[0., 0.]])
nan tensor([[nan, 0.]])
0.0
```

### Class weights cancel in a batch of one

The weighted mean divides by the sum of the weights of the targets in the batch. A lone sample is
multiplied and divided by the same number, so its weight, unless it is zero, does nothing. In a larger batch a weight
counts only against those of the other samples. The mean of the unreduced losses divides by the number
of samples; it is another number, and in it a sample's weight does not depend on its neighbours.

```python
logp = torch.tensor([[0.5, 0.5], [0.9, 0.1]]).log()
target = torch.tensor([0, 1])
weight = torch.tensor([1.0, 5.0])

each = F.nll_loss(logp, target, weight=weight, reduction="none")
print("mean          ", round(F.nll_loss(logp, target, weight=weight).item(), 4))
print("sum / weights ", round((each.sum() / weight[target].sum()).item(), 4))
print("mean of each  ", round(each.mean().item(), 4))

one = F.nll_loss(logp[1:], target[1:])
heavy = F.nll_loss(logp[1:], target[1:], weight=weight)
print("batch of one:", round(one.item(), 4), "weighted:", round(heavy.item(), 4))
```

```output
mean           2.0343
sum / weights  2.0343
mean of each   6.103
batch of one: 2.3026 weighted: 2.3026
```

### A weight of zero does not remove an impossible class

Zero times minus infinity is NaN. A class that the model masks with minus infinity, and whose weight
is zero, still spoils the sum as soon as it occurs as a target. Leave such samples out with
`ignore_index`: the loss does not read the input of an ignored target.

```python
logp = torch.tensor([[float("-inf"), 0.0]])
weight = torch.tensor([0.0, 1.0])

print(F.nll_loss(logp, torch.tensor([0]), weight=weight, reduction="sum"))
print(F.nll_loss(logp, torch.tensor([0]), ignore_index=0, reduction="sum"))
```

```output
tensor(nan)
tensor(0.)
```

### Only class numbers are accepted as targets

Unlike [[cross_entropy]], this loss has no form for probabilities or one-hot rows. The message about
"multi-target" means that the target has a dimension too many. Class numbers must be `long`; `uint8`
passes too, but not with dimensions behind the classes. They run from zero: in data that counts from
one, the last class is out of range, which is an error on a CPU and a device-side assert on CUDA, while
all the others are silently one class off.

```python
logp = torch.tensor([[0.7, 0.2, 0.1]]).log()
targets = {
    "one-hot": torch.tensor([[1.0, 0.0, 0.0]]),
    "column": torch.tensor([0]).view(1, 1),
    "float": torch.tensor([0.0]),
    "int32": torch.tensor([0], dtype=torch.int32),
    "counted from one": torch.tensor([3]),
    "padding of -1": torch.tensor([-1]),
}
for name, target in targets.items():
    try:
        F.nll_loss(logp, target)
    except (RuntimeError, IndexError) as error:
        print(f"{name}: {error}")
byte = torch.tensor([0], dtype=torch.uint8)
print("uint8:", F.nll_loss(logp, byte))
try:
    F.nll_loss(logp.unsqueeze(2), byte.view(1, 1))
except RuntimeError as error:
    print("uint8, three dimensions:", error)
```

```output
one-hot: 0D or 1D target tensor expected, multi-target not supported
column: 0D or 1D target tensor expected, multi-target not supported
float: expected target dtype to be Long or Byte, but got Float
int32: expected target dtype to be Long or Byte, but got Int
counted from one: Target 3 is out of bounds.
padding of -1: Target -1 is out of bounds.
uint8: tensor(0.3567)
uint8, three dimensions: expected scalar type Long but found Byte
```

### NLLLoss2d is NLLLoss under an old name

`NLLLoss2d` was made for images. `NLLLoss` takes any number of extra dimensions, and the old name now
warns. Replace it; nothing else changes.

```python
logp = torch.randn(2, 3, 4, 4).log_softmax(1)
target = torch.randint(0, 3, (2, 4, 4))

print(torch.equal(nn.NLLLoss2d()(logp, target), nn.NLLLoss()(logp, target)))
```

```output
True
FutureWarning: `NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement and see https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.
```

## Relations

After a `log_softmax` it is [[cross_entropy]] of the raw scores.

    F.nll_loss(scores.log_softmax(1), classes) == F.cross_entropy(scores, classes)

With two classes it is [[bce]] of the probability of the second one.

    F.nll_loss(torch.stack((1 - p[:, 0], p[:, 0]), 1).log(), classes % 2) ==
        F.binary_cross_entropy(p[:, 0], (classes % 2).double())

It is [[kl_div]] with the target as a one-hot row.

    F.nll_loss(p.log(), classes) == F.kl_div(p.log(), F.one_hot(classes, 5).double(), reduction="batchmean")

[[generalized_cross_entropy|Generalized cross-entropy]] of the probabilities tends to this loss as
`q` goes to zero.

    F.nll_loss(p.log(), classes) == functional.generalized_cross_entropy(p.log(), classes, q=1e-6)  # within 1e-4

## In other libraries

- `keras.losses.SparseCategoricalCrossentropy(reduction=None)(target, input.exp())`: Takes the probabilities, not
  their logarithms, and clips them.
- `mlx.nn.losses.nll_loss(input, target, axis=-1, reduction="none")`: Log-probabilities and class numbers; the classes
  are on the last axis, and no reduction is the default.
- `Flux.crossentropy(ŷ, y)`: Takes probabilities and one-hot targets, the classes on the first axis; adds an epsilon
  inside the logarithm.
- `paddle.nn.NLLLoss(reduction="none")(input, target)`: The same contract, with the same weighted mean.
- `mindspore.nn.NLLLoss(reduction="none")(input, target)`: Its documentation calls the log-probabilities logits.

## References

- R. A. Fisher (1922). On the Mathematical Foundations of Theoretical Statistics. *Philosophical Transactions
  of the Royal Society of London, Series A 222, 309-368*. doi:10.1098/rsta.1922.0009
- I. J. Good (1952). Rational Decisions. *Journal of the Royal Statistical Society, Series B 14(1), 107-114*.
  doi:10.1111/j.2517-6161.1952.tb00104.x
- Tilmann Gneiting and Adrian E. Raftery (2007). Strictly Proper Scoring Rules, Prediction, and Estimation.
  *Journal of the American Statistical Association 102, 359-378*. doi:10.1198/016214506000001437
"""

import numpy as np

from lossary.declaration import (
    CLASS_INDEX,
    LOG_DISTRIBUTION,
    WEIGHTED,
    Input,
    Loss,
    Symbolic,
    cases,
    class_weight,
    equal,
    ignore_index,
    indicator,
    log,
    probability_section,
    terms,
)

loss = Loss(
    torch="torch.nn.NLLLoss",
    functional="torch.nn.functional.nll_loss",
    aliases=terms("nn.NLLLoss; NLLLoss2d; NLL loss; negative log likelihood; negative log-likelihood loss"),
    tasks=("multi-class", "segmentation", "sequences"),
    search_terms=terms(
        "NLLLoss negative value; nll loss is negative; log_softmax then NLLLoss; "
        "LogSoftmax and NLLLoss; maximum likelihood classification; log-probabilities as input; "
        "logarithmic scoring rule; surprisal; ClassNLLCriterion; difference between NLLLoss and CrossEntropyLoss; "
        "NLLLoss2d has been deprecated; Target is out of bounds; nll_loss nan; log-softmax output; "
        "loss after log_softmax; log-probabilities and class index; minus the log-probability of the true class; "
        "maximum likelihood classifier; takes the output of log_softmax; "
        "output of LogSoftmax; negative loss because log_softmax was forgotten; "
        "negative log of the probability of the true class; NLLLoss after a softmax is wrong; categorical "
        "log-likelihood; "
        "F.log_softmax output as input; -x[y]; "
        "log-probabilities in, class number as target"
    ),
    concepts={
        "class imbalance; class weights": "weight",
        "padding index; ignore padding tokens": "ignore_index",
        "NLLLoss negative value; nll loss is negative; log_softmax then NLLLoss": "The input must hold",
        "log of softmax; underflow": "The logarithm of a softmax",
        "nll_loss nan": "A batch in which every target",
        "one-hot targets; soft targets; Target is out of bounds; device-side assert triggered": "Only class numbers",
        "NLLLoss2d has been deprecated": "NLLLoss2d",
    },
    answers={
        "multi-class/probability/normalised": ("Exactly one of several", "The model returns raw scores"),
        "segmentation/pixels/one": ("Segmentation and sequences", "The model returns raw scores"),
        "sequences/known/few": ("The log-probabilities are needed", "The model returns raw scores"),
    },
    inputs=(
        Input(
            "input",
            "x",
            (LOG_DISTRIBUTION,),
            "(C), (N, C) or (N, C, d1, …)",
            "log-probabilities: apply a log_softmax first",
        ),
        Input("target", "y", (CLASS_INDEX,), "(), (N) or (N, d1, …)", "the true class"),
    ),
    parameters=(
        class_weight("a factor for each class; the mean divides by the sum of the targets' factors"),
        ignore_index(),
    ),
    reductions=WEIGHTED,
    sample_dimension=1,
    formulas=(
        Symbolic(
            value=lambda x, y: -x[y],
            gradient={"input": lambda c, y: -indicator(c, y)},
            at={"weight": None, "ignore_index": -100},
            inside=lambda inputs: bool(np.all(inputs["target"] >= 0)),
        ),
        Symbolic(
            label="With class weights and an ignored index",
            value=lambda x, y, weight, ignore_index: cases((0, equal(y, ignore_index)), (-weight[y] * x[y], True)),
            gradient={
                "input": lambda c, y, weight, ignore_index: cases(
                    (0, equal(y, ignore_index)), (-weight[c] * indicator(c, y), True)
                )
            },
        ),
    ),
    sections=(
        probability_section(
            inputs=lambda t, y: {"input": [log(t), log((1 - t) / 2), log((1 - t) / 2)], "target": y},
            label="probability of the true class, exp of its input",
            note="Three classes. The other two share what is left of the probability.",
            caption="The closer the probability of what happened is to 0, the more it costs, without bound. A certain and "
            "right prediction costs nothing, yet the slope there is still -1.",
        ),
        probability_section(
            inputs=lambda t, y: {"input": [log(1 - t), log(t)], "target": y},
            label="probability of class 1, with two classes",
            branches={"target 1": 1, "target 0": 0},
            note="Two classes, for each of the two labels.",
            caption="With two classes the loss is binary cross-entropy of the second probability.",
        ),
    ),
    example={
        "input": [[-0.2231, -2.3026, -2.3026], [-1.2040, -0.5108, -2.3026], [-2.3026, -0.3567, -1.6094]],
        "target": [0, 1, 0],
    },
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "elicits": "mean",
        "proper": "strictly proper",
        "calibrated": True,
    },
)
