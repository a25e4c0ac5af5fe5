"""Lays losses together: in one chart, in a small one each on the same axes, or along what a family's figure moves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.family import SideBySide
from lossary.declaration.loss import Loss
from lossary.declaration.sections import RESIDUAL, Axis, axes
from lossary.drawing.looks import miniatures, told
from lossary.drawing.pictures import MINIATURES_HIGH, Chart, Table, Trace
from lossary.evaluation import points
from lossary.evaluation.curves import curve
from lossary.evaluation.torch_calls import inputs_at, side_by_side_values
from lossary.typesetting.words import rough

# More curves of one chart are hard to follow, though each has a look of its own.
MOST_TOGETHER = 8


@dataclasses.dataclass(frozen=True)
class SharedAxis:
    """Losses on one axis: the curves of members and of context, which is grey, and the heights that all fit in.

    Attributes:
        which: what is drawn: `loss`, `gradient` or `weight`, the gradient divided by the residual.
        axis: what moves.
        members, context: a curve for each loss, by slug.
        ylim: the heights that are shown.
    """

    which: str
    axis: Axis
    members: dict[str, Trace]
    context: dict[str, Trace]
    ylim: tuple[float, float]

    @property
    def standard(self) -> dict[str, Trace]:
        """What losses along the axis stand in for, by its name; empty where nothing is."""
        if self.which != "loss" or self.axis.reference is None:
            return {}
        name, corners = self.axis.reference
        x, y = np.array(corners).T
        return {name: Trace(x, y, "muted", name, strong=False)}

    @property
    def title(self) -> str:
        """What is drawn, in words."""
        return f"{self.which.capitalize()} along the {self.axis.quantity}"

    def table(self) -> Table:
        """The points of all curves, each beside its own places."""
        names: list[str] = []
        columns: list[NDArray[np.float64]] = []
        for slug, trace in {**self.members, **self.context}.items():
            names += [f"{slug} {self.axis.name}", f"{slug} {self.which}"]
            columns += [trace.x, trace.y]
        longest = max(map(len, columns))
        padded = tuple(np.pad(c, (0, longest - len(c)), constant_values=np.nan) for c in columns)
        return Table(tuple(names), padded)

    def overlay(self) -> Chart:
        """All of them in one chart."""
        traces = (*self.members.values(), *self.context.values())
        return Chart(
            title=self.title,
            description=f"The {self.which} of {listed([t.label for t in traces])} along the {self.axis.quantity}.",
            heading=self.which,
            role="ink",
            xlabel=self.axis.label,
            traces=traces,
            ylim=self.ylim,
        )

    @property
    def landmarks(self) -> dict[str, Trace]:
        """What members are held against besides each other: what they stand in for, or else the context."""
        return self.standard or self.context

    def multiples(self) -> dict[str, Chart]:
        """For each member, by slug, its curve alone, to lie before what all small charts share."""
        role = "gradient" if self.which == "gradient" else "loss"
        made = {}
        for slug, trace in self.members.items():
            own = dataclasses.replace(trace, role=role, label="", strong=True, dashed=0)
            chart = self._small(
                f"{trace.label}: {self.which} along the {self.axis.quantity}",
                f"The {self.which} of {trace.label} along the {self.axis.quantity}.",
                role,
                own,
            )
            made[slug] = dataclasses.replace(chart, layer=True)
        return made

    def behind(self) -> Chart:
        """What lies behind each of the small charts, one picture for all: axes, and all in grey, landmarks dashed."""
        others = [
            dataclasses.replace(t, role="distant", label="", strong=False, dashed=0) for t in self.members.values()
        ]
        marks = [
            dataclasses.replace(t, role="faint", label="", strong=False, dashed=1) for t in self.landmarks.values()
        ]
        return self._small(self.title, self.overlay().description, "ink", *others, *marks)

    def _small(self, title: str, description: str, role: str, *traces: Trace) -> Chart:
        """A chart in the size and the ranges of all small ones."""
        x = np.concatenate([t.x for t in (*self.members.values(), *self.landmarks.values())])
        margin = 0.015 * float(np.ptp(x))
        return Chart(
            title=title,
            description=description,
            heading="",
            role=role,
            xlabel="",
            traces=traces,
            size=(230, 160),
            xlim=(float(x.min()) - margin, float(x.max()) + margin),
            ylim=self.ylim,
        )


def listed(labels: Sequence[str]) -> str:
    """Labels in a sentence; those that hold a comma themselves, before a target, are kept apart by semicolons."""
    if len(labels) < 2:
        return "".join(labels)
    apart = any("," in label for label in labels)
    return ("; " if apart else ", ").join(labels[:-1]) + ("; and " if apart else " and ") + labels[-1]


def shared_axis(
    members: Sequence[Loss],
    context: Sequence[Loss],
    axis_name: str,
    which: str,
    span: tuple[float, float] | None = None,
) -> SharedAxis | None:
    """Losses on one axis, over its own span if no other is given; None where no member has such a curve along it."""
    axis = axes(s for loss in (*members, *context) for s in loss.sections)[axis_name]
    if which == "weight" and axis != RESIDUAL:
        return None  # only a residual can be divided by
    own = {loss.slug: trace for loss in members if (trace := _trace_along(loss, axis, which, span or axis.span))}
    grey = {loss.slug: trace for loss in context if (trace := _trace_along(loss, axis, which, span or axis.span))}
    if not own:
        return None
    looks = [(f"trace{k % 8}" if k < len(own) else "muted", k < len(own)) for k in range(len(own) + len(grey))]
    drawn = _told_apart(
        dataclasses.replace(trace, role=role, strong=strong)
        for trace, (role, strong) in zip((*own.values(), *grey.values()), looks, strict=True)
    )
    own, grey = dict(zip(own, drawn, strict=False)), dict(zip(grey, drawn[len(own) :], strict=True))
    return SharedAxis(which, axis, own, grey, _shared_heights(axis, which, list(own.values())))


def _told_apart(traces: Iterable[Trace]) -> list[Trace]:
    """Every other one dashed; one that lies on others is dashed more than they are, so that all of them are seen."""
    drawn: list[Trace] = []
    for k, trace in enumerate(traces):
        dashed = max((other.dashed + 1 for other in drawn if _same(trace, other)), default=k % 2)
        drawn.append(dataclasses.replace(trace, dashed=dashed))
    return drawn


def _same(one: Trace, other: Trace) -> bool:
    """Whether two curves cannot be told apart."""
    return len(one.x) == len(other.x) and bool(np.allclose(one.y, other.y, rtol=1e-6, atol=1e-6))


def _trace_along(loss: Loss, axis: Axis, which: str, span: tuple[float, float]) -> Trace | None:
    """A loss along an axis at its defaults, with both sides of each kink; None where it has no such section."""
    section = next((s for s in loss.sections if s.axis == axis), None)
    if section is None:
        return None
    span = span if np.isinf(section.limits[0]) else section.span
    special = [k for k in points.kinks(loss, section, loss.defaults()) if span[0] < k < span[1]]
    near = [k + side * 1e-9 for k in special for side in (-1, 0, 1)]
    t = np.unique(np.concatenate([np.linspace(*span, points.POINTS), near]))
    if which == "weight":
        t = t[t != 0]  # there it is a limit
    c = curve(loss, section, t, loss.defaults())
    branch = next(iter(section.branches))
    label = f"{loss.title}, {branch}" if len(section.branches) > 1 else loss.title
    return Trace(c.t, c.gradient / c.t if which == "weight" else getattr(c, which), label=label)


def fixed_note(losses: Sequence[Loss], axis: Axis) -> str:
    """What is held fixed along an axis, for those losses that say so; without names where all say the same.

    Notes may speak of a curve for each target, of which a figure of several losses has one.
    """
    told: dict[str, list[str]] = {}
    drawn = [(loss, s) for loss in losses if (s := next((s for s in loss.sections if s.axis == axis), None))]
    for loss, section in drawn:
        if section.note:
            told.setdefault(section.note, []).append(loss.title)
    alike = len(told) == 1 and len(next(iter(told.values()))) == len(drawn)
    notes = [note if alike else f"{', '.join(titles)}: {note}" for note, titles in told.items()]
    if any(len(section.branches) > 1 for _, section in drawn):
        notes.append("Where a loss has several curves, the one that is named is drawn.")
    return " ".join(notes)


def _shared_heights(axis: Axis, which: str, traces: Sequence[Trace]) -> tuple[float, float]:
    if which == "gradient":
        return axis.slopes
    top = axis.top
    if which == "weight":
        # A kink has infinite weight: the heights are those of most of them.
        top = 2.2 * float(np.median([t.y[np.isfinite(t.y)].max() for t in traces]))
    # A score may be a reward turned around, and below zero.
    least = min(float(t.y[np.isfinite(t.y)].min()) for t in traces)
    return min(-0.03 * top, 1.05 * least), top


def side_by_side(figure: SideBySide, members: Sequence[Loss]) -> tuple[list[tuple[list[Loss], Chart]], Table]:
    """A family's own figure, of those of its losses that have a call for it: who is in each chart, and all numbers.

    It is one chart as long as its curves can be told apart, and otherwise several on the same scales.
    """
    t = np.linspace(*figure.span, points.POINTS)
    values = [(loss, side_by_side_values(loss, figure, t)) for loss in members if figure.name in loss.side_by_side]
    several = [values[k : k + MOST_TOGETHER] for k in range(0, len(values), MOST_TOGETHER)]
    ylim = None if figure.top is None else (-0.03 * figure.top, figure.top)
    if ylim is None and len(several) > 1:
        heights = np.concatenate([y[np.isfinite(y)] for _, y in values])
        least, most = float(heights.min()), float(heights.max())
        ylim = (least - 0.03 * (most - least), most + 0.03 * (most - least))
    charts = [
        (
            [loss for loss, _ in some],
            _side_by_side(figure, t, some, ylim, f", {k} of {len(several)}" * (len(several) > 1)),
        )
        for k, some in enumerate(several, 1)
    ]
    return charts, Table((figure.label, *(loss.slug for loss, _ in values)), (t, *(y for _, y in values)))


def _side_by_side(
    figure: SideBySide,
    t: NDArray[np.float64],
    values: Sequence[tuple[Loss, NDArray[np.float64]]],
    ylim: tuple[float, float] | None,
    which: str,
) -> Chart:
    traces = tuple(_told_apart(Trace(t, y, f"trace{k}", loss.title) for k, (loss, y) in enumerate(values)))
    ends = "; ".join(f"{trace.label}: from {rough(trace.y[0])} to {rough(trace.y[-1])}" for trace in traces)
    drawn = miniatures(figure.look, figure.span, lambda at: inputs_at(figure, at))
    return Chart(
        title=f"{figure.title}{which}",
        description=f"{figure.heading.capitalize()} over the {figure.label}, {rough(t[0])} to {rough(t[-1])}. {ends}."
        + (f" {told(drawn, figure.look)}" if figure.look else ""),
        heading=figure.heading,
        role="ink",
        xlabel=figure.label,
        traces=traces,
        size=(560, 420 + (MINIATURES_HIGH if drawn else 0)),
        ylim=ylim,
        miniatures=drawn,
    )
