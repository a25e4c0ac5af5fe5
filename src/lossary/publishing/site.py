"""Puts the whole site together as (path, bytes), doing again only what has changed.

It works from records and files in the cache; what is missing is made by worker processes, so that this module
imports neither torch nor matplotlib nor SymPy.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lossary.discovery.catalogs import (
    BUILT_IN,
    Family,
    Source,
    about,
    duplicate_aliases,
    duplicate_slugs,
    families,
    sources,
)
from lossary.discovery.dependencies import MEASURED, measured, neighbours
from lossary.discovery.links import named
from lossary.errors import CatalogError, Failure, LossaryError
from lossary.publishing import search_index
from lossary.publishing.cache import MENDED, PACKAGE, Cache, default_cache, digest, sources_key, templates_key
from lossary.publishing.choosing import choices, steps
from lossary.publishing.executors import SCHEDULER, Workers, default_processes
from lossary.publishing.facets import chosen_by, facets, matrix
from lossary.publishing.isolation import Job, sha256
from lossary.publishing.page import link, render
from lossary.publishing.presets import Preset, available_presets
from lossary.publishing.record_fields import Record

if TYPE_CHECKING:
    # At run time these come with SymPy, which a build with nothing to do does not wait for.
    from concurrent.futures import Executor

    from lossary.declaration.values import Json, JsonObject

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]
Records = dict[str, Record]

# How many bytes of figures a build holds; what is beyond is read again when it is written.
ROOM = 256 * 2**20
ARTICLES = PACKAGE / "articles"
# What losses.json holds of a record, besides what is derived from it.
_INDEX: Final = ("slug", "title", "family", "summary", "aliases", "torch", "inputs", "parameters", "formula_checked",
          "properties", "axis", "torch_version", "tasks", "takes", "concepts")  # fmt: skip


@dataclass
class Build:
    """What a build needs to know: the catalog, the address, and how it treats failures.

    Attributes:
        catalog: a package or a folder of losses; None for Lossary's own with all that installed packages register.
        address: the published address, or nothing.
        strict: a failure stops the build; otherwise it is shown on the page of the loss that fails.
        processes: how many workers; LOSSARY_JOBS if set, else as many as there are cores.
        cache: where made things are kept.
        progress: told (done, all, name) after each piece of work.
        directory_urls: whether the address of a page ends in a slash, as MkDocs has it by default.
        executor: what evaluates, checks and draws, instead of processes of this machine.
        scheduler: likewise, the address of a dask scheduler; LOSSARY_SCHEDULER if set.
    """

    catalog: str | None = BUILT_IN
    address: str = ""
    strict: bool = True
    processes: int = field(default_factory=default_processes)
    cache: Cache = field(default_factory=default_cache)
    progress: Progress = lambda done, count, name: None
    directory_urls: bool = True
    executor: Executor | None = None
    scheduler: str = field(default_factory=lambda: os.environ.get(SCHEDULER, ""))


def site(build: Build) -> Iterator[tuple[str, bytes]]:
    """Every generated file of the site by its path.

    Raises:
        CatalogError: with all failures of the catalog at once, where the build is strict.
        LossaryError: where the pages would stand at other addresses than they say.
    """
    if not build.directory_urls:
        raise LossaryError(
            "the pages of losses need addresses that end in a slash, which figures, embeds, objects.inv and the plots "
            "that move are found by: leave out 'use_directory_urls: false', and the plugin 'offline', which sets it; "
            "to read the site without a network, serve its folder, with 'python -m http.server --directory site'"
        )
    for path, data in _files(build):
        yield path, _for_macros(data) if path.endswith(".md") else data


def _for_macros(page: bytes) -> bytes:
    """A page that mkdocs-macros leaves alone: it would take the braces of BibTeX and LaTeX for Jinja's."""
    return page.replace(b"---\n", b"---\nrender_macros: false\n", 1)


