"""Panels that ask for little room: what does not fit is scrolled to."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class Bounded(QScrollArea):
    """Holds a panel; its own minimum does not depend on what the panel holds.

    The panel gets all the room there is.  Where that is less than its minimum, it is
    scrolled, so that no text from outside, text size or method can widen the window.

    Args:
        panel: what is shown.
        least: the minimum, px.
    """

    def __init__(self, panel: QWidget, least: QSize) -> None:
        super().__init__()
        self._panel, self._least = panel, least
        self.setObjectName("bounded")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(panel)
        self.setWidget(panel)

    def minimumSizeHint(self) -> QSize:
        """Return the minimum that was given."""
        return self._least

    def sizeHint(self) -> QSize:
        """Return what the panel would like."""
        return self._panel.sizeHint().expandedTo(self._least)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the panel the room there is."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the panel again when what is in it changed."""
        done = super().eventFilter(watched, event)
        if event.type() is QEvent.Type.LayoutRequest and watched is self._panel:
            self._fit()
        return done

    def _fit(self) -> None:
        room = self.maximumViewportSize()
        needed = self._needed(room.width())
        if needed.height() > room.height():
            room -= QSize(self.verticalScrollBar().sizeHint().width(), 0)
            needed = self._needed(room.width())
        if needed.width() > room.width():
            room -= QSize(0, self.horizontalScrollBar().sizeHint().height())
        self._panel.resize(room.expandedTo(needed))

    def _needed(self, width: int) -> QSize:
        """Return the panel's minimum at a width; lines that wrap make it higher."""
        panel = self._panel
        needed = panel.minimumSizeHint().expandedTo(panel.minimumSize())
        layout = panel.layout()
        if layout is not None and layout.hasHeightForWidth():
            height = layout.minimumHeightForWidth(max(width, needed.width()))
            needed.setHeight(max(panel.minimumHeight(), height))
        return needed
