"""Nearest neighbors of the open data set's records, by features or pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.dataset.neighbors import PIXELS, Neighbors
from nnviz.base.dataset.requests import FindNeighbors
from nnviz.base.images import Image
from nnviz.gui.services.dataset.datasets import TOPIC, Datasets
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.record_query import RecordList
from nnviz.gui.state.record_selection import NO_RECORD

Records = NDArray[np.int64]
Box = tuple[float, float, float, float]
_NONE: Records = np.zeros(0, np.int64)
_LINES, _LISTED = 8, 60
"""Number of neighbors that are drawn as lines, and that a list shows."""
_MANY = 200_000
_PAUSE_MS = 150
"""Pause of the keyboard on a record after which its neighbors are requested."""


@dataclass(frozen=True, slots=True, eq=False)
class NeighborQuestion:
    """An image whose neighbors are to be listed.

    Attributes:
        title: title of the list, for people.
        record: record number; ignored where ``image`` is given.
        image: an image that is not a record.
        box: left, top, right, bottom, px of the image; empty for the whole image.
        pixels: whether thumbnails are compared, in place of features.
    """

    title: str
    record: int = NO_RECORD
    image: Image | None = None
    box: Box | tuple[()] = ()
    pixels: bool = False


class Neighborhood(QObject):
    """Finds the neighbors of the current record while a panel shows them."""

    found = Signal()
    """Neighbors of the current record are known."""

    def __init__(self, jobs: Jobs, datasets: Datasets, messages: Messages) -> None:
        super().__init__(datasets)
        self._jobs, self._datasets, self._messages = jobs, datasets, messages
        self._lane, self._list_lane = Lane("neighbors"), Lane("neighbor list")
        self._known: tuple[int, Records] = (NO_RECORD, _NONE)
        self._watched = False
        self.layer = ""
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        datasets.opened.connect(self._forget)
        datasets.selection.current_changed.connect(lambda _: self._wait())

    def watch(self, *, watched: bool, layer: str = "") -> None:
        """Start or stop finding the neighbors of each current record."""
        if layer != self.layer:
            self._known = (NO_RECORD, _NONE)
        self._watched, self.layer = watched, layer
        self._wait()

    def of(self, record: int) -> Records:
        """Return the nearest records of a record, if they are known."""
        known, neighbors = self._known
        return neighbors if known == record else _NONE

    def list_neighbors(self, asked: NeighborQuestion) -> None:
        """List the neighbors of an image on the wall, the nearest first."""
        dataset = self._datasets.dataset
        if dataset is None or (asked.image is None and asked.record == NO_RECORD):
            return
        request = FindNeighbors(
            index=str(dataset.index.folder),
            record=max(0, asked.record),
            image=asked.image,
            box=asked.box,
            layer=PIXELS if asked.pixels else self.layer,
            count=_LISTED,
        )
        job = self._jobs.submit(request, self._list_lane, self._title(dataset))
        job.done.connect(lambda found: self._list(asked, found))
        job.failed.connect(lambda error: self._messages.fail(TOPIC, error))

    def _list(self, asked: NeighborQuestion, found: Neighbors) -> None:
        """Show the neighbors found; a whole record itself comes first."""
        records = found.records.astype(np.int64)
        if asked.image is None and not asked.box:
            records = np.concatenate([[asked.record], records])
        words = f"{asked.title} ({found.how})" if found.how else asked.title
        self._datasets.show_list(RecordList(words, records))
        self._datasets.shown_wanted.emit()

    def _title(self, dataset: DataSet) -> str:
        """Return the title of a long search in the list of jobs; "" for a short one."""
        return self.tr("Nearest neighbors") if dataset.count > _MANY else ""

    def _wait(self) -> None:
        if self._watched:
            self._pause.start()

    def _ask(self) -> None:
        dataset, record = self._datasets.dataset, self._datasets.selection.current
        if dataset is None or not dataset.index.layers or record == NO_RECORD:
            return
        if len(self.of(record)):
            return
        request = FindNeighbors(
            index=str(dataset.index.folder),
            record=record,
            layer=self.layer,
            count=_LINES,
        )
        job = self._jobs.submit(request, self._lane, self._title(dataset))
        job.done.connect(lambda found: self._take(record, found))

    def _take(self, record: int, found: Neighbors) -> None:
        self._known = record, found.records
        self.found.emit()

    def _forget(self, dataset: DataSet | None) -> None:
        del dataset
        self._pause.stop()
        self._known = (NO_RECORD, _NONE)
        self.layer = ""
