"""What is known of a loss elsewhere: its sources, the same loss in other libraries, its relations to other losses."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from lossary.declaration.known_libraries import CITED, RUN, KnownLibrary

# What a property is said to be, or found to be: whether it holds, a number, a word, or the two ends of something. Which
# of them it is, the property's name says, and no type can.
Claimed: TypeAlias = Any


@dataclass(frozen=True)
class Cited:
    """A property that was taken from a reference instead of being checked."""

    value: Claimed
    source: str


# Claims by property; one that depends on parameters is a function of them.
Properties: TypeAlias = Mapping[str, Claimed | Cited | Callable[..., Claimed]]


@dataclass(frozen=True)
class Library:
    """The same loss elsewhere.

    Attributes:
        name: the library.
        call: Python in the loss's own names, where the library is run; the library's own words where it is not.
        note: what differs, of what running the call cannot tell.
        source: where it was read, for a call that is not run.
        at: the parameters at which a library that has none is compared.
        differs: whether its values are no fixed multiple of the loss's; the note then says why.
    """

    name: str
    call: str
    note: str = ""
    source: str = ""
    at: Mapping[str, Any] = field(default_factory=dict)
    differs: bool = False

    @property
    def known(self) -> KnownLibrary | None:
        """What is known of the library that runs the call; None where it is not run but cited."""
        return None if self.source else next((one for one in RUN if one.name == self.name), None)

    @property
    def functions(self) -> list[str]:
        """What the call takes from the library, by its full name, for those who look for that."""
        package = self.known.package if self.known else ""
        found = re.findall(rf"(?<![\w.]){package}(?:\.\w+)+", self.call) if package else []
        return list(dict.fromkeys(found)) or [self.call.partition("(")[0]]


_LISTED = re.compile(
    r"(?:\[(?P<linked>[^\]]+)\]\((?P<source>[^)]+)\) |(?P<name>[^`]+?) )?"
    r"`(?P<call>[^`]+)`(?P<differs> is another loss)?(?: at (?P<at>[\w=.* ,+-]+))?(?:: (?P<note>.+))?"
)
_PACKAGE = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?=\.|::)")


def library(text: str) -> Library:
    """The same loss in a library, from a line such as "`scipy.special.huber(delta, input - target)`: What differs.".

    A library whose package stands in the call need not be named. Where values are no fixed multiple of the loss's, the
    line says so: "`sklearn.metrics.mean_poisson_deviance(target, input)` is another loss at log_input=False: Why.".
    A call that is not run, though its library is, comes with its source:
    "[scikit-learn](https://…) `HistGradientBoostingRegressor(…)`: Why.".

    Raises:
        ValueError: where a text is no such line, or names no library.
    """
    found = _LISTED.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text!r} is no library's call such as '`keras.losses.Huber(delta=delta)(target, input)`: What differs.'"
        )
    name = found["linked"] or found["name"]
    if name and re.search(r"\btimes$|:$", name):
        raise ValueError(f"{name!r} is measured by running the call; leave it out before {found['call']!r}")
    packages = _PACKAGE.findall(found["call"])
    called = [one.name for package in packages for one in (*RUN, *CITED) if package == one.package]
    name = name or next(iter(called), None)
    if name is None:
        known = ", ".join(one.package for one in (*RUN, *CITED) if one.package)
        raise ValueError(f"say before {found['call']!r} whose it is; known by its package is {known}")
    if not found["source"] and any(one.name == name for one in RUN) and not _is_expression(found["call"]):
        raise ValueError(f"{found['call']!r} of {name} is no Python to run; cite it: '[{name}](source) `…`'")
    described = next((one.source for one in CITED if one.name == name), "")
    if found["differs"] and not found["note"]:
        raise ValueError(f"say after {found['call']!r} in what it is another loss")
    source, at = found["source"] or described, _setting(found["at"] or "")
    return Library(name, found["call"], found["note"] or "", source, at, bool(found["differs"]))


def _is_expression(call: str) -> bool:
    try:
        ast.parse(call, mode="eval")
    except SyntaxError:
        return False
    return True


def _setting(text: str) -> dict[str, Any]:
    """Parameters from "c=2, delta=2**0.5"."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    return {name.strip(): _value(value.strip()) for name, _, value in pairs}


def _value(text: str) -> Any:
    """A number, a power such as 2**0.5, or a flag."""
    base, power, exponent = text.partition("**")
    return float(base) ** float(exponent) if power else ast.literal_eval(text)


