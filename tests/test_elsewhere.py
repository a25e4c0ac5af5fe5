"""Calls in other libraries: each that can run was run as it stands, and nothing is kept of one that is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases import LOSSES
from lossary.declaration import Loss, library
from lossary.declaration.known_libraries import CITED, RUN
from lossary.discovery.catalogs import Source
from lossary.discovery.dependencies import MEASURED, measured
from lossary.elsewhere.arrays import KINDS, Arrays
from lossary.elsewhere.measuring import measure
from lossary.elsewhere.rows import cases, key, state, words
from lossary.errors import CatalogError

FILE = Path(__file__).parents[1] / "src" / "lossary" / "losses" / MEASURED
KEPT: dict[str, dict[str, dict[str, Any]]] = json.loads(FILE.read_text("utf-8"))
PYTHON = {one.package for one in (*RUN, *CITED) if one.package} - {"ceres", "Flux"}
RUNNABLE = [(slug, row) for slug, loss in LOSSES.items() for row in loss.libraries if row.known]


def problems(loss: Loss, kept: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong between the rows of a loss and what is kept of them."""
    told = []
    rows = {key(loss, row): row for row in loss.libraries if row.known}
    for code, row in rows.items():
        found = kept.get(code)
        if found is None:
            told.append(f"{row.call} was not run: make libraries")
        elif "failed" in found:
            told.append(f"{row.call} failed: {found['failed']}")
        elif found["of"] is None and not row.note:
            told.append(f"{row.call} is no multiple of the loss, and no note says why")
    told += [f"{found['call']} is stale: make libraries" for code, found in kept.items() if code not in rows]
    return told


@pytest.mark.parametrize("slug", LOSSES)
def test_each_call_that_can_run_was_run(slug: str) -> None:
    assert problems(LOSSES[slug], KEPT.get(slug, {})) == []


def test_a_changed_call_a_failed_one_and_a_difference_without_a_note_are_told() -> None:
    loss = LOSSES["mse"]
    row = library("`optax.l2_loss(input, target)`")
    code = key(loss, row)
    kept = KEPT["mse"]
    assert code in kept
    assert problems(loss, {k: v for k, v in kept.items() if k != code}) == [
        "optax.l2_loss(input, target) was not run: make libraries"
    ]
    other = key(loss, library("`optax.l2_loss(target, input)`"))
    assert other != code
    assert "is stale" in problems(loss, {**kept, other: kept[code]})[0]
    assert "failed: no" in problems(loss, {**kept, code: {**kept[code], "failed": "no"}})[0]
    bare = key(loss, next(row for row in loss.libraries if row.name == "Keras"))
    assert "no note says why" in problems(loss, {**kept, bare: {**kept[bare], "of": None}})[0]


def test_of_the_calls_in_python_libraries_most_run() -> None:
    named = {one.name for one in (*RUN, *CITED) if one.package in PYTHON}
    rows = [row for loss in LOSSES.values() for row in loss.libraries if row.name in named]
    assert sum(row.known is not None for row in rows) / len(rows) >= 0.7


def test_what_is_not_run_has_a_source() -> None:
    for loss in LOSSES.values():
        for row in loss.libraries:
            assert row.known or row.source.startswith("http"), (loss.slug, row.name)


@pytest.mark.parametrize(
    ("call", "of", "factor", "offset"),
    [
        ("(input - target) ** 2", "none", 1, 0),
        ("0.5 * (input - target) ** 2", "none", 0.5, 0),
        ("(input - target) ** 2 + 3", "none", 1, 3),
        ("((input - target) ** 2).mean(-1)", "last mean", 1, 0),
        ("2 * ((input - target) ** 2).sum()", "mean", 64, 0),
        ("abs(input - target)", None, None, None),
    ],
)
def test_a_relation_is_found(call: str, of: str | None, factor: float | None, offset: float | None) -> None:
    found = measure(LOSSES["mse"], library(f"SciPy `{call}`"), Arrays())
    assert (found["of"], found["factor"], found["offset"]) == (of, factor, offset)
    assert found["gradient"] is None


def test_gradients_are_compared_where_there_are_some() -> None:
    arrays = KINDS["torch"]()
    arrays.prepare()
    assert measure(LOSSES["mse"], library("PyTorch `(input - target) ** 2`"), arrays)["gradient"] is True
    cut = library("PyTorch `(input - target) * (input - target).detach()`")
    assert measure(LOSSES["mse"], cut, arrays)["gradient"] is False


def test_a_factor_may_be_a_power_of_a_parameter() -> None:
    row = library("SciPy `delta * scipy.special.huber(delta, input - target)`")
    huber = LOSSES["huber"]
    own = library("SciPy `delta**2 * numpy.where(abs(input - target) < delta, (input - target) ** 2 / 2, "
                  "delta * (abs(input - target) - delta / 2))`")  # fmt: skip
    assert measure(huber, own, Arrays())["factor"] == "delta**2"
    assert {case["delta"] for case, _ in cases(huber, row)} != {huber.defaults()["delta"]}


def test_words() -> None:
    found = {"of": "none", "factor": 1.0, "offset": 0.0, "points": 200, "agreed": 200, "difference": 0.0,
             "gradient": True}  # fmt: skip
    assert words(found) == "the same"
    assert words({**found, "factor": 0.5}) == "× 0.5"
    assert words({**found, "factor": "delta"}) == "× delta"
    assert words({**found, "of": "mean"}) == "the same; the mean"
    assert words({**found, "agreed": 150, "difference": 0.001}) == (
        "the same; at 75% of the points, elsewhere up to 0.001 apart"
    )
    assert words({**found, "of": None, "difference": 2.0}) == "no fixed multiple: up to 2 apart"


def test_a_catalog_without_the_file_shows_its_calls_as_not_run() -> None:
    loss = LOSSES["mse"]
    runs = [state(loss, row, {})["evidence"] for row in loss.libraries]
    assert set(runs) == {"not run", "cited"}
    assert np.all([one["relation"] is None for one in (state(loss, row, {}) for row in loss.libraries)])


@pytest.mark.parametrize("text", ["{", "[]", '{"mse": {"a": 1}}', '{"mse": 1}'])
def test_a_damaged_file_is_one_message_with_the_cure(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "toy"
    folder.mkdir()
    (tmp_path / MEASURED).write_text(text, "utf-8")
    with pytest.raises(CatalogError) as told:
        measured(Source("mse", "toy", folder / "mse.py", "mse.py"))
    assert f"{tmp_path / MEASURED}: load: it does not hold what was measured of other libraries" in str(told.value)
    assert "write it again with 'make libraries'" in str(told.value)
