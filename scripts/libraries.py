"""Runs every row of "In other libraries" and writes what was measured beside the catalog; `make libraries` calls it.

Each library has a process of its own: one that does not import costs its own rows alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lossary.declaration.known_libraries import RUN
from lossary.discovery.catalogs import catalog
from lossary.discovery.dependencies import MEASURED
from lossary.elsewhere.measuring import library_named, run

LOSSES = Path(__file__).parent.parent / "src" / "lossary" / "losses"
_MARK = "measured: "


def main(arguments: list[str]) -> int:
    """Run one library's rows and print them; or all of them, each library in its process, and write the file.

    Where a library's process dies nothing is written: what it measured before would be lost.
    """
    if arguments:
        print(_MARK + json.dumps(run(library_named(arguments[0]), list(catalog().values()))))
        return 0
    named = {row.name for loss in catalog().values() for row in loss.libraries}
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(_apart, [one.name for one in RUN if one.name in named]))
    if None in found:
        return 1
    rows: dict[str, dict[str, Any]] = {key: row for part in found if part for key, row in part.items()}
    ordered: dict[str, dict[str, dict[str, Any]]] = {}
    for key, row in sorted(rows.items(), key=lambda item: (item[1]["loss"], item[1]["library"], item[1]["call"])):
        slug = row.pop("loss")
        ordered.setdefault(slug, {})[key] = row
        if "failed" in row:
            print(f"libraries: {slug}: {row['call']}: {row['failed']}")
    (LOSSES / MEASURED).write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"libraries: {len(rows)} rows, {sum('failed' in row for row in rows.values())} failed")
    return 0


def _apart(name: str) -> dict[str, dict[str, Any]] | None:
    begun = time.monotonic()
    done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True)
    print(f"libraries: {name}: {time.monotonic() - begun:.0f} s", flush=True)
    told = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if not told:
        print(f"libraries: {name} could not be measured, and nothing is written: {done.stderr[-2000:]}")
        return None
    found: dict[str, dict[str, Any]] = json.loads(told[-1].removeprefix(_MARK))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
