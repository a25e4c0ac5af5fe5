"""Finds loss files and turns them into declarations. A file is a loss, its folder a family; there is no list anywhere.

Finding reads no loss file, so that a build that has nothing to do imports nothing. A catalog is named by a package or
a folder; None stands for the one that ships with Lossary and all that installed packages register.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib.util
import inspect
import keyword
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lossary.discovery.links import links, slips
from lossary.errors import RAISED, CatalogError, Failure, LossaryError, shown, told

if TYPE_CHECKING:
    from lossary.declaration.family import Shown
    from lossary.declaration.loss import Loss

BUILT_IN = "lossary.losses"
# The group of entry points by which an installed package makes its catalog known.
GROUP = "lossary.catalogs"
_PREFIX = "_lossary_catalog"
# What is read from a loss file's docstring.
_SAID = ("title", "summary", "relations", "libraries", "references")


@dataclass(frozen=True)
class Source:
    """Where a loss is declared: `path` is the file, `shown` how it is named in messages and edit links."""

    slug: str
    family: str
    path: Path
    shown: str


@dataclass(frozen=True)
class Family:
    """A folder of losses; title and text come from the docstring of its `__init__.py`, `file`, where it has one."""

    name: str
    title: str
    text: str
    file: Path | None = None

    @property
    def summary(self) -> str:
        """The first paragraph of the text, in one line."""
        return " ".join(self.text.split("\n\n")[0].split())


def folder(catalog: str = BUILT_IN) -> Path:
    """The folder of a catalog, given as a path or as a package, which is looked for in the current folder as well.

    Raises:
        LossaryError: where there is no such package or folder.
    """
    if Path(catalog).is_dir():
        return Path(catalog)
    first, *rest = catalog.split(".")
    if all(part.isidentifier() for part in (first, *rest)):
        # Only the outermost package is looked up: to ask for an inner one would import those around it.
        try:
            spec = importlib.util.find_spec(first)
        except ValueError:  # of a module that was not imported from anywhere, such as __main__
            spec = None
        places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
        for place in (*places, Path.cwd() / first):
            if place.joinpath(*rest).is_dir():
                return place.joinpath(*rest)
    raise LossaryError(f"no catalog {catalog!r}: it is neither a package that can be imported nor a folder")


def installed() -> list[str]:
    """The catalogs that are found without being named: Lossary's own, then those that installed packages register.

    Raises:
        LossaryError: where a package registers a catalog that is not there.
    """
    found = [BUILT_IN]
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.value, entry.name)):
        try:
            folder(entry.value)
        except LossaryError as error:
            owner = f"the package {entry.dist.name}" if entry.dist else "a package"
            raise LossaryError(
                f"{owner} registers a catalog that is not there, {entry.name} = {entry.value!r} in its entry points "
                f"{GROUP}: mend or uninstall it, or name the catalog that you want with --catalog"
            ) from error
        if entry.value not in found:
            found.append(entry.value)
    return found


NAME = "lower-case letters, digits and _, a letter first, such as smooth_l1, and neither index nor a word of Python's"


def is_name(text: str) -> bool:
    """Whether a text may be a slug or a family: a part of addresses, of links in texts, and a name in Python."""
    return bool(re.fullmatch(r"[a-z][a-z0-9_]*", text)) and text != "index" and not keyword.iskeyword(text)


def _printed(text: str) -> str:
    """A file's name as one line of letters, whatever its bytes are."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def sources(catalog: str | None = BUILT_IN) -> list[Source]:
    """All loss files of a catalog by slug, without importing any; of equal slugs Lossary's own comes first."""
    if catalog is None:
        return sorted((one for name in installed() for one in sources(name)), key=lambda source: source.slug)
    root = folder(catalog).resolve()
    _readable(root)
    prefix = f"src/{catalog.replace('.', '/')}" if catalog == BUILT_IN else str(root)
    paths = [
        path
        for path in root.glob("*/*.py")
        if not path.stem.startswith(("_", ".")) and not path.parent.name.startswith(("_", "."))
    ]
    found = [
        Source(_printed(p.stem), _printed(p.parent.name), p, _printed(f"{prefix}/{p.parent.name}/{p.name}"))
        for p in paths
    ]
    return sorted(found, key=lambda source: (source.slug, source.family))


def _readable(root: Path) -> None:
    """Refuses a folder whose name Python could not read, as under LC_ALL=C without its UTF-8 mode.

    Raises:
        LossaryError: where the name has bytes that are no letters to this process.
    """
    try:
        str(root).encode()
    except UnicodeEncodeError:
        plain = str(root).encode("utf-8", "replace").decode()
        raise LossaryError(
            f"the folder {plain} has letters outside {sys.getfilesystemencoding()}, the encoding of this system's "
            "locale: set PYTHONUTF8=1, or a locale with UTF-8"
        ) from None


def together(catalog: str | None) -> list[Source]:
    """The losses among which the names of a catalog's losses are unique.

    They are its own; with a catalog that is found without being named, those of all that are.
    """
    shared = catalog is None or folder(catalog).resolve() in [folder(name).resolve() for name in installed()]
    return sources(None if shared else catalog)


def families(found: Iterable[Source]) -> dict[str, Family]:
    """The families of some sources, by name, read from the docstrings of their folders.

    Catalogs may share a family; Lossary's own words for it count first.
    """
    folders = {(source.family, source.path.parent) for source in found}
    own = Path(__file__).parents[1].resolve()
    chosen: dict[str, Path] = {}
    for name, path in sorted(folders, key=lambda one: (one[0], not one[1].is_relative_to(own), one[1])):
        chosen.setdefault(name, path)
    return {name: _family(name, path) for name, path in chosen.items()}


