"""Turns curves into pictures: which views a loss has, what each shows, and what its words say. Draws nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter
from lossary.declaration.sections import Section, axes
from lossary.declaration.values import Setting
from lossary.drawing.declared_views import further_names, further_views
from lossary.drawing.pictures import Card, Chart, Picture, Table, Trace, View
from lossary.errors import LossaryError, nearest
from lossary.evaluation import high_precision, points
from lossary.evaluation.curves import Curve, check_drawable, curve, kinked, section_inputs, suits
from lossary.evaluation.settings import check_parameters
from lossary.typesetting import formula_latex
from lossary.typesetting.torch_code import short_call
from lossary.typesetting.words import number, rough

# What is drawn along a section: the views of one loss that a comparison has as well.
CURVES = ("loss", "gradient", "curvature")


def _curve(loss: Loss, section: Section, parameters: Setting, y: float) -> Curve:
    return curve(loss, section, points.grid(loss, section, parameters), parameters, y)


@dataclasses.dataclass(frozen=True)
class _Line:
    """All that is drawn along a section at some settings, evaluated once for every view that shows it.

    Attributes:
        curves: the curve of each branch.
        special: the kinks of the section, and there the curve of the branch that has the kink.
    """

    curves: dict[str, Curve]
    special: Curve


def _line(loss: Loss, section: Section, parameters: Setting) -> _Line:
    curves = {label: _curve(loss, section, parameters, y) for label, y in section.branches.items()}
    return _Line(curves, kinked(loss, section, parameters)[0])


def line_view(loss: Loss, which: str, parameters: Setting, line: _Line | None = None) -> View:
    """The loss, its gradient or its curvature along the main section, a curve for each branch."""
    section = loss.main
    line = line or _line(loss, section, parameters)
    chart = _line_chart(loss, which, parameters, section, line)
    names, columns = [section.axis.name], [chart.traces[0].x]
    for label, trace in zip(section.branches, chart.traces, strict=True):
        names.append(f"{which} ({label})" if label else which)
        columns.append(trace.y)
    caption = section.caption if which == "loss" else _gradient_caption(section, line)
    word = which.capitalize()
    table = Table(tuple(names), tuple(columns))
    return View(which, word, f"{word} of {loss.title}. {chart.description}", caption, chart, table)


def _line_chart(loss: Loss, which: str, parameters: Setting, section: Section, line: _Line) -> Chart:
    curves = line.curves
    traces = tuple(
        Trace(c.t, getattr(c, which), which, label, strong=k == 0, dashed=k > 0)
        for k, (label, c) in enumerate(curves.items())
    )
    return Chart(
        title=f"{loss.title}: {which}",
        description=f"{_shape(next(iter(curves.values())), which)} {section.note}{_setting(loss, parameters)}",
        heading=which,
        role=which,
        xlabel=section.label,
        traces=traces,
        kinks=_marks(section, line, which),
        ends=tuple(e for e in section.limits if np.isfinite(e)),
    )


def _marks(section: Section, line: _Line, which: str) -> tuple[tuple[float, float], ...]:
    low, high = section.span
    places = zip(line.special.t.tolist(), getattr(line.special, which).tolist(), strict=True)
    return tuple((x, y) for x, y in places if low < x < high)


def _shape(c: Curve, which: str) -> str:
    values = getattr(c, which)
    low, high = int(np.argmin(values)), int(np.argmax(values))
    return (
        f"From {rough(values[0])} at {rough(c.t[0])} to {rough(values[-1])} at {rough(c.t[-1])}; "
        f"least {rough(values[low])} at {rough(c.t[low])}, greatest {rough(values[high])} at {rough(c.t[high])}."
    )


def _setting(loss: Loss, parameters: Setting) -> str:
    given = [
        f"{p.name} = {parameters[p.name]:g}" for p in loss.parameters if p.kind.plain and parameters[p.name] is not None
    ]
    return f" At {', '.join(given)}." if given else ""


def _gradient_caption(section: Section, line: _Line) -> str:
    words = f"Its derivative with respect to the {section.quantity}, computed by autograd."
    if line.special.t.size:
        values = [number(0.0 if abs(g) < 1e-9 else float(g)) for g in line.special.gradient]
        if len(values) > 1 and len(set(values)) == 1:
            words += f" At each mark it is {values[0]}."
        else:
            told = " and ".join(", ".join(values).rsplit(", ", 1))
            words += f" At the {'mark' if len(values) == 1 else 'marks'} it is {told}."
    return words


def sweep_view(
    loss: Loss,
    parameter: Parameter,
    parameters: Setting,
    values: Sequence[float] | None = None,
    which: str = "loss",
) -> View:
    """The loss, or another curve, at several values of one parameter; the default is the strongest."""
    (view,) = sweep_views(loss, parameter, parameters, values, (which,))
    return view


def sweep_views(
    loss: Loss,
    parameter: Parameter,
    parameters: Setting,
    values: Sequence[float] | None = None,
    shown: Sequence[str] = ("loss", "gradient"),
) -> list[View]:
    """The sweeps of one parameter, each curve evaluated once for all of them."""
    section = loss.main
    chosen = [v for v in (values or parameter.typical) if v is not None]
    default = parameter.neutral if parameter.default is None else parameter.default
    if values is None and default not in chosen:
        chosen = sorted([*chosen, default])
    y = next(iter(section.branches.values()))
    settings = [
        {**parameters, parameter.name: None if parameter.default is None and v == default else v} for v in chosen
    ]
    t = np.unique(np.concatenate([points.grid(loss, section, s) for s in settings]))
    curves = {v: curve(loss, section, t, setting, y) for v, setting in zip(chosen, settings, strict=True)}
    return [_sweep_view(loss, parameter.name, default, curves, which) for which in shown]


def _sweep_view(loss: Loss, parameter: str, default: float | None, curves: Mapping[float, Curve], which: str) -> View:
    section, chosen = loss.main, list(curves)
    traces = tuple(
        Trace(c.t, getattr(c, which), _ramp(chosen, v, default), f"{parameter} = {v:g}", strong=v == default)
        for v, c in curves.items()
    )
    t = traces[0].x
    told = ", ".join(f"{v:g}" for v in chosen)
    chart = Chart(
        title=f"{loss.title}: {which} at {parameter} = {told}",
        description=f"The {which} at {parameter} = {told}. {section.note}",
        heading=which,
        role=which,
        xlabel=section.label,
        traces=traces,
        ends=tuple(e for e in section.limits if np.isfinite(e)),
    )
    caption = f"The {which} at {parameter} = {told}; the default is the strong line."
    return View(
        "sweep" if which == "loss" else f"sweep-{which}",
        f"Sweep of {parameter}: {which}",
        f"{loss.title}. {chart.description}",
        caption,
        chart,
        Table((section.axis.name, *(f"{parameter}={v:g}" for v in chosen)), (t, *(trace.y for trace in traces))),
    )


def _ramp(values: Sequence[float], value: float, default: float | None) -> str:
    if value == default:
        return "loss"
    below = [v for v in values if default is not None and v < default]
    above = [v for v in values if default is None or v > default]
    if value in below:
        return "below1" if below.index(value) == len(below) - 1 else "below2"
    return "above1" if above.index(value) == 0 else "above2"


def thumb_view(loss: Loss) -> View:
    """A bare picture on the axes that all losses of this kind share, so that thumbnails can be compared."""
    section = loss.main
    axis = section.axis
    wide = dataclasses.replace(section, span=axis.span if np.isinf(section.limits[0]) else section.span)
    traces = []
    for k, y in enumerate(section.branches.values()):
        c = _curve(loss, wide, loss.defaults(), y)
        traces.append(Trace(c.t, c.loss, "loss", strong=k == 0, dashed=k > 0))
    chart = Chart(
        title=loss.title,
        description=loss.summary,
        heading="",
        role="loss",
        xlabel="",
        traces=tuple(traces),
        size=(200, 140),
        xlim=axis.span,
        ylim=(-0.04 * axis.top, axis.top),
        bare=True,
    )
    return View("thumb", "Thumbnail", f"Curve of {loss.title}.", "", chart, None)


def card_view(loss: Loss, parameters: Setting, line: _Line | None = None) -> View:
    """Loss, gradient and formula in one picture."""
    line = line or _line(loss, loss.main, parameters)
    left, right = (_line_chart(loss, which, parameters, loss.main, line) for which in ("loss", "gradient"))
    picture = Card(
        loss.title,
        f"{loss.title}: {loss.summary}",
        loss.title,
        short_call(loss),
        formula_latex.for_figure(loss),
        (left, right),
    )
    return View("card", "Card", f"{loss.title}: loss, gradient and formula.", "", picture, None)


def swept(loss: Loss) -> Parameter | None:
    """The first parameter that is a number and has three typical values or more, the least that make a sweep."""
    return next(
        (p for p in loss.parameters if p.kind.swept and len(p.typical) > 2),
        None,
    )


def views(loss: Loss) -> list[View]:
    """Every view that a page shows, at the defaults."""
    defaults = loss.defaults()
    line = _line(loss, loss.main, defaults)
    made = [line_view(loss, which, defaults, line) for which in ("loss", "gradient")]
    made += further_views(loss)
    parameter = swept(loss)
    if parameter:
        made += sweep_views(loss, parameter, defaults)
    return [*made, card_view(loss, defaults, line), thumb_view(loss)]


def overlay(members: Sequence[Loss], context: Sequence[Loss], axis_name: str, which: str) -> tuple[Chart, Table] | None:
    """Losses on one axis, with others as grey context; None where no member has a section along it."""
    traces: list[Trace] = []
    columns: list[NDArray[np.float64]] = []
    names: list[str] = []
    axis = axes(s for loss in (*members, *context) for s in loss.sections)[axis_name]
    for loss in (*members, *context):
        own = next((s for s in loss.sections if s.axis == axis), None)
        if own is None:
            continue
        span = axis.span if np.isinf(own.limits[0]) else own.span
        special = [k for k in points.kinks(loss, own, loss.defaults()) if span[0] < k < span[1]]
        near = [k + side * 1e-9 for k in special for side in (-1, 0, 1)]
        t = np.unique(np.concatenate([np.linspace(*span, points.POINTS), near]))
        c = curve(loss, own, t, loss.defaults())
        member = loss in members
        role = f"trace{len(traces) % 8}" if member else "muted"
        traces.append(Trace(t, getattr(c, which), role, loss.title, strong=member, dashed=len(traces) % 2 == 1))
        names += [f"{loss.slug} {axis_name}", f"{loss.slug} {which}"]
        columns += [c.t, getattr(c, which)]
    if not any(trace.strong for trace in traces):
        return None
    listed = " and ".join(", ".join(t.label for t in traces).rsplit(", ", 1))
    top = axis.top if which == "loss" else None
    chart = Chart(
        title=f"{which.capitalize()} along the {axis_name}",
        description=f"The {which} of {listed} along the {axis_name}.",
        heading=which,
        role="ink",
        xlabel=axis.label,
        traces=tuple(traces),
        ylim=(-0.03 * top, top) if top else axis.slopes,
    )
    longest = max(len(c) for c in columns)
    padded = tuple(np.pad(c, (0, longest - len(c)), constant_values=np.nan) for c in columns)
    return chart, Table(tuple(names), padded)


def picture(loss: Loss, view: str, given: Setting, size: tuple[int, int] | None = None) -> Picture:
    """A picture on demand: any view, any parameters; a parameter with a list of numbers gives a curve for each.

    Raises:
        LossaryError: for an unknown view, or parameters that do not fit.
    """
    lists = {
        name: list(value)
        for name, value in given.items()
        if isinstance(value, list | tuple) and (parameter := loss.parameter(name)) and parameter.kind.plain
    }
    if len(lists) > 1:
        raise LossaryError(f"only one parameter may have several values, got {', '.join(lists)}")
    settings = check_parameters(loss, {name: value for name, value in given.items() if name not in lists})
    for name, several in lists.items():
        for value in several:
            check_parameters(loss, {name: value})
    if view not in further_names(loss):
        check_drawable(loss, settings)
    if view not in further_names(loss) and not suits(loss, loss.main, settings):
        raise LossaryError(_unsuited(loss, settings))
    made = _view(loss, view, settings, lists)
    return dataclasses.replace(made, size=size) if size else made


def _unsuited(loss: Loss, settings: Setting) -> str:
    """Why a loss cannot be drawn at these settings, and what to do instead."""
    defaults = loss.defaults()
    changed = {name: value for name, value in settings.items() if value != defaults[name]}
    alone = {name: value for name, value in changed.items() if not suits(loss, loss.main, {**defaults, name: value})}
    wrong = alone or changed  # where none is to blame alone, all are together
    told, names = (" and ".join(words) for words in ([f"{n} = {v}" for n, v in wrong.items()], wrong))
    vectors = [p for p in loss.parameters if p.name in wrong and p.kind.dims]
    if len(vectors) == len(wrong) and all(np.ndim(wrong[p.name]) == 1 for p in vectors):
        made = section_inputs(loss, loss.main, np.array(loss.main.span), defaults)
        classes = high_precision.samples(loss, made, defaults).sizes[0]
        instead = f"Give {names} {classes} numbers, as many as the figure has classes"
    else:
        instead = f"Leave {names} out to draw it; 'lossary evaluate' computes the loss with {told}"
    return (
        f"{loss.slug} cannot be drawn with {told}: the figure runs along the {loss.main.quantity}, "
        f"and its inputs do not suit that ({loss.main.note.rstrip('.')}). {instead}"
    )


def _view(loss: Loss, view: str, settings: Setting, lists: Mapping[str, list[float]]) -> Picture:
    names = [*CURVES, "sweep", "card", "thumb", *further_names(loss)]
    if lists:
        if view not in (*CURVES, "sweep"):
            raise LossaryError(
                f"several values of a parameter can be drawn in the views {', '.join((*CURVES, 'sweep'))}"
            )
        ((name, several),) = lists.items()
        parameter = loss.parameter(name)
        assert parameter is not None
        return sweep_view(loss, parameter, settings, several, "loss" if view == "sweep" else view).picture
    if view in CURVES:
        return line_view(loss, view, settings).picture
    if view == "sweep":
        parameter = swept(loss)
        if parameter is None:
            raise LossaryError(f"{loss.slug} has no parameter to sweep")
        return sweep_view(loss, parameter, settings).picture
    if view == "card":
        return card_view(loss, settings).picture
    if view == "thumb":
        return thumb_view(loss).picture
    if view in names:
        return next(made.picture for made in further_views(loss) if made.name == view)
    raise LossaryError(f"{loss.slug} has no view {view!r}{nearest(view, names)}; its views are: {', '.join(names)}")


def comparison(
    losses: Sequence[Loss],
    settings: Sequence[Setting],
    which: str,
    size: tuple[int, int] | None,
    reference: bool = False,
) -> Chart:
    """Losses over each other on an axis that all of them have, each at its own settings.

    With `reference`, what losses along this axis stand in for is drawn in grey behind them.

    Raises:
        LossaryError: where they share no axis, or parameters do not fit.
    """
    if which not in CURVES:
        raise LossaryError(f"a comparison has no view {which!r}; its views are: {', '.join(CURVES)}")
    known = axes(s for loss in losses for s in loss.sections)
    shared = [name for name in known if all(any(s.axis.name == name for s in loss.sections) for loss in losses)]
    if not shared:
        told = ", ".join(
            f"{loss.slug} ({' or '.join(dict.fromkeys(s.axis.name for s in loss.sections))})" for loss in losses
        )
        raise LossaryError(f"these losses share no axis: {told}")
    axis = known[shared[0]]
    traces = []
    for k, (loss, given) in enumerate(zip(losses, settings, strict=True)):
        for name, value in given.items():
            if isinstance(value, list) and (parameter := loss.parameter(name)) and parameter.kind.plain:
                raise LossaryError(f"{loss.slug}: a comparison takes one value of {name}, got {value}")
        setting = check_parameters(loss, given)
        section = next(s for s in loss.sections if s.axis == axis)
        c = _curve(loss, section, setting, next(iter(section.branches.values())))
        told = ", ".join(f"{name} = {value}" for name, value in given.items())
        label = f"{loss.title} ({told})" if told else loss.title
        traces.append(Trace(c.t, getattr(c, which), f"trace{k % 8}", label, dashed=k % 2 == 1))
    listed = ", ".join(trace.label for trace in traces)
    if reference and axis.reference and which == "loss":
        name, corners = axis.reference
        x, y = (np.array(column) for column in zip(*corners, strict=True))
        traces.insert(0, Trace(x, y, "muted", name, strong=False))
    return Chart(
        title=f"{which.capitalize()} of {listed}",
        description=f"The {which} of {listed} along the {axis.name}.",
        heading=which,
        role="ink",
        xlabel=axis.label,
        traces=tuple(traces),
        size=size or (560, 400),
    )
