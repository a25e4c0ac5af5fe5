"""What is not a number stays none: in the formula wherever torch says so, and a page tells where torch loses it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import lossary
from cases import LOSSES, every_loss
from lossary.declaration.formula import Symbolic
from lossary.declaration.loss import Loss
from lossary.errors import LossaryError
from lossary.evaluation import points
from lossary.evaluation.torch_calls import answer

NAN = math.nan
Place = Callable[[list[Any]], slice]
PLACES: dict[str, Place] = {
    "first": lambda values: slice(0, 1),
    "last": lambda values: slice(len(values) - 1, None),
    "all": lambda values: slice(None),
}


def spoilt(loss: Loss) -> Iterator[tuple[str, dict[str, Any]]]:
    """The loss's example with NaN at one place of each input that holds real numbers, or at all."""
    inputs = {name: np.asarray(v).tolist() if not isinstance(v, list) else v for name, v in loss.example.items()}
    for entry in loss.inputs:
        if entry.name in inputs and not entry.kinds[0].integer:
            for place in PLACES.values():
                yield entry.name, {**inputs, entry.name: _spoilt(inputs[entry.name], place)}


def _spoilt(value: Any, place: Place) -> Any:
    if not isinstance(value, list):
        return NAN
    made = value.copy()
    made[place(value)] = [_spoilt(part, place) for part in value[place(value)]]
    return made


@every_loss
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_nan_goes_in_and_comes_out(loss: Loss) -> None:
    names = [r.name for r in loss.reductions]
    reduction = "none" if "none" in names else None
    for (name, inputs), setting in itertools.product(spoilt(loss), points.settings(loss)):
        try:
            found = lossary.get(loss.slug).evaluate(inputs, dict(setting), reduction=reduction)
        except LossaryError as error:
            if "should be between 0 and 1" not in str(error):
                raise
            continue  # torch refuses it
        if found.formula_value is None:
            continue
        torchs, formulas = (np.isnan(np.asarray(v, float)) for v in (found.value, found.formula_value))
        assert not (torchs & ~formulas).any(), f"{name}: torch says NaN, and the formula {found.formula_value}"
        if (formulas & ~torchs).any():
            assert "NaN" in loss.prose, f"{name}: torch makes {found.value} of NaN, and the page does not say so"
            assert loss.function is None, f"{name}: a function of ours makes {found.value} of NaN"


@every_loss
def test_a_page_says_where_torch_makes_nan_of_numbers(loss: Loss) -> None:
    """In a value or in a gradient, at inputs that the loss may take."""
    ends = ((s, points.ends(loss, s)) for s in points.settings(loss)) if isinstance(loss.computed, Symbolic) else ()
    for setting, batch in itertools.chain(points.calls(loss), ends):
        found = answer(loss, batch, setting)
        for name, numbers in {"the value": found.value, **found.gradient}.items():
            if np.isnan(numbers).any():
                assert "NaN" in loss.prose, f"{name} is NaN at {dict(setting)}, and the page does not say so"


def test_torch_makes_nan_of_numbers_somewhere() -> None:
    """So that the law above is one."""
    loss = LOSSES["kl_div"]
    found = [answer(loss, batch, setting).gradient["target"] for setting, batch in points.calls(loss)]
    assert any(np.isnan(numbers).any() for numbers in found)
