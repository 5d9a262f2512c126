"""Choice of one option: a segmented control where it fits, else a combo box."""

from PySide6.QtCore import QCoreApplication, QSignalBlocker
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.control import Control
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal

_SEGMENTS = 4
_SEGMENT_CHARACTERS = 24
_LEAST_LETTERS = 8
_WRITTEN = {
    "linf": "L∞",
    "l2": "L2",
    "adam": "Adam",
    "nadam": "NAdam",
    "lbfgs": "L-BFGS",
    "gausslegendre": "Gauss–Legendre",
    "input x gradient": "input × gradient",
    "spread": "standard deviation",
    "left": "left end",
    "right": "right end",
    "adadelta": "AdaDelta",
    "adagrad": "AdaGrad",
    "adamw": "AdamW",
    "nesterov": "Nesterov",
    "rmsprop": "RMSProp",
    "sgd": "SGD",
    "elu": "ELU",
    "leaky": "leaky ReLU",
    "relu": "ReLU",
    "selu": "SELU",
    "lenet": "LeNet",
    "mlp": "MLP",
    "vgg": "VGG",
    "kaiming": "Kaiming",
    "xavier": "Xavier",
    "lucid": "Lucid",
    "cross entropy": "cross-entropy",
}
"""Choices whose command-line values are not the best text for a person."""


class SegmentedControl(Control):
    """Segmented control for a ``Kind.CHOICE`` of few short options."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        layout = flow(spacing=0)
        self.setLayout(layout)
        for index, choice in enumerate(parameter.choices):
            button = QPushButton(self)
            button.setObjectName("segment")
            button.setText(shown(choice))
            button.setCheckable(True)
            button.setAutoExclusive(True)  # screen readers say one of several
            button.setToolTip(literal(parameter.help))
            button.setAccessibleName(f"{parameter.title}: {shown(choice)}")
            self._group.addButton(button, index)
            layout.addWidget(button)
        self.set_value(parameter.default)
        self._group.idClicked.connect(
            lambda index: self.take(self.parameter.choices[index])
        )

    def field(self) -> QWidget:
        """Return the chosen button."""
        return self._group.checkedButton() or self

    def show_value(self, value: Value) -> None:
        """Check the value's button."""
        self._group.button(self.parameter.choices.index(str(value))).setChecked(True)


class ComboControl(Control):
    """Combo box for a ``Kind.CHOICE`` of many options."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._combo = ComboBox(self, labeled=True)
        self.setup(self._combo)
        for choice in parameter.choices:
            self._combo.addItem(shown(choice), choice)
        self._combo.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        )
        self._combo.setMinimumContentsLength(_LEAST_LETTERS)
        self._combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self.set_value(parameter.default)
        self._combo.activated.connect(
            lambda index: self.take(self.parameter.choices[index])
        )

    def field(self) -> QWidget:
        """Return the combo box."""
        return self._combo

    def show_value(self, value: Value) -> None:
        """Select the value's entry."""
        with QSignalBlocker(self._combo):
            self._combo.setCurrentIndex(self.parameter.choices.index(str(value)))


def choice_control(parameter: Parameter, parent: QWidget | None = None) -> Control:
    """Return a segmented control for few short options, else a combo box."""
    few = len(parameter.choices) <= _SEGMENTS
    if few and sum(map(len, parameter.choices)) <= _SEGMENT_CHARACTERS:
        return SegmentedControl(parameter, parent)
    return ComboControl(parameter, parent)


def shown(choice: str) -> str:
    """Return an option's text in the window's language."""
    return QCoreApplication.translate("Choices", choice_text(choice))


def choice_text(choice: str) -> str:
    """Return an option's text in English; some have one of their own."""
    return _WRITTEN.get(choice, choice.replace("_", " "))
