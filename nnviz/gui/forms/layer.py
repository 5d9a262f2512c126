"""Searchable combo box of the network's layers."""

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from nnviz.base.info import LayerInfo
from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.completion import NameCompleter
from nnviz.gui.forms.control import Control
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.plain_text import literal


class LayerControl(Control):
    """Control of a ``Kind.LAYER``; empty means that the method chooses.

    A name that the network does not have is kept and reported as unknown: the network
    may still be loading.
    """

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._names: list[str] = []
        self._combo = ComboBox(self, labeled=True)
        self.setup(self._combo)
        self._combo.setEditable(True)
        self._combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._combo.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        )
        self._combo.setMinimumContentsLength(8)
        self._line = QLineEdit(self._combo)
        self._combo.setLineEdit(self._line)
        self.setup(self._line)
        self._line.setPlaceholderText(self.tr("chosen by the method"))
        self._combo.setCompleter(NameCompleter(self._combo.model(), self))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self.set_value(parameter.default)
        self._combo.activated.connect(self._picked)
        self._line.editingFinished.connect(self._finished)

    def field(self) -> QWidget:
        """Return the combo box."""
        return self._combo

    def set_layers(self, layers: tuple[LayerInfo, ...]) -> None:
        """Set the layers to choose from, keeping the value."""
        with QSignalBlocker(self._combo):
            self._combo.clear()
            self._names = []
            for layer in layers:
                if layer.suits(self.parameter.layers):
                    self._names.append(layer.name)
                    self._combo.addItem(layer.name)
                    index = self._combo.count() - 1
                    self._combo.setItemData(
                        index, literal(facts(layer)), Qt.ItemDataRole.ToolTipRole
                    )
        self.show_value(self._value)

    def show_value(self, value: Value) -> None:
        """Select the layer's entry; a name without an entry is shown as text."""
        name = str(value)
        with QSignalBlocker(self._combo):
            self._combo.setCurrentIndex(
                self._names.index(name) if name in self._names else -1
            )
            self._combo.setEditText(name)
        self._judge(name)

    def _picked(self, index: int) -> None:
        if 0 <= index < len(self._names):
            self._enter(self._names[index])

    def _finished(self) -> None:
        self._enter(self._combo.currentText().strip())

    def _enter(self, name: str) -> None:
        if self._judge(name) and name != self._value:
            self.take(name)

    def _judge(self, name: str) -> bool:
        known = not name or not self._names or name in self._names
        self.refused.emit("" if known else self.tr("no such layer: %s") % name)
        return known


def facts(layer: LayerInfo) -> str:
    """Return a layer's kind and output shape as one line."""
    nothing = QCoreApplication.translate("LayerFacts", "no output")
    shape = " × ".join(map(str, layer.shape)) if layer.shape else nothing
    return f"{layer.kind}, {shape}"
