"""Base page of the Data workspace: its content, or how to open a data set."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.workspaces.data.opening import IndexingBar, OpeningPane


class DataPage(QWidget):
    """Page that shows its content while a data set is open, else the opening pane.

    Args:
        app: services of the window.
        content: widget for an open data set.
    """

    hovered = Signal(str)
    """Text for the status bar."""

    def __init__(self, app: AppContext, content: QWidget) -> None:
        super().__init__()
        self.content = content
        self._app = app
        self._opening: OpeningPane | None = None
        self._pages = PageStack()
        self._pages.addWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(IndexingBar(app))
        column.addWidget(self._pages, 1)
        self.setFocusProxy(content)
        self._connect()

    def _connect(self) -> None:
        app = self._app
        app.datasets.opened.connect(self._turn)
        app.datasets.offered.connect(self._offer)
        self._turn(app.datasets.dataset)
        if app.datasets.folder:
            self._offer(app.datasets.folder)

    @property
    def opening(self) -> OpeningPane:
        """The opening pane, built on first use."""
        if self._opening is None:
            self._opening = OpeningPane(self._app)
            self._opening.cancelled.connect(self._app.datasets.withdraw)
            self._pages.addWidget(self._opening)
        return self._opening

    def _turn(self, dataset: DataSet | None) -> None:
        page = self.opening if dataset is None else self.content
        self._pages.setCurrentWidget(page)

    def _offer(self, folder: str) -> None:
        """Show the offer to index a folder; "" withdraws it."""
        if folder:
            self.opening.offer(folder)
            self._pages.setCurrentWidget(self.opening)
        else:
            self._turn(self._app.datasets.dataset)
