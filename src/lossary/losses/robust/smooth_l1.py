r"""Smooth L1

The absolute difference of prediction and target, rounded into a parabola where it is below beta, so that small errors
pull less and all larger ones pull alike.

## When to use it

- Regression where some targets are far out, and the slope of the tails should not depend on the
  threshold. Outside `beta` the slope is one, as in [[l1]]; inside, the gradient shrinks with the
  residual, so small errors are corrected by small steps.
- Bounding-box offsets in object detection, where it comes from. It started there with `beta` equal
  to one, on offsets scaled to unit variance.
- You think of it as [[l1]] and only want the kink at zero rounded off. `beta` is the width of the
  rounding, in the unit of the target.
- You tune `beta` and want the other terms of a sum of losses to keep their balance with the tails.

## When not to

- You think of it as the squared error and only want its tails cut. Then [[huber]] is the one whose
  scale stays: near zero it is half the squared error for every `delta`.
- Box corners should be judged together. This loss adds up coordinates as if they had nothing to do
  with each other; [[giou_loss|GIoU]] and [[ciou_loss|CIoU]] look at the overlap.
- You need exactly the median, or the mean. For skewed noise the minimiser is in general neither of
  them, and it moves with `beta`: use [[l1]] or [[mse]].
- You need a continuous second derivative: [[pseudo_huber|pseudo-Huber]] or [[log_cosh|log-cosh]].

## Pitfalls

### It equals HuberLoss only when the parameter is one

`F.huber_loss` with `delta=d` is `d` times `F.smooth_l1_loss` with `beta=d`. Both default to one,
where they agree, and that is why they are so easily confused. Seen from a fixed residual far out,
Smooth L1 keeps slope one and Huber has slope `delta`. Seen from a fixed residual near zero, it is
the other way round: Huber keeps curvature one and Smooth L1 has curvature `1 / beta`. When you
replace one by the other, carry the factor into the loss weight.

```python
residual = torch.tensor([0.1, 5.0], requires_grad=True)
target = torch.zeros(2)

for d in (0.5, 1.0, 2.0):
    smooth = F.smooth_l1_loss(residual, target, reduction="sum", beta=d)
    huber = F.huber_loss(residual, target, reduction="sum", delta=d)
    print("beta ", d, torch.autograd.grad(smooth, residual)[0])
    print("delta", d, torch.autograd.grad(huber, residual)[0])
```

```output
beta  0.5 tensor([0.2000, 1.0000])
delta 0.5 tensor([0.1000, 0.5000])
beta  1.0 tensor([0.1000, 1.0000])
delta 1.0 tensor([0.1000, 1.0000])
beta  2.0 tensor([0.0500, 1.0000])
delta 2.0 tensor([0.1000, 2.0000])
```

### The two have different limits

A very small `beta` leaves [[l1]]; a very large one makes the loss vanish. For Huber, a very small
`delta` makes the loss vanish and a very large one leaves half of [[mse]] (the docstring of
`SmoothL1Loss` says `MSELoss`, without the half). So a sweep of `beta` upwards turns the loss off step by step,
and the gradient with it.

```python
prediction = torch.tensor([1.5, -2.0])
target = torch.zeros(2)

for d in (1e-4, 1.0, 1e4):
    smooth = F.smooth_l1_loss(prediction, target, beta=d).item()
    huber = F.huber_loss(prediction, target, delta=d).item()
    print(f"{d:<7g} smooth L1 {smooth:.4f}   huber {huber:.4f}")
print("L1       ", F.l1_loss(prediction, target).item())
print("half MSE ", F.mse_loss(prediction, target).item() / 2)
```

```output
0.0001  smooth L1 1.7500   huber 0.0002
1       smooth L1 1.2500   huber 1.2500
10000   smooth L1 0.0002   huber 1.5625
L1        1.75
half MSE  1.5625
```

### The number in the parentheses is not beta

`beta` is the last argument. The first two are `size_average` and `reduce`, left from old versions,
so `nn.SmoothL1Loss(0.5)` sets `size_average`, keeps `beta` at one, and means `reduction="mean"`.
The same happens to `nn.SmoothL1Loss("sum")`. A warning is the only sign. Name the arguments.

```python
prediction = torch.tensor([0.5, 3.0])
target = torch.zeros(2)

print("by name    ", nn.SmoothL1Loss(beta=0.5)(prediction, target))
print("by position", nn.SmoothL1Loss(0.5)(prediction, target))
print("its beta   ", nn.SmoothL1Loss(0.5).beta)
```

```output
by name     tensor(1.5000)
by position tensor(1.3125)
its beta    1.0
UserWarning: size_average and reduce args will be deprecated, please use reduction='mean' instead.
```

### A column of predictions against a row of targets compares every pair

Predictions of shape `(N, 1)` and targets of shape `(N,)` are broadcast to `(N, N)`. The predictions
below are perfect, yet the loss is positive and its gradient draws them together. PyTorch only
warns. Make the shapes equal first.

```python
prediction = torch.tensor([[0.0], [2.0], [10.0]], requires_grad=True)
target = torch.tensor([0.0, 2.0, 10.0])

loss = F.smooth_l1_loss(prediction, target)
loss.backward()
print(round(loss.item(), 4), prediction.grad.sign().squeeze(1))
print(F.smooth_l1_loss(prediction.squeeze(1), target).item())
```

```output
4.1111 tensor([-1.,  0.,  1.])
0.0
UserWarning: Using a target size (torch.Size([3])) that is different to the input size (torch.Size([3, 1])). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.
```

### beta is measured in the units of the target

The threshold separates small residuals from large ones, so it has to be chosen for the scale of the
data. Box offsets divided by the size of the box are often far below one. With the default `beta` such
offsets lie in the parabola, and the loss is half a squared error with weak gradients. A value such as
`1/9`, found in detection code, brings the larger of them back to slope one.

```python
offset = torch.tensor([0.02, 0.1, 0.3], requires_grad=True)
target = torch.zeros(3)

for beta in (1.0, 1 / 9):
    loss = F.smooth_l1_loss(offset, target, reduction="sum", beta=beta)
    print(round(beta, 3), torch.autograd.grad(loss, offset)[0])
```

```output
1.0 tensor([0.0200, 0.1000, 0.3000])
0.111 tensor([0.1800, 0.9000, 1.0000])
```

### sigma in older detection code is not beta

Faster R-CNN and RetinaNet code often gives the threshold as `sigma`, with the parabola
`(sigma * r) ** 2 / 2` where the residual is below `1 / sigma ** 2`. That is
`beta = 1 / sigma ** 2`, so `sigma=3` means `beta=1/9`. Passing the number on as it stands gives a
threshold 27 times too wide.

```python
residual = torch.tensor([0.05, 0.5])
sigma = 3.0
inside = residual.abs() < 1 / sigma**2
old = torch.where(
    inside, (sigma * residual) ** 2 / 2, residual.abs() - 0.5 / sigma**2
)

target = torch.zeros(2)
print("sigma 3 ", old)
print("beta 1/9", F.smooth_l1_loss(residual, target, reduction="none", beta=1 / 9))
print("beta 3  ", F.smooth_l1_loss(residual, target, reduction="none", beta=3.0))
```

```output
sigma 3  tensor([0.0113, 0.4444])
beta 1/9 tensor([0.0113, 0.4444])
beta 3   tensor([0.0004, 0.0417])
```

### beta may be zero, although the function's docstring says otherwise

With `beta=0` the loss is exactly [[l1]], kink and all: the gradient is zero at zero, and plus or
minus one everywhere else. The docstring of `F.smooth_l1_loss` asks for a positive value, that of the
class for a non-negative one; the class is right. A negative value is refused, but only when the loss is
called. [[huber]] refuses `delta=0`, where it would vanish.

```python
prediction = torch.tensor([0.0, 1e-8, -2.0], requires_grad=True)
target = torch.zeros(3)

loss = F.smooth_l1_loss(prediction, target, reduction="none", beta=0.0)
print(loss.detach(), torch.autograd.grad(loss.sum(), prediction)[0])

criterion = nn.SmoothL1Loss(beta=-1.0)
attempts = (
    lambda: criterion(prediction, target),
    lambda: F.huber_loss(prediction, target, delta=0.0),
)
for attempt in attempts:
    try:
        attempt()
    except RuntimeError as error:
        print("RuntimeError:", error)
```

```output
tensor([0.0000e+00, 1.0000e-08, 2.0000e+00]) tensor([ 0.,  1., -1.])
RuntimeError: smooth_l1_loss does not support negative values for beta.
RuntimeError: huber_loss does not support non-positive values for delta.
```

### There is no weight argument

`F.l1_loss`, `F.mse_loss` and `F.huber_loss` take `weight`; `F.smooth_l1_loss` does not, in spite of
its docstring, which promises an "optionally weighted" result. Weight the unreduced loss yourself,
and decide what to divide by.

```python
prediction = torch.tensor([0.5, 3.0])
target = torch.zeros(2)
weight = torch.tensor([1.0, 3.0])

try:
    F.smooth_l1_loss(prediction, target, weight=weight)
except TypeError as error:
    print("TypeError:", error)

each = F.smooth_l1_loss(prediction, target, reduction="none")
print("over the sum of weights:", (weight * each).sum() / weight.sum())
print("over the elements:      ", (weight * each).mean())
```

```output
TypeError: smooth_l1_loss() got an unexpected keyword argument 'weight'
over the sum of weights: tensor(1.9062)
over the elements:       tensor(3.8125)
```

## Relations

It is [[huber]] with `delta=beta`, divided by `beta`; the two are equal at 1.

    F.smooth_l1_loss(input, target, beta=0.5) == F.huber_loss(input, target, delta=0.5) / 0.5

With `beta=0` it is exactly [[l1]], and it tends to it as `beta` goes to zero.

    F.smooth_l1_loss(input, target, beta=0.0) == F.l1_loss(input, target)

With a `beta` beyond every residual it is [[mse]] divided by twice `beta`.

    F.smooth_l1_loss(input, target, beta=1e3) == F.mse_loss(input, target) / 2e3

## In other libraries

- `mmdet.models.losses.SmoothL1Loss(beta=beta, reduction="none")(input, target)`: beta must be above 0.
- `paddle.nn.SmoothL1Loss(reduction="none", delta=beta)(input, target)`: It is Huber at delta=beta. Newer versions
  have is_huber=False for torch's.
- `mindspore.nn.SmoothL1Loss(beta=beta, reduction="none")(input, target)`: One value for each element by default.
- maskrcnn-benchmark `smooth_l1_loss(input, target, beta=1. / 9, size_average=True)`: Another default for beta.
- `keras_retinanet.losses.smooth_l1(sigma=3.0)`: The threshold is 1 / sigma². Positive anchors only, divided by their
  number.

## References

- Ross Girshick (2015). Fast R-CNN. In *IEEE International Conference on Computer Vision (ICCV)*.
  arXiv:1504.08083
- Peter J. Huber (1964). Robust Estimation of a Location Parameter. *The Annals of Mathematical Statistics
  35(1), 73-101*. doi:10.1214/aoms/1177703732
"""

