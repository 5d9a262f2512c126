"""Small slider with a caption."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from nnviz.gui.layout.wheel_guard import WheelGuard
from nnviz.gui.views.tokens import SPACE

_NARROWEST, _WIDEST = 11, 15
"""Width of a slider, in average letters."""


class NamedSlider(QWidget):
    """Caption and slider over a range of numbers.

    Args:
        word: caption before the slider.
        name: for screen readers.
        span: values at its ends.
        parent: Qt parent.
        steps: number of steps between the ends.

    Signals:
        changed: the user moved it.
    """

    changed = Signal()

    def __init__(
        self,
        word: str,
        name: str,
        span: tuple[float, float] = (0.0, 1.0),
        parent: QWidget | None = None,
        *,
        steps: int = 100,
    ) -> None:
        super().__init__(parent)
        self._low, self._step = span[0], (span[1] - span[0]) / steps
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, steps)
        WheelGuard(self.slider)
        self.slider.setAccessibleName(name)
        self.slider.valueChanged.connect(self.changed)
        self.label = QLabel(word, self)
        self.label.setBuddy(self.slider)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self.label)
        layout.addWidget(self.slider)
        # Wider, it would separate the caption from the slider.
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Adapt the slider's width to the font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        letter = self.fontMetrics().averageCharWidth()
        self.slider.setMinimumWidth(_NARROWEST * letter)
        self.slider.setMaximumWidth(_WIDEST * letter)

    def value(self) -> float:
        """Return the value."""
        return round(self._low + self._step * self.slider.value(), 3)

    def set_value(self, value: float) -> None:
        """Set the value, rounded to a step."""
        self.slider.setValue(round((value - self._low) / self._step))
