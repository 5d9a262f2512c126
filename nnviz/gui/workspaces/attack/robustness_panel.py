"""Panel of the attack curve: folder, attack, progress."""

from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.errors import UsageError
from nnviz.base.events import Progress
from nnviz.base.measures.evaluation import (
    ATTACKS,
    Robustness,
    read_epsilons,
    usual_norm,
)
from nnviz.base.requests import MeasureRobustness, ModelRequest
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.dialogs.files import IMAGES, ask_folder
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, icon_button, label, named, row
from nnviz.gui.workspaces.attack.robustness import Measuring

_EPSILONS = "0, 1, 2, 4, 8"
_PICTURES, _MOST_PICTURES = 50, 100_000
_STEPS, _MOST_STEPS = 20, 10_000
_NAMES = {"fgsm": "FGSM", "pgd": "PGD", "deepfool": "DeepFool", "cw": "Carlini–Wagner"}


class RobustnessPanel(QWidget):
    """The form of ``nnviz attack-curve``; the central view shows the curve."""

    def __init__(
        self, app: AppContext, measuring: Measuring, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app, self._measuring = app, measuring
        self.folder = named(QLineEdit(), name=self.tr("Image folder"))
        self.folder.setPlaceholderText(self.tr("image folder"))
        self.folder.setToolTip(
            self.tr(
                "Subfolders named after the network's classes give the true "
                "classes; for other images, the prediction on the clean image "
                "counts as correct."
            )
        )
        self.attack = named(ComboBox(), name=self.tr("Attack"))
        for name in ATTACKS:
            self.attack.addItem(_NAMES[name], name)
        self.attack.setCurrentIndex(ATTACKS.index("pgd"))
        self.epsilons = named(QLineEdit(_EPSILONS), name=self.tr("Epsilons (1/255)"))
        self.steps = _number(_STEPS, _MOST_STEPS, self.tr("Steps"))
        self.limit = _number(_PICTURES, _MOST_PICTURES, self.tr("Maximum images"))
        self.run = button(self.tr("Measure"), self.start)
        self.stop = button(self.tr("Stop"), measuring.stop)
        self.show_curve = button(self.tr("Show"), measuring.show)
        self.show_curve.setToolTip(self.tr("Show the newest curve again"))
        self.save = button(self.tr("Save…"), self.ask_folder_to_save)
        self._bar = named(QProgressBar(), name=self.tr("Progress of the curve"))
        self._bar.setTextVisible(False)
        self._state = label(style="muted", wrap=True)
        self._lay_out()
        measuring.progressed.connect(self._progress)
        measuring.found.connect(self._tell)
        self._progress(None)

    def start(self) -> None:
        """Start the measurement with the form's settings."""
        attack = str(self.attack.currentData())
        try:
            epsilons = read_epsilons(self.epsilons.text())
        except UsageError as error:
            self._state.setText(str(error))
            return
        if not self.folder.text().strip():
            self.ask_folder()
        if self.folder.text().strip():
            self._measuring.start(
                MeasureRobustness(
                    model=ModelRequest(reference=""),
                    data=self.folder.text().strip(),
                    attack=attack,
                    norm=usual_norm(attack),
                    epsilons=epsilons,
                    steps=self.steps.value(),
                    limit=self.limit.value(),
                )
            )

    def ask_folder(self) -> None:
        """Ask for a folder of images."""
        title = self.tr("Folder of images")
        folder = ask_folder(self, self._app.settings, IMAGES, title)
        if folder:
            self.folder.setText(folder)

    def ask_folder_to_save(self) -> None:
        """Ask for a folder and save the curve there."""
        settings = self._app.settings
        folder = QFileDialog.getExistingDirectory(
            self, self.tr("Save the curve in"), settings.export_folder
        )
        if folder:
            settings.export_folder = folder
            self._measuring.save(folder)

    def _lay_out(self) -> None:
        choose = icon_button(
            self._app.look, "folder-open", self.tr("Choose a folder"), self.ask_folder
        )
        form = QGridLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.setColumnStretch(1, 1)
        rows = (
            (self.tr("Folder"), row(self.folder, choose)),
            (self.tr("Attack"), flow(self.attack, self.steps, label(self.tr("steps")))),
            (self.tr("Epsilon"), row(self.epsilons, label("/255"))),
            (self.tr("Images"), row(self.limit, None)),
        )
        for index, (words, line) in enumerate(rows):
            form.addWidget(label(words), index, 0)
            form.addLayout(line, index, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(form)
        column.addWidget(self._bar)
        column.addLayout(flow(self.run, self.stop, self.show_curve, self.save))
        column.addWidget(self._state)
        column.addStretch(1)

    def _progress(self, progress: Progress | None) -> None:
        """Show the progress; None when nothing is measured."""
        running = progress is not None
        self.run.setVisible(not running)
        self.stop.setVisible(running)
        for each in (self.show_curve, self.save):
            each.setVisible(not running and self._measuring.newest is not None)
        self._bar.setVisible(running)
        if progress is not None:
            self._bar.setRange(0, int(progress.total))
            self._bar.setValue(int(progress.done))
            self._state.setText(progress.what)
        elif self._measuring.newest is None:
            self._state.setText("")

    def _tell(self, found: Robustness) -> None:
        first, last = found.accuracies[0], found.accuracies[-1]
        self._state.setText(
            self.tr("{0} images: {1} % {2}, {3} % at {4}/255.").format(
                found.pictures,
                f"{100 * first:.1f}",
                found.counted,
                f"{100 * last:.1f}",
                f"{found.epsilons[-1]:g}",
            )
        )


def _number(value: int, most: int, name: str) -> QSpinBox:
    box = named(QSpinBox(), name=name)
    box.setRange(1, most)
    box.setValue(value)
    return box
