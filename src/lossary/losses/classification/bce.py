r"""Binary cross-entropy

Compares predicted probabilities with yes-or-no labels: each element costs minus the logarithm of the probability
that was given to its label.

## When to use it

- You already hold **probabilities**, not raw scores: the output of a fixed mixture, a calibrated
  model, a product of probabilities, an autoencoder whose output layer you cannot change.
- Each element is a yes-or-no question of its own: one binary label, or several labels that may be
  true at once.
- The probability itself matters, not only the decision. The expected loss is smallest exactly when
  the prediction equals the true probability. Targets between 0 and 1 are allowed and are read as
  probabilities.

## When not to

- Your model ends in a linear layer. Give the raw score to [[bce_with_logits]]. A sigmoid followed
  by this loss rounds large scores to 1 and loses their gradient.
- Exactly one of several classes is right: [[cross_entropy]].
- Positives are very rare and easy negatives drown them: [[focal|focal loss]], or `pos_weight` of
  [[bce_with_logits]].
- One confident mistake must not dominate the score. As the probability of the observed label goes
  to zero the formula grows without bound, and PyTorch stops it only at 100 per element. The
  [[brier|Brier score]] of an element is at most 1.

## Pitfalls

### A sigmoid in front loses the gradient where it is needed most

In float32 the sigmoid of a score of 17 or more is exactly 1. If the label is 0, the loss then reports
its ceiling and the gradient is zero: a confidently wrong example teaches nothing. A very negative score
with label 1 keeps a gradient, but one that is far too small below about -28, and none below about -89,
where the sigmoid is exactly 0. [[bce_with_logits]] works on the score itself and gets both right.

```python
for score, label in ((17.0, 0.0), (-27.0, 1.0), (-50.0, 1.0), (-89.0, 1.0)):
    logit = torch.tensor([score], requires_grad=True)
    target = torch.tensor([label])
    split = F.binary_cross_entropy(torch.sigmoid(logit), target)
    fused = F.binary_cross_entropy_with_logits(logit, target)
    slope_split = torch.autograd.grad(split, logit)[0].item()
    slope_fused = torch.autograd.grad(fused, logit)[0].item()
    print(f"score {score}, label {label}")
    print(f"  sigmoid, BCELoss   loss {split.item():5.1f}  gradient {slope_split:.1e}")
    print(f"  BCEWithLogitsLoss  loss {fused.item():5.1f}  gradient {slope_fused:.1e}")
```

```output
score 17.0, label 0.0
  sigmoid, BCELoss   loss 100.0  gradient 0.0e+00
  BCEWithLogitsLoss  loss  17.0  gradient 1.0e+00
score -27.0, label 1.0
  sigmoid, BCELoss   loss  27.0  gradient -1.0e+00
  BCEWithLogitsLoss  loss  27.0  gradient -1.0e+00
score -50.0, label 1.0
  sigmoid, BCELoss   loss  50.0  gradient -1.9e-10
  BCEWithLogitsLoss  loss  50.0  gradient -1.0e+00
score -89.0, label 1.0
  sigmoid, BCELoss   loss 100.0  gradient -0.0e+00
  BCEWithLogitsLoss  loss  89.0  gradient -1.0e+00
```

### Swapped arguments give a number, not an error

The order is prediction first, label second. Keras and scikit-learn put the label first. Hard labels
are valid probabilities, so the swapped call runs. A "prediction" of exactly 0 or 1 hits the ceiling
described below wherever the other argument is not exactly the same, so the value is large.

```python
probability = torch.tensor([0.9, 0.2])
label = torch.tensor([1.0, 0.0])

print("prediction, label:", round(F.binary_cross_entropy(probability, label).item(), 4))
print("label, prediction:", round(F.binary_cross_entropy(label, probability).item(), 4))
```

```output
prediction, label: 0.1643
label, prediction: 15.0
```

### The loss has a ceiling of 100, but the gradient there is enormous

PyTorch cuts each logarithm off at -100, so that a probability of exactly 0 gives a finite loss. One
might expect a zero gradient on that flat part. The backward pass does something else: it divides
p - y by p(1-p), bounded below by a tiny constant. A single probability of exactly 0 or 1 with the
wrong label therefore has a gradient of 1e12, before the mean divides it. With the right label the gradient is
exactly 0 (in float16, where the constant itself is 0, infinite and NaN), although the formula's slope tends to -1 or 1 there. Clamp the probabilities away from
both ends, or work with logits.

```python
probability = torch.tensor([0.0, 1.0, 1e-6, 0.999, 1.0], requires_grad=True)
label = torch.tensor([1.0, 0.0, 1.0, 1.0, 1.0])

loss = F.binary_cross_entropy(probability, label, reduction="none")
gradient = torch.autograd.grad(loss.sum(), probability)[0]
for p, y, value, slope in zip(probability.tolist(), label, loss, gradient):
    print(f"p = {p:<5g}  label {y:.0f}  loss {value:7.3f}  gradient {slope:8.1e}")
```

```output
p = 0      label 1  loss 100.000  gradient -1.0e+12
p = 1      label 0  loss 100.000  gradient  1.0e+12
p = 1e-06  label 1  loss  13.816  gradient -1.0e+06
p = 0.999  label 1  loss   0.001  gradient -1.0e+00
p = 1      label 1  loss  -0.000  gradient  0.0e+00
```

### The gradient with respect to the label has no ceiling

The cut-off at -100 is in the value only. Where labels are learned, or come from another model, the
gradient with respect to `target` is the difference of two logarithms, which is infinite at a
probability of exactly 0 or 1, whatever the label is. Detach the labels, or clamp the probabilities.

```python
probability = torch.tensor([0.0, 1.0, 0.2])
label = torch.tensor([0.0, 1.0, 0.2], requires_grad=True)

loss = F.binary_cross_entropy(probability, label, reduction="none")
print(loss.detach())
print(torch.autograd.grad(loss.sum(), label)[0])
```

```output
tensor([0.0000, -0.0000, 0.5004])
tensor([   inf,   -inf, 1.3863])
```

### Anything outside 0 to 1 raises an error, and so does NaN

Either a sigmoid is missing and the values are scores, or the model returns NaN, which fails the same
check with the same message. Look for NaN before you look for the sigmoid. Labels are checked too.
On a CUDA device the check is a device-side assert, after which the process has to be restarted.
Integer labels need `.float()`.

```python
cases = (
    (torch.tensor([1.2]), torch.tensor([1.0])),
    (torch.tensor([float("nan")]), torch.tensor([1.0])),
    (torch.tensor([0.9]), torch.tensor([2.0])),
    (torch.tensor([0.9]), torch.tensor([1])),
)
for probability, label in cases:
    try:
        F.binary_cross_entropy(probability, label)
    except RuntimeError as error:
        print(error)
```

```output
all elements of input should be between 0 and 1
all elements of input should be between 0 and 1
all elements of target should be between 0 and 1
Found dtype Long but expected Float
```

### A column of predictions and a flat list of labels do not fit

A last layer with one unit returns `(N, 1)`, while the labels usually have the shape `(N,)`. The two
must have the same shape: there is no broadcasting here, and the message calls "deprecated" what is an
error. Drop the dimension from the predictions, or give it to the labels.

```python
probability = torch.tensor([[0.9], [0.2], [0.6]])
label = torch.tensor([1.0, 0.0, 0.0])

try:
    F.binary_cross_entropy(probability, label)
except ValueError as error:
    print("ValueError:", error)
print(F.binary_cross_entropy(probability.squeeze(1), label))
print(F.binary_cross_entropy(probability, label.unsqueeze(1)))
```

```output
ValueError: Using a target size (torch.Size([3])) that is different to the input size (torch.Size([3, 1])) is deprecated. Please ensure they have the same size.
tensor(0.4149)
tensor(0.4149)
```

### Under autocast on CUDA it raises an error

`torch.autocast("cuda")` refuses this loss: the message says that it is "unsafe to autocast", because
a sigmoid computed in half precision has already lost what the loss needs. On a CPU autocast says
nothing, and the loss is computed in float32 from the rounded probabilities. Below the sigmoid of 7
is rounded to 1 in bfloat16, and the loss of a wrong label jumps to the ceiling. Use
[[bce_with_logits]], which autocast allows and which is given the score itself. If you only have probabilities,
compute them and the loss in float32, inside `with torch.autocast("cuda", enabled=False):`.

```python
score = torch.tensor([7.0], dtype=torch.bfloat16)
label = torch.tensor([0.0])

with torch.autocast("cpu"):
    split = F.binary_cross_entropy(torch.sigmoid(score), label)
    fused = F.binary_cross_entropy_with_logits(score, label)
print("sigmoid, BCELoss  ", split)
print("BCEWithLogitsLoss ", fused)
```

```output
sigmoid, BCELoss   tensor(100.)
BCEWithLogitsLoss  tensor(7.0009)
```

### With soft labels the smallest loss is not zero

If the label is itself a probability, even a perfect prediction pays the entropy of that label. A
loss that stops above zero may thus be at its minimum. Subtract the entropy to see what remains,
which is the [[kl_div]] from the label to the prediction.

```python
label = torch.tensor([0.3])
loss = F.binary_cross_entropy(label, label).item()
entropy = -(0.3 * math.log(0.3) + 0.7 * math.log(0.7))

print("perfect prediction:", round(loss, 4))
print("entropy of label:  ", round(entropy, 4))
```

```output
perfect prediction: 0.6109
entropy of label:   0.6109
```

## Relations

Applied to the sigmoid of a logit, it equals [[bce_with_logits]] of that logit.

    F.binary_cross_entropy(torch.sigmoid(logits), label) == F.binary_cross_entropy_with_logits(logits, label)

It is the [[nll|negative log-likelihood]] on the log-probabilities of the two classes.

    F.binary_cross_entropy(torch.sigmoid(logits), label) ==
        F.nll_loss(torch.stack((1 - torch.sigmoid(logits), torch.sigmoid(logits)), 1).log(), label.long())

For labels of 0 and 1 it is [[kl_div]] of the two-outcome distributions; for soft labels it is
that plus the label's entropy.

    F.binary_cross_entropy(p[:, 0], q[:, 0]) ==
        F.kl_div(torch.stack((p[:, 0], 1 - p[:, 0]), 1).log(), torch.stack((q[:, 0], 1 - q[:, 0]), 1),
        reduction="batchmean") + F.binary_cross_entropy(q[:, 0], q[:, 0])

## In other libraries

- `keras.losses.BinaryCrossentropy(reduction=None)(target, input)`: from_logits=False is the default. Probabilities
  are clipped by keras.config.epsilon() at both ends.
- `sklearn.metrics.log_loss(target.ravel(), input.ravel(), labels=[0, 1])`: A metric on arrays of labels, also for
  several classes. Clips by the machine epsilon of the probabilities.
- `Flux.binarycrossentropy(ŷ, y)`: Adds an epsilon inside both logarithms.
- LossFunctions.jl `CrossEntropyLoss()`: Binary in spite of its name, and not clamped.

## References

- Tilmann Gneiting and Adrian E. Raftery (2007). Strictly Proper Scoring Rules, Prediction, and Estimation.
  *Journal of the American Statistical Association 102, 359-378*. doi:10.1198/016214506000001437
"""

