"""Reads the prose of a loss file: a docstring with fixed headings, whose snippets are run. It knows no loss."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lossary.declaration.references import Library, Reference, Relation, citation, library

HEADINGS = ("When to use it", "When not to", "Pitfalls")
# What may follow.
RELATIONS, LIBRARIES, REFERENCES = FURTHER = ("Relations", "In other libraries", "References")

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


@dataclass(frozen=True)
class Pitfall:
    """One pitfall: a plain statement as its title, and Markdown with run snippets."""

    title: str
    markdown: str


@dataclass(frozen=True)
class Prose:
    """The parts of the docstring; the title is its first line, the summary the sentence below it."""

    title: str
    summary: str
    when: str
    when_not: str
    pitfalls: tuple[Pitfall, ...]


def head(text: str) -> tuple[str, str]:
    """The title and the summary that a docstring begins with.

    Raises:
        ValueError: where it does not begin with a line, an empty one, and one paragraph.
    """
    blocks = [block.strip() for block in re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)[0].split("\n\n")]
    blocks = [block for block in blocks if block]
    if len(blocks) != 2 or "\n" in blocks[0]:
        raise ValueError(
            "the docstring must begin with the title in one line, an empty line, and one sentence that says what the "
            f"loss is; '## {HEADINGS[0]}' comes after them"
        )
    return blocks[0], " ".join(blocks[1].split())


def parse(text: str) -> Prose:
    """Split a docstring at its headings.

    Raises:
        ValueError: where the title or the summary is missing, or a heading is missing, unknown or empty.
    """
    parts = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)
    title, summary = head(text)
    sections = dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))
    for name in sections:
        if name not in (*HEADINGS, *FURTHER):
            raise ValueError(f"unknown heading '## {name}'; the headings are {', '.join((*HEADINGS, *FURTHER))}")
    for name in HEADINGS:
        if not sections.get(name):
            raise ValueError(f"the section '## {name}' is missing or empty")
    pieces = re.split(r"^### +(.+?) *$", sections["Pitfalls"], flags=re.MULTILINE)
    pitfalls = tuple(Pitfall(t, b.strip()) for t, b in zip(pieces[1::2], pieces[2::2], strict=True))
    if pieces[0].strip() or not pitfalls:
        raise ValueError("each pitfall needs a title: '### What goes wrong'")
    return Prose(title, summary, sections["When to use it"], sections["When not to"], pitfalls)


def relations(text: str) -> tuple[Relation, ...]:
    """The relations of a docstring: a sentence each, which links the other loss, and below it, indented, the identity.

    An identity may go on in further lines; `# within 1e-4` behind it says how nearly it holds.

    Raises:
        ValueError: where a sentence has no identity, or an identity no sentence; where either is not what it should be.
    """
    blocks = [block for block in re.split(r"\n\s*\n", _section(text, RELATIONS)) if block.strip()]
    made = []
    for sentence, identity in itertools.zip_longest(blocks[::2], blocks[1::2], fillvalue=""):
        if sentence.startswith("    ") or not identity.startswith("    "):
            raise ValueError(
                f"'## {RELATIONS}' holds a sentence and then an indented identity, not {sentence.strip()!r}"
            )
        code, _, tolerance = (" ".join(part.split()) for part in identity.partition("# within"))
        within = {"tolerance": float(tolerance)} if tolerance else {}
        made.append(Relation(" ".join(sentence.split()), code, **within))
    return tuple(made)


def libraries(text: str) -> tuple[Library, ...]:
    """The same loss in other libraries, from a docstring's list of them.

    Raises:
        ValueError: where an entry is not what `lossary.declaration.references.library` reads.
    """
    return tuple(map(library, _entries(text, LIBRARIES)))


def references(text: str) -> tuple[Reference, ...]:
    """The sources, from a docstring's list of citations.

    Raises:
        ValueError: where an entry is no citation.
    """
    return tuple(map(citation, _entries(text, REFERENCES)))


def _section(text: str, heading: str) -> str:
    """What stands below a heading, without empty lines around it; nothing where there is no such heading."""
    found = re.search(rf"^## +{heading} *$\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    return found[1].strip("\n") if found else ""


def _entries(text: str, heading: str) -> list[str]:
    """The entries of the list below a heading, each in one line."""
    before, *entries = re.split(r"^- ", _section(text, heading), flags=re.MULTILINE)
    if before.strip():
        raise ValueError(f"'## {heading}' holds a list, whose entries begin with '- ', not {before.strip()[:60]!r}")
    return [" ".join(entry.split()) for entry in entries]


def answer(parts: Prose, parameters: Sequence[str], place: str) -> dict[str, str]:
    """What a place on the page is: {"parameter": its name}, or {"pitfall": its title}.

    Args:
        parts: the prose.
        parameters: the names of the loss's parameters.
        place: one of these names, or the words that one pitfall's title begins with.

    Raises:
        ValueError: where it is neither, or more than one title begins so.
    """
    if place in parameters:
        return {"parameter": place}
    titles = [pitfall.title for pitfall in parts.pitfalls if pitfall.title.startswith(place)]
    if len(titles) != 1:
        known = ", ".join([*parameters, *(repr(pitfall.title) for pitfall in parts.pitfalls)])
        fault = "more than one title begins so" if titles else "there is no such parameter or pitfall"
        raise ValueError(f"the place {place!r}: {fault}; there are {known}")
    return {"pitfall": titles[0]}


def snippets(text: str) -> list[Snippet]:
    """All snippets of a text, in order.

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
                raise ValueError(f"line {waiting[1]}: a python fence must be followed by an output fence")
            waiting = body, line
        elif waiting:
            found.append(Snippet(waiting[0], body.rstrip("\n"), waiting[1]))
            waiting = None
        else:
            raise ValueError(f"line {line}: an output fence needs a python fence before it")
    if waiting:
        raise ValueError(f"line {waiting[1]}: a python fence must be followed by an output fence")
    return found


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
