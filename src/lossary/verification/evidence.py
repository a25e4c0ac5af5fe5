"""What the checks of a loss find: evidence where they hold, failures in words where they do not."""

from __future__ import annotations

from dataclasses import dataclass, field

from lossary.declaration.loss import Loss
from lossary.declaration.references import Claimed
from lossary.declaration.values import Setting
from lossary.errors import Failure
from lossary.evaluation.torch_calls import TORCH_VERSION


@dataclass
class Evidence:
    """What was found out about a loss.

    Attributes:
        points: how many values were compared.
        settings: at how many parameter settings.
        max_error_value, max_error_gradient: largest relative differences between torch and the formula.
        formula_radius: the largest proven radius of an executed formula's values, relative to the value.
        undecided: how many slopes no precision could pin down, such as the slope on a kink.
        properties: what was found for each claim, with the sentence that says how.
        branches: what was found on each branch, of claims that tell of the first alone.
        proven: between which points a claim was not only measured but proven, where it was.
        plot: how many points of the interactive plot were compared with torch, and the largest relative differences.
        passed: the names of the checks that held.
    """

    points: int = 0
    settings: int = 0
    max_error_value: float = 0.0
    max_error_gradient: float = 0.0
    formula_radius: float = 0.0
    undecided: int = 0
    properties: dict[str, tuple[Claimed, str]] = field(default_factory=dict)
    branches: dict[str, dict[str, Claimed]] = field(default_factory=dict)
    proven: dict[str, tuple[float, float]] = field(default_factory=dict)
    plot: dict[str, float] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    torch_version: str = TORCH_VERSION

    def __repr__(self) -> str:
        return f"<lossary.Evidence: {self.points:,} values at {self.settings} settings, checks: {len(self.passed)}>"


def fail(loss: Loss, stage: str, message: str, setting: Setting | None = None) -> Failure:
    """A failure of a loss, at a setting of its parameters if one is given."""
    return Failure(loss.path, stage, message, words(loss, setting) if setting else "")


def words(loss: Loss, setting: Setting) -> str:
    """A setting as "delta = 0.5, …"; only what differs from the defaults, or all of it."""
    changed = {k: v for k, v in setting.items() if v != loss.parameter(k).default}  # type: ignore[union-attr]
    return ", ".join(f"{k} = {v}" for k, v in (changed or setting).items())
