"""Puts the losses of a catalog below the questions that lead to them, from what their records say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lossary.discovery.links import named
from lossary.publishing.record_fields import Record

if TYPE_CHECKING:
    # At run time this comes with SymPy, which a build with nothing to do does not wait for.
    from lossary.declaration.values import JsonObject


def choices(asked: Sequence[Mapping[str, Any]], records: Sequence[Record]) -> list[JsonObject]:
    """The tasks with their questions, answers and losses; what leads to no loss of the catalog is left out.

    Args:
        asked: the tasks with all questions, each answer with its place.
        records: the losses.
    """
    at: dict[str, list[JsonObject]] = {}
    for record in records:
        for answer in record["answers"]:
            at.setdefault(answer["place"], []).append({**_loss(record), **answer})
    at = {place: _ordered(losses) for place, losses in at.items()}
    made = []
    present = {task for record in records for task in record["tasks"]}
    for task in asked:
        tree = _with_losses(task, at, present)
        standing = {loss["slug"] for loss in _all(tree)}
        also = [_loss(r) for r in records if task["name"] in r["tasks"] and r["slug"] not in standing]
        if standing or also:
            made.append({"name": task["name"], "meaning": task["meaning"], **tree, "also": also})
    return made


def steps(asked: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """For each place, the task and the answers that lead there, in their own words.

    Args:
        asked: the tasks with all questions, each answer with its place.
    """
    found: dict[str, list[str]] = {}

    def follow(node: Mapping[str, Any], before: list[str]) -> None:
        found[node["place"]] = before
        for answer in node["answers"]:
            follow(answer, [*before, answer["text"]])

    for task in asked:
        follow(task, [task["name"].capitalize()])
    return found


def _loss(record: Record) -> JsonObject:
    """What is shown of a loss wherever it stands."""
    thumbnail = next((view for view in record["views"] if view["name"] == "thumb"), None)
    size = {"width": thumbnail["width"], "height": thumbnail["height"]} if thumbnail else None
    return {"slug": record["slug"], "title": record["title"], "torch": record["torch"], "thumbnail": size}


def _ordered(losses: Sequence[JsonObject]) -> list[JsonObject]:
    """Those first which most of the others there name, then those of torch: they need nothing to be pasted."""
    how_often: Counter[str] = Counter()
    for loss in losses:
        how_often.update(named(f"{loss['reason']} {loss['change']}") - {str(loss["slug"])})
    return sorted(
        losses, key=lambda one: (-how_often[str(one["slug"])], one["torch"] is None, str(one["title"]).casefold())
    )


def _with_losses(node: Mapping[str, Any], at: Mapping[str, list[JsonObject]], present: set[str]) -> JsonObject:
    """A question or an answer with its losses, without the answers that lead to none."""
    answers = [
        {"text": answer["text"], "task": answer["task"], **_with_losses(answer, at, present)}
        for answer in node["answers"]
    ]
    return {
        "place": node["place"],
        "question": node["question"],
        "answers": [answer for answer in answers if answer["task"] in present or _all(answer)],
        "losses": at.get(node["place"], []),
    }


def _all(node: Mapping[str, Any]) -> list[JsonObject]:
    """All losses that a question or an answer leads to, without those of other tasks."""
    return [*node["losses"], *(loss for answer in node["answers"] for loss in _all(answer))]
