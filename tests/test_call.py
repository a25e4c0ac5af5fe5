"""The call people expect: a loss is called as torch is, at settings of one's own, as function and as module."""

from __future__ import annotations

import copy
import inspect
import pickle
import pydoc
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

import lossary
import lossary.functional
import lossary.nn
import thirdparty
from lossary.commands.main import main
from lossary.commands.starter import write as write_starter
from lossary.drawing.pictures import Chart
from lossary.verification import output_fences
from test_walls import HEAVY, loaded

CATALOG = lossary.catalog()
HUBER = CATALOG.huber


# --- the call -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", CATALOG)
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides", "ignore:Initializing zero-element tensors")
def test_a_call_gives_torchs_tensor_and_its_gradient(slug: str) -> None:
    """Of tensors, and of the same numbers as lists: what `evaluate` says, for every loss and reduction."""
    loss = CATALOG[slug]
    example = dict(loss.declaration.example)
    listed = [entry.name for entry in loss.inputs if entry.kinds[0].listed]
    for reduction in loss.reductions:
        told = loss.evaluate(example, reduction=reduction)
        plain = loss(*example.values(), reduction=reduction)
        assert isinstance(plain, torch.Tensor)
        assert plain.dtype == torch.float64
        assert plain.tolist() == told.value
        leaves = {
            name: [torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in value]
            if name in listed
            else torch.tensor(value, dtype=torch.float64, requires_grad=True)
            if name in told.gradient
            else value
            for name, value in example.items()
        }
        loss(**leaves, reduction=reduction).sum().backward()
        for name, gradient in told.gradient.items():
            parts, expected = (leaves[name], gradient) if name in listed else ([leaves[name]], [gradient])
            assert [np.zeros(p.shape).tolist() if p.grad is None else p.grad.tolist() for p in parts] == expected


