"""Figures: SVGs that are small, told to screen readers and coloured three times; numbers and pixels that are right."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Collection
from functools import cache, partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
import sympy as sp
import torch
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.lines import Line2D

import lossary
from cases import LOSSES, OF_EACH_KIND, OF_THE_DAY, PLAIN, by_torch, criterion, each_kind_by_name
from lossary.declaration.formula import Written
from lossary.declaration.loss import Loss
from lossary.drawing import layout, loss_views, render
from lossary.drawing.palette import PATTERNS, ROLES, STAND_INS, Theme, colours
from lossary.drawing.pictures import (
    MINIATURES_HIGH,
    Card,
    Chart,
    Lattice,
    Picture,
    Plane,
    Surface,
    Table,
    Trace,
    View,
)
from lossary.errors import LossaryError
from lossary.evaluation import points
from lossary.evaluation.curves import curve, format_curves
from lossary.typesetting import formula_latex
from lossary.typesetting.words import number, signed

SVG = "{http://www.w3.org/2000/svg}"
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
SIZES = {
    "loss": (460, 330),
    "gradient": (460, 330),
    "sweep": (460, 330),
    "sweep-gradient": (460, 330),
    "thumb": (200, 140),
    "card": (1200, 630),
    "formats": (460, 330),
    "formats-gradient": (460, 330),
}


@cache
def views(slug: str) -> dict[str, View]:
    return {view.name: view for view in loss_views.views(LOSSES[slug])}


@cache
def drawn(slug: str, name: str) -> dict[Theme, bytes]:
    return render.svg(views(slug)[name].picture)


def of_each_view(slugs: Collection[str]) -> Callable[[Callable[[str, str], None]], Callable[[str], None]]:
    """A test of each view of a loss, each day of some losses. Which views there are is known when they are made, which
    is for the test and not for whoever lists the tests.
    """

    def of_losses(test: Callable[[str, str], None]) -> Callable[[str], None]:
        def of_loss(slug: str) -> None:
            for name in views(slug):
                try:
                    test(slug, name)
                except AssertionError as error:
                    error.add_note(f"in the view {name!r} of {slug}")
                    raise

        of_loss.__name__, of_loss.__doc__, of_loss.__module__ = test.__name__, test.__doc__, test.__module__
        marked = [pytest.param(s, marks=() if s in slugs else pytest.mark.nightly) for s in LOSSES]
        return pytest.mark.parametrize("slug", marked)(of_loss)

    return of_losses


every_view, view_of_the_day, plain_view = of_each_view(LOSSES), of_each_view(OF_THE_DAY), of_each_view(PLAIN)
every_slug = pytest.mark.parametrize("slug", LOSSES)


def charts_of(view: View) -> list[Chart]:
    if isinstance(view.picture, Card):
        return list(view.picture.charts)
    return [view.picture] if isinstance(view.picture, Chart) else []


def expected_size(loss: Loss, view: View) -> tuple[int, int]:
    """In CSS pixels; a study stands alone, or beside its derivative and is narrower then."""
    if view.name in SIZES:
        return SIZES[view.name]
    alone = {study.name for study in loss.studies if not study.gradient}
    if isinstance(view.picture, Chart):
        if view.picture.miniatures:
            return 460, 330 + MINIATURES_HIGH
        return (400, 320) if view.name in alone else (460, 330)
    return {Surface: (400, 340), Plane: (460, 360), Lattice: (400, 320)}[type(view.picture)]


# --- SVG ------------------------------------------------------------------------------------------------------------


@view_of_the_day
def test_an_svg_is_well_formed_and_says_what_it_shows(slug: str, name: str) -> None:
    picture = views(slug)[name].picture
    for data in drawn(slug, name).values():
        root = ElementTree.fromstring(data)
        assert root.tag == f"{SVG}svg"
        width, height = picture.size
        assert (root.get("width"), root.get("height")) == (str(width), str(height))
        assert root.get("viewBox") == f"0 0 {width} {height}"
        assert root.get("role") == "img"
        assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
        assert root[0].text == picture.title
        assert LOSSES[slug].title in picture.title or name not in SIZES
        assert root[1].text == picture.description
        assert len(picture.description) > 20
        assert picture.size == expected_size(LOSSES[slug], views(slug)[name])


@view_of_the_day
def test_an_svg_is_small(slug: str, name: str) -> None:
    """A card carries three typefaces and a formula."""
    for data in drawn(slug, name).values():
        assert len(data) < (38_000 if name == "card" else 32_000)


@view_of_the_day
def test_what_is_drawn_again_takes_its_colours_where_it_stands(slug: str, name: str) -> None:
    """A rule for what is within a figure does not reach the copy of a shape, which would stay light in the dark."""
    for data in drawn(slug, name).values():
        root = ElementTree.fromstring(data)
        copied = {use.attrib["href"][1:] for use in root.iter(f"{SVG}use")}
        shapes = [element for element in root.iter() if element.get("id") in copied]
        assert len(shapes) == len(copied)
        for shape in shapes:
            assert not {"class", "fill", "stroke", "style"} & shape.attrib.keys()


@view_of_the_day
def test_an_svg_holds_no_stand_in_colour_and_nothing_from_elsewhere(slug: str, name: str) -> None:
    for theme, data in drawn(slug, name).items():
        text = data.decode()
        assert not re.search(r"#01[0-9a-f]{2}fe", text, re.IGNORECASE)
        body = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        for element in re.findall(r"<[a-z]+ [^>]*#[0-9a-f]{6}\b[^>]*>", body):
            painted = set(re.findall(r'(fill|stroke)="#', element))
            roles = re.findall(r'class="([^"]+)"', element)[0].split()
            assert painted == {PAINT[role[0]] for role in roles}, "a colour without a class does not follow the theme"
        # An id may look like a colour.
        used = set(re.findall(r'(?<!href=")(?<!url\()#[0-9a-f]{6}', text))
        light, dark = set(colours("light").values()), set(colours("dark").values())
        assert used <= {"auto": light | dark, "light": light, "dark": dark}[theme]
        assert not re.search(r"https?://(?!www\.w3\.org/)", text)
        assert not re.search("<(script|image|metadata)", text)


@view_of_the_day
def test_every_reference_and_every_class_has_its_target(slug: str, name: str) -> None:
    for data in drawn(slug, name).values():
        text = data.decode()
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(set(ids)) == len(ids)
        wanted = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
        assert wanted <= set(ids)
        classes = {c for group in re.findall(r'class="([^"]+)"', text) for c in group.split()}
        sheet = text.partition("<style>")[2].partition("</style>")[0]
        assert classes
        assert classes == set(re.findall(r"\.([a-z][\w-]*)\{", sheet)) or not sheet


PAINT = {"f": "fill", "s": "stroke"}


@view_of_the_day
def test_the_three_forms_differ_in_colours_and_names_alone(slug: str, name: str) -> None:
    """Colours are attributes, which no page forbids; the adaptive form alone has a sheet, for itself alone."""
    texts = {theme: drawn(slug, name)[theme].decode() for theme in THEMES}
    own = {theme: re.findall(r'^<svg [^>]*? id="(\w+)"', text)[0] for theme, text in texts.items()}
    assert len(set(own.values())) == 3
    plain = {
        re.sub(r'<style>.*?</style>|(?<!href=")(?<!url\()#[0-9a-f]{6}', "", text, flags=re.DOTALL).replace(
            own[theme], ""
        )
        for theme, text in texts.items()
    }
    assert len(plain) == 1
    for theme, text in texts.items():
        assert all(found.startswith(own[theme]) for found in re.findall(r' id="([^"]+)"', text))
        assert " style=" not in text
        palette = colours("dark" if theme == "dark" else "light")
        for element in re.findall(r'<[a-z]+ [^>]*class="[^>]*>', text):
            for role in re.findall(r'class="([^"]+)"', element)[0].split():
                assert f'{PAINT[role[0]]}="{palette[role[2:]]}"' in element
    assert "<style>" not in texts["light"] + texts["dark"]
    (sheet,) = re.findall(r"<style>@media\(prefers-color-scheme:dark\)\{(.*)\}</style>", texts["auto"])
    rules = re.findall(r"([^{}]*)\{([^}]*)\}", sheet)
    assert rules
    for selector, rule in rules:
        found = re.fullmatch(rf"#{own['auto']} \.([fs])-(\w+)", selector)
        assert found
        assert rule == f"{PAINT[found[1]]}:{colours('dark')[found[2]]}"


@plain_view
def test_drawing_twice_gives_the_same_bytes(slug: str, name: str) -> None:
    again = next(view for view in loss_views.views(LOSSES[slug]) if view.name == name)
    assert render.svg(again.picture) == drawn(slug, name)


def test_the_order_of_drawing_does_not_matter() -> None:
    """A drawing that leaves something behind in matplotlib would change the next one."""
    first = render.svg(views("huber")["loss"].picture)
    render.svg(views("mse")["thumb"].picture)
    render.png(views("l1")["loss"].picture)
    assert render.svg(views("huber")["loss"].picture) == first


FORMS: tuple[Callable[[Picture], object], ...] = (
    render.svg, render.pdf, render.png, partial(render.png, theme="dark"), partial(render.png, scale=2.0),
    partial(render.pdf, theme="dark"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "kind"),
    [("huber", Chart), ("huber", Card), ("cross_entropy", Surface), ("triplet_margin", Plane), ("ctc", Lattice)],
)
def test_a_form_is_the_same_whichever_was_asked_for_before(slug: str, kind: type[Picture]) -> None:
    """A picture is laid out once and painted for each form; here also with another one between."""
    picture = next(view.picture for view in views(slug).values() if isinstance(view.picture, kind))
    alone = []
    for form in FORMS:
        render.svg(views("mse")["thumb"].picture)
        alone.append(form(picture))
    assert [form(picture) for form in FORMS] == alone
    assert [form(picture) for form in reversed(FORMS)] == alone[::-1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("slug", "name"),
    [
        *(("huber", "loss"), ("huber", "card"), ("mse", "formats"), ("cross_entropy", "logits"), ("dice", "card")),
        *(
            ("triplet_margin", "active"),
            ("ctc", "alignments"),
            ("listnet", "scores"),
            ("bce", "thumb"),
            ("giou_loss", "loss"),
        ),
    ],
)
def test_a_form_is_what_matplotlib_draws_in_its_colours(
    slug: str, name: str, theme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure is kept as calls and played in other colours: here it is laid out in them and saved by matplotlib."""
    picture = views(slug)[name].picture
    pixels, printed = imread(io.BytesIO(render.png(picture, theme))), render.pdf(picture, theme)
    monkeypatch.setattr(layout, "_sheet", layout._Sheet)
    monkeypatch.setattr(layout, "STAND_INS", colours(theme))
    with render.isolated_settings():
        made = layout.lay_out(picture)
        made.canvas.draw()
        drawn = np.asarray(made.canvas.buffer_rgba())[:, :, :3]  # type: ignore[attr-defined]
        assert np.array_equal(drawn, (pixels[:, :, :3] * 255).round())
        stream = io.BytesIO()
        with render.embedding():
            made.savefig(stream, format="pdf", metadata={"CreationDate": None, "Producer": None, "Creator": None})
    assert stream.getvalue() == printed


