"""Card of one class: name, images, and ways to add more."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout

from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.dialogs.files import IMAGES, ask_files
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    button,
    icon_button,
    keep_width,
    label,
    named,
    row,
)
from nnviz.gui.workspaces.train.teaching import TaughtClass, Teaching
from nnviz.gui.workspaces.train.thumbnails import Thumbnails

WIDTH = 264
"""Of a card, px."""


class ClassCard(QFrame):
    """Card of a class, on which images can be dropped."""

    held = Signal(bool)
    """The button that captures frames was pressed (True) or released."""

    def __init__(
        self, app: AppContext, teaching: Teaching, shown: TaughtClass, key: int
    ) -> None:
        super().__init__()
        named(self, "card", shown.name)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAcceptDrops(True)
        self.shown = shown
        self._app, self._teaching = app, teaching
        self.name = named(QLineEdit(shown.name), name=self.tr("Name of the class"))
        self.name.editingFinished.connect(self._rename)
        self.count = label(style="muted")
        self.thumbnails = Thumbnails(app)
        self.more = button(self.tr("Add…"), self._ask)
        self.hold = button(self.tr("Hold {0} to capture").format(key), lambda: None)
        words = self.tr("Keep the camera's frames while this button, or {0}, is held")
        self.hold.setToolTip(literal(words.format(key)))
        self.hold.pressed.connect(lambda: self.held.emit(True))
        self.hold.released.connect(lambda: self.held.emit(False))
        remove = icon_button(app.look, "x", self.tr("Remove this class"), self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(row(self.name, remove))
        column.addWidget(self.thumbnails)
        column.addWidget(self.count)
        column.addLayout(flow(self.more, self.hold))
        keep_width(app.look, self, WIDTH)
        self.update_images()

    def update_images(self) -> None:
        """Show the number of images, and the newest."""
        count = len(self.shown.files)
        if not self.name.hasFocus():
            self.name.setText(self.shown.name)
        words = self.tr("Drop images or a folder here")
        if count:
            words = self.tr("{0} images").format(count)
        if count == 1:
            words = self.tr("1 image")
        self.count.setText(words)
        self.thumbnails.show_files(self.shown.files)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files, and highlight the frame."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._mark(over=True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Remove the highlight."""
        self._mark(over=False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add dropped files to the class."""
        urls = event.mimeData().urls()
        files = [each.toLocalFile() for each in urls if each.isLocalFile()]
        self._mark(over=False)
        self._teaching.drop(self.shown, files)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def _mark(self, *, over: bool) -> None:
        self.setProperty("over", over)
        self.style().unpolish(self)
        self.style().polish(self)

    def _ask(self) -> None:
        title = self.tr("Images of {0}").format(self.shown.name)
        files = ask_files(self, self._app.settings, IMAGES, title)
        if files:
            self._teaching.drop(self.shown, files)

    def _remove(self) -> None:
        self._teaching.remove_class(self.shown)

    def _rename(self) -> None:
        self._teaching.rename(self.shown, self.name.text())
        named(self, "card", self.shown.name)
