"""Slider beside a spin box, shared by the controls of integers and real numbers."""

from PySide6.QtCore import QSignalBlocker, Qt, SignalInstance
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.control import LEAST_BOX_LETTERS, SLIDER_STEPS, Control
from nnviz.gui.forms.scale import Scale
from nnviz.gui.layout.flow import flow

_SPACE = 6
_BOX_LETTERS = 13
"""Width of a box beside a slider, in average letters."""


class RangedControl(Control):
    """Base of controls with a spin box, and a slider where there is a range.

    Args:
        parameter: the parameter to edit.
        box: the spin box, with its range.
        changed: the box's signal.
        parent: as for all widgets.
    """

    def __init__(
        self,
        parameter: Parameter,
        box: QWidget,
        changed: SignalInstance,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parameter, parent)
        self._box = box
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._scale: Scale | None = None
        self.setup(box)
        layout = flow(spacing=_SPACE)  # too narrow for both, the box goes below
        self.setLayout(layout)
        if parameter.minimum is not None and parameter.maximum is not None:
            self._scale = Scale(parameter.minimum, parameter.maximum, parameter.log)
            self._set_up_slider()
            layout.addWidget(self._slider)
        else:
            self._slider.hide()
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout.addWidget(box)
        self.fit()
        self.set_value(parameter.default)
        changed.connect(self._typed)

    def show_in_box(self, value: Value) -> None:
        """Show a value in the spin box, whose signals are blocked meanwhile."""
        raise NotImplementedError

    def rounded(self, value: float) -> Value:
        """Round a slider's value to the parameter's type."""
        raise NotImplementedError

    def fit(self) -> None:
        """Adapt the box's width to the font."""
        letter = self.fontMetrics().averageCharWidth()
        self._box.setMinimumWidth(LEAST_BOX_LETTERS * letter)
        if self._scale is not None:
            self._box.setMaximumWidth(_BOX_LETTERS * letter)

    def field(self) -> QWidget:
        """Return the spin box."""
        return self._box

    def show_value(self, value: Value) -> None:
        """Show a value in the spin box and the slider."""
        with QSignalBlocker(self._box):
            self.show_in_box(value)
        self._show_on_slider(value)

    def _set_up_slider(self) -> None:
        self.setup(self._slider)
        self._slider.setRange(0, SLIDER_STEPS)
        self._slider.setPageStep(SLIDER_STEPS // 10)
        self._slider.setSingleStep(SLIDER_STEPS // 100)
        self._slider.valueChanged.connect(self._slid)
        self._slider.sliderReleased.connect(self._released)

    def _show_on_slider(self, value: Value) -> None:
        if self._scale:
            with QSignalBlocker(self._slider):
                self._slider.setValue(self._scale.position(float(value)))

    def _typed(self, value: Value) -> None:
        self._show_on_slider(value)
        self.take(value)

    def _slid(self, position: int) -> None:
        if self._scale is None:
            return
        value = self.rounded(self._scale.value(position))
        if value == self._value:
            return
        with QSignalBlocker(self._box):
            self.show_in_box(value)
        self.take(value, settled=not self._slider.isSliderDown())

    def _released(self) -> None:
        self.take(self._value)