def _files(build: Build) -> Iterator[tuple[str, bytes]]:
    found = sources(build.catalog)
    base = sources_key()
    failures = duplicate_slugs(found)
    unique = list({source.slug: source for source in reversed(found)}.values())[::-1]
    groups = families(unique)
    jobs = {source.slug: _loss_job(source, groups[source.family].title, base) for source in unique}
    texts = (
        {path.stem: _article_job(path, base) for path in sorted(ARTICLES.glob("*.md"))}
        if build.catalog in (None, BUILT_IN)
        else {}
    )
    with Workers(
        build.cache, build.processes, executor=build.executor, scheduler=build.scheduler, sources=base
    ) as workers:
        files = Files(build, workers)
        failures += files.make([*jobs.values(), *texts.values()])
        records: Records = {
            slug: json.loads(files.of[job.key]["record.json"]) for slug, job in jobs.items() if job.key in files.of
        }
        failures += duplicate_aliases([(r["slug"], r["source_path"], r["aliases"]) for r in records.values()])
        if failures and build.strict:
            raise CatalogError(failures)
        shared = _shared_jobs(unique, jobs, records, groups, build.catalog, base)
        failures += files.make([*shared.values()])
    if failures and build.strict:
        raise CatalogError(failures)
    if failures:
        logger.error("%s", CatalogError(failures))
    build.cache.prune(set(files.of))

    for key in files.of:
        for path, data in files.whole(key).items():
            if _published(path):
                yield path, data
    titles = {slug: record["title"] for slug, record in records.items()}
    yield from _pages(build, files, unique, records, groups, shared, failures)
    for name, job in texts.items():
        if job.key in files.of:
            yield f"{name}.md", link(files.of[job.key]["article.md"].decode(), titles, "").encode()
    yield from _indexes(build, records, groups)


def _published(path: str) -> bool:
    """Whether a job's file goes into the site as it is; the others are what pages are made from."""
    return "/" in path or path == "objects.inv"


class Files:
    """The files of jobs by key; what is missing in the cache is made first.

    Attributes:
        of: for each job, what pages are made from, and the rest as long as there is room for it.
    """

    def __init__(self, build: Build, workers: Workers) -> None:
        self.build, self.workers = build, workers
        self.of: dict[str, dict[str, bytes]] = {}
        self._room = ROOM
        self._partly: set[str] = set()

    def make(self, jobs: Sequence[Job]) -> list[Failure]:
        """Have the files of all jobs, but for those that fail."""
        missing = [job for job in jobs if not self._read(job)]
        if not missing:
            return []
        done = 0

        def told(job: Job) -> None:
            nonlocal done
            done += 1
            self.build.progress(done, len(missing), job.shown)

        self.build.progress(0, len(missing), "")
        failures = self.workers.run(missing, told)
        for job in missing:
            self._read(job)
        return failures

    def whole(self, key: str) -> dict[str, bytes]:
        """All files of a job that is made.

        Raises:
            LossaryError: where somebody removed them meanwhile.
        """
        if key not in self._partly:
            return self.of[key]
        found = self.build.cache.get(key)
        if found is None:
            raise LossaryError(f"the cache {self.build.cache.folder} was changed while it was read: build again")
        return found

    def _read(self, job: Job) -> bool:
        files = self.build.cache.get(job.key)
        if files is None:
            return False
        self._room -= sum(map(len, files.values()))
        if self._room < 0:
            files = {path: data for path, data in files.items() if not _published(path)}
            self._partly.add(job.key)
        self.of[job.key] = files
        return True


def _loss_job(source: Source, title: str, base: str) -> Job:
    texts = {path: path.read_bytes() for path in (source.path, *neighbours(source))}
    key = digest(
        "loss", base, source.family, source.slug, source.shown, title, json.dumps(measured(source)), *texts.values()
    )
    reads = {_place(path): sha256(text) for path, text in texts.items()}
    if (rows := source.path.parents[1] / MEASURED).exists():
        reads[_place(rows)] = _digest(rows, rows.stat().st_mtime_ns)
    return Job("loss", key, source.shown, _payload(source), reads)


@lru_cache(maxsize=8)
def _digest(path: Path, _changed: int) -> str:
    """Of a file that many losses share, and that is read once for all of them."""
    return sha256(path.read_bytes())


def _place(path: Path) -> str:
    """A path that leads to the same file from any folder, or on any machine that shares it."""
    return os.path.abspath(path)


