"""Small plot of a few curves."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.base.results import Curves
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.render.text.words import number

_WIDTH, _HEIGHT = 240, 132
_PEN = 2.0


class CurvePlot(QWidget):
    """Small plot of ``Curves`` with a heading, axis limits and names."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._curves: Curves | None = None
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_curves(self, curves: Curves | None) -> None:
        """Show curves; None for none."""
        self._curves = curves
        names = ", ".join(curves.series) if curves is not None else ""
        self.setAccessibleDescription(names)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of a legible plot."""
        return QSize(_WIDTH, _HEIGHT + 3 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Return the least usable size."""
        return QSize(_WIDTH // 2, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint heading, frame, curves, names."""
        curves = self._curves
        if curves is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            line = self.fontMetrics().height()
            top = max(float(np.max(each)) for each in curves.series.values()) or 1.0
            low = min(0.0, *(float(np.min(each)) for each in curves.series.values()))
            tick = max(
                self.fontMetrics().horizontalAdvance(number(each))
                for each in (top, low)
            )
            frame = QRectF(self.rect()).adjusted(
                tick + SPACE, line + 2 * SPACE, -SPACE, -2 * line - SPACE
            )
            self._paint_frame(painter, frame, (low, top), curves)
            for index, values in enumerate(curves.series.values()):
                painter.setPen(QPen(self._color(index), _PEN))
                painter.drawPolyline(_line(curves, values, frame, (low, top)))
            self._paint_names(painter, frame, curves)

    def _color(self, place: int) -> QColor:
        return tokens_of(self.palette()).series(place)

    def _paint_frame(
        self,
        painter: QPainter,
        frame: QRectF,
        limits: tuple[float, float],
        curves: Curves,
    ) -> None:
        tokens, line = tokens_of(self.palette()), self.fontMetrics().height()
        painter.setPen(tokens.text)
        painter.drawText(
            QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, self._title
        )
        painter.setPen(tokens.line)
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        painter.drawLine(frame.topLeft(), frame.bottomLeft())
        painter.setPen(tokens.quiet)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value, at in ((limits[1], frame.top()), (limits[0], frame.bottom())):
            room = QRectF(0, at - line / 2, frame.left() - SMALL_SPACE, line)
            painter.drawText(room, right, number(value))
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), line)
        metrics = self.fontMetrics()
        words = metrics.elidedText(
            curves.x_label, Qt.TextElideMode.ElideRight, int(frame.width())
        )
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, words)

    def _paint_names(self, painter: QPainter, frame: QRectF, curves: Curves) -> None:
        metrics = self.fontMetrics()
        left = frame.left()
        for index, name in enumerate(curves.series):
            painter.setPen(self._color(index))
            width = metrics.horizontalAdvance(name)
            room = QRectF(left, self.height() - metrics.height(), width + 2, 99)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, name)
            left += width + 2 * SPACE


def _line(
    curves: Curves, values: object, frame: QRectF, limits: tuple[float, float]
) -> QPolygonF:
    """Convert a curve to the widget's pixels."""
    x = np.asarray(curves.x, np.float64)
    y = np.asarray(values, np.float64)
    across = (x - x[0]) / ((x[-1] - x[0]) or 1)
    up = (y - limits[0]) / ((limits[1] - limits[0]) or 1)
    return QPolygonF(
        [
            QPointF(
                frame.left() + float(a) * frame.width(),
                frame.bottom() - float(b) * frame.height(),
            )
            for a, b in zip(across, up, strict=True)
        ]
    )
