"""Ends a worker whose job takes too long or too much memory, and says where in the loss's file it was."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

from lossary.errors import LossaryError, shown

TIME, MEMORY = "LOSSARY_TIME_LIMIT", "LOSSARY_MEMORY_LIMIT"  # environment variables
# A loss of Lossary's own takes seconds and less than one gigabyte; a busy machine may make minutes of the seconds.
SECONDS, GIGABYTES = 600.0, 4.0
_LOOK = 0.1  # seconds between two looks
GIGABYTE = 2**30


@dataclass(frozen=True)
class Limits:
    """What one job may take."""

    seconds: float = SECONDS
    gigabytes: float = GIGABYTES

    @property
    def late(self) -> str:
        """What is said of a job that takes too long."""
        return f"stopped after {self.seconds:g} s; {TIME} sets how many seconds a loss may take"

    @property
    def large(self) -> str:
        """What is said of a job that takes too much memory."""
        return f"stopped at {self.gigabytes:g} GB of memory; {MEMORY} sets how many a loss may take"


def limits() -> Limits:
    """The limits that the environment names, or else those that suit every loss of Lossary's own several times over.

    Raises:
        LossaryError: where what it names is no number above zero.
    """
    return Limits(_number(TIME, SECONDS), _number(MEMORY, GIGABYTES))


def _number(name: str, default: float) -> float:
    given = os.environ.get(name) or default
    try:
        number = float(given)
    except ValueError:
        number = 0.0
    if not number > 0:
        raise LossaryError(f"{name} must be a number above 0, got {shown(given)}")
    return number


def bound_allocation(allowed: Limits) -> None:
    """Let one step that asks for far more memory than is allowed fail at once, where the system can do so.

    It may hold Python until the memory is filled, so that nobody could look.
    """
    if sys.platform == "linux":
        import resource

        most = int(2 * allowed.gigabytes * GIGABYTE)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most if hard < 0 else min(most, hard), hard))


@contextmanager
def watched(allowed: Limits, stop: Callable[[str, FrameType], None]) -> Iterator[None]:
    """Look at this process from beside it; beyond a limit call `stop` with what is said and where the process is.

    `stop` is called by another thread, and is expected to end the process.
    """
    begun, finished, main = time.monotonic(), threading.Event(), threading.get_ident()

    def look() -> None:
        while not finished.wait(_LOOK):
            late = time.monotonic() - begun > allowed.seconds
            if late or memory() > allowed.gigabytes * GIGABYTE:
                frame = sys._current_frames().get(main)
                if frame is not None and not finished.is_set():
                    stop(allowed.late if late else allowed.large, frame)
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def memory() -> int:
    """How many bytes of memory this process has now, or had at most; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes, on macOS


def place(frame: FrameType, file: str) -> str:
    """Where in a loss's file, or a snippet of it, a process is, with the plain arguments of the function there."""
    for at in _outwards(frame):
        code = at.f_code
        if code.co_filename == file:
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            plain = {name: at.f_locals[name] for name in names if isinstance(at.f_locals.get(name), int | float | str)}
            told = ", ".join(f"{name} = {shown(value)}" for name, value in plain.items())
            inside = "" if code.co_name == "<module>" else f" in {code.co_name}({told})"
            return f"line {at.f_lineno}{inside}"
        if code.co_filename == "<snippet>":
            return f"line {at.f_lineno} of a snippet"
    return ""


def local(frame: FrameType, function: CodeType, name: str) -> str:
    """The value of a name in the innermost call of a function that a process is in; nothing where it is in none."""
    return next((str(at.f_locals[name]) for at in _outwards(frame) if at.f_code is function), "")


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
