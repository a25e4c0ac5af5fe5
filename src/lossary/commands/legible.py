"""Lets every output encoding show what is printed: a sign that it lacks is spelt in ASCII. It prints nothing itself."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

# What ASCII has a usual spelling for; Greek letters are spelt by their names.
SPELT = {
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "·": "-", "⋅": "*", "×": "x", "•": "*", "⊙": "*", "∘": "o",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "≡": "==", "±": "+/-", "∞": "inf", "√": "sqrt", "∂": "d", "∇": "grad ",
    "Σ": "sum", "∑": "sum", "∏": "prod", "∈": "in", "∉": "not in", "∣": "|", "‖": "||", "∥": "||", "→": "->", "←": "<-",
    "↦": "|->", "⇒": "=>", "∧": "and", "∨": "or", "¬": "not ", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")",
    "⟨": "<", "⟩": ">", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "\u2044": "/", "ß": "ss", "ø": "o",
    "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE", "°": " degrees", "ℝ": "R", "✓": "ok", "✗": "x", "\u200b": "",
}  # fmt: skip
HANDLER = "lossary.legible"
# What SymPy and the card write formulas with. Where an encoding lacks one of these, all formulas are in ASCII.
DRAWN_WITH = "δσ⎧⎪⎨⎩⎛⎝⎞⎠─│╱⋅∈∉Σ≤≥∞"


def legible(sign: str) -> str:
    """One sign in ASCII."""
    if sign in SPELT:
        return SPELT[sign]
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK ") and " LETTER " in name:
        word = name.partition(" LETTER ")[2].partition(" WITH ")[0].removeprefix("FINAL ").lower()
        return word.capitalize() if "CAPITAL" in name else word
    if name.startswith("BOX DRAWINGS"):
        return "+" if " AND " in name else "-" if name.endswith("HORIZONTAL") else "|"
    kind, _, parts = unicodedata.decomposition(sign).rpartition("> ")
    bare = "".join(chr(int(code, 16)) for code in parts.split())
    if not bare:
        return "" if unicodedata.combining(sign) else "?"
    mark = {"<super": "^", "<sub": "_"}.get(kind, "")
    return mark + "".join(part if part.isascii() else legible(part) for part in bare)


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(legible, error.object[error.start : error.end])), error.end


def install() -> None:
    """Let standard output and errors spell what they cannot encode."""
    codecs.register_error(HANDLER, _spell)
    codecs.register(_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            plain = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="lossary_ascii" if plain else None, errors=HANDLER)


def _ascii(name: str) -> codecs.CodecInfo | None:
    """ASCII by a name of its own: click takes a stream of plain ASCII for misconfigured, and writes UTF-8 to it."""
    if name != "lossary_ascii":
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        found.encode,
        found.decode,
        found.streamreader,
        found.streamwriter,
        found.incrementalencoder,
        found.incrementaldecoder,
        name=name,
    )


def shown(text: str, encoding: str) -> str:
    """A text as an encoding will show it, for columns that are padded before they are written."""
    return text.encode(encoding, HANDLER).decode(encoding)


def can_draw(encoding: str) -> bool:
    """Whether an encoding has what two-dimensional formulas are drawn with."""
    try:
        DRAWN_WITH.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
