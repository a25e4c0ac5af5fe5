r"""Cox partial likelihood

Each time somebody has the event, the model should have given them a higher risk than all who were still without it:
minus the logarithm of their share of the total risk, averaged over the events.

## When to use it

- The target is the time until an event, and for some subjects the event had not come when they were last seen. Those
  count as rivals as long as they were observed, and are not thrown away.
- You need to know who is at higher risk, not how high the risk is: the loss looks at the order of the times alone.

## When not to

- You want a predicted time or a probability of survival. The loss does not determine the level of the risk, as a pitfall
  shows. A full likelihood does, such as `torchsurv.loss.weibull.neg_log_likelihood_weibull`, or [[bce_with_logits]] of
  the event in each interval of time.
- Batches are so small that many hold no event, or only one subject at risk with it. A full likelihood has a term for each
  subject by itself: `torchsurv.loss.weibull.neg_log_likelihood_weibull`.
- Times are coarse, such as months or visits, with many events at each: take Efron's correction, which a pitfall shows,
  or a model of discrete times, which is [[bce_with_logits]] of the event in each interval that a subject enters.

## Pitfalls

### A higher input means an earlier event

The input is the logarithm of a risk, not a time. A model whose output is read as a time is trained backwards, and no error
is raised.

```python
from lossary.functional import cox_partial_likelihood

time, event = torch.tensor([1.0, 2.0, 5.0, 9.0]), torch.tensor([1.0, 1.0, 1.0, 0.0])
print("risk ", cox_partial_likelihood(-time, time, event))
print("times", cox_partial_likelihood(time, time, event))
```

```output
risk  tensor(0.1315)
times tensor(6.3522)
```

### A column is many batches of one subject

The subjects of a batch lie along the last dimension. A linear layer with one output returns a column, `(N, 1)`. If all
three are columns, nobody has a rival, and the loss is zero. Beside times and events of shape `(N,)` the column is
broadcast, and each subject is compared with copies of itself. Neither raises an error. Flatten the output first.

```python
from lossary.functional import cox_partial_likelihood

risk = torch.tensor([[-2.0], [-1.0], [1.0], [2.0]])
time, event = torch.tensor([1.0, 2.0, 5.0, 9.0]), torch.tensor([1.0, 1.0, 1.0, 0.0])
print("three columns", cox_partial_likelihood(risk, time[:, None], event[:, None]))
print("one column   ", cox_partial_likelihood(risk, time, event))
print("flattened    ", cox_partial_likelihood(risk.flatten(), time, event))
```

```output
three columns tensor(0.)
one column    tensor(1.0594)
flattened     tensor(3.0080)
```

### A constant added to all inputs changes nothing

The loss depends on differences of the inputs alone. A bias in the last layer gets no gradient, and the exponential of
an input is a risk relative to the others, not a probability. Survival curves need a baseline that is estimated from the
data afterwards.

```python
from lossary.functional import cox_partial_likelihood

time, event = torch.tensor([1.0, 2.0, 5.0, 9.0]), torch.tensor([1.0, 1.0, 1.0, 0.0])
bias = torch.zeros(1, requires_grad=True)
loss = cox_partial_likelihood(torch.tensor([0.5, 1.0, -1.0, 0.0]) + bias, time, event)
print(f"gradient of the bias: {abs(torch.autograd.grad(loss, bias)[0].item()):.6f}")
```

```output
gradient of the bias: 0.000000
```

### The value depends on the size of the batch

Somebody with an event is compared with those at risk in the same batch. The fewer they are, the lower the value, even of
a model that has learned nothing. Compare values of one batch size, or of the whole data set at once.

```python
from lossary.functional import cox_partial_likelihood

for size in (8, 64, 512):
    batch = torch.zeros(size), torch.arange(size), torch.ones(size)
    print(size, round(cox_partial_likelihood(*batch).item(), 2))
```

```output
8 1.33
64 3.21
512 5.25
```

### A batch without an event

There is nothing to average then. The plain formula is 0 divided by 0, in the value and in the gradient, and one step
with it turns the weights into NaN. The function on this page gives 0 and a gradient of zero. Better still, draw batches
that hold some events each.

```python
from lossary.functional import cox_partial_likelihood

input, time, event = torch.tensor([0.5, -0.5], requires_grad=True), torch.tensor([3.0, 3.0]), torch.zeros(2)
plain = (event * (input.logsumexp(0) - input)).sum() / event.sum()
for name, loss in (("plain", plain), ("here ", cox_partial_likelihood(input, time, event))):
    print(name, loss.item(), torch.autograd.grad(loss, input)[0])
```

```output
plain nan tensor([nan, nan])
here  0.0 tensor([0., 0.])
```

### Tied times: Breslow or Efron

Of two events at one time, each counts here in full among the rivals of the other, after Breslow. Efron's correction
takes a growing part of their own risk out of the total, event by event. Without ties the two agree.

```python
from lossary.functional import cox_partial_likelihood


def efron(input, time, event):
    total = 0.0
    for t in time[event > 0].unique():
        tied, risk = input[(time == t) & (event > 0)], input[time >= t].exp().sum()
        share = torch.arange(len(tied)) / len(tied)
        total = total + (risk - share * tied.exp().sum()).log().sum() - tied.sum()
    return total / event.sum()


input, event = torch.tensor([1.0, 0.0, -1.0, 0.5]), torch.tensor([1.0, 1.0, 1.0, 0.0])
for time in (torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([1.0, 1.0, 1.0, 4.0])):
    print("Breslow", cox_partial_likelihood(input, time, event), "Efron", efron(input, time, event))
```

```output
Breslow tensor(1.1840) Efron tensor(1.1840)
Breslow tensor(1.7466) Efron tensor(1.4414)
```

### A running sum over sorted times mistakes ties

Sorting by falling time and taking a running sum is a fast way to the total risks. Where times are equal, the order in
which they happened to be sorted decides who counts as a rival. Comparing the times, as here, needs no sorting, but
memory for each pair of a batch. A running sum of large log-risks also has few digits left for the gradient: [[listmle]]
shows how few.

```python
from lossary.functional import cox_partial_likelihood


def running(input, event):  # sorted by falling time
    return (event * (input.logcumsumexp(0) - input)).sum() / event.sum()


input, time, event = torch.tensor([1.0, -1.0]), torch.tensor([3.0, 3.0]), torch.ones(2)
print("running sum", running(input, event), running(input.flip(0), event.flip(0)))
print("compared   ", cox_partial_likelihood(input, time, event), cox_partial_likelihood(input.flip(0), time, event))
```

```output
running sum tensor(1.0635) tensor(0.0635)
compared    tensor(1.1269) tensor(1.1269)
```

## Relations

With a single event, when everybody is still at risk, it is the [[cross_entropy]] of a softmax over the subjects.

    functional.cox_partial_likelihood(input, target, target.eq(target.min())) == F.cross_entropy(input, target.argmin())

If all have the event, at different times, it is [[listmle]] of the inputs in the order of the times, divided by their
number.

    functional.cox_partial_likelihood(scores, torch.arange(5.0).expand(8, 5), torch.ones(8, 5)) ==
        functional.listmle(scores) / 5

With two subjects of which the first has the event, and the second, observed longer, has none, it is [[soft_margin]] of
the difference of their inputs.

    functional.cox_partial_likelihood(
        torch.stack((input, target), 1), torch.tensor([1.0, 2.0]).expand(64, 2), torch.tensor([1.0, 0.0]).expand(64, 2)
    ) == F.soft_margin_loss(input - target, torch.ones(64))

## In other libraries

- `torchsurv.loss.cox.neg_partial_log_likelihood(input.ravel(), event.ravel().bool(), time.ravel(), ties_method="breslow", reduction="sum") / event.sum().clamp(min=1)`:
  Its own mean divides by the number of different times at which events happened, not by that of the events. Efron's
  method by default. A batch without an event gives a warning and zero.
- `pycox.models.loss.CoxPHLoss()(input.ravel(), time.ravel(), event.ravel())`: A running sum over the sorted times, which
  mistakes ties.
- [XGBoost](https://xgboost.readthedocs.io/en/latest/parameter.html) `objective="survival:cox"`: The label is the time,
  negative for censored subjects.
- [lifelines](https://lifelines.readthedocs.io/en/latest/fitters/regression/CoxPHFitter.html) `CoxPHFitter()`: A linear model, fitted; ties by Efron's method.

## References

- D. R. Cox (1972). Regression Models and Life-Tables. *Journal of the Royal Statistical Society, Series B 34(2),
  187-220*. doi:10.1111/j.2517-6161.1972.tb00899.x
- N. Breslow (1974). Covariance Analysis of Censored Survival Data. *Biometrics 30(1), 89-99*. doi:10.2307/2529620
- Bradley Efron (1977). The Efficiency of Cox's Likelihood Function for Censored Data. *Journal of the American
  Statistical Association 72(359), 557-565*. doi:10.1080/01621459.1977.10480613
- Jared L. Katzman, Uri Shaham, Alexander Cloninger, Jonathan Bates, Tingting Jiang and Yuval Kluger (2018). DeepSurv:
  Personalized Treatment Recommender System Using a Cox Proportional Hazards Deep Neural Network. *BMC Medical Research
  Methodology 18(1), 24*. doi:10.1186/s12874-018-0482-1 arXiv:1606.00931
"""

