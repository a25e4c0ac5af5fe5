"""Says values in words: properties and numbers, the same on pages, in cards and in the terminal."""

from __future__ import annotations

import math
import re

from lossary.declaration.references import Claimed

SMOOTHNESS = {
    "discontinuous": "discontinuous",
    "C0": "C⁰: continuous, with a kink",
    "C1": "C¹: the gradient is continuous",
    "C2": "C²: the curvature is continuous",
    "Cinf": "C∞: smooth everywhere",
}


def number(value: float | str) -> str:
    """A number with a true minus sign; "inf" and "-inf" as the sign for infinity."""
    if value in ("inf", "-inf"):
        return "−∞" if value == "-inf" else "∞"
    return f"{value:g}".replace("-", "−")


def signed(text: str) -> str:
    """A text with true minus signs before its numbers, such as the label of a branch."""
    return re.sub(r"(?<!\w)-(?=\d)", "−", text)


def rough(value: float) -> str:
    """A number to three digits, for descriptions; what is nearly zero is zero."""
    return f"{0.0 if abs(value) < 1e-9 else value:.3g}"


def at_most(value: float) -> str:
    """A positive number rounded up to one digit, such as 8e-58."""
    exponent = math.floor(math.log10(value))
    digit = math.ceil(value / 10.0**exponent)
    return f"1e{exponent + 1}" if digit > 9 else f"{digit}e{exponent}"


def property_text(key: str, value: Claimed) -> str:
    """The value of a property."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "smoothness":
        return SMOOTHNESS.get(value, str(value))
    if key == "gradient_limits":
        return " and ".join(number(v) for v in value)
    if key in ("lipschitz", "gradient_lipschitz") and value == "inf":
        return "none: unbounded"
    return number(value) if isinstance(value, int | float) else str(value)
