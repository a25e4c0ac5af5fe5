"""Keeps what was made, by a key of everything that it was made from. Imports nothing heavy.

An entry is a set of named files in one file with a checksum. It is written beside its place and moved there, so
that a reader, or a second build, never sees half of one; a damaged entry counts as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

PACKAGE = Path(__file__).parents[1]
LIBRARIES = ("torch", "numpy", "sympy", "python-flint", "mpmath", "matplotlib", "math-core")
_KEPT_SECONDS = 30 * 24 * 3600


def digest(*parts: bytes | str) -> str:
    """A key from byte strings; each part's length goes in, so that no two lists of parts share a key."""
    made = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        made.update(f"{len(data)}:".encode())
        made.update(data)
    return made.hexdigest()


@cache
def _environment_key() -> str:
    return digest(python_version(), *(f"{name} {_version(name)}" for name in LIBRARIES))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


# The rooms that a loss goes through on its way to a record and pictures, and the modules of this room that it meets.
# What only asks for a site, or puts it together, is not among them.
_ROOMS = ("declaration", "discovery", "evaluation", "typesetting", "interactive", "verification", "drawing")
_HERE = ("article.py", "jobs.py", "record.py")


def sources_key() -> str:
    """The key of what makes evidence and figures: the rooms' code and fonts, and the libraries' versions."""
    files = [path for room in _ROOMS for path in (PACKAGE / room).rglob("*") if path.suffix in (".py", ".ttf")]
    files += [PACKAGE / "errors.py", *(Path(__file__).with_name(name) for name in _HERE)]
    return digest(_environment_key(), *(p for f in sorted(files) for p in (_inside(f), f.read_bytes())))


def templates_key() -> str:
    """The key of what turns records into text."""
    files = sorted(Path(__file__).parent.glob("templates/*"))
    return digest(*(part for f in files for part in (f.name, f.read_bytes())))


def _inside(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def default_folder() -> Path:
    """Where entries are kept: LOSSARY_CACHE, or .cache/lossary below the current folder."""
    return Path(os.environ.get("LOSSARY_CACHE", ".cache/lossary"))


class Cache:
    """A folder of entries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def get(self, key: str) -> dict[str, bytes] | None:
        """The files kept under a key; None where there are none or the entry is damaged."""
        try:
            head, _, body = self._path(key).read_bytes().partition(b"\n")
            index = json.loads(head)
            if index["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            files, start = {}, 0
            for name, size in index["files"]:
                files[name] = body[start : start + size]
                start += size
            return files
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keep files under a key."""
        body = b"".join(files.values())
        index = {
            "sha256": hashlib.sha256(body).hexdigest(),
            "files": [[name, len(data)] for name, data in files.items()],
        }
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(json.dumps(index).encode() + b"\n" + body)
        os.replace(temporary, path)

    def prune(self, used: set[str]) -> None:
        """Remove entries that this build did not use and that are older than a month."""
        oldest = time.time() - _KEPT_SECONDS
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                if path.name not in used and path.stat().st_mtime < oldest:
                    path.unlink()
