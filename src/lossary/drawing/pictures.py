"""What a picture shows, as plain data: traces, marks and words. It knows neither losses nor matplotlib."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    # Only in annotations: the room of declarations brings SymPy, which a picture does not need.
    from lossary.declaration.network import Network

Array = NDArray[np.float64]

# Width and height in CSS pixels that a picture may have, if what it shows fits.
SMALLEST, LARGEST = (80, 60), (4000, 4000)
# The room that miniatures take over a chart.
MINIATURES_HIGH = 64


@dataclass(frozen=True)
class Trace:
    """One curve.

    Attributes:
        x, y: the points.
        role: its colour, a role of the palette.
        label: written at its end; empty for none.
        strong: the one that the picture is about.
        dashed: the how manieth of its colour it is: 0 is solid, 1 dashed, 2 and 3 are further dashes.
        dotted: the points are all there is; the lines between them only lead the eye.
    """

    x: Array
    y: Array
    role: str = "loss"
    label: str = ""
    strong: bool = True
    dashed: int = 0
    dotted: bool = False


Rectangle = tuple[float, float, float, float]  # x1, y1, x2, y2


@dataclass(frozen=True)
class Boxes:
    """Two boxes as they lie where the horizontal quantity is `x`, in a unit that all pairs of a chart share."""

    x: float
    target: Rectangle
    predicted: Rectangle

    @property
    def around(self) -> Rectangle:
        """The smallest box around both."""
        (a, b, c, d), (e, f, g, h) = self.target, self.predicted
        return min(a, e), min(b, f), max(c, g), max(d, h)


@dataclass(frozen=True)
class Mask:
    """The pixels of a picture where the horizontal quantity is `x`, in rows from the top: object, and probability."""

    x: float
    target: tuple[tuple[bool, ...], ...]
    predicted: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class RankedList:
    """The items of a list where the horizontal quantity is `x`: letter and score, the highest first."""

    x: float
    items: tuple[tuple[str, float], ...]


# What the inputs look like at one place of a chart.
Miniature = Boxes | Mask | RankedList


@dataclass(frozen=True)
class Chart:
    """A line chart.

    Attributes:
        title, description: for screen readers, and the `<title>` and `<desc>` of an SVG.
        heading: the words over the vertical axis, which name what is drawn, in the colour of `role`.
        xlabel: what moves.
        kinks: points (x, y) where the curve is not smooth.
        ends: places on the horizontal axis where the domain ends.
        size: width and height in CSS pixels.
        xlim, ylim: fixed ranges, where pictures are to be compared.
        bare: a thumbnail, without numbers and words.
        rug: values marked by ticks along the lower edge, such as a sample.
        logarithmic: the vertical axis counts powers of ten beyond 1 and -1.
        miniatures: what the inputs look like, drawn over the axes, each above its place; all are of one kind.
        layer: its curves alone, to lie before a chart of the same size and ranges, which brings the axes.
    """

    title: str
    description: str
    heading: str
    role: str
    xlabel: str
    traces: tuple[Trace, ...]
    kinks: tuple[tuple[float, float], ...] = ()
    ends: tuple[float, ...] = ()
    size: tuple[int, int] = (460, 330)
    xlim: tuple[float, float] | None = None
    ylim: tuple[float, float] | None = None
    bare: bool = False
    rug: tuple[float, ...] = ()
    logarithmic: bool = False
    miniatures: tuple[Miniature, ...] = ()
    layer: bool = False


@dataclass(frozen=True)
class Surface:
    """A heat map over two quantities, `values[up, across]`, and perhaps a line (x, y) with words at its end.

    It is so small that its letters are still ten pixels high where a phone is as wide as it.
    """

    title: str
    description: str
    heading: str
    xlabel: str
    ylabel: str
    across: Array
    up: Array
    values: Array
    path: tuple[str, Array, Array] | None = None
    size: tuple[int, int] = (400, 340)


@dataclass(frozen=True)
class Arrow:
    """A named point in the plane, and the step that starts there."""

    label: str
    x: float
    y: float
    dx: float
    dy: float


@dataclass(frozen=True)
class Plane:
    """Points in the plane with a step from each, all drawn in one unit; the origin is marked."""

    title: str
    description: str
    heading: str
    arrows: tuple[Arrow, ...]
    size: tuple[int, int] = (460, 360)


@dataclass(frozen=True)
class Lattice:
    """A network as a picture: the more weight a node or a way has, the more ink."""

    title: str
    description: str
    heading: str
    network: Network
    size: tuple[int, int] = (400, 320)


@dataclass(frozen=True)
class Card:
    """A loss in one picture: its name, its formula in mathtext, its loss and its gradient side by side."""

    title: str
    description: str
    name: str
    call: str
    formula: str
    charts: tuple[Chart, Chart]
    size: tuple[int, int] = (1200, 630)


Picture = Chart | Surface | Plane | Lattice | Card


@dataclass(frozen=True)
class Table:
    """The numbers of a picture: column names and columns of one length."""

    names: tuple[str, ...]
    columns: tuple[Array, ...] = field(repr=False)

    def csv(self) -> bytes:
        """The table as CSV: numbers with all their digits, nothing where there is none, names with commas in quotes."""
        rows = zip(*(column.tolist() for column in self.columns), strict=True)
        names = (f'"{n}"' if "," in n else n for n in self.names)
        lines = [",".join(names), *(",".join("" if v != v else repr(v) for v in row) for row in rows)]
        return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True)
class View:
    """A picture of a loss, with the numbers behind it and the words around it."""

    name: str
    title: str
    alt: str
    caption: str
    picture: Picture
    table: Table | None
