"""Holds what a page's code prints to what the loss file says: the example, and every snippet of the prose."""

from __future__ import annotations

from collections.abc import Iterator

from lossary.declaration.loss import Loss
from lossary.errors import Failure
from lossary.evaluation.snippets import runs, snippets_of
from lossary.typesetting.torch_code import example_output
from lossary.verification.evidence import Evidence, fail


def example(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """The page's example runs."""
    try:
        example_output(loss)
    except RuntimeError as error:
        alone = loss.function is not None and "NameError" in str(error)
        hint = "; the page shows the function alone: it can use its arguments and what it imports" if alone else ""
        yield fail(loss, "example", f"{error}{hint}")


def snippets(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Every snippet of the prose runs, and prints what its output fence says."""
    try:
        found = runs(loss)
    except ValueError as error:
        yield fail(loss, "snippet", str(error))
        return
    for snippet, run in zip(snippets_of(loss.prose), found, strict=True):
        place = f"line {snippet.line} of the docstring"
        if isinstance(run, RuntimeError):
            yield fail(loss, "snippet", f"{place}: {run}")
        elif not run.printed.strip():
            yield fail(loss, "snippet", f"{place}: it prints nothing, so it shows nothing: print what is to be seen")
        elif run.printed != snippet.expected:
            yield fail(loss, "snippet", f"{place}: expected {snippet.expected!r}, got {run.printed!r}")
