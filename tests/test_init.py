"""`lossary init`: a complete site that nobody has to mend first. That it builds is tested with the installed wheel."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mkdocs.utils.yaml import yaml_load

import lossary
from lossary.commands.init import start
from lossary.commands.main import main
from lossary.discovery.catalogs import about
from lossary.errors import LossaryError
from lossary.publishing import assets

ROOT = Path(__file__).parent.parent
FILES = {
    "README.md", ".gitignore", "mkdocs.yml", "docs/about.md", "scripts/gen_pages.py", "scripts/hooks.py",
    "theme/main.html", "losses/__init__.py", "losses/my_family/__init__.py", "losses/my_family/my_loss.py",
}  # fmt: skip


def settings(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        return yaml_load(file)


def contents(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    start(tmp_path / "my-docs")
    return tmp_path / "my-docs"


def test_init_writes_a_site_and_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["init", "my-docs"])
    assert done.exit_code == 0, done.output
    assert done.stdout == (f"wrote {len(FILES)} files to my-docs; preview them with:\n\n  cd my-docs\n  mkdocs serve\n")
    made = contents(tmp_path / "my-docs")
    assert set(made) == FILES
    assert not [name for name, text in made.items() if "{{ title }}" in text or "raw %}" in text]
    assert settings(tmp_path / "my-docs" / "mkdocs.yml")["site_name"] == "My docs"
    assert made["README.md"].startswith("# My docs\n\n")
    # The commands that the README names are those of the two tools.
    named = [
        line for code in re.findall(r"```sh\n(.*?)```", made["README.md"], re.DOTALL) for line in code.splitlines()
    ]
    assert named[:2] == ["mkdocs serve", "mkdocs build --strict"]
    for line in named[2:]:
        assert line.split()[0] == "lossary"
        assert line.split()[1] in main.commands


def test_the_sample_passes(project: Path) -> None:
    catalog = str(project / "losses")
    (sample,) = lossary.catalog(catalog).values()
    assert (sample.slug, sample.family, about(catalog).title) == ("my_loss", "my_family", "My docs")
    report = sample.check()
    assert report, report.failures


@pytest.mark.parametrize("name", ["a: b", "it's", '"quoted"', "#1", "[x]", "yes", "1"])
def test_any_folder_name_makes_a_valid_configuration(tmp_path: Path, name: str) -> None:
    start(tmp_path / name)
    assert settings(tmp_path / name / "mkdocs.yml")["site_name"] == name.capitalize()


@pytest.mark.parametrize("name", sorted(FILES - {"losses/my_family/__init__.py"}))
def test_init_overwrites_nothing(tmp_path: Path, name: str) -> None:
    mine = tmp_path / "my-docs" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", "utf-8")
    with pytest.raises(LossaryError, match=rf"my-docs has {re.escape(name)} already: name another folder"):
        start(tmp_path / "my-docs")
    assert contents(tmp_path / "my-docs") == {name: "mine"}


def test_a_folder_that_is_not_empty_is_left_alone_unless_asked(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        (tmp_path / name).write_text("mine", "utf-8")
    done = CliRunner().invoke(main, ["init", str(tmp_path)])
    told = "is not empty, it has a.txt, b.txt, c.txt and 1 more: name another folder, or add --beside to write there"
    assert (done.exit_code, done.stderr) == (1, f"Error: {tmp_path} {told}\n")
    mine = {"a.txt", "b.txt", "c.txt", "d.txt"}
    assert set(contents(tmp_path)) == mine
    done = CliRunner().invoke(main, ["init", str(tmp_path), "--beside"])
    assert done.exit_code == 0, done.output
    assert set(contents(tmp_path)) == FILES | mine
    assert {contents(tmp_path)[name] for name in mine} == {"mine"}


def test_an_empty_folder_or_repository_is_taken(tmp_path: Path) -> None:
    (tmp_path / "mine" / ".git").mkdir(parents=True)
    start(tmp_path / "mine")
    assert set(contents(tmp_path / "mine")) == FILES


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    done = CliRunner().invoke(main, ["init", str(tmp_path / "file" / "my-docs")])
    assert done.exit_code == 1
    assert re.fullmatch(r"Error: .*file.*: Not a directory\n", done.stderr)


# --- one look, one configuration ------------------------------------------------------------------------------------


def test_the_configuration_is_that_of_lossary_where_it_concerns_the_pages(project: Path) -> None:
    """What a page of a loss needs of MkDocs is the same in both; a change to one is a change to the other."""
    own, theirs = settings(ROOT / "mkdocs.yml"), settings(project / "mkdocs.yml")
    # The page on the Python interface is Lossary's own.
    own["plugins"] = [plugin for plugin in own["plugins"] if "mkdocstrings" not in plugin]
    own["hooks"].remove("scripts/reference.py")
    for key in ("markdown_extensions", "plugins", "hooks", "extra_css", "extra_javascript", "extra"):
        assert theirs[key] == own[key], key
    assert set(own["theme"]["features"]) - set(theirs["theme"]["features"]) == {"content.action.edit"}
    assert theirs["theme"]["palette"] == own["theme"]["palette"]
    assert (project / "scripts" / "hooks.py").read_text("utf-8") == (ROOT / "scripts" / "hooks.py").read_text("utf-8")


def test_every_line_of_the_configuration_is_explained(project: Path) -> None:
    for line in (project / "mkdocs.yml").read_text("utf-8").splitlines():
        bare = line.strip()
        explained = not bare or bare.startswith("#") or re.search(r"\S +# \S", bare)
        # A long value has its comment above it; what only opens a list is explained by the list.
        assert (
            explained
            or bare in ("extra:", "plugins:", "theme:", "hooks:", "markdown_extensions:")
            or (bare.startswith(("separator:", "- search:")))
        ), line


def test_the_look_is_complete(project: Path) -> None:
    """All that the pages ask for comes with the package, and the fonts that the style sheets ask for."""
    made = dict(assets.files())
    given = settings(project / "mkdocs.yml")
    assert {*given["extra_css"], *given["extra_javascript"], given["theme"]["favicon"]} <= set(made)
    for path, data in made.items():
        assert data == (ROOT / "docs" / path).read_bytes()
        if path.endswith(".css"):
            for target in re.findall(r'url\("\.\./([^"]+)"\)', data.decode()):
                assert f"assets/{target}" in made, f"{path}: {target}"
    assert len([path for path in made if path.endswith(".woff2")]) > 10
    assert not [path for path in made if path.endswith(".png")], "pictures of the README are not part of it"


def test_the_scripts_fit_the_projects_own_style(project: Path) -> None:
    for name in ("gen_pages.py", "hooks.py"):
        text = (project / "scripts" / name).read_text("utf-8")
        for command in (["check"], ["format", "--check"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", f"scripts/{name}", "-"]
            done = subprocess.run(ruff, input=text, capture_output=True, text=True, cwd=ROOT)
            assert done.returncode == 0, done.stdout + done.stderr
