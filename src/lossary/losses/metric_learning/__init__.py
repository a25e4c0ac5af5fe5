"""Metric learning

Losses that compare vectors by their distance or their angle: what belongs together is pulled together, and what does
not is pushed apart. Where there is a softmax the push fades and never ends; elsewhere it ends at a margin.
"""

import torch

from lossary.declaration import Shown, SideBySide


def _turns(angle: torch.Tensor) -> dict[str, torch.Tensor]:
    """Two vectors of length 1 at an angle, and a stranger at a right angle to both."""
    zero = torch.zeros_like(angle)
    return {
        "first": torch.stack([zero + 1, zero, zero], 1),
        "second": torch.stack([angle.cos(), angle.sin(), zero], 1),
        "stranger": torch.stack([zero, zero, zero + 1], 1),
        "cosine": angle.cos(),
        "target": zero,
    }


shown = Shown(
    figures=(
        SideBySide(
            "turns",
            "Two that belong together turn away from each other",
            label="angle between the two, in radians",
            span=(0.0, 3.1),
            inputs=_turns,
            caption="Two vectors of length 1 that belong together, and a stranger at a right angle to both; each loss at its "
            "defaults. The contrastive loss of the Euclidean distance is here what cosine embedding charges, and both charge for every "
            "angle. The losses that compare with the stranger begin near the right angle, or before it with a margin, and "
            "rise the more steeply, the lower the temperature or the larger the scale is. NT-Xent, whose temperature is high, "
            "never comes down to zero.",
            top=3.0,
        ),
    ),
)
