"""What a row compares: its settings and inputs, its hash, and what was measured of it when it was last run."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from lossary.declaration.loss import Loss
from lossary.declaration.references import Library
from lossary.declaration.values import Arrays, Json, JsonObject, Setting, Value
from lossary.evaluation import points

_WIDE = 4  # elements of a row, where a loss takes numbers: a mean over the last dimension is told from one over all
_LONG = 8  # rows of a call
_CALLS, _SETTINGS = 8, 6  # at most so many calls at a setting, and settings

# What was measured of rows, by hash.
Measured = Mapping[str, Mapping[str, Json]]

Case = tuple[dict[str, Value], points.Batch]


def names(call: str) -> set[str]:
    """The names that a call uses."""
    return {node.id for node in ast.walk(ast.parse(call, mode="eval")) if isinstance(node, ast.Name)}


def cases(loss: Loss, row: Library) -> list[Case]:
    """The settings and inputs at which a row is compared.

    Parameters that the call does not name stay as the row says, or at their defaults. Each call gets numbers of about
    one size, so that a sum of them does not hide the small ones.
    """
    used = names(row.call)
    free = {p.name for p in loss.parameters if p.name in used}
    fixed = {**loss.defaults(), **{name: value for name, value in row.at.items() if name in loss.defaults()}}
    held = {name: value for name, value in row.at.items() if name not in fixed}
    settings: dict[str, dict[str, Value]] = {}
    for setting in points.settings(loss):
        chosen = {**fixed, **{name: value for name, value in setting.items() if name in free - set(row.at)}}
        if not any(isinstance(value, list | tuple) for value in chosen.values()):
            settings.setdefault(repr(sorted(chosen.items())), chosen)
    found: list[Case] = []
    for setting in list(settings.values())[:_SETTINGS]:
        parts = [_held(part, held) for batch in _batches(loss, setting) for part in _parts(loss, batch)]
        evenly = np.linspace(0, max(len(parts) - 1, 0), min(len(parts), _CALLS)).round()
        keep = dict.fromkeys(int(k) for k in evenly)
        found += [(setting, parts[k]) for k in keep]
    return found


def _held(batch: points.Batch, inputs: Arrays) -> points.Batch:
    """A batch in which some inputs are one number throughout."""
    return {**batch, **{name: np.full_like(np.asarray(batch[name]), value) for name, value in inputs.items()}}


def _batches(loss: Loss, setting: Setting) -> list[points.Batch]:
    """Inputs to compare at: whole vectors, such as distributions, where its elements add up to something."""
    if loss.summed is None:
        return points.batches(loss, setting)
    kinds = tuple(loss.summed.kinds[i.name] for i in loss.inputs)
    return [points.vectors(loss, kinds, sizes) for sizes in points.SIZES]


def _parts(loss: Loss, batch: points.Batch) -> list[points.Batch]:
    """Pieces of a batch; one that a loss file made itself is taken whole, as is one of lists."""
    if loss.batches is not None or any(isinstance(value, list) for value in batch.values()):
        return [batch]
    own = [i.name for i in loss.inputs if not i.kinds[0].shared and i.name in batch]
    arrays = {name: np.asarray(batch[name]) for name in own}
    count = min(len(array) for array in arrays.values())
    size = np.max([np.abs(a[:count].reshape(count, -1)).max(axis=1) for a in arrays.values() if a.size], axis=0)
    order = np.argsort(size, kind="stable")
    flat = all(array.ndim == 1 for array in arrays.values()) and loss.sample_dimension is None
    step = _LONG * _WIDE if flat else _LONG
    found = []
    for start in range(0, max(count - step, 0) + 1, step):
        taken = {name: array[order[start : start + step]] for name, array in arrays.items()}
        if flat and count >= step:
            taken = {name: array.reshape(_LONG, _WIDE) for name, array in taken.items()}
        found.append({**batch, **taken})
    return found


def one_sample(loss: Loss, batch: points.Batch) -> points.Batch:
    """The first sample alone, for a call that gives one number for all that it is given."""
    return {
        i.name: batch[i.name] if i.kinds[0].shared else np.asarray(batch[i.name])[:1]
        for i in loss.inputs
        if i.name in batch
    }


@cache
def _method() -> str:
    """What measures, without its comments and docstrings: what it says of a row is not kept when it measures anew."""
    told = []
    for name in ("arrays.py", "measuring.py"):
        text = Path(__file__).with_name(name).read_text("utf-8")
        skipped: set[int] = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                skipped.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
        lines = [line.partition("  # ")[0].rstrip() for k, line in enumerate(text.splitlines(), 1) if k not in skipped]
        told += [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def key(loss: Loss, row: Library) -> str:
    """The hash of a row: of the call, of what it is compared with, how and where. A note is not part of it."""
    compared = loss.torch or loss.functional or inspect.getsource(loss.function or loss.call or type(loss))
    told = [
        [
            {name: repr(value) for name, value in setting.items()},
            {name: [f"{v:.6g}" for v in np.ravel(np.asarray(value, dtype=float))] for name, value in batch.items()}
            if not any(isinstance(value, list) for value in batch.values())
            else sorted(batch),
        ]
        for setting, batch in cases(loss, row)
    ]
    return hashlib.sha256(json.dumps([_method(), row.name, row.call, compared, told]).encode()).hexdigest()[:16]


def state(loss: Loss, row: Library, measured: Measured) -> JsonObject:
    """What a page says of a row: whether it was run, with which version, and how the values relate to the loss's."""
    nothing: JsonObject = {
        "version": None, "relation": None, "factor": None, "max_error": None, "source": None, "surprises": {}
    }  # fmt: skip
    if row.known is None:
        return {**nothing, "evidence": "cited", "source": row.source or None}
    found = measured.get(key(loss, row))
    if found is None or "failed" in found:
        return {**nothing, "evidence": "not run"}
    told = {"version": found["version"], "relation": words(found, row.at), "factor": found["factor"]}
    order = {"order": ""} if swapped(loss, row) else {}
    unexpected = {**surprises(found, row.at), **order}
    return {**nothing, **told, "evidence": "run", "max_error": found["difference"], "surprises": unexpected}


