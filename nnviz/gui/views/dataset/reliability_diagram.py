"""Reliability diagram: accuracy as a function of confidence."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from nnviz.base.dataset.mistakes import Reliability
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.tokens import SPACE, Tokens, tokens_of
from nnviz.render.text.words import percent

_HISTOGRAM = 0.18
"""Fraction of the height for the histogram of images."""
_LARGEST = 520
_FAINT = 70
_HALF = 0.5


class ReliabilityDiagram(QWidget):
    """Accuracy by confidence bin; a calibrated network's bars end on the diagonal.

    Lower bars mean overconfidence, higher ones underconfidence.  Below is the histogram
    of the number of images in each bin.
    """

    bin_chosen = Signal(float, float)
    """Lowest and highest confidence of a bar that was clicked."""
    hovered = Signal(str)
    """Text about the bar below the pointer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Reliability diagram"))
        self._shown: Reliability | None = None
        self._current = 0

    def show_reliability(self, shown: Reliability | None) -> None:
        """Show bins; None for none."""
        self._shown = shown
        self._current = 0
        self.update()

    def words(self, place: int) -> str:
        """Return a bar's contents as text."""
        shown = self._shown
        if shown is None:
            return ""
        low, high = self._span(place)
        span = f"{percent(low)} – {percent(high)}"
        if not shown.counts[place]:
            return self.tr("confidence {0}: no images").format(span)
        return self.tr(
            "confidence {0}: {1:,} images, mean confidence {2}, accuracy {3}"
        ).format(
            span,
            shown.counts[place],
            percent(float(shown.confidences[place])),
            percent(float(shown.accuracies[place])),
        )

    def minimumSizeHint(self) -> QSize:
        """Return the least usable size."""
        return QSize(160, 160)

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(480, 480)

    # --- layout

    def _areas(self) -> tuple[QRectF, QRectF]:
        """Return the rectangles of the bars, and of the counts below them."""
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("100 %") + 2 * SPACE + metrics.height()
        below = 2 * metrics.height() + 2 * SPACE
        width = min(_LARGEST, self.width() - left - 2 * SPACE)
        height = min(_LARGEST, self.height() - below - 2 * SPACE)
        counts = _HISTOGRAM * height
        whole = max(10.0, width), max(10.0, height - counts - SPACE)
        bars = QRectF(left, SPACE, *whole)
        return bars, QRectF(left, bars.bottom() + SPACE, whole[0], counts)

    def _span(self, place: int) -> tuple[float, float]:
        count = len(self._shown.counts) if self._shown is not None else 1
        return place / count, (place + 1) / count

    def _bin_at(self, x: float) -> int:
        bars, _ = self._areas()
        if self._shown is None or not bars.left() <= x < bars.right():
            return -1
        return int((x - bars.left()) / bars.width() * len(self._shown.counts))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint bars, diagonal, axes and counts."""
        del event
        tokens, shown = tokens_of(self.palette()), self._shown
        with QPainter(self) as painter:
            if shown is None:
                painter.setPen(tokens.quiet)
                words = self.tr("The index holds no confidence.")
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
                return
            bars, counts = self._areas()
            painter.fillRect(bars.united(counts), tokens.backdrop)
            self._paint_bars(painter, bars, tokens, shown)
            self._paint_counts(painter, counts, tokens, shown)
            self._paint_axes(painter, bars, counts, tokens)
            if self.hasFocus():
                left = bars.left() + self._span(self._current)[0] * bars.width()
                width = bars.width() / len(shown.counts)
                painter.setPen(QPen(tokens.accent, 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(QRectF(left, bars.top(), width, bars.height()))

    def _paint_bars(
        self, painter: QPainter, area: QRectF, tokens: Tokens, shown: Reliability
    ) -> None:
        gap = QColor(tokens.negative)
        gap.setAlpha(_FAINT)
        width = area.width() / len(shown.counts)
        for place in np.flatnonzero(shown.counts).tolist():
            left = area.left() + place * width + 1
            reached = area.bottom() - float(shown.accuracies[place]) * area.height()
            wanted = area.bottom() - float(shown.confidences[place]) * area.height()
            bar = QRectF(left, reached, width - 2, area.bottom() - reached)
            painter.fillRect(bar, tokens.accent)
            top, high = min(reached, wanted), abs(reached - wanted)
            painter.fillRect(QRectF(left, top, width - 2, high), gap)
            painter.setPen(QPen(tokens.negative, 2))
            painter.drawLine(QPointF(left, wanted), QPointF(left + width - 2, wanted))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.quiet, 1, Qt.PenStyle.DashLine))
        painter.drawLine(area.bottomLeft(), area.topRight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _paint_counts(
        self, painter: QPainter, area: QRectF, tokens: Tokens, shown: Reliability
    ) -> None:
        most = max(1, int(shown.counts.max()))
        width = area.width() / len(shown.counts)
        for place in np.flatnonzero(shown.counts).tolist():
            high = float(shown.counts[place]) / most * area.height()
            left = area.left() + place * width + 1
            bar = QRectF(left, area.bottom() - high, width - 2, high)
            painter.fillRect(bar, tokens.quiet)

    def _paint_axes(
        self, painter: QPainter, bars: QRectF, counts: QRectF, tokens: Tokens
    ) -> None:
        painter.setPen(tokens.line)
        painter.drawRect(bars)
        painter.drawRect(counts)
        painter.setPen(tokens.quiet)
        self._paint_ticks(painter, bars, counts)
        line = self.fontMetrics().height()
        under = QRectF(bars.left(), counts.bottom() + line + 2, bars.width(), line)
        painter.drawText(under, Qt.AlignmentFlag.AlignHCenter, self.tr("confidence"))
        painter.save()
        painter.rotate(-90)
        beside = QRectF(-bars.bottom(), 0, bars.height(), line)
        painter.drawText(beside, Qt.AlignmentFlag.AlignHCenter, self.tr("accuracy"))
        painter.restore()

    def _paint_ticks(self, painter: QPainter, bars: QRectF, counts: QRectF) -> None:
        line = self.fontMetrics().height()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for share in (0.0, _HALF, 1.0):
            words = percent(share)
            y = bars.bottom() - share * bars.height()
            beside = QRectF(line, y - line / 2, bars.left() - line - 6, line)
            painter.drawText(beside, right, words)
            x = bars.left() + share * bars.width()
            below = QRectF(x - 40, counts.bottom() + 2, 80, line)
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, words)

    # --- mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the description of the bar under the mouse."""
        place = self._bin_at(event.position().x())
        words = self.words(place) if place >= 0 else ""
        self.setToolTip(literal(words))
        self.hovered.emit(words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the images of a bar."""
        place = self._bin_at(event.position().x())
        if place >= 0:
            self._go_to(place)
            self.bin_chosen.emit(*self._span(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move between bars; Return opens the images."""
        key = event.key()
        if self._shown is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            step = 1 if key == Qt.Key.Key_Right else -1
            last = len(self._shown.counts) - 1
            self._go_to(max(0, min(last, self._current + step)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.bin_chosen.emit(*self._span(self._current))
        else:
            super().keyPressEvent(event)

    def _go_to(self, place: int) -> None:
        self._current = place
        words = self.words(place)
        self.setAccessibleDescription(words)
        self.hovered.emit(words)
        self.update()
