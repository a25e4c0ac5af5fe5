"""Turns curves into pictures: which views a loss has, what each shows, and what its words say. Draws nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter
from lossary.declaration.sections import Axis, Section, axes
from lossary.declaration.values import Setting
from lossary.drawing.declared_views import (
    at_any_setting,
    further_names,
    further_views,
    look_views,
    map_views,
    setting_told,
)
from lossary.drawing.pictures import LARGEST, SMALLEST, Card, Chart, Picture, Table, Trace, View
from lossary.errors import LossaryError, nearest
from lossary.evaluation import high_precision, points
from lossary.evaluation.curves import Curve, check_drawable, curve, curve_at_kinks, section_inputs, suits
from lossary.evaluation.settings import check_parameters
from lossary.typesetting import formula_latex
from lossary.typesetting.torch_code import short_call
from lossary.typesetting.words import number, rough, signed

# What is drawn along a section: the views of one loss that a comparison has as well.
CURVES = ("loss", "gradient", "curvature")
# More cannot be told apart by colour and dash.
MOST_CURVES = 14


def _curve(loss: Loss, section: Section, parameters: Setting, y: float) -> Curve:
    return curve(loss, section, points.grid(loss, section, parameters), parameters, y)


@dataclasses.dataclass(frozen=True)
class _Line:
    """All that is drawn along a section at some settings, evaluated once for every view that shows it.

    Attributes:
        curves: the curve of each branch.
        special: the kinks of the section, and there the curve of the branch that has the kink.
        kink_branches: the label of that branch, for each kink.
    """

    curves: dict[str, Curve]
    special: Curve
    kink_branches: tuple[str, ...]


def _line(loss: Loss, section: Section, parameters: Setting) -> _Line:
    curves = {label: _curve(loss, section, parameters, y) for label, y in section.branches.items()}
    special, chosen = curve_at_kinks(loss, section, parameters)
    return _Line(curves, special, tuple(list(curves)[k] for k in chosen))


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
        Trace(c.t, getattr(c, which), which, label, strong=k == 0, dashed=k)
        for k, (label, c) in enumerate(curves.items())
    )
    return Chart(
        title=f"{loss.title}: {which}",
        description=f"{_shapes(curves, which)} {section.note}{setting_told(loss, parameters)}",
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


def _shapes(curves: Mapping[str, Curve], which: str) -> str:
    """What a reader who does not see it is told of each curve."""
    told = [f"{label}: {_shape(c, which)}" if label else _shape(c, which) for label, c in curves.items()]
    return " ".join(f"{words[:1].upper()}{words[1:]}." for words in told)


def _shape(c: Curve, which: str) -> str:
    values = getattr(c, which)
    low, high = int(np.argmin(values)), int(np.argmax(values))
    ends = f"from {rough(values[0])} at {rough(c.t[0])} to {rough(values[-1])} at {rough(c.t[-1])}"
    least, greatest = (f"{rough(values[k])} at {_place(c.t, k)}" for k in (low, high))
    return f"{ends}; least {least}, greatest {greatest}"


def _place(t: NDArray[np.float64], k: int) -> str:
    """A point in words; the one beside a kink, which is there for the drawing's sake, as the kink."""
    near = t[np.abs(t - t[k]) < 1e-7 * (t[-1] - t[0])]
    return rough(near[np.argmin(np.abs(near - np.round(near, 6)))])


def _gradient_caption(section: Section, line: _Line) -> str:
    words = f"Its derivative with respect to the {section.quantity}, computed by autograd."
    if line.special.t.size:
        from_left = line.special.gradient[np.argsort(line.special.t)]
        values = [number(0.0 if abs(g) < 1e-9 else float(g)) for g in from_left]
        if len(values) > 1 and len(set(values)) == 1:
            words += f" At each mark it is {values[0]}."
        else:
            told = " and ".join(", ".join(values).rsplit(", ", 1))
            words += f" At the {'mark' if len(values) == 1 else 'marks'} it is {told}."
        if len(line.curves) > 1 and len(set(line.kink_branches)) == 1:
            words = f"{words[:-1]}, with {signed(line.kink_branches[0])}."
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
    # A value that is given twice is drawn once.
    chosen = [v for v in dict.fromkeys(values or parameter.typical) if v is not None]
    if len(chosen) > MOST_CURVES:
        raise LossaryError(f"{parameter.name}: {len(chosen)} curves cannot be told apart, at most {MOST_CURVES} can")
    default = parameter.neutral if parameter.default is None else parameter.default
    if isinstance(default, list) and len(default) == 1:
        (default,) = default
    if values is None and default not in chosen:
        chosen = sorted([*chosen, default])
    settings = [
        {**parameters, parameter.name: None if parameter.default is None and v == default else v} for v in chosen
    ]
    # Some branches may not depend on the parameter.
    branches = section.branches
    branch = next(iter(branches))
    if len(branches) > 1:
        branch = max(branches, key=lambda label: _distinct_count(loss, section, settings, branches[label], shown[0]))
    y = branches[branch]
    section = _wide_enough(loss, section, settings, y, shown[0])
    t = np.unique(np.concatenate([points.grid(loss, section, s) for s in settings]))
    curves = {v: curve(loss, section, t, setting, y) for v, setting in zip(chosen, settings, strict=True)}
    return [_sweep_view(loss, parameter.name, default, curves, which, branch) for which in shown]


