"""What is drawn over a curve, boxes, masks and ranked lists, is what the inputs are there: read from the drawings."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from lossary.declaration.looks import BoxLook, ListLook, MaskLook
from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter
from lossary.discovery import catalogs
from lossary.drawing import loss_views, render, together
from lossary.drawing.declared_views import MAP_POINTS, at_any_setting, look_views
from lossary.drawing.looks import PLACES
from lossary.drawing.palette import HEAT_STEPS, STAND_INS
from lossary.drawing.pictures import MINIATURES_HIGH, Boxes, Chart, Mask, RankedList, Surface, View
from lossary.errors import LossaryError
from lossary.evaluation.curves import curve, section_inputs, surface
from lossary.evaluation.torch_calls import inputs_at

SOURCES = catalogs.sources()
LOSSES = [catalogs.load(source) for source in SOURCES]
LOOKED_AT = [(loss, section) for loss in LOSSES for section in loss.sections if section.look is not None]
FAMILY_FIGURES = [
    (name, figure)
    for name, family in catalogs.families(SOURCES).items()
    for figure in catalogs.declared(family).figures
    if figure.look is not None
]

Inputs = dict[str, Any]


@cache
def view_of(k: int) -> View:
    loss, section = LOOKED_AT[k]
    looked_at = [one for one in loss.sections if one.look is not None]
    return look_views(loss)[looked_at.index(section)]


def chart_of(k: int) -> Chart:
    chart = view_of(k).picture
    assert isinstance(chart, Chart)
    return chart


@cache
def charts() -> list[tuple[str, Chart, Any, Inputs]]:
    """Every chart with something over it, its look, and its inputs by name at each place."""
    found: list[tuple[str, Chart, Any, Inputs]] = []
    for k, (loss, section) in enumerate(LOOKED_AT):
        chart = chart_of(k)
        given = section_inputs(loss, section, np.array([one.x for one in chart.miniatures]), loss.defaults())
        found.append((f"{loss.slug}-{section.axis.name}", chart, section.look, given))
    for name, figure in FAMILY_FIGURES:
        charts, _ = together.side_by_side(figure, [loss for loss in LOSSES if loss.family == name])
        for number, (_, chart) in enumerate(charts, 1):
            given = inputs_at(figure, np.array([one.x for one in chart.miniatures]))
            found.append((f"{name}-{figure.name}-{number}", chart, figure.look, given))
    return found


def charts_with(kind: type) -> list[Any]:
    return [pytest.param(*one, id=name) for name, *one in charts() if isinstance(one[1], kind)]


SECTIONS = [pytest.param(k, id=f"{loss.slug}-{s.axis.name}") for k, (loss, s) in enumerate(LOOKED_AT)]


def test_every_loss_of_boxes_or_masks_and_every_ranking_shows_them() -> None:
    """A loss whose inputs are a picture shows it along its main section."""
    wanted = {loss.slug for loss in LOSSES if {"boxes", "masks"} & {k.takes for i in loss.inputs for k in i.kinds}}
    assert wanted
    wanted |= {loss.slug for loss in LOSSES if loss.family == "ranking"}
    shown = {loss.slug for loss, section in LOOKED_AT if section is loss.main}
    assert wanted <= shown


@pytest.mark.parametrize("k", SECTIONS)
def test_the_curve_below_is_the_loss(k: int) -> None:
    (loss, section), view, chart = LOOKED_AT[k], view_of(k), chart_of(k)
    (trace,) = chart.traces
    assert np.array_equal(trace.y, curve(loss, section, trace.x).loss)
    assert (trace.x[0], trace.x[-1]) == section.span
    assert view.table is not None
    assert np.array_equal(view.table.columns[1], trace.y)
    places = [one.x for one in chart.miniatures]
    assert len(places) >= 3
    assert section.span[0] <= min(places) < max(places) <= section.span[1]
    assert section.look is not None
    for words in (view.caption, view.alt):
        assert section.look.words in words


def _drawn(chart: Chart) -> tuple[list[Any], list[float], float, list[tuple[str, Any]]]:
    """What lies on the figure, in pixels: artists, the places of the miniatures, the plot's upper edge, and words."""
    with render.drawn(chart) as made:
        (axes,) = made.axes
        places = axes.transData.transform([(one.x, 0) for one in chart.miniatures])[:, 0] / made.dpi * 72
        words = [(text.get_text(), np.array(text.get_position()) * chart.size) for text in made.texts]
        return list(made.artists) + list(made.patches), places.tolist(), axes.get_position().y1 * chart.size[1], words


