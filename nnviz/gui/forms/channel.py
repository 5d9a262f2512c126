"""Spin box for one channel of the selected layer, or for all channels."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpinBox, QWidget

from nnviz.base.info import LayerInfo, Layout
from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.control import LEAST_BOX_LETTERS, Control

ALL = -1
_MAXIMUM = 2**31 - 1


class ChannelControl(Control):
    """Edits a ``Kind.CHANNEL``; the lowest step reads "all"."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._box = QSpinBox(self)
        self.setup(self._box)
        self._box.setRange(ALL, _MAXIMUM)
        self._box.setSpecialValueText(self.tr("all"))
        self._box.setKeyboardTracking(False)
        self._box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self.fit()
        self.set_value(parameter.default)
        self._box.valueChanged.connect(self.take)

    def field(self) -> QWidget:
        """Return the spin box."""
        return self._box

    def fit(self) -> None:
        """Set the minimum width to a few digits: the largest number would need ten."""
        letter = self.fontMetrics().averageCharWidth()
        self._box.setMinimumWidth(LEAST_BOX_LETTERS * letter)

    def set_layer(self, layer: LayerInfo | None) -> None:
        """Set the range to the layer's channels; one out of range becomes "all"."""
        count = channels(layer)
        with QSignalBlocker(self._box):
            self._box.setMaximum(_MAXIMUM if count is None else count - 1)
            self._box.setSuffix("" if count is None else f" of {count}")
        if count is not None and int(self._value) >= count:
            self.set_value(ALL)
        else:
            self.show_value(self._value)

    def show_value(self, value: Value) -> None:
        """Show the channel."""
        with QSignalBlocker(self._box):
            self._box.setValue(int(value))


def channels(layer: LayerInfo | None) -> int | None:
    """Return the number of channels of a layer; None if unknown."""
    if layer is None or not layer.shape or layer.layout is Layout.OTHER:
        return None
    return layer.shape[0 if layer.layout is Layout.MAP else -1]
