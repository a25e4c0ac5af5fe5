"""Writes the faces that stand in for Plex until it has come: installed fonts that take its room.

    python scripts/fallback_faces.py

A browser that has one of the fonts scales it until English text is as wide as in Plex, and gives its lines Plex's
height above and below the base line. The widths are those that matplotlib brings along: of DejaVu, and of Helvetica,
Times and Courier, which Arial, Times New Roman, Courier New and the Liberation fonts share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import matplotlib
from fontTools.afmLib import AFM
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "docs" / "assets" / "fonts"
STYLE = ROOT / "docs" / "assets" / "css" / "fonts.css"
BEGIN = "/* Written by scripts/fallback_faces.py. */\n"

# English text as pages have it: letters as often as they are, with some capitals, digits and signs.
SAMPLE = (
    "A loss says how wrong a prediction is, and its gradient says which way to move. Far from the target the squared "
    "error grows without bound, so one outlier among 1,000 points may decide; the absolute error grows evenly, and the "
    "median minimises it. Between the two, a parameter such as 0.5 or 2 sets where one becomes the other."
)

# A face of the site, the font that stands in, where its widths are, and the names, full and PostScript, that it and
# those of the same widths are installed under.
FACES: dict[tuple[str, str, str, str], str] = {
    ("Sans", "Regular", "Arial", "phvr8a"): "Arial, ArialMT, Liberation Sans, LiberationSans, Helvetica",
    ("Sans", "Italic", "Arial", "phvro8a"): "Arial Italic, Arial-ItalicMT, Liberation Sans Italic, Helvetica-Oblique",
    ("Sans", "SemiBold", "Arial", "phvb8a"): "Arial Bold, Arial-BoldMT, Liberation Sans Bold, Helvetica-Bold",
    ("Sans", "Regular", "DejaVu", "DejaVuSans"): "DejaVu Sans, DejaVuSans",
    ("Sans", "Italic", "DejaVu", "DejaVuSans-Oblique"): "DejaVu Sans Oblique, DejaVuSans-Oblique",
    ("Sans", "SemiBold", "DejaVu", "DejaVuSans-Bold"): "DejaVu Sans Bold, DejaVuSans-Bold",
    ("Serif", "SemiBold", "Times", "ptmb8a"): "Times New Roman Bold, TimesNewRomanPS-BoldMT, Liberation Serif Bold",
    ("Serif", "SemiBold", "DejaVu", "DejaVuSerif-Bold"): "DejaVu Serif Bold, DejaVuSerif-Bold",
    ("Mono", "Regular", "Courier", "pcrr8a"): "Courier New, CourierNewPSMT, Liberation Mono, LiberationMono, Courier",
    ("Mono", "Regular", "DejaVu", "DejaVuSansMono"): "DejaVu Sans Mono, DejaVuSansMono",
}


def rules() -> str:
    """The rules of all faces that stand in."""
    return BEGIN + "".join(_rule(*face, names.split(", ")) for face, names in FACES.items())


def _rule(family: str, weight: str, other: str, widths: str, installed: Iterable[str]) -> str:
    plex = TTFont(WEB / f"IBMPlex{family}-{weight}-Latin1.woff2")
    scale = _width(_of_font(plex)) / _width(_widths(widths))
    line = plex["hhea"]
    heights = {"ascent": line.ascent, "descent": -line.descent, "line-gap": line.lineGap}
    overrides = "".join(
        f"  {name}-override: {value / plex['head'].unitsPerEm / scale:.2%};\n" for name, value in heights.items()
    )
    sources = ", ".join(f'local("{name}")' for name in installed)
    return (
        f'@font-face {{\n  font-family: "Plex {family} in {other}";\n'
        f"  font-style: {'italic' if weight == 'Italic' else 'normal'};\n"
        f"  font-weight: {600 if weight == 'SemiBold' else 400};\n"
        f"  src: {sources};\n"
        f"  size-adjust: {scale:.2%};\n{overrides}}}\n"
    )


def _width(of: Callable[[str], float]) -> float:
    """The width of the sample, in parts of the font's size."""
    return sum(map(of, SAMPLE))


def _widths(name: str) -> Callable[[str], float]:
    """The width of each sign in one of the fonts that matplotlib knows."""
    folder = Path(matplotlib.get_data_path()) / "fonts"
    if (ttf := folder / "ttf" / f"{name}.ttf").exists():
        return _of_font(TTFont(ttf))
    afm = AFM(folder / "afm" / f"{name}.afm")
    by_code = {code: width for code, width, _ in (afm[char] for char in afm.chars())}
    return lambda sign: by_code[ord(sign)] / 1000


def _of_font(font: TTFont) -> Callable[[str], float]:
    cmap, advances, size = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    return lambda sign: advances[cmap[ord(sign)]][0] / size


def write() -> None:
    """Put the rules at the end of the style sheet, in the place of those that are there."""
    STYLE.write_text(STYLE.read_text("utf-8").partition(BEGIN)[0] + rules(), "utf-8")


if __name__ == "__main__":
    write()
