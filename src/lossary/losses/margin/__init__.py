"""Margin losses

Losses of one number and a label of 1 or -1. The number is a score, which should be large for the label 1, or the
distance between the members of a pair, which should be small for it.

Most are functions of the margin, the score times the label: it is positive where the score has the label's sign. What
they stand in for is the count of errors, the zero-one loss, whose gradient is zero. They differ in what a wrong score
costs, from which margin on a right one costs nothing, and in what the best score says of the probability of the label.
"""

import torch

from lossary.declaration import Shown, SideBySide


def _scores(chance: torch.Tensor) -> dict[str, torch.Tensor]:
    """How often the label is 1, down a column, and the scores among which the best one is looked for."""
    return {
        "p": chance[:, None],
        "score": torch.linspace(-4.0, 4.0, 8001, dtype=torch.float64),
        "one": torch.ones(1, dtype=torch.float64),
    }


shown = Shown(
    figures=(
        SideBySide(
            "best-scores",
            "The best score, by how often the label is 1",
            label="probability of the label 1",
            span=(0.02, 0.98),
            inputs=_scores,
            caption="The score that costs least on average, where the label is 1 this often. The logistic and the "
            "exponential loss tell probabilities apart up to the ends, the squared hinge does so on a straight line. "
            "The hinge tells only which label is likelier. The perceptron does not even tell that: its best score is "
            "0.",
            heading="best score",
        ),
    ),
)
