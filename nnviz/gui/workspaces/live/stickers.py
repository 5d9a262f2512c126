"""Stickers on live frames: the shelf, and the count of fooled frames."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.panels.stickers.shelf import ShelfPanel
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, named, rule
from nnviz.gui.workspaces.live.count import CountPanel


class LiveStickerSide(QWidget):
    """Column beside the frames; stickers are shown while it is open."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        self.shelf = ShelfPanel(app, app.live_stickers)
        self.count = CountPanel(app)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(3 * GRID)
        column.addWidget(self.shelf, 1)
        column.addWidget(rule())
        column.addWidget(self.count)

    def showEvent(self, event: QShowEvent) -> None:
        """Start pasting the stickers."""
        super().showEvent(event)
        self._app.live_stickers.be_seen(seen=True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop pasting the stickers."""
        self._app.live_stickers.be_seen(seen=False)
        super().hideEvent(event)
