"""Units page: the images and patches that activate each channel of a layer most."""

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.results import Table
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, button, label
from nnviz.gui.views.canvas.layers import Bytes
from nnviz.gui.views.dataset.grid_marks import GridMarks
from nnviz.gui.views.dataset.thumbnail_grid import RowRequest, ThumbnailGrid
from nnviz.gui.views.results.table import TableView
from nnviz.gui.workspaces.data.record_words import line
from nnviz.render.dataset.exemplar_sheet import seen_patch
from nnviz.render.dataset.thumbnail_rows import paint_row
from nnviz.render.text.words import number, percent

_TABLE = 240
"""Width of the table of channels, px."""
_PATCH = 100


class PatchGrid(ThumbnailGrid):
    """Patches of a channel's exemplars, side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What excites the channel most"))
        self._patches = np.zeros((0, 8, 8, 3), np.uint8)
        self.side = _PATCH
        self.rows_wanted.connect(self._paint_rows)

    def show_patches(self, patches: Bytes) -> None:
        """Show patches, uint8 (k, side, side, 3), the strongest first."""
        self._patches = patches
        self.set_marks(GridMarks(np.zeros(len(patches), bool)))
        self.show_order(np.arange(len(patches)), -1)

    def _paint_rows(self, request: RowRequest) -> None:
        rows = [
            paint_row(self._patches[places], request.layout, request.backdrop)
            for places in request.records
        ]
        self.put_rows(request, rows)


class Units(QWidget):
    """Table of channels, and the exemplars of the selected one."""

    told = Signal(str)
    """Text for the status bar."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._channel = -1
        self.layer = ComboBox.narrow(self.tr("Layer"))
        self.summary = label(style="muted", wrap=True)
        self.channels = TableView()
        self.channels.grid.setAccessibleName(self.tr("Channels of the layer"))
        self.title = label(style="heading", wrap=True)
        self.words = label(style="muted", wrap=True)
        self.patches = PatchGrid()
        self.select = button(self.tr("Select these images"), self._select)
        self.inspect = button(self.tr("Show the channel in Inspect"), self._inspect)
        self._lay_out()
        self._connect()
        self._fill(app.datasets.dataset)

    # --- layout

    def _lay_out(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._lay_out_channels())
        split.addWidget(self._lay_out_unit())
        split.setStretchFactor(1, 1)
        split.setSizes([_TABLE, 3 * _TABLE])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)

    def _lay_out_channels(self) -> QWidget:
        left = QWidget()
        beside = QVBoxLayout(left)
        beside.setContentsMargins(MARGIN, 2 * GRID, GRID, 2 * GRID)
        beside.setSpacing(GRID)
        beside.addLayout(flow(label(self.tr("Layer"), "muted"), self.layer))
        beside.addWidget(self.summary)
        beside.addWidget(self.channels, 1)
        return left

    def _lay_out_unit(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addWidget(self.patches, 1)
        column.addLayout(flow(self.select, self.inspect))
        return right

    def _connect(self) -> None:
        app = self._app
        app.datasets.opened.connect(self._fill)
        app.exemplars.layer_found.connect(self._show_layer)
        app.exemplars.unit_found.connect(self._show_unit)
        self.layer.activated.connect(lambda _: self._find())
        self.channels.grid.clicked.connect(self._choose)
        self.channels.grid.activated.connect(self._choose)
        self.patches.current_edited.connect(self._choose_image)
        self.patches.hovered.connect(self._tell)

    # --- contents

    def _fill(self, dataset: DataSet | None) -> None:
        layers = [each.name for each in dataset.index.layers] if dataset else []
        self.layer.clear()
        self.layer.addItems(layers[::-1])
        self._channel = -1
        self._show_unit(None)
        if not layers:
            self.summary.setText(self.tr("The index holds no features."))
        else:
            self._find()

    def _find(self) -> None:
        self.summary.setText(self.tr("Looking for the strongest images…"))
        self._app.exemplars.find_layer(self.layer.currentText())

    def _show_layer(self, found: Exemplars) -> None:
        if found.layer != self.layer.currentText():
            return
        self.channels.show_result(self._table(found), None)
        self.summary.setText(self._summary(found))
        if len(found.channels) and self._channel < 0:
            self._ask(int(found.channels[0]))

    def _table(self, found: Exemplars) -> Table:
        columns = self.tr("Channel"), self.tr("Active, %"), self.tr("Highest")
        rows = tuple(
            (float(channel), round(100 * float(share), 1), float(values[0]))
            for channel, share, values in zip(
                found.channels, found.answering, found.values, strict=True
            )
        )
        return Table(columns=columns, rows=rows)

    def _summary(self, found: Exemplars) -> str:
        words = self.tr("{0:,} channels over {1:,} images").format(
            len(found.channels), found.images
        )
        for count, what in (
            (len(found.dead), self.tr("{0:,} never active")),
            (len(found.always), self.tr("{0:,} always active")),
        ):
            if count:
                words += " · " + what.format(count)
        return words

    def _show_unit(self, found: Exemplars | None) -> None:
        """Show the exemplar patches of a channel, the strongest first."""
        here = found is not None and found.layer == self.layer.currentText()
        for each in (self.select, self.inspect):
            allow(each, here, self.tr("Wait until the units of the layer are found"))
        if found is None or not here:
            return
        self._channel = int(found.channels[0])
        self.title.setText(
            self.tr("{0} · channel {1}").format(found.layer, self._channel)
        )
        self.words.setText(self._words(found))
        count = found.records.shape[1]
        tiles = [seen_patch(found, 0, index) for index in range(count)]
        self.patches.show_patches(np.stack(tiles))

    def _words(self, found: Exemplars) -> str:
        parts = [
            self.tr("active on {0} of the images").format(
                percent(float(found.answering[0]))
            ),
            self.tr("maximum {0}").format(number(float(found.values[0, 0]))),
        ]
        alike = ", ".join(
            f"{channel} ({number(float(share))})"
            for channel, share in zip(
                found.alike[0], found.correlations[0], strict=True
            )
        )
        if alike:
            parts.append(self.tr("most similar: {0}").format(alike))
        parts.append(self.tr("dark: below half of the channel's maximum in that image"))
        return " · ".join(parts)

    # --- choosing

    def _choose(self, index: QModelIndex) -> None:
        channel = index.sibling(index.row(), 0).data(Qt.ItemDataRole.UserRole)
        self._ask(int(channel))

    def _ask(self, channel: int) -> None:
        """Select a channel, here and in the other panels."""
        layer = self.layer.currentText()
        self._channel = channel
        self.title.setText(self.tr("{0} · channel {1}").format(layer, channel))
        self.words.setText(self.tr("Cropping the receptive fields…"))
        selection, model = self._app.selection, self._app.selection.model
        if model is not None and model.layer(layer) is not None:
            selection.set_layer(layer)
            selection.set_unit(channel)
            if self._app.exemplars.suits:
                return  # the selection's signal requests it
        self._app.exemplars.find_unit(layer, channel)

    def _choose_image(self, place: int) -> None:
        found = self._app.exemplars.unit
        if found is not None:
            record = int(found.records[0, place])
            selection = self._app.datasets.selection
            selection.select(np.array([record]))
            selection.set_current(record)

    def _tell(self, place: int) -> None:
        """Show in the status bar which image a patch is from."""
        found, dataset = self._app.exemplars.unit, self._app.datasets.dataset
        known = found is not None and dataset is not None and place >= 0
        if not known or found is None or dataset is None:
            self.told.emit("")
            return
        record = int(found.records[0, place])
        value = number(float(found.values[0, place]))
        self.told.emit(f"{line(dataset, record)} · {self.tr('activation')} {value}")

    def _select(self) -> None:
        found = self._app.exemplars.unit
        if found is not None:
            self._app.datasets.selection.select(np.unique(found.records[0]))

    def _inspect(self) -> None:
        self._app.workspace_wanted.emit("inspect")
