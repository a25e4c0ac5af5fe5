r"""Gaussian KL to the standard normal

The divergence of a normal distribution, given by its mean and the logarithm of its variance, from the standard normal
one: the penalty on the codes of a variational autoencoder.

## When to use it

- In a variational autoencoder, to keep the distribution of each code near the prior, a standard normal.
- The encoder gives a mean and a log-variance for each latent coordinate, independent of each other. The divergence
  then has this closed form, and nothing has to be sampled.

## When not to

- The distributions are given by probabilities of outcomes: [[kl_div]].
- The prior is not the standard normal, or the coordinates are correlated. The formula is another one;
  `torch.distributions.kl_divergence` knows many.
- You fit a mean and a variance to data: [[gaussian_nll]].

## Pitfalls

### The reduction sets the balance with the reconstruction

The divergence of one sample is the sum over its latent coordinates. `"mean"` also divides by their number, so the
penalty is weaker than in the evidence lower bound by the size of the latent space. Sum this term over the coordinates and
the reconstruction over its own elements, and average both over the batch alone.

```python
mean = torch.ones(4, 16)
logvar = torch.zeros(4, 16)

each = -0.5 * (1 + logvar - mean**2 - logvar.exp())
print("mean over all elements   ", each.mean().item())
print("sum, averaged over batch ", each.sum(1).mean().item())
```

```output
mean over all elements    0.5
sum, averaged over batch  8.0
```

### The second argument is the logarithm of the variance

Any real number is a valid log-variance, so the deviation, its logarithm or the variance is silently accepted.

```python
mean, deviation = torch.zeros(1), torch.tensor([2.0])
normal = torch.distributions.Normal(mean, deviation)
print("torch.distributions  ", torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)))

readings = {"log-variance": 2 * deviation.log(), "log of deviation": deviation.log(), "deviation": deviation}
readings["variance"] = deviation**2
for name, logvar in readings.items():
    print(f"{name:21}", -0.5 * (1 + logvar - mean**2 - logvar.exp()))
```

```output
torch.distributions   tensor([0.8069])
log-variance          tensor([0.8069])
log of deviation      tensor([0.1534])
deviation             tensor([2.1945])
variance              tensor([24.7991])
```

### A large log-variance overflows

The exponential of 89 is infinite in float32, and of 12 in float16. The loss and the gradient are infinite with it, and one
step of Adam makes the weights NaN. Compute the loss in float32, and clamp the log-variance below that; one that was clamped
gets no gradient from here.

```python
for dtype, size in ((torch.float16, 12.0), (torch.float32, 12.0), (torch.float32, 89.0)):
    logvar = torch.tensor(size, dtype=dtype, requires_grad=True)
    loss = -0.5 * (1 + logvar - logvar.exp())
    loss.backward()
    print(dtype, f"log-variance {size:g}: loss {loss.item():.6g}, gradient {logvar.grad.item():.6g}")

for most in (math.inf, 20.0):
    logvar = torch.tensor(89.0, requires_grad=True)
    held = logvar.clamp(max=most)
    (-0.5 * (1 + held - held.exp())).backward()
    torch.optim.Adam([logvar], lr=0.1).step()
    print(f"clamped at {most:g}: gradient {logvar.grad.item():g}, after a step of Adam {logvar.item():g}")
```

```output
torch.float16 log-variance 12: loss inf, gradient inf
torch.float32 log-variance 12: loss 81370.9, gradient 81376.9
torch.float32 log-variance 89: loss inf, gradient inf
clamped at inf: gradient inf, after a step of Adam nan
clamped at 20: gradient 0, after a step of Adam 89
```

### A coordinate whose divergence is zero says nothing

It is zero only at a mean of 0 and a variance of 1, whatever went in: then the coordinate has the same distribution for each
input, and a decoder learns nothing from it. A falling loss may be this posterior collapse. Look at the divergence of each
coordinate, averaged over the batch.

```python
mean = torch.tensor([[1.5, 0.0], [-1.5, 0.0], [0.5, 0.0]])
logvar = torch.tensor([[-3.0, 0.0], [-3.0, 0.0], [-3.0, 0.0]])

each = -0.5 * (1 + logvar - mean**2 - logvar.exp())
print("of each coordinate", each.mean(0).abs())
```

```output
of each coordinate tensor([1.8166, 0.0000])
```

## Relations

With a log-variance of zero it is half of [[mse]] between the mean and zero.

    functional.kl_gaussian(input, 0 * input) == F.mse_loss(input, 0 * input) / 2

## In other libraries

- PyTorch
  `torch.distributions.kl_divergence(torch.distributions.Normal(input, (logvar / 2).exp()), torch.distributions.Normal(0.0, 1.0))`

## References

- Diederik P. Kingma and Max Welling (2013). Auto-Encoding Variational Bayes. arXiv. arXiv:1312.6114
"""

