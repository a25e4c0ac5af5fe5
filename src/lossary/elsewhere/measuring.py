"""Runs rows of a library and compares values and gradients with the loss's own."""

from __future__ import annotations

import ast
import inspect
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from importlib import import_module
from importlib.metadata import version

import numpy as np

from lossary.declaration.known_libraries import RUN, KnownLibrary
from lossary.declaration.loss import Loss
from lossary.declaration.references import Library
from lossary.declaration.values import Array, Json, JsonObject, Setting, Tensor
from lossary.elsewhere.arrays import KINDS, Arrays, Call, Foreign
from lossary.elsewhere.entering import enter
from lossary.elsewhere.rows import Case, cases, key, names, one_sample
from lossary.evaluation import points, torch_calls

# How far two values may be apart and still be said to agree: some libraries keep single precision in places.
_RELATIVE, _ABSOLUTE = 1e-6, 1e-9
_CLIPPED = 1e-3  # where values are clipped or an epsilon is added; what differs by less is told apart from what agrees
# Slopes that are found by other means than the loss's own, such as from a tree of single precision.
_SLOPES = 1e-5
# A step that leaves a kink but changes no slope elsewhere, as a share of the input, and at zero.
_STEP, _LEAST = 1e-9, 1e-12
# Relations that are tried: with an offset or not, with a factor that was rounded or not, and how close values count.
# A factor is the median over all points, and where most are clipped it is what clipping makes of it.
_TRIED = ((False, False, None), (False, True, None), (True, False, None), (False, True, _CLIPPED))
# Below this share of points no relation is told.
_ENOUGH = 0.5


def run(library: KnownLibrary, losses: Sequence[Loss]) -> dict[str, JsonObject]:
    """All rows of a library by hash. One that fails says so, and costs no other."""
    arrays = KINDS[library.arrays]()
    try:
        arrays.prepare()
        enter(library)
        import_module(library.package)
        installed = version(library.installed_as).partition("+")[0]
        problem = ""
    except Exception as error:
        problem = f"{library.package} does not import: {_told(error)}"
    found: dict[str, JsonObject] = {}
    for loss in losses:
        for row in loss.libraries:
            if row.known != library:
                continue
            said = {"loss": loss.slug, "library": row.name, "call": row.call}
            try:
                measured = {"failed": problem} if problem else {"version": installed, **measure(loss, row, arrays)}
            except Exception as error:
                measured = {"failed": _told(error)}
            found[key(loss, row)] = {**said, **measured}
    return found


def _told(error: Exception) -> str:
    said = re.sub(" at 0x[0-9a-f]+", "", (str(error) or "no message").splitlines()[0])  # an address differs by run
    return f"{type(error).__name__}: {said}"[:200]


def measure(loss: Loss, row: Library, arrays: Arrays) -> JsonObject:
    """The relation of a row's values to the loss's, in how many points it holds, and how far apart they are elsewhere.

    Raises:
        ValueError: where the call gives nothing that has the shape of one of the loss's reductions.
    """
    best = _best(loss, row, arrays, cases(loss, row))
    best["defaults"] = _defaults(loss, row)
    if best["of"] is None:
        alone = _best(loss, row, arrays, [(setting, one_sample(loss, batch)) for setting, batch in cases(loss, row)])
        best = {**alone, "defaults": best["defaults"], "alone": True} if alone["of"] is not None else best
    return best


def _best(loss: Loss, row: Library, arrays: Arrays, tried: Sequence[Case]) -> JsonObject:
    runs, refused = [], []
    for case in tried:
        try:
            runs.append(_Run(loss, row, arrays, case))
        except Exception as error:  # a library may refuse an input, and with any error at all
            refused.append(error)
    if not runs:
        raise refused[0] if refused else ValueError("the loss has no inputs for this row")
    told = {"calls": len(tried), "refused": len(refused), **({"refusal": _told(refused[0])} if refused else {})}
    best: JsonObject | None = None
    # Of two that agree alike the first: a mean is told before a sum with a factor.
    for name in sorted({name for one in runs for name in one.wanted}, key=_order):
        if all(name in one.wanted and one.wanted[name].size == one.got.size for one in runs):
            exact = _RELATIVE if arrays.valued else _SLOPES
            for offsets, whole, within in _TRIED:
                if within and best is not None and _holds(best):
                    continue
                if offsets and not arrays.valued:
                    continue
                found = _relation(loss, runs, name, offsets, whole, within or exact, exact)
                if best is None or _rank(found) > _rank(best):
                    best = found
    if best is None:
        # Of another shape than any reduction: no relation can be told.
        shapes = sorted({str(one.got.shape) for one in runs})
        raise ValueError(f"shapes {', '.join(shapes)} are those of none of the loss's reductions")
    if not _holds(best):
        return {**best, **told, "of": None, "factor": None, "offset": None, "gradient": None, "where": None}
    gradient, place = _gradients(runs, best) if arrays.valued else (None, None)
    return {**best, **told, "gradient": gradient, **({"pulled": place} if place else {})}


