r"""Huber loss

Half the squared error where prediction and target are close, a straight line where they are far apart, so that no
single error pulls harder than delta.

## When to use it

- Most residuals are well behaved but some targets are wrong or far out. Inside `delta` the loss is
  half the squared error; outside it grows in a straight line, so the pull of one element never
  exceeds `delta`.
- You want [[l1]]'s calm towards outliers without its kink. The gradient is continuous and goes to
  zero with the residual, so small errors are corrected by small steps.
- You can say where "small" ends. `delta` has the unit of the target: set it to the largest residual
  that still counts as ordinary noise.
- In value-based reinforcement learning, where it caps what one surprising transition adds to an
  update.

## When not to

- You need exactly the mean or exactly the median of the target. For skewed noise the minimiser is
  in general neither of them, and it moves with `delta`. Use [[mse]] or [[l1]].
- Gross outliers should have no influence at all. Here a distant point pulls less than under the
  squared error, but it never stops pulling. [[tukey_biweight|Tukey biweight]], [[welsch|Welsch]] and [[cauchy|Cauchy]] let go,
  at the price of not being convex.
- You need a second derivative everywhere. It jumps from one to zero at `delta`;
  [[pseudo_huber|pseudo-Huber]] and [[log_cosh|log-cosh]] are smooth versions.
- Over- and underestimation should cost differently: [[quantile|quantile loss]] or [[expectile|expectile loss]].

## Pitfalls

### delta is measured in the units of the target

Rescaling the data changes which points count as outliers. Below, the same two errors are given in
metres and in kilometres. In metres the large error is capped: it pulls with `delta`. In kilometres
both fall inside `delta`, the loss is purely quadratic, and the large error dominates as it would
under the squared error. Normalise the target or scale `delta` with it.

```python
metres = torch.tensor([0.5, 20.0])

for name, residual in (("metres", metres), ("kilometres", metres / 1000)):
    residual.requires_grad_()
    loss = F.huber_loss(residual, torch.zeros(2), reduction="sum", delta=1.0)
    pull = torch.autograd.grad(loss, residual)[0]
    ratio = round((pull[1] / pull[0]).item(), 1)
    print(f"{name}: the large error pulls {ratio} times as hard as the small one")
```

```output
metres: the large error pulls 2.0 times as hard as the small one
kilometres: the large error pulls 40.0 times as hard as the small one
```

### HuberLoss and SmoothL1Loss agree only at 1

`HuberLoss(delta=d)` is `d` times `SmoothL1Loss(beta=d)`. The two have the same shape but a
different height, and they coincide only when the parameter is one, which is the default of both.
Swapping one for the other at any other parameter rescales the loss and its gradient.

```python
prediction = torch.tensor([0.2, 0.5, 2.0, -3.0])
target = torch.zeros(4)

for d in (0.5, 1.0, 2.0):
    huber = F.huber_loss(prediction, target, reduction="none", delta=d)
    smooth = F.smooth_l1_loss(prediction, target, reduction="none", beta=d)
    print(d, huber.tolist()[2:], smooth.tolist()[2:], torch.allclose(huber, d * smooth))
```

```output
0.5 [0.875, 1.375] [1.75, 2.75] True
1.0 [1.5, 2.5] [1.5, 2.5] True
2.0 [2.0, 4.0] [1.0, 2.0] True
```

### Raising delta also raises the slope of the tails

The slope outside `delta` is `delta` itself, so a sweep over `delta` changes the step size as well
as the robustness. In [[smooth_l1|Smooth L1]] the tails always have slope one, and the parameter changes the
curvature at zero instead. Pick the one whose scale you want to hold still.

```python
prediction = torch.tensor([0.25, 3.0, -3.0], requires_grad=True)
target = torch.zeros(3)

for d in (0.5, 2.0):
    huber = F.huber_loss(prediction, target, reduction="sum", delta=d)
    smooth = F.smooth_l1_loss(prediction, target, reduction="sum", beta=d)
    print("delta", d, torch.autograd.grad(huber, prediction)[0])
    print("beta ", d, torch.autograd.grad(smooth, prediction)[0])
```

```output
delta 0.5 tensor([ 0.2500,  0.5000, -0.5000])
beta  0.5 tensor([ 0.5000,  1.0000, -1.0000])
delta 2.0 tensor([ 0.2500,  2.0000, -2.0000])
beta  2.0 tensor([ 0.1250,  1.0000, -1.0000])
```

### A large delta gives half of MSELoss

With `delta` beyond every residual only the quadratic branch is left, and that branch is half the
squared error. The PyTorch documentation describes this limit as `MSELoss`; it is off by a factor of
two. With plain gradient descent, halve the learning rate when you move from the wide Huber loss to
`MSELoss`.

```python
prediction = torch.tensor([1.5, -2.0])
target = torch.zeros(2)

print(F.huber_loss(prediction, target, delta=1e6))
print(F.mse_loss(prediction, target))
print(F.mse_loss(prediction, target) / 2)
```

```output
tensor(1.5625)
tensor(3.1250)
tensor(1.5625)
```

### delta must be positive, and it is the second positional argument

`nn.HuberLoss(0.5)` reads the number as `reduction`, and complains only when the loss is called. The
class refuses a tensor. The function takes one without dimensions as a plain number, but not one that requires a
gradient, so `delta` cannot be a learned parameter. Zero is refused too: the loss would vanish everywhere. If you
were looking for the absolute error as the limit, use [[l1]], or [[smooth_l1|Smooth L1]] with `beta=0`,
which is exactly that.

```python
prediction = torch.tensor([0.0, 0.5, -2.0])
target = torch.zeros(3)

attempts = (
    lambda: nn.HuberLoss(0.5)(prediction, target),
    lambda: nn.HuberLoss(delta=torch.tensor(0.5)),
    lambda: F.huber_loss(prediction, target, delta=torch.tensor(0.5)),
    lambda: F.huber_loss(prediction, target, delta=torch.tensor(0.5, requires_grad=True)),
    lambda: F.huber_loss(prediction, target, delta=0.0),
)
for attempt in attempts:
    try:
        print(attempt())
    except (TypeError, ValueError, RuntimeError) as error:
        print(f"{type(error).__name__}: {error}")
print(F.smooth_l1_loss(prediction, target, reduction="none", beta=0.0))
```

```output
ValueError: 0.5 is not a valid value for reduction
TypeError: delta must be a float or int, got: <class 'torch.Tensor'>
tensor(0.3333)
TypeError: huber_loss(): argument 'delta' (position 4) must be float, not Tensor
RuntimeError: huber_loss does not support non-positive values for delta.
tensor([0.0000, 0.5000, 2.0000])
```

### A column of predictions against a row of targets compares every pair

Predictions of shape `(N, 1)` and targets of shape `(N,)` are broadcast to `(N, N)`. The predictions
below are perfect, yet the loss is positive and its gradient draws them together. PyTorch only warns.
Make the shapes equal first.

```python
prediction = torch.tensor([[0.0], [2.0], [10.0]], requires_grad=True)
target = torch.tensor([0.0, 2.0, 10.0])

loss = F.huber_loss(prediction, target)
loss.backward()
print(round(loss.item(), 4), prediction.grad.sign().squeeze(1))
print(F.huber_loss(prediction.squeeze(1), target).item())
```

```output
4.1111 tensor([-1.,  0.,  1.])
0.0
UserWarning: Using a target size (torch.Size([3])) that is different to the input size (torch.Size([3, 1])). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.
```

### A weighted mean divides by the number of elements

`F.huber_loss` takes `weight`, one weight per element; `nn.HuberLoss` has no such argument. The mean
then adds up the weighted losses and divides by the number of elements, so weights above one inflate
it. `F.mse_loss` and `F.l1_loss` divide by the sum of the weights. The weights must have the sizes of
the input, without broadcasting. If all of them are zero, the mean is zero, where those two give NaN.

```python
prediction = torch.tensor([1.0, 3.0])
target = torch.zeros(2)
weight = torch.tensor([1.0, 3.0])

each = weight * F.huber_loss(prediction, target, reduction="none")
print("F.huber_loss           ", F.huber_loss(prediction, target, weight=weight))
print("over the count         ", each.mean())
print("over the sum of weights", each.sum() / weight.sum())
print("all weights zero       ", F.huber_loss(prediction, target, weight=torch.zeros(2)))
attempts = (
    lambda: nn.HuberLoss(weight=weight),
    lambda: F.huber_loss(prediction, target, weight=torch.ones(1)),
)
for attempt in attempts:
    try:
        attempt()
    except (TypeError, ValueError) as error:
        print(f"{type(error).__name__}: {error}")
```

```output
F.huber_loss            tensor(4.)
over the count          tensor(4.)
over the sum of weights tensor(2.)
all weights zero        tensor(0.)
TypeError: HuberLoss.__init__() got an unexpected keyword argument 'weight'
ValueError: Weights and input must have the same size.
```

## Relations

It is `delta` times [[smooth_l1|Smooth L1]] with `beta=delta`; the two are equal at 1.

    F.huber_loss(input, target, delta=0.5) == 0.5 * F.smooth_l1_loss(input, target, beta=0.5)

With a `delta` beyond every residual it is half of [[mse]].

    F.huber_loss(input, target, delta=1e6) == F.mse_loss(input, target) / 2  # within 1e-4

Divided by `delta`, it tends to [[l1]] as `delta` goes to zero.

    F.huber_loss(input, target, delta=1e-6) / 1e-6 == F.l1_loss(input, target)  # within 1e-4

## In other libraries

- `keras.losses.Huber(delta=delta, reduction=None)(target, input)`
- `optax.huber_loss(input, target, delta=delta)`: Elementwise; no reduction.
- `sklearn._loss.HuberLoss(delta=delta).loss(target.ravel(), input.ravel())`: Private. In
  `GradientBoostingRegressor(loss="huber", alpha=0.9)` delta is the alpha-quantile of the absolute residuals, found anew
  at each step.
- `scipy.special.huber(delta, input - target)`: A function of the residual alone; delta comes first.
- `scipy.optimize.least_squares(lambda x: (input - target).ravel() + 0 * x, 0.0, loss="huber", f_scale=delta).cost`:
  The cost, which halves rho, at residuals that do not depend on what is fitted. rho itself, a function of the squared
  residual, is twice torch's value.
- `statsmodels.robust.norms.HuberT(t=delta).rho(input - target)`: A function of the residual alone; t is 1.345 by
  default.
- `ceres::HuberLoss(a)`: A function of the squared residual norm, with a for delta: twice torch's value, of which the
  solver's cost is half.
- `Flux.huber_loss(ŷ, y; delta = 1)`: The mean by default; agg chooses another reduction.
- LossFunctions.jl `HuberLoss(1.0)`: The argument is delta.
- `neuralforecast.losses.pytorch.HuberLoss(delta=delta)(target[..., None], input[..., None])`: Called as (y, y_hat,
  mask); weighted mean over the horizon.

## References

- Peter J. Huber (1964). Robust Estimation of a Location Parameter. *The Annals of Mathematical Statistics
  35(1), 73-101*. doi:10.1214/aoms/1177703732
"""

