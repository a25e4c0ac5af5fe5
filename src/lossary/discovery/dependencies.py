"""Finds what a loss is made from besides its file: the files of its own package that it imports, and what was measured.

It reads them and imports none, so that a build that has nothing to do stays quick.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from lossary.discovery.catalogs import Source, package_root
from lossary.errors import CatalogError, Failure

PACKAGE = Path(__file__).parents[1]


# What running the calls in other libraries measured: a file in a catalog's folder, rows by loss and by hash.
MEASURED = "libraries.json"


def measured(source: Source) -> dict[str, dict[str, Any]]:
    """What was measured of a loss's calls in other libraries, by hash; nothing where its catalog was never run."""
    path = source.path.parents[1] / MEASURED
    rows: dict[str, dict[str, Any]] = _rows(path, path.stat().st_mtime_ns).get(source.slug, {}) if path.exists() else {}
    return rows


@lru_cache(maxsize=8)
def _rows(path: Path, _changed: int) -> dict[str, dict[str, dict[str, Any]]]:
    """The whole file, read once for all losses of a catalog, and again when it has changed.

    Raises:
        CatalogError: where it is no such file.
    """
    try:
        found: dict[str, dict[str, dict[str, Any]]] = json.loads(path.read_text("utf-8"))
        if not all(isinstance(row, dict) for rows in found.values() for row in rows.values()):
            raise ValueError("rows by loss and by hash are expected")
    except (ValueError, AttributeError) as error:
        message = (
            f"it does not hold what was measured of other libraries ({error}): write it again with 'make libraries'"
        )
        raise CatalogError([Failure(str(path), "load", message)]) from error
    return found


def neighbours(source: Source) -> list[Path]:
    """The files that a loss file imports from its own package, and those that they import in turn, sorted."""
    root = package_root(source.path)
    inside = source.path.relative_to(root).parts
    # A file in no package shares its folder with whatever else lies there.
    own = inside[0] if len(inside) > 1 else ""
    if source.path.is_relative_to(PACKAGE) or own not in source.path.read_text("utf-8"):
        return []  # Lossary's own modules are part of every key; and most losses import nothing from beside them
    seen = {source.path}
    waiting = [source.path]
    while waiting:
        path = waiting.pop()
        for name in _imported(path, root):
            if own and name.partition(".")[0] != own:
                continue
            new = [file for file in _files(root, name) if file not in seen]
            seen.update(new)
            waiting += new
    return sorted(seen - {source.path})


def _imported(path: Path, root: Path) -> Iterator[str]:
    """The full names of all that a file imports, whether they are modules or stand in one."""
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, ValueError):
        return  # importing it will say so
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = path.relative_to(root).parts[: -node.level] if node.level else ()
            module = ".".join(filter(None, (*base, node.module)))
            yield from (f"{module}.{alias.name}" if module else alias.name for alias in node.names)


def _files(root: Path, name: str) -> Iterator[Path]:
    """The files that importing a name runs: the packages on its way, and the module."""
    place = root
    for part in name.split("."):
        place = place / part
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                yield file
