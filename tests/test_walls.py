"""The walls between modules: who may import what, no list of losses anywhere, and nothing heavy on the warm path."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import lossary
from lossary.declaration import parameter_kinds
from lossary.discovery.catalogs import sources

ROOT = Path(lossary.__file__).parent
CORE = sorted(path for path in ROOT.rglob("*.py") if "losses" not in path.relative_to(ROOT).parts)
LOSS_FILES = sorted(path for path in (ROOT / "losses").rglob("*.py"))
SLUGS = {source.slug for source in sources()}

# The rooms and the doors, from the ground up: each may import what stands before it, and nothing behind.
ROOMS = [
    "declaration", "discovery", "evaluation", "elsewhere", "typesetting", "interactive", "verification", "drawing",
    "publishing", "embedding", "commands",
]  # fmt: skip
ORDER = [
    "errors",
    *ROOMS[:-1],
    "api",
    "functional",
    "nn",
    "__init__",
    "testing",
    "commands",
    "mathml",
    "fence",
    "sphinx",
    "hooks",
    "__main__",
]

# Which rooms, or which of their modules, may import a library at all, at whatever depth; nobody else does.
ONLY = {
    "torch": {
        "evaluation/torch_calls",
        "evaluation/tensor_calls",
        "evaluation/modules",
        "evaluation/curves",
        "evaluation/workload",
    },
    "flint": {"evaluation", "verification"},
    "matplotlib": {
        "drawing/lettering",
        "drawing/line_charts",
        "drawing/miniatures",
        "drawing/diagrams",
        "drawing/layout",
        "drawing/recording",
        "drawing/remembered",
        "drawing/pixels",
        "drawing/svg_elements",
        "drawing/render",
    },
    "mkdocs": set(),
    "mkdocs_gen_files": set(),
    "material": set(),
    "markdown": {"mathml"},
    "jinja2": {"publishing/page"},
    "sphobjinv": {"publishing/jobs"},
    "py_mini_racer": {"interactive/module", "commands/search"},
    "pytest": {"testing"},
    "pymdownx": {"fence"},
    "sphinx": {"sphinx"},
    "docutils": {"sphinx"},
}

# What a build with nothing to do imports.
WARM = (
    "discovery.catalogs", "discovery.dependencies", "publishing.cache", "publishing.page", "publishing.worker",
    "publishing.executors", "publishing.isolation", "publishing.site", "errors", "embedding.figure_request", "fence",
)  # fmt: skip
HEAVY = ("torch", "sympy", "matplotlib", "numpy", "mpmath", "flint")


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The full names of all that a file imports, inside functions too, but not for type checkers alone."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative imports are not used"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under `if TYPE_CHECKING`."""
    yield node
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from walk(child)


def own(path: Path) -> set[str]:
    """The modules of the package that a file imports."""
    found = set()
    for name in imports(path):
        first, _, rest = name.partition(".")
        if first == "lossary":
            room = rest.partition(".")[0]
            found.add(room if (ROOT / f"{room}.py").exists() or (ROOT / room).is_dir() else "__init__")
    return found


def room(path: Path) -> str:
    """The room that a module stands in; a module beside the rooms is one of its own."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def external(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)} - {"lossary"} - set(sys.stdlib_module_names)


def standard(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)} & set(sys.stdlib_module_names)


every_module = pytest.mark.parametrize("path", CORE, ids=[str(path.relative_to(ROOT)) for path in CORE])


@every_module
def test_libraries_are_imported_where_they_belong(path: Path) -> None:
    for library, allowed in ONLY.items():
        if library in external(path):
            places = {room(path), path.relative_to(ROOT).with_suffix("").as_posix()}
            assert places & allowed, f"{path.relative_to(ROOT)} imports {library}"


@every_module
def test_layers_go_one_way(path: Path) -> None:
    assert room(path) in ORDER, f"give {path.name} a place among the layers"
    rank = ORDER.index(room(path))
    for module in own(path) - {room(path)}:
        assert module != "losses", f"{path.name} imports a loss"
        assert ORDER.index(module) < rank, f"{path.name} imports {module}, which lies behind it"


def modules() -> dict[str, set[str]]:
    """The modules of the package, each with those that it imports, wherever in it."""
    names = {".".join(("lossary", *path.relative_to(ROOT).with_suffix("").parts)) for path in CORE}
    found = {}
    for path in CORE:
        name = ".".join(("lossary", *path.relative_to(ROOT).with_suffix("").parts))
        asked = set(imports(path))
        asked |= {full.rpartition(".")[0] for full in asked}
        found[name] = (asked & names) - {name}
    return found


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Names that import each other in a circle, or none."""
    done: set[str] = set()

    def visit(name: str, behind: list[str]) -> list[str]:
        if name in behind:
            return [*behind[behind.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph.get(name, ())):
            if found := visit(other, [*behind, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := visit(name, []))), [])


