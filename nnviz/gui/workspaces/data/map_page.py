"""Map page: a scatter plot of the records, projected from the network's features."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.point_painter import PointPainter, PointScene
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    icon_button,
    label,
    menu_of,
    named,
    popup,
    toggle_button,
)
from nnviz.gui.views.dataset.color_legend import ColorLegend
from nnviz.gui.views.dataset.point_map import Lasso, PointMap, RasterRequest
from nnviz.gui.workspaces.data.coloring import (
    Coloring,
    color_key,
    color_records,
    column_titles,
)
from nnviz.gui.workspaces.data.projection_bar import ProjectionBar
from nnviz.gui.workspaces.data.record_actions import open_in, record_entries
from nnviz.gui.workspaces.data.record_words import line
from nnviz.render.dataset.point_maps import (
    PointBuckets,
    PointStyle,
    PointView,
    nearest_point,
)
from nnviz.render.dataset.point_walk import nearest_to, next_point

_LOW = 320
"""Height of the page below which the map needs all the space, logical px."""
_UNLIMITED = 16_777_215
"""Qt's QWIDGETSIZE_MAX."""
_THUMBNAIL = 40
"""Side of the thumbnails on the map, logical px."""


class DataMap(QWidget):
    """Scatter plot with colors, lasso selection, and lines to nearest neighbors."""

    told = Signal(str)
    """Text about the point below the pointer, for the status bar."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._colors_lane, self._walk_lane = Lane("colors"), Lane("walk")
        self._buckets: PointBuckets | None = None
        self._colors: NDArray[np.uint8] | None = None
        self.map = PointMap(self)
        self.legend = ColorLegend(self)
        self.painter = PointPainter(app.jobs, self)
        self.projection = ProjectionBar(app)
        self.warning = label(style="muted", wrap=True)
        self.warning.setAlignment(Qt.AlignmentFlag.AlignTop)  # if it is cut off
        self.column = ComboBox.narrow(self.tr("Color by"))
        self._make_tools()
        self._lay_out()
        self._connect()
        self._open(app.datasets.dataset)

    def _make_tools(self) -> None:
        look = self._app.look
        self.lasso = toggle_button(
            look, "square-dashed", self.tr("Lasso: drag around points (Shift+drag)")
        )
        self.images = toggle_button(
            look, "images", self.tr("Show thumbnails even where points are dense")
        )
        self.fit = icon_button(
            look, "maximize-2", self.tr("Show all points (0)"), self.map.fit
        )

    def _lay_out(self) -> None:
        bar = named(QWidget(), "header")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        words = label(self.tr("Color by"), "muted")
        tools = flow(
            words,
            self.column,
            self.lasso,
            self.images,
            self.fit,
            self.projection.save,
            spacing=GRID,
        )
        below = QVBoxLayout(bar)
        below.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        below.setSpacing(GRID)
        below.addLayout(tools)
        below.addWidget(self.legend)
        below.addWidget(self.warning)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.projection)
        column.addWidget(self.map, 1)
        column.addWidget(bar)
        self.setFocusProxy(self.map)

    def _connect(self) -> None:
        datasets, projections = self._app.datasets, self._app.projections
        datasets.opened.connect(self._open)
        datasets.grown.connect(self._open)
        datasets.ordered.connect(lambda _: self.map.repaint_points())
        datasets.selection.changed.connect(self.map.repaint_points)
        datasets.selection.current_changed.connect(lambda _: self._draw_neighbors())
        projections.moved.connect(self.painter.sort)
        projections.changed.connect(self._tell)
        self._app.neighborhood.found.connect(self._draw_neighbors)
        self._app.query_image.placed.connect(self._show_place)
        self._app.look.changed.connect(self._color)
        self._connect_map()

    def _connect_map(self) -> None:
        self.column.activated.connect(lambda _: self._color())
        self.images.toggled.connect(lambda _: self.map.repaint_points())
        self.lasso.toggled.connect(self._set_lasso)
        self.painter.sorted.connect(self._sorted)
        self.painter.painted.connect(self.map.put_raster)
        self.painter.refused.connect(self.map.refuse)
        self.painter.caught.connect(self._catch)
        self.map.raster_wanted.connect(self._paint)
        self.map.lassoed.connect(self._lassoed)
        self.map.pointed.connect(self._point)
        self.map.hovered.connect(self._hover)
        self.map.walked.connect(self._walk)
        self.map.toggled.connect(self._toggle)
        self.map.activated.connect(lambda: open_in(self._app, "inspect"))

    # --- contents

    def _open(self, dataset: DataSet | None) -> None:
        if dataset is None:
            self.map.clear("")
            return
        self._offer_columns(dataset)
        self._colors = None
        self._color()
        points = self._app.projections.points
        if points is not None and len(points) == dataset.count:
            self.painter.sort(points)
        else:
            self._buckets = None
            self.map.clear(self.tr("The map appears in a moment…"))
            self._app.projections.start()
        self._tell()

    def _offer_columns(self, dataset: DataSet) -> None:
        titles = column_titles(dataset)
        there = {self.column.itemData(n) for n in range(self.column.count())}
        if there != set(titles):
            self.column.clear()
            for column, title in titles.items():
                self.column.addItem(title, column)

    def _color(self) -> None:
        """Color the records by the chosen column."""
        dataset, column = self._app.datasets.dataset, self.column.currentData()
        if dataset is None or not column:
            return
        name = "viridis"

        def show(found: Coloring) -> None:
            self._colors, scale = found
            self.legend.show_key(color_key(dataset, column, scale, name))
            self.map.repaint_points()

        work = self._app.jobs.compute(
            lambda: color_records(dataset, column, name), self._colors_lane
        )
        work.done.connect(show)

    def _sorted(self, buckets: PointBuckets) -> None:
        self._buckets = buckets
        self.map.set_extent(buckets.low, buckets.low + buckets.size)
        self.map.repaint_points()
        self._draw_neighbors()

    def _scene(self) -> PointScene | None:
        dataset, colors = self._app.datasets.dataset, self._colors
        if dataset is None or colors is None or self._buckets is None:
            return None
        selection = self._app.datasets.selection
        shown, flags = self._app.datasets.shown, selection.flags
        if not len(colors) == len(flags) == dataset.count:
            return None  # an index that grows: colors follow
        style = PointStyle(colors, shown, flags if selection.count else None)
        side = round(_THUMBNAIL * self._app.look.scale * self.devicePixelRatioF())
        always = self.images.isChecked()
        return PointScene(self._buckets, style, dataset, side, always)

    def _paint(self, request: RasterRequest) -> None:
        scene = self._scene()
        if scene is None:
            self.map.refuse(request)
        else:
            self.painter.paint(scene, request)

    def _tell(self) -> None:
        """Show the warning about the projection, and update the watched neighbors."""
        projections = self._app.projections
        self.warning.setText(projections.warning)
        self.warning.setToolTip(literal(projections.warning))
        layer = projections.choice.layer
        self._app.neighborhood.watch(watched=self.isVisible(), layer=layer)
        self.warning.setVisible(bool(self.warning.text()))

    # --- selecting

    def _set_lasso(self, on: bool) -> None:  # noqa: FBT001 - a Qt slot
        self.map.lassoing = on
        self.map.setCursor(
            Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor
        )

    def _lassoed(self, lasso: Lasso) -> None:
        scene = self._scene()
        if scene is not None:
            self.painter.catch(scene, lasso)

    def _catch(self, records: NDArray[np.int64], add: bool) -> None:  # noqa: FBT001
        selection = self._app.datasets.selection
        selection.select(records, add=add)
        if len(records) and not add:
            selection.set_current(int(records[0]))

    def _record_at(self, at: tuple[PointView, float, float]) -> int:
        scene = self._scene()
        if scene is None:
            return -1
        view, column, row = at
        return nearest_point(scene.buckets, view, scene.style, (column, row))

    def _point(self, at: tuple[PointView, float, float], add: bool) -> None:  # noqa: FBT001
        """Select the clicked point, or none."""
        record, selection = self._record_at(at), self._app.datasets.selection
        if record < 0:
            if not add:
                selection.clear()
            return
        records = np.array([record])
        selection.toggle(records) if add else selection.select(records)
        selection.set_current(record)

    def _hover(self, at: tuple[PointView, float, float]) -> None:
        record, dataset = self._record_at(at), self._app.datasets.dataset
        words = line(dataset, record) if dataset is not None and record >= 0 else ""
        self.map.setToolTip(literal(words))
        self.told.emit(words)

    def _walk(self, direction: tuple[int, int], add: bool) -> None:  # noqa: FBT001
        """Go to the next point in a direction, starting in the center."""
        points, datasets = self._app.projections.points, self._app.datasets
        record, shown, view = datasets.selection.current, datasets.shown, self.map.view
        if points is None or (shown is not None and len(shown) != len(points)):
            return

        def find() -> int:
            if 0 <= record < len(points) and np.isfinite(points[record]).all():
                return next_point(points, points[record], direction, shown)
            return nearest_to(points, (view.x, view.y), shown)

        work = self._app.jobs.compute(find, self._walk_lane)
        work.done.connect(lambda found: self._arrive(found, add=add))

    def _arrive(self, record: int, *, add: bool) -> None:
        points, selection = (
            self._app.projections.points,
            self._app.datasets.selection,
        )
        dataset = self._app.datasets.dataset
        if record < 0 or points is None or dataset is None or record >= len(points):
            return
        if add:
            selection.select(np.array([record]), add=True)
        selection.set_current(record)
        self.map.reveal(*map(float, points[record]))
        words = line(dataset, record)
        self.map.setAccessibleDescription(words)
        self.told.emit(words)

    def _toggle(self) -> None:
        """Toggle the selection of the current point."""
        selection = self._app.datasets.selection
        if selection.current >= 0:
            selection.toggle(np.array([selection.current]))

    def _show_place(self) -> None:
        """Pan to the point of an image outside the set."""
        place = self._app.query_image.place
        self._draw_neighbors()
        if place is not None:
            self.map.reveal(*map(float, place.point))

    def _draw_neighbors(self) -> None:
        """Mark the current image, and draw lines to its neighbors."""
        points, place = self._app.projections.points, self._app.query_image.place
        record = self._app.datasets.selection.current
        neighbors = self._app.neighborhood.of(record)
        start: NDArray[np.float32] | None = None
        name = ""
        if points is not None and place is not None:
            start, neighbors, name = place.point, place.neighbors.records, place.name
        elif points is not None and 0 <= record < len(points):
            start = points[record]
        if points is None or start is None or not np.isfinite(start).all():
            self.map.set_pin(None)
            self.map.set_lines(np.zeros((0, 4), np.float32))
            return
        self.map.set_pin((float(start[0]), float(start[1]), name))
        ends = points[neighbors[neighbors < len(points)]]
        ends = ends[np.isfinite(ends).all(axis=1)]
        begins = np.repeat(start[None], len(ends), axis=0)
        self.map.set_lines(np.hstack([begins, ends]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the warning and hide the legend in a low window."""
        super().resizeEvent(event)
        low = self.height() < self._app.look.px(_LOW)
        self.legend.setVisible(not low)
        line = self.warning.fontMetrics().lineSpacing()
        self.warning.setMaximumHeight(line if low else _UNLIMITED)

    def showEvent(self, event: QShowEvent) -> None:
        """Start finding the neighbors of the current record."""
        super().showEvent(event)
        self._tell()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop finding neighbors."""
        super().hideEvent(event)
        self._app.neighborhood.watch(watched=False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the context menu of the selected records."""
        at: QPoint = event.globalPos()
        popup(menu_of(self, record_entries(self._app)), at)
