"""Checks one loss and says of each check whether it held, in lines for people; it keeps nothing of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lossary.declaration.values import JsonObject
from lossary.discovery.catalogs import Source, load
from lossary.discovery.links import links
from lossary.errors import CatalogError, Failure
from lossary.evaluation.torch_calls import defaults_kept
from lossary.verification import output_fences
from lossary.verification.checks import CHECKS, verify


def check_files(payload: Mapping[str, Any]) -> dict[str, bytes]:
    """A worker's job: the report as JSON, for the process that asked."""
    source = Source(payload["slug"], payload["family"], Path(payload["path"]), payload["shown"])
    return {"report.json": json.dumps(report(source, payload["write"])).encode()}


def report(source: Source, write: bool) -> JsonObject:
    """The lines to print, the failures, and the names and links that are to be seen among those of the other losses.

    Args:
        source: the loss.
        write: whether what its snippets print is written into the file first.
    """
    written, failures = _write_outputs(source) if write else ([], [])
    aliases: tuple[str, ...] = ()
    linked: list[tuple[str, str]] = []
    try:
        with defaults_kept(source.shown):
            loss = load(source)
            aliases, linked = loss.aliases, links(loss.prose)
            evidence, found = verify(loss)
    except CatalogError as error:
        lines = [source.slug, "  failed  load"]
        failures += error.failures
    else:
        failures += found
        settings = f"{evidence.settings} setting{'s' * (evidence.settings != 1)}"
        lines = [
            f"{loss.slug}: {evidence.points:,} points at {settings}, largest relative difference "
            f"{evidence.max_error_value:.1e} in the value, {evidence.max_error_gradient:.1e} in the gradient",
            f"  the formula's values are enclosed to within {evidence.formula_radius:.1e} of themselves",
        ]
        if evidence.undecided:
            lines.append(f"  {evidence.undecided} slopes on kinks were left out: no enclosure can tell the side")
        lines += [f"  {'ok    ' if name in evidence.passed else 'failed'}  {name}" for name in CHECKS]
    return {
        "lines": [*written, *lines],
        "failures": [dataclasses.asdict(failure) for failure in failures],
        "aliases": list(aliases),
        "links": [list(link) for link in linked],
    }


def _write_outputs(source: Source) -> tuple[list[str], list[Failure]]:
    """Write what the snippets of a loss print into its file, unless that belongs to an installed package."""
    if {"site-packages", "dist-packages"} & {*source.path.parts}:
        return [], []
    try:
        changed = output_fences.write(source.path)
    except SyntaxError:  # to load the file says it with its line
        return [], []
    except ValueError as error:
        return [], [Failure(source.shown, "outputs", str(error))]
    return [f"wrote the outputs of the snippets into {source.shown}"] if changed else [], []