def _size(number: float) -> str:
    """A difference to two digits, large ones without a power of ten as far as that can be read."""
    return f"{number:.0f}" if 100 <= number < 1e6 else f"{number:.2g}"


def words(found: Mapping[str, Json], at: Mapping[str, Json] | None = None) -> str:
    """How a library's values relate to the loss's, as a reader is told; `at` is what they are compared at alone."""
    told = surprises(found)
    held = _settings(at)
    if found["of"] is None:
        parts = [f"no fixed multiple{held}: {told['multiple']}"]
    else:
        factor = told.get("factor", "the same")
        related = factor if factor.startswith(("×", "the same")) else f"the same, {factor}"
        of = "for one sample at a time" if found.get("alone") else _OF.get(found["of"], f"reduction={found['of']!r}")
        if found["of"] == "gradient":
            related, of = f"{related} gradient" if related == "the same" else f"{related} in its gradient", ""
        parts = [", ".join(part for part in (related, of) if part) + held, told.get("values", "")]
    parts.append(told.get("refusal", ""))
    if "gradient" in told:
        parts.append(f"another gradient {told['gradient']}")
    if "default" in told:
        parts.append(f"by default {told['default']}")
    return "; ".join(part for part in parts if part)


def _settings(at: Mapping[str, Json] | None) -> str:
    """What a row is compared at, where it is at one value alone."""
    told = [
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value!r}" for name, value in (at or {}).items()
    ]
    return f" at {', '.join(told)}" * bool(told)


def surprises(found: Mapping[str, Json], at: Mapping[str, Json] | None = None) -> dict[str, str]:
    """What of a row a reader may not expect: kinds of it, each with what was found."""
    told: dict[str, str] = {}
    if found["of"] is None:
        told["multiple"] = f"up to {_size(found['difference'])} apart"
    else:
        factor, offset = found["factor"], found["offset"]
        scaled = f"× {factor}" if isinstance(factor, str) else f"× {factor:g}"
        moved = f"{'plus' if offset > 0 else 'minus'} {abs(offset):g}"
        if scaled != "× 1" or offset:
            told["factor"] = ", ".join([scaled] * (scaled != "× 1") + [moved] * bool(offset)) + _settings(at)
        if found["agreed"] < found["points"]:
            told["values"] = _agreement(found)
    if found["gradient"] is False:
        pulled = found["pulled"]
        told["gradient"] = f"with respect to {pulled['of']} at some points{_place(pulled['where'])}"
    if found["refused"]:
        told["refusal"] = f"refuses {found['refused']} of {found['calls']} calls"
    if found["defaults"]:
        told["default"] = ", ".join(f"{name}={value!r}" for name, value in found["defaults"].items())
    return told


def swapped(loss: Loss, row: Library) -> bool:
    """Whether a call takes the loss's inputs in another order than the loss does."""
    places = {entry.name: place for place, entry in enumerate(loss.inputs)}
    for node in ast.walk(ast.parse(row.call, mode="eval")):
        if isinstance(node, ast.Call):
            named = [{n.id for n in ast.walk(a) if isinstance(n, ast.Name)} & set(places) for a in node.args]
            order = [places[next(iter(one))] for one in named if len(one) == 1]
            if order != sorted(order):
                return True
    return False


def _agreement(found: Mapping[str, Json]) -> str:
    """At how many points the values agree, and how far apart they are elsewhere."""
    told = f"at {found['agreed']} of {found['points']} points"
    if found["close"]:
        told += f", within {_percent(found['within'])} at {found['close']} more"
    rest = found["points"] - found["agreed"] - found["close"]
    if found["difference"]:
        told += f", elsewhere up to {_size(found['difference'])} apart{_place(found['where'])}"
        return told + f", and infinite or NaN at {found['broken']}" * bool(found["broken"])
    broken = "infinite or NaN" if found["broken"] == rest else "not finite in one of the two"
    return f"{told}, elsewhere {broken}" * bool(rest) or told


def _place(inputs: Mapping[str, float] | None) -> str:
    """Inputs in parentheses, where they are known."""
    return f" ({', '.join(f'{name}={value:g}' for name, value in inputs.items())})" if inputs else ""


def _percent(share: float) -> str:
    """A share in per cent, to two digits."""
    return f"{float(f'{100 * share:.2g}'):g}%"


_OF = {"none": "", "last mean": "averaged over the last dimension", "last sum": "summed over the last dimension",
       "mean": "averaged", "sum": "summed"}  # fmt: skip
