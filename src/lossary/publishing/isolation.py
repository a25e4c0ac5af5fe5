"""Has a job made in a process of its own, so that whatever it does there costs that job alone.

The process that asks never imports torch, and a fresh one sees the code as it is on disk now, so that a preview never
works with modules from before an edit.
"""

from __future__ import annotations

import atexit
import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lossary.errors import Failure
from lossary.publishing.cache import PACKAGE, sources_key
from lossary.publishing.limits import MEMORY, TIME, Limits

# Seconds beyond the limit after which a process that does not even say that it is late is ended from outside.
GRACE = 20


@dataclass(frozen=True)
class Job:
    """Something to make.

    Attributes:
        kind: a maker in `jobs`.
        key: where the files go.
        shown: its name for people.
        payload: what the maker is given.
        reads: the files that the key was made from, besides Lossary's own, each with the SHA-256 of what it held.
    """

    kind: str
    key: str
    shown: str
    payload: Mapping[str, Any]
    reads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What came of a job: its files by their names, or what is wrong."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()


class Processes:
    """Processes that make jobs, one each at a time; started when one is needed, and kept for the next job.

    Args:
        sources: the key of Lossary's code, as `cache.sources_key` has it, that jobs are to be made with.
        allowed: what one job may take.
    """

    def __init__(self, sources: str, allowed: Limits) -> None:
        self._sources, self._allowed = sources, allowed
        self._lock = threading.Lock()
        self._idle: list[subprocess.Popen[bytes]] = []
        self._busy: list[subprocess.Popen[bytes]] = []

    def make(self, job: Job) -> Made:
        """Make a job's files from just what its key was made from, or say what is wrong."""
        if changed := self._changed(job):
            return Made(failures=(changed,))
        with self._lock:
            process = self._idle.pop() if self._idle else _start(self._allowed)
            self._busy.append(process)
        made, lasts = _ask(process, job, self._allowed)
        if not lasts:
            process.communicate()  # it ends, and its pipes are closed
        with self._lock:
            self._busy.remove(process)
            self._idle += [process] * lasts
        # An edit meanwhile makes it uncertain which of the two was read.
        changed = None if made.failures else self._changed(job)
        return Made(failures=(changed,)) if changed else made

    def _changed(self, job: Job) -> Failure | None:
        if sources_key() != self._sources:
            return Failure(job.shown, "build", f"the code of {PACKAGE}, or a library's version, {_DIFFERS}")
        for path, digest in job.reads.items():
            try:
                held = sha256(Path(path).read_bytes())
            except OSError as error:
                return Failure(job.shown, "build", f"{path} cannot be read: {error.strerror}")
            if held != digest:
                return Failure(job.shown, "build", f"the file {path} {_DIFFERS}")
        return None

    @property
    def idle(self) -> int:
        """How many processes wait for a job."""
        return len(self._idle)

    def end(self) -> None:
        """Have all that wait for a job end."""
        with self._lock:
            ended, self._idle = self._idle, []
        for process in ended:
            process.communicate()  # closes its standard input, at which it ends

    def kill(self) -> None:
        """End what is being made."""
        with self._lock:
            for process in self._busy:
                process.kill()


_DIFFERS = (
    "is not what the build began with: it was edited meanwhile, or a worker of another machine has another; build again"
)

# The processes that `make` has here, by the code and the limits that they were started with: one entry at a time.
_here: dict[tuple[str, Limits], Processes] = {}
_here_lock = threading.Lock()


@atexit.register
def _end_here() -> None:
    for processes in _here.values():
        processes.end()


def make(job: Job, sources: str, allowed: Limits) -> Made:
    """`Processes.make` for an executor that calls it anywhere; the processes are this one's, and end with it."""
    with _here_lock:
        others = [_here.pop(key) for key in [*_here] if key != (sources, allowed)]
        processes = _here.setdefault((sources, allowed), Processes(sources, allowed))
    for one in others:
        one.end()
    return processes.make(job)


def sha256(data: bytes) -> str:
    """What `Job.reads` has of a file."""
    return hashlib.sha256(data).hexdigest()


def _start(allowed: Limits) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    # One thread each: the processes share the cores, and sums do not depend on how many there are.
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        TIME: repr(allowed.seconds),
        MEMORY: repr(allowed.gigabytes),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "lossary.publishing.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )


def _ask(process: subprocess.Popen[bytes], job: Job, allowed: Limits) -> tuple[Made, bool]:
    """What became of a job, and whether the process lasts."""
    assert process.stdin is not None
    assert process.stdout is not None
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    # A process may be held by one long step of C, in which it cannot look at itself.
    timer = threading.Timer(allowed.seconds + GRACE, end)
    timer.daemon = True
    garbled = False
    try:
        ready = process.stdout.readline()
        timer.start()
        process.stdin.write(json.dumps(dataclasses.asdict(job)).encode() + b"\n")
        process.stdin.flush()
        if ready and (answer := process.stdout.readline()):
            head = json.loads(answer)
            files = {name: process.stdout.read(size) for name, size in head["files"]}
            if [len(data) for data in files.values()] == [size for _, size in head["files"]]:
                return Made(files, tuple(Failure(**failure) for failure in head["failures"])), bool(head["lasts"])
    except OSError:
        pass  # it has died, which is told below
    except (ValueError, KeyError, TypeError):
        garbled = True
        process.kill()
    finally:
        timer.cancel()
    if garbled:
        words = "something wrote into the answer of its process: its file must leave file descriptors of others alone"
        return Made(failures=(Failure(job.shown, "build", words),)), False
    if late.is_set():
        words = f"{allowed.late}; it was in one step that does not let go"
        return Made(failures=(Failure(job.shown, "time", words),)), False
    code = process.wait()
    killed = " (the system may have killed it for its memory)" if code == -9 else ""
    return Made(
        failures=(Failure(job.shown, "build", f"the worker process died with exit code {code}{killed}"),)
    ), False
