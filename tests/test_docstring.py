"""What a docstring says is read as it is written, from the title to the sources; and its words are closed."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

import lossary
from lossary.declaration import Loss, citation, library, terms
from lossary.declaration.docstring import answer, head, libraries, parse, references, relations
from lossary.declaration.references import Library, Reference
from lossary.declaration.vocabulary import TAKES, TASKS
from lossary.discovery.catalogs import catalog
from lossary.discovery.links import named
from lossary.publishing.record import bibtex
from lossary.publishing.record import citation as cited

LOSSES = catalog()
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)

TEXT = """Scaled square

Half the square of a residual
in units of sigma.

## When to use it

Now.

## When not to

Then.

## Pitfalls

### It is squared

Yes.

### It has a unit

Yes.

## Relations

Half of [[mse|the
squared error]].

    F.mse_loss(input, target) / 2 ==
        ((input - target) ** 2).mean() / 2

It tends to [[l1]].

    input == target  # within 1e-4

## In other libraries

- `keras.losses.Huber(delta=1.0)`
- scikit-learn `Half(loss="a at")` at c=2**0.5: It goes
  on.

## References

- C. E. Shannon (1948). A Theory. With a stop.
  *Journal 27(3), 379-423*. doi:10.1002/j.1538
"""


def test_a_docstring_is_read_from_top_to_bottom() -> None:
    parts = parse(TEXT)
    assert (parts.title, parts.summary) == head(TEXT)
    assert head(TEXT) == ("Scaled square", "Half the square of a residual in units of sigma.")
    assert (parts.when, parts.when_not, [p.title for p in parts.pitfalls]) == (
        "Now.",
        "Then.",
        ["It is squared", "It has a unit"],
    )
    first, second = relations(TEXT)
    assert (first.slug, first.text) == ("mse", "Half of [[mse|the squared error]].")
    assert (first.left, first.right) == ("F.mse_loss(input, target) / 2", "((input - target) ** 2).mean() / 2")
    assert (first.tolerance, second.tolerance, second.slug, second.right) == (1e-12, 1e-4, "l1", "target")
    assert libraries(TEXT) == (
        Library("Keras", "keras.losses.Huber(delta=1.0)"),
        Library("scikit-learn", 'Half(loss="a at")', "It goes on.", at={"c": 2**0.5}),
    )
    assert references(TEXT) == (
        Reference(("C. E. Shannon",), "A Theory. With a stop", "Journal 27(3), 379-423", 1948, doi="10.1002/j.1538"),
    )
    assert relations("Title") == libraries("Title") == references("Title") == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Scaled square\n", "Scaled\nsquare\n", "must begin with the title in one line"),
        ("    input == target", "input == target", "holds a sentence and then an indented identity"),
        ("It tends to [[l1]].\n\n", "", "holds a sentence and then an indented identity"),
        ("[[l1]]", "l1", "links no loss: write it"),
        ("input == target", "input", "needs two sides with ' == ' between them"),
        ("- `keras", "`keras", "holds a list, whose entries begin with '- '"),
        ("`keras.losses.Huber(delta=1.0)`", "keras", "is no library's call such as"),
        ("`keras.losses.Huber(delta=1.0)`", "`keras.losses.Huber(delta=`", "is no Python to run; cite it"),
        ("scikit-learn ", "", "say before 'Half"),
        ("(1948)", "1948", "is no citation such as"),
        ("## References", "## Sources", "unknown heading '## Sources'"),
    ],
)
def test_what_cannot_be_read_is_told(old: str, new: str, message: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("text", "name", "note", "runs"),
    [
        ("`optax.l2_loss(a, b)`", "optax", "", True),
        ("`-torch.distributions.Normal(a, b).log_prob(c)`", "PyTorch", "", True),
        ("`ceres::HuberLoss(a)`: Halved.", "Ceres Solver", "Halved.", False),
        ("ML.NET `Loss()`", "ML.NET", "", False),
        ("fairseq `objective=1`: As: here.", "fairseq", "As: here.", False),
        ("[scikit-learn](https://scikit-learn.org) `Estimator()`: Trains.", "scikit-learn", "Trains.", False),
    ],
)
def test_a_librarys_call(text: str, name: str, note: str, runs: bool) -> None:
    found = library(text)
    assert (found.name, found.note, found.known is not None) == (name, note, runs)


def test_a_factor_is_measured_and_not_written() -> None:
    with pytest.raises(ValueError, match="is measured by running the call"):
        library("0.5 times `optax.l2_loss(a, b)`")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A. One (1999). T: *x*? Y. *J 1(2), 3-4*. doi:10.1/2 arXiv:1234.5678", "article"),
        ("A. One, B. Two and C. Three (1999). T. In *Proceedings (P)*. https://a.b/c", "inproceedings"),
        ("A. One and B. Two (1999). T. Technical report 4, X.", "techreport"),
    ],
)
def test_a_source(text: str, kind: str) -> None:
    found = citation(text)
    assert found.kind == kind
    links = [f"doi:{found.doi}", f"arXiv:{found.arxiv}", found.url or "None"]
    assert cited(found).replace("*", "") in text.replace("*", "").replace("In Pro", "Pro")
    assert [one in text for one in links] == [bool(found.doi), bool(found.arxiv), bool(found.url)]


def test_a_place_is_a_parameter_or_the_beginning_of_one_pitfalls_title() -> None:
    parts = parse(TEXT)
    assert answer(parts, ["sigma"], "sigma") == {"parameter": "sigma"}
    assert answer(parts, ["sigma"], "It is") == {"pitfall": "It is squared"}
    with pytest.raises(ValueError, match="more than one title begins so"):
        answer(parts, ["sigma"], "It")
    with pytest.raises(ValueError, match="there are sigma, 'It is squared', 'It has a unit'"):
        answer(parts, ["sigma"], "tau")


@every_loss
def test_every_loss_says_what_it_is_for_and_what_goes_in(loss: Loss) -> None:
    assert loss.tasks
    assert set(loss.tasks) <= set(TASKS)
    assert loss.takes
    assert set(loss.takes) <= set(TAKES)
    parts = parse(loss.prose)
    phrases = [phrase for text in loss.concepts for phrase in terms(text)]
    assert len(phrases) >= 4
    assert len({*map(str.casefold, phrases)}) == len(phrases)
    for place in loss.concepts.values():
        assert answer(parts, [p.name for p in loss.parameters], place)


def test_the_schema_lists_the_vocabularies() -> None:
    schema = json.loads((Path(lossary.__file__).parent / "publishing" / "losses.schema.json").read_text("utf-8"))
    listed = schema["items"]["properties"]
    assert listed["tasks"]["items"]["enum"] == list(TASKS)
    assert listed["takes"]["items"]["enum"] == list(TAKES)


# --- names and links over the whole catalog ---------------------------------------------------------------------------


def linked(text: str) -> set[str]:
    """The losses that a text links."""
    return named(text) & {*LOSSES}


@every_loss
def test_when_not_to_says_what_instead(loss: Loss) -> None:
    """Each entry links another loss, or names a function or page outside of this glossary."""
    entries = re.split(r"^- ", parse(loss.prose).when_not.partition("\n\n")[0], flags=re.MULTILINE)
    assert not entries[0].strip(), entries[0]
    for entry in entries[1:]:
        outside = re.search(r"`[a-z_]+(\.\w+)+`|\]\(https://", entry)
        assert outside or linked(entry) - {loss.slug}, f"{loss.slug}: instead of what? {entry}"


@every_loss
def test_a_relation_is_run_with_the_functions_of_both_losses(loss: Loss) -> None:
    """And with no formula retyped: what is compared is what the two pages ship."""
    for relation in loss.relations:
        for one in (loss, LOSSES[relation.slug]):
            names = [f"functional.{one.slug}", *(n.rpartition(".")[2] for n in (one.functional, one.torch) if n)]
            assert any(f"{name}(" in relation.identity for name in names), f"{one.slug} in {relation.identity}"


@every_loss
def test_every_link_resolves(loss: Loss) -> None:
    assert named(loss.prose) <= {*LOSSES}


def test_losses_that_share_a_search_term_lead_to_each_other() -> None:
    """Who looks for what two pages claim, and opens the wrong one, finds the other; a name belongs to one page."""
    claims: dict[str, dict[str, bool]] = {}
    for slug, loss in LOSSES.items():
        words = {**dict.fromkeys(loss.search_terms, False), **dict.fromkeys((slug, loss.title, *loss.aliases), True)}
        for word, name in words.items():
            folded = re.sub(r"[^a-z0-9]", "", word.casefold())
            claims.setdefault(folded, {})[slug] = name
    links = {slug: linked(loss.prose) for slug, loss in LOSSES.items()}
    shared = {word: slugs for word, slugs in claims.items() if len(slugs) > 1}
    assert shared
    for word, slugs in shared.items():
        assert not any(slugs.values()), f"{word!r} is the name of one loss: {slugs}"
    apart = {
        f"{one} and {other} share {word!r}"
        for word, slugs in shared.items()
        for one, other in itertools.combinations(slugs, 2)
        if other not in links[one] and one not in links[other]
    }
    assert not apart


# --- references as data ---------------------------------------------------------------------------------------------


def sources() -> list[Reference]:
    return [reference for loss in LOSSES.values() for reference in loss.references]


def test_a_source_is_the_same_on_every_page_that_names_it() -> None:
    known: dict[str, Reference] = {}
    for reference in sources():
        assert known.setdefault(reference.title.lower(), reference) == reference


def test_where_a_source_was_printed_is_data() -> None:
    """A year is no volume, and no page, volume or report number is left in a name."""
    for reference in sources():
        place, entry = reference.place, bibtex(reference)
        assert place.volume != str(reference.year)
        assert not re.search(r"\bvol(\.|ume)|, \d+[-–]\d+|\bpp?\.|\(\d+\)", place.name), place
        assert entry.count("{") == entry.count("}")
        for value in (place.volume, place.number, place.pages and place.pages.replace("-", "--"), reference.doi):
            assert not value or f"{{{value}}}" in entry, entry


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("In *CVPR 2016, 2818-2826*.", ["booktitle = {CVPR 2016},", "pages = {2818--2826},"]),
        (
            "In *Proceedings of 1994, volume 1, 55-60*.",
            ["booktitle = {Proceedings of 1994},", "volume = {1},", "pages = {55--60},"],
        ),
        ("*Journal B 20(2)*.", ["journal = {Journal B},", "volume = {20},", "number = {2},"]),
        ("*Annals 102, 359-378*.", ["journal = {Annals},", "volume = {102},", "pages = {359--378},"]),
        (
            "Technical report CSD-TR-98-04, Royal Holloway.",
            ["institution = {Royal Holloway},", "type = {Technical report},", "number = {CSD-TR-98-04},"],
        ),
        ("arXiv preprint. arXiv:1503.02531", ["eprint = {1503.02531},", "archiveprefix = {arXiv},"]),
    ],
)
def test_bibtex_of_each_kind_of_source(text: str, lines: list[str]) -> None:
    entry = bibtex(citation(f"A. Müller and B. First (2016). Some Title. {text}"))
    assert entry.startswith(("@article{muller2016,", "@inproceedings{", "@techreport{", "@misc{"))
    assert all(f"  {line}" in entry for line in lines), entry
    assert len(entry.splitlines()) == 5 + len(lines)
