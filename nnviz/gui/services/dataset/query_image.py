"""Query image: an image outside the open data set, compared with it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from nnviz.base.dataset.projections import PlacedImage
from nnviz.base.dataset.requests import PlaceImage
from nnviz.base.images import Image
from nnviz.gui.services.dataset.datasets import TOPIC, Datasets
from nnviz.gui.services.dataset.projections import Projections
from nnviz.gui.services.images import Images
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.record_selection import NO_RECORD

_SHA256 = 64
"""Length of a file's hash; images without a file have shorter names."""


class QueryImage(QObject):
    """Takes images as they are opened, and places them on the projection.

    An image that the set holds is selected as a record.  Any other is placed on the map
    as soon as a projection is finished.
    """

    changed = Signal()
    """The query image has changed."""
    placed = Signal()
    """The image's point on the map was set or removed."""

    def __init__(
        self,
        jobs: Jobs,
        datasets: Datasets,
        projections: Projections,
        images: Images,
        messages: Messages,
    ) -> None:
        super().__init__(datasets)
        self._jobs, self._datasets, self._messages = jobs, datasets, messages
        self._projections = projections
        self._lane, self._search_lane = Lane("placing"), Lane("known image")
        self.watched = False
        """Whether a view shows the query image."""
        self.image: Image | None = None
        self.place: PlacedImage | None = None
        images.opened.connect(self._take)
        datasets.opened.connect(lambda _: self.clear())
        datasets.selection.current_changed.connect(self._give_way)
        projections.changed.connect(self._follow)

    def clear(self) -> None:
        """Drop the query image."""
        if self.image is None:
            return
        self._jobs.cancel(self._lane)
        self.image = self.place = None
        self.changed.emit()
        self.placed.emit()

    def _take(self, image: Image) -> None:
        dataset = self._datasets.dataset
        if not self.watched or dataset is None:
            return
        job = self._jobs.compute(lambda: _record_of(dataset, image), self._search_lane)
        job.done.connect(lambda record: self._found(image, record))

    def _found(self, image: Image, record: int) -> None:
        selection = self._datasets.selection
        if record != NO_RECORD:
            selection.select(np.array([record]))
            selection.set_current(record)
            return
        selection.set_current(NO_RECORD)
        self.image, self.place = image, None
        self.changed.emit()
        self.placed.emit()
        self._follow()

    def _give_way(self, record: int) -> None:
        """Drop the query image when a record is selected."""
        if record != NO_RECORD:
            self.clear()

    def _follow(self) -> None:
        """Place the query image once the projection is fitted."""
        fitted, image = self._projections.fitted, self.image
        if image is None:
            return
        if fitted is None:
            if self.place is not None:
                self.place = None
                self.placed.emit()
            return
        if self.place is not None or self._jobs.running(self._lane):
            return
        job = self._jobs.submit(PlaceImage(projection=fitted, image=image), self._lane)
        job.done.connect(lambda found: self._laid(image, found))
        job.failed.connect(lambda error: self._messages.fail(TOPIC, error))

    def _laid(self, image: Image, found: PlacedImage) -> None:
        if image is self.image:
            self.place = found
            self.placed.emit()


def _record_of(dataset: DataSet, image: Image) -> int:
    """Return the record of the same file, by hash; runs in a file thread."""
    if len(image.sha256) != _SHA256 or not dataset.count:
        return NO_RECORD
    wanted: NDArray[np.uint8] = np.frombuffer(bytes.fromhex(image.sha256), np.uint8)
    found = np.flatnonzero((dataset.index.sha256 == wanted).all(1))
    return int(found[0]) if len(found) else NO_RECORD
