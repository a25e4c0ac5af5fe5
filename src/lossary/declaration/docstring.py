"""Reads the docstring of a loss file, which says all that is not computed: title, summary, prose, relations, sources.

It reads text and runs none of it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lossary.declaration.references import Library, Reference, Relation, citation, library

HEADINGS = ("When to use it", "When not to", "Pitfalls")
# What may follow.
RELATIONS, LIBRARIES, REFERENCES = FURTHER = ("Relations", "In other libraries", "References")


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
    relations: tuple[Relation, ...]
    libraries: tuple[Library, ...]
    references: tuple[Reference, ...]


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
        ValueError: where a part is missing, unknown or empty, or is not written as such a part is.
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
    return Prose(
        title=title,
        summary=summary,
        when=sections["When to use it"],
        when_not=sections["When not to"],
        pitfalls=pitfalls,
        relations=relations(text),
        libraries=libraries(text),
        references=references(text),
    )


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


def point(text: str, words: str) -> str:
    """The one point of a section that begins with some words, in one line.

    A point is an entry of its list or a paragraph of its own.

    Raises:
        ValueError: where no point or more than one begins so.
    """
    found = [point for point in _points(text) if point.startswith(words)]
    if len(found) != 1:
        fault = "more than one point begins so" if found else "no point begins so"
        known = ", ".join(repr(" ".join(point.split()[:4])) for point in _points(text))
        raise ValueError(f"{words!r}: {fault}; they begin with {known}")
    return found[0]


def _points(text: str) -> list[str]:
    """The entries of lists and the paragraphs of a section, each in one line; code is none."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"\n\s*\n|^- ", prose, flags=re.MULTILINE)
    return [" ".join(part.split()) for part in parts if part.strip()]
