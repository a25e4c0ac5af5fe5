r"""Non-saturating GAN (generator)

Takes the raw score that a discriminator gives to a generated sample. The sigmoid of the score is read as the
probability that the sample is real, and the loss is minus its logarithm.

## When to use it

- You train the generator of a generative adversarial network whose discriminator is trained with [[bce_with_logits]],
  label 1 for real samples and 0 for generated ones.
- The discriminator wins, as it easily does at first: a sample that is surely recognised as generated still has a
  gradient close to 1 in size.

## When not to

- You train the discriminator: [[bce_with_logits]] on both kinds of samples.
- You want a number that falls as the samples get better. The value depends on the discriminator as much as on the
  samples; see below. Minus the loss of [[wgan_critic]] estimates a distance.
- The discriminator has another loss. Each of [[gan_hinge_discriminator]], [[lsgan_discriminator]] and [[wgan_critic]]
  has a loss of the generator that belongs to it, which its page names.

## Pitfalls

### The loss with the logarithm of 1 minus the probability has no gradient where it is needed

The original minimax game has the generator minimise the logarithm of the probability of being recognised, which is
minus [[bce_with_logits]] with label 0. Where the discriminator is sure that a sample is generated, the gradient of that
loss is close to zero. This one has its largest gradient there. Use label 1, without a minus sign.

```python
from lossary.functional import gan_nonsaturating_generator

score = torch.tensor([-10.0, -5.0, 0.0, 5.0], requires_grad=True)
saturating = -F.binary_cross_entropy_with_logits(score, torch.zeros(4), reduction="none")
for name, loss in (
    ("minimax", saturating),
    ("here   ", gan_nonsaturating_generator(score, reduction="none")),
):
    print(name, torch.autograd.grad(loss.sum(), score)[0])
```

```output
minimax tensor([-4.5398e-05, -6.6929e-03, -5.0000e-01, -9.9331e-01])
here    tensor([-1.0000, -0.9933, -0.5000, -0.0067])
```

### A constant inside the logarithm brings the saturation back

`-(sigmoid(score) + 1e-8).log()` is meant to avoid the logarithm of zero. Where the sigmoid falls below the constant,
the gradient vanishes again. Without the constant, the sigmoid of a score such as -110 is zero in float32, and the loss
is infinite. `F.logsigmoid` and the function on this page have neither problem.

```python
from lossary.functional import gan_nonsaturating_generator

forms = {
    "as it reads": lambda s: -s.sigmoid().log(),
    "with 1e-8  ": lambda s: -(s.sigmoid() + 1e-8).log(),
    "here       ": lambda s: gan_nonsaturating_generator(s, reduction="none"),
}
for name, form in forms.items():
    score = torch.tensor([-10.0, -30.0, -110.0], requires_grad=True)
    loss = form(score)
    print(name, loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
```

```output
as it reads tensor([10.0000, 30.0000,     inf]) tensor([-1.0000, -1.0000,     nan])
with 1e-8   tensor([ 9.9998, 18.4207, 18.4207]) tensor([-9.9973e-01, -9.3575e-06, -0.0000e+00])
here        tensor([ 10.0000,  30.0000, 110.0000]) tensor([-1.0000, -1.0000, -1.0000])
```

### A discriminator that ends in a sigmoid

The function applies the sigmoid itself. After another one the loss lies between 0.31 and log 2, whatever the score is,
and the gradient of a sample that is surely recognised vanishes.

```python
from lossary.functional import gan_nonsaturating_generator

score = torch.tensor([-15.0, 0.0, 15.0], requires_grad=True)
for name, given in (("raw score    ", score), ("after sigmoid", score.sigmoid())):
    loss = gan_nonsaturating_generator(given, reduction="none")
    print(name, loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
```

```output
raw score     tensor([1.5000e+01, 6.9315e-01, 3.0590e-07]) tensor([-1.0000e+00, -5.0000e-01, -3.0590e-07])
after sigmoid tensor([0.6931, 0.4741, 0.3133]) tensor([-1.5295e-07, -9.4385e-02, -9.6181e-08])
```

### The generator's step leaves gradients in the discriminator

The gradient of the generator flows through the discriminator, and is added up in its weights on the way. Clear them
before the discriminator's own backward pass. Detaching the samples here would be the opposite mistake: then nothing
reaches the generator.

```python
from lossary.functional import gan_nonsaturating_generator

generator, discriminator = nn.Linear(2, 2), nn.Linear(2, 1)
noise = torch.ones(4, 2)
for name, prepare in (("attached", lambda sample: sample), ("detached", torch.Tensor.detach)):
    generator.zero_grad()
    discriminator.zero_grad()
    gan_nonsaturating_generator(discriminator(prepare(generator(noise)))).backward()
    reached = {
        "generator": generator.weight.grad is not None,
        "discriminator": discriminator.weight.grad is not None,
    }
    print(name, reached)
```

```output
attached {'generator': True, 'discriminator': True}
detached {'generator': False, 'discriminator': True}
```

### A falling loss need not mean better samples

The value measures how well the generator does against this discriminator. Below, the samples stay the same and the
discriminator is trained: the loss of the generator rises. At a balance where each score is zero, it is log 2.

```python
from lossary.functional import gan_nonsaturating_generator

torch.manual_seed(0)
real, fake = torch.randn(256, 1) + 2, torch.randn(256, 1)
discriminator = nn.Linear(1, 1)
nn.init.zeros_(discriminator.weight), nn.init.zeros_(discriminator.bias)
optimizer = torch.optim.SGD(discriminator.parameters(), lr=0.5)
label = torch.cat((torch.ones(256, 1), torch.zeros(256, 1)))
for step in range(101):
    if step in (0, 10, 100):
        print(f"step {step:3}: {gan_nonsaturating_generator(discriminator(fake)).item():.4f}")
    optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(discriminator(torch.cat((real, fake))), label).backward()
    optimizer.step()
```

```output
step   0: 0.6931
step  10: 0.9761
step 100: 2.0112
```

## Relations

It is [[bce_with_logits]] with every label equal to one.

    functional.gan_nonsaturating_generator(logits) ==
        F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))

## In other libraries

- `torch.nn.functional.binary_cross_entropy_with_logits(input, torch.ones_like(input), reduction="none")`
- `optax.sigmoid_binary_cross_entropy(input, jax.numpy.ones_like(input))`
- `monai.losses.PatchAdversarialLoss(criterion="bce", reduction="none")(input, True, False)[0]`: Takes raw scores, and
  the least-squares criterion by default. It applies a sigmoid and then the cross-entropy of probabilities.
- `tensorflow_gan.python.losses.losses_impl.modified_generator_loss(input)`: Raw scores. Its minimax_generator_loss is
  the saturating one.

## References

- Ian Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David Warde-Farley, Sherjil Ozair, Aaron Courville and
  Yoshua Bengio (2014). Generative Adversarial Nets. In *Advances in Neural Information Processing Systems 27*.
  arXiv:1406.2661
"""

