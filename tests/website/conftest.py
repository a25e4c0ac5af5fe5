"""Fixtures of the site's tests: the site, built once for all processes; a browser; a web server.

A lock keeps the processes of one run from building the site twice; no test depends on which process it runs in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from filelock import FileLock

from cases import OF_THE_DAY
from lossary.publishing.cache import Cache
from lossary.publishing.site import Build
from lossary.publishing.site import site as generate
from website.tools import ADDRESS, CACHE, PATIENCE, ROOT, Copy, Page, contents, mkdocs, parse, serving, succeeded

sys.path.insert(0, str(ROOT / "scripts"))


@dataclass(frozen=True)
class Site:
    """A built site: its folder, and what the build said."""

    folder: Path
    said: str

    @cached_property
    def _parsed(self) -> dict[str, Page]:
        files = sorted(self.folder.rglob("*.html"))
        named = {f.relative_to(self.folder).as_posix(): f.read_text("utf-8") for f in files}
        return {name: parse(name, text) for name, text in named.items()}

    @property
    def paths(self) -> list[str]:
        """The addresses of the site's own pages below its root, without parsing any."""
        files = [file.relative_to(self.folder).as_posix() for file in sorted(self.folder.rglob("*.html"))]
        return [file.removesuffix("index.html") for file in files if not file.startswith("embed/")]

    @cached_property
    def pages(self) -> dict[str, Page]:
        """Every page of the site itself, parsed strictly."""
        return {name: page for name, page in self._parsed.items() if not name.startswith("embed/")}

    @cached_property
    def embeds(self) -> dict[str, Page]:
        """Every page that stands in somebody's iframe, parsed strictly."""
        return {name: page for name, page in self._parsed.items() if name.startswith("embed/")}

    @cached_property
    def index(self) -> list[dict[str, Any]]:
        """The content of losses.json."""
        found: list[dict[str, Any]] = json.loads((self.folder / "losses.json").read_text("utf-8"))
        return found

    @property
    def slugs(self) -> list[str]:
        """The losses, in the order of losses.json."""
        return [entry["slug"] for entry in self.index]


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that the processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


def _built(common: Path, name: str, build: Callable[[Path], Any]) -> Site:
    """Build a site in the first process that asks for it."""
    folder, said = common / name, common / f"{name.partition('/')[0]}.txt"
    with FileLock(common / "site.lock"):
        if not said.exists():
            said.write_text(succeeded(build(folder)), "utf-8")
    return Site(folder, said.read_text("utf-8"))


@pytest.fixture(scope="session")
def site(common: Path) -> Site:
    """The site as `make site` builds it; its cache is the project's own."""
    return _built(common, "site", lambda folder: mkdocs(folder, CACHE))


@pytest.fixture(scope="session")
def published(common: Path, site: Site, pytestconfig: pytest.Config) -> Site:
    """The site built for a published address, below a path: of the losses of the day, by `make test-all` of all."""

    def build(folder: Path) -> Any:
        if "not nightly" not in pytestconfig.option.markexpr:
            return mkdocs(folder, CACHE, SITE_URL=ADDRESS)
        project = Copy(common / "published-project", common / "published-cache", sorted(OF_THE_DAY))
        return mkdocs(folder, project.cache, project.root, SITE_URL=ADDRESS)

    return _built(common, "published/x", build)


@pytest.fixture(scope="session")
def generated(site: Site) -> dict[str, bytes]:
    """What the package hands to MkDocs, from the same cache."""
    return dict(generate(Build(cache=Cache(CACHE))))


@pytest.fixture(scope="session")
def files(site: Site) -> dict[str, bytes]:
    """Every file of the site."""
    return contents(site.folder)


@pytest.fixture(scope="session")
def web(site: Site) -> Iterator[str]:
    """The address at which the site is served; it ends in a slash."""
    with serving(site.folder) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A browser; that there is none is an error, never a reason to skip."""
    import os

    from playwright.sync_api import sync_playwright

    from browser import find

    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-ipc-flooding-protection",
    ]
    alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find(), args=[*quiet, *alone])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def contexts(browser: Any) -> Callable[..., Any]:
    """The browser's context for some options, opened once: a second page in it finds scripts and fonts in its cache."""
    opened: dict[str, Any] = {}

    def context(**options: Any) -> Any:
        key = repr(sorted(options.items()))
        if key not in opened:
            opened[key] = browser.new_context(**options)
            opened[key].set_default_timeout(PATIENCE * 1000)
        return opened[key]

    return context


@pytest.fixture
def fresh(contexts: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Opens empty pages; what a test leaves in the browser's memory is gone before the next."""
    opened: list[Any] = []

    def open_page(**options: Any) -> Any:
        opened.append(contexts(**options).new_page())
        return opened[-1]

    yield open_page
    for page in opened:
        if not page.is_closed():
            forget(page)
            page.close()


def forget(page: Any) -> None:
    """Empty what a page may have stored, such as the choice of light or dark."""
    if page.url.startswith("http"):
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")


@pytest.fixture
def watched(fresh: Callable[..., Any], web: str) -> Iterator[Callable[..., Any]]:
    """Opens pages, and fails where one says something in the console, misses a file, or asks another host."""
    opened: list[Any] = []
    wrong: list[str] = []

    def open_page(path: str = "", address: str = web, **options: Any) -> Any:
        opened.append(fresh(**options))
        watch(opened[-1], wrong, urlsplit(address).netloc)
        opened[-1].goto(address + path, wait_until="load")
        return opened[-1]

    yield open_page
    for page in opened:
        forget(page)  # and hear what it has said until now
    assert wrong == []


def watch(page: Any, wrong: list[str], host: str) -> None:
    """Note whatever goes wrong in a page from now on, and whatever it asks of another host."""

    def answered(response: Any) -> None:
        if response.status >= 400:
            wrong.append(f"{response.status} {response.url}")

    def asked(request: Any) -> None:
        if urlsplit(request.url).netloc != host and not request.url.startswith(("data:", "blob:")):
            wrong.append(f"asks another host: {request.url}")

    def failed(request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # what was still under way when the page was left
            wrong.append(f"failed: {request.url} {request.failure}")

    def said(message: Any) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"{message.type}: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(f"exception: {error}"))
    page.on("requestfailed", failed)
    page.on("request", asked)
    page.on("response", answered)


@pytest.fixture
def copy(site: Site, tmp_path: Path) -> Callable[..., Copy]:
    """Makes a small copy of the project with a cache of its own, warm from the site's build."""
    return lambda *kept: Copy(tmp_path / "project", tmp_path / "cache", *kept)
