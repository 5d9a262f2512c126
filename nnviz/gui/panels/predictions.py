"""The network's prediction for the image, kept up to date."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.info import Task
from nnviz.base.notation.targets import class_text
from nnviz.base.results import Ranking, Report
from nnviz.gui.panels.bars import Bars
from nnviz.gui.panels.context_menus import show_class_menu
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, label

_TOP = 5


class PredictionPanel(QWidget):
    """Bar chart of the top 5 classes."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.bars = Bars(_TOP)
        self.bars.setCursor(Qt.CursorShape.PointingHandCursor)
        self.bars.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.bars.setToolTip(self.tr("Click a class to see what supports it"))
        self.bars.chosen.connect(self._ask)
        self.bars.menu_wanted.connect(self._show_menu)
        self._words = label(style="muted", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, GRID)
        column.addWidget(self._words)
        column.addWidget(self.bars)
        column.addStretch(1)
        self._say(self.tr("Waiting for the network."))
        app.predictions.predicted.connect(self._show)
        app.predictions.failed.connect(lambda error: self._say(error.text))
        app.models.opening.connect(lambda _: self.bars.set_stale())
        app.images.opening.connect(lambda _: self.bars.set_stale())
        app.selection.image_changed.connect(lambda _: self.bars.set_stale())
        app.models.failed.connect(lambda *_: self._stay())
        app.models.stopped.connect(lambda _: self._stay())
        app.images.failed.connect(lambda *_: self._stay())
        app.selection.model_changed.connect(lambda _: self._wait())

    def _show(self, report: Report | None) -> None:
        chosen = self._app.selection
        if report is None and chosen.model and chosen.image:
            self._say(self.tr("This network does not classify whole images."))
            return
        if report is None or not isinstance(report.main, Ranking):
            self._wait()
            return
        self._words.hide()
        self.bars.show_ranking(report.main)
        self.bars.show()

    def _stay(self) -> None:
        """Show the last predictions again after a failure to open something."""
        if not self._app.predictions.running:
            self._show(self._app.predictions.report)

    def _ask(self, index: int) -> None:
        """Make a class the target."""
        model = self._app.selection.model
        if model is not None and index < len(model.labels):
            self._app.selection.set_target(class_text(index, model.labels))

    def _show_menu(self, index: int, at: QPoint) -> None:
        show_class_menu(self._app, self, index, at)

    def _wait(self) -> None:
        chosen = self._app.selection
        if chosen.model is not None and chosen.model.task != Task.CLASSIFY:
            self._say("")  # it gives no class to the image as a whole
            return
        if self.bars.lines() and chosen.model and chosen.image:
            return
        if chosen.model is None:
            self._say(self.tr("No network is open."))
        elif chosen.image is None:
            self._say(self.tr("Drop an image to see what the network makes of it."))

    def _say(self, text: str) -> None:
        self.bars.show_ranking(None)
        self.bars.hide()
        self._words.setText(text)
        self._words.show()
