"""`lossary export`: plain Markdown, figures and data, complete and fit for any site generator; all or nothing."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path

from lossary.commands.starter import write
from lossary.discovery.catalogs import sources
from website.tools import ADDRESS, CACHE, NIGHTLY, contents, differences, run, succeeded

SLUGS = [source.slug for source in sources()]


def test_the_export_is_complete(generated: dict[str, bytes]) -> None:
    expected = {"index.md", "original-post.md", "losses.json", "losses.schema.json", "objects.inv", "llms.txt"}
    expected |= {f"losses/{slug}.md" for slug in SLUGS}
    expected |= {f"families/{source.family}/index.md" for source in sources()}
    expected |= {f"figures/{slug}/{view}{form}.svg" for slug in SLUGS for view in ("loss", "gradient", "card", "thumb")
                 for form in ("", "-light", "-dark")}  # fmt: skip
    expected |= {f"figures/{slug}/{name}" for slug in SLUGS for name in ("card.png", "card-dark.png", "loss.csv")}
    assert expected <= set(generated)
    assert not [path for path in generated if path.startswith("/") or ".." in path or "\\" in path]
    assert all(generated.values()), "an empty file"
    for entry in json.loads(generated["losses.json"]):
        assert [url for url in entry["figures"] if url not in generated] == []


def test_links_between_exported_files_hold(generated: dict[str, bytes]) -> None:
    count = 0
    for path, data in generated.items():
        if not path.endswith(".md"):
            continue
        # Code and scripts have brackets of their own.
        code = r"^( *)```.*?^\1```|<script>.*?</script>"
        text = re.sub(code, "", data.decode(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text):
            count += 1
            assert posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) in generated, f"{path}: {target}"
        assert "[[" not in re.sub(r"`[^`]*`|\$[^$]*\$", "", text), f"{path}: a link is not resolved"
    assert count > 100


def test_pages_begin_with_plain_front_matter(generated: dict[str, bytes]) -> None:
    for path, data in generated.items():
        if path.endswith(".md"):
            found = re.match(r"---\n(.*?)\n---\n", data.decode(), re.DOTALL)
            assert found, path
            fields = dict(line.split(": ", 1) for line in found[1].splitlines() if re.match(r"\w+: ", line))
            assert {"title", "description"} <= set(fields), path
            assert json.loads(fields["title"]) if fields["title"].startswith('"') else fields["title"]


def test_export_writes_what_it_says(generated: dict[str, bytes], tmp_path: Path) -> None:
    """From any folder, with the cache of before, also over an earlier export."""
    out = tmp_path / "out"
    for _ in range(2):
        done = run("-m", "lossary", "export", "--out", str(out), cache=CACHE, cwd=tmp_path)
        assert succeeded(done) == f"wrote {len(generated)} files to {out}\n"
        assert differences(contents(out), generated) == []
    done = run("-m", "lossary", "export", "--out", str(tmp_path / "x"), cache=CACHE, cwd=tmp_path, SITE_URL=ADDRESS)
    succeeded(done)
    assert f"{ADDRESS}figures/huber/card.png" in (tmp_path / "x" / "losses" / "huber.md").read_text("utf-8")
    assert json.loads((tmp_path / "x" / "losses.json").read_text("utf-8"))[0]["url"].startswith(ADDRESS)


@NIGHTLY
def test_a_failing_catalog_exports_nothing(tmp_path: Path) -> None:
    for slug in ("one", "other"):
        path = write(slug, "toy", str(tmp_path / "mine"))
        path.write_text(path.read_text("utf-8").replace("loss = Loss(", "loss = Lost("), "utf-8")
    write("third", "toy", str(tmp_path / "mine"))
    done = run(
        "-m", "lossary", "export", "--catalog", str(tmp_path / "mine"), "--out", str(tmp_path / "out"),
        cache=tmp_path / "cache", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    head, _, rest = done.stderr.partition("Error: ")
    assert all(line.startswith("lossary: ") for line in head.splitlines())
    lines = rest.splitlines()
    assert lines[0] == "2 failures in the catalog:"
    for line, slug in zip(lines[1:], ("one", "other"), strict=True):
        assert re.match(rf"  {re.escape(str(tmp_path))}/mine/toy/{slug}\.py: load: line \d+: NameError", line)
    assert not (tmp_path / "out").exists()
