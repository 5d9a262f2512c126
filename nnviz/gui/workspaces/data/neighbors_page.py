"""Neighbors page: nearest neighbors by features, by pixels, by a second network."""

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.dataset.neighbors import METRICS, PIXELS, Metric, Neighbors
from nnviz.base.dataset.requests import CompareNeighbors, FindNeighbors
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.datasets import TOPIC
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.record_selection import NO_RECORD
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, button, label
from nnviz.gui.workspaces.data.record_grid import RecordGrid
from nnviz.gui.workspaces.data.record_words import file_name
from nnviz.gui.workspaces.data.second_network_box import SecondNetworkBox

_COUNT = 40
_PAUSE_MS = 150
_LETTERS = 6
_LEAST_HEIGHT = 60
"""Minimum height of a strip, a row of thumbnails, px."""
_METRIC_NAMES = {"cosine": "cosine", "l2": "L2"}


class NeighborsPage(QWidget):
    """Strips of neighbors, one for each kind of comparison."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._lane = Lane("compared neighbors")
        self._asked = NO_RECORD
        self._found: tuple[Neighbors, ...] = ()
        self._make_controls()
        self.titles = [label(style="section", wrap=True) for _ in range(3)]
        self.grids = [RecordGrid(app, self) for _ in range(3)]
        for grid in self.grids:
            grid.setMinimumHeight(_LEAST_HEIGHT)
        self.strips = [self._make_strip(index) for index in range(3)]
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        self._lay_out()
        self._connect()
        self._fill(app.datasets.dataset)

    # --- layout

    def _make_controls(self) -> None:
        self.heading = label(style="heading", wrap=True)
        self.layer = ComboBox.narrow(self.tr("Layer"), _LETTERS)
        self.distance = ComboBox.narrow(self.tr("Distance"), _LETTERS)
        for name in METRICS:
            self.distance.addItem(_METRIC_NAMES[name], name)
        self.second = SecondNetworkBox(self._app)
        self.layer.setToolTip(self.tr("Layer whose features are compared"))
        self.distance.setToolTip(self.tr("Distance"))
        self.again = button(self.tr("Use as query"), self._look_again)
        self.again.setToolTip(self.tr("Find the neighbors of the selected image"))

    def _make_strip(self, place: int) -> QWidget:
        strip = QWidget()
        column = QVBoxLayout(strip)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.titles[place])
        column.addWidget(self.grids[place], 1)
        return strip

    def _lay_out(self) -> None:
        line = flow(self.layer, self.distance, self.second, self.again, spacing=GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.heading)
        column.addLayout(line)
        for strip in self.strips:
            column.addWidget(strip, 1)
            strip.hide()
        self.setFocusProxy(self.grids[0])

    def _connect(self) -> None:
        app = self._app
        app.datasets.opened.connect(self._fill)
        app.datasets.grown.connect(self._fill)
        app.datasets.selection.current_changed.connect(lambda _: self._follow())
        app.query_image.changed.connect(self._look_again)
        app.second_network.changed.connect(self._look_again)
        self.layer.activated.connect(lambda _: self._look_again())
        self.distance.activated.connect(lambda _: self._look_again())

    # --- requests

    def _fill(self, dataset: DataSet | None) -> None:
        """Offer the layers of the index."""
        layers = [each.name for each in dataset.index.layers] if dataset else []
        there = [self.layer.itemText(n) for n in range(self.layer.count())]
        if there != layers[::-1]:
            self.layer.clear()
            self.layer.addItems(layers[::-1])
        self._look_again()

    def _follow(self) -> None:
        """Query the current record, unless it is shown as a neighbor."""
        record = self._app.datasets.selection.current
        shown = any((grid.order == record).any() for grid in self.grids)
        self._offer_again(able=record not in {NO_RECORD, self._asked})
        if not shown:
            self._look_again()

    def _offer_again(self, *, able: bool) -> None:
        why = self.tr("Select another image, on the wall, the map or here")
        allow(self.again, able, why)

    def _look_again(self) -> None:
        if self.isVisible():
            self._pause.start()

    def _ask(self) -> None:
        dataset, record = self._app.datasets.dataset, self._app.datasets.selection
        image, folder = self._app.query_image.image, self._app.second_network.folder
        nothing = image is None and record.current == NO_RECORD
        if dataset is None or nothing or not dataset.index.layers:
            self._show_nothing(dataset)
            return
        self._asked = record.current
        own = str(dataset.index.folder)
        question = FindNeighbors(
            index=own,
            record=max(0, record.current),
            image=image,
            layer=self.layer.currentText(),
            metric=self._metric(),
            count=_COUNT,
        )
        views = ((own, PIXELS), (folder, ""))[: 2 if folder else 1]
        request = CompareNeighbors(question=question, views=views)
        job = self._app.jobs.submit(request, self._lane)
        job.done.connect(self._show)
        job.failed.connect(lambda error: self._app.messages.fail(TOPIC, error))

    def _metric(self) -> Metric:
        return METRICS[max(0, self.distance.currentIndex())]

    # --- contents

    def _show_nothing(self, dataset: DataSet | None) -> None:
        self._asked, self._found = NO_RECORD, ()
        words = self.tr("Select an image on the wall or the map, or drop another one.")
        if dataset is not None and not dataset.index.layers:
            words = self.tr("The index holds no features: build it again.")
        self.heading.setText(words)
        self._offer_again(able=False)
        for strip in self.strips:
            strip.hide()

    def _show(self, found: tuple[Neighbors, ...]) -> None:
        dataset, image = self._app.datasets.dataset, self._app.query_image.image
        if dataset is None:
            return
        self._found = found
        name = image.name if image else file_name(dataset, max(0, self._asked))
        self.heading.setText(self.tr("Nearest to {0}").format(name))
        self._offer_again(able=False)
        models = [dataset.index.facts.model, "", self._app.second_network.model]
        first = set(found[0].records.tolist())
        for place, strip in enumerate(self.strips):
            strip.setVisible(place < len(found))
            if place < len(found):
                each = found[place]
                shared = len(first & set(each.records.tolist())) if place else -1
                self.titles[place].setText(self._title(each, models[place], shared))
                self.grids[place].show_records(np.asarray(each.records, np.int64))

    def _title(self, found: Neighbors, model: str, shared: int) -> str:
        """Return a strip's title: its features, and the overlap with the first."""
        metric = _METRIC_NAMES[found.metric]
        if found.layer == PIXELS:
            words = self.tr("Pixels · {0}").format(metric)
        else:
            words = f"{model} · {found.layer} · {metric}"
        if shared >= 0:
            many = self.tr(" · {0} of {1} also listed above")
            words += many.format(shared, len(found.records))
        return f"{words} ({found.how})" if found.how else words

    # --- Qt

    def showEvent(self, event: QShowEvent) -> None:
        """Query the current record, and look for other networks' indexes."""
        super().showEvent(event)
        self._app.second_network.look()
        self._pause.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop querying."""
        super().hideEvent(event)
        self._pause.stop()
