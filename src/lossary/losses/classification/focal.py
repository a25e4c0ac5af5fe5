r"""Focal loss

Binary cross-entropy on raw scores, in which each element is multiplied by a power of how wrong its prediction is, so
that elements that are already right count for little, and by a factor for its class.

## When to use it

- Almost everything is an easy negative, as in dense object detection: thousands of them, each with a small loss, would
  outweigh the few hard elements. `gamma` says how fast an element fades as it becomes right.
- A detector or segmentation model is trained on all places at once, without choosing a balanced sample first.

## When not to

- You need probabilities: [[bce_with_logits]]. The model that minimises the expected focal loss is not the one that
  predicts them.
- Positives are rare, but the negatives are not easy: `pos_weight` of [[bce_with_logits]] changes the balance of the
  classes and nothing else.
- Exactly one of several classes is right. This loss judges each score by itself. Keras and Kornia have a focal loss for
  several classes, which multiplies [[cross_entropy]] by the same power of 1 minus the softmax's probability.
- Many labels are wrong. Then the hardest elements are the wrong labels, and this loss turns to them:
  [[generalized_cross_entropy|generalized cross-entropy]] does the opposite.

## Pitfalls

### alpha is the factor of class 1, and its default favours class 0

`alpha` multiplies the positives, 1 minus `alpha` the negatives. With the default of 0.25, a negative that is as wrong as
a positive costs three times as much. This is what its authors found to go with `gamma=2` where positives are rare: the
negatives have faded already. If you expected the rare class to be raised, you want `alpha` above 0.5.

```python
from lossary.functional import focal

score = torch.tensor([-1.0, 1.0])  # a positive and a negative, equally wrong
label = torch.tensor([1.0, 0.0])
for alpha in (0.25, 0.5, 0.75):
    positive, negative = focal(score, label, alpha=alpha, reduction="none").tolist()
    print(f"alpha {alpha}: positive {positive:.4f}, negative {negative:.4f}")
```

```output
alpha 0.25: positive 0.1755, negative 0.5264
alpha 0.5: positive 0.3509, negative 0.3509
alpha 0.75: positive 0.5264, negative 0.1755
```

### Passing probabilities applies the sigmoid twice

The loss takes raw scores. Probabilities lie between 0 and 1, and the loss's own sigmoid maps them to between 0.5 and
0.7311, so that even a perfect negative looks half wrong. Nothing warns you.

```python
from lossary.functional import focal

score, label = torch.tensor([8.0, -8.0]), torch.tensor([1.0, 0.0])
print("scores       ", focal(score, label, reduction="none"))
print("probabilities", focal(score.sigmoid(), label, reduction="none"))
```

```output
scores        tensor([9.4299e-12, 2.8290e-11])
probabilities tensor([0.0057, 0.1300])
```

### The mean over all elements makes the gradient vanish

Easy elements add almost nothing to the sum, but the mean still counts them. The more background there is, the smaller
the loss of the same few hard elements. The authors divide by the number of places that are assigned to an object:
take the sum and divide by the number of positives, at least 1.

```python
from lossary.functional import focal

for easy in (100, 10_000):
    score = torch.cat((torch.tensor([-2.0, -2.0]), torch.full((easy,), -6.0)))
    label = torch.cat((torch.ones(2), torch.zeros(easy)))
    by_positives = focal(score, label, reduction="sum") / label.sum().clamp(min=1)
    print(f"{easy} easy negatives: mean {focal(score, label):.6f}, over the positives {by_positives:.4f}")
```

```output
100 easy negatives: mean 0.008089, over the positives 0.4125
10000 easy negatives: mean 0.000082, over the positives 0.4126
```

### At the start no element is easy

A fresh model gives every element a probability near 0.5, at which the power lowers all elements alike. The negatives
still outweigh the rest. Start the bias of the last layer at the log-odds of a rare positive, such as 0.01, and they are
easy from the first step.

```python
from lossary.functional import focal

label = torch.zeros(10_000)
label[:10] = 1.0
for prior in (0.5, 0.01):
    score = torch.full((10_000,), math.log(prior / (1 - prior)), requires_grad=True)
    pull = torch.autograd.grad(focal(score, label, reduction="sum"), score)[0].abs()
    print(f"probability {prior}: the negatives have {pull[10:].sum() / pull.sum():.4f} of the gradient")
```

```output
probability 0.5: the negatives have 0.9997 of the gradient
probability 0.01: the negatives have 0.0084 of the gradient
```

### Its sigmoid is no probability

Elements that are nearly right hardly pull, so the best constant prediction lies closer to one half than the share of
positives, and `alpha` moves it on top of that. Below, one score is fitted to one positive and nine negatives. With `alpha=0.5`
the order of the scores is that of the probabilities, and the probability can be computed back from the score. With
another `alpha` even the side of one half on which a prediction lies may be that of the rarer class.

```python
from lossary.functional import focal

label = torch.tensor([1.0] + [0.0] * 9)
for gamma, alpha in ((0.0, 0.5), (2.0, 0.5), (2.0, 0.25)):
    score = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([score], lr=20.0)
    for step in range(200):
        optimizer.zero_grad()
        focal(score.expand(10), label, gamma=gamma, alpha=alpha).backward()
        optimizer.step()
    print(f"gamma {gamma}, alpha {alpha}: sigmoid {torch.sigmoid(score).item():.4f}")
print("share of positives:", round(label.mean().item(), 4))
```

```output
gamma 0.0, alpha 0.5: sigmoid 0.1000
gamma 2.0, alpha 0.5: sigmoid 0.3058
gamma 2.0, alpha 0.25: sigmoid 0.2266
share of positives: 0.1
```

### Labels in between have no agreed meaning

With label smoothing or mixup, Keras, optax and torchvision put the label into the probability first and then raise the
distance to 1 to the power. On this page, as in Kornia, a label in between is a mixture of the losses of the two labels.
The two agree at the labels 0 and 1. MONAI and segmentation-models-pytorch each have a third way.

```python
from lossary.functional import focal

score, label = torch.tensor([2.0, 2.0, 2.0]), torch.tensor([1.0, 0.9, 0.5])
p = score.sigmoid()
wrong = 1 - (p * label + (1 - p) * (1 - label))
weight = 0.25 * label + 0.75 * (1 - label)
inside = weight * wrong**2 * F.binary_cross_entropy_with_logits(score, label, reduction="none")
print("mixture of losses    ", focal(score, label, reduction="none"))
print("label in the distance", inside)
```

```output
mixture of losses     tensor([4.5089e-04, 1.2416e-01, 6.1900e-01])
label in the distance tensor([0.0005, 0.0037, 0.1409])
```

### The power of a rounded probability loses the gradient

As 1 minus a probability, how wrong a prediction is rounds to 0 from a score of about 17 on. Its slope under a `gamma`
below 1 is infinite there, and infinity times zero is NaN. The function on this page takes the power of the sigmoid in
logarithms.

```python
from lossary.functional import focal

score = torch.tensor([5.0, 20.0], requires_grad=True)
plain = (1 - score.sigmoid()) ** 0.5 * -F.logsigmoid(score)
print("as it is written", torch.autograd.grad(plain.sum(), score)[0])
loss = focal(score, torch.ones(2), gamma=0.5, alpha=1.0, reduction="sum")
print("focal           ", torch.autograd.grad(loss, score)[0])
```

```output
as it is written tensor([-0.0008,     nan])
focal            tensor([-8.2039e-04, -1.4036e-13])
```

## Relations

With `gamma=0` and `alpha=0.5` it is half of [[bce_with_logits]].

    functional.focal(logits, label, gamma=0, alpha=0.5) == F.binary_cross_entropy_with_logits(logits, label) / 2

With `gamma=0` it is [[bce_with_logits]] whose `pos_weight` is `alpha` divided by 1 minus `alpha`, times 1 minus `alpha`.

    functional.focal(logits, label, gamma=0, alpha=0.8) ==
        0.2 * F.binary_cross_entropy_with_logits(logits, label, pos_weight=torch.tensor(4.0, dtype=torch.float64))

## In other libraries

- `torchvision.ops.sigmoid_focal_loss(input, target, alpha=alpha, gamma=gamma, reduction="none")`: No reduction by
  default; alpha=-1 leaves the factor out.
- `keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=alpha, gamma=gamma, from_logits=True, reduction=None)(target, input)`:
  Without apply_class_balancing, alpha is ignored. from_logits=False is the default.
- `optax.sigmoid_focal_loss(input, target, alpha=alpha, gamma=gamma)`: Without alpha there is no factor, and that is
  the default. Elementwise; no reduction.
- `kornia.losses.binary_focal_loss_with_logits(input[:, None], target[:, None], alpha=alpha, gamma=gamma, reduction="none")[:, 0]`:
  No reduction by default.
- `monai.losses.FocalLoss(gamma=gamma, alpha=alpha, reduction="none")(input[:, None], target[:, None])[:, 0]`: Without
  alpha there is no factor, and that is the default. use_softmax=True takes the softmax's probability.
- `segmentation_models_pytorch.losses.FocalLoss("binary", alpha=alpha, gamma=gamma, reduction="none")(input, target)`:
  Without alpha there is no factor, and that is the default.

## References

- Tsung-Yi Lin, Priya Goyal, Ross Girshick, Kaiming He and Piotr Dollár (2017). Focal Loss for Dense Object Detection.
  In *ICCV 2017*. doi:10.1109/ICCV.2017.324 arXiv:1708.02002
- Nontawat Charoenphakdee, Jayakorn Vongkulbhisal, Nuttapong Chairatanakul and Masashi Sugiyama (2021). On Focal Loss
  for Class-Posterior Probability Estimation: A Theoretical Perspective. In *CVPR 2021, 5202-5211*.
  doi:10.1109/CVPR46437.2021.00516 arXiv:2011.09172
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    BINARY,
    LOGIT,
    NOT_NEGATIVE,
    UNIT,
    ZERO_ONE,
    Input,
    Loss,
    Parameter,
    Precision,
    Study,
    Symbolic,
    equal,
    logit_section,
    sigmoid,
    softplus,
    terms,
)


def focal(
    input: torch.Tensor, target: torch.Tensor, *, gamma: float = 2.0, alpha: float = 0.25, reduction: str = "mean"
) -> torch.Tensor:
    log_p, log_q = F.logsigmoid(input), F.logsigmoid(-input)
    # the powers in logarithms: a probability that rounds to 0 has no slope
    positive = -alpha * (gamma * log_q).exp() * log_p
    negative = -(1 - alpha) * (gamma * log_p).exp() * log_q
    loss = target * positive + (1 - target) * negative
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _of_true_class(p: torch.Tensor, gamma: float) -> torch.Tensor:
    """The loss of a positive, without the factor of its class, at a probability."""
    return focal(p.logit(), torch.ones_like(p), gamma=gamma, alpha=1.0, reduction="none")


def _share_of_easy(p: torch.Tensor, gamma: float) -> torch.Tensor:
    """What a thousand elements at a probability have of the gradient, if ten others are at 0.1."""
    hard = torch.full_like(p, 0.1)
    with torch.enable_grad():
        scores = torch.stack((p, hard)).logit().requires_grad_()
        losses = focal(scores, torch.ones_like(scores), gamma=gamma, alpha=1.0, reduction="sum")
        pull = torch.autograd.grad(losses, scores)[0].abs() * torch.tensor([[1000.0], [10.0]], dtype=p.dtype)
    return pull[0] / pull.sum(0)


loss = Loss(
    function=focal,
    aliases=terms(
        "focal cross-entropy; sigmoid focal loss; binary focal loss; RetinaNet loss; SigmoidFocalCrossEntropy"
    ),
    tasks=("binary", "multi-label", "segmentation"),
    search_terms=terms(
        "down-weight easy examples; class imbalance in object detection; foreground background imbalance; "
        "hard example mining without sampling; modulating factor (1 - p_t)^gamma; gamma=2 alpha=0.25; "
        "easy negatives; rare class should count more; class imbalance with many easy negatives; "
        "object detection with many background boxes; dense detection; one-stage detector; "
        "down-weight easy background; hard examples count more; imbalanced classification; long-tailed data; "
        "foreground against background; modulating factor; RetinaNet; rare positives; easy examples dominate the loss; "
        "class imbalance; cross-entropy times (1 - p)^gamma; "
        "too many easy negatives; alpha and gamma of the focal loss; pt and (1 - pt); "
        "focus on misclassified examples; -(1 - p)^gamma log p; CatBoost Focal; "
        "confident examples contribute little; mostly background"
    ),
    concepts={
        "balance positives and negatives": "alpha",
        "focusing parameter; down-weight easy examples; hard examples; how much easy examples are turned down": "gamma",
        "alpha balancing; which class does alpha weigh; weighted binary cross entropy class imbalance": "alpha is the factor",
        "sigmoid applied twice; focal loss does not go down": "Passing probabilities",
        "normalise by the number of positives; loss is tiny; vanishing gradient": "The mean over all",
        "prior initialisation of the bias; unstable at the start of training": "At the start",
        "calibration of focal loss; probability estimates; not proper": "Its sigmoid is",
        "soft labels; label smoothing; mixup": "Labels in between",
        "nan gradient for gamma below 1": "The power of a rounded",
    },
    answers={
        "binary/rare": ("Almost everything is", "Positives are rare"),
        "multi-label/rare": ("Almost everything is", "You need probabilities"),
        "segmentation/small": ("Almost everything is", "Many labels are wrong"),
    },
    inputs=(
        Input("input", "z", (LOGIT,), "(*)", "the raw score of class 1: no sigmoid before it"),
        Input("target", "y", (BINARY,), "(*), same as input", "the label, 0 or 1 or in between, as a float"),
    ),
    parameters=(
        Parameter(
            "gamma",
            2.0,
            "the power: how fast an element fades as it becomes right; at 0 none does",
            range=NOT_NEGATIVE,
            typical=(0.0, 2.0, 5.0),
        ),
        Parameter(
            "alpha",
            0.25,
            "the factor of label 1; that of label 0 is 1 minus it",
            range=UNIT,
            typical=(0.25, 0.5),
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda z, y, gamma, alpha: (
                y * alpha * sigmoid(-z) ** gamma * softplus(-z)
                + (1 - y) * (1 - alpha) * sigmoid(z) ** gamma * softplus(z)
            ),
            gradient={
                "input": lambda z, y, gamma, alpha: (
                    (1 - y) * (1 - alpha) * sigmoid(z) ** gamma * (sigmoid(z) + gamma * sigmoid(-z) * softplus(z))
                    - y * alpha * sigmoid(-z) ** gamma * (sigmoid(-z) + gamma * sigmoid(z) * softplus(-z))
                ),
                "target": lambda z, gamma, alpha: (
                    alpha * sigmoid(-z) ** gamma * softplus(-z) - (1 - alpha) * sigmoid(z) ** gamma * softplus(z)
                ),
            },
        ),
    ),
    precision=Precision(
        size=lambda z, gamma, alpha: (
            alpha * sigmoid(-z) ** gamma * softplus(-z) + (1 - alpha) * sigmoid(z) ** gamma * softplus(z)
        ),
        why="the gradient with respect to the target is the difference between the losses of the two labels",
    ),
    sections=(
        logit_section(
            inputs=lambda t, y: {"input": t, "target": y},
            label="logit, input",
            branches=ZERO_ONE,
            note="One element, for each of the two labels.",
            caption="Far on the wrong side the loss is as steep as cross-entropy times the factor of its class. On the right "
            "side it fades much sooner: at a logit of a few units there is hardly a gradient left.",
        ),
    ),
    figures=(
        Study(
            name="gammas",
            title="Focal loss against cross-entropy",
            label="predicted probability of the true class",
            span=(0.02, 0.98),
            curves={
                "cross-entropy": lambda t: _of_true_class(t, 0.0),
                "gamma 0.5": lambda t: _of_true_class(t, 0.5),
                "gamma 1": lambda t: _of_true_class(t, 1.0),
                "gamma 2": lambda t: _of_true_class(t, 2.0),
                "gamma 5": lambda t: _of_true_class(t, 5.0),
            },
            note="One element, without the factor of its class.",
            caption="Far on the left, where the prediction is wrong, all rise nearly alike. The larger gamma is, the further to the left the "
            "loss meets the floor.",
        ),
        Study(
            name="easy",
            title="How much of the gradient easy elements have",
            label="predicted probability of the true class, of the easy elements",
            span=(0.5, 0.995),
            curves={
                "cross-entropy": lambda t: _share_of_easy(t, 0.0),
                "gamma 0.5": lambda t: _share_of_easy(t, 0.5),
                "gamma 1": lambda t: _share_of_easy(t, 1.0),
                "gamma 2": lambda t: _share_of_easy(t, 2.0),
                "gamma 5": lambda t: _share_of_easy(t, 5.0),
            },
            heading="share of the gradient",
            note="A thousand easy elements beside ten hard ones, whose true class has probability 0.1. The gradients are "
            "with respect to the logits, and added up by their size.",
            caption="Under cross-entropy a thousand elements that are right with a probability of 0.95 still outweigh ten "
            "that are wrong. With gamma 2 they have a small part of the gradient there.",
        ),
    ),
    example={"input": [2.0, -1.5, 0.5], "target": [1.0, 0.0, 0.0]},
    properties={
        "convex": lambda gamma: equal(gamma, 0),
        "smoothness": "Cinf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": lambda alpha: (-alpha, 0),
        "redescending": False,
        "proper": lambda gamma, alpha: "strictly proper" if gamma == 0 and alpha == 0.5 else "not proper",
        "calibrated": lambda alpha: equal(alpha, 0.5),
    },
)
