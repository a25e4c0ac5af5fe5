"""Prints a formula as LaTeX in its author's order: one printer for pages, a second for matplotlib's mathtext.

It knows how things are written and nothing of what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy.printing.latex import LatexPrinter

from lossary.declaration.symbols import INDEX_OF, Expression, Notated, chosen, occurs


def summed(total: Expression) -> Expression:
    """What a sum adds up, without the factor 1 that unevaluated sums carry and nobody wrote."""
    summand = total.args[0]
    while summand.is_Mul and summand.args[0] == 1:
        summand = sp.Mul(*summand.args[1:], evaluate=False)
    return summand


def selected(summand: Expression) -> tuple[Expression, Expression]:
    """A sum's term and the condition on its index, None where it runs over all."""
    if isinstance(summand, chosen):
        term, condition = summand.args
        return term, condition
    return summand, None


def subscripted(latex: str, indices: Sequence[str]) -> str:
    """A symbol with indices, which join those that it has: the component d of x_1 is x_{1,d}."""
    if not indices:
        return latex
    base, _, own = latex.partition("_")
    parts = [own.removeprefix("{").removesuffix("}"), *indices] if own else indices
    return f"{base}_{{{','.join(parts)}}}"


def _without_minus(product: Expression) -> Expression | None:
    """The product without the factor -1 that it begins with, or None."""
    first, *rest = product.args or (None,)
    if first == -1:
        return rest[0] if len(rest) == 1 else sp.Mul(*rest, evaluate=False)
    if first is not None and first.is_Mul:
        inner = _without_minus(first)
        return None if inner is None else sp.Mul(inner, *rest, evaluate=False)
    return None


