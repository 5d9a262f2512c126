"""Labeled points of two classes: parsing, and their plots."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.kinds.planes import (
    PlaneArrows,
    PlanePath,
    PlanePoints,
    PlaneRegion,
    PlaneText,
    parse_points,
)

Numbers = NDArray[np.float64]
_MARGIN = 0.95
"""Maximum length of an arrow as a fraction of the distance to the window's edge."""
BOUNDARY, WEIGHTS = 2, 3
"""Colors of a boundary and of weights, unlike those of class 0 and 1."""
_FINE = 128
Range2 = tuple[tuple[float, float], tuple[float, float]]


def two_classes(text: str, option: str = "--points") -> tuple[Numbers, Numbers]:
    """Parse points of the classes 0 and 1, at least one.

    Returns:
        Coordinates (N, 2) and classes as numbers (N,).

    Raises:
        UsageError: no points, or another class.
    """
    places, classes = parse_points(text, option)
    if not len(places):
        raise UsageError(option, "holds no points", "write x y class: 1 2 1; -1 2 0")
    if classes.max() > 1:
        raise UsageError(option, f"there is no class {classes.max()}", "use 0 and 1")
    return places, classes.astype(np.float64)


def points_of(
    places: Numbers, classes: Numbers, *, marked: int = -1, labels: tuple[str, ...] = ()
) -> PlanePoints:
    """Return points for a plane, colored by class."""
    return PlanePoints(
        places=places, classes=classes.astype(np.int64), marked=marked, labels=labels
    )


def name_classes(places: Numbers, classes: NDArray[np.int64]) -> tuple[PlaneText, ...]:
    """Return text labels of classes at the medians of their points."""
    return tuple(
        PlaneText(x=float(x), y=float(y), text=str(each))
        for each in np.unique(classes)
        for x, y in [np.median(places[classes == each], axis=0)]
    )


def window_around(places: Numbers, margin: float = 0.25) -> Range2:
    """Return a square window that contains the points and the origin."""
    low = np.minimum(places.min(axis=0), 0)
    high = np.maximum(places.max(axis=0), 0)
    half = max(float((high - low).max()) / 2, 0.5) * (1 + 2 * margin)
    middle = (low + high) / 2
    return (
        (float(middle[0] - half), float(middle[0] + half)),
        (float(middle[1] - half), float(middle[1] + half)),
    )


def grid_of(window: Range2, side: int = 48) -> tuple[Numbers, Numbers]:
    """Return the centers of a grid's cells: x (side,), y (side,), top row first."""
    steps = (np.arange(side) + 0.5) / side
    (left, right), (bottom, top) = window
    return left + (right - left) * steps, top - (top - bottom) * steps


def line_in(normal: Numbers, offset: float, window: Range2) -> Numbers:
    """Return the ends of normal · x + offset = 0 in a window, (2, 2) or (0, 2)."""
    (left, right), (bottom, top) = window
    a, b = float(normal[0]), float(normal[1])
    found: list[tuple[float, float]] = []
    if b:
        found += [(x, -(offset + a * x) / b) for x in (left, right)]
    if a:
        found += [(-(offset + b * y) / a, y) for y in (bottom, top)]
    slack = 1e-9 * (1 + abs(right - left) + abs(top - bottom))
    inside = [
        (x, y)
        for x, y in found
        if left - slack <= x <= right + slack and bottom - slack <= y <= top + slack
    ]
    ends = sorted(set(inside))
    return np.array([ends[0], ends[-1]] if len(ends) > 1 else [], float).reshape(-1, 2)


class PlaneAxes(TypedDict):
    """Fields of a ``Plane`` for its two axes."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_label: str
    y_label: str
    equal: bool


def input_axes(window: Range2) -> PlaneAxes:
    """Return the axes of two inputs, x1 and x2, with equal scales."""
    return {
        "x_range": window[0],
        "y_range": window[1],
        "x_label": "x1",
        "y_label": "x2",
        "equal": True,
    }


def boundary_path(
    normal: Numbers,
    offset: float,
    window: Range2,
    *,
    name: str = "",
    quiet: bool = False,
) -> tuple[PlanePath, ...]:
    """Return the line normal · x + offset = 0 as a path; empty outside the window."""
    ends = line_in(normal, offset, window)
    if not len(ends):
        return ()
    if quiet:
        return (PlanePath(places=ends, name=name, style="dashed", color=-1),)
    return (PlanePath(places=ends, name=name, color=BOUNDARY),)


def sides_of(normal: Numbers, offset: float, window: Range2) -> PlaneRegion:
    """Return the half planes of normal · x + offset = 0 as a region of classes."""
    x, y = grid_of(window, _FINE)
    sums = normal[0] * x[None] + normal[1] * y[:, None] + offset
    return PlaneRegion(values=(sums >= 0).astype(np.int64), kind="classes")


def weight_arrow(normal: Numbers, offset: float, window: Range2) -> PlaneArrows:
    """Return the weight vector as an arrow from the boundary, cut to the window."""
    length = float(np.linalg.norm(normal))
    foot = -offset * normal / length**2 if length else np.zeros(2)
    share = min(1.0, _reach(foot, normal, window))
    shown = share * normal
    name = "w" if share == 1 else "w, shortened"
    return PlaneArrows(
        starts=foot[None], ends=(foot + shown)[None], name=name, color=WEIGHTS
    )


def _reach(start: Numbers, direction: Numbers, window: Range2) -> float:
    """Return the multiple of a direction from a start to the window's edge."""
    fits = [
        _MARGIN * ((high if part > 0 else low) - place) / part
        for place, part, (low, high) in zip(start, direction, window, strict=True)
        if part
    ]
    return max(0.0, float(min(fits, default=1.0)))
