r"""Identity preference optimisation (IPO)

Takes the log-probabilities of a preferred and of another answer, under the policy that is trained and under a
reference. The loss is the squared distance of the difference of the two log-ratios to a fixed value that beta sets.

## When to use it

- You have pairs of answers of which one was preferred, and the preferences hardly contradict each other. The loss is
  lowest at a finite difference, so that the policy stays near the reference all the same; [[dpo]] asks for more and
  more.
- Preferences contradict each other, and you want the difference to be in proportion: where an answer wins a share p of
  its comparisons, the best difference is 2 p - 1 times that of a sure preference.

## When not to

- Pairs that are well decided should be left alone: beyond `1 / (2 * beta)` this loss pulls back. [[dpo]] does not.
- The log-ratios have wild values, such as those of long answers, summed. The gradient grows with the distance; that of
  [[dpo]] is at most `beta`.

The IPO of prime-rl is another loss, of reinforcement learning.

## Pitfalls

### beta sets the goal, and a small one sets it far away

The paper calls the parameter tau. The difference that the loss asks for is `1 / (2 * beta)`, in nats. What is a usual
value for [[dpo]] may be far off here.

```python
from lossary.functional import ipo

for beta in (0.01, 0.1, 1.0):
    goal = torch.tensor([1 / (2 * beta)])
    print(f"beta {beta}: goal {goal.item():5.1f}, loss at the start {ipo(*torch.zeros(4, 1), beta=beta).item():7.2f}")
```

```output
beta 0.01: goal  50.0, loss at the start 2500.00
beta 0.1: goal   5.0, loss at the start   25.00
beta 1.0: goal   0.5, loss at the start    0.25
```

### Sums over tokens or means

The same difference is asked of each pair, however long its answers are. The formula in the paper has the probability of
the whole answer, which is a sum over tokens. TRL divides by the number of tokens for this loss, on the advice of the
paper's authors, and for DPO it sums. Each needs a `beta` of its own. Below, each token of both answers has moved by
0.02: the sum over 200 tokens has already passed the goal of 5, the sum over 10 has hardly left the start, and the means
do not know the length.

```python
from lossary.functional import ipo

for length in (10, 200):
    up, down = torch.full((1, length), 0.02), torch.full((1, length), -0.02)  # log-ratios by token
    for name, value in (("sum ", torch.sum), ("mean", torch.mean)):
        loss = ipo(value(up, 1), value(down, 1), torch.zeros(1), torch.zeros(1))
        print(f"length {length:3}, {name}: loss {loss.item():.4f}")
```

```output
length  10, sum : loss 21.1600
length  10, mean: loss 24.6016
length 200, sum : loss 9.0000
length 200, mean: loss 24.6016
```

### An empty answer is NaN

A mean over the tokens of an answer that was cut off entirely, as by a limit on the length, is 0 divided by 0, and one
such answer makes the mean of the batch NaN. Leave such pairs out, or divide by at least 1.

```python
from lossary.functional import ipo

token, mask = torch.full((2, 3), -1.0), torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
for name, count in (("as it is  ", mask.sum(1)), ("at least 1", mask.sum(1).clamp(min=1))):
    chosen = (token * mask).sum(1) / count
    print(name, ipo(chosen, *torch.zeros(3, 2)).item())
```

```output
as it is   nan
at least 1 30.5
```

### A small beta makes large gradients

At the start, where policy and reference agree, the gradient is `-1 / beta`; that of [[dpo]] is `-beta / 2`. With the
same learning rate its steps are `2 / beta**2` times as large, unless the optimiser or a clipped gradient evens them
out.

```python
from lossary.functional import dpo, ipo

for beta in (0.01, 0.1, 1.0):
    for function in (dpo, ipo):
        h = torch.zeros(1, requires_grad=True)
        (slope,) = torch.autograd.grad(function(h, *torch.zeros(3, 1), beta=beta), h)
        print(f"beta {beta}, {function.__name__}: gradient {slope.item():.3f}")
```

```output
beta 0.01, dpo: gradient -0.005
beta 0.01, ipo: gradient -100.000
beta 0.1, dpo: gradient -0.050
beta 0.1, ipo: gradient -10.000
beta 1.0, dpo: gradient -0.500
beta 1.0, ipo: gradient -1.000
```

### A pair that is too well decided is pulled back

A difference of 10 costs as much as one of 0 for the default `beta`, and its gradient has the opposite sign. A falling
loss thus says that pairs come closer to the goal, and not that more of them are decided rightly; count those as well.

```python
from lossary.functional import ipo

h = torch.tensor([0.0, 5.0, 10.0], requires_grad=True)
loss = ipo(h, *torch.zeros(3, 3), reduction="none")
print("loss    ", loss.detach())
print("gradient", torch.autograd.grad(loss.sum(), h)[0])
```

```output
loss     tensor([25.,  0., 25.])
gradient tensor([-10.,   0.,  10.])
```

## Relations

It is [[mse]] between the difference of the log-ratios and `1 / (2 * beta)`.

    functional.ipo(input, target, logits, label, beta=0.3) ==
        F.mse_loss((input - logits) - (target - label), torch.full_like(input, 1 / 0.6))

Four times its `beta` makes [[dpo]] nearly the same function where `beta` times the difference is small, but for a
constant and a factor.

    1e-6 / 8 * functional.ipo(input, target, logits, label, beta=1e-3 / 4) ==
        functional.dpo(input, target, logits, label, beta=1e-3) - F.softplus(0 * input).mean() + 0.5  # within 1e-9

## In other libraries

- `torch.nn.functional.mse_loss((chosen - ref_chosen) - (rejected - ref_rejected), 0 * chosen + 1 / (2 * beta), reduction="none")`
- [TRL](https://huggingface.co/docs/trl/dpo_trainer) `trl.DPOConfig(loss_type="ipo", beta=0.1)`: Part of its DPOTrainer,
  which divides each log-probability by the number of its tokens for this loss.

## References

- Mohammad Gheshlaghi Azar, Mark Rowland, Bilal Piot, Daniel Guo, Daniele Calandriello, Michal Valko and Rémi Munos (2023).
  A General Theoretical Paradigm to Understand Learning from Human Preferences. arXiv preprint. arXiv:2310.12036
"""

