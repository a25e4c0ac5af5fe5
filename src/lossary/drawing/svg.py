"""Turns the SVG that matplotlib drew into the small, themed, accessible one that is published. Knows elements only.

A drawing comes in stand-in colours, one for each role of the palette. They become classes and attributes, so that the
light, the dark and the adaptive form are one drawing in other colours. No form needs a style sheet, which many pages
forbid; the adaptive one has a sheet for readers in the dark. Ids come from what is drawn, and the sheet reaches its own
figure alone, so that any figures can stand in one page.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import lru_cache, partial
from html import escape
from typing import Literal
from xml.etree.ElementTree import Element

from lossary.drawing.palette import Theme, colours
from lossary.drawing.pictures import Chart, Picture

_NUMBER = re.compile(r"-?\d+\.\d{2,}")
# Steps of the grid that glyphs are drawn on, in units of a glyph, some six thousand of which make its height. The
# finest that keeps a figure small is taken; a card with a long formula needs a coarser one.
_GRIDS = (40, 64, 100)
LARGEST = 32_000
# What the figure itself says once, what makes no visible difference, and what is the default anyway.
_IDLE = ("stroke-linejoin", "stroke-linecap", "stroke-dashoffset")
# How a shape looks, besides its colours.
_LOOKS = (
    *("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-dashoffset"),
    *("stroke-linejoin", "stroke-linecap", "stroke-miterlimit", "opacity"),
)
_DIGITS = "abcdefghijklmnopqrstuvwxyz"
_LINK = "href"
_SCALE = re.compile(r"scale\(([\d.]+)\)")
_MOVE = re.compile(r"translate\((-?[\d.]+)(?:[ ,]+(-?[\d.]+))?\)")
_TRANSLATE = re.compile(r"translate\([^)]*\)")


def forms(drawn: Element, picture: Picture, stand_ins: Mapping[str, str]) -> dict[Theme, bytes]:
    """Turn what matplotlib drew into the three published forms.

    Empty groups and invisible shapes go, coordinates keep the hundredth of a pixel, stand-in colours become classes,
    and a title and a description come in for screen readers.
    """
    for grid in _GRIDS:
        made = _forms(deepcopy(drawn), picture, stand_ins, grid)
        if max(map(len, made.values())) <= LARGEST:
            break
    return made


def _forms(root: Element, picture: Picture, stand_ins: Mapping[str, str], grid: int) -> dict[Theme, bytes]:
    roles = {colour: role for role, colour in stand_ins.items()}
    # Curves keep the hundredth of a pixel; the many edges of a heat map's bands, and a large card, the tenth.
    digits = _hundredth if isinstance(picture, Chart) else _tenth
    for element in root.iter():
        _shorten(element, grid, digits)
        _classify(element, roles)
    _unwrap(root)
    _fold(root, grid)
    _rename(root)
    used = sorted({name for element in root.iter() for name in element.get("class", "").split()})
    width, height = picture.size
    body = "".join(map(_written, root)) + "\n"
    words = f"<title>{escape(picture.title)}</title><desc>{escape(picture.description)}</desc>"

    def form(theme: Theme) -> bytes:
        name = _name(f"{theme}{width}x{height}{words}{body}")
        look: Literal["light", "dark"] = "dark" if theme == "dark" else "light"
        sheet = "".join(f"#{name} .{c}{{{_PAINT[c[0]]}:{colours('dark')[c[2:]]}}}" for c in used)
        style = f"<style>@media(prefers-color-scheme:dark){{{sheet}}}</style>" if theme == "auto" else ""
        drawn = _CLASS.sub(partial(_painted, colours(look)), body).replace(_OWN, name)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" stroke-linejoin="round">{words}{style}{drawn}</svg>\n'
        ).encode()

    return {"auto": form("auto"), "light": form("light"), "dark": form("dark")}


def _written(element: Element) -> str:
    """An element as text; none has words of its own."""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in element.items())
    within = "".join(map(_written, element))
    return f"<{element.tag}{attributes}>{within}</{element.tag}>" if within else f"<{element.tag}{attributes}/>"


# Stands for the name of a figure in its ids, until that is known.
_OWN = "~"
_CLASS = re.compile(r' class="([^"]+)"')
_PAINT = {"f": "fill", "s": "stroke"}


def _name(content: str) -> str:
    """A name that no other figure has, made of what is drawn; short, for many ids begin with it."""
    number = int.from_bytes(hashlib.blake2b(content.encode(), digest_size=5).digest())
    signs = _DIGITS + _DIGITS.upper() + "0123456789"
    return _DIGITS[number % 26] + "".join(signs[number // 26 // 62**k % 62] for k in range(4))


def _painted(palette: Mapping[str, str], match: re.Match[str]) -> str:
    """The classes of an element, and their colours as attributes, for pages that let no style sheet in."""
    paint = (f' {_PAINT[name[0]]}="{palette[name[2:]]}"' for name in match[1].split())
    return f"{match[0]}{''.join(paint)}"


def _shorten(element: Element, grid: int, digits: Callable[[re.Match[str]], str]) -> None:
    if "d" in element.attrib:
        if _SCALE.fullmatch(element.get("transform", "")):
            element.set("d", _glyph(element.attrib["d"], grid))
        else:
            path = _NUMBER.sub(digits, _thin(element.attrib["d"]))
            element.set("d", re.sub(r" ?([A-Za-z]) ?", r"\1", " ".join(path.split())))
    shift = _MOVE.fullmatch(element.get("transform", "")) if element.tag == "use" else None
    if shift:
        del element.attrib["transform"]
        element.attrib |= {k: v for k, v in (("x", shift[1]), ("y", shift[2])) if v and float(v)}
    if "transform" in element.attrib:
        # Only shifts: a scale needs all its digits.
        moved = _TRANSLATE.sub(lambda m: _NUMBER.sub(_tenth, m[0]), element.attrib["transform"])
        element.set("transform", moved)
    for name in ("x", "y"):
        if name in element.attrib:
            element.set(name, _NUMBER.sub(_hundredth, element.attrib[name]))
    if element.tag == "g":
        element.attrib.pop("id", None)


@lru_cache(maxsize=4096)
def _glyph(path: str, size: int) -> str:
    """A glyph in whole steps of a grid too fine to be seen, in relative coordinates, which are short.

    Each point is rounded by itself and moves count from the rounded one before, so that no error adds up.
    """
    pieces: list[str] = []
    x = y = left = top = 0
    last = ""
    for letter, numbers in re.findall(r"([MLQCz])([^MLQCz]*)", path):
        if letter == "z":
            pieces.append("z")
            x, y, last = left, top, ""
            continue
        grid = [round(float(n) / size) for n in numbers.split()]
        steps = [v - (x, y)[k % 2] for k, v in enumerate(grid)]
        if letter != "M" and not any(steps):
            # On this grid the piece is shorter than a step.
            continue
        words = list(map(str, steps))
        x, y = grid[-2:]
        if letter == "M":
            left, top = x, y
        text = "".join(w if w.startswith("-") else f" {w}" for w in words)
        pieces.append(text if letter == last != "M" else letter.lower() + text.lstrip())
        last = letter
    return "".join(pieces)


def _thin(path: str) -> str:
    """A path of straight lines without the points that lie on the line between their neighbours."""
    if "Q" in path or "C" in path or path.count("L") < 8:
        return path
    parts = re.findall(r"[MLz][^MLz]*", path)
    kept: list[tuple[str, float, float]] = []
    closed = []
    for part in parts:
        if part[0] == "z":
            closed.append(len(kept))
            continue
        x, y = (float(v) for v in part[1:].split()[:2])
        while len(kept) > 1 and part[0] == "L" and kept[-1][0] == "L" and _straight(kept[-2], kept[-1], (x, y)):
            kept.pop()
        kept.append((part[0], x, y))
    pieces = [f"{letter} {x} {y}" for letter, x, y in kept]
    for k in reversed(closed):
        pieces.insert(k, "z")
    return " ".join(pieces)


def _straight(a: tuple[str, float, float], b: tuple[str, float, float], c: tuple[float, float]) -> bool:
    """Whether b is within a thirtieth of a pixel of the line from a to c, and between them."""
    ux, uy, vx, vy = c[0] - a[1], c[1] - a[2], b[1] - a[1], b[2] - a[2]
    length = math.hypot(ux, uy)
    along = ux * vx + uy * vy
    return length > 0 and abs(ux * vy - uy * vx) / length < 0.03 and 0 <= along <= length * length


def _hundredth(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _tenth(match: re.Match[str]) -> str:
    return f"{float(match[0]):.1f}".removesuffix(".0")


def _classify(element: Element, roles: Mapping[str, str]) -> None:
    """Replace stand-in colours in the style by classes such as "s-loss" (stroke) and "f-paper" (fill)."""
    names, rest = [], []
    for declaration in filter(None, (part.strip() for part in element.attrib.pop("style", "").split(";"))):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        role = roles.get(value)
        if role and key in ("fill", "stroke"):
            names.append(f"{key[0]}-{role}")
        elif key not in _IDLE or (key, value) == ("stroke-linecap", "round"):
            rest.append(f"{key}:{value}")
    if names:
        element.set("class", " ".join(names))
    element.attrib |= {key.strip(): value.strip() for key, _, value in (part.partition(":") for part in rest)}


def _fold(root: Element, grid: int) -> None:
    """Move the scale that every glyph has into the groups that write with them."""
    scales = {e.get("id"): float(m[1]) for e in root.iter() if (m := _SCALE.fullmatch(e.get("transform", "")))}
    for group in root.iter("g"):
        glyphs = [use for use in group.findall("use") if use.attrib[_LINK][1:] in scales]
        own = re.fullmatch(r"(.*)scale\(([\d.]+) -([\d.]+)\)", group.get("transform", ""))
        if not glyphs or not own:
            continue
        scale = scales[glyphs[0].attrib[_LINK][1:]] * grid
        group.set("transform", f"{own[1]}scale({float(own[2]) * scale:.5g} -{float(own[3]) * scale:.5g})")
        for use in glyphs:
            for name in ("x", "y"):
                if name in use.attrib:
                    use.set(name, f"{float(use.attrib[name]) / scale:.0f}")
            if "transform" in use.attrib:
                use.set("transform", _divided(use.attrib["transform"], scale))
        for other in group:
            if other not in glyphs and other.tag != "defs":
                # The bar of a fraction keeps its own units.
                other.set("transform", f"scale({1 / scale:.5g}) {other.get('transform', '')}".strip())
    for element in root.iter():
        if element.get("id") in scales:
            del element.attrib["transform"]


def _divided(transform: str, scale: float) -> str:
    """A transform with its shifts in larger units."""

    def shift(match: re.Match[str]) -> str:
        return re.sub(r"-?[\d.]+", lambda m: f"{float(m[0]) / scale:.0f}", match[0])

    return _TRANSLATE.sub(shift, transform)


def _rename(root: Element) -> None:
    """Give shapes that are used again short names, and say at each use in which colours, and all else only once.

    A copy of a shape stands in a tree of its own, where a rule for what is within a figure does not reach it, but what
    it inherits does.
    """
    shapes = {e.attrib["id"]: e for e in root.iter() if "id" in e.attrib}
    names = {name: f"{_OWN}{_DIGITS[k // 26]}{_DIGITS[k % 26]}" for k, name in enumerate(shapes)}
    for element in root.iter():
        if _LINK in element.attrib:
            shape = shapes[element.attrib[_LINK][1:]]
            if "class" in shape.attrib:
                paints = {c[0]: c for c in f"{element.get('class', '')} {shape.get('class')}".split()}
                settled = {look for look in _LOOKS if look in shape.attrib}
                if re.fullmatch(r"M[^LQC]*L[^LQC]*", shape.get("d", "")):
                    settled.add("fill")  # a lone line, such as a tick, has no inside
                paints = {letter: name for letter, name in paints.items() if _PAINT[letter] not in settled}
                for look in settled | {_PAINT[letter] for letter in paints}:
                    element.attrib.pop(look, None)
                element.set("class", " ".join(paints.values()))
            element.set(_LINK, "#" + names[element.attrib[_LINK][1:]])
        if "clip-path" in element.attrib:
            element.set("clip-path", f"url(#{names[element.attrib['clip-path'][5:-1]]})")
    for name, shape in shapes.items():
        shape.set("id", names[name])
        shape.attrib.pop("class", None)


def _unwrap(parent: Element) -> None:
    """Dissolve groups and definitions without attributes or content, and drop shapes that nobody sees."""
    kept: list[Element] = []
    for child in list(parent):
        _unwrap(child)
        hidden = (
            child.tag == "path"
            and "class" not in child.attrib
            and "id" not in child.attrib
            and child.get("fill") == "none"
        )
        empty = child.tag in ("g", "defs") and len(child) == 0
        if hidden or empty:
            continue
        kept += list(child) if child.tag == "g" and not child.attrib else [child]
    for child in list(parent):
        parent.remove(child)
    parent.extend(kept)
