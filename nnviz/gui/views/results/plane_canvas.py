"""Canvas of a Plane: axes, contents and movable points."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints, points_text
from nnviz.gui.views.tokens import SPACE, Tokens, tokens_of
from nnviz.render.drawings.plane_parts import (
    BUBBLE_ALPHA,
    contour_lines,
    legend_corner,
    legend_names,
    region_colors,
    series_color,
    tick_texts,
    ticks,
)
from nnviz.render.text.words import number

_RADIUS, _GRASP = 6.0, 14.0
"""Radius of a point, and the distance within which a press grabs it, px."""
_ARROW = 9.0
_NUDGE = 0.02
"""Step of an arrow key, as a fraction of the axis."""


class PlaneCanvas(QWidget):
    """Canvas of a plane whose points may be editable.

    Dragging moves a point, a double click adds one (of the class last used), a right
    click removes one.  By keyboard: N and P select the next and previous point, arrow
    keys move it, 0 to 7 set its class, Insert adds one next to it, Delete removes it.
    Where a position can be set, a click or the arrow keys set it.

    Signals:
        hovered: text about the position or point under the cursor; empty when it
            leaves.
        values_edited: current parameters by name.
    """

    hovered = Signal(str)
    values_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plane: Plane | None = None
        self._ground: QPixmap | None = None
        """Region, axes and contours, which most steps do not change."""
        self._chosen = self._dragged = -1
        self._class = 0
        self._places: NDArray[np.float64] = np.zeros((0, 2))
        self._classes: NDArray[np.int64] = np.zeros(0, np.int64)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Plane"))

    def sizeHint(self) -> QSize:
        """Return a comfortable size; any works."""
        return QSize(480, 360)

    def show_plane(self, plane: Plane) -> None:
        """Show a plane; a point being dragged stays where it is."""
        if self._plane is None or not _same_ground(self._plane, plane):
            self._ground = None
        self._plane = plane
        if plane.points and self._dragged < 0:
            first = plane.points[0]
            self._places = first.places.copy()
            classes = first.classes
            zeros = np.zeros(len(first.places), np.int64)
            self._classes = zeros if classes is None else classes.copy()
        count = len(self._places)
        self._chosen = min(self._chosen, count - 1)
        self.setAccessibleDescription(self.tr("{0} points").format(count))
        self.update()

    # --- places

    @property
    def area(self) -> QRectF:
        """The rectangle within the axes, px."""
        letters = self.fontInfo().pixelSize()
        left, low = 4.2 * letters, 3.4 * letters
        room = QRectF(
            left, SPACE, self.width() - left - 2 * SPACE, self.height() - low - SPACE
        )
        plane = self._plane
        if plane is None or not plane.equal:
            return room
        wide = plane.x_range[1] - plane.x_range[0]
        high = plane.y_range[1] - plane.y_range[0]
        unit = min(room.width() / wide, room.height() / high)
        found = QRectF(0, 0, unit * wide, unit * high)
        found.moveCenter(room.center())
        return found

    def to_screen(self, x: float, y: float) -> QPointF:
        """Convert a position of the plane to the screen."""
        plane, area = self._plane, self.area
        if plane is None:
            return QPointF()
        (left, right), (low, high) = plane.x_range, plane.y_range
        return QPointF(
            area.left() + (x - left) / (right - left) * area.width(),
            area.bottom() - (y - low) / (high - low) * area.height(),
        )

    def _on_screen(self, places: NDArray[np.float64]) -> list[QPointF]:
        """Convert positions, (N, 2), to the screen."""
        plane, area = self._plane, self.area
        if plane is None or not len(places):
            return []
        (left, right), (low, high) = plane.x_range, plane.y_range
        x = area.left() + (places[:, 0] - left) / (right - left) * area.width()
        y = area.bottom() - (places[:, 1] - low) / (high - low) * area.height()
        return [QPointF(*at) for at in zip(x.tolist(), y.tolist(), strict=True)]

    def to_plane(self, at: QPointF) -> tuple[float, float]:
        """Convert a point of the screen to the plane, clipped to its ranges."""
        plane, area = self._plane, self.area
        if plane is None:
            return 0.0, 0.0
        (left, right), (low, high) = plane.x_range, plane.y_range
        x = left + (at.x() - area.left()) / area.width() * (right - left)
        y = low + (area.bottom() - at.y()) / area.height() * (high - low)
        return min(max(x, left), right), min(max(y, low), high)

    def _nearest(self, at: QPointF) -> int:
        """Return the point nearest to the cursor within reach; -1 for none."""
        gaps = [
            (self.to_screen(*place) - at).manhattanLength() for place in self._places
        ]
        if not gaps or min(gaps) > _GRASP:
            return -1
        return int(np.argmin(gaps))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint from back to front."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            tokens = tokens_of(self.palette())
            painter.fillRect(event.rect(), tokens.backdrop)
            plane = self._plane
            if plane is None:
                return
            if self._ground is None:
                self._ground = self._painted_ground(plane, tokens)
            painter.drawPixmap(0, 0, self._ground)
            painter.save()
            painter.setClipRect(self._clip())
            for path in plane.paths:
                self._paint_path(painter, path, tokens)
            self._paint_arrows(painter, plane, tokens)
            for index, series in enumerate(plane.points):
                self._paint_points(painter, index, series, tokens)
            self._paint_texts(painter, plane, tokens)
            painter.restore()
            self._paint_legend(painter, plane, tokens)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Repaint everything."""
        self._ground = None
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Repaint everything after a change of theme or text size."""
        self._ground = None
        super().changeEvent(event)

    def _painted_ground(self, plane: Plane, tokens: Tokens) -> QPixmap:
        """Paint the background of paths and points, cached at the widget's size."""
        ratio = self.devicePixelRatioF()
        ground = QPixmap(self.size() * ratio)
        ground.setDevicePixelRatio(ratio)
        ground.fill(tokens.backdrop)
        with QPainter(ground) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.font())
            self._paint_region(painter, plane, tokens)
            self._paint_axes(painter, plane, tokens)
            painter.setClipRect(self._clip())
            for line in contour_lines(plane):
                self._paint_line(painter, line, QPen(tokens.quiet, 1))
        return ground

    def _clip(self) -> QRectF:
        return self.area.adjusted(-_RADIUS, -_RADIUS, _RADIUS, _RADIUS)

    def _paint_texts(self, painter: QPainter, plane: Plane, tokens: Tokens) -> None:
        """Draw the labels, each on its own background."""
        painter.setPen(tokens.text)
        for word in plane.texts:
            at = self.to_screen(word.x, word.y)
            box = QRectF(painter.fontMetrics().boundingRect(word.text)).translated(at)
            painter.fillRect(box.adjusted(-2, -1, 2, 1), tokens.backdrop)
            painter.drawText(at, word.text)

    def _paint_region(self, painter: QPainter, plane: Plane, tokens: Tokens) -> None:
        if plane.region is None:
            return
        ground = tokens.backdrop
        plain = (ground.red(), ground.green(), ground.blue())
        colors = region_colors(plane.region, plain, light=not tokens.dark)
        colors = np.ascontiguousarray(colors)
        height, width = colors.shape[:2]
        image = QImage(
            colors.data, width, height, 3 * width, QImage.Format.Format_RGB888
        )
        smooth = plane.region.kind != "classes"
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(self.area, image)

    def _paint_axes(self, painter: QPainter, plane: Plane, tokens: Tokens) -> None:
        area, letters = self.area, self.fontInfo().pixelSize()
        middle = Qt.AlignmentFlag.AlignCenter
        grid = plane.region is None
        across, up = ticks(plane.x_range), ticks(plane.y_range)
        for x, words in zip(across, tick_texts(across), strict=True):
            at = self.to_screen(x, plane.y_range[0])
            if grid:
                painter.setPen(QPen(tokens.line, 1))
                painter.drawLine(at, QPointF(at.x(), area.top()))
            painter.setPen(tokens.quiet)
            line = QRectF(at.x() - 60, area.bottom() + 2, 120, 1.4 * letters)
            painter.drawText(line, middle, words)
        for y, words in zip(up, tick_texts(up), strict=True):
            at = self.to_screen(plane.x_range[0], y)
            if grid:
                painter.setPen(QPen(tokens.line, 1))
                painter.drawLine(at, QPointF(area.right(), at.y()))
            painter.setPen(tokens.quiet)
            line = QRectF(at.x() - 126, at.y() - letters, 120, 2 * letters)
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(line, side, words)
        self._paint_labels(painter, plane, tokens)

    def _paint_labels(self, painter: QPainter, plane: Plane, tokens: Tokens) -> None:
        area, letters = self.area, self.fontInfo().pixelSize()
        middle = Qt.AlignmentFlag.AlignCenter
        painter.setPen(QPen(tokens.line, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        painter.setPen(tokens.quiet)
        below = QRectF(
            area.left(), area.bottom() + 1.5 * letters, area.width(), 1.5 * letters
        )
        painter.drawText(below, middle, plane.x_label)
        painter.save()
        painter.translate(area.left() - 3.4 * letters, area.center().y())
        painter.rotate(-90)
        beside = QRectF(-area.height() / 2, -letters, area.height(), 1.5 * letters)
        painter.drawText(beside, middle, plane.y_label)
        painter.restore()

    def _paint_line(
        self, painter: QPainter, places: NDArray[np.float64], pen: QPen
    ) -> list[QPointF]:
        line = self._on_screen(places)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(line))
        return line

    def _paint_path(self, painter: QPainter, path: PlanePath, tokens: Tokens) -> None:
        color = _color(path.color, tokens)
        pen = QPen(color, 2)
        if path.style == "dashed":
            pen.setStyle(Qt.PenStyle.DashLine)
        line = self._paint_line(painter, path.places, pen)
        if path.style == "steps":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            for at in line:
                painter.drawEllipse(at, 2.5, 2.5)
        elif path.style == "arrow" and len(line) > 1:
            _paint_head(painter, line[-2], line[-1], color)

    def _paint_arrows(self, painter: QPainter, plane: Plane, tokens: Tokens) -> None:
        for each in plane.arrows:
            color = _color(each.color, tokens)
            for start, end in zip(each.starts, each.ends, strict=True):
                first, last = self.to_screen(*start), self.to_screen(*end)
                painter.setPen(QPen(color, 1.8))
                painter.drawLine(first, last)
                _paint_head(painter, first, last, color)

    def _paint_points(
        self, painter: QPainter, index: int, series: PlanePoints, tokens: Tokens
    ) -> None:
        places, classes = series.places, series.classes
        if index == 0:  # the points being dragged
            places = self._places
            classes = None if classes is None else self._classes
        for place, at in enumerate(self._on_screen(places)):
            label = index if classes is None else int(classes[place])
            color = QColor(*series_color(label))
            radius = _RADIUS
            if series.areas is not None:
                color.setAlphaF(BUBBLE_ALPHA)
                radius *= float(series.areas[place]) ** 0.5
            _paint_marker(painter, at, color, radius, series.marker, tokens)
            if place == series.marked or (index == 0 and place == self._chosen):
                painter.setPen(QPen(tokens.text, 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, 1.8 * _RADIUS, 1.8 * _RADIUS)
            if place < len(series.labels):
                painter.setPen(tokens.text)
                painter.drawText(at + QPointF(8, -6), series.labels[place])

    def _paint_legend(self, painter: QPainter, plane: Plane, tokens: Tokens) -> None:
        names = legend_names(plane)
        if not names:
            return
        letters = self.fontInfo().pixelSize()
        wide = max(self.fontMetrics().horizontalAdvance(name) for name, _ in names)
        box = QRectF(0, 0, wide + 3.6 * letters, 1.5 * letters * len(names) + SPACE)
        right, top = legend_corner(plane)
        room = self.area.adjusted(SPACE, SPACE, -SPACE, -SPACE)
        box.moveLeft(room.right() - box.width() if right else room.left())
        box.moveTop(room.top() if top else room.bottom() - box.height())
        ground = QColor(tokens.surface)
        ground.setAlpha(215)
        painter.setPen(QPen(tokens.line, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 4, 4)
        for index, (name, color) in enumerate(names):
            y = box.top() + SPACE / 2 + (index + 0.5) * 1.5 * letters
            painter.setPen(QPen(QColor(*color) if color else tokens.quiet, 3))
            painter.drawLine(
                QPointF(box.left() + SPACE, y), QPointF(box.left() + SPACE + letters, y)
            )
            painter.setPen(tokens.text)
            line = QRectF(
                box.left() + 2 * letters + SPACE,
                y - letters,
                wide + letters,
                2 * letters,
            )
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, name)

    # --- editing

    @property
    def _editable(self) -> bool:
        return self._plane is not None and bool(self._plane.edits)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab a point, remove one, or set the position."""
        at = event.position()
        if self._plane is not None and self._plane.places:
            self._set_place(*self.to_plane(at))
            return
        if not self._editable:
            super().mousePressEvent(event)
            return
        found = self._nearest(at)
        self._chosen = found
        if found >= 0:
            self._class = int(self._classes[found])
        if found >= 0 and event.button() is Qt.MouseButton.RightButton:
            self._remove(found)
        elif found >= 0:
            self._dragged = found
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the grabbed point; otherwise emit the position."""
        at = event.position()
        if self._dragged >= 0:
            self._places[self._dragged] = self.to_plane(at)
            self._tell()
            return
        if self._plane is not None and self._plane.places and event.buttons():
            self._set_place(*self.to_plane(at))
        x, y = self.to_plane(at)
        inside = self.area.contains(at)
        self.hovered.emit(f"{number(x)}, {number(y)}" if inside else "")
        near = self._editable and self._nearest(at) >= 0
        shape = Qt.CursorShape.OpenHandCursor if near else Qt.CursorShape.CrossCursor
        self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop the point."""
        if self._dragged >= 0:
            self._dragged = -1
            self._tell()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Add a point of the class used last."""
        if self._editable and self._nearest(event.position()) < 0:
            self._add(*self.to_plane(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Clear the readout."""
        super().leaveEvent(event)
        self.hovered.emit("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Select, move, add, remove and recolor points by key; set the position."""
        act = self._acts().get(event.key())
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def _acts(self) -> dict[int, Callable[[], None]]:
        """Return the action of each key."""
        key = Qt.Key
        sides = {
            key.Key_Left: (-1, 0),
            key.Key_Right: (1, 0),
            key.Key_Up: (0, 1),
            key.Key_Down: (0, -1),
        }
        plane = self._plane
        if plane is None or not (plane.edits or plane.places):
            return {}
        acts: dict[int, Callable[[], None]] = {
            int(arrow): partial(self._nudge, *side) for arrow, side in sides.items()
        }
        if plane.places:
            return acts
        acts |= {
            int(key.Key_N): lambda: self._choose(1),
            int(key.Key_P): lambda: self._choose(-1),
            int(key.Key_Insert): lambda: self._add(*self._beside()),
            int(key.Key_Delete): lambda: self._remove(self._chosen),
        }
        acts |= {
            int(key.Key_0) + label: partial(self._color, label) for label in range(8)
        }
        return acts

    def _choose(self, step: int) -> None:
        if len(self._places):
            self._chosen = (self._chosen + step) % len(self._places)
            self._class = int(self._classes[self._chosen])
            x, y = self._places[self._chosen]
            self.hovered.emit(f"{number(x)}, {number(y)}")
            self.update()

    def _nudge(self, right: int, up: int) -> None:
        plane = self._plane
        if plane is None:
            return
        wide = (plane.x_range[1] - plane.x_range[0]) * _NUDGE * right
        high = (plane.y_range[1] - plane.y_range[0]) * _NUDGE * up
        if plane.places and plane.points:
            marked = max(0, plane.points[0].marked)
            x, y = plane.points[0].places[marked]
            self._set_place(x + wide, y + high)
        elif self._chosen >= 0:
            at = self.to_screen(*(self._places[self._chosen] + (wide, high)))
            self._places[self._chosen] = self.to_plane(at)
            self._tell()

    def _beside(self) -> tuple[float, float]:
        """Return a position for a new point: beside the selected one, or the center."""
        if self._chosen >= 0:
            at = self.to_screen(*self._places[self._chosen]) + QPointF(_GRASP, -_GRASP)
            return self.to_plane(at)
        return self.to_plane(self.area.center())

    def _add(self, x: float, y: float) -> None:
        self._places = np.vstack([self._places, [(x, y)]])
        self._classes = np.append(self._classes, self._class)
        self._chosen = len(self._places) - 1
        self._tell()

    def _remove(self, index: int) -> None:
        if 0 <= index < len(self._places) and len(self._places) > 1:
            self._places = np.delete(self._places, index, 0)
            self._classes = np.delete(self._classes, index)
            self._chosen = min(index, len(self._places) - 1)
            self._tell()

    def _color(self, label: int) -> None:
        self._class = label
        if self._chosen >= 0:
            self._classes[self._chosen] = label
            self._tell()

    def _tell(self) -> None:
        """Emit the points as the text of their parameter."""
        if self._plane is not None:
            text = points_text(self._places, self._classes)
            self.values_edited.emit({self._plane.edits: text})
        self.update()

    def _set_place(self, x: float, y: float) -> None:
        plane = self._plane
        if plane is not None and plane.places:
            low, high = plane.x_range
            bottom, top = plane.y_range
            kept = min(max(x, low), high), min(max(y, bottom), top)
            names = plane.places
            self.values_edited.emit(
                {name: round(float(v), 4) for name, v in zip(names, kept, strict=True)}
            )


def _same_ground(before: Plane, after: Plane) -> bool:
    """Return whether two planes have the same region, axes and contours."""
    if (before.x_range, before.y_range, before.equal) != (
        after.x_range,
        after.y_range,
        after.equal,
    ) or (before.x_label, before.y_label) != (after.x_label, after.y_label):
        return False
    first, second = before.region, after.region
    if first is second:
        return True
    return (
        first is not None
        and second is not None
        and (first.kind, first.contours) == (second.kind, second.contours)
        and np.array_equal(first.values, second.values)
    )


def _color(index: int, tokens: Tokens) -> QColor:
    return QColor(*series_color(index)) if index >= 0 else tokens.quiet


def _paint_marker(
    painter: QPainter,
    at: QPointF,
    color: QColor,
    radius: float,
    marker: Literal["dot", "ring", "cross", "star"],
    tokens: Tokens,
) -> None:
    painter.setPen(QPen(tokens.backdrop, 1))
    painter.setBrush(color)
    match marker:
        case "ring":
            painter.setPen(QPen(color, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, radius, radius)
        case "cross" | "star":
            painter.setPen(QPen(color, 3))
            side = radius * 0.8
            for across, down in ((side, side), (side, -side)):
                painter.drawLine(at - QPointF(across, down), at + QPointF(across, down))
        case "dot":
            painter.drawEllipse(at, radius, radius)


def _paint_head(painter: QPainter, start: QPointF, end: QPointF, color: QColor) -> None:
    along = end - start
    length = (along.x() ** 2 + along.y() ** 2) ** 0.5
    if not length:
        return
    unit = along / length
    side = QPointF(-unit.y(), unit.x()) * (_ARROW / 2.4)
    back = end - unit * _ARROW
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF([end, back + side, back - side]))
