"""The declaration of a loss: plain frozen data that every other stage reads.

A loss file builds one `Loss`; its slug and its family are the file's name and folder, so that neither is ever
written twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from lossary.declaration.formula import Builder, Formula, Symbolic
from lossary.declaration.inputs import Input, Kind
from lossary.declaration.parameters import Parameter
from lossary.declaration.reductions import ELEMENTWISE, Reduction
from lossary.declaration.references import Library, Properties, Reference, Relation
from lossary.declaration.sections import Diagram, Extremes, Figure, HeatMap, Scene, Section, Study
from lossary.declaration.values import Arrays, Setting, Tensor, Value


@dataclass(frozen=True)
class Summed:
    """A formula of a whole vector, for a loss whose elements add up to something with a name, such as a divergence.

    `reduction` is the one that gives it for one vector, `kinds` what each input holds then.
    """

    formula: Symbolic
    reduction: str
    kinds: Mapping[str, Kind]


@dataclass(frozen=True)
class Precision:
    """The size of the numbers that torch rounds on the way in float64, where that is not the result's own, and why.

    Differences are measured against it: `absolute` is a plain size, `of_input` a multiple of the largest input, `size`
    a function of the formula's symbols.
    """

    absolute: float = 0.0
    of_input: float = 0.0
    size: Builder | None = None
    why: str = ""


EXACT = Precision()
# What so many inputs of one sort are.
_GROUPS = {2: "pairs", 3: "triplets"}


@dataclass(frozen=True)
class Loss:
    """Everything that Lossary knows about one loss.

    Attributes:
        title, summary, relations, libraries, references: what the file's docstring says.
        inputs, parameters: the signature, in order.
        formulas: the main formula first; each further one covers other settings (see `Formula.at`).
        summed: what the elements of one vector add up to, where that has a formula of its own.
        computed: what torch computes at the closed ends of the domain, if it differs from the formula there.
        sections: where to draw; the first is the main one.
        properties: the claims, by key of the vocabulary; a function of the parameters where it depends on them.
        torch: the class in torch.nn, or None.
        functional: the function in torch.nn.functional, or None.
        aliases: names that do not follow from torch, the title and the libraries; once it is loaded, all of them.
        search_terms: what else people type who look for it and for no other.
        tasks: what it is for, in the words of `lossary.declaration.vocabulary.TASKS`.
        concepts: what readers ask for, phrases with semicolons between them, to the place on the page that answers: a
            parameter's name, or the words that one pitfall's title begins with.
        answers: where it is one answer to what a reader is asked, by the places of `lossary.declaration.choosing`: the
            words that a point of "When to use it" begins with, which is the reason there, and those of a point of "When
            not to", which is what would change the answer.
        function: the loss's own torch function where torch has none, in torch's style: the inputs, then the parameters
            and `reduction` as keywords with their defaults. The page shows its source, so it uses what it imports only.
        call: how torch is called where its class owns tensors that are inputs here: a function of the inputs, the
            parameters and the reduction.
        torch_call: how a page says that torch is called, where the class takes sizes that no parameter names.
        usage: the code that sets `loss` in the page's example, where the class is not simply called with the inputs.
        omitted: arguments of torch that are neither inputs nor parameters here, each with a clause that says why; those
            that many losses have are in `lossary.declaration.parameters.LEFT_OUT`.
        batches: function of the parameters to the inputs that are checked, where they cannot be drawn one by one.
        example: small inputs for the example on the page.
        figures: what is drawn besides the sections.
        side_by_side: for a figure of the family by its name, the call that draws this loss into it.
        prose: the file's docstring.
    """

    inputs: tuple[Input, ...]
    formulas: tuple[Formula, ...]
    sections: tuple[Section, ...]
    example: Arrays
    properties: Properties
    title: str = ""
    summary: str = ""
    parameters: tuple[Parameter, ...] = ()
    tasks: tuple[str, ...] = ()
    concepts: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    search_terms: tuple[str, ...] = ()
    torch: str | None = None
    functional: str | None = None
    function: Callable[..., Tensor] | None = None
    call: Callable[..., Tensor] | None = None
    torch_call: str = ""
    usage: str = ""
    omitted: Mapping[str, str] = field(default_factory=dict)
    batches: Callable[[Setting], Sequence[Arrays]] | None = None
    reductions: tuple[Reduction, ...] = ELEMENTWISE
    default_reduction: str = "mean"
    sample_dimension: int | None = None
    summed: Summed | None = None
    computed: Formula | None = None
    precision: Precision = EXACT
    figures: tuple[Figure, ...] = ()
    side_by_side: Mapping[str, str] = field(default_factory=dict)
    libraries: tuple[Library, ...] = ()
    references: tuple[Reference, ...] = ()
    relations: tuple[Relation, ...] = ()
    prose: str = field(default="", repr=False)
    slug: str = ""
    family: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        for one in fields(self):
            given = getattr(self, one.name)
            if str(one.type).startswith("tuple[") and not isinstance(given, tuple | list):
                # Most often the comma is missing behind the only one; a text would be read letter by letter.
                raise TypeError(f"{one.name} must be a tuple, got {type(given).__name__}: of one thing it is (…,)")

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of a name, or None."""
        return next((p for p in self.parameters if p.name == name), None)

    def defaults(self) -> dict[str, Value]:
        """All parameters at their defaults."""
        return {p.name: p.default for p in self.parameters}

    @property
    def maps(self) -> tuple[HeatMap, ...]:
        """The heat maps among its figures."""
        return tuple(one for one in self.figures if isinstance(one, HeatMap))

    @property
    def studies(self) -> tuple[Study, ...]:
        """The studies among its figures."""
        return tuple(one for one in self.figures if isinstance(one, Study))

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """The scenes among its figures."""
        return tuple(one for one in self.figures if isinstance(one, Scene))

    @property
    def diagrams(self) -> tuple[Diagram, ...]:
        """The diagrams among its figures."""
        return tuple(one for one in self.figures if isinstance(one, Diagram))

    @property
    def extremes(self) -> Extremes | None:
        """The line on which the number formats part, where it has one."""
        return next((one for one in self.figures if isinstance(one, Extremes)), None)

    @property
    def takes(self) -> tuple[str, ...]:
        """What goes in, in the words of `lossary.declaration.vocabulary.TAKES`."""
        kinds = [k for i in self.inputs for several in (i.kinds, *i.kinds_at.values()) for k in several]
        alike = Counter(i.kinds[0].takes for i in self.inputs)
        groups = [_GROUPS[count] for what in ("vectors", "scores") if (count := alike[what]) in _GROUPS]
        return tuple(dict.fromkeys([*(kind.takes for kind in kinds if kind.takes), *groups]))

    @property
    def main(self) -> Section:
        """The section that the loss is drawn and measured along."""
        return self.sections[0]


def terms(text: str) -> tuple[str, ...]:
    """Names or phrases from a text with semicolons between them."""
    return tuple(term.strip() for term in text.split(";") if term.strip())
