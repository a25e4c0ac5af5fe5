"""Remake the vendored fonts from the packages they come from; run by hand, never by a build.

    pip install fonttools brotli
    python scripts/vendor.py

It needs `npm` and, for Latin Modern Math, `apt-get` or an installed fonts-lmodern. What it writes:

- docs/assets/fonts/: IBM Plex as IBM ships it for the web, file by file and unchanged, since the
  licence reserves the name "Plex" for unmodified fonts; and two subsets of Latin Modern Math, renamed
  "Lossary Math" because its licence asks that derived fonts carry another name.
- src/lossary/fonts/: four faces for matplotlib, which reads TTF: the complete woff2 files, unpacked.
- the licence of each beside the fonts.
- docs/assets/css/fonts.css is written with them, from the character ranges in IBM's own style sheet.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

import fallback_faces

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "docs" / "assets" / "fonts"
STYLE = ROOT / "docs" / "assets" / "css" / "fonts.css"
FIGURES = ROOT / "src" / "lossary" / "fonts"

PACKAGES = {"Sans": "@ibm/plex-sans@1.1.0", "Serif": "@ibm/plex-serif@2.0.0", "Mono": "@ibm/plex-mono@2.5.0"}
WEB_FACES = {
    "Sans": ["Regular", "Italic", "SemiBold"],
    "Serif": ["SemiBold"],
    "Mono": ["Regular"],
}
# Latin1 is what nearly every page needs; the rest loads only where its characters occur.
WEB_RANGES = ["Latin1", "Latin2", "Greek", "Pi"]
# Code has one letter of it, and a page would fetch all of them for that; the reader's own font has it as well.
LEFT_OUT = {("Mono", "Latin2")}
FIGURE_FACES = [("Sans", "Regular"), ("Sans", "SemiBold"), ("Mono", "Regular"), ("Serif", "SemiBold")]

MATH_FONT = "usr/share/texmf/fonts/opentype/public/lm-math/latinmodern-math.otf"
MATH_LICENCE = "usr/share/texmf/doc/fonts/lm-math/GUST-FONT-LICENSE.txt"
MATH_RANGES = [
    (0x20, 0x7E),  # ASCII
    (0xA0, 0xB7),  # not, plus-minus, the centred dot
    (0xD7, 0xD7),  # times
    (0xF7, 0xF7),  # division
    (0x2C6, 0x2DD),  # hat, tilde, breve
    (0x300, 0x30C),  # combining accents
    (0x393, 0x3A9),  # upright capital Greek
    (0x3B1, 0x3C9),  # small Greek, for text and operator names
    (0x2010, 0x2064),  # dashes, primes, dots, spaces, invisible operators
    (0x2113, 0x2113),  # the small script l
    (0x2200, 0x223C),  # operators
    (0x2243, 0x2248),
    (0x2254, 0x2255),
    (0x2260, 0x2265),
    (0x226A, 0x226B),
    (0x2282, 0x2287),
    (0x2295, 0x2299),
    (0x22A4, 0x22A5),
    (0x22C0, 0x22C6),
    (0x22EE, 0x22F1),
    (0x2308, 0x230B),  # ceiling and floor
    (0x239B, 0x23B3),  # pieces of tall brackets
    (0x27E8, 0x27E9),  # angle brackets
    (0x2A7D, 0x2A7E),  # slanted inequalities
    (0x1D434, 0x1D467),  # italic: every one-letter variable
    (0x1D6FC, 0x1D71B),  # italic small Greek
    (0x1D7CF, 0x1D7CF),  # bold one, the indicator
]
# A file of its own, which a page fetches where a formula has one of these.
RARE_MATH_RANGES = [
    (0x2102, 0x2102),  # the blackboard, script and real letters that live outside the main block
    (0x210B, 0x2112),
    (0x2114, 0x2115),
    (0x2118, 0x211D),
    (0x2124, 0x2124),
    (0x212C, 0x2134),
    (0x2190, 0x2199),  # arrows
    (0x21A6, 0x21A6),
    (0x21D0, 0x21D4),
    (0x1D400, 0x1D433),  # bold
    (0x1D49C, 0x1D4B5),  # script capitals
    (0x1D538, 0x1D551),  # blackboard capitals
]


def unpack_npm(package: str, into: Path) -> Path:
    """The unpacked folder of an npm package, fetched by the ordinary client."""
    done = subprocess.run(["npm", "pack", "--silent", package], cwd=into, check=True, capture_output=True, text=True)
    archive = into / done.stdout.strip().splitlines()[-1]
    with tarfile.open(archive) as tar:
        tar.extractall(into / archive.stem, filter="data")
    return into / archive.stem / "package"


def unpack_math(into: Path) -> Path:
    """The root under which Debian's fonts-lmodern lies: the system's, or a copy unpacked here."""
    if (Path("/") / MATH_FONT).exists():
        return Path("/")
    subprocess.run(["apt-get", "download", "fonts-lmodern"], cwd=into, check=True)
    (archive,) = into.glob("fonts-lmodern_*.deb")
    subprocess.run(["dpkg-deb", "-x", archive, into / "lmodern"], check=True)
    return into / "lmodern"


def font_face(family: str, weight: str, part: str, ranges: str) -> str:
    """The @font-face rule of one web file."""
    style = "italic" if weight == "Italic" else "normal"
    number = 600 if weight == "SemiBold" else 400
    return (
        f'@font-face {{\n  font-family: "{family}";\n  font-style: {style};\n  font-weight: {number};\n'
        f'  font-display: swap;\n  src: url("../fonts/{part}") format("woff2");\n'
        + (f"  unicode-range: {ranges};\n" if ranges else "")
        + "}\n"
    )


def plex(scratch: Path) -> list[str]:
    """Copy the web faces as they are, unpack the figures' faces from woff2 to TTF; the web faces' rules."""
    folders = {family: unpack_npm(package, scratch) for family, package in PACKAGES.items()}
    rules = []
    for family, weights in WEB_FACES.items():
        style = (folders[family] / f"css/ibm-plex-{family.lower()}-all.css").read_text()
        for weight in weights:
            for part in WEB_RANGES:
                name = f"IBMPlex{family}-{weight}-{part}.woff2"
                source = folders[family] / "fonts/split/woff2" / name
                if not source.exists() or (family, part) in LEFT_OUT:  # Mono has no Greek
                    continue
                shutil.copy(source, WEB)
                found = re.search(re.escape(name) + r".*?unicode-range: ([^;]+);", style, re.DOTALL)
                assert found, f"{name} is not in IBM's style sheet"
                rules.append(font_face(f"IBM Plex {family}", weight, name, found[1]))
    for family, weight in FIGURE_FACES:
        source = folders[family] / "fonts/complete/woff2" / f"IBMPlex{family}-{weight}.woff2"
        font = TTFont(source, recalcTimestamp=False)
        font.flavor = None
        font.save(FIGURES / f"IBMPlex{family}-{weight}.ttf")
    for folder in (WEB, FIGURES):
        shutil.copyfile(folders["Sans"] / "LICENSE.txt", folder / "IBM-Plex-OFL.txt")
    return rules


def latin_modern_math(scratch: Path) -> list[str]:
    """Cut Latin Modern Math down to what formulas use, under a name of its own; its rules."""
    root = unpack_math(scratch)
    shutil.copyfile(root / MATH_LICENCE, WEB / "Latin-Modern-Math-GUST-LICENSE.txt")
    ranges = ", ".join(f"U+{first:X}-{last:X}" if last > first else f"U+{first:X}" for first, last in RARE_MATH_RANGES)
    # Of two files that have a letter the later rule counts, where its ranges name the letter.
    return [
        math_file(root / MATH_FONT, "LossaryMath-Regular.woff2", MATH_RANGES, ""),
        math_file(root / MATH_FONT, "LossaryMath-Rare.woff2", RARE_MATH_RANGES, ranges),
    ]


def math_file(source: Path, name: str, codes: list[tuple[int, int]], ranges: str) -> str:
    """Write some characters of the math font as a web font; its rule."""
    # Without ssty, the drawings made for scripts: they double the file and differ by a hair.
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False, notdef_outline=True)
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for first, last in codes for code in range(first, last + 1)])
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = "LossaryMath" if record.nameID == 6 else "Lossary Math"
    if "CFF " in font:
        top = font["CFF "].cff
        top.fontNames = ["LossaryMath"]
        top.topDictIndex[0].FullName = "Lossary Math"
        top.topDictIndex[0].FamilyName = "Lossary Math"
    subset.save_font(font, str(WEB / name), options)
    return font_face("Lossary Math", "Regular", name, ranges)


def main() -> None:
    """Remake everything."""
    WEB.mkdir(parents=True, exist_ok=True)
    FIGURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        rules = [*plex(Path(folder)), *latin_modern_math(Path(folder))]
    STYLE.write_text("/* Written by scripts/vendor.py. */\n" + "".join(rules) + fallback_faces.rules())


if __name__ == "__main__":
    main()
