"""The ranking of the search: every name finds its loss first, questions do, with a slip of the finger as well.

queries.tsv holds questions: the query, the loss that should come first, and losses that would be right as well. What
the site's box makes of the ranking is tried in website/test_search.py.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from cases import LOSSES
from lossary.commands.main import main
from lossary.commands.search import answers
from lossary.declaration import docstring
from lossary.declaration.loss import Loss, terms
from lossary.publishing import search_index
from lossary.publishing.record import spoken

A_LOSS = 1.2  # KB of the index for each loss, gzipped
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@cache
def questions() -> list[tuple[str, set[str]]]:
    """Each question with the losses that are right."""
    with (Path(__file__).parent / "queries.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["query"], {row["expected"], *(row["also_right"] or "").replace(" ", "").split(",")}) for row in rows]


def slip(text: str, chance: random.Random) -> str:
    """A text with one slip: two letters swapped, or one dropped, doubled or replaced."""
    while True:
        k = chance.randrange(len(text))
        made = chance.choice(
            [
                text[:k] + text[k + 1 : k + 2] + text[k] + text[k + 2 :],
                text[:k] + text[k + 1 :],
                text[: k + 1] + text[k:],
                text[:k] + chance.choice(LETTERS) + text[k + 1 :],
            ]
        )
        if made != text:
            return made


def firsts(asked: Sequence[str]) -> list[str | None]:
    """The first loss that answers each question."""
    return [found[0]["slug"] if found else None for found in answers(asked)]


def names(loss: Loss) -> set[str]:
    """What a loss is called, torch's names at each address."""
    found = {loss.slug, loss.title, *loss.aliases}
    for full, module, short in ((loss.torch, "torch.nn.", "nn."), (loss.functional, "torch.nn.functional.", "F.")):
        if full:
            found |= {full, full.replace(module, short)}
    return found


def test_every_name_of_a_loss_finds_it_first() -> None:
    """In whatever case, with spaces or hyphens, with "loss" or without."""
    asked = []
    for slug, loss in LOSSES.items():
        for name in names(loss):
            spelt = {name, name.lower(), name.upper(), name.replace("-", " "), name.replace("_", " ")}
            asked += [(one, slug) for one in {*spelt, *([] if "loss" in name.lower() else [f"{name} loss"])}]
    found = firsts([name for name, _ in asked])
    assert [(name, slug, first) for (name, slug), first in zip(asked, found, strict=True) if first != slug] == []


def test_questions_find_the_right_loss_first() -> None:
    assert set().union(*(right for _, right in questions())) <= {*LOSSES, ""}
    found = firsts([query for query, _ in questions()])
    wrong = [
        (query, first, right) for (query, right), first in zip(questions(), found, strict=True) if first not in right
    ]
    assert len(wrong) <= 0.05 * len(questions()), wrong


@pytest.mark.parametrize("seed", range(3))
def test_questions_with_one_slip_do_as_well(seed: int) -> None:
    chance = random.Random(seed)
    asked = [slip(query, chance) for query, _ in questions()]
    wrong = [
        (query, first, right)
        for query, first, (_, right) in zip(asked, firsts(asked), questions(), strict=True)
        if first not in right
    ]
    assert len(wrong) <= 0.12 * len(asked), wrong


@pytest.mark.parametrize(
    "spellings",
    [
        ("generalised IoU", "generalized IoU", "Generalised-IoU", "generalizedIoU"),
        ("normalised temperature-scaled cross entropy", "normalized temperature scaled crossentropy"),
        ("distance between box centres", "distances between the centers of boxes"),
        ("triplet loss", "triplets", "TripletLoss", "triplet_loss"),
        ("count data", "counts data"),
        ("Rényi divergence", "renyi divergences"),
        ("keras.losses.BinaryFocalCrossentropy", "binary focal crossentropy", "BinaryFocalCrossentropy", "focal loss"),
    ],
    ids=lambda spellings: spellings[0],
)
def test_spellings_answer_alike(spellings: Sequence[str]) -> None:
    assert len(set(firsts(spellings))) == 1


def test_a_concept_leads_to_its_place() -> None:
    """Where what a reader asks for finds the loss that answers it, the parameter or pitfall that answers is first."""
    asked = []
    for slug, loss in LOSSES.items():
        parts = docstring.parse(loss.prose)
        for phrases, place in loss.concepts.items():
            answer = docstring.answer(parts, [p.name for p in loss.parameters], place)
            wanted = (
                search_index.parameter_anchor(answer["parameter"])
                if "parameter" in answer
                else search_index.anchor(answer["pitfall"])
            )
            asked += [(phrase, slug, wanted) for phrase in terms(phrases)]
    found = answers([f"{LOSSES[slug].title} {phrase}" for phrase, slug, _ in asked])
    wrong = []
    for (phrase, slug, wanted), losses in zip(asked, found, strict=True):
        places = next((one["places"] for one in losses if one["slug"] == slug), [])
        if not places or places[0]["anchor"] != wanted:
            wrong.append((slug, phrase, wanted))
    assert len(wrong) <= 0.1 * len(asked), wrong


def test_an_idea_of_a_place_is_answered_by_it() -> None:
    """Its score stands above the page's own: the box's Enter key goes there."""
    ((first, *_),) = answers(["zero_infinity"])
    place = first["places"][0]
    assert (first["slug"], place["anchor"], place["score"] > first["score"]) == ("ctc", "parameter-zero_infinity", True)


def test_a_word_alone_finds_whom_others_send_readers_to() -> None:
    """Where many losses answer alike, the one that most of them name as what to take instead is first."""
    assert firsts(["class weights", "outliers", "regression"]) == ["cross_entropy", "huber", "mse"]


def test_a_name_in_code_is_meant_among_other_words() -> None:
    assert firsts(
        ["KLDivLoss is negative", "my nn.MultiLabelMarginLoss pads with -1", "MultiLabelMargnLoss target"]
    ) == [
        "kl_div",
        "multilabel_margin",
        "multilabel_margin",
    ]


def test_a_parameter_that_one_loss_has_is_as_good_as_its_name() -> None:
    assert firsts(["log_input=True", "what does zero_infinity do with inf"]) == ["poisson_nll", "ctc"]


def test_a_name_is_answered_by_the_page() -> None:
    for found in answers(["huber", "F.mse_loss", "triplet margin loss"]):
        assert all(place["score"] < found[0]["score"] for place in found[0]["places"])


@pytest.mark.parametrize("text", ["qqqqxyzzy", "", "the loss of a", "?!", "\"'\\`", "{}[]()*+", "ß", "損失"])
def test_what_nothing_answers_has_no_answer(text: str) -> None:
    assert answers([text]) == [[]]


def test_the_index_is_small() -> None:
    made = search_index.written(search_index.index(spoken(loss, loss.family) for loss in LOSSES.values()))
    assert len(gzip.compress(made, 9)) <= A_LOSS * 1000 * len(LOSSES)


def test_the_command_line_answers() -> None:
    """The best answers a line each, below them where on the page; as JSON; and an error where there is none."""
    found = CliRunner().invoke(main, ["search", "-n", "1", "zero_infinity"])
    first, place = found.output.splitlines()
    assert (found.exit_code, first.split()[0], place.strip()) == (0, "ctc", "Parameter zero_infinity")
    told = json.loads(CliRunner().invoke(main, ["search", "--json", "croos", "entropy"]).output)
    assert told[0]["slug"] == "cross_entropy"
    assert CliRunner().invoke(main, ["search", "qqqqxyzzy"]).exit_code == 1
