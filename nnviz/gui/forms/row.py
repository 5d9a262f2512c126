"""Row of a form: label, control, reset button, help and error of one parameter."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from nnviz.base.parameters import Parameter
from nnviz.gui.forms.registry import make_control
from nnviz.gui.layout.plain_text import literal

_SPACE = 4
_RESET_LETTERS = 3
"""Width of the reset button, in average letters."""
_LABEL_LETTERS = 15
"""Width of the label column, in average letters, so that controls are aligned."""
_STACKED_BELOW = 46
"""Width of a row, in average letters, below which the label is above the control."""


class Row(QWidget):
    """A parameter's label and control, with a reset button once the value is changed.

    Signals:
        reset_wanted: the reset button was pressed.
    """

    reset_wanted = Signal()

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.control = make_control(parameter, self)
        self._label = QLabel(parameter.title, self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setToolTip(literal(parameter.help))
        self._label.setBuddy(self.control.field())
        self._reset = QToolButton(self)
        self._reset.setText("↺")
        self._reset.setAutoRaise(True)
        self._reset.setToolTip(literal(self.tr("Back to %s") % _worded(parameter)))
        self._reset.setAccessibleName(self.tr("Reset %s") % parameter.title)
        self._reset.clicked.connect(self.reset_wanted)
        keeping = self._reset.sizePolicy()
        keeping.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(keeping)
        self._help = _words(parameter.help, "muted", self)
        self._remark = _words("", "warning", self)
        self.control.refused.connect(self._say)
        self._stacked: bool | None = None
        self._fit_reset()
        self._arrange()
        self.mark_changed()

    def mark_changed(self) -> None:
        """Show the reset button while the value is not the default."""
        self._reset.setVisible(self.control.value() != self.parameter.default)

    def set_help_visible(self, visible: bool) -> None:  # noqa: FBT001 - Qt's style
        """Show or hide the help line."""
        self._help.setVisible(visible and bool(self.parameter.help))

    def _say(self, text: str) -> None:
        self._remark.setText(text)
        self._remark.setVisible(bool(text))

    def _arrange(self) -> None:
        self._grid = layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(_SPACE)
        layout.setVerticalSpacing(_SPACE // 2)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self._remark, 2, 0, 1, 3)
        layout.addWidget(self._help, 3, 0, 1, 3)
        self._help.hide()
        self._remark.hide()
        self._place(stacked=False)

    def _place(self, *, stacked: bool) -> None:
        """Place the label beside the control, or above it in a narrow form."""
        if stacked == self._stacked:
            return
        self._stacked = stacked
        grid = self._grid
        for widget in (self._label, self.control, self._reset):
            grid.removeWidget(widget)
        self._label.setWordWrap(stacked)
        grid.setColumnMinimumWidth(0, 0 if stacked else self._label_width())
        grid.addWidget(self._label, 0, 0, 1, 2 if stacked else 1)
        if stacked:
            grid.addWidget(self.control, 1, 0, 1, 3)
        else:
            grid.addWidget(self.control, 0, 1)
        grid.addWidget(self._reset, 0, 2, Qt.AlignmentFlag.AlignTop)

    def _label_width(self) -> int:
        return _LABEL_LETTERS * self.fontMetrics().averageCharWidth()

    def minimumSizeHint(self) -> QSize:
        """Return the minimum size with the label above the control."""
        whole = super().minimumSizeHint()
        width = self.control.minimumSizeHint().width()
        return QSize(min(whole.width(), width), whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the label above the control when there is no room beside it."""
        super().resizeEvent(event)
        self._follow_width()

    def changeEvent(self, event: QEvent) -> None:
        """Update the layout when the font changes."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._stacked = None
            self._fit_reset()
            self._follow_width()

    def _fit_reset(self) -> None:
        self._reset.setFixedWidth(
            _RESET_LETTERS * self.fontMetrics().averageCharWidth()
        )

    def _follow_width(self) -> None:
        letters = self.width() / max(1, self.fontMetrics().averageCharWidth())
        self._place(stacked=letters < _STACKED_BELOW)


def _worded(parameter: Parameter) -> str:
    if isinstance(parameter.default, bool):
        return "on" if parameter.default else "off"
    return f"{parameter.default} {parameter.unit}".strip() or "nothing"


def _words(text: str, name: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setObjectName(name)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
