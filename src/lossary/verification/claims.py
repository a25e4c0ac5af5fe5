"""Holds a loss to its claims: finite sections, properties as measured, relations to other losses."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lossary.declaration.loss import Loss
from lossary.declaration.references import Cited, Claimed, Relation
from lossary.declaration.sections import Section
from lossary.declaration.values import Setting
from lossary.errors import RAISED, Failure, told
from lossary.evaluation import points
from lossary.evaluation.curves import curve, derivatives_along, suits
from lossary.evaluation.torch_calls import expression
from lossary.verification import property_measures
from lossary.verification.evidence import Evidence, fail
from lossary.verification.findings import agree
from lossary.verification.lines import Line
from lossary.verification.proving import proofs
from lossary.verification.proving.verdicts import Proof, Refutation, Verdict

# How far apart the sides of a limit may be.
_LOOSEST = 1e-2


def finite(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """No NaN and no infinity on the drawn sections, at any setting."""
    for setting in points.settings(loss):
        for section in loss.sections:
            if not suits(loss, section, setting):
                continue
            for label, y in section.branches.items():
                drawn = curve(loss, section, np.linspace(*section.span, 401), setting, y)
                for name, array in (("loss", drawn.loss), ("gradient", drawn.gradient)):
                    bad = np.flatnonzero(~np.isfinite(array))
                    if bad.size:
                        at = f"t = {drawn.t[bad[0]]:.6g}{f' ({label})' if label else ''}"
                        yield fail(
                            loss, "evaluate", f"the {name} along {section.label!r} is {array[bad[0]]} at {at}", setting
                        )


def lines(loss: Loss, section: Section, setting: Setting) -> dict[str, Line]:
    """The loss along each branch of a section, by its label, as the property measurements see it."""
    return {label: line(loss, section, setting, label) for label in section.branches}


def line(loss: Loss, section: Section, setting: Setting, label: str | None = None) -> Line:
    """The loss along one branch of a section, the main one if no label is given."""
    branch = next(iter(section.branches)) if label is None else label

    def derivative(order: int, t: NDArray[np.float64], y: float) -> NDArray[np.float64]:
        return derivatives_along(loss, section, t, setting, y, order)[order]

    return Line(
        loss=partial(derivative, 0),
        gradient=partial(derivative, 1),
        curvature=partial(derivative, 2),
        y=section.branches[branch],
        span=section.span,
        limits=section.limits,
        kinks=tuple(points.kinks(loss, section, setting)),
        perfect=section.best.get(branch),
        quantity=section.quantity,
        target_values=section.target_values,
        link=section.link,
        parameters=points.by_symbol(loss, setting),
        reach=min((kind.far for i in loss.inputs for kind in i.kinds if kind.far < 1e3), default=math.inf),
    )


def claimed_properties(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Every claim against its measurement: at the defaults, and at typical settings where it depends on parameters.

    At the defaults it is proven as well, where that can be done, or refuted after all.
    """
    curves = [proofs.along(loss, loss.main, loss.defaults(), y) for y in loss.main.branches.values()]
    for key, claim in loss.properties.items():
        if isinstance(claim, Cited):
            evidence.properties[key] = (claim.value, claim.source)
            if not claim.source.strip():
                yield fail(loss, "property", f"{key}: what is cited needs its source")
            continue
        try:
            for setting in points.settings(loss) if callable(claim) else ():
                points.call_with(claim, loss, setting)
        except RAISED as error:
            own = ", ".join(p.key for p in loss.parameters) or "none"
            message = f"{key}: the claim cannot be called with the parameters that it names ({own}): {told(error)}"
            yield fail(loss, "property", message)
            continue
        section = loss.main
        if key in property_measures.NEED_TARGETS:
            suited = [s for s in loss.sections if s.target_values]
            if not suited:
                yield fail(loss, "property", f"{key} needs a section with target_values")
                continue
            section = suited[0]
        for k, setting in enumerate(points.settings(loss) if callable(claim) else [loss.defaults()]):
            wanted = points.call_with(claim, loss, setting) if callable(claim) else claim
            found = property_measures.finding(key, lines(loss, section, setting))
            if not any(agree(wanted, v) for v in (found.value, *found.also)):
                message = f"{key}: expected {wanted!r} as claimed, got {found.value!r} ({found.how})"
                yield fail(loss, "property", message, setting)
            elif k == 0:
                if found.branches:
                    evidence.branches[key] = dict(found.branches)
                verdict, branch = _verdict(loss, curves, key, wanted)
                if isinstance(verdict, Refutation):
                    message = f"expected {verdict.expected}, got {verdict.got}"
                    yield fail(
                        loss, "property", f"{key}: {wanted!r} as claimed fails at {verdict.where}: {message}", setting
                    )
                elif verdict:
                    evidence.proven[key] = verdict.between
                    words = proofs.in_words(verdict, section.limits, found.how)
                    evidence.properties[key] = (wanted, f"with {branch}, {words}" if branch else words)
                else:
                    where = "" if section is loss.main else f"along the {section.label}, "
                    evidence.properties[key] = (wanted, where + found.how)


