"""Canvas on which stickers are moved, rotated and scaled by mouse or keyboard."""

import enum
import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from nnviz.base.stickers.placement import Placement, Size
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.views.canvas.layers import Bytes, image_of
from nnviz.gui.views.canvas.viewport import Viewport
from nnviz.gui.views.tokens import tokens_of

STICKER_MIME = "application/x-nnviz-sticker"
"""MIME type of a sticker dragged from the shelf: its text."""
NONE = -1
_HANDLE = 9
"""Side of a handle, px."""
_REACH = 11
"""Distance from a handle within which a press grabs it, px."""
_STALK = 26
"""Distance from a sticker's upper edge to its rotation handle, px."""
_STEP, _FINE_STEP = 0.01, 0.002
"""Steps of an arrow key, in fractions of the image's shorter side; with Shift."""
_GROWTH, _FINE_GROWTH = 1.06, 1.01
_TURN, _FINE_TURN = 5.0, 1.0
"""Rotation steps, degrees; with Shift."""
_SNAP = 15.0
"""Rotation increment with Shift held, degrees."""
_HALO = QColor(0, 0, 0, 150)

_MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_GROWS = {
    Qt.Key.Key_Plus: 1,
    Qt.Key.Key_Equal: 1,
    Qt.Key.Key_Asterisk: 1,
    Qt.Key.Key_Minus: -1,
    Qt.Key.Key_Underscore: -1,
}
_TURNS = {
    Qt.Key.Key_BracketLeft: 1,
    Qt.Key.Key_BraceLeft: 1,
    Qt.Key.Key_BracketRight: -1,
    Qt.Key.Key_BraceRight: -1,
}
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_OWN_KEYS = {*_MOVES, *_GROWS, *_TURNS, *_DELETES}


