"""Losses of one's own: any package is a catalog, by name or because it is installed, and is held to the same checks."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import lossary
import thirdparty
from lossary.commands.main import main
from lossary.declaration.choosing import QUESTIONS
from lossary.discovery import catalogs
from lossary.discovery.dependencies import neighbours
from lossary.discovery.lookup import find
from lossary.drawing.together import shared_axis
from lossary.embedding.option_text import settings
from lossary.errors import CatalogError, LossaryError
from lossary.evaluation.settings import check_parameters
from lossary.publishing.choosing import choices
from lossary.publishing.jobs import questions_files
from lossary.publishing.record import record
from lossary.publishing.site import _loss_job
from lossary.verification.checks import CHECKS, verify
from thirdparty import CATALOG, GOOD, WRONG, changed

pytestmark = pytest.mark.in_turns("src/lossary/commands", "src/lossary/testing.py", "src/lossary/discovery")

SOURCES = Path(lossary.__file__).parents[1]
BUILT_IN = [source.slug for source in catalogs.sources()]
OWN = sorted((*GOOD, WRONG))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a project that holds the package; it is the current one, and not on the import path."""
    project = tmp_path / "project"
    thirdparty.make(project)
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield project
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme"]:
        del sys.modules[name]


@pytest.fixture
def installed(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same package, installed and registered."""
    thirdparty.register(root)
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.chdir(root.parent)
    return root


def call(*arguments: str, code: int = 0, input: str | None = None) -> Result:
    done = CliRunner().invoke(main, arguments, input=input)
    assert done.exit_code == code, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    return done


def refused(*arguments: str) -> str:
    """The message with which a command refuses."""
    done = call(*arguments, code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    return done.stderr.removeprefix("Error: ").strip()


def file(root: Path, slug: str) -> Path:
    return root / "acme" / "losses" / "fitting" / f"{slug}.py"


# --- found ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("catalog", [CATALOG, "acme/losses", "./acme/losses"])
def test_a_catalog_is_a_package_or_a_folder(root: Path, catalog: str) -> None:
    rows = json.loads(call("list", "--json", "--catalog", catalog).stdout)
    assert [(row["slug"], row["family"]) for row in rows] == [(slug, "fitting") for slug in OWN]
    assert list(lossary.catalog(catalog=catalog)) == OWN
    assert lossary.get("half_square", catalog=catalog).evaluate({"input": [3.0], "target": [1.0]}).value == 4.0


def test_every_command_takes_a_catalog(root: Path) -> None:
    own = ("--catalog", CATALOG)
    assert call("show", "acme ERROR", *own).stdout.startswith("Half square")
    request = {"slug": "half_square", "parameters": {"scale": 3}, "inputs": {"input": [3.0], "target": [1.0]}}
    answer = json.loads(call("evaluate", *own, input=json.dumps(request)).stdout)
    gradient = {"input": [12.0], "target": [-12.0]}
    assert answer == {"slug": "half_square", "value": 12.0, "gradient": gradient, "formula_value": 12.0}
    call("figure", "half_square", "--set", "scale=1,2", "-o", "own.svg", *own)
    assert re.search(r"Half square.*scale = 1,? (and )?2", (root / "own.svg").read_text("utf-8"), re.DOTALL)
    call("compare", "half_square", "huber", "-o", "both.svg", *own)
    told = (root / "both.svg").read_text("utf-8")
    assert "Half square" in told
    assert "Huber loss" in told
    assert "no loss is called 'hubr'" in refused("compare", "half_square", "hubr", "-o", "both.svg", *own)
    assert "no loss is called 'huber'" in refused("figure", "huber", "-o", "huber.svg", *own)
    assert call("new", "cube", "--family", "fitting", *own).stdout == f"wrote {file(root, 'cube')}\n"
    assert "1 checked, 0 failed" in call("check", "cube", *own).stdout
    assert "is taken by" in refused("new", "cube", "--family", "other", *own)


def test_an_installed_catalog_is_found_without_being_named(installed: Path) -> None:
    assert [row["slug"] for row in json.loads(call("list", "--json").stdout)] == sorted([*BUILT_IN, *OWN])
    assert list(lossary.catalog()) == sorted([*BUILT_IN, *OWN])
    assert lossary.get("half_square").family == "fitting"
    assert lossary.get("acme error").slug == "half_square"
    assert [row["slug"] for row in json.loads(call("list", "--json", "--family", "fitting").stdout)] == OWN
    assert list(lossary.catalog(catalogs.BUILT_IN)) == BUILT_IN
    call("figure", "half_square", "-o", str(installed / "own.svg"))
    # A new loss may not take a name of any of them.
    assert "'huber' is taken by src/lossary" in refused("new", "huber", "--family", "fitting", "--catalog", CATALOG)


def test_a_package_beside_the_built_in_one_shares_a_family(installed: Path) -> None:
    os.rename(installed / "acme" / "losses" / "fitting", installed / "acme" / "losses" / "robust")
    assert catalogs.families(catalogs.sources(None))["robust"].title == "Robust regression"
    assert catalogs.families(catalogs.sources(CATALOG))["robust"].title == "Fitting"


def test_finding_a_catalog_imports_nothing_of_it(root: Path) -> None:
    (root / "acme" / "__init__.py").write_text("raise RuntimeError('imported')\n", "utf-8")
    assert [source.slug for source in catalogs.sources(CATALOG)] == OWN
    # What does import it is told as a fault of the loss, with its line.
    with pytest.raises(CatalogError, match=r"half_square\.py: load: line \d+: RuntimeError: imported"):
        lossary.get("half_square", CATALOG)


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_slug_that_two_packages_have_names_both_files(installed: Path) -> None:
    file(installed, "plain_square").rename(file(installed, "huber"))
    message = (
        f"{file(installed, 'huber')}: load: the slug 'huber' is taken by src/lossary/losses/robust/huber.py; "
        "rename one of the files"
    )
    for command in (("list",), ("show", "huber"), ("figure", "huber", "-o", "never.svg")):
        assert message in refused(*command)
    for ask in (lossary.catalog, lambda: lossary.get("huber")):
        with pytest.raises(CatalogError, match=re.escape(message)):
            ask()
    assert lossary.get("huber", catalogs.BUILT_IN).family == "robust"
    assert lossary.get("l1").slug == "l1", "other losses are not concerned"


def test_an_alias_that_two_packages_have_names_both_files(installed: Path) -> None:
    changed(file(installed, "half_square"), ('"Acme error"', '"Log loss"'))
    with pytest.raises(CatalogError) as caught:
        lossary.catalog()
    (failure,) = caught.value.failures
    assert failure.path == str(file(installed, "half_square"))
    assert failure.message == (
        "the alias 'Log loss' already belongs to bce (src/lossary/losses/classification/bce.py); "
        "keep it in one of the two"
    )
    assert refused("show", "log loss") == (
        "'log loss' is a name of bce and of half_square: give the slug of one of them"
    )


def test_a_registration_that_leads_nowhere(installed: Path) -> None:
    changed(installed / "acme-1.0.dist-info" / "entry_points.txt", (f"acme = {CATALOG}", "mine = acme.gone"))
    message = refused("list")
    assert message.startswith("the package acme registers a catalog that is not there, mine = 'acme.gone'")
    assert "mend or uninstall it" in message
    assert "huber " in call("list", "--catalog", catalogs.BUILT_IN).stdout


@pytest.mark.parametrize(
    "catalog", ["nowhere", "nowhere.at.all", "acme.nothing", "acme.functional", "a-b.c", "__main__", "acme..losses"]
)
def test_a_catalog_that_is_not_there(root: Path, catalog: str) -> None:
    with pytest.raises(LossaryError, match=re.escape(f"no catalog {catalog!r}: it is neither")):
        lossary.catalog(catalog)


def test_a_relative_import_says_how_to_write_it(root: Path) -> None:
    changed(file(root, "half_square"), ("from acme.functional", "from ...functional"))
    with pytest.raises(CatalogError, match=r"line \d+: .*; name the module in full"):
        lossary.get("half_square", CATALOG)


def test_the_names_of_other_losses_do_not_hang_on_a_broken_one(root: Path) -> None:
    file(root, WRONG).write_text("import nothing_at_all\n", "utf-8")
    assert lossary.get("Acme error", CATALOG).slug == "half_square"
    assert "did you mean half_square" in refused("show", "half_sqare", "--catalog", CATALOG)


# --- names ----------------------------------------------------------------------------------------------------------


def test_another_name_is_taken_and_check_says_whose_it_is(tmp_path: Path) -> None:
    assert call("show", "log loss").stdout.startswith("Binary cross-entropy  bce")
    assert lossary.get("log loss").slug == "bce"
    made = tmp_path / "made.svg"
    for command in (("figure", "Log loss"), ("compare", "Log loss")):
        assert call(*command, "-o", str(made)).exit_code == 0
        made.unlink()
    asked = '{"slug": "Log loss", "inputs": {"input": [0.5], "target": [1.0]}}'
    assert json.loads(call("evaluate", input=asked).stdout)["value"] == pytest.approx(0.6931471805599453, rel=1e-15)
    assert refused("check", "Log loss") == "'Log loss' is another name of bce; give the slug here"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hubr", "(did you mean huber"),
        ("LOG LOS", "(did you mean bce, also called log loss"),
        ("nn.HubertLoss", "huber, also called nn.HuberLoss"),
        ("zzzzzz", "called 'zzzzzz'; `lossary list`"),
    ],
)
def test_an_unknown_name_suggests_the_nearest_slugs_and_aliases(name: str, words: str) -> None:
    for command in (("show", name), ("figure", name, "-o", "never.svg"), ("check", name)):
        message = refused(*command)
        assert message.startswith(f"no loss is called {name!r}")
        assert words in message
        assert message.endswith(f"`lossary list` shows all {len(BUILT_IN)}")


def test_a_wrong_parameter_names_the_right_ones_and_their_ranges() -> None:
    huber = lossary.get("huber")
    with pytest.raises(LossaryError) as caught:
        huber.evaluate({"input": [1.0], "target": [0.0]}, {"delt": 1})
    assert str(caught.value) == (
        "huber has no parameter 'delt' (did you mean delta?); its parameters are: delta (delta > 0), "
        "weight (a tensor of the input's size)"
    )
    with pytest.raises(LossaryError, match=r"gaussian_nll has no .*: full \(true or false\), eps \(eps >"):
        lossary.get("gaussian_nll").figure("loss", {"nope": 1})
    with pytest.raises(LossaryError, match=r"soft_margin has no parameter 'nope'; its parameters are: none"):
        lossary.get("soft_margin").curve([0.0], {"nope": 1})


# --- what a loss is made from ---------------------------------------------------------------------------------------


def test_what_a_loss_imports_from_its_own_package_counts(root: Path) -> None:
    """An edit to the function that a loss imports makes the loss again, and no other."""
    found = {source.slug: source for source in catalogs.sources(CATALOG)}

    def keys() -> dict[str, str]:
        return {slug: _loss_job(source, "Fitting", "").key for slug, source in found.items()}

    package = root / "acme"
    assert neighbours(found["half_square"]) == [package / "__init__.py", package / "functional.py"]
    assert neighbours(found["plain_square"]) == []
    before = keys()
    (package / "functional.py").write_text("from .deeper import half_square\n", "utf-8")
    (package / "deeper.py").write_text(thirdparty.FUNCTION, "utf-8")
    between = keys()
    assert package / "deeper.py" in neighbours(found["half_square"])
    (package / "deeper.py").write_text(thirdparty.FUNCTION + "\n", "utf-8")
    after = keys()
    assert len({before["half_square"], between["half_square"], after["half_square"]}) == 3
    for slug in set(OWN) - {"half_square"}:
        assert before[slug] == between[slug] == after[slug]


def test_no_loss_of_the_built_in_catalog_has_neighbours() -> None:
    """What they import is part of every key already, and a warm build has no time to look."""
    assert [source.slug for source in catalogs.sources() if neighbours(source)] == []


# --- held to the checks ---------------------------------------------------------------------------------------------

EXPECTED = "gradient_lipschitz: expected 1.0 as claimed, got 2.0"


def test_check_finds_exactly_the_wrong_loss(root: Path) -> None:
    """In processes of their own; each is reported, though the first fails."""
    done = run(root, "-m", "lossary", "check", "--catalog", CATALOG)
    assert done.returncode == 1
    reports = re.findall(r"^(\w+): [\d,]+ points.*\n((?:  \w+ +.+\n)+)", done.stdout, re.MULTILINE)
    assert [slug for slug, _ in reports] == OWN
    for slug, report in reports:
        assert re.findall(r"^  failed  (.+)$", report, re.MULTILINE) == (["properties"] if slug == WRONG else [])
    assert done.stdout.endswith("3 checked, 1 failed\n")
    messages = done.stderr.strip().split("\n\n")
    assert all(message.startswith(f"{file(root, WRONG)}: property") for message in messages)
    assert EXPECTED in messages[0]


def run(folder: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(SOURCES), path]))
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "80"}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def run_pytest(root: Path, *arguments: str, folder: str = "") -> subprocess.CompletedProcess[str]:
    """Run pytest on one file that holds the one import."""
    (root / "tests").mkdir(exist_ok=True)
    (root / "tests" / "test_losses.py").write_text("from lossary.testing import test_loss\n", "utf-8")
    plugin = ("-p", "lossary.testing", "-p", "no:cacheprovider", "-W", "error")
    return run(root / folder, "-m", "pytest", *plugin, *arguments)


def test_the_plugin_finds_exactly_the_wrong_loss(root: Path) -> None:
    """From another folder than the configuration's; a loss that does not load fails once and skips the rest."""
    (root / "pytest.ini").write_text(f"[pytest]\nlossary_catalog = {CATALOG}\n", "utf-8")
    file(root, "broken").write_text("import nothing_at_all\n", "utf-8")
    done = run_pytest(root, "--junit-xml=report.xml", "--rootdir", str(root), folder="tests")
    assert done.returncode == 1, done.stdout + done.stderr
    cases = {case.attrib["name"]: case for case in ET.parse(root / "tests" / "report.xml").iter("testcase")}
    assert set(cases) == {
        f"test_loss[{slug}-{check}]" for slug in (*OWN, "broken") for check in ("load", "names", *CHECKS)
    }
    failed = {name: case.find("failure") for name, case in cases.items() if case.find("failure") is not None}
    assert set(failed) == {f"test_loss[{WRONG}-properties]", "test_loss[broken-load]"}
    wrong, broken = (str(failed[name].text) for name in sorted(failed, reverse=True))  # type: ignore[union-attr]
    assert wrong.startswith(f"{file(root, WRONG)}: property")
    assert EXPECTED in wrong
    assert broken == f"{file(root, 'broken')}: load: line 1: ModuleNotFoundError: No module named 'nothing_at_all'"
    skipped = {name for name, case in cases.items() if case.find("skipped") is not None}
    assert skipped == {f"test_loss[broken-{check}]" for check in CHECKS}


@pytest.mark.nightly
def test_the_plugin_tells_names_that_are_taken(root: Path) -> None:
    changed(file(root, "plain_square"), ("aliases=(),", 'aliases=("acme error",),'))
    done = run_pytest(root, "--lossary-catalog", "acme/losses", "-k", "names")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 2 passed" in done.stdout
    assert "plain_square.py: load: the alias 'acme error' already belongs to half_square" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "write lossary_catalog = my_package.losses in the configuration of pytest"),
        pytest.param(("--lossary-catalog", "nowhere"), "no catalog 'nowhere'", marks=pytest.mark.nightly),
        pytest.param(("--lossary-catalog", "tests"), "the catalog 'tests' holds no losses", marks=pytest.mark.nightly),
    ],
)
def test_the_plugin_says_what_it_lacks(root: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run_pytest(root, *arguments)
    assert done.returncode not in (0, 1)
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("named", [pytest.param(("-p", "lossary.testing"), marks=pytest.mark.nightly), ()])
def test_the_plugin_is_found_by_its_entry_point_and_light_where_it_is_not_used(root: Path, named: tuple[str]) -> None:
    """Named on the command line as well, it is loaded once."""
    with (SOURCES.parent / "pyproject.toml").open("rb") as project:
        ((name, module),) = tomllib.load(project)["project"]["entry-points"]["pytest11"].items()
    thirdparty.register(root, group="pytest11", name=name, value=module)
    (root / "test_nothing.py").write_text(
        "import sys\n\ndef test_nothing():\n    assert not {'torch', 'sympy', 'numpy'} & set(sys.modules)\n", "utf-8"
    )
    arguments = ("-p", "no:cacheprovider", *named, "--lossary-catalog", "unused", "test_nothing.py")
    done = run(root, "-m", "pytest", *arguments, path=str(root))
    assert done.returncode == 0, done.stdout + done.stderr


# --- one file -------------------------------------------------------------------------------------------------------

# Of a loss that nothing in Lossary prepares: kinds of input and parameter, an axis, two symbols and a shorthand of its
# own.
ALONE = '''"""Clipped share

The square of how far a share is from its target, up to a cap.

## When to use it

For shares of a whole: [[mse]] with a cap.

## When not to

Where every error counts: [[mse]].

## Pitfalls

### The cap hides what is far off

Beyond it there is no gradient.

```python
print(min(0.9**2, 0.25))
```

```output
0.25
```

## Relations

With a cap beyond every error it is [[mse]].

    ((input - target) ** 2).clamp(max=1e9).mean() == F.mse_loss(input, target)
"""

import torch

from lossary.declaration import (
    POSITIVE, Axis, Input, Kind, Loss, Number, Parameter, Range, Section, Symbolic, cases, minimum
)


class Share(Number):
    def read(self, text: str) -> object:
        return float(text.removesuffix("%")) / 100 if text.endswith("%") else super().read(text)

    def range_text(self, name: str, range: Range) -> str:
        return f"{super().range_text(name, range)}, or in percent"


SHARE = Kind("shares of a whole", values=(0.0, 0.1, 0.4, 0.9, 1.0), lower=0.0, upper=1.0, takes="probabilities")
SHARES = Axis("share", "share, input", (0.0, 1.0), 1.0, (-2.0, 2.0))


def clipped_share(
    input: torch.Tensor, target: torch.Tensor, *, cap: float = 0.25, reduction: str = "mean"
) -> torch.Tensor:
    loss = (input - target).square().clamp(max=cap)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


loss = Loss(
    function=clipped_share,
    tasks=("regression",),
    answers={"regression/outliers/none/edge": ("For shares", "Where every")},
    concepts={"outliers": "cap", "no gradient": "The cap hides"},
    inputs=(
        Input("input", "share", (SHARE,), "(*)", "the predicted share", latex=r"\\varrho"),
        Input("target", "whole", (SHARE,), "(*), same as input", "the true share", latex=r"\\varsigma"),
    ),
    parameters=(
        Parameter("cap", 0.25, "the largest loss", kind=Share(), range=POSITIVE, typical=(0.1, 0.25), latex="K"),
    ),
    formulas=(
        Symbolic(
            where={"gap": lambda share, whole: share - whole},
            notation={"gap": r"\\Delta"},
            meanings={"gap": "how far off it is"},
            value=lambda gap, cap: minimum(gap**2, cap),
            gradient={
                "input": lambda gap, cap: cases((2 * gap, gap**2 <= cap), (0, True)),
                "target": lambda gap, cap: cases((-2 * gap, gap**2 <= cap), (0, True)),
            },
        ),
    ),
    sections=(
        Section(
            axis=SHARES,
            label="share, input",
            span=(0.0, 1.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"": 0.0},
            perfect=0.0,
            limits=(0.0, 1.0),
            kinks=(lambda cap: cap**0.5,),
            note="One element whose true share is 0.",
            caption="A parabola, and then nothing.",
        ),
    ),
    example={"input": [0.1, 0.9], "target": [0.0, 0.0]},
    properties={"value_at_perfect": 0},
)
'''


def test_a_loss_with_kinds_an_axis_and_symbols_of_its_own_is_one_file(tmp_path: Path) -> None:
    """Nothing else is touched: it is checked, drawn, overlaid and described from its file alone."""
    family = tmp_path / "losses" / "shares"
    family.mkdir(parents=True)
    path = family / "clipped_share.py"
    path.write_text(ALONE, "utf-8")
    catalog = str(tmp_path / "losses")
    call("check", "--catalog", catalog)
    (loss,) = catalogs.catalog(catalog).values()
    evidence, failures = verify(loss)
    assert failures == []
    made = record(loss, evidence, [], "Shares")
    assert {s["latex"]: s["meaning"] for s in made["symbols"]} == {
        r"\varrho": "the predicted share",
        r"\varsigma": "the true share",
        r"\Delta": "how far off it is",
        "K": "the parameter `cap`",
    }
    assert [i["latex"] for i in made["inputs"]] == [r"\varrho", r"\varsigma"]
    assert [i["kind"] for i in made["inputs"]] == ["shares of a whole"] * 2
    assert [p["range"] for p in made["parameters"]] == ["cap > 0, or in percent"]
    assert check_parameters(loss, settings(loss, {"cap": "10%"})) == {"cap": 0.1}
    assert [axis["name"] for axis in made["axes"]] == ["share"]
    assert (made["tasks"], made["takes"]) == (["regression"], ["probabilities"])
    assert made["concepts"] == [
        {"phrase": "outliers", "parameter": "cap"},
        {"phrase": "no gradient", "pitfall": "The cap hides what is far off"},
    ]
    asked = json.loads(questions_files({})["questions.json"])
    (task,) = choices(asked, [made])
    assert (task["name"], task["question"]) == ("regression", QUESTIONS["regression"].text)
    node = task
    while node["answers"]:
        (node,) = node["answers"]
    assert [(one["slug"], one["reason"], one["change"]) for one in node["losses"]] == [
        ("clipped_share", "For shares of a whole: [[mse]] with a cap.", "Where every error counts: [[mse]].")
    ]
    alone = shared_axis([loss], [], "share", "loss")
    assert alone is not None
    assert alone.overlay().xlabel == "share, input"
    names = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.py")}
    assert names == {"losses/shares/clipped_share.py"}


def test_a_function_runs_as_it_is_pasted(root: Path) -> None:
    """The page's source and example, in a fresh interpreter with nothing before them."""
    loss = find("plain_square", CATALOG)
    evidence, failures = verify(loss)
    assert failures == []
    made = record(loss, evidence, [], "Fitting")
    assert made["source"].startswith("import torch\n\n\ndef plain_square(")
    told = {}
    for reduction in ("none", "mean"):
        code = (
            f"{made['source']}\nprint(plain_square(torch.tensor([2.0, 0.0]), torch.zeros(2), reduction={reduction!r}))"
        )
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {})
        told[reduction] = printed.getvalue().strip()
    assert told == {"none": "tensor([4., 0.])", "mean": "tensor(2.)"}
    code = f"{made['source']}\n{made['example']['code']}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == made["example"]["output"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shown = 3", "must assign a lossary Shown to the name 'shown', found int"),
        ("shown = Shown(", "line 2: SyntaxError"),
        ("shown = 1 / 0", "line 2: ZeroDivisionError: division by zero"),
        (
            "from lossary.declaration import Shown\nshown = Shown(curves=('los',))",
            "shown has no curve 'los'; there are loss, gradient, weight",
        ),
    ],
)
def test_a_broken_family_file_is_named_with_its_line(root: Path, text: str, words: str) -> None:
    file(root, "__init__").write_text(f'"""Fitting"""\n{text}\n')
    with pytest.raises(CatalogError) as told:
        catalogs.declared(catalogs.families(catalogs.sources(CATALOG))["fitting"])
    assert words in str(told.value)
    assert str(file(root, "__init__")) in str(told.value)
