"""The bar above the map: which projection, of which layer, and how far it is."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QVBoxLayout, QWidget

from nnviz.base.dataset.projections import PROJECTIONS
from nnviz.base.errors import InputError
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.file_dialogs import ask_new_file
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.services.dataset.projections import TSNE, ProjectionChoice
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import LABEL, PREDICTED, DataSet
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, icon_button, label, named

_LETTERS = 10
_SAVING = Lane("coordinates")
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
            bench.look, "save", self.tr("Save the coordinates as CSV"), self._save
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
        self.save.setEnabled(projections.points is not None)

    def _save(self) -> None:
        """Ask for a file, and save where each image lies."""
        bench = self._bench
        dataset, points = bench.datasets.dataset, bench.projections.points
        title, pattern = self.tr("Save the coordinates"), self.tr("Tables (*.csv)")
        name = f"{bench.projections.choice.method}.csv"
        path, _ = ask_new_file(self, bench.settings, title, name, pattern)
        if not path or dataset is None or points is None:
            return
        job = bench.jobs.compute(lambda: write_points(dataset, points, path), _SAVING)
        job.done.connect(
            lambda count: bench.messages.say(
                self.tr("coordinates of {0:,} images saved").format(count)
            )
        )
        job.failed.connect(lambda error: bench.messages.fail("save", error))


def write_points(dataset: DataSet, points: NDArray[np.float32], path: str) -> int:
    """Write path, x, y, class and prediction of each record that has a point.

    Work for a thread of files.

    Returns:
        How many they are.

    Raises:
        InputError: the file cannot be written.
    """
    records = np.flatnonzero(np.isfinite(points).all(axis=1))
    try:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("path", "x", "y", LABEL, PREDICTED))
            for record in records.tolist():
                x, y = points[record].tolist()
                names = (dataset.name_of(each, record) for each in (LABEL, PREDICTED))
                writer.writerow((dataset.index.paths[record], x, y, *names))
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(path, reason, "choose another folder") from None
    return len(records)


def _combo(name: str) -> QComboBox:
    combo = ComboBox()
    combo.setAccessibleName(name)
    combo.setMinimumContentsLength(_LETTERS)
    combo.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    return combo
