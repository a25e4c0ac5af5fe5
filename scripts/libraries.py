"""Runs every row of "In other libraries" and writes what was measured beside the catalog; `make libraries` calls it.

Each library has a process of its own: one that does not import costs its own rows alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lossary.declaration.known_libraries import RUN
from lossary.discovery.catalogs import catalog
from lossary.elsewhere.measuring import library_named, run
from lossary.elsewhere.rows import FILE

LOSSES = Path(__file__).parent.parent / "src" / "lossary" / "losses"
_MARK = "measured: "


def main(arguments: list[str]) -> int:
    """Run one library's rows and print them; or all of them, each library in its process, and write the file."""
    if arguments:
        print(_MARK + json.dumps(run(library_named(arguments[0]), list(catalog().values()))))
        return 0
    named = {row.name for loss in catalog().values() for row in loss.libraries}
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(_apart, [one.name for one in RUN if one.name in named]))
    rows: dict[str, dict[str, Any]] = {key: row for part in found for key, row in part.items()}
    ordered = dict(sorted(rows.items(), key=lambda item: (item[1]["loss"], item[1]["library"], item[1]["call"])))
    (LOSSES / FILE).write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")
    failed = [row for row in ordered.values() if "failed" in row]
    for row in failed:
        print(f"libraries: {row['loss']}: {row['call']}: {row['failed']}")
    print(f"libraries: {len(ordered)} rows, {len(failed)} failed")
    return 0


def _apart(name: str) -> dict[str, dict[str, Any]]:
    done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True)
    told = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if not told:
        print(f"libraries: {name}: {done.stderr[-2000:]}")
        return {}
    found: dict[str, dict[str, Any]] = json.loads(told[-1].removeprefix(_MARK))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
