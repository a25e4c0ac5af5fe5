r"""Mean absolute error (L1)

The absolute difference of prediction and target: twice the error costs twice as much, and the best constant
prediction is the median.

## When to use it

- The prediction should be the **conditional median**: half of the outcomes above it, half below.
  That is a good summary when the target is skewed, as prices, incomes and waiting times are.
- Some targets are wrong. Every residual pulls on its prediction with the same strength, whatever its
  size, so a handful of wrong targets moves the fit much less than under [[mse]]. (A sample whose
  *features* are far out can still bend a linear fit: they multiply its pull.)
- Small errors should be corrected as firmly as large ones: the pull does not shrink on the way to the target, as that
  of [[mse]] and [[smooth_l1|Smooth L1]] does.
- Images or signals are reconstructed and should not be blurred. Where a value is uncertain between two, the best
  prediction is the likelier of them; that of [[mse]] is a mixture of both.
- The noise is Laplace-distributed. Minimising the absolute error is then the same as maximising the
  likelihood.
- The number must be explained to others: it is the average size of the error, in the target's own
  unit.

## When not to

- You need the mean, for example because predictions will be added up. On skewed data the median is
  biased for that purpose. Use [[mse]].
- You want plain gradient descent to settle by itself. The gradient does not shrink near the optimum,
  so steps of a fixed learning rate jump over it. Lower the rate over time, or use [[huber]] or
  [[smooth_l1|Smooth L1]], which are rounded at zero.
- You need another quantile than the median: [[quantile|quantile loss]].
- Targets span several orders of magnitude and only relative errors matter: [[mape|mean absolute percentage error]] or [[msle|mean squared logarithmic error]].

## Pitfalls

### A column of predictions against a row of targets compares every pair

Predictions of shape `(N, 1)` and targets of shape `(N,)` are broadcast to `(N, N)`. Below, every
prediction is perfect. The loss is still positive, and its gradient pulls all of them towards the
median of the targets. PyTorch only warns. Give both tensors the same shape first.

```python
prediction = torch.tensor([[0.0], [2.0], [10.0]], requires_grad=True)
target = torch.tensor([0.0, 2.0, 10.0])

loss = F.l1_loss(prediction, target)
loss.backward()
print(round(loss.item(), 4), prediction.grad.sign().squeeze(1))
print(F.l1_loss(prediction.squeeze(1), target).item())
```

```output
4.4444 tensor([-1.,  0.,  1.])
0.0
UserWarning: Using a target size (torch.Size([3])) that is different to the input size (torch.Size([3, 1])). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.
```

### F.l1_loss can silently drop its weight

Inside a `torch.device` context, `F.l1_loss` forgets the `weight` argument and returns the
unweighted mean. The same happens under `torch.set_default_device`, under `torch.compile` with its
default backend and with
subclasses of `Tensor` (`nn.Parameter` excepted), because the step that hands the call over to them
leaves `weight` out. `F.mse_loss` does not have this defect. Until it is fixed upstream, weight the
unreduced loss yourself.

```python
prediction = torch.tensor([1.0, 3.0])
target = torch.zeros(2)
weight = torch.tensor([1.0, 3.0])

class Subclass(torch.Tensor):
    pass


print("outside: ", F.l1_loss(prediction, target, weight=weight))
with torch.device("cpu"):
    print("inside:  ", F.l1_loss(prediction, target, weight=weight))
    print("mse_loss:", F.mse_loss(prediction, target, weight=weight))
    each = F.l1_loss(prediction, target, reduction="none")
    print("by hand: ", (weight * each).sum() / weight.sum())
print("subclass:", F.l1_loss(prediction.as_subclass(Subclass), target, weight=weight).item())
```

```output
outside:  tensor(2.5000)
inside:   tensor(2.)
mse_loss: tensor(7.)
by hand:  tensor(2.5000)
subclass: 2.0
```

### The gradient keeps its size all the way to the target

Each element contributes the sign of its residual, divided by the number of elements under the mean.
A residual of almost nothing pulls as hard as a large one. Only at exactly zero is the gradient
zero: of the values that would be valid at a kink, PyTorch takes that one. Below, plain gradient
descent with a constant rate still jumps to and fro over the target after a hundred steps, where
[[huber]], with the same start and rate, has come to rest.

```python
prediction = torch.tensor([0.0, 1e-8, -3.0], requires_grad=True)
F.l1_loss(prediction, torch.zeros(3)).backward()
print(prediction.grad)

for loss in (F.l1_loss, F.huber_loss):
    prediction = torch.tensor([0.75])
    for step in range(100):
        prediction.requires_grad_()
        slope = torch.autograd.grad(loss(prediction, torch.zeros(1)), prediction)[0]
        prediction = (prediction - 0.5 * slope).detach()
        if step >= 97:
            print(loss.__name__, round(prediction.item(), 6))
```

```output
tensor([ 0.0000,  0.3333, -0.3333])
l1_loss -0.25
l1_loss 0.25
l1_loss -0.25
huber_loss 0.0
huber_loss 0.0
huber_loss 0.0
```

### The best constant need not be unique

With an even number of targets, everything between the two middle ones is a median, and the loss is
flat there. The gradient is zero between them, up to rounding, so a constant that starts inside it stays where
it is. This is no error, but two fits of equal quality may differ.

```python
target = torch.tensor([0.0, 10.0])

for constant in (1.0, 5.0, 9.0):
    prediction = torch.tensor(constant, requires_grad=True)
    loss = F.l1_loss(prediction.expand(2), target)
    loss.backward()
    print(constant, loss.item(), prediction.grad.item())
```

```output
1.0 5.0 0.0
5.0 5.0 0.0
9.0 5.0 0.0
```

### Weights exist in the function but not in the class

`F.l1_loss`, `F.mse_loss` and `F.huber_loss` accept `weight`, one weight per element. Their classes do
not, and neither does `F.smooth_l1_loss`. In a module that needs weights, call the function, or keep
`reduction="none"` and average by hand.

```python
prediction = torch.ones(2)
target = torch.zeros(2)
weight = torch.ones(2)

attempts = (
    lambda: nn.L1Loss(weight=weight),
    lambda: nn.MSELoss(weight=weight),
    lambda: F.smooth_l1_loss(prediction, target, weight=weight),
)
for attempt in attempts:
    try:
        attempt()
    except TypeError as error:
        print("TypeError:", error)
```

```output
TypeError: _Loss.__init__() got an unexpected keyword argument 'weight'
TypeError: _Loss.__init__() got an unexpected keyword argument 'weight'
TypeError: smooth_l1_loss() got an unexpected keyword argument 'weight'
```

### A weighted mean divides by the sum of the weights

Not by the number of elements: doubling all weights changes nothing. `F.mse_loss` does the same, but
`F.huber_loss` divides by the number of elements. The weights must have the sizes of the input. They
are not broadcast, so expand one weight per sample yourself. If all weights are zero, as in a
batch that was masked completely, the mean and its gradient are NaN.

```python
prediction = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
target = torch.zeros(2, 2)
per_sample = torch.tensor([[1.0], [3.0]])

weight = per_sample.expand(2, 2)
print("weights 1 and 3", F.l1_loss(prediction, target, weight=weight).item())
print("weights 2 and 6", F.l1_loss(prediction, target, weight=2 * weight).item())
try:
    F.l1_loss(prediction, target, weight=per_sample)
except ValueError as error:
    print("ValueError:", error)
loss = F.l1_loss(prediction, target, weight=torch.zeros(2, 2))
print("all zero", loss.item(), torch.autograd.grad(loss, prediction)[0].flatten())
```

```output
weights 1 and 3 3.0
weights 2 and 6 3.0
ValueError: Weights and input must have the same size.
all zero nan tensor([nan, nan, nan, nan])
```

### Complex numbers work, integers do not

For complex input the loss is the modulus of the difference. Where input and target are both integers the mean fails,
because PyTorch takes no mean of an integer type; convert with `.float()`. `F.mse_loss` accepts neither. With a `weight`
of real numbers both functions accept both, and the squared error of complex numbers is then complex.

```python
print(F.l1_loss(torch.tensor([3 + 4j]), torch.tensor([0j])))
print(F.l1_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]), reduction="sum"))

one_two = torch.tensor([1, 2])
one_four = torch.tensor([1, 4])
attempts = (
    lambda: F.l1_loss(one_two, one_four),
    lambda: F.mse_loss(one_two, one_four),
    lambda: F.mse_loss(torch.tensor([3 + 4j]), torch.tensor([0j])),
)
for attempt in attempts:
    try:
        attempt()
    except (RuntimeError, NotImplementedError) as error:
        print(f"{type(error).__name__}: {str(error)[:60]}")
print(F.l1_loss(one_two.float(), one_four.float()))
weight = torch.ones(2)
print(F.l1_loss(one_two, one_four, weight=weight), F.mse_loss(one_two, one_four, weight=weight))
print(F.mse_loss(torch.tensor([3 + 4j]), torch.tensor([0j]), weight=torch.ones(1)))
```

```output
tensor(5.)
tensor(2.)
RuntimeError: mean(): could not infer output dtype. Input dtype must be ei
NotImplementedError: "mse_cpu" not implemented for 'Long'
NotImplementedError: "mse_cpu" not implemented for 'ComplexFloat'
tensor(1.)
tensor(1.) tensor(2.)
tensor(-7.+24.j)
```

## Relations

It is twice the [[quantile|quantile loss]] with `tau=0.5`.

    F.l1_loss(input, target) == 2 * functional.quantile(input, target, tau=0.5)

[[smooth_l1|Smooth L1]] with `beta=0` is exactly this loss.

    F.l1_loss(input, target) == F.smooth_l1_loss(input, target, beta=0.0)

[[huber]] divided by `delta` tends to this loss as `delta` goes to zero.

    F.l1_loss(input, target) == F.huber_loss(input, target, delta=1e-6) / 1e-6  # within 1e-4

The [[charbonnier|Charbonnier]] loss tends to this loss as `eps` goes to zero.

    F.l1_loss(input, target) == functional.charbonnier(input, target, eps=1e-6)  # within 1e-4

The [[epsilon_insensitive|epsilon-insensitive loss]] with `epsilon=0` is exactly this loss.

    F.l1_loss(input, target) == functional.epsilon_insensitive(input, target, epsilon=0.0)

Of two samples that are both sorted it is the [[wasserstein_1d|Wasserstein-1]] distance.

    F.l1_loss(input.sort().values, target.sort().values) == functional.wasserstein_1d(input, target)

Summed over the outcomes of two distributions it is twice the [[total_variation|total variation
distance]].

    F.l1_loss(p, q, reduction="none").sum(1) == 2 * functional.total_variation(p, q, reduction="none")

## In other libraries

- `keras.losses.MeanAbsoluteError(reduction=None)(target, input)`
- `sklearn.metrics.mean_absolute_error(target, input)`: A metric on arrays; the target comes first.
- `sklearn._loss.AbsoluteError().loss(target.ravel(), input.ravel())`: Private; what
  HistGradientBoostingRegressor(loss="absolute_error") minimises.
- `xgboost.train({"objective": "reg:absoluteerror"}, xgboost.DMatrix(features, target, base_margin=input))`
- `Flux.mae(ŷ, y)`: The mean by default; agg chooses another reduction.
- LossFunctions.jl `L1DistLoss()`
- `neuralforecast.losses.pytorch.MAE()(target[..., None], input[..., None])`: Called as (y, y_hat, mask); weighted
  mean over the horizon.

## References

- Tilmann Gneiting (2011). Making and Evaluating Point Forecasts. *Journal of the American Statistical
  Association 106(494), 746-762*. doi:10.1198/jasa.2011.r10138 arXiv:0912.0902
- Timothy O. Hodson (2022). Root-mean-square error (RMSE) or mean absolute error (MAE): when to use them or
  not. *Geoscientific Model Development 15(14), 5481-5487*. doi:10.5194/gmd-15-5481-2022
- Gilbert Bassett and Roger Koenker (1978). Asymptotic Theory of Least Absolute Error Regression. *Journal of
  the American Statistical Association 73(363), 618-622*.
"""

