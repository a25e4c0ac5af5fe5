"""Jobs are made alike on whatever executor, from just the files that their keys were made of."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conftest import MakeCatalog
from lossary.commands.main import main
from lossary.errors import Failure, LossaryError
from lossary.publishing import executors, isolation
from lossary.publishing.cache import Cache, sources_key
from lossary.publishing.executors import Workers
from lossary.publishing.isolation import Job, Made, sha256
from lossary.publishing.site import Build, Files, site
from test_workers import DEEDS, PLAIN, imported
from website.tools import environment

pytestmark = pytest.mark.in_turns("src/lossary/publishing")

INVENTORY = {"project": "P", "titles": {"huber": "Huber"}}


def inventory(number: int, **more: Any) -> Job:
    return Job("inventory", f"{number:064}", str(number), INVENTORY, **more)


def loss(path: Path) -> Job:
    shown = str(path)
    return Job("loss", path.stem, shown, {"slug": path.stem, "family": "toy", "path": shown, "shown": shown})


def pools() -> dict[str, Executor]:
    return {
        "threads": ThreadPoolExecutor(2),
        "processes": ProcessPoolExecutor(2, mp_context=get_context("spawn")),
    }


@pytest.mark.parametrize("kind", pools())
def test_any_executor_makes_the_same(kind: str, tmp_path: Path, make_catalog: MakeCatalog) -> None:
    root = make_catalog({"toy/is_killed": DEEDS["is_killed"][0]})
    jobs = [inventory(1), loss(root / "toy" / "is_killed.py"), inventory(2)]
    caches = Cache(tmp_path / "here"), Cache(tmp_path / "there")
    with Workers(caches[0], 2) as workers:
        failures = workers.run(jobs, lambda job: None)
    done: list[str] = []
    with pools()[kind] as pool, Workers(caches[1], 1, executor=pool) as workers:
        assert workers.run(jobs, lambda job: done.append(job.key)) == failures
    assert sorted(done) == sorted(job.key for job in jobs), "a job that fails is done as well"
    assert [Path(failure.path).stem for failure in failures] == ["is_killed"]
    made = [[cache.get(job.key) for job in jobs] for cache in caches]
    assert made[0] == made[1]
    assert [files is not None for files in made[0]] == [True, False, True]


# --- from what the key was made of ----------------------------------------------------------------------------------


def test_a_file_that_is_edited_meanwhile_is_not_kept(tmp_path: Path, make_catalog: MakeCatalog) -> None:
    """Nobody knows which of the two was read: the entry would be found again when the edit is undone."""
    root = make_catalog({"toy/edited": imported("open(__file__, 'a').write('# later\\n')"), "toy/good": PLAIN})
    jobs = []
    for name in ("edited", "good"):
        path = root / "toy" / f"{name}.py"
        plain = loss(path)
        jobs.append(Job(plain.kind, plain.key, plain.shown, plain.payload, {str(path): sha256(path.read_bytes())}))
    cache = Cache(tmp_path / "cache")
    with Workers(cache, 1) as workers:
        (failure,) = workers.run(jobs, lambda job: None)
        assert cache.get("edited") is None
        assert cache.get("good") is not None
        (again,) = workers.run(jobs[:1], lambda job: None)
    assert str(root / "toy" / "edited.py") in failure.message
    assert "it was edited meanwhile" in failure.message
    assert again == failure, "before it is begun as well"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"reads": {"/nowhere/loss.py": ""}}, "/nowhere/loss.py cannot be read: No such file"),
        ({}, "the code of .*, or a library's version, is not what the build began with"),
    ],
)
def test_what_the_key_was_made_of_is_not_here(more: dict[str, Any], words: str, tmp_path: Path) -> None:
    key = sources_key() if more else "that of another version"
    with Workers(Cache(tmp_path), 1, sources=key) as workers:
        (failure,) = workers.run([inventory(1, **more)], lambda job: None)
    assert re.search(words, failure.message)


def test_every_job_names_the_files_of_its_key(make_catalog: MakeCatalog, tmp_path: Path) -> None:
    """An edit of any of them is noticed while the job is made."""
    root = make_catalog({"toy/good": PLAIN, "toy/__init__": '"""Toys."""\n'})
    path = str(root / "toy" / "good.py")
    seen: list[Job] = []

    class Watching(ThreadPoolExecutor):
        def submit(self, make: Any, job: Job, *more: Any) -> Any:  # type: ignore[override]
            seen.append(job)
            return super().submit(make, job, *more)

    with Watching(1) as pool:
        files = dict(site(Build(str(root), cache=Cache(tmp_path / "cache"), executor=pool)))
    assert "losses/good.md" in files
    of = {job.kind: job.reads for job in seen}
    assert set(of) >= {"loss", "family", "inventory", "vocabulary"}
    for kind in ("loss", "family"):
        assert of[kind][path] == sha256(Path(path).read_bytes())
    assert str(root / "toy" / "__init__.py") in of["family"]


# --- an end before the end ------------------------------------------------------------------------------------------


def test_an_interruption_ends_what_is_being_made(
    tmp_path: Path, make_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSARY_TIME_LIMIT", "60")
    root = make_catalog({"toy/sleeps": imported("time.sleep(1e6)")})
    ended: list[Made] = []
    ask = isolation._ask

    def asked(*given: Any) -> tuple[Made, bool]:
        made, lasts = ask(*given)
        ended.append(made)
        return made, lasts

    def interrupted(job: Job) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(isolation, "_ask", asked)
    monkeypatch.setattr(executors, "JOBS_WORTH_A_START", 1)
    with Workers(Cache(tmp_path / "cache"), 2) as workers, pytest.raises(KeyboardInterrupt):
        workers.run([loss(root / "toy" / "sleeps.py"), inventory(1), inventory(2)], interrupted)
    told = [failure for made in ended for failure in made.failures if "sleeps" in failure.path]
    assert all("died with exit code -9" in failure.message for failure in told), told


# --- a cluster ------------------------------------------------------------------------------------------------------


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """The address of a dask scheduler without workers."""
    done, address = _dask("scheduler", "--host", "127.0.0.1", "--port", "0", says="Scheduler at:")
    yield address
    _ended(done)


def _dask(*arguments: str, says: str) -> tuple[subprocess.Popen[str], str]:
    """A process of dask's, and what it says after some words."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
        stderr=subprocess.PIPE, text=True, env=environment(Path(), DASK_LOGGING__DISTRIBUTED="info"),
    )  # fmt: skip
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if says in line:
            return process, line.partition(says)[2].strip()
    raise AssertionError("".join(said))


