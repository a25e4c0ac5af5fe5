r"""Wasserstein GAN (critic)

Takes the scores that a critic gives to samples of the data and to generated ones, and subtracts the first from the
second. Under a limit on how fast the critic may change, minus the least mean is a distance between the two
distributions.

## When to use it

- You train the critic of a Wasserstein GAN, with a limit on its slope: a gradient penalty, spectral normalisation, or,
  as in the first paper, clipped weights. The generator then minimises minus the mean score of its samples.
- The two kinds of samples hardly overlap. The generator's gradient does not fade where the critic tells them apart.
- Two distributions of pictures or vectors are compared by samples, which cannot be sorted. Of all critics whose slope is
  at most 1, the best one gives their Wasserstein-1 distance: minus its mean loss.
- You want a value that can be watched: for one critic with one limit it estimates a distance.

## When not to

- Nothing limits the critic. Then the loss has no lowest value. [[gan_hinge_discriminator]] has one.
- The samples are numbers: [[wasserstein_1d]] computes the distance without a critic.
- You want probabilities from the discriminator: [[bce_with_logits]].

## Pitfalls

### Without a limit on the critic the loss has no lowest value

Larger scores lower it, and nothing else is asked. Below, one critic is trained on the same data, freely and with its
weights clipped. Freely, the loss falls for as long as training goes on.

```python
from lossary.functional import wgan_critic

torch.manual_seed(0)
real, fake = torch.randn(64, 1) + 1, torch.randn(64, 1)
for limit in (math.inf, 0.1):
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for step in range(1, 301):
        optimizer.zero_grad()
        loss = wgan_critic(real * weight, fake * weight)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            weight.clamp_(-limit, limit)
        if step in (3, 30, 300):
            print(f"limit {limit}, step {step:3}: loss {loss.item():8.4f}")
```

```output
limit inf, step   3: loss  -0.2335
limit inf, step  30: loss  -3.3857
limit inf, step 300: loss -34.9081
limit 0.1, step   3: loss  -0.1081
limit 0.1, step  30: loss  -0.1081
limit 0.1, step 300: loss  -0.1081
```

### The value is in units of the limit

With slopes up to K the best loss is minus K times the distance. Weights clipped at 0.01 give some K that nobody knows,
and it changes with the network, so that values compare within one setting alone. Below, the data are shifted by 3, and
the critic is a straight line.

```python
from lossary.functional import wasserstein_1d, wgan_critic

fake = torch.linspace(-1, 1, 5)
real = fake + 3
print("distance", wasserstein_1d(real, fake).item())
for slope in (0.01, 1.0, 10.0):
    print(f"slope {slope}: minus the loss is {-wgan_critic(slope * real, slope * fake).item():.2f}")
```

```output
distance 3.0
slope 0.01: minus the loss is 0.03
slope 1.0: minus the loss is 3.00
slope 10.0: minus the loss is 30.00
```

### The signs of critic and generator belong together

A critic may as well score generated samples high, if the generator then lowers the score. Changing one sign alone
drives the generator away from the data. Below, the generator adds a shift to its samples, and the data lie at 3.

```python
from lossary.functional import wgan_critic

for name, sign in (("minus the score", -1.0), ("plus the score ", 1.0)):
    shift, slope = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    for _ in range(40):
        (step,) = torch.autograd.grad(wgan_critic(3 * slope, shift.detach() * slope), slope)
        slope = (slope - step).clamp(-1, 1).detach().requires_grad_()
        (step,) = torch.autograd.grad(sign * (shift * slope.detach()).mean(), shift)
        shift = (shift - 0.05 * step).detach().requires_grad_()
    print(name, f"the samples are at {shift.item():.2f}")
```

```output
minus the score the samples are at 2.00
plus the score  the samples are at -2.00
```

### A sigmoid at the end brings back the vanishing gradient

A score is no probability. With a sigmoid the gradient of the generator is nearly zero where the critic is sure.

```python
score = torch.tensor([-10.0, 0.0], requires_grad=True)  # of generated samples
for name, given in (("raw score    ", score), ("after sigmoid", score.sigmoid())):
    print(name, torch.autograd.grad(-given.sum(), score)[0])
```

```output
raw score     tensor([-1., -1.])
after sigmoid tensor([-4.5396e-05, -2.5000e-01])
```

### A gradient penalty without create_graph trains nothing

The penalty is a function of a gradient. `torch.autograd.grad` gives a constant unless it is told to build the graph,
and the penalty then adds to the value and not to the gradient of the critic.

```python
torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
between = torch.randn(4, 2, requires_grad=True)
for create_graph in (False, True):
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=create_graph)
    penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
    print(f"create_graph={create_graph}: penalty {penalty.item():.4f}, trains the critic: {penalty.requires_grad}")
```

```output
create_graph=False: penalty 0.7319, trains the critic: False
create_graph=True: penalty 0.7319, trains the critic: True
```

### Batch normalisation makes each score depend on the whole batch

A gradient penalty limits the slope of each score along its own sample. With batch normalisation in the critic the score
of one sample changes with the others. Normalise over the features of each sample instead.

```python
torch.manual_seed(0)
sample = torch.randn(4, 3, requires_grad=True)
for layer in (nn.BatchNorm1d(3), nn.LayerNorm(3)):
    score = (layer(sample) ** 3).sum(1)
    (slope,) = torch.autograd.grad(score[0], sample)
    print(type(layer).__name__, "score 0 moves with sample 1:", bool(slope[1].abs().max() > 1e-6))
```

```output
BatchNorm1d score 0 moves with sample 1: True
LayerNorm score 0 moves with sample 1: False
```

## Relations

It is [[margin_ranking]] with a margin that no pair reaches, less that margin.

    functional.wgan_critic(input, target) ==
        F.margin_ranking_loss(input, target, torch.ones_like(input), margin=2.0**20) - 2.0**20  # within 1e-8

Where each number of the data lies above its partner, the number itself is the best score with slopes up to 1, and minus
the loss is [[wasserstein_1d]].

    -functional.wgan_critic(target + input**2, target) == functional.wasserstein_1d(target + input**2, target)

Where all scores lie between -1 and 1, it is [[gan_hinge_discriminator]] minus 2.

    functional.wgan_critic(input.tanh(), target.tanh()) ==
        functional.gan_hinge_discriminator(input.tanh(), target.tanh()) - 2

## In other libraries

- `tensorflow_gan.python.losses.losses_impl.wasserstein_discriminator_loss(input, fake)`: Its
  wasserstein_gradient_penalty is a function of its own.

## References

- Martin Arjovsky, Soumith Chintala and Léon Bottou (2017). Wasserstein Generative Adversarial Networks. In *Proceedings of
  the 34th International Conference on Machine Learning, 214-223*. arXiv:1701.07875
- Ishaan Gulrajani, Faruk Ahmed, Martin Arjovsky, Vincent Dumoulin and Aaron Courville (2017). Improved Training of
  Wasserstein GANs. In *Advances in Neural Information Processing Systems 30*. arXiv:1704.00028
"""