def _verdict(
    loss: Loss, curves: Sequence[proofs.Along | None], key: str, wanted: Claimed
) -> tuple[Verdict | None, str]:
    """What a proof of a claim at the defaults comes to along the branches, and the branch that alone it speaks of.

    It is proven where it is on every branch, and refuted where it is on one. That a loss is not convex, not bounded and
    the like needs one branch only. A branch that stays below the largest value refutes nothing, and proves nothing.
    """
    if key in property_measures.NEED_TARGETS:
        return None, ""
    if key == "symmetric" and loss.main.target_values == "unit":
        return proofs.of_a_pair(loss, loss.main, loss.defaults(), wanted) if curves[0] else None, ""
    supremum = loss.properties.get("supremum")
    if isinstance(supremum, Cited):
        supremum = None  # nothing is proven from what was not tried
    elif callable(supremum):
        supremum = points.call_with(supremum, loss, loss.defaults())
    verdicts = [curve.prove(key, wanted, supremum) if curve else None for curve in curves]
    proofs_found = [verdict for verdict in verdicts if isinstance(verdict, Proof)]
    refutations = [verdict for verdict in verdicts if isinstance(verdict, Refutation)]
    one_suffices = wanted is False or key in property_measures.OF_THE_LARGEST
    if len(refutations) > (len(curves) - 1 if one_suffices else 0):
        return refutations[0], ""
    if wanted is False and proofs_found:
        return proofs_found[0], list(loss.main.branches)[verdicts.index(proofs_found[0])]
    return proofs_found[0] if len(proofs_found) == len(curves) else None, ""


def _says_nothing(relation: Relation) -> str:
    """Why a relation holds whatever its losses are; nothing where it can fail."""
    if relation.left == relation.right:
        return "both sides are the same, so it says nothing"
    if not re.search(r"\b(F|nn|functional)\.\w", relation.identity):
        return "it calls no loss, so it says nothing; a loss is F.…, nn.… or functional.…"
    if not relation.tolerance <= _LOOSEST:
        return f"a tolerance of {relation.tolerance:g} is wider than {_LOOSEST:g}, and holds for nearly anything"
    return ""


def relations(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Evaluate both sides of each relation, which may differ."""
    for relation in loss.relations:
        if slip := _says_nothing(relation):
            yield fail(loss, "relation", f"to {relation.slug}: {relation.identity}: {slip}")
            continue
        try:
            left, right = (expression(side) for side in (relation.left, relation.right))
        except RAISED as error:  # an expression may raise anything
            yield fail(loss, "relation", f"to {relation.slug}: {told(error)}")
            continue
        if left.shape != right.shape or not np.allclose(left, right, relation.tolerance, relation.tolerance):
            message = f"{relation.left} should equal {relation.right}: expected {right.tolist()}, got {left.tolist()}"
            yield fail(loss, "relation", f"to {relation.slug}: {message}")
