"""The integral of gradients along the straight line from a baseline to an image.

Sundararajan et al. 2017, arXiv:1703.01365, equation 1, with a quadrature instead of the
sum of equation 3.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.engine.attribution.paths.quadrature import Quadrature, quadrature, spread_out
from nnviz.engine.nn.gradients import Check, Score, gradient


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The straight path from a baseline to an image, with the points of a quadrature.

    Attributes:
        pixels: (1, C, H, W), its end.
        baseline: (1, C, H, W), its beginning.
        points: (K,) in [0, 1], in an order of which every prefix is evenly spread.
        weights: (K,), of the points.
    """

    pixels: Tensor
    baseline: Tensor
    points: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def difference(self) -> Tensor:
        """The image minus the baseline, (C, H, W) float64."""
        return (self.pixels.double() - self.baseline.double())[0]

    def weighted_gradients(self, score: Score, part: slice, check: Check) -> Tensor:
        """Return the weighted sum of the gradients at some points.

        Returns:
            (C, H, W) float64.
        """
        kind = self.pixels.dtype
        device = self.pixels.device
        at = torch.from_numpy(self.points[part]).to(device, kind).view(-1, 1, 1, 1)
        on_line = self.baseline + at * (self.pixels - self.baseline)
        _, found = gradient(score, on_line, check)
        weights = torch.from_numpy(self.weights[part]).to(device)
        return torch.einsum("k,kchw->chw", weights, found.double())


def line_between(
    baseline: Tensor, pixels: Tensor, rule: Quadrature, steps: int
) -> Line:
    """Return the line with the points of a quadrature."""
    points, weights = quadrature(rule, steps)
    order = spread_out(steps)
    return Line(pixels, baseline, points[order], weights[order])
