"""Turns what a loss declares besides its sections into pictures: heat maps, studies, formats, scenes, diagrams.

Sections whose inputs have a look are drawn here as well, with that look over the curve.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.loss import Loss
from lossary.declaration.sections import HeatMap, Section, Study
from lossary.declaration.values import Setting
from lossary.drawing.looks import miniatures, told
from lossary.drawing.pictures import MINIATURES_HIGH, Arrow, Chart, Lattice, Plane, Surface, Table, Trace, View
from lossary.evaluation.curves import (
    FormatCurve,
    curve,
    curve_at_kinks,
    format_curves,
    pulls,
    section_inputs,
    study_curves,
    surface,
)
from lossary.evaluation.points import POINTS, grid
from lossary.typesetting.words import number, rough

MAP_POINTS = 61


def setting_told(loss: Loss, parameters: Setting) -> str:
    """The numbers at which a figure is drawn, as a sentence with a space before it; nothing where there is none."""
    given = [
        f"{p.name} = {parameters[p.name]:g}" for p in loss.parameters if p.kind.plain and parameters[p.name] is not None
    ]
    return f" At {', '.join(given)}." if given else ""


def look_views(loss: Loss, parameters: Setting | None = None) -> list[View]:
    """The loss along each section whose inputs have a look, with what they look like at a few points over it."""
    settings = loss.defaults() if parameters is None else parameters
    return [_look_view(loss, section, settings) for section in loss.sections if section.look is not None]


def _look_view(loss: Loss, section: Section, settings: Setting) -> View:
    look = section.look
    assert look is not None
    along = curve(loss, section, grid(loss, section, settings), settings)
    special, _ = curve_at_kinks(loss, section, settings)
    low, high = section.span
    drawn = miniatures(look, section.span, lambda at: section_inputs(loss, section, at, settings))
    kinks = zip(special.t.tolist(), special.loss.tolist(), strict=True)
    chart = Chart(
        title=f"{loss.title}: {look.title.lower()}, by the {section.quantity}",
        description=f"Loss from {rough(along.loss[0])} at {rough(along.t[0])} to {rough(along.loss[-1])} at "
        f"{rough(along.t[-1])}. {section.note}{setting_told(loss, settings)} {told(drawn, look)}",
        heading="loss",
        role="loss",
        xlabel=section.label,
        traces=(Trace(along.t, along.loss),),
        kinks=tuple((x, y) for x, y in kinks if low < x < high),
        ends=tuple(end for end in section.limits if np.isfinite(end)),
        size=(460, 330 + MINIATURES_HIGH),
        miniatures=drawn,
    )
    # What is to be seen along the main section stands below the loss itself.
    caption = " ".join(([] if section is loss.main else [section.caption]) + [look.words, section.note])
    return View(
        _look_name(section),
        f"{look.title}, by the {section.quantity}",
        f"{chart.title}. {chart.description}",
        caption,
        chart,
        Table((section.axis.name, "loss"), (along.t, along.loss)),
    )


def _look_name(section: Section) -> str:
    return f"{section.axis.name}-pictures"


def map_views(loss: Loss, parameters: Setting | None = None) -> list[View]:
    """The heat maps that a loss declares."""
    settings = loss.defaults() if parameters is None else parameters
    made = []
    for chart in loss.maps:
        across, up, values = surface(loss, chart, MAP_POINTS, settings)
        low, high = float(values.min()), float(values.max())
        picture = Surface(
            title=chart.title,
            description=f"From {rough(low)} to {rough(high)}. "
            f"Across: {chart.labels[0]}. Up: {chart.labels[1]}. {chart.note}{setting_told(loss, settings)}",
            heading="loss",
            xlabel=chart.labels[0],
            ylabel=chart.labels[1],
            across=across,
            up=up,
            values=values,
            path=_path(chart, across, up),
        )
        wide = np.meshgrid(across, up)
        table = Table((chart.labels[0], chart.labels[1], "loss"), (wide[0].ravel(), wide[1].ravel(), values.ravel()))
        made.append(
            View(
                chart.name,
                chart.title,
                f"{chart.title}. {picture.description}",
                f"{chart.caption} {chart.note}",
                picture,
                table,
            )
        )
    return made


def _path(
    chart: HeatMap, across: NDArray[np.float64], up: NDArray[np.float64]
) -> tuple[str, NDArray[np.float64], NDArray[np.float64]] | None:
    """The line of a heat map, as far as it lies within."""
    if chart.path is None:
        return None
    words, line = chart.path
    x = np.linspace(across[0], across[-1], POINTS)
    y = line(x)
    return words, x, np.where((y >= up[0]) & (y <= up[-1]), y, np.nan)


def study_views(study: Study) -> list[View]:
    """A further figure that a loss declares, and its derivative where it asks for that."""
    t = np.array(study.points or np.linspace(*study.span, POINTS), dtype=float)
    drawn = study_curves(study, t)
    made = []
    for which in ("loss", "gradient") if study.gradient else ("loss",):
        heading = "gradient" if which == "gradient" else study.heading
        curves = {label: pair[which == "gradient"] for label, pair in drawn.items()}
        traces = tuple(
            Trace(t, y, f"trace{k % 8}", label, dashed=(k + k // 8) % 2, dotted=bool(study.points))
            for k, (label, y) in enumerate(curves.items())
        )
        told = "; ".join(f"{label}: from {rough(y[0])} to {rough(y[-1])}" for label, y in curves.items())
        chart = Chart(
            title=study.title if which == "loss" else f"{study.title}: gradient",
            description=f"{heading[:1].upper()}{heading[1:]} over the {study.label}, "
            f"{rough(t[0])} to {rough(t[-1])}. {told}. {study.note}",
            heading=heading,
            role="gradient" if which == "gradient" else "loss",
            xlabel=study.label,
            traces=traces,
            # Beside its gradient as other pairs; alone so small that a phone, too, shows its letters large enough.
            size=(460, 330) if study.gradient else (400, 320),
        )
        name = study.name if which == "loss" else f"{study.name}-gradient"
        caption = f"{study.caption} {study.note}" if which == "loss" else "Their derivatives, computed by autograd."
        table = Table((study.label, *curves), (t, *curves.values()))
        made.append(View(name, chart.title, f"{chart.title}. {chart.description}", caption.strip(), chart, table))
    return made


# From here on a linear axis would hide all but the largest values.
_WIDE = 1e4
_FORMAT_ROLES = {"float64": "loss", "float32": "trace1", "bfloat16": "trace3", "float16": "trace6"}


def format_views(loss: Loss) -> list[View]:
    """Loss and gradient in each number format, on the line where they part."""
    line = loss.extremes
    if line is None:
        return []
    t = np.linspace(*line.span, POINTS)
    moved = 10**t if line.powers else t
    found = format_curves(loss, line, moved)
    moving = line.label.split(",")[0]
    gradient = f"gradient with respect to {line.of or f'the {moving}'}"
    if line.of in _vectors(loss):
        gradient = f"length of the {gradient}"
    made = []
    for which in ("loss", "gradient"):
        heading = gradient if which == "gradient" else which
        traces = tuple(
            Trace(
                np.log10(f.t) if line.powers else f.t,
                getattr(f, which),
                _FORMAT_ROLES[f.dtype],
                f.dtype,
                strong=False,
                dashed=k > 0,
            )
            for k, f in enumerate(found)
            if np.isfinite(getattr(f, which)).any()
        )
        largest = max(float(np.abs(trace.y[np.isfinite(trace.y)]).max()) for trace in traces)
        told = " ".join(filter(None, (_where_it_breaks(which, f.dtype, f.t, getattr(f, which)) for f in found)))
        ends = " ".join(filter(None, (_where_it_ends(f, moved) for f in found)))
        chart = Chart(
            title=f"{loss.title}: {which} by number format",
            description=f"The {heading} along the {line.label} in {', '.join(f.dtype for f in found)}. {told}",
            heading=heading,
            role=which,
            xlabel=line.label,
            traces=traces,
            logarithmic=largest > _WIDE,
        )
        name = "formats" if which == "loss" else "formats-gradient"
        words = (
            f"{line.caption} {line.note}"
            if which == "loss"
            else f"The {heading}, computed by autograd in the same format."
        )
        columns, names = [], []
        longest = max(len(f.t) for f in found)
        for f in found:  # columns of one length: a format with fewer numbers has none at the end
            missing = np.full(longest - len(f.t), np.nan)
            columns += [np.append(f.t, missing), np.append(getattr(f, which), missing)]
            names += [f"{moving} in {f.dtype}", f"{which} in {f.dtype}"]
        made.append(
            View(
                name,
                f"{which.capitalize()} by number format",
                f"{chart.title}. {chart.description}",
                " ".join(filter(None, (words.strip(), told, ends if which == "loss" else ""))),
                chart,
                Table(tuple(names), tuple(columns)),
            )
        )
    return made


def _vectors(loss: Loss) -> set[str]:
    """The inputs that hold vectors."""
    return {i.name for i in loss.inputs if i.candidates(loss.defaults())[0].rank}


def _where_it_ends(one: FormatCurve, moved: NDArray[np.float64]) -> str:
    """One sentence on which of the numbers `moved` a format does not have."""
    least, most = one.ends
    ends = [f"ends at {number(most)}"] if moved.max() > most else []
    ends += [f"has no positive number below {number(least)}"] if 0 < moved.min() < least else []
    return f"{one.dtype} {' and '.join(ends)}." if ends else ""


def _where_it_breaks(which: str, dtype: str, t: NDArray[np.float64], values: NDArray[np.float64]) -> str:
    """One sentence on where a curve is infinite or not a number, or nothing."""
    broken = ~np.isfinite(values)
    if not broken.any():
        return ""
    what = "NaN" if np.isnan(values[broken]).all() else "not finite"
    if np.isinf(values[broken]).all():
        what = "minus infinity" if (values[broken] < 0).all() else "infinite"
    first, last = np.flatnonzero(broken)[[0, -1]]
    low, high = number(float(t[first])), number(float(t[last]))
    if broken.all():
        place = "everywhere"
    elif broken[: last + 1].all():
        place = f"up to {high}"
    elif broken[first:].all():
        place = f"from {low} on"
    elif broken[first : last + 1].all():
        place = f"between {low} and {high}"
    elif broken[0] and broken[-1]:
        start, end = np.flatnonzero(~broken)[[0, -1]]
        place = f"below {number(float(t[start]))} and above {number(float(t[end]))}"
    else:
        place = f"at {broken.sum()} points between {low} and {high}"
    return f"In {dtype} the {which} is {what} {place}."


def scene_views(loss: Loss) -> list[View]:
    """The scenes that a loss declares: vectors in the plane, and where minus the gradient sends them."""
    made = []
    for scene in loss.scenes:
        value, steps = pulls(loss, scene)
        arrows = tuple(Arrow(name, *map(float, scene.inputs[name]), *map(float, step)) for name, step in steps.items())
        told = "; ".join(
            f"{a.label} at ({rough(a.x)}, {rough(a.y)}) moves by ({rough(a.dx)}, {rough(a.dy)})" for a in arrows
        )
        picture = Plane(
            title=scene.title,
            description=f"Loss {rough(value)}. Minus the gradient: {told}. {scene.note}",
            heading=f"loss {number(value)}",
            arrows=arrows,
        )
        table = Table(
            ("x", "y", "step in x", "step in y"),
            tuple(np.array(column) for column in zip(*((a.x, a.y, a.dx, a.dy) for a in arrows), strict=True)),
        )
        alt = f"{scene.title}. {picture.description}"
        made.append(View(scene.name, scene.title, alt, f"{scene.caption} {scene.note}".strip(), picture, table))
    return made


def diagram_views(loss: Loss) -> list[View]:
    """The networks that a loss declares."""
    made = []
    for diagram in loss.diagrams:
        network = diagram.build()
        heaviest = max(network.nodes, key=lambda node: node.weight)
        picture = Lattice(
            title=diagram.title,
            description=f"{len(network.nodes)} nodes in {len(network.columns)} columns, {len(network.edges)} edges; "
            f"{network.weight} is largest at {network.rows[heaviest.row]}, {network.xlabel} "
            f"{network.columns[heaviest.column]}: {rough(heaviest.weight)}. {diagram.note}",
            heading="",
            network=network,
        )
        names = ("column", "row", "weight")
        columns = zip(*((n.column + 1, n.row + 1, n.weight) for n in network.nodes), strict=True)
        table = Table(names, tuple(np.array(column, dtype=float) for column in columns))
        alt = f"{diagram.title}. {picture.description}"
        made.append(View(diagram.name, diagram.title, alt, f"{diagram.caption} {diagram.note}".strip(), picture, table))
    return made


def further_views(loss: Loss) -> list[View]:
    """The figures that a loss declares besides its sections."""
    studies = [view for study in loss.studies for view in study_views(study)]
    return [
        *look_views(loss),
        *map_views(loss),
        *studies,
        *scene_views(loss),
        *diagram_views(loss),
        *format_views(loss),
    ]


def at_any_setting(loss: Loss) -> list[str]:
    """The names of those of them that can be drawn at any numbers as parameters."""
    looks = [_look_name(section) for section in loss.sections if section.look is not None]
    return [*looks, *(chart.name for chart in loss.maps)]


def further_names(loss: Loss) -> list[str]:
    """The names of those figures, without drawing them."""
    names = at_any_setting(loss)
    for study in loss.studies:
        names += [study.name, f"{study.name}-gradient"] if study.gradient else [study.name]
    names += [scene.name for scene in loss.scenes]
    names += [diagram.name for diagram in loss.diagrams]
    return [*names, "formats", "formats-gradient"] if loss.extremes else names
