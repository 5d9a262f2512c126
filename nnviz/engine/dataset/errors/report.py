"""Report of a network's mistakes over an indexed set."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.error_figures import measure_reliability
from nnviz.base.dataset.mistakes import Duplicate, LabelSuspect, Mistakes
from nnviz.base.errors import InputError
from nnviz.base.events import Progress
from nnviz.engine.dataset.errors.accuracy import (
    Answers,
    answers_of,
    class_scores,
    confident_mistakes,
    confusion_matrix,
    confusions_of,
)
from nnviz.engine.dataset.errors.duplicates import find_duplicates
from nnviz.engine.dataset.errors.label_errors import find_label_errors
from nnviz.engine.dataset.linear_probe import FOLDS, held_out_probabilities
from nnviz.media.index import ImageIndex

_KNOWN = 0.9
"""Fraction of a set's labels that are classes of the network, from which it judges
labels itself."""
_LEAST = 2 * FOLDS
Check = Callable[[], None]
Finding = Generator[Progress, None, Mistakes]


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    suspects: tuple[LabelSuspect, ...]
    by: str
    notes: tuple[str, ...] = ()


def find_mistakes(
    index: ImageIndex, count: int, by: str, check: Check, *, duplicates: bool = True
) -> Finding:
    """Find a network's mistakes, and likely errors in the set.

    Args:
        index: the set, indexed by the network.
        count: maximum number of entries of each list.
        by: "network" to judge labels by its probabilities, "features" by probes on
            its features, "" to choose.
        check: raises to stop.
        duplicates: whether to search for near duplicates too.

    Raises:
        InputError: the index holds neither predictions nor labels.
    """
    yield Progress(0, 3, "accuracy")
    answers = _answers(index)
    outputs = index.facts.outputs if answers is not None else 0
    matrix = (
        confusion_matrix(answers, outputs)
        if answers is not None
        else np.zeros((0, 0), np.int64)
    )
    scored = answers is not None and len(answers.records) > 0
    yield Progress(1, 3, "labels that are likely wrong")
    judged = _judge(index, count, by, check)
    pairs: tuple[Duplicate, ...] = ()
    note = ""
    if duplicates:
        yield Progress(2, 3, "images that show the same")
        pairs, note = yield from find_duplicates(index, count, check)
    classes = class_scores(matrix, index.class_names)
    return Mistakes(
        model=index.facts.model,
        images=len(index),
        labeled=len(answers.records) if answers is not None else 0,
        accuracy=mean_of(answers.right if answers else ()),
        mean_per_class=(
            float(np.mean([each.score for each in classes]))
            if classes
            else float("nan")
        ),
        classes=classes,
        confusions=confusions_of(matrix, index.class_names),
        matrix=matrix,
        class_names=index.class_names[:outputs],
        reliability=(
            measure_reliability(answers.confidence, answers.right)
            if answers and scored
            else None
        ),
        confident=confident_mistakes(index, answers, count) if answers else (),
        suspects=judged.suspects,
        suspected_by=judged.by,
        duplicates=pairs,
        duplicates_note=note,
        notes=judged.notes,
    )


def _answers(index: ImageIndex) -> Answers | None:
    """Return a classifier's labels and predictions; None for other networks.

    Raises:
        InputError: there are no labels either.
    """
    if "predicted" in index.columns:
        return answers_of(index)
    if not (np.asarray(index.columns["label"]) >= 0).any():
        remedy = "index a set with class folders, or with a classifier"
        words = "holds neither predictions nor labels"
        raise InputError(str(index.folder), words, remedy)
    return None


def mean_of(values: Sequence[float] | NDArray[np.bool_]) -> float:
    """Return the mean; NaN if empty."""
    return float(np.mean(values)) if len(values) else float("nan")


def _judge(index: ImageIndex, count: int, by: str, check: Check) -> _Judged:
    """Judge the labels by the network's probabilities, or by probes on its features."""
    label = np.asarray(index.columns["label"], np.int64)
    labeled = np.flatnonzero(label >= 0)
    if not len(labeled):
        return _Judged((), "", ("no labels to judge",))
    shares = index.probabilities
    known = labeled[label[labeled] < index.facts.outputs]
    judges = shares is not None and len(known) >= _KNOWN * len(labeled)
    if (by == "network" or (not by and judges)) and shares is not None:
        notes: tuple[str, ...] = ()
        if len(known) < len(labeled):
            left = len(labeled) - len(known)
            notes = (f"{left} labels that the network does not know were not judged",)
        return _Judged(
            _suspects(index, known, label[known], np.asarray(shares)[known], count),
            "network",
            notes,
        )
    return _by_features(index, labeled, label[labeled], count, check)


def _by_features(
    index: ImageIndex,
    records: NDArray[np.int64],
    label: NDArray[np.int64],
    count: int,
    check: Check,
) -> _Judged:
    classes, compact = np.unique(label, return_inverse=True)
    if not index.layers or len(classes) < 2 or len(records) < _LEAST:  # noqa: PLR2004
        return _Judged((), "", ("too few labels to judge them by features",))
    features = np.asarray(index.features())[records]
    held_out = held_out_probabilities(features, compact, len(classes), check=check)
    shares = np.zeros((len(records), len(index.class_names)), np.float32)
    shares[:, classes] = held_out
    note = (
        f"labels judged by linear probes on {index.layers[-1].name}, each image by one "
        f"that has not seen it ({FOLDS} folds)"
    )
    return _Judged(_suspects(index, records, label, shares, count), "features", (note,))


def _suspects(
    index: ImageIndex,
    records: NDArray[np.int64],
    label: NDArray[np.int64],
    shares: NDArray[np.floating],
    count: int,
) -> tuple[LabelSuspect, ...]:
    found = find_label_errors(shares, label)
    names = index.class_names
    return tuple(
        LabelSuspect(
            record=int(records[place]),
            path=index.paths[int(records[place])],
            label=names[label[place]],
            suggested=names[found.suggested[place]],
            margin=float(found.margin[place]),
        )
        for place in found.order[:count]
        if found.off_diagonal[place] or found.margin[place] < 0
    )
