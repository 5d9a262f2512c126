"""Normalization by hand: z-scores, batch, layer, instance and local response norm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EPSILON = 1e-5
"""Added to the variance, as in PyTorch."""


@dataclass(frozen=True, slots=True, eq=False)
class Normalized:
    """Values after normalization, with their statistics.

    Attributes:
        values: float64, after.
        mean: the subtracted mean, along the axes that were normalized together.
        variance: the squared divisor, without ε.
    """

    values: Floats
    mean: Floats
    variance: Floats


def standardize(values: Floats, axes: tuple[int, ...], epsilon: float) -> Normalized:
    """Return (x - mean) / √(variance + ε), the statistics taken over some axes.

    Args:
        values: any shape.
        axes: to average over: the batch's for batch norm, the features' for layer norm.
        epsilon: added to the variance.
    """
    mean = values.mean(axes, keepdims=True)
    variance = values.var(axes, keepdims=True)
    return Normalized((values - mean) / np.sqrt(variance + epsilon), mean, variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalResponse:
    """Local response normalization: Krizhevsky et al. 2012, section 3.3.

    b = a / (k + α Σ a²)^β, the sum over n neighbors; divided by n if ``mean`` is set,
    as in PyTorch.

    Attributes:
        size: n, number of neighbors in the sum, including the value itself.
        k: added to the sum.
        alpha: factor of the sum.
        beta: exponent.
        mean: whether to divide the sum by n (PyTorch) or not (the paper).
    """

    size: int = 5
    k: float = 2.0
    alpha: float = 1e-4
    beta: float = 0.75
    mean: bool = False

    def across_maps(self, values: Floats) -> Floats:
        """Normalize each value by its neighbors in other maps, (C, ...)."""
        squares = np.square(values)
        before, count = self.size // 2, len(values)
        sums = np.stack(
            [
                squares[max(0, at - before) : at - before + self.size].sum(0)
                for at in range(count)
            ]
        )
        return self._divided(values, sums, self.size)

    def within_map(self, values: Floats) -> Floats:
        """Normalize each value by a square of neighbors in its map, (..., H, W)."""
        before = self.size // 2
        margins = [(0, 0)] * (values.ndim - 2) + [(before, self.size - 1 - before)] * 2
        padded = np.pad(np.square(values), margins)
        height, width = values.shape[-2:]
        sums = sum(
            padded[..., row : row + height, column : column + width]
            for row in range(self.size)
            for column in range(self.size)
        )
        return self._divided(values, np.asarray(sums), self.size**2)

    def _divided(self, values: Floats, sums: Floats, count: int) -> Floats:
        shared = sums / count if self.mean else sums
        divided: Floats = values / (self.k + self.alpha * shared) ** self.beta
        return divided
