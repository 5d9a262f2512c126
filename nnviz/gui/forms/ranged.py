"""A slider beside a spin box: what integers and numbers have in common."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)
from superqt import QLargeIntSpinBox

from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.control import SLIDER_STEPS, Control
from nnviz.gui.forms.scale import Scale

_BOX_WIDTH = 92


Box = QSpinBox | QDoubleSpinBox | QLargeIntSpinBox


class RangedControl(Control):
    """A spin box, and a slider where the parameter has a range."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._box = self.make_box()
        self.setup(self._box)
        if parameter.unit:
            self._box.setSuffix(f" {parameter.unit}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._scale: Scale | None = None
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setVisible(False)
        if parameter.minimum is not None and parameter.maximum is not None:
            self._scale = Scale(parameter.minimum, parameter.maximum, parameter.log)
            self._add_slider(layout)
            self._box.setFixedWidth(_BOX_WIDTH)
        else:
            self._box.setSizePolicy(
                QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
            )
        layout.addWidget(self._box)
        self.set_value(parameter.default)
        self._box.valueChanged.connect(self._typed)

    def make_box(self) -> Box:
        """Return the spin box with its range."""
        raise NotImplementedError

    def rounded(self, value: float) -> Value:
        """Return a slider's value as the parameter's type."""
        raise NotImplementedError

    def field(self) -> QWidget:
        """Return the spin box."""
        return self._box

    def show_value(self, value: Value) -> None:
        """Bring spin box and slider to the value."""
        with QSignalBlocker(self._box):
            self._box.setValue(value)
        if self._scale:
            with QSignalBlocker(self._slider):
                self._slider.setValue(self._scale.position(float(value)))

    def _add_slider(self, layout: QHBoxLayout) -> None:
        self.setup(self._slider)
        self._slider.setVisible(True)
        self._slider.setRange(0, SLIDER_STEPS)
        self._slider.setPageStep(SLIDER_STEPS // 10)
        self._slider.setSingleStep(SLIDER_STEPS // 100)
        self._slider.valueChanged.connect(self._slid)
        self._slider.sliderReleased.connect(self._released)
        layout.addWidget(self._slider, 1)

    def _typed(self, value: Value) -> None:
        if self._scale:
            with QSignalBlocker(self._slider):
                self._slider.setValue(self._scale.position(float(value)))
        self.take(value)

    def _slid(self, position: int) -> None:
        if self._scale is None:
            return
        value = self.rounded(self._scale.value(position))
        if value == self._value:
            return
        with QSignalBlocker(self._box):
            self._box.setValue(value)
        self.take(value, settled=not self._slider.isSliderDown())

    def _released(self) -> None:
        self.take(self._value)
