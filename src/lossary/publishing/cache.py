"""Keeps what was made, by a key of everything that it was made from. Imports nothing heavy.

An entry is a set of named files in one file with a checksum. It is written beside its place and moved there, so
that a reader, or a second build, never sees half of one; a damaged entry counts as none. Where the project's folder
may only be read, what is new is kept elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

from lossary.errors import LossaryError

logger = logging.getLogger(__name__)

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
_ROOMS = (
    "declaration",
    "discovery",
    "evaluation",
    "elsewhere",
    "typesetting",
    "interactive",
    "verification",
    "drawing",
)
_HERE = ("article.py", "jobs.py", "record.py", "record_fields.py")


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


VARIABLE = "LOSSARY_CACHE"  # names the folder of the cache
MENDED = f"name a folder that can be written with {VARIABLE}"


def default_cache(root: Path | None = None) -> Cache:
    """The cache of a project: LOSSARY_CACHE, or .cache/lossary in the project's folder.

    A checkout may be read-only. Then what is kept there is read, and what is new goes to the user's cache folder or,
    where that cannot be written either, to a temporary one.

    Args:
        root: the project's folder; the current one where there is no other.

    Raises:
        LossaryError: where LOSSARY_CACHE names a folder that cannot be written.
    """
    if named := os.environ.get(VARIABLE):
        if problem := _unwritable(Path(named)):
            raise LossaryError(f"the cache {named}, which {VARIABLE} names, cannot be written: {problem}; {MENDED}")
        return Cache(Path(named))
    own = (root or Path()) / ".cache" / "lossary"
    problem = _unwritable(own)
    return Cache(_elsewhere(own, problem), own) if problem else Cache(own)


@cache
def _elsewhere(own: Path, problem: str) -> Path:
    """Another folder than the project's own, told once."""
    user = _user_folder()
    folder = Path(tempfile.mkdtemp(prefix="lossary-")) if user is None or _unwritable(user) else user
    logger.warning(
        "%s cannot be written (%s): what is made is kept in %s; %s names another", own, problem, folder, VARIABLE
    )
    return folder


def _user_folder() -> Path | None:
    """Where the system wants caches; nothing for a user without a home."""
    with contextlib.suppress(RuntimeError):
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "lossary" / "cache"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "lossary"
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lossary"
    return None


def _unwritable(folder: Path) -> str:
    """Why a folder cannot be written, tried by writing; nothing where it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__


def _checksum(key: str, listed: object, contents: Iterable[bytes]) -> str:
    """Of all that an entry says, and of its place, so that an entry that was moved or copied is none either."""
    return digest(key, json.dumps(listed), *contents)


class Cache:
    """A folder of entries, and perhaps another one that is only read."""

    def __init__(self, folder: Path, older: Path | None = None) -> None:
        self.folder, self.older = folder, older

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def get(self, key: str) -> dict[str, bytes] | None:
        """The files kept under a key; None where there are none or the entry is damaged."""
        found = self._read(key)
        return Cache(self.older).get(key) if found is None and self.older else found

    def _read(self, key: str) -> dict[str, bytes] | None:
        try:
            # File by file: an entry is large, and to hold all of it besides would cost as much again.
            with self._path(key).open("rb") as stream:
                index = json.loads(stream.readline())
                files = {name: stream.read(size) for name, size in index["files"]}
                whole = not stream.read(1)
            return files if whole and index["sha256"] == _checksum(key, index["files"], files.values()) else None
        except (OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError):  # the last two of lengths
            return None

    def put(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keep files under a key.

        Raises:
            OSError: with the entry's path, where it cannot be written; then nothing of it is left.
        """
        listed = [[name, len(data)] for name, data in files.items()]
        index = {"sha256": _checksum(key, listed, files.values()), "files": listed}
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.writelines([json.dumps(index).encode(), b"\n", *files.values()])
            os.replace(temporary, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise OSError(error.errno, error.strerror, str(path)) from error

    def prune(self, used: set[str]) -> None:
        """Remove entries that this build did not use and that are older than a month."""
        oldest = time.time() - _KEPT_SECONDS
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                if path.name not in used and path.stat().st_mtime < oldest:
                    path.unlink()