from lossary.declaration import BY_WEIGHTS, own_weight, residual_loss, sign, terms

loss = residual_loss(
    torch="torch.nn.L1Loss",
    functional="torch.nn.functional.l1_loss",
    aliases=terms(
        "L1; L1 loss; MAE; MAE loss; mean absolute error; absolute error; absolute deviation; absolute loss; least "
        "absolute deviations; LAD; AbsoluteError; L1DistLoss; reg:absoluteerror"
    ),
    tasks=("regression", "generative"),
    search_terms=terms(
        "loss whose minimizer is the median; loss whose minimiser is the median; median regression loss; "
        "regression loss robust to outliers; Laplace likelihood; F.l1_loss weight ignored torch.compile; "
        "__init__() got an unexpected keyword argument 'weight'; mean(): could not infer output dtype; "
        "tf.keras.losses.MeanAbsoluteError; sklearn mean_absolute_error; Manhattan distance loss; "
        "median of the target; outliers count less than squared; sharper images than squared error; Laplace noise; "
        "robust baseline of regression; sum of absolute differences; sum of absolute residuals; "
        "typical absolute error; error in the target's unit; "
        "mean absolute deviation; MAE instead of MSE; constant gradient near zero; reconstruction of pictures "
        "without blur; lightgbm regression_l1; "
        "image-to-image translation; pix2pix; sum of absolute errors; absolute residuals; "
        "grows linearly without limit; CatBoost MAE; |y - yhat|; "
        "errors count in proportion to their size"
    ),
    concepts={
        "median regression loss": "The best constant",
        "__init__() got an unexpected keyword argument 'weight'": "Weights exist",
        "sample weights; weighted mean absolute error; Weights and input must have the same size; masked l1 loss nan": (
            "A weighted mean"
        ),
        "F.l1_loss weight ignored torch.compile": "F.l1_loss can silently",
        "mean(): could not infer output dtype; integer targets": "Complex numbers work",
        "loss jumps around the optimum": "The gradient keeps its size",
    },
    answers={
        "regression/plain/median": ("The prediction should be", "You need the mean"),
        "regression/uneven/large": ("Small errors should", "You want plain gradient descent"),
        "generative/reconstruction": ("Images or signals", "You want plain gradient descent"),
    },
    value=lambda r: abs(r),
    gradient=lambda r: sign(r),
    kinks=(lambda: 0,),
    weight=own_weight("the sum of the factors"),
    reductions=BY_WEIGHTS,
    caption="The loss grows at the same rate everywhere, so the gradient keeps its size right up to the "
    "kink at zero, where only its sign changes.",
    example={"input": [2.5, 0.0, 2.0], "target": [3.0, -0.5, 2.0]},
    properties={
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "gradient_limits": (-1, 1),
        "elicits": "median",
    },
)
