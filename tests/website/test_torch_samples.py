"""Torch's own test data for its losses: what torch answers to a sample, `lossary evaluate` answers too."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import sys
import types
import unittest
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import LEFT_OUT, OF_LAYERS
from lossary.discovery.catalogs import catalog
from lossary.evaluation.torch_calls import evaluate

LOSSES = catalog()
BY_FUNCTION = {str(loss.functional).rpartition(".")[2]: loss for loss in LOSSES.values() if loss.functional}
BY_CLASS = {str(loss.torch).rpartition(".")[2]: loss for loss in LOSSES.values() if loss.torch}


@dataclass
class Sample:
    """One call of torch's tests: the arguments by name, and torch's value and gradients by input."""

    source: str
    loss: Loss
    arguments: dict[str, Any]
    value: torch.Tensor
    gradient: dict[str, Any]


FEW = 30  # samples of one list that are tried whatever the step


def torch_tests() -> tuple[Any, Any, Any]:
    """The modules that hold torch's test data; they ask for a package that is no part of torch, and do not use it."""
    stub: Any = types.ModuleType("expecttest")
    stub.TestCase = unittest.TestCase
    sys.modules.setdefault("expecttest", stub)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal import common_methods_invocations, common_modules, common_nn
    return common_methods_invocations, common_modules, common_nn


