"""Bar chart of a ranking, painted as a whole and accessible to screen readers."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.base.results import Ranking
from nnviz.gui.theme.manager import GRID
from nnviz.gui.views.tokens import tokens_of

_BAR = 3
_INSET = 4
"""Inset on both sides, px, for the frame around the keyboard's row."""
_UNNAMED = frozenset(("logit", "output"))
"""Units that are not written: those of raw outputs."""
_CHOOSING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Bars(QWidget):
    """Bar chart of a ranking: a name, a number and a bar on each row.

    If the chart accepts the focus, Up, Down, Home and End move between rows; Enter and
    the space bar act like a click.

    Signals:
        chosen: the index, in the network's output, of a class that was clicked.
        menu_wanted: the index of a class whose context menu was requested, and its
            position on the screen, px.
    """

    chosen = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, rows: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._ranking: Ranking | None = None
        self._stale = False
        self._current = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAccessibleName(self.tr("Predictions"))

    def show_ranking(self, ranking: Ranking | None) -> None:
        """Show the top of a ranking; clear the chart for None."""
        self._ranking = ranking
        self._stale = False
        self._go(self._current)

    def set_stale(self) -> None:
        """Gray the bars out while a newer ranking is being computed."""
        self._stale = True
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Emit the class of the clicked row."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        place = int(event.position().y() // self._row_height())
        if 0 <= place < len(self.lines()):
            self._go(place)
            self._choose()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the context menu of the row under the mouse or with the focus."""
        at = event.pos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            at = QPoint(self.width() // 2, self._current * self._row_height())
        place = at.y() // self._row_height()
        if self._ranking is not None and 0 <= place < len(self.lines()):
            index = int(self._ranking.indices[place])
            self.menu_wanted.emit(index, self.mapToGlobal(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move to another row, or choose the focused row's class."""
        last = len(self.lines()) - 1
        places = {
            Qt.Key.Key_Up: self._current - 1,
            Qt.Key.Key_Down: self._current + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(event.key())
        if last >= 0 and key in places:
            self._go(places[key])
        elif last >= 0 and key in _CHOOSING:
            self._choose()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focused row."""
        super().focusInEvent(event)
        self._go(self._current)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Restore the accessible text of all rows."""
        super().focusOutEvent(event)
        self._go(self._current)

    def _go(self, place: int) -> None:
        """Focus a row."""
        lines = self.lines()
        self._current = min(max(place, 0), max(len(lines) - 1, 0))
        told = lines[self._current : self._current + 1] if self.hasFocus() else lines
        self.setAccessibleDescription("; ".join(told))
        self.update()

    def _choose(self) -> None:
        if self._ranking is not None:
            self.chosen.emit(int(self._ranking.indices[self._current]))

    def lines(self) -> list[str]:
        """Return the rows as text: "tabby cat 71.3 %"."""
        if self._ranking is None:
            return []
        pairs = zip(self._ranking.labels, self._ranking.values, strict=True)
        return [
            f"{name} {_written(float(value), self._ranking.unit)}"
            for name, value in list(pairs)[: self._rows]
        ]

    def sizeHint(self) -> QSize:
        """Return the size of all rows."""
        return QSize(200, self._rows * self._row_height())

    def minimumSizeHint(self) -> QSize:
        """Return a minimum that never cuts a row."""
        return QSize(120, self._rows * self._row_height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the rows."""
        if self._ranking is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setOpacity(0.45 if self._stale else 1)
            count = min(self._rows, len(self._ranking.labels))
            for index in range(count):
                self._paint_row(painter, self._ranking, index)
            if self.hasFocus():
                self._paint_focus(painter)

    def _paint_focus(self, painter: QPainter) -> None:
        """Draw the focus frame around the focused row."""
        height = self._row_height()
        frame = QRectF(0, self._current * height, self.width(), height - GRID)
        painter.setOpacity(1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1))
        painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), _BAR, _BAR)

    def _paint_row(self, painter: QPainter, ranking: Ranking, place: int) -> None:
        metrics, palette = self.fontMetrics(), self.palette()
        top = place * self._row_height()
        value = float(ranking.values[place])
        number = _written(value, ranking.unit)
        room = QRectF(_INSET, top, self.width() - 2 * _INSET, metrics.height())
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        if place:
            painter.setPen(tokens_of(palette).quiet)
        align = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, align | Qt.AlignmentFlag.AlignRight, number)
        width = room.width() - metrics.horizontalAdvance(number) - 2 * GRID
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        name = metrics.elidedText(
            ranking.labels[place], Qt.TextElideMode.ElideRight, int(width)
        )
        painter.drawText(room, align | Qt.AlignmentFlag.AlignLeft, name)
        track = QRectF(_INSET, top + metrics.height() + GRID / 2, room.width(), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Button))
        painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
        best = place == int(ranking.values.argmax())
        role = QPalette.ColorRole.Highlight if best else QPalette.ColorRole.Mid
        painter.setBrush(palette.color(role))
        track.setWidth(max(float(_BAR), track.width() * _share(ranking, value)))
        painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + _BAR + 2 * GRID


def _share(ranking: Ranking, value: float) -> float:
    """Return the filled share of a bar's track, 0 to 1."""
    low, high = ranking.limits or (0.0, max(1e-12, float(ranking.values.max())))
    return min(1.0, max(0.0, (value - low) / max(1e-12, high - low)))


def _written(value: float, unit: str) -> str:
    """Return a value as text, with the unit of a regression ("3.14 mm")."""
    if unit == "probability":
        return f"{100 * value:.1f} %"
    return f"{value:.2f}" if unit in _UNNAMED else f"{value:.2f} {unit}"
