"""All names of a loss: those that its file gives, and those that follow from torch, the title and other libraries.

A call in a library is a name of the loss where it is one of its other names in another spelling, as
`optax.huber_loss` is of "Huber". What merely computes the loss, with arguments that make it so, names something else.
"""

from __future__ import annotations

import re

from lossary.declaration.loss import Loss

_CALLED = re.compile(r"[A-Za-z_][\w.:]*(?=\()")


def aliases(loss: Loss) -> tuple[str, ...]:
    """Every name of a loss besides slug and title: torch's class, those that its file gives, then what follows."""
    given = [*([_last(loss.torch)] if loss.torch else []), *loss.aliases]
    given += [f"F.{_last(loss.functional)}"] if loss.functional else []
    plain = {_bare(_last(name)) for name in (loss.title, *given)}
    called = [found[0] for entry in loss.libraries if (found := _CALLED.match(entry.call))]
    named = [call for call in called if _bare(_last(call)) in plain]
    # Keras has two addresses.
    follows = [*named, *map(_last, named), *(f"tf.{call}" for call in named if call.startswith("keras."))]
    known = {name.casefold() for name in (loss.slug, loss.title, *given)}
    # Of two spellings that differ in capitals alone, the first one.
    fresh: dict[str, str] = {}
    for name in follows:
        fresh.setdefault(name.casefold(), name)
    return tuple(dict.fromkeys([*given, *(name for key, name in fresh.items() if key not in known)]))


def class_name(loss: Loss) -> str:
    """What the loss's torch module is called: as in torch, else after its slug, such as TukeyBiweightLoss."""
    if loss.torch:
        return _last(loss.torch)
    words = loss.slug.removesuffix("_loss").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words) + "Loss"


def _last(name: str) -> str:
    """The last part of a name with an address."""
    return re.split(r"\.|::", name)[-1]


def _bare(name: str) -> str:
    """A name without what spellings differ in."""
    letters = re.sub(r"[^a-z0-9]", "", name.split(" (")[0].casefold())
    return letters.removesuffix("loss") or letters
