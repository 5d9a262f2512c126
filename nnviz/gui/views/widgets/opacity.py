"""The slider that lets the photograph show through."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from nnviz.gui.views.tokens import SPACE

_NARROWEST, _WIDEST = 72, 96


class OpacitySlider(QWidget):
    """A word and a slider from clear to opaque.

    Signals:
        changed: the user moved it.
    """

    changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, 100)
        self.slider.setMinimumWidth(_NARROWEST)
        self.slider.setMaximumWidth(_WIDEST)
        self.slider.setAccessibleName(name)
        self.slider.valueChanged.connect(self.changed)
        label = QLabel(self.tr("Opacity"), self)
        label.setBuddy(self.slider)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(label)
        layout.addWidget(self.slider)
        # Wider, it would part the word from the slider.
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def share(self) -> float:
        """Return the opacity, in [0, 1]."""
        return self.slider.value() / 100

    def set_share(self, share: float) -> None:
        """Set the opacity, in [0, 1]."""
        self.slider.setValue(round(100 * share))
