r"""Kullback-Leibler divergence

How far a predicted distribution, passed as log-probabilities, is from a target distribution; zero only where the two
agree.

## When to use it

- The target is a whole distribution and the model predicts one: distillation from a teacher, label
  distributions from several annotators, topic mixtures.
- You want a value that is zero exactly when the two distributions agree. [[cross_entropy]] with the
  same soft targets has the same gradient, but its smallest value is the entropy of the target.
- As a penalty that keeps a model near a reference model, one distribution per token or state.

The call measures `KL(target || prediction)`. Wherever the target has mass the prediction must have
some too, so a prediction that cannot match the target spreads out to cover it.

## When not to

- The targets are class numbers. The divergence is then the same as [[cross_entropy]], which takes the
  numbers directly.
- The prediction may give zero probability to an outcome that the target does not. The divergence is infinite
  there; [[js_divergence|Jensen-Shannon divergence]], [[hellinger|Hellinger distance]] and [[total_variation|total variation distance]] stay bounded.
- Swapping the two should not matter: [[js_divergence|Jensen-Shannon divergence]].
- Outcomes have an order or a distance, and near misses should cost less: [[wasserstein_1d|Wasserstein-1]], of samples or from
  cumulative sums.
- Both are Gaussians given by mean and variance, as in a variational autoencoder: [[kl_gaussian|Gaussian KL]].

## Pitfalls

### The first argument must hold log-probabilities

The prediction goes in as logarithms, the target as plain probabilities. Probabilities or raw scores as the first argument are silently accepted and give a number that means nothing. A true divergence is
never negative, so a loss clearly below zero is a sure alarm; a positive one proves nothing, as the
last score shows. Put a `log_softmax` in front.

```python
prediction = torch.tensor([[0.2, 0.3, 0.5]])
target = torch.tensor([[0.1, 0.6, 0.3]])

print("logarithms   ", F.kl_div(prediction.log(), target, reduction="sum"))
print("probabilities", F.kl_div(prediction, target, reduction="sum"))
scores = torch.tensor([[2.0, 1.0, 0.0]])
print("raw scores   ", F.kl_div(scores, target, reduction="sum"))
print("lower scores ", F.kl_div(scores - 4, target, reduction="sum"))
print("by definition", (target * (target / prediction).log()).sum())
```

```output
logarithms    tensor(0.1933)
probabilities tensor(-1.2479)
raw scores    tensor(-1.6979)
lower scores  tensor(2.3021)
by definition tensor(0.1933)
```

### The default reduction does not return the divergence

The divergence of one sample is a sum over the outcomes. `"mean"`, the default, divides by the
number of outcomes as well, so the result is too small by that factor. `"batchmean"` divides by the
batch size only. The warning announces that `"mean"` will change; as the output shows, it has not.
Write `reduction="batchmean"`.

```python
prediction = torch.tensor([[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]]).log()
target = torch.tensor([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]])

each = F.kl_div(prediction, target, reduction="none").sum(dim=1)
print("one per sample   ", each)
print("their mean       ", each.mean())
print("batchmean        ", F.kl_div(prediction, target, reduction="batchmean"))
print("mean, the default", F.kl_div(prediction, target))
```

```output
one per sample    tensor([0.1733, 0.5108])
their mean        tensor(0.3421)
batchmean         tensor(0.3421)
mean, the default tensor(0.1140)
UserWarning: reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the same as 'batchmean' in the next major release.
```

### batchmean passed by position becomes mean

The third positional argument of `F.kl_div` is an old flag named `size_average`, not `reduction`. A
string there counts as true and selects `"mean"`. The warning does not say that. Pass the name.

```python
prediction = torch.tensor([[0.5, 0.5], [0.9, 0.1]]).log()
target = torch.tensor([[0.25, 0.75], [0.5, 0.5]])

print("by name    ", F.kl_div(prediction, target, reduction="batchmean"))
print("by position", F.kl_div(prediction, target, "batchmean"))
```

```output
by name     tensor(0.3208)
by position tensor(0.1604)
UserWarning: size_average and reduce args will be deprecated, please use reduction='mean' instead.
```

### batchmean divides by the first dimension, whatever it is

A single distribution of shape `(C,)` has no batch dimension, so `"batchmean"` divides by the number
of outcomes. A tensor `(batch, time, C)` is divided by the batch size only, so the result adds up
all time steps and grows with the length of the sequence. Use `"sum"` for one distribution, and
flatten batch and time together for sequences.

```python
prediction = torch.tensor([0.5, 0.25, 0.25]).log()
target = torch.tensor([0.25, 0.5, 0.25])
print("shape (3,), batchmean   ", F.kl_div(prediction, target, reduction="batchmean"))
print("shape (3,), sum         ", F.kl_div(prediction, target, reduction="sum"))

steps = prediction.expand(2, 5, 3)
wanted = target.expand(2, 5, 3)
flat = steps.flatten(0, 1), wanted.flatten(0, 1)
print("shape (2, 5, 3)         ", F.kl_div(steps, wanted, reduction="batchmean"))
print("flattened to (10, 3)    ", F.kl_div(*flat, reduction="batchmean"))
```

```output
shape (3,), batchmean    tensor(0.0578)
shape (3,), sum          tensor(0.1733)
shape (2, 5, 3)          tensor(0.8664)
flattened to (10, 3)     tensor(0.1733)
```

### A column against a row is silently broadcast

A prediction of shape `(N, 1)` and a target of shape `(N,)` are broadcast to `(N, N)`: each
prediction meets each target, and nothing warns. The two below are equal, so their divergence is zero.
Give both tensors the same shape.

```python
target = torch.tensor([0.2, 0.3, 0.5])
prediction = target.log()

print(F.kl_div(prediction.unsqueeze(1), target, reduction="none").shape)
print("column against row", F.kl_div(prediction.unsqueeze(1), target, reduction="sum"))
print("same shape        ", F.kl_div(prediction, target, reduction="sum"))
```

```output
torch.Size([3, 3])
column against row tensor(0.4176)
same shape         tensor(0.)
```

### In distillation, a high temperature shrinks the gradient by about its square

To learn from a teacher, the scores of both models are often divided by a temperature `T` before the
softmax, so that small probabilities count for more. This shrinks the gradient with respect to the
scores: once by the division, and once more because the softened distributions lie closer together.
Where `T` is large against the spread of the scores, it falls as one over `T` squared. Hinton and others
(below) therefore multiply this loss by `T` squared, so that its share beside a [[cross_entropy]] on the
labels then hardly depends on `T`. With scores that lie far apart it still does.

```python
student, teacher = torch.randn(4, 5, requires_grad=True), torch.randn(4, 5)

for spread in (1, 5):
    for T in (1.0, 2.0, 4.0, 8.0):
        prediction = (spread * student / T).log_softmax(1)
        target = (spread * teacher / T).softmax(1)
        loss = F.kl_div(prediction, target, reduction="batchmean")
        size = torch.autograd.grad(loss, student)[0].norm().item() / spread
        print(f"spread {spread}, T {T:g}: gradient {size:.4f}, times T squared {T**2 * size:.4f}")
```

```output
spread 1, T 1: gradient 0.2590, times T squared 0.2590
spread 1, T 2: gradient 0.0646, times T squared 0.2586
spread 1, T 4: gradient 0.0158, times T squared 0.2521
spread 1, T 8: gradient 0.0039, times T squared 0.2481
spread 5, T 1: gradient 0.5869, times T squared 0.5869
spread 5, T 2: gradient 0.2431, times T squared 0.9723
spread 5, T 4: gradient 0.0788, times T squared 1.2610
spread 5, T 8: gradient 0.0204, times T squared 1.3024
```

### Swapping the distributions gives another divergence

The divergence is not symmetric, and the argument order hides which one you get: the prediction
comes first in the call but second in `KL(target || prediction)`. For the reverse direction, swap
both the roles and the logarithms.

```python
prediction = torch.tensor([[0.2, 0.3, 0.5]])
target = torch.tensor([[0.1, 0.6, 0.3]])

print("KL(target || prediction)", F.kl_div(prediction.log(), target, reduction="sum"))
print("KL(prediction || target)", F.kl_div(target.log(), prediction, reduction="sum"))
```

```output
KL(target || prediction) tensor(0.1933)
KL(prediction || target) tensor(0.1861)
```

### log_target must match what the target holds

`log_target=True` says that the target holds logarithms. Forgetting it, or setting it for plain
probabilities, is not detected. The first gives NaN, since the loss takes the logarithm of a negative
number; the second gives a number that means nothing. If both sides come from models, use
`log_softmax` on both together with the flag.

```python
prediction = torch.tensor([[0.5, 0.25, 0.25]]).log()
target = torch.tensor([[0.25, 0.5, 0.25]])
flag = {"log_target": True, "reduction": "sum"}

print("probabilities, no flag  ", F.kl_div(prediction, target, reduction="sum"))
print("logarithms with flag    ", F.kl_div(prediction, target.log(), **flag))
print("logarithms, no flag     ", F.kl_div(prediction, target.log(), reduction="sum"))
print("probabilities with flag ", F.kl_div(prediction, target, **flag))
```

```output
probabilities, no flag   tensor(0.1733)
logarithms with flag     tensor(0.1733)
logarithms, no flag      tensor(nan)
probabilities with flag  tensor(6.4220)
```

### A zero in the target is fine as a probability, not as a logarithm

An outcome with target probability zero adds nothing, and PyTorch handles that case for plain
probabilities. As a logarithm the entry is minus infinity, and the product of zero and minus
infinity is NaN. One-hot targets and hard masks run into this. Keep such targets as probabilities.
Their value is right then, but not the gradient with respect to the target, which is NaN at zero:
detach a target that comes from a model.

```python
prediction = torch.tensor([[0.5, 0.5]]).log()
target = torch.tensor([[1.0, 0.0]], requires_grad=True)

loss = F.kl_div(prediction, target, reduction="none")
print("probabilities", loss.detach())
print("logarithms   ", F.kl_div(prediction, target.detach().log(), log_target=True, reduction="none"))
print("gradient with respect to the target", torch.autograd.grad(loss.sum(), target)[0])
```

```output
probabilities tensor([[0.6931, 0.0000]])
logarithms    tensor([[0.6931,    nan]])
gradient with respect to the target tensor([[1.6931,    nan]])
```

### A prediction of probability zero gives infinity or NaN

If the prediction rules an outcome out and the target does not, the divergence is infinite, and that
is the correct value. If both rule it out, the term should be zero but comes out as NaN. Scores masked
with minus infinity lead to either. Mask with a large finite negative number before the `log_softmax`,
or drop the masked outcomes from both tensors.

```python
prediction = torch.tensor([[0.0, float("-inf")]])

print(F.kl_div(prediction, torch.tensor([[0.5, 0.5]]), reduction="none"))
print(F.kl_div(prediction, torch.tensor([[1.0, 0.0]]), reduction="none"))
finite = prediction.clamp(min=-1e4)
print(F.kl_div(finite, torch.tensor([[1.0, 0.0]]), reduction="none"))
```

```output
tensor([[-0.3466,     inf]])
tensor([[0., nan]])
tensor([[0., 0.]])
```

### Single terms may be negative, a divergence may not

Of two distributions, the sum over all outcomes is never negative. Single terms are, wherever the
target is above zero and below the prediction, so an unreduced loss with negative entries is no error.
A negative sum is one: then a row does not sum to one, or the first argument does not hold logarithms.
(Rounding can leave a sum a hair below zero when the two agree.)

```python
prediction = torch.tensor([[0.5, 0.3, 0.2]]).log()
target = torch.tensor([[0.2, 0.3, 0.5]])

print(F.kl_div(prediction, target, reduction="none"))
print("sum over outcomes ", F.kl_div(prediction, target, reduction="sum"))
print("unnormalised      ", F.kl_div(prediction, 0.3 * target, reduction="sum"))
```

```output
tensor([[-0.1833,  0.0000,  0.4581]])
sum over outcomes  tensor(0.2749)
unnormalised       tensor(-0.2787)
```

### The gradient makes sense only through log_softmax

With respect to its first argument the gradient is minus the target, a constant: it says to raise
every log-probability whose target is above zero, however high it is already. The `log_softmax` in
front is what keeps the prediction a distribution; through it the gradient becomes prediction minus
target, here for a batch of one.

```python
scores = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
target = torch.tensor([[0.2, 0.3, 0.5]])

log_prediction = scores.log_softmax(1)
loss = F.kl_div(log_prediction, target, reduction="batchmean")
direct, through = torch.autograd.grad(loss, (log_prediction, scores))
print("log-probabilities  ", direct)
print("scores             ", through)
print("prediction - target", (log_prediction.exp() - target).detach())
```

```output
log-probabilities   tensor([[-0.2000, -0.3000, -0.5000]])
scores              tensor([[-0.1100, -0.0553,  0.1652]])
prediction - target tensor([[-0.1100, -0.0553,  0.1652]])
```

## Relations

It is [[cross_entropy]] with soft targets, minus the entropy of the targets.

    F.kl_div(scores.log_softmax(1), q, reduction="batchmean") ==
        F.cross_entropy(scores, q) + (q * q.log()).sum(1).mean()

For two outcomes it is [[bce]] minus the entropy of the label.

    F.kl_div(torch.stack((p[:, 0], 1 - p[:, 0]), 1).log(), torch.stack((q[:, 0], 1 - q[:, 0]), 1), reduction="batchmean") ==
        F.binary_cross_entropy(p[:, 0], q[:, 0]) - F.binary_cross_entropy(q[:, 0], q[:, 0])

With one-hot targets it is the [[nll|negative log-likelihood]].

    F.kl_div(p.log(), F.one_hot(classes, 5).double(), reduction="batchmean") == F.nll_loss(p.log(), classes)

The [[renyi_divergence|Rényi divergence]] tends to this divergence as `alpha` goes to one.

    F.kl_div(p.log(), q, reduction="none").sum(1) ==
        functional.renyi_divergence(p, q, alpha=1 + 1e-6, reduction="none")  # within 1e-4

The [[js_divergence|Jensen-Shannon divergence]] is the average of the two divergences from the even
mixture.

    (F.kl_div(((p + q) / 2).log(), p, reduction="batchmean") + F.kl_div(((p + q) / 2).log(), q, reduction="batchmean")) / 2 ==
        functional.js_divergence(p, q)

For two distributions, the sum of the [[poisson_deviance|Poisson deviance]] over the outcomes is
twice this divergence.

    2 * F.kl_div(p.log(), q, reduction="none").sum(1) == functional.poisson_deviance(p, q, reduction="none").sum(1)

## In other libraries

- `keras.losses.KLDivergence(reduction=None)(target, input.exp())`: Both are probabilities, not logarithms, and are
  clipped at keras.config.epsilon(); the mean of its values is batchmean.
- `optax.kl_divergence(input, target)`: Summed over the last axis; no further reduction.
- `optax.losses.kl_divergence_with_log_targets(input, target)` at log_target=True: Summed over the last axis.
- `scipy.stats.entropy(target, numpy.exp(input), axis=-1)`: The target comes first; both are probabilities and are
  normalised.
- `scipy.special.rel_entr(target, numpy.exp(input))`: Elementwise, the target first, both as probabilities.
  scipy.special.kl_div adds y - x to each element.
- `Flux.kldivergence(ŷ, y)`: Both are probabilities; an epsilon is added inside the logarithm. Summed over the first
  axis.

## References

- S. Kullback and R. A. Leibler (1951). On Information and Sufficiency. *The Annals of Mathematical Statistics
  22(1), 79-86*. doi:10.1214/aoms/1177729694
- Geoffrey Hinton, Oriol Vinyals and Jeff Dean (2015). Distilling the Knowledge in a Neural Network. arXiv.
  arXiv:1503.02531
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lossary.declaration import (
    DISTRIBUTION,
    ELEMENTWISE,
    LOG_DISTRIBUTION,
    PROBABILITY_AXIS,
    Input,
    Kind,
    Loss,
    Precision,
    Reduction,
    Section,
    Summed,
    Symbolic,
    exp,
    flag,
    log,
    sum_over,
    terms,
    xlogy,
)

LOG_PROBABILITY = Kind(
    "log-probabilities (at most 0)",
    values=(0.0, -1e-12, -1e-3, -0.05, -0.3, -0.7, -1.0, -2.5, -7.0, -40.0, -200.0, -745.0),
    upper=0.0,
    far=745.0,
    takes="log-probabilities",
)
OUTCOME_PROBABILITY = Kind(
    "probabilities, from 0 to 1",
    values=(0.0, 1e-300, 1e-9, 1e-3, 0.1, 0.3, 0.5, 0.9, 1.0),
    lower=0.0,
    upper=1.0,
    takes="probabilities",
)
OUTCOME_LOG_PROBABILITY = Kind(
    "log-probabilities (at most 0)",
    values=(-700.0, -40.0, -7.0, -1.0, -0.3, -1e-3, 0.0),
    upper=0.0,
    takes="log-probabilities",
)


def _batch_size(inputs: Mapping[str, Any], parameters: Mapping[str, Any], count: int) -> float:
    """The first dimension of the input, whatever it stands for; 1 where there is none."""
    shape = np.asarray(inputs["input"]).shape
    return float(shape[0]) if shape else 1.0


loss = Loss(
    torch="torch.nn.KLDivLoss",
    functional="torch.nn.functional.kl_div",
    aliases=terms(
        "KL divergence; KL loss; KLD; Kullback-Leibler; relative entropy; relative_entropy; forward KL; "
        "kullback_leibler_divergence"
    ),
    tasks=("distributions", "distillation", "generative"),
    search_terms=terms(
        "knowledge distillation loss; kl divergence between two categorical distributions; KLDivLoss negative value; "
        "batchmean; log_target; "
        "reduction: 'mean' divides the total loss by both the batch size and the support size; "
        "scipy.stats.entropy(pk, qk); optax.kl_divergence; tf.keras.losses.KLDivergence; "
        "soft targets from a teacher; teacher and student; imitate the outputs of a larger network; "
        "match a target distribution; soft labels from a teacher; distance of probability distributions; "
        "information gain; policy regulariser; distil a large model into a small one; "
        "compare predicted and target distribution; "
        "distance between two softmax outputs; match teacher probabilities; match a soft target distribution; "
        "KL divergence in torch is negative; input in log space; target in log space; expected log-likelihood "
        "ratio; soft label training; "
        "log-probabilities as input and probabilities as target; sum of p log(p/q); compress a large model into a"
        " small one; "
        "copy a teacher's probabilities; distance to a target distribution"
    ),
    concepts={
        "log_target; target as log-probabilities; pass the target as logarithms": "log_target",
        "KLDivLoss negative value; log_softmax of the input": "The first argument",
        "reduction: 'mean' divides the total loss by both the batch size and the support size; batchmean": "The default reduction",
        "forward and reverse KL; mode seeking; which argument is the logarithm": "Swapping the distributions",
        "distillation temperature; temperature squared": "In distillation",
        "broadcasting without a warning": "A column against a row",
        "nan with zero probabilities": "A prediction of probability zero",
    },
    answers={
        "distributions/outcomes/reference": ("You want a value that", "Outcomes have an order"),
        "distillation/classes": ("The target is a whole", "The targets are class numbers"),
    },
    inputs=(
        Input(
            "input",
            "x",
            (LOG_PROBABILITY,),
            "(*)",
            "the logarithm of the predicted probabilities: log_softmax gives it",
        ),
        Input(
            "target",
            "y",
            (OUTCOME_PROBABILITY,),
            "(*), same as input",
            "the true probabilities, or their logarithm where log_target is true",
            kinds_at={("log_target", True): (OUTCOME_LOG_PROBABILITY,)},
        ),
    ),
    parameters=(flag("log_target", False, "whether the target, too, is given as log-probabilities"),),
    reductions=(*ELEMENTWISE, Reduction("batchmean", "the size of the first dimension", _batch_size)),
    formulas=(
        Symbolic(
            value=lambda x, y: xlogy(y, y) - y * x,
            gradient={"input": lambda y: -y, "target": lambda x, y: log(y) + 1 - x},
            at={"log_target": False},
        ),
        Symbolic(
            label="With log_target, y being a log-probability",
            value=lambda x, y: exp(y) * (y - x),
            gradient={"input": lambda y: -exp(y), "target": lambda x, y: exp(y) * (y - x + 1)},
            at={"log_target": True},
        ),
    ),
    summed=Summed(
        Symbolic(
            label="Summed over the outcomes of one distribution: the divergence",
            value=lambda x, y, c, C: sum_over(c, xlogy(y[c], y[c]) - y[c] * x[c], C),
            gradient={},
        ),
        reduction="sum",
        kinds={"input": LOG_DISTRIBUTION, "target": DISTRIBUTION},
    ),
    precision=Precision(absolute=1.0, why="its two terms cancel where the prediction meets the target"),
    sections=(
        Section(
            axis=PROBABILITY_AXIS,
            label="predicted probability of the first outcome",
            span=(0.01, 0.99),
            inputs=lambda t, y: {"input": [log(t), log(1 - t)], "target": [y, 1 - y]},
            branches={"": 0.3},
            perfect=0.3,
            limits=(0.0, 1.0),
            target_values="unit",
            note="Two outcomes, summed. The target gives 0.3 to the first one.",
            caption="Zero where the prediction meets the target, positive everywhere else, and growing without bound as "
            "the prediction rules out an outcome that can happen.",
        ),
    ),
    example={
        "input": [[-0.6931, -1.3863, -1.3863], [-0.1054, -2.9957, -2.9957]],
        "target": [[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]],
    },
    side_by_side={"two-normals": 'F.kl_div(q.log(), p, reduction="none").sum(-1)'},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": False,
        "symmetric": False,
        "value_at_perfect": 0,
        "elicits": "mean",
    },
)
