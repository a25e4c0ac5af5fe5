"""Writes the starting file of a new loss. It knows the file's form and nothing of any loss."""

from __future__ import annotations

from pathlib import Path

from lossary.discovery.catalogs import BUILT_IN, NAME, folder, is_name, together
from lossary.errors import LossaryError, shown
from lossary.publishing.page import render


def write(slug: str, family: str, catalog: str) -> Path:
    """Create `<catalog>/<family>/<slug>.py` and return its path.

    Raises:
        LossaryError: for a name that cannot be a module, a slug that is taken, or no place of one's own to write to.
    """
    for what, name in (("slug", slug), ("family", family)):
        if not is_name(name):
            raise LossaryError(f"the {what} {shown(name)} is part of addresses, so it must be {NAME}")
    root = _root(catalog)
    taken = {source.slug: source.shown for source in together(str(root))}
    if slug in taken:
        raise LossaryError(f"the slug {slug!r} is taken by {taken[slug]}")
    path = root / family / f"{slug}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    package = path.parent / "__init__.py"
    if not package.exists():
        title = family.replace("_", " ").capitalize()
        package.write_text(f'"""{title}\n\nSay in a sentence or two what these losses have in common.\n"""\n', "utf-8")
    path.write_text(render("starter.py", slug=slug, title=slug.replace("_", " ").capitalize()), "utf-8")
    return path


def _root(catalog: str) -> Path:
    """The catalog's folder; a path that does not exist yet is made, a package must be there."""
    path = Path(catalog)
    if catalog == BUILT_IN and {"site-packages", "dist-packages"} & {*folder().parts}:
        raise LossaryError("Lossary is installed here and not checked out: say with --catalog where your losses live")
    if catalog != BUILT_IN and (path.parent != Path(".") or catalog.startswith(".")):
        path.mkdir(parents=True, exist_ok=True)
    return folder(catalog)
