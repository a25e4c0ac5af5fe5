"""The look of Lossary as files: what a site for losses of one's own shares with it instead of copying it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# The wheel carries what a checkout keeps where MkDocs serves it.
_FOLDERS = (PACKAGE / "assets", PACKAGE.parents[1] / "docs" / "assets")
_PARTS = ("css", "fonts", "js", "favicon.svg")


def files() -> Iterator[tuple[str, bytes]]:
    """Style sheets, fonts, scripts and the icon, by the paths at which pages expect them."""
    root = next(folder for folder in _FOLDERS if folder.is_dir())
    for part in _PARTS:
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and inside.parts[0] == part:
                yield f"assets/{inside.as_posix()}", path.read_bytes()