def test_no_module_is_imported_by_what_it_imports() -> None:
    graph = modules()
    assert sum(map(len, graph.values())) > 100
    assert not circle(graph)


def test_a_circle_is_seen() -> None:
    """The test of the test above."""
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert not circle({"a": {"b", "c"}, "b": {"c"}})


@pytest.mark.parametrize("lower", range(len(ROOMS) - 1))
def test_a_wall_broken_upwards_is_seen(lower: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a module that imports the next room up, and one there that imports this room, the first is wrong."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    for name in ROOMS:
        (tmp_path / name).mkdir()
    upwards, downwards = tmp_path / ROOMS[lower] / "wrong.py", tmp_path / ROOMS[lower + 1] / "right.py"
    upwards.write_text(f'"""Wrong."""\nfrom lossary.{ROOMS[lower + 1]} import anything\n', "utf-8")
    downwards.write_text(f'"""Right."""\nfrom lossary.{ROOMS[lower]} import anything\n', "utf-8")
    test_layers_go_one_way(downwards)
    with pytest.raises(AssertionError, match="which lies behind it"):
        test_layers_go_one_way(upwards)


def test_the_cache_counts_all_that_makes_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the maker of losses imports, however far, is in the key of what it makes; no door is."""
    from lossary.publishing import cache

    graph, seen, waiting = modules(), set(), ["lossary.publishing.jobs"]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph[name]
    read: list[str] = []
    plain = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(str(path)) or plain(path))
    cache.sources_key()
    counted = {".".join(("lossary", *Path(f).relative_to(ROOT).with_suffix("").parts)) for f in read}
    assert seen <= counted
    assert not {f"lossary.{door}" for door in ("api", "fence", "sphinx", "hooks", "commands.main")} & counted


@pytest.mark.parametrize("path", LOSS_FILES, ids=[f"{p.parent.name}/{p.stem}" for p in LOSS_FILES])
def test_loss_files_know_only_how_to_declare(path: Path) -> None:
    """A loss declares; it reads no files, draws nothing and reaches none of the machinery that judges it."""
    assert own(path) <= {"declaration"}
    assert external(path) <= {"mpmath", "numpy", "torch"}
    assert standard(path) <= {"collections", "itertools", "math", "typing"}


@pytest.mark.parametrize("path", sorted((ROOT / "declaration").glob("*.py")), ids=lambda path: path.stem)
def test_declarations_know_nothing_but_symbols(path: Path) -> None:
    """Nothing that executes, draws or publishes comes into the room."""
    assert own(path) <= {"declaration"}
    assert external(path) <= {"numpy", "sympy"}


FORBIDDEN = [
    "from lossary.evaluation.torch_calls import curve",
    "import lossary.verification.checks",
    "from lossary import discovery",
    "from lossary.drawing.pictures import Chart",
    "import matplotlib.pyplot as plt",
    "import sympy as sp",
    "from pathlib import Path",
    "import os",
    "def f():\n    import subprocess",
]


@pytest.mark.parametrize("source", FORBIDDEN)
def test_a_loss_file_that_reaches_further_is_seen(source: str, tmp_path: Path) -> None:
    """The test of the test above."""
    path = tmp_path / "wrong.py"
    path.write_text(f"from lossary.declaration import Loss\n{source}\n", "utf-8")
    with pytest.raises(AssertionError):
        test_loss_files_know_only_how_to_declare(path)


@pytest.mark.parametrize("path", [*CORE, *LOSS_FILES], ids=[str(p.relative_to(ROOT)) for p in (*CORE, *LOSS_FILES)])
def test_no_list_of_losses_and_no_special_case(path: Path) -> None:
    """No comparison with a slug, no branch on one, no two slugs side by side."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        place = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            about = any("slug" in ast.unparse(side).lower() for side in sides if not isinstance(side, ast.Constant))
            assert not (about and any(isinstance(side, ast.Constant) and side.value for side in sides)), place
            literals = {c.value for side in sides for c in ast.walk(side) if isinstance(c, ast.Constant)}
            assert not literals & SLUGS, place
        if isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant):
            assert node.value.value not in SLUGS, place
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            assert len(strings(node.elts) & SLUGS) < 2, place
        if isinstance(node, ast.Dict):
            assert len(strings(node.keys) & SLUGS) < 2, place


def strings(nodes: list[ast.expr] | list[ast.expr | None]) -> set[str]:
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def kind_classes() -> set[str]:
    """The names of the classes that say what a parameter's values are."""
    things = {name: thing for name, thing in vars(parameter_kinds).items() if isinstance(thing, type)}
    kinds = {name for name, thing in things.items() if issubclass(thing, parameter_kinds.ParameterKind)}
    return kinds - {"ParameterKind"}  # whether it is any kind at all may be asked