def _payload(source: Source) -> dict[str, str]:
    return {"slug": source.slug, "family": source.family, "path": _place(source.path), "shown": source.shown}


def _article_job(path: Path, base: str) -> Job:
    shown, text = f"src/lossary/articles/{path.name}", path.read_bytes()
    payload = {"path": _place(path), "shown": shown}
    return Job("article", digest("article", base, text), shown, payload, {_place(path): sha256(text)})


def _shared_jobs(
    found: Sequence[Source],
    jobs: Mapping[str, Job],
    records: Records,
    groups: Mapping[str, Family],
    catalog: str | None,
    base: str,
) -> dict[str, Job]:
    """What several losses make together: overlays, pictures of the home and compare pages, the inventory."""
    by_slug = {source.slug: source for source in found}
    shared = {}
    for name, family in groups.items():
        members = [slug for slug, record in records.items() if record["family"] == name]
        declared = family.file.read_bytes() if family.file else b""
        related = {r["slug"] for slug in members for r in records[slug]["relations"]}
        context = sorted(slug for slug in related if slug in records and slug not in members)
        if members:
            key = digest("family", base, name, declared, *(jobs[slug].key for slug in (*members, *context)))
            payload = {
                "name": name,
                "members": [_payload(by_slug[slug]) for slug in members],
                "context": [_payload(by_slug[slug]) for slug in context],
            }
            reads = _reads(jobs, (*members, *context))
            if family.file:
                reads[_place(family.file)] = sha256(declared)
            shared[name] = Job("family", key, f"family {name}", payload, reads)
    elicited = [
        slug for slug, record in records.items() if record["axis"] == "residual" and "elicits" in record["properties"]
    ]
    if elicited:
        payload = {"members": [_payload(by_slug[slug]) for slug in elicited]}
        key = digest("hero", base, *(jobs[slug].key for slug in elicited))
        shared["/hero"] = Job("hero", key, "home page", payload, _reads(jobs, elicited))
    presets = [dataclasses.asdict(preset) for preset in _presets(records)]
    if presets:
        picked = sorted({pick["slug"] for preset in presets for pick in preset["picks"]})
        payload = {"presets": presets, "members": [_payload(by_slug[slug]) for slug in picked]}
        key = digest("compare", base, json.dumps(presets), *(jobs[slug].key for slug in picked))
        shared["/compare"] = Job("compare", key, "compare page", payload, _reads(jobs, picked))
    shared["/vocabulary"] = Job("vocabulary", digest("vocabulary", base), "vocabulary", {})
    named_titles = {slug: record["title"] for slug, record in records.items()}
    inventory = {"project": about(catalog).title, "titles": named_titles}
    shared["/inventory"] = Job("inventory", digest("inventory", base, json.dumps(inventory)), "objects.inv", inventory)
    if records:
        shared["/questions"] = Job("questions", digest("questions", base), "choose page", {})
    return shared


def _reads(jobs: Mapping[str, Job], slugs: Iterable[str]) -> dict[str, str]:
    return {path: held for slug in slugs for path, held in jobs[slug].reads.items()}


