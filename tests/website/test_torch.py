"""Every loss of torch has a page, and `lossary evaluate` answers what torch answers when it is called right here."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn
from torch.nn import functional as F

from lossary.commands.main import main
from lossary.declaration.loss import Loss
from lossary.declaration.parameters import LEFT_OUT, Parameter
from lossary.discovery.catalogs import catalog
from lossary.typesetting import torch_code

LOSSES = catalog()


def torch_losses() -> dict[str, type]:
    """Every class of torch.nn that is called a loss."""
    return {name: found for name, found in vars(nn).items() if inspect.isclass(found) and "Loss" in name}


def pages(losses: Mapping[str, Loss]) -> dict[str, str]:
    """For each class of torch that has a page or is another name of one that has, the page."""
    made = {}
    for slug, loss in losses.items():
        if loss.torch:
            made |= dict.fromkeys([loss.torch.removeprefix("torch.nn."), *loss.aliases], slug)
    return made


def without_page(losses: Mapping[str, Loss]) -> list[str]:
    return sorted(set(torch_losses()) - set(pages(losses)))


def test_every_loss_of_torch_has_a_page() -> None:
    assert len(torch_losses()) >= 24
    assert {"AdaptiveLogSoftmaxWithLoss", "CTCLoss", "LinearCrossEntropyLoss"} <= set(torch_losses())
    assert without_page(LOSSES) == []
    # A page stands for its own class; another name of it is a class that does the same.
    for name, slug in pages(LOSSES).items():
        if name in torch_losses():
            assert issubclass(torch_losses()[name], torch_losses()[str(LOSSES[slug].torch).rpartition(".")[2]])


def test_a_loss_of_torch_without_a_page_is_noticed() -> None:
    for slug, loss in LOSSES.items():
        if loss.torch:
            rest = {other: kept for other, kept in LOSSES.items() if other != slug}
            assert loss.torch.rpartition(".")[2] in without_page(rest)
    unnamed = LOSSES | {"nll": dataclasses.replace(LOSSES["nll"], aliases=("NLL loss",))}
    assert without_page(unnamed) == ["NLLLoss2d"]


# --- what torch takes, and what pages say of it --------------------------------------------------------------------


def signatures(loss: Loss) -> dict[str, Mapping[str, inspect.Parameter]]:
    """What torch's class and function of a loss take, by their names."""
    made = {}
    for name, home in ((loss.torch, nn), (loss.functional, F)):
        if name:
            made[name] = inspect.signature(getattr(home, name.rpartition(".")[2])).parameters
    return made


def told_otherwise(loss: Loss) -> list[str]:
    """Where a declaration differs from torch's signatures: each argument is an input, a parameter, or left out."""
    wrong = []
    inputs, parameters = {i.name: i for i in loss.inputs}, {p.name: p for p in loss.parameters}
    general = {**LEFT_OUT, "reduction": "it has a table of its own"}
    found: dict[str, set[str]] = {}
    for owner, arguments in signatures(loss).items():
        for name, argument in arguments.items():
            found.setdefault(name, set()).add(owner)
            places = [name in inputs, name in parameters, name in loss.omitted or name in general]
            if sum(places) != 1:
                wrong.append(f"{name} of {owner} is told {sum(places)} times")
            required = argument.default is argument.empty
            if name in inputs and inputs[name].optional == required:
                wrong.append(f"{name} of {owner}: required {required}")
            if name in inputs and not required and argument.default not in (None, False):
                wrong.append(f"{name} of {owner}: an input left out is {argument.default}")
            if name in parameters:
                one = parameters[name]
                if one.required != required:
                    wrong.append(f"{name} of {owner}: required {required}")
                elif not required and one.default != argument.default and not stands_for_none(loss, one, argument):
                    wrong.append(f"{name} of {owner}: its default is {argument.default}, not {one.default}")
    for one in loss.parameters:
        if one.functional_only != (found.get(one.name) == {loss.functional} and loss.torch is not None):
            wrong.append(f"{one.name} is taken by {found.get(one.name)}")
    # A layer's tensors are inputs here; torch has no name for some, or another: the head's weight is in the class.
    named = inputs.keys() if loss.functional else {i.name for i in loss.inputs if i.optional}
    wrong += [f"torch has no {name}" for name in (*parameters, *named, *loss.omitted) if name not in found]
    return wrong


