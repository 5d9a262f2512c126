"""Panel of the Style workspace: style images, strip of strengths, mask."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QHideEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.dialogs.files import STYLES, ask_files
from nnviz.gui.panels.tray import icon_of
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    MenuEntry,
    allow,
    button,
    clipboard_data,
    icon_button,
    keep_size,
    label,
    menu_of,
    named,
    popup,
    scrolled,
    set_cells,
    toggle_button,
)
from nnviz.gui.views.canvas.brush import SIZES, MaskBrush
from nnviz.gui.views.canvas.layers import Bytes, array_of
from nnviz.gui.workspaces.style.styles import MOST, STRIP, Styles
from nnviz.render.maps import masks
from nnviz.render.text.words import percent

_TEXT = Qt.ItemDataRole.UserRole
_SIDE = 72
_THUMBNAIL = 160
"""Longer side of requested thumbnails, px."""
_STRIP_SIDE = 46
_TICKS = 100


class StylePanel(QWidget):
    """Panel with style images, strip of strengths, and mask.

    Args:
        app: services of the window.
        styles: the selected styles.
        brush: paints on the image.
        parent: as for all widgets.
    """

    def __init__(
        self,
        app: AppContext,
        styles: Styles,
        brush: MaskBrush,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.pictures = ImagesPart(app, styles)
        self.strip = StripPart(app, styles)
        self.where = WherePart(app, styles, brush)
        inner = named(QWidget(), "page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(MARGIN, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(4 * GRID)
        column.addWidget(self.pictures, 1)
        column.addWidget(self.strip)
        column.addWidget(self.where)
        self._inner = inner
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inner))

    def needed_height(self) -> int:
        """Return the height without scrolling, px."""
        return self._inner.minimumSizeHint().height()


class ImagesPart(QWidget):
    """Style images: a click selects one; with Ctrl others are blended in."""

    def __init__(self, app: AppContext, styles: Styles) -> None:
        super().__init__()
        self._app, self._styles = app, styles
        self.list = _ImageList(styles)
        self.list.setAccessibleName(self.tr("Style images"))
        keep_size(app.look, self.list, self._resize)
        self.list.itemSelectionChanged.connect(self._choose)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(
            lambda at: popup(self.menu(), self.list.viewport().mapToGlobal(at))
        )
        remove = QShortcut(QKeySequence.StandardKey.Delete, self.list)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self._remove)
        look = app.look
        add = icon_button(look, "plus", self.tr("Add images…"), self.ask)
        paste = icon_button(
            look, "clipboard-paste", self.tr("Paste an image"), self.paste
        )
        self.hint = label(style="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        title = label(self.tr("STYLE"), "section")
        column.addLayout(flow(title, None, add, paste))
        column.addWidget(self.list, 1)
        column.addWidget(self.hint)
        styles.listed.connect(self._fill)
        styles.chosen_changed.connect(self._mark)
        app.attached.connect(lambda _: self._fill())
        self._fill()

    def ask(self) -> None:
        """Ask for images."""
        title = self.tr("Add style images")
        files = ask_files(self, self._app.settings, STYLES, title)
        if files:
            self._styles.add(files)

    def paste(self) -> None:
        """Add the image or file from the clipboard."""
        data = clipboard_data()
        files = [each.toLocalFile() for each in data.urls() if each.isLocalFile()]
        if files:
            self._styles.add(files)
        elif data.hasImage():
            image = QApplication.clipboard().image()
            self._styles.add_pixels(array_of(image))
        else:
            self._app.messages.say(self.tr("the clipboard holds no image"))

    def _fill(self) -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            for text in self._styles.pictures:
                item = QListWidgetItem(Path(text).stem)
                item.setData(_TEXT, text)
                item.setToolTip(literal(text))
                self.list.addItem(item)
        self._resize()
        self._mark()
        for text in self._styles.pictures:
            path = self._styles.thumbnail(text)
            show = partial(self._show_thumbnail, path)
            self._app.images.make_thumbnail(path, show, _THUMBNAIL)

    def _resize(self) -> None:
        """Follow the text size."""
        px = self._app.look.px
        self.list.setIconSize(QSize(px(_SIDE), px(_SIDE)))
        self.list.setMinimumHeight(px(_SIDE + 36))
        set_cells(self.list, QSize(px(_SIDE + 12), px(_SIDE + 24)))

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(index) for index in range(self.list.count())]

    def _show_thumbnail(self, path: str, pixels: Bytes) -> None:
        side = min(pixels.shape[:2])
        square = pixels[:side, :side]
        for item in self._items():
            if self._styles.thumbnail(str(item.data(_TEXT))) == path:
                item.setIcon(icon_of(square))

    def _choose(self) -> None:
        """Apply the list's selection, keeping the order of those already chosen."""
        selected = [str(item.data(_TEXT)) for item in self.list.selectedItems()]
        kept = [each for each in self._styles.chosen if each in selected]
        new = [each for each in selected if each not in kept]
        self._styles.choose([*kept[: MOST - len(new[:1])], *new][:MOST])
        self._mark()

    def _mark(self) -> None:
        """Select the chosen images in the list, and show their shares."""
        chosen = self._styles.chosen
        with QSignalBlocker(self.list):
            for item in self._items():
                item.setSelected(item.data(_TEXT) in chosen)
        blend = [
            f"{Path(text).stem} {percent(share / 100)}"
            for text, share in chosen.items()
        ]
        if len(blend) < 2:  # noqa: PLR2004
            blend = [self.tr("Drop images here; Ctrl+click blends.")]
        self.hint.setText(" · ".join(blend))

    def menu(self) -> QMenu:
        """Return the context menu of the current image, or of the list."""
        item: QListWidgetItem | None = self.list.currentItem()
        text = str(item.data(_TEXT)) if item is not None else ""
        chosen = list(self._styles.chosen)
        blends = bool(text) and text not in chosen and 0 < len(chosen) < MOST
        use, blend = partial(self._use, [text]), partial(self._use, [*chosen, text])
        entries = (
            MenuEntry(self.tr("Use this style"), use, bool(text)),
            MenuEntry(self.tr("Blend in"), blend, blends),
            MenuEntry(self.tr("Add images…"), self.ask),
            MenuEntry(self.tr("Remove"), self._remove, self._styles.removable(text)),
        )
        return menu_of(self, entries)

    def _use(self, texts: list[str]) -> None:
        self._styles.choose(texts)
        self._mark()

    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._styles.remove(str(item.data(_TEXT)))


