"""Text that is elided where it does not fit."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QToolButton,
    QToolTip,
    QWidget,
)

from nnviz.gui.layout.plain_text import literal

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

    def shown(self) -> tuple[QFont, str]:
        """Return the font and the text to paint."""
        metrics, room = self.fontMetrics(), self.contentsRect().width()
        return self.font(), metrics.elidedText(self.text(), self._elide, room)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text that fits."""
        # Qt repaints only the contents' rectangle when the text changes.
        font, words = self.shown()
        with QPainter(self) as painter:
            painter.setFont(font)
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.drawText(self.contentsRect(), self.alignment(), words)
            event.accept()

    def event(self, event: QEvent) -> bool:
        """Show the full text as a tool tip if it is elided and has no other one."""
        if (
            isinstance(event, QHelpEvent)
            and event.type() is QEvent.Type.ToolTip
            and not self.toolTip()
            and self.shown()[1] != self.text()
        ):
            QToolTip.showText(event.globalPos(), literal(self.text()), self)
            return True
        return super().event(event)


class ShrinkingLabel(ElidedLabel):
    """Title whose font shrinks before its text is elided."""

    _LEAST = 11
    """Minimum font size, px; text of the default size is not reduced."""

    def shown(self) -> tuple[QFont, str]:
        """Return the largest font in which the text fits, and the text."""
        font, room = QFont(self.font()), self.contentsRect().width()
        while font.pixelSize() > self._LEAST:
            if QFontMetrics(font).horizontalAdvance(self.text()) < room:
                break
            font.setPixelSize(font.pixelSize() - 1)
        metrics = QFontMetrics(font)
        return font, metrics.elidedText(self.text(), self._elide, room)


class ShorteningLabel(ElidedLabel):
    """Single-line label with shorter variants of its text for narrow widths."""

    def __init__(self, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignRight) -> None:
        super().__init__(align=align, elide=Qt.TextElideMode.ElideRight)
        self._shorter: tuple[str, ...] = ()

    def say(self, text: str, *shorter: str) -> None:
        """Show a text, or the first of its shorter variants that fits.

        The last variant is elided at its end if even that does not fit.
        """
        self._shorter = shorter
        self.setText(text)

    def shown(self) -> tuple[QFont, str]:
        """Return the font and the longest variant of the text that fits."""
        metrics, room = self.fontMetrics(), self.contentsRect().width()
        forms = (self.text(), *self._shorter)
        fitting = (each for each in forms if metrics.horizontalAdvance(each) <= room)
        last = metrics.elidedText(forms[-1], self._elide, room)
        return self.font(), next(fitting, last)


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
