"""The README is run: its Python and shell snippets, its make targets, its links, its picture."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import lossary
from website.conftest import Site
from website.tools import CACHE, NIGHTLY, ROOT, environment

pytestmark = pytest.mark.in_turns("README.md", "Makefile", "src/lossary/commands", "src/lossary/api.py")

README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURE = "docs/assets/huber-card.png"
SIZE = (1200, 630)


@dataclass(frozen=True)
class Fence:
    language: str
    code: str
    output: str | None
    line: int


def fences() -> list[Fence]:
    found: list[Fence] = []
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        language, code = match.groups()
        if language == "output":
            last = found.pop()
            found.append(Fence(last.language, last.code, code, last.line))
        else:
            found.append(Fence(language, code, None, README[: match.start()].count("\n") + 1))
    return found


def is_make(fence: Fence) -> bool:
    return all(line.startswith("make ") for line in fence.code.splitlines())


def of(language: str) -> pytest.MarkDecorator:
    chosen = [fence for fence in fences() if fence.language == language and not is_make(fence)]
    # One that starts a program again and again takes a minute, and tells little that the commands' own tests do not.
    long = {fence.line for fence in chosen if language == "sh" and fence.code.count("lossary ") > 3}
    return pytest.mark.parametrize(
        "fence",
        [pytest.param(f, id=f"line{f.line}", marks=NIGHTLY if f.line in long else ()) for f in chosen],
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with a copy of the package, so that a snippet that adds a loss adds it there."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(folder: Path, *command: str) -> str:
    """Run a command in a folder whose `src` holds the package, with `lossary` on the path; its standard output."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = environment(CACHE, folder, PATH=path)
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_fence_is_of_a_kind_that_is_tested_or_only_shown() -> None:
    assert {fence.language for fence in fences()} == {"sh", "python", "markdown", "html"}
    assert all(is_make(f) or "make " not in f.code for f in fences() if f.language == "sh")


@of("python")
def test_python(fence: Fence, clone: Path) -> None:
    assert fence.output is not None
    assert run(clone, sys.executable, "-c", fence.code) == fence.output


@of("sh")
def test_shell(fence: Fence, clone: Path, site: Site) -> None:
    """With the cache that the site was built with, as a reader who has run `make site` has it."""
    answer = run(clone, "bash", "-e", "-u", "-o", "pipefail", "-c", fence.code)
    if fence.output is not None:
        assert answer == fence.output
    for name in re.findall(r"(?:-o|--out) (\S+)", fence.code):
        made = clone / name
        assert made.stat().st_size > 0
        assert made.is_file() or any(made.rglob("*.md"))


def test_a_new_loss_is_one_new_file(clone: Path) -> None:
    before = {path.relative_to(clone): path.read_bytes() for path in clone.rglob("*") if path.is_file()}
    run(clone, "lossary", "new", "my_loss", "--family", "robust")
    after = {path.relative_to(clone): path.read_bytes() for path in clone.rglob("*") if path.is_file()}
    added = {name for name in after.keys() - before.keys() if "__pycache__" not in name.parts}
    assert {str(name) for name in added} == {"src/lossary/losses/robust/my_loss.py"}
    assert str(*added) in README
    assert before.items() <= after.items()


def test_make_targets_exist() -> None:
    named = set(re.findall(r"`make (\w+)`", README))
    named |= {line.split()[1] for f in fences() if is_make(f) for line in f.code.splitlines()}
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"site", "serve", "test"} <= named <= targets


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(name: str) -> None:
    text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert "://" in target or (ROOT / target).exists(), target


def test_embedded_addresses_and_sizes_are_those_of_the_site() -> None:
    huber = lossary.get("huber")
    files = set(re.findall(r"SITE/figures/huber/([\w.-]+)", README))
    assert files == {"card.png", "loss-light.svg", "loss-dark.svg"}
    assert set(re.findall(r"SITE/losses/([^)]+)", README)) == {"huber/"}
    width, height = huber.figure("loss").picture.size
    assert f'width="{width}" height="{height}"' in README
    listed = re.search(r"The views are (.*?),? and for some losses more", README, re.DOTALL)
    assert listed is not None
    for view in re.findall(r"`(\w+)`", listed[1]):
        huber.figure(view)


def test_the_picture_is_what_is_drawn_now() -> None:
    kept = imread(ROOT / PICTURE)
    assert kept.shape[:2] == (2 * SIZE[1], 2 * SIZE[0])
    drawn = imread(io.BytesIO(lossary.get("huber").figure("card", theme="light", size=SIZE).png()))
    command = f"lossary figure huber --view card --theme light --size {SIZE[0]}x{SIZE[1]} -o {PICTURE}"
    assert drawn.shape == kept.shape
    # Fonts are rasterised alike everywhere, up to a shade at the edges of a few letters.
    difference = np.abs(drawn - kept).max(axis=-1)
    assert difference.mean() < 1e-3, f"draw it again: {command}"
    assert (difference > 0.1).mean() < 1e-3, f"draw it again: {command}"


def test_the_picture_is_light_enough_to_commit() -> None:
    assert (ROOT / PICTURE).stat().st_size < 150_000


def test_the_version_is_one() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    cited = re.search(r"^version: (.+)\ndate-released: (.+)$", citation, re.MULTILINE)
    newest = re.search(r"^## \[(\d.+)\] - (.+)$", changelog, re.MULTILINE)
    assert cited is not None
    assert newest is not None
    assert cited.groups() == newest.groups()
    assert version == newest[1]


@pytest.mark.xdist_group("types")
def test_the_whole_interface_is_a_screenful_that_mypy_accepts(tmp_path: Path) -> None:
    """What the README shows of Python, as a script under `--strict`; a script that is wrong is seen."""
    (code,) = [fence.code for fence in fences() if fence.language == "python"]
    assert len([line for line in code.splitlines() if line.strip()]) <= 25
    assert set(re.findall(r"lossary\.(\w+)", code)) >= {"get", "catalog", "compare", "functional", "nn"}
    (tmp_path / "right.py").write_text(code, encoding="utf-8")
    wrong = 'import lossary\nlossary.get("huber").at(delta=1).slog\nlossary.catalog()["huber"].curve().los\n'
    (tmp_path / "wrong.py").write_text(wrong, encoding="utf-8")
    options = ("--strict", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache"))
    command = (sys.executable, "-m", "mypy", *options, "right.py", "wrong.py")
    settings = environment(CACHE, tmp_path, MYPYPATH=str(ROOT / "src"))
    done = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True)
    found = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [line.partition(": error: ")[0] for line in found] == ["wrong.py:2", "wrong.py:3"], done.stdout + done.stderr