class _ImageList(QListWidget):
    """Thumbnails that accept dropped files and images."""

    def __init__(self, styles: Styles) -> None:
        super().__init__()
        self.setObjectName("pictures")
        self._styles = styles
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAcceptDrops(True)

    def sizeHint(self) -> QSize:
        """Return the minimum size, to leave room for what is below."""
        return self.minimumSize()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and images."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept them anywhere."""
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped as style images."""
        data = event.mimeData()
        files = [each.toLocalFile() for each in data.urls() if each.isLocalFile()]
        if files:
            self._styles.add(files)
        elif data.hasImage():
            self._styles.add_pixels(array_of(data.imageData()))
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()


class StripPart(QWidget):
    """Strip of five previews of increasing style; a click applies one's balance."""

    def __init__(self, app: AppContext, styles: Styles) -> None:
        super().__init__()
        self._app, self._styles = app, styles
        self.tiles = [self._tile(number) for number in range(len(STRIP))]
        self.make = button(self.tr("Preview 5 strengths"), self._toggle)
        self.make.setToolTip(self.tr("Paint five small images with increasing style"))
        self.note = label(style="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        title = label(self.tr("STYLE OVER CONTENT"), "section")
        column.addLayout(flow(title, None, self.make))
        line = flow(*self.tiles, spacing=GRID)
        column.addLayout(line)
        column.addWidget(self.note)
        styles.strip_changed.connect(self._show)
        styles.chosen_changed.connect(self._show)
        self._show()

    def _tile(self, number: int) -> QToolButton:
        tile = named(QToolButton(), "tile")
        tile.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        keep_size(self._app.look, tile, partial(self._fit, tile))
        tile.setCheckable(True)
        tile.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        tile.clicked.connect(partial(self._take, number))
        return tile

    def _fit(self, tile: QToolButton) -> None:
        """Follow the text size."""
        side = self._app.look.px(_STRIP_SIDE)
        tile.setIconSize(QSize(side, side))
        tile.setMinimumWidth(side)

    def _take(self, number: int, _checked: bool = False) -> None:  # noqa: FBT001, FBT002
        self._styles.choose_balance(number)
        self._show()

    def _toggle(self) -> None:
        if self._styles.making_strip:
            self._styles.stop_strip()
        else:
            self._styles.make_strip()

    def _show(self) -> None:
        styles = self._styles
        busy = styles.making_strip
        self.make.setText(self.tr("Stop") if busy else self.tr("Preview 5 strengths"))
        needs = self.tr("Style transfer needs an image and a classifier")
        allow(self.make, busy or styles.able, needs)
        for number, tile in enumerate(self.tiles):
            balance = styles.strip_from + STRIP[number]
            tile.setVisible(bool(styles.strip))
            tile.setText(f"{balance:g}")
            tile.setAccessibleName(self.tr("Style over content {0:g}").format(balance))
            tile.setToolTip(literal(self.tr("Use this balance: {0:g}").format(balance)))
            if styles.strip:
                tile.setIcon(icon_of(styles.strip[number]))
            with QSignalBlocker(tile):
                tile.setChecked(bool(styles.strip) and balance == styles.balance)
        self.note.setText(self._words())

    def _words(self) -> str:
        if self._styles.strip:
            return self.tr("Click one to use it.")
        if self._styles.making_strip:
            return self.tr("Rendering…")
        balance = self._styles.balance
        if balance is None:
            return self.tr("Choose a style image to use style transfer.")
        return self.tr("Now {0:g}; higher values give more style.").format(balance)


class WherePart(QWidget):
    """Brush for the mask, or choice of a segment of the image."""

    def __init__(self, app: AppContext, styles: Styles, brush: MaskBrush) -> None:
        super().__init__()
        self._app, self._styles, self.brush = app, styles, brush
        look = app.look
        self.paint = toggle_button(
            look, "brush", self.tr("Paint where the style is applied")
        )
        self.erase = toggle_button(look, "eraser", self.tr("Erase"))
        self.width_slider = named(
            QSlider(Qt.Orientation.Horizontal), name=self.tr("Brush")
        )
        self.width_slider.setToolTip(self.tr("Size of the brush"))
        self.width_slider.setRange(round(_TICKS * SIZES[0]), round(_TICKS * SIZES[1]))
        self.width_slider.setValue(round(_TICKS * brush.size))
        self.undo = icon_button(look, "undo-2", self.tr("Undo a stroke"), brush.undo)
        self.clear = icon_button(
            look, "trash-2", self.tr("Clear the mask"), brush.clear
        )
        self.segment = QPushButton(self.tr("Segment"))
        self.segment.setToolTip(self.tr("Apply the style to one segment only"))
        self.segment.setMenu(QMenu(self.segment))
        self.state = label(style="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        title = label(self.tr("MASK"), "section")
        column.addLayout(flow(title, None, self.segment))
        column.addLayout(
            flow(self.paint, self.erase, self.width_slider, self.undo, self.clear)
        )
        column.addWidget(self.state)
        self._connect()
        self._show()

    def _connect(self) -> None:
        brush = self.brush
        self.paint.toggled.connect(self._toggle)
        self.erase.toggled.connect(self._set_erasing)
        self.width_slider.valueChanged.connect(
            lambda tick: brush.set_size(tick / _TICKS)
        )
        brush.changed.connect(self._stroked)
        chosen = self._app.selection.image_changed
        renew = self._renew
        connect_while_in(self._app.choice, "style", chosen, lambda _: renew())
        self._styles.segments_found.connect(self._offer)
        self.segment.menu().aboutToShow.connect(self._fill_menu)

    def hideEvent(self, event: QHideEvent) -> None:
        """Deactivate the brush."""
        self.paint.setChecked(False)
        super().hideEvent(event)

    def _toggle(self, on: bool) -> None:  # noqa: FBT001 - a Qt slot
        if on and self.brush.mask is None:
            self._renew()
        if on and self.brush.mask is None:
            self._app.messages.say(self.tr("open an image first"))
            self.paint.setChecked(False)
            return
        self.brush.set_active(on)
        self._show()

    def _set_erasing(self, on: bool) -> None:  # noqa: FBT001 - a Qt slot
        self.brush.erasing = on
        if on:
            self.paint.setChecked(True)
            self.erase.setChecked(self.paint.isChecked())

    def _renew(self) -> None:
        """Start an empty mask on another image."""
        image = self._app.selection.image
        had = self.brush.mask is not None and self.brush.mask.any()
        self.brush.begin(image.size if image is not None else None)
        if had:
            self._styles.use_mask(None)
        self._show()

    def _stroked(self) -> None:
        self._styles.use_mask(self.brush.mask)
        self._show()

    def _fill_menu(self) -> None:
        menu = self.segment.menu()
        menu.clear()
        found = self._styles.segments
        if found is None:
            find = menu.addAction(self.tr("Find segments in drawn scenes"))
            find.triggered.connect(self._styles.find_segments)
            menu.addSection(
                self.tr(
                    "For real images, run Segments on a segmentation network of yours"
                )
            )
            return
        shares = masks.shown_shares(found)
        for label_, share in shares.items():
            words = f"{found.labels[label_]}  {percent(share)}"
            action = menu.addAction(words)
            action.triggered.connect(partial(self._take_segment, label_))
        if not shares:
            none = menu.addAction(self.tr("No segment found"))
            none.setEnabled(False)

    def _take_segment(self, number: int, _checked: bool = False) -> None:  # noqa: FBT001, FBT002
        if self.brush.mask is None:
            self._renew()
        if self.brush.mask is None:
            return
        size = self.brush.mask.shape[0], self.brush.mask.shape[1]
        mask = self._styles.segment(number, size)
        if mask is not None:
            self.brush.set_mask(mask)

    def _offer(self) -> None:
        """Open the menu of segments, which has been waited for."""
        if self.isVisible():
            self.segment.menu().popup(
                self.segment.mapToGlobal(self.segment.rect().bottomLeft())
            )

    def _show(self) -> None:
        share = self.brush.share
        allow(self.undo, self.brush.can_undo, self.tr("There is no stroke to undo"))
        allow(self.clear, bool(share), self.tr("Nothing is painted yet"))
        if share:
            words = self.tr("{0} of the image is painted.").format(percent(share))
        elif self.brush.active:
            words = self.tr("Paint on the image.")
        else:
            words = self.tr("The style is applied everywhere.")
        self.state.setText(words)
