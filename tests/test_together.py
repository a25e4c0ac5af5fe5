"""Losses side by side on a family's page: curves on shared axes, and figures that the family declares."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import pytest

from lossary.declaration import SideBySide
from lossary.declaration.loss import Loss
from lossary.declaration.sections import MARGIN_AXIS, RESIDUAL
from lossary.discovery import catalogs
from lossary.drawing import together
from lossary.errors import CatalogError
from lossary.publishing import jobs
from lossary.publishing.jobs import MOST_TOGETHER, family_files

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
    chart, table = together.side_by_side(figure, members("divergence"))
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
    laid = together.laid(robust, context, RESIDUAL.name, "weight")
    assert laid is not None
    for slug, expected in {"huber": lambda r: min(1, 1 / abs(r)), "cauchy": lambda r: 1 / (1 + r**2)}.items():
        trace = laid.members[slug]
        np.testing.assert_allclose(trace.y, [expected(r) for r in trace.x], rtol=1e-12)
    np.testing.assert_allclose(laid.context["mse"].y, 2.0, rtol=1e-12)
    assert 1.1 < laid.ylim[1] < 4, "most weights begin at 1"


def test_small_charts_are_told_apart_by_nothing_but_their_curve() -> None:
    robust = members("robust")
    assert len(robust) > MOST_TOGETHER
    laid = together.laid(robust, [], RESIDUAL.name, "loss")
    assert laid is not None
    charts = laid.multiples()
    assert list(charts) == [loss.slug for loss in robust]
    assert {chart.ylim for chart in charts.values()} == {laid.ylim}
    for slug, chart in charts.items():
        own = [trace for trace in chart.traces if trace.strong]
        assert len(own) == 1
        assert own[0].y is laid.members[slug].y
        # Without context, the others stand behind.
        assert len(chart.traces) == len(robust)


def test_small_charts_of_margins_have_the_zero_one_step_behind_them() -> None:
    for which, greys in (("loss", 1), ("gradient", len(members("margin")) - 2)):
        laid = together.laid(members("margin"), [], MARGIN_AXIS.name, which)
        assert laid is not None
        assert "hinge_embedding" not in laid.members, "its axis is the distance"
        for slug, chart in laid.multiples().items():
            *behind, own = chart.traces
            assert own.y is laid.members[slug].y
            assert len(behind) == greys
            if which == "loss":
                assert (behind[0].x.tolist(), behind[0].y.tolist()) == ([-3, 0, 0, 3], [1, 1, 0, 0])


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
    assert together.laid(members("margin"), [], MARGIN_AXIS.name, "weight") is None
