"""Pages of which one is seen, and asks for room."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedWidget, QTabWidget


class PageStack(QStackedWidget):
    """Asks for as much room as its current page; Qt's own asks for its largest."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def hasHeightForWidth(self) -> bool:
        """Return False: Qt would take the height of the highest page for the least."""
        return False

    def minimumSizeHint(self) -> QSize:
        """Return the minimum of the page that is seen."""
        page = self.currentWidget()
        if page is None:
            return QSize(0, 0)
        return page.minimumSizeHint().expandedTo(page.minimumSize())

    def sizeHint(self) -> QSize:
        """Return what the page that is seen would like."""
        page = self.currentWidget()
        return page.sizeHint() if page is not None else QSize(0, 0)


class TabPages(QTabWidget):
    """Pages with tabs above them; asks for the room of the current one, likewise."""

    def minimumSizeHint(self) -> QSize:
        """Return the minimum of the page that is seen, and of its tabs."""
        tabs = self.tabBar().minimumSizeHint()
        least = self.currentWidget().minimumSizeHint() if self.count() else QSize()
        return least.expandedTo(QSize(tabs.width(), 0)) + QSize(0, tabs.height())
