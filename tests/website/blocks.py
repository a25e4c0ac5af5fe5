"""Runs pieces of code from standard input, each as a program of its own, and says what each printed.

Big libraries are loaded once, before each piece gets a process that knows nothing of the others. Not a test: a test
starts it.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
import traceback
import warnings

import matplotlib.figure  # noqa: F401
import sympy  # noqa: F401
import torch
import torch._dynamo  # what some losses load when they are called

torch.set_num_threads(1)
# Else each process copies what its collector looks at.
gc.disable()
gc.freeze()


def alone(codes: list[str]) -> str:
    """What some cells print that share their names, as in a notebook; the last one's output alone."""
    names: dict[str, object] = {"__name__": "__main__"}
    printed = ""
    for code in codes:
        output = io.StringIO()
        with contextlib.redirect_stdout(output), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                exec(compile(code, "<page>", "exec"), names)
            except Exception:
                return traceback.format_exc()
        told = dict.fromkeys(f"{w.category.__name__}: {str(w.message).splitlines()[0]}" for w in caught)
        printed = "\n".join([*output.getvalue().rstrip("\n").splitlines(), *told])
    return printed


def in_process(codes: list[str]) -> str:
    """The same in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(alone(codes))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        printed = pipe.read()
    os.waitpid(child, 0)
    return printed


if __name__ == "__main__":
    json.dump([in_process(codes) for codes in json.load(sys.stdin)], sys.stdout)
