"""Finds the losses that a text links as `[[slug]]` or `[[slug|words]]`, and which of the links are slips."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator

from lossary.errors import Failure, nearest

LINK = re.compile(r"\[\[([a-z0-9_]+)(?:\|([^\]]+))?\]\]")
# A fence, wherever it is indented, and code within a line. What stands there is code, whatever it looks like.
CODE = re.compile(r"(^[ \t]*(`{3,}).*?^[ \t]*\2`*[ \t]*$|(?<!`)(`+)(?!`).+?(?<!`)\3(?!`))", re.MULTILINE | re.DOTALL)
# As like as a slug and one with a slip of the hand in it.
_LIKE = 0.8

Link = tuple[str, str]


def links(text: str) -> list[Link]:
    """The slug and the own words, if any, of each link of a text, each once."""
    return list(dict.fromkeys((match[1], match[2] or "") for match in LINK.finditer(CODE.sub("", text))))


def named(text: str) -> set[str]:
    """The slugs of the losses that a text links."""
    return {slug for slug, _ in links(text)}


def slips(entries: Iterable[tuple[str, Iterable[Link]]], slugs: Collection[str]) -> list[Failure]:
    """A failure for each link that leads to no loss by mistake; an entry is a file and its links.

    A loss without a page may be named, by words of its own: the page then shows these. Without them a slug would be
    read, and a slug that is nearly another one is misspelt.
    """
    return [failure for path, found in entries for failure in _slips(path, found, slugs)]


def _slips(path: str, found: Iterable[Link], slugs: Collection[str]) -> Iterator[Failure]:
    for slug, words in found:
        if slug in slugs:
            continue
        if not words:
            hint = nearest(slug, slugs) or f"; a loss without a page is named by words, [[{slug}|words]]"
            yield Failure(path, "link", f"[[{slug}]]: no catalog has a loss {slug!r}{hint}")
        elif like := difflib.get_close_matches(slug, slugs, n=1, cutoff=_LIKE):
            yield Failure(path, "link", f"[[{slug}|{words}]]: no catalog has a loss {slug!r} (did you mean {like[0]}?)")
