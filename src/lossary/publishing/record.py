"""The record of a loss: everything that pages, the JSON index and other tools say of it, as plain JSON values.

Made from a verified loss; it computes nothing new and knows no template.
"""

from __future__ import annotations

import inspect
import math
import re
import unicodedata
from collections.abc import Callable, Sequence

import sympy as sp

from lossary.declaration import docstring
from lossary.declaration.loss import Loss, terms
from lossary.declaration.references import Cited, Claimed, Reference
from lossary.declaration.sections import Axis
from lossary.declaration.symbols import Expression, atom
from lossary.declaration.values import Json, JsonObject, Value
from lossary.declaration.vocabulary import TAKES, TASKS
from lossary.drawing.pictures import View
from lossary.elsewhere.rows import Measured, state
from lossary.evaluation.signatures import left_out
from lossary.evaluation.snippets import Run, runs, standalone_code, text_with_outputs
from lossary.evaluation.torch_calls import Nested, pairs_a_column, reduced_example
from lossary.interactive.module import plot
from lossary.publishing.record_fields import AxisField, FormulaField, OmittedField, PitfallField, Record, Spoken
from lossary.typesetting import formula_latex, torch_code
from lossary.typesetting.latex import page_latex
from lossary.typesetting.words import at_most, property_text
from lossary.verification.evidence import Evidence
from lossary.verification.findings import LABELS


def record(
    loss: Loss, evidence: Evidence, views: Sequence[View], family_title: str, measured: Measured | None = None
) -> Record:
    """The record, in the field names of losses.json and of the page templates.

    `measured` is what was measured of the calls in other libraries, by hash; without it none of them was run.
    """
    parts = docstring.parse(loss.prose)
    # The order of the docstring, in which its snippets ran; those of a verified loss have not raised.
    came = iter([run for run in runs(loss) if isinstance(run, Run)])

    formulas = [formula_latex.shown(loss, f) for f in formula_latex.formulas(loss)]
    # The order of the vocabulary, in which every page lists them.
    claimed = sorted(evidence.properties.items(), key=lambda entry: list(LABELS).index(entry[0]))
    when, when_not = text_with_outputs(parts.when, came), text_with_outputs(parts.when_not, came)
    pitfalls: list[PitfallField] = [
        {"title": p.title, "markdown": text_with_outputs(p.markdown, came)} for p in parts.pitfalls
    ]
    return {
        **spoken(loss, family_title),
        "call": torch_code.call(loss),
        "inputs": [
            {
                "name": i.name,
                "latex": i.written,
                "kind": ", or ".join(kind.name for kind in i.kinds),
                "shape": i.shape,
                "meaning": i.meaning,
                "optional": i.optional,
            }
            for i in loss.inputs
        ],
        "left_out": _left_out(loss),
        "formulas": [_formula(f) for f in formulas],
        "computed": _formula(formula_latex.shown(loss, loss.computed)) if loss.computed else None,
        "formula_checked": all(f.executable for f in formulas),
        "checks": {
            "points": evidence.points,
            "settings": evidence.settings,
            "max_error_value": evidence.max_error_value,
            "max_error_gradient": evidence.max_error_gradient,
            "formula_radius": evidence.formula_radius if all(f.executable for f in formulas) else None,
        },
        "enclosed": _enclosure_words(evidence),
        "precision": _precision(loss),
        "symbols": [{"latex": latex, "meaning": meaning} for latex, meaning in formula_latex.symbols(loss)],
        "reductions": [
            {"name": r.name, "value": _value_text(reduced_example(loss)[r.name]), "divides_by": r.divides_by}
            for r in loss.reductions
        ],
        "example": {"code": page_example(loss), "output": torch_code.example_output(loss)},
        "source": torch_code.own_source(loss),
        "pairs_a_column": pairs_a_column(loss),
        "properties": {
            key: {
                "value": _as_json(value),
                "at": _at(loss),
                **_evidence(loss, evidence, key),
                **_branches(evidence, key),
            }
            for key, (value, _) in claimed
        },
        "property_rows": [
            {
                "key": key,
                "label": LABELS[key],
                "value_text": value_text(loss, evidence, key, value),
                "plain_text": _of_branches(evidence, key) or property_text(key, value),
                "evidence": _evidence(loss, evidence, key)["evidence"],
                "how": how[:1].upper() + how[1:] + ".",
            }
            for key, (value, how) in claimed
        ],
        "axis": loss.main.axis.name,
        "axes": [_axis(axis) for axis in dict.fromkeys(section.axis for section in loss.sections)],
        "variable": loss.main.quantity,
        "measured_where": loss.main.note,
        "views": [
            {
                "name": v.name,
                "title": v.title,
                "alt": v.alt,
                "caption": v.caption,
                "width": v.picture.size[0],
                "height": v.picture.size[1],
                "csv": v.table is not None,
            }
            for v in views
        ],
        "plot": {**plot(loss).data, **evidence.plot},
        "prose": {"when": when, "when_not": when_not},
        "answers": [
            {
                "place": place,
                "reason": docstring.point(parts.when, reason),
                "change": docstring.point(parts.when_not, change),
            }
            for place, (reason, change) in loss.answers.items()
        ],
        "pitfalls": pitfalls,
        "libraries": [
            {"name": one.name, "call": one.call, "note": one.note, **state(loss, one, measured or {})}
            for one in loss.libraries
        ],
        "library_functions": [name for one in loss.libraries for name in one.functions],
        "library_notes": {one.name: one.known.note for one in loss.libraries if one.known and one.known.note},
        "torch_version": evidence.torch_version,
    }


