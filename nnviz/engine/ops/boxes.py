"""Which boxes are kept: pure arithmetic on arrays, a fresh choice in milliseconds."""

import numpy as np
from numpy.typing import NDArray

from nnviz.base.frames import Placement

Corners = NDArray[np.float32]
"""(N, 4): left, top, right, bottom, px."""
Scores = NDArray[np.float32]
Indices = NDArray[np.int64]


def select(
    boxes: Corners, scores: Scores, classes: Indices, overlap: float, limit: int
) -> Indices:
    """Return the boxes that are left of those that say the same, best first.

    Greedy non-maximum suppression within each class (Girshick et al. 2014,
    arXiv:1311.2524, section 2.2): a box goes where one of its class with a higher
    score covers it by more than ``overlap``.  It ends with the last box that is asked
    for, so its cost is ``limit`` passes over the boxes, not their square.

    Args:
        boxes: (N, 4).
        scores: (N,).
        classes: (N,).
        overlap: intersection over union, in [0, 1].
        limit: most boxes to return.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(order) and len(kept) < limit:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        rivals = classes[order] == classes[best]
        covered = overlaps(boxes[best], boxes[order[rivals]]) > overlap
        if covered.any():
            rivals[rivals] = covered
            order = order[~rivals]
    return np.asarray(kept, np.int64)


def overlaps(box: Corners, others: Corners) -> Scores:
    """Return intersection over union of one box (4,) with others (N, 4); 0 for 0 / 0.

    In float32 and in the order of operations of torchvision's, so that a box at the
    very limit goes the same way.
    """
    corner = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    both = np.prod(np.maximum(corner, 0), axis=1, dtype=np.float32)
    union = _area(box[None]) + _area(others) - both
    shares: Scores = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return shares


def _area(boxes: Corners) -> Scores:
    areas: Scores = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def on_photo(boxes: Corners, placement: Placement) -> Corners:
    """Return boxes in px of the input as boxes in px of the photo, cut to it."""
    (height, width), (down, right) = placement.photo_size, placement.scale
    top, left = placement.offset
    x = (boxes[:, 0::2].astype(np.float64) - left) / right
    y = (boxes[:, 1::2].astype(np.float64) - top) / down
    corners = np.stack((x.clip(0, width), y.clip(0, height)), axis=2)
    return corners.reshape(-1, 4).astype(np.float32)
