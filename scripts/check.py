"""Checks what changed, in less than a minute: style, types, and the tests that a change can break.

`make check` runs it. Changed is what differs from where this branch left the main one, and what is not committed. A
changed loss is held to all laws of that loss; a changed module to the tests that import it, those of losses on a few of
them; a changed test file is run in the same way. What needs the built site or a browser is left to `make test`, and the
last line says what was left.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE, TESTS = ROOT / "src" / "lossary", ROOT / "tests"
LOSSES = PACKAGE / "losses"
MAIN = ("origin/main", "main")
# Needs the built site, or takes its time.
SLOW = "not browser and not site and not long"


def main() -> int:
    """Run it all, the quick ones first; 1 where something fails."""
    start = time.monotonic()
    changed = sorted(path for path in differing() if path.exists())
    plan = [
        ("style", [tool("ruff"), "check", "."]),
        ("format", [tool("ruff"), "format", "--check", "."]),
        ("types", [tool("mypy")]),
        *laws(changed),
    ]
    failed = [name for name, command in plan if not passes(name, command)]
    print(f"check: {'failed: ' + ', '.join(failed) if failed else 'passed'}, {time.monotonic() - start:.0f} s")
    print(f"check: left to `make test`: {left(changed)}")
    return 1 if failed else 0


def tool(name: str) -> str:
    """A program of this environment."""
    return str(Path(sys.executable).with_name(name))


def passes(name: str, command: list[str]) -> bool:
    """Run a command; what it says is shown where it fails."""
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # 5: of what was chosen nothing is left that is fast.
    good = done.returncode in (0, 5) if "pytest" in command[0] else done.returncode == 0
    print(f"check: {name}: {'passed' if good else 'failed'}, {time.monotonic() - start:.0f} s", flush=True)
    if not good:
        print(done.stdout + done.stderr, flush=True)
    return good


def differing() -> set[Path]:
    """The files that differ from where the branch began, those that are not committed or not even added among them."""
    base = next((found for name in MAIN if (found := git("merge-base", "HEAD", name))), ["HEAD"])
    names = {*git("diff", "--name-only", base[0]), *git("ls-files", "--others", "--exclude-standard")}
    return {ROOT / name for name in names}


def git(*arguments: str) -> list[str]:
    """The lines that git says; none where it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


def laws(changed: Iterable[Path]) -> Iterator[tuple[str, list[str]]]:
    """The runs of pytest that the changes ask for."""
    pytest = [tool("pytest"), "-n", str(os.cpu_count() or 1), "--no-header"]
    losses = sorted(path.stem for path in changed if is_loss(path))
    if losses:
        # All that is ever tried on a loss, which for one loss is little.
        yield f"laws of {', '.join(losses)}", [*pytest, "-m", SLOW, f"--losses={','.join(losses)}", str(TESTS)]
    files = sorted(affected(changed))
    if files:
        names = ", ".join(path.name for path in files)
        yield names, [*pytest, "-m", f"not nightly and {SLOW}", "--few", *map(str, files)]


def is_loss(path: Path) -> bool:
    """Whether a file declares a loss."""
    return path.is_relative_to(LOSSES) and path.suffix == ".py" and not path.stem.startswith("_")


def affected(changed: Iterable[Path]) -> set[Path]:
    """The test files that changed, and those that import a changed module themselves."""
    names = {module(path) for path in changed} - {""}
    return {path for path in TESTS.rglob("test_*.py") if path in changed or names & set(imports(path))}


def module(path: Path) -> str:
    """The name by which a test imports a file; nothing for what it does not import."""
    for folder in (PACKAGE.parent, TESTS, ROOT / "scripts"):
        if path.is_relative_to(folder) and path.suffix == ".py" and not is_loss(path):
            return ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
    return ""


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def left(changed: Iterable[Path]) -> str:
    """In words, what of the changes was not checked."""
    told = ["what needs the built site, a browser or minutes", "of a module, all losses but a few"]
    others = [path for path in changed if not is_loss(path) and not affected([path]) and path.suffix != ".md"]
    if others:
        told.append(f"no test imports {', '.join(str(path.relative_to(ROOT)) for path in others)}")
    return "; ".join(told)


if __name__ == "__main__":
    sys.exit(main())
