"""A page of the open data set: what it shows, or how to open one."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.workspaces.data.opening import OpeningPane


class DataPage(QWidget):
    """Shows its content while a data set is open, else how to get one.

    Args:
        bench: what it works with.
        content: of an open data set.
    """

    hovered = Signal(str)
    """Words for the status bar."""

    def __init__(self, bench: Workbench, content: QWidget) -> None:
        super().__init__()
        self.content = content
        self._bench = bench
        self._opening: OpeningPane | None = None
        self._pages = PageStack()
        self._pages.addWidget(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        self.setFocusProxy(content)
        bench.datasets.opened.connect(self._turn)
        self._turn(bench.datasets.dataset)

    def _turn(self, dataset: DataSet | None) -> None:
        if dataset is not None:
            self._pages.setCurrentWidget(self.content)
            return
        if self._opening is None:
            self._opening = OpeningPane(self._bench)
            self._pages.addWidget(self._opening)
        self._pages.setCurrentWidget(self._opening)
