"""The torch function of each loss under its slug: torch's own, or else the one that the loss's file declares.

    loss = lossary.functional.huber(input, target, delta=0.5)

`lossary.functional.huber` is `torch.nn.functional.huber_loss` itself. A loss that torch lacks gives its own function,
in torch's style: the inputs in order, then the parameters and `reduction` by name. Losses of installed catalogs are
here as well. A loss that torch has as a class only is in `lossary.nn`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


def __getattr__(name: str) -> Callable[..., torch.Tensor]:
    """The function of a loss.

    Raises:
        AttributeError: where no loss has the slug, or torch has the loss as a class only.
    """
    # Tools ask modules for names such as __wrapped__, which are no reason to import torch.
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lossary.discovery.lookup import unknown, with_slug

    loss = with_slug(name)
    if loss is None:
        raise AttributeError(f"lossary.functional: {unknown(name, None)}")
    from lossary.discovery.names import class_name
    from lossary.evaluation import modules

    found = modules.function(loss)
    if found is None:
        raise AttributeError(f"torch has {name} as a class only: lossary.nn.{class_name(loss)}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The slugs of all losses that have a function."""
    from lossary.discovery.lookup import sound

    return sorted({loss.slug for loss in sound() if loss.functional or loss.function})
