"""The bar above the map: which projection, of which layer."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, label

_LETTERS = 12


class ProjectionBar(QWidget):
    """Chooses the layer whose features are shown."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bench = bench
        self.layer: QComboBox = ComboBox()
        self.layer.setAccessibleName(self.tr("Layer"))
        self.layer.setMinimumContentsLength(_LETTERS)
        self.layer.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        line = flow(label(self.tr("Layer"), "muted"), self.layer, spacing=GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        column.addLayout(line)
        self.layer.activated.connect(lambda _: self._choose())
        bench.datasets.opened.connect(self._fill)
        self._fill(bench.datasets.dataset)

    def _fill(self, dataset: DataSet | None) -> None:
        self.layer.clear()
        if dataset is not None:
            for each in reversed(dataset.index.layers):
                self.layer.addItem(each.name, each.name)

    def _choose(self) -> None:
        self._bench.projections.layer = str(self.layer.currentData())
        self._bench.projections.start_first()
