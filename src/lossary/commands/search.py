"""Answers `lossary search`: runs the ranking of the site's search on the index of a catalog."""

from __future__ import annotations

import json
from collections.abc import Sequence

from py_mini_racer import MiniRacer

from lossary.declaration.values import JsonObject
from lossary.discovery.catalogs import catalog as load
from lossary.discovery.catalogs import families, sources
from lossary.publishing import assets, search_index
from lossary.publishing.record import spoken

# What the site's worker loads.
_SCRIPTS = ("assets/js/minisearch.js", "assets/js/ranking.js")
_ASK = """
(text) => JSON.stringify(ranking.search(text).map(({ loss, score, places }) => ({
  slug: loss.slug,
  title: loss.title,
  summary: loss.summary,
  score,
  places: places.map(([k, score]) => ({ anchor: loss.places[k][0], title: loss.places[k][1], score })),
})))
"""


def answers(questions: Sequence[str], catalog: str | None = None) -> list[list[JsonObject]]:
    """For each question the losses that answer it, best first, as the site's search ranks them.

    Each has its score and the places on its page that answer; one with a score above the loss's own was asked for.
    """
    named = families(sources(catalog))
    losses = [spoken(loss, named[loss.family].title) for loss in load(catalog).values()]
    index = search_index.written(search_index.index(losses)).decode()
    scripts = dict(assets.files())
    # Closed by us: an engine that is left to the end of the program may wait for itself there.
    with MiniRacer() as engine:
        for path in _SCRIPTS:
            engine.eval(scripts[path].decode())
        engine.eval(f"const ranking = new Ranking({index});")
        return [json.loads(str(engine.eval(f"({_ASK})({json.dumps(text)})"))) for text in questions]


def lines(found: Sequence[JsonObject], most: int) -> list[str]:
    """The answers as people read them: a loss a line, and below it where on its page the answer stands."""
    shown = found[:most]
    width = max((len(one["slug"]) for one in shown), default=0)
    told = []
    for one in shown:
        told.append(f"{one['slug']:<{width}}  {one['title']}: {one['summary']}")
        told += [f"{'':<{width}}    {p['title']}" for p in one["places"] if p["score"] > one["score"]]
    return told
