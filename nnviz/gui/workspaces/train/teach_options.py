"""Options of training a head: regression and fine-tuning."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import (
    QCheckBox,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
)

from nnviz.gui.layout.flow import flow
from nnviz.gui.theme.parts import allow, label, named
from nnviz.gui.workspaces.train.teaching import Teaching

_MOST_EPOCHS = 100


class TeachOptionsForm(QObject):
    """Controls that edit ``Teaching.options``."""

    def __init__(self, teaching: Teaching, parent: QObject) -> None:
        super().__init__(parent)
        self._teaching, self._options = teaching, teaching.options
        self.regression = QCheckBox(self.tr("Class names are numbers"))
        self.regression.setToolTip(
            self.tr(
                "Learn a number, such as an age or an angle: name the classes 0, "
                "10, 20…"
            )
        )
        self.unit = named(QLineEdit(), name=self.tr("Unit"))
        self.unit.setPlaceholderText(self.tr("Unit, such as years"))
        self.unit.setVisible(False)
        self.fine_tune = named(QSpinBox(), name=self.tr("Epochs of fine-tuning"))
        self.fine_tune.setRange(0, _MOST_EPOCHS)
        self.fine_tune.setSpecialValueText(self.tr("off"))
        self.fine_tune.setToolTip(
            self.tr(
                "Epochs in which all layers are trained further; each takes minutes"
            )
        )
        teaching.changed.connect(self._follow)
        self.regression.toggled.connect(self._set_regression)
        self.unit.textChanged.connect(self._set_unit)
        self.fine_tune.valueChanged.connect(self._set_epochs)

    def lay_out(self, column: QVBoxLayout) -> None:
        """Add the controls to a column, as rows of constant height."""
        column.addWidget(self.regression)
        column.addWidget(self.unit)
        words = label(self.tr("Fine-tune all layers, epochs"), "muted")
        column.addLayout(flow(words, None, self.fine_tune))

    def _set_regression(self, on: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._options.regression = on
        self._follow()

    def _follow(self) -> None:
        """Offer a unit for numbers; those of a table are no names of classes."""
        why = self.tr("A table holds the numbers already")
        allow(self.regression, self._teaching.table is None, why)
        self.unit.setVisible(self._teaching.regression)

    def _set_unit(self, text: str) -> None:
        self._options.unit = text.strip()

    def _set_epochs(self, epochs: int) -> None:
        self._options.fine_tune = epochs