import torch

from lossary.declaration import POSITIVE, Parameter, Precision, preference_loss, terms


def ipo(
    chosen: torch.Tensor,
    rejected: torch.Tensor,
    ref_chosen: torch.Tensor,
    ref_rejected: torch.Tensor,
    *,
    beta: float = 0.1,
    reduction: str = "mean",
) -> torch.Tensor:
    loss = ((chosen - ref_chosen) - (rejected - ref_rejected) - 1 / (2 * beta)) ** 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = preference_loss(
    function=ipo,
    aliases=terms("IPO; IPO loss; identity preference optimization; Psi-PO with the identity"),
    search_terms=terms(
        "squared preference loss; preference optimisation loss without overfitting; regularised DPO; loss_type=ipo; "
        "log-ratio gap regression; alignment loss for language models; preference data without overfitting; "
        "identity preference optimisation; deterministic preferences; DPO overfits; bounded preference gap; "
        "preferred and rejected responses; regularised preferences; "
        "DPO without overfitting of deterministic preferences; LLM alignment by a squared loss; "
        "squared version of DPO; preference gap that stays finite; "
        "(h - 1/(2 beta))^2"
    ),
    concepts={
        "IPO beta; preference optimisation loss beta": "beta",
        "IPO tau; target margin 1/(2 beta)": "beta sets the goal",
        "average_log_prob; length normalisation; sum or mean of token log-probabilities": "Sums over tokens",
        "IPO nan; empty completion; truncated answers": "An empty answer",
        "IPO gradient explodes; learning rate for IPO": "A small beta",
        "loss does not show accuracy": "A pair that is too well",
    },
    answers={
        "preference/pairs": ("You have pairs", "Pairs that are well"),
    },
    parameters=(
        Parameter(
            "beta",
            0.1,
            "how strongly the policy is held to the reference: the difference that is asked for is 1 / (2 beta)",
            range=POSITIVE,
            typical=(0.05, 0.1, 0.5),
        ),
    ),
    value=lambda h, beta: (h - 1 / (2 * beta)) ** 2,
    gradient=(lambda h, beta: 2 * (h - 1 / (2 * beta)), lambda h, beta: -2 * (h - 1 / (2 * beta))),
    perfect=5.0,
    precision=Precision(
        size=lambda log_chosen, log_rejected, log_ref_chosen, log_ref_rejected, beta: (
            (abs(log_chosen) + abs(log_rejected) + abs(log_ref_chosen) + abs(log_ref_rejected) + 1 / beta)
            * (1 + abs(log_chosen - log_rejected - log_ref_chosen + log_ref_rejected - 1 / (2 * beta)))
        ),
        why="log-probabilities are subtracted first, and what is lost of their digits is multiplied by the distance",
    ),
    caption="A parabola whose lowest point is where the policy is ahead by 1 / (2 beta). What is ahead by more is pulled back.",
    side_by_side={"beta-one": 'functional.ipo(difference, zero, zero, zero, beta=1, reduction="none")'},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": 2,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", "inf"),
        "redescending": False,
    },
)
