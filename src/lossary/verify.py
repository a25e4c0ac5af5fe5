"""Holds a loss to everything its file says: formula, gradient, reductions, properties, examples, relations.

A pure function from a declaration to evidence or failures; it publishes nothing.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import mpmath
import numpy as np
import torch
from numpy.typing import NDArray

from lossary import display, exact, points, properties, prose
from lossary.errors import Failure, LossaryError
from lossary.evaluate import TORCH_VERSION, check_parameters, curve, run, section_inputs, value_and_gradient
from lossary.formula import DIGITS, Formula, Symbolic, Written
from lossary.loss import Cited, Loss, Section
from lossary.symbols import TABLE

# Torch may round a few times on the way; this is about forty-five units in the last place of float64.
TOLERANCE = 1e-14


@dataclass
class Evidence:
    """What was found out about a loss.

    Attributes:
        points: how many values were compared.
        settings: at how many parameter settings.
        max_error_value, max_error_gradient: largest relative differences between torch and the formula.
        properties: what was measured for each claim, with the sentence that says how.
        outputs: what each snippet of the prose printed, in order.
        example: what the page's example printed.
        reductions: the value of the example under each reduction.
        passed: the names of the checks that held.
    """

    points: int = 0
    settings: int = 0
    max_error_value: float = 0.0
    max_error_gradient: float = 0.0
    properties: dict[str, tuple[Any, str]] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    example: str = ""
    reductions: dict[str, Any] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    torch_version: str = TORCH_VERSION


def verify(loss: Loss) -> tuple[Evidence, list[Failure]]:
    """Run every check; all failures come back together, each check's first offending point in words."""
    evidence = Evidence()
    failures: list[Failure] = []
    for stage, check in CHECKS.items():
        if stage in CONSEQUENCES and "formula and gradient" in CHECKS and "formula and gradient" not in evidence.passed:
            # A wrong formula would fail these, too, and bury its own message.
            continue
        try:
            found = list(check(loss, evidence))
        except Exception as error:  # a loss file's own code may raise anything, anywhere
            found = [Failure(loss.path, stage, f"{type(error).__name__}: {error}")]
        failures += found
        if not found:
            evidence.passed.append(stage)
    return evidence, failures


def _fail(loss: Loss, stage: str, message: str, setting: Mapping[str, Any] | None = None) -> Failure:
    return Failure(loss.path, stage, message, words(loss, setting) if setting else "")


def words(loss: Loss, setting: Mapping[str, Any]) -> str:
    """A setting as "delta = 0.5, …"; only what differs from the defaults, or all of it."""
    changed = {k: v for k, v in setting.items() if v != loss.parameter(k).default}  # type: ignore[union-attr]
    return ", ".join(f"{k} = {v}" for k, v in (changed or setting).items())


