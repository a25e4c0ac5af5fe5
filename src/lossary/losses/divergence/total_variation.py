r"""Total variation distance

Half the sum of the absolute differences between two distributions: the largest difference between the probabilities
that they give to one and the same event.

## When to use it

- You want a distance with a plain meaning: 0.1 says that no event is more than ten percentage points
  more likely under one distribution than under the other.
- The prediction may rule out an outcome that the target does not. The distance is still at most 1, where [[kl_div]] is
  infinite.
- To report or bound how far apart two distributions are. As a training loss it is rarely the first choice.

## When not to

- You train by gradient descent and want small steps for small errors. The gradient has the same size however
  close the two are. [[js_divergence|Jensen-Shannon divergence]] is bounded too, and has small steps for small errors.
- You want the predicted probabilities to match the frequencies of the labels. Against one-hot labels the expected
  distance is lowest at the likeliest class alone; use [[cross_entropy]].
- You look for the penalty on the differences of neighbouring pixels: `kornia.losses.total_variation` has the same
  name, takes images alone and compares them with nothing.

## Pitfalls

### Logits run without an error

Half the sum of absolute differences can be taken of any numbers. A value above 1 gives the mistake away, a smaller one
does not. Apply a softmax first.

```python
from lossary.functional import total_variation

target = torch.tensor([[0.7, 0.2, 0.1]])
for logits in (torch.tensor([[2.0, 0.5, -1.0]]), torch.tensor([[0.5, 0.0, -0.5]])):
    right, wrong = total_variation(logits.softmax(1), target), total_variation(logits, target)
    print(f"softmax {right.item():.3f}, logits {wrong.item():.3f}")
```

```output
softmax 0.086, logits 1.350
softmax 0.194, logits 0.500
```

### Against sampled labels the best prediction is all or nothing

For a one-hot label the distance is 1 minus the probability of the true class, and the mean of that is linear in the
prediction. It is lowest at a corner: the likeliest class gets everything. Use [[cross_entropy]] for probabilities
that match the frequencies.

```python
labels = torch.eye(2)[[0, 0, 0, 1, 1]]  # the first class in three of five

for first in (0.2, 0.6, 0.9, 1.0):
    prediction = torch.tensor([first, 1 - first])
    distance = (prediction - labels).abs().sum(1) / 2
    print(f"{first}: total variation {distance.mean():.3f}")
```

```output
0.2: total variation 0.560
0.6: total variation 0.480
0.9: total variation 0.420
1.0: total variation 0.400
```

### The gradient does not shrink near the target

Each outcome is pushed with the same strength, whether its probability is off by a tenth or by a hundred-thousandth.

```python
target = torch.tensor([0.5, 0.3, 0.2])

for error in (0.1, 1e-3, 1e-5):
    prediction = (target + torch.tensor([error, -error, 0.0])).requires_grad_()
    distance = (prediction - target).abs().sum() / 2
    print(f"error {error:g}: gradient", torch.autograd.grad(distance, prediction)[0])
```

```output
error 0.1: gradient tensor([ 0.5000, -0.5000,  0.0000])
error 0.001: gradient tensor([ 0.5000, -0.5000,  0.0000])
error 1e-05: gradient tensor([ 0.5000, -0.5000,  0.0000])
```

### A confident wrong prediction gets hardly any gradient

With respect to a score in front of a softmax, the gradient of an outcome carries its probability as a factor. It vanishes
as the prediction grows sure of the wrong outcome, where that of [[kl_div]] tends to a constant.

```python
from lossary.functional import total_variation

target = torch.tensor([0.9, 0.1])

for score in (1.0, 3.0, 6.0):
    scores = torch.tensor([-score, score], requires_grad=True)
    distance = total_variation(scores.softmax(0), target)
    kl = F.kl_div(scores.log_softmax(0), target, reduction="sum")
    slopes = [torch.autograd.grad(loss, scores)[0][0].item() for loss in (distance, kl)]
    print(f"scores {-score:g} and {score:g}: total variation {slopes[0]:.2g}, KL {slopes[1]:.2g}")
```

```output
scores -1 and 1: total variation -0.1, KL -0.78
scores -3 and 3: total variation -0.0025, KL -0.9
scores -6 and 6: total variation -6.1e-06, KL -0.9
```

## Relations

It is half of [[l1]] summed over the outcomes.

    functional.total_variation(p, q, reduction="sum") == F.l1_loss(p, q, reduction="sum") / 2

With two outcomes it is the [[l1]] distance between the probabilities of the first one.

    functional.total_variation(torch.stack((p[:, 0], 1 - p[:, 0]), 1), torch.stack((q[:, 0], 1 - q[:, 0]), 1)) ==
        F.l1_loss(p[:, 0], q[:, 0])

## References

- Alison L. Gibbs and Francis Edward Su (2002). On Choosing and Bounding Probability Metrics. *International Statistical
  Review 70(3), 419-435*. doi:10.1111/j.1751-5823.2002.tb00178.x
"""

import torch

from lossary.declaration import (
    DISTRIBUTION,
    Symbolic,
    divergence_loss,
    sign,
    sum_over,
    terms,
)


def total_variation(input: torch.Tensor, target: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (input - target).abs().sum(-1) / 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = divergence_loss(
    function=total_variation,
    aliases=terms("TV distance; TVD; statistical distance"),
    tasks=("distributions",),
    search_terms=terms(
        "half the L1 distance between distributions; largest difference in probability of an event; "
        "distance between two categorical distributions; half the sum of absolute differences of probabilities; "
        "largest difference of any event's probability; L1 distance of probabilities; "
        "half the L1 distance of distributions; largest gap of probability over events; "
        "coupling of two variables; maximum difference of event probabilities; "
        "maximal difference of two probability measures; sum |p - q|/2"
    ),
    concepts={
        "logits as input; missing softmax; distance above 1": "Logits run",
        "proper scoring rule; one-hot labels; calibration": "Against sampled labels",
        "constant gradient near the optimum": "The gradient does not shrink",
        "vanishing gradient; saturation": "A confident wrong prediction",
    },
    answers={
        "distributions/outcomes/bounded": ("You want a distance", "You train by gradient"),
    },
    predicted=DISTRIBUTION,
    true=DISTRIBUTION,
    formula=Symbolic(
        value=lambda x, y, c, C: sum_over(c, abs(x[c] - y[c]), C) / 2,
        gradient={
            "input": lambda x, y, c: sign(x[c] - y[c]) / 2,
            "target": lambda x, y, c: sign(y[c] - x[c]) / 2,
        },
    ),
    corner=True,
    caption="With two outcomes it is the distance between the two probabilities of the first one: two straight "
    "lines that meet where the prediction meets the target.",
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "bounded": True,
        "symmetric": True,
    },
)
