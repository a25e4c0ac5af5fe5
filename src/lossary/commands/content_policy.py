"""Writes the strictest Content-Security-Policy under which a built site works."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from lossary.errors import LossaryError, shown

# Of scripts these are data, and never run.
_DATA = ("application/json", "application/ld+json", "importmap", "speculationrules")


def policy(site: Path) -> str:
    """The value of the header for all pages of a folder, on one line.

    Scripts and style attributes that stand in the pages themselves are named by their hashes; nothing else of that sort
    runs. The theme's icons are `data:` pictures in its style sheets.

    Raises:
        LossaryError: where the folder holds no page.
    """
    pages = sorted(site.rglob("*.html"))
    if not pages:
        raise LossaryError(f"{shown(str(site))} holds no HTML: name the folder of a built site")
    scripts: set[str] = set()
    styles: set[str] = set()
    attributes: set[str] = set()
    for page in pages:
        found = _Inline()
        found.feed(page.read_text("utf-8"))
        found.close()
        scripts |= found.scripts
        styles |= found.styles
        attributes |= found.attributes
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", *_hashes(scripts)],
        "style-src-elem": ["'self'", *_hashes(styles)],
        "style-src-attr": ["'unsafe-hashes'", *_hashes(attributes)] if attributes else ["'none'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
    }
    return "; ".join(" ".join((name, *sources)) for name, sources in rules.items())


def _hashes(texts: set[str]) -> Iterator[str]:
    digests = sorted(base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return (f"'sha256-{digest}'" for digest in digests)


class _Inline(HTMLParser):
    """Collects the scripts, style sheets and style attributes that stand in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: set[str] = set()
        self.styles: set[str] = set()
        self.attributes: set[str] = set()
        self._into: set[str] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if style := given.get("style"):
            self.attributes.add(style)
        if tag == "script" and "src" not in given and given.get("type") not in _DATA:
            self._into, self._text = self.scripts, []
        elif tag == "style":
            self._into, self._text = self.styles, []

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style") and self._into is not None:
            self._into.add("".join(self._text))
            self._into = None
