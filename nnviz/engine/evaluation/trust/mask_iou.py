"""Intersection over union of a map and an object at the best threshold of the map."""

import numpy as np
from numpy.typing import NDArray


def best_iou(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> float:
    """Return the largest IoU that any threshold of the map reaches, in [0, 1].

    Args:
        values: (H, W).
        mask: (H, W), the object.
    """
    order = np.argsort(-values.ravel(), kind="stable")
    inside = np.cumsum(mask.ravel()[order])
    taken = np.arange(1, order.size + 1)
    union = taken + mask.sum() - inside
    # Pixels of equal value are above a threshold together or not at all.
    ordered = values.ravel()[order]
    ends = np.append(ordered[1:] != ordered[:-1], True)
    return float((inside / union)[ends].max())
