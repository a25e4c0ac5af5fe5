"""Settings of a loss: what is given, checked and filled up with defaults. It calls nothing."""

from __future__ import annotations

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import Parameter
from lossary.declaration.values import Setting, Value
from lossary.errors import LossaryError, nearest


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
            raise LossaryError(
                f"{loss.slug} has no parameter {name!r}{nearest(name, settings)}; its parameters are: {names}"
            )
        settings[name] = _checked(loss, parameter, value)
    return settings


def _checked(loss: Loss, parameter: Parameter, value: Value) -> Value:
    wrong = f"{loss.slug}: parameter {parameter.name} must be {parameter.range_text()}, got {value!r}"
    if value is None:
        if parameter.default is None:
            return None
        raise LossaryError(wrong)
    try:
        return parameter.kind.checked(value, parameter.range)
    except ValueError:
        raise LossaryError(f"{wrong}{nearest(str(value), parameter.kind.options)}") from None
