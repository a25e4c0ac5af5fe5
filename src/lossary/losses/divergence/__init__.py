"""Divergences

These losses measure how far one probability distribution is from another, or a sample or spectrum from another one. They
are zero where the two are equal and positive where they are not. For some of them it matters which of the two comes first.
"""

import torch

from lossary.declaration import Shown, SideBySide


def _two_normals(distance: torch.Tensor) -> dict[str, torch.Tensor]:
    """Two normal distributions of standard deviation 1, as probabilities of narrow cells and as samples."""
    places = torch.linspace(-15.0, 20.0, 1751, dtype=torch.float64)
    shares = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    sample = 2**0.5 * torch.erfinv(2 * shares - 1)
    return {
        "p": torch.softmax(-places.square() / 2, 0).expand(len(distance), -1),
        "q": torch.softmax(-(places - distance[:, None]).square() / 2, 1),
        "sample_p": sample.expand(len(distance), -1),
        "sample_q": sample + distance[:, None],
        "distance": distance,
    }


shown = Shown(
    figures=(
        SideBySide(
            "two-normals",
            "Two normal distributions that move apart",
            label="distance of the means, in standard deviations",
            span=(0.0, 5.0),
            inputs=_two_normals,
            caption="What each calls the difference of two normal distributions of standard deviation 1 whose means "
            "are this far apart. Of those between probabilities, the unbounded ones grow ever faster, as there is less and less of one "
            "distribution where the other is. The bounded ones are nearly flat once the two hardly overlap: "
            "there is little gradient left to bring them together. Between samples, the Wasserstein distance is the "
            "distance itself.",
            heading="divergence",
            top=5.0,
        ),
    ),
)
