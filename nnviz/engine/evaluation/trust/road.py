"""ROAD: remove and debias (Rong et al. 2022, arXiv:2202.00449).

Removed pixels are filled so that the shape of the removed region is hard to recognize:
each becomes the weighted mean of its neighbors (noisy linear imputation).
"""

from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nnviz.engine.evaluation.trust.trial import Trial

PERCENTILES = tuple(range(10, 100, 10))
"""Share of removed pixels, %, at which scores are compared."""
_NOISE = 0.01
_SIDES, _CORNERS = 1 / 6, 1 / 12
_TOLERANCE = 1e-5
_MOST_ITERATIONS = 2000


def impute(
    pixels: Tensor, removed: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Impute removed pixels by weighted means of their neighbors.

    Weights are 1/6 for the sides and 1/12 for the corners; there are no neighbors
    beyond the border.  The linear system is solved by conjugate gradients.

    Args:
        pixels: (1, C, H, W).
        removed: bool (H, W); at least one pixel is left.
        generator: of the noise (standard deviation 0.01) on the filled pixels; None
            for no noise.
    """
    known = pixels.double() * ~removed
    inside = removed.to(known)
    ones = torch.ones_like(inside)[None, None]
    total = _neighbors(ones)
    right = _neighbors(known) * inside
    found = _solve(total, inside, right)
    if generator is not None:
        noise = torch.randn(found.shape, generator=generator, dtype=torch.float64)
        found = found + _NOISE * noise.to(found.device)
    return torch.where(removed, found, known).to(pixels.dtype)


def _neighbors(maps: Tensor) -> Tensor:
    """Return the weighted sum of each pixel's neighbors, (N, C, H, W)."""
    corner, side = _CORNERS, _SIDES
    kernel = torch.tensor(
        [[corner, side, corner], [side, 0, side], [corner, side, corner]],
        dtype=maps.dtype,
        device=maps.device,
    )
    channels = maps.shape[1]
    kernels = kernel.expand(channels, 1, 3, 3)
    return functional.conv2d(maps, kernels, padding=1, groups=channels)


def _solve(total: Tensor, inside: Tensor, right: Tensor) -> Tensor:
    """Solve total x - neighbors(x) = right on removed pixels (conjugate gradients)."""

    def times(x: Tensor) -> Tensor:
        return (total * x - _neighbors(x)) * inside

    found = torch.zeros_like(right)
    rest = right.clone()
    way = rest.clone()
    length = rest.square().sum((2, 3), keepdim=True)
    enough = _TOLERANCE**2 * length.max()
    for _ in range(_MOST_ITERATIONS):
        if not bool((length > enough).any()):
            break
        moved = times(way)
        along = (way * moved).sum((2, 3), keepdim=True)
        step = torch.where(along > 0, length / along, 0)
        found = found + step * way
        rest = rest - step * moved
        now = rest.square().sum((2, 3), keepdim=True)
        way = rest + torch.where(length > 0, now / length, 0) * way
        length = now
    return found


def measure_road(
    trial: Trial, values: NDArray[np.floating], generator: torch.Generator
) -> Generator[None, None, list[float]]:
    """Measure ROAD's score of a map; high is good.

    Args:
        trial: the image.
        values: (H, W).
        generator: of the imputation's noise.

    Returns:
        At each of ``PERCENTILES``, half the difference between the score with the
        least relevant pixels removed and that with the most relevant ones removed.
    """
    order = np.argsort(-np.nan_to_num(values).ravel(), kind="stable")
    found = []
    for percentile in PERCENTILES:
        count = order.size * percentile // 100
        images = []
        for places in (order[order.size - count :], order[:count]):
            removed = np.zeros(order.size, np.bool_)
            removed[places] = True
            mask = torch.from_numpy(removed.reshape(values.shape))
            images.append(impute(trial.pixels, mask.to(trial.pixels.device), generator))
            yield
        both = torch.cat(images)
        least, most = yield from trial.scores(2, both.__getitem__)
        found.append(float(least - most) / 2)
    return found