import numpy as np
import torch

from lossary.declaration import (
    Axis,
    Input,
    Kind,
    Loss,
    Precision,
    Section,
    Symbolic,
    exp,
    log,
    maximum,
    per,
    sum_over,
    terms,
)
from lossary.declaration.values import Arrays, Setting


def cox_partial_likelihood(
    input: torch.Tensor, time: torch.Tensor, event: torch.Tensor, *, reduction: str = "mean"
) -> torch.Tensor:
    event = event.to(input.dtype)
    input = torch.where(time.isnan(), time, input)  # no comparison holds with NaN: nobody would be at risk
    # in row i: who is still without the event, and observed, when i has it
    at_risk = time.unsqueeze(-2) >= time.unsqueeze(-1)
    share = input.unsqueeze(-2).masked_fill(~at_risk, -torch.inf).log_softmax(-1).diagonal(dim1=-2, dim2=-1)
    loss = (event * -share).sum(-1) / event.sum(-1).clamp(min=1)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


def _batches(setting: Setting) -> list[Arrays]:
    """Batches without ties and with, with all, some, one and no event, from equal risks to far apart.

    The first of each has different risks and an event for everybody: a call that takes one batch is compared at these.
    """
    rng = np.random.default_rng(5)
    made: list[Arrays] = []
    for size in (2, 3, 5, 6):
        risks = [*(scale * rng.normal(size=size) for scale in (1, 0.1, 1, 1, 3, 3, 30, 1000)), np.zeros(size)]
        seen = [np.ones(size), np.eye(size)[0], *(rng.integers(0, 2, size) for _ in range(2)), np.zeros(size)]
        for tied in (False, True):
            rows = [
                (risk, rng.integers(1, size, size) / 2 if tied else 1.0 + rng.permutation(size), event)
                for k, risk in enumerate(risks)
                for event in (seen[k % len(seen)], seen[(k + 2) % len(seen)])
            ]
            columns = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
            made.append(dict(zip(("input", "time", "event"), columns, strict=True)))
    return made


