"""A pytest plugin that holds each loss of one's own catalog to everything its file says: one test a loss and check.

In a test file:

    from lossary.testing import test_loss

and in the configuration of pytest `lossary_catalog = my_package.losses`, or `--lossary-catalog` on its command line.
The plugin is loaded by its entry point; before a catalog is asked for it imports nothing but pytest.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lossary.discovery.catalogs import Source
    from lossary.errors import Failure

OPTION = "--lossary-catalog"
INI = "lossary_catalog"
# What comes before the checks of a loss: the file declares one, and its names are no other loss's.
LOAD, NAMES = "load", "names"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the catalog known to pytest."""
    words = "the package or folder of losses that lossary.testing holds to what they say"
    parser.getgroup("lossary").addoption(OPTION, metavar="M", help=words)
    parser.addini(INI, f"{words}; a folder is relative to this file")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `test_loss` a loss and a check for each of its tests."""
    if metafunc.function is not test_loss:
        return
    from lossary.discovery.catalogs import sources
    from lossary.errors import LossaryError

    name = catalog(metafunc.config)
    try:
        found = sources(name)
    except LossaryError as error:
        raise pytest.UsageError(str(error)) from error
    if not found:
        raise pytest.UsageError(f"the catalog {name!r} holds no losses: a loss is a file <family>/<slug>.py in it")
    from lossary.verification.checks import CHECKS

    cases = [
        pytest.param(source, check, name, id=f"{source.slug}-{check}")
        for source in found
        for check in (LOAD, NAMES, *CHECKS)
    ]
    metafunc.parametrize(("source", "check", "name"), cases)


def catalog(config: pytest.Config) -> str:
    """The catalog under test, from the command line or else the configuration.

    Raises:
        pytest.UsageError: where neither names one.
    """
    given = config.getoption(OPTION)
    if given:
        return str(given)
    written = str(config.getini(INI))
    if not written:
        raise pytest.UsageError(
            f"lossary.testing does not know which losses to test: write {INI} = my_package.losses in the configuration "
            f"of pytest, or call it with {OPTION} my_package.losses"
        )
    # Like pytest's own paths, a folder is found from wherever pytest is called.
    base = config.inipath.parent if config.inipath else config.rootpath
    places = (base / written, base.joinpath(*written.split(".")))
    return next((str(place) for place in places if place.is_dir()), written)


def test_loss(source: Source, check: str, name: str) -> None:
    """One loss under one check; it fails with the check's own words, and is skipped where it means nothing."""
    told = _names(name).get(source.shown, []) if check == NAMES else _outcomes(source)[check]
    if told is None:
        needed = ", ".join(other for other, found in _outcomes(source).items() if found)
        pytest.skip(f"means nothing before this holds: {needed}")
    if told:
        pytest.fail("\n".join(map(str, told)), pytrace=False)


@cache
def _outcomes(source: Source) -> dict[str, list[Failure] | None]:
    """All checks of a loss, run once: they share their evidence."""
    from lossary.discovery.catalogs import load
    from lossary.errors import CatalogError
    from lossary.verification.checks import CHECKS, outcomes
    from lossary.verification.evidence import Evidence

    try:
        loss = load(source)
    except CatalogError as error:
        return {LOAD: list(error.failures), **dict.fromkeys(CHECKS)}
    return {LOAD: [], **outcomes(loss, Evidence())}


@cache
def _names(catalog: str) -> dict[str, list[Failure]]:
    """For each file of a catalog, what its names and its links get wrong."""
    from lossary.discovery.catalogs import names_that_fail, together

    told: dict[str, list[Failure]] = {}
    for failure in names_that_fail(together(catalog)):
        told.setdefault(failure.path, []).append(failure)
    return told
