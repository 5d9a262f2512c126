"""The path of an image file, a mask or a folder, typed or picked."""

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QToolButton, QWidget

from nnviz.base.parameters import Kind, Parameter
from nnviz.gui.forms.text import TextControl


class PathControl(TextControl):
    """Edits a ``Kind.IMAGE``, ``Kind.MASK`` or ``Kind.FOLDER``; empty means none."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        folder = parameter.kind is Kind.FOLDER
        self.pick = QToolButton(self)
        self.pick.setText("…")
        words = self.tr("Pick a folder") if folder else self.tr("Pick an image file")
        self.pick.setToolTip(words)
        self.pick.setAccessibleName(f"{parameter.title}: {words}")
        self.pick.clicked.connect(self._pick)
        layout = self.layout()
        if isinstance(layout, QHBoxLayout):
            layout.addWidget(self.pick)

    def _pick(self) -> None:
        now = str(self.value())
        if self.parameter.kind is Kind.FOLDER:
            path = QFileDialog.getExistingDirectory(self, self.pick.toolTip(), now)
        else:
            path, _ = QFileDialog.getOpenFileName(self, self.pick.toolTip(), now)
        if path:
            self.set_value(path)
            self.take(path)
