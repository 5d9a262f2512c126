"""Single-line text field."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.control import Control


class TextControl(Control):
    """Control of a ``Kind.TEXT``, settled by Enter or by leaving the field.

    Attributes:
        shows_end: whether the end of a text that is too long is seen, as of a path.
    """

    shows_end = False

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._line = QLineEdit(self)
        self.setup(self._line)
        self._line.setClearButtonEnabled(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line)
        self.set_value(parameter.default)
        self._line.textEdited.connect(lambda text: self.take(text, settled=False))
        self._line.editingFinished.connect(self._finished)

    def field(self) -> QWidget:
        """Return the text field."""
        return self._line

    def show_value(self, value: Value) -> None:
        """Show the value."""
        with QSignalBlocker(self._line):
            if self._line.text() != value:
                self._line.setText(str(value))
                if not self.shows_end:
                    self._line.setCursorPosition(0)

    def _finished(self) -> None:
        if self._line.isModified():
            self._line.setModified(False)
            self.take(self._line.text())
