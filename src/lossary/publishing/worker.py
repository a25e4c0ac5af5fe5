"""Runs jobs in a process of their own: JSON Lines in on standard input, answers out, results into the cache.

A fresh process sees the code as it is on disk now, so that a preview never works with modules from before an edit,
and the process that asks never imports torch.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from lossary.errors import CatalogError, Failure
from lossary.publishing.cache import PACKAGE, Cache


@dataclass(frozen=True)
class Job:
    """Something to make: `kind` is a maker in `jobs`, `key` where the files go, `shown` its name for people."""

    kind: str
    key: str
    shown: str
    payload: Mapping[str, Any]


def run(jobs: Iterable[Job], cache: Cache, processes: int, done: Callable[[Job], None]) -> list[Failure]:
    """Make every job's files in parallel; all failures come back together, in the jobs' order."""
    ordered = list(jobs)
    waiting: SimpleQueue[tuple[int, Job]] = SimpleQueue()
    for numbered in enumerate(ordered):
        waiting.put(numbered)
    failures: dict[int, list[Failure]] = {}
    threads = [
        threading.Thread(target=_serve, args=(waiting, cache, failures, done))
        for _ in range(min(processes, len(ordered)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [failure for k in sorted(failures) for failure in failures[k]]


def _serve(
    waiting: SimpleQueue[tuple[int, Job]], cache: Cache, failures: dict[int, list[Failure]], done: Callable[[Job], None]
) -> None:
    """Feed one worker process until nothing waits; a process that dies costs its job and is replaced."""
    process: subprocess.Popen[str] | None = None
    while True:
        try:
            k, job = waiting.get_nowait()
        except Empty:
            break
        if process is None:
            process = _start(cache)
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
        done(job)
    if process is not None:
        process.communicate()  # closes its standard input, at which it ends


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
            cache.put(job.key, MAKERS[job.kind](job.payload))
        except CatalogError as error:
            failures = list(error.failures)
        except Exception as error:  # whatever it is, it belongs to this job and not to the others
            failures = [Failure(job.shown, job.kind, f"{type(error).__name__}: {error}")]
        print(json.dumps([dataclasses.asdict(f) for f in failures]), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
