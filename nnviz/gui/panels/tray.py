"""Tray at the bottom: images and results of the session."""

from itertools import starmap
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QPoint, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragMoveEvent,
    QDropEvent,
    QIcon,
    QKeySequence,
    QPainter,
    QPixmap,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.recipes import Run
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.dialogs.files import ANY, ask_files
from nnviz.gui.panels.empty_state import OPEN, RUN, SAMPLE_IMAGE, EmptyState
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import ThemeManager
from nnviz.gui.theme.parts import MenuEntry, keep_size, menu_of, named, popup, set_cells
from nnviz.gui.views.canvas.layers import Bytes, image_of
from nnviz.render.miniature import miniature

_KEY = Qt.ItemDataRole.UserRole
_SIDE = 72
"""Side of an icon, px at normal text."""
_LEAST_SIDE = 24
"""Least side of an icon, px, where the tray is low."""
_ASIDE, _CAPTION = 28, 26
"""Width and height of an item beyond its icon, px."""
_PAIR = 2


class ImageTray(QWidget):
    """List of the images; a click or the arrow keys open one.

    Signals:
        wanted: name of a command that would fill the tray.
    """

    wanted = Signal(str)

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.list = _strip(
            app,
            self.tr("Images"),
            EmptyState(
                (OPEN, SAMPLE_IMAGE),
                self.tr("Images that you drop or open appear here."),
                low=True,
            ),
        )
        self.list.empty.wanted.connect(self.wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        remove = QShortcut(QKeySequence.StandardKey.Delete, self.list)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self.remove_selected)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self._connect()

    def ask_files(self) -> None:
        """Ask for files of any kind, and open them."""
        files = ask_files(self, self._app.settings, ANY, self.tr("Open"))
        if files:
            self._app.open_files(files)

    def _connect(self) -> None:
        images = self._app.images
        images.added.connect(self._added)
        images.inserted.connect(self._insert)
        images.removed.connect(self._removed)
        images.thumbnail.connect(self._thumbnail)
        images.current_changed.connect(self._mark)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)
        self.list.currentItemChanged.connect(lambda item, _: self._walk(item))

    def _added(self, paths: list[str]) -> None:
        for index, path in enumerate(paths):
            self._insert(index, path)

    def _insert(self, place: int, path: str) -> None:
        item = QListWidgetItem(Path(path).name)
        item.setData(_KEY, path)
        item.setToolTip(literal(path))
        item.setSizeHint(self.list.cell)
        self.list.insertItem(place, item)

    def _removed(self, path: str) -> None:
        place = self._place_of(path)
        if place >= 0:
            self.list.takeItem(place)

    def _thumbnail(self, path: str, pixels: Bytes) -> None:
        place = self._place_of(path)
        if place >= 0:
            self.list.item(place).setIcon(icon_of(pixels))

    def _mark(self, path: str) -> None:
        place = self._place_of(path)
        with QSignalBlocker(self.list):
            self.list.setCurrentRow(place)

    def _place_of(self, path: str) -> int:
        for index in range(self.list.count()):
            if self.list.item(index).data(_KEY) == path:
                return index
        return -1

    def _walk(self, item: QListWidgetItem | None) -> None:
        """Open the image reached by the arrow keys."""
        if item is not None and self.list.hasFocus():
            self._open(item)

    def _open(self, item: QListWidgetItem) -> None:
        path = str(item.data(_KEY))
        if path != self._app.images.current and len(self.list.selectedItems()) <= 1:
            self._app.images.show(path)

    def remove_selected(self) -> None:
        """Remove the selected images from the tray."""
        items = self.list.selectedItems()
        self._remove([str(item.data(_KEY)) for item in items])

    def remove_all(self) -> None:
        """Remove all images from the tray."""
        self._remove(list(self._app.images.paths))

    def restore(self) -> None:
        """Restore what was removed last."""
        self._app.images.restore()

    def _remove(self, paths: list[str]) -> None:
        self._app.images.remove(paths)
        if paths:
            words = self.tr("{0} removed; Restore images brings them back")
            self._app.messages.say(words.format(_counted(len(paths))))

    def _show_menu(self, at: QPoint) -> None:
        """Show the context menu of the selected images."""
        chosen = self.list.selectedItems()
        images = self._app.images
        count = self.tr("Remove {0} images").format(len(chosen))
        entries = (
            (self.tr("Show"), lambda: self._open(chosen[0]), len(chosen) == 1),
            (self.tr("Copy path"), lambda: _copy_paths(chosen), bool(chosen)),
            (
                self.tr("Remove") if len(chosen) <= 1 else count,
                self.remove_selected,
                bool(chosen),
            ),
            (self.tr("Remove all"), self.remove_all, bool(images.paths)),
            (self.tr("Restore removed"), self.restore, bool(images.restorable)),
        )
        menu = menu_of(self, starmap(MenuEntry, entries))
        popup(menu, self.list.viewport().mapToGlobal(at))


