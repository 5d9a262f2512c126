"""Principal component analysis step by step (Pearson 1901), with the UK food data."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

FOOD_COUNTRIES = ("England", "Wales", "Scotland", "N Ireland")
FOOD_NAMES = (
    *("Cheese", "Carcass meat", "Other meat", "Fish", "Fats and oils", "Sugars"),
    *("Fresh potatoes", "Fresh vegetables", "Other vegetables", "Processed potatoes"),
    *("Processed vegetables", "Fresh fruit", "Cereals", "Beverages", "Soft drinks"),
    *("Alcoholic drinks", "Confectionery"),
)
_FOOD = """
105 245 685 147 193 156  720 253 488 198 360 1102 1472 57 1374 375 54
103 227 803 160 235 175  874 265 570 203 365 1137 1582 73 1256 475 64
103 242 750 122 184 147  566 171 418 220 337  957 1462 53 1572 458 62
 66 267 586  93 209 139 1033 143 355 187 334  674 1494 47 1506 135 41
"""
"""Food per person and week in g, 1997 (DEFRA), by country."""


def food() -> Numbers:
    """Return the UK food data, (4 countries, 17 foods), g per person and week, 1997."""
    return np.array(_FOOD.split(), np.float64).reshape(len(FOOD_COUNTRIES), -1)


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalComponents:
    """Principal components of observations.

    Attributes:
        mean: of each variable, (D,).
        scale: divisor of each variable, (D,); ones unless standardized.
        axes: unit vectors, largest variance first, (K, D); the largest entry of each is
            positive, since signs are arbitrary.
        variances: along them, (K,), divided by N − 1.
        scores: coordinates of the observations along them, (N, K).
    """

    mean: Numbers
    scale: Numbers
    axes: Numbers
    variances: Numbers
    scores: Numbers

    @property
    def shares(self) -> Numbers:
        """Share of the total variance along each axis, (K,)."""
        whole = self.variances.sum()
        return self.variances / whole if whole > 0 else self.variances

    def restore(self, count: int) -> Numbers:
        """Reconstruct the observations from their first components, (N, D)."""
        centered = self.scores[:, :count] @ self.axes[:count]
        return np.asarray(centered * self.scale + self.mean, np.float64)


def covariance(data: Numbers) -> Numbers:
    """Return the covariance (D, D) of observations (N, D), divided by N − 1."""
    centered = data - data.mean(axis=0)
    return np.asarray(centered.T @ centered / max(1, len(data) - 1), np.float64)


def analyze(data: Numbers, *, standardize: bool = False) -> PrincipalComponents:
    """Compute the principal components of observations (N, D) by the SVD.

    Args:
        data: (N, D).
        standardize: whether variables are divided by their standard deviation first.
    """
    mean = data.mean(axis=0)
    scale = np.ones_like(mean)
    if standardize:
        spread = data.std(axis=0, ddof=1)
        scale = np.where(spread > 0, spread, 1)
    centered = (data - mean) / scale
    left, sizes, axes = np.linalg.svd(centered, full_matrices=False)
    largest = np.abs(axes).argmax(axis=1)
    signs = np.where(axes[np.arange(len(axes)), largest] < 0, -1.0, 1.0)
    return PrincipalComponents(
        mean=mean,
        scale=scale,
        axes=axes * signs[:, None],
        variances=np.square(sizes) / max(1, len(data) - 1),
        scores=left * sizes * signs,
    )
