"""The generated Markdown of one page, to be read with one's own eyes.

`python tests/website/test_golden_page.py` writes the file anew; look at the difference before you commit it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden" / "huber.md"


def page(files: Mapping[str, bytes]) -> str:
    """The page without the last bits of rounding, which another processor may round otherwise."""
    text = files["losses/huber.md"].decode()
    return re.sub(r"(?<=difference )\S+ in the value, \S+ in the gradient", "… in the value, … in the gradient", text)


def test_the_page_is_the_golden_one(generated: dict[str, bytes]) -> None:
    found, expected = page(generated), GOLDEN.read_text("utf-8")
    assert "… in the value" in found
    assert found == expected, f"if this is right: python {Path(__file__).relative_to(GOLDEN.parents[2])}"


if __name__ == "__main__":
    from lossary.publishing.site import Build, site

    GOLDEN.write_text(page(dict(site(Build()))), "utf-8")
