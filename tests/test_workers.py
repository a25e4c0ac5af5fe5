"""Whatever a loss file does costs its own job: it is told as that file's one failure, and the others are made."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import MakeCatalog
from lossary.errors import LossaryError
from lossary.publishing.cache import Cache
from lossary.publishing.executors import Workers
from lossary.publishing.isolation import Job
from lossary.publishing.limits import GIGABYTES, MEMORY, SECONDS, TIME, Limits, limits, place, watched
from test_failures import changed
from website.tools import ROOT, environment

pytestmark = pytest.mark.in_turns("src/lossary/publishing", "src/lossary/commands", "src/lossary/discovery")

PLAIN = changed('("scaled squared error",)', "()").replace(
    "from lossary.declaration", "import os, time\nimport torch\n\nfrom lossary.declaration", 1
)
VALUE = "    value = r * r / 2\n"


def imported(code: str) -> str:
    """The good file that does something while it is loaded."""
    return changed("\nloss = Loss(", f"\n{code}\nloss = Loss(", PLAIN)


def evaluated(code: str) -> str:
    """The good file that does something when it is evaluated."""
    return changed(VALUE, f"    {code}\n{VALUE}", PLAIN)


# What a file does: the text, and what is said of it; nothing where it does no harm.
DEEDS: Mapping[str, tuple[str, str]] = {
    "good": (PLAIN, ""),
    "exits": (imported("exit()"), "load: line 51: SystemExit: the code calls sys.exit("),
    "ends_itself": (imported("os._exit(0)"), "build: the worker process died with exit code 0"),
    "aborts": (evaluated("os.abort()"), "build: the worker process died with exit code -6"),
    "is_killed": (evaluated("os.kill(os.getpid(), 9)"), "the system may have killed it for its memory"),
    "interrupts": (imported("raise KeyboardInterrupt"), "check: KeyboardInterrupt"),
    "raises_no_exception": (evaluated("raise type('Odd', (BaseException,), {})('how odd')"), "check: Odd: how odd"),
    "reads": (imported("input()"), "load: line 51: EOFError"),
    "prints": (imported("print('NOISE'); os.write(1, b'NOISE\\n'); os.system('echo NOISE; cat')"), ""),
    "changes_torch": (
        imported("torch.set_default_dtype(torch.float16)"),
        "load: the file changes torch for all other losses: the default dtype to torch.float16",
    ),
    "writes_anywhere": (
        imported("for fd in range(3, 40):\n    try: os.write(fd, b'NOISE\\n')\n    except OSError: pass"),
        "build: something wrote into the answer of its process",
    ),
    "asks_for_too_much": (imported("b'x' * 10**12"), "load: line 51: MemoryError"),
}  # fmt: skip
# These do not end by themselves; how soon they are stopped is no matter.
ENDLESS: Mapping[str, str] = {
    "loops": evaluated("while sigma == 0.5: pass"),
    "sleeps": imported("time.sleep(1e6)"),
    "loops_in_a_snippet": changed("for sigma in (1.0, 0.5):", "while True: pass\nfor sigma in (1.0, 0.5):", PLAIN),
}


def checked(root: Path, **more: str) -> tuple[str, dict[str, list[str]]]:
    """What `lossary check` prints of a catalog, and its failures by slug."""
    done = subprocess.run(
        [sys.executable, "-m", "lossary", "check", "--catalog", str(root)],
        capture_output=True, text=True, env=environment(Path(), **{"LOSSARY_CACHE": "", **more}), cwd=root,
    )  # fmt: skip
    told: dict[str, list[str]] = {}
    for line in done.stderr.splitlines():
        path, colon, words = line.partition(".py: ")
        if colon:
            told.setdefault(Path(path).name, []).append(words)
    assert done.returncode == bool(told)
    return done.stdout, told


def test_a_file_that_does_anything_costs_itself(make_catalog: MakeCatalog) -> None:
    root = make_catalog({f"toy/{name}": text for name, (text, _) in DEEDS.items()})
    said, told = checked(root)
    assert set(told) == {name for name, (_, words) in DEEDS.items() if words}
    for name, failures in told.items():
        assert len(failures) == 1, failures
        assert DEEDS[name][1] in failures[0]
    assert "NOISE" not in said, "what a file prints is no report"
    assert said.count("  ok      notation\n") == len(DEEDS) - len(told)
    assert said.endswith(f"{len(DEEDS)} checked, {len(told)} failed\n")


def test_a_file_that_closes_its_input_leaves_the_next_its_own(tmp_path: Path, make_catalog: MakeCatalog) -> None:
    """`exit()` closes it; both are made by one process, in this order."""
    root = make_catalog({f"toy/{name}": DEEDS[name][0] for name in ("exits", "reads")})
    made: list[Job] = []
    told: list[str] = []
    with Workers(Cache(tmp_path / "cache"), 1) as workers:
        for name in ("exits", "reads"):
            where = {"slug": name, "family": "toy", "path": str(root / "toy" / f"{name}.py"), "shown": name}
            job = Job("check", name, name, {**where, "write": False})
            assert workers.run([job], made.append) == []
            told += [
                one["message"] for one in json.loads(Cache(tmp_path / "cache").get(name)["report.json"])["failures"]
            ]
    assert len(told) == 2
    assert "EOFError" in told[1]


def test_what_does_not_end_is_stopped(make_catalog: MakeCatalog) -> None:
    root = make_catalog({f"toy/{name}": text for name, text in ENDLESS.items()})
    _, told = checked(root, LOSSARY_TIME_LIMIT="3")
    assert set(told) == set(ENDLESS)
    for failures in told.values():
        assert len(failures) == 1
        assert "stopped after 3 s; LOSSARY_TIME_LIMIT sets how many seconds a loss may take" in failures[0]


@pytest.mark.nightly
def test_what_grows_is_stopped(make_catalog: MakeCatalog) -> None:
    root = make_catalog({"toy/grows": evaluated("kept = []\n    while True: kept.append(torch.ones(10**6))")})
    _, told = checked(root, LOSSARY_MEMORY_LIMIT="1.5")
    (failure,) = told["grows"]
    assert "stopped at 1.5 GB of memory; LOSSARY_MEMORY_LIMIT sets how many" in failure
    assert "in scaled_square(sigma = 1.0, reduction = 'none')" in failure


@pytest.mark.nightly
def test_one_step_that_does_not_let_go_is_stopped_from_outside(
    make_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A single step of C keeps the process from looking at itself."""
    root = make_catalog({"toy/held": imported("10 ** 10**9"), "toy/good": PLAIN})
    monkeypatch.setenv("LOSSARY_TIME_LIMIT", "3")
    monkeypatch.setattr("lossary.publishing.isolation.GRACE", 1)
    path = root / "toy" / "held.py"
    job = Job(
        "check",
        "ab" * 32,
        str(path),
        {"slug": "held", "family": "toy", "path": str(path), "shown": str(path), "write": False},
    )
    with Workers(Cache(tmp_path / "cache"), 1) as workers:
        (failure,) = workers.run([job], lambda job: None)
    assert failure.stage == "time"
    assert "stopped after 3 s" in failure.message
    assert "one step that does not let go" in failure.message