import torch

from lossary.declaration import REAL, RESIDUAL, HeatMap, Input, Kind, Loss, Precision, Section, Symbolic, exp, terms


def kl_gaussian(input: torch.Tensor, logvar: torch.Tensor, *, reduction: str = "mean") -> torch.Tensor:
    loss = (input.square() + torch.expm1(logvar) - logvar) / 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss.sum() if reduction == "sum" else loss.mean()


LOG_VARIANCE = Kind(
    "logarithms of variances (any real number)",
    values=(-700.0, -40.0, -7.0, -1.0, -0.1, 0.0, 0.1, 1.0, 7.0, 40.0, 700.0),
)

loss = Loss(
    function=kl_gaussian,
    aliases=terms("VAE KL loss; KL to the standard normal"),
    tasks=("distributions", "generative"),
    search_terms=terms(
        "variational autoencoder kl term; latent regularisation; beta-VAE penalty; "
        "KL divergence between a diagonal Gaussian and N(0, 1); mu and logvar; VAE; latent regulariser; "
        "encoder's mean and log variance; posterior against a standard normal prior; "
        "evidence lower bound, ELBO; reparameterisation trick; closed form of the KL divergence of Gaussians; "
        "variational inference; latent code of a VAE; regularise the latent space; "
        "VAE latent regularisation; -0.5 * sum(1 + logvar - mu^2 - exp(logvar)); "
        "ELBO regulariser; mean and log variance of an encoder; latent code close to a standard normal; "
        "variational autoencoder; "
        "latent codes near a standard normal"
    ),
    concepts={
        "beta-VAE; weight of the KL term; sum or mean over latent coordinates": "The reduction sets",
        "logvar; standard deviation instead of log-variance": "The second argument",
        "exp overflow; nan in a VAE; clamp logvar": "A large log-variance",
        "posterior collapse; KL vanishing": "A coordinate whose divergence",
    },
    answers={
        "distributions/gaussian": ("The encoder gives", "You fit a mean"),
        "generative/code": ("In a variational", "The prior is not"),
    },
    inputs=(
        Input("input", "mean", (REAL,), "(*)", "the means", latex=r"\mu"),
        Input(
            "logvar",
            "logvar",
            (LOG_VARIANCE,),
            "(*), same as input",
            "the logarithms of the variances",
            latex="v",
        ),
    ),
    formulas=(
        Symbolic(
            value=lambda mean, logvar: (mean**2 + exp(logvar) - 1 - logvar) / 2,
            gradient={"input": lambda mean: mean, "logvar": lambda logvar: (exp(logvar) - 1) / 2},
        ),
    ),
    precision=Precision(
        size=lambda mean, logvar: 1 + mean**2 + exp(logvar) + abs(logvar),
        why="its terms cancel near the standard normal",
    ),
    sections=(
        Section(
            axis=RESIDUAL,
            label="mean",
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input": t, "logvar": 0},
            branches={"": 0.0},
            perfect=0.0,
            note="One coordinate with a variance of 1. What moves is the mean itself, its distance from the prior's mean of 0.",
            caption="Along the mean it is a parabola, half the square, lowest where the mean is zero.",
        ),
    ),
    figures=(
        HeatMap(
            name="mean-and-log-variance",
            title="Loss over the mean and the log-variance",
            labels=("mean, input", "log-variance, logvar"),
            spans=((-3.0, 3.0), (-8.0, 3.0)),
            inputs=lambda s, t: {"input": s, "logvar": t},
            note="One coordinate.",
            caption="Zero at a mean of 0 and a log-variance of 0 alone. Upwards it grows with the variance itself, "
            "downwards only with its logarithm.",
        ),
    ),
    example={"input": [0.5, 0.0, -1.0], "logvar": [0.0, -1.0, 0.5]},
    side_by_side={"two-normals": 'functional.kl_gaussian(distance, 0 * distance, reduction="none")'},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "lipschitz": "inf",
        "gradient_lipschitz": 1,
        "bounded": False,
        "value_at_perfect": 0,
        "gradient_limits": ("-inf", "inf"),
        "redescending": False,
    },
)