class PagePrinter(LatexPrinter):  # type: ignore[misc]
    """SymPy's printer, made to write what an author would: no reordering, bars for absolute values, cases with "if"."""

    def __init__(self) -> None:
        super().__init__({"order": "none", "fold_short_frac": False, "ln_notation": False})

    def _print_Symbol(self, expr: Expression, style: str = "plain") -> str:
        return str(expr.latex if isinstance(expr, Notated) else expr)

    def _print_IndexedBase(self, expr: Expression) -> str:
        return self._print_Symbol(expr.label)

    def _print_Indexed(self, expr: Expression) -> str:
        return subscripted(self._print(expr.base), [self._index(i) for i in expr.indices])

    def _index(self, index: Expression) -> str:
        """An index, from 1 as in mathematics where it is a number."""
        return str(int(index) + 1) if index.is_Integer else str(self._print(index))

    def _helper_print_standard_power(self, expr: Expression, template: str) -> str:
        base = self._print(expr.base)
        if isinstance(expr.base, sp.Indexed) and "^" in base:
            # A symbol that carries a sign above cannot take a power as well.
            return template % (rf"\left({base}\right)", self._print(expr.exp))
        return str(super()._helper_print_standard_power(expr, template))

    def _print_Float(self, expr: Expression) -> str:
        mantissa, _, exponent = f"{float(expr):g}".partition("e")
        if not exponent:
            return mantissa
        power = f"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"

    def _print_Abs(self, expr: Expression, exp: str | None = None) -> str:
        bars = rf"\left|{self._print(expr.args[0])}\right|"
        return bars if exp is None else f"{bars}^{{{exp}}}"

    def _log(self, argument: Expression) -> str:
        inner = self._print(argument)
        plain = argument.is_Symbol or isinstance(argument, sp.Indexed)
        if plain:
            return rf"\log {inner}"
        if isinstance(argument, sp.Sum):
            return rf"\log {inner}"
        return rf"\log\left({inner}\right)"

    def _print_log(self, expr: Expression, exp: str | None = None) -> str:
        return self._log(expr.args[0]) if exp is None else rf"\left({self._log(expr.args[0])}\right)^{{{exp}}}"

    def _print_xlogy(self, expr: Expression, exp: str | None = None) -> str:
        x, y = expr.args
        factor = self._print(x)
        plain = rf"{f'({factor})' if x.is_Add else factor} {self._log(y)}"
        return plain if exp is None else rf"\left({plain}\right)^{{{exp}}}"

    def _print_softplus(self, expr: Expression, exp: str | None = None) -> str:
        return self._named(r"\operatorname{softplus}", expr, exp)

    def _print_sigmoid(self, expr: Expression, exp: str | None = None) -> str:
        return self._named(r"\sigma", expr, exp)

    def _print_atan(self, expr: Expression, exp: str | None = None) -> str:
        return self._named(r"\arctan", expr, exp)

    def _named(self, name: str, expr: Expression, exp: str | None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return f"{name}({self._print(expr.args[0])}){power}"

    def _print_maximum(self, expr: Expression, exp: str | None = None) -> str:
        return self._listed(r"\max", expr, exp)

    def _print_minimum(self, expr: Expression, exp: str | None = None) -> str:
        return self._listed(r"\min", expr, exp)

    def _listed(self, name: str, expr: Expression, exp: str | None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}\left({', '.join(self._print(a) for a in expr.args)}\right){power}"

    def _print_erf(self, expr: Expression, exp: str | None = None) -> str:
        return self._listed(r"\operatorname{erf}", expr, exp)

    def _print_sign(self, expr: Expression, exp: str | None = None) -> str:
        return self._named(r"\operatorname{sign}", expr, exp)

    def _print_exp(self, expr: Expression, exp: str | None = None) -> str:
        plain = f"e^{{{self._print(expr.args[0])}}}"
        return plain if exp is None else rf"\left({plain}\right)^{{{exp}}}"

    _print_ExpBase = _print_exp

    def _print_held(self, expr: Expression, exp: str | None = None) -> str:
        inner = self._print(expr.args[0])
        if exp is not None:
            return rf"\left({inner}\right)^{{{exp}}}"
        return rf"\left({inner}\right)" if expr.args[0].is_Add else str(inner)

    def _print_indicator(self, expr: Expression, exp: str | None = None) -> str:
        left, right = (self._print(argument) for argument in expr.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return f"[{left} = {right}]{power}"

    def _print_Sum(self, expr: Expression) -> str:
        summand, condition = selected(summed(expr))
        term = self._print(summand)
        body = rf"\left({term}\right)" if summand.is_Add else term
        # Code counts classes from 0, mathematics from 1; the bounds are only printed. SymPy lists the inner sum first.
        signs = [
            rf"\sum_{{{self._print(index)}=1}}^{{{self._print(last + 1)}}}"
            if condition is None
            else rf"\sum_{{{self._print(condition)}}}"
            for index, _, last in expr.limits
        ]
        return f"{' '.join(reversed(signs))} {body}"

    def _print_largest(self, expr: Expression) -> str:
        term = self._print(expr.function)
        body = rf"\left({term}\right)" if expr.function.is_Add else term
        ((index, _, _),) = expr.limits
        return rf"\max_{{{self._print(index)}}} {body}"

    def _print_Piecewise(self, expr: Expression) -> str:
        lines = [f"{self._print(value)} & {self._condition(condition)}" for value, condition in expr.args]
        return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"

    def _condition(self, condition: Expression) -> str:
        return r"\text{otherwise}" if condition == sp.true else rf"\text{{if }} {self._print(condition)}"

    def _print_Relational(self, expr: Expression) -> str:
        if isinstance(expr.lhs, occurs):
            index, labels = (self._print(argument) for argument in expr.lhs.args)
            sign = r"\in" if expr.rhs == 1 else r"\notin"
            return f"{index} {sign} {labels}"
        sign = {"==": "=", "!=": r"\neq", "<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq"}[expr.rel_op]
        right = self._index(expr.rhs) if str(expr.lhs) in INDEX_OF.values() else self._print(expr.rhs)
        return f"{self._print(expr.lhs)} {sign} {right}"

    def _print_Add(self, expr: Expression, order: str | None = None) -> str:
        # a - b + 1 is parsed as (a - b) + 1; only a sum's first term may lose its brackets.
        first, *rest = expr.args
        if first.is_Add:
            return self._print_Add(sp.Add(*first.args, *rest, evaluate=False), order)
        return str(super()._print_Add(expr, order="none"))

    def _print_Mul(self, expr: Expression) -> str:
        # A leading minus as its author wrote it: -(...) or -r/v, neither -1(...) nor (-1)r/v.
        rest = _without_minus(expr)
        if rest is not None:
            inner = self._print(rest)
            return rf"-\left[{inner}\right]" if rest.is_Add else f"-{inner}"
        return str(super()._print_Mul(expr))


class FigurePrinter(PagePrinter):
    """The same for matplotlib's mathtext, which has no cases environment and draws short bars."""

    def _log(self, argument: Expression) -> str:
        # Mathtext leaves no space before a function's name.
        return rf"\,{super()._log(argument)}"

    def _print_Abs(self, expr: Expression, exp: str | None = None) -> str:
        bars = rf"\vert {self._print(expr.args[0])} \vert"
        return bars if exp is None else f"{bars}^{{{exp}}}"

    def _print_Piecewise(self, expr: Expression) -> str:
        lines = [rf"{self._print(value)}\ \ {self._condition(condition)}" for value, condition in expr.args]
        return r"\left\{\substack{" + r" \\ ".join(lines) + r"}\right."

    def _condition(self, condition: Expression) -> str:
        return r"\mathrm{otherwise}" if condition == sp.true else rf"\mathrm{{if}}\ {self._print(condition)}"


def page_latex(expression: Expression) -> str:
    """LaTeX for a page."""
    return str(PagePrinter().doprint(expression))


def figure_latex(expression: Expression) -> str:
    """LaTeX for matplotlib's mathtext."""
    latex = str(FigurePrinter().doprint(expression))
    # Shorthands are written for pages; mathtext has one sign for both bars of a norm.
    return latex.replace(r"\lVert", r"\Vert").replace(r"\rVert", r"\Vert")
