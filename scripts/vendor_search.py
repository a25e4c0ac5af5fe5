"""Remake the vendored part of the search from the npm packages; run by hand, never by a build.

    python scripts/vendor_search.py

It needs `npm`. What it writes:

- docs/assets/js/minisearch.js: a classic script, which a worker and V8 alone can load, with MiniSearch and the Porter
  stemmer, tree-shaken and minified by esbuild.
- docs/assets/js/minisearch-LICENSE.txt: the licences of these packages.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from vendor_d3 import ESBUILD, SCRIPTS, bundled, licence

USED = ["minisearch@7.2.0", "stemmer@2.0.1"]
ENTRY = """
export { default as MiniSearch } from "minisearch";
export { stemmer } from "stemmer";
"""


def main() -> None:
    """Remake everything."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "package.json").write_text('{"private": true}')
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", *USED, ESBUILD], cwd=scratch, check=True
        )
        (scratch / "entry.js").write_text(ENTRY)
        subprocess.run(
            [
                scratch / "node_modules" / ".bin" / "esbuild",
                "entry.js",
                "--bundle",
                "--minify",
                "--format=iife",
                "--global-name=minisearch",
                "--target=es2020",
                "--charset=utf8",
                "--legal-comments=none",
                "--metafile=meta.json",
                "--outfile=minisearch.js",
            ],
            cwd=scratch,
            check=True,
        )
        head = f"// Made by scripts/vendor_search.py from {', '.join(USED)}; licences: minisearch-LICENSE.txt.\n"
        (SCRIPTS / "minisearch.js").write_text(
            f"{head}// @ts-nocheck\n{(scratch / 'minisearch.js').read_text('utf-8')}", "utf-8"
        )
        packages = bundled(scratch / "meta.json")
        (SCRIPTS / "minisearch-LICENSE.txt").write_text(licence(scratch / "node_modules", packages), "utf-8")


if __name__ == "__main__":
    main()
