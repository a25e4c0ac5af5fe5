"""Writes expressions as JavaScript: one function of `t` and `p` that returns loss, gradient and curvature."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import sympy as sp
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.jscode import JavascriptCodePrinter

from lossary.declaration.symbols import Expression
from lossary.declaration.values import Json
from lossary.interactive.along_section import Scalar

# What the functions of formulas and the tables are in JavaScript; a module carries those that it uses.
FUNCTIONS = {
    "softplus": "(x) => (x > 0 ? x : 0) + Math.log1p(Math.exp(-Math.abs(x)))",
    "sigmoid": "(x) => x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))",
    "xlogy": "(x, y) => x === 0 ? 0 : x * Math.log(y)",
    # All terms of this series have one sign, so nothing cancels; beyond 6 float64 holds no difference from 1.
    "erf": """(x) => {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= 2 * x * x / (2 * n + 1);
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}""",
    "surplus": """(x) => {
  if (x > 0.125) return x - Math.log1p(x);
  let series = 0;
  for (let k = 18; k > 1; k--) series = 1 / k - x * series;
  return x * x * series;
}""",
    # Quintic pieces through values, slopes and curvatures.
    "table": """([xs, ys, ds, cs]) => (x) => {
  let low = 0, high = xs.length - 1;
  if (!(x >= xs[low] && x <= xs[high])) return [NaN, NaN, NaN];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] > x) high = middle; else low = middle;
  }
  const h = xs[high] - xs[low], u = (x - xs[low]) / h;
  const a = ys[low], b = h * ds[low], c = h * h * cs[low] / 2, e = ys[high] - a - b - c;
  const f = h * ds[high] - b - 2 * c, g = h * h * cs[high] / 2 - c;
  const q = 10 * e - 4 * f + g, r = -15 * e + 7 * f - 2 * g, s = 6 * e - 3 * f + g;
  return [
    a + u * (b + u * (c + u * (q + u * (r + u * s)))),
    (b + u * (2 * c + u * (3 * q + u * (4 * r + u * 5 * s)))) / h,
    (2 * c + u * (6 * q + u * (12 * r + u * 20 * s))) / (h * h),
  ];
}""",
}


class log1p(sp.Function):  # type: ignore[misc]
    """log(1 + x), which keeps a small x."""

    nargs = 1


class expm1(sp.Function):  # type: ignore[misc]
    """exp(x) - 1, which keeps a small x."""

    nargs = 1


class surplus(sp.Function):  # type: ignore[misc]
    """x - log(1 + x), which keeps a small x."""

    nargs = 1


def _keeping_digits(expression: Expression) -> Expression:
    """The same where something small stands beside 1: what floating point would round away is kept."""

    def sums(found: Expression) -> Expression:
        if len(found.args) != 2:
            return found
        for small, logarithm in (found.args, tuple(reversed(found.args))):
            if -logarithm == sp.log(1 + small):
                return surplus(small)
        if sp.S.NegativeOne not in found.args and sp.S.One not in found.args:
            return found
        one, other = found.args if found.args[0].is_Number else reversed(found.args)
        sign, root = other.as_coeff_Mul()
        if sign != -one:
            return found
        if root.is_Pow and root.exp == sp.S.Half and root.base.is_Add and sp.S.One in root.base.args:
            return sign * (root.base - 1) / (root + 1)
        if root.is_Pow and root.base.is_Add and sp.S.One in root.base.args:
            return sign * expm1(root.exp * sp.log(root.base))
        if isinstance(root, sp.cos):
            return -2 * sign * sp.sin(root.args[0] / 2) ** 2
        return sign * expm1(root.args[0]) if isinstance(root, sp.exp) else found

    made = sp.sympify(expression).replace(lambda e: e.is_Add, sums)
    small = made.replace(
        lambda e: isinstance(e, sp.log) and e.args[0].is_Add and sp.S.One in e.args[0].args,
        lambda e: log1p(e.args[0] - 1),
    )
    return small


class _Printer(JavascriptCodePrinter):  # type: ignore[misc]
    """SymPy's printer, with the functions of `FUNCTIONS` and with products for squares."""

    def __init__(self) -> None:
        super().__init__({"precision": 17})
        self.used: set[str] = set()

    def _print_Symbol(self, expr: Expression) -> str:
        return str(expr)

    def _print_Pow(self, expr: Expression) -> str:
        base, power = expr.as_base_exp()
        if base.is_Symbol and power == 2:
            return f"({self._print(base)} * {self._print(base)})"
        return str(super()._print_Pow(expr))

    def _call(self, expr: Expression) -> str:
        name = type(expr).__name__
        self.used.add(name)
        return f"{name}({', '.join(self._print(a) for a in expr.args)})"

    _print_softplus = _print_sigmoid = _print_xlogy = _print_erf = _print_surplus = _call

    def _print_log1p(self, expr: Expression) -> str:
        return f"Math.log1p({self._print(expr.args[0])})"

    def _print_expm1(self, expr: Expression) -> str:
        return f"Math.expm1({self._print(expr.args[0])})"

    def _print_held(self, expr: Expression) -> str:
        return self._print(expr.args[0])  # type: ignore[no-any-return]

    def _print_maximum(self, expr: Expression) -> str:
        return f"Math.max({', '.join(self._print(a) for a in expr.args)})"

    def _print_minimum(self, expr: Expression) -> str:
        return f"Math.min({', '.join(self._print(a) for a in expr.args)})"

    def _print_Piecewise(self, expr: Expression) -> str:
        text = "NaN"
        for value, condition in reversed(expr.args):
            if condition == sp.true:
                text = self._print(value)
            else:
                text = f"({self._print(condition)} ? {self._print(value)} : {text})"
        return text


