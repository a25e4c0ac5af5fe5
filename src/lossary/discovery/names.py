"""All names of a loss: those that its file gives, and those that follow from torch, the title and other libraries.

A call in a library is a name of the loss where it is one of its other names in another spelling, as
`optax.huber_loss` is of "Huber". What merely computes the loss, with arguments that make it so, names something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lossary.declaration.loss import Loss

_CALLED = re.compile(r"[A-Za-z_][\w.:]*(?=\()")


def aliases(loss: Loss) -> tuple[str, ...]:
    """Every name of a loss besides its title: torch's class, the names that its file gives, then what follows."""
    given = (*([_last(loss.torch)] if loss.torch else []), *loss.aliases)
    plain = {_plain(name) for name in (loss.title, *given, *_of_torch(loss))}
    named = [call for call in _calls(loss) if _plain(_last(call)) in plain]
    # Keras has two addresses.
    keras = [f"tf.{call}" for call in named if call.startswith("keras.")]
    return _each_once((*given, *_of_torch(loss), *_of_title(loss), *named, *map(_last, named), *keras), loss.title)


def _of_torch(loss: Loss) -> list[str]:
    return [f"F.{_last(loss.functional)}", _last(loss.functional)] if loss.functional else []


def _of_title(loss: Loss) -> list[str]:
    return [loss.title.removesuffix(" loss")] if loss.title.endswith(" loss") else []


def _calls(loss: Loss) -> list[str]:
    return [found[0] for entry in loss.libraries if (found := _CALLED.match(entry.call))]


def _last(name: str) -> str:
    return re.split(r"\.|::", name)[-1]


def _plain(name: str) -> str:
    """A name without what spellings differ in."""
    letters = re.sub(r"[^a-z0-9]", "", name.split(" (")[0].casefold())
    return letters.removesuffix("loss") or letters


def _each_once(names: Iterable[str], title: str) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys(names) if name != title)