def _ended(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.fixture
def workers(scheduler: str, tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes that work for it."""
    started = [
        _dask("worker", scheduler, "--nworkers", "1", "--nthreads", "1", "--no-nanny", "--local-directory",
              str(tmp_path / f"worker{k}"), says="Registered to:")[0]
        for k in range(2)
    ]  # fmt: skip
    yield started
    for process in started:
        _ended(process)


def test_a_cluster_of_which_one_dies_makes_the_same(
    scheduler: str, workers: list[subprocess.Popen[str]], make_catalog: MakeCatalog, tmp_path: Path
) -> None:
    root = make_catalog({f"toy/good{k}": PLAIN.replace("scaled", f"scaled{k}") for k in range(4)})
    here = dict(site(Build(str(root), cache=Cache(tmp_path / "here"))))
    made: list[str] = []

    def progress(done: int, count: int, name: str) -> None:
        made.append(name)
        if done == 1:
            os.kill(workers[0].pid, signal.SIGKILL)

    there = dict(site(Build(str(root), cache=Cache(tmp_path / "there"), scheduler=scheduler, progress=progress)))
    assert len([name for name in made if "good" in name]) == 4
    assert workers[0].wait() == -signal.SIGKILL
    assert here == there


def test_a_cluster_with_other_code_is_refused(
    scheduler: str, workers: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    cluster = Workers(Cache(tmp_path), 1, scheduler=scheduler, sources="those of yesterday")
    with cluster, pytest.raises(LossaryError, match="has workers with other code of Lossary") as raised:
        cluster.run([inventory(1)], lambda job: None)
    assert str(raised.value).count("tcp://") == 3, "the scheduler's address and those of both workers"


def test_a_scheduler_that_helps_nobody(scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_PATIENCE", 1)
    for address, words in (
        (scheduler, "has no workers: start some with `dask worker tcp"),
        ("tcp://127.0.0.1:9", "does not answer"),
        ("nonsense://here", "does not answer: ValueError: unknown address scheme"),
    ):
        cluster = Workers(Cache(tmp_path), 1, scheduler=address)
        with cluster, pytest.raises(LossaryError, match=words):
            cluster.run([inventory(1)], lambda job: None)


@pytest.mark.parametrize("command", [("check", "huber"), ("export", "--out", "nowhere")])
@pytest.mark.parametrize("by", ["option", "variable"])
def test_the_commands_take_a_scheduler(
    command: tuple[str, ...], by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSARY_CACHE", str(tmp_path))
    option = ("--scheduler", "nonsense://here") if by == "option" else ()
    monkeypatch.setenv("LOSSARY_SCHEDULER", "nonsense://there" if by == "option" else "nonsense://here")
    result = CliRunner().invoke(main, [*command, *option])
    assert result.exit_code == 1
    assert "Error: the scheduler 'nonsense://here' does not answer" in result.output


def test_a_build_takes_the_scheduler_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOSSARY_SCHEDULER", "tcp://cluster:8786")
    assert Build().scheduler == "tcp://cluster:8786"


def test_an_executor_that_gives_up_is_told(tmp_path: Path) -> None:
    """As a pool of processes does when one of its own dies."""

    class Broken(ThreadPoolExecutor):
        def submit(self, make: Any, *given: Any) -> Any:  # type: ignore[override]
            return super().submit(lambda: 1 / 0)

    with Broken(1) as pool, Workers(Cache(tmp_path), 1, executor=pool) as workers:
        failures = workers.run([inventory(1), inventory(2)], lambda job: None)
    words = "the executor gave it up: ZeroDivisionError: division by zero"
    assert failures == [Failure(str(k), "build", words) for k in (1, 2)]


def test_figures_that_there_is_no_room_for_are_read_again(
    tmp_path: Path, make_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand losses have more than one process should hold."""
    root = make_catalog({"toy/good": PLAIN})
    cache = Cache(tmp_path / "cache")
    held = dict(site(Build(str(root), cache=cache)))
    monkeypatch.setattr("lossary.publishing.site.ROOM", 0)
    assert dict(site(Build(str(root), cache=cache))) == held
    monkeypatch.setattr(Files, "make", _makes_and_loses(Files.make))
    with pytest.raises(LossaryError, match=r"cache was changed while it was read: build again"):
        dict(site(Build(str(root), cache=cache)))


def _makes_and_loses(make: Any) -> Any:
    """`Files.make`, after which somebody empties the cache."""

    def made(self: Files, jobs: Any) -> Any:
        failures = make(self, jobs)
        for entry in self.build.cache.folder.glob("*/*"):
            entry.unlink()
        return failures

    return made


def test_a_process_that_has_grown_is_replaced(tmp_path: Path, make_catalog: MakeCatalog) -> None:
    """What libraries remember grows with every loss; the next job has a process of its own, and none is lost."""
    keeps = "import builtins; builtins.kept = torch.ones(3 * 10**8); print('made by', os.getpid())"
    root = make_catalog({"toy/keeps": imported(keeps), "toy/good": PLAIN})
    cache = Cache(tmp_path / "cache")
    with Workers(cache, 1) as workers:
        assert workers.run([inventory(1)], lambda job: None) == []
        assert workers._processes.idle == 1
        assert workers.run([loss(root / "toy" / "keeps.py")], lambda job: None) == []
        assert workers._processes.idle == 0
        assert workers.run([inventory(2)], lambda job: None) == []
        assert workers._processes.idle == 1
    assert all(cache.get(key) for key in (inventory(1).key, "keeps", inventory(2).key))
