"""Figures: SVGs that are small, told to screen readers and coloured three times; numbers and pixels that are right."""

from __future__ import annotations

import csv
import io
import re
import struct
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from cases import LOSSES
from lossary import charts, figure, points
from lossary.chart import Card, Chart, Surface, Table
from lossary.charts import View
from lossary.evaluate import curve
from lossary.loss import Loss
from lossary.palette import ROLES, Theme, colours

SVG = "{http://www.w3.org/2000/svg}"
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")
SIZES = {
    "loss": (460, 330),
    "gradient": (460, 330),
    "sweep": (460, 330),
    "sweep-gradient": (460, 330),
    "thumb": (200, 140),
    "card": (1200, 630),
}


@cache
def views(slug: str) -> dict[str, View]:
    return {view.name: view for view in charts.views(LOSSES[slug])}


@cache
def drawn(slug: str, name: str) -> dict[Theme, bytes]:
    return figure.svg(views(slug)[name].picture)


every_view = pytest.mark.parametrize(
    ("slug", "name"), [pytest.param(s, n, id=f"{s}-{n}") for s in LOSSES for n in views(s)]
)
every_slug = pytest.mark.parametrize("slug", LOSSES)


def charts_of(view: View) -> list[Chart]:
    if isinstance(view.picture, Card):
        return list(view.picture.charts)
    return [view.picture] if isinstance(view.picture, Chart) else []


# --- SVG ------------------------------------------------------------------------------------------------------------


@every_view
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
        assert picture.size == SIZES.get(name, (560, 460))


@every_view
def test_an_svg_is_small(slug: str, name: str) -> None:
    for data in drawn(slug, name).values():
        assert len(data) < 30_000


@every_view
def test_an_svg_holds_no_stand_in_colour_and_nothing_from_elsewhere(slug: str, name: str) -> None:
    for theme, data in drawn(slug, name).items():
        text = data.decode()
        assert not re.search(r"#01[0-9a-f]{2}fe", text, re.IGNORECASE)
        body = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        assert not re.search(r"#[0-9a-fA-F]{6}", body), "a colour outside the style sheet does not follow the theme"
        used = set(re.findall(r"#[0-9a-f]{6}", text))
        light, dark = set(colours("light").values()), set(colours("dark").values())
        assert used <= {"auto": light | dark, "light": light, "dark": dark}[theme]
        assert not re.search(r"https?://(?!www\.w3\.org/)", text)
        assert not re.search("<(script|image|metadata)", text)


@every_view
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
        assert classes == set(re.findall(r"\.([a-z][\w-]*)\{", sheet))


@every_view
def test_the_three_forms_differ_in_the_style_alone(slug: str, name: str) -> None:
    texts = {theme: drawn(slug, name)[theme].decode() for theme in THEMES}
    assert len({re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL) for text in texts.values()}) == 1
    assert len(set(texts.values())) == 3
    sheets = {theme: text.partition("<style>")[2].partition("</style>")[0] for theme, text in texts.items()}
    rules = {theme: set(re.findall(r"\.[\w-]+\{[^}]*\}", sheet)) for theme, sheet in sheets.items()}
    outside, _, inside = sheets["auto"].partition("@media(prefers-color-scheme:dark)")
    assert set(re.findall(r"\.[\w-]+\{[^}]*\}", outside)) == rules["light"]
    assert set(re.findall(r"\.[\w-]+\{[^}]*\}", inside)) == rules["dark"]
    assert len(rules["light"]) == len(rules["dark"]) > 0


@every_view
def test_drawing_twice_gives_the_same_bytes(slug: str, name: str) -> None:
    again = next(view for view in charts.views(LOSSES[slug]) if view.name == name)
    assert figure.svg(again.picture) == drawn(slug, name)


def test_the_order_of_drawing_does_not_matter() -> None:
    """A drawing that leaves something behind in matplotlib would change the next one."""
    first = figure.svg(views("huber")["loss"].picture)
    figure.svg(views("mse")["thumb"].picture)
    figure.png(views("l1")["loss"].picture)
    assert figure.svg(views("huber")["loss"].picture) == first