def test_where_a_loss_is(tmp_path: Path) -> None:
    """The line of its file, and the plain arguments of the function that is running there."""
    reached, go = threading.Event(), threading.Event()
    path = tmp_path / "my_loss.py"
    path.write_text("def my_loss(input, *, delta=1.0, reduction='mean'):\n    wait()\n", "utf-8")
    names = {"wait": lambda: (reached.set(), go.wait())}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), names)
    thread = threading.Thread(target=names["my_loss"], args=([1.0],), kwargs={"delta": 0.5})  # type: ignore[arg-type]
    thread.start()
    reached.wait()
    frame = sys._current_frames()[thread.ident or 0]
    told = place(frame, str(path)), place(frame, str(tmp_path / "other.py"))
    go.set()
    thread.join()
    assert told == ("line 2 in my_loss(delta = 0.5, reduction = 'mean')", "")


def test_within_the_limits_nothing_is_stopped() -> None:
    stopped: list[str] = []
    with watched(Limits(1e6, 1e6), lambda words, frame: stopped.append(words)):
        pass
    assert stopped == []
    assert threading.active_count() == len(threading.enumerate())


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan"])
@pytest.mark.parametrize("name", ["LOSSARY_TIME_LIMIT", "LOSSARY_MEMORY_LIMIT"])
def test_a_limit_that_is_none(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(LossaryError, match=f"{name} must be a number above 0, got '{value}'"):
        limits()


def test_the_page_tells_the_limits() -> None:
    page = " ".join((ROOT / "docs" / "use-in-docs.md").read_text("utf-8").split())
    assert (SECONDS, GIGABYTES) == (10 * 60, 4)
    assert "takes more than ten minutes or four gigabytes" in page
    assert f"`{TIME}` sets other seconds and `{MEMORY}` other gigabytes" in page


def test_an_empty_catalog_is_no_success(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lossary", "check", "--catalog", str(tmp_path)],
        capture_output=True, text=True, env=environment(Path(), LOSSARY_CACHE=""), cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "holds no losses" in done.stderr
