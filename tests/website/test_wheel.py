"""The wheel, built and installed alone: what works with the base dependencies, and what `lossary[site]` adds.

No network: the wheel is installed without dependencies into an environment of its own, which then gets links to
exactly those distributions of this one that the wheel's metadata asks for, and what they ask for in turn.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from email import message_from_string
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lossary.discovery.catalogs import sources
from website.tools import ROOT, WRONG_WORDS, parse

SITE = {"mkdocs", "mkdocs-material", "mkdocs-gen-files", "mkdocstrings"}
# The modules that need more than the base dependencies, and what they need.
OPTIONAL = {"mathml": "markdown", "sphinx": "docutils", "testing": "pytest"}


@pytest.fixture(scope="session")
def wheel(common: Path) -> Path:
    """The wheel, built once for all processes."""
    with FileLock(common / "wheel.lock"):
        if not (common / "wheel").exists():
            command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(common / "wheel")]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
    (found,) = (common / "wheel").glob("*.whl")
    return found


def metadata(wheel: Path) -> Any:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(archive.read(name).decode())


def asked(requires: Iterable[str], extra: str = "") -> set[str]:
    """The distributions that requirements name, base ones and those of an extra."""
    wanted = [Requirement(text) for text in requires]
    return {canonicalize_name(r.name) for r in wanted if r.marker is None or r.marker.evaluate({"extra": extra})}


def closure(names: Iterable[str]) -> set[str]:
    """Distributions with all that they ask for in turn, as far as this environment has them."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            try:
                found = distribution(name)
            except PackageNotFoundError:
                continue
            seen.add(name)
            waiting += asked(found.requires or ())
    return seen


class Environment:
    """A virtual environment that holds the wheel and links to some distributions of this one."""

    def __init__(self, folder: Path, wheel: Path, names: Iterable[str]) -> None:
        self.folder = folder
        quiet: Any = {"check": True, "capture_output": True}
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], **quiet)
        pip = ["-m", "pip", "--python", str(self.program("python")), "install", "--no-deps", "--no-index", "--quiet"]
        subprocess.run([sys.executable, *pip, str(wheel)], **quiet)
        linked = folder / "linked"
        linked.mkdir()
        for name in names:
            found = distribution(name)
            for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
                if not (linked / top).exists():
                    (linked / top).symlink_to(Path(str(found.locate_file(top))))
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "linked.pth").write_text(f"{linked}\n", "utf-8")

    def program(self, name: str) -> Path:
        return self.folder / "bin" / name

    def run(self, cwd: Path, *command: str) -> Any:
        """Run one of its programs, `python` or `lossary`, with nothing of this environment about."""
        dropped = ("PYTHONPATH", "LOSSARY_CACHE", "SITE_URL", "VIRTUAL_ENV", "PYTHONHOME", "COLUMNS", "FORCE_COLOR")
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        program, *arguments = command
        return subprocess.run(
            [str(self.program(program)), *arguments], cwd=cwd, env={**kept, "NO_MKDOCS_2_WARNING": "1"},
            capture_output=True, text=True,
        )  # fmt: skip


def test_the_metadata_asks_for_what_the_project_says(wheel: Path) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    told = metadata(wheel)
    requires = told.get_all("Requires-Dist")
    base = asked(requires)
    assert base == asked(project["dependencies"])
    assert asked(requires, "site") - base == SITE
    assert set(told.get_all("Provides-Extra")) == {"site", "dask", "dev"}
    # MkDocs and what comes with it reach nobody who did not ask for them.
    added = closure(asked(requires, "site")) - closure(base)
    assert added >= SITE | {"markdown", "pymdown-extensions", "watchdog", "pathspec"}
    assert not closure(base) & (SITE | {"markdown", "pymdown-extensions", "sphinx", "pytest", "playwright"})


def test_type_checkers_are_told_that_the_package_is_typed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert {"lossary/py.typed", "lossary/functional.py", "lossary/nn.py"} <= set(archive.namelist())