Kind: TypeAlias = Literal["article", "inproceedings", "book", "techreport", "misc"]


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
    kind: Kind = "article"

    @property
    def place(self) -> Place:
        """Where it was printed, as data.

        Raises:
            ValueError: where the venue is not written as such a source is cited.
        """
        found = _PLACES[self.kind].fullmatch(self.venue)
        if not found:
            raise ValueError(f"the venue {self.venue!r} is not written as one of kind {self.kind!r}; see `citation`")
        parts = found.groupdict()
        return Place(parts["name"], *(parts.get(key) for key in ("volume", "number", "pages", "label")))


@dataclass(frozen=True)
class Place:
    """A journal, a volume of proceedings, a book, or the institution of a report, and what part of it.

    `label` is what a report is called, such as "Technical report".
    """

    name: str
    volume: str | None = None
    number: str | None = None
    pages: str | None = None
    label: str | None = None


_PAGES = r"(?:, (?P<pages>[a-z]?\d+[-–]\d+))?"
# A year is part of the name of a conference; only what is called a volume is one there.
_IN_A_SET = re.compile(rf"(?P<name>.+?)(?:, volume (?P<volume>\d+))?{_PAGES}")
_PLACES: dict[str, re.Pattern[str]] = {
    # Articles of a journal without pages have one number in their place.
    "article": re.compile(
        r"(?P<name>.+?)(?: (?P<volume>\d+)(?:\((?P<number>[^)]+)\))?(?:, (?P<pages>[a-z]?\d+(?:[-–]\d+)?))?)?"
    ),
    "inproceedings": _IN_A_SET,
    "book": _IN_A_SET,
    "techreport": re.compile(r"(?P<label>\D+) (?P<number>\S+), (?P<name>.+)"),
    "misc": re.compile(r"(?P<name>.+)"),
}


_CITATION = re.compile(
    r"(?P<authors>[^()]+) \((?P<year>\d{4})\)\. (?P<title>.+)\. "
    r"(?:(?P<set>In )?\*(?P<printed>[^*]+)\*|(?P<report>[^*.]+))\."
    r"(?: doi:(?P<doi>\S+))?(?: arXiv:(?P<arxiv>\S+))?(?: (?P<url>https?://\S+))?"
)


def citation(text: str) -> Reference:
    """A source from its citation, written as people cite.

    A journal stands between asterisks, proceedings after "In" as well, a report or preprint without either:
    "A. First, B. Second and C. Third (1964). Title. *Journal 35(1), 73-101*. doi:10.1214/… arXiv:… https://…",
    "In *Proceedings of 1994, volume 2, 55-60*.", "Technical report TR-98-04, Institution.".

    Raises:
        ValueError: where a text is no such citation.
    """
    found = _CITATION.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text!r} is no citation such as 'A. First and B. Second (1964). Title. *Journal 35(1), 73-101*.'"
        )
    kind: Kind = "inproceedings" if found["set"] else "article"
    if found["report"]:
        kind = "techreport" if _PLACES["techreport"].fullmatch(found["report"]) else "misc"
    return Reference(
        authors=tuple(re.split(r", | and ", found["authors"])),
        title=found["title"],
        venue=found["printed"] or found["report"],
        year=int(found["year"]),
        doi=found["doi"],
        arxiv=found["arxiv"],
        url=found["url"],
        kind=kind,
    )


_LINK = re.compile(r"\[\[([a-z0-9_]+)")


@dataclass(frozen=True)
class Relation:
    """An identity or limit that links two losses, and the Python expressions whose equality shows it.

    Both sides are evaluated in float64 and must agree within `tolerance` (relative). They may use torch, nn, F,
    `functional` (the function of each loss by its slug, as in `lossary.functional`) and these tensors: `input`,
    `target` (64 real numbers), `logits`, `label` (64, labels 0 or 1), `scores`, `p`, `q` (8 by 5: logits, and two
    batches of distributions), `classes` (8 class indices), `boxes` and `others` (two batches of 32 boxes, x1 y1 x2 y2).

    Attributes:
        text: the relation in words; the first loss that it links is the other one.
        identity: the two sides with " == " between them.
        tolerance: how far apart they may be.
    """

    text: str
    identity: str
    tolerance: float = 1e-12

    def __post_init__(self) -> None:
        if not _LINK.search(self.text):
            raise ValueError(f"the relation {self.text!r} links no loss: write it [[mse]], or [[mse|squared error]]")
        if self.identity.count(" == ") != 1:
            raise ValueError(f"the identity {self.identity!r} needs two sides with ' == ' between them")

    @property
    def slug(self) -> str:
        """The other loss."""
        found = _LINK.search(self.text)
        return found[1] if found else ""

    @property
    def left(self) -> str:
        """The first side of the identity."""
        return self.identity.partition(" == ")[0]

    @property
    def right(self) -> str:
        """The second side of the identity."""
        return self.identity.partition(" == ")[2]
