"""Text that is elided where it does not fit."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QToolButton,
    QWidget,
)

_LEAST_LETTERS = 6
"""Minimum number of letters that a button shows next to its icon."""


_MOST_LETTERS = 48
"""Maximum number of letters of an external name in a button; longer ones are elided in
the middle.
"""


def cut(text: str) -> str:
    """Elide the middle of a very long name."""
    half = _MOST_LETTERS // 2
    return text if len(text) <= _MOST_LETTERS else f"{text[:half]}…{text[-half:]}"


class ElidedLabel(QLabel):
    """Single-line label that elides its text.

    Args:
        parent: Qt parent.
        align: left or right.
        elide: side that is elided.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignRight,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__(parent)
        self._elide = elide
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAlignment(align | Qt.AlignmentFlag.AlignVCenter)

    def minimumSizeHint(self) -> QSize:
        """Return the height of one line, and no width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text that fits."""
        # Qt repaints only the contents' rectangle when the text changes.
        place, metrics = self.contentsRect(), self.fontMetrics()
        words = metrics.elidedText(self.text(), self._elide, place.width())
        with QPainter(self) as painter:
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.drawText(place, self.alignment(), words)
            event.accept()


class ElidedButton(QToolButton):
    """Icon button that elides its text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Return room for the icon and a few letters."""
        whole = self.sizeHint()
        letters = _LEAST_LETTERS * self.fontMetrics().averageCharWidth()
        return QSize(min(whole.width(), self._frame() + letters), whole.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text that fits."""
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        room = max(0, self.width() - self._frame() + 2)
        middle = Qt.TextElideMode.ElideMiddle
        option.text = self.fontMetrics().elidedText(self.text(), middle, room)
        control = QStyle.ComplexControl.CC_ToolButton
        with QPainter(self) as painter:
            self.style().drawComplexControl(control, option, painter, self)
        event.accept()

    def _frame(self) -> int:
        """Return the width of everything but the text, px."""
        words = self.fontMetrics().horizontalAdvance(self.text())
        return max(self.iconSize().width(), self.sizeHint().width() - words)
