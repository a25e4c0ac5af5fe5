"""Holds a loss to everything its file says, and publishes nothing.

A pure function from a declaration to evidence and failures; the checks themselves are in comparisons, claims and
examples.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

from lossary.declaration import docstring
from lossary.declaration.choosing import PLACES
from lossary.declaration.formula import Written
from lossary.declaration.loss import EXACT, Loss
from lossary.declaration.symbols import TABLE
from lossary.declaration.vocabulary import TAKES, TASKS
from lossary.errors import RAISED, Failure, LossaryError, nearest, told
from lossary.evaluation import points
from lossary.evaluation.settings import check_parameters
from lossary.evaluation.torch_calls import TORCH_VERSION, has_class
from lossary.interactive.module import compare_with_torch
from lossary.typesetting import formula_latex
from lossary.verification.calls import example_inputs, formula_parts, section_inputs
from lossary.verification.claims import claimed_properties, finite, relations
from lossary.verification.evidence import Evidence, fail
from lossary.verification.findings import LABELS
from lossary.verification.formula_checks import derivatives, ends, reductions, sums, values_and_gradients
from lossary.verification.snippets import example, snippets


def verify(loss: Loss) -> tuple[Evidence, list[Failure]]:
    """Run every check whose prerequisites hold; all failures come back together."""
    evidence = Evidence()
    return evidence, [failure for found in outcomes(loss, evidence).values() for failure in found or ()]


def outcomes(loss: Loss, evidence: Evidence) -> dict[str, list[Failure] | None]:
    """What each check found, by its name; None for a check that was not tried, as one that it needs has failed.

    What a fault makes fail as well is not tried, so that each fault has one message.
    """
    results: dict[str, list[Failure] | None] = {}
    for name, check in CHECKS.items():
        if any(needed in CHECKS and needed not in evidence.passed for needed in NEEDS[name]):
            results[name] = None
            continue
        try:
            found = list(check(loss, evidence))
        except RAISED as error:  # a loss file's own code may raise anything, anywhere
            found = [fail(loss, name, told(error))]
        results[name] = found
        if not found:
            evidence.passed.append(name)
    return results


def declaration(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """The parts that must be there, and the parameters' own consistency."""
    if not loss.inputs:
        yield fail(loss, "declaration", "inputs is empty: a loss is a function of something")
        return
    if (loss.torch is None) == (loss.function is None):
        yield fail(loss, "declaration", "give either the torch class or the loss's own torch function")
    if loss.torch is not None and not has_class(loss.torch):
        yield fail(loss, "declaration", f"torch {TORCH_VERSION} has no {loss.torch}")
    if any(isinstance(f, Written) and not f.latex.strip() for f in loss.formulas):
        yield fail(loss, "declaration", "a written formula needs its LaTeX")
    symbols = [p.key for p in loss.parameters] + [i.symbol for i in loss.inputs]
    for i in loss.inputs:
        if i.symbol not in TABLE and not i.latex and len(i.symbol) > 1:
            message = (
                f"the symbol {i.symbol!r} of an input is not in the symbol table: say with latex= how it is written"
            )
            yield fail(loss, "declaration", message)
    if len(set(symbols)) < len(symbols):
        yield fail(loss, "declaration", f"two inputs or parameters share a symbol: {', '.join(symbols)}")
    written = [p.written for p in loss.parameters] + [i.written for i in loss.inputs]
    if len(set(symbols)) == len(symbols) and len(set(written)) < len(written):
        message = f"two inputs or parameters are written alike, give one of them latex=: {', '.join(written)}"
        yield fail(loss, "declaration", message)
    meanings = {part.name: part.meaning for part in loss.inputs} | {part.name: part.meaning for part in loss.parameters}
    for name, meaning in meanings.items():
        if not meaning.strip():
            yield fail(loss, "declaration", f"say in a few words what {name} means")
    if not loss.reductions:
        yield fail(loss, "declaration", "reductions is empty: a loss is called with one at least")
    if loss.precision != EXACT and not loss.precision.why.strip():
        yield fail(loss, "declaration", "precision= needs why=: what is so large that torch rounds on the way")
    yield from _signature(loss)
    yield from example_inputs(loss)
    yield from section_inputs(loss)
    yield from formula_parts(loss)
    for known, words, what in ((TASKS, loss.tasks, "task"), (TAKES, loss.takes, "kind of values that go in")):
        for word in words:
            if word not in known:
                yield fail(
                    loss, "declaration", f"unknown {what} {word!r}{nearest(word, known)}; known are {', '.join(known)}"
                )
    for setting in points.settings(loss):
        try:
            check_parameters(loss, setting)
        except LossaryError as error:
            yield fail(loss, "declaration", f"a typical value is outside the range: {error}")
    for key in loss.properties:
        if key not in LABELS:
            yield fail(loss, "declaration", f"unknown property {key!r}; known are {', '.join(LABELS)}")


