r"""Direct preference optimisation (DPO)

Takes the log-probabilities of a preferred and of another answer, under the policy that is trained and under a
reference. The more the policy has raised the preferred answer above the other one, compared with the reference, the
lower the loss.

## When to use it

- You have pairs of answers to the same prompt, of which people preferred one, and a model that can already answer: it
  is both the start and the reference.
- You want to train on preferences without a reward model and without drawing answers while you train. `beta` times the
  log-ratio of policy and reference takes the place of the reward, and the loss is minus the logarithm of the sigmoid of
  the difference of the two rewards.
- Some preferences contradict others. Their shares are then met by a finite difference; see below for preferences that
  do not.

## When not to

- All preferences agree, or nearly: [[ipo]] aims at a finite difference then, too.
- You have a reward model, or rewards that can be computed: [[ppo_clip]].
- You train the reward model itself: [[bpr]] is its loss.

## Pitfalls

### The mean over tokens in place of the sum

The log-probability of an answer is the sum over its tokens. A mean divides each log-ratio by the length of its answer,
so that the difference is tens or hundreds of times smaller, and `beta` would have to be as much larger. Below, each
token of the preferred answers has become a little likelier, and each token of the others a little less likely.

```python
from lossary.functional import dpo

for length in (10, 200):
    up, down = torch.full((1, length), 0.02), torch.full((1, length), -0.02)  # log-ratios by token
    for name, value in (("sum ", torch.sum), ("mean", torch.mean)):
        loss = dpo(value(up, 1), value(down, 1), torch.zeros(1), torch.zeros(1))
        print(f"length {length:3}, {name}: loss {loss.item():.4f}")
```

```output
length  10, sum : loss 0.6733
length  10, mean: loss 0.6911
length 200, sum : loss 0.3711
length 200, mean: loss 0.6911
```

### Padding is summed as well

Answers of one batch are padded to the same length, and the padding has log-probabilities, too. Multiply by the mask
before the sum. Tokens of the prompt do no harm to the difference where both answers have the same prompt: what they add
cancels.

```python
from lossary.functional import dpo

policy = torch.tensor([[-1.0, -2.0, -0.5], [-1.5, -3.0, -9.0]])  # chosen, rejected; by token
reference = torch.tensor([[-1.0, -2.5, -0.5], [-1.5, -2.5, -2.0]])
mask = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
for name, weight in (("all tokens", torch.ones(2, 3)), ("masked    ", mask)):
    print(name, dpo(*(weight * policy).sum(1), *(weight * reference).sum(1), beta=1.0).item())
print("prompt    ", dpo(*((mask * policy).sum(1) - 7), *(mask * reference).sum(1), beta=1.0).item())
```

```output
all tokens 0.00033540636650286615
masked     0.3132616877555847
prompt     0.3132616877555847
```

### Without a fixed reference nothing is learned

The reference is a copy that is not trained, evaluated without gradient. With the policy in both places the difference
is zero whatever the policy says: the loss stays at log 2, and the gradient is zero. At the first step a loss of log 2
is right, though, since policy and reference are still equal. If yours differs, the two were not evaluated alike:
dropout, another number format, another template.

```python
from lossary.functional import dpo

chosen = torch.tensor([-20.0], requires_grad=True)
rejected = torch.tensor([-25.0], requires_grad=True)
for name, reference in (
    ("detached", (chosen.detach(), rejected.detach())),
    ("trained ", (chosen, rejected)),
):
    loss = dpo(chosen, rejected, *reference)
    print(name, loss.item(), torch.autograd.grad(loss, chosen)[0].item())
```

```output
detached 0.6931471824645996 -0.05000000074505806
trained  0.6931471824645996 0.0
```

### The loss falls while the preferred answer becomes less likely

Only the difference counts. If the other answer loses more, the preferred one may lose as well, and what both
lose goes to answers that are in no pair. Watch the log-probability of the preferred answers beside the loss.

```python
from lossary.functional import dpo

reference = torch.tensor([-20.0]), torch.tensor([-25.0])
for chosen, rejected in ((-20.0, -25.0), (-30.0, -55.0)):
    loss = dpo(torch.tensor([chosen]), torch.tensor([rejected]), *reference)
    print(f"preferred {chosen}, other {rejected}: loss {loss.item():.4f}")
```

```output
preferred -20.0, other -25.0: loss 0.6931
preferred -30.0, other -55.0: loss 0.1269
```

### A larger beta asks for less

`beta` is how strongly the policy is held to the reference, and not how much a preference weighs. The larger it is, the
smaller is the difference at which the loss is nearly zero. At the start it multiplies the gradient, though.

```python
from lossary.functional import dpo

for beta in (0.01, 0.1, 0.5):
    h = torch.tensor([0.0], requires_grad=True)
    slope = torch.autograd.grad(dpo(h, *torch.zeros(3, 1), beta=beta), h)[0].item()
    enough = -math.log(math.expm1(0.05)) / beta
    print(f"beta {beta}: gradient {slope:.4f} at the start, loss 0.05 at a difference of {enough:.1f}")
```

```output
beta 0.01: gradient -0.0050 at the start, loss 0.05 at a difference of 297.1
beta 0.1: gradient -0.0500 at the start, loss 0.05 at a difference of 29.7
beta 0.5: gradient -0.2500 at the start, loss 0.05 at a difference of 5.9
```

### Where all preferences agree, beta does not hold the policy back

The loss has no lowest point for a pair that is always decided in the same way: any further difference lowers it, for
each `beta`. [[ipo]] is lowest at a difference of its own choice. Below, one difference is trained for itself.

```python
from lossary.functional import dpo, ipo

for function, rate in ((dpo, 100.0), (ipo, 0.1)):
    h = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([h], lr=rate)
    for step in range(1, 301):
        optimizer.zero_grad()
        function(h, *torch.zeros(3, 1)).backward()
        optimizer.step()
        if step in (3, 30, 300):
            print(f"{function.__name__}, step {step:3}: difference {h.item():.2f}")
```

```output
dpo, step   3: difference 11.71
dpo, step  30: difference 33.69
dpo, step 300: difference 56.97
ipo, step   3: difference 2.44
ipo, step  30: difference 4.99
ipo, step 300: difference 5.00
```

## Relations

With `beta=1` and a reference that gives both answers the same probability it is [[bpr]].

    functional.dpo(input, target, 0 * input, 0 * target, beta=1) == functional.bpr(input, target)

It is [[bpr]] of the rewards, which are `beta` times the log-ratios.

    functional.dpo(input, target, logits, label, beta=0.3) ==
        functional.bpr(0.3 * (input - logits), 0.3 * (target - label))

Where `beta` times the difference is small, it is, but for a constant and a factor, [[ipo]] with a quarter of `beta`.

    functional.dpo(input, target, logits, label, beta=1e-3) ==
        F.softplus(0 * input).mean() - 0.5 +
        1e-6 / 8 * functional.ipo(input, target, logits, label, beta=1e-3 / 4)  # within 1e-9

## In other libraries

- `torch.nn.functional.binary_cross_entropy_with_logits(beta * ((chosen - ref_chosen) - (rejected - ref_rejected)), torch.ones_like(chosen), reduction="none")`
- `torchtune.rlhf.loss.DPOLoss(beta=beta)(chosen, rejected, ref_chosen, ref_rejected)[0]`: Returns the rewards of both
  answers as well.
- [TRL](https://huggingface.co/docs/trl/dpo_trainer) `trl.DPOConfig(loss_type="sigmoid", beta=0.1)`: Part of its
  DPOTrainer, which sums the log-probabilities itself.
- `liger_kernel.chunked_loss.dpo_loss.LigerFusedLinearDPOFunction.preference_loss_fn(chosen.ravel(), rejected.ravel(), torch.zeros(2 * chosen.numel()), ref_chosen.ravel(), ref_rejected.ravel(), beta=beta)[0]`:
  What `LigerFusedLinearDPOLoss` minimises, which takes the weights of the last layer and computes the logits in
  pieces.

## References

- Rafael Rafailov, Archit Sharma, Eric Mitchell, Stefano Ermon, Christopher D. Manning and Chelsea Finn (2023). Direct
  Preference Optimization: Your Language Model is Secretly a Reward Model. arXiv preprint. arXiv:2305.18290
"""

