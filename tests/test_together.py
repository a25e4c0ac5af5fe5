"""Losses side by side on a family's page: curves on shared axes, and figures that the family declares."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from lossary.declaration import SideBySide
from lossary.declaration.loss import Loss
from lossary.declaration.sections import MARGIN_AXIS, RESIDUAL
from lossary.discovery import catalogs
from lossary.drawing import loss_views, render, together
from lossary.errors import CatalogError
from lossary.publishing import jobs
from lossary.publishing.jobs import family_files

SOURCES = catalogs.sources()
FAMILIES = catalogs.families(SOURCES)


def members(family: str) -> list[Loss]:
    return [catalogs.load(source) for source in SOURCES if source.family == family]


def normal(z: float) -> float:
    """The standard normal distribution function."""
    return math.erfc(-z / math.sqrt(2)) / 2


# What each is between two normal distributions of standard deviation 1 whose means are d apart, known in closed form.
BETWEEN_NORMALS = {
    "kl_div": lambda d: d**2 / 2,
    "kl_gaussian": lambda d: d**2 / 2,
    "renyi_divergence": lambda d: d**2,
    "chi_squared_divergence": lambda d: math.expm1(d**2),
    "wasserstein_1d": lambda d: d,
    "total_variation": lambda d: normal(d / 2) - normal(-d / 2),
    "hellinger": lambda d: math.sqrt(-math.expm1(-(d**2) / 8)),
}


def test_divergences_of_two_normals_are_what_the_closed_forms_say() -> None:
    (figure,) = catalogs.declared(FAMILIES["divergence"]).figures
    ((_, chart),), table = together.side_by_side(figure, members("divergence"))
    columns = dict(zip(table.names, table.columns, strict=True))
    distance = columns.pop(figure.label)
    assert (
        set(columns) == {*BETWEEN_NORMALS, "js_divergence"} == {m.slug for m in members("divergence") if m.side_by_side}
    )
    for slug, closed in BETWEEN_NORMALS.items():
        # The largest difference of cells has a corner, which a grid meets only nearly.
        tolerance = 5e-5 if slug == "total_variation" else 1e-9
        expected = [closed(d) for d in distance]
        np.testing.assert_allclose(columns[slug], expected, rtol=tolerance, atol=1e-12, err_msg=slug)
    assert columns["js_divergence"][-1] < math.log(2) < 1.03 * columns["js_divergence"][-1]
    assert len({(trace.role, trace.dashed) for trace in chart.traces}) == len(chart.traces)


def test_losses_of_preferences_with_the_same_beta_are_what_the_closed_forms_say() -> None:
    (figure,) = catalogs.declared(FAMILIES["preference"]).figures
    _, table = together.side_by_side(figure, members("preference"))
    columns = dict(zip(table.names, table.columns, strict=True))
    h = columns.pop(figure.label)
    assert set(columns) == {"dpo", "ipo"}
    np.testing.assert_allclose(columns["dpo"], np.log1p(np.exp(-h)), rtol=1e-12)
    np.testing.assert_allclose(columns["ipo"], (h - 1 / 2) ** 2, rtol=1e-12, atol=1e-15)


def test_losses_of_boxes_are_what_the_areas_say() -> None:
    """A box of area 1 over the unit square, a square that grows beside it, and one that slides past."""
    figures = {figure.name: figure for figure in catalogs.declared(FAMILIES["detection"]).figures}
    found = {}
    for name, figure in figures.items():
        _, table = together.side_by_side(figure, members("detection"))
        found[name] = dict(zip(table.names, table.columns, strict=True)), table.columns[0]
    flat, width = found["flattens"]
    shared = np.minimum(width, 1 / width)
    overlap = shared / (2 - shared)
    np.testing.assert_allclose(flat["iou_loss"], 1 - overlap, rtol=1e-12)
    np.testing.assert_allclose(flat["diou_loss"], 1 - overlap, rtol=1e-12)
    np.testing.assert_allclose(flat["giou_loss"], 2 - overlap - (2 - shared) * shared, rtol=1e-12)
    shape = (np.arctan(1.0) - np.arctan(width**2)) ** 2 * 4 / np.pi**2
    np.testing.assert_allclose(flat["ciou_loss"], 1 - overlap + shape**2 / (1 - overlap + shape + 1e-300), rtol=1e-12)
    grown, side = found["grows"]
    apart = side < 3
    assert (grown["iou_loss"][apart] == 1).all()
    low, high = np.minimum(-0.5, 2 - side / 2), np.maximum(0.5, 2 + side / 2)
    tall = np.maximum(side, 1)
    distance = 4 / ((high - low) ** 2 + tall**2)
    np.testing.assert_allclose(grown["diou_loss"] - grown["iou_loss"], distance, rtol=1e-12)
    empty = 1 - (1 + side**2) / ((high - low) * tall)
    np.testing.assert_allclose(grown["giou_loss"][apart], 1 + empty[apart], rtol=1e-12)
    slid, offset = found["slides"]
    inside = abs(offset) < 1.3
    np.testing.assert_allclose(slid["giou_loss"][inside], 1 - 0.4 * 1.2 / 4.5, rtol=1e-12)
    assert offset[np.argmin(slid["diou_loss"])] == offset[np.argmin(slid["ciou_loss"])] == pytest.approx(0, abs=1e-12)


# Where a loss of the margin costs least on average, where the label is 1 with probability p, known in closed form.
BEST_SCORES = {
    "hinge": lambda p: math.copysign(1, p - 0.5),
    "squared_hinge": lambda p: 2 * p - 1,
    "logistic": lambda p: math.log(p / (1 - p)),
    "exponential": lambda p: math.log(p / (1 - p)) / 2,
    "tangent": lambda p: math.tan(p - 0.5),
    "perceptron": lambda p: 0.0,
}


def test_the_best_scores_of_a_probability_are_what_the_closed_forms_say() -> None:
    (figure,) = catalogs.declared(FAMILIES["margin"]).figures
    _, table = together.side_by_side(figure, members("margin"))
    columns = dict(zip(table.names, table.columns, strict=True))
    chance = columns.pop(figure.label)
    told = np.abs(chance - 0.5) > 1e-9  # at one half the hinge has many
    assert set(columns) == set(BEST_SCORES)
    for slug, closed in BEST_SCORES.items():
        expected = np.array([closed(p) for p in chance])
        np.testing.assert_allclose(columns[slug][told], expected[told], atol=6e-4, err_msg=slug)


def test_the_weight_is_the_gradient_over_the_residual() -> None:
    robust = members("robust")
    context = [catalogs.load(source) for source in SOURCES if source.slug in ("l1", "mse")]
    laid = together.shared_axis(robust, context, RESIDUAL.name, "weight")
    assert laid is not None
    for slug, expected in {"huber": lambda r: min(1, 1 / abs(r)), "cauchy": lambda r: 1 / (1 + r**2)}.items():
        trace = laid.members[slug]
        np.testing.assert_allclose(trace.y, [expected(r) for r in trace.x], rtol=1e-12)
    np.testing.assert_allclose(laid.context["mse"].y, 2.0, rtol=1e-12)
    assert 1.1 < laid.ylim[1] < 4, "most weights begin at 1"


def test_small_charts_are_told_apart_by_nothing_but_their_curve() -> None:
    robust = members("robust")
    assert len(robust) > together.MOST_TOGETHER
    laid = together.shared_axis(robust, [], RESIDUAL.name, "loss")
    assert laid is not None
    charts = laid.multiples()
    behind = laid.behind()
    assert list(charts) == [loss.slug for loss in robust]
    # One picture lies behind all of them, so that each has the same ranges, and brings no axes of its own.
    assert {(c.size, c.xlim, c.ylim) for c in charts.values()} == {(behind.size, behind.xlim, behind.ylim)}
    assert behind.ylim == laid.ylim
    assert not behind.layer
    for slug, chart in charts.items():
        (own,) = chart.traces
        assert chart.layer
        assert own.strong
        assert own.y is laid.members[slug].y
    assert [trace.y.tolist() for trace in behind.traces] == [trace.y.tolist() for trace in laid.members.values()]
    assert {(trace.role, trace.strong, trace.label) for trace in behind.traces} == {("distant", False, "")}


@pytest.mark.parametrize("which", ["loss", "gradient", "weight"])
def test_a_curve_lies_on_its_grey_one_in_the_picture_behind(which: str) -> None:
    """To the pixel: both pictures are laid out apart, and have their axes in the same place."""
    laid = together.shared_axis(members("robust"), [], RESIDUAL.name, which)
    assert laid is not None
    places = set()
    for chart in (laid.behind(), *laid.multiples().values()):
        with render.drawn(chart) as made:
            (axes,) = made.axes
            places.add((axes.get_position().bounds, axes.get_xlim(), axes.get_ylim()))
            assert axes.axison is not chart.layer
    assert len(places) == 1


def test_a_layer_is_its_curve_alone_and_leaves_the_next_picture_its_axes() -> None:
    laid = together.shared_axis(members("robust"), [], RESIDUAL.name, "loss")
    assert laid is not None
    whole = render.svg(laid.behind())["light"]
    layer = render.svg(laid.multiples()["huber"])["light"].decode()
    assert layer.count("<path") == 1
    assert "<use" not in layer, "numbers are drawn"
    assert render.svg(laid.behind())["light"] == whole


def test_landmarks_are_dashed_behind_small_charts() -> None:
    """The zero-one step behind losses of the margin; behind robust losses those that their relations name."""
    laid = together.shared_axis(members("margin"), [], MARGIN_AXIS.name, "loss")
    assert laid is not None
    assert "hinge_embedding" not in laid.members, "its axis is the distance"
    *others, step = laid.behind().traces
    assert (step.x.tolist(), step.y.tolist(), step.dashed) == ([-3, 0, 0, 3], [1, 1, 0, 0], 1)
    assert len(others) == len(laid.members) == len(members("margin")) - 1
    assert {trace.dashed for trace in others} == {0}
    slopes = together.shared_axis(members("margin"), [], MARGIN_AXIS.name, "gradient")
    assert slopes is not None
    assert len(slopes.behind().traces) == len(slopes.members)
    context = [catalogs.load(source) for source in SOURCES if source.slug in ("l1", "mse")]
    robust = together.shared_axis(members("robust"), context, RESIDUAL.name, "gradient")
    assert robust is not None
    assert [t.dashed for t in robust.behind().traces] == [0] * len(members("robust")) + [1, 1]


def test_what_all_say_of_an_axis_is_said_once_without_names() -> None:
    robust = members("robust")
    assert together.fixed_note(robust, RESIDUAL) == robust[0].main.note
    both = together.fixed_note([*robust, *members("classification")], RESIDUAL)
    assert both == robust[0].main.note
    (note,) = {loss.main.note for loss in robust}
    changed = dataclasses.replace(robust[0].main, note="Else.")
    mixed = [dataclasses.replace(robust[0], sections=(changed,)), *robust[1:3]]
    told = f"{robust[0].title}: Else. {robust[1].title}, {robust[2].title}: {note}"
    assert together.fixed_note(mixed, RESIDUAL) == told


def test_curves_of_one_target_are_named_with_it_and_the_note_says_so() -> None:
    """In the words for those who do not see the figure a label that holds a comma stays one label."""
    deviances = [loss for loss in members("likelihood") if loss.main.axis.name == "mean"]
    laid = together.shared_axis(deviances, [], "mean", "loss")
    assert laid is not None
    titles = [f"{loss.title}, {next(iter(loss.main.branches))}" for loss in deviances]
    told = f"{'; '.join(titles[:-1])}; and {titles[-1]} along"
    assert len(titles) > 2
    assert told in laid.overlay().description
    assert together.fixed_note(deviances, laid.axis).endswith("several curves, the one that is named is drawn.")
    assert "several curves" not in together.fixed_note(members("robust")[:2], RESIDUAL)
    assert together.listed(["a", "b", "c"]) == "a, b and c"
    assert together.listed(["a"]) == "a"


def test_curves_that_lie_on_each_other_are_dashed_differently() -> None:
    laid = together.shared_axis(members("ranking"), [], MARGIN_AXIS.name, "loss")
    assert laid is not None
    softplus = [trace for trace in laid.members.values() if np.allclose(trace.y, np.logaddexp(0, -trace.x))]
    assert [trace.label for trace in softplus] == [
        "Bayesian personalised ranking (BPR)",
        "ListMLE",
        "RankNet, target 1",
    ]
    assert [trace.dashed for trace in softplus] == [0, 1, 2]


def test_a_curve_that_lies_on_a_dashed_one_is_dashed_more() -> None:
    ranking = {loss.slug: loss for loss in members("ranking")}
    laid = together.shared_axis([ranking[slug] for slug in ("listnet", "bpr", "ranknet")], [], MARGIN_AXIS.name, "loss")
    assert laid is not None
    assert {slug: trace.dashed for slug, trace in laid.members.items()} == {"listnet": 0, "bpr": 1, "ranknet": 2}


# What each charges for three items in their true order whose neighbouring scores are d apart.
OF_THREE = {
    "margin_ranking": lambda d: (2 * max(0, 1 - d) + max(0, 1 - 2 * d)) / 3,
    "ranknet": lambda d: (2 * math.log1p(math.exp(-d)) + math.log1p(math.exp(-2 * d))) / 3,
    "bpr": lambda d: (math.log1p(math.exp(-d)) + math.log1p(math.exp(-2 * d))) / 2,
    "listmle": lambda d: math.log(1 + math.exp(-d) + math.exp(-2 * d)) + math.log1p(math.exp(-d)),
    "listnet": lambda d: math.log(math.exp(d) + 1 + math.exp(-d)) - d * math.sinh(1) / (math.cosh(1) + 0.5),
}


def test_ranking_losses_of_three_items_are_what_the_closed_forms_say() -> None:
    (figure,) = catalogs.declared(FAMILIES["ranking"]).figures
    _, table = together.side_by_side(figure, members("ranking"))
    columns = dict(zip(table.names, table.columns, strict=True))
    difference = columns.pop(figure.label)
    assert set(columns) == set(OF_THREE)
    for slug, closed in OF_THREE.items():
        np.testing.assert_allclose(columns[slug], [closed(d) for d in difference], rtol=1e-12, atol=1e-12, err_msg=slug)


def _two_classes(scale: float, lead: float) -> float:
    """The cross-entropy of two classes, of which the true one leads by so much before it is scaled."""
    return math.log1p(math.exp(-scale * lead))


# torch adds a small constant to each coordinate of a difference, and to a length.
ADDED = {"triplet_margin": 3e-6}
# What each costs for two vectors at an angle a, and a third one at a right angle to both.
TURNED = {
    "cosine_embedding": lambda a: 1 - math.cos(a),
    "contrastive": lambda a: 1 - math.cos(a),
    "triplet_margin": lambda a: max(0.0, 2 * math.sin(a / 2) - math.sqrt(2) + 1),
    "triplet": lambda a: max(0.0, 0.2 - 2 * math.cos(a)),
    "info_nce": lambda a: _two_classes(1 / 0.07, math.cos(a)),
    "nt_xent": lambda a: (
        math.log1p(2 * math.exp(-2 * math.cos(a))) + math.log(math.exp(2) + 2) - 2
    ) / 2,
    "arcface": lambda a: _two_classes(64, math.cos(a + 0.5)),
    "cosface": lambda a: _two_classes(64, math.cos(a) - 0.35),
}  # fmt: skip


def test_losses_of_a_pair_at_an_angle_are_what_the_closed_forms_say() -> None:
    (figure,) = catalogs.declared(FAMILIES["metric_learning"]).figures
    _, table = together.side_by_side(figure, members("metric_learning"))
    columns = dict(zip(table.names, table.columns, strict=True))
    angle = columns.pop(figure.label)
    assert set(columns) == set(TURNED)
    for slug, closed in TURNED.items():
        expected = [closed(a) for a in angle]
        np.testing.assert_allclose(columns[slug], expected, rtol=0, atol=ADDED.get(slug, 1e-10), err_msg=slug)


def test_every_family_shows_each_of_its_losses_along_an_axis_of_several() -> None:
    payload = {
        "name": "robust",
        "members": [one for one in map(_payload, SOURCES) if one["family"] == "robust"],
        "context": [one for one in map(_payload, SOURCES) if one["slug"] in ("l1", "mse")],
    }
    files = family_files(payload)
    for which in ("loss", "gradient", "weight"):
        assert f"figures/families/robust/residual-{which}.csv" in files
        for one in payload["members"]:
            assert f"figures/families/robust/residual-{which}/{one['slug']}.svg" in files
        assert f"figures/families/robust/residual-{which}-behind.svg" in files


def _payload(source: catalogs.Source) -> Mapping[str, str]:
    return {"slug": source.slug, "family": source.family, "path": str(source.path), "shown": source.shown}


FIGURE = SideBySide("f", "F", "what moves", (0.0, 1.0), lambda t: {"t": t}, "A caption.")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("t.sum()", "f: t.sum(): it gives the shape (), and 401 places need a number each"),
        ("s + 1", "f: s + 1: NameError: name 's' is not defined; the call may use t, torch, F and functional"),
        ("t +", "f: t +: SyntaxError"),
        ("functional.hubr(t)", "no loss is called 'hubr' (did you mean huber?)"),
    ],
)
def test_a_call_that_fails_is_told_with_its_file(call: str, words: str) -> None:
    loss = dataclasses.replace(members("robust")[0], side_by_side={"f": call})
    with pytest.raises(CatalogError) as told:
        together.side_by_side(FIGURE, [loss])
    assert f"{loss.path}: figure: " in str(told.value)
    assert words in str(told.value)


def test_losses_that_lie_on_each_other_are_both_seen() -> None:
    """As the divergence of two normals does whether it is told by outcomes or by moments: more dashes on top."""
    charts = [
        chart
        for name, family in FAMILIES.items()
        for figure in catalogs.declared(family).figures
        for _, chart in together.side_by_side(figure, members(name))[0]
    ]
    found = [
        (low.dashed < high.dashed, low.label, high.label)
        for chart in charts
        for low, high in itertools.combinations(chart.traces, 2)  # in the order that they are drawn in
        if np.allclose(low.y, high.y, rtol=1e-3, atol=1e-3, equal_nan=True)
    ]
    assert found, "no losses lie on each other, so this tries nothing"
    assert [names for seen, *names in found if not seen] == []


def test_more_losses_than_one_chart_can_tell_apart_are_in_several_on_the_same_scales() -> None:
    """Every one of them, each in one chart, as far as its numbers go."""
    plain = members("robust")[0]
    count = 2 * together.MOST_TOGETHER + 1
    losses = [
        dataclasses.replace(plain, slug=f"loss_{k}", title=f"Loss {k}", side_by_side={"f": f"{k} * t"})
        for k in range(1, count + 1)
    ]
    charts, table = together.side_by_side(FIGURE, losses)
    assert [len(some) for some, _ in charts] == [8, 8, 1]
    assert [loss.slug for some, _ in charts for loss in some] == list(table.names[1:]) == [loss.slug for loss in losses]
    assert [[trace.label for trace in chart.traces] for _, chart in charts] == [
        [loss.title for loss in some] for some, _ in charts
    ]
    assert {chart.title.removeprefix(FIGURE.title) for _, chart in charts} == {", 1 of 3", ", 2 of 3", ", 3 of 3"}
    (limits,) = {chart.ylim for _, chart in charts}
    assert limits is not None
    assert limits[0] < min(FIGURE.span) * count
    assert limits[1] > max(FIGURE.span) * count
    ((_, alone),), _ = together.side_by_side(FIGURE, losses[: together.MOST_TOGETHER])
    assert (alone.title, alone.ylim) == (FIGURE.title, None)


def test_a_figure_that_the_family_has_not_is_told_with_the_file_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    load = jobs.load
    misplaced = {"two-norms": "input"}
    monkeypatch.setattr(jobs, "load", lambda source: dataclasses.replace(load(source), side_by_side=misplaced))
    chosen = [one for one in map(_payload, SOURCES) if one["slug"] == "hellinger"]
    with pytest.raises(CatalogError) as told:
        family_files({"name": "divergence", "members": chosen, "context": []})
    words = "divergence/hellinger.py: figure: side_by_side: the family has no figure 'two-norms'; it has two-normals"
    assert words in str(told.value)


def test_only_a_residual_has_a_weight() -> None:
    assert together.shared_axis(members("margin"), [], MARGIN_AXIS.name, "weight") is None


# What each is of a region as large as the object that covers this share of it, where as much is missed as is too much;
# and of an object of this share of a picture of which every pixel gives 0.9 to the right answer.
ON_THE_OBJECT = {
    "dice": lambda c: 1 - c,
    "jaccard": lambda c: 1 - c / (2 - c),
    "tversky": lambda c: 1 - c,
    "focal_tversky": lambda c: (1 - c) ** 0.75,
}
OF_A_SHARE = {
    "dice": lambda s: 0.1 / (0.1 + 1.8 * s),
    "jaccard": lambda s: 0.1 / (0.1 + 0.9 * s),
    "tversky": lambda s: (0.03 + 0.04 * s) / (0.03 + 0.94 * s),
    "focal_tversky": lambda s: ((0.03 + 0.04 * s) / (0.03 + 0.94 * s)) ** 0.75,
}


@pytest.mark.parametrize(("name", "closed"), [("overlap", ON_THE_OBJECT), ("size", OF_A_SHARE)])
def test_losses_of_masks_against_overlap_and_size_are_what_the_closed_forms_say(
    name: str, closed: Mapping[str, Callable[[float], float]]
) -> None:
    (figure,) = (one for one in catalogs.declared(FAMILIES["segmentation"]).figures if one.name == name)
    _, table = together.side_by_side(figure, members("segmentation"))
    columns = dict(zip(table.names, table.columns, strict=True))
    along = columns.pop(figure.label)
    assert set(columns) >= set(closed)
    for slug, value in closed.items():
        np.testing.assert_allclose(columns[slug], [value(t) for t in along], rtol=1e-9, atol=1e-12, err_msg=slug)


def test_a_figure_that_no_loss_takes_part_in_is_left_out() -> None:
    """As in a catalog that has only some losses of a family."""
    found = {source.slug: source for source in catalogs.sources()}
    some = [found[slug] for slug in ("soft_margin", "savage")]
    payloads = [{"slug": s.slug, "family": s.family, "path": str(s.path), "shown": s.shown} for s in some]
    files = family_files({"name": "margin", "members": payloads, "context": []})
    drawn = [figure["src"] for figure in json.loads(files["figures.json"])]
    assert [src for src in drawn if "best-scores" in src] == []
    assert any(src.endswith("margin-loss.svg") for src in drawn)


def test_what_moves_is_told_in_the_words_of_its_label() -> None:
    """The name of an axis is for addresses and files: where it is no word of the label, no figure shows it."""
    drawn = [loss for loss in catalogs.catalog().values() if not loss.main.axis.label.startswith(loss.main.axis.name)]
    assert drawn
    for loss in drawn:
        axis = loss.main.axis
        shared = together.shared_axis([loss], [], axis.name, "loss", None)
        (small,) = shared.multiples().values()
        overlay = shared.overlay()
        compared = loss_views.comparison([loss], [{}], "loss", None)
        told = [shared.title, overlay.title, overlay.description, small.title, small.description, compared.description]
        for text in told:
            assert axis.name not in text.replace(axis.quantity, "")
        assert all(axis.quantity in text for text in (shared.title, overlay.description, *told[3:]))