def _pages(
    build: Build,
    files: Files,
    found: Sequence[Source],
    records: Records,
    groups: Mapping[str, Family],
    shared: Mapping[str, Job],
    failures: Sequence[Failure],
) -> Iterator[tuple[str, bytes]]:
    titles = {slug: record["title"] for slug, record in records.items()}
    base = digest(templates_key(), build.address, json.dumps(titles))
    own = build.catalog in (None, BUILT_IN)
    page = about(build.catalog)
    # Under which licence somebody else's text stands is not for Lossary to say.
    licence = "CC BY 4.0" if own else ""
    catalog = {"own": own, "title": page.title, "text": page.text, "summary": page.summary, "licence": licence}

    # A record is large, and many pages are made from it.
    marks = {id(record): digest(json.dumps(record)) for record in records.values()}

    def marked(value: Any) -> Any:
        """A value as keys are made from it, with a mark of its content for each record in it."""
        if id(value) in marks:
            return marks[id(value)]
        if isinstance(value, Mapping):
            return {name: marked(part) for name, part in value.items()}
        return [marked(part) for part in value] if isinstance(value, list | tuple) else value

    def rendered(template: str, links: str, **values: Any) -> bytes:
        """A filled template, made once for the same values; `links` leads from the page to the root."""
        key = digest("page", base, template, links, json.dumps(marked(values)))
        kept = build.cache.get(key)
        if kept is None:
            kept = {"page": link(render(template, site_url=build.address, **values), titles, links).encode()}
            try:
                build.cache.put(key, kept)
            except OSError as error:
                raise LossaryError(f"{build.cache.folder} cannot be written: {error.strerror}; {MENDED}") from error
        return kept["page"]

    leading = _leading_here(records)
    asked = json.loads(files.of[shared["/questions"].key]["questions.json"]) if records else []
    led = steps(asked)
    for source in found:
        path = f"losses/{source.slug}.md"
        if source.slug in records:
            about_others = {"catalog": catalog, "known": [*titles], "leading": leading[source.slug]}
            here = {answer["place"]: led[answer["place"]] for answer in records[source.slug]["answers"]}
            yield path, rendered("loss.md", "../", loss=records[source.slug], steps=here, **about_others)
            yield (
                f"embed/{source.slug}/index.html",
                rendered("embed.html", "", root="../../", loss=records[source.slug], catalog=catalog),
            )
            continue
        told = [str(f) for f in failures if f.path == source.shown] or ["the loss could not be built"]
        yield path, rendered("failed.md", "../", title=source.slug, message="\n".join(told))
    described = [_family(files, name, family, records, shared) for name, family in groups.items()]
    for family in described:
        values = {"family": family, "losses": family["losses"], "figures": family["figures"]}
        yield f"families/{family['name']}/index.md", rendered("family.md", "../../", **values)
    hero_files = files.of[shared["/hero"].key] if "/hero" in shared else None
    hero = json.loads(hero_files["hero.json"]) if hero_files else None
    shown = [family for family in described if family["losses"]]
    titled = [{"name": family["name"], "title": family["title"]} for family in shown]
    words = files.of.get(shared["/vocabulary"].key, {}).get("vocabulary.json", b'{"tasks": {}, "takes": {}}')
    offered = facets(records, titled, json.loads(words))
    if own:
        yield "libraries.md", rendered("libraries.md", "", libraries=_elsewhere(records), surprises=_surprises(records))
        yield "index.md", rendered("home.md", "", families=shown, hero=hero, count=len(records), facets=offered)
    else:
        yield (
            "index.md",
            rendered("catalog.md", "", families=shown, catalog=catalog, count=len(records), facets=offered),
        )
    if records:
        comparisons = _comparisons(files, records, shared)
        values = {"presets": comparisons, "families": titled, "count": len(records), "facets": offered}
        yield "compare/index.md", rendered("compare.md", "../", **values)
        yield "plots/index.json", _plots(records, titled, comparisons, offered)
        yield "choose/index.md", rendered("choose.md", "../", tasks=choices(asked, [*records.values()]))
        values = {"matrix": matrix(records), "facets": offered, "count": len(records)}
        yield "properties/index.md", rendered("properties.md", "../", **values)
        yield "lists/index.md", rendered("lists.md", "../", facets=offered, titles=titles)


def _leading_here(records: Records) -> dict[str, list[tuple[str, list[str]]]]:
    """For each loss, the others whose pages name it and that its own does not: what they do, and their slugs.

    A link is written in one file and leads both ways, as a new loss touches no other.
    """
    found = {}
    for slug, record in records.items():
        text = [record["prose"]["when"], *(pitfall["markdown"] for pitfall in record["pitfalls"])]
        found[slug] = {
            "By a relation": named("\n".join(one["text"] for one in record["relations"])),
            "As an alternative": named(record["prose"]["when_not"]),
            "In passing": named("\n".join(text)),
        }
    by_title = sorted(records, key=lambda slug: records[slug]["title"].casefold())
    made: dict[str, list[tuple[str, list[str]]]] = {}
    for slug in records:
        left = [other for other in by_title if other != slug and other not in set().union(*found[slug].values())]
        made[slug] = []
        for why in found[slug]:
            if here := [other for other in left if slug in found[other][why]]:
                made[slug].append((why, here))
                left = [other for other in left if other not in here]
    return made


