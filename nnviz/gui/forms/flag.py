"""Check box for a Boolean parameter."""

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.control import Control


class FlagControl(Control):
    """Control of a ``Kind.FLAG``."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._box = QCheckBox(self)
        self.setup(self._box)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        layout.addStretch()
        self.set_value(parameter.default)
        self._box.clicked.connect(lambda checked: self.take(bool(checked)))

    def field(self) -> QWidget:
        """Return the check box."""
        return self._box

    def show_value(self, value: Value) -> None:
        """Check or clear the box."""
        self._box.setChecked(bool(value))
