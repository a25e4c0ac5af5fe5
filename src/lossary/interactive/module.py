"""Makes the interactive plot of a loss, its data and its JavaScript module, and compares that module with torch.

The module's functions come from the checked formulas, or from tables of torch's values where no expression holds.
"""

from __future__ import annotations

import atexit
import inspect
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from py_mini_racer import MiniRacer

from lossary.declaration.loss import Loss
from lossary.declaration.sections import Section
from lossary.declaration.symbols import Expression
from lossary.declaration.values import JsonObject, Setting, Value
from lossary.evaluation import points
from lossary.evaluation.curves import Curve, curve, curve_at_kinks, section_inputs
from lossary.evaluation.measured import once
from lossary.evaluation.settings import check_parameters
from lossary.evaluation.torch_calls import TORCH_VERSION
from lossary.interactive.along_section import scalar, symbol
from lossary.interactive.controls import Control, Reach, control, reach
from lossary.interactive.javascript import Functions, Raw, literal
from lossary.interactive.tables import table
from lossary.typesetting.torch_code import constructor

_DRAWN = 4  # settings with every number drawn, besides those that move one alone
LIMIT = {"formula": 1e-9, "table": 1e-6}  # the relative difference from torch that is allowed
# What the difference is measured against at least: where a curve crosses zero, torch itself has rounded larger numbers.
FLOOR = 1e-4


@dataclass(frozen=True)
class Plot:
    """An interactive plot.

    Attributes:
        data: what a template and a script need to know, as plain values.
        module: the JavaScript module.
    """

    data: JsonObject
    module: str


@dataclass(frozen=True)
class Place:
    """A section, its key among the loss's sections, and what can be moved along it."""

    key: str
    section: Section
    reach: Reach


@once
def places(loss: Loss) -> list[Place]:
    """The sections of a loss, each with what can be moved along it."""
    controls = _controls(loss)
    return [Place(key, section, reach(loss, section, controls)) for key, section in _keys(loss)]


def _source(loss: Loss) -> str:
    """What the functions of the module are made of."""
    return "formula" if all(f.executable for f in loss.formulas) else "table"


def _controls(loss: Loss) -> list[Control]:
    return [c for p in loss.parameters if (c := control(p, _source(loss) == "table"))]


@once
def plot(loss: Loss) -> Plot:
    """The plot of a loss; `compared` holds it to torch.

    Raises:
        ValueError: where no functions can be written for a section.
    """
    source, controls, along = _source(loss), _controls(loss), places(loss)
    moved = {c.name for place in along for c in place.reach.moved}
    functions = Functions()
    variants = [_variants(loss, place, source, functions) for place in along]
    data: JsonObject = {
        "source": source,
        "torch": constructor(loss),
        "parameters": [_parameter(c) for c in controls if c.name in moved],
        "sections": [_section(place) for place in along],
    }
    body = {"slug": loss.slug, "title": loss.title, "family": loss.family, **data}
    body["sections"] = [{**s, "variants": v} for s, v in zip(data["sections"], variants, strict=True)]
    head = f"// {loss.title} along its sections: {_origin(source)}. Compared with torch {TORCH_VERSION}.\n"
    module = f"{head}{functions.helpers()}export default {literal(body)};\n"
    return Plot(data, module)


def _origin(source: str) -> str:
    return "the formula on its page" if source == "formula" else "a table of torch's values"


def _keys(loss: Loss) -> Iterator[tuple[str, Section]]:
    """The sections by the name of their axis; a second one on the same axis is numbered."""
    seen: dict[str, int] = {}
    for section in loss.sections:
        name = section.axis.name
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}-{seen[name]}"), section


def _parameter(one: Control) -> JsonObject:
    described = {"name": one.name, "kind": one.kind, "default": one.default, "meaning": one.parameter.meaning}
    return described | one.bounds() | {"range": one.allowed()}


