"""Fixtures that several test modules share, and what of all the tests a run is to have, in which order and where.

Two marks follow from what a test asks for: `browser`, and `site` for whatever needs the built site. Tests of a module
whose fixtures are made once a module stay in one process of a run, and so do the laws of one loss.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from sample import ROOT, UNDER_THE_SITE, changed_files, in_turns, today, touched

MakeCatalog = Callable[[Mapping[str, str]], Path]
BROWSER, SITE = {"browser"}, {"site", "published"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be narrowed to some losses."""
    parser.addoption("--losses", metavar="SLUGS", default="", help="only what is tried on these losses, by comma")
    parser.addoption("--few", action="store_true", help="of what is tried on every loss, only that on two plain ones")


def pytest_configure() -> None:
    """Settle which day it is, before other processes begin."""
    today()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark, narrow and order: at the end of a run no process should wait for another."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        for name, fixtures in (("browser", BROWSER), ("site", SITE)):
            if asked & fixtures:
                item.add_marker(name)
        if group := together(item):
            item.add_marker(pytest.mark.xdist_group(group))
    go_round(items)
    wanted = set(filter(None, config.getoption("--losses").split(",")))
    if wanted:
        keep(config, items, lambda item: bool(wanted & slugs(item)))
    if config.getoption("--few"):
        from cases import LOSSES, PLAIN

        keep(config, items, lambda item: not slugs(item) & {*LOSSES} or bool(slugs(item) & PLAIN))
    items.sort(key=place)


def place(item: pytest.Item) -> int:
    """Where in a run a test has its place: first what takes a minute, and with it the site is built; meanwhile half of
    what needs no site; then what needs it, of which a module is one long piece; and the small pieces of the other half
    at the end, where no process then waits long for another.
    """
    if item.get_closest_marker("long"):
        return 0
    if item.get_closest_marker("site") or item.get_closest_marker("browser"):
        return 2
    group = item.get_closest_marker("xdist_group")
    return 1 + 2 * (crc32(str(group.args[0] if group else item.nodeid).encode()) % 2)


def pytest_collection_finish() -> None:
    """Let the collector of garbage not look again and again at the million objects of torch, SymPy and the catalog."""
    gc.collect()
    gc.freeze()


def go_round(items: list[pytest.Item]) -> None:
    """Leave to the night what has its turn another day, unless something has changed that it tries."""
    modules: dict[Path, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("in_turns") and not item.get_closest_marker("nightly"):
            modules.setdefault(item.path, []).append(item)
    for path, own in modules.items():
        tries = own[0].get_closest_marker("in_turns")
        assert tries
        places = (*tries.args, *UNDER_THE_SITE, path.relative_to(ROOT).as_posix())
        if touched(places, changed_files()):
            continue
        todays = in_turns({item.nodeid for item in own}, today())
        for item in own:
            if item.nodeid not in todays:
                item.add_marker("nightly")


def keep(config: pytest.Config, items: list[pytest.Item], wanted: Callable[[pytest.Item], bool]) -> None:
    """Narrow a run to some tests, and let pytest say how many it does without."""
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = [item for item in items if wanted(item)]


def slugs(item: pytest.Item) -> set[str]:
    """The losses that a test is given, as declarations or by name."""
    given: Mapping[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    return {value if isinstance(value, str) else getattr(value, "slug", "") for value in given.values()} - {""}


@cache
def known() -> frozenset[str]:
    """The losses that there are; a test's parameters may be other words."""
    from lossary.discovery.catalogs import sources

    return frozenset(source.slug for source in sources())


def together(item: pytest.Item) -> str:
    """The name of the tests that share what one process has made; nothing where a test shares nothing."""
    if "website" not in item.path.parts and len(about := slugs(item) & known()) == 1:
        return about.pop()
    definitions = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    scopes = {made.scope for several in definitions.values() for made in several}
    return item.path.stem if "module" in scopes else ""


@pytest.fixture
def make_catalog(tmp_path: Path) -> MakeCatalog:
    """Writes a catalog from texts by "family/slug" and returns its folder."""

    def make(files: Mapping[str, str]) -> Path:
        root = tmp_path / "catalog"
        for name, text in files.items():
            path = root / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return make
