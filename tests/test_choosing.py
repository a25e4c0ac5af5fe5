"""The questions that lead from a task to a few losses, and what losses' own files say of the answers."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cases import LOSSES, every_loss
from lossary.declaration.choosing import PLACES, QUESTIONS, Question
from lossary.declaration.docstring import parse, point
from lossary.declaration.loss import Loss
from lossary.declaration.vocabulary import TASKS
from lossary.publishing.choosing import choices
from lossary.publishing.jobs import questions_files
from lossary.verification.checks import headings
from lossary.verification.evidence import Evidence

ASKED = json.loads(questions_files({})["questions.json"])
AT = Counter(place for loss in LOSSES.values() for place in loss.answers)


def questions(question: Question | None) -> Iterator[Question]:
    """A question and all that may follow it."""
    if question is not None:
        yield question
        for answer in question.answers.values():
            if isinstance(answer.then, Question):
                yield from questions(answer.then)


def most_questions(task: str, before: tuple[str, ...] = ()) -> int:
    """How many questions a reader answers at most, who goes on at another task and not around in a circle."""

    def depth(question: Question) -> int:
        below = []
        for answer in question.answers.values():
            if isinstance(answer.then, Question):
                below.append(depth(answer.then))
            elif answer.then is not None and answer.then not in before:
                below.append(most_questions(answer.then, (*before, task)))
        return 1 + max(below, default=0)

    first = QUESTIONS[task]
    return depth(first) if first else 0


def test_every_task_is_asked_for_in_at_most_four_questions() -> None:
    assert list(QUESTIONS) == list(TASKS)
    # The task is the first question.
    assert max(1 + most_questions(task) for task in QUESTIONS) == 4


def test_every_question_is_one_with_answers_to_choose_from() -> None:
    for task, first in QUESTIONS.items():
        for question in questions(first):
            assert question.text.endswith("?")
            assert 2 <= len(question.answers) <= 6
            texts = [answer.text for answer in question.answers.values()]
            assert len(set(texts)) == len(texts)
            for name, answer in question.answers.items():
                assert re.fullmatch("[a-z]+", name)
                assert answer.text[:1].isupper()
                assert not answer.text.endswith(".")
                if isinstance(answer.then, str):
                    assert answer.then in QUESTIONS
                    assert answer.then != task


def test_every_answer_leads_to_two_or_three_losses() -> None:
    """To one where the catalog has no other; that is rare."""
    assert set(AT) == set(PLACES)
    assert {place: AT[place] for place in PLACES if AT[place] > 3} == {}
    assert sum(AT[place] == 1 for place in PLACES) <= len(PLACES) / 10


@every_loss
def test_every_loss_is_an_answer_or_the_way_out_of_one(loss: Loss) -> None:
    """What it says there are points of its page."""
    named = {
        slug
        for other in LOSSES.values()
        for _, words in other.answers.values()
        for slug in re.findall(r"\[\[(\w+)", point(parse(other.prose).when_not, words))
    }
    assert loss.answers or loss.slug in named
    assert {place.partition("/")[0] for place in loss.answers} <= set(loss.tasks)


# Words for something that stands elsewhere on the same page.
ELSEWHERE = re.compile(
    r"\b(see|shown|as|given) (below|above)\b|\b(below|above)\)|\bthe \w+ (below|above)\.|\bpitfalls?\b|\bsnippets?\b"
    r"|\bthis page\b|\bsee the (relations|figures?|table|formula|source)\b|\b(a|the) figures? (show|below|above)",
    re.IGNORECASE,
)


@every_loss
def test_what_is_shown_on_other_pages_speaks_of_nothing_on_its_own(loss: Loss) -> None:
    """Answers on "Choose", notes on calls among the libraries, the summary in lists and in the search."""
    prose = parse(loss.prose)
    shown = [point(prose.when, reason) for reason, _ in loss.answers.values()]
    shown += [point(prose.when_not, change) for _, change in loss.answers.values()]
    shown += [loss.summary, *(library.note for library in prose.libraries), *(p.meaning for p in loss.parameters)]
    assert [said for said in shown if ELSEWHERE.search(said)] == []


def record(loss: Loss, **changed: Any) -> Any:
    """What the page of questions reads of a record."""
    prose = parse(loss.prose)
    answers = [
        {"place": place, "reason": point(prose.when, reason), "change": point(prose.when_not, change)}
        for place, (reason, change) in loss.answers.items()
    ]
    shown = {name: getattr(loss, name) for name in ("slug", "title", "torch", "tasks")}
    return {**shown, "views": [], "answers": answers, **changed}


def leaves(node: Any) -> Iterator[Any]:
    """The questions and answers at which losses stand."""
    if node["losses"]:
        yield node
    for answer in node["answers"]:
        yield from leaves(answer)


def rank(losses: list[Any], loss: Any) -> tuple[int, bool, str]:
    """How many of the others name it, whether torch lacks it, and its title."""
    link = re.compile(rf"\[\[{loss['slug']}\b")
    naming = [one for one in losses if one is not loss and link.search(one["reason"] + one["change"])]
    return -len(naming), loss["torch"] is None, loss["title"].casefold()


def test_every_loss_stands_below_a_task() -> None:
    tasks = choices(ASKED, [record(loss) for loss in LOSSES.values()])
    assert [task["name"] for task in tasks] == list(TASKS)
    shown = Counter(node["place"] for task in tasks for node in leaves(task) for _ in node["losses"])
    assert shown == AT
    for task in tasks:
        standing = {loss["slug"] for node in leaves(task) for loss in node["losses"]}
        also = {loss["slug"] for loss in task["also"]}
        assert not standing & also
        assert standing | also == {loss.slug for loss in LOSSES.values() if task["name"] in loss.tasks}
        for node in leaves(task):
            assert node["losses"] == sorted(node["losses"], key=functools.partial(rank, node["losses"]))


def test_a_small_catalog_is_asked_only_what_leads_to_its_losses() -> None:
    """A loss that says nothing but its task is named below it."""
    told = next(loss for loss in LOSSES.values() if len({place.partition("/")[0] for place in loss.answers}) > 1)
    silent = record(LOSSES["l1"], slug="silent", title="Silent", tasks=["counts"], answers=[])
    tasks = choices(ASKED, [record(told), silent])
    assert {node["place"] for task in tasks for node in leaves(task)} == set(told.answers)
    assert [loss["slug"] for task in tasks if task["name"] == "counts" for loss in task["also"]] == ["silent"]
    for task in tasks:
        pending = [*task["answers"]]
        while pending:
            answer = pending.pop()
            assert answer["losses"] or answer["answers"] or answer["task"] in {task["name"] for task in tasks}
            pending += answer["answers"]
    assert choices(ASKED, []) == []


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"regression/outlier": ("Most residuals", "Gross outliers")}, "there is no such place"),
        ({"counts/report": ("Most residuals", "Gross outliers")}, "'counts' is not among the tasks of the loss"),
        ({"reinforcement/value": ("Nothing like it", "Gross outliers")}, "'Nothing like it': no point begins so"),
        ({"reinforcement/value": ("Most residuals", "You need")}, "'You need': more than one point begins so"),
    ],
)
def test_a_wrong_answer_is_told(answers: dict[str, tuple[str, str]], words: str) -> None:
    (failure,) = headings(dataclasses.replace(LOSSES["huber"], answers=answers), Evidence())
    assert failure.message.startswith(f"the answer {next(iter(answers))!r}: ")
    assert words in failure.message


def test_points_are_entries_and_paragraphs_and_no_code() -> None:
    text = "A first\nparagraph.\n\n- One\n  entry\n- Another\n\n```python\n- no(entry)\n```\n\nThe last."
    assert point(text, "A first") == "A first paragraph."
    assert point(text, "One") == "One entry"
    assert point(text, "The last") == "The last."
    for words in ("no(", "```", "A", "Nothing"):
        with pytest.raises(ValueError, match=r"point begins so; they begin with 'A first paragraph.', 'One entry'"):
            point(text, words)