def declaration(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """The parts that must be there, and the parameters' own consistency."""
    for name in ("title", "summary"):
        if not getattr(loss, name).strip():
            yield _fail(loss, "declaration", f"the {name} is empty")
    if (loss.torch is None) == (loss.function is None):
        yield _fail(loss, "declaration", "give either the torch class or the loss's own torch function")
    if loss.torch is not None and not hasattr(torch.nn, loss.torch.rpartition(".")[2]):
        yield _fail(loss, "declaration", f"torch {TORCH_VERSION} has no {loss.torch}")
    symbols = [p.key for p in loss.parameters] + [i.symbol for i in loss.inputs]
    for name in (i.symbol for i in loss.inputs):
        if name not in TABLE:
            yield _fail(loss, "declaration", f"the symbol {name!r} of an input is not in the symbol table")
    if len(set(symbols)) < len(symbols):
        yield _fail(loss, "declaration", f"two inputs or parameters share a symbol: {', '.join(symbols)}")
    for setting in points.settings(loss):
        try:
            check_parameters(loss, setting)
        except LossaryError as error:
            yield _fail(loss, "declaration", f"a typical value is outside the range: {error}")
    for key in loss.properties:
        if key not in properties.LABELS:
            yield _fail(loss, "declaration", f"unknown property {key!r}; known are {', '.join(properties.LABELS)}")
    prose.parse(loss.prose)


def values_and_gradients(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Torch in float64 against every formula that applies, at 50 digits: values, then gradients."""
    settings = points.settings(loss)
    evidence.settings = len(settings)
    used: set[int] = set()
    wrong: set[int] = set()
    for setting in settings:
        for batch in points.batches(loss, setting):
            formulas = [f for f in loss.formulas if exact.applies(loss, f, batch, setting)]
            if not formulas:
                yield _fail(loss, "formula", "no declared formula covers this setting", setting)
                return
            value, gradient = value_and_gradient(loss, _tensors(loss, batch, setting), setting, "none")
            for k, formula in enumerate(formulas):
                number = loss.formulas.index(formula)
                used.add(number)
                if number in wrong:
                    continue
                found = list(_compare_values(loss, evidence, formula, batch, setting, value, gradient, k == 0))
                if isinstance(formula, Symbolic):
                    found += _compare_gradients(loss, evidence, formula, batch, setting, gradient)
                if found:
                    wrong.add(number)
                    yield from found
    for k, formula in enumerate(loss.formulas):
        if k not in used:
            yield _fail(loss, "formula", f"the formula {formula.label or k + 1!r} was never reached by a check")


def _tensors(loss: Loss, batch: points.Batch, setting: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    kinds = exact.chosen_kinds(loss, batch, setting)
    return {
        name: torch.tensor(a.astype(np.int64)) if kinds[name].integer else torch.tensor(a, dtype=torch.float64)
        for name, a in batch.items()
    }


def _compare_values(
    loss: Loss,
    evidence: Evidence,
    formula: Formula,
    batch: points.Batch,
    setting: Mapping[str, Any],
    value: torch.Tensor,
    gradient: Mapping[str, torch.Tensor | None],
    count: bool,
) -> Iterator[Failure]:
    wanted = exact.values(loss, formula, batch, setting)
    got = value.reshape(-1).tolist()
    swing = _swing(loss, batch, gradient, len(got))
    worst = 0.0
    for k, (a, b) in enumerate(zip(got, wanted, strict=True)):
        if not _defined(b):
            continue
        error = _relative(a, b, max(swing[k], _rounded(loss, batch, k)))
        if not error <= TOLERANCE:
            yield _fail(loss, "formula", _mismatch("value", batch, k, b, a), setting)
            return
        worst = max(worst, error)
    if count:
        evidence.points += len(got)
    evidence.max_error_value = max(evidence.max_error_value, worst)


def _swing(loss: Loss, batch: points.Batch, gradient: Mapping[str, torch.Tensor | None], count: int) -> list[float]:
    """How much the value moves when the prediction is rounded: its rounding error cannot be less than that."""
    name = loss.inputs[0].name
    g = gradient[name]
    if g is None:
        return [0.0] * count
    moved = np.abs(np.nan_to_num(g.numpy() * batch[name]))
    return list(moved.reshape(count, -1).sum(axis=1))


def _relative(got: float, wanted: Any, scale: float) -> float:
    """The difference relative to the value, or to the size of what was rounded on the way where that is larger."""
    if mpmath.isinf(wanted) or math.isinf(got):
        return 0.0 if got == wanted else math.inf
    if math.isnan(got):
        return math.nan
    with mpmath.workdps(DIGITS):
        gap = abs(mpmath.mpf(got) - wanted)
        # Below the smallest normal number float64 has no relative precision left to compare.
        return float(gap / max(abs(wanted), mpmath.mpf(scale), mpmath.mpf(2) ** -1022))


def _rounded(loss: Loss, batch: points.Batch, k: int) -> float:
    """The declared size of the numbers that torch rounds at one row."""
    return loss.precision.absolute + loss.precision.of_input * float(np.max(np.abs(batch[loss.inputs[0].name][k])))


def _defined(value: Any) -> bool:
    return not mpmath.isnan(value) and (mpmath.isinf(value) or abs(value) < 1e300)


def _mismatch(what: str, batch: points.Batch, k: int, wanted: Any, got: float) -> str:
    count = max(len(a) for a in batch.values())
    rows = {name: a[k if len(a) == count else 0] for name, a in batch.items()}
    place = ", ".join(f"{name} = {np.array2string(np.asarray(v), precision=17)}" for name, v in rows.items())
    return f"{what} at {place}: expected {mpmath.nstr(wanted, 20)} by the formula, got {got!r} from torch"


def _compare_gradients(
    loss: Loss,
    evidence: Evidence,
    formula: Symbolic,
    batch: points.Batch,
    setting: Mapping[str, Any],
    gradient: Mapping[str, torch.Tensor | None],
) -> Iterator[Failure]:
    wanted = exact.gradients(loss, formula, batch, setting)
    for name, rows in wanted.items():
        g = gradient.get(name)
        if g is None:
            yield _fail(loss, "gradient", f"torch gives no gradient with respect to {name}", setting)
            continue
        count = len(rows)
        got = g.reshape(count, -1).tolist()
        for k in range(count):
            # Components of one softmax share their rounding, so a vector is compared against its largest.
            scale = max((abs(float(b)) for b in rows[k] if _defined(b)), default=0.0) if len(rows[k]) > 1 else 0.0
            for a, b in zip(got[k], rows[k], strict=True):
                if not _defined(b) or mpmath.isinf(b):
                    # At a singular end torch may answer nan, inf or a clamp; a page says which.
                    continue
                error = _relative(a, b, max(scale, _rounded(loss, batch, k)))
                if not error <= TOLERANCE:
                    yield _fail(loss, "gradient", _mismatch(f"gradient by {name}", batch, k, b, a), setting)
                    return
                evidence.max_error_gradient = max(evidence.max_error_gradient, error)


def derivatives(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Each declared gradient against SymPy's derivative of the value, away from kinks."""
    for setting in points.settings(loss):
        for batch in points.batches(loss, setting):
            kinds = exact.chosen_kinds(loss, batch, setting)
            thin = _thin(batch, 120 if not any(k.rank for k in kinds.values()) else 24)
            for formula in loss.formulas:
                if not isinstance(formula, Symbolic) or not exact.applies(loss, formula, batch, setting):
                    continue
                declared = exact.gradients(loss, formula, thin, setting)
                derived = exact.derivatives(loss, formula, thin, setting)
                for name in declared:
                    for k, (row, other) in enumerate(zip(declared[name], derived[name], strict=True)):
                        for a, b in zip(row, other, strict=True):
                            if (
                                _defined(a)
                                and _defined(b)
                                and not _close(a, b)
                                and not _at_kink(loss, thin, k, setting)
                            ):
                                yield _fail(loss, "derivative", _not_derivative(name, thin, k, b, a), setting)
                                return


def _thin(batch: points.Batch, count: int) -> points.Batch:
    """Every n-th row of a batch, about `count` of them."""
    step = max(1, len(next(iter(batch.values()))) // count)
    return {name: a[::step] for name, a in batch.items()}


def _close(a: Any, b: Any) -> bool:
    if mpmath.isinf(a) or mpmath.isinf(b):
        return bool(a == b)
    with mpmath.workdps(DIGITS):
        return bool(abs(a - b) <= mpmath.mpf(10) ** -30 * (1 + abs(b)))


def _not_derivative(name: str, batch: points.Batch, k: int, wanted: Any, got: Any) -> str:
    place = ", ".join(f"{n} = {np.asarray(a[k])}" for n, a in batch.items())
    return (
        f"the declared gradient by {name} at {place}: expected {mpmath.nstr(wanted, 20)} "
        f"by differentiating the formula, got {mpmath.nstr(got, 20)}"
    )


def _at_kink(loss: Loss, batch: points.Batch, k: int, setting: Mapping[str, Any]) -> bool:
    """Whether a row of plain numbers lies on a declared kink of the residual or the axis variable."""
    special = [v for section in loss.sections for v in points.kinks(loss, section, setting)]
    numbers = [float(a[k]) for a in batch.values() if np.ndim(a[k]) == 0]
    return bool(special) and len(numbers) > 1 and any(abs(numbers[0] - numbers[1] - v) < 1e-12 for v in special)


def ends(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """What torch computes at the closed ends of the domain, where a clamp is declared."""
    if not isinstance(loss.computed, Symbolic):
        return
    for setting in points.settings(loss):
        batch = points.ends(loss, setting)
        value, gradient = value_and_gradient(loss, _tensors(loss, batch, setting), setting, "none")
        # The clamped form multiplies 0 by an infinite logarithm only inside a maximum, so it is defined here.
        found = list(_compare_values(loss, Evidence(), loss.computed, batch, setting, value, gradient, False))
        found += _compare_gradients(loss, Evidence(), loss.computed, batch, setting, gradient)
        yield from (Failure(f.path, "clamp", f.message, f.parameters) for f in found)


def sums(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """What the elements of a vector add up to, against torch's reduction of that vector alone."""
    if loss.summed is None:
        return
    kinds, setting = loss.summed.kinds, loss.defaults()
    for classes in (2, 3, 5):
        batch = points.vectors(loss, tuple(kinds[i.name] for i in loss.inputs), classes)
        wanted = exact.values(loss, loss.summed.formula, batch, setting, kinds)
        for k, b in enumerate(wanted):
            row = {name: torch.tensor(a[k][None], dtype=torch.float64) for name, a in batch.items()}
            got = float(run(loss, row, setting, loss.summed.reduction))
            if not _relative(got, b, _rounded(loss, batch, k)) <= TOLERANCE:
                yield _fail(loss, "sum", _mismatch(f"{loss.summed.reduction} of a vector", batch, k, b, got))
                return
        evidence.points += len(wanted)


def reductions(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Each reduction by torch against the declared rule on the exact values."""
    for setting in points.settings(loss):
        inputs = {name: np.asarray(v) for name, v in loss.example.items()}
        formula = exact.formula_for(loss, inputs, setting)
        if formula is None:
            continue
        largest = float(max(np.max(np.abs(inputs[i.name])) for i in loss.inputs[:1]))
        rounded = loss.precision.absolute + loss.precision.of_input * largest
        per_sample = exact.values(loss, formula, inputs, setting)
        for reduction in loss.reductions:
            got = run(loss, _tensors(loss, inputs, setting), setting, reduction.name)
            wanted = exact.reduced(loss, per_sample, inputs, setting, reduction.name)
            wanted = wanted if isinstance(wanted, list) else [wanted]
            for a, b in zip(got.reshape(-1).tolist(), wanted, strict=True):
                scale = max(rounded, float(sum(abs(v) for v in per_sample)))
                if _defined(b) and not _relative(a, b, scale) <= TOLERANCE:
                    message = f"reduction {reduction.name}: expected {mpmath.nstr(b, 20)}, got {a!r} from torch"
                    yield _fail(loss, "reduction", message, setting)
    for reduction in loss.reductions:
        answer = run(
            loss,
            _tensors(loss, {k: np.asarray(v) for k, v in loss.example.items()}, loss.defaults()),
            loss.defaults(),
            reduction.name,
        )
        evidence.reductions[reduction.name] = answer.tolist()


def finite(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """No NaN and no infinity on the drawn sections, at any setting."""
    for setting in points.settings(loss):
        for section in loss.sections:
            if not _fits(loss, section, setting):
                continue
            for label, y in section.branches.items():
                drawn = curve(loss, section, np.linspace(*section.span, 401), setting, y)
                for name, array in (("loss", drawn.loss), ("gradient", drawn.gradient)):
                    bad = np.flatnonzero(~np.isfinite(array))
                    if bad.size:
                        at = f"t = {drawn.t[bad[0]]:.6g}{f' ({label})' if label else ''}"
                        yield _fail(
                            loss, "evaluate", f"the {name} along {section.label!r} is {array[bad[0]]} at {at}", setting
                        )


def _fits(loss: Loss, section: Section, setting: Mapping[str, Any]) -> bool:
    """Whether a setting suits the section's number of classes and the kinds of its inputs."""
    made = section_inputs(
        loss,
        section,
        torch.tensor([float(np.mean(section.span))], dtype=torch.float64),
        next(iter(section.branches.values())),
        setting,
    )
    kinds = exact.chosen_kinds(loss, {name: t.numpy() for name, t in made.items()}, setting)
    if not all(p.allowed(kinds, setting[p.name]) for p in loss.parameters):
        return False
    classes = made[loss.inputs[0].name].shape[-1]
    return all(len(setting[p.name]) == classes for p in loss.parameters if p.kind == "per class" and setting[p.name])


def line(loss: Loss, section: Section, setting: Mapping[str, Any]) -> properties.Line:
    """The loss along a section, as the property measurements see it."""

    def along(which: str, t: NDArray[np.float64], y: float) -> NDArray[np.float64]:
        array: NDArray[np.float64] = getattr(curve(loss, section, t, setting, y), which)
        return array

    def by(which: str) -> Callable[[NDArray[np.float64], float], NDArray[np.float64]]:
        return partial(along, which)

    return properties.Line(
        loss=by("loss"),
        gradient=by("gradient"),
        curvature=by("curvature"),
        y=next(iter(section.branches.values())),
        span=section.span,
        limits=section.limits,
        kinks=tuple(points.kinks(loss, section, setting)),
        perfect=section.perfect,
        axis=section.axis.name,
        target_values=section.target_values,
        link=section.link,
        parameters=points.by_symbol(loss, setting),
    )


def claimed_properties(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Every claim against its measurement: at the defaults, and at typical settings where it depends on parameters."""
    for key, claim in loss.properties.items():
        if isinstance(claim, Cited):
            evidence.properties[key] = (claim.value, claim.source)
            continue
        section = loss.main
        if key in properties.NEED_TARGETS:
            suited = [s for s in loss.sections if s.target_values]
            if not suited:
                yield _fail(loss, "property", f"{key} needs a section with target_values")
                continue
            section = suited[0]
        for k, setting in enumerate(points.settings(loss) if callable(claim) else [loss.defaults()]):
            wanted = points.call_with(claim, loss, setting) if callable(claim) else claim
            found = properties.MEASURES[key](line(loss, section, setting))
            if not any(properties.agree(wanted, v) for v in (found.value, *found.also)):
                message = f"{key}: expected {wanted!r} as claimed, got {found.value!r} ({found.how})"
                yield _fail(loss, "property", message, setting)
            elif k == 0:
                evidence.properties[key] = (wanted, found.how)


def example_code(loss: Loss) -> str:
    """The example of a page, written from the declaration: build the inputs, call the loss, look at the gradient."""
    lines = []
    for i in loss.inputs:
        value = loss.example[i.name]
        kind = exact.chosen_kinds(loss, {k: np.asarray(v) for k, v in loss.example.items()}, loss.defaults())[i.name]
        grad = ", requires_grad=True" if i is loss.inputs[0] else ""
        lines.append(f"{i.name} = torch.tensor({_literal(value, kind.integer)}{grad})")
    names = ", ".join(i.name for i in loss.inputs)
    call = (
        f"nn.{loss.torch.rpartition('.')[2]}()({names})"
        if loss.torch
        else f"{display.function_name(loss)}({names}).mean()"
    )
    lines += ["", f"loss = {call}", "loss.backward()", "print(loss.item())", f"print({loss.inputs[0].name}.grad)"]
    return "\n".join(lines)


def _literal(value: Any, integer: bool) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(v, integer) for v in value)}]"
    return str(int(value)) if integer else repr(float(value))


def own_source(loss: Loss) -> str | None:
    """The code of the loss's own torch function, to paste; None where torch has the loss."""
    return inspect.getsource(loss.function) if loss.function else None


def snippets(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Run the example and every snippet of the prose; what a snippet prints must be what its output fence says."""
    namespace: dict[str, Any] = {}
    source = own_source(loss)
    prose.execute(source or "", namespace)
    evidence.example, _ = prose.execute(example_code(loss), namespace)
    for snippet in prose.snippets(loss.prose):
        try:
            printed, _ = prose.execute(snippet.code, {})
        except RuntimeError as error:
            yield _fail(loss, "snippet", f"line {snippet.line} of the docstring: {error}")
            continue
        evidence.outputs.append(printed)
        if printed != snippet.expected:
            yield _fail(
                loss, "snippet", f"line {snippet.line} of the docstring: expected {snippet.expected!r}, got {printed!r}"
            )


def _relation_names() -> dict[str, Any]:
    """The tensors that a relation's two sides may use; see `Relation`."""
    draw = torch.Generator().manual_seed(1)
    normal = partial(torch.randn, generator=draw, dtype=torch.float64)
    names: dict[str, Any] = {}
    exec(prose.PREAMBLE, names)
    return names | {
        "input": normal(64) * 3,
        "target": normal(64) * 3,
        "logits": normal(64) * 3,
        "label": torch.randint(0, 2, (64,), generator=draw).double(),
        "scores": normal(8, 5),
        "classes": torch.randint(0, 5, (8,), generator=draw),
        "p": normal(8, 5).softmax(1),
        "q": normal(8, 5).softmax(1),
    }


def relations(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Evaluate both sides of each relation."""
    for relation in loss.relations:
        sides = (eval(side, _relation_names()) for side in (relation.left, relation.right))
        left, right = (torch.as_tensor(side, dtype=torch.float64) for side in sides)
        if not torch.allclose(left, right, rtol=relation.tolerance, atol=relation.tolerance):
            message = f"{relation.left} should equal {relation.right}: expected {right.tolist()}, got {left.tolist()}"
            yield _fail(loss, "relation", f"to {relation.slug}: {message}")


def notation(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Every LaTeX string that a page or a figure will show must parse."""
    for where, latex in display.all_latex(loss):
        problem = display.parse_error(latex)
        if problem:
            yield _fail(loss, "latex", f"{where}: {problem}: {latex}")


def written(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """A formula that is not executed still needs its reference implementation to have been compared."""
    for formula in loss.formulas:
        if isinstance(formula, Written) and not formula.latex.strip():
            yield _fail(loss, "formula", "a written formula needs its LaTeX")


CHECKS: dict[str, Callable[[Loss, Evidence], Iterator[Failure]]] = {
    "declaration": declaration,
    "formula and gradient": values_and_gradients,
    "derivative": derivatives,
    "clamps": ends,
    "sums": sums,
    "reductions": reductions,
    "sections": finite,
    "properties": claimed_properties,
    "snippets": snippets,
    "relations": relations,
    "notation": notation,
    "written formulas": written,
}

# What a wrong formula or gradient makes fail as well.
CONSEQUENCES = {"derivative", "reductions"}
