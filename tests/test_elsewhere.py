"""Calls in other libraries: each that can run was run as it stands, and nothing is kept of one that is gone."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases import LOSSES
from lossary.declaration import Loss, library
from lossary.declaration.known_libraries import CITED, RUN
from lossary.discovery.catalogs import Source
from lossary.discovery.dependencies import MEASURED, measured
from lossary.elsewhere import rows as rows_module
from lossary.elsewhere.arrays import KINDS, Arrays
from lossary.elsewhere.entering import LeftOut
from lossary.elsewhere.measuring import measure
from lossary.elsewhere.rows import cases, key, one_sample, state, surprises, swapped, words
from lossary.errors import CatalogError

FILE = Path(__file__).parents[1] / "src" / "lossary" / "losses" / MEASURED
KEPT: dict[str, dict[str, dict[str, Any]]] = json.loads(FILE.read_text("utf-8"))
LOCK = Path(__file__).parents[1] / "scripts" / "libraries.lock"
OTHER_LANGUAGES = {one.name for one in CITED if one.language != "Python"}
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
        elif found["of"] is None and not row.differs:
            told.append(f"{row.call} is no multiple of the loss: say that it is another loss, and in what")
        elif found["of"] is not None and row.differs:
            told.append(f"{row.call} is said to be another loss, and it is {words(found)}")
    told += [f"{found['call']} is stale: make libraries" for code, found in kept.items() if code not in rows]
    return told


@pytest.mark.parametrize("slug", LOSSES)
def test_each_call_that_can_run_was_run(slug: str) -> None:
    assert problems(LOSSES[slug], KEPT.get(slug, {})) == []


def test_a_changed_call_a_failed_one_and_an_undeclared_difference_are_told() -> None:
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
    noted = key(loss, next(row for row in loss.libraries if row.known and row.note))
    assert "say that it is another loss" in problems(loss, {**kept, noted: {**kept[noted], "of": None}})[0]


def test_what_is_said_to_be_another_loss_is_one() -> None:
    text = "`optax.l2_loss(input, target)` is another loss: It has a factor."
    row = library(text)
    assert row.differs
    loss = dataclasses.replace(LOSSES["mse"], libraries=(row,))
    code = key(loss, row)
    assert code in KEPT["mse"]  # what is said of a row is not what is measured
    assert problems(loss, {code: KEPT["mse"][code]}) == [f"{row.call} is said to be another loss, and it is × 0.5"]
    with pytest.raises(ValueError, match=r"say after .* in what it is another loss"):
        library(text.partition(":")[0])


def test_of_the_calls_in_python_libraries_most_run() -> None:
    """A library that is not known to be called from another language is one of Python, known or not."""
    rows = [row for loss in LOSSES.values() for row in loss.libraries if row.name not in OTHER_LANGUAGES]
    assert sum(row.known is not None for row in rows) / len(rows) >= 0.85


def test_each_row_was_run_in_the_version_that_is_locked() -> None:
    locked = dict(line.split("==") for line in LOCK.read_text("utf-8").split())
    locked = {name.lower().replace("_", "-"): version for name, version in locked.items()}
    named = {one.name: locked[one.installed_as.lower().replace("_", "-")] for one in RUN}
    rows = [row for found in KEPT.values() for row in found.values()]
    assert [(row["library"], row["version"]) for row in rows if row["version"] != named[row["library"]]] == []


def test_a_call_that_takes_one_sample_is_compared_at_several_with_different_numbers() -> None:
    """Equal numbers, and times without ties, hide how it weighs one against another."""
    told = []
    for slug, row in RUNNABLE:
        found = KEPT.get(slug, {}).get(key(LOSSES[slug], row), {})
        if found.get("alone"):
            first = LOSSES[slug].inputs[0].name
            samples = [np.ravel(one_sample(LOSSES[slug], batch)[first]) for _, batch in cases(LOSSES[slug], row)]
            if found["points"] < 6 or 2 * sum(len(set(sample)) > 1 for sample in samples) < len(samples):
                told.append((slug, row.call))
    assert told == []


def test_what_is_not_run_has_a_source() -> None:
    for loss in LOSSES.values():
        for row in loss.libraries:
            assert row.known or row.source.startswith("http"), (loss.slug, row.name)


def test_a_call_that_is_cited_though_its_library_is_run_says_why() -> None:
    cited = [(slug, row) for slug, loss in LOSSES.items() for row in loss.libraries if not row.known]
    assert [(slug, row.call) for slug, row in cited if row.name in {one.name for one in RUN} and not row.note] == []


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


def test_what_is_zero_throughout_is_no_multiple() -> None:
    """It would agree with no times the loss, wherever the loss is finite."""
    assert measure(LOSSES["mse"], library("SciPy `0 * input`"), Arrays())["of"] is None


def test_a_factor_that_clipping_makes_is_not_told() -> None:
    """Most values here are a millionth off, and the median of the ratios is as well."""
    row = library("SciPy `(input - target) ** 2 * (1 - 9e-7 * (abs(input) > 1e-3))`")
    found = measure(LOSSES["mse"], row, Arrays())
    assert (found["factor"], found["agreed"]) == (1, found["points"])


def test_gradients_are_compared_where_there_are_some() -> None:
    arrays = KINDS["torch"]()
    arrays.prepare()
    assert measure(LOSSES["mse"], library("PyTorch `(input - target) ** 2`"), arrays)["gradient"] is True
    cut = library("PyTorch `(input - target) * (input - target).detach()`")
    assert measure(LOSSES["mse"], cut, arrays)["gradient"] is False


def test_a_clipped_value_is_told_with_how_far_and_where() -> None:
    """Nothing is forgiven: a value that is off by less than a thousandth does not count as one that agrees."""
    row = library("SciPy `numpy.maximum((input - target) ** 2, 1e-3) * (1 + 1e-4 * (input > 0))`")
    found = measure(LOSSES["mse"], row, Arrays())
    assert found["of"] == "none"
    assert 0 < found["agreed"] < found["agreed"] + found["close"] < found["points"]
    assert found["within"] == pytest.approx(1e-4, rel=0.1)
    assert found["difference"] == pytest.approx(1e-3, rel=0.1)
    assert found["where"]["input"] == pytest.approx(found["where"]["target"], abs=1e-9)


def test_a_package_that_is_left_out_takes_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names may be imported from it, and classes derived, so that what stands beside can be run; none can be called."""
    monkeypatch.setattr(sys, "meta_path", [LeftOut(["nothing_such"]), *sys.meta_path])
    found: dict[str, Any] = {}
    exec("import nothing_such.a.b\nfrom nothing_such import Base, make\nclass Mine(Base): pass", found)
    for call in ("make(1)", "Mine()", "nothing_such.a.b.C.D()"):
        with pytest.raises(RuntimeError, match="was called, and is left out here"):
            eval(call, found)
    with pytest.raises(ModuleNotFoundError):
        exec("import nothing_such_either")
    for name in [name for name in sys.modules if name.startswith("nothing_such")]:
        monkeypatch.delitem(sys.modules, name)


