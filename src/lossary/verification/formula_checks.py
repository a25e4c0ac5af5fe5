"""Compares torch with what a loss's formulas enclose: values, gradients, clamps, sums and reductions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from flint import arb

from lossary.declaration.formula import Formula, Symbolic, Written
from lossary.declaration.inputs import Kind
from lossary.declaration.loss import Loss
from lossary.declaration.values import Setting
from lossary.errors import RAISED, Failure, told
from lossary.evaluation import high_precision, points
from lossary.evaluation.balls import is_settled, precision, radius
from lossary.evaluation.torch_calls import Answer, answer
from lossary.verification.evidence import Evidence, fail

# Torch may round a few times on the way; this is about forty-five units in the last place of float64.
TOLERANCE = 1e-14


def values_and_gradients(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Torch in float64 against every formula that applies, enclosed: values, then gradients."""
    evidence.settings = len(points.settings(loss)) + len(points.sized_settings(loss))
    used: set[int] = set()
    wrong: set[int] = set()
    for setting, batch in points.calls(loss):
        formulas = [f for f in loss.formulas if high_precision.applies(loss, f, batch, setting)]
        if not formulas:
            yield fail(loss, "formula", "no declared formula covers this setting", setting)
            return
        try:
            got = answer(loss, batch, setting)
        except RAISED as error:  # the loss's own code, or torch with inputs that it should accept
            yield fail(loss, "evaluate", told(error), setting)
            return
        for k, formula in enumerate(formulas):
            number = loss.formulas.index(formula)
            if got.value.size:
                used.add(number)
            if number not in wrong:
                found = list(_compare(loss, evidence, formula, batch, setting, got, k == 0))
                wrong |= {number} if found else set()
                yield from found
    for k, formula in enumerate(loss.formulas):
        if k not in used:
            message = (
                f"the formula {formula.label or k + 1!r} was never reached by a check: no setting that is tried is its "
                "own, or a kind of input has no values to try"
            )
            yield fail(loss, "formula", message)


def _compare(
    loss: Loss,
    evidence: Evidence,
    formula: Formula,
    batch: points.Batch,
    setting: Setting,
    answered: Answer,
    count: bool,
) -> Iterator[Failure]:
    """Values first; gradients only where the values agree."""
    try:
        found = list(_compare_values(loss, evidence, formula, batch, setting, answered, count))
        if not found:
            found = list(_compare_gradients(loss, evidence, formula, batch, setting, answered))
    except ValueError as error:
        found = [fail(loss, "formula", str(error), setting)]
    yield from found


def _compare_values(
    loss: Loss,
    evidence: Evidence,
    formula: Formula,
    batch: points.Batch,
    setting: Setting,
    answered: Answer,
    count: bool,
) -> Iterator[Failure]:
    wanted = high_precision.values(loss, formula, batch, setting)
    got = answered.value.reshape(-1).tolist()
    if len(got) != len(wanted):
        yield fail(loss, "formula", f"expected {len(wanted)} values by the formula, got {len(got)} from torch", setting)
        return
    if loss.batches is None and answered.value.ndim != 1:
        message = f"reduction none: expected the shape ({len(wanted)},), one value each, got {answered.value.shape}"
        yield fail(loss, "evaluate", message, setting)
        return
    sizes = high_precision.rounding_sizes(loss, batch, setting, len(got))
    told = [(abs(float(b)), TOLERANCE * size) for b, size in zip(wanted, sizes, strict=True) if _defined(b) and b != 0]
    vague = [(value, allowed) for value, allowed in told if allowed > _MOST * value]
    if len(vague) > len(told) / 2:
        value, allowed = vague[0]
        message = f"precision= allows {allowed:.0e} where the value is {value:.0e}, and too much at most points"
        yield fail(loss, "formula", f"{message}: any formula would do", setting)
        return
    worst = 0.0
    for k, (a, b) in enumerate(zip(got, wanted, strict=True)):
        if _undecided(b):
            message = f"no precision encloses the formula's {_mismatch(loss, 'value', batch, k, b, a)}"
            yield fail(loss, "formula", message, setting)
            return
        if not _defined(b) and (math.isnan(a) or not b.is_nan()):
            continue
        error = _relative(a, b, sizes[k])
        if not error <= TOLERANCE:
            yield fail(loss, "formula", _mismatch(loss, "value", batch, k, b, a), setting)
            return
        worst = max(worst, error)
        if formula.executable and b.is_finite():
            evidence.formula_radius = max(evidence.formula_radius, radius(b))
    if count:
        evidence.points += len(got)
    evidence.max_error_value = max(evidence.max_error_value, worst)


