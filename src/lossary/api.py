"""The Python interface: a loss that can be evaluated, drawn and checked by calling its methods."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossary.declaration import loss as declaration
from lossary.discovery.catalogs import catalog as load_catalog
from lossary.discovery.lookup import beside, find
from lossary.errors import Failure, LossaryError, nearest

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from lossary.drawing.palette import Theme
    from lossary.drawing.pictures import Picture
    from lossary.evaluation.curves import Curve
    from lossary.evaluation.torch_calls import Evaluation
    from lossary.verification.evidence import Evidence

VIEWS = ("loss", "gradient", "curvature", "sweep", "card", "thumb")
_SHOWN = itertools.count(1)  # numbers the figures of a notebook
THEMES = ("light", "dark", "auto")
Settings = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Report:
    """The outcome of all checks of one loss; true where all hold."""

    slug: str
    evidence: Evidence
    failures: tuple[Failure, ...]

    def __bool__(self) -> bool:
        return not self.failures


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A picture that can be saved, or shown by a notebook."""

    picture: Picture
    theme: Theme = "auto"

    def svg(self) -> bytes:
        """The picture as SVG; with theme "auto" it follows the reader's colour scheme."""
        from lossary.drawing import render

        return render.svg(self.picture)[self.theme]

    def png(self, scale: float = 2.0) -> bytes:
        """The picture as PNG on paper, `scale` device pixels for each CSS pixel."""
        from lossary.drawing import render

        return render.png(self.picture, "dark" if self.theme == "dark" else "light", scale)

    def pdf(self) -> bytes:
        """The picture as PDF on paper."""
        from lossary.drawing import render

        return render.pdf(self.picture, "dark" if self.theme == "dark" else "light")

    def save(self, path: str | Path) -> None:
        """Write the picture to a file whose ending chooses the format.

        Raises:
            LossaryError: where the ending is none of .svg, .png and .pdf.
        """
        target = Path(path)
        makers = {".svg": self.svg, ".png": self.png, ".pdf": self.pdf}
        if target.suffix.lower() not in makers:
            raise LossaryError(f"cannot write {target.name}: the file's name must end in .svg, .png or .pdf")
        target.write_bytes(makers[target.suffix.lower()]())

    def _repr_svg_(self) -> str:
        return self.svg().decode()

    def _repr_html_(self) -> str:
        from lossary.drawing.inline_svg import inline

        # A notebook is one page, in which a figure must not share ids with the next.
        words = f"{self.picture.title}. {self.picture.description}"
        style, shown = inline(self.svg(), f"lossary-{next(_SHOWN)}", words, self.theme)
        return f"<div><style>{style}</style>{shown}</div>"