import torch

from lossary.declaration import discriminator_loss, terms


def wgan_critic(input: torch.Tensor, fake: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = fake - input
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = discriminator_loss(
    function=wgan_critic,
    aliases=terms("WGAN; WGAN loss; Wasserstein GAN loss; Wasserstein loss; critic loss; WGAN-GP critic loss"),
    search_terms=terms(
        "Wasserstein discriminator loss; wasserstein gan critic; earth mover GAN; gradient penalty; weight clipping; "
        "1-Lipschitz critic; Kantorovich-Rubinstein duality; E D(G(z)) - E D(x); integral probability metric; "
        "critic instead of a discriminator; difference of mean scores; earth mover's distance of GANs; "
        "mode collapse; meaningful GAN loss curve; critic score; "
        "critic with gradient penalty; "
        "critic loss is negative; n_critic steps; "
        "D(fake) - D(real); "
        "stable GAN training; Lipschitz critic"
    ),
    concepts={
        "critic loss diverges; loss goes to minus infinity; weight clipping; Lipschitz constraint": "Without a limit",
        "Lipschitz constant of the critic; what the critic loss estimates": "The value is in units",
        "negative loss; sign of the generator loss": "The signs of critic",
        "sigmoid in the critic": "A sigmoid at the end",
        "WGAN-GP; create_graph; gradient penalty has no effect": "A gradient penalty",
        "batch normalisation in the critic": "Batch normalisation",
    },
    tasks=("generative", "distributions"),
    answers={
        "generative/discriminator/distance": ("You want a value", "Nothing limits"),
        "generative/generator": ("The two kinds", "Nothing limits"),
        "distributions/samples": ("Two distributions of pictures", "The samples are numbers"),
    },
    value=lambda real, fake: fake - real,
    gradient={"input": lambda: -1, "fake": lambda: 1},
    apart=(0.0, 0.0),
    caption="Two straight lines: the score of a real sample is pushed up and that of a generated one down, wherever it is. What "
    "stops them has to come from outside the loss.",
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": 1,
        "gradient_lipschitz": 0,
        "bounded": False,
        "gradient_limits": (-1, -1),
        "redescending": False,
    },
)
