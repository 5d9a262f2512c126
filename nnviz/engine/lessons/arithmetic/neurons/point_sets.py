"""Point sets of two classes in the plane, in [−1, 1]²."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Labeled = tuple[Numbers, Numbers]
"""Points (N, 2) and classes, 0 or 1, (N,)."""


def logic(name: str) -> Labeled:
    """Return the truth table of AND, OR or XOR as four points and their classes."""
    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float64)
    truth = {"AND": (0, 0, 0, 1), "OR": (0, 1, 1, 1), "XOR": (0, 1, 1, 0)}
    return points, np.array(truth[name], np.float64)


def _quadrants(count: int, random: np.random.Generator) -> Labeled:
    points = random.uniform(-0.9, 0.9, (count, 2))
    points += 0.08 * np.sign(points)
    return points, (points[:, 0] * points[:, 1] < 0).astype(np.float64)


def _ring(count: int, random: np.random.Generator) -> Labeled:
    inside = np.arange(count) % 2
    radius = np.where(inside, random.uniform(0, 0.4, count), 0)
    radius = np.where(inside, radius, random.uniform(0.6, 0.95, count))
    return _around(radius, random.uniform(0, 2 * np.pi, count)), inside.astype(float)


def _spiral(count: int, random: np.random.Generator) -> Labeled:
    arm = np.arange(count) % 2
    along = np.sqrt(np.linspace(0.02, 1, count))
    angle = 1.5 * 2 * np.pi * along + np.pi * arm
    points = _around(0.95 * along, angle) + random.normal(0, 0.02, (count, 2))
    return points, arm.astype(np.float64)


def _clouds(count: int, random: np.random.Generator) -> Labeled:
    side = np.arange(count) % 2
    centers = np.where(side[:, None] > 0, 0.4, -0.4)
    return centers + random.normal(0, 0.18, (count, 2)), side.astype(np.float64)


def _moons(count: int, random: np.random.Generator) -> Labeled:
    side = np.arange(count) % 2
    angle = random.uniform(0, np.pi, count)
    x = np.where(side, 0.3 - 0.6 * np.cos(angle), 0.6 * np.cos(angle) - 0.3)
    y = np.where(side, 0.2 - 0.6 * np.sin(angle), 0.6 * np.sin(angle) - 0.2)
    points = np.stack([x, y], axis=1) + random.normal(0, 0.06, (count, 2))
    return points, side.astype(np.float64)


def _around(radius: Numbers, angle: Numbers) -> Numbers:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


POINT_SETS: Mapping[str, Callable[[int, np.random.Generator], Labeled]] = (
    MappingProxyType(
        {
            "clouds": _clouds,
            "quadrants": _quadrants,
            "ring": _ring,
            "moons": _moons,
            "spiral": _spiral,
        }
    )
)
"""By name: makes a number of points, equally many of both classes."""
