"""Tree of the open network's layers."""

from PySide6.QtCore import (
    QCoreApplication,
    QModelIndex,
    QPoint,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.context_menus import layer_entries
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    keep_size,
    label,
    menu_of,
    named,
    popup,
    row,
    rule,
    search_field,
)
from nnviz.gui.theme.signs import DASH, TIMES
from nnviz.gui.views.tokens import mixed
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.render.text.words import short_number

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
_LAYER, _KIND, _OUTPUT = range(3)
_NAMES = 0.4
"""Maximum fraction of the width for names while kinds are shown."""
_NARROWEST_NAME = 96
"""Minimum width of the layers' names, px, however long the kinds are."""
_SMALLER = 0.92
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEAF_ICON, _BLOCK_ICON = "square", "layers"


class LayerPanel(QWidget):
    """Tree of the layers with their facts; its current layer is the selection's."""

    activated = Signal(str)
    """Name of a layer that was clicked or entered, to show its activations."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
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
        column.addWidget(self.tree, 1)
        column.addWidget(rule())
        column.addLayout(self._make_facts())
        self.search.textChanged.connect(self._filter)
        app.selection.model_changed.connect(self._fill)
        app.selection.layer_changed.connect(self._mark)
        app.look.changed.connect(self._color)

    def names(self) -> list[str]:
        """Return the visible layers, from top to bottom."""
        return [name for name, item in self._items.items() if not item.isHidden()]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Distribute the width among the columns."""
        super().resizeEvent(event)
        self._fit_columns()

    def _make_facts(self) -> QVBoxLayout:
        """Build the lines about the selected layer, of constant height."""
        self._chosen = named(ElidedLabel(align=Qt.AlignmentFlag.AlignLeft), "heading")
        self._facts = label(style="muted", wrap=True)
        self._facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        for words in (self._chosen, self._facts):
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        keep_size(self._app.look, self._facts, self._keep_lines)
        column = QVBoxLayout()
        column.setContentsMargins(MARGIN, 0, MARGIN, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self._chosen)
        column.addWidget(self._facts)
        return column

    def _keep_lines(self) -> None:
        self._facts.setMinimumHeight(2 * self._facts.fontMetrics().lineSpacing())

    def _make_tree(self) -> QTreeWidget:
        tree = named(QTreeWidget(), name=self.tr("Layers"))
        tree.setHeaderLabels([self.tr("Layer"), self.tr("Kind"), self.tr("Output")])
        tree.setUniformRowHeights(True)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        tree.setIndentation(4 * GRID)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.headerItem().setToolTip(
            _LAYER,
            self.tr("A colored icon marks layers whose activations can be shown"),
        )
        header = tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(16)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(_LAYER, QHeaderView.ResizeMode.Stretch)
        tree.headerItem().setTextAlignment(_OUTPUT, _RIGHT)
        tree.currentItemChanged.connect(lambda item, _: self._choose(item))
        tree.itemExpanded.connect(lambda _: self._fit_columns())
        tree.clicked.connect(self._click)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._show_menu)
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
        self._color()
        self.tree.blockSignals(False)
        self._fit_columns()
        self._filter(self.search.text())
        self._mark(self._app.selection.layer)

    def _fit_columns(self) -> None:
        """Fit the columns of kind and output to their contents; names get the rest."""
        head = self.tree.header()  # as wide as the viewport
        least, most = self._app.look.px(_NARROWEST_NAME), round(_NAMES * head.width())
        names = max(least, min(self.tree.sizeHintForColumn(_LAYER), most))
        room = head.width() - names
        output = self.tree.sizeHintForColumn(_OUTPUT)
        kind = self.tree.sizeHintForColumn(_KIND)
        output = max(output, head.sectionSizeHint(_OUTPUT))
        kind = max(kind, head.sectionSizeHint(_KIND))
        self.tree.setColumnWidth(_OUTPUT, output)
        self.tree.setColumnHidden(_OUTPUT, head.width() - output < least // 2)
        self.tree.setColumnWidth(_KIND, min(kind, room - output))
        # A few letters of a kind are useless: prefer longer names.
        enough = max(kind // 2, head.sectionSizeHint(_KIND))
        self.tree.setColumnHidden(_KIND, room - output < enough)

    def _describe(self, item: QTreeWidgetItem, layer: LayerInfo) -> None:
        item.setData(_LAYER, _NAME, layer.name)
        item.setToolTip(_LAYER, literal(f"{layer.name}\n{layer.kind}\n{_facts(layer)}"))
        item.setToolTip(_KIND, literal(layer.kind))
        item.setTextAlignment(_OUTPUT, _RIGHT)

    def _color(self) -> None:
        look = self._app.look
        info = self._app.selection.model
        quiet = QColor(look.theme.muted)
        accent = mixed(QColor(look.theme.accent), QColor(look.theme.panel), 0.25)
        small = self.tree.font()
        small.setPixelSize(round(self.tree.fontInfo().pixelSize() * _SMALLER))
        for layer in info.layers if info else ():
            item = self._items.get(layer.name)
            if item is None:
                continue
            sign = accent.name() if layer.shape else look.theme.muted
            item.setIcon(_LAYER, look.icon(_icon(layer), sign))
            for section in (_KIND, _OUTPUT):
                item.setForeground(section, quiet)
                item.setFont(section, small)
            if layer.shape is None:
                item.setForeground(_LAYER, quiet)
        self._fit_columns()

    def _filter(self, text: str) -> None:
        """Hide items that neither match the filter nor contain a match."""
        words = text.lower().split()
        keep: set[str] = set()
        info = self._app.selection.model
        for layer in info.layers if info else ():
            if all(word in f"{layer.name} {layer.kind}".lower() for word in words):
                parts = layer.name.split(".")
                keep |= {".".join(parts[: n + 1]) for n in range(len(parts))}
        with QSignalBlocker(self.tree):  # columns are fitted once, not for each item
            for name, item in self._items.items():
                item.setHidden(bool(words) and name not in keep)
                if words and name in keep:
                    item.setExpanded(True)
        self._fit_columns()

    def _invitation(self) -> str:
        """Return the text shown without a selected layer."""
        model = self._app.selection.model
        if model is not None and not model.layers:
            return self.tr("This network has no layers to inspect: About says why.")
        return self.tr("Choose a layer to see its details.")

    def _mark(self, layer: str) -> None:
        info = self._app.selection.layer_info
        self._chosen.setText(f"{info.name} · {info.kind}" if info else "")
        self._facts.setText(_facts(info) if info else self._invitation())
        item = self._items.get(layer)
        if item is None:
            self.tree.setCurrentIndex(QModelIndex())
        elif item is not self.tree.currentItem():
            self.tree.setCurrentItem(item)
            self.tree.scrollToItem(item)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self._app.selection.set_layer(str(item.data(0, _NAME)))

    def _click(self, _index: QModelIndex) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self.activated.emit(str(item.data(0, _NAME)))

    def _show_menu(self, at: QPoint) -> None:
        """Show the context menu of the layer under the mouse."""
        item, model = self.tree.itemAt(at), self._app.selection.model
        if item is not None and model is not None:
            layer = model.known_layer(str(item.data(0, _NAME)))
            menu = menu_of(self, layer_entries(self._app, layer))
            popup(menu, self.tree.viewport().mapToGlobal(at))


def _texts(layer: LayerInfo) -> list[str]:
    return [layer.name.rpartition(".")[2], layer.kind, _shape(layer)]


def _facts(layer: LayerInfo) -> str:
    """Return a layer's facts as a short text."""
    if layer.calls == 0:
        return _tr("not used in a forward pass")
    parts = []
    if layer.parameters:
        parts.append(_tr("{0} parameters").format(short_number(layer.parameters)))
    if layer.macs:
        parts.append(f"{short_number(layer.macs)} MACs")
    if _field(layer) != DASH:
        parts.append(_tr("receptive field {0}").format(_field(layer)))
    if layer.calls > 1:
        parts.append(_tr("called {0} times").format(layer.calls))
    # Lines may break between the parts, but not within.
    return " · ".join(part.replace(" ", "\u00a0") for part in parts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Layers", text)


def _icon(layer: LayerInfo) -> str:
    kind = layer.kind.lower()
    for part, icon in _ICONS:
        if part in kind:
            return icon
    return _LEAF_ICON if layer.leaf else _BLOCK_ICON


def _shape(layer: LayerInfo) -> str:
    """Format an output shape: 64x56x56."""
    return TIMES.join(str(side) for side in layer.shape) if layer.shape else DASH


def _field(layer: LayerInfo) -> str:
    """Format a receptive field: 43 px, or 43 x 27 px."""
    if layer.receptive_field is None:
        return DASH
    height, width = layer.receptive_field
    return f"{height} px" if height == width else f"{height} {TIMES} {width} px"
