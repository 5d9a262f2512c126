"""Label errors by confident learning (Northcutt et al. 2021, arXiv:1911.00068)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.floating]
_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class LabelErrors:
    """Suspicion of all labels, the most suspect first.

    Attributes:
        order: int64 (n,), indices of the images.
        margin: float64 (n,), in that order: probability of the label minus that of the
            most probable other class.
        suggested: int64 (n,), that class.
        off_diagonal: bool (n,): confidently of another class than its label's.
    """

    order: NDArray[np.int64]
    margin: NDArray[np.float64]
    suggested: NDArray[np.int64]
    off_diagonal: NDArray[np.bool_]


def class_thresholds(shares: Shares, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each class's threshold: its mean probability over its own images, (K,).

    Equation 2; infinite for a class without images, so that nothing is assigned to it.
    """
    classes = shares.shape[1]
    own = shares[np.arange(len(labels)), labels].astype(np.float64)
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, own, classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def find_label_errors(shares: Shares, labels: NDArray[np.int64]) -> LabelErrors:
    """Find label errors from out-of-sample probabilities by confident learning.

    An image is off the diagonal of the confident joint if, among the classes whose
    probability reaches their threshold, the most probable one is not its label
    (equation 1).  Those come first; within each group, the lowest normalized margin.

    Args:
        shares: (n, K), probabilities.
        labels: int64 (n,), in [0, K).
    """
    thresholds = class_thresholds(shares, labels)
    count = len(labels)
    margin = np.empty(count)
    suggested = np.empty(count, np.int64)
    off_diagonal = np.zeros(count, bool)
    for start in range(0, count, _BLOCK):
        part = np.asarray(shares[start : start + _BLOCK], np.float64)
        given = labels[start : start + _BLOCK]
        rows = np.arange(len(part))
        own = part[rows, given].copy()
        reached = np.where(part >= thresholds, part, -1)
        confident = reached.argmax(1)
        counted = reached[rows, confident] >= 0
        off_diagonal[start : start + _BLOCK] = counted & (confident != given)
        part[rows, given] = -1
        suggested[start : start + _BLOCK] = part.argmax(1)
        margin[start : start + _BLOCK] = own - part.max(1)
    order = np.lexsort((np.arange(count), margin, ~off_diagonal))
    return LabelErrors(order, margin, suggested, off_diagonal)
