"""The command line: every command of the contract, and errors that are one line for people."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lossary.commands.main import main
from lossary.commands.starter import write
from lossary.discovery.catalogs import catalog
from lossary.verification.findings import LABELS
from website.tools import CACHE, NIGHTLY, ROOT, run

pytestmark = pytest.mark.in_turns("src/lossary/commands", "src/lossary/api.py")

LOSSES = catalog()


def call(*arguments: str, code: int = 0) -> Result:
    """Run a command in this process."""
    done = CliRunner().invoke(main, list(map(str, arguments)))
    told = "" if done.exception is None or isinstance(done.exception, SystemExit) else repr(done.exception)
    assert done.exit_code == code, f"{done.output}{told}"
    assert not told
    return done


def refused(*arguments: str, code: int = 1) -> str:
    """The one line with which a command refuses its arguments."""
    done = call(*arguments, code=code)
    assert done.stdout == ""
    line = done.stderr.strip()
    assert line.startswith("Error: ") if code == 1 else "Error: " in line
    assert code == 2 or "\n" not in line, line
    return line.removeprefix("Error: ")


# --- list and show --------------------------------------------------------------------------------------------------


def test_list_shows_every_loss() -> None:
    lines = call("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(LOSSES)
    for line, loss in zip(lines, LOSSES.values(), strict=True):
        assert re.fullmatch(rf"{loss.slug} +{re.escape(loss.title)} +{loss.family} +{re.escape(loss.summary)}", line)
    assert len({line.index(loss.summary) for line, loss in zip(lines, LOSSES.values(), strict=True)}) == 1


def test_list_as_json_and_by_family() -> None:
    rows = json.loads(call("list", "--json").stdout)
    assert rows == [
        {"slug": x.slug, "title": x.title, "family": x.family, "summary": x.summary} for x in LOSSES.values()
    ]
    chosen = json.loads(call("list", "--json", "--family", "regression").stdout)
    assert [row["slug"] for row in chosen] == [x.slug for x in LOSSES.values() if x.family == "regression"]
    first = next(x.slug for x in LOSSES.values() if x.family == "robust")
    assert call("list", "--family", "robust").stdout.startswith(f"{first} ")
    assert "no family 'nope'" in refused("list", "--family", "nope")
    assert "regression" in refused("list", "--family", "nope")


@pytest.mark.parametrize("slug", LOSSES)
def test_show_is_a_readable_card(slug: str) -> None:
    loss = LOSSES[slug]
    told = call("show", slug).stdout
    plain = " ".join(told.split())
    assert plain.startswith(f"{loss.title} {slug} · {loss.family} {loss.summary}")
    assert loss.torch or loss.function
    assert (loss.torch.removeprefix("torch.") if loss.torch else loss.function.__name__) in plain
    for parameter in loss.parameters:
        assert re.search(rf"^{parameter.name} ", told, re.MULTILINE)
    assert len(loss.properties) >= 3
    for key in loss.properties:
        assert LABELS[key] in plain
    assert ("Also known as" in plain) == bool(loss.aliases)
    for alias in loss.aliases:
        assert re.sub(r"\s", "", alias) in re.sub(r"\s", "", told), alias
    assert "\x1b" not in told, "colours outside a terminal"
    assert max(map(len, told.splitlines())) <= 120
    assert "Sum(" not in told
    assert "Piecewise" not in told


def test_show_takes_any_name() -> None:
    expected = call("show", "huber").stdout
    for name in ("Huber's t", "HUBERLOSS", "torch.nn.HuberLoss", "Huber loss", "optax.huber_loss"):
        assert call("show", name).stdout == expected
    assert re.search(r"no loss is called 'hubr' \(did you mean huber", refused("show", "hubr"))


# --- figure and compare ---------------------------------------------------------------------------------------------


def size(path: Path) -> tuple[float, float]:
    """Width and height of a picture, in its own units."""
    data = path.read_bytes()
    if path.suffix == ".png":
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        return struct.unpack(">II", data[16:24])
    if path.suffix == ".pdf":
        assert data.startswith(b"%PDF-")
        box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", data)
        assert box
        return float(box[1]), float(box[2])
    root = ET.fromstring(data)
    return float(root.attrib["width"]), float(root.attrib["height"])


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_figure_writes_each_format_in_the_size_asked_for(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"huber.{ending}"
    call("figure", "huber", "--size", "640x400", "-o", target)
    width, height = size(target)
    assert width / height == pytest.approx(1.6, rel=1e-3)
    if ending == "svg":
        assert (width, height) == (640, 400)
    if ending == "png":
        assert width >= 640
    first = target.read_bytes()
    call("figure", "huber", "--size", "640x400", "-o", target)
    assert target.read_bytes() == first, "the same call gives another file"


def test_figure_themes(tmp_path: Path) -> None:
    made = {}
    for theme in ("light", "dark", "auto"):
        call("figure", "mse", "--theme", theme, "-o", tmp_path / f"{theme}.svg")
        made[theme] = (tmp_path / f"{theme}.svg").read_text("utf-8")
    assert "#1f5fa8" in made["light"]
    assert "#7db7f0" not in made["light"]
    assert "#7db7f0" in made["dark"]
    assert "#1f5fa8" not in made["dark"]
    assert "prefers-color-scheme" in made["auto"]
    assert "prefers-color-scheme" not in made["light"] + made["dark"]


@pytest.mark.parametrize("view", ["loss", "gradient", "curvature", "sweep", "card", "thumb"])
def test_figure_views(tmp_path: Path, view: str) -> None:
    target = tmp_path / "huber.svg"
    call("figure", "huber", "--view", view, "-o", target)
    root = ET.fromstring(target.read_bytes())
    assert (root.findtext("{http://www.w3.org/2000/svg}title") or "").startswith("Huber loss")
    call("figure", "cross_entropy", "--view", "logits", "-o", tmp_path / "map.svg")
    assert "no view 'nope'" in refused("figure", "huber", "--view", "nope", "-o", target)


def test_figure_at_other_parameters(tmp_path: Path) -> None:
    one, several, default = tmp_path / "one.svg", tmp_path / "several.svg", tmp_path / "default.svg"
    call("figure", "huber", "-o", default)
    call("figure", "huber", "--set", "delta=0.5", "-o", one)
    call("figure", "huber", "--set", "delta=0.5,1,2", "-o", several)
    assert one.read_bytes() != default.read_bytes() != several.read_bytes()
    assert "delta = 0.5" in one.read_text("utf-8")
    assert re.search(r"delta = 0\.5, 1,? (and )?2", several.read_text("utf-8"))
    call("figure", "cross_entropy", "--set", "label_smoothing=0.1", "--set", "weight=1,2,3", "-o", one)
    call("figure", "gaussian_nll", "--set", "full=true", "-o", one)
    call("figure", "triplet_margin_with_distance", "--set", "distance_function=cosine_distance", "-o", one)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("huber", "--set", "delta=-1"), "delta > 0"),
        (("huber", "--set", "delta=wide"), "'wide' is not a number"),
        (("kl_div", "--set", "log_target=true"), "cannot be drawn with log_target = True"),
        (("poisson_nll", "--set", "log_input=false"), "Leave log_input out to draw it; 'lossary evaluate' computes"),
        (("cross_entropy", "--set", "weight=1,2"), "Give weight 3 numbers, as many as the figure has classes"),
        (("triplet_margin_with_distance", "--set", "distance_function=cosin"), "pairwise_distance or cosine_distance"),
        (("multi_margin", "--set", "p=3"), "1 <= p <= 2"),
        (("huber", "--set", "delta"), "NAME=VALUE"),
        (("huber", "--set", "delta="), "NAME=VALUE"),
        (("huber", "--set", "delt=1"), "did you mean delta"),
        (("mse", "--set", "delta=1"), "mse has no parameter 'delta'"),
        (("huber", "--size", "12"), "WIDTHxHEIGHT"),
        (("huber", "--size", "9x9"), "WIDTHxHEIGHT"),
        (("huber", "--size", "99999x99999"), "WIDTHxHEIGHT"),
        (("nope",), "no loss is called 'nope'"),
    ],
)
def test_figure_refuses_in_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    target = tmp_path / "huber.svg"
    assert words in refused("figure", *arguments, "-o", str(target))
    assert not target.exists()


def test_figure_refuses_files_that_it_cannot_write(tmp_path: Path) -> None:
    assert ".svg, .png or .pdf" in refused("figure", "huber", "-o", str(tmp_path / "huber.gif"))
    assert "no_such_folder" in refused("figure", "huber", "-o", str(tmp_path / "no_such_folder" / "huber.svg"))
    assert "Missing option" in refused("figure", "huber", code=2)
    assert "'sepia'" in refused("figure", "huber", "--theme", "sepia", "-o", str(tmp_path / "a.svg"), code=2)


def test_compare_lays_losses_over_each_other(tmp_path: Path) -> None:
    target = tmp_path / "all.svg"
    call("compare", "l1", "mse", "huber", "--set", "huber.delta=2", "-o", target)
    told = target.read_text("utf-8")
    for slug in ("l1", "mse", "huber"):
        assert LOSSES[slug].title in told
    other = tmp_path / "other.svg"
    call("compare", "l1", "mse", "huber", "--set", "delta=0.5", "-o", other)
    assert other.read_bytes() != target.read_bytes()
    call("compare", "l1", "huber", "--view", "gradient", "--theme", "dark", "--size", "500x300", "-o", target)
    assert size(target) == (500, 300)
    call("compare", "l1", "huber", "-o", tmp_path / "all.png")
    assert "axis" in refused("compare", "mse", "bce_with_logits", "-o", str(target))
    assert "none of l1, mse has this parameter" in refused(
        "compare", "l1", "mse", "--set", "delta=1", "-o", str(target)
    )
    assert "no loss is called 'nope'" in refused("compare", "l1", "nope", "-o", str(target))


# --- check and new --------------------------------------------------------------------------------------------------


@pytest.fixture
def third_party(tmp_path: Path) -> Callable[..., Path]:
    """Makes a catalog of somebody else's, with one loss from `lossary new`, changed as a test likes."""

    def make(old: str = "", new: str = "") -> Path:
        path = write("my_square", "toy", str(tmp_path / "mine"))
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new) if old else text, "utf-8")
        return tmp_path / "mine"

    return make


