"""Curse of dimensionality: volumes, cells and distances in many dimensions."""

import math

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def ball_in_cube(dimensions: int) -> float:
    """Return the volume of a cube's inscribed ball as a share of the cube."""
    half = dimensions / 2
    log_share = half * math.log(math.pi) - math.lgamma(half + 1)
    return math.exp(log_share - dimensions * math.log(2))


def cell_side(dimensions: int, share: float) -> float:
    """Return the side of a cube with a given share of the unit cube's volume."""
    return float(share ** (1 / dimensions))


def distance_contrast(
    dimensions: int, count: int, random: np.random.Generator
) -> float:
    """Return the ratio of nearest to farthest distance from a random point.

    Args:
        dimensions: of the unit cube.
        count: number of points, uniform in it; distances are from one more such point.
        random: source of the points.
    """
    points = random.random((count, dimensions))
    distances = np.linalg.norm(points - random.random(dimensions), axis=1)
    return float(distances.min() / distances.max())
