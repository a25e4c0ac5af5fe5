"""What is known of a loss elsewhere: its sources, the same loss in other libraries, its relations to other losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Cited:
    """A property that was taken from a reference instead of being checked."""

    value: Any
    source: str


@dataclass(frozen=True)
class Library:
    """The same loss elsewhere; `factor` is that library's value divided by torch's per-element value."""

    name: str
    call: str
    factor: float | None
    note: str = ""


@dataclass(frozen=True)
class Reference:
    """A confirmed source; the citation text and the BibTeX entry are both made from these fields."""

    authors: tuple[str, ...]
    title: str
    venue: str
    year: int
    doi: str | None = None
    arxiv: str | None = None
    url: str | None = None
    kind: Literal["article", "inproceedings", "book", "misc"] = "article"


@dataclass(frozen=True)
class Relation:
    """An identity or limit that links two losses, and the two Python expressions whose equality shows it.

    `left` and `right` are evaluated in float64 and must agree within `tolerance` (relative). They may use torch, nn
    and F, and these tensors: `input`, `target` (64 real numbers), `logits`, `label` (64, labels 0 or 1), `scores`,
    `p`, `q` (8 by 5: logits, and two batches of distributions) and `classes` (8 class indices).
    """

    slug: str
    text: str
    left: str
    right: str
    tolerance: float = 1e-12
