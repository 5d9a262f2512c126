"""Keyboard navigation of a scatter plot: the next point in a direction."""

import numpy as np
from numpy.typing import NDArray

NO_POINT = -1
_ASIDE = 2.0
"""Weight of sideways distance relative to forward distance."""


def next_point(
    points: NDArray[np.float32],
    start: NDArray[np.float32],
    direction: tuple[int, int],
    shown: NDArray[np.bool_] | None = None,
) -> int:
    """Return the record of the next point in a direction; ``NO_POINT`` for none.

    Candidates lie within 45 degrees of the direction; the nearest is taken, with
    sideways distance weighted more.

    Args:
        points: (n, 2); NaN for records without one.
        start: (2,), start position.
        direction: (1, 0) to the right, (0, 1) up, and so on.
        shown: which records can be walked to, (n,); None for all.
    """
    ahead, aside = (0, 1) if direction[0] else (1, 0)
    away = points - start
    forward = away[:, ahead] * (direction[0] or direction[1])
    sideways = np.abs(away[:, aside])
    there = (forward > 0) & (sideways <= forward)  # False for NaN
    if shown is not None:
        there &= shown
    found = np.flatnonzero(there)
    if not len(found):
        return NO_POINT
    distance = forward[found] + _ASIDE * sideways[found]
    return int(found[distance.argmin()])


def nearest_to(
    points: NDArray[np.float32],
    place: tuple[float, float],
    shown: NDArray[np.bool_] | None = None,
) -> int:
    """Return the record of the point nearest to a position; ``NO_POINT`` for none."""
    distance = np.square(points - np.asarray(place, np.float32)).sum(axis=1)
    distance[np.isnan(distance)] = np.inf
    if shown is not None:
        distance[~shown] = np.inf
    best = int(distance.argmin()) if len(distance) else NO_POINT
    return best if best >= 0 and np.isfinite(distance[best]) else NO_POINT