from torch import zeros_like
from torch.nn import functional as F

from lossary.declaration import NOT_NEGATIVE, Parameter, Study, cases, residual_loss, sign, terms

loss = residual_loss(
    torch="torch.nn.SmoothL1Loss",
    functional="torch.nn.functional.smooth_l1_loss",
    aliases=terms("Smooth L1 loss; smooth_l1; smooth_l1_loss; SmoothL1Criterion; nn.SmoothL1Loss"),
    tasks=("regression", "boxes"),
    search_terms=terms(
        "Fast R-CNN loss; bounding box regression loss; L1 rounded at zero; difference between Smooth L1 and Huber; "
        "smooth l1 vs huber; smooth l1 beta; smooth l1 sigma; "
        "smooth_l1_loss does not support negative values for beta; "
        "smooth_l1_loss() got an unexpected keyword argument 'weight'; Huber loss divided by delta; "
        "quadratic for small errors and linear for large ones; box regression offsets; Fast R-CNN; "
        "bounding box coordinates; detection head; SSD; mixture of L1 and L2; "
        "Fast and Faster R-CNN box regression; anchor offsets; "
        "torchvision box regression with beta=1/9; SSD localisation; region proposal network"
    ),
    concepts={
        "where the parabola turns into a line": "beta",
        "smooth l1 beta; choosing beta": "beta is measured",
        "difference between Smooth L1 and Huber; smooth l1 vs huber": "It equals HuberLoss",
        "smooth l1 sigma; detection code": "sigma in older",
        "smooth_l1_loss does not support negative values for beta": "beta may be zero",
        "smooth_l1_loss() got an unexpected keyword argument 'weight'; sample weights": "There is no weight",
    },
    answers={
        "regression/plain/median": ("You think of it as [[l1]]", "You need exactly the median"),
        "regression/outliers/capped/limit": ("Regression where some targets", "You think of it as the squared error"),
        "boxes/overlap": ("Bounding-box offsets", "Box corners"),
    },
    parameters=(
        Parameter(
            "beta",
            1.0,
            "the residual at which the parabola turns into a straight line of slope one; 0 leaves no parabola",
            range=NOT_NEGATIVE,
            typical=(0.0, 0.5, 1.0, 2.0),
        ),
    ),
    value=lambda r, beta: cases((r**2 / (2 * beta), abs(r) < beta), (abs(r) - beta / 2, True)),
    gradient=lambda r, beta: cases((r / beta, abs(r) < beta), (sign(r), True)),
    kinks=(lambda beta: -beta, lambda beta: beta),
    caption="Straight lines of slope one, joined by a parabola between the two marks. A smaller beta makes the "
    "parabola narrower and more curved; the tails keep their slope and rise by half of what beta lost.",
    figures=(
        Study(
            name="huber",
            title="Smooth L1 and Huber at the same parameter",
            label="residual, input − target",
            span=(-3.0, 3.0),
            curves={
                "Smooth L1, beta 0.5": lambda t: F.smooth_l1_loss(t, zeros_like(t), reduction="none", beta=0.5),
                "Smooth L1, beta 2": lambda t: F.smooth_l1_loss(t, zeros_like(t), reduction="none", beta=2.0),
                "Huber, delta 0.5": lambda t: F.huber_loss(t, zeros_like(t), reduction="none", delta=0.5),
                "Huber, delta 2": lambda t: F.huber_loss(t, zeros_like(t), reduction="none", delta=2.0),
            },
            caption="How to tell them apart: far out, Smooth L1 has slope 1 at every beta, and Huber has slope delta. At "
            "zero it is the other way round: Huber has curvature 1 at every delta, and Smooth L1 has curvature 1/beta. At "
            "the same parameter d the two have the same shape, and Huber is d times as high.",
            note="One element. At a parameter of 1 the two losses are the same curve.",
            gradient=True,
        ),
        Study(
            name="limits",
            title="What each loss tends to",
            label="residual, input − target",
            span=(-3.0, 3.0),
            curves={
                "Smooth L1, beta 0.1": lambda t: F.smooth_l1_loss(t, zeros_like(t), reduction="none", beta=0.1),
                "absolute error": lambda t: F.l1_loss(t, zeros_like(t), reduction="none"),
                "Huber, delta 2.5": lambda t: F.huber_loss(t, zeros_like(t), reduction="none", delta=2.5),
                "half the squared error": lambda t: F.mse_loss(t, zeros_like(t), reduction="none") / 2,
            },
            caption="As beta goes to zero, Smooth L1 becomes the absolute error. As delta grows, Huber becomes half "
            "the squared error: it leaves that curve only beyond delta, which here lies near the edge. Neither of "
            "the two tends to the other one's limit.",
            note="One element. In the opposite directions, a large beta and a small delta, both losses vanish.",
            gradient=True,
        ),
    ),
    example={"input": [0.5, -1.5, 4.0], "target": [0.0, 0.0, 0.0]},
    properties={
        "smoothness": lambda beta: "C1" if beta > 0 else "C0",
        "lipschitz": 1,
        "gradient_lipschitz": lambda beta: 1 / beta if beta > 0 else "inf",
        "gradient_limits": (-1, 1),
        "elicits": lambda beta: "Huber mean" if beta > 0 else "median",
    },
)
