"""Lossary, the glossary of loss functions: get a loss, evaluate it, draw it, check it.

>>> import lossary
>>> lossary.get("huber").evaluate({"input": [3.0], "target": [0.0]}).value
2.5
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossary.api import Drawing, Loss, Report, catalog, compare, get
    from lossary.errors import CatalogError, Failure, LossaryError

__all__ = ["CatalogError", "Drawing", "Failure", "Loss", "LossaryError", "Report", "catalog", "compare", "get"]


def __getattr__(name: str) -> Any:
    # Names come on first use: a site build that has nothing to do must not pay for SymPy.
    if name in ("CatalogError", "Failure", "LossaryError"):
        from lossary import errors

        return getattr(errors, name)
    if name in __all__:
        from lossary import api

        return getattr(api, name)
    raise AttributeError(f"module 'lossary' has no attribute {name!r}")
