"""Non-maximum suppression (NMS) and intersection over union of boxes, in NumPy."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nnviz.base.frames import Placement

Corners = NDArray[np.float32]
"""(N, 4): left, top, right, bottom, px."""
Scores = NDArray[np.float32]
Indices = NDArray[np.int64]
_AT_ONCE = 256
"""Number of boxes compared with each other in one block."""


def select(
    boxes: Corners,
    scores: Scores,
    classes: Indices,
    overlap: float,
    limit: int,
    check: Callable[[], None] = lambda: None,
) -> Indices:
    """Return the boxes that survive non-maximum suppression, best first.

    Greedy non-maximum suppression within each class (Girshick et al. 2014,
    arXiv:1311.2524, section 2.2): a box is dropped where one of its class with a higher
    score overlaps it by more than ``overlap``.  Boxes are examined only until ``limit``
    are found.

    Args:
        boxes: (N, 4).
        scores: (N,).
        classes: (N,).
        overlap: intersection over union, in [0, 1].
        limit: maximum number of boxes to return.
        check: called periodically; raises to abandon it.
    """

    def covered(by: Indices, those: Indices) -> NDArray[np.bool_]:
        alike = classes[by][:, None] == classes[those]
        shares = overlaps(boxes[by][:, None], boxes[those])
        both: NDArray[np.bool_] = alike & (shares > overlap)
        return both

    order = np.argsort(-scores, kind="stable")
    kept = np.empty(0, np.int64)
    for start in range(0, len(order), _AT_ONCE):
        check()
        rows = order[start : start + _AT_ONCE]
        rows = rows[~covered(kept, rows).any(axis=0)]
        kept = np.concatenate((kept, rows[_greedy(covered(rows, rows))]))
        if len(kept) >= limit:
            break
    return kept[:limit]


def suppressors(
    boxes: Corners, scores: Scores, classes: Indices, overlap: float, kept: Indices
) -> Indices:
    """Return the index of the box that suppressed each box; -1 if none did.

    The suppressor is the best-scored of the kept boxes of the class that has a higher
    score and overlaps the box by more than ``overlap``, as in ``select``.

    Args:
        boxes: (N, 4).
        scores: (N,).
        classes: (N,).
        overlap: intersection over union, in [0, 1].
        kept: what ``select`` returned, best first.
    """
    by = np.full(len(boxes), -1, np.int64)
    for row in kept[::-1]:
        covers = overlaps(boxes[row], boxes) > overlap
        covers &= (classes == classes[row]) & (scores <= scores[row])
        by[covers] = row
    by[kept] = -1
    return by


def _greedy(covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask of the boxes that no better surviving box covers, best first.

    Args:
        covered: (N, N), whether the row's box covers the column's.
    """
    stays = np.ones(len(covered), np.bool_)
    for index, row in enumerate(covered):
        if stays[index]:
            stays[index + 1 :] &= ~row[index + 1 :]
    return stays


def overlaps(ones: Corners, others: Corners) -> Scores:
    """Return intersection over union of boxes (..., 4), with 0 / 0 taken as 0.

    In float32 and in torchvision's order of operations, so that a box exactly at the
    threshold is decided in the same way.
    """
    corner = np.minimum(ones[..., 2:], others[..., 2:])
    corner = np.maximum(corner - np.maximum(ones[..., :2], others[..., :2]), 0)
    both = corner[..., 0] * corner[..., 1]
    union = _area(ones) + _area(others) - both
    shares: Scores = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return shares


def _area(boxes: Corners) -> Scores:
    sides = boxes[..., 2:] - boxes[..., :2]
    areas: Scores = sides[..., 0] * sides[..., 1]
    return areas


def on_photo(boxes: Corners, placement: Placement) -> Corners:
    """Convert boxes from px of the input to px of the image, clipped to it."""
    (height, width), (down, right) = placement.photo_size, placement.scale
    top, left = placement.offset
    x = (boxes[:, 0::2].astype(np.float64) - left) / right
    y = (boxes[:, 1::2].astype(np.float64) - top) / down
    corners = np.stack((x.clip(0, width), y.clip(0, height)), axis=2)
    return corners.reshape(-1, 4).astype(np.float32)
