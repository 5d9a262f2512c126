"""The open data set: an image index whose columns are in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.media.index import OWN_COLUMNS, ImageIndex

LABEL, PREDICTED, SPLIT = "label", "predicted", "split"
CONFIDENCE, MARGIN_COLUMN, ENTROPY = "confidence", "margin", "entropy"
LOSS, CENTER = "loss", "center_distance"
HEIGHT, WIDTH = "height", "width"
CATEGORIES = (LABEL, PREDICTED, SPLIT)
"""Columns of indices into names, -1 for none."""


@dataclass(frozen=True, eq=False)
class DataSet:
    """An open index with its columns.

    Attributes:
        index: thumbnails and features, by memory map.
        columns: in memory, (n,) each; reading them never waits for the disk.
    """

    index: ImageIndex
    columns: Mapping[str, NDArray[Any]]

    @property
    def count(self) -> int:
        """Number of records."""
        return self.index.count

    @property
    def title(self) -> str:
        """Title for display: the indexed folder."""
        return Path(self.index.facts.source or self.index.folder).name

    @property
    def labeled(self) -> bool:
        """Whether any record has a true class."""
        return bool(self._has_labels)

    @cached_property
    def _has_labels(self) -> bool:
        return LABEL in self.columns and bool((self.columns[LABEL] >= 0).any())

    @cached_property
    def correct(self) -> NDArray[np.int8]:
        """Correctness of each prediction: 1 right, 0 wrong, -1 without a label."""
        if LABEL not in self.columns or PREDICTED not in self.columns:
            return np.full(self.count, -1, np.int8)
        label = self.columns[LABEL]
        right: NDArray[np.int8]
        right = (label == self.columns[PREDICTED]).astype(np.int8)
        # Classes that only the set has are no outputs of the network.
        right[(label < 0) | (label >= self.index.facts.outputs)] = -1
        return right

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Flags of wrong predictions, bool (n,)."""
        flags: NDArray[np.bool_] = self.correct == 0
        return flags

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the columns that came with the set, such as a table's."""
        return tuple(each for each in self.columns if each not in OWN_COLUMNS)

    def prepare(self) -> None:
        """Fill the caches, so that the GUI never waits for them."""
        self.present(LABEL)
        _ = self.wrong, self._has_labels

    def names_of(self, column: str) -> tuple[str, ...]:
        """Return the names of a categorical column; () for a numeric one."""
        if column == SPLIT:
            return self.index.split_names
        return self.index.class_names if column in CATEGORIES else ()

    def name_of(self, column: str, record: int) -> str:
        """Return the name of a record's category; "" for none."""
        values = self.columns.get(column)
        place = int(values[record]) if values is not None else -1
        names = self.names_of(column)
        return names[place] if 0 <= place < len(names) else ""

    def number_of(self, column: str, record: int) -> float:
        """Return a record's number in a column; NaN for none."""
        values = self.columns.get(column)
        return float(values[record]) if values is not None else float("nan")

    def present(self, column: str) -> list[tuple[int, int]]:
        """Return the occurring categories and their counts, most frequent first."""
        return list(self._present.get(column, ()))

    @cached_property
    def _present(self) -> dict[str, list[tuple[int, int]]]:
        there = (each for each in CATEGORIES if each in self.columns)
        return {each: _counted(self.columns[each]) for each in there}

    def path(self, record: int) -> str:
        """Return the path of a record's image."""
        return str(self.index.location(record).absolute())


def _counted(values: NDArray[Any]) -> list[tuple[int, int]]:
    """Count categories, the most frequent first."""
    counts = np.bincount(values[values >= 0], minlength=1)
    order = np.argsort(-counts, kind="stable")
    return [(int(each), int(counts[each])) for each in order if counts[each]]


_TITLES = {"bytes": "File size, bytes", "height": "Height, px", "width": "Width, px"}
OF_FILES = frozenset({"mtime_ns"})
"""Columns that tell of the files, and nothing to a person."""


def title_of(column: str) -> str:
    """Return a column's name for people, where it has none of its own."""
    return _TITLES.get(column, column.replace("_", " ").capitalize())


def load_dataset(folder: str) -> DataSet:
    """Open an index and read its columns; runs in a file thread.

    Raises:
        InputError: no index, or a damaged one.
    """
    index = ImageIndex(folder)
    columns = {name: np.array(values) for name, values in index.columns.items()}
    dataset = DataSet(index, columns)
    dataset.prepare()
    return dataset
