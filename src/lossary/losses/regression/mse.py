r"""Mean squared error (L2)

The squared difference of prediction and target: twice the error costs four times as much, and the best constant
prediction is the mean.

## When to use it

- The prediction should be the **conditional mean** of the target. Among all constants, the mean of
  the targets has the smallest squared error, so this is the loss for quantities that will later be
  added up or averaged: demand, energy, cost, the rewards to come.
- The noise is roughly Gaussian with the same spread everywhere. Minimising the squared error is
  then the same as maximising the likelihood.
- You want easy optimisation. The gradient is proportional to the residual, so it shrinks on its own
  near a perfect fit, and for a linear model the minimum has a closed form.
- Features or logits of another network should be reproduced, as in distillation: also the common level of the logits,
  which a softmax forgets.

## When not to

- Some targets are wrong or have heavy tails. The gradient grows with the residual and nothing caps
  it, so a few bad points can pull the whole fit. [[huber]] caps that pull, [[l1]] gives every point
  the same pull, and [[tukey_biweight|Tukey biweight]] ignores points that are far enough away.
- Targets span several orders of magnitude. The large ones then decide almost everything. Predict
  the logarithm, or use [[msle|mean squared logarithmic error]] or [[mape|mean absolute percentage error]].
- The spread of the noise changes from sample to sample and should be learned: [[gaussian_nll|Gaussian negative log-likelihood]]. For
  counts, use [[poisson_nll|Poisson negative log-likelihood]].
- Of another network's output only a part counts: the direction of a vector ([[cosine_embedding]]), or what a softmax
  makes of scores ([[kl_div]]; [[listnet]] for a list).
- Several outputs are plausible for one input, such as the details of a picture. The best prediction is their mean, which
  may look like none of them: a blur. [[l1]] predicts the median of each value.
- The output is a class probability. Behind a sigmoid, the gradient of the squared error almost
  vanishes when the model is confidently wrong. Train with [[bce_with_logits]] or
  [[cross_entropy]]; keep the squared error for reporting, as the [[brier|Brier score]].

## Pitfalls

### A column of predictions against a row of targets compares every pair

A linear layer with one output returns shape `(N, 1)`. If the target has shape `(N,)`, the two are
broadcast to `(N, N)` and the loss averages over all pairs. Here the predictions are perfect, yet
the loss is not zero, and the gradient pulls every prediction towards the mean of the targets. The
only sign is a warning. Make the shapes equal, for instance with `squeeze(1)`.

```python
prediction = torch.tensor([[1.0], [2.0], [3.0], [4.0]], requires_grad=True)
target = torch.tensor([1.0, 2.0, 3.0, 4.0])

loss = F.mse_loss(prediction, target)
loss.backward()
print(loss.item())
print(prediction.grad.squeeze(1))
print(F.mse_loss(prediction.squeeze(1), target).item())
```

```output
2.5
tensor([-0.7500, -0.2500,  0.2500,  0.7500])
0.0
UserWarning: Using a target size (torch.Size([4])) that is different to the input size (torch.Size([4, 1])). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.
```

### Other losses broadcast silently, or refuse the same shapes

Do not count on the warning. Some losses broadcast without one, as does [[log_cosh]], a function that this site gives
because torch lacks it, and some raise an error instead. A line that catches it before any loss is called is
`assert prediction.shape == target.shape`.

```python
from lossary.functional import log_cosh

column = torch.full((3, 1), 0.5)
row = torch.zeros(3)

print(log_cosh(column, row, reduction="none").shape)
print(F.poisson_nll_loss(column, row, reduction="none").shape)
print(F.gaussian_nll_loss(column, row, torch.ones(3, 1), reduction="none").shape)
for loss in (F.binary_cross_entropy, F.binary_cross_entropy_with_logits):
    try:
        loss(column, row)
    except ValueError as error:
        print("ValueError:", str(error)[:62])
```

```output
torch.Size([3, 3])
torch.Size([3, 3])
torch.Size([3, 3])
ValueError: Using a target size (torch.Size([3])) that is different to the
ValueError: Target size (torch.Size([3])) must be the same as input size (
```

### A reduction passed by position is ignored

The first positional argument of `nn.MSELoss` is not `reduction`. It is `size_average`, a leftover
from early versions, and any non-empty string counts as true there, which means `"mean"`. The same
happens in the function: `F.mse_loss(prediction, target, "none")` returns the mean. `nn.HuberLoss`
is newer and does take `reduction` first. Write `reduction=` everywhere.

```python
print(nn.MSELoss("sum").reduction)
print(nn.MSELoss(reduction="sum").reduction)
print(nn.HuberLoss("sum").reduction)
print(F.mse_loss(torch.tensor([1.0, 3.0]), torch.zeros(2), "none"))
```

```output
mean
sum
sum
tensor(5.)
UserWarning: size_average and reduce args will be deprecated, please use reduction='mean' instead.
```

### Multiplying by a mask does not remove a NaN

A missing target stored as NaN gives a NaN loss, and NaN times zero is still NaN. So masking the
unreduced loss comes too late. Select the valid entries first and compute the loss of those.

```python
prediction = torch.tensor([1.0, 2.0])
target = torch.tensor([float("nan"), 1.0])
valid = ~target.isnan()

unreduced = F.mse_loss(prediction, target, reduction="none")
print((unreduced * valid).sum())
print(F.mse_loss(prediction[valid], target[valid], reduction="sum"))
```

```output
tensor(nan)
tensor(1.)
```

### The square root of the loss has no gradient at a perfect fit

People who want the RMSE often write `torch.sqrt(F.mse_loss(...))`. The slope of a square root is
infinite at zero, the slope of the squared error is zero there, and their product is NaN. One
perfect batch is enough: the next step writes NaN into the weights. Add a small constant under the
root, or train on the squared error and take the root only for the report. See
[[rmse|root mean squared error]].

```python
prediction = torch.tensor([1.0, 2.0], requires_grad=True)
target = torch.tensor([1.0, 2.0])

bare = torch.sqrt(F.mse_loss(prediction, target))
safe = torch.sqrt(F.mse_loss(prediction, target) + 1e-8)
print(torch.autograd.grad(bare, prediction)[0])
print(torch.autograd.grad(safe, prediction)[0])

model = nn.Linear(1, 1)
features = torch.tensor([[1.0]])
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
torch.sqrt(F.mse_loss(model(features), model(features).detach())).backward()
optimizer.step()
print(model.weight.item(), model.bias.item())
```

```output
tensor([nan, nan])
tensor([0., 0.])
nan nan
```

### There is no factor one half, and the mean runs over every element

Many textbooks, and `optax.l2_loss`, put one half in front of the square. PyTorch does not. The
default mean also divides by all elements, not by the number of samples. Three readings of "the
squared loss of this batch" therefore give three numbers, and under plain gradient descent a learning
rate tuned for one is off by a factor for the others.

```python
prediction = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
target = torch.zeros(2, 2)
squares = F.mse_loss(prediction, target, reduction="none")

print("torch mean      ", F.mse_loss(prediction, target).item())
print("with one half   ", (squares / 2).mean().item())
print("mean per sample ", squares.sum(dim=1).mean().item())
```

```output
torch mean       7.5
with one half    3.75
mean per sample  15.0
```

### A weighted mean does not mean the same in every loss

`F.mse_loss` and `F.l1_loss` accept `weight` and divide by the sum of the weights. `F.huber_loss`
and `F.binary_cross_entropy` also accept it but divide by the number of elements. So weights above
one leave one loss on its usual scale and inflate the other. To be sure, take `reduction="none"` and
write the average yourself. Where prediction and target are broadcast, the sum is that of the weights as they are given.
Further exceptions: with class weights and class numbers as targets [[cross_entropy]] divides by the sum of the targets'
weights, [[kl_div]] has `batchmean`, and
[[ctc|connectionist temporal classification]] first divides each loss by the length of its target.

```python
prediction = torch.tensor([1.0, 3.0])
target = torch.zeros(2)
weight = torch.tensor([1.0, 3.0])

for loss in (F.mse_loss, F.l1_loss, F.huber_loss):
    each = weight * loss(prediction, target, reduction="none")
    print(loss.__name__, loss(prediction, target, weight=weight).item())
    print("  over sum of weights:", (each.sum() / weight.sum()).item())
    print("  over count:         ", each.mean().item())

column = torch.ones(4, 1)  # sixteen squares of 1, and weights that add up to 4
print("a column against a row:", F.mse_loss(column, torch.zeros(4), weight=column).item())

probability = torch.tensor([0.9, 0.2])
label = torch.tensor([1.0, 0.0])
each = weight * F.binary_cross_entropy(probability, label, reduction="none")
loss = F.binary_cross_entropy(probability, label, weight=weight)
print("binary_cross_entropy divides by the count:", torch.allclose(loss, each.mean()))
```

```output
mse_loss 7.0
  over sum of weights: 7.0
  over count:          14.0
l1_loss 2.5
  over sum of weights: 2.5
  over count:          5.0
huber_loss 4.0
  over sum of weights: 2.0
  over count:          4.0
a column against a row: 4.0
binary_cross_entropy divides by the count: True
UserWarning: Using a target size (torch.Size([4])) that is different to the input size (torch.Size([4, 1])). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.
```

### Weights exist in the function but not in the class

`F.mse_loss` takes `weight`, one weight per element; `nn.MSELoss` has no such argument. The weights
must have the sizes of the input. They are not broadcast, so expand one weight per sample yourself. If
all weights are zero, as in a batch that was masked completely, the mean and its gradient are NaN.

```python
prediction = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
target = torch.zeros(2, 2)
per_sample = torch.tensor([[1.0], [3.0]])

attempts = (
    lambda: nn.MSELoss(weight=per_sample),
    lambda: F.mse_loss(prediction, target, weight=per_sample),
)
for attempt in attempts:
    try:
        attempt()
    except (TypeError, ValueError) as error:
        print(f"{type(error).__name__}: {error}")
print("expanded", F.mse_loss(prediction, target, weight=per_sample.expand(2, 2)).item())
loss = F.mse_loss(prediction, target, weight=torch.zeros(2, 2))
print("all zero", loss.item(), torch.autograd.grad(loss, prediction)[0].flatten())
```

```output
TypeError: _Loss.__init__() got an unexpected keyword argument 'weight'
ValueError: Weights and input must have the same size.
expanded 10.0
all zero nan tensor([nan, nan, nan, nan])
```

### The mean of batch means is not the mean over the data

When the last batch is smaller, its samples count for more in an average of batch losses. The
reported epoch loss then depends on the batch size. Add up the sums and divide once by the number of
elements.

```python
prediction = torch.tensor([1.0, 1.0, 1.0, 4.0])
target = torch.zeros(4)

means = []
total = 0.0
for batch in (slice(0, 3), slice(3, 4)):
    means.append(F.mse_loss(prediction[batch], target[batch]).item())
    total += F.mse_loss(prediction[batch], target[batch], reduction="sum").item()
print("mean of batch means", sum(means) / len(means))
print("sum over count     ", total / target.numel())
print("all at once        ", F.mse_loss(prediction, target).item())
```

```output
mean of batch means 8.5
sum over count      4.75
all at once         4.75
```

### The mean over nothing is NaN

A batch whose entries were all filtered out leaves an empty tensor. Its sum is zero, but its mean is
zero divided by zero. Skip such a batch, or use the sum and divide by a count that is at least one.

```python
empty = torch.empty(0)
total = F.mse_loss(empty, empty, reduction="sum")

print(F.mse_loss(empty, empty))
print(total)
print(total / max(empty.numel(), 1))
```

```output
tensor(nan)
tensor(0.)
tensor(0.)
```

### Half precision overflows on ordinary residuals

Squaring doubles the exponent. In float16 a residual of 256 already squares to more than the largest
number that the type can hold, while the gradient, twice the residual, is still finite. Small residuals
are lost at the other end: their squares round to zero. Compute the loss in float32. Inside
`torch.autocast` that is done for you, for half precision tensors as well.

```python
prediction = torch.tensor([300.0, 1e-4], dtype=torch.float16, requires_grad=True)
target = torch.zeros(2, dtype=torch.float16)

print(torch.finfo(torch.float16).max)
loss = F.mse_loss(prediction, target, reduction="none")
print(loss.detach(), torch.autograd.grad(loss.sum(), prediction)[0])
print(F.mse_loss(prediction.float(), target.float(), reduction="none").detach())
with torch.autocast("cpu", dtype=torch.float16):
    print(F.mse_loss(prediction, target, reduction="none").detach())
```

```output
65504.0
tensor([inf, 0.], dtype=torch.float16) tensor([6.0000e+02, 2.0003e-04], dtype=torch.float16)
tensor([9.0000e+04, 1.0003e-08])
tensor([9.0000e+04, 1.0003e-08])
```

## Relations

[[huber]] with a `delta` beyond every residual is half this loss.

    F.mse_loss(input, target) / 2 == F.huber_loss(input, target, delta=1e6)  # within 1e-4

The square of the [[rmse|root mean squared error]] is this loss with the default mean.

    F.mse_loss(input, target) == functional.rmse(input, target) ** 2

The [[gaussian_nll|Gaussian negative log-likelihood]] with variance one is half this loss.

    F.mse_loss(input, target) / 2 == F.gaussian_nll_loss(input, target, torch.ones_like(input))

It is twice the [[expectile|expectile loss]] with `tau=0.5`.

    F.mse_loss(input, target) == 2 * functional.expectile(input, target, tau=0.5)

The [[squared_epsilon_insensitive|squared epsilon-insensitive loss]] with `epsilon=0` is exactly
this loss.

    F.mse_loss(input, target) == functional.squared_epsilon_insensitive(input, target, epsilon=0.0)

The [[barron|general adaptive robust loss]] at `alpha=2` with `c=1` is half this loss.

    F.mse_loss(input, target) / 2 == functional.barron(input, target, alpha=2.0, c=1.0)

On a predicted probability and a label of 0 or 1 this is the [[brier|Brier score]].

    F.mse_loss(torch.sigmoid(logits), label) == functional.brier(torch.sigmoid(logits), label)

With targets of -1 and 1 it equals the [[squared_error_classification|squared margin]] loss.

    F.mse_loss(logits, 2 * label - 1) == functional.squared_error_classification(logits, 2 * label - 1)

The [[msle|mean squared logarithmic error]] is this loss after `log1p` on both arguments.

    F.mse_loss(input.abs().log1p(), target.abs().log1p()) == functional.msle(input.abs(), target.abs())

The mean of this loss with the target 1 and with the target 0 is that of [[lsgan_discriminator]].

    (F.mse_loss(input, torch.ones_like(input)) + F.mse_loss(target, torch.zeros_like(target))) / 2 ==
        functional.lsgan_discriminator(input, target)

[[ipo]] is this loss of the difference of two log-ratios, with the target `1 / (2 * beta)`.

    F.mse_loss((input - logits) - (target - label), torch.full_like(input, 1 / 0.6)) ==
        functional.ipo(input, target, logits, label, beta=0.3)

## In other libraries

- `keras.losses.MeanSquaredError(reduction=None)(target, input)`
- `sklearn.metrics.mean_squared_error(target, input)`: A metric on arrays; the target comes first.
- `sklearn._loss.HalfSquaredError().loss(target.ravel(), input.ravel())`: Private; what
  HistGradientBoostingRegressor(loss="squared_error") minimises.
- `optax.squared_error(input, target)`: Elementwise; no reduction.
- `optax.l2_loss(input, target)`: Elementwise; no reduction.
- `Flux.mse(ŷ, y)`: The mean by default; agg chooses another reduction.
- LossFunctions.jl `L2DistLoss()`
- `statsmodels.robust.norms.LeastSquares().rho(input - target)`: A function of the residual alone.
- `ceres::TrivialLoss()`: A function of the squared residual norm; the solver's cost is half of it.
- `xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(features, target, base_margin=input))`
- `neuralforecast.losses.pytorch.MSE()(target[..., None], input[..., None])`: Called as (y, y_hat, mask); weighted
  mean over the horizon.

## References

- Stephen M. Stigler (1981). Gauss and the Invention of Least Squares. *The Annals of Statistics 9(3),
  465-474*. doi:10.1214/aos/1176345451
- Tilmann Gneiting (2011). Making and Evaluating Point Forecasts. *Journal of the American Statistical
  Association 106(494), 746-762*. doi:10.1198/jasa.2011.r10138 arXiv:0912.0902
- Timothy O. Hodson (2022). Root-mean-square error (RMSE) or mean absolute error (MAE): when to use them or
  not. *Geoscientific Model Development 15(14), 5481-5487*. doi:10.5194/gmd-15-5481-2022
"""