class Handle(enum.Enum):
    """The part of a sticker that is grabbed."""

    BODY = enum.auto()
    CORNER = enum.auto()
    TURN = enum.auto()


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A sticker as shown on the canvas.

    Attributes:
        pixels: uint8 (H, W, 4).
        placement: placement on the image.
        opacity: 0 to 1.
    """

    pixels: Bytes
    placement: Placement
    opacity: float = 1.0

    @property
    def size(self) -> Size:
        """Height and width, px."""
        return self.pixels.shape[0], self.pixels.shape[1]


@dataclass(frozen=True, slots=True)
class _Grip:
    """A drag in progress: the sticker's handle, and where it started.

    Attributes:
        handle: the grabbed handle.
        start: position of the pointer at the start, image px as (x, y).
        placement: placement of the sticker at the start.
    """

    handle: Handle
    start: tuple[float, float]
    placement: Placement


class StickerCanvas(Canvas):
    """Canvas with stickers; without any, an ordinary canvas.

    A press on a sticker selects it.  Dragging its inside moves it, a corner scales it
    about its center, the round handle rotates it; Shift snaps to steps of 15 degrees.
    The arrow keys, ``+ -``, ``[ ]`` and Delete act on the selected one, with Shift in
    finer steps.

    Attributes:
        paints: whether the stickers are painted; False if the image already shows them.

    Signals:
        moved: index and new Placement of a sticker.
        settled: a drag or a movement by keys has ended.
        chosen: index of a pressed sticker; -1 for none.
        removed: index of a sticker to remove.
        dropped: text of a sticker dropped from the shelf, and its position (x, y) in
            fractions of the image.
    """

    moved = Signal(int, object)
    settled = Signal()
    chosen = Signal(int)
    removed = Signal(int)
    dropped = Signal(str, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.paints = True
        self._sheets: tuple[Sheet, ...] = ()
        self._images: dict[int, QImage] = {}
        self._chosen = NONE
        self._grip: _Grip | None = None
        self.setAcceptDrops(True)
        self.set_drawing(self._draw)

    def set_stickers(self, sheets: tuple[Sheet, ...], chosen: int) -> None:
        """Show stickers, the lowest first, with handles on the selected one."""
        self._sheets = sheets
        self._chosen = chosen if chosen < len(sheets) else NONE
        if self._chosen == NONE:
            self._grip = None
        known = self._images
        self._images = {
            id(sheet.pixels): known.get(id(sheet.pixels)) or image_of(sheet.pixels)
            for sheet in sheets
        }
        self.update()

    def handles(self, index: int) -> tuple[QPolygonF, QPointF]:
        """Return the corners of a sticker and its rotation handle, widget px."""
        sheet, view = self._sheets[index], self.viewport()
        corners = [
            QPointF(*reversed(view.to_widget(y, x)))
            for x, y in sheet.placement.corners(view.picture, sheet.size)
        ]
        middle = (corners[0] + corners[1]) / 2
        up = corners[0] - corners[3]
        length = math.hypot(up.x(), up.y()) or 1.0
        return QPolygonF(corners), middle + up * (_STALK / length)

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab a sticker, or the image."""
        index, handle = self._under(event.position())
        left = event.button() is Qt.MouseButton.LeftButton
        if left and self._sheets and index != self._chosen:
            self.chosen.emit(index)
        if not left or handle is None or index >= len(self._sheets):
            super().mousePressEvent(event)
            return
        at = self._at(event.position())
        self._grip = _Grip(handle, at, self._sheets[index].placement)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the grabbed sticker, or pan."""
        if self._grip is None:
            super().mouseMoveEvent(event)
            if not event.buttons():
                self._show_cursor(event.position())
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        placement = self._dragged_to(self._grip, self._at(event.position()), snap=shift)
        self.moved.emit(self._chosen, placement)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop the sticker."""
        if self._grip is None:
            super().mouseReleaseEvent(event)
            return
        self._grip = None
        self.settled.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit the image, unless a sticker is under the mouse."""
        if self._under(event.position())[1] is None:
            super().mouseDoubleClickEvent(event)
        else:
            self.mousePressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept stickers of the shelf; the window handles files."""
        if event.mimeData().hasFormat(STICKER_MIME) and self.image_size:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Emit where a sticker was dropped."""
        text = event.mimeData().data(STICKER_MIME).toStdString()
        x, y = self._at(event.position())
        height, width = self.image_size or (1, 1)
        self.dropped.emit(text, x / width, y / height)
        event.acceptProposedAction()

    # --- keyboard

    def event(self, event: QEvent) -> bool:
        """Keep the selected sticker's keys from the window's shortcuts."""
        override = event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._chosen != NONE:
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if event.key() in _OWN_KEYS and not control:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, scale, rotate or remove the selected sticker by key."""
        if self._chosen == NONE:
            super().keyPressEvent(event)
            return
        key, shift = Qt.Key(event.key()), event.modifiers()
        fine = bool(shift & Qt.KeyboardModifier.ShiftModifier)
        if key in _DELETES:
            self.removed.emit(self._chosen)
            return
        placement = self._by_key(key, fine=fine)
        if placement is None:
            super().keyPressEvent(event)
            return
        self.moved.emit(self._chosen, placement)
        self.settled.emit()

    def _by_key(self, key: Qt.Key, *, fine: bool) -> Placement | None:
        """Return the selected sticker's placement after a key; None for other keys."""
        at = self._sheets[self._chosen].placement
        x, y, width, angle = at.x, at.y, at.width, at.angle
        if key in _MOVES:
            height_px, width_px = self.image_size or (1, 1)
            step = (_FINE_STEP if fine else _STEP) * min(height_px, width_px)
            across, down = _MOVES[key]
            x, y = x + across * step / width_px, y + down * step / height_px
        elif key in _GROWS:
            # Shift is held to type a plus on many keyboards.
            growth = _FINE_GROWTH if fine and key in _FINE_GROWN else _GROWTH
            width *= growth ** _GROWS[key]
        elif key in _TURNS:
            angle += (_FINE_TURN if fine else _TURN) * _TURNS[key]
        else:
            return None
        return Placement.nearest(x, y, width, angle)

    # --- geometry

    def _at(self, position: QPointF) -> tuple[float, float]:
        """Convert a point of the widget to image px, (x, y)."""
        y, x = self.viewport().to_image(position.y(), position.x())
        return x, y

    def _under(self, position: QPointF) -> tuple[int, Handle | None]:
        """Return the sticker at a point of the widget and its handle; -1 for none."""
        if 0 <= self._chosen < len(self._sheets):
            corners, turn = self.handles(self._chosen)
            if _near(turn, position):
                return self._chosen, Handle.TURN
            if any(_near(corner, position) for corner in corners.toList()):
                return self._chosen, Handle.CORNER
        for index in reversed(range(len(self._sheets))):
            corners, _ = self.handles(index)
            if corners.containsPoint(position, Qt.FillRule.WindingFill):
                return index, Handle.BODY
        return NONE, None

    def _dragged_to(
        self, grip: _Grip, at: tuple[float, float], *, snap: bool
    ) -> Placement:
        """Return a sticker's placement when its grabbed handle is at a point."""
        height, width = self.image_size or (1, 1)
        before = grip.placement
        if grip.handle is Handle.BODY:
            dx, dy = at[0] - grip.start[0], at[1] - grip.start[1]
            x, y = before.x + dx / width, before.y + dy / height
            return Placement.nearest(x, y, before.width, before.angle)
        center = before.x * width, before.y * height
        first, last = _from(center, grip.start), _from(center, at)
        if grip.handle is Handle.CORNER:
            share = last[0] / max(first[0], 1e-6)
            return Placement.nearest(
                before.x, before.y, before.width * share, before.angle
            )
        angle = before.angle + math.degrees(last[1] - first[1])
        if snap:
            angle = _SNAP * round(angle / _SNAP)
        return Placement.nearest(before.x, before.y, before.width, angle)

    def _show_cursor(self, position: QPointF) -> None:
        _, handle = self._under(position)
        if handle is None:
            self.unsetCursor()
        else:
            self.setCursor(_CURSORS[handle])

    # --- painting

    def _draw(self, painter: QPainter, view: Viewport) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self.paints:
            painter.save()
            painter.setClipRect(_whole(view), Qt.ClipOperation.IntersectClip)
            for sheet in self._sheets:
                self._paint_sheet(painter, view, sheet)
            painter.restore()
        if 0 <= self._chosen < len(self._sheets):
            self._paint_handles(painter)

    def _paint_sheet(self, painter: QPainter, view: Viewport, sheet: Sheet) -> None:
        (a, b, c), (d, e, f) = sheet.placement.matrix(view.picture, sheet.size)
        left, top = view.to_widget(0, 0)[::-1]
        onto = QTransform(view.zoom, 0, 0, view.zoom, left, top)
        painter.setOpacity(sheet.opacity)
        painter.setTransform(QTransform(a, d, b, e, c, f) * onto)
        painter.drawImage(QPointF(0, 0), self._images[id(sheet.pixels)])
        painter.resetTransform()
        painter.setOpacity(1)

    def _paint_handles(self, painter: QPainter) -> None:
        corners, turn = self.handles(self._chosen)
        tokens = tokens_of(self.palette())
        frame = QPainterPath()
        frame.addPolygon(corners)
        frame.closeSubpath()
        frame.moveTo((corners.at(0) + corners.at(1)) / 2)
        frame.lineTo(turn)
        for color, thick in ((_HALO, 3.5), (tokens.accent, 1.5)):
            painter.strokePath(frame, QPen(color, thick))
        painter.setPen(QPen(tokens.accent, 1.5))
        painter.setBrush(QColor("white"))
        box = QRectF(0, 0, _HANDLE, _HANDLE)
        for corner in corners.toList():
            box.moveCenter(corner)
            painter.drawRect(box)
        painter.drawEllipse(turn, _HANDLE / 2 + 1, _HANDLE / 2 + 1)


_FINE_GROWN = (Qt.Key.Key_Asterisk, Qt.Key.Key_Underscore)
"""Keys that ``+`` and ``-`` become with Shift on keyboards where they need no Shift."""
_CURSORS = {
    Handle.BODY: Qt.CursorShape.SizeAllCursor,
    Handle.CORNER: Qt.CursorShape.SizeFDiagCursor,
    Handle.TURN: Qt.CursorShape.CrossCursor,
}


def _near(handle: QPointF, position: QPointF) -> bool:
    return (handle - position).manhattanLength() <= _REACH


def _from(center: tuple[float, float], at: tuple[float, float]) -> tuple[float, float]:
    """Return the distance and angle of a point, counterclockwise, radians."""
    dx, dy = at[0] - center[0], at[1] - center[1]
    return math.hypot(dx, dy), math.atan2(-dy, dx)


def _whole(view: Viewport) -> QRectF:
    top, left, bottom, right = view.box_to_widget(
        (0.0, 0.0, float(view.picture[0]), float(view.picture[1]))
    )
    return QRectF(left, top, right - left, bottom - top)
