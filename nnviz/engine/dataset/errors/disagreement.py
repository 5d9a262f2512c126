"""Disagreement: two networks on one set, image by image."""

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.mistakes import Disagreement
from nnviz.base.errors import InputError
from nnviz.media.index import ImageIndex


def compare_indexes(first: ImageIndex, second: ImageIndex, count: int) -> Disagreement:
    """Compare the predictions of two indexes, by the names of their classes.

    Images are the same if their files have the same bytes.

    Args:
        first: of the one network.
        second: of the other.
        count: maximum number of images listed.

    Raises:
        InputError: an index without predictions, or two that share no image.
    """
    for each in (first, second):
        if "predicted" not in each.columns:
            raise InputError(str(each.folder), "holds no predictions", "index it again")
    one, other = _shared(first, second)
    if not len(one):
        raise InputError(
            str(second.folder),
            f"shares no image with {first.folder}",
            "index the same set with both networks",
        )
    said = [_names(first, "predicted", one), _names(second, "predicted", other)]
    truth = _names(first, "label", one)
    labeled = truth != ""
    right = [np.asarray((each == truth) & labeled) for each in said]
    differ = np.flatnonzero(said[0] != said[1])
    confidence = np.minimum(
        first.columns["confidence"][one], second.columns["confidence"][other]
    )
    order = differ[np.argsort(-confidence[differ], kind="stable")][:count]
    known = max(1, int(labeled.sum()))
    return Disagreement(
        models=(first.facts.model, second.facts.model),
        images=len(one),
        agreeing=1 - len(differ) / len(one),
        accuracies=(
            float(right[0].sum() / known) if labeled.any() else float("nan"),
            float(right[1].sum() / known) if labeled.any() else float("nan"),
        ),
        only=(int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())),
        records=one[order],
        answers=tuple((str(said[0][k]), str(said[1][k])) for k in order),
        paths=tuple(first.paths[int(one[k])] for k in order),
    )


def _shared(
    first: ImageIndex, second: ImageIndex
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the records of images in both indexes: their numbers in each."""
    hashes = [
        np.ascontiguousarray(each.sha256).view("V32")[:, 0] for each in (first, second)
    ]
    places = {value.tobytes(): k for k, value in enumerate(hashes[1])}
    pairs = [
        (k, places[value.tobytes()])
        for k, value in enumerate(hashes[0])
        if value.tobytes() in places
    ]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _names(
    index: ImageIndex, column: str, records: NDArray[np.int64]
) -> NDArray[np.str_]:
    """Return class names in lower case, "" for none."""
    names = np.array([*(each.casefold() for each in index.class_names), ""])
    return names[np.asarray(index.columns[column], np.int64)[records]]
