"""What is not a number stays none: in the formula wherever torch says so, and a page tells where torch loses it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import lossary
from cases import every_loss
from lossary.declaration.loss import Loss
from lossary.errors import LossaryError

NAN = math.nan


def spoilt(loss: Loss) -> Iterator[tuple[str, dict[str, Any]]]:
    """The loss's example with NaN at one place of each input that holds real numbers."""
    inputs = {name: np.asarray(v).tolist() if not isinstance(v, list) else v for name, v in loss.example.items()}
    for entry in loss.inputs:
        if entry.name in inputs and not entry.kinds[0].integer:
            yield entry.name, {**inputs, entry.name: _first_spoilt(inputs[entry.name])}


def _first_spoilt(value: Any) -> Any:
    return [_first_spoilt(value[0]), *value[1:]] if isinstance(value, list) else NAN


@every_loss
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_nan_goes_in_and_comes_out(loss: Loss) -> None:
    names = [r.name for r in loss.reductions]
    for name, inputs in spoilt(loss):
        try:
            found = lossary.get(loss.slug).evaluate(inputs, reduction="none" if "none" in names else None)
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
