"""Choice of a second network to compare with."""

from PySide6.QtWidgets import QWidget

from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.panels.dialogs.files import DATASETS, ask_folder
from nnviz.gui.services.app_context import AppContext

_OTHER = "…"
"""Stands in place of a folder: one that a dialog asks for."""
_LETTERS = 12


class SecondNetworkBox(ComboBox):
    """Combo box of the networks that indexed the same set, or any other index."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.setAccessibleName(self.tr("Second network"))
        self.setMinimumContentsLength(_LETTERS)
        self.setSizeAdjustPolicy(
            ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setToolTip(
            self.tr("Index the same images with another network to compare the two")
        )
        self.activated.connect(lambda _: self._choose())
        app.second_network.changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        second = self._app.second_network
        self.clear()
        self.addItem(self.tr("Second network"), "")
        for each in second.known:
            self.addItem(each.model, each.folder)
        self.addItem(self.tr("Open its index…"), _OTHER)
        self.setCurrentIndex(max(0, self.findData(second.folder)))

    def _choose(self) -> None:
        chosen = str(self.currentData())
        if chosen != _OTHER:
            self._app.second_network.choose(chosen)
            return
        title = self.tr("Open the index of another network")
        folder = ask_folder(self, self._app.settings, DATASETS, title)
        if folder:
            self._app.second_network.open(folder)
        else:
            self._fill()
