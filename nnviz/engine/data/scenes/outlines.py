"""Outlines of shapes in a unit circle, and their rasterization."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Outline = tuple[NDArray[np.float64], ...]
"""Closed polygons (P, 2), x to the right and y down; the intersection of two of them is
a hole."""

SHAPES = (
    "circle",
    "square",
    "triangle",
    "star",
    "heart",
    "cross",
    "crescent",
    "ring",
    "arrow",
    "drop",
)
_SUPERSAMPLING = 4
_FRACTION_BITS = 4
_STEPS = 64
"""Vertices of a full circle."""


@cache
def outline(shape: str) -> Outline:
    """Return a shape's polygons, scaled to about a radius of 1."""
    tips, notches = _regular(5, -90), 0.42 * _regular(5, -54)
    whole: dict[str, Outline] = {
        "circle": (_arc(1, 0, 360),),
        "ring": (_arc(1, 0, 360), _arc(0.55, 0, 360)),
        "square": (_regular(4, 45),),
        "triangle": (_regular(3, -90),),
        "star": (np.stack([tips, notches], 1).reshape(-1, 2),),
        "cross": (_cross(1 / 3),),
        "arrow": (_ARROW,),
        "heart": (_heart(),),
        "drop": (_drop(),),
        "crescent": (_crescent(),),
    }
    return whole[shape]


def place(
    shape: str, matrix: NDArray[np.float64], center: NDArray[np.float64]
) -> Outline:
    """Return a shape's polygons in px, mapped by ``matrix`` and moved to ``center``."""
    return tuple(part @ matrix.T + center for part in outline(shape))


def coverage(polygons: Outline, size: int) -> NDArray[np.uint8]:
    """Rasterize polygons with antialiasing, uint8 (size, size), 255 inside."""
    import cv2

    covered = np.zeros((size, size), np.uint8)
    corners = np.concatenate(polygons)
    left, top = np.clip(np.floor(corners.min(0)).astype(int), 0, size - 1)
    ends = np.ceil(corners.max(0)).astype(int)
    right, bottom = np.clip(ends, (left + 1, top + 1), size)
    window = covered[top:bottom, left:right]
    height, width = window.shape
    fine = np.zeros((height * _SUPERSAMPLING, width * _SUPERSAMPLING), np.uint8)
    # cv2's origin is the center of the first pixel, ours its left edge.
    moved = [(part - (left, top)) * _SUPERSAMPLING - 0.5 for part in polygons]
    fixed = [np.round(part * 2**_FRACTION_BITS).astype(np.int32) for part in moved]
    cv2.fillPoly(fine, fixed, 255, cv2.LINE_8, _FRACTION_BITS)
    window[...] = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return covered


def _arc(radius: float, start: float, end: float) -> NDArray[np.float64]:
    """Return points from one angle to another, degrees, both included."""
    angles = np.radians(np.linspace(start, end, round(abs(end - start) / 360 * _STEPS)))
    return radius * np.stack([np.cos(angles), np.sin(angles)], 1)


def _regular(corners: int, start: float) -> NDArray[np.float64]:
    angles = np.radians(start + 360 / corners * np.arange(corners))
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def _cross(arm: float) -> NDArray[np.float64]:
    reach = (1 - arm**2) ** 0.5
    quarter = np.array([[reach, arm], [arm, arm], [arm, reach]])
    turn = np.array([[0, -1], [1, 0]])
    parts = [quarter]
    for _ in range(3):
        parts.append(parts[-1] @ turn.T)
    return np.concatenate(parts)


_ARROW = np.array(
    [
        [0, -1],
        [0.8, -0.1],
        [0.3, -0.1],
        [0.3, 0.95],
        [-0.3, 0.95],
        [-0.3, -0.1],
        [-0.8, -0.1],
    ]
)


def _heart() -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi, _STEPS, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    points = np.stack([x, y + 2.5], 1)
    return np.asarray(points / np.linalg.norm(points, axis=1).max())


def _drop() -> NDArray[np.float64]:
    """Return a drop: a circle with its two tangents from a point above."""
    radius, middle = 0.6, 0.4
    touch = np.degrees(np.arcsin(radius / (1 + middle)))
    round_part = _arc(radius, -touch, 180 + touch) + np.array([0, middle])
    return np.concatenate([[[0, -1]], round_part])


def _crescent() -> NDArray[np.float64]:
    """Return a crescent: a circle minus one of 0.8 of its radius, 0.45 to the right."""
    radius, shift = 0.8, 0.45
    # Where the circles meet (law of cosines), as angles about either center.
    x = (1 + shift**2 - radius**2) / (2 * shift)
    outer = np.degrees(np.arccos(x))
    inner = np.degrees(np.arctan2(np.sqrt(1 - x**2), x - shift))
    back = _arc(radius, 360 - inner, inner) + np.array([shift, 0])
    return np.concatenate([_arc(1, outer, 360 - outer), back])
