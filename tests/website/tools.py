"""What the tests of the site share: builds in processes of their own, copies of the project, a web server."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import html5lib
import pytest

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "lossary"
ADDRESS = "https://example.org/x/"
# Of a page or a size whose like is tried each day.
NIGHTLY = pytest.mark.nightly
WRONG_WORDS = re.compile(r"WARNING|ERROR|Warning:|Traceback")


def environment(cache: Path, root: Path = ROOT, **more: str) -> dict[str, str]:
    """What a build's process sees: the sources of `root`, a cache, and no published address."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in ("SITE_URL", "PYTHONHASHSEED", "COLUMNS", "FORCE_COLOR", "PYTHONDONTWRITEBYTECODE")
    }
    return kept | {
        "PYTHONPATH": str(root / "src"),
        "LOSSARY_CACHE": str(cache),
        "SOURCE_DATE_EPOCH": "1700000000",
        "NO_MKDOCS_2_WARNING": "1",
        **more,
    }


def run(*arguments: str, cache: Path, root: Path = ROOT, cwd: Path | None = None, **more: str) -> Any:
    """Run `python` with arguments; a CompletedProcess whose stdout and stderr are text."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd or root,
        env=environment(cache, root, **more),
        capture_output=True,
        text=True,
    )


def mkdocs(out: Path, cache: Path, root: Path = ROOT, **more: str) -> Any:
    """A strict build of the site into a folder."""
    return run("-m", "mkdocs", "build", "--strict", "--site-dir", str(out), cache=cache, root=root, **more)


def succeeded(done: Any) -> str:
    """What a process said; it must have gone well, without a warning."""
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not WRONG_WORDS.search(said), said
    return said


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def differences(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """The paths that are not the same in both."""
    return sorted(path for path in {*one, *other} if one.get(path) != other.get(path))


# What is waited for comes on any machine, however busy. Only what hangs takes so long, which no test is about.
FOR_EVER = 600  # seconds, for what builds
PATIENCE = 300  # seconds, for what happens in a page, which is a moment on an idle machine


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for something to be true, and return it."""
    end = time.monotonic() + FOR_EVER
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain: {what}")


# --- pages ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A page of the built site: `path` is its file, `tree` its elements without namespaces."""

    path: str
    html: str
    tree: Any

    def all(self, query: str) -> list[Any]:
        """Elements by an ElementTree path."""
        return list(self.tree.iterfind(query))

    def one(self, query: str) -> Any:
        """The only element at a path."""
        found = self.all(query)
        assert len(found) == 1, f"{self.path}: {len(found)} of {query}"
        return found[0]

    def meta(self, name: str) -> str | None:
        """The content of a meta element, by name or property."""
        found = self.all(f".//meta[@name='{name}']") + self.all(f".//meta[@property='{name}']")
        assert len(found) <= 1, f"{self.path}: {len(found)} of {name}"
        return found[0].get("content") if found else None


def words(element: Any) -> str:
    """All text of an element, white space shrunk."""
    return " ".join("".join(element.itertext()).split())


def classes(element: Any) -> list[str]:
    """The classes of an element."""
    return (element.get("class") or "").split()


def parse(path: str, text: str) -> Page:
    """Parse HTML; a parse error is an exception."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    for element in tree.iter():
        if isinstance(element.tag, str):  # a comment's tag is a function
            element.tag = element.tag.rpartition("}")[2]
    return Page(path, text, tree)


def plain(html: str) -> str:
    """The text of some HTML, tags taken out."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


# --- a web server ---------------------------------------------------------------------------------------------------


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder below a prefix, quietly."""

    prefix = "/"
    headers_of_all: Mapping[str, str] = {}

    def translate_path(self, path: str) -> str:
        if not path.startswith(self.prefix):
            return super().translate_path("/no-such-file")
        return super().translate_path("/" + path.removeprefix(self.prefix))

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=3600")  # what is served stays as it is
        for name, value in self.headers_of_all.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that has gone away is no news."""


@contextmanager
def serving(folder: Path, prefix: str = "/", headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve a folder on this machine, with headers of all answers; yields the address, which ends in a slash."""
    told = {"prefix": prefix, "headers_of_all": headers or {}}
    handler = functools.partial(type("Handler", (_Handler,), told), directory=str(folder))
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{prefix}"
        finally:
            server.shutdown()
            thread.join()


# --- a copy of the project ------------------------------------------------------------------------------------------

COPIED = ("src", "docs", "scripts", "mkdocs.yml", "Makefile", "pyproject.toml", ".gitignore")
KEPT = ("l1", "mse")


class Copy:
    """A copy of the project in a git repository of its own, with the few losses that a test needs."""

    def __init__(self, root: Path, cache: Path, kept: Collection[str] = KEPT) -> None:
        self.root, self.cache = root, cache
        root.mkdir(parents=True)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules", ".*"))
            else:
                shutil.copy2(source, root / name)
        if not cache.exists():
            shutil.copytree(CACHE, cache, ignore=shutil.ignore_patterns("tmp*"))
        linked = {
            s for f in (root / "docs").rglob("*.md") for s in re.findall(r"losses/(\w+)\.md", f.read_text("utf-8"))
        }
        for path in self.losses.glob("*/*.py"):
            if path.stem not in (*kept, *linked, "__init__"):
                path.unlink()
        for folder in self.losses.iterdir():
            if folder.is_dir() and {p.name for p in folder.iterdir()} == {"__init__.py"}:
                shutil.rmtree(folder)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet", "--message=copy")

    @property
    def losses(self) -> Path:
        """The folder of the families."""
        return self.root / "src" / "lossary" / "losses"

    def without_relations(self, *slugs: str) -> None:
        """Cut relations of losses to others that the copy may lack: they run when the file has changed."""
        for slug in slugs:
            path = self.loss(slug)
            text = path.read_text("utf-8")
            path.write_text(re.sub(r'^## Relations\n.*?(?=^## |^""")', "", text, flags=re.M | re.S), "utf-8")

    def loss(self, slug: str) -> Path:
        """The file of a loss."""
        (found,) = self.losses.glob(f"*/{slug}.py")
        return found

    def git(self, *arguments: str) -> str:
        """What git says."""
        settings = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {"GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=settings, capture_output=True, text=True, check=True
        )
        return done.stdout

    def lossary(self, *arguments: str) -> Any:
        """The command line of the copy."""
        return run("-m", "lossary", *arguments, cache=self.cache, root=self.root)

    def build(self, out: Path) -> Any:
        """A strict build."""
        return mkdocs(out, self.cache, self.root)


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that stands once in a file."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new), "utf-8")
