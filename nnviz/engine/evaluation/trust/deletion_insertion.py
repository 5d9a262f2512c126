"""Deletion and insertion curves (Petsiuk et al. 2018, arXiv:1806.07421, sec. 4.2)."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Map = NDArray[np.floating]
Score = Callable[[Tensor], Tensor]
_AT_ONCE = 16


def deletion(
    values: Map, pixels: Tensor, nothing: Tensor, score: Score, steps: int
) -> float:
    """Return the area under the score while pixels are removed; low is good.

    Args:
        values: (H, W), how much each pixel counts; the largest goes first.
        pixels: the image, (1, C, H, W).
        nothing: what stands where a pixel was removed, as ``pixels``.
        score: of a batch, (N,), in [0, 1].
        steps: of the curve.
    """
    return area(*curve(values, pixels, nothing, score, steps))


def insertion(
    values: Map, pixels: Tensor, blurred: Tensor, score: Score, steps: int
) -> float:
    """Return the area under the score while pixels appear; high is good.

    Args:
        values: (H, W), how much each pixel counts; the largest comes first.
        pixels: the image, (1, C, H, W).
        blurred: what it begins as, as ``pixels``.
        score: of a batch, (N,), in [0, 1].
        steps: of the curve.
    """
    return area(*curve(values, blurred, pixels, score, steps))


def curve(
    values: Map, first: Tensor, last: Tensor, score: Score, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shares of replaced pixels and the score at each, both ends included.

    All channels of a pixel are replaced together, ``ceil(pixels / steps)`` pixels a
    step; pixels of one value go in reading order.
    """
    order = np.argsort(-np.nan_to_num(values).ravel(), kind="stable")
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    step = -(-order.size // steps)
    counts = np.minimum(np.arange(steps + 1) * step, order.size)
    replaced = torch.from_numpy(rank.reshape(values.shape)).to(first.device)
    found = []
    for start in range(0, len(counts), _AT_ONCE):
        part = torch.from_numpy(counts[start : start + _AT_ONCE]).to(first.device)
        mask = replaced < part[:, None, None, None]
        with torch.no_grad():
            found.append(score(torch.where(mask, last, first)).double().cpu())
    return counts / order.size, torch.cat(found).numpy()


def area(fractions: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """Return the area under a curve by the trapezoidal rule."""
    return float(np.trapezoid(scores, fractions))