def about(catalog: str | None = BUILT_IN) -> Family:
    """What the docstring of a catalog's own `__init__.py` says of it."""
    root = folder(catalog or BUILT_IN).resolve()
    return _family(root.name, root)


def _family(name: str, path: Path) -> Family:
    file = path / "__init__.py"
    try:
        text = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "") if file.exists() else ""
    except SyntaxError as error:
        raise CatalogError([Failure(str(file), "load", _where(error, file))]) from error
    title, _, rest = text.partition("\n")
    return Family(
        name, title.strip() or name.replace("_", " ").capitalize(), rest.strip(), file if file.exists() else None
    )


def load(source: Source) -> Loss:
    """Import one loss file afresh and return its declaration with slug, family, path and prose filled in.

    Raises:
        CatalogError: where the file does not import or declares no `loss`, or cannot be called as it is.
    """
    for what, name in (("file", source.slug), ("folder", source.family)):
        if not is_name(name):
            message = f"the {what} cannot be called {shown(name)}: the name is part of addresses, so it is {NAME}"
            raise CatalogError([Failure(source.shown, "load", message)])
    try:
        module = _module(f"{_PREFIX}.{source.family}.{source.slug}", source.path)
    except RAISED as error:  # a loss file may raise anything at all
        raise CatalogError([Failure(source.shown, "load", _where(error, source.path))]) from error
    from lossary.declaration import docstring
    from lossary.declaration.loss import Loss
    from lossary.discovery import names

    loss = getattr(module, "loss", None)
    if not isinstance(loss, Loss):
        message = f"the file must assign a lossary Loss to the name 'loss', found {type(loss).__name__}"
        raise CatalogError([Failure(source.shown, "load", message)])
    said = [name for name in _SAID if getattr(loss, name)]
    if said:
        message = (
            f"{', '.join(said)}: this stands in the docstring: its first line is the title, with the summary below it "
            "and, at the end, '## Relations', '## In other libraries' and '## References'; delete it from the code"
        )
        raise CatalogError([Failure(source.shown, "load", message)])
    text = inspect.cleandoc(module.__doc__ or "")
    with contextlib.suppress(ValueError):  # the check of the headings says what is wrong
        title, summary = docstring.head(text)
        loss = dataclasses.replace(
            loss,
            title=title,
            summary=summary,
            relations=docstring.relations(text),
            libraries=docstring.libraries(text),
            references=docstring.references(text),
        )
    return dataclasses.replace(
        loss,
        slug=source.slug,
        family=source.family,
        path=source.shown,
        prose=text,
        aliases=names.aliases(loss),
    )


def declared(family: Family) -> Shown:
    """What a family's `__init__.py` declares under the name `shown`.

    Raises:
        CatalogError: where the file does not run, or gives the name to something else.
    """
    from lossary.declaration.family import CURVES, Shown

    if family.file is None:
        return Shown()
    try:
        views = getattr(_module(f"{_PREFIX}.{family.name}", family.file), "shown", Shown())
    except RAISED as error:  # the file may raise anything at all
        raise CatalogError([Failure(str(family.file), "load", _where(error, family.file))]) from error
    if not isinstance(views, Shown):
        message = f"the file must assign a lossary Shown to the name 'shown', found {type(views).__name__}"
        raise CatalogError([Failure(str(family.file), "load", message)])
    if strange := [name for name in views.curves if name not in CURVES]:
        message = f"shown has no curve {strange[0]!r}; there are {', '.join(CURVES)}"
        raise CatalogError([Failure(str(family.file), "load", message)])
    return views


def _module(name: str, path: Path) -> ModuleType:
    root = str(package_root(path))
    if root not in sys.path:
        # What a loss file imports from its own package is found, in whichever process. Last: nothing is hidden by it.
        sys.path.append(root)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # Not the cached bytecode: a file that changed within one second has the same time stamp.
    code = compile(path.read_text("utf-8"), str(path), "exec")
    exec(code, module.__dict__)
    return module


def package_root(path: Path) -> Path:
    """The folder that has to be on the import path for a file's own package to be found."""
    return next(parent for parent in path.parents if not (parent / "__init__.py").exists())


def _where(error: BaseException, path: Path) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
    place = f"line {line}: " if line else ""
    words = f"{place}{told(error)}"
    if isinstance(error, ImportError) and (_PREFIX in str(error) or "relative import" in str(error)):
        words += "; name the module in full: a loss file is not imported as part of its package"
    return words


def catalog(name: str | None = BUILT_IN) -> dict[str, Loss]:
    """Every loss of a catalog by slug, sorted.

    Raises:
        CatalogError: with everything that is wrong at once: files that do not load, duplicate slugs or aliases.
    """
    found = sources(name)
    losses: dict[str, Loss] = {}
    failures = duplicate_slugs(found)
    for source in found:
        try:
            losses.setdefault(source.slug, load(source))
        except CatalogError as error:
            failures += error.failures
    failures += duplicate_aliases([(loss.slug, loss.path, loss.aliases) for loss in losses.values()])
    if failures:
        raise CatalogError(failures)
    return losses


def names_that_fail(found: Sequence[Source]) -> list[Failure]:
    """All slugs and aliases that are taken more than once, and all links that lead nowhere by mistake.

    A file that does not load claims no alias and links nothing.
    """
    losses = []
    for source in found:
        with contextlib.suppress(CatalogError):
            losses.append(load(source))
    return [
        *duplicate_slugs(found),
        *duplicate_aliases([(loss.slug, loss.path, loss.aliases) for loss in losses]),
        *slips([(loss.path, links(loss.prose)) for loss in losses], known(found)),
    ]


def known(found: Iterable[Source]) -> set[str]:
    """The slugs that a catalog's texts may link: its own, and those that are found without being named."""
    return {source.slug for source in (*found, *sources(None))}


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