class ResultTray(QWidget):
    """List of the session's results, newest first; a click restores one.

    Signals:
        wanted: name of a command to run on the shown result.
    """

    wanted = Signal(str)

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.list = _strip(
            app,
            self.tr("Results"),
            EmptyState(
                (RUN,),
                self.tr(
                    "Results appear here, newest first; click one to bring it back."
                ),
                low=True,
            ),
        )
        self.list.empty.wanted.connect(self.wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        app.runs.history.changed.connect(self._fill)
        # Results without a target are about the predicted class.
        app.predictions.predicted.connect(lambda _: self._fill())
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.itemClicked.connect(self._click)
        self.list.itemActivated.connect(self._bring_back)
        self.list.setDragEnabled(True)
        self.list.setAcceptDrops(True)
        self.list.put_together.connect(self._compare)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        remove = QShortcut(QKeySequence.StandardKey.Delete, self.list)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self._remove)

    def selected(self) -> list[Run]:
        """Return the selected results, newest first, if there are several."""
        items = self.list.selectedItems()
        items.sort(key=self.list.row)
        return [item.data(_KEY) for item in items] if len(items) > 1 else []

    def _click(self, item: QListWidgetItem) -> None:
        """Restore the clicked result, unless several are being selected."""
        if len(self.list.selectedItems()) <= 1:
            self._bring_back(item)

    def _remove(self) -> None:
        """Remove the selected results from the tray."""
        chosen = [item.data(_KEY) for item in self.list.selectedItems()]
        self._app.runs.history.remove(chosen)

    def _do(self, command: str) -> None:
        """Restore the selected result and act on it."""
        self._bring_back(self.list.selectedItems()[0])
        self.wanted.emit(command)

    def _show_menu(self, at: QPoint) -> None:
        """Show the context menu of the selected results."""
        menu = QMenu(self)
        chosen = self.list.selectedItems()
        one, two = len(chosen) == 1, len(chosen) == _PAIR
        commands = (
            (self.tr("Save"), "file.save"),
            (self.tr("Copy as image"), "edit.copy_picture"),
            (self.tr("Copy as Python"), "edit.copy_python"),
            (self.tr("Copy as command line"), "edit.copy_command"),
        )
        show = menu.addAction(self.tr("Show"))
        show.triggered.connect(lambda: self._bring_back(chosen[0]))
        show.setEnabled(one)
        compare = menu.addAction(self.tr("Compare"))
        compare.triggered.connect(lambda: self._compare(chosen[1], chosen[0]))
        compare.setEnabled(two)
        for words, command in commands:
            action = menu.addAction(words)
            action.triggered.connect(lambda _=False, command=command: self._do(command))
            action.setEnabled(one)
        sheet = menu.addAction(self.tr("Export contact sheet…"))
        sheet.triggered.connect(lambda: self.wanted.emit("file.contact_sheet"))
        sheet.setEnabled(len(chosen) > 1)
        remove = menu.addAction(self.tr("Remove"))
        remove.triggered.connect(self._remove)
        remove.setEnabled(bool(chosen))
        popup(menu, self.list.viewport().mapToGlobal(at))

    def _compare(self, first: QListWidgetItem, second: QListWidgetItem) -> None:
        self._app.compare_wanted.emit(first.data(_KEY), second.data(_KEY))

    def _fill(self) -> None:
        items = [self.list.item(index) for index in range(self.list.count())]
        known = {id(item.data(_KEY)): item.icon() for item in items}
        self.list.clear()
        for run in self._app.runs.history.runs:
            self.list.addItem(self._item(run, known.get(id(run))))

    def _item(self, run: Run, icon: QIcon | None) -> QListWidgetItem:
        captions, runs = self._app.captions, self._app.runs.history.runs
        title = captions.title(run)
        item = QListWidgetItem(captions.short(run, runs))
        item.setIcon(icon or icon_of(miniature(run.report.main, run.image)))
        values = (f"{name} = {value}" for name, value in run.recipe.values.items())
        item.setToolTip(literal("\n".join([title, *values])))
        item.setData(_KEY, run)
        item.setSizeHint(self.list.cell)
        return item

    def _bring_back(self, item: QListWidgetItem) -> None:
        run = item.data(_KEY)
        if isinstance(run, Run):
            self._app.runs.bring_back(run)


