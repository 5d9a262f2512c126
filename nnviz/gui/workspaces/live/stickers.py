"""Stickers on what is live: the shelf, and how often they fool the network."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.panels.sticker_shelf import ShelfPanel
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, named, rule
from nnviz.gui.workspaces.live.count import CountPanel

_WIDTH = 236


class LiveStickerSide(QWidget):
    """A column beside the frames; the stickers lie on them while it is open."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(bench.look.px(_WIDTH))
        self._bench = bench
        self.shelf = ShelfPanel(bench, bench.live_stickers)
        self.count = CountPanel(bench)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(3 * GRID)
        column.addWidget(self.shelf, 1)
        column.addWidget(rule())
        column.addWidget(self.count)

    def showEvent(self, event: QShowEvent) -> None:
        """Paste the stickers from now on."""
        super().showEvent(event)
        self._bench.live_stickers.be_seen(seen=True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Paste none."""
        self._bench.live_stickers.be_seen(seen=False)
        super().hideEvent(event)
