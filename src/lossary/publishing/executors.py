"""Has jobs made on an executor, that of this machine or of a cluster, and keeps what they make."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from math import ceil
from typing import TYPE_CHECKING, Any

from lossary.errors import Failure, LossaryError, shown, told
from lossary.publishing import isolation
from lossary.publishing.cache import MENDED, Cache, sources_key
from lossary.publishing.isolation import Job, Made, Processes
from lossary.publishing.limits import limits

if TYPE_CHECKING:
    # A build with nothing to do starts nothing.
    from concurrent.futures import Executor, Future

# How many jobs one process should have before another is started beside it.
JOBS_WORTH_A_START = 3
# The stage of a failure to keep what was made.
FULL = "cache"
SCHEDULER = "LOSSARY_SCHEDULER"  # the environment variable
# Seconds to wait for a scheduler, and for the first of its workers.
_PATIENCE = 30


def default_processes() -> int:
    """How many processes work at once: LOSSARY_JOBS if set, else one for each core."""
    return int(os.environ.get("LOSSARY_JOBS", 0)) or os.cpu_count() or 1


class Workers:
    """What makes jobs' files, until the end of the context.

    Each job is made by a process of its own beside the one that the executor calls (`isolation`), so that what a loss
    does to its process is no matter to the executor.

    Args:
        cache: where the files go. This process alone writes there.
        most: how many processes of this machine work at once, where nothing else is named.
        executor: calls functions elsewhere. It is the caller's to shut down.
        scheduler: the address of a dask scheduler, whose workers have the same code and files as this process.
        sources: the key of Lossary's code that the jobs' keys were made from.
    """

    def __init__(
        self, cache: Cache, most: int, *, executor: Executor | None = None, scheduler: str = "", sources: str = ""
    ) -> None:
        self._cache, self._most = cache, most
        self._executor, self._scheduler = executor, scheduler
        self._sources, self._limits = sources or sources_key(), limits()
        self._processes = Processes(self._sources, self._limits)
        self._connections = ExitStack()
        # Called when nothing was finished for a while; raises where nobody works on it any more.
        self._attended: Callable[[], None] = lambda: None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *raised: object) -> None:
        self._connections.close()
        self._processes.end()

    def run(self, jobs: Iterable[Job], done: Callable[[Job], None]) -> list[Failure]:
        """Make every job's files in parallel; all failures come back together, in the jobs' order.

        Raises:
            LossaryError: where there is no scheduler, or one without workers that can make them.
        """
        from concurrent.futures import FIRST_COMPLETED, wait

        ordered = list(jobs)
        failures: dict[int, tuple[Failure, ...]] = {}
        with ExitStack() as context:
            submit = self._submit(len(ordered), context)
            waiting = {submit(job): k for k, job in enumerate(ordered)}
            try:
                while waiting:
                    finished, _ = wait(waiting, _PATIENCE, FIRST_COMPLETED)
                    if not finished:
                        self._attended()
                    for future in sorted(finished, key=waiting.__getitem__):
                        k = waiting.pop(future)
                        failures[k] = self._keep(ordered[k], future)
                        if any(failure.stage == FULL for failure in failures[k]):
                            return list(failures[k])  # all others would say the same: no further work
                        done(ordered[k])
            except BaseException:
                self._processes.kill()
                raise
            finally:
                for future in waiting:
                    future.cancel()
        return [failure for k in sorted(failures) for failure in failures[k]]

    def _submit(self, count: int, context: ExitStack) -> Callable[[Job], Future[Made]]:
        if self._scheduler and not self._executor:
            client = self._connections.enter_context(_client(self._scheduler, self._sources))
            self._executor = self._connections.enter_context(client.get_executor())
            self._attended = lambda: _attended(client, self._scheduler)
        if executor := self._executor:
            return lambda job: executor.submit(isolation.make, job, self._sources, self._limits)
        from concurrent.futures import ThreadPoolExecutor

        # To start one more costs as much as a few jobs.
        enough = max(self._processes.idle, ceil(count / JOBS_WORTH_A_START), 1)
        threads = context.enter_context(ThreadPoolExecutor(min(self._most, enough)))
        return lambda job: threads.submit(self._processes.make, job)

    def _keep(self, job: Job, future: Future[Made]) -> tuple[Failure, ...]:
        """Keep a job's files; what went wrong."""
        from concurrent.futures import CancelledError

        try:
            made = future.result()
        except CancelledError:
            name = f"the scheduler {shown(self._scheduler)}" if self._scheduler else "the executor"
            raise LossaryError(f"{name} has ended; what it made until then is kept, so build again") from None
        except Exception as error:  # the executor's own, such as workers that die again and again
            return (Failure(job.shown, "build", f"the executor gave it up: {told(error)}"),)
        if not made.failures:
            try:
                self._cache.put(job.key, made.files)
            except OSError as error:  # a full disk spoils all jobs alike
                words = f"cannot be written: {error.strerror or error}; {MENDED}"
                return (Failure(str(self._cache.folder), FULL, words),)
        return made.failures


@contextmanager
def _client(address: str, sources: str) -> Iterator[Any]:
    """A connection to a dask scheduler whose workers make what this process would make.

    Raises:
        LossaryError: where dask is not installed, nothing answers, or what answers is not such a scheduler.
    """
    try:
        from distributed import Client
    except ImportError:
        raise LossaryError("a scheduler needs dask: pip install 'lossary[dask]'") from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # it logs tracebacks of what is said below
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise LossaryError(f"the scheduler {shown(address)} does not answer: {told(error)}") from error
    with client:
        _attended(client, address)
        try:
            keys = client.run(sources_key)
        except Exception as error:
            message = f"a worker of the scheduler {shown(address)} cannot make losses: {told(error)}"
            raise LossaryError(message) from error
        if others := sorted(worker for worker, key in keys.items() if key != sources):
            raise LossaryError(
                f"the scheduler {shown(address)} has workers with other code of Lossary, or other versions of "
                f"libraries, than this process: {', '.join(others)}"
            )
        yield client


def _attended(client: Any, address: str) -> None:
    """Wait for the first worker.

    Raises:
        LossaryError: where there is none.
    """
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except (TimeoutError, OSError):
        raise LossaryError(
            f"the scheduler {shown(address)} has no workers: start some with `dask worker {address}`"
        ) from None
