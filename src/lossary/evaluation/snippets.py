"""Runs the snippets of a text, and reads what they should print."""

from __future__ import annotations

import contextlib
import io
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lossary.evaluation.measured import once

if TYPE_CHECKING:
    from lossary.declaration.loss import Loss

# Runs before every snippet; pages show it once, so that a snippet can be pasted after it.
PREAMBLE = """\
import math
import torch
import torch.nn.functional as F
from torch import nn
"""

_FENCE = re.compile(r"^```(python|output)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """A Python fence and the output fence that follows it; `line` is the fence's line in the text."""

    code: str
    expected: str
    line: int


def snippets_of(text: str, silent: bool = False) -> list[Snippet]:
    """All snippets of a text, in order.

    Args:
        text: Markdown.
        silent: whether a Python fence without an output fence counts, as one that prints nothing.

    Raises:
        ValueError: where a Python fence has no output fence behind it, or an output fence no Python before it.
    """
    found: list[Snippet] = []
    waiting: tuple[str, int] | None = None
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        language, body = match.groups()
        if language == "python":
            if waiting:
                found.append(_silent(waiting, silent))
            waiting = body, line
        elif waiting:
            found.append(Snippet(waiting[0], body.rstrip("\n"), waiting[1]))
            waiting = None
        else:
            raise ValueError(f"line {line}: an output fence needs a python fence before it")
    if waiting:
        found.append(_silent(waiting, silent))
    return found


def _silent(waiting: tuple[str, int], allowed: bool) -> Snippet:
    """A Python fence without an output fence."""
    if not allowed:
        raise ValueError(f"line {waiting[1]}: a python fence must be followed by an output fence")
    return Snippet(waiting[0], "", waiting[1])


@once
def printed(loss: Loss) -> list[str | RuntimeError]:
    """What each snippet of a loss's prose printed, in order, or what it raised.

    Raises:
        ValueError: where the fences do not come in pairs.
    """
    outputs: list[str | RuntimeError] = []
    for snippet in snippets_of(loss.prose):
        try:
            outputs.append(execute(snippet.code, {})[0])
        except RuntimeError as error:
            outputs.append(error)
    return outputs


def execute(code: str, namespace: dict[str, Any] | None = None, preamble: str = PREAMBLE) -> tuple[str, dict[str, Any]]:
    """Run code after the preamble with a fixed seed; return what it printed and the names it left.

    Warnings come after the output, one line each, as `UserWarning: first line of the message`.

    Raises:
        RuntimeError: where the code raises; the text names the line and the error.
    """
    names: dict[str, Any] = {} if namespace is None else namespace
    if "torch" not in names:
        exec(preamble, names)
    exec("torch.manual_seed(0)", names)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(code, "<snippet>", "exec"), names)
        except Exception as error:
            lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == "<snippet>"]
            place = f"line {lines[-1]} of the snippet" if lines else "the snippet"
            raise RuntimeError(f"{place} raised {type(error).__name__}: {error}") from error
    told = dict.fromkeys(f"{w.category.__name__}: {str(w.message).splitlines()[0]}" for w in caught)
    return "\n".join([*printed.getvalue().rstrip("\n").splitlines(), *told]), names


def replace_outputs(text: str, outputs: Callable[[int], str]) -> str:
    """The text with the k-th output fence holding what was really printed."""
    count = -1

    def show(match: re.Match[str]) -> str:
        nonlocal count
        language, body = match.groups()
        if language == "python":
            return f"```python\n{body}```"
        count += 1
        return f"```{{ .text .ly-output }}\n{outputs(count)}\n```"

    return _FENCE.sub(show, text)
