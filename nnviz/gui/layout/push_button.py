"""Push button that elides its text where it does not fit."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyleOptionButton,
    QToolTip,
    QWidget,
)

from nnviz.gui.layout.plain_text import literal

_LEAST_LETTERS = 4


class PushButton(QPushButton):
    """Push button whose minimum width shows a few letters of its text.

    Where it is elided, its tool tip begins with the whole text.
    """

    _painted: str | None = None
    """The text that fits, while it is painted: size hints are those of all of it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        # By Qt's own policy its size hint would be its minimum.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Return the size for a few letters."""
        whole = self.sizeHint()
        letters = _LEAST_LETTERS * self.fontMetrics().averageCharWidth()
        return QSize(min(whole.width(), self._frame() + letters), whole.height())

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        """Elide the text at its end while it is painted."""
        super().initStyleOption(option)
        if self._painted is not None:
            option.text = self._painted

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text that fits."""
        self._painted = self._shown()
        super().paintEvent(event)
        self._painted = None

    def event(self, event: QEvent) -> bool:
        """Show the whole text as a tool tip where it is elided."""
        if (
            isinstance(event, QHelpEvent)
            and event.type() is QEvent.Type.ToolTip
            and self._shown() != self.text()
        ):
            words = "\n".join(filter(None, (self.text(), self.toolTip())))
            QToolTip.showText(event.globalPos(), literal(words), self)
            return True
        return super().event(event)

    def _shown(self) -> str:
        if self.width() >= self.sizeHint().width():
            return self.text()
        room = max(0, self.width() - self._frame())
        return self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room
        )

    def _frame(self) -> int:
        """Return the width of everything but the text, px."""
        words = self.fontMetrics().horizontalAdvance(self.text())
        return self.sizeHint().width() - words
