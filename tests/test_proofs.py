"""Proofs over balls: a false claim is refuted with a point, a true one never is, and most of the catalog is proven."""

from __future__ import annotations

from typing import Any

import pytest

from cases import LOSSES
from lossary.declaration.references import Cited
from lossary.evaluation import points
from lossary.verification.proving import proofs
from lossary.verification.proving.verdicts import Proof, Refutation
from proof_cases import FALSE, LINE, TRUE

KINDS = ("convex", "lipschitz", "bounded", "symmetric")


def judged(expression: Any, key: str, claim: Any) -> Any:
    """A claim about a curve over the whole line; what is claimed of a bounded one is its supremum."""
    along = proofs.Along(expression, LINE)
    if key == "bounded":
        return along.prove(key, True, float(claim))
    return along.prove(key, claim if isinstance(claim, bool) else float(claim))


def every(table: dict[str, list[tuple[Any, Any]]]) -> list[Any]:
    return [
        pytest.param(expression, key, claim, id=f"{key}-{k}")
        for key, rows in table.items()
        for k, (expression, claim) in enumerate(rows)
    ]


def test_each_kind_has_ten_false_claims_and_ten_hard_ones() -> None:
    for table in (FALSE, TRUE):
        assert set(table) == set(KINDS)
        assert all(len(rows) >= 10 for rows in table.values())


@pytest.mark.parametrize(("expression", "key", "claim"), every(FALSE))
def test_a_false_claim_is_refuted(expression: Any, key: str, claim: Any) -> None:
    assert isinstance(judged(expression, key, claim), Refutation)


@pytest.mark.parametrize(("expression", "key", "claim"), every(TRUE))
def test_a_true_claim_is_never_refuted(expression: Any, key: str, claim: Any) -> None:
    assert not isinstance(judged(expression, key, claim), Refutation)


def test_most_claims_of_the_scalar_losses_are_proven() -> None:
    """Of those that are checked at all, with the losses that take no vectors."""
    proven, left = [], []
    for loss in LOSSES.values():
        kinds = [kind for entry in loss.inputs for kind in entry.candidates(loss.defaults())]
        if any(kind.rank for kind in kinds) or not all(formula.executable for formula in loss.formulas):
            continue
        section, setting = loss.main, loss.defaults()
        along = proofs.along(loss, section, setting, next(iter(section.branches.values())))
        for key in KINDS:
            claim = loss.properties.get(key)
            if claim is None or isinstance(claim, Cited):
                continue
            value = points.call_with(claim, loss, setting) if callable(claim) else claim
            top = loss.properties.get("supremum")
            top = points.call_with(top, loss, setting) if callable(top) else top
            found = along.prove(key, value, top) if along else None
            assert not isinstance(found, Refutation), (loss.slug, key, found)
            (proven if isinstance(found, Proof) else left).append(f"{loss.slug} {key}")
    assert len(proven) >= 0.6 * (len(proven) + len(left)), f"{len(proven)} proven, not proven: {left}"
