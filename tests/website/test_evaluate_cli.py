"""`lossary evaluate`: JSON Lines in, JSON Lines out, compared with numbers that are worked out here by hand."""

from __future__ import annotations

import functools
import json
import math
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lossary
from cases import LOSSES
from lossary.commands.json_lines import answers
from lossary.commands.main import main
from lossary.discovery import lookup
from lossary.errors import LossaryError
from lossary.evaluation.workload import within_bounds
from website.tools import CACHE, NIGHTLY, ROOT, environment

pytestmark = pytest.mark.in_turns("src/lossary/commands", "src/lossary/evaluation")

mp.mp.dps = 40


def ask(*requests: Mapping[str, Any] | str) -> list[dict[str, Any]]:
    """The answers to some lines; a string is sent as it is. Only where none could be answered the exit code is 1."""
    lines = [line if isinstance(line, str) else json.dumps(line) for line in requests]
    done = CliRunner().invoke(main, ["evaluate"], input="\n".join(lines) + "\n")
    answers = [json.loads(line, parse_constant=_refuse) for line in done.stdout.splitlines()]
    assert done.exit_code == int(all("error" in answer for answer in answers)), done.output
    assert len(answers) == len(lines)
    # What torch warns of, and nothing else, is on standard error as well.
    told = [words for answer in answers for words in answer.get("warnings", [])]
    assert [line.partition(": ")[2].partition(": ")[2] for line in done.stderr.splitlines()] == told
    return answers


