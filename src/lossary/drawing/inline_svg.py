"""Sets a published SVG into somebody's page, where it must not disturb what else is there. Knows text only.

It works on what is in the cache, so that it imports nothing that a drawing needs.
"""

from __future__ import annotations

import re
from html import escape
from typing import Literal

from lossary.drawing.palette import Theme, colours

# What pages write on their root or body while they are light, and while they are dark: Material and Zensical, MkDocs'
# own theme, Sphinx themes, JupyterLab. Where a page writes nothing, the reader's setting decides.
_LIGHT = ("[data-md-color-scheme]", "[data-bs-theme=light]", "[data-theme=light]", "[data-jp-theme-light=true]")
_DARK = ("[data-md-color-scheme=slate]", "[data-bs-theme=dark]", "[data-theme=dark]", "[data-jp-theme-light=false]")


def inline(drawing: bytes, name: str, alt: str, theme: Theme) -> tuple[str, str]:
    """A published SVG as a part of an HTML page, beside others: the style sheet, and the element, with ids of its own.

    Args:
        drawing: one of the published forms.
        name: the id that it gets, which no other element of the page has.
        alt: its accessible name.
        theme: "light" or "dark", on paper, since the page may be neither; or "auto", which follows the page, or the
            reader where the page says nothing.
    """
    text = drawing.decode().strip()
    width, height = re.findall(r'^<svg [^>]*?width="(\d+)" height="(\d+)"', text)[0]
    body = re.sub(r"^<style>.*?</style>", "", text.partition("</desc>")[2]).removesuffix("</svg>")
    used = sorted({name for found in re.findall(r' class="([^"]+)"', body) for name in found.split()})
    body = re.sub(r' id="([^"]+)"', rf' id="{name}-\1"', body)
    body = re.sub(r' href="#([^"]+)"', rf' href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    roles = sorted({one[2:] for one in used})

    def colouring(theme: Literal["light", "dark"], *around: str) -> str:
        palette = colours(theme)
        where = ",".join(f"{page} #{name}" for page in around) or f"#{name}"
        return f"{where}{{{';'.join(f'--{role}:{palette[role]}' for role in roles)}}}"

    rules = [f"#{name}{{max-width:100%;height:auto}}"]
    rules.append(colouring("dark" if theme == "dark" else "light"))
    if theme != "auto":
        body = _paper(theme) + body
    else:
        rules.append(f"@media(prefers-color-scheme:dark){{{colouring('dark')}}}")
        rules += [colouring("light", *_LIGHT), colouring("dark", *_DARK)]
    words = {"f": "fill", "s": "stroke"}
    rules += [f"#{name} .{one}{{{words[one[0]]}:var(--{one[2:]})}}" for one in used]
    element = (
        f'<svg id="{name}" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" stroke-linejoin="round" aria-label="{escape(alt)}">{body}</svg>'
    )
    return "".join(rules), element


def content_name(drawing: bytes) -> str:
    """The name that a published SVG has from what it shows, the same in every process."""
    found = re.match(rb'<svg [^>]*? id="(\w+)"', drawing)
    assert found is not None
    return found[1].decode()


def on_paper(drawing: bytes, theme: Literal["light", "dark"]) -> bytes:
    """A light or dark form for a page that may be neither: it brings its own paper."""
    return drawing.replace(b"</desc>", f"</desc>{_paper(theme)}".encode(), 1)


def _paper(theme: Literal["light", "dark"]) -> str:
    """What a figure stands on, drawn with it, since a page may let no style in."""
    return f'<rect width="100%" height="100%" fill="{colours(theme)["paper"]}"/>'
