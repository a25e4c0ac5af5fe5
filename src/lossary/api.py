"""The Python interface: a loss that can be called, evaluated, drawn and checked."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lossary.declaration.inputs import Input
from lossary.declaration.loss import Loss as Declaration
from lossary.declaration.parameters import Parameter
from lossary.discovery.catalogs import catalog as load_catalog
from lossary.discovery.lookup import beside, find
from lossary.errors import Failure, LossaryError, nearest, shown

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from lossary.drawing.palette import Theme
    from lossary.drawing.pictures import Picture
    from lossary.evaluation.curves import Curve
    from lossary.evaluation.torch_calls import Evaluation
    from lossary.verification.evidence import Evidence

VIEWS = ("loss", "gradient", "curvature", "sweep", "card", "thumb")
_SHOWN = itertools.count(1)  # numbers the figures of a notebook
THEMES = ("light", "dark", "auto")
Settings: TypeAlias = Mapping[str, Any]
# What a loss takes for an input: a tensor, or whatever NumPy makes an array of.
TensorLike: TypeAlias = "Tensor | ArrayLike | Sequence[Tensor]"


@dataclasses.dataclass(frozen=True)
class Report:
    """The outcome of all checks of one loss; true where all hold.

    Attributes:
        slug: the loss.
        evidence: what was found, such as how many values were compared and how far they differ at most.
        failures: what does not hold, each with its file, its check and the first offending point.
    """

    slug: str
    evidence: Evidence
    failures: tuple[Failure, ...]

    def __bool__(self) -> bool:
        return not self.failures

    def __repr__(self) -> str:
        found = f"{self.evidence.points:,} values compared, {len(self.evidence.passed)} checks hold"
        if not self.failures:
            return f"<lossary.Report {self.slug}: {found}>"
        first = f"{len(self.failures)} failure{'s' * (len(self.failures) != 1)}, the first in {self.failures[0].stage}"
        return f"<lossary.Report {self.slug}: {first}; {found}>"


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A picture that can be saved, or shown by a notebook.

    Attributes:
        picture: what is drawn, as plain data: titles, curves, sizes.
        theme: "light", "dark" or "auto", which follows the reader.
        in_axes: whether it was drawn into somebody's axes; a notebook shows those, and it is not shown once more.
    """

    picture: Picture
    theme: Theme = "auto"
    in_axes: bool = False

    def __repr__(self) -> str:
        into = ", drawn into axes" * self.in_axes
        return f"<lossary.Drawing {shown(self.picture.title)}, theme {self.theme}{into}>"

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

        Args:
            path: the file; it is written anew.

        Raises:
            LossaryError: where the ending is none of .svg, .png and .pdf.
            OSError: where the file cannot be written.
        """
        target = Path(path)
        makers = {".svg": self.svg, ".png": self.png, ".pdf": self.pdf}
        if target.suffix.lower() not in makers:
            raise LossaryError(f"cannot write {target.name}: the file's name must end in .svg, .png or .pdf")
        target.write_bytes(makers[target.suffix.lower()]())

    def _repr_svg_(self) -> str | None:
        return None if self.in_axes else self.svg().decode()

    def _repr_html_(self) -> str | None:
        if self.in_axes:
            return None
        from lossary.drawing.inline_svg import content_name, inline

        # A notebook is one page, in which a figure must not share ids with the next, nor with one that is left from
        # before the kernel began anew.
        words = f"{self.picture.title}. {self.picture.description}"
        drawn = self.svg()
        style, shown = inline(drawn, f"lossary-{content_name(drawn)}-{next(_SHOWN)}", words, self.theme)
        return f"<div><style>{style}</style>{shown}</div>"


class Loss:
    """A loss of a catalog, at its defaults or at settings of one's own: call it, evaluate it, draw it, check it.

    `lossary.get` and `lossary.catalog` give losses, `at` the same loss at other settings. In a notebook a loss shows
    its card.

    Attributes:
        declaration: all that the loss's file says.
    """

    def __init__(self, declaration: Declaration, settings: Settings | None = None) -> None:
        """A loss from what its file declares; `lossary.get` finds and loads the file.

        Args:
            declaration: what the file declares.
            settings: values of parameters that differ from the defaults, by name.

        Raises:
            LossaryError: for an unknown parameter, a wrong type, or a value outside the range.
        """
        from lossary.evaluation.settings import check_parameters

        self.declaration = declaration
        self._settings = dict(settings or {})
        check_parameters(declaration, self._settings)

    @property
    def slug(self) -> str:
        """The name that commands and addresses use, such as "smooth_l1"."""
        return self.declaration.slug

    @property
    def title(self) -> str:
        """What people call it, such as "Smooth L1 loss"."""
        return self.declaration.title

    @property
    def summary(self) -> str:
        """What it is, in a sentence."""
        return self.declaration.summary

    @property
    def family(self) -> str:
        """The family that it is listed with."""
        return self.declaration.family

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its other names, those of other libraries among them."""
        return self.declaration.aliases

    @property
    def tasks(self) -> tuple[str, ...]:
        """What it is for."""
        return self.declaration.tasks

    @property
    def torch(self) -> str | None:
        """The class in torch.nn, or None where torch lacks it."""
        return self.declaration.torch

    @property
    def functional(self) -> str | None:
        """The function in torch.nn.functional, or None where there is none."""
        return self.declaration.functional

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What it takes, in order: name, shape, meaning and kinds of each input."""
        return self.declaration.inputs

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its keywords: name, default, meaning and range of each."""
        return self.declaration.parameters

    @property
    def reductions(self) -> tuple[str, ...]:
        """The names of its reductions."""
        return tuple(reduction.name for reduction in self.declaration.reductions)

    @property
    def settings(self) -> dict[str, Any]:
        """The value of each parameter: the default, or what `at` was given."""
        return {**self.declaration.defaults(), **self._settings}

    def at(self, **settings: Any) -> Loss:
        """The same loss at other settings: they are the defaults of all that it does.

        Args:
            settings: values by the names of parameters; other parameters keep what they have. An array or a tensor,
                such as a weight for each class, is kept as plain numbers.

        Returns:
            A loss; this one stays as it is.

        Raises:
            LossaryError: for an unknown parameter, a wrong type, or a value outside the range.
        """
        # Settings are plain values, so of an array or a tensor what it holds.
        plain = {name: v.tolist() if hasattr(v, "tolist") else v for name, v in settings.items()}
        return Loss(self.declaration, {**self._settings, **plain})

    def __call__(self, *inputs: TensorLike, reduction: str | None = None, **named: Any) -> Tensor:
        """What torch answers: `huber(input, target, delta=0.5, reduction="sum")`.

        Args:
            inputs: in the declared order, in the shapes that the loss's page gives. Tensors keep their dtype, device
                and graph, so that gradients flow. Arrays and nested lists become tensors like those beside them, or of
                float64 where there are none; of int64 where the input holds whole numbers, such as class indices.
            reduction: "none", "sum", "mean" or another that the loss has; its default if None.
            named: inputs by name, and parameters. A parameter for each class may be a tensor as well.

        Returns:
            A scalar, or one value per element or sample for the reduction "none", as torch has it.

        Raises:
            LossaryError: for unknown names, missing inputs, wrong parameters, and for what torch objects to.
        """
        from lossary.evaluation.tensor_calls import call

        return call(self._at_settings, inputs, named, reduction)

    def evaluate(
        self,
        inputs: Mapping[str, Any],
        parameters: Settings | None = None,
        reduction: str | None = None,
        dtype: str = "float64",
        *,
        formula: bool = True,
    ) -> Evaluation:
        """Value and gradients by torch in plain numbers, and beside them what the displayed formula says.

        What torch warns of, such as inputs whose shapes differ, is a Python warning, and is kept with the answer.

        Args:
            inputs: numbers, arrays, tensors or nested lists by the name of the input, in the shapes that the loss's
                page gives; of a tensor with a graph its numbers alone.
            parameters: settings that differ from those of this loss.
            reduction: "none", "sum", "mean" or another that the loss has; its default if None.
            dtype: "float64", "float32", "float16" or "bfloat16", in which torch computes.
            formula: whether the formula is evaluated. It takes some seconds for a hundred thousand numbers, and is left
                out beyond; the answer's `note` says so then.

        Returns:
            The value as a number, or as nested lists for the reduction "none"; the gradient of the value (of its sum
            for "none") with respect to each real-valued input, in the input's shape; and the value of the formula, or
            None where that cannot be executed for this call.

        Raises:
            LossaryError: for anything wrong with the request, torch's own objections included.
        """
        from lossary.evaluation.torch_calls import evaluate

        if not isinstance(inputs, Mapping):
            names = ", ".join(f'"{entry.name}": …' for entry in self.inputs)
            raise LossaryError(f"{self.slug}: give the inputs by name, {{{names}}}, got {shown(inputs)}")
        found = evaluate(self._at_settings, inputs, parameters, reduction, dtype, formula)
        for words in found.warnings:
            warnings.warn(words, UserWarning, stacklevel=2)
        return found

    def curve(
        self, t: NDArray[np.float64] | Sequence[float] | None = None, parameters: Settings | None = None
    ) -> Curve:
        """The loss along its main section, with its first and second derivative.

        Args:
            t: the points, a 1-D array or list; those that a figure shows if None.
            parameters: settings that differ from those of this loss.

        Returns:
            The points, the loss and its two derivatives there, 1-D arrays of one length.

        Raises:
            LossaryError: for wrong parameters.
        """
        import numpy as np

        from lossary.evaluation import points
        from lossary.evaluation.curves import curve
        from lossary.evaluation.settings import check_parameters

        loss = self._at_settings
        settings = check_parameters(loss, parameters or {})
        where = points.grid(loss, loss.main, settings) if t is None else np.asarray(t, dtype=float)
        return curve(loss, loss.main, where, settings)

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
            parameters: settings that differ from those of this loss; at most one may be a list of values.
            theme: "light", "dark" or "auto", which follows the reader.
            size: width and height in CSS pixels.
            ax: draw into these matplotlib axes as well: the curves, the marks at kinks, the names of both axes, and
                a legend where curves have names. Limits, ticks, title, spines, fonts and what was drawn before stay.

        Raises:
            LossaryError: for an unknown view or theme, wrong parameters, or a view that `ax` cannot take.
        """
        from lossary.drawing import loss_views

        return _drawing(loss_views.picture(self._at_settings, view, parameters or {}, size), theme, ax)

    def check(self) -> Report:
        """Run every check, at the typical settings of the loss and at those of `at`.

        A list such as a weight for each class is left out: it belongs to a number of classes, and checks have theirs.
        Nothing is raised: what does not hold is in the report, which is false then.
        """
        from lossary.verification.checks import verify

        plain = {name: value for name, value in self._settings.items() if not isinstance(value, list | tuple)}
        evidence, failures = verify(_replaced(self.declaration, plain, default=False))
        return Report(self.slug, evidence, tuple(failures))

    @property
    def _at_settings(self) -> Declaration:
        """The declaration with these settings as defaults, which is all that the rooms below need to know of them."""
        return _replaced(self.declaration, self._settings, default=True)

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
        told = ", ".join(f"{name}={shown(value)}" for name, value in self._settings.items())
        return (
            f"<lossary.Loss {self.slug}({told}): {self.title}>" if told else f"<lossary.Loss {self.slug}: {self.title}>"
        )


class Catalog(Mapping[str, Loss]):
    """Losses by slug, as `catalog["huber"]` or `catalog.huber`; both complete in a notebook or a shell."""

    def __init__(self, losses: Mapping[str, Loss]) -> None:
        """A catalog of losses; `lossary.catalog` finds and loads them.

        Args:
            losses: by slug, in the order in which they are listed.
        """
        self._losses = dict(losses)

    def __getitem__(self, slug: str) -> Loss:
        if slug not in self._losses:
            raise KeyError(f"no loss has the slug {slug!r}{nearest(str(slug), self._losses)}")
        return self._losses[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self._losses)

    def __len__(self) -> int:
        return len(self._losses)

    def __getattr__(self, slug: str) -> Loss:
        # A copy that is just being made has no losses yet.
        losses: dict[str, Loss] = self.__dict__.get("_losses", {})
        if slug not in losses:
            raise AttributeError(f"no loss has the slug {slug!r}{nearest(slug, losses)}")
        return losses[slug]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._losses]

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._losses)

    def __repr__(self) -> str:
        few = [*self] if len(self) <= 4 else [*itertools.islice(self, 3), "…"]
        return f"<lossary.Catalog of {len(self)} losses: {', '.join(few)}>"


def _replaced(loss: Declaration, settings: Settings, default: bool) -> Declaration:
    """A declaration with these settings among its typical ones, and as its defaults."""
    if not settings:
        return loss
    from lossary.evaluation.settings import check_parameters

    checked = check_parameters(loss, settings)

    def changed(parameter: Parameter) -> Parameter:
        if parameter.name not in settings:
            return parameter
        value = checked[parameter.name]
        if default:
            return dataclasses.replace(parameter, default=value)
        return dataclasses.replace(parameter, typical=(*parameter.typical, value))

    return dataclasses.replace(loss, parameters=tuple(map(changed, loss.parameters)))


def _drawing(picture: Picture, theme: Theme, ax: Axes | None) -> Drawing:
    """A picture ready to save, drawn into somebody's axes too where there are any."""
    if theme not in THEMES:
        raise LossaryError(f"no theme {shown(theme)}{nearest(str(theme), THEMES)}; the themes are: {', '.join(THEMES)}")
    if ax is not None:
        from lossary.drawing import render

        render.draw_into(ax, picture, "dark" if theme == "dark" else "light")
    return Drawing(picture, theme, in_axes=ax is not None)


