"""Reads what people type, in a command, a fence or a directive: parameters as name=value, sizes as 640x400."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from lossary.errors import LossaryError

if TYPE_CHECKING:
    from lossary.declaration.loss import Loss
    from lossary.declaration.values import Value

Given = TypeVar("Given")  # a text as typed, or a value


def settings(loss: Loss, texts: Mapping[str, str], mark: str = "") -> dict[str, Value]:
    """Parameters of a loss from texts by name; several numbers stand between commas.

    Args:
        loss: what kind of value a parameter takes, its declaration says.
        texts: the values as typed.
        mark: what stands before a parameter where it is typed, for messages.

    Raises:
        LossaryError: for a text that is no value.
    """
    from lossary.declaration.parameter_kinds import Number  # loaded by then, as it is with any loss

    given: dict[str, Value] = {}
    for name, text in texts.items():
        parameter = loss.parameter(name)
        kind = parameter.kind if parameter else Number()
        try:
            given[name] = kind.read(text)
        except ValueError as error:
            raise LossaryError(f"{mark}{name}={text}: {error}") from None
    return given


def entries(texts: Iterable[str], mark: str = "") -> dict[str, str]:
    """Texts such as `delta=0.5,1` as values by name.

    Raises:
        LossaryError: for a text without a name or a value, and for a name that is given again.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if not name or not value:
            raise LossaryError(f"{mark}{text}: write it as NAME=VALUE or NAME=VALUE,VALUE")
        if name in found:
            raise LossaryError(f"{mark}{text}: {name} is given twice; {together(name, found[name], value)}")
        found[name] = value
    return found


def together(name: str, *texts: str) -> str:
    """How to give a parameter several values, for who gave it several times."""
    values = ",".join(dict.fromkeys(value for text in texts for value in text.split(",")))
    return f"several values stand together: {name}={values}"


def shared(losses: Sequence[Loss], given: Mapping[str, Given], mark: str = "") -> list[dict[str, Given]]:
    """What of `given` each loss takes: `delta` all that have it, `huber.delta` that one, which counts before the other.

    Raises:
        LossaryError: for a parameter that none of them has.
    """
    for name, value in given.items():
        owner, _, parameter = name.rpartition(".")
        if not any(owner == loss.slug or (not owner and loss.parameter(parameter)) for loss in losses):
            told = ", ".join(loss.slug for loss in losses)
            raise LossaryError(f"{mark}{name}={value}: none of {told} has this parameter")
    return [
        {name: value for name, value in given.items() if loss.parameter(name)}
        | {n.removeprefix(f"{loss.slug}."): value for n, value in given.items() if n.startswith(f"{loss.slug}.")}
        for loss in losses
    ]


def size(text: str, mark: str = "") -> tuple[int, int]:
    """Width and height in CSS pixels from a text such as 640x400.

    Raises:
        LossaryError: where it is no such text, or out of bounds.
    """
    width, _, height = text.lower().partition("x")
    from lossary.drawing.pictures import LARGEST, SMALLEST

    given = [int(part) if part.isdecimal() and len(part) < 9 else -1 for part in (width, height)]
    if not all(least <= v <= most for least, v, most in zip(SMALLEST, given, LARGEST, strict=True)):
        bounds = " to ".join("x".join(map(str, end)) for end in (SMALLEST, LARGEST))
        raise LossaryError(
            f"{mark}{text}: write it as WIDTHxHEIGHT in pixels, such as 640x400, from {bounds}, if what it shows fits"
        )
    return given[0], given[1]
