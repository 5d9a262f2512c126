"""Projections of the open data set onto a plane, and neighbors in feature space."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.gui.services.dataset.datasets import TOPIC, Datasets
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.messages import Messages

Points = NDArray[np.float32]
Records = NDArray[np.int64]

PCA = "pca"
_SAMPLED = 20_000
"""Records that the axes of the first picture are fitted to."""
_BLOCK = 1 << 15
_NONE: Records = np.zeros(0, np.int64)


class Projections(QObject):
    """One projection at a time; its points move while it is fitted."""

    moved = Signal(object)
    """Points, float32 (n, 2); NaN where a record has none."""
    changed = Signal()
    """Another method, layer, or state."""
    neighbors_found = Signal()
    """Neighbors of the current record are known."""

    def __init__(self, jobs: Jobs, datasets: Datasets, messages: Messages) -> None:
        super().__init__(datasets)
        self._jobs, self._datasets, self._messages = jobs, datasets, messages
        self._lane = Lane("projection")
        self.points: Points | None = None
        self.layer = ""
        self.title, self.warning = "", ""
        self._neighbors: tuple[int, Records] = (-1, _NONE)
        datasets.opened.connect(self._forget)

    def start_first(self) -> None:
        """Show the plane of the two largest variances, quickly."""
        dataset = self._datasets.dataset
        if dataset is None:
            return
        if not dataset.index.layers:
            self.warning = self.tr("The index holds no features: index it again.")
            self.changed.emit()
            return
        layer = self.layer or dataset.index.layer().name
        job = self._jobs.compute(lambda: project_first(dataset, layer), self._lane)
        job.done.connect(self._take)
        job.failed.connect(self._fail)

    def neighbors_of(self, record: int) -> Records:
        """Return the nearest records of one, where they are known."""
        known, neighbors = self._neighbors
        return neighbors if known == record else _NONE

    def _take(self, points: Points) -> None:
        self.points = points
        self.title = self.tr("PCA")
        self.warning = self.tr(
            "PCA: the plane of the largest variance. What lies apart here lies apart "
            "in feature space; what lies together may not."
        )
        self.moved.emit(points)
        self.changed.emit()

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)

    def _forget(self, dataset: DataSet | None) -> None:
        del dataset
        self.points, self.layer = None, ""
        self._neighbors = (-1, _NONE)
        self.warning = ""
        self.changed.emit()


def project_first(dataset: DataSet, layer: str) -> Points:
    """Return the first two principal components of all records (n, 2).

    Axes are fitted to some of the records, evenly chosen.
    """
    features = dataset.index.features(layer)
    step = max(1, len(features) // _SAMPLED)
    sample = np.asarray(features[::step], np.float32)
    mean = sample.mean(axis=0)
    covariance = np.cov(sample - mean, rowvar=False)
    axes = np.linalg.eigh(np.atleast_2d(covariance))[1][:, :-3:-1].astype(np.float32)
    points = np.zeros((len(features), 2), np.float32)
    for begin in range(0, len(features), _BLOCK):
        part = np.asarray(features[begin : begin + _BLOCK], np.float32)
        points[begin : begin + _BLOCK, : axes.shape[1]] = (part - mean) @ axes
    return points
