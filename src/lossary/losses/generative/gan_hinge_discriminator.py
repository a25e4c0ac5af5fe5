r"""Hinge GAN (discriminator)

Takes the raw scores that a discriminator gives to samples of the data and to generated ones, and penalises a score of
the first below 1 and one of the second above -1. A pair beyond both costs nothing.

## When to use it

- You train the discriminator of a generative adversarial network, often one with spectral normalisation. The generator
  then minimises minus the mean score of its samples, without a hinge.
- The discriminator should stop pushing once it tells the two apart by a margin.

## When not to

- You want probabilities or the ratio of the two densities from the discriminator: the best score says only which kind
  is likelier. [[bce_with_logits]] gives both.
- You want the value to estimate a distance: [[wgan_critic]].
- You train the generator: that takes minus the score, as the first pitfall shows. Beside a discriminator of
  probabilities it takes [[gan_nonsaturating_generator]].

## Pitfalls

### The generator has no hinge

A generator that minimises the hinge of its own score stops learning from a sample as soon as its score passes 1, where
minus the score goes on. The paper on the geometric GAN, the one on spectral normalisation and TF-GAN take minus the
score. MONAI's `PatchAdversarialLoss` takes the hinge.

```python
score = torch.tensor([-2.0, 0.5, 3.0], requires_grad=True)
for name, loss in (("minus the score", -score.mean()), ("hinge          ", F.relu(1 - score).mean())):
    print(name, torch.autograd.grad(loss, score)[0])
```

```output
minus the score tensor([-0.3333, -0.3333, -0.3333])
hinge           tensor([-0.3333, -0.3333, -0.0000])
```

### A sigmoid or tanh at the end switches the margin off

The thresholds are scores of 1 and -1. After a tanh no score passes them, and what is left is the loss of
[[wgan_critic]] plus 2. After a sigmoid even a perfect discriminator pays 1, since the score of a generated sample
cannot fall below 0. Give raw scores.

```python
from lossary.functional import gan_hinge_discriminator, wgan_critic

real, fake = torch.tensor([6.0, 9.0]), torch.tensor([-7.0, -8.0])
for name, end in (("raw    ", lambda s: s), ("tanh   ", torch.tanh), ("sigmoid", torch.sigmoid)):
    a, b = end(real), end(fake)
    print(f"{name} {gan_hinge_discriminator(a, b).item():.4f}, critic + 2: {2 + wgan_critic(a, b).item():.4f}")
```

```output
raw     0.0000, critic + 2: -13.0000
tanh    0.0000, critic + 2: 0.0000
sigmoid 1.0019, critic + 2: 1.0019
```

### Swapped arguments run without an error

The scores of the data come first. The other way round the discriminator learns the opposite, and the generator, which
raises its scores, is driven away from the data.

```python
from lossary.functional import gan_hinge_discriminator

real, fake = torch.tensor([0.5], requires_grad=True), torch.tensor([-0.5], requires_grad=True)
for name, loss in (
    ("data first     ", gan_hinge_discriminator(real, fake)),
    ("generated first", gan_hinge_discriminator(fake, real)),
):
    slopes = torch.autograd.grad(loss, (real, fake))
    print(name, loss.item(), [slope.item() for slope in slopes])
```

```output
data first      1.0 [-1.0, 1.0]
generated first 3.0 [1.0, -1.0]
```

### Without detach the discriminator's step reaches the generator

The step needs the generated samples and not how they were made. Without `detach` the backward pass goes on into the
generator. That costs time, and leaves there a gradient that helps the discriminator; unless it is cleared, the
generator's next step adds it to its own.

```python
from lossary.functional import gan_hinge_discriminator

torch.manual_seed(0)
generator, discriminator = nn.Linear(2, 2), nn.Linear(2, 1)
real, noise = torch.randn(4, 2), torch.randn(4, 2)
for name, prepare in (("attached", lambda sample: sample), ("detached", torch.Tensor.detach)):
    generator.zero_grad()
    loss = gan_hinge_discriminator(discriminator(real), discriminator(prepare(generator(noise))))
    loss.backward()
    print(f"{name}: loss {loss.item():.4f}, gradient in the generator: {generator.weight.grad is not None}")
```

```output
attached: loss 1.6595, gradient in the generator: True
detached: loss 1.6595, gradient in the generator: False
```

### Batches of different sizes

The function takes pairs. Batches of different sizes are refused, or broadcast where one has a single score or a column
meets a row. Their means need not be taken together: add them yourself.

```python
from lossary.functional import gan_hinge_discriminator

real, fake = torch.tensor([0.5, 2.0, 1.5]), torch.tensor([-0.5, -2.0])
try:
    gan_hinge_discriminator(real, fake)
except RuntimeError as error:
    print(error)
print(F.relu(1 - real).mean() + F.relu(1 + fake).mean())
```

```output
The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0
tensor(0.4167)
```

## Relations

It is [[hinge_embedding]] of the scores of the data and of minus those of the generated samples, with the margin 1 and
every label -1.

    functional.gan_hinge_discriminator(input, target) ==
        F.hinge_embedding_loss(input, -torch.ones_like(input)) +
        F.hinge_embedding_loss(-target, -torch.ones_like(input))

It is the [[hinge]] loss of a classifier for which the data have the label 1 and the generated samples -1, summed over the
two.

    functional.gan_hinge_discriminator(input, target) ==
        functional.hinge(input, torch.ones_like(input)) + functional.hinge(target, -torch.ones_like(target))

Where all scores lie between -1 and 1, it is [[wgan_critic]] plus 2.

    functional.gan_hinge_discriminator(input.tanh(), target.tanh()) ==
        functional.wgan_critic(input.tanh(), target.tanh()) + 2

## In other libraries

- `monai.losses.PatchAdversarialLoss(criterion="hinge")(input, True, True) + monai.losses.PatchAdversarialLoss(criterion="hinge")(fake, False, True)` is another loss:
  Applies a tanh to the scores first, which no score then passes. A generator gets a hinge as well.
- `keras.losses.Hinge(reduction=None)(keras.ops.ones_like(input), input) + keras.losses.Hinge(reduction=None)(-keras.ops.ones_like(fake), fake)`:
  The mean over the last dimension. At the corners its gradient is half the slope.
- `optax.hinge_loss(input, jax.numpy.ones_like(input)) + optax.hinge_loss(fake, -jax.numpy.ones_like(fake))`: At the
  corners its gradient is half the slope.
- `tensorflow_gan.python.losses.losses_impl.wasserstein_hinge_discriminator_loss(input, fake)`: Its
  wasserstein_hinge_generator_loss is minus the score.

## References

- Jae Hyun Lim and Jong Chul Ye (2017). Geometric GAN. arXiv preprint. arXiv:1705.02894
- Takeru Miyato, Toshiki Kataoka, Masanori Koyama and Yuichi Yoshida (2018). Spectral Normalization for Generative
  Adversarial Networks. In *International Conference on Learning Representations*. arXiv:1802.05957
"""

