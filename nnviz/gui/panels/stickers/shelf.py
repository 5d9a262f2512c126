"""Shelf of stickers, and list of those placed on the image."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import (
    QCoreApplication,
    QMimeData,
    QPoint,
    QSignalBlocker,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QIcon,
    QKeyEvent,
    QPainter,
    QPixmap,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.stickers.placed import Cut, OpenedSticker
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.dialogs.files import STICKERS, ask_files
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.stickers import NONE, StickerLayout
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MenuEntry,
    icon_button,
    keep_icon_size,
    keep_size,
    label,
    menu_of,
    named,
    popup,
)
from nnviz.gui.views.canvas.layers import image_of
from nnviz.gui.views.canvas.stickers import STICKER_MIME

_TEXT = Qt.ItemDataRole.UserRole
_SIDE = 56
_GRAY, _DARK, _LIGHT = 0.12, 0.08, 0.96
"""Saturation below which, and lightness outside which, a color has no hue name."""
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class ShelfPanel(QWidget):
    """Shelf of stickers: click one to place it, or drag it to a position.

    Images can be dropped here; stickers that methods have learned are added
    automatically.
    """

    def __init__(
        self, app: AppContext, placing: StickerLayout, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._app, self._placing = app, placing
        self.list = _ShelfList(app)
        keep_icon_size(app.look, self.list, _SIDE)
        self.list.itemClicked.connect(self._lay)
        self.list.itemActivated.connect(self._lay)
        self.laid = named(QListWidget(), name=self.tr("Stickers on the image"))
        self.laid.setToolTip(self.tr("Topmost first"))
        self.laid.currentRowChanged.connect(self._choose)
        look = app.look
        keep_size(look, self.laid, lambda: self.laid.setMaximumHeight(look.px(140)))
        self.hint = label(
            self.tr("Click a sticker to place it, or drag it onto the image."),
            "muted",
            wrap=True,
        )
        for part, menu in ((self.list, self.shelf_menu), (self.laid, self.laid_menu)):
            part.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            part.customContextMenuRequested.connect(partial(_open_menu, part, menu))
        add = icon_button(look, "image", self.tr("Add an image…"), self.ask_image)
        disc = icon_button(look, "palette", self.tr("Add a color…"), self.ask_color)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addLayout(flow(label(self.tr("SHELF"), "section"), None, add, disc))
        column.addWidget(self.list, 1)
        column.addWidget(label(self.tr("ON THE IMAGE"), "section"))
        column.addWidget(self.hint)
        column.addWidget(self.laid)
        app.shelf.changed.connect(self._fill)
        look.changed.connect(self._fill)
        placing.changed.connect(self._follow)
        self._fill()
        self._follow()

    def ask_image(self) -> None:
        """Ask for images and add them to the shelf."""
        title = self.tr("Add stickers")
        files = ask_files(self, self._app.settings, STICKERS, title)
        for file in files:
            self._app.shelf.add(file)

    def ask_color(self) -> None:
        """Ask for a color and add a disc of it to the shelf."""
        color = QColorDialog.getColor(parent=self, title=self.tr("Add a color"))
        if color.isValid():
            self._app.shelf.add(f"round:{color.name()}")

    def shelf_menu(self) -> QMenu:
        """Return the context menu of the selected sticker of the shelf."""
        item: QListWidgetItem | None = self.list.currentItem()
        text = str(item.data(_TEXT)) if item is not None else ""
        shelf, placing = self._app.shelf, self._placing
        entries = (
            MenuEntry(self.tr("Place on the image"), partial(placing.add, text)),
            MenuEntry(self.tr("Remove from the shelf"), partial(shelf.remove, text)),
        )
        return menu_of(self, (replace(each, able=bool(text)) for each in entries))

    def laid_menu(self) -> QMenu:
        """Return the context menu of the selected sticker on the image."""
        placing = self._placing
        able = placing.current is not None
        entries = (
            MenuEntry(self.tr("On top"), placing.raise_chosen, able),
            MenuEntry(self.tr("Remove"), lambda: placing.remove(placing.chosen), able),
            MenuEntry(self.tr("Remove all"), placing.clear, bool(placing.placed)),
        )
        return menu_of(self, entries)

    def _fill(self) -> None:
        kept = [item.data(_TEXT) for item in self.list.selectedItems()]
        with QSignalBlocker(self.list):
            self.list.clear()
            for text in self._app.shelf.texts:
                opened = self._app.shelf.opened(text)
                item = QListWidgetItem(_short_name(text))
                item.setData(_TEXT, text)
                item.setToolTip(literal(text))
                item.setIcon(_icon(opened, self._app.look.px(_SIDE)))
                px = self._app.look.px
                item.setSizeHint(QSize(px(_SIDE + 24), px(_SIDE + 44)))
                self.list.addItem(item)
                if text in kept:
                    self.list.setCurrentItem(item)

    def _follow(self) -> None:
        """List the stickers on the image, the topmost first."""
        placed = self._placing.placed
        self.hint.setVisible(not placed)
        self.laid.setVisible(bool(placed))
        with QSignalBlocker(self.laid):
            self.laid.clear()
            self.laid.addItems([name_of(each.cut.text) for each in reversed(placed)])
            chosen = self._placing.chosen
            self.laid.setCurrentRow(
                NONE if chosen == NONE else len(placed) - 1 - chosen
            )

    def _choose(self, place: int) -> None:
        if place >= 0:
            self._placing.choose(len(self._placing.placed) - 1 - place)

    def _lay(self, item: QListWidgetItem) -> None:
        self._placing.add(str(item.data(_TEXT)))


class _ShelfList(QListWidget):
    """List of icons to drag onto an image; accepts files, Delete removes."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self._app = app
        named(self, name=self.tr("Sticker shelf"))
        self.setToolTip(
            self.tr("Click to place a sticker, or drag it; drop images here")
        )
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setAcceptDrops(True)

    def mimeTypes(self) -> list[str]:
        """Return the MIME type of dragged stickers."""
        return [STICKER_MIME]

    def mimeData(self, items: list[QListWidgetItem]) -> QMimeData:  # type: ignore[override]
        """Return the dragged sticker."""
        data = QMimeData()
        data.setData(STICKER_MIME, str(items[0].data(_TEXT)).encode())
        return data

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept files anywhere."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add dropped files to the shelf."""
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self._app.shelf.add(url.toLocalFile())
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Remove a sticker from the shelf on Delete."""
        item = self.currentItem()
        if event.key() in _DELETES and item is not None:
            self._app.shelf.remove(str(item.data(_TEXT)))
        else:
            super().keyPressEvent(event)


def color_name(text: str) -> str:
    """Return the common name nearest to a color #rrggbb: "Red"."""
    color = QColor(text)
    if not color.isValid():
        return text
    hue, lightness = color.hslHueF(), color.lightnessF()
    if color.hslSaturationF() < _GRAY or lightness < _DARK or lightness > _LIGHT:
        shades = _shades()
        return shades[round(lightness * (len(shades) - 1))]
    hues = _hues()
    return hues[round(hue * len(hues)) % len(hues)]


