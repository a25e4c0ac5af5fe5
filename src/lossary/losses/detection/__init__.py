"""Detection

Losses of a predicted box and a true one. All begin with how much of the area that the two cover together they share, and
most add a penalty, so that boxes which share nothing still pull on each other.
"""

import torch

from lossary.declaration import BoxLook, Shown, SideBySide


def _around(x: torch.Tensor, width: torch.Tensor | float, height: torch.Tensor | float) -> torch.Tensor:
    """Boxes of these sizes whose centres lie at x on one horizontal line."""
    half_width, half_height = (torch.as_tensor(side, dtype=x.dtype).expand_as(x) / 2 for side in (width, height))
    return torch.stack([x - half_width, -half_height, x + half_width, half_height], -1)


def _slides(x: torch.Tensor) -> dict[str, torch.Tensor]:
    """A small high box that slides past a wide one."""
    return {"input": _around(x, 0.4, 1.2), "target": _around(0 * x, 3.0, 1.5)}


def _grows(side: torch.Tensor) -> dict[str, torch.Tensor]:
    """A square that grows around a place beside a square of side 1."""
    return {"input": _around(0 * side + 2, side, side), "target": _around(0 * side, 1.0, 1.0)}


def _flattens(width: torch.Tensor) -> dict[str, torch.Tensor]:
    """A box of area 1 around the centre of a square of side 1."""
    return {"input": _around(0 * width, width, 1 / width), "target": _around(0 * width, 1.0, 1.0)}


shown = Shown(
    figures=(
        SideBySide(
            "slides",
            "A box slides past and moves away",
            label="offset of the centres",
            span=(-6.0, 6.0),
            inputs=_slides,
            caption="The target is 3 wide and 1.5 high, the predicted box 0.4 wide and 1.2 high, on one line with it. As long "
            "as it lies inside the target, the IoU and GIoU losses do not see where, and outside the IoU loss is "
            "flat as well. The losses with a distance have one lowest point, where the centres agree. CIoU charges for the shape as well.",
            top=2.0,
            look=BoxLook("target", "input"),
        ),
        SideBySide(
            "grows",
            "A box beside its target grows",
            label="side of the predicted box",
            span=(0.1, 8.0),
            inputs=_grows,
            caption="The target is the unit square, and the predicted box a square around a point two units away. It reaches "
            "the target with a side of 3 and covers it with a side of 5. Before 3 the IoU loss is flat and the others fall for the most part: "
            "they reward growth that brings no overlap. After 5 the IoU and GIoU losses rise again, and the losses with a "
            "distance go on falling, since the diagonal that divides the distance grows.",
            top=2.0,
            look=BoxLook("target", "input"),
        ),
        SideBySide(
            "flattens",
            "A box of the right area and place becomes flat",
            label="width of the predicted box",
            span=(0.2, 5.0),
            inputs=_flattens,
            caption="The target is the unit square. The predicted box has its centre and its area, so that it is higher "
            "than wide on the left and wider than high on the right. The DIoU loss is the IoU loss here. GIoU counts "
            "the empty corners of the box around both, CIoU the ratio of the sides.",
            top=2.0,
            look=BoxLook("target", "input"),
        ),
    ),
)
