"""Bad loss files: each kind of mistake gives exactly one message, which says where, what and at which point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import MakeCatalog
from lossary.discovery.catalogs import catalog, duplicate_aliases, duplicate_slugs, known, load, sources
from lossary.discovery.links import links, slips
from lossary.errors import CatalogError, Failure, LossaryError
from lossary.evaluation.snippets import Run, runs
from lossary.evaluation.torch_calls import reduced_example
from lossary.typesetting.torch_code import example_output
from lossary.verification.checks import CHECKS, verify

GOOD = r'''r"""Scaled square

Half the square of a residual in units of sigma.

## When to use it

When a residual is measured in units of `sigma`.

## When not to

When it is not: [[mse]].

## Pitfalls

### Halving sigma quadruples the loss

It is squared.

```python
for sigma in (1.0, 0.5):
    print(sigma, (torch.tensor(3.0) / sigma) ** 2 / 2)
```

```output
1.0 tensor(4.5000)
0.5 tensor(18.)
```

## Relations

Half of [[mse]].

    ((input - target) ** 2).mean() / 2 == F.mse_loss(input, target) / 2
"""

from lossary.declaration import (
    POSITIVE, REAL, REAL_TARGET, RESIDUAL, Input, Loss, Parameter, Section, Symbolic
)
from lossary.declaration import log, sqrt


def scaled_square(input, target, *, sigma=1.0, reduction="mean"):
    r = (input - target) / sigma
    value = r * r / 2
    return value if reduction == "none" else getattr(value, reduction)()


loss = Loss(
    function=scaled_square,
    aliases=("scaled squared error",),
    inputs=(
        Input("input", "x", (REAL,), "(*)", "the predictions"),
        Input("target", "y", (REAL_TARGET,), "(*), same as input", "the values to predict"),
    ),
    parameters=(Parameter("sigma", 1.0, "the unit", range=POSITIVE, typical=(0.5, 1.0, 3.0)),),
    formulas=(
        Symbolic(
            value=lambda r, sigma: r**2 / (2 * sigma**2),
            gradient={"input": lambda r, sigma: r / sigma**2, "target": lambda r, sigma: -r / sigma**2},
        ),
    ),
    sections=(
        Section(
            axis=RESIDUAL,
            label="residual, input − target",
            span=(-3.0, 3.0),
            inputs=lambda t, y: {"input": t, "target": y},
            branches={"": 0.0},
            perfect=0.0,
            target_values="real",
            note="One element. The target is 0.",
            caption="A parabola.",
        ),
    ),
    example={"input": [0.5, -1.5], "target": [0.0, 1.0]},
    properties={
        "convex": True,
        "smoothness": "Cinf",
        "gradient_lipschitz": lambda sigma: 1 / sigma**2,
        "symmetric": True,
        "elicits": "mean",
    },
)
'''


FUNCTION = GOOD[GOOD.index("def scaled_square") : GOOD.index("\n\n\nloss = Loss(")]
OUTPUT = "```output\n1.0 tensor(4.5000)\n0.5 tensor(18.)\n```\n"
WHEN_NOT = "## When not to\n\nWhen it is not: [[mse]].\n\n"


def changed(old: str, new: str, text: str = GOOD) -> str:
    """The good file with one mistake."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
    return text.replace(old, new)


def failures(root: Path) -> list[Failure]:
    """Everything that is wrong with a catalog, as a build would collect it."""
    found = sources(str(root))
    told = duplicate_slugs(found)
    losses = []
    for source in found:
        try:
            losses.append(load(source))
        except CatalogError as error:
            told += error.failures
    told += duplicate_aliases([(loss.slug, loss.path, loss.aliases) for loss in losses])
    told += slips([(loss.path, links(loss.prose)) for loss in losses], known(found))
    return told + [failure for loss in losses for failure in verify(loss)[1]]


def only_failure(make: MakeCatalog, text: str) -> Failure:
    root = make({"toy/scaled_square": text})
    told = failures(root)
    assert len(told) == 1, "\n".join(map(str, told))
    assert told[0].path == str(root / "toy" / "scaled_square.py")
    assert str(told[0]).startswith(f"{told[0].path}: {told[0].stage}")
    assert "\n" not in told[0].message.strip()
    return told[0]


