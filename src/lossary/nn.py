"""The torch module of each loss: torch's own class, or else one that is made from the function in the loss's file.

    criterion = lossary.nn.HuberLoss(delta=0.5)

`lossary.nn.HuberLoss` is `torch.nn.HuberLoss` itself. The class of a loss that torch lacks is called after its slug, as
`TukeyBiweightLoss` after `tukey_biweight`; it takes the parameters and `reduction` by name, can be pickled, and holds
tensors such as a weight for each class as buffers. Losses of installed catalogs are here as well.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from lossary.declaration.loss import Loss


def __getattr__(name: str) -> type[torch.nn.Module]:
    """The class of a loss.

    Raises:
        AttributeError: where no loss has a class of this name.
    """
    # Tools ask modules for names such as __wrapped__, which are no reason to import torch.
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    losses = _losses()
    if name not in losses:
        from lossary.errors import nearest

        raise AttributeError(
            f"lossary.nn has no class {name!r}{nearest(name, losses)}; dir(lossary.nn) lists all {len(losses)}"
        )
    from lossary import functional
    from lossary.evaluation import modules

    loss = losses[name]
    own = getattr(functional, loss.slug) if loss.torch is None else None
    globals()[name] = made = modules.module(loss, name, __name__, own)
    return made


def __dir__() -> list[str]:
    """The names of all classes."""
    return sorted(_losses())


@cache
def _losses() -> dict[str, Loss]:
    """The losses by the name of their class; where two would have the same, torch's own counts."""
    from lossary.discovery.lookup import sound
    from lossary.discovery.names import class_name

    found: dict[str, Loss] = {}
    for loss in sorted(sound(), key=lambda loss: (loss.torch is None, loss.slug)):
        found.setdefault(class_name(loss), loss)
    return found