import torch
import torch.nn.functional as F

from lossary.declaration import (
    DISCRIMINATOR_AXIS,
    LOGIT,
    Input,
    Loss,
    Section,
    Study,
    Symbolic,
    sigmoid,
    softplus,
    terms,
)


def gan_nonsaturating_generator(input: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = -F.logsigmoid(input)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=gan_nonsaturating_generator,
    aliases=terms(
        "non-saturating GAN loss; nonsaturating generator loss; GAN generator loss; modified generator loss; "
        "vanilla GAN generator loss"
    ),
    tasks=("generative",),
    search_terms=terms(
        "gan generator loss -log D(G(z)); generative adversarial network loss; adversarial loss of the generator; "
        "NSGAN; BCE with all labels real; saturating generator loss; minimax GAN loss; fool the discriminator; "
        "generator gets no gradient early; original generator loss; non-saturating loss; Goodfellow's trick; "
        "-log D instead of log(1 - D); "
        "GAN; generator learns nothing early; minimax generator saturates; "
        "generator objective that does not saturate; -log D(G(z)); StyleGAN generator; "
        "discriminator is perfect and the generator gets no gradient"
    ),
    concepts={
        "saturating loss; vanishing gradient of the generator; log(1 - D(G(z)))": "The loss with the logarithm",
        "epsilon in the logarithm; log of zero; nan generator loss": "A constant inside",
        "sigmoid in the discriminator": "A discriminator that ends",
        "detach; retain_graph; zero_grad of the discriminator": "The generator's step",
        "generator loss goes up; loss does not show sample quality": "A falling loss",
    },
    answers={
        "generative/generator": ("You train the generator", "The discriminator has another"),
    },
    inputs=(
        Input("input", "fake", (LOGIT,), "(*)", "the raw scores of generated samples: no sigmoid", latex="D(G(z))"),
    ),
    formulas=(
        Symbolic(
            value=lambda fake: softplus(-fake),
            gradient={"input": lambda fake: -sigmoid(-fake)},
        ),
    ),
    sections=(
        Section(
            axis=DISCRIMINATOR_AXIS,
            label="score of a generated sample, input",
            span=(-6.0, 6.0),
            inputs=lambda t, y: {"input": t},
            branches={"": 1.0},
            perfect=float("inf"),
            note="One generated sample.",
            caption="A sample that is surely recognised as generated costs about the size of its score, and its gradient is "
            "close to 1 in size. One that passes for real costs almost nothing.",
        ),
    ),
    figures=(
        Study(
            name="discriminator-wins",
            title="The generator's gradient where the discriminator wins",
            label="score of a generated sample",
            span=(-8.0, 4.0),
            curves={
                "here": lambda t: -F.logsigmoid(t),
                "minimax": lambda t: F.logsigmoid(-t),
                "WGAN and hinge": lambda t: -t,
            },
            gradient=True,
            caption="On the left the discriminator is sure that the sample is generated. There the minimax loss has hardly any "
            "gradient, and this one nearly that of minus the score, the loss of a generator beside a WGAN critic or a hinge "
            "discriminator. On the right it is the other way round: here the gradient fades where the sample passes for "
            "real.",
        ),
    ),
    example={"input": [2.0, -0.5, -3.0]},
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
