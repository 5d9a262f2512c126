"""The open data set, with one filter, order and selection for all panels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.state.dataset import DataSet, load_dataset
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.record_query import (
    RecordList,
    RecordQuery,
    Records,
    find_records,
)
from nnviz.gui.state.record_selection import RecordSelection
from nnviz.media.index import is_index

TOPIC = "dataset"
"""Topic of messages about the data set."""
_TYPING_MS = 120
"""Pause in typing after which a changed query runs."""


class Datasets(QObject):
    """The open data set and its query, announced by signals."""

    opened = Signal(object)
    """The opened DataSet: another one, or the same with another network; None for none.
    """
    grown = Signal(object)
    """The same DataSet with more records at its end."""
    query_changed = Signal()
    """Filters, sorting or the list have changed; ``ordered`` follows."""
    ordered = Signal(object)
    """The visible records, int64, in display order."""
    opening = Signal(str)
    """Folder of the index that is being opened."""
    offered = Signal(str)
    """Folder of images to offer for indexing; empty to withdraw the offer."""
    shown_wanted = Signal()
    """A request to show the wall, since the records were chosen elsewhere."""

    def __init__(self, jobs: Jobs, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._messages = jobs, messages
        self.selection = RecordSelection(self)
        self.dataset: DataSet | None = None
        self.folder = ""
        """Folder of images offered for indexing."""
        self.query = RecordQuery()
        self.listed: RecordList | None = None
        """Records that the query searches; None for all."""
        self.order: Records = np.zeros(0, np.int64)
        self._open_lane, self._query_lane = Lane("dataset"), Lane("records")
        self._shown: NDArray[np.bool_] | None = None
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._pause.timeout.connect(self._find)

    @property
    def shown(self) -> NDArray[np.bool_] | None:
        """Flags of the visible records, bool (n,); None for all."""
        return self._shown

    def offer(self, folder: str) -> None:
        """Offer to index a folder of images."""
        self.folder = folder
        self.offered.emit(folder)

    def withdraw(self) -> None:
        """Withdraw the offer, showing the open data set again."""
        self.offer("")

    def open(self, folder: str) -> None:
        """Open an index; emits ``opened``, or reports the error."""
        self._messages.settle(TOPIC)
        self.opening.emit(folder)
        job = self._jobs.compute(lambda: load_dataset(folder), self._open_lane)
        job.done.connect(self._take)
        job.failed.connect(self._fail)

    def look_again(self, folder: str) -> None:
        """Reload an index that is being built; ignored while it does not exist."""
        job = self._jobs.compute(lambda: _load_if_there(folder), self._open_lane)
        job.done.connect(lambda found: self._take(found) if found is not None else None)

    def close(self) -> None:
        """Close the data set."""
        self._jobs.cancel(self._open_lane)
        self.dataset = None
        self._show(np.zeros(0, np.int64))
        self.opened.emit(None)

    def change(self, **changes: object) -> None:
        """Change some fields of the query."""
        self.set_query(replace(self.query, **changes))  # type: ignore[arg-type]

    def set_query(self, query: RecordQuery) -> None:
        """Set the query, and find its records."""
        if query == self.query:
            return
        typed = query.text != self.query.text
        self.query = query
        self.query_changed.emit()
        if typed:
            self._pause.start()
        else:
            self._find()

    def show_list(self, listed: RecordList | None) -> None:
        """Show a list of records in its own order; None for all records."""
        self.listed = listed
        self.query = RecordQuery()
        self.query_changed.emit()
        self._find()

    def show_filtered(self, query: RecordQuery) -> None:
        """Show the records of a query on the wall, dropping any list."""
        self.listed = None
        self.query = query
        self.query_changed.emit()
        self._find()
        self.shown_wanted.emit()

    # --- internals

    def _take(self, dataset: DataSet) -> None:
        before, self.dataset = self.dataset, dataset
        self.folder = ""
        same = before is not None and _continues(before, dataset)
        if same:
            self.selection.grow(dataset.count)
            self.grown.emit(dataset)
        else:
            self.listed, self.query = None, RecordQuery()
            self._shown = None
            self.selection.reset(dataset.count)
            self.opened.emit(dataset)
            self.query_changed.emit()
        self._find()

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)
        self.opening.emit("")

    def _find(self) -> None:
        """Find the records of the query in a file thread."""
        self._pause.stop()
        dataset, query, listed = self.dataset, self.query, self.listed
        if dataset is None:
            return
        job = self._jobs.compute(
            lambda: find_records(dataset, query, listed), self._query_lane
        )
        job.done.connect(self._show)
        job.failed.connect(self._fail)

    def _show(self, order: Records) -> None:
        self.order = order
        self._shown = None
        if self.dataset is not None and len(order) < self.dataset.count:
            self._shown = np.zeros(self.dataset.count, bool)
            self._shown[order] = True
        self.ordered.emit(order)


def _load_if_there(folder: str) -> DataSet | None:
    dataset = load_dataset(folder) if is_index(Path(folder)) else None
    return dataset if dataset is not None and dataset.count else None


def _continues(before: DataSet, after: DataSet) -> bool:
    """Return whether a data set extends another by more records."""
    old, new = before.index, after.index
    same = old.folder == new.folder and old.facts.model_sha256 == new.facts.model_sha256
    return same and after.count >= before.count
