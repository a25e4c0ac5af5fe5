"""Proofs for the whole axis: what holds of an expression of `T` out to infinity, read off its parts.

Balls reach only so far. Beyond, a part has a sign where it is an exponential, a power, or a sum or product of parts
whose signs agree; what is not seen at once counts as unknown.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import sympy as sp
from flint import arb

from lossary.declaration.symbols import Expression, maximum, minimum, sigmoid, softplus
from lossary.interactive.along_section import T
from lossary.verification.proving.enclosures import Smooth, factored, number, runs
from lossary.verification.proving.pieces import branch, real_zeros, side_of_branch, solvable
from lossary.verification.proving.verdicts import Proof, Refutation, Undecided, Verdict, digits, few_digits

_EVERYWHERE = (-math.inf, math.inf)
_STARTS = (10, 1000)  # from where on a loss is looked at as a whole
_POSITIVE = (sp.exp, sp.cosh, sigmoid, softplus)
_SAME = arb("1e-15")  # relative: what is declared in float64 may differ by this and mean the same
_POINTS = (1.0, 0.5, 2.0, 0.01, 3.25, 17.0, 300.0)
_PAIRS = ((0.25, 0.75), (0.25, 0.5), (0.125, 0.75))


def symmetric(expression: Expression, claim: bool) -> Verdict:
    """The formula for -t is the one for t, or the two differ at a point."""
    mirrored = expression.xreplace({T: -T})
    if _normal(mirrored) == _normal(expression):
        if not claim:
            return Refutation("any t", "another loss at t than at -t", "one formula for both")
        return Proof(_EVERYWHERE, "the formula is the same one for t and for −t")
    run = runs(expression)
    for point in _POINTS:
        here, there = run(arb(point)), run(arb(-point))
        if _differ(here, there):
            if claim:
                both = f"{digits(here, 17)} and {digits(there, 17)}"
                return Refutation(f"t = {point:g}", "the same loss at t and at -t", both)
            right, left = (f"{few_digits(x)} at t = {few_digits(t)}" for x, t in ((here, point), (there, -point)))
            return Proof((-point, point), f"the loss is {right} and {left}")
    raise Undecided("whether the loss is the same on both sides")


def _normal(expression: Expression) -> Expression:
    """A form in which what is equal by the laws of sigmoids and extremes looks equal."""
    plain = expression.replace(maximum, lambda a, b: (a + b + sp.Abs(a - b)) / 2)
    plain = plain.replace(minimum, lambda a, b: (a + b - sp.Abs(a - b)) / 2)
    made = plain.replace(softplus, lambda x: softplus(-x) + x if x.could_extract_minus_sign() else softplus(x))
    made = made.replace(sigmoid, lambda x: 1 - sigmoid(-x) if x.could_extract_minus_sign() else sigmoid(x))
    return sp.expand(made)


def exchangeable(value: Callable[[float, float], arb], claim: bool) -> Verdict:
    """A loss of two numbers that differs when they are exchanged."""
    for a, b in _PAIRS:
        here, there = value(a, b), value(b, a)
        if _differ(here, there):
            losses = few_digits(here), few_digits(there)
            both = f"{losses[0]} for a prediction of {a} and a target of {b}, and {losses[1]} for the reverse"
            return Refutation(f"{a} and {b}", "the same loss", both) if claim else Proof((a, b), f"the loss is {both}")
    raise Undecided("whether the loss is the same when the two are exchanged")


def _differ(here: arb, there: arb) -> bool:
    return bool(abs(here - there) > _SAME * (abs(here) + abs(there)))


def unbounded(expression: Expression, claim: bool, sides: Sequence[int]) -> Verdict:
    """Far out the slope leads away from 0, and the second derivative keeps it from turning back.

    The claim is whether the loss is bounded; `sides` are those to which the axis has no end, 1 and -1.
    """
    for side, start in itertools.product(sides, _STARTS):
        at = sp.Integer(side * start)
        smooth = Smooth(_beyond(expression, at, side), [arb(side * start * k) for k in (1, 2, 3)])
        slope = smooth.at(1, arb(int(at)))
        steady = _sign(factored(smooth.derivative(2)), side) in (0, 1)
        if steady and side * slope > 0 and _defined(smooth.derivative(0), side):
            there = f"the slope is {few_digits(slope)} at t = {few_digits(float(at))}"
            why = f"{there}, and the second derivative is nowhere negative from there on"
            if claim:
                return Refutation(f"t = {at}", "a loss that stops growing", why)
            return Proof(_EVERYWHERE, f"{why}, so the loss grows without bound")
    raise Undecided("how the loss goes on far out")


def _beyond(expression: Expression, start: Expression, side: int) -> Expression:
    """The expression without branches that holds from `start` on, to the right (`side` 1) or to the left (-1).

    Raises:
        Undecided: where a branch may change out there.
    """
    while found := branch(expression):
        node, decides = found
        if decides.has(T):
            if not solvable(decides):
                raise Undecided(f"the sign of {decides} far out")
            if not all(side * (number(start) - number(zero)) >= 0 for zero in real_zeros(decides)):
                raise Undecided(f"{decides} may be 0 far out")
        value = number(decides.subs(T, start + side))
        if not (value > 0 or value < 0):
            raise Undecided(f"the sign of {decides} far out")
        expression = expression.xreplace({node: side_of_branch(node, 1 if value > 0 else -1)})
    return expression


def _sign(e: Expression, side: int) -> int | None:
    """The sign of an expression at every `t` of a side's own sign: 0 where it is 0, None where that is not seen."""
    if e == T:
        return side
    if e == 0:
        return 0
    if not e.has(T):
        value = number(e)
        return 1 if value > 0 else -1 if value < 0 else None
    if isinstance(e, _POSITIVE):
        return 1
    signs = [_sign(part, side) for part in e.args]
    if isinstance(e, sp.Add):
        seen = {sign for sign in signs if sign != 0}
        return seen.pop() if len(seen) == 1 else None
    if isinstance(e, sp.Mul):
        known = [sign for sign in signs if sign is not None]
        return math.prod(known) if len(known) == len(signs) else None
    if isinstance(e, sp.Pow):
        base, exponent = signs[0], e.args[1]
        if base and exponent.is_Integer:
            return base if exponent % 2 else 1
        return 1 if base == 1 else None
    return None


def _defined(e: Expression, side: int) -> bool:
    """Whether it is seen that an expression has a finite value at every `t` of a side's own sign."""
    if not all(_defined(part, side) for part in e.args):
        return False
    if isinstance(e, sp.log):
        return _sign(e.args[0], side) == 1
    if isinstance(e, sp.Pow):
        base, exponent = e.args
        return bool(exponent.is_Integer and exponent > 0) or _sign(base, side) == 1
    return not e.args or isinstance(e, (sp.Add, sp.Mul, *_POSITIVE))
