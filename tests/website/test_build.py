"""How a build behaves: warm without heavy libraries, identical to the byte, robust, and strict about wrong losses."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import sphobjinv

from cases import LOSSES, OF_EACH_KIND
from lossary.commands.starter import write
from lossary.discovery.catalogs import families, sources
from lossary.publishing.cache import Cache, sources_key
from lossary.publishing.site import _loss_job
from website.conftest import Site
from website.tools import (
    CACHE,
    FOR_EVER,
    KEPT,
    NIGHTLY,
    ROOT,
    Copy,
    contents,
    differences,
    edit,
    environment,
    mkdocs,
    parse,
    run,
    succeeded,
    until,
)  # fmt: skip

pytestmark = pytest.mark.in_turns("src/lossary/publishing", "src/lossary/discovery", "src/lossary/hooks.py")

HEAVY = {"torch", "numpy", "sympy", "mpmath", "matplotlib"}


def made(said: str) -> list[str]:
    """What a build says that it made."""
    return re.findall(r"^lossary: \d+/\d+ (.+)$", said, re.MULTILINE)


# --- warm, cold and reproducible ------------------------------------------------------------------------------------


def test_a_strict_build_warns_of_nothing(site: Site) -> None:
    assert "Documentation built" in site.said  # and `succeeded` has looked for warnings
    assert (site.folder / "index.html").is_file()


def test_a_warm_build_imports_nothing_heavy_and_makes_nothing(site: Site, tmp_path: Path) -> None:
    command = ("-X", "importtime", "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site"))
    done = run(*command, cache=CACHE)
    said = succeeded(done)
    imported = {line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")}
    assert "lossary.publishing.site" in imported  # the trace is of this build
    assert {name.partition(".")[0] for name in imported} & HEAVY == set()
    assert made(said) == []


@pytest.mark.long
@pytest.mark.parametrize("again", [pytest.param(OF_EACH_KIND, id="each-kind"), pytest.param(LOSSES, id="all")])
@NIGHTLY
def test_a_cold_build_is_identical_to_the_byte(
    site: Site, files: dict[str, bytes], generated: dict[str, bytes], tmp_path: Path, again: Collection[str]
) -> None:
    """Made again in another folder, with another order of hashes and number of processes: a loss of each kind, and all
    that losses make together. What is kept of the build before is the other losses, which would be made likewise.
    """
    cache = tmp_path / "cache"
    cache.mkdir()
    project = Copy(tmp_path / "project", cache, tuple(site.slugs))
    keep([slug for slug in site.slugs if slug not in again], cache)
    arguments = ("export", "--out", str(tmp_path / "out"), "--jobs", "1")
    done = run("-m", "lossary", *arguments, cache=cache, root=project.root, cwd=tmp_path, PYTHONHASHSEED="1")
    said = succeeded(done)
    assert f"wrote {len(generated)} files" in said
    # The losses, and then families, articles, the inventory, the home page and the comparisons.
    assert sum("/losses/" in name for name in made(said)) == len(again)
    assert len(made(said)) > len(again) + 5
    assert differences(contents(tmp_path / "out"), generated) == []
    assert made(succeeded(mkdocs(tmp_path / "site", cache, PYTHONHASHSEED="2"))) == []
    assert differences(contents(tmp_path / "site"), files) == []


def keep(slugs: Collection[str], cache: Path) -> None:
    """Put into an empty cache what the project's own has of some losses."""
    found = sources()
    titles = {name: family.title for name, family in families(found).items()}
    for source in found:
        if source.slug in slugs:
            key = _loss_job(source, titles[source.family], sources_key()).key
            kept = Cache(CACHE).get(key)
            assert kept, source.slug
            Cache(cache).put(key, kept)


def test_the_site_serves_what_the_export_writes(files: dict[str, bytes], generated: dict[str, bytes]) -> None:
    plain = {path: data for path, data in generated.items() if not path.endswith(".md")}
    assert len(plain) > 100
    assert [path for path, data in plain.items() if files.get(path) != data] == []
    assert {path for path in generated if path.endswith(".md")} <= set(files)