def _refuse(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


def request(slug: str, inputs: Mapping[str, Any], reduction: str | None = None, **parameters: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"slug": slug, "inputs": inputs}
    if parameters:
        made["parameters"] = parameters
    if reduction:
        made["reduction"] = reduction
    return made


# --- some losses, written anew ---------------------------------------------------------------------------------------
# Each reference takes flat numbers and returns one value for each element or sample, in 40 digits. Gradients come
# from central differences of the reference's sum, in 40 digits too.

Rows = Sequence[Sequence[float]]


def huber(x: float, y: float, delta: float = 1.0) -> Any:
    r = abs(mp.mpf(x) - y)
    return r * r / 2 if r <= delta else delta * (r - mp.mpf(delta) / 2)


def bce(p: float, y: float) -> Any:
    p, y = mp.mpf(p), mp.mpf(y)
    return -(y * max(mp.log(p), -100) + (1 - y) * max(mp.log(1 - p), -100))


def bce_with_logits(x: float, y: float, pos_weight: float = 1.0) -> Any:
    x, y = mp.mpf(x), mp.mpf(y)
    return pos_weight * y * mp.log1p(mp.exp(-x)) + (1 - y) * mp.log1p(mp.exp(x))


def kl(x: float, y: float, log_target: bool = False) -> Any:
    x, y = mp.mpf(x), mp.mpf(y)
    if log_target:
        return mp.exp(y) * (y - x)
    return (y * mp.log(y) if y else mp.mpf(0)) - y * x


def cross_entropy(
    x: Sequence[float], target: int | Sequence[float], weight: Sequence[float] | None = None, smoothing: float = 0.0
) -> Any:
    classes = len(x)
    total = mp.fsum(mp.exp(v) for v in x)
    told = [mp.mpf(v) - mp.log(total) for v in x]
    weights = [mp.mpf(1)] * classes if weight is None else [mp.mpf(w) for w in weight]
    share = [mp.mpf(c == target) for c in range(classes)] if isinstance(target, int) else [mp.mpf(t) for t in target]
    share = [(1 - mp.mpf(smoothing)) * s + mp.mpf(smoothing) / classes for s in share]
    return -mp.fsum(w * s * v for w, s, v in zip(weights, share, told, strict=True))


def slope(function: Callable[..., Any], k: int, *inputs: float) -> float:
    """The derivative of an elementwise reference by its k-th argument."""
    step = mp.mpf(10) ** -12
    up, down = ([v + sign * step if j == k else v for j, v in enumerate(inputs)] for sign in (1, -1))
    return float((function(*up) - function(*down)) / (2 * step))


ELEMENTS: dict[str, tuple[str, Callable[..., Any], dict[str, Any], list[float], list[float]]] = {
    "l1": ("l1", lambda x, y: abs(mp.mpf(x) - y), {}, [2.5, -1.0, 0.25], [3.0, 1.5, -4.0]),
    "mse": ("mse", lambda x, y: (mp.mpf(x) - y) ** 2, {}, [2.5, -1.0, 0.25], [3.0, 1.5, -4.0]),
    "huber": ("huber", huber, {}, [0.25, -3.0, 1.75], [0.0, 1.5, 1.0]),
    "huber 0.5": ("huber", lambda x, y: huber(x, y, 0.5), {"delta": 0.5}, [0.25, -3.0, 1.75], [0.0, 1.5, 1.0]),
    "huber 3": ("huber", lambda x, y: huber(x, y, 3.0), {"delta": 3}, [0.25, -3.0, 1.75], [0.0, 1.5, 1.0]),
    "bce": ("bce", bce, {}, [0.125, 0.75, 0.5], [1.0, 0.25, 0.0]),
    "bce weighted": ("bce", lambda p, y: 3 * bce(p, y), {"weight": 3.0}, [0.125, 0.75, 0.5], [1.0, 0.25, 0.0]),
    "with logits": ("bce_with_logits", bce_with_logits, {}, [-2.0, 0.5, 3.25], [1.0, 0.25, 0.0]),
    "with logits weighted": (
        "bce_with_logits", lambda x, y: 2 * bce_with_logits(x, y, 5.0), {"weight": 2.0, "pos_weight": 5.0},
        [-2.0, 0.5, 3.25], [1.0, 0.25, 0.0],
    ),
    "kl": ("kl_div", kl, {}, [-0.5, -1.25, -3.0], [0.5, 0.25, 0.125]),
    "kl of logs": (
        "kl_div", lambda x, y: kl(x, y, True), {"log_target": True}, [-0.5, -1.25, -3.0], [-1.0, -2.0, -0.25],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTS)
def test_elementwise_losses(name: str) -> None:
    slug, reference, parameters, x, y = ELEMENTS[name]
    inputs = {"input": x, "target": y}
    values = [float(reference(a, b)) for a, b in zip(x, y, strict=True)]
    divisor = {"none": 1, "sum": 1, "mean": len(x)}
    answers = ask(
        *(request(slug, inputs, reduction, **parameters) for reduction in divisor), request(slug, inputs, **parameters)
    )
    expected = {"none": values, "sum": math.fsum(values), "mean": math.fsum(values) / len(x)}
    for answer, reduction in zip(answers, (*divisor, "mean"), strict=True):
        assert set(answer) - {"warnings"} == {"slug", "value", "gradient", "formula_value"}
        assert answer["slug"] == slug
        np.testing.assert_allclose(answer["value"], expected[reduction], rtol=1e-14)
        np.testing.assert_allclose(answer["formula_value"], expected[reduction], rtol=1e-15)
        assert set(answer["gradient"]) == {"input", "target"}
        for k, name in enumerate(("input", "target")):
            slopes = [slope(reference, k, a, b) / divisor[reduction] for a, b in zip(x, y, strict=True)]
            np.testing.assert_allclose(answer["gradient"][name], slopes, rtol=1e-9, atol=1e-15)


def test_batchmean_divides_by_the_samples() -> None:
    x, y = [[-1.0, -0.5, -2.0], [-0.25, -3.0, -1.0]], [[0.2, 0.5, 0.3], [0.0, 0.9, 0.1]]
    total = math.fsum(float(kl(a, b)) for row, other in zip(x, y, strict=True) for a, b in zip(row, other, strict=True))
    batch, mean, whole = ask(*(request("kl_div", {"input": x, "target": y}, r) for r in ("batchmean", "mean", "sum")))
    for answer, divisor in ((batch, 2), (mean, 6), (whole, 1)):
        assert answer["value"] == pytest.approx(total / divisor, rel=1e-14)
        assert answer["formula_value"] == pytest.approx(total / divisor, rel=1e-15)
        np.testing.assert_allclose(answer["gradient"]["input"], -np.array(y) / divisor, rtol=1e-14)


X = [[1.0, 2.0, 3.0], [0.5, -1.0, 0.25], [-2.0, 0.0, 4.0]]
WEIGHT = [0.5, 2.0, 3.0]


def test_cross_entropy_of_indices() -> None:
    labels = [0, 2, 1]
    none, total, mean, weighted, smooth, both = ask(
        request("cross_entropy", {"input": X, "target": labels}, "none"),
        request("cross_entropy", {"input": X, "target": labels}, "sum"),
        request("cross_entropy", {"input": X, "target": labels}),
        request("cross_entropy", {"input": X, "target": labels}, weight=WEIGHT),
        request("cross_entropy", {"input": X, "target": labels}, label_smoothing=0.2),
        request("cross_entropy", {"input": X, "target": labels}, weight=WEIGHT, label_smoothing=0.2),
    )
    values = [cross_entropy(x, label) for x, label in zip(X, labels, strict=True)]
    assert none["value"] == pytest.approx([float(v) for v in values], rel=1e-14)
    assert none["formula_value"] == pytest.approx([float(v) for v in values], rel=1e-15)
    assert total["value"] == pytest.approx(float(sum(values)), rel=1e-14)
    assert mean["value"] == pytest.approx(float(sum(values) / 3), rel=1e-14)
    softmax = [[float(mp.exp(v) / sum(map(mp.exp, x))) for v in x] for x in X]
    slopes = [[p - (c == label) for c, p in enumerate(row)] for row, label in zip(softmax, labels, strict=True)]
    np.testing.assert_allclose(none["gradient"]["input"], slopes, rtol=1e-12)
    np.testing.assert_allclose(mean["gradient"]["input"], np.array(slopes) / 3, rtol=1e-12)
    assert set(none["gradient"]) == {"input"}
    # The weighted mean divides by the weights of the targets, smoothed or not.
    weights = sum(WEIGHT[label] for label in labels)
    for answer, weight, smoothing in ((weighted, WEIGHT, 0.0), (smooth, None, 0.2), (both, WEIGHT, 0.2)):
        found = sum(cross_entropy(x, label, weight, smoothing) for x, label in zip(X, labels, strict=True))
        wanted = float(found / (weights if weight else 3))
        assert answer["value"] == pytest.approx(wanted, rel=1e-14)
        assert answer["formula_value"] == pytest.approx(wanted, rel=1e-15)


def test_cross_entropy_leaves_ignored_targets_out() -> None:
    one, other, weighted, none = ask(
        request("cross_entropy", {"input": X, "target": [0, -100, 1]}),
        request("cross_entropy", {"input": X, "target": [0, 2, 1]}, ignore_index=2),
        request("cross_entropy", {"input": X, "target": [0, -100, 1]}, weight=WEIGHT),
        request("cross_entropy", {"input": X, "target": [0, -100, 1]}, "none"),
    )
    kept = cross_entropy(X[0], 0), cross_entropy(X[2], 1)
    for answer in (one, other):
        assert answer["value"] == pytest.approx(float(sum(kept) / 2), rel=1e-14)
        assert answer["formula_value"] == pytest.approx(float(sum(kept) / 2), rel=1e-15)
        assert answer["gradient"]["input"][1] == [0.0, 0.0, 0.0]
    assert weighted["value"] == pytest.approx(float((0.5 * kept[0] + 2 * kept[1]) / 2.5), rel=1e-14)
    assert none["value"] == pytest.approx([float(kept[0]), 0.0, float(kept[1])], rel=1e-14)


def test_cross_entropy_of_soft_targets() -> None:
    soft = [[0.25, 0.25, 0.5], [1.0, 0.0, 0.0], [0.1, 0.6, 0.3]]
    plain, smooth, weighted = ask(
        request("cross_entropy", {"input": X, "target": soft}, "none"),
        request("cross_entropy", {"input": X, "target": soft}, "none", label_smoothing=0.3),
        request("cross_entropy", {"input": X, "target": soft}, "mean", weight=WEIGHT),
    )
    for answer, smoothing in ((plain, 0.0), (smooth, 0.3)):
        wanted = [float(cross_entropy(x, t, None, smoothing)) for x, t in zip(X, soft, strict=True)]
        assert answer["value"] == pytest.approx(wanted, rel=1e-14)
        assert answer["formula_value"] == pytest.approx(wanted, rel=1e-15)
        assert set(answer["gradient"]) == {"input", "target"}
    # Probabilities: the weighted mean divides by the number of samples.
    wanted = float(sum(cross_entropy(x, t, WEIGHT) for x, t in zip(X, soft, strict=True)) / 3)
    assert weighted["value"] == pytest.approx(wanted, rel=1e-14)
    told = [[float(-(v - mp.log(mp.fsum(map(mp.exp, x))))) for v in x] for x in X]
    np.testing.assert_allclose(plain["gradient"]["target"], told, rtol=1e-13)


def test_shapes_come_back_as_they_went_in() -> None:
    single, vector, matrix, wide, broadcast = ask(
        request("huber", {"input": 3, "target": 0}, "none"),
        request("cross_entropy", {"input": X[0], "target": 0}, "none"),
        request("huber", {"input": [[1, 2], [3, 4]], "target": [[0, 0], [0, 0]]}, "none"),
        request("cross_entropy", {"input": [[[1, 2], [3, 4]]], "target": [[0, 1]]}, "none"),
        request("l1", {"input": [[1, 2], [3, 4]], "target": [0, 1]}, "none"),
    )
    assert (single["value"], single["gradient"]["input"]) == (2.5, 1.0)
    assert vector["value"] == pytest.approx(float(cross_entropy(X[0], 0)))
    assert matrix["value"] == [[0.5, 1.5], [2.5, 3.5]]
    assert np.shape(wide["value"]) == np.shape(wide["formula_value"]) == (1, 2)
    assert np.shape(wide["gradient"]["input"]) == (1, 2, 2)
    assert broadcast["value"] == [[1, 1], [3, 3]]
    assert broadcast["gradient"]["target"] == [-2, -2]


def test_non_finite_numbers_travel_as_words() -> None:
    there, nan, mixed, parameter = ask(
        request("l1", {"input": ["inf", 1, "-inf"], "target": [0, 0, 0]}, "none"),
        request("mse", {"input": ["nan"], "target": [0]}),
        '{"slug": "l1", "reduction": "none", "inputs": {"input": [NaN, Infinity, -Infinity, 1e999], "target": 0}}',
        request("huber", {"input": [1], "target": [0]}, delta="inf"),
    )
    assert there["value"] == there["formula_value"] == ["inf", 1.0, "inf"]
    assert there["gradient"]["input"] == [1.0, 1.0, -1.0]
    assert nan["value"] == nan["formula_value"] == "nan"
    assert nan["gradient"]["input"] == ["nan"]
    assert mixed["value"] == ["nan", "inf", "inf", "inf"]
    assert "delta > 0, got inf" in parameter["error"]


def test_precision_is_the_one_that_was_asked_for() -> None:
    inputs = {"input": [0.1], "target": [0.3]}
    requests = [request("mse", inputs) | {"dtype": dtype} for dtype in ("float64", "float32", "float16", "bfloat16")]
    double, single, half, brain = ask(*requests)
    assert double["value"] == (0.1 - 0.3) ** 2
    assert single["value"] == float((np.float32(0.1) - np.float32(0.3)) ** 2)
    assert half["value"] == float((np.float16(0.1) - np.float16(0.3)) ** 2)
    assert brain["value"] == pytest.approx(0.04, rel=2e-2)
    assert brain["value"] not in (double["value"], single["value"], half["value"])
    # The formula sees what torch saw, and keeps its 50 digits.
    assert single["formula_value"] == pytest.approx((float(np.float32(0.1)) - float(np.float32(0.3))) ** 2, rel=1e-15)
    (over,) = ask(request("mse", {"input": [300], "target": [0]}) | {"dtype": "float16"})
    assert (over["value"], over["formula_value"]) == ("inf", 90000.0)


def test_the_formula_tells_where_torch_clamps() -> None:
    (answer,) = ask(request("bce", {"input": [0.0, 1.0], "target": [1.0, 0.0]}, "none"))
    assert answer["value"] == [100.0, 100.0]
    assert answer["formula_value"] == ["inf", "inf"]
    (stable,) = ask(request("bce_with_logits", {"input": [800, -800], "target": [0, 1]}, "none"))
    assert stable["value"] == stable["formula_value"] == [800.0, 800.0]


def test_names_of_other_kinds_are_understood() -> None:
    for name in ("MSELoss", "mean squared error", "torch.nn.MSELoss"):
        (answer,) = ask(request(name, {"input": [3], "target": [0]}))
        assert answer["value"] == 9.0


# --- lines that cannot be answered ----------------------------------------------------------------------------------

ONE = {"input": [1.0], "target": [0.0]}
CE = "cross_entropy"
LOGITS = {"input": [[1.0, 2.0, 3.0]], "target": [2]}
FLAT = json.loads("[" * 33 + "1" + "]" * 33)
DEEP = "[" * 900 + "]" * 900
ADAPTIVE = "adaptive_log_softmax"
CLUSTER = {"input": [[1, 2]], "target": [0], "head": [[1, 0], [0, 1]], "tail_proj": [[[1, 2]]], "tail_out": [[[1]]]}
LABELS = {"input": [[1, 2, 3]], "target": [[0, -1, -1]]}
SPEECH = {"log_probs": [[-1, -2], [-2, -1]], "targets": [1], "input_lengths": 2, "target_lengths": 1}
DISTANCE = "triplet_margin_with_distance"
TRIPLET = {"anchor": [1, 2], "positive": [1, 1], "negative": [0, 1]}


def with_distance(name: Any) -> dict[str, Any]:
    return request(DISTANCE, TRIPLET, distance_function=name)


# what is wrong: (the line, what the message must contain, the slug in the answer)
BAD: dict[str, tuple[Mapping[str, Any] | str, tuple[str, ...], str | None]] = {
    "not JSON": ("{bad", ("not JSON", "column 2"), None),
    "half a line": ('{"slug": "huber", "inputs"', ("not JSON",), None),
    "two values": ("{} {}", ("not JSON",), None),
    "a list": ("[1, 2]", ("JSON object", "list"), None),
    "a string": ('"huber"', ("JSON object", "str"), None),
    "null": ("null", ("JSON object",), None),
    "no slug": ({"inputs": ONE}, ('"slug"', "missing"), None),
    "a number for a slug": ({"slug": 3, "inputs": ONE}, ('"slug"',), None),
    "unknown slug": (request("hubr", ONE), ("no loss is called 'hubr'", "did you mean huber", "lossary list"), "hubr"),
    "a slug of no letters": (r'{"slug": "\ud800", "inputs": {}}', ("no loss is called",), "\ud800"),
    "a slug twice": ('{"slug": "huber", "slug": "mse", "inputs": {}}', ("the name 'slug' stands twice",), None),
    "an input twice": ('{"slug": "l1", "inputs": {"input": 1, "input": 2}}', ("the name 'input' stands twice",), None),
    "a parameter twice": ('{"slug": "huber", "parameters": {"delta": 1, "delta": 2}}', ("'delta' stands twice",), None),
    "no letters twice": (r'{"\ud800": 1, "\ud800": 2}', ("stands twice in one object",), None),
    "names of all objects": (
        {"slug": "huber", "inputs": {"__proto__": 1, "constructor": 1}}, ("no input '__proto__'",), "huber",
    ),
    "a reduction of nothing in a list": ({"slug": "huber", "inputs": ONE, "reduction": [None]}, ("string",), "huber"),
    "no number in a word": (request("huber", {**ONE, "input": "NaN"}), ('"NaN", which is not a number',), "huber"),
    "a class beyond 64 bits": (request(CE, {**LOGITS, "target": [2**63]}), ("too large",), CE),
    "a class index beyond 64 bits": (request(CE, LOGITS, ignore_index=2**63), ("more than 64 bits",), CE),
    "a power beyond 64 bits": (
        request("multi_margin", {"input": [1, 2], "target": 0}, p=2**64), ("1 <= p <= 2", "64 bits"), "multi_margin",
    ),
    "a smaller one than 64 bits hold": (request(CE, LOGITS, ignore_index=-(2**64)), ("than 64 bits",), CE),
    "lengths without end": (request("ctc", {**SPEECH, "input_lengths": 2**31}), ("input_lengths",), "ctc"),
    "a blank without end": (request("ctc", SPEECH, blank=2**63), ("blank >= 0", "more than 64 bits"), "ctc"),
    "letters before the line": ("\u200b{}", ("not JSON",), None),
    "a line in another encoding": ("\ufffd\ufffd{\0}\0", ("not JSON",), None),
    "unknown field": ({"slug": "huber", "input": ONE}, ("unknown field 'input'", "did you mean inputs"), "huber"),
    "unknown parameter": (request("huber", ONE, delt=1), ("no parameter 'delt'", "did you mean delta"), "huber"),
    "a parameter of another loss": (request("mse", ONE, delta=1), ("mse has no parameter 'delta'",), "mse"),
    "out of range": (request("huber", ONE, delta=0), ("delta > 0", "got 0"), "huber"),
    "far out of range": (request("huber", ONE, delta=-1e300), ("delta > 0",), "huber"),
    "a word for a number": (request("huber", ONE, delta="wide"), ("delta > 0", "'wide'"), "huber"),
    "true for a number": (request("huber", ONE, delta=True), ("delta > 0", "True"), "huber"),
    "null for a number": (request("huber", ONE, delta=None), ("delta > 0", "None"), "huber"),
    "a list for a number": (request("huber", ONE, delta=[1, 2]), ("delta > 0", "[1, 2]"), "huber"),
    "a number for a truth": (request("kl_div", ONE, log_target=1), ("log_target", "got 1"), "kl_div"),
    "half an integer": (request(CE, LOGITS, ignore_index=1.5), ("ignore_index", "1.5"), CE),
    "no end of an integer": (request(CE, LOGITS, ignore_index="inf"), ("ignore_index",), CE),
    "smoothing above 1": (request(CE, LOGITS, label_smoothing=1.5), ("<= 1", "got 1.5"), CE),
    "weights for other classes": (request(CE, LOGITS, weight=[1, 2]), ("torch refused", "3"), CE),
    "a weight that is no number": (request(CE, LOGITS, weight=[1, "a", 1]), ("one number for each class",), CE),
    "parameters in a list": ({"slug": "huber", "inputs": ONE, "parameters": [1]}, ('"parameters"', "list"), "huber"),
    "inputs in a list": ({"slug": "huber", "inputs": [1, 0]}, ('"inputs"', "list"), "huber"),
    "unknown reduction": (request("huber", ONE, "avg"), ("no reduction 'avg'", "none, sum, mean"), "huber"),
    "a reduction of another loss": (request("huber", ONE, "batchmean"), ("no reduction 'batchmean'",), "huber"),
    "a number for a reduction": ({"slug": "huber", "inputs": ONE, "reduction": 3}, ('"reduction"',), "huber"),
    "unknown dtype": ({"slug": "huber", "inputs": ONE, "dtype": "float8"}, ("'float8'", "float64, float32"), "huber"),
    "a missing input": (request("huber", {"input": [1]}), ("'target' is missing", "input, target"), "huber"),
    "no inputs": ({"slug": "huber"}, ("'input' is missing",), "huber"),
    "an unknown input": (request("huber", {**ONE, "targt": [1]}), ("no input 'targt'", "did you mean target"), "huber"),
    "a ragged list": (request("huber", {"input": [1, [2]], "target": [0, 0]}), ("'input'", "rectangular"), "huber"),
    "a word in a list": (request("huber", {"input": [1, "x"], "target": [0, 0]}), ("'input'", '"x"'), "huber"),
    "a number in quotes": (request("huber", {"input": ["1.5"], "target": [0]}), ("'input'", '"1.5"'), "huber"),
    "null in a list": (request("huber", {"input": [None], "target": [0]}), ("'input'", "null"), "huber"),
    "an object in a list": (request("huber", {"input": [{"a": 1}], "target": [0]}), ("'input'", '{"a": 1}'), "huber"),
    "a class between classes": (request(CE, {**LOGITS, "target": [0.5]}), ("whole numbers",), CE),
    "a class that is no number": (request(CE, {**LOGITS, "target": ["nan"]}), ("whole numbers",), CE),
    "a class too large to count": (request(CE, {**LOGITS, "target": [1e30]}), ("1e+30 is too large",), CE),
    "a class of 19 digits": (request(CE, {**LOGITS, "target": [10**18]}), ("1e+18 is too large",), CE),
    "weights in quotes": (request(CE, LOGITS, weight=["1", "2", "1"]), ("weight", "['1', '2', '1']"), CE),
    "true for a weight": (request(CE, LOGITS, weight=[True, False, True]), ("weight", "[True, False, True]"), CE),
    "null for a weight": (request(CE, LOGITS, weight=[1, None, 1]), ("weight", "[1, None, 1]"), CE),
    "true in a list": (request("huber", {"input": [True], "target": [0]}), ("'input'", "true"), "huber"),
    "true for an input": (request("huber", {"input": 1, "target": True}), ("'target'", "true"), "huber"),
    "an endless number": (request("huber", ONE, delta="inf"), ("must be finite, delta > 0", "got inf"), "huber"),
    "no number": (request("huber", ONE, delta="nan"), ("must be finite, delta > 0", "got nan"), "huber"),
    "minus infinity": (request("triplet_margin", TRIPLET, p="-inf"), ("p >= 1, inf included",), "triplet_margin"),
    "an empty reduction": ({"slug": "huber", "inputs": ONE, "reduction": ""}, ("no reduction ''",), "huber"),
    "an empty dtype": ({"slug": "huber", "inputs": ONE, "dtype": ""}, ("unknown dtype ''",), "huber"),
    "an empty slug": ({"slug": "", "inputs": ONE}, ("no loss is called ''",), ""),
    "a word for a truth": ({"slug": "huber", "inputs": ONE, "formula": "no"}, ('"formula"', "true or false"), "huber"),
    "a reduction among parameters": (
        {**request("huber", ONE), "parameters": {"reduction": "sum"}},
        ("reduction is no parameter", "reduction='sum'", '"reduction"'), "huber",
    ),
    "33 dimensions": (request("huber", {"input": FLAT, "target": 0}), ("has 33 dimensions", "at most 32"), "huber"),
    "a weight of 33 dimensions": (request("bce", ONE, weight=FLAT), ("weight", "[[[[[...]]]]]"), "bce"),
    "far more elements than numbers": (
        request("huber", {"input": [[1]] * 10_000, "target": [1] * 10_000}),
        ("broadcast to 100,000,000 elements", "one shape", "input (10000, 1)"), "huber",
    ),
    "a class that is not there": (request(CE, {**LOGITS, "target": [7]}), ("torch refused", "7"), CE),
    "shapes that do not fit": (request("huber", {"input": [1, 2, 3], "target": [0, 1]}), ("torch refused",), "huber"),
    "a probability above 1": (request("bce", {"input": [1.5], "target": [1]}), ("torch refused", "0 and 1"), "bce"),
    "a number of 400 digits": (request("huber", {"input": [10**400], "target": [0]}), ("'input'",), "huber"),
    "a number of 5000 digits": ('{"slug": "huber", "inputs": {"input": [1' + "0" * 5000 + "]}}", ("5,001 ",), None),
    "a parameter of 400 digits": (request("huber", ONE, delta=10**400), ("delta > 0",), "huber"),
    "a weight of 400 digits": (request(CE, LOGITS, weight=[1, 1, 10**400]), ("weight",), CE),
    "many dimensions": (f'{{"slug": "huber", "inputs": {{"input": {DEEP}, "target": 0}}}}', ("",), "huber"),
    "very deep nesting": ("[" * 100_000, ("nested too deeply",), None),
}  # fmt: skip

# The same for lists of matrices and of labels, lengths, choices, whole numbers, vectors; the slug is the asked one.
WORSE: dict[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "a number for matrices": (request(ADAPTIVE, {**CLUSTER, "tail_proj": 3}), ("'tail_proj'", "list of matrices")),
    "one matrix for several": (
        request(ADAPTIVE, {**CLUSTER, "tail_proj": [[1, 2]]}),
        ("'tail_proj'", "list of matrices"),
    ),
    "numbers for matrices": (request(ADAPTIVE, {**CLUSTER, "tail_out": [1]}), ("'tail_out'", "list of matrices")),
    "a word for matrices": (request(ADAPTIVE, {**CLUSTER, "tail_out": "all"}), ("'tail_out'", '"all"')),
    "null in a matrix": (request(ADAPTIVE, {**CLUSTER, "tail_out": [[[None]]]}), ("'tail_out'", "null")),
    "a ragged matrix": (request(ADAPTIVE, {**CLUSTER, "tail_proj": [[[1, 2], [1]]]}), ("'tail_proj'", "rectangular")),
    "no matrices": (request(ADAPTIVE, {**CLUSTER, "tail_proj": [], "tail_out": []}), ("at least one cluster",)),
    "a matrix too few": (request(ADAPTIVE, {**CLUSTER, "tail_out": []}), ("tail_proj and tail_out", "1 and 0")),
    "matrices that do not fit": (
        request(ADAPTIVE, {**CLUSTER, "target": [1], "tail_out": [[[1, 2]]]}),
        ("adaptive_log_softmax: the two matrices of cluster 1", "(1, 2) and (1, 2)"),
    ),
    "a row for a matrix": (request(ADAPTIVE, {**CLUSTER, "head": [1, 0]}), ("'head'",)),
    "a word that is not there": (request(ADAPTIVE, {**CLUSTER, "target": [5]}), ("torch refused", "[0, 1]")),
    "other classes": (request(ADAPTIVE, CLUSTER, n_classes=7), ("n_classes is 7", "2 classes")),
    "half a class": (request(ADAPTIVE, CLUSTER, n_classes=2.5), ("n_classes", "integer", "2.5")),
    "half a cutoff": (request(ADAPTIVE, CLUSTER, cutoffs=[1.5]), ("cutoffs", "whole numbers", "[1.5]")),
    "true for a cutoff": (request(ADAPTIVE, CLUSTER, cutoffs=[True]), ("cutoffs", "whole numbers", "[True]")),
    "a word for a cutoff": (request(ADAPTIVE, CLUSTER, cutoffs=["one"]), ("cutoffs", "whole numbers", "'one'")),
    "a number for cutoffs": (request(ADAPTIVE, CLUSTER, cutoffs=1), ("cutoffs", "a list of whole numbers")),
    "other cutoffs": (request(ADAPTIVE, CLUSTER, cutoffs=[9]), ("cutoffs is [9]", "[1]")),
    "half a label": (
        request("multilabel_margin", {**LABELS, "target": [[0.5, -1, -1]]}),
        ("'target'", "whole numbers"),
    ),
    "a label too high": (request("multilabel_margin", {**LABELS, "target": [[7, -1, -1]]}), ("torch refused", "range")),
    "a label too low": (request("multilabel_margin", {**LABELS, "target": [[-2, -1, -1]]}), ("torch refused", "range")),
    "a list too short": (request("multilabel_margin", {**LABELS, "target": [[0, -1]]}), ("torch refused", "size")),
    "no list at all": (request("multilabel_margin", {"input": 3, "target": [0, 1]}), ("'input'", "scores")),
    "half a frame": (request("ctc", {**SPEECH, "input_lengths": 1.5}), ("'input_lengths'", "whole numbers")),
    "endless frames": (request("ctc", {**SPEECH, "target_lengths": "inf"}), ("'target_lengths'", "whole numbers")),
    "more frames than there are": (
        request("ctc", {**SPEECH, "input_lengths": 5}),
        ("torch refused", "input_lengths", "5"),
    ),
    "fewer than no frames": (request("ctc", {**SPEECH, "input_lengths": -1}), ("torch refused", "input_lengths", "-1")),
    "more labels than there are": (request("ctc", {**SPEECH, "target_lengths": 3}), ("torch refused", "targets")),
    "a length too many": (request("ctc", {**SPEECH, "input_lengths": [2, 2]}), ("torch refused", "input_lengths")),
    "half a class to spell": (request("ctc", {**SPEECH, "targets": [0.5]}), ("'targets'", "whole numbers")),
    # Torch reads beyond its memory at these two, and may take the whole process with it.
    "a class to spell that is not there": (request("ctc", {**SPEECH, "targets": [5]}), ("5", "classes")),
    "labels in three dimensions": (request("ctc", {**SPEECH, "targets": [[[1]]]}), ("ctc: targets has 3 dimensions",)),
    "a class to spell below 0": (request("ctc", {**SPEECH, "targets": [-5]}), ("-5", "classes")),
    "a row for frames": (request("ctc", {**SPEECH, "log_probs": [-1, -2]}), ("'log_probs'",)),
    "a blank below 0": (request("ctc", SPEECH, blank=-1), ("blank >= 0", "-1")),
    "a blank that is no class": (request("ctc", SPEECH, blank=2), ("torch refused", "blank")),
    "half a blank": (request("ctc", SPEECH, blank=0.5), ("integer, blank >= 0", "0.5")),
    "an unknown choice": (with_distance("cosine_distanc"), ("pairwise_distance or", "did you mean cosine_distance")),
    "a number for a choice": (with_distance(3), ("distance_function", "got 3")),
    "a list for a choice": (with_distance(["cosine_distance"]), ("distance_function", "pairwise_distance or")),
    "an object for a choice": (with_distance({"a": 1}), ("distance_function", "pairwise_distance or")),
    "null for a choice": (with_distance(None), ("distance_function", "None")),
    "a number for a vector": (
        request("cosine_embedding", {"input1": 1, "input2": 1, "target": 1}),
        ("'input1'", "vectors"),
    ),
    "a number for scores": (request("multi_margin", {"input": 1, "target": [0, 0]}), ("'input'", "scores")),
    "a power that torch lacks": (
        request("multi_margin", {"input": [1, 2], "target": 0}, p=3),
        ("1 <= p <= 2", "got 3"),
    ),
    "a power in between": (request("multi_margin", {"input": [1, 2], "target": 0}, p=1.5), ("integer", "1.5")),
    "a negative variance": (request("gaussian_nll", {**ONE, "var": [-1]}), ("torch refused", "negative")),
    "indices to ignore in probabilities": (
        request(
            "linear_cross_entropy",
            {"input": [[1]], "linear_weight": [[1], [2]], "target": [[0.5, 0.5]]},
            ignore_index=0,
        ),
        ("torch refused", "ignore_index"),
    ),
}
BAD |= {name: (asked, told, asked["slug"]) for name, (asked, told) in WORSE.items()}


def test_a_bad_line_is_answered_and_so_is_the_next() -> None:
    good = request("huber", {"input": [3], "target": [0]})
    answers = ask(*(line for bad, _, _ in BAD.values() for line in (bad, good)))
    for name, answer, following in zip(BAD, answers[::2], answers[1::2], strict=True):
        _, words, slug = BAD[name]
        assert set(answer) == {"slug", "error"}, name
        assert answer["slug"] == slug, name
        assert answer["error"], name
        assert "\n" not in answer["error"], name
        for word in words:
            assert word in answer["error"], f"{name}: {word!r} is missing in {answer['error']!r}"
        assert following["value"] == 2.5, f"after {name}"


@pytest.mark.parametrize(
    "place", ["slug", "field", "input", "parameter", "value", "reduction", "dtype", "word", "list"]
)
def test_a_long_mistake_gets_a_short_answer(place: str) -> None:
    long: Any = "x" * 1_000_000
    line = {
        "slug": request(long, ONE),
        "field": {**request("huber", ONE), long: 1},
        "input": request("huber", {**ONE, long: 1}),
        "parameter": request("huber", ONE, **{long: 1}),
        "value": request("huber", ONE, delta=long),
        "reduction": request("huber", ONE, long),
        "dtype": {**request("huber", ONE), "dtype": long},
        "word": request("huber", {**ONE, "input": [long]}),
        "list": request(CE, LOGITS, weight=[long] * 3),
    }[place]
    begun = time.process_time()  # of this process: a busy machine adds nothing
    (answer,) = ask(line)
    assert time.process_time() - begun < 5
    assert set(answer) == {"slug", "error"}
    assert len(json.dumps(answer)) < 400


def test_only_the_first_unknown_slug_reads_the_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    ask(request("nothing_like_it", ONE))
    read: list[str] = []
    plain = lookup.load
    monkeypatch.setattr(lookup, "load", lambda source: read.append(source.slug) or plain(source))
    answers = ask(*(request(f"nothing_like_it_{k}", ONE) for k in range(20)), request("hubr", ONE))
    assert all("no loss is called" in answer["error"] for answer in answers)
    assert "did you mean huber" in answers[-1]["error"]
    assert not read


@pytest.mark.parametrize(
    ("slug", "inputs", "parameters"),
    [
        (ADAPTIVE, {**CLUSTER, "tail_out": []}, {}),
        (ADAPTIVE, CLUSTER, {"n_classes": 7}),
        (ADAPTIVE, CLUSTER, {"cutoffs": [9]}),
        ("ctc", {**SPEECH, "targets": [5]}, {}),
        ("ctc", {**SPEECH, "targets": [[[1]]]}, {}),
    ],
)
def test_what_lossary_refuses_is_not_told_as_torchs_refusal(
    slug: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any]
) -> None:
    (answer,) = ask(request(slug, inputs, **parameters))
    assert answer["error"].startswith(f"{slug}: ")
    assert "torch refused" not in answer["error"]
    assert "not supported" not in answer["error"]


def test_what_torch_refuses_is_told_with_the_shapes_given() -> None:
    (answer,) = ask(request("huber", {"input": [[1, 2, 3]], "target": [0, 1]}))
    assert answer["error"].startswith("huber: torch refused the call: The size of tensor")
    assert answer["error"].endswith("(the shapes given: input (1, 3), target (2,))")


# --- work within bounds ---------------------------------------------------------------------------------------------


def test_a_small_line_that_is_much_work_is_answered_without_the_formula() -> None:
    """36 KB that broadcast to nine million elements: seconds and some hundred megabytes, once minutes and 3.8 GB."""
    line = request("huber", {"input": [[1]] * 3000, "target": [1] * 3000})
    code = (
        "import resource, sys; from lossary.commands.main import main\n"
        "try: main(['evaluate'])\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(line), capture_output=True, text=True, check=True,
        env=environment(CACHE, ROOT),
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert (answer["value"], answer["formula_value"]) == (0.0, None)
    assert answer["note"] == (
        "the formula was not evaluated: it is for up to 100,000 numbers, and this call has 9,000,000"
    )
    assert int(done.stderr.split()[-1]) < 1_000_000, "kilobytes"


EACH_BESIDE_EACH = {
    "nt_xent": {"input": [[0.5, 1.0], [1.0, 0.25]] * 5000},
    "cox_partial_likelihood": {"input": [0.5] * 10_000, "time": [1, 2] * 5000, "event": [1, 0] * 5000},
    "listmle": {"input": [[0.5] * 10_000] * 2},
}


@pytest.mark.parametrize("slug", EACH_BESIDE_EACH)
def test_what_a_loss_makes_of_many_samples_is_bounded(slug: str) -> None:
    """Of ten thousand numbers a loss that holds each beside each makes tensors of gigabytes."""
    (answer,) = ask(request(slug, EACH_BESIDE_EACH[slug]))
    told = "on the way to the loss a tensor of [12]00,000,000 elements is made, and at most 20,000,000 are taken"
    assert re.fullmatch(rf"{slug}: {told}: give fewer samples", answer["error"])


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (lambda x: x[:, None] * x[None, :], 25_000_000),
        (lambda x: x[:, None] @ x[None, :], 25_000_000),
        (lambda x: torch.addmm(x, x[:, None], x[None, :]), 25_000_000),
        (lambda x: torch.cdist(x[:, None], x[:, None]), 25_000_000),
        (lambda x: torch.zeros(len(x), len(x)), 25_000_000),
        (lambda x: x.repeat(5000), 25_000_000),
        (lambda x: torch.where(x[:, None] > x[None, :], 1.0, 0.0), 25_000_000),
        (lambda x: x[:, None].expand(5000, 5000), 0),  # nothing is held
        (lambda x: x.repeat(4000), 0),
    ],
)
def test_however_torch_is_called_the_bound_is_seen(make: Callable[[Any], Any], count: int) -> None:
    x = torch.ones(5000)
    told = f"own: on the way to the loss a tensor of {count:,} elements"
    with pytest.raises(LossaryError, match=told) if count else nullcontext(), within_bounds("own", [x]):
        make(x)


