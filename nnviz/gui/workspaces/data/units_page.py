"""Units: for each channel of a layer, the images and patches that excite it most."""

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QComboBox, QSplitter, QVBoxLayout, QWidget

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.results import Mosaic, Table
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, label
from nnviz.gui.views.results.mosaic import MosaicView
from nnviz.gui.views.results.table import TableView
from nnviz.render.dataset.exemplar_sheet import seen_patch
from nnviz.render.words import number, percent

_LETTERS = 12


class Units(QWidget):
    """Channels in a table, and what excites the chosen one."""

    told = Signal(str)
    """Words for the status bar."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self._channel = -1
        self.layer: QComboBox = ComboBox()
        self.layer.setAccessibleName(self.tr("Layer"))
        self.layer.setMinimumContentsLength(_LETTERS)
        self.layer.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.summary = label(style="muted", wrap=True)
        self.channels = TableView()
        self.channels.grid.setAccessibleName(self.tr("Channels of the layer"))
        self.title = label(style="heading", wrap=True)
        self.words = label(style="muted", wrap=True)
        self.patches = MosaicView()
        self.select = button(self.tr("Select these images"), self._select)
        self.inspect = button(self.tr("Show the channel in Inspect"), self._inspect)
        self._lay_out()
        self._connect()
        self._fill(bench.datasets.dataset)

    # --- layout

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        beside = QVBoxLayout(left)
        beside.setContentsMargins(MARGIN, 2 * GRID, GRID, 2 * GRID)
        beside.setSpacing(GRID)
        beside.addLayout(flow(label(self.tr("Layer"), "muted"), self.layer))
        beside.addWidget(self.summary)
        beside.addWidget(self.channels, 1)
        column = QVBoxLayout(right)
        column.setContentsMargins(GRID, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addWidget(self.patches, 1)
        column.addLayout(flow(self.select, self.inspect))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)

    def _connect(self) -> None:
        bench = self._bench
        bench.datasets.opened.connect(self._fill)
        bench.exemplars.layer_found.connect(self._show_layer)
        bench.exemplars.unit_found.connect(self._show_unit)
        self.layer.activated.connect(lambda _: self._find())
        self.channels.grid.clicked.connect(self._choose)
        self.channels.grid.activated.connect(self._choose)
        self.patches.unit_chosen.connect(self._choose_image)
        self.patches.hovered.connect(self.told)

    # --- what is shown

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
        self._bench.exemplars.find_layer(self.layer.currentText())

    def _show_layer(self, found: Exemplars) -> None:
        if found.layer != self.layer.currentText():
            return
        columns = (
            self.tr("Channel"),
            self.tr("Answers on, %"),
            self.tr("Highest"),
        )
        rows = tuple(
            (float(channel), round(100 * float(share), 1), float(values[0]))
            for channel, share, values in zip(
                found.channels, found.answering, found.values, strict=True
            )
        )
        self.channels.show_result(Table(columns=columns, rows=rows), None)
        words = self.tr("{0:,} channels over {1:,} images").format(
            len(rows), found.images
        )
        for count, what in (
            (len(found.dead), self.tr("{0:,} never answer")),
            (len(found.always), self.tr("{0:,} always")),
        ):
            if count:
                words += " · " + what.format(count)
        self.summary.setText(words)
        if len(rows) and self._channel < 0:
            self._ask(int(found.channels[0]))

    def _show_unit(self, found: Exemplars | None) -> None:
        """Show the patches of a channel, those of the strongest image first."""
        here = found is not None and found.layer == self.layer.currentText()
        for each in (self.select, self.inspect):
            each.setEnabled(here)
        if found is None or not here:
            return
        self._channel = int(found.channels[0])
        self.title.setText(
            self.tr("{0} · channel {1}").format(found.layer, self._channel)
        )
        self.words.setText(self._words(found))
        count = found.records.shape[1]
        tiles = np.stack([seen_patch(found, 0, place) for place in range(count)])
        mosaic = Mosaic(
            tiles=tiles.astype(np.float32) / 255,
            order=np.arange(count),
            signed=False,
            shared_scale=True,
            unit="brightness",
            noun="image",
            layer=found.layer,
        )
        self.patches.show_result(mosaic, None)

    def _words(self, found: Exemplars) -> str:
        parts = [
            self.tr("answers on {0} of the images").format(
                percent(float(found.answering[0]))
            ),
            self.tr("highest {0}").format(number(float(found.values[0, 0]))),
        ]
        alike = ", ".join(
            f"{channel} ({number(float(share))})"
            for channel, share in zip(
                found.alike[0], found.correlations[0], strict=True
            )
        )
        if alike:
            parts.append(self.tr("most alike: {0}").format(alike))
        parts.append(self.tr("dark: below half of its highest activation there"))
        return " · ".join(parts)

    # --- choosing

    def _choose(self, index: QModelIndex) -> None:
        channel = index.sibling(index.row(), 0).data(Qt.ItemDataRole.UserRole)
        self._ask(int(channel))

    def _ask(self, channel: int) -> None:
        """Show a channel, here and wherever units are shown."""
        layer = self.layer.currentText()
        self._channel = channel
        self.title.setText(self.tr("{0} · channel {1}").format(layer, channel))
        self.words.setText(self.tr("Cutting out what it sees…"))
        selection, model = self._bench.selection, self._bench.selection.model
        if model is not None and model.layer(layer) is not None:
            selection.set_layer(layer)
            selection.set_unit(channel)
            if self._bench.exemplars.suits:
                return  # the selection asks
        self._bench.exemplars.find_unit(layer, channel)

    def _choose_image(self, place: int) -> None:
        found = self._bench.exemplars.unit
        if found is not None:
            record = int(found.records[0, place])
            selection = self._bench.datasets.selection
            selection.select(np.array([record]))
            selection.set_current(record)

    def _select(self) -> None:
        found = self._bench.exemplars.unit
        if found is not None:
            self._bench.datasets.selection.select(np.unique(found.records[0]))

    def _inspect(self) -> None:
        self._bench.workspace_wanted.emit("inspect")
