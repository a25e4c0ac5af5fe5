"""The torch function and the torch module of a loss: torch's own, or else what its file declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import torch

from lossary.declaration.loss import Loss
from lossary.evaluation.settings import check_reduction
from lossary.evaluation.tensor_calls import torch_settings
from lossary.evaluation.torch_calls import as_torch


def function(loss: Loss) -> Callable[..., torch.Tensor] | None:
    """The function of torch.nn.functional, or the loss's own; None where torch has it as a class only."""
    if loss.functional is None:
        return loss.function
    found: Callable[..., torch.Tensor] = getattr(torch.nn.functional, loss.functional.rpartition(".")[2])
    return found


def torch_class(loss: Loss) -> type[torch.nn.Module] | None:
    """The class of torch.nn; None where torch lacks it."""
    if loss.torch is None:
        return None
    found: type[torch.nn.Module] = getattr(torch.nn, loss.torch.rpartition(".")[2])
    return found


class FunctionModule(torch.nn.Module):
    """A module that calls a loss's own function with the parameters that it was made with.

    What torch takes as a tensor, such as a weight for each class, is a buffer: it moves with `.to` and stands in the
    state. The class of one loss, which `module` makes, says which loss that is.
    """

    declared: ClassVar[Loss]
    function: ClassVar[Callable[..., torch.Tensor]]

    def __init__(self, *, reduction: str | None = None, **parameters: Any) -> None:
        super().__init__()
        self.reduction = check_reduction(self.declared, reduction)
        for name, value in torch_settings(self.declared, parameters, torch.get_default_dtype()).items():
            if isinstance(value, torch.Tensor):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def forward(self, *inputs: torch.Tensor, **named: torch.Tensor) -> torch.Tensor:
        """The loss of the inputs, which are those of the function."""
        settings = {
            p.name: as_torch(p, getattr(self, p.name), torch.get_default_dtype()) for p in self.declared.parameters
        }
        return type(self).function(*inputs, **named, **settings, reduction=self.reduction)

    def extra_repr(self) -> str:
        """The parameters and the reduction, as they are given to the class."""
        given = {p.name: getattr(self, p.name) for p in self.declared.parameters}
        return ", ".join(f"{name}={value!r}" for name, value in {**given, "reduction": self.reduction}.items())


def module(
    loss: Loss, name: str, home: str, function: Callable[..., torch.Tensor] | None = None
) -> type[torch.nn.Module]:
    """The class of torch.nn, or for a loss that torch lacks one of that name, made from its own function.

    Args:
        loss: the loss.
        name: what a new class is called.
        home: the module that a new class can be imported from under its name, so that it can be pickled.
        function: the loss's own function; as declared, if None.
    """
    if own := torch_class(loss):
        return own

    def __init__(self: FunctionModule, **given: Any) -> None:
        FunctionModule.__init__(self, **given)

    keywords = {**loss.defaults(), "reduction": loss.default_reduction}
    __init__.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *(inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=v) for n, v in keywords.items()),
        ]
    )
    words = [f"    {p.name}: {p.meaning}; {p.range_text()}." for p in loss.parameters]
    known = " or ".join(f'"{r.name}"' for r in loss.reductions)
    arguments = "\n".join(["Args:", *words, f"    reduction: {known}."])
    return type(
        name,
        (FunctionModule,),
        {
            "__module__": home,
            "__qualname__": name,
            "__doc__": f"{loss.title}: {loss.summary}\n\n{arguments}",
            "__init__": __init__,
            "declared": loss,
            "function": staticmethod(function or loss.function),  # type: ignore[arg-type]
        },
    )
