"""Finds a loss by any of its names. What else may be done with it is not known here."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping

from lossary.declaration.loss import Loss
from lossary.discovery.catalogs import BUILT_IN, duplicate_slugs, load, sources
from lossary.errors import CatalogError, LossaryError, close, shown, suggestion


def find(name: str, catalog: str | None = None) -> Loss:
    """One loss by its slug, a title, an alias, or torch's name.

    Raises:
        LossaryError: where no loss has the name, or several have; the message names the nearest ones, or those.
    """
    if not isinstance(name, str):
        raise LossaryError(f"the name of a loss is a text such as 'huber', got {shown(name)}")
    loss = with_slug(name, catalog)
    if loss is not None:
        return loss
    names = _all_names(catalog)
    owners = names.get(name.casefold(), {})
    if not owners:
        raise _unknown(name, names, catalog)
    if len(owners) > 1:
        named = " and of ".join(sorted(owners))
        raise LossaryError(f"{shown(name)} is a name of {named}: give the slug of one of them")
    return load(next(source for source in sources(catalog) if source.slug in owners))


def beside(name: str, catalog: str | None = None) -> Loss:
    """One loss by its name, in a catalog or else among Lossary's own: what is compared with losses of one's own.

    Raises:
        LossaryError: as for `find`.
    """
    known, own = ({source.slug for source in sources(where)} for where in (BUILT_IN, catalog))
    return find(name, BUILT_IN if name in known - own else catalog)


def unknown(slug: str, catalog: str | None) -> LossaryError:
    """What to tell whoever asks for a slug that no loss has."""
    names = _all_names(catalog)
    owners = names.get(slug.casefold())
    if owners:
        return LossaryError(f"{shown(slug)} is another name of {' and of '.join(sorted(owners))}; give the slug here")
    return _unknown(slug, names, catalog)


def with_slug(slug: str, catalog: str | None = None) -> Loss | None:
    """The loss of a slug, or None; no other file is read.

    Raises:
        CatalogError: where its file does not load, or two files have the slug.
    """
    same = [source for source in sources(catalog) if source.slug == slug]
    if len(same) > 1:
        raise CatalogError(duplicate_slugs(same))
    return load(same[0]) if same else None


def sound(catalog: str | None = None) -> Iterator[Loss]:
    """The losses of a catalog whose files load, by slug."""
    for source in sources(catalog):
        with contextlib.suppress(CatalogError):
            yield load(source)


def _all_names(catalog: str | None) -> dict[str, dict[str, str]]:
    """The slugs that each name belongs to, case set aside, with the name's own spelling; broken files have none."""
    # To read all files takes longer than any answer; while none of them changes, what they say is kept.
    found = sources(catalog)
    key = tuple((source.shown, source.path.read_bytes()) for source in found)
    if key not in _KNOWN:
        names: dict[str, dict[str, str]] = {}
        for loss in sound(catalog):
            for name in _names(loss):
                names.setdefault(name.casefold(), {}).setdefault(loss.slug, name)
        _KNOWN[key] = names
        if len(_KNOWN) > _KEPT:
            _KNOWN.popitem(last=False)
    return _KNOWN[key]


# The names of a few catalogs, by what their files hold.
_KNOWN: OrderedDict[tuple[tuple[str, bytes], ...], dict[str, dict[str, str]]] = OrderedDict()
_KEPT = 4


def _unknown(name: str, names: Mapping[str, Mapping[str, str]], catalog: str | None) -> LossaryError:
    near: dict[str, str] = {}
    for found in close(name.casefold(), names):
        for slug, spelt in names[found].items():
            near.setdefault(slug, slug if spelt == slug else f"{slug}, also called {spelt}")
    count = len(sources(catalog))
    return LossaryError(f"no loss is called {shown(name)}{suggestion(near.values())}; `lossary list` shows all {count}")


def _names(plain: Loss) -> list[str]:
    """All names of a loss, torch's in each spelling that its users type."""
    names = [plain.slug, plain.title, *plain.aliases]
    for full, module, short in ((plain.torch, "torch.nn.", "nn."), (plain.functional, "torch.nn.functional.", "F.")):
        if full:
            names += [full, full.replace(module, short), full.removeprefix(module)]
    return names
