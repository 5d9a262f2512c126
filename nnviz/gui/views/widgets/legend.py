"""Legend: a color bar with range and unit, and controls beside it."""

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from nnviz.gui.layout.flow import Flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.canvas.layers import image_of
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, Tokens, tokens_of
from nnviz.render import colormaps
from nnviz.render.colormaps import Scale
from nnviz.render.text.words import number

_BAR = 128
_THICK = 8
_LEAST_LEGEND = 200
"""Minimum width of the legend's first line, px; else the controls go below."""


class Legend(QWidget):
    """Color bar with low end, high end and unit, and remarks below.

    The height is constant, so that nothing moves when a remark appears.

    Args:
        parent: as for all widgets.
        lines: 1 writes remarks after the unit, 2 below.
    """

    def __init__(self, parent: QWidget | None = None, lines: int = 2) -> None:
        super().__init__(parent)
        self._lines = lines
        self._scale: Scale | None = None
        self._whole: Scale | None = None
        self._colors = False
        self._colormap = ""
        self._reserved = 0
        self._unit = ""
        self._remark = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Color scale"))

    def set_scale(
        self,
        scale: Scale | None,
        unit: str,
        remark: str = "",
        whole: Scale | None = None,
        *,
        colors: bool = False,
        colormap: str = "",
    ) -> None:
        """Set the color scale.

        Args:
            scale: the range; None where each tile has its own.
            unit: of the values.
            remark: further remarks.
            whole: the range of all values, where ``scale`` clips some.
            colors: whether the values are colors themselves, stretched to the range.
            colormap: a name; the theme's for the kind of numbers if empty.
        """
        self._scale, self._unit, self._remark = scale, unit, remark
        self._whole, self._colors = whole, colors
        self._colormap = colormap
        words = [*self._span(), *self._remarks()]
        self.setAccessibleDescription(" ".join(words))
        self.setToolTip(literal(" · ".join(words)))
        self.update()

    def set_lines(self, lines: int) -> None:
        """Set the number of lines: 2 puts remarks below the unit, 1 leaves them out."""
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()
            self.update()

    def reserve(self, width: int) -> None:
        """Reserve width at the end of the first line for controls, px."""
        if width == self._reserved:
            return
        self._reserved = width
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of the lines."""
        pitch = self.fontMetrics().height() + SMALL_SPACE
        return QSize(_BAR * 2 + self._reserved, self._lines * pitch - SMALL_SPACE)

    def minimumSizeHint(self) -> QSize:
        """Return a minimum with which the bar stays, but text may go."""
        return QSize(_BAR, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint range, bar and text."""
        with QPainter(self) as painter:
            tokens = tokens_of(self.palette())
            x = 0
            bar = self._scale is not None and not self._scale.flat and not self._colors
            if bar and self._scale is not None:
                x = self._paint_scale(painter, self._scale, tokens) + 2 * SPACE
            unit_fits = self._lines == 1 or self._room(x, 0) >= self._length(self._unit)
            words = self._remarks()
            painter.setPen(tokens.quiet)
            if unit_fits:
                x = self._write(painter, x, 0, self._unit) + 2 * SPACE
            else:
                words.insert(0, self._unit)
            warn = bool(self._scale and self._scale.problem)
            painter.setPen(tokens.warning if warn else tokens.quiet)
            below = self._lines > 1
            self._write(painter, 0 if below else x, int(below), " · ".join(words))
            event.accept()

    def _paint_scale(self, painter: QPainter, scale: Scale, tokens: Tokens) -> int:
        """Paint low end, bar and high end; return the end of both."""
        painter.setPen(tokens.text)
        x = self._write(painter, 0, 0, number(scale.low)) + SPACE
        length = min(_BAR, max(32, (self.width() - self._reserved) // 3))
        self._paint_bar(painter, QRect(x, 0, length, self.fontMetrics().height()))
        painter.setPen(tokens.text)
        return self._write(painter, x + length + SPACE, 0, number(scale.high))

    def _write(self, painter: QPainter, x: int, line: int, text: str) -> int:
        """Draw text from x, elided at the edge; return where it ends."""
        metrics = self.fontMetrics()
        text = metrics.elidedText(
            text, Qt.TextElideMode.ElideRight, self._room(x, line)
        )
        width = self._length(text)
        top = line * (metrics.height() + SMALL_SPACE)
        area = QRect(x, top, width + 1, metrics.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
        return x + width

    def _room(self, x: int, line: int) -> int:
        return max(0, self.width() - x - (0 if line else self._reserved))

    def _length(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text)

    def _paint_bar(self, painter: QPainter, area: QRect) -> None:
        signed = bool(self._scale and self._scale.signed)
        tokens = tokens_of(self.palette())
        table = colormaps.table(self._colormap or tokens.colormap(signed=signed))
        strip = np.ascontiguousarray(table[None])
        bar = QRect(area.left(), area.center().y() - _THICK // 2, area.width(), _THICK)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, image_of(strip))
        if signed:
            painter.setPen(tokens.quiet)
            painter.drawLine(
                bar.center().x(), bar.top() - 3, bar.center().x(), bar.bottom() + 3
            )

    def _span(self) -> list[str]:
        """Return range and unit as text, for the tool tip and screen readers."""
        if self._scale is None:
            return [self._unit]
        middle = self.tr("zero in the middle") if self._scale.signed else ""
        parts = (_range(self._scale, "–"), self._unit, middle)
        return [part for part in parts if part]

    def _remarks(self) -> list[str]:
        """Return the remarks for the second line."""
        scale = self._scale
        if scale is None:
            return [self._remark] if self._remark else []
        clipped = ""
        if scale.clipped and self._whole is not None:
            share = scale.clipped.split("%", 1)[0] + "%"
            clipped = self.tr("clipped at {0}: {1} of {2}").format(
                share, _range(scale), _range(self._whole)
            )
        stretched = _stretch(scale) if self._colors and not scale.flat else ""
        parts = (stretched, clipped, scale.problem, self._remark)
        return [part for part in parts if part]


class LegendBar(QWidget):
    """Legend with controls at the end of its first line."""

    def __init__(self, legend: Legend, *controls: QWidget) -> None:
        super().__init__()
        self._legend = legend
        self._line = Flow(2 * SPACE)
        for widget in controls:
            self._line.addWidget(widget)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(SPACE, SPACE, SPACE, SMALL_SPACE)
        self._grid.setSpacing(SMALL_SPACE)
        self._grid.addWidget(legend, 0, 0)
        corner = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
        self._grid.addLayout(self._line, 0, 0, corner)
        self._below = False
        legend.lower()

    def minimumSizeHint(self) -> QSize:
        """Return the size needed with the controls on a line of their own."""
        margins = self._grid.contentsMargins()
        width = max(
            self._line.minimumSize().width(), self._legend.minimumSizeHint().width()
        )
        height = self._grid.minimumSize().height()
        if self.width():
            height = max(height, self._grid.minimumHeightForWidth(self.width()))
        return QSize(width + margins.left() + margins.right(), height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the controls below the legend where both do not fit on one line."""
        super().resizeEvent(event)
        self.rearrange()
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def event(self, event: QEvent) -> bool:
        """Update the layout when controls come, go or grow."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.rearrange()
        return super().event(event)

    def rearrange(self) -> None:
        """Place the controls, reserving width in the legend's first line."""
        needed = self._line.sizeHint().width() + 2 * SPACE
        below = self.width() - 2 * SPACE < needed + _LEAST_LEGEND
        self._legend.reserve(0 if below else needed)
        if below != self._below:
            self._below = below
            self._grid.removeItem(self._line)
            place = Qt.AlignmentFlag.AlignTop
            side = Qt.AlignmentFlag.AlignLeft if below else Qt.AlignmentFlag.AlignRight
            self._grid.addLayout(self._line, int(below), 0, place | side)


def _range(scale: Scale, between: str = "…") -> str:
    return f"{number(scale.low)} {between} {number(scale.high)}"


def _stretch(scale: Scale) -> str:
    """Return how numbers map to colors, as text."""
    if scale.signed:
        signed = QCoreApplication.translate("Legend", "±{0}, zero is middle gray")
        return signed.format(number(scale.high))
    words = QCoreApplication.translate("Legend", "{0} to {1}, dark to bright")
    return words.format(number(scale.low), number(scale.high))
