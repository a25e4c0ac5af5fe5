"""What moves on a page: the generated JavaScript, run in an engine, against torch and against exact numbers."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from py_mini_racer import MiniRacer

from cases import LOSSES, each_kind, every_loss
from lossary.declaration.loss import Loss
from lossary.declaration.parameter_kinds import Integer, Range
from lossary.declaration.parameters import POSITIVE, Parameter
from lossary.evaluation.curves import Curve, curve, suits
from lossary.interactive import module
from lossary.interactive.along_section import Scalar, T
from lossary.interactive.controls import Checkbox, Control, Select, control, reach
from lossary.interactive.javascript import FUNCTIONS, Functions, literal
from lossary.interactive.module import compare_with_torch, plot
from lossary.interactive.tables import interpolate, table


@pytest.fixture(scope="module")
def engine() -> Iterator[MiniRacer]:
    """A JavaScript engine."""
    racer = MiniRacer()
    yield racer
    racer.close()


def run(engine: MiniRacer, code: str) -> Any:
    """The value of an expression, through JSON with infinities and NaN as words."""
    return json.loads(engine.eval(f"JSON.stringify([{code}].flat().map(String))"))


def held(loss: Loss) -> None:
    """Write the plot of a loss anew, and compare it with torch."""
    compare_with_torch(dataclasses.replace(loss))


# The laws


@each_kind
def test_every_loss_has_a_plot_that_follows_torch(loss: Loss) -> None:
    limit = 1e-9 if plot(loss).data["source"] == "formula" else 1e-6
    found = compare_with_torch(loss)
    assert found["points"] >= 401
    assert 0 <= found["max_error_value"] < limit
    assert 0 <= found["max_error_gradient"] < limit


@every_loss
def test_formulas_are_tabled_only_where_none_is_executed(loss: Loss) -> None:
    executable = all(f.executable for f in loss.formulas)
    assert plot(loss).data["source"] == ("formula" if executable else "table")


@every_loss
def test_every_parameter_moves_or_is_said_not_to(loss: Loss) -> None:
    """A parameter with typical values has a control, changes nothing, or is held by the section."""
    worth = {p.name for p in loss.parameters if p.kind.widget and any(v is not None for v in p.typical)}
    for section in plot(loss).data["sections"]:
        groups = [[c["name"] for c in section["controls"]], section["silent"], section["held"]]
        assert sorted(name for group in groups for name in group) == sorted(worth)


@every_loss
def test_controls_start_at_the_default_and_stay_in_the_range(loss: Loss) -> None:
    for parameter in loss.parameters:
        one = control(parameter)
        if isinstance(one, Checkbox | Select | None):
            continue
        numbers = one.choices or (one.low, one.high, *one.slider)
        assert all(parameter.range.holds(v) for v in (*numbers, one.default)), parameter.name
        if not one.choices:
            assert one.low <= one.slider[0] < one.slider[1] <= one.high
            assert one.slider[0] <= one.default <= one.slider[1]
            typical = [v for v in parameter.typical if isinstance(v, int | float)]
            assert all(one.slider[0] <= v <= one.slider[1] for v in typical)


@every_loss
def test_silent_parameters_change_nothing_and_moved_ones_something(loss: Loss) -> None:
    defaults = loss.defaults()
    for section, told in zip(loss.sections, plot(loss).data["sections"], strict=True):
        t = np.linspace(*section.span, 37)[1:-1]
        y = next(iter(section.branches.values()))
        before = curve(loss, section, t, None, y).loss
        sizes = {c["name"]: c.get("size") for c in told["controls"]}
        for p in loss.parameters:
            tried = [v for v in p.typical if v is not None and v != p.default]
            tried = [v for v in tried if not sizes.get(p.name) or len(v) == sizes[p.name]]
            settings = [{**defaults, p.name: list(v) if isinstance(v, tuple) else v} for v in tried]
            settings = [s for s in settings if suits(loss, section, s)]
            after = [curve(loss, section, t, s, y).loss for s in settings]
            if p.name in told["silent"]:
                assert all(np.array_equal(before, one) for one in after), p.name
            if p.name in told["held"]:
                assert len(settings) < len(tried), p.name


# What makes a plot fail


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda s: dataclasses.replace(s, gradient=-s.gradient), "the gradient of the interactive plot"),
        (lambda s: dataclasses.replace(s, gradient=s.gradient * (1 + 2e-9)), "the gradient of the interactive plot"),
        (lambda s: dataclasses.replace(s, loss=s.loss * (1 + 2e-9)), "the loss of the interactive plot"),
        (lambda s: Scalar(s.loss.subs(T, -T), s.gradient, s.curvature), "the loss of the interactive plot"),
        (lambda s: Scalar(s.gradient, s.loss, s.curvature), "the loss of the interactive plot"),
    ],
    ids=["sign", "gradient's factor", "value's factor", "mirrored", "swapped"],
)
@pytest.mark.parametrize("slug", ["poisson_nll", pytest.param("cross_entropy", marks=pytest.mark.nightly)])
def test_a_wrong_module_is_not_published(slug: str, wrong: Any, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = module.scalar
    monkeypatch.setattr(module, "scalar", lambda *given: wrong(right(*given)))
    with pytest.raises(ValueError, match=told) as caught:
        held(LOSSES[slug])
    assert "t = " in str(caught.value)
    assert "expected" in str(caught.value)


def test_a_parameter_that_the_formula_forgets_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = module.scalar
    monkeypatch.setattr(module, "scalar", lambda *given: right(*given[:4], {}, given[5]))
    with pytest.raises(ValueError, match="delta = "):
        held(LOSSES["huber"])


def test_a_jump_that_is_no_kink_cannot_be_tabled() -> None:
    def step(t: Any) -> Curve:
        return Curve(t, np.where(t < 0.3, 0.0, 1.0), np.zeros_like(t), np.zeros_like(t))

    with pytest.raises(ValueError, match=r"not smooth near t = 0\.3"):
        table(step, (0.0, 1.0), ())
    assert len(table(step, (0.0, 1.0), (0.3,))[0]) < 60


# Tables


def wave(t: Any) -> Curve:
    """A smooth curve with an end where it is steep."""
    return Curve(t, np.sin(3 * t) - np.log(t), 3 * np.cos(3 * t) - 1 / t, -9 * np.sin(3 * t) + 1 / t**2)


def test_a_table_gives_the_curve_back(engine: MiniRacer) -> None:
    columns = table(wave, (0.001, 2.0), ())
    nodes = Curve(*(np.array(column) for column in columns))
    t = np.random.default_rng(3).uniform(0.001, 2.0, 4000)
    value, slope = interpolate(nodes, t)
    assert np.max(np.abs(value / wave(t).loss - 1)[np.abs(wave(t).loss) > 0.01]) < 1e-7
    assert np.max(np.abs(slope / wave(t).gradient - 1)[np.abs(wave(t).gradient) > 0.01]) < 1e-6
    functions = Functions()
    code = f"const f = {functions.table(columns)};"
    engine.eval(f"{{ {functions.helpers()} {code} globalThis.f = f; }} 0")
    found = np.array(run(engine, f"{t.tolist()}.flatMap((x) => f(x))"), dtype=float).reshape(-1, 3)
    assert found[:, 0] == pytest.approx(value, rel=1e-9)
    assert found[:, 1] == pytest.approx(slope, rel=1e-7, abs=1e-9)


def test_erf_in_javascript(engine: MiniRacer) -> None:
    """On both sides of where its series stops, from nearly 0 to what no float64 tells from 1."""
    x = [
        s * v for v in (1e-300, 1e-9, 0.1, 0.5, 1.0, 2.0, 3.5, 5.0, 5.9, 5.999999, 6.000001, 30.0, 1e6) for s in (-1, 1)
    ]
    found = run(engine, f"[0, ...{x}].map({FUNCTIONS['erf']})")
    assert np.array(found, dtype=float) == pytest.approx([0.0, *map(math.erf, x)], rel=4e-15, abs=0)


def test_a_table_ends_at_its_ends(engine: MiniRacer) -> None:
    functions = Functions()
    code = functions.table(table(wave, (0.5, 2.0), ()))
    engine.eval(f"{{ {functions.helpers()} globalThis.g = {code}; }} 0")
    assert run(engine, "g(0.499)") == run(engine, "g(2.001)") == run(engine, "g(NaN)") == ["NaN"] * 3
    assert float(run(engine, "g(2)[0]")[0]) == pytest.approx(wave(np.array([2.0])).loss[0], rel=1e-12)


# The functions that modules carry


@pytest.mark.parametrize("x", [-800.0, -40.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 40.0, 800.0])
def test_softplus_and_sigmoid_are_exact_in_the_tails(engine: MiniRacer, x: float) -> None:
    with mpmath.workdps(50):
        softplus = float(mpmath.log1p(mpmath.exp(mpmath.mpf(x))))
        sigmoid = float(1 / (1 + mpmath.exp(-mpmath.mpf(x))))
    found = [float(run(engine, f"({FUNCTIONS[name]})({x!r})")[0]) for name in ("softplus", "sigmoid")]
    assert found == pytest.approx([softplus, sigmoid], rel=4e-16, abs=1e-320)


def test_nothing_times_the_log_of_nothing_is_nothing(engine: MiniRacer) -> None:
    assert run(engine, f"({FUNCTIONS['xlogy']})(0, 0)") == ["0"]
    assert float(run(engine, f"({FUNCTIONS['xlogy']})(2, 3)")[0]) == pytest.approx(2 * math.log(3), rel=4e-16)


def test_a_function_without_a_word_in_javascript_is_refused() -> None:
    with pytest.raises(ValueError, match="no JavaScript for"):
        Functions().text(sp.zeta(T))


def test_text_cannot_end_a_module() -> None:
    assert json.loads(literal({"a": 'quote " and \\ and </script>'})) == {"a": 'quote " and \\ and </script>'}


# Controls


def made(parameter: Parameter) -> Control:
    one = control(parameter)
    assert one is not None
    return one


def test_far_apart_values_make_a_slider_of_powers() -> None:
    one = made(Parameter("eps", 1e-6, "a constant", range=POSITIVE, typical=(1e-6, 1e-3)))
    assert (one.scale, one.slider) == ("log", (pytest.approx(1e-8), pytest.approx(1.0)))


def test_an_open_end_is_no_place_for_a_slider() -> None:
    one = made(Parameter("share", 0.5, "a share", range=Range(0, 1, True, True), typical=(0.25, 0.5)))
    assert 0 < one.low < one.slider[0] < 0.5 < one.slider[1] < one.high < 1


def test_an_inset_keeps_a_slider_and_what_is_typed_from_an_open_end() -> None:
    inset = Range(1, 2, True, True, inset=0.05)
    one = made(Parameter("power", 1.5, "a power", range=inset, typical=(1.2, 1.5)))
    assert (one.low, one.high, one.slider) == (1.05, 1.95, (1.05, 1.95))
    assert (one.allowed(), one.parameter.range_text()) == ("1.05 <= power <= 1.95", "1 < power < 2")
    whole = made(Parameter("power", 1.5, "a power", range=Range(1, 2, True, True), typical=(1.2, 1.5)))
    assert whole.allowed() == "1 < power < 2"


def test_few_whole_numbers_are_a_choice() -> None:
    one = made(Parameter("p", 1, "a power", kind=Integer(), range=Range(1, 3), typical=(1, 2)))
    assert (one.kind, one.choices) == ("values", (1, 2, 3))


def test_nothing_typical_means_no_control() -> None:
    assert control(Parameter("n", None, "a count", kind=Integer())) is None


def test_a_section_holds_what_does_not_suit_it() -> None:
    loss = LOSSES["kl_div"]
    found = reach(loss, loss.main, [made(p) for p in loss.parameters])
    assert (found.moved, found.held) == ((), ("log_target",))


def test_a_process_that_has_run_a_plot_ends() -> None:
    """The engine's thread is stopped before Python's own end, which under 3.13 would wait for it for ever."""
    code = "from lossary.interactive import module; assert module._engine().eval('6 * 7') == 42"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
