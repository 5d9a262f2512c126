"""Opening a data set: what to do while there is none."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.panels.file_dialogs import DATASETS, ask_folder
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import button, label, row


class OpeningPane(QWidget):
    """Words, and buttons that open a data set."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self._bench = bench
        self.words = label(
            self.tr(
                "Drop a folder of images here to see what a network makes of all of "
                "them: every image, its nearest neighbors, the network's mistakes."
            ),
            "muted",
            wrap=True,
        )
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open = button(self.tr("Open folder…"), self.ask, "primary")
        column = QVBoxLayout(self)
        column.setSpacing(3 * GRID)
        column.addStretch(1)
        column.addWidget(self.words)
        ways = QVBoxLayout()
        ways.setSpacing(2 * GRID)
        ways.addWidget(self.open)
        line = row(None, None)
        line.insertLayout(1, ways)
        column.addLayout(line)
        column.addStretch(1)

    def ask(self) -> None:
        """Ask for a folder of images, or of an index, and open it."""
        title = self.tr("Open a folder of images, or an index")
        folder = ask_folder(self, self._bench.settings, DATASETS, title)
        if folder:
            self._bench.open_dataset(folder)
