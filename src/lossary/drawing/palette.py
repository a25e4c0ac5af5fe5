"""The colours of Lossary, light and dark, by what they mean, and the dashes that tell curves of one colour apart.

Figures and style sheet use the same colours.
"""

from __future__ import annotations

from typing import Literal

Theme = Literal["light", "dark", "auto"]
Palette = dict[str, str]  # role to colour

DASHES = (0, (5, 2.5))
# What tells curves of one colour apart; the second and the third share their place with what is dashed at all.
PATTERNS: tuple[Literal["-"] | tuple[float, tuple[float, ...]], ...] = (
    "-",
    DASHES,
    (0, (7, 2, 1.5, 2)),
    (0, (1.5, 1.8)),
)

# role: (light, dark). Told apart by people with the common colour deficiencies, and by lightness in print.
ROLES: dict[str, tuple[str, str]] = {
    "paper": ("#fbfaf6", "#14171c"),
    "ink": ("#1b1f27", "#e8e6df"),
    "muted": ("#5b6270", "#a2a8b3"),
    "rule": ("#d9d5ca", "#343a44"),
    # Curves that stand behind the one that a small picture is about.
    "faint": ("#a9adb6", "#646b77"),
    # The same where there are so many of them that they would be all one sees.
    "distant": ("#c9cacd", "#414852"),
    "loss": ("#1f5fa8", "#7db7f0"),
    "gradient": ("#b8461b", "#f0a071"),
    "curvature": ("#1a7f5a", "#63c9a0"),
    # Values of a parameter: from below the default to above it; the default itself is "loss".
    "below2": ("#8fb9b3", "#4f7f7a"),
    "below1": ("#4f938c", "#76b3ab"),
    "above1": ("#8a72b5", "#b5a0e0"),
    "above2": ("#b9a9d6", "#8272a8"),
    # Losses laid over each other: none has the colour of a gradient or a curvature.
    "trace0": ("#1f5fa8", "#7db7f0"),
    "trace1": ("#8a6d00", "#d9bd4f"),
    "trace2": ("#7a4fa3", "#c09be8"),
    "trace3": ("#a8336f", "#ee8fbd"),
    "trace4": ("#2b7686", "#7fcbd9"),
    "trace5": ("#6b4a2b", "#c9a07a"),
    "trace6": ("#4c6b1f", "#a9cc74"),
    "trace7": ("#5b6270", "#a2a8b3"),
}

HEAT_STEPS = 12


def _mix(a: str, b: str, share: float) -> str:
    one, two = (tuple(int(c[k : k + 2], 16) for k in (1, 3, 5)) for c in (a, b))
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in zip(one, two, strict=True))


# A heat map's levels run from the paper to the loss colour: the more ink, the more loss.
for _k in range(HEAT_STEPS):
    _share = 0.04 + 0.92 * _k / (HEAT_STEPS - 1)
    ROLES[f"heat{_k}"] = (
        _mix("#eef3f8", "#123f73", _share),
        _mix("#1b222b", "#a9d0f7", _share),
    )


# A colour for each role that no drawing would use, so that it can be found again on a figure or in its SVG.
STAND_INS: Palette = {role: f"#01{k:02x}fe" for k, role in enumerate(ROLES)}


def colours(theme: Literal["light", "dark"]) -> Palette:
    """The colour of each role in a theme."""
    return {role: pair[theme == "dark"] for role, pair in ROLES.items()}
