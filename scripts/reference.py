"""Reads for mkdocstrings, out of the sources, what the page "In Python" names, and no more.

Left alone, mkdocstrings parses the whole package, every loss included, which would cost a sixth of a build that has
nothing else to do. Nothing is imported here: griffe reads the files. What it would add to all other pages, a style
sheet and references of its own, is left out.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import griffe
from mkdocs_autorefs import AutorefsExtension
from mkdocstrings import CollectionError, MkdocstringsPlugin

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

SOURCES = Path(__file__).parent.parent / "src"


class Reader:
    """Finds objects by their dotted names in the sources; each module is parsed when it is first needed."""

    @cached_property
    def modules(self) -> griffe.ModulesCollection:
        """What has been parsed."""
        return griffe.ModulesCollection()

    def object(self, identifier: str, options: object = None) -> griffe.Object | griffe.Alias:
        """The object of a dotted name, with where it is defined where that is another module.

        Args:
            identifier: such as `lossary.get`.
            options: those of a block of the page, which change nothing of what is read.

        Raises:
            CollectionError: where there is no such object.
        """
        self._parse(identifier)
        try:
            found: griffe.Object | griffe.Alias = self.modules[identifier]
        except KeyError as error:
            raise CollectionError(f"{identifier} is not in {SOURCES.name}/") from error
        if isinstance(found, griffe.Alias):
            self.object(found.target_path)
        return found

    def _parse(self, name: str) -> None:
        """Parse the modules that a name passes through and that have not been parsed yet."""
        parent: griffe.Module | None = None
        parts = name.split(".")
        for depth, part in enumerate(parts, 1):
            file = SOURCES.joinpath(*parts[:depth], "__init__.py")
            if not file.exists():
                file = SOURCES.joinpath(*parts[:depth]).with_suffix(".py")
            if not file.exists():
                return
            known = (parent or self.modules).members.get(part)
            if not isinstance(known, griffe.Module):
                known = griffe.visit(
                    part,
                    filepath=file,
                    code=file.read_text("utf-8"),
                    parent=parent,
                    docstring_parser=griffe.Parser.google,
                    modules_collection=self.modules,
                )
                (parent or self.modules).set_member(part, known)
            parent = known


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Let mkdocstrings ask the reader, anew at each build of a preview."""
    handler = _plugin(config).get_handler("python")
    handler.collect = Reader().object  # type: ignore[method-assign]
    handler.extra_css = ""
    config.extra_css.remove(MkdocstringsPlugin.css_filename)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Leave all pages as they are: autorefs, which comes along, takes `rows[0][1]` in a sentence for a reference."""
    kept = [one for one in config.markdown_extensions if not isinstance(one, AutorefsExtension)]
    config.markdown_extensions[:] = kept
    return files


def on_post_build(config: MkDocsConfig) -> None:
    """Remove the style sheet, which is empty and which no page asks for."""
    (Path(config.site_dir) / MkdocstringsPlugin.css_filename).unlink()


def _plugin(config: MkDocsConfig) -> MkdocstringsPlugin:
    found = config.plugins["mkdocstrings"]
    assert isinstance(found, MkdocstringsPlugin)
    return found