import torch
import torch.nn.functional as F

from lossary.declaration import POSITIVE, Parameter, Study, preference_loss, sigmoid, softplus, terms


def dpo(
    chosen: torch.Tensor,
    rejected: torch.Tensor,
    ref_chosen: torch.Tensor,
    ref_rejected: torch.Tensor,
    *,
    beta: float = 0.1,
    reduction: str = "mean",
) -> torch.Tensor:
    loss = -F.logsigmoid(beta * ((chosen - ref_chosen) - (rejected - ref_rejected)))
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = preference_loss(
    function=dpo,
    aliases=terms("DPO; DPO loss; direct preference optimization; sigmoid preference loss"),
    search_terms=terms(
        "preference optimisation loss; RLHF without a reward model; chosen and rejected log-probabilities; "
        "implicit reward; alignment loss for language models; loss_type=sigmoid; "
        "Bradley-Terry loss with a reference model; "
        "align a language model with human preferences without a reward model; RLHF without reinforcement learning; "
        "chosen and rejected answers; fine-tune on preference pairs; reference policy; learn from human feedback; "
        "policy and reference log-probabilities; preferred and rejected responses; alignment; preference tuning; "
        "LLM preference tuning; LLM alignment; chosen and rejected answers of an LLM; "
        "preference tuning without reinforcement learning; pairs of preferred answers; fine-tune on human "
        "preferences; "
        "-log sigmoid(beta (chosen - rejected)); "
        "human rankings of answers; train a chatbot on preferences"
    ),
    concepts={
        "DPO beta; preference optimisation loss beta; strength of the KL penalty": "beta",
        "sum or mean of token log-probabilities; length bias": "The mean over tokens",
        "padding tokens; prompt tokens; loss mask": "Padding is summed",
        "reference model; loss stays at 0.6931; loss at the first step": "Without a fixed reference",
        "chosen log-probability goes down; rewards of chosen fall": "The loss falls while",
        "choosing beta": "A larger beta",
        "DPO overfits; deterministic preferences": "Where all preferences agree",
    },
    answers={
        "preference/pairs": ("You want to train on", "All preferences agree"),
    },
    parameters=(
        Parameter(
            "beta",
            0.1,
            "how strongly the policy is held to the reference; the reward is beta times a log-ratio",
            range=POSITIVE,
            typical=(0.05, 0.1, 0.5),
        ),
    ),
    value=lambda h, beta: softplus(-beta * h),
    gradient=(lambda h, beta: -beta * sigmoid(-beta * h), lambda h, beta: beta * sigmoid(-beta * h)),
    perfect=float("inf"),
    caption="A pair in which the policy has moved far in the wrong direction costs about beta for each unit of the difference. One that is well "
    "ahead costs almost nothing, and its gradient fades.",
    figures=(
        Study(
            name="rewards",
            title="Losses of a preference, over the difference of the rewards",
            label="difference of the rewards, beta times h",
            span=(-4.0, 4.0),
            curves={
                "DPO": lambda t: -F.logsigmoid(t),
                "hinge (SLiC)": lambda t: F.relu(1 - t),
                "IPO times beta squared": lambda t: (t - 0.5) ** 2,
            },
            gradient=True,
            caption="In units of beta all three are fixed curves. DPO keeps asking for more, with less and less force; the hinge "
            "stops at 1, and IPO pulls back what lies beyond 1/2.",
            note="The hinge is the loss that libraries offer beside the two as SLiC or hinge.",
        ),
    ),
    side_by_side={"beta-one": 'functional.dpo(difference, zero, zero, zero, beta=1, reduction="none")'},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": lambda beta: beta,
        "gradient_lipschitz": lambda beta: beta**2 / 4,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": lambda beta: (-beta, 0),
        "redescending": False,
    },
)
