"""Spin box for an integer, with a slider where there is a range."""

from PySide6.QtWidgets import QSpinBox, QWidget
from superqt import QLargeIntSpinBox

from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.control import Control
from nnviz.gui.forms.ranged import RangedControl

_QT_MAXIMUM = 2**31 - 1
_MAXIMUM = 2**63 - 1


class IntegerControl(RangedControl):
    """Control of a ``Kind.INTEGER`` that fits Qt's spin box."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        self._spin = QSpinBox()
        self._spin.setKeyboardTracking(False)
        low, high = limits_of(parameter)
        self._spin.setRange(low, high)
        if parameter.unit:
            self._spin.setSuffix(f" {parameter.unit}")
        if parameter.lowest:
            self._spin.setSpecialValueText(self._spin.tr(parameter.lowest))
        super().__init__(parameter, self._spin, self._spin.valueChanged, parent)

    def show_in_box(self, value: Value) -> None:
        """Show a value in the spin box."""
        self._spin.setValue(int(value))

    def rounded(self, value: float) -> Value:
        """Return the nearest whole number."""
        return round(value)


class LargeIntegerControl(RangedControl):
    """Control of a ``Kind.INTEGER`` of up to 64 bits."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        self._spin = QLargeIntSpinBox()
        self._spin.setKeyboardTracking(False)
        low, high = limits_of(parameter)
        self._spin.setRange(low, high)  # type: ignore[no-untyped-call]
        super().__init__(parameter, self._spin, self._spin.valueChanged, parent)

    def show_in_box(self, value: Value) -> None:
        """Show a value in the spin box."""
        self._spin.setValue(int(value))  # type: ignore[no-untyped-call]

    def rounded(self, value: float) -> Value:
        """Return the nearest whole number."""
        return round(value)


def integer_control(parameter: Parameter, parent: QWidget | None = None) -> Control:
    """Return the control for the parameter's range."""
    low, high = limits_of(parameter)
    if low >= -_QT_MAXIMUM and high <= _QT_MAXIMUM:
        return IntegerControl(parameter, parent)
    return LargeIntegerControl(parameter, parent)


def limits_of(parameter: Parameter) -> tuple[int, int]:
    """Return the parameter's range; that of 64 bits where none is declared."""
    if parameter.minimum is None or parameter.maximum is None:
        return -_MAXIMUM, _MAXIMUM
    return int(parameter.minimum), int(parameter.maximum)
