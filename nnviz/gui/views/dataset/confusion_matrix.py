"""Confusion matrix whose cells open their images."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.canvas.layers import image_of
from nnviz.gui.views.tokens import SPACE, Tokens, tokens_of
from nnviz.render.colormaps import apply
from nnviz.render.maps.classes import ink_on
from nnviz.render.text.words import percent

_NUMBERS_FROM = 26
"""Size of a cell from which its count is written into it, px."""
_LABELS_FROM = 11
"""Size of a cell from which rows and columns have names, px."""
_SMALLEST = 2
_NAME_SHARE = 0.22
"""Maximum fraction of the widget for names."""
_MOST_CELL = 64


class ConfusionMatrix(QWidget):
    """Confusion matrix: images by true class (rows) and prediction (columns)."""

    cell_chosen = Signal(int, int)
    """Row and column of a cell that was clicked, or on which Return was pressed."""
    hovered = Signal(str)
    """Text about the cell below the pointer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Confusion matrix"))
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._names: tuple[str, ...] = ()
        self._colors: NDArray[np.uint8] = np.zeros((1, 1, 3), np.uint8)
        self._cell = QPoint(0, 0)
        """Column and row of the keyboard's cell."""
        self._area = QRect()

    def show_counts(self, counts: NDArray[np.int64], names: tuple[str, ...]) -> None:
        """Show counts (k, k) and the names of the classes."""
        self._counts, self._names = counts, names
        self._color()
        self._cell = QPoint(0, 0)
        self._arrange()
        self.update()

    def words(self, row: int, column: int) -> str:
        """Return a cell's contents as text."""
        count = int(self._counts[row, column])
        whole = max(1, int(self._counts[row].sum()))
        text = self.tr("{0} classified as {1}: {2:,} of {3:,} ({4})")
        names = self._names[row], self._names[column]
        return text.format(*names, count, whole, percent(count / whole))

    def minimumSizeHint(self) -> QSize:
        """Return the least usable size; small cells have no names."""
        return QSize(160, 160)

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(480, 480)

    # --- layout

    def _color(self) -> None:
        """Color each cell by its share of the row."""
        sums = self._counts.sum(axis=1, keepdims=True)
        shares = self._counts / np.maximum(sums, 1)
        tokens = tokens_of(self.palette())
        name = "viridis" if tokens.dark else "ink"
        # The square root makes rare confusions visible; the count is exact.
        self._colors = apply(np.sqrt(shares).astype(np.float32), name, 0.0, 1.0)
        empty = tokens.surface
        rgb = (empty.red(), empty.green(), empty.blue())
        self._colors[self._counts == 0] = rgb

    def _arrange(self) -> None:
        size = len(self._counts)
        if not size:
            self._area = QRect()
            return
        line = self.fontMetrics().height() + SPACE
        most = round(_NAME_SHARE * min(self.width(), self.height()))
        longest = max(map(self.fontMetrics().horizontalAdvance, self._names))
        names = min(most, longest + SPACE)
        room = min(self.width(), self.height()) - line - names - SPACE
        cell = room / size
        if cell < _LABELS_FROM:
            names = 0
            room = min(self.width(), self.height()) - line - SPACE
            cell = room / size
        cell = min(_MOST_CELL, cell if cell < _SMALLEST else int(cell))
        side = max(1, round(cell * size))
        self._area = QRect(line + names, line + names, side, side)

    @property
    def _step(self) -> float:
        return self._area.width() / max(1, len(self._counts))

    def _rect(self, row: int, column: int) -> QRectF:
        step = self._step
        left, top = self._area.left() + column * step, self._area.top() + row * step
        return QRectF(left, top, step, step)

    def _cell_at(self, at: QPoint) -> tuple[int, int] | None:
        if not self._area.contains(at) or not len(self._counts):
            return None
        inside = at - self._area.topLeft()
        last = len(self._counts) - 1
        row, column = int(inside.y() / self._step), int(inside.x() / self._step)
        return min(last, row), min(last, column)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Adapt the cells to the available room."""
        super().resizeEvent(event)
        self._arrange()

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint cells, counts, names and the current cell."""
        del event
        tokens = tokens_of(self.palette())
        with QPainter(self) as painter:
            if not len(self._counts):
                return
            painter.drawImage(QRectF(self._area), image_of(self._colors))
            painter.setPen(tokens.line)
            painter.drawRect(self._area.adjusted(-1, -1, 0, 0))
            if self._step >= _NUMBERS_FROM:
                self._paint_counts(painter)
            self._paint_names(painter, tokens)
            if self.hasFocus():
                painter.setPen(QPen(tokens.accent, 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self._rect(self._cell.y(), self._cell.x()))

    def _paint_counts(self, painter: QPainter) -> None:
        for row, column in zip(*np.nonzero(self._counts), strict=True):
            red, green, blue = self._colors[row, column].tolist()
            painter.setPen(QColor(*ink_on((red, green, blue))))
            words = str(self._counts[row, column])
            where = self._rect(int(row), int(column))
            painter.drawText(where, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_names(self, painter: QPainter, tokens: Tokens) -> None:
        """Draw the axis titles, and class names where they fit."""
        area, metrics = self._area, self.fontMetrics()
        painter.setPen(tokens.quiet)
        line = metrics.height() + SPACE
        above = QRect(area.left(), 0, max(area.width(), 120), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignVCenter, self.tr("predicted"))
        painter.save()
        painter.rotate(-90)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        beside = QRect(-area.top() - 120, 0, 120, line)
        painter.drawText(beside, middle, self.tr("true class"))
        painter.restore()
        room = area.left() - line - SPACE // 2
        if room > 0:
            painter.setPen(tokens.text)
            self._paint_classes(painter, line, room)

    def _paint_classes(self, painter: QPainter, line: int, room: int) -> None:
        """Draw each class name left of its row and above its column."""
        area, metrics = self._area, self.fontMetrics()
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        right = Qt.TextElideMode.ElideRight
        for n, name in enumerate(self._names):
            words, rect = metrics.elidedText(name, right, room), self._rect(n, n)
            where = QRectF(line, rect.top(), room, rect.height())
            painter.drawText(where, middle, words)
            painter.save()
            painter.translate(rect.center().x(), area.top() - SPACE // 2)
            painter.rotate(-90)
            high = rect.width()
            left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRectF(0, -high / 2, room, high), left, words)
            painter.restore()

    # --- mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the description of the cell under the mouse."""
        cell = self._cell_at(event.position().toPoint())
        words = self.words(*cell) if cell is not None else ""
        self.setToolTip(literal(words))
        self.hovered.emit(words)
        shape = (
            Qt.CursorShape.PointingHandCursor if cell else Qt.CursorShape.ArrowCursor
        )
        self.setCursor(shape)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the images of a cell."""
        cell = self._cell_at(event.position().toPoint())
        if cell is not None:
            self._go_to(*cell)
            self.cell_chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move between cells; Return opens the images."""
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        key = Qt.Key(event.key())
        if not len(self._counts):
            super().keyPressEvent(event)
        elif key in moves:
            down, right = moves[key]
            last = len(self._counts) - 1
            row = max(0, min(last, self._cell.y() + down))
            self._go_to(row, max(0, min(last, self._cell.x() + right)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.cell_chosen.emit(self._cell.y(), self._cell.x())
        else:
            super().keyPressEvent(event)

    def _go_to(self, row: int, column: int) -> None:
        self._cell = QPoint(column, row)
        words = self.words(row, column)
        self.setAccessibleDescription(words)
        self.hovered.emit(words)
        self.update()