def test_the_good_file_has_no_failure(make_catalog: MakeCatalog) -> None:
    root = make_catalog({"toy/scaled_square": GOOD})
    (loss,) = catalog(str(root)).values()
    evidence, told = verify(loss)
    assert told == []
    assert evidence.passed == list(CHECKS)
    assert evidence.points > 500
    assert evidence.settings == 3
    assert [run.printed for run in runs(loss) if isinstance(run, Run)] == ["1.0 tensor(4.5000)\n0.5 tensor(18.)"]
    assert example_output(loss).splitlines()[0] == "1.625"
    assert reduced_example(loss) == {"none": [0.125, 3.125], "sum": 3.25, "mean": 1.625}
    assert (loss.slug, loss.family, loss.prose[:13]) == ("scaled_square", "toy", "Scaled square")


# --- files that do not load -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\nloss = Loss(", "\nexit()\nloss = Loss(", "line 48: SystemExit: the code calls sys\\.exit"),
        (
            '("scaled squared error",)',
            '"scaled squared error"',
            "line 48: TypeError: aliases must be a tuple, got str: of one thing it is \\(…,\\)",
        ),
        ("loss = Loss(", "loss = Loss((", r"line \d+: SyntaxError"),
        (
            "from lossary.declaration import log, sqrt",
            "from lossary.declaration import logg",
            "line 39: ImportError.*logg",
        ),
        ("\nloss = Loss(", "\nraise ValueError('no luck')\nloss = Loss(", "line 48: ValueError: no luck"),
        ("\nloss = Loss(", "\nvalue = Loss(", "must assign a lossary Loss to the name 'loss', found NoneType"),
        ("\nloss = Loss(", "\nloss = dict(", "must assign a lossary Loss to the name 'loss', found dict"),
        ("    function=scaled_square,", "    functoin=scaled_square,", "line 48: TypeError.*functoin"),
        (
            "    function=scaled_square,",
            '    function=scaled_square,\n    title="Scaled square",\n    summary="Half the square.",',
            "title, summary: this stands in the docstring: its first line is the title",
        ),
    ],
)
def test_a_file_that_does_not_load(make_catalog: MakeCatalog, old: str, new: str, message: str) -> None:
    failure = only_failure(make_catalog, changed(old, new))
    assert failure.stage == "load"
    assert re.search(message, failure.message), failure.message


ODD_NAMES = (
    "my loss", "-dash", "naïve", "日本", "UPPER", "a.b", "a-b", "1two", "class", "None", "a\nb", "a;rm", " ", "x\udcff",
    "%41", "%2f..", "a&b", "<b>", "it's", "{x}", "$x", "[[huber]]", "*", "index", "a" * 245 + "-",
)  # fmt: skip


def test_a_file_or_folder_whose_name_is_no_address_is_told(make_catalog: MakeCatalog) -> None:
    """Each by itself, in one line, and the loss beside them is whole."""
    files = {f"toy/{name}": changed('"scaled squared error"', f'"alias {k}"') for k, name in enumerate(ODD_NAMES)}
    root = make_catalog(
        {**files, "odd family/fine": changed('"scaled squared error"', '"one more"'), "toy/whole": GOOD}
    )
    told = failures(root)
    assert [failure.stage for failure in told] == ["load"] * (len(ODD_NAMES) + 1)
    assert sum("the folder cannot be called 'odd family'" in failure.message for failure in told) == 1
    for failure in told:
        assert str(failure).isprintable(), failure
        assert len(str(failure)) < 600
        assert "lower-case letters, digits and _" in failure.message
    assert {source.slug for source in sources(str(root))} > {"whole", "fine", "a?b", "x?"}


def test_two_files_may_not_share_a_slug(make_catalog: MakeCatalog) -> None:
    root = make_catalog({"one/scaled_square": GOOD, "two/scaled_square": changed('("scaled squared error",)', "()")})
    with pytest.raises(CatalogError) as caught:
        catalog(str(root))
    (failure,) = caught.value.failures
    assert failure.path == str(root / "two" / "scaled_square.py")
    assert failure.message == (
        f"the slug 'scaled_square' is taken by {root / 'one' / 'scaled_square.py'}; rename one of the files"
    )


