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
from lossary.discovery.catalogs import catalog

LOSSES = catalog()
# What every loss once took, and what says where its tensors lie.
EVERYWHERE = {"self", "reduction", "size_average", "reduce", "device", "dtype"}
# What belongs to a layer that a loss owns: here its weights are inputs. The options do not change the value.
OF_LAYERS = {"in_features", "num_classes", "out_features", "bias", "head_bias", "options"}


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


def test_every_argument_of_torch_is_on_the_page() -> None:
    for loss in LOSSES.values():
        if loss.torch:
            made = torch_losses()[loss.torch.rpartition(".")[2]]
            arguments = set(inspect.signature(made).parameters) - EVERYWHERE - OF_LAYERS
            assert arguments == {p.name for p in loss.parameters}, loss.slug


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


def _linear(input: Any, linear_weight: Any, target: Any, **more: Any) -> Any:
    """The scores as a matrix, and the plain cross-entropy of them."""
    more = {name: value for name, value in more.items() if value is not None}
    return nn.CrossEntropyLoss(**more)(input @ linear_weight.T, target)


def _adaptive(
    input: Any, target: Any, head: Any, tail_proj: Any, tail_out: Any, *, reduction: str = "mean", **_: Any
) -> Any:
    """All log-probabilities, written out, then the target's."""
    count = len(head) - len(tail_out)
    first = (input @ head.T).log_softmax(-1)
    words = [first[..., :count]]
    for k, (proj, out) in enumerate(zip(tail_proj, tail_out, strict=True)):
        words.append(first[..., count + k, None] + (input @ proj.T @ out.T).log_softmax(-1))
    return F.nll_loss(torch.cat(words, -1), target, reduction=reduction)


def _plain(made: type) -> Direct:
    return lambda *inputs, **parameters: made(**parameters)(*inputs)


OWN: dict[str, Direct] = {
    "TripletMarginWithDistanceLoss": _with_distance,
    "LinearCrossEntropyLoss": _linear,
    "AdaptiveLogSoftmaxWithLoss": _adaptive,
}

X, Y = [[0.3, -1.7, 2.4], [4.0, 0.1, -0.6]], [[0.5, 1.25, 2.0], [-3.0, 0.0, 1.0]]
CLASSES = [2, 0]
SOFT = [[0.25, 0.25, 0.5], [0.1, 0.6, 0.3]]
LOGS = [[-0.5, -1.5, -2.0], [-1.0, -0.75, -3.0]]
SIGNS = [[1, -1, 1], [-1, 1, -1]]
WEIGHT = [0.5, 2.0, 3.0]
PAIR = {"input": X, "target": Y}
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
    "L1Loss": [(PAIR, [{}])],
    "MSELoss": [(PAIR, [{}])],
    "HuberLoss": [(PAIR, [{}, {"delta": 0.4}, {"delta": 3}])],
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
        ({"input": X, "target": CLASSES}, [{}, {"weight": WEIGHT}, {"label_smoothing": 0.2}, {"ignore_index": 0},
                                           {"weight": WEIGHT, "label_smoothing": 0.3, "ignore_index": 2}]),
        ({"input": X, "target": [2, -100]}, [{}, {"weight": WEIGHT, "label_smoothing": 0.3}]),
        ({"input": X, "target": SOFT}, [{}, {"weight": WEIGHT}, {"weight": WEIGHT, "label_smoothing": 0.3}]),
        ({"input": X[0], "target": 1}, [{}, {"label_smoothing": 0.1}]),
        ({"input": [X, Y], "target": [[0, 1, 1], [1, 0, -100]]}, [{}, {"weight": [0.5, 2.0]}]),
    ],
    "NLLLoss": [
        ({"input": LOGS, "target": CLASSES}, [{}, {"weight": WEIGHT}, {"ignore_index": 2}]),
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
        ({"input": X, "target": [[1, 0, 1], [0, 0.25, 1]]}, [{}, {"weight": WEIGHT}]),
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
        ({**LAYER, "input": [1.0, -0.5], "target": 1}, [{}]),
    ],
    "AdaptiveLogSoftmaxWithLoss": [
        (CLUSTERS, [{}, {"n_classes": 6, "cutoffs": [2, 4]}, {"div_value": 2}]),
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

    return {i.name: made(i.name, inputs[i.name]) for i in loss.inputs}


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
