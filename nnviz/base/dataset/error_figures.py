"""Error figures of a classifier over labeled images: confusion, accuracy, calibration.

Plain arrays in, plain arrays out: of an index, or of any list of predictions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.mistakes import Reliability

BINS = 15
"""Number of confidence bins of equal width, as in Guo et al. 2017."""

Integers = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ErrorFigures:
    """Confusion matrix and calibration of a classifier on a set's labeled images.

    Attributes:
        classes: int64 (k,): numbers of the classes that occur, as label or prediction.
        counts: int64 (k, k): images by label (row) and prediction (column).
        reliability: accuracy by confidence; None where no confidence is known.
    """

    classes: NDArray[np.int64]
    counts: NDArray[np.int64]
    reliability: Reliability | None = None

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


def measure_errors(
    label: Integers,
    predicted: Integers,
    outputs: int,
    confidence: NDArray[Any] | None = None,
) -> ErrorFigures:
    """Compute the confusion matrix and calibration over images with a known label.

    Args:
        label: (n,), numbers of classes; -1 for none.
        predicted: (n,) likewise; images without a prediction are left out.
        outputs: number of classes that the network can answer; labels from there on are
            left out.
        confidence: (n,) probability of the prediction; None where not known.
    """
    kept = (label >= 0) & (label < outputs) & (predicted >= 0)
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
    """Compare confidence with accuracy (Guo et al. 2017, equations 1 to 5).

    Args:
        confidence: (n,), of each prediction, in [0, 1]; bin k holds those above k /
            bins and up to (k + 1) / bins, values that are not finite are left out.
        right: (n,), whether each prediction is right.
        bins: number of bins of equal width.
    """
    kept = np.isfinite(confidence)
    sure, right = np.asarray(confidence[kept], np.float64), right[kept]
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


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
