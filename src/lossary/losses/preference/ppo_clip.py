r"""PPO clipped surrogate

Takes how likely an action is under the policy that is trained, as a multiple of the old policy's probability, and the
advantage: how much better it did than expected. It pays for making good actions likelier and bad ones rarer, as far as
the clip.

## When to use it

- You train a policy on actions that an earlier version of it took, in several steps for each batch of experience. The
  paper maximises; this is minus its objective. It is often one of three terms, beside one for the value function and
  one for the entropy.
- Rewards come from a reward model, a test or a simulator, for whole answers or for each step.

## When not to

- You have pairs of answers of which one was preferred, and no reward: [[dpo]] needs no rollouts.
- Each batch is used for a single step. The ratio is 1 then, and what is left is the plain policy gradient:
  [[cross_entropy]] of the actions, each times its advantage.
- The value function is trained: it has a loss of its own, often [[mse]].

## Pitfalls

### Only one side is clipped, and which one depends on the sign

For a good action the gradient ends where the ratio exceeds `1 + clip`, for a bad one where it falls below `1 - clip`:
the policy has done enough. On the other side it has gone the wrong way, and the gradient stays. The minimum does that.
With the clipped term alone a step in the wrong direction could not be undone.

```python
from lossary.functional import ppo_clip

ratio = torch.tensor([0.5, 1.0, 1.5], requires_grad=True)
for advantage in (1.0, -1.0):
    for name, loss in (
        ("here      ", ppo_clip(ratio, torch.full((3,), advantage), reduction="none")),
        ("clip alone", -ratio.clamp(0.8, 1.2) * advantage),
    ):
        print(f"advantage {advantage:4}, {name}", torch.autograd.grad(loss.sum(), ratio)[0])
```

```output
advantage  1.0, here       tensor([-1., -1.,  0.])
advantage  1.0, clip alone tensor([ 0., -1.,  0.])
advantage -1.0, here       tensor([0., 1., 1.])
advantage -1.0, clip alone tensor([0., 1., 0.])
```

### The clip does not keep the ratio in its range

A good action above the range has no gradient of its own, nor has a bad one below it, and nothing pulls them back: one
large step, or the gradients of other actions, can carry the ratio anywhere. Below, the two actions share a parameter.
Watch how far the policies are apart, and stop the passes over a batch when it is too far.

```python
from lossary.functional import ppo_clip

shared = torch.zeros(1, requires_grad=True)
sensitivity, advantage = torch.tensor([0.1, 1.0]), torch.tensor([1.0, 0.2])
optimizer = torch.optim.SGD([shared], lr=0.5)
for _ in range(200):
    optimizer.zero_grad()
    ppo_clip((shared * sensitivity).exp(), advantage, reduction="sum").backward()
    optimizer.step()
print("ratios", (shared * sensitivity).exp().detach())
```

```output
ratios tensor([1.2060, 6.5081])
```

### A bad action that has become likely costs without bound

For a negative advantage the loss grows with the ratio, and so does its gradient with respect to the log-probability. A
few such actions can dominate a batch. Some programs bound this side as well, as "dual clip".

```python
from lossary.functional import ppo_clip

log_ratio = torch.tensor([0.0, 3.0, 6.0], requires_grad=True)
for advantage in (1.0, -1.0):
    loss = ppo_clip(log_ratio.exp(), torch.full((3,), advantage), reduction="none")
    print(f"advantage {advantage:4}:", loss.detach(), torch.autograd.grad(loss.sum(), log_ratio)[0])
```

```output
advantage  1.0: tensor([-1.0000, -1.2000, -1.2000]) tensor([-1.,  0.,  0.])
advantage -1.0: tensor([  1.0000,  20.0855, 403.4288]) tensor([  1.0000,  20.0855, 403.4288])
```

### A clipped ratio that overflows has a gradient of NaN

The ratio is the exponential of a difference of log-probabilities, and is infinite in float32 from a difference of 89
on. The loss of a good action is clipped and looks harmless; its gradient is zero times infinity. Limit the difference
before the exponential.

```python
from lossary.functional import ppo_clip

log_ratio = torch.tensor([1.0, 95.0], requires_grad=True)
for name, ratio in (("as it is", log_ratio.exp()), ("limited ", log_ratio.clamp(-20, 20).exp())):
    loss = ppo_clip(ratio, torch.ones(2), reduction="none")
    print(name, loss.detach(), torch.autograd.grad(loss.sum(), log_ratio)[0])
```

```output
as it is tensor([-1.2000, -1.2000]) tensor([0., nan])
limited  tensor([-1.2000, -1.2000]) tensor([0., 0.])
```

### The old log-probabilities are constants

They are those of the policy that took the action, stored when it did. Computed again with the policy as it is, the
ratio is 1 at each step, so that nothing is ever clipped; without `detach` the gradient is zero as well. Where rollouts
run in another engine or number format, compute both with the same one, or the ratio is not 1 at the first step.

```python
from lossary.functional import ppo_clip

log_prob = torch.tensor([-1.0, -3.0], requires_grad=True)
advantage = torch.tensor([1.0, -2.0])
for name, old in (("detached", log_prob.detach()), ("attached", log_prob)):
    loss = ppo_clip((log_prob - old).exp(), advantage)
    print(name, loss.item(), torch.autograd.grad(loss, log_prob)[0])
```

```output
detached 0.5 tensor([-0.5000,  1.0000])
attached 0.5 tensor([0., 0.])
```

### An advantage with a gradient trains the value function as well

An advantage that is computed from a value network, and not detached, sends the gradient of this loss into it. Below, a
step down that gradient lowers the value, whatever it should be, since that makes the advantage larger.

```python
from lossary.functional import ppo_clip

value = torch.tensor([0.5], requires_grad=True)
reward, ratio = torch.tensor([1.0]), torch.tensor([1.1], requires_grad=True)
attached, detached = reward - value, reward - value.detach()
print("attached", torch.autograd.grad(ppo_clip(ratio, attached), value)[0])
print("detached", torch.autograd.grad(ppo_clip(ratio, detached), value, allow_unused=True)[0])
```

```output
attached tensor([1.1000])
detached None
```

### The value does not show progress

At the first step on a batch every ratio is 1, and the loss is minus the mean advantage. With normalised advantages that
is zero, however good or bad the policy is. Watch the rewards.

```python
from lossary.functional import ppo_clip

for reward in (0.0, 100.0):
    returns = reward + torch.tensor([-1.0, 0.0, 3.0, -2.0])
    advantage = (returns - returns.mean()) / returns.std()
    print(f"mean reward {reward}: loss {abs(ppo_clip(torch.ones(4), advantage).item()):.4f}")
```

```output
mean reward 0.0: loss 0.0000
mean reward 100.0: loss 0.0000
```

## Relations

For an advantage of 1 it is [[hinge_embedding]] of the ratio with the label -1 and the margin `1 + clip`, less that
margin.

    functional.ppo_clip(logits.exp(), torch.ones_like(logits)) ==
        F.hinge_embedding_loss(logits.exp(), -torch.ones_like(logits), margin=1.2) - 1.2

## In other libraries

- `rlax.clipped_surrogate_pg_loss(ratio.ravel(), advantage.ravel(), clip)`: Stops the gradient of the advantage by
  default.
- [TorchRL](https://docs.pytorch.org/rl/stable/reference/generated/torchrl.objectives.ClipPPOLoss.html)
  `torchrl.objectives.ClipPPOLoss(actor_network, critic_network, clip_epsilon=0.2)`: A module of the networks, with terms for
  the value function and the entropy.
- `torchtune.rlhf.loss.PPOLoss(epsilon=clip)(torch.zeros_like(ratio), ratio.log(), advantage, torch.zeros_like(ratio), torch.zeros_like(ratio), torch.zeros_like(ratio))[0]`:
  Takes log-probabilities, and adds a loss of the value function, which is 0 here.

## References

- John Schulman, Filip Wolski, Prafulla Dhariwal, Alec Radford and Oleg Klimov (2017). Proximal Policy Optimization
  Algorithms. arXiv preprint. arXiv:1707.06347
"""

