"""Formula in one line, as large as fits."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnviz.gui.views.tokens import SPACE, tokens_of
from nnviz.render.drawings.formulas import fitted_mask, rgba

_LETTERS = 1.45
"""Font size relative to the program's own."""
_LINES = 2.6


class FormulaLine(QWidget):
    """Widget that paints mathtext; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formula = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Formula"))
        self.hide()

    @property
    def formula(self) -> str:
        """The shown mathtext."""
        return self._formula

    def show_formula(self, formula: str) -> None:
        """Show a formula; "" hides the line."""
        self._formula = formula
        self.setAccessibleDescription(formula)
        self.setVisible(bool(formula))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of one line."""
        return QSize(0, round(_LINES * self.fontInfo().pixelSize()))

    def changeEvent(self, event: QEvent) -> None:
        """Adapt to a change of font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the formula, centered."""
        image = self._image()
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), tokens_of(self.palette()).backdrop)
            if image is not None:
                ratio = image.devicePixelRatio()
                left = (self.width() - image.width() / ratio) / 2
                top = (self.height() - image.height() / ratio) / 2
                painter.drawImage(QPointF(left, top), image)

    def _image(self) -> QImage | None:
        """Return the formula in the text color; None where there is none."""
        if not self._formula:
            return None
        ratio = self.devicePixelRatioF()
        size = _LETTERS * self.fontInfo().pixelSize() * ratio
        mask = fitted_mask(self._formula, size, (self.width() - 2 * SPACE) * ratio)
        ink = tokens_of(self.palette()).text
        painted = np.ascontiguousarray(rgba(mask, (ink.red(), ink.green(), ink.blue())))
        height, width = mask.shape
        format_ = QImage.Format.Format_RGBA8888
        image = QImage(painted.data, width, height, 4 * width, format_).copy()
        image.setDevicePixelRatio(ratio)
        return image
