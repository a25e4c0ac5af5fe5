"""Comparisons worth a look, offered on the compare page and drawn there for those without scripts.

Plain frozen data by slug; a loss that the catalog does not have is left out. What they say is said of Lossary's own
losses: one of somebody else's that is called like one of them is another loss.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Value = float | bool | str | tuple[float, ...]

MOST = 8  # losses that can be told apart by colour
LEAST = 2  # losses that make a comparison


@dataclass(frozen=True)
class Pick:
    """A loss at some of its settings, the others at their defaults.

    `more` is whether what its preset says more is about it.
    """

    slug: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    more: bool = False

    @property
    def text(self) -> str:
        """As the page's address writes it, such as "huber(delta=0.5)"."""
        told = ",".join(f"{name}={_text(value)}" for name, value in self.settings.items())
        return f"{self.slug}({told})" if told else self.slug


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    return value if isinstance(value, str) else f"{value:g}".replace("e+", "e")


@dataclass(frozen=True)
class Preset:
    """One comparison.

    Attributes:
        name: of its files.
        title, text: what is compared, and what to see.
        more: a sentence that is said besides where a loss is drawn that it is about.
        axis: the axis along which it is drawn.
        picks: the losses, at most as many as can be told apart by colour.
        view: "loss", "gradient" or "curvature".
        normal: "" as they are, "curvature" for equal curvature at the minimum, "tail" for equal slopes of the tails.
    """

    name: str
    title: str
    text: str
    axis: str
    picks: tuple[Pick, ...]
    view: Literal["loss", "gradient", "curvature"] = "loss"
    normal: Literal["", "curvature", "tail"] = ""
    more: str = ""

    @property
    def losses(self) -> str:
        """The losses as the page's address writes them."""
        return ",".join(pick.text for pick in self.picks)


PRESETS = (
    Preset(
        "regression",
        "Between L1 and MSE",
        "Near zero like the square, far out like the absolute value: what a large residual costs, and whether there is "
        "a corner at zero.",
        "residual",
        (Pick("l1"), Pick("mse"), Pick("huber"), Pick("log_cosh")),
    ),
    Preset(
        "huber-smooth-l1",
        "Huber against Smooth L1",
        "The same curve up to a factor: Huber is beta times Smooth L1. One keeps the curvature at zero, the other the "
        "slope of the tails.",
        "residual",
        (
            Pick("huber", {"delta": 0.5}),
            Pick("smooth_l1", {"beta": 0.5}),
            Pick("huber", {"delta": 2.0}),
            Pick("smooth_l1", {"beta": 2.0}),
        ),
    ),
    Preset(
        "influence",
        "What an outlier does to the fit",
        "The gradient is the pull of one sample on the fit. A curve that keeps rising "
        "gives an outlier more pull the farther out it lies; one that levels off sets it a ceiling.",
        "residual",
        (
            Pick("mse"),
            Pick("l1"),
            Pick("huber"),
            Pick("cauchy", more=True),
            Pick("welsch", more=True),
            Pick("geman_mcclure", more=True),
            Pick("tukey_biweight", {"c": 2.5}, more=True),
        ),
        view="gradient",
        more="One that comes back to zero lets go of it.",
    ),
    Preset(
        "margin",
        "Margin losses and the zero-one step",
        "A classifier is wrong where the margin is negative. These losses stand in for that step, with a slope to "
        "descend.",
        "margin",
        (
            Pick("hinge"),
            Pick("squared_hinge"),
            Pick("logistic"),
            Pick("exponential"),
            Pick("modified_huber"),
            Pick("savage"),
            Pick("tangent"),
            Pick("perceptron"),
        ),
    ),
    Preset(
        "bce-focal",
        "Binary cross-entropy against focal loss",
        "The larger gamma is, the less an example counts that is already right: the tail on the right falls away "
        "sooner.",
        "logit",
        (
            Pick("bce_with_logits"),
            Pick("focal", {"gamma": 0.5, "alpha": 1.0}),
            Pick("focal", {"gamma": 2.0, "alpha": 1.0}),
            Pick("focal", {"gamma": 5.0, "alpha": 1.0}),
        ),
    ),
    Preset(
        "divergences",
        "Where a prediction rules out what happens",
        "Towards a predicted probability of 0, Kullback-Leibler and chi-squared grow without bound. Jensen-Shannon, "
        "Hellinger and total variation do not.",
        "probability",
        (
            Pick("kl_div"),
            Pick("chi_squared_divergence"),
            Pick("js_divergence"),
            Pick("hellinger"),
            Pick("total_variation"),
        ),
    ),
    Preset(
        "boxes",
        "Boxes that do not touch",
        "A box that is a width off, or more, does not overlap its target. IoU has no slope there; the two others "
        "still tell near from far.",
        "offset",
        (Pick("iou_loss"), Pick("giou_loss"), Pick("diou_loss")),
    ),
    Preset(
        "push",
        "How hard a dissimilar vector is pushed away",
        "With hinge embedding and triplet margin the push has one size until the margin is met. With contrastive loss "
        "it fades on the way there, and with squared distances it grows.",
        "distance",
        (Pick("hinge_embedding"), Pick("triplet_margin"), Pick("contrastive"), Pick("triplet")),
        view="gradient",
    ),
    Preset(
        "angles",
        "A margin on the angle and on the cosine",
        "ArcFace with m=0 is the cross-entropy of the cosines. Both margins make it rise at a smaller angle; the one "
        "on the angle lets it fall again at the far end.",
        "class-angle",
        (Pick("arcface", {"m": 0.0}), Pick("arcface"), Pick("cosface")),
    ),
    Preset(
        "discriminators",
        "What a discriminator asks of a real sample",
        "The critic of a Wasserstein GAN asks for an ever higher score, the hinge is content with 1, and least squares "
        "pulls a higher one back.",
        "score",
        (Pick("wgan_critic"), Pick("gan_hinge_discriminator"), Pick("lsgan_discriminator")),
    ),
)


def available_presets(
    axes: Mapping[str, Collection[str]], presets: Sequence[Preset] = PRESETS, others: Collection[str] = ()
) -> list[Preset]:
    """The presets of a catalog, each with those of its losses that the catalog has.

    What keeps fewer than two losses is left out, and so is what is said of losses that are not there.

    Args:
        axes: those of each loss of the catalog, by slug.
        presets: what may be offered.
        others: the losses that are not Lossary's own, which no preset means by their name.
    """
    kept = []
    for preset in presets:
        named = (pick for pick in preset.picks if pick.slug not in others)
        present = tuple(pick for pick in named if preset.axis in axes.get(pick.slug, ()))
        if len(present) >= LEAST:
            text = f"{preset.text} {preset.more}" if any(pick.more for pick in present) else preset.text
            kept.append(replace(preset, picks=present, text=text))
    return kept
