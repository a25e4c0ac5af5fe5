"""Fixtures that several test modules share: the catalog, and folders of loss files made for one test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cases import LOSSES
from lossary.declaration.loss import Loss


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes minutes begin first: at the end one process would wait for the other."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


MakeCatalog = Callable[[Mapping[str, str]], Path]


@pytest.fixture(scope="session")
def losses() -> dict[str, Loss]:
    """The catalog that ships, by slug."""
    return LOSSES


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
