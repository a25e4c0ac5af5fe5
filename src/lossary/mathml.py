"""Python-Markdown extension that turns arithmatex's formulas into MathML; it knows nothing of losses or sites.

It runs after `pymdownx.arithmatex` in generic mode, which leaves each formula as the text of an element
of class "arithmatex", between \\(…\\) or \\[…\\].
"""

from __future__ import annotations

from html import escape, unescape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from math_core import LatexError, LatexToMathML

if TYPE_CHECKING:
    from markdown import Markdown

CONVERTER = LatexToMathML(fancy_error=False)


class MathError(ValueError):
    """LaTeX that does not parse; the message names the formula and, where known, the page."""


def to_mathml(latex: str, *, display: bool) -> str:
    """The MathML of one formula, with its LaTeX as alternative text."""
    try:
        mathml = CONVERTER.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        raise MathError(f"LaTeX does not parse: {latex!r}: {error}") from error
    return mathml.replace("<math", f'<math alttext="{escape(latex)}"', 1)


class MathMLTreeprocessor(Treeprocessor):  # type: ignore[misc]
    """Replaces the content of each formula that arithmatex marked."""

    def run(self, root: Element) -> None:
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
        # After inline patterns (20), where arithmatex makes its elements; before toc (5) reads headings.
        md.treeprocessors.register(MathMLTreeprocessor(md), "lossary-mathml", 15)


def makeExtension(**kwargs: object) -> MathMLExtension:
    """The entry point that Python-Markdown looks for."""
    return MathMLExtension(**kwargs)
