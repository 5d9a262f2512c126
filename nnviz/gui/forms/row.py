"""One parameter in the form: label, control, reset button, help and remark."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from nnviz.base.parameters import Parameter
from nnviz.gui.forms.registry import make_control

_SPACE = 4
_RESET_WIDTH = 20


class Row(QWidget):
    """A parameter's label above its control, with a reset button once it was changed.

    Signals:
        reset_wanted: the reset button was pressed.
    """

    reset_wanted = Signal()

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.control = make_control(parameter, self)
        self._label = QLabel(parameter.title, self)
        self._label.setToolTip(parameter.help)
        self._label.setBuddy(self.control.field())
        self._reset = QToolButton(self)
        self._reset.setText("↺")
        self._reset.setAutoRaise(True)
        self._reset.setFixedWidth(_RESET_WIDTH)
        self._reset.setToolTip(self.tr("Back to %s") % _worded(parameter))
        self._reset.setAccessibleName(self.tr("Reset %s") % parameter.title)
        self._reset.clicked.connect(self.reset_wanted)
        keeping = self._reset.sizePolicy()
        keeping.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(keeping)
        self._help = _words(parameter.help, "muted", self)
        self._remark = _words("", "warning", self)
        self.control.refused.connect(self._say)
        self._arrange()
        self.mark_changed()

    def mark_changed(self) -> None:
        """Offer the reset button while the value is not the default."""
        self._reset.setVisible(self.control.value() != self.parameter.default)

    def set_help_visible(self, visible: bool) -> None:  # noqa: FBT001 - Qt's style
        """Show or hide the line of help."""
        self._help.setVisible(visible and bool(self.parameter.help))

    def _say(self, text: str) -> None:
        self._remark.setText(text)
        self._remark.setVisible(bool(text))

    def _arrange(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(_SPACE)
        layout.setVerticalSpacing(_SPACE // 2)
        layout.setColumnMinimumWidth(0, 96)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self._label, 0, 0)
        layout.addWidget(self.control, 0, 1)
        layout.addWidget(self._reset, 0, 2)
        layout.addWidget(self._remark, 1, 1, 1, 2)
        layout.addWidget(self._help, 2, 0, 1, 3)
        self._help.hide()
        self._remark.hide()


def _worded(parameter: Parameter) -> str:
    if isinstance(parameter.default, bool):
        return "on" if parameter.default else "off"
    return f"{parameter.default} {parameter.unit}".strip() or "nothing"


def _words(text: str, name: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setObjectName(name)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return label
