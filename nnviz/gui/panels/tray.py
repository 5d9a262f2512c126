"""The tray at the bottom: photographs and the results of this session."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QListView,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.recipes import Run
from nnviz.gui.panels.miniature import miniature
from nnviz.gui.parts import MARGIN, icon_button, label, row
from nnviz.gui.sharing import summary
from nnviz.gui.theme import GRID
from nnviz.gui.views.layers import Bytes, image_of
from nnviz.gui.workbench import Workbench

_KEY = Qt.ItemDataRole.UserRole
_SIDE = 72


class TrayPanel(QWidget):
    """Photographs on the left, results on the right, newest first."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="page")
        self._bench = bench
        self.images = _strip(bench, self.tr("Photographs"))
        self.results = _strip(bench, self.tr("Results"))
        self.add = icon_button(
            bench.look, "image-plus", self.tr("Add photographs"), self.ask_files
        )
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(_column(self.tr("PHOTOGRAPHS"), self.images, self.add))
        split.addWidget(_column(self.tr("RESULTS"), self.results))
        split.setSizes([500, 700])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        remove = QShortcut(QKeySequence.StandardKey.Delete, self.images)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self._remove)
        self._connect()

    def ask_files(self) -> None:
        """Ask for photographs, and open them."""
        files, _ = QFileDialog.getOpenFileNames(self, self.tr("Open"))
        if files:
            self._bench.open_files(files)

    def _connect(self) -> None:
        images = self._bench.images
        images.added.connect(self._added)
        images.removed.connect(self._removed)
        images.thumbnail.connect(self._thumbnail)
        images.current_changed.connect(self._mark)
        self.images.itemClicked.connect(self._open)
        self.images.itemActivated.connect(self._open)
        self.images.currentItemChanged.connect(lambda item, _: self._walk(item))
        self._bench.runs.history.changed.connect(self._list_results)
        self.results.itemClicked.connect(self._bring_back)
        self.results.itemActivated.connect(self._bring_back)

    def _added(self, paths: list[str]) -> None:
        for place, path in enumerate(paths):
            item = QListWidgetItem(Path(path).name)
            item.setData(_KEY, path)
            item.setToolTip(path)
            item.setSizeHint(_cell(self._bench))
            self.images.insertItem(place, item)

    def _removed(self, path: str) -> None:
        place = self._place_of(path)
        if place >= 0:
            self.images.takeItem(place)

    def _thumbnail(self, path: str, pixels: Bytes) -> None:
        place = self._place_of(path)
        if place >= 0:
            self.images.item(place).setIcon(icon_of(pixels))

    def _mark(self, path: str) -> None:
        place = self._place_of(path)
        self.images.blockSignals(True)
        self.images.setCurrentRow(place)
        self.images.blockSignals(False)

    def _place_of(self, path: str) -> int:
        for place in range(self.images.count()):
            if self.images.item(place).data(_KEY) == path:
                return place
        return -1

    def _walk(self, item: QListWidgetItem | None) -> None:
        """Open what the arrow keys reach."""
        if item is not None and self.images.hasFocus():
            self._open(item)

    def _open(self, item: QListWidgetItem) -> None:
        path = str(item.data(_KEY))
        if path != self._bench.images.current:
            self._bench.images.show(path)

    def _remove(self) -> None:
        item = self.images.currentItem()
        if item is not None:
            self._bench.images.remove(str(item.data(_KEY)))

    def _list_results(self) -> None:
        known = {
            id(self.results.item(n).data(_KEY)): self.results.item(n).icon()
            for n in range(self.results.count())
        }
        self.results.clear()
        for run in self._bench.runs.history.runs:
            self.results.addItem(self._result_item(run, known.get(id(run))))

    def _result_item(self, run: Run, icon: QIcon | None) -> QListWidgetItem:
        title = next(
            (
                info.title
                for info in self._bench.models.catalogue.methods
                if info.name == run.recipe.method
            ),
            run.recipe.method,
        )
        item = QListWidgetItem(summary(run.recipe) or title)
        item.setIcon(icon or icon_of(miniature(run.report.main, run.image)))
        item.setToolTip(f"{title}\n{run.recipe.model}\n{run.recipe.image}")
        item.setData(_KEY, run)
        item.setSizeHint(_cell(self._bench))
        return item

    def _bring_back(self, item: QListWidgetItem) -> None:
        run = item.data(_KEY)
        if isinstance(run, Run):
            self._bench.runs.bring_back(run)


def icon_of(pixels: Bytes) -> QIcon:
    """Return uint8 (h, w, 3) pixels as an icon."""
    whole = np.ascontiguousarray(pixels)
    return QIcon(QPixmap.fromImage(image_of(whole)))


def _strip(bench: Workbench, name: str) -> QListWidget:
    strip = QListWidget(accessibleName=name)
    strip.setViewMode(QListView.ViewMode.IconMode)
    strip.setFlow(QListView.Flow.LeftToRight)
    strip.setWrapping(False)
    strip.setMovement(QListView.Movement.Static)
    strip.setResizeMode(QListView.ResizeMode.Adjust)
    strip.setIconSize(QSize(bench.look.px(_SIDE), bench.look.px(_SIDE)))
    strip.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    strip.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    strip.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    strip.setMinimumHeight(bench.look.px(_SIDE + 36))
    return strip


def _cell(bench: Workbench) -> QSize:
    px = bench.look.px
    return QSize(px(_SIDE + 28), px(_SIDE + 26))


def _column(title: str, strip: QListWidget, *buttons: QWidget) -> QWidget:
    widget = QWidget(objectName="page")
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, GRID, 0, 0)
    column.setSpacing(0)
    head = row(label(title, "section"), None, *buttons)
    head.setContentsMargins(MARGIN, 0, 2 * GRID, 0)
    column.addLayout(head)
    column.addWidget(strip)
    return widget
