"""Runs jobs in a process of their own: JSON Lines in on standard input, answers out, results into the cache.

A fresh process sees the code as it is on disk now, so that a preview never works with modules from before an edit,
and the process that asks never imports torch. A loss file may do anything: what it prints, reads from standard input,
raises, or how it ends its process or never ends, costs its own job and is told as that job's failure.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, TextIO

from lossary.errors import CatalogError, Failure, told
from lossary.publishing.cache import MENDED, PACKAGE, Cache
from lossary.publishing.limits import Limits, bound_allocation, limits, local, place, watched

# How many jobs one process should have before another is started beside it.
JOBS_WORTH_A_START = 3
# The stage of a failure to keep what was made.
FULL = "cache"
# Seconds beyond the limit after which a process that does not even say that it is late is ended from outside.
GRACE = 20


Maker = Callable[[Mapping[str, Any]], Mapping[str, bytes]]


@dataclass(frozen=True)
class Job:
    """Something to make: `kind` is a maker in `jobs`, `key` where the files go, `shown` its name for people."""

    kind: str
    key: str
    shown: str
    payload: Mapping[str, Any]


class Workers:
    """Processes that make jobs' files, each started when it is needed and kept until the end of the context.

    Args:
        cache: where the files go.
        most: how many processes there may be at once.
    """

    def __init__(self, cache: Cache, most: int) -> None:
        self._cache, self._most = cache, most
        self._idle: list[subprocess.Popen[str]] = []
        self._limits = limits()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *raised: object) -> None:
        for process in self._idle:
            process.communicate()  # closes its standard input, at which it ends

    def run(self, jobs: Iterable[Job], done: Callable[[Job], None]) -> list[Failure]:
        """Make every job's files in parallel; all failures come back together, in the jobs' order."""
        ordered = list(jobs)
        waiting: SimpleQueue[tuple[int, Job]] = SimpleQueue()
        for numbered in enumerate(ordered):
            waiting.put(numbered)
        failures: dict[int, list[Failure]] = {}
        # To start one more costs as much as a few jobs.
        count = min(self._most, len(ordered), max(len(self._idle), ceil(len(ordered) / JOBS_WORTH_A_START)))
        threads = [threading.Thread(target=self._serve, args=(waiting, failures, done)) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # What is wrong with all jobs, such as a full disk, is said once.
        return list(dict.fromkeys(failure for k in sorted(failures) for failure in failures[k]))

    def _serve(
        self, waiting: SimpleQueue[tuple[int, Job]], failures: dict[int, list[Failure]], done: Callable[[Job], None]
    ) -> None:
        """Feed one process until nothing waits; a process that dies costs its job and is replaced."""
        process: subprocess.Popen[str] | None = None
        while True:
            try:
                k, job = waiting.get_nowait()
            except Empty:
                break
            if process is None:
                process = self._take()
            found, lasts = self._ask(process, job)
            if not lasts:
                process.communicate()  # it ends, and its pipes are closed
                process = None
            if found:
                failures[k] = found
            if any(failure.stage == FULL for failure in found):
                break
            done(job)
        if process is not None:
            self._idle.append(process)

    def _ask(self, process: subprocess.Popen[str], job: Job) -> tuple[list[Failure], bool]:
        """What became of a job, and whether the process lasts."""
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        # A process may be held by one long step of C, in which it cannot look at itself.
        timer = threading.Timer(self._limits.seconds + GRACE, end)
        timer.daemon = True
        try:
            ready = process.stdout.readline()
            timer.start()
            process.stdin.write(json.dumps(dataclasses.asdict(job)) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline() if ready else ""
        except OSError:
            answer = ""
        finally:
            timer.cancel()
        if answer:
            told = json.loads(answer)
            return [Failure(**failure) for failure in told["failures"]], told["lasts"]
        if late.is_set():
            return [Failure(job.shown, "time", f"{self._limits.late}; it was in one step that does not let go")], False
        code = process.wait()
        killed = " (the system may have killed it for its memory)" if code == -9 else ""
        return [Failure(job.shown, "build", f"the worker process died with exit code {code}{killed}")], False

    def _take(self) -> subprocess.Popen[str]:
        try:
            return self._idle.pop()
        except IndexError:
            return _start(self._cache)


def _start(cache: Cache) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    # One thread each: the processes share the cores, and sums do not depend on how many there are.
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "lossary.publishing.worker", str(cache.folder.resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def relax_garbage_collection() -> None:
    """Tell Python that this process ends soon: of its seconds, torch's and SymPy's import and end take the most.

    The collector would search a million objects of theirs for cycles again and again, and once more at the end, to free
    memory that the end frees.
    """
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)


def main(folder: str) -> None:
    """Answer each line of standard input with a JSON object: the failures, and whether this process lasts."""
    questions, answers = _own_streams()
    from lossary.publishing.check_report import check_files
    from lossary.publishing.jobs import MAKERS

    makers: Mapping[str, Maker] = {**MAKERS, "check": check_files}
    cache, allowed = Cache(Path(folder)), limits()
    bound_allocation(allowed)

    def say(failures: list[Failure], lasts: bool) -> None:
        told = {"failures": [dataclasses.asdict(f) for f in failures], "lasts": lasts}
        print(json.dumps(told), file=answers, flush=True)

    while True:
        print(file=answers, flush=True)  # ready for the next
        line = questions.readline()
        if not line:
            return
        job = Job(**json.loads(line))
        _empty_input()
        say(_made(job, makers[job.kind], cache, allowed, lambda failure: say([failure], False)), True)


def _own_streams() -> tuple[TextIO, TextIO]:
    """This process's questions and answers, which nothing that a loss file prints or reads can get into.

    For its code, and for programs that it calls, standard output goes to standard error.
    """
    questions = os.fdopen(os.dup(sys.stdin.fileno()), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return questions, answers


def _empty_input() -> None:
    """Give the code of a job nothing to read, whatever another has done to its input: `exit()` closes it."""
    with open(os.devnull, encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)


def _made(job: Job, make: Maker, cache: Cache, allowed: Limits, last: Callable[[Failure], object]) -> list[Failure]:
    """Make a job's files and keep them; what went wrong. Beyond a limit it has a `last` word and ends the process."""

    def stop(words: str, frame: FrameType) -> None:
        file = str(job.payload.get("path", ""))
        where = place(frame, file) if file else ""
        last(Failure(job.shown, _stage(frame) or job.kind, f"{words}{f'; it was in {where}' if where else ''}"))
        os._exit(1)

    try:
        with watched(allowed, stop):
            made = make(job.payload)
            try:
                cache.put(job.key, made)
            except OSError as error:  # a full disk spoils all jobs alike: one message, and no further work
                return [Failure(str(cache.folder), FULL, f"cannot be written: {error.strerror or error}; {MENDED}")]
    except CatalogError as error:
        return list(error.failures)
    except BaseException as error:  # whatever it is, it belongs to this job and not to the others
        return [Failure(job.shown, job.kind, told(error))]
    return []


def _stage(frame: FrameType) -> str:
    """The check that a process is in, or that it loads the file."""
    from lossary.discovery.catalogs import load
    from lossary.verification.checks import outcomes

    return local(frame, outcomes.__code__, "name") or ("load" if local(frame, load.__code__, "source") else "")


if __name__ == "__main__":
    relax_garbage_collection()
    with contextlib.suppress(BrokenPipeError):  # who asked is gone
        main(sys.argv[1])