from lossary.declaration import POSITIVE, Parameter, cases, own_weight, residual_loss, sign, terms

loss = residual_loss(
    torch="torch.nn.HuberLoss",
    functional="torch.nn.functional.huber_loss",
    aliases=terms("Huber; Huber function; HuberT; Huber's t"),
    tasks=("regression", "reinforcement"),
    search_terms=terms(
        "robust regression loss; quadratic near zero linear in the tails; L2 near zero L1 far away; M-estimator; "
        "clipped gradient of the squared error; DQN error clipping; huber delta; "
        "huber_loss does not support non-positive values for delta; is not a valid value for reduction; "
        "scipy least_squares loss='huber'; square in the middle, straight outside; "
        "quadratic for small errors and linear for large ones; outliers in a regression; "
        "mean squared error with clipped gradient; between MSE and MAE; deep Q-learning temporal difference error; "
        "robust location; clip the pull of outliers; mixture of L1 and L2; "
        "squared error that does not explode on outliers; less sensitive to outliers than squared error; "
        "robust kernel of bundle adjustment; HuberRegressor; loss less sensitive to outliers; gradient clipped at"
        " delta; "
        "linear beyond a threshold; robust linear regression in scikit-learn; sensor glitches in a regression; "
        "Ceres HuberLoss; "
        "convex with a few large outliers; linear growth beyond delta; LightGBM and CatBoost Huber; "
        "one crazy data point; a few bad sensor values"
    ),
    concepts={
        "huber delta; outlier threshold; clipped gradient of the squared error; DQN error clipping": "delta",
        "feature scaling; choosing delta": "delta is measured",
        "difference between Huber and Smooth L1": "HuberLoss and SmoothL1Loss",
        "huber_loss does not support non-positive values for delta; is not a valid value for reduction": "delta must be positive",
        "learnable delta; delta must be a float or int": "delta must be positive",
        "target size different to the input size broadcasting warning": "A column of predictions",
        "weighted Huber loss; sample weights; Weights and input must have the same size": "A weighted mean",
    },
    answers={
        "regression/outliers/capped/limit": ("Most residuals are well", "Gross outliers"),
        "reinforcement/value": ("In value-based", "You need exactly"),
    },
    parameters=(
        Parameter(
            "delta",
            1.0,
            "the residual at which the parabola turns into a straight line; also the slope of that line",
            range=POSITIVE,
            typical=(0.5, 1.0, 2.0),
        ),
    ),
    value=lambda r, delta: cases((r**2 / 2, abs(r) <= delta), (delta * (abs(r) - delta / 2), True)),
    gradient=lambda r, delta: cases((r, abs(r) <= delta), (delta * sign(r), True)),
    kinks=(lambda delta: -delta, lambda delta: delta),
    weight=own_weight("the number of elements"),
    caption="A parabola between the two marks, straight lines outside. The gradient grows with the "
    "residual until it reaches delta, and stays there.",
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": "C1",
        "lipschitz": lambda delta: delta,
        "gradient_lipschitz": 1,
        "gradient_limits": lambda delta: (-delta, delta),
        "elicits": "Huber mean",
    },
)
