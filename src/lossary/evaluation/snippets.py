"""Runs the snippets of a text, reads what they should print, and writes them so that a reader can paste each alone."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lossary.errors import RAISED, told
from lossary.evaluation.measured import once

if TYPE_CHECKING:
    from lossary.declaration.loss import Loss

# What every snippet may use; a page shows it with what it uses of it.
IMPORTS = {
    "math": "import math",
    "torch": "import torch",
    "F": "import torch.nn.functional as F",
    "nn": "from torch import nn",
}
PREAMBLE = "\n".join([*IMPORTS.values(), ""])
SEED = "torch.manual_seed(0)"

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


@dataclass(frozen=True)
class Run:
    """What came of a piece of code.

    Attributes:
        printed: what it printed, its warnings after it.
        names: the names it left.
        drew: whether it drew random numbers.
    """

    printed: str
    names: dict[str, Any]
    drew: bool


@once
def runs(loss: Loss) -> list[Run | RuntimeError]:
    """What came of each snippet of a loss's prose, in order, or what it raised.

    Raises:
        ValueError: where the fences do not come in pairs.
    """
    made: list[Run | RuntimeError] = []
    for snippet in snippets_of(loss.prose):
        try:
            made.append(execute(snippet.code, {}))
        except RuntimeError as error:
            made.append(error)
    return made


def standalone_code(code: str, drew: bool = False) -> str:
    """Code with the imports that it uses, and the seed where it draws: pasted alone, it prints what it printed here."""
    tree = ast.parse(code)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bound = {
        (name.asname or name.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    seeded = drew and SEED not in code
    head = [line for name, line in IMPORTS.items() if name in (used | ({"torch"} if seeded else set())) - bound]
    seed = [SEED] if seeded else []
    return "\n".join([*head, "", *seed, code]) if head else code


def execute(code: str, namespace: dict[str, Any] | None = None, preamble: str = PREAMBLE) -> Run:
    """Run code after the preamble with a fixed seed.

    Warnings come after the output, one line each, as `UserWarning: first line of the message`.

    Raises:
        RuntimeError: where the code raises; the text names the line and the error.
    """
    names: dict[str, Any] = {} if namespace is None else namespace
    if "torch" not in names:
        exec(preamble, names)
    exec(SEED, names)
    before = names["torch"].random.get_rng_state()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(code, "<snippet>", "exec"), names)
        except RAISED as error:
            lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == "<snippet>"]
            place = f"line {lines[-1]} of the snippet" if lines else "the snippet"
            raise RuntimeError(f"{place} raised {told(error)}") from error
    warned = dict.fromkeys(f"{w.category.__name__}: {str(w.message).splitlines()[0]}" for w in caught)
    drew = not bool((names["torch"].random.get_rng_state() == before).all())
    return Run("\n".join([*printed.getvalue().rstrip("\n").splitlines(), *warned]), names, drew)


def text_with_outputs(text: str, runs: Iterator[Run]) -> str:
    """The text with each snippet so that it can be pasted alone, and behind it what it really printed."""
    run: Run | None = None

    def show(match: re.Match[str]) -> str:
        nonlocal run
        language, body = match.groups()
        if language == "python":
            run = next(runs)
            return f"```python\n{standalone_code(body, run.drew)}```"
        assert run is not None
        return f"```{{ .text .ly-output }}\n{run.printed}\n```"

    return _FENCE.sub(show, text)
