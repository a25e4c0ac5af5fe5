"""The script that adds losses to a copy of the project makes ones that pass, for `make bench` and for trying many."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import synthetic
from sample import ROOT
from website.tools import environment


@pytest.mark.nightly
def test_added_losses_pass_their_checks_and_the_laws(tmp_path: Path) -> None:
    folder = tmp_path / "more"
    script = [sys.executable, str(ROOT / "scripts" / "synthetic.py"), str(folder), "14"]
    subprocess.run(script, check=True, env=environment(tmp_path / "cache"))
    losses = folder / "src" / "lossary" / "losses"
    added = sorted(path.stem for path in losses.glob("*/*_bravo.py"))
    assert len(added) == 14
    settings = environment(tmp_path / "cache", folder)
    for tried in (("lossary", "check", *added), ("pytest", f"--losses={','.join(added)}", *synthetic.LAWS)):
        done = subprocess.run([sys.executable, "-m", *tried], cwd=folder, env=settings, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
