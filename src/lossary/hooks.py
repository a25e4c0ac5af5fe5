"""MkDocs hooks: search aliases, Markdown copies of pages, breaks in calls, the flag that tells serving from building.

They work on what MkDocs hands them and import nothing of it; a site's own `scripts/hooks.py` makes them known to it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from click import ClickException

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

# What a name starts with, and its short and long spelling; functional before torch.nn, which it starts with.
PREFIXES = [
    ("torch.nn.functional.", "F.", "torch.nn.functional."),
    ("F.", "F.", "torch.nn.functional."),
    ("torch.nn.", "nn.", "torch.nn."),
    ("nn.", "nn.", "torch.nn."),
]
# A name that is a single word, and what the search leaves out of it.
ONE_WORD = re.compile(r"[\w.:]+(?: loss| function)?")

# A call in a table, long enough to need two lines, and where it reads well in two: within a path, and between calls.
LONG_CALL = re.compile(r"<code>([^<]{25,})</code></td>")
BETWEEN = re.compile(r"(?<=\w\.)(?=[A-Za-z_])|(?<=,)(?=\S)|(?<=\))(?=[(.])")

# on_startup runs once and sees no configuration; each later rebuild does.
_serving = False
_aliases: dict[str, list[str]] = {}
_names: dict[str, list[str]] = {}
_sources: dict[str, str] = {}
_others: dict[str, dict[str, Any]] = {}  # what the search's index says of pages that are no loss's


def on_startup(command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
    """Remember whether this is `mkdocs serve`."""
    global _serving
    _serving = command == "serve"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Tell generator and theme whether this is a preview, and forget the build before.

    Raises:
        ClickException: where the site's folder cannot be written, before MkDocs stumbles over it half way.
    """
    if problem := unwritable(Path(config.site_dir)):
        raise ClickException(
            f"the site cannot be written: {problem}; name another folder: mkdocs build --site-dir FOLDER"
        )
    config.extra["serving"] = _serving
    _aliases.clear()
    _names.clear()
    _sources.clear()
    _others.clear()
    return config


def unwritable(folder: Path) -> str:
    """What keeps a site's folder from being emptied and filled, without a try at it; nothing where nothing does.

    MkDocs leaves hidden files there alone. Of what else an older site holds it says nothing where it cannot remove it,
    so every folder within must be open.
    """
    within = [folder if folder.exists() else next(up for up in folder.absolute().parents if up.exists())]
    if folder.is_dir():
        within += [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
        within += [Path(root, name) for top in within[1:] for root, names, _ in os.walk(top) for name in names]
    for path in within:
        if not path.is_dir():
            return f"{path} is no folder"
        if not os.access(path, os.W_OK | os.X_OK):
            return f"{path} may only be read"
    return ""


def expand(name: str) -> list[str]:
    """The ways a reader types one name: nn.MSELoss is also MSELoss and torch.nn.MSELoss."""
    for prefix, short, long in PREFIXES:
        if name.startswith(prefix):
            bare = name.removeprefix(prefix)
            return [bare, short + bare, long + bare]
    if re.fullmatch(r"\w+(\.\w+)+", name):
        return [name, name.rsplit(".", 1)[-1]]
    return [name]


def spellings(title: str) -> list[str]:
    """A title as code would spell it: "Log-cosh" is also log_cosh, LogCosh, log_cosh_loss and LogCoshLoss."""
    words = [word for word in re.findall(r"\w+", re.sub(r"\(.*?\)", "", title)) if word.lower() != "loss"]
    snake = "_".join(words).lower()
    camel = "".join(word[:1].upper() + word[1:] for word in words)
    return [title, snake, camel, f"{snake}_loss", f"{camel}Loss"]


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Collect a page's other names and its source."""
    aliases = [str(name) for name in page.meta.get("aliases") or []]
    terms = [*aliases, *map(str, page.meta.get("search_terms") or [])]
    if "aliases" in page.meta:  # a loss, whose title is a name
        terms += spellings(str(page.title))
    else:
        _others[page.url] = {
            "location": page.url,
            "title": str(page.title),
            "summary": str(page.meta.get("description") or ""),
            "terms": [str(term) for term in page.meta.get("search_terms") or []],
            **(page.meta.get("search") or {}),  # `boost`, as the theme has it
        }
    if terms:
        _aliases[page.url] = list(dict.fromkeys(name for term in terms for name in expand(term)))
        _names[page.url] = [name for name in aliases if ONE_WORD.fullmatch(name)]
    _sources[page.file.src_uri] = markdown


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let long calls in tables break between their names rather than within one."""
    return breakable(html)


def breakable(html: str) -> str:
    """The same, of a page or a part of one."""
    return LONG_CALL.sub(lambda call: f"<code>{BETWEEN.sub('<wbr>', call[1])}</code></td>", html)


def on_post_build(config: MkDocsConfig) -> None:
    """Fill the aliases of the theme's index, write our index of other pages, and each page's Markdown beside it."""
    site = Path(config.site_dir)
    index = site / "search" / "search_index.json"
    if index.exists():
        data = json.loads(index.read_text(encoding="utf-8"))
        for entry in data["docs"]:
            # A page's own entry has no fragment; its sections keep to their text.
            if entry["location"] in _aliases:
                entry["aliases"] = _aliases[entry["location"]]
                entry["names"] = _names[entry["location"]]
                entry["boost"] = 2  # MSELoss is its own page before a heading elsewhere that names it
        index.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
        _tell_of_pages(site / "search-pages.json", data["docs"])
    for path, markdown in _sources.items():
        target = site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(markdown.strip() + "\n", encoding="utf-8")


def _tell_of_pages(path: Path, entries: Sequence[Mapping[str, str]]) -> None:
    """Write what other pages there are than those of losses, with their sections, as the search's index has them."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for entry in entries:
        page, _, anchor = entry["location"].partition("#")
        if anchor:
            sections.setdefault(page, []).append((anchor, unescape(re.sub(r"<[^>]*>", "", entry["title"]))))
    pages = [
        {**page, "places": [[anchor, title, "", []] for anchor, title in sections.get(url, [])]}
        for url, page in _others.items()
    ]
    path.write_text(json.dumps(pages, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
