"""Line plot of recent scores, against the score of the whole image."""

from collections import deque

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.gui.views.tokens import SMALL_SPACE, tokens_of

_POINTS = 240
_HEIGHT = 72
_PEN = 1.5


class ScoreTrace(QWidget):
    """Plot of a score while something is moved."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._scores: deque[float] = deque(maxlen=_POINTS)
        self._whole = 0.0
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def add(self, score: float, whole: float) -> None:
        """Add a score, and the score of the whole image."""
        self._scores.append(score)
        self._whole = whole
        self.setAccessibleDescription(f"{score:.3g}")
        self.update()

    def clear(self) -> None:
        """Clear the plot."""
        self._scores.clear()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for the heading and the line."""
        return QSize(160, _HEIGHT + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Return the least usable size."""
        return QSize(60, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the heading, the whole image's score and the recent scores."""
        tokens, line = tokens_of(self.palette()), self.fontMetrics().height()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(tokens.quiet)
            head = QRectF(0, 0, self.width(), line)
            painter.drawText(head, Qt.AlignmentFlag.AlignLeft, self._title)
            room = QRectF(self.rect()).adjusted(0, line + SMALL_SPACE, 0, -SMALL_SPACE)
            if not self._scores:
                return
            low = min(0.0, self._whole, *self._scores)
            high = max(self._whole, *self._scores)
            span = (high - low) or 1.0

            def level(score: float) -> float:
                return room.bottom() - (score - low) / span * room.height()

            painter.setPen(QPen(tokens.line, 1, Qt.PenStyle.DashLine))
            at = level(self._whole)
            painter.drawLine(QPointF(room.left(), at), QPointF(room.right(), at))
            painter.setPen(QPen(tokens.accent, _PEN))
            step = room.width() / (_POINTS - 1)
            points = [
                QPointF(room.left() + index * step, level(score))
                for index, score in enumerate(self._scores)
            ]
            painter.drawPolyline(QPolygonF(points))
