"""This very site under other generators: ProperDocs as it is, Zensical from the exported pages. See decision 0022."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from website.conftest import Site
from website.tools import CACHE, NIGHTLY, ROOT, contents, differences, run, succeeded

pytestmark = pytest.mark.in_turns("mkdocs.yml", "scripts", "src/lossary/publishing")

GENERATOR = re.compile(rb'<meta name="generator" content="[^"]*">')
# What stands in for the theme's own search, which Zensical has not, and the plugins that it does not run.
SEARCH = re.compile(r"\{#- The search has.*?\{% endblock %\}\n", re.DOTALL)
PLUGINS = re.compile(r"^(  - gen-files:.*?)(?=^\w)|^(hooks|watch):.*?(?=^\w)", re.DOTALL | re.MULTILINE)


@NIGHTLY
def test_properdocs_builds_the_same_site(files: dict[str, bytes], tmp_path: Path) -> None:
    """Without a warning; only who made it is said otherwise."""
    command = (
        "-m",
        "properdocs",
        "build",
        "--strict",
        "-f",
        str(ROOT / "mkdocs.yml"),
        "--site-dir",
        str(tmp_path / "site"),
    )
    succeeded(run(*command, cache=CACHE))
    theirs = {path: GENERATOR.sub(b"", data) for path, data in contents(tmp_path / "site").items()}
    ours = {path: GENERATOR.sub(b"", data) for path, data in files.items()}
    assert differences(theirs, ours) == []


@NIGHTLY
def test_zensical_builds_the_exported_pages(site: Site, generated: dict[str, bytes], tmp_path: Path) -> None:
    """With formulas, figures, plots and every name of a loss in its search."""
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("decisions"))
    # Zensical's own index has the name of ours.
    for path, data in ((path, data) for path, data in generated.items() if path != "search.json"):
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_bytes(data)
    shutil.copytree(ROOT / "scripts" / "theme", tmp_path / "theme", ignore=shutil.ignore_patterns("search.html"))
    main = tmp_path / "theme" / "main.html"
    main.write_text(SEARCH.sub("", main.read_text("utf-8")), "utf-8")
    written = (ROOT / "mkdocs.yml").read_text("utf-8").replace("custom_dir: scripts/theme", "custom_dir: theme")
    (tmp_path / "mkdocs.yml").write_text(PLUGINS.sub("", written), "utf-8")
    done = run("-m", "zensical", "build", "-f", "mkdocs.yml", cache=CACHE, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # The one issue: a link to what mkdocstrings would have written.
    assert "1 issue found" in done.stdout + done.stderr
    search = json.loads((tmp_path / "site" / "search.json").read_text("utf-8"))
    said = {item["location"]: item["title"] + item["text"] for item in search["items"]}
    for entry in site.index:
        path = f"losses/{entry['slug']}/index.html"
        theirs, ours = ((folder / path).read_text("utf-8") for folder in (tmp_path / "site", site.folder))
        for mark in ("<math", "<lossary-plot", "assets/js/plot.js", "og:image"):
            assert theirs.count(mark) == ours.count(mark), f"{path}: {mark}"
        assert sorted(re.findall(r'src="[^"]*figures/[^"]+"', theirs)) == sorted(
            re.findall(r'src="[^"]*figures/[^"]+"', ours)
        )
        assert f'id="loss-{entry["slug"]}"' in theirs
        for name in entry["aliases"]:
            assert name in said[f"losses/{entry['slug']}/"].replace("&#x27;", "'"), f"{path}: {name}"
    for page in ("index.html", "compare/index.html", "families/robust/index.html", "libraries/index.html"):
        assert (tmp_path / "site" / page).is_file()