# --- a cache that may be trusted ------------------------------------------------------------------------------------

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda data: b"",
    "cut in half": lambda data: data[: len(data) // 2],
    "cut in its first line": lambda data: data[:20],
    "without its last byte": lambda data: data[:-1],
    "with a byte more": lambda data: data + b"\0",
    "a bit flipped at the end": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "a bit flipped in the checksum": lambda data: data.replace(b'{"sha256": "', b'{"sha256": "0', 1),
    "garbage before it": lambda data: b"\xff\xfe garbage\n" + data,
    "another file's name": lambda data: data.replace(b'"one"', b'"eno"', 1),
    "another file's length": lambda data: data.replace(b'["one", 5]', b'["one", 4]', 1),
    "a length that no memory holds": lambda data: data.replace(b'["one", 5]', b'["one", 5000000000000000]', 1),
    "a length that no machine counts": lambda data: data.replace(b'["one", 5]', b'["one", 5' + 30 * b"0" + b"]", 1),
    "a length below nothing": lambda data: data.replace(b'["one", 5]', b'["one", -5]', 1),
    "a first line of other JSON": lambda data: b"[1, 2]\n" + data.partition(b"\n")[2],
    "a first line without files": lambda data: b'{"sha256": "0"}\n' + data.partition(b"\n")[2],
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_entry_counts_as_none(tmp_path: Path, kind: str) -> None:
    cache = Cache(tmp_path)
    cache.put("ab12", {"one": b"first", "two": b"second\n\x00"})
    assert cache.get("ab12") == {"one": b"first", "two": b"second\n\x00"}
    (entry,) = tmp_path.glob("*/*")
    entry.write_bytes(DAMAGE[kind](entry.read_bytes()))
    assert cache.get("ab12") is None
    cache.put("ab12", {"one": b"new"})
    assert cache.get("ab12") == {"one": b"new"}
    assert list(tmp_path.glob("*/*")) == [entry]


def test_an_entry_in_the_place_of_another_counts_as_none(tmp_path: Path) -> None:
    """Whole and undamaged, but of something else."""
    cache = Cache(tmp_path)
    for key in ("ab12", "ab34"):
        cache.put(key, {"one": key.encode()})
    (tmp_path / "ab" / "ab12").write_bytes((tmp_path / "ab" / "ab34").read_bytes())
    assert cache.get("ab12") is None
    assert cache.get("ab34") == {"one": b"ab34"}


@NIGHTLY
def test_two_cold_exports_are_identical_to_the_byte(tmp_path: Path) -> None:
    """Of a catalog of one loss, with another order of hashes."""
    write("my_square", "toy", str(tmp_path / "catalog"))
    for seed in ("1", "2"):
        command = ("export", "--catalog", str(tmp_path / "catalog"), "--out", str(tmp_path / seed), "--jobs", "1")
        assert (
            len(made(succeeded(run("-m", "lossary", *command, cache=tmp_path / f"cache{seed}", PYTHONHASHSEED=seed))))
            > 2
        )
    good = contents(tmp_path / "1")
    assert differences(good, contents(tmp_path / "2")) == []
    assert {"losses/my_square.md", "figures/my_square/card.png", "losses.json", "objects.inv"} <= set(good)


@NIGHTLY
def test_a_cache_may_be_trusted(tmp_path: Path) -> None:
    """A catalog of one loss, made by `lossary new`, whose build is short."""
    loss, cache = write("my_square", "toy", str(tmp_path / "catalog")), tmp_path / "cache"
    text = loss.read_text("utf-8")

    def command(name: str) -> tuple[str, ...]:
        catalog, out = str(tmp_path / "catalog"), str(tmp_path / name)
        return ("-m", "lossary", "export", "--catalog", catalog, "--out", out, "--jobs", "1")

    def export(name: str) -> tuple[list[str], dict[str, bytes]]:
        return made(succeeded(run(*command(name), cache=cache))), contents(tmp_path / name)

    # Two exports at once with one fresh cache do no harm.
    settings = environment(cache)
    together: Any = {"env": settings, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    running = [subprocess.Popen([sys.executable, *command(name)], **together) for name in ("one", "other")]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    good = contents(tmp_path / "one")
    assert differences(good, contents(tmp_path / "other")) == []
    assert {"losses/my_square.md", "figures/my_square/card.png", "losses.json", "objects.inv"} <= set(good)
    assert [p.name for p in cache.glob("*/*") if len(p.name) != 64] == [], "unfinished files are left"

    # A file that was touched and not changed makes nothing again.
    os.utime(loss, (1_000_000_000, 1_000_000_000))
    assert export("touched") == ([], good)

    # A change counts, whatever the time stamp and the size say.
    loss.write_text(text.replace("loss = Loss(", "lost = Loss("), "utf-8")
    os.utime(loss, (1_000_000_000, 1_000_000_000))
    done = run(*command("changed"), cache=cache)
    assert done.returncode == 1
    assert "must assign a lossary Loss to the name 'loss'" in done.stderr
    loss.write_text(text, "utf-8")

    # Entries that were damaged are made again, all of them, and the output is right.
    entries = sorted(p for p in cache.glob("*/*") if p.is_file())
    assert len(entries) >= 4  # a loss, a family, a picture, an inventory, pages
    for k, entry in enumerate(entries):
        entry.write_bytes(list(DAMAGE.values())[k % len(DAMAGE)](entry.read_bytes()))
    again, mended = export("mended")
    assert set(again) == {name for each in said for name in made(each)}
    assert differences(mended, good) == []
    assert export("warm") == ([], good)


# --- one new loss is one file ---------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_new_loss_is_one_file(copy: Callable[..., Copy], tmp_path: Path) -> None:
    project = copy()
    before = [path.stem for path in project.losses.glob("*/[a-z]*.py")]
    assert set(KEPT) <= set(before)
    done = project.lossary("new", "my_square", "--family", "regression")
    assert done.returncode == 0, done.stderr
    path = "src/lossary/losses/regression/my_square.py"
    assert project.git("status", "--porcelain").splitlines() == [f"?? {path}"]

    out = tmp_path / "site"
    said = succeeded(project.build(out))
    assert f"{path}" in made(said)
    assert not [name for name in made(said) if name.endswith(tuple(f"/{slug}.py" for slug in KEPT))]
    assert project.git("status", "--porcelain").splitlines() == [f"?? {path}"]

    page = parse("page", (out / "losses" / "my_square" / "index.html").read_text("utf-8"))
    assert page.one(".//h1").get("id") == "loss-my_square"
    assert page.one(".//a[@rel='edit']").get("href").endswith(f"/edit/main/{path}")
    for name in ("loss.svg", "gradient-dark.svg", "sweep.svg", "card.png", "card-dark.png", "loss.csv", "thumb.svg"):
        assert (out / "figures" / "my_square" / name).stat().st_size > 500, name
    assert (out / "losses" / "my_square.md").is_file()

    index = json.loads((out / "search" / "search_index.json").read_text("utf-8"))
    (entry,) = (e for e in index["docs"] if e["location"] == "losses/my_square/")
    assert {"my_square", "MySquare", "my_square_loss"} <= set(entry["aliases"])
    listed = json.loads((out / "losses.json").read_text("utf-8"))
    assert [e["slug"] for e in listed] == sorted([*before, "my_square"])
    assert (out / "llms.txt").read_text("utf-8").count("losses/my_square.md") == 1
    names = {entry.name for entry in sphobjinv.Inventory(str(out / "objects.inv")).objects}
    assert {"loss-my_square", "losses/my_square"} <= names
    for other in ("index.html", "families/regression/index.html", "losses/mse/index.html"):
        text = (out / other).read_text("utf-8")
        assert len(re.findall(r'href="[^"]*losses/my_square/"|href="\.\./my_square/"', text)) >= 1, other
    navigation = parse("mse", (out / "losses" / "mse" / "index.html").read_text("utf-8"))
    nav = next(e for e in navigation.all(".//nav") if "md-nav--primary" in (e.get("class") or ""))
    assert "../my_square/" in [a.get("href") for a in nav.iter("a")]


# --- wrong input never yields a page --------------------------------------------------------------------------------

L1_WRONG = ('"smoothness": "C0"', '"convex": False, "smoothness": "C0"')


def test_broken_losses_stop_the_build_all_in_one_message(copy: Callable[..., Copy], tmp_path: Path) -> None:
    project = copy()
    project.without_relations("l1")
    edit(project.loss("l1"), *L1_WRONG)
    edit(project.loss("mse"), "\nloss = residual_loss(", "\nloss = residual_loss(no_such_field=1,")
    new = project.losses / "regression" / "worse.py"
    new.write_text("raise ValueError('worse still')\n", "utf-8")

    done = project.build(tmp_path / "site")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    message = re.search(r"3 failures in the catalog:\n(.+\n){3}", said)
    assert message, said
    lines = [line.strip() for line in message[0].splitlines()[1:]]
    assert len(lines) == 3
    told = {line.partition(":")[0].rpartition("/")[2]: line for line in lines}
    where = "src/lossary/losses/regression/"
    assert told["l1.py"].startswith(f"{where}l1.py: property")
    assert "convex: expected False" in told["l1.py"]
    assert "got True" in told["l1.py"]
    assert re.match(rf"{where}mse.py: load: line \d+: TypeError: .*no_such_field", told["mse.py"])
    assert told["worse.py"] == f"{where}worse.py: load: line 1: ValueError: worse still"
    # Nothing of a failing site is published.
    assert not list((tmp_path / "site").rglob("*.html"))
    assert not (tmp_path / "site" / "losses.json").exists()


# --- serve ----------------------------------------------------------------------------------------------------------


class Preview:
    """A running `mkdocs serve`."""

    def __init__(self, address: str, log: Path, lives: Callable[[], bool]) -> None:
        self.address, self.log, self.lives = address, log, lives

    def text(self, path: str) -> str:
        """What the preview shows at a path; nothing while it is not up."""
        try:
            with urlopen(self.address + path, timeout=FOR_EVER) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def shows(self, path: str, words: str) -> str:
        """Wait until a page shows some words, as long as the preview lives."""

        def look() -> str:
            assert self.lives(), "the preview has ended"
            text = self.text(path)
            return text if words in text else ""

        try:
            return str(until(look, f"{words!r} at {path}"))
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.read_text('utf-8')}") from None


@contextmanager
def preview(project: Copy, log: Path) -> Iterator[Preview]:
    """Run `mkdocs serve` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-u", "-m", "mkdocs", "serve", "--livereload", "--dev-addr", f"127.0.0.1:{port}"]
    settings = environment(project.cache, project.root)
    with log.open("w") as stream:
        process = subprocess.Popen(command, cwd=project.root, env=settings, stdout=stream, stderr=subprocess.STDOUT)
    try:
        found = until(
            lambda: process.poll() is not None or re.search(r"Serving on (http://\S+)", log.read_text("utf-8")),
            "the preview's address",
        )  # fmt: skip
        assert found is not True, log.read_text("utf-8")
        yield Preview(found[1].rstrip("/") + "/", log, lambda: process.poll() is None)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def previewed(copy: Callable[..., Copy]) -> Copy:
    """A small project, for what is edited while it is shown."""
    project = copy(("bce", "kl_div"))  # of two families, so that an edit to one leaves the other's work alone
    project.without_relations("bce", "kl_div")
    for article in (project.root / "src" / "lossary" / "articles").glob("*.md"):
        article.unlink()  # an edit to the package would run it again
    return project


@pytest.mark.long
def test_serve_follows_edits_and_survives_a_broken_loss(previewed: Copy, tmp_path: Path) -> None:
    project = previewed
    loss, good = project.loss("kl_div"), project.loss("kl_div").read_text("utf-8")
    summary = re.match(r'r?""".+\n\n(.+)\n', good)
    assert summary
    log = tmp_path / "log.txt"
    with preview(project, log) as shown:
        assert summary[1] in shown.shows("losses/kl_div/", 'id="loss-kl_div"')

        # A broken loss shows its error on its own page, in the terminal, and nowhere else.
        edit(loss, '"convex": True', '"convex": False')
        broken = shown.shows("losses/kl_div/", "does not pass its checks")
        assert "kl_div.py: property" in broken
        assert "convex: expected False" in broken
        assert 'id="loss-bce"' in shown.text("losses/bce/")
        assert "losses/bce/" in shown.text("")
        assert "kl_div.py: property" in log.read_text("utf-8")

        # Mended, it is back, with what else has changed.
        loss.write_text(good.replace(summary[1], "A summary of today."), "utf-8")
        assert "A summary of today." in shown.shows("losses/kl_div/", 'id="loss-kl_div"')
        assert "A summary of today." in shown.text("losses.json")
        assert "Traceback" not in log.read_text("utf-8")


@NIGHTLY
def test_serve_follows_edits_to_what_pages_share(previewed: Copy, tmp_path: Path) -> None:
    project, log = previewed, tmp_path / "log.txt"
    with preview(project, log) as shown:
        # A template, and a page by hand.
        edit(
            project.root / "src" / "lossary" / "publishing" / "templates" / "loss.md.jinja",
            "## Pitfalls",
            "## Traps of today",
        )
        shown.shows("losses/bce/", "Traps of today")
        about = project.root / "docs" / "about.md"
        about.write_text(about.read_text("utf-8") + "\nA line of today.\n", "utf-8")
        shown.shows("about/", "A line of today.")

        # The package itself.
        edit(
            project.root / "src" / "lossary" / "typesetting" / "words.py",
            '"yes" if value else "no"',
            '"yea" if value else "nay"',
        )
        shown.shows("losses/bce/", ">yea</td>")
        assert "Traceback" not in log.read_text("utf-8")


def test_the_sources_stay_as_they_are(site: Site) -> None:
    """A build writes nothing beside the sources."""
    assert not [p for p in (ROOT / "docs").rglob("*") if p.suffix in (".svg", ".json") and "assets" not in p.parts]
