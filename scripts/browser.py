"""Finds the Chromium or Chrome that the tests drive, and installs one where there is none.

`make test` runs it first. CHROMIUM names a browser to use; the tests take the same one, by `find`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# The one without windows first: it shows a page in half the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# Asked in a process of its own: playwright may be running already in the one that asks.
OWN = "from playwright.sync_api import sync_playwright as start\nwith start() as p: print(p.chromium.executable_path)"
HELP = "install Chromium or Google Chrome, or let the environment variable CHROMIUM name one"


class NoBrowserError(RuntimeError):
    """There is no browser to test with; the text says what to do."""


def version(browser: str) -> str | None:
    """What a browser calls itself; None for what does not run, such as a stub that asks for another package."""
    try:
        told = subprocess.run([browser, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return told.strip() or None


def candidates() -> Iterator[str]:
    """Places where a browser may be, the likeliest first."""
    yield from filter(None, map(shutil.which, NAMES))
    if Path(MAC).exists():
        yield MAC
    asked = subprocess.run([sys.executable, "-c", OWN], capture_output=True, text=True)
    if asked.returncode == 0 and Path(asked.stdout.strip()).exists():
        yield asked.stdout.strip()


def find() -> str:
    """The path of an installed browser that runs.

    Raises:
        NoBrowserError: where there is none, or the one that CHROMIUM names does not run.
    """
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        path = shutil.which(chosen)
        if path is None or version(path) is None:
            raise NoBrowserError(f"CHROMIUM={chosen} is no browser that runs; {HELP}")
        return path
    for path in candidates():
        if version(path) is not None:
            return path
    raise NoBrowserError(f"found no browser to test with; {HELP}")


def install() -> None:
    """Install one: Debian's where that is possible, else playwright's. Failing is for `find` to tell."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        if _run(["apt-get", "-qq", "update"], quiet) and _run(
            ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", NAMES[0], "fonts-dejavu-core"], quiet
        ):
            return
    _run([sys.executable, "-m", "playwright", "install", "chromium"], {})


def _run(command: list[str], environment: Mapping[str, str]) -> bool:
    # Its own words go to standard error, so that standard output stays one line.
    return subprocess.run(command, stdout=sys.stderr, env={**os.environ, **environment}).returncode == 0


def main() -> int:
    """Print the browser that the tests use; 1 where there is none."""
    try:
        path = find()
    except NoBrowserError as error:
        if os.environ.get("CHROMIUM"):
            print(f"browser: {error}", file=sys.stderr)
            return 1
        print("browser: none is installed; installing one", file=sys.stderr)
        install()
        try:
            path = find()
        except NoBrowserError as still:
            print(f"browser: {still}", file=sys.stderr)
            return 1
    print(f"browser: {path} ({version(path)})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
