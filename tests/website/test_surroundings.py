"""A site in surroundings that nobody here has chosen: called from elsewhere, a folder that is read-only, other plugins.

One small site, started by `lossary init`, is built for all; its losses are called like some of Lossary's own.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

from lossary.commands.init import start
from lossary.commands.starter import write
from lossary.errors import Failure, LossaryError
from lossary.publishing import cache
from lossary.publishing.cache import Cache, default_cache
from lossary.publishing.executors import FULL, Workers
from lossary.publishing.isolation import Job
from website.tools import NIGHTLY, ROOT, Copy, edit, run, serving, succeeded, until

pytestmark = pytest.mark.in_turns("docs/assets", "src/lossary/hooks.py", "src/lossary/publishing")

LATEST = "https://example.org/docs/latest"
BRACES = "`{{ no_such.thing }}`, `{% no_such_tag %}`, `{# a note #}`"
# What other plugins do: mike leaves the address without its last slash; mkdocs-macros renders each page with Jinja
# unless the page says no, and shows a mistake on the page while the build goes on.
OTHERS = f'''
import jinja2

def on_config(config):
    config.site_url = "{LATEST}"

def on_page_markdown(markdown, page, config, files):
    if page.meta.get("render_macros") is False:
        return None
    try:
        return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(markdown).render()
    except jinja2.TemplateError as error:
        return f"# Macro Syntax Error {{error}}"
'''


@dataclass(frozen=True)
class Project:
    """A site for losses of one's own, built from another folder."""

    root: Path
    elsewhere: Path
    said: str

    def build(self, *options: str, config: str = "mkdocs.yml", **more: str) -> Any:
        """Call MkDocs from the other folder."""
        return run(
            "-m", "mkdocs", "build", "-f", str(self.root / config), *options,
            cache=Path(), cwd=self.elsewhere, **{"LOSSARY_CACHE": "", **more},
        )  # fmt: skip

    @property
    def site(self) -> Path:
        """The folder of the built site."""
        return self.root / "site"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Built once, cold, beside the imitations of other plugins."""
    root = tmp_path_factory.mktemp("theirs") / "my-docs"
    start(root)
    (root / "losses" / "my_family" / "my_loss.py").unlink()
    for slug in ("huber", "mse"):
        path = write(slug, "my_family", str(root / "losses"))
        edit(path, "## When to use it\n\n", f"## When to use it\n\nBraces: {BRACES}.\n\n")
    (root / "others.py").write_text(OTHERS, "utf-8")
    edit(root / "mkdocs.yml", "  - scripts/hooks.py", "  - others.py\n  - scripts/hooks.py")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    made = Project(root, elsewhere, "")
    return Project(root, elsewhere, succeeded(made.build("--strict")))


# --- where it is called from, and what may be written there ---------------------------------------------------------


def test_the_cache_is_beside_the_configuration(project: Project) -> None:
    assert list(project.elsewhere.iterdir()) == []
    assert list((project.root / ".cache" / "lossary").glob("*/*"))
    assert "/losses/my_family/huber.py" in project.said  # made, and not found somewhere


def test_a_project_that_may_only_be_read_is_built(project: Project, tmp_path: Path) -> None:
    """A file stands where the cache would be; what is made goes to the user's own cache, and the build says so once."""
    theirs, home = tmp_path / "my-docs", tmp_path / "home"
    shutil.copytree(project.root, theirs, ignore=shutil.ignore_patterns("site", ".cache"))
    (theirs / ".cache").write_text("", "utf-8")
    shutil.copytree(project.root / ".cache" / "lossary", home / "lossary")
    # The losses' folder is another one: made anew is what names it, and little else.
    made = Project(theirs, project.elsewhere, "").build("--strict", XDG_CACHE_HOME=str(home), LOCALAPPDATA=str(home))
    said = made.stdout + made.stderr
    assert made.returncode == 0, said
    told = f"{theirs}/.cache/lossary cannot be written (Not a directory): what is made is kept in {home}/lossary"
    assert said.count(told) == 1, said
    assert "LOSSARY_CACHE" in said
    assert (theirs / "site" / "losses" / "huber" / "index.html").is_file()