# Two curves that are nowhere farther apart than this share of the picture's height are seen as one.
APART = 0.005
# How far beyond its own span a section is looked at for the place where curves part.
WIDEST = 2**20


def _wide_enough(loss: Loss, section: Section, settings: Sequence[Setting], y: float, which: str) -> Section:
    """The section with a span in which the curves at these settings can be told apart, its own where they can.

    Curves part at their kinks, so the span goes beyond all of these if it may; where no span shows each by itself,
    that which shows the most does.
    """
    low, high = section.span
    beyond = [k for s in settings for k in points.kinks(loss, section, s) if not low <= k <= high]
    reach = max(abs(low), abs(high))
    farther = [f for k in beyond if 1 < (f := 1.2 * abs(k) / reach) <= WIDEST]
    twice = [f for k in range(20) if (f := 2.0 ** (k + 1)) > max(farther, default=1.0)]
    found = (-1, section)
    for factor in (1.0, *sorted(set(farther), reverse=True), *twice):
        # The ends of the domain stay ends.
        ends = zip(section.span, section.limits, strict=True)
        span = tuple(end if end == limit else end * factor for end, limit in ends)
        wider = dataclasses.replace(section, span=(max(span[0], section.limits[0]), min(span[1], section.limits[1])))
        shown = _distinct_count(loss, wider, settings, y, which)
        if shown > found[0]:
            found = (shown, wider)
        if shown == len(settings) or (factor > 1 and wider.span == section.span):
            break
    return found[1]


def _distinct_count(loss: Loss, section: Section, settings: Sequence[Setting], y: float, which: str) -> int:
    """How many of the curves are seen, where curves that lie on each other are seen as one."""
    t = np.unique(np.concatenate([points.grid(loss, section, s) for s in settings]))
    curves = [getattr(curve(loss, section, t, s, y), which) for s in settings]
    finite = np.concatenate([c[np.isfinite(c)] for c in curves])
    if not finite.size:
        return 0
    near = APART * float(finite.max() - finite.min())
    seen: list[NDArray[np.float64]] = []
    for one in curves:
        if not any(_alike(one, other, near) for other in seen):
            seen.append(one)
    return len(seen)


def _alike(one: NDArray[np.float64], other: NDArray[np.float64], near: float) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(((one == other) | (np.abs(one - other) <= near) | (np.isnan(one) & np.isnan(other))).all())


def _sweep_view(
    loss: Loss, parameter: str, default: float | None, curves: Mapping[float, Curve], which: str, branch: str
) -> View:
    section, chosen = loss.main, list(curves)
    # As short as it can be, as long as no two values read the same.
    words = [f"{v:g}" for v in chosen]
    words = words if len(set(words)) == len(words) else [repr(v) for v in chosen]
    traces = tuple(
        Trace(c.t, getattr(c, which), role, f"{parameter} = {word}", strong=v == default, dashed=dashed)
        for (v, c), word, (role, dashed) in zip(curves.items(), words, _looks(chosen, default), strict=True)
    )
    t = traces[0].x
    told = ", ".join(words) + (f", with {signed(branch)}" if branch else "")
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
        Table((section.axis.name, *(f"{parameter}={word}" for word in words)), (t, *(trace.y for trace in traces))),
    )


