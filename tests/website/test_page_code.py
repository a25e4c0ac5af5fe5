"""Every block of Python on the built pages, copied from their HTML as a reader does: alone, it prints what follows."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases import OF_THE_DAY
from lossary.evaluation.snippets import standalone_code
from lossary.publishing.page import link
from website.conftest import Site
from website.tools import CACHE, NIGHTLY, Page, classes, environment

pytestmark = pytest.mark.xdist_group("pages")
# Their cells share what they have made, as those of a notebook, and the page says so.
NOTEBOOKS = ("original-post/index.html",)
# Configuration that another program reads, whose name the block has as its title.
TITLED = ".//span[@class='filename']"
OUTPUT = {"ly-output", "language-output"}


def blocks(page: Page) -> Iterator[tuple[str, str]]:
    """The Python blocks of a page, each with the output that stands below it; empty where none does."""
    code = ""
    for element in page.one(".//article").iter("div"):
        names = classes(element)
        if "highlight" not in names:
            continue
        if OUTPUT & {*names}:
            assert code, f"{page.path}: an output without code"
            yield code, text(element).rstrip("\n")
            code = ""
            continue
        if code:
            yield code, ""
        # A signature, which is no code to run, is marked as `pyi`.
        code = text(element) if "language-python" in names and element.find(TITLED) is None else ""
    if code:
        yield code, ""


def text(block: ET.Element) -> str:
    """What a browser copies of a block."""
    return "".join(next(block.iter("code")).itertext())


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=NIGHTLY)], ids=["of the day", "all"])
def test_every_python_block_prints_what_the_page_prints(site: Site, tmp_path: Path, every: bool) -> None:
    pieces, wanted = [], []
    left = {f"losses/{slug}/index.html" for slug in site.slugs if not every and slug not in OF_THE_DAY}
    for page in (page for path, page in site.pages.items() if path not in left):
        before: list[str] = []
        for code, output in blocks(page):
            pieces.append([*before, code])
            wanted.append((page.path, code, output))
            before += [code] if page.path in NOTEBOOKS else []
    losses = len(site.slugs) - len(left)
    assert len({path for path, _, _ in wanted}) >= losses + 3
    assert len(wanted) > 5 * losses
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("blocks.py"))],
        input=json.dumps(pieces), capture_output=True, text=True, check=True, cwd=tmp_path, env=environment(CACHE),
    )  # fmt: skip
    made = zip(wanted, json.loads(done.stdout), strict=True)
    wrong = [f"{path}:\n{code}\n{printed}" for (path, code, output), printed in made if printed != output]
    assert not wrong, "\n\n".join(wrong)


def test_links_are_made_in_prose_alone() -> None:
    code = "```python\nprint([[0]], [[huber]])\n```\n\n    ````md\n    [[huber]]\n    ````\n"
    assert link(f"[[huber]] `[[huber]]`\n\n{code}\n[[huber|it]]", {"huber": "Huber"}, "../") == (
        f"[Huber](../losses/huber.md) `[[huber]]`\n\n{code}\n[it](../losses/huber.md)"
    )


def test_a_snippet_brings_what_it_uses() -> None:
    assert standalone_code("print(F.relu(x))\n") == "import torch.nn.functional as F\n\nprint(F.relu(x))\n"
    assert standalone_code("import math\nprint(math.pi)\n") == "import math\nprint(math.pi)\n"
    assert standalone_code("nn.Linear(1, 1)\n", drew=True) == (
        "import torch\nfrom torch import nn\n\ntorch.manual_seed(0)\nnn.Linear(1, 1)\n"
    )
    assert standalone_code("torch.manual_seed(0)\n", drew=True).count("manual_seed") == 1
