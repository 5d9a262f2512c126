"""Color field: #rrggbb typed or picked."""

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QHBoxLayout, QToolButton, QWidget

from nnviz.base.errors import UsageError
from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.text import TextControl
from nnviz.gui.layout.plain_text import literal


class ColorControl(TextControl):
    """Control of a ``Kind.COLOR``; empty means that the method chooses.

    Invalid text stays in the field and is reported, but not applied.
    """

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self.pick = QToolButton(self)
        self.pick.setText("…")
        words = self.tr("Pick a color")
        self.pick.setToolTip(literal(words))
        self.pick.setAccessibleName(f"{parameter.title}: {words}")
        self.pick.clicked.connect(self._pick)
        layout = self.layout()
        if isinstance(layout, QHBoxLayout):
            layout.addWidget(self.pick)

    def take(self, value: Value, *, settled: bool = True) -> None:
        """Accept an entered value if it is a color, and emit ``edited``."""
        try:
            self.parameter.check(value)
        except UsageError as error:
            self.refused.emit(error.reason)
            return
        self.refused.emit("")
        super().take(value, settled=settled)

    def _pick(self) -> None:
        now = QColor(str(self.value()) or "#ffffff")
        color = QColorDialog.getColor(now, self, self.pick.toolTip())
        if color.isValid():
            self.set_value(color.name())
            self.take(color.name())