def _elsewhere(records: Records) -> list[JsonObject]:
    """Libraries with their rows: libraries that were run first, and in each calls that were."""
    found: dict[str, JsonObject] = {}
    for slug, record in records.items():
        for row in record["libraries"]:
            entry = found.setdefault(
                row["name"],
                {
                    "name": row["name"],
                    "version": None,
                    "note": record["library_notes"].get(row["name"], ""),
                    "rows": [],
                },
            )
            entry["version"] = entry["version"] or row["version"]
            entry["rows"].append({**row, "slug": slug})
    for entry in found.values():
        entry["rows"].sort(key=lambda row: (row["evidence"] != "run", row["slug"]))
        entry["run"] = sum(row["evidence"] == "run" for row in entry["rows"])
    return sorted(found.values(), key=lambda entry: (entry["version"] is None, entry["name"].casefold()))


def _surprises(records: Records) -> dict[str, list[JsonObject]]:
    """What a reader may not expect of any library: by kind, then by library, the losses of which the same is true."""
    kinds: dict[str, dict[tuple[str, str], list[str]]] = {}
    for slug, record in records.items():
        for row in record["libraries"]:
            for kind, text in row["surprises"].items():
                slugs = kinds.setdefault(kind, {}).setdefault((row["name"], text), [])
                slugs += [slug] * (slug not in slugs)
    return {
        kind: [
            {"library": name, "text": text, "slugs": slugs}
            for (name, text), slugs in sorted(groups.items(), key=lambda item: item[0][0].casefold())
        ]
        for kind, groups in kinds.items()
    }


def _axes(records: Records) -> dict[str, list[str]]:
    """The axes that each loss is drawn along."""
    return {slug: list(dict.fromkeys(s["axis"] for s in r["plot"]["sections"])) for slug, r in records.items()}


def _presets(records: Records) -> list[Preset]:
    """The comparisons to begin with."""
    ours = {(source.slug, source.shown) for source in sources(BUILT_IN)}
    others = [slug for slug, record in records.items() if (slug, record["source_path"]) not in ours]
    return available_presets(_axes(records), others=others)


def _comparisons(files: Files, records: Records, shared: Mapping[str, Job]) -> list[JsonObject]:
    """The comparisons to begin with, each with its picture where there is one."""
    drawn = files.of.get(shared["/compare"].key) if "/compare" in shared else None
    figures = json.loads(drawn["figures.json"]) if drawn else {}
    return [
        {
            **{name: getattr(preset, name) for name in ("name", "title", "text", "losses", "axis", "view", "normal")},
            "figure": figures.get(preset.name),
        }
        for preset in _presets(records)
    ]


def _plots(
    records: Records,
    groups: Sequence[Mapping[str, str]],
    presets: Sequence[Mapping[str, Json]],
    offered: Sequence[JsonObject],
) -> bytes:
    """The index of the losses: what pages need to know to find, filter and compare them before any plot is loaded."""
    axes = _axes(records)
    losses = [
        {
            **{name: record[name] for name in ("slug", "title", "family", "family_title", "aliases")},
            "axes": axes[slug],
            "properties": [
                ["Along the", record["variable"]],
                *([row["label"], row["plain_text"]] for row in record["property_rows"]),
            ],
            "facets": chosen_by(offered, slug),
        }
        for slug, record in records.items()
    ]
    drawn = {axis["name"]: axis for record in records.values() for axis in record["axes"]}
    index = {"losses": losses, "axes": list(drawn.values()), "families": list(groups), "presets": list(presets)}
    return (json.dumps(index, ensure_ascii=False, indent=1) + "\n").encode()


def _family(files: Files, name: str, family: Family, records: Records, shared: Mapping[str, Job]) -> JsonObject:
    drawn = files.of.get(shared[name].key) if name in shared else None
    figures = json.loads(drawn["figures.json"]) if drawn else []
    return {
        "name": name,
        "title": family.title,
        "text": family.text,
        "summary": family.summary,
        "losses": [record for record in records.values() if record["family"] == name],
        "figures": figures,
    }


