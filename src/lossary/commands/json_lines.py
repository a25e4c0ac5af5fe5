"""Answers `lossary evaluate`: JSON Lines in, JSON Lines out. A bad line gets an error, and the next one is answered."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator

from lossary.api import Loss
from lossary.declaration.values import Json, JsonObject
from lossary.errors import LossaryError, nearest

FIELDS = ("slug", "parameters", "reduction", "dtype", "inputs")
_NAMED = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def answers(lines: Iterable[str], find: Callable[[str], Loss]) -> Iterator[str]:
    """One JSON object for each line that is not blank."""
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(line, find), allow_nan=False)


def _answer(line: str, find: Callable[[str], Loss]) -> JsonObject:
    slug: Json = None
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise LossaryError(f"a request is a JSON object, got {type(request).__name__}")
        slug = request.get("slug")
        for name in request:
            if name not in FIELDS:
                raise LossaryError(
                    f"unknown field {name!r}{nearest(name, FIELDS)}; the fields are: {', '.join(FIELDS)}"
                )
        if not isinstance(slug, str):
            raise LossaryError('the field "slug" is missing or not a string')
        loss = find(slug)
        found = loss.evaluate(
            {name: _numbers(name, value) for name, value in _mapping(request, "inputs").items()},
            _finite(_mapping(request, "parameters")),
            _word(request, "reduction"),
            _word(request, "dtype") or "float64",
        )
    except json.JSONDecodeError as error:
        return {"slug": None, "error": f"not JSON: {error.msg} at column {error.colno}"}
    except RecursionError:
        return {"slug": slug if isinstance(slug, str) else None, "error": "the line is nested too deeply"}
    except Exception as error:  # whatever it is, it belongs to this line and not to the next
        told = str(error) if isinstance(error, LossaryError) else f"{type(error).__name__}: {error}"
        return {"slug": slug if isinstance(slug, str) else None, "error": told}
    return {
        "slug": slug,
        "value": _written(found.value),
        "gradient": _written(found.gradient),
        "formula_value": _written(found.formula_value),
    }


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
        raise LossaryError(f'the field "{name}" must be a string, got {value!r}')
    return value


def _numbers(name: str, value: Json) -> Json:
    """The numbers of an input; what NumPy would take for one, such as null or "1.5", is refused."""
    if isinstance(value, list):
        return [_numbers(name, v) for v in value]
    if not isinstance(value, int | float) and not (isinstance(value, str) and value in _NAMED):
        raise LossaryError(f"the input {name!r} holds {json.dumps(value)[:60]}, which is not a number")
    return _finite(value)


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
