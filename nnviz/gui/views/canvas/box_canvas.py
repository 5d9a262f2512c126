"""Canvas on which labeled boxes are drawn, moved and resized by mouse or keyboard."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from nnviz.gui.views.canvas import lines
from nnviz.gui.views.canvas.box_pen import LEAST_SIDE, Box, between
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.viewport import Viewport
from nnviz.gui.views.tokens import tokens_of
from nnviz.render.palette import Color

NONE = -1
_HANDLE = 8
"""Side of a handle, px."""
_REACH = 9
"""Distance from a handle within which a press grabs it, px."""
_STEP, _FINE_STEP = 0.01, 0.002
"""Steps of an arrow key, in fractions of the image's shorter side; with Shift."""
_NEW = 0.25
"""Sides of a box that is added by a key, in fractions of the visible part."""
_PLACES = ((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 0.5),
           (1.0, 1.0), (0.5, 1.0), (0.0, 1.0), (0.0, 0.5))  # fmt: skip
"""Handles on a box, in fractions of its width and height."""
_MIDDLE = 0.5
_WHOLE = (_MIDDLE, _MIDDLE)
"""The handle that moves a box."""
_FALLING, _RISING = Qt.CursorShape.SizeFDiagCursor, Qt.CursorShape.SizeBDiagCursor
_UPRIGHT, _LEVEL = Qt.CursorShape.SizeVerCursor, Qt.CursorShape.SizeHorCursor
_SHAPES = (_FALLING, _UPRIGHT, _RISING, _LEVEL, _FALLING, _UPRIGHT, _RISING, _LEVEL)
_CURSORS = {
    **dict(zip(_PLACES, _SHAPES, strict=True)),
    _WHOLE: Qt.CursorShape.SizeAllCursor,
}
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_WALKS = {Qt.Key.Key_BracketLeft: -1, Qt.Key.Key_BracketRight: 1}
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_NAMES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_ADDS = (Qt.Key.Key_N, Qt.Key.Key_Insert)
_CHOSEN_ONLY = {*_ARROWS, *_DELETES, *_NAMES, Qt.Key.Key_Escape}


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box as shown on the canvas.

    Attributes:
        corners: left, top, right, bottom, px of the image.
        name: its class.
        color: of its class.
    """

    corners: Box
    name: str
    color: Color


@dataclass(frozen=True, slots=True)
class _Drag:
    """A drag in progress.

    Attributes:
        start: position of the pointer at its start, image px as (x, y).
        handle: grabbed handle as fractions of the box; (0.5, 0.5) for the whole box;
            None where a box is being drawn.
        corners: of the box at its start.
    """

    start: tuple[float, float]
    handle: tuple[float, float] | None = None
    corners: Box = (0.0, 0.0, 0.0, 0.0)


class BoxCanvas(Canvas):
    """Canvas with boxes: a drag draws one, a click selects one.

    The selected box is moved by its inside and resized by its handles.  The arrow keys
    move it, with Ctrl its right and lower edges; with Shift in finer steps.  ``N`` adds
    a box, ``[ ]`` select another, Return names it, Delete removes it, Esc deselects.

    Signals:
        drawn: corners of a new box.
        moved: index and new corners of a box.
        settled: a drag or a movement by keys has ended.
        chosen: index of the selected box; -1 for none.
        removed: index of a box to remove.
        naming: the name of the selected box is to be entered.
    """

    drawn = Signal(object)
    moved = Signal(int, object)
    settled = Signal()
    chosen = Signal(int)
    removed = Signal(int)
    naming = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editable = True
        """Whether boxes can be drawn on the image."""
        self._boxes: tuple[DrawnBox, ...] = ()
        self._selected = NONE
        self._drag: _Drag | None = None
        self._new: Box | None = None
        self.set_drawing(self._draw)

    def set_boxes(self, boxes: tuple[DrawnBox, ...], selected: int) -> None:
        """Show boxes, with handles on the selected one."""
        self._boxes = boxes
        self._selected = selected if selected < len(boxes) else NONE
        if self._selected == NONE and self._drag is not None and self._drag.handle:
            self._drag = None
        self.update()

    def frame(self, corners: Box) -> QRectF:
        """Return a box in widget coordinates."""
        left, top, right, bottom = corners
        y0, x0, y1, x1 = self.viewport().box_to_widget((top, left, bottom, right))
        return QRectF(x0, y0, x1 - x0, y1 - y0)

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab the selected box, or begin to draw another."""
        left = event.button() is Qt.MouseButton.LeftButton
        if not left or not self.editable or self.image_size is None:
            super().mousePressEvent(event)
            return
        handle = self._handle_at(event.position())
        start = self._place(event.position())
        if handle is None:
            self._drag = _Drag(start)
        else:
            self._drag = _Drag(start, handle, self._boxes[self._selected].corners)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw, move or resize; otherwise update the readout."""
        super().mouseMoveEvent(event)
        drag, at = self._drag, self._place(event.position())
        if drag is None:
            self._show_cursor(event.position())
        elif drag.handle is None:
            self._new = between(drag.start, at)
            self.update()
        else:
            self.moved.emit(self._selected, self._moved_to(drag, drag.handle, at))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; a click selects the smallest box under it."""
        drag, self._drag = self._drag, None
        new, self._new = self._new, None
        if drag is None:
            super().mouseReleaseEvent(event)
        elif drag.handle is not None:
            self.settled.emit()
        elif new is not None and min(new[2] - new[0], new[3] - new[1]) >= LEAST_SIDE:
            self.drawn.emit(new)
        else:
            self.update()
            self.chosen.emit(self._under(*drag.start))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Name the box under the mouse; fit the image elsewhere."""
        under = self._under(*self._place(event.position()))
        if under == NONE:
            super().mouseDoubleClickEvent(event)
        else:
            self.chosen.emit(under)
            self.naming.emit()

    # --- keyboard

    def event(self, event: QEvent) -> bool:
        """Keep the keys of boxes from the window's shortcuts."""
        override = event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._takes(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Add, select, move, resize, name or remove a box."""
        if not self._takes(event):
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        if key in _ARROWS:
            self._shift(key, event.modifiers())
        elif key in _DELETES:
            self.removed.emit(self._selected)
        elif key in _NAMES:
            self.naming.emit()
        elif key in _WALKS:
            start = self._selected if self._selected != NONE else min(_WALKS[key], 0)
            step = _WALKS[key] if self._selected != NONE else 0
            self.chosen.emit((start + step) % len(self._boxes))
        elif key in _ADDS:
            self.drawn.emit(self._middle())
        else:
            self.chosen.emit(NONE)

    def _takes(self, event: QKeyEvent) -> bool:
        """Return whether a key acts on boxes now."""
        key = Qt.Key(event.key())
        arrow = key in _ARROWS
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and not arrow:
            return False
        if key in _CHOSEN_ONLY:
            return self._selected != NONE
        if key in _WALKS:
            return bool(self._boxes)
        return key in _ADDS and self.editable and self.image_size is not None

    def _shift(self, key: Qt.Key, held: Qt.KeyboardModifier) -> None:
        """Move the selected box by a step; with Ctrl its right and lower edges."""
        fine = bool(held & Qt.KeyboardModifier.ShiftModifier)
        step = (_FINE_STEP if fine else _STEP) * min(self.image_size or (1, 1))
        dx, dy = (max(1.0, step) * each for each in _ARROWS[key])
        handle = (1.0, 1.0) if held & Qt.KeyboardModifier.ControlModifier else _WHOLE
        drag = _Drag((0.0, 0.0), handle, self._boxes[self._selected].corners)
        self.moved.emit(self._selected, self._moved_to(drag, handle, (dx, dy)))
        self.settled.emit()

    def _middle(self) -> Box:
        """Return a box in the middle of the visible part of the image."""
        view, (height, width) = self.viewport(), self.image_size or (1, 1)
        top, left = view.to_image(0, 0)
        bottom, right = view.to_image(self.height(), self.width())
        left, right = max(left, 0.0), min(right, width)
        top, bottom = max(top, 0.0), min(bottom, height)
        x, y = (left + right) / 2, (top + bottom) / 2
        half = _NEW * min(right - left, bottom - top) / 2
        return x - half, y - half, x + half, y + half

    # --- geometry

    def _place(self, at: QPointF) -> tuple[float, float]:
        """Convert a point of the widget to x and y in the image, clipped to it."""
        height, width = self.image_size or (1, 1)
        y, x = self.viewport().to_image(at.y(), at.x())
        return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))

    def _under(self, x: float, y: float) -> int:
        """Return the smallest box at a point of the image; -1 for none."""
        over = [
            ((right - left) * (bottom - top), index)
            for index, box in enumerate(self._boxes)
            for left, top, right, bottom in [box.corners]
            if left <= x <= right and top <= y <= bottom
        ]
        return min(over)[1] if over else NONE

    def _handle_at(self, at: QPointF) -> tuple[float, float] | None:
        """Return the handle of the selected box at a point; None outside of it."""
        if self._selected == NONE:
            return None
        frame = self.frame(self._boxes[self._selected].corners)
        for place in _PLACES:
            if (_on(frame, place) - at).manhattanLength() <= _REACH:
                return place
        return _WHOLE if frame.contains(at) else None

    def _moved_to(
        self, drag: _Drag, handle: tuple[float, float], at: tuple[float, float]
    ) -> Box:
        """Return the corners of a box whose handle is dragged to a point."""
        height, width = self.image_size or (1, 1)
        dx, dy = at[0] - drag.start[0], at[1] - drag.start[1]
        left, top, right, bottom = drag.corners
        if handle == _WHOLE:
            dx = min(max(dx, -left), width - right)
            dy = min(max(dy, -top), height - bottom)
            return left + dx, top + dy, right + dx, bottom + dy
        left, right = _resized((left, right), handle[0], dx, width)
        top, bottom = _resized((top, bottom), handle[1], dy, height)
        return left, top, right, bottom

    def _show_cursor(self, at: QPointF) -> None:
        if not self.editable or self.image_size is None:
            self.unsetCursor()
            return
        handle = self._handle_at(at)
        self.setCursor(_CURSORS[handle] if handle else Qt.CursorShape.CrossCursor)

    # --- painting

    def _draw(self, painter: QPainter, _view: Viewport) -> None:
        letters = lines.Lettering(painter.font())
        for index, box in enumerate(self._boxes):
            frame = self.frame(box.corners)
            color = QColor(*box.color)
            lines.draw_frame(painter, frame, color, 3 if index == self._selected else 2)
            width, height = letters.size((box.name, ""))
            top = frame.top() - height
            above = top if top >= 0 else frame.top()
            area = QRectF(frame.left() - 1, above, width, height)
            letters.write(painter, area, (box.name, ""), box.color)
        if self._new is not None:
            accent = tokens_of(self.palette()).accent
            lines.draw_frame(painter, self.frame(self._new), accent, 2)
        if self._selected != NONE:
            self._draw_handles(painter, self.frame(self._boxes[self._selected].corners))

    def _draw_handles(self, painter: QPainter, frame: QRectF) -> None:
        painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
        painter.setBrush(QColor("white"))
        for place in _PLACES:
            middle = _on(frame, place)
            half = _HANDLE / 2
            painter.drawRect(
                QRectF(middle.x() - half, middle.y() - half, _HANDLE, _HANDLE)
            )


def _on(frame: QRectF, place: tuple[float, float]) -> QPointF:
    """Return the point of a rectangle at fractions of its width and height."""
    return QPointF(
        frame.left() + place[0] * frame.width(), frame.top() + place[1] * frame.height()
    )


def _resized(
    ends: tuple[float, float], place: float, by: float, most: float
) -> tuple[float, float]:
    """Move one end of an interval by its handle, ``LEAST_SIDE`` or more from the other.

    Args:
        ends: of the interval.
        place: 0 for its first end, 1 for its second; neither moves for 0.5.
        by: movement.
        most: largest end.
    """
    first, second = ends
    if place < _MIDDLE:
        return min(max(first + by, 0.0), second - LEAST_SIDE), second
    if place > _MIDDLE:
        return first, max(min(second + by, most), first + LEAST_SIDE)
    return ends