SIZES = {
    "elements": ("l1", {"input": [1.0] * 100_001, "target": 0.0}, 100_001),
    "classes": ("cross_entropy", {"input": [[1.0] * 100_001], "target": [0]}, 100_001),
    "pairs of classes": ("multilabel_margin", {"input": [1.0] * 400, "target": [*range(200), *[-1] * 200]}, 160_000),
    "features of classes": (
        "linear_cross_entropy", {"input": [[1.0] * 400], "linear_weight": [[0.5] * 400] * 400, "target": [0]}, 160_000,
    ),
    "coordinates": (
        "triplet_margin", {"anchor": [1.0] * 60_000, "positive": [1.0] * 60_000, "negative": [2.0] * 60_000}, 120_000,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_the_bound_counts_whatever_the_formula_runs_over(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slug, inputs, count = SIZES[name]

    def refused(*_: Any) -> None:
        raise AssertionError("the formula is evaluated")

    monkeypatch.setattr("lossary.evaluation.high_precision.values", refused)
    found = lossary.get(slug).evaluate(inputs)
    assert found.formula_value is None
    told = re.search(r"this call has ([\d,]+)", found.note)
    assert told, found.note
    assert int(told[1].replace(",", "")) >= count * 0.9


def test_at_the_bound_the_formula_is_still_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossary.evaluation.torch_calls.FORMULA_LIMIT", 12)
    at, above = ask(*(request("l1", {"input": [2] * n, "target": [0] * n}) for n in (12, 13)))
    assert (at["formula_value"], "note" in at) == (2.0, False)
    assert (above["value"], above["formula_value"]) == (2.0, None)
    assert "13" in above["note"]


def test_the_formula_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"slug": "huber", "inputs": ONE}
    asked, unasked = ask({**plain, "formula": True}, {**plain, "formula": False})
    assert asked["formula_value"] == 0.5
    assert unasked == {**asked, "formula_value": None}


# --- what torch warns of, and takes ---------------------------------------------------------------------------------


def test_torchs_warnings_are_in_the_answer_of_each_line() -> None:
    crossed = request("mse", {"input": [1, 2, 3], "target": [[1], [2], [3]]})
    first, plain, second = ask(crossed, request("mse", {"input": [1, 2], "target": [1, 2]}), crossed)
    assert first["value"] == pytest.approx(4 / 3)
    assert first["warnings"] == second["warnings"]
    assert len(first["warnings"]) == 1
    assert "due to broadcasting" in first["warnings"][0]
    assert "warnings" not in plain
    done = CliRunner().invoke(main, ["evaluate"], input=f"\n{json.dumps(crossed)}\n")
    assert done.stderr == f"warning: line 2, mse: {first['warnings'][0]}\n"


def test_an_endless_power_is_the_largest_difference() -> None:
    """As torch has it; no formula is displayed for it."""
    inputs = {"anchor": [1.0, 2.0], "positive": [1.0, 1.0], "negative": [0.5, 0.0]}
    (answer,) = ask(request("triplet_margin", inputs, p="inf", eps=0))
    assert (answer["value"], answer["formula_value"]) == (1.0 - 2.0 + 1.0, None)
    (answer,) = ask(request("triplet_margin", inputs, p="inf", eps=0, margin=3))
    assert answer["value"] == 2.0


@pytest.mark.parametrize("input", [1.0, [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_one_variance_for_all(input: Any) -> None:
    """As torch takes a float, and with the gradient that it has then: the sum over the elements."""
    one, each = ask(
        request("gaussian_nll", {"input": input, "target": np.zeros_like(input).tolist(), "var": 2.0}),
        request("gaussian_nll", {"input": input, "target": np.zeros_like(input).tolist(),
                                 "var": np.full_like(input, 2.0).tolist()}),
    )  # fmt: skip
    assert one["value"] == each["value"]
    assert one["formula_value"] == each["formula_value"]
    assert one["gradient"]["input"] == each["gradient"]["input"]
    assert one["gradient"]["var"] == pytest.approx(np.sum(each["gradient"]["var"]), rel=1e-14)


def test_one_number_is_the_score_of_one_class() -> None:
    """Torch takes it so; no formula is of a vector without a dimension."""
    answers = ask(
        request("multilabel_margin", {"input": 3, "target": 0}),
        request("multi_margin", {"input": 1, "target": 0}),
        request("triplet_margin", {"anchor": 1, "positive": 1, "negative": 0}),
    )
    assert [(answer["value"], answer["formula_value"]) for answer in answers] == [(0.0, None)] * 3
    (answer,) = ask(request(CE, LOGITS, weight=[1, 1, -2]))
    hand = -2 * float(cross_entropy([1, 2, 3], 2)) / -2
    assert (answer["value"], answer["formula_value"]) == pytest.approx((hand, hand), rel=1e-14)


def test_what_shells_and_editors_add_to_lines_is_no_part_of_them() -> None:
    """A mark of the order of bytes before the first line, carriage returns, blanks and tabs."""
    line = '{"slug": "l1", "inputs": {"input": [2], "target": [0]}}'
    lines = (f"\ufeff{line}", f"{line}\r", f"\t {line} \t", f"\ufeff\r\n{line}")
    for asked in lines:
        done = CliRunner().invoke(main, ["evaluate"], input=f"{asked}\n".encode())
        assert [json.loads(answer)["value"] for answer in done.stdout.splitlines()] == [2.0]


def test_order_is_kept_and_blank_lines_are_skipped() -> None:
    lines = [json.dumps(request("l1", {"input": [k], "target": [0]})) for k in range(40)]
    done = CliRunner().invoke(main, ["evaluate"], input="\n\n".join(lines) + "\n  \n")
    assert [json.loads(line)["value"] for line in done.stdout.splitlines()] == list(range(40))
    assert CliRunner().invoke(main, ["evaluate"], input="").stdout == ""


def test_it_answers_while_it_is_asked(tmp_path: Path) -> None:
    """As a program at the other end of a pipe would have it: each answer is there before the next question."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lossary", "evaluate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment(CACHE, ROOT), cwd=tmp_path,
    )  # fmt: skip
    assert process.stdin and process.stdout  # noqa: PT018
    lines = [b'{"slug": "l1", "inputs": {"input": [2], "target": [0]}}', b"\xff\xfe\x00 no text at all", b"{", b"[]",
             b'{"slug": "mse", "inputs": {"input": [3], "target": [0]}}']  # fmt: skip
    answers = []
    for line in lines:
        process.stdin.write(line + b"\n")
        process.stdin.flush()
        answers.append(json.loads(process.stdout.readline()))
    rest, errors = process.communicate()
    assert (rest, errors, process.returncode) == (b"", b"", 0)
    assert [answer.get("value") for answer in answers] == [2.0, None, None, None, 9.0]
    assert ["error" in answer for answer in answers] == [False, True, True, True, False]


# --- anything at all ------------------------------------------------------------------------------------------------

ODD: list[Any] = [
    *(None, True, "", "inf", "nan", "1.5", "none", "\ud800", "\0", [], {}, [[]], [None], [[1], [2, 3]], {"a": 1}),
    *(0, -1, 3.5, 1e308, 1e-320, 2**63, 10**400, [1] * 50, "x" * 5000),
]  # fmt: skip
ASKED = [
    {
        "slug": slug,
        "inputs": json.loads(json.dumps(dict(loss.example), default=lambda array: np.asarray(array).tolist())),
        "parameters": {name: value for name, value in loss.defaults().items() if isinstance(value, int | float | str)},
        "reduction": loss.default_reduction,
    }
    for slug, loss in LOSSES.items()
]


def spoilt(value: Any, draw: Any) -> Any:
    """The value with something odd at some depth, or with a part too few or too many."""
    if not isinstance(value, dict | list) or not value or draw.random() < 0.1:
        return draw.choice(ODD)
    made, place = value.copy(), draw.choice([*value] if isinstance(value, dict) else range(len(value)))
    deed = draw.random()
    if deed < 0.1:
        del made[place]
    elif deed < 0.2 and isinstance(made, dict):
        made[str(draw.choice(ODD))] = made.pop(place)
    elif deed < 0.2:
        made.append(made[place])
    elif deed < 0.3 and isinstance(made, list):
        return [made, made]
    else:
        made[place] = spoilt(made[place], draw)
    return made


@st.composite
def spoilt_lines(draw: st.DrawFn) -> str:
    """A request with up to three mistakes in it, then perhaps cut, or with another byte in it."""
    chance = draw(st.randoms(use_true_random=False))
    request: Any = chance.choice(ASKED)
    for _ in range(chance.choice((1, 1, 2, 3))):
        request = spoilt(request, chance)
    line = json.dumps(request).encode()
    if chance.random() < 0.1:
        line = line[: chance.randrange(1, len(line) + 1)]
    elif chance.random() < 0.1:
        place = chance.randrange(len(line))
        line = line[:place] + bytes([chance.randrange(256)]) + line[place + 1 :]
    return line.decode("utf-8", "replace").replace("\n", " ").replace("\r", " ")


def answered(line: str) -> None:
    """One line is answered by one line of JSON, which is a value or a short mistake in plain words."""
    (text,) = answers([line], functools.cache(lossary.get))
    assert "\n" not in text
    answer = json.loads(text, parse_constant=_refuse)
    if "error" in answer:
        assert set(answer) == {"slug", "error"}
        assert 0 < len(answer["error"]) < 700
        # What Python calls a mistake of its own is none of whoever asks.
        assert not re.match(
            r"(Key|Attribute|Index|Assertion|Type|Name|ZeroDivision|UnboundLocal)Error", answer["error"]
        )
    else:
        assert {"value", "gradient", "formula_value"} <= set(answer)


@given(spoilt_lines().filter(str.strip))
@settings(max_examples=1000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_is_answered(line: str) -> None:
    answered(line)


@given(
    st.one_of(st.text(), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_what_is_no_request_is_answered(line: str) -> None:
    line = line.replace("\n", " ").replace("\r", " ")
    if line.strip():
        answered(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"slug": "l1", "inputs": {"input": [' + "1" * 10_000_000 + '], "target": 0}}',
        '{"slug": "' + "x" * 10_000_000 + '"}',
        " " * 10_000_000 + "{}",
        "[" * 10_000_000,
        '{"a":' * 2_000_000,
        '{"slug": "l1", "inputs": {"input": ' + "[" * 900 + "1" + "]" * 900 + ', "target": 0}}',
        '{"slug": "huber", "parameters": {"delta": ' + "[" * 100_000 + "1" + "]" * 100_000 + "}}",
        '{"slug": "' + "\\u0000" * 1_600_000 + '"}',
    ],
    ids=["digits", "slug", "blanks", "lists", "objects", "input", "parameter", "escapes"],
)
def test_ten_megabytes_are_answered_in_a_line(line: str) -> None:
    answered(line)


@NIGHTLY
def test_memory_does_not_grow_with_mistakes(tmp_path: Path) -> None:
    """Two thousand lines, asked one after the other of one process."""
    chance = random.Random(3)
    lines = [json.dumps(spoilt(chance.choice(ASKED), chance)) for _ in range(2000)]
    process = subprocess.Popen(
        [sys.executable, "-m", "lossary", "evaluate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=environment(CACHE, ROOT), cwd=tmp_path, text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout  # noqa: PT018
    pages = []
    for line in lines:
        process.stdin.write(line + "\n")
        process.stdin.flush()
        assert process.stdout.readline()
        pages.append(int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1]))
    process.communicate()
    # By the half, every loss and every message has been loaded.
    assert pages[-1] < 1.1 * pages[len(pages) // 2]
