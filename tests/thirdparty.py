"""A package of somebody else's, as a test needs one: three losses, one of which claims what is not so."""

from __future__ import annotations

from pathlib import Path

from lossary.commands.starter import write

CATALOG = "acme.losses"
GOOD = ("half_square", "plain_square")
WRONG = "crooked_square"
# Twice this is true: the gradient of scale * r**2 changes by 2 * scale.
CLAIM = ('"gradient_lipschitz": lambda scale: 2 * scale,', '"gradient_lipschitz": lambda scale: scale,')
FUNCTION = '''"""What Acme trains with."""

import torch


def half_square(input: torch.Tensor, target: torch.Tensor, *, scale: float = 1.0, reduction: str = "mean"):
    loss = scale * (input - target).square()
    return loss if reduction == "none" else getattr(loss, reduction)()
'''


def changed(path: Path, *pairs: tuple[str, str]) -> None:
    """Replace texts that each stand once in a file."""
    text = path.read_text("utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def make(root: Path) -> Path:
    """Write the package `acme` into a folder; the folder of its losses."""
    losses = root / "acme" / "losses"
    losses.mkdir(parents=True)
    (root / "acme" / "__init__.py").write_text("", "utf-8")
    (root / "acme" / "functional.py").write_text(FUNCTION, "utf-8")
    (losses / "__init__.py").write_text('"""Losses of Acme\n\nWhat Acme trains with.\n"""\n', "utf-8")
    for slug in (*GOOD, WRONG):
        write(slug, "fitting", str(losses))
    half = losses / "fitting" / "half_square.py"
    text = half.read_text("utf-8")
    start, end = text.index("# The torch code that"), text.index("loss = Loss(")
    half.write_text(text[:start] + "from acme.functional import half_square\n\n" + text[end:], "utf-8")
    changed(half, ("aliases=(),", 'aliases=("Acme error",),'))
    changed(losses / "fitting" / f"{WRONG}.py", CLAIM)
    return losses


def register(root: Path, group: str = "lossary.catalogs", name: str = "acme", value: str = CATALOG) -> None:
    """Have the package count as installed, with an entry point."""
    info = root / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n", "utf-8")