@pytest.mark.parametrize("alias", ["scaled squared error", "Scaled Squared ERROR", "Scaled_square"])
def test_two_losses_may_not_share_an_alias(make_catalog: MakeCatalog, alias: str) -> None:
    text = changed('("scaled squared error",)', repr((alias,)))
    root = make_catalog({"one/scaled_square": GOOD, "two/other": text})
    with pytest.raises(CatalogError) as caught:
        catalog(str(root))
    (failure,) = caught.value.failures
    # An alias that is another loss's slug belongs to that loss; of two equal aliases the first loss keeps it.
    blamed = "two/other" if alias == "Scaled_square" else "one/scaled_square"
    assert failure.path == str(root / f"{blamed}.py")
    assert "already belongs to" in failure.message


# --- files that load, and are wrong ---------------------------------------------------------------------------------

# what is wrong: (the right text, the wrong text, stage, what the message must contain)
WRONG: Mapping[str, tuple[str, str, str, tuple[str, ...]]] = {
    "raises when evaluated": (
        "    value = r * r / 2",
        "    value = r * r / undefined_name",
        "evaluate",
        ("NameError", "undefined_name"),
    ),
    "raises at one setting only": (
        "    value = r * r / 2",
        "    if sigma == 3.0:\n        raise ArithmeticError('three')\n    return r * r / 2",
        "evaluate",
        ("ArithmeticError", "three", "sigma = 3.0"),
    ),
    "nan inside its domain": (
        "    value = r * r / 2",
        "    value = torch.where((r - 1).abs() < 0.01, torch.nan, r * r / 2)",
        "formula",
        ("value at input = ", "expected 0.5", "got nan"),
    ),
    "nan outside the drawn range": (
        "    value = r * r / 2",
        "    value = torch.where(r.abs() > 100, torch.nan, r * r / 2)",
        "formula",
        ("input = -1000", "target = 0", "expected", "got nan"),
    ),
    "disagrees with its formula": (
        "    value = r * r / 2",
        "    value = r * r",
        "formula",
        ("value at input = ", "target = 0", "sigma = 1.0", "expected", "by the formula", "got", "from torch"),
    ),
    "disagrees at one setting": (
        "    value = r * r / 2",
        "    value = r * r / 2 * (1.5 if sigma == 3.0 else 1.0)",
        "formula",
        ("value at input = ", "sigma = 3.0", "expected", "got"),
    ),
    "disagrees in the far tail": (
        "    value = r * r / 2",
        "    value = torch.where(r.abs() > 1e5, r.abs(), r * r / 2)",
        "formula",
        ("value at input = -1000000", "expected 500000000000.0", "got 1000000.0"),
    ),
    "wrong gradient": (
        '"input": lambda r, sigma: r / sigma**2,',
        '"input": lambda r, sigma: r / sigma,',
        "gradient",
        ("gradient with respect to input at input = ", "sigma = 0.5", "expected", "got"),
    ),
    "wrong gradient of the target": (
        '"target": lambda r, sigma: -r / sigma**2',
        '"target": lambda r, sigma: r / sigma**2',
        "gradient",
        ("gradient with respect to target at input = ", "expected", "got"),
    ),
    "formula undefined inside the domain": (
        "value=lambda r, sigma: r**2 / (2 * sigma**2),",
        "value=lambda r, sigma: r**2 / (2 * sigma**2) + (log(1000 - r) - log(abs(1000 - r))),",
        "formula",
        ("value at input = ", "nan"),
    ),
    "false property": ('"convex": True', '"convex": False', "property", ("convex: expected False", "got True")),
    "false smoothness": ('"Cinf"', '"C1"', "property", ("smoothness: expected 'C1'", "got 'Cinf'")),
    "false constant": ("lambda sigma: 1 / sigma**2", "1.01", "property", ("gradient_lipschitz: expected 1.01", "got")),
    "false constant at one setting": (
        "lambda sigma: 1 / sigma**2",
        "lambda sigma: min(1 / sigma**2, 2)",
        "property",
        ("gradient_lipschitz: expected 2", "got 4", "sigma = 0.5"),
    ),
    "false median": ('"elicits": "mean"', '"elicits": "median"', "property", ("elicits: expected 'median'", "'mean'")),
    "unknown property": ('"convex": True', '"convxe": True', "declaration", ("unknown property 'convxe'", "convex")),
    "claim that cannot be looked at": (
        '            target_values="real",\n',
        "",
        "property",
        ("elicits needs a section with target_values",),
    ),
    "snippet prints something else": (
        "0.5 tensor(18.)",
        "0.5 tensor(17.)",
        "snippet",
        ("line 19", "expected '1.0 tensor(4.5000)\\n0.5 tensor(17.)'", "got '1.0 tensor(4.5000)\\n0.5 tensor(18.)'"),
    ),
    "snippet raises": (
        "    print(sigma, (torch.tensor(3.0) / sigma) ** 2 / 2)",
        "    print(sigma, torch.tensr(3.0))",
        "snippet",
        ("line 19", "line 2 of the snippet raised AttributeError", "tensr"),
    ),
    "no output fence": (OUTPUT, "", "snippet", ("line 19", "output fence")),
    "missing heading": (WHEN_NOT, "", "declaration", ("'## When not to' is missing",)),
    "unknown heading": ("## When not to", "## Whenever", "declaration", ("unknown heading '## Whenever'",)),
    "no prose": (GOOD[: GOOD.index("from lossary.declaration")], "", "declaration", ("'## When to use it'",)),
    "typical value out of range": (
        "typical=(0.5, 1.0, 3.0)",
        "typical=(-0.5, 1.0, 3.0)",
        "declaration",
        ("typical value", "sigma > 0", "got -0.5"),
    ),
    "unknown symbol": (
        "value=lambda r, sigma: r**2 / (2 * sigma**2),",
        "value=lambda residual, sigma: residual**2 / (2 * sigma**2),",
        "formula",
        ("the symbol 'residual'", "not declared", "known are"),
    ),
    "unknown input symbol": (
        'Input("input", "x",',
        'Input("input", "xx",',
        "declaration",
        ("the symbol 'xx' of an input is not in the symbol table",),
    ),
    "shared symbol": ('Input("target", "y",', 'Input("target", "x",', "declaration", ("share a symbol", "x, x")),
    "wrong relation": (
        "== F.mse_loss(input, target) / 2",
        "== F.mse_loss(input, target)",
        "relation",
        ("to mse", "F.mse_loss(input, target)", "expected", "got"),
    ),
    "relation that raises": (
        "== F.mse_loss(input, target) / 2",
        "== F.mse(input, target)",
        "relation",
        ("to mse", "AttributeError"),
    ),
    "a kink that decides": (
        '            target_values="real",\n',
        '            target_values="real",\n            kinks=(lambda sigma: 0.0 if sigma < 0 else 1e999,),\n',
        "interactive plot",
        ("a kink of 'residual, input − target' is no expression of the parameters", "truth value"),
    ),
    "no summary": (
        "Half the square of a residual in units of sigma.\n\n",
        "",
        "declaration",
        ("the docstring must begin with the title in one line, an empty line, and one sentence",),
    ),
    "another default in the function": (
        "*, sigma=1.0, reduction",
        "*, sigma=2.0, reduction",
        "declaration",
        ("the default of sigma is 1.0 as declared, and 2.0 in the loss's own function",),
    ),
    "another reduction in the function": (
        'reduction="mean"',
        'reduction="sum"',
        "declaration",
        ("the default of reduction is 'mean' as declared, and 'sum' in the loss's own function",),
    ),
    "a function in another style": (
        '*, sigma=1.0, reduction="mean"',
        "sigma=1.0",
        "declaration",
        ("must take what is declared: def scaled_square(input, target, *, sigma=1.0, reduction='mean')",),
    ),
    "a constant beside the function": (
        FUNCTION,
        f"TWO = 2.0\n\n\n{FUNCTION.replace('r * r / 2', 'r * r / TWO')}",
        "example",
        ("name 'TWO' is not defined", "the page shows the function alone"),
    ),
    "two that are written alike": (
        'Parameter("sigma", 1.0, "the unit", range=POSITIVE',
        'Parameter("sigma", 1.0, "the unit", latex="x", range=POSITIVE',
        "declaration",
        ("are written alike, give one of them latex=: x, x, y",),
    ),
    "a kind of parameter by its name": (
        'Parameter("sigma", 1.0, "the unit", range=POSITIVE',
        'Parameter("sigma", 1.0, "the unit", kind="number", range=POSITIVE',
        "load",
        ("the kind of sigma must be Integer(), Flag(), Choice(…) or another such, got 'number'",),
    ),
    "unknown task": (
        "    function=scaled_square,\n",
        '    function=scaled_square,\n    tasks=("regresion",),\n',
        "declaration",
        ("unknown task 'regresion' (did you mean regression?)", "known are regression, counts"),
    ),
    "a concept without a place": (
        "    function=scaled_square,\n",
        '    function=scaled_square,\n    concepts={"units": "gamma"},\n',
        "declaration",
        ("the concept 'units': the place 'gamma': there is no such parameter or pitfall", "there are sigma, 'Halving"),
    ),
    "an answer at no place": (
        "    function=scaled_square,\n",
        '    function=scaled_square,\n    answers={"regression/plain": ("When a", "When it")},\n',
        "declaration",
        ("the answer 'regression/plain': there is no such place (did you mean regression/plain/mean",),
    ),
    "a relation of a thing to itself": (
        "((input - target) ** 2).mean() / 2 == F.mse_loss(input, target) / 2",
        "F.mse_loss(input, target) == F.mse_loss(input, target)",
        "relation",
        ("both sides are the same, so it says nothing",),
    ),
    "a relation of no loss": (
        "== F.mse_loss(input, target) / 2",
        "== ((input - target) ** 2).mean() * 0.5",
        "relation",
        ("to mse", "it calls no loss, so it says nothing"),
    ),
    "a snippet that shows nothing": (
        GOOD[GOOD.index("for sigma in (1.0") : GOOD.index("## Relations")],
        "x = 1\n```\n\n```output\n```\n\n",
        "snippet",
        ("line 19", "it prints nothing, so it shows nothing"),
    ),
    "an example of nothing": (
        '{"input": [0.5, -1.5], "target": [0.0, 1.0]}',
        '{"input": [[]], "target": [0.0]}',
        "declaration",
        ("the example's 'input' is empty",),
    ),
    "an input without a meaning": ('"the predictions"', '" "', "declaration", ("what input means",)),
    "a parameter without a meaning": ('"the unit"', '""', "declaration", ("what sigma means",)),
    "no reductions": ("    example=", "    reductions=(),\n    example=", "declaration", ("reductions is empty",)),
    "cited from nowhere": (
        '"convex": True',
        '"convex": __import__("lossary.declaration").declaration.Cited(True, "")',
        "property",
        ("convex: what is cited needs its source",),
    ),
    "a precision without a reason": (
        "    example=",
        '    precision=__import__("lossary.declaration").declaration.Precision(absolute=1.0),\n    example=',
        "declaration",
        ("precision= needs why=",),
    ),
    "a precision at which nothing is checked": (
        "    example=",
        '    precision=__import__("lossary.declaration").declaration.Precision(absolute=1e15, why="so"),\n    example=',
        "formula",
        ("precision= allows 1e+01 where the value is", "any formula would do"),
    ),
    "a relation that links no loss": (
        "Half of [[mse]].",
        "Half of it.",
        "declaration",
        ("the relation 'Half of it.' links no loss",),
    ),
    "a relation without an identity": (
        " == F.mse_loss(input, target) / 2",
        "",
        "declaration",
        ("needs two sides with ' == ' between them",),
    ),
    "a source that is no citation": (
        "## Relations",
        "## References\n\n- Huber 1964, somewhere\n\n## Relations",
        "declaration",
        ("'Huber 1964, somewhere' is no citation such as",),
    ),
    "a library that nobody knows": (
        "## Relations",
        "## In other libraries\n\n- `acme.loss(x)`: As here.\n\n## Relations",
        "declaration",
        ("say before 'acme.loss(x)' whose it is", "known by its package is"),
    ),
    "neither torch class nor function": (
        "    function=scaled_square,\n",
        "",
        "declaration",
        ("either the torch class or the loss's own torch function",),
    ),
    "unknown torch class": (
        "    function=scaled_square,\n",
        '    torch="torch.nn.ScaledLoss",\n',
        "declaration",
        ("has no torch.nn.ScaledLoss",),
    ),
    "nearly the formula": (
        "    value = r * r / 2",
        "    value = r * r / 2 * (1 + 1e-12)",
        "formula",
        ("1e-12 of it apart, where 1e-14 is allowed", "precision=Precision(…)"),
    ),
    "a gradient of nothing": (
        '"input": lambda r, sigma: r / sigma**2,',
        '"input": None,',
        "declaration",
        ("the gradient with respect to input must be a function of symbols, got None",),
    ),
    "a gradient left out": (
        ', "target": lambda r, sigma: -r / sigma**2}',
        "}",
        "declaration",
        ("formula 1 has no gradient with respect to target: declare it, or say why", "differentiable=False"),
    ),
    "returns nothing": (
        '    return value if reduction == "none" else getattr(value, reduction)()',
        "    return None",
        "evaluate",
        ("a loss must return a tensor of real numbers, got NoneType", "sigma = 1.0"),
    ),
    "returns an array": (
        "    value = r * r / 2",
        "    return (r * r / 2).detach().numpy()",
        "evaluate",
        ("must return a tensor of real numbers, got ndarray",),
    ),
    "returns complex numbers": (
        "    value = r * r / 2",
        "    value = r * r / 2 + 0j",
        "evaluate",
        ("must return a tensor of real numbers, got torch.complex128",),
    ),
    "returns another shape": (
        "    value = r * r / 2",
        "    value = (r * r / 2).unsqueeze(0)",
        "evaluate",
        ("reduction none: expected the shape (237,), one value each, got (1, 237)", "sigma = 1.0"),
    ),
    "returns too many values": (
        "    value = r * r / 2",
        "    value = torch.stack([r * r / 2] * 2)",
        "formula",
        ("expected 237 values", "got 474", "sigma = 1.0"),
    ),
    "reduces to another shape": (
        "getattr(value, reduction)()",
        '(value.mean() if reduction == "mean" else value.sum().reshape(1))',
        "reduction",
        ("reduction sum: expected one number, got the shape (1,)",),
    ),
    "a wrong sum": (
        "getattr(value, reduction)()",
        "value.mean()",
        "reduction",
        ("reduction sum: expected 3.250, got 1.625", "sigma = 1.0"),
    ),
    "cut from its graph": (
        "    value = r * r / 2",
        "    value = (r * r / 2).detach()",
        "gradient",
        ("gradient with respect to input at input = ", "got 0.0", "sigma = 1.0"),
    ),
    "writes into its input": (
        "    value = r * r / 2",
        "    input.mul_(2)\n    value = r * r / 2",
        "evaluate",
        ("RuntimeError", "in-place"),
    ),
    "draws random numbers": (
        "    value = r * r / 2",
        "    value = r * r / 2 * (1 + torch.rand_like(r) * 1e-9)",
        "formula",
        ("value at input = ", "expected", "got"),
    ),
    "calls itself for ever": (
        "    value = r * r / 2",
        "    return scaled_square(input, target, sigma=sigma)",
        "evaluate",
        ("RecursionError",),
    ),
    "an error that cannot be read": (
        "    value = r * r / 2",
        "    raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})",
        "evaluate",
        ("Odd: (its message cannot be read)",),
    ),
    "an endless message": ("    value = r * r / 2", "    raise ValueError('long ' * 100_000)", "evaluate", ("long …",)),
    "exits when evaluated": (
        "    value = r * r / 2",
        "    raise SystemExit(0)",
        "evaluate",
        ("the code calls sys.exit(0)", "sigma = 1.0"),
    ),
    "a snippet that exits": (
        "for sigma in (1.0, 0.5):\n    print(sigma, (torch.tensor(3.0) / sigma) ** 2 / 2)",
        "exit(0)",
        "snippet",
        ("line 19", "line 1 of the snippet raised SystemExit: the code calls sys.exit(0)"),
    ),
    "a number's function in the formula": (
        "value=lambda r, sigma: r**2 / (2 * sigma**2),",
        "value=lambda r: __import__('math').exp(r),",
        "formula",
        ("cannot be written down", "TypeError", "such as exp, log, maximum and cases, and not of math"),
    ),
    "a branch in the formula": (
        "value=lambda r, sigma: r**2 / (2 * sigma**2),",
        "value=lambda r: r**2 if r > 0 else r,",
        "formula",
        ("cannot be written down", "and not of math, numpy, torch or `if`"),
    ),
    "a formula of nothing": (
        "value=lambda r, sigma: r**2 / (2 * sigma**2),",
        "value=lambda r: None,",
        "formula",
        ("the formula gives None",),
    ),
    "a formula as a text": (
        "value=lambda r, sigma: r**2 / (2 * sigma**2),",
        "value=lambda r: 'r**2',",
        "formula",
        ("the formula gives 'r**2'",),
    ),
    "a gradient with respect to a stranger": (
        '"target": lambda r, sigma',
        '"targt": lambda r, sigma',
        "declaration",
        ("formula 1 has a gradient with respect to 'targt' (did you mean target?)",),
    ),
    "a symbol in no table": (
        "value=lambda r, sigma: r**2 / (2 * sigma**2),",
        'value=lambda foo: foo,\n            where={"foo": lambda r, sigma: r**2 / (2 * sigma**2)},',
        "declaration",
        ("formula 1: the symbol 'foo' is in no table: say with notation=",),
    ),
    "two shorthands that are written alike": (
        "value=lambda r, sigma: r**2 / (2 * sigma**2),",
        'value=lambda a, b: a + b,\n            notation={"a": "q", "b": "q"},\n'
        '            where={"a": lambda r, sigma: r**2 / (2 * sigma**2), "b": lambda r: 0 * r},',
        "declaration",
        ("formula 1: b and a are both written q",),
    ),
    "an example without an input": (
        ', "target": [0.0, 1.0]}',
        "}",
        "declaration",
        ("the example lacks the input target",),
    ),
    "an example with a misspelt input": (
        '{"input": [0.5, -1.5]',
        '{"inptu": [0.5, -1.5]',
        "declaration",
        ("the example has an input 'inptu' (did you mean input?); the inputs are input, target",),
    ),
    "an example of words": ("[0.5, -1.5]", '["a", "b"]', "declaration", ("the example's 'input' is no number",)),
    "a ragged example": (
        "[0.5, -1.5]",
        "[[0.5], [-1.5, 2.0]]",
        "declaration",
        ("the example's 'input' is no number, and no rectangular list",),
    ),
    "an example that is not finite": (
        "[0.5, -1.5]",
        '[float("nan"), -1.5]',
        "declaration",
        ("the example's 'input' holds a number that is not finite",),
    ),
    "an example of two lengths": ("[0.5, -1.5]", "[0.5, -1.5, 2.0]", "example", ("line 2", "size of tensor")),
    "a section without an input": (
        '"target": y}',
        "}",
        "declaration",
        ("the section 'residual, input − target': what inputs returns lacks the input target",),
    ),
    "a section with a stranger": (
        '"target": y}',
        '"target": y, "u": t}',
        "declaration",
        ("what inputs returns has an input 'u'",),
    ),
    "a section that cannot be called": (
        "inputs=lambda t, y: {",
        "inputs=lambda t: {",
        "declaration",
        ("inputs cannot be called with t and the target value", "TypeError"),
    ),
    "a section of nothing": (
        "inputs=lambda t, y: {",
        "inputs=lambda t, y: None and {",
        "declaration",
        ("inputs must return each input by its name, got NoneType",),
    ),
    "a section without a length": (
        "span=(-3.0, 3.0)",
        "span=(3.0, 3.0)",
        "declaration",
        ("span must be two finite numbers, the smaller one first, got (3.0, 3.0)",),
    ),
    "a section without an end": ("span=(-3.0, 3.0)", "span=(-3.0, 1e999)", "declaration", ("span must be",)),
    "a section without a branch": ('branches={"": 0.0}', "branches={}", "declaration", ("branches is empty",)),
    "a kink that raises": (
        '            target_values="real",\n',
        '            target_values="real",\n            kinks=(lambda sigma: 1 / 0,),\n',
        "declaration",
        ("a kink cannot be told", "sigma", "ZeroDivisionError"),
    ),
    "a claim of a parameter that is not there": (
        "lambda sigma: 1 / sigma**2",
        "lambda tau: 1 / tau**2",
        "property",
        ("gradient_lipschitz: the claim cannot be called with the parameters that it names (sigma)", "tau"),
    ),
    "a claim that raises": (
        "lambda sigma: 1 / sigma**2",
        "lambda sigma: 1 / 0",
        "property",
        ("gradient_lipschitz", "ZeroDivisionError"),
    ),
    "a misspelt link": ("When it is not: [[mse]].", "Else: [[msee]].", "link", ("[[msee]]", "did you mean mse or")),
    "a link to a loss without a page and without words": (
        "When it is not: [[mse]].",
        "Else: [[entirely_unheard_of]].",
        "link",
        ("[[entirely_unheard_of]]", "is named by words, [[entirely_unheard_of|words]]"),
    ),
    "a slip behind a link's words": (
        "When it is not: [[mse]].",
        "Else: [[smoth_l1|that]].",
        "link",
        ("did you mean smooth_l1?",),
    ),
    "latex that does not parse": (
        "            value=lambda r, sigma: r**2",
        '            notation={"a": r"\\frac{a"},\n'
        '            where={"a": lambda r: r**2},\n'
        "            value=lambda a, sigma: a",
        "latex",
        (r"\frac{a",),
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_mistake_gives_one_clear_message(make_catalog: MakeCatalog, kind: str) -> None:
    old, new, stage, words = WRONG[kind]
    text = changed(old, new).replace("from lossary.declaration", "import torch\n\nfrom lossary.declaration", 1)
    failure = only_failure(make_catalog, text)
    assert failure.stage == stage
    for word in words:
        assert word in str(failure), f"{word!r} is missing in: {failure}"


def test_two_mistakes_in_one_file_are_both_told(make_catalog: MakeCatalog) -> None:
    text = changed('"convex": True', '"convex": False', changed("0.5 tensor(18.)", "0.5 tensor(17.)"))
    root = make_catalog({"toy/scaled_square": text})
    assert sorted(f.stage for f in failures(root)) == ["property", "snippet"]


def test_a_missing_heading_does_not_hide_what_else_is_wrong(make_catalog: MakeCatalog) -> None:
    text = changed(WHEN_NOT, "", changed('"convex": True', '"convxe": True'))
    root = make_catalog({"toy/scaled_square": text})
    told = "\n".join(map(str, failures(root)))
    assert "unknown property 'convxe'" in told
    assert "'## When not to' is missing" in told


def test_every_broken_file_is_reported_in_one_run(make_catalog: MakeCatalog) -> None:
    plain = changed('("scaled squared error",)', "()")
    files = {
        "toy/a": changed("loss = Loss(", "loss = Loss((", plain),
        "toy/b": changed("\nloss = Loss(", "\n1 / 0\nloss = Loss(", plain),
        "toy/c": plain,
        "toy/d": changed("\nloss = Loss(", "\nlos = Loss(", plain),
        "other/c": plain,
        "toy/e": GOOD,
        "toy/f": GOOD,
    }
    root = make_catalog(files)
    with pytest.raises(CatalogError) as caught:
        catalog(str(root))
    told = {Path(f.path).relative_to(root).with_suffix("").as_posix(): f.message for f in caught.value.failures}
    assert set(told) == {"toy/a", "toy/b", "toy/d", "toy/c", "toy/f"}
    assert len(caught.value.failures) == 5
    text = str(caught.value)
    assert text.startswith("5 failures in the catalog:\n")
    words = {"a": "SyntaxError", "b": "ZeroDivisionError", "d": "'loss'", "f": "already belongs to e"}
    for name, word in words.items():
        assert word in told[f"toy/{name}"]
        assert f"{root}/toy/{name}.py: load: " in text


def test_one_failure_is_one_failure() -> None:
    assert str(CatalogError([Failure("a.py", "load", "no")])) == "1 failure in the catalog:\n  a.py: load: no"
    assert str(Failure("a.py", "formula", "no", "delta = 2")) == "a.py: formula [delta = 2]: no"


def test_a_catalog_that_is_not_there() -> None:
    with pytest.raises(LossaryError, match=r"no catalog 'nowhere\.at\.all'"):
        sources("nowhere.at.all")


def test_an_edited_file_is_read_again(make_catalog: MakeCatalog) -> None:
    """Even within one second and at the same size, where a time stamp would not tell."""
    root = make_catalog({"toy/scaled_square": GOOD})
    first = catalog(str(root))["scaled_square"]
    make_catalog({"toy/scaled_square": changed("Scaled square", "Scalud square")})
    second = catalog(str(root))["scaled_square"]
    assert (first.title, second.title) == ("Scaled square", "Scalud square")


def test_files_with_an_underscore_are_no_losses(make_catalog: MakeCatalog) -> None:
    wrong = "raise ValueError"  # what editors and systems put beside a file begins with a point
    others = {"toy/_shared": wrong, "_drafts/a": wrong, "toy/__proto__": wrong, "toy/._scaled_square": wrong}
    root = make_catalog({"toy/scaled_square": GOOD, **others})
    assert list(catalog(str(root))) == ["scaled_square"]
