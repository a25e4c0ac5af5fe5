"""The modules of the site in a real browser, against torch: every loss, section, branch and kind of setting.

Points and settings are drawn here, and not by the package, which has compared others while building.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from cases import each_kind
from lossary.declaration.loss import Loss
from lossary.evaluation.curves import curve

LIMITS = {"formula": 1e-9, "table": 1e-6}
DRAWS = 6
# Beside a zero of the loss both sides are rounded; differences are measured against this at least.
SMALLEST = 1e-4

READ = """async ([address, calls]) => {
  const { default: plot } = await import(address);
  return calls.map(({ section, branch, p, t }) => {
    const variant = plot.sections[section].variants.find((v) => Object.entries(v.when).every(([k, x]) => p[k] === x));
    return t.map((x) => variant.branches[branch].run(x, p).slice(0, 2).map(String));
  });
}"""
DATA = "async (address) => JSON.parse(JSON.stringify((await import(address)).default))"


@pytest.fixture(scope="module")
def page(browser: Any, web: str) -> Iterator[Any]:
    opened = browser.new_page()
    opened.goto(web + "404.html")
    yield opened
    opened.close()


def drawn(parameter: Mapping[str, Any], size: int | None, draw: np.random.Generator) -> Any:
    kind = parameter["kind"]
    if kind == "boolean":
        return bool(draw.integers(2))
    if kind in ("choice", "values"):
        options = parameter["choices" if kind == "choice" else "values"]
        return options[draw.integers(len(options))]
    low, high = parameter["slider"]
    if kind == "integer":
        return int(draw.integers(low, high + 1))
    if parameter["scale"] == "log":
        return float(np.exp(draw.uniform(np.log(low), np.log(high))))
    return draw.uniform(low, high, size).tolist() if size else float(draw.uniform(low, high))


def settings(
    data: Mapping[str, Any], section: Mapping[str, Any], draw: np.random.Generator
) -> Iterator[dict[str, Any]]:
    """The defaults and some draws, for each combination of what is no plain number."""
    parameters = {p["name"]: p for p in data["parameters"]}
    controls = [(parameters[c["name"]], c.get("size")) for c in section["controls"]]
    start = {p["name"]: [p["default"]] * size if size else p["default"] for p, size in controls}
    options = {
        p["name"]: {"boolean": [False, True], "choice": p.get("choices"), "values": p.get("values")}[p["kind"]]
        for p, _ in controls
        if p["kind"] in ("boolean", "choice", "values")
    }
    for values in itertools.product(*options.values()):
        when = dict(zip(options, values, strict=True))
        yield start | when
        for _ in range(DRAWS if controls else 0):
            yield {p["name"]: drawn(p, size, draw) for p, size in controls} | when


@each_kind
def test_the_browser_computes_what_torch_computes(loss: Loss, page: Any, web: str) -> None:
    address = f"{web}plots/{loss.slug}.js"
    data = page.evaluate(DATA, address)
    draw = np.random.default_rng(len(loss.slug))
    calls, expected = [], []
    for s, (section, told) in enumerate(zip(loss.sections, data["sections"], strict=True)):
        assert [b["label"] for b in told["variants"][0]["branches"]] == list(section.branches)
        # Just inside the ends, where a kink may lie.
        near = 1e-6 * (section.span[1] - section.span[0])
        t = np.concatenate([section.span + np.array([near, -near]), draw.uniform(*section.span, 61)])
        for p in settings(data, told, draw):
            given = {name: value for name, value in p.items() if value != loss.defaults()[name]}
            for b, y in enumerate(section.branches.values()):
                calls.append({"section": s, "branch": b, "p": p, "t": t.tolist()})
                expected.append((curve(loss, section, t, given, y), p))
    found = page.evaluate(READ, [address, calls])
    for rows, (true, p) in zip(found, expected, strict=True):
        mine = np.array([[float(v.replace("Infinity", "inf")) for v in row] for row in rows])
        for column, torch in ((mine[:, 0], true.loss), (mine[:, 1], true.gradient)):
            off = np.abs(column - torch) / np.maximum(np.abs(torch), SMALLEST)
            k = int(np.argmax(off))
            assert off[k] < LIMITS[data["source"]], (p, true.t[k], column[k], torch[k])


def test_modules_ask_for_nothing_else(files: dict[str, bytes]) -> None:
    modules = [text.decode() for name, text in files.items() if name.startswith("plots/") and name.endswith(".js")]
    assert modules
    assert all("import" not in text.split("export default")[0] for text in modules)