def test_check_reports_each_check_of_a_loss() -> None:
    told = call("check", "mse").stdout
    assert re.search(r"^mse: [\d,]+ points at \d+ settings?, largest relative difference \S+ in the value", told)
    assert len(re.findall(r"^  ok      \w", told, re.MULTILINE)) >= 6
    assert "failed  " not in told
    assert told.rstrip().endswith("1 checked, 0 failed")
    assert "no loss is called 'mze' (did you mean mse" in refused("check", "mze")


def test_check_of_a_third_party_catalog(third_party: Callable[..., Path]) -> None:
    folder = third_party()
    assert "1 checked, 0 failed" in call("check", "--catalog", str(folder)).stdout
    assert "my_square" in call("list", "--catalog", str(folder)).stdout
    assert "My square" in call("show", "my_square", "--catalog", str(folder)).stdout
    assert call("check", "my_square", "-c", str(folder)).stdout.startswith("my_square: ")


@pytest.mark.parametrize(
    ("old", "new", "stage", "words"),
    [
        ("scale * r**2,\n", "scale * r**2 + 1,\n", "formula", "expected"),
        ('"convex": True', '"convex": False', "property", "convex: expected False"),
        ("tensor([0.2500, 4.0000])", "tensor([0.2500, 4.0001])", "snippet", "got"),
        ("loss = Loss(", "loss = Loss((", "load", "SyntaxError"),
    ],
)
def test_check_fails_on_a_wrong_loss(
    third_party: Callable[..., Path], old: str, new: str, stage: str, words: str
) -> None:
    folder = third_party(old, new)
    done = call("check", "--catalog", str(folder), code=1)
    assert done.stdout.rstrip().endswith("1 checked, 1 failed")
    assert re.search(rf"^  failed  {stage.removesuffix('y')}", done.stdout, re.MULTILINE)
    message = done.stderr.strip()
    assert message.startswith(f"{folder.resolve()}/toy/my_square.py: {stage}")
    assert words in message
    assert "Traceback" not in done.output


