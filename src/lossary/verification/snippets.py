"""Writes a page's example from the declaration, and runs it with every snippet of the prose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lossary.declaration.loss import Loss
from lossary.declaration.values import Numbers
from lossary.errors import Failure
from lossary.evaluation import high_precision, points
from lossary.typesetting import formula_latex
from lossary.verification import prose
from lossary.verification.evidence import Evidence, fail


def example_code(loss: Loss) -> str:
    """The example of a page, written from the declaration: build the inputs, call the loss, look at the gradient."""
    lines = []
    kinds = high_precision.chosen_kinds(loss, points.example(loss), loss.defaults())
    for i in loss.inputs:
        value = loss.example[i.name]
        kind = kinds[i.name]
        grad = ", requires_grad=True" if i is loss.inputs[0] else ""
        if kind.listed:
            lines.append(f"{i.name} = [{', '.join(f'torch.tensor({_literal(part, False)})' for part in value)}]")
        else:
            lines.append(f"{i.name} = torch.tensor({_literal(value, kind.integer)}{grad})")
    lines += ["", _usage(loss), "loss.backward()", "print(loss.item())", f"print({loss.inputs[0].name}.grad)"]
    return "\n".join(lines)


def _usage(loss: Loss) -> str:
    names = ", ".join(i.name for i in loss.inputs)
    if loss.usage:
        return loss.usage
    if loss.torch:
        return f"loss = nn.{loss.torch.rpartition('.')[2]}()({names})"
    return f"loss = {formula_latex.function_name(loss)}({names})"


def _literal(value: Numbers, integer: bool) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(v, integer) for v in value)}]"
    return str(int(value)) if integer else repr(float(value))


def example(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Run the page's example, after the loss's own function where torch has none."""
    namespace: dict[str, Any] = {}
    # A function that is there to be pasted brings its own imports.
    preamble = prose.PREAMBLE if loss.torch else "import torch"
    try:
        prose.execute(formula_latex.own_source(loss) or "", namespace, preamble)
        evidence.example, _ = prose.execute(example_code(loss), namespace)
    except RuntimeError as error:
        alone = loss.function is not None and "NameError" in str(error)
        hint = "; the page shows the function alone: it can use its arguments and what it imports" if alone else ""
        yield fail(loss, "example", f"{error}{hint}")


def snippets(loss: Loss, evidence: Evidence) -> Iterator[Failure]:
    """Run every snippet of the prose; what it prints must be what its output fence says."""
    try:
        found = prose.snippets(loss.prose)
    except ValueError as error:
        yield fail(loss, "snippet", str(error))
        return
    for snippet in found:
        try:
            printed, _ = prose.execute(snippet.code, {})
        except RuntimeError as error:
            yield fail(loss, "snippet", f"line {snippet.line} of the docstring: {error}")
            continue
        evidence.outputs.append(printed)
        if printed != snippet.expected:
            message = f"line {snippet.line} of the docstring: expected {snippet.expected!r}, got {printed!r}"
            yield fail(loss, "snippet", message)
