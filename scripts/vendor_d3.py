"""Remake the vendored part of d3 from the npm packages; run by hand, never by a build.

    python scripts/vendor_d3.py

It needs `npm`. What it writes:

- docs/assets/js/d3.js: one ES module with what the charts use of d3-scale, d3-shape, d3-axis and d3-selection,
  tree-shaken and minified by esbuild.
- docs/assets/js/d3-LICENSE.txt: the licence that all of these packages carry.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent / "docs" / "assets" / "js"

# What is bundled, by package.
USED = {
    "d3-scale@4.0.2": ["scaleLinear", "scaleLog"],
    "d3-shape@3.2.0": ["line"],
    "d3-axis@3.0.0": ["axisBottom", "axisLeft"],
    "d3-selection@3.0.0": ["select"],
}
# What these need in turn, pinned: later builds of theirs are one file each, from which nothing can be left out.
NEEDED = [
    "d3-array@3.2.4",
    "d3-color@3.1.0",
    "d3-format@3.1.0",
    "d3-interpolate@3.0.1",
    "d3-path@3.1.0",
    "d3-time@3.1.0",
    "d3-time-format@4.1.0",
]
ESBUILD = "esbuild@0.25.12"
# The scales' ranges are pixels. Colours, dates and strings, between which a scale could interpolate too, are left out:
# a quarter of the bundle.
NUMBERS = """
import number from "./node_modules/d3-interpolate/src/number.js";
import round from "./node_modules/d3-interpolate/src/round.js";
import piecewise from "./node_modules/d3-interpolate/src/piecewise.js";
export { number as interpolate, number as interpolateNumber, round as interpolateRound, piecewise };
"""


def name(package: str) -> str:
    """A package without its version."""
    return package.partition("@")[0]


def licence(modules: Path, packages: list[str]) -> str:
    """The licence of the packages; it must be one text, but for the years."""
    texts: dict[str, list[str]] = {}
    for package in packages:
        (file,) = (path for path in (modules / package).iterdir() if path.stem.upper() == "LICENSE")
        text = file.read_text("utf-8").strip()
        texts.setdefault(text, []).append(package)
    return "\n\n\n".join(f"{', '.join(sorted(named))}\n\n{text}" for text, named in texts.items()) + "\n"


def bundled(meta: Path) -> list[str]:
    """The packages that are in the bundle, from esbuild's account of it."""
    ((_, output),) = json.loads(meta.read_text("utf-8"))["outputs"].items()
    used = [path for path, part in output["inputs"].items() if part["bytesInOutput"] and "node_modules/" in path]
    return sorted({path.split("/")[1] for path in used})


def main() -> None:
    """Remake everything."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "package.json").write_text('{"private": true}')
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", *USED, *NEEDED, ESBUILD], cwd=scratch, check=True
        )
        (scratch / "numbers.js").write_text(NUMBERS)
        entry = scratch / "entry.js"
        entry.write_text(
            "".join(f'export {{ {", ".join(parts)} }} from "{name(package)}";\n' for package, parts in USED.items())
        )
        subprocess.run(
            [
                scratch / "node_modules" / ".bin" / "esbuild",
                entry.name,
                "--bundle",
                "--alias:d3-interpolate=./numbers.js",
                "--minify",
                "--format=esm",
                "--target=es2020",
                "--charset=utf8",
                "--legal-comments=none",
                "--metafile=meta.json",
                "--outfile=d3.js",
            ],
            cwd=scratch,
            check=True,
        )
        packages = bundled(scratch / "meta.json")
        head = f"// Made by scripts/vendor_d3.py from {', '.join(USED)}; licence: d3-LICENSE.txt.\n// @ts-nocheck\n"
        (SCRIPTS / "d3.js").write_text(head + (scratch / "d3.js").read_text("utf-8"), "utf-8")
        (SCRIPTS / "d3-LICENSE.txt").write_text(licence(scratch / "node_modules", packages), "utf-8")


if __name__ == "__main__":
    main()
