"""Prints a loss as a card in the terminal. It draws nothing and checks nothing."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.pretty_symbology import pretty_use_unicode
from sympy.printing.pretty.stringpict import prettyForm

from lossary.commands import legible
from lossary.declaration.formula import Symbolic, Written
from lossary.declaration.loss import Loss
from lossary.declaration.references import Cited
from lossary.declaration.symbols import Expression, occurs
from lossary.evaluation import points
from lossary.typesetting import formula_latex, torch_code
from lossary.typesetting.latex import selected, summed
from lossary.typesetting.words import property_text
from lossary.verification.findings import LABELS


class CardPrinter(PrettyPrinter):  # type: ignore[misc]
    """SymPy's two-dimensional text, with sums and products written as on the pages.

    Args:
        drawn: with the signs that Unicode has for it, or else in ASCII.
    """

    def __init__(self, drawn: bool = True) -> None:
        super().__init__({"use_unicode": drawn, "order": "none", "wrap_line": False})
        self.drawn = drawn

    def doprint(self, expr: Expression) -> str:
        """The lines of a formula."""
        # A switch of the whole process decides in which signs SymPy stacks a formula.
        before = pretty_use_unicode(self.drawn)
        try:
            text = str(super().doprint(expr))
        finally:
            pretty_use_unicode(before)
        return text

    def _print_Sum(self, expr: Expression) -> prettyForm:
        term, condition = selected(summed(expr))
        inner = self._print(term)
        inner = prettyForm(*inner.parens()) if term.is_Add else inner
        sign = "Σ" if self.drawn else "sum"
        signs = " ".join(f"{sign}_{limit[0]}" for limit in reversed(expr.limits))
        if condition is not None:
            signs = f"{sign}_({self._print(condition)})"
        return prettyForm(*inner.left(f"{signs} "))

    def _print_largest(self, expr: Expression) -> prettyForm:
        inner = self._print(expr.function)
        inner = prettyForm(*inner.parens()) if expr.function.is_Add else inner
        return prettyForm(*inner.left(f"max_{expr.limits[0][0]} "))

    def _print_maximum(self, expr: Expression) -> prettyForm:
        return self._print_Function(expr, func_name="max")

    def _print_minimum(self, expr: Expression) -> prettyForm:
        return self._print_Function(expr, func_name="min")

    def _print_xlogy(self, expr: Expression) -> prettyForm:
        x, y = expr.args
        factor = prettyForm(*self._print(x).parens()) if x.is_Add else self._print(x)
        return prettyForm(*factor.right("⋅log" if self.drawn else "*log", prettyForm(*self._print(y).parens())))

    def _print_indicator(self, expr: Expression) -> prettyForm:
        left, right = (self._print(a) for a in expr.args)
        return prettyForm(*prettyForm(*left.right(" = ", right)).parens("[", "]"))

    def _print_Relational(self, expr: Expression) -> prettyForm:
        if isinstance(expr.lhs, occurs):
            index, labels = expr.lhs.args
            if self.drawn:
                return prettyForm(f"{index} {'∈' if expr.rhs == 1 else '∉'} {labels}")
            return prettyForm(f"{index} {'in' if expr.rhs == 1 else 'not in'} {labels}")
        return super()._print_Relational(expr)

    def _print_Indexed(self, expr: Expression) -> prettyForm:
        return prettyForm(f"{expr.base}[{', '.join(map(str, expr.indices))}]")


def print_card(loss: Loss) -> None:
    """Title, formula, call, parameters, properties and other names, in the signs that the output's encoding has."""
    console = Console(highlight=False)
    printer = CardPrinter(legible.can_draw(console.encoding))

    def shown(text: str) -> str:
        return legible.shown(text, console.encoding)

    def table_of(*columns: str) -> Table:
        return Table(*columns, box=None, pad_edge=False, header_style="dim")

    console.print(
        Text(shown(loss.title), style="bold"), Text(shown(f"  {loss.slug} · {loss.family}"), style="dim"), sep=""
    )
    console.print(shown(loss.summary), "\n")
    for formula in formula_latex.formulas(loss):
        if isinstance(formula, Written):
            console.print(Text(shown(formula.latex), style="cyan"), "\n")
            continue
        assert isinstance(formula, Symbolic)
        if formula.label:
            console.print(Text(shown(formula.label), style="dim"))
        bound = formula_latex.built(loss, formula)
        console.print(Text(printer.doprint(bound.value), style="cyan"))
        for name, meaning in bound.definitions.items():
            console.print(Text(f"where {name} is", style="dim"))
            console.print(Text(printer.doprint(meaning), style="dim"))
        console.print()
    console.print(Text(torch_code.call(loss), style="bold"))
    functional = torch_code.functional_call(loss)
    if functional:
        console.print(functional)
    if loss.parameters:
        table = table_of("parameter", "default", "range", "meaning")
        for p in loss.parameters:
            row = (p.name, "required" if p.required else str(p.default), p.range_text(), p.meaning)
            table.add_row(*map(shown, row))
        console.print()
        console.print(table)
    table = table_of("property", "value")
    order = list(LABELS)
    for key, claim in sorted(loss.properties.items(), key=lambda entry: order.index(entry[0])):
        value = claim.value if isinstance(claim, Cited) else claim
        found = points.call_with(value, loss, loss.defaults()) if callable(value) else value
        table.add_row(LABELS[key], shown(property_text(key, found)))
    console.print()
    console.print(table)
    if loss.aliases:
        console.print()
        console.print(Text(shown(f"Also known as {', '.join(loss.aliases)}"), style="dim"))
