"""Builds the same loss pages with two tools that run code for documentation, and holds our cost against theirs.

Markdown Exec draws figures inside MkDocs, sphinx-gallery builds a gallery of scripts. Each page of theirs evaluates one
criterion of torch with its gradient at as many points as a figure of ours has, prints a number and draws two plain
figures, each in one form and checked by nobody. They get a virtual environment of their own, on top of the project's.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv-bench"
TOOLS = ("markdown-exec==1.12.6", "sphinx-gallery==0.22.1", "pydata-sphinx-theme==0.24.0")
FIGURES = 2  # of each page
TARGET = 1.0  # ours over theirs, at most

# name: how torch makes it, the target, its formula
CRITERIA = {
    "L1Loss": ("", 0.0, r"|\hat y - y|"),
    "MSELoss": ("", 0.0, r"(\hat y - y)^2"),
    "HuberLoss": ("delta=1.0", 0.0, r"\min(\tfrac12 r^2, |r| - \tfrac12)"),
    "SmoothL1Loss": ("beta=0.5", 0.0, r"\min(r^2, |r| - \tfrac14)"),
    "BCEWithLogitsLoss": ("", 0.0, r"\log(1 + e^{x})"),
    "SoftMarginLoss": ("", 1.0, r"\log(1 + e^{-yx})"),
    "PoissonNLLLoss": ("", 0.0, r"e^x - yx"),
    "HingeEmbeddingLoss": ("", 1.0, r"x"),
}

EVALUATE = """
import torch
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
x = torch.linspace(-3, 3, 401, requires_grad=True)
criterion = torch.nn.{name}({options})
loss = criterion(x, torch.full_like(x, {target}))
(gradient,) = torch.autograd.grad(loss.sum(), x)
print(loss.mean().item())
"""

DRAW = """
figure, axes = plt.subplots()
axes.plot(x.detach().numpy(), {curve}.detach().numpy())
axes.set_title("{name}")
axes.set_xlabel("prediction")
axes.set_ylabel("{curve}")
axes.grid(True)
"""

SAVE = """
from io import StringIO
made = StringIO()
figure.savefig(made, format="svg")
plt.close(figure)
print(made.getvalue())
"""

MKDOCS = """
site_name: Losses
theme: {name: material, font: false}
markdown_extensions: [attr_list, pymdownx.superfences, {pymdownx.arithmatex: {generic: true}}]
plugins: [search%s]
"""

SPHINX = """
project = "Losses"
extensions = ["sphinx_gallery.gen_gallery"]
html_theme = "pydata_sphinx_theme"
sphinx_gallery_conf = {
    "examples_dirs": "examples", "gallery_dirs": "gallery", "filename_pattern": "/", "image_srcset": [],
}
"""


@dataclass(frozen=True)
class Page:
    """A page about one criterion: its formula, the code that evaluates it, and the code of each figure."""

    slug: str
    formula: str
    evaluate: str
    draw: tuple[str, ...]


@dataclass(frozen=True)
class Cost:
    """What a process took, in seconds by the clock and of all processors, and what it printed."""

    clock: float
    processor: float
    printed: str


def pages(count: int) -> Iterator[Page]:
    """So many pages, the criteria in turn."""
    names = list(CRITERIA)
    for k in range(count):
        name = names[k % len(names)]
        options, target, formula = CRITERIA[name]
        code = EVALUATE.format(name=name, options=f"reduction='none', {options}".removesuffix(", "), target=target)
        draw = tuple(DRAW.format(name=name, curve=curve) for curve in ("loss", "gradient"))
        yield Page(f"{name}_{k:03d}", formula, code, draw)


def write_mkdocs(folder: Path, count: int, run: bool) -> None:
    """The pages for MkDocs: with Markdown Exec, which runs them, or as they are, with figures left out."""
    session = ' exec="1" session="{}"' if run else ""
    write(folder / "mkdocs.yml", MKDOCS % (", markdown-exec" if run else ""))
    write(folder / "docs" / "index.md", "# Losses\n")
    for page in pages(count):
        text = f"# {page.slug}\n\n$$ {page.formula} $$\n\n```python{session.format(page.slug)}{page.evaluate}```\n"
        for draw in page.draw if run else ():
            text += f'\n```python html="1"{session.format(page.slug)}{draw}{SAVE}```\n'
        write(folder / "docs" / f"{page.slug}.md", text)


def write_gallery(folder: Path, count: int) -> None:
    """The pages as scripts for sphinx-gallery."""
    write(folder / "conf.py", SPHINX)
    write(folder / "index.rst", "Losses\n======\n\n.. toctree::\n\n   gallery/index\n")
    write(folder / "examples" / "GALLERY_HEADER.rst", "Losses\n======\n")
    for page in pages(count):
        head = f'r"""\n{page.slug}\n{"=" * len(page.slug)}\n\n.. math:: {page.formula}\n"""\n'
        write(folder / "examples" / f"{page.slug}.py", head + "\n# %%\n".join((page.evaluate, *page.draw)))


def write(path: Path, text: str) -> None:
    """Write a file, with the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def install() -> Path:
    """The peers' Python, in an environment that sees all that the project's own has; made where it is missing."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=False)
    own = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    write(Path(own) / "project.pth", f"{sysconfig.get_path('purelib')}\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *TOOLS], check=True)
    return python


def measured(*command: str | Path, folder: Path = ROOT) -> Cost:
    """Run a command and tell what it took; what it says is shown where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run([*map(str, command)], cwd=folder, text=True, capture_output=True)
    clock = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return Cost(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout)


