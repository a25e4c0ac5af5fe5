"""The index of the search: what each loss is called, asked for by and said to be, as small as it can be read.

It is made from what the losses' files say, so that the site and the command line have the same one. How it is ranked is
the business of `docs/assets/js/ranking.js`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lossary.discovery.links import LINK, named
from lossary.publishing.record_fields import Spoken

if TYPE_CHECKING:
    # At run time this comes with SymPy, which a build with nothing to do does not wait for.
    from lossary.declaration.values import Json, JsonObject

_CALLED = re.compile(r"[A-Za-z_][\w.:]*[\w]")
_SNIPPET = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_EXCERPT = 75  # letters of a text that is shown below a title


def index(losses: Iterable[Spoken]) -> JsonObject:
    """The index of a catalog."""
    found = list(losses)
    titles = {loss["slug"]: loss["title"] for loss in found}
    words = {word: meaning for loss in found for word, meaning in loss["meanings"].items()}
    return {"words": words, "losses": [entry(loss, titles) for loss in found]}


def written(found: JsonObject) -> bytes:
    """The index as a file."""
    return (json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def entry(loss: Spoken, titles: Mapping[str, str]) -> JsonObject:
    """What is searched of one loss.

    `places` are those on its page that a question may lead to: anchor, title, excerpt, and the phrases that ask for it.
    `instead` is when another loss is to be taken, with its slugs: a reason to find that one.
    """

    def plain(markdown: str) -> str:
        return _plain(markdown, titles)

    called = [loss["torch"] or "", *(row["call"] for row in loss["libraries"])]
    calls = {found[0]: None for call in called if (found := _CALLED.match(call))}
    phrases = {concept["phrase"] for concept in loss["concepts"]}
    asked: dict[tuple[str, str], list[Json]] = {}
    for concept in loss["concepts"]:
        ((kind, place),) = ((kind, concept[kind]) for kind in ("parameter", "pitfall") if kind in concept)
        asked.setdefault((kind, place), []).append(concept["phrase"])
    places: list[Json] = [
        [parameter_anchor(name), f"Parameter {name}", _begin(plain(one["meaning"])), asked.get(("parameter", name), [])]
        for one in loss["parameters"]
        for name in (one["name"],)
    ]
    places += [
        [anchor(title), plain(title), _begin(plain(one["markdown"])), asked.get(("pitfall", title), [])]
        for one in loss["pitfalls"]
        for title in (one["title"],)
    ]
    return {
        "slug": loss["slug"],
        "title": loss["title"],
        "family": loss["family_title"],
        "summary": loss["summary"],
        "names": list(loss["aliases"]),
        "calls": [call for call in calls if call not in loss["aliases"]],
        "terms": [term for term in loss["search_terms"] if term not in phrases],
        "kinds": [*loss["tasks"], *loss["takes"]],
        "places": places,
        "when": [plain(text) for text in _listed(loss["prose"]["when"])],
        "instead": [[plain(text), sorted(named(text) & set(titles))] for text in _listed(loss["prose"]["when_not"])],
        "more": [
            *(_begin(plain(one["text"])) for one in loss["relations"]),
            *(one["text"].split(". *")[0] for one in loss["references"]),  # without the journal
        ],
    }


def parameter_anchor(name: str) -> str:
    """The anchor of a parameter's row on the page."""
    return f"parameter-{name}"


def anchor(title: str) -> str:
    """The anchor of a heading, as Python-Markdown makes it of its text."""
    letters = unicodedata.normalize("NFKD", title.replace("`", "")).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", letters).strip().lower())


def _plain(markdown: str, titles: Mapping[str, str]) -> str:
    """Markdown without its snippets, links and signs, in one line."""
    text = _SNIPPET.sub("", markdown)
    text = LINK.sub(lambda link: link[2] or titles.get(link[1], link[1]), text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*?([^*\n]+)\*\*?", r"\1", text)
    return " ".join(text.replace("`", "").split())


def _listed(markdown: str) -> list[str]:
    """The entries of a list; what stands outside of it is an entry as well."""
    return [text for text in re.split(r"^[-*] |\n\n", _SNIPPET.sub("", markdown), flags=re.MULTILINE) if text.strip()]


def _begin(text: str) -> str:
    """The first sentence of a text, or where it is too long its beginning."""
    first = re.split(r"(?<=[.!?:]) (?=[A-Z])", text, maxsplit=1)[0]
    return first if len(first) <= _EXCERPT else first[:_EXCERPT].rsplit(" ", 1)[0] + " …"
