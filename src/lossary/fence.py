"""The fence ```lossary of `pymdownx.superfences`: figures drawn while a page is built, set into it as SVG.

It works in MkDocs, ProperDocs and Zensical, and knows of them only where they leave the page's file. A line of the
fence is a figure, such as `huber delta=0.5,1 view=gradient`; what cannot be drawn is told in its place, and as a
warning, which a strict build does not survive.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lossary.errors import LossaryError

# MkDocs, and ProperDocs too, count the warnings below this name.
logger = logging.getLogger("mkdocs.lossary")


def draw(source: str, language: str, css_class: str, options: Any, md: Any, **header: Any) -> str:
    """The HTML of a fence, in the form that superfences calls.

    Args:
        source: the text of the fence; each line that is not blank is a figure.
        language: the fence's name.
        css_class: the class of each figure.
        options: unused; what a figure shows stands in its line.
        md: the Markdown instance that converts the page.
        header: id and classes from the fence's first line.
    """
    page = _page(md)
    lines = [(k, line.strip()) for k, line in enumerate(source.split("\n")) if line.strip()] or [(0, "")]
    classes = " ".join([css_class, *header.get("classes", [])])
    opening = f'<figure class="{escape(classes)}"'
    made: list[str] = []
    for k, line in lines:
        own = f' id="{escape(header["id_value"])}"' if header.get("id_value") and not made else ""
        try:
            made.append(f"{opening}{own}>{_figure(line, md, len(made), page.folder)}</figure>")
        except Exception as error:  # superfences would swallow any and show the fence as code
            told = str(error) if isinstance(error, LossaryError) else f"{type(error).__name__}: {error}"
            place = _place(page, language, source, k, md)
            _tell(f"{place}{line or 'an empty fence'}: {told}", page.strict)
            made.append(
                f'<div class="admonition failure lossary-error"{own}><p class="admonition-title">'
                f"No figure: {escape(line)}</p><p>{escape(told)}</p></div>"
            )
    return "\n".join(made)


def _figure(line: str, md: Any, number: int, folder: Path | None) -> str:
    from lossary.drawing.inline_svg import inline
    from lossary.embedding.figure_request import make, read

    asked = read(line)
    made = make(asked, folder)
    # The same figure may stand on a page twice; how many blocks came before tells them apart, at every build alike.
    name = f"lossary-{made.key[:8]}-{md.htmlStash.html_counter}-{number}"
    caption = f"<figcaption>{escape(asked.caption)}</figcaption>" if asked.caption else ""
    style, shown = inline(made.svg[made.theme], name, made.alt, made.theme)
    # Some searches would find the words of a style sheet that stands in the page; they do not follow a link.
    return f'<link rel="stylesheet" href="data:text/css,{quote(style)}">{shown}{caption}'


def _tell(message: str, strict: bool) -> None:
    logger.warning("%s", message)
    if strict:
        from pymdownx.superfences import SuperFencesException

        raise SuperFencesException(message)


@dataclass(frozen=True)
class _Page:
    """What a site generator tells of the page: its file, the folder of the configuration, and a strictness of its own.

    MkDocs counts warnings itself; Zensical counts none of Python's, so that only an exception stops it.
    """

    file: Path | None = None
    shown: str = ""
    folder: Path | None = None
    strict: bool = False


def _page(md: Any) -> _Page:
    for processor in md.treeprocessors:
        file, config = getattr(processor, "file", None), getattr(processor, "config", None)
        if file is not None and config is not None:  # MkDocs and ProperDocs, in what makes links relative
            path = Path(file.abs_src_path) if file.abs_src_path else None
            return _Page(path, _shown(path, file.src_uri), Path(config.config_file_path or ".").parent)
    for processor in md.preprocessors:
        page, config = getattr(processor, "page", None), getattr(processor, "config", None)
        if page is not None and config is not None:  # Zensical, in the context that it leaves for extensions
            root = Path(config["root_dir"])
            path = root / config["docs_dir"] / page.path
            # Zensical tells only its own part that it was called with --strict.
            strict = bool(config["strict"]) or not {"--strict", "-s"}.isdisjoint(sys.argv[1:])
            return _Page(path, _shown(path, page.path), root, strict)
    return _Page()


def _shown(path: Path | None, name: str) -> str:
    """A file as its author knows it: from the current folder, or by its name among the pages."""
    if path is not None and path.is_relative_to(Path.cwd()):
        return os.path.relpath(path)
    return name


_FENCE = re.compile(r"[>\s]*(?:`{3,}|~{3,})[\s{.]*(?P<language>[\w-]+)")


def _place(page: _Page, language: str, source: str, number: int, md: Any) -> str:
    """File and line of a line of a fence, as far as they are known, with a colon behind each."""
    if not page.shown:
        return ""
    lines = [_bare(line) for line in getattr(md, "lines", [])]
    body = [_bare(line) for line in source.split("\n")]
    stack = getattr(md.preprocessors["fenced_code_block"], "stack", [])
    start = stack[-1][2] if stack else 0
    for k in range(start, len(lines)):
        found = _FENCE.match(lines[k])
        if found and found["language"] == language and lines[k + 1 : k + 1 + len(body)] == body:
            line = _line(page.file, lines, min(k + 1 + number, len(lines) - 1))
            return f"{page.shown}:{line}: " if line else f"{page.shown}: "
    return f"{page.shown}: "


def _bare(line: str) -> str:
    """A line without the indentation and the quote marks of what it stands in."""
    return line.strip(" \t>")


def _line(file: Path | None, lines: Sequence[str], index: int) -> int | None:
    """Where a line of the page stands in its file, which may begin with more, such as front matter.

    A line that stands in the page several times is found by its number among them.
    """
    if file is None or not file.is_file():
        return None
    before = lines[:index].count(lines[index])
    same = [k for k, line in enumerate(file.read_text("utf-8").split("\n"), 1) if _bare(line) == lines[index]]
    return same[before] if before < len(same) else None
