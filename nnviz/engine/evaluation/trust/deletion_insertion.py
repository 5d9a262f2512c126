"""Deletion and insertion curves (Petsiuk et al. 2018, arXiv:1806.07421, sec. 4.2)."""

from collections.abc import Callable
from dataclasses import dataclass

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
    """Return the deletion area: the score while pixels are removed; low is good.

    Args:
        values: (H, W), importance of each pixel; the largest is removed first.
        pixels: the image, (1, C, H, W).
        nothing: replacement for removed pixels, of the shape of ``pixels``.
        score: of a batch, (N,), in [0, 1].
        steps: of the curve.
    """
    return area(*curve(values, pixels, nothing, score, steps))


def insertion(
    values: Map, pixels: Tensor, blurred: Tensor, score: Score, steps: int
) -> float:
    """Return the insertion area: the score while pixels are inserted; high is good.

    Args:
        values: (H, W), importance of each pixel; the largest is inserted first.
        pixels: the image, (1, C, H, W).
        blurred: initial image, of the shape of ``pixels``.
        score: of a batch, (N,), in [0, 1].
        steps: of the curve.
    """
    return area(*curve(values, blurred, pixels, score, steps))


@dataclass(frozen=True, slots=True, eq=False)
class Replacement:
    """A sequence of images in which pixels are replaced in descending order of a map.

    All channels of a pixel are replaced together, ``ceil(pixels / steps)`` pixels per
    step; ties go in reading order.

    Attributes:
        rank: int64 (H, W), order in which pixels are replaced.
        counts: int64 (steps + 1,), number of replaced pixels; both ends included.
        first: the image of the first step, (1, C, H, W).
        last: that of the last one.
    """

    rank: Tensor
    counts: NDArray[np.int64]
    first: Tensor
    last: Tensor

    @property
    def fractions(self) -> NDArray[np.float64]:
        """The fraction of replaced pixels at each step."""
        fractions: NDArray[np.float64] = self.counts / self.counts[-1]
        return fractions

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.counts)

    def images(self, part: slice) -> Tensor:
        """Return a slice of the images, (N, C, H, W)."""
        counts = torch.from_numpy(self.counts[part]).to(self.first.device)
        return torch.where(
            self.rank < counts[:, None, None, None], self.last, self.first
        )


def replacement(values: Map, first: Tensor, last: Tensor, steps: int) -> Replacement:
    """Return the sequence from one image to another, in descending order of a map.

    Args:
        values: (H, W), importance of each pixel; the largest is replaced first.
        first: (1, C, H, W).
        last: of the shape of ``first``.
        steps: of the curve.
    """
    order = np.argsort(-np.nan_to_num(values).ravel(), kind="stable")
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    step = -(-order.size // steps)
    counts = np.minimum(np.arange(steps + 1) * step, order.size)
    placed = torch.from_numpy(rank.reshape(values.shape)).to(first.device)
    return Replacement(placed, counts, first, last)


def curve(
    values: Map, first: Tensor, last: Tensor, score: Score, steps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the fractions of replaced pixels and the score at each."""
    replaced = replacement(values, first, last, steps)
    found = []
    for start in range(0, len(replaced), _AT_ONCE):
        with torch.no_grad():
            images = replaced.images(slice(start, start + _AT_ONCE))
            found.append(score(images).double().cpu())
    return replaced.fractions, torch.cat(found).numpy()


def area(fractions: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """Return the area under a curve by the trapezoidal rule."""
    return float(np.trapezoid(scores, fractions))