def stands_for_none(loss: Loss, parameter: Parameter, argument: inspect.Parameter) -> bool:
    """Whether torch, given None, does what the declared choice does, on the page's example."""
    if argument.default is not None or not parameter.kind.options:
        return False
    given = as_tensors(loss, loss.example)
    made = torch_losses()[str(loss.torch).rpartition(".")[2]]
    chosen = made(**{parameter.name: parameter.kind.options[parameter.default]})
    return bool(torch.equal(made()(*given.values()), chosen(*given.values())))


def test_pages_tell_every_argument_of_torch() -> None:
    torchs = {slug: loss for slug, loss in LOSSES.items() if loss.torch or loss.functional}
    assert {slug: told for slug, loss in torchs.items() if (told := told_otherwise(loss))} == {}
    told = [name for loss in LOSSES.values() for of in signatures(loss).values() for name in of]
    assert len(told) >= 200


def changed(slug: str, name: str, **changes: Any) -> Loss:
    """A loss with another declaration of one parameter; without it, if nothing is said."""
    loss = LOSSES[slug]
    kept = [p if p.name != name else dataclasses.replace(p, **changes) for p in loss.parameters]
    return dataclasses.replace(loss, parameters=tuple(p for p in kept if changes or p.name != name))


OLD_FAULTS = {
    "weight removed": changed("mse", "weight"),
    "weight said of the class too": changed("huber", "weight", functional_only=False),
    "a required one with a default": changed("adaptive_log_softmax", "n_classes", required=False),
    "another default": changed("poisson_nll", "eps", default=1e-6),
    "another choice": changed("triplet_margin_with_distance", "distance_function", default="cosine_distance"),
    "no bias": dataclasses.replace(LOSSES["linear_cross_entropy"], inputs=LOSSES["linear_cross_entropy"].inputs[:3]),
    "a bias that must be given": dataclasses.replace(
        LOSSES["adaptive_log_softmax"],
        inputs=tuple(dataclasses.replace(i, neutral=None) for i in LOSSES["adaptive_log_softmax"].inputs),
    ),
    "options not told": dataclasses.replace(LOSSES["linear_cross_entropy"], omitted={}),
    "what torch lacks": dataclasses.replace(LOSSES["l1"], omitted={"beta": "nobody knows"}),
    "told twice": dataclasses.replace(LOSSES["l1"], omitted={"weight": "it is told twice"}),
    "a parameter of another loss": dataclasses.replace(LOSSES["l1"], parameters=LOSSES["huber"].parameters),
}


@pytest.mark.parametrize("fault", OLD_FAULTS)
def test_an_argument_told_otherwise_is_noticed(fault: str) -> None:
    assert told_otherwise(OLD_FAULTS[fault])


def test_what_is_left_out_stands_on_the_page_with_its_reason(generated: dict[str, bytes]) -> None:
    for slug, loss in LOSSES.items():
        text = generated[f"losses/{slug}.md"].decode()
        reasons = {**loss.omitted, **{n: LEFT_OUT[n] for of in signatures(loss).values() for n in of if n in LEFT_OUT}}
        part = text.partition("## Parameters")[2].partition("\n## ")[0]
        for name, reason in reasons.items():
            assert f"`{name}`" in part, (slug, name)
            assert reason in part, (slug, name)
        for one in loss.parameters:
            row = next(line for line in part.splitlines() if f"`{one.name}`" in line.partition(" | ")[0])
            assert ("| required |" in row) == one.required
            assert ("the class does not" in row) == one.functional_only


