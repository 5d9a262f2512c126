"""Indexing of a folder of images with the open network, visible as it grows."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnviz.base.dataset.indexing import IndexSummary
from nnviz.base.dataset.requests import IndexImages
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority, Progress
from nnviz.gui.services.dataset.datasets import TOPIC, Datasets
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.services.models import Models
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.settings import Settings

SCENES = "scenes-planted"
"""The built-in sample: generated scenes, in which one color predicts the class."""
_SAMPLED = 600
"""Number of scenes in the sample."""
_LOOK_SECONDS = 2.0
"""Seconds between two checks for new records in the index."""
_FIRST_LOOK_SECONDS = 0.2
"""Likewise before the first records."""


@dataclass(frozen=True, slots=True)
class IndexOrder:
    """A set to be indexed.

    Attributes:
        source: folder of images, or the name of generated scenes.
        layers: layers whose features are kept; empty for the deepest with maps.
        limit: maximum number of images; 0 for all.
    """

    source: str
    layers: tuple[str, ...] = ()
    limit: int = 0

    @property
    def title(self) -> str:
        """The set's name for display."""
        return Path(self.source).name or self.source


class Indexing(QObject):
    """Builds one index at a time, opened as a data set once it has records."""

    changed = Signal()
    """Indexing started, progressed or ended."""

    def __init__(
        self,
        jobs: Jobs,
        models: Models,
        datasets: Datasets,
        settings: Settings,
        messages: Messages,
    ) -> None:
        super().__init__(datasets)
        self._jobs, self._models, self._datasets = jobs, models, datasets
        self._settings, self._messages = settings, messages
        self._lane = Lane("index", Policy.QUEUE, Priority.NORMAL)
        self._job: JobHandle[IndexSummary] | None = None
        self._folder = ""
        self._looked = 0.0
        self.progress: Progress | None = None

    @property
    def running(self) -> bool:
        """Whether an index is being built."""
        return self._job is not None and self._job.open

    def start(self, order: IndexOrder) -> None:
        """Index a set with the open network, or resume."""
        if self.running:
            self._messages.say(self.tr("an index is already being made"))
            return
        self._messages.settle(TOPIC)
        self._folder = self.folder_of(order.source)
        self._looked, self.progress = time.monotonic(), None
        request = IndexImages(
            model=self._models.request,
            source=order.source,
            out=self._folder,
            layers=order.layers,
            limit=order.limit,
        )
        title = self.tr("Index {0}").format(order.title)
        self._job = job = self._jobs.submit(request, self._lane, title)
        job.progressed.connect(self._follow)
        job.done.connect(self._end)
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda _: self._stopped())
        self.changed.emit()

    def start_sample(self) -> None:
        """Index the generated scenes."""
        self.start(IndexOrder(SCENES, limit=_SAMPLED))

    def stop(self) -> None:
        """Stop indexing; the index stays and can be resumed."""
        if self._job is not None:
            self._job.cancel()

    def folder_of(self, source: str) -> str:
        """Return the folder for the index of a set by the open network."""
        key = f"{source}\n{self._models.request.reference}"
        mark = hashlib.sha256(key.encode()).hexdigest()[:10]
        name = Path(source).name or "images"
        return str(Path(self._settings.indexes, f"{name}-{mark}"))

    def _follow(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.emit()
        pause = _LOOK_SECONDS if self._is_seen else _FIRST_LOOK_SECONDS
        if time.monotonic() - self._looked > pause:
            self._looked = time.monotonic()
            self._datasets.look_again(self._folder)

    @property
    def _is_seen(self) -> bool:
        """Whether the index in progress is the open data set."""
        dataset = self._datasets.dataset
        return dataset is not None and str(dataset.index.folder) == self._folder

    def _end(self, summary: IndexSummary) -> None:
        self.changed.emit()
        self._datasets.look_again(self._folder)
        words = self.tr("{0:,} images indexed").format(summary.count)
        if summary.skipped:
            words += self.tr(", {0:,} could not be read").format(len(summary.skipped))
        self._messages.say(words)

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)
        self.changed.emit()

    def _stopped(self) -> None:
        self._messages.say(
            self.tr(
                "indexing stopped; building the same index again continues from here"
            )
        )
        self._datasets.look_again(self._folder)
        self.changed.emit()
