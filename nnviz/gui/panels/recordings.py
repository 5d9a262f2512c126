"""List of the recordings on disk: open, resume, delete."""

from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QElapsedTimer, QPoint, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.documents.recordings import RecordingEntry
from nnviz.base.images import Image
from nnviz.base.results import Report
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.tray import icon_of
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    MenuEntry,
    allow,
    icon_button,
    keep_size,
    label,
    menu_of,
    named,
    popup,
    row,
    set_cells,
)
from nnviz.render.miniature import miniature

_KEY = Qt.ItemDataRole.UserRole
_SIDE = 44
_THUMBNAIL_MS = 400
"""Milliseconds between two thumbnails of a recording in progress."""


class RecordingsPanel(QWidget):
    """List of the recordings of the workspace's methods, the newest first.

    A click opens one.
    """

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self._entries: tuple[RecordingEntry, ...] = ()
        self.list = named(QListWidget(), name=self.tr("Recordings"))
        keep_size(app.look, self.list, self._resize)
        self.list.setSpacing(1)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hint = label(
            self.tr(
                "Every run is recorded step by step, including stopped ones; when "
                "all recordings together exceed 8 GB, the oldest are deleted."
            ),
            "muted",
            wrap=True,
        )
        self.hint.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        self.delete = icon_button(
            app.look, "trash-2", self.tr("Delete the recording (Del)"), self.remove
        )
        foot = row(None, self.delete)
        foot.setContentsMargins(GRID, 0, GRID, GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.hint)
        column.addWidget(self.list, 1)
        column.addLayout(foot)
        self._shown = ""
        """Folder of the recording on the timeline."""
        self._painted = QElapsedTimer()
        self._painted.start()
        self._connect()
        self._offer()

    def _connect(self) -> None:
        app = self._app
        remove = QShortcut(QKeySequence.StandardKey.Delete, self.list)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self.remove)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)
        self.list.itemSelectionChanged.connect(self._offer)
        app.recordings.listed.connect(self._list)
        app.choice.offered_changed.connect(self._fill)
        app.timeline.changed.connect(self._follow_run)
        app.timeline.changed.connect(self._mark_shown)
        app.timeline.shown.connect(
            lambda run: self._follow_image(run.report, run.image)
        )
        app.runs.reported.connect(
            lambda report: self._follow_image(report, app.selection.image)
        )

    def _running_item(self) -> QListWidgetItem | None:
        """Return the row of the recording in progress, if it is visible."""
        timeline = self._app.timeline
        if not timeline.running or self.isHidden():
            return None
        items = (self.list.item(index) for index in range(self.list.count()))
        return next((i for i in items if i.data(_KEY).folder == timeline.folder), None)

    def _mark_shown(self) -> None:
        """Select the recording that the timeline shows, once it shows another."""
        if self._app.timeline.folder == self._shown:
            return
        self._shown = self._app.timeline.folder
        self.list.clearSelection()
        for index in range(self.list.count()):
            item = self.list.item(index)
            if item.data(_KEY).folder == self._shown:
                self.list.setCurrentItem(item)

    def _follow_run(self) -> None:
        """Update the number of steps of the recording in progress."""
        item, newest = self._running_item(), self._app.timeline.newest
        if item is not None and newest >= 0:
            entry = replace(item.data(_KEY), steps=newest + 1)
            item.setData(_KEY, entry)
            item.setText(f"{self._title(entry)}\n{self._state(entry)}")

    def _follow_image(self, report: Report, image: Image | None) -> None:
        """Update the thumbnail of the recording in progress, at a limited rate."""
        item = self._running_item()
        if item is None or self._painted.elapsed() < _THUMBNAIL_MS:
            return
        self._painted.restart()
        item.setIcon(icon_of(miniature(report.main, image)))

    def remove(self) -> None:
        """Delete the selected recording."""
        for item in self.list.selectedItems():
            self._app.recordings.put_away(item.data(_KEY).folder)

    def _open(self, item: QListWidgetItem) -> None:
        self._app.timeline.open(item.data(_KEY).folder)

    def menu(self, item: QListWidgetItem) -> QMenu:
        """Return the context menu of a recording."""
        folder = item.data(_KEY).folder
        entries = (
            MenuEntry(self.tr("Open"), lambda: self._open(item)),
            MenuEntry(
                self.tr("Copy path"), lambda: QApplication.clipboard().setText(folder)
            ),
            MenuEntry(self.tr("Delete"), self.remove),
        )
        return menu_of(self, entries)

    def _show_menu(self, at: QPoint) -> None:
        item = self.list.itemAt(at)
        if item is not None:
            popup(self.menu(item), self.list.viewport().mapToGlobal(at))

    def _offer(self) -> None:
        chosen = bool(self.list.selectedItems())
        allow(self.delete, chosen, self.tr("Select a recording to delete it"))

    def _list(self, entries: tuple[RecordingEntry, ...]) -> None:
        self._entries = entries
        self._fill()

    def _fill(self) -> None:
        entries = [e for e in self._entries if self._app.choice.belongs(e.method)]
        chosen = self.list.selectedItems()
        folder = chosen[0].data(_KEY).folder if chosen else self._shown
        self.list.clear()
        for entry in entries:
            item = self._item(entry)
            self.list.addItem(item)
            if entry.folder == folder:
                self.list.setCurrentItem(item)
        self._resize()
        self.hint.setVisible(not entries)
        self._offer()

    def _resize(self) -> None:
        """Follow the text size."""
        px = self._app.look.px
        self.list.setIconSize(QSize(px(_SIDE), px(_SIDE)))
        set_cells(self.list, QSize(0, px(_SIDE + 8)))

    def _item(self, entry: RecordingEntry) -> QListWidgetItem:
        title = self._title(entry)
        item = QListWidgetItem(f"{title}\n{self._state(entry)}")
        if entry.thumbnail is not None:
            item.setIcon(icon_of(entry.thumbnail))
        item.setToolTip(
            literal(entry.trouble or f"{title}\n{self._state(entry)}\n{entry.folder}")
        )
        item.setData(_KEY, entry)
        return item

    def _title(self, entry: RecordingEntry) -> str:
        settings = self._app.captions.settings(entry.method, entry.values)
        images = self._app.captions.images(entry.method, entry.values)
        words = self._named(entry.method), images, entry.title, settings
        return " · ".join(filter(None, words))

    def _named(self, method: str) -> str:
        return self._app.captions.method(method) if method else ""

    def _state(self, entry: RecordingEntry) -> str:
        if entry.trouble:
            return self.tr("damaged")
        when = datetime.fromtimestamp(entry.changed).astimezone()
        words = when.strftime("%d %b %H:%M")
        if entry.finished or entry.total < entry.steps:
            return self.tr("{0} steps · {1}").format(entry.steps, words)
        return self.tr("{0} of {1} · {2}").format(entry.steps, entry.total, words)
