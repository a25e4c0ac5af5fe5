"""Runs a Markdown article whose code, numbers and figures are made by running it.

The cells of an article share one namespace, as in a notebook:

- a ```python fence and the ```output fence behind it: what the code prints must be what the output says;
- `{{ expression }}` or `{{ expression:.4f }}` in the prose: its value, given what has run above it;
- a ```figure name fence: code that assigns a chart to `chart` and, if it likes, Markdown to `caption`. It sees the
  article's names, and Chart, Surface, Trace and np besides; what it assigns is its own.

Other fences and everything else pass through as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lossary.drawing.pictures import Chart, Picture, Surface, Trace
from lossary.errors import CatalogError, Failure
from lossary.evaluation.snippets import execute

KEYS = ("title", "description")

_FENCE = re.compile(r"(`{3,})(?!`) *(.*?) *")
_FIGURE_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NUMBER = re.compile(r"\{\{(?: *(.*?) *\}\})?")


@dataclass(frozen=True)
class Article:
    """An article that has run.

    Attributes:
        name: the stem of its file.
        title, description: from its front matter.
        markdown: the page, with front matter; its images lie at `figures/<name>/<figure>.svg`.
        charts: the figures to draw, by name.
    """

    name: str
    title: str
    description: str
    markdown: str
    charts: dict[str, Picture]


@dataclass(frozen=True)
class _Block:
    """A piece of the text; `line` is its first line in the file. A fence's text is its body."""

    fence: str  # "text", "python", "output", "figure" or "verbatim"
    text: str
    line: int
    name: str = ""


class _Fault(Exception):
    """Something wrong with the article."""

    def __init__(self, line: int, stage: str, message: str) -> None:
        super().__init__(message)
        self.line, self.stage, self.message = line, stage, message


def run(path: Path, shown: str) -> Article:
    """Run an article from top to bottom.

    Args:
        path: its file.
        shown: how messages name the file.

    Raises:
        CatalogError: with everything that is wrong with the article at once. Where a fence is not closed or the front
            matter is amiss, nothing has run.
    """
    try:
        front, blocks = _parse(path.read_text("utf-8"))
    except _Fault as fault:
        raise CatalogError([_failure(shown, fault)]) from None
    session = _Session(path.stem)
    body = "".join(session.pieces(blocks))
    if session.faults:
        raise CatalogError(_failure(shown, fault) for fault in sorted(session.faults, key=lambda fault: fault.line))
    head = "".join(f"{key}: {json.dumps(front[key], ensure_ascii=False)}\n" for key in KEYS)
    return Article(path.stem, front["title"], front["description"], f"---\n{head}---\n{body}", session.charts)


def _failure(shown: str, fault: _Fault) -> Failure:
    return Failure(shown, fault.stage, f"line {fault.line}: {fault.message}")


def _parse(text: str) -> tuple[dict[str, str], list[_Block]]:
    lines = text.splitlines(keepends=True)
    front, start = _front_matter(lines)
    return front, list(_blocks(lines, start))


def _front_matter(lines: list[str]) -> tuple[dict[str, str], int]:
    """The front matter, and the index of the line behind it."""
    bars = [k for k, line in enumerate(lines) if line.rstrip() == "---"]
    if len(bars) < 2 or bars[0] != 0:
        raise _Fault(1, "front matter", f"an article begins with the lines {', '.join(KEYS)} between two lines of ---")
    front: dict[str, str] = {}
    for number, line in enumerate(lines[1 : bars[1]], 2):
        key, _, value = (part.strip() for part in line.partition(":"))
        if key not in KEYS or not value:
            expected = " or ".join(f"'{known}: …'" for known in KEYS)
            raise _Fault(number, "front matter", f"expected {expected}, got {line.strip()!r}")
        front[key] = value
    missing = [key for key in KEYS if key not in front]
    if missing:
        raise _Fault(1, "front matter", f"the {' and the '.join(missing)} is missing")
    return front, bars[1] + 1


def _blocks(lines: list[str], start: int) -> Iterator[_Block]:
    """Cut the lines from index `start` on into prose and fences."""
    begin = k = start
    while k < len(lines):
        opening = _FENCE.fullmatch(lines[k].rstrip("\n"))
        if opening is None:
            k += 1
            continue
        if begin < k:
            yield _Block("text", "".join(lines[begin:k]), begin + 1)
        end = _closing(lines, k, *opening.groups())
        yield _fence(lines[k : end + 1], k + 1, opening[2])
        begin = k = end + 1
    if begin < len(lines):
        yield _Block("text", "".join(lines[begin:]), begin + 1)


def _closing(lines: list[str], start: int, marks: str, info: str) -> int:
    """The index of the line that closes the fence opened at index `start`."""
    word = f"{info.split()[0]} fence" if info else "fence"
    for k in range(start + 1, len(lines)):
        fence = _FENCE.fullmatch(lines[k].rstrip("\n"))
        if fence is None or len(fence[1]) < len(marks):
            continue
        if not fence[2]:
            return k
        raise _Fault(start + 1, "fence", f"the {word} is not closed before the next one opens at line {k + 1}")
    raise _Fault(start + 1, "fence", f"the {word} is not closed: a line {marks} is missing")


