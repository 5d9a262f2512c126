"""Filters and order of the records of a data set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.gui.state.dataset import (
    CENTER,
    CONFIDENCE,
    ENTROPY,
    LABEL,
    LOSS,
    MARGIN_COLUMN,
    PREDICTED,
    SPLIT,
    DataSet,
)

Records = NDArray[np.int64]
ANY = -1
"""Stands in place of a category: any of them."""
ORIGINAL = ""
"""Sort order of the index."""
SORTS = (ORIGINAL, CONFIDENCE, MARGIN_COLUMN, ENTROPY, LOSS, CENTER)
"""Columns by which records can be sorted."""


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Filters and order of the visible records.

    Attributes:
        label: true class, ``ANY`` for all.
        predicted: likewise.
        split: likewise.
        right: True for correct predictions only, False for wrong ones, None for all.
        confidence: lowest and highest; (0, 1) for all.
        text: text that the path must contain.
        sort: a column; ``ORIGINAL`` for none.
        descending: whether the highest values come first.
    """

    label: int = ANY
    predicted: int = ANY
    split: int = ANY
    right: bool | None = None
    confidence: tuple[float, float] = (0.0, 1.0)
    text: str = ""
    sort: str = ORIGINAL
    descending: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RecordList:
    """A list of records in its own order: neighbors, suspects, duplicates.

    Attributes:
        title: for people.
        records: the order.
    """

    title: str
    records: Records


def find_records(
    dataset: DataSet, query: RecordQuery, listed: RecordList | None = None
) -> Records:
    """Return the records that match a query, in its order.

    Without a sort, a list keeps its own order.
    """
    kept = _kept(dataset, query)
    if listed is not None:
        found = listed.records[kept[listed.records]]
    else:
        found = np.flatnonzero(kept)
    return _sorted(dataset, query, found)


def _kept(dataset: DataSet, query: RecordQuery) -> NDArray[np.bool_]:
    kept = np.ones(dataset.count, bool)
    for column, wanted in (
        (LABEL, query.label),
        (PREDICTED, query.predicted),
        (SPLIT, query.split),
    ):
        if wanted != ANY and column in dataset.columns:
            kept &= dataset.columns[column] == wanted
    if query.right is not None:
        kept &= dataset.correct == int(query.right)
    if query.confidence != (0.0, 1.0) and CONFIDENCE in dataset.columns:
        low, high = query.confidence
        confidence = dataset.columns[CONFIDENCE]
        kept &= (confidence >= low) & (confidence <= high)
    if query.text:
        kept &= dataset.index.paths.containing(query.text)
    return kept


def _sorted(dataset: DataSet, query: RecordQuery, found: Records) -> Records:
    if query.sort not in dataset.columns:
        return found[::-1] if query.descending and not query.sort else found
    keys = dataset.columns[query.sort][found].astype(np.float64)
    keys = np.where(np.isfinite(keys), -keys if query.descending else keys, np.inf)
    order: Records = found[np.argsort(keys, kind="stable")]
    return order