import torch
import torch.nn.functional as F

from lossary.declaration import cases, discriminator_loss, maximum, terms


def gan_hinge_discriminator(input: torch.Tensor, fake: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = F.relu(1 - input) + F.relu(1 + fake)
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = discriminator_loss(
    function=gan_hinge_discriminator,
    aliases=terms("hinge GAN loss; hinge adversarial loss; geometric GAN; GAN hinge loss; discriminator hinge loss"),
    search_terms=terms(
        "adversarial hinge loss; SAGAN loss; BigGAN loss; SNGAN loss; spectral normalization discriminator loss; "
        "relu(1 - D(x)) + relu(1 + D(G(z))); hinge loss for the discriminator; hinge GAN; discriminator with margin; "
        "BigGAN; SAGAN; spectral normalisation; real above 1 and fake below -1; "
        "spectral normalisation GAN; "
        "hinge of real and fake scores; projection discriminator; "
        "stop where real and fake are told apart by a margin"
    ),
    concepts={
        "generator hinge loss; hinge loss of the generator": "The generator has no hinge",
        "sigmoid or tanh in the discriminator; loss stuck at 1 or 2": "A sigmoid or tanh",
        "argument order; real and fake": "Swapped arguments",
        "detach the fake samples": "Without detach",
        "batches of different sizes": "Batches of different",
    },
    answers={
        "generative/discriminator/distance": ("The discriminator should stop", "You want probabilities"),
    },
    value=lambda real, fake: maximum(0, 1 - real) + maximum(0, 1 + fake),
    gradient={
        "input": lambda real: cases((-1, real < 1), (0, True)),
        "fake": lambda fake: cases((1, fake > -1), (0, True)),
    },
    apart=(2.0, -2.0),
    kinks=(lambda: -1.0, lambda: 1.0),
    target_values="sign",
    caption="A real sample pays by how far its score falls short of 1, a generated one by how far it exceeds -1. Beyond "
    "that neither pulls.",
    properties={
        "convex": True,
        "smoothness": "C0",
        "lipschitz": 1,
        "gradient_lipschitz": "inf",
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": (-1, 0),
        "redescending": False,
        "calibrated": True,
    },
)
