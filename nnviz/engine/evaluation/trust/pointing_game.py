"""Pointing game (Zhang et al. 2016, arXiv:1608.00507, section 4.1)."""

import numpy as np
from numpy.typing import NDArray


def hits(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> float:
    """Return the share of the map's largest values that lie inside the object.

    That is 1 or 0 where there is one largest value; a constant map points at
    everything, so its figure is that of chance.

    Args:
        values: (H, W).
        mask: (H, W), the object.
    """
    return float(mask[values == values.max()].mean())
