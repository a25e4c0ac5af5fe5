"""Has losses checked in processes of their own, so that whatever a loss file does costs its own report alone."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lossary.discovery.catalogs import Source, duplicate_aliases, duplicate_slugs, known
from lossary.discovery.links import slips
from lossary.errors import Failure
from lossary.publishing.cache import Cache, digest
from lossary.publishing.executors import Workers, default_processes
from lossary.publishing.isolation import Job


def run(
    chosen: Sequence[Source], found: Sequence[Source], write: bool, scheduler: str, say: Callable[[str], None]
) -> list[Failure]:
    """Check losses and say what came of each, in their order, as soon as it is known; all that fails.

    Args:
        chosen: the losses to check.
        found: all of the catalog; the names of losses are looked at where all are checked.
        write: whether outputs are written into the files first.
        scheduler: the address of a dask scheduler whose workers check; nothing for processes of this machine.
        say: takes the lines.
    """
    with tempfile.TemporaryDirectory(prefix="lossary-") as folder:
        reports = Cache(Path(folder))
        jobs = [_job(source, write) for source in chosen]
        said = _InOrder(jobs, reports, say)
        with Workers(reports, default_processes(), scheduler=scheduler) as workers:
            ended = workers.run(jobs, said.done)
    made = [said.reports.get(job.key) for job in jobs]
    failures = duplicate_slugs(found)
    told = [(source, report) for source, report in zip(chosen, made, strict=True) if report]
    if len(chosen) == len(found):
        failures += duplicate_aliases([(s.slug, s.shown, report["aliases"]) for s, report in told])
    failures += slips([(s.shown, map(tuple, report["links"])) for s, report in told], known(found))
    return failures + ended + [Failure(**failure) for _, report in told for failure in report["failures"]]


class _InOrder:
    """Says what came of jobs in their order, each as soon as all before it are done."""

    def __init__(self, jobs: Sequence[Job], kept: Cache, say: Callable[[str], None]) -> None:
        self.waiting, self.kept, self.say = [*jobs], kept, say
        self.reports: dict[str, Mapping[str, Any]] = {}
        self._finished: set[str] = set()

    def done(self, job: Job) -> None:
        """Take note of a job that was done, or whose process ended."""
        self._finished.add(job.key)
        while self.waiting and self.waiting[0].key in self._finished:
            first = self.waiting.pop(0)
            files = self.kept.get(first.key)
            if files:
                self.reports[first.key] = json.loads(files["report.json"])
                self.say("\n".join(self.reports[first.key]["lines"]))
            else:
                self.say(f"{first.payload['slug']}\n  failed  to be checked")


def _job(source: Source, write: bool) -> Job:
    payload = {
        "slug": source.slug,
        "family": source.family,
        "path": os.path.abspath(source.path),
        "shown": source.shown,
    }
    return Job("check", digest(source.shown), source.shown, {**payload, "write": write})