def leaves(loss: Loss, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with each tensor as one that stands alone, and asks for a gradient where pages promise one."""
    smooth = {i.name for i in loss.inputs if i.differentiable}
    return {
        name: given.detach().clone().requires_grad_(given.is_floating_point() and name in smooth)
        if isinstance(given, torch.Tensor)
        else given
        for name, given in arguments.items()
    }


def answered(source: str, loss: Loss, function: Any, arguments: Mapping[str, Any]) -> Sample:
    """The sample with torch's answer."""
    given = leaves(loss, arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = function(**given)
    wanted = {n: t for n, t in given.items() if isinstance(t, torch.Tensor) and t.requires_grad}
    slopes = torch.autograd.grad(value.sum(), list(wanted.values()), allow_unused=True)
    gradient = {n: torch.zeros_like(t) if g is None else g for (n, t), g in zip(wanted.items(), slopes, strict=True)}
    return Sample(source, loss, given, value.detach(), gradient)


def of_functions(invocations: Any, step: int) -> Iterator[Sample]:
    """The samples of torch's list of operators; of the many of one operator only each so manieth."""
    for operator in invocations.op_db:
        name = operator.name.removeprefix("nn.functional.")
        if name not in BY_FUNCTION or not operator.name.startswith("nn.functional."):
            continue
        function = getattr(F, name)
        for sample in thinned(list(operator.sample_inputs("cpu", torch.float64, requires_grad=True)), step):
            bound = inspect.signature(function).bind(sample.input, *sample.args, **sample.kwargs)
            yield answered(f"operator {name}", BY_FUNCTION[name], function, bound.arguments)


def thinned(samples: list[Any], step: int) -> list[Any]:
    return samples[::step] if len(samples) > FEW else samples


def of_classes(modules: Any, step: int) -> Iterator[Sample]:
    """The samples of torch's list of modules, thinned in the same way."""
    for entry in modules.module_db:
        name = entry.module_cls.__name__
        if name not in BY_CLASS:
            continue
        given = {"device": "cpu", "dtype": torch.float64, "requires_grad": True, "training": True}
        for one in thinned(list(entry.module_inputs_func(entry, **given)), step):
            made = inspect.signature(entry.module_cls).bind(*one.constructor_input.args, **one.constructor_input.kwargs)
            forward = inspect.signature(entry.module_cls.forward).bind(
                None, *one.forward_input.args, **one.forward_input.kwargs
            )
            names = [i.name for i in BY_CLASS[name].inputs if not i.optional and i.name != "linear_weight"]
            inputs = dict(zip(names, list(forward.arguments.values())[1:], strict=True))
            yield through_class(f"module {name}", entry.module_cls, made.arguments, inputs)


def through_class(source: str, kind: Any, made: Mapping[str, Any], inputs: Mapping[str, Any]) -> Sample:
    """A sample of a class; a layer's own tensors are inputs."""
    loss = BY_CLASS[kind.__name__]
    plain = {n: v for n, v in made.items() if n not in {*LEFT_OUT, *OF_LAYERS}}
    layer = {}
    if kind is nn.LinearCrossEntropyLoss:
        module = kind(**{**plain, "dtype": torch.float64})
        shape = (module.num_classes, *module.out_features)
        layer["linear_weight"] = module.linear.weight.reshape(*shape, -1)
        if module.linear.bias is not None:
            layer["linear_bias"] = module.linear.bias.reshape(shape)

        def call(**given: Any) -> Any:
            names = {"linear.weight": "linear_weight", "linear.bias": "linear_bias"}
            state = {n: given[m].flatten(0, -2 if "weight" in n else -1) for n, m in names.items() if m in given}
            return torch.func.functional_call(module, state, (given["input"], given["target"]))

    else:

        def call(**given: Any) -> Any:
            return kind(**plain)(*(given[name] for name in inputs))

    found = answered(source, loss, call, {**inputs, **layer})
    found.arguments |= plain
    return found


def of_criteria(common: Any, step: int) -> Iterator[Sample]:
    """The older list of criteria, which is short."""
    for one in common.criterion_tests:
        made = one["constructor"]()
        name = type(made).__name__
        given = one["input_fn"]() if "input_fn" in one else torch.randn(one["input_size"])
        target = one["target_fn"]() if "target_fn" in one else torch.randn(one["target_size"])
        parts = [part for one in (given, target) for part in (one if isinstance(one, tuple) else (one,))]
        tensors = [t.double() if t.is_floating_point() else t for t in parts]
        names = [i.name for i in BY_CLASS[name].inputs]
        inputs = dict(zip(names, tensors, strict=True))
        yield through_class(f"criterion {name}", type(made), {"reduction": made.reduction}, inputs)


def plain(value: Any) -> Any:
    """A value of torch as a request has it."""
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, nn.PairwiseDistance):
        assert (value.norm, value.eps, value.keepdim) == (2.0, 1e-6, False)
        return "pairwise_distance"
    return list(value) if isinstance(value, tuple) else value


def ask(sample: Sample) -> Any:
    """The answer of the code behind `lossary evaluate`."""
    loss, given = sample.loss, {n: plain(v) for n, v in sample.arguments.items() if v is not None}
    inputs = {i.name: given.pop(i.name) for i in loss.inputs if i.name in given}
    reduction = given.pop("reduction", None)
    for name in (*LEFT_OUT, *loss.omitted):
        given.pop(name, None)
    return evaluate(loss, inputs, given, reduction)


def compare(sample: Sample) -> None:
    """Value and gradients, and the formula where one covers the call."""
    answer = ask(sample)
    told = f"{sample.source}: {sample.arguments}"
    pairs = [(answer.value, sample.value), *((answer.gradient[name], g) for name, g in sample.gradient.items())]
    for found, wanted in pairs:
        # The chunks of linear cross-entropy, an option that changes no value, add up in another order.
        np.testing.assert_allclose(found, wanted.numpy(), err_msg=told, rtol=1e-12, atol=1e-13)
    # Here whole numbers in a real-valued input are real numbers.
    assert set(answer.gradient) >= set(sample.gradient), told
    if answer.formula_value is not None:
        np.testing.assert_allclose(answer.formula_value, sample.value.numpy(), err_msg=told, rtol=1e-10, atol=1e-12)


DAILY = 12


@pytest.mark.parametrize("step", [DAILY, pytest.param(1, marks=pytest.mark.nightly)])
def test_evaluate_answers_what_torch_answers_to_its_own_samples(step: int) -> None:
    torch.manual_seed(0)
    invocations, modules, common = torch_tests()
    counted = {"operator": 0, "module": 0, "criterion": 0}
    seen: set[str] = set()
    for sample in itertools.chain(
        of_functions(invocations, step), of_classes(modules, step), of_criteria(common, step)
    ):
        compare(sample)
        counted[sample.source.split()[0]] += 1
        seen.add(sample.loss.slug)
    # Torch has no samples of the adaptive softmax; each of the others is among them.
    assert seen == {slug for slug, loss in LOSSES.items() if loss.torch} - {"adaptive_log_softmax"}
    least = {"operator": 900, "module": 1100, "criterion": 48} if step == 1 else dict.fromkeys(counted, 48)
    assert all(counted[name] >= least[name] for name in counted), counted


def test_the_samples_are_compared() -> None:
    """The comparison is no formality: it notices another value, another gradient and another parameter."""
    one = leaves(LOSSES["huber"], {"input": torch.tensor([0.5, -2.0]).double(), "target": torch.zeros(2).double()})
    sample = answered("own huber_loss", LOSSES["huber"], F.huber_loss, one)
    compare(sample)
    shifted = {name: slope + 1e-9 for name, slope in sample.gradient.items()}
    for wrong in (
        {"value": sample.value + 1e-9},
        {"gradient": shifted},
        {"arguments": {**sample.arguments, "delta": 0.4}},
    ):
        with pytest.raises(AssertionError):
            compare(dataclasses.replace(sample, **wrong))