@dataclasses.dataclass(frozen=True)
class Loss(declaration.Loss):
    """A declared loss with what can be done with it."""

    def evaluate(
        self,
        inputs: Mapping[str, Any],
        parameters: Settings | None = None,
        reduction: str | None = None,
        dtype: str = "float64",
    ) -> Evaluation:
        """Value, gradients and formula value of one call; see `lossary.evaluation.torch_calls.evaluate`."""
        from lossary.evaluation.torch_calls import evaluate

        return evaluate(self, inputs, parameters, reduction, dtype)

    def curve(
        self, t: NDArray[np.float64] | Sequence[float] | None = None, parameters: Settings | None = None
    ) -> Curve:
        """The loss along its main section, at the points `t` or at those that a figure shows."""
        import numpy as np

        from lossary.evaluation import points
        from lossary.evaluation.curves import curve
        from lossary.evaluation.settings import check_parameters

        settings = check_parameters(self, parameters or {})
        where = points.grid(self, self.main, settings) if t is None else np.asarray(t, dtype=float)
        return curve(self, self.main, where, settings)

    def figure(
        self,
        view: str = "loss",
        parameters: Settings | None = None,
        *,
        theme: Theme = "auto",
        size: tuple[int, int] | None = None,
        ax: Axes | None = None,
    ) -> Drawing:
        """A figure; a parameter with a list of values gives a curve for each.

        Args:
            view: "loss", "gradient", "curvature", "sweep", "card", "thumb", or a heat map that the loss declares.
            parameters: settings; at most one may be a list of values.
            theme: "light", "dark" or "auto", which follows the reader.
            size: width and height in CSS pixels.
            ax: draw into these matplotlib axes as well: the curves, the marks at kinks, the names of both axes, and
                a legend where curves have names. Limits, ticks, title, spines, fonts and what was drawn before stay.

        Raises:
            LossaryError: for an unknown view or theme, wrong parameters, or a view that `ax` cannot take.
        """
        from lossary.drawing import loss_views

        return _drawing(loss_views.picture(self, view, parameters or {}, size), theme, ax)

    def check(self) -> Report:
        """Run every check."""
        from lossary.verification.checks import verify

        evidence, failures = verify(self)
        return Report(self.slug, evidence, tuple(failures))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from html import escape

        card = self.figure("card")
        words = f"<p><strong>{escape(self.title)}</strong>: {escape(self.summary)}</p>"
        return {
            "image/svg+xml": card.svg().decode(),
            "text/html": f"<div>{words}{card._repr_html_()}</div>",
            "text/plain": repr(self),
        }

    def __repr__(self) -> str:
        return f"<lossary.Loss {self.slug}: {self.title}>"


def _drawing(picture: Picture, theme: Theme, ax: Axes | None) -> Drawing:
    """A picture ready to save, drawn into somebody's axes too where there are any."""
    if theme not in THEMES:
        raise LossaryError(f"no theme {theme!r}{nearest(str(theme), THEMES)}; the themes are: {', '.join(THEMES)}")
    if ax is not None:
        from lossary.drawing import render

        render.draw_into(ax, picture, "dark" if theme == "dark" else "light")
    return Drawing(picture, theme)


def _wrap(plain: declaration.Loss) -> Loss:
    return Loss(**{f.name: getattr(plain, f.name) for f in dataclasses.fields(plain)})


def catalog(catalog: str | None = None) -> dict[str, Loss]:
    """Every loss of a catalog by slug.

    Args:
        catalog: a package or a folder; without it, the catalog that ships with Lossary and all that installed packages
            register.

    Raises:
        CatalogError: with everything that is wrong with the catalog.
    """
    return {slug: _wrap(plain) for slug, plain in load_catalog(catalog).items()}


def get(name: str, catalog: str | None = None) -> Loss:
    """One loss by its slug, or by any of its other names.

    Args:
        name: the slug, a title, an alias, or torch's name.
        catalog: where to look, as for `catalog`.

    Raises:
        LossaryError: where no loss has the name, or several have; the message names the nearest ones, or those.
    """
    return _wrap(find(name, catalog))


def compare(
    *losses: str | declaration.Loss,
    view: str = "loss",
    parameters: Settings | None = None,
    theme: Theme = "auto",
    size: tuple[int, int] | None = None,
    ax: Axes | None = None,
    catalog: str | None = None,
) -> Drawing:
    """Losses that share an axis, laid over each other.

    Args:
        losses: slugs, or losses themselves.
        view: "loss", "gradient" or "curvature".
        parameters: settings: "delta" goes to every loss that has it, "huber.delta" to that one.
        theme: "light", "dark" or "auto", which follows the reader.
        size: width and height in CSS pixels.
        ax: draw into these matplotlib axes as well, see `Loss.figure`.
        catalog: where slugs are looked up first, a package or a folder; Lossary's own losses can always be named.

    Raises:
        LossaryError: where the losses share no axis, or names or parameters are wrong.
    """
    from lossary.drawing import loss_views
    from lossary.embedding.option_text import shared

    if not losses:
        raise LossaryError("name the losses to compare")
    found = [beside(loss, catalog) if isinstance(loss, str) else loss for loss in losses]
    return _drawing(loss_views.comparison(found, shared(found, parameters or {}), view, size), theme, ax)