class Functions:
    """Prints the functions of a module and remembers which helpers they need."""

    def __init__(self) -> None:
        self.printer = _Printer()

    def curves(self, scalar: Scalar) -> str:
        """A function of `t` and `p` to the three numbers; what they share is computed once.

        Raises:
            ValueError: where JavaScript has no word for a function of the formula.
        """
        wanted = [_keeping_digits(part) for part in (scalar.loss, scalar.gradient, scalar.curvature)]
        shared, results = sp.cse(wanted, symbols=sp.numbered_symbols("a"), order="none")
        lines = [f"const {name} = {self.text(value)};" for name, value in shared]
        return f"(t, p) => {{ {' '.join(lines)} return [{', '.join(self.text(r) for r in results)}]; }}"

    def points(self, expressions: Sequence[Expression]) -> str:
        """A function of `p` to a list of numbers."""
        return f"(p) => [{', '.join(self.text(sp.sympify(e)) for e in expressions)}]"

    def table(self, columns: Sequence[Sequence[float]]) -> str:
        """A function of `t` that interpolates between columns of points, values, slopes and curvatures."""
        self.printer.used.add("table")
        rows = ", ".join(f"[{', '.join(f'{v:.13g}' for v in column)}]" for column in columns)
        return f"table([{rows}])"

    def text(self, expression: Expression) -> str:
        """One expression."""
        try:
            return str(self.printer.doprint(expression))
        except PrintMethodNotImplementedError:
            raise ValueError(f"no JavaScript for {expression}") from None

    def helpers(self) -> str:
        """The definitions of what the printed functions call."""
        return "".join(f"const {name} = {text};\n" for name, text in FUNCTIONS.items() if name in self.printer.used)


def literal(value: Json | Raw) -> str:
    """Plain data as JavaScript; what is `Raw` is code already."""
    if isinstance(value, Raw):
        return value.code
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{json.dumps(k)}: {literal(v)}' for k, v in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(literal(v) for v in value)}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


class Raw:
    """Code among data."""

    def __init__(self, code: str) -> None:
        self.code = code
