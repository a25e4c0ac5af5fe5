"""What commands print where the output is not UTF-8: it is never an exception, and it can be read."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner

from cases import each_kind_by_name
from lossary.commands.legible import DRAWN_WITH, SPELT, legible
from lossary.commands.main import main

pytestmark = pytest.mark.in_turns("src/lossary/commands")

ENCODINGS = ("ascii", "cp1252", "cp437", "cp932")
HUBER = """\
Huber loss  huber - robust
"""
FORMULA = r"""
/         2
|        r
|        --           for |r| <= delta
|        2
<
|      /      delta\
|delta*||r| - -----|     otherwise
|      \        2  /
\
where r is
"""


def printed(encoding: str, *arguments: str) -> str:
    done = CliRunner(charset=encoding).invoke(main, arguments)
    assert done.exit_code == 0, repr(done.exception)
    return done.stdout_bytes.decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@each_kind_by_name
def test_every_card_can_be_read(slug: str, encoding: str) -> None:
    text, usual = printed(encoding, "show", slug), printed("utf-8", "show", slug)
    assert text.count("?") == usual.count("?"), "a sign without a spelling"
    title, written = (t.splitlines()[0].partition("  ")[0].split("–")[0] for t in (usual, text))
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    assert written.startswith((title, plain))


def test_a_card_in_ascii() -> None:
    lines = [line.rstrip() for line in printed("ascii", "show", "huber").splitlines()]
    text = "\n".join(lines)
    assert text.startswith(HUBER)
    assert FORMULA in text
    assert "C^1: the gradient is continuous" in text
    assert "Gradient at the far ends            -1 and 1" in lines


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_help_and_list_can_be_read(encoding: str) -> None:
    printed(encoding, "list")
    for name in main.commands:
        text, usual = printed(encoding, name, "--help"), printed("utf-8", name, "--help")
        assert text.replace("...", "…").split() == usual.replace("...", "…").split()


def test_messages_too() -> None:
    done = CliRunner(charset="ascii").invoke(main, ["show", "ℓ²-Σδ"])
    assert done.exit_code == 1
    assert done.stderr_bytes.decode("ascii").startswith("Error: no loss is called 'l^2-sumdelta'")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_pipe_of_that_encoding(encoding: str, tmp_path: Path) -> None:
    """A process of its own, which chooses its streams by itself; click would write UTF-8 where they are ASCII."""
    import os

    settings = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": os.pathsep.join(sys.path)}
    for arguments in (["compare", "--help"], ["show", "multilabel_margin"]):
        command = [sys.executable, "-m", "lossary", *arguments]
        done = subprocess.run(command, env=settings, capture_output=True, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode(encoding).replace("…", "...").isascii() or encoding != "ascii"
        assert b"VALUE" in done.stdout or b"sum_(j in y) sum_(i not in y) max(0, 1 - x[j] + x[i])" in done.stdout


def test_every_spelling_is_ascii() -> None:
    assert "".join(SPELT.values()).isascii()
    assert "".join(map(legible, DRAWN_WITH)).isascii()
    spelt = {"δ": "delta", "Δ": "Delta", "ς": "sigma", "é": "e", "²": "^2", "ᵢ": "_i", "½": "1/2", "─": "-", "┼": "+"}
    assert {sign: legible(sign) for sign in spelt} == spelt
    assert legible("漢") == "?"