def test_refusals_are_counted() -> None:
    row = library("SciPy `(input - target) ** 2 if abs(input).max() < 100 else [][0]`")
    found = measure(LOSSES["mse"], row, Arrays())
    assert 0 < found["refused"] < found["calls"]
    assert found["refusal"] == "IndexError: list index out of range"
    assert found["agreed"] == found["points"]


def test_gradients_are_compared_away_from_kinks_and_a_wrong_one_says_where() -> None:
    """At a kink each slope between the two sides is right; one that is wrong beside it is told."""
    arrays = KINDS["torch"]()
    arrays.prepare()
    whole = "torch.where(input >= target, input - target, target - input)"  # slope 1 at the kink, where torch says 0
    assert measure(LOSSES["l1"], library(f"PyTorch `{whole}`"), arrays)["gradient"] is True
    cut = library(
        "PyTorch `torch.where(input > 10, (input - target).abs().detach() + 0 * input, (input - target).abs())`"
    )
    found = measure(LOSSES["l1"], cut, arrays)
    assert found["gradient"] is False
    assert found["pulled"]["of"] == "input"
    assert found["pulled"]["where"]["input"] > 10


def test_a_row_may_hold_an_input() -> None:
    """What is compared at a fixed input is compared at all points, and agrees there."""
    row = library("SciPy `1 - (input1 * input2).sum(-1) / numpy.linalg.norm(input1, axis=-1) / "
                  "numpy.linalg.norm(input2, axis=-1)` at target=1")  # fmt: skip
    assert all((batch["target"] == 1).all() for _, batch in cases(LOSSES["cosine_embedding"], row))
    found = measure(LOSSES["cosine_embedding"], row, Arrays())
    assert found["points"] > 0
    assert found["factor"] == 1
    free = library(row.call.join(("SciPy `", "`")))
    assert key(LOSSES["cosine_embedding"], free) != key(LOSSES["cosine_embedding"], row)


def test_another_default_is_found_in_the_signature() -> None:
    arrays = KINDS["torch"]()
    arrays.prepare()
    row = library("PyTorch `torch.nn.functional.huber_loss(input, target, delta=delta, reduction='none')`")
    assert measure(LOSSES["huber"], row, arrays)["defaults"] == {}
    smooth = library(
        "PyTorch `torch.nn.functional.smooth_l1_loss(input, target, beta=delta, reduction='none') * delta`"
    )
    assert measure(LOSSES["huber"], smooth, arrays)["defaults"] == {}
    leaky = library("PyTorch `torch.nn.functional.leaky_relu(input - target, negative_slope=tau)`")
    assert measure(LOSSES["quantile"], leaky, arrays)["defaults"] == {"negative_slope": 0.01}


