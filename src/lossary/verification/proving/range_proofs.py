"""Proofs over a range: what a loss claims of its curve, shown on every box of it or refuted with a point."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flint import arb

from lossary.verification.proving.enclosures import Smooth, boxes, middle
from lossary.verification.proving.pieces import Curve
from lossary.verification.proving.verdicts import Proof, Refutation, Undecided, Verdict, digits, few_digits

# Of a claimed bound, which is a rounded number:
_CLOSE = arb("1e-9")  # by this much of it a proven bound may be larger
_WRONG = arb("5e-7")  # by this much it is wrong in its sixth digit
_LEAST = arb("1e-6")  # but for this much it must be reached

_SHORTER = 60  # chords tried around a point, each half as long as the one before
_GRID, _FINER = 32, 6  # points among which a peak is looked for, and how often around the best


def convex(curve: Curve, claim: bool) -> Verdict:
    """The second derivative is nowhere negative and the slope falls at no cut, or a chord lies below the curve."""
    found = _low_chord(curve)
    if found is None:
        if not claim:
            raise Undecided("it is convex here, whatever it is beyond")
        kinks = ", and the slope falls at no kink" if len(curve.pieces) > 1 else ""
        return Proof(curve.between, f"the second derivative is nowhere negative{kinks}", of_a_range=True)
    (low, high), gap = found
    if claim:
        chord = f"the chord from t = {digits(low)} to t = {digits(high)}"
        return Refutation(
            f"t = {digits(middle(low, high))}", f"a loss not above {chord}", f"one {digits(gap)} above it"
        )
    chord = f"the chord from t = {few_digits(low)} to t = {few_digits(high)}"
    return Proof((float(low), float(high)), f"in its middle {chord} lies {few_digits(gap)} below the curve")


def _low_chord(curve: Curve) -> tuple[tuple[arb, arb], arb] | None:
    """None where the curve is convex; else the ends of a chord whose middle lies below it, and by how much."""
    for piece in curve.pieces:
        hollow: list[arb] = []
        boxes(*piece.ends, curve.budget, partial(_bends_up, piece.smooth, hollow))
        if hollow:
            return _chord(curve, *hollow)
    for left, right in curve.joints:
        at = left.high.ball.mid()
        jump, turn = curve.jump(0, left, right), curve.jump(1, left, right)
        if jump > 0 or jump < 0 or turn < 0:
            return _chord(curve, at, arb(1))
        if not turn >= 0:
            raise Undecided("whether the slope falls at a kink")
    if not curve.continuous:
        raise Undecided("whether the loss jumps")
    return None


def _bends_up(smooth: Smooth, hollow: list[arb], a: arb, b: arb) -> bool:
    """Whether the second derivative is nowhere negative, or else is so in the middle, which is then put aside."""
    if hollow or smooth.sign(2, a, b) > 0:
        return True
    half = middle(a, b)
    if smooth.at(2, half) < 0:
        hollow.extend([half, (b - a) / 2])
    return bool(hollow)


def _chord(curve: Curve, at: arb, reach: arb) -> tuple[tuple[arb, arb], arb]:
    """A chord around a point, or beside it, whose middle lies below the curve: the longest of those tried."""
    low, high = map(arb, curve.between)
    for _ in range(_SHORTER):
        for centre in (at, at + reach / 2, at - reach / 2):  # at a jump the middle is on its upper side
            ends = centre - reach, centre + reach
            if low <= ends[0] and ends[1] <= high:
                gap = curve.at(centre) - (curve.at(ends[0]) + curve.at(ends[1])) / 2
                if gap > 0:
                    return ends, gap
        reach = reach / 2
    raise Undecided(f"whether a chord near t = {digits(at)} lies below the curve")


def lipschitz(curve: Curve, claim: float) -> Verdict:
    """The slope is nowhere steeper than claimed, and somewhere as steep."""
    return _torn(curve) or _size(curve, 1, claim, "slope")


def gradient_lipschitz(curve: Curve, claim: arb) -> Verdict:
    """The same of the second derivative, where the slope jumps nowhere; "inf" where it jumps."""
    torn = _torn(curve)
    if torn:
        return torn
    jumps = [(left.high.ball, curve.jump(1, left, right)) for left, right in curve.joints]
    sure = next(((at, jump) for at, jump in jumps if jump > 0 or jump < 0), None)
    if claim == "inf":
        if sure is None:
            raise Undecided("the slope jumps nowhere")
        return Proof((float(sure[0]),) * 2, f"the slope jumps by {few_digits(sure[1])} at t = {few_digits(sure[0])}")
    if sure:
        return Refutation(f"t = {digits(sure[0])}", "a slope that does not jump", f"a jump by {digits(sure[1])}")
    if any(jump != 0 for _, jump in jumps):
        raise Undecided("whether the slope jumps")
    return _size(curve, 2, claim, "second derivative")


def _torn(curve: Curve) -> Refutation | None:
    """A jump of the loss; None where there is none.

    Raises:
        Undecided: where there may be one.
    """
    for left, right in curve.joints:
        jump = curve.jump(0, left, right)
        if jump > 0 or jump < 0:
            return Refutation(f"t = {digits(left.high.ball)}", "a loss that does not jump", f"a jump by {digits(jump)}")
    if not curve.continuous:
        raise Undecided("whether the loss jumps")
    return None


def _size(curve: Curve, order: int, claim: float | arb, noun: str) -> Verdict:
    """A derivative is nowhere larger in size than claimed, and comes up to that somewhere."""
    bound = arb(claim)
    found = _outside(curve, order, -bound, bound)
    if found:
        at, value = found
        return Refutation(
            f"t = {digits(at)}", f"a {noun} of at most {digits(bound)} in size", f"one of {digits(value)}"
        )
    if not _peak(curve, order, abs) >= bound * (1 - _LEAST):
        raise Undecided(f"whether the {noun} comes up to the bound")
    return Proof(
        curve.between,
        f"the {noun} stays within ±{few_digits(claim)} and comes within a millionth of it",
        of_a_range=True,
    )


def bounded(curve: Curve, supremum: float) -> Verdict:
    """The loss lies between 0 and the supremum that is claimed with it."""
    found = _outside(curve, 0, arb(0), arb(supremum))
    if found:
        at, value = found
        return Refutation(f"t = {digits(at)}", f"a loss from 0 to {digits(supremum)}", f"one of {digits(value)}")
    slack = arb(supremum) * _CLOSE
    for left, _ in curve.joints:  # a jump is no harm, a value that neither side comes to may be
        value = curve.at(left.high.ball)
        if not (value >= -slack and value <= supremum + slack):
            raise Undecided("the value at a cut")
    return Proof(
        curve.between, f"the loss is nowhere below 0 and nowhere above {few_digits(supremum)}", of_a_range=True
    )


def supremum(curve: Curve, claim: float) -> Verdict:
    """The loss is nowhere larger than claimed, and somewhere as large."""
    found = bounded(curve, claim)
    if isinstance(found, Refutation):
        return found
    if not _peak(curve, 0, lambda value: value) >= arb(claim) * (1 - _LEAST):
        raise Undecided("whether the loss comes up to the bound")
    return Proof(
        curve.between,
        f"the loss is nowhere above {few_digits(claim)} and comes within a millionth of it",
        of_a_range=True,
    )


def _outside(curve: Curve, order: int, low: arb, high: arb) -> tuple[arb, arb] | None:
    """None where a derivative lies between two bounds, rounded as they are; else where it does not, and its value.

    Raises:
        Undecided: also where a bound is exceeded by so little that the claim may have been rounded.
    """
    found: list[arb] = []
    for piece in curve.pieces:
        boxes(*piece.ends, curve.budget, partial(_within, piece.smooth, order, low, high, found))
        if found:
            return found[0], found[1]
    return None


def _within(smooth: Smooth, order: int, low: arb, high: arb, found: list[arb], a: arb, b: arb) -> bool:
    """Whether a derivative lies between the bounds on a box, or else is out of them in its middle: that is kept."""
    size = high if high >= -low else -low
    value = smooth.over(order, a, b)
    if found or (low - size * _CLOSE <= value and value <= high + size * _CLOSE):
        return True
    half = middle(a, b)
    value = smooth.at(order, half)
    if value < low - size * _WRONG or value > high + size * _WRONG:
        found.extend([half, value])
    return bool(found)


def _peak(curve: Curve, order: int, size: Callable[[arb], arb]) -> arb:
    """The largest size that a derivative is found to have, from below: on a grid, then on ever finer ones."""
    peaks = []
    for piece in curve.pieces:
        low, high = piece.ends
        for _ in range(_FINER):
            points = [(low + (high - low) * k / _GRID).mid() for k in range(_GRID + 1)]
            sizes = [size(piece.smooth.at(order, point)).lower() for point in points]
            best = max(range(_GRID + 1), key=lambda k: float(sizes[k]))
            peaks.append(sizes[best])
            low, high = points[max(best - 1, 0)], points[min(best + 1, _GRID)]
    return max(peaks, key=float)


def redescending(curve: Curve, claim: bool) -> Verdict:
    """Far out on both sides the slope fades to a hundredth of its largest, or on one of them it never shrinks."""
    low, high = curve.between
    if not low < 0 < high:
        raise Undecided("the axis has an end")
    largest = _peak(curve, 1, abs)
    fades = []
    for start, end in ((high / 2, high), (low / 2, low)):
        near, far = (_slope(curve, point) for point in (start, end))
        if abs(near) > 0 and _goes(curve, start, end, 1):
            there, beyond = few_digits(start), few_digits(end)
            kept = f"the slope is {few_digits(near)} at t = {there} and does not shrink from there to t = {beyond}"
            return (
                Refutation(f"t = {end:g}", "a slope that fades", kept)
                if claim
                else Proof(curve.between, kept, of_a_range=True)
            )
        fades.append(abs(far) < largest / 100 and _goes(curve, start, end, -1))
    if not claim or not all(fades):
        raise Undecided("how the slope goes on")
    both = f"t = {few_digits(low / 2)} and t = {few_digits(high / 2)}"
    out = f"beyond {both} the slope only shrinks, to less than a hundredth of its largest"
    return Proof(curve.between, out, of_a_range=True)


def _slope(curve: Curve, point: float) -> arb:
    at = arb(point)
    piece = next(piece for piece in curve.pieces if piece.ends[0] <= at <= piece.ends[1])
    return piece.smooth.at(1, at)


def _goes(curve: Curve, start: float, end: float, way: int) -> bool:
    """Whether the size of the slope nowhere shrinks (`way` 1) or nowhere grows (-1) from one point out to another."""
    a, b = sorted((arb(start), arb(end)), key=float)
    piece = next((piece for piece in curve.pieces if piece.ends[0] <= a and b <= piece.ends[1]), None)
    if piece is None:  # the slope may jump between the two
        return False
    outward = way if end > start else -way

    def turns(low: arb, high: arb) -> bool:
        slope, bend = (piece.smooth.over(order, low, high) for order in (1, 2))
        sides = slope * bend * outward
        return bool(bend == 0) or bool(slope == 0) or _agree(piece.smooth, outward, low, high) or bool(sides >= 0)

    try:
        boxes(a, b, curve.budget, turns)
    except Undecided:
        return False
    return True


def _agree(smooth: Smooth, outward: int, low: arb, high: arb) -> bool:
    return smooth.sign(1, low, high) * smooth.sign(2, low, high) == outward
