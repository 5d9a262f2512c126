"""The base of all form controls."""

from typing import Protocol

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QWidget

from nnviz.base.info import LayerInfo
from nnviz.base.parameters import Parameter, Value

SLIDER_STEPS = 1000
"""Positions of a slider."""
LEAST_BOX_LETTERS = 9
"""Width of a spin box in a narrow panel, in average letters."""
_INDENT = 7
"""Before a spin box's number, px, so that it starts where other fields' text does."""


class FolderMemory(Protocol):
    """The folder in which files of a kind were found last."""

    def folder(self, what: str) -> str:
        """Return the folder of a kind of file; empty at first."""
        ...

    def save_folder(self, what: str, path: str) -> None:
        """Remember the folder of a file that was chosen."""
        ...


class Control(QWidget):
    """Edits one parameter's value.

    Signals:
        edited: the value and whether it is settled: False while a slider is dragged.
            Emitted for what the user does, never for ``set_value``.
        refused: why what was typed cannot be taken; empty once it can.
    """

    edited = Signal(object, bool)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._value = parameter.default

    def value(self) -> Value:
        """Return the value, exactly as it was set or as the user entered it."""
        return self._value

    def set_value(self, value: Value) -> None:
        """Show a value that ``Parameter.check`` has accepted."""
        self._value = value
        self.show_value(value)

    def show_value(self, value: Value) -> None:
        """Bring the widgets to the value without emitting ``edited``."""
        raise NotImplementedError

    def field(self) -> QWidget:
        """Return the widget that a label's shortcut should focus."""
        raise NotImplementedError

    def fit(self) -> None:
        """Bring widths to the size of the text; most controls need nothing."""

    def changeEvent(self, event: QEvent) -> None:
        """Follow another text size."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.fit()

    def set_layers(self, layers: tuple[LayerInfo, ...]) -> None:
        """Take over the layers of the opened network; most controls need none."""

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Take over the opened network's classes; most controls need none."""

    def set_folders(self, folders: FolderMemory) -> None:
        """Take over what remembers folders; most controls need none."""

    def set_layer(self, layer: LayerInfo | None) -> None:
        """Take over which layer is chosen; most controls need none."""

    def take(self, value: Value, *, settled: bool = True) -> None:
        """Keep what the user entered and tell."""
        self._value = value
        self.edited.emit(value, settled)

    def setup(self, widget: QWidget) -> None:
        """Give an inner widget the parameter's names for screen readers and mouse."""
        widget.setAccessibleName(self.parameter.title)
        widget.setAccessibleDescription(self.parameter.help)
        widget.setToolTip(self.parameter.help)
        if isinstance(widget, QAbstractSpinBox):
            indent(widget)


def indent(box: QAbstractSpinBox) -> None:
    """Keep a spin box's number off its frame: Qt drops a style sheet's left padding."""
    for line in box.findChildren(QLineEdit):
        line.setTextMargins(_INDENT, 0, 0, 0)
