"""Holds the example, the sections and the formulas of a loss file to the inputs that it declares."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from lossary.declaration.formula import Formula, Symbolic, Written
from lossary.declaration.inputs import Kind
from lossary.declaration.loss import Loss
from lossary.declaration.sections import Section
from lossary.declaration.symbols import TABLE
from lossary.declaration.values import Numbers
from lossary.errors import RAISED, Failure, nearest, told
from lossary.evaluation import points
from lossary.verification.evidence import fail


def example_inputs(loss: Loss) -> Iterator[Failure]:
    """The example has every input, and in each finite numbers in the shape of an array."""
    slips = list(_names(loss, loss.example, "the example"))
    yield from (fail(loss, "declaration", slip) for slip in slips)
    listed = {i.name for i in loss.inputs if i.kinds[0].listed}
    for name, value in {} if slips else loss.example.items():
        for part in value if name in listed else [value]:
            if slip := _numbers(part):
                yield fail(loss, "declaration", f"the example's {name!r} {slip}")
                break


def _names(loss: Loss, given: Iterable[str], what: str) -> Iterator[str]:
    """What is wrong with the names of the inputs that something gives."""
    names = [i.name for i in loss.inputs]
    for name in given:
        if name not in names:
            yield f"{what} has an input {name!r}{nearest(name, names)}; the inputs are {', '.join(names)}"
            return  # it may be the one that lacks
    if missing := [i.name for i in loss.inputs if i.name not in given and i.neutral is None]:
        yield f"{what} lacks the input{'s' * (len(missing) > 1)} {', '.join(missing)}"


def _numbers(value: Numbers) -> str:
    """What keeps a value from being an array of finite numbers; nothing where it is one."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return "is no number, and no rectangular list of numbers"
    if not array.size:
        return "is empty"
    return "" if np.isfinite(array).all() else "holds a number that is not finite"


def section_inputs(loss: Loss) -> Iterator[Failure]:
    """Each section has a range, a branch and a kink where it says so, and calls the loss with its inputs."""
    if not loss.sections:
        yield fail(loss, "declaration", "sections is empty: a loss is drawn along one section at least")
    for section in loss.sections:
        # One slip of a section is told; the others may follow from it.
        slip = next(_section_slips(loss, section), None)
        if slip:
            yield fail(loss, "declaration", f"the section {section.label!r}: {slip}")


def _section_slips(loss: Loss, section: Section) -> Iterator[str]:
    span = section.span
    if len(span) != 2 or not all(map(math.isfinite, span)) or not span[0] < span[1]:
        yield f"span must be two finite numbers, the smaller one first, got {span!r}"
    if not section.branches:
        yield "branches is empty: it needs one target value at least"
    for label, y in section.branches.items():
        try:
            given = section.inputs(sum(span) / 2, y)
        except RAISED as error:
            yield f"inputs cannot be called with t and the target value of the branch {label!r}: {told(error)}"
            return
        if not isinstance(given, Mapping):
            yield f"inputs must return each input by its name, got {type(given).__name__}"
        yield from _names(loss, given, "what inputs returns")
    for setting in points.settings(loss):
        try:
            points.kinks(loss, section, setting)
        except RAISED as error:
            yield f"a kink cannot be told at {setting}: {told(error)}"


def _sloped(loss: Loss, formula: Formula) -> Iterator[str]:
    """The inputs that a formula is differentiated by: torch gives a gradient, and values in between mean something."""
    at = {name: value for name, value in formula.at.items() if not isinstance(value, Kind)}
    for entry in loss.inputs:
        kind = formula.at.get(entry.name)
        kinds = (kind,) if isinstance(kind, Kind) else entry.candidates(at)
        if entry.differentiable and not all(one.integer or one.label for one in kinds):
            yield entry.name


def formula_parts(loss: Loss) -> Iterator[Failure]:
    """A formula is there, with the gradient of each input and of nothing else, and its shorthands can be told apart."""
    if not loss.formulas:
        yield fail(loss, "declaration", "formulas is empty: a loss has one at least")
    names = [i.name for i in loss.inputs]
    taken = {i.written: i.name for i in loss.inputs} | {p.written: p.name for p in loss.parameters}
    for k, formula in enumerate(loss.formulas):
        which = f"formula {formula.label or k + 1!r}"
        assert isinstance(formula, Symbolic | Written)
        shown = formula.gradient if isinstance(formula, Symbolic) else formula.gradient_latex
        misspelt = any(name not in names for name in shown)
        for name in _sloped(loss, formula):
            if name not in shown and not misspelt:
                message = (
                    f"{which} has no gradient with respect to {name}: declare it, or say why the input has none, with "
                    "differentiable=False where torch gives none, or a kind with label=True where a slope means nothing"
                )
                yield fail(loss, "declaration", message)
        if not isinstance(formula, Symbolic):
            continue
        for name in formula.gradient:
            if not callable(formula.gradient[name]):
                got = repr(formula.gradient[name])
                message = f"{which}: the gradient with respect to {name} must be a function of symbols, got {got}"
                yield fail(loss, "declaration", message)
            if name not in names:
                hint = f"{nearest(name, names)}; the inputs are {', '.join(names)}"
                message = f"{which} has a gradient with respect to {name!r}{hint}"
                yield fail(loss, "declaration", message)
        written = dict(taken)
        for name in formula.where:
            entry = TABLE.get(name)
            latex = formula.notation.get(name) or (entry.latex if entry else name)
            if latex == name and entry is None and len(name) > 1:
                message = f"{which}: the symbol {name!r} is in no table: say with notation= how it is written"
                yield fail(loss, "declaration", message)
            elif latex in written:
                message = f"{which}: {name} and {written[latex]} are both written {latex}: give one another notation="
                yield fail(loss, "declaration", message)
            written[latex] = name