def _holds(found: Mapping[str, Json]) -> bool:
    # What is nothing everywhere agrees with no times anything.
    return found["factor"] != 0 and bool(found["agreed"] + found["close"] >= _ENOUGH * found["points"])


def _rank(found: Mapping[str, Json]) -> tuple[int, bool]:
    """The more points agree the better; of two relations that agree alike, the one without a factor."""
    return found["agreed"] + found["close"], found["factor"] == 1 and not found["offset"]


def _order(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


_ORDER = ("none", "mean", "last mean", "sum", "last sum")


class _Run:
    """What one call gave, and what each reduction of the loss gives at the same inputs."""

    def __init__(self, loss: Loss, row: Library, arrays: Arrays, case: Case) -> None:
        setting, batch = case
        self.loss, self.arrays, self.setting, self.case = loss, arrays, setting, case
        code = compile(ast.parse(row.call, mode="eval"), row.call, "eval")
        packages = arrays.seen(_packages(row.call, {i.name for i in loss.inputs} | set(setting)))
        self.inputs = {
            name: [arrays.made(np.asarray(p)) for p in value]
            if isinstance(value, list)
            else arrays.made(np.asarray(value))
            for name, value in torch_calls.arrays(torch_calls.tensors(loss, batch, setting, "float64")).items()
        }
        self.used = names(row.call)
        self.fixed = {i.name for i in loss.inputs if not i.differentiable} | set(row.at)
        self.call: Call = lambda given: eval(code, {**packages, **setting, **given})
        if arrays.valued:
            self.got: Array = arrays.plain(self.call(self.inputs)).astype(np.float64)
            self.wanted = dict(_wanted(loss, batch, setting))
        else:
            first = next(i.name for i in loss.inputs if i.name in self.used)
            slopes = arrays.slopes(self.call, self.inputs, [first])
            assert slopes is not None
            self.got = slopes[first]
            self.wanted = {"gradient": self.slopes([first], "sum")[first]}

    def slopes(self, moved: Sequence[str], reduction: str) -> dict[str, Array]:
        """The loss's own gradient with respect to some inputs; NaN at a kink, where more than one number is right."""
        tensors = torch_calls.tensors(self.loss, self.case[1], self.setting, "float64")
        found = self._slopes(tensors, moved, reduction)
        # Not the same step for each number: two scores that are equal are to be told apart.
        steps = np.random.default_rng(0)
        for name in moved:
            here: Foreign = tensors[name]
            step = (_STEP * here.abs() + _LEAST) * here.new_tensor(steps.uniform(0.5, 1, here.shape))
            for sign in (1, -1):
                try:
                    beside = self._slopes({**tensors, name: here + sign * step}, moved, reduction)
                except RuntimeError:  # beyond the end of what the loss takes
                    continue
                for other, slope in found.items():
                    slope[np.abs(beside[other] - slope) > _SLOPES * (1 + np.abs(slope))] = np.nan
        return found

    def _slopes(self, tensors: Mapping[str, Foreign], moved: Sequence[str], reduction: str) -> dict[str, Array]:
        leaves = {n: t.clone().requires_grad_() if n in moved else t for n, t in tensors.items()}
        value: Tensor = torch_calls.run(self.loss, leaves, self.setting, "none" if "last" in reduction else reduction)
        total = value.mean(dim=-1).sum() if reduction == "last mean" else value.sum()
        total.backward()
        grads = {name: leaves[name].grad for name in moved}
        return {n: np.zeros(leaves[n].shape) if g is None else g.numpy().copy() for n, g in grads.items()}


def _wanted(loss: Loss, batch: points.Batch, setting: Setting) -> Iterator[tuple[str, Array]]:
    """The loss's own values: by its reductions, and with a mean or a sum over the last dimension."""
    for reduction in loss.reductions:
        tensors = torch_calls.tensors(loss, batch, setting, "float64")
        value: Array = torch_calls.run(loss, tensors, setting, reduction.name).detach().numpy()
        yield reduction.name, value
        if reduction.name == "none" and value.ndim:
            yield "last mean", value.mean(axis=-1)
            yield "last sum", value.sum(axis=-1)


def _packages(call: str, known: set[str]) -> dict[str, Foreign]:
    """The packages that a call names, with those of their modules that it reaches into."""
    found: dict[str, Foreign] = {}
    for node in ast.walk(ast.parse(call, mode="eval")):
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in known or not parts:
            continue
        path = [node.id, *reversed(parts)]
        found[node.id] = import_module(node.id)
        for end in range(2, len(path)):
            try:
                import_module(".".join(path[:end]))
            except ModuleNotFoundError:
                break
    return found


def _defaults(loss: Loss, row: Library) -> JsonObject:
    """What the library takes for a parameter of the loss, or for the reduction, where it is not what the loss takes."""
    own = {**loss.defaults(), "reduction": loss.default_reduction}
    found: JsonObject = {}
    packages = _packages(row.call, {i.name for i in loss.inputs} | set(own))
    for node in ast.walk(ast.parse(row.call, mode="eval")):
        if not isinstance(node, ast.Call):
            continue
        try:
            taken = inspect.signature(eval(ast.unparse(node.func), dict(packages))).parameters
        except Exception:  # a method of what a call gave, or a function that tells nothing of itself
            continue
        places = [*zip(taken, node.args, strict=False), *((key.arg or "", key.value) for key in node.keywords)]
        for name, value in places:
            said = value.id if isinstance(value, ast.Name) else name
            default = taken[name].default if name in taken else inspect.Parameter.empty
            if said not in own or default == own[said] or not isinstance(default, int | float | str):
                continue
            if said == "reduction" and default not in ("none", "sum"):
                continue  # the mean has many names
            found[name] = default
    return found


def _where(one: _Run, wanted: Array, place: int) -> dict[str, float] | None:
    """The inputs at a place of what a call gave, where each of its numbers is one sample's or element's."""
    batch = {name: np.asarray(value, float) for name, value in one.case[1].items() if name in one.used}
    if any(array.size != wanted.size for array in batch.values()):
        return None
    return {name: float(f"{array.ravel()[place]:.6g}") for name, array in batch.items()}


def _relation(
    loss: Loss, runs: Sequence[_Run], name: str, offsets: bool, whole: bool, within: float, exact: float
) -> JsonObject:
    """The factor, and the offset where there may be one, between a library's values and one reduction's.

    `agreed` of the `points` agree, `close` ones differ by at most `within`, relative, and all others by at most
    `difference`, which is reached at the inputs `where`; `broken` ones are not finite where the loss is.
    """
    groups: dict[str, list[_Run]] = {}
    for one in runs:
        groups.setdefault(repr(sorted(one.setting.items())), []).append(one)
    fits = [(group[0].setting, _fit(group, name, offsets)) for group in groups.values()]
    factors = [(setting, factor) for setting, (factor, _) in fits if factor is not None]
    if whole:
        factors = [(setting, _near(factor)) for setting, factor in factors]
    factor = _in_words(loss, factors)
    shift = {round(offset, 9) for _, (_, offset) in fits}
    offset = shift.pop() if len(shift) == 1 else 0.0
    agreed = points = close = broken = 0
    worst = nearly = 0.0
    where: dict[str, float] | None = None
    for setting, group in zip((s for s, _ in fits), groups.values(), strict=True):
        scale = _value(factor, setting)
        for one in group:
            got: Array = one.got.ravel()
            own: Array = one.wanted[name].ravel()
            wanted = scale * own + offset
            both = ~(np.isnan(wanted) | np.isnan(own))
            with np.errstate(invalid="ignore"):
                apart = np.where(got == wanted, 0, np.abs(got - wanted))
                size = np.abs(wanted)
                good = both & (apart <= exact * size + _ABSOLUTE) & (apart < np.inf)
                near = both & ~good & (apart <= within * size) & (apart < np.inf)
            agreed, points, close = agreed + int(good.sum()), points + int(both.sum()), close + int(near.sum())
            broken += int((both & ~np.isfinite(got) & np.isfinite(wanted)).sum())
            if near.any():
                nearly = max(nearly, float((apart[near] / size[near]).max()))
            rest = np.where(both & ~good & ~near & np.isfinite(apart), apart, 0)
            if rest.size and rest.max() > worst:
                worst, where = float(rest.max()), _where(one, own, int(rest.argmax()))
    return {"of": name, "factor": factor, "offset": offset, "points": points, "agreed": agreed, "close": close,
            "within": float(f"{nearly:.2g}"), "difference": float(f"{worst:.2g}"), "where": where,
            "broken": broken}  # fmt: skip


def _fit(group: Sequence[_Run], name: str, offsets: bool) -> tuple[float | None, float]:
    got = np.concatenate([one.got.ravel() for one in group])
    wanted = np.concatenate([one.wanted[name].ravel() for one in group])
    sound = np.isfinite(got) & np.isfinite(wanted)
    got, wanted = got[sound], wanted[sound]
    if not offsets:
        clear = np.abs(wanted) > 1e-9
        return (_round(float(np.median(got[clear] / wanted[clear]))) if clear.any() else None), 0.0
    order = np.argsort(wanted)
    got, wanted = got[order], wanted[order]
    steps = np.diff(wanted)
    clear = steps > 1e-6 * np.maximum(1, np.abs(wanted[1:])) if steps.size else np.zeros(0, bool)
    if not clear.any():
        return None, 0.0
    factor = _round(float(np.median(np.diff(got)[clear] / steps[clear])))
    return factor, _round(float(np.median(got - factor * wanted)))


def _round(value: float) -> float:
    """A fraction with a small denominator, where a number is one but for rounding."""
    near = Fraction(value).limit_denominator(200) if math.isfinite(value) else Fraction(0)
    return float(near) if abs(float(near) - value) <= 1e-6 * max(1, abs(value)) else value


def _near(factor: float) -> float:
    """The whole number or half that a factor would be if nothing were clipped."""
    return round(2 * factor) / 2 or factor


def _in_words(loss: Loss, factors: Sequence[tuple[Setting, float]]) -> float | str:
    """One number for all settings, or a power of a parameter, times a number; else the first setting's."""
    if not factors:
        return 1.0
    first = factors[0][1]
    if all(math.isclose(factor, first, rel_tol=1e-6) for _, factor in factors):
        return float(f"{first:.9g}")
    for parameter in loss.parameters:
        for power in (1, 2, -1, -2):
            try:
                # At zero a positive power says zero, whatever the number before it.
                moved = [(s, f) for s, f in factors if f or float(s[parameter.name])]
                rest = [factor / float(setting[parameter.name]) ** power for setting, factor in moved]
            except (TypeError, ValueError, ZeroDivisionError):
                continue
            if all(math.isclose(one, rest[0], rel_tol=1e-6) for one in rest):
                number = _round(rest[0])
                told = f"{parameter.name}**{power}" if power != 1 else parameter.name
                return told if number == 1 else f"{number:.9g} * {told}"
    return float(f"{first:.9g}")


def _value(factor: float | str, setting: Setting) -> float:
    return float(eval(factor, {}, dict(setting))) if isinstance(factor, str) else factor


def _gradients(runs: Sequence[_Run], best: Mapping[str, Json]) -> tuple[bool | None, JsonObject | None]:
    """Whether the gradients of all calls that agree in their values agree as well, or where not; None without any."""
    tried = False
    for one in runs:
        tensors = torch_calls.tensors(one.loss, one.case[1], one.setting, "float64")
        moved = [
            name for name, tensor in tensors.items() if name in one.used and _real(tensor) and name not in one.fixed
        ]
        scale = _value(best["factor"], one.setting)
        value = scale * one.wanted[best["of"]].ravel() + best["offset"]
        near = np.isclose(one.got.ravel(), value, rtol=max(_RELATIVE, best["within"]), atol=_ABSOLUTE)
        if not moved or not near.all():
            continue
        try:
            found = one.arrays.slopes(one.call, one.inputs, moved)
        except Exception:
            return None, None
        if found is None:
            return None, None
        for name, slope in one.slopes(moved, best["of"]).items():
            wanted = scale * slope
            got = np.asarray(found[name], float)
            wrong = np.isfinite(wanted) & ~np.isclose(got, wanted, rtol=_SLOPES, atol=1e-7)
            if wrong.any():
                # One number of a vector says nothing of where that is.
                alone = one.wanted.get("none", wanted).size == wanted.size
                place = _where(one, wanted, int(wrong.ravel().argmax())) if alone else None
                return False, {"of": name, "where": place}
        tried = True
    return (True if tried else None), None


def _real(tensor: Foreign) -> bool:
    return not isinstance(tensor, list) and bool(tensor.is_floating_point())


def library_named(name: str) -> KnownLibrary:
    """A library that is run, by its name."""
    return next(one for one in RUN if one.name == name)
