"""Turns records into Markdown with Jinja. It computes nothing and knows neither torch nor MkDocs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from lossary.discovery.links import CODE, LINK

_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=ChoiceLoader([PackageLoader("lossary.publishing", folder) for folder in ("templates", "project")]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,
    )
    made.filters["latex"] = latex_text
    made.filters["absent"] = absent
    return made


def latex_text(text: str) -> str:
    """Plain words for LaTeX: what it reads as commands stands for itself."""
    return re.sub(r"[\\{}#$%&_~^]", lambda sign: _LATEX.get(sign[0], f"\\{sign[0]}"), text)


def render(template: str, **values: Any) -> str:
    """Fill a template; in Markdown, runs of blank lines, which blocks leave behind, shrink to one outside code."""
    text = _environment().get_template(f"{template}.jinja").render(**values).lstrip()
    if not template.endswith(".md"):
        return text
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", part) for part in parts[::2]]
    return "".join(parts)


def absent(text: str, known: Collection[str]) -> list[str]:
    """The losses that a text names as `[[slug]]` and that have no page, each once, in the text's own words."""
    found: dict[str, str] = {}
    for match in LINK.finditer(CODE.sub("", text)):
        slug, words = match.groups()
        if slug not in known:
            found.setdefault(slug, re.sub("^[Tt]he ", "", words or slug.replace("_", " ")))
    return list(found.values())


def link(text: str, titles: Mapping[str, str], root: str) -> str:
    """Resolve `[[slug]]` and `[[slug|words]]`: a link where the slug has a page, else the words alone.

    Code stays as it is: there `[[0]]` is a list.
    """

    def resolve(match: re.Match[str]) -> str:
        slug, words = match.groups()
        if slug in titles:
            return f"[{words or titles[slug]}]({root}losses/{slug}.md)"
        return words or slug.replace("_", " ")

    parts, start = [], 0
    for code in CODE.finditer(text):
        parts += [LINK.sub(resolve, text[start : code.start()]), code[0]]
        start = code.end()
    return "".join([*parts, LINK.sub(resolve, text[start:])])