LOG_RISKS = Kind("logarithms of risks (any real number)", dims=("D",), sampler="batch", takes="scores")
TIMES = Kind("times", dims=("D",), sampler="batch", label=True, takes="values")
EVENTS = Kind("labels 0 or 1", dims=("D",), sampler="multi_hot", label=True, lower=0, upper=1, takes="binary labels")
RISK_AXIS = Axis("log-risk", "log-risk of one subject, input", (-6.0, 6.0), 6.6, (-1.1, 1.1))

loss = Loss(
    function=cox_partial_likelihood,
    aliases=terms(
        "Cox loss; Cox proportional hazards loss; negative log partial likelihood; CoxPH loss; DeepSurv loss; Breslow "
        "partial likelihood"
    ),
    tasks=("survival", "ranking"),
    search_terms=terms(
        "survival analysis loss; time to event; right censored; proportional hazards; hazard ratio; risk set; "
        "log-hazard; survival:cox; time to event with censoring; survival time prediction; risk of death; churn; "
        "partial likelihood over risk sets; deep survival network; right-censored data; log hazard ratio; "
        "time until failure; patients still alive at the end of the study; lost to follow-up; when a machine fails; "
        "predictive maintenance; customer lifetime; who dies first; "
        "DeepSurv; patients lost to follow-up; "
        "survival network; censored patients; log hazard; risk of churn over time; "
        "CatBoost Cox; sum over the risk set of exp(risk); "
        "time until failure of machines; when a customer leaves"
    ),
    concepts={
        "shape (N, 1); column of predictions; loss is zero": "A column is",
        "sign of the risk; predicted times; censoring flag": "A higher input",
        "shift invariance; baseline hazard; survival curve": "A constant added",
        "batch size; risk set of a batch": "The value depends",
        "no events; nan for a censored batch; division by zero": "A batch without",
        "ties; Efron; Breslow": "Tied times",
        "sorting by time; cumulative sum": "A running sum",
    },
    answers={
        "survival": ("The target is the time", "You want a predicted time"),
    },
    batches=_batches,
    inputs=(
        Input("input", "x", (LOG_RISKS,), "(D) or (N, D)", "the log-risks of the subjects of one batch"),
        Input(
            "time",
            "T",
            (TIMES,),
            "(D) or (N, D), same as input",
            "when each had the event or was last seen",
            differentiable=False,
        ),
        Input(
            "event",
            "happened",
            (EVENTS,),
            "(D) or (N, D), same as input",
            "1 for those who had the event then, 0 for those last seen without it",
            differentiable=False,
            latex=r"\delta",
        ),
    ),
    reductions=per("batch", "the number of batches, which is 1 for inputs of one dimension"),
    formulas=(
        Symbolic(
            where={
                "events": lambda i, happened, D: sum_over(i, happened[i], D),
                "total": lambda x, T, d, j, D: sum_over(j, exp(x[j]), D, where=T[j] >= T[d]),
            },
            notation={"events": "n", "total": "R"},
            meanings={
                "events": "the number of events in the batch",
                "total": "the total risk at a subject's time: of all who are still observed and without the event until then",
                "D": "the number of subjects of the batch",
                "d": "runs over the subjects",
                "i": "runs over the subjects",
                "j": "runs over the subjects",
            },
            # as the function divides, so that a batch without an event gives 0
            value=lambda x, happened, i, D, events, total: (
                sum_over(i, happened[i] * (log(total[i]) - x[i]), D) / maximum(events, 1)
            ),
            gradient={
                "input": lambda x, T, happened, d, i, D, events, total: (
                    (exp(x[d]) * sum_over(i, happened[i] / total[i], D, where=T[i] <= T[d]) - happened[d])
                    / maximum(events, 1)
                )
            },
        ),
    ),
    precision=Precision(absolute=1.0, why="a share that is nearly 1 is rounded before its logarithm is taken"),
    sections=(
        Section(
            axis=RISK_AXIS,
            label=RISK_AXIS.label,
            span=RISK_AXIS.span,
            inputs=lambda t, y: {"input": [t, 0], "time": [2 - y, 2], "event": [(1 + y) / 2, (1 - y) / 2]},
            branches={"event of this one": 1.0, "event of the other": -1.0},
            perfect={"event of this one": float("inf"), "event of the other": float("-inf")},
            note="Two subjects. The log-risk of the other one is 0, and the one without the event is observed longer.",
            caption="Two mirror images: the risk of the subject with the event should be the higher one. A confident wrong "
            "order costs about as much as the log-risks are apart.",
        ),
    ),
    example={"input": [0.5, 1.0, -1.0, 0.0], "time": [2.0, 5.0, 5.0, 8.0], "event": [1.0, 1.0, 0.0, 1.0]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": 1,
        "gradient_lipschitz": 0.25,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1, 0),
        "redescending": False,
    },
)
