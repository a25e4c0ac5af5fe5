"""Ranking

Losses that ask for the right order. They depend on the differences of scores alone: adding a constant to all scores
of one pair or list does not change them.

For a pair of which one item is known to come first, RankNet, Bayesian personalised ranking and ListMLE are the same
function. RankNet also takes a probability for each pair, and ListMLE a longer list.
"""

import torch

from lossary.declaration import ListLook, Shown, SideBySide


def _three_in_order(difference: torch.Tensor) -> dict[str, torch.Tensor]:
    """Three items in their true order, whose neighbours are this far apart in score and 1 apart in relevance."""
    order = torch.tensor([1.0, 0.0, -1.0], dtype=difference.dtype)
    score = difference[:, None] * order
    return {
        "score": score,
        "relevance": (1 + order).expand_as(score),
        "first": score[:, [0, 0, 1]],
        "second": score[:, [1, 2, 2]],
    }


shown = Shown(
    figures=(
        SideBySide(
            "differences",
            "A list of three whose scores move apart",
            label="difference of neighbouring scores",
            span=(-3.0, 3.0),
            inputs=_three_in_order,
            caption="Three items of relevance 2, 1 and 0. Left of the middle their scores are in the wrong order, right of it "
            "in the right one. RankNet, and margin ranking with the margin 1, are means over the three pairs; BPR compares the "
            "best item with each of the other two. Margin ranking is zero from a difference of 1 on. ListNet is lowest where the "
            "scores differ as the relevances do, and rises again. The others keep falling towards zero.",
            top=5.0,
            look=ListLook(("score",)),
        ),
    ),
)
