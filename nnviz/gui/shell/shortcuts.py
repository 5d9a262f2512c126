"""Sheet of all keyboard shortcuts and mouse gestures, searchable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnviz.gui.theme.manager import GRID, ThemeManager
from nnviz.gui.theme.parts import MARGIN, icon_button, label, named, row, search_field

_SIZE = (560, 620)


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the sheet: group, title and keys."""

    group: str
    title: str
    keys: str


class ShortcutSheet(QFrame):
    """Overlay with the shortcuts; Esc closes it."""

    def __init__(
        self, window: QWidget, look: ThemeManager, keys: Callable[[], Sequence[Key]]
    ) -> None:
        """Create a sheet whose ``keys`` are collected whenever it opens."""
        super().__init__(window)
        self.setObjectName("palette")
        self.setAccessibleName(self.tr("Keyboard shortcuts"))
        self._window, self._look, self._keys = window, look, keys
        self.search = search_field(
            self.tr("Search by name or key"), self.tr("Search the shortcuts")
        )
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._filter)
        self.list = self._make_list()
        self.list.installEventFilter(self)
        close = icon_button(look, "x", self.tr("Close (Esc)"), self._close)
        head = row(label(self.tr("Keyboard shortcuts"), "title"), None, close)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, MARGIN)
        column.setSpacing(2 * GRID)
        column.addLayout(head)
        column.addWidget(self.search)
        column.addWidget(self.list)
        self.hide()

    def open(self) -> None:
        """Show the sheet, centered in the window."""
        window = self._window
        width = min(self._look.px(_SIZE[0]), window.width() - 8 * GRID)
        height = min(self._look.px(_SIZE[1]), window.height() - 24 * GRID)
        self.setGeometry((window.width() - width) // 2, 16 * GRID, width, height)
        self._fill()
        self.search.clear()
        self.show()
        self.raise_()
        self.search.setFocus()

    def shown(self) -> list[tuple[str, str]]:
        """Return the visible lines: title and keys."""
        return [
            (item.text(0), item.text(1))
            for group in self._groups()
            for item in _below(group)
            if not item.isHidden()
        ]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close on Esc, ahead of the window's own shortcut."""
        is_key = event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if isinstance(event, QKeyEvent) and is_key:
            key = Qt.Key(event.key())
            if key is Qt.Key.Key_Escape:
                event.accept()
                if event.type() is QEvent.Type.KeyPress:
                    self._close()
                return True
            if key is Qt.Key.Key_Down and watched is self.search:
                self.list.setFocus()
        return super().eventFilter(watched, event)

    def _make_list(self) -> QTreeWidget:
        made = named(QTreeWidget(), name=self.tr("Shortcuts"))
        made.setHeaderLabels([self.tr("What it does"), self.tr("Keys")])
        made.setRootIsDecorated(False)
        made.setIndentation(3 * GRID)
        made.setItemsExpandable(False)
        made.setUniformRowHeights(True)
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        made.header().setStretchLastSection(False)
        made.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        made.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        return made

    def _fill(self) -> None:
        self.list.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for key in self._keys():
            if key.group not in groups:
                group = QTreeWidgetItem(self.list, [key.group])
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                font = group.font(0)
                font.setBold(True)
                group.setFont(0, font)
                groups[key.group] = group
            QTreeWidgetItem(groups[key.group], [key.title, key.keys])
        self.list.expandAll()

    def _filter(self, typed: str) -> None:
        words = typed.lower().split()
        for group in self._groups():
            lines = _below(group)
            for line in lines:
                text = f"{group.text(0)} {line.text(0)} {line.text(1)}".lower()
                line.setHidden(not all(word in text for word in words))
            group.setHidden(all(line.isHidden() for line in lines))

    def _groups(self) -> list[QTreeWidgetItem]:
        return _below(self.list.invisibleRootItem())

    def _close(self) -> None:
        self.hide()
        self._window.setFocus()


def _below(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    return [below for n in range(item.childCount()) if (below := item.child(n))]
