"""The tree of the open network's layers."""

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.gui.layers import field_text, shape_text, short_number
from nnviz.gui.parts import MARGIN, named, row, search_field
from nnviz.gui.signs import DASH, FULL
from nnviz.gui.theme import GRID
from nnviz.gui.workbench import Workbench

_NAME = Qt.ItemDataRole.UserRole
_ICONS = (
    ("conv", "grid-3x3"),
    ("linear", "waypoints"),
    ("norm", "sigma"),
    ("relu", "activity"),
    ("gelu", "activity"),
    ("silu", "activity"),
    ("swish", "activity"),
    ("sigmoid", "activity"),
    ("softmax", "activity"),
    ("pool", "minimize-2"),
    ("dropout", "square-dashed"),
    ("attention", "scan-eye"),
)
_DOT, _OUTPUT, _COLUMNS = 1, 3, 7
_LEAF_ICON, _BLOCK_ICON = "square", "layers"


class LayerPanel(QWidget):
    """Shows the layers with their facts; the chosen one is everybody's."""

    activated = Signal(str)
    """A layer was clicked or entered: its activations are wanted."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._bench = bench
        self._items: dict[str, QTreeWidgetItem] = {}
        self.search = search_field(
            self.tr("Search layers"), self.tr("Search the layers of the network")
        )
        self.tree = self._make_tree()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(2 * GRID)
        head = row(self.search)
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        column.addLayout(head)
        column.addWidget(self.tree)
        self.search.textChanged.connect(self._filter)
        bench.selection.model_changed.connect(self._fill)
        bench.selection.layer_changed.connect(self._mark)
        bench.look.changed.connect(self._colour)

    def names(self) -> list[str]:
        """Return the layers that can be seen, from top to bottom."""
        return [name for name, item in self._items.items() if not item.isHidden()]

    def _make_tree(self) -> QTreeWidget:
        tree = named(QTreeWidget(), name=self.tr("Layers"))
        tree.setHeaderLabels(
            [
                self.tr("Layer"),
                FULL,
                self.tr("Kind"),
                self.tr("Output"),
                self.tr("Params"),
                self.tr("MACs"),
                self.tr("Field"),
            ]
        )
        tree.setUniformRowHeights(True)
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.setIndentation(3 * GRID)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.headerItem().setToolTip(_DOT, self.tr("gives activations"))
        header = tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(16)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        tree.currentItemChanged.connect(lambda item, _: self._choose(item))
        tree.clicked.connect(self._click)
        tree.activated.connect(self._click)
        return tree

    def _fill(self, info: ModelInfo | None) -> None:
        self.tree.blockSignals(True)
        self.tree.clear()
        self._items = {}
        for layer in info.layers if info else ():
            above = self._items.get(layer.name.rpartition(".")[0])
            item = QTreeWidgetItem(
                above or self.tree.invisibleRootItem(), _texts(layer)
            )
            self._describe(item, layer)
            self._items[layer.name] = item
        self.tree.expandToDepth(0)
        self._colour()
        self.tree.blockSignals(False)
        self._fit_columns()
        self._filter(self.search.text())
        self._mark(self._bench.selection.layer)

    def _fit_columns(self) -> None:
        px = self._bench.look.px
        for section, width in enumerate((112, 24, 84, 76, 60, 60, 64)):
            self.tree.setColumnWidth(section, px(width))

    def _describe(self, item: QTreeWidgetItem, layer: LayerInfo) -> None:
        item.setData(0, _NAME, layer.name)
        field = field_text(layer)
        item.setToolTip(
            0,
            f"{layer.name}\n{layer.kind}\n"
            + self.tr(
                "output {0}, {1} parameters, {2} MACs, receptive field {3}"
            ).format(
                shape_text(layer),
                short_number(layer.parameters),
                short_number(layer.macs),
                field,
            ),
        )
        for section in range(_OUTPUT, _COLUMNS):
            item.setTextAlignment(
                section, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            )

    def _colour(self) -> None:
        look = self._bench.look
        info = self._bench.selection.model
        quiet = QColor(look.theme.muted)
        for layer in info.layers if info else ():
            item = self._items.get(layer.name)
            if item is None:
                continue
            item.setIcon(0, look.icon(_icon(layer), look.theme.muted))
            for section in range(1, _COLUMNS):
                item.setForeground(section, quiet)
            item.setForeground(_DOT, QColor(look.theme.accent))
            if layer.shape is None:
                item.setForeground(0, quiet)

    def _filter(self, text: str) -> None:
        """Hide what does not match, but not what a match stands in."""
        words = text.lower().split()
        keep: set[str] = set()
        info = self._bench.selection.model
        for layer in info.layers if info else ():
            if all(word in f"{layer.name} {layer.kind}".lower() for word in words):
                parts = layer.name.split(".")
                keep |= {".".join(parts[: n + 1]) for n in range(len(parts))}
        for name, item in self._items.items():
            item.setHidden(bool(words) and name not in keep)
            if words and name in keep:
                item.setExpanded(True)

    def _mark(self, layer: str) -> None:
        item = self._items.get(layer)
        if item is None:
            self.tree.setCurrentIndex(QModelIndex())
        elif item is not self.tree.currentItem():
            self.tree.setCurrentItem(item)
            self.tree.scrollToItem(item)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self._bench.selection.set_layer(str(item.data(0, _NAME)))

    def _click(self, _index: QModelIndex) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self.activated.emit(str(item.data(0, _NAME)))


def _texts(layer: LayerInfo) -> list[str]:
    return [
        layer.name.rpartition(".")[2],
        FULL if layer.shape else "",
        layer.kind,
        shape_text(layer),
        short_number(layer.parameters) if layer.parameters else DASH,
        short_number(layer.macs) if layer.macs else DASH,
        field_text(layer),
    ]


def _icon(layer: LayerInfo) -> str:
    kind = layer.kind.lower()
    for part, icon in _ICONS:
        if part in kind:
            return icon
    return _LEAF_ICON if layer.leaf else _BLOCK_ICON
