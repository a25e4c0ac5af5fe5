"""Starts a MkDocs site for a catalog of one's own, with one sample loss. It knows the files and nothing of MkDocs."""

from __future__ import annotations

from pathlib import Path

from lossary.commands.starter import write
from lossary.errors import LossaryError
from lossary.publishing.page import render

PROJECT = Path(__file__).parents[1] / "publishing" / "project"
SAMPLE, FAMILY, LOSSES = "my_loss", "my_family", "losses"


def start(folder: Path, beside: bool = False) -> list[Path]:
    """Write the site into a folder, which is made if need be; the files written.

    Args:
        folder: an empty one; a repository of git without a file counts as such.
        beside: whether it may have other files.

    Raises:
        LossaryError: where the folder is not empty, or one of the files is there already; then none is written.
    """
    title = folder.resolve().name.replace("-", " ").replace("_", " ").capitalize() or "My losses"
    texts = {
        folder / path.relative_to(PROJECT).with_suffix(""): render(
            path.relative_to(PROJECT).with_suffix("").as_posix(), title=title
        )
        for path in sorted(PROJECT.rglob("*.jinja"))
    }
    sample = folder / LOSSES / FAMILY / f"{SAMPLE}.py"
    taken = [path for path in (*texts, sample) if path.exists()]
    if taken:
        names = ", ".join(path.relative_to(folder).as_posix() for path in taken)
        raise LossaryError(f"{folder} has {names} already: name another folder, or move them away first")
    found = sorted(path.name for path in folder.iterdir() if path.name != ".git") if folder.is_dir() else []
    if found and not beside:
        names = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        raise LossaryError(
            f"{folder} is not empty, it has {names}: name another folder, or add --beside to write there"
        )
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    write(SAMPLE, FAMILY, str(folder / LOSSES))
    return [*texts, sample, sample.with_name("__init__.py")]
