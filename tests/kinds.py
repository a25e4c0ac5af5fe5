"""Which losses differ in kind: by what they declare, never by a list of names.

A law of a loss is cheap and is tried on every loss. A trial of the machinery (of a check that must catch a mutant, of a
page in a browser) tells nothing new about the tenth loss of a kind: each day it is made on a few losses that have among
them every trait of the catalog, and by `make test-all` on all. What takes seconds is tried on fewer still, which go
round: `sample` says which.
"""

from __future__ import annotations

from collections.abc import Mapping

from lossary.declaration.loss import EXACT, Loss
from lossary.declaration.reductions import ELEMENTWISE


def traits(loss: Loss) -> frozenset[str]:
    """What of a declaration decides through which code a loss goes."""
    kinds = [kind for entry in loss.inputs for kinds in (entry.kinds, *entry.kinds_at.values()) for kind in kinds]
    flags = ("integer", "label", "shared", "listed")
    found = {f"input: {name}" for kind in kinds for name in flags if getattr(kind, name)}
    found |= {f"input of rank {kind.rank}" for kind in kinds}
    found |= {f"parameter: {type(p.kind).__name__}" for p in loss.parameters} or {"no parameters"}
    found |= {f"formula: {type(formula).__name__}" for formula in loss.formulas}
    found |= {f"shorthands: {bool(getattr(formula, 'where', ()))}" for formula in loss.formulas}
    found |= {f"axis: {section.axis.name}" for section in loss.sections}
    told = {
        "several formulas": len(loss.formulas) > 1,
        "several sections": len(loss.sections) > 1,
        "several curves": any(len(section.branches) > 1 for section in loss.sections),
        "kinks": any(section.kinks for section in loss.sections),
        "other reductions": loss.reductions != ELEMENTWISE,
        "not in torch": loss.torch is None,
        "loses digits": loss.precision != EXACT,
    }
    parts = ("summed", "computed", "batches", "call", "maps", "studies", "scenes", "diagrams", "extremes")
    return frozenset(
        {*found, *(name for name, is_so in told.items() if is_so), *(p for p in parts if getattr(loss, p))}
    )


def has_vectors(loss: Loss) -> bool:
    """Whether one value of some input is more than a number."""
    return any(kind.rank for entry in loss.inputs for kind in entry.kinds)


def representatives(of: Mapping[str, frozenset[str]]) -> list[str]:
    """A few names that have all traits among them; those of the most traits first, and of equals the first."""
    missing = set().union(*of.values())
    chosen: list[str] = []
    while missing:
        best = max(of, key=lambda name: len(of[name] & missing))
        chosen.append(best)
        missing -= of[best]
    return chosen
