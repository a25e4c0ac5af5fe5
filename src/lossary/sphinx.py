"""The Sphinx extension: the directive `.. lossary:: huber`, which draws a figure while a document is read.

A figure is an image like any other, SVG in HTML and PDF in LaTeX. In HTML it is there light and dark, and the theme
shows one of the two. What cannot be drawn is a warning with file and line, and is told in its place.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from lossary.drawing.inline_svg import on_paper
from lossary.embedding import option_text
from lossary.embedding.figure_request import EmbeddedFigure, make, wanted
from lossary.errors import LossaryError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

STATIC = Path(__file__).parent / "static"
logger = logging.getLogger(__name__)


class _AnyOption(dict[str, Any]):
    """The options that docutils checks; any other may be a parameter of the loss, such as `:delta: 0.5,1`."""

    def __missing__(self, name: str) -> Any:
        return directives.unchanged_required


class Figure(SphinxDirective):
    """One figure; its arguments are the slug of a loss, or several to lay over each other."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = _AnyOption({"class": directives.class_option})

    def run(self) -> list[nodes.Node]:
        """The image, in a figure with its caption where it has one; a message where it cannot be drawn."""
        try:
            made = self._made()
        except Exception as error:  # the code of a loss of one's own may raise anything at all
            told = str(error) if isinstance(error, LossaryError) else f"{type(error).__name__}: {error}"
            logger.warning("%s", told, location=self.get_location(), type="lossary")
            message = nodes.paragraph("", "", nodes.strong("", f"No figure: {self.arguments[0]}. "), nodes.Text(told))
            return [nodes.warning("", message, classes=["lossary-error"])]
        for file in made.files:
            self.env.note_dependency(str(file))
        if "caption" not in self.options:
            images = self._images(made)
            self.add_name(images[0])
            return [*images]
        words, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
        figure = nodes.figure("", *self._images(made), nodes.caption("", "", *words), *messages)
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]

    def _made(self) -> EmbeddedFigure:
        own = ("set", "class", "name")
        given = {name: " ".join(text.split()) for name, text in self.options.items() if name not in own}
        given |= option_text.entries(self.options.get("set", "").split(), ":set: ")
        return make(wanted(self.arguments[0].split(), given), Path(self.env.srcdir), pdf=True)

    def _images(self, made: EmbeddedFigure) -> list[nodes.Element]:
        """One image that any builder takes, and for HTML its dark sister."""
        name = made.key[:16]
        if made.theme != "auto":
            drawing = on_paper(made.svg[made.theme], made.theme)
            return [self._image(made, f"{self._write(name, svg=drawing, pdf=made.pdf)}.*")]
        light = self._write(f"{name}-light", svg=made.svg["light"], pdf=made.pdf)
        dark = self._write(f"{name}-dark", svg=made.svg["dark"])
        return [
            self._image(made, f"{light}.*", "only-light"),
            addnodes.only("", self._image(made, f"{dark}.svg", "only-dark"), expr="html"),
        ]

    def _image(self, made: EmbeddedFigure, uri: str, *classes: str) -> nodes.image:
        # No height, so that the picture keeps its shape where it must shrink, and no link to the picture alone.
        named = ["lossary", "no-scaled-link", *classes, *self.options.get("class", [])]
        image = nodes.image(uri=uri, alt=made.alt, width=f"{made.size[0]}px", classes=named)
        self.set_source_info(image)
        return image

    def _write(self, name: str, **files: bytes) -> str:
        """Write a figure, a file for each ending; its path from the document, without one.

        Beside the doctrees, which refer to it: they live as long, and builders that share them share it.
        """
        folder = Path(self.env.doctreedir) / "lossary"
        folder.mkdir(parents=True, exist_ok=True)
        for ending, data in files.items():
            path = folder / f"{name}.{ending}"
            if not path.exists() or path.read_bytes() != data:
                path.write_bytes(data)
        here = Path(self.env.doc2path(self.env.docname)).parent
        return f"{Path(os.path.relpath(folder, here)).as_posix()}/{name}"


def _add_style(app: Sphinx) -> None:
    if app.builder.format == "html":
        app.config.html_static_path.append(str(STATIC))
        app.add_css_file("lossary-figures.css")


def setup(app: Sphinx) -> ExtensionMetadata:
    """The entry point that Sphinx looks for."""
    app.add_directive("lossary", Figure)
    app.connect("builder-inited", _add_style)
    return {"version": version("lossary"), "parallel_read_safe": True, "parallel_write_safe": True}
