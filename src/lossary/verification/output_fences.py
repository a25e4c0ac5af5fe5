"""Writes what the snippets of a file's docstring print into the docstring, and changes nothing else of the file."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from lossary.evaluation.snippets import execute, snippets_of

_DOCSTRING = re.compile(r'([rRuU]?)("""|\'\'\')(.*)\2', re.DOTALL)
_FENCE = re.compile(r"^```(python|output)(\r?\n)(.*?)^```(?=\r?$)", re.MULTILINE | re.DOTALL)


def write(path: Path) -> bool:
    """Run the snippets of a file and write what they print into its output fences; whether the file has changed.

    A Python fence without an output fence gets one. What is right already stays as it is, to the byte; so does the
    output of a snippet that raises.

    Raises:
        ValueError: where the docstring is none that can be written to; the file is as it was then.
    """
    before = path.read_bytes()
    after = renewed_file(before)
    if after == before:
        return False
    path.write_bytes(after)
    return True


def renewed_file(data: bytes) -> bytes:
    """A file with its outputs renewed; see `write`.

    Raises:
        ValueError: as for `write`.
    """
    tree = ast.parse(data)
    text = ast.get_docstring(tree)
    if text is None or not _FENCE.search(text):
        return data
    node = tree.body[0]
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start, end = _place(data, node.lineno, node.col_offset), _place(data, node.end_lineno, node.end_col_offset)
    literal = _DOCSTRING.fullmatch(data[start:end].decode("utf-8"))
    if literal is None:
        raise ValueError("the docstring must be one text between triple quotes")
    prefix, quotes, body = literal.groups()
    shown, printed = _with_outputs(body, prefix, quotes)
    made = data[:start] + f"{prefix}{quotes}{shown}{quotes}".encode() + data[end:]
    _hold(made, data, printed)
    return made


def _with_outputs(body: str, prefix: str, quotes: str) -> tuple[str, list[str | None]]:
    """The source of a docstring with its outputs renewed, and what each snippet printed; None for one that raises."""
    fences = list(_FENCE.finditer(body))
    printed: list[str | None] = []
    parts, done = [], 0
    for k, fence in enumerate(fences):
        if fence[1] != "python":
            if k == 0 or fences[k - 1][1] != "python":
                raise ValueError(f"an output fence needs a python fence before it: {fence[3].strip()[:60]!r}")
            continue
        try:
            output: str | None = execute(_value(fence[3], prefix, quotes), {}).printed
        except RuntimeError:  # the check of the snippets says what is wrong
            output = None
        printed.append(output)
        if output is None:
            continue
        newline = fence[2]
        lines = "".join(f"{line}{newline}" for line in _source(output, prefix, quotes).split("\n") if output)
        follows = fences[k + 1] if k + 1 < len(fences) and fences[k + 1][1] == "output" else None
        if follows is None:
            parts += [body[done : fence.end()], f"{newline}{newline}```output{newline}{lines}```"]
            done = fence.end()
        elif _value(follows[3], prefix, quotes).rstrip("\n") != output:
            parts += [body[done : follows.start(3)], lines]
            done = follows.end(3)
    return "".join([*parts, body[done:]]), printed


def _value(source: str, prefix: str, quotes: str) -> str:
    """What a part of the docstring's source stands for."""
    value = ast.literal_eval(f"{prefix}{quotes}\n{source}\n{quotes}")
    assert isinstance(value, str)
    return value[1:-1]


def _source(text: str, prefix: str, quotes: str) -> str:
    """How a text is written in the docstring."""
    if prefix in ("r", "R"):
        if quotes in text:
            raise ValueError(f"a raw docstring cannot hold the output {text[:60]!r}: print no {quotes}, or drop the r")
        return text
    return text.replace("\\", "\\\\").replace(quotes, "".join(f"\\{quote}" for quote in quotes))


def _place(data: bytes, line: int, column: int) -> int:
    """The byte at which a line's column stands."""
    return sum(map(len, data.splitlines(keepends=True)[: line - 1])) + column


def _hold(made: bytes, data: bytes, printed: list[str | None]) -> None:
    """What was made says what the snippets printed, and for the rest what the file said.

    Raises:
        ValueError: where it does not, as of a snippet that prints what ends a fence.
    """
    old, new = ast.parse(data), ast.parse(made)
    found = snippets_of(inspect.cleandoc(ast.get_docstring(new, clean=False) or ""), silent=True)
    for snippet, output in zip(found, printed, strict=False):
        if output is not None and snippet.expected != output:
            raise ValueError(f"line {snippet.line} of the docstring: no output fence can hold {output[:60]!r}")
    if len(found) != len(printed) or [*map(ast.dump, old.body[1:])] != [*map(ast.dump, new.body[1:])]:
        raise ValueError("its fences do not begin where lines begin, or a snippet prints what ends a fence")