def test_a_named_cache_that_cannot_be_written_is_one_message_before_any_work(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    named = str(tmp_path / "file" / "cache")
    message = f"the cache {named}, which LOSSARY_CACHE names, cannot be written: Not a directory; name a folder"
    command = ("-m", "lossary", "export", "--catalog", str(project.root / "losses"), "--out", str(tmp_path / "out"))
    for done in (
        project.build("--site-dir", str(tmp_path / "site"), LOSSARY_CACHE=named),
        run(*command, cache=Path(named), cwd=tmp_path),
    ):
        said = done.stdout + done.stderr
        assert done.returncode == 1
        assert said.count(message) == 1
        assert "Traceback" not in said
        assert "lossary: " not in said, "something was made"
    assert not (tmp_path / "out").exists()


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.delenv("LOSSARY_CACHE", raising=False)
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    temporary.mkdir()
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setattr(cache.tempfile, "tempdir", str(temporary))
    own = tmp_path / "project" / ".cache" / "lossary"
    kept = default_cache(tmp_path / "project")
    assert (kept.folder, kept.older) == (own, None)
    kept.put("ab12", {"one": b"1"})

    def reading(*folders: Path) -> None:
        monkeypatch.setattr(cache, "_unwritable", lambda f: "Read-only" if any(map(f.is_relative_to, folders)) else "")

    reading(own)
    kept = default_cache(tmp_path / "project")
    assert kept.folder.is_relative_to(home)
    assert kept.get("ab12") == {"one": b"1"}, "what a read-only project has is read"
    kept.put("cd34", {"two": b"2"})
    assert kept.get("cd34") == {"two": b"2"}
    assert Cache(own).get("cd34") is None
    for _ in range(2):
        reading(own, home)
        cache._elsewhere.cache_clear()
        assert default_cache(tmp_path / "project").folder.parent == temporary
        assert default_cache(tmp_path / "project").folder.parent == temporary
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3
    assert all("LOSSARY_CACHE names another" in line for line in told)

    monkeypatch.setenv("LOSSARY_CACHE", str(own))
    with pytest.raises(LossaryError, match="LOSSARY_CACHE names, cannot be written: Read-only"):
        default_cache()


def test_a_full_disk_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("", "utf-8")  # no entry can be put below a file
    jobs = [Job("inventory", f"{k:064}", str(k), {"project": "P", "titles": {}}) for k in range(7)]
    done: list[Job] = []
    with Workers(Cache(tmp_path / "cache"), 1) as workers:
        failures = workers.run(jobs, done.append)
    assert len(failures) == 1
    assert done == [], "the others were made in vain"
    assert isinstance(failures[0], Failure)
    assert failures[0].stage == FULL
    assert "cannot be written: " in failures[0].message
    assert "LOSSARY_CACHE" in failures[0].message


# --- other plugins --------------------------------------------------------------------------------------------------


def test_pages_survive_mkdocs_macros(project: Project) -> None:
    html = {path: path.read_text("utf-8") for path in project.site.rglob("*.html")}
    assert len(html) > 5
    assert not [path for path, text in html.items() if "Macro Syntax Error" in text]
    page = html[project.site / "losses" / "huber" / "index.html"]
    for braces in BRACES.replace("`", "").split(", "):
        assert f"<code>{braces}</code>" in page


def test_every_page_of_ours_asks_not_to_be_rendered(generated: dict[str, bytes]) -> None:
    pages = {path: data.decode() for path, data in generated.items() if path.endswith(".md")}
    assert any("{{" in text for text in pages.values())
    assert all(text.startswith("---\nrender_macros: false\n") for text in pages.values())


def test_an_address_without_its_last_slash(project: Project) -> None:
    """As mike sets it."""
    texts = {p: p.read_text("utf-8") for p in project.site.rglob("*") if p.suffix in (".html", ".json", ".txt", ".md")}
    assert sum(f"{LATEST}/figures/" in text for text in texts.values()) > 1
    assert not [path for path, text in texts.items() if re.search(rf"{LATEST}[\w.]", text)]
    assert json.loads(texts[project.site / "losses.json"])[0]["url"] == f"{LATEST}/losses/huber/"


@pytest.mark.parametrize("address", [LATEST, f"{LATEST}/"])
def test_the_picture_of_a_page_has_its_slash(address: str) -> None:
    base = "{% block htmltitle %}{% endblock %}{% block extrahead %}{% endblock %}"
    loader = jinja2.ChoiceLoader([
        jinja2.DictLoader({"base.html": base}),
        jinja2.FileSystemLoader(ROOT / "scripts" / "theme"),
    ])  # fmt: skip
    made = jinja2.Environment(loader=loader)
    made.filters["url"] = lambda path: path
    page = SimpleNamespace(title="Huber", meta={"image": "figures/huber/card.png"}, is_homepage=False)
    html = made.get_template("main.html").render(config=SimpleNamespace(site_url=address, site_name="L"), page=page)
    assert f'property="og:image" content="{LATEST}/figures/huber/card.png"' in html


@pytest.mark.parametrize(
    ("old", "new"),
    [("plugins:\n", "use_directory_urls: false\nplugins:\n"), ("  - gen-files:", "  - offline\n  - gen-files:")],
    ids=["setting", "plugin"],
)
def test_addresses_without_folders_are_refused(project: Project, old: str, new: str) -> None:
    text = (project.root / "mkdocs.yml").read_text("utf-8")
    (project.root / "other.yml").write_text(text.replace(old, new, 1), "utf-8")
    done = project.build("--site-dir", str(project.root / "other-site"), config="other.yml")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert said.count("leave out 'use_directory_urls: false', and the plugin 'offline'") == 1
    assert "Traceback" not in said
    assert "lossary: " not in said, "something was made"
    assert not list((project.root / "other-site").rglob("*.html"))


@NIGHTLY
@pytest.mark.long
def test_lossary_s_own_site_beside_other_plugins(copy: Callable[..., Copy]) -> None:
    """A copy with few losses, called from elsewhere."""
    mine = copy()
    (mine.root / "others.py").write_text(OTHERS, "utf-8")
    edit(mine.root / "mkdocs.yml", "  - scripts/hooks.py", "  - others.py\n  - scripts/hooks.py")
    away = mine.root.parent / "away"
    away.mkdir()
    shutil.copytree(mine.cache, mine.root / ".cache" / "lossary")
    command = ("-m", "mkdocs", "build", "--strict", "-f", str(mine.root / "mkdocs.yml"))
    succeeded(run(*command, cache=Path(), root=mine.root, cwd=away, LOSSARY_CACHE=""))
    assert list(away.iterdir()) == []
    html = [path.read_text("utf-8") for path in (mine.root / "site").rglob("*.html")]
    assert len(html) > 10
    assert any(f'content="{LATEST}/figures/mse/card.png"' in text for text in html)
    assert not [text for text in html if "Macro Syntax Error" in text or re.search(rf"{LATEST}[\w.]", text)]
    succeeded(mine.lossary("list"))
    edit(mine.root / "mkdocs.yml", "docs_dir: docs", "use_directory_urls: false\ndocs_dir: docs")
    done = run(*command, cache=Path(), root=mine.root, cwd=away, LOSSARY_CACHE="")
    assert done.returncode == 1
    assert "use_directory_urls: false" in done.stdout + done.stderr


# --- names of one's own ---------------------------------------------------------------------------------------------


def test_losses_called_like_lossary_s_own_are_others(project: Project) -> None:
    """No comparison says of them what it says of Lossary's."""
    index = json.loads((project.site / "plots" / "index.json").read_text("utf-8"))
    assert [one["slug"] for one in index["losses"]] == ["huber", "mse"]
    assert index["presets"] == []
    assert "delta" not in (project.site / "losses" / "huber" / "index.html").read_text("utf-8")


# --- on paper -------------------------------------------------------------------------------------------------------


def test_paper_is_white_though_the_screen_is_dark(project: Project, fresh: Callable[..., Any]) -> None:
    """Printed from a page that was turned dark, by its button or by the system."""
    with serving(project.site) as address:
        for path in ("", "losses/huber/", "compare/", "embed/huber/?theme=dark"):
            for system in ("dark", "light"):
                page = fresh(color_scheme=system)
                page.goto(address + path)
                # The choice is remembered: the button is pressed once.
                if not page.locator(":is(html, body)[data-md-color-scheme=slate]").count():
                    page.locator("label.md-header__button[for^=__palette]:visible").click()
                # The theme turns in a transition.
                until(lambda page=page: luminances(page)[1] < 60, f"{path} {system}: the screen is dark")
                page.emulate_media(media="print")
                until(lambda page=page: luminances(page)[0] < 60, f"{path} {system}: dark ink")
                until(lambda page=page: luminances(page)[1] > 240, f"{path} {system}: white paper")
                # What a picture follows that knows the reader's scheme.
                assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light", f"{path} {system}"


def luminances(page: Any) -> tuple[float, float]:
    """How bright text and paper are, from 0 to 255."""
    found: tuple[float, float] = page.evaluate(
        """() => {
            const bright = (text) => {
                const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
                return a === 0 ? 255 : 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const shown = getComputedStyle(document.querySelector(".md-typeset, main"));
            return [bright(shown.color), bright(getComputedStyle(document.body).backgroundColor)];
        }"""
    )
    return found
