"""Legend of a scatter plot: swatches of categories, or a color bar."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.gui.views.canvas.layers import image_of
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.render.colormaps import Scale, table
from nnviz.render.palette import Color
from nnviz.render.text.words import number

_BAR = 120


@dataclass(frozen=True, slots=True)
class ColorKey:
    """The contents of a color legend.

    Attributes:
        title: title of the column.
        swatches: color and name of categories.
        rest: number of further categories.
        scale: range of numbers; None for categories.
        color_map: name of the color map.
    """

    title: str = ""
    swatches: tuple[tuple[Color, str], ...] = ()
    rest: int = 0
    scale: Scale | None = None
    color_map: str = ""


class ColorLegend(QWidget):
    """Legend in one line; categories that do not fit are counted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = ColorKey()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Legend"))

    def show_key(self, key: ColorKey) -> None:
        """Show a legend."""
        self._key = key
        self.setAccessibleDescription(self._words())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        return QSize(200, self.fontMetrics().height() + 2 * SMALL_SPACE)

    def minimumSizeHint(self) -> QSize:
        """Return the height of one line, and no width."""
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the title, then swatches or color bar."""
        del event
        with QPainter(self) as painter:
            tokens, metrics = tokens_of(self.palette()), self.fontMetrics()
            painter.setPen(tokens.quiet)
            room = self.rect()
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self._key.title)
            left = metrics.horizontalAdvance(self._key.title) + 2 * SPACE
            painter.setPen(tokens.text)
            if self._key.scale is not None:
                self._paint_bar(painter, left, self._key.scale)
            else:
                self._paint_swatches(painter, left, tokens.quiet)

    def _paint_bar(self, painter: QPainter, left: int, scale: Scale) -> None:
        metrics, high = self.fontMetrics(), self.height()
        middle = Qt.AlignmentFlag.AlignVCenter
        for words in (number(scale.low), None, number(scale.high)):
            if words is None:
                colors = np.ascontiguousarray(table(self._key.color_map)[None])
                bar = QRectF(left, high / 2 - 4, _BAR, 8)
                painter.drawImage(bar, image_of(colors))
                left += _BAR + SPACE
            else:
                width = metrics.horizontalAdvance(words)
                painter.drawText(QRect(left, 0, width, high), middle, words)
                left += width + SPACE

    def _paint_swatches(self, painter: QPainter, left: int, quiet: QColor) -> None:
        metrics, high = self.fontMetrics(), self.height()
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        swatches, rest = self._key.swatches, self._key.rest
        for n, (color, name) in enumerate(swatches):
            width = metrics.horizontalAdvance(name)
            more = self.tr("+ {0}").format(len(swatches) - n + rest)
            last = n == len(swatches) - 1 and not rest
            spare = 0 if last else metrics.horizontalAdvance(more) + SPACE
            if left + SPACE + width + spare > self.width():
                painter.setPen(quiet)
                painter.drawText(QRect(left, 0, self.width(), high), middle, more)
                return
            painter.save()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(*color))
            painter.drawEllipse(QPointF(left + 4, high / 2), 4, 4)
            painter.restore()
            left += 3 * SMALL_SPACE
            painter.drawText(QRect(left, 0, width + 2, high), middle, name)
            left += width + 2 * SPACE
        if rest:
            painter.setPen(quiet)
            words = self.tr("+ {0}").format(rest)
            painter.drawText(QRect(left, 0, self.width(), high), middle, words)

    def _words(self) -> str:
        key = self._key
        if key.scale is not None:
            span = number(key.scale.low), number(key.scale.high)
            return self.tr("{0} from {1} to {2}").format(key.title, *span)
        return f"{key.title}: " + ", ".join(name for _, name in key.swatches)