def _section(place: Place) -> JsonObject:
    section, moved = place.section, place.reach
    perfect = next(iter(section.best.values()))
    return {
        "name": place.key,
        "axis": section.axis.name,
        "label": section.label,
        "short": section.quantity,
        "span": list(section.span),
        "ends": [end for end in section.limits if math.isfinite(end)],
        "perfect": perfect if math.isfinite(perfect) else None,
        "note": section.note,
        "controls": [
            {"name": c.name, "size": moved.sizes[c.name]} if c.name in moved.sizes else {"name": c.name}
            for c in moved.moved
        ],
        "silent": list(moved.silent),
        "held": list(moved.held),
    }


def _variants(loss: Loss, place: Place, source: str, functions: Functions) -> list[JsonObject]:
    """The functions of a section, a variant for each combination of settings that are no plain numbers."""
    section = place.section
    moving = {c.name: symbol(c.parameter, place.reach.sizes.get(c.name, 0)) for c in place.reach.numeric()}
    made = []
    for when in place.reach.discrete():
        settings = {**loss.defaults(), **when}
        branches = []
        for label, y in section.branches.items():
            if source == "formula":
                run = _formula_code(loss, section, y, settings, moving, functions)
            else:
                run = functions.table(_table(loss, section, y, settings))
            branches.append({"label": label, "run": Raw(run)})
        try:
            kinks = [points.call_with(k, loss, {**settings, **moving}) for k in section.kinks]
        except TypeError as error:
            raise ValueError(f"a kink of {section.label!r} is no expression of the parameters: {error}") from None
        # Which branch each mark stands on, where it is not the first; a kink that is nowhere has none.
        chosen = iter(curve_at_kinks(loss, section, settings)[1])
        there = [math.isfinite(points.call_with(k, loss, settings)) for k in section.kinks]
        marked = [next(chosen) if exists else 0 for exists in there]
        variant = {"when": when, "kinks": Raw(functions.points(kinks)), "branches": branches}
        made.append(variant | ({"marked": marked} if any(marked) else {}))
    return made


def _formula_code(
    loss: Loss,
    section: Section,
    y: float,
    settings: Setting,
    moving: Mapping[str, Expression],
    functions: Functions,
) -> str:
    inputs = section_inputs(loss, section, np.array([sum(section.span) / 2]), settings, y)
    along = scalar(loss, section, y, settings, moving, inputs)
    if along is None:
        raise ValueError(f"no formula holds along {section.label!r} at {settings}")
    return functions.curves(along)


def _table(loss: Loss, section: Section, y: float, settings: Setting) -> list[list[float]]:
    def run(t: NDArray[np.float64]) -> Curve:
        return curve(loss, section, t, settings, y)

    return table(run, section.span, points.kinks(loss, section, settings))


@cache
def _engine() -> MiniRacer:
    """One engine for a process, closed while its thread still runs: left to the end of Python, it may wait for ever."""
    engine = MiniRacer()
    atexit.register(engine.close)
    return engine


def compare_with_torch(loss: Loss) -> dict[str, float]:
    """Run the module and torch at every setting worth a look; the number of points and the largest differences.

    Raises:
        ValueError: where the module differs from torch: the section, the setting, the point, both numbers.
    """
    engine, source = _engine(), _source(loss)
    engine.eval(f"var plot = (() => {{ {plot(loss).module.replace('export default', 'return')} }})(); 0")
    count, largest = 0, {"loss": 0.0, "gradient": 0.0}
    for k, place in enumerate(places(loss)):
        for setting, far in _settings(loss, place):
            filled = check_parameters(loss, {n: v for n, v in setting.items() if v != loss.defaults()[n]})
            t = points.grid(loss, place.section, filled)
            for b, (label, y) in enumerate(place.section.branches.items()):
                mine = _run(engine, k, b, _module_setting(place, setting), t)
                true = curve(loss, place.section, t, filled, y)
                gradient = np.where(_undecided(loss, place.section, filled, t), np.nan, true.gradient)
                for name, one, torch in (("loss", mine[0], true.loss), ("gradient", mine[1], gradient)):
                    difference = _difference(one, torch)
                    if far:  # a plot shows a gap, and says so, where a power or a root overflows
                        difference[~np.isfinite(one)] = 0.0
                    worst = int(np.argmax(difference))
                    if not difference[worst] <= LIMIT[source]:
                        where = f"{place.section.label!r}{f', {label}' if label else ''}, at t = {t[worst]:.6g}"
                        raise _wrong(name, where, setting, torch[worst], one[worst])
                    largest[name] = max(largest[name], float(difference[worst]))
                count += len(t)
    return {"points": count, "max_error_value": largest["loss"], "max_error_gradient": largest["gradient"]}


