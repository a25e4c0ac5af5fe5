"""What torch's class and torch's function of a loss take, as torch itself declares it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from lossary.declaration.loss import Loss
from lossary.declaration.parameters import LEFT_OUT
from lossary.evaluation.modules import function, torch_class

Arguments = Mapping[str, inspect.Parameter]


def of_class(loss: Loss) -> Arguments:
    """The arguments of the class in torch.nn, in order; none where torch lacks it."""
    found = torch_class(loss)
    return dict(inspect.signature(found).parameters) if found else {}


def of_function(loss: Loss) -> Arguments:
    """The arguments of the function in torch.nn.functional, or of the loss's own, in order; none without either."""
    found = function(loss)
    return dict(inspect.signature(found).parameters) if found else {}


def left_out(loss: Loss) -> dict[str, str]:
    """The arguments of torch that are neither inputs nor parameters here, with the reason; the loss's own first."""
    general = {name for name in (*of_class(loss), *of_function(loss)) if name in LEFT_OUT}
    return {**loss.omitted, **{name: LEFT_OUT[name] for name in LEFT_OUT if name in general}}