from lossary.declaration import BY_WEIGHTS, Extremes, own_weight, residual_loss, terms

loss = residual_loss(
    torch="torch.nn.MSELoss",
    functional="torch.nn.functional.mse_loss",
    aliases=terms(
        "MSE; MSE loss; mean square error; mean squared error; squared error; squared loss; quadratic loss; L2 loss; "
        "least squares; least squares loss; L2DistLoss; reg:squarederror"
    ),
    tasks=("regression", "generative", "distillation", "reinforcement"),
    search_terms=terms(
        "loss whose minimizer is the mean; loss whose minimiser is the mean; "
        "regression; Gaussian likelihood with fixed variance; sum of squared residuals; "
        "half squared error; HalfSquaredError; "
        "optax l2_loss; TrivialLoss; target size different to the input size broadcasting warning; "
        "Using a target size that is different to the input size; size_average and reduce args will be deprecated; "
        "\"mse_cpu\" not implemented for 'Long'; tf.keras.losses.MeanSquaredError; sklearn mean_squared_error; "
        "weighted mean squared error; masked mse loss nan; Euclidean distance; predict the average; "
        "large errors matter most; default loss of a regression; regression baseline; reconstruction error; "
        "ordinary regression; noise is normal; pixel-wise reconstruction; average squared deviation; predict the mean; "
        "ridge regression; linear regression objective; predicted noise of a diffusion model; minimum mean "
        "squared error estimator; dominated by outliers; lightgbm regression_l2; "
        "average squared distance; normally distributed errors; Euclidean loss; Found dtype Double but expected "
        "Float; curve fitting; "
        "(y - yhat)^2; LightGBM regression; "
        "predict a number with a neural network"
    ),
    concepts={
        "target size different to the input size broadcasting warning; Using a target size that is different to the "
        "input size": "A column of predictions",
        "size_average and reduce args will be deprecated": "A reduction passed",
        "masked mse loss nan; missing targets": "Multiplying by a mask",
        "weighted mean squared error; sample weights": "A weighted mean",
        "MSELoss weight argument; Weights and input must have the same size; all weights zero nan": "Weights exist",
        "root mean squared error nan gradient": "The square root",
        "half squared error; factor one half": "There is no factor",
        "float16 overflow; mixed precision; autocast": "Half precision",
    },
    answers={
        "regression/plain/mean": ("The prediction should be", "Some targets are wrong"),
        "generative/reconstruction": ("The noise is roughly Gaussian", "Several outputs"),
        "distillation/scores": ("Features or logits", "Of another network"),
        "distillation/vectors": ("Features or logits", "Of another network"),
        "reinforcement/value": ("The prediction should be", "Some targets are wrong"),
    },
    value=lambda r: r**2,
    gradient=lambda r: 2 * r,
    weight=own_weight("the sum of the factors"),
    reductions=BY_WEIGHTS,
    caption="The gradient is proportional to the residual: twice the error pulls twice as hard and costs "
    "four times as much.",
    figures=(
        Extremes(
            label="residual, as a power of ten",
            span=(-6.0, 22.0),
            inputs=lambda t: {"input": t, "target": 0.0},
            of="input",
            powers=True,
            note="One element with target 0.",
            caption="Squaring doubles the exponent, so the loss overflows long before its gradient, which is twice the "
            "residual: in float16 from a residual of 256 on, while the gradient stays finite up to 32 752. bfloat16 has "
            "the exponents of float32, and both overflow near 1.8e19. In float64 the curve goes on. At the other end a "
            "square below about 3e-8 rounds to 0 in float16, where the gradient is still there.",
        ),
    ),
    example={"input": [2.5, 0.0, 2.0], "target": [3.0, -0.5, 2.0]},
    properties={
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": 2,
        "gradient_limits": ("-inf", "inf"),
        "elicits": "mean",
    },
)
