"""Segmentation

Losses that compare a predicted mask with the true one by how much the two overlap. Each adds up over all the pixels of a
mask before it divides, so that an object that is missed altogether costs the same whether it fills the picture or a
corner of it.
"""

import torch

from lossary.declaration import Shown, SideBySide


def _sliding(overlap: torch.Tensor) -> dict[str, torch.Tensor]:
    """A region as large as the object, of which this share lies on the object and the rest beside it."""
    input = torch.stack((overlap, 1 - overlap), 1)
    return {"input": input, "target": torch.tensor([1.0, 0.0], dtype=input.dtype).expand_as(input)}


def _growing(share: torch.Tensor) -> dict[str, torch.Tensor]:
    """An object that takes up this share of a picture, and a prediction that is 0.9 sure of the right answer everywhere."""
    # so many pixels that the object has a whole number of them at each place of the figure
    target = (torch.arange(800) < (share[:, None] * 800).round()).to(share.dtype)
    return {"input": 0.1 + 0.8 * target, "target": target}


shown = Shown(
    figures=(
        SideBySide(
            "overlap",
            "A region that slides onto the object",
            label="share of the object that is covered",
            span=(0.0, 1.0),
            inputs=_sliding,
            caption="The predicted region is as large as the object, and all of it is certain. Dice loss and Tversky loss are "
            "the same straight line, as their weights of the two errors add up to 1. Jaccard loss is higher and falls "
            "faster the better the two overlap. Focal Tversky loss is a power of the line: its slope grows without bound "
            "at the end.",
        ),
        SideBySide(
            "size",
            "The same certainty for a small and a large object",
            label="share of the picture that the object takes up",
            span=(0.005, 0.505),
            inputs=_growing,
            caption="Every pixel gives 0.9 to the right answer, so that cross-entropy is the same for each size. Around a small "
            "object the tenths of the background add up to far more than the object, and the losses are near 1.",
        ),
    ),
)
