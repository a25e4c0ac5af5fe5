"""Keeps what is found out about a loss, so that each thing is evaluated once, whoever describes it.

Figures, properties, tables, scripts and records ask the same functions of a loss; what one has asked the next need not
evaluate again.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from lossary.declaration.loss import Loss


Measurement = TypeVar("Measurement")

KEPT = 64  # losses, for each function


def once(measure: Callable[[Loss], Measurement]) -> Callable[[Loss], Measurement]:
    """A function of a loss that is called once for each; what it raises is not kept.

    A declaration holds functions and mappings and has no hash, so that it is known by its identity.
    """
    kept: OrderedDict[int, tuple[Loss, Measurement]] = OrderedDict()

    @functools.wraps(measure)
    def measured(loss: Loss) -> Measurement:
        if id(loss) not in kept:
            kept[id(loss)] = loss, measure(loss)  # the loss with it: while it lives its identity is no other's
            if len(kept) > KEPT:
                kept.popitem(last=False)
        return kept[id(loss)][1]

    return measured
