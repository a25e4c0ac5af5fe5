"""How each property is measured, and what the branches of a section come to together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from lossary.declaration.references import Claimed
from lossary.verification import curve_measures, expected_loss
from lossary.verification.findings import SMOOTHNESS, Finding, agree
from lossary.verification.lines import Line

_INFINITE = {"inf": math.inf, "-inf": -math.inf}

MEASURES: dict[str, Callable[[Line], Finding]] = {
    "convex": curve_measures.convex,
    "smoothness": curve_measures.smoothness,
    "lipschitz": curve_measures.lipschitz,
    "gradient_lipschitz": curve_measures.gradient_lipschitz,
    "bounded": curve_measures.bounded,
    "supremum": curve_measures.supremum,
    "symmetric": curve_measures.symmetric,
    "value_at_perfect": curve_measures.value_at_perfect,
    "gradient_limits": curve_measures.gradient_limits,
    "redescending": curve_measures.redescending,
    "elicits": expected_loss.elicits,
    "proper": expected_loss.proper,
    "calibrated": expected_loss.calibrated,
}

# These ask what minimises the expected loss, and need a section whose target can take other values.
NEED_TARGETS = {"elicits", "proper", "calibrated"}


def _size(value: Claimed) -> float:
    assert isinstance(value, str | int | float)
    return _INFINITE[value] if isinstance(value, str) else float(value)


# What the branches of a section come to together: the worst of them, by a number that is largest there. Of the rest the
# first counts.
_WORST: dict[str, Callable[[Claimed], float]] = {
    "convex": lambda value: not value,
    "bounded": lambda value: not value,
    "symmetric": lambda value: not value,
    "redescending": lambda value: not value,
    "smoothness": lambda value: -SMOOTHNESS.index(value) if value in SMOOTHNESS else 1,
    "lipschitz": _size,
    "gradient_lipschitz": _size,
    "supremum": _size,
    "value_at_perfect": lambda value: abs(_size(value)),
}
# Of these the largest branch decides, and the others may stay below it.
OF_THE_LARGEST = {"lipschitz", "gradient_lipschitz", "supremum"}
# Each branch has its own, and a table shows all of them.
OF_A_BRANCH = {"gradient_limits"}


def _lacks_perfect(key: str, line: Line) -> bool:
    """Whether a property asks for the perfect prediction of a branch that has none, such as a rate for a count of 0."""
    asks = key == "value_at_perfect" or (key == "symmetric" and not line.open_ended)
    return asks and line.perfect is None


def finding(key: str, lines: Mapping[str, Line]) -> Finding:
    """A property along all branches of a section, by their labels; the first is the main one.

    What asks which prediction is best looks at all targets anyway, and exchanging two distributions at both.
    """
    main = next(iter(lines.values()))
    if len(lines) == 1 or key in NEED_TARGETS or (key == "symmetric" and main.target_values == "unit"):
        return MEASURES[key](main)
    with_answer = {label: line for label, line in lines.items() if not _lacks_perfect(key, line)} or lines
    findings = {label: MEASURES[key](line) for label, line in with_answer.items()}
    worst = max(findings, key=lambda n: _WORST[key](findings[n].value)) if key in _WORST else next(iter(findings))
    others = [label for label in findings if label != worst and agree(findings[worst].value, findings[label].value)]
    how = findings[worst].how if key in OF_A_BRANCH else f"with {worst}, {findings[worst].how}"
    if findings[worst].placed:
        how = "; ".join([how, *(f"with {label}, {findings[label].how}" for label in others)])
    elif key not in OF_A_BRANCH and others and len(others) == len(findings) - 1:
        how += f"; the same with {' and '.join(others)}"
    branches = {label: each.value for label, each in findings.items()} if key in OF_A_BRANCH else {}
    return replace(findings[worst], how=how, branches=branches)