def _paths(artists: list[Any], chart: Chart) -> list[Any]:
    return [np.column_stack(line.get_data()) * chart.size for line in artists if isinstance(line, Line2D)]


@pytest.mark.parametrize(("chart", "look", "given"), charts_with(BoxLook))
def test_boxes_are_drawn_in_one_unit_each_above_its_place(chart: Chart, look: BoxLook, given: Inputs) -> None:
    with render.isolated_settings():
        artists, places, above, _ = _drawn(chart)
        drawn = [points for points in _paths(artists, chart) if len(points) == 5]
    assert len(drawn) == 2 * len(chart.miniatures) == 2 * (len(look.at) or PLACES)
    truth, predicted = (np.asarray(given[name]) for name in (look.target, look.predicted))
    spans = []
    for k, (true, guess) in enumerate(zip(drawn[::2], drawn[1::2], strict=True)):
        assert isinstance(chart.miniatures[k], Boxes)
        units = [np.ptp(one, 0) / (box[k, 2:] - box[k, :2]) for one, box in ((true, truth), (guess, predicted))]
        np.testing.assert_allclose(units, units[0][0], rtol=1e-5)
        both = np.concatenate([true, guess])
        assert both[:, 1].min() > above
        assert both[:, 1].max() < above + MINIATURES_HIGH
        assert 0 <= both[:, 0].min() <= both[:, 0].max() <= chart.size[0]
        spans.append((both[:, 0].min(), both[:, 0].max()))
        assert np.mean(spans[-1]) == pytest.approx(places[k], abs=0.01)
        apart = (true[0] - guess[0]) / units[0]
        np.testing.assert_allclose(apart, truth[k, :2] - predicted[k, :2], atol=1e-5)
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))


@pytest.mark.parametrize(("chart", "look", "given"), charts_with(MaskLook))
def test_masks_are_outlined_where_the_object_is_and_coloured_by_probability(
    chart: Chart, look: MaskLook, given: Inputs
) -> None:
    with render.isolated_settings():
        artists, places, above, _ = _drawn(chart)
        squares = [one for one in artists if isinstance(one, Rectangle)]
        edges = _paths(artists, chart)
        painted = ["#" + "".join(f"{round(255 * v):02x}" for v in one.get_facecolor()[:3]) for one in squares]
    target, predicted = (np.asarray(given[name]) for name in (look.target, look.predicted))
    assert len(squares) == target.size
    corners = np.array([np.array(one.get_xy()) * chart.size for one in squares])
    sides = np.array([(one.get_width() * chart.size[0], one.get_height() * chart.size[1]) for one in squares])
    side = sides[0, 0]
    np.testing.assert_allclose(sides, side, rtol=1e-5)
    assert corners[:, 1].min() > above
    assert corners[:, 1].max() + side < above + MINIATURES_HIGH
    each = target.shape[1]
    for k, one in enumerate(chart.miniatures):
        assert isinstance(one, Mask)
        own = corners[k * each : (k + 1) * each]
        assert (own[:, 0].min() + own[:, 0].max() + side) / 2 == pytest.approx(places[k], abs=0.01)
        for pixel in range(each):
            row, column = divmod(pixel, look.columns)
            np.testing.assert_allclose(own[pixel] - own[0], (side * column, -side * row), atol=0.01)
            step = min(HEAT_STEPS - 1, int(predicted[k, pixel] * HEAT_STEPS))
            assert painted[k * each + pixel] == STAND_INS[f"heat{step}"]
            far = [np.abs(edge - own[pixel] - side / 2).max(0) for edge in edges]
            around = sum(bool(np.allclose(one, side / 2, atol=0.01)) for one in far)
            # An edge is drawn where the object ends: with one pixel of it, all four of that and none of those beyond.
            if target[k].sum() == 1 and target[k, pixel]:
                assert around == 4
    lone = int((target.sum(1) == 1).sum())
    assert lone != len(target) or len(edges) == 4 * lone


