"""The command line: a thin layer of words over the Python interface."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lossary.commands import legible
from lossary.discovery.catalogs import BUILT_IN, families, sources
from lossary.errors import LossaryError, shown

CATALOG = click.option(
    "--catalog",
    "-c",
    metavar="M",
    help="A package or a folder of losses; by default Lossary's own and all installed.",
)
SETTINGS = click.option("--set", "-s", "settings", multiple=True, metavar="NAME=VALUE[,VALUE…]", help="A parameter.")
THEME = click.option("--theme", type=click.Choice(["light", "dark", "auto"]), default="auto", show_default=True)
SIZE = click.option("--size", metavar="WxH", help="Width and height in CSS pixels.")
SET = "--set "  # how messages write a parameter
SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    envvar="LOSSARY_SCHEDULER",
    default="",
    help="A dask scheduler, whose workers evaluate, check and draw; needs lossary[dask].",
)
OUTPUT = click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="F.svg, F.png or F.pdf.")


class _Group(click.Group):
    """Turns an error that is meant for people into one line and exit code 1, in whatever encoding the output has."""

    def main(self, *args: Any, **more: Any) -> Any:
        legible.install()  # before anything is printed, the help too
        return super().main(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LossaryError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            # The reader of a pipe, such as `head`, has seen enough.
            sys.stderr.close()
            return None
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lossary", prog_name="lossary")
def main() -> None:
    """Lossary, the glossary of loss functions."""


@main.command("list")
@click.option("--family", help="Only this family.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@CATALOG
def list_losses(family: str | None, as_json: bool, catalog: str | None) -> None:
    """Show the losses: slug, title, family and summary."""
    from lossary.api import catalog as load

    names = families(sources(catalog))
    if family is not None and family not in names:
        raise LossaryError(f"no family {shown(family)}; the families are: {', '.join(names)}")
    chosen = [loss for loss in load(catalog).values() if family in (None, loss.family)]
    if as_json:
        rows = [{"slug": x.slug, "title": x.title, "family": x.family, "summary": x.summary} for x in chosen]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    width = max((len(loss.slug) for loss in chosen), default=0)
    wide = max((len(loss.title) for loss in chosen), default=0)
    broad = max((len(loss.family) for loss in chosen), default=0)
    for loss in chosen:
        click.echo(f"{loss.slug:<{width}}  {loss.title:<{wide}}  {loss.family:<{broad}}  {loss.summary}")


@main.command()
@click.argument("slug")
@CATALOG
def show(slug: str, catalog: str | None) -> None:
    """Show a card of one loss, by its slug or any other name."""
    from lossary.commands.terminal_card import print_card
    from lossary.discovery.lookup import find

    print_card(find(slug, catalog))


@main.command()
@click.argument("words", nargs=-1, required=True)
@click.option("-n", "--number", type=click.IntRange(1), default=5, show_default=True, help="How many answers at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list, with scores and places on the pages.")
@CATALOG
def search(words: Sequence[str], number: int, as_json: bool, catalog: str | None) -> None:
    """Find losses as the site's search does: by a name, an idea, a task or an error message; exit 1 if none answers."""
    from lossary.commands.search import answers, lines

    (found,) = answers([" ".join(words)], catalog)
    if as_json:
        click.echo(json.dumps(found[:number], ensure_ascii=False, indent=1))
    elif not found:
        raise LossaryError(f"nothing answers {shown(' '.join(words))}; `lossary list` shows all losses")
    for line in [] if as_json else lines(found, number):
        click.echo(line)


