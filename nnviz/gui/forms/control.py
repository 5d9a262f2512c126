"""Base class of all form controls."""

from typing import Protocol

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QSlider, QWidget

from nnviz.base.info import LayerInfo
from nnviz.base.parameters import Parameter, Value
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.layout.text_fields import indent
from nnviz.gui.layout.wheel_guard import WheelGuard

SLIDER_STEPS = 1000
"""Positions of a slider."""
LEAST_BOX_LETTERS = 9
"""Minimum width of a spin box, in a narrow panel, in average letters."""


class FolderMemory(Protocol):
    """Memory of the folder last used for each kind of file."""

    def folder(self, what: str) -> str:
        """Return the last folder for a kind of file; "" at first."""
        ...

    def save_folder(self, what: str, path: str) -> None:
        """Remember the folder of a file that was chosen."""
        ...


class Control(QWidget):
    """Base of the controls that edit one parameter's value.

    Signals:
        edited: the value and whether it is final: False while a slider is dragged.
            Emitted for user input, never for ``set_value``.
        refused: why the typed text is invalid; empty once it is valid.
    """

    edited = Signal(object, bool)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._value = parameter.default

    def value(self) -> Value:
        """Return the value exactly as it was set or entered."""
        return self._value

    def set_value(self, value: Value) -> None:
        """Show a value that ``Parameter.check`` has accepted."""
        self._value = value
        self.show_value(value)

    def show_value(self, value: Value) -> None:
        """Show a value in the widgets without emitting ``edited``."""
        raise NotImplementedError

    def field(self) -> QWidget:
        """Return the widget that receives the focus of a label's shortcut."""
        raise NotImplementedError

    def fit(self) -> None:
        """Adapt minimum widths to the font; overridden where needed."""

    def changeEvent(self, event: QEvent) -> None:
        """Adapt widths when the font changes."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.fit()

    def set_layers(self, layers: tuple[LayerInfo, ...]) -> None:
        """Set the layers of the opened network; overridden where needed."""

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Set the classes of the opened network; overridden where needed."""

    def set_hint(self, words: str) -> None:
        """Set what an empty target means; overridden where needed."""

    def set_folders(self, folders: FolderMemory) -> None:
        """Set the memory of folders; overridden where needed."""

    def set_layer(self, layer: LayerInfo | None) -> None:
        """Set the selected layer; overridden where needed."""

    def take(self, value: Value, *, settled: bool = True) -> None:
        """Accept an entered value and emit ``edited``."""
        self._value = value
        self.edited.emit(value, settled)

    def setup(self, widget: QWidget) -> None:
        """Set an inner widget's accessible name and tool tip from the parameter."""
        widget.setAccessibleName(self.parameter.title)
        widget.setAccessibleDescription(self.parameter.help)
        widget.setToolTip(literal(self.parameter.help))
        if isinstance(widget, QAbstractSpinBox):
            indent(widget)
        if isinstance(widget, QAbstractSpinBox | QSlider):
            WheelGuard(widget)