def test_whoever_looks_at_a_figure_leaves_the_next_its_ticks() -> None:
    """The same axes are drawn on again, and keep the ticks that matplotlib adds when it is asked for them."""
    picture = views("mse")["formats"].picture
    alone = render.png(picture)
    layout._sheet.cache_clear()
    with render.drawn(picture) as made:
        made.canvas.draw()
    assert render.png(picture) == alone


def test_somebody_else_s_figure_keeps_its_words_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn in another thread while a figure of ours is being kept."""
    theirs = Figure((2, 1))
    FigureCanvasAgg(theirs)
    words = theirs.text(0.5, 0.5, "theirs")

    def pixels() -> bytes:
        theirs.canvas.draw()
        return bytes(theirs.canvas.buffer_rgba())  # type: ignore[attr-defined]

    alone = pixels()
    own, meanwhile = Figure.draw, []

    def draw(figure: Figure, renderer: Any) -> None:
        own(figure, renderer)
        if figure is not theirs:
            with mpl.rc_context(before):
                meanwhile.append(pixels())

    before = dict(mpl.rcParams)
    monkeypatch.setattr(Figure, "draw", draw)
    render.svg(dataclasses.replace(views("huber")["loss"].picture, title="again"))
    assert meanwhile == [alone]
    words.set_text("")
    assert pixels() != alone


def test_the_fonts_of_a_pdf_lie_in_the_order_of_their_names() -> None:
    """Matplotlib goes by the folders they lie in, so that bytes told where a figure with a formula was made."""
    names = re.findall(rb"/FontDescriptor /FontName /[A-Z]+\+(\S+)", render.pdf(views("mse")["formats"].picture))
    assert {name[:2] for name in names} == {b"IB", b"Cm"}
    assert names == sorted(names)


def test_formulas_have_their_font_whatever_fonts_the_machine_has_listed(tmp_path: Path) -> None:
    """A list without matplotlib's own fonts, which it keeps between processes, once put formulas in DejaVu Sans."""
    draw = "import lossary, sys; sys.stdout.buffer.write(lossary.get('huber').figure('card', theme='light').svg())"
    drawn = []
    for kept in (None, "DejaVuSans.ttf"):
        folder = tmp_path / str(kept)
        folder.mkdir()
        if kept:
            manager = font_manager.FontManager()
            manager.ttflist = [entry for entry in manager.ttflist if entry.fname.endswith(kept)]
            font_manager.json_dump(manager, folder / f"fontlist-v{manager.__version__}.json")
        drawn.append(
            subprocess.check_output([sys.executable, "-c", draw], env={**os.environ, "MPLCONFIGDIR": str(folder)})
        )
    assert drawn[0] == drawn[1]


@each_kind_by_name
def test_each_role_keeps_its_colour(slug: str) -> None:
    """The loss is drawn in the loss's colour, the gradient in the gradient's, and neither borrows the other's."""
    for name, other in (("loss", "gradient"), ("gradient", "loss")):
        text = drawn(slug, name)["light"].decode()
        assert f'class="s-{name}" stroke="{ROLES[name][0]}"' in text
        assert f"s-{other}" not in text


# --- what is drawn --------------------------------------------------------------------------------------------------


