"""Makes what costs time: a loss's evidence, record and figures, overlays, articles, the inventory, the questions.

Each function takes plain JSON values and returns named files; the worker calls them in processes of their own.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sphobjinv

from lossary.declaration.choosing import QUESTIONS, Question
from lossary.declaration.loss import Loss
from lossary.declaration.sections import RESIDUAL, axes
from lossary.declaration.values import JsonObject
from lossary.declaration.vocabulary import TAKES, TASKS
from lossary.discovery.catalogs import Source, declared, families, load
from lossary.discovery.dependencies import measured
from lossary.drawing import loss_views, render, together
from lossary.drawing.pictures import Chart, Picture, Table, Trace, View
from lossary.errors import RAISED, CatalogError, Failure, told
from lossary.evaluation.curves import curve
from lossary.evaluation.points import POINTS
from lossary.evaluation.torch_calls import defaults_kept
from lossary.interactive.module import plot
from lossary.publishing.article import run as run_article
from lossary.publishing.record import record
from lossary.verification.checks import verify
from lossary.verification.expected_loss import skewed_sample

Files = dict[str, bytes]
# What a job is given. It comes from another process, as JSON.
Payload = Mapping[str, Any]

PUSHED = 5  # targets that the reader of the home page moves, from the largest down


def _source(payload: Payload) -> Source:
    return Source(payload["slug"], payload["family"], Path(payload["path"]), payload["shown"])


def loss_files(payload: Payload) -> Files:
    """Verify one loss; its record as JSON and all its figures.

    Raises:
        CatalogError: with all that is wrong with the loss.
    """
    source = _source(payload)
    with defaults_kept(source.shown):
        loss = load(source)
        evidence, failures = verify(loss)
    if failures:
        raise CatalogError(failures)
    try:
        views = loss_views.views(loss)
        files = {k: v for view in views for k, v in view_files(f"figures/{loss.slug}", view).items()}
    except RAISED as error:
        raise CatalogError([Failure(loss.path, "figure", told(error))]) from error
    title = families([source])[source.family].title
    made = record(loss, evidence, views, title, measured(source))
    files[f"plots/{loss.slug}.js"] = plot(loss).module.encode()
    return {"record.json": json.dumps(made, ensure_ascii=False).encode(), **files}


# Papers and lectures take a PDF: LaTeX reads no SVG. Cards and thumbnails are for pages.
NOT_PRINTED = ("card", "thumb")


def view_files(folder: str, view: View) -> Files:
    """All published forms of a view."""
    files = picture_files(folder, view.name, view.picture, view.table)
    if view.name not in NOT_PRINTED:
        files[f"{folder}/{view.name}.pdf"] = render.pdf(view.picture)
    if view.name == "card":
        files[f"{folder}/card.png"] = render.png(view.picture)
        files[f"{folder}/card-dark.png"] = render.png(view.picture, "dark")
    return files


def picture_files(folder: str, name: str, picture: Picture, table: Table | None) -> Files:
    """A picture as its three SVGs, and its numbers as CSV."""
    forms = render.svg(picture)
    files = {f"{folder}/{name}.svg": forms["auto"]}
    files |= {f"{folder}/{name}-{theme}.svg": forms[theme] for theme in ("light", "dark")}
    return files | ({f"{folder}/{name}.csv": table.csv()} if table else {})


def family_files(payload: Payload) -> Files:
    """The figures of a family: the curves of its losses along each axis that they share, then figures of its own.

    Losses that the members' relations name join as context, where they share the axis.

    Raises:
        CatalogError: where what the family declares cannot be drawn.
    """
    members = [load(_source(s)) for s in payload["members"]]
    context = [load(_source(s)) for s in payload["context"]]
    family = families([_source(s) for s in payload["members"]])[payload["name"]]
    shown = declared(family)
    counts = {
        name: sum(any(s.axis.name == name for s in m.sections) for m in members)
        for name in axes(s for m in members for s in m.sections)
    }
    most = max(counts.values(), default=0)
    files: Files = {}
    figures = []
    folder = f"figures/families/{payload['name']}"
    for axis in (name for name, count in counts.items() if count and (count > 1 or most == 1)):
        for which in shown.curves:
            shared = together.shared_axis(members, context, axis, which, shown.span if axis == RESIDUAL.name else None)
            if shared:
                fixed = together.fixed_note(members, shared.axis)
                made, figure = _shared_axis_files(f"{folder}/{axis}-{which}", shared, fixed)
                files |= made
                figures.append(figure)
    names = {one.name for one in shown.figures}
    if strange := [(m, name) for m in members for name in m.side_by_side if name not in names]:
        told = ", ".join(sorted(names)) or "none"
        raise CatalogError(
            [
                Failure(m.path, "figure", f"side_by_side: the family has no figure {name!r}; it has {told}")
                for m, name in strange
            ]
        )
    for one in (one for one in shown.figures if any(one.name in m.side_by_side for m in members)):
        charts, table = together.side_by_side(one, members)
        for number, (shown_here, chart) in enumerate(charts, 1):
            name = f"{one.name}-{number}" if number > 1 else one.name
            files |= picture_files(folder, name, chart, table if number == 1 else None)
            calls = [{"slug": m.slug, "title": m.title, "call": m.side_by_side[one.name]} for m in shown_here]
            caption = f"{one.caption} {one.look.words}" if one.look else one.caption
            words = {"title": chart.title, "caption": caption, "calls": calls}
            figures.append({**_image(f"{folder}/{name}", chart), **words})
    return {"figures.json": json.dumps(figures).encode(), **files}


def _shared_axis_files(place: str, shared: together.SharedAxis, fixed: str) -> tuple[Files, JsonObject]:
    """Losses on one axis: in one chart as long as they can be told apart there, else in a small one each."""
    folder, _, name = place.rpartition("/")
    what = "weight, the gradient over the residual," if shared.which == "weight" else shared.which
    told = f"The {what} along the {shared.axis.quantity}, each loss at its defaults."
    if shared.which == "loss" and fixed:
        told += f" {fixed}"
    if len(shared.members) <= together.MOST_TOGETHER:
        chart = shared.overlay()
        grey = " Grey: related losses of other families." if shared.context else ""
        return picture_files(folder, name, chart, shared.table()), {**_image(place, chart), "caption": told + grey}
    files: Files = {f"{place}.csv": shared.table().csv()}
    behind = shared.behind()
    files |= picture_files(folder, f"{name}-behind", behind, None)
    panels = []
    for slug, chart in shared.multiples().items():
        files |= picture_files(place, slug, chart, None)
        panels.append({**_image(f"{place}/{slug}", chart), "slug": slug, "title": shared.members[slug].label})
    landmarks = together.listed([t.label for t in shared.landmarks.values()])
    grey = "Grey, behind each: all the others" + (f"; dashed: {landmarks}." if landmarks else ".")
    words = {"title": shared.title, "caption": f"{told} {grey}", "behind": f"{place}-behind.svg", "panels": panels}
    return files, words


def _image(place: str, chart: Chart) -> JsonObject:
    width, height = chart.size
    return {"src": f"{place}.svg", "alt": chart.description, "width": width, "height": height}


def hero_files(payload: Payload) -> Files:
    """The picture of the home page: the same skewed sample, and what each loss calls its centre."""
    losses = [load(_source(s)) for s in payload["members"]]
    chosen: dict[str, Loss] = {}
    # Of two losses with the same centre the plainer one stands for both.
    for loss in sorted(losses, key=lambda one: (len(one.inputs), len(one.parameters), one.slug)):
        found = loss.properties.get("elicits")
        if isinstance(found, str) and loss.main.axis.name == "residual":
            chosen.setdefault(found, loss)
    sample = skewed_sample("real", 15) * 0.5
    frame = {"x": (-0.25, 3.6), "y": (0.85, 3.0)}
    t = np.linspace(-0.2, 3.55, POINTS)
    traces, marks, told, moved = [], [], [], []
    for k, (name, loss) in enumerate(chosen.items()):
        risk = np.mean([curve(loss, loss.main, t, None, float(y)).loss for y in sample], axis=0)
        # Each expected loss in units of its own least value: only where it is least counts here.
        scaled = risk / risk.min()
        best = int(np.argmin(scaled))
        short = loss.torch.rpartition(".")[2] if loss.torch else loss.title
        trace = Trace(t, scaled, f"trace{k % 8}", f"{short}: {name}", dashed=k % 2 == 1)
        traces.append(trace)
        marks.append((float(t[best]), float(scaled[best])))
        told.append(f"{loss.title} at the {name}, {t[best]:.2f}")
        moved.append({"slug": loss.slug, "role": trace.role, "name": trace.label, "dashed": trace.dashed})
    chart = Chart(
        title="One sample, several centres",
        description=f"Expected loss of a constant over {len(sample)} skewed targets, least for {'; '.join(told)}.",
        heading="expected loss, relative to its least value",
        role="ink",
        xlabel="predicted constant; ticks: the targets",
        traces=tuple(traces),
        kinks=tuple(marks),
        rug=tuple(sample.tolist()),
        size=(560, 380),
        xlim=frame["x"],
        ylim=frame["y"],
    )
    words = {
        "src": "figures/home/centres.svg",
        "alt": chart.description,
        "caption": "Predict one number for all the targets, which the ticks mark. Each loss has its own favourite, "
        "and the circles mark it: choosing a loss is choosing what you mean by typical.",
        "width": chart.size[0],
        "height": chart.size[1],
        "centres": {
            "targets": sample.tolist(),
            "pushed": PUSHED,
            "most": round(frame["x"][1] - float(sample.max()) - 0.05, 1),
            "losses": moved,
            "span": (float(t[0]), float(t[-1])),
            "frame": frame,
            "heading": chart.heading,
            "label": chart.xlabel,
            "size": chart.size,
        },
    }
    table = Table(("prediction", *(loss.slug for loss in chosen.values())), (t, *(trace.y for trace in traces)))
    # For pages without a loss of their own, the picture that a link to them shows.
    preview = render.png(dataclasses.replace(chart, size=(600, 315)), scale=2.0)
    return {
        "hero.json": json.dumps(words).encode(),
        "figures/home/card.png": preview,
        **picture_files("figures/home", "centres", chart, table),
    }


def compare_files(payload: Payload) -> Files:
    """The pictures of the comparisons to begin with, for readers without scripts; `figures.json` describes them."""
    losses = {source["slug"]: load(_source(source)) for source in payload["members"]}
    files: Files = {}
    figures = {}
    for preset in payload["presets"]:
        if preset["normal"]:
            continue  # only the script divides curves by each other
        picked = [losses[pick["slug"]] for pick in preset["picks"]]
        settings = [pick["settings"] for pick in preset["picks"]]
        chart = loss_views.comparison(picked, settings, preset["view"], (460, 330), reference=True)
        folder, name = "figures/compare", preset["name"]
        files |= picture_files(folder, name, chart, None)
        width, height = chart.size
        figures[name] = {"src": f"{folder}/{name}.svg", "alt": chart.description, "width": width, "height": height}
    return {"figures.json": json.dumps(figures).encode(), **files}


def article_files(payload: Payload) -> Files:
    """Run an article; its Markdown and its figures.

    Raises:
        CatalogError: with all that is wrong with the article.
    """
    article = run_article(Path(payload["path"]), payload["shown"])
    files: Files = {"article.md": article.markdown.encode()}
    for name, picture in article.charts.items():
        files |= picture_files(f"figures/{article.name}", name, picture, None)
    return files


def inventory_files(payload: Payload) -> Files:
    """The Sphinx inventory: a label and a document for each loss."""
    inventory = sphobjinv.Inventory()
    inventory.project, inventory.version = payload["project"], ""
    for slug, title in payload["titles"].items():
        uri = f"losses/{slug}/"
        entries = (("label", f"loss-{slug}", f"{uri}#loss-{slug}"), ("doc", f"losses/{slug}", uri))
        for role, name, target in entries:
            inventory.objects.append(
                sphobjinv.DataObjStr(name=name, domain="std", role=role, priority="1", uri=target, dispname=title)
            )
    return {"objects.inv": sphobjinv.compress(inventory.data_file())}


def questions_files(payload: Payload) -> Files:
    """The questions that lead to losses, for the process that puts the site together and loads no declaration."""
    tasks = [{"name": name, "meaning": meaning, **_asked(name, QUESTIONS[name])} for name, meaning in TASKS.items()]
    return {"questions.json": json.dumps(tasks).encode()}


def _asked(place: str, question: Question | None) -> JsonObject:
    """What a question asks at a place, with all that its answers lead to."""
    if question is None:
        return {"place": place, "question": None, "answers": []}
    answers = [
        {
            "text": answer.text,
            "task": answer.then if isinstance(answer.then, str) else None,
            **_asked(f"{place}/{name}", answer.then if isinstance(answer.then, Question) else None),
        }
        for name, answer in question.answers.items()
    ]
    return {"place": place, "question": question.text, "answers": answers}


def vocabulary_files(payload: Payload) -> Files:
    """The words that losses are looked for by, with their meanings: to read them where they stand brings SymPy."""
    return {"vocabulary.json": json.dumps({"tasks": TASKS, "takes": TAKES}).encode()}


MAKERS: dict[str, Callable[[Payload], Files]] = {
    "loss": loss_files,
    "family": family_files,
    "hero": hero_files,
    "compare": compare_files,
    "article": article_files,
    "inventory": inventory_files,
    "questions": questions_files,
    "vocabulary": vocabulary_files,
}