def test_what_a_call_shows_before_its_star_may_be_given_by_position() -> None:
    """`nn.NLLLoss(None, -100)` would set `size_average`: an argument that is not shown ends what has no name."""
    for slug, loss in LOSSES.items():
        shown = [torch_code.call(loss), torch_code.functional_call(loss) or ""]
        for text, home in zip(shown, (nn, F), strict=True):
            name, _, rest = text.partition("(")
            if not name or "." not in name:
                continue
            listed = [part.strip().partition("=")[0] for part in rest.partition(")")[0].split(", ")]
            told = listed[: listed.index("*")] if "*" in listed else listed
            taken = inspect.signature(getattr(home, name.partition(".")[2])).parameters
            assert told in (list(taken)[: len(told)], [""]), slug
            assert all(taken[n].kind is taken[n].POSITIONAL_OR_KEYWORD for n in told if n), slug


# --- the same calls, straight to torch ------------------------------------------------------------------------------

Tensors = Mapping[str, Any]
Direct = Callable[..., Any]


def _cosine(one: Any, other: Any) -> Any:
    return 1 - F.cosine_similarity(one, other)


def _squared(one: Any, other: Any) -> Any:
    return (one - other).square().sum(-1)


DISTANCES = {"pairwise_distance": F.pairwise_distance, "cosine_distance": _cosine, "squared_distance": _squared}


def _with_distance(*inputs: Any, distance_function: str = "pairwise_distance", **more: Any) -> Any:
    return nn.TripletMarginWithDistanceLoss(distance_function=DISTANCES[distance_function], **more)(*inputs)


def _linear(input: Any, linear_weight: Any, target: Any, linear_bias: Any = 0, **more: Any) -> Any:
    """The scores as a matrix, and the plain cross-entropy of them."""
    more = {name: value for name, value in more.items() if value is not None}
    return nn.CrossEntropyLoss(**more)(input @ linear_weight.T + linear_bias, target)


def _adaptive(
    input: Any,
    target: Any,
    head: Any,
    tail_proj: Any,
    tail_out: Any,
    head_bias: Any = 0,
    *,
    reduction: str = "mean",
    **_: Any,
) -> Any:
    """All log-probabilities, written out, then the target's."""
    count = len(head) - len(tail_out)
    first = (input @ head.T + head_bias).log_softmax(-1)
    words = [first[..., :count]]
    for k, (proj, out) in enumerate(zip(tail_proj, tail_out, strict=True)):
        words.append(first[..., count + k, None] + (input @ proj.T @ out.T).log_softmax(-1))
    return F.nll_loss(torch.cat(words, -1), target, reduction=reduction)


def _plain(made: type) -> Direct:
    return lambda *inputs, **parameters: made(**parameters)(*inputs)


def _weighted(made: type, function: Direct) -> Direct:
    """The class, or the function where a weight is given, which the class does not know."""
    return lambda *inputs, **more: function(*inputs, **more) if "weight" in more else _plain(made)(*inputs, **more)


OWN: dict[str, Direct] = {
    "TripletMarginWithDistanceLoss": _with_distance,
    "LinearCrossEntropyLoss": _linear,
    "L1Loss": _weighted(nn.L1Loss, F.l1_loss),
    "MSELoss": _weighted(nn.MSELoss, F.mse_loss),
    "HuberLoss": _weighted(nn.HuberLoss, F.huber_loss),
    "AdaptiveLogSoftmaxWithLoss": _adaptive,
}

