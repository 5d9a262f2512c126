"""Mistakes of a network over a set: accuracy, confusions, calibration, wrong labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.base.measures.evaluation import ClassScore, Confusion


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Confidence against accuracy (Guo et al. 2017, arXiv:1706.04599).

    Attributes:
        edges: of the bins of confidence, (bins + 1,), from 0 to 1.
        counts: int64 (bins,), images in each.
        confidences: mean confidence in each, (bins,); NaN in empty ones.
        accuracies: share that is right in each, (bins,); NaN in empty ones.
        error: expected calibration error: mean gap between the two, weighted by counts.
        worst: largest gap of a bin.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidences: NDArray[np.float64]
    accuracies: NDArray[np.float64]
    error: float
    worst: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong prediction.

    Attributes:
        record: number of the image in the index.
        path: of the image.
        label: name of its true class.
        predicted: name of the class that the network predicts.
        confidence: of the network, in [0, 1].
    """

    record: int
    path: str
    label: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True)
class LabelSuspect:
    """A label that is probably wrong.

    Attributes:
        record: number of the image in the index.
        path: of the image.
        label: name of the class that it was given.
        suggested: name of the class that fits better.
        margin: probability of the label minus that of the best other class, in
            [-1, 1]; -1 is the most suspect.
    """

    record: int
    path: str
    label: str
    suggested: str
    margin: float


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A pair of near-duplicate images.

    Attributes:
        first: record number of one image.
        second: record number of the other, which is larger.
        paths: of the two.
        likeness: correlation of their thumbnails, at most 1; also 1 for identical
            files.
        leak: whether they lie in different splits.
        same_label: whether both were given the same class.
    """

    first: int
    second: int
    paths: tuple[str, str]
    likeness: float
    leak: bool
    same_label: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mistakes:
    """The mistakes of a network over an indexed set.

    Attributes:
        model: reference of the network.
        images: records in the index.
        labeled: those with a label that the network knows.
        accuracy: share of them that is predicted correctly; NaN without any.
        mean_per_class: the same, averaged over classes.
        classes: score of each class that occurs, the worst first.
        confusions: the most frequent ones.
        matrix: int64 (classes, outputs): how often a class is taken for another.
        class_names: names of the matrix's rows; its columns are the first of them.
        reliability: confidence against accuracy; None without labels.
        confident: wrong predictions, the most confident first.
        suspects: labels that are likely wrong, the most likely first.
        suspected_by: how the suspects were judged: "network" or "features".
        duplicates: pairs of images that show the same, leaks first.
        duplicates_note: what the search for duplicates leaves out; "" for nothing.
        notes: omissions, and how to read the results.
    """

    model: str
    images: int
    labeled: int
    accuracy: float
    mean_per_class: float
    classes: tuple[ClassScore, ...]
    confusions: tuple[Confusion, ...]
    matrix: NDArray[np.int64]
    class_names: tuple[str, ...]
    reliability: Reliability | None
    confident: tuple[Mistake, ...]
    suspects: tuple[LabelSuspect, ...]
    suspected_by: str
    duplicates: tuple[Duplicate, ...]
    duplicates_note: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disagreement:
    """Disagreement of two networks over one set of images.

    Attributes:
        models: references of the two.
        images: that both indexes hold.
        agreeing: share of them on which both predict the same class.
        accuracies: of the two on the labeled images; NaN without labels.
        only: number of images that only the first, and only the second, classifies
            correctly.
        records: int64 (k,), record numbers in the first index of the images on which
            they differ, those where both are most confident first.
        answers: class that each predicts for them, by name.
        paths: of these images.
    """

    models: tuple[str, str]
    images: int
    agreeing: float
    accuracies: tuple[float, float]
    only: tuple[int, int]
    records: NDArray[np.int64]
    answers: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]