from lossary.declaration import (
    BINARY,
    ELEMENT_WEIGHT,
    PROBABILITY,
    ZERO_ONE,
    Extremes,
    Input,
    Loss,
    Symbolic,
    log,
    maximum,
    probability_section,
    sigmoid,
    terms,
    xlogy,
)

loss = Loss(
    torch="torch.nn.BCELoss",
    functional="torch.nn.functional.binary_cross_entropy",
    aliases=terms(
        "BCE; BCE loss; binary cross entropy; binary cross-entropy loss; log loss; logloss; logarithmic loss; "
        "Bernoulli loss; binary_crossentropy"
    ),
    tasks=("binary", "multi-label", "segmentation", "generative"),
    search_terms=terms(
        "bernoulli negative log likelihood; bernoulli negative log-likelihood loss; Bernoulli; Bernoulli NLL; "
        "Bernoulli likelihood; negative log-likelihood of a Bernoulli variable; binary crossentropy keras; "
        "all elements of input should be between 0 and 1; "
        "all elements of target should be between 0 and 1; Found dtype Long but expected Float; "
        "sigmoid then BCELoss; sklearn log_loss; tf.keras.losses.BinaryCrossentropy; logarithmic score; "
        "BCELoss 100 clamp; binary_cross_entropy and BCELoss are unsafe to autocast; "
        "Using a target size that is different to the input size is deprecated; "
        "log loss of probabilities after a sigmoid; cross-entropy of a yes-or-no prediction; "
        "loss after a sigmoid layer; autoencoder reconstruction of pixels between 0 and 1; mask probabilities; "
        "discriminator loss of the original GAN; log-likelihood of coin flips; probability outside 0 and 1; "
        "BCE at a prediction of exactly 0 or 1; log of zero in binary cross-entropy; probabilities after a "
        "sigmoid; "
        "expected input between 0 and 1; sigmoid then cross-entropy; DCGAN discriminator; "
        "-(y log p + (1 - y) log(1 - p)); CatBoost CrossEntropy; "
        "network ends in a sigmoid; target is 0 or 1; probability of yes"
    ),
    concepts={
        "class imbalance; sample weights": "weight",
        "sigmoid then BCELoss; vanishing gradient": "A sigmoid in front",
        "all elements of input should be between 0 and 1; all elements of target should be between 0 and 1; Found dtype "
        "Long but expected Float": "Anything outside 0 to 1",
        "BCELoss 100 clamp; clamped logarithm": "The loss has a ceiling",
        "learned labels; gradient of the target": "The gradient with respect to the label",
        "Using a target size that is different to the input size is deprecated": "A column of predictions",
        "BCELoss unsafe to autocast; mixed precision": "Under autocast on CUDA",
        "soft labels; loss does not reach zero": "With soft labels",
    },
    answers={
        "binary/probability/probability": ("You already hold", "Your model ends"),
        "multi-label/probability/probabilities": ("Each element is a yes-or-no", "Your model ends"),
        "segmentation/pixels/masks": ("Each element is a yes-or-no", "Your model ends"),
        "generative/reconstruction": ("You already hold", "Your model ends"),
    },
    inputs=(
        Input("input", "p", (PROBABILITY,), "(*)", "the predicted probability of class 1, not a raw score"),
        Input("target", "y", (BINARY,), "(*), same as input", "the label, 0 or 1 or in between, as a float"),
    ),
    parameters=(ELEMENT_WEIGHT,),
    formulas=(
        Symbolic(
            value=lambda p, y: -(xlogy(y, p) + xlogy(1 - y, 1 - p)),
            gradient={"input": lambda p, y: (p - y) / (p * (1 - p)), "target": lambda p: log(1 - p) - log(p)},
            at={"weight": None},
        ),
        Symbolic(
            label="With a weight",
            value=lambda p, y, weight: -weight * (xlogy(y, p) + xlogy(1 - y, 1 - p)),
            gradient={
                "input": lambda p, y, weight: weight * ((p - y) / (p * (1 - p))),
                "target": lambda p, weight: weight * (log(1 - p) - log(p)),
            },
        ),
    ),
    computed=Symbolic(
        label="In the value torch takes no logarithm below -100, so an element costs at most 100 times its weight. In the "
        "gradient with respect to the input it divides by no less than 1e-12 (as a 32-bit float holds it). The gradient "
        "with respect to the target is not cut off",
        value=lambda p, y, weight: -weight * (y * maximum(log(p), -100) + (1 - y) * maximum(log(1 - p), -100)),
        gradient={"input": lambda p, y, weight: weight * ((p - y) / maximum(p * (1 - p), 9.999999960041972e-13))},
    ),
    sections=(
        probability_section(
            inputs=lambda t, y: {"input": t, "target": y},
            label="predicted probability, input",
            branches=ZERO_ONE,
            note="One element, for each of the two labels.",
            caption="A confident wrong answer can cost arbitrarily much by the formula: the loss and its gradient grow "
            "without bound towards the wrong end. Towards the other end the loss falls to zero, but its slope does not.",
        ),
    ),
    figures=(
        Extremes(
            label="logit, before a sigmoid",
            span=(-5.0, 45.0),
            inputs=lambda t: {"input": sigmoid(t), "target": 0.0},
            note="One element with label 0, and a sigmoid before the loss.",
            caption="The loss should grow with the logit without end. In each format there is a logit from which on the "
            "sigmoid rounds to exactly 1. From there on the loss stays at 100 and the gradient is zero, NaN in "
            "float16, just where the prediction is most wrong. In float64 it fades before, from where p (1 − p) is below 1e-12.",
        ),
    ),
    example={"input": [0.9, 0.2, 0.6], "target": [1.0, 0.0, 0.0]},
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