def _fence(lines: list[str], line: int, info: str) -> _Block:
    word, _, name = info.partition(" ")
    body = "".join(lines[1:-1])
    if word in ("python", "output") and name:
        raise _Fault(line, "fence", f"expected a fence ```{word} with nothing behind the word, got {info!r}")
    if word == "figure" and not _FIGURE_NAME.fullmatch(name):
        raise _Fault(line, "fence", f"expected ```figure and a name of letters, digits and hyphens, got {info!r}")
    if word in ("python", "output", "figure"):
        return _Block(word, body, line, name)
    return _Block("verbatim", "".join(lines), line)


class _Session:
    """The namespace of an article, what has gone wrong in it, and its figures."""

    def __init__(self, article: str) -> None:
        self.article = article
        self.namespace: dict[str, Any] = {}
        execute("", self.namespace)
        self.charts: dict[str, Picture] = {}
        self.faults: list[_Fault] = []
        self.broken = False

    def pieces(self, blocks: list[_Block]) -> Iterator[str]:
        """The Markdown of each block; faults are collected, and their block gives none."""
        waiting: _Block | None = None
        printed: str | None = None
        for block in blocks:
            if waiting and block.fence not in ("text", "output"):
                self._unanswered(waiting)
                waiting = None
            if block.fence == "text":
                yield self._prose(block)
            elif block.fence == "verbatim":
                yield block.text
            elif block.fence == "python":
                waiting, printed = block, self._run(block, "snippet", self.namespace)
                yield f"```python\n{block.text}```\n"
            elif block.fence == "output":
                yield self._output(block, waiting, printed)
                waiting = None
            else:
                yield self._figure(block)
        if waiting:
            self._unanswered(waiting)

    def _fail(self, line: int, stage: str, message: str) -> None:
        self.faults.append(_Fault(line, stage, message))

    def _unanswered(self, snippet: _Block) -> None:
        self._fail(snippet.line, "snippet", "a python fence must be followed by an output fence")

    def _follows(self, error: BaseException | None) -> bool:
        """Whether an error only says that a name is missing, after code above that might have made it has failed."""
        return self.broken and isinstance(error, NameError)

    def _run(self, block: _Block, stage: str, namespace: dict[str, Any]) -> str | None:
        """What a block's code printed; None where it failed."""
        try:
            return execute(block.text, namespace).printed
        except RuntimeError as error:
            if not self._follows(error.__cause__):
                self._fail(block.line, stage, str(error))
            self.broken = self.broken or namespace is self.namespace
            return None

    def _output(self, block: _Block, snippet: _Block | None, printed: str | None) -> str:
        if snippet is None:
            self._fail(block.line, "snippet", "an output fence needs a python fence before it")
            return ""
        if printed is None:
            return ""
        expected = block.text.rstrip("\n")
        if printed != expected:
            self._fail(snippet.line, "snippet", f"expected {expected!r} (line {block.line}), got {printed!r}")
        return f"```{{ .text .ly-output }}\n{printed}\n```\n"

    def _prose(self, block: _Block) -> str:
        lines = block.text.splitlines(keepends=True)
        return "".join(self._numbers(text, line) for line, text in enumerate(lines, block.line))

    def _numbers(self, text: str, line: int) -> str:
        return _NUMBER.sub(lambda match: self._number(match[1], line), text)

    def _number(self, expression: str | None, line: int) -> str:
        if expression is None:
            self._fail(line, "number", "'{{' without '}}' on the same line")
            return ""
        try:
            # An f-string, so that a format stands behind a colon and is told from colons of the expression.
            return str(eval(f'f"""{{{expression}}}"""', self.namespace))
        except Exception as error:  # an expression may raise anything at all
            if not self._follows(error):
                self._fail(line, "number", f"{{{{ {expression} }}}} raised {type(error).__name__}: {error}")
            return ""

    def _figure(self, block: _Block) -> str:
        if block.name in self.charts:
            self._fail(block.line, "figure", f"there is a figure named {block.name!r} above; choose another name")
        names = self.namespace | {"Chart": Chart, "Surface": Surface, "Trace": Trace, "np": np}
        for own in ("chart", "caption"):
            names.pop(own, None)
        printed = self._run(block, "figure", names)
        if printed is None:
            return ""
        chart = names.get("chart")
        if not isinstance(chart, Chart | Surface):
            found = type(chart).__name__ if "chart" in names else "no such name"
            self._fail(block.line, "figure", f"the code must assign a Chart or a Surface to 'chart', found {found}")
            return ""
        if printed:
            self._fail(block.line, "figure", f"expected code that prints nothing and warns of nothing, got {printed!r}")
        self.charts[block.name] = chart
        return _figure(f"figures/{self.article}/{block.name}.svg", chart, str(names.get("caption", "")))


def _figure(source: str, chart: Picture, caption: str) -> str:
    """A figure as the page templates write it."""
    words = f"{chart.title}. {chart.description}".replace("[", "\\[").replace("]", "\\]").replace("\n", " ")
    width, height = chart.size
    told = f'<figcaption markdown="span">{caption}</figcaption>\n' if caption else ""
    return (
        '<figure class="ly-figure ly-figure--wide" markdown>\n'
        f'![{words}]({source}){{ width="{width}" height="{height}" loading="lazy" }}\n'
        f"{told}</figure>\n"
    )
