"""Accuracy, mean per class and confusion matrix of an indexed set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.mistakes import Mistake
from nnviz.base.errors import InputError
from nnviz.base.measures.evaluation import ClassScore, Confusion
from nnviz.media.index import ImageIndex

_CONFUSIONS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Labels and predictions of the records that have both.

    Attributes:
        records: int64 (m,), their indices.
        label: int64 (m,), true class; an output of the network.
        predicted: int64 (m,), class that the network predicts.
        confidence: float32 (m,), of the network.
    """

    records: NDArray[np.int64]
    label: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each prediction is right, bool (m,)."""
        return np.asarray(self.label == self.predicted)


def answers_of(index: ImageIndex) -> Answers:
    """Return the labeled records of classes known to the network, with predictions.

    Raises:
        InputError: the network does not classify.
    """
    columns = index.columns
    if "predicted" not in columns:
        raise InputError(
            str(index.folder),
            "holds no predictions: its network does not classify",
            "index the images with a classifier",
        )
    label = np.asarray(columns["label"], np.int64)
    records = np.flatnonzero((label >= 0) & (label < index.facts.outputs))
    return Answers(
        records,
        label[records],
        np.asarray(columns["predicted"], np.int64)[records],
        np.asarray(columns["confidence"])[records],
    )


def confusion_matrix(answers: Answers, outputs: int) -> NDArray[np.int64]:
    """Return the confusion matrix, int64 (true, predicted)."""
    flat = answers.label * outputs + answers.predicted
    return np.bincount(flat, minlength=outputs * outputs).reshape(outputs, outputs)


def class_scores(
    matrix: NDArray[np.int64], names: tuple[str, ...]
) -> tuple[ClassScore, ...]:
    """Return the accuracy of each class that occurs, the worst first."""
    counts = matrix.sum(1)
    scores = [
        ClassScore(names[k], int(counts[k]), float(matrix[k, k] / counts[k]))
        for k in np.flatnonzero(counts)
    ]
    return tuple(sorted(scores, key=lambda each: each.score))


def confusions_of(
    matrix: NDArray[np.int64], names: tuple[str, ...]
) -> tuple[Confusion, ...]:
    """Return the most frequent confusions."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_CONFUSIONS]
    found = []
    for true, said in zip(*np.unravel_index(order, wrong.shape), strict=True):
        count = int(wrong[true, said])
        if count:
            share = count / int(matrix[true].sum())
            found.append(Confusion(names[true], names[said], count, share))
    return tuple(found)


def confident_mistakes(
    index: ImageIndex, answers: Answers, count: int
) -> tuple[Mistake, ...]:
    """Return wrong predictions, the most confident first."""
    wrong = np.flatnonzero(~answers.right)
    order = wrong[np.argsort(-answers.confidence[wrong], kind="stable")][:count]
    names = index.class_names
    return tuple(
        Mistake(
            record=int(answers.records[k]),
            path=index.paths[int(answers.records[k])],
            label=names[answers.label[k]],
            predicted=names[answers.predicted[k]],
            confidence=float(answers.confidence[k]),
        )
        for k in order
    )
