"""Proofs over balls: a false claim is refuted with a point, a true one never is, and most of the catalog is proven."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sympy as sp
from flint import arb

from cases import LOSSES
from lossary.declaration.references import Cited
from lossary.evaluation import points
from lossary.evaluation.balls import precision
from lossary.evaluation.curves import curve
from lossary.interactive.along_section import T
from lossary.verification import claims, findings, property_measures
from lossary.verification.evidence import Evidence
from lossary.verification.proving import enclosures, pieces, proofs, range_proofs
from lossary.verification.proving.enclosures import Budget, Smooth
from lossary.verification.proving.pieces import Curve
from lossary.verification.proving.verdicts import Proof, Refutation, Undecided
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


def test_a_supremum_that_was_only_cited_proves_no_bound() -> None:
    loss, proven = LOSSES["cosine_embedding"], {}
    for name, supremum in (("tried", 2), ("cited", Cited(2, "a paper"))):
        evidence = Evidence()
        claimed = dataclasses.replace(loss, properties={"bounded": True, "supremum": supremum})
        assert not list(claims.claimed_properties(claimed, evidence))
        proven[name] = "bounded" in evidence.proven
    assert proven == {"tried": True, "cited": False}


def test_the_hard_claims_are_proven_but_for_one() -> None:
    """The second derivative 1 - cos t touches 0 where no end of a box lies: that stays measured."""
    left = [(key, str(e)) for key, rows in TRUE.items() for e, c in rows if not isinstance(judged(e, key, c), Proof)]
    assert left == [("convex", "t**2/2 + cos(t)")]


# --- what would make a proof unsound --------------------------------------------------------------------------------


def flat(self: Curve, order: int, left: Any, right: Any) -> Any:
    return arb(0)


def midpoint(self: Smooth, order: int, low: Any, high: Any) -> Any:
    return self.at(order, enclosures.middle(low, high))


def sign_at_the_middle(self: Smooth, order: int, low: Any, high: Any) -> int:
    return 1 if self.at(order, enclosures.middle(low, high)) >= 0 else -1


def sign_of_the_first_factor(self: Any, box: Any) -> int:
    return 1 if self.factors[0](box) >= 0 else 0


def no_zeros(*_: Any) -> list[Any]:
    return []


MUTANTS: dict[str, tuple[Any, str, Any]] = {
    "a box is its middle": (Smooth, "over", midpoint),
    "a sign is that of the middle": (Smooth, "_sign", sign_at_the_middle),
    "a product has the sign of its first factor": (enclosures._Function, "sign", sign_of_the_first_factor),
    "a curve is never cut": (pieces, "_zeros", no_zeros),
    "nothing jumps at a cut": (Curve, "jump", flat),
}


def proven_wrongly() -> Iterator[str]:
    for key, rows in FALSE.items():
        for expression, claim in rows:
            if isinstance(judged(expression, key, claim), Proof):
                yield f"{key} of {expression}"


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_prover_that_is_unsound_proves_what_is_false(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The false claims are many enough to tell a sound prover from one that looks at middles or misses a branch."""
    assert next(proven_wrongly(), None) is None
    monkeypatch.setattr(*MUTANTS[mutant])
    assert next(proven_wrongly(), None)


def test_a_derivative_that_is_none_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosures.sp, "diff", lambda e, t: 2 * e)
    with pytest.raises(ValueError, match="is not the derivative of"):
        judged(T**2, "convex", True)


UNDECIDED: dict[str, tuple[Any, str, Any]] = {
    "no value at 0": (1 / T, "convex", True),
    "no value below 0": (-sp.log(T), "convex", True),
    "a value that is another one at a point": (sp.Piecewise((5, sp.Eq(T, 0)), (T**2, True)), "convex", True),
    "the same, of a bound": (sp.Piecewise((5, sp.Eq(T, 0)), (1, True)), "bounded", 1),
    "the same, of a slope": (sp.Piecewise((5, sp.Eq(T, 0)), (T, True)), "lipschitz", 1),
    "no constant that is the least": (sp.Abs(T) / 2, "lipschitz", 1),
    "a bound that is never reached": (sp.sin(T) ** 2 / 2, "supremum", 1.0),
    "a claim that is too small by a rounding": (sp.Abs(T) * (1 + sp.Rational(1, 10**7)), "lipschitz", 1),
}


@pytest.mark.parametrize("case", UNDECIDED)
def test_what_cannot_be_decided_is_neither_proven_nor_refuted(case: str) -> None:
    expression, key, claim = UNDECIDED[case]
    assert proofs.Along(expression, LINE).prove(key, claim) is None


