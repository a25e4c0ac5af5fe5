"""Measures builds, cold, warm and against other tools', what one more loss costs, a slider's step and the search.

Speed is told as ratios of one run where a peer is named: they hold on any machine, busy or not.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import IO, Any
from unittest.mock import patch

from mkdocs.utils.yaml import yaml_load

import peers
import synthetic
from lossary.discovery.catalogs import BUILT_IN, sources
from lossary.publishing.site import articles, navigation

ROOT = Path(__file__).parent.parent
TARGET = 1.10  # warm build over bare build, at most
BUILDS = 6  # pairs of builds
MEMORY = Path("/dev/shm")  # where Linux keeps files in memory
LINES = 3000
DRAWINGS = 10
SLIDES = 200
MORE = 7  # losses that are added to see what one more costs
STEP_TARGET = 4  # milliseconds
WEIGHT_TARGET = 35  # KB
ANSWER_TARGET = 5  # milliseconds
INDEX_TARGET = 1.2  # KB a loss
JAVASCRIPT = ROOT / "docs" / "assets" / "js"
SEARCH_SCRIPTS = ("search.js", "ranking.js", "minisearch.js")
PLOT_SCRIPTS = ("d3.js", "chart.js", "curves.js", "settings.js", "plot.js")


def main() -> None:
    """Run everything once and print one table; slow is told, not punished."""
    with tempfile.TemporaryDirectory(prefix="lossary-bench-") as name:
        folder = Path(name)
        # A cache of its own: the cold build is cold, and the project's cache stays as it is.
        os.environ.update(LOSSARY_CACHE=str(folder / "cache"), NO_MKDOCS_2_WARNING="1")
        count = len(sources(BUILT_IN))
        cold = timed(lambda: mkdocs(ROOT / "mkdocs.yml", folder / "site"))
        bare_config = bare_project(folder / "bare")
        warm, bare = in_memory(
            lambda site: mkdocs(ROOT / "mkdocs.yml", site / "warm"), lambda site: mkdocs(bare_config, site / "bare")
        )
        ratio = median(w / b for w, b in zip(warm, bare, strict=True))
        start, rate = evaluation()
        drawing = drawn()
        steps = in_a_page(folder / "site", SLIDE, SLIDES)
        ready, *asked = in_a_page(folder / "site", ASK, questions())
        index = weight(folder / "site" / name for name in ("search.json", "search-pages.json"))
        peers_rows = peers.rows(folder / "peers", cold, folder / "site")
        build, tests = one_more(folder / "more")
        scripts = weight(JAVASCRIPT / name for name in PLOT_SCRIPTS)
    verdict = "met" if ratio <= TARGET else "not met"
    rows = [
        (f"cold build, {count} losses, {os.cpu_count()} cores", f"{cold:.1f} s, {cold / count:.1f} s a loss"),
        ("bare `mkdocs build` of the exported pages, into memory", f"{median(bare):.2f} s"),
        ("warm `mkdocs build`, into memory", f"{median(warm):.2f} s"),
        ("warm over bare", f"{ratio:.2f}, the median of {BUILDS} pairs; the target, at most {TARGET}, is {verdict}"),
        ("`lossary evaluate`, huber", f"{rate:,.0f} lines a second, after {start:.1f} s to start"),
        ("one figure as SVG in three forms", f"{drawing * 1000:.0f} ms"),
        *peers_rows,
        ("one more loss", f"{build:.1f} s of processor in a cold build, {tests:.1f} s in the laws of each day"),
        (
            f"one step of a slider, {SLIDES} steps at 401 points",
            f"median {median(steps):.2f} ms of script, at most {max(steps):.1f} ms; the target is {STEP_TARGET} ms",
        ),
        ("scripts of a loss page, gzipped", f"{scripts / 1000:.1f} KB; the target is {WEIGHT_TARGET} KB"),
        (
            f"an answer of the search, {len(asked)} questions",
            f"median {median(asked):.1f} ms, at most {max(asked):.1f} ms; the target is {ANSWER_TARGET} ms; "
            f"{ready:.0f} ms to get ready",
        ),
        (
            "the search's index, gzipped",
            f"{index / 1000:.1f} KB, {index / 1000 / count:.2f} KB a loss; the target is {INDEX_TARGET} KB a loss",
        ),
        (
            "the search's scripts, gzipped",
            f"{weight(JAVASCRIPT / name for name in SEARCH_SCRIPTS) / 1000:.1f} KB",
        ),
    ]
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        print(f"{label:<{width}}  {value}")


def one_more(folder: Path) -> tuple[float, float]:
    """Processor seconds that one more loss costs in a cold build and in the everyday laws, the start of both aside.

    Measured on a copy of the project with synthetic losses: the build of one of them, of all, and likewise the tests.
    """
    synthetic.copy(folder)
    slugs = [slug for copies in synthetic.add(folder, MORE).values() for slug in copies]
    synthetic.finish(folder)
    os.environ["PYTHONPATH"] = str(folder / "src")
    made = [peers.measured(sys.executable, "-c", MADE, *chosen, folder=folder) for chosen in (slugs[:1], slugs)]
    tried = [
        peers.measured(sys.executable, "-m", "pytest", f"--losses={','.join(chosen)}", *synthetic.LAWS, folder=folder)
        for chosen in (slugs[:1], slugs)
    ]
    del os.environ["PYTHONPATH"]
    build, tests = ((more.processor - one.processor) / (MORE - 1) for one, more in (made, tried))
    return build, tests


# Makes all files of some losses.
MADE = """
import sys
from lossary.discovery.catalogs import BUILT_IN, sources
from lossary.publishing import jobs
for source in sources(BUILT_IN):
    if source.slug in sys.argv:
        jobs.loss_files({"slug": source.slug, "family": source.family, "path": str(source.path), "shown": source.shown})