def test_tensors_keep_dtype_and_graph() -> None:
    layer = torch.nn.Linear(3, 1)
    input = layer(torch.ones(2, 3))
    loss = HUBER(input, torch.zeros(2, 1), delta=0.5, reduction="sum")
    assert loss.dtype == torch.float32
    loss.backward()
    assert layer.weight.grad is not None
    assert torch.equal(loss, torch.nn.functional.huber_loss(input, torch.zeros(2, 1), delta=0.5, reduction="sum"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_lists_follow_the_tensors_beside_them(dtype: torch.dtype) -> None:
    """BCE refuses two dtypes; class indices stay whole numbers, and class weights are like the logits."""
    assert CATALOG.bce(torch.full((2,), 0.5, dtype=dtype), [0, 1]).dtype == dtype
    assert CATALOG.bce([0.5, 0.5], torch.ones(2, dtype=dtype)).dtype == dtype
    logits = torch.zeros(2, 3, dtype=dtype)
    for target in ([0, 2], np.array([0, 2]), torch.tensor([0, 2])):
        for weight in ([1, 2, 3], np.array([1.0, 2, 3]), torch.tensor([1.0, 2, 3], dtype=dtype)):
            assert CATALOG.cross_entropy(logits, target, weight=weight).dtype == dtype


def test_arrays_and_numbers_become_float64() -> None:
    for input, target in (
        (np.float32([3.0, 0.2]), np.array([0, 0])),
        ([[3, 0.2]], ((0, 0),)),
        ([np.float32(3.0), 1], [True, False]),
    ):
        assert HUBER(input, target).dtype == torch.float64
    assert HUBER(3, 0).item() == 2.5
    assert HUBER(target=[0.0], input=[3.0], delta=np.float32(0.5)).item() == 1.375


def test_a_list_of_tensors_keeps_their_graph() -> None:
    leaf = torch.tensor(3.0, requires_grad=True)
    HUBER([leaf, 2 * leaf], [0.0, 0.0], reduction="sum").backward()
    assert leaf.grad is not None
    assert leaf.grad.item() == 3.0


@pytest.mark.parametrize("slug", ["mse", "l1", "huber", "smooth_l1"])
def test_torchs_warnings_are_let_through(slug: str) -> None:
    """By a call and by `evaluate`, at the line that made it; the answer keeps them too."""
    with pytest.warns(UserWarning, match="Using a target size"):
        CATALOG[slug](torch.zeros(3, 1), torch.zeros(3))
    inputs = {"input": [1.0, 2.0, 3.0], "target": [[1.0], [2.0], [3.0]]}
    with pytest.warns(UserWarning, match="due to broadcasting") as caught:
        answer = CATALOG[slug].evaluate(inputs)
    assert {warning.filename for warning in caught} == {__file__}
    assert [str(warning.message) for warning in caught] == list(answer.warnings)
    assert "warnings=1 text" in repr(answer)
    assert CATALOG[slug].evaluate({"input": [1.0], "target": [2.0]}).warnings == ()


def test_curves_and_checks_warn_of_nothing() -> None:
    """They call torch at inputs of Lossary's own."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CATALOG.kl_div.curve()
        assert CATALOG.kl_div.check()
    assert not caught


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64])
def test_evaluate_takes_the_numbers_of_tensors(dtype: torch.dtype) -> None:
    """Those with a graph too, and lists of them."""
    tensor = torch.tensor([3.0, 1.0], dtype=dtype, requires_grad=dtype.is_floating_point)
    expected = HUBER.evaluate({"input": [3.0, 1.0], "target": [0.0, 0.0]})
    assert HUBER.evaluate({"input": tensor, "target": torch.zeros(2)}) == expected
    assert HUBER.evaluate({"input": [tensor[0], tensor[1]], "target": (0.0, torch.tensor(0.0))}) == expected
    assert HUBER.evaluate({"input": [[*tensor]], "target": [torch.zeros(2)]}).value == expected.value
    if dtype.is_floating_point:
        assert HUBER.evaluate({"input": tensor * 1, "target": torch.zeros(2)}) == expected
        assert tensor.grad is None


@pytest.mark.parametrize(
    "value", [["1.5"], "1.5", [None], None, [True, "0"], [[1.0], ["2"]], {"a": 1}, [1j], b"1", [float]]
)
def test_what_is_only_read_as_a_number_is_none(value: Any) -> None:
    for ask in (lambda: HUBER.evaluate({"input": value, "target": [0.0]}), lambda: HUBER(value, [0.0])):
        with pytest.raises(lossary.LossaryError, match="'input' is not a number or a rectangular list of numbers"):
            ask()


@pytest.mark.parametrize(
    "weight",
    [["1", "2"], [True, False], [None, 1.0], np.array([True, False]), torch.tensor([True, False]), "12", [[1], [2, 3]]],
)
def test_what_is_only_read_as_a_weight_is_none(weight: Any) -> None:
    with pytest.raises(lossary.LossaryError, match="parameter weight must be one number for each class, got"):
        CATALOG.cross_entropy.evaluate({"input": [1.0, 2.0], "target": 0}, {"weight": weight})
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    for right in ([1, 2.0], (1, 2), np.array([1, 2]), np.float32([1, 2]), leaf.detach(), leaf, leaf.bfloat16()):
        CATALOG.cross_entropy.evaluate({"input": [1.0, 2.0], "target": 0}, {"weight": right})


def test_one_variance_as_torch_takes_it() -> None:
    """A float for all; a tensor of one is refused, as by torch."""
    input, target = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.zeros(2, 2)
    expected = torch.nn.functional.gaussian_nll_loss(input, target, 2.0)
    assert torch.equal(CATALOG.gaussian_nll(input, target, 2.0), expected)
    assert torch.equal(CATALOG.gaussian_nll(input, target, var=2), expected)
    with pytest.raises(lossary.LossaryError, match="var is of incorrect size"):
        CATALOG.gaussian_nll(input, target, torch.tensor(2.0))


def test_an_endless_power_where_torch_takes_it() -> None:
    anchor, positive, negative = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 1.0]]), torch.tensor([[0.5, 0.0]])
    endless = CATALOG.triplet_margin.at(p=float("inf"))
    expected = torch.nn.functional.triplet_margin_loss(anchor, positive, negative, p=float("inf"))
    assert torch.equal(endless(anchor, positive, negative), expected)
    assert "p >= 1, inf included" in next(p for p in endless.parameters if p.name == "p").range_text()
    assert np.isfinite(endless.curve().loss).all()
    endless.figure()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: HUBER([1.0]), "huber: the input 'target' is missing; its inputs are: input, target"),
        (lambda: HUBER([1.0], [1.0], 0.5), "huber takes 2 inputs, input, target, and got 3; parameters and the red"),
        (lambda: HUBER([1.0], target=[1.0], input=[2.0]), "huber: the input 'input' is given twice"),
        (
            lambda: HUBER([1.0], targt=[1.0]),
            "huber has no input or parameter 'targt' (did you mean target?); it takes: input, target, delta",
        ),
        (lambda: HUBER([1.0], [1.0], delta=-1), "huber: parameter delta must be delta > 0, got -1"),
        (lambda: HUBER([1.0], [1.0], delta=torch.ones(1)), "huber: parameter delta must be delta > 0, got [1.0]"),
        (
            lambda: HUBER([1.0], [1.0], delta=torch.tensor(1.0, requires_grad=True)),
            "huber: torch takes delta as a plain value and gives no gradient for it",
        ),
        (lambda: HUBER([1.0], [1.0], reduction="men"), "huber has no reduction 'men' (did you mean mean?)"),
        (lambda: HUBER(["a"], [1.0]), "huber: the input 'input' is not a number or a rectangular list of numbers"),
        (lambda: HUBER([[1.0], [1.0, 2.0]], [1.0]), "huber: the input 'input' is not a number or a rectangular"),
        (lambda: HUBER(torch.ones(2), torch.ones(3)), "huber: torch refused the call: The size of tensor a (2)"),
        (lambda: CATALOG.cross_entropy([[1.0, 2.0]], [0.5]), "class indices 0 to C - 1: whole numbers only"),
        (
            lambda: HUBER.evaluate({"input": 1.0, "target": 0.0}, {"delta": torch.tensor(0.5)}),
            "huber: parameter delta must be delta > 0, got tensor(0.5000): give a plain number, such as float(delta)",
        ),
        (
            lambda: HUBER.evaluate({"input": 1.0, "target": 0.0}, {"reduction": "sum"}),
            "huber: reduction is no parameter but stands beside them: in Python reduction='sum'",
        ),
        (lambda: HUBER.at(reduction="sum"), "huber: reduction is no parameter but stands beside them"),
        (lambda: HUBER.at(dtype="float16"), "huber: dtype is no parameter but stands beside them"),
        (
            lambda: HUBER.evaluate([1.0, 0.0]),
            'huber: give the inputs by name, {"input": …, "target": …}, got [1.0, 0.0]',
        ),
        (
            lambda: HUBER.evaluate({"input": 1.0, "target": 0.0}, reduction=""),
            "huber has no reduction ''; it has: none",
        ),
        (lambda: HUBER([1.0], [0.0], reduction=""), "huber has no reduction ''; it has: none"),
        (lambda: HUBER([1.0], [0.0], delta=float("inf")), "huber: parameter delta must be finite, delta > 0, got inf"),
        (lambda: HUBER([1.0], [0.0], delta=float("nan")), "huber: parameter delta must be finite, delta > 0, got nan"),
        (
            lambda: HUBER(np.zeros((1,) * 33), [0.0]),
            "huber: the input 'input' has 33 dimensions, and at most 32 are taken",
        ),
        (lambda: lossary.get(None), "the name of a loss is a text such as 'huber', got None"),
        (lambda: lossary.get(3), "the name of a loss is a text such as 'huber', got 3"),
        (lambda: lossary.get(HUBER), "<lossary.Loss huber: Huber loss> is a loss already: use it as it is"),
        (lambda: lossary.get("x" * 10_000_000), "no loss is called 'xxxxxxxxxxxxxx"),
        (
            lambda: lossary.compare(["huber", "mse"]),
            "got ['huber', 'mse']; a list is unpacked with a star: compare(*loss",
        ),
        (lambda: lossary.compare("huber", None), "a loss to compare is a slug or a lossary.Loss, got None"),
        (lambda: lossary.compare(), "name the losses to compare, such as compare('huber', 'mse')"),
        (lambda: HUBER.at(delt=1), "huber has no parameter 'delt' (did you mean delta?)"),
        (lambda: HUBER.at(delta=[0.5, 1]), "huber: parameter delta must be delta > 0, got [0.5, 1]"),
    ],
)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_what_is_wrong_with_a_call_is_one_clear_error(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(lossary.LossaryError, match=re.escape(words)) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


# --- settings -------------------------------------------------------------------------------------------------------


def test_settings_are_the_defaults_of_all_that_a_loss_does() -> None:
    mild = HUBER.at(delta=0.5)
    inputs = {"input": [3.0], "target": [0.0]}
    assert mild(*inputs.values()).item() == 1.375
    assert mild(*inputs.values(), delta=2).item() == HUBER(*inputs.values(), delta=2).item()
    assert mild.evaluate(inputs) == HUBER.evaluate(inputs, {"delta": 0.5})
    assert mild.curve([2.0]).loss == HUBER.curve([2.0], {"delta": 0.5}).loss
    assert mild.curve().t.tolist() == HUBER.curve(parameters={"delta": 0.5}).t.tolist()
    assert mild.figure("gradient").svg() == HUBER.figure("gradient", {"delta": 0.5}).svg()
    assert mild.figure("loss", {"delta": 2}).svg() == HUBER.figure("loss", {"delta": 2}).svg()
    assert repr(mild) == "<lossary.Loss huber(delta=0.5): Huber loss>"
    assert "delta=0.5" in repr(mild.figure("card").picture)
    assert (mild.settings, HUBER.settings) == ({"delta": 0.5, "weight": None}, {"delta": 1.0, "weight": None})
    assert mild.parameters == HUBER.parameters, "what is declared stays"


def test_a_sweep_is_strong_at_the_settings() -> None:
    chart = HUBER.at(delta=0.7).figure("sweep").picture
    assert isinstance(chart, Chart)
    strong = {trace.label: trace.strong for trace in chart.traces}
    assert strong == {"delta = 0.5": False, "delta = 0.7": True, "delta = 1": False, "delta = 2": False}


def test_settings_add_up() -> None:
    loss = CATALOG.cross_entropy.at(weight=torch.tensor([1.0, 2.0])).at(label_smoothing=0.1)
    assert loss.settings["weight"] == [1.0, 2.0]
    expected = torch.nn.functional.cross_entropy(
        torch.tensor([[1.0, 2.0]]), torch.tensor([0]), weight=torch.tensor([1.0, 2.0]), label_smoothing=0.1
    )
    assert torch.equal(loss(torch.tensor([[1.0, 2.0]]), [0]), expected)
    assert loss.at().settings == loss.settings


def test_a_comparison_takes_one_loss_at_several_settings() -> None:
    chart = lossary.compare(HUBER, HUBER.at(delta=2), "mse").picture
    assert isinstance(chart, Chart)
    assert [trace.label for trace in chart.traces] == [
        "Huber loss",
        "Huber loss (delta = 2)",
        "Mean squared error (L2)",
    ]
    given = lossary.compare(HUBER.at(delta=2), "mse", parameters={"delta": 3}).picture
    assert isinstance(given, Chart)
    assert given.traces[0].label == "Huber loss (delta = 3)"


def test_a_check_holds_a_loss_to_its_settings_too(tmp_path: Path) -> None:
    """A function that is wrong at one setting only is seen there."""
    path = write_starter("crooked", "fitting", str(tmp_path / "losses"))
    thirdparty.changed(path, ("loss = scale * (input", "loss = (scale + (scale == 3)) * (input"))
    crooked = lossary.get("crooked", str(tmp_path / "losses"))
    assert crooked.check()
    report = crooked.at(scale=3).check()
    assert not report
    assert {failure.parameters for failure in report.failures} == {"scale = 3.0"}


# --- the catalog and the package ------------------------------------------------------------------------------------


def test_a_catalog_completes_by_slug() -> None:
    assert CATALOG["huber"] is CATALOG.huber is CATALOG.get("huber")
    assert set(CATALOG) <= set(dir(CATALOG))
    assert CATALOG._ipython_key_completions_() == list(CATALOG)
    assert list(copy.copy(CATALOG)) == list(CATALOG)
    assert "hubr" not in CATALOG
    with pytest.raises(KeyError, match="did you mean huber"):
        CATALOG["hubr"]
    with pytest.raises(AttributeError, match="did you mean huber"):
        CATALOG.hubr  # noqa: B018
    assert repr(CATALOG).startswith(f"<lossary.Catalog of {len(CATALOG)} losses: ")


def test_the_package_shows_its_public_names() -> None:
    assert dir(lossary) == sorted(lossary.__all__)
    results = {
        "Catalog": CATALOG,
        "Curve": HUBER.curve([0.0]),
        "Drawing": HUBER.figure(),
        "Evaluation": HUBER.evaluate({"input": [1.0], "target": [0.0]}),
        "Failure": lossary.Failure("path", "stage", "message"),
        "Input": HUBER.inputs[0],
        "Loss": HUBER,
        "Parameter": HUBER.parameters[0],
    }
    for name, result in results.items():
        assert type(result) is getattr(lossary, name)
    for name in lossary.__all__:
        assert inspect.getdoc(getattr(lossary, name)), name
    with pytest.raises(AttributeError, match=r"no attribute 'compre' \(did you mean compare\?\)"):
        lossary.compre  # type: ignore[attr-defined]  # noqa: B018


def test_what_is_public_says_what_it_takes_and_raises() -> None:
    """The reference is made from these docstrings: each names every argument of its function."""
    for name in ("Loss", "Catalog", "Drawing", "Report", "catalog", "compare", "get"):
        public = getattr(lossary, name)
        members = vars(public).values() if inspect.isclass(public) else [public]
        for member in members:
            shown = inspect.isfunction(member) and not member.__name__.startswith("_")
            if shown or member in (lossary.Loss.__call__, lossary.Loss.__init__, lossary.Catalog.__init__):
                told = inspect.getdoc(member) or ""
                arguments = [n for n in inspect.signature(member).parameters if n != "self"]
                missing = [n for n in arguments if not re.search(rf"^ +{n}: |`{n}`", told, re.MULTILINE)]
                assert not missing, f"{name}.{member.__name__} says nothing of {missing}"


def test_help_begins_with_all_that_is_public() -> None:
    """On the first screen of a terminal, of whatever height people have."""
    told = pydoc.render_doc(lossary, renderer=pydoc.plaintext).splitlines()
    screen = "\n".join(told[3:24])
    for name in lossary.__all__:
        assert re.search(rf"\b{name}\b", screen), name
    for private in ("__getattr__", "Any", "TYPE_CHECKING", "import_module"):
        assert not [line for line in told if re.match(rf"    {private}\b", line)]
        assert private not in dir(lossary)


REPRS: dict[str, Callable[[], Any]] = {
    "figure": lambda: HUBER.figure(),
    "card": lambda: HUBER.figure("card"),
    "comparison": lambda: lossary.compare(
        "huber", "mse", "l1", "smooth_l1", parameters={"huber.delta": 3, "smooth_l1.beta": 4}
    ),
    "report": lambda: lossary.get("mse").check(),
    "evidence": lambda: lossary.get("mse").check().evidence,
    "evaluation": lambda: HUBER.evaluate({"input": [[1.0] * 300] * 100, "target": [[0.0] * 300] * 100}, None, "none"),
    "list of matrices": lambda: CATALOG.adaptive_log_softmax.evaluate(CATALOG.adaptive_log_softmax.declaration.example),
    "curve": lambda: HUBER.curve(),
    "curve of nothing": lambda: HUBER.curve([]),
    "catalog": lambda: CATALOG,
    "loss": lambda: CATALOG.ctc,
    "loss with weights": lambda: CATALOG.cross_entropy.at(weight=[1.0] * 1000),
    "inputs": lambda: CATALOG.multilabel_soft_margin.inputs[0],
    "parameters": lambda: CATALOG.cross_entropy.parameters[0],
}


@pytest.mark.parametrize("name", REPRS)
def test_what_a_shell_shows_is_one_line(name: str) -> None:
    told = repr(REPRS[name]())
    assert "\n" not in told
    assert len(told) <= 200, told
    assert "object at 0x" not in told


def test_a_repr_tells_what_it_is_of() -> None:
    few = HUBER.evaluate({"input": [3.0, 1.0], "target": [0.0, 0.0]}, reduction="none")
    assert repr(few).startswith("Evaluation(value=[2.5, 0.5], gradient={'input': [1.0, 1.0], ")
    many = HUBER.evaluate({"input": [3.0] * 1000, "target": [0.0] * 1000}, reduction="none", formula=False)
    assert repr(many).startswith("Evaluation(value=<1,000 numbers>, gradient={'input': <1,000 numbers>, ")
    assert repr(HUBER.curve([-1.0, 0.0, 2.0])) == "<lossary.Curve of 3 points, t from -1 to 2>"
    assert "Huber loss" in repr(HUBER.figure())


def test_a_report_tells_that_something_fails(tmp_path: Path) -> None:
    path = write_starter("crooked", "fitting", str(tmp_path / "losses"))
    thirdparty.changed(path, ("tensor([0.2500, 4.0000])", "what I hoped for\nand more"))
    report = lossary.get("crooked", str(tmp_path / "losses")).check()
    assert re.fullmatch(r"<lossary.Report crooked: 1 failure, the first in \w+; .* checks hold>", repr(report))


@pytest.mark.parametrize("drawn", [lambda ax: HUBER.figure(ax=ax), lambda ax: lossary.compare("l1", "mse", ax=ax)])
def test_a_figure_in_axes_is_not_shown_twice(drawn: Callable[[Any], Any]) -> None:
    """A notebook shows the axes themselves; what it asks of a cell's last value is answered by a word."""
    from matplotlib.figure import Figure

    drawing = drawn(Figure().subplots())
    assert drawing._repr_html_() is None
    assert drawing._repr_svg_() is None
    assert "drawn into axes" in repr(drawing)
    assert drawing.svg().startswith(b"<")
    plain = HUBER.figure()
    assert plain._repr_html_()
    assert plain._repr_svg_()


@pytest.mark.long
@pytest.mark.xdist_group("types")
def test_a_type_checker_knows_what_is_returned(tmp_path: Path) -> None:
    """As a program of somebody else's sees it; `Any` would let every mistake pass."""
    shown = {
        "answer": "Evaluation",
        "answer.value": "float | list",
        "answer.gradient": "dict[str, float | list",
        "answer.formula_value": "float | list",
        "answer.warnings": "tuple[str, ...]",
        "huber.at(delta=2)": "Loss",
        "huber.figure()": "Drawing",
        "huber.curve()": "Curve",
        "huber.check()": "Report",
        "huber([1.0], [0.0])": "Tensor",
        "lossary.catalog()": "Catalog",
        "lossary.compare('l1', 'mse')": "Drawing",
    }
    lines = ["import lossary", "huber = lossary.get('huber')", "answer = huber.evaluate({'input': 1.0, 'target': 0.0})"]
    program = tmp_path / "program.py"
    program.write_text("\n".join([*lines, *(f"reveal_type({what})" for what in shown), ""]), "utf-8")
    root = Path(lossary.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(root / "pyproject.toml"), str(program)],
        capture_output=True, text=True, cwd=root,
    )  # fmt: skip
    told = re.findall(r'program\.py:\d+: note: Revealed type is "(.*)"', done.stdout)
    assert len(told) == len(shown), done.stdout + done.stderr
    for (what, expected), found in zip(shown.items(), told, strict=True):
        assert expected in found, what
        assert "Any" not in found, what


def test_names_and_doors_import_nothing_heavy() -> None:
    code = "import lossary, lossary.functional, lossary.nn; dir(lossary); hasattr(lossary.nn, '__wrapped__')"
    assert not loaded(f"{code}; lossary.functional, lossary.Failure") & set(HEAVY)


# --- functions and modules ------------------------------------------------------------------------------------------


def test_torchs_own_losses_are_the_same_objects() -> None:
    for slug, loss in CATALOG.items():
        if loss.functional:
            assert getattr(lossary.functional, slug) is getattr(torch.nn.functional, loss.functional.rpartition(".")[2])
        if loss.torch is None:
            continue  # its file's own, which is made anew whenever the file is read
        name = loss.torch.rpartition(".")[2]
        assert getattr(lossary.nn, name) is getattr(torch.nn, name)
        assert name in dir(lossary.nn)
        assert (slug in dir(lossary.functional)) == bool(loss.functional)
    assert lossary.nn.HuberLoss is torch.nn.HuberLoss
    assert lossary.functional.huber is torch.nn.functional.huber_loss


@pytest.mark.parametrize(
    ("place", "name", "words"),
    [
        ("functional", "hubr", "no loss is called 'hubr' (did you mean huber?)"),
        ("functional", "huber_loss", "'huber_loss' is another name of huber; give the slug here"),
        ("functional", "adaptive_log_softmax", "as a class only: lossary.nn.AdaptiveLogSoftmaxWithLoss"),
        ("nn", "HuberLos", "lossary.nn has no class 'HuberLos' (did you mean HuberLoss"),
    ],
)
def test_a_name_that_is_not_there_suggests_the_nearest(place: str, name: str, words: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(words)):
        getattr(getattr(lossary, place), name)
    assert not hasattr(getattr(lossary, place), "_private")


# A loss of classes with a function of its own: enough of a declaration to be called.
WEIGHTED = '''"""Weighted hit

How little probability the true class has.
"""

import torch

from lossary.declaration import CLASS_INDEX, LOGITS, Input, Loss, class_weight, flag


def weighted_hit(input, target, *, weight=None, squared=False, reduction="mean"):
    missing = 1 - input.softmax(-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)
    loss = missing.square() if squared else missing
    if weight is not None:
        loss = loss * weight[target]
    return loss if reduction == "none" else getattr(loss, reduction)()


loss = Loss(
    function=weighted_hit,
    inputs=(
        Input("input", "x", (LOGITS,), "(N, C)", "the logits"),
        Input("target", "y", (CLASS_INDEX,), "(N)", "the true class"),
    ),
    parameters=(class_weight("a factor for each class"), flag("squared", False, "whether it is squared")),
    formulas=(),
    sections=(),
    example={},
    properties={},
)
'''


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package with losses that torch lacks; what the doors learn of it is forgotten behind the test."""
    losses = thirdparty.make(tmp_path)
    (losses / "fitting" / "weighted_hit.py").write_text(WEIGHTED, "utf-8")
    (losses / "fitting" / "broken.py").write_text("import nothing_at_all\n", "utf-8")
    thirdparty.register(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    kept = {door: set(vars(door)) for door in (lossary.functional, lossary.nn)}
    lossary.nn._losses.cache_clear()
    yield tmp_path
    lossary.nn._losses.cache_clear()
    for door, names in kept.items():
        for name in set(vars(door)) - names:
            delattr(door, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme"]:
        del sys.modules[name]


def test_a_loss_that_torch_lacks_gives_its_own_function(acme: Path) -> None:
    from acme.functional import half_square  # type: ignore[import-not-found]

    assert lossary.functional.half_square is half_square
    assert lossary.functional.weighted_hit is lossary.functional.weighted_hit
    assert {"half_square", "plain_square", "weighted_hit", "huber"} <= set(dir(lossary.functional))
    input = torch.tensor([3.0], requires_grad=True)
    loss = lossary.get("half_square")(input, [1.0], scale=0.5)
    assert torch.equal(loss, half_square(input, torch.tensor([1.0]), scale=0.5))
    loss.backward()
    assert input.grad is not None
    # A file that does not load says why, and keeps no other from being found.
    with pytest.raises(lossary.CatalogError, match="No module named 'nothing_at_all'"):
        lossary.functional.broken  # noqa: B018
    assert "broken" not in dir(lossary.functional)


def test_a_loss_that_torch_lacks_gives_a_module(acme: Path) -> None:
    criterion = lossary.nn.HalfSquareLoss(scale=3, reduction="sum")
    assert repr(criterion) == "HalfSquareLoss(scale=3.0, reduction='sum')"
    assert criterion(torch.tensor([3.0, 1.0]), target=torch.zeros(2)).item() == 30.0
    assert str(inspect.signature(lossary.nn.HalfSquareLoss)) == "(*, scale=1.0, reduction='mean')"
    assert "scale: " in (lossary.nn.HalfSquareLoss.__doc__ or "")
    assert {"HalfSquareLoss", "WeightedHitLoss", "HuberLoss"} <= set(dir(lossary.nn))
    assert lossary.nn.WeightedHitLoss.function is lossary.functional.weighted_hit
    for wrong, words in (
        ({"scle": 1}, "did you mean scale"),
        ({"scale": -1}, "must be scale > 0"),
        ({"reduction": "men"}, "did you mean mean"),
    ):
        with pytest.raises(lossary.LossaryError, match=words):
            lossary.nn.HalfSquareLoss(**wrong)


def test_weights_are_buffers(acme: Path) -> None:
    criterion = lossary.nn.WeightedHitLoss(weight=[1, 2, 4], squared=True)
    assert criterion.state_dict()["weight"].tolist() == [1, 2, 4]
    assert criterion.to(torch.float64).weight.dtype == torch.float64
    other = lossary.nn.WeightedHitLoss(weight=torch.ones(3, dtype=torch.float64), squared=True)
    input, target = torch.eye(3, dtype=torch.float64), torch.tensor([1, 2, 2])
    assert not torch.equal(criterion(input, target), other(input, target))
    other.load_state_dict(criterion.state_dict())
    assert torch.equal(criterion(input, target), other(input, target))
    expected = lossary.get("weighted_hit")(input, target, weight=[1, 2, 4], squared=True)
    assert torch.equal(criterion(input, target), expected)
    assert lossary.nn.WeightedHitLoss().state_dict() == {}


def test_modules_are_pickled_by_the_name_of_their_class(acme: Path) -> None:
    criterion = lossary.nn.WeightedHitLoss(weight=[1, 2, 4])
    for twin in (pickle.loads(pickle.dumps(criterion)), copy.deepcopy(criterion)):
        assert type(twin) is lossary.nn.WeightedHitLoss
        assert repr(twin) == repr(criterion)
    code = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')))"
    (acme / "criterion.pickle").write_bytes(pickle.dumps(criterion))
    paths = [str(Path(lossary.__file__).parents[1]), str(acme)]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {code}", str(acme / "criterion.pickle")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == repr(criterion)


# --- outputs are written --------------------------------------------------------------------------------------------


def call(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == code, done.output
    return done


def test_check_writes_the_outputs_into_the_file(tmp_path: Path) -> None:
    """Of two losses, the one whose output is wrong; not a byte of the other, nor of the rest of the first."""
    catalog = str(tmp_path / "losses")
    right, wrong = (write_starter(slug, "fitting", catalog) for slug in ("right", "wrong"))
    expected, before = wrong.read_bytes(), right.read_bytes()
    for old, new in (
        ("tensor([0.2500, 4.0000])", "what I hoped for"),
        ("\n```output\ntensor([0.2500, 4.0000])\n```\n", ""),
        ("tensor([0.2500, 4.0000])\n", ""),
    ):
        wrong.write_bytes(expected)
        thirdparty.changed(wrong, (old, new))
        call("check", "wrong", "--catalog", catalog, code=1)
        told = call("check", "--write", "wrong", "--catalog", catalog).stdout
        assert told.startswith(f"wrote the outputs of the snippets into {wrong}\nwrong: ")
        assert wrong.read_bytes() == expected
    stamp = wrong.stat().st_mtime_ns
    told = call("check", "--write", "wrong", "--catalog", catalog).stdout
    assert "wrote" not in told
    assert wrong.stat().st_mtime_ns == stamp
    assert right.read_bytes() == before


def test_nothing_is_written_without_being_asked_nor_into_an_installed_package(tmp_path: Path) -> None:
    catalog = tmp_path / "site-packages" / "losses"
    path = write_starter("square", "fitting", str(catalog))
    thirdparty.changed(path, ("tensor([0.2500, 4.0000])", "what I hoped for"))
    before = path.read_bytes()
    for options in ((), ("--write",)):
        assert "what I hoped for" in call("check", *options, "--catalog", str(catalog), code=1).stderr
        assert path.read_bytes() == before


def fenced(code: str, output: str | None = None) -> str:
    text = f"Words.\n\n```python\n{code}\n```\n"
    return text if output is None else f"{text}\n```output\n{output}```\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("start", "end", "before", "after"),
    [
        ('r"""', '"""', fenced(r"print('\\a')", "b\n"), fenced(r"print('\\a')", "\\a\n")),
        ('"""', '"""', fenced(r"print('\\\\a')", "b\n"), fenced(r"print('\\\\a')", "\\\\a\n")),
        ('"""', '"""', fenced("print('\"' * 3)", "b\n"), fenced("print('\"' * 3)", '\\"\\"\\"\n')),
        ("'''", "'''", fenced('print("é", 1)', None), fenced('print("é", 1)', "é 1\n")),
        ('"""', '"""', fenced("x = 1", "b\n"), fenced("x = 1", "")),
        ('"""', '"""', fenced("x = 1"), fenced("x = 1", "")),
        ('"""', '"""', fenced("x / 0", "b\n"), fenced("x / 0", "b\n")),
        ('"""', '"""', fenced("1 / 0") + fenced("print(1)"), fenced("1 / 0") + fenced("print(1)", "1\n")),
        # What is right is right as it is written, an empty line at its end included.
        ('"""', '"""', fenced("print(1)", "\\x31\n\n"), fenced("print(1)", "\\x31\n\n")),
        ('"""', '"""', fenced("print(1); print(); print(2)"), fenced("print(1); print(); print(2)", "1\n\n2\n")),
    ],
)
def test_outputs_are_written_as_the_docstring_is(start: str, end: str, before: str, after: str, newline: str) -> None:
    rest = '\n\nimport torch  \n\n\nx = """```output\nno fence of the docstring\n```\n"""\n\tñ = 1' + "\n"
    rest = rest.replace("\tñ = 1", "# ñ, no newline at the end")

    def file(text: str) -> bytes:
        return f"# é\n{start}Title\n\n{text}{end}{rest}".replace("\n", newline).encode()

    assert output_fences.renewed_file(file(before)) == file(after)
    assert output_fences.renewed_file(file(after)) == file(after)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('r"""T\n\n```python\nprint(chr(34) * 3)\n```\n"""\n', "a raw docstring cannot hold the output"),
        ('"""T\n\n```python\nprint(chr(96) * 3)\n```\n"""\n', "can hold|ends a fence"),
        ('"""T\n\n```output\n1\n```\n"""\n', "needs a python fence before it"),
        ('"""T\n" "\n"""', None),
        ('"T" """\n\n```python\nprint(1)\n```\n"""\n', "one text between triple quotes"),
        ('"""T\n\n```python\nprint(chr(9))\nprint(1)\n```\n"""\n', "no output fence can hold"),
    ],
)
def test_a_docstring_that_cannot_be_written_to_is_left_alone(text: str, words: str | None, tmp_path: Path) -> None:
    path = tmp_path / "loss.py"
    path.write_text(text, "utf-8")
    if words is None:
        assert not output_fences.write(path)
    else:
        with pytest.raises(ValueError, match=words):
            output_fences.write(path)
    assert path.read_text("utf-8") == text


def test_the_outputs_of_every_loss_are_those_that_would_be_written() -> None:
    """A few of them, with raw docstrings and plain ones: running writes nothing."""
    for slug in ("huber", "ctc", "poisson_nll"):
        path = Path(lossary.__file__).parents[1].parent / CATALOG[slug].declaration.path
        assert output_fences.renewed_file(path.read_bytes()) == path.read_bytes()


# --- what torch lets be None, and what only its functions take ------------------------------------------------------


def test_an_input_may_be_left_out_where_torch_lets_it_be_none() -> None:
    linear, functional = CATALOG.linear_cross_entropy, torch.nn.functional.linear_cross_entropy
    feature, weight, bias = torch.randn(3, 4, requires_grad=True), torch.randn(5, 4), torch.randn(5)
    target = torch.tensor([0, 4, 2])
    with_bias = functional(feature, weight, target, linear_bias=bias)
    for called in (linear(feature, weight, target, bias), linear(feature, weight, target, linear_bias=bias)):
        assert torch.equal(called, with_bias)
    without = functional(feature, weight, target)
    for called in (linear(feature, weight, target), linear(feature, weight, target, linear_bias=None)):
        assert torch.equal(called, without)
    inputs = {"input": [[1.0, 2.0]], "linear_weight": [[1.0, 2.0], [3.0, 4.0]], "target": [0]}
    assert "linear_bias" not in linear.evaluate(inputs).gradient
    assert linear.evaluate(inputs) == linear.evaluate({**inputs, "linear_bias": None})
    assert linear.evaluate({**inputs, "linear_bias": [0.0, 0.0]}).value == linear.evaluate(inputs).value
    with pytest.raises(lossary.LossaryError, match=r"the input 'target' is missing"):
        linear.evaluate({name: inputs[name] for name in ("input", "linear_weight")})


def test_a_weight_goes_to_torchs_function() -> None:
    weight = torch.tensor([1.0, 2.0])
    for slug, name in (("mse", "mse_loss"), ("l1", "l1_loss"), ("huber", "huber_loss")):
        given = torch.tensor([2.0, 1.0]), torch.zeros(2)
        wanted = getattr(torch.nn.functional, name)(*given, weight=weight)
        assert torch.equal(CATALOG[slug](*given, weight=weight), wanted)
        assert torch.equal(CATALOG[slug].at(weight=weight)(*given), wanted)
    answer = CATALOG.mse.evaluate({"input": [2, 1], "target": [0, 0]}, {"weight": [1, 2]})
    assert (answer.value, answer.formula_value) == (2.0, 2.0)
    assert answer.gradient["input"] == [4 / 3, 4 / 3]
    with pytest.raises(lossary.LossaryError, match="same size"):
        CATALOG.mse.evaluate({"input": [2, 1], "target": [0, 0]}, {"weight": 2})
    for draw in (lambda: CATALOG.mse.figure("loss", {"weight": 2}), lambda: CATALOG.mse.at(weight=[1, 2]).curve()):
        with pytest.raises(lossary.LossaryError, match="weight is as large as the input of one call"):
            draw()


def test_an_argument_that_is_left_out_is_refused_with_the_reason() -> None:
    with pytest.raises(lossary.LossaryError, match="mse takes no size_average: deprecated"):
        CATALOG.mse.evaluate({"input": [1], "target": [0]}, {"size_average": True})
    # The reason of another loss's layer is none of this one's.
    with pytest.raises(lossary.LossaryError, match="huber has no parameter 'device'"):
        lossary.get("huber").evaluate({"input": [1.0], "target": [0.0]}, {"device": "cpu"})
    with pytest.raises(lossary.LossaryError, match="linear_cross_entropy takes no options: chunks change the memory"):
        CATALOG.linear_cross_entropy.evaluate({}, {"options": 1})


def test_what_torch_requires_has_no_default() -> None:
    from lossary.declaration import Parameter

    with pytest.raises(TypeError, match="n is required, so it has no default"):
        Parameter("n", 3, "a number", required=True)