def _counted(count: int) -> str:
    one = QCoreApplication.translate("Tray", "1 image")
    several = QCoreApplication.translate("Tray", "{0} images")
    return one if count == 1 else several.format(count)


def _copy_paths(items: list[QListWidgetItem]) -> None:
    """Copy the paths of images to the clipboard."""
    paths = [str(item.data(_KEY)) for item in items]
    QApplication.clipboard().setText("\n".join(paths))


def icon_of(pixels: Bytes) -> QIcon:
    """Convert pixels, uint8 (h, w, 3), to a square icon, so that captions align."""
    image = QPixmap.fromImage(image_of(np.ascontiguousarray(pixels)))
    side = max(image.width(), image.height())
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        left, top = (side - image.width()) // 2, (side - image.height()) // 2
        painter.drawPixmap(left, top, image)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or Qt would tint a selected image
    return icon


class _Strip(QListWidget):
    """List with an explanation of its purpose while it is empty.

    Its icons are as large as the height allows with a caption below them.

    Signals:
        put_together: an item was dragged onto another.
    """

    put_together = Signal(object, object)

    def __init__(self, look: ThemeManager, empty: EmptyState) -> None:
        super().__init__()
        self.empty, self._look = empty, look
        self.cell = QSize()
        """Size of an item."""
        empty.setParent(self)
        for told in (self.model().rowsInserted, self.model().rowsRemoved):
            told.connect(lambda *_: self._show_empty())
        self.model().modelReset.connect(self._show_empty)

    def _show_empty(self) -> None:
        self.empty.setVisible(not self.count())

    def minimumSizeHint(self) -> QSize:
        """Return the size of one item with the smallest icon."""
        px, bar = self._look.px, self.horizontalScrollBar().sizeHint().height()
        return QSize(px(_SIDE + _ASIDE), _LEAST_SIDE + px(_CAPTION + 2) + bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit explanation and items to the list."""
        super().resizeEvent(event)
        self.empty.setGeometry(self.viewport().geometry())
        self.fit()

    def fit(self) -> None:
        """Fit the items to the list's height and the text size."""
        px = self._look.px
        room = self.viewport().height() - px(_CAPTION + 2)
        side = min(px(_SIDE), max(_LEAST_SIDE, room))
        cell = QSize(px(_SIDE + _ASIDE), side + px(_CAPTION))
        if cell != self.cell:
            self.cell = cell
            self.setIconSize(QSize(px(_SIDE), side))
            set_cells(self, cell)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept an item dragged onto another."""
        over = self.itemAt(event.position().toPoint())
        if event.source() is self and over is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Announce which two items were joined, leaving the list unchanged."""
        over = self.itemAt(event.position().toPoint())
        dragged = self.currentItem()
        if over is not None and over is not dragged:
            self.put_together.emit(over, dragged)
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()


def _strip(app: AppContext, name: str, empty: EmptyState) -> _Strip:
    strip = named(_Strip(app.look, empty), name=name)
    strip.setViewMode(QListView.ViewMode.IconMode)
    strip.setFlow(QListView.Flow.LeftToRight)
    strip.setWrapping(False)
    strip.setMovement(QListView.Movement.Static)
    strip.setResizeMode(QListView.ResizeMode.Adjust)
    strip.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    strip.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    strip.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    keep_size(app.look, strip, strip.fit)
    return strip
