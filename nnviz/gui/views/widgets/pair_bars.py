"""Bar charts of the same classes before and after, side by side."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.base.results import Ranking
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.render.bars import HEADS
from nnviz.render.text.words import percent

_BAR = 4
_GAP = 2 * SPACE
_NUMBER = "100.0 %"
"""The widest number, for constant column widths."""


class PairBars(QWidget):
    """Bars of a ranking and its earlier values.

    Signals:
        chosen: the index, in the network's output, of a class that was clicked.
        menu_wanted: the index of a class whose context menu was requested, and its
            position on the screen.
    """

    chosen = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, rows: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._ranking: Ranking | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setAccessibleName(self.tr("Predictions before and after"))

    def show_ranking(self, ranking: Ranking | None) -> None:
        """Show the top of a ranking; clear the chart for None.

        The earlier top class is shown even if it now ranks low.
        """
        self._ranking = ranking
        self.setAccessibleDescription("; ".join(self.lines()))
        self.update()

    def lines(self) -> list[str]:
        """Return the rows as text: "tabby: 82.1 % before, 0.3 % after"."""
        ranking = self._ranking
        if ranking is None or ranking.earlier is None:
            return []
        words = self.tr("{0}: {1} before, {2} after")
        earlier, later = ranking.earlier, ranking.values
        return [
            words.format(
                ranking.labels[n], percent(float(earlier[n])), percent(float(later[n]))
            )
            for n in self._places()
        ]

    def _places(self) -> list[int]:
        """Return the positions of the shown rows in the ranking."""
        ranking = self._ranking
        if ranking is None or ranking.earlier is None:
            return []
        places = list(range(min(self._rows, len(ranking.labels))))
        first = int(ranking.earlier.argmax())
        return places if first in places else [*places[:-1], first]

    def sizeHint(self) -> QSize:
        """Return the size of all rows."""
        return QSize(240, self._head() + self._rows * self._row_height())

    def minimumSizeHint(self) -> QSize:
        """Return a minimum that never cuts a row."""
        return QSize(180, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Emit the class of the clicked row."""
        index = self._index_at(event.position().y())
        if index is not None and event.button() is Qt.MouseButton.LeftButton:
            self.chosen.emit(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the context menu of the row under the mouse."""
        index = self._index_at(event.pos().y())
        if index is not None:
            self.menu_wanted.emit(index, event.globalPos())

    def _index_at(self, y: float) -> int | None:
        """Return the index of the class whose row is at a height, px."""
        row = int((y - self._head()) // self._row_height())
        places = self._places()
        if self._ranking is None or not 0 <= row < len(places):
            return None
        return int(self._ranking.indices[places[row]])

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint headings and rows."""
        ranking = self._ranking
        if ranking is None or ranking.earlier is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(tokens_of(self.palette()).quiet)
            for column, head in enumerate(HEADS):
                room = self._column(column, 0, float(self._head()))
                painter.drawText(room, Qt.AlignmentFlag.AlignLeft, head)
            for row, place in enumerate(self._places()):
                top = self._head() + row * self._row_height()
                self._paint_name(painter, ranking, place, top)
                top += self.fontMetrics().height()
                for column, values in enumerate((ranking.earlier, ranking.values)):
                    best = place == int(values.argmax())
                    room = self._column(column, top, float(self.fontMetrics().height()))
                    self._paint_bar(painter, room, float(values[place]), best=best)

    def _paint_name(
        self, painter: QPainter, ranking: Ranking, place: int, top: int
    ) -> None:
        metrics = self.fontMetrics()
        name = metrics.elidedText(
            ranking.labels[place], Qt.TextElideMode.ElideRight, self.width()
        )
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        room = QRectF(0, top, self.width(), metrics.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, name)

    def _paint_bar(
        self, painter: QPainter, room: QRectF, value: float, *, best: bool
    ) -> None:
        """Paint a track with its bar and number; the best of a column stands out."""
        palette, tokens = self.palette(), tokens_of(self.palette())
        wide = self.fontMetrics().horizontalAdvance(_NUMBER)
        painter.setPen(tokens.text if best else tokens.quiet)
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, align, percent(value))
        middle = room.center().y() - _BAR / 2
        track = QRectF(room.left(), middle, room.width() - wide - SMALL_SPACE, _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Button))
        painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
        painter.setBrush(
            palette.color(
                QPalette.ColorRole.Highlight if best else QPalette.ColorRole.Mid
            )
        )
        track.setWidth(max(float(_BAR), track.width() * min(1.0, max(0.0, value))))
        painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)

    def _column(self, column: int, top: float, height: float) -> QRectF:
        width = (self.width() - _GAP) / 2
        return QRectF(column * (width + _GAP), top, width, height)

    def _head(self) -> int:
        return self.fontMetrics().height() + SMALL_SPACE

    def _row_height(self) -> int:
        return 2 * self.fontMetrics().height() + SPACE