def branches_on_kinds(tree: ast.AST) -> Iterator[ast.AST]:
    """Where code asks which kind something has: by a comparison or a match with text, or by the class."""

    def of_kind(node: ast.AST) -> bool:
        return "kind" in (getattr(node, "attr", None), getattr(node, "id", None))

    def text(node: ast.AST) -> bool:
        return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node))

    def classes(node: ast.AST) -> bool:
        names = {ast.unparse(part).removeprefix("parameter_kinds.") for part in ast.walk(node)}  # sp.Integer is none
        return bool(names & kind_classes())

    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(of_kind, sides)) and any(map(text, sides)):
                yield node
            if isinstance(node.left, ast.Call) and ast.unparse(node.left.func) == "type" and any(map(classes, sides)):
                yield node
        if isinstance(node, ast.Match):
            patterns = [part for case in node.cases for part in ast.walk(case.pattern)]
            if of_kind(node.subject) or any(isinstance(p, ast.MatchClass) and classes(p.cls) for p in patterns):
                yield node
        if isinstance(node, ast.Call):
            asked = isinstance(node.func, ast.Attribute) and of_kind(node.func.value)
            if asked and ast.unparse(node.func).endswith(("startswith", "endswith")):
                yield node
            if ast.unparse(node.func) in ("isinstance", "issubclass") and any(map(classes, node.args[1:])):
                yield node


@pytest.mark.parametrize("path", [*CORE, *LOSS_FILES], ids=[str(p.relative_to(ROOT)) for p in (*CORE, *LOSS_FILES)])
def test_no_branch_on_a_kind(path: Path) -> None:
    """A kind says of itself what a stage needs to know: one more kind is one more class, and nothing else."""
    lines = [node.lineno for node in branches_on_kinds(ast.parse(path.read_text("utf-8"))) if hasattr(node, "lineno")]
    assert not lines, f"{path.relative_to(ROOT)} asks for a kind in lines {lines}"


@pytest.mark.parametrize(
    "source",
    [
        'if parameter.kind == "per class": pass',
        'if parameter.kind in ("number", "integer"): pass',
        'if "choice" != kind: pass',
        'if kind.startswith("per "): pass',
        'match parameter.kind:\n    case "boolean": pass',
        "match parameter.kind:\n    case Flag(): pass",
        "if isinstance(parameter.kind, PerClass | PerElement): pass",
        "if isinstance(kind, (parameter_kinds.Choice, int)): pass",
        "if type(parameter.kind) is Flag: pass",
    ],
)
def test_a_branch_on_a_kind_is_seen(source: str) -> None:
    """The test of the test above."""
    assert list(branches_on_kinds(ast.parse(source)))


def test_templates_and_scripts_know_no_loss_by_name() -> None:
    project = ROOT.parents[1]
    texts = [*ROOT.glob("publishing/templates/*"), *project.glob("scripts/**/*.html"), *project.glob("scripts/**/*.py")]
    assert texts
    for path in texts:
        text = path.read_text("utf-8")
        assert not re.search(r"""slug\s*[!=]=\s*['"]""", text), path.name
        # One loss may serve as a sample, in a benchmark say; two are the beginning of a list.
        quoted = set(re.findall(r"""['"]([a-z0-9_]+)['"]""", text))
        assert len(quoted & SLUGS) < 2, path.name


@every_module
def test_every_module_says_in_a_sentence_what_it_is(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert docstring, f"{path} has no docstring"
    first = docstring.splitlines()[0]
    assert re.fullmatch(r"[A-Z`].*[.]", first), f"{path.name} begins with {first!r}"


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after some code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("module", WARM)
def test_the_warm_path_imports_nothing_heavy(module: str) -> None:
    assert not loaded(f"import lossary.{module}") & set(HEAVY)


def test_a_fence_imports_nothing_of_the_tools_that_call_it() -> None:
    """A site without superfences, such as a notebook's, may have the module; a warm build pays for nothing else."""
    assert not loaded("import lossary.fence") & {"pymdownx", "markdown", "mkdocs", "jinja2", "sphobjinv"}


def test_finding_losses_imports_none_of_them() -> None:
    code = "from lossary.discovery import catalogs as c; f = c.sources(); assert f; c.families(f); c.duplicate_slugs(f)"
    assert not loaded(code) & {*HEAVY, "_lossary_catalog"}


def test_the_package_alone_imports_nothing_heavy() -> None:
    assert not loaded("import lossary") & set(HEAVY)


def test_heavy_libraries_are_seen_when_they_are_there() -> None:
    """The test of the tests above: an evaluation does import them."""
    assert {"torch", "numpy", "sympy"} <= loaded("import lossary.evaluation.torch_calls")
