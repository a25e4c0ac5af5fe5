"""What a page prints does not depend on the processor that built it: the same snippets, with other vector instructions.

Torch picks its kernels by the processor, and their last digits differ; a loss file whose output hangs on one of them
would fail the build of everybody with another processor.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
# What torch and MKL can be held to, from the oldest; a processor has all before its own.
KERNELS = {"DEFAULT": "COMPATIBLE", "AVX2": "AVX2", "AVX512": "AVX512"}
PRINT = """
from lossary.discovery.catalogs import catalog
from lossary.evaluation.snippets import runs, snippets_of
for slug, loss in catalog().items():
    for snippet, run in zip(snippets_of(loss.prose), runs(loss), strict=True):
        printed = getattr(run, "printed", run)
        if printed != snippet.expected:
            print(f"{slug}, line {snippet.line}: expected {snippet.expected!r}, got {printed!r}")
"""


@pytest.mark.parametrize("kernels", KERNELS)
def test_snippets_print_the_same_on_every_processor(kernels: str) -> None:
    own = torch.backends.cpu.get_cpu_capability()
    if own not in KERNELS or [*KERNELS].index(kernels) > [*KERNELS].index(own):
        pytest.skip(f"this processor has no {kernels}")
    settings = os.environ | {"ATEN_CPU_CAPABILITY": kernels.lower(), "MKL_CBWR": KERNELS[kernels]}
    done = subprocess.run([sys.executable, "-c", PRINT], env=settings, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
