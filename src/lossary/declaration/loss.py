"""The declaration of a loss: plain frozen data that every other stage reads.

A loss file builds one `Loss`; its slug and its family are the file's name and folder, so that neither is ever
written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lossary.declaration.formula import Builder, Formula, Symbolic
from lossary.declaration.inputs import Input, Kind
from lossary.declaration.parameters import Parameter
from lossary.declaration.reductions import ELEMENTWISE, Reduction
from lossary.declaration.references import Library, Reference, Relation
from lossary.declaration.sections import Diagram, Extremes, HeatMap, Scene, Section, Study


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


@dataclass(frozen=True)
class Loss:
    """Everything that Lossary knows about one loss.

    Attributes:
        title: the page's title.
        summary: one sentence.
        inputs, parameters: the signature, in order.
        formulas: the main formula first; each further one covers other settings (see `Formula.at`).
        summed: what the elements of one vector add up to, where that has a formula of its own.
        computed: what torch computes at the closed ends of the domain, if it differs from the formula there.
        sections: where to draw; the first is the main one.
        properties: the claims, by key of the vocabulary; a function of the parameters where it depends on them.
        torch: the class in torch.nn, or None.
        functional: the function in torch.nn.functional, or None.
        function: the loss's own torch function of (inputs, parameters) for one value per sample, where torch has none.
        call: how torch is called where its class owns tensors that are inputs here: a function of the inputs, the
            parameters and the reduction.
        torch_call: how a page says that torch is called, where the class takes sizes that no parameter names.
        usage: the code that sets `loss` in the page's example, where the class is not simply called with the inputs.
        batches: function of the parameters to the inputs that are checked, where they cannot be drawn one by one.
        example: small inputs for the example on the page.
    """

    title: str
    summary: str
    inputs: tuple[Input, ...]
    formulas: tuple[Formula, ...]
    sections: tuple[Section, ...]
    example: Mapping[str, Any]
    properties: Mapping[str, Any]
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    search_terms: tuple[str, ...] = ()
    torch: str | None = None
    functional: str | None = None
    function: Callable[..., Any] | None = None
    call: Callable[..., Any] | None = None
    torch_call: str = ""
    usage: str = ""
    batches: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]] | None = None
    reductions: tuple[Reduction, ...] = ELEMENTWISE
    default_reduction: str = "mean"
    sample_dimension: int | None = None
    summed: Summed | None = None
    computed: Formula | None = None
    precision: Precision = EXACT
    maps: tuple[HeatMap, ...] = ()
    studies: tuple[Study, ...] = ()
    scenes: tuple[Scene, ...] = ()
    diagrams: tuple[Diagram, ...] = ()
    extremes: Extremes | None = None
    libraries: tuple[Library, ...] = ()
    references: tuple[Reference, ...] = ()
    relations: tuple[Relation, ...] = ()
    prose: str = field(default="", repr=False)
    slug: str = ""
    family: str = ""
    path: str = ""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of a name, or None."""
        return next((p for p in self.parameters if p.name == name), None)

    def defaults(self) -> dict[str, Any]:
        """All parameters at their defaults."""
        return {p.name: p.default for p in self.parameters}

    @property
    def main(self) -> Section:
        """The section that the loss is drawn and measured along."""
        return self.sections[0]
