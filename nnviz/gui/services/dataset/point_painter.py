"""Painting of the open data set's points as rasters, in file threads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.views.dataset.point_map import Lasso, RasterRequest
from nnviz.render.dataset.point_maps import (
    PointBuckets,
    PointRaster,
    PointStyle,
    PointView,
    bucket_points,
    paint_points,
    paint_thumbnails,
    points_inside,
    shown_in_view,
    thinned,
)

Floats = NDArray[np.float32]
_MOST_QUICK = 120_000
"""Maximum number of points painted while the view moves."""
_FEW = 600
"""Number of visible points up to which they are painted as thumbnails."""
_MOST_THUMBNAILS = 1200
_DIMMED = 0.35
"""Brightness of unselected thumbnails while others are selected."""


@dataclass(frozen=True, slots=True, eq=False)
class PointScene:
    """Everything that a raster is painted from.

    Attributes:
        buckets: the points.
        style: colors, filter and selection.
        dataset: thumbnails; None for none.
        side: of a thumbnail, device px.
        always: whether thumbnails are painted regardless of the number of points.
    """

    buckets: PointBuckets
    style: PointStyle
    dataset: DataSet | None = None
    side: int = 40
    always: bool = False


class PointPainter(QObject):
    """Requests buckets, rasters and lasso selections; emits the newest answers."""

    sorted = Signal(object)
    """PointBuckets."""
    painted = Signal(object, object)
    """RasterRequest and PointRaster."""
    refused = Signal(object)
    """RasterRequest that could not be painted."""
    caught = Signal(object, bool)
    """Records within a lasso, and whether they are added to the selection."""

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._sorting, self._painting = Lane("buckets"), Lane("raster")
        self._catching = Lane("lasso")

    def sort(self, points: Floats) -> None:
        """Sort points (n, 2) into buckets."""
        job = self._jobs.compute(lambda: bucket_points(points), self._sorting)
        job.done.connect(self.sorted.emit)

    def paint(self, scene: PointScene, request: RasterRequest) -> None:
        """Paint a raster."""
        job = self._jobs.compute(lambda: painted(scene, request), self._painting)
        job.done.connect(lambda raster: self.painted.emit(request, raster))
        job.failed.connect(lambda _: self.refused.emit(request))

    def catch(self, scene: PointScene, lasso: Lasso) -> None:
        """Find the records inside a lasso."""
        job = self._jobs.compute(lambda: _caught(scene, lasso), self._catching)
        job.done.connect(lambda records: self.caught.emit(records, lasso.add))


def painted(scene: PointScene, request: RasterRequest) -> PointRaster:
    """Paint a raster; runs in a file thread."""
    view, most = request.view, _MOST_QUICK if request.quick else 0
    raster = paint_points(scene.buckets, view, scene.style, most)
    few = scene.always or raster.count <= _FEW
    if scene.dataset is not None and few and raster.count:
        _paint_images(scene, scene.dataset, view, raster)
    return raster


def _paint_images(
    scene: PointScene, dataset: DataSet, view: PointView, raster: PointRaster
) -> None:
    buckets = scene.buckets
    places = shown_in_view(buckets, view, scene.style)
    places = thinned(buckets, view, places, scene.side)[:_MOST_THUMBNAILS]
    records = buckets.records[places]
    order = np.argsort(records)  # in file order, for sequential reads
    selected = scene.style.selected
    if selected is not None:  # selected ones are painted above the others
        order = order[np.argsort(selected[records[order]], kind="stable")]
    places, records = places[order], records[order]
    thumbnails = dataset.index.thumbnails[records]
    frames = scene.style.colors[records]
    if selected is not None:
        dim = ~selected[records]
        thumbnails[dim] = (thumbnails[dim] * _DIMMED).astype(np.uint8)
        frames[dim] = (frames[dim] * _DIMMED).astype(np.uint8)
    middles = view.to_pixels(buckets.points[places])
    paint_thumbnails(raster, middles, thumbnails, frames, scene.side)


def _caught(scene: PointScene, lasso: Lasso) -> NDArray[np.int64]:
    places = points_inside(scene.buckets, lasso.view, lasso.corners)
    records = scene.buckets.records[places]
    shown = scene.style.shown
    return records if shown is None else records[shown[records]]
