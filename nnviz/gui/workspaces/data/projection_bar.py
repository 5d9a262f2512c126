"""Bar above the map: projection method, layer, progress."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.dataset.projections import PROJECTIONS, TITLES
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.projections import TSNE, ProjectionChoice
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, button, icon_button, label, named

_MOST = 200
"""Maximum perplexity, the effective number of neighbors of each point."""


class ProjectionBar(QWidget):
    """Bar that chooses method and layer, and starts and stops the projection.

    Its button ``save`` is among the tools of the map: next to text of varying length it
    would jump.
    """

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        self.method = ComboBox.narrow(self.tr("Projection"))
        for name in PROJECTIONS:
            self.method.addItem(TITLES[name], name)
        self.layer = ComboBox.narrow(self.tr("Layer"))
        self.perplexity = self._make_perplexity()
        self.perplexity_name = label(self.tr("Perplexity"), "muted")
        self.again = button(self.tr("Run again"), app.projections.start)
        self.stop = button(self.tr("Stop"), app.projections.stop)
        words = self.tr("Save plot, coordinates and arrays")
        self.save = icon_button(app.look, "save", words, self._save)
        self.state = label(style="muted")
        self._lay_out()
        self._connect()
        self._fill(app.datasets.dataset)

    def _make_perplexity(self) -> QDoubleSpinBox:
        box = named(QDoubleSpinBox(), name=self.tr("Perplexity"))
        box.setRange(0, _MOST)
        box.setDecimals(0)
        box.setSpecialValueText(self.tr("auto"))
        box.setKeyboardTracking(False)
        return box

    def _lay_out(self) -> None:
        of_layer = label(self.tr("of layer"), "muted")
        numbers = self.perplexity_name, self.perplexity
        ways = self.again, self.stop, self.state
        line = flow(
            self.method,
            of_layer,
            self.layer,
            *numbers,
            *ways,
            spacing=GRID,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        column.addLayout(line)

    def _connect(self) -> None:
        app = self._app
        self.method.activated.connect(lambda _: self._choose())
        self.layer.activated.connect(lambda _: self._choose())
        self.perplexity.valueChanged.connect(lambda _: self._choose())
        app.datasets.opened.connect(self._fill)
        app.datasets.grown.connect(self._fill)
        app.projections.changed.connect(self._show)

    def _fill(self, dataset: DataSet | None) -> None:
        """Offer the layers of the index."""
        layers = [each.name for each in dataset.index.layers] if dataset else []
        there = [self.layer.itemText(n) for n in range(self.layer.count())]
        if there != layers[::-1]:
            self.layer.clear()
            self.layer.addItems(layers[::-1])
        self._show()

    def _choose(self) -> None:
        choice = ProjectionChoice(
            str(self.method.currentData()),
            self.layer.currentText(),
            float(self.perplexity.value()),
        )
        if choice != self._app.projections.choice:
            self._app.projections.choose(choice)

    def _show(self) -> None:
        projections = self._app.projections
        choice = projections.choice
        self.method.setCurrentIndex(self.method.findData(choice.method))
        if choice.layer:
            self.layer.setCurrentIndex(self.layer.findText(choice.layer))
        with QSignalBlocker(self.perplexity):
            self.perplexity.setValue(choice.perplexity)
        for each in (self.perplexity, self.perplexity_name):
            each.setVisible(choice.method == TSNE)
        self.stop.setVisible(projections.running)
        self.again.setVisible(not projections.running and choice.method == TSNE)
        progress = projections.progress
        words = progress.what if projections.running and progress else ""
        self.state.setText(words[:40])
        there = projections.projection is not None
        allow(self.save, there, self.tr("There is no map yet"))

    def _save(self) -> None:
        """Ask for a folder, and save the projection."""
        app, projection = self._app, self._app.projections.projection
        dataset = app.datasets.dataset
        if dataset is None or projection is None or app.bridge is None:
            return
        title = self.tr("Save plot, coordinates and arrays in")
        start = app.settings.export_folder
        folder = QFileDialog.getExistingDirectory(self, title, start)
        if folder:
            app.settings.export_folder = folder
            results = app.bridge.files.results
            app.saving.save(results.projection(projection, dataset.index, folder))
