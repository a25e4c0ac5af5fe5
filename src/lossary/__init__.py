"""Lossary, the glossary of loss functions: get a loss, call it, evaluate it, draw it, check it.

    get(name)             one loss, by its slug or any other name
    catalog()             all losses, as catalog()["huber"] or catalog().huber
    compare(a, b, …)      losses that share an axis, laid over each other
    functional, nn        the torch function and the torch module of each loss

    Loss                  call it as torch is called; .at, .evaluate, .curve, .figure, .check
    Catalog, Input, Parameter                      what a catalog and a loss hold
    Evaluation, Curve, Drawing, Report, Evidence   what the methods of a loss give
    LossaryError, CatalogError, Failure            what goes wrong, in words

>>> import lossary
>>> huber = lossary.get("huber")
>>> huber([3.0], [0.0], delta=0.5)
tensor(1.3750, dtype=torch.float64)
>>> huber.at(delta=0.5).evaluate({"input": [3.0], "target": [0.0]}).gradient
{'input': [0.5], 'target': [-0.5]}
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossary import functional, nn
    from lossary.api import Catalog, Drawing, Loss, Report, catalog, compare, get
    from lossary.declaration.inputs import Input
    from lossary.declaration.parameters import Parameter
    from lossary.errors import CatalogError, Failure, LossaryError
    from lossary.evaluation.curves import Curve
    from lossary.evaluation.torch_calls import Evaluation
    from lossary.verification.evidence import Evidence

__all__ = [
    "Catalog",
    "CatalogError",
    "Curve",
    "Drawing",
    "Evaluation",
    "Evidence",
    "Failure",
    "Input",
    "Loss",
    "LossaryError",
    "Parameter",
    "Report",
    "catalog",
    "compare",
    "functional",
    "get",
    "nn",
]
# Where a name is at home, if not in lossary.api.
_HOMES = {
    "CatalogError": "errors",
    "Curve": "evaluation.curves",
    "Evaluation": "evaluation.torch_calls",
    "Evidence": "verification.evidence",
    "Failure": "errors",
    "Input": "declaration.inputs",
    "LossaryError": "errors",
    "Parameter": "declaration.parameters",
}


def __getattr__(name: str) -> Any:
    # Names come on first use: a site build that has nothing to do must not pay for SymPy.
    if name in ("functional", "nn"):
        return import_module(f"lossary.{name}")
    if name in __all__:
        return getattr(import_module(f"lossary.{_HOMES.get(name, 'api')}"), name)
    from lossary.errors import nearest

    raise AttributeError(f"module 'lossary' has no attribute {name!r}{nearest(name, __all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
