r"""Least-squares GAN (discriminator)

Takes the raw scores that a discriminator gives to samples of the data and to generated ones. Half the squared distance
of the first to 1 and half the squared distance of the second to 0 are added.

## When to use it

- You train the discriminator of a generative adversarial network. The generator then minimises half the squared
  distance of its samples' scores to 1.
- The score itself should be a probability: the best one is the share of real samples among those that look the same.
- Samples far on the right side should still count: a score above 1 is pulled back, by this loss and by the generator's.

## When not to

- Scores may run far away. The gradient grows with the distance: [[gan_hinge_discriminator]] and [[bce_with_logits]]
  limit it to 1.
- You want the value to estimate a distance: [[wgan_critic]].

## Pitfalls

### A sigmoid at the end brings back the vanishing gradient

The loss is meant for raw scores. After a sigmoid it is bounded, and a sample that the discriminator gets completely
wrong has almost no gradient.

```python
from lossary.functional import lsgan_discriminator

score = torch.tensor([-10.0, -2.0, 1.0], requires_grad=True)  # of samples of the data
for name, given in (("raw score    ", score), ("after sigmoid", score.sigmoid())):
    loss = lsgan_discriminator(given, torch.zeros(3), reduction="none")
    print(name, torch.autograd.grad(loss.sum(), score)[0])
```

```output
raw score     tensor([-11.,  -3.,   0.])
after sigmoid tensor([-4.5394e-05, -9.2478e-02, -5.2877e-02])
```

### A real sample that is too convincing costs as well

Above 1 the loss rises again. A score of 3 costs as much as one of -1, and both are pulled towards 1. This is where it
differs from [[bce_with_logits]] and [[gan_hinge_discriminator]], and a threshold for the decision belongs at 0.5 and
not at 0.

```python
from lossary.functional import gan_hinge_discriminator, lsgan_discriminator

score = torch.tensor([-1.0, 1.0, 3.0], requires_grad=True)
for name, loss in (
    ("here ", lsgan_discriminator(score, torch.zeros(3), reduction="none")),
    ("hinge", gan_hinge_discriminator(score, -torch.ones(3), reduction="none")),
):
    print(name, loss.detach(), torch.autograd.grad(loss.sum(), score)[0])
```

```output
here  tensor([2., 0., 2.]) tensor([-2.,  0.,  2.])
hinge tensor([2., 0., 0.]) tensor([-1., -0., -0.])
```

### At the balance the losses are 1/4 and 1/8

Where generated samples cannot be told from real ones the best score is 1/2 everywhere: this loss is 1/4 and the
generator's 1/8, not 0. The Pearson divergence of which the paper speaks belongs to other labels, such as -1 for
generated samples, 1 for real ones, and 0 for the score that the generator aims at. Below, each outcome has a
probability of a half in the data, and the generator gives another share to the first one.

```python
from lossary.functional import chi_squared_divergence


def best_score(real, fake, b, a):  # of the discriminator with the labels b and a
    return (b * real + a * fake) / (real + fake)


real = torch.tensor([0.5, 0.5])
for share in (0.5, 0.7, 0.9):
    fake = torch.tensor([share, 1 - share])
    here = (fake * (best_score(real, fake, 1, 0) - 1) ** 2).sum() / 2
    paper = ((real + fake) * best_score(real, fake, 1, -1) ** 2).sum() / 2
    divergence = chi_squared_divergence((real + fake) / 2, fake)
    print(f"share {share}: labels 0, 1, 1 {here:.4f}  labels -1, 1, 0 {paper:.4f}  divergence {divergence:.4f}")
```

```output
share 0.5: labels 0, 1, 1 0.1250  labels -1, 1, 0 0.0000  divergence 0.0000
share 0.7: labels 0, 1, 1 0.1402  labels -1, 1, 0 0.0417  divergence 0.0417
share 0.9: labels 0, 1, 1 0.1874  labels -1, 1, 0 0.1905  divergence 0.1905
```

### With or without the factor 1/2

The paper and TF-GAN have the half; many programs average [[mse]] over the two kinds, which is the same, or add the two,
which is twice as much. For SGD that is a factor of the learning rate.

```python
from lossary.functional import lsgan_discriminator

real, fake = torch.tensor([0.5, 2.0]), torch.tensor([0.5, -1.0])
parts = F.mse_loss(real, torch.ones(2)), F.mse_loss(fake, torch.zeros(2))
print("here", lsgan_discriminator(real, fake).item(), "added", sum(parts).item(), "averaged", (sum(parts) / 2).item())
```

```output
here 0.625 added 1.25 averaged 0.625
```

### In float16 a score of 300 is enough

The distance is squared before it is halved, and the square of 256 is above 65504, the largest float16 number.

```python
from lossary.functional import lsgan_discriminator

for score in (200.0, 300.0):
    print(score, lsgan_discriminator(torch.tensor([score]).half(), torch.zeros(1).half()))
```

```output
200.0 tensor(19808., dtype=torch.float16)
300.0 tensor(inf, dtype=torch.float16)
```

## Relations

It is the mean of [[mse]] with the target 1 and of [[mse]] with the target 0.

    functional.lsgan_discriminator(input, target) ==
        (F.mse_loss(input, torch.ones_like(input)) + F.mse_loss(target, torch.zeros_like(target))) / 2

The lowest loss of a discriminator is a quarter of 1 minus the [[chi_squared_divergence]] between the even mixture of the two
distributions, as the prediction, and one of them, as the target.

    (p * functional.lsgan_discriminator(p / (p + q), 0 * p, reduction="none") +
        q * functional.lsgan_discriminator(0 * p + 1, p / (p + q), reduction="none")).sum(-1).mean() ==
        (1 - functional.chi_squared_divergence((p + q) / 2, p)) / 4

## In other libraries

- `monai.losses.PatchAdversarialLoss(criterion="least_squares", no_activation_leastsq=True)(input, True, True) + monai.losses.PatchAdversarialLoss(criterion="least_squares", no_activation_leastsq=True)(fake, False, True)`:
  By default a leaky ReLU with the slope 0.05 is applied to the scores first.
- `tensorflow_gan.python.losses.losses_impl.least_squares_discriminator_loss(input, fake)`

## References

- Xudong Mao, Qing Li, Haoran Xie, Raymond Y. K. Lau, Zhen Wang and Stephen Paul Smolley (2017). Least Squares Generative
  Adversarial Networks. In *Proceedings of the IEEE International Conference on Computer Vision*.
  doi:10.1109/ICCV.2017.304 arXiv:1611.04076
"""