def test_each_surprise_has_its_place_on_the_page() -> None:
    template = Path(rows_module.__file__).parents[1] / "publishing" / "templates" / "libraries.md.jinja"
    told = {kind for found in KEPT.values() for row in found.values() for kind in surprises(row)}
    assert len(told) > 4
    assert {kind for kind in told | {"order"} if f'"{kind}": ' not in template.read_text("utf-8")} == set()


def test_a_row_is_searched_by_the_librarys_own_functions() -> None:
    """Not by what its results are put together with."""
    row = library("allRank `torch.stack([allrank.models.losses.listMLE(x[None], y) for x in input])`")
    assert row.functions == ["allrank.models.losses.listMLE"]
    assert library("`optax.l2_loss(input, target)`").functions == ["optax.l2_loss"]
    assert library("LossFunctions.jl `HuberLoss(1.0)`").functions == ["HuberLoss"]


def test_swapped_inputs_are_seen() -> None:
    mse = LOSSES["mse"]
    assert swapped(mse, library("SciPy `numpy.subtract(target, input.ravel())`"))
    assert not swapped(mse, library("SciPy `numpy.hypot(1, input - target)`"))
    assert not swapped(mse, library("SciPy `numpy.subtract(input, target)`"))


@pytest.mark.parametrize("module", ["arrays.py", "measuring.py"])
def test_what_measures_is_part_of_a_rows_hash(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of code makes every row stale; a comment does not."""
    row = library("`optax.l2_loss(input, target)`")
    read = Path.read_text

    def hashed(more: str) -> str:
        monkeypatch.setattr(Path, "read_text", lambda p, *a: read(p, *a) + (more if p.name == module else ""))
        rows_module._method.cache_clear()
        return key(LOSSES["mse"], row)

    same = hashed("")
    assert hashed("# more\n") == same
    assert hashed("more = 1\n") != same
    monkeypatch.undo()
    rows_module._method.cache_clear()
    assert key(LOSSES["mse"], row) == same


def test_a_factor_may_be_a_power_of_a_parameter() -> None:
    row = library("SciPy `delta * scipy.special.huber(delta, input - target)`")
    huber = LOSSES["huber"]
    own = library("SciPy `delta**2 * numpy.where(abs(input - target) < delta, (input - target) ** 2 / 2, "
                  "delta * (abs(input - target) - delta / 2))`")  # fmt: skip
    assert measure(huber, own, Arrays())["factor"] == "delta**2"
    assert {case["delta"] for case, _ in cases(huber, row)} != {huber.defaults()["delta"]}


def test_words() -> None:
    found = {
        "of": "none", "factor": 1.0, "offset": 0.0, "points": 200, "agreed": 200, "close": 0, "within": 0.0,
        "difference": 0.0, "where": None, "broken": 0, "calls": 8, "refused": 0, "gradient": True, "defaults": {},
    }  # fmt: skip
    assert words(found) == "the same"
    assert words({**found, "factor": 0.5}) == "× 0.5"
    assert words({**found, "factor": "delta"}) == "× delta"
    assert words({**found, "of": "mean"}) == "the same, averaged"
    assert words({**found, "offset": -1.0, "of": "last mean"}) == "the same, minus 1, averaged over the last dimension"
    assert words({**found, "factor": 2.0, "offset": 3.0}) == "× 2, plus 3"
    assert words(found, {"c": 2**0.5, "full": True}) == "the same at c=1.41421, full=True"
    assert words({**found, "factor": 4.0}, {"c": 2.0}) == "× 4 at c=2"
    assert words({**found, "of": None, "difference": 2.0}, {"c": 2.0}) == "no fixed multiple at c=2: up to 2 apart"
    assert words({**found, "of": "gradient"}) == "the same gradient"
    assert words({**found, "of": "gradient", "factor": 0.5}) == "× 0.5 in its gradient"
    assert words({**found, "agreed": 150, "difference": 0.001}) == (
        "the same; at 150 of 200 points, elsewhere up to 0.001 apart"
    )
    assert words({**found, "of": None, "difference": 2.0}) == "no fixed multiple: up to 2 apart"
    near = {**found, "agreed": 150, "close": 40, "within": 0.00032, "difference": 2.0, "where": {"input": 0.0}}
    assert words(near) == (
        "the same; at 150 of 200 points, within 0.032% at 40 more, elsewhere up to 2 apart (input=0)"
    )
    assert words({**near, "difference": 0.0}).endswith("elsewhere not finite in one of the two")
    assert words({**near, "difference": 0.0, "broken": 10}).endswith("elsewhere infinite or NaN")
    assert words({**near, "broken": 2}).endswith("elsewhere up to 2 apart (input=0), and infinite or NaN at 2")
    assert words({**found, "refused": 3}) == "the same; refuses 3 of 8 calls"
    assert words({**found, "gradient": False, "pulled": {"of": "target", "where": {"input": 1.0}}}) == (
        "the same; another gradient with respect to target at some points (input=1)"
    )
    assert words({**found, "defaults": {"t": 1.345}}) == "the same; by default t=1.345"


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
