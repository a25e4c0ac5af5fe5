"""Runs jobs in a process of their own: JSON Lines in on standard input, answers out, results into the cache.

A fresh process sees the code as it is on disk now, so that a preview never works with modules from before an edit,
and the process that asks never imports torch.
"""

from __future__ import annotations

import atexit
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
from typing import Any

from lossary.errors import CatalogError, Failure
from lossary.publishing.cache import MENDED, PACKAGE, Cache

# How many jobs one process should have before another is started beside it.
JOBS_WORTH_A_START = 3
# The stage of a failure to keep what was made.
FULL = "cache"


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
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps(dataclasses.asdict(job)) + "\n")
                process.stdin.flush()
                answer = process.stdout.readline()
            except OSError:
                answer = ""
            if answer:
                found = [Failure(**failure) for failure in json.loads(answer)]
            else:
                found = [Failure(job.shown, "build", f"the worker process died with exit code {process.wait()}")]
                process = None
            if found:
                failures[k] = found
            if any(failure.stage == FULL for failure in found):
                break
            done(job)
        if process is not None:
            self._idle.append(process)

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
    """Answer each line of standard input with a JSON list of failures."""
    from lossary.publishing.jobs import MAKERS

    cache = Cache(Path(folder))
    answers = sys.stdout
    # What a loss file prints must not be taken for an answer.
    sys.stdout = sys.stderr
    for line in sys.stdin:
        job = Job(**json.loads(line))
        failures: list[Failure] = []
        try:
            made = MAKERS[job.kind](job.payload)
            try:
                cache.put(job.key, made)
            except OSError as error:  # a full disk spoils all jobs alike: one message, and no further work
                failures = [Failure(folder, FULL, f"cannot be written: {error.strerror or error}; {MENDED}")]
        except CatalogError as error:
            failures = list(error.failures)
        except Exception as error:  # whatever it is, it belongs to this job and not to the others
            failures = [Failure(job.shown, job.kind, f"{type(error).__name__}: {error}")]
        print(json.dumps([dataclasses.asdict(f) for f in failures]), file=answers, flush=True)


if __name__ == "__main__":
    relax_garbage_collection()
    main(sys.argv[1])
