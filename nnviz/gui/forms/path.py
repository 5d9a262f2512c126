"""The path of an image file, a mask or a folder, typed or picked."""

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QToolButton, QWidget

from nnviz.base.parameters import Kind, Parameter
from nnviz.gui.forms.control import FolderMemory
from nnviz.gui.forms.text import TextControl

_IMAGES = "images"
"""Kind of file, for the memory of folders."""


class PathControl(TextControl):
    """Edits a ``Kind.IMAGE``, ``Kind.MASK`` or ``Kind.FOLDER``; empty means none."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._folders: FolderMemory | None = None
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

    def set_folders(self, folders: FolderMemory) -> None:
        """Begin where a file of this kind was found last, while there is none."""
        self._folders = folders

    def _pick(self) -> None:
        start = str(self.value()) or self._last_folder()
        if self.parameter.kind is Kind.FOLDER:
            path = QFileDialog.getExistingDirectory(self, self.pick.toolTip(), start)
        else:
            path, _ = QFileDialog.getOpenFileName(self, self.pick.toolTip(), start)
        if path:
            if self._folders is not None:
                self._folders.save_folder(_IMAGES, path)
            self.set_value(path)
            self.take(path)

    def _last_folder(self) -> str:
        return self._folders.folder(_IMAGES) if self._folders is not None else ""