@pytest.mark.parametrize(("chart", "look", "given"), charts_with(ListLook))
def test_lists_stand_in_the_order_of_their_scores(chart: Chart, look: ListLook, given: Inputs) -> None:
    with render.isolated_settings():
        _, places, above, words = _drawn(chart)
    rows = len(chart.miniatures)
    scores = np.concatenate([np.asarray(given[name]).reshape(rows, -1) for name in look.scores], axis=1)
    for k, one in enumerate(chart.miniatures):
        assert isinstance(one, RankedList)
        here = [(text, at[1]) for text, at in words if abs(at[0] - places[k]) < 0.01 and at[1] > above]
        here = [(text, at) for text, at in here if at < above + MINIATURES_HIGH]
        read = [text.replace("\N{MINUS SIGN}", "-").split() for text, _ in sorted(here, key=lambda pair: -pair[1])]
        assert len(read) == scores.shape[1]
        values = [float(score) for _, score in read]
        assert values == sorted(values, reverse=True)
        for letter, score in read:
            assert float(score) == pytest.approx(scores[k, ord(letter) - ord("A")], rel=0.005, abs=1e-9)


def test_the_order_of_the_letters_is_the_true_one() -> None:
    """A list in the order of its letters costs less than the same section's lists in another order."""
    for k, (loss, section) in enumerate(LOOKED_AT):
        if isinstance(section.look, ListLook):
            lists = [one for one in chart_of(k).miniatures if isinstance(one, RankedList)]
            right = np.array([sorted(one.items) == list(one.items) for one in lists])
            values = curve(loss, section, np.array([one.x for one in lists])).loss
            assert right.any()
            assert values[right].max() < values[~right].min(), loss.slug


def _with_numbers() -> list[Any]:
    """Losses with a look or a heat map and a parameter that is a number, a view of each and that parameter."""
    found = []
    for loss in LOSSES:
        for view in at_any_setting(loss)[:2]:
            for parameter in (p for p in loss.parameters if p.kind.plain and p.kind.swept):
                found += [pytest.param(loss, view, parameter, id=f"{loss.slug}-{view}-{parameter.name}")]
    return found


@pytest.mark.parametrize(("loss", "view", "parameter"), _with_numbers())
def test_a_declared_figure_is_drawn_at_what_is_set_and_says_so(loss: Loss, view: str, parameter: Parameter) -> None:
    for value in [v for v in parameter.typical if v not in (None, loss.defaults()[parameter.name])][:1]:
        picture = loss_views.picture(loss, view, {parameter.name: value})
        assert f"{parameter.name} = {value:g}" in picture.description
        if isinstance(picture, Chart):
            section = next(one for one in loss.sections if one.look and view.startswith(one.axis.name))
            (trace,) = picture.traces
            again = curve(loss, section, trace.x, {parameter.name: value})
            assert np.array_equal(trace.y, again.loss)
        else:
            assert isinstance(picture, Surface)
            chart = next(one for one in loss.maps if one.name == view)
            assert np.array_equal(picture.values, surface(loss, chart, MAP_POINTS, {parameter.name: value})[2])


def test_a_figure_at_a_setting_of_its_own_takes_no_other() -> None:
    """It would be drawn as if nothing had been said."""
    focal = next(loss for loss in LOSSES if loss.slug == "focal")
    with pytest.raises(LossaryError, match=r"'gammas' of focal is declared at a setting of its own; leave gamma out"):
        loss_views.picture(focal, "gammas", {"gamma": 5.0})
    assert loss_views.picture(focal, "gammas", {"gamma": 2.0}).title == "Focal loss against cross-entropy"


def test_a_thumbnail_is_drawn_at_what_is_set() -> None:
    huber = next(loss for loss in LOSSES if loss.slug == "huber")
    small, large = (loss_views.picture(huber, "thumb", {"delta": delta}) for delta in (0.5, 2.0))
    assert isinstance(small, Chart)
    assert isinstance(large, Chart)
    assert small.traces[0].y.max() < large.traces[0].y.max()
