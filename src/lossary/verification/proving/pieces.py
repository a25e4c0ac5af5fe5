"""Cuts an expression of `T` where it branches, into pieces that are smooth, and tells what jumps between them.

The cuts are the zeros of what the expression itself branches on (the inside of an absolute value, the two sides of a
condition), found exactly or enclosed. What a loss declares of its kinks is not looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from flint import arb

from lossary.declaration.symbols import Expression, maximum, minimum
from lossary.evaluation.balls import span
from lossary.interactive.along_section import T
from lossary.verification.proving.enclosures import Budget, Smooth, boxes, middle, number, runs
from lossary.verification.proving.verdicts import Undecided

_TWO_SIDED = (sp.Abs, sp.sign)
_EXTREMES = (maximum, minimum)


@dataclass(frozen=True)
class Point:
    """A point: the ball that encloses it, and the number itself where it is known."""

    ball: arb
    exact: Expression | None = None


@dataclass(frozen=True)
class Piece:
    """A stretch between two points on which the expression is smooth."""

    low: Point
    high: Point
    smooth: Smooth

    @property
    def ends(self) -> tuple[arb, arb]:
        """Two exact numbers that the piece lies between."""
        return self.low.ball.lower(), self.high.ball.upper()


class Curve:
    """An expression between two numbers, in pieces, and known to have a finite value everywhere there.

    Raises:
        Undecided: where a branch cannot be decided, its place cannot be found, or a value may not be finite.
    """

    def __init__(self, expression: Expression, low: float, high: float, budget: Budget) -> None:
        self.expression = expression
        self.between = low, high
        self.budget = budget
        self._run = runs(expression)
        ends = [Point(number(end), end) for end in (sp.Rational(low), sp.Rational(high))]
        self.pieces = [_piece(*cut) for cut in _cut(expression, ends[0], ends[1], budget)]
        for piece in self.pieces:
            boxes(*piece.ends, budget, piece.smooth.defined)

    def at(self, point: arb) -> arb:
        """The value at an exact point, from the expression as it is."""
        return self._run(point)

    @property
    def joints(self) -> list[tuple[Piece, Piece]]:
        """The pieces on the left and on the right of each cut."""
        return list(itertools.pairwise(self.pieces))

    def jump(self, order: int, left: Piece, right: Piece) -> arb:
        """How far a derivative jumps at a cut: a ball, and 0 only where that is exactly so."""
        at, exact = left.high.ball, left.high.exact
        gap = right.smooth.at(order, at) - left.smooth.at(order, at)
        if exact is None or gap > 0 or gap < 0:
            return gap
        before, after = (side.smooth.derivative(order).subs(T, exact) for side in (left, right))
        return arb(0) if sp.expand(after - before) == 0 else gap

    @cached_property
    def continuous(self) -> bool:
        """Whether it is proven that the value jumps nowhere.

        Absolute values and extremes of continuous functions are continuous; cases and signs need not be.
        """
        if not self.expression.has(sp.Piecewise, sp.sign):
            return True
        return all(self._meet(left, right) for left, right in self.joints)

    def _meet(self, left: Piece, right: Piece) -> bool:
        """Whether both pieces come to the value that the expression has at their cut."""
        exact = left.high.exact
        if exact is None:
            return False
        value = self.expression.subs(T, exact)
        return all(sp.expand(side.smooth.derivative(0).subs(T, exact) - value) == 0 for side in (left, right))


def _piece(low: Point, high: Point, expression: Expression) -> Piece:
    a, b = low.ball.upper(), high.ball.lower()
    return Piece(low, high, Smooth(expression, [a + (b - a) * k / 16 for k in (3, 7, 12)]))


def _cut(expression: Expression, low: Point, high: Point, budget: Budget) -> Iterator[tuple[Point, Point, Expression]]:
    found = branch(expression)
    if found is None:
        yield low, high, expression
        return
    node, decides = found
    marks = [low, *_zeros(decides, low, high, budget), high]
    for a, b in itertools.pairwise(marks):
        sign = _sign(decides, a, b)
        yield from _cut(expression.xreplace({node: side_of_branch(node, sign)}), a, b, budget)


def branch(expression: Expression) -> tuple[Expression, Expression] | None:
    """An innermost part that branches, and the number whose sign decides how; None where nothing branches."""
    node = next(filter(_branches, sp.postorder_traversal(expression)), None)
    if node is None:
        return None
    return node, sp.expand(node.args[0] if isinstance(node, _TWO_SIDED) else node.args[0] - node.args[1])


def _branches(node: Expression) -> bool:
    return isinstance(node, (*_TWO_SIDED, *_EXTREMES)) or bool(getattr(node, "is_Relational", False))


def side_of_branch(node: Expression, sign: int) -> Expression:
    """What stands there where the deciding number has this sign."""
    if isinstance(node, sp.Abs):
        return sign * node.args[0]
    if isinstance(node, sp.sign):
        return sp.Integer(sign)
    if isinstance(node, _EXTREMES):
        return node.args[0 if (sign >= 0) == isinstance(node, maximum) else 1]
    return node.func(sp.Integer(sign), sp.Integer(0))


def _sign(decides: Expression, low: Point, high: Point) -> int:
    """The sign between two points with no zero between them."""
    if decides == 0:
        return 0
    value = Smooth(decides).at(0, middle(low.ball.upper(), high.ball.lower()))
    if value > 0 or value < 0:
        return 1 if value > 0 else -1
    raise Undecided(f"the sign of {decides}")


def _zeros(decides: Expression, low: Point, high: Point, budget: Budget) -> list[Point]:
    """The zeros between two points, in order, each apart from the next."""
    if not decides.has(T):
        return []
    found = [Point(number(zero), zero) for zero in real_zeros(decides)] if solvable(decides) else None
    if found is None:
        ends = low.ball.lower(), high.ball.upper()
        found = [Point(zero) for zero in _isolated(Smooth(decides), *ends, budget)]
    inside: list[Point] = []
    for zero in sorted(found, key=lambda point: point.ball.mid()):
        last = inside[-1] if inside else low
        if zero.exact is not None and zero.exact in (low.exact, high.exact):
            continue
        if zero.ball < low.ball or zero.ball > high.ball:
            continue
        if not (last.ball < zero.ball < high.ball):
            raise Undecided(f"whether {decides} is 0 between two points")
        inside.append(zero)
    return inside


def solvable(decides: Expression) -> bool:
    """Whether it is a polynomial whose zeros are roots."""
    return bool(decides.is_polynomial(T) and sp.degree(decides, T) <= 2)


def real_zeros(decides: Expression) -> list[Expression]:
    """The real zeros of a polynomial of degree 1 or 2."""
    terms = sp.Poly(decides, T)
    if terms.degree() == 1:
        a, b = terms.all_coeffs()
        return [-b / a]
    a, b, c = terms.all_coeffs()
    inner = sp.expand(b * b - 4 * a * c)
    if inner == 0:
        return [-b / (2 * a)]
    if number(inner) < 0:
        return []
    return [(-b + side * sp.sqrt(inner)) / (2 * a) for side in (-1, 1)]


def _isolated(smooth: Smooth, low: arb, high: arb, budget: Budget) -> list[arb]:
    """Balls around the zeros, one zero in each, where the slope has one sign around each."""
    found: list[arb] = []
    left = [(low, high)]
    while left:
        a, b = left.pop()
        budget.spend()
        if smooth.sign(0, a, b) and not smooth.over(0, a, b).contains(0):
            continue
        if smooth.sign(1, a, b):
            ends = smooth.at(0, a), smooth.at(0, b)
            if ends[0] * ends[1] > 0:
                continue
            if ends[0] * ends[1] < 0:
                found.append(_bisected(smooth, a, b, ends[0] < 0))
                continue
        half = middle(a, b)
        left += [(half, b), (a, half)]
    return found


def _bisected(smooth: Smooth, low: arb, high: arb, rises: bool) -> arb:
    """The one zero of a monotone function, enclosed."""
    for _ in range(100):
        # A zero in the very middle has no sign to be seen, but then one beside it has.
        tried = ((point, smooth.at(0, point)) for point in (middle(low, high), middle(low, middle(low, high))))
        point, value = next(((p, v) for p, v in tried if v > 0 or v < 0), (low, None))
        if value is None:
            break
        low, high = (point, high) if (value < 0) == rises else (low, point)
    return span(low, high)