@every_slug
def test_each_role_keeps_its_colour(slug: str) -> None:
    """The loss is drawn in the loss's colour, the gradient in the gradient's, and neither borrows the other's."""
    for name, other in (("loss", "gradient"), ("gradient", "loss")):
        text = drawn(slug, name)["light"].decode()
        assert f".s-{name}{{stroke:{ROLES[name][0]}}}" in text
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
    curves = paths(slug, name, name)
    # The strong one is drawn over the others, so it comes last.
    traces = sorted(chart.traces, key=lambda trace: trace.strong)
    for path, trace in zip(curves, traces, strict=True):
        assert np.isfinite(trace.y).all()
        x, y = path.T
        assert (np.diff(x) >= 0).all()
        width, height = chart.size
        assert 0 < x.min() < x.max() < width
        assert 0 < y.min() < y.max() < height
        assert np.ptp(x) > 0.55 * width
        assert np.ptp(y) > 0.4 * height or len(chart.traces) > 1
        across = trace.x[0] + (x - x[0]) / (x[-1] - x[0]) * np.ptp(trace.x)
        high, low = y.min(), y.max()
        up = trace.y.min() + (low - y) / (low - high) * np.ptp(trace.y)
        # A pixel's hundredth, and matplotlib's own simplification of a tenth of a pixel.
        slope = np.interp(across, trace.x, np.abs(np.gradient(trace.y, trace.x)))
        allowed = 0.006 * np.ptp(trace.y) + 0.1 * slope * np.ptp(trace.x) / np.ptp(x)
        assert (np.abs(up - np.interp(across, trace.x, trace.y)) <= allowed).all()


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
    assert thumb.ylim[1] == loss.main.axis.top


def test_thumbnails_of_one_axis_share_their_ranges() -> None:
    ranges: dict[str, set[Any]] = {}
    for slug, loss in LOSSES.items():
        (thumb,) = charts_of(views(slug)["thumb"])
        ranges.setdefault(loss.main.axis.name, set()).add((thumb.xlim, thumb.ylim, thumb.size))
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
        if special:
            at = curve(loss, loss.main, np.array(special), None)
            assert [y for _, y in chart.kinks] == getattr(at, name).tolist()
        text = drawn(slug, name)["light"].decode()
        assert ("s-ink" in text) == bool(special)


# --- numbers --------------------------------------------------------------------------------------------------------


def read(table: Table) -> tuple[list[str], np.ndarray[Any, Any]]:
    rows = list(csv.reader(io.StringIO(table.csv().decode())))
    return rows[0], np.array([[float(v) for v in row] for row in rows[1:]]).T


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
        assert (found == column).all()
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
    parameter = charts.swept(loss)
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
        assert (curve(loss, loss.main, t, {parameter.name: given}).loss == column).all()
    for value in values:
        setting = {**loss.defaults(), parameter.name: value}
        assert np.isin(points.kinks(loss, loss.main, setting), t).all()
    (chart,) = charts_of(view)
    strong = [trace.label for trace in chart.traces if trace.strong]
    default = parameter.neutral if parameter.default is None else parameter.default
    assert strong == [f"{parameter.name} = {default:g}"]


def maps() -> list[Any]:
    return [pytest.param(x, m, id=f"{x.slug}-{m.name}") for x in LOSSES.values() for m in x.maps]


@pytest.mark.parametrize(("loss", "declared"), maps())
def test_a_heat_map_is_torch_on_its_grid(loss: Loss, declared: Any) -> None:
    view = views(loss.slug)[declared.name]
    assert isinstance(view.picture, Surface)
    assert view.table is not None
    picture = view.picture
    assert (picture.across[0], picture.across[-1]) == declared.spans[0]
    assert (picture.up[0], picture.up[-1]) == declared.spans[1]
    assert np.isfinite(picture.values).all()
    names, (s, t, values) = read(view.table)
    assert names == [*declared.labels, "loss"]
    assert (values.reshape(picture.values.shape) == picture.values).all()
    scores = np.stack([s, t, np.zeros_like(s)], axis=1)
    if loss.slug == "cross_entropy":
        wanted = np.log(np.exp(scores).sum(axis=1)) - s
        assert values == pytest.approx(wanted, rel=1e-12, abs=1e-14)


# --- raster ---------------------------------------------------------------------------------------------------------


def png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@every_slug
def test_a_card_has_the_size_of_a_preview_image(slug: str) -> None:
    card = views(slug)["card"].picture
    light, dark = figure.png(card), figure.png(card, "dark")
    assert png_size(light) == png_size(dark) == (1200, 630)
    assert light != dark
    assert isinstance(card, Card)
    assert card.name == LOSSES[slug].title
    assert card.formula


def test_rasters_are_scaled_and_reproducible() -> None:
    picture = views("huber")["loss"].picture
    assert png_size(figure.png(picture)) == (460, 330)
    assert png_size(figure.png(picture, scale=2.0)) == (920, 660)
    assert figure.png(picture) == figure.png(picture)
    assert figure.pdf(picture) == figure.pdf(picture)
    assert figure.pdf(picture).startswith(b"%PDF-")


def test_a_raster_lies_on_paper() -> None:
    from matplotlib.image import imread

    for theme in ("light", "dark"):
        pixels = imread(io.BytesIO(figure.png(views("l1")["loss"].picture, theme)))
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
