"""What the colours mean: a bar with the real range and the unit."""

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.gui.views.layers import image_of
from nnviz.gui.views.tokens import SPACE, tokens_of
from nnviz.render import colormaps
from nnviz.render.colormaps import Scale
from nnviz.render.words import number

_BAR = 160
_THICK = 8


class Legend(QWidget):
    """One line: low end, colours, high end, unit and remarks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale: Scale | None = None
        self._unit = ""
        self._remark = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Colour scale"))

    def set_scale(self, scale: Scale | None, unit: str, remark: str = "") -> None:
        """Show a range.

        Args:
            scale: the range; None where each tile has its own.
            unit: of the values.
            remark: what else must be known.
        """
        self._scale, self._unit, self._remark = scale, unit, remark
        self.setAccessibleDescription(" ".join(self._words()))
        self.setToolTip(" · ".join(self._words()))
        self.update()

    def sizeHint(self) -> QSize:
        """Ask for one line of text."""
        return QSize(_BAR * 2, self.fontMetrics().height() + SPACE)

    def minimumSizeHint(self) -> QSize:
        """Leave out the words rather than the bar."""
        return QSize(_BAR, self.fontMetrics().height() + SPACE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ends, bar and words."""
        painter = QPainter(self)
        tokens = tokens_of(self.palette())
        metrics = self.fontMetrics()
        x = 0
        if self._scale is not None and not self._scale.flat:
            low, high = number(self._scale.low), number(self._scale.high)
            painter.setPen(tokens.text)
            x = self._write(painter, x, low) + SPACE
            length = min(_BAR, max(32, self.width() // 3))
            self._paint_bar(painter, QRect(x, 0, length, self.height()))
            painter.setPen(tokens.text)
            x = self._write(painter, x + length + SPACE, high) + 2 * SPACE
        warn = bool(self._scale and self._scale.problem)
        painter.setPen(tokens.warning if warn else tokens.quiet)
        words = " · ".join(self._words()[1:])
        room = max(0, self.width() - x)
        self._write(
            painter, x, metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
        )
        event.accept()

    def _write(self, painter: QPainter, x: int, text: str) -> int:
        """Write text from x on; return where it ends."""
        width = self.fontMetrics().horizontalAdvance(text)
        area = QRect(x, 0, width + 1, self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
        return x + width

    def _paint_bar(self, painter: QPainter, area: QRect) -> None:
        signed = bool(self._scale and self._scale.signed)
        table = colormaps.table(colormaps.default_map(signed=signed))
        strip = np.ascontiguousarray(table[None])
        bar = QRect(area.left(), area.center().y() - _THICK // 2, area.width(), _THICK)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, image_of(strip))
        if signed:
            painter.setPen(tokens_of(self.palette()).quiet)
            painter.drawLine(
                bar.center().x(), bar.top() - 3, bar.center().x(), bar.bottom() + 3
            )

    def _words(self) -> list[str]:
        """Return the range and the remarks, for the tool tip and screen readers."""
        scale = self._scale
        if scale is None:
            return ["", self._unit, self._remark]
        clipped = self.tr("spans %s") % scale.clipped if scale.clipped else ""
        zero = self.tr("zero in the middle") if scale.signed else ""
        span = f"{number(scale.low)} – {number(scale.high)}"  # noqa: RUF001
        parts = (self._unit, zero, clipped, scale.problem, self._remark)
        return [span, *(part for part in parts if part)]
