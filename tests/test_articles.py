"""Articles run from top to bottom, agree with numbers computed another way, and say clearly what is wrong with them."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from mpmath import mp, mpf

import lossary.publishing.article
from lossary.drawing import render
from lossary.drawing.pictures import Chart
from lossary.errors import CatalogError, Failure
from lossary.publishing.article import Article, run

ARTICLES = Path(lossary.publishing.article.__file__).parents[1] / "articles"
HEAD = "---\ntitle: A trial\ndescription: Nothing: but a trial.\n---\n\n"
FIRST = HEAD.count("\n") + 1  # the line of the first character after the head


@pytest.fixture(scope="module")
def post() -> Article:
    return run(ARTICLES / "original-post.md", "src/lossary/articles/original-post.md")


def article(folder: Path, text: str) -> Article:
    path = folder / "trial.md"
    path.write_text(text, "utf-8")
    return run(path, "articles/trial.md")


def failures(folder: Path, text: str, head: str = HEAD) -> tuple[Failure, ...]:
    with pytest.raises(CatalogError) as caught:
        article(folder, head + text)
    assert all(failure.path == "articles/trial.md" for failure in caught.value.failures)
    return caught.value.failures


def only(folder: Path, text: str, head: str = HEAD) -> Failure:
    (failure,) = failures(folder, text, head)
    return failure


# The post, corrected: exact values, computed here without torch.


def between(low: str, high: str, k: int) -> Fraction:
    """The k-th of the hundred numbers that np.linspace(low, high, 100) rounds."""
    return Fraction(low) + (Fraction(high) - Fraction(low)) * Fraction(k, 99)


def big(x: Fraction) -> mpf:
    return mpf(x.numerator) / x.denominator


def exact() -> dict[str, mpf]:
    with mp.workdps(30):
        x = [between("-1", "1", k) for k in range(100)]
        predicted = [between("0.01", "0.6", k) for k in range(100)]
        total = sum(predicted, Fraction(0))
        q = [big(p / total) for p in predicted]
        logs, zeros = [mp.log(big(p)) for p in predicted], [mp.log(big(1 - p)) for p in predicted]
        forward = mp.fsum((mp.log(mpf(1) / 100) - mp.log(c)) / 100 for c in q)
        scores = [mp.log1p(mp.exp(-big(p))) for p in predicted]
        return {
            "l1": big(sum(map(abs, x), Fraction(0)) / 100),
            "l1 sum": big(sum(map(abs, x), Fraction(0))),
            "mse": big(sum((v * v for v in x), Fraction(0)) / 100),
            "half": big(sum((v * v for v in x), Fraction(0)) / 200),
            "norm": mp.sqrt(big(sum((v * v for v in x), Fraction(0)))),
            "rms": mp.sqrt(big(sum((v * v for v in x), Fraction(0)) / 100)),
            "bce": -mp.fsum(logs) / 100,
            "bce sum": -mp.fsum(logs),
            "bce zeros": -mp.fsum(zeros) / 100,
            "bce swapped": big(100 - total),
            "sigmoid": mp.fsum(scores) / 100,
            "posted": -big(total / 100),
            "forward": forward,
            "reverse": mp.fsum(c * (mp.log(c) - mp.log(mpf(1) / 100)) for c in q),
            "forward 1-D": forward / 100,
            "mean of rows": -mp.fsum(logs) / 200,
        }


def test_exact_values_are_the_fractions_that_the_page_names(post: Article) -> None:
    x = [between("-1", "1", k) for k in range(100)]
    assert sum(map(abs, x), Fraction(0)) / 100 == Fraction(50, 99)
    assert sum((v * v for v in x), Fraction(0)) / 100 == Fraction(101, 297)
    assert "exactly $50/99$" in post.markdown
    assert "exactly $101/297$" in post.markdown


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("l1", "tensor({})"),
        ("l1", "mean tensor({})"),
        ("l1", "50/99 {}"),
        ("mse", "tensor({})"),
        ("mse", "mean of squares  tensor({})"),
        ("mse", "101/297          {}"),
        ("half", "half the mean    tensor({})"),
        ("norm", "L2 norm          tensor({})"),
        ("rms", "root mean square tensor({})"),
        ("bce", "tensor({})"),
        ("bce", "right, labels 1              tensor({})"),
        ("bce", "nn.BCELoss, labels 1         tensor({})"),
        ("bce zeros", "right, labels 0              tensor({})"),
        ("bce zeros", "nn.BCELoss, labels 0         tensor({})"),
        ("bce swapped", "swapped: tensor({})"),
        ("posted", "tensor({})"),
        ("bce", "in log space         tensor({})"),
        ("bce", "batchmean tensor({})"),
        ("forward", "KL(P || Q) tensor({})"),
        ("reverse", "KL(Q || P) tensor({})"),
        ("forward 1-D", "1-D        tensor({})"),
        ("forward", "1-D, sum   tensor({})"),
        ("sigmoid", "Sigmoid and BCELoss tensor({})"),
        ("sigmoid", "BCEWithLogitsLoss   tensor({})"),
    ],
)
def test_outputs_show_the_exact_values(post: Article, name: str, line: str) -> None:
    # Four decimals are printed, and float32's rounding, on any machine, moves none of them.
    value = float(exact()[name])
    assert f"{value * (1 - 3e-7):.4f}" == f"{value * (1 + 3e-7):.4f}"
    assert f"\n{line.format(f'{value:.4f}')}\n" in post.markdown


def test_rounded_outputs_show_the_exact_values(post: Article) -> None:
    values = {name: float(value) for name, value in exact().items()}
    assert f"\nsum  {values['l1 sum']:.2f}\n" in post.markdown
    assert f"\nas written, x and y swapped  {values['bce sum']:.2f}\n" in post.markdown
    assert f"\nbatchmean rows {values['bce']:.4f}, as posted {values['posted']:.4f}\n" in post.markdown
    assert f"\nmean      rows {values['mean of rows']:.4f}, as posted {values['posted']:.4f}\n" in post.markdown
    for k in (0, 50, 99):
        x, predicted = float(between("0.01", "0.99", k)), float(between("0.01", "0.6", k))
        line = f"at {x:.3f} drawn {-math.log(predicted):.4f}, the loss is {-math.log(x):.4f}"
        assert f"\n{line}\n" in post.markdown


def test_the_same_calls_agree_to_the_digits_of_their_type() -> None:
    torch = pytest.importorskip("torch")
    functional, values = torch.nn.functional, {name: float(value) for name, value in exact().items()}
    for make, tolerance in ((torch.Tensor, 3e-7), (torch.from_numpy, 3e-15)):
        x, y = make(np.linspace(-1, 1, 100)), make(np.zeros(100))
        label, predicted = make(np.ones(100)), make(np.linspace(0.01, 0.6, 100))
        p, q = (label / label.sum())[None], (predicted / predicted.sum())[None]
        got = {
            "l1": functional.l1_loss(x, y),
            "mse": functional.mse_loss(x, y),
            "bce": functional.binary_cross_entropy(predicted, label),
            "bce zeros": functional.binary_cross_entropy(predicted, y),
            "posted": functional.kl_div(predicted, label, reduction="batchmean"),
            "forward": functional.kl_div(q.log(), p, reduction="batchmean"),
            "reverse": functional.kl_div(p.log(), q, reduction="batchmean"),
        }
        for name, value in got.items():
            # The terms of a divergence cancel in part, so that its error is that of its terms, which are about 1.
            assert value.item() == pytest.approx(values[name], rel=tolerance, abs=2 * tolerance), (name, make)


def test_sentences_and_table_hold_the_exact_values(post: Article) -> None:
    values = {name: f"{float(value):.4f}" for name, value in exact().items()}
    sentences = (
        f"it is ${0.2 * math.log(0.4):.4f}$. Only the sum",
        f"divergence is {0.3 * math.log(0.5) + 0.7 * math.log(1.75):.4f}, "
        f"and the term alone ${0.3 * math.log(0.5):.4f}$.",
        f"the sum is {float(exact()['bce sum']):.2f}. BCELoss divides it by 100 and gives {values['bce']}.",
    )
    flat = " ".join(post.markdown.split())
    for sentence in sentences:
        assert sentence in flat
    assert f"**Where ${values['posted']}$ comes from.**" in flat
    rows = re.findall(r"^\| \[\[(\w+)\]\].*?\| \$(.*?)\$ \| \$(.*?)\$ \|", post.markdown, re.MULTILINE)
    assert rows == [
        ("l1", values["l1"], values["l1"]),
        ("mse", values["mse"], values["mse"]),
        ("bce", values["bce"], values["bce"]),
        ("kl_div", values["posted"], values["bce"]),
        ("kl_div", values["posted"], values["forward"]),
    ]


def test_the_page_has_its_parts(post: Article) -> None:
    assert (post.name, post.title) == ("original-post", "The original post, corrected")
    assert post.markdown.startswith('---\ntitle: "The original post, corrected"\ndescription: "')
    assert re.findall(r"^## (.+?)(?: \{.*)?$", post.markdown, re.MULTILINE) == [
        "Mean absolute error (L1)",
        "Mean squared error (MSE)",
        "Binary cross-entropy (BCE)",
        "Kullback-Leibler divergence (KL)",
        "Smaller things",
        "The four side by side",
    ]
    parts = re.findall(r"^### (.+?) \{.*$", post.markdown, re.MULTILINE)
    assert parts == ["What the post ran", "What is right", "Why"] * 4
    assert "{{ " not in post.markdown.replace("```{ .text", "")
    assert "```output" not in post.markdown
    assert "```figure" not in post.markdown


@pytest.mark.parametrize(
    "words",
    [
        "wants the **logarithm** of the predicted probabilities",
        "neither vector is one",
        '`"batchmean"` divides by the first dimension',
        "is the term of a single outcome",
        "That is $-\\log x$, the BCE curve a second time",
        "In 2.13.0 it has not happened",
        "Three things separate $-\\sum x \\log y$ from it",
        "binary cross-entropy is its case of two classes",
        "drawn over `x`, which ends at 0.99",
        "the true value is the one thing that does not move",
        '"Predicated", in four axis labels',
        "None of the four sections says that the loss returned is a mean",
        "makes `m = nn.Sigmoid()` and never uses it",
        "pandas is imported and not used",
        "The L2 norm is the root of the sum of the squares",
        "turns NumPy's float64 into float32",
        "numbered 47, 52, 49, 51 and 50",
        "does not let a logarithm fall below $-100$",
        "Exactly at the target, torch gives 0",
        "The first argument is the prediction and the second the target",
    ],
)
def test_no_slip_is_lost(post: Article, words: str) -> None:
    text = " ".join(post.markdown.split())
    version = re.search(r"with torch (\d\S*)\. ", text)
    assert version is not None
    assert words.replace("2.13.0", version[1]) in text


# Its figures.

NAMES = ("residuals", "bce", "bce-grids", "kl")


def traces(post: Article, name: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    chart = post.charts[name]
    assert isinstance(chart, Chart)
    return {trace.label: (trace.x, trace.y) for trace in chart.traces}


def test_every_figure_is_on_the_page(post: Article) -> None:
    assert tuple(post.charts) == NAMES
    for name, chart in post.charts.items():
        width, height = chart.size
        assert (
            f'<figure class="ly-figure ly-figure--wide" markdown>\n![{chart.title}. {chart.description}]'
            f'(figures/original-post/{name}.svg){{ width="{width}" height="{height}" loading="lazy" }}\n<figcaption'
        ) in post.markdown


def test_the_residual_figure_compares_the_two_losses(post: Article) -> None:
    drawn = traces(post, "residuals")
    assert list(drawn) == ["L1", "MSE"]
    for r, height in drawn.values():
        assert (r[0], r[-1]) == (-2, 2)
        assert height.min() == 0
    np.testing.assert_array_equal(drawn["L1"][1], np.abs(drawn["L1"][0]))
    np.testing.assert_array_equal(drawn["MSE"][1], drawn["MSE"][0] ** 2)


def test_the_bce_figure_has_both_branches(post: Article) -> None:
    drawn = traces(post, "bce")
    assert list(drawn) == ["y = 1", "y = 0"]
    np.testing.assert_allclose(np.exp(-drawn["y = 1"][1]), drawn["y = 1"][0], rtol=1e-14)
    np.testing.assert_allclose(np.exp(-drawn["y = 0"][1]), 1 - drawn["y = 0"][0], rtol=1e-14)


def test_the_grid_figure_shows_the_curve_of_the_post_beside_the_true_one(post: Article) -> None:
    drawn = traces(post, "bce-grids")
    assert list(drawn) == ["as it is", "as the post drew it"]
    np.testing.assert_allclose(np.exp(-drawn["as it is"][1]), drawn["as it is"][0], rtol=1e-14)
    x, height = drawn["as the post drew it"]
    np.testing.assert_allclose(x, np.linspace(0.01, 0.99, 100), rtol=1e-6)
    np.testing.assert_allclose(height, -np.log(np.linspace(0.01, 0.6, 100)), rtol=1e-6)


def test_the_kl_figure_marks_the_minimum_and_its_term_dips_below_zero(post: Article) -> None:
    drawn, chart = traces(post, "kl"), post.charts["kl"]
    assert list(drawn) == ["divergence", "one term"]
    assert isinstance(chart, Chart)
    x, height = drawn["divergence"]
    assert chart.kinks == ((0.3, 0.0),)
    assert x[np.argmin(height)] == pytest.approx(0.3, rel=1e-14)
    assert height.min() == pytest.approx(0, abs=1e-15)
    term = drawn["one term"][1]
    assert np.all(term[x < 0.2999] > 0)
    assert np.all(term[x > 0.3001] < 0)
    np.testing.assert_allclose(term, 0.3 * (math.log(0.3) - np.log(x)), atol=1e-15)
    np.testing.assert_allclose(height - term, 0.7 * (math.log(0.7) - np.log(1 - x)), atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_small_and_labelled(post: Article, name: str) -> None:
    chart = post.charts[name]
    assert isinstance(chart, Chart)
    roles = [trace.role for trace in chart.traces]
    assert len(set(roles)) == len(roles)
    assert "gradient" not in roles
    for form in render.svg(chart).values():
        assert len(form) < 32_000
        root = ElementTree.fromstring(form)
        classes = {c for element in root.iter() for c in element.get("class", "").split()}
        for role in roles:
            # The line is stroked in the trace's colour, its label filled with it.
            assert {f"s-{role}", f"f-{role}"} <= classes


# How articles behave.


def test_an_article_is_a_notebook(tmp_path: Path) -> None:
    text = (
        "Before: {{ math.pi:.2f }}.\n\n```python\nx = 3\nprint(x)\n```\n\n```output\n3\n```\n\n"
        "Now {{ x }}, [[huber]], `{{ 'a' if x else 'b' }}`, ${{ x / 7:.3f }}$.\n\n"
        "```python\nx += 1\nprint(x)\n```\n```output\n4\n```\nThen {{ x }} and {{ f'{x:03d}' }}.\n\n"
        "```text\n{{ left alone }}\n```\n````markdown\n```python\n````\n"
    )
    made = article(tmp_path, HEAD + text)
    assert made.name == "trial"
    assert made.description == "Nothing: but a trial."
    assert made.charts == {}
    assert made.markdown == (
        '---\ntitle: "A trial"\ndescription: "Nothing: but a trial."\n---\n\n'
        "Before: 3.14.\n\n```python\nx = 3\nprint(x)\n```\n\n```{ .text .ly-output }\n3\n```\n\n"
        "Now 3, [[huber]], `a`, $0.429$.\n\n"
        "```python\nx += 1\nprint(x)\n```\n```{ .text .ly-output }\n4\n```\nThen 4 and 004.\n\n"
        "```text\n{{ left alone }}\n```\n````markdown\n```python\n````\n"
    )


def test_a_run_is_repeatable(tmp_path: Path) -> None:
    text = "```python\nx = torch.rand(1)\nprint(x)\n```\n```output\ntensor([0.4963])\n```\n{{ x.item():.3f }}\n"
    assert article(tmp_path, HEAD + text) == article(tmp_path, HEAD + text)


FIGURE = """\
```figure curve
t = np.linspace(0, 1, 5)
chart = Chart("A [curve]", "It rises.", "loss", "loss", "t", (Trace(t, t),))
caption = f"To {t[-1]:g}."
```
"""


def test_a_figure_becomes_an_image_and_keeps_its_names_to_itself(tmp_path: Path) -> None:
    made = article(tmp_path, HEAD + FIGURE)
    assert made.markdown.endswith(
        '\n<figure class="ly-figure ly-figure--wide" markdown>\n'
        '![A \\[curve\\]. It rises.](figures/trial/curve.svg){ width="460" height="330" loading="lazy" }\n'
        '<figcaption markdown="span">To 1.</figcaption>\n</figure>\n'
    )
    assert list(made.charts) == ["curve"]
    failure = only(tmp_path, FIGURE + "\n{{ caption }}\n")
    assert (failure.stage, failure.message.split(":")[0]) == ("number", f"line {FIRST + 6}")


def test_a_wrong_output_is_told_with_both_texts(tmp_path: Path) -> None:
    failure = only(tmp_path, "Text.\n\n```python\nprint(1 + 1)\n```\n\n```output\n3\n```\n")
    assert failure.stage == "snippet"
    assert failure.message == f"line {FIRST + 2}: expected '3' (line {FIRST + 6}), got '2'"


def test_a_raising_snippet_is_told_once(tmp_path: Path) -> None:
    text = (
        "```python\nx = 1\nz = x / 0\n```\n```output\n```\nSo {{ z }}.\n\n```python\nprint(z)\n```\n```output\n1\n```\n"
    )
    failure = only(tmp_path, text)
    assert failure.stage == "snippet"
    assert failure.message == f"line {FIRST}: line 2 of the snippet raised ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ nowhere }}", "line {}: {{{{ nowhere }}}} raised NameError: name 'nowhere' is not defined"),
        ("{{ math.pi:.4q }}", "line {}: {{{{ math.pi:.4q }}}} raised ValueError: Unknown format code 'q'"),
        ("{{ 1 + }}", "line {}: {{{{ 1 + }}}} raised SyntaxError: "),
        ("{{ 1 ", "line {}: '{{{{' without '}}}}' on the same line"),
    ],
)
def test_a_number_that_cannot_be_computed_is_told(tmp_path: Path, text: str, message: str) -> None:
    failure = only(tmp_path, f"One.\nTwo {text}.\n")
    assert failure.stage == "number"
    assert failure.message.startswith(message.format(FIRST + 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\nprint(1)\n", "the python fence is not closed: a line ``` is missing"),
        (
            "```python\nprint(1)\n\n```output\n1\n```\n",
            f"the python fence is not closed before the next one opens at line {FIRST + 3}",
        ),
        ("```figure a\nchart = 1\n", "the figure fence is not closed: a line ``` is missing"),
        ("```\ntext\n", "the fence is not closed: a line ``` is missing"),
        ("```python linenums\n```\n", "expected a fence ```python with nothing behind the word, got 'python linenums'"),
        ("```figure\n```\n", "expected ```figure and a name of letters, digits and hyphens, got 'figure'"),
    ],
)
def test_a_malformed_fence_is_told(tmp_path: Path, text: str, message: str) -> None:
    failure = only(tmp_path, text)
    assert (failure.stage, failure.message) == ("fence", f"line {FIRST}: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\nx = 1\n```\n", "a python fence must be followed by an output fence"),
        ("```output\n1\n```\n", "an output fence needs a python fence before it"),
    ],
)
def test_snippets_and_outputs_come_in_pairs(tmp_path: Path, text: str, message: str) -> None:
    failure = only(tmp_path, text)
    assert (failure.stage, failure.message) == ("snippet", f"line {FIRST}: {message}")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("pass", "the code must assign a Chart or a Surface to 'chart', found no such name"),
        ("chart = 3", "the code must assign a Chart or a Surface to 'chart', found int"),
        ("chart = Chart()", "line 1 of the snippet raised TypeError: Chart.__init__() missing 6 required"),
        (
            "print('so')\nt = np.log(np.zeros(1))\nchart = Chart('a', 'b', 'c', 'loss', 'd', (Trace(t, t),))",
            "expected code that prints nothing and warns of nothing, got 'so\\nRuntimeWarning: divide by zero",
        ),
    ],
)
def test_a_figure_that_is_none_is_told(tmp_path: Path, code: str, message: str) -> None:
    failure = only(tmp_path, f"```figure curve\n{code}\n```\n")
    assert failure.stage == "figure"
    assert failure.message.startswith(f"line {FIRST}: {message}")


def test_two_figures_of_one_name_are_told(tmp_path: Path) -> None:
    failure = only(tmp_path, FIGURE + FIGURE)
    assert failure.message == f"line {FIRST + 5}: there is a figure named 'curve' above; choose another name"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("", "line 1: an article begins with the lines title, description between two lines of ---"),
        ("---\ntitle: A\n---\n", "line 1: the description is missing"),
        ("---\ntitle: A\nauthor: B\n---\n", "line 3: expected 'title: …' or 'description: …', got 'author: B'"),
    ],
)
def test_wrong_front_matter_is_told(tmp_path: Path, head: str, message: str) -> None:
    failure = only(tmp_path, "Text.\n", head)
    assert (failure.stage, failure.message) == ("front matter", message)


def test_everything_wrong_is_told_at_once_and_in_order(tmp_path: Path) -> None:
    text = "```python\nprint(1)\n```\n```output\n2\n```\n{{ one }} {{ two }}\n"
    text += "```figure a\nchart = 0\n```\n```output\n```\n"
    found = failures(tmp_path, text)
    assert [failure.stage for failure in found] == ["snippet", "number", "number", "figure", "snippet"]
    lines = [int(failure.message.split(":")[0].removeprefix("line ")) for failure in found]
    assert lines == [FIRST, FIRST + 6, FIRST + 6, FIRST + 7, FIRST + 10]


def test_the_module_itself_needs_neither_torch_nor_matplotlib() -> None:
    code = "import sys, lossary.publishing.article; print(sorted({'torch', 'matplotlib', 'sympy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
