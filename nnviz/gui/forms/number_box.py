"""Spin box for real numbers over many orders of magnitude."""

import math

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

_DIGITS = 6
_DECIMALS = 15
_UNFINISHED = ("", "-", "+", ".", "-.", "+.")


class NumberBox(QDoubleSpinBox):
    """Spin box with six digits and exponents, stepping by a tenth of a decade."""

    def __init__(
        self, minimum: float, maximum: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setDecimals(_DECIMALS)
        self.setRange(minimum, maximum)
        self.setKeyboardTracking(False)
        self.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToPreviousValue)

    def textFromValue(self, value: float) -> str:
        """Return the shortest text with six significant digits."""
        return f"{value:.{_DIGITS}g}"

    def valueFromText(self, text: str) -> float:
        """Parse text that ``validate`` accepted."""
        return float(self._bare(text))

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept a number in range, or text that can still become one."""
        bare = self._bare(text)
        try:
            value = float(bare)
        except ValueError:
            unfinished = bare in _UNFINISHED or bare.rstrip("+-").endswith(("e", "E"))
            state = (
                QValidator.State.Intermediate
                if unfinished
                else QValidator.State.Invalid
            )
            return state, text, position
        if self.minimum() <= value <= self.maximum():
            return QValidator.State.Acceptable, text, position
        if self._may_grow_into_range(value):
            return QValidator.State.Intermediate, text, position
        return QValidator.State.Invalid, text, position

    def stepBy(self, steps: int) -> None:
        """Step by a tenth of the value's power of ten."""
        size = abs(self.value()) or self.maximum() / 10
        self.setSingleStep(10 ** math.floor(math.log10(max(size, 1e-12))) / 10)
        super().stepBy(steps)

    def _may_grow_into_range(self, value: float) -> bool:
        """Return whether more digits may bring it into range: 1 on the way to 16."""
        if not math.isfinite(value):
            return False
        if value < 0:
            return self.minimum() < 0 and value > self.maximum()
        return value < self.minimum()

    def _bare(self, text: str) -> str:
        return text.removesuffix(self.suffix()).strip()