def _indexes(build: Build, records: Records, groups: Mapping[str, Family]) -> Iterator[tuple[str, bytes]]:
    entries = [index_entry(record, build.address) for record in records.values()]
    yield "losses.json", (json.dumps(entries, ensure_ascii=False, indent=1) + "\n").encode()
    yield "losses.schema.json", Path(__file__).with_name("losses.schema.json").read_bytes()
    yield "search.json", search_index.written(search_index.index(records.values()))
    yield "llms.txt", _llms(about(build.catalog), records, groups, build.address).encode()


def _address(build_address: str, path: str) -> str:
    return f"{build_address.rstrip('/')}/{path}" if build_address else path


def index_entry(record: Record, address: str) -> JsonObject:
    """One object of losses.json; addresses are absolute where the published one is known, else relative to the file."""
    main = record["formulas"][0]
    folder = f"figures/{record['slug']}"
    figures = [f"{folder}/{view['name']}{form}.svg" for view in record["views"] for form in ("", "-light", "-dark")]
    figures += [f"{folder}/card.png", f"{folder}/card-dark.png"]
    return {
        **{name: record[name] for name in _INDEX},
        "parameters": [_fields(p, ("name", "default", "meaning", "range"), "required") for p in record["parameters"]],
        "inputs": [_fields(i, ("name", "kind", "shape", "meaning"), "optional") for i in record["inputs"]],
        "formula_latex": main["latex"],
        "gradient_latex": main["gradients"][0]["latex"] if main["gradients"] else None,
        "checks": {k: v for k, v in record["checks"].items() if k != "settings"},
        "figures": [_address(address, path) for path in figures],
        "url": _address(address, f"losses/{record['slug']}/"),
        "libraries": record["libraries"],
        "references": [{k: r[k] for k in ("text", "doi", "arxiv", "url")} for r in record["references"]],
    }


def _fields(entry: Mapping[str, Json], names: tuple[str, ...], flag: str) -> JsonObject:
    """Some fields of an entry, and a flag where it is set."""
    return {**{name: entry[name] for name in names}, **({flag: True} if entry[flag] else {})}


def _llms(catalog: Family, records: Records, groups: Mapping[str, Family], address: str) -> str:
    lines = [f"# {catalog.title}", ""]
    lines += [f"> {catalog.summary}", ""] if catalog.summary else []
    lines += [
        f"The index as JSON: {_address(address, 'losses.json')}",
    ]
    for name, family in groups.items():
        members = [r for r in records.values() if r["family"] == name]
        if members:
            lines += ["", f"## {family.title}", ""]
            lines += [
                f"- [{r['title']}]({_address(address, 'losses/' + r['slug'] + '.md')}): {r['summary']}" for r in members
            ]
    return "\n".join(lines) + "\n"


def navigation(catalog: str | None = BUILT_IN) -> list[JsonObject]:
    """The site's navigation, derived from the files: pages about all losses, then families with theirs."""
    found = sources(catalog)
    groups = families(found)
    sections: list[JsonObject] = [
        {"All losses": "index.md"},
        {"Choose": "choose/index.md"},
        {"By task and input": "lists/index.md"},
        {"Properties": "properties/index.md"},
        {"Compare": "compare/index.md"},
    ]
    if catalog in (None, BUILT_IN):
        sections.append({"Other libraries": "libraries.md"})
    for name, family in groups.items():
        members = [f"losses/{source.slug}.md" for source in found if source.family == name]
        sections.append({family.title: [f"families/{name}/index.md", *members]})
    return sections


def articles() -> list[str]:
    """The pages of the articles."""
    return [f"{path.stem}.md" for path in sorted(ARTICLES.glob("*.md"))]


def origins(catalog: str | None = BUILT_IN) -> dict[str, str]:
    """For each page that comes from one file, that file, for edit links."""
    pages = {f"losses/{source.slug}.md": source.shown for source in sources(catalog)}
    pages |= {f"families/{s.family}/index.md": s.shown.rsplit("/", 1)[0] + "/__init__.py" for s in sources(catalog)}
    if catalog in (None, BUILT_IN):
        pages |= {name: f"src/lossary/articles/{name}" for name in articles()}
    return pages
