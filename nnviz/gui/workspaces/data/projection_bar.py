"""The bar above the map: which projection, of which layer, and how far it is."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.dataset.projections import PROJECTIONS
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.services.dataset.projections import TSNE, ProjectionChoice
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, icon_button, label, named

_LETTERS = 10
_MOST = 200
"""Of perplexity: about how many neighbors count for each point."""
TITLES = {
    "pca": "PCA",
    "lda": "LDA",
    "tsne": "t-SNE",
    "autoencoder": "Autoencoder",
    "umap": "UMAP",
}


class ProjectionBar(QWidget):
    """Chooses method and layer, starts and stops, and saves the coordinates."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bench = bench
        self.method = _combo(self.tr("Projection"))
        for name in PROJECTIONS:
            self.method.addItem(TITLES.get(name, name), name)
        self.layer = _combo(self.tr("Layer"))
        self.perplexity = named(QDoubleSpinBox(), name=self.tr("Perplexity"))
        self.perplexity.setRange(0, _MOST)
        self.perplexity.setDecimals(0)
        self.perplexity.setSpecialValueText(self.tr("auto"))
        self.perplexity.setKeyboardTracking(False)
        self.perplexity_name = label(self.tr("Perplexity"), "muted")
        self.again = button(self.tr("Run again"), bench.projections.start)
        self.stop = button(self.tr("Stop"), bench.projections.stop)
        self.save = icon_button(
            bench.look, "save", self.tr("Save plot, coordinates and arrays"), self._save
        )
        self.state = label(style="muted")
        line = flow(
            self.method,
            label(self.tr("of layer"), "muted"),
            self.layer,
            self.perplexity_name,
            self.perplexity,
            self.again,
            self.stop,
            self.state,
            None,
            self.save,
            spacing=GRID,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        column.addLayout(line)
        self._connect()
        self._fill(bench.datasets.dataset)

    def _connect(self) -> None:
        bench = self._bench
        self.method.activated.connect(lambda _: self._choose())
        self.layer.activated.connect(lambda _: self._choose())
        self.perplexity.valueChanged.connect(lambda _: self._choose())
        bench.datasets.opened.connect(self._fill)
        bench.datasets.grown.connect(self._fill)
        bench.projections.changed.connect(self._show)

    def _fill(self, dataset: DataSet | None) -> None:
        """Offer the layers that the index holds."""
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
        if choice != self._bench.projections.choice:
            self._bench.projections.choose(choice)

    def _show(self) -> None:
        projections = self._bench.projections
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
        self.save.setEnabled(projections.projection is not None)

    def _save(self) -> None:
        """Ask for a folder, and save where each image lies."""
        bench, projection = self._bench, self._bench.projections.projection
        dataset = bench.datasets.dataset
        if dataset is None or projection is None or bench.bridge is None:
            return
        title = self.tr("Save plot, coordinates and arrays in")
        start = bench.settings.export_folder
        folder = QFileDialog.getExistingDirectory(self, title, start)
        if folder:
            bench.settings.export_folder = folder
            bench.bridge.export_projection(projection, dataset.index, folder)


def _combo(name: str) -> QComboBox:
    combo = ComboBox()
    combo.setAccessibleName(name)
    combo.setMinimumContentsLength(_LETTERS)
    combo.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    return combo
