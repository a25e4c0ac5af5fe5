"""Builds that die, disks that are full, folders with odd names, two at once: the next build is as if nothing had been.

A process is killed at an event and not at a time: when it is about to make, open for writing or move its n-th file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossary.commands.starter import write
from lossary.publishing.cache import Cache
from website.tools import NIGHTLY, contents, differences, environment, succeeded

pytestmark = [
    pytest.mark.in_turns("src/lossary/publishing", "src/lossary/commands"),
    pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by a signal"),
]

# Every Python process of a build reads this. It counts, together with the others, what they are about to write below
# a folder, and at the chosen one kills them all, itself included.
KILLER = """
import os, signal, sys

counted, chosen, below = os.environ["EVENTS"], int(os.environ["KILL_AT"]), os.environ["BELOW"]


def about(event, given):
    writes = event in ("os.rename", "os.mkdir")
    if event == "open":
        _, mode, flags = given
        writes = bool(set(mode) & set("wxa+")) if isinstance(mode, str) else bool(flags & (os.O_WRONLY | os.O_RDWR))
    if writes and not isinstance(given[0], int) and os.fspath(given[0]).startswith(below):
        tally = os.open(counted, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(tally, b".")
        reached = os.fstat(tally).st_size
        os.close(tally)
        if reached == chosen:
            os.killpg(0, signal.SIGKILL)


sys.addaudithook(about)
"""


class Deadly:
    """Runs programs below a folder that are killed at their n-th writing there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "killer").mkdir()
        (root / "killer" / "sitecustomize.py").write_text(KILLER, "utf-8")

    def run(self, chosen: int, *command: str, cache: Path) -> tuple[int, int]:
        """The exit code, and how often it came to write."""
        events = self.root / "events"
        events.unlink(missing_ok=True)
        settings = environment(cache, KILL_AT=str(chosen), EVENTS=str(events), BELOW=str(self.root / "work"))
        settings["PYTHONPATH"] = os.pathsep.join((str(self.root / "killer"), settings["PYTHONPATH"]))
        done = subprocess.run(
            [sys.executable, *command], env=settings, cwd=self.root, capture_output=True, start_new_session=True
        )
        return done.returncode, events.stat().st_size if events.exists() else 0


PUT = """
import sys
from pathlib import Path
from lossary.publishing.cache import Cache
Cache(Path(sys.argv[1])).put("ab12", {"one": b"new" * 999_999})
"""


