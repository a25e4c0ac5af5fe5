"""All LaTeX that the catalog prints, in one file to be read with one's own eyes.

`python tests/test_golden_latex.py` writes the file anew; look at the difference before you commit it.
"""

from __future__ import annotations

import re
from pathlib import Path

from cases import LOSSES
from lossary.mathml import to_mathml
from lossary.typesetting import formula_latex

GOLDEN = Path(__file__).parent / "golden" / "latex.txt"
MATHS = re.compile(r"\$\$?([^$\n]+)\$\$?")


def prose_latex(markdown: str) -> list[str]:
    """The formulas of a loss's prose, code left out."""
    without_code = re.sub(r"^```.*?^```$|`[^`\n]*`", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return [found.strip() for found in MATHS.findall(without_code)]


def printed() -> list[tuple[str, str]]:
    """Every formula of the catalog with where it stands."""
    lines = []
    for slug, loss in LOSSES.items():
        lines += [(f"{slug}: {where}", latex) for where, latex in formula_latex.all_latex(loss)]
        lines += [(f"{slug}: card", formula_latex.for_figure(loss))]
        lines += [(f"{slug}: prose", latex) for latex in prose_latex(loss.prose)]
    return lines


def text() -> str:
    return "".join(f"{where}\n    {latex}\n" for where, latex in printed())


def test_the_printed_latex_is_the_golden_one() -> None:
    assert text() == GOLDEN.read_text("utf-8"), "if this is right: python tests/test_golden_latex.py"


def test_every_printed_formula_parses() -> None:
    for where, latex in printed():
        if not where.endswith(": card"):
            assert "<merror" not in to_mathml(latex, display=True), where


def test_a_page_does_not_define_its_loss_twice() -> None:
    """Where a gradient refers to the loss itself, the formula above is its definition."""
    for slug, loss in LOSSES.items():
        for one in (formula_latex.shown(loss, formula) for formula in formula_latex.formulas(loss)):
            assert rf"\ell = {one.latex}" not in one.where, slug


if __name__ == "__main__":
    GOLDEN.write_text(text(), "utf-8")