def spoken(loss: Loss, family_title: str) -> Spoken:
    """What the file itself says of a loss, of which nothing is evaluated: its prose is as it was written."""
    parts = docstring.parse(loss.prose)
    used = formula_latex.used_symbols(loss)
    return {
        "slug": loss.slug,
        "title": loss.title,
        "family": loss.family,
        "family_title": family_title,
        "summary": loss.summary,
        "aliases": list(loss.aliases),
        "search_terms": list(loss.search_terms),
        "tasks": list(loss.tasks),
        "takes": list(loss.takes),
        "meanings": {word: (TASKS | TAKES)[word] for word in (*loss.tasks, *loss.takes)},
        "concepts": _concepts(loss, parts),
        "torch": loss.torch,
        "functional": torch_code.functional_call(loss),
        "parameters": [
            {
                "name": p.name,
                "latex": p.written if p.key in used else "",
                "default": p.default,
                "meaning": p.meaning,
                "range": p.range_text(),
                "required": p.required,
                "functional_only": p.functional_only,
            }
            for p in loss.parameters
        ],
        "prose": {"when": parts.when, "when_not": parts.when_not},
        "pitfalls": [{"title": p.title, "markdown": p.markdown} for p in parts.pitfalls],
        "libraries": [{"name": one.name, "call": one.call, "note": one.note} for one in loss.libraries],
        "relations": [
            {"slug": r.slug, "text": r.text, "left": r.left, "right": r.right, "evidence": "checked"}
            for r in loss.relations
        ],
        "references": [
            {"text": citation(r), "doi": r.doi, "arxiv": r.arxiv, "url": r.url, "bibtex": bibtex(r)}
            for r in loss.references
        ],
        "source_path": loss.path,
    }


def _left_out(loss: Loss) -> list[OmittedField]:
    """Torch's arguments that are neither inputs nor parameters here: those of one reason together."""
    found: dict[str, list[str]] = {}
    for name, reason in left_out(loss).items():
        found.setdefault(reason, []).append(name)
    return [{"names": names, "reason": reason} for reason, names in found.items()]


def _concepts(loss: Loss, parts: docstring.Prose) -> list[dict[str, str]]:
    """What readers ask for, each with the parameter or the pitfall that answers it."""
    made = []
    for phrases, place in loss.concepts.items():
        answer = docstring.answer(parts, [p.name for p in loss.parameters], place)
        made += [{"phrase": phrase, **answer} for phrase in terms(phrases)]
    return made


def _axis(axis: Axis) -> AxisField:
    reference = {"label": axis.reference[0], "points": axis.reference[1]} if axis.reference else None
    return {
        "name": axis.name,
        "label": axis.label,
        "short": axis.quantity,
        "span": axis.span,
        "top": axis.top,
        "slopes": axis.slopes,
        "reference": reference,
    }


def _formula(shown: formula_latex.Shown) -> FormulaField:
    return {
        "label": shown.label,
        "note": f"{shown.label}." if shown.label else "",
        "latex": shown.latex,
        "gradients": [{"of": of, "by": by, "latex": latex, "head": shown.head} for of, by, latex in shown.gradients],
        "where": list(shown.where),
        "remark": shown.remark,
        "executable": shown.executable,
    }


def _enclosure_words(evidence: Evidence) -> str:
    """What is proven of the formula's own values, in words."""
    if evidence.formula_radius:
        size = at_most(evidence.formula_radius)
        words = (
            f"At each of them the formula's value is enclosed by ball arithmetic, proven to within {size} of itself."
        )
    else:
        words = "At each of them the formula was evaluated exactly."
    if evidence.undecided:
        words += f" On kinks no enclosure can tell the side: {evidence.undecided:,} slopes there were not compared."
    return words