def _relative(got: float, wanted: arb, scale: float) -> float:
    """The most that the difference can be, relative to the value or to what was rounded on the way, if larger."""
    if math.isnan(got) or wanted.is_nan():
        return math.nan
    if math.isinf(got) or not wanted.is_finite():
        return 0.0 if wanted == got else math.inf
    with precision(_COMPARING):
        gap = abs(arb(got) - wanted)
        # Below the smallest normal number float64 has no relative precision left to compare.
        return float((gap / max(wanted.abs_lower(), arb(max(scale, _SMALLEST)))).upper())


_MOST = 1e-3  # of a value; a precision that allows more lets any formula pass
_NEAR = 1e-9  # so near that it is rounding rather than another function
_COMPARING = 256  # bits; what is compared has 53 of them
_SMALLEST = 2.0**-1022


def _defined(value: arb) -> bool:
    return is_settled(value) and (not value.is_finite() or abs(value) < 1e300)


def _undecided(value: arb) -> bool:
    """Whether a number exists that no precision could pin down, as on a kink."""
    return bool(value.is_finite() and not is_settled(value))


def _digits(value: arb) -> str:
    """Twenty digits of a ball's middle."""
    if not value.is_finite():
        return "nan" if value.is_nan() else str(float(value))
    text: str = value.mid().str(20, radius=False)
    mantissa, e, exponent = text.partition("e")
    return (mantissa.rstrip("0") + "0" if mantissa.endswith("0") and "." in mantissa else mantissa) + e + exponent


def _mismatch(loss: Loss, what: str, batch: points.Batch, k: int, wanted: arb, got: float) -> str:
    if loss.batches is not None:
        where = f"sample {k + 1} of the call {', '.join(f'{n} = {_short(a)}' for n, a in batch.items())}"
    else:
        shared = {i.name for i in loss.inputs if any(kind.shared for kind in i.kinds)}
        count = max(len(a) for name, a in batch.items() if name not in shared)
        rows = {n: a if n in shared else a[k if len(a) == count else 0] for n, a in batch.items()}
        where = ", ".join(f"{name} = {_short(v)}" for name, v in rows.items())
    return f"{what} at {where}: expected {_digits(wanted)} by the formula, got {got!r} from torch{_nearly(got, wanted)}"


def _nearly(got: float, wanted: arb) -> str:
    """What to do where the two agree to many digits, and yet not to all that float64 has."""
    error = _relative(got, wanted, 0.0)
    if not error < _NEAR:
        return ""
    return (
        f"; they are {error:.0e} of it apart, where {TOLERANCE:.0e} is allowed: if torch rounds larger numbers on the "
        "way, precision=Precision(…) says how large and why"
    )


def _short(value: arb) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    return " ".join(np.array2string(np.asarray(value), precision=17).split())


