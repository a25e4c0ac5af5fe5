"""Mutants: every formula, gradient, divisor, relation and torch call of the catalog, made wrong, is caught."""

from __future__ import annotations

import dataclasses
import functools
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zlib import crc32

import mpmath
import numpy as np
import pytest
import sympy as sp
import torch
from flint import arb

from cases import LOSSES, at_few_points, by_torch, criterion, each_kind, every_loss, leaves, of_kind, plain
from lossary.declaration.formula import Builder, Formula, Symbolic, Written
from lossary.declaration.loss import Loss
from lossary.declaration.reductions import Reduction
from lossary.declaration.symbols import chosen
from lossary.evaluation import high_precision, points
from lossary.evaluation.curves import curve
from lossary.verification import checks, claims
from lossary.verification.evidence import Evidence


@pytest.fixture(autouse=True, scope="module")
def thin() -> Iterator[None]:
    """What is caught at few points is caught among more of them."""
    with at_few_points():
        yield


SMALL = sp.Rational(1, 10**9)
MUTATIONS: dict[str, Callable[[Any], Any]] = {
    "sign": lambda e: -e,
    "factor": lambda e: (1 + SMALL) * e,
    "offset": lambda e: e + SMALL,
}
# The same for numbers at 50 digits, which a reference returns.
NUMERIC: dict[str, Callable[[Any], Any]] = {
    "sign": lambda v: -v,
    "factor": lambda v: v * (1 + mpmath.mpf("1e-9")),
    "offset": lambda v: v + mpmath.mpf("1e-9"),
}
COARSE: dict[str, Callable[[Any], Any]] = {
    "sign": lambda e: -e,
    "factor": lambda e: 2 * e,
    "offset": lambda e: e + 1,
}


# Each day the one that is hardest to see; the others show at the same points.
mutations = pytest.mark.parametrize(
    "mutation", [pytest.param(name, marks=() if name == "factor" else pytest.mark.nightly) for name in MUTATIONS]
)


def mutated(builder: Builder, change: Callable[[Any], Any]) -> Builder:
    """The builder with its answer changed; its argument names are still those of the original."""

    @functools.wraps(builder)
    def wrong(*symbols: Any) -> Any:
        return change(builder(*symbols))

    return wrong


