"""Stacked pages whose size hints are those of the current page."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QTabWidget

from nnviz.gui.layout.bounded import least_size


class PageStack(QStackedWidget):
    """Page stack sized for its current page; Qt's is sized for its largest."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def hasHeightForWidth(self) -> bool:
        """Return False: Qt would use the highest page's height as the minimum."""
        return False

    def minimumSizeHint(self) -> QSize:
        """Return the minimum size of the current page, at the current width."""
        page = self.currentWidget()
        if page is None:
            return QSize(0, 0)
        return least_size(page, self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Update the minimum size when the page's lines wrap differently."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the size hint of the current page."""
        page = self.currentWidget()
        return page.sizeHint() if page is not None else QSize(0, 0)


class TabPages(QTabWidget):
    """Tabbed pages, sized for the current page."""

    def minimumSizeHint(self) -> QSize:
        """Return the minimum size of the current page and the tabs."""
        tabs = self.tabBar().minimumSizeHint()
        least = (
            least_size(self.currentWidget(), self.width()) if self.count() else QSize()
        )
        line = 1  # between the tabs and the page
        return least.expandedTo(QSize(tabs.width(), 0)) + QSize(0, tabs.height() + line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Update the minimum size when the page's lines wrap differently."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
