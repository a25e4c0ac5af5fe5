"""Preference

Losses that train a policy, such as a language model, by what was liked: from pairs of answers of which one was
preferred, or from actions and how much better they did than expected. Each compares the policy with an earlier one that
is not trained, and keeps it near in its own way.
"""

import torch

from lossary.declaration import Shown, SideBySide


def _apart(difference: torch.Tensor) -> dict[str, torch.Tensor]:
    """The log-ratios of a preferred answer and of another one, which has moved nowhere."""
    return {"difference": difference, "zero": torch.zeros_like(difference)}


shown = Shown(
    figures=(
        SideBySide(
            "beta-one",
            "DPO and IPO with the same beta",
            label="difference of the log-ratios",
            span=(-4.0, 4.0),
            inputs=_apart,
            caption="With beta=1, policy and reference agree at 0. DPO falls all the way, ever more slowly. IPO is lowest at 1/2 and "
            "rises again. Another beta stretches both to the sides by 1 / beta; it leaves the heights of DPO as they are and divides "
            "those of IPO by beta squared.",
            top=6.0,
        ),
    ),
)
