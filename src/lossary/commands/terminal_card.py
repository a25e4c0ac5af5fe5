"""Prints a loss as a card in the terminal. It draws nothing and checks nothing."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm

from lossary.declaration.formula import Symbolic, Written
from lossary.declaration.loss import Loss
from lossary.declaration.references import Cited
from lossary.declaration.symbols import Expression, occurs
from lossary.evaluation import points
from lossary.typesetting import formula_latex, torch_code
from lossary.typesetting.latex import selected, summed
from lossary.typesetting.words import property_text
from lossary.verification import property_measures


class CardPrinter(PrettyPrinter):  # type: ignore[misc]
    """SymPy's two-dimensional text, with sums and products written as on the pages."""

    def __init__(self) -> None:
        super().__init__({"use_unicode": True, "order": "none", "wrap_line": False})

    def _print_Sum(self, expr: Expression) -> prettyForm:
        term, condition = selected(summed(expr))
        inner = self._print(term)
        inner = prettyForm(*inner.parens()) if term.is_Add else inner
        signs = " ".join(f"Σ_{limit[0]}" for limit in reversed(expr.limits))
        if condition is not None:
            signs = f"Σ_({self._print(condition)})"
        return prettyForm(*inner.left(f"{signs} "))

    def _print_maximum(self, expr: Expression) -> prettyForm:
        return self._print_Function(expr, func_name="max")

    def _print_minimum(self, expr: Expression) -> prettyForm:
        return self._print_Function(expr, func_name="min")

    def _print_xlogy(self, expr: Expression) -> prettyForm:
        x, y = expr.args
        factor = prettyForm(*self._print(x).parens()) if x.is_Add else self._print(x)
        return prettyForm(*factor.right("⋅log", prettyForm(*self._print(y).parens())))

    def _print_indicator(self, expr: Expression) -> prettyForm:
        left, right = (self._print(a) for a in expr.args)
        return prettyForm(*prettyForm(*left.right(" = ", right)).parens("[", "]"))

    def _print_Relational(self, expr: Expression) -> prettyForm:
        if isinstance(expr.lhs, occurs):
            index, labels = expr.lhs.args
            return prettyForm(f"{index} {'∈' if expr.rhs == 1 else '∉'} {labels}")
        return super()._print_Relational(expr)

    def _print_Indexed(self, expr: Expression) -> prettyForm:
        return prettyForm(f"{expr.base}[{', '.join(map(str, expr.indices))}]")


def print_card(loss: Loss) -> None:
    """Title, formula, call, parameters, properties and other names."""
    console = Console(highlight=False)
    console.print(Text(loss.title, style="bold"), Text(f"  {loss.slug} · {loss.family}", style="dim"), sep="")
    console.print(loss.summary, "\n")
    for formula in formula_latex.formulas(loss):
        if isinstance(formula, Written):
            console.print(Text(formula.latex, style="cyan"), "\n")
            continue
        assert isinstance(formula, Symbolic)
        if formula.label:
            console.print(Text(formula.label, style="dim"))
        bound = formula_latex.built(loss, formula)
        console.print(Text(CardPrinter().doprint(bound.value), style="cyan"))
        for name, meaning in bound.definitions.items():
            console.print(Text(f"where {name} is", style="dim"))
            console.print(Text(CardPrinter().doprint(meaning), style="dim"))
        console.print()
    console.print(Text(torch_code.call(loss), style="bold"))
    functional = torch_code.functional_call(loss)
    if functional:
        console.print(functional)
    if loss.parameters:
        table = Table("parameter", "default", "range", "meaning", box=None, pad_edge=False, header_style="dim")
        for p in loss.parameters:
            table.add_row(p.name, "required" if p.required else str(p.default), p.range_text(), p.meaning)
        console.print()
        console.print(table)
    table = Table("property", "value", box=None, pad_edge=False, header_style="dim")
    order = list(property_measures.LABELS)
    for key, claim in sorted(loss.properties.items(), key=lambda entry: order.index(entry[0])):
        value = claim.value if isinstance(claim, Cited) else claim
        found = points.call_with(value, loss, loss.defaults()) if callable(value) else value
        table.add_row(property_measures.LABELS[key], property_text(key, found))
    console.print()
    console.print(table)
    if loss.aliases:
        console.print()
        console.print(Text(f"Also known as {', '.join(loss.aliases)}", style="dim"))
