"""Opacity slider."""

from PySide6.QtWidgets import QWidget

from nnviz.gui.views.widgets.named_slider import NamedSlider


class OpacitySlider(NamedSlider):
    """Slider captioned Opacity, from transparent to opaque."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__("", name, parent=parent)
        self.label.setText(self.tr("Opacity"))

    def share(self) -> float:
        """Return the opacity, in [0, 1]."""
        return self.value()

    def set_share(self, share: float) -> None:
        """Set the opacity, in [0, 1]."""
        self.set_value(share)