def _wrong(name: str, where: str, setting: Setting, expected: float, got: float) -> ValueError:
    told = ", ".join(f"{n} = {v}" for n, v in setting.items()) or "the defaults"
    return ValueError(
        f"the {name} of the interactive plot along {where} with {told}: "
        f"expected {expected!r} as torch has it, got {got!r}"
    )


def _undecided(loss: Loss, section: Section, setting: Setting, t: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Points on a kink whose place depends on a parameter: there rounding decides which side's slope is given."""
    moving = [points.call_with(k, loss, setting) for k in section.kinks if inspect.signature(k).parameters]
    near = 1e-11 * (section.span[1] - section.span[0])
    made: NDArray[np.bool_] = np.any([np.abs(t - float(k)) <= near for k in [math.inf, *moving]], axis=0)
    return made


def _difference(mine: NDArray[np.float64], torch: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative differences; where torch itself gives no finite number there is nothing to compare."""
    with np.errstate(invalid="ignore", over="ignore"):
        made = np.abs(mine - torch) / np.maximum(np.abs(torch), FLOOR)
    made = np.where(mine == torch, 0.0, made)
    return np.where(np.isfinite(torch), np.where(np.isnan(made), np.inf, made), 0.0)


def _run(engine: MiniRacer, section: int, branch: int, p: JsonObject, t: NDArray[np.float64]) -> NDArray[np.float64]:
    code = f"""JSON.stringify((() => {{
      const p = {json.dumps(p)}, section = plot.sections[{section}];
      const variant = section.variants.find((v) => Object.entries(v.when).every(([k, x]) => p[k] === x));
      return {json.dumps(t.tolist())}.map((t) => variant.branches[{branch}].run(t, p).map(String));
    }})())"""
    return np.array(json.loads(str(engine.eval(code)).replace("Infinity", "inf")), dtype=float).T


def _module_setting(place: Place, setting: Setting) -> JsonObject:
    """A setting as the module gets it."""
    return {c.name: c.written(setting[c.name], place.reach.sizes.get(c.name, 0)) for c in place.reach.moved}


def _settings(loss: Loss, place: Place) -> Iterator[tuple[dict[str, Value], bool]]:
    """With each setting that is no plain number: the defaults, ends of ranges and sliders, typical and drawn numbers.

    The second is true for the ends of a range, far beyond what sliders reach.
    """
    draw = np.random.default_rng(11)
    defaults = {c.name: loss.defaults()[c.name] for c in place.reach.moved}
    numeric = place.reach.numeric()
    for when in place.reach.discrete():
        base = {**defaults, **when}
        yield base, False
        for one in numeric:
            size = place.reach.sizes.get(one.name, 0)
            typical = [v for v in one.parameter.typical if v is not None and (not size or len(v) == size)]
            for value in dict.fromkeys((*one.slider, *typical, one.low, one.high)):
                given = [value] * size if size and not isinstance(value, tuple) else value
                far = value in (one.low, one.high) and value not in one.slider
                yield {**base, one.name: list(given) if size else given}, far
        for _ in range(_DRAWN if numeric else 0):
            yield {**base, **{c.name: c.drawn(draw, place.reach.sizes.get(c.name, 0)) for c in numeric}}, False