def mutated_reference(reference: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    """The reference of a written formula with every number of its answer changed."""

    def wrong(**given: Any) -> Any:
        return everywhere(reference(**given), change)

    return wrong


def everywhere(answer: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(answer, Mapping):
        return {name: everywhere(value, change) for name, value in answer.items()}
    if isinstance(answer, list | tuple | np.ndarray):
        return [everywhere(value, change) for value in answer]
    return change(mpmath.mpmathify(answer))


def with_value(loss: Loss, number: int, change: Callable[[Any], Any]) -> Loss:
    """The loss with the value of one of its formulas changed, whichever sort of formula it is."""
    formula = loss.formulas[number]
    if isinstance(formula, Written):
        return with_formula(loss, number, reference=mutated_reference(formula.reference, change))
    assert isinstance(formula, Symbolic)
    return with_formula(loss, number, value=mutated(formula.value, change))


def with_formula(loss: Loss, number: int, **changes: Any) -> Loss:
    """The loss with one of its formulas changed."""
    formulas = list(loss.formulas)
    formulas[number] = dataclasses.replace(formulas[number], **changes)  # type: ignore[type-var]
    return dataclasses.replace(loss, formulas=tuple(formulas))


def first(loss: Loss, stage: str) -> str:
    """The first failure of one stage, or nothing. An exception counts: verify turns it into a failure."""
    try:
        failure = next(iter(checks.CHECKS[stage](loss, Evidence())), None)
    except Exception as error:
        return repr(error)
    return str(failure) if failure else ""


def executable() -> list[tuple[Loss, int, Symbolic]]:
    return [
        (loss, number, formula)
        for loss in LOSSES.values()
        for number, formula in enumerate(loss.formulas)
        if isinstance(formula, Symbolic)
    ]


def written() -> list[tuple[Loss, int, Written]]:
    return [
        (loss, number, formula)
        for loss in LOSSES.values()
        for number, formula in enumerate(loss.formulas)
        if isinstance(formula, Written)
    ]


every_written = pytest.mark.parametrize(
    ("loss", "number", "formula"), [of_kind(*e, name=f"{e[0].slug}-{e[1]}") for e in written()]
)


@every_loss
def test_a_mutant_of_every_loss_is_caught(loss: Loss) -> None:
    """Each day one of each loss, whichever its name picks; all others of all losses by `make test-all`."""
    changes = list((MUTATIONS if loss.formulas[0].executable else NUMERIC).values())
    told = first(with_value(loss, 0, changes[crc32(loss.slug.encode()) % len(changes)]), "formula and gradient")
    assert re.search(": formula.*expected .* got ", told), told


@pytest.mark.parametrize("mutation", COARSE)
@plain
def test_three_mutants_of_every_main_formula_are_caught(
    loss: Loss, mutation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = "formula and gradient"
    monkeypatch.setattr(checks, "CHECKS", {stage: checks.CHECKS[stage]})
    _, failures = checks.verify(with_value(loss, 0, COARSE[mutation]))
    assert failures
    assert all(f.path == loss.path and f.stage == "formula" for f in failures)


@mutations
@pytest.mark.parametrize(("loss", "number", "formula"), [of_kind(*e, name=f"{e[0].slug}-{e[1]}") for e in executable()])
def test_small_mutants_of_every_formula(loss: Loss, number: int, formula: Symbolic, mutation: str) -> None:
    wrong = with_formula(loss, number, value=mutated(formula.value, MUTATIONS[mutation]))
    told = first(wrong, "formula and gradient")
    assert re.search(": formula.*expected .* got ", told), told


@mutations
@every_written
def test_small_mutants_of_every_reference(loss: Loss, number: int, formula: Written, mutation: str) -> None:
    told = first(with_value(loss, number, NUMERIC[mutation]), "formula and gradient")
    assert re.search(": formula.*expected .* got ", told), told


@mutations
@every_written
def test_mutants_of_every_reference_gradient(loss: Loss, number: int, formula: Written, mutation: str) -> None:
    """Each input's gradient by itself; the others stay right."""
    assert formula.reference_gradient
    right = formula.reference_gradient
    batch, setting = points.batches(loss, loss.defaults())[0], loss.defaults()
    names = list(right(**batch, **setting))
    assert names
    for name in names:

        def wrong(name: str = name, **given: Any) -> Any:
            answer = right(**given)
            return {**answer, name: everywhere(answer[name], NUMERIC[mutation])}

        told = first(with_formula(loss, number, reference_gradient=wrong), "formula and gradient")
        assert re.search(f": gradient.*gradient with respect to {name} at.*expected .* got ", told), told


@every_written
def test_a_reference_that_knows_too_few_samples_is_caught(loss: Loss, number: int, formula: Written) -> None:
    def fewer(**given: Any) -> Any:
        return list(formula.reference(**given))[1:]

    told = first(with_formula(loss, number, reference=fewer), "formula and gradient")
    assert re.search(r"expected \d+ values by the formula, got \d+ from torch", told), told


@every_written
def test_a_gradient_that_is_shown_and_nowhere_checked_is_caught(loss: Loss, number: int, formula: Written) -> None:
    """Of what no expression holds, the reference alone is compared."""
    right = formula.reference_gradient
    assert right
    for name in formula.gradient_latex:

        def fewer(name: str = name, **given: Any) -> Any:
            return {other: slope for other, slope in right(**given).items() if other != name}

        told = first(with_formula(loss, number, reference_gradient=fewer), "formula and gradient")
        assert f"nothing checks the gradient with respect to {name}" in told, told
    told = first(with_formula(loss, number, reference_gradient=None), "formula and gradient")
    assert "nothing checks the gradient" in told


@every_loss
def test_a_gradient_that_is_left_out_is_caught(loss: Loss) -> None:
    """With respect to each input of which torch gives one, but for labels, whose slope means nothing."""
    for number, formula in enumerate(loss.formulas):
        field = "gradient" if isinstance(formula, Symbolic) else "gradient_latex"
        shown = getattr(formula, field)
        labels = {i.name for i in loss.inputs if all(kind.label for kind in i.kinds)}
        assert shown.keys() - labels, "every loss has a gradient that is shown"
        for name in shown.keys() - labels:
            wrong = with_formula(loss, number, **{field: {k: v for k, v in shown.items() if k != name}})
            assert f"has no gradient with respect to {name}: declare it" in first(wrong, "declaration")


def test_some_formulas_are_only_written() -> None:
    assert written()


SUMMED = [of_kind(loss) for loss in LOSSES.values() if loss.summed]


@mutations
@pytest.mark.parametrize("loss", SUMMED)
def test_mutants_of_what_a_vector_adds_up_to(loss: Loss, mutation: str) -> None:
    assert loss.summed
    formula = dataclasses.replace(loss.summed.formula, value=mutated(loss.summed.formula.value, MUTATIONS[mutation]))
    wrong = dataclasses.replace(loss, summed=dataclasses.replace(loss.summed, formula=formula))
    assert not first(loss, "sums")
    assert re.search(": sum.*expected .* got ", first(wrong, "sums"))


@pytest.mark.parametrize("loss", SUMMED)
def test_a_sum_counts_in_what_the_page_tells(loss: Loss) -> None:
    evidence = Evidence()
    assert not list(checks.CHECKS["sums"](loss, evidence))
    assert evidence.points > 0
    assert 0 < evidence.max_error_value < 1e-14


def test_some_loss_adds_up_to_something() -> None:
    assert SUMMED


def gradients() -> list[Any]:
    return [of_kind(*e, name, name=f"{e[0].slug}-{e[1]}-{name}") for e in executable() for name in e[2].gradient]


@mutations
@pytest.mark.parametrize(("loss", "number", "formula", "name"), gradients())
def test_mutants_of_every_gradient(loss: Loss, number: int, formula: Symbolic, name: str, mutation: str) -> None:
    """Torch's autograd and SymPy's derivative each notice, without the other."""
    builder = mutated(formula.gradient[name], MUTATIONS[mutation])
    wrong = with_formula(loss, number, gradient={**formula.gradient, name: builder})
    told = first(wrong, "formula and gradient")
    assert re.search(f": gradient.*gradient with respect to {name} at", told), told
    assert f"the declared gradient with respect to {name} at" in first(wrong, "derivative")


@mutations
@pytest.mark.parametrize(
    ("loss", "number", "formula", "name"),
    [of_kind(*e, n, name=f"{e[0].slug}-{e[1]}-{n}") for e in executable() for n in e[2].where],
)
def test_mutants_of_every_shorthand(loss: Loss, number: int, formula: Symbolic, name: str, mutation: str) -> None:
    wrong = with_formula(loss, number, where={**formula.where, name: mutated(formula.where[name], MUTATIONS[mutation])})
    told = first(wrong, "formula and gradient")
    assert bool(told) == ((loss.slug, name, mutation) not in EQUIVALENT)
    if ": formula" not in told:
        # The shorthand occurs in the gradients alone, or the value does not feel the change.
        assert not told or ": gradient" in told, told
        assert values_agree(loss, wrong, number)


# What is added to all scores alike changes no softmax.
EQUIVALENT = {("linear_cross_entropy", "z", "offset")}


def values_agree(loss: Loss, other: Loss, number: int) -> bool:
    """Whether a formula has the same values in two declarations, to thirty digits."""
    for setting in points.settings(loss):
        for batch in points.batches(loss, setting):
            if high_precision.applies(loss, loss.formulas[number], batch, setting):
                pairs = zip(
                    high_precision.values(loss, loss.formulas[number], batch, setting),
                    high_precision.values(other, other.formulas[number], batch, setting),
                    strict=True,
                )
                if any(a != b and not abs(a - b) <= arb(10) ** -30 * (1 + abs(a)) for a, b in pairs):
                    return False
    return True


@mutations
@pytest.mark.parametrize("loss", [of_kind(x) for x in LOSSES.values() if x.computed])
def test_mutants_of_what_torch_computes_at_the_ends(loss: Loss, mutation: str) -> None:
    computed = loss.computed
    assert isinstance(computed, Symbolic)
    value = dataclasses.replace(computed, value=mutated(computed.value, MUTATIONS[mutation]))
    assert ": clamp" in first(dataclasses.replace(loss, computed=value), "clamps")
    for name, builder in computed.gradient.items():
        changed: Formula = dataclasses.replace(
            computed, gradient={**computed.gradient, name: mutated(builder, MUTATIONS[mutation])}
        )
        assert ": clamp" in first(dataclasses.replace(loss, computed=changed), "clamps")


def highest(loss: Loss) -> float:
    """The largest value of the main formula at the checked points that a comparison reaches, which ends at 1e300."""
    setting, main = loss.defaults(), loss.formulas[0]
    batches = [b for b in points.batches(loss, setting) if high_precision.applies(loss, main, b, setting)]
    values = np.concatenate([by_torch(loss, b, setting)[0].ravel() for b in batches])
    return float(values[values < 1e299].max())


@each_kind
def test_a_formula_that_is_undefined_everywhere_is_no_formula(loss: Loss) -> None:
    """The logarithm of a negative number must not pass because there is nothing to compare."""
    if isinstance(loss.formulas[0], Written):
        wrong = with_formula(loss, 0, reference=mutated_reference(loss.formulas[0].reference, lambda v: mpmath.nan))
    else:
        wrong = with_formula(with_value(loss, 0, lambda e: sp.log(-1 - e**2)), 0, gradient={})
    assert first(wrong, "formula and gradient")


@each_kind
def test_a_formula_that_is_undefined_in_a_corner_is_caught(loss: Loss) -> None:
    """Undefined where the loss is among its highest, the plain formula elsewhere."""
    corner = 0.9 * highest(loss)
    assert corner > 0
    if isinstance(loss.formulas[0], Written):
        wrong = with_value(loss, 0, lambda v: mpmath.nan if v > corner else v)
    else:
        wrong = with_value(loss, 0, lambda e: e + chosen(sp.log(-1 - e**2), e > corner))
    assert "expected nan by the formula" in first(wrong, "formula and gradient")


@each_kind
def test_a_formula_may_not_be_left_out(loss: Loss) -> None:
    """Without its last formula a loss either has a setting that nothing covers, or another formula covers it."""
    if len(loss.formulas) > 1:
        fewer = dataclasses.replace(loss, formulas=loss.formulas[:-1])
        assert "no declared formula covers this setting" in first(fewer, "formula and gradient")


def test_a_formula_that_nothing_reaches_is_reported() -> None:
    loss = LOSSES["huber"]
    never = dataclasses.replace(loss.formulas[0], at={"delta": 12345.0}, label="never")  # type: ignore[type-var]
    wider = dataclasses.replace(loss, formulas=(*loss.formulas, never))
    assert "'never' was never reached" in first(wider, "formula and gradient")


# --- the torch side -------------------------------------------------------------------------------------------------

Wrong = Callable[[Loss], Callable[..., Any]]


def own(loss: Loss) -> Callable[..., Any]:
    """The loss's torch call as a function of inputs and settings, as a file with its own function declares it."""
    choices = {p.name: {id(v): name for name, v in p.kind.options.items()} for p in loss.parameters if p.kind.options}

    def plain(name: str, value: Any) -> Any:
        if name in choices:
            return choices[name][id(value)]
        return value.tolist() if isinstance(value, torch.Tensor) else value

    def call(*inputs: Any, reduction: str = "mean", **setting: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return criterion(loss, {k: plain(k, v) for k, v in setting.items()}, reduction)(*inputs)

    return call


def replaced(loss: Loss, function: Callable[..., Any]) -> Loss:
    return dataclasses.replace(loss, torch=None, functional=None, call=None, function=function)


def torch_mutants(loss: Loss) -> dict[str, Callable[..., Any]]:
    call = own(loss)

    def doubled_gradient(first: Any, *rest: Any, **setting: Any) -> Any:
        return call(first + (first - first.detach()), *rest, **setting)

    def no_gradient(first: Any, *rest: Any, **setting: Any) -> Any:
        return call(first.detach(), *rest, **setting) + 0 * first.sum()

    def wrong_in_the_tail(first: Any, *rest: Any, **setting: Any) -> Any:
        value = call(first, *rest, **setting)
        return torch.where(value > 0.9 * highest(loss), value * (1 + 1e-9), value)

    def without_settings(*inputs: Any, **setting: Any) -> Any:
        return criterion(loss, loss.defaults(), "none")(*inputs)

    return {
        "sign": lambda *inputs, **setting: -call(*inputs, **setting),
        "factor": lambda *inputs, **setting: (1 + 1e-9) * call(*inputs, **setting),
        "offset": lambda *inputs, **setting: call(*inputs, **setting) + 1e-9,
        "clipped": lambda *inputs, **setting: call(*inputs, **setting).clamp(max=0.9 * highest(loss)),
        "nan": lambda *inputs, **setting: call(*inputs, **setting) * float("nan"),
        "float32": lambda first, *rest, **setting: call(first.float().double(), *rest, **setting),
        "doubled gradient": doubled_gradient,
        "no gradient": no_gradient,
        "tail": wrong_in_the_tail,
        **({"settings ignored": without_settings} if any(p.typical for p in loss.parameters) else {}),
    }


@each_kind
def test_the_same_call_as_an_own_function_passes(loss: Loss) -> None:
    assert first(replaced(loss, own(loss)), "formula and gradient") == ""


@pytest.mark.parametrize(
    ("loss", "name"), [of_kind(x, n, name=f"{x.slug}-{n}") for x in LOSSES.values() for n in torch_mutants(x)]
)
def test_mutants_of_the_torch_code(loss: Loss, name: str) -> None:
    assert first(replaced(loss, torch_mutants(loss)[name]), "formula and gradient")


@each_kind
def test_exchanged_inputs_are_caught_where_they_matter(loss: Loss) -> None:
    """The first two inputs; whether it matters is found out by torch alone."""
    call = own(loss)

    def exchanged(one: Any, other: Any, /, *rest: Any, **setting: Any) -> Any:
        return call(other, one, *rest, **setting)

    told = first(replaced(loss, exchanged), "formula and gradient")
    assert bool(told) == exchange_matters(loss), told
    if loss.properties.get("symmetric") is True:
        assert not told


def exchange_matters(loss: Loss) -> bool:
    """Whether torch refuses the first two inputs in the other order, or answers something else."""
    for setting in points.settings(loss):
        for batch in points.batches(loss, setting):
            made = leaves(loss, batch, setting)
            first_input, second, *rest = (made.get(i.name) for i in loss.inputs)
            run = criterion(loss, setting, "none")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    turned = run(second, first_input, *rest).detach().numpy()
                except (RuntimeError, ValueError, IndexError, TypeError):
                    return True
                if not np.allclose(turned, by_torch(loss, batch, setting)[0], 1e-12, 1e-12, equal_nan=True):
                    return True
    return False


def test_exchanged_inputs_matter_for_most_losses_but_not_for_all() -> None:
    """It does not where a loss depends on the size of the residual alone, or is a distance."""
    same = {loss.slug for loss in LOSSES.values() if len(loss.inputs) > 1 and not exchange_matters(loss)}
    assert 0 < len(same) < len(LOSSES)
    assert {"l1", "mse", "huber"} <= same
    assert same.isdisjoint({"bce", "kl_div", "quantile", "mape", "hinge_embedding", "poisson_nll"})


# --- declared rules -------------------------------------------------------------------------------------------------


def more(divisor: Callable[..., float]) -> Callable[..., float]:
    return lambda inputs, parameters, count: divisor(inputs, parameters, count) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("loss", "rule"),
    [of_kind(x, r, name=f"{x.slug}-{r.name}") for x in LOSSES.values() for r in x.reductions if r.divisor],
)
def test_mutants_of_every_reduction(loss: Loss, rule: Reduction) -> None:
    assert rule.divisor
    changed = dataclasses.replace(rule, divisor=more(rule.divisor))
    wrong = dataclasses.replace(loss, reductions=tuple(changed if r is rule else r for r in loss.reductions))
    assert f"reduction {rule.name}: expected" in first(wrong, "reductions")


@pytest.mark.parametrize(
    ("slug", "name"), [("cross_entropy", "mean"), ("kl_div", "batchmean"), ("kl_div", "mean"), ("huber", "sum")]
)
def test_the_rule_of_another_reduction_is_caught(slug: str, name: str) -> None:
    """The mean of cross-entropy is no plain mean, batchmean no mean: the examples tell them apart."""
    loss = LOSSES[slug]
    rules: Mapping[str, Callable[..., float]] = {
        "mean": (lambda inputs, parameters, count: float(count)) if slug == "cross_entropy" else first_dimension,
        "batchmean": lambda inputs, parameters, count: float(count),
        "sum": lambda inputs, parameters, count: float(count),
    }
    changed = tuple(dataclasses.replace(r, divisor=rules[name]) if r.name == name else r for r in loss.reductions)
    assert f"reduction {name}" in first(dataclasses.replace(loss, reductions=changed), "reductions")


def first_dimension(inputs: Mapping[str, Any], parameters: Mapping[str, Any], count: int) -> float:
    return float(np.asarray(inputs["input"]).shape[0])


def relations() -> list[Any]:
    return [of_kind(x, k, name=f"{x.slug}-{r.slug}") for x in LOSSES.values() for k, r in enumerate(x.relations)]


@pytest.mark.parametrize(("loss", "number"), relations())
def test_mutants_of_every_relation(loss: Loss, number: int) -> None:
    relation = loss.relations[number]
    assert first(dataclasses.replace(loss, relations=(relation,)), "relations") == ""
    for wrong in (f"1.01 * ({relation.left})", f"-({relation.left})", f"({relation.left}) + 0.01"):
        changed = dataclasses.replace(relation, identity=f"{wrong} == {relation.right}")
        told = first(dataclasses.replace(loss, relations=(changed,)), "relations")
        assert re.search(f"to {relation.slug}: .*expected .* got ", told), told


def kinked() -> list[Any]:
    return [of_kind(x) for x in LOSSES.values() if x.main.kinks]


@pytest.mark.parametrize("loss", kinked())
def test_kinks_may_be_neither_forgotten_nor_misplaced(loss: Loss) -> None:
    main = loss.main
    # Some may coincide at the defaults: one is forgotten where all that lie there are.
    places = [float(points.call_with(k, loss, loss.defaults())) for k in main.kinks]
    fewer = tuple(k for k, place in zip(main.kinks, places, strict=True) if place != places[0])
    for kinks in ((), tuple(shifted(k) for k in main.kinks), fewer):
        wrong = dataclasses.replace(loss, sections=(dataclasses.replace(main, kinks=kinks), *loss.sections[1:]))
        told = first(only(wrong, "smoothness"), "properties")
        assert "smoothness: expected" in told


def shifted(kink: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(kink)
    def wrong(*parameters: Any) -> Any:
        return kink(*parameters) + 0.25

    return wrong


def only(loss: Loss, key: str) -> Loss:
    return dataclasses.replace(loss, properties={key: loss.properties[key]})


@each_kind
def test_a_section_that_is_not_finite_is_caught(loss: Loss) -> None:
    """A span stretched to the end of the domain, or so far that float64 overflows."""
    main = loss.main
    low, high = main.limits
    span = (low if np.isfinite(low) else -8e307, high if np.isfinite(high) else 8e307)
    wide = dataclasses.replace(main, span=span)
    drawn = [
        curve(loss, wide, np.linspace(*span, 401), setting, y)
        for setting in points.settings(loss)
        if claims.suits(loss, wide, setting)
        for y in main.branches.values()
    ]
    told = first(dataclasses.replace(loss, sections=(wide,)), "sections")
    assert bool(told) == (not all(np.isfinite([c.loss, c.gradient]).all() for c in drawn)), told