def _compare_gradients(
    loss: Loss,
    evidence: Evidence,
    formula: Formula,
    batch: points.Batch,
    setting: Setting,
    answered: Answer,
) -> Iterator[Failure]:
    wanted: Mapping[str, list[list[arb]]]
    if isinstance(formula, Symbolic):
        wanted = high_precision.gradients(loss, formula, batch, setting)
    else:
        assert isinstance(formula, Written)
        wanted = {
            name: [numbers] for name, numbers in high_precision.written_gradients(formula, batch, setting).items()
        }
        for name in formula.gradient_latex:
            if name in answered.gradient and name not in wanted:
                message = f"nothing checks the gradient with respect to {name}: reference_gradient does not give it"
                yield fail(loss, "gradient", message, setting)
                return
    values = answered.value.size
    sizes = high_precision.rounding_sizes(loss, batch, setting, values)
    for name, rows in wanted.items():
        if name not in answered.gradient:
            yield fail(loss, "gradient", f"torch gives no gradient with respect to {name}", setting)
            continue
        count = len(rows)
        got = answered.gradient[name].reshape(count, -1).tolist()
        for k in range(count):
            # Components of one softmax share their rounding, so a vector is compared against its largest.
            scale = max((abs(float(b)) for b in rows[k] if _defined(b)), default=0.0) if len(rows[k]) > 1 else 0.0
            size = sizes[k] if count == values else sum(sizes)
            for a, b in zip(got[k], rows[k], strict=True):
                if not _defined(b) or not b.is_finite():
                    # At a singular end torch may answer nan, inf or a clamp; a page says which.
                    evidence.undecided += _undecided(b)
                    continue
                error = _relative(a, b, max(scale, size))
                if not error <= TOLERANCE:
                    yield fail(
                        loss, "gradient", _mismatch(loss, f"gradient with respect to {name}", batch, k, b, a), setting
                    )
                    return
                evidence.max_error_gradient = max(evidence.max_error_gradient, error)


