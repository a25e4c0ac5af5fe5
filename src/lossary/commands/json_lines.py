"""Answers `lossary evaluate`: JSON Lines in, JSON Lines out. A bad line gets an error, and the next one is answered."""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator

from lossary.api import Loss
from lossary.declaration.values import Json, JsonObject
from lossary.errors import LossaryError, nearest, shown

FIELDS = ("slug", "parameters", "reduction", "dtype", "inputs", "formula")
# What an answer repeats of a line at most, so that a long mistake gets a short answer.
_LONGEST_SLUG, _LONGEST_ERROR = 100, 600
_NAMED = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def answers(
    lines: Iterable[str], find: Callable[[str], Loss], warn: Callable[[str], None] | None = None
) -> Iterator[str]:
    """One JSON object for each line that is not blank; what torch warns of is in it, and goes to `warn` as well."""
    for number, text in enumerate(lines, 1):
        line = text.removeprefix("\ufeff")  # what some editors and shells put before the first line of a file
        if line.strip():
            answer = _answer(line, find)
            for words in answer.get("warnings", ()) if warn else ():
                warn(f"line {number}, {answer['slug']}: {words}")  # type: ignore[misc]
            yield json.dumps(answer, allow_nan=False)


def _answer(line: str, find: Callable[[str], Loss]) -> JsonObject:
    slug: Json = None
    try:
        request = json.loads(line, parse_int=_whole, object_pairs_hook=_each_once)
        if not isinstance(request, dict):
            raise LossaryError(f"a request is a JSON object, got {type(request).__name__}")
        slug = request.get("slug")
        for name in request:
            if name not in FIELDS:
                raise LossaryError(
                    f"unknown field {shown(name)}{nearest(name, FIELDS)}; the fields are: {', '.join(FIELDS)}"
                )
        if not isinstance(slug, str):
            raise LossaryError('the field "slug" is missing or not a string')
        loss = find(slug)
        dtype = _word(request, "dtype")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are in the evaluation, and each line has its own
            found = loss.evaluate(
                {name: _numbers(name, value) for name, value in _mapping(request, "inputs").items()},
                _finite(_mapping(request, "parameters")),
                _word(request, "reduction"),
                "float64" if dtype is None else dtype,
                formula=_truth(request, "formula"),
            )
    except json.JSONDecodeError as error:
        return {"slug": None, "error": f"not JSON: {error.msg} at column {error.colno}"}
    except RecursionError:
        return {"slug": _short(slug), "error": "the line is nested too deeply"}
    except Exception as error:  # whatever it is, it belongs to this line and not to the next
        told = str(error) if isinstance(error, LossaryError) else f"{type(error).__name__}: {error}"
        told = " ".join(told.split())
        return {"slug": _short(slug), "error": told if len(told) <= _LONGEST_ERROR else f"{told[:_LONGEST_ERROR]}…"}
    answer = {
        "slug": slug,
        "value": _written(found.value),
        "gradient": _written(found.gradient),
        "formula_value": _written(found.formula_value),
    }
    if found.warnings:
        answer["warnings"] = list(found.warnings)
    if found.note:
        answer["note"] = found.note
    return answer


def _short(slug: Json) -> str | None:
    """The slug that a line asked for, as far as an answer repeats it."""
    if not isinstance(slug, str):
        return None
    return slug if len(slug) <= _LONGEST_SLUG else f"{slug[:_LONGEST_SLUG]}…"


def _whole(digits: str) -> int:
    """A whole number of JSON."""
    longest = sys.get_int_max_str_digits()
    if longest and len(digits) > longest:
        raise LossaryError(f"a whole number has {len(digits):,} digits, and at most {longest:,} are read")
    return int(digits)


def _each_once(pairs: list[tuple[str, Json]]) -> JsonObject:
    """An object of JSON; of a name that stands in it twice, Python would keep the last value."""
    made: JsonObject = {}
    for name, value in pairs:
        if name in made:
            raise LossaryError(f"the name {shown(name)} stands twice in one object")
        made[name] = value
    return made


def _truth(request: JsonObject, name: str) -> bool:
    value = request.get(name, True)
    if not isinstance(value, bool):
        raise LossaryError(f'the field "{name}" must be true or false, got {shown(value)}')
    return value


def _mapping(request: JsonObject, name: str) -> JsonObject:
    value = request.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise LossaryError(f'the field "{name}" must be an object, got {type(value).__name__}')
    return value


def _word(request: JsonObject, name: str) -> str | None:
    value = request.get(name)
    if value is not None and not isinstance(value, str):
        raise LossaryError(f'the field "{name}" must be a string, got {shown(value)}')
    return value


def _numbers(name: str, value: Json) -> Json:
    """The numbers of an input; what NumPy would take for one, such as null or "1.5", is refused."""
    if isinstance(value, list):
        return [_numbers(name, v) for v in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number and not (isinstance(value, str) and value in _NAMED):
        raise LossaryError(f"the input {shown(name)} holds {_as_json(value)}, which is not a number")
    return _finite(value)


def _as_json(value: Json) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _finite(value: Json) -> Json:
    """Read the strings "inf", "-inf" and "nan" as the numbers that JSON lacks."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return _NAMED.get(value, value) if isinstance(value, str) else value


def _written(value: Json) -> Json:
    """Write non-finite numbers as strings."""
    if isinstance(value, dict):
        return {k: _written(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_written(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value
