"""Frame over the window while files are dragged."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from nnviz.gui.theme.manager import GRID


class DropFrame(QFrame):
    """Overlay that announces a possible drop and ignores the mouse."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("drop")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words = QLabel(self)
        self._words.setObjectName("title")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        QVBoxLayout(self).addWidget(self._words)
        self.hide()

    def offer(self, files: int) -> None:
        """Show the frame.

        Args:
            files: number of dragged files; 0 for an image without a file.
        """
        several = self.tr("Drop to open {0} files").format(files)
        self._words.setText(several if files > 1 else self.tr("Drop to open"))
        whole = self._window.rect()
        self.setGeometry(whole.adjusted(2 * GRID, 2 * GRID, -2 * GRID, -2 * GRID))
        self.show()
        self.raise_()