def test_catalogs_that_are_not_there() -> None:
    for command in (("list",), ("check",), ("show", "huber"), ("export", "--out", "/tmp/never")):
        assert "no catalog 'nowhere.at.all'" in refused(*command, "--catalog", "nowhere.at.all")


def test_new_writes_a_file_that_passes(tmp_path: Path) -> None:
    folder = tmp_path / "losses"
    folder.mkdir()
    told = call("new", "my_loss", "--family", "my_family", "--catalog", str(folder)).stdout
    path = folder / "my_family" / "my_loss.py"
    assert told == f"wrote {path}\n"
    assert '"""My family' in (path.parent / "__init__.py").read_text("utf-8")
    assert path.read_text("utf-8").count("#") >= 4, "the starting file explains itself"
    assert "1 checked, 0 failed" in call("check", "--catalog", str(folder)).stdout
    assert "is taken by" in refused("new", "my_loss", "--family", "other", "--catalog", str(folder))
    for bad in ("My-Loss", "1st", "class", "a.b", "../up", ""):
        assert "lower-case letters, digits and _" in refused(
            "new", bad, "--family", "my_family", "--catalog", str(folder)
        )
        assert "lower-case letters, digits and _" in refused("new", "fine", "--family", bad, "--catalog", str(folder))
    assert sorted(p.name for p in folder.rglob("*.py")) == ["__init__.py", "my_loss.py"]


