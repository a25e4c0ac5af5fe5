"""A figure that somebody's documentation asks for: reads the request, and takes the figure from the cache or draws it.

A fence and a directive ask in the same words. A figure that is in the cache imports neither torch nor matplotlib.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lossary.discovery.catalogs import BUILT_IN, Source, sources
from lossary.discovery.dependencies import neighbours
from lossary.drawing.palette import Theme
from lossary.embedding import option_text
from lossary.errors import LossaryError, nearest
from lossary.publishing.cache import default_cache, digest, sources_key

if TYPE_CHECKING:
    from lossary.drawing.pictures import Picture

OPTIONS = ("view", "theme", "size", "alt", "caption", "catalog")
# Those that take a sentence.
WORDS = ("alt", "caption")
# matplotlib's settings are those of the whole process, and a site generator may render pages in several threads.
_DRAWING = threading.Lock()


@dataclass(frozen=True)
class FigureRequest:
    """What one figure shows.

    Attributes:
        slugs: one loss, or several that are laid over each other.
        parameters: texts by name, as `lossary figure --set` takes them.
        size: as `lossary figure --size` takes it; empty for the view's own.
        alt: the accessible name; empty for one that is made from the curve.
        catalog: a package or a folder of losses; None for Lossary's own and those of installed packages.
    """

    slugs: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    view: str = "loss"
    theme: str = "auto"
    size: str = ""
    alt: str = ""
    caption: str = ""
    catalog: str | None = None


@dataclass(frozen=True)
class EmbeddedFigure:
    """A figure in all its forms, with its words and its size in CSS pixels; `key` is its own by content."""

    key: str
    svg: Mapping[Theme, bytes]
    pdf: bytes
    alt: str
    size: tuple[int, int]
    theme: Theme
    files: tuple[Path, ...]


def read(line: str) -> FigureRequest:
    """Read a request such as `huber delta=0.5,1 view=gradient alt="The gradient"`.

    Raises:
        LossaryError: where it names no loss, an option twice, or does not close its quotes.
    """
    words = shlex.shlex(line, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters, words.escape = True, "", ""
    try:
        parts = list(words)
    except ValueError:
        raise LossaryError("a quote is not closed") from None
    slugs: list[str] = []
    given: dict[str, str] = {}
    spoken = ""  # the option of words, without quotes, that stands just before
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals and spoken:
            raise LossaryError(
                f'{part!r} stands behind {spoken}={given[spoken]}: quote words with blanks, {spoken}="{given[spoken]} '
                f'{part} …", and name losses before the options'
            )
        spoken = name if name in WORDS and not re.search(rf"\b{name}=[\"']", line) else ""
        if not equals:
            slugs.append(part)
        elif not name or not value:
            raise LossaryError(f"{part}: write it as NAME=VALUE, without blanks around the sign")
        elif name in given:
            how = "" if name in OPTIONS else f"; {option_text.together(name, given[name], value)}"
            raise LossaryError(f"{name} is given twice{how}")
        else:
            given[name] = value
    return wanted(slugs, given)


def wanted(slugs: list[str], given: Mapping[str, str]) -> FigureRequest:
    """A request from the names of losses, and from texts by the names of options and parameters.

    Raises:
        LossaryError: where no loss is named.
    """
    if not slugs:
        raise LossaryError("name a loss first, such as: huber delta=0.5,1 view=gradient")
    options = {name: value for name, value in given.items() if name in OPTIONS}
    return FigureRequest(tuple(slugs), {n: value for n, value in given.items() if n not in OPTIONS}, **options)


def make(asked: FigureRequest, base: Path | None = None, pdf: bool = False) -> EmbeddedFigure:
    """The figure, drawn where it is not in the cache.

    Args:
        asked: what it shows.
        base: the folder of the project: of its cache, and where a relative path of a catalog starts from, besides the
            current one.
        pdf: whether it is wanted as PDF too, which is a drawing of its own.

    Raises:
        LossaryError: where a name, a parameter or an option is wrong.
    """
    if base is not None and asked.catalog and (base / asked.catalog).is_dir():
        asked = dataclasses.replace(asked, catalog=str(base / asked.catalog))
    theme = _theme(asked.theme)
    found = [_source(asked.catalog, slug) for slug in asked.slugs]
    order = [*asked.slugs, asked.view, asked.size, *(f"{n}={value}" for n, value in sorted(asked.parameters.items()))]
    form = ("dark" if theme == "dark" else "light") if pdf else ""
    # The request, the losses' files, the sources of the package: all that a figure follows from.
    behind = [path for source in found for path in (source.path, *neighbours(source))]
    code = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    key = digest("wanted", sources_key(), *code, form, json.dumps(order), *(path.read_bytes() for path in behind))
    cache = default_cache(base)
    files = cache.get(key)
    if files is None:
        with _DRAWING:
            files = _files(asked, form)
        cache.put(key, files)
    words = json.loads(files["words.json"])
    return EmbeddedFigure(
        key=key,
        svg={"auto": files["auto.svg"], "light": files["light.svg"], "dark": files["dark.svg"]},
        pdf=files.get("figure.pdf", b""),
        alt=asked.alt or words["alt"],
        size=(words["width"], words["height"]),
        theme=theme,
        files=tuple(behind),
    )


def _theme(text: str) -> Theme:
    themes: tuple[Theme, ...] = ("light", "dark", "auto")
    for theme in themes:
        if text == theme:
            return theme
    raise LossaryError(f"no theme {text!r}{nearest(text, themes)}; the themes are: {', '.join(themes)}")


def _source(catalog: str | None, slug: str) -> Source:
    """The file of a loss of the catalog, or else of Lossary's own, found without importing any."""
    for source in (*sources(catalog), *sources(BUILT_IN)):
        if source.slug == slug:
            return source
    from lossary.discovery.lookup import unknown

    raise unknown(slug, catalog)


def _files(asked: FigureRequest, form: str) -> dict[str, bytes]:
    from lossary.drawing import render

    picture = _picture(asked)
    width, height = picture.size
    words = {"alt": f"{picture.title}. {picture.description}", "width": width, "height": height}
    files = {f"{theme}.svg": data for theme, data in render.svg(picture).items()}
    if form:
        files["figure.pdf"] = render.pdf(picture, "dark" if form == "dark" else "light")
    return {**files, "words.json": json.dumps(words).encode()}


def _picture(asked: FigureRequest) -> Picture:
    from lossary.discovery.lookup import beside
    from lossary.drawing import loss_views

    losses = [beside(slug, asked.catalog) for slug in asked.slugs]
    size = option_text.size(asked.size, "size=") if asked.size else None
    parameters = {p.name for loss in losses for p in loss.parameters}
    for name in asked.parameters:
        if name not in parameters and nearest(name, OPTIONS) and not nearest(name, parameters):
            raise LossaryError(f"no option {name!r}{nearest(name, OPTIONS)}; the options are: {', '.join(OPTIONS)}")
    if len(losses) == 1:
        own = option_text.settings(losses[0], _own(losses[0].slug, asked.parameters))
        return loss_views.picture(losses[0], asked.view, own, size)
    given = {
        f"{loss.slug}.{name}": value
        for loss, own in zip(losses, option_text.shared(losses, asked.parameters), strict=True)
        for name, value in option_text.settings(loss, own).items()
    }
    return loss_views.comparison(losses, option_text.shared(losses, given), asked.view, size)


def _own(slug: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Parameters by their plain names; `huber.size=2` is how to give one that has the same name as an option."""
    return {name.removeprefix(f"{slug}."): value for name, value in parameters.items()}
