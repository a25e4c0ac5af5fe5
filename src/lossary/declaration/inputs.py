"""What a loss takes: its inputs, what their values may be, and the numbers at which it is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lossary.declaration.symbols import TABLE
from lossary.declaration.values import Setting, Value


@dataclass(frozen=True)
class Kind:
    """What the values of an input are: the words for the page, and the numbers it is checked at.

    Attributes:
        name: the words a page uses, such as "probabilities".
        dims: the names of the trailing dimensions that make one value: none for a number, ("C",) for a vector over the
            classes, ("D",) for one over coordinates, ("C", "D") for a matrix.
        integer: values are integers and have no gradient.
        label: values are real numbers of which only a few mean something, so that a slope means nothing.
        joined: all dimensions but the first make one vector, as those of a picture do.
        shared: one value serves all samples, as the weights of a layer do.
        listed: not one tensor but a list of them, of different shapes.
        values: numbers at which a loss of such an input is checked.
        ends: numbers at the closed ends of the domain, where torch may clamp.
        sampler: for vectors and matrices, which ones to draw: a name in `lossary.evaluation.points`.
        lower, upper: the closed ends of the domain, for messages and for solvers.
        far: how far out the values go on an open side; float64 cannot follow a loss of these inputs further.
        takes: what such values are called where one looks for a loss, a key of `lossary.declaration.vocabulary.TAKES`.
    """

    name: str
    dims: tuple[str, ...] = ()
    integer: bool = False
    label: bool = False
    joined: bool = False
    shared: bool = False
    listed: bool = False
    values: tuple[float, ...] = ()
    ends: tuple[float, ...] = ()
    sampler: str = ""
    lower: float = float("-inf")
    upper: float = float("inf")
    far: float = 1e6
    takes: str = ""

    @property
    def rank(self) -> int:
        """How many trailing dimensions make one value."""
        return len(self.dims)


@dataclass(frozen=True)
class Input:
    """One tensor that the loss takes.

    Attributes:
        name: the argument's name in the contract, such as "input".
        symbol: its name in the formulas; one that is not in the symbol table brings its `latex`.
        kinds: what its values may be; with several, the shape tells which one was meant.
        shape: the shape in the notation of torch's documentation, such as "(*)" or "(N, C)".
        meaning: one clause that says what it is.
        kinds_at: other kinds under a setting, by (parameter, value).
        differentiable: whether torch gives a gradient with respect to it.
        per_row: it may lack the last dimension; one number then serves a whole row.
        neutral: the number that stands for each of its components in formulas where it is left out; an input that has
            one may be left out, and torch is given None.
        holds_vectors: with kinds of different rank, whether it holds one of the higher, told by how many dimensions
            each input has, by name. By itself it does where it has as many as the first input.
        batch_axis: which dimension counts the samples of a batch.
        latex: how the symbol is written; as the symbol table says, if empty.
        takes_number: whether torch also takes one plain number for all elements, where it refuses a tensor of one.
    """

    name: str
    symbol: str
    kinds: tuple[Kind, ...]
    shape: str
    meaning: str
    kinds_at: Mapping[tuple[str, Value], tuple[Kind, ...]] = field(default_factory=dict)
    differentiable: bool = True
    per_row: bool = False
    batch_axis: int = 0
    latex: str = ""
    neutral: float | None = None
    holds_vectors: Callable[[Mapping[str, int]], bool] | None = None
    takes_number: bool = False

    def __repr__(self) -> str:
        return f"<lossary.Input {self.name} {self.shape}>"

    @property
    def optional(self) -> bool:
        """Whether it may be left out."""
        return self.neutral is not None

    @property
    def written(self) -> str:
        """Its LaTeX; the symbol itself where neither the input nor the symbol table says how it is written."""
        return self.latex or (TABLE[self.symbol].latex if self.symbol in TABLE else self.symbol)

    def candidates(self, parameters: Setting) -> tuple[Kind, ...]:
        """The kinds that its values may be under these parameters."""
        for (name, value), kinds in self.kinds_at.items():
            if parameters.get(name) == value:
                return kinds
        return self.kinds


_TAILS = (1e-300, 1e-12, 1e-4, 1e-2, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 7.5, 12.0, 40.0, 100.0)
_FAR = (*_TAILS, 1000.0, 1e6)
# The exponential of anything beyond 709.78 is infinite in float64.
_EXPONENT = (*_TAILS, 700.0)
_INSIDE = (2e-12, 1e-9, 1e-6, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


def _both(values: tuple[float, ...]) -> tuple[float, ...]:
    return (*(-v for v in reversed(values)), 0.0, *values)


REAL = Kind("real numbers", values=_both(_FAR), takes="predictions")
REAL_TARGET = Kind("real numbers", values=(0.0, 0.75, -3.0, 1000.0), takes="values")
LOGIT = Kind("logits (any real number)", values=_both(_FAR), takes="logits")
SCORE = Kind("scores (any real number)", values=_both(_FAR), takes="scores")
# That of a loss which takes the exponential of its score.
EXPONENT_SCORE = Kind("scores (any real number)", values=_both(_EXPONENT), far=700.0, takes="scores")
SIGN = Kind("labels 1 or \N{MINUS SIGN}1", label=True, values=(1.0, -1.0), takes="signs")
LOG_RATE = Kind("logarithms of rates (any real number)", values=_both(_EXPONENT), far=700.0, takes="log-rates")
RATE = Kind("rates, above 0", values=_FAR[1:], lower=0.0, takes="rates")
POSITIVE_MEAN = Kind("means, above 0", values=_FAR[1:], lower=0.0, takes="predictions")
COUNT = Kind("counts: 0, 1, 2, …", label=True, values=(0.0, 1.0, 2.0, 5.0, 20.0, 1000.0), lower=0.0, takes="counts")
PROBABILITY = Kind(
    "probabilities, from 0 to 1",
    values=(*_INSIDE, *(1 - v for v in reversed(_INSIDE[:-1]))),
    ends=(0.0, 1.0, 1e-60, 1e-30, 1e-13),
    lower=0.0,
    upper=1.0,
    takes="probabilities",
)
BINARY = Kind(
    "labels 0 or 1, or probabilities in between",
    values=(0.0, 1.0, 0.3, 0.9),
    lower=0.0,
    upper=1.0,
    takes="binary labels",
)
LOGITS = Kind("logits, one for each class", dims=("C",), sampler="logits", takes="logits")
SCORES = Kind("scores, one for each class", dims=("C",), sampler="logits", takes="scores")
COSINES = Kind("cosines, one for each class", dims=("C",), sampler="cosines", lower=-1.0, upper=1.0, takes="cosines")
CLASS_INDEX = Kind("class indices 0 to C - 1", integer=True, takes="class indices")
MULTI_HOT = Kind(
    "labels 0 or 1 for each class, or probabilities",
    dims=("C",),
    sampler="multi_hot",
    lower=0.0,
    upper=1.0,
    takes="binary labels",
)
DISTRIBUTION = Kind(
    "probabilities that sum to 1", dims=("C",), sampler="distribution", lower=0.0, upper=1.0, takes="probabilities"
)
POSITIVE_DISTRIBUTION = Kind(
    "probabilities above 0 that sum to 1",
    dims=("C",),
    sampler="positive_distribution",
    lower=0.0,
    upper=1.0,
    takes="probabilities",
)
# A probability of 0 is taken, but has no finite gradient there: the formula is compared with torch above it.
DISTRIBUTION_STEEP_AT_ZERO = replace(DISTRIBUTION, sampler="positive_distribution")
LOG_DISTRIBUTION = Kind(
    "logarithms of probabilities that sum to 1",
    dims=("C",),
    sampler="log_distribution",
    upper=0.0,
    takes="log-probabilities",
)
CLASS_PROBABILITIES = Kind(
    "class probabilities", dims=("C",), sampler="distribution", lower=0.0, upper=1.0, takes="probabilities"
)
PIXEL_PROBABILITIES = Kind(
    "probabilities, one for each pixel",
    dims=("D",),
    joined=True,
    sampler="probabilities",
    lower=0.0,
    upper=1.0,
    takes="probabilities",
)
MASK = Kind(
    "0 or 1 for each pixel", dims=("D",), label=True, joined=True, sampler="mask", lower=0.0, upper=1.0, takes="masks"
)
VECTOR = Kind("vectors of real numbers", dims=("D",), sampler="vector", takes="vectors")

# The signature of a regression loss.
REGRESSION_INPUTS = (
    Input("input", "x", (REAL,), "(*)", "the predictions"),
    Input("target", "y", (REAL_TARGET,), "(*), same as input", "the values to predict"),
)
