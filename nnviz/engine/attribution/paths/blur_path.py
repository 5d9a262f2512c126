"""The path of blur integrated gradients: from a blurred image to the image itself.

Xu et al. 2020, arXiv:2004.03383, equation 6.  The integral does not depend on the
parametrization of the path, so its points are densest where the image changes most: at
little blur.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.engine.imaging.blur import blurred
from nnviz.engine.nn.gradients import Check, Score, gradient


@dataclass(frozen=True, slots=True, eq=False)
class BlurPath:
    """The path of decreasing blur, with the gradient taken in the middle of each part.

    Edges are replicated, so that blurring does not darken them.

    Attributes:
        pixels: (1, C, H, W), its end.
        sigma: standard deviation of the blur at the start, px.
        steps: number of parts.
    """

    pixels: Tensor
    sigma: float
    steps: int

    def at(self, place: float) -> Tensor:
        """Return the image at a position of the path, from 0 (start) to 1 (end)."""
        sigma = self.sigma * (1 - place) ** 2
        return blurred(self.pixels, sigma) if sigma else self.pixels

    def shares(self, score: Score, part: slice, check: Check) -> Tensor:
        """Return the sum over some parts of change times gradient, (C, H, W) float64.

        Args:
            score: must not mix the images of a batch.
            part: of the path, in its order.
            check: called in both passes; raises to stop.
        """
        numbers = range(part.start, part.stop)
        middles = torch.cat([self.at((each + 0.5) / self.steps) for each in numbers])
        knots = torch.cat(
            [self.at(each / self.steps) for each in range(part.start, part.stop + 1)]
        )
        _, slopes = gradient(score, middles, check)
        return (knots.double().diff(dim=0) * slopes.double()).sum(0)
