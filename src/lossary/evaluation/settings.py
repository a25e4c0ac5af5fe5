"""What a call of a loss is given: its names checked, parameters filled up with defaults. It calls nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import LEFT_OUT, Parameter
from lossary.declaration.values import Setting, Value
from lossary.errors import LossaryError, nearest, shown


def check_parameters(loss: Loss, given: Setting) -> dict[str, Value]:
    """The full set of parameters, defaults filled in.

    Raises:
        LossaryError: for an unknown name, a wrong type, or a value outside the range.
    """
    settings = loss.defaults()
    for name, value in given.items():
        parameter = loss.parameter(name)
        if parameter is None:
            names = ", ".join(f"{p.name} ({p.range_text()})" for p in loss.parameters) or "none"
            if name in _BESIDE:
                raise LossaryError(
                    f"{loss.slug}: {name} is no parameter but stands beside them: in Python {name}={shown(value)}, in "
                    f'JSON the field "{name}"; the parameters are: {names}'
                )
            if reason := {**(LEFT_OUT if loss.torch else {}), **loss.omitted}.get(name):
                raise LossaryError(f"{loss.slug} takes no {name}: {reason}")
            raise LossaryError(
                f"{loss.slug} has no parameter {shown(name)}{nearest(str(name), settings)}; its parameters are: {names}"
            )
        settings[name] = _checked(loss, parameter, value)
    return settings


# What a call is given beside its parameters.
_BESIDE = ("reduction", "dtype", "formula")


def without_none(loss: Loss, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that are given: torch's None for one that may be left out leaves it out."""
    optional = {i.name for i in loss.inputs if i.optional}
    return {name: value for name, value in given.items() if value is not None or name not in optional}


def check_inputs(loss: Loss, given: Mapping[str, object]) -> None:
    """Every input of the loss is there, but for those that may be left out, and no other.

    Raises:
        LossaryError: for a missing or unknown input.
    """
    names = [i.name for i in loss.inputs]
    for name in given:
        if name not in names:
            raise LossaryError(
                f"{loss.slug} has no input {shown(name)}{nearest(str(name), names)}; its inputs are: {', '.join(names)}"
            )
    for i in loss.inputs:
        if i.name not in given and not i.optional:
            raise LossaryError(f"{loss.slug}: the input {i.name!r} is missing; its inputs are: {', '.join(names)}")


def check_reduction(loss: Loss, reduction: str | None) -> str:
    """The name of a reduction, the loss's default for None.

    Raises:
        LossaryError: where the loss has no such reduction.
    """
    chosen = loss.default_reduction if reduction is None else reduction
    known = [r.name for r in loss.reductions]
    if chosen not in known:
        raise LossaryError(
            f"{loss.slug} has no reduction {shown(chosen)}{nearest(str(chosen), known)}; it has: {', '.join(known)}"
        )
    return chosen


def _checked(loss: Loss, parameter: Parameter, value: Value) -> Value:
    wrong = f"{loss.slug}: parameter {parameter.name} must be {parameter.range_text()}, got {shown(value)}"
    if parameter.kind.plain and hasattr(value, "tolist"):
        raise LossaryError(
            f"{wrong}: give a plain number, such as float({parameter.name}), or {parameter.name}.item() of a tensor"
        )
    if parameter.kind.plain and isinstance(value, float) and not math.isfinite(value):
        wrong = f"{loss.slug}: parameter {parameter.name} must be finite, {parameter.range_text()}, got {value!r}"
    if parameter.kind.integer and isinstance(value, int | float) and 2**63 <= abs(value) < math.inf:
        wrong += ", which has more than 64 bits"
    if isinstance(value, np.generic):
        value = value.item()
    if hasattr(value, "tolist") and not parameter.kind.plain:
        value = value.tolist()
    if value is None:
        if parameter.default is None:
            return None
        raise LossaryError(wrong)
    try:
        return parameter.kind.checked(value, parameter.range)
    except ValueError:
        raise LossaryError(f"{wrong}{nearest(str(value), parameter.kind.options)}") from None
