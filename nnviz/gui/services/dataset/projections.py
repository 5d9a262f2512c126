"""Projections of the open data set onto a plane, animated while they are fitted."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from nnviz.base.dataset.projections import WARNINGS, Projection
from nnviz.base.dataset.requests import ProjectIndex
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Partial, Progress
from nnviz.base.kinds.planes import Plane
from nnviz.gui.services.dataset.datasets import TOPIC, Datasets
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.messages import Messages
from nnviz.render.text.words import number

Points = NDArray[np.float32]
Records = NDArray[np.int64]

PCA, LDA, TSNE = "pca", "lda", "tsne"
_MOST = {TSNE: 10_000, "umap": 20_000, "autoencoder": 20_000}
"""Maximum number of records to which slow methods are fitted, sampled evenly."""


@dataclass(frozen=True, slots=True)
class ProjectionChoice:
    """The settings of a projection.

    Attributes:
        method: one of ``nnviz.base.dataset.projections.PROJECTIONS``.
        layer: layer whose features are projected; "" for the deepest.
        perplexity: of t-SNE; 0 to choose.
    """

    method: str = PCA
    layer: str = ""
    perplexity: float = 0.0


class Projections(QObject):
    """The current projection, whose points move while it is fitted."""

    moved = Signal(object)
    """Points, float32 (n, 2), one for each record; NaN where it has none."""
    changed = Signal()
    """The choice, state or progress has changed."""

    def __init__(self, jobs: Jobs, datasets: Datasets, messages: Messages) -> None:
        super().__init__(datasets)
        self._jobs, self._datasets, self._messages = jobs, datasets, messages
        self._lane = Lane("projection")
        self._job: JobHandle[Projection] | None = None
        self._records: Records = np.zeros(0, np.int64)
        self.choice = ProjectionChoice()
        self.points: Points | None = None
        self.projection: Projection | None = None
        """The finished projection; None during fitting."""
        self.fitted: ProjectIndex | None = None
        """Request of the finished projection."""
        self.progress: Progress | None = None
        self._last: tuple[ProjectionChoice, ProjectIndex, Projection] | None = None
        """The last finished projection, to which one that fails returns."""
        datasets.opened.connect(self._forget)

    @property
    def running(self) -> bool:
        """Whether a projection is being fitted."""
        return self._job is not None and self._job.open

    def choose(self, choice: ProjectionChoice) -> None:
        """Choose another method or layer, and fit a new projection."""
        self.choice = choice
        self.start()

    def start(self) -> None:
        """Fit the chosen projection, keeping the old points until new ones come."""
        dataset, choice = self._datasets.dataset, self.choice
        if dataset is None or not dataset.index.layers:
            return
        self._records = _evenly(dataset.count, _MOST.get(choice.method, 0))
        some = len(self._records) < dataset.count
        request = ProjectIndex(
            index=str(dataset.index.folder),
            method=choice.method,
            layer=choice.layer,
            records=tuple(self._records.tolist()) if some else (),
            perplexity=choice.perplexity,
        )
        title = "" if choice.method in (PCA, LDA) else self.tr("Projection")
        self.progress, self.projection, self.fitted = None, None, None
        self._job = job = self._jobs.submit(request, self._lane, title)
        job.progressed.connect(self._follow)
        job.partial.connect(self._move)
        job.done.connect(lambda found: self._end(request, found))
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda _: self.changed.emit())
        self.changed.emit()

    def stop(self) -> None:
        """Stop fitting; the points stay."""
        if self._job is not None:
            self._job.cancel()

    @property
    def warning(self) -> str:
        """Return what must be known to read the map, with its figures."""
        dataset, choice = self._datasets.dataset, self.choice
        if dataset is None:
            return ""
        if not dataset.index.layers:
            return self.tr("The index holds no features: build it again.")
        words = [WARNINGS.get(choice.method, "")]
        found = self.projection
        if found is not None:
            figures = (f"{name} {number(v)}" for name, v in found.figures.items())
            words.append(", ".join(figures))
        if len(self._records) < dataset.count and self.points is not None:
            some = self.tr("{0:,} of {1:,} images, evenly sampled")
            words.append(some.format(len(self._records), dataset.count))
        return " · ".join(word.rstrip(".") for word in words if word)

    # --- event handlers

    def _follow(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.emit()

    def _move(self, partial: Partial) -> None:
        main = partial.report.main
        if isinstance(main, Plane) and main.points:
            self._put(self._records, main.points[0].places)

    def _end(self, request: ProjectIndex, projection: Projection) -> None:
        self.projection, self.fitted = projection, request
        self._last = self.choice, request, projection
        self._records = projection.records
        self._put(projection.records, projection.points)
        self.changed.emit()

    def _put(self, records: Records, places: NDArray[np.floating]) -> None:
        """Set the points of some records, and announce them."""
        dataset = self._datasets.dataset
        if dataset is None or len(records) != len(places):
            return
        points = np.full((dataset.count, 2), np.nan, np.float32)
        points[records] = places
        self.points = points
        self.moved.emit(points)

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)
        if self._last is not None:  # its points are those that are seen
            self.choice, request, projection = self._last
            self._end(request, projection)
        self.changed.emit()

    def _forget(self, dataset: DataSet | None) -> None:
        del dataset
        self.stop()
        if self._job is not None:
            self._job.forget()
        self.points = self.projection = self.progress = self.fitted = None
        self._last = None
        self.choice = replace(self.choice, method=PCA, layer="")
        self.changed.emit()


def _evenly(count: int, most: int) -> Records:
    """Return all record numbers, or a sample at equal distances."""
    if not most or count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).round().astype(np.int64)
