"""Setup of the open network: task, output, unit, class names, preprocessing."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.info import ModelInfo, PreprocessCandidate, Task
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.dialogs.files import ask_labels
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, label, named, row, scrolled
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.render.text.words import number

_LEAST_LETTERS = 8


class ModelSetupPanel(QWidget):
    """Page that changes how the open network is used, and saves this as a sidecar."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        self.task = _list(self.tr("Task"))
        self.output = _list(self.tr("Output"))
        self.unit = named(QLineEdit(), name=self.tr("Unit"))
        self.unit.setPlaceholderText(self.tr("years, mm, °"))
        self.labels = ElidedLabel(align=Qt.AlignmentFlag.AlignLeft)
        self.own_labels = button(self.tr("Reset"), lambda: self._name(""))
        self.own_labels.setToolTip(self.tr("Use the network's own class names"))
        self._names = flow(
            button(self.tr("File…"), self.ask_labels), self.own_labels, None
        )
        self.save = button(
            self.tr("Save beside the weights"), app.models.write_side_car
        )
        self.candidates = QWidget()
        self._lines: list[QWidget] = []
        self._ranked = QVBoxLayout(self.candidates)
        self._ranked.setContentsMargins(0, 0, 0, 0)
        self._ranked.setSpacing(GRID)
        self._lay_out()
        self.task.activated.connect(lambda _: self._apply())
        self.output.activated.connect(lambda _: self._apply())
        self.unit.editingFinished.connect(self._apply)
        app.selection.model_changed.connect(lambda _: self._show())
        app.models.failed.connect(lambda *_: self._show())
        self._show()

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setSpacing(2 * GRID)
        growth = QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow
        self._form.setFieldGrowthPolicy(growth)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.addRow(self.tr("Task"), self.task)
        self._form.addRow(self.tr("Output"), self.output)
        self._form.addRow(self.tr("Unit"), self.unit)
        self._form.addRow(self.tr("Class names"), self.labels)
        self._form.addRow("", self._names)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(2 * GRID)
        column.addLayout(self._form)
        column.addWidget(self.candidates)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inner))
        foot = flow(self.save, None)
        foot.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        outer.addLayout(foot)

    def _show(self) -> None:
        """Show the network's current setup."""
        info, request = self._app.selection.model, self._app.models.request
        self.setEnabled(info is not None)
        if info is None:
            return
        self._show_task(info.task, request.task)
        self._show_output(info, request.outputs)
        self._form.setRowVisible(self.unit, info.task is Task.REGRESS)
        self.unit.setText(info.unit)
        file = Path(request.labels).name
        own = self.tr("{0} from the network").format(len(info.labels))
        self.labels.setText(file or own)
        self.own_labels.setVisible(bool(file))
        self._show_candidates(info)
        weights = self._app.models.weights
        self.save.setEnabled(bool(weights))
        self.save.setToolTip(
            self.tr("The network is opened with these settings from now on")
            if weights
            else self.tr("Only settings of a network opened from a file can be saved")
        )

    def _show_task(self, used: Task, said: str) -> None:
        titles = {
            Task.CLASSIFY: self.tr("Classification"),
            Task.MULTILABEL: self.tr("Multi-label"),
            Task.REGRESS: self.tr("Regression"),
            Task.DETECT: self.tr("Detection"),
            Task.SEGMENT: self.tr("Segmentation"),
            Task.REPAINT: self.tr("Image to image"),
            Task.EMBED: self.tr("Embedding"),
            Task.GENERIC: self.tr("Other"),
        }
        self.task.clear()
        found = self.tr("Automatic") if said else titles[Task(used)]
        self.task.addItem(found, "")
        for task, title in titles.items():
            if said or task is not used:
                self.task.addItem(title, task.value)
        self.task.setCurrentIndex(max(0, self.task.findData(used if said else "")))

    def _show_output(self, info: ModelInfo, said: str) -> None:
        self._form.setRowVisible(self.output, bool(info.outputs))
        self.output.clear()
        for name in info.outputs:
            self.output.addItem(literal(name), name)
        self.output.setCurrentIndex(self.output.findData(said or info.output))

    def _show_candidates(self, info: ModelInfo) -> None:
        for old in self._lines:
            self._ranked.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._lines.clear()
        self.candidates.setVisible(bool(info.candidates))
        if not info.candidates:
            return
        words = self.tr(
            "Preprocessing inferred from the batch norm statistics: the smallest "
            "distance fits best"
        )
        self._lines.append(label(words, "muted", wrap=True))
        self._lines += [self._candidate(each, info) for each in info.candidates]
        for line in self._lines:
            self._ranked.addWidget(line)

    def _candidate(self, found: PreprocessCandidate, info: ModelInfo) -> QWidget:
        """Build the row of a preprocessing: distance, name, and a button to use it."""
        chosen = found.preprocess == info.preprocess
        use = button(
            self.tr("In use") if chosen else self.tr("Use"),
            lambda: self._app.models.set_preprocess(found.preprocess),
        )
        use.setEnabled(not chosen)
        use.setAccessibleName(self.tr("Use {0}").format(found.name))
        name = ElidedLabel(align=Qt.AlignmentFlag.AlignLeft)
        name.setText(found.name)
        name.setToolTip(literal(found.name))
        parts = row(label(number(found.distance), "muted"), name, use, spacing=2 * GRID)
        parts.setStretch(1, 1)
        line = QWidget()
        line.setLayout(parts)
        return line

    def _apply(self) -> None:
        """Apply the selected task, output and unit, if they changed."""
        info, request = self._app.selection.model, self._app.models.request
        if info is None:
            return
        output = str(self.output.currentData() or "")
        wanted = (
            str(self.task.currentData() or ""),
            request.outputs if output == info.output else output,
            self.unit.text().strip() if info.task is Task.REGRESS else request.unit,
        )
        if wanted != (request.task, request.outputs, request.unit or info.unit):
            self._app.models.set_output(*wanted)

    def ask_labels(self) -> None:
        """Ask for a file of class names and apply it."""
        path = ask_labels(self, self._app.settings)
        if path:
            self._name(path)

    def _name(self, path: str) -> None:
        self._app.models.set_labels(path)


def _list(name: str) -> QComboBox:
    """Build a narrow combo box."""
    made = named(ComboBox(), name=name)
    policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    made.setSizeAdjustPolicy(policy)
    made.setMinimumContentsLength(_LEAST_LETTERS)
    return made