def _looks(values: Sequence[float], default: float | None) -> list[tuple[str, int]]:
    """Colour and dash of each value: shades to both sides of the default, where these are enough."""
    below = [v for v in values if default is not None and v < default]
    above = [v for v in values if v != default and v not in below]
    if max(len(below), len(above)) <= 2:
        return [(_ramp(values, v, default), 0) for v in values]
    others = map(_look, range(1, len(values) + 1))
    return [("loss", 0) if v == default else next(others) for v in values]


def _look(k: int) -> tuple[str, int]:
    """Colour and dash of the curve number `k` of several; those of the first sixteen differ."""
    return f"trace{k % 8}", (k + k // 8) % 2


def _ramp(values: Sequence[float], value: float, default: float | None) -> str:
    if value == default:
        return "loss"
    below = [v for v in values if default is not None and v < default]
    above = [v for v in values if default is None or v > default]
    if value in below:
        return "below1" if below.index(value) == len(below) - 1 else "below2"
    return "above1" if above.index(value) == 0 else "above2"


def thumb_view(loss: Loss, parameters: Setting | None = None) -> View:
    """A bare picture on the axes that all losses of this kind share, so that thumbnails can be compared."""
    section = loss.main
    axis = section.axis
    wide = dataclasses.replace(section, span=axis.span if np.isinf(section.limits[0]) else section.span)
    traces = []
    for k, y in enumerate(section.branches.values()):
        c = _curve(loss, wide, loss.defaults() if parameters is None else parameters, y)
        traces.append(Trace(c.t, c.loss, "loss", strong=k == 0, dashed=k))
    # A reward turned around is drawn on the same scale, downwards.
    below = all((trace.y[np.isfinite(trace.y)] <= 0).all() for trace in traces)
    chart = Chart(
        title=loss.title,
        description=loss.summary,
        heading="",
        role="loss",
        xlabel="",
        traces=tuple(traces),
        size=(200, 140),
        xlim=axis.span,
        ylim=(-axis.top, 0.04 * axis.top) if below else (-axis.below - 0.04 * axis.top, axis.top),
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


def sweep_parameter(loss: Loss) -> Parameter | None:
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
    parameter = sweep_parameter(loss)
    if parameter:
        made += sweep_views(loss, parameter, defaults)
    return [*made, card_view(loss, defaults, line), thumb_view(loss)]


def picture(loss: Loss, view: str, given: Setting, size: tuple[int, int] | None = None) -> Picture:
    """A picture on demand: any view, any parameters; a parameter with a list of numbers gives a curve for each.

    Raises:
        LossaryError: for an unknown view, or parameters that do not fit.
    """
    lists = {
        name: list(value)
        for name, value in given.items()
        if isinstance(value, list | tuple) and (parameter := loss.parameter(name)) and parameter.kind.several(value)
    }
    if len(lists) > 1:
        raise LossaryError(f"only one parameter may have several values, got {', '.join(lists)}")
    settings = check_parameters(loss, {name: value for name, value in given.items() if name not in lists})
    for name, several in lists.items():
        for value in several:
            check_parameters(loss, {name: value})
    if view in further_names(loss):
        _check_further(loss, view, settings)
    else:
        check_drawable(loss, settings)
        if not suits(loss, loss.main, settings):
            raise LossaryError(_setting_objection(loss, settings))
    _check_size(size)
    made = _view(loss, view, settings, lists)
    return dataclasses.replace(made, size=size) if size else made


def _check_further(loss: Loss, view: str, settings: Setting) -> None:
    """Refuse a setting that a declared figure would not show.

    Raises:
        LossaryError: for a figure that is declared at a setting of its own, and for a parameter that is no number.
    """
    changed = {p.name: p.kind.plain for p in loss.parameters if settings[p.name] != loss.defaults()[p.name]}
    if view in at_any_setting(loss):
        changed = {name: plain for name, plain in changed.items() if not plain}
    if changed:
        told = " and ".join(changed)
        raise LossaryError(f"the view {view!r} of {loss.slug} is declared at a setting of its own; leave {told} out")


def _setting_objection(loss: Loss, settings: Setting) -> str:
    """Why a loss cannot be drawn at these settings, and what to do instead."""
    # Against the loss as it is declared plainly: settings of `at` are defaults as well.
    defaults = {p.name: None if np.size(p.default) > 1 else p.default for p in loss.parameters}
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
        parameter = sweep_parameter(loss)
        if parameter is None:
            raise LossaryError(f"{loss.slug} has no parameter to sweep")
        return sweep_view(loss, parameter, settings).picture
    if view == "card":
        return card_view(loss, settings).picture
    if view == "thumb":
        return thumb_view(loss, settings).picture
    if view in at_any_setting(loss):
        sections = [*look_views(loss, settings), *map_views(loss, settings)]
        return next(made.picture for made in sections if made.name == view)
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
    if len(losses) > MOST_CURVES:
        raise LossaryError(f"{len(losses)} curves cannot be told apart, at most {MOST_CURVES} can")
    _check_size(size)
    known = axes(s for loss in losses for s in loss.sections)
    shared = [name for name in known if all(any(s.axis.name == name for s in loss.sections) for loss in losses)]
    if not shared:
        told = ", ".join(
            f"{loss.slug} ({' or '.join(dict.fromkeys(s.axis.quantity for s in loss.sections))})" for loss in losses
        )
        raise LossaryError(f"these losses share no axis: {told}")
    axis = known[shared[0]]
    traces: list[Trace] = []
    for k, (loss, given) in enumerate(zip(losses, settings, strict=True)):
        for name, value in given.items():
            if isinstance(value, list) and (parameter := loss.parameter(name)) and parameter.kind.several(value):
                raise LossaryError(f"{loss.slug}: a comparison takes one value of {name}, got {value}")
        setting = check_parameters(loss, given)
        section = next(s for s in loss.sections if s.axis == axis)
        if np.isinf(section.limits).all():
            section = dataclasses.replace(section, span=axis.span)
        c = _curve(loss, section, setting, next(iter(section.branches.values())))
        told = ", ".join(f"{name} = {value}" for name, value in given.items())
        label = f"{loss.title} ({told})" if told else loss.title
        if any(label == trace.label for trace in traces):
            raise LossaryError(f"{label} is named twice; name it once, or at different parameters")
        role, dashed = _look(k)
        traces.append(Trace(c.t, getattr(c, which), role, label, dashed=dashed))
    ylim, cut = _heights_shown(traces, which, axis)
    listed = ", ".join(trace.label for trace in traces)
    if reference and axis.reference and which == "loss":
        name, corners = axis.reference
        x, y = (np.array(column) for column in zip(*corners, strict=True))
        traces.insert(0, Trace(x, y, "muted", name, strong=False))
    return Chart(
        title=f"{which.capitalize()} of {listed}",
        description=f"The {which} of {listed} along the {axis.quantity}.{cut}",
        heading=which,
        role="ink",
        xlabel=axis.label,
        traces=tuple(traces),
        size=size or (560, 400),
        ylim=ylim,
    )


def _heights_shown(traces: Sequence[Trace], which: str, axis: Axis) -> tuple[tuple[float, float] | None, str]:
    """The range of heights that a comparison shows, where that is not all of them, and a sentence that says so.

    As on the page "Compare", which has the same rule in `overlay.js`: a steep loss is cut at the heights that the axis
    shares between losses, so that the gentle ones keep their shape; but never so low that nothing is shown whole.
    """
    bend = 18 * axis.top / (axis.span[1] - axis.span[0]) ** 2
    most = {"loss": axis.top, "gradient": max(map(abs, axis.slopes)), "curvature": bend}[which]
    finite = [y for trace in traces if (y := trace.y[np.isfinite(trace.y)]).size]
    if not finite:
        return None, ""
    lows, highs = [float(y.min()) for y in finite], [float(y.max()) for y in finite]
    low, high = min(lows), max(highs)
    floor, ceiling = min(-most, max(lows)), max(most, min(highs))
    if floor <= low and high <= ceiling:
        return None, ""
    start = 0.0 if 0 < low < 0.35 * high else low
    lowest, highest = max(start, floor), min(high, ceiling)
    room = highest - lowest or 1.0
    ylim = (
        lowest if start < floor else lowest - 0.06 * room,
        highest if high > ceiling else highest + 0.08 * room,
    )
    return (
        ylim,
        f" Cut to the heights from {rough(lowest)} to {rough(highest)}; "
        f"the curves go from {rough(low)} to {rough(high)}.",
    )


def _check_size(size: tuple[int, int] | None) -> None:
    """Refuse a size that no picture has.

    Raises:
        LossaryError: where it is out of bounds.
    """
    least, largest = SMALLEST, LARGEST
    if size is not None and not all(a <= v <= b for a, v, b in zip(least, size, largest, strict=True)):
        told = "x".join(map(str, size))
        raise LossaryError(f"size {told}: a picture has from {least[0]}x{least[1]} to {largest[0]}x{largest[1]} pixels")
