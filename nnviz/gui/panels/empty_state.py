"""Empty state: text and command buttons where an image or a result is missing."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget

from nnviz.gui.layout.flow import flow
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import LEADS_OUT, button, label, named, row

RUN = "run.run"
RUN_BOARD = "board.run"
OPEN, SAMPLE_IMAGE = "file.open", "file.sample"
CAMERA, VIDEO, SAMPLE_VIDEO = "live.camera", "live.film", "live.sample"
IMAGE_SOURCES = (OPEN, SAMPLE_IMAGE, CAMERA, SAMPLE_VIDEO)
LIVE_SOURCES = (CAMERA, VIDEO, SAMPLE_VIDEO)


class EmptyState(QWidget):
    """Text with a button for each command that would fill the page.

    Signals:
        wanted: name of the command whose button was pressed.
    """

    wanted = Signal(str)

    def __init__(
        self,
        commands: Sequence[str],
        words: str = "",
        parent: QWidget | None = None,
        *,
        low: bool = False,
    ) -> None:
        """Build the buttons.

        Args:
            commands: names of commands; the first is the most common choice.
            words: text above the buttons.
            parent: as for all widgets.
            low: for a wide, low panel: the buttons are side by side, and none is
                highlighted.
        """
        super().__init__(parent)
        self.setObjectName("canvas")
        self._low = low
        self.words = label(style="muted", wrap=True)
        if not low:
            self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.buttons = {
            name: button(
                _titles()[name],
                partial(self.wanted.emit, name),
                "" if index or low else "primary",
            )
            for index, name in enumerate(commands)
        }
        for name, each in self.buttons.items():
            each.setProperty(LEADS_OUT, name not in {RUN, RUN_BOARD})
        column = QVBoxLayout(self)
        column.setSpacing((2 if low else 3) * GRID)
        if low:  # the lines of a large text need the height
            column.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        column.addStretch(1)
        column.addWidget(self.words)
        column.addLayout(self._beside() if low else self._below())
        column.addStretch(1)
        self.say(words)

    def _beside(self) -> QLayout:
        return flow(*self.buttons.values(), spacing=2 * GRID)

    def _below(self) -> QLayout:
        """Lay the buttons out so that they fit on a small screen."""
        ways = QVBoxLayout()
        ways.setSpacing(2 * GRID)
        for each in self.buttons.values():
            ways.addWidget(each)
        line = row(None, None)
        line.insertLayout(1, ways)
        return line

    def minimumSizeHint(self) -> QSize:
        """Return a minimum size for all lines of the text at the current width."""
        least, words = super().minimumSizeHint(), self.words
        lines = words.heightForWidth(max(words.width(), 1))
        return least + QSize(0, max(0, lines - words.minimumSizeHint().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Update the minimum size when the text wraps differently."""
        super().resizeEvent(event)
        if self._low:
            self._fit_height()
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def _fit_height(self) -> None:
        """Hide the buttons where only the text has room: they repeat commands."""
        margins = self.contentsMargins()
        room = self.height() - margins.top() - margins.bottom()
        lines = self.words.heightForWidth(self.width() - 4 * GRID)
        for each in self.buttons.values():
            needed = lines + 2 * GRID + each.sizeHint().height()
            each.setVisible(needed <= room)

    def say(self, words: str) -> None:
        """Set the text that says why nothing is shown."""
        self.words.setText(words)
        named(self, self.objectName(), words)


def _titles() -> dict[str, str]:
    return {
        RUN: _tr("Run"),
        RUN_BOARD: _tr("Run board"),
        OPEN: _tr("Open…"),
        SAMPLE_IMAGE: _tr("Sample image"),
        CAMERA: _tr("Camera"),
        VIDEO: _tr("Open video…"),
        SAMPLE_VIDEO: _tr("Sample video"),
    }


def _tr(text: str) -> str:
    return QCoreApplication.translate("EmptyState", text)