@main.command()
@CATALOG
def evaluate(catalog: str | None) -> None:
    """Answer JSON Lines on standard input with JSON Lines on standard output; exit 1 if every line failed.

    What torch warns of stands in the answer, as "warnings", and on standard error.
    """
    from functools import cache

    from lossary.api import Loss, get
    from lossary.commands.json_lines import answers

    @cache
    def find(slug: str) -> Loss:
        return get(slug, catalog)

    # Bytes that are no text spoil their own line and not the next.
    lines = (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
    asked = answered = False
    for answer in answers(lines, find, lambda words: click.echo(f"warning: {words}", err=True)):
        asked, answered = True, answered or "error" not in json.loads(answer)
        click.echo(answer)
    if asked and not answered:
        sys.exit(1)


@main.command()
@click.argument("slug")
@click.option("--view", default="loss", show_default=True, help="loss, gradient, curvature, sweep, card, thumb, …")
@SETTINGS
@THEME
@SIZE
@OUTPUT
@CATALOG
def figure(
    slug: str, view: str, settings: Sequence[str], theme: Any, size: str | None, output: str, catalog: str | None
) -> None:
    """Draw one figure of a loss."""
    from lossary.api import get
    from lossary.embedding import option_text

    loss = get(slug, catalog)
    given = option_text.settings(loss.declaration, option_text.entries(settings, SET), SET)
    loss.figure(view, given, theme=theme, size=_size(size)).save(output)


@main.command()
@click.argument("slugs", nargs=-1, required=True)
@click.option("--view", type=click.Choice(["loss", "gradient", "curvature"]), default="loss", show_default=True)
@SETTINGS
@THEME
@SIZE
@OUTPUT
@CATALOG
def compare(
    slugs: Sequence[str],
    view: str,
    settings: Sequence[str],
    theme: Any,
    size: str | None,
    output: str,
    catalog: str | None,
) -> None:
    """Lay losses that share an axis over each other; `--set huber.delta=2`, or `--set delta=2` for all that have it.

    With --catalog, Lossary's own losses can still be named beside those of the catalog.
    """
    from lossary.api import Loss, compare
    from lossary.discovery.lookup import beside
    from lossary.embedding import option_text

    losses = [beside(slug, catalog) for slug in slugs]
    texts = option_text.shared(losses, option_text.entries(settings, SET), SET)
    given = {
        f"{loss.slug}.{name}": value
        for loss, own in zip(losses, texts, strict=True)
        for name, value in option_text.settings(loss, own, SET).items()
    }
    compare(*map(Loss, losses), view=view, parameters=given, theme=theme, size=_size(size)).save(output)


@main.command()
@click.argument("slugs", nargs=-1)
@click.option(
    "--write",
    is_flag=True,
    help="Run the snippets of each docstring first, and write what they print into the file.",
)
@SCHEDULER
@CATALOG
def check(slugs: Sequence[str], write: bool, scheduler: str, catalog: str | None) -> None:
    """Run every check on losses and report each; exit 1 if any fails."""
    from lossary.commands.checking import run

    found = sources(catalog)
    if not found:
        raise LossaryError(f"the catalog {shown(catalog)} holds no losses: a loss is a file <family>/<slug>.py in it")
    known = [source.slug for source in found]
    for slug in slugs:
        if slug not in known:
            from lossary.discovery.lookup import unknown

            raise unknown(slug, catalog)
    chosen = [source for source in found if not slugs or source.slug in slugs]
    failures = run(chosen, found, write, scheduler, click.echo)
    for failure in failures:
        click.echo(f"\n{failure}", err=True)
    click.echo(f"\n{len(chosen)} checked, {len({f.path for f in failures})} failed")
    if failures:
        sys.exit(1)


@main.command()
@click.argument("slug")
@click.option("--family", required=True, help="The folder that the file goes to.")
@CATALOG
def new(slug: str, family: str, catalog: str | None) -> None:
    """Write a commented starting file for a new loss, which already passes `check`."""
    from lossary.commands.starter import write

    click.echo(f"wrote {write(slug, family, catalog or BUILT_IN)}")


@main.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--beside", is_flag=True, help="Write into a folder with files of yours; none is overwritten.")
def init(folder: str, beside: bool) -> None:
    """Start a MkDocs site for losses of your own: its configuration, the script, and one sample loss."""
    from lossary.commands.init import start

    count = len(start(Path(folder), beside))
    click.echo(f"wrote {count} files to {folder}; preview them with:\n\n  cd {folder}\n  mkdocs serve")


@main.command()
@click.option("--out", required=True, type=click.Path(file_okay=False), help="The folder to fill.")
@click.option("--jobs", type=click.IntRange(1), help="How many processes; all cores by default.")
@SCHEDULER
@CATALOG
def export(out: str, jobs: int | None, scheduler: str, catalog: str | None) -> None:
    """Write the generated Markdown, figures and data as plain files, for any site generator."""
    import os

    from lossary.publishing.progress import console
    from lossary.publishing.site import Build, site

    build = Build(catalog=catalog, address=os.environ.get("SITE_URL", ""), progress=console(), scheduler=scheduler)
    if jobs:
        build.processes = jobs
    count = 0
    for path, data in site(build):
        target = Path(out) / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:
            raise LossaryError(f"{target} cannot be written: {error.strerror}") from error
        count += 1
    click.echo(f"wrote {count} files to {out}")


@main.command()
@click.argument("site", type=click.Path(exists=True, file_okay=False))
def policy(site: str) -> None:
    """Print a strict Content-Security-Policy for a built site, for the header that its host sends."""
    from lossary.commands.content_policy import policy as written

    click.echo(written(Path(site)))


def _size(text: str | None) -> tuple[int, int] | None:
    from lossary.embedding import option_text

    return option_text.size(text, "--size ") if text is not None else None
