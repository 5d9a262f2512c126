"""Spin box for a real number, with a slider where there is a range."""

import sys

from PySide6.QtWidgets import QWidget

from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.number_box import NumberBox
from nnviz.gui.forms.ranged import RangedControl


class NumberControl(RangedControl):
    """Control of a ``Kind.NUMBER``."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        self._low, self._high = -sys.float_info.max, sys.float_info.max
        if parameter.minimum is not None and parameter.maximum is not None:
            self._low, self._high = parameter.minimum, parameter.maximum
        self._spin = NumberBox(self._low, self._high)
        if parameter.unit:
            self._spin.setSuffix(f" {parameter.unit}")
        super().__init__(parameter, self._spin, self._spin.valueChanged, parent)

    def show_in_box(self, value: Value) -> None:
        """Show a value in the spin box."""
        self._spin.setValue(float(value))

    def rounded(self, value: float) -> Value:
        """Round to three digits, within the range."""
        return min(max(float(f"{value:.3g}"), self._low), self._high)
