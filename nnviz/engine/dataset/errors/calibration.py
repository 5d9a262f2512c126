"""Calibration: reliability diagram and expected calibration error.

Guo et al. 2017 (arXiv:1706.04599), equations 1 to 3: bins of equal width.
"""

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.mistakes import Reliability

BINS = 15


def reliability(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = BINS
) -> Reliability:
    """Return confidence against accuracy.

    Args:
        confidence: (n,), of each prediction, in [0, 1]; the bin k holds those in
            (k / bins, (k + 1) / bins].
        right: (n,), whether it is right.
        bins: how many.
    """
    sure = np.asarray(confidence, np.float64)
    place = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidences = np.bincount(place, sure, bins) / counts
        accuracies = np.bincount(place, np.asarray(right, np.float64), bins) / counts
    gaps = np.abs(np.nan_to_num(confidences - accuracies))
    return Reliability(
        edges=np.linspace(0, 1, bins + 1),
        counts=counts,
        confidences=confidences,
        accuracies=accuracies,
        error=float((gaps * counts).sum() / max(1, counts.sum())),
        worst=float(gaps.max()),
    )
