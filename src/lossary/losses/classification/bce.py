r"""Binary cross-entropy

The negative log-likelihood of a yes-or-no label under a predicted probability.

## When to use it

- You already hold **probabilities**, not raw scores: the output of a fixed mixture, a calibrated
  model, a product of probabilities, an autoencoder whose output layer you cannot change.
- Each element is a yes-or-no question of its own: one binary label, or several labels that may hold
  at once.
- The probability itself matters, not only the decision. The expected loss is smallest exactly when
  the prediction equals the true probability. Targets between 0 and 1 are allowed and are read as
  probabilities.

## When not to

- Your model ends in a linear layer. Give the raw score to [[bce_with_logits]]. A sigmoid followed
  by this loss rounds large scores to 1 and loses their gradient, as shown below.
- Exactly one of several classes is right: [[cross_entropy]].
- Positives are very rare and easy negatives drown them: [[focal|focal loss]], or `pos_weight` of
  [[bce_with_logits]].
- One confident mistake must not dominate the score. As the probability of the observed label goes
  to zero the formula grows without bound, and PyTorch stops it only at a high ceiling. [[brier|Brier score]]
  never gets large.

## Pitfalls

### A sigmoid in front loses the gradient where it is needed most

In float32 the sigmoid of a large score rounds to exactly 1. If the label is 0, the loss reports its
ceiling and the gradient is zero: a confidently wrong example teaches nothing. A very negative score
with label 1 keeps a gradient, but one far too small. [[bce_with_logits]] works on the score itself
and gets both right.

```python
for score, label in ((20.0, 0.0), (-50.0, 1.0)):
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
score 20.0, label 0.0
  sigmoid, BCELoss   loss 100.0  gradient 0.0e+00
  BCEWithLogitsLoss  loss  20.0  gradient 1.0e+00
score -50.0, label 1.0
  sigmoid, BCELoss   loss  50.0  gradient -1.9e-10
  BCEWithLogitsLoss  loss  50.0  gradient -1.0e+00
```

### Swapped arguments give a number, not an error

The order is prediction first, label second. Keras and scikit-learn put the label first. Hard labels
are valid probabilities, so the swapped call runs. It returns a large value, because a "prediction"
of exactly 0 or 1 hits the ceiling described below.

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

### The loss has a ceiling, but the gradient there is enormous

PyTorch cuts each logarithm off at a fixed negative value, so that a probability of exactly 0 gives
a finite loss. One might expect a zero gradient on that flat part. The backward pass does something
else: it divides by p(1-p), bounded below by a tiny constant. A single probability of exactly 0 or 1
with the wrong label therefore sends a gradient that can wreck the weights. Clamp the probabilities
away from both ends, or work with logits.

```python
probability = torch.tensor([0.0, 1.0, 1e-6, 0.5], requires_grad=True)
label = torch.tensor([1.0, 0.0, 1.0, 1.0])

loss = F.binary_cross_entropy(probability, label, reduction="none")
gradient = torch.autograd.grad(loss.sum(), probability)[0]
for p, value, slope in zip(probability.tolist(), loss.tolist(), gradient.tolist()):
    print(f"p = {p:.0e}   loss {value:6.2f}   gradient {slope:.1e}")
```

```output
p = 0e+00   loss 100.00   gradient -1.0e+12
p = 1e+00   loss 100.00   gradient 1.0e+12
p = 1e-06   loss  13.82   gradient -1.0e+06
p = 5e-01   loss   0.69   gradient -2.0e+00
```

### Anything outside 0 to 1 raises an error, and so does NaN

The usual cause is a forgotten sigmoid: the values are scores. The second cause is a NaN further up
in the model, which fails the same check and gets the same message, so look for NaN before you look
for the sigmoid. Labels are checked too. On a CUDA device the check is a device-side assert, after
which the process has to be restarted. Integer labels need `.float()`.

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

### With soft labels the smallest loss is not zero

If the label is itself a probability, even a perfect prediction pays the entropy of that label. A
loss that stops above zero may thus be at its minimum. Subtract the entropy to see the remaining
distance, which is a [[kl_div]].

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

Of the sigmoid of a logit it is [[bce_with_logits]] of that logit.

    F.binary_cross_entropy(torch.sigmoid(logits), label) == F.binary_cross_entropy_with_logits(logits, label)

It is the [[nll|negative log-likelihood]] on the two log-probabilities of no and yes.

    F.binary_cross_entropy(torch.sigmoid(logits), label) ==
        F.nll_loss(torch.stack((1 - torch.sigmoid(logits), torch.sigmoid(logits)), 1).log(), label.long())

For labels of 0 and 1 it is the divergence of the two-outcome distributions; for soft labels it is
that [[kl_div]] plus the label's entropy.

    F.binary_cross_entropy(p[:, 0], q[:, 0]) ==
        F.kl_div(torch.stack((p[:, 0], 1 - p[:, 0]), 1).log(), torch.stack((q[:, 0], 1 - q[:, 0]), 1),
        reduction="batchmean") + F.binary_cross_entropy(q[:, 0], q[:, 0])

## In other libraries

- `keras.losses.BinaryCrossentropy()`: Arguments are (y_true, y_pred). from_logits=False is the default.
  Probabilities are clipped by keras.config.epsilon() at both ends.
- `sklearn.metrics.log_loss(y_true, y_pred)`: A metric on arrays; also for several classes. Clips by the
  machine epsilon of y_pred.
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
        "Bernoulli likelihood; negative log-likelihood of a Bernoulli variable; binary crossentropy keras; binary "
        "cross entrophy; all elements of input should be between 0 and 1; all elements of target should be between 0 "
        "and 1; Found dtype Long but expected Float; sigmoid then BCELoss; sklearn log_loss; "
        "tf.keras.losses.BinaryCrossentropy; logarithmic score; BCELoss 100 clamp"
    ),
    concepts={
        "class imbalance; sample weights": "weight",
        "sigmoid then BCELoss; vanishing gradient": "A sigmoid in front",
        "all elements of input should be between 0 and 1; all elements of target should be between 0 and 1": "Anything outside 0 to 1",
        "BCELoss 100 clamp; clamped logarithm": "The loss has a ceiling",
        "soft labels; loss does not reach zero": "With soft labels",
    },
    inputs=(
        Input("input", "p", (PROBABILITY,), "(*)", "the predicted probability of class 1: apply a sigmoid first"),
        Input("target", "y", (BINARY,), "(*), same as input", "the label as a float"),
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
        label="Torch never takes a logarithm below -100 and never divides by less than 1e-12 (as a 32-bit float holds it)",
        value=lambda p, y, weight: -weight * (y * maximum(log(p), -100) + (1 - y) * maximum(log(1 - p), -100)),
        gradient={"input": lambda p, y, weight: weight * ((p - y) / maximum(p * (1 - p), 9.999999960041972e-13))},
    ),
    sections=(
        probability_section(
            inputs=lambda t, y: {"input": t, "target": y},
            label="predicted probability, input",
            branches=ZERO_ONE,
            note="One element, for each of the two labels.",
            caption="Being sure and wrong has no upper price: the loss and its gradient run off to infinity at the "
            "wrong end. At the right end the loss is zero, but the gradient is not.",
        ),
    ),
    figures=(
        Extremes(
            label="logit, before a sigmoid",
            span=(-5.0, 45.0),
            inputs=lambda t: {"input": sigmoid(t), "target": 0.0},
            note="One element with label 0, and a sigmoid before the loss.",
            caption="The loss should grow with the logit for ever. In each format the sigmoid soon rounds to exactly 1. From "
            "there on the loss stays at 100 and the gradient is lost, just where the prediction is most wrong.",
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
