"""The habits of the project, held to what is there: the tree in CONTRIBUTING, hooks, templates, the workflow."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import textwrap
import tomllib
from pathlib import Path

import yaml

import lossary
from test_walls import ORDER, ROOMS

PACKAGE = Path(lossary.__file__).parent
ROOT = PACKAGE.parents[1]
with (ROOT / "pyproject.toml").open("rb") as file:
    PROJECT = tomllib.load(file)["project"]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


# The tree in CONTRIBUTING.


def tree() -> str:
    """The rooms and doors as CONTRIBUTING lists them, from the top down, each with the first line of its docstring."""
    lines = []
    for name in reversed(ORDER):
        folder = PACKAGE / name
        path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        assert docstring, path
        told = f"- `{name}{'/' if folder.is_dir() else '.py'}`: {docstring.splitlines()[0]}"
        lines += textwrap.wrap(told, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def test_contributing_has_the_tree_as_it_is() -> None:
    assert f"\n\n{tree()}\n\n" in CONTRIBUTING, f"CONTRIBUTING must hold this:\n\n{tree()}\n"


def test_every_room_and_every_door_is_in_the_tree() -> None:
    """What the order of the walls has, and so CONTRIBUTING, is what is there."""
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} - {"losses"}
    assert folders == set(ROOMS)
    assert sorted(ORDER) == sorted(folders | {path.stem for path in PACKAGE.glob("*.py")})


PLACES = re.compile(r"`((?:src|docs|scripts|tests|\.github)/[\w./-]*|[\w.-]+\.(?:toml|yml|yaml|lock|md))`")


def test_every_place_that_contributing_names_exists() -> None:
    places = PLACES.findall(CONTRIBUTING)
    assert len(places) > 10
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_target_that_contributing_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([\w-]+)`", CONTRIBUTING))
    assert "test" in named
    assert named <= targets


# Hooks.


def test_hooks_run_what_the_project_runs_and_fetch_nothing() -> None:
    """Each names a program that an extra brings into .venv, called as the Makefile calls it but for which files."""
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(BIN)", ".venv/bin")
    brought = {re.split(r"[<>=\[]", asked)[0] for asked in PROJECT["optional-dependencies"]["dev"]}
    for hook in hooks:
        program, *arguments = shlex.split(hook["entry"])
        assert hook["language"] == "system", hook["id"]
        assert Path(program).parts[:2] == (".venv", "bin"), hook["id"]
        assert Path(program).name in brought
        assert (Path(sys.executable).parent / Path(program).name).exists(), f"{hook['id']}: no {program}"
        command = shlex.join([program, *(part for part in arguments if part != "--force-exclude")])
        assert command in makefile, f"{hook['id']}: no target runs {command}"
    assert {hook["id"] for hook in hooks} == {"ruff-check", "ruff-format", "mypy"}
    assert "pre-commit" in brought
    assert "`.venv/bin/pre-commit install`" in CONTRIBUTING