def test_a_proof_gives_up_when_its_boxes_are_spent() -> None:
    with precision(192), pytest.raises(Undecided, match="too many boxes"):
        range_proofs.lipschitz(Curve(sp.sin(1000 * T) / 1000, -1000.0, 1000.0, Budget(100)), 1.0)


# --- on the way to a page -------------------------------------------------------------------------------------------


def held_to(slug: str, monkeypatch: pytest.MonkeyPatch, key: str, claim: Any) -> tuple[Evidence, list[str]]:
    """The evidence and the failures of one claim, whatever was measured."""
    measured = findings.Finding(claim, "measured")
    monkeypatch.setitem(property_measures.MEASURES, key, lambda line: measured)
    loss = dataclasses.replace(LOSSES[slug], properties={key: claim})
    evidence = Evidence()
    return evidence, [str(failure) for failure in claims.claimed_properties(loss, evidence)]


def test_what_measuring_lets_pass_is_refuted_with_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence, (failure,) = held_to("huber", monkeypatch, "lipschitz", 1 - 9e-7)
    assert "lipschitz: 0.9999991 as claimed fails at t = " in failure
    assert "expected a slope of at most 0.9999991 in size, got one of " in failure
    assert LOSSES["huber"].path in failure
    assert evidence.properties == evidence.proven == {}


@pytest.mark.parametrize(
    ("slug", "key", "claim", "between", "how"),
    [
        ("huber", "convex", True, (-1000, 1000), "between −1000 and 1000, the second derivative is nowhere"),
        ("bce", "convex", True, (1e-6, 1 - 1e-6), "between 1e-6 and 0.999999, the second derivative is nowhere"),
        ("cosine_embedding", "lipschitz", 1, (0, math.pi), "on the whole axis, from 0 to 3.14159, the slope stays"),
        ("huber", "symmetric", True, (-math.inf, math.inf), "the formula is the same one for t and for −t"),
        ("huber", "bounded", False, (-math.inf, math.inf), "the slope is 1 at t = 10, and the second derivative is"),
        ("kl_div", "symmetric", False, (0.25, 0.5), "the loss is 0.143841 for a prediction of 0.25 and"),
    ],
)  # fmt: skip
def test_what_is_proven_says_between_which_points(
    slug: str, key: str, claim: Any, between: tuple[float, float], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence, failures = held_to(slug, monkeypatch, key, claim)
    assert failures == []
    assert evidence.proven[key] == between
    value, told = evidence.properties[key]
    assert value == claim
    assert told.startswith(how)
    # Only what lies beyond a range is said to be measured.
    beyond = math.isfinite(between[0]) and not told.startswith(("on the whole axis", "the loss is"))
    assert bool(re.search(r"; also checked: (with [^,]+, )?measured(; the same with .+)?$", told)) == beyond


@pytest.mark.parametrize(("slug", "key", "claim"), [("mse", "lipschitz", "inf"), ("ctc", "convex", True)])
def test_what_is_not_proven_stays_measured(slug: str, key: str, claim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence, failures = held_to(slug, monkeypatch, key, claim)
    assert failures == []
    assert evidence.proven == {}
    assert evidence.properties == {key: (claim, "measured")}


def test_a_power_whose_base_holds_an_exponential_stays_the_same_when_it_is_factored() -> None:
    """The names that powers get while factoring may stand in one another; none is left over."""
    share = sp.exp(T) / (sp.exp(T) + 2)
    power = share ** sp.Rational(7, 10) * (1 - share) + share ** sp.Rational(17, 10)
    product = enclosures.factored(power)
    assert product.free_symbols == {T}
    assert all(abs((product - power).subs(T, t).evalf(30)) < 1e-25 for t in (-3, 0, 2))


def test_what_torch_holds_in_a_gradient_moves_in_a_proof() -> None:
    """A proof is about the curve of the value, which is not what the gradient of such a loss leads along."""
    loss = LOSSES["ciou_loss"]
    section = next(one for one in loss.sections if one.axis.name == "edge")
    found = proofs.along(loss, section, loss.defaults(), 0.0)
    assert found is not None
    slope = enclosures.runs(found.expression.diff(T))(arb(1) / 2)
    beside = curve(loss, section, np.array([0.5 - 1e-6, 0.5, 0.5 + 1e-6]), loss.defaults(), 0.0)
    assert float(slope) == pytest.approx((beside.loss[2] - beside.loss[0]) / 2e-6, rel=1e-8)
    assert abs(float(slope) - beside.gradient[1]) > 1e-3