import torch

from lossary.declaration import discriminator_loss, terms


def lsgan_discriminator(input: torch.Tensor, fake: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = ((input - 1) ** 2 + fake**2) / 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


loss = discriminator_loss(
    function=lsgan_discriminator,
    aliases=terms("LSGAN; LSGAN loss; least squares GAN loss; least-squares adversarial loss; MSE GAN loss"),
    search_terms=terms(
        "least squares discriminator loss; MSELoss adversarial; CycleGAN discriminator loss; pix2pix least squares; "
        "(D(x) - 1)^2 + D(G(z))^2; HiFi-GAN discriminator loss; squared error for real and fake; least squares GAN; "
        "real to 1 and fake to 0; stable GAN training; smooth discriminator loss; GAN with mean squared error; "
        "CycleGAN; adversarial loss with squared error; GAN with MSE in place of BCE; "
        "least squares discriminator; real to 1 and fake to 0 with squared error; "
        "discriminator with mean squared error"
    ),
    concepts={
        "sigmoid in the discriminator; vanishing gradient": "A sigmoid at the end",
        "scores above 1; threshold of the decision": "A real sample",
        "Pearson chi-squared divergence; labels a, b and c; discriminator loss 0.25": "At the balance",
        "factor one half": "With or without",
        "mixed precision; overflow": "In float16",
    },
    answers={
        "generative/discriminator/probability": ("The score itself should", "Scores may run far"),
    },
    value=lambda real, fake: (real - 1) ** 2 / 2 + fake**2 / 2,
    gradient={"input": lambda real: real - 1, "fake": lambda fake: fake},
    apart=(1.0, 0.0),
    lower=0.0,
    perfect=(1.0, 0.0),
    target_values="binary",
    caption="A parabola around 1 for real samples, and around 0 for generated ones. The gradient is the distance itself, on "
    "both sides.",
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": 1,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", "inf"),
        "redescending": False,
        "elicits": "mean",
        "proper": "strictly proper",
        "calibrated": True,
    },
)