def _signature(loss: Loss) -> Iterator[Failure]:
    """A loss's own function takes what is declared, in torch's style: inputs, then keywords with the same defaults."""
    if loss.function is None:
        return
    given = list(inspect.signature(loss.function).parameters.values())
    inputs = [p.name for p in given if p.kind is not p.KEYWORD_ONLY]
    defaults = {p.name: p.default for p in given if p.kind is p.KEYWORD_ONLY}
    wanted = {**loss.defaults(), "reduction": loss.default_reduction}
    if inputs != [i.name for i in loss.inputs] or set(defaults) != set(wanted):
        keywords = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
        style = f"def {loss.function.__name__}({', '.join(i.name for i in loss.inputs)}, *, {keywords})"
        yield fail(loss, "declaration", f"the loss's own function must take what is declared: {style}")
        return
    for name, value in wanted.items():
        choices = parameter.kind.options if (parameter := loss.parameter(name)) else {}
        same = defaults[name] == value or value != value  # NaN, which its range refuses
        if not same and defaults[name] is not choices.get(value):
            message = (
                f"the default of {name} is {value!r} as declared, and {defaults[name]!r} in the loss's own function"
            )
            yield fail(loss, "declaration", message)


def headings(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """The docstring has the parts of a page, the places that concepts name and the points that answers name."""
    try:
        parts = docstring.parse(loss.prose)
    except ValueError as error:
        yield fail(loss, "declaration", str(error))
        return
    for phrases, place in loss.concepts.items():
        try:
            docstring.answer(parts, [p.name for p in loss.parameters], place)
        except ValueError as error:
            yield fail(loss, "declaration", f"the concept {phrases!r}: {error}")
    for place, (reason, change) in loss.answers.items():
        if place not in PLACES:
            yield fail(loss, "declaration", f"the answer {place!r}: there is no such place{nearest(place, PLACES)}")
        elif (task := place.partition("/")[0]) not in loss.tasks:
            yield fail(loss, "declaration", f"the answer {place!r}: {task!r} is not among the tasks of the loss")
        for section, words in ((parts.when, reason), (parts.when_not, change)):
            try:
                docstring.point(section, words)
            except ValueError as error:
                yield fail(loss, "declaration", f"the answer {place!r}: {error}")


def interactive(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """The functions of the interactive plot can be written, and say what torch says."""
    try:
        evidence.plot = compare_with_torch(loss)
    except ValueError as error:
        yield fail(loss, "interactive plot", str(error))


def notation(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Every LaTeX string that a page or a figure will show must parse."""
    for where, latex in formula_latex.all_latex(loss):
        problem = formula_latex.parse_error(latex)
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
    "example": example,
    "reductions": reductions,
    "sections": finite,
    "interactive plot": interactive,
    "properties": claimed_properties,
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
    "example": _FORMULA,
    "reductions": (*_FORMULA, "example"),
    "sections": _FORMULA,
    "interactive plot": (*_FORMULA, "sections"),
    "properties": (*_FORMULA, "sections"),
    "snippets": ("headings",),
    "relations": (),
    "notation": (*_FORMULA, "example"),
}