def _precision(loss: Loss) -> str:
    if not loss.precision.why:
        return ""
    scale = "the input" if loss.precision.of_input else "1"
    return (
        f"Differences are measured against {scale} where the result is smaller: torch loses digits there, "
        f"since {loss.precision.why}."
    )


def page_example(loss: Loss) -> str:
    """The example with its imports, ready to paste."""
    return standalone_code(torch_code.example_code(loss))


def _value_text(value: Nested) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value_text(v) for v in value)}]"
    return f"{value:.6g}"


def _evidence(loss: Loss, evidence: Evidence, key: str) -> JsonObject:
    """How a property is known, and between which points, where it was proven."""
    if key in evidence.proven:
        return {"evidence": "proven", "between": [_as_json(end) for end in evidence.proven[key]]}
    return {"evidence": "cited" if isinstance(loss.properties[key], Cited) else "checked"}


def _at(loss: Loss) -> dict[str, Value]:
    return {p.name: p.default for p in loss.parameters if p.default is not None}


def _as_json(value: Claimed) -> Json:
    """A property's value as JSON: infinite numbers are strings, whole floats are numbers like the others."""
    if isinstance(value, list | tuple):
        return [_as_json(v) for v in value]
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def _branches(evidence: Evidence, key: str) -> JsonObject:
    """What was found on each branch, where a claim tells of the first alone."""
    found = evidence.branches.get(key)
    return {"branches": {label: _as_json(value) for label, value in found.items()}} if found else {}


def _of_branches(evidence: Evidence, key: str) -> str:
    """The same in words; empty where there is one branch, or all have one value."""
    found = evidence.branches.get(key, {})
    if len({str(value) for value in found.values()}) < 2:
        return ""
    return "; ".join(f"{property_text(key, value)} with {label}" for label, value in found.items())


def value_text(loss: Loss, evidence: Evidence, key: str, value: Claimed) -> str:
    """A property's value in words and signs; where it depends on parameters, as an expression with its default."""
    text = _of_branches(evidence, key) or property_text(key, value)
    claim = loss.properties[key]
    if callable(claim):
        expression = _symbolic(loss, claim)
        return f"{expression}, that is {text} at the defaults" if expression else f"{text} at the defaults"
    return text


def _symbolic(loss: Loss, claim: Callable[..., Expression]) -> str:
    """The claim as an expression of the parameters; empty where it decides between cases and is none."""
    used = {p.key: p for p in loss.parameters if p.key in inspect.signature(claim).parameters}
    if not all(p.kind.plain for p in used.values()):  # a box that is ticked or not is no number
        return ""
    try:
        with sp.evaluate(False):
            made = claim(*(atom(name, used[name].written) for name in inspect.signature(claim).parameters))
    except TypeError:
        return ""
    parts = made if isinstance(made, list | tuple) else [made]
    # A comparison that was made of the symbols themselves says nothing of their values.
    if any(isinstance(part, str | bool) for part in parts):
        return ""
    return " and ".join(f"${page_latex(sp.sympify(part))}$" for part in parts)


def citation(reference: Reference) -> str:
    """A reference as one line of text."""
    names = reference.authors
    who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{who} ({reference.year}). {reference.title}. *{reference.venue}*."


# What the place of a source is called in BibTeX.
_PLACE = {"article": "journal", "techreport": "institution", "misc": "howpublished", "book": "publisher"}


def bibtex(reference: Reference) -> str:
    """A reference as a BibTeX entry."""
    family = re.sub(r"[^a-z]", "", _plain_letters(reference.authors[0].split()[-1]).lower())
    place = reference.place
    # Of a preprint its number says where it is.
    name = None if place.name.startswith("arXiv") else place.name
    fields: dict[str, str | None] = {
        "author": " and ".join(reference.authors),
        "title": f"{{{reference.title}}}",
        _PLACE.get(reference.kind, "booktitle"): name,
        "type": place.label,
        "volume": place.volume,
        "number": place.number,
        "pages": re.sub("[-–]", "--", place.pages) if place.pages else None,
        "year": str(reference.year),
        "doi": reference.doi,
        "eprint": reference.arxiv,
        "archiveprefix": "arXiv" if reference.arxiv else None,
        "url": reference.url,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{reference.kind}{{{family}{reference.year},", *lines, "}"])


def _plain_letters(name: str) -> str:
    """A name without accents, for a key."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
