"""Scatter plot of a million points: moved at once, repainted in the background.

The last raster is moved and scaled with the view until the next one is painted.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from nnviz.gui.views.tokens import tokens_of
from nnviz.render.dataset.point_maps import PointRaster, PointView

_ZOOM = 1.2
_BEYOND = 0.3
"""Share of the view painted beyond its edges, so that panning shows no empty strip."""
_FREE = 0.06
"""Fraction of the view left free around all points."""
_REST_MS = 140
"""Milliseconds without a movement after which the full raster is painted."""
_CLICK = 4
_STEP = 0.1
_LARGEST_SCALE = 1e9
_STRETCHED = 4.0
"""Maximum scaling of a raster of moved points until the next one."""
_LEAST_HEIGHT = 110
_DIRECTIONS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}

Floats = NDArray[np.float32]
Extent = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class RasterRequest:
    """A view to be painted.

    Attributes:
        view: in device px, including the margin beyond its edges.
        seen: the visible part of it.
        quick: whether the view is moving, so that some of the points suffice.
    """

    view: PointView
    seen: PointView
    quick: bool


@dataclass(frozen=True, slots=True, eq=False)
class Lasso:
    """A closed lasso drawn on the map.

    Attributes:
        view: view on which it was drawn, device px.
        corners: float32 (N, 2): column and row, device px.
        add: whether its points are added to the selection.
    """

    view: PointView
    corners: Floats
    add: bool


class PointMap(QWidget):
    """Scatter plot that can be panned and zoomed, with a lasso selection."""

    raster_wanted = Signal(object)
    """RasterRequest: answered with ``put_raster`` or ``refuse``, always."""
    lassoed = Signal(object)
    """Lasso."""
    pointed = Signal(object, bool)
    """(PointView, column, row) of a click; whether Ctrl was held."""
    hovered = Signal(object)
    """(PointView, column, row) below the pointer, device px."""
    walked = Signal(object, bool)
    """Direction (x, y) of an arrow key, y upwards; whether Shift was held."""
    toggled = Signal()
    """The space bar was pressed: toggle the selection of the keyboard's point."""
    activated = Signal()
    """Return was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Map of the data set"))
        self.lassoing = False
        """Whether dragging draws a lasso; else it pans, and draws a lasso with Shift.
        """
        self._view = PointView(0, 0, 1, 1, 1)
        self._extent: Extent = (0, 0, 1, 1)
        self._fitted = True
        self._raster: tuple[QImage, PointRaster] | None = None
        self._asked: RasterRequest | None = None
        self._outdated = False
        """Whether points, colors or selection have changed since the last request."""
        self._lines = np.zeros((0, 4), np.float32)
        self._pin: tuple[float, float, str] | None = None
        self._words = ""
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._lasso: list[QPointF] | None = None
        self._adds = False
        self._moving = False
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._settle)

    # --- contents

    @property
    def view(self) -> PointView:
        """The visible part of the plane, device px."""
        return self._view

    @property
    def fresh(self) -> bool:
        """Whether the view is painted in full."""
        return self._asked is None and not self._moving and self._raster is not None

    def set_extent(self, low: Floats, high: Floats) -> None:
        """Set the extent of the points; fit them unless the view was moved."""
        left, below = map(float, low)
        right, above = map(float, high)
        self._extent = (left, below, right, above)
        if not self._fitted:
            return
        before = self._view.scale
        self.fit()
        if not 1 / _STRETCHED < self._view.scale / before < _STRETCHED:
            self._raster = None  # the points have moved: the old raster would smear

    def fit(self) -> None:
        """Show all points."""
        self._fitted = True
        left, below, right, above = self._extent
        width, height = self._pixels()
        free = 1 - 2 * _FREE
        scale = min(
            free * width / max(right - left, 1e-9),
            free * height / max(above - below, 1e-9),
        )
        middle = (left + right) / 2, (below + above) / 2
        self._show(PointView(*middle, scale, width, height))

    def repaint_points(self) -> None:
        """Request a repaint, after points, colors or selection changed.

        A running paint is finished first, so that points that move faster than they are
        painted are still visible.
        """
        self._outdated = self._asked is not None
        self._ask(quick=False)

    def put_raster(self, request: RasterRequest, raster: PointRaster) -> None:
        """Accept a requested raster."""
        if request is not self._asked:
            return
        self._asked = None
        pixels = raster.pixels
        height, width = pixels.shape[:2]
        kind = QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(pixels.data, width, height, 4 * width, kind)
        self._raster = image, raster
        self.update()
        unfinished = request.quick and not self._moving
        if self._outdated or unfinished or self._view != request.seen:
            self._ask(quick=self._moving)

    def refuse(self, request: RasterRequest) -> None:
        """Drop a request that could not be painted."""
        if request is self._asked:
            self._asked = None

    def clear(self, words: str) -> None:
        """Show a message in place of points."""
        self._raster, self._asked, self._words = None, None, words
        self._lines, self._pin = np.zeros((0, 4), np.float32), None
        self.setAccessibleDescription(words)
        self.update()

    def set_lines(self, lines: Floats) -> None:
        """Draw lines between points, float32 (N, 4): x, y, x, y."""
        self._lines = lines
        self.update()

    def set_pin(self, pin: tuple[float, float, str] | None) -> None:
        """Mark a position (x, y) with a named ring; None for none."""
        self._pin = pin
        self.update()

    # --- moving

    def reveal(self, x: float, y: float) -> None:
        """Pan so that a position is in view, away from the edges."""
        view = self._view
        ((column, row),) = view.to_pixels(np.array([[x, y]], np.float32)).tolist()
        free_x, free_y = _FREE * view.width, _FREE * view.height
        dx = min(0.0, view.width - free_x - column) + max(0.0, free_x - column)
        dy = min(0.0, view.height - free_y - row) + max(0.0, free_y - row)
        if dx or dy:
            self.move_by(dx, dy)

    def move_by(self, dx: float, dy: float) -> None:
        """Pan by device px."""
        view = self._view
        x, y = view.x - dx / view.scale, view.y + dy / view.scale
        self._fitted = False
        self._move(replace(view, x=x, y=y))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the widget, device px; by default its center."""
        view = self._view
        across = (at.x() if at is not None else view.width / 2) - view.width / 2
        down = (at.y() if at is not None else view.height / 2) - view.height / 2
        scale = min(_LARGEST_SCALE, view.scale * factor)
        x = view.x + across / view.scale - across / scale
        y = view.y - down / view.scale + down / scale
        self._fitted = False
        self._move(replace(view, x=x, y=y, scale=scale))

    def _move(self, view: PointView) -> None:
        self._moving = True
        self._rest.start()
        self._show(view)

    def _show(self, view: PointView) -> None:
        self._view = view
        self.update()
        self._ask(quick=self._moving)

    def _settle(self) -> None:
        self._moving = False
        self._asked = None
        self._ask(quick=False)

    def _ask(self, *, quick: bool) -> None:
        if self._asked is None and self.isVisible():
            self._outdated = False
            self._asked = RasterRequest(self._view.grown(_BEYOND), self._view, quick)
            self.raster_wanted.emit(self._asked)

    def _pixels(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    # --- Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the visible part, or refit all points."""
        super().resizeEvent(event)
        width, height = self._pixels()
        if self._fitted:
            self.fit()
        else:
            self._show(replace(self._view, width=width, height=height))

    def showEvent(self, event: QShowEvent) -> None:
        """Request the current view."""
        super().showEvent(event)
        self.repaint_points()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the newest raster at its present place, then lines and the lasso."""
        del event
        tokens = tokens_of(self.palette())
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), tokens.backdrop)
            if self._raster is None:
                painter.setPen(tokens.quiet)
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words)
                return
            ratio = self.devicePixelRatioF()
            painter.scale(1 / ratio, 1 / ratio)
            image, raster = self._raster
            self._draw_raster(painter, image, raster.view)
            self._draw_lines(painter)
            self._draw_pin(painter)
            if self._lasso is not None:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(QPen(tokens.accent, 1.5 * ratio))
                painter.drawPolyline(QPolygonF(self._lasso))

    def _draw_raster(self, painter: QPainter, image: QImage, old: PointView) -> None:
        new = self._view
        grown = new.scale / old.scale
        width, height = old.width * grown, old.height * grown
        middle_x = (old.x - new.x) * new.scale + new.width / 2
        middle_y = (new.y - old.y) * new.scale + new.height / 2
        left, top = middle_x - width / 2, middle_y - height / 2
        if grown == 1:
            painter.drawImage(QPointF(round(left), round(top)), image)
        else:
            painter.drawImage(QRectF(left, top, width, height), image)

    def _draw_lines(self, painter: QPainter) -> None:
        if not len(self._lines):
            return
        tokens, ratio = tokens_of(self.palette()), self.devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.text, 1.2 * ratio))
        begins = self._view.to_pixels(self._lines[:, :2])
        ends = self._view.to_pixels(self._lines[:, 2:])
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            painter.drawLine(QPointF(*begin), QPointF(*end))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for end in ends.tolist():
            painter.drawEllipse(QPointF(*end), 5 * ratio, 5 * ratio)

    def _draw_pin(self, painter: QPainter) -> None:
        if self._pin is None:
            return
        x, y, name = self._pin
        tokens, ratio = tokens_of(self.palette()), self.devicePixelRatioF()
        (place,) = self._view.to_pixels(np.array([[x, y]], np.float32)).tolist()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((tokens.backdrop, 5.0), (tokens.accent, 2.5)):
            painter.setPen(QPen(color, width * ratio))
            painter.drawEllipse(QPointF(*place), 9 * ratio, 9 * ratio)
        if name:
            self._draw_name(painter, QPointF(*place), name)

    def _draw_name(self, painter: QPainter, place: QPointF, name: str) -> None:
        """Draw a name to the right of a position, or to its left near the edge."""
        tokens, ratio = tokens_of(self.palette()), self.devicePixelRatioF()
        font = QFont(self.font())
        font.setPixelSize(round(self.fontInfo().pixelSize() * ratio))
        painter.setFont(font)
        words = painter.fontMetrics().elidedText(
            name, Qt.TextElideMode.ElideMiddle, round(self._view.width / 3)
        )
        box = QRectF(painter.fontMetrics().boundingRect(words))
        box = box.adjusted(-4 * ratio, -2 * ratio, 4 * ratio, 2 * ratio)
        gap = 14 * ratio
        right = place.x() + gap + box.width() < self._view.width
        left = place.x() + gap if right else place.x() - gap - box.width()
        box.moveTo(left, place.y() - box.height() / 2)
        painter.fillRect(box, tokens.backdrop)
        painter.setPen(tokens.text)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    # --- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to pan, or to draw a lasso."""
        at = self._device(event.position())
        if event.button() is Qt.MouseButton.RightButton:
            event.ignore()
            return
        self._pressed = self._last = at
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._adds = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        left = event.button() is Qt.MouseButton.LeftButton
        self._lasso = [at] if left and self.lassoing != shift else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, draw the lasso, or emit what is under the mouse."""
        at = self._device(event.position())
        if self._pressed is None:
            self.hovered.emit((self._view, at.x(), at.y()))
        elif self._lasso is not None:
            self._lasso.append(at)
            self.update()
        else:
            self.move_by(at.x() - self._last.x(), at.y() - self._last.y())
        self._last = at

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Close the lasso, or select the clicked point."""
        at, pressed, lasso = self._device(event.position()), self._pressed, self._lasso
        self._pressed = self._lasso = None
        self.update()
        if pressed is None or event.button() is Qt.MouseButton.RightButton:
            return
        if (at - pressed).manhattanLength() <= _CLICK and not self._far(lasso):
            self.pointed.emit((self._view, at.x(), at.y()), self._adds)
        elif lasso is not None:
            corners = np.array([(p.x(), p.y()) for p in lasso], np.float32)
            self.lassoed.emit(Lasso(self._view, corners, self._adds))

    @staticmethod
    def _far(lasso: list[QPointF] | None) -> bool:
        """Return whether a lasso is large enough to count."""
        box = QPolygonF(lasso or []).boundingRect()
        return max(box.width(), box.height()) > 2 * _CLICK

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all points."""
        del event
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        turns = event.angleDelta().y() / 120
        self.zoom_by(_ZOOM**turns, self._device(event.position()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle keys: arrows select points, Ctrl pans, + and - zoom, 0 fits.

        The space bar selects the point, Return opens its image.
        """
        key = event.key()
        if key in _DIRECTIONS:
            self._go(_DIRECTIONS[key], event.modifiers())
        elif key == Qt.Key.Key_Space:
            self.toggled.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(_ZOOM**2)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / _ZOOM**2)
        elif key == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _go(self, direction: tuple[int, int], held: Qt.KeyboardModifier) -> None:
        if held & Qt.KeyboardModifier.ControlModifier:
            x, y = direction
            self.move_by(-x * _STEP * self._view.width, y * _STEP * self._view.height)
        else:
            shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
            self.walked.emit(direction, shift)

    def _device(self, at: QPointF) -> QPointF:
        return at * self.devicePixelRatioF()
