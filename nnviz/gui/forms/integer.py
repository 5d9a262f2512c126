"""A spin box, with a slider where there is a range, for a whole number."""

from PySide6.QtWidgets import QSpinBox
from superqt import QLargeIntSpinBox

from nnviz.base.parameters import Value
from nnviz.gui.forms.ranged import RangedControl

_QT_MAXIMUM = 2**31 - 1
_MAXIMUM = 2**63 - 1


class IntegerControl(RangedControl):
    """Edits a ``Kind.INTEGER``."""

    def make_box(self) -> QSpinBox | QLargeIntSpinBox:
        """Return Qt's spin box, or one for 64 bits where the range needs it."""
        low, high = self.parameter.minimum, self.parameter.maximum
        if low is None or high is None:
            low, high = -_MAXIMUM, _MAXIMUM
        small = low >= -_QT_MAXIMUM and high <= _QT_MAXIMUM
        box = QSpinBox(self) if small else QLargeIntSpinBox(self)
        box.setRange(int(low), int(high))
        box.setKeyboardTracking(False)
        return box

    def rounded(self, value: float) -> Value:
        """Return the nearest whole number."""
        return round(value)
