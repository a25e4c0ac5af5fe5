"""Makes a copy of the project with further losses, to see what a hundred of them cost; they are never committed.

`python scripts/synthetic.py FOLDER 77` copies the checkout to FOLDER and adds 77 losses there, spread over the
families. Each is the copy of a loss with a torch function of its own, under other names. `make test` in FOLDER then
runs the laws on all of them.
"""

from __future__ import annotations

import argparse
import ast
import csv
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lossary.declaration.loss import Loss
from lossary.discovery.catalogs import BUILT_IN, load, sources

ROOT = Path(__file__).parent.parent
LOSSES = Path("src/lossary/losses")
QUERIES = Path("tests/queries.tsv")
COPIED = ("src", "docs", "scripts", "tests", ".github", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE",
          "Makefile", "README.md", "mkdocs.yml", "pyproject.toml", "requirements.lock", ".gitignore")  # fmt: skip
# What pytest is given to run the laws of each day.
LAWS = ("-m", "not site and not browser and not long and not nightly", "tests")
# What tells a copy from its original, in titles and other names: words that no page uses.
ROUNDS = ("Bravo", "Foxtrot", "Golf", "Hotel", "Juliett", "Lima", "November", "Oscar", "Quebec", "Sierra", "Tango",
          "Uniform", "Victor", "Whiskey", "Zulu")  # fmt: skip


@dataclass(frozen=True)
class Template:
    """A loss file that is copied: its declaration, its text, and where the text has aliases, which are of one loss."""

    loss: Loss
    path: Path
    text: str
    aliases: ast.keyword | None

    def copied(self, slug: str, word: str) -> str:
        """The text of a copy.

        Args:
            slug: the copy's.
            word: what its title and its summary end in.
        """
        lines = self.text.splitlines(keepends=True)
        if self.aliases is not None:
            del lines[self.aliases.lineno - 1 : self.aliases.end_lineno]
        text = "".join(lines)
        end = ast.parse(text).body[0].end_lineno
        lines = text.splitlines(keepends=True)
        code = re.sub(rf"(?<![.\w]){self.loss.slug}(?=\()|(?<=function=){self.loss.slug}\b", slug, "".join(lines[end:]))
        return self._renamed("".join(lines[:end]), word) + code

    def _renamed(self, docstring: str, word: str) -> str:
        """The docstring under another title, without calls in libraries and relations, which name the original."""
        summary = self.loss.summary
        renamed = docstring.replace(self.loss.title, f"{self.loss.title} {word}", 1)
        renamed = renamed.replace(summary.split("\n")[0], f"As {word} has it: {summary}".split("\n")[0], 1)
        return re.sub(
            r"^## (?:In other libraries|Relations)\n.*?(?=^## |^\"\"\")", "", renamed, flags=re.MULTILINE | re.DOTALL
        )


def templates(root: Path) -> Iterator[Template]:
    """The losses whose file has a torch function of their slug's name, which is what a loss that is added has."""
    for source in sources(BUILT_IN):
        loss = load(source)
        path = root / LOSSES / source.family / source.path.name
        text = path.read_text("utf-8")
        calls = [node.value for node in ast.parse(text).body if isinstance(node, ast.Assign)]
        call = calls[-1]
        assert isinstance(call, ast.Call), path
        aliases = next((keyword for keyword in call.keywords if keyword.arg == "aliases"), None)
        if loss.function is not None and f"\ndef {loss.slug}(" in text:
            yield Template(loss, path, text, aliases)


def spread(found: list[Template]) -> list[Template]:
    """One of each family in turn, so that a few copies are of all families already."""
    families = defaultdict(list)
    for template in found:
        families[template.path.parent].append(template)
    rounds = range(max(map(len, families.values())))
    return [members[k] for k in rounds for members in families.values() if k < len(members)]


def add(root: Path, number: int) -> dict[str, list[str]]:
    """Write so many copies into a checkout; the copies' slugs by that of their original."""
    order = spread(list(templates(root)))
    made: dict[str, list[str]] = defaultdict(list)
    for k in range(number):
        template, word = order[k % len(order)], ROUNDS[k // len(order)]
        slug = f"{template.path.stem}_{word.lower()}"
        template.path.with_name(f"{slug}.py").write_text(template.copied(slug, word), "utf-8")
        made[template.path.stem].append(slug)
    return made


def answer_questions(root: Path, made: dict[str, list[str]]) -> None:
    """To the questions that the search is asked, a copy is as good an answer as its original."""
    path = root / QUERIES
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        names, rows = list(reader.fieldnames or ()), list(reader)
    for row in rows:
        right = [row["expected"], *filter(None, (row["also_right"] or "").replace(" ", "").split(","))]
        row["also_right"] = ",".join([*right[1:], *(copy for slug in right for copy in made.get(slug, ()))])
    lines = ["\t".join(names), *("\t".join(row[name] or "" for name in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def copy(folder: Path) -> None:
    """Copy what the project consists of."""
    folder.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy2(source, folder / name)


def commit(folder: Path) -> None:
    """Commit all of it, since builds ask git for a date."""
    who = ("-c", "user.name=synthetic", "-c", "user.email=synthetic@example.org")
    for command in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message=synthetic")):
        subprocess.run(["git", *command], cwd=folder, check=True)


def finish(folder: Path) -> None:
    """What a contributor writes anew after adding losses, with the copy's own sources."""
    subprocess.run([sys.executable, "tests/test_golden_latex.py"], cwd=folder, check=True,
                   env={"PYTHONPATH": f"{folder.resolve() / 'src'}:tests"})  # fmt: skip
    for command in (["check", "--quiet", "--fix"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(LOSSES)], cwd=folder, check=True)


def main() -> None:
    """Read the arguments and do it all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the copy goes; it must not exist yet")
    parser.add_argument("number", type=int, help="how many losses are added")
    given = parser.parse_args()
    if given.number > (most := len(list(templates(ROOT))) * len(ROUNDS)):
        parser.error(f"at most {most} losses can be added, under {len(ROUNDS)} words each; got {given.number}")
    copy(given.folder)
    made = add(given.folder, given.number)
    answer_questions(given.folder, made)
    finish(given.folder)
    commit(given.folder)
    print(f"{sum(map(len, made.values()))} losses added in {given.folder}")


if __name__ == "__main__":
    main()
