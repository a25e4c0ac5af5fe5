"""The fields of a loss's record and the types of their values: what pages, losses.json and the plots' index read.

All of it is JSON: numbers that JSON does not have are the strings "inf" and "-inf".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict


class InputField(TypedDict):
    """An input, as the table of a page lists it."""

    name: str
    latex: str
    kind: str
    shape: str
    meaning: str
    optional: bool


class ParameterField(TypedDict):
    """A parameter; its `latex` is empty where no formula has it."""

    name: str
    latex: str
    default: Any
    meaning: str
    range: str
    required: bool
    functional_only: bool


class OmittedField(TypedDict):
    """Arguments of torch that are neither inputs nor parameters here, and why."""

    names: list[str]
    reason: str


class GradientField(TypedDict):
    """A derivative of a formula by one of its inputs."""

    of: str
    by: str
    latex: str
    head: str


class FormulaField(TypedDict):
    """A formula as a page shows it."""

    label: str
    note: str
    latex: str
    gradients: list[GradientField]
    where: list[str]
    remark: str
    executable: bool


class ChecksField(TypedDict):
    """How the formula was compared with torch; `formula_radius` is None where the formula cannot be executed."""

    points: int
    settings: int
    max_error_value: float
    max_error_gradient: float
    formula_radius: float | None


class SymbolField(TypedDict):
    """A symbol of the formulas."""

    latex: str
    meaning: str


class ReductionField(TypedDict):
    """A reduction, and what the example's values become by it."""

    name: str
    value: str
    divides_by: str


class ExampleField(TypedDict):
    """Code to paste, and what it prints."""

    code: str
    output: str


class PropertyRow(TypedDict):
    """A property in words."""

    key: str
    label: str
    value_text: str
    plain_text: str
    evidence: str
    how: str


class AxisField(TypedDict):
    """An axis that the loss is drawn along."""

    name: str
    label: str
    short: str
    span: Sequence[float]
    top: float
    slopes: Sequence[float]
    reference: dict[str, Any] | None


class ViewField(TypedDict):
    """A figure; `csv` is whether its points are a file as well."""

    name: str
    title: str
    alt: str
    caption: str
    width: int
    height: int
    csv: bool


class UseField(TypedDict):
    """When to use the loss, and when not, as Markdown."""

    when: str
    when_not: str


class AnswerField(TypedDict):
    """Where the loss is an answer to what a reader is asked; the reason and what would change it, as Markdown."""

    place: str
    reason: str
    change: str


class PitfallField(TypedDict):
    """What trips people over, as Markdown."""

    title: str
    markdown: str


class RelationField(TypedDict):
    """An identity that binds the loss to another."""

    slug: str
    text: str
    left: str
    right: str
    evidence: str


class ReferenceField(TypedDict):
    """A source."""

    text: str
    doi: str | None
    arxiv: str | None
    url: str | None
    bibtex: str


class Spoken(TypedDict):
    """What a loss's file itself says of it; `meanings` are those of the words in `tasks` and `takes`."""

    slug: str
    title: str
    family: str
    family_title: str
    summary: str
    aliases: list[str]
    search_terms: list[str]
    tasks: list[str]
    takes: list[str]
    meanings: dict[str, str]
    concepts: list[dict[str, str]]
    torch: str | None
    functional: str | None
    parameters: list[ParameterField]
    prose: UseField
    pitfalls: list[PitfallField]
    libraries: list[dict[str, Any]]
    relations: list[RelationField]
    references: list[ReferenceField]
    source_path: str


class Record(Spoken):
    """Everything that is said of a loss outside its figures.

    `properties`, `plot` and `libraries` are what evidence, the interactive plot and the calls' measurements say.
    """

    call: str
    inputs: list[InputField]
    left_out: list[OmittedField]
    formulas: list[FormulaField]
    computed: FormulaField | None
    formula_checked: bool
    checks: ChecksField
    enclosed: str
    precision: str
    symbols: list[SymbolField]
    reductions: list[ReductionField]
    example: ExampleField
    source: str | None
    pairs_a_column: bool
    properties: dict[str, dict[str, Any]]
    property_rows: list[PropertyRow]
    axis: str
    axes: list[AxisField]
    variable: str
    measured_where: str
    views: list[ViewField]
    plot: dict[str, Any]
    answers: list[AnswerField]
    library_functions: list[str]
    library_notes: dict[str, str]
    torch_version: str
