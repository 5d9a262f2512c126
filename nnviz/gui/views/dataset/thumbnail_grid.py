"""The wall: thumbnails of a million images, painted only where in view.

Rows are painted elsewhere and requested with ``rows_wanted``; scrolling only blits
existing rows.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QWidget

from nnviz.gui.views.canvas.layers import Bytes, image_of
from nnviz.gui.views.dataset.grid_geometry import GridGeometry
from nnviz.gui.views.dataset.grid_marks import GridMarks, GridPart, paint_marks
from nnviz.gui.views.tokens import Tokens, tokens_of
from nnviz.render.dataset.thumbnail_rows import RowLayout
from nnviz.render.palette import Color

SMALLEST, LARGEST = 16, 320
"""Smallest and largest side of a thumbnail, logical px."""
_GAP = 2
_CACHE_BYTES = 96 << 20
"""Size limit of the cache of painted rows, beyond those of three screens."""
_ZOOM = 1.25
_LINE = 3
"""Scroll distance of a wheel notch, in thirds of a row."""
_AUTOSCROLL_MS = 30
_NO_PLACE = -1

Flags = NDArray[np.bool_]
Records = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RowRequest:
    """A request to paint rows.

    Attributes:
        version: version of the grid's order and sizes; rows of an older one are
            rejected.
        rows: indices of the rows.
        records: records of each row.
        layout: sizes, device px.
        backdrop: color of gaps.
    """

    version: int
    rows: tuple[int, ...]
    records: tuple[Records, ...]
    layout: RowLayout
    backdrop: Color


class ThumbnailGrid(QAbstractScrollArea):
    """Grid of a data set's records as thumbnails, with selection.

    A click selects one record, with Shift a range, with Ctrl one more; dragging from an
    unselected record draws a rubber band, from a selected one it drags the selection.
    """

    rows_wanted = Signal(object)
    """RowRequest: answered with ``put_rows``, always."""
    selection_edited = Signal(object)
    """Bool (n,): the records to select."""
    current_edited = Signal(int)
    """The keyboard's record."""
    activated = Signal(int)
    """A record was double-clicked, or Return pressed on it."""
    dragged = Signal()
    """The selection is dragged out of the wall."""
    menu_wanted = Signal(QPoint)
    """Position of the context menu on the screen."""
    hovered = Signal(int)
    """The record below the pointer; -1 for none."""
    side_changed = Signal(int)
    """Side of a thumbnail, logical px."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._set_up()
        self._clear()
        self._autoscroll = QTimer(self, interval=_AUTOSCROLL_MS)
        self._autoscroll.timeout.connect(self._scroll_on)

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().setAccessibleName(self.tr("Scroll the images"))
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Images of the data set"))

    def _clear(self) -> None:
        self.order: Records = np.zeros(0, np.int64)
        self.side = 72
        self.marks = GridMarks()
        self.describe: Callable[[int], str] = str
        self.nothing = ""
        """Message in place of thumbnails where there are none."""
        """Returns a record's description, for screen readers."""
        self._version = 0
        self._geometry = GridGeometry()
        self._rows: OrderedDict[int, tuple[QImage, Bytes]] = OrderedDict()
        self._asked = False
        self._current, self._anchor = _NO_PLACE, 0
        self._base: Flags = np.zeros(0, bool)
        self._pressed: QPoint | None = None
        self._band: QRect | None = None
        self._pulling = False
        """Whether the press was on a selected record, which may be dragged."""

    # --- contents

    def show_order(self, order: Records, current: int) -> None:
        """Show records in this order, scrolled to the current one if it is there."""
        self.order = order
        places = np.flatnonzero(order == current)  # -1, no record, is never found
        self._current = int(places[0]) if len(places) else _NO_PLACE
        self._anchor = max(0, self._current)
        self._renew()
        if self._current == _NO_PLACE:
            self.verticalScrollBar().setValue(0)
        else:
            self._show_place(self._current)

    def add_records(self, order: Records) -> None:
        """Append records, without moving anything."""
        full = len(self.order) // self._geometry.columns
        self.order = order
        for row in [row for row in self._rows if row >= full]:
            del self._rows[row]
        self._measure()
        self._ask()

    def set_marks(self, marks: GridMarks) -> None:
        """Set the marks of selected and wrong records."""
        self.marks = marks
        self.viewport().update()

    def set_current(self, record: int) -> None:
        """Make a record current and scroll to it, if it is shown."""
        here = self._current
        if record < 0 or (here != _NO_PLACE and self.order[here] == record):
            return
        places = np.flatnonzero(self.order == record)
        if len(places):
            self._current = self._anchor = int(places[0])
            self._show_place(self._current)

    def set_side(self, side: int) -> None:
        """Set the size of the thumbnails.

        The current record stays in view if it is visible; else the middle of the view
        stays.
        """
        side = min(LARGEST, max(SMALLEST, side))
        if side == self.side:
            return
        geometry = self._geometry
        middle = (self._offset + geometry.height // 2) // geometry.pitch
        kept = middle * geometry.columns
        seen = geometry.visible(self._offset)
        if self._current // geometry.columns in seen:
            kept = self._current
        self.side = side
        self._renew()
        geometry = self._geometry
        row = kept // geometry.columns
        top = row * geometry.pitch - (geometry.height - geometry.side) // 2
        self.verticalScrollBar().setValue(max(0, top))
        self.side_changed.emit(side)

    def put_rows(self, request: RowRequest, painted: list[Bytes]) -> None:
        """Accept requested rows; none where painting failed."""
        self._asked = False
        if request.version == self._version:
            for row, pixels in zip(request.rows, painted, strict=False):
                image = image_of(pixels).convertToFormat(QImage.Format.Format_RGB32)
                self._rows[row] = image, pixels
            self._forget()
            self.viewport().update()
        if painted or request.version != self._version:
            self._ask()

    @property
    def covered(self) -> bool:
        """Whether all rows in view are painted."""
        return all(r in self._rows for r in self._geometry.visible(self._offset))

    # --- Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Recompute the rows, keeping the record at the top."""
        super().resizeEvent(event)
        top = self._offset // self._geometry.pitch * self._geometry.columns
        columns = self._geometry.columns
        self._renew()
        if columns != self._geometry.columns:
            row = top // self._geometry.columns
            self.verticalScrollBar().setValue(row * self._geometry.pitch)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Paint at the new scroll offset."""
        del dx, dy
        self.viewport().update()
        self._ask()

    def changeEvent(self, event: QEvent) -> None:
        """Repaint in another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._renew()

    def _paint_nothing(self, painter: QPainter, tokens: Tokens) -> None:
        painter.resetTransform()
        painter.setPen(tokens.quiet)
        align = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.viewport().rect(), align, self.nothing)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Blit the rows in view, and draw marks on their cells."""
        del event
        tokens = tokens_of(self.palette())
        with QPainter(self.viewport()) as painter:
            painter.fillRect(self.viewport().rect(), tokens.backdrop)
            ratio = self.devicePixelRatioF()
            painter.scale(1 / ratio, 1 / ratio)
            geometry, offset = self._geometry, self._offset
            visible = geometry.visible(offset)
            first = visible.start * geometry.columns
            last = min(geometry.count, visible.stop * geometry.columns)
            part = GridPart(geometry, offset, first, self.order[first:last])
            for row in visible:
                there = self._rows.get(row)
                if there is not None:
                    self._rows.move_to_end(row)
                    painter.drawImage(
                        QPointF(0, row * geometry.pitch - offset), there[0]
                    )
                else:
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(tokens.line)
                    painter.drawRects(list(part.row(row)))
            current = self._current if self.hasFocus() else _NO_PLACE
            paint_marks(painter, part, self.marks, tokens, current)
            if self._band is not None:
                self._paint_band(painter)
            if not len(self.order) and self.nothing:
                self._paint_nothing(painter, tokens)

    def _paint_band(self, painter: QPainter) -> None:
        accent = self.palette().highlight().color()
        painter.setPen(accent)
        accent.setAlpha(48)
        painter.setBrush(accent)
        band = self._band
        if band is not None:
            painter.drawRect(band.translated(0, -self._offset))

    # --- layout

    @property
    def _offset(self) -> int:
        return self.verticalScrollBar().value()

    def _measure(self) -> None:
        ratio, view = self.devicePixelRatioF(), self.viewport().size()
        self._geometry = geometry = GridGeometry.fitted(
            len(self.order),
            round(self.side * ratio),
            round(_GAP * ratio),
            (round(view.width() * ratio), round(view.height() * ratio)),
        )
        bar = self.verticalScrollBar()
        bar.setRange(0, geometry.deepest)
        bar.setPageStep(geometry.height)
        bar.setSingleStep(max(1, geometry.pitch // _LINE))

    def _renew(self) -> None:
        """Discard the painted rows, after order, size or color changed."""
        self._version += 1
        self._rows.clear()
        self._measure()
        self.viewport().update()
        self._ask()

    def _ask(self) -> None:
        """Request the rows in view, then those just beyond it."""
        if self._asked or not self.isVisible():
            return
        geometry = self._geometry
        wanted = [r for r in geometry.visible(self._offset) if r not in self._rows]
        if not wanted:
            near = geometry.visible(self._offset, geometry.rows_in_view)
            wanted = [row for row in near if row not in self._rows]
            wanted = wanted[: geometry.rows_in_view]
        if not wanted:
            return
        self._asked = True
        columns = geometry.columns
        records = [self.order[row * columns : (row + 1) * columns] for row in wanted]
        backdrop = tokens_of(self.palette()).backdrop
        layout = RowLayout(geometry.side, geometry.gap, geometry.width)
        color = backdrop.red(), backdrop.green(), backdrop.blue()
        self.rows_wanted.emit(
            RowRequest(self._version, tuple(wanted), tuple(records), layout, color)
        )

    def _forget(self) -> None:
        """Evict distant rows that exceed the cache's limit."""
        kept = sum(image.sizeInBytes() for image, _ in self._rows.values())
        near = self._geometry.visible(self._offset, self._geometry.rows_in_view)
        for row in [row for row in self._rows if row not in near]:
            if kept <= _CACHE_BYTES:
                return
            kept -= self._rows.pop(row)[0].sizeInBytes()

    def showEvent(self, event: QShowEvent) -> None:
        """Request the rows in view."""
        super().showEvent(event)
        self._ask()

    # --- keys

    def event(self, event: QEvent) -> bool:
        """Keep the grid's keys from the window's shortcuts."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(
            event, QKeyEvent
        ):
            shift = Qt.KeyboardModifier.ShiftModifier
            if event.key() in self._moves() and not event.modifiers() & ~shift:
                event.accept()
                return True
        return super().event(event)

    def _moves(self) -> dict[int, int]:
        """Return the offset by which each key moves."""
        geometry = self._geometry
        page = geometry.rows_in_view * geometry.columns
        key = Qt.Key
        return {
            key.Key_Left: -1,
            key.Key_Right: 1,
            key.Key_Up: -geometry.columns,
            key.Key_Down: geometry.columns,
            key.Key_PageUp: -page,
            key.Key_PageDown: page,
            key.Key_Home: -len(self.order),
            key.Key_End: len(self.order),
        }

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, select, open, zoom."""
        key, shift = event.key(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        moves = self._moves()
        if not len(self.order):
            super().keyPressEvent(event)
        elif key in moves:
            self._move(moves[key], extend=bool(shift), only=not control)
        elif key == Qt.Key.Key_A and control:
            self._edit(self.order)
        elif key == Qt.Key.Key_Space and self._current != _NO_PLACE:
            self._toggle(self._current)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(self._current)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.set_side(round(self.side * _ZOOM))
        elif key == Qt.Key.Key_Minus:
            self.set_side(round(self.side / _ZOOM))
        else:
            super().keyPressEvent(event)

    def _move(self, by: int, *, extend: bool, only: bool) -> None:
        """Move the current record; extend the selection, or replace it."""
        here = self._current
        target = 0 if here == _NO_PLACE else here + by
        target = max(0, min(len(self.order) - 1, target))
        self._go_to(target)
        if extend:
            self._edit(self._range(target))
        elif only:
            self._anchor = target
            self._edit(self.order[[target]])

    def _go_to(self, place: int) -> None:
        self._current = place
        self._show_place(place)
        record = int(self.order[place])
        self.setAccessibleDescription(self.describe(record))
        self.current_edited.emit(record)
        self.viewport().update()

    def _show_place(self, place: int) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(self._geometry.offset_showing(place, bar.value()))

    def _range(self, place: int) -> Records:
        first, last = sorted((min(self._anchor, len(self.order) - 1), place))
        return self.order[first : last + 1]

    def _activate(self, place: int) -> None:
        if 0 <= place < len(self.order):
            self.activated.emit(int(self.order[place]))

    # --- selecting

    def _edit(self, records: Records, base: Flags | None = None) -> None:
        """Emit a selection of records, added to those of ``base``."""
        flags = self.marks.empty() if base is None else base.copy()
        flags[records] = True
        self.selection_edited.emit(flags)

    def _toggle(self, place: int) -> None:
        flags = self.marks.selected.copy()
        flags[self.order[place]] ^= True
        self.selection_edited.emit(flags)

    def _selected(self, place: int) -> bool:
        return bool(self.marks.selected[self.order[place]])

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select; a drag becomes a rubber band or drags the selection."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        at = self._content_point(event.position())
        place = self._geometry.place_at(at.x(), at.y())
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        self._press(at, place, shift=bool(shift), control=bool(control))

    def _press(self, at: QPoint, place: int, *, shift: bool, control: bool) -> None:
        """Begin a drag at a position (-1 for a gap), and select its record."""
        self._pressed = at
        self._pulling = place >= 0 and self._selected(place) and not (shift or control)
        self._base = self.marks.selected if control else self.marks.empty()
        if place < 0:
            if not (control or shift):
                self._edit(np.zeros(0, np.int64))
        elif shift:
            self._go_to(place)
            self._edit(self._range(place), self._base)
        elif control:
            self._go_to(place)
            self._anchor = place
            self._toggle(place)
        else:
            self._go_to(place)
            self._anchor = place
            if not self._pulling:
                self._edit(self.order[[place]])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the rubber band, drag the selection, or emit what is under the mouse."""
        at = self._content_point(event.position())
        if self._pressed is None:
            place = self._geometry.place_at(at.x(), at.y())
            self.hovered.emit(int(self.order[place]) if place >= 0 else -1)
            return
        far = (at - self._pressed).manhattanLength()
        if self._band is None and far < QApplication.startDragDistance():
            return
        if self._pulling:
            self._pressed = None
            self.dragged.emit()
            return
        self._draw_band(at)
        if not self._autoscroll.isActive():
            self._autoscroll.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select only the clicked record, out of several."""
        if self._pulling and self._pressed is not None:
            place = self._geometry.place_at(self._pressed.x(), self._pressed.y())
            if place >= 0:
                self._edit(self.order[[place]])
        self._pressed, self._band, self._pulling = None, None, False
        self._autoscroll.stop()
        self.viewport().update()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the image."""
        at = self._content_point(event.position())
        self._activate(self._geometry.place_at(at.x(), at.y()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, resize the thumbnails."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            turns = event.angleDelta().y() / 120
            self.set_side(round(self.side * _ZOOM**turns))
            event.accept()
        else:
            super().wheelEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Select the record under the mouse, and request a menu."""
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            at = self._content_point(QPointF(event.pos()))
            place = self._geometry.place_at(at.x(), at.y())
            if place >= 0 and not self._selected(place):
                self._anchor = place
                self._edit(self.order[[place]])
                self._go_to(place)
        self.menu_wanted.emit(event.globalPos())

    def leaveEvent(self, event: QEvent) -> None:
        """Clear the hover state."""
        super().leaveEvent(event)
        self.hovered.emit(-1)

    def _draw_band(self, at: QPoint) -> None:
        if self._pressed is None:
            return
        self._band = band = QRect(self._pressed, at).normalized()
        places = self._geometry.places_within(
            band.left(), band.top(), band.right(), band.bottom()
        )
        self._edit(self.order[places], self._base)
        self.viewport().update()

    def _scroll_on(self) -> None:
        """Scroll while the rubber band is beyond the view."""
        at = self.viewport().mapFromGlobal(self.cursor().pos())
        beyond = at.y() - max(0, min(self.viewport().height(), at.y()))
        if beyond and self._band is not None:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + beyond)
            self._draw_band(self._content_point(QPointF(at)))

    def _content_point(self, at: QPointF) -> QPoint:
        """Convert a point of the widget to device px from the top of the first row."""
        ratio = self.devicePixelRatioF()
        return QPoint(int(at.x() * ratio), int(at.y() * ratio) + self._offset)