@pytest.mark.parametrize("kept", [False, True], ids=["nothing there", "something there"])
def test_an_entry_is_whole_or_not_there_wherever_it_is_killed(tmp_path: Path, kept: bool) -> None:
    deadly, cache = Deadly(tmp_path), Cache(tmp_path / "work")
    events, chosen = 99, 0
    while chosen < events:
        chosen += 1
        shutil.rmtree(cache.folder, ignore_errors=True)
        cache.folder.mkdir()
        if kept:
            cache.put("ab12", {"one": b"old"})
        code, events = deadly.run(chosen, "-c", PUT, str(cache.folder), cache=cache.folder)
        assert code == -9
        assert cache.get("ab12") == ({"one": b"old"} if kept else None)
        _, events = deadly.run(0, "-c", PUT, str(cache.folder), cache=cache.folder)
        assert cache.get("ab12") == {"one": b"new" * 999_999}
    assert chosen >= 2


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of two losses, in a folder whose name has spaces and letters outside ASCII."""
    root = tmp_path_factory.mktemp("Zoë's losses ≤ 1")
    for slug in ("my_square", "my_other"):
        write(slug, "toy", str(root / "catalog"))
    return root / "catalog"


def export(catalog: Path, out: Path, jobs: int = 2) -> tuple[str, ...]:
    return ("-m", "lossary", "export", "--catalog", str(catalog), "--out", str(out), "--jobs", str(jobs))


def built(catalog: Path, out: Path, cache: Path, **more: str) -> Any:
    settings = environment(cache, **more)
    return subprocess.run(
        [sys.executable, *export(catalog, out)], env=settings, cwd=catalog, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def good(mine: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], Path]:
    """What a build that nothing happened to writes, and its cache."""
    root = tmp_path_factory.mktemp("good")
    succeeded(built(mine, root / "out", root / "cache"))
    return contents(root / "out"), root / "cache"


MOMENTS = 20


@NIGHTLY
def test_a_build_that_was_killed_is_made_up_for(
    mine: Path, good: tuple[dict[str, bytes], Path], tmp_path: Path
) -> None:
    """At twenty events spread over all that a cold build writes, into its cache and its output."""
    deadly = Deadly(tmp_path)
    work = tmp_path / "work"
    _, events = deadly.run(0, *export(mine, work / "out"), cache=work / "cache")
    assert events > 2 * MOMENTS
    for k in range(MOMENTS):
        shutil.rmtree(work)
        chosen = 1 + k * (events - 1) // (MOMENTS - 1)
        code, _ = deadly.run(chosen, *export(mine, work / "out"), cache=work / "cache")
        assert code == -9
        succeeded(built(mine, work / "out", work / "cache"))
        assert differences(contents(work / "out"), good[0]) == []


def flipped(entry: bytes, place: int) -> bytes:
    """The entry with one bit changed."""
    return entry[:place] + bytes([entry[place] ^ 16]) + entry[place + 1 :]


DAMAGE: dict[str, Callable[[bytes, bytes], bytes]] = {
    "emptied": lambda entry, other: b"",
    "truncated": lambda entry, other: entry[: len(entry) // 2],
    "a bit flipped": lambda entry, other: flipped(entry, len(entry) // 3),
    "a bit flipped at its head": lambda entry, other: flipped(entry, 90),
    "replaced by another": lambda entry, other: other,
}


@NIGHTLY
@pytest.mark.parametrize("kind", DAMAGE)
def test_each_entry_that_was_damaged_is_made_again(
    mine: Path, good: tuple[dict[str, bytes], Path], tmp_path: Path, kind: str
) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(good[1], cache)
    entries = [path for path in sorted(cache.glob("*/*")) if path.is_file()]
    whole = [path.read_bytes() for path in entries]
    for k, path in enumerate(entries):
        path.write_bytes(DAMAGE[kind](whole[k], whole[k - 1]))
    succeeded(built(mine, tmp_path / "out", cache))
    assert differences(contents(tmp_path / "out"), good[0]) == []
    assert [path.read_bytes() for path in entries] == whole


@NIGHTLY
def test_odd_surroundings(mine: Path, good: tuple[dict[str, bytes], Path], tmp_path: Path) -> None:
    """A home, a cache and an output with spaces and letters outside ASCII, in the plainest locale."""
    home = tmp_path / "Žofie Ünal"
    home.mkdir()
    succeeded(built(mine, home / "my site", home / "my cache", HOME=str(home), LC_ALL="C"))
    assert differences(contents(home / "my site"), good[0]) == []
    assert list((home / "my cache").glob("*/*"))


def test_a_name_that_cannot_be_read_is_one_message(mine: Path, tmp_path: Path) -> None:
    """Where Python is told to know of ASCII alone."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = built(mine, tmp_path / "out", tmp_path / "cache", **plain)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "has letters outside ascii, the encoding of this system's locale: set PYTHONUTF8=1" in done.stderr


@NIGHTLY
def test_two_at_once_are_both_right(mine: Path, good: tuple[dict[str, bytes], Path], tmp_path: Path) -> None:
    """With one cache, and into one folder."""
    settings = environment(tmp_path / "cache")
    together: Any = {"env": settings, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    running = [subprocess.Popen([sys.executable, *export(mine, tmp_path / "out")], **together) for _ in range(2)]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert differences(contents(tmp_path / "out"), good[0]) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A disk of 300 KB, where this may be had."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], capture_output=True)
    if made.returncode:
        pytest.skip("no small disk may be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@NIGHTLY
@pytest.mark.parametrize("full", ["cache", "out"])
def test_a_full_disk_is_one_message(mine: Path, small_disk: Path, tmp_path: Path, full: str) -> None:
    places = {"cache": tmp_path / "cache", "out": tmp_path / "out", full: small_disk / full}
    done = built(mine, places["out"], places["cache"])
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("No space left on device") == 1, done.stderr
    assert str(places[full]) in done.stderr
