"""Scroll area with a fixed minimum size, so that no panel can widen the window."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_CHANGES = (QEvent.Type.LayoutRequest, QEvent.Type.Show)


class Bounded(QScrollArea):
    """Scroll area whose minimum size is fixed, whatever its panel needs.

    The panel gets all available space.  If that is less than its minimum, it scrolls,
    so that no external text, text size or method can widen the window.

    Args:
        panel: the widget to show.
        least: minimum size, px.
    """

    def __init__(self, panel: QWidget, least: QSize) -> None:
        super().__init__()
        self._panel, self._least = panel, least
        self.setObjectName("bounded")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(panel)
        self.setWidget(panel)

    def set_least(self, least: QSize) -> None:
        """Change the fixed minimum size."""
        self._least = least
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Return the fixed minimum size."""
        return self._least

    def sizeHint(self) -> QSize:
        """Return the panel's size hint."""
        return self._panel.sizeHint().expandedTo(self._least)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Resize the panel to the available room."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Resize the panel when its contents change, or did so while it was hidden."""
        done = super().eventFilter(watched, event)
        if watched is self._panel and event.type() in _CHANGES:
            self._fit()
        return done

    def viewportEvent(self, event: QEvent) -> bool:
        """Resize the panel when its own minimum has changed."""
        done = super().viewportEvent(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def _fit(self) -> None:
        room = self.maximumViewportSize()
        needed = least_size(self._panel, room.width())
        if needed.height() > room.height():
            room -= QSize(self.verticalScrollBar().sizeHint().width(), 0)
            needed = least_size(self._panel, room.width())
        if needed.width() > room.width():
            room -= QSize(0, self.horizontalScrollBar().sizeHint().height())
        self._panel.resize(room.expandedTo(needed))


def least_size(panel: QWidget, width: int) -> QSize:
    """Return the minimum size of a panel at a width; narrow lines wrap."""
    needed = panel.minimumSizeHint().expandedTo(panel.minimumSize())
    layout = panel.layout()
    if layout is not None and panel.hasHeightForWidth():
        height = layout.minimumHeightForWidth(max(width, needed.width()))
        needed.setHeight(max(panel.minimumHeight(), height))
    return needed