def paths(slug: str, name: str, role: str) -> list[np.ndarray[Any, Any]]:
    """The curves of a role in an SVG, as arrays of points in pixels."""
    root = ElementTree.fromstring(drawn(slug, name)["light"])
    found = []
    for element in root.iter(f"{SVG}path"):
        if f"s-{role}" in element.get("class", "").split():
            numbers = [float(v) for v in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", element.get("d", ""))]
            found.append(np.array(numbers).reshape(-1, 2))
    return found


@every_slug
@pytest.mark.parametrize("name", ["loss", "gradient"])
def test_a_curve_runs_through_the_whole_picture_unclipped(slug: str, name: str) -> None:
    """The path in the SVG, brought back to numbers by its own ends, is the curve and nothing is cut off."""
    view = views(slug)[name]
    (chart,) = charts_of(view)
    # A row of words over the curves has short samples of them.
    curves = [path for path in paths(slug, name, name) if np.ptp(path[:, 0]) > 30]
    # The strong one is drawn over the others, so it comes last.
    traces = sorted(chart.traces, key=lambda trace: trace.strong)
    for path, trace in zip(curves, traces, strict=True):
        assert np.isfinite(trace.y).all()
        x, y = path.T
        assert (np.diff(x) >= 0).all()
        width, height = chart.size
        assert 0 < x.min() < x.max() < width
        assert 0 < y.min() <= y.max() < height
        assert np.ptp(x) > 0.55 * width
        assert np.ptp(y) > 0.4 * height or len(chart.traces) > 1
        if np.ptp(trace.y) == 0:
            assert np.ptp(y) == 0
            continue
        across = trace.x[0] + (x - x[0]) / (x[-1] - x[0]) * np.ptp(trace.x)
        high, low = y.min(), y.max()
        up = trace.y.min() + (low - y) / (low - high) * np.ptp(trace.y)
        # A pixel's hundredth, and matplotlib's own simplification of a tenth of a pixel, sidewards at a step.
        tenth = 0.1 * np.ptp(trace.x) / np.ptp(x)
        beside = np.interp(across[:, None] + np.linspace(-tenth, tenth, 41), trace.x, trace.y)
        allowed = 0.006 * np.ptp(trace.y)
        assert (up >= beside.min(axis=1) - allowed).all()
        assert (up <= beside.max(axis=1) + allowed).all()


@every_slug
def test_curves_cover_the_declared_span(slug: str) -> None:
    loss = LOSSES[slug]
    for name in ("loss", "gradient", "sweep"):
        if name not in views(slug):
            continue
        (chart,) = charts_of(views(slug)[name])
        for trace in chart.traces:
            assert (trace.x[0], trace.x[-1]) == loss.main.span
            assert len(trace.x) >= 401
            assert (chart.xlim, chart.ylim) == (None, None)
        assert chart.xlabel == loss.main.label
    (thumb,) = charts_of(views(slug)["thumb"])
    assert thumb.bare
    assert thumb.xlim == loss.main.axis.span
    assert thumb.ylim is not None
    assert max(map(abs, thumb.ylim)) == loss.main.axis.top


@pytest.mark.parametrize("slug", [slug for slug, loss in LOSSES.items() if loss.main.axis.below])
def test_a_thumbnail_whose_axis_goes_below_zero_cuts_no_curve_there(slug: str) -> None:
    (thumb,) = charts_of(views(slug)["thumb"])
    assert thumb.ylim is not None
    assert min(float(np.nanmin(trace.y)) for trace in thumb.traces) > thumb.ylim[0]


def test_thumbnails_of_one_axis_share_their_ranges() -> None:
    ranges: dict[str, set[Any]] = {}
    for slug, loss in LOSSES.items():
        (thumb,) = charts_of(views(slug)["thumb"])
        assert thumb.ylim is not None
        heights = sorted(map(abs, thumb.ylim))  # a loss that is nowhere above zero hangs from it, on the same scale
        ranges.setdefault(loss.main.axis.name, set()).add((thumb.xlim, *heights, thumb.size))
    assert all(len(found) == 1 for found in ranges.values())


@every_slug
@pytest.mark.parametrize("name", ["loss", "gradient"])
def test_traces_are_torch_at_the_points(slug: str, name: str) -> None:
    loss = LOSSES[slug]
    (chart,) = charts_of(views(slug)[name])
    for trace, y in zip(chart.traces, loss.main.branches.values(), strict=True):
        fresh = curve(loss, loss.main, trace.x, None, y)
        assert (getattr(fresh, name) == trace.y).all()


@every_slug
def test_kinks_are_marked_where_they_are(slug: str) -> None:
    loss = LOSSES[slug]
    special = points.kinks(loss, loss.main, loss.defaults())
    for name in ("loss", "gradient"):
        (chart,) = charts_of(views(slug)[name])
        assert [x for x, _ in chart.kinks] == special
        ys = loss.main.branches.values()
        for x, shown in chart.kinks:  # on the branch that is least smooth there
            near = [curve(loss, loss.main, np.array([x - 1e-7, x, x + 1e-7]), None, y) for y in ys]
            on = [k for k, one in enumerate(near) if getattr(one, name)[1] == shown]
            jumps = [[abs(values[2] - values[0]) for values in (c.loss, c.gradient, c.curvature)] for c in near]
            worst = next((n for n in range(3) if max(jump[n] for jump in jumps) > 1e-3), None)
            assert on
            if worst is not None:
                best = max(jump[worst] for jump in jumps)
                # A jump of the curvature is seen through what the third derivative adds beside it.
                near_enough = 1e-6 if worst < 2 else 1e-3
                assert any(jumps[k][worst] == pytest.approx(best, rel=near_enough) for k in on)
        text = drawn(slug, name)["light"].decode()
        assert ("s-ink" in text) == bool(special)


# --- numbers --------------------------------------------------------------------------------------------------------


def read(table: Table) -> tuple[list[str], np.ndarray[Any, Any]]:
    rows = list(csv.reader(io.StringIO(table.csv().decode())))
    return rows[0], np.array([[float(v or "nan") for v in row] for row in rows[1:]]).T


@every_view
def test_a_csv_brings_every_number_back_exactly(slug: str, name: str) -> None:
    table = views(slug)[name].table
    if name in ("card", "thumb"):
        assert table is None
        return
    assert table is not None
    names, columns = read(table)
    assert names == list(table.names)
    assert len(set(names)) == len(names)
    for found, column in zip(columns, table.columns, strict=True):
        assert np.array_equal(found, column, equal_nan=True)
    assert table.csv().endswith(b"\n")
    assert b"\r" not in table.csv()


def test_hard_numbers_survive_a_csv() -> None:
    hard = np.array([0.1 + 0.2, 1e-300, 5e-324, -1e308, 2.0**-1074, 1 / 3, -0.0])
    names, columns = read(Table(("x", "y"), (hard, hard[::-1])))
    assert names == ["x", "y"]
    assert columns[0].tobytes() == hard.tobytes()
    assert columns[1].tobytes() == hard[::-1].tobytes()


@every_slug
def test_kinks_stand_in_the_csv_with_both_sides(slug: str) -> None:
    loss = LOSSES[slug]
    for name in ("loss", "gradient"):
        table = views(slug)[name].table
        assert table is not None
        _, (t, *_) = read(table)
        assert (np.diff(t) > 0).all()
        low, high = loss.main.span
        for kink in points.kinks(loss, loss.main, loss.defaults()):
            assert kink in t
            around = np.sort(np.abs(t - kink))[1:3]
            assert (around > 0).all()
            assert (around < 1e-6 * (high - low)).all()


@every_slug
def test_a_sweep_has_a_column_for_each_typical_value(slug: str) -> None:
    loss = LOSSES[slug]
    parameter = loss_views.sweep_parameter(loss)
    if parameter is None:
        assert "sweep" not in views(slug)
        return
    view = views(slug)["sweep"]
    assert view.table is not None
    names, (t, *columns) = read(view.table)
    neutral = parameter.neutral
    values = sorted(v for v in {neutral if v is None else v for v in parameter.typical} if v is not None)
    assert names[1:] == [f"{parameter.name}={v:g}" for v in values]
    for value, column in zip(values, columns, strict=True):
        given = None if value == parameter.neutral and parameter.default is None else value
        drawn_along = [curve(loss, loss.main, t, {parameter.name: given}, y).loss for y in loss.main.branches.values()]
        assert any((one == column).all() for one in drawn_along)
    for value in values:
        setting = {**loss.defaults(), parameter.name: value}
        assert np.isin(points.kinks(loss, loss.main, setting), t).all()
    (chart,) = charts_of(view)
    strong = [trace.label for trace in chart.traces if trace.strong]
    default = parameter.neutral if parameter.default is None else parameter.default
    assert strong == [f"{parameter.name} = {default:g}"]


def maps() -> list[Any]:
    return [pytest.param(x, m, id=f"{x.slug}-{m.name}") for x in LOSSES.values() for m in x.maps]


ON_A_PHONE = 350  # pixels that a figure has there, on a screen of 390


def alone() -> list[Any]:
    """Figures that stand by themselves and are images on every screen."""
    of_losses = [(loss, study) for loss in LOSSES.values() for study in loss.studies if not study.gradient]
    return [*maps(), *(pytest.param(loss, study, id=f"{loss.slug}-{study.name}") for loss, study in of_losses)]


@pytest.mark.parametrize(("loss", "declared"), alone())
def test_the_letters_of_an_image_are_large_enough_on_a_phone(loss: Loss, declared: Any) -> None:
    """Ten pixels high; an image shrinks as a whole."""
    picture = views(loss.slug)[declared.name].picture
    with render.drawn(picture) as made:
        ticks = [label for axes in made.axes for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels()]
        words = [
            word for word in (*made.texts, *(t for axes in made.axes for t in axes.texts), *ticks) if word.get_text()
        ]
        assert len(words) > 8
        assert min(float(word.get_fontsize()) for word in words) * min(1, ON_A_PHONE / picture.size[0]) >= 10


@pytest.mark.parametrize(("loss", "declared"), maps())
def test_a_heat_map_is_torch_on_its_grid(loss: Loss, declared: Any) -> None:
    """Point by point: each is a call of its own, so that nothing is shared by mistake."""
    view = views(loss.slug)[declared.name]
    assert isinstance(view.picture, Surface)
    assert view.table is not None
    picture = view.picture
    assert (picture.across[0], picture.across[-1]) == declared.spans[0]
    assert (picture.up[0], picture.up[-1]) == declared.spans[1]
    assert np.isfinite(picture.values).all()
    assert view.table.names == (*declared.labels, "loss")
    s, t, values = view.table.columns
    assert (values.reshape(picture.values.shape) == picture.values).all()
    assert (s.reshape(picture.values.shape) == picture.across).all()
    assert (t.reshape(picture.values.shape) == picture.up[:, None]).all()
    for k in range(0, len(values), 41):
        point = declared.inputs(float(s[k]), float(t[k]))
        alone, _ = by_torch(loss, batch_of_one(loss, point), loss.defaults())
        assert values[k] == pytest.approx(float(alone.sum()), rel=1e-12, abs=1e-14)


def batch_of_one(loss: Loss, point: Any) -> dict[str, Any]:
    """Plain numbers and lists of one sample as a batch; what samples share has no dimension for them."""
    kinds = {i.name: i.kinds[0] for i in loss.inputs}
    return {
        name: np.array(value, dtype=float) if kinds[name].shared else np.array([value], dtype=float)
        for name, value in point.items()
    }


def paths_declared() -> list[Any]:
    return [pytest.param(x, m, id=f"{x.slug}-{m.name}") for x in LOSSES.values() for m in x.maps if m.path]


@pytest.mark.parametrize(("loss", "declared"), paths_declared())
def test_the_line_of_a_heat_map_is_where_each_column_is_least(loss: Loss, declared: Any) -> None:
    picture = views(loss.slug)[declared.name].picture
    assert isinstance(picture, Surface)
    assert picture.path is not None
    words, x, y = picture.path
    assert words == declared.path[0]
    assert (x[0], x[-1]) == (picture.across[0], picture.across[-1])
    inside = np.isfinite(y)
    assert inside.any()
    assert ((y[inside] >= picture.up[0]) & (y[inside] <= picture.up[-1])).all()
    cell = picture.up[1] - picture.up[0]
    for k, s in enumerate(picture.across):
        height = float(declared.path[1](np.array([s]))[0])
        if picture.up[0] <= height <= picture.up[-1]:
            assert abs(picture.up[np.argmin(picture.values[:, k])] - height) <= cell


def test_some_heat_map_has_a_line() -> None:
    assert paths_declared()


# --- further figures ------------------------------------------------------------------------------------------------


def studies() -> list[Any]:
    return [pytest.param(x, m, id=f"{x.slug}-{m.name}") for x in LOSSES.values() for m in x.studies]


@pytest.mark.parametrize(("loss", "study"), studies())
def test_a_study_is_its_curves(loss: Loss, study: Any) -> None:
    """Values of the declared torch code, and derivatives that are the slopes of the curves."""
    (chart,) = charts_of(views(loss.slug)[study.name])
    assert [trace.label for trace in chart.traces] == list(study.curves)
    assert (chart.xlabel, chart.heading) == (study.label, study.heading)
    for trace, function in zip(chart.traces, study.curves.values(), strict=True):
        if study.points:
            assert trace.x.tolist() == list(study.points)
            assert trace.dotted
        else:
            assert (trace.x[0], trace.x[-1]) == study.span
            assert len(trace.x) == 401
        again = function(torch.tensor(trace.x, dtype=torch.float64)).detach().numpy()
        assert np.array_equal(trace.y, again)
        assert np.isfinite(trace.y).all()
    if not study.gradient:
        assert f"{study.name}-gradient" not in {
            v.name for v in loss_views.views(loss) if v.title.endswith(": gradient")
        }
        return
    (slopes,) = charts_of(views(loss.slug)[f"{study.name}-gradient"])
    for trace, drawn_slope in zip(chart.traces, slopes.traces, strict=True):
        assert drawn_slope.label == trace.label
        secants = np.diff(trace.y) / np.diff(trace.x)
        ends = np.sort([drawn_slope.y[:-1], drawn_slope.y[1:]], axis=0)
        # A secant lies between the slopes at its ends wherever the curve is convex or concave in between.
        between = (secants >= ends[0] - 1e-9) & (secants <= ends[1] + 1e-9)
        assert between.mean() > 0.97


def scenes() -> list[Any]:
    return [pytest.param(x, m, id=f"{x.slug}-{m.name}") for x in LOSSES.values() for m in x.scenes]


@pytest.mark.parametrize(("loss", "scene"), scenes())
def test_an_arrow_of_a_scene_is_minus_the_gradient(loss: Loss, scene: Any) -> None:
    view = views(loss.slug)[scene.name]
    picture = view.picture
    assert isinstance(picture, Plane)
    setting = {**loss.defaults(), **scene.parameters}
    value, gradient = by_torch(loss, batch_of_one(loss, scene.inputs), setting)
    assert picture.heading == f"loss {number(float(value.sum()))}"
    vectors = [name for name, given in scene.inputs.items() if np.shape(given) == (2,)]
    assert [arrow.label for arrow in picture.arrows] == vectors
    for arrow in picture.arrows:
        assert (arrow.x, arrow.y) == tuple(scene.inputs[arrow.label])
        assert (arrow.dx, arrow.dy) == pytest.approx(tuple(-gradient[arrow.label][0]), rel=1e-14, abs=1e-15)
        # And by a difference quotient: the loss falls along the arrow, by its length squared.
        small = 1e-6
        moved = dict(scene.inputs)
        moved[arrow.label] = [arrow.x + small * arrow.dx, arrow.y + small * arrow.dy]
        less, _ = by_torch(loss, batch_of_one(loss, moved), setting)
        assert float((value - less).sum()) / small == pytest.approx(arrow.dx**2 + arrow.dy**2, abs=1e-5)
    assert view.table is not None
    assert [c.tolist() for c in view.table.columns] == [
        [getattr(a, part) for a in picture.arrows] for part in ("x", "y", "dx", "dy")
    ]


@pytest.mark.parametrize(("loss", "scene"), scenes())
def test_a_scene_shows_its_arrows_in_one_unit(loss: Loss, scene: Any) -> None:
    """Read back from the drawing: points and arrow heads lie as in the plane, the same scale in both directions."""
    picture = views(loss.slug)[scene.name].picture
    assert isinstance(picture, Plane)
    with render.drawn(picture) as made:
        (axes,) = made.axes
        origin, right, up = axes.transData.transform([(0, 0), (1, 0), (0, 1)])
        assert right - origin == pytest.approx((up - origin)[::-1], rel=1e-9)
        tips = [np.array(a.xy) for a in axes.texts if a.arrow_patch is not None]  # type: ignore[attr-defined]
        long = [a for a in picture.arrows if np.hypot(a.dx, a.dy) > 0.05]
        assert len(tips) >= len(long)
        for arrow in long:
            assert any(np.allclose(tip, (arrow.x + arrow.dx, arrow.y + arrow.dy)) for tip in tips)
        width, height = picture.size
        for tip in tips:
            x, y = axes.transData.transform(tip)
            assert 0 < x < width
            assert 0 < y < height


def extremes() -> list[Any]:
    return [pytest.param(x, id=x.slug) for x in LOSSES.values() if x.extremes]


def along(loss: Loss, dtype: torch.dtype, t: np.ndarray[Any, Any]) -> tuple[Any, Any, Any] | None:
    """What moves, loss and gradient at each point of the line of formats, by torch; None where it has no such format.

    The gradient is that by the input itself, as a reader would ask torch for it.
    """
    line = loss.extremes
    assert line
    leaf = torch.tensor(t).to(dtype)
    leaf = leaf[leaf.isfinite() & ((leaf != 0) | (torch.tensor(t) == 0))].requires_grad_(not line.of)
    made = {}
    symbol = sp.Symbol("t", real=True)
    declared = line.inputs(symbol)

    def moved(expression: Any) -> torch.Tensor:
        run = sp.lambdify(symbol, expression, modules=[{"sigmoid": torch.sigmoid}])
        return torch.as_tensor(run(leaf), dtype=dtype).expand(len(leaf))

    for entry in loss.inputs:
        value = declared[entry.name]
        parts = [moved(v) for v in (value if isinstance(value, list) else [value])]
        tensor = torch.stack(parts, dim=1) if isinstance(value, list) else parts[0]
        made[entry.name] = tensor.clone().requires_grad_() if entry.name == line.of else tensor
    try:
        values = criterion(loss, {**loss.defaults(), **line.parameters}, "none")(*made.values())
        (slopes,) = torch.autograd.grad(values, made.get(line.of, leaf), torch.ones_like(values))
    except RuntimeError:
        return None
    slopes = slopes.double() if slopes.dim() == 1 else slopes.double().square().sum(1).sqrt()
    return leaf.detach().double().numpy(), values.detach().double().numpy(), slopes.numpy()


@pytest.mark.parametrize("loss", extremes())
@pytest.mark.parametrize("which", [0, 1], ids=["loss", "gradient"])
def test_what_a_caption_says_of_a_number_format_is_so(loss: Loss, which: int) -> None:
    """Which formats there are, their curves, and where each is infinite or not a number."""
    assert loss.extremes
    view = views(loss.slug)[("formats", "formats-gradient")[which]]
    (chart,) = charts_of(view)
    t = np.linspace(*loss.extremes.span, 401)
    t = 10**t if loss.extremes.powers else t
    assert view.table
    columns = dict(zip(view.table.names, view.table.columns, strict=True))
    traces = {trace.label: trace for trace in chart.traces}
    for name in ("float64", "float32", "float16", "bfloat16"):
        moved = next(
            (c[~np.isnan(c)] for n, c in columns.items() if n == f"{loss.extremes.label.partition(',')[0]} in {name}"),
            t,
        )
        found = along(loss, getattr(torch, name), moved)
        sentence = re.search(rf"In {name} the (loss|gradient) is [^.]*(\.\d[^.]*)*\.", view.caption)
        if found is None:
            assert name not in traces
            assert not sentence
            continue
        moving, values = found[0], found[1 + which]
        assert np.array_equal(moving, moved)
        drawn = along(loss, getattr(torch, name), t)
        assert drawn
        assert {*drawn[0].tolist()} <= {*moved.tolist()}
        if np.isfinite(values).any():
            trace = traces[name]
            assert trace.x == pytest.approx(np.log10(moving) if loss.extremes.powers else moving, rel=1e-12)
            assert np.array_equal(np.isfinite(trace.y), np.isfinite(values))
            finite = np.isfinite(values)
            assert trace.y[finite] == pytest.approx(values[finite], rel=1e-12, abs=1e-300)
        broken = ~np.isfinite(values)
        assert bool(sentence) == bool(broken.any()), view.caption
        if not sentence:
            continue
        assert sentence[1] == ("loss", "gradient")[which]
        if np.isnan(values[broken]).all():
            assert "is NaN" in sentence[0]
        elif np.isinf(values[broken]).all():
            below = bool((values[broken] < 0).all())
            assert ("is minus infinity" if below else "is infinite") in sentence[0]
        else:
            assert "is not finite" in sentence[0]
        changes = np.flatnonzero(broken[1:] != broken[:-1])
        told = [float(v.replace("\N{MINUS SIGN}", "-")) for v in re.findall(NUMBER, sentence[0].partition(" is ")[2])]
        sides = {number(float(v)): k for k in changes for v in (moving[k], moving[k + 1])}
        if len(changes) <= 2:
            places = [sides[number(v)] for v in told]
            assert sorted(places) == changes.tolist()
            for k in changes:  # the format has no number in between
                assert torch.nextafter(*torch.tensor(moving[k : k + 2]).to(getattr(torch, name))) == moving[k + 1]
        else:
            assert len(told) >= 2


def test_the_gradient_by_number_format_is_that_of_the_input() -> None:
    """Not of the exponent: where half precision has an infinite square, its slope is still a number."""
    mse, triplet, cosine = LOSSES["mse"], LOSSES["triplet_margin"], LOSSES["cosine_embedding"]
    assert mse.extremes
    assert triplet.extremes
    assert cosine.extremes
    formats = {f.dtype: f for f in format_curves(mse, mse.extremes, np.array([1e-6, 300.0, 1e5]))}
    assert formats["float64"].gradient == pytest.approx([2e-6, 600.0, 2e5], rel=1e-15)
    half = formats["float16"]
    # What is no number of the format is not drawn; where the square stops being one, both sides are.
    assert half.t[1:].tolist() == [255.875, 256.0, 300.0]
    assert half.loss[1:].tolist() == [65472.0, np.inf, np.inf]
    assert half.gradient[1:].tolist() == [511.75, 512.0, 600.0]
    far = np.array([29174.0, 60000.0])
    gradients = {f.dtype: f.gradient.tolist() for f in format_curves(triplet, triplet.extremes, far)}
    assert gradients["float16"] == [1.0, 1.0]
    (half,) = (f for f in format_curves(cosine, cosine.extremes, far[1:]) if f.dtype == "float16")
    assert half.gradient.tolist() == [0.0]


NUMBER = r"(?<![\w.])[\N{MINUS SIGN}-]?\d+(?:\.\d+)?(?:e[+\N{MINUS SIGN}-]?\d+)?"


@pytest.mark.parametrize("loss", extremes())
def test_an_axis_of_formats_can_be_read(loss: Loss) -> None:
    """Logarithmic where the values ask for it, and no two ticks have the same words."""
    for name in ("formats", "formats-gradient"):
        (chart,) = charts_of(views(loss.slug)[name])
        largest = max(float(np.abs(trace.y[np.isfinite(trace.y)]).max()) for trace in chart.traces)
        assert chart.logarithmic == (largest > 1e4)
        with render.drawn(chart) as made:
            made.canvas.draw()
            words = [label.get_text() for label in made.axes[0].get_yticklabels()]
            low, high = made.axes[0].get_ylim()
            shown = [w for w, at in zip(words, made.axes[0].get_yticks(), strict=True) if low <= at <= high]
            assert len(set(shown)) == len(shown) >= 2, shown


def test_a_logarithmic_axis_counts_powers_of_ten_on_both_sides() -> None:
    """Equal steps on paper for equal factors beyond 1 and -1."""
    y = np.array([-1e6, -1e5, -1e4, -1e3, -100.0, -10.0, 0.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6])
    x = np.arange(13.0)
    chart = Chart("a", "b", "loss", "loss", "x", (Trace(x, y),), logarithmic=True)
    with render.drawn(chart) as made:
        (axes,) = made.axes
        up = axes.transData.transform(np.column_stack([x, y]))[:, 1]
        steps = np.diff(up)
        outer = np.concatenate([steps[:5], steps[7:]])
        assert outer == pytest.approx(np.full(10, outer[0]), rel=1e-6)
        made.canvas.draw()
        ticks = axes.get_yticks().tolist()
        assert 0.0 in ticks
        assert all(abs(np.log10(abs(v)) % 1) < 1e-9 for v in ticks if v)
        assert {-(10.0**k) for k in (2, 4, 6)} < set(ticks) > {10.0**k for k in (2, 4, 6)}


def diagrams() -> list[Any]:
    return [pytest.param(x, m, id=f"{x.slug}-{m.name}") for x in LOSSES.values() for m in x.diagrams]


@pytest.mark.parametrize(("loss", "diagram"), diagrams())
def test_what_flows_into_a_node_flows_out_of_it(loss: Loss, diagram: Any) -> None:
    """Weights are shares of one whole: each column holds all of it, and no node keeps or makes any."""
    picture = views(loss.slug)[diagram.name].picture
    assert isinstance(picture, Lattice)
    network = picture.network
    last = len(network.columns) - 1
    for column in range(last + 1):
        assert sum(n.weight for n in network.nodes if n.column == column) == pytest.approx(1, rel=1e-12)
    for k, node in enumerate(network.nodes):
        into = sum(e.weight for e in network.edges if e.end == k)
        out = sum(e.weight for e in network.edges if e.start == k)
        if node.column > 0:
            assert into == pytest.approx(node.weight, rel=1e-12)
        if node.column < last:
            assert out == pytest.approx(node.weight, rel=1e-12)
        assert f"{node.weight:.2f}" == node.label
        assert 0 <= node.row < len(network.rows)
    for edge in network.edges:
        assert network.nodes[edge.end].column == network.nodes[edge.start].column + 1


@pytest.mark.parametrize(("loss", "diagram"), diagrams())
def test_the_words_of_a_node_can_be_read(loss: Loss, diagram: Any) -> None:
    """In the colour of the paper they must lie on the node's own ink."""
    picture = views(loss.slug)[diagram.name].picture
    assert isinstance(picture, Lattice)
    with render.drawn(picture) as made:
        made.canvas.draw()
        (axes,) = made.axes
        circles = [line for line in axes.lines if line.get_marker() == "o"]
        sizes = {tuple(map(float, line.get_xydata()[0])): line.get_markersize() for line in circles}  # type: ignore[arg-type, index]
        for text in axes.texts:
            if text.get_color() == STAND_INS["paper"]:
                assert text.get_window_extent().width <= sizes[text.get_position()], text.get_text()


def assert_readable(picture: Picture, made: Figure) -> None:
    """Of a drawing: axes upright and of some size, no words on others or outside, no two curves alike."""
    made.draw_without_rendering()
    width, height = picture.size
    words = [*made.texts, *(t for axes in made.axes for t in axes.texts)]
    for axis in (axis for axes in made.axes if axes.axison for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        words += [label for tick in ticks for label in (tick.label1, tick.label2)]
    boxes = [(w.get_text(), w.get_window_extent()) for w in words if w.get_text() and w.get_visible()]
    for k, (text, box) in enumerate(boxes):
        assert box.x0 >= -0.5, text
        assert box.x1 <= width + 0.5, text
        assert box.y0 >= -0.5, text
        assert box.y1 <= height + 0.5, text
        for other, beside in boxes[k + 1 :]:
            across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            over = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            # A line of type is taller than its letters, so lines may touch a little.
            assert across <= 1 or over <= 5, (text, other)
    plots = made.axes[: 2 if isinstance(picture, Card) else 1]
    least = (60, 40)
    if isinstance(picture, Chart) and not picture.bare:
        least = (max(60, 0.35 * width), max(40, 0.3 * height))
    for axes in plots:
        left, right = axes.get_xlim()
        low, high = axes.get_ylim()
        (x0, y0), (x1, y1) = axes.transData.transform([(left, low), (right, high)])
        assert -0.5 <= x0 < x1 <= width + 0.5
        assert -0.5 <= y0 < y1 <= height + 0.5
        assert (low < high) == (not isinstance(picture, Lattice)), "upside down"
        assert x1 - x0 >= least[0] - 0.5
        assert y1 - y0 >= least[1] - 0.5, "the words eat the plot"
        if isinstance(picture, Chart | Card):
            lines = [a for a in axes.get_children() if isinstance(a, Line2D) and a.get_zorder() in (3, 4)]
            looks = [(line.get_color(), line._unscaled_dash_pattern[1]) for line in lines]  # type: ignore[attr-defined]
            assert len(set(map(str, looks))) == len(looks), "two curves alike"


@view_of_the_day
def test_words_do_not_lie_on_each_other(slug: str, name: str) -> None:
    picture = views(slug)[name].picture
    with render.drawn(picture) as made:
        assert_readable(picture, made)


# --- at any size ----------------------------------------------------------------------------------------------------

FORTY = [(w, h) for w in (240, 300, 360, 460, 640, 900, 1280, 2000) for h in (180, 240, 330, 630, 1200)]


def all_pictures(slug: str) -> dict[str, Callable[[], Picture]]:
    """Every view of a loss, its sweeps of one to eight values, and comparisons of one to eight curves with others."""
    loss = LOSSES[slug]
    made: dict[str, Callable[[], Picture]] = {n: partial(getattr, view, "picture") for n, view in views(slug).items()}
    made["curvature"] = partial(loss_views.picture, loss, "curvature", {})
    parameter = loss_views.sweep_parameter(loss)
    if parameter:
        low, high = (v for v in parameter.typical[-2:] if v is not None)
        several = [float(f"{v:.3g}") for v in np.linspace(low, high, 8)]
        for k, which in itertools.product(range(1, 9), loss_views.CURVES):
            made[f"{which} of {k}"] = partial(loss_views.picture, loss, which, {parameter.name: several[:k]})
    others = [x for x in LOSSES.values() if any(s.axis == loss.main.axis for s in x.sections) and x is not loss]
    group = [loss, *others][:8]
    for k, which in itertools.product(range(1, len(group) + 1), loss_views.CURVES):
        made[f"{which} beside {k - 1}"] = partial(loss_views.comparison, group[:k], [{}] * k, which, None)
    return made


def refused(picture: Picture) -> tuple[int, int] | None:
    """The least size that a message names, where a picture is refused; else it is drawn as it must be."""
    try:
        with render.drawn(picture) as made:
            assert_readable(picture, made)
    except LossaryError as error:
        ((width, height),) = re.findall(r"the smallest size that works is (\d+)x(\d+)$", str(error))
        return int(width), int(height)
    return None


def hold_at(picture: Picture, sizes: list[tuple[int, int]]) -> None:
    """A picture is drawn well at each size or refused, and is drawn wherever there is more room than it asks for."""
    own = picture.size
    with pytest.MonkeyPatch.context() as patch:
        looked = False
        for size in sizes:
            least = refused(dataclasses.replace(picture, size=size))
            assert least is None or size[0] < own[0] or size[1] < own[1], "refused at no less than its own size"
            if least is None or looked:
                continue
            assert size != least
            assert least[0] >= size[0]
            assert least[1] >= size[1]
            assert refused(dataclasses.replace(picture, size=least)) is None
            # One refusal tells enough of a picture: to look for the smallest size takes long.
            patch.setattr(layout, "least_size", lambda picture: picture.size)
            looked = True
            # It is the smallest: with a pixel less of what was added it is refused.
            for smaller in ((least[0] - 1, least[1]), (least[0], least[1] - 1)):
                if smaller[0] >= size[0] and smaller[1] >= size[1]:
                    assert refused(dataclasses.replace(picture, size=smaller))


@pytest.mark.parametrize("slug", sorted(OF_THE_DAY))
def test_some_pictures_at_some_sizes(slug: str) -> None:
    """Each day a few; all of them at forty sizes each night."""
    for k, make in enumerate(all_pictures(slug).values()):
        if k % 10 == len(slug) % 10:
            hold_at(make(), [FORTY[(7 * k + len(slug)) % 40]])


@pytest.mark.nightly
@pytest.mark.parametrize("slug", LOSSES)
def test_every_picture_at_forty_sizes(slug: str) -> None:
    for make in all_pictures(slug).values():
        hold_at(make(), FORTY)


@pytest.mark.parametrize(
    ("view", "size", "works"),
    [
        pytest.param("card", (640, 336), None, marks=pytest.mark.nightly),
        ("card", (600, 315), None),
        pytest.param("card", (800, 300), None, marks=pytest.mark.nightly),
        ("card", (1200, 250), (1200, 284)),
        pytest.param("card", (1600, 200), (1600, 284), marks=pytest.mark.nightly),
        pytest.param("card", (300, 900), (540, 900), marks=pytest.mark.nightly),
        ("loss", (80, 60), None),
        ("loss", (120, 80), None),
        pytest.param("loss", (100, 300), None, marks=pytest.mark.nightly),
        ("thumb", (80, 60), None),
    ],
)
def test_sizes_that_were_drawn_upside_down(view: str, size: tuple[int, int], works: tuple[int, int] | None) -> None:
    picture = loss_views.picture(LOSSES["huber"], view, {}, size)
    if works or view == "loss":
        least = refused(picture)
        assert least
        assert works in (None, least)
        assert refused(dataclasses.replace(picture, size=least)) is None
        for write in (render.svg, render.png, render.pdf):
            with pytest.raises(LossaryError, match=f"cannot be drawn at {size[0]}x{size[1]}: .*{least[0]}x{least[1]}"):
                write(picture)
    else:
        assert refused(picture) is None


def test_a_card_is_one_picture_at_any_size() -> None:
    """All its words keep their share of it, so that a smaller card looks like the large one."""
    card = views("huber")["card"].picture
    shares = []
    for size in ((1200, 630), (600, 315)):
        with render.drawn(dataclasses.replace(card, size=size)) as made:
            shares.append([text.get_fontsize() / size[0] for text in made.texts])
    assert shares[0] == pytest.approx(shares[1])


# --- several values -------------------------------------------------------------------------------------------------


def swept(slug: str, values: list[float], which: str = "sweep", name: str = "delta") -> Chart:
    made = loss_views.picture(LOSSES[slug], which, {name: values})
    assert isinstance(made, Chart)
    return made


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_any_number_of_values_is_told_apart_or_refused(theme: Any) -> None:
    palette = colours(theme)
    for start in (0.1, 1.0, 2.0):
        for count in range(1, loss_views.MOST_CURVES + 1):
            chart = swept("huber", [start + k for k in range(count)])
            assert len({(palette[t.role], t.dashed % len(PATTERNS)) for t in chart.traces}) == count
            assert len({t.label for t in chart.traces}) == count
    with pytest.raises(LossaryError, match="delta: 15 curves cannot be told apart, at most 14 can"):
        swept("huber", [1.0 + k for k in range(15)])
    with pytest.raises(LossaryError, match="15 curves cannot be told apart, at most 14 can"):
        loss_views.comparison([LOSSES["huber"]] * 15, [{"delta": 1.0 + k} for k in range(15)], "loss", None)
    many = loss_views.comparison([LOSSES["huber"]] * 14, [{"delta": 1.0 + k} for k in range(14)], "loss", None)
    assert len({(palette[t.role], t.dashed) for t in many.traces}) == 14


def test_a_value_is_drawn_once_and_reads_unlike_the_others() -> None:
    assert [t.label for t in swept("huber", [2.0, 1.0, 2.0]).traces] == ["delta = 2", "delta = 1"]
    assert [t.label for t in swept("huber", [1.0, 1.0000001]).traces] == ["delta = 1.0", "delta = 1.0000001"]
    huber = LOSSES["huber"]
    with pytest.raises(LossaryError, match="Huber loss is named twice"):
        loss_views.comparison([huber, LOSSES["mse"], huber], [{}, {}, {}], "loss", None)


SWEEPS = {
    "all at kinks": ("huber", "delta", [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]),
    "some beyond": ("huber", "delta", [0.5, 1.0, 5.0, 6.0]),
    "none beyond": ("huber", "delta", [0.5, 1.0, 2.0]),
    "one side": ("hinge_embedding", "margin", [5.0, 10.0, 20.0]),
    "beta": ("smooth_l1", "beta", [4.0, 8.0, 16.0]),
}


@pytest.mark.parametrize(("slug", "name", "values"), SWEEPS.values(), ids=list(SWEEPS))
@pytest.mark.parametrize("which", ["loss", "gradient"])
def test_the_axis_of_a_sweep_shows_where_its_curves_part(slug: str, name: str, values: list[float], which: str) -> None:
    chart = swept(slug, values, which, name)
    y = np.array([t.y for t in chart.traces])
    near = 0.005 * float(np.ptp(y))
    for k, one in enumerate(y):
        for other in y[k + 1 :]:
            assert float(np.abs(one - other).max()) > near
    if slug == "huber" and which == "loss":
        assert chart.traces[0].x[-1] == {50.0: 60.0, 6.0: pytest.approx(7.2), 2.0: 3.0}[values[-1]]


def test_a_sweep_is_drawn_on_a_branch_that_the_parameter_moves() -> None:
    """For whichever loss: no two of its curves are one, and of several branches the words say which it is."""
    swept_losses = {loss.slug: p for loss in LOSSES.values() if (p := loss_views.sweep_parameter(loss)) is not None}
    assert len(swept_losses) > 20
    for slug, parameter in swept_losses.items():
        view = loss_views.sweep_view(LOSSES[slug], parameter, LOSSES[slug].defaults())
        assert view.table is not None
        columns = view.table.columns[1:]
        same = [(a, b) for a, b in itertools.combinations(range(len(columns)), 2) if (columns[a] == columns[b]).all()]
        assert same == [], (slug, parameter.name)
        branches = [label for label in LOSSES[slug].main.branches if label]
        assert len(branches) < 2 or any(f"with {signed(label)}" in view.caption for label in branches), view.caption


def test_whoever_does_not_see_a_figure_is_told_of_each_of_its_curves() -> None:
    for slug, loss in LOSSES.items():
        if len(loss.main.branches) > 1 and slug in OF_EACH_KIND:
            for name in ("loss", "gradient"):
                for label in loss.main.branches:
                    assert f"{label}: from " in views(slug)[name].alt.replace(f"{label[:1].upper()}{label[1:]}", label)


def test_a_sweep_that_never_parts_keeps_its_axis() -> None:
    chart = swept("gaussian_nll", [1e-6, 1e-5], name="eps")
    span = LOSSES["gaussian_nll"].main.span
    assert (chart.traces[0].x[0], chart.traces[0].x[-1]) == span


# --- raster ---------------------------------------------------------------------------------------------------------


def png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@each_kind_by_name
def test_a_chart_fills_its_half_of_a_card(slug: str) -> None:
    """Up to the words at the ends of its curves, or to what its last number needs."""
    card = views(slug)["card"].picture
    assert isinstance(card, Card)
    with render.drawn(card) as made:
        halves = zip(card.charts, made.axes, (584, 1144), strict=True)
        ends = {chart.heading: (end - axes.get_position().x1 * card.size[0]) for chart, axes, end in halves}
    for chart in card.charts:
        assert 0 < ends[chart.heading] < (30 if not any(t.label for t in chart.traces) else 180), ends


@each_kind_by_name
def test_a_card_has_the_size_of_a_preview_image(slug: str) -> None:
    card = views(slug)["card"].picture
    light, dark = render.png(card), render.png(card, "dark")
    assert png_size(light) == png_size(dark) == (1200, 630)
    assert light != dark
    assert isinstance(card, Card)
    assert card.name == LOSSES[slug].title
    main = LOSSES[slug].formulas[0]
    assert card.formula == (main.figure_latex if isinstance(main, Written) else formula_latex.for_figure(LOSSES[slug]))
    assert card.formula or isinstance(main, Written)


def test_rasters_are_scaled_and_reproducible() -> None:
    picture = views("huber")["loss"].picture
    assert png_size(render.png(picture)) == (460, 330)
    assert png_size(render.png(picture, scale=2.0)) == (920, 660)
    assert render.png(picture) == render.png(picture)
    assert render.pdf(picture) == render.pdf(picture)
    assert render.pdf(picture).startswith(b"%PDF-")


def test_a_raster_lies_on_paper() -> None:
    for theme in ("light", "dark"):
        pixels = imread(io.BytesIO(render.png(views("l1")["loss"].picture, theme)))
        corner = [round(float(v) * 255) for v in pixels[0, 0, :3]]
        assert "#" + "".join(f"{v:02x}" for v in corner) == colours(theme)["paper"]


# --- colours --------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_curves_can_be_read_on_paper(theme: Any) -> None:
    """Words have the contrast that WCAG asks of text, 4.5; curves that of graphics, 3."""
    palette = colours(theme)
    paper = luminance(palette["paper"])

    def contrast(role: str) -> float:
        one, two = sorted((paper, luminance(palette[role])))
        return (two + 0.05) / (one + 0.05)

    for role in ("ink", "muted", "loss", "gradient", "curvature"):
        assert contrast(role) >= 4.5, role
    for role in [r for r in ROLES if r.startswith("trace")]:
        assert contrast(role) >= 3, role


@pytest.mark.parametrize("which", loss_views.CURVES)
def test_a_weight_per_element_has_a_curve_for_each_of_several_numbers(which: str) -> None:
    """A picture shows one element, so a list of numbers is not one tensor there."""
    loss = LOSSES["bce_with_logits"]
    made = loss_views.picture(loss, which, {"pos_weight": [0.5, 1, 2]})
    assert isinstance(made, Chart)
    assert [trace.label for trace in made.traces if trace.label] == [f"pos_weight = {w}" for w in (0.5, 1, 2)]
    found = curve(loss, loss.main, made.traces[-1].x, {**loss.defaults(), "pos_weight": 2})
    assert np.allclose(made.traces[-1].y, getattr(found, which), rtol=1e-12, atol=0, equal_nan=True)


@pytest.mark.parametrize("weight", [[1, 2], [0.5, 1, 2], [[1], [2]]])
def test_a_tensor_of_weights_is_no_setting_of_a_picture(weight: list[Any]) -> None:
    """Whether it is asked for or kept as a default of the loss."""
    kept = lossary.get("bce_with_logits").at(pos_weight=weight)
    for view in (*loss_views.CURVES, "sweep", "card"):
        with pytest.raises(LossaryError, match=r"cannot be drawn with pos_weight = .* Leave pos_weight out"):
            kept.figure(view)
    assert lossary.get("bce_with_logits").at(pos_weight=[2]).figure("sweep").svg()


@pytest.mark.parametrize("kind", [Chart, Card, Surface, Plane, Lattice])
def test_the_smallest_size_is_drawn_or_told_what_would_do(kind: type) -> None:
    """What a picture leaves beside its plot may be more than its size."""
    slug, name = next(
        (slug, name) for slug in LOSSES for name in views(slug) if type(views(slug)[name].picture) is kind
    )
    picture = dataclasses.replace(views(slug)[name].picture, size=(80, 60))
    with pytest.raises(LossaryError, match=r"cannot be drawn at 80x60: .*; the smallest size that works is") as told:
        render.svg(picture)
    least = re.search(r"is (\d+)x(\d+)$", str(told.value))
    assert least
    render.svg(dataclasses.replace(picture, size=(int(least[1]), int(least[2]))))
