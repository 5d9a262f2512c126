"""Path field for a file or folder, typed or picked."""

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QToolButton, QWidget

from nnviz.base.parameters import Kind, Parameter
from nnviz.gui.forms.control import FolderMemory
from nnviz.gui.forms.text import TextControl
from nnviz.gui.layout.plain_text import literal

_IMAGES = "images"
_MEMORIES = {Kind.TEXT_FILE: "texts", Kind.NETWORK_FILE: "weights"}
"""Kinds of files under which folders are remembered."""


class PathControl(TextControl):
    """Control of a parameter that names a file or folder; empty means none."""

    shows_end = True

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._folders: FolderMemory | None = None
        self._memory = _MEMORIES.get(parameter.kind, _IMAGES)
        self.pick = QToolButton(self)
        self.pick.setText("…")
        self.pick.setObjectName("dropdown")
        words = self._request()
        self.pick.setToolTip(literal(words))
        self.pick.setAccessibleName(f"{parameter.title}: {words}")
        self.pick.clicked.connect(self._pick)
        layout = self.layout()
        if isinstance(layout, QHBoxLayout):
            layout.addWidget(self.pick)

    def set_folders(self, folders: FolderMemory) -> None:
        """Set the memory of folders; dialogs of an empty field begin in its folder."""
        self._folders = folders

    def _request(self) -> str:
        """Describe to the dialog what is to be picked."""
        match self.parameter.kind:
            case Kind.FOLDER:
                return self.tr("Pick a folder")
            case Kind.TEXT_FILE:
                return self.tr("Pick a text file")
            case Kind.NETWORK_FILE:
                return self.tr("Pick a saved network")
            case _:
                return self.tr("Pick an image file")

    def _pick(self) -> None:
        start = str(self.value()) or self._last_folder()
        if self.parameter.kind is Kind.FOLDER:
            path = QFileDialog.getExistingDirectory(self, self.pick.toolTip(), start)
        else:
            path, _ = QFileDialog.getOpenFileName(self, self.pick.toolTip(), start)
        if path:
            if self._folders is not None:
                self._folders.save_folder(self._memory, path)
            self.set_value(path)
            self.take(path)

    def _last_folder(self) -> str:
        return self._folders.folder(self._memory) if self._folders is not None else ""