@pytest.mark.long
@pytest.mark.nightly
def test_the_wheel_works_with_the_base_dependencies_alone(wheel: Path, tmp_path: Path) -> None:
    alone = Environment(tmp_path / "environment", wheel, closure(asked(metadata(wheel).get_all("Requires-Dist"))))
    work = tmp_path / "work"
    work.mkdir()

    def lossary(*arguments: str, code: int = 0) -> str:
        done = alone.run(work, "lossary", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return str(done.stderr if code else done.stdout)

    code = (
        "import importlib, json, pkgutil, lossary\n"
        "missing = {}\n"
        "seen = 0\n"
        "for module in pkgutil.walk_packages(lossary.__path__, 'lossary.'):\n"
        "    if not module.name.startswith(('lossary.__main__', 'lossary.losses', 'lossary.articles')):\n"
        "        seen += 1\n"
        "        try:\n"
        "            importlib.import_module(module.name)\n"
        "        except ModuleNotFoundError as error:\n"
        "            missing[module.name.removeprefix('lossary.')] = error.name\n"
        "value = lossary.get('huber').evaluate({'input': [3.0], 'target': [0.0]}, {'delta': 0.5}).value\n"
        "print(json.dumps([lossary.__file__, sorted(lossary.catalog()), missing, value, seen]))\n"
    )
    done = alone.run(work, "python", "-c", code)
    assert done.returncode == 0, done.stderr
    file, slugs, missing, value, seen = json.loads(done.stdout)
    assert seen > 60, "the rooms' own modules"
    assert Path(file).is_relative_to(alone.folder)
    assert slugs == [source.slug for source in sources()]
    assert (missing, value) == (OPTIONAL, 1.375)

    assert re.fullmatch(r"lossary, version \d+\.\d+\.\d+\n", lossary("--version"))
    lossary("figure", "huber", "--set", "delta=0.5,1,2", "-o", "huber.svg")
    assert re.search(r"<title>Huber loss.*delta = 0\.5", (work / "huber.svg").read_text("utf-8"), re.DOTALL)
    assert "say with --catalog where your losses live" in lossary("new", "mine", "--family", "robust", code=1)
    lossary("init", "my-docs")
    assert "1 checked, 0 failed" in lossary("check", "--catalog", "my-docs/losses")


@pytest.mark.long
@pytest.mark.nightly
def test_init_builds_at_once_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Strictly, with the look; and a broken loss stops the build with its one message."""
    requires = metadata(wheel).get_all("Requires-Dist")
    whole = Environment(tmp_path / "environment", wheel, closure(asked(requires, "site")))
    done = whole.run(tmp_path, "lossary", "init", "my-docs")
    assert done.returncode == 0, done.stderr
    folder, site = tmp_path / "my-docs", tmp_path / "my-docs" / "site"

    def build() -> Any:
        return whole.run(folder, "python", "-m", "mkdocs", "build", "--strict")

    done = build()
    assert done.returncode == 0, done.stdout + done.stderr
    assert not WRONG_WORDS.search(done.stdout + done.stderr), done.stderr
    pages = {
        name: parse(name, (site / name / "index.html").read_text("utf-8"))
        for name in (".", "about", "families/my_family", "losses/my_loss")
    }
    assert "My docs" in (pages["."].one(".//h1").text or "")
    assert pages["losses/my_loss"].one(".//h1").get("id") == "loss-my_loss"
    assert len(pages["losses/my_loss"].all(".//math")) >= 3
    for page in pages.values():
        for tag, name in (("link", "href"), ("script", "src"), ("img", "src")):
            for address in [e.get(name) for e in page.all(f".//{tag}") if e.get(name)]:
                assert "://" not in address, f"{page.path} asks another host for {address}"
                assert (site / page.path / address.partition("?")[0]).exists(), f"{page.path}: {address}"
    # Nothing of it claims to be Lossary, or puts another's text under a licence.
    told = pages["losses/my_loss"].html
    assert "My loss, from My docs" in told
    assert "CC BY" not in told
    assert (site / "llms.txt").read_text("utf-8").startswith("# My docs\n\n> What each of these losses is")
    assert (site / "losses" / "my_loss.md").is_file()
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    assert "MyLoss" in next(e for e in index["docs"] if e["location"] == "losses/my_loss/")["aliases"]
    assert not [e for e in index["docs"] if "original-post" in e["location"]]

    loss = folder / "losses" / "my_family" / "my_loss.py"
    loss.write_text(loss.read_text("utf-8").replace('"convex": True', '"convex": False'), "utf-8")
    done = build()
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    message = re.search(r"1 failure in the catalog:\n  (.+)", said)
    assert message, said
    assert message[1].startswith(f"{loss}: property ")
    assert "convex: expected False as claimed, got True" in message[1]
    assert not list(site.rglob("*.html")), "something of a failing site is published"
