"""Makes jobs in this process, one after the other: a line of JSON in on standard input, answer and files out.

A loss file may do anything: what it prints, reads from standard input, raises, or how it ends this process or never
ends, costs its own job and is told as that job's failure (`isolation` asks, and tells).
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import gc
import json
import os
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, BinaryIO

from lossary.errors import CatalogError, Failure, told
from lossary.publishing.isolation import Job, Made
from lossary.publishing.limits import GIGABYTE, Limits, bound_allocation, limits, local, memory, place, watched

# Gigabytes from which a process makes no further job: each loss leaves something behind in what libraries remember.
SPENT = 1.0
Maker = Callable[[Mapping[str, Any]], Mapping[str, bytes]]


def relax_garbage_collection() -> None:
    """Tell Python that this process ends soon: of its seconds, torch's and SymPy's import and end take the most.

    The collector would search a million objects of theirs for cycles again and again, and once more at the end, to free
    memory that the end frees.
    """
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)


def main() -> None:
    """Answer each line of standard input with a line of JSON: the failures, whether this process lasts, and the names
    and lengths of the files, which follow it.
    """
    questions, answers = _own_streams()
    from lossary.publishing.check_report import check_files
    from lossary.publishing.jobs import MAKERS

    makers: Mapping[str, Maker] = {**MAKERS, "check": check_files}
    allowed = limits()
    bound_allocation(allowed)

    def say(made: Made, lasts: bool) -> None:
        files = [(name, len(data)) for name, data in made.files.items()]
        head = {"failures": [dataclasses.asdict(f) for f in made.failures], "lasts": lasts, "files": files}
        answers.write(b"".join((json.dumps(head).encode(), b"\n", *made.files.values())))
        answers.flush()

    while True:
        answers.write(b"\n")  # ready for the next
        answers.flush()
        line = questions.readline()
        if not line:
            return
        job = Job(**json.loads(line))
        _empty_input()
        made = _made(job, makers[job.kind], allowed, lambda failure: say(Made(failures=(failure,)), False))
        spent = memory() > SPENT * GIGABYTE
        say(made, not spent)
        if spent:
            return


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """This process's questions and answers, which nothing that a loss file prints or reads can get into.

    For its code, and for programs that it calls, standard output goes to standard error.
    """
    questions = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return questions, answers


def _empty_input() -> None:
    """Give the code of a job nothing to read, whatever another has done to its input: `exit()` closes it."""
    with open(os.devnull, encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)


def _made(job: Job, make: Maker, allowed: Limits, last: Callable[[Failure], object]) -> Made:
    """Make a job's files, or say what went wrong. Beyond a limit it has a `last` word and ends the process."""

    def stop(words: str, frame: FrameType) -> None:
        file = str(job.payload.get("path", ""))
        where = place(frame, file) if file else ""
        last(Failure(job.shown, _stage(frame) or job.kind, f"{words}{f'; it was in {where}' if where else ''}"))
        os._exit(1)

    try:
        with watched(allowed, stop):
            return Made(make(job.payload))
    except CatalogError as error:
        return Made(failures=error.failures)
    except BaseException as error:  # whatever it is, it belongs to this job and not to the others
        return Made(failures=(Failure(job.shown, job.kind, told(error)),))


def _stage(frame: FrameType) -> str:
    """The check that a process is in, or that it loads the file."""
    from lossary.discovery.catalogs import load
    from lossary.verification.checks import outcomes

    return local(frame, outcomes.__code__, "name") or ("load" if local(frame, load.__code__, "source") else "")


if __name__ == "__main__":
    relax_garbage_collection()
    with contextlib.suppress(BrokenPipeError):  # who asked is gone
        main()
