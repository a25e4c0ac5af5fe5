"""Holds a loss to everything its file says, and publishes nothing.

A pure function from a declaration to evidence and failures; the checks themselves are in comparisons, claims and
examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lossary import display, points, properties, prose
from lossary.claims import claimed_properties, finite, relations
from lossary.comparisons import derivatives, ends, reductions, sums, values_and_gradients
from lossary.declaration.formula import Written
from lossary.declaration.loss import Loss
from lossary.declaration.symbols import TABLE
from lossary.errors import Failure, LossaryError
from lossary.evaluate import TORCH_VERSION, check_parameters, has_class
from lossary.evidence import Evidence, fail
from lossary.examples import example, snippets
from lossary.plots import plot


def verify(loss: Loss) -> tuple[Evidence, list[Failure]]:
    """Run every check whose prerequisites hold; all failures come back together."""
    evidence = Evidence()
    return evidence, [failure for found in outcomes(loss, evidence).values() for failure in found or ()]


def outcomes(loss: Loss, evidence: Evidence) -> dict[str, list[Failure] | None]:
    """What each check found, by its name; None for a check that was not tried, as one that it needs has failed.

    What a fault makes fail as well is not tried, so that each fault has one message.
    """
    told: dict[str, list[Failure] | None] = {}
    for name, check in CHECKS.items():
        if any(needed in CHECKS and needed not in evidence.passed for needed in NEEDS[name]):
            told[name] = None
            continue
        try:
            found = list(check(loss, evidence))
        except Exception as error:  # a loss file's own code may raise anything, anywhere
            found = [fail(loss, name, f"{type(error).__name__}: {error}")]
        told[name] = found
        if not found:
            evidence.passed.append(name)
    return told


def declaration(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """The parts that must be there, and the parameters' own consistency."""
    for name in ("title", "summary"):
        if not getattr(loss, name).strip():
            yield fail(loss, "declaration", f"the {name} is empty")
    if (loss.torch is None) == (loss.function is None):
        yield fail(loss, "declaration", "give either the torch class or the loss's own torch function")
    if loss.torch is not None and not has_class(loss.torch):
        yield fail(loss, "declaration", f"torch {TORCH_VERSION} has no {loss.torch}")
    if any(isinstance(f, Written) and not f.latex.strip() for f in loss.formulas):
        yield fail(loss, "declaration", "a written formula needs its LaTeX")
    symbols = [p.key for p in loss.parameters] + [i.symbol for i in loss.inputs]
    for name in (i.symbol for i in loss.inputs):
        if name not in TABLE:
            yield fail(loss, "declaration", f"the symbol {name!r} of an input is not in the symbol table")
    if len(set(symbols)) < len(symbols):
        yield fail(loss, "declaration", f"two inputs or parameters share a symbol: {', '.join(symbols)}")
    for setting in points.settings(loss):
        try:
            check_parameters(loss, setting)
        except LossaryError as error:
            yield fail(loss, "declaration", f"a typical value is outside the range: {error}")
    for key in loss.properties:
        if key not in properties.LABELS:
            yield fail(loss, "declaration", f"unknown property {key!r}; known are {', '.join(properties.LABELS)}")


def headings(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """The docstring has the sections of a page."""
    try:
        prose.parse(loss.prose)
    except ValueError as error:
        yield fail(loss, "declaration", str(error))


def interactive(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """The functions of the interactive plot can be written, and say what torch says."""
    try:
        evidence.plot = plot(loss, TORCH_VERSION)
    except ValueError as error:
        yield fail(loss, "interactive plot", str(error))


def notation(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Every LaTeX string that a page or a figure will show must parse."""
    for where, latex in display.all_latex(loss):
        problem = display.parse_error(latex)
        if problem:
            # A symbol that does not parse breaks every formula that it is in; the first tells enough.
            yield fail(loss, "latex", f"{where}: {problem}: {latex}")
            return


CHECKS: dict[str, Callable[[Loss, Evidence], Iterator[Failure]]] = {
    "declaration": declaration,
    "headings": headings,
    "formula and gradient": values_and_gradients,
    "derivative": derivatives,
    "clamps": ends,
    "sums": sums,
    "reductions": reductions,
    "sections": finite,
    "interactive plot": interactive,
    "properties": claimed_properties,
    "example": example,
    "snippets": snippets,
    "relations": relations,
    "notation": notation,
}

_FORMULA = ("declaration", "formula and gradient")
# Which checks must have held for a check to mean anything.
NEEDS: dict[str, tuple[str, ...]] = {
    "declaration": (),
    "headings": (),
    "formula and gradient": ("declaration",),
    "derivative": _FORMULA,
    "clamps": _FORMULA,
    "sums": _FORMULA,
    "reductions": _FORMULA,
    "sections": _FORMULA,
    "interactive plot": (*_FORMULA, "sections"),
    "properties": (*_FORMULA, "sections"),
    "example": _FORMULA,
    "snippets": ("headings",),
    "relations": (),
    "notation": _FORMULA,
}
