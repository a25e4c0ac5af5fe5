"""Settings of a loss: what is given, checked and filled up with defaults. It calls nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter
from lossary.errors import LossaryError, nearest

LARGEST = float(np.finfo(float).max)


def check_parameters(loss: Loss, given: Mapping[str, Any]) -> dict[str, Any]:
    """The full set of parameters, defaults filled in.

    Raises:
        LossaryError: for an unknown name, a wrong type, or a value outside the range.
    """
    settings = loss.defaults()
    for name, value in given.items():
        parameter = loss.parameter(name)
        if parameter is None:
            names = ", ".join(f"{p.name} ({p.range_text()})" for p in loss.parameters) or "none"
            raise LossaryError(
                f"{loss.slug} has no parameter {name!r}{nearest(name, settings)}; its parameters are: {names}"
            )
        settings[name] = _checked(loss, parameter, value)
    return settings


def _checked(loss: Loss, parameter: Parameter, value: Any) -> Any:
    wrong = LossaryError(f"{loss.slug}: parameter {parameter.name} must be {parameter.range_text()}, got {value!r}")
    if value is None:
        if parameter.default is None:
            return None
        raise wrong
    if parameter.kind == "boolean":
        if not isinstance(value, bool):
            raise wrong
        return value
    if parameter.kind == "choice":
        if not isinstance(value, str) or value not in parameter.choices:
            raise LossaryError(f"{wrong}{nearest(str(value), parameter.choices)}")
        return value
    if parameter.kind == "integers":
        whole = isinstance(value, list | tuple) and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
        if not whole:
            raise wrong
        return list(value)
    if parameter.kind in ("per class", "per element"):
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError, OverflowError):
            raise wrong from None
        if parameter.kind == "per class" and array.ndim != 1:
            raise wrong
        if not all(np.isfinite(v) and parameter.range.holds(float(v)) for v in array.ravel()):
            raise wrong
        return array.tolist()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong
    if parameter.kind == "integer":
        if not abs(value) < 2**63 or int(value) != value or not parameter.range.holds(value):
            raise wrong
        return int(value)
    if not abs(value) <= LARGEST or not parameter.range.holds(value):
        raise wrong
    return float(value)
