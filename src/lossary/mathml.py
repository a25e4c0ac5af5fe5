"""Python-Markdown extension that turns arithmatex's formulas into MathML; it knows nothing of losses or sites.

It runs after `pymdownx.arithmatex` in generic mode, which leaves each formula as the text of an element
of class "arithmatex", between \\(…\\) or \\[…\\].
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, fromstring, tostring

from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from math_core import LatexError, LatexToMathML

if TYPE_CHECKING:
    from markdown import Markdown

CONVERTER = LatexToMathML(fancy_error=False)
# Entities of HTML that XML does not know, such as &ApplyFunction;.
HTML_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot);)\w+;")
BRACKETS = ("(", "[", ")", "]")
TALL = ("mfrac", "mtable", "munder", "mover", "munderover", "msqrt", "mroot")


class MathError(ValueError):
    """LaTeX that does not parse; the message names the formula and, where known, the page."""


def to_mathml(latex: str, *, display: bool) -> str:
    """The MathML of one formula, with its LaTeX as alternative text."""
    try:
        mathml = CONVERTER.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        raise MathError(f"LaTeX does not parse: {latex!r}: {error}") from error
    root = fromstring(HTML_ENTITY.sub(lambda entity: unescape(entity[0]), mathml))
    root.set("alttext", latex)
    settle_brackets(root)
    return tostring(root, encoding="unicode")


def settle_brackets(root: Element) -> None:
    """Keep the plain bracket around low content: Chromium gives one that may grow the width of the largest."""
    for row in root.iter("mrow"):
        ends = [child for child in (row[0], row[-1]) if child.text in BRACKETS] if len(row) else []
        if ends and not any(row.find(f".//{tag}") is not None for tag in TALL):
            for end in ends:
                end.set("stretchy", "false")


class MathMLTreeprocessor(Treeprocessor):  # type: ignore[misc]
    """Replaces the content of each formula that arithmatex marked."""

    def run(self, root: Element) -> None:
        """Convert every marked formula below an element."""
        for element in root.iter():
            if element.get("class") != "arithmatex" or not element.text:
                continue
            marked = unescape(element.text).strip()  # arithmatex escapes &, < and >
            try:
                mathml = to_mathml(marked[2:-2].strip(), display=marked.startswith("\\["))
            except MathError as error:
                raise MathError(f"{self.page()}{error}") from error
            element.text = self.md.htmlStash.store(mathml)
            # The theme's search would index the letters of a formula one by one.
            element.set("data-search-exclude", "true")

    def page(self) -> str:
        """The page being converted, which MkDocs leaves in its own link processor; else nothing."""
        for processor in self.md.treeprocessors:
            file = getattr(processor, "file", None)
            if file is not None:
                return f"{file.src_uri}: "
        return ""


class MathMLExtension(Extension):  # type: ignore[misc]
    """Registers the processor."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Add the processor."""
        # After inline patterns (20), where arithmatex makes its elements; before toc (5) reads headings.
        md.treeprocessors.register(MathMLTreeprocessor(md), "lossary-mathml", 15)


def makeExtension(**kwargs: object) -> MathMLExtension:
    """The entry point that Python-Markdown looks for."""
    return MathMLExtension(**kwargs)