def _shades() -> tuple[str, ...]:
    """Return the names of grays, from black to white."""
    darker = _tr("Black"), _tr("Dark gray"), _tr("Gray")
    return (*darker, _tr("Light gray"), _tr("White"))


def _hues() -> tuple[str, ...]:
    """Return the names of hues, 30 degrees apart, red first."""
    warm = _tr("Red"), _tr("Orange"), _tr("Yellow"), _tr("Lime"), _tr("Green")
    cold = _tr("Mint"), _tr("Cyan"), _tr("Azure"), _tr("Blue")
    return (*warm, *cold, _tr("Violet"), _tr("Magenta"), _tr("Pink"))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Shelf", text)


def name_of(text: str) -> str:
    """Return a sticker's name: that of its file or color."""
    cut = Cut.parse(text)
    if cut.is_color:
        shape = _tr("{0} disc") if cut.outline == "round" else _tr("{0} square")
        return shape.format(color_name(cut.source))
    return cut.source.replace("\\", "/").rpartition("/")[2]


def _short_name(text: str) -> str:
    """Return the name shown below an icon."""
    cut = Cut.parse(text)
    return name_of(text) if cut.is_color else name_of(text).rpartition(".")[0]


def _open_menu(part: QListWidget, make: Callable[[], QMenu], at: QPoint) -> None:
    """Show a list's context menu at a position in it."""
    popup(make(), part.viewport().mapToGlobal(at))


def _icon(opened: OpenedSticker | None, side: int) -> QIcon:
    """Return a sticker's icon, on a checkerboard where it is transparent."""
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    if opened is None or opened.pixels is None:
        return QIcon(pixmap)
    small = image_of(opened.pixels).scaled(
        side,
        side,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    with QPainter(pixmap) as painter:
        painter.drawImage(
            (side - small.width()) // 2, (side - small.height()) // 2, small
        )
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or Qt would tint a selected one
    return icon
