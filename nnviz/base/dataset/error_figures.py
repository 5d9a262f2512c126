"""Error figures of a classifier over labeled images: confusion, accuracy, calibration.

Plain arrays in, plain arrays out: of an index, or of any list of predictions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Of confidence, equally wide, as in Guo et al. 2017."""

Integers = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ErrorFigures:
    """Right and wrong answers on the labeled images of a set.

    Attributes:
        classes: int64 (k,): numbers of the classes that occur, as label or prediction.
        counts: int64 (k, k): images by label (row) and prediction (column).
        reliability: by confidence; None where no confidence is known.
    """

    classes: NDArray[np.int64]
    counts: NDArray[np.int64]
    reliability: "Reliability | None" = None

    @property
    def total(self) -> int:
        """Number of labeled images."""
        return int(self.counts.sum())

    @property
    def accuracy(self) -> float:
        """Share of right answers, in [0, 1]; NaN without images."""
        return _share(int(np.trace(self.counts)), self.total)

    @property
    def by_class(self) -> Floats:
        """Share of right answers of each label (k,); NaN where it has no images."""
        sums = self.counts.sum(axis=1)
        right = np.diag(self.counts).astype(np.float64)
        shares: Floats = np.full(len(sums), np.nan)
        np.divide(right, sums, out=shares, where=sums > 0)
        return shares

    @property
    def mean_per_class(self) -> float:
        """Mean of ``by_class`` over the labels that have images: balanced accuracy."""
        there = self.by_class[np.isfinite(self.by_class)]
        return float(there.mean()) if len(there) else float("nan")

    def confused(self, most: int) -> list[tuple[int, int, int]]:
        """Return the most frequent confusions: label, prediction, number of images.

        Labels and predictions are numbers of classes.
        """
        off = self.counts.copy()
        np.fill_diagonal(off, 0)
        places = np.argsort(-off, axis=None, kind="stable")[:most]
        rows, columns = np.unravel_index(places, off.shape)
        return [
            (int(self.classes[row]), int(self.classes[column]), int(off[row, column]))
            for row, column in zip(rows, columns, strict=True)
            if off[row, column]
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Confidence against accuracy, in bins of equal width from 0 to 1.

    Attributes:
        counts: int64 (bins,): images.
        confidence: mean of each bin; NaN where it is empty.
        accuracy: likewise.
    """

    counts: NDArray[np.int64]
    confidence: Floats
    accuracy: Floats

    @property
    def calibration_error(self) -> float:
        """Expected calibration error (Guo et al. 2017, equation 5), in [0, 1].

        The distance of accuracy from confidence, weighted by the images of each bin.
        """
        there = self.counts > 0
        if not there.any():
            return float("nan")
        gaps = np.abs(self.accuracy[there] - self.confidence[there])
        return float((gaps * self.counts[there]).sum() / self.counts.sum())


def measure_errors(
    label: Integers, predicted: Integers, confidence: Floats | None = None
) -> ErrorFigures:
    """Measure the answers on the images that have a label.

    Args:
        label: (n,), numbers of classes; -1 for none.
        predicted: (n,) likewise; images without a prediction are left out.
        confidence: (n,) probability of the prediction; None where not known.
    """
    kept = (label >= 0) & (predicted >= 0)
    label, predicted = label[kept], predicted[kept]
    classes = np.union1d(label, predicted).astype(np.int64)
    size = len(classes)
    rows, columns = np.searchsorted(classes, label), np.searchsorted(classes, predicted)
    counts = np.bincount(rows * size + columns, minlength=size * size)
    reliability = None
    if confidence is not None:
        reliability = measure_reliability(confidence[kept], label == predicted)
    return ErrorFigures(classes, counts.reshape(size, size), reliability)


def measure_reliability(
    confidence: NDArray[Any], right: NDArray[np.bool_], bins: int = BINS
) -> Reliability:
    """Compare confidence with accuracy, bin by bin.

    Args:
        confidence: (n,), in [0, 1]; what is not finite is left out.
        right: (n,), whether each answer is right.
        bins: how many; each holds its upper end.
    """
    kept = np.isfinite(confidence)
    confidence, right = confidence[kept].astype(np.float64), right[kept]
    places = (np.ceil(confidence * bins).astype(np.int64) - 1).clip(0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    sums = [np.bincount(places, each, minlength=bins) for each in (confidence, right)]
    means = [
        np.divide(each, counts, out=np.full(bins, np.nan), where=counts > 0)
        for each in sums
    ]
    return Reliability(counts, *means)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