def derivatives(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Each declared gradient against the derivative of the value, both enclosed, away from kinks."""
    compared: dict[tuple[int, str], int] = {}
    for setting, batch in points.calls(loss):
        formulas = [
            f for f in loss.formulas if isinstance(f, Symbolic) and high_precision.applies(loss, f, batch, setting)
        ]
        if not formulas:
            continue
        kinds = high_precision.chosen_kinds(loss, batch, setting)
        thin = _thin(batch, kinds, 120 if not any(k.rank for k in kinds.values()) else 24)
        for formula in formulas:
            declared = high_precision.gradients(loss, formula, thin, setting)
            derived = high_precision.derivatives(loss, formula, thin, setting)
            for name in declared:
                key = (loss.formulas.index(formula), name)
                compared.setdefault(key, 0)
                for k, (row, other) in enumerate(zip(declared[name], derived[name], strict=True)):
                    pairs = [(a, b) for a, b in zip(row, other, strict=True) if _defined(a) and _defined(b)]
                    if _at_kink(loss, thin, kinds, k, setting):
                        continue
                    compared[key] += len(pairs)
                    for a, b in pairs:
                        if not _close(a, b):
                            yield fail(loss, "derivative", _not_derivative(name, thin, k, b, a), setting)
                            return
    for (number, name), count in compared.items():
        if count == 0:
            label = loss.formulas[number].label or number + 1
            which = f"the declared gradient with respect to {name} of formula {label!r}"
            message = f"{which} was nowhere defined, so nothing was compared"
            yield fail(loss, "derivative", message)


def _thin(batch: points.Batch, kinds: Mapping[str, Kind], count: int) -> points.Batch:
    """Every n-th row of a batch, about `count` of them."""
    step = max(1, max(len(a) for name, a in batch.items() if not kinds[name].shared) // count)
    return {name: a if kinds[name].shared else a[::step] for name, a in batch.items()}


def _close(a: arb, b: arb) -> bool:
    """Whether two balls are of the same number, as far as thirty digits tell."""
    if not (a.is_finite() and b.is_finite()):
        return bool(a == b)
    with precision(_COMPARING):
        return bool(abs(a - b) <= arb(10) ** -30 * (1 + abs(b)))


def _not_derivative(name: str, batch: points.Batch, k: int, wanted: arb, got: arb) -> str:
    place = ", ".join(f"{n} = {_short(a[k] if k < len(a) else a)}" for n, a in batch.items())
    return (
        f"the declared gradient with respect to {name} at {place}: expected {_digits(wanted)} "
        f"by differentiating the formula, got {_digits(got)}"
    )


def _at_kink(loss: Loss, batch: points.Batch, kinds: Mapping[str, Kind], k: int, setting: Setting) -> bool:
    """Whether a row of plain numbers lies on a declared kink of the residual or the axis variable."""
    if any(kind.rank for kind in kinds.values()):
        return False
    special = [v for section in loss.sections for v in points.kinks(loss, section, setting)]
    numbers = [float(a[k]) for a in batch.values()]
    moving = points.axis_values(numbers)
    return any(abs(t - v) < 1e-12 for v in special for t in moving)


def ends(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """What torch computes at the closed ends of the domain, where a clamp is declared."""
    if not isinstance(loss.computed, Symbolic):
        return
    for setting in points.settings(loss):
        batch = points.ends(loss, setting)
        got = answer(loss, batch, setting)
        # The clamped form multiplies 0 by an infinite logarithm only inside a maximum, so it is defined here.
        found = list(_compare_values(loss, Evidence(), loss.computed, batch, setting, got, False))
        found += _compare_gradients(loss, Evidence(), loss.computed, batch, setting, got)
        yield from (Failure(f.path, "clamp", f.message, f.parameters) for f in found)


def sums(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """What the elements of a vector add up to, against torch's reduction of that vector alone."""
    if loss.summed is None:
        return
    kinds, setting = loss.summed.kinds, loss.defaults()
    for dimensions in points.SIZES:
        batch = points.vectors(loss, tuple(kinds[i.name] for i in loss.inputs), dimensions)
        wanted = high_precision.values(loss, loss.summed.formula, batch, setting, kinds)
        sizes = high_precision.rounding_sizes(loss, batch, setting, len(wanted))
        for k, b in enumerate(wanted):
            row = {name: a[k][None] for name, a in batch.items()}
            got = float(answer(loss, row, setting, loss.summed.reduction).value)
            error = _relative(got, b, sizes[k])
            if not error <= TOLERANCE:
                yield fail(loss, "sum", _mismatch(loss, f"{loss.summed.reduction} of a vector", batch, k, b, got))
                return
            evidence.max_error_value = max(evidence.max_error_value, error)
        evidence.points += len(wanted)


def reductions(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Each reduction by torch against the declared rule on the exact values; of each, the first that is wrong."""
    inputs = points.example(loss)
    wrong: set[str] = set()
    for setting in (*points.settings(loss), *points.sized_settings(loss)):
        formula = high_precision.formula_for(loss, inputs, setting)
        if formula is None:
            continue
        per_sample = high_precision.values(loss, formula, inputs, setting)
        size = max(high_precision.rounding_sizes(loss, inputs, setting, len(per_sample)), default=0.0)
        for reduction in (r for r in loss.reductions if r.name not in wrong):
            got = answer(loss, inputs, setting, reduction.name).value
            wanted = high_precision.reduction_of(loss, per_sample, inputs, setting, reduction.name)
            if not isinstance(wanted, list) and got.ndim:
                wrong.add(reduction.name)
                message = f"reduction {reduction.name}: expected one number, got the shape {got.shape}"
                yield fail(loss, "reduction", message, setting)
                continue
            wanted = wanted if isinstance(wanted, list) else [wanted]
            for a, b in zip(got.reshape(-1).tolist(), wanted, strict=True):
                scale = max(size, float(sum(abs(v) for v in per_sample)))
                if _defined(b) and not _relative(a, b, scale) <= TOLERANCE:
                    wrong.add(reduction.name)
                    message = f"reduction {reduction.name}: expected {_digits(b)}, got {a!r} from torch"
                    yield fail(loss, "reduction", message, setting)
                    break
