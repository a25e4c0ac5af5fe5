"""A loss's formulas as LaTeX for pages and figures, with the symbols that they use. It knows no page and no figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from math_core import LatexError, LatexToMathML

from lossary.declaration.formula import Formula, Symbolic, Written
from lossary.declaration.inputs import Kind
from lossary.declaration.loss import Loss
from lossary.declaration.symbols import INDEX_OF, TABLE, indicator, sigmoid, softplus
from lossary.evaluation import high_precision, points
from lossary.evaluation.binding import BoundFormula
from lossary.typesetting.latex import figure_latex, page_latex, subscripted

# Functions that a reader may not know by their sign: how each is explained where it occurs.
FUNCTIONS = {
    softplus: (r"\operatorname{softplus}(z)", r"$\log(1 + e^{z})$, a smooth version of $\max(0, z)$"),
    sigmoid: (r"\sigma(z)", r"the sigmoid, $1 / (1 + e^{-z})$"),
    indicator: ("[a = b]", "1 if the two are equal, else 0"),
}


@dataclass(frozen=True)
class Shown:
    """One formula as a page shows it."""

    label: str
    latex: str
    gradients: tuple[tuple[str, str, str], ...]
    where: tuple[str, ...]
    executable: bool
    remark: str = ""
    head: str = ""


def kinds_of(loss: Loss, formula: Formula) -> Mapping[str, Kind]:
    """The kinds of the inputs for which a formula is meant: those that it names, else those of the example."""
    if loss.summed and formula is loss.summed.formula:
        return loss.summed.kinds
    parameters = {**loss.defaults(), **{k: v for k, v in formula.at.items() if loss.parameter(k)}}
    kinds = high_precision.chosen_kinds(loss, points.example(loss), parameters)
    return {**kinds, **{name: kind for name, kind in formula.at.items() if name in kinds}}


def built(loss: Loss, formula: Symbolic) -> BoundFormula:
    """A symbolic formula bound to the loss."""
    return high_precision.bound_formula(loss, formula, kinds_of(loss, formula))


def shown(loss: Loss, formula: Formula) -> Shown:
    """The LaTeX of a formula, its gradients as (input, what it is differentiated by, LaTeX), and its shorthands."""
    if isinstance(formula, Written):
        symbols = {i.name: i.written for i in loss.inputs}
        gradients = tuple((name, symbols[name], latex) for name, latex in formula.gradient_latex.items())
        return Shown(formula.label, formula.latex, gradients, (), False, formula.remark, formula.gradient_head)
    assert isinstance(formula, Symbolic)
    bound = built(loss, formula)
    kinds = kinds_of(loss, formula)
    gradients = tuple(
        (name, _by(loss, name, kinds[name]), page_latex(expression)) for name, expression in bound.gradient.items()
    )
    value = page_latex(bound.value)
    clauses = (
        f"{page_latex(_left(bound, name))} = {page_latex(expression)}" for name, expression in bound.definitions.items()
    )
    # A gradient may refer to the loss itself, and that is what the page shows first.
    where = tuple(clause for clause in clauses if clause != rf"\ell = {value}")
    return Shown(formula.label, value, gradients, where, True)


def _by(loss: Loss, name: str, kind: Kind) -> str:
    """What a gradient with respect to an input is differentiated by, with its free indices."""
    latex = next(i.written for i in loss.inputs if i.name == name)
    return subscripted(latex, [INDEX_OF[d] for d in kind.dims])


def _left(bound: BoundFormula, name: str) -> object:
    made, free = bound.scope[name], bound.free[name]
    return made[tuple(bound.scope[i] for i in free)] if free else made


def for_figure(loss: Loss) -> str:
    """The main formula in mathtext; empty where a written one has no such form."""
    main = loss.formulas[0]
    if isinstance(main, Written):
        return main.figure_latex
    assert isinstance(main, Symbolic)
    return figure_latex(built(loss, main).value)


def symbols(loss: Loss) -> list[tuple[str, str]]:
    """Each symbol of the loss's formulas with its meaning, in the order in which a reader meets them."""
    meanings = {i.symbol: i.meaning for i in loss.inputs}
    meanings |= {p.key: f"the parameter `{p.name}`" for p in loss.parameters}
    written = {i.symbol: i.written for i in loss.inputs} | {p.key: p.written for p in loss.parameters}
    used: dict[str, str] = {}
    functions: dict[str, str] = {}
    for formula in (*formulas(loss), *([loss.computed] if loss.computed else [])):
        if isinstance(formula, Written):
            used |= formula.meanings
            continue
        assert isinstance(formula, Symbolic)
        bound = built(loss, formula)
        for name in bound.used:
            meaning = meanings.get(name) or formula.meanings.get(name) or (TABLE[name].meaning if name in TABLE else "")
            latex = formula.notation.get(name) or written.get(name) or (TABLE[name].latex if name in TABLE else name)
            if meaning:
                used.setdefault(latex, meaning)
        for expression in (bound.value, *bound.gradient.values(), *bound.definitions.values()):
            for function, (latex, meaning) in FUNCTIONS.items():
                if expression.has(function):
                    functions.setdefault(latex, meaning)
    return [*used.items(), *functions.items()]


def formulas(loss: Loss) -> tuple[Formula, ...]:
    """All formulas in the order of the page: the main one, what its elements add up to, the further ones."""
    summed = (loss.summed.formula,) if loss.summed else ()
    return (loss.formulas[0], *summed, *loss.formulas[1:])


def used_symbols(loss: Loss) -> set[str]:
    """The names of the symbols that occur in any formula of the loss."""
    every = (*formulas(loss), *([loss.computed] if loss.computed else []))
    return {name for f in every if isinstance(f, Symbolic) for name in built(loss, f).used}


def all_latex(loss: Loss) -> Iterator[tuple[str, str]]:
    """Every LaTeX string that the loss's page prints, with where it stands."""
    for k, formula in enumerate((*formulas(loss), *([loss.computed] if loss.computed else []))):
        one = shown(loss, formula)
        name = "computed" if formula is loss.computed else f"formula {k + 1}"
        yield name, one.latex
        yield from ((f"{name}, gradient with respect to {of}", latex) for of, _, latex in one.gradients)
        yield from ((f"{name}, where", latex) for latex in one.where)
    yield from ((f"symbol {meaning}", latex) for latex, meaning in symbols(loss))


def parse_error(latex: str) -> str | None:
    """What is wrong with a LaTeX string, or None."""
    try:
        LatexToMathML(fancy_error=False).convert_with_local_state(latex, displaystyle=True)
    except LatexError as error:
        return str(error)
    return None