import torch

from lossary.declaration import (
    POSITIVE,
    Axis,
    Input,
    Kind,
    Loss,
    Parameter,
    Section,
    Study,
    Symbolic,
    cases,
    maximum,
    minimum,
    terms,
)


def ppo_clip(
    ratio: torch.Tensor, advantage: torch.Tensor, *, clip: float = 0.2, reduction: str = "mean"
) -> torch.Tensor:
    loss = -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


RATIO = Kind(
    "ratios of probabilities, from 0",
    values=(0.0, 1e-300, 1e-12, 1e-4, 0.1, 0.5, 0.75, 0.95, 1.0, 1.05, 1.5, 4.0, 40.0, 1e6),
    lower=0.0,
    takes="ratios",
)
ADVANTAGE = Kind("real numbers", values=(-1000.0, -3.0, -1.0, -0.25, 0.25, 1.0, 3.0, 1000.0))
PROBABILITY_RATIO_AXIS = Axis(
    "probability-ratio",
    "probability ratio, new policy divided by old",
    (0.0, 2.0),
    2.2,
    (-1.1, 1.1),
    below=1.2,
)

loss = Loss(
    function=ppo_clip,
    aliases=terms(
        "PPO; PPO loss; PPO-Clip; proximal policy optimization; clipped surrogate objective; clipped policy loss"
    ),
    tasks=("reinforcement", "preference"),
    search_terms=terms(
        "clipped surrogate loss; policy gradient loss with clipping; RLHF policy loss; importance ratio clipping; "
        "ClipPPOLoss; cliprange; clip_epsilon; reinforcement learning loss; GRPO policy loss; policy gradient; "
        "advantage; ratio of new and old policy; limit the policy update; "
        "reinforcement learning from human feedback; actor-critic; trust region; clip ratio; "
        "proximal policy optimisation; keep the new policy close to the old one; importance ratio; on-policy; "
        "importance ratio times advantage; clip_range; LLM reinforcement learning; actor-critic policy update; "
        "trust region without second order; policy ratio; RLHF actor; epsilon of 0.2; GRPO; "
        "min(r A, clip(r, 1 - eps, 1 + eps) A)"
    ),
    concepts={
        "cliprange; clip_epsilon; epsilon 0.2": "clip",
        "negative advantage; which side is clipped; min of clipped and unclipped": "Only one side",
        "KL divergence grows; early stopping; ratio outside the range": "The clip does not keep",
        "dual clip; large ratio and negative advantage": "A bad action",
        "PPO nan; exp overflow of log-ratio": "A clipped ratio",
        "ratio is always 1; old log-probabilities": "The old log-probabilities",
        "detach the advantage; value network": "An advantage with a gradient",
        "PPO loss near zero; loss does not fall": "The value does not",
    },
    answers={
        "reinforcement/policy": ("You train a policy", "Each batch is used"),
    },
    inputs=(
        Input(
            "ratio",
            "ratio",
            (RATIO,),
            "(*)",
            "the probability of each action under the policy, divided by that under the policy that took it",
            latex="r",
        ),
        Input(
            "advantage",
            "advantage",
            (ADVANTAGE,),
            "(*), same as ratio",
            "how much better each action did than expected",
            latex="A",
        ),
    ),
    parameters=(
        Parameter(
            "clip",
            0.2,
            "how far from 1 the ratio may move before it gains nothing more",
            range=POSITIVE,
            typical=(0.125, 0.2, 0.4),
            latex=r"\varepsilon",
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda ratio, advantage, clipped: -minimum(ratio * advantage, clipped * advantage),
            gradient={
                "ratio": lambda ratio, advantage, clipped: cases(
                    (0, ratio * advantage > clipped * advantage), (-advantage, True)
                ),
                "advantage": lambda ratio, advantage, clipped: cases(
                    (-clipped, ratio * advantage > clipped * advantage), (-ratio, True)
                ),
            },
            where={"clipped": lambda ratio, clip: minimum(maximum(ratio, 1 - clip), 1 + clip)},
            notation={"clipped": r"\bar{r}"},
            meanings={"clipped": "the ratio, clipped to its range"},
        ),
    ),
    sections=(
        Section(
            axis=PROBABILITY_RATIO_AXIS,
            label="ratio",
            span=(0.0, 2.0),
            inputs=lambda t, y: {"ratio": t, "advantage": y},
            branches={"advantage 1": 1.0, "advantage -1": -1.0},
            perfect={"advantage 1": float("inf"), "advantage -1": 0.0},
            limits=(0.0, float("inf")),
            kinks=(lambda clip: 1 - clip, lambda clip: 1 + clip),
            note="One action, good or bad.",
            caption="A good action is pushed up until its probability has grown by the factor 1 + clip, a bad one down until "
            "1 - clip. Beyond that the loss is flat. On the other side it goes on, and for a bad action without end.",
        ),
    ),
    figures=(
        Study(
            name="clip-alone",
            title="A good action, with and without the minimum",
            label="ratio",
            span=(0.0, 2.0),
            curves={
                "here": lambda t: -torch.minimum(t, t.clamp(0.8, 1.2)),
                "clip alone": lambda t: -t.clamp(0.8, 1.2),
                "no clip": lambda t: -t,
            },
            gradient=True,
            caption="With the clip alone a ratio below 1 - clip has no gradient either, and the way back is closed. The minimum "
            "opens that side.",
            note="The advantage is 1 and clip is 0.2.",
        ),
    ),
    example={"ratio": [1.1, 1.5, 0.5, 0.7], "advantage": [1.0, 2.0, 1.0, -1.0]},
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "bounded": False,
        "gradient_limits": (-1, 0),
        "redescending": False,
    },
)
