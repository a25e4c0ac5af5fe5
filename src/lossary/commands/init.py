"""Starts a MkDocs site for a catalog of one's own, with one sample loss. It knows the files and nothing of MkDocs."""

from __future__ import annotations

from pathlib import Path

from lossary.commands.starter import write
from lossary.errors import LossaryError
from lossary.publishing.page import render

PROJECT = Path(__file__).parents[1] / "publishing" / "project"
SAMPLE, FAMILY, LOSSES = "my_loss", "my_family", "losses"


def start(folder: Path) -> list[Path]:
    """Write the site into a folder, which is made if need be; the files written.

    Raises:
        LossaryError: where one of the files is there already; then none is written.
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
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    write(SAMPLE, FAMILY, str(folder / LOSSES))
    return [*texts, sample, sample.with_name("__init__.py")]
