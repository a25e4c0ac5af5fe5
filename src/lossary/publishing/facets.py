"""Sorts the losses of a catalog by what readers look for: facets with the losses of each value, and the matrix.

Plain JSON values made of records; which losses a choice of facets leaves is worked out where the choice is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lossary.publishing.record_fields import PropertyRow, Record

if TYPE_CHECKING:
    # At run time these come with SymPy, which a build with nothing to do does not wait for.
    from lossary.declaration.values import Json, JsonObject


@dataclass(frozen=True)
class Quality:
    """A property that a loss has or has not, as a facet offers it.

    Attributes:
        key: the property of the record that decides.
        word: as it is offered.
        meaning: the same in a sentence.
        holds: whether a value of the property is one of this kind.
    """

    key: str
    word: str
    meaning: str
    holds: Callable[[Json], bool]


QUALITIES = (
    Quality("convex", "convex", "a line between two points of the curve nowhere runs below it", lambda v: v is True),
    Quality("convex", "not convex", "some line between two points of the curve runs below it", lambda v: v is False),
    Quality("smoothness", "smooth", "the gradient has no jump", lambda v: v in ("C1", "C2", "Cinf")),
    Quality("smoothness", "with a kink", "the curve has a corner", lambda v: v == "C0"),
    Quality("lipschitz", "Lipschitz", "the gradient is bounded", lambda v: v != "inf"),
    Quality("gradient_lipschitz", "Lipschitz gradient", "the curvature is bounded", lambda v: v != "inf"),
    Quality("bounded", "bounded", "there is a most that it can cost", lambda v: v is True),
    Quality("redescending", "redescending", "the gradient goes back to zero far out", lambda v: v is True),
    Quality("symmetric", "symmetric", "swapping the two sides changes nothing", lambda v: v is True),
    Quality("proper", "proper", "the true probabilities cost least on average", lambda v: v != "not proper"),
    Quality("calibrated", "calibrated", "the lowest expected loss picks the likelier class", lambda v: v is True),
)
OF_TORCH = {"in PyTorch": "PyTorch has it", "not in PyTorch": "its page holds a function to paste"}


def facets(
    records: Mapping[str, Record], families: Sequence[Mapping[str, str]], vocabulary: Mapping[str, Mapping[str, str]]
) -> list[JsonObject]:
    """The facets of a catalog, each value with its losses; values that no loss has are left out.

    Args:
        records: of all losses, by slug.
        families: those of the catalog, by name and title, in their order.
        vocabulary: the words for `tasks` and for what a loss `takes`, with their meanings.
    """
    elicited = sorted(
        {text for r in records.values() if isinstance(text := _value(r, "elicits"), str)}, key=lambda t: (len(t), t)
    )
    offered: list[tuple[str, str, bool, list[tuple[str, str, Callable[[Record], bool]]]]] = [
        ("task", "What it is for", False, [(w, m, _has("tasks", w)) for w, m in vocabulary["tasks"].items()]),
        ("family", "Family", False, [(f["title"], "", _is_of(f["name"])) for f in families]),
        ("takes", "What goes in", True, [(w, m, _has("takes", w)) for w, m in vocabulary["takes"].items()]),
        ("property", "Properties", True, [(q.word, q.meaning, _with(q)) for q in QUALITIES]),
        ("elicits", "What it elicits", False, [(t, "", _eliciting(t)) for t in elicited]),
        ("torch", "PyTorch", False, [(w, m, _in_torch(w)) for w, m in OF_TORCH.items()]),
    ]
    made = []
    for name, title, every, words in offered:
        values = [
            {"name": plain(word), "word": word, "meaning": meaning, "slugs": slugs}
            for word, meaning, holds in words
            if (slugs := [slug for slug, record in records.items() if holds(record)])
        ]
        if values:
            made.append({"name": name, "title": title, "word": _within(title), "every": every, "values": values})
    return made


def _within(title: str) -> str:
    """A title within a sentence: names of one's own, such as PyTorch's, keep their capitals."""
    return title if re.search("[a-z][A-Z]", title) else title[0].lower() + title[1:]


def _has(field: str, word: str) -> Callable[[Record], bool]:
    return lambda record: word in (record["tasks"] if field == "tasks" else record["takes"])


def _is_of(family: str) -> Callable[[Record], bool]:
    return lambda record: record["family"] == family


def _eliciting(text: str) -> Callable[[Record], bool]:
    return lambda record: _value(record, "elicits") == text


def _in_torch(word: str) -> Callable[[Record], bool]:
    return lambda record: (record["torch"] is None) == word.startswith("not")


def _with(quality: Quality) -> Callable[[Record], bool]:
    """Whether a loss has a quality on each of its branches."""

    def holds(record: Record) -> bool:
        found = record["properties"].get(quality.key)
        return found is not None and all(map(quality.holds, [found["value"], *found.get("branches", {}).values()]))

    return holds


def _value(record: Record, key: str) -> Json:
    found = record["properties"].get(key)
    value: Json = found["value"] if found else None
    return value


def plain(word: str) -> str:
    """A word as an address has it."""
    return re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")


def chosen_by(found: Sequence[JsonObject], slug: str) -> JsonObject:
    """The values that a loss has, by facet."""
    mine = {f["name"]: [v["name"] for v in f["values"] if slug in v["slugs"]] for f in found}
    return {name: values for name, values in mine.items() if values}


@dataclass(frozen=True)
class Column:
    """A property as a column of the matrix: what heads it, and what it says in a few words."""

    key: str
    head: str
    meaning: str


COLUMNS = (
    Column("convex", "Convex", "a line between two points of the curve nowhere runs below it"),
    Column(
        "smoothness",
        "Smooth",
        "how often the curve has a continuous derivative: C⁰ has a kink, C¹ a continuous gradient, C² a continuous "
        "curvature, and C∞ no end to it",
    ),
    Column("lipschitz", "Lipschitz", "the largest slope of one element's loss; ∞ where there is none"),
    Column("gradient_lipschitz", "Lipschitz gradient", "the largest curvature; ∞ where there is none"),
    Column("bounded", "Bounded", "whether there is a most that one element can cost"),
    Column("supremum", "Supremum", "what a bounded loss never exceeds"),
    Column(
        "symmetric",
        "Symmetric",
        "whether the sign of the residual, or the order of two distributions, makes no difference",
    ),
    Column("redescending", "Redescending", "whether the gradient goes back to zero far out"),
    Column("value_at_perfect", "When perfect", "the loss of a perfect prediction"),
    Column("elicits", "Elicits", "what minimising the expected loss finds"),
    Column("proper", "Proper", "whether the true probabilities cost least on average"),
    Column("calibrated", "Calibrated", "whether the lowest expected loss picks the likelier class"),
)
_SMOOTHER = ("Cinf", "C2", "C1", "C0", "discontinuous")


def matrix(records: Mapping[str, Record]) -> JsonObject:
    """All losses against the properties that any of them has, each cell with its evidence and its place in an order."""
    columns = [c for c in COLUMNS if any(c.key in r["properties"] for r in records.values())]
    known = {row["evidence"] for r in records.values() for row in r["property_rows"]}
    return {
        "evidence": [kind for kind in ("proven", "checked", "cited") if kind in known],
        "columns": [{"key": c.key, "head": c.head, "meaning": c.meaning} for c in columns],
        "rows": [
            {
                "slug": slug,
                "title": record["title"],
                "family": record["family_title"],
                "torch": record["torch"] is not None,
                "variable": record["variable"],
                "cells": _cells(record, columns),
            }
            for slug, record in records.items()
        ],
    }


def _cells(record: Record, columns: Sequence[Column]) -> list[JsonObject | None]:
    rows = {row["key"]: row for row in record["property_rows"]}
    return [_cell(rows[c.key], _value(record, c.key)) if c.key in rows else None for c in columns]


# What a column can say in fewer words than a page; other words stand as they are.
_SHORT = {"none: unbounded": "∞", "strictly proper": "strictly", "proper": "yes", "not proper": "no"}


def _cell(row: PropertyRow, value: Json) -> JsonObject:
    words = row["plain_text"]
    if row["key"] == "smoothness" and ";" not in words:  # else each branch has its own
        words = words.partition(":")[0]
    return {"text": _SHORT.get(words, words), "evidence": row["evidence"], "order": _order(row["key"], value)}


def _order(key: str, value: Json) -> float | str:
    """What a column is sorted by: yes before no, the smoother before the less smooth, numbers by size."""
    if key == "smoothness":
        return _SMOOTHER.index(str(value))
    if isinstance(value, bool):
        return 0 if value else 1
    if value in ("inf", "-inf"):
        return 1e308 if value == "inf" else -1e308
    return value if isinstance(value, int | float) else str(value)
