"""Pane of NMF: the parts of a layer's activations, shown on images."""

import numpy as np
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QFileDialog, QSpinBox

from nnviz.base.dataset.concepts import ConceptParts
from nnviz.base.dataset.requests import FactorLayer
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.parts import allow, button, label, named
from nnviz.gui.views.canvas.layers import Bytes
from nnviz.gui.views.results.table import TableView
from nnviz.gui.workspaces.data.concepts.direction_use import DirectionUse
from nnviz.gui.workspaces.data.concepts.question_pane import (
    SELECTED,
    QuestionPane,
    above,
    beside,
    table_of,
)
from nnviz.gui.workspaces.data.units_page import PatchGrid
from nnviz.media.index import ImageIndex
from nnviz.render.dataset.part_sheet import lit_thumbnail
from nnviz.render.text.words import percent

_USUAL, _MOST = 8, 64
"""Default and maximum number of parts."""
_ALL = -1
_LIMIT = 200
"""Maximum number of images over which a layer is factored."""


class LayerPartsPane(QuestionPane):
    """Pane that factors a layer, lists its parts, and shows the selected one."""

    def __init__(self, app: AppContext) -> None:
        super().__init__(
            app,
            "parts",
            self.tr(
                "Non-negative matrix factorization (NMF) splits a layer's "
                "activations into a few parts, often objects, textures or "
                "backgrounds, and shows where each is active. Up to {0} images are "
                "used."
            ).format(_LIMIT),
            self.tr("Find parts"),
        )
        self._found: ConceptParts | None = None
        self._part = -1
        self._tiles = Lane("part tiles")
        self.images = ComboBox.narrow(self.tr("Images"))
        self.count = named(QSpinBox(), name=self.tr("Number of parts"))
        self.count.setRange(2, _MOST)
        self.count.setValue(_USUAL)
        self.table = TableView()
        self.table.grid.setAccessibleName(self.tr("Parts of the layer"))
        self.table.grid.clicked.connect(self._choose)
        self.table.grid.activated.connect(self._choose)
        self.patches = PatchGrid()
        self.patches.setAccessibleName(self.tr("Images where the part is strongest"))
        self.patches.current_edited.connect(self._choose_image)
        self.direction = DirectionUse(app, self)
        self.save = button(self.tr("Save sheet…"), self._save)
        self.lay_out(
            self.images,
            label(self.tr("Layer"), "muted"),
            self.layer,
            label(self.tr("Parts"), "muted"),
            self.count,
            below=above(
                beside(self.table, self.patches), *self.direction.buttons, self.save
            ),
        )
        self.connect_data()

    def offer(self, dataset: DataSet | None) -> None:
        """Offer all images or the selected ones."""
        if not self.images.count():
            self.images.addItem(self.tr("All images"), _ALL)
            self.images.addItem("", SELECTED)
        super().offer(dataset)
        if dataset is not None and not dataset.index.layers:
            allow(self.begin, False, self.lack(dataset))

    def tell_selection(self) -> None:
        """Show the number of selected images."""
        self.name_selected(self.images)

    def ask(self) -> None:
        """Factor the layer."""
        chosen = self.images.currentData() == SELECTED
        request = FactorLayer(
            index=self.index,
            parts=self.count.value(),
            layer=self.layer.currentText(),
            records=self.selected() if chosen else (),
            limit=_LIMIT,
        )
        self.submit(request, self.tr("Parts of a layer"), self._take)

    # --- results

    def forget(self) -> None:
        """Clear the parts."""
        self._take(None)

    def _take(self, found: ConceptParts | None) -> None:
        self._found, self._part = found, -1
        columns = self.tr("Part"), self.tr("Share, %")
        shares = found.shares if found is not None else np.zeros(0)
        rows = tuple(
            (float(part), round(100 * float(share), 1))
            for part, share in enumerate(shares)
        )
        self.table.show_result(table_of(columns, rows), None)
        for each in (self.table, self.patches):
            each.setVisible(found is not None)
        allow(self.save, found is not None, self.tr("Find the parts first"))
        self.direction.show_direction(None)
        if found is not None and len(shares):
            self.say(
                self.tr(
                    "{0} parts of {1} leave {2} of the activations unexplained"
                ).format(len(shares), found.layer, percent(found.error))
            )
            self._show(0)

    def _choose(self, index: QModelIndex) -> None:
        self._show(int(index.sibling(index.row(), 0).data(Qt.ItemDataRole.UserRole)))

    def _show(self, part: int) -> None:
        """Show the images that contain most of a part, dimmed elsewhere."""
        found, dataset = self._found, self.app.datasets.dataset
        if found is None or dataset is None:
            return
        self._part = part
        name = self.tr("part {0}").format(part)
        words = self.tr(
            "{0}: {1} of what all parts explain together; bright where the part is "
            "active"
        )
        self.words.setText(words.format(name, percent(float(found.shares[part]))))
        self.direction.show_direction(
            (f"{found.layer} {name}", found.layer, found.parts[part])
        )
        work = self.app.jobs.compute(
            lambda: _tiles(found, part, dataset.index), self._tiles
        )
        work.done.connect(self.patches.show_patches)

    def _choose_image(self, place: int) -> None:
        found = self._found
        if found is not None and self._part >= 0:
            record = int(found.records[found.top[self._part, place]])
            selection = self.app.datasets.selection
            selection.select(np.array([record]))
            selection.set_current(record)

    def _save(self) -> None:
        """Ask for a folder, and save sheet and arrays."""
        app, dataset, found = self.app, self.app.datasets.dataset, self._found
        if dataset is None or found is None or app.bridge is None:
            return
        title = self.tr("Save the sheet of parts in")
        folder = QFileDialog.getExistingDirectory(
            self, title, app.settings.export_folder
        )
        if folder:
            app.settings.export_folder = folder
            results = app.bridge.files.results
            app.saving.save(results.parts(found, dataset.index, folder))


def _tiles(found: ConceptParts, part: int, index: ImageIndex) -> Bytes:
    """Paint the images of a part; runs in a file thread."""
    top = found.top[part]
    thumbnails = index.thumbnails[found.records[top]]
    return np.stack(
        [
            lit_thumbnail(thumbnail, found.maps[place, ..., part])
            for thumbnail, place in zip(thumbnails, top, strict=True)
        ]
    )