def test_names_that_are_no_text_are_told_as_others_are(tmp_path: Path) -> None:
    """A name of bytes, and one of two lines, on the way to a check and to a page."""
    for name in ("x\udcff", "a\nb", "my loss"):
        path = write("fine", "my_family", str(tmp_path / "losses"))
        path.rename(path.with_name(f"{name}.py"))
    for command in (("check",), ("export", "--out", str(tmp_path / "out"))):
        done = CliRunner().invoke(main, [*command, "--catalog", str(tmp_path / "losses")])
        assert done.exit_code == 1
        assert isinstance(done.exception, SystemExit)
        for name in ("x?", "a?b", "my loss"):
            assert done.output.count(f"{name}.py: load: the file cannot be called '{name}'") == 1, done.output
    assert not (tmp_path / "out").exists()


def test_new_fits_the_projects_own_style(tmp_path: Path) -> None:
    path = write("my_loss", "my_family", str(tmp_path))
    for file in (path, path.with_name("__init__.py")):
        for command in (["check"], ["format", "--check"]):
            name = f"src/lossary/losses/my_family/{file.name}"
            ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", name, "-"]
            done = subprocess.run(ruff, input=file.read_text("utf-8"), capture_output=True, text=True, cwd=ROOT)
            assert done.returncode == 0, done.stdout + done.stderr


# --- as a program ---------------------------------------------------------------------------------------------------


def test_module_and_script_are_the_same(tmp_path: Path) -> None:
    module = run("-m", "lossary", "--version", cache=CACHE, cwd=tmp_path)
    assert module.returncode == 0
    assert module.stdout == call("--version").stdout
    script = run(str(Path(sys.executable).with_name("lossary")), "show", "nope", cache=CACHE, cwd=tmp_path)
    assert script.returncode == 1
    assert script.stdout == ""
    assert script.stderr == f"Error: no loss is called 'nope'; `lossary list` shows all {len(LOSSES)}\n"


def test_help_and_version_need_no_torch(tmp_path: Path) -> None:
    done = run("-X", "importtime", "-m", "lossary", "--help", cache=CACHE, cwd=tmp_path)
    assert done.returncode == 0
    for command in ("check", "compare", "evaluate", "export", "figure", "list", "new", "show"):
        assert re.search(rf"^  {command} +\S", done.stdout, re.MULTILINE), command
    assert not re.search(r"\| +(torch|sympy|matplotlib|numpy)$", done.stderr, re.MULTILINE)
    assert re.fullmatch(r"lossary, version \d+\.\d+\.\d+\n", call("--version").stdout)


@NIGHTLY
def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    line: Any = json.dumps({"slug": "l1", "inputs": {"input": [1], "target": [0]}}) + "\n"
    command = f"{sys.executable} -m lossary evaluate | head -n 1"
    from website.tools import environment

    done = subprocess.run(
        ["bash", "-c", command], input=line * 5000, capture_output=True, text=True, cwd=tmp_path, env=environment(CACHE)
    )
    assert json.loads(done.stdout)["value"] == 1.0
    assert done.stderr == ""
