r"""Jensen-Shannon divergence

How far two distributions are from the average of the two: symmetric, zero only where they agree, and at most log 2.

## When to use it

- Neither distribution is the reference: two models, two halves of a corpus, two augmented views of one image. Swapping
  them changes nothing.
- The prediction may rule out an outcome that the target does not, where [[kl_div]] is infinite.

## When not to

- The target is fixed and you fit a model to it. With respect to the scores in front of a softmax, [[kl_div]] and
  [[cross_entropy]] keep a strong gradient however far the prediction is off; that of this divergence vanishes.
- The outcomes have an order, and near misses should cost less: [[wasserstein_1d]], of samples or from cumulative sums.

## Pitfalls

### The divergence is not the distance

The Jensen-Shannon distance is the square root of the divergence. This loss is the divergence itself, in nats. In bits it
is divided by log 2, so that its largest value is 1.

```python
p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
mean = (p + q) / 2
divergence = (torch.xlogy(p, p / mean) + torch.xlogy(q, q / mean)).sum() / 2

print("in nats    ", divergence)
print("in bits    ", divergence / math.log(2))
print("square root", divergence.sqrt())
```

```output
in nats     tensor(0.6931)
in bits     tensor(1.)
square root tensor(0.8326)
```

### Of nearly equal distributions, the value can be below zero

The terms cancel there, and in float32 rounding is what is left of them. A root of the value is NaN then: clamp the value
before taking it.

```python
from lossary.functional import js_divergence

torch.manual_seed(0)
scores = torch.randn(1000, 5)
p, q = scores.softmax(1), (scores + 1e-4 * torch.randn(1000, 5)).softmax(1)
value = js_divergence(q, p, reduction="none")
print("some below zero:", (value < 0).any().item())
print("some roots NaN: ", value.sqrt().isnan().any().item())
print("after clamping: ", value.clamp(min=1e-12).sqrt().isnan().any().item())
```

```output
some below zero: True
some roots NaN:  True
after clamping:  False
```

### A confident wrong prediction gets hardly any gradient

The divergence is bounded. With respect to the scores in front of a softmax its gradient vanishes as the prediction
grows sure of the wrong outcome, where that of [[kl_div]] tends to a constant.

```python
target = torch.tensor([1.0, 0.0])

for score in (2.0, 5.0, 10.0):
    scores = torch.tensor([-score, score], requires_grad=True)
    prediction = scores.softmax(0)
    mean = (prediction + target) / 2
    js = ((prediction * (prediction / mean).log()).sum() - mean[0].log()) / 2
    kl = F.kl_div(scores.log_softmax(0), target, reduction="sum")
    slopes = [torch.autograd.grad(loss, scores, retain_graph=True)[0][0].item() for loss in (js, kl)]
    print(f"scores {-score:g} and {score:g}: JS {slopes[0]:.2g}, KL {slopes[1]:.2g}")
```

```output
scores -2 and 2: JS -0.036, KL -0.98
scores -5 and 5: JS -0.00023, KL -1
scores -10 and 10: JS -2.1e-08, KL -1
```

### The generalised divergence is another loss

Distillation of language models uses a *generalised JSD*, whose mixture takes the share `beta` from one distribution and
the rest from the other. At one half it is this loss; elsewhere it is not symmetric.

```python
from lossary.functional import js_divergence

student = torch.tensor([0.7, 0.2, 0.1])
teacher = torch.tensor([0.1, 0.3, 0.6])

for beta in (0.1, 0.5, 0.9):
    mixture = (beta * teacher + (1 - beta) * student).log()
    parts = [F.kl_div(mixture, one, reduction="sum") for one in (teacher, student)]
    print(f"beta {beta:g}: {(beta * parts[0] + (1 - beta) * parts[1]).item():.4f}")
print(f"this loss: {js_divergence(student, teacher).item():.4f}")
```

```output
beta 0.1: 0.0865
beta 0.5: 0.2306
beta 0.9: 0.0927
this loss: 0.2306
```

### A prediction of exactly zero gives a gradient of NaN

The value is right there, but torch divides 0 by 0 in the derivative of `xlogy(x, x)`, and the softmax spreads the NaN
to all scores. In float32 it gives exact zeros for scores that lie far apart. Clamp the prediction from below; an outcome
that was clamped gets no gradient. A zero in a target that needs no gradient does no harm.

```python
from lossary.functional import js_divergence

target = torch.tensor([1.0, 0.0])
scores = torch.tensor([0.0, 200.0], requires_grad=True)

for name, prediction in (("as it is", scores.softmax(0)), ("clamped ", scores.softmax(0).clamp(min=1e-7))):
    value = js_divergence(prediction, target)
    print(name, value.item(), torch.autograd.grad(value, scores)[0])
```

```output
as it is 0.6931471824645996 tensor([nan, nan])
clamped  0.6931463479995728 tensor([-0., 0.])
```

## Relations

It is the average of the [[kl_div|divergences]] of the two distributions from their mean.

    functional.js_divergence(p, q) ==
        (F.kl_div(((p + q) / 2).log(), p, reduction="batchmean") + F.kl_div(((p + q) / 2).log(), q, reduction="batchmean")) / 2

For two distributions that share no outcome it is log 2, where [[total_variation|total variation distance]] is 1.

    functional.js_divergence(torch.eye(4)[:2].double(), torch.eye(4)[2:].double()) ==
        torch.tensor(2.0, dtype=torch.float64).log() * functional.total_variation(torch.eye(4)[:2], torch.eye(4)[2:])

The original adversarial network minimises it: shown as many samples of the one distribution as of the other, no
discriminator has a [[bce]] below log 2 minus this divergence.

    functional.js_divergence(p, q) ==
        torch.tensor(2.0, dtype=torch.float64).log() -
            F.binary_cross_entropy(p / (p + q), p / (p + q), weight=p + q, reduction="none").sum(-1).mean() / 2

## In other libraries

- `scipy.spatial.distance.jensenshannon(input, target, axis=-1)**2`: It scales both to sum to 1 and returns the square
  root of the divergence, which is squared here.
- `kornia.losses.js_div_loss_2d(input[None, :, None], target[None, :, None])`: For heat maps of shape (B, N, H, W); a
  mean over B and N.

## References

- Jianhua Lin (1991). Divergence Measures Based on the Shannon Entropy. *IEEE Transactions on Information Theory 37(1),
  145-151*. doi:10.1109/18.61115
- Rishabh Agarwal, Nino Vieillard, Yongchao Zhou, Piotr Stanczyk, Sabela Ramos, Matthieu Geist and Olivier Bachem (2023).
  On-Policy Distillation of Language Models: Learning from Self-Generated Mistakes. arXiv. arXiv:2306.13649
"""

