"""Energy-based pointing game (Wang et al. 2020, arXiv:1910.01279, section 4.3)."""

import numpy as np
from numpy.typing import NDArray


def energy_inside(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> float:
    """Return the share of the map's positive values inside the object.

    A map without positive values gets the object's fraction of the image, as a uniform
    map does.

    Args:
        values: (H, W).
        mask: (H, W), the object.
    """
    positive = np.maximum(values.astype(np.float64), 0)
    total = positive.sum()
    return float(positive[mask].sum() / total) if total > 0 else float(mask.mean())