X, Y = [[0.3, -1.7, 2.4], [4.0, 0.1, -0.6]], [[0.5, 1.25, 2.0], [-3.0, 0.0, 1.0]]
CLASSES = [2, 0]
SOFT = [[0.25, 0.25, 0.5], [0.1, 0.6, 0.3]]
LOGS = [[-0.5, -1.5, -2.0], [-1.0, -0.75, -3.0]]
SIGNS = [[1, -1, 1], [-1, 1, -1]]
WEIGHT = [0.5, 2.0, 3.0]
NEGATIVE = [0.5, -2.0, 3.0]
PAIR = {"input": X, "target": Y}
NOTHING = [[0.0] * 3] * 2
COLUMN = {"input": [[2.0], [0.25]], "target": [0.0, 1.0, 3.0]}
TRIPLET = {"anchor": X, "positive": Y, "negative": [[0.5, -1.0, 2.0], [1.0, 0.5, -2.5]]}
FRAMES = torch.tensor(
    [[[0.3, 1.0, -2.0], [0.5, 0.1, 0.7]], [[1.3, 0.0, 0.5], [-0.5, 0.4, 0.2]], [[0.0, 2.0, 1.0], [1.5, 1.0, 0.0]],
     [[-0.3, 0.5, 0.1], [2.0, 0.0, -1.0]]], dtype=torch.float64,
).log_softmax(-1).tolist()  # fmt: skip
SPEECH = {"log_probs": FRAMES, "targets": [[1, 2], [2, 1]], "input_lengths": [4, 3], "target_lengths": [2, 1]}
NOWHERE = {"log_probs": FRAMES, "targets": [[1, 1], [2, 1]], "input_lengths": [2, 4], "target_lengths": [2, 2]}
LAYER = {"input": [[1.0, -0.5], [0.25, 2.0]], "linear_weight": [[0.5, 1.0], [-1.0, 0.3], [0.7, -0.2]]}
CLUSTERS = {
    "input": [[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [0.1, 0.2, 0.9], [-2.0, 0.4, 0.0]],
    "target": [0, 2, 5, 3],
    "head": [[0.1, 0.4, -0.3], [0.8, -0.6, 0.2], [-0.5, 0.9, 0.7], [0.3, 0.3, -1.1]],
    "tail_proj": [[[0.2, -0.4, 0.6], [1.0, 0.5, -0.5]], [[0.7, 0.1, -0.9]]],
    "tail_out": [[[0.3, -0.8], [1.2, 0.4]], [[0.6], [-0.2]]],
}

# For each class of torch, calls: the inputs, then the settings at which they are asked.
CASES: dict[str, list[tuple[Mapping[str, Any], list[dict[str, Any]]]]] = {
    "L1Loss": [(PAIR, [{}, {"weight": Y}, {"weight": NOTHING}])],
    "MSELoss": [(PAIR, [{}, {"weight": Y}, {"weight": NOTHING}]), (COLUMN, [{}, {"weight": [[0.5], [-3.0]]}])],
    "HuberLoss": [(PAIR, [{}, {"delta": 0.4}, {"delta": 3}, {"weight": Y}, {"delta": 3, "weight": NOTHING}])],
    "SmoothL1Loss": [(PAIR, [{}, {"beta": 0.4}, {"beta": 3}, {"beta": 0}])],
    "BCELoss": [
        ({"input": SOFT, "target": [[1, 0, 0.25], [0, 1, 0.5]]}, [{}, {"weight": WEIGHT}, {"weight": Y}, {"weight": 2}])
    ],
    "BCEWithLogitsLoss": [
        (
            {"input": X, "target": [[1, 0, 0.25], [0, 1, 0.5]]},
            [{}, {"weight": WEIGHT}, {"pos_weight": WEIGHT}, {"weight": [[2], [0.5]], "pos_weight": 3}],
        )
    ],
    "CrossEntropyLoss": [
        ({"input": X, "target": CLASSES}, [{}, {"weight": WEIGHT}, {"weight": NEGATIVE}, {"label_smoothing": 0.2},
                                           {"ignore_index": 0},
                                           {"weight": WEIGHT, "label_smoothing": 0.3, "ignore_index": 2}]),
        ({"input": X, "target": [2, -100]}, [{}, {"weight": WEIGHT, "label_smoothing": 0.3}]),
        ({"input": X, "target": SOFT}, [{}, {"weight": WEIGHT}, {"weight": WEIGHT, "label_smoothing": 0.3}]),
        ({"input": X[0], "target": 1}, [{}, {"label_smoothing": 0.1}]),
        ({"input": [X, Y], "target": [[0, 1, 1], [1, 0, -100]]}, [{}, {"weight": [0.5, 2.0]}]),
    ],
    "NLLLoss": [
        ({"input": LOGS, "target": CLASSES}, [{}, {"weight": WEIGHT}, {"weight": NEGATIVE}, {"ignore_index": 2}]),
        ({"input": LOGS, "target": [-100, 1]}, [{}, {"weight": WEIGHT}]),
        ({"input": LOGS[1], "target": 2}, [{}]),
        ({"input": [LOGS, LOGS], "target": [[0, 1, 1], [1, 0, -100]]}, [{}, {"weight": [0.5, 2.0]}]),
    ],
    "KLDivLoss": [
        ({"input": LOGS, "target": SOFT}, [{}, {"log_target": False}]),
        ({"input": LOGS, "target": [[-2.0, -0.5, -1.0], [-0.1, -3.0, -2.5]]}, [{"log_target": True}]),
    ],
    "PoissonNLLLoss": [
        ({"input": X, "target": [[0, 1, 2], [30, 5, 3]]}, [{}, {"full": True}]),
        ({"input": [[0.5, 2.0, 1e-9], [30.0, 1.0, 4.0]], "target": [[0, 1, 2], [30, 5, 3]]},
         [{"log_input": False}, {"log_input": False, "eps": 0.01}, {"log_input": False, "full": True, "eps": 1e-4}]),
    ],
    "GaussianNLLLoss": [
        ({**PAIR, "var": [[0.5, 1.0, 4.0], [1e-9, 0.02, 3.0]]}, [{}, {"full": True}, {"eps": 0.1},
                                                               {"full": True, "eps": 0.1}]),
        ({**PAIR, "var": [0.5, 2.0]}, [{}, {"full": True}]),
        ({**PAIR, "var": [[0.5], [2.0]]}, [{}, {"eps": 1.0}]),
    ],
    "HingeEmbeddingLoss": [({"input": X, "target": SIGNS}, [{}, {"margin": 2.5}, {"margin": 0}])],
    "SoftMarginLoss": [({"input": X, "target": SIGNS}, [{}])],
    "MarginRankingLoss": [({"input1": X, "input2": Y, "target": SIGNS}, [{}, {"margin": 0.75}, {"margin": -0.5}])],
    "MultiMarginLoss": [
        ({"input": X, "target": CLASSES},
         [{}, {"p": 2}, {"margin": 3.0}, {"weight": WEIGHT}, {"p": 2, "margin": 0.5, "weight": WEIGHT}]),
        ({"input": X[0], "target": 1}, [{}, {"p": 2}]),
    ],
    "MultiLabelMarginLoss": [
        ({"input": X, "target": [[2, 0, -1], [1, -1, 0]]}, [{}]),
        ({"input": X, "target": [[-1, 0, -1], [2, 1, 0]]}, [{}]),
        ({"input": X[1], "target": [2, -1, -1]}, [{}]),
    ],
    "MultiLabelSoftMarginLoss": [
        ({"input": X, "target": [[1, 0, 1], [0, 0.25, 1]]}, [{}, {"weight": WEIGHT}, {"weight": NEGATIVE}]),
        ({"input": X[0], "target": [1, 0, 1]}, [{}, {"weight": WEIGHT}]),
    ],
    "CosineEmbeddingLoss": [
        ({"input1": X, "input2": Y, "target": [1, -1]}, [{}, {"margin": 0.3}, {"margin": -0.9}]),
        ({"input1": X[0], "input2": Y[0], "target": -1}, [{}, {"margin": -0.5}]),
    ],
    "TripletMarginLoss": [
        (TRIPLET, [{}, {"margin": 2.5}, {"p": 1}, {"p": 3, "margin": 4}, {"swap": True, "margin": 6}, {"eps": 0.01},
                   {"margin": 6, "p": 1.5, "eps": 0.1, "swap": True}]),
        ({name: rows[1] for name, rows in TRIPLET.items()}, [{"margin": 9}]),
    ],
    "TripletMarginWithDistanceLoss": [
        (TRIPLET, [{"distance_function": name, "margin": margin, "swap": swap}
                   for name in DISTANCES for margin in (0.5, 8) for swap in (False, True)]),
        (TRIPLET, [{}]),
    ],
    "CTCLoss": [
        (SPEECH, [{}, {"zero_infinity": True}]),
        (NOWHERE, [{}, {"zero_infinity": True}]),
        ({**SPEECH, "targets": [[0, 1], [1, 0]]}, [{"blank": 2}]),
        ({**SPEECH, "targets": [1, 2, 2]}, [{}]),
        ({"log_probs": [frame[0] for frame in FRAMES], "targets": [2, 1], "input_lengths": 4, "target_lengths": 2},
         [{}, {"zero_infinity": False}]),
    ],
    "LinearCrossEntropyLoss": [
        ({**LAYER, "target": CLASSES}, [{}, {"weight": WEIGHT}, {"label_smoothing": 0.2}, {"ignore_index": 0},
                                        {"weight": WEIGHT, "label_smoothing": 0.3, "ignore_index": 2}]),
        ({**LAYER, "target": SOFT}, [{}, {"weight": WEIGHT, "label_smoothing": 0.3}]),
        ({**LAYER, "target": CLASSES, "linear_bias": WEIGHT}, [{}, {"weight": NEGATIVE, "label_smoothing": 0.3}]),
        ({**LAYER, "target": SOFT, "linear_bias": NEGATIVE}, [{}, {"weight": WEIGHT}]),
        ({**LAYER, "input": [1.0, -0.5], "target": 1}, [{}]),
    ],
    "AdaptiveLogSoftmaxWithLoss": [
        (CLUSTERS, [{}, {"n_classes": 6, "cutoffs": [2, 4]}, {"div_value": 2}]),
        ({**CLUSTERS, "head_bias": [0.5, -1.0, 2.0, 0.0]}, [{}]),
        ({**CLUSTERS, "input": [0.5, -1.0, 2.0], "target": 5}, [{}]),
    ],
}  # fmt: skip


def as_tensors(loss: Loss, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Whole numbers where the page says so, else float64 that asks for a gradient."""

    def made(name: str, value: Any) -> Any:
        if name.startswith("tail_"):
            return [torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in value]
        entry = next(i for i in loss.inputs if i.name == name)
        kinds = entry.kinds
        if kinds[0].integer and (len(kinds) == 1 or np.asarray(value).dtype.kind == "i"):
            return torch.tensor(value)
        return torch.tensor(value, dtype=torch.float64, requires_grad=entry.differentiable)

    return {i.name: made(i.name, inputs[i.name]) for i in loss.inputs if i.name in inputs}


def straight(name: str, loss: Loss, inputs: Mapping[str, Any], parameters: Mapping[str, Any], reduction: str) -> Any:
    """Value, and gradients by input, of one call to torch."""
    given = as_tensors(loss, inputs)
    wide = {"weight", "pos_weight"}
    settings = {k: torch.tensor(v, dtype=torch.float64) if k in wide else v for k, v in parameters.items()}
    call = OWN.get(name) or _plain(torch_losses()[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = call(*given.values(), **settings, reduction=reduction)
    value.sum().backward()

    def slope(leaf: Any) -> Any:
        return leaf.grad if leaf.grad is not None else torch.zeros_like(leaf)

    gradient = {}
    for argument, leaf in given.items():
        if isinstance(leaf, list):
            gradient[argument] = [slope(part).tolist() for part in leaf]
        elif leaf.requires_grad:
            gradient[argument] = slope(leaf).tolist()
    return value.detach().tolist(), gradient


def numbers(value: Any) -> Any:
    """Nested lists with the words of JSON Lines read as numbers."""
    return [numbers(v) for v in value] if isinstance(value, list) else float(value)


def agree(found: Any, expected: Any, told: str, rtol: float) -> None:
    if isinstance(expected, list) and len({np.shape(part) for part in expected}) > 1:
        assert len(found) == len(expected), told
        for one, other in zip(found, expected, strict=True):
            agree(one, other, told, rtol)
        return
    assert np.shape(found) == np.shape(expected), told
    np.testing.assert_allclose(numbers(found), expected, rtol=rtol, atol=1e-14, err_msg=told)


def ask(requests: Collection[Mapping[str, Any]]) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, ["evaluate"], input="".join(json.dumps(r) + "\n" for r in requests))
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_cases_leave_nothing_out() -> None:
    """Each class of torch, each parameter at another value than its default, each name of a choice."""
    for name in set(torch_losses()) - {"NLLLoss2d"}:
        loss = LOSSES[pages(LOSSES)[name]]
        settings = [setting for _, several in CASES[name] for setting in several]
        assert {} in settings, name
        for parameter in loss.parameters:
            given = [s[parameter.name] for s in settings if parameter.name in s]
            assert [value for value in given if value != parameter.default], f"{name}: {parameter.name}"
            if parameter.kind.options:
                assert set(given) == set(parameter.kind.options), f"{name}: {parameter.name}"
    assert set(CASES) == set(torch_losses()) - {"NLLLoss2d"}


@pytest.mark.parametrize("name", CASES)
def test_the_command_answers_what_torch_answers(name: str) -> None:
    loss = LOSSES[pages(LOSSES)[name]]
    reductions = [r.name for r in loss.reductions]
    assert {"none", "sum", "mean"} <= set(reductions)
    asked = [
        {"slug": loss.slug, "inputs": inputs, "parameters": setting, "reduction": reduction}
        for inputs, settings in CASES[name]
        for setting in settings
        for reduction in reductions
    ]
    asked += [{"slug": loss.slug, "inputs": inputs} for inputs, settings in CASES[name] if {} in settings]
    # A formula that was not executed has no value; every other has one, at each of these settings.
    executed = all(formula.executable for formula in loss.formulas)
    for request, answer in zip(asked, ask(asked), strict=True):
        told = json.dumps(request)
        assert "error" not in answer, f"{told}: {answer}"
        default = request.get("reduction", "mean")
        value, gradient = straight(name, loss, request["inputs"], request.get("parameters", {}), str(default))
        agree(answer["value"], value, told, 1e-13)
        assert set(answer["gradient"]) == set(gradient), told
        for argument, slopes in gradient.items():
            agree(answer["gradient"][argument], slopes, f"{argument}: {told}", 1e-12)
        assert (answer["formula_value"] is not None) == executed, told
        if executed:
            agree(answer["formula_value"], value, told, 1e-12)


def test_the_answers_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is no formality: it notices another margin, and another divisor."""
    for name, wrong in (("HuberLoss", {"delta": 1.001}), ("TripletMarginLoss", {"p": 2.001})):
        monkeypatch.setitem(OWN, name, functools.partial(_shifted, torch_losses()[name], wrong))
        with pytest.raises(AssertionError):
            test_the_command_answers_what_torch_answers(name)


def _shifted(made: type, wrong: Mapping[str, Any], *inputs: Any, **parameters: Any) -> Any:
    return made(**{**wrong, **parameters})(*inputs)