import torch

from lossary.declaration import (
    DISTRIBUTION,
    DISTRIBUTION_STEEP_AT_ZERO,
    Precision,
    Symbolic,
    divergence_loss,
    log,
    sum_over,
    terms,
    xlogy,
)


def js_divergence(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    middle = (input + target) / 2
    of_input = torch.xlogy(input, input) - torch.xlogy(input, middle)
    of_target = torch.xlogy(target, target) - torch.xlogy(target, middle)
    loss = (of_input + of_target).sum(-1) / 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = divergence_loss(
    function=js_divergence,
    aliases=terms("JSD; JS divergence; information radius"),
    tasks=("distributions",),
    search_terms=terms(
        "symmetric kl divergence; bounded divergence; consistency loss between two predictions; "
        "symmetric divergence; average of two distributions; mixture of the two; bounded by log 2; GAN theory; "
        "compare two probability vectors symmetrically; symmetrised KL to the mean distribution; "
        "symmetrised Kullback-Leibler; "
        "on-policy distillation of language models; generalised knowledge distillation; distance between two "
        "predicted distributions; "
        "symmetric distance of distributions; original GAN divergence; between 0 and ln 2; "
        "KL(p, m)/2 + KL(q, m)/2; "
        "finite where supports do not overlap"
    ),
    concepts={
        "Jensen-Shannon distance; bits or nats; square root": "The divergence is not the distance",
        "negative divergence; root is nan; float32 rounding": "Of nearly equal",
        "vanishing gradient; saturation": "A confident wrong prediction",
        "generalized JSD; GKD; beta": "The generalised divergence",
        "nan gradient; zero probabilities": "A prediction of exactly zero",
    },
    answers={
        "distributions/outcomes/bounded": ("Neither distribution", "The target is fixed"),
    },
    predicted=DISTRIBUTION_STEEP_AT_ZERO,
    true=DISTRIBUTION,
    formula=Symbolic(
        value=lambda x, y, c, C: (
            sum_over(c, xlogy(x[c], 2 * x[c] / (x[c] + y[c])) + xlogy(y[c], 2 * y[c] / (x[c] + y[c])), C) / 2
        ),
        gradient={
            "input": lambda x, y, c: log(2 * x[c] / (x[c] + y[c])) / 2,
            "target": lambda x, y, c: log(2 * y[c] / (x[c] + y[c])) / 2,
        },
    ),
    precision=Precision(absolute=1.0, why="its terms cancel where the prediction meets the target"),
    caption="Zero where the prediction meets the target. It stays below log 2, about 0.69, at both ends.",
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": "inf",
        "bounded": True,
        "symmetric": True,
    },
)
