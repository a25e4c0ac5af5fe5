"""Finds loss files and turns them into declarations. A file is a loss, its folder a family; there is no list anywhere.

Finding reads no loss file, so that a build that has nothing to do imports nothing.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lossary.errors import CatalogError, Failure, LossaryError

if TYPE_CHECKING:
    from lossary.loss import Loss

BUILT_IN = "lossary.losses"


@dataclass(frozen=True)
class Source:
    """Where a loss is declared: `path` is the file, `shown` how it is named in messages and edit links."""

    slug: str
    family: str
    path: Path
    shown: str


@dataclass(frozen=True)
class Family:
    """A folder of losses; title and text come from the docstring of its `__init__.py`."""

    name: str
    title: str
    text: str


def folder(catalog: str = BUILT_IN) -> Path:
    """The folder of a catalog, given as an importable package or as a path.

    Raises:
        LossaryError: where there is no such package or folder.
    """
    if Path(catalog).is_dir():
        return Path(catalog)
    try:
        spec = importlib.util.find_spec(catalog)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise LossaryError(f"no catalog {catalog!r}: it is neither a package that can be imported nor a folder")
    return Path(next(iter(spec.submodule_search_locations)))


def sources(catalog: str = BUILT_IN) -> list[Source]:
    """All loss files of a catalog, sorted by slug, without importing any."""
    root = folder(catalog).resolve()
    prefix = f"src/{catalog.replace('.', '/')}" if catalog == BUILT_IN else str(root)
    found = [
        Source(path.stem, path.parent.name, path, f"{prefix}/{path.parent.name}/{path.name}")
        for path in root.glob("*/*.py")
        if not path.stem.startswith("_") and not path.parent.name.startswith(("_", "."))
    ]
    return sorted(found, key=lambda source: (source.slug, source.family))


def families(found: Iterable[Source]) -> dict[str, Family]:
    """The families of some sources, by name, read from the docstrings of their folders."""
    return {
        name: _family(name, path) for name, path in sorted({(source.family, source.path.parent) for source in found})
    }


def _family(name: str, path: Path) -> Family:
    file = path / "__init__.py"
    text = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "") if file.exists() else ""
    title, _, rest = text.partition("\n")
    return Family(name, title.strip() or name.replace("_", " ").capitalize(), rest.strip())


def load(source: Source) -> Loss:
    """Import one loss file afresh and return its declaration with slug, family, path and prose filled in.

    Raises:
        CatalogError: where the file does not import or declares no `loss`.
    """
    try:
        module = _module(source)
    except Exception as error:  # a loss file may raise anything at all
        raise CatalogError([Failure(source.shown, "load", _where(error, source.path))]) from error
    from lossary.loss import Loss

    loss = getattr(module, "loss", None)
    if not isinstance(loss, Loss):
        message = f"the file must assign a lossary Loss to the name 'loss', found {type(loss).__name__}"
        raise CatalogError([Failure(source.shown, "load", message)])
    return dataclasses.replace(
        loss,
        slug=source.slug,
        family=source.family,
        path=source.shown,
        prose=inspect.cleandoc(module.__doc__ or ""),
    )


def _module(source: Source) -> ModuleType:
    name = f"_lossary_catalog.{source.family}.{source.slug}"
    spec = importlib.util.spec_from_file_location(name, source.path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # Not the cached bytecode: a file that changed within one second has the same time stamp.
    code = compile(source.path.read_text("utf-8"), str(source.path), "exec")
    exec(code, module.__dict__)
    return module


def _where(error: Exception, path: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
    place = f"line {line}: " if line else ""
    return f"{place}{type(error).__name__}: {error}"


def catalog(name: str = BUILT_IN) -> dict[str, Loss]:
    """Every loss of a catalog by slug, sorted.

    Raises:
        CatalogError: with everything that is wrong at once: files that do not load, duplicate slugs or aliases.
    """
    found = sources(name)
    losses: dict[str, Loss] = {}
    failures = duplicate_slugs(found)
    for source in found:
        try:
            losses[source.slug] = load(source)
        except CatalogError as error:
            failures += error.failures
    failures += duplicate_aliases([(loss.slug, loss.path, loss.aliases) for loss in losses.values()])
    if failures:
        raise CatalogError(failures)
    return losses


def duplicate_slugs(found: Iterable[Source]) -> list[Failure]:
    """A failure for each file whose slug another family's file has already."""
    first: dict[str, Source] = {}
    failures = []
    for source in found:
        if source.slug in first:
            message = f"the slug {source.slug!r} is taken by {first[source.slug].shown}; rename one of the files"
            failures.append(Failure(source.shown, "load", message))
        first.setdefault(source.slug, source)
    return failures


def duplicate_aliases(entries: Iterable[tuple[str, str, Iterable[str]]]) -> list[Failure]:
    """A failure for each alias that two losses claim, or that is another loss's slug; case does not count."""
    entries = list(entries)
    owner = {slug.casefold(): (slug, path) for slug, path, _ in entries}
    failures = []
    for slug, path, aliases in entries:
        for alias in aliases:
            holder = owner.setdefault(alias.casefold(), (slug, path))
            if holder[0] != slug:
                message = f"the alias {alias!r} already belongs to {holder[0]} ({holder[1]}); keep it in one of the two"
                failures.append(Failure(path, "load", message))
    return failures
