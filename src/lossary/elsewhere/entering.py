"""Makes a library importable without what its losses do not need: packages left unrun, and packages left out."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from lossary.declaration.known_libraries import KnownLibrary


def enter(library: KnownLibrary) -> None:
    """Prepare the import of a library."""
    if library.absent:
        sys.meta_path.insert(0, LeftOut(library.absent))
    for package in library.entered:
        _unrun(package)


def _unrun(package: str) -> None:
    """Make a package importable without running its own `__init__`."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    module = ModuleType(package)
    module.__path__ = list(spec.submodule_search_locations or [])
    sys.modules[package] = module
    parent, _, name = package.rpartition(".")
    if parent:
        setattr(sys.modules[parent], name, module)


class LeftOut(MetaPathFinder, Loader):
    """Finds packages that are left out, and gives an empty module for each and for whatever is in it.

    Other modules may import names from them and derive classes from those. Whoever calls one is told, so that no
    stand-in can take part in what is measured.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = packages

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Of one of the packages, or of a module in it."""
        if any(fullname == one or fullname.startswith(one + ".") for one in self.packages):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Empty, but for the names that it is asked for."""
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing."""


class _Empty(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Unused(name, (), {"__module__": self.__name__})


class _Unused(type):
    """A class of which there are no objects."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Unused(name, (), {"__module__": f"{cls.__module__}.{cls.__name__}"})

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        raise RuntimeError(f"{cls.__module__}.{cls.__name__} was called, and is left out here")
