"""Runs rows of "In other libraries" and writes what was measured beside the catalog; `make libraries` calls it.

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

FILE = Path(__file__).parent.parent / "src" / "lossary" / "losses" / MEASURED
_MARK = "measured: "
_APART = "--apart"  # before the library whose rows a process is for

Rows = dict[str, dict[str, Any]]


def main(arguments: list[str]) -> int:
    """Run all rows, or those of the libraries that are named, each in its process, and write the file.

    Where a library's process dies nothing is written: what it measured before would be lost.
    """
    if arguments[:1] == [_APART]:
        print(_MARK + json.dumps(run(library_named(arguments[1]), list(catalog().values()))))
        return 0
    named = {row.name for loss in catalog().values() for row in loss.libraries}
    known = [one.name for one in RUN if one.name in named]
    wrong = [name for name in arguments if name not in known]
    if wrong:
        print(f"libraries: {', '.join(wrong)}: not among those that are run: {', '.join(known)}")
        return 2
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(_apart, arguments or known))
    if None in found:
        return 1
    rows = {
        **(_kept(arguments) if arguments else {}),
        **{key: row for part in found if part for key, row in part.items()},
    }
    _write(rows)
    print(f"libraries: {len(rows)} rows, {sum('failed' in row for row in rows.values())} failed")
    return 0


def _kept(but: list[str]) -> Rows:
    """What the file holds of the libraries that are not run now."""
    told: dict[str, Rows] = json.loads(FILE.read_text("utf-8"))
    return {
        key: {**row, "loss": slug}
        for slug, found in told.items()
        for key, row in found.items()
        if row["library"] not in but
    }


def _write(rows: Rows) -> None:
    ordered: dict[str, Rows] = {}
    for key, row in sorted(rows.items(), key=lambda item: (item[1]["loss"], item[1]["library"], item[1]["call"])):
        slug = row["loss"]
        ordered.setdefault(slug, {})[key] = {name: value for name, value in row.items() if name != "loss"}
        if "failed" in row:
            print(f"libraries: {slug}: {row['call']}: {row['failed']}")
    FILE.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _apart(name: str) -> Rows | None:
    begun = time.monotonic()
    done = subprocess.run([sys.executable, __file__, _APART, name], capture_output=True, text=True)
    print(f"libraries: {name}: {time.monotonic() - begun:.0f} s", flush=True)
    told = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if not told:
        print(f"libraries: {name} could not be measured, and nothing is written: {done.stderr[-2000:]}")
        return None
    found: Rows = json.loads(told[-1].removeprefix(_MARK))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
