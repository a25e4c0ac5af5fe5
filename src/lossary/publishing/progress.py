"""Shows how far a cold build is: a bar on a terminal, a line a piece elsewhere. A warm build shows nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def console() -> Callable[[int, int, str], None]:
    """A function to be told (done, all, name) after each piece of work; it writes to standard error."""
    bar: Any = None
    task: Any = None

    def told(done: int, count: int, name: str) -> None:
        nonlocal bar, task
        if not sys.stderr.isatty():
            if name:
                print(f"lossary: {done}/{count} {name}", file=sys.stderr, flush=True)
            return
        if bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                console=Console(stderr=True), transient=True,
            )  # fmt: skip
            bar.start()
            task = bar.add_task("evaluating, checking, drawing", total=count)
        bar.update(task, completed=done, total=count)
        if done == count:
            bar.stop()
            bar = None

    return told
