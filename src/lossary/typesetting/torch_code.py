"""Writes the torch code that a page shows: calls, the loss's own function, what makes it at other settings, an example.

The example is run here as well, since the page shows what it prints.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import LEFT_OUT, OF_LAYERS
from lossary.declaration.values import JsonObject, Numbers
from lossary.evaluation import high_precision, points
from lossary.evaluation.measured import once
from lossary.evaluation.signatures import Arguments, of_class, of_function
from lossary.evaluation.snippets import PREAMBLE, execute


def function_name(loss: Loss) -> str:
    """The name of the loss's own function."""
    return loss.function.__name__ if loss.function else ""


def _keywords(loss: Loss) -> str:
    given = [p for p in loss.parameters if p.kind.plain and p.default]
    return ", ".join(f"{p.name}={p.default!r}" for p in given)


def _names(loss: Loss) -> str:
    return ", ".join(i.name for i in loss.inputs)


def _with_defaults(given: Arguments) -> str:
    """Arguments as a signature lists them, with their defaults, but for those that no page speaks of.

    A star stands where an argument must be given by its name: torch says so, or one before it is not shown.
    """
    made: list[str] = []
    for name, one in given.items():
        hidden = name in (*LEFT_OUT, *OF_LAYERS)
        if "*" not in made and (hidden or one.kind is one.KEYWORD_ONLY):
            made.append("*")
        if not hidden:
            made.append(name if one.default is one.empty else f"{name}={_python(one.default)}")
    return ", ".join(made[:-1] if made[-1:] == ["*"] else made)


def _python(value: object) -> str:
    """A default as Python code: a string in double quotes, a function by its name."""
    if isinstance(value, str):
        return f'"{value}"'
    return str(getattr(value, "__name__", repr(value)))


def call(loss: Loss) -> str:
    """How the loss is called, with all its arguments and their defaults."""
    if loss.torch is None:
        return f"{function_name(loss)}({_with_defaults(of_function(loss))})"
    then = loss.torch_call.partition(")")[2] or f"({_names(loss)})"
    return f"nn.{loss.torch.rpartition('.')[2]}({_with_defaults(of_class(loss))}){then}"


def short_call(loss: Loss) -> str:
    """How the loss is called, with its numeric defaults alone, where there is little room."""
    if loss.torch_call:
        return loss.torch_call
    if loss.torch:
        return f"nn.{loss.torch.rpartition('.')[2]}({_keywords(loss)})({_names(loss)})"
    keywords = f", {_keywords(loss)}" if _keywords(loss) else ""
    return f"{function_name(loss)}({_names(loss)}{keywords})"


def functional_call(loss: Loss) -> str | None:
    """The same through torch.nn.functional, or None."""
    if not loss.functional:
        return None
    return f"F.{loss.functional.rpartition('.')[2]}({_with_defaults(of_function(loss))})"


def own_source(loss: Loss) -> str | None:
    """The code of the loss's own torch function, with the imports that it uses; None where torch has the loss."""
    if loss.function is None:
        return None
    source = textwrap.dedent(inspect.getsource(loss.function))
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    module = inspect.getmodule(loss.function)
    imports = [
        ast.unparse(node)
        for node in ast.parse(inspect.getsource(module) if module else "").body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any((name.asname or name.name.partition(".")[0]) in used for name in node.names)
    ]
    return "\n".join([*imports, "", "", source]) if imports else source


def constructor(loss: Loss) -> JsonObject:
    """How code makes the loss at other settings: what stands above, what is called, its first arguments.

    `names` says how each value of a choice is written, by parameter.
    """
    lines, names = [], {}
    for p in loss.parameters:
        if p.kind.options:
            written = {choice: _written(value) for choice, value in p.kind.options.items()}
            names[p.name] = {choice: code for choice, (code, _) in written.items()}
            lines += [source for _, source in written.values() if source]
    if loss.torch_call:
        call, _, rest = loss.torch_call.partition("(")
        first = [word.strip() for word in rest.partition(")")[0].split(",") if word.strip()]
        head = "import torch\nfrom torch import nn"
    elif loss.torch:
        call, first, head = f"nn.{loss.torch.rpartition('.')[2]}", [], "import torch\nfrom torch import nn"
    else:
        call, first, head = "partial", [function_name(loss)], "from functools import partial"
        lines.insert(0, own_source(loss) or "")
    sources = "".join(f"\n\n{source.rstrip()}\n" for source in lines)
    return {"prelude": f"{head}\n{sources}", "call": call, "first": first, "names": names}


def _written(value: object) -> tuple[str, str]:
    """What a choice stands for as code, and the source that must stand above it; a function of torch needs none."""
    if inspect.isfunction(value) and not value.__module__.startswith("torch"):
        return value.__name__, inspect.getsource(value)
    if callable(value):
        return (f"{value.__module__}.{value.__name__}" if hasattr(value, "__name__") else f"nn.{value!r}"), ""
    return repr(value), ""


# Where the losses lie whose functions `lossary.functional` has without being told of a catalog.
_OURS = "src/lossary/losses/"


def example_code(loss: Loss) -> str:
    """The example of a page, written from the declaration: build the inputs, call the loss, look at the gradient."""
    # Copied alone, the example finds the function where it was tried; one of somebody's own has to be pasted.
    ours = loss.function is not None and loss.path.startswith(_OURS)
    lines = [f"from lossary.functional import {loss.slug}", ""] if ours else []
    kinds = high_precision.chosen_kinds(loss, points.example(loss), loss.defaults())
    for i in (entry for entry in loss.inputs if entry.name in loss.example):
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
    return f"loss = {function_name(loss)}({names})"


def _literal(value: Numbers, integer: bool) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(v, integer) for v in value)}]"
    return str(int(value)) if integer else repr(float(value))


@once
def example_output(loss: Loss) -> str:
    """What the example of a page prints, run after the loss's own function where torch has none.

    Raises:
        RuntimeError: where it raises; the text names the line and the error.
    """
    namespace: dict[str, Any] = {}
    # A function that is there to be pasted brings its own imports.
    execute(own_source(loss) or "", namespace, PREAMBLE if loss.torch else "import torch")
    return execute(example_code(loss), namespace).printed