def catalog(catalog: str | None = None) -> Catalog:
    """Every loss of a catalog by slug: `catalog()["huber"]`, `catalog().huber`.

    Args:
        catalog: a package or a folder; without it, the catalog that ships with Lossary and all that installed packages
            register.

    Raises:
        CatalogError: with everything that is wrong with the catalog.
        LossaryError: where there is no such package or folder.
    """
    return Catalog({slug: Loss(declared) for slug, declared in load_catalog(catalog).items()})


def get(name: str, catalog: str | None = None) -> Loss:
    """One loss by its slug, or by any of its other names.

    Args:
        name: the slug, a title, an alias, or torch's name.
        catalog: where to look, as for `catalog`.

    Raises:
        LossaryError: where no loss has the name, or several have; the message names the nearest ones, or those.
        CatalogError: where the loss's file does not load.
    """
    if isinstance(name, Loss):
        raise LossaryError(f"{name!r} is a loss already: use it as it is")
    return Loss(find(name, catalog))


def compare(
    *losses: str | Loss,
    view: str = "loss",
    parameters: Settings | None = None,
    theme: Theme = "auto",
    size: tuple[int, int] | None = None,
    ax: Axes | None = None,
    catalog: str | None = None,
) -> Drawing:
    """Losses that share an axis, laid over each other.

    Args:
        losses: slugs, or losses themselves; a loss counts at its settings, and may stand here at several.
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
        raise LossaryError("name the losses to compare, such as compare('huber', 'mse')")
    for loss in losses:
        if not isinstance(loss, str | Loss):
            hint = "; a list is unpacked with a star: compare(*losses)" if isinstance(loss, list | tuple) else ""
            raise LossaryError(f"a loss to compare is a slug or a lossary.Loss, got {shown(loss)}{hint}")
    found = [Loss(beside(loss, catalog)) if isinstance(loss, str) else loss for loss in losses]
    declared = [loss.declaration for loss in found]
    given = shared(declared, parameters or {})
    settings = [{**loss._settings, **own} for loss, own in zip(found, given, strict=True)]
    return _drawing(loss_views.comparison(declared, settings, view, size), theme, ax)
