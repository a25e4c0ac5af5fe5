"""What the losses of two boxes share: their inputs, the lengths and areas that formulas are made of, two sections.

A box is its corners x1, y1, x2, y2. In formulas `b` is the predicted box and `g` the target.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from lossary.declaration.formula import Builder, Symbolic
from lossary.declaration.inputs import Input, Kind
from lossary.declaration.looks import BoxLook
from lossary.declaration.loss import Loss, Precision
from lossary.declaration.reductions import per
from lossary.declaration.references import Properties
from lossary.declaration.sections import Axis, Section
from lossary.declaration.symbols import Expression, cases, equal, maximum, minimum, sign
from lossary.declaration.values import Arrays, Setting

OFFSET_AXIS = Axis("offset", "offset of the predicted box, in its widths", (-3.0, 3.0), 2.2, (-2.2, 2.2))
EDGE_AXIS = Axis("edge", "right edge of the predicted box, in widths of the target", (0.0, 3.0), 1.1, (-1.1, 1.1))

BOX = Kind("boxes: x1, y1, x2, y2 with x1 < x2 and y1 < y2", dims=("D",), takes="boxes")


def _along(x: Expression, y: Expression, d: Expression) -> Expression:
    """What belongs to coordinate d, which is an x or a y."""
    return cases((x, equal(d, 0) | equal(d, 2)), (y, True))


# Each is used where a loss's formula names it, and is written on that page alone.
_WHERE: Mapping[str, Builder] = {
    "wb": lambda b: b[2] - b[0],
    "hb": lambda b: b[3] - b[1],
    "wg": lambda g: g[2] - g[0],
    "hg": lambda g: g[3] - g[1],
    "wi": lambda b, g: maximum(0, minimum(b[2], g[2]) - maximum(b[0], g[0])),
    "hi": lambda b, g: maximum(0, minimum(b[3], g[3]) - maximum(b[1], g[1])),
    "wc": lambda b, g: maximum(b[2], g[2]) - minimum(b[0], g[0]),
    "hc": lambda b, g: maximum(b[3], g[3]) - minimum(b[1], g[1]),
    "overlap": lambda wi, hi: wi * hi,
    "union": lambda wb, hb, wg, hg, overlap: wb * hb + wg * hg - overlap,
    "hull": lambda wc, hc: wc * hc,
    "out": lambda d: cases((-1, d <= 1), (1, True)),
    "inner": lambda b, g, out, d: (1 - out[d] * sign(b[d] - g[d])) / 2,
    "edge_b": lambda wb, hb, d: _along(hb, wb, d),
    "edge_g": lambda wg, hg, d: _along(hg, wg, d),
    "edge_i": lambda wi, hi, d: _along(hi, wi, d),
    "edge_c": lambda wc, hc, d: _along(hc, wc, d),
    "moved": lambda overlap, out, edge_i, d: cases((0, equal(overlap, 0)), (out[d] * edge_i[d], True)),
    "overlap_b": lambda inner, moved, d: inner[d] * moved[d],
    "overlap_g": lambda inner, moved, d: (1 - inner[d]) * moved[d],
    "union_b": lambda out, edge_b, overlap_b, d: out[d] * edge_b[d] - overlap_b[d],
    "union_g": lambda out, edge_g, overlap_g, d: out[d] * edge_g[d] - overlap_g[d],
    "hull_b": lambda inner, out, edge_c, d: (1 - inner[d]) * out[d] * edge_c[d],
    "hull_g": lambda inner, out, edge_c, d: inner[d] * out[d] * edge_c[d],
    "dx": lambda b, g: (b[0] + b[2] - g[0] - g[2]) / 2,
    "dy": lambda b, g: (b[1] + b[3] - g[1] - g[3]) / 2,
    "distance": lambda dx, dy, wc, hc: (dx**2 + dy**2) / (wc**2 + hc**2),
    "offset": lambda dx, dy, d: _along(dx, dy, d),
    "reach": lambda wc, hc, d: _along(wc, hc, d),
    "distance_b": lambda wc, hc, offset, reach, distance, inner, out, d: (
        (offset[d] - 2 * distance * (1 - inner[d]) * out[d] * reach[d]) / (wc**2 + hc**2)
    ),
    "distance_g": lambda wc, hc, offset, reach, distance, inner, out, d: (
        (-offset[d] - 2 * distance * inner[d] * out[d] * reach[d]) / (wc**2 + hc**2)
    ),
}
_NOTATION = {
    "wb": "w_{b}",
    "hb": "h_{b}",
    "wg": "w_{g}",
    "hg": "h_{g}",
    "wi": "w_{I}",
    "hi": "h_{I}",
    "wc": "w_{C}",
    "hc": "h_{C}",
    "overlap": "I",
    "union": "U",
    "hull": "C",
    "out": "n",
    "inner": "e",
    "edge_b": "a_{b}",
    "edge_g": "a_{g}",
    "edge_i": "a_{I}",
    "edge_c": "a_{C}",
    "moved": "s",
    "overlap_b": "I_{b}",
    "overlap_g": "I_{g}",
    "union_b": "U_{b}",
    "union_g": "U_{g}",
    "hull_b": "C_{b}",
    "hull_g": "C_{g}",
    "dx": r"\delta_{x}",
    "dy": r"\delta_{y}",
    "distance": "R",
    "offset": r"\delta",
    "reach": "c",
    "distance_b": "R_{b}",
    "distance_g": "R_{g}",
}
_MEANINGS = {
    "wb": "the width of the predicted box",
    "hb": "the height of the predicted box",
    "wg": "the width of the target",
    "hg": "the height of the target",
    "wi": "the width of the overlap",
    "hi": "the height of the overlap",
    "wc": "the width of the smallest box around both",
    "hc": "the height of the smallest box around both",
    "overlap": "the area of the overlap",
    "union": "the area that the two boxes cover together",
    "hull": "the area of the smallest box around both",
    "d": "runs over the coordinates x1, y1, x2, y2 of a box",
    "out": "the direction out of a box along its coordinate: -1 for x1 and y1, 1 for x2 and y2",
    "inner": "1 where the predicted box bounds the overlap at that coordinate, 0 where the target does, half if both",
    "edge_b": "the length of the predicted box's edge at a coordinate: its height for x1 and x2, else its width",
    "edge_g": "the length of the target's edge at a coordinate",
    "edge_i": "the length of the overlap's edge at a coordinate",
    "edge_c": "the length of the edge of the smallest box around both at a coordinate",
    "moved": "the derivative of the overlap with respect to its own coordinate",
    "overlap_b": "the derivative of the overlap with respect to the predicted box",
    "overlap_g": "the derivative of the overlap with respect to the target",
    "union_b": "the derivative of the union with respect to the predicted box",
    "union_g": "the derivative of the union with respect to the target",
    "hull_b": "the derivative of the area of the box around both with respect to the predicted box",
    "hull_g": "the derivative of the area of the box around both with respect to the target",
    "dx": "the x of the predicted box's centre, minus that of the target's",
    "dy": "the y of the predicted box's centre, minus that of the target's",
    "distance": "the squared distance of the centres, divided by the squared diagonal of the smallest box around both",
    "offset": "the offset of the centres along the axis of a coordinate",
    "reach": "the extent of the smallest box around both along the axis of a coordinate",
    "distance_b": "the derivative of R with respect to the predicted box",
    "distance_g": "the derivative of R with respect to the target",
}

# What the losses of boxes claim along the offset.
_CLAIMS: Properties = {
    "convex": False,
    "smoothness": "C0",
    "lipschitz": 2,
    "gradient_lipschitz": "inf",
    "bounded": True,
    "value_at_perfect": 0,
    "gradient_limits": (0, 0),
    "redescending": True,
}


def batches(setting: Setting) -> list[Arrays]:
    """Pairs that overlap, lie apart and contain each other, of every size and shape, with no edge on another."""
    draw = np.random.default_rng(16)
    count = 24
    target, prediction = (
        np.concatenate([corner, corner + np.exp(spread * draw.normal(size=(count, 2)))], 1)
        for spread in (0.7, 1.2)
        for corner in [draw.normal(size=(count, 2))]
    )
    middle, half = (target[:, :2] + target[:, 2:]) / 2, (target[:, 2:] - target[:, :2]) / 2
    within = np.concatenate([middle - half * draw.uniform(0.1, 0.9, (count, 2)), middle + half * 0.7], 1)
    thin = prediction * [1.0, 1e-3, 1.0, 1e-3]
    far = prediction + draw.normal(size=(count, 1)) * 8
    made: list[Arrays] = [{"input": one, "target": target} for one in (prediction, within, thin, far)]
    made.append({"input": target, "target": within})
    sizes = 10.0 ** draw.uniform(-2, 3, (count, 1))
    sizes[: count // 3] = 1.0
    return [*made, {"input": sizes * prediction, "target": sizes * target}]


def _needed(where: Mapping[str, Builder], builders: Iterable[Builder]) -> dict[str, Builder]:
    """The shorthands that a formula uses, itself or in another of them."""
    found: set[str] = set()
    waiting = list(builders)
    while waiting:
        named = set(inspect.signature(waiting.pop()).parameters) & where.keys()
        waiting += [where[name] for name in named - found]
        found |= named
    return {name: builder for name, builder in where.items() if name in found}


def box_loss(
    value: Builder,
    gradient: Mapping[str, Builder],
    offset: str,
    edge: str,
    *,
    offset_kinks: tuple[Callable[..., Expression], ...],
    properties: Properties,
    where: Mapping[str, Builder] | None = None,
    notation: Mapping[str, str] | None = None,
    meanings: Mapping[str, str] | None = None,
    **declared: Any,
) -> Loss:
    """A loss of two boxes, which is drawn as one slides past the other, and as one edge moves.

    Args:
        value: function of the symbols of the formula, such as `overlap` and `union`.
        gradient: functions of the same for the gradients with respect to both boxes.
        offset: what to see in the picture as the box slides past.
        edge: what to see in the picture as its right edge moves.
        offset_kinks: where it is not smooth as the box slides.
        properties: claims that differ from those of the others.
        where: further shorthands of the formula.
        notation: how they are written, LaTeX by name.
        meanings: what they are, by name.
        declared: whatever else a `Loss` has.
    """
    formula = Symbolic(
        value,
        gradient,
        where=_needed({**_WHERE, **(where or {})}, [value, *gradient.values()]),
        notation={**_NOTATION, **(notation or {})},
        meanings={**_MEANINGS, **(meanings or {})},
    )
    slides = Section(
        axis=OFFSET_AXIS,
        label=OFFSET_AXIS.label,
        span=OFFSET_AXIS.span,
        inputs=lambda t, y: {"input": [t, 0, 1 + t, 1], "target": [0, 0, 1, 1]},
        branches={"": 0.0},
        perfect=0.0,
        kinks=offset_kinks,
        note="The target is the unit square. The predicted box, a square of the same size, slides past it sideways.",
        caption=offset,
        look=BoxLook("target", "input", at=(-2.4, -0.8, 0.0, 0.8, 2.4)),
    )
    stretches = Section(
        axis=EDGE_AXIS,
        label=EDGE_AXIS.label,
        span=(0.05, 3.0),
        inputs=lambda t, y: {"input": [0, 0, t, 1], "target": [0, 0, 1, 1]},
        branches={"": 0.0},
        perfect=1.0,
        limits=(0.0, float("inf")),
        kinks=(lambda: 1,),
        note="The target is the unit square. The other three edges of the predicted box are right.",
        caption=edge,
        look=BoxLook("target", "input", at=(0.25, 0.6, 1.0, 1.6, 2.5)),
    )
    shape: dict[str, Any] = {
        "inputs": (
            Input("input", "b", (BOX,), "(*, 4)", "the predicted boxes, as the corners x1, y1, x2, y2"),
            Input("target", "g", (BOX,), "(*, 4), same as input", "the true boxes, in the same form"),
        ),
        "tasks": ("boxes",),
        "formulas": (formula,),
        "sections": (slides, stretches),
        "batches": batches,
        "reductions": per("pair", "the number of pairs"),
        "precision": Precision(
            absolute=1.0,
            why="it subtracts numbers of size one, so that a loss below the spacing of numbers around 1 is lost",
        ),
        "example": {
            "input": [[10.0, 10.0, 50.0, 40.0], [60.0, 20.0, 90.0, 80.0]],
            "target": [[20.0, 15.0, 55.0, 45.0], [100.0, 25.0, 130.0, 70.0]],
        },
        "properties": {**_CLAIMS, **properties},
    }
    return Loss(**{**shape, **declared})