def views(site: Path) -> int:
    """How many views a site of ours holds: its pictures, the three forms of each counted once."""
    pictures = [path for path in (site / "figures").rglob("*.svg") if not path.stem.endswith(("-light", "-dark"))]
    return len(pictures)


DRAWN = """
from lossary.discovery.catalogs import BUILT_IN, load, sources
from lossary.drawing import loss_views
from lossary.publishing import jobs
from lossary.publishing.worker import relax_garbage_collection
relax_garbage_collection()
made = [jobs.view_files("", view) for source in sources(BUILT_IN) for view in loss_views.views(load(source))]
print(len(made))
"""


def drawing() -> float:
    """Processor seconds for a view of a loss in all its forms, where one process makes them all from its start."""
    cost = measured(sys.executable, "-c", DRAWN)
    return cost.processor / int(cost.printed)


def rows(folder: Path, cold: float, site: Path, count: int = 0) -> list[tuple[str, str]]:
    """Build the peers' pages cold; what we take over what they take, to print.

    Args:
        folder: where to build.
        cold: seconds of our cold build.
        site: the site that it made.
        count: how many pages; by default so many that they have as many figures as we have views, so that what a
            process costs to start weighs alike.
    """
    python = install()
    count = count or views(site) // FIGURES
    write_mkdocs(folder / "bare", count, run=False)
    write_mkdocs(folder / "exec", count, run=True)
    write_gallery(folder / "gallery", count)
    bare = measured(python, "-m", "mkdocs", "build", "--quiet", folder=folder / "bare")
    executed = measured(python, "-m", "mkdocs", "build", "--quiet", folder=folder / "exec")
    gallery = measured(python, "-m", "sphinx", "-q", "-b", "html", ".", "html", folder=folder / "gallery")
    for made in ("exec/site", "gallery/html"):
        expect_figures(folder / made, count)
    ours, theirs = drawing(), (executed.processor - bare.processor) / (FIGURES * count)
    whole, each = cold / views(site), gallery.clock / (FIGURES * count)
    return [
        (
            "processor time of a view in all its forms",
            f"{ours * 1000:.0f} ms; Markdown Exec takes {theirs * 1000:.0f} for a figure in one: {held(ours, theirs)}",
        ),
        (
            "cold build for each view, checks included",
            f"{whole * 1000:.0f} ms; sphinx-gallery takes {each * 1000:.0f} for each figure: {held(whole, each)}",
        ),
    ]


def expect_figures(site: Path, count: int) -> None:
    """Make sure that a peer has drawn its figures, for a build that skips them is no measure."""
    if site.name == "site":
        found = sum(path.read_text("utf-8").count("<svg xmlns:xlink") for path in site.rglob("index.html"))
    else:
        found = len(list((site / "_images").glob("sphx_glr_*_00?.png")))
    if found != FIGURES * count:
        sys.exit(f"{site}: expected {FIGURES * count} figures, found {found}")


def held(ours: float, theirs: float) -> str:
    """A ratio against the target, in words."""
    verdict = "met" if ours <= TARGET * theirs else "not met"
    return f"{ours / theirs:.2f}; the target, at most {TARGET:.1f}, is {verdict}"


def main() -> None:
    """The comparison alone, with a cold build of ours."""
    parser = argparse.ArgumentParser(description=textwrap.dedent(__doc__ or ""))
    parser.add_argument("--pages", type=int, help="pages of each peer, rather than as many figures as we have views")
    count = parser.parse_args().pages or 0
    with tempfile.TemporaryDirectory(prefix="lossary-peers-") as name:
        folder = Path(name)
        os.environ.update(LOSSARY_CACHE=str(folder / "cache"), NO_MKDOCS_2_WARNING="1")
        cold = measured(sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder / "site")
        for label, value in rows(folder, cold.clock, folder / "site", count):
            print(f"{label}  {value}")


if __name__ == "__main__":
    main()