"""


def in_memory(one: Callable[[Path], object], other: Callable[[Path], object]) -> tuple[list[float], list[float]]:
    """How long two builds take that write into a folder, which is one in memory where the system has such.

    A disk on which each build replaces thousands of files gets slower by half within minutes, whoever writes them.
    """
    memory = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2**30 else None
    with tempfile.TemporaryDirectory(prefix="lossary-bench-", dir=memory) as name, patch.dict(os.environ, TMPDIR=name):
        return pairs(lambda: one(Path(name)), lambda: other(Path(name)))


def pairs(one: Callable[[], object], other: Callable[[], object]) -> tuple[list[float], list[float]]:
    """How long two calls take, in pairs of neighbours, each pair in the other order than the one before."""
    times: tuple[list[float], list[float]] = [], []
    for k in range(BUILDS):
        for which in (0, 1) if k % 2 else (1, 0):
            times[which].append(timed((one, other)[which]))
    return times


def timed(work: Callable[[], object]) -> float:
    """How long a call takes, in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(*command: str) -> None:
    """Run a Python module quietly; what it says is shown only where it fails."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def mkdocs(config: Path, site: Path) -> None:
    """One build, as a process of its own."""
    run("mkdocs", "build", "--quiet", "--config-file", str(config), "--site-dir", str(site))


def bare_project(folder: Path) -> Path:
    """The same site as plain files: exported pages beside the written ones, without generator and its hooks.

    Returns:
        The path of its configuration, which is the project's own in all that is left.
    """
    pages = folder / "docs"
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("decisions"))
    run("lossary", "export", "--out", str(pages))
    with (ROOT / "mkdocs.yml").open("rb") as file:
        config: dict[str, Any] = yaml_load(file)
    for key in ("watch", "exclude_docs"):
        config.pop(key, None)
    # The reference of the Python interface is a page like another, which both builds read out of the sources.
    config["hooks"] = [str(ROOT / hook) for hook in config["hooks"] if "reference" in hook]
    for plugin in config["plugins"]:
        if "mkdocstrings" in plugin:
            plugin["mkdocstrings"]["custom_templates"] = str(ROOT / plugin["mkdocstrings"]["custom_templates"])
    config["docs_dir"] = str(pages)
    config["theme"]["custom_dir"] = str(ROOT / config["theme"]["custom_dir"])
    config["plugins"] = [plugin for plugin in config["plugins"] if "gen-files" not in plugin]
    config["nav"] = [*navigation(), *articles(), "python.md", "use-in-docs.md", "about.md"]
    path = folder / "mkdocs.yml"
    path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    return path


def evaluation() -> tuple[float, float]:
    """How long `lossary evaluate` takes to its first answer, and how many lines a second it answers from then on."""
    request = {
        "slug": "huber",
        "parameters": {"delta": 0.5},
        "inputs": {"input": [0.1, -2.0, 3.0, 0.4], "target": [0.0, 0.5, 1.0, 0.0]},
    }
    line = json.dumps(request) + "\n"
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "lossary", "evaluate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        if "error" in answer:
            sys.exit(f"lossary evaluate: {answer['error']}")
        first = time.perf_counter()
        feeder = threading.Thread(target=feed, args=(process.stdin, line * LINES))
        feeder.start()
        answered = sum(1 for _ in process.stdout)
        seconds = time.perf_counter() - first
        feeder.join()
    if answered != LINES:
        sys.exit(f"lossary evaluate answered {answered} of {LINES} lines")
    return first - start, LINES / seconds


def feed(stream: IO[str], text: str) -> None:
    """Write everything and close."""
    with stream:
        stream.write(text)


def drawn() -> float:
    """Seconds for drawing one figure whose curve is known already."""
    import lossary

    figure = lossary.get("huber").figure("loss")
    figure.svg()  # fonts are loaded once
    return min(timed(figure.svg) for _ in range(DRAWINGS))


SLIDE = """async (count) => {
  await customElements.whenDefined("lossary-plot");
  while (!document.querySelector("lossary-plot[data-ready]")) await new Promise(requestAnimationFrame);
  const slider = document.querySelector("lossary-plot input[type=range]");
  const [low, high] = [Number(slider.min), Number(slider.max)];
  const took = [];
  for (let k = 0; k < count; k += 1) {
    slider.value = low + ((high - low) * ((k * 7) % count)) / count;
    const start = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    took.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  return took;
}"""


# Answers of the search's worker, from question to result, in the theme's own words.
ASK = """async (questions) => {
  const worker = new Worker(JSON.parse(document.getElementById("__config").textContent).search);
  const told = () => new Promise((done) => worker.addEventListener("message", done, { once: true }));
  worker.postMessage({ type: 0, data: { config: {}, docs: [], options: { suggest: true } } });
  const begun = performance.now();
  await told();
  const took = [performance.now() - begun];
  for (const question of questions) {
    const start = performance.now();
    worker.postMessage({ type: 2, data: question });
    await told();
    took.push(performance.now() - start);
  }
  return took;
}"""


def in_a_page(site: Path, script: str, argument: Any) -> list[float]:
    """What a script of a loss page measures, in milliseconds."""
    from playwright.sync_api import sync_playwright

    from browser import find

    handler = functools.partial(QuietHandler, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find(), args=alone)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"http://127.0.0.1:{server.server_port}/losses/huber/")
            took: list[float] = page.evaluate(script, argument)
            browser.close()
    finally:
        server.shutdown()
    return took


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


def questions() -> list[str]:
    """What the tests ask the search."""
    lines = (ROOT / "tests" / "queries.tsv").read_text("utf-8").splitlines()
    return [line.split("\t")[0] for line in lines[1:]]


def weight(files: Iterable[Path]) -> int:
    """Bytes of files, each gzipped."""
    return sum(len(gzip.compress(file.read_bytes(), 9, mtime=0)) for file in files)


if __name__ == "__main__":
    main()
